//! Who has claimed which title: of every line, however old and however it ended, so that nobody gets
//! the title of a device that was seen only before, or only refused.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use pacsgate_core::wire::title::AeTitle;

use super::certificate::Recognition;

/// What is kept, of titles by those who had them. Where there is more, whose a title is, is not known.
pub const MOST: usize = 65_536;
/// Of one address: whoever claims more is marked long before.
const MOST_OF_ADDRESS: u32 = 1024;

/// By what somebody was known who claimed a title.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A peer of the configuration.
    Peer(Arc<str>),
    /// A certificate of nobody.
    Certificate(Recognition),
    /// Its address.
    Nobody,
}

/// How often each title was claimed, by whom and from where.
pub type OfTitle = BTreeMap<(Holder, IpAddr), u64>;

/// The claims.
#[derive(Debug, Default)]
pub struct Claims {
    titles: BTreeMap<AeTitle, OfTitle>,
    addresses: BTreeMap<IpAddr, OfAddress>,
    kept: usize,
    is_cut: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct OfAddress {
    kept: u32,
    /// Without a certificate.
    titles: usize,
    malformed: u64,
}

impl Claims {
    /// Somebody has claimed a title.
    pub fn add(&mut self, title: AeTitle, holder: Holder, source: IpAddr) {
        let of_title = self.titles.entry(title).or_default();
        if let Some(count) = of_title.get_mut(&(holder.clone(), source)) {
            *count = count.saturating_add(1);
            return;
        }
        let is_full = self.kept >= MOST;
        let of_address = match self.addresses.get_mut(&source) {
            Some(known) => Some(known),
            None if is_full => None,
            None => Some(self.addresses.entry(source).or_default()),
        };
        let has_room = of_address.is_some_and(|known| {
            known.titles = known.titles.saturating_add(usize::from(holder == Holder::Nobody));
            known.kept = known.kept.saturating_add(1);
            known.kept <= MOST_OF_ADDRESS
        });
        if has_room && !is_full {
            of_title.insert((holder, source), 1);
            self.kept += 1;
        } else {
            self.is_cut |= is_full;
            if of_title.is_empty() {
                self.titles.remove(&title);
            }
        }
    }

    /// A request from there was malformed.
    pub fn add_malformed(&mut self, source: IpAddr) {
        if self.addresses.len() < MOST || self.addresses.contains_key(&source) {
            let known = self.addresses.entry(source).or_default();
            known.malformed = known.malformed.saturating_add(1);
        } else {
            self.is_cut = true;
        }
    }

    /// Whether there were more than are kept.
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Every title with those who claimed it.
    pub fn titles(&self) -> impl Iterator<Item = (&AeTitle, &OfTitle)> {
        self.titles.iter()
    }

    /// How many titles came from there without a certificate; of more than are kept, some twice.
    pub fn titles_from(&self, source: IpAddr) -> usize {
        self.addresses.get(&source).map_or(0, |known| known.titles)
    }

    /// How many malformed requests came from there.
    pub fn malformed_from(&self, source: IpAddr) -> u64 {
        self.addresses.get(&source).map_or(0, |known| known.malformed)
    }
}
