//! The rules for data sets.

use super::tag::Tag;

const EXAMPLE: Tag = Tag::new(0x0008, 0x0018);

const HARMFUL: &str = "Show the device's vendor the detail: such a data set can crash or mislead a \
                       PACS. If the device is not faulty, it may have been broken into.";
const TOLERABLE: &str = "Show the device's vendor the detail. If the device cannot be mended, name \
                         this deviation in `tolerate` of its [peer] table: readers agree on what it means.";
const IDENTIFY: &str =
    "Show the device's vendor the detail: the object does not identify itself properly.";
const WHO_ENTERED: &str = "Find out who entered this value: it could make a server write outside its directory. If \
     nobody did, the device may have been broken into.";
const CHARACTER_SET: &str = "Set a character set of the standard at the device; with this one, texts would be read in ways \
     that nobody checks. If nobody set it, the device may have been broken into.";
const SUBSCRIBE: &str = "If the device subscribes under another of its titles, add that to \
                         `calling_ae` of its [peer] table; if it is not its own, ask why it tries.";

crate::reasons! {
    /// The rule that a data set broke. Holds tags, never values.
    pub enum DataSetError {
        Depth: "sequence-depth", "sequences are nested more than 32 deep", HARMFUL;
        Elements: "too-many-elements", "has more than 1,000,000 elements", HARMFUL;
        Cut: "data-set-cut", "ends inside an element, an item or a sequence", HARMFUL;
        Overrun(Tag = EXAMPLE): "element-overrun",
            "{0} reaches beyond the end of its item or sequence", HARMFUL;
        /// PS3.5 section 7.5.
        NotAnItem(Tag = EXAMPLE): "not-an-item", "{0} is where an item must begin", HARMFUL;
        Misplaced(Tag = Tag::ITEM): "misplaced-delimiter",
            "the item or delimiter {0} is where none may be", HARMFUL;
        DelimiterLength(Tag = Tag::ITEM_END): "delimiter-length",
            "the delimiter {0} has a length", HARMFUL;
        UnknownVr(Tag = EXAMPLE): "unknown-vr",
            "{0} has a VR that the standard does not know", HARMFUL;
        Mistakable(Tag = EXAMPLE): "mistakable-vr",
            "{0} looks like Explicit VR in Implicit VR", HARMFUL;
        /// PS3.5 section 7.1.
        UndefinedLength(Tag = EXAMPLE): "undefined-length",
            "{0} has an undefined length, which its kind of value cannot have", HARMFUL;
        Encapsulated: "encapsulated-pixel-data",
            "has encapsulated pixel data, which its transfer syntax does not have", HARMFUL;
        /// PS3.5 section A.4.
        Native: "native-pixel-data",
            "has native pixel data, which its transfer syntax does not have", HARMFUL;
        FragmentLength: "fragment-length", "has a pixel data fragment of undefined length", HARMFUL;
        /// PS3.5 section A.4.
        OffsetTable: "offset-table",
            "has encapsulated pixel data without a proper basic offset table", HARMFUL;
        SequenceVr(Tag = EXAMPLE): "sequence-vr",
            "{0} is a sequence and has another VR than SQ", HARMFUL;
        /// PS3.5 section 7.1.1.
        OddLength(Tag = EXAMPLE): "odd-length", "{0} has an odd length", TOLERABLE;
        /// PS3.5 section 7.1.
        Order(Tag = EXAMPLE): "element-order", "{0} comes after a higher tag", TOLERABLE;
        /// PS3.5 section 7.1.2.
        ReservedBytes(Tag = EXAMPLE): "reserved-bytes",
            "{0} has reserved bytes that are not zero", TOLERABLE;
        Duplicate(Tag = EXAMPLE): "duplicate-element",
            "{0} appears twice in a data set or item", HARMFUL;
        Group(Tag = EXAMPLE): "invalid-group",
            "{0} is of a group that no data set may have", HARMFUL;
        Unsorted: "unsorted-elements",
            "has more elements in open items than can be checked for repetition", HARMFUL;
        Missing(Tag = EXAMPLE): "missing-identifier", "{0} is missing", IDENTIFY;
        IdentifierVr(Tag = EXAMPLE): "identifier-vr", "{0} has another VR than UI", IDENTIFY;
        Identifier(Tag = EXAMPLE): "malformed-identifier", "{0} is not exactly one UID", IDENTIFY;
        Mismatch(Tag = EXAMPLE): "identifier-mismatch", "{0} differs from the command's", IDENTIFY;
        UidCharacters(Tag = EXAMPLE): "uid-characters",
            "{0} has characters that no list of UIDs has", IDENTIFY;
        Path(Tag = EXAMPLE): "path-characters",
            "{0} has control characters or leads out of the directory of a path made of it",
            WHO_ENTERED;
        CharacterSet(Tag = EXAMPLE): "character-set",
            "{0} names a character set that the standard does not have", CHARACTER_SET;
        Receiver: "receiving-ae",
            "subscribes an AE title that is not the peer's", SUBSCRIBE;
        TooLong(Tag = EXAMPLE): "path-length", "{0} is longer than 1,024 bytes", WHO_ENTERED;
    }
}
