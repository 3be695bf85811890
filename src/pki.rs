//! Certificates that pacsgate makes itself: a small CA, for the demo, tests and benchmarks.
//!
//! [`authority()`] and [`leaf`] give the parameters of an ordinary certificate, which are rcgen's: an
//! odd one is made by changing them. An [`Authority`] signs them and revocation lists; an
//! [`Identity`] is what the holder of a certificate is given.
//!
//! What does not exist here: a way into the gate. A running gate makes no certificate, and trusts
//! none for having been made here.

mod authority;
mod identity;

use std::ops::Range;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose,
};

pub use authority::Authority;
pub use identity::Identity;

/// From a minute ago, as clocks are not quite the same, until this time tomorrow.
#[must_use]
pub fn today() -> Range<SystemTime> {
    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let now = SystemTime::now();
    now - MINUTE..now + DAY
}

/// A CA in this time, with any number of others below it.
#[must_use]
pub fn authority(common_name: &str, valid: Range<SystemTime>) -> CertificateParams {
    let mut params = usual(CertificateParams::default(), common_name, valid);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// A device or a server in this time, with DNS names and IP addresses, told apart by their look.
///
/// # Errors
///
/// A name outside of ASCII.
pub fn leaf(
    common_name: &str,
    names: &[&str],
    purpose: Option<ExtendedKeyUsagePurpose>,
    valid: Range<SystemTime>,
) -> Result<CertificateParams, Error> {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    let mut params = usual(CertificateParams::new(names)?, common_name, valid);
    params.extended_key_usages = purpose.into_iter().collect();
    Ok(params)
}

/// The serial number comes from the key.
fn usual(
    mut params: CertificateParams,
    common_name: &str,
    valid: Range<SystemTime>,
) -> CertificateParams {
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.use_authority_key_identifier_extension = true;
    params.not_before = valid.start.into();
    params.not_after = valid.end.into();
    params
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use rcgen::KeyPair;

    use super::*;
    use crate::x509::pem;

    #[test]
    fn writes_a_chain_for_everybody_and_a_key_for_its_owner() {
        let key = || KeyPair::generate().unwrap();
        let root = Authority::root(authority("Root", today()), key()).unwrap();
        let issuing = root.intermediate(authority("Issuing CA", today()), key()).unwrap();
        let device = leaf("ct1", &["ct1.example"], None, today()).unwrap();
        let identity = issuing.issue(&device, key()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        identity.write(directory.path(), "ct1").unwrap();
        let read = |name| std::fs::read(directory.path().join(name)).unwrap();
        let chain = pem::certificates(&read("ct1.pem")).unwrap();
        let expected = [identity.chain[0].der().clone(), issuing.issuer.der().clone()];
        assert_eq!(chain, expected);
        assert!(pem::private_key(&read("ct1.key")).is_ok());
        let key = directory.path().join("ct1.key");
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(identity.write(directory.path(), "ct1").is_err(), "writes over it");
    }
}
