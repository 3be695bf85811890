//! What each certificate says (RFC 5280 section 4.2).

use std::net::IpAddr;

use aws_lc_rs::rand;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    KeyUsagePurpose, NameConstraints, SanType, SerialNumber,
};

use super::entry::Moment;
use super::error::CaError;

/// From when until when.
#[derive(Clone, Copy)]
pub(super) struct Validity {
    pub(super) from: Moment,
    pub(super) until: Moment,
}

/// Whose it is, and what for.
pub(super) struct Leaf<'a> {
    pub(super) common_name: &'a str,
    pub(super) dns: &'a [String],
    pub(super) ip: &'a [IpAddr],
    pub(super) is_client: bool,
    pub(super) is_server: bool,
    /// RSA keys take part in a key exchange of TLS 1.2 that the gate refuses, and that old devices
    /// want to see permitted.
    pub(super) is_rsa: bool,
}

fn failed(error: &impl ToString) -> CaError {
    CaError::Crypto("a certificate", error.to_string())
}

/// The CA's own: it issues to devices and gates, to no other CA, and within these domains, if any.
pub(super) fn authority(
    common_name: &str,
    organization: Option<&str>,
    permitted: &[String],
    validity: Validity,
) -> Result<CertificateParams, CaError> {
    let mut params = usual(common_name, validity)?;
    if let Some(organization) = organization {
        params.distinguished_name.push(DnType::OrganizationName, organization);
    }
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let domains = permitted.iter().cloned().map(GeneralSubtree::DnsName);
    params.name_constraints = (!permitted.is_empty()).then(|| NameConstraints {
        permitted_subtrees: domains.collect(),
        excluded_subtrees: Vec::new(),
    });
    Ok(params)
}

/// A device's, or a gate's.
pub(super) fn leaf(of: &Leaf<'_>, validity: Validity) -> Result<CertificateParams, CaError> {
    let mut params = usual(of.common_name, validity)?;
    let names = of.dns.iter().map(|name| Ok(SanType::DnsName(name.as_str().try_into()?)));
    let addresses = of.ip.iter().map(|address| Ok(SanType::IpAddress(*address)));
    let names: Result<_, rcgen::Error> = names.chain(addresses).collect();
    params.subject_alt_names = names.map_err(|error| failed(&error))?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if of.is_rsa {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    let usages = [
        (of.is_server, ExtendedKeyUsagePurpose::ServerAuth),
        (of.is_client, ExtendedKeyUsagePurpose::ClientAuth),
    ];
    let usages = usages.into_iter().filter(|(is, _)| *is).map(|(_, usage)| usage);
    params.extended_key_usages = usages.collect();
    Ok(params)
}

fn usual(common_name: &str, validity: Validity) -> Result<CertificateParams, CaError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.use_authority_key_identifier_extension = true;
    params.not_before = validity.from.time().into();
    params.not_after = validity.until.time().into();
    params.serial_number = Some(serial()?);
    Ok(params)
}

/// 126 random bits in 16 octets: positive, and of one length.
fn serial() -> Result<SerialNumber, CaError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|error| failed(&error))?;
    let [first, ..] = &mut bytes;
    *first = *first & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}
