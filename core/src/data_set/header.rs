//! Headers of elements, items and delimiters (PS3.5 sections 7.1 and 7.5).

use super::Tag;

/// The shortest header: that of items and delimiters, of Implicit VR, and of VRs with a length of
/// two bytes.
pub(super) const SHORT: usize = 8;
/// The length that says that a delimiter ends the value.
const UNDEFINED: u32 = u32::MAX;

/// How headers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Implicit VR, little endian.
    Implicit,
    /// Explicit VR, little endian.
    Little,
    /// Explicit VR, big endian.
    Big,
    /// Little endian; each item tells by its first element whether VRs are explicit. So do readers
    /// that open the value of an `UN` of defined length.
    Probed,
}

/// The VRs of PS3.5 table 6.2-1, as far as the walk tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vr {
    /// OB or OW: may hold encapsulated pixel data.
    Bytes,
    /// SQ.
    Sequence,
    /// UN.
    Unknown,
    /// UI.
    Uid,
    /// Any other VR with a length of four bytes.
    Long,
    /// Any other VR with a length of two bytes.
    Short,
}

impl Vr {
    /// The VR of these two letters; `None` where the standard has none: the width of its length
    /// would be a guess, and readers guess differently.
    #[rustfmt::skip]
    pub(super) const fn find(letters: [u8; 2]) -> Option<Self> {
        match &letters {
            b"OB" | b"OW" => Some(Self::Bytes),
            b"SQ" => Some(Self::Sequence),
            b"UN" => Some(Self::Unknown),
            b"UI" => Some(Self::Uid),
            b"OD" | b"OF" | b"OL" | b"OV" | b"SV" | b"UC" | b"UR" | b"UT" | b"UV" => {
                Some(Self::Long)
            }
            b"AE" | b"AS" | b"AT" | b"CS" | b"DA" | b"DS" | b"DT" | b"FD" | b"FL" | b"IS" | b"LO"
            | b"LT" | b"PN" | b"SH" | b"SL" | b"SS" | b"ST" | b"TM" | b"UL" | b"US" => {
                Some(Self::Short)
            }
            _ => None,
        }
    }

    /// Whether two reserved bytes and a length of four follow (PS3.5 section 7.1.2).
    pub(super) const fn is_long(self) -> bool {
        match self {
            Self::Bytes | Self::Sequence | Self::Unknown | Self::Long => true,
            Self::Uid | Self::Short => false,
        }
    }
}

/// How long a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Defined(u32),
    Undefined,
}

impl Length {
    pub(super) const fn new(length: u32) -> Self {
        if length == UNDEFINED { Self::Undefined } else { Self::Defined(length) }
    }
}

/// The tag that these bytes begin with.
pub(super) const fn tag([a, b, c, d]: [u8; 4], encoding: Encoding) -> Tag {
    match encoding {
        Encoding::Implicit | Encoding::Little | Encoding::Probed => {
            Tag::new(u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]))
        }
        Encoding::Big => Tag::new(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
    }
}

/// A length of four bytes.
pub(super) const fn long(bytes: [u8; 4], encoding: Encoding) -> Length {
    Length::new(match encoding {
        Encoding::Implicit | Encoding::Little | Encoding::Probed => u32::from_le_bytes(bytes),
        Encoding::Big => u32::from_be_bytes(bytes),
    })
}

/// A length of two bytes: it has no undefined value.
pub(super) const fn short(bytes: [u8; 2], encoding: Encoding) -> Length {
    Length::Defined(match encoding {
        Encoding::Implicit | Encoding::Little | Encoding::Probed => {
            u16::from_le_bytes(bytes) as u32
        }
        Encoding::Big => u16::from_be_bytes(bytes) as u32,
    })
}

/// Whether two bytes look like a VR to a reader that only looks for capital letters.
pub(super) const fn are_capitals([one, two]: [u8; 2]) -> bool {
    one.is_ascii_uppercase() && two.is_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use dicom_core::VR;
    use dicom_encoding::decode::Decode;
    use dicom_encoding::decode::explicit_be::ExplicitVRBigEndianDecoder;
    use dicom_encoding::decode::explicit_le::ExplicitVRLittleEndianDecoder;

    use super::*;

    /// The header of a VR with a length of four bytes.
    const LONG: usize = 12;

    fn pairs() -> impl Iterator<Item = [u8; 2]> {
        (0..=u16::MAX).map(u16::to_be_bytes)
    }

    #[test]
    fn knows_the_vrs_that_an_independent_library_knows() {
        for letters in pairs() {
            let known = VR::from_binary(letters).is_some();
            assert_eq!(Vr::find(letters).is_some(), known, "{letters:?}");
        }
    }

    #[test]
    fn reads_explicit_headers_as_an_independent_library_does() {
        let big = ExplicitVRBigEndianDecoder::default();
        let little = ExplicitVRLittleEndianDecoder::default();
        for [v, r] in pairs() {
            let Some(vr) = Vr::find([v, r]) else { continue };
            let bytes = [0x10, 0, 0x20, 0, v, r, 0, 2, 0, 4, 0, 2];
            let mut source = bytes.as_slice();
            let (read, width) = little.decode_header(&mut source).unwrap();
            assert_eq!(agreed(bytes, vr, Encoding::Little), (read.len.0, width));
            assert_eq!((read.tag.group(), read.tag.element()), (0x10, 0x20));
            let (read, width) = big.decode_header(&mut bytes.as_slice()).unwrap();
            assert_eq!(agreed(bytes, vr, Encoding::Big), (read.len.0, width));
        }
    }

    /// Length and width of a header.
    fn agreed(bytes: [u8; LONG], vr: Vr, encoding: Encoding) -> (u32, usize) {
        let [_, _, _, _, _, _, g, h, i, j, k, l] = bytes;
        let (length, width) = if vr.is_long() {
            (long([i, j, k, l], encoding), LONG)
        } else {
            (short([g, h], encoding), SHORT)
        };
        match length {
            Length::Defined(length) => (length, width),
            Length::Undefined => (u32::MAX, width),
        }
    }
}
