//! Why a data set is refused.

use super::Tag;

/// The rule that a data set broke. Holds tags, never values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DataSetError {
    /// More sequences inside each other than [`super::MAX_DEPTH`].
    #[error("sequences are nested more than 32 deep")]
    Depth,
    /// More elements than [`super::MAX_ELEMENTS`].
    #[error("has more than 1,000,000 elements")]
    Elements,
    /// The data set ends inside an element, an item or a sequence.
    #[error("ends inside an element, an item or a sequence")]
    Cut,
    /// An element or item reaches behind the end of what it stands in.
    #[error("{0} reaches behind the end of its item or sequence")]
    Overrun(Tag),
    /// Something else stands where an item must begin (PS3.5 section 7.5).
    #[error("{0} stands where an item must begin")]
    NotAnItem(Tag),
    /// An item or delimiter stands where there is nothing for it to begin or end.
    #[error("the item or delimiter {0} stands where none may be")]
    Misplaced(Tag),
    /// A delimiter whose length is not zero: some readers skip as many bytes, others none.
    #[error("the delimiter {0} has a length")]
    DelimiterLength(Tag),
    /// A VR outside PS3.5 table 6.2-1: readers guess differently how wide its length is.
    #[error("{0} has a VR that the standard does not know")]
    UnknownVr(Tag),
    /// A first header in Implicit VR that some readers take for Explicit VR.
    #[error("{0} looks like Explicit VR in Implicit VR")]
    Mistakable(Tag),
    /// An undefined length where the standard has none (PS3.5 section 7.1).
    #[error("{0} has an undefined length, which its kind of value cannot have")]
    UndefinedLength(Tag),
    /// Encapsulated pixel data in a syntax or place that has none.
    #[error("has encapsulated pixel data, which its transfer syntax does not have")]
    Encapsulated,
    /// Pixel data of defined length where it must be encapsulated (PS3.5 section A.4).
    #[error("has native pixel data, which its transfer syntax does not have")]
    Native,
    /// A fragment of undefined length.
    #[error("has a pixel data fragment of undefined length")]
    FragmentLength,
    /// Encapsulated pixel data without the item of a basic offset table (PS3.5 section A.4).
    #[error("has encapsulated pixel data without a proper basic offset table")]
    OffsetTable,
    /// A sequence of the standard's dictionary with another VR than SQ: readers that go by the
    /// dictionary take its value for items.
    #[error("{0} is a sequence and has another VR than SQ")]
    SequenceVr(Tag),
    /// A value of odd length (PS3.5 section 7.1.1).
    #[error("{0} has an odd length")]
    OddLength(Tag),
    /// Elements that do not ascend (PS3.5 section 7.1).
    #[error("{0} stands behind a higher tag")]
    Order(Tag),
    /// Reserved bytes behind a VR that are not zero (PS3.5 section 7.1.2).
    #[error("{0} has reserved bytes that are not zero")]
    ReservedBytes(Tag),
    /// A second element of a tag in one data set or item.
    #[error("{0} stands twice in a data set or item")]
    Duplicate(Tag),
    /// An element of a group that no data set may have.
    #[error("{0} is of a group that no data set may have")]
    Group(Tag),
    /// More elements out of order than can be held against each other.
    #[error("has more elements in open items than can be checked for repetition")]
    Unsorted,
    /// An identifier is missing.
    #[error("{0} is missing")]
    Missing(Tag),
    /// An identifier has another VR than UI.
    #[error("{0} has another VR than UI")]
    IdentifierVr(Tag),
    /// An identifier is not exactly one UID.
    #[error("{0} is not exactly one UID")]
    Identifier(Tag),
    /// An identifier differs from the command's.
    #[error("{0} differs from the command's")]
    Mismatch(Tag),
    /// A UID of a query has other characters than those of UIDs, lists and patterns.
    #[error("{0} has characters that no list of UIDs has")]
    UidCharacters(Tag),
    /// A value that servers make paths of would lead elsewhere, or has control characters.
    #[error("{0} has control characters or leads out of the directory of a path made of it")]
    Path(Tag),
    /// The character set is none that the standard has: it could make other texts of values.
    #[error("{0} names a character set that the standard does not have")]
    CharacterSet(Tag),
    /// A value that servers make paths of is longer than [`super::MAX_HELD`].
    #[error("{0} is longer than 1,024 bytes")]
    TooLong(Tag),
}

const EXAMPLE: Tag = Tag::new(0x0008, 0x0018);

impl DataSetError {
    /// Every error, one example each, for tables and tests.
    pub const ALL: [Self; 29] = [
        Self::Depth,
        Self::Elements,
        Self::Cut,
        Self::Overrun(EXAMPLE),
        Self::NotAnItem(EXAMPLE),
        Self::Misplaced(Tag::ITEM),
        Self::DelimiterLength(Tag::ITEM_END),
        Self::UnknownVr(EXAMPLE),
        Self::Mistakable(EXAMPLE),
        Self::UndefinedLength(EXAMPLE),
        Self::Encapsulated,
        Self::Native,
        Self::FragmentLength,
        Self::OffsetTable,
        Self::SequenceVr(EXAMPLE),
        Self::OddLength(EXAMPLE),
        Self::Order(EXAMPLE),
        Self::ReservedBytes(EXAMPLE),
        Self::Duplicate(EXAMPLE),
        Self::Group(EXAMPLE),
        Self::Unsorted,
        Self::Missing(EXAMPLE),
        Self::IdentifierVr(EXAMPLE),
        Self::Identifier(EXAMPLE),
        Self::Mismatch(EXAMPLE),
        Self::UidCharacters(EXAMPLE),
        Self::Path(EXAMPLE),
        Self::CharacterSet(EXAMPLE),
        Self::TooLong(EXAMPLE),
    ];

    /// The stable name in audit lines and counters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Depth => "sequence-depth",
            Self::Elements => "too-many-elements",
            Self::Cut => "data-set-cut",
            Self::Overrun(_) => "element-overrun",
            Self::NotAnItem(_) => "not-an-item",
            Self::Misplaced(_) => "misplaced-delimiter",
            Self::DelimiterLength(_) => "delimiter-length",
            Self::UnknownVr(_) => "unknown-vr",
            Self::Mistakable(_) => "mistakable-vr",
            Self::UndefinedLength(_) => "undefined-length",
            Self::Encapsulated => "encapsulated-pixel-data",
            Self::Native => "native-pixel-data",
            Self::FragmentLength => "fragment-length",
            Self::OffsetTable => "offset-table",
            Self::SequenceVr(_) => "sequence-vr",
            Self::OddLength(_) => "odd-length",
            Self::Order(_) => "element-order",
            Self::ReservedBytes(_) => "reserved-bytes",
            Self::Duplicate(_) => "duplicate-element",
            Self::Group(_) => "invalid-group",
            Self::Unsorted => "unsorted-elements",
            Self::Missing(_) => "missing-identifier",
            Self::IdentifierVr(_) => "identifier-vr",
            Self::Identifier(_) => "malformed-identifier",
            Self::Mismatch(_) => "identifier-mismatch",
            Self::UidCharacters(_) => "uid-characters",
            Self::Path(_) => "path-characters",
            Self::CharacterSet(_) => "character-set",
            Self::TooLong(_) => "path-length",
        }
    }
}
