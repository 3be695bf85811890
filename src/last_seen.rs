//! The client certificates that the peers have shown last: the log tells which of them end soon, as a
//! device whose certificate ends stands still that day.
//!
//! It is kept in memory only: after a start, what each peer shows is learnt anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use pacsgate_core::certificate::{Certificate, Digest};
use serde::{Deserialize, Serialize};

use crate::x509::validity::{self, since_epoch};

/// The certificates of one peer: the old and the new ones of two systems.
const MOST_OF_PEER: usize = 4;
/// Characters of a name: a sentence shows no more.
const MAX_NAME: usize = 100;
/// Between two sentences on one certificate, in seconds; an hour less than a day, so that a daily look
/// tells it each time.
const DAILY: u64 = 23 * 3600;

/// What the peers have shown. Peers are those of the configuration, and so are their number.
#[derive(Debug, Default)]
pub struct LastSeen(Mutex<HashMap<Arc<str>, Vec<Seen>>>);

/// A certificate that a peer has shown.
#[derive(Debug)]
struct Seen {
    sha256: Digest,
    /// What people call it: its common name, or another one.
    name: Box<str>,
    /// In seconds since the epoch, like all that follows.
    not_after: u64,
    at: u64,
    /// When its end was told last; 0 before.
    told: u64,
}

/// What is to be said of a certificate that ends soon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// Whose it is.
    pub peer: String,
    /// The whole sentence.
    pub message: String,
}

impl LastSeen {
    /// A peer has shown this one and its key. Where it ends soon, that is said at once and then by
    /// [`Self::due`] each day; not for those that push out others, of which there may be many.
    pub fn note(
        &self,
        peer: &Arc<str>,
        certificate: &Certificate,
        now: SystemTime,
    ) -> Option<String> {
        let at = since_epoch(now);
        let mut peers = self.peers();
        let of_peer = peers.entry(Arc::clone(peer)).or_default();
        if let Some(known) = of_peer.iter_mut().find(|seen| seen.sha256 == certificate.sha256) {
            known.at = at;
            return None;
        }
        let mut seen = Seen::new(certificate, at);
        of_peer.retain(|old| !seen.replaces(old));
        let is_full = of_peer.len() >= MOST_OF_PEER;
        let message = seen.message(peer, now).filter(|_| !is_full);
        if message.is_some() {
            seen.told = at;
        }
        if is_full && let Some(oldest) = of_peer.iter_mut().min_by_key(|seen| seen.at) {
            *oldest = seen;
        } else {
            of_peer.push(seen);
        }
        message
    }

    /// What is to be said today, for the log. Those that are `known` are still peers; the others are
    /// forgotten, and so is what has ended.
    pub fn due(&self, known: impl Fn(&Arc<str>) -> bool, now: SystemTime) -> Vec<String> {
        let today = since_epoch(now);
        let mut peers = self.peers();
        peers.retain(|peer, _| known(peer));
        let mut due = Vec::new();
        for (peer, all) in peers.iter_mut() {
            for seen in all.iter_mut().filter(|seen| today >= seen.told.saturating_add(DAILY)) {
                due.extend(seen.message(peer, now).inspect(|_| seen.told = today));
            }
            // Its end is told once, and then it is of no more use.
            all.retain(|seen| seen.told < seen.not_after);
        }
        due.sort_unstable();
        due
    }

    /// When the first of the certificates ends that each peer has shown, in seconds since the epoch.
    pub fn first_ends(&self) -> Vec<(Arc<str>, u64)> {
        let peers = self.peers();
        let first = |all: &Vec<Seen>| all.iter().map(|seen| seen.not_after).min();
        peers.iter().filter_map(|(peer, all)| Some((Arc::clone(peer), first(all)?))).collect()
    }

    /// All that end soon.
    pub fn ending(&self, now: SystemTime) -> Vec<Ending> {
        let peers = self.peers();
        let all = peers.iter().flat_map(|(peer, all)| all.iter().map(move |seen| (peer, seen)));
        let ending = all.filter_map(|(peer, seen)| {
            Some(Ending { peer: peer.to_string(), message: seen.message(peer, now)? })
        });
        let mut ending: Vec<_> = ending.collect();
        ending.sort_unstable_by(|one, other| one.message.cmp(&other.message));
        ending
    }

