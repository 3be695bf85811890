//! `[peer.NAME.reach]`: how a PACS reaches a peer, and what it may send it.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use pacsgate_core::policy::{After, Reach};
use pacsgate_core::services::{Operation, Reception};

use super::classes::{operation, sop_class};
use super::limits::{self, Limits};
use super::mistake::{Caution, Mistake};
use super::node::Node;
use super::outgoing;
use super::problems::Problems;
use super::section::{At, Item, Section, judge_entry};
use super::source::Place;
use super::target::{self, Target};
use super::value::Address;
use crate::stream::tls::Client;

const AFTER: [(&str, bool); 2] = [("request", true), ("any", false)];
/// How long the objects of a C-MOVE may come after its last response. Some archives fetch them from tape.
const WINDOW: Duration = Duration::from_secs(2 * 60 * 60);
/// From what a slow archive needs to the longest that anybody waits for a study.
const WINDOWS: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(7 * 24 * 60 * 60);

/// What a PACS sends; with any other request it asks the device for something, or has it do something.
const SENT: [Operation; 3] = [Operation::CStore, Operation::CEcho, Operation::NEventReport];

/// A reach with the places that other tables are compared with.
pub(super) struct Read {
    pub(super) place: Place,
    pub(super) address: Option<At<Address>>,
    pub(super) source: Option<At<IpAddr>>,
    services: Vec<At<Reception>>,
    after: After,
    associations: u32,
    tls: Option<Client>,
}

pub(super) fn read(mut table: Section<'_>, limits: &Limits) -> Read {
    let place = table.place;
    let after = table.optional("after", |node| node.one_of("a condition", &AFTER));
    if let Some(at) = after.filter(|at| !at.value) {
        let key = table.path("after");
        table.problems.caution(at.place, key, &Caution::AfterAnything);
    }
    let is_asked = after.is_none_or(|at| at.value);
    let window = table.optional("window", |node| limits::duration(node, &WINDOWS));
    if let Some(at) = window.filter(|_| !is_asked) {
        table.mistake_at("window", Some(at.place), &Mistake::WindowOfNothing);
    }
    let window = window.map_or(WINDOW, |at| at.value);
    let (told, is_clear) = table.flag("plain");
    let is_plain = told.is_some_and(|at| at.value);
    let tls = table.take("tls");
    match &tls {
        Some(node) if is_plain => {
            table.mistake_at("tls", Some(node.place), &Mistake::TlsOfPlainReach);
        }
        None if !is_plain && is_clear => {
            table.problems.mistake(place, table.key.as_str(), &Mistake::ReachTransport);
        }
        Some(_) | None => {}
    }
    let tls = tls.and_then(|node| {
        let key = table.path("tls");
        outgoing::read(Section::open(key, node, table.problems))
    });
    let address = table.required("address", target::address);
    let source = table.optional("source_address", target::source_address);
    let key = table.path("source_address");
    target::fits(&key, source.as_ref(), address.as_slice(), table.problems);
    let read = Read {
        place,
        address,
        source,
        services: table.each("services", reception),
        after: if is_asked { After::Request { window } } else { After::Anything },
        associations: table.or("associations", limits.peer_associations, limits::count),
        tls,
    };
    table.finish();
    read
}

impl Read {
    /// What the policy needs.
    pub(super) fn to_reach(&self) -> Reach {
        Reach {
            services: self.services.iter().map(|at| at.value.clone()).collect(),
            after: self.after,
            associations: self.associations,
        }
    }

    /// Where to dial; `None` where the address was refused.
    pub(super) fn into_target(self) -> Option<Target> {
        let source = self.source.map(|at| at.value);
        Some(Target::single(vec![self.address?.value], source, self.tls))
    }
}

/// A name, or a table for what has none.
fn reception(item: Item, problems: &mut Problems) -> Option<At<Reception>> {
    let place = item.node.place;
    if !matches!(item.node.value, config::ValueKind::Table(_)) {
        return judge_entry(&item, named, problems);
    }
    let mut table = Section::open(item.key, item.node, problems);
    let sop_class = table.required("sop_class", sop_class);
    let operations: Vec<Operation> =
        table.list("operations", operation).into_iter().map(|at| at.value).collect();
    let key = table.path("operations");
    table.finish();
    let commands: Vec<_> =
        operations.iter().filter(|it| !SENT.contains(it)).map(|it| it.name()).collect();
    if !commands.is_empty() {
        problems.caution(place, key, &Caution::CommandsDevice(commands.join(", ")));
    }
    Some(At { place, value: Reception::Other { sop_class: sop_class?.value, operations } })
}

fn named(node: &Node) -> Result<Reception, Mistake> {
    node.word("what a peer may receive", Reception::NAMED.iter().filter_map(Reception::name))
}
