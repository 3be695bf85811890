//! What is written, what is summed, and what no flood hides.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use pacsgate_core::certificate::{Certificate, Digest};

use super::*;
use crate::audit::event::Event;
use crate::audit::operations::OperationsRecord;
use crate::audit::record::{CertificateRecord, ConnectionId};
use crate::audit::summary::identities::{OTHERS, PERIOD};
use crate::audit::summary::sources::{SOURCES, WRITTEN};
use crate::port::Way;

const MINUTE: Duration = Duration::from_secs(60);

/// A window under test, and the moment at which it is.
struct Under {
    summary: Summary,
    now: Instant,
}

fn record(standing: Standing, from: IpAddr) -> Record {
    let id = ConnectionId { run: 0, number: 0 };
    Record::new(
        Event::Failed,
        standing,
        id,
        "front".into(),
        Way::default(),
        SocketAddr::new(from, 1),
    )
}

fn certificate(number: u32) -> Box<CertificateRecord> {
    let mut sha256 = Digest([0; 32]);
    sha256.0[..4].copy_from_slice(&number.to_be_bytes());
    let (dns, uris) = (Vec::new(), Vec::new());
    let spki_sha256 = Digest([0; 32]);
    let (common_name, not_before, not_after) = (None, 0, 0);
    let certificate =
        Certificate { sha256, spki_sha256, dns, uris, common_name, not_before, not_after };
    Box::new(CertificateRecord::from(&certificate))
}

fn numbered(number: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + number).into()
}

impl Under {
    fn new() -> Self {
        Self { summary: Summary::new(MINUTE), now: Instant::now() }
    }

    fn writes(&mut self, record: &Record, reason: &'static str) -> bool {
        self.summary.admit(record, reason, self.now) == Verdict::Write
    }

    /// How many of some lines of a stranger are written.
    fn strangers(&mut self, from: &str, times: usize) -> usize {
        let record = record(Standing::Stranger, from.parse().unwrap());
        (0..times).filter(|_| self.writes(&record, "plain-dicom")).count()
    }

    fn presents(
        &mut self,
        number: u32,
        standing: Standing,
        from: IpAddr,
        why: &'static str,
    ) -> bool {
        let mut record = record(standing, from);
        record.certificate = Some(certificate(number));
        self.writes(&record, why)
    }

    fn of_peer(&mut self, event: Event, reason: &'static str, times: usize) -> usize {
        let mut record = record(Standing::Peer, numbered(1));
        (record.event, record.peer) = (event, Some("ct1".into()));
        (0..times).filter(|_| self.writes(&record, reason)).count()
    }

    fn lines(&mut self) -> Vec<(String, u64, u64)> {
        let lines = self.summary.close(self.now).lines();
        let name = |line: &Summed| line.source.map(|it| it.to_string());
        lines
            .map(|line| {
                let of_table = line.peer.as_deref().or(line.pacs.as_deref());
                let name = name(&line).or(of_table.map(str::to_owned));
                (name.unwrap(), line.count, line.window_s)
            })
            .collect()
    }

    fn reasons(&mut self) -> BTreeMap<&'static str, u64> {
        self.summary.close(self.now).lines().flat_map(|line| line.reasons.0).collect()
    }
}

fn sum(name: &str, count: u64, seconds: u64) -> (String, u64, u64) {
    (name.to_owned(), count, seconds)
}

#[test]
fn sums_who_comes_and_leaves_without_a_byte_from_the_first() {
    let mut under = Under::new();
    let passerby = record(Standing::Passerby, "192.0.2.1".parse().unwrap());
    assert!(!under.writes(&passerby, "closed-before-tls"));
    assert_eq!(under.strangers("192.0.2.1", 6), 5);
    // One line says all of a source.
    assert_eq!(under.lines(), [sum("192.0.2.1", 2, 0)]);
}

#[test]
fn sums_a_stranger_from_the_sixth_line_of_a_window_on() {
    let mut under = Under::new();
    assert_eq!(under.strangers("192.0.2.1", 12), 5);
    assert_eq!(under.strangers("192.0.2.2", 5), 5);
    assert_eq!(under.summary.end(), Some(under.now + MINUTE));
    under.now += MINUTE;
    assert_eq!(under.lines(), [sum("192.0.2.1", 7, 60)]);
}

