//! The user of a requestor, once what was shown has been verified. Nothing here is a secret.
//!
//! [`unverified`] reads a token before that, [`json`] what is in it.

pub mod json;
pub mod unverified;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::certificate::Digest;

/// The longest token that is read, in bytes: tokens with 200 groups of Entra ID have 11 KiB, and HTTP
/// servers, for which tokens are made, take headers of 8 to 16 KiB.
pub const MAX_TOKEN: usize = 16 * 1024;

/// The most claims of a token that are kept, those inside of objects included.
pub const MAX_CLAIMS: usize = 256;

/// How deep a JSON pointer leads into the claims; Keycloak's roles of a client are three deep.
pub const MAX_DEPTH: usize = 4;

/// The most that a user takes, in bytes: the texts of a token, and a place for each claim.
pub const KEPT: usize = MAX_TOKEN + MAX_CLAIMS * 128;

/// Who uses the requestor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum User {
    /// By a JSON Web Token (PS3.7 section D.3.3.7, type 5).
    Token(Token),
    /// By a user name and its password (type 2): the name.
    Password(Arc<str>),
}

/// What a token says whose signature, issuer, audience and dates have been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The name of its `[issuer]` table.
    pub issuer: Arc<str>,
    /// Its claim `sub`.
    pub subject: Arc<str>,
    /// When it expires, in seconds since the epoch.
    pub expires: i64,
    /// The digest of the certificate to which it is bound (`cnf` with `x5t#S256`, RFC 8705).
    pub bound_to: Option<Digest>,
    /// All its claims by name; those inside of an object by their JSON pointer (RFC 6901), such as
    /// `/realm_access/roles`.
    pub claims: BTreeMap<Box<str>, Claim>,
}

/// The value of a claim, as far as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A string.
    Text(Box<str>),
    /// The strings of an array.
    Texts(Box<[Box<str>]>),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Flag(bool),
    /// What is compared with nothing.
    Other,
}

impl User {
    /// The name by which the audit knows it.
    pub fn name(&self) -> &Arc<str> {
        match self {
            Self::Token(token) => &token.subject,
            Self::Password(name) => name,
        }
    }
}

impl Claim {
    /// Whether this claim of a token is what a rule wants: equal, or one of several.
    pub fn has(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Other, _) | (_, Self::Other) => false,
            (Self::Texts(all), Self::Text(one)) => all.contains(one),
            (own, wanted) => own == wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Claim {
        Claim::Text(text.into())
    }

    #[test]
    fn a_claim_is_equal_or_one_of_several() {
        let list = Claim::Texts(["a".into(), "b".into()].into());
        assert!(text("a").has(&text("a")) && list.has(&text("b")) && list.has(&list));
        assert!(
            Claim::Number(1).has(&Claim::Number(1)) && Claim::Flag(true).has(&Claim::Flag(true))
        );
    }

    #[test]
    fn a_claim_of_another_type_or_case_is_another() {
        let list = Claim::Texts(["a".into()].into());
        assert!(!text("a").has(&text("A")) && !text("a").has(&text("ab")) && !text("a").has(&list));
        assert!(!text("1").has(&Claim::Number(1)) && !text("true").has(&Claim::Flag(true)));
        assert!(!Claim::Other.has(&Claim::Other) && !Claim::Other.has(&text("a")));
    }
}
