//! Which service permits what on which SOP classes.

use std::sync::LazyLock;

use super::operation::Operation::{
    CEcho, CFind, CGet, CMove, CStore, NAction, NCreate, NDelete, NEventReport, NGet, NSet,
};
use super::operation::{Operation, Operations};
use super::service::Service;
use super::sop_class::SopClass;
use super::{standard, storage};
use crate::table::Table;
use crate::wire::uid::Uid;

/// SOP classes on which one service permits the same operations.
#[derive(Debug)]
pub struct Group {
    /// The service that grants it.
    pub service: Service,
    /// What these SOP classes are, in a few words.
    pub name: &'static str,
    /// The SOP classes.
    pub sop_classes: &'static [SopClass],
    /// What either side may send on them.
    pub operations: Operations,
    /// On what the grant depends.
    pub condition: Condition,
}

/// On what a grant depends besides the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// On nothing.
    Always,
    /// Where the peer has `sop_classes`, on being one of them.
    Narrowed,
    /// The same, and on a context for C-GET beside it in the request.
    NarrowedBesideGet,
}

/// Some of the groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupSet(u64);

impl GroupSet {
    /// The groups that a service grants.
    pub(crate) fn of_service(service: &Service) -> Self {
        Self::collect(|group| group.service == *service)
    }

    /// The groups that hold a SOP class.
    pub(crate) fn of_sop_class(uid: &Uid) -> Self {
        MEMBERSHIP.get(uid.as_str()).copied().unwrap_or_default()
    }

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'static Group> {
        let chosen = move |index: &usize| self.0 >> index & 1 == 1;
        GROUPS.iter().enumerate().filter(move |(index, _)| chosen(index)).map(|(_, group)| group)
    }

    fn collect(belongs: impl Fn(&Group) -> bool) -> Self {
        let bits = GROUPS.iter().enumerate().filter(|(_, group)| belongs(group));
        Self(bits.fold(0, |set, (index, _)| set | 1 << index))
    }
}

static MEMBERSHIP: LazyLock<Table<GroupSet>> = LazyLock::new(|| {
    let mut membership = Table::<GroupSet>::default();
    for (index, group) in GROUPS.iter().enumerate() {
        for class in group.sop_classes {
            let groups = membership.entry(class.uid).or_default();
            *groups = groups.union(GroupSet(1 << index));
        }
    }
    membership
});

/// Declares the groups, a row for each: service, name, SOP classes, what either side may send, and
/// on what else it depends.
macro_rules! groups {
    ($(
        $service:ident: $name:literal, $classes:path, $(requestor [$($asked:ident),+])?
        $(acceptor [$($told:ident),+])? $(if $condition:ident)?;
    )+) => {
        pub(super) static GROUPS: &[Group] = &[$(Group {
            service: Service::$service,
            name: $name,
            sop_classes: &$classes,
            operations: Operations::NONE
                $(.and_by_requestor(&[$($asked),+]))?
                $(.and_by_acceptor(&[$($told),+]))?,
            condition: groups!(@condition $($condition)?),
        },)+];
    };
    (@condition) => { Condition::Always };
    (@condition $condition:ident) => { Condition::$condition };
}

