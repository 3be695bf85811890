//! Role selection (54) and extended negotiation (56) on the way to the PACS.

use pacsgate_core::policy::{Permit, Policy, Remark};
use pacsgate_core::wire::associate::{ReceivedRq, RoleSelection};

use crate::fixtures::*;

fn proposing(roles: Vec<RoleSelection>) -> ReceivedRq {
    let mut request = request(vec![
        context(1, CT, &[EXPLICIT]),
        context(3, GET, &[IMPLICIT]),
        context(5, COMMITMENT, &[IMPLICIT]),
    ]);
    request.request.user.roles = roles;
    request
}

fn roles(permit: &Permit) -> &[RoleSelection] {
    &permit.request().user.roles
}

fn remarks(permit: &Permit) -> Vec<(Remark, u32)> {
    permit.remarks().iter().collect()
}

#[track_caller]
fn expect(policy: &Policy, proposed: &RoleSelection, passed_on: Option<RoleSelection>) {
    let permit = permit(policy, &proposing(vec![proposed.clone()]));
    assert_eq!(roles(&permit), passed_on.clone().map_or(vec![], |role| vec![role]));
    let expected = match passed_on {
        None => vec![(Remark::RoleRemoved, 1)],
        Some(role) if role == *proposed => vec![],
        Some(_) => vec![(Remark::RoleClipped, 1)],
    };
    assert_eq!(remarks(&permit), expected);
}

#[test]
fn only_get_lets_the_requestor_be_scp() {
    let both = role(CT, true, true);
    expect(&with_services("store get"), &both, Some(both.clone()));
    expect(&with_services("store"), &both, Some(role(CT, true, false)));
    expect(&with_services("get"), &both, Some(role(CT, false, true)));
}

#[test]
fn a_role_of_which_nothing_is_left_is_removed() {
    expect(&with_services("store"), &role(CT, false, true), None);
    expect(&with_services("get"), &role(CT, true, false), None);
    expect(&with_services("store"), &role(CT, false, false), None);
}

#[test]
fn nobody_becomes_scp_of_queries_or_storage_commitment_by_their_services() {
    expect(&with_services("get"), &role(GET, true, true), Some(role(GET, true, false)));
    let policy = with_services("storage-commitment");
    expect(&policy, &role(COMMITMENT, true, true), Some(role(COMMITMENT, true, false)));
}

#[test]
fn a_peer_may_be_given_either_role_in_storage_commitment_or_both() {
    let both = role(COMMITMENT, true, true);
    let provider = with_services("storage-commitment-scp");
    expect(&provider, &role(COMMITMENT, false, true), Some(role(COMMITMENT, false, true)));
    expect(&provider, &both, Some(role(COMMITMENT, false, true)));
    let either = with_services("storage-commitment storage-commitment-scp");
    expect(&either, &both, Some(both.clone()));
}

#[test]
fn roles_and_negotiations_of_sop_classes_that_went_go_too() {
    let mut request = proposing(vec![role(CT, true, false), role(MR, true, true)]);
    request.request.user.extended = vec![extended(GET), extended(CT), extended(MR)];
    let permit = permit(&with_services("store"), &request);
    assert_eq!(roles(&permit), [role(CT, true, false)]);
    assert_eq!(permit.request().user.extended, [extended(CT)]);
    assert_eq!(remarks(&permit), [(Remark::RoleRemoved, 1), (Remark::ExtendedRemoved, 2)]);
}

#[test]
fn a_role_does_not_outlive_its_transfer_syntaxes() {
    let mut request = request(vec![context(1, CT, &[DEFLATED]), context(3, MR, &[EXPLICIT])]);
    request.request.user.roles = vec![role(CT, true, false)];
    assert_eq!(roles(&permit(&with_services("store"), &request)), []);
}
