use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use pacsgate_core::certificate::{Certificate, Digest};
use pacsgate_core::direction::Direction;
use serde_json::Value;

use super::queue::{CAPACITY, STRANGERS};
use super::record::{ExplanationRecord, UserRecord};
use super::writer::BURST;
use super::*;
use crate::port::{Transport, Way};

const WAIT: Duration = Duration::from_secs(30);

/// The longest line in bytes, its line feed included; held by the caps of what a record consists of.
/// The journal of systemd cuts lines at 48 KiB (`LineMax=`).
const MAX_LINE: usize = 36 * 1024;

/// A writer that hands over each write, and fails or waits where the test says so.
struct Tap {
    written: Sender<Vec<u8>>,
    outcomes: Option<Receiver<io::Result<()>>>,
}

impl Write for Tap {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(outcomes) = &self.outcomes {
            // An empty hand-over says: inside a write now.
            let _ = self.written.send(Vec::new());
            outcomes.recv().unwrap_or(Ok(()))?;
        }
        // The test may be over before its writer.
        let _ = self.written.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn started() -> Started {
    Started::new(Digest([0xab; 32]))
}

struct Harness {
    audit: Audit,
    thread: AuditThread,
    written: Receiver<Vec<u8>>,
}

impl Harness {
    fn new(periods: Periods, outcomes: Option<Receiver<io::Result<()>>>) -> Self {
        let (sender, written) = channel();
        let sink = Sink::stream(Box::new(Tap { written: sender, outcomes }));
        let (audit, thread) = Audit::start_on(sink, periods, None, Outlets::default()).unwrap();
        Self { audit, thread, written }
    }

    /// The writer waits in each write until the sender says how it ends; once that is dropped,
    /// every write succeeds.
    fn stalled() -> (Self, Sender<io::Result<()>>) {
        let (sender, outcomes) = channel();
        (Self::new(Periods::default(), Some(outcomes)), sender)
    }

    fn entered_write(&self) {
        while !self.written.recv_timeout(WAIT).unwrap().is_empty() {}
    }

    /// The next line of an event, whatever comes before it.
    fn next(&self, event: &str) -> Value {
        loop {
            let lines = parse(&self.written.recv_timeout(WAIT).unwrap());
            if let Some(line) = lines.into_iter().find(|line| line["event"] == event) {
                return line;
            }
        }
    }

