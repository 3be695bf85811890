//! The behaviour of the inspector, one rule a test.

use proptest::prelude::*;

mod commands;
mod disclosed;
mod guard;
mod operations;
mod outward;
mod progress;
mod quota;
mod renewal;
mod subscription;

use super::*;
use crate::direction::Direction;
use crate::inspector::{Context, Contexts, Grants, Maxima};
use crate::reason::Explained;
use crate::services::{Operation, Operations};
use crate::transfer_syntax::TransferSyntax;
use crate::wire::associate::ContextId;
use crate::wire::pdu::PduType;
use crate::wire::title::AeTitle;

const MAXIMUM: u32 = 4096;
/// One SOP class for everything: the rules of this file do not look at it.
const CLASS: &str = "1.2.840.10008.5.1.4.1.1.2";
const INSTANCE: &str = "1.2.3.4";
const ECHO_RQ: u16 = 0x0030;
const STORE_RQ: u16 = 0x0001;
const FIND_RQ: u16 = 0x0020;
const CANCEL: u16 = 0x0fff;
const RESPONSE: u16 = 0x8000;
const SUCCESS: u16 = 0;
const PENDING: u16 = 0xff00;
const COMMAND: u8 = 1;
const LAST: u8 = 2;
const RELEASE_RQ: [u8; 10] = [5, 0, 0, 0, 0, 4, 0, 0, 0, 0];
const RELEASE_RP: [u8; 10] = [6, 0, 0, 0, 0, 4, 0, 0, 0, 0];
const ABORT: [u8; 10] = [7, 0, 0, 0, 0, 4, 0, 0, 2, 6];

/// Data sets pass whatever they are: the rules of framing do not look at them.
fn reporting(move_to: &[AeTitle]) -> Grants {
    let guarding = Guarding { mode: Mode::Report, ..Guarding::default() };
    Grants {
        direction: Direction::Inward,
        move_to: move_to.into(),
        titles: [].into(),
        guarding: PerSide { requestor: guarding, acceptor: guarding },
    }
}

fn inspector() -> Inspector {
    let context = |id| Context {
        id: ContextId::new(id).unwrap(),
        abstract_syntax: CLASS.parse().unwrap(),
        transfer_syntax: TransferSyntax::find(&"1.2.840.10008.1.2".parse().unwrap()).unwrap(),
        operations: Operations::NONE.and_by_requestor(&[
            Operation::CEcho,
            Operation::CStore,
            Operation::CFind,
            Operation::NGet,
        ]),
    };
    let maxima = Maxima {
        to_acceptor: MAXIMUM,
        to_requestor: MAXIMUM,
        from_requestor: MAXIMUM,
        from_acceptor: MAXIMUM,
    };
    Inspector::new(Contexts::new(vec![context(1), context(3)], maxima, reporting(&[])))
}

fn pdv(context: u8, control: u8, fragment: &[u8]) -> Vec<u8> {
    let length = u32::try_from(fragment.len() + 2).unwrap();
    [&length.to_be_bytes()[..], &[context, control], fragment].concat()
}

fn pdata(pdvs: &[Vec<u8>]) -> Vec<u8> {
    let body = pdvs.concat();
    let length = u32::try_from(body.len()).unwrap();
    [&[4, 0][..], &length.to_be_bytes(), &body].concat()
}

fn one(context: u8, control: u8, fragment: &[u8]) -> Vec<u8> {
    pdata(&[pdv(context, control, fragment)])
}

fn set(elements: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (element, value) in elements {
        body.extend_from_slice(&[0, 0]);
        body.extend_from_slice(&element.to_le_bytes());
        body.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
        body.extend_from_slice(value);
    }
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [&[0, 0, 0, 0, 4, 0, 0, 0][..], &length, &body].concat()
}

fn number(element: u16, value: u16) -> (u16, Vec<u8>) {
    (element, value.to_le_bytes().to_vec())
}

const NO_DATA: u16 = 0x0101;
const DATA: u16 = 0x0001;

fn uid(element: u16, value: &str) -> (u16, Vec<u8>) {
    let mut value = value.as_bytes().to_vec();
    value.resize(value.len().next_multiple_of(2), 0);
    (element, value)
}

/// The elements of a C-ECHO, C-STORE or C-FIND request.
fn elements(field: u16, id: u16, data: u16) -> Vec<(u16, Vec<u8>)> {
    let mut elements = vec![uid(0x0002, CLASS), number(0x0100, field), number(0x0110, id)];
    if field != ECHO_RQ {
        elements.push(number(0x0700, 0));
    }
    elements.push(number(0x0800, data));
    if field == STORE_RQ {
        elements.push(uid(0x1000, INSTANCE));
    }
    elements
}

