//! Who of those that were seen may be suggested.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::SystemTime;

use pacsgate_core::services::Service;
use pacsgate_core::wire::title::AeTitle;

use super::doubt::{self, Doubt};
use super::gathered::{Gathered, Who};
use super::known::Known;
use super::rights;
use super::traffic::Traffic;

const DAY: u64 = 86_400;

/// Somebody who is no peer.
#[derive(Clone, Debug)]
pub struct Stranger<'a> {
    /// Who it is.
    pub who: &'a Who,
    /// What it did.
    pub traffic: &'a Traffic,
    /// Why it is not suggested; empty where it is.
    pub doubts: Vec<Doubt>,
    /// The services by which it may do that.
    pub services: Vec<Service>,
    /// Where it may have objects moved, where that is not only to itself.
    pub move_to: Vec<AeTitle>,
    /// Destinations that nobody here has, which are left out.
    pub unknown_destinations: Vec<AeTitle>,
}

/// Judges all that are no peers.
pub fn strangers<'a>(gathered: &'a Gathered, known: &Known<'_>) -> Vec<Stranger<'a>> {
    let strangers = || gathered.kept.iter().filter(|(who, _)| !matches!(who, Who::Peer(_)));
    let addresses = Addresses::of(gathered, known);
    let titles = Titles::of(strangers(), &addresses);
    let mut judged: Vec<_> = strangers()
        .map(|(who, traffic)| {
            let mut doubts = of_titles(who, traffic, known, &titles);
            doubts.extend(addresses.doubts(who));
            doubts.extend(of_amounts(traffic));
            let services = rights::of(traffic);
            if services.is_empty() || traffic.pacs.is_empty() || traffic.titles.is_empty() {
                doubts.push(Doubt::Nothing);
            }
            let (move_to, unknown_destinations) = (Vec::new(), Vec::new());
            Stranger { who, traffic, doubts, services, move_to, unknown_destinations }
        })
        .collect();
    let here = titles_here(&judged, gathered, known);
    judged.iter_mut().for_each(|stranger| stranger.judge_destinations(&here));
    judged
}

impl Stranger<'_> {
    fn judge_destinations(&mut self, here: &BTreeSet<AeTitle>) {
        let moved_to = self.traffic.moved_to.names();
        let is_here = |title: &AeTitle| here.contains(title) || self.traffic.titles.has(title);
        let (there, unknown): (Vec<AeTitle>, Vec<AeTitle>) = moved_to.copied().partition(is_here);
        if there.is_empty() && !unknown.is_empty() {
            self.doubts.push(Doubt::Destinations(unknown.clone()));
        }
        if !there.iter().all(|title| self.traffic.titles.has(title)) {
            self.move_to = there;
        }
        self.unknown_destinations = unknown;
    }
}

