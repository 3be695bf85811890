//! `[listener.NAME]`: the ports, which way they lead, and the certificates on them.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use config::ValueKind;
use ipnet::IpNet;
use pacsgate_core::direction::Direction;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

use super::authorities::{self, Authority};
use super::finding::Location;
use super::limits::duration;
use super::mistake::{Caution, Mistake};
use super::named::{self, Loaded, Origin, dates, load, path};
use super::node::Node;
use super::problems::Problems;
use super::section::{At, Item, Section};
use super::source::Place;
use super::{report_only, value};
use crate::port::Port;
use crate::report_only::ReportOnly;
use crate::stream::tls::{
    ClientCertificate, Exempt, Identity, Pins, Server, Settings, SettingsError,
};
use crate::x509::purpose::{has_key_like, not_for_servers, signed_weakly, without_name};
use crate::x509::validity::{Dated, of_certificate, of_crl};
use crate::x509::{issuing, pem};

/// A port of the gate.
#[derive(Debug)]
pub struct Listener {
    /// The table's name.
    pub name: Arc<str>,
    /// The addresses to listen on, at least one, and where each stands; port 0 lets the system
    /// choose.
    pub bind: Vec<(SocketAddr, Location)>,
}

/// The keys of `[listener.NAME.tls]` that the environment may override.
pub(super) const SCALARS: [&str; 3] = ["certificate", "private_key", "crl_grace"];

const DIRECTIONS: [(&str, Direction); 2] = [
    (Direction::Inward.name(), Direction::Inward),
    (Direction::Outward.name(), Direction::Outward),
];

const DEMANDS: [(&str, ClientCertificate); 2] =
    [("required", ClientCertificate::Required), ("optional", ClientCertificate::Optional)];

/// Longer, and a CA that has stopped issuing lists would not be noticed.
pub(super) const GRACE: RangeInclusive<Duration> =
    Duration::ZERO..=Duration::from_secs(90 * 86_400);

/// A listener with the places that its TLS and other tables are compared with.
pub(super) struct Read {
    pub(super) name: Arc<str>,
    pub(super) place: Place,
    pub(super) bind: Vec<At<SocketAddr>>,
    pub(super) balancers: Vec<At<IpNet>>,
    pub(super) direction: Direction,
    report_only: Option<ReportOnly>,
    /// `None` if something was wrong.
    over: Option<Over>,
}

/// What is spoken there.
enum Over {
    Tls(Material),
    /// Where it says so.
    Plain(Place),
}

/// What the peers say of their certificates that TLS has to know.
pub(super) struct Known {
    pub(super) pins: Pins,
    pub(super) exempt: Exempt,
    /// Whether that is all of it.
    pub(super) is_whole: bool,
}

/// What TLS is made from, each part with its place.
struct Material {
    place: Place,
    identities: Vec<Pair>,
    client_certificate: Option<At<ClientCertificate>>,
    client_ca: Vec<Authority>,
    crls: Vec<Loaded<Vec<CertificateRevocationListDer<'static>>>>,
    crl_grace: Duration,
}

struct Pair {
    /// The table that names them.
    table: String,
    chain: Loaded<Vec<CertificateDer<'static>>>,
    key: Loaded<PrivateKeyDer<'static>>,
}

pub(super) fn read(name: &str, node: Node, problems: &mut Problems) -> Read {
    let mut table = Section::open(format!("listener.{name}"), node, problems);
    let bind = table.list("bind", |node| {
        let text = node.text()?;
        let is_blank = text.contains(char::is_whitespace);
        let mistake = if is_blank { Mistake::BlankInBind } else { Mistake::Bind };
        value::bind(text).ok_or_else(|| mistake(text.into()))
    });
    let balancers = table.optional_list("proxy_protocol_from", |node| {
        let network = node.parsed(value::network, Mistake::Network)?;
        if network.prefix_len() == 0 { Err(Mistake::AnyBalancer(network)) } else { Ok(network) }
    });
    let before = table.problems.count();
    let direction =
        table.or("direction", Direction::Inward, |node| node.one_of("a direction", &DIRECTIONS));
    let report_only = report_only::read(&mut table, direction);
    let (told, is_clear) = table.flag("plain");
    let over = if let Some(at) = told.filter(|at| at.value) {
        plain(&mut table, at.place, direction, &bind)
    } else if !is_clear && !table.has("tls") {
        None
    } else {
        table.demand("tls").map(|node| {
            let key = table.path("tls");
            Over::Tls(material(Section::open(key, node, table.problems)))
        })
    };
    let is_optional = |over: &Over| match over {
        Over::Tls(material) => demand(material.client_certificate.as_ref()),
        Over::Plain(_) => ClientCertificate::Required,
    };
    let optional = over.as_ref().map(is_optional) == Some(ClientCertificate::Optional);
    if direction == Direction::Outward && optional {
        table.mistake_at("tls.client_certificate", None, &Mistake::OptionalOutward);
    }
    let (place, is_sound) = (table.place, table.problems.count() == before);
    table.finish();
    let over = over.filter(|_| is_sound);
    Read { name: name.into(), place, bind, balancers, direction, report_only, over }
}

