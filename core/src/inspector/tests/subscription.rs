//! Who may be told of unified procedure steps: whom the Receiving AE of a subscription names.

use super::*;
use crate::data_set::DataSetError;

const PUSH: &str = "1.2.840.10008.5.1.4.34.6.1";
const WATCH: &str = "1.2.840.10008.5.1.4.34.6.2";
const TRIAL_PUSH: &str = "1.2.840.10008.5.1.4.34.4.1";
const ACTION_RQ: u16 = 0x0130;
const SUBSCRIBE: u16 = 3;

/// The peer `CT1`, also called `CT1_QR`, with a context for the SOP class.
fn association(class: &str, mode: Mode) -> Inspector {
    let context = Context {
        id: ContextId::new(1).unwrap(),
        abstract_syntax: class.parse().unwrap(),
        transfer_syntax: TransferSyntax::find(&"1.2.840.10008.1.2".parse().unwrap()).unwrap(),
        operations: Operations::of_scu(&[Operation::NAction]),
    };
    let longest = 1 << 20;
    let maxima = Maxima {
        to_acceptor: longest,
        to_requestor: longest,
        from_requestor: longest,
        from_acceptor: longest,
    };
    let titles = ["CT1", "CT1_QR"].map(|title| title.parse().unwrap()).into();
    let guarding = Guarding { mode, ..Guarding::default() };
    let guarding = PerSide { requestor: guarding, acceptor: guarding };
    let grants = Grants { direction: Direction::Inward, move_to: [].into(), titles, guarding };
    Inspector::new(Contexts::new(vec![context], maxima, grants))
}

fn element(group: u16, number: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = [group.to_le_bytes(), number.to_le_bytes()].concat();
    bytes.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(value);
    bytes
}

fn receiving(value: &[u8]) -> Vec<u8> {
    [element(0x0074, 0x1230, b"FALSE "), element(0x0074, 0x1234, value)].concat()
}

/// A whole N-ACTION that names this SOP class.
fn action(named: &str, kind: u16, information: &[u8]) -> Vec<u8> {
    let command = command(&set(&[
        uid(0x0003, named),
        number(0x0100, ACTION_RQ),
        number(0x0110, 1),
        number(0x0800, DATA),
        uid(0x1001, INSTANCE),
        number(0x1008, kind),
    ]));
    [command, one(1, LAST, information)].concat()
}

fn play(class: &str, mode: Mode, input: &[u8]) -> (Out, Result<(), Fault>, Inspector) {
    let mut fed = Fed::new(association(class, mode));
    let verdict = fed.feed(Side::Requestor, input);
    (fed.out, verdict, fed.inspector)
}

#[test]
fn a_peer_subscribes_itself_by_any_of_its_titles_or_by_none() {
    let values: [&[u8]; 6] = [b"CT1 ", b"CT1\0", b"  CT1   ", b"CT1_QR", b"", b"    "];
    for value in values {
        let input = action(PUSH, SUBSCRIBE, &receiving(value));
        let (out, verdict, inspector) = play(WATCH, Mode::Refuse, &input);
        assert_eq!(verdict, Ok(()), "{value:?}");
        assert!(out.to_acceptor == input, "{value:?}");
        assert!(inspector.ledger().forbidden().is_empty(), "{value:?}");
    }
    let nobody = action(PUSH, SUBSCRIBE, &element(0x0074, 0x1230, b"FALSE "));
    assert!(play(WATCH, Mode::Refuse, &nobody).0.to_acceptor == nobody);
}

#[test]
fn a_subscription_of_another_is_forbidden_however_it_is_written() {
    let values: [&[u8]; 7] =
        [b"MR1 ", b"ct1 ", b"CT1\\MR1 ", b"MR1\\CT1 ", b"CT1\0MR", b"CT1\n", b"CT1 OR MR1"];
    for value in values {
        let input = action(PUSH, SUBSCRIBE, &receiving(value));
        for mode in [Mode::Refuse, Mode::Report] {
            let (out, verdict, inspector) = play(WATCH, mode, &input);
            assert_eq!(verdict, Ok(()), "{value:?}");
            assert!(out.to_acceptor.is_empty(), "{value:?}");
            let [forbidden] = inspector.ledger().forbidden() else { panic!("{value:?}") };
            assert_eq!(forbidden.why.code(), "requestor-receiving-ae");
            assert_eq!(forbidden.asked, Asked::Operation(Operation::NAction));
            assert_eq!(forbidden.sop_class.as_ref().map(|uid| uid.as_str()), Some(PUSH));
            assert!(inspector.ledger().unsound().is_empty());
            assert!(!out.to_requestor.is_empty());
        }
    }
}

#[test]
fn every_action_about_a_step_is_judged_whatever_it_names() {
    for (class, named) in [(PUSH, PUSH), (WATCH, PUSH), (WATCH, WATCH), (TRIAL_PUSH, TRIAL_PUSH)] {
        for kind in 1..=6 {
            let (out, _, inspector) =
                play(class, Mode::Refuse, &action(named, kind, &receiving(b"MR1 ")));
            assert_eq!((out.to_acceptor.len(), inspector.ledger().forbidden().len()), (0, 1));
        }
    }
    let other = "1.2.840.10008.1.20.1";
    let input = action(other, SUBSCRIBE, &receiving(b"MR1 "));
    assert!(play(other, Mode::Refuse, &input).0.to_acceptor == input);
}

#[test]
fn a_title_inside_a_sequence_subscribes_nobody() {
    let item = receiving(b"MR1 ");
    let length = u32::try_from(item.len()).unwrap().to_le_bytes();
    let items = [&[0xfe, 0xff, 0x00, 0xe0][..], &length, &item].concat();
    let input = action(PUSH, SUBSCRIBE, &element(0x0074, 0x1048, &items));
    let (out, verdict, _) = play(WATCH, Mode::Refuse, &input);
    assert_eq!(verdict, Ok(()));
    assert!(out.to_acceptor == input);
}

#[test]
fn a_subscription_of_another_behind_a_long_head_ends_the_association() {
    for mode in [Mode::Refuse, Mode::Report] {
        let long = [element(0x0009, 0x1001, &[b'x'; 2 * HEAD]), receiving(b"MR1 ")].concat();
        let input = action(PUSH, SUBSCRIBE, &long);
        let (_, verdict, _) = play(WATCH, mode, &input);
        assert_eq!(verdict, Err(Fault::DataSet(DataSetError::Receiver)));
    }
}

#[test]
fn the_guard_does_not_only_report_what_hides_a_subscription() {
    // Behind a fault that is reported, nothing more would be walked.
    let hidden = [element(0x0008, 0x0005, b"UTF-7 "), receiving(b"MR1 ")].concat();
    let (out, _, inspector) = play(WATCH, Mode::Report, &action(PUSH, SUBSCRIBE, &hidden));
    assert!(out.to_acceptor.is_empty());
    assert_eq!(inspector.ledger().unsound()[0].0.outcome, Outcome::Refused(0x0115));
}

#[test]
fn a_peer_that_subscribes_others_again_and_again_is_ended() {
    let mut fed = Fed::new(association(WATCH, Mode::Refuse));
    let input = action(PUSH, SUBSCRIBE, &receiving(b"MR1 "));
    for _ in 0..Ledger::FORBIDDEN {
        assert_eq!(fed.feed(Side::Requestor, &input), Ok(()));
    }
    assert_eq!(fed.feed(Side::Requestor, &input), Err(Fault::ForbiddenRequests));
    assert!(fed.out.to_acceptor.is_empty());
}
