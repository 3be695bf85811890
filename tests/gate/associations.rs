//! What the PACS is asked, and what the requestor is answered.

use crate::support::associate::{
    APPLICATION_CONTEXT, Associate, CT, DEFLATED, EXPLICIT, IMPLEMENTATION, IMPLICIT, Item, MR,
    STUDY_FIND, VERIFICATION, title,
};
use crate::support::pacs::Pacs;
use crate::support::pdu::{ASSOCIATE_AC, Pdu};
use crate::support::requestor::Received;
use crate::support::scenario::{Scenario, assert_is_echo_response, assert_rejected, echo};
use serde_json::json;

const KEY_OBJECT: &str = "1.2.840.10008.5.1.4.1.1.88.59";
const SHUTDOWN: &str = "1.2.840.113532.3500.7";

#[test]
fn asks_the_pacs_in_canonical_form() {
    let scenario = Scenario::usual();
    let mut request = Associate::echo("CT1", "PACS");
    request.calling = title(b"  CT1\0\0");
    request.reserved = [0xff; 32];
    request.version = 0x8001;
    request = request.with_user(Item::uid(0x55, "TEST_1"));
    let (asked, _) = negotiate(&scenario, &request);
    let mut expected = Associate::request("CT1", "ARCHIVE");
    expected = expected.context(1, VERIFICATION, &[IMPLICIT]).with_user(Item::uid(0x55, "TEST_1"));
    assert_eq!(asked, expected);
}

#[test]
fn leaves_the_called_title_as_it_came_where_none_is_configured() {
    let scenario = Scenario::with(|mut settings| {
        settings.archive.remove("ae_title");
        settings
    });
    let (asked, _) = negotiate(&scenario, &Associate::echo("CT1_QR", "PACS_STORE"));
    assert_eq!((asked.calling, asked.called), (title(b"CT1_QR"), title(b"PACS_STORE")));
}

#[test]
fn drops_unknown_items_and_notes_them() {
    let scenario = Scenario::usual();
    let mut request = Associate::echo("CT1", "PACS").with_user(Item::new(0x99, b"secret"));
    request.contexts.push(Item::new(0x77, &[1, 2, 3]));
    let (asked, _) = negotiate(&scenario, &request);
    assert_eq!(asked.user_kinds(), [0x51, 0x52]);
    assert_eq!(asked.proposed().len(), 1);
    let opened = scenario.gate.wait_for_audit(|line| line["event"] == "opened");
    assert_eq!(opened["notes"].as_array().map(Vec::len), Some(2), "{opened}");
}

#[test]
fn keeps_items_53_57_and_58_from_the_pacs() {
    let scenario = Scenario::usual();
    let request = Associate::echo("CT1", "PACS")
        .with_user(Item::new(0x53, &[0, 8, 0, 8]))
        .with_user(Item::new(0x57, &[0, 3, b'1', b'.', b'2', 0, 3, b'1', b'.', b'2', 0, 0]))
        .with_user(Item::identity(2, b"alice", b"canary-passcode"));
    let (asked, answer) = negotiate(&scenario, &request);
    assert_eq!(asked.user_kinds(), [0x51, 0x52]);
    assert!(answer.user_kinds().iter().all(|kind| ![0x53, 0x57, 0x58, 0x59].contains(kind)));
    let stopped = scenario.gate.stop();
    assert!(!stopped.stdout.contains("canary-passcode") && !stopped.stderr.contains("canary"));
}