/// A listener without TLS is in given networks, and has nothing of TLS.
fn plain(
    table: &mut Section<'_>,
    at: Place,
    direction: Direction,
    bind: &[At<SocketAddr>],
) -> Option<Over> {
    let whose = match direction {
        Direction::Inward => "the devices without TLS are",
        Direction::Outward => "the PACS is",
    };
    if let Some(node) = table.take("tls") {
        table.mistake_at("tls", Some(node.place), &Mistake::TlsOfPlain);
    }
    // An address of IPv4 mapped into IPv6 binds as that of IPv4 does.
    for at in bind.iter().filter(|at| at.value.ip().to_canonical().is_unspecified()) {
        table.mistake_at("bind", Some(at.place), &Mistake::PlainEverywhere(at.value, whose));
    }
    Some(Over::Plain(at))
}

impl Read {
    /// Its CAs, unless something is wrong in its table.
    pub(super) fn authorities(&self) -> Option<&[Authority]> {
        self.over.as_ref().map(|over| match over {
            Over::Tls(material) => &*material.client_ca,
            Over::Plain(_) => &[],
        })
    }

    /// Where it says that clients need no certificate.
    pub(super) fn optional_at(&self) -> Option<Place> {
        let Some(Over::Tls(material)) = &self.over else { return None };
        let written = material.client_certificate.as_ref()?;
        (written.value == ClientCertificate::Optional).then_some(written.place)
    }

    /// Whether it may let pass what the policy refuses, so that it serves without a peer.
    pub(super) const fn reports_only(&self) -> bool {
        self.report_only.is_some()
    }

    /// Where it says that there is no TLS.
    pub(super) const fn plain_at(&self) -> Option<Place> {
        match self.over {
            Some(Over::Plain(place)) => Some(place),
            Some(Over::Tls(_)) | None => None,
        }
    }

    /// Whether it is known what it asks clients for.
    pub(super) const fn is_sound(&self) -> bool {
        self.over.is_some()
    }

    /// Those whose connections begin with a header, if there are any.
    pub(super) fn balancers(&self) -> Option<(Arc<str>, Vec<IpNet>)> {
        let networks: Vec<_> = self.balancers.iter().map(|at| at.value).collect();
        (!networks.is_empty()).then(|| (Arc::clone(&self.name), networks))
    }

    /// Makes it, with its TLS where it has that. `None` if something is wrong, which is reported.
    /// That nothing is trusted is told only where all the pins are known.
    pub(super) fn into_listener(
        self,
        known: &Known,
        problems: &mut Problems,
    ) -> Option<(Listener, Port)> {
        let tls = match self.over? {
            Over::Tls(material) => Some(server(&self.name, material, known, problems)?),
            Over::Plain(_) => None,
        };
        let bind = self.bind.iter().map(|at| (at.value, problems.locate(at.place)));
        let bind = bind.collect();
        let port = Port { direction: self.direction, tls, report_only: self.report_only };
        Some((Listener { name: self.name, bind }, port))
    }
}

/// Makes the TLS side of a listener.
fn server(
    name: &str,
    material: Material,
    known: &Known,
    problems: &mut Problems,
) -> Option<Server> {
    let places = Places::of(&format!("listener.{name}.tls"), &material);
    match Server::new(material.into_settings(known)) {
        Ok(tls) => Some(tls),
        Err(errors) => {
            // Without all the pins it is not known whether nothing is trusted.
            let is_known =
                |error: &SettingsError| known.is_whole || *error != SettingsError::NothingTrusted;
            errors.into_iter().filter(is_known).for_each(|error| places.report(error, problems));
            None
        }
    }
}

