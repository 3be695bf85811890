use super::*;
use crate::suggest::certificate::Shown;
use crate::suggest::claims;
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
        let judged = judge(&self.0, &known(&pacs));
        let found = judged.iter().find(|it| it.who == *who);
        found.unwrap_or_else(|| panic!("{who:?}")).doubts.iter().map(Doubt::code).collect()
    }
}

fn judge<'a>(gathered: &'a Gathered, known: &Known<'_>) -> Vec<Stranger<'a>> {
    strangers(gathered, known, &Owners::of(&gathered.claims))
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
            status: Some("0000".to_owned()),
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
    let mut flood = |day: &mut Day, many, times| {
        for _ in 0..many {
            number += 1;
            let [_, a, b, c] = number.to_be_bytes();
            day.comes(&format!("10.{a}.{b}.{c}"), &format!("F{number}"), times);
        }
    };
    flood(&mut day, MOST, 50);
    day.comes("10.1.2.9", "CT1", 60);
    assert_eq!(day.doubts("10.1.2.9", "CT1"), ["title-of-many"], "another had it, who is gone");
    flood(&mut day, claims::MOST, 1);
    assert_eq!(day.doubts("10.1.2.9", "CT1"), ["owners-unknown"]);
}

#[test]
fn a_flood_does_not_wash_off_what_somebody_did() {
    let mut day = Day::new();
    let thief = ("10.1.2.9", "VIEW");
    let mut harvest = stored(thief.0, thief.1);
    harvest.open_queries = doubt::OPEN_QUERIES + 1;
    day.line(&harvest);
    for number in 0..=u32::try_from(MOST).unwrap() {
        let [_, a, b, c] = number.to_be_bytes();
        day.comes(&format!("10.{a}.{b}.{c}"), &format!("F{number}"), 2);
    }
    day.comes(thief.0, thief.1, 3);
    assert_eq!(day.doubts(thief.0, thief.1), ["open-queries"]);
}

#[test]
fn an_address_takes_no_more_room_than_it_may_have_titles_and_keeps_them_all() {
    let mut day = Day::new();
    (0..1_000).for_each(|number| day.line(&stored("10.1.2.8", &format!("M{number}"))));
    day.comes("10.1.2.3", "CT1", 1).comes("10.1.2.9", "M500", 1);
    assert_eq!(day.0.strangers().count(), doubt::TITLES + 3);
    assert_eq!(day.doubts("10.1.2.3", "CT1"), [""; 0]);
    assert_eq!(day.doubts("10.1.2.8", "M0"), ["titles"]);
    assert_eq!(day.doubts("10.1.2.9", "M500"), ["title-of-many"], "a router's");
}

#[test]
fn a_title_is_claimed_by_who_was_there_before_and_by_who_was_only_refused() {
    let mut day = Day::new();
    day.0 = Gathered::between(SystemTime::now(), SystemTime::now());
    day.comes("10.1.2.3", "CT1", 9);
    for _ in 0..9 {
        let mut line = stored("10.1.2.4", "CT2");
        line.event = "refused".to_owned();
        day.line(&line);
    }
    assert_eq!(day.0.strangers().count(), 0, "it is not of the time that was asked for");
    for title in ["CT1", "CT2"] {
        let mut line = stored("10.1.2.9", title);
        line.time = humantime::format_rfc3339(SystemTime::now()).to_string();
        day.line(&line);
        assert_eq!(day.doubts("10.1.2.9", title), ["title-of-address"]);
    }
}

#[test]
fn what_c_get_brings_was_moved_and_what_failed_was_not_done() {
    let mut day = Day::new();
    let done = |from: &str, operation: &str, status: &str, count| Done {
        from: from.to_owned(),
        operation: operation.to_owned(),
        sop_class: Some("StudyRootQueryRetrieveInformationModelGet".to_owned()),
        status: Some(status.to_owned()),
        count,
    };
    let mut thief = stored("10.1.2.9", "WS1");
    thief.operations.push(done("requestor", "c-get", "0000", 1));
    thief.operations.push(done("acceptor", "c-store", "0000", doubt::MOVED + 1));
    day.line(&thief);
    assert_eq!(day.doubts("10.1.2.9", "WS1"), ["moved"]);
    let mut failing = stored("10.1.2.5", "WS2");
    failing.operations = vec![done("requestor", "c-get", "0122", 5)];
    day.line(&failing);
    assert_eq!(day.doubts("10.1.2.5", "WS2"), ["nothing-done"]);
    let mut many = stored("10.1.2.6", "WS3");
    many.operations_more = 1;
    day.line(&many);
    assert_eq!(day.doubts("10.1.2.6", "WS3"), ["operations-unnamed"]);
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
    let judged = judge(&day.0, &known(&pacs));
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
