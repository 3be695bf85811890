//! A configuration as the daemon uses it: every name resolved, every file read.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use config::{Value, ValueKind};
use pacsgate_core::certificate::Matcher;
use pacsgate_core::direction::Direction;
use pacsgate_core::policy::{Pacs, Peer};
use pacsgate_core::wire::title::AeTitle;

use super::admin::{self, Admin};
use super::finding::{Errors, Finding, Location};
use super::limits::{self, Limits};
use super::listener::{self, Listener};
use super::log::{self, Log};
use super::mistake::Mistake;
use super::node::{Node, Table};
use super::pacs;
use super::problems::{Problems, Purpose};
use super::section::{At, Section};
use super::source::Place;
use super::syslog::Collector;
use super::value::Address;
use super::vouching::Named;
use super::{
    ahead, cross, digest, gate, issuer, passwords, peer, rules, syslog, unwise, vouching, ways,
};
use crate::port::Port;
use crate::site::{self, Site};

/// Everything that a configuration says.
#[derive(Debug)]
pub struct Settings {
    /// The ports; at least one.
    pub listeners: Vec<Listener>,
    /// What connections are judged by.
    pub site: Site,
    /// Where the gate writes what it does.
    pub log: Log,
    /// Where it tells how it is.
    pub admin: Admin,
    /// Where the audit's destination stands.
    pub audit_at: Location,
    /// The collectors that the audit is sent to.
    pub syslog: Vec<Collector>,
    /// What is legal and unwise.
    pub warnings: Vec<Finding>,
    /// How much was read.
    pub loaded: Loaded,
}

/// How much a configuration has, beyond what can be counted in [`Settings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The peers of the policy.
    pub peers: usize,
    /// The main file and the drop-in files.
    pub files: usize,
    /// The files of certificates, keys and revocation lists.
    pub named: usize,
}

impl Loaded {
    fn of(peers: usize, problems: &Problems) -> Self {
        Self { peers, files: problems.sources.files(), named: problems.named.len() }
    }
}

/// What the policy has found, where none of it has found its place.
fn tell_unplaced(errors: &[impl ToString], problems: &mut Problems) {
    if problems.count() == 0 {
        errors.iter().for_each(|error| problems.mistake(Place::MAIN, "", error));
    }
}

/// Every table as it was read.
struct Tables {
    /// The gate's own title.
    title: Option<AeTitle>,
    limits: Limits,
    /// `None` without the table.
    passwords: Option<passwords::Read>,
    log: log::Read,
    admin: admin::Read,
    listeners: Vec<listener::Read>,
    pacs: Vec<pacs::Read>,
    peers: Vec<peer::Read>,
    issuers: Vec<issuer::Read>,
    collectors: Vec<syslog::Read>,
}

/// Reads every table, then compares them.
pub(super) fn resolve(root: Table, mut problems: Problems) -> Result<Settings, Errors> {
    let digest = digest::of(&root);
    let tables = Tables::read(root, &mut problems);
    tables.compare(&mut problems);
    if let Purpose::Check(service) = problems.purpose.clone() {
        let Tables { listeners, pacs, log, admin, collectors, .. } = &tables;
        ahead::judge(listeners, pacs, log, admin, &service, &mut problems);
        ahead::sources(&tables.sources(), &mut problems);
        ahead::spools(collectors, &service, &mut problems);
    }
    let policy = rules::policy(&tables.peers, &tables.pacs, &tables.issuers(), &mut problems);
    let described = tables.described();
    let balancers = tables.listeners.iter().filter_map(listener::Read::balancers).collect();
    let listeners = listeners(tables.listeners, &tables.peers, &tables.pacs, &mut problems);
    let admin = tables.admin.into_admin(&problems);

    let loaded = Loaded::of(tables.peers.len(), &problems);
    let policy = policy.map_err(|errors| tell_unplaced(&errors, &mut problems));
    let audit_at = problems.locate(tables.log.audit.unwrap_or(Place::MAIN));
    let at = |peer: &peer::Read| (Arc::clone(&peer.name), problems.locate(peer.place));
    let peers_at = tables.peers.iter().map(at).collect();
    let syslog = syslog::collectors(&tables.collectors, &problems);
    let found = problems.conclude(tables.log.log.format);
    let Some(policy) = policy.ok().filter(|_| found.problems.is_empty()) else {
        return Err(found);
    };
    let title = tables.title;
    let targets = tables.pacs.into_iter().filter_map(|pacs| pacs.into_target(title)).collect();
    let of_peer = |peer: &peer::Read| Some((Arc::clone(&peer.name), peer.source.as_ref()?.value));
    let sources = tables.peers.iter().filter_map(of_peer).collect();
    let reaches = tables.peers.into_iter().filter_map(peer::Read::into_target).collect();
    let issuers = tables.issuers.into_iter().filter_map(issuer::Read::into_issuer).collect();
    let Tables { limits, passwords, log, .. } = tables;
    let (listeners, ports) = listeners;
    let passwords = passwords.and_then(|read| read.users).unwrap_or_default();
    let collectors = syslog::clients(&syslog);
    let (peers, pacs) = described;
    let site = Site {
        digest,
        policy,
        targets,
        sources,
        reaches,
        collectors,
        limits,
        ports,
        balancers,
        passwords,
        issuers,
        tables: site::Tables { peers, peers_at, pacs },
    };
    let (log, warnings) = (log.log, found.warnings);
    Ok(Settings { listeners, site, log, admin, audit_at, syslog, warnings, loaded })
}

