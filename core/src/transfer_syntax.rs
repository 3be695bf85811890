//! The transfer syntaxes whose data sets can be walked, and how.

use std::fmt;

use crate::wire::uid::Uid;

/// A transfer syntax whose data sets can be walked: a handle to a row of a static table.
#[derive(Clone, Copy)]
pub struct TransferSyntax(&'static Row);

/// How the elements of a data set are encoded (PS3.5 chapters 7 and 10 and annex A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Implicit VR, little endian.
    ImplicitLittle,
    /// Explicit VR, little endian.
    ExplicitLittle,
    /// Explicit VR, big endian (retired).
    ExplicitBig,
    /// Explicit VR, little endian, pixel data in fragments.
    Encapsulated,
}

struct Row {
    uid: &'static str,
    // Of PS3.6 table A-1.
    keyword: &'static str,
    walk: Walk,
}

impl Row {
    const fn new(uid: &'static str, keyword: &'static str, walk: Walk) -> Self {
        Self { uid, keyword, walk }
    }
}

impl TransferSyntax {
    /// The transfer syntax with this UID; `None` where its data sets cannot be walked.
    pub fn find(uid: &Uid) -> Option<Self> {
        let index = ROWS.binary_search_by(|row| row.uid.cmp(uid.as_str())).ok()?;
        ROWS.get(index).map(Self)
    }

    /// Every transfer syntax of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(Self)
    }

    /// The UID.
    pub const fn uid(self) -> &'static str {
        self.0.uid
    }

    /// Where the table has the UID.
    pub(crate) const fn uid_in_table(self) -> &'static &'static str {
        &self.0.uid
    }

    /// How its data sets are walked.
    pub const fn walk(self) -> Walk {
        self.0.walk
    }
}

impl PartialEq for TransferSyntax {
    fn eq(&self, other: &Self) -> bool {
        self.0.uid == other.0.uid
    }
}

impl Eq for TransferSyntax {}

impl fmt::Debug for TransferSyntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.keyword)
    }
}

