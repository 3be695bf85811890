use std::net::SocketAddr;

use super::*;
use crate::admin::status::targets::{Address, DOWN};
use crate::audit::{self, ConnectionId, Event, PeerText, Record, Standing};
use crate::history::History;
use crate::port::Way;
use crate::site::Tables;

const MINUTE: Duration = Duration::from_secs(60);

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_056_000)
}

/// Nothing is wrong.
fn well() -> Facts<'static> {
    Facts {
        stuck: None,
        is_draining: false,
        short: None,
        silenced: None,
        lost: 0,
        peers: 12,
        open: 3,
        refusals: &[],
        targets: &[],
        ends: &[],
        report_only: &[],
        reloads: &[],
        now: noon(),
    }
}

/// So many refusals of this standing, the last one then.
fn refused(standing: Standing, event: Event, count: u32, last: SystemTime) -> Vec<Refusal> {
    let history = History::new(noon());
    let record = record(standing, event);
    (0..count).for_each(|_| history.note(&record, last));
    seen(&history)
}

fn seen(history: &History) -> Vec<Refusal> {
    let seen = history.seen(noon());
    seen.refusals.iter().map(|it| Refusal::of(it, &Tables::default())).collect()
}

fn record(standing: Standing, event: Event) -> Record {
    let (id, source) = (ConnectionId::example(), SocketAddr::from(([10, 1, 1, 1], 4_000)));
    let mut record = Record::new(event, standing, id, "front".into(), Way::default(), source);
    record.reason = Some("calling-title");
    record.calling = Some(PeerText::from_bytes(b"CT9", PeerText::TITLE));
    record.detail = Some(PeerText::from_bytes(b"why", PeerText::SENTENCE));
    record.peer = (standing == Standing::Peer).then(|| "ct1".into());
    record
}

fn reloaded(reload: audit::Reload) -> Vec<Reload> {
    let history = History::new(noon());
    history.reload(reload, noon());
    history.seen(noon()).reloads.iter().map(Reload::of).collect()
}

fn state(facts: &Facts<'_>) -> State {
    verdict(facts).state
}

fn end(days: i64) -> [End; 1] {
    [End { table: "listener.front.tls".into(), what: "certificate", ends: noon(), days }]
}

fn pacs(states: &[&'static str]) -> [Target; 1] {
    let address = |state: &&'static str| Address {
        address: "10.0.0.5:104".into(),
        state,
        since: None,
        last_asked: None,
        last_missed: None,
        round_trip_ms: None,
        trouble: (*state == DOWN).then(|| "connection refused".into()),
    };
    let addresses = states.iter().map(address).collect();
    [Target { pacs: "archive".into(), is_asked: true, addresses, in_use: Some(0) }]
}

#[test]
fn all_is_well_where_nothing_is_wrong() {
    let verdict = verdict(&well());
    assert_eq!(verdict.state, State::Well);
    assert_eq!(verdict.sentence, "All is well: 12 peers may connect, 3 associations are open.");
    let verdict = super::verdict(&Facts { peers: 1, open: 1, ..well() });
    assert_eq!(verdict.sentence, "All is well: 1 peer may connect, 1 association is open.");
}

#[test]
fn a_gate_that_hangs_comes_before_a_pacs_that_is_down_and_that_before_the_rest() {
    let (targets, ends) = (pacs(&[DOWN]), end(-1));
    let refusals = refused(Standing::Peer, Event::Refused, 9, noon());
    let digest = pacsgate_core::certificate::Digest([7; 32]);
    let reloads = reloaded(audit::Reload::refused(digest, "main:3:1: slip", 0));
    let facts = Facts {
        stuck: Some("no answer from x".into()),
        silenced: Some("REFUSING every certificate".into()),
        lost: 2,
        short: Some("no descriptors"),
        is_draining: true,
        refusals: &refusals,
        targets: &targets,
        ends: &ends,
        reloads: &reloads,
        ..well()
    };
    let Verdict { state, sentence, more, .. } = verdict(&facts);
    assert_eq!((state, &*sentence), (State::Act, "no answer from x."));
    let starts = [
        "PACS archive does not answer: connection refused.",
        "REFUSING every certificate.",
        "[listener.front.tls]: the certificate has ended.",
        "The last reload was refused, the configuration before it goes on: main:3:1: slip.",
        "2 audit lines were lost in the last day.",
        "no descriptors.",
        "ct1 (CT9) is refused, 9 times so far: why.",
        "The gate is stopping",
    ];
    for (told, start) in more.iter().zip(starts) {
        assert!(told.starts_with(start), "{told}");
    }
    assert_eq!(more.len(), starts.len());
}

#[test]
fn an_end_is_looked_at_a_month_and_acted_on_a_week_before() {
    let rows = [(31, State::Well), (30, State::Look), (8, State::Look), (7, State::Act)];
    for (days, expected) in rows.into_iter().chain([(0, State::Act), (-9, State::Act)]) {
        assert_eq!(state(&Facts { ends: &end(days), ..well() }), expected, "{days}");
    }
}