    fn finish(self) -> Vec<Value> {
        self.thread.finish(WAIT).unwrap();
        parse(&self.written.try_iter().flatten().collect::<Vec<_>>())
    }
}

fn blank(audit: &Audit, event: Event, standing: Standing, source: SocketAddr) -> Record {
    Record::new(event, standing, audit.connection_id(), "front".into(), Way::default(), source)
}

fn record(audit: &Audit, event: Event, standing: Standing, source: &str, reason: &'static str) {
    let mut record = blank(audit, event, standing, source.parse().unwrap());
    record.reason = Some(reason);
    audit.record(record);
}

fn peer(audit: &Audit) {
    record(audit, Event::Closed, Standing::Peer, "192.0.2.9:1", "released");
}

fn stranger(audit: &Audit, source: &str) {
    record(audit, Event::Failed, Standing::Stranger, source, "plain-dicom");
}

fn parse(bytes: &[u8]) -> Vec<Value> {
    assert!(bytes.is_empty() || bytes.ends_with(b"\n"));
    let lines = str::from_utf8(bytes).unwrap().lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn events(lines: &[Value]) -> BTreeMap<&str, usize> {
    let mut events = BTreeMap::new();
    lines.iter().for_each(|line| *events.entry(line["event"].as_str().unwrap()).or_default() += 1);
    events
}

fn full() -> io::Result<()> {
    Err(io::ErrorKind::StorageFull.into())
}

fn numbered(number: u32) -> String {
    format!("{}:104", Ipv4Addr::from(0x0a00_0000 + number))
}

#[test]
fn writes_one_line_per_record() {
    let harness = Harness::new(Periods::default(), None);
    let source = SocketAddr::new("::ffff:192.0.2.1".parse::<IpAddr>().unwrap(), 40_000);
    let mut record = blank(&harness.audit, Event::Closed, Standing::Peer, source);
    record.peer = Some("ct1".into());
    record.contact = Some("Röntgen, ext. 4711".into());
    record.reason = Some("released");
    record.wire = Some(PeerText::from_display("A-ABORT 2/6", PeerText::PHRASE));
    record.notes = Texts::collect(["dropped item 77"]);
    record.bytes = Some(Received { from_requestor: 12, from_acceptor: 3 });
    record.duration = Some(Duration::from_micros(2500));
    let removed = RemovedContext { id: 3, abstract_syntax: None, why: "not-permitted" };
    record.contexts = Some(Box::new(ContextsRecord::new(2, Some(1), [removed])));
    let id = record.id.to_string();
    harness.audit.record(record);
    peer(&harness.audit);
    let lines = harness.finish();
    assert_eq!(events(&lines), BTreeMap::from([("closed", 2), ("counters", 1)]));
    let mut line = lines[0].clone();
    let time = line.as_object_mut().unwrap().remove("time").unwrap();
    assert!(humantime::parse_rfc3339(time.as_str().unwrap()).is_ok());
    let expected = serde_json::json!({
        "event": "closed", "id": id, "listener": "front", "direction": "inward",
        "source": "192.0.2.1:40000",
        "peer": "ct1", "contact": "Röntgen, ext. 4711", "reason": "released",
        "contexts": {"asked": 2, "granted": 1, "removed": [{"id": 3, "why": "not-permitted"}]},
        "wire": "A-ABORT 2/6", "notes": ["dropped item 77"],
        "bytes": {"from_requestor": 12, "from_acceptor": 3}, "duration_ms": 2,
    });
    assert_eq!(line, expected);
}

#[test]
fn lists_sixteen_removed_contexts_and_counts_the_rest() {
    let removed = |id| RemovedContext { id, abstract_syntax: None, why: "not-permitted" };
    let contexts = ContextsRecord::new(100, None, (0..100).map(removed));
    let contexts = serde_json::to_value(contexts).unwrap();
    assert_eq!(contexts["removed"].as_array().unwrap().len(), 16);
    assert_eq!(contexts["removed_more"], 84);
    assert_eq!(contexts.get("granted"), None);
}

#[test]
fn gives_each_connection_an_id_of_its_own() {
    let harness = Harness::new(Periods::default(), None);
    let (first, second) = (harness.audit.connection_id(), harness.audit.clone().connection_id());
    assert_ne!(first.to_string(), second.to_string());
}

#[test]
fn sums_from_the_sixth_line_a_minute_on() {
    let harness = Harness::new(Periods::default(), None);
    for port in 1..=8 {
        let source = format!("[2001:db8::{port}]:{port}");
        record(&harness.audit, Event::Failed, Standing::Stranger, &source, "no-certificate");
    }
    record(
        &harness.audit,
        Event::Refused,
        Standing::Stranger,
        "[2001:db8::9]:9",
        "unknown-certificate",
    );
    let lines = harness.finish();
    let expected = BTreeMap::from([("counters", 1), ("failed", 5), ("summed", 1)]);
    assert_eq!(events(&lines), expected);
    let summed = lines.iter().find(|line| line["event"] == "summed").unwrap();
    assert_eq!(summed["source"], "2001:db8::/64");
    assert_eq!(summed["count"], 4);
    let reasons = serde_json::json!({"no-certificate": 3, "unknown-certificate": 1});
    assert_eq!(summed["reasons"], reasons);
    assert_eq!(summed["window_s"], 0);
}

#[test]
fn writes_every_line_of_a_peer() {
    let harness = Harness::new(Periods::default(), None);
    (0..50).for_each(|_| peer(&harness.audit));
    assert_eq!(events(&harness.finish())["closed"], 50);
}

#[test]
fn writes_the_sums_when_the_window_ends() {
    let window = Duration::from_millis(20);
    let harness = Harness::new(Periods { window, ..Periods::default() }, None);
    let deadline = Instant::now() + WAIT;
    let summed = |bytes: Vec<u8>| parse(&bytes).iter().any(|line| line["event"] == "summed");
    while !harness.written.try_iter().any(summed) {
        stranger(&harness.audit, "192.0.2.1:1");
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
}

#[test]
fn writes_the_counters_every_period_and_at_the_end() {
    let counters_every = Duration::from_millis(1);
    let harness = Harness::new(Periods { counters_every, ..Periods::default() }, None);
    harness.next("counters");
    peer(&harness.audit);
    record(&harness.audit, Event::Opened, Standing::Peer, "192.0.2.9:1", "x");
    harness.audit.record(blank(
        &harness.audit,
        Event::Opened,
        Standing::Peer,
        "192.0.2.9:1".parse().unwrap(),
    ));
    let lines = harness.finish();
    let last = lines.last().unwrap();
    let expected = serde_json::json!({"opened": {"none": 1, "x": 1}, "closed": {"released": 1}});
    assert_eq!((&last["event"], &last["counters"]), (&"counters".into(), &expected));
    assert_eq!(last["lost"], 0);
}

#[test]
fn keeps_counters_exact_while_summing_and_losing() {
    let (harness, release) = Harness::stalled();
    let audit = &harness.audit;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..2000).for_each(|_| peer(audit)));
            scope.spawn(|| (0..2000).for_each(|number| stranger(audit, &numbered(number))));
        }
    });
    drop(release);
    let lines = harness.finish();
    let last = lines.last().unwrap();
    let expected =
        serde_json::json!({"closed": {"released": 8000}, "failed": {"plain-dicom": 8000}});
    assert_eq!(last["counters"], expected);
    // Each event is a line, or in a sum, or lost.
    let total = |event: &str, key: &str| -> u64 {
        let lines = lines.iter().filter(|line| line["event"] == event);
        lines.map(|line| line[key].as_u64().unwrap()).sum()
    };
    let counts = events(&lines);
    // Peers may have filled the queue before a stranger came.
    let failed = counts.get("failed").copied().unwrap_or_default();
    let written = u64::try_from(counts["closed"] + failed).unwrap();
    assert_eq!(total("lost", "count"), last["lost"].as_u64().unwrap());
    assert_eq!(written + total("summed", "count") + total("lost", "count"), 16_000);
}

