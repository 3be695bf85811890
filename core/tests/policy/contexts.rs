//! What of a request goes on to the PACS.

use pacsgate_core::policy::{Denial, Pacs, Peer, Permit, Policy, Remark, Removal};
use pacsgate_core::reason::Explained;
use pacsgate_core::services::{Operation, Operations, Role, Service, unnamed};
use pacsgate_core::side::Side;
use pacsgate_core::wire::associate::{ContextRejection, UnsoundContext};

use crate::fixtures::*;

fn given(class: &str, role: Role, operations: &[Operation]) -> Service {
    Service::Other { sop_class: uid(class), role, operations: operations.to_vec() }
}

/// What may be sent on a context that the PACS accepts.
fn operations_of(permit: &Permit, number: u8) -> Operations {
    let asked = permit.request().contexts.iter().find(|it| it.id == id(number)).unwrap();
    let accepted = accept(number, asked.transfer_syntaxes[0].as_str());
    permit.conclude(ac(vec![accepted])).unwrap().contexts.get(id(number)).unwrap().operations
}

fn removals(permit: &Permit) -> Vec<(u8, Removal)> {
    permit.removed().iter().map(|removed| (removed.id.value(), removed.why)).collect()
}

#[test]
fn keeps_what_the_services_cover_and_says_why_the_rest_went() {
    let mut request = request(vec![
        context(1, "Verification", &[IMPLICIT]),
        context(9, COMMITMENT, &[IMPLICIT]),
        context(5, CT, &[JPIP, DEFLATED]),
        context(3, CT, &[EXPLICIT, IMPLICIT]),
    ]);
    request.unsound = vec![UnsoundContext { id: id(7), position: 2 }];
    let permit = permit(&with_services("echo store"), &request);
    assert_eq!(asked(&permit), [1, 3]);
    assert_eq!(
        removals(&permit),
        [(9, Removal::NotPermitted), (7, Removal::Unsound), (5, Removal::TransferSyntaxes)]
    );
    let [_, unsound, _] = permit.removed() else { panic!("three are removed") };
    assert_eq!(unsound.abstract_syntax, None);
    assert_eq!(permit.proposed(), 5);
}

#[test]
fn a_service_comes_before_the_transfer_syntaxes() {
    let request =
        request(vec![context(1, "Verification", &[IMPLICIT]), context(3, COMMITMENT, &[DEFLATED])]);
    let permit = permit(&with_services("echo"), &request);
    assert_eq!(removals(&permit), [(3, Removal::NotPermitted)]);
}

#[test]
fn takes_out_transfer_syntaxes_that_cannot_be_inspected() {
    let private = "1.2.840.113619.5.2";
    let request = request(vec![context(1, CT, &[DEFLATED, EXPLICIT, private, JPIP, IMPLICIT])]);
    let permit = permit(&with_services("store"), &request);
    let [kept] = permit.request().contexts.as_slice() else { panic!("one is kept") };
    let kept: Vec<_> = kept.transfer_syntaxes.iter().map(ToString::to_string).collect();
    assert_eq!(kept, [EXPLICIT, IMPLICIT]);
    let remarks: Vec<_> = permit.remarks().iter().collect();
    assert_eq!(remarks, [(Remark::TransferSyntaxRemoved, 3)]);
}

#[test]
fn a_transfer_syntax_stands_once_in_a_context() {
    let request = request(vec![context(1, CT, &[EXPLICIT, EXPLICIT, IMPLICIT, EXPLICIT])]);
    let permit = permit(&with_services("store"), &request);
    assert_eq!(permit.request().contexts, [context(1, CT, &[EXPLICIT, IMPLICIT])]);
    assert_eq!(permit.remarks().iter().collect::<Vec<_>>(), [(Remark::TransferSyntaxRepeated, 2)]);
}

#[test]
fn a_sop_class_may_be_proposed_under_several_ids() {
    let request = request(vec![context(1, CT, &[EXPLICIT]), context(3, CT, &[IMPLICIT])]);
    assert_eq!(asked(&permit(&with_services("store"), &request)), [1, 3]);
}

