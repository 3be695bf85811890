//! The rules for data sets.

use super::deviation::Deviation;
use super::tag::Tag;
use crate::reason::Ground;

const EXAMPLE: Tag = Tag::new(0x0008, 0x0018);

const HARMFUL: &str = "Show the vendor of the sender the detail: such a data set can crash or \
                       mislead its reader. If the sender is not faulty, it may have been broken \
                       into. `guard = \"report\"` in its [peer] or [pacs] table lets such data sets pass.";
const TOLERABLE: &str = "Show the vendor of the sender the detail. If the sender cannot be fixed, and whatever \
     receives its data sets reads them as they are meant, add this deviation to `tolerate` of its \
     [peer] or [pacs] table.";
const IDENTIFY: &str = "Show the vendor of the sender the detail: the object does not identify itself properly. \
     `guard = \"report\"` in its [peer] table lets such objects pass.";
const WHO_ENTERED: &str = "Find out who entered this value: some servers would write outside their \
                           directory. If it is harmless, and the PACS makes no paths of it, add \
                           `\"path-characters\"` to `tolerate` of the device's [peer] table.";
const CHARACTER_SET: &str = "Set a character set of the standard at the device. If that is not possible, add \
     `\"character-set\"` to `tolerate` of its [peer] table: texts may then be read wrongly.";
const SUBSCRIBE: &str = "If the device subscribes under another of its titles, add that to \
                         `calling_ae` of its [peer] table; if it is not its own, ask why it tries.";
const RAISE_ELEMENTS: &str = "This is a limit: if the object is sound, raise `elements` of its [peer] or [pacs] table, or in \
     [limits] for all.";
const RAISE_IDENTIFIER: &str = "This is a limit: if the query or retrieval is sound, raise `identifier` of its [peer] table, or \
     in [limits] for all.";
const RAISE_ATTRIBUTES: &str = "This is a limit: if the request is sound, raise `attributes` of its [peer] table, or in [limits] \
     for all.";
const RAISE_ITEM_ELEMENTS: &str = "This is a limit: if the request is sound, raise `item_elements` of its [peer] table, or in \
     [limits] for all.";
const RAISE_WILDCARDS: &str = "Whoever asks does it with fewer `*`. If that is not possible, and the PACS does not slow down, raise \
     `wildcards` of its [peer] table, or in [limits] for all.";
const RAISE_LEVEL_ELEMENTS: &str = "This is a limit: if the object is sound, raise `level_elements` of its [peer] or [pacs] table, \
     or in [limits] for all.";
const RAISE_PRIVATE_CREATORS: &str = "This is a limit: if the object is sound, raise `private_creators` of its [peer] or [pacs] table, \
     or in [limits] for all.";
const RAISE_OBJECTS_PER_HOUR: &str = "This is a limit: if the device is to store so many objects, raise `objects_per_hour` of its \
     [peer] table; otherwise find out why it sends them.";
const RAISE_OBJECTS_PER_STUDY: &str = "This is a limit: if the device is to store so many objects of a study, raise `objects_per_study` \
     of its [peer] table; otherwise find out why it sends them.";

const STACK: Ground =
    Ground::Harm("25,000 of them exhaust the stack of storescp, Orthanc and wlmscpfs");
const BEHIND: Ground = Ground::Harm("readers that believe a length read on behind the end");
const HIDDEN: Ground = Ground::Meaning("elements that one reader sees are a value to another");
const VR: Ground = Ground::Meaning("the width of the length that follows is a guess");
const CAPITALS: Ground =
    Ground::Meaning("pydicom takes it for Explicit VR, and reads elements that DCMTK does not see");
const NATIVE: Ground = Ground::Meaning("DCMTK and Orthanc abort, pynetdicom fails to store it");
const TABLE: Ground = Ground::Meaning("DCMTK aborts; Orthanc and pynetdicom store it");
const PIXELS: Ground = Ground::Meaning("readers differ on whether frames or plain pixels follow");
const TEXT: Ground = Ground::Harm("wlmscpfs dies of it (CVE-2026-44628)");
const PADDING: Ground =
    Ground::Meaning("some readers take the next byte for its padding, most do not");
const SORTED: Ground =
    Ground::Meaning("readers that stop at a tag, before the pixel data, do not see it");
const BYTES: Ground = Ground::Meaning("readers of another VR's layout take them for a length");
const TWICE: Ground = Ground::Meaning("pydicom takes the last of them, DCMTK the first");
const GROUPS: Ground =
    Ground::Harm("servers write it into the file's header, which says how the file is read");
const NAMED: Ground = Ground::Harm("qrscp wrote outside its storage by it (CVE-2026-56445)");
const UNNAMED: Ground = Ground::Meaning("DCMTK and Orthanc refuse it; pynetdicom stores it");
const PATHS: Ground =
    Ground::Harm("servers that make paths of it leave their directory (docs/data-sets.md)");
