//! How a target is reached: where it is, from where it is dialled, and whether it is asked how it is.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use config::ValueKind;
use pacsgate_core::wire::title::AeTitle;

use super::limits::duration;
use super::mistake::{Caution, Mistake};
use super::node::Node;
use super::problems::Problems;
use super::section::{At, Section, judge_entry};
use super::value::Address;
use crate::stream::tls;

/// How a PACS is reached, or a peer outward.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it is: one address at least, in order of preference.
    pub addresses: Vec<Address>,
    /// The address of this machine from which it is dialled; `None` leaves that to the system.
    pub source: Option<IpAddr>,
    /// How it is asked whether it lives; `None` where it is not.
    pub health: Option<Asking>,
    /// How long a preferred address must have been alive again before it is used again, and where it
    /// is not asked, how long one that could not be connected comes last.
    pub fail_back: Duration,
    /// Whether it is told for whom the gate connects.
    pub proxy_protocol: bool,
    /// `None` where it speaks no TLS.
    pub tls: Option<tls::Client>,
}

/// How a PACS is asked whether it lives: a C-ECHO in an association of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// From one question to the next.
    pub every: Duration,
    /// From the dialling to the answer of the C-ECHO.
    pub timeout: Duration,
    /// The gate's own title.
    pub calling: AeTitle,
    /// What the PACS is called inside.
    pub called: AeTitle,
}

/// The addresses of one PACS: more than any cluster has.
const MAX_ADDRESSES: usize = 8;
/// Between two questions: more often is a load, more seldom shows nothing in time.
const EVERY: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(HOUR);
const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(HOUR);
const USUAL_TIMEOUT: Duration = Duration::from_secs(5);
/// With a shorter wait for each of two answers, silence shows within two intervals.
const PARTS: u32 = 3;
const FAIL_BACK: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(24 * HOUR);
const USUAL_FAIL_BACK: Duration = Duration::from_secs(5 * 60);
const HOUR: u64 = 60 * 60;

/// The keys of `[pacs.NAME]` that say so.
pub(super) struct Read {
    pub(super) addresses: Vec<At<Address>>,
    pub(super) source: Option<At<IpAddr>>,
    /// From one question to the next, and how long an answer may take.
    every: Option<(Duration, Duration)>,
    fail_back: Duration,
}

pub(super) fn read(table: &mut Section<'_>) -> Read {
    let addresses = addresses(table);
    let every = health(table, addresses.get(1).map(|_| &*addresses));
    let fail_back = table.optional("fail_back", |node| duration(node, &FAIL_BACK));
    if let (Some(at), [_]) = (&fail_back, &*addresses) {
        let key = table.path("fail_back");
        table.problems.caution(at.place, key, &Caution::NothingToFailBackTo);
    }
    let source = table.optional("source_address", source_address);
    let key = table.path("source_address");
    fits(&key, source.as_ref(), &addresses, table.problems);
    Read { addresses, source, every, fail_back: fail_back.map_or(USUAL_FAIL_BACK, |at| at.value) }
}

impl Read {
    /// `None` where something was refused.
    pub(super) fn into_target(
        self,
        called: Option<AeTitle>,
        calling: Option<AeTitle>,
        proxy_protocol: bool,
        tls: Option<tls::Client>,
    ) -> Option<Target> {
        let (called, calling) = (called?, calling?);
        let addresses: Vec<_> = self.addresses.into_iter().map(|at| at.value).collect();
        let asking = |(every, timeout)| Asking { every, timeout, calling, called };
        (!addresses.is_empty()).then(|| Target {
            addresses,
            source: self.source.map(|at| at.value),
            health: self.every.map(asking),
            fail_back: self.fail_back,
            proxy_protocol,
            tls,
        })
    }
}

impl Asking {
    /// How long an answer may take where that is not said.
    pub(crate) fn usual_timeout(every: Duration) -> Duration {
        USUAL_TIMEOUT.min(every / PARTS)
    }
}

impl Target {
    /// One address, which is not asked how it is.
    pub(super) const fn single(
        addresses: Vec<Address>,
        source: Option<IpAddr>,
        tls: Option<tls::Client>,
    ) -> Self {
        let (health, fail_back, proxy_protocol) = (None, USUAL_FAIL_BACK, false);
        Self { addresses, source, health, fail_back, proxy_protocol, tls }
    }
}

