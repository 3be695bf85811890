//! `[limits]`: how much and how long.

use std::ops::RangeInclusive;
use std::time::Duration;

use config::ValueKind;
use pacsgate_core::policy::{ASSOCIATIONS, within};

use super::mistake::Mistake;
use super::node::Node;
use super::section::Section;
use super::units::{self, UnitFault};

/// Limits and deadlines of the whole gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; 2,048.
    pub connections: u32,
    /// TLS handshakes under way at a time; 256.
    pub handshakes: u32,
    /// Connections at a time from one source address, IPv6 counted by /64; 128.
    pub per_source: u32,
    /// From the accepted connection to the end of the TLS handshake; 10 s.
    pub handshake: Duration,
    /// From there to the last byte of the association request; 10 s.
    pub request: Duration,
    /// For the TCP connection to the PACS; 5 s.
    pub dial: Duration,
    /// For the PACS's answer to the association request; 30 s.
    pub answer: Duration,
    /// Without a whole PDU while no operation is outstanding; 10 min.
    pub idle: Duration,
    /// Without a whole PDU while an operation is outstanding; 2 h.
    pub operation: Duration,
    /// For 1 KiB more inside a PDU; 10 s.
    pub progress: Duration,
    /// For a peer that takes nothing of what is written to it; 60 s.
    pub write_stall: Duration,
    /// Between TCP keepalive probes, on both sides, in whole seconds; 60 s.
    pub keepalive: Duration,
    /// For the peer to close after a rejection, an abort or a release; 2 s.
    pub close: Duration,
    /// For open associations at shutdown; 30 s.
    pub drain: Duration,
    /// For an association as a whole; without an end by default.
    pub lifetime: Option<Duration>,
    /// The longest PDU that is announced to either side, in bytes (PS3.8 section D.1); 1 MiB.
    pub max_pdu: u32,
    /// Associations at a time of a peer that has no number of its own; 32.
    pub peer_associations: u32,
    /// Associations at a time to a PACS that has no number of its own; 128.
    pub pacs_associations: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2_048,
            handshakes: 256,
            per_source: 128,
            handshake: Duration::from_secs(10),
            request: Duration::from_secs(10),
            dial: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            idle: Duration::from_secs(10 * MINUTE),
            operation: Duration::from_secs(2 * HOUR),
            progress: Duration::from_secs(10),
            write_stall: Duration::from_secs(MINUTE),
            keepalive: Duration::from_secs(MINUTE),
            close: Duration::from_secs(2),
            drain: Duration::from_secs(30),
            lifetime: None,
            max_pdu: 1024 * 1024,
            peer_associations: 32,
            pacs_associations: 128,
        }
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The shortest deadline: less cannot be met over any network.
const SHORTEST: Duration = Duration::from_millis(10);
/// What a step of a connection may take before the slot is worth more to somebody else.
const STEP: RangeInclusive<Duration> = SHORTEST..=Duration::from_secs(10 * MINUTE);
/// What an association may wait.
const WAIT: RangeInclusive<Duration> = SHORTEST..=Duration::from_secs(7 * DAY);
/// Linux counts keepalive in seconds, up to 32,767.
const KEEPALIVE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(2 * HOUR);
const DRAIN: RangeInclusive<Duration> = SHORTEST..=Duration::from_secs(HOUR);
/// From the least that DCMTK announces to more than any device is known to send.
const MAX_PDU: RangeInclusive<u32> = 4 * 1024..=64 * 1024 * 1024;

/// Every key, all of which the environment may override.
pub(super) const KEYS: [&str; 18] = [
    "connections",
    "handshakes",
    "per_source",
    "handshake",
    "request",
    "dial",
    "answer",
    "idle",
    "operation",
    "progress",
    "write_stall",
    "keepalive",
    "close",
    "drain",
    "lifetime",
    "max_pdu",
    "peer_associations",
    "pacs_associations",
];

pub(super) fn read(mut table: Section<'_>) -> Limits {
    let usual = Limits::default();
    let limits = Limits {
        connections: table.or("connections", usual.connections, count),
        handshakes: table.or("handshakes", usual.handshakes, count),
        per_source: table.or("per_source", usual.per_source, count),
        handshake: table.or("handshake", usual.handshake, step),
        request: table.or("request", usual.request, step),
        dial: table.or("dial", usual.dial, step),
        answer: table.or("answer", usual.answer, step),
        idle: table.or("idle", usual.idle, wait),
        operation: table.or("operation", usual.operation, wait),
        progress: table.or("progress", usual.progress, step),
        write_stall: table.or("write_stall", usual.write_stall, step),
        keepalive: table.or("keepalive", usual.keepalive, |node| duration(node, &KEEPALIVE)),
        close: table.or("close", usual.close, step),
        drain: table.or("drain", usual.drain, |node| duration(node, &DRAIN)),
        lifetime: table.optional("lifetime", wait).map(|at| at.value),
        max_pdu: table.or("max_pdu", usual.max_pdu, max_pdu),
        peer_associations: table.or("peer_associations", usual.peer_associations, count),
        pacs_associations: table.or("pacs_associations", usual.pacs_associations, count),
    };
    table.finish();
    limits
}

fn step(node: &Node) -> Result<Duration, Mistake> {
    duration(node, &STEP)
}

fn wait(node: &Node) -> Result<Duration, Mistake> {
    duration(node, &WAIT)
}

/// A number of connections or associations.
pub(super) fn count(node: &Node) -> Result<u32, Mistake> {
    within(node.integer()?, ASSOCIATIONS).map_err(Mistake::Range)
}

/// The longest PDU, in bytes.
pub(super) fn max_pdu(node: &Node) -> Result<u32, Mistake> {
    if let ValueKind::I64(bare) = node.value {
        let fault = UnitFault::BareSize(bare.try_into().unwrap_or_default());
        return Err(Mistake::Unit(bare.to_string().as_str().into(), fault));
    }
    let text = node.text()?;
    units::size(text, &MAX_PDU).map_err(|fault| Mistake::Unit(text.into(), fault))
}

/// A duration within a range.
pub(super) fn duration(node: &Node, range: &RangeInclusive<Duration>) -> Result<Duration, Mistake> {
    if let ValueKind::I64(bare) = node.value {
        let fault = UnitFault::BareDuration(bare.try_into().unwrap_or_default());
        return Err(Mistake::Unit(bare.to_string().as_str().into(), fault));
    }
    let text = node.text()?;
    units::duration(text, range).map_err(|fault| Mistake::Unit(text.into(), fault))
}
