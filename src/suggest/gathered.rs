//! All that is kept of an audit, however long it is.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pacsgate_core::certificate::Digest;
use pacsgate_core::wire::title::AeTitle;

use super::certificate::Recognition;
use super::counts::Counts;
use super::doubt;
use super::known::Known;
use super::line::Line;
use super::traffic::{Traffic, short, title};
use crate::config;

/// Who are told apart, beside the peers of the configuration: a large hospital has some thousand
/// devices. Where there are more, those go first that did the least.
pub const MOST: usize = 4096;
/// Titles of which is known how often somebody had them for whom there was no room.
pub const GONE: usize = 16_384;
/// Addresses of which malformed requests and further titles are counted.
pub const ADDRESSES: usize = 1024;
/// A clock may be wrong by so much: what comes later was not written by a gate.
const AHEAD: Duration = Duration::from_secs(86_400);

/// Requests and messages that break a rule: no device of a site sends these day by day.
const MALFORMED: [&str; 24] = [
    "abort-instead-of-request",
    "malformed-called-title",
    "malformed-calling-title",
    "no-presentation-context",
    "no-transfer-syntax",
    "maximum-length-too-small",
    "unknown-pdu",
    "protocol-version",
    "no-application-context",
    "foreign-application-context",
    "unexpected-pdu",
    "associate-too-short",
    "associate-too-long",
    "cut-item-header",
    "item-overrun",
    "item-too-short",
    "trailing-bytes",
    "misplaced-item",
    "even-context-id",
    "repeated-context-id",
    "not-tls",
    "http",
    "requestor-unknown-pdu",
    "requestor-pdu-length",
];

/// By what somebody who is no peer is told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// A certificate.
    Certificate(Recognition),
    /// An address, with the title that was claimed there.
    Address(IpAddr, AeTitle),
}

/// What was found.
#[derive(Debug)]
pub struct Gathered {
    since: SystemTime,
    until: SystemTime,
    /// What the peers of the configuration did.
    pub peers: BTreeMap<Arc<str>, Traffic>,
    /// What came with each certificate of nobody.
    pub certificates: BTreeMap<Recognition, Traffic>,
    /// What came from each address without one, by the titles that were claimed there: as many as one
    /// address may have, and one more.
    pub addresses: BTreeMap<IpAddr, BTreeMap<AeTitle, Traffic>>,
    /// Associations from an address under still other titles.
    pub further: Counts<IpAddr, ADDRESSES>,
    /// Associations of those for whom there was no room, by their titles.
    pub gone: Counts<AeTitle, GONE>,
    /// Associations of which nothing tells who it was: no title, or no address.
    pub nameless: u64,
    /// Lines whose time is none, or is to come.
    pub odd: u64,
    /// Lines of associations that were read.
    pub lines: u64,
    /// The time of the first line that counts.
    pub first: String,
    /// The time of the last one.
    pub last: String,
    /// Whether there is a line from before.
    pub reaches_back: bool,
    /// Malformed requests.
    pub malformed: Counts<IpAddr, ADDRESSES>,
    strangers: usize,
}

impl Gathered {
    /// Of what came between a time and now.
    pub fn between(since: SystemTime, now: SystemTime) -> Self {
        Self {
            since,
            until: now.checked_add(AHEAD).unwrap_or(now),
            peers: BTreeMap::new(),
            certificates: BTreeMap::new(),
            addresses: BTreeMap::new(),
            further: Counts::default(),
            gone: Counts::default(),
            nameless: 0,
            odd: 0,
            lines: 0,
            first: String::new(),
            last: String::new(),
            reaches_back: false,
            malformed: Counts::default(),
            strangers: 0,
        }
    }

    /// Takes a line.
    pub fn take(&mut self, line: &Line, known: &Known<'_>) {
        let at = humantime::parse_rfc3339(&line.time).ok().filter(|at| *at <= self.until);
        let Some(at) = at else {
            // What is no line of an audit at all is passed over.
            self.odd = self.odd.saturating_add(u64::from(!line.event.is_empty()));
            return;
        };
        if at < self.since {
            self.reaches_back = true;
            return;
        }
        self.reach(&line.time);
        if !matches!(&*line.direction, "" | "inward") {
            return;
        }
        let reason = line.reason.as_deref().unwrap_or_default();
        if MALFORMED.contains(&reason)
            && let Some(address) = line.address()
        {
            self.malformed.add(address, 1);
        }
        if line.event == "closed" {
            self.lines = self.lines.saturating_add(1);
            self.closed(line, at, known);
        }
    }