fn demand(written: Option<&At<ClientCertificate>>) -> ClientCertificate {
    written.map_or(ClientCertificate::Required, |at| at.value)
}

impl Material {
    fn into_settings(self, known: &Known) -> Settings {
        Settings {
            identities: self.identities.into_iter().map(Pair::into_identity).collect(),
            client_certificate: demand(self.client_certificate.as_ref()),
            client_ca: self.client_ca.into_iter().map(Authority::into_client_ca).collect(),
            crls: self.crls.into_iter().flat_map(|file| file.content).collect(),
            crl_grace: self.crl_grace,
            pins: known.pins.clone(),
            exempt: known.exempt.clone(),
        }
    }
}

struct PairOrigin {
    table: String,
    chain: Origin,
    key: Origin,
}

impl Pair {
    fn origin(&self) -> PairOrigin {
        let (chain, key) = (self.chain.origin(), self.key.origin());
        PairOrigin { table: self.table.clone(), chain, key }
    }

    fn leaf(&self) -> &[u8] {
        self.chain.content.first().map_or(&[], |der| der)
    }

    fn into_identity(self) -> Identity {
        Identity { chain: self.chain.content, key: self.key.content }
    }
}

/// Where the parts of a listener's TLS are: TLS names them by number.
struct Places {
    key: String,
    table: Place,
    pairs: Vec<PairOrigin>,
    /// One for each certificate, of which a file may have several, with its key.
    client_ca: Vec<(String, Origin)>,
    /// One for each list, of which a file may have several.
    crls: Vec<Origin>,
}

impl Places {
    fn of(key: &str, material: &Material) -> Self {
        Self {
            key: key.to_owned(),
            table: material.place,
            pairs: material.identities.iter().map(Pair::origin).collect(),
            client_ca: material.client_ca.iter().flat_map(Authority::origins).collect(),
            crls: material
                .crls
                .iter()
                .flat_map(|file| file.content.iter().map(|_| file.origin()))
                .collect(),
        }
    }

    fn report(&self, error: SettingsError, problems: &mut Problems) {
        let table = error.identity().and_then(|at| self.pairs.get(at)).map(|pair| &pair.table);
        let table = table.unwrap_or(&self.key);
        let of = |key: &str| Some(format!("{table}.{key}"));
        let (key, origin) = match error {
            SettingsError::NoIdentity | SettingsError::NothingTrusted | SettingsError::Provider => {
                (None, None)
            }
            SettingsError::IdentityUnparsable(at) => {
                (of("certificate"), self.pairs.get(at).map(|pair| &pair.chain))
            }
            SettingsError::KeyUnusable(at)
            | SettingsError::KeyForeign(at, _)
            | SettingsError::KeyMismatch(at) => {
                (of("private_key"), self.pairs.get(at).map(|pair| &pair.key))
            }
            SettingsError::CaUnparsable(at)
            | SettingsError::CaIsNoCa(at)
            | SettingsError::CaKeyForeign(at, _) => {
                self.client_ca.get(at).map(|(key, origin)| (key.clone(), origin)).unzip()
            }
            SettingsError::CrlWithoutCa => (of("client_crl"), self.crls.first()),
            SettingsError::CrlUnusable(at) => (of("client_crl"), self.crls.get(at)),
        };
        let error = self.in_its_file(error);
        let key = key.unwrap_or_else(|| table.clone());
        match origin {
            Some(Origin { place, path }) => {
                problems.mistake(*place, key, &format!("{}: {error}", path.display()));
            }
            None => problems.mistake(self.table, key, &error),
        }
    }