// Sorted by UID as text, for the search. Left out: deflated data sets, MIME and XML cannot be
// walked element by element; JPIP makes the PACS fetch an address of the sender's choice; the
// SMPTE ones are streams, not messages; Papyrus 3 and private ones follow no rule of the standard.
#[rustfmt::skip]
static ROWS: [Row; 52] = [
    Row::new("1.2.840.10008.1.2", "ImplicitVRLittleEndian", Walk::ImplicitLittle),
    Row::new("1.2.840.10008.1.2.1", "ExplicitVRLittleEndian", Walk::ExplicitLittle),
    Row::new("1.2.840.10008.1.2.1.98", "EncapsulatedUncompressedExplicitVRLittleEndian", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.2", "ExplicitVRBigEndian", Walk::ExplicitBig),
    Row::new("1.2.840.10008.1.2.4.100", "MPEG2MPML", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.100.1", "MPEG2MPMLF", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.101", "MPEG2MPHL", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.101.1", "MPEG2MPHLF", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.102", "MPEG4HP41", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.102.1", "MPEG4HP41F", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.103", "MPEG4HP41BD", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.103.1", "MPEG4HP41BDF", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.104", "MPEG4HP422D", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.104.1", "MPEG4HP422DF", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.105", "MPEG4HP423D", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.105.1", "MPEG4HP423DF", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.106", "MPEG4HP42STEREO", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.106.1", "MPEG4HP42STEREOF", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.107", "HEVCMP51", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.108", "HEVCM10P51", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.110", "JPEGXLLossless", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.111", "JPEGXLJPEGRecompression", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.112", "JPEGXL", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.201", "HTJ2KLossless", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.202", "HTJ2KLosslessRPCL", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.203", "HTJ2K", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.50", "JPEGBaseline8Bit", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.51", "JPEGExtended12Bit", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.52", "JPEGExtended35", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.53", "JPEGSpectralSelectionNonHierarchical68", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.54", "JPEGSpectralSelectionNonHierarchical79", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.55", "JPEGFullProgressionNonHierarchical1012", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.56", "JPEGFullProgressionNonHierarchical1113", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.57", "JPEGLossless", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.58", "JPEGLosslessNonHierarchical15", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.59", "JPEGExtendedHierarchical1618", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.60", "JPEGExtendedHierarchical1719", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.61", "JPEGSpectralSelectionHierarchical2022", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.62", "JPEGSpectralSelectionHierarchical2123", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.63", "JPEGFullProgressionHierarchical2426", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.64", "JPEGFullProgressionHierarchical2527", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.65", "JPEGLosslessHierarchical28", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.66", "JPEGLosslessHierarchical29", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.70", "JPEGLosslessSV1", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.80", "JPEGLSLossless", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.81", "JPEGLSNearLossless", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.90", "JPEG2000Lossless", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.91", "JPEG2000", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.92", "JPEG2000MCLossless", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.4.93", "JPEG2000MC", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.5", "RLELossless", Walk::Encapsulated),
    Row::new("1.2.840.10008.1.2.8.1", "DeflatedImageFrameCompression", Walk::Encapsulated),
];

#[cfg(test)]
mod tests {
    use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
    use dicom_transfer_syntax_registry::TransferSyntaxRegistry;

    use super::*;

    const LEFT_OUT: [&str; 8] = [
        "1.2.840.10008.1.2.1.99",
        "1.2.840.10008.1.2.4.204",
        "1.2.840.10008.1.2.4.205",
        "1.2.840.10008.1.2.4.94",
        "1.2.840.10008.1.2.4.95",
        "1.2.840.10008.1.2.7.1",
        "1.2.840.10008.1.2.7.2",
        "1.2.840.10008.1.2.7.3",
    ];

    fn find(uid: &str) -> Option<TransferSyntax> {
        TransferSyntax::find(&uid.parse().unwrap())
    }

    #[test]
    fn finds_every_row_by_its_uid() {
        for (place, row) in TransferSyntax::all().enumerate() {
            assert_eq!(find(row.uid()), Some(row));
            assert_eq!(TransferSyntax::all().position(|other| other == row), Some(place));
        }
        assert!(ROWS.is_sorted_by(|one, next| one.uid < next.uid));
    }

    #[test]
    fn agrees_with_an_independent_registry_on_how_to_walk() {
        let mut agreed = 0;
        for row in TransferSyntax::all() {
            let Some(known) = TransferSyntaxRegistry.get(row.uid()) else { continue };
            let explicit_little = known.uid() != "1.2.840.10008.1.2" && !big_endian(known);
            match row.walk() {
                Walk::ImplicitLittle => assert_eq!(known.uid(), "1.2.840.10008.1.2"),
                Walk::ExplicitBig => assert!(big_endian(known)),
                Walk::ExplicitLittle => assert!(explicit_little && known.is_codec_free()),
                Walk::Encapsulated => {
                    assert!(explicit_little && known.is_encapsulated_pixel_data(), "{row:?}");
                }
            }
            agreed += 1;
        }
        assert!(agreed > 30, "the registry knows only {agreed} of the rows");
    }

    #[test]
    fn every_keyword_is_its_own() {
        let mut keywords: Vec<_> = ROWS.iter().map(|row| row.keyword).collect();
        keywords.sort_unstable();
        keywords.dedup();
        assert_eq!(keywords.len(), ROWS.len());
    }

    #[test]
    fn leaves_out_exactly_these_of_an_independent_registry() {
        let mut missing: Vec<_> = TransferSyntaxRegistry
            .iter()
            .map(|known| known.uid())
            .filter(|uid| find(uid).is_none())
            .collect();
        missing.sort_unstable();
        assert_eq!(missing, LEFT_OUT);
    }

    #[test]
    fn does_not_hold_mime_xml_private_or_oddly_written_ones() {
        for uid in [
            "1.2.840.10008.1.2.6.1",
            "1.2.840.10008.1.2.6.2",
            "1.2.840.113619.5.2",
            "1.2.840.10008.1.2.01",
        ] {
            assert_eq!(find(uid), None, "{uid}");
        }
    }

    fn big_endian(known: &dicom_encoding::TransferSyntax) -> bool {
        format!("{:?}", known.endianness()) == "Big"
    }
}
