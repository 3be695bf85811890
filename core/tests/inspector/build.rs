//! Builds commands, data sets and PDUs byte by byte; knows nothing of the encoder.

use pacsgate_core::direction::Direction;
use pacsgate_core::inspector::Guarding;
use pacsgate_core::inspector::{Context, Contexts, Grants, Maxima};
use pacsgate_core::services::{Operation, Operations};
use pacsgate_core::side::{PerSide, Side};
use pacsgate_core::transfer_syntax::TransferSyntax;
use pacsgate_core::wire::associate::ContextId;
use pacsgate_core::wire::title::AeTitle;

use Operation::{CEcho, CFind, CGet, CMove, CStore, NCreate, NDelete, NEventReport, NGet};

pub(crate) type Bytes = Vec<u8>;
/// A PDU, or a part of one, and who sends it.
pub(crate) type Sent = (Side, Bytes);

pub(crate) const IMPLICIT: &str = "1.2.840.10008.1.2";
pub(crate) const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub(crate) const INSTANCE: &str = "1.2.3.4";
/// A title that C-MOVE may name; so is `A` with a number below [`DESTINATIONS`].
pub(crate) const DESTINATION: &[u8; 16] = b"ARCHIVE         ";
pub(crate) const DESTINATIONS: u16 = 30;

pub(crate) const COMMAND: u8 = 1;
pub(crate) const LAST: u8 = 2;

pub(crate) const STORE: u16 = 0x0001;
pub(crate) const GET: u16 = 0x0010;
pub(crate) const FIND: u16 = 0x0020;
pub(crate) const MOVE: u16 = 0x0021;
pub(crate) const ECHO: u16 = 0x0030;
pub(crate) const EVENT: u16 = 0x0100;
pub(crate) const N_GET: u16 = 0x0110;
pub(crate) const CREATE: u16 = 0x0140;
pub(crate) const DELETE: u16 = 0x0150;
pub(crate) const CANCEL: u16 = 0x0fff;
pub(crate) const RESPONSE: u16 = 0x8000;
pub(crate) const PENDING: u16 = 0xff00;

/// A context: id, SOP class, transfer syntax, what the requestor and the PACS may ask for.
pub(crate) struct Row(
    pub(crate) u8,
    pub(crate) &'static str,
    &'static str,
    &'static [Operation],
    &'static [Operation],
);

pub(crate) const ECHOES: Row = Row(1, "1.2.840.10008.1.1", IMPLICIT, &[CEcho], &[CEcho]);
pub(crate) const CT: Row = Row(3, "1.2.840.10008.5.1.4.1.1.2", IMPLICIT, &[CStore], &[CStore]);
pub(crate) const MR: Row = Row(5, "1.2.840.10008.5.1.4.1.1.4", EXPLICIT, &[CStore], &[]);
pub(crate) const FINDS: Row = Row(7, "1.2.840.10008.5.1.4.1.2.2.1", IMPLICIT, &[CFind], &[]);
pub(crate) const MOVES: Row = Row(9, "1.2.840.10008.5.1.4.1.2.2.2", IMPLICIT, &[CMove], &[]);
pub(crate) const GETS: Row = Row(11, "1.2.840.10008.5.1.4.1.2.2.3", IMPLICIT, &[CGet], &[]);
pub(crate) const PRINTS: Row =
    Row(13, "1.2.840.10008.5.1.1.16", IMPLICIT, &[NGet, NCreate, NDelete], &[NEventReport]);
pub(crate) const ROWS: [Row; 7] = [ECHOES, CT, MR, FINDS, MOVES, GETS, PRINTS];

pub(crate) fn contexts(maxima: Maxima, guarding: Guarding) -> Contexts {
    let accepted = ROWS.iter().map(|Row(id, class, syntax, up, down)| Context {
        id: ContextId::new(*id).unwrap(),
        abstract_syntax: class.parse().unwrap(),
        transfer_syntax: TransferSyntax::find(&syntax.parse().unwrap()).unwrap(),
        operations: Operations::NONE.and_by_requestor(up).and_by_acceptor(down),
    });
    let numbered = (0..DESTINATIONS).map(|number| format!("A{number}").parse().unwrap());
    let move_to = numbered.chain([AeTitle::parse(DESTINATION).unwrap()]).collect();
    Contexts::new(
        accepted.collect(),
        maxima,
        Grants {
            direction: Direction::Inward,
            move_to,
            titles: [].into(),
            guarding: PerSide { requestor: guarding, acceptor: guarding },
        },
    )
}

