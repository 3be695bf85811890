//! `[peer.NAME]`: who may connect, as what, to where and for what.

use std::net::IpAddr;
use std::sync::Arc;

use config::ValueKind;
use ipnet::IpNet;
use pacsgate_core::certificate::Matcher;
use pacsgate_core::inspector::{Caps, Guarding};
use pacsgate_core::policy::{KnownBy, Peer, Spot};
use pacsgate_core::services::{Role, Service};
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;

use super::classes::{operation, sop_class};
use super::guarding;
use super::limits::{self, Limits};
use super::mistake::Mistake;
use super::node::Node;
use super::pacs::title;
use super::problems::Problems;
use super::section::{At, Item, Section, judge_entry, place_of};
use super::source::Place;
use super::target::{self, Target};
use super::{matchers, reach, user, value};

const NO_CERTIFICATE: &str = "none";
const ROLES: [(&str, Role); 2] = [("scu", Role::Scu), ("scp", Role::Scp)];

/// What it shows where it connects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    /// A certificate.
    Certificate,
    /// None, as it says there.
    None(Place),
    /// It never connects: it is only reached.
    Nothing,
}

/// A peer with the places that other tables are compared with.
pub(super) struct Read {
    pub(super) name: Arc<str>,
    pub(super) place: Place,
    pub(super) shows: Shows,
    pub(super) certificates: Vec<At<Matcher>>,
    pub(super) user: user::Read,
    pub(super) calling: Vec<At<AeTitle>>,
    pub(super) pacs: Vec<At<Arc<str>>>,
    pub(super) sop_classes: Vec<At<Uid>>,
    pub(super) move_to: Vec<At<AeTitle>>,
    /// Whether nothing was wrong in its table.
    pub(super) is_sound: bool,
    /// From where the PACS are dialled for it.
    pub(super) source: Option<At<IpAddr>>,
    contact: Option<Arc<str>>,
    pub(super) from: Vec<At<IpNet>>,
    /// What its table says of its associations.
    pub(super) associations: Option<At<u32>>,
    services: Vec<At<Service>>,
    guarding: Guarding,
    usual_associations: u32,
    caps: Caps,
    pub(super) reach: Option<reach::Read>,
}

pub(super) fn read(name: &str, node: Node, limits: &Limits, problems: &mut Problems) -> Read {
    let before = problems.count();
    let mut table = Section::open(format!("peer.{name}"), node, problems);
    let contact = table.optional("contact", |node| node.text().map(Arc::from));
    let reach = table.take("reach").map(|node| {
        let key = table.path("reach");
        reach::read(Section::open(key, node, table.problems), limits)
    });
    let is_reached_only = reach.is_some() && !table.has("certificate") && !table.has("services");
    let (shows, certificates) = if is_reached_only {
        table.asked_for(&["certificate", "services"]);
        (Shows::Nothing, Vec::new())
    } else {
        certificates(&mut table)
    };
    let mut read = Read {
        name: name.into(),
        place: table.place,
        shows,
        certificates,
        user: user::read(&mut table),
        contact: contact.map(|at| at.value),
        source: table.optional("source_address", target::source_address),
        calling: table.list("calling_ae", title),
        from: table.optional_list("from", |node| node.parsed(value::network, Mistake::Network)),
        pacs: table.list("pacs", |node| node.text().map(Arc::from)),
        services: match shows {
            Shows::Nothing => Vec::new(),
            Shows::Certificate | Shows::None(_) => table.each("services", service),
        },
        guarding: Guarding {
            bounds: guarding::bounds(&mut table, limits),
            ..guarding::read(&mut table, limits)
        },
        sop_classes: table.optional_list("sop_classes", sop_class),
        move_to: table.optional_list("move_to", title),
        is_sound: false,
        associations: table.optional("associations", limits::count),
        usual_associations: limits.peer_associations,
        caps: Caps {
            per_hour: table.optional("objects_per_hour", limits::objects).map(|at| at.value),
            per_study: table.optional("objects_per_study", limits::objects).map(|at| at.value),
        },
        reach,
    };
    table.finish();
    read.is_sound = problems.count() == before;
    read
}

