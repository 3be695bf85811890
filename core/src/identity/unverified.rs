//! A JSON Web Token in compact form (RFC 7519, RFC 7515) before its signature is verified, and what
//! its claims have to be once it is.
//!
//! Nothing in it is believed here: the members that are readable before only say whose key, and
//! which algorithm, the signature has to be verified with.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::json::{self, Json, Object};
use super::{Claim, MAX_CLAIMS, MAX_DEPTH, MAX_TOKEN, Token};
use crate::certificate::Digest;
use crate::policy::Denial;

/// The longest subject in characters, one more than `sub` of OpenID Connect may have.
const MAX_SUBJECT: usize = 256;
/// Values in a header or in the claims: a value and its comma have at least two bytes.
const MAX_VALUES: usize = MAX_TOKEN / 2;

/// Members of the header that bring their own key (`jku`, `jwk`, `x5u`, `x5c`: the key of whoever has
/// made the token), or change how the token is read (`crit` with its extensions, of which `b64` is
/// one: RFC 7797). RFC 8725 section 3.10.
const FORBIDDEN: [&str; 6] = ["crit", "b64", "jku", "jwk", "x5u", "x5c"];

/// A token whose signature is still to be verified.
#[derive(Clone, Debug)]
pub struct Unverified<'a> {
    /// What is signed, and the signature: the token without white space around it.
    pub compact: &'a [u8],
    /// `alg` of the header, whatever it is.
    pub algorithm: Box<str>,
    /// `kid` of the header.
    pub key_id: Option<Box<str>>,
    /// The claim `iss`.
    pub issuer: Box<str>,
    claims: Object,
}

/// What the claims have to be.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The name of the `[issuer]` table.
    pub table: &'a Arc<str>,
    /// One of these has to be in `aud`.
    pub audience: &'a [Box<str>],
    /// By how many seconds the clocks of the gate and of the issuer may differ.
    pub leeway: i64,
}

impl<'a> Unverified<'a> {
    /// Reads a token as it came.
    ///
    /// # Errors
    ///
    /// Why it is no token whose signature could be verified.
    pub fn read(token: &'a [u8]) -> Result<Self, Denial> {
        if token.len() > MAX_TOKEN {
            return Err(Denial::TokenTooLong);
        }
        let compact = without_ends(token);
        let mut parts = compact.split(|byte| *byte == b'.');
        // An encrypted token (RFC 7516) has five parts.
        let (Some(header), Some(claims), Some(_signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Denial::TokenMalformed);
        };
        let header = object(header)?;
        if FORBIDDEN.iter().any(|name| header.contains_key(*name)) {
            return Err(Denial::TokenHeader);
        }
        let algorithm = text(&header, "alg").ok_or(Denial::TokenMalformed)?.into();
        let key_id = match header.get("kid") {
            None => None,
            Some(_) => Some(text(&header, "kid").ok_or(Denial::TokenMalformed)?.into()),
        };
        if !header.get("typ").is_none_or(is_access_token) {
            return Err(Denial::TokenType);
        }
        let claims = object(claims)?;
        let issuer = text(&claims, "iss").ok_or(Denial::TokenClaims)?.into();
        Ok(Self { compact, algorithm, key_id, issuer, claims })
    }

    /// Judges the claims at this moment, in seconds since the epoch: to be called only once the
    /// signature of the issuer has been verified.
    ///
    /// # Errors
    ///
    /// What is missing or wrong in them.
    pub fn judge(self, expected: &Expected<'_>, now: i64) -> Result<Token, Denial> {
        let claims = &self.claims;
        let expires = claims.get("exp").and_then(seconds).ok_or(Denial::TokenClaims)?;
        let not_before = claims.get("nbf").map(|nbf| seconds(nbf).ok_or(Denial::TokenClaims));
        let not_before = not_before.transpose()?;
        let audience = audience(claims).ok_or(Denial::TokenClaims)?;
        let subject = text(claims, "sub").filter(|sub| sub.chars().count() <= MAX_SUBJECT);
        let subject = Arc::from(subject.ok_or(Denial::TokenClaims)?);
        // RFC 7519 section 4.1.4: on or after `exp` it is not accepted.
        if now >= expires.saturating_add(expected.leeway) {
            return Err(Denial::TokenExpired);
        }
        if not_before.is_some_and(|nbf| now < nbf.saturating_sub(expected.leeway)) {
            return Err(Denial::TokenNotYetValid);
        }
        if !expected.audience.iter().any(|one| audience.contains(&&**one)) {
            return Err(Denial::TokenAudience);
        }
        let bound_to = claims.get("cnf").map(|cnf| bound_to(cnf).ok_or(Denial::TokenBinding));
        let bound_to = bound_to.transpose()?;
        let mut listed = Listed::default();
        listed.all(self.claims, "", 1)?;
        let issuer = Arc::clone(expected.table);
        Ok(Token { issuer, subject, expires, bound_to, claims: listed.claims })
    }
}

