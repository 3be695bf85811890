//! Which service permits what on which SOP classes.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::operation::Operation::{
    CEcho, CFind, CGet, CMove, CStore, NAction, NCreate, NDelete, NEventReport, NGet, NSet,
};
use super::operation::Operations;
use super::service::Service;
use super::sop_class::SopClass;
use super::{standard, storage};
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
pub(crate) struct GroupSet(u32);

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

static MEMBERSHIP: LazyLock<HashMap<&str, GroupSet>> = LazyLock::new(|| {
    let mut membership = HashMap::<&str, GroupSet>::new();
    for (index, group) in GROUPS.iter().enumerate() {
        for class in group.sop_classes {
            let groups = membership.entry(class.uid).or_default();
            *groups = groups.union(GroupSet(1 << index));
        }
    }
    membership
});

// At most 32, the width of `GroupSet`; a test counts.
pub(super) static GROUPS: [Group; 20] = [
    Group {
        service: Service::Echo,
        name: "Verification",
        sop_classes: &standard::VERIFICATION,
        operations: Operations::by_requestor(&[CEcho]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Store,
        name: "Storage",
        sop_classes: &storage::STORAGE,
        operations: Operations::by_requestor(&[CStore]),
        condition: Condition::Narrowed,
    },
    Group {
        service: Service::KeyObject,
        name: "Key Object Selection",
        sop_classes: &storage::KEY_OBJECT,
        operations: Operations::by_requestor(&[CStore]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Find,
        name: "Query",
        sop_classes: &standard::FIND,
        operations: Operations::by_requestor(&[CFind]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Move,
        name: "Retrieve to a destination",
        sop_classes: &standard::MOVE,
        operations: Operations::by_requestor(&[CMove]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Get,
        name: "Retrieve on the same association",
        sop_classes: &standard::GET,
        operations: Operations::by_requestor(&[CGet]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Get,
        name: "Storage, what C-GET returns",
        sop_classes: &storage::STORAGE,
        operations: Operations::NONE.and_by_pacs(&[CStore]),
        condition: Condition::NarrowedBesideGet,
    },
    Group {
        service: Service::Get,
        name: "Key Object Selection, what C-GET returns",
        sop_classes: &storage::KEY_OBJECT,
        operations: Operations::NONE.and_by_pacs(&[CStore]),
        condition: Condition::NarrowedBesideGet,
    },
    Group {
        service: Service::Worklist,
        name: "Modality worklist",
        sop_classes: &standard::WORKLIST,
        operations: Operations::by_requestor(&[CFind]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Mpps,
        name: "Modality performed procedure step",
        sop_classes: &standard::MPPS,
        operations: Operations::by_requestor(&[NCreate, NSet]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Mpps,
        name: "Performed procedure step, retrieve",
        sop_classes: &standard::MPPS_RETRIEVE,
        operations: Operations::by_requestor(&[NGet]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Mpps,
        name: "Performed procedure step, notification",
        sop_classes: &standard::MPPS_NOTIFICATION,
        operations: Operations::NONE.and_by_pacs(&[NEventReport]),
        condition: Condition::Always,
    },
    Group {
        service: Service::StorageCommitment,
        name: "Storage commitment",
        sop_classes: &standard::STORAGE_COMMITMENT,
        operations: Operations::by_requestor(&[NAction]).and_by_pacs(&[NEventReport]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Print,
        name: "Print management",
        sop_classes: &standard::PRINT_META,
        operations: Operations::by_requestor(&[NGet, NSet, NAction, NCreate, NDelete])
            .and_by_pacs(&[NEventReport]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Print,
        name: "Film session and film box",
        sop_classes: &standard::FILM,
        operations: Operations::by_requestor(&[NSet, NAction, NCreate, NDelete]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Print,
        name: "Image box and annotation box",
        sop_classes: &standard::FILM_CONTENT,
        operations: Operations::by_requestor(&[NSet]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Print,
        name: "VOI LUT box",
        sop_classes: &standard::VOI_LUT_BOX,
        operations: Operations::by_requestor(&[NSet, NCreate, NDelete]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Print,
        name: "Presentation LUT",
        sop_classes: &standard::PRESENTATION_LUT,
        operations: Operations::by_requestor(&[NCreate, NDelete]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Print,
        name: "Print job and printer",
        sop_classes: &standard::PRINT_STATUS,
        operations: Operations::by_requestor(&[NGet]).and_by_pacs(&[NEventReport]),
        condition: Condition::Always,
    },
    Group {
        service: Service::Print,
        name: "Printer configuration",
        sop_classes: &standard::PRINT_CONFIGURATION,
        operations: Operations::by_requestor(&[NGet]),
        condition: Condition::Always,
    },
];

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
        assert!(GROUPS.len() <= 32);
    }

    #[test]
    fn every_service_has_a_group_and_no_group_is_empty() {
        for service in Service::NAMED {
            assert_ne!(GroupSet::of_service(&service), GroupSet::default(), "{service:?}");
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
        assert_eq!(returned, Operations::NONE.and_by_pacs(&[CStore]));
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
    fn no_group_holds_what_is_left_out() {
        for class in standard::left_out() {
            let uid = class.uid.parse().unwrap();
            assert_eq!(GroupSet::of_sop_class(&uid), GroupSet::default(), "{}", class.keyword);
        }
    }
}