impl Read {
    /// Where it says that it shows no certificate.
    pub(super) const fn shows_none(&self) -> Option<Place> {
        match self.shows {
            Shows::None(place) => Some(place),
            Shows::Certificate | Shows::Nothing => None,
        }
    }

    /// Whether it is known by its address.
    pub(super) const fn is_plain(&self) -> bool {
        matches!(self.shows, Shows::None(_)) && self.user.kind.is_none()
    }

    /// What the policy needs.
    pub(super) fn to_peer(&self, issuers: &[Arc<str>]) -> Peer {
        Peer {
            known_by: match self.shows {
                Shows::Certificate => KnownBy::Certificate(values(&self.certificates)),
                Shows::None(_) if self.user.kind.is_some() => KnownBy::User,
                Shows::None(_) => KnownBy::Address,
                Shows::Nothing => KnownBy::Nothing,
            },
            user: self.user.rule(issuers),
            name: Arc::clone(&self.name),
            contact: self.contact.clone(),
            reach: self.reach.as_ref().map(reach::Read::to_reach),
            calling: values(&self.calling),
            from: values(&self.from),
            pacs: values(&self.pacs),
            services: values(&self.services),
            sop_classes: values(&self.sop_classes),
            move_to: values(&self.move_to),
            guarding: self.guarding,
            caps: self.caps,
            associations: self.associations.map_or(self.usual_associations, |at| at.value),
        }
    }

    /// Where a PACS reaches it.
    pub(super) fn into_target(self) -> Option<(Arc<str>, Target)> {
        Some((self.name, self.reach?.into_target()?))
    }

    /// Where something stands that the policy may have to say something about; a list as a whole
    /// stands at its first entry.
    pub(super) fn place(&self, spot: &Spot) -> Option<Place> {
        let at = spot.index.unwrap_or(0);
        match spot.key {
            "certificate" => place_of(&self.certificates, at).or(self.shows_none()),
            "from" => place_of(&self.from, at),
            "calling_ae" => place_of(&self.calling, at),
            "user_identity" => self.user.place(),
            "pacs" => place_of(&self.pacs, at),
            "services" => place_of(&self.services, at),
            // Both are judged by all the services, so not where one could not be read.
            "sop_classes" | "move_to" if !self.is_sound => None,
            "sop_classes" => place_of(&self.sop_classes, at),
            "move_to" => place_of(&self.move_to, at),
            _ => None,
        }
    }
}

fn values<T: Clone>(list: &[At<T>]) -> Vec<T> {
    list.iter().map(|at| at.value.clone()).collect()
}

/// Where it says that it shows none, or what it is recognised by.
fn certificates(table: &mut Section<'_>) -> (Shows, Vec<At<Matcher>>) {
    let node = table.demand("certificate");
    let word = node.as_ref().and_then(|node| Some((node.text().ok()?.to_owned(), node.place)));
    let Some((text, place)) = word else {
        return (Shows::Certificate, matchers::read(table, node));
    };
    let none = matchers::read(table, None);
    if text == NO_CERTIFICATE {
        return (Shows::None(place), none);
    }
    let mistake = Mistake::Certificate(text.as_str().into());
    table.mistake_at("certificate", Some(place), &mistake);
    (Shows::Certificate, none)
}

/// A name, or a table for what has none.
fn service(item: Item, problems: &mut Problems) -> Option<At<Service>> {
    let place = item.node.place;
    if !matches!(item.node.value, ValueKind::Table(_)) {
        return judge_entry(&item, named_service, problems);
    }
    let mut table = Section::open(item.key, item.node, problems);
    let sop_class = table.required("sop_class", sop_class);
    let role = table.optional("role", |node| node.one_of("a role", &ROLES));
    let operations = values(&table.list("operations", operation));
    table.finish();
    let role = role.map_or_else(Role::default, |at| at.value);
    Some(At { place, value: Service::Other { sop_class: sop_class?.value, role, operations } })
}

fn named_service(node: &Node) -> Result<Service, Mistake> {
    node.word("a service", Service::NAMED.iter().filter_map(Service::name))
}
