use super::*;
use crate::suggest::certificate::Shown;
use crate::suggest::gathered::MOST;
use crate::suggest::line::{Done, Line, SubOperations};
use pacsgate_core::policy::Pacs;
use std::time::SystemTime;

/// What was gathered, line by line.
struct Day(Gathered);

impl Day {
    fn new() -> Self {
        Self(Gathered::between(SystemTime::UNIX_EPOCH, SystemTime::now()))
    }

    fn comes(&mut self, from: &str, title: &str, times: u32) -> &mut Self {
        (0..times).for_each(|_| self.line(&stored(from, title)));
        self
    }

    fn line(&mut self, line: &Line) {
        self.0.take(line, &known(&[pacs("archive")]));
    }

    /// The doubts of somebody, first of all those of its title.
    fn doubts(&self, from: &str, title: &str) -> Vec<&'static str> {
        let who = Who::Address(from.parse().unwrap(), title.parse().unwrap());
        self.doubts_of(&who)
    }

    fn doubts_of(&self, who: &Who) -> Vec<&'static str> {
        let pacs = [pacs("archive")];
        let judged = strangers(&self.0, &known(&pacs));
        let found = judged.iter().find(|it| it.who == *who);
        found.unwrap_or_else(|| panic!("{who:?}")).doubts.iter().map(Doubt::code).collect()
    }
}

fn known(pacs: &[Pacs]) -> Known<'_> {
    Known { peers: &[], pacs }
}

fn pacs(name: &str) -> Pacs {
    Pacs {
        name: name.into(),
        called: vec!["PACS".parse().unwrap()],
        from: Vec::new(),
        certificates: Vec::new(),
        calling: Vec::new(),
        ae_title: None,
        associations: 1,
        max_pdu: 16_384,
        guarding: pacsgate_core::inspector::Guarding::default(),
    }
}

fn stored(from: &str, title: &str) -> Line {
    Line {
        time: "2026-11-02T10:00:00.000Z".to_owned(),
        event: "closed".to_owned(),
        source: format!("{from}:104"),
        calling: Some(title.to_owned()),
        called: Some("PACS".to_owned()),
        pacs: Some("archive".to_owned()),
        operations: vec![Done {
            from: "requestor".to_owned(),
            operation: "c-store".to_owned(),
            sop_class: Some("CTImageStorage".to_owned()),
            count: 1,
        }],
        ..Line::default()
    }
}

fn with_certificate(number: u8, from: &str, title: &str) -> (Line, Who) {
    let shown = Shown { sha256: format!("{number:02x}").repeat(32), ..Shown::default() };
    let who = Who::Certificate(super::super::certificate::Recognition::of(&shown, true));
    (Line { certificate: Some(shown), ..stored(from, title) }, who)
}

#[test]
fn a_title_goes_to_nobody_else_where_its_owner_is_marked() {
    let mut day = Day::new();
    day.comes("10.1.2.3", "CT1", 100).comes("10.1.2.9", "CT1", 3);
    for _ in 0..4 {
        let mut line = stored("10.1.2.3", "CT1");
        line.event = "refused".to_owned();
        line.reason = Some("item-overrun".to_owned());
        day.line(&line);
    }
    assert_eq!(day.doubts("10.1.2.3", "CT1"), ["malformed"]);
    assert_eq!(day.doubts("10.1.2.9", "CT1"), ["title-of-address"]);
}

#[test]
fn a_certificate_outweighs_nothing_but_by_its_associations() {
    let mut day = Day::new();
    day.comes("10.1.2.3", "CT1", 500);
    let (line, stolen) = with_certificate(1, "10.1.2.9", "CT1");
    day.line(&line);
    assert_eq!(day.doubts_of(&stolen), ["title-of-address"]);
    assert_eq!(day.doubts("10.1.2.3", "CT1"), [""; 0]);
    // A device that was given a certificate is one and the same.
    let (line, own) = with_certificate(2, "10.1.2.3", "CT1");
    day.line(&line);
    assert_eq!(day.doubts_of(&own), [""; 0]);
}

#[test]
fn of_two_certificates_with_one_title_none_is_suggested() {
    let mut day = Day::new();
    let pair = [(1, "10.1.2.3"), (2, "10.1.2.4")];
    let pair = pair.map(|(number, from)| with_certificate(number, from, "CT1"));
    pair.iter().for_each(|(line, _)| day.line(line));
    pair.iter().for_each(|(_, who)| assert_eq!(day.doubts_of(who), ["title-of-many"]));
}

