//! A JWK set (RFC 7517), as Keycloak, Entra ID, Auth0 and others publish it.
//!
//! What cannot verify a signature of a token is passed over: keys for encryption, of unknown types and
//! curves, that are too short, or symmetric (RFC 7517 section 5). Certificates beside a key (`x5c`) are
//! not looked at, as it is the key that the issuer vouches for by showing it here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use pacsgate_core::identity::json::{Json, Object};

use super::keys::{Key, Keys, KeysFault, Kind};

/// The private members of a key (RFC 7518 section 6, RFC 8037).
const PRIVATE: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];

pub(super) fn keys(set: &Object) -> Result<Keys, KeysFault> {
    let list = set.get("keys").and_then(Json::as_list).ok_or(KeysFault::NoList)?;
    let members = || list.iter().filter_map(Json::as_object);
    if members().any(|key| PRIVATE.iter().any(|name| key.contains_key(*name))) {
        return Err(KeysFault::Private);
    }
    let keys: Vec<_> = members().filter_map(key).collect();
    let passed_over = list.len().saturating_sub(keys.len());
    Keys::new(keys, passed_over)
}

/// One that is of use.
fn key(members: &Object) -> Option<Key> {
    let text = |name: &str| members.get(name).and_then(Json::as_text);
    if members.contains_key("use") && text("use") != Some("sig") {
        return None;
    }
    let is_verify = |operation: &Json| operation.as_text() == Some("verify");
    if members
        .get("key_ops")
        .is_some_and(|all| !all.as_list().is_some_and(|all| all.iter().any(is_verify)))
    {
        return None;
    }
    let only: Option<Algorithm> = match members.get("alg") {
        None => None,
        // Of an algorithm that is not known, it is for nothing here.
        Some(_) => Some(text("alg")?.parse().ok()?),
    };
    let mut key = material(text)?;
    if only.is_some_and(|only| !key.kind.fits(only)) {
        return None;
    }
    key.only = only;
    key.id = match members.get("kid") {
        None => None,
        Some(_) => Some(text("kid")?.into()),
    };
    Some(key)
}

fn material<'a>(text: impl Fn(&str) -> Option<&'a str>) -> Option<Key> {
    let number = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    match (text("kty")?, text("crv")) {
        ("RSA", _) => Key::rsa(&number("n")?, &number("e")?),
        ("EC", Some("P-256")) => point(Kind::P256, 32, &number("x")?, &number("y")?),
        ("EC", Some("P-384")) => point(Kind::P384, 48, &number("x")?, &number("y")?),
        ("OKP", Some("Ed25519")) => Some(Key::ed25519(number("x")?.as_slice().try_into().ok()?)),
        _ => None,
    }
}

/// Coordinates have their whole length (RFC 7518 section 6.2.1.2).
fn point(kind: Kind, length: usize, x: &[u8], y: &[u8]) -> Option<Key> {
    (x.len() == length && y.len() == length).then(|| Key::ec(kind, &[x, y].concat()))
}
