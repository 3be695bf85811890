//! Answers to a request for an association whose form is not what the standard wants.

use crate::patches::servers::TITLE;
use crate::play::{Heard, Play, one};
use crate::recorder::{Proposal, Recorder};
use crate::support::associate::{Associate, CT, IMPLICIT, Item, STUDY_FIND, VERIFICATION};
use crate::support::dimse::echo_rq;

/// Onis 2.5 leaves the transfer syntax out of what it rejects: fo-dicom/fo-dicom#543,
/// pydicom/pynetdicom#290.
#[test]
fn passes_rejected_contexts_without_a_transfer_syntax() {
    accepted_by(|proposal| {
        let mut answer = proposal.accepted();
        answer.contexts[1] = Item::result(3, 3, None);
        answer.contexts[2] = Item::result(5, 4, None);
        answer
    });
}

/// A Siemens PACS names a transfer syntax `unknown` where it rejects: pydicom/pynetdicom#86.
#[test]
fn passes_rejected_contexts_with_a_transfer_syntax_that_is_no_uid() {
    accepted_by(|proposal| {
        let mut answer = proposal.accepted();
        answer.contexts[1] = Item::result(3, 4, Some("unknown"));
        answer.contexts[2] = Item::result(5, 4, Some(""));
        answer
    });
}

/// Only what is accepted has a result, as in pynetdicom before 0.9: pydicom/pynetdicom#131.
#[test]
fn passes_an_answer_that_names_only_what_is_accepted() {
    accepted_by(|proposal| {
        let mut answer = proposal.accepted();
        answer.contexts.truncate(1);
        answer
    });
}

/// Results in another order than the proposals, which the standard allows.
#[test]
fn passes_results_in_any_order() {
    accepted_by(|proposal| {
        let mut answer = proposal.accepted();
        answer.contexts.reverse();
        answer
    });
}

/// Results of no table, where nobody had decided on a context: PantelisGeorgiadis/dcmjs-dimse#62 has
/// 255 for that. DCMTK and pynetdicom take all that is not 0 as a rejection.
#[test]
fn passes_results_of_no_table_as_rejections() {
    for result in [255, 9] {
        accepted_by(move |proposal| {
            let mut answer = proposal.accepted();
            answer.contexts[1].body[2] = result;
            answer
        });
    }
}

/// The abstract syntax beside the transfer syntax of a result; findscu takes it.
#[test]
fn passes_results_with_an_abstract_syntax() {
    accepted_by(|proposal| {
        let mut answer = proposal.accepted();
        for (item, class) in answer.contexts.iter_mut().zip([VERIFICATION, CT, STUDY_FIND]) {
            item.body.extend(Item::uid(0x30, class).encode());
        }
        answer
    });
}

/// No application context; findscu takes it.
#[test]
fn passes_an_answer_without_an_application_context() {
    accepted_by(|proposal| Associate { application: Vec::new(), ..proposal.accepted() });
}

/// No user information; findscu takes it.
#[test]
fn passes_an_answer_without_user_information() {
    accepted_by(|proposal| Associate { user: Vec::new(), ..proposal.accepted() });
}

/// User information that holds nothing.
#[test]
fn passes_an_answer_with_empty_user_information() {
    accepted_by(|proposal| Associate { user: vec![Vec::new()], ..proposal.accepted() });
}

/// No maximum length; findscu takes it.
#[test]
fn passes_an_answer_without_a_maximum_length() {
    answering_user(vec![Item::uid(0x52, "1.2.3")]);
}

/// Neither class nor version name, as of go-netdicom: grailbio/go-netdicom#4.
#[test]
fn passes_an_answer_without_an_implementation_class() {
    answering_user(vec![Item::maximum_length(16_384)]);
}

/// A broker pads its class: pydicom/pynetdicom#240 (BROKER992.0).
#[test]
fn passes_an_answer_with_a_padded_implementation_class() {
    answering_user(vec![Item::maximum_length(16_384), Item::uid(0x52, "1.2.124.113532.3320\0")]);
}

/// A class that is no UID, and one of no characters.
#[test]
fn passes_an_answer_with_any_implementation_class() {
    for class in ["Alice7.4.1.1", ""] {
        answering_user(vec![Item::maximum_length(16_384), Item::uid(0x52, class)]);
    }
}