    fn reach(&mut self, time: &str) {
        if self.first.is_empty() || *time < *self.first {
            self.first = short(time);
        }
        if *time > *self.last {
            self.last = short(time);
        }
    }

    fn closed(&mut self, line: &Line, at: SystemTime, known: &Known<'_>) {
        let traffic = if let Some(peer) = known.peer_of(line) {
            self.peers.entry(Arc::clone(&peer.name)).or_default()
        } else {
            let Some(who) = stranger(line) else {
                self.nameless = self.nameless.saturating_add(1);
                return;
            };
            let Some(traffic) = self.place(who) else { return };
            traffic
        };
        traffic.met(line);
        traffic.closed(line, at);
    }

    /// Where the traffic of somebody is kept; `None` where the address has had so many titles that
    /// what comes under another one is only counted.
    fn place(&mut self, who: Who) -> Option<&mut Traffic> {
        let is_there = match &who {
            Who::Certificate(recognition) => self.certificates.contains_key(recognition),
            Who::Address(address, title) => {
                let titles = self.addresses.get(address);
                let is_there = titles.is_some_and(|titles| titles.contains_key(title));
                if !is_there && titles.is_some_and(|titles| titles.len() > doubt::TITLES) {
                    self.further.add(*address, 1);
                    return None;
                }
                is_there
            }
        };
        if !is_there {
            if self.strangers >= MOST {
                self.make_room();
            }
            self.strangers += 1;
        }
        Some(match who {
            Who::Certificate(recognition) => self.certificates.entry(recognition).or_default(),
            Who::Address(address, title) => {
                self.addresses.entry(address).or_default().entry(title).or_default()
            }
        })
    }

    /// Those that are no peers, with what they did.
    pub fn strangers(&self) -> impl Iterator<Item = (Who, &Traffic)> {
        let certificates = self.certificates.iter();
        let certificates =
            certificates.map(|(it, traffic)| (Who::Certificate(it.clone()), traffic));
        let addresses = self.addresses.iter().flat_map(|(address, titles)| {
            titles.iter().map(|(title, traffic)| (Who::Address(*address, *title), traffic))
        });
        certificates.chain(addresses)
    }

    /// Half of the strangers go: those with the fewest associations, and of these the ones that were
    /// seen last the longest ago. What remains of them is whose title it may be.
    fn make_room(&mut self) {
        let rank = |(who, it): (Who, &Traffic)| (it.associations, it.last.clone(), who);
        let mut ranks: Vec<_> = self.strangers().map(rank).collect();
        ranks.sort();
        ranks.truncate(ranks.len().div_ceil(2));
        for (.., who) in ranks {
            if let Some(traffic) = self.remove(&who) {
                self.strangers = self.strangers.saturating_sub(1);
                traffic.titles.iter().for_each(|(title, count)| self.gone.add(*title, count));
                self.gone.add_others(traffic.titles.more());
            }
        }
    }

    fn remove(&mut self, who: &Who) -> Option<Traffic> {
        match who {
            Who::Certificate(recognition) => self.certificates.remove(recognition),
            Who::Address(address, title) => {
                let titles = self.addresses.get_mut(address)?;
                let traffic = titles.remove(title);
                if titles.is_empty() {
                    self.addresses.remove(address);
                }
                traffic
            }
        }
    }
}

fn stranger(line: &Line) -> Option<Who> {
    let address = line.address()?;
    if let Some(shown) = &line.certificate {
        let _: Digest = config::sha256(&shown.sha256).ok()?;
        // It has passed a handshake that knows no pin of it: a CA has vouched for it.
        return Some(Who::Certificate(Recognition::of(shown, true)));
    }
    Some(Who::Address(address, title(line.calling.as_deref())?))
}

#[cfg(test)]
mod tests;
