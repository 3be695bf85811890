//! Certificates, private keys and CRLs out of PEM files.

use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use webpki::anchor_from_trusted_cert;

/// Why a file does not hold what it should. Never shows any of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemFault {
    /// Sections of other kinds only.
    #[error("holds {found}, not {wanted}; have two paths been swapped?")]
    Holds {
        /// What the file holds.
        found: &'static str,
        /// What it should hold.
        wanted: &'static str,
    },
    /// No PEM section that is known.
    #[error("holds no PEM section with {0}")]
    NoSection(&'static str),
    /// A binary file of a certificate or a key.
    #[error("is not PEM but DER; run `openssl {} -inform DER -in FILE -out FILE.pem`", command(.0))]
    Der(&'static str),
    /// Certificates and keys as Windows exports them.
    #[error(
        "is PKCS#12 and not PEM; run `openssl pkcs12 -in FILE -nodes -out FILE.pem`, which has both \
         the certificate and its key"
    )]
    Pkcs12,
    /// What a CA makes a certificate of.
    #[error(
        "is a certificate request; let the CA sign it, and name the certificate that it returns"
    )]
    Request,
    /// A section without its end, or with something else than base64.
    #[error("has a damaged PEM section")]
    Damaged,
    /// A private key under a passphrase.
    #[error(
        "holds a private key protected by a passphrase, which the gate cannot ask for; `openssl pkey \
         -in FILE -out NEW` takes it off"
    )]
    Encrypted,
    /// Which of them is meant is not clear.
    #[error("holds several private keys")]
    SeveralKeys,
    /// A CA's key on the gate.
    #[error(
        "holds a private key beside the certificates; with the key of a CA anybody can be any \
         device, so take it out and keep it on another machine"
    )]
    KeyBesideCa,
    /// Not an X.509 certificate.
    #[error("holds a damaged certificate")]
    Certificate,
}

const CERTIFICATE: &str = "a certificate";
const PRIVATE_KEY: &str = "a private key";
const CRL: &str = "a CRL";
const REQUEST: &str = "a certificate request";

/// What openssl calls its command for one of these.
fn command(wanted: &str) -> &'static str {
    if wanted == PRIVATE_KEY { "pkey" } else { "x509" }
}

/// Every certificate of a file, in its order.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemFault> {
    let found = sections(pem, CERTIFICATE)?;
    let certificates: Vec<_> = found.into_iter().map(CertificateDer::from).collect();
    // A certificate that cannot be read as a trust anchor cannot be read as anything else.
    match certificates.iter().all(|one| anchor_from_trusted_cert(one).is_ok()) {
        true => Ok(certificates),
        false => Err(PemFault::Certificate),
    }
}

/// Every certificate of a file of CAs, whose keys have no business here.
pub(crate) fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemFault> {
    let certificates = certificates(pem)?;
    // Under a passphrase or not, of whatever kind.
    if contains(pem, b"PRIVATE KEY-----") { Err(PemFault::KeyBesideCa) } else { Ok(certificates) }
}

/// The one private key of a file: PKCS #8, SEC 1 or PKCS #1.
pub(crate) fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, PemFault> {
    if contains(pem, b"-----BEGIN ENCRYPTED PRIVATE KEY") || contains(pem, b"Proc-Type: 4,ENC") {
        return Err(PemFault::Encrypted);
    }
    sections(pem, PRIVATE_KEY)?;
    let mut keys = PrivateKeyDer::pem_slice_iter(pem);
    let (Some(Ok(key)), None) = (keys.next(), keys.next()) else {
        return Err(PemFault::SeveralKeys);
    };
    Ok(key)
}

/// Every CRL of a file in PEM, or the one of a file in DER, as CAs publish it.
pub(crate) fn crls(bytes: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, PemFault> {
    let found = match sections(bytes, CRL) {
        Err(PemFault::Der(_)) => vec![bytes.to_vec()],
        other => other?,
    };
    Ok(found.into_iter().map(CertificateRevocationListDer::from).collect())
}

/// The content of the sections of one kind; at least one. Others are passed over, as a file may
/// hold a chain and its key.
fn sections(pem: &[u8], wanted: &'static str) -> Result<Vec<Vec<u8>>, PemFault> {
    const SEQUENCE: u8 = 0x30;
    if pem.first() == Some(&SEQUENCE) {
        return Err(if is_pkcs12(pem) { PemFault::Pkcs12 } else { PemFault::Der(wanted) });
    }
    let all: Vec<(SectionKind, Vec<u8>)> =
        PemObject::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| PemFault::Damaged)?;
    let other = all.first().map(|(section, _)| kind(*section));
    let found: Vec<_> = all
        .into_iter()
        .filter(|(section, _)| kind(*section) == wanted)
        .map(|(_, der)| der)
        .collect();
    match other {
        _ if !found.is_empty() => Ok(found),
        Some(REQUEST) if wanted == CERTIFICATE => Err(PemFault::Request),
        Some(found) => Err(PemFault::Holds { found, wanted }),
        None => Err(PemFault::NoSection(wanted)),
    }
}

/// Whether a sequence begins with the version of PKCS #12, which certificates and keys do not have.
fn is_pkcs12(der: &[u8]) -> bool {
    const VERSION: [u8; 3] = [2, 1, 3];
    const LONG: u8 = 0x80;
    let length = der.get(1).copied().unwrap_or(0);
    let more = if length < LONG { 0 } else { usize::from(length - LONG) };
    der.get(2 + more..).is_some_and(|inside| inside.starts_with(&VERSION))
}

