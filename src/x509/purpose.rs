//! What a certificate is made for, and what it can be shown for.

use pacsgate_core::quoted::Quoted;
use x509_parser::certificate::X509Certificate;

use super::{foreign, reading};

/// Whose certificate it is, where its extended key usage (RFC 5280 section 4.2.1.12) leaves out
/// servers.
pub(crate) fn not_for_servers(der: &[u8]) -> Option<Quoted> {
    let certificate = reading::whole(der)?;
    let usage = certificate.extended_key_usage().ok()??.value;
    let is_wrong = !usage.server_auth && !usage.any;
    is_wrong.then(|| subject(&certificate))
}

/// The same where it leaves out clients.
pub(crate) fn not_for_clients(der: &[u8]) -> Option<Quoted> {
    let certificate = reading::whole(der)?;
    let usage = certificate.extended_key_usage().ok()??.value;
    let is_wrong = !usage.client_auth && !usage.any;
    is_wrong.then(|| subject(&certificate))
}

/// Whose certificate it is, where it has no name by which a client could know the server (RFC 9525
/// section 6.3: the common name is none).
pub(crate) fn without_name(der: &[u8]) -> Option<Quoted> {
    let certificate = reading::whole(der)?;
    let extension = certificate.subject_alternative_name().ok()?;
    let is_nameless = extension.is_none_or(|names| names.value.general_names.is_empty());
    is_nameless.then(|| subject(&certificate))
}

/// Whose certificate it is, where its CA has signed it in a way that clients do not trust any more. Of
/// its own signature, one that has signed itself needs none.
pub(crate) fn signed_weakly(der: &[u8]) -> Option<Quoted> {
    let certificate = reading::whole(der)?;
    let is_own = certificate.issuer() == certificate.subject();
    let is_weak = !is_own && foreign::has_weak_signature(&certificate);
    is_weak.then(|| subject(&certificate))
}

/// Whether the keys of two certificates make signatures of one kind, so that a client that
/// understands one understands the other.
pub(crate) fn has_key_like(one: &[u8], other: &[u8]) -> bool {
    let (Some(one), Some(other)) = (reading::whole(one), reading::whole(other)) else {
        return false;
    };
    one.public_key().algorithm == other.public_key().algorithm
}

fn subject(certificate: &X509Certificate<'_>) -> Quoted {
    certificate.subject().to_string().as_str().into()
}
