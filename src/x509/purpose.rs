//! What a certificate is made for.

use pacsgate_core::quoted::Quoted;

use super::reading;

/// Whose certificate it is, where its extended key usage (RFC 5280 section 4.2.1.12) leaves out
/// servers.
pub(crate) fn not_for_servers(der: &[u8]) -> Option<Quoted> {
    let certificate = reading::whole(der)?;
    let usage = certificate.extended_key_usage().ok()??.value;
    let is_wrong = !usage.server_auth && !usage.any;
    is_wrong.then(|| certificate.subject().to_string().as_str().into())
}
