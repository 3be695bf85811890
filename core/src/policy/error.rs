//! What is wrong with a set of rules.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::matching::lower;
use super::peer::{Pacs, Peer};
use crate::certificate::Matcher;
use crate::services::{Condition, GroupSet, Service, is_retired_meta, is_unified_procedure_step};
use crate::wire::associate::MIN_MAXIMUM_LENGTH;
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

/// A table of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// `[peer.NAME]`.
    Peer(Arc<str>),
    /// `[pacs.NAME]`.
    Pacs(Arc<str>),
}

/// A rule that permits nothing, is ambiguous or cannot be enforced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Two tables of one kind have the same name.
    #[error("{0} is there twice")]
    SameName(Table),
    /// A list without an entry.
    #[error("{table} {key}: the list is empty, so it permits nothing")]
    EmptyList {
        /// Where.
        table: Table,
        /// The list's key.
        key: &'static str,
    },
    /// A limit of zero.
    #[error("{0} associations: 0 permits nothing")]
    NoAssociations(Table),
    /// A PDU length that the standard's smallest messages do not fit in.
    #[error("[pacs.{pacs}] max_pdu: {max_pdu} bytes are fewer than {MIN_MAXIMUM_LENGTH}")]
    MaxPdu {
        /// The PACS.
        pacs: Arc<str>,
        /// What it has.
        max_pdu: u32,
    },
    /// One called title cannot lead to two PACS.
    #[error("[pacs.{first}] and [pacs.{second}] called_ae: both have {title:?}")]
    SameCalledTitle {
        /// The PACS that comes first.
        first: Arc<str>,
        /// The other one.
        second: Arc<str>,
        /// The title.
        title: AeTitle,
    },
    /// One certificate cannot belong to two peers.
    #[error("[peer.{first}] and [peer.{second}] certificate: both have {matcher}")]
    SameMatcher {
        /// The peer that comes first.
        first: Arc<str>,
        /// The other one.
        second: Arc<str>,
        /// What both have.
        matcher: Matcher,
    },
    /// Names are compared whole.
    #[error("[peer.{peer}] certificate: {matcher} has a wildcard, but names are compared whole")]
    Wildcard {
        /// The peer.
        peer: Arc<str>,
        /// The matcher.
        matcher: Matcher,
    },
    /// A name without a character.
    #[error("[peer.{peer}] certificate: {matcher} names nothing")]
    BlankName {
        /// The peer.
        peer: Arc<str>,
        /// The matcher.
        matcher: Matcher,
    },
    /// The peer names a PACS that is not there.
    #[error("[peer.{peer}] pacs: there is no [pacs.{pacs}]")]
    UnknownPacs {
        /// The peer.
        peer: Arc<str>,
        /// The missing PACS.
        pacs: Arc<str>,
    },
    /// A SOP class is granted without an operation.
    #[error("[peer.{peer}] services: {sop_class} has no operations, so it permits nothing")]
    NoOperations {
        /// The peer.
        peer: Arc<str>,
        /// The SOP class.
        sop_class: Uid,
    },
    /// What an association permits could not be told from its contexts.
    #[error(
        "[peer.{peer}] services: {sop_class} belongs to the Unified Procedure Step, whose \
         commands name another SOP class than their context; pacsgate cannot judge them yet"
    )]
    UnifiedProcedureStep {
        /// The peer.
        peer: Arc<str>,
        /// The SOP class.
        sop_class: Uid,
    },
    /// No command could have a place on its contexts.
    #[error(
        "[peer.{peer}] services: {sop_class} is a retired meta SOP class, whose commands name its \
         members; pacsgate does not know these and would refuse every command"
    )]
    RetiredMeta {
        /// The peer.
        peer: Arc<str>,
        /// The SOP class.
        sop_class: Uid,
    },
    /// `move_to` without a service that moves.
    #[error("[peer.{peer}] move_to: it is for C-MOVE, and no service of the peer has that")]
    NothingToMove {
        /// The peer.
        peer: Arc<str>,
    },
    /// `sop_classes` without a service that it would narrow.
    #[error("[peer.{peer}] sop_classes: it narrows store and get, and services has neither")]
    NothingToNarrow {
        /// The peer.
        peer: Arc<str>,
    },
    /// `sop_classes` takes away, it does not add.
    #[error(
        "[peer.{peer}] sop_classes: {sop_class} is not in the peer's store or get, and narrowing \
         adds nothing; key-object and {{ sop_class, operations }} in services do"
    )]
    NotNarrowing {
        /// The peer.
        peer: Arc<str>,
        /// The SOP class.
        sop_class: Uid,
    },
}

/// Everything that is wrong, PACS first.
pub(super) fn all(peers: &[Peer], pacs: &[Pacs]) -> Vec<PolicyError> {
    let mut errors = Vec::new();
    errors.extend(pacs.iter().flat_map(of_pacs));
    errors.extend(same_names(pacs.iter().map(|pacs| Table::Pacs(pacs.name.clone()))));
    errors.extend(same_called(pacs));
    let names: HashSet<&str> = pacs.iter().map(|pacs| pacs.name.as_ref()).collect();
    errors.extend(peers.iter().flat_map(|peer| of_peer(peer, &names)));
    errors.extend(same_names(peers.iter().map(|peer| Table::Peer(peer.name.clone()))));
    errors.extend(same_matchers(peers));
    errors
}

