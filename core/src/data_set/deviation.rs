//! What real devices and archives do against the standard, and may be let through.

use std::str::FromStr;

use crate::counts::Counts;
use crate::reason::Ground;

const PASSED: Ground = Ground::Form("passes it as it is, and counts it");
crate::reasons! {
    /// A deviation that is counted where it is let through; form only where that is everywhere.
    #[derive(PartialOrd, Ord)]
    pub enum Deviation -> Tolerance {
        /// Against PS3.5 section 7.1.1.
        OddLength: "odd-length", "a value or a pixel data fragment has an odd number of bytes" => Tolerance::Tolerable;
        /// Against PS3.5 section 7.1.
        Order: "element-order", "elements of a data set or item are not in ascending order" => Tolerance::Tolerable;
        /// Against PS3.5 section 7.1.2.
        ReservedBytes: "reserved-bytes", "the reserved bytes after a VR are not zero" => Tolerance::Tolerable;
        CharacterSet: "character-set", "the character set is not one of the standard's" => Tolerance::Tolerable;
        Path: "path-characters",
            "a value that some servers make paths of leads out of a directory, has a NUL inside, or \
             is longer than 1,024 bytes" => Tolerance::Tolerable;
        ImageLength: "image-length",
            "native pixel data or a look-up table is shorter than the image or the descriptor says"
            => Tolerance::Tolerable;
        /// Against PS3.5 section A.4.
        Native: "native-pixel-data",
            "pixel data is native, which its transfer syntax does not have" => Tolerance::Named;
        /// Against PS3.5 section A.4.
        OffsetTable: "offset-table",
            "encapsulated pixel data has no proper basic offset table" => Tolerance::Named;
        ControlCharacters: "control-characters",
            "a value that some servers make paths of has control characters"
            is PASSED => Tolerance::Always;
        UidCharacters: "uid-characters", "a UID has other characters than digits, or an empty component"
            is PASSED => Tolerance::Always;
        SurplusDelimiter: "surplus-delimiter",
            "a delimiter at the very end of a sequence or item that has a length"
            is PASSED => Tolerance::Always;
        ImageForm: "image-form",
            "native pixel data or a look-up table is longer than it must be, or the number of frames is \
             none" is PASSED => Tolerance::Always;
        /// Against PS3.6.
        ForeignVr: "foreign-vr", "an element of the standard has another VR than its dictionary says"
            is PASSED => Tolerance::Always;
        Duplicate: "duplicate-element", "a data set or item has two elements of the same tag"
            => Tolerance::Pacs;
        Group: "invalid-group", "an element is of a group that no data set may have"
            => Tolerance::Pacs;
        Identifier: "identifier",
            "an identifying UID is missing, malformed, or differs from the command's"
            => Tolerance::Pacs;
        SequenceVr: "sequence-vr", "a sequence of the dictionary has another VR than SQ"
            => Tolerance::Pacs;
        Geometry: "image-geometry",
            "what says how large an image is has another VR or number of values, or cannot be"
            => Tolerance::Pacs;
    }
}

/// Where a deviation is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// Everywhere: every reader takes it alike.
    Always,
    /// From a PACS, and where it is tolerated.
    Tolerable,
    /// Where it is tolerated.
    Named,
    /// From a PACS only, and counted there: readers disagree about it, or it harms a server.
    Pacs,
}

impl Deviation {
    /// Those that a configuration may tolerate: a site can know that its own systems read them alike.
    pub const TOLERABLE: [Self; 8] = [
        Self::OddLength,
        Self::Order,
        Self::ReservedBytes,
        Self::CharacterSet,
        Self::Path,
        Self::ImageLength,
        Self::Native,
        Self::OffsetTable,
    ];

    /// Where it is let through.
    pub const fn tolerance(self) -> Tolerance {
        self.answer()
    }

    const fn bit(self) -> u32 {
        1 << self as u32
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
pub struct Tolerated(u32);

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

/// How often each deviation was met.
pub type Deviations = Counts<Deviation>;

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
        for chosen in 0..1_u32 << Deviation::ALL.len() {
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
        let [odd, order, reserved, ..] = Deviation::TOLERABLE;
        let set = tolerated(&[odd, order, reserved]);
        assert_eq!(tolerated(&[reserved, odd, order, odd]), set);
        assert_ne!(tolerated(&[odd, order]), set);
    }
}
