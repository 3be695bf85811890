//! The policy judges peers and PACS; its errors get the places where an administrator finds them.

use std::collections::HashMap;

use pacsgate_core::certificate::Matcher;
use pacsgate_core::policy::{Policy, PolicyError};
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;

use super::mistake::{Combination, Mistake, Suggestion};
use super::problems::Problems;
use super::section::{At, shown};
use super::source::Place;
use super::{pacs, peer};

/// Indexes what was read, with whatever is missing in it: its errors are reported, short of those
/// that only follow from others.
pub(super) fn policy(
    peers: &[peer::Read],
    pacs: &[pacs::Read],
    problems: &mut Problems,
) -> Result<Policy, Vec<PolicyError>> {
    let policy = Policy::new(
        peers.iter().map(peer::Read::to_peer).collect(),
        pacs.iter().map(pacs::Read::to_pacs).collect(),
    );
    if let Err(errors) = &policy {
        let tables = Tables::of(peers, pacs);
        errors.iter().for_each(|error| tables.report(error, problems));
    }
    policy
}

struct Tables<'a> {
    peers: HashMap<&'a str, &'a peer::Read>,
    pacs: HashMap<&'a str, &'a pacs::Read>,
}

/// What is told, and where.
struct Told {
    place: Place,
    key: String,
    mistake: Mistake,
}

impl<'a> Tables<'a> {
    fn of(peers: &'a [peer::Read], pacs: &'a [pacs::Read]) -> Self {
        Self {
            peers: peers.iter().map(|peer| (&*peer.name, peer)).collect(),
            pacs: pacs.iter().map(|pacs| (&*pacs.name, pacs)).collect(),
        }
    }

    fn report(&self, error: &PolicyError, problems: &mut Problems) {
        if let Some(Told { place, key, mistake }) = self.told(error, problems) {
            problems.mistake(place, key, mistake);
        }
    }

    /// `None` for what was reported when its table was read, and for what follows from that.
    fn told(&self, error: &PolicyError, problems: &Problems) -> Option<Told> {
        match error {
            PolicyError::SameName(_)
            | PolicyError::EmptyList { .. }
            | PolicyError::NoAssociations(_)
            | PolicyError::MaxPdu { .. }
            | PolicyError::Wildcard { .. }
            | PolicyError::BlankName { .. }
            | PolicyError::NoOperations { .. } => None,
            PolicyError::SameCalledTitle { first, second, title } => {
                self.same_called_title(first, second, title, problems)
            }
            PolicyError::SameMatcher { first, second, matcher } => {
                self.same_matcher(first, second, matcher, problems)
            }
            PolicyError::UnknownPacs { .. } if problems.incomplete => None,
            PolicyError::UnknownPacs { peer, pacs } => self.unknown_pacs(peer, pacs),
            PolicyError::UnifiedProcedureStep { peer, sop_class } => self.service(
                peer,
                sop_class,
                "commands of the Unified Procedure Step name another class than their context",
            ),
            PolicyError::RetiredMeta { peer, sop_class } => self.service(
                peer,
                sop_class,
                "commands of this retired meta SOP class name its members, so all of them would be \
                 refused; take it out, and name the SOP classes that the device proposes besides",
            ),
            PolicyError::NothingToMove { peer } => {
                let read = self.peers.get(&**peer).filter(|read| read.is_sound)?;
                let place = read.move_to.first()?.place;
                let mistake = Combination::NothingToMove.into();
                Some(Told { place, key: format!("peer.{peer}.move_to"), mistake })
            }
            PolicyError::NothingToNarrow { peer } => {
                self.narrowing(peer, None, Combination::NothingToNarrow)
            }
            PolicyError::NotNarrowing { peer, sop_class } => {
                self.narrowing(peer, Some(sop_class), Combination::OutsideServices)
            }
        }
    }

    /// A SOP class with its operations that cannot be given.
    fn service(&self, peer: &str, sop_class: &Uid, why: &'static str) -> Option<Told> {
        let place = self.peers.get(peer)?.place_of_service(sop_class)?;
        let mistake = Mistake::NotEnforced(why);
        Some(Told { place, key: format!("peer.{peer}.services"), mistake })
    }

    fn same_called_title(
        &self,
        first: &str,
        second: &str,
        title: &AeTitle,
        problems: &Problems,
    ) -> Option<Told> {
        let place = |name| place_of(title, &self.pacs.get(name)?.called);
        let mistake = Mistake::SameCalledTitle {
            title: title.as_str().into(),
            pacs: first.to_owned(),
            first: problems.locate(place(first)?),
        };
        Some(Told { place: place(second)?, key: format!("pacs.{second}.called_ae"), mistake })
    }

    fn same_matcher(
        &self,
        first: &str,
        second: &str,
        matcher: &Matcher,
        problems: &Problems,
    ) -> Option<Told> {
        let place = |name| place_of(matcher, &self.peers.get(name)?.certificates);
        let mistake =
            Mistake::SameMatcher { peer: first.to_owned(), first: problems.locate(place(first)?) };
        Some(Told { place: place(second)?, key: format!("peer.{second}.certificate"), mistake })
    }

    fn unknown_pacs(&self, peer: &str, pacs: &str) -> Option<Told> {
        let place = place_of(&pacs.into(), &self.peers.get(peer)?.pacs)?;
        let suggestion = Suggestion::new(pacs, self.pacs.keys().copied());
        let mistake = Mistake::UnknownPacs(shown(pacs), suggestion);
        Some(Told { place, key: format!("peer.{peer}.pacs"), mistake })
    }

    /// A narrowing is judged by the services, so not where one of them could not be read.
    fn narrowing(&self, peer: &str, class: Option<&Uid>, combination: Combination) -> Option<Told> {
        let read = self.peers.get(peer).filter(|read| read.is_sound)?;
        let place = match class {
            Some(class) => place_of(class, &read.sop_classes)?,
            None => read.sop_classes.first()?.place,
        };
        Some(Told { place, key: format!("peer.{peer}.sop_classes"), mistake: combination.into() })
    }
}

fn place_of<T: PartialEq>(wanted: &T, list: &[At<T>]) -> Option<Place> {
    list.iter().find(|at| at.value == *wanted).map(|at| at.place)
}