const CODECS: Ground =
    Ground::Meaning("pydicom takes it for one of Python's codecs, DCMTK for ASCII");
const WHOLE: Ground =
    Ground::Harm("dcmqrscp, wlmscpfs, Orthanc and qrscp hold it whole: 800 MB and more of memory");
const WIDE: Ground = Ground::Harm(
    "dcmqrscp and Orthanc take time by the square of the number: half a minute for 200,000",
);
const PATTERN: Ground =
    Ground::Harm("dcmqrscp and wlmscpfs try every place for each, and serve nobody for hours");
const LEVEL: Ground =
    Ground::Harm("Orthanc takes time by the square of their number: 6 s for 50,000 in 0.4 MB");
const CREATORS: Ground = Ground::Harm(
    "DCMTK's servers and Orthanc take time by the square of their number: 6 s for 16,000",
);
const PREVIEW: Ground = Ground::Harm(
    "Orthanc dies of a preview of an image whose size does not fit into 32 bits (CVE-2026-5442, \
     CVE-2026-5443)",
);
const SHORT: Ground =
    Ground::Meaning("DCMTK fills up what is missing, Orthanc and pydicom show nothing");

crate::reasons! {
    /// The rule that a data set broke. Holds tags, never values.
    pub enum DataSetError {
        Depth: "sequence-depth", "sequences are nested more than 32 deep" is STACK, HARMFUL;
        Elements: "elements-limit", "more elements than `elements` allows" is Ground::Harm("each takes a server far more memory than bytes"), RAISE_ELEMENTS;
        IdentifierLength: "identifier-length",
            "an identifier that is longer than `identifier` allows" is WHOLE,
            RAISE_IDENTIFIER;
        AttributesLength: "attributes-length",
            "attributes that are longer than `attributes` allows"
            is Ground::Harm("Orthanc takes 300 MB of memory for a storage commitment of 40 MiB"), RAISE_ATTRIBUTES;
        ItemElements: "item-elements",
            "more elements in one item than `item_elements` allows" is WIDE, RAISE_ITEM_ELEMENTS;
        /// PS3.4 section C.2.2.2.4.
        Wildcards(Tag = EXAMPLE): "wildcards",
            "{0} has more `*` than `wildcards` allows" is PATTERN, RAISE_WILDCARDS;
        LevelElements: "level-elements",
            "more elements in a data set or one item than `level_elements` allows" is LEVEL,
            RAISE_LEVEL_ELEMENTS;
        /// PS3.5 section 7.8.1.
        PrivateCreators: "private-creators",
            "more private creators in a data set or one item than `private_creators` allows"
            is CREATORS, RAISE_PRIVATE_CREATORS;
        Cut: "data-set-cut", "cut off inside an element, an item or a sequence" is BEHIND, HARMFUL;
        Overrun(Tag = EXAMPLE): "element-overrun",
            "{0} reaches beyond the end of its item or sequence" is BEHIND, HARMFUL;
        /// PS3.5 section 7.5.
        NotAnItem(Tag = EXAMPLE): "not-an-item", "{0} is where an item must begin" is HIDDEN, HARMFUL;
        Misplaced(Tag = Tag::ITEM): "misplaced-delimiter",
            "the item or delimiter {0} is where none may be" is HIDDEN, HARMFUL;
        DelimiterLength(Tag = Tag::ITEM_END): "delimiter-length",
            "the delimiter {0} has a length" is HIDDEN, HARMFUL;
        UnknownVr(Tag = EXAMPLE): "unknown-vr",
            "{0} has a VR that the standard does not know" is VR, HARMFUL;
        Mistakable(Tag = EXAMPLE): "mistakable-vr",
            "{0} looks like Explicit VR in Implicit VR" is CAPITALS, HARMFUL;
        /// PS3.5 section 7.1.
        UndefinedLength(Tag = EXAMPLE): "undefined-length",
            "{0} has an undefined length, which its kind of value cannot have" is HIDDEN, HARMFUL;
        Encapsulated: "encapsulated-pixel-data",
            "encapsulated pixel data, which its transfer syntax does not have" is PIXELS, HARMFUL;
        /// PS3.5 section A.4.
        Native: "native-pixel-data",
            "native pixel data, which its transfer syntax does not have" is NATIVE, TOLERABLE;
        FragmentLength: "fragment-length", "a pixel data fragment of undefined length" is BEHIND, HARMFUL;
        /// PS3.5 section A.4.
        OffsetTable: "offset-table",
            "encapsulated pixel data without a proper basic offset table" is TABLE, TOLERABLE;
        SequenceVr(Tag = EXAMPLE): "sequence-vr",
            "{0} is a sequence and has another VR than SQ" is TEXT, HARMFUL;
        /// PS3.3 section C.7.6.3.
        Geometry(Tag = EXAMPLE): "image-geometry",
            "{0} has a VR or a number of values that the standard does not have there, or makes an \
             image that cannot be" is PREVIEW, HARMFUL;
        /// PS3.3 section C.7.6.3.
        ImageLength(Tag = EXAMPLE): "image-length",
            "{0} is shorter than the image or the descriptor of the table says" is SHORT, TOLERABLE;
        /// PS3.5 section 7.1.1.
        OddLength(Tag = EXAMPLE): "odd-length", "{0} has an odd length" is PADDING, TOLERABLE;
        /// PS3.5 section 7.1.
        Order(Tag = EXAMPLE): "element-order", "{0} comes after a higher tag" is SORTED, TOLERABLE;
        /// PS3.5 section 7.1.2.
        ReservedBytes(Tag = EXAMPLE): "reserved-bytes",
            "{0} has reserved bytes that are not zero" is BYTES, TOLERABLE;
        Duplicate(Tag = EXAMPLE): "duplicate-element",
            "{0} appears twice in a data set or item" is TWICE, HARMFUL;
        Group(Tag = EXAMPLE): "invalid-group",
            "{0} is of a group that no data set may have" is GROUPS, HARMFUL;
        Unsorted: "unsorted-elements",
            "more elements in open items than can be checked for repetition" is TWICE, HARMFUL;
        Missing(Tag = EXAMPLE): "missing-identifier", "{0} is missing" is UNNAMED, IDENTIFY;
        IdentifierVr(Tag = EXAMPLE): "identifier-vr", "{0} has another VR than UI" is NAMED, IDENTIFY;
        Identifier(Tag = EXAMPLE): "malformed-identifier", "{0} is not exactly one UID" is NAMED, IDENTIFY;
        Mismatch(Tag = EXAMPLE): "identifier-mismatch", "{0} differs from the command's" is NAMED, IDENTIFY;
        UidCharacters(Tag = EXAMPLE): "uid-characters",
            "{0} leads out of the directory of a path made of it" is PATHS, IDENTIFY;
        Path(Tag = EXAMPLE): "path-characters",
            "{0} has a NUL inside, or leads out of the directory of a path made of it" is PATHS,
            WHO_ENTERED;
        CharacterSet(Tag = EXAMPLE): "character-set",
            "{0} names a character set that the standard does not have" is CODECS, CHARACTER_SET;
        // What a peer may do, and so no rule of the wire.
        Receiver: "receiving-ae",
            "a subscription of an AE title that is not the peer's", SUBSCRIBE;
        ObjectsPerHour: "objects-per-hour",
            "more objects within an hour than `objects_per_hour` allows", RAISE_OBJECTS_PER_HOUR;
        ObjectsPerStudy: "objects-per-study",
            "more objects of one study than `objects_per_study` allows", RAISE_OBJECTS_PER_STUDY;
        /// PS3.8 annex E.1 has fragments of even length.
        OddWhole: "odd-data-set", "an odd total length"
            is Ground::Meaning("storescp, dcmqrscp and Orthanc abort; pynetdicom stores it"), HARMFUL;
        TooLong(Tag = EXAMPLE): "path-length", "{0} is longer than 1,024 bytes" is PATHS, WHO_ENTERED;
    }
}