#[test]
fn one_of_several_addresses_is_looked_at_and_the_last_acted_on() {
    let rows: [(&[&'static str], State); 4] = [
        (&["alive"], State::Well),
        (&["unknown"], State::Well),
        (&[DOWN, "alive"], State::Look),
        (&[DOWN, DOWN], State::Act),
    ];
    for (states, expected) in rows {
        assert_eq!(state(&Facts { targets: &pacs(states), ..well() }), expected, "{states:?}");
    }
}

#[test]
fn a_pacs_that_answers_and_rejects_everything_is_looked_at() {
    let mut targets = pacs(&["alive", DOWN]);
    let why = "the PACS rejects the title PACS as none of its own";
    targets[0].addresses[0].trouble = Some(why.into());
    let verdict = verdict(&Facts { targets: &targets, ..well() });
    assert_eq!(verdict.state, State::Look);
    assert_eq!(verdict.more, [format!("10.0.0.5:104 of PACS archive: {why}.")]);
    targets[0].addresses.truncate(1);
    let verdict = super::verdict(&Facts { targets: &targets, ..well() });
    assert_eq!((verdict.state, verdict.more.len()), (State::Look, 0));
    assert!(!verdict.what_to_do.is_empty());
}

#[test]
fn a_miss_at_a_pacs_that_is_not_asked_is_forgotten_with_time() {
    let mut targets = pacs(&[DOWN]);
    let missed = |targets: &mut [Target], is_asked| {
        targets[0].is_asked = is_asked;
        targets[0].addresses[0].last_missed = (!is_asked).then(noon);
    };
    missed(&mut targets, false);
    let at = |minutes, targets: &[Target]| {
        verdict(&Facts { now: noon() + minutes * MINUTE, targets, ..well() })
    };
    let told = "PACS archive did not answer at the last attempt, 14 min ago: connection refused.";
    assert_eq!((at(14, &targets).state, &*at(14, &targets).sentence), (State::Act, told));
    assert_eq!(at(16, &targets).state, State::Well);
    missed(&mut targets, true);
    assert_eq!(at(16, &targets).state, State::Act);
}

#[test]
fn a_peer_that_is_refused_again_is_acted_on_and_whoever_else_looked_at() {
    let rows = [
        (Standing::Peer, Event::Refused, 3, State::Act),
        (Standing::Peer, Event::Refused, 2, State::Look),
        (Standing::VouchedFor, Event::Refused, 3, State::Act),
        (Standing::Peer, Event::Forbidden, 3, State::Act),
        (Standing::Peer, Event::Unsound, 9, State::Look),
        (Standing::Stranger, Event::Failed, 900, State::Look),
        (Standing::Peer, Event::WouldRefuse, 9, State::Well),
    ];
    for (standing, event, count, expected) in rows {
        let refusals = refused(standing, event, count, noon());
        let verdict = verdict(&Facts { refusals: &refusals, ..well() });
        assert_eq!(verdict.state, expected, "{standing:?} {event:?}");
        let number = (expected != State::Well).then_some(1);
        assert_eq!(verdict.refusal, number, "{standing:?} {event:?}");
    }
}

#[test]
fn what_is_to_be_acted_on_is_told_before_trifles_that_came_later() {
    let history = History::new(noon());
    let stuck = record(Standing::Peer, Event::Refused);
    (0..6).for_each(|_| history.note(&stuck, noon() - 5 * MINUTE));
    for number in 1..=5_u8 {
        let mut stranger = record(Standing::Stranger, Event::Failed);
        stranger.source = SocketAddr::from(([10, 9, 9, number], 4_000));
        (0..9).for_each(|_| history.note(&stranger, noon()));
    }
    let mut once = record(Standing::Peer, Event::Unsound);
    once.peer = Some("mr1".into());
    history.note(&once, noon() - MINUTE);
    let verdict = verdict(&Facts { refusals: &seen(&history), ..well() });
    assert_eq!(verdict.state, State::Act);
    assert_eq!(verdict.sentence, "ct1 (CT9) is refused, 6 times so far: why.");
    assert!(verdict.more[0].starts_with("mr1 (CT9): "), "{:?}", verdict.more);
    assert_eq!(verdict.more.len(), 3);
    assert_eq!(verdict.more[2], "And 4 more under \"Refused lately\".");
}

#[test]
fn whoever_has_no_table_is_not_told_as_if_it_were_what_it_says() {
    let rows = [
        (Standing::Peer, "ct1 (CT9) is refused: why."),
        (Standing::VouchedFor, "A device without a table that calls itself CT9 is refused: why."),
        (Standing::Stranger, "A stranger that calls itself CT9 is refused: why."),
    ];
    for (standing, expected) in rows {
        let refusals = refused(standing, Event::Refused, 1, noon());
        let verdict = verdict(&Facts { refusals: &refusals, ..well() });
        assert_eq!(verdict.sentence, expected);
    }
}

#[test]
fn a_refusal_is_forgotten_with_time_with_a_reload_and_where_the_peer_gets_in() {
    let then = noon() - 3 * MINUTE;
    let refusals = refused(Standing::Peer, Event::Refused, 3, then);
    let facts = || Facts { refusals: &refusals, ..well() };
    assert_eq!(state(&facts()), State::Act);
    assert_eq!(state(&Facts { now: then + 16 * MINUTE, ..facts() }), State::Well);
    let applied = reloaded(audit::Reload::applied(pacsgate_core::certificate::Digest([7; 32])));
    assert_eq!(state(&Facts { reloads: &applied, ..facts() }), State::Well);
    // What is permitted to the same peer meanwhile is not what was refused.
    let history = History::new(noon());
    let refused = called(record(Standing::Peer, Event::Refused), "NOPE");
    (0..6).for_each(|_| history.note(&refused, then));
    history.note(&called(record(Standing::Peer, Event::Opened), "PACS"), then + MINUTE);
    assert_eq!(state(&Facts { refusals: &seen(&history), ..well() }), State::Act);
    history.note(&called(record(Standing::Peer, Event::Opened), "NOPE"), then + MINUTE);
    let refusals = seen(&history);
    assert_eq!(state(&Facts { refusals: &refusals, ..well() }), State::Well);
    // One that tries two ways in turn.
    let now = then + MINUTE;
    assert_eq!(state(&Facts { now, refusals: &refusals, ..well() }), State::Act);
}

fn called(mut record: Record, title: &str) -> Record {
    record.called = Some(PeerText::from_display(title, PeerText::TITLE));
    record
}