/// Of one length in every direction.
pub(crate) const fn maxima(length: u32) -> Maxima {
    Maxima {
        to_acceptor: length,
        to_requestor: length,
        from_requestor: length,
        from_acceptor: length,
    }
}

pub(crate) fn pdata(context: u8, control: u8, fragment: &[u8]) -> Bytes {
    let length = u32::try_from(fragment.len()).unwrap();
    let lengths = [length + 6, length + 2].map(u32::to_be_bytes);
    [&[4, 0], &lengths[0][..], &lengths[1], &[context, control], fragment].concat()
}

/// Fragments of this size at most, each in a PDU of its own.
pub(crate) fn fragments(context: u8, kind: u8, bytes: &[u8], size: usize) -> Vec<Bytes> {
    let count = bytes.len().div_ceil(size).max(1);
    (0..count)
        .map(|number| {
            let end = bytes.len().min((number + 1) * size);
            let last = if number + 1 == count { LAST } else { 0 };
            pdata(context, kind | last, &bytes[number * size..end])
        })
        .collect()
}

/// An element in Implicit VR.
pub(crate) fn element(group: u16, element: u16, value: &[u8]) -> Bytes {
    let tag = [group.to_le_bytes(), element.to_le_bytes()].concat();
    [&tag[..], &u32::try_from(value.len()).unwrap().to_le_bytes(), value].concat()
}

pub(crate) fn set(elements: &[(u16, Bytes)]) -> Bytes {
    let body: Bytes =
        elements.iter().flat_map(|(number, value)| element(0, *number, value)).collect();
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [element(0, 0, &length), body].concat()
}

pub(crate) fn number(element: u16, value: u16) -> (u16, Bytes) {
    (element, value.to_le_bytes().to_vec())
}

pub(crate) fn uid(element: u16, value: &str) -> (u16, Bytes) {
    let mut value = value.as_bytes().to_vec();
    value.resize(value.len().next_multiple_of(2), 0);
    (element, value)
}

const fn data_set_type(has_data_set: bool) -> u16 {
    if has_data_set { 1 } else { 0x0101 }
}

/// The elements of a request with all that its command must have.
pub(crate) fn request(field: u16, class: &str, id: u16, has_data_set: bool) -> Vec<(u16, Bytes)> {
    let is_normalized = field & 0x0100 != 0;
    let of_requested = matches!(field, N_GET | DELETE);
    let mut all = vec![
        uid(if of_requested { 0x0003 } else { 0x0002 }, class),
        number(0x0100, field),
        number(0x0110, id),
    ];
    if field == MOVE {
        all.push((0x0600, DESTINATION.to_vec()));
    }
    if !is_normalized && field != ECHO {
        all.push(number(0x0700, 0));
    }
    all.push(number(0x0800, data_set_type(has_data_set)));
    if is_normalized || field == STORE {
        all.push(uid(if of_requested { 0x1001 } else { 0x1000 }, INSTANCE));
    }
    if field == EVENT {
        all.push(number(0x1002, 1));
    }
    all
}

pub(crate) fn response(field: u16, id: u16, has_data_set: bool, status: u16) -> Bytes {
    set(&[
        number(0x0100, field | RESPONSE),
        number(0x0120, id),
        number(0x0800, data_set_type(has_data_set)),
        number(0x0900, status),
    ])
}

pub(crate) fn cancel(id: u16) -> Bytes {
    set(&[number(0x0100, CANCEL), number(0x0120, id), number(0x0800, 0x0101)])
}

/// The identifiers of an object of this class, and pixels, in the class's transfer syntax.
pub(crate) fn object(class: &str, pixels: usize) -> Bytes {
    let is_explicit = class == MR.1;
    let of = |group: u16, number: u16, vr: &[u8], value: &[u8]| {
        let implicit = element(group, number, value);
        if is_explicit { [&implicit[..4], vr, &implicit[4..6], value].concat() } else { implicit }
    };
    let pixels = vec![0x55; pixels];
    let mut bytes = [
        of(8, 0x16, b"UI", &uid(0, class).1),
        of(8, 0x18, b"UI", &uid(0, INSTANCE).1),
        of(0x20, 0x0d, b"UI", &uid(0, "1.2.3").1),
        of(0x20, 0x0e, b"UI", &uid(0, "1.2.3.1").1),
    ]
    .concat();
    if is_explicit {
        let implicit = element(0x7fe0, 0x10, &pixels);
        bytes.extend([&implicit[..4], b"OB\0\0", &implicit[4..]].concat());
    } else {
        bytes.extend(element(0x7fe0, 0x10, &pixels));
    }
    bytes
}