impl DataSetError {
    /// What it counts as where it is let through; `None` where it never is.
    pub const fn deviation(self) -> Option<Deviation> {
        Some(match self {
            Self::OddLength(_) => Deviation::OddLength,
            Self::Order(_) => Deviation::Order,
            Self::ReservedBytes(_) => Deviation::ReservedBytes,
            Self::CharacterSet(_) => Deviation::CharacterSet,
            Self::Path(_) | Self::TooLong(_) => Deviation::Path,
            Self::Native => Deviation::Native,
            Self::OffsetTable => Deviation::OffsetTable,
            Self::Duplicate(_) => Deviation::Duplicate,
            Self::Group(_) => Deviation::Group,
            Self::SequenceVr(_) => Deviation::SequenceVr,
            Self::Geometry(_) => Deviation::Geometry,
            Self::ImageLength(_) => Deviation::ImageLength,
            Self::Missing(_)
            | Self::IdentifierVr(_)
            | Self::Identifier(_)
            | Self::Mismatch(_)
            | Self::UidCharacters(_) => Deviation::Identifier,
            Self::Depth
            | Self::Elements
            | Self::IdentifierLength
            | Self::AttributesLength
            | Self::ItemElements
            | Self::Wildcards(_)
            | Self::LevelElements
            | Self::PrivateCreators
            | Self::Cut
            | Self::Overrun(_)
            | Self::NotAnItem(_)
            | Self::Misplaced(_)
            | Self::DelimiterLength(_)
            | Self::UnknownVr(_)
            | Self::Mistakable(_)
            | Self::UndefinedLength(_)
            | Self::Encapsulated
            | Self::FragmentLength
            | Self::Unsorted
            | Self::Receiver
            | Self::ObjectsPerHour
            | Self::ObjectsPerStudy
            | Self::OddWhole => return None,
        })
    }
}
