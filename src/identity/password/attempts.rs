//! How often a wrong password came with a certificate and a calling title.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use pacsgate_core::wire::title::AeTitle;

use crate::origins::{Origin, Origins};

/// So many wrong ones within about a minute, and no other is looked at until half of them are
/// forgotten (`origins::HALF_LIFE`). People mistype a password less often; whoever guesses has some
/// thousand guesses a day.
pub(super) const MOST_WRONG: u32 = 5;

/// Who has shown a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// What proves where it comes from.
    pub origin: Origin,
    /// The calling title, if the origin may claim it. All others count together.
    pub calling: Option<AeTitle>,
}

/// The wrong passwords of all claims.
///
/// A right one takes none of them away: whoever has one password would else go on guessing
/// another's with it in between. Who guesses without end fills one place in the table, and each
/// place in it costs a hashing.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<Origins<Claim>>);

impl Attempts {
    /// Whether no password of this claim is to be looked at now.
    pub(super) fn are_used_up(&self, claim: Claim, now: Instant) -> bool {
        self.with(|origins| origins.count(claim, now) >= MOST_WRONG)
    }

    /// A wrong one came.
    pub(super) fn failed(&self, claim: Claim, now: Instant) {
        self.with(|origins| origins.add(claim, MOST_WRONG, now));
    }

    fn with<T>(&self, job: impl FnOnce(&mut Origins<Claim>) -> T) -> T {
        job(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pacsgate_core::certificate::Digest;
    use std::time::Duration;

    fn claim(certificate: u8, calling: &str) -> Claim {
        let origin = Origin::Certificate(Digest([certificate; 32]));
        Claim { origin, calling: Some(calling.parse().unwrap()) }
    }

    #[test]
    fn five_wrong_ones_use_them_up_for_a_minute_and_for_nobody_else() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..MOST_WRONG {
            assert!(!attempts.are_used_up(claim(1, "CT1"), now));
            attempts.failed(claim(1, "CT1"), now);
        }
        assert!(attempts.are_used_up(claim(1, "CT1"), now));
        for other in [claim(2, "CT1"), claim(1, "CT2")] {
            assert!(!attempts.are_used_up(other, now));
        }
        let after = |seconds| now + Duration::from_secs(seconds);
        assert!(attempts.are_used_up(claim(1, "CT1"), after(59)));
        assert!(!attempts.are_used_up(claim(1, "CT1"), after(60)));
    }
}