#[test]
fn counts_losses_when_the_writer_stalls() {
    let (harness, release) = Harness::stalled();
    peer(&harness.audit);
    harness.entered_write();
    (0..CAPACITY + 100).for_each(|_| peer(&harness.audit));
    assert_eq!(harness.audit.counters().lost(), 100);
    drop(release);
    let lines = harness.finish();
    assert_eq!(events(&lines)["closed"], CAPACITY + 1);
    let lost: Vec<_> = lines.iter().filter(|line| line["event"] == "lost").collect();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0]["count"], 100);
}

#[test]
fn keeps_room_for_peers_while_strangers_flood() {
    let (harness, release) = Harness::stalled();
    peer(&harness.audit);
    harness.entered_write();
    (0..5000).for_each(|number| stranger(&harness.audit, &numbered(number % 1000)));
    (0..STRANGERS).for_each(|_| peer(&harness.audit));
    drop(release);
    let lines = harness.finish();
    let counts = events(&lines);
    assert_eq!((counts["failed"], counts["closed"]), (STRANGERS, STRANGERS + 1));
}

#[test]
fn survives_a_full_disk() {
    let destination = Destination::File("/dev/full".into());
    let (periods, outlets) = (Periods::default(), Outlets::default());
    let (audit, thread) = Audit::start(&destination, periods, started(), outlets).unwrap();
    peer(&audit);
    thread.finish(WAIT).unwrap();
    assert_eq!(audit.counters().snapshot()[0].count, 1);
    // The start, the record and the counters.
    assert_eq!(audit.counters().lost(), 3);
}

#[test]
fn tells_when_a_full_disk_has_room_again_how_many_lines_it_cost() {
    let (harness, outcomes) = Harness::stalled();
    peer(&harness.audit);
    harness.entered_write();
    (0..10).for_each(|_| peer(&harness.audit));
    outcomes.send(full()).unwrap();
    harness.entered_write();
    outcomes.send(full()).unwrap();
    peer(&harness.audit);
    drop(outcomes);
    let lines = harness.finish();
    assert_eq!(events(&lines), BTreeMap::from([("closed", 1), ("counters", 1), ("lost", 1)]));
    assert_eq!(lines[1]["count"], 11);
    assert_eq!(lines[2]["lost"], 11);
}

