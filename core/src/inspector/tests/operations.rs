//! Which requests and responses pass, and what the gate answers itself.

use super::*;
use crate::inspector::Enforcement;

const VERIFICATION: (u8, &str) = (1, "1.2.840.10008.1.1");
pub(super) const CT: (u8, &str) = (3, "1.2.840.10008.5.1.4.1.1.2");
/// Only `get` grants it.
pub(super) const MR: (u8, &str) = (5, "1.2.840.10008.5.1.4.1.1.4");
pub(super) const FIND: (u8, &str) = (7, "1.2.840.10008.5.1.4.1.2.2.1");
pub(super) const MOVE: (u8, &str) = (9, "1.2.840.10008.5.1.4.1.2.2.2");
pub(super) const GET: (u8, &str) = (11, "1.2.840.10008.5.1.4.1.2.2.3");
pub(super) const COMMITMENT: (u8, &str) = (13, "1.2.840.10008.1.20.1");
const PRINT: (u8, &str) = (15, "1.2.840.10008.5.1.1.9");

pub(super) const GET_RQ: u16 = 0x0010;
pub(super) const MOVE_RQ: u16 = 0x0021;
pub(super) const EVENT_RQ: u16 = 0x0100;
const N_GET_RQ: u16 = 0x0110;
pub(super) const ACTION_RQ: u16 = 0x0130;
const CREATE_RQ: u16 = 0x0140;
const DELETE_RQ: u16 = 0x0150;

pub(super) const NOT_AUTHORIZED: u16 = 0x0124;
const UNRECOGNIZED: u16 = 0x0211;

pub(super) fn association() -> Inspector {
    association_with(reporting(&["CT1".parse().unwrap(), "VIEWER".parse().unwrap()]))
}

pub(super) fn association_with(grants: Grants) -> Inspector {
    let by = |operations: &[Operation]| Operations::NONE.and_by_requestor(operations);
    let rows = [
        (VERIFICATION, by(&[Operation::CEcho])),
        (CT, by(&[Operation::CStore])),
        (MR, Operations::NONE.and_by_acceptor(&[Operation::CStore])),
        (FIND, by(&[Operation::CFind])),
        (MOVE, by(&[Operation::CMove])),
        (GET, by(&[Operation::CGet])),
        (COMMITMENT, by(&[Operation::NAction]).and_by_acceptor(&[Operation::NEventReport])),
        (
            PRINT,
            by(&[Operation::NGet, Operation::NCreate, Operation::NDelete])
                .and_by_acceptor(&[Operation::NEventReport]),
        ),
    ];
    let contexts = rows.map(|((id, class), operations)| Context {
        id: ContextId::new(id).unwrap(),
        abstract_syntax: class.parse().unwrap(),
        transfer_syntax: TransferSyntax::find(&"1.2.840.10008.1.2".parse().unwrap()).unwrap(),
        operations,
    });
    let maxima = Maxima {
        to_acceptor: MAXIMUM,
        to_requestor: MAXIMUM,
        from_requestor: MAXIMUM,
        from_acceptor: MAXIMUM,
    };
    Inspector::new(Contexts::new(contexts.into(), maxima, grants))
}

/// Feeds the pieces in turn, whole and byte by byte, with the same result.
fn play(pieces: &[(Side, &[u8])]) -> (Out, Result<(), Fault>, Inspector) {
    let (mut fed, mut cut) = (Fed::new(association()), Fed::new(association()));
    let whole = pieces.iter().try_for_each(|(from, input)| fed.feed(*from, input));
    let verdict = pieces
        .iter()
        .try_for_each(|(from, input)| input.chunks(1).try_for_each(|byte| cut.feed(*from, byte)));
    assert_eq!(whole, verdict);
    assert_eq!(fed.out.to_acceptor, cut.out.to_acceptor);
    assert_eq!(fed.out.to_requestor, cut.out.to_requestor);
    (fed.out, whole, fed.inspector)
}

fn broken(pieces: &[(Side, &[u8])]) -> Fault {
    play(pieces).1.unwrap_err()
}

/// A request with all that its command must have.
fn ask(field: u16, class: &str, id: u16, data: u16) -> Vec<u8> {
    let is_n = field >= EVENT_RQ;
    let of_requested = matches!(field, N_GET_RQ | 0x0120 | ACTION_RQ | DELETE_RQ);
    let class_element = if of_requested { 0x0003 } else { 0x0002 };
    let mut elements = vec![uid(class_element, class), number(0x0100, field), number(0x0110, id)];
    if field == MOVE_RQ {
        elements.push((0x0600, b"CT1 ".to_vec()));
    }
    if !is_n && field != ECHO_RQ {
        elements.push(number(0x0700, 0));
    }
    elements.push(number(0x0800, data));
    if is_n || field == STORE_RQ {
        elements.push(uid(if of_requested { 0x1001 } else { 0x1000 }, INSTANCE));
    }
    match field {
        EVENT_RQ => elements.push(number(0x1002, 1)),
        ACTION_RQ => elements.push(number(0x1008, 1)),
        _ => {}
    }
    set(&elements)
}