fn request(field: u16, id: u16, data: u16) -> Vec<u8> {
    set(&elements(field, id, data))
}

fn response(field: u16, id: u16, data: u16, status: u16) -> Vec<u8> {
    set(&[
        number(0x0100, field | RESPONSE),
        number(0x0120, id),
        number(0x0800, data),
        number(0x0900, status),
    ])
}

fn cancel(id: u16) -> Vec<u8> {
    set(&[number(0x0100, CANCEL), number(0x0120, id), number(0x0800, NO_DATA)])
}

fn command(set: &[u8]) -> Vec<u8> {
    one(1, COMMAND | LAST, set)
}

/// An inspector that is fed as the relay does it: what it did not take waits until it wants more.
struct Fed {
    inspector: Inspector,
    out: Out,
    untaken: PerSide<Vec<u8>>,
}

impl Fed {
    fn new(inspector: Inspector) -> Self {
        Self { inspector, out: Out::default(), untaken: PerSide::default() }
    }

    fn feed(&mut self, from: Side, bytes: &[u8]) -> Result<(), Fault> {
        self.untaken.get_mut(from).extend_from_slice(bytes);
        loop {
            let mut moved = 0;
            for side in [from, from.other()] {
                if self.inspector.wants(side) {
                    let bytes = std::mem::take(self.untaken.get_mut(side));
                    let fed = self.inspector.feed(side, &bytes, &mut self.out);
                    let taken = fed.map_err(|fault| fault.what)?;
                    moved += taken;
                    *self.untaken.get_mut(side) = bytes[taken..].to_vec();
                }
            }
            if moved == 0 {
                return Ok(());
            }
        }
    }
}

/// Feeds the pieces in turn; what came out for either side, and the verdict.
fn run(pieces: &[(Side, &[u8])]) -> (Out, Result<(), Fault>, Inspector) {
    let mut fed = Fed::new(inspector());
    let verdict = pieces.iter().try_for_each(|(from, input)| fed.feed(*from, input));
    (fed.out, verdict, fed.inspector)
}

fn fault(pieces: &[(Side, &[u8])]) -> Fault {
    run(pieces).1.unwrap_err()
}

fn store() -> Vec<u8> {
    [command(&request(STORE_RQ, 1, DATA)), one(1, 0, &[7; 1000]), one(1, LAST, &[8; 500])].concat()
}

#[test]
fn ordinary_traffic_passes_byte_for_byte() {
    let answer = command(&response(STORE_RQ, 1, NO_DATA, SUCCESS));
    let (out, verdict, inspector) = run(&[(Side::Requestor, &store()), (Side::Acceptor, &answer)]);
    assert_eq!(verdict, Ok(()));
    assert_eq!(out.to_acceptor, store());
    assert_eq!(out.to_requestor, answer);
    assert_eq!(inspector.phase(), Phase::Open);
    assert_eq!((inspector.pdus(Side::Requestor), inspector.pdus(Side::Acceptor)), (3, 1));
}

#[test]
fn a_command_and_its_data_in_one_pdu_leave_in_two() {
    let set = request(STORE_RQ, 1, DATA);
    let input = pdata(&[pdv(1, COMMAND | LAST, &set), pdv(1, LAST, &[9; 10])]);
    let (out, verdict, _) = run(&[(Side::Requestor, &input)]);
    assert_eq!(verdict, Ok(()));
    assert_eq!(out.to_acceptor, [command(&set), one(1, LAST, &[9; 10])].concat());
}

#[test]
fn a_command_in_fragments_leaves_whole() {
    let set = request(ECHO_RQ, 1, NO_DATA);
    let (head, tail) = set.split_at(10);
    let input = [one(1, COMMAND, head), one(1, COMMAND | LAST, tail)].concat();
    let (out, verdict, _) = run(&[(Side::Requestor, &input)]);
    assert_eq!(verdict, Ok(()));
    assert_eq!(out.to_acceptor, command(&set));
}

