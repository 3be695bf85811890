//! A file of keys, or what a URL gives.

use pacsgate_core::identity::json::{self, JsonFault};

use super::keys::{Keys, KeysFault};
use super::{jwks, pem};

/// Longer than any set of keys: Entra ID's, with the certificates of all keys, has 16 KiB.
pub const MAX_FILE: usize = 1024 * 1024;
/// Values in a JWK set: a key has about ten, and its certificates.
const MAX_VALUES: usize = 16 * 1024;

/// Reads a JWK set or PEM.
///
/// # Errors
///
/// Why it holds no keys of an issuer.
pub fn read(bytes: &[u8]) -> Result<Keys, KeysFault> {
    if bytes.len() > MAX_FILE {
        return Err(KeysFault::TooLarge);
    }
    // What PEM has before its first section is for people.
    const BEGIN: &[u8] = b"-----BEGIN";
    let is_json = bytes.trim_ascii_start().first() == Some(&b'{');
    if !is_json && bytes.windows(BEGIN.len()).any(|window| window == BEGIN) {
        return pem::keys(bytes);
    }
    match json::object(bytes, MAX_VALUES) {
        Ok(set) => jwks::keys(&set),
        Err(JsonFault::NoObject) => Err(KeysFault::NoList),
        Err(fault) => Err(KeysFault::Json(fault)),
    }
}
