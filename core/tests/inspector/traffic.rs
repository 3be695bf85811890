//! What two sides send: whole exchanges, sound and less so, then shuffled and damaged a little.

use pacsgate_core::inspector::HEAD;
use pacsgate_core::side::Side;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::build::*;

const RELEASES: [[u8; 10]; 3] = [
    [5, 0, 0, 0, 0, 4, 0, 0, 0, 0],
    [6, 0, 0, 0, 0, 4, 0, 0, 0, 0],
    [7, 0, 0, 0, 0, 4, 0, 0, 2, 6],
];

/// A whole message: its command in one piece, its data set in fragments of this size.
fn message(from: Side, context: u8, command: &[u8], data_set: Option<(&[u8], usize)>) -> Vec<Sent> {
    let command = fragments(context, COMMAND, command, usize::MAX / 2);
    let data = data_set.map(|(bytes, size)| fragments(context, 0, bytes, size));
    command.into_iter().chain(data.into_iter().flatten()).map(|pdu| (from, pdu)).collect()
}

fn asked(row: &Row, field: u16, id: u16, data_set: Option<(&[u8], usize)>) -> Vec<Sent> {
    let command = set(&request(field, row.1, id, data_set.is_some()));
    message(Side::Requestor, row.0, &command, data_set)
}

fn answered(row: &Row, field: u16, id: u16, status: u16) -> Vec<Sent> {
    message(Side::Acceptor, row.0, &response(field, id, false, status), None)
}

fn id() -> impl Strategy<Value = u16> {
    1_u16..4
}

/// Sizes of fragments: even, mostly small.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![2 => 1_usize..40, 2 => 40_usize..509, 1 => 509_usize..9000]
        .prop_map(|half| 2 * half)
}

/// The identifier of a query: sound, or with a path where none may be.
fn identifier() -> impl Strategy<Value = Bytes> {
    let study = select(vec![&b"1.2.3\0"[..], b"1.2.*\0", b"../x", b""]);
    study.prop_map(|study| [element(8, 0x52, b"STUDY "), element(0x20, 0x0d, study)].concat())
}

/// An object of a class: sound or damaged, sometimes about as long as what is held.
fn object_of(row: &'static Row) -> impl Strategy<Value = Bytes> {
    let pixels = prop_oneof![6 => 0_usize..400, 1 => HEAD / 2 - 600..HEAD / 2 + 600];
    let damage = prop::option::weighted(0.4, (any::<Index>(), any::<u8>()));
    (pixels, damage, any::<bool>()).prop_map(move |(pixels, damage, is_at_end)| {
        let mut bytes = object(row.1, 2 * pixels);
        if let Some((place, byte)) = damage {
            let length = bytes.len();
            bytes[if is_at_end { length - 1 } else { place.index(length.min(140)) }] = byte;
            if is_at_end {
                bytes.extend(element(8, 8, b""));
            }
        }
        bytes
    })
}

fn echo() -> impl Strategy<Value = Vec<Sent>> {
    id().prop_map(|id| [asked(&ECHOES, ECHO, id, None), answered(&ECHOES, ECHO, id, 0)].concat())
}

/// An object and the size of its fragments: of a large one not too many.
fn in_fragments(row: &'static Row) -> impl Strategy<Value = (Bytes, usize)> {
    (object_of(row), size()).prop_map(|(object, size)| {
        let size = size.max(object.len() / 100).next_multiple_of(2);
        (object, size)
    })
}

fn store(row: &'static Row) -> impl Strategy<Value = Vec<Sent>> {
    (id(), in_fragments(row), select(vec![0, 0xa700, 0xb000])).prop_map(
        move |(id, (object, size), status)| {
            let up = asked(row, STORE, id, Some((&object, size)));
            [up, answered(row, STORE, id, status)].concat()
        },
    )
}

