use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::audit::{ConnectionId, PeerText, Standing};
use crate::port::Way;
use std::sync::Arc;

const MINUTE: Duration = Duration::from_secs(60);

/// At the beginning of a step.
fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_056_000)
}

fn record(event: Event, standing: Standing, source: [u8; 4]) -> Record {
    let source = SocketAddr::from((source, 40_000));
    let (id, way) = (ConnectionId::example(), Way::default());
    let mut record = Record::new(event, standing, id, "front".into(), way, source);
    record.reason = Some("calling-title");
    record
}

fn of_peer(event: Event, peer: &str) -> Record {
    let mut record = record(event, Standing::Peer, [10, 0, 0, 1]);
    record.peer = Some(peer.into());
    record.pacs = Some("archive".into());
    record
}

fn called(mut record: Record, title: impl std::fmt::Display) -> Record {
    record.calling = Some(PeerText::from_display(title, PeerText::TITLE));
    record
}

fn title(refused: &Refused) -> &str {
    refused.record.calling.as_ref().unwrap().as_str()
}

#[test]
fn counts_a_day_in_steps_and_forgets_what_is_older() {
    let history = History::new(noon());
    let opened = of_peer(Event::Opened, "ct1");
    history.note(&opened, noon());
    history.note(&opened, noon() + 4 * MINUTE);
    history.note(&opened, noon() + 6 * MINUTE);
    history.note(&of_peer(Event::Refused, "ct1"), noon() + 6 * MINUTE);
    history.count(Event::Forbidden, "operation", 3, noon() + 6 * MINUTE);
    history.lost(7, noon() + 6 * MINUTE);
    let steps = history.seen(noon() + 6 * MINUTE).steps;
    assert_eq!(steps.len(), STEPS);
    let [before, last] = &steps[STEPS - 2..] else { unreachable!() };
    assert_eq!((before.start(), before.opened, before.refused), (noon(), 2, 0));
    assert_eq!((last.start(), last.opened, last.refused, last.lost), (noon() + STEP, 1, 4, 7));
    let reasons: Vec<_> = last.reasons.iter().map(|it| (it.reason, it.count)).collect();
    assert_eq!(reasons, [("calling-title", 1), ("operation", 3)]);
    let steps = history.seen(noon() + DAY).steps;
    assert_eq!((steps[0].start(), steps[0].opened), (noon() + STEP, 1));
    let steps = history.seen(noon() + DAY + STEP).steps;
    assert!(steps.iter().all(|step| step.opened == 0));
}

#[test]
fn goes_on_where_the_clock_is_set_back_or_far_ahead() {
    let history = History::new(noon());
    let opened = of_peer(Event::Opened, "ct1");
    for time in [noon(), noon() + 10 * DAY, noon(), noon() - DAY, noon()] {
        history.note(&opened, time);
        let steps = history.seen(time).steps;
        assert_eq!(steps.len(), STEPS);
        assert!(steps.last().unwrap().opened >= 1, "{time:?}");
    }
    assert_eq!(history.seen(SystemTime::UNIX_EPOCH).steps.len(), 1);
}

#[test]
fn a_monitor_that_says_nothing_is_no_news() {
    let history = History::new(noon());
    history.note(&record(Event::Failed, Standing::Passerby, [10, 0, 0, 9]), noon());
    let seen = history.seen(noon());
    assert!(seen.refusals.is_empty() && seen.flows.is_empty());
    assert!(seen.steps.iter().all(|step| step.failed == 0));
}

#[test]
fn keeps_refusals_alike_together_with_what_came_last() {
    let history = History::new(noon());
    for (minute, title) in [(0, "CT7"), (1, "CT8"), (2, "CT9")] {
        history.note(&called(of_peer(Event::Refused, "ct1"), title), noon() + minute * MINUTE);
    }
    let mut other = of_peer(Event::Refused, "ct1");
    other.reason = Some("called-title");
    history.note(&other, noon() + MINUTE);
    let refusals = history.seen(noon()).refusals;
    let [first, second] = &*refusals else { panic!("{refusals:?}") };
    assert_eq!((first.count, title(first)), (3, "CT9"));
    assert_eq!((first.first, first.last), (noon(), noon() + 2 * MINUTE));
    assert_eq!((second.count, second.record.reason), (1, Some("called-title")));
}