/// A whole message on a context: the command in a PDU and a small data set, if any, in another.
pub(super) fn message((id, class): (u8, &str), field: u16, message_id: u16) -> Vec<u8> {
    let data = if matches!(field, ECHO_RQ | N_GET_RQ | DELETE_RQ) { NO_DATA } else { DATA };
    let mut bytes = one(id, COMMAND | LAST, &ask(field, class, message_id, data));
    if data == DATA {
        bytes.extend(one(id, LAST, &[0; 8]));
    }
    bytes
}

pub(super) fn moving(destination: &[u8]) -> Vec<u8> {
    let command = set(&[
        uid(0x0002, MOVE.1),
        number(0x0100, MOVE_RQ),
        number(0x0110, 1),
        (0x0600, destination.to_vec()),
        number(0x0700, 0),
        number(0x0800, DATA),
    ]);
    [one(MOVE.0, COMMAND | LAST, &command), one(MOVE.0, LAST, &[0; 8])].concat()
}

pub(super) fn answer(context: (u8, &str), field: u16, id: u16, data: u16, status: u16) -> Vec<u8> {
    one(context.0, COMMAND | LAST, &response(field, id, data, status))
}

/// The gate's own response: context, command field, message id and status of its only PDU.
pub(super) fn answered(pdus: &[u8]) -> (u8, u16, u16, u16) {
    let length = u32::from_be_bytes(pdus[2..6].try_into().unwrap()) as usize;
    assert_eq!(pdus.len(), 6 + length, "one PDU");
    assert_eq!(pdus[11], COMMAND | LAST);
    let context = ContextId::new(pdus[10]).unwrap();
    let command = Command::read(context, &pdus[12..]).unwrap();
    let (status, of) = match command.role {
        Role::Response { operation, responds_to, status } => {
            (status.code, (operation.command_field() | RESPONSE, responds_to))
        }
        Role::Request { .. } | Role::UnknownRequest { .. } | Role::Cancel { .. } => {
            panic!("no response")
        }
    };
    (pdus[10], of.0, of.1, status)
}

fn forbids(request: &[u8], context: (u8, &str), field: u16, why: Forbidden) {
    let echo = message(VERIFICATION, ECHO_RQ, 77);
    let (out, verdict, inspector) = play(&[(Side::Requestor, request), (Side::Requestor, &echo)]);
    assert_eq!(verdict, Ok(()));
    let expected = (context.0, field | RESPONSE, 1, NOT_AUTHORIZED);
    assert_eq!(answered(&out.to_requestor), expected);
    assert_eq!(out.to_acceptor, echo, "the PACS hears of the next request only");
    let forbidden = inspector.ledger().forbidden();
    assert_eq!(forbidden.iter().map(|it| it.why.what).collect::<Vec<_>>(), [why]);
}

#[test]
fn what_a_context_permits_passes() {
    for (context, field) in [
        (VERIFICATION, ECHO_RQ),
        (CT, STORE_RQ),
        (FIND, FIND_RQ),
        (MOVE, MOVE_RQ),
        (GET, GET_RQ),
        (COMMITMENT, ACTION_RQ),
    ] {
        let request = message(context, field, 1);
        let (out, verdict, inspector) = play(&[(Side::Requestor, &request)]);
        assert_eq!((verdict, out.to_acceptor), (Ok(()), request));
        assert!(inspector.ledger().forbidden().is_empty());
    }
}

#[test]
fn what_a_context_does_not_permit_is_answered_and_the_association_goes_on() {
    for field in [ECHO_RQ, FIND_RQ, GET_RQ, N_GET_RQ, ACTION_RQ, CREATE_RQ, DELETE_RQ] {
        forbids(&message(CT, field, 1), CT, field, Forbidden::Operation);
    }
    forbids(&message(MR, STORE_RQ, 1), MR, STORE_RQ, Forbidden::Operation);
    forbids(&message(COMMITMENT, EVENT_RQ, 1), COMMITMENT, EVENT_RQ, Forbidden::Operation);
}

#[test]
fn a_request_names_the_sop_class_of_its_context() {
    forbids(&message((CT.0, MR.1), STORE_RQ, 1), CT, STORE_RQ, Forbidden::SopClass);
    forbids(&message((FIND.0, MOVE.1), FIND_RQ, 1), FIND, FIND_RQ, Forbidden::SopClass);
}

#[test]
fn a_meta_context_takes_its_members_with_their_own_operations() {
    let (film, printer) = ("1.2.840.10008.5.1.1.1", "1.2.840.10008.5.1.1.16");
    let create = message((PRINT.0, film), CREATE_RQ, 1);
    assert_eq!(play(&[(Side::Requestor, &create)]).0.to_acceptor, create);
    let status = message((PRINT.0, printer), N_GET_RQ, 1);
    assert_eq!(play(&[(Side::Requestor, &status)]).0.to_acceptor, status);
    forbids(&message((PRINT.0, printer), DELETE_RQ, 1), PRINT, DELETE_RQ, Forbidden::Operation);
    forbids(&message(PRINT, CREATE_RQ, 1), PRINT, CREATE_RQ, Forbidden::SopClass);
}

