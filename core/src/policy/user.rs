//! Which user a peer has to show, and whether it has.

use std::sync::Arc;

use super::denial::Denial;
use super::trace::Finding;
use crate::certificate::Digest;
use crate::identity::{Claim, Token, User};
use crate::wire::associate::{IdentityKind, UserIdentity};
use crate::wire::title::AeTitle;

/// Which user a peer has to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum UserRule {
    /// None: what it shows all the same is looked at by nobody.
    #[default]
    NotNeeded,
    /// One with a JSON Web Token.
    Token(TokenRule),
    /// One of these users, with the password.
    Password(Vec<Arc<str>>),
}

/// What a peer's token has to say. One of `subjects` and `ae_claim` there must be: an issuer has
/// tokens for many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRule {
    /// The name of the `[issuer]` table.
    pub issuer: Arc<str>,
    /// Its subject has to be one of these, unless there are none.
    pub subjects: Vec<Arc<str>>,
    /// The claim that has to be or to contain the calling title.
    pub ae_claim: Option<Box<str>>,
    /// Other claims, each of which has to be or to contain the value.
    pub claims: Vec<(Box<str>, Claim)>,
}

/// What has to be verified of a user identity, which takes time, before the policy judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Nothing.
    NotNeeded,
    /// The token in it.
    Token,
    /// The password in it.
    Password,
}

/// What came out of the verification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Identified {
    /// There was none.
    #[default]
    Nobody,
    /// It failed.
    Refused(Denial),
    /// It succeeded.
    User {
        /// Who it is.
        user: User,
        /// Whether the requestor wants to hear so (item 59).
        wants_answer: bool,
    },
}

impl Verification {
    /// What a user identity asks for by its kind, whoever shows it.
    ///
    /// # Errors
    ///
    /// There is none, or one that the gate verifies for nobody.
    pub fn of_shown(identity: Option<&UserIdentity>) -> Result<Self, Denial> {
        match identity.map(|identity| identity.kind) {
            None => Err(Denial::IdentityMissing),
            Some(IdentityKind::Jwt) => Ok(Self::Token),
            Some(IdentityKind::UsernameAndPasscode) => Ok(Self::Password),
            Some(
                IdentityKind::Username
                | IdentityKind::Kerberos
                | IdentityKind::Saml
                | IdentityKind::Unknown(_),
            ) => Err(Denial::IdentityKind),
        }
    }
}

impl UserRule {
    /// What has to be verified of what a requestor of this peer has shown.
    ///
    /// # Errors
    ///
    /// It has not shown what it has to.
    pub(super) fn verification(
        &self,
        identity: Option<&UserIdentity>,
    ) -> Result<Verification, Denial> {
        let needed = match self {
            Self::NotNeeded => return Ok(Verification::NotNeeded),
            Self::Token(_) => Verification::Token,
            Self::Password(_) => Verification::Password,
        };
        let shown = Verification::of_shown(identity)?;
        if shown == needed { Ok(shown) } else { Err(Denial::IdentityKind) }
    }

    /// Whether this is the name of a user with a password.
    pub(super) fn lists(&self, name: &[u8]) -> bool {
        match self {
            Self::Password(users) => users.iter().any(|user| user.as_bytes() == name),
            Self::NotNeeded | Self::Token(_) => false,
        }
    }

    /// `certificate` is the digest of the one that the requestor has shown, if any.
    pub(super) fn judge(
        &self,
        identified: &Identified,
        calling: &AeTitle,
        certificate: Option<&Digest>,
    ) -> Finding {
        let refused = Finding::IdentityRefused;
        match (self, identified) {
            (Self::NotNeeded, _) => Finding::NoIdentityNeeded,
            (_, Identified::Nobody) => refused(Denial::IdentityMissing),
            (_, Identified::Refused(denial)) => refused(*denial),
            (Self::Token(rule), Identified::User { user: User::Token(token), .. }) => {
                rule.judge(token, calling, certificate).map_or(Finding::TokenAccepted, refused)
            }
            (Self::Password(users), Identified::User { user: User::Password(name), .. }) => {
                if users.contains(name) {
                    Finding::PasswordAccepted
                } else {
                    refused(Denial::UserNotListed)
                }
            }
            (Self::Token(_) | Self::Password(_), Identified::User { .. }) => {
                refused(Denial::IdentityKind)
            }
        }
    }
}

impl TokenRule {
    /// What the token lacks.
    fn judge(
        &self,
        token: &Token,
        calling: &AeTitle,
        certificate: Option<&Digest>,
    ) -> Option<Denial> {
        if token.issuer != self.issuer {
            return Some(Denial::TokenIssuer);
        }
        if token.bound_to.is_some() && token.bound_to.as_ref() != certificate {
            return Some(Denial::TokenBinding);
        }
        if !self.subjects.is_empty() && !self.subjects.contains(&token.subject) {
            return Some(Denial::TokenSubject);
        }
        let has = |name: &str, wanted: &Claim| {
            token.claims.get(name).is_some_and(|claim| claim.has(wanted))
        };
        let title = Claim::Text(calling.as_str().into());
        if self.ae_claim.as_deref().is_some_and(|name| !has(name, &title)) {
            return Some(Denial::TokenTitle);
        }
        let lacks = self.claims.iter().any(|(name, wanted)| !has(name, wanted));
        lacks.then_some(Denial::TokenClaim)
    }
}