/// The addresses, and what is done there by name; TLS trusts the pins of all peers, or of all PACS.
type Listeners = (Vec<Listener>, HashMap<Arc<str>, Port>);

fn listeners(
    read: Vec<listener::Read>,
    peers: &[peer::Read],
    pacs: &[pacs::Read],
    problems: &mut Problems,
) -> Listeners {
    let of_peers: Vec<_> = peers.iter().map(|peer| &*peer.certificates).collect();
    let is_sound = peers.iter().all(|peer| peer.is_sound);
    let peers = known(&of_peers, is_sound && !problems.incomplete);
    let of_pacs: Vec<_> = pacs.iter().map(|pacs| &*pacs.certificates).collect();
    let pacs = known(&of_pacs, !problems.incomplete);
    let listener = |read: listener::Read| {
        let known = match read.direction {
            Direction::Inward => &peers,
            Direction::Outward => &pacs,
        };
        let (listener, port) = read.into_listener(known, problems)?;
        let name = Arc::clone(&listener.name);
        Some((listener, (name, port)))
    };
    read.into_iter().filter_map(listener).unzip()
}

/// What TLS knows of the certificates of either peers or PACS.
fn known(certificates: &[&[At<Matcher>]], is_whole: bool) -> listener::Known {
    let matchers = || certificates.iter().flat_map(|all| all.iter().map(|at| &at.value));
    listener::Known { pins: matchers().collect(), exempt: matchers().collect(), is_whole }
}

impl Tables {
    fn read(mut root: Table, problems: &mut Problems) -> Self {
        schema(root.remove("schema"), problems);
        let title = gate::read(table("gate", &mut root, problems));
        let limits = limits::read(optional_table("limits", &mut root, problems));
        let passwords = passwords::read(table("passwords", &mut root, problems));
        let log = log::read(optional_table("log", &mut root, problems));
        let admin = admin::read(table("admin", &mut root, problems));
        let mut tables = |kind| named(root.remove(kind));
        Self {
            title,
            passwords,
            log,
            admin,
            listeners: tables("listener")
                .map(|(name, node)| listener::read(&name, node, problems))
                .collect(),
            pacs: tables("pacs")
                .map(|(name, node)| pacs::read(&name, node, &limits, problems))
                .collect(),
            peers: tables("peer")
                .map(|(name, node)| peer::read(&name, node, &limits, problems))
                .collect(),
            issuers: tables("issuer")
                .map(|(name, node)| issuer::read(&name, node, problems))
                .collect(),
            collectors: tables("syslog")
                .map(|(name, node)| syslog::read(&name, node, problems))
                .collect(),
            limits,
        }
    }

    /// What the policy was told.
    fn described(&self) -> (Vec<Peer>, Vec<Pacs>) {
        let issuers = self.issuers();
        let peers = self.peers.iter().map(|peer| peer.to_peer(&issuers));
        (peers.collect(), self.pacs.iter().map(pacs::Read::to_pacs).collect())
    }

    /// The names of those who make tokens.
    fn issuers(&self) -> Vec<Arc<str>> {
        self.issuers.iter().map(|issuer| Arc::clone(&issuer.name)).collect()
    }

    /// Every address that the gate dials, with its key.
    fn targets(&self) -> impl Iterator<Item = (String, &At<Address>)> {
        let pacs = self.pacs.iter().flat_map(|pacs| {
            let key = format!("pacs.{}.address", pacs.name);
            pacs.target.addresses.iter().map(move |address| (key.clone(), address))
        });
        pacs.chain(self.peers.iter().filter_map(|peer| {
            let address = peer.reach.as_ref()?.address.as_ref()?;
            Some((format!("peer.{}.reach.address", peer.name), address))
        }))
    }

    /// Every address that the gate dials from, with its key.
    fn sources(&self) -> Vec<(String, At<IpAddr>)> {
        let pacs = self.pacs.iter().map(|pacs| (format!("pacs.{}", pacs.name), pacs.target.source));
        let peers = self.peers.iter().flat_map(|peer| {
            let reach = peer.reach.as_ref().and_then(|reach| reach.source);
            let table = format!("peer.{}", peer.name);
            [(format!("{table}.reach"), reach), (table, peer.source)]
        });
        let all = pacs.chain(peers);
        all.filter_map(|(table, at)| Some((format!("{table}.source_address"), at?))).collect()
    }