#[test]
fn a_command_beyond_the_receivers_maximum_leaves_in_pieces_of_it() {
    let set = set(&[
        uid(0x0003, CLASS),
        number(0x0100, 0x0110),
        number(0x0110, 1),
        number(0x0800, NO_DATA),
        uid(0x1001, INSTANCE),
        (0x1005, vec![0; 6000]),
    ]);
    let input: Vec<u8> = set
        .chunks(2000)
        .enumerate()
        .flat_map(|(index, piece)| {
            let last = if (index + 1) * 2000 >= set.len() { LAST } else { 0 };
            one(1, COMMAND | last, piece)
        })
        .collect();
    let (out, verdict, _) = run(&[(Side::Requestor, &input)]);
    assert_eq!(verdict, Ok(()));
    let room = MAXIMUM as usize - 6;
    let (first, second) = set.split_at(room);
    assert_eq!(out.to_acceptor, [one(1, COMMAND, first), one(1, COMMAND | LAST, second)].concat());
}

#[test]
fn nothing_of_a_command_leaves_before_it_is_whole() {
    let set = request(ECHO_RQ, 1, NO_DATA);
    let input = command(&set);
    let (out, verdict, inspector) = run(&[(Side::Requestor, &input[..input.len() - 1])]);
    assert_eq!(verdict, Ok(()));
    assert!(out.to_acceptor.is_empty());
    assert!(inspector.at_boundary(Side::Acceptor) && inspector.is_inside_pdu(Side::Requestor));
}

#[test]
fn reserved_bits_and_bytes_leave_as_zero() {
    let mut input = command(&request(ECHO_RQ, 1, NO_DATA));
    input[1] = 0xff;
    input[11] |= 0b1111_1100;
    let (out, verdict, _) = run(&[(Side::Requestor, &input)]);
    assert_eq!(verdict, Ok(()));
    assert_eq!(out.to_acceptor, command(&request(ECHO_RQ, 1, NO_DATA)));
}

#[test]
fn an_empty_last_fragment_passes_and_other_empty_ones_are_dropped() {
    let head = command(&request(STORE_RQ, 1, DATA));
    let input = [&head[..], &one(1, 0, &[]), &one(1, 0, &[1, 2]), &one(1, LAST, &[])].concat();
    let (out, verdict, inspector) = run(&[(Side::Requestor, &input)]);
    assert_eq!(verdict, Ok(()));
    let passed = [&head[..], &one(1, 0, &[1, 2]), &one(1, LAST, &[])].concat();
    assert_eq!(out.to_acceptor, passed);
    assert_eq!(inspector.phase(), Phase::Operating);
    // The shortest that may stand behind another in a PDU.
    let in_one = pdata(&[pdv(1, 0, &[1, 2]), pdv(1, LAST, &[])]);
    assert_eq!(run(&[(Side::Requestor, &[head, in_one].concat())]).0.to_acceptor, passed);
}

#[test]
fn a_pdu_of_ones_own_may_not_stand_inside_a_forwarded_fragment() {
    let input = store();
    let (_, verdict, inspector) = run(&[(Side::Requestor, &input[..input.len() - 1])]);
    assert_eq!(verdict, Ok(()));
    assert!(!inspector.at_boundary(Side::Acceptor));
    assert!(inspector.at_boundary(Side::Requestor));
}

#[test]
fn a_side_is_inside_a_pdu_from_its_first_byte_to_its_last() {
    let input = store();
    for end in 0..=input.len() {
        let (_, verdict, inspector) = run(&[(Side::Requestor, &input[..end])]);
        assert_eq!(verdict, Ok(()));
        let at_boundary = ends_a_pdu(&input, end);
        assert_eq!(inspector.is_inside_pdu(Side::Requestor), !at_boundary, "behind {end} bytes");
        assert!(!inspector.is_inside_pdu(Side::Acceptor));
    }
}

fn ends_a_pdu(stream: &[u8], end: usize) -> bool {
    let mut place = 0;
    while place < end {
        let length = u32::from_be_bytes(stream[place + 2..place + 6].try_into().unwrap());
        place += 6 + length as usize;
    }
    place == end
}

#[test]
fn an_operation_is_outstanding_until_its_final_response() {
    let find = [command(&request(FIND_RQ, 7, DATA)), one(1, LAST, &[0; 8])].concat();
    let pending = [command(&response(FIND_RQ, 7, DATA, PENDING)), one(1, LAST, &[0; 8])].concat();
    let last = command(&response(FIND_RQ, 7, NO_DATA, SUCCESS));
    let phase = |pieces: &[(Side, &[u8])]| {
        let (_, verdict, inspector) = run(pieces);
        assert_eq!(verdict, Ok(()));
        inspector.phase()
    };
    let up = (Side::Requestor, &find[..]);
    assert_eq!(phase(&[]), Phase::Open);
    assert_eq!(phase(&[up]), Phase::Operating);
    assert_eq!(phase(&[up, (Side::Acceptor, &pending)]), Phase::Operating);
    // A message is under way: nobody waits for its beginning.
    assert_eq!(phase(&[up, (Side::Acceptor, &pending[..pending.len() - 1])]), Phase::Open);
    assert_eq!(phase(&[(Side::Requestor, &find[..find.len() - 1])]), Phase::Open);
    assert_eq!(phase(&[up, (Side::Acceptor, &pending), (Side::Acceptor, &last)]), Phase::Open);
}

