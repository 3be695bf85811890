//! The PACS's answer, judged, and the one that the requestor gets.

use pacsgate_core::policy::{AcFault, Permit, Remark, Remarks};
use pacsgate_core::reason::Explained;
use pacsgate_core::wire::associate::{
    ContextAnswer, ContextRejection, ContextResult, Echo, UnsoundContext, VersionName,
};

use crate::fixtures::*;

/// Asks for 1 (CT), 3 (MR) and 11 (verification); 5, 7 and 9 are removed.
fn mixed() -> Permit {
    let mut request = request(vec![
        context(11, "Verification", &[IMPLICIT]),
        context(9, COMMITMENT, &[IMPLICIT]),
        context(5, CT, &[DEFLATED]),
        context(3, MR, &[IMPLICIT]),
        context(1, CT, &[EXPLICIT, IMPLICIT]),
    ]);
    request.unsound = vec![UnsoundContext { id: id(7), position: 5 }];
    permit(&with_services("echo store"), &request)
}

fn reject(number: u8, why: ContextRejection) -> ContextResult {
    ContextResult { id: id(number), answer: ContextAnswer::Rejected(why) }
}

fn fault(results: Vec<ContextResult>) -> AcFault {
    mixed().conclude(ac(results)).unwrap_err()
}

#[test]
fn every_proposed_context_is_answered_in_its_place() {
    let results = vec![
        accept(1, IMPLICIT),
        reject(3, ContextRejection::AbstractSyntax),
        accept(11, IMPLICIT),
    ];
    let conclusion = mixed().conclude(ac(results)).unwrap();
    assert_eq!(
        conclusion.answer.results,
        [
            accept(11, IMPLICIT),
            reject(9, ContextRejection::User),
            reject(5, ContextRejection::TransferSyntaxes),
            reject(3, ContextRejection::AbstractSyntax),
            accept(1, IMPLICIT),
            reject(7, ContextRejection::User),
        ]
    );
    assert_eq!(conclusion.remarks, Remarks::default());
}

#[test]
fn an_unsound_context_goes_back_to_the_middle() {
    let mut request = request(vec![
        context(1, "Verification", &[IMPLICIT]),
        context(7, "Verification", &[IMPLICIT]),
    ]);
    request.unsound =
        vec![UnsoundContext { id: id(3), position: 1 }, UnsoundContext { id: id(5), position: 2 }];
    let permit = permit(&with_services("echo"), &request);
    let answer =
        permit.conclude(ac(vec![accept(7, IMPLICIT), accept(1, IMPLICIT)])).unwrap().answer;
    let order: Vec<_> = answer.results.iter().map(|result| result.id.value()).collect();
    assert_eq!(order, [1, 3, 5, 7]);
}

#[test]
fn only_accepted_contexts_stay() {
    let results =
        vec![accept(1, IMPLICIT), reject(3, ContextRejection::User), accept(11, IMPLICIT)];
    let contexts = mixed().conclude(ac(results)).unwrap().contexts;
    assert_eq!(contexts.len(), 2);
    let ids: Vec<_> = contexts.iter().map(|context| context.id.value()).collect();
    assert_eq!(ids, [1, 11]);
    let ct = contexts.get(id(1)).unwrap();
    assert_eq!(ct.abstract_syntax, uid(CT));
    assert_eq!(ct.transfer_syntax.uid(), IMPLICIT);
    assert_eq!(contexts.get(id(3)), None);
    assert_eq!(contexts.get(id(9)), None);
}

#[test]
fn the_requestor_gets_its_own_bytes_back() {
    let answer = mixed().conclude(ac(vec![])).unwrap().answer;
    assert_eq!(answer.echo, Echo([7; 64]));
}

#[test]
fn passes_back_who_implements_the_pacs() {
    let answer = mixed().conclude(ac(vec![])).unwrap().answer;
    assert_eq!(answer.user.implementation_class, "1.2.5.6".parse().unwrap());
    assert_eq!(answer.user.implementation_version, VersionName::parse(b"PACS_1"));
}