#[test]
fn announces_the_smaller_maximum_to_either_side() {
    // What the requestor says, what the PACS says, what each then hears with a cap of 64 KiB.
    let rows = [
        (16_384, 32_768, 16_384, 32_768),
        (0, 0, 65_536, 65_536),
        (1_000_000, 131_072, 65_536, 65_536),
        (1024, 1024, 1024, 1024),
    ];
    for (requestor, pacs, to_acceptor, to_requestor) in rows {
        let answering = move |request: &Associate| request.acceptance().maximum(pacs);
        let scenario = Scenario::before(accepting(answering), |mut settings| {
            settings.archive.insert("max_pdu", r#""64KiB""#.into());
            settings
        });
        let request = Associate::echo("CT1", "PACS").maximum(requestor);
        let (asked, answer) = negotiate(&scenario, &request);
        assert_eq!(asked.maximum_length(), to_acceptor);
        assert_eq!(answer.maximum_length(), to_requestor);
    }
}

#[test]
fn takes_contexts_out_and_puts_them_back_as_rejected_in_their_order() {
    let scenario = Scenario::usual();
    let request = Associate::request("CT1", "PACS")
        .context(5, STUDY_FIND, &[IMPLICIT])
        .context(255, CT, &[EXPLICIT, IMPLICIT])
        .context(3, CT, &[DEFLATED])
        .context(1, VERIFICATION, &[IMPLICIT])
        .context(7, SHUTDOWN, &[IMPLICIT])
        .context(9, KEY_OBJECT, &[IMPLICIT])
        .context(11, "1.2.not-a-uid", &[IMPLICIT])
        .context(13, CT, &[DEFLATED, "1.2.840.10008.1.2.4.94", IMPLICIT]);
    let (asked, answer) = negotiate(&scenario, &request);
    let expected = Associate::request("CT1", "ARCHIVE")
        .context(255, CT, &[EXPLICIT, IMPLICIT])
        .context(1, VERIFICATION, &[IMPLICIT])
        .context(13, CT, &[IMPLICIT]);
    assert_eq!(asked, expected);
    let results: Vec<_> =
        answer.results().into_iter().map(|(id, result, _)| (id, result)).collect();
    let expected = [(5, 1), (255, 0), (3, 4), (1, 0), (7, 1), (9, 1), (11, 1), (13, 0)];
    assert_eq!(results, expected);
    let opened = scenario.gate.wait_for_audit(|line| line["event"] == "opened");
    assert_eq!(opened["contexts"]["asked"], 8, "{opened}");
    assert_eq!(opened["contexts"]["granted"], 3, "{opened}");
    let removed = opened["contexts"]["removed"].as_array().unwrap();
    let ids: Vec<_> = removed.iter().map(|context| context["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [5, 3, 7, 9, 11]);
    assert!(removed.iter().all(|context| context["why"].is_string()), "{opened}");
    assert_eq!(removed[0]["abstract_syntax"], json!(STUDY_FIND));
}

#[test]
fn rejects_a_request_without_any_permitted_service() {
    let scenario = Scenario::usual();
    let request = Associate::request("CT1", "PACS").context(1, STUDY_FIND, &[IMPLICIT]).context(
        3,
        CT,
        &[DEFLATED],
    );
    let mut requestor = scenario.ct1();
    requestor.send(&request.encode());
    assert_rejected(&mut requestor, [1, 1, 1]);
    scenario.refused_once("refused", "no-permitted-service");
}

#[test]
fn narrows_storage_to_the_sop_classes_of_the_peer() {
    let scenario = Scenario::with(|mut settings| {
        settings.ct1.insert("sop_classes", r#"["CTImageStorage"]"#.into());
        settings
    });
    let request = Associate::request("CT1", "PACS")
        .context(1, CT, &[EXPLICIT])
        .context(3, MR, &[EXPLICIT])
        .context(5, VERIFICATION, &[IMPLICIT]);
    let (asked, _) = negotiate(&scenario, &request);
    let ids: Vec<_> = asked.proposed().into_iter().map(|context| context.id).collect();
    assert_eq!(ids, [1, 5]);
}

#[test]
fn permits_a_single_sop_class_beside_the_services() {
    let scenario = Scenario::with(|settings| {
        settings.services(&format!(
            "[\"echo\", {{ sop_class = {SHUTDOWN:?}, operations = [\"n-get\"] }}]"
        ))
    });
    let request = Associate::echo("CT1", "PACS").context(3, SHUTDOWN, &[IMPLICIT]);
    let (asked, _) = negotiate(&scenario, &request);
    assert_eq!(asked.proposed().len(), 2);
}

#[test]
fn forwards_roles_and_extended_negotiation_for_permitted_classes_only() {
    let scenario = Scenario::usual();
    let request = Associate::echo("CT1", "PACS")
        .context(3, CT, &[EXPLICIT])
        .with_user(Item::roles(CT, 1, 0))
        .with_user(Item::roles(STUDY_FIND, 1, 0))
        .with_user(Item::extended(CT, &[2, 0, 0, 0, 0, 0]))
        .with_user(Item::extended(SHUTDOWN, b"now"));
    let (asked, _) = negotiate(&scenario, &request);
    assert_eq!(asked.user_kinds(), [0x51, 0x52, 0x54, 0x56]);
    assert_eq!(asked.user_item(0x54), &Item::roles(CT, 1, 0));
    assert_eq!(asked.user_item(0x56), &Item::extended(CT, &[2, 0, 0, 0, 0, 0]));
}

#[test]
fn forwards_extended_negotiation_in_the_form_of_its_sop_class_alone() {
    let of_ct = |information: &[u8]| {
        let scenario = Scenario::usual();
        let request = Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]);
        let request = request.with_user(Item::extended(CT, information));
        let (asked, _) = negotiate(&scenario, &request);
        asked.user_kinds().contains(&0x56).then(|| asked.user_item(0x56).clone())
    };
    // The bytes between the levels are reserved.
    assert_eq!(of_ct(&[2, 7, 0, 7, 1, 7]), Some(Item::extended(CT, &[2, 0, 0, 0, 1, 0])));
    assert_eq!(of_ct(b"; reboot"), None);
    assert_eq!(of_ct(&[4, 0, 0, 0, 0, 0]), None);
}

#[test]
fn a_version_name_passes_both_ways_only_as_real_ones_are() {
    let pacs = accepting(|request| request.acceptance().with_user(Item::uid(0x55, "OLD PACS/2.1")));
    let scenario = Scenario::before(pacs, |settings| settings);
    let request = Associate::echo("CT1", "PACS").with_user(Item::uid(0x55, "EPIQ-AFFIN_7.05"));
    let (asked, answered) = negotiate(&scenario, &request);
    assert_eq!(asked.user_item(0x55), &Item::uid(0x55, "EPIQ-AFFIN_7.05"));
    assert_eq!(answered.user_item(0x55), &Item::uid(0x55, "OLD PACS/2.1"));
    let pacs = accepting(|request| request.acceptance().with_user(Item::uid(0x55, "PACS|id")));
    let scenario = Scenario::before(pacs, |settings| settings);
    let request = Associate::echo("CT1", "PACS").with_user(Item::uid(0x55, "%n%n%n%n"));
    let (asked, answered) = negotiate(&scenario, &request);
    assert!(!asked.user_kinds().contains(&0x55) && !answered.user_kinds().contains(&0x55));
}

#[test]
fn clips_roles_to_what_the_service_allows() {
    let scenario = Scenario::usual();
    let request =
        Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]).with_user(Item::roles(CT, 1, 1));
    let (asked, _) = negotiate(&scenario, &request);
    assert!(
        !asked.user_kinds().contains(&0x54) || asked.user_item(0x54) == &Item::roles(CT, 1, 0),
        "the PACS must not hear that it may send C-STORE to a peer with `store` alone"
    );
}

