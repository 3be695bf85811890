//! What is known of one address: a pure state machine, with the time as a parameter.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

/// How an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing has come of it yet.
    Unknown,
    /// It has answered.
    Alive,
    /// It has not answered twice in a row, or where it is not asked, could not be connected.
    Down,
}

/// A moment by both clocks: the one that never goes back, and the one that people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// For what is reckoned.
    pub instant: Instant,
    /// For what is shown.
    pub time: SystemTime,
}

impl Moment {
    /// The present one.
    pub fn now() -> Self {
        Self { instant: Instant::now(), time: SystemTime::now() }
    }
}

/// What is worth a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It is alive from now on.
    Alive,
    /// It is down from now on.
    Down,
    /// It is alive as before, and something is wrong there that has not been told.
    Trouble,
}

/// What is known of one address.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) state: State,
    pub(super) since: Moment,
    pub(super) last_asked: Option<SystemTime>,
    pub(super) round_trip: Option<Duration>,
    /// What is wrong now, in a sentence.
    pub(super) trouble: Option<String>,
    /// What was told last of what is wrong.
    told: Option<String>,
    /// Failures since the last answer.
    failures: u32,
    /// It has been down before it was alive.
    has_returned: bool,
    /// When it could last not be connected for an association.
    pub(super) missed: Option<Moment>,
    /// The same from the addresses that are peers' own: as many as are configured.
    missed_from: BTreeMap<IpAddr, Instant>,
    /// The last failure was this machine's, which could not dial from the address that it asks from.
    pub(super) is_own_fault: bool,
}

/// The failures in a row after which an address is down: one may be a packet that was lost.
const FAILURES: u32 = 2;

/// How willingly an address is used: the smaller, the sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// In its turn.
    Preferred,
    /// It is back for so short a time that the others, and those that are back for longer, come first.
    Returned(Instant),
    /// After all others.
    Last,
}

impl Standing {
    pub(super) const fn new(now: Moment) -> Self {
        Self {
            state: State::Unknown,
            since: now,
            last_asked: None,
            round_trip: None,
            trouble: None,
            told: None,
            failures: 0,
            has_returned: false,
            missed: None,
            missed_from: BTreeMap::new(),
            is_own_fault: false,
        }
    }

    /// It has answered, perhaps with something that is wrong all the same.
    pub(super) fn answered(
        &mut self,
        round_trip: Duration,
        trouble: Option<String>,
        now: Moment,
    ) -> Option<Change> {
        self.last_asked = Some(now.time);
        self.round_trip = Some(round_trip);
        self.failures = 0;
        let is_news = trouble.is_some() && trouble != self.told;
        let change = match self.state {
            State::Alive if is_news => Some(Change::Trouble),
            State::Alive => None,
            State::Unknown | State::Down => {
                self.has_returned = self.state == State::Down;
                self.turn(State::Alive, now);
                Some(Change::Alive)
            }
        };
        if change.is_some() {
            self.told.clone_from(&trouble);
        }
        self.trouble = trouble;
        change
    }

    /// It was asked and has not answered.
    pub(super) fn failed(&mut self, trouble: String, now: Moment) -> Option<Change> {
        self.last_asked = Some(now.time);
        self.failures = self.failures.saturating_add(1);
        if self.failures < FAILURES {
            return None;
        }
        self.down(trouble, now)
    }

    /// It could not be connected for an association, and nobody asks it how it is.
    pub(super) fn missed(&mut self, trouble: String, now: Moment) -> Option<Change> {
        // Each time counts anew: it comes last from now on.
        self.missed = Some(now);
        self.down(trouble, now)
    }

    /// It was connected for an association, and nobody asks it how it is: worth a line where it was not.
    pub(super) fn reached(&mut self, now: Moment) -> Option<Change> {
        if self.state == State::Alive {
            return None;
        }
        let was_down = self.state == State::Down;
        self.missed = None;
        self.trouble = None;
        self.told = None;
        // By its connection, nothing speaks against it any more.
        self.has_returned = false;
        self.turn(State::Alive, now);
        was_down.then_some(Change::Alive)
    }

    /// The same from an address that is a peer's own, which says nothing of others.
    pub(super) fn missed_from(&mut self, source: IpAddr, now: Moment) {
        self.missed_from.insert(source, now.instant);
    }

