//! Whose title it is, where several have claimed it: nobody's certificate and nobody's address prove no
//! title, so that who has nearly all associations under it is taken for its owner.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use pacsgate_core::wire::title::AeTitle;

use crate::suggest::claims::{Claims, Holder, OfTitle};
use crate::suggest::doubt::{self, Doubt};

/// The owner of each title, where it has one.
#[derive(Debug)]
pub struct Owners {
    titles: BTreeMap<AeTitle, Owned>,
    /// Titles that differ in nothing but case.
    twins: BTreeMap<String, BTreeSet<AeTitle>>,
    is_known: bool,
}

#[derive(Debug, Default)]
struct Owned {
    all: u64,
    from: BTreeMap<IpAddr, u64>,
    /// From where each certificate or peer came under this title.
    of: BTreeMap<Holder, Vec<IpAddr>>,
    owner: Option<(Holder, IpAddr)>,
}

impl Owners {
    /// Of all that was claimed, by those who are marked for something else as well: an owner that is
    /// marked stays the owner.
    pub fn of(claims: &Claims) -> Self {
        let mut twins: BTreeMap<String, BTreeSet<AeTitle>> = BTreeMap::new();
        for (title, _) in claims.titles() {
            twins.entry(title.as_str().to_ascii_lowercase()).or_default().insert(*title);
        }
        let titles = claims.titles().map(|(title, claims)| (*title, Owned::of(claims)));
        Self { titles: titles.collect(), twins, is_known: !claims.is_cut() }
    }

    /// Why a title is not that of somebody who has claimed it; without a certificate, from there.
    pub fn doubt(&self, holder: &Holder, source: Option<IpAddr>, title: &AeTitle) -> Option<Doubt> {
        if !self.is_known {
            return Some(Doubt::OwnersUnknown);
        }
        let owned = self.titles.get(title)?;
        if owned.is_owner(owned.of_device(holder, source)) {
            return None;
        }
        Some(match &owned.owner {
            Some((Holder::Peer(name), _)) => Doubt::TitleOfPeer(*title, name.clone()),
            Some((Holder::Certificate(_), _)) => Doubt::TitleOfCertificate(*title),
            Some((Holder::Nobody, source)) => Doubt::TitleOfAddress(*title, *source),
            None => Doubt::TitleOfMany(*title, owned.from.len().saturating_sub(1)),
        })
    }

    /// Who else has claimed a title, of which this is the owner.
    pub fn others(
        &self,
        holder: &Holder,
        source: Option<IpAddr>,
        title: &AeTitle,
    ) -> Vec<(IpAddr, u64)> {
        let Some(owned) = self.titles.get(title) else { return Vec::new() };
        let own = owned.sources(holder, source);
        let others = owned.from.iter().filter(|(source, _)| !own.contains(source));
        others.map(|(source, count)| (*source, *count)).collect()
    }

    /// Titles that differ from this one in nothing but case.
    pub fn twins(&self, title: &AeTitle) -> impl Iterator<Item = &AeTitle> {
        let twins = self.twins.get(&title.as_str().to_ascii_lowercase());
        twins.into_iter().flatten().filter(move |twin| *twin != title)
    }
}

impl Owned {
    fn of(claims: &OfTitle) -> Self {
        let mut owned = Self::default();
        for ((holder, source), count) in claims {
            owned.all = owned.all.saturating_add(*count);
            let from = owned.from.entry(*source).or_default();
            *from = from.saturating_add(*count);
            if *holder != Holder::Nobody {
                owned.of.entry(holder.clone()).or_default().push(*source);
            }
        }
        // Of what is one device, a peer comes first, and then a certificate.
        let mut all = claims.keys();
        let owner = all.find(|(holder, at)| owned.is_owner(owned.of_device(holder, Some(*at))));
        owned.owner = owner.cloned();
        owned
    }

    fn is_owner(&self, count: u64) -> bool {
        count.saturating_mul(doubt::OF) >= self.all.saturating_mul(doubt::OWNER)
    }

    /// What comes from where a peer or a certificate came from is one device, which had no certificate
    /// at first, or has another one now.
    fn of_device(&self, holder: &Holder, source: Option<IpAddr>) -> u64 {
        let counts = self.sources(holder, source).into_iter();
        let counts = counts.map(|source| self.from.get(&source).copied().unwrap_or_default());
        counts.fold(0, u64::saturating_add)
    }

    fn sources(&self, holder: &Holder, source: Option<IpAddr>) -> BTreeSet<IpAddr> {
        let of_holder = self.of.get(holder).into_iter().flatten().copied();
        of_holder.chain(source).collect()
    }
}
