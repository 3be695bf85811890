//! The few DIMSE messages that the tests speak (PS3.7 annex E).

use super::associate::{CT, STUDY_FIND, STUDY_MOVE, VERIFICATION};

/// The instance that the tests store.
pub(crate) const INSTANCE: &str = "2.25.1234567890";

const NO_DATA_SET: u16 = 0x0101;
const DATA_SET: u16 = 0x0001;

/// C-ECHO-RQ.
pub(crate) fn echo_rq(id: u16) -> Vec<u8> {
    command(&[
        uid(0x0002, VERIFICATION),
        us(0x0100, 0x0030),
        us(0x0110, id),
        us(0x0800, NO_DATA_SET),
    ])
}

/// C-STORE-RQ of a CT image.
pub(crate) fn store_rq(id: u16) -> Vec<u8> {
    command(&[
        uid(0x0002, CT),
        us(0x0100, 0x0001),
        us(0x0110, id),
        us(0x0700, 0),
        us(0x0800, DATA_SET),
        uid(0x1000, INSTANCE),
    ])
}

/// C-FIND-RQ in the study root.
pub(crate) fn find_rq(id: u16) -> Vec<u8> {
    command(&[
        uid(0x0002, STUDY_FIND),
        us(0x0100, 0x0020),
        us(0x0110, id),
        us(0x0700, 0),
        us(0x0800, DATA_SET),
    ])
}

/// C-FIND-RSP, pending, which a data set follows.
pub(crate) fn find_pending(id: u16) -> Vec<u8> {
    response(STUDY_FIND, 0x0020, id, DATA_SET, 0xff00)
}

/// The only response to a query, which brought nothing.
pub(crate) fn find_failed(id: u16, status: u16) -> Vec<u8> {
    response(STUDY_FIND, 0x0020, id, NO_DATA_SET, status)
}

/// The successful response to a request of the PACS's requestor.
pub(crate) fn success(request: &Request) -> Vec<u8> {
    response(&request.sop_class, request.command, request.id, NO_DATA_SET, 0)
}

/// A data set of this many bytes of pixel data in Explicit VR Little Endian.
pub(crate) fn image(pixels: usize) -> Vec<u8> {
    let mut set = image_head(pixels);
    // A period that is no power of two, so that a lost or moved block shows.
    set.extend((0u8..251).cycle().take(pixels));
    set
}

/// Such a data set up to its first pixel.
pub(crate) fn image_head(pixels: usize) -> Vec<u8> {
    let mut set = Vec::new();
    let identifiers = [
        (0x0008, 0x0016, CT),
        (0x0008, 0x0018, INSTANCE),
        (0x0020, 0x000d, "2.25.1"),
        (0x0020, 0x000e, "2.25.1.1"),
    ];
    for (group, element, value) in identifiers {
        let value = padded(value);
        set.extend(tag(group, element));
        set.extend(b"UI");
        set.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
        set.extend(value);
    }
    set.extend(tag(0x7fe0, 0x0010));
    set.extend(b"OW\0\0");
    set.extend(u32::try_from(pixels).unwrap().to_le_bytes());
    set
}

/// A query for studies, in Explicit VR Little Endian.
pub(crate) fn identifier() -> Vec<u8> {
    [&tag(0x0008, 0x0052), b"CS\x06\0STUDY ".as_slice()].concat()
}

/// What a received command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) sop_class: String,
    pub(crate) command: u16,
    pub(crate) id: u16,
    pub(crate) has_data_set: bool,
    pub(crate) status: Option<u16>,
}

impl Request {
    /// Reads a command set.
    pub(crate) fn parse(set: &[u8]) -> Self {
        let value = |element| find(set, element);
        let number = |element| value(element).map(|v| u16::from_le_bytes([v[0], v[1]]));
        let sop_class = value(0x0002).unwrap_or_default();
        Self {
            sop_class: String::from_utf8(sop_class).unwrap().trim_end_matches('\0').to_owned(),
            command: number(0x0100).unwrap(),
            id: number(0x0110).or(number(0x0120)).unwrap(),
            has_data_set: number(0x0800).unwrap() != NO_DATA_SET,
            status: number(0x0900),
        }
    }
}

