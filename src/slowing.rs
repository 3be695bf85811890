//! Repeated refusals slow their origin: who guesses waits longer for each answer.
//!
//! An origin is delayed and never refused. Behind TLS it is the certificate with the calling title,
//! and only the word of a refusal is late: whoever is permitted never waits, whatever others do with
//! its certificate or from its address. Before TLS there is only the address, and the handshake
//! begins late: so those from which a peer has authenticated within the hour are left alone. At a
//! plain port the address is all there is, and the reading of the request begins late.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use pacsgate_core::certificate::Digest;
use pacsgate_core::policy::Denial;
use pacsgate_core::reason::Answer;
use pacsgate_core::wire::reject::Reject;
use pacsgate_core::wire::title::AeTitle;

use crate::net::Source;
use crate::origins::Origins;
use crate::rarely::Rarely;
use crate::reason::{Early, Reason};

/// How many refusals within about a minute are not slowed: a device that tries again every fifteen
/// seconds stays below.
pub const FREE: u32 = 5;
/// The delay of the first one beyond them; each further one doubles it.
pub const FIRST: Duration = Duration::from_millis(100);
/// Well within what any device waits for an answer, which is seldom less than ten seconds.
pub const LONGEST: Duration = Duration::from_secs(2);
/// As far as refusals are counted: here the delay is the longest, and after one half-life there is
/// none.
const COUNTED: u32 = 2 * FREE + 1;

/// Who is refused behind TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The digest of the certificate.
    pub certificate: Digest,
    /// The calling title, if it is bound to the certificate. All others count together: whoever
    /// tries one after the other guesses.
    pub calling: Option<AeTitle>,
}

/// What is to be done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slowed {
    /// How long the origin waits.
    pub delay: Duration,
    /// It is the first time, and how many others went unsaid since that was last said of any.
    pub said: Option<u64>,
}

/// The origins of refusals.
#[derive(Debug, Default)]
pub struct Slowing(Mutex<Tables>);

/// One for each kind, so that strangers fill nobody else's.
#[derive(Debug, Default)]
struct Tables {
    sources: Origins<Source>,
    claims: Origins<Claim>,
    begun: Rarely,
}

impl Slowing {
    /// How long a handshake from there waits before it begins.
    pub fn before_handshake(&self, source: Source, now: Instant) -> Duration {
        self.with(|tables| delay_of(tables.sources.count(source, now) + 1))
    }

    /// A handshake from there failed. Says what is to be logged.
    pub fn failed(&self, source: Source, now: Instant) -> Slowed {
        self.with(|tables| {
            let count = tables.sources.add(source, COUNTED, now);
            tables.slowed(count, FREE, now)
        })
    }

    /// A request was refused, of which this is to be told late.
    pub fn refused(&self, claim: Claim, now: Instant) -> Slowed {
        self.with(|tables| {
            let count = tables.claims.add(claim, COUNTED, now);
            tables.slowed(count, FREE + 1, now)
        })
    }

    fn with<T>(&self, job: impl FnOnce(&mut Tables) -> T) -> T {
        job(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tables {
    fn slowed(&mut self, count: u32, begins: u32, now: Instant) -> Slowed {
        let said = (count == begins).then(|| self.begun.say(now)).flatten();
        Slowed { delay: delay_of(count), said }
    }
}

fn delay_of(count: u32) -> Duration {
    match count.checked_sub(FREE + 1) {
        None => Duration::ZERO,
        Some(beyond) => FIRST.saturating_mul(1 << beyond.min(u32::BITS - 1)).min(LONGEST),
    }
}

/// Whether this end of a handshake says that somebody tries what does not work. A monitor that sends
/// nothing does not; neither does what the gate ends for want of room.
pub const fn is_failure(reason: Reason) -> bool {
    match reason {
        Reason::Handshake(_) => true,
        Reason::Early(early) => match early {
            Early::PlainDicom
            | Early::Http
            | Early::Ssl2
            | Early::TlsOnPlainPort
            | Early::NotTls
            | Early::UnexpectedProxyHeader
            | Early::HandshakeTimeout => true,
            Early::ClosedBeforeTls
            | Early::PassedBy
            | Early::RequestTimeout
            | Early::ClosedBeforeRequest
            | Early::ClosedInRequest
            | Early::BrokenTls
            | Early::ClosedInVerification
            | Early::ListenerGone
            | Early::ListenerChanged
            | Early::BalancerGone
            | Early::Stopped => false,
        },
        // It would slow the balancer, and so everybody behind it.
        Reason::Proxy(_) => false,
        Reason::Slots(_)
        | Reason::Request(_)
        | Reason::Denied(_)
        | Reason::Target(_)
        | Reason::Outgoing(_)
        | Reason::Overreaching(_)
        | Reason::Reach(_)
        | Reason::Ended(_) => false,
    }
}

/// Whether a request was refused for what it is, and not for want of room or for the PACS.
pub const fn is_refusal(reason: Reason) -> bool {
    let Reason::Denied(denial) = reason else { return matches!(reason, Reason::Request(_)) };
    match denial {
        Denial::UnknownCertificate
        | Denial::UnknownAddress
        | Denial::UnknownPacs
        | Denial::SeveralPacs
        | Denial::PacsNetwork
        | Denial::SeveralPeers
        | Denial::WrongNetwork
        | Denial::CallingTitle
        | Denial::CalledTitle
        | Denial::NoPermittedService
        | Denial::NoCertificate
        | Denial::IdentityMissing
        | Denial::IdentityKind
        | Denial::TokenTooLong
        | Denial::TokenMalformed
        | Denial::TokenHeader
        | Denial::TokenType
        | Denial::TokenIssuer
        | Denial::TokenAlgorithm
        | Denial::TokenKey
        | Denial::TokenSignature
        | Denial::TokenClaims
        | Denial::TokenExpired
        | Denial::TokenNotYetValid
        | Denial::TokenAudience
        | Denial::TokenBinding
        | Denial::TokenSubject
        | Denial::TokenTitle
        | Denial::TokenClaim
        | Denial::UserUnknown
        | Denial::UserNotListed
        | Denial::PasswordWrong
        | Denial::PasswordAttempts => true,
        // Of a PACS, which is known: it may repeat what is no longer awaited for as long as it likes.
        Denial::PacsTitle
        | Denial::PeerTitle
        | Denial::NothingReceived
        | Denial::NothingRequested
        | Denial::ReachLimit
        | Denial::PacsOwnLimit
        | Denial::PeerLimit
        | Denial::PeerShare
        | Denial::PacsLimit
        | Denial::TokenKeysStale
        | Denial::PasswordBusy => false,
    }
}

/// Whether the calling title was found to be one of the certificate's before this refusal.
pub fn is_title_bound(denial: Denial) -> bool {
    let is_of_user = denial.answer() == Answer::Reject(Reject::NOT_AUTHENTICATED);
    is_of_user || matches!(denial, Denial::CalledTitle | Denial::NoPermittedService)
}

#[cfg(test)]
mod tests;
