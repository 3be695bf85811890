//! `storage-commitment`: the request, and the report on the same association.

use super::conversation::{Conversation, statuses};
use super::outcome::{
    NOT_AUTHORIZED, assert_did, assert_forbade, assert_forbade_nothing, forbidden, released,
};
use super::scripted::{COMMITMENT, CT_IMAGE, Scripted, VERIFICATION, request};
use serde_json::{Value, json};

const KEYWORD: &str = "StorageCommitmentPushModel";
/// The one instance of the SOP class (PS3.4 section J.3.5).
const INSTANCE: &str = "1.2.840.10008.1.20.1.1";

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn storage_is_committed_and_reported_on_the_same_association() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["echo", "storage-commitment"]"#);
    let steps = json!([ask(), { "do": "report" }, { "do": "c-echo" }]);
    let answers = Conversation::on(&[COMMITMENT, VERIFICATION], steps).answers(&front);
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
