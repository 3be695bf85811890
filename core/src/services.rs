//! Named sets of SOP classes and the operations on them: what `services = [...]` means.
//!
//! [`table`] is the whole mapping, from service to SOP classes to the DIMSE requests that either
//! side may send. What no service covers, a peer may be given by `{ sop_class, operations }`,
//! apart from the Unified Procedure Step and retired meta SOP classes.

mod naming;
mod negotiation;
mod operation;
mod reception;
mod service;
mod sop_class;
mod standard;
mod storage;
mod tables;

use std::sync::LazyLock;

pub use naming::on_context;
pub(crate) use negotiation::negotiated;
pub use operation::{Operation, Operations, UnknownOperation};
pub use reception::{Reception, is_storage_commitment};
pub use service::{Role, Service, UnknownService};
pub use sop_class::{SopClass, UnknownSopClass};
pub(crate) use tables::GroupSet;
pub use tables::{Condition, Group, Unnamed};

use crate::side::Side;
use crate::table::Table;
use crate::wire::uid::Uid;

/// The mapping of named services to SOP classes and operations, in the order of the services.
pub fn table() -> impl Iterator<Item = &'static Group> {
    tables::GROUPS.iter()
}

/// The SOP classes of the standard that are given by their UID or keyword only.
pub fn unnamed() -> impl Iterator<Item = &'static Unnamed> {
    tables::UNNAMED.iter()
}

/// Whether it is one of the SOP classes of unified procedure steps.
pub(crate) fn is_unified_procedure_step(uid: &Uid) -> bool {
    let mut steps = standard::UPS.iter().chain(&standard::UPS_QUERIED).chain(&standard::UPS_TRIAL);
    steps.any(|class| class.uid == uid.as_str())
}

/// Whether its queries are for patients and studies.
pub(crate) fn is_query_of_studies(uid: &Uid) -> bool {
    const MODELS: [&str; 3] = [
        "1.2.840.10008.5.1.4.1.2.1.1",
        "1.2.840.10008.5.1.4.1.2.2.1",
        "1.2.840.10008.5.1.4.1.2.3.1",
    ];
    MODELS.contains(&uid.as_str())
}

/// Whether C-GET may be requested on contexts of this SOP class, as far as it is known.
pub(crate) fn may_be_retrieved_from(uid: &Uid) -> bool {
    SopClass::with_uid(uid).is_none_or(tables::is_retrieval_model)
}

/// Whether C-GET may return objects of this SOP class, as far as it is known.
pub(crate) fn may_be_retrieved(uid: &Uid) -> bool {
    SopClass::with_uid(uid).is_none_or(|known| !tables::is_retrieval_model(known))
}

/// What some peer could be permitted on a SOP class, by whatever services there are; of one that the
/// standard does not have, all that a requestor may do as its SCU, and what C-GET returns.
pub fn everything(sop_class: &Uid) -> Operations {
    let named = GroupSet::of_sop_class(sop_class).iter();
    let named = named.fold(Operations::NONE, |all, group| all.union(group.operations));
    if !named.is_empty() {
        return named;
    }
    let mut unnamed = tables::UNNAMED.iter();
    let row =
        unnamed.find(|row| row.sop_classes.iter().any(|class| class.uid == sop_class.as_str()));
    let operations = row.map_or(&Operation::ALL[..], |row| row.operations);
    let of_scu = Operations::of_scu(operations);
    if operations.contains(&Operation::CStore) {
        of_scu.and_by_acceptor(&[Operation::CStore])
    } else {
        of_scu
    }
}

/// The name of the service by which a requestor may use a SOP class; the first, where several
/// cover it.
pub fn name_of(sop_class: &Uid) -> Option<&'static str> {
    let mut groups = GroupSet::of_sop_class(sop_class).iter();
    groups.find(|group| group.operations.requestor_is_scu())?.service.name()
}

/// The name of a service by which a requestor may do this on a SOP class.
pub fn name_for(operation: Operation, sop_class: &Uid) -> Option<&'static str> {
    let mut groups = GroupSet::of_sop_class(sop_class).iter();
    groups.find(|group| group.operations.allows(Side::Requestor, operation))?.service.name()
}

/// Whether a SOP class without a service can be permitted by its UID: not where the standard has no
/// operation for it.
pub fn is_permissible(sop_class: &Uid) -> bool {
    let mut unnamed = tables::UNNAMED.iter();
    let row =
        unnamed.find(|row| row.sop_classes.iter().any(|class| class.uid == sop_class.as_str()));
    row.is_none_or(|row| !row.operations.is_empty())
}

impl Service {
    /// Whether C-MOVE belongs to it.
    pub fn moves(&self) -> bool {
        if let Self::Other { operations, .. } = self {
            return operations.contains(&Operation::CMove);
        }
        let mut groups = GroupSet::of_service(self).iter();
        groups.any(|group| group.operations.allows(Side::Requestor, Operation::CMove))
    }
}

impl SopClass {
    /// Every SOP class that is known by keyword, in no particular order, each once.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        BY_UID.values().copied()
    }

    /// The SOP class with this UID.
    pub fn with_uid(uid: &Uid) -> Option<&'static Self> {
        BY_UID.get(uid.as_str()).copied()
    }

    /// Reads a SOP class as the configuration names it: by keyword, or by any UID.
    ///
    /// # Errors
    ///
    /// [`UnknownSopClass`] if the text is neither.
    pub fn uid_of(text: &str) -> Result<Uid, UnknownSopClass> {
        let uid = BY_KEYWORD.get(text).map_or(text, |known| known.uid);
        uid.parse().map_err(|_| UnknownSopClass)
    }
}

static BY_UID: LazyLock<Table<&SopClass>> =
    LazyLock::new(|| known().map(|class| (class.uid, class)).collect());

static BY_KEYWORD: LazyLock<Table<&SopClass>> =
    LazyLock::new(|| known().map(|class| (class.keyword, class)).collect());

fn known() -> impl Iterator<Item = &'static SopClass> {
    let unnamed = tables::UNNAMED.iter().flat_map(|row| row.sop_classes);
    tables::GROUPS.iter().flat_map(|group| group.sop_classes).chain(unnamed)
}

#[cfg(test)]
mod tests;