/// A query with matches and perhaps a C-CANCEL, at its place or too late.
fn find() -> impl Strategy<Value = Vec<Sent>> {
    let cancels = select(vec![None, None, Some(false), Some(true)]);
    (id(), vec((identifier(), size()), 1..5), cancels).prop_map(|(id, sets, cancels)| {
        let (query, matches) = sets.split_first().unwrap();
        let mut all = asked(&FINDS, FIND, id, Some((&query.0, query.1)));
        for (found, size) in matches {
            let pending = response(FIND, id, true, PENDING);
            all.extend(message(Side::Acceptor, FINDS.0, &pending, Some((found, *size))));
        }
        let cancel = message(Side::Requestor, FINDS.0, &cancel(id), None);
        let last = answered(&FINDS, FIND, id, 0);
        match cancels {
            Some(true) => all.extend([cancel, last].concat()),
            Some(false) => all.extend([last, cancel].concat()),
            None => all.extend(last),
        }
        all
    })
}

/// A retrieval, with the objects that the PACS sends meanwhile.
fn get() -> impl Strategy<Value = Vec<Sent>> {
    (id(), vec(in_fragments(&CT), 0..3)).prop_map(|(id, objects)| {
        let mut all = asked(&GETS, GET, id, Some((&element(0x20, 0x0d, b"1.2.3\0"), 100)));
        for (object, size) in &objects {
            let command = set(&request(STORE, CT.1, 9, true));
            all.extend(message(Side::Acceptor, CT.0, &command, Some((object, *size))));
            all.extend(message(Side::Requestor, CT.0, &response(STORE, 9, false, 0), None));
        }
        all.extend(answered(&GETS, GET, id, 0));
        all
    })
}

fn moving() -> impl Strategy<Value = Vec<Sent>> {
    let title = select(vec![&DESTINATION[..], b"ELSEWHERE ", b"ARCHIVE "]);
    (id(), title, size()).prop_map(|(id, title, size)| {
        let mut elements = request(MOVE, MOVES.1, id, true);
        elements[3].1 = title.to_vec();
        let study = element(0x20, 0x0d, b"1.2.3\0");
        let up = message(Side::Requestor, MOVES.0, &set(&elements), Some((&study, size)));
        let pending = answered(&MOVES, MOVE, id, PENDING);
        if title == b"ELSEWHERE " {
            up
        } else {
            [up, pending, answered(&MOVES, MOVE, id, 0)].concat()
        }
    })
}

/// A command that is longer than a PDU, in pieces of this size; up to its limit and beyond.
fn long_command() -> impl Strategy<Value = Vec<Sent>> {
    let length = prop_oneof![3 => 0_usize..1500, 1 => 16_000_usize..16_500];
    (id(), length, 400_usize..4000).prop_map(|(id, attributes, size)| {
        let mut elements = request(N_GET, PRINTS.1, id, false);
        elements.push((0x1005, vec![0; 4 * attributes]));
        let up = fragments(PRINTS.0, COMMAND, &set(&elements), 2 * size);
        let up = up.into_iter().map(|pdu| (Side::Requestor, pdu)).collect();
        [up, answered(&PRINTS, N_GET, id, 0)].concat()
    })
}

fn event() -> impl Strategy<Value = Vec<Sent>> {
    (id(), vec(any::<u8>(), 0..6), size()).prop_map(|(id, value, size)| {
        let command = set(&request(EVENT, PRINTS.1, id, true));
        let data_set = element(0x2100, 0x20, &[&value[..], &value].concat());
        let up = message(Side::Requestor, PRINTS.0, &response(EVENT, id, false, 0), None);
        [message(Side::Acceptor, PRINTS.0, &command, Some((&data_set, size))), up].concat()
    })
}

/// A forbidden request while a message is on its way to the requestor: the answer has to wait.
fn forbidden_meanwhile() -> impl Strategy<Value = Vec<Sent>> {
    (event(), forbidden(), any::<Index>()).prop_map(|(mut all, forbidden, place)| {
        let place = 1 + place.index(all.len() - 1);
        all.splice(place..place, forbidden);
        all
    })
}

/// What nobody may ask there, with what belongs to it: the gate answers.
fn forbidden() -> impl Strategy<Value = Vec<Sent>> {
    let fields = select(vec![STORE, FIND, CREATE, DELETE, 0x0200, 0x7000]);
    let row = select((0..ROWS.len()).collect::<Vec<_>>());
    let side = select(vec![Side::Requestor, Side::Requestor, Side::Acceptor]);
    (id(), fields, row, vec(any::<u16>(), 0..80), size(), side).prop_map(
        |(id, field, row, data, size, side)| {
            let data: Bytes = data.into_iter().flat_map(u16::to_le_bytes).collect();
            let has_data = field != DELETE;
            let command = set(&request(field, ROWS[row].1, id, has_data));
            message(side, ROWS[row].0, &command, has_data.then_some((&data[..], size)))
        },
    )
}