#[test]
fn a_cancel_passes_while_there_is_something_to_cancel() {
    let find = [command(&request(FIND_RQ, 7, DATA)), one(1, LAST, &[0; 8])].concat();
    let cancel = command(&cancel(7));
    let (out, verdict, _) = run(&[(Side::Requestor, &find), (Side::Requestor, &cancel)]);
    assert_eq!((verdict, out.to_acceptor.ends_with(&cancel)), (Ok(()), true));
    let last = command(&response(FIND_RQ, 7, NO_DATA, SUCCESS));
    let (out, verdict, inspector) =
        run(&[(Side::Requestor, &find), (Side::Acceptor, &last), (Side::Requestor, &cancel)]);
    assert_eq!((verdict, out.to_acceptor), (Ok(()), find));
    assert_eq!(inspector.ledger().late_cancels(), 1);
}

#[test]
fn a_request_before_the_response_waits_for_it() {
    let echo = |id| command(&request(ECHO_RQ, id, NO_DATA));
    let answer = |id| command(&response(ECHO_RQ, id, NO_DATA, SUCCESS));
    let three = [echo(1), store(), echo(3)].concat();
    let (out, verdict, inspector) = run(&[(Side::Requestor, &three)]);
    assert_eq!((verdict, out.to_acceptor), (Ok(()), echo(1)));
    // Nothing is awaited of the side that waits, however much of its message is there.
    assert!(!inspector.wants(Side::Requestor) && inspector.wants(Side::Acceptor));
    assert_eq!(inspector.phase(), Phase::Operating);
    let stored = command(&response(STORE_RQ, 1, NO_DATA, SUCCESS));
    let all: [(Side, &[u8]); 4] = [
        (Side::Requestor, &three),
        (Side::Acceptor, &answer(1)),
        (Side::Acceptor, &stored),
        (Side::Acceptor, &answer(3)),
    ];
    let (out, verdict, inspector) = run(&all);
    assert_eq!((verdict, out.to_acceptor), (Ok(()), three));
    assert_eq!(out.to_requestor, [answer(1), stored, answer(3)].concat());
    assert_eq!(inspector.phase(), Phase::Open);
    assert!(inspector.ledger().tidied().iter().eq([(Tidied::SecondRequest, 2)]));
}

#[test]
fn behind_a_request_that_waits_nothing_is_taken() {
    let echo = command(&request(ECHO_RQ, 1, NO_DATA));
    let (mut inspector, mut out) = (inspector(), Out::default());
    let input = [&echo[..], &echo, &[0xff; 100]].concat();
    let taken = inspector.feed(Side::Requestor, &input, &mut out);
    assert_eq!(taken, Ok(2 * echo.len()));
    assert_eq!(inspector.feed(Side::Requestor, &input, &mut out), Ok(0));
}

#[test]
fn refuses_a_response_that_nobody_asked_for() {
    let answer = command(&response(ECHO_RQ, 1, NO_DATA, SUCCESS));
    assert_eq!(fault(&[(Side::Acceptor, &answer)]), Fault::UnaskedResponse);
    let echo = command(&request(ECHO_RQ, 2, NO_DATA));
    assert_eq!(
        fault(&[(Side::Requestor, &echo), (Side::Acceptor, &answer)]),
        Fault::UnaskedResponse
    );
    let other = command(&response(STORE_RQ, 2, NO_DATA, SUCCESS));
    assert_eq!(
        fault(&[(Side::Requestor, &echo), (Side::Acceptor, &other)]),
        Fault::UnaskedResponse
    );
}

#[test]
fn a_refused_command_does_not_leave() {
    let answer = command(&response(ECHO_RQ, 1, NO_DATA, SUCCESS));
    let (out, verdict, _) = run(&[(Side::Acceptor, &answer)]);
    assert!(verdict.is_err() && out.to_requestor.is_empty());
}