#[test]
fn objects_are_moved_to_listed_titles_only() {
    for (destination, canonical) in [
        (&b"CT1 "[..], &b"CT1 "[..]),
        (b"CT1\0", b"CT1 "),
        (b" CT1", b"CT1 "),
        (b"VIEWER", b"VIEWER"),
    ] {
        let (out, verdict, inspector) = play(&[(Side::Requestor, &moving(destination))]);
        assert_eq!((verdict, out.to_acceptor), (Ok(()), moving(canonical)));
        assert_eq!(inspector.ledger().destinations().len(), 1);
    }
    for destination in [&b"EVIL"[..], b"ct1 ", b"CT11", b"CT", b"CT1 VIEWER"] {
        forbids(&moving(destination), MOVE, MOVE_RQ, Forbidden::MoveDestination);
    }
}

/// A C-STORE-RQ with what it says of a C-MOVE, and a data set.
pub(super) fn moved((id, class): (u8, &str), about: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut elements = vec![
        uid(0x0002, class),
        number(0x0100, STORE_RQ),
        number(0x0110, 1),
        number(0x0700, 0),
        number(0x0800, DATA),
        uid(0x1000, INSTANCE),
    ];
    elements.extend_from_slice(about);
    [one(id, COMMAND | LAST, &set(&elements)), one(id, LAST, &[0; 8])].concat()
}

#[test]
fn a_peer_names_none_but_itself_as_the_originator_of_a_move() {
    let titled = |title: &[u8]| vec![(0x1030, title.to_vec()), number(0x1031, 7)];
    let own: Grants = Grants {
        titles: ["CT1", "CT1_QR"].map(|title| title.parse().unwrap()).into(),
        ..reporting(&[])
    };
    let store = |about: &[(u16, Vec<u8>)]| {
        let mut fed = Fed::new(association_with(own.clone()));
        fed.feed(Side::Requestor, &moved(CT, about)).unwrap();
        let tidied: Vec<_> = fed.inspector.ledger().tidied().iter().collect();
        (fed.out.to_acceptor, tidied)
    };
    for title in [&b"CT1 "[..], b"CT1_QR"] {
        assert_eq!(store(&titled(title)), (moved(CT, &titled(title)), vec![]));
    }
    for title in [&b"WORKST"[..], b"PACS", b"ct1 ", b"CT11"] {
        assert_eq!(store(&titled(title)), (moved(CT, &[]), vec![(Tidied::Originator, 1)]));
    }
    // Without a title that can be read, the message ID says nothing either.
    let alone = [number(0x1031, 7)];
    assert_eq!(store(&alone), (moved(CT, &[]), vec![(Tidied::Originator, 1)]));
    assert_eq!(store(&[]), (moved(CT, &[]), vec![]));
}

#[test]
fn whom_the_pacs_names_as_the_originator_of_a_move_is_its_affair() {
    let object = moved(MR, &[(0x1030, b"WORKST".to_vec()), number(0x1031, 7)]);
    let (out, verdict, inspector) =
        play(&[(Side::Requestor, &message(GET, GET_RQ, 1)), (Side::Acceptor, &object)]);
    assert_eq!((verdict, out.to_requestor), (Ok(()), object));
    assert_eq!(inspector.ledger().tidied().iter().count(), 0);
}

#[test]
fn a_pacs_that_may_ask_for_moves_is_bound_to_no_list() {
    let mut rights = association();
    let operations = Operations::NONE.and_by_acceptor(&[Operation::CMove]);
    let contexts = rights.contexts.iter().cloned().map(|it| Context { operations, ..it });
    let (contexts, maxima) = (contexts.collect(), rights.contexts.maxima);
    rights = Inspector::new(Contexts::new(contexts, maxima, reporting(&[])));
    let mut out = Out::default();
    rights.feed(Side::Acceptor, &moving(b"WORKST"), &mut out).unwrap();
    assert_eq!(out.to_requestor, moving(b"WORKST"));
}

#[test]
fn nothing_is_moved_to_what_is_no_title() {
    for destination in [&b"CT1\0EV"[..], b"CT1\\EV", b"CT1\n", b"    ", b"\0\0", b""] {
        forbids(&moving(destination), MOVE, MOVE_RQ, Forbidden::MoveDestination);
    }
}

#[test]
fn an_unknown_command_is_answered_as_such() {
    for field in [0x0000, 0x0002, 0x0160, 0x0ffe, 0x7fff] {
        let command = set(&[
            (0x0001, vec![1; 4]),
            number(0x0100, field),
            number(0x0110, 4),
            number(0x0800, DATA),
        ]);
        let input = [one(CT.0, COMMAND | LAST, &command), one(CT.0, LAST, &[1; 8])].concat();
        let (out, verdict, inspector) = play(&[(Side::Requestor, &input)]);
        assert_eq!((verdict, out.to_acceptor.len()), (Ok(()), 0));
        let status = UNRECOGNIZED.to_le_bytes();
        assert!(
            out.to_requestor
                .windows(10)
                .any(|it| it == [&[0, 9, 2, 0, 0, 0], &status[..], &[0, 0]].concat())
        );
        assert_eq!(inspector.ledger().forbidden()[0].asked, Asked::Unknown(field));
    }
}

