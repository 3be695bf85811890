//! The user identity of a request, verified before the policy judges it.

use std::time::SystemTime;

use pacsgate_core::certificate::Accepted;
use pacsgate_core::identity::User;
use pacsgate_core::policy::{Denial, Facts, Identified, Verification};
use pacsgate_core::wire::associate::{ReceivedRq, UserIdentity};
use pacsgate_core::wire::title::AeTitle;

use super::context::Context;
use crate::site::Site;

/// What is to be verified of what was shown.
///
/// # Errors
///
/// What is missing.
pub(super) fn needed(
    context: &Context,
    accepted: Option<&Accepted>,
    request: &ReceivedRq,
    shown: Option<&UserIdentity>,
) -> Result<Verification, Denial> {
    let Some(certificate) = accepted else {
        // The work is the same whoever it says to be: its time tells no titles.
        return Verification::of_shown(shown);
    };
    let facts = Facts { certificate: Some(certificate), source: context.source.ip(), request };
    match context.site.policy.identify(&facts) {
        Ok(candidate) => candidate.verification(shown),
        // It is refused whatever it shows.
        Err(_) => Ok(Verification::NotNeeded),
    }
}

/// Verifies it. The caller sets the deadline.
pub(super) async fn verify(
    context: &Context,
    verification: Verification,
    shown: &UserIdentity,
    calling: AeTitle,
) -> Identified {
    let verified = match verification {
        Verification::NotNeeded => return Identified::Nobody,
        Verification::Token => Err(Denial::TokenKeysStale),
        Verification::Password => Err(Denial::PasswordBusy),
    };
    match verified {
        Ok(user) => Identified::User { user, wants_answer: shown.wants_answer },
        Err(denial) => Identified::Refused(denial),
    }
}

/// When a user ends, in seconds since the epoch.
pub(super) fn end(user: &User, site: &Site) -> Option<i64> {
    match user {
        User::Token(token) => Some(token.expires),
        User::Password(_) => None,
    }
}