// At most 64, the width of `GroupSet`; a test counts.
groups! {
    Echo: "Verification", standard::VERIFICATION, requestor [CEcho];
    Store: "Storage", storage::STORAGE, requestor [CStore] if Narrowed;
    KeyObject: "Key Object Selection", storage::KEY_OBJECT, requestor [CStore];
    Find: "Query", standard::FIND, requestor [CFind];
    Move: "Retrieve to a destination", standard::MOVE, requestor [CMove];
    Get: "Retrieve on the same association", standard::GET, requestor [CGet];
    Get: "Storage, what C-GET returns", storage::STORAGE, acceptor [CStore] if NarrowedBesideGet;
    Get: "Key Object Selection, what C-GET returns", storage::KEY_OBJECT,
        acceptor [CStore] if NarrowedBesideGet;
    Worklist: "Modality worklist", standard::WORKLIST, requestor [CFind];
    Mpps: "Modality performed procedure step", standard::MPPS, requestor [NCreate, NSet];
    Mpps: "Performed procedure step, retrieve", standard::MPPS_RETRIEVE, requestor [NGet];
    Mpps: "Performed procedure step, notification", standard::MPPS_NOTIFICATION,
        acceptor [NEventReport];
    StorageCommitment: "Storage commitment", standard::STORAGE_COMMITMENT,
        requestor [NAction] acceptor [NEventReport];
    StorageCommitmentScp: "Storage commitment, by the peer", standard::STORAGE_COMMITMENT,
        requestor [NEventReport] acceptor [NAction];
    Print: "Print management", standard::PRINT_META,
        requestor [NGet, NSet, NAction, NCreate, NDelete] acceptor [NEventReport];
    Print: "Film session and film box", standard::FILM, requestor [NSet, NAction, NCreate, NDelete];
    Print: "Image box and annotation box", standard::FILM_CONTENT, requestor [NSet];
    Print: "VOI LUT box", standard::VOI_LUT_BOX, requestor [NSet, NCreate, NDelete];
    Print: "Presentation LUT", standard::PRESENTATION_LUT, requestor [NCreate, NDelete];
    Print: "Print job and printer", standard::PRINT_STATUS,
        requestor [NGet] acceptor [NEventReport];
    Print: "Printer configuration", standard::PRINT_CONFIGURATION, requestor [NGet];
    // What is done with a step is the same on each of its contexts, and requestors made with
    // pynetdicom take whichever was accepted first.
    Ups: "Unified procedure steps", standard::UPS,
        requestor [NGet, NSet, NAction, NCreate] acceptor [NEventReport];
    Ups: "Unified procedure steps, queried", standard::UPS_QUERIED,
        requestor [CFind, NGet, NSet, NAction, NCreate] acceptor [NEventReport];
    RelevantPatient: "Relevant patient information", standard::RELEVANT_PATIENT,
        requestor [CFind];
    InstanceAvailability: "Instance availability", standard::INSTANCE_AVAILABILITY,
        requestor [NCreate];
    SubstanceAdministration: "Substances, queried", standard::SUBSTANCE_QUERY, requestor [CFind];
    SubstanceAdministration: "Substances, logged", standard::SUBSTANCE_LOGGING,
        requestor [NAction];
    EventLogging: "Procedural events", standard::EVENT_LOGGING, requestor [NAction];
    MediaCreation: "Media creation", standard::MEDIA_CREATION,
        requestor [NGet, NAction, NCreate];
    RtVerification: "Verification of treatment machines", standard::RT_VERIFICATION,
        requestor [NGet, NSet, NAction, NCreate, NDelete] acceptor [NEventReport];
}

/// SOP classes that no named service covers.
#[derive(Debug)]
pub struct Unnamed {
    /// What these SOP classes are, in a few words.
    pub name: &'static str,
    /// The SOP classes.
    pub sop_classes: &'static [SopClass],
    /// What the standard has its SCU and SCP do with them.
    pub operations: &'static [Operation],
}

/// Declares what is given by SOP class, a row for each kind: name, SOP classes, operations.
macro_rules! unnamed {
    ($($name:literal, $classes:path, [$($operation:ident),*];)+) => {
        pub(super) static UNNAMED: &[Unnamed] = &[$(Unnamed {
            name: $name,
            sop_classes: &$classes,
            operations: &[$($operation),*],
        },)+];
    };
}

