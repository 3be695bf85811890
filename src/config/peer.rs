//! `[peer.NAME]`: who may connect, as what, to where and for what.

use std::sync::Arc;

use config::ValueKind;
use ipnet::IpNet;
use pacsgate_core::certificate::{Ca, Digest, Matcher, Usage};
use pacsgate_core::inspector::{Caps, Guarding};
use pacsgate_core::policy::{Peer, Spot};
use pacsgate_core::services::{Operation, Role, Service, SopClass};
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;

use super::guarding;
use super::limits::{self, Limits};
use super::mistake::{Caution, Mistake};
use super::node::Node;
use super::pacs::title;
use super::problems::Problems;
use super::section::{At, Item, Section, judge_entry, place_of};
use super::source::Place;
use super::suggestion::Suggestion;
use super::{user, value};

const NO_CERTIFICATE: &str = "none";
const USAGES: [(&str, Usage); 2] = [("client", Usage::Client), ("any", Usage::Any)];
const ROLES: [(&str, Role); 2] = [("scu", Role::Scu), ("scp", Role::Scp)];

/// A peer with the places that other tables are compared with.
pub(super) struct Read {
    pub(super) name: Arc<str>,
    pub(super) place: Place,
    /// Where it says that it shows none.
    pub(super) shows_none: Option<Place>,
    pub(super) certificates: Vec<At<Matcher>>,
    pub(super) user: user::Read,
    pub(super) calling: Vec<At<AeTitle>>,
    pub(super) pacs: Vec<At<Arc<str>>>,
    pub(super) sop_classes: Vec<At<Uid>>,
    pub(super) move_to: Vec<At<AeTitle>>,
    /// Whether nothing was wrong in its table.
    pub(super) is_sound: bool,
    contact: Option<Arc<str>>,
    pub(super) from: Vec<At<IpNet>>,
    /// What its table says of its associations.
    pub(super) associations: Option<At<u32>>,
    services: Vec<At<Service>>,
    guarding: Guarding,
    usual_associations: u32,
    caps: Caps,
}

pub(super) fn read(name: &str, node: Node, limits: &Limits, problems: &mut Problems) -> Read {
    let before = problems.count();
    let mut table = Section::open(format!("peer.{name}"), node, problems);
    let contact = table.optional("contact", |node| node.text().map(Arc::from));
    let (shows_none, certificates) = certificates(&mut table);
    let mut read = Read {
        name: name.into(),
        place: table.place,
        shows_none,
        certificates,
        user: user::read(&mut table),
        contact: contact.map(|at| at.value),
        calling: table.list("calling_ae", title),
        from: table.optional_list("from", |node| node.parsed(value::network, Mistake::Network)),
        pacs: table.list("pacs", |node| node.text().map(Arc::from)),
        services: table.each("services", service),
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
    };
    table.finish();
    read.is_sound = problems.count() == before;
    read
}

impl Read {
    /// The digests by which its certificate is recognised.
    pub(super) fn pins(&self) -> impl Iterator<Item = &Matcher> {
        self.certificates.iter().map(|at| &at.value).filter(|matcher| is_pin(matcher))
    }