#[test]
fn refuses_pdus_that_have_no_place_in_an_association() {
    for (kind, expected) in [
        (1, Fault::UnexpectedPdu(PduType::AssociateRq)),
        (2, Fault::UnexpectedPdu(PduType::AssociateAc)),
        (3, Fault::UnexpectedPdu(PduType::AssociateRj)),
        (0, Fault::UnknownPdu(0)),
        (8, Fault::UnknownPdu(8)),
    ] {
        for side in [Side::Requestor, Side::Acceptor] {
            assert_eq!(fault(&[(side, &[kind, 0, 0, 0, 0, 4, 0, 0, 0, 0])]), expected);
        }
    }
}

#[test]
fn judges_a_length_from_the_header_alone() {
    let header = |kind: u8, length: u32| [&[kind, 0][..], &length.to_be_bytes()].concat();
    let refused = |header: Vec<u8>| fault(&[(Side::Requestor, &header)]);
    assert_eq!(refused(header(4, MAXIMUM + 1)), Fault::PduTooLong);
    assert_eq!(refused(header(4, u32::MAX)), Fault::PduTooLong);
    assert_eq!(refused(header(4, 5)), Fault::PduTooShort);
    assert_eq!(refused(header(4, 0)), Fault::PduTooShort);
    assert_eq!(refused(header(5, 3)), Fault::PduLength);
    assert_eq!(refused(header(7, 5)), Fault::PduLength);
    assert_eq!(run(&[(Side::Requestor, &header(4, MAXIMUM))]).1, Ok(()));
}

#[test]
fn refuses_a_pdv_that_does_not_fit_its_pdu() {
    let refused = |length: u32, pdu: u32| {
        let input =
            [&[4, 0][..], &pdu.to_be_bytes(), &length.to_be_bytes(), &[1, COMMAND]].concat();
        fault(&[(Side::Requestor, &input)])
    };
    assert_eq!(refused(0, 6), Fault::PdvLength);
    assert_eq!(refused(1, 6), Fault::PdvLength);
    assert_eq!(refused(4, 6), Fault::PdvLength);
    assert_eq!(refused(u32::MAX - 1, 6), Fault::PdvLength);
    assert_eq!(refused(4, 10), Fault::PdvLength);
}

#[test]
fn fragments_of_odd_length_leave_as_even_ones_with_the_same_bytes() {
    let head = command(&request(STORE_RQ, 1, DATA));
    let data: Vec<u8> = (0..20).collect();
    for (cuts, expected) in [
        (&[5, 15][..], &[4, 16][..]),
        (&[1, 1, 1, 17], &[2, 18]),
        (&[1, 0, 1, 18], &[2, 18]),
        (&[3, 3, 3, 3, 8], &[2, 4, 2, 4, 8]),
        (&[4, 15, 1], &[4, 14, 2]),
        (&[19, 0, 1], &[18, 2]),
    ] {
        let cut = |sizes: &[usize]| {
            let mut bytes = head.clone();
            let mut rest = &data[..];
            for (number, size) in sizes.iter().enumerate() {
                let (piece, tail) = rest.split_at(*size);
                let last = if number + 1 == sizes.len() { LAST } else { 0 };
                bytes.extend(one(1, last, piece));
                rest = tail;
            }
            bytes
        };
        let (out, verdict, inspector) = run(&[(Side::Requestor, &cut(cuts))]);
        assert_eq!((verdict, out.to_acceptor), (Ok(()), cut(expected)), "{cuts:?}");
        assert!(inspector.at_boundary(Side::Acceptor) && inspector.phase() == Phase::Operating);
        assert!(inspector.ledger().tidied().iter().any(|(what, _)| what == Tidied::OddFragment));
    }
}

#[test]
fn of_a_fragment_of_odd_length_all_that_leaves_has_left_before_its_last_byte() {
    let head = command(&request(STORE_RQ, 1, DATA));
    let odd = one(1, 0, &[7; 5]);
    for (missing, is_at_boundary) in [(2, false), (1, true), (0, true)] {
        let begun = [&head[..], &odd[..odd.len() - missing]].concat();
        let (_, verdict, inspector) = run(&[(Side::Requestor, &begun)]);
        assert_eq!((verdict, inspector.at_boundary(Side::Acceptor)), (Ok(()), is_at_boundary));
    }
}

#[test]
fn a_command_may_come_in_any_number_of_fragments() {
    let set = request(ECHO_RQ, 1, NO_DATA);
    let last = set.len() - 1;
    let cut = |at: usize| one(1, COMMAND | if at == last { LAST } else { 0 }, &set[at..=at]);
    let input: Vec<u8> = (0..set.len()).flat_map(cut).collect();
    assert!(set.len() > 64);
    assert_eq!(run(&[(Side::Requestor, &input)]).0.to_acceptor, command(&set));
}

