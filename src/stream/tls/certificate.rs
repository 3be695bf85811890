//! A client's leaf certificate as the gate reads it.
//!
//! webpki verifies signatures with the key that *it* reads, so pins compare that key's digest;
//! x509-parser adds the dates and names, which webpki does not show.

use aws_lc_rs::digest::{SHA256, digest};
use pacsgate_core::certificate::{AcceptedBy, Certificate, Digest};
use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

use super::fault::HandshakeFault;

/// More names than any device has; the rest of a policy's work grows with them.
const MAX_NAMES: usize = 100;
/// The length of a DNS name in text (RFC 1035 2.3.4).
const MAX_DNS: usize = 253;
/// Bytes of a URI; beyond, it can match no sensible configuration.
const MAX_URI: usize = 1024;
/// Bytes of a common name kept for the audit: `ub-common-name` of RFC 5280, in UTF-8.
const MAX_COMMON_NAME: usize = 256;
/// What aws-lc verifies RSA signatures with, in bytes of the modulus (2048 to 8192 bits).
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// A certificate that a client has shown, whether accepted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The digest of its DER encoding.
    pub sha256: Digest,
    /// The digest of its SubjectPublicKeyInfo's DER encoding.
    pub spki_sha256: Digest,
    /// The DNS names of its subject alternative name, in lower case; without wildcards and names
    /// outside of printable ASCII, which can match nothing.
    pub dns: Vec<Box<str>>,
    /// The URIs of its subject alternative name.
    pub uris: Vec<Box<str>>,
    /// The first common name, cut to 256 bytes: peer text.
    pub common_name: Option<Box<str>>,
    /// The start of its validity, in seconds since the epoch.
    pub not_before: i64,
    /// The end of its validity, in seconds since the epoch.
    pub not_after: i64,
}

impl Presented {
    /// The certificate as the policy sees it, once the handshake has accepted it.
    pub(super) fn accepted(self, accepted_by: AcceptedBy) -> Certificate {
        Certificate {
            sha256: self.sha256,
            spki_sha256: self.spki_sha256,
            dns: self.dns,
            uris: self.uris,
            common_name: self.common_name,
            not_after: self.not_after,
            accepted_by,
        }
    }
}

/// What the verifier looks at beyond the audit's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Traits {
    /// There is an extended key usage extension.
    pub(super) has_extended_key_usage: bool,
    /// The key is of a size whose signatures can be verified.
    pub(super) key_size_supported: bool,
}

/// Reads a leaf that webpki has read as `parsed`.
pub(super) fn read(
    der: &CertificateDer<'_>,
    parsed: &EndEntityCert<'_>,
) -> Result<(Presented, Traits), HandshakeFault> {
    let certificate = x509(der).ok_or(HandshakeFault::CertificateUnparsable)?;
    let spki = parsed.subject_public_key_info();
    // Two readers that do not see the same key would judge two certificates.
    if certificate.public_key().raw != spki.as_ref() {
        return Err(HandshakeFault::CertificateUnparsable);
    }
    let names = Names::of(&certificate)?;
    let presented = Presented {
        sha256: sha256(der),
        spki_sha256: sha256(&spki),
        dns: names.dns,
        uris: names.uris,
        common_name: common_name(&certificate),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
    };
    let traits = Traits {
        has_extended_key_usage: matches!(certificate.extended_key_usage(), Ok(Some(_))),
        key_size_supported: key_size_supported(&certificate),
    };
    Ok((presented, traits))
}

/// The whole of `der` as a certificate.
pub(super) fn x509<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(certificate)
}

fn sha256(bytes: &[u8]) -> Digest {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Digest(out)
}

#[derive(Default)]
struct Names {
    dns: Vec<Box<str>>,
    uris: Vec<Box<str>>,
}

impl Names {
    fn of(certificate: &X509Certificate<'_>) -> Result<Self, HandshakeFault> {
        let extension = certificate
            .subject_alternative_name()
            .map_err(|_| HandshakeFault::CertificateUnparsable)?;
        let Some(extension) = extension else { return Ok(Self::default()) };
        let names = &extension.value.general_names;
        if names.len() > MAX_NAMES {
            return Err(HandshakeFault::CertificateTooLarge);
        }
        Ok(Self {
            dns: names.iter().filter_map(dns).collect(),
            uris: names.iter().filter_map(uri).collect(),
        })
    }
}

fn dns(name: &GeneralName<'_>) -> Option<Box<str>> {
    let GeneralName::DNSName(name) = name else { return None };
    let usable = printable(name, MAX_DNS) && !name.contains('*');
    usable.then(|| name.to_ascii_lowercase().into())
}

fn uri(name: &GeneralName<'_>) -> Option<Box<str>> {
    let GeneralName::URI(name) = name else { return None };
    printable(name, MAX_URI).then(|| (*name).into())
}

fn printable(name: &str, max: usize) -> bool {
    !name.is_empty() && name.len() <= max && name.bytes().all(|byte| byte.is_ascii_graphic())
}

fn common_name(certificate: &X509Certificate<'_>) -> Option<Box<str>> {
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?;
    let mut end = name.len().min(MAX_COMMON_NAME);
    while !name.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    name.get(..end).map(Into::into)
}

/// An RSA key outside of the verifiable sizes would end as a signature that does not fit, which
/// says the wrong thing to the administrator.
fn key_size_supported(certificate: &X509Certificate<'_>) -> bool {
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => {
            let zeros = key.modulus.iter().take_while(|byte| **byte == 0).count();
            RSA_MODULUS.contains(&key.modulus.len().saturating_sub(zeros))
        }
        Ok(
            PublicKey::EC(_)
            | PublicKey::DSA(_)
            | PublicKey::GostR3410(_)
            | PublicKey::GostR3410_2012(_)
            | PublicKey::Unknown(_),
        ) => true,
        Err(_) => false,
    }
}