#[test]
fn store_does_not_cover_key_objects() {
    let request = request(vec![context(1, CT, &[EXPLICIT]), context(3, KEY_OBJECT, &[EXPLICIT])]);
    assert_eq!(asked(&permit(&with_services("store"), &request)), [1]);
    assert_eq!(asked(&permit(&with_services("store key-object"), &request)), [1, 3]);
    assert_eq!(asked(&permit(&with_services("key-object"), &request)), [3]);
}

#[test]
fn sop_classes_narrow_store_and_leave_other_services() {
    let policy = policy(Peer {
        services: services("echo store key-object"),
        sop_classes: vec![uid(CT)],
        ..peer("ct1")
    });
    let request = request(vec![
        context(1, "Verification", &[IMPLICIT]),
        context(3, CT, &[EXPLICIT]),
        context(5, MR, &[EXPLICIT]),
        context(7, KEY_OBJECT, &[EXPLICIT]),
    ]);
    assert_eq!(asked(&permit(&policy, &request)), [1, 3, 7]);
}

#[test]
fn sop_classes_narrow_what_get_returns() {
    let policy =
        policy(Peer { services: services("get"), sop_classes: vec![uid(CT)], ..peer("ct1") });
    let request = request(vec![
        context(1, GET, &[IMPLICIT]),
        context(3, CT, &[EXPLICIT]),
        context(5, MR, &[EXPLICIT]),
    ]);
    assert_eq!(asked(&permit(&policy, &request)), [1, 3]);
}

#[test]
fn get_without_store_covers_storage_only_beside_a_context_for_get() {
    let policy = with_services("find get");
    let beside = request(vec![context(1, CT, &[EXPLICIT]), context(3, GET, &[IMPLICIT])]);
    assert_eq!(asked(&permit(&policy, &beside)), [1, 3]);
    let without = request(vec![context(1, CT, &[EXPLICIT]), context(3, FIND, &[IMPLICIT])]);
    assert_eq!(asked(&permit(&policy, &without)), [3]);
    let unusable = request(vec![
        context(1, CT, &[EXPLICIT]),
        context(3, GET, &[DEFLATED]),
        context(5, FIND, &[IMPLICIT]),
    ]);
    assert_eq!(asked(&permit(&policy, &unusable)), [5]);
}

#[test]
fn a_context_for_get_that_is_not_permitted_grants_nothing() {
    let request = request(vec![context(1, CT, &[EXPLICIT]), context(3, GET, &[IMPLICIT])]);
    let refusal = identify(&with_services("find move"), &request).unwrap_err();
    assert_eq!(refusal.denial, Denial::NoPermittedService);
}

#[test]
fn the_operations_follow_from_the_services() {
    let request = request(vec![context(1, CT, &[EXPLICIT]), context(3, GET, &[IMPLICIT])]);
    for (names, by_requestor, by_pacs) in
        [("get", false, true), ("store", true, false), ("store get", true, true)]
    {
        let permit = permit(&with_services(names), &request);
        let results = asked(&permit).into_iter().map(|id| accept(id, syntax_of(id))).collect();
        let contexts = permit.conclude(ac(results)).unwrap().contexts;
        let operations = contexts.get(id(1)).unwrap().operations;
        assert_eq!(operations.allows(Side::Requestor, Operation::CStore), by_requestor, "{names}");
        assert_eq!(operations.allows(Side::Acceptor, Operation::CStore), by_pacs, "{names}");
    }
}

fn syntax_of(id: u8) -> &'static str {
    if id == 1 { EXPLICIT } else { IMPLICIT }
}

#[test]
fn a_service_that_is_named_twice_is_granted() {
    let request = request(vec![context(1, CT, &[EXPLICIT]), context(3, FIND, &[EXPLICIT])]);
    let permit = permit(&with_services("store store find find"), &request);
    assert_eq!(asked(&permit), [1, 3]);
}