#[test]
fn refuses_contexts_that_were_not_accepted() {
    for id in [0, 2, 5, 255] {
        let input = one(id, COMMAND | LAST, &request(ECHO_RQ, 1, NO_DATA));
        assert_eq!(fault(&[(Side::Requestor, &input)]), Fault::UnknownContext);
    }
}

#[test]
fn refuses_messages_that_are_mixed() {
    let head = command(&request(STORE_RQ, 1, DATA));
    let echo = request(ECHO_RQ, 1, NO_DATA);
    let refused = |pieces: &[&[u8]]| fault(&[(Side::Requestor, &pieces.concat())]);
    assert_eq!(refused(&[&one(1, LAST, &[0; 2])]), Fault::DataWithoutCommand);
    assert_eq!(
        refused(&[&one(1, COMMAND, &[0; 2]), &one(1, LAST, &[0; 2])]),
        Fault::DataInsideCommand
    );
    assert_eq!(refused(&[&head, &command(&echo)]), Fault::CommandInsideData);
    assert_eq!(refused(&[&head, &one(3, LAST, &[0; 2])]), Fault::InterleavedContexts);
    assert_eq!(
        refused(&[&pdata(&[pdv(1, COMMAND | LAST, &echo), pdv(1, COMMAND | LAST, &echo)])]),
        Fault::SecondMessageInPdu
    );
    assert_eq!(refused(&[&head, &RELEASE_RQ]), Fault::ReleaseInsideMessage);
}

#[test]
fn bounds_what_a_command_may_hold() {
    let begun = command(&request(STORE_RQ, 1, DATA));
    for (before, most, beyond, expected) in [
        (&[][..], one(1, COMMAND, &[0; 2048]).repeat(32), COMMAND, Fault::CommandTooLong),
        (&begun[..], one(1, 0, &[]).repeat(64), 0, Fault::EmptyFragments),
    ] {
        let fits = [before, &most].concat();
        assert_eq!(run(&[(Side::Requestor, &fits)]).1, Ok(()), "{expected:?}");
        let length = if beyond == COMMAND { 2 } else { 0 };
        let one_more = one(1, beyond, &[0; 2][..length]);
        assert_eq!(fault(&[(Side::Requestor, &fits), (Side::Requestor, &one_more)]), expected);
    }
}

#[test]
fn bounds_the_empty_fragments_of_a_command() {
    let empty = one(1, COMMAND, &[]);
    assert_eq!(run(&[(Side::Requestor, &empty.repeat(64))]).1, Ok(()));
    assert_eq!(fault(&[(Side::Requestor, &empty.repeat(65))]), Fault::EmptyFragments);
}

#[test]
fn release_ends_the_association_and_nothing_passes_behind_it() {
    let echo = command(&request(ECHO_RQ, 1, NO_DATA));
    let (out, verdict, inspector) = run(&[
        (Side::Requestor, &RELEASE_RQ),
        (Side::Acceptor, &RELEASE_RP),
        (Side::Requestor, &echo),
        (Side::Acceptor, &echo),
    ]);
    assert_eq!(verdict, Ok(()));
    assert_eq!((&out.to_acceptor[..], &out.to_requestor[..]), (&RELEASE_RQ[..], &RELEASE_RP[..]));
    assert_eq!(inspector.phase(), Phase::Released);
    assert!(!inspector.wants(Side::Requestor) && !inspector.wants(Side::Acceptor));
}

#[test]
fn a_release_may_come_without_the_bytes_that_say_nothing() {
    let (out, verdict, inspector) =
        run(&[(Side::Requestor, &[5, 0, 0, 0, 0, 0]), (Side::Acceptor, &[6, 0, 0, 0, 0, 0])]);
    assert_eq!((verdict, inspector.phase()), (Ok(()), Phase::Released));
    assert_eq!((&out.to_acceptor[..], &out.to_requestor[..]), (&RELEASE_RQ[..], &RELEASE_RP[..]));
    assert_eq!((inspector.pdus(Side::Requestor), inspector.pdus(Side::Acceptor)), (1, 1));
}

#[test]
fn the_pacs_may_still_answer_between_release_request_and_response() {
    let echo = command(&request(ECHO_RQ, 1, NO_DATA));
    let answer = command(&response(ECHO_RQ, 1, NO_DATA, SUCCESS));
    let (out, verdict, inspector) =
        run(&[(Side::Requestor, &echo), (Side::Requestor, &RELEASE_RQ), (Side::Acceptor, &answer)]);
    assert_eq!(verdict, Ok(()));
    assert_eq!(out.to_requestor, answer);
    assert_eq!(inspector.phase(), Phase::Releasing(Side::Acceptor));
}

