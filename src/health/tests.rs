//! The order in which addresses are tried, by what is known of them.

use super::*;
use crate::config::Asking;

const HOLD: Duration = Duration::from_secs(300);

/// Three addresses of one PACS.
struct Three {
    watched: Watched,
    start: Moment,
}

impl Three {
    fn new(is_asked: bool) -> Self {
        let start = Moment::now();
        let member = |number: u8| Member {
            address: format!("192.0.2.{number}:104").parse().unwrap(),
            standing: Standing::new(start),
            wake: Arc::default(),
        };
        let members = (1..=3).map(member).collect();
        let watched = Watched { is_asked, fail_back: HOLD, members, _asking: JoinSet::new() };
        Self { watched, start }
    }

    fn at(&self, seconds: u64) -> Moment {
        let by = Duration::from_secs(seconds);
        Moment { instant: self.start.instant + by, time: self.start.time + by }
    }

    fn down(&mut self, place: usize, seconds: u64) {
        let now = self.at(seconds);
        for _ in 0..2 {
            self.watched.members[place].standing.failed("gone".to_owned(), now);
        }
    }

    fn alive(&mut self, place: usize, seconds: u64) {
        let now = self.at(seconds);
        self.watched.members[place].standing.answered(Duration::ZERO, None, now);
    }

    fn order(&self, seconds: u64) -> Vec<usize> {
        let now = self.at(seconds).instant;
        let members = self.watched.members.iter();
        in_order(members.map(|member| self.watched.rank(member, None, now)).enumerate())
    }
}

#[test]
fn prefers_in_the_order_of_the_list_and_never_what_is_down() {
    let mut three = Three::new(true);
    assert_eq!(three.order(0), [0, 1, 2]);
    three.down(0, 10);
    assert_eq!(three.order(10), [1, 2]);
    three.down(2, 20);
    assert_eq!(three.order(20), [1]);
    three.down(1, 30);
    assert_eq!(three.order(30), [0; 0]);
}

#[test]
fn goes_back_to_a_preferred_one_after_the_hold() {
    let mut three = Three::new(true);
    three.down(0, 10);
    three.alive(0, 100);
    assert_eq!(three.order(100), [1, 2, 0]);
    assert_eq!(three.order(399), [1, 2, 0]);
    assert_eq!(three.order(400), [0, 1, 2]);
}

#[test]
fn uses_what_is_back_at_once_where_nothing_else_lives() {
    let mut three = Three::new(true);
    for place in 0..3 {
        three.down(place, 10);
    }
    // The third is back first, and stays in use until the first has been back for the hold.
    three.alive(2, 50);
    assert_eq!(three.order(50), [2]);
    three.alive(0, 60);
    assert_eq!(three.order(60), [2, 0]);
    assert_eq!(three.order(350), [2, 0]);
    assert_eq!(three.order(360), [0, 2]);
}

#[test]
fn without_questions_every_address_is_tried() {
    let mut three = Three::new(false);
    let now = three.at(10);
    three.watched.members[0].standing.missed("gone".to_owned(), now);
    assert_eq!(three.order(10), [1, 2, 0]);
    assert_eq!(three.order(310), [0, 1, 2]);
    for place in 0..3 {
        three.watched.members[place].standing.missed("gone".to_owned(), now);
    }
    assert_eq!(three.order(10), [0, 1, 2]);
}

#[test]
fn a_snapshot_has_what_a_page_shows() {
    let mut three = Three::new(true);
    three.down(0, 10);
    three.alive(1, 10);
    let shown = three.watched.snapshot(&"archive".into(), three.at(10).instant);
    assert_eq!(shown.in_use, Some(1));
    let written = serde_json::to_value(&shown).unwrap();
    assert_eq!((&written["pacs"], &written["is_asked"]), (&"archive".into(), &true.into()));
    let [first, second, third] = [0, 1, 2].map(|at| &written["addresses"][at]);
    assert_eq!((&first["state"], &first["trouble"]), (&"down".into(), &"gone".into()));
    assert_eq!((&second["state"], &second["round_trip_ms"]), (&"alive".into(), &0.0.into()));
    assert_eq!((&third["state"], &third["address"]), (&"unknown".into(), &"192.0.2.3:104".into()));
    assert!(first["since"].as_str().unwrap().ends_with('Z'), "{written}");
}

#[test]
fn a_pacs_that_hangs_is_down_within_two_intervals() {
    for seconds in [1, 2, 4, 10, 15, 30, 3600] {
        let every = Duration::from_secs(seconds);
        // It hangs right behind the beginning of a question that went well.
        let second_failure = every + 2 * Asking::usual_timeout(every) + soon(every);
        assert!(second_failure <= 2 * every, "{second_failure:?}");
    }
}
