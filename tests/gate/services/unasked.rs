//! A PACS that asks for what nobody has requested hears a refusal; the device hears nothing.

use super::conversation::{Conversation, statuses};
use super::outcome::{NOT_AUTHORIZED, assert_did, assert_forbade, forbidden, released};
use super::scripted::{COMMITMENT, CT_IMAGE, MPPS, STUDY_ROOT_GET, Scripted, VERIFICATION};
use serde_json::json;

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn an_object_that_no_c_get_asked_for_does_not_reach_the_requestor() {
    let pacs = Scripted::asking(&json!([{ "do": "store" }]), &json!([]));
    let front = pacs.front(r#"["echo", "get"]"#);
    let steps = json!([{ "do": "c-echo" }, { "do": "c-echo" }, { "do": "report-now" }]);
    let conversation = Conversation {
        contexts: &[CT_IMAGE, VERIFICATION, STUDY_ROOT_GET],
        roles: &[CT_IMAGE],
        steps,
    };
    let answers = conversation.answers(&front);
    assert_eq!(statuses(&answers[..2]), [Some(0); 2]);
    assert_eq!(answers[2]["received"], json!([]));
    assert_eq!(pacs.told(), vec![("c-store".to_owned(), NOT_AUTHORIZED); 2]);
    let (closed, stopped) = released(front.gate);
    assert_did(&closed, &[("requestor", "c-echo", "Verification", "0000", 2)]);
    let why = "acceptor-store-outside-get";
    assert_forbade(
        &closed,
        &stopped,
        &[forbidden("acceptor", "c-store", "CTImageStorage", why, 2)],
    );
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_report_on_a_context_without_reports_does_not_reach_the_requestor() {
    let reports = json!([
        { "do": "event", "class": VERIFICATION, "context": VERIFICATION },
        { "do": "event", "class": COMMITMENT, "context": VERIFICATION },
        { "do": "event", "class": MPPS, "context": MPPS },
    ]);
    let pacs = Scripted::asking(&reports, &json!([]));
    let front = pacs.front(r#"["echo", "mpps", "storage-commitment"]"#);
    let steps = json!([{ "do": "c-echo" }, { "do": "report-now" }]);
    let contexts = [VERIFICATION, MPPS, COMMITMENT];
    let answers = Conversation::on(&contexts, steps).answers(&front);
    assert_eq!(answers[0]["status"], 0);
    assert_eq!(answers[1]["received"], json!([]));
    assert_eq!(pacs.told(), vec![("n-event-report".to_owned(), NOT_AUTHORIZED); 3]);
    let (closed, stopped) = released(front.gate);
    assert_did(&closed, &[("requestor", "c-echo", "Verification", "0000", 1)]);
    let expected = [
        ("Verification", "acceptor-operation"),
        ("StorageCommitmentPushModel", "acceptor-foreign-sop-class"),
        ("ModalityPerformedProcedureStep", "acceptor-operation"),
    ];
    let expected =
        expected.map(|(named, why)| forbidden("acceptor", "n-event-report", named, why, 1));
    assert_forbade(&closed, &stopped, &expected);
}