    /// The number of a CA or of a list counts from the start of its file, as an administrator does.
    fn in_its_file(&self, error: SettingsError) -> SettingsError {
        let of_ca = |at| within(at, self.client_ca.iter().map(|(_, origin)| origin.place));
        match error {
            SettingsError::CaUnparsable(at) => SettingsError::CaUnparsable(of_ca(at)),
            SettingsError::CaIsNoCa(at) => SettingsError::CaIsNoCa(of_ca(at)),
            SettingsError::CaKeyForeign(at, key) => SettingsError::CaKeyForeign(of_ca(at), key),
            SettingsError::CrlUnusable(at) => {
                let places = self.crls.iter().map(|origin| origin.place);
                SettingsError::CrlUnusable(within(at, places))
            }
            SettingsError::NoIdentity
            | SettingsError::IdentityUnparsable(_)
            | SettingsError::KeyUnusable(_)
            | SettingsError::KeyForeign(..)
            | SettingsError::KeyMismatch(_)
            | SettingsError::NothingTrusted
            | SettingsError::CrlWithoutCa
            | SettingsError::Provider => error,
        }
    }
}

/// The number of something among those at the same place.
fn within(at: usize, places: impl Iterator<Item = Place> + Clone) -> usize {
    let own = places.clone().nth(at);
    let first = places.into_iter().position(|place| Some(place) == own);
    at.saturating_sub(first.unwrap_or(0))
}

fn material(mut table: Section<'_>) -> Material {
    let place = table.place;
    let identities = identities(&mut table);
    let client_certificate = table.optional("client_certificate", |node| {
        node.one_of("a way to ask for a certificate", &DEMANDS)
    });
    let client_ca = authorities::read(&mut table);
    let lists = table.take("client_crl");
    let at_lists = lists.as_ref().map(|node| node.place);
    let grace = table.optional("crl_grace", |node| duration(node, &GRACE));
    if let Some(at) = grace.filter(|_| at_lists.is_none()) {
        table.mistake_at("crl_grace", Some(at.place), &Mistake::GraceWithoutCrl("client_crl"));
    }
    let crl_grace = grace.map_or(Duration::ZERO, |at| at.value);
    let before = table.problems.count();
    let crls = crls(&mut table, "client_crl", lists, crl_grace);
    if !client_ca.is_empty() && table.problems.count() == before {
        let certificates = client_ca.iter().flat_map(|ca| ca.file.content.clone());
        revocation(&mut table, &certificates.collect::<Vec<_>>(), at_lists, &crls);
    }
    table.finish();
    Material { place, identities, client_certificate, client_ca, crls, crl_grace }
}