/// A token is often read from a file, with the end of its last line. Neither that nor a NUL is in the
/// alphabet of a token.
fn without_ends(token: &[u8]) -> &[u8] {
    let token = token.trim_ascii();
    let end = token.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    token.get(..end).unwrap_or(token).trim_ascii()
}

/// Whether `typ` of a header is that of an access token: RFC 9068 says `at+jwt`; Keycloak, Entra ID and
/// Auth0 write `JWT`, as most do; Okta and Cognito have none. All else (`logout+jwt`, `dpop+jwt`,
/// `secevent+jwt` ...) is the issuer's word to somebody else, under the same keys (RFC 8725 section
/// 3.11). A media type is compared without its case, and may leave out `application/` (RFC 7515
/// section 4.1.9).
fn is_access_token(typ: &Json) -> bool {
    let Some(typ) = typ.as_text() else { return false };
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
}

/// A part of a token. Padding, and bits behind the last byte, are refused.
fn object(part: &[u8]) -> Result<Object, Denial> {
    let bytes = decoded(part).ok_or(Denial::TokenMalformed)?;
    json::object(&bytes, MAX_VALUES).map_err(|_| Denial::TokenMalformed)
}

/// In one allocation, so that nothing of it is left behind.
fn decoded(part: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(part.len())]);
    let length = URL_SAFE_NO_PAD.decode_slice(part, &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}

/// A member that is a string with something in it.
fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name)?.as_text().filter(|text| !text.is_empty())
}

/// A NumericDate (RFC 7519 section 2), which may have a fraction.
fn seconds(date: &Json) -> Option<i64> {
    /// Up to here each whole number is one of `f64`.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match date {
        Json::Whole(seconds) => Some(*seconds),
        Json::Fraction(seconds) if seconds.abs() < EXACT => {
            #[expect(clippy::cast_possible_truncation, reason = "it was just compared")]
            let seconds = seconds.floor() as i64;
            Some(seconds)
        }
        Json::Null
        | Json::Flag(_)
        | Json::Fraction(_)
        | Json::Text(_)
        | Json::List(_)
        | Json::Object(_) => None,
    }
}

/// `aud`: one string, or several in an array.
fn audience(claims: &Object) -> Option<Vec<&str>> {
    let audience = claims.get("aud")?;
    match audience.as_list() {
        Some(all) => all.iter().map(Json::as_text).collect(),
        None => audience.as_text().map(|one| vec![one]),
    }
}

/// RFC 8705 section 3.1. A confirmation of another kind (`jkt`, `jwk`) is one that this gate cannot
/// ask for; without it, a stolen token would do.
fn bound_to(confirmation: &Json) -> Option<Digest> {
    let members = confirmation.as_object()?;
    let digest = text(members, "x5t#S256").filter(|_| members.len() == 1)?;
    let mut bytes = Digest([0; 32]);
    let length = URL_SAFE_NO_PAD.decode_slice(digest.as_bytes(), &mut bytes.0).ok()?;
    (length == bytes.0.len()).then_some(bytes)
}

/// The claims by their names and JSON pointers.
#[derive(Default)]
struct Listed {
    claims: BTreeMap<Box<str>, Claim>,
}

impl Listed {
    fn all(&mut self, object: Object, above: &str, depth: usize) -> Result<(), Denial> {
        if depth > MAX_DEPTH && !object.is_empty() {
            return Err(Denial::TokenClaims);
        }
        for (name, value) in object {
            let pointer = format!("{above}/{}", name.replace('~', "~0").replace('/', "~1"));
            let claim = claim(&value);
            if let Json::Object(inside) = value {
                self.all(inside, &pointer, depth + 1)?;
            }
            if depth > 1 {
                self.claims.insert(pointer.into(), claim);
            } else if !name.starts_with('/') {
                // One that does would be taken for a pointer: nothing is compared with it.
                self.claims.insert(name, claim);
            }
            if self.claims.len() > MAX_CLAIMS {
                return Err(Denial::TokenClaims);
            }
        }
        Ok(())
    }
}

fn claim(value: &Json) -> Claim {
    match value {
        Json::Text(text) => Claim::Text(text.clone()),
        Json::Whole(number) => Claim::Number(*number),
        Json::Flag(flag) => Claim::Flag(*flag),
        Json::List(all) => {
            let texts = all.iter().map(|one| one.as_text().map(Box::from));
            texts.collect::<Option<_>>().map_or(Claim::Other, Claim::Texts)
        }
        Json::Null | Json::Fraction(_) | Json::Object(_) => Claim::Other,
    }
}

#[cfg(test)]
mod tests;