    /// What the policy needs.
    pub(super) fn to_peer(&self, issuers: &[Arc<str>]) -> Peer {
        Peer {
            needs_certificate: self.shows_none.is_none(),
            user: self.user.rule(issuers),
            name: Arc::clone(&self.name),
            contact: self.contact.clone(),
            certificates: values(&self.certificates),
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

    /// Where something stands that the policy may have to say something about; a list as a whole
    /// stands at its first entry.
    pub(super) fn place(&self, spot: &Spot) -> Option<Place> {
        let at = spot.index.unwrap_or(0);
        match spot.key {
            "certificate" => place_of(&self.certificates, at).or(self.shows_none),
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
fn certificates(table: &mut Section<'_>) -> (Option<Place>, Vec<At<Matcher>>) {
    let usage = table.optional("accept_eku", |node| node.one_of("a usage", &USAGES));
    let Some(node) = table.demand("certificate") else { return (None, Vec::new()) };
    let place = node.place;
    if let ValueKind::String(text) = &node.value {
        if text == NO_CERTIFICATE {
            return (Some(place), Vec::new());
        }
        let mistake = Mistake::Certificate(text.as_str().into());
        table.mistake_at("certificate", Some(place), &mistake);
        return (None, Vec::new());
    }
    let items = table.items("certificate", Some(node));
    let matchers = items.into_iter().filter_map(|item| matcher(item, table.problems));
    (None, made_for(matchers.collect(), usage, table))
}

/// The matchers, of certificates for clients or for anything.
fn made_for(
    matchers: Vec<At<Matcher>>,
    usage: Option<At<Usage>>,
    table: &mut Section<'_>,
) -> Vec<At<Matcher>> {
    let Some(At { place, value: usage }) = usage else { return matchers };
    if !matchers.is_empty() && matchers.iter().all(|at| is_pin(&at.value)) {
        let key = table.path("accept_eku");
        table.problems.caution(place, key, &Caution::UsageOfPins);
    }
    let made_for = |at: At<Matcher>| At { place: at.place, value: at.value.made_for(usage) };
    matchers.into_iter().map(made_for).collect()
}

/// One table with one key, and the CA of a name.
fn matcher(item: Item, problems: &mut Problems) -> Option<At<Matcher>> {
    let place = item.node.place;
    if !matches!(item.node.value, ValueKind::Table(_)) {
        let example = "a table, such as { san_dns = \"ct1.example\" }";
        problems.mistake(place, item.key, &item.node.instead_of(example));
        return None;
    }
    let mut table = Section::open(item.key, item.node, problems);
    let ca = table.optional("ca", |node| node.text().map(|name| Ca::Named(name.into())));
    let keys = table.len();
    let found = [
        table.optional("san_dns", |node| node.parsed(Matcher::san_dns, Mistake::Matcher)),
        table.optional("san_uri", |node| node.parsed(Matcher::san_uri, Mistake::Matcher)),
        table.optional("cert_sha256", |node| digest(node).map(Matcher::CertSha256)),
        table.optional("spki_sha256", |node| digest(node).map(Matcher::SpkiSha256)),
    ];
    if keys != 1 {
        table.problems.mistake(place, table.key.as_str(), &Mistake::OneMatcher);
    }
    let found = found.into_iter().flatten().next();
    if let (Some(ca), Some(Matcher::CertSha256(_) | Matcher::SpkiSha256(_))) =
        (&ca, found.as_ref().map(|at| &at.value))
    {
        table.mistake_at("ca", Some(ca.place), &Mistake::CaOfPin);
    }
    table.finish();
    let ca = ca.map_or(Ca::Only, |at| at.value);
    found.map(|At { place, value }| At { place, value: value.vouched_for_by(ca) })
}

fn digest(node: &Node) -> Result<Digest, Mistake> {
    node.parsed(value::digest, Mistake::Digest)
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

fn operation(node: &Node) -> Result<Operation, Mistake> {
    node.word("an operation", Operation::ALL.map(Operation::name))
}

fn sop_class(node: &Node) -> Result<Uid, Mistake> {
    let text = node.text()?;
    SopClass::uid_of(text).map_err(|_| match text.parse::<Uid>() {
        Err(fault) if text.starts_with(|first: char| first.is_ascii_digit()) => {
            Mistake::Uid(text.into(), fault)
        }
        _ => Mistake::SopClass(text.into(), nearest_sop_class(text)),
    })
}

fn nearest_sop_class(text: &str) -> Suggestion {
    match Suggestion::new(text, SopClass::all().map(|class| class.keyword)) {
        nearest @ Suggestion::Nearest(_) => nearest,
        Suggestion::OneOf(_) | Suggestion::Instead(_) => {
            Suggestion::Instead("see table A-1 of PS3.6")
        }
    }
}

pub(super) const fn is_pin(matcher: &Matcher) -> bool {
    match matcher {
        Matcher::CertSha256(_) | Matcher::SpkiSha256(_) => true,
        Matcher::SanDns(_) | Matcher::SanUri(_) => false,
    }
}