/// Warns where there is no list, and of each CA without one where there are some: TLS then
/// refuses every certificate that no list vouches for.
fn revocation(
    table: &mut Section<'_>,
    client_ca: &[CertificateDer<'_>],
    at_lists: Option<Place>,
    crls: &[Loaded<Vec<CertificateRevocationListDer<'static>>>],
) {
    let key = table.path("client_crl");
    let Some(place) = at_lists else {
        return table.problems.caution(table.place, key, &Caution::NoCrl);
    };
    let lists: Vec<_> = crls.iter().flat_map(|file| &file.content).collect();
    let without = issuing::without_list(client_ca, &lists);
    // A chain may end at another CA of the file; where none has a list, it does not.
    let everybody = without.len() == issuing::count(client_ca);
    for ca in without {
        let caution = Caution::CaWithoutCrl(ca.as_str().into());
        if everybody {
            table.problems.outage(place, key.as_str(), &caution);
        } else {
            table.problems.caution(place, key.as_str(), &caution);
        }
    }
}

/// One certificate with its key, or a list of such pairs.
fn identities(table: &mut Section<'_>) -> Vec<Pair> {
    let certificate = table.demand("certificate");
    let key = table.take("private_key");
    let Some(certificate) = certificate else { return Vec::new() };
    if !matches!(certificate.value, ValueKind::Array(_)) {
        let path = table.path("private_key");
        if key.is_none() {
            table.mistake_at("private_key", None, &Mistake::Missing);
        }
        let certificate = table.judge(&table.path("certificate"), &certificate, named::path);
        let key = key.and_then(|node| table.judge(&path, &node, named::path));
        return load_pair(table, certificate, key).into_iter().collect();
    }
    if let Some(node) = key {
        table.mistake_at("private_key", Some(node.place), &Mistake::KeyBesideList);
    }
    let items = table.items("certificate", Some(certificate));
    let pairs: Vec<_> = items.into_iter().filter_map(|item| pair(item, table.problems)).collect();
    never_shown(&pairs, table.problems);
    pairs
}

/// Warns of each certificate behind one with a key of its kind, which every client prefers.
fn never_shown(pairs: &[Pair], problems: &mut Problems) {
    for (at, pair) in pairs.iter().enumerate() {
        let mut before = pairs.iter().take(at);
        let alike = before.find(|first| has_key_like(first.leaf(), pair.leaf()));
        let Some(first) = alike.map(|first| &first.chain) else { continue };
        let caution = Caution::NeverShown {
            path: pair.chain.path.clone(),
            other: first.path.clone(),
            first: problems.locate(first.place),
        };
        problems.caution(pair.chain.place, format!("{}.certificate", pair.table), &caution);
    }
}

fn pair(item: Item, problems: &mut Problems) -> Option<Pair> {
    let mut table = Section::open(item.key, item.node, problems);
    let certificate = table.required("certificate", path);
    let key = table.required("private_key", path);
    let pair = load_pair(&mut table, certificate, key);
    table.finish();
    pair
}

fn load_pair(
    table: &mut Section<'_>,
    certificate: Option<At<PathBuf>>,
    key: Option<At<PathBuf>>,
) -> Option<Pair> {
    let (chain_key, key_key) = (table.path("certificate"), table.path("private_key"));
    let chain = certificate.and_then(|at| load(&chain_key, &at, pem::certificates, table.problems));
    let key = key.and_then(|at| load(&key_key, &at, pem::private_key, table.problems));
    if let Some(chain) = &chain {
        let what = |at| if at == 0 { Dated::Server } else { Dated::Chain };
        let judge = |at, der: &CertificateDer<'_>, now| of_certificate(der, what(at), now);
        dates(&chain_key, chain, judge, table.problems);
        if let Some(subject) = chain.content.first().and_then(|leaf| not_for_servers(leaf)) {
            let caution = Caution::NotForServers { path: chain.path.clone(), subject };
            table.problems.caution(chain.place, chain_key.as_str(), &caution);
        }
        for subject in chain.content.iter().filter_map(|der| signed_weakly(der)) {
            let caution = Caution::SignedWeakly { path: chain.path.clone(), subject };
            table.problems.caution(chain.place, chain_key.as_str(), &caution);
        }
        if let Some(subject) = chain.content.first().and_then(|leaf| without_name(leaf)) {
            let caution = Caution::Nameless { path: chain.path.clone(), subject };
            table.problems.caution(chain.place, chain_key.as_str(), &caution);
        }
    }
    if let Some(key) = key.as_ref().filter(|key| key.readable_by_others) {
        let caution = Caution::KeyReadableByOthers(key.path.clone());
        table.problems.caution(key.place, key_key.as_str(), &caution);
    }
    Some(Pair { table: table.key.clone(), chain: chain?, key: key? })
}

pub(super) fn crls(
    table: &mut Section<'_>,
    key: &str,
    lists: Option<Node>,
    grace: Duration,
) -> Vec<Loaded<Vec<CertificateRevocationListDer<'static>>>> {
    let mut files = Vec::new();
    for Item { key, node } in table.items(key, lists) {
        let at = table.judge(&key, &node, path);
        files.extend(at.and_then(|at| Some((load(&key, &at, pem::crls, table.problems)?, key))));
    }
    let all: Vec<_> = files.iter().flat_map(|(file, _)| &file.content).collect();
    for (file, key) in &files {
        late(file, key, &all, grace, table.problems);
    }
    files.into_iter().map(|(file, _)| file).collect()
}

/// Warns of the lists of a file that end soon. One that has ended, and that no other one replaces,
/// has everybody refused whose chain it concerns.
fn late(
    file: &Loaded<Vec<CertificateRevocationListDer<'static>>>,
    key: &str,
    all: &[&CertificateRevocationListDer<'_>],
    grace: Duration,
    problems: &mut Problems,
) {
    for list in file.content.iter().filter(|list| !issuing::is_replaced(list, all)) {
        let Some((serves, sentence)) = of_crl(list, grace, problems.now) else { continue };
        let told = format!("{}: {sentence}", file.path.display());
        if serves {
            problems.caution(file.place, key, &told);
        } else {
            problems.outage(file.place, key, &told);
        }
    }
}