#[test]
fn the_data_set_of_a_forbidden_request_does_not_pass_however_it_is_cut() {
    let command = ask(DELETE_RQ + 0x10, CT.1, 1, DATA);
    assert!(!command.is_empty());
    let head = one(CT.0, COMMAND | LAST, &ask(FIND_RQ, CT.1, 1, DATA));
    let input = [&head[..], &one(CT.0, 0, &[1; 3000]), &one(CT.0, 0, &[]), &one(CT.0, LAST, &[])];
    let (out, verdict, inspector) = play(&[(Side::Requestor, &input.concat())]);
    assert_eq!((verdict, out.to_acceptor.len()), (Ok(()), 0));
    assert_eq!(answered(&out.to_requestor), (CT.0, FIND_RQ | RESPONSE, 1, NOT_AUTHORIZED));
    assert_eq!(inspector.phase(), Phase::Open);
}

#[test]
fn the_answer_comes_when_the_forbidden_message_has_ended() {
    let input = message(CT, FIND_RQ, 1);
    let (out, verdict, inspector) = play(&[(Side::Requestor, &input[..input.len() - 1])]);
    assert_eq!((verdict, out.to_requestor.len()), (Ok(()), 0));
    assert!(inspector.wants(Side::Requestor) && inspector.at_boundary(Side::Acceptor));
}

#[test]
fn the_answer_waits_for_the_end_of_a_message_on_its_way() {
    let event = ask(EVENT_RQ, COMMITMENT.1, 9, DATA);
    // An element of 100 bytes, which come in the next PDU.
    let element = [9, 0, 1, 0, 100, 0, 0, 0];
    let head = [one(COMMITMENT.0, COMMAND | LAST, &event), one(COMMITMENT.0, 0, &element)].concat();
    let tail = one(COMMITMENT.0, LAST, &[2; 100]);
    let forbidden = message(CT, FIND_RQ, 1);
    let pieces: [(Side, &[u8]); 2] = [(Side::Acceptor, &head), (Side::Requestor, &forbidden)];
    let (out, verdict, inspector) = play(&pieces);
    assert_eq!((verdict, &out.to_requestor), (Ok(()), &head));
    assert!(!inspector.wants(Side::Requestor) && inspector.wants(Side::Acceptor));
    let (out, verdict, inspector) = play(&[pieces[0], pieces[1], (Side::Acceptor, &tail)]);
    assert_eq!(verdict, Ok(()));
    let rest = out.to_requestor.strip_prefix([head, tail].concat().as_slice()).unwrap();
    assert_eq!(answered(rest), (CT.0, FIND_RQ | RESPONSE, 1, NOT_AUTHORIZED));
    assert!(inspector.wants(Side::Requestor));
}

#[test]
fn a_request_before_the_gates_own_answer_waits_for_it() {
    let head = one(COMMITMENT.0, COMMAND | LAST, &ask(EVENT_RQ, COMMITMENT.1, 9, DATA));
    let end = one(COMMITMENT.0, LAST, &[]);
    let echo = message(VERIFICATION, ECHO_RQ, 2);
    let two = [&message(CT, FIND_RQ, 1)[..], &echo].concat();
    let pieces: [(Side, &[u8]); 3] =
        [(Side::Acceptor, &head), (Side::Requestor, &two), (Side::Acceptor, &end)];
    let (out, verdict, _) = play(&pieces[..2]);
    assert_eq!((verdict, out.to_acceptor.len()), (Ok(()), 0));
    let (out, verdict, _) = play(&pieces);
    assert_eq!((verdict, out.to_acceptor), (Ok(()), echo));
    let told = out.to_requestor.strip_prefix([head, end].concat().as_slice()).unwrap();
    assert_eq!(answered(told), (CT.0, FIND_RQ | RESPONSE, 1, NOT_AUTHORIZED));
}

#[test]
fn behind_a_request_whose_answer_waits_nothing_is_taken() {
    let head = one(COMMITMENT.0, COMMAND | LAST, &ask(EVENT_RQ, COMMITMENT.1, 9, DATA));
    let forbidden = message(CT, FIND_RQ, 1);
    let input = [&forbidden[..], &[0xff; 100]].concat();
    let (_, _, mut inspector) = play(&[(Side::Acceptor, &head)]);
    let taken = inspector.feed(Side::Requestor, &input, &mut Out::default());
    assert_eq!(taken, Ok(forbidden.len()));
}

/// What is for the requestor, and for the PACS, if the pieces pass.
fn passed(pieces: &[(Side, &[u8])]) -> (Vec<u8>, Vec<u8>) {
    let (out, verdict, _) = play(pieces);
    assert_eq!(verdict, Ok(()));
    (out.to_requestor, out.to_acceptor)
}

#[test]
fn objects_of_the_pacs_do_not_wait_while_their_c_get_does() {
    let get = message(GET, GET_RQ, 1);
    let (one, two) = (message(MR, STORE_RQ, 5), message(MR, STORE_RQ, 6));
    let taken = |id| answer(MR, STORE_RQ, id, NO_DATA, SUCCESS);
    let both = [&one[..], &two].concat();
    let pieces: [(Side, &[u8]); 4] = [
        (Side::Requestor, &get),
        (Side::Acceptor, &both),
        (Side::Requestor, &taken(6)),
        (Side::Requestor, &taken(5)),
    ];
    assert_eq!(passed(&pieces[..2]).0, both);
    assert_eq!(passed(&pieces), (both.clone(), [get, taken(6), taken(5)].concat()));
}

