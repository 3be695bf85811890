//! The last refusals, those alike together.
//!
//! Three rooms, none of which fills another: who is known or has a certificate that a CA vouches for;
//! strangers who have at least shown a certificate or a title, as a device does that is not set up yet;
//! and the noise of those who have shown nothing.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pacsgate_core::certificate::Digest;

use crate::audit::{PeerText, Record, Standing};
use crate::net::Source;

/// How many are kept of those who are known.
pub(super) const KNOWN: usize = 34;
/// Of strangers who have shown something: with those below, a third of all.
pub(super) const STRANGERS: usize = 10;
/// Of strangers who have shown nothing.
pub(super) const NOISE: usize = 6;
/// How many of one who is known: one device has not all the room.
pub(super) const OF_ONE: usize = 6;
/// Why a device is refused all of whose contexts are for what it may not.
const OF_CONTEXTS: &str = "no-permitted-service";
/// How often what a stranger shows is taken anew: a flood costs no more than counting.
const ANEW: Duration = Duration::from_secs(1);

/// Somebody was refused, once or more often, for one reason.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Which one it is, as long as it is kept.
    pub number: u64,
    /// When it happened for the first time.
    pub first: SystemTime,
    /// When it happened last.
    pub last: SystemTime,
    /// How often.
    pub count: u64,
    /// When the same thing was permitted last.
    pub permitted: Option<SystemTime>,
    /// What the audit says of the last time.
    pub record: Arc<Record>,
    who: Who,
}

/// By what those are known who are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    Peer(Arc<str>),
    Pacs(Arc<str>),
    Certificate(Digest),
    Source(Source),
}

#[derive(Debug, Default)]
pub(super) struct Refusals {
    known: VecDeque<Refused>,
    strangers: VecDeque<Refused>,
    noise: VecDeque<Refused>,
    /// How many have been kept so far.
    number: u64,
}

impl Refused {
    /// Whether nobody has vouched for it.
    pub fn is_strangers(&self) -> bool {
        matches!(self.record.standing, Standing::Stranger | Standing::Passerby)
    }

    /// Whether it has a table in the configuration.
    pub fn is_known(&self) -> bool {
        self.record.standing == Standing::Peer
    }

    fn is(&self, who: &Who, record: &Record) -> bool {
        self.who == *who && (self.record.event, self.record.reason) == (record.event, record.reason)
    }

    /// Whether this association is what was refused before: by the same titles, from the same address, at
    /// the same listener. What a device asks for in its contexts changes by the configuration alone.
    fn is_permitted_by(&self, opened: &Record) -> bool {
        let refused = &self.record;
        let place = |record: &Record| {
            (
                record.direction,
                record.plain,
                Source::of(record.source.ip()),
                record.listener.clone(),
            )
        };
        // One that came no further than TLS has told no titles.
        let is_same = |refused: Option<&PeerText>, opened| refused.is_none() || refused == opened;
        refused.reason != Some(OF_CONTEXTS)
            && place(refused) == place(opened)
            && is_same(refused.calling.as_ref(), opened.calling.as_ref())
            && is_same(refused.called.as_ref(), opened.called.as_ref())
    }

    fn again(&mut self, record: &Record, now: SystemTime) {
        let is_due = now.duration_since(self.last).is_ok_and(|since| since >= ANEW);
        if is_due || !self.is_strangers() {
            self.record = Arc::new(record.clone());
        }
        self.count = self.count.saturating_add(1);
        self.last = now;
    }
}

impl Refusals {
    pub(super) fn note(&mut self, record: &Record, now: SystemTime) {
        let shows = record.certificate.is_some() || record.calling.is_some();
        let (room, most) = match record.standing {
            Standing::Stranger | Standing::Passerby if shows => (&mut self.strangers, STRANGERS),
            Standing::Stranger | Standing::Passerby => (&mut self.noise, NOISE),
            Standing::VouchedFor | Standing::Peer => (&mut self.known, KNOWN),
        };
        let who = Who::of(record);
        let at = room.iter().position(|kept| kept.is(&who, record));
        if let Some(mut kept) = at.and_then(|at| room.remove(at)) {
            kept.again(record, now);
            return room.push_back(kept);
        }
        if room.iter().filter(|kept| kept.who == who).count() >= OF_ONE
            && let Some(oldest) = room.iter().position(|kept| kept.who == who)
        {
            room.remove(oldest);
        }
        if room.len() >= most {
            make_room(room);
        }
        self.number += 1;
        let (number, record) = (self.number, Arc::new(record.clone()));
        let (first, last, permitted) = (now, now, None);
        room.push_back(Refused { number, first, last, count: 1, permitted, record, who });
    }

    /// An association has been permitted.
    pub(super) fn opened(&mut self, opened: &Record, now: SystemTime) {
        let who = Who::of(opened);
        let of_same = self.known.iter_mut().filter(|kept| kept.who == who);
        for kept in of_same.filter(|kept| kept.is_permitted_by(opened)) {
            kept.permitted = Some(now);
        }
    }

    /// The last one first.
    pub(super) fn last(&self) -> Vec<Refused> {
        let all = self.known.iter().chain(&self.strangers).chain(&self.noise);
        let mut all: Vec<_> = all.cloned().collect();
        all.sort_by_key(|kept| Reverse((kept.last, kept.number)));
        all
    }
}

/// Drops the oldest entry of whoever has the most, so that two who try everything do not push out one that
/// has come once.
fn make_room(room: &mut VecDeque<Refused>) {
    let held = |who: &Who| room.iter().filter(|kept| kept.who == *who).count();
    let held: Vec<_> = room.iter().map(|kept| held(&kept.who)).collect();
    let most = held.iter().max();
    if let Some(oldest) = held.iter().position(|held| Some(held) == most) {
        room.remove(oldest);
    }
}

impl Who {
    fn of(record: &Record) -> Self {
        let source = || Self::Source(Source::of(record.source.ip()));
        let certificate = || record.certificate.as_ref().map(|it| Self::Certificate(it.sha256));
        match record.standing {
            Standing::Peer => {
                let peer = record.peer.clone().map(Self::Peer);
                let peer = peer.or_else(|| record.pacs.clone().map(Self::Pacs));
                peer.or_else(certificate).unwrap_or_else(source)
            }
            Standing::VouchedFor => certificate().unwrap_or_else(source),
            Standing::Stranger | Standing::Passerby => source(),
        }
    }
}