    /// It was connected from such an address.
    pub(super) fn reached_from(&mut self, source: IpAddr) {
        self.missed_from.remove(&source);
    }

    /// Whether it is to be asked again soon: it has failed, and may be down.
    pub(super) const fn is_in_doubt(&self) -> bool {
        self.failures > 0 && self.failures < FAILURES
    }

    /// How willingly it is used where it is asked how it is; `None` while it is down.
    pub(super) fn rank(&self, fail_back: Duration, now: Instant) -> Option<Rank> {
        match self.state {
            State::Down => None,
            State::Unknown => Some(Rank::Preferred),
            State::Alive if self.has_returned && !is_over(self.since.instant, fail_back, now) => {
                Some(Rank::Returned(self.since.instant))
            }
            State::Alive => Some(Rank::Preferred),
        }
    }

    /// The same where it is down: those who are dialled for from an address of their own may get there all
    /// the same, if only the one that it is asked from is at fault.
    pub(super) fn last_resort(&self, source: Option<IpAddr>) -> Option<Rank> {
        (self.is_own_fault && source.is_some()).then_some(Rank::Last)
    }

    /// The same where it is not asked: then it is tried in any case.
    pub(super) fn rank_unasked(
        &self,
        source: Option<IpAddr>,
        fail_back: Duration,
        now: Instant,
    ) -> Rank {
        let missed = match source {
            Some(source) => self.missed_from.get(&source).copied(),
            None => self.missed.map(|missed| missed.instant),
        };
        let is_avoided = missed.is_some_and(|missed| !is_over(missed, fail_back, now));
        if is_avoided { Rank::Last } else { Rank::Preferred }
    }

    fn down(&mut self, trouble: String, now: Moment) -> Option<Change> {
        self.trouble = Some(trouble);
        self.round_trip = None;
        if self.state == State::Down {
            return None;
        }
        self.turn(State::Down, now);
        Some(Change::Down)
    }

    const fn turn(&mut self, state: State, now: Moment) {
        self.state = state;
        self.since = now;
    }
}