#[test]
fn refuses_data_from_a_side_that_asked_for_release() {
    let echo = command(&request(ECHO_RQ, 1, NO_DATA));
    assert_eq!(
        fault(&[(Side::Requestor, &RELEASE_RQ), (Side::Requestor, &echo)]),
        Fault::DataAfterRelease
    );
}

#[test]
fn a_collision_of_releases_ends_when_both_are_answered() {
    let (out, verdict, inspector) = run(&[
        (Side::Requestor, &RELEASE_RQ),
        (Side::Acceptor, &RELEASE_RQ),
        (Side::Requestor, &RELEASE_RP),
        (Side::Acceptor, &RELEASE_RP),
    ]);
    assert_eq!((verdict, inspector.phase()), (Ok(()), Phase::Released));
    assert_eq!(out.to_acceptor, [RELEASE_RQ, RELEASE_RP].concat());
    assert_eq!(out.to_requestor, [RELEASE_RQ, RELEASE_RP].concat());
}

#[test]
fn is_at_rest_only_where_nothing_is_under_way() {
    let store = command(&request(STORE_RQ, 1, DATA));
    let stored = command(&response(STORE_RQ, 1, NO_DATA, SUCCESS));
    let rests = |input: &[(Side, &[u8])]| run(input).2.is_at_rest();
    let up = [&store[..], &one(1, 2, &[7; 4])].concat();
    assert!(rests(&[]));
    for side in [Side::Requestor, Side::Acceptor] {
        assert!(!rests(&[(side, &store[..3])]), "inside a PDU");
        assert!(!rests(&[(side, &RELEASE_RQ)]), "inside a release");
    }
    assert!(!rests(&[(Side::Requestor, &store)]), "inside a message");
    assert!(!rests(&[(Side::Requestor, &up)]), "inside an operation");
    assert!(rests(&[(Side::Requestor, &up), (Side::Acceptor, &stored)]));
}

#[test]
fn knows_for_whom_there_is_more_once_it_sends_nothing() {
    let echo = command(&request(ECHO_RQ, 1, NO_DATA));
    let answer = command(&response(ECHO_RQ, 1, NO_DATA, SUCCESS));
    let more = |input: &[(Side, &[u8])]| {
        let inspector = run(input).2;
        [Side::Requestor, Side::Acceptor].map(|side| inspector.has_more_for(side))
    };
    let asked = (Side::Requestor, &echo[..]);
    assert_eq!(more(&[]), [false, false]);
    assert_eq!(more(&[asked]), [true, false]);
    assert_eq!(more(&[asked, (Side::Requestor, &echo[..3])]), [false, false]);
    assert_eq!(more(&[asked, (Side::Acceptor, &answer)]), [false, false]);
    assert_eq!(more(&[(Side::Requestor, &RELEASE_RQ)]), [true, false]);
    assert_eq!(more(&[(Side::Acceptor, &RELEASE_RQ)]), [false, true]);
    let half = command(&request(STORE_RQ, 1, DATA));
    assert_eq!(more(&[(Side::Requestor, &half)]), [false, false]);
}

#[test]
fn tells_which_side_owes_the_answer_to_a_release() {
    for side in [Side::Requestor, Side::Acceptor] {
        let (_, _, inspector) = run(&[(side, &RELEASE_RQ)]);
        assert_eq!(inspector.phase(), Phase::Releasing(side.other()));
    }
    let both = [(Side::Requestor, &RELEASE_RQ[..]), (Side::Acceptor, &RELEASE_RQ[..])];
    let answered = |side| run(&[both[0], both[1], (side, &RELEASE_RP)]).2.phase();
    assert_eq!(run(&both).2.phase(), Phase::Releasing(Side::Acceptor));
    assert_eq!(answered(Side::Requestor), Phase::Releasing(Side::Acceptor));
    assert_eq!(answered(Side::Acceptor), Phase::Releasing(Side::Requestor));
}

#[test]
fn refuses_releases_out_of_order() {
    for side in [Side::Requestor, Side::Acceptor] {
        assert_eq!(fault(&[(side, &RELEASE_RP)]), Fault::ReleaseOutOfOrder);
        assert_eq!(fault(&[(side, &RELEASE_RQ), (side, &RELEASE_RQ)]), Fault::ReleaseOutOfOrder);
    }
}

