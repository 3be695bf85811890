//! Data sets that two readers take for two, each reduced to what makes them disagree.
//!
//! The gate has to refuse them. An open one still passes: it is a hole that is known, and the test
//! fails as soon as it is closed, so that it is then called so.

use super::data_set::{CT_IMAGE, DataSet, INSTANCE};
use super::tree::{self, Node};
use pacsgate_core::transfer_syntax::Walk;

/// A data set on which readers disagree.
pub(super) struct Case {
    pub(super) data_set: DataSet,
    /// Whether it passes where every tolerance is given.
    pub(super) is_open: bool,
}

const ITEM_END: &[u8] = b"\xfe\xff\x0d\xe0\0\0\0\0";
const SEQUENCE_END: &[u8] = b"\xfe\xff\xdd\xe0\0\0\0\0";
const OPEN_ITEM: &[u8] = b"\xfe\xff\x00\xe0\xff\xff\xff\xff";
/// The SOP Instance UID that one reader believes.
const HIDDEN: &[u8] = b"6.6.6.6\0";

/// All that is known.
pub(super) fn all() -> [Case; 4] {
    [
        Case { data_set: file_meta_in_big_endian(), is_open: false },
        Case { data_set: undefined_text(), is_open: false },
        Case { data_set: unknown_in_big_endian(), is_open: false },
        Case { data_set: unknown_of_a_vendor(), is_open: true },
    ]
}

/// In Implicit VR the dictionary knows a text, its undefined length makes a sequence of it.
///
/// pydicom goes by the dictionary, does not find fragments, and looks for the first four bytes that
/// are a sequence delimiter: what stands behind them are elements of the data set. DCMTK refuses.
fn undefined_text() -> DataSet {
    let walk = Walk::ImplicitLittle;
    let mut value = SEQUENCE_END.to_vec();
    value.extend(leaf(walk, 0x0008_0018, "UI", HIDDEN));
    // Its value are the two delimiters that end the item and the sequence.
    value.extend(b"\x42\0\x11\0\x10\0\0\0");
    let inside = leaf(walk, 0x0009_1010, "UN", &value);
    let mut bytes = identifiers(walk);
    bytes.extend(b"\x08\x40\0\x03\xff\xff\xff\xff");
    bytes.extend([OPEN_ITEM, &inside, ITEM_END, SEQUENCE_END].concat());
    DataSet::new("a text of undefined length".into(), walk, bytes)
}

/// A first element of group 0200H is, in big endian, what one of group 0002H is in the file meta
/// information before it. pydicom goes by the group alone and takes it for a part of that: here for
/// the transfer syntax, in which it then reads all the rest.
///
/// Only where elements may come in any order could it pass otherwise: an object begins with 0008H.
fn file_meta_in_big_endian() -> DataSet {
    let walk = Walk::ExplicitBig;
    let mut syntax = b"1.2.840.10008.1.2".to_vec();
    // A length that is the same in both byte orders.
    syntax.resize(0x0202, 0);
    let bytes = [leaf(walk, 0x0200_1000, "UI", &syntax), identifiers(walk)].concat();
    DataSet::new("a file's group in big endian".into(), walk, bytes)
}

/// `UN` of undefined length holds Implicit VR Little Endian, whatever is around it (PS3.5 section
/// 6.2.2), and so does DCMTK read it; pydicom reads on in big endian.
///
/// The length 00 00 01 00 is 65,536 for the one and 256 for the other, who finds an end of the
/// sequence behind that, and elements of the data set behind the end.
fn unknown_in_big_endian() -> DataSet {
    const LONG: usize = 65_536;
    let walk = Walk::ExplicitBig;
    let mut value = vec![0; 256];
    value.extend(b"\xff\xfe\xe0\x0d\0\0\0\0\xff\xfe\xe0\xdd\0\0\0\0");
    value.extend(leaf(walk, 0x0008_0018, "UI", HIDDEN));
    let rest = LONG - value.len() - 12;
    value.extend(b"\0\x42\0\x11OB\0\0");
    let to_the_end = u32::try_from(rest + ITEM_END.len() + SEQUENCE_END.len()).unwrap();
    value.extend(to_the_end.to_be_bytes());
    value.resize(LONG, 0);
    let mut bytes = identifiers(walk);
    bytes.extend(b"\x40\x09\x10\x10UN\0\0\xff\xff\xff\xff");
    bytes.extend(OPEN_ITEM);
    bytes.extend(b"\x09\0\x12\x10\0\0\x01\0");
    bytes.extend([&value, ITEM_END, SEQUENCE_END].concat());
    DataSet::new("an open UN in big endian".into(), walk, bytes)
}

/// pydicom's dictionary of vendors knows a sequence where the data set says `UN`; it opens it even
/// if no item stands there. It sees more than others, but only inside this value.
fn unknown_of_a_vendor() -> DataSet {
    let walk = Walk::ExplicitLittle;
    let inside = leaf(walk, 0x0010_0020, "LO", b"HIDDEN");
    let length = u32::try_from(inside.len()).unwrap().to_le_bytes();
    let value = [&[0; 4], length.as_slice(), &inside].concat();
    let mut bytes = identifiers(walk);
    bytes.extend(leaf(walk, 0x2001_0010, "LO", b"Philips Imaging DD 001"));
    bytes.extend(leaf(walk, 0x2001_105f, "UN", &value));
    DataSet::new("a vendor's UN".into(), walk, bytes)
}

fn leaf(walk: Walk, tag: u32, vr: &'static str, value: &[u8]) -> Vec<u8> {
    tree::write(walk, &[Node::Leaf { tag, vr, value: value.to_vec() }]).bytes
}

fn identifiers(walk: Walk) -> Vec<u8> {
    let padded = |text: &str| {
        let mut value = text.as_bytes().to_vec();
        value.resize(value.len().next_multiple_of(2), 0);
        value
    };
    let all = [
        (0x0008_0016, CT_IMAGE),
        (0x0008_0018, INSTANCE),
        (0x0020_000d, "1.2.3"),
        (0x0020_000e, "1.2.3.1"),
    ];
    all.iter().flat_map(|(tag, uid)| leaf(walk, *tag, "UI", &padded(uid))).collect()
}
