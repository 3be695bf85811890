//! What a peer may do on which SOP class.

use std::collections::{HashMap, HashSet};

use crate::services::{Condition, Group, GroupSet, Operations, Service};
use crate::wire::uid::Uid;

#[derive(Debug)]
pub(super) struct Rights {
    groups: GroupSet,
    // `None`: not narrowed.
    narrowed: Option<HashSet<Uid>>,
    others: HashMap<Uid, Operations>,
}

/// Whether the request has a context on which a C-GET may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Get {
    Proposed,
    NotProposed,
}

impl Rights {
    pub(super) fn new(services: &[Service], sop_classes: Vec<Uid>) -> Self {
        let mut others = HashMap::<Uid, Operations>::new();
        for service in services {
            if let Service::Other { sop_class, operations } = service {
                let known = others.entry(sop_class.clone()).or_default();
                *known = known.union(Operations::of_scu(operations));
            }
        }
        let groups = services.iter().map(GroupSet::of_service);
        Self {
            groups: groups.fold(GroupSet::default(), GroupSet::union),
            narrowed: (!sop_classes.is_empty()).then(|| sop_classes.into_iter().collect()),
            others,
        }
    }

    /// Empty where the SOP class is not permitted at all.
    pub(super) fn operations(&self, sop_class: &Uid, get: Get) -> Operations {
        let named = GroupSet::of_sop_class(sop_class).intersection(self.groups);
        let other = self.others.get(sop_class).copied().unwrap_or_default();
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