/// Whether so much time has passed.
fn is_over(since: Instant, time: Duration, now: Instant) -> bool {
    now.saturating_duration_since(since) >= time
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_secs(300);
    const QUICK: Duration = Duration::from_millis(3);

    /// Moments by their seconds.
    fn clock() -> impl Fn(u64) -> Moment {
        let start = Moment::now();
        move |seconds| {
            let by = Duration::from_secs(seconds);
            Moment { instant: start.instant + by, time: start.time + by }
        }
    }

    fn why() -> String {
        "no TCP connection".to_owned()
    }

    #[test]
    fn one_failure_is_doubt_and_the_second_is_the_end() {
        let at = clock();
        let mut standing = Standing::new(at(0));
        assert_eq!(standing.answered(QUICK, None, at(0)), Some(Change::Alive));
        assert_eq!(standing.failed(why(), at(30)), None);
        assert!(standing.is_in_doubt() && standing.state == State::Alive);
        assert_eq!(standing.rank(HOLD, at(30).instant), Some(Rank::Preferred));
        assert_eq!(standing.failed(why(), at(31)), Some(Change::Down));
        assert!(!standing.is_in_doubt() && standing.state == State::Down);
        assert_eq!((standing.since, standing.trouble.clone()), (at(31), Some(why())));
        assert_eq!(standing.rank(HOLD, at(31).instant), None);
        // Said once.
        assert_eq!(standing.failed(why(), at(61)), None);
        assert_eq!(standing.since, at(31));
    }

    #[test]
    fn an_answer_takes_the_doubt_away() {
        let at = clock();
        let mut standing = Standing::new(at(0));
        standing.failed(why(), at(0));
        assert_eq!(standing.answered(QUICK, None, at(1)), Some(Change::Alive));
        assert_eq!(standing.failed(why(), at(30)), None);
        assert_eq!(standing.answered(QUICK, None, at(31)), None);
        assert_eq!((standing.since, standing.round_trip), (at(1), Some(QUICK)));
    }

    #[test]
    fn what_is_back_is_used_in_its_turn_after_the_hold_only() {
        let at = clock();
        let mut standing = Standing::new(at(0));
        standing.failed(why(), at(0));
        assert_eq!(standing.failed(why(), at(1)), Some(Change::Down));
        assert_eq!(standing.answered(QUICK, None, at(100)), Some(Change::Alive));
        let held = Some(Rank::Returned(at(100).instant));
        assert_eq!(standing.rank(HOLD, at(399).instant), held);
        assert_eq!(standing.rank(HOLD, at(400).instant), Some(Rank::Preferred));
        // One failure does not begin the hold anew; being down does.
        standing.failed(why(), at(410));
        standing.answered(QUICK, None, at(411));
        assert_eq!(standing.rank(HOLD, at(411).instant), Some(Rank::Preferred));
        standing.failed(why(), at(420));
        standing.failed(why(), at(421));
        standing.answered(QUICK, None, at(430));
        assert_eq!(standing.rank(HOLD, at(431).instant), Some(Rank::Returned(at(430).instant)));
    }

    #[test]
    fn what_was_never_down_need_not_wait() {
        let at = clock();
        let mut standing = Standing::new(at(0));
        assert_eq!(standing.rank(HOLD, at(0).instant), Some(Rank::Preferred));
        standing.answered(QUICK, None, at(1));
        assert_eq!(standing.rank(HOLD, at(2).instant), Some(Rank::Preferred));
    }

    #[test]
    fn what_is_wrong_with_one_that_lives_is_told_once() {
        let at = clock();
        let mut standing = Standing::new(at(0));
        let wrong = || Some("the PACS rejects".to_owned());
        assert_eq!(standing.answered(QUICK, None, at(0)), Some(Change::Alive));
        assert_eq!(standing.answered(QUICK, wrong(), at(30)), Some(Change::Trouble));
        assert_eq!(standing.answered(QUICK, wrong(), at(60)), None);
        assert_eq!(standing.answered(QUICK, None, at(90)), None);
        assert_eq!(standing.trouble, None);
        assert_eq!(standing.answered(QUICK, wrong(), at(120)), None);
        assert_eq!(standing.trouble, wrong());
    }

    #[test]
    fn without_questions_it_comes_last_for_a_while_and_is_tried_all_the_same() {
        let at = clock();
        let mut standing = Standing::new(at(0));
        assert_eq!(standing.missed(why(), at(0)), Some(Change::Down));
        assert_eq!(standing.rank_unasked(None, HOLD, at(299).instant), Rank::Last);
        assert_eq!(standing.missed(why(), at(299)), None);
        assert_eq!(standing.since, at(0), "down since the first of them");
        assert_eq!(standing.rank_unasked(None, HOLD, at(598).instant), Rank::Last);
        assert_eq!(standing.rank_unasked(None, HOLD, at(599).instant), Rank::Preferred);
        assert_eq!(standing.reached(at(600)), Some(Change::Alive));
        assert_eq!(standing.reached(at(601)), None);
        assert_eq!(Standing::new(at(0)).reached(at(1)), None);
        assert_eq!(standing.rank_unasked(None, HOLD, at(601).instant), Rank::Preferred);
    }

    #[test]
    fn what_is_missed_from_a_peers_own_address_counts_for_that_address_only() {
        let at = clock();
        let [one, other] = [1, 2].map(|last| IpAddr::from([192, 0, 2, last]));
        let mut standing = Standing::new(at(0));
        standing.missed_from(one, at(0));
        assert_eq!(standing.state, State::Unknown);
        assert_eq!(standing.rank_unasked(Some(one), HOLD, at(299).instant), Rank::Last);
        assert_eq!(standing.rank_unasked(Some(one), HOLD, at(300).instant), Rank::Preferred);
        for from in [None, Some(other)] {
            assert_eq!(standing.rank_unasked(from, HOLD, at(1).instant), Rank::Preferred);
        }
        standing.reached_from(one);
        assert_eq!(standing.rank_unasked(Some(one), HOLD, at(2).instant), Rank::Preferred);
    }

    #[test]
    fn a_clock_that_goes_back_ends_no_hold() {
        let at = clock();
        let mut standing = Standing::new(at(1000));
        standing.missed(why(), at(1000));
        assert_eq!(standing.rank_unasked(None, HOLD, at(0).instant), Rank::Last);
    }
}