#[test]
fn a_device_that_answers_no_events_gets_its_responses() {
    let action = message(COMMITMENT, ACTION_RQ, 1);
    let events = [message(COMMITMENT, EVENT_RQ, 2), message(COMMITMENT, EVENT_RQ, 3)].concat();
    let done = answer(COMMITMENT, ACTION_RQ, 1, NO_DATA, SUCCESS);
    let from_pacs = [&events[..], &done].concat();
    let pieces: [(Side, &[u8]); 2] = [(Side::Requestor, &action), (Side::Acceptor, &from_pacs)];
    assert_eq!(passed(&pieces).0, from_pacs);
    // Nothing is asked of the PACS: then the second event has time.
    assert_eq!(passed(&[(Side::Acceptor, &events)]).0, message(COMMITMENT, EVENT_RQ, 2));
    let release = [&events[..], &RELEASE_RP].concat();
    let pieces: [(Side, &[u8]); 2] = [(Side::Acceptor, &release), (Side::Requestor, &RELEASE_RQ)];
    assert_eq!(passed(&pieces).0, release);
}

#[test]
fn two_sides_that_ask_before_they_answer_do_not_wait_for_each_other() {
    let actions = [message(COMMITMENT, ACTION_RQ, 1), message(COMMITMENT, ACTION_RQ, 2)].concat();
    let event = message(COMMITMENT, EVENT_RQ, 3);
    let acted = |id| answer(COMMITMENT, ACTION_RQ, id, NO_DATA, SUCCESS);
    let thanks = answer(COMMITMENT, EVENT_RQ, 3, NO_DATA, SUCCESS);
    let from_requestor = [&actions[..], &thanks].concat();
    let from_pacs = [event, acted(1), acted(2)].concat();
    let pieces: [(Side, &[u8]); 2] =
        [(Side::Requestor, &from_requestor), (Side::Acceptor, &from_pacs)];
    assert_eq!(passed(&pieces), (from_pacs.clone(), from_requestor.clone()));
}

#[test]
fn only_so_many_requests_are_outstanding_at_once() {
    let get = message(GET, GET_RQ, 1);
    let objects: Vec<_> = (0..20).map(|id| message(MR, STORE_RQ, id)).collect();
    let (out, verdict, inspector) =
        play(&[(Side::Requestor, &get), (Side::Acceptor, &objects.concat())]);
    assert_eq!((verdict, out.to_requestor), (Ok(()), objects[..8].concat()));
    assert!(inspector.holds_back(Side::Acceptor) && !inspector.wants(Side::Acceptor));
}

#[test]
fn a_request_that_is_held_is_neither_answered_nor_a_get() {
    let event = message(COMMITMENT, EVENT_RQ, 9);
    let echo = message(VERIFICATION, ECHO_RQ, 1);
    let echoed = answer(VERIFICATION, ECHO_RQ, 1, NO_DATA, SUCCESS);
    // The guard holds what it judges: of the query, or C-GET, the PACS has not heard.
    let half = |context: (u8, &str), field| {
        one(context.0, COMMAND | LAST, &ask(field, context.1, 2, DATA))
    };
    let played = |asked: &[u8], said: &[u8]| {
        let grants = Grants { guarding: PerSide::default(), ..reporting(&[]) };
        let mut fed = Fed::new(association_with(grants));
        let asked = [&echo[..], asked].concat();
        let pieces: [(Side, &[u8]); 3] =
            [(Side::Acceptor, &event), (Side::Requestor, &asked), (Side::Acceptor, said)];
        let verdict = pieces.iter().try_for_each(|(from, input)| fed.feed(*from, input));
        (verdict, fed.inspector)
    };
    assert_eq!(played(&half(FIND, FIND_RQ), &echoed).0, Ok(()));
    let found = answer(FIND, FIND_RQ, 2, NO_DATA, SUCCESS);
    assert_eq!(played(&half(FIND, FIND_RQ), &found).0, Err(Fault::UnaskedResponse));
    let object = message(MR, STORE_RQ, 5);
    let (verdict, inspector) = played(&half(GET, GET_RQ), &object);
    assert_eq!(verdict, Ok(()));
    assert_eq!(inspector.ledger().forbidden()[0].why.what, Forbidden::StoreOutsideGet);
}

#[test]
fn an_abort_behind_a_request_that_waits_does_not_wait() {
    let two = message(VERIFICATION, ECHO_RQ, 1).repeat(2);
    let (mut inspector, mut out) = (association(), Out::default());
    inspector.feed(Side::Requestor, &two, &mut out).unwrap();
    assert!(inspector.holds_back(Side::Requestor));
    let abort = Abort::parse([0, 0, 2, 6]);
    inspector.abort(Side::Requestor, abort, &mut out);
    assert_eq!(inspector.phase(), Phase::Aborted(Side::Requestor));
    assert!(out.to_acceptor.ends_with(&abort.encode()) && inspector.at_boundary(Side::Acceptor));
}