fn response(sop_class: &str, request: u16, id: u16, data_set: u16, status: u16) -> Vec<u8> {
    command(&[
        uid(0x0002, sop_class),
        us(0x0100, request | 0x8000),
        us(0x0120, id),
        us(0x0800, data_set),
        us(0x0900, status),
    ])
}

/// A command set of these elements, with its group length.
pub(crate) fn command(elements: &[Vec<u8>]) -> Vec<u8> {
    let elements = elements.concat();
    let length = u32::try_from(elements.len()).unwrap();
    [element(0x0000, &length.to_le_bytes()), elements].concat()
}

/// C-MOVE-RQ in the study root, to this value of Move Destination.
pub(crate) fn move_rq(id: u16, destination: &[u8]) -> Vec<u8> {
    command(&[
        uid(0x0002, STUDY_MOVE),
        us(0x0100, 0x0021),
        us(0x0110, id),
        element(0x0600, destination),
        us(0x0700, 0),
        us(0x0800, DATA_SET),
    ])
}

/// N-ACTION-RQ of action type 1, which a data set follows.
pub(crate) fn action_rq(id: u16, sop_class: &str) -> Vec<u8> {
    command(&[
        uid(0x0003, sop_class),
        us(0x0100, 0x0130),
        us(0x0110, id),
        us(0x0800, DATA_SET),
        uid(0x1001, "1.2.840.10008.1.20.1.1"),
        us(0x1008, 1),
    ])
}

/// C-STORE-RQ of a CT image that a C-MOVE of this title has asked for.
pub(crate) fn moved_rq(id: u16, originator: &[u8]) -> Vec<u8> {
    command(&[
        uid(0x0002, CT),
        us(0x0100, 0x0001),
        us(0x0110, id),
        us(0x0700, 0),
        us(0x0800, DATA_SET),
        uid(0x1000, INSTANCE),
        element(0x1030, originator),
        us(0x1031, 1),
    ])
}

/// N-EVENT-REPORT-RQ, which a data set follows.
pub(crate) fn event_rq(id: u16, sop_class: &str) -> Vec<u8> {
    report(id, sop_class, DATA_SET)
}

/// N-EVENT-REPORT-RQ without a data set.
pub(crate) fn bare_event_rq(id: u16, sop_class: &str) -> Vec<u8> {
    report(id, sop_class, NO_DATA_SET)
}

fn report(id: u16, sop_class: &str, data_set: u16) -> Vec<u8> {
    command(&[
        uid(0x0002, sop_class),
        us(0x0100, 0x0100),
        us(0x0110, id),
        us(0x0800, data_set),
        uid(0x1000, INSTANCE),
        us(0x1002, 1),
    ])
}

/// N-DELETE-RQ.
pub(crate) fn delete_rq(id: u16, sop_class: &str) -> Vec<u8> {
    command(&[
        uid(0x0003, sop_class),
        us(0x0100, 0x0150),
        us(0x0110, id),
        us(0x0800, NO_DATA_SET),
        uid(0x1001, INSTANCE),
    ])
}

/// An element of a command set that holds a number.
pub(crate) fn us(number: u16, value: u16) -> Vec<u8> {
    element(number, &value.to_le_bytes())
}

/// An element of a command set that holds a UID.
pub(crate) fn uid(number: u16, value: &str) -> Vec<u8> {
    element(number, &padded(value))
}

/// An element of a command set.
pub(crate) fn element(number: u16, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).unwrap();
    [&tag(0, number), length.to_le_bytes().as_slice(), value].concat()
}

fn tag(group: u16, element: u16) -> [u8; 4] {
    let ([a, b], [c, d]) = (group.to_le_bytes(), element.to_le_bytes());
    [a, b, c, d]
}

fn padded(value: &str) -> Vec<u8> {
    let mut bytes = value.as_bytes().to_vec();
    if bytes.len() % 2 == 1 {
        bytes.push(0);
    }
    bytes
}

/// The value of an element of a command set.
pub(crate) fn find(mut set: &[u8], wanted: u16) -> Option<Vec<u8>> {
    while let [_, _, low, high, l0, l1, l2, l3, tail @ ..] = set {
        let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]).try_into().unwrap();
        let (value, rest) = tail.split_at(length);
        if u16::from_le_bytes([*low, *high]) == wanted {
            return Some(value.to_vec());
        }
        set = rest;
    }
    None
}