#[test]
fn a_single_sop_class_may_be_granted_with_its_operations() {
    let private = "1.3.12.2.1107.5.9.1";
    let store = given(private, Role::Scu, &[Operation::CStore]);
    let policy = policy(Peer { services: vec![store], ..peer("ct1") });
    let request = request(vec![context(1, private, &[EXPLICIT]), context(3, CT, &[EXPLICIT])]);
    let permit = permit(&policy, &request);
    assert_eq!(asked(&permit), [1]);
    let contexts = permit.conclude(ac(vec![accept(1, EXPLICIT)])).unwrap().contexts;
    assert_eq!((contexts.len(), contexts.is_empty()), (contexts.iter().count(), false));
    let operations = contexts.get(id(1)).unwrap().operations;
    assert_eq!(operations.iter(Side::Requestor).collect::<Vec<_>>(), [Operation::CStore]);
    assert_eq!(operations.iter(Side::Acceptor).count(), 0);
}

#[test]
fn get_returns_a_further_sop_class_that_is_given_for_c_get() {
    let private = "1.3.46.670589.11.0.0.12.2";
    let proposed = request(vec![context(1, GET, &[IMPLICIT]), context(3, private, &[EXPLICIT])]);
    assert_eq!(asked(&permit(&with_services("get"), &proposed)), [1]);
    for given in [
        given(private, Role::Scu, &[Operation::CGet]),
        given(private, Role::Scp, &[Operation::CStore]),
    ] {
        let services = vec!["get".parse().unwrap(), given];
        let policy = policy(Peer { services, ..peer("ct1") });
        let operations = operations_of(&permit(&policy, &proposed), 3);
        assert!(operations.allows(Side::Acceptor, Operation::CStore));
        assert!(!operations.allows(Side::Requestor, Operation::CStore));
        let alone = request(vec![context(1, FIND, &[IMPLICIT]), context(3, CT, &[EXPLICIT])]);
        assert!(identify(&policy, &alone).is_err());
    }
}

#[test]
fn c_get_on_a_known_sop_class_means_what_that_is_for() {
    let given = |class| given(class, Role::Scu, &[Operation::CGet]);
    let proposed = request(vec![context(1, GET, &[IMPLICIT]), context(3, CT, &[EXPLICIT])]);
    let model = policy(Peer { services: vec![given(GET)], ..peer("ct1") });
    assert_eq!(asked(&permit(&model, &proposed)), [1]);
    // Objects of the SOP class, and nothing on which they could be asked for.
    let object = policy(Peer { services: vec![given(CT)], ..peer("ct1") });
    assert!(identify(&object, &proposed).is_err());
    let both = policy(Peer { services: vec![given(GET), given(CT)], ..peer("ct1") });
    let permit = permit(&both, &proposed);
    let of = |number| operations_of(&permit, number);
    assert_eq!(of(1), Operations::of_scu(&[Operation::CGet]));
    assert_eq!(of(3), Operations::NONE.and_by_acceptor(&[Operation::CStore]));
}

#[test]
fn a_private_information_model_is_given_by_its_uid() {
    let model = "1.2.826.0.1.3680043.2.1";
    let proposed = request(vec![context(1, model, &[IMPLICIT]), context(3, CT, &[EXPLICIT])]);
    for operation in [Operation::CFind, Operation::CMove] {
        let given = given(model, Role::Scu, &[operation]);
        let policy = policy(Peer { services: vec![given], ..peer("ct1") });
        let permit = permit(&policy, &proposed);
        assert_eq!(asked(&permit), [1]);
        assert_eq!(operations_of(&permit, 1), Operations::of_scu(&[operation]));
    }
    let services = vec!["get".parse().unwrap(), given(model, Role::Scu, &[Operation::CGet])];
    let permit = permit(&policy(Peer { services, ..peer("ct1") }), &proposed);
    assert!(operations_of(&permit, 1).allows(Side::Requestor, Operation::CGet));
    assert!(operations_of(&permit, 3).allows(Side::Acceptor, Operation::CStore));
}

#[test]
fn a_peer_that_is_scp_of_a_sop_class_reports_and_is_asked() {
    let reports = given(COMMITMENT, Role::Scp, &[Operation::NEventReport, Operation::NAction]);
    let by_uid = Peer { services: vec![reports], ..peer("ct1") };
    let by_name = Peer { services: services("storage-commitment-scp"), ..peer("ct1") };
    let proposed = request(vec![context(1, COMMITMENT, &[IMPLICIT])]);
    let expected = Operations::NONE
        .and_by_requestor(&[Operation::NEventReport])
        .and_by_acceptor(&[Operation::NAction]);
    for peer in [by_uid, by_name] {
        assert_eq!(operations_of(&permit(&policy(peer), &proposed), 1), expected);
    }
}