#[test]
fn a_certificate_may_claim_as_few_titles_as_an_address() {
    let mut day = Day::new();
    for number in 0..=doubt::TITLES {
        day.line(&with_certificate(1, "10.1.2.3", &format!("T{number}")).0);
    }
    let (_, who) = with_certificate(1, "10.1.2.3", "T0");
    assert_eq!(day.doubts_of(&who), ["titles"]);
}

#[test]
fn amounts_count_by_address_on_the_busiest_day() {
    let mut day = Day::new();
    let moving = |title: &str, time: &str, completed, warning| Line {
        time: time.to_owned(),
        sub_operations: Some(SubOperations { completed, failed: 0, warning }),
        ..stored("10.1.2.3", title)
    };
    let third = doubt::MOVED / 3 + 1;
    day.line(&moving("A", "2026-11-02T10:00:00Z", third, 0));
    day.line(&moving("B", "2026-11-02T11:00:00Z", 0, third));
    day.line(&moving("A", "2026-10-02T11:00:00Z", third, 0));
    day.line(&moving("A", "2026-11-03T11:00:00Z", third, 0));
    assert_eq!(day.doubts("10.1.2.3", "A"), [""; 0]);
    day.line(&moving("A", "2026-11-02T12:00:00Z", third, 0));
    assert_eq!(day.doubts("10.1.2.3", "A"), ["moved"]);
    assert_eq!(day.doubts("10.1.2.3", "B"), ["moved"]);
}

#[test]
fn a_flood_of_titles_hands_none_to_an_impostor() {
    let mut day = Day::new();
    day.comes("10.1.2.3", "CT1", 40);
    let mut number = 0_u32;
    let mut flood = |day: &mut Day, times| {
        for _ in 0..MOST {
            number += 1;
            let [_, a, b, c] = number.to_be_bytes();
            day.comes(&format!("10.{a}.{b}.{c}"), &format!("F{number}"), times);
        }
    };
    flood(&mut day, 50);
    day.comes("10.1.2.9", "CT1", 60);
    assert_eq!(day.doubts("10.1.2.9", "CT1"), ["title-of-many"], "others had it, who are gone");
    (0..GONE_TIMES).for_each(|_| flood(&mut day, 2));
    assert_eq!(day.doubts("10.1.2.9", "CT1"), ["owners-unknown"]);
}

/// So many floods fill the memory of titles.
const GONE_TIMES: usize = super::super::gathered::GONE / MOST + 2;

#[test]
fn an_address_takes_no_more_room_than_it_may_have_titles() {
    let mut day = Day::new();
    (0..20_000).for_each(|number| day.line(&stored("10.1.2.9", &format!("F{number}"))));
    day.comes("10.1.2.3", "CT1", 1);
    assert_eq!(day.0.strangers().count(), doubt::TITLES + 2);
    assert_eq!(day.doubts("10.1.2.3", "CT1"), [""; 0]);
    assert_eq!(day.doubts("10.1.2.9", "F0"), ["titles"]);
}

#[test]
fn a_pacs_that_is_gone_is_left_out() {
    let mut day = Day::new();
    day.comes("10.1.2.3", "CT1", 1);
    let mut gone = stored("10.1.2.4", "CT2");
    gone.pacs = Some("attic".to_owned());
    day.line(&gone);
    assert_eq!(day.doubts("10.1.2.4", "CT2"), ["pacs-gone"]);
    let mut both = stored("10.1.2.3", "CT1");
    both.pacs = Some("attic".to_owned());
    day.line(&both);
    let pacs = [pacs("archive")];
    let judged = strangers(&day.0, &known(&pacs));
    let ct1 = judged.iter().find(|it| it.doubts.is_empty()).unwrap();
    assert_eq!(ct1.pacs, ["archive"]);
}

#[test]
fn a_time_that_is_none_or_to_come_does_not_count() {
    let mut day = Day::new();
    for time in ["", "zzzz", "2099-01-01T00:00:00Z"] {
        day.line(&Line { time: time.to_owned(), ..stored("10.1.2.3", "CT1") });
    }
    assert_eq!((day.0.lines, day.0.odd), (0, 3));
}