#[test]
fn a_missing_result_counts_as_rejected() {
    let conclusion = mixed().conclude(ac(vec![accept(1, EXPLICIT)])).unwrap();
    let no_reason = |number| reject(number, ContextRejection::NoReason);
    assert!(conclusion.answer.results.contains(&no_reason(3)));
    assert!(conclusion.answer.results.contains(&no_reason(11)));
    assert_eq!(conclusion.remarks.iter().collect::<Vec<_>>(), [(Remark::MissingResult, 2)]);
}

#[test]
fn a_pacs_may_reject_everything() {
    let why = ContextRejection::NoReason;
    let results = vec![reject(1, why), reject(3, why), reject(11, why)];
    let conclusion = mixed().conclude(ac(results)).unwrap();
    assert!(conclusion.contexts.is_empty());
    assert_eq!(conclusion.answer.results.len(), 6);
}

#[test]
fn refuses_an_acceptance_of_what_was_not_proposed() {
    assert_eq!(fault(vec![accept(13, IMPLICIT)]), AcFault::AcceptsUnproposed);
}

#[test]
fn refuses_an_acceptance_of_what_was_removed() {
    for removed in [5, 7, 9] {
        assert_eq!(fault(vec![accept(removed, IMPLICIT)]), AcFault::AcceptsUnproposed);
    }
}

#[test]
fn refuses_two_different_results_for_one_context() {
    let contradictory = vec![reject(1, ContextRejection::User), accept(1, EXPLICIT)];
    assert_eq!(fault(contradictory), AcFault::AnswersTwice);
    let other = vec![reject(13, ContextRejection::User), reject(13, ContextRejection::NoReason)];
    assert_eq!(fault(other), AcFault::AnswersTwice);
}

#[test]
fn takes_the_same_result_twice_for_one() {
    let once = mixed().conclude(ac(vec![accept(1, EXPLICIT)])).unwrap();
    let twice = mixed().conclude(ac(vec![accept(1, EXPLICIT), accept(1, EXPLICIT)])).unwrap();
    assert_eq!((once.answer, once.contexts), (twice.answer, twice.contexts));
    assert!(twice.remarks.iter().any(|remark| remark == (Remark::RepeatedResult, 1)));
}

fn counts_as_rejected(permit: &Permit, id: u8, syntax: &str) {
    let conclusion = permit.conclude(ac(vec![accept(id, syntax)])).unwrap();
    assert!(conclusion.contexts.is_empty());
    let why = ContextRejection::TransferSyntaxes;
    assert!(conclusion.answer.results.contains(&reject(id, why)));
    let remarks: Vec<_> = conclusion.remarks.iter().collect();
    assert!(remarks.contains(&(Remark::UnproposedTransferSyntax, 1)));
}

#[test]
fn a_transfer_syntax_that_was_not_proposed_for_the_context_counts_as_a_rejection() {
    counts_as_rejected(&mixed(), 3, EXPLICIT);
    counts_as_rejected(&mixed(), 1, "1.2.3");
}

#[test]
fn so_does_one_that_the_requestor_proposed_but_the_gate_took_out() {
    let request = request(vec![context(1, CT, &[DEFLATED, EXPLICIT])]);
    counts_as_rejected(&permit(&with_services("store"), &request), 1, DEFLATED);
}

#[test]
fn maxima_are_announced_even_and_no_larger_than_they_are() {
    for (pacs, told) in [(16_383, 16_382), (15, 14), (16_384, 16_384), (0, CAP), (u32::MAX, CAP)] {
        let mut answer = ac(vec![accept(1, EXPLICIT)]);
        answer.answer.user.maximum_length = pacs;
        let conclusion = mixed().conclude(answer).unwrap();
        assert_eq!(conclusion.answer.user.maximum_length, told);
        assert_eq!(conclusion.contexts.maxima.from_requestor, told);
    }
    for (requestor, told) in [(4097, 4096), (0, CAP), (14, 14)] {
        let mut request = request(vec![context(1, CT, &[EXPLICIT])]);
        request.request.user.maximum_length = requestor;
        let permit = permit(&with_services("store"), &request);
        assert_eq!(permit.request().user.maximum_length, told);
    }
}

