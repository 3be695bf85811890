//! How often each kind of a thing was met.

/// Kinds, each with its number; bounded by the number of kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
// Sorted, so that a request of nothing but unknown items costs no more than any other.
pub struct Counts<K>(Vec<(K, u32)>);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Copy + Ord> Counts<K> {
    /// Counts one more of this kind.
    pub fn add(&mut self, kind: K) {
        self.add_many(kind, 1);
    }

    /// Counts so many more of this kind.
    pub fn add_many(&mut self, kind: K, more: u32) {
        match self.0.binary_search_by_key(&kind, |&(kind, _)| kind) {
            Ok(place) => {
                if let Some((_, count)) = self.0.get_mut(place) {
                    *count = count.saturating_add(more);
                }
            }
            Err(place) => self.0.insert(place, (kind, more)),
        }
    }

    /// Counts all that another has counted.
    pub fn add_all(&mut self, other: &Self) {
        other.iter().for_each(|(kind, count)| self.add_many(kind, count));
    }

    /// Each kind once, in order, with its number.
    pub fn iter(&self) -> impl Iterator<Item = (K, u32)> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_kind_once_and_without_overflow() {
        let mut counts = Counts::default();
        assert_eq!(counts.iter().next(), None);
        for kind in [7, 3, 7] {
            counts.add(kind);
        }
        let mut all = Counts::default();
        all.add_many(7, u32::MAX);
        all.add_all(&counts);
        assert!(counts.iter().eq([(3, 1), (7, 2)]));
        assert!(all.iter().eq([(3, 1), (7, u32::MAX)]));
    }
}
