//! All that is kept of an audit, however long it is.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pacsgate_core::certificate::Digest;
use pacsgate_core::wire::title::AeTitle;

use super::certificate::Recognition;
use super::claims::{Claims, Holder};
use super::doubt;
use super::known::Known;
use super::line::Line;
use super::traffic::{Traffic, short, title};
use crate::config;

/// Who are told apart, beside the peers of the configuration: a large hospital has some thousand
/// devices. Where there are more, those go first that did the least.
pub const MOST: usize = 4096;
/// Those who were refused and got nowhere, by name.
const REFUSED: usize = 256;
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
    /// Who has claimed which title, at any time.
    pub claims: Claims,
    /// Who was refused, how often, and why at last.
    pub refused: BTreeMap<(IpAddr, AeTitle), (u64, String)>,
    /// Associations of those for whom there was no room.
    pub more: u64,
    /// Associations of which nothing tells who it was: no title, or no address.
    pub nameless: u64,
    /// Lines whose time is none, or is to come.
    pub odd: u64,
    /// Lines that are none of an audit.
    pub foreign: u64,
    /// Lines of associations that were read.
    pub lines: u64,
    /// The time of the first line that counts.
    pub first: String,
    /// The time of the last one.
    pub last: String,
    /// Whether there is a line from before.
    pub reaches_back: bool,
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
            claims: Claims::default(),
            refused: BTreeMap::new(),
            more: 0,
            nameless: 0,
            odd: 0,
            foreign: 0,
            lines: 0,
            first: String::new(),
            last: String::new(),
            reaches_back: false,
            strangers: 0,
        }
    }

    /// Takes a line. Whether it is one of an audit.
    pub fn take(&mut self, line: &Line, known: &Known<'_>) -> bool {
        if line.event.is_empty() {
            self.foreign = self.foreign.saturating_add(1);
            return false;
        }
        let at = humantime::parse_rfc3339(&line.time).ok().filter(|at| *at <= self.until);
        let Some(at) = at else {
            self.odd = self.odd.saturating_add(1);
            return true;
        };
        let is_inward = matches!(&*line.direction, "" | "inward");
        let who = known.who(line).filter(|_| is_inward);
        if is_inward {
            self.claim(line, who.as_ref());
        }
        if at < self.since {
            self.reaches_back = true;
            return true;
        }
        self.reach(&line.time);
        if is_inward && line.event == "closed" {
            self.lines = self.lines.saturating_add(1);
            self.closed(line, at, who);
        } else if is_inward && line.event == "refused" {
            self.refused(line, who.as_ref());
        }
        true
    }

    /// A title is claimed by whoever comes under it, whatever becomes of it.
    fn claim(&mut self, line: &Line, who: Option<&Someone>) {
        let Some(source) = line.address() else { return };
        if MALFORMED.contains(&line.reason.as_deref().unwrap_or_default()) {
            self.claims.add_malformed(source);
        }
        let title = title(line.calling.as_deref());
        let is_end = matches!(&*line.event, "closed" | "refused");
        if let Some((title, who)) = title.zip(who).filter(|_| is_end) {
            self.claims.add(title, who.holder(), source);
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

    fn closed(&mut self, line: &Line, at: SystemTime, who: Option<Someone>) {
        let traffic = match who {
            Some(Someone::Peer(name)) => self.peers.entry(name).or_default(),
            Some(Someone::Stranger(who)) => {
                let Some(traffic) = self.place(who) else { return };
                traffic
            }
            None => {
                self.nameless = self.nameless.saturating_add(1);
                return;
            }
        };
        traffic.met(line);
        traffic.closed(line, at);
    }

    fn refused(&mut self, line: &Line, who: Option<&Someone>) {
        let Some(&Someone::Stranger(Who::Address(address, title))) = who else { return };
        let is_full = self.refused.len() >= REFUSED;
        if !is_full || self.refused.contains_key(&(address, title)) {
            let (count, why) = self.refused.entry((address, title)).or_default();
            *count = count.saturating_add(1);
            *why = short(line.reason.as_deref().unwrap_or_default());
        }
    }

    /// Where the traffic of somebody is kept; `None` where the address has had so many titles that
    /// what comes under another one is only a claim.
    fn place(&mut self, who: Who) -> Option<&mut Traffic> {
        let is_there = match &who {
            Who::Certificate(recognition) => self.certificates.contains_key(recognition),
            Who::Address(address, title) => {
                let titles = self.addresses.get(address);
                let is_there = titles.is_some_and(|titles| titles.contains_key(title));
                if !is_there && titles.is_some_and(|titles| titles.len() > doubt::TITLES) {
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
    /// seen last the longest ago; whoever asked for too much stays for its mark.
    fn make_room(&mut self) {
        let rank = |(who, it): (Who, &Traffic)| {
            let is_marked = doubt::of_amounts(&it.amounts).next().is_some();
            (is_marked, it.associations, it.last.clone(), who)
        };
        let mut ranks: Vec<_> = self.strangers().map(rank).collect();
        ranks.sort();
        ranks.truncate(ranks.len().div_ceil(2));
        for (.., who) in ranks {
            if let Some(traffic) = self.remove(&who) {
                self.strangers = self.strangers.saturating_sub(1);
                self.more = self.more.saturating_add(traffic.associations);
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

/// Whose line it is.
pub enum Someone {
    /// A peer's.
    Peer(Arc<str>),
    /// Nobody's.
    Stranger(Who),
}

impl Someone {
    fn holder(&self) -> Holder {
        match self {
            Self::Peer(name) => Holder::Peer(Arc::clone(name)),
            Self::Stranger(who) => who.holder(),
        }
    }
}

impl Who {
    /// Where it is, without a certificate.
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Certificate(_) => None,
            Self::Address(address, _) => Some(*address),
        }
    }

    /// As who claims titles.
    pub fn holder(&self) -> Holder {
        match self {
            Self::Certificate(recognition) => Holder::Certificate(recognition.clone()),
            Self::Address(..) => Holder::Nobody,
        }
    }
}

impl Known<'_> {
    /// Whose line it is; `None` where nothing tells that.
    fn who(&self, line: &Line) -> Option<Someone> {
        if let Some(peer) = self.peer_of(line) {
            return Some(Someone::Peer(Arc::clone(&peer.name)));
        }
        let address = line.address()?;
        Some(Someone::Stranger(if let Some(shown) = &line.certificate {
            let _: Digest = config::sha256(&shown.sha256).ok()?;
            // It has passed a handshake that knows no pin of it: a CA has vouched for it.
            Who::Certificate(Recognition::of(shown, true))
        } else {
            Who::Address(address, title(line.calling.as_deref())?)
        }))
    }
}

#[cfg(test)]
mod tests;
