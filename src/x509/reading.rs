//! A client's leaf certificate as the gate reads it.
//!
//! webpki verifies signatures with the key that *it* reads, so pins compare that key's digest;
//! x509-parser adds the dates and names, which webpki does not show.

use aws_lc_rs::digest::{SHA256, digest};
use pacsgate_core::certificate::{Certificate, Digest};
use rustls::InconsistentKeys;
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use rustls::sign::CertifiedKey;
use webpki::{EndEntityCert, anchor_from_trusted_cert, spki_for_anchor};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry::{OID_X509_EXT_PRIVATE_KEY_USAGE_PERIOD, Oid};
use x509_parser::prelude::FromDer;

use super::foreign::{self, ForeignKey};

/// More names than any device has; the rest of a policy's work grows with them.
const MAX_NAMES: usize = 100;
/// The length of a DNS name in text (RFC 1035 2.3.4).
const MAX_DNS: usize = 253;
/// Bytes of a URI; beyond, it can match no sensible configuration.
const MAX_URI: usize = 1024;
/// Bytes of a common name kept for the audit: `ub-common-name` of RFC 5280, in UTF-8.
const MAX_COMMON_NAME: usize = 256;
/// What aws-lc verifies RSA signatures with, in bytes of the modulus (2048 to 8192 bits).
const RSA_MODULUS: std::ops::RangeInclusive<usize> = foreign::SHORTEST_MODULUS..=1024;

/// Why a leaf is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is not X.509, or two readers see different keys in it.
    Unparsable,
    /// It has more names than any device.
    TooManyNames,
}

/// What the verifier looks at beyond the audit's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traits {
    /// There is an extended key usage extension.
    pub(crate) has_extended_key_usage: bool,
    /// That has clientAuth.
    pub(crate) is_for_clients: bool,
    /// The key is of a kind that is known and cannot be verified with.
    pub(crate) foreign_key: Option<ForeignKey>,
    /// The key is of a size whose signatures can be verified.
    pub(crate) key_size_supported: bool,
    /// The key may be used for a part of the validity only, and whoever relies on it is to know.
    pub(crate) has_critical_key_period: bool,
}

/// Reads a leaf, which both readers have parsed: each parsing costs what a stranger likes. webpki
/// may have left it for a critical extension.
pub(crate) fn read(
    der: &CertificateDer<'_>,
    certificate: &X509Certificate<'_>,
    parsed: Option<&EndEntityCert<'_>>,
) -> Result<(Certificate, Traits), Unread> {
    let spki = match parsed {
        Some(parsed) => parsed.subject_public_key_info(),
        None => key(der).ok_or(Unread::Unparsable)?,
    };
    // Two readers that do not see the same key would judge two certificates.
    if certificate.public_key().raw != spki.as_ref() {
        return Err(Unread::Unparsable);
    }
    let [dns, uris] = names(certificate)?;
    let shown = Certificate {
        sha256: sha256(der),
        spki_sha256: sha256(&spki),
        dns,
        uris,
        common_name: common_name(certificate),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
    };
    let usage = certificate.extended_key_usage().ok().flatten();
    let traits = Traits {
        has_extended_key_usage: usage.is_some(),
        is_for_clients: usage.is_some_and(|usage| usage.value.client_auth),
        foreign_key: foreign::key_of(certificate),
        key_size_supported: key_size_supported(certificate),
        has_critical_key_period: is_critical(certificate, &OID_X509_EXT_PRIVATE_KEY_USAGE_PERIOD),
    };
    Ok((shown, traits))
}

/// The key of a certificate that webpki does not read, for a critical extension that it does not
/// know and for nothing else.
pub(crate) fn key_of_unread(der: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    match EndEntityCert::try_from(der) {
        Err(webpki::Error::UnsupportedCriticalExtension) => key(der),
        Ok(_) | Err(_) => None,
    }
}

/// Compares a key with the first certificate of its chain, which rustls does not do where webpki
/// does not read that.
///
/// # Errors
///
/// They differ, or there is no such certificate.
pub(crate) fn compare_keys(certified: &CertifiedKey) -> Result<(), rustls::Error> {
    let shown = key_of_unread(certified.end_entity_cert()?);
    match shown.zip(certified.key.public_key()) {
        Some((shown, own)) if shown == own => Ok(()),
        Some(_) => Err(InconsistentKeys::KeyMismatch.into()),
        None => certified.keys_match(),
    }
}

/// The key as webpki reads it, whatever extensions there are.
fn key(der: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    Some(spki_for_anchor(&anchor_from_trusted_cert(der).ok()?))
}

fn is_critical(certificate: &X509Certificate<'_>, extension: &Oid<'_>) -> bool {
    certificate.iter_extensions().any(|one| one.critical && one.oid == *extension)
}

/// The whole of `der` as a certificate.
pub(crate) fn whole(der: &[u8]) -> Option<X509Certificate<'_>> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(certificate)
}

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Digest(out)
}

/// The DNS names and the URIs.
fn names(certificate: &X509Certificate<'_>) -> Result<[Vec<Box<str>>; 2], Unread> {
    let extension = certificate.subject_alternative_name().map_err(|_| Unread::Unparsable)?;
    let names = extension.map_or(&[][..], |extension| &extension.value.general_names);
    if names.len() > MAX_NAMES {
        return Err(Unread::TooManyNames);
    }
    Ok([names.iter().filter_map(dns).collect(), names.iter().filter_map(uri).collect()])
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
    match foreign::rsa_modulus(certificate) {
        Some(bytes) => RSA_MODULUS.contains(&bytes),
        None => certificate.public_key().parsed().is_ok(),
    }
}
