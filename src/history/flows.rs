//! What each peer has exchanged with each PACS in the last day, hour by hour.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::audit::Record;

/// How many pairs are told apart. Their names are those of the configuration; beyond these, the rest
/// shares one entry.
pub(super) const PAIRS: usize = 256;
const HOUR: u64 = 3600;
const HOURS: u64 = 24;

/// Between a peer and a PACS, in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The peer; `None` for those for whom there was no room, and for whoever has no table.
    pub peer: Option<Arc<str>>,
    /// The PACS, if it came so far.
    pub pacs: Option<Arc<str>>,
    /// Which way the associations lead.
    pub direction: &'static str,
    /// How much.
    pub amounts: Amounts,
}

/// How much has flowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Amounts {
    /// Associations that were opened.
    pub associations: u64,
    /// Objects that were stored, counted where their association ends, like the bytes.
    pub objects: u64,
    /// Bytes from both sides.
    pub bytes: u64,
    /// What was refused.
    pub refused: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pair {
    peer: Option<Arc<str>>,
    pacs: Option<Arc<str>>,
    direction: &'static str,
}

/// The hours in which something has flowed, the oldest first.
#[derive(Debug, Default)]
struct Hours(VecDeque<(u64, Amounts)>);

#[derive(Debug, Default)]
pub(super) struct Flows(HashMap<Pair, Hours>);

impl Amounts {
    /// Both together.
    pub const fn add(&mut self, other: &Self) {
        self.associations = self.associations.saturating_add(other.associations);
        self.objects = self.objects.saturating_add(other.objects);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.refused = self.refused.saturating_add(other.refused);
    }
}

impl Flows {
    pub(super) fn opened(&mut self, record: &Record, now: SystemTime) {
        self.add(record, Amounts { associations: 1, ..Amounts::default() }, now);
    }

    pub(super) fn closed(&mut self, record: &Record, now: SystemTime) {
        let bytes = record.bytes.as_ref();
        let bytes = bytes.map_or(0, |it| it.from_requestor.saturating_add(it.from_acceptor));
        let amounts = Amounts { objects: record.objects(), bytes, ..Amounts::default() };
        self.add(record, amounts, now);
    }

    pub(super) fn refused(&mut self, record: &Record, now: SystemTime) {
        self.add(record, Amounts { refused: 1, ..Amounts::default() }, now);
    }

    fn add(&mut self, record: &Record, amounts: Amounts, now: SystemTime) {
        let hour = hour(now);
        let (peer, pacs) = (record.peer.clone(), record.pacs.clone());
        let mut pair = Pair { peer, pacs, direction: record.direction };
        if !self.0.contains_key(&pair) && self.0.len() >= PAIRS {
            self.0.retain(|_, hours| !hours.is_over(hour));
            if self.0.len() >= PAIRS {
                pair = Pair { peer: None, pacs: None, direction: record.direction };
            }
        }
        self.0.entry(pair).or_default().add(amounts, hour);
    }

    pub(super) fn until(&self, now: SystemTime) -> Vec<Flow> {
        let hour = hour(now);
        let flows = self.0.iter().filter(|(_, hours)| !hours.is_over(hour));
        let flow = |(pair, hours): (&Pair, &Hours)| {
            let Pair { peer, pacs, direction } = pair.clone();
            Flow { peer, pacs, direction, amounts: hours.total(hour) }
        };
        let mut flows: Vec<_> = flows.map(flow).collect();
        let rank = |flow: &Flow| {
            let Amounts { bytes, associations, refused, .. } = flow.amounts;
            (bytes, associations, refused)
        };
        flows.sort_by(|one, other| {
            let names = (&one.peer, &one.pacs).cmp(&(&other.peer, &other.pacs));
            rank(other).cmp(&rank(one)).then(names)
        });
        flows
    }
}

impl Hours {
    fn add(&mut self, amounts: Amounts, hour: u64) {
        while self.0.front().is_some_and(|(first, _)| is_over(*first, hour)) {
            self.0.pop_front();
        }
        match self.0.back_mut().filter(|(last, _)| *last >= hour) {
            Some((_, last)) => last.add(&amounts),
            None => self.0.push_back((hour, amounts)),
        }
    }

    fn is_over(&self, hour: u64) -> bool {
        self.0.back().is_none_or(|(last, _)| is_over(*last, hour))
    }

    fn total(&self, hour: u64) -> Amounts {
        let mut total = Amounts::default();
        let hours = self.0.iter().filter(|(number, _)| !is_over(*number, hour));
        hours.for_each(|(_, amounts)| total.add(amounts));
        total
    }
}

fn is_over(hour: u64, now: u64) -> bool {
    hour.saturating_add(HOURS) < now
}

fn hour(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / HOUR
}
