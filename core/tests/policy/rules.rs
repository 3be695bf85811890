//! Rules that do not load.

use pacsgate_core::certificate::{Ca, Matcher, Name, Usage};
use pacsgate_core::policy::{KnownBy, Pacs, Peer, Policy, PolicyError, PolicyFault, Spot, Table};
use pacsgate_core::services::{Operation, Role, Service};

use crate::fixtures::*;

fn errors(peers: Vec<Peer>, pacs: Vec<Pacs>) -> Vec<PolicyError> {
    Policy::new(peers, pacs).map(drop).unwrap_err()
}

fn spot(table: Table, key: &'static str, index: impl Into<Option<usize>>) -> Spot {
    Spot { table, key, index: index.into() }
}

fn of_peer(key: &'static str, index: impl Into<Option<usize>>, what: PolicyFault) -> PolicyError {
    PolicyError { spot: spot(Table::Peer("ct1".into()), key, index), what }
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
    let of = |key| format!("peer.ct1.{key}: is empty; name at least one");
    expect(Peer { known_by: KnownBy::Certificate(vec![]), ..peer() }, &of("certificate"));
    expect(Peer { calling: vec![], ..peer() }, &of("calling_ae"));
    expect(Peer { pacs: vec![], ..peer() }, &of("pacs"));
    expect(Peer { services: vec![], ..peer() }, &of("services"));
    expect(Peer { associations: 0, ..peer() }, "peer.ct1.associations: 0 is outside 1 to 100000");
}

#[test]
fn an_empty_or_too_small_pacs_permits_nothing() {
    let least = Pacs { max_pdu: 1024, ..pacs("archive", "PACS") };
    assert!(Policy::new(vec![peer("ct1")], vec![least]).is_ok());
    let broken = Pacs { called: vec![], associations: 0, max_pdu: 1023, ..pacs("archive", "PACS") };
    let messages: Vec<_> = errors(vec![], vec![broken]).iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "pacs.archive.called_ae: is empty; name at least one",
            "pacs.archive.associations: 0 is outside 1 to 100000",
            "pacs.archive.max_pdu: 1023 is outside 1024 to 4294967295",
        ]
    );
}

#[test]
fn a_pacs_must_be_there() {
    let peer = Peer { pacs: vec!["archive".into(), "archiv".into()], ..peer("ct1") };
    expect(peer, "peer.ct1.pacs[1]: there is no [pacs.archiv]");
}

#[test]
fn equal_matchers_in_two_peers_do_not_load() {
    let kinds = [
        Matcher::SanUri(Name::new("urn:x")),
        Matcher::CertSha256(digest(1)),
        Matcher::SpkiSha256(digest(1)),
        dns("x.example"),
        dns("x.example").vouched_for_by(Ca::Named("vendor".into())),
    ];
    for matcher in kinds {
        let with =
            |name| Peer { known_by: KnownBy::Certificate(vec![matcher.clone()]), ..peer(name) };
        let errors = errors(vec![with("ct1"), with("mr1")], vec![pacs("archive", "PACS")]);
        let at = |name: &str| spot(Table::Peer(name.into()), "certificate", 0);
        let what = PolicyFault::SameMatcher { first: at("ct1") };
        assert_eq!(errors, [PolicyError { spot: at("mr1"), what }]);
    }
}

#[test]
fn dns_matchers_that_differ_in_case_are_equal() {
    let peers = vec![
        Peer { known_by: KnownBy::Certificate(vec![dns("CT.example")]), ..peer("ct1") },
        Peer {
            known_by: KnownBy::Certificate(vec![dns("ct.EXAMPLE").made_for(Usage::Any)]),
            ..peer("mr1")
        },
    ];
    let errors = errors(peers, vec![pacs("archive", "PACS")]);
    let [PolicyError { spot, what: PolicyFault::SameMatcher { first } }] = errors.as_slice() else {
        panic!("{errors:?}");
    };
    assert_eq!(first.to_string(), "peer.ct1.certificate[0]");
    assert_eq!(spot.to_string(), "peer.mr1.certificate[0]");
}

#[test]
fn one_peer_may_repeat_a_matcher_and_two_may_share_a_calling_title() {
    let twice = Peer {
        known_by: KnownBy::Certificate(vec![dns("a.example"), dns("a.example")]),
        ..peer("ct1")
    };
    assert!(Policy::new(vec![twice, peer("mr1")], vec![pacs("archive", "PACS")]).is_ok());
}

#[test]
fn a_called_title_leads_to_one_pacs() {
    let errors = errors(vec![], vec![pacs("archive", "PACS"), pacs("research", "PACS")]);
    assert_eq!(
        errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["pacs.research.called_ae[0]: \"PACS\" leads to pacs.archive already, at \
          pacs.archive.called_ae[0]; a called title has one PACS"]
    );
}

#[test]
fn wildcards_and_blank_names_do_not_load() {
    let with = |matcher| Peer { known_by: KnownBy::Certificate(vec![matcher]), ..peer("ct1") };
    let wildcard = |name: &str| {
        format!(
            "peer.ct1.certificate[0]: \"{name}\" has a wildcard; a peer's certificate is matched by \
             its exact name"
        )
    };
    expect(with(dns("*.example")), &wildcard("*.example"));
    expect(with(Matcher::SanUri(Name::new("urn:*"))), &wildcard("urn:*"));
    let blank = "peer.ct1.certificate[0]: \"\" is not a DNS name; it has letters, digits, `-`, `_` and `.`, \
                 and no part is empty";
    expect(with(dns("")), blank);
}

#[test]
fn a_sop_class_without_operations_permits_nothing() {
    let other = Service::Other { sop_class: uid("1.2.3"), role: Role::Scu, operations: vec![] };
    let peer = Peer { services: vec![other], ..peer("ct1") };
    expect(peer, "peer.ct1.services[0].operations: is empty; name at least one");
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
    let nothing = of_peer("sop_classes", None, PolicyFault::NothingToNarrow);
    assert_eq!(rules(narrowed("echo key-object", CT)), Err(vec![nothing]));
    for (names, class) in
        [("store", KEY_OBJECT), ("store get", FIND), ("store", "1.3.12.2.1107.5.9.1")]
    {
        let error = of_peer("sop_classes", 0, PolicyFault::NotNarrowing(uid(class)));
        assert_eq!(rules(narrowed(names, class)), Err(vec![error]), "{names} {class}");
    }
}

#[test]
fn two_tables_of_one_name_do_not_load() {
    let peers = vec![
        peer("ct1"),
        Peer { known_by: KnownBy::Certificate(vec![dns("b.example")]), ..peer("ct1") },
    ];
    let errors = errors(peers, vec![pacs("archive", "A"), pacs("archive", "B")]);
    let tables = [Table::Pacs("archive".into()), Table::Peer("ct1".into())];
    let twice = |table| PolicyError { spot: spot(table, "", None), what: PolicyFault::SameName };
    assert_eq!(errors, tables.map(twice));
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
    let rules =
        |services| Policy::new(vec![with(services)], vec![pacs("archive", "PACS")]).map(drop);
    let other = |operation| Service::Other {
        sop_class: uid("StudyRootQueryRetrieveInformationModelMove"),
        role: Role::Scu,
        operations: vec![operation],
    };
    assert_eq!(rules(services("move")), Ok(()));
    assert_eq!(rules(vec![other(Operation::CMove)]), Ok(()));
    let nothing = Err(vec![of_peer("move_to", None, PolicyFault::NothingToMove)]);
    assert_eq!(rules(services("echo store find get")), nothing);
    assert_eq!(rules(vec![other(Operation::CFind)]), nothing);
}