unnamed! {
    "Inventories, queried", standard::INVENTORY_FIND, [CFind];
    "Inventories, moved", standard::INVENTORY_MOVE, [CMove];
    "Inventories, retrieved", standard::INVENTORY_GET, [CGet];
    "Inventories, made", standard::INVENTORY_CREATION, [NAction, NEventReport];
    "Inventories, stored or returned by C-GET", standard::INVENTORY, [CStore, CGet];
    "Security screening and material testing, stored or returned by C-GET", standard::INDUSTRIAL,
        [CStore, CGet];
    "Display system", standard::DISPLAY_SYSTEM, [NGet];
    "Storage commitment, pull model (retired)", standard::COMMITMENT_PULL,
        [NAction, NEventReport];
    "Study content notification (retired)", standard::STUDY_CONTENT, [CStore];
    "Detached management (retired)", standard::DETACHED,
        [NGet, NSet, NAction, NCreate, NDelete, NEventReport];
    "Print management (retired)", standard::PRINT_RETIRED,
        [NGet, NSet, NAction, NCreate, NDelete, NEventReport];
    "General purpose worklist (retired)", standard::GENERAL_PURPOSE_FIND, [CFind];
    "General purpose steps (retired)", standard::GENERAL_PURPOSE_STEPS,
        [NGet, NSet, NAction, NCreate, NEventReport];
    "General purpose worklist and steps (retired)", standard::GENERAL_PURPOSE_META,
        [CFind, NGet, NSet, NAction, NCreate, NEventReport];
    "Verification of treatment machines (trial)", standard::RT_VERIFICATION_TRIAL,
        [NGet, NSet, NAction, NCreate, NDelete, NEventReport];
    "Unified procedure steps (trial)", standard::UPS_TRIAL,
        [CFind, NGet, NSet, NAction, NCreate, NEventReport];
    "In no association: of discs, or real-time communication", standard::NOT_IN_ASSOCIATIONS, [];
}

/// Whether it is on the contexts of this SOP class that C-GET is requested.
pub(super) fn is_retrieval_model(sop_class: &SopClass) -> bool {
    standard::GET.iter().chain(&standard::INVENTORY_GET).any(|model| model == sop_class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::side::Side;

    fn granted(service: &Service, keyword: &str) -> Operations {
        let uid = SopClass::uid_of(keyword).unwrap();
        GroupSet::of_sop_class(&uid)
            .intersection(GroupSet::of_service(service))
            .iter()
            .fold(Operations::NONE, |all, group| all.union(group.operations))
    }

    #[test]
    fn a_group_set_is_wide_enough() {
        assert!(GROUPS.len() <= 64);
    }

    #[test]
    fn every_service_has_a_group_and_no_group_is_empty() {
        for service in Service::NAMED {
            assert_ne!(GroupSet::of_service(service), GroupSet::default(), "{service:?}");
        }
        assert!(GROUPS.iter().all(|group| !group.sop_classes.is_empty()));
        assert!(GROUPS.iter().all(|group| !group.operations.is_empty()));
    }

    #[test]
    fn store_leaves_out_key_object_selection() {
        let keyword = "KeyObjectSelectionDocumentStorage";
        assert!(granted(&Service::Store, keyword).is_empty());
        let key_object = granted(&Service::KeyObject, keyword);
        assert!(key_object.allows(Side::Requestor, CStore));
        assert!(granted(&Service::KeyObject, "CTImageStorage").is_empty());
    }

    #[test]
    fn get_lets_only_the_pacs_store() {
        let returned = granted(&Service::Get, "CTImageStorage");
        assert_eq!(returned, Operations::NONE.and_by_acceptor(&[CStore]));
    }

    #[test]
    fn query_retrieve_models_grant_the_one_operation_of_their_name() {
        for (table, operation) in
            [(standard::FIND.as_slice(), CFind), (&standard::MOVE, CMove), (&standard::GET, CGet)]
        {
            for class in table {
                let word = operation.name().trim_start_matches("c-");
                assert!(class.keyword.to_lowercase().ends_with(word), "{}", class.keyword);
            }
        }
    }

    #[test]
    fn a_permission_to_query_is_none_to_retrieve() {
        let keyword = "StudyRootQueryRetrieveInformationModelMove";
        assert!(granted(&Service::Find, keyword).is_empty());
        assert!(granted(&Service::Get, keyword).is_empty());
        assert!(!granted(&Service::Move, keyword).is_empty());
    }

    #[test]
    fn what_is_unnamed_is_in_no_group() {
        for class in UNNAMED.iter().flat_map(|row| row.sop_classes) {
            let uid = class.uid.parse().unwrap();
            assert_eq!(GroupSet::of_sop_class(&uid), GroupSet::default(), "{}", class.keyword);
        }
    }
}
