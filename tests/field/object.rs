//! Data sets element by element, in any form.

use crate::support::associate::CT;
use std::collections::BTreeMap;

/// The instance of the objects made here.
pub(crate) use crate::support::dimse::INSTANCE;

/// Their study and their series.
pub(crate) const STUDY: &str = "1.2.826.0.1.3680043.10.1.10";
const SERIES: &str = "1.2.826.0.1.3680043.10.1.11";

/// The UIDs among the elements of an object, which are padded with NUL.
const UIDS: [u32; 4] = [0x0008_0016, 0x0008_0018, 0x0020_000d, 0x0020_000e];

/// A CT object in Implicit VR with these elements in the place of its own, or besides.
pub(crate) fn object(changes: &[(u32, &[u8])]) -> Vec<u8> {
    let mut elements = BTreeMap::from([
        (0x0008_0016, CT.as_bytes()),
        (0x0008_0018, INSTANCE.as_bytes()),
        (0x0008_0060, b"CT"),
        (0x0010_0010, b"DOE^JANE"),
        (0x0010_0020, b"P1"),
        (0x0020_000d, STUDY.as_bytes()),
        (0x0020_000e, SERIES.as_bytes()),
    ]);
    elements.extend(changes.iter().copied());
    elements.into_iter().flat_map(|(tag, value)| implicit(tag, value)).collect()
}

/// The same without these elements.
pub(crate) fn object_without(tags: &[u32]) -> Vec<u8> {
    let whole = object(&[]);
    let (mut rest, mut kept) = (whole.as_slice(), Vec::new());
    while let [a, b, c, d, length, ..] = rest {
        let tag = u32::from_le_bytes([*c, *d, *a, *b]);
        let (element, tail) = rest.split_at(8 + usize::from(*length));
        if !tags.contains(&tag) {
            kept.extend(element);
        }
        rest = tail;
    }
    kept
}

/// An element in Implicit VR, padded to an even length.
pub(crate) fn implicit(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut value = value.to_vec();
    if value.len() % 2 == 1 {
        value.push(if UIDS.contains(&tag) { 0 } else { b' ' });
    }
    unpadded(tag, &value)
}

/// An element in Implicit VR as it is.
pub(crate) fn unpadded(tag: u32, value: &[u8]) -> Vec<u8> {
    with_length(tag, u32::try_from(value.len()).unwrap(), value)
}

/// An element in Implicit VR whose length says this.
pub(crate) fn with_length(tag: u32, length: u32, value: &[u8]) -> Vec<u8> {
    [&bytes_of(tag), length.to_le_bytes().as_slice(), value].concat()
}

/// An element in Explicit VR with a short length.
pub(crate) fn explicit(tag: u32, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_le_bytes();
    [&bytes_of(tag), vr.as_slice(), &length, value].concat()
}

/// An element in Explicit VR with a long length, which says this.
pub(crate) fn explicit_long(tag: u32, vr: &[u8; 2], length: u32, value: &[u8]) -> Vec<u8> {
    [&bytes_of(tag), vr.as_slice(), &[0, 0], &length.to_le_bytes(), value].concat()
}

/// A CT object in Explicit VR with these elements between those of the groups 0010 and 0020.
pub(crate) fn explicit_object(between: &[u8]) -> Vec<u8> {
    let uid = |tag, uid: &str| explicit(tag, b"UI", format!("{uid}\0").as_bytes());
    [
        uid(0x0008_0016, CT),
        uid(0x0008_0018, INSTANCE),
        explicit(0x0008_0060, b"CS", b"CT"),
        explicit(0x0010_0010, b"PN", b"DOE^JANE"),
        explicit(0x0010_0020, b"LO", b"P1"),
        between.to_vec(),
        uid(0x0020_000d, STUDY),
        uid(0x0020_000e, SERIES),
    ]
    .concat()
}

/// An item with a defined length.
pub(crate) fn item(content: &[u8]) -> Vec<u8> {
    unpadded(0xfffe_e000, content)
}

/// The delimiter at the end of a sequence of undefined length.
pub(crate) fn sequence_end() -> Vec<u8> {
    unpadded(0xfffe_e0dd, b"")
}

fn bytes_of(tag: u32) -> [u8; 4] {
    let [a, b, c, d] = tag.to_le_bytes();
    [c, d, a, b]
}