#[test]
fn behind_an_abort_nobody_is_held_back_to_be_heard() {
    let two = message(VERIFICATION, ECHO_RQ, 1).repeat(2);
    let (mut inspector, mut out) = (association(), Out::default());
    inspector.feed(Side::Requestor, &two, &mut out).unwrap();
    inspector.abort(Side::Acceptor, Abort::parse([0, 0, 2, 6]), &mut out);
    assert!(!inspector.holds_back(Side::Requestor) && !inspector.wants(Side::Requestor));
}

#[test]
fn a_fault_of_a_request_that_waited_is_its_senders() {
    let forbidden = message(CT, FIND_RQ, 1);
    let echo = message(VERIFICATION, ECHO_RQ, 2);
    let (mut inspector, mut out) = (association(), Out::default());
    inspector.feed(Side::Requestor, &forbidden.repeat(16), &mut out).unwrap();
    let early = [&echo[..], &forbidden].concat();
    let taken = inspector.feed(Side::Requestor, &early, &mut out).unwrap();
    let answer = answer(VERIFICATION, ECHO_RQ, 2, NO_DATA, SUCCESS);
    let verdict = inspector.feed(Side::Acceptor, &answer, &mut out);
    assert_eq!(verdict, Err(Fault::ForbiddenRequests.by(Side::Requestor)));
    assert!(taken < early.len(), "its data set has waited as well");
}

#[test]
fn nobody_answers_for_the_gate() {
    let head = one(COMMITMENT.0, COMMAND | LAST, &ask(EVENT_RQ, COMMITMENT.1, 9, DATA));
    let end = one(COMMITMENT.0, LAST, &[]);
    let pieces: [(Side, &[u8]); 4] = [
        (Side::Acceptor, &head),
        (Side::Requestor, &message(CT, FIND_RQ, 1)),
        (Side::Acceptor, &end),
        (Side::Acceptor, &answer(CT, FIND_RQ, 1, NO_DATA, SUCCESS)),
    ];
    assert_eq!(broken(&pieces), Fault::UnaskedResponse);
}

#[test]
fn nothing_is_answered_behind_the_release_of_the_pacs() {
    let pieces: [(Side, &[u8]); 2] =
        [(Side::Acceptor, &RELEASE_RQ), (Side::Requestor, &message(CT, FIND_RQ, 1))];
    let (out, verdict, _) = play(&pieces);
    assert_eq!((verdict, &out.to_requestor[..]), (Ok(()), &RELEASE_RQ[..]));
}

#[test]
fn sixteen_forbidden_requests_are_answered_and_one_more_ends_the_association() {
    let one = message(CT, FIND_RQ, 1);
    let (out, verdict, _) = play(&[(Side::Requestor, &one.repeat(16))]);
    assert_eq!((verdict, out.to_acceptor.len()), (Ok(()), 0));
    let (_, verdict, inspector) = play(&[(Side::Requestor, &one.repeat(17))]);
    assert_eq!(verdict, Err(Fault::ForbiddenRequests));
    assert_eq!(inspector.ledger().forbidden().len(), 17);
}

#[test]
fn swallows_so_much_and_no_more() {
    let head = one(CT.0, COMMAND | LAST, &ask(FIND_RQ, CT.1, 1, DATA));
    let piece = one(CT.0, 0, &[0; 2048]);
    let (mut inspector, mut out) = (association(), Out::default());
    inspector.feed(Side::Requestor, &head, &mut out).unwrap();
    for _ in 0..(64 << 20) / 2048 {
        inspector.feed(Side::Requestor, &piece, &mut out).unwrap();
    }
    let verdict = inspector.feed(Side::Requestor, &one(CT.0, 0, &[0; 2]), &mut out);
    assert_eq!(verdict, Err(Fault::SwallowedTooMuch.by(Side::Requestor)));
    assert!(out.to_acceptor.is_empty());
}

#[test]
fn a_cancel_where_nothing_can_be_cancelled_is_dropped() {
    let cancel = one(CT.0, COMMAND | LAST, &cancel(1));
    let (out, verdict, inspector) = play(&[(Side::Requestor, &cancel)]);
    assert_eq!(verdict, Ok(()));
    assert!(out.to_acceptor.is_empty() && out.to_requestor.is_empty());
    assert_eq!(inspector.ledger().forbidden()[0].why.what, Forbidden::Cancel);
}

#[test]
fn a_cancel_of_another_message_says_nothing() {
    let find = message(FIND, FIND_RQ, 1);
    for (context, id) in [(FIND, 2), (MOVE, 1)] {
        let other = one(context.0, COMMAND | LAST, &cancel(id));
        let (out, verdict, _) = play(&[(Side::Requestor, &find), (Side::Requestor, &other)]);
        assert_eq!((verdict, out.to_acceptor), (Ok(()), find.clone()));
    }
}

#[test]
fn an_operation_is_cancelled_once() {
    let find = message(FIND, FIND_RQ, 1);
    let cancel = one(FIND.0, COMMAND | LAST, &cancel(1));
    let pieces: [(Side, &[u8]); 2] =
        [(Side::Requestor, &find), (Side::Requestor, &cancel.repeat(200))];
    let (out, verdict, inspector) = play(&pieces);
    assert_eq!((verdict, out.to_acceptor), (Ok(()), [find, cancel].concat()));
    assert_eq!(inspector.ledger().late_cancels(), 199);
}