/// Sub-items that nobody knows.
#[test]
fn passes_an_answer_with_sub_items_of_an_unknown_kind() {
    answering_user(vec![
        Item::new(0x5f, b"vendor"),
        Item::maximum_length(16_384),
        Item::uid(0x52, "1.2.3"),
    ]);
}

/// fo-dicom before 4.0.2 grants what nobody asked for: fo-dicom/fo-dicom#900.
#[test]
fn passes_an_answer_that_grants_what_was_not_asked_for() {
    answering_user(vec![
        Item::maximum_length(16_384),
        Item::uid(0x52, "1.2.3"),
        Item::new(0x53, &[0, 0, 0, 0]),
        Item::roles(CT, 1, 1),
        Item::extended(STUDY_FIND, &[1, 1, 1]),
        Item::new(0x59, &[0, 0]),
    ]);
}

/// Maximum lengths below 1,024, and one that is odd: Enet4/dicom-rs#703.
#[test]
fn passes_an_answer_with_a_small_or_odd_maximum_length() {
    for maximum in [128, 512, 16_383] {
        answering_user(vec![Item::maximum_length(maximum), Item::uid(0x52, "1.2.3")]);
    }
}

/// A maximum of zero is none: pydicom/pynetdicom#193.
#[test]
fn passes_an_answer_without_a_limit_to_the_length() {
    answering_user(vec![Item::maximum_length(0), Item::uid(0x52, "1.2.3")]);
}

/// Titles that are blank (pydicom/pynetdicom#967), padded with NUL, or full of left-over bytes
/// (pydicom/pynetdicom#746): they are reserved there and nobody may test them (PS3.8 9.3.3).
#[test]
fn passes_an_answer_with_any_titles() {
    for title in
        [b"                ", b"LWPACS\0\0\0\0\0\0\0\0\0\0", b"\x01\x02\xfe\\\0\x7f\n\r########"]
    {
        accepted_by(|proposal| Associate {
            called: *title,
            calling: *title,
            ..proposal.accepted()
        });
    }
}

/// Reserved bytes that are not zero.
#[test]
fn passes_an_answer_with_reserved_bytes_that_are_not_zero() {
    accepted_by(|proposal| Associate { reserved: [0xff; 32], ..proposal.accepted() });
}

/// An item of an unknown kind between the results.
#[test]
fn passes_an_answer_with_items_of_an_unknown_kind() {
    accepted_by(|proposal| {
        let mut answer = proposal.accepted();
        answer.contexts.insert(0, Item::new(0x60, b"vendor"));
        answer
    });
}

/// UIDs padded with NUL: Enet4/dicom-rs#148.
#[test]
fn passes_an_answer_with_padded_uids() {
    accepted_by(|proposal| {
        let mut answer = proposal.accepted();
        answer.application = vec![Item::uid(0x10, "1.2.840.10008.3.1.1.1\0")];
        answer.contexts[0] = Item::result(1, 0, Some("1.2.840.10008.1.2\0"));
        answer
    });
}

/// A printer rejects with a reason that no table has (fo-dicom/fo-dicom#892): it is a rejection all
/// the same, and goes on as one without a reason.
#[test]
fn passes_a_rejection_with_codes_of_no_table() {
    for (codes, told) in [([1, 3, 8], [1, 1, 1]), ([1, 1, 7], [1, 1, 7]), ([2, 3, 2], [2, 3, 2])] {
        let pacs = Recorder::rejecting(codes);
        let both = echoing().held(&pacs, |settings| settings);
        assert_eq!(both.direct.heard, [Heard::Rejected(codes)]);
        assert_eq!(both.gated.heard, [Heard::Rejected(told)]);
    }
}

fn answering_user(user: Vec<Item>) {
    accepted_by(move |proposal| Associate { user: vec![user.clone()], ..proposal.accepted() });
}

fn accepted_by(accept: impl Fn(&Proposal) -> Associate + Send + Sync + 'static) {
    echoing().passes_at(&Recorder::accepting(accept));
}

fn echoing() -> Play {
    let request = Associate::echo("CT1", TITLE);
    let request = request.context(3, CT, &[IMPLICIT]).context(5, STUDY_FIND, &[IMPLICIT]);
    Play::of(&request).say(&one(&echo_rq(1)))
}
