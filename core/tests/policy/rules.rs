//! Rules that do not load.

use pacsgate_core::certificate::Matcher;
use pacsgate_core::policy::{Pacs, Peer, Policy, PolicyError, Table};
use pacsgate_core::services::{Operation, Service};

use crate::fixtures::*;

fn errors(peers: Vec<Peer>, pacs: Vec<Pacs>) -> Vec<PolicyError> {
    Policy::new(peers, pacs).map(drop).unwrap_err()
}

#[track_caller]
fn expect(peer: Peer, message: &str) {
    let errors = errors(vec![peer], vec![pacs("archive", "PACS")]);
    let messages: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(messages, [message]);
}

#[test]
fn an_empty_list_of_a_peer_permits_nothing() {
    let peer = || peer("ct1");
    let of = |key| format!("[peer.ct1] {key}: the list is empty, so it permits nothing");
    expect(Peer { certificates: vec![], ..peer() }, &of("certificate"));
    expect(Peer { calling: vec![], ..peer() }, &of("calling_ae"));
    expect(Peer { pacs: vec![], ..peer() }, &of("pacs"));
    expect(Peer { services: vec![], ..peer() }, &of("services"));
    expect(Peer { associations: 0, ..peer() }, "[peer.ct1] associations: 0 permits nothing");
}

#[test]
fn an_empty_or_too_small_pacs_permits_nothing() {
    let least = Pacs { max_pdu: 1024, ..pacs("archive", "PACS") };
    assert!(Policy::new(vec![peer("ct1")], vec![least]).is_ok());
    let broken = Pacs { called: vec![], associations: 0, max_pdu: 1023, ..pacs("archive", "PACS") };
    let table = || Table::Pacs("archive".into());
    assert_eq!(
        errors(vec![], vec![broken]),
        [
            PolicyError::EmptyList { table: table(), key: "called_ae" },
            PolicyError::NoAssociations(table()),
            PolicyError::MaxPdu { pacs: "archive".into(), max_pdu: 1023 },
        ]
    );
}

#[test]
fn a_pacs_must_be_there() {
    let peer = Peer { pacs: vec!["archive".into(), "archiv".into()], ..peer("ct1") };
    expect(peer, "[peer.ct1] pacs: there is no [pacs.archiv]");
}

#[test]
fn equal_matchers_in_two_peers_do_not_load() {
    let kinds = [
        Matcher::SanUri("urn:x".into()),
        Matcher::CertSha256(digest(1)),
        Matcher::SpkiSha256(digest(1)),
        dns("x.example"),
    ];
    for matcher in kinds {
        let with = |name| Peer { certificates: vec![matcher.clone()], ..peer(name) };
        let errors = errors(vec![with("ct1"), with("mr1")], vec![pacs("archive", "PACS")]);
        let (first, second) = ("ct1".into(), "mr1".into());
        assert_eq!(errors, [PolicyError::SameMatcher { first, second, matcher }]);
    }
}

#[test]
fn dns_matchers_that_differ_in_case_are_equal() {
    let peers = vec![
        Peer { certificates: vec![dns("CT.example")], ..peer("ct1") },
        Peer { certificates: vec![dns("ct.EXAMPLE")], ..peer("mr1") },
    ];
    let errors = errors(peers, vec![pacs("archive", "PACS")]);
    assert!(matches!(errors.as_slice(), [PolicyError::SameMatcher { .. }]));
}

#[test]
fn one_peer_may_repeat_a_matcher_and_two_may_share_a_calling_title() {
    let twice = Peer { certificates: vec![dns("a.example"), dns("a.example")], ..peer("ct1") };
    assert!(Policy::new(vec![twice, peer("mr1")], vec![pacs("archive", "PACS")]).is_ok());
}

#[test]
fn a_called_title_leads_to_one_pacs() {
    let errors = errors(vec![], vec![pacs("archive", "PACS"), pacs("research", "PACS")]);
    assert_eq!(
        errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["[pacs.archive] and [pacs.research] called_ae: both have \"PACS\""]
    );
}

#[test]
fn wildcards_and_blank_names_do_not_load() {
    let with = |matcher| Peer { certificates: vec![matcher], ..peer("ct1") };
    expect(
        with(dns("*.example")),
        "[peer.ct1] certificate: san_dns = \"*.example\" has a wildcard, but names are compared whole",
    );
    expect(
        with(Matcher::SanUri("urn:*".into())),
        "[peer.ct1] certificate: san_uri = \"urn:*\" has a wildcard, but names are compared whole",
    );
    expect(with(dns("")), "[peer.ct1] certificate: san_dns = \"\" names nothing");
}