#[test]
fn the_pacs_sends_objects_only_while_a_c_get_is_under_way() {
    let object = message(MR, STORE_RQ, 5);
    let taken = answer(MR, STORE_RQ, 5, NO_DATA, SUCCESS);
    let get = message(GET, GET_RQ, 1);
    let done = answer(GET, GET_RQ, 1, NO_DATA, SUCCESS);
    let during: [(Side, &[u8]); 4] = [
        (Side::Requestor, &get),
        (Side::Acceptor, &object),
        (Side::Requestor, &taken),
        (Side::Acceptor, &done),
    ];
    let (out, verdict, _) = play(&during);
    assert_eq!(verdict, Ok(()));
    assert_eq!(out.to_requestor, [&object[..], &done].concat());
    assert_eq!(out.to_acceptor, [&get[..], &taken].concat());
    let behind = [&during[..], &[(Side::Acceptor, &object[..])]].concat();
    for pieces in [&behind[..], &[(Side::Acceptor, &object[..])]] {
        let (out, verdict, inspector) = play(pieces);
        assert_eq!(verdict, Ok(()));
        let last = out.to_acceptor.len() - answer_length(&out.to_acceptor);
        let told = answered(&out.to_acceptor[last..]);
        assert_eq!(told, (MR.0, STORE_RQ | RESPONSE, 5, NOT_AUTHORIZED));
        let forbidden = &inspector.ledger().forbidden()[0];
        assert_eq!(forbidden.why, Forbidden::StoreOutsideGet.by(Side::Acceptor));
    }
}

#[test]
fn another_operation_under_way_is_no_c_get() {
    let object = message(MR, STORE_RQ, 5);
    for waiting in [message(FIND, FIND_RQ, 1), message(MOVE, MOVE_RQ, 1)] {
        let pieces: [(Side, &[u8]); 2] = [(Side::Requestor, &waiting), (Side::Acceptor, &object)];
        let (out, verdict, inspector) = play(&pieces);
        assert_eq!((verdict, out.to_requestor.len()), (Ok(()), 0));
        assert_eq!(inspector.ledger().forbidden()[0].why.what, Forbidden::StoreOutsideGet);
    }
}

/// The length of the last PDU.
fn answer_length(mut pdus: &[u8]) -> usize {
    loop {
        let length = 6 + u32::from_be_bytes(pdus[2..6].try_into().unwrap()) as usize;
        if length == pdus.len() {
            return length;
        }
        pdus = &pdus[length..];
    }
}

#[test]
fn the_pacs_asks_nothing_that_its_service_does_not_have() {
    for (context, field) in [(CT, STORE_RQ), (CT, EVENT_RQ), (FIND, FIND_RQ), (MOVE, MOVE_RQ)] {
        let (out, verdict, inspector) = play(&[(Side::Acceptor, &message(context, field, 1))]);
        assert_eq!((verdict, out.to_requestor.len()), (Ok(()), 0));
        assert_eq!(answered(&out.to_acceptor).3, NOT_AUTHORIZED);
        assert_eq!(inspector.ledger().forbidden()[0].why.what, Forbidden::Operation);
    }
}

#[test]
fn an_event_report_passes_and_so_does_its_response() {
    let event = message(COMMITMENT, EVENT_RQ, 3);
    let thanks = answer(COMMITMENT, EVENT_RQ, 3, NO_DATA, SUCCESS);
    let (out, verdict, inspector) = play(&[(Side::Acceptor, &event), (Side::Requestor, &thanks)]);
    assert_eq!(verdict, Ok(()));
    assert_eq!((out.to_requestor, out.to_acceptor), (event, thanks));
    assert_eq!(inspector.phase(), Phase::Open);
}

#[test]
fn a_response_answers_message_command_and_context() {
    let find = message(FIND, FIND_RQ, 1);
    for wrong in [
        answer(FIND, FIND_RQ, 2, NO_DATA, SUCCESS),
        answer(FIND, MOVE_RQ, 1, NO_DATA, SUCCESS),
        answer(MOVE, FIND_RQ, 1, NO_DATA, SUCCESS),
    ] {
        let fault = broken(&[(Side::Requestor, &find), (Side::Acceptor, &wrong)]);
        assert_eq!(fault, Fault::UnaskedResponse);
    }
    let right = answer(FIND, FIND_RQ, 1, NO_DATA, SUCCESS);
    let twice: [(Side, &[u8]); 3] =
        [(Side::Requestor, &find), (Side::Acceptor, &right), (Side::Acceptor, &right)];
    assert_eq!(broken(&twice), Fault::UnaskedResponse);
    assert_eq!(broken(&[(Side::Requestor, &right)]), Fault::UnaskedResponse);
}

#[test]
fn a_response_passes_without_a_sop_class_from_elsewhere() {
    let find = message(FIND, FIND_RQ, 1);
    let naming = |class: Option<&str>| {
        let mut elements = vec![
            number(0x0100, FIND_RQ | RESPONSE),
            number(0x0120, 1),
            number(0x0800, NO_DATA),
            number(0x0900, SUCCESS),
        ];
        elements.splice(..0, class.map(|class| uid(0x0002, class)));
        one(FIND.0, COMMAND | LAST, &set(&elements))
    };
    for (named, passed) in [(CT.1, None), (FIND.1, Some(FIND.1))] {
        let pieces: [(Side, &[u8]); 2] =
            [(Side::Requestor, &find), (Side::Acceptor, &naming(Some(named)))];
        let (out, verdict, inspector) = play(&pieces);
        assert_eq!((verdict, out.to_requestor), (Ok(()), naming(passed)));
        let is_noted = inspector.ledger().tidied().iter().eq([(Tidied::Class, 1)]);
        assert_eq!(is_noted, passed.is_none());
    }
}