#[test]
fn tells_the_reasons_apart() {
    let mut under = Under::new();
    under.strangers("192.0.2.1", 6);
    let stranger = record(Standing::Stranger, "192.0.2.1".parse().unwrap());
    (0..2).for_each(|_| assert!(!under.writes(&stranger, "handshake-timeout")));
    assert_eq!(under.reasons(), BTreeMap::from([("handshake-timeout", 2), ("plain-dicom", 1)]));
}

#[test]
fn writes_five_again_in_the_next_window() {
    let mut under = Under::new();
    assert_eq!(under.strangers("192.0.2.1", 9), 5);
    under.now += MINUTE;
    under.lines();
    assert_eq!(under.summary.end(), None);
    assert_eq!(under.strangers("192.0.2.1", 9), 5);
}

#[test]
fn goes_on_summing_when_the_end_of_a_window_is_noticed_late() {
    let mut under = Under::new();
    under.strangers("192.0.2.1", 6);
    under.now += 2 * MINUTE;
    under.strangers("192.0.2.1", 1);
    under.now += MINUTE;
    assert_eq!(under.lines(), [sum("192.0.2.1", 2, 180)]);
}

#[test]
fn takes_an_ipv6_network_of_64_bits_for_one_source() {
    let mut under = Under::new();
    assert_eq!(under.strangers("2001:db8::1", 4), 4);
    assert_eq!(under.strangers("2001:db8::ffff:0:0:2", 4), 1);
    assert_eq!(under.strangers("2001:db8:0:1::1", 4), 4);
    assert_eq!(under.lines(), [sum("2001:db8::/64", 3, 0)]);
}

#[test]
fn takes_a_mapped_address_for_its_ipv4_address() {
    let mut under = Under::new();
    assert_eq!(under.strangers("::ffff:192.0.2.1", 5), 5);
    assert_eq!(under.strangers("::ffff:192.0.2.2", 5), 5);
    assert_eq!(under.strangers("192.0.2.1", 5), 0);
}

#[test]
fn bounds_the_table_of_sources() {
    let mut under = Under::new();
    let stranger = |number| record(Standing::Stranger, numbered(number));
    let written = (0..100_000).filter(|it| under.writes(&stranger(*it), "plain-dicom")).count();
    assert_eq!(under.summary.strangers.len(), SOURCES + 1);
    assert_eq!(written, SOURCES + WRITTEN as usize);
    let summed = 100_000 - u64::try_from(written).unwrap();
    assert_eq!(under.lines(), [sum("others", summed, 0)]);
}

#[test]
fn still_knows_its_sources_when_the_table_is_full() {
    let mut under = Under::new();
    for number in 0..2000 {
        under.writes(&record(Standing::Stranger, numbered(number)), "plain-dicom");
    }
    assert_eq!(under.strangers("10.0.0.7", 6), 4);
}

#[test]
fn who_leaves_without_a_byte_takes_no_strangers_place() {
    let mut under = Under::new();
    for number in 0..2000 {
        under.writes(&record(Standing::Passerby, numbered(number)), "closed-before-tls");
    }
    assert_eq!(under.strangers("192.0.2.1", 9), 5);
}

#[test]
fn a_certificate_of_a_configured_ca_has_its_line_whatever_floods_beside_it() {
    let mut under = Under::new();
    for number in 0..10_000 {
        under.writes(&record(Standing::Passerby, numbered(number)), "closed-before-tls");
        under.writes(&record(Standing::Stranger, numbered(number)), "not-tls");
        under.presents(number, Standing::Stranger, numbered(number), "unknown-issuer");
    }
    let from = numbered(20_000);
    assert!(under.presents(1, Standing::VouchedFor, from, "certificate-revoked"));
    // It is one of a source that is summed with others.
    assert!(!under.presents(1, Standing::VouchedFor, from, "certificate-revoked"));
    assert!(under.presents(1, Standing::VouchedFor, from, "certificate-expired"));
    assert!(under.presents(2, Standing::VouchedFor, from, "certificate-revoked"));
}

