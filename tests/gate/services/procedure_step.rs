//! `mpps`: the step is created and changed, read and announced, and never deleted.

use super::conversation::{Conversation, statuses};
use super::outcome::{
    NOT_AUTHORIZED, assert_did, assert_forbade, assert_forbade_nothing, forbidden, released,
};
use super::scripted::{MPPS, MPPS_NOTIFICATION, MPPS_RETRIEVE, Scripted, VERIFICATION, request};
use serde_json::{Value, json};

const KEYWORD: &str = "ModalityPerformedProcedureStep";
const STEP: &str = "2.25.1001";

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_procedure_step_is_created_changed_read_and_announced() {
    let report = json!([{ "do": "event", "class": MPPS, "context": MPPS_NOTIFICATION }]);
    let pacs = Scripted::asking(&json!([]), &report);
    let front = pacs.front(r#"["echo", "mpps"]"#);
    let contexts = [MPPS, MPPS_RETRIEVE, MPPS_NOTIFICATION, VERIFICATION];
    let steps = json!([
        create(),
        change(),
        { "do": "n-get", "class": MPPS, "instance": STEP, "on": MPPS_RETRIEVE },
        { "do": "c-echo" },
        { "do": "report" },
    ]);
    let answers = Conversation::on(&contexts, steps).answers(&front);
    assert_eq!(statuses(&answers), [Some(0), Some(0), Some(0), Some(0), None]);
    assert_eq!(answers[2]["attributes"]["PerformedProcedureStepStatus"], "COMPLETED");
    assert_eq!(answers[4]["received"][0]["context"], MPPS_NOTIFICATION);
    assert_eq!(pacs.told(), [("n-event-report".to_owned(), 0)]);
    assert_eq!(
        pacs.saw(),
        [
            request("n-create", MPPS, MPPS),
            request("n-set", MPPS, MPPS),
            request("n-get", MPPS_RETRIEVE, MPPS),
            request("c-echo", "", ""),
        ]
    );
    let (closed, stopped) = released(front.gate);
    let mut did =
        ["n-create", "n-set", "n-get"].map(|it| ("requestor", it, KEYWORD, "0000", 1)).to_vec();
    did.push(("requestor", "c-echo", "Verification", "0000", 1));
    did.push(("acceptor", "n-event-report", KEYWORD, "0000", 1));
    assert_did(&closed, &did);
    assert_forbade_nothing(&closed, &stopped);
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn reading_or_deleting_a_step_on_its_own_context_is_answered_by_the_gate() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["echo", "mpps"]"#);
    let steps = json!([
        create(),
        { "do": "n-get", "class": MPPS, "instance": STEP },
        { "do": "n-delete", "class": MPPS, "instance": STEP },
        { "do": "n-delete", "class": MPPS, "instance": STEP },
        change(),
        { "do": "c-echo" },
    ]);
    let answers = Conversation::on(&[MPPS, VERIFICATION], steps).answers(&front);
    let refused = Some(NOT_AUTHORIZED);
    assert_eq!(statuses(&answers), [Some(0), refused, refused, refused, Some(0), Some(0)]);
    let saw = pacs.saw();
    let saw: Vec<_> = saw.iter().map(|(operation, ..)| operation.as_str()).collect();
    assert_eq!(saw, ["n-create", "n-set", "c-echo"]);
    let (closed, stopped) = released(front.gate);
    assert_did(
        &closed,
        &[
            ("requestor", "n-create", KEYWORD, "0000", 1),
            ("requestor", "n-set", KEYWORD, "0000", 1),
            ("requestor", "c-echo", "Verification", "0000", 1),
        ],
    );
    let refused =
        |operation, count| forbidden("requestor", operation, KEYWORD, "requestor-operation", count);
    assert_forbade(&closed, &stopped, &[refused("n-get", 1), refused("n-delete", 2)]);
}

fn create() -> Value {
    json!({
        "do": "n-create",
        "class": MPPS,
        "instance": STEP,
        "attributes": {
            "PerformedProcedureStepStatus": "IN PROGRESS",
            "PatientName": "Doe^Jane",
            "ScheduledStepAttributesSequence": [{ "StudyInstanceUID": "2.25.79" }],
        },
    })
}

fn change() -> Value {
    json!({
        "do": "n-set",
        "class": MPPS,
        "instance": STEP,
        "attributes": { "PerformedProcedureStepStatus": "COMPLETED" },
    })
}
