//! What a peer may do on which SOP class.

use std::collections::{HashMap, HashSet};

use crate::services::{
    self, Condition, Group, GroupSet, Operation, Operations, Reception, Role, Service,
};
use crate::wire::uid::Uid;

#[derive(Debug)]
pub(super) struct Rights {
    groups: GroupSet,
    // `None`: not narrowed.
    narrowed: Option<HashSet<Uid>>,
    others: HashMap<Uid, ByClass>,
}

/// What is given by SOP class, not by a name.
#[derive(Debug, Default)]
struct ByClass {
    always: Operations,
    /// What has a use beside a context for C-GET only.
    beside_get: Operations,
}

/// Whether the request has a context on which a C-GET may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Get {
    Proposed,
    NotProposed,
}

impl Rights {
    pub(super) fn new(services: &[Service], sop_classes: Vec<Uid>) -> Self {
        let mut others = HashMap::<Uid, ByClass>::new();
        for service in services {
            if let Service::Other { sop_class, role, operations } = service {
                let given = others.entry(sop_class.clone()).or_default();
                operations.iter().for_each(|it| given.add(sop_class, *role, *it));
            }
        }
        let groups = services.iter().map(GroupSet::of_service);
        Self {
            groups: groups.fold(GroupSet::default(), GroupSet::union),
            narrowed: (!sop_classes.is_empty()).then(|| sop_classes.into_iter().collect()),
            others,
        }
    }

    /// What a PACS may ask of a peer.
    pub(super) fn of_reception(services: &[Reception]) -> Self {
        let mut others = HashMap::<Uid, ByClass>::new();
        for (sop_class, operations) in services.iter().filter_map(Reception::given) {
            let given = others.entry(sop_class).or_default();
            given.always = given.always.union(operations);
        }
        let groups = services.iter().map(Reception::groups);
        Self { groups: groups.fold(GroupSet::default(), GroupSet::union), narrowed: None, others }
    }

    /// Empty where the SOP class is not permitted at all.
    pub(super) fn operations(&self, sop_class: &Uid, get: Get) -> Operations {
        let named = GroupSet::of_sop_class(sop_class).intersection(self.groups);
        let other = self.others.get(sop_class).map(|given| given.operations(get));
        let other = other.unwrap_or_default();
        named
            .iter()
            .filter(|group| self.meets(group, sop_class, get))
            .fold(other, |all, group| all.union(group.operations))
    }

    /// Whether a service would permit something on the SOP class if it were in `sop_classes`.
    pub(super) fn leave_out(&self, sop_class: &Uid, get: Get) -> bool {
        let is_listed = self.narrowed.as_ref().is_none_or(|list| list.contains(sop_class));
        let mut named = GroupSet::of_sop_class(sop_class).intersection(self.groups).iter();
        !is_listed
            && named.any(|group| match group.condition {
                Condition::Always => false,
                Condition::Narrowed => true,
                Condition::NarrowedBesideGet => get == Get::Proposed,
            })
    }

    fn meets(&self, group: &Group, sop_class: &Uid, get: Get) -> bool {
        let listed = || self.narrowed.as_ref().is_none_or(|list| list.contains(sop_class));
        match group.condition {
            Condition::Always => true,
            Condition::Narrowed => listed(),
            Condition::NarrowedBesideGet => get == Get::Proposed && listed(),
        }
    }
}

impl ByClass {
    fn add(&mut self, sop_class: &Uid, role: Role, operation: Operation) {
        let of_scu = Operations::of_scu(&[operation]);
        match role {
            Role::Scu if operation == Operation::CGet => {
                if services::may_be_retrieved_from(sop_class) {
                    self.always = self.always.union(of_scu);
                }
                if services::may_be_retrieved(sop_class) {
                    self.beside_get = self.beside_get.union(RETURNED);
                }
            }
            Role::Scu => self.always = self.always.union(of_scu),
            Role::Scp if operation == Operation::CStore => {
                self.beside_get = self.beside_get.union(RETURNED);
            }
            Role::Scp => self.always = self.always.union(of_scu.exchanged()),
        }
    }

    const fn operations(&self, get: Get) -> Operations {
        match get {
            Get::Proposed => self.always.union(self.beside_get),
            Get::NotProposed => self.always,
        }
    }
}

/// An object that C-GET returns: the SCP of the query stores it with the SCU (PS3.4 section C.4.3).
const RETURNED: Operations = Operations::NONE.and_by_acceptor(&[Operation::CStore]);