    fn peers(&self) -> MutexGuard<'_, HashMap<Arc<str>, Vec<Seen>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn new(certificate: &Certificate, at: u64) -> Self {
        let Certificate { sha256, dns, uris, common_name, not_after, .. } = certificate;
        let name = common_name.as_ref().or(dns.first()).or(uris.first());
        Self {
            sha256: *sha256,
            name: name.map(|name| name.chars().take(MAX_NAME).collect()).unwrap_or_default(),
            not_after: u64::try_from(*not_after).unwrap_or_default(),
            at,
            told: 0,
        }
    }

    /// Whether it is the next one of the same device, which shows the other no more.
    fn replaces(&self, old: &Self) -> bool {
        !self.name.is_empty() && self.name == old.name && self.not_after > old.not_after
    }

    fn message(&self, peer: &str, now: SystemTime) -> Option<String> {
        let digest = self.sha256.to_string();
        let name = if self.name.is_empty() { &*digest } else { &*self.name };
        validity::of_peer(peer, name, self.at, self.not_after, now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const DAY: u64 = 86_400;
    const HOUR: Duration = Duration::from_secs(3600);
    /// 2026-01-01.
    const NOW: u64 = 1_767_225_600;

    fn day(day: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW + day * DAY)
    }

    fn certificate(number: u8, name: &str, ends: u64) -> Certificate {
        Certificate {
            sha256: Digest([number; 32]),
            spki_sha256: Digest([number; 32]),
            dns: Vec::new(),
            uris: Vec::new(),
            common_name: Some(name.into()),
            not_before: 0,
            not_after: i64::try_from(NOW + ends * DAY + 60).unwrap(),
        }
    }

    fn everybody(_: &Arc<str>) -> bool {
        true
    }

    fn days(messages: &[String]) -> Vec<&str> {
        messages.iter().filter_map(|message| Some(message.rsplit_once(", in ")?.1)).collect()
    }

    #[test]
    fn tells_of_a_certificate_from_thirty_days_before_its_end() {
        let (seen, peer) = (LastSeen::default(), "ct1".into());
        assert_eq!(seen.note(&peer, &certificate(1, "CT 1", 31), day(0)), None);
        assert_eq!(seen.due(everybody, day(0)), [""; 0]);
        let told = seen.note(&peer, &certificate(2, "CT \u{202e}2", 29), day(0)).unwrap();
        assert_eq!(
            told,
            "the certificate \"CT \\u{202e}2\" of peer ct1, last seen on 2026-01-01T00:00:00Z, \
             expires on 2026-01-30T00:01:00Z, in 29 days; renew it"
        );
        assert_eq!(seen.ending(day(0)), [Ending { peer: "ct1".into(), message: told }]);
        let due = seen.due(everybody, day(2));
        assert_eq!(days(&due), ["29 days; renew it", "27 days; renew it"]);
    }

    #[test]
    fn tells_it_once_a_day_until_its_end_and_once_behind_it() {
        let (seen, peer) = (LastSeen::default(), "ct1".into());
        let short = certificate(1, "CT 1", 2);
        assert!(seen.note(&peer, &short, day(0)).is_some());
        assert_eq!(seen.note(&peer, &short, day(0)), None);
        assert_eq!(seen.due(everybody, day(0)), [""; 0]);
        assert_eq!(days(&seen.due(everybody, day(1))), ["1 day; renew it"]);
        assert_eq!(seen.due(everybody, day(1)), [""; 0]);
        // A look within the day after, when it has just ended.
        assert_eq!(days(&seen.due(everybody, day(2) - HOUR)), ["less than a day; renew it"]);
        assert_eq!(seen.due(everybody, day(2) + HOUR), [""; 0]);
        let ended = seen.due(everybody, day(3));
        assert!(ended[0].ends_with("expired on 2026-01-03T00:01:00Z; the device is refused"));
        assert_eq!(seen.due(everybody, day(4)), [""; 0]);
    }

    #[test]
    fn the_next_certificate_of_a_name_takes_the_place_of_the_last_unless_that_comes_back() {
        let (seen, peer) = (LastSeen::default(), "ct1".into());
        let (old, new) = (certificate(1, "CT 1", 5), certificate(2, "CT 1", 365));
        assert!(seen.note(&peer, &old, day(0)).is_some());
        assert_eq!(seen.note(&peer, &new, day(0)), None);
        assert_eq!(seen.ending(day(1)), []);
        assert!(seen.note(&peer, &old, day(1)).is_some());
        assert_eq!(seen.ending(day(1)).len(), 1);
    }

    #[test]
    fn keeps_few_of_a_peer_and_those_of_peers_only() {
        let seen = LastSeen::default();
        let [one, other] = ["ct1", "ct2"].map(Arc::<str>::from);
        for number in 0..9 {
            let name = format!("CT {number}");
            let told = seen.note(&one, &certificate(number, &name, 9), day(0));
            assert_eq!(told.is_some(), usize::from(number) < MOST_OF_PEER, "{number}");
        }
        seen.note(&other, &certificate(9, "CT 9", 9), day(0));
        assert_eq!(seen.ending(day(0)).len(), MOST_OF_PEER + 1);
        assert_eq!(seen.due(|peer| *peer == other, day(2)).len(), 1);
        assert_eq!(seen.ending(day(2)).len(), 1);
    }

    #[test]
    fn a_certificate_without_a_name_is_known_by_its_digest() {
        let nameless = Certificate { common_name: None, ..certificate(7, "", 9) };
        let told = LastSeen::default().note(&"ct1".into(), &nameless, day(0)).unwrap();
        assert!(told.starts_with(&format!("the certificate \"{}\" of", "07".repeat(32))), "{told}");
    }
}