#[test]
fn a_certificate_has_its_line_again_after_an_hour() {
    let mut under = Under::new();
    let from = numbered(1);
    under.strangers("10.0.0.1", 6);
    assert!(under.presents(1, Standing::VouchedFor, from, "certificate-revoked"));
    under.now += PERIOD / 2;
    assert!(!under.presents(1, Standing::VouchedFor, from, "certificate-revoked"));
    under.now += PERIOD / 2;
    assert!(under.presents(1, Standing::VouchedFor, from, "certificate-revoked"));
}

#[test]
fn bounds_the_lines_of_certificates_that_anybody_can_make() {
    let mut under = Under::new();
    let from = numbered(1);
    let new = |under: &mut Under, number| {
        under.presents(number, Standing::Stranger, from, "unknown-issuer")
    };
    let written = (0..100_000).filter(|number| new(&mut under, *number)).count();
    assert_eq!(written, OTHERS);
    under.lines();
    assert!(new(&mut under, 0));
}

#[test]
fn sums_what_a_peer_is_refused_by_its_reason() {
    let mut under = Under::new();
    assert_eq!(under.of_peer(Event::Refused, "calling-title", 500), 60);
    assert_eq!(under.of_peer(Event::Refused, "called-title", 61), 60);
    assert_eq!(under.of_peer(Event::Forbidden, "operation-not-permitted", 1), 1);
    assert_eq!(under.lines(), [sum("ct1", 441, 0)]);
}

#[test]
fn sums_a_pacs_that_comes_for_no_peer() {
    let mut under = Under::new();
    let mut record = record(Standing::Peer, numbered(1));
    (record.event, record.pacs) = (Event::Refused, Some("ct1".into()));
    assert_eq!((0..500).filter(|_| under.writes(&record, "peer-title")).count(), 60);
    // A peer of the same name is another.
    assert_eq!(under.of_peer(Event::Refused, "peer-title", 61), 60);
    assert_eq!(under.lines(), [sum("ct1", 1, 0), sum("ct1", 440, 0)]);
}

#[test]
fn a_flood_of_one_operation_hides_no_other() {
    use pacsgate_core::inspector::{Asked, Forbidden, ForbiddenRequest};
    use pacsgate_core::services::Operation;
    use pacsgate_core::side::Side;
    let mut under = Under::new();
    let mut of = |operation, times: usize| {
        let why = Forbidden::Operation.by(Side::Requestor);
        let asked = Asked::Operation(operation);
        let (sop_class, destination, originator) = (None, None, None);
        let request = ForbiddenRequest { why, asked, sop_class, destination, originator };
        let mut record = record(Standing::Peer, numbered(1));
        (record.event, record.peer) = (Event::Forbidden, Some("ct1".into()));
        record.request = Some(Box::new((&request).into()));
        (0..times).filter(|_| under.writes(&record, "requestor-operation")).count()
    };
    assert_eq!((of(Operation::CFind, 500), of(Operation::CMove, 1)), (60, 1));
}

#[test]
fn sums_associations_of_a_peer_that_are_for_nothing_with_their_beginnings() {
    let mut under = Under::new();
    for _ in 0..100 {
        under.of_peer(Event::Opened, "none", 1);
        under.of_peer(Event::Closed, "requestor-aborted", 1);
    }
    let expected = BTreeMap::from([("opened", 39), ("requestor-aborted", 40)]);
    assert_eq!(under.reasons(), expected);
}

#[test]
fn sums_no_association_in_which_something_was_done() {
    let mut under = Under::new();
    let mut record = record(Standing::Peer, numbered(1));
    (record.event, record.peer) = (Event::Closed, Some("ct1".into()));
    assert!((0..61).any(|_| !under.writes(&record, "released")));
    record.operations = Some(Box::new(OperationsRecord::worst()));
    assert!((0..1000).all(|_| under.writes(&record, "released")));
    record.operations = Some(Box::new(OperationsRecord::echoed("0110")));
    assert!((0..1000).all(|_| under.writes(&record, "released")));
}

#[test]
fn sums_a_flood_of_echoes() {
    let mut under = Under::new();
    let mut record = record(Standing::Peer, numbered(1));
    (record.event, record.peer) = (Event::Closed, Some("ct1".into()));
    record.operations = Some(Box::new(OperationsRecord::echoed("0000")));
    assert_eq!((0..1000).filter(|_| under.writes(&record, "released")).count(), 60);
}