    fn compare(&self, problems: &mut Problems) {
        cross::addresses_are_unique(&self.listeners, &self.admin, problems);
        cross::no_socket_is_the_audit(&self.admin, &self.log, problems);
        let targets: Vec<_> = self.targets().collect();
        cross::no_target_is_the_gate(&self.listeners, &targets, problems);
        cross::sources_fit(&self.peers, &self.pacs, problems);
        issuer::are_told_apart(&self.issuers, problems);
        syslog::are_few_and_apart(&self.collectors, problems);
        // What is missing may stand in a file that could not be read.
        if problems.incomplete {
            return;
        }
        let teaches = self.listeners.iter().any(listener::Read::reports_only);
        let kinds = [
            ("listener", self.listeners.is_empty(), "`pacsgate init` makes one"),
            ("pacs", self.pacs.is_empty(), "`pacsgate init` makes one"),
            ("peer", self.peers.is_empty() && !teaches, "`pacsgate ca issue` writes one"),
        ];
        for (kind, _, cure) in kinds.into_iter().filter(|(_, is_empty, _)| *is_empty) {
            problems.mistake(Place::MAIN, kind, &Mistake::NoTable(cure));
        }
        cross::users_can_be_verified(
            &self.peers,
            &self.issuers(),
            self.passwords.is_some(),
            problems,
        );
        cross::nobody_needs_a_certificate(&self.listeners, &self.peers, problems);
        self.vouch(problems);
        self.warn(problems);
    }

    /// Each direction has its own CAs.
    fn vouch(&self, problems: &mut Problems) {
        let listeners = |direction| {
            let listeners = self.listeners.iter().filter(|it| it.direction == direction);
            listeners.collect::<Vec<_>>()
        };
        let peers = self.peers.iter().map(|peer| Named {
            table: format!("peer.{}", peer.name),
            certificates: &peer.certificates,
            is_sound: peer.is_sound,
        });
        let peers: Vec<_> = peers.collect();
        vouching::names_have_their_ca(&listeners(Direction::Inward), &peers, problems);
        let pacs = self.pacs.iter().map(|pacs| Named {
            table: format!("pacs.{}", pacs.name),
            certificates: &pacs.certificates,
            is_sound: true,
        });
        let pacs: Vec<_> = pacs.collect();
        vouching::names_have_their_ca(&listeners(Direction::Outward), &pacs, problems);
    }

    fn warn(&self, problems: &mut Problems) {
        unwise::called_titles(&self.pacs, problems);
        unwise::calling_titles(&self.peers, problems);
        unwise::titles_of_pacs(&self.pacs, &self.peers, problems);
        unwise::destinations(&self.peers, problems);
        unwise::patterns(&self.pacs, &self.peers, problems);
        unwise::networks(&self.peers, problems);
        if let Some(users) = self.passwords.as_ref().and_then(|read| read.users.as_ref()) {
            unwise::users(&self.peers, users, problems);
        }
        unwise::balancers(&self.listeners, &self.peers, problems);
        ways::without_tls(&self.listeners, &self.peers, problems);
        ways::outward(&self.listeners, &self.peers, &self.pacs, problems);
        ways::taken_for_pacs(&self.listeners, &self.peers, &self.pacs, problems);
        unwise::shares(&self.pacs, &self.peers, problems);
        // A slip in a peer may hide the PACS that it names; where a site is still learned, peers are to come.
        let teaches = self.listeners.iter().any(listener::Read::reports_only);
        if !teaches && self.peers.iter().all(|peer| peer.is_sound) {
            unwise::unused_pacs(&self.pacs, &self.peers, problems);
        }
    }
}

/// The tables of one kind in the order of their names.
fn named(tables: Option<Value>) -> impl Iterator<Item = (String, Node)> {
    let tables = tables.map(|value| Node::new(value, Place::MAIN));
    let tables = tables.and_then(|node| node.into_table().ok()).unwrap_or_default();
    let sorted: BTreeMap<_, _> = tables.into_iter().collect();
    sorted.into_iter().map(|(name, value)| (name, Node::new(value, Place::MAIN)))
}

fn schema(value: Option<Value>, problems: &mut Problems) {
    const SCHEMA: i64 = 1;
    match value.map(|value| Node::new(value, Place::MAIN)) {
        Some(Node { value: ValueKind::I64(SCHEMA), .. }) => {}
        Some(other) => problems.mistake(other.place, "schema", &Mistake::Schema),
        // A main file that could not be parsed may well have one.
        None if problems.incomplete => {}
        None => problems.mistake(Place::MAIN, "schema", &Mistake::Schema),
    }
}

fn optional_table<'p>(key: &str, root: &mut Table, problems: &'p mut Problems) -> Section<'p> {
    let value = root.remove(key).unwrap_or_else(|| Value::from(Table::new()));
    Section::open(key.to_owned(), Node::new(value, Place::MAIN), problems)
}

fn table<'p>(key: &str, root: &mut Table, problems: &'p mut Problems) -> Option<Section<'p>> {
    let node = Node::new(root.remove(key)?, Place::MAIN);
    Some(Section::open(key.to_owned(), node, problems))
}
