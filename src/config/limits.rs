//! `[limits]`: how much and how long.

use std::ops::RangeInclusive;
use std::time::Duration;

use config::ValueKind;
use pacsgate_core::data_set::{Bounds, ELEMENTS, Widths};
use pacsgate_core::policy::{ASSOCIATIONS, within};

use super::mistake::Mistake;
use super::node::Node;
use super::section::Section;
use super::units::{self, UnitFault};

/// Declares the limits, a row for each: what it is, its key, its default, and how it is read.
macro_rules! limits {
    ($($(#[$about:meta])* $key:ident: $value:ty = $default:expr, $read:expr;)+) => {
        /// Limits and deadlines of the whole gate.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits {
            $($(#[$about])* pub $key: $value,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($key: $default,)+ }
            }
        }

        /// Every key, all of which the environment may override.
        pub(super) const KEYS: &[&str] = &[$(stringify!($key),)+];

        pub(super) fn read(mut table: Section<'_>) -> Limits {
            let limits = Limits { $($key: table.or(stringify!($key), $default, $read),)+ };
            table.finish();
            limits
        }
    };
}

limits! {
    /// Connections at a time.
    connections: u32 = 2_048, count;
    /// TLS handshakes under way at a time.
    handshakes: u32 = 256, count;
    /// Connections at a time that are let in, by TLS or at a plain listener, and have sent no request.
    requests: u32 = 256, count;
    /// Connections at a time from one source address, IPv6 counted by /64.
    per_source: u32 = 128, count;
    /// For the header of a balancer, which comes as soon as it has connected; 3 s and more for a packet
    /// that is lost.
    proxy_header: Duration = Duration::from_secs(5), step;
    /// From the accepted connection, or that header, to the end of the TLS handshake.
    handshake: Duration = Duration::from_secs(10), step;
    /// From there, or at a plain listener from the beginning, to the last byte of the association request.
    request: Duration = Duration::from_secs(10), step;
    /// For the verification of a user identity, its wait for others included.
    identity: Duration = Duration::from_secs(5), step;
    /// For the TCP connection to the PACS.
    dial: Duration = Duration::from_secs(5), step;
    /// For the PACS's answer to the association request.
    answer: Duration = Duration::from_secs(30), step;
    /// For a whole message or 1 KiB of one to pass, while no operation is outstanding.
    idle: Duration = Duration::from_secs(10 * MINUTE), wait;
    /// For an outstanding operation to go on, and for a message to end.
    operation: Duration = Duration::from_secs(2 * HOUR), wait;
    /// For 1 KiB more inside a PDU, and of a message that lasts longer than an operation may.
    progress: Duration = Duration::from_secs(10), step;
    /// For a peer that takes nothing of what is written to it.
    write_stall: Duration = Duration::from_secs(MINUTE), step;
    /// Between TCP keepalive probes, on both sides, in whole seconds.
    keepalive: Duration = Duration::from_secs(MINUTE), |node| duration(node, &KEEPALIVE);
    /// For the peer to close after a rejection, an abort or a release; for an idle association at
    /// shutdown.
    close: Duration = Duration::from_secs(2), step;
    /// For outstanding operations at shutdown.
    drain: Duration = Duration::from_secs(30), |node| duration(node, &DRAIN);
    /// For the messages that are under way on an association which a reload has withdrawn.
    reload_grace: Duration = Duration::from_secs(30), |node| duration(node, &DRAIN);
    /// For an association as a whole.
    lifetime: Duration = Duration::from_secs(DAY), wait;
    /// The longest PDU that is announced to either side, in bytes (PS3.8 section D.1).
    max_pdu: u32 = 1024 * 1024, max_pdu;
    /// Elements of a data set from a peer or a PACS that has no number of its own.
    elements: u32 = ELEMENTS, elements;
    /// Bytes of an identifier of a query or retrieval, of a peer that has no number of its own.
    identifier: u32 = Bounds::USUAL.identifier, length;
    /// Bytes of the data set of an N-service, pixel data not counted.
    attributes: u32 = Bounds::USUAL.attributes, length;
    /// Elements in one item of either.
    item_elements: u32 = Bounds::USUAL.item_elements, item_elements;
    /// Runs of `*` in one value of an identifier.
    wildcards: u32 = Bounds::USUAL.wildcards, wildcards;
    /// Elements of a data set or of one item, from a peer or a PACS that has no number of its own.
    level_elements: u32 = Widths::USUAL.elements, level_elements;
    /// Private creators among them.
    private_creators: u32 = Widths::USUAL.creators, private_creators;
    /// Associations at a time of a peer that has no number of its own.
    peer_associations: u32 = 32, count;
    /// Associations at a time to a PACS that has no number of its own.
    pacs_associations: u32 = 128, count;
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

/// From the least that is a cap to thousands in each second.
const OBJECTS: RangeInclusive<u32> = 1..=10_000_000;
/// From what any image has to what fits in no server's memory.
const MOST_ELEMENTS: RangeInclusive<u32> = 10_000..=1_000_000_000;
/// From four times the widest level of a known object to what any server bends under.
const LEVEL_ELEMENTS: RangeInclusive<u32> = 1_000..=1_000_000;
/// From what vendors put into one object to all that fit in the highest number of elements.
const PRIVATE_CREATORS: RangeInclusive<u32> = 100..=1_000_000;

/// From more than any query of one study to a third of what was seen to fill a server's memory.
const LENGTH: RangeInclusive<u32> = 64 * 1024..=256 * 1024 * 1024;
/// From what any query has to what takes a server minutes.
const ITEM_ELEMENTS: RangeInclusive<u32> = 256..=1_000_000;
/// One is the least that a search by the beginning of a name has; what a server can bear beyond a few
/// is for who sets it to know.
const WILDCARDS: RangeInclusive<u32> = 1..=1_000;

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

/// A number of objects within an hour.
pub(super) fn objects(node: &Node) -> Result<u32, Mistake> {
    within(node.integer()?, OBJECTS).map_err(Mistake::Range)
}

/// A number of elements.
pub(super) fn elements(node: &Node) -> Result<u32, Mistake> {
    within(node.integer()?, MOST_ELEMENTS).map_err(Mistake::Range)
}

/// The bytes of a data set that is no object.
pub(super) fn length(node: &Node) -> Result<u32, Mistake> {
    with_unit(node, |text| units::size(text, &LENGTH), UnitFault::BareSize)
}

/// A number of elements in one item.
pub(super) fn item_elements(node: &Node) -> Result<u32, Mistake> {
    within(node.integer()?, ITEM_ELEMENTS).map_err(Mistake::Range)
}

/// A number of wildcards.
pub(super) fn wildcards(node: &Node) -> Result<u32, Mistake> {
    within(node.integer()?, WILDCARDS).map_err(Mistake::Range)
}

/// A number of elements of one level.
pub(super) fn level_elements(node: &Node) -> Result<u32, Mistake> {
    within(node.integer()?, LEVEL_ELEMENTS).map_err(Mistake::Range)
}

/// A number of private creators of one level.
pub(super) fn private_creators(node: &Node) -> Result<u32, Mistake> {
    within(node.integer()?, PRIVATE_CREATORS).map_err(Mistake::Range)
}

/// The longest PDU, in bytes.
pub(super) fn max_pdu(node: &Node) -> Result<u32, Mistake> {
    with_unit(node, |text| units::size(text, &MAX_PDU), UnitFault::BareSize)
}

/// A number of bytes within a range.
pub(super) fn size(node: &Node, range: &RangeInclusive<u32>) -> Result<u32, Mistake> {
    with_unit(node, |text| units::size(text, range), UnitFault::BareSize)
}

/// A duration within a range.
pub(super) fn duration(node: &Node, range: &RangeInclusive<Duration>) -> Result<Duration, Mistake> {
    with_unit(node, |text| units::duration(text, range), UnitFault::BareDuration)
}

fn with_unit<T>(
    node: &Node,
    read: impl FnOnce(&str) -> Result<T, UnitFault>,
    without: fn(u64) -> UnitFault,
) -> Result<T, Mistake> {
    if let ValueKind::I64(number) = node.value {
        let fault = without(number.try_into().unwrap_or_default());
        return Err(Mistake::Unit(number.to_string().as_str().into(), fault));
    }
    node.parsed(read, Mistake::Unit)
}
