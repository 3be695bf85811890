//! `storage-commitment`: the request, and the report on the same association.

mod reports;

use super::conversation::{Conversation, statuses};
use super::outcome::{
    NOT_AUTHORIZED, assert_did, assert_forbade, assert_forbade_nothing, forbidden, released,
};
use super::scripted::{COMMITMENT, CT_IMAGE, Scripted, VERIFICATION, request};
use serde_json::{Value, json};

const KEYWORD: &str = "StorageCommitmentPushModel";
/// The one instance of the SOP class (PS3.4 section J.3.5).
const INSTANCE: &str = "1.2.840.10008.1.20.1.1";

/// pynetdicom is the archive: those in Debian that know storage commitment, Orthanc and CTN, always
/// report on an association of their own.
#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn storage_is_committed_and_reported_on_the_same_association() {
    for roles in [&[][..], &[COMMITMENT]] {
        let pacs = Scripted::start();
        let front = pacs.front(r#"["echo", "storage-commitment"]"#);
        let steps = json!([ask(), { "do": "report" }, { "do": "c-echo" }]);
        let conversation = Conversation { contexts: &[COMMITMENT, VERIFICATION], roles, steps };
        let answers = conversation.answers(&front);
        assert_eq!(statuses(&answers), [Some(0), None, Some(0)]);
        let report = json!([{
            "context": COMMITMENT,
            "class": COMMITMENT,
            "type": 1,
            "attributes": { "TransactionUID": "2.25.500" },
        }]);
        assert_eq!(answers[1]["received"], report);
        assert_eq!(pacs.told(), [("n-event-report".to_owned(), 0)]);
        assert_eq!(pacs.saw()[0], request("n-action 1", COMMITMENT, COMMITMENT));
        let (closed, stopped) = released(front.gate);
        assert_did(
            &closed,
            &[
                ("requestor", "n-action", KEYWORD, "0000", 1),
                ("acceptor", "n-event-report", KEYWORD, "0000", 1),
                ("requestor", "c-echo", "Verification", "0000", 1),
            ],
        );
        assert_forbade_nothing(&closed, &stopped);
    }
}

/// As after a study of a heart that moves, in one request.
#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn the_storage_of_a_large_study_is_committed() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["storage-commitment"]"#);
    let mut large = ask();
    large["attributes"]["ReferencedSOPSequence"] = json!(20_000);
    let answers = Conversation::on(&[COMMITMENT], json!([large])).answers(&front);
    assert_eq!(statuses(&answers), [Some(0)]);
    let (closed, stopped) = released(front.gate);
    assert_did(&closed, &[("requestor", "n-action", KEYWORD, "0000", 1)]);
    assert_forbade_nothing(&closed, &stopped);
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn nothing_else_is_done_on_the_context_for_storage_commitment() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["echo", "storage-commitment"]"#);
    let read = json!({ "do": "n-get", "class": COMMITMENT, "instance": INSTANCE });
    let steps = json!([read, { "do": "c-echo" }]);
    let answers = Conversation::on(&[COMMITMENT, VERIFICATION], steps).answers(&front);
    assert_eq!(statuses(&answers), [Some(NOT_AUTHORIZED), Some(0)]);
    assert_eq!(pacs.saw(), [request("c-echo", "", "")]);
    let (closed, stopped) = released(front.gate);
    assert_did(&closed, &[("requestor", "c-echo", "Verification", "0000", 1)]);
    let expected = forbidden("requestor", "n-get", KEYWORD, "requestor-operation", 1);
    assert_forbade(&closed, &stopped, &[expected]);
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_peer_that_is_scp_reports_on_an_association_of_its_own() {
    for roles in [&[][..], &[COMMITMENT]] {
        let pacs = Scripted::start();
        let front = pacs.front(r#"["echo", "storage-commitment-scp"]"#);
        let conversation = Conversation {
            contexts: &[COMMITMENT, VERIFICATION],
            roles,
            steps: json!([report(), { "do": "c-echo" }]),
        };
        assert_eq!(statuses(&conversation.answers(&front)), [Some(0), Some(0)]);
        assert_eq!(pacs.saw()[0], request("n-event-report 1", COMMITMENT, COMMITMENT));
        let (closed, stopped) = released(front.gate);
        assert_did(
            &closed,
            &[
                ("requestor", "n-event-report", KEYWORD, "0000", 1),
                ("requestor", "c-echo", "Verification", "0000", 1),
            ],
        );
        assert_forbade_nothing(&closed, &stopped);
    }
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_peer_that_is_scp_is_asked_on_an_association_of_its_own() {
    let pacs = Scripted::asking(&json!([]), &json!([{ "do": "action", "class": COMMITMENT }]));
    let front = pacs.front(r#"["echo", "storage-commitment-scp"]"#);
    let steps = json!([{ "do": "c-echo" }, { "do": "report" }, ask()]);
    let conversation =
        Conversation { contexts: &[COMMITMENT, VERIFICATION], roles: &[COMMITMENT], steps };
    let answers = conversation.answers(&front);
    let refused = Some(NOT_AUTHORIZED);
    assert_eq!(statuses(&answers), [Some(0), None, refused]);
    assert_eq!(answers[1]["received"][0]["attributes"], json!({ "TransactionUID": "2.25.600" }));
    assert_eq!(pacs.told(), [("n-action".to_owned(), 0)]);
    let (closed, stopped) = released(front.gate);
    assert_did(
        &closed,
        &[
            ("requestor", "c-echo", "Verification", "0000", 1),
            ("acceptor", "n-action", KEYWORD, "0000", 1),
        ],
    );
    let expected = forbidden("requestor", "n-action", KEYWORD, "requestor-operation", 1);
    assert_forbade(&closed, &stopped, &[expected]);
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_peer_that_is_no_scp_reports_nothing_and_is_not_asked() {
    let pacs = Scripted::asking(&json!([{ "do": "action", "class": COMMITMENT }]), &json!([]));
    let front = pacs.front(r#"["echo", "storage-commitment"]"#);
    let conversation = Conversation {
        contexts: &[COMMITMENT, VERIFICATION],
        roles: &[COMMITMENT],
        steps: json!([report(), { "do": "c-echo" }, { "do": "report-now" }]),
    };
    let answers = conversation.answers(&front);
    assert_eq!(statuses(&answers), [Some(NOT_AUTHORIZED), Some(0), None]);
    assert_eq!(answers[2]["received"], json!([]));
    assert_eq!(pacs.told(), [("n-action".to_owned(), NOT_AUTHORIZED)]);
    let (closed, stopped) = released(front.gate);
    assert_did(&closed, &[("requestor", "c-echo", "Verification", "0000", 1)]);
    let why = [
        forbidden("requestor", "n-event-report", KEYWORD, "requestor-operation", 1),
        forbidden("acceptor", "n-action", KEYWORD, "acceptor-operation", 1),
    ];
    assert_forbade(&closed, &stopped, &why);
}

fn report() -> Value {
    json!({
        "do": "n-event-report",
        "type": 1,
        "class": COMMITMENT,
        "instance": INSTANCE,
        "attributes": { "TransactionUID": "2.25.500" },
    })
}

fn ask() -> Value {
    json!({
        "do": "n-action",
        "type": 1,
        "class": COMMITMENT,
        "instance": INSTANCE,
        "attributes": {
            "TransactionUID": "2.25.500",
            "ReferencedSOPSequence": [
                { "ReferencedSOPClassUID": CT_IMAGE, "ReferencedSOPInstanceUID": "2.25.501" },
            ],
        },
    })
}