/// A command and its data set in one PDU, and fragments that hold nothing.
fn packed() -> impl Strategy<Value = Vec<Sent>> {
    (id(), 0_usize..3).prop_map(|(id, empty)| {
        let command = pdata(MR.0, 3, &set(&request(STORE, MR.1, id, true)));
        let object = pdata(MR.0, LAST, &object(MR.1, 20));
        let nothing = pdata(MR.0, 0, &[]).repeat(empty);
        let pdvs: Bytes = [command, object].iter().flat_map(|pdu| pdu[6..].to_vec()).collect();
        let length = u32::try_from(pdvs.len()).unwrap().to_be_bytes();
        let packed = [&[4, 0xff], &length[..], &pdvs].concat();
        let answer = answered(&MR, STORE, id, 0);
        if empty > 0 {
            let begun = pdata(MR.0, 3, &set(&request(STORE, MR.1, id, true)));
            let end = pdata(MR.0, LAST, &[]);
            let data = pdata(MR.0, 0, &crate::build::object(MR.1, 20));
            let up = (Side::Requestor, [begun, nothing, data, end].concat());
            return [vec![up], answer].concat();
        }
        [vec![(Side::Requestor, packed)], answer].concat()
    })
}

fn odd() -> impl Strategy<Value = Vec<Sent>> {
    let side = || select(vec![Side::Requestor, Side::Acceptor]);
    prop_oneof![
        id().prop_map(|id| message(Side::Requestor, FINDS.0, &cancel(id), None)),
        id().prop_map(|id| message(Side::Requestor, CT.0, &cancel(id), None)),
        (side(), select(RELEASES.to_vec())).prop_map(|(side, pdu)| vec![(side, pdu.to_vec())]),
        (side(), vec(any::<u8>(), 1..30)).prop_map(|(side, bytes)| vec![(side, bytes)]),
        (side(), any::<u8>(), any::<u8>(), vec(any::<u8>(), 0..20))
            .prop_map(|(side, id, control, bytes)| vec![(side, pdata(id, control, &bytes))]),
    ]
}

fn exchange() -> impl Strategy<Value = Vec<Sent>> {
    prop_oneof![
        2 => echo(),
        4 => store(&CT),
        4 => store(&MR),
        4 => find(),
        3 => get(),
        2 => moving(),
        2 => long_command(),
        2 => event(),
        4 => forbidden(),
        2 => forbidden_meanwhile(),
        1 => packed(),
        2 => odd(),
    ]
}

/// An object that has a fault, or none, about where its head ends.
pub(crate) fn around_the_head() -> impl Strategy<Value = Vec<Sent>> {
    let pixels = HEAD / 2 - 100..HEAD / 2 + 100;
    (pixels, size(), prop::bool::weighted(0.8)).prop_map(|(pixels, size, has_fault)| {
        let mut object = object(CT.1, 2 * pixels);
        if has_fault {
            object.extend(element(8, 8, b""));
        }
        let up = asked(&CT, STORE, 1, Some((&object, size.max(600))));
        [up, answered(&CT, STORE, 1, 0)].concat()
    })
}

/// Exchanges in a row, some of their PDUs out of turn or damaged.
pub(crate) fn traffic() -> impl Strategy<Value = Vec<Sent>> {
    let swaps = vec(any::<Index>(), 0..3);
    let damage = prop::option::weighted(0.2, (any::<Index>(), any::<Index>(), any::<u8>()));
    (vec(exchange(), 1..9), swaps, damage).prop_map(|(exchanges, swaps, damage)| {
        let mut all = exchanges.concat();
        for swap in swaps {
            let place = swap.index(all.len());
            if place > 0 && all[place - 1].0 != all[place].0 {
                all.swap(place - 1, place);
            }
        }
        if let Some((pdu, place, byte)) = damage {
            let pdu = pdu.index(all.len());
            let place = place.index(all[pdu].1.len());
            all[pdu].1[place] = byte;
        }
        all
    })
}