#[test]
fn nobody_pushes_out_the_device_that_somebody_looks_for() {
    let history = History::new(noon());
    history.note(&called(of_peer(Event::Refused, "ct1"), "CT9"), noon());
    let stranger = |source| record(Event::Failed, Standing::Stranger, source);
    history.note(&called(stranger([10, 0, 0, 7]), "US1"), noon());
    for number in 0..50_000_u32 {
        let time = noon() + Duration::from_millis(number.into());
        let [_, a, b, c] = number.to_be_bytes();
        // Scanners from everywhere, one who tries titles, and a peer that is refused for everything.
        history.note(&stranger([100, a, b, c]), time);
        history.note(&called(stranger([10, 0, 0, 8]), format_args!("X{number}")), time);
        let mut record = called(of_peer(Event::Refused, "mr1"), format_args!("Y{number}"));
        record.reason = Some(["a", "b", "c", "d", "e", "f", "g", "h"][number as usize % 8]);
        history.note(&record, time);
    }
    let refusals = history.seen(noon() + MINUTE).refusals;
    assert_eq!(refusals.len(), 1 + 1 + 1 + refusals::NOISE + refusals::OF_ONE);
    let titles: Vec<_> =
        refusals.iter().filter(|it| it.record.calling.is_some()).map(title).collect();
    assert!(titles.contains(&"CT9") && titles.contains(&"US1"), "{titles:?}");
    let flood = refusals.iter().find(|it| title_of(it).starts_with('X')).unwrap();
    assert_eq!(flood.count, 50_000);
}

fn title_of(refused: &Refused) -> &str {
    refused.record.calling.as_ref().map_or("", PeerText::as_str)
}

#[test]
fn two_who_try_everything_do_not_push_out_one_that_has_come_once() {
    const REASONS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
    for standing in [Standing::Stranger, Standing::VouchedFor] {
        let history = History::new(noon());
        history.note(&called(record(Event::Failed, standing, [10, 0, 0, 7]), "US1"), noon());
        let rooms = if standing == Standing::Stranger { 2 } else { 8 };
        for reason in REASONS.repeat(3) {
            for source in 20..20 + rooms {
                let mut record = called(record(Event::Failed, standing, [10, 0, 0, source]), "X");
                record.reason = Some(reason);
                history.note(&record, noon() + MINUTE);
            }
        }
        let refusals = history.seen(noon()).refusals;
        let most =
            if standing == Standing::Stranger { refusals::STRANGERS } else { refusals::KNOWN };
        assert_eq!(refusals.len(), most);
        assert!(refusals.iter().any(|it| title(it) == "US1"), "{standing:?}");
    }
}

#[test]
fn knows_when_the_same_thing_was_permitted() {
    let history = History::new(noon());
    let to = |record: Record, title: &str| {
        let mut record = called(record, "CT1");
        record.called = Some(PeerText::from_display(title, PeerText::TITLE));
        record
    };
    let permitted = || history.seen(noon()).refusals[0].permitted;
    history.note(&to(of_peer(Event::Refused, "ct1"), "NOPE"), noon());
    let opened = |peer, title| to(of_peer(Event::Opened, peer), title);
    let mut elsewhere = opened("ct1", "NOPE");
    elsewhere.source = SocketAddr::from(([10, 0, 0, 2], 40_000));
    let mut at_another = opened("ct1", "NOPE");
    at_another.listener = "back".into();
    let other_title = called(opened("ct1", "NOPE"), "CT2");
    for other in [opened("ct1", "PACS"), opened("mr1", "NOPE"), elsewhere, at_another, other_title]
    {
        history.note(&other, noon() + MINUTE);
        assert_eq!(permitted(), None);
    }
    history.note(&opened("ct1", "NOPE"), noon() + 2 * MINUTE);
    assert_eq!(permitted(), Some(noon() + 2 * MINUTE));
    // Another association by the same titles says nothing of what it asks for.
    let mut asking = to(of_peer(Event::Refused, "ct1"), "PACS");
    asking.reason = Some("no-permitted-service");
    history.note(&asking, noon() + 3 * MINUTE);
    history.note(&opened("ct1", "PACS"), noon() + 4 * MINUTE);
    assert_eq!(permitted(), None);
}

