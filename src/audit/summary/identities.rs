//! Which certificates have had a line.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use pacsgate_core::certificate::Digest;

/// How long a certificate that was written for a reason is not written again for that alone.
pub(super) const PERIOD: Duration = Duration::from_secs(60 * 60);

/// How many pairs of a certificate that the configuration speaks of and a reason are remembered for
/// an hour: 6 MB at most, and more than any hospital has. Only its own CAs can make them.
const VOUCHED_FOR: usize = 64 * 1024;

/// How many of all others are remembered in a window. Anybody can make them: they bound its lines.
pub(super) const OTHERS: usize = 1024;

/// Certificates with the reasons for which they have had a line.
#[derive(Debug, Default)]
pub(super) struct Identities {
    began: Option<Instant>,
    vouched_for: HashSet<(Digest, &'static str)>,
    others: HashSet<(Digest, &'static str)>,
}

impl Identities {
    /// Whether the configuration speaks of this certificate and it is the first time within the
    /// hour that it comes with this reason.
    pub(super) fn is_news(
        &mut self,
        certificate: Digest,
        reason: &'static str,
        now: Instant,
    ) -> bool {
        let began = *self.began.get_or_insert(now);
        if now.saturating_duration_since(began) >= PERIOD {
            self.began = Some(now);
            self.vouched_for.clear();
        }
        self.vouched_for.len() < VOUCHED_FOR && self.vouched_for.insert((certificate, reason))
    }

    /// Whether it is the first time within the window that a stranger's own certificate comes with
    /// this reason.
    pub(super) fn is_news_of_a_stranger(
        &mut self,
        certificate: Digest,
        reason: &'static str,
    ) -> bool {
        self.others.len() < OTHERS && self.others.insert((certificate, reason))
    }

    pub(super) fn end_window(&mut self) {
        self.others.clear();
    }
}
