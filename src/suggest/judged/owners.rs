//! Whose title it is, where several have claimed it: nobody's certificate and nobody's address prove no
//! title, so that who has nearly all associations under it is taken for its owner.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use pacsgate_core::wire::title::AeTitle;

use crate::suggest::doubt::{self, Doubt};
use crate::suggest::gathered::{Gathered, Who};
use crate::suggest::traffic::Traffic;

/// All who have claimed each title, those that are marked for something else among them: an owner that
/// is marked stays the owner.
pub(super) struct Owners {
    titles: BTreeMap<AeTitle, Claims>,
    is_known: bool,
}

#[derive(Default)]
struct Claims {
    claims: Vec<Claim>,
    /// Which of them came from each address.
    from: BTreeMap<IpAddr, Vec<usize>>,
    /// Associations of those for whom there was no room.
    gone: u64,
    all: u64,
    owner: Option<Who>,
}

struct Claim {
    who: Who,
    associations: u64,
}

impl Owners {
    pub(super) fn of(gathered: &Gathered) -> Self {
        let mut titles: BTreeMap<AeTitle, Claims> = BTreeMap::new();
        for (who, traffic) in gathered.strangers() {
            for (title, associations) in traffic.titles.iter() {
                let claims = titles.entry(*title).or_default();
                for source in traffic.sources.names() {
                    claims.from.entry(*source).or_default().push(claims.claims.len());
                }
                claims.claims.push(Claim { who: who.clone(), associations });
            }
        }
        for (title, claims) in &mut titles {
            claims.gone = gathered.gone.of(title);
            claims.find_owner();
        }
        Self { titles, is_known: gathered.gone.more() == 0 }
    }

    /// Why a title is not that of somebody who has claimed it.
    pub(super) fn doubt(&self, who: &Who, traffic: &Traffic, title: &AeTitle) -> Option<Doubt> {
        if !self.is_known {
            return Some(Doubt::OwnersUnknown);
        }
        let claims = self.titles.get(title)?;
        if claims.is_owner(claims.of_device(traffic.sources.names())) {
            return None;
        }
        Some(match &claims.owner {
            Some(Who::Address(address, _)) => Doubt::TitleOfAddress(*title, *address),
            Some(Who::Certificate(_)) => Doubt::TitleOfCertificate(*title),
            None => {
                let others = claims.claims.iter().filter(|claim| claim.who != *who).count();
                let others = others.saturating_add(usize::from(claims.gone > 0));
                Doubt::TitleOfMany(*title, others)
            }
        })
    }
}

impl Claims {
    fn find_owner(&mut self) {
        let all = self.claims.iter().map(|claim| claim.associations);
        self.all = all.fold(self.gone, u64::saturating_add);
        let owner = self.from.keys().find(|source| self.is_owner(self.of_device([*source])));
        let claims = owner.and_then(|source| self.from.get(source));
        let claims = claims.into_iter().flatten().filter_map(|at| self.claims.get(*at));
        self.owner = claims.max_by_key(|claim| claim.associations).map(|claim| claim.who.clone());
    }

    fn is_owner(&self, count: u64) -> bool {
        count.saturating_mul(doubt::OF) >= self.all.saturating_mul(doubt::OWNER)
    }

    /// The associations of whatever came from these addresses: one device, which had no certificate at
    /// first, or has another one now.
    fn of_device<'s, I: IntoIterator<Item = &'s IpAddr>>(&self, sources: I) -> u64 {
        let there = sources.into_iter().filter_map(|source| self.from.get(source));
        let there: BTreeSet<usize> = there.flatten().copied().collect();
        let claims = there.into_iter().filter_map(|at| self.claims.get(at));
        claims.fold(0, |sum, claim| sum.saturating_add(claim.associations))
    }
}