#[test]
fn unified_procedure_steps_cannot_be_granted_by_uid() {
    let sop_class = uid("UnifiedProcedureStepPull");
    let other = Service::Other { sop_class: sop_class.clone(), operations: vec![Operation::NGet] };
    let peer = Peer { services: vec![other], ..peer("ct1") };
    let errors = errors(vec![peer], vec![pacs("archive", "PACS")]);
    assert_eq!(errors, [PolicyError::UnifiedProcedureStep { peer: "ct1".into(), sop_class }]);
}

#[test]
fn retired_meta_sop_classes_cannot_be_granted_by_uid() {
    let sop_class = uid("ReferencedColorPrintManagementMeta");
    let other = Service::Other { sop_class: sop_class.clone(), operations: vec![Operation::NGet] };
    let peer = Peer { services: vec![other], ..peer("ct1") };
    let errors = errors(vec![peer], vec![pacs("archive", "PACS")]);
    assert_eq!(errors, [PolicyError::RetiredMeta { peer: "ct1".into(), sop_class }]);
}

#[test]
fn a_sop_class_without_operations_permits_nothing() {
    let other = Service::Other { sop_class: uid("1.2.3"), operations: vec![] };
    let peer = Peer { services: vec![other], ..peer("ct1") };
    expect(peer, "[peer.ct1] services: 1.2.3 has no operations, so it permits nothing");
}

#[test]
fn sop_classes_must_narrow_something() {
    let narrowed = |names, class: &str| Peer {
        services: services(names),
        sop_classes: vec![uid(class)],
        ..peer("ct1")
    };
    let rules = |peer| Policy::new(vec![peer], vec![pacs("archive", "PACS")]).map(drop);
    assert_eq!(rules(narrowed("store", CT)), Ok(()));
    assert_eq!(rules(narrowed("get", KEY_OBJECT)), Ok(()));
    let (peer, no_service) = ("ct1".into(), narrowed("echo key-object", CT));
    assert_eq!(rules(no_service), Err(vec![PolicyError::NothingToNarrow { peer }]));
    for (names, class) in
        [("store", KEY_OBJECT), ("store get", FIND), ("store", "1.3.12.2.1107.5.9.1")]
    {
        let (peer, sop_class) = ("ct1".into(), uid(class));
        let error = PolicyError::NotNarrowing { peer, sop_class };
        assert_eq!(rules(narrowed(names, class)), Err(vec![error]), "{names} {class}");
    }
}

#[test]
fn two_tables_of_one_name_do_not_load() {
    let peers = vec![peer("ct1"), Peer { certificates: vec![dns("b.example")], ..peer("ct1") }];
    let errors = errors(peers, vec![pacs("archive", "A"), pacs("archive", "B")]);
    assert_eq!(
        errors,
        [
            PolicyError::SameName(Table::Pacs("archive".into())),
            PolicyError::SameName(Table::Peer("ct1".into())),
        ]
    );
}

#[test]
fn tells_all_errors_at_once() {
    let broken = Peer { calling: vec![], services: vec![], associations: 0, ..peer("ct1") };
    assert_eq!(errors(vec![broken], vec![]).len(), 4);
}

#[test]
fn without_peers_everybody_is_unknown() {
    let policy = Policy::new(vec![], vec![pacs("archive", "PACS")]).unwrap();
    assert!(identify(&policy, &echo_request()).is_err());
}

#[test]
fn destinations_need_a_service_that_moves() {
    let with = |services| Peer { services, move_to: vec![title("CT1")], ..peer("ct1") };
    let message = |services| {
        Policy::new(vec![with(services)], vec![pacs("archive", "PACS")])
            .map(drop)
            .map_err(|errors| errors[0].clone())
    };
    let other = |operation| Service::Other {
        sop_class: uid("StudyRootQueryRetrieveInformationModelMove"),
        operations: vec![operation],
    };
    assert_eq!(message(services("move")), Ok(()));
    assert_eq!(message(vec![other(Operation::CMove)]), Ok(()));
    let nothing = Err(PolicyError::NothingToMove { peer: "ct1".into() });
    assert_eq!(message(services("echo store find get")), nothing);
    assert_eq!(message(vec![other(Operation::CFind)]), nothing);
}