#[test]
fn drops_the_rejection_of_what_was_not_proposed() {
    let results = vec![accept(1, EXPLICIT), reject(13, ContextRejection::User)];
    let conclusion = mixed().conclude(ac(results)).unwrap();
    assert_eq!(conclusion.answer.results.len(), 6);
    let remarks: Vec<_> = conclusion.remarks.iter().collect();
    assert!(remarks.contains(&(Remark::UnproposedRejection, 1)));
}

#[test]
fn announces_to_the_requestor_the_smaller_of_maximum_and_cap() {
    for (announced, passed_on) in [(0, CAP), (16_384, 16_384), (CAP + 1, CAP), (u32::MAX, CAP)] {
        let mut answer = ac(vec![accept(1, EXPLICIT)]);
        answer.answer.user.maximum_length = announced;
        let answer = mixed().conclude(answer).unwrap().answer;
        assert_eq!(answer.user.maximum_length, passed_on, "{announced}");
    }
}

#[test]
fn keeps_how_much_each_side_takes_and_was_told() {
    let mut request = echo_request();
    request.request.user.maximum_length = 0;
    let permit = permit(&with_services("echo"), &request);
    let mut answer = ac(vec![accept(1, IMPLICIT)]);
    answer.answer.user.maximum_length = 4 * CAP;
    let maxima = permit.conclude(answer).unwrap().contexts.maxima;
    assert_eq!((maxima.to_acceptor, maxima.from_requestor), (4 * CAP, CAP));
    assert_eq!((maxima.to_requestor, maxima.from_acceptor), (u32::MAX, CAP));
}

fn negotiated(services: &str) -> Permit {
    let mut request = request(vec![context(1, CT, &[EXPLICIT]), context(3, GET, &[IMPLICIT])]);
    request.request.user.roles = vec![role(CT, true, true)];
    request.request.user.extended = vec![extended(GET)];
    permit(&with_services(services), &request)
}

#[test]
fn passes_roles_and_negotiations_back() {
    let mut answer = ac(vec![accept(1, EXPLICIT), accept(3, IMPLICIT)]);
    answer.answer.user.roles = vec![role(CT, true, true)];
    answer.answer.user.extended = vec![extended(GET)];
    let conclusion = negotiated("store get").conclude(answer).unwrap();
    assert_eq!(conclusion.answer.user.roles, [role(CT, true, true)]);
    assert_eq!(conclusion.answer.user.extended, [extended(GET)]);
    assert_eq!(conclusion.remarks, Remarks::default());
}

#[test]
fn a_role_that_the_gate_took_out_does_not_come_back() {
    let mut answer = ac(vec![accept(1, EXPLICIT), accept(3, IMPLICIT)]);
    answer.answer.user.roles = vec![role(CT, true, true)];
    let conclusion = negotiated("get").conclude(answer).unwrap();
    assert_eq!(conclusion.answer.user.roles, [role(CT, false, true)]);
    let remarks: Vec<_> = conclusion.remarks.iter().collect();
    assert_eq!(remarks, [(Remark::RoleExceedsProposal, 1)]);
}

#[test]
fn drops_roles_and_negotiations_that_were_not_proposed() {
    let mut answer = ac(vec![accept(1, EXPLICIT), accept(3, IMPLICIT)]);
    answer.answer.user.roles = vec![role(MR, true, true), role(CT, true, false)];
    answer.answer.user.extended = vec![extended(CT)];
    let conclusion = negotiated("store get").conclude(answer).unwrap();
    assert_eq!(conclusion.answer.user.roles, [role(CT, true, false)]);
    assert_eq!(conclusion.answer.user.extended, []);
    let remarks: Vec<_> = conclusion.remarks.iter().collect();
    assert_eq!(remarks, [(Remark::UnproposedRole, 1), (Remark::UnproposedExtended, 1)]);
}

#[test]
fn every_fault_has_a_code_and_an_advice() {
    let codes: std::collections::HashSet<_> =
        AcFault::ALL.iter().map(|fault| fault.code()).collect();
    assert_eq!(codes.len(), AcFault::ALL.len());
    assert!(AcFault::ALL.iter().all(|fault| fault.advice().unwrap().ends_with('.')));
}
