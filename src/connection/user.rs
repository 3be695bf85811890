//! The user identity of a request, verified before the policy judges it.

use std::sync::Arc;
use std::time::SystemTime;

use pacsgate_core::certificate::Digest;
use pacsgate_core::identity::User;
use pacsgate_core::policy::{Denial, Everything, Facts, Identified, Verification};
use pacsgate_core::wire::associate::{ReceivedRq, UserIdentity};
use pacsgate_core::wire::title::AeTitle;

use super::context::Context;
use crate::identity::password::{Asker, Attempt, Claim};
use crate::origins::Origin;
use crate::port::Proof;
use crate::site::Site;

/// What is to be verified, and for whom.
struct Needed {
    verification: Verification,
    /// The peer, if a certificate has shown that.
    peer: Option<Arc<str>>,
    /// What was shown is of another kind than it has to be, and is verified all the same.
    in_vain: Option<Denial>,
    /// Whether the right password of this user would let it in.
    is_of_use: bool,
}

/// Verifies what was shown, as far as it has to be shown, within `limits.identity`. It is overwritten
/// then.
pub(super) async fn verify(
    context: &Context,
    proof: &Proof,
    request: &ReceivedRq,
    shown: Option<UserIdentity>,
) -> Identified {
    let needed = match needed(context, proof, request, shown.as_ref()) {
        Ok(needed) => needed,
        Err(denial) => return Identified::Refused(denial),
    };
    let (Some(needed), Some(shown)) = (needed, shown) else { return Identified::Nobody };
    let in_vain = needed.in_vain;
    let verified = verified(context, needed, &shown, request.request.calling).await;
    match in_vain.map_or(verified, Err) {
        Ok(user) => Identified::User { user, wants_answer: shown.wants_answer },
        Err(denial) => Identified::Refused(denial),
    }
}

/// What is to be verified of what was shown; `None` if nothing is.
fn needed(
    context: &Context,
    proof: &Proof,
    request: &ReceivedRq,
    shown: Option<&UserIdentity>,
) -> Result<Option<Needed>, Denial> {
    let (direction, source) = (context.way.direction, context.source.ip());
    let facts = Facts { direction, shown: proof.shown(), source, request, awaits: &Everything };
    let candidate = context.site.policy.identify(&facts).ok();
    let of_peer = candidate.as_ref().map(|candidate| candidate.verification(shown));
    let name = shown.map(|shown| shown.primary.as_slice()).unwrap_or_default();
    let is_of_use = candidate.as_ref().is_some_and(|candidate| candidate.lists(name));
    if matches!(proof, Proof::Nothing) {
        // The work is the same whoever it says to be: its time tells no titles.
        let verification = Verification::of_shown(shown)?;
        let in_vain = of_peer.and_then(Result::err);
        return Ok(Some(Needed { verification, peer: None, in_vain, is_of_use }));
    }
    // What is refused anyway is refused whatever it shows.
    let verification = of_peer.unwrap_or(Ok(Verification::NotNeeded))?;
    let peer = candidate.map(|candidate| Arc::clone(candidate.peer()));
    let needed = Needed { verification, peer, in_vain: None, is_of_use };
    Ok((verification != Verification::NotNeeded).then_some(needed))
}

async fn verified(
    context: &Context,
    needed: Needed,
    shown: &UserIdentity,
    calling: AeTitle,
) -> Result<User, Denial> {
    let site = &context.site;
    match needed.verification {
        Verification::NotNeeded => Err(Denial::IdentityKind),
        Verification::Token => {
            site.issuers.verify(&shown.primary, SystemTime::now()).map(User::Token)
        }
        Verification::Password => {
            let attempt = attempt(context, needed, shown, calling);
            let hashing = &context.gate.hashing;
            let name = hashing.verify(&site.passwords, attempt, site.limits.identity).await;
            name.map(User::Password)
        }
    }
}

/// Whoever shows no certificate is counted by its address alone: titles are free for it to choose, and
/// would each give it more attempts.
fn attempt<'a>(
    context: &Context,
    needed: Needed,
    shown: &'a UserIdentity,
    calling: AeTitle,
) -> Attempt<'a> {
    let Needed { peer, is_of_use, .. } = needed;
    let source = context.slot.whose().source;
    let origin = context.certificate().map_or(Origin::Source(source), Origin::Certificate);
    let calling = context.certificate().map(|_| calling);
    let asker = peer.map_or(Asker::Stranger(source), Asker::Peer);
    let claim = Claim { origin, calling };
    Attempt { asker, claim, user: &shown.primary, password: &shown.secondary, is_of_use }
}

/// What was verified by a site, as another one has it.
pub(super) fn under(site: &Site, identified: Identified, stamp: Option<Digest>) -> Identified {
    match identified {
        Identified::User { user, wants_answer } => match site.stands_for(&user, stamp) {
            Ok(()) => Identified::User { user, wants_answer },
            Err(denial) => Identified::Refused(denial),
        },
        Identified::Nobody | Identified::Refused(_) => identified,
    }
}

/// Why there is no user, where something was verified.
pub(super) const fn unverified(identified: &Identified) -> Option<Denial> {
    match identified {
        Identified::Refused(Denial::IdentityMissing | Denial::IdentityKind) => None,
        Identified::Refused(denial) => Some(*denial),
        Identified::Nobody | Identified::User { .. } => None,
    }
}

/// When the association of a user ends, in seconds since the epoch.
pub(super) fn end(user: &User, site: &Site) -> Option<i64> {
    match user {
        User::Token(token) => {
            let outlive = site.issuers.outlive(&token.issuer).as_secs();
            Some(token.expires.saturating_add_unsigned(outlive))
        }
        User::Password(_) => None,
    }
}