/// What a section holds, in words.
const fn kind(section: SectionKind) -> &'static str {
    use SectionKind as Section;
    match section {
        Section::Certificate => CERTIFICATE,
        Section::PrivateKey | Section::RsaPrivateKey | Section::EcPrivateKey => PRIVATE_KEY,
        Section::Crl => CRL,
        Section::Csr => REQUEST,
        Section::PublicKey | Section::EchConfigList | _ => "something else",
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CertifiedKey, KeyPair};

    use super::*;

    fn generated() -> CertifiedKey<KeyPair> {
        rcgen::generate_simple_self_signed(["gate.example".to_owned()]).unwrap()
    }

    #[test]
    fn takes_a_chain_and_its_key_from_one_file() {
        let one = generated();
        let both = one.signing_key.serialize_pem() + &one.cert.pem();
        assert_eq!(certificates(both.as_bytes()).unwrap(), [one.cert.der().clone()]);
        assert!(private_key(both.as_bytes()).is_ok());
    }

    #[test]
    fn says_what_a_file_holds_instead() {
        let one = generated();
        let (certificate, key) = (one.cert.pem(), one.signing_key.serialize_pem());
        let told = private_key(certificate.as_bytes()).unwrap_err().to_string();
        assert_eq!(told, "holds a certificate, not a private key; have two paths been swapped?");
        let told = certificates(key.as_bytes()).unwrap_err().to_string();
        assert_eq!(told, "holds a private key, not a certificate; have two paths been swapped?");
        let told = crls(certificate.as_bytes()).unwrap_err().to_string();
        assert_eq!(told, "holds a certificate, not a CRL; have two paths been swapped?");
        let request = CertificateParams::default().serialize_request(&one.signing_key).unwrap();
        let told = certificates(request.pem().unwrap().as_bytes()).unwrap_err().to_string();
        let cure = "let the CA sign it, and name the certificate that it returns";
        assert_eq!(told, format!("is a certificate request; {cure}"));
    }

    #[test]
    fn refuses_a_private_key_beside_a_ca() {
        let one = generated();
        let ca = one.cert.pem();
        assert_eq!(authorities(ca.as_bytes()).unwrap(), [one.cert.der().clone()]);
        let key = one.signing_key.serialize_pem();
        let sealed =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        for key in [key.as_str(), sealed] {
            let both = format!("{ca}{key}");
            assert_eq!(authorities(both.as_bytes()), Err(PemFault::KeyBesideCa));
        }
    }

    #[test]
    fn refuses_a_bundle_without_certificates() {
        let none = Err(PemFault::NoSection(CERTIFICATE));
        assert_eq!(certificates(b""), none);
        assert_eq!(certificates(b"# nothing here\n"), none);
        let unknown = b"-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n";
        assert_eq!(certificates(unknown), none);
    }

    #[test]
    fn refuses_damaged_sections() {
        let pem = generated().cert.pem();
        assert_eq!(certificates(pem.replace("-----END", "").as_bytes()), Err(PemFault::Damaged));
        let foreign = b"-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(foreign), Err(PemFault::Damaged));
        let zeros = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(zeros), Err(PemFault::Certificate));
    }

    #[test]
    fn refuses_der_where_pem_is_asked_for() {
        let one = generated();
        let told = certificates(one.cert.der()).unwrap_err().to_string();
        let cure = "-inform DER -in FILE -out FILE.pem`";
        assert_eq!(told, format!("is not PEM but DER; run `openssl x509 {cure}"));
        let told = private_key(&one.signing_key.serialize_der()).unwrap_err().to_string();
        assert_eq!(told, format!("is not PEM but DER; run `openssl pkey {cure}"));
    }

    #[test]
    fn knows_pkcs_12_by_its_version() {
        for start in
            [&[0x30, 0x82, 9, 0x41, 2, 1, 3, 0x30][..], &[0x30, 0x80, 2, 1, 3], &[0x30, 5, 2, 1, 3]]
        {
            assert_eq!(certificates(start), Err(PemFault::Pkcs12));
            assert_eq!(private_key(start), Err(PemFault::Pkcs12));
            assert_eq!(crls(start), Err(PemFault::Pkcs12));
        }
    }

    #[test]
    fn refuses_a_key_under_a_passphrase() {
        let pkcs8: &[u8] =
            b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert_eq!(private_key(pkcs8), Err(PemFault::Encrypted));
        let pkcs1: &[u8] = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n";
        assert_eq!(private_key(pkcs1), Err(PemFault::Encrypted));
    }

    #[test]
    fn refuses_several_keys() {
        let two =
            generated().signing_key.serialize_pem() + &generated().signing_key.serialize_pem();
        assert_eq!(private_key(two.as_bytes()), Err(PemFault::SeveralKeys));
    }

    #[test]
    fn takes_a_crl_in_pem_and_in_der() {
        let pem = b"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n";
        assert_eq!(crls(pem).unwrap(), crls(&[0x30, 0]).unwrap());
    }

    #[test]
    fn takes_keys_in_each_encoding() {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
            let pem = format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n");
            assert!(private_key(pem.as_bytes()).is_ok(), "{label}");
        }
    }
}