#[test]
fn an_abort_passes_between_fragments_and_ends_everything() {
    let input = [&command(&request(STORE_RQ, 1, DATA))[..], &one(1, 0, &[1; 4]), &ABORT].concat();
    let (out, verdict, inspector) =
        run(&[(Side::Requestor, &input), (Side::Acceptor, &RELEASE_RQ)]);
    assert_eq!(verdict, Ok(()));
    assert_eq!(out.to_acceptor, input);
    assert!(out.to_requestor.is_empty());
    assert_eq!(inspector.phase(), Phase::Aborted(Side::Requestor));
}

#[test]
fn every_fault_has_its_own_code_for_each_side() {
    let codes: std::collections::BTreeSet<_> = Fault::all().map(|fault| fault.code()).collect();
    assert_eq!(codes.len(), 2 * Fault::ALL.len());
}

/// A PDU that may or may not be legal where it stands.
fn any_pdu() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop::collection::vec(any::<u8>(), 0..40);
    let id = 1u16..3;
    prop_oneof![
        id.clone().prop_map(|id| command(&request(ECHO_RQ, id, NO_DATA))),
        id.clone().prop_map(|id| command(&request(STORE_RQ, id, DATA))),
        id.prop_map(|id| command(&response(STORE_RQ, id, NO_DATA, SUCCESS))),
        (any::<bool>(), fragment.clone()).prop_map(|(last, mut bytes)| {
            bytes.truncate(bytes.len() & !1);
            one(1, if last { LAST } else { 0 }, &bytes)
        }),
        (any::<u8>(), any::<u8>(), fragment)
            .prop_map(|(id, control, bytes)| one(id, control, &bytes)),
        Just(RELEASE_RQ.to_vec()),
        Just(RELEASE_RP.to_vec()),
        Just(ABORT.to_vec()),
        prop::collection::vec(any::<u8>(), 1..20),
    ]
}

/// PDUs of both sides in their order.
fn any_stream() -> impl Strategy<Value = Vec<(Side, Vec<u8>)>> {
    let side = prop_oneof![Just(Side::Requestor), Just(Side::Acceptor)];
    prop::collection::vec((side, any_pdu()), 1..12)
}

proptest! {
    #[test]
    fn the_cut_changes_neither_verdict_nor_output(
        stream in any_stream(),
        cuts in prop::collection::vec(1usize..9, 1..20),
    ) {
        let (mut whole, mut cut) = (Fed::new(inspector()), Fed::new(inspector()));
        let mut sizes = cuts.iter().copied().cycle();
        for (side, bytes) in &stream {
            let expected = whole.feed(*side, bytes);
            let mut rest = &bytes[..];
            let mut verdict = Ok(());
            while verdict.is_ok() && !rest.is_empty() {
                let size = sizes.next().unwrap_or(1).min(rest.len());
                let (piece, tail) = rest.split_at(size);
                verdict = cut.feed(*side, piece);
                rest = tail;
            }
            prop_assert_eq!(verdict, expected);
            prop_assert_eq!(&whole.out.to_acceptor, &cut.out.to_acceptor);
            prop_assert_eq!(&whole.out.to_requestor, &cut.out.to_requestor);
            prop_assert_eq!(whole.inspector.phase(), cut.inspector.phase());
            if expected.is_err() {
                break;
            }
        }
    }

    #[test]
    fn what_passes_passes_again_unchanged(stream in any_stream()) {
        let (mut first, mut second) = (Fed::new(inspector()), Fed::new(inspector()));
        let mut passed = Out::default();
        for (side, bytes) in &stream {
            let verdict = first.feed(*side, bytes);
            if !first.inspector.take_news().is_empty() {
                // What the gate itself answers, neither side has sent.
                return Ok(());
            }
            for from in [*side, side.other()] {
                let step = std::mem::take(first.out.towards(from.other()));
                prop_assert_eq!(second.feed(from, &step), Ok(()));
                passed.towards(from.other()).extend(step);
            }
            if verdict.is_err() {
                break;
            }
        }
        prop_assert_eq!(&passed.to_acceptor, &second.out.to_acceptor);
        prop_assert_eq!(&passed.to_requestor, &second.out.to_requestor);
        // The order of messages is nothing that the gate puts right for good.
        let again = second.inspector.ledger().tidied().iter();
        let again: Vec<_> = again.filter(|(what, _)| *what != Tidied::SecondRequest).collect();
        prop_assert_eq!(again, []);
    }
}