#[test]
fn whatever_has_no_service_is_given_by_its_uid() {
    for row in unnamed().filter(|row| !row.operations.is_empty()) {
        for class in row.sop_classes {
            let given = given(class.uid, Role::Scu, row.operations);
            let policy = policy(Peer { services: vec![given], ..peer("ct1") });
            let proposed = request(vec![
                context(1, class.uid, &[IMPLICIT]),
                context(3, "1.2.826.0.1.3680043.2.1", &[IMPLICIT]),
            ]);
            let permit = permit(&policy, &proposed);
            assert_eq!(asked(&permit), [1], "{}", class.keyword);
            let operations = operations_of(&permit, 1);
            for &operation in row.operations.iter().filter(|it| **it != Operation::CGet) {
                let expected = Operations::of_scu(&[operation]);
                assert_eq!(operations.union(expected), operations, "{}", class.keyword);
            }
        }
    }
}

#[test]
fn no_service_covers_a_uid_with_leading_zeros() {
    let odd = "1.2.840.10008.05.1.4.1.1.2";
    let request = request(vec![context(1, odd, &[EXPLICIT]), context(3, CT, &[EXPLICIT])]);
    assert_eq!(asked(&permit(&with_services("store"), &request)), [3]);
}

#[test]
fn calls_the_pacs_by_its_own_title_where_it_has_one() {
    let inside = Pacs { ae_title: Some(title("ARCHIVE")), ..pacs("archive", "PACS") };
    let policy = Policy::new(vec![peer("ct1")], vec![inside]).unwrap();
    let permit = permit(&policy, &echo_request());
    assert_eq!(permit.request().called, title("ARCHIVE"));
    assert_eq!(permit.request().calling, title("CT1"));
}

#[test]
fn calls_the_pacs_by_the_title_that_came_where_it_has_none() {
    let store = Pacs { called: vec![title("PACS"), title("PACS_STORE")], ..pacs("archive", "X") };
    let policy = Policy::new(vec![peer("ct1")], vec![store]).unwrap();
    let mut request = echo_request();
    request.request.called = title("PACS_STORE");
    assert_eq!(permit(&policy, &request).request().called, title("PACS_STORE"));
}

#[test]
fn announces_to_the_pacs_the_smaller_of_maximum_and_cap() {
    for (announced, passed_on) in [(0, CAP), (16_384, 16_384), (CAP + 1, CAP), (u32::MAX, CAP)] {
        let mut request = echo_request();
        request.request.user.maximum_length = announced;
        let permit = permit(&policy(peer("ct1")), &request);
        assert_eq!(permit.request().user.maximum_length, passed_on, "{announced}");
    }
}

#[test]
fn passes_on_who_implements_the_requestor() {
    let request = echo_request();
    let permit = permit(&policy(peer("ct1")), &request);
    let user = &permit.request().user;
    assert_eq!(user.implementation_class, request.request.user.implementation_class);
    assert_eq!(user.implementation_version, request.request.user.implementation_version);
}

#[test]
fn every_removal_has_a_code_a_result_and_an_advice() {
    let codes: std::collections::HashSet<_> = Removal::ALL.iter().map(|why| why.code()).collect();
    assert_eq!(codes.len(), Removal::ALL.len());
    for why in Removal::ALL {
        let advice = why.advice().unwrap();
        let names_a_key =
            ["`services`", "`sop_classes`", "`after = "].iter().any(|key| advice.contains(key));
        assert_ne!(names_a_key, advice.contains("no key permits"), "{why}");
    }
    assert_eq!(Removal::NotPermitted.answer(), ContextRejection::User);
    assert_eq!(Removal::Unsound.answer(), ContextRejection::User);
    assert_eq!(Removal::TransferSyntaxes.answer(), ContextRejection::TransferSyntaxes);
}