#[test]
fn does_not_count_a_lost_line_about_losses_as_one_more() {
    let (harness, outcomes) = Harness::stalled();
    peer(&harness.audit);
    for outcome in [full(), Ok(()), full()] {
        harness.entered_write();
        // The next record waits while this write does, so that each write has its line.
        peer(&harness.audit);
        outcomes.send(outcome).unwrap();
    }
    drop(outcomes);
    let lost = harness.finish().iter().find(|line| line["event"] == "lost").cloned().unwrap();
    assert_eq!(lost["count"], 1);
}

#[test]
fn goes_on_when_every_burst_fails() {
    let destination = Destination::File("/dev/full".into());
    let (periods, outlets) = (Periods::default(), Outlets::default());
    let (audit, thread) = Audit::start(&destination, periods, started(), outlets).unwrap();
    (0..2000).for_each(|_| peer(&audit));
    thread.finish(WAIT).unwrap();
    assert_eq!(audit.counters().lost(), 2002);
}

#[test]
fn drains_the_queue_when_dropped() {
    let harness = Harness::new(Periods::default(), None);
    (0..100).for_each(|_| peer(&harness.audit));
    let Harness { thread, written, audit } = harness;
    drop(thread);
    let lines = parse(&written.try_iter().flatten().collect::<Vec<_>>());
    assert_eq!(events(&lines), BTreeMap::from([("closed", 100), ("counters", 1)]));
    peer(&audit);
    assert_eq!(audit.counters().lost(), 1);
}

#[test]
fn gives_up_on_a_reader_that_never_reads() {
    let (harness, _release) = Harness::stalled();
    peer(&harness.audit);
    let Harness { thread, written: _written, .. } = harness;
    assert_eq!(thread.finish(Duration::from_millis(20)), Err(Unfinished));
}

/// Every byte in every order that hurts, 10 kB of it.
fn hostile() -> Vec<u8> {
    let all = (0..=255).rev().chain(*b"\"\n{\"event\":\"opened\"}\n\x1b[2J\0\\u0000'");
    all.cycle().take(10_000).collect()
}

fn hostile_name() -> Box<str> {
    "\u{1f9b4}\n\"\u{1b}é\0".repeat(1000).into()
}

fn hostile_certificate() -> Certificate {
    Certificate {
        sha256: Digest([0xff; 32]),
        spki_sha256: Digest([0; 32]),
        dns: vec![hostile_name(); 100],
        uris: vec![hostile_name(); 100],
        common_name: Some(hostile_name()),
        not_after: i64::MIN,
        not_before: 0,
    }
}

/// A record in which each field that a peer or an administrator fills is at its worst.
fn worst(id: ConnectionId) -> Record {
    let text = |cap| Some(PeerText::from_bytes(&hostile(), cap));
    let own: Arc<str> = hostile_name().into();
    let removed = |id| RemovedContext { id, abstract_syntax: text(64), why: "transfer-syntax" };
    let phrases = || Texts::collect(std::iter::repeat_n(hostile_name(), 100));
    Record {
        certificate: Some(Box::new(CertificateRecord::from(&hostile_certificate()))),
        calling: text(PeerText::TITLE),
        called: text(PeerText::TITLE),
        peer: Some(Arc::clone(&own)),
        contact: Some(Arc::clone(&own)),
        user: text(PeerText::SENTENCE)
            .map(|name| Box::new(UserRecord { name, issuer: text(PeerText::PHRASE) })),
        pacs: Some(Arc::clone(&own)),
        contexts: Some(Box::new(ContextsRecord::new(
            usize::MAX,
            Some(usize::MAX),
            (0..200).map(removed),
        ))),
        operations: Some(Box::new(OperationsRecord::worst())),
        request: None,
        data_set: None,
        reason: Some("a-reason"),
        detail: text(PeerText::SENTENCE),
        wire: text(PeerText::SENTENCE),
        advice: Some("x".repeat(450).into()),
        notes: phrases(),
        pdus: Some(Received { from_requestor: u64::MAX, from_acceptor: u64::MAX }),
        bytes: Some(Received { from_requestor: u64::MAX, from_acceptor: u64::MAX }),
        duration: Some(Duration::MAX),
        explanation: Some(Box::new(ExplanationRecord {
            nearest: text(PeerText::SENTENCE),
            trace: phrases(),
        })),
        proxy: Some("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535".parse().unwrap()),
        ..Record::new(
            Event::Refused,
            Standing::Peer,
            id,
            own,
            Way { direction: Direction::Outward, transport: Transport::Plain },
            "[::1%4294967295]:1".parse().unwrap(),
        )
    }
}

