//! What peers have asked a PACS to send on associations of its own: moves and storage commitments.
//!
//! Time is that since any moment that stays the same. What is kept is bounded, and what was asked
//! longest ago is forgotten first. All of its titles are some of the configuration's, so that nobody
//! fills it with others.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use crate::wire::title::AeTitle;

/// How long the report of a storage commitment may come: archives that write tapes take days.
pub const REPORTS: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// The titles at a PACS to which objects were moved, 5 MB; a large hospital has some hundreds.
const DESTINATIONS: usize = 16_384;
/// The titles that have had objects moved to one of them: mostly its own, and those of a few others.
const ORIGINATORS: usize = 64;
/// The titles with a commitment at a PACS.
const COMMITMENTS: usize = 65_536;

/// What was asked.
#[derive(Debug, Default)]
pub struct Asked {
    moves: HashMap<(Arc<str>, AeTitle), Destination>,
    commitments: HashMap<(Arc<str>, AeTitle), Duration>,
}

/// By whom objects were moved to a title, and when that went on last.
#[derive(Debug, Default)]
struct Destination {
    by: HashMap<AeTitle, Duration>,
}

impl Destination {
    fn last(&self) -> Duration {
        self.by.values().copied().max().unwrap_or_default()
    }
}

impl Asked {
    /// A C-MOVE by one title to another has gone to this PACS, or has come as far as a response.
    pub fn moves(&mut self, pacs: &Arc<str>, by: AeTitle, to: AeTitle, now: Duration) {
        let key = (Arc::clone(pacs), to);
        make_room(&mut self.moves, &key, DESTINATIONS, Destination::last);
        let destination = self.moves.entry(key).or_default();
        make_room(&mut destination.by, &by, ORIGINATORS, |last| *last);
        destination.by.insert(by, now);
    }

    /// Somebody with this title has asked this PACS for a storage commitment.
    pub fn commits(&mut self, pacs: &Arc<str>, by: AeTitle, now: Duration) {
        let key = (Arc::clone(pacs), by);
        make_room(&mut self.commitments, &key, COMMITMENTS, |last| *last);
        self.commitments.insert(key, now);
    }

    /// Whether objects of this PACS may come to a title: those of the originator, or of anybody where
    /// none is named.
    pub fn objects(
        &self,
        pacs: &Arc<str>,
        to: AeTitle,
        originator: Option<&AeTitle>,
        window: Duration,
        now: Duration,
    ) -> bool {
        let Some(destination) = self.moves.get(&(Arc::clone(pacs), to)) else { return false };
        match originator {
            Some(title) => {
                destination.by.get(title).is_some_and(|last| is_within(*last, window, now))
            }
            None => is_within(destination.last(), window, now),
        }
    }

    /// Whether the report of a storage commitment may come from this PACS to a peer with these titles: an
    /// archive may know a device by another of them than that by which it has asked.
    pub fn report(&self, pacs: &Arc<str>, to: &[AeTitle], now: Duration) -> bool {
        let last = |title: &AeTitle| self.commitments.get(&(Arc::clone(pacs), *title));
        to.iter().filter_map(last).any(|last| is_within(*last, REPORTS, now))
    }
}

fn is_within(last: Duration, window: Duration, now: Duration) -> bool {
    now.saturating_sub(last) <= window
}

/// Forgets the oldest where there is no room for one more.
fn make_room<K: Clone + Eq + Hash, V>(
    known: &mut HashMap<K, V>,
    key: &K,
    most: usize,
    last: impl Fn(&V) -> Duration,
) {
    if known.len() < most || known.contains_key(key) {
        return;
    }
    let oldest = known.iter().min_by_key(|(_, value)| last(value)).map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        known.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(7200);

    fn title(text: &str) -> AeTitle {
        text.parse().unwrap()
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn archive() -> Arc<str> {
        "archive".into()
    }

    #[test]
    fn objects_come_within_the_window_after_the_last_response() {
        let (mut asked, ct1, ws1) = (Asked::default(), title("CT1"), title("WS1"));
        assert!(!asked.objects(&archive(), ws1, None, WINDOW, at(0)));
        asked.moves(&archive(), ct1, ws1, at(100));
        asked.moves(&archive(), ct1, ws1, at(1000));
        assert!(asked.objects(&archive(), ws1, None, WINDOW, at(1000 + 7200)));
        assert!(!asked.objects(&archive(), ws1, None, WINDOW, at(1000 + 7201)));
        assert!(!asked.objects(&"other".into(), ws1, None, WINDOW, at(1000)));
        assert!(!asked.objects(&archive(), ct1, None, WINDOW, at(1000)));
    }

    #[test]
    fn objects_come_for_their_originator_only() {
        let (mut asked, ct1, ws1) = (Asked::default(), title("CT1"), title("WS1"));
        asked.moves(&archive(), ct1, ws1, at(100));
        asked.moves(&archive(), title("MR1"), ws1, at(9000));
        let objects =
            |by: &str, now| asked.objects(&archive(), ws1, Some(&title(by)), WINDOW, at(now));
        assert!(objects("CT1", 7300) && objects("MR1", 9000));
        assert!(!objects("CT1", 7301) && !objects("WS1", 9000));
    }

    #[test]
    fn reports_come_for_a_fortnight_to_whoever_has_asked() {
        let mut asked = Asked::default();
        let (ct1, mr1) = ([title("CT1_QR"), title("CT1")], [title("MR1")]);
        asked.commits(&archive(), title("CT1"), at(100));
        let end = REPORTS + at(100);
        assert!(asked.report(&archive(), &ct1, end));
        assert!(!asked.report(&archive(), &ct1, end + at(1)));
        assert!(!asked.report(&archive(), &mr1, at(100)));
        assert!(!asked.report(&"other".into(), &ct1, at(100)));
    }

    #[test]
    fn what_was_asked_longest_ago_is_forgotten_first() {
        let (mut asked, ws1) = (Asked::default(), title("WS1"));
        let by = |number: usize| title(&format!("CT{number}"));
        for number in 0..=ORIGINATORS {
            asked.moves(&archive(), by(number), ws1, at(number as u64));
        }
        let known = |number| asked.objects(&archive(), ws1, Some(&by(number)), WINDOW, at(100));
        assert!(!known(0) && (1..=ORIGINATORS).all(known));
        for number in 0..DESTINATIONS {
            asked.moves(&archive(), by(1), by(number), at(1000 + number as u64));
        }
        assert_eq!(asked.moves.len(), DESTINATIONS);
        assert!(!asked.objects(&archive(), ws1, None, WINDOW, at(1000)));
        assert!(asked.objects(&archive(), by(0), None, at(DESTINATIONS as u64), at(1000)));
        for number in 0..=COMMITMENTS {
            asked.commits(&archive(), by(number), at(number as u64));
        }
        assert_eq!(asked.commitments.len(), COMMITMENTS);
        assert!(!asked.report(&archive(), &[by(0)], at(0)));
    }
}