#[test]
fn builds_the_acceptance_anew() {
    let pacs = accepting(|request| {
        let mut answer = request.acceptance().with_user(Item::new(0x53, &[0, 0, 0, 0]));
        answer = answer.with_user(Item::new(0x59, &[0, 0])).with_user(Item::new(0x99, b"x"));
        answer = answer.with_user(Item::uid(0x55, "PACS_9"));
        answer.called = [0; 16];
        answer.calling = *b"\x1b[2Jodd title!!!";
        answer.reserved = [9; 32];
        answer.contexts.reverse();
        answer
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let request = Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT, IMPLICIT]);
    let (_, answer) = negotiate(&scenario, &request);
    let mut expected = request.acceptance().with_user(Item::uid(0x55, "PACS_9"));
    expected.application = vec![Item::uid(0x10, APPLICATION_CONTEXT)];
    assert_eq!(expected.user_item(0x52), &Item::uid(0x52, IMPLEMENTATION));
    assert_eq!(answer, expected);
}

#[test]
fn takes_a_missing_result_for_a_rejection() {
    let pacs = accepting(|request| {
        let mut answer = request.acceptance();
        answer.contexts.remove(1);
        answer
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let request = Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]);
    let (_, answer) = negotiate(&scenario, &request);
    let results = answer.results();
    assert_eq!((results[0].0, results[0].1), (1, 0));
    assert_eq!(results[1].0, 3);
    assert_ne!(results[1].1, 0);
}