fn of_pacs(pacs: &Pacs) -> Vec<PolicyError> {
    let table = || Table::Pacs(pacs.name.clone());
    let mut errors = Vec::new();
    if pacs.called.is_empty() {
        errors.push(PolicyError::EmptyList { table: table(), key: "called_ae" });
    }
    if pacs.associations == 0 {
        errors.push(PolicyError::NoAssociations(table()));
    }
    if pacs.max_pdu < MIN_MAXIMUM_LENGTH {
        errors.push(PolicyError::MaxPdu { pacs: pacs.name.clone(), max_pdu: pacs.max_pdu });
    }
    errors
}

fn of_peer(peer: &Peer, pacs: &HashSet<&str>) -> Vec<PolicyError> {
    let table = || Table::Peer(peer.name.clone());
    let lists = [
        ("certificate", peer.certificates.is_empty()),
        ("calling_ae", peer.calling.is_empty()),
        ("pacs", peer.pacs.is_empty()),
        ("services", peer.services.is_empty()),
    ];
    let empty = lists.into_iter().filter(|(_, empty)| *empty);
    let mut errors: Vec<_> =
        empty.map(|(key, _)| PolicyError::EmptyList { table: table(), key }).collect();
    if peer.associations == 0 {
        errors.push(PolicyError::NoAssociations(table()));
    }
    errors.extend(peer.certificates.iter().filter_map(|matcher| of_matcher(&peer.name, matcher)));
    let unknown = peer.pacs.iter().filter(|name| !pacs.contains(name.as_ref()));
    errors.extend(
        unknown
            .map(|pacs| PolicyError::UnknownPacs { peer: peer.name.clone(), pacs: pacs.clone() }),
    );
    errors.extend(peer.services.iter().filter_map(|service| of_service(&peer.name, service)));
    errors.extend(of_narrowing(peer));
    if !peer.move_to.is_empty() && !peer.services.iter().any(Service::moves) {
        errors.push(PolicyError::NothingToMove { peer: peer.name.clone() });
    }
    errors
}

fn of_matcher(peer: &Arc<str>, matcher: &Matcher) -> Option<PolicyError> {
    let (Matcher::SanDns(name) | Matcher::SanUri(name)) = matcher else { return None };
    let (peer, matcher) = (peer.clone(), matcher.clone());
    if name.is_empty() {
        return Some(PolicyError::BlankName { peer, matcher });
    }
    name.contains('*').then_some(PolicyError::Wildcard { peer, matcher })
}

fn of_service(peer: &Arc<str>, service: &Service) -> Option<PolicyError> {
    let Service::Other { sop_class, operations } = service else { return None };
    let (peer, sop_class) = (peer.clone(), sop_class.clone());
    if is_unified_procedure_step(&sop_class) {
        return Some(PolicyError::UnifiedProcedureStep { peer, sop_class });
    }
    if is_retired_meta(&sop_class) {
        return Some(PolicyError::RetiredMeta { peer, sop_class });
    }
    operations.is_empty().then_some(PolicyError::NoOperations { peer, sop_class })
}

fn of_narrowing(peer: &Peer) -> Vec<PolicyError> {
    if peer.sop_classes.is_empty() {
        return Vec::new();
    }
    if !peer.services.iter().any(|service| matches!(service, Service::Store | Service::Get)) {
        return vec![PolicyError::NothingToNarrow { peer: peer.name.clone() }];
    }
    let granted = peer.services.iter().map(GroupSet::of_service);
    let granted = granted.fold(GroupSet::default(), GroupSet::union);
    let narrowed = |class: &Uid| {
        let groups = GroupSet::of_sop_class(class).intersection(granted);
        groups.iter().any(|group| group.condition != Condition::Always)
    };
    let foreign = peer.sop_classes.iter().filter(|class| !narrowed(class));
    foreign
        .map(|class| PolicyError::NotNarrowing {
            peer: peer.name.clone(),
            sop_class: class.clone(),
        })
        .collect()
}

fn same_names(tables: impl Iterator<Item = Table>) -> Vec<PolicyError> {
    let mut seen = HashSet::new();
    tables
        .filter_map(|table| (!seen.insert(table.clone())).then_some(PolicyError::SameName(table)))
        .collect()
}

fn same_called(pacs: &[Pacs]) -> Vec<PolicyError> {
    let mut owners = HashMap::<AeTitle, &Arc<str>>::new();
    let mut errors = Vec::new();
    for (name, title) in pacs.iter().flat_map(|pacs| pacs.called.iter().map(|t| (&pacs.name, t))) {
        let first = *owners.entry(*title).or_insert(name);
        if first != name {
            let (first, second) = (first.clone(), name.clone());
            errors.push(PolicyError::SameCalledTitle { first, second, title: *title });
        }
    }
    errors
}

fn same_matchers(peers: &[Peer]) -> Vec<PolicyError> {
    let mut owners = HashMap::<Matcher, &Arc<str>>::new();
    let mut errors = Vec::new();
    for (name, matcher) in peers.iter().flat_map(|p| p.certificates.iter().map(|m| (&p.name, m))) {
        let first = *owners.entry(compared(matcher)).or_insert(name);
        if first != name {
            let (first, second) = (first.clone(), name.clone());
            errors.push(PolicyError::SameMatcher { first, second, matcher: matcher.clone() });
        }
    }
    errors
}

fn compared(matcher: &Matcher) -> Matcher {
    match matcher {
        Matcher::SanDns(name) => Matcher::SanDns(lower(name).into()),
        Matcher::SanUri(_) | Matcher::CertSha256(_) | Matcher::SpkiSha256(_) => matcher.clone(),
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(name) => write!(f, "[peer.{name}]"),
            Self::Pacs(name) => write!(f, "[pacs.{name}]"),
        }
    }
}