#[test]
fn holds_fifty_and_a_third_of_them_of_strangers() {
    let history = History::new(noon());
    for number in 0..200_u8 {
        history.note(&of_peer(Event::Refused, &format!("peer{number}")), noon());
        let stranger = record(Event::Failed, Standing::Stranger, [100, 0, 0, number]);
        history.note(&called(stranger.clone(), "X"), noon());
        history.note(&stranger, noon());
    }
    let refusals = history.seen(noon()).refusals;
    assert_eq!(refusals.len(), 50);
    let strangers = refusals.iter().filter(|it| it.is_strangers()).count();
    assert_eq!(strangers, refusals::STRANGERS + refusals::NOISE);
    assert!(strangers * 3 <= 50);
}

#[test]
fn tells_pairs_apart_until_there_is_no_room() {
    let history = History::new(noon());
    for number in 0..300 {
        history.note(&of_peer(Event::Opened, &format!("peer{number}")), noon());
    }
    let flows = history.seen(noon()).flows;
    assert_eq!(flows.len(), flows::PAIRS + 1);
    let others = flows.iter().find(|flow| flow.peer.is_none()).unwrap();
    assert_eq!(others.amounts.associations, 300 - flows::PAIRS as u64);
    // A day later, the room is free again.
    let later = noon() + DAY + 60 * MINUTE;
    history.note(&of_peer(Event::Refused, "peer299"), later);
    let flows = history.seen(later).flows;
    let [flow] = &*flows else { panic!("{flows:?}") };
    assert_eq!(flow.peer.as_deref(), Some("peer299"));
    assert_eq!(flow.amounts, Amounts { refused: 1, ..Amounts::default() });
    assert_eq!(flow.pacs, Some(Arc::from("archive")));
}

#[test]
fn what_passes_because_refusals_are_reported_is_told_and_not_counted_as_refused() {
    let history = History::new(noon());
    history.note(&of_peer(Event::WouldRefuse, "ct1"), noon());
    let seen = history.seen(noon());
    assert_eq!((seen.refusals.len(), seen.flows.len()), (1, 0));
    let last = seen.steps.last().unwrap();
    assert_eq!((last.refused, last.would_refuse), (0, 1));
}

#[test]
fn keeps_the_last_reloads() {
    let history = History::new(noon());
    let digest = pacsgate_core::certificate::Digest([7; 32]);
    for number in 0..30 {
        let detail = format!("mistake {number}");
        history.reload(Reload::refused(digest, &detail, 0), noon() + number * MINUTE);
    }
    let reloads = history.seen(noon()).reloads;
    assert_eq!(reloads.len(), RELOADS);
    assert_eq!(reloads[0].time, noon() + 29 * MINUTE);
    assert_eq!(reloads[RELOADS - 1].time, noon() + 10 * MINUTE);
}

proptest! {
    #[test]
    fn has_a_whole_day_whatever_the_clock_does(times in prop::collection::vec(0_u64..4_000_000, 1..60)) {
        let history = History::new(noon());
        for time in times {
            let now = noon() + Duration::from_secs(time);
            history.note(&of_peer(Event::Opened, "ct1"), now);
            let steps = history.seen(now).steps;
            prop_assert_eq!(steps.len(), STEPS);
            prop_assert!(steps.windows(2).all(|two| two[0].start() + STEP == two[1].start()));
            prop_assert!(steps.last().unwrap().opened > 0);
        }
    }
}
