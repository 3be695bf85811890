//! What real devices and archives do against the standard, and may be let through.

use std::str::FromStr;

crate::reasons! {
    /// A deviation that is counted, and let through where it is tolerated or the acceptor's.
    #[derive(PartialOrd, Ord)]
    pub enum Deviation {
        /// Against PS3.5 section 7.1.1.
        OddLength: "odd-length", "a value or a pixel data fragment has an odd number of bytes";
        /// Against PS3.5 section 7.1.
        Order: "element-order", "elements of a data set or item are not in ascending order";
        /// Against PS3.5 section 7.1.2.
        ReservedBytes: "reserved-bytes", "the reserved bytes after a VR are not zero";
        /// Readers take the first or the last of them.
        Duplicate: "duplicate-element", "a data set or item has two elements of the same tag";
        Group: "invalid-group", "an element is of a group that no data set may have";
        Identifier: "identifier",
            "an identifying UID is missing, malformed, or differs from the command's";
        SequenceVr: "sequence-vr", "a sequence of the dictionary has another VR than SQ";
        CharacterSet: "character-set", "the character set is not one of the standard's";
    }
}

impl Deviation {
    /// Those that a configuration may tolerate: readers agree on what such data sets say.
    pub const TOLERABLE: [Self; 3] = [Self::OddLength, Self::Order, Self::ReservedBytes];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A name that is not that of a deviation that may be tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a deviation that can be tolerated")]
pub struct UnknownDeviation;

impl FromStr for Deviation {
    type Err = UnknownDeviation;

    /// Reads the name of a tolerable deviation.
    fn from_str(text: &str) -> Result<Self, UnknownDeviation> {
        let named = Self::TOLERABLE.into_iter().find(|deviation| deviation.code() == text);
        named.ok_or(UnknownDeviation)
    }
}

/// The deviations that a peer is allowed: nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tolerated(u8);

impl Tolerated {
    /// Nothing is tolerated.
    pub const NONE: Self = Self(0);

    /// Whether this deviation is allowed.
    pub const fn contains(self, deviation: Deviation) -> bool {
        self.0 & deviation.bit() != 0
    }
}

impl FromIterator<Deviation> for Tolerated {
    /// The tolerable ones of these; what makes readers disagree is never in the set.
    fn from_iter<T: IntoIterator<Item = Deviation>>(deviations: T) -> Self {
        let tolerable = |deviation: &Deviation| Deviation::TOLERABLE.contains(deviation);
        let bits = deviations.into_iter().filter(tolerable).map(Deviation::bit);
        Self(bits.fold(0, |all, bit| all | bit))
    }
}

/// How often each deviation was met in a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deviations {
    counts: [u32; Deviation::ALL.len()],
}

impl Deviations {
    /// Those that were met, each with its number.
    pub fn iter(&self) -> impl Iterator<Item = (Deviation, u32)> {
        Deviation::ALL.iter().copied().zip(self.counts).filter(|&(_, count)| count > 0)
    }

    pub(crate) fn add(&mut self, more: &Self) {
        for (count, more) in self.counts.iter_mut().zip(more.counts) {
            *count = count.saturating_add(more);
        }
    }

    pub(super) fn note(&mut self, deviation: Deviation) {
        if let Some(count) = self.counts.get_mut(deviation as usize) {
            *count = count.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn tolerated(deviations: &[Deviation]) -> Tolerated {
        deviations.iter().copied().collect()
    }

    #[test]
    fn every_deviation_has_a_name_and_a_sentence_of_its_own() {
        let names: BTreeSet<_> = Deviation::ALL.iter().map(|it| it.code()).collect();
        let sentences: BTreeSet<_> = Deviation::ALL.iter().map(|it| it.to_string()).collect();
        assert_eq!((names.len(), sentences.len()), (Deviation::ALL.len(), names.len()));
    }

    #[test]
    fn the_names_of_tolerable_deviations_are_read_back_and_no_others() {
        for &deviation in Deviation::ALL {
            let expected = if Deviation::TOLERABLE.contains(&deviation) {
                Ok(deviation)
            } else {
                Err(UnknownDeviation)
            };
            assert_eq!(deviation.code().parse(), expected, "{deviation:?}");
        }
        for text in [
            "",
            "*",
            "all",
            "order",
            "Element-Order",
            "element-order ",
            "odd_length",
            "odd-length,element-order",
        ] {
            assert_eq!(text.parse::<Deviation>(), Err(UnknownDeviation), "{text:?}");
        }
    }

    #[test]
    fn nothing_is_tolerated_by_default() {
        assert_eq!(Tolerated::default(), Tolerated::NONE);
        assert_eq!(tolerated(&[]), Tolerated::NONE);
        assert!(Deviation::ALL.iter().all(|it| !Tolerated::NONE.contains(*it)));
    }

    #[test]
    fn exactly_the_tolerable_deviations_that_were_given_are_tolerated() {
        for chosen in 0..=u8::MAX {
            let is_chosen = |it: &Deviation| chosen & it.bit() != 0;
            let given: Vec<_> = Deviation::ALL.iter().copied().filter(is_chosen).collect();
            let set = tolerated(&given);
            for &deviation in Deviation::ALL {
                let is_in = given.contains(&deviation) && Deviation::TOLERABLE.contains(&deviation);
                assert_eq!(set.contains(deviation), is_in, "{deviation:?} of {given:?}");
            }
        }
    }

    #[test]
    fn neither_order_nor_repetition_makes_another_set() {
        let [odd, order, reserved] = Deviation::TOLERABLE;
        let set = tolerated(&[odd, order, reserved]);
        assert_eq!(tolerated(&[reserved, odd, order, odd]), set);
        assert_ne!(tolerated(&[odd, order]), set);
    }

    #[test]
    fn each_deviation_is_counted_for_itself_and_without_overflow() {
        let mut met = Deviations::default();
        assert_eq!(met.iter().next(), None);
        for (times, deviation) in (1..).zip(Deviation::ALL.iter().copied()) {
            (0..times).for_each(|_| met.note(deviation));
        }
        assert!(met.iter().eq(Deviation::ALL.iter().copied().zip(1..)));
        let mut all = Deviations { counts: [u32::MAX; Deviation::ALL.len()] };
        all.add(&met);
        all.note(Deviation::Order);
        assert!(all.iter().eq(Deviation::ALL.iter().map(|it| (*it, u32::MAX))));
    }
}
