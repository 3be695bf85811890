//! What an answer of a PACS may look like; the vectors hold one refusal of each kind.

use pacsgate_core::wire::associate::{
    AnswerHeader, AssociateError, ContextAnswer, ContextRejection, Note, ReceivedAc, answer_header,
    implementation_class as own_class,
};

use crate::build::{
    EXPLICIT, IMPLICIT, VERIFICATION, accepted, answer_with_results, answer_with_user,
    application_context, bare_user, body, common_extended, fixed, header, identity,
    implementation_class, item, maximum_length, result, sized, user, verification,
};

fn parse(body: &[u8]) -> ReceivedAc {
    ReceivedAc::parse(body).unwrap()
}

fn refusal(body: &[u8]) -> AssociateError {
    ReceivedAc::parse(body).unwrap_err()
}

fn notes(body: &[u8]) -> Vec<(Note, u32)> {
    parse(body).notes.iter().collect()
}

fn judge_header(kind: u8, length: u32) -> Result<AnswerHeader, AssociateError> {
    answer_header(*header(kind, length).first_chunk().unwrap())
}

#[test]
fn an_answer_accepts_rejects_or_aborts() {
    assert_eq!(judge_header(2, 68), Ok(AnswerHeader::Accept(68)));
    assert_eq!(judge_header(3, 4), Ok(AnswerHeader::Reject));
    assert_eq!(judge_header(7, 4), Ok(AnswerHeader::Abort));
    for kind in [1, 4, 5, 6] {
        assert_eq!(judge_header(kind, 68).unwrap_err().code(), "unexpected-pdu");
    }
}

#[test]
fn each_answer_has_its_own_length() {
    for length in [0, 3, 5, u32::MAX] {
        assert_eq!(judge_header(3, length), Err(AssociateError::RejectLength(length)));
        assert_eq!(judge_header(7, length), Err(AssociateError::AbortLength(length)));
    }
    assert_eq!(judge_header(2, 67), Err(AssociateError::PduTooShort(67)));
    assert_eq!(judge_header(2, 262_145), Err(AssociateError::PduTooLong(262_145)));
}

#[test]
fn never_tests_the_titles() {
    let items = [application_context(), accepted(1), user(&[])].concat();
    for odd in [[0; 16], [b' '; 16], [0xff; 16], *b"A\0B\\\n           "] {
        let bytes = [fixed(1, &odd, &odd), items.clone()].concat();
        assert_eq!(parse(&bytes).answer.echo.0, bytes[4..68]);
    }
}

#[test]
fn reads_each_result() {
    let bytes = answer_with_results(&[
        result(5, 0, &[item(0x40, EXPLICIT)]),
        result(1, 1, &[item(0x40, IMPLICIT)]),
        result(3, 2, &[item(0x40, IMPLICIT)]),
        result(7, 3, &[item(0x40, IMPLICIT)]),
        result(9, 4, &[item(0x40, IMPLICIT)]),
    ]);
    let answer = parse(&bytes).answer;
    let results: Vec<_> = answer.results.into_iter().map(|r| (r.id.value(), r.answer)).collect();
    let expected = [
        (5, ContextAnswer::Accepted(EXPLICIT.parse().unwrap())),
        (1, ContextAnswer::Rejected(ContextRejection::User)),
        (3, ContextAnswer::Rejected(ContextRejection::NoReason)),
        (7, ContextAnswer::Rejected(ContextRejection::AbstractSyntax)),
        (9, ContextAnswer::Rejected(ContextRejection::TransferSyntaxes)),
    ];
    assert_eq!(results, expected);
    assert!(notes(&bytes).is_empty());
}

#[test]
fn leaves_missing_and_repeated_results_to_the_policy() {
    assert!(parse(&answer_with_results(&[])).answer.results.is_empty());
    let twice = answer_with_results(&[accepted(1), accepted(1)]);
    assert_eq!(parse(&twice).answer.results.len(), 2);
}

#[test]
fn a_rejected_context_may_carry_anything_for_a_transfer_syntax() {
    let bytes = answer_with_results(&[
        result(1, 3, &[]),
        result(3, 3, &[item(0x40, "")]),
        result(5, 3, &[item(0x40, [0xff; 70])]),
        result(7, 3, &[item(0x40, IMPLICIT)]),
    ]);
    assert_eq!(notes(&bytes), [(Note::RejectedTransferSyntax, 3)]);
    let two = [item(0x40, IMPLICIT), item(0x40, IMPLICIT)];
    let bytes = answer_with_results(&[result(1, 3, &two)]);
    assert_eq!(notes(&bytes), [(Note::RejectedTransferSyntax, 1)]);
}