#[test]
fn the_page_of_the_audit_names_every_key() {
    let page = include_str!("../../docs/audit.md");
    let harness = Harness::new(Periods::default(), None);
    harness.audit.record(worst(harness.audit.connection_id()));
    harness.thread.finish(WAIT).unwrap();
    let bytes: Vec<u8> = harness.written.try_iter().flatten().collect();
    let line: Value =
        serde_json::Deserializer::from_slice(&bytes).into_iter().next().unwrap().unwrap();
    let keys: Vec<_> = line.as_object().unwrap().keys().collect();
    assert!(keys.len() > 20, "{keys:?}");
    let unnamed: Vec<_> = keys.iter().filter(|key| !page.contains(&format!("`{key}`"))).collect();
    assert!(unnamed.is_empty(), "docs/audit.md does not have {unnamed:?}");
}

/// All texts in a line but those of our own names, which are not a peer's.
fn texts<'a>(line: &'a Value, found: &mut Vec<&'a str>) {
    match line {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => {
            let own = ["listener", "peer", "contact", "pacs"];
            let peers = fields.iter().filter(|(key, _)| !own.contains(&key.as_str()));
            peers.for_each(|(_, value)| texts(value, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn escapes_everything_that_a_peer_may_choose() {
    let harness = Harness::new(Periods::default(), None);
    harness.audit.record(worst(harness.audit.connection_id()));
    harness.thread.finish(WAIT).unwrap();
    let bytes: Vec<u8> = harness.written.try_iter().flatten().collect();
    let lines: Vec<_> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
    // The record and the counters.
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert!(line.len() <= MAX_LINE, "{}", line.len());
        let (end, text) = line.split_last().unwrap();
        assert_eq!(*end, b'\n');
        assert!(text.iter().all(|byte| matches!(byte, b' '..=b'~')));
        let line: Value = serde_json::from_slice(text).unwrap();
        assert!(line.is_object());
        let mut found = Vec::new();
        texts(&line, &mut found);
        let ours = "Ask the vendor's engineer which title the device sends.";
        found.retain(|text| *text != ours);
        assert!(found.iter().all(|text| text.bytes().all(|b| matches!(b, b' '..=b'~'))));
        assert!(!found.iter().any(|text| text.contains(['"', '\''])));
    }
}

#[test]
fn writes_long_lines_in_bounded_bursts() {
    let (harness, release) = Harness::stalled();
    let worst = worst(harness.audit.connection_id());
    (0..100).for_each(|_| harness.audit.record(worst.clone()));
    drop(release);
    harness.thread.finish(WAIT).unwrap();
    let longest = harness.written.try_iter().map(|burst| burst.len()).max().unwrap();
    assert!(longest < BURST + MAX_LINE);
}

#[test]
fn shows_the_end_of_a_certificate_that_never_ends() {
    let show = |not_after| {
        let certificate = Certificate { not_after, ..hostile_certificate() };
        let record = serde_json::to_value(CertificateRecord::from(&certificate)).unwrap();
        record["not_after"].as_str().unwrap().to_owned()
    };
    assert_eq!(show(1_700_000_000), "2023-11-14T22:13:20Z");
    assert_eq!(show(253_402_300_799), "9999-12-31T23:59:59Z");
    assert_eq!(show(i64::MAX), "9999-12-31T23:59:59Z");
    assert_eq!(show(-1), "1970-01-01T00:00:00Z");
}

#[test]
fn a_record_is_small_enough_to_keep_one_per_association() {
    assert!(size_of::<Record>() <= 512);
}