#[test]
fn an_operation_has_ended_when_the_data_set_of_its_response_has() {
    let get = message(GET, GET_RQ, 1);
    let head = answer(GET, GET_RQ, 1, DATA, 0xb000);
    let next = message(VERIFICATION, ECHO_RQ, 2);
    let early: [(Side, &[u8]); 3] =
        [(Side::Requestor, &get), (Side::Acceptor, &head), (Side::Requestor, &next)];
    assert_eq!(play(&early).0.to_acceptor, get);
    let tail = one(GET.0, LAST, &[0; 8]);
    let whole = [&early[..], &[(Side::Acceptor, &tail[..])]].concat();
    assert_eq!(play(&whole).0.to_acceptor, [get, next].concat());
}

#[test]
fn writes_down_what_was_done() {
    let find = message(FIND, FIND_RQ, 1);
    let found = answer(FIND, FIND_RQ, 1, NO_DATA, SUCCESS);
    let moved = set(&[
        number(0x0100, MOVE_RQ | RESPONSE),
        number(0x0120, 1),
        number(0x0800, NO_DATA),
        number(0x0900, SUCCESS),
        number(0x1021, 7),
        number(0x1022, 1),
        number(0x1023, 2),
    ]);
    let moved = one(MOVE.0, COMMAND | LAST, &moved);
    let pieces: [(Side, &[u8]); 7] = [
        (Side::Requestor, &find),
        (Side::Acceptor, &found),
        (Side::Requestor, &find),
        (Side::Acceptor, &found),
        (Side::Requestor, &moving(b"CT1 ")),
        (Side::Acceptor, &moved),
        (Side::Requestor, &message(CT, STORE_RQ, 9)),
    ];
    let ledger = play(&pieces).2.into_ledger();
    let rows = ledger.operations().iter().map(|it| (it.operation, it.status, it.count));
    let expected = [
        (Operation::CFind, Some(0), 2),
        (Operation::CMove, Some(0), 1),
        (Operation::CStore, None, 1),
    ];
    assert_eq!(rows.collect::<Vec<_>>(), expected);
    assert_eq!(ledger.destinations(), [("CT1".parse().unwrap(), 1)]);
    assert_eq!(ledger.moved(), SubOperations { completed: 7, failed: 1, warning: 2 });
}

#[test]
fn what_is_written_down_is_bounded() {
    let (mut inspector, mut out) = (association(), Out::default());
    for status in 1..200 {
        let pieces = [
            (Side::Requestor, message(FIND, FIND_RQ, status)),
            (Side::Acceptor, answer(FIND, FIND_RQ, status, NO_DATA, 0xc000 + status)),
        ];
        for (side, bytes) in pieces {
            inspector.feed(side, &bytes, &mut out).unwrap();
        }
    }
    let ledger = inspector.into_ledger();
    assert_eq!(ledger.operations().len(), Ledger::OPERATIONS);
    assert_eq!(ledger.operations_more(), 199 - Ledger::OPERATIONS as u64);
}

#[test]
fn every_code_of_what_is_forbidden_is_its_own() {
    let codes: std::collections::BTreeSet<_> = Forbidden::all().map(|why| why.code()).collect();
    assert_eq!(codes.len(), Forbidden::all().count());
    assert_eq!(codes.len(), 2 * Forbidden::ALL.len() - 5);
}

#[test]
fn each_side_has_an_advice_of_its_own() {
    let of = |side| Forbidden::Operation.by(side).advice().unwrap();
    assert!(of(Side::Requestor).contains("`services`") && of(Side::Acceptor).contains("PACS"));
}

#[test]
fn where_rights_are_reported_the_pacs_stores_for_a_get_that_they_do_not_cover_and_else_never() {
    let granted = association().contexts;
    let store_only = granted.iter().cloned().map(|it| Context {
        operations: Operations::NONE.and_by_requestor(&[Operation::CStore]),
        ..it
    });
    let contexts = Contexts::new(store_only.collect(), granted.maxima, reporting(&[]));
    let contexts = contexts.enforced(Enforcement::Reported);
    let (get, object) = (message(GET, GET_RQ, 1), moved(MR, &[]));
    let mut fed = Fed::new(Inspector::new(contexts.clone()));
    fed.feed(Side::Requestor, &get).unwrap();
    fed.feed(Side::Acceptor, &object).unwrap();
    assert_eq!((&fed.out.to_acceptor, &fed.out.to_requestor), (&get, &object));
    let mut alone = Fed::new(Inspector::new(contexts));
    alone.feed(Side::Acceptor, &object).unwrap();
    assert_eq!(alone.out.to_requestor.len(), 0);
    assert_eq!(alone.inspector.ledger().forbidden().len(), 1);
}