#[test]
fn a_context_accepted_without_exactly_one_transfer_syntax_counts_as_rejected() {
    let syntax = || item(0x40, IMPLICIT);
    for syntaxes in
        [vec![], vec![syntax(), syntax()], vec![item(0x40, "../x")], vec![item(0x40, "")]]
    {
        let bytes = answer_with_results(&[result(1, 0, &syntaxes), accepted(3)]);
        let results = parse(&bytes).answer.results;
        let answers: Vec<_> = results.into_iter().map(|result| result.answer).collect();
        let expected = [
            ContextAnswer::Rejected(ContextRejection::NoReason),
            ContextAnswer::Accepted(IMPLICIT.parse().unwrap()),
        ];
        assert_eq!(answers, expected);
        assert_eq!(notes(&bytes), [(Note::AcceptedTransferSyntax, 1)]);
    }
}

#[test]
fn drops_and_notes_items_of_a_request() {
    let context = answer_with_results(&[verification(1)]);
    assert_eq!(notes(&context), [(Note::SurplusItem(0x20), 1)]);
    let syntax =
        answer_with_results(&[result(1, 1, &[item(0x30, VERIFICATION), item(0x40, IMPLICIT)])]);
    assert_eq!(notes(&syntax), [(Note::SurplusItem(0x30), 1)]);
    let identity = answer_with_user(&[identity(1, "a", "")]);
    assert_eq!(notes(&identity), [(Note::SurplusItem(0x58), 1)]);
}

#[test]
fn takes_the_smaller_of_two_maximum_lengths() {
    for (one, two, smaller) in
        [(8192, 4096, 4096), (4096, 8192, 4096), (0, 512, 512), (512, 0, 512)]
    {
        let user = bare_user(&[maximum_length(one), maximum_length(two), implementation_class()]);
        let bytes = body(&[application_context(), accepted(1), user]);
        assert_eq!(parse(&bytes).answer.user.maximum_length, smaller);
        assert_eq!(notes(&bytes), [(Note::SmallerMaximum, 1)]);
    }
}

#[test]
fn drops_and_notes_what_the_requestor_is_not_given() {
    let bytes = answer_with_user(&[
        item(0x53, [0, 0, 0, 0]),
        common_extended(VERIFICATION),
        item(0x59, sized("ticket")),
        item(0x5a, ""),
    ]);
    let expected = [
        (Note::UnknownUserItem(0x5a), 1),
        (Note::NotForwarded(0x53), 1),
        (Note::NotForwarded(0x57), 1),
        (Note::NotForwarded(0x59), 1),
    ];
    assert_eq!(notes(&bytes), expected);
}

#[test]
fn an_identity_answer_has_an_exact_length() {
    let short = answer_with_user(&[item(0x59, [0, 1])]);
    assert_eq!(refusal(&short), AssociateError::ItemTooShort(0x59));
    let long = answer_with_user(&[item(0x59, [0, 0, 1])]);
    assert_eq!(refusal(&long), AssociateError::TrailingBytes(0x59));
}

#[test]
fn the_gates_implementation_class_stands_in_for_a_missing_one() {
    let bytes = body(&[application_context(), accepted(1), bare_user(&[maximum_length(16_384)])]);
    assert_eq!(parse(&bytes).answer.user.implementation_class, own_class());
    assert_eq!(notes(&bytes), [(Note::NoImplementationClass, 1)]);
}

#[test]
fn notes_a_foreign_application_context() {
    for name in ["1.2.3", "", "no UID"] {
        let bytes = body(&[item(0x10, name), accepted(1), user(&[])]);
        assert_eq!(notes(&bytes), [(Note::ApplicationContext, 1)]);
    }
}

#[test]
fn what_is_missing_is_supplied_and_what_repeats_is_dropped() {
    let (name, info) = (application_context(), user(&[]));
    let repeated = body(&[name.clone(), name.clone(), info.clone()]);
    assert_eq!(notes(&repeated), [(Note::Repeated(0x10), 1)]);
    assert_eq!(notes(&body(std::slice::from_ref(&info))), [(Note::NoApplicationContext, 1)]);
    let without = body(std::slice::from_ref(&name));
    assert_eq!(notes(&without), [(Note::NoUserInformation, 1)]);
    assert_eq!(parse(&without).answer.user.maximum_length, 16_384);
    assert_eq!(parse(&without).answer.user.implementation_class, own_class());
    let twice = body(&[name, info.clone(), info]);
    assert_eq!(refusal(&twice), AssociateError::SecondUserInformation);
}

#[test]
fn takes_as_many_results_as_there_are_ids() {
    let results = |count: u8| {
        let results: Vec<_> = (0..count).map(|_| accepted(1)).collect();
        answer_with_results(&results)
    };
    assert_eq!(parse(&results(128)).answer.results.len(), 128);
    assert_eq!(refusal(&results(129)), AssociateError::TooManyResults);
}