/// One address, or a list of some; each once.
fn addresses(table: &mut Section<'_>) -> Vec<At<Address>> {
    let Some(node) = table.demand("address") else { return Vec::new() };
    let place = node.place;
    if !matches!(node.value, ValueKind::Array(_)) {
        let key = table.path("address");
        return table.judge(&key, &node, only_address).into_iter().collect();
    }
    let items = table.items("address", Some(node));
    if items.len() > MAX_ADDRESSES {
        let mistake = Mistake::TooManyAddresses(items.len(), MAX_ADDRESSES);
        table.mistake_at("address", Some(place), &mistake);
    }
    let mut once: Vec<At<Address>> = Vec::new();
    for item in &items {
        let read = judge_entry(item, address, table.problems);
        // What stands there twice has been told.
        once.extend(read.filter(|at| once.iter().all(|other| other.value != at.value)));
    }
    once
}

/// The interval and the time for an answer; `several` addresses without both are told of.
fn health(
    table: &mut Section<'_>,
    several: Option<&[At<Address>]>,
) -> Option<(Duration, Duration)> {
    let has_health = table.has("health");
    let every = table.optional("health", |node| duration(node, &EVERY));
    let timeout = table.optional("health_timeout", |node| duration(node, &TIMEOUT));
    if let Some(at) = timeout.as_ref().filter(|_| !has_health) {
        table.mistake_at("health_timeout", Some(at.place), &Mistake::WithoutHealth);
    }
    if let Some(first) = several.and_then(<[_]>::first).filter(|_| !has_health) {
        let key = table.path("address");
        table.problems.caution(first.place, key, &Caution::ListWithoutHealth);
    }
    let every = every?.value;
    if let Some(at) = timeout.as_ref().filter(|at| at.value >= every) {
        table.mistake_at("health_timeout", Some(at.place), &Mistake::TimeoutBeyondHealth);
    }
    Some((every, timeout.map_or_else(|| Asking::usual_timeout(every), |at| at.value)))
}

/// One that is not in a list; several of them belong in one.
fn only_address(node: &Node) -> Result<Address, Mistake> {
    address(node).map_err(|mistake| node.text().ok().and_then(in_one_string).unwrap_or(mistake))
}

fn in_one_string(text: &str) -> Option<Mistake> {
    let is_between = |found: char| matches!(found, ',' | ';') || found.is_whitespace();
    let parts = text.split(is_between).filter(|part| !part.is_empty());
    let parts: Vec<_> = parts.collect();
    let is_list = parts.len() > 1 && parts.iter().all(|part| part.parse::<Address>().is_ok());
    let parts = || parts.iter().map(|part| (*part).into()).collect();
    is_list.then(|| Mistake::AddressesInOneString(text.into(), parts()))
}

pub(super) fn address(node: &Node) -> Result<Address, Mistake> {
    node.parsed(str::parse, Mistake::Address)
}

/// An address of this machine, as IPv4 where it is that. Whether it has it, `check` asks.
pub(super) fn source_address(node: &Node) -> Result<IpAddr, Mistake> {
    let text = node.text()?;
    let address = text.parse().ok().map(|address: IpAddr| address.to_canonical());
    let address = address.filter(|address| !address.is_unspecified() && !address.is_multicast());
    address.ok_or_else(|| Mistake::SourceAddress(text.into()))
}

/// Whether what is dialled can be dialled from there: names may have addresses of both kinds.
pub(super) fn fits(
    key: &str,
    source: Option<&At<IpAddr>>,
    addresses: &[At<Address>],
    problems: &mut Problems,
) {
    let Some(source) = source else { return };
    let is_other = |address: &&At<Address>| {
        let host = address.value.host.parse::<IpAddr>();
        host.is_ok_and(|host| host.to_canonical().is_ipv4() != source.value.is_ipv4())
    };
    if let Some(other) = addresses.iter().find(is_other) {
        let (source_address, address) = (source.value, other.value.clone());
        let first = problems.locate(other.place);
        let mistake = Mistake::SourceOfOtherKind { source_address, address, first };
        problems.mistake(source.place, key, &mistake);
    }
}