/// Titles that somebody here is known or suggested by.
fn titles_here(
    judged: &[Stranger<'_>],
    gathered: &Gathered,
    known: &Known<'_>,
) -> BTreeSet<AeTitle> {
    let suggested = judged.iter().filter(|it| it.doubts.is_empty());
    let suggested = suggested.flat_map(|it| it.traffic.titles.names().copied());
    let configured = known.peers.iter().flat_map(|peer| peer.calling.iter().copied());
    let peers = gathered.kept.iter().filter(|(who, _)| matches!(who, Who::Peer(_)));
    let peers = peers.flat_map(|(_, traffic)| traffic.titles.names().copied());
    suggested.chain(configured).chain(peers).collect()
}

/// What came from each address without a certificate.
struct Addresses(BTreeMap<IpAddr, Vec<Doubt>>);

impl Addresses {
    fn of(gathered: &Gathered, known: &Known<'_>) -> Self {
        let mut seen: BTreeMap<IpAddr, (BTreeSet<AeTitle>, BTreeSet<AeTitle>)> = BTreeMap::new();
        for (who, traffic) in &gathered.kept {
            let Who::Address(address, title) = who else { continue };
            let (calling, called) = seen.entry(*address).or_default();
            calling.insert(*title);
            let nobodys = traffic.called.names().filter(|title| known.pacs_with(title).is_none());
            called.extend(nobodys.copied());
        }
        let doubts = seen.into_iter().map(|(address, (calling, called))| {
            let malformed = gathered.malformed.of(&address);
            let doubts = [
                (calling.len() > doubt::TITLES).then_some(Doubt::Titles(calling.len())),
                (called.len() > doubt::CALLED).then_some(Doubt::Called(called.len())),
                (malformed > doubt::MALFORMED).then_some(Doubt::Malformed(malformed)),
            ];
            (address, doubts.into_iter().flatten().collect())
        });
        Self(doubts.collect())
    }

    fn doubts(&self, who: &Who) -> Vec<Doubt> {
        match who {
            Who::Address(address, _) => self.0.get(address).cloned().unwrap_or_default(),
            Who::Peer(_) | Who::Certificate(_) => Vec::new(),
        }
    }
}

/// Who has which title.
#[derive(Default)]
struct Titles {
    /// Associations from each address that nothing else speaks against.
    addresses: BTreeMap<AeTitle, BTreeMap<IpAddr, u64>>,
    /// Where those with a certificate come from.
    certificates: BTreeMap<AeTitle, BTreeSet<IpAddr>>,
}

impl Titles {
    fn of<'a>(
        strangers: impl Iterator<Item = (&'a Who, &'a Traffic)>,
        addresses: &Addresses,
    ) -> Self {
        let mut titles = Self::default();
        for (who, traffic) in strangers {
            match who {
                Who::Address(address, title) if addresses.doubts(who).is_empty() => {
                    let of_title = titles.addresses.entry(*title).or_default();
                    of_title.insert(*address, traffic.associations);
                }
                Who::Certificate(_) => {
                    for title in traffic.titles.names() {
                        let sources = titles.certificates.entry(*title).or_default();
                        sources.extend(traffic.sources.names().copied());
                    }
                }
                Who::Address(..) | Who::Peer(_) => {}
            }
        }
        titles
    }

    fn doubt(&self, address: IpAddr, title: AeTitle) -> Option<Doubt> {
        let sources = self.certificates.get(&title);
        if sources.is_some_and(|sources| !sources.contains(&address)) {
            return Some(Doubt::TitleOfCertificate(title));
        }
        let of_title = self.addresses.get(&title)?;
        let all: u64 = of_title.values().sum();
        let is_owner =
            |count: u64| count.saturating_mul(doubt::OF) >= all.saturating_mul(doubt::OWNER);
        let owner = of_title.iter().find(|(_, count)| is_owner(**count)).map(|(owner, _)| *owner);
        match owner {
            Some(owner) if owner == address => None,
            Some(owner) => Some(Doubt::TitleOfAddress(title, owner)),
            None => Some(Doubt::TitleOfMany(title, of_title.len())),
        }
    }
}

fn of_titles(who: &Who, traffic: &Traffic, known: &Known<'_>, titles: &Titles) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for title in traffic.titles.names() {
        if let Some(peer) = known.with_title(title) {
            doubts.push(Doubt::TitleOfPeer(*title, peer.name.clone()));
        } else if let Some(pacs) = known.pacs_with(title) {
            doubts.push(Doubt::TitleOfPacs(*title, pacs.name.clone()));
        } else if let Who::Address(address, _) = who {
            doubts.extend(titles.doubt(*address, *title));
        }
    }
    doubts
}

fn of_amounts(traffic: &Traffic) -> Vec<Doubt> {
    let days = days(&traffic.first, &traffic.last);
    let a_day = |count: u64| count.div_ceil(days);
    let (retrievals, moved) = (a_day(traffic.retrievals), a_day(traffic.moved));
    let (answers, open) = (a_day(traffic.answers), traffic.open_queries);
    let doubts = [
        (open > doubt::OPEN_QUERIES).then_some(Doubt::OpenQueries(open)),
        (retrievals > doubt::RETRIEVALS).then_some(Doubt::Retrievals(retrievals)),
        (moved > doubt::MOVED).then_some(Doubt::Moved(moved)),
        (answers > doubt::ANSWERS).then_some(Doubt::Answers(answers)),
    ];
    doubts.into_iter().flatten().collect()
}

/// Begun days between two times of the audit, at least one.
pub fn days(first: &str, last: &str) -> u64 {
    let at = |time: &str| humantime::parse_rfc3339(time).unwrap_or(SystemTime::UNIX_EPOCH);
    let between = at(last).duration_since(at(first)).unwrap_or_default();
    between.as_secs() / DAY + 1
}