#[test]
fn takes_a_rejected_context_without_transfer_syntax() {
    let pacs = accepting(|request| {
        let mut answer = request.acceptance();
        answer.contexts[1] = Item::result(3, 3, None);
        answer
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let request = Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]);
    let (_, answer) = negotiate(&scenario, &request);
    let results: Vec<_> = answer.results().iter().map(|(id, result, _)| (*id, *result)).collect();
    assert_eq!(results, [(1, 0), (3, 3)]);
}

#[test]
fn passes_on_an_acceptance_that_accepts_nothing() {
    let pacs = accepting(|request| {
        let mut answer = request.acceptance();
        answer.contexts = vec![Item::result(1, 3, Some(IMPLICIT))];
        answer
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let (_, answer) = negotiate(&scenario, &Associate::echo("CT1", "PACS"));
    assert_eq!(answer.results()[0].1, 3);
}

#[test]
fn takes_an_acceptance_byte_by_byte() {
    let pacs = Pacs::playing(|pacs| {
        let answer = pacs.request().acceptance().encode();
        for byte in answer {
            pacs.send(&[byte]);
        }
        pacs.answer();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    echo(&mut scenario.associated(), 1);
}

#[test]
fn takes_uids_with_padding_and_leading_zeros() {
    let scenario = Scenario::usual();
    let request = Associate::request("CT1", "PACS")
        .context(1, "1.2.840.10008.1.1\0", &["1.2.840.10008.1.2 "])
        .context(3, "1.2.840.10008.01.1", &[IMPLICIT]);
    let (asked, answer) = negotiate(&scenario, &request);
    assert_eq!(asked.proposed()[0].abstract_syntax, VERIFICATION);
    assert_eq!(asked.proposed()[0].transfer_syntaxes, [IMPLICIT]);
    assert_eq!(answer.results()[0].1, 0);
    let opened = scenario.gate.wait_for_audit(|line| line["event"] == "opened");
    assert!(!opened["notes"].as_array().unwrap().is_empty(), "{opened}");
}

#[test]
fn serves_request_echo_and_release_in_one_write() {
    use crate::support::dimse::echo_rq;
    use crate::support::pdu::{COMMAND, LAST, RELEASE_RP, p_data, release_rq};
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    let request = Associate::echo("CT1", "PACS").encode();
    let echo = p_data(1, COMMAND | LAST, &echo_rq(1));
    requestor.send(&[request, echo, release_rq()].concat());
    assert_eq!(requestor.receive_pdu().kind, ASSOCIATE_AC);
    assert_is_echo_response(&requestor.receive_pdu(), 1);
    assert_eq!(requestor.receive_pdu().kind, RELEASE_RP);
    assert_eq!(requestor.receive(), Received::Closed);
}

#[test]
fn proposes_128_contexts() {
    let scenario = Scenario::usual();
    let mut request = Associate::request("CT1", "PACS");
    for id in (1..=255).step_by(2) {
        request = request.context(id, CT, &[EXPLICIT, IMPLICIT]);
    }
    let (asked, answer) = negotiate(&scenario, &request);
    assert_eq!((asked.proposed().len(), answer.results().len()), (128, 128));
}

#[test]
fn takes_a_request_of_256_kib() {
    let scenario = Scenario::usual();
    let mut request = Associate::echo("CT1", "PACS");
    let mut left = 256 * 1024 + 6 - request.encode().len();
    while left > 0 {
        let body = (left - 4).min(60_000);
        request.contexts.push(Item::new(0x77, &vec![0; body]));
        left -= body + 4;
    }
    assert_eq!(request.encode().len(), 256 * 1024 + 6);
    let (asked, _) = negotiate(&scenario, &request);
    assert_eq!(asked.contexts.len(), 1);
}

/// A PACS that answers in its own way and is a good one from then on.
fn accepting(answer: impl Fn(&Associate) -> Associate + Send + Sync + 'static) -> Pacs {
    Pacs::playing(move |pacs| {
        let request = pacs.request();
        pacs.send(&answer(&request).encode());
        pacs.answer();
    })
}

/// Opens and releases an association: what the PACS was asked, what the requestor was answered.
fn negotiate(scenario: &Scenario, request: &Associate) -> (Associate, Associate) {
    let mut requestor = scenario.ct1();
    let answer = requestor.associate(request);
    requestor.release();
    let received = scenario.pacs.received();
    let asked = Associate::parse(&Pdu::read(&mut received.as_slice()).unwrap());
    (asked, answer)
}
