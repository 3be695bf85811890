//! What is wrong with a set of rules.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::identity_fault::IdentityFault;
use super::matching::lower;
use super::pacs::Pacs;
use super::peer::{KnownBy, Peer};
use super::spot::{Spot, Table};
use super::user::UserRule;
use crate::certificate::{Matcher, Name, NameFault, Usage};
use crate::quoted::Quoted;
use crate::services::{Condition, GroupSet, Service, SopClass};
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

/// How many associations a peer or a PACS may have at once.
pub const ASSOCIATIONS: RangeInclusive<u32> = 1..=100_000;

/// A rule that permits nothing, is ambiguous or cannot be enforced.
///
/// Shown as `table.key: sentence`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// Where.
    pub spot: Spot,
    /// What is wrong there.
    pub what: PolicyFault,
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyFault {
    /// Two tables of one kind have the same name.
    SameName,
    /// A list without an entry: it permits nothing.
    Empty,
    /// A number outside of its range.
    Range(OutOfRange),
    /// A text by which no certificate is recognised.
    Name(Quoted, NameFault),
    /// The peer names a PACS that is not there.
    UnknownPacs(Arc<str>),
    /// One called title cannot lead to two PACS.
    SameCalledTitle {
        /// The title.
        title: AeTitle,
        /// Where another PACS has it.
        first: Spot,
    },
    /// One certificate cannot belong to two peers.
    SameMatcher {
        /// Where another peer has it.
        first: Spot,
    },
    /// Something whose enforcement is not built yet: why.
    NotEnforced(&'static str),
    /// A peer that shows neither a certificate nor a user: anybody could be it.
    NothingShown,
    /// One calling title cannot be that of a peer without a certificate and of another one: whoever
    /// leaves its certificate away would be the other.
    SharedTitle {
        /// The title.
        title: AeTitle,
        /// Where another peer has it.
        first: Spot,
    },
    /// It is not clear who somebody is, or too many would be.
    Identity(IdentityFault),
    /// A token that could be anybody's of its issuer.
    AnyToken,
    /// `move_to` without a service that moves.
    NothingToMove,
    /// `sop_classes` without a service that it would narrow.
    NothingToNarrow,
    /// A SOP class that narrows nothing: `sop_classes` takes away, it does not add.
    NotNarrowing(Uid),
}

/// A number outside of the range that is allowed for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{number} is outside {} to {}", .range.start(), .range.end())]
pub struct OutOfRange {
    /// The number.
    pub number: i64,
    /// What it may be.
    pub range: RangeInclusive<u32>,
}

/// A number, if it lies within a range.
///
/// # Errors
///
/// The number and the range, where it does not.
pub fn within(number: i64, range: RangeInclusive<u32>) -> Result<u32, OutOfRange> {
    let inside = u32::try_from(number).ok().filter(|number| range.contains(number));
    inside.ok_or(OutOfRange { number, range })
}

/// The smallest maximum length that the gate announces: below it a PDU is mostly headers.
const SMALLEST_PDU: u32 = 1024;

/// Everything that is wrong, PACS first.
pub(super) fn all(peers: &[Peer], pacs: &[Pacs]) -> Vec<PolicyError> {
    let mut errors = Vec::new();
    errors.extend(pacs.iter().flat_map(of_pacs));
    errors.extend(same_names(pacs.iter().map(|pacs| Table::Pacs(pacs.name.clone()))));
    errors.extend(same_called(pacs));
    let names: HashSet<&str> = pacs.iter().map(|pacs| pacs.name.as_ref()).collect();
    errors.extend(peers.iter().flat_map(|peer| of_peer(peer, &names)));
    errors.extend(same_names(peers.iter().map(|peer| Table::Peer(peer.name.clone()))));
    errors.extend(same_matchers(
        peers.iter().map(|it| (Table::Peer(it.name.clone()), it.known_by.certificates().to_vec())),
    ));
    errors.extend(same_matchers(
        pacs.iter().map(|it| (Table::Pacs(it.name.clone()), it.certificates.clone())),
    ));
    errors
}

fn of_pacs(pacs: &Pacs) -> Vec<PolicyError> {
    let table = Table::Pacs(pacs.name.clone());
    let mut errors: Vec<_> = table.faults("certificate", &pacs.certificates, of_matcher).collect();
    if pacs.called.is_empty() {
        errors.push(table.error("called_ae", None, PolicyFault::Empty));
    }
    let numbers = [
        ("associations", within(pacs.associations.into(), ASSOCIATIONS)),
        ("max_pdu", within(pacs.max_pdu.into(), SMALLEST_PDU..=u32::MAX)),
    ];
    errors.extend(numbers.into_iter().filter_map(|(key, number)| table.outside(key, number)));
    errors
}

fn of_peer(peer: &Peer, pacs: &HashSet<&str>) -> Vec<PolicyError> {
    let table = Table::Peer(peer.name.clone());
    let lists = [
        ("certificate", peer.known_by == KnownBy::Certificate(Vec::new())),
        ("calling_ae", peer.calling.is_empty()),
        ("pacs", peer.pacs.is_empty()),
        ("services", peer.known_by != KnownBy::Nothing && peer.services.is_empty()),
        ("reach", peer.reach.as_ref().is_some_and(|reach| reach.services.is_empty())),
    ];
    let empty = lists.into_iter().filter(|(_, empty)| *empty);
    let mut errors: Vec<_> =
        empty.map(|(key, _)| table.error(key, None, PolicyFault::Empty)).collect();
    errors.extend(table.outside("associations", within(peer.associations.into(), ASSOCIATIONS)));
    errors.extend(table.faults("certificate", peer.known_by.certificates(), of_matcher));
    errors.extend(table.faults("pacs", &peer.pacs, |name| {
        (!pacs.contains(&**name)).then(|| PolicyFault::UnknownPacs(name.clone()))
    }));
    errors.extend(table.faults("operations", &peer.services, |service| {
        let empty =
            |of: &Service| matches!(of, Service::Other { operations, .. } if operations.is_empty());
        empty(service).then_some(PolicyFault::Empty)
    }));
    errors.extend(of_user(&table, peer));
    errors.extend(of_narrowing(&table, peer));
    if !peer.move_to.is_empty() && !peer.services.iter().any(Service::moves) {
        errors.push(table.error("move_to", None, PolicyFault::NothingToMove));
    }
    errors
}

fn of_user(table: &Table, peer: &Peer) -> Option<PolicyError> {
    match &peer.user {
        UserRule::NotNeeded if peer.known_by != KnownBy::User => None,
        UserRule::NotNeeded => Some(table.error("certificate", None, PolicyFault::NothingShown)),
        UserRule::Password(users) if users.is_empty() => {
            Some(table.error("users", None, PolicyFault::Empty))
        }
        UserRule::Token(rule) if rule.subjects.is_empty() && rule.ae_claim.is_none() => {
            Some(table.error("user_identity", None, PolicyFault::AnyToken))
        }
        UserRule::Password(_) | UserRule::Token(_) => None,
    }
}

fn of_matcher(matcher: &Matcher) -> Option<PolicyFault> {
    let (name, read) = match matcher {
        Matcher::SanDns(name) => (name, Matcher::san_dns(&name.text)),
        Matcher::SanUri(name) => (name, Matcher::san_uri(&name.text)),
        Matcher::CertSha256(_) | Matcher::SpkiSha256(_) => return None,
    };
    read.err().map(|fault| PolicyFault::Name((&*name.text).into(), fault))
}

fn of_narrowing(table: &Table, peer: &Peer) -> Vec<PolicyError> {
    if peer.sop_classes.is_empty() {
        return Vec::new();
    }
    if !peer.services.iter().any(|service| matches!(service, Service::Store | Service::Get)) {
        return vec![table.error("sop_classes", None, PolicyFault::NothingToNarrow)];
    }
    let granted = peer.services.iter().map(GroupSet::of_service);
    let granted = granted.fold(GroupSet::default(), GroupSet::union);
    let narrowed = |class: &Uid| {
        let groups = GroupSet::of_sop_class(class).intersection(granted);
        groups.iter().any(|group| group.condition != Condition::Always)
    };
    let foreign =
        |class: &Uid| (!narrowed(class)).then(|| PolicyFault::NotNarrowing(class.clone()));
    table.faults("sop_classes", &peer.sop_classes, foreign).collect()
}

fn same_names(tables: impl Iterator<Item = Table>) -> Vec<PolicyError> {
    let mut seen = HashSet::new();
    tables
        .filter(|table| !seen.insert(table.clone()))
        .map(|table| table.error("", None, PolicyFault::SameName))
        .collect()
}

fn same_called(pacs: &[Pacs]) -> Vec<PolicyError> {
    let titles = pacs.iter().flat_map(|pacs| {
        let table = Table::Pacs(pacs.name.clone());
        pacs.called.iter().enumerate().map(move |(at, title)| (table.spot("called_ae", at), *title))
    });
    let error = |(first, spot, title)| PolicyError {
        spot,
        what: PolicyFault::SameCalledTitle { title, first },
    };
    shared(titles).map(error).collect()
}

fn same_matchers(
    tables: impl Iterator<Item = (Table, Vec<Matcher>)>,
) -> impl Iterator<Item = PolicyError> {
    let matchers = tables.flat_map(|(table, matchers)| {
        let spot = move |at| table.spot("certificate", at);
        let matchers = matchers.into_iter().enumerate();
        matchers.map(move |(at, one)| (spot(at), compared(&one)))
    });
    let error = |(first, spot, _)| PolicyError { spot, what: PolicyFault::SameMatcher { first } };
    shared(matchers).map(error)
}

/// Each value that another table has already, behind the spots of the first one and its own.
pub(super) fn shared<T: Clone + Eq + Hash>(
    values: impl Iterator<Item = (Spot, T)>,
) -> impl Iterator<Item = (Spot, Spot, T)> {
    let mut owners = HashMap::<T, Spot>::new();
    values.filter_map(move |(spot, value)| {
        let first = owners.entry(value.clone()).or_insert_with(|| spot.clone()).clone();
        (first.table != spot.table).then_some((first, spot, value))
    })
}

/// What a certificate is made for does not tell two apart.
fn compared(matcher: &Matcher) -> Matcher {
    let matcher = matcher.clone().made_for(Usage::Any);
    match matcher {
        Matcher::SanDns(name) => Matcher::SanDns(Name { text: lower(&name.text).into(), ..name }),
        Matcher::SanUri(_) | Matcher::CertSha256(_) | Matcher::SpkiSha256(_) => matcher,
    }
}

impl Table {
    pub(super) fn error(
        &self,
        key: &'static str,
        index: Option<usize>,
        what: PolicyFault,
    ) -> PolicyError {
        PolicyError { spot: Spot { table: self.clone(), key, index }, what }
    }

    fn outside(&self, key: &'static str, number: Result<u32, OutOfRange>) -> Option<PolicyError> {
        number.err().map(|outside| self.error(key, None, PolicyFault::Range(outside)))
    }

    /// What is wrong with the entries of a list.
    pub(super) fn faults<T>(
        &self,
        key: &'static str,
        list: &[T],
        judge: impl Fn(&T) -> Option<PolicyFault>,
    ) -> impl Iterator<Item = PolicyError> {
        let judged =
            list.iter().enumerate().filter_map(move |(at, entry)| Some((at, judge(entry)?)));
        judged.map(move |(at, what)| self.error(key, Some(at), what))
    }
}

impl PolicyFault {
    /// Its sentence, in which `place` says where a first occurrence is.
    pub fn told<P: fmt::Display>(&self, place: impl Fn(&Spot) -> P) -> String {
        match self {
            Self::Identity(fault) => fault.told(place),
            Self::SameName => "is there twice".into(),
            Self::Empty => "is empty; name at least one".into(),
            Self::Range(outside) => outside.to_string(),
            Self::Name(name, fault) => format!("{name} {fault}"),
            Self::UnknownPacs(name) => format!("there is no [{}]", Table::Pacs(name.clone())),
            Self::SameCalledTitle { title, first } => format!(
                "{} leads to {} already, at {}; a called title has one PACS",
                Quoted::from(title.as_str()),
                first.table,
                place(first)
            ),
            Self::SameMatcher { first } => format!(
                "belongs to {} already, at {}; a certificate has one peer, which may have several titles",
                first.table,
                place(first)
            ),
            Self::NothingShown => {
                "says that it shows none, so it has to show a user: add `user_identity`".into()
            }
            Self::SharedTitle { title, first } => format!(
                "{} is a title of {} as well, at {}; a peer without a certificate needs titles of its own",
                Quoted::from(title.as_str()),
                first.table,
                place(first)
            ),
            Self::AnyToken => {
                "lets in every token of the issuer; say by `subjects` or `ae_claim` whose token it is".into()
            }
            Self::NotEnforced(why) => format!(
                "is not enforced by this version, so a configuration with it does not load; {why}"
            ),
            Self::NothingToMove => {
                "is for C-MOVE, and no service of this peer has that; take it out, or add `move` to services".into()
            }
            Self::NothingToNarrow => {
                "narrows store and get, and this peer has neither service; take it out".into()
            }
            Self::NotNarrowing(class) => format!(
                "{} is not in this peer's store or get, which is all that sop_classes narrows; take \
                 it out, or permit it in services by {{ sop_class, operations }}",
                shown(class)
            ),
        }
    }
}

/// A class as people know it.
fn shown(class: &Uid) -> Quoted {
    SopClass::with_uid(class).map_or(class.as_str(), |known| known.keyword).into()
}

impl std::error::Error for PolicyError {}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.spot, self.what)
    }
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(Spot::clone))
    }
}
