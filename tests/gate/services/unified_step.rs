//! `ups`: steps are ordered, found, taken, followed and announced, and never deleted; who follows
//! them subscribes itself.

use super::conversation::{Conversation, statuses};
use super::outcome::{
    NOT_AUTHORIZED, assert_did, assert_forbade, assert_forbade_nothing, forbidden, released,
};
use super::scripted::{
    Scripted, UPS_EVENT, UPS_PULL, UPS_PUSH, UPS_QUERY, UPS_WATCH, VERIFICATION, request,
};
use serde_json::{Value, json};

const KEYWORD: &str = "UnifiedProcedureStepPush";
const STEP: &str = "2.25.3001";

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_step_is_ordered_found_taken_changed_and_read() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["ups"]"#);
    let ordered = json!({ "ProcedureStepState": "SCHEDULED", "PatientID": "4711" });
    let taken = json!({ "ProcedureStepState": "IN PROGRESS", "TransactionUID": "2.25.3002" });
    let steps = json!([
        step("n-create", UPS_PUSH, &json!({ "attributes": ordered })),
        { "do": "c-find", "on": UPS_PULL, "keys": { "ProcedureStepState": "SCHEDULED" } },
        { "do": "c-find", "on": UPS_QUERY, "keys": { "ProcedureStepState": "SCHEDULED" } },
        step("n-action", UPS_PULL, &json!({ "type": 1, "attributes": taken })),
        step("n-set", UPS_PULL, &json!({ "attributes": { "PatientID": "4712" } })),
        step("n-get", UPS_WATCH, &json!({})),
        step("n-action", UPS_PUSH, &json!({ "type": 2 })),
    ]);
    let contexts = [UPS_PUSH, UPS_PULL, UPS_WATCH, UPS_QUERY];
    let answers = Conversation::on(&contexts, steps).answers(&front);
    assert_eq!(statuses(&answers), [Some(0); 7]);
    let saw = [
        ("n-create", UPS_PUSH, UPS_PUSH),
        ("c-find", UPS_PULL, UPS_PULL),
        ("c-find", UPS_QUERY, UPS_QUERY),
        ("n-action 1", UPS_PULL, UPS_PUSH),
        ("n-set", UPS_PULL, UPS_PUSH),
        ("n-get", UPS_WATCH, UPS_PUSH),
        ("n-action 2", UPS_PUSH, UPS_PUSH),
    ];
    assert_eq!(pacs.saw(), saw.map(|(what, context, named)| request(what, context, named)));
    let (closed, stopped) = released(front.gate);
    assert_did(
        &closed,
        &[
            ("requestor", "n-create", KEYWORD, "0000", 1),
            ("requestor", "c-find", "UnifiedProcedureStepPull", "0000", 1),
            ("requestor", "c-find", "UnifiedProcedureStepQuery", "0000", 1),
            ("requestor", "n-action", KEYWORD, "0000", 2),
            ("requestor", "n-set", KEYWORD, "0000", 1),
            ("requestor", "n-get", KEYWORD, "0000", 1),
        ],
    );
    assert_forbade_nothing(&closed, &stopped);
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn who_subscribes_hears_of_a_step_on_the_same_association() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["ups"]"#);
    let steps = json!([subscribe(3, "CT1"), { "do": "report" }]);
    let answers = Conversation::on(&[UPS_WATCH, UPS_EVENT], steps).answers(&front);
    assert_eq!(statuses(&answers), [Some(0), None]);
    let received = &answers[1]["received"][0];
    assert_eq!([&received["context"], &received["class"]], [UPS_EVENT, UPS_PUSH]);
    assert_eq!(pacs.told(), [("n-event-report".to_owned(), 0)]);
    let (closed, stopped) = released(front.gate);
    assert_did(
        &closed,
        &[
            ("requestor", "n-action", KEYWORD, "0000", 1),
            ("acceptor", "n-event-report", KEYWORD, "0000", 1),
        ],
    );
    assert_forbade_nothing(&closed, &stopped);
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn nobody_deletes_or_reports_a_step() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["echo", "ups"]"#);
    let steps = json!([
        step("n-delete", UPS_PUSH, &json!({})),
        step("n-event-report", UPS_EVENT, &json!({ "type": 1 })),
        { "do": "c-echo" },
    ]);
    let contexts = [UPS_PUSH, UPS_EVENT, VERIFICATION];
    let answers = Conversation::on(&contexts, steps).answers(&front);
    let refused = Some(NOT_AUTHORIZED);
    assert_eq!(statuses(&answers), [refused, refused, Some(0)]);
    assert_eq!(pacs.saw(), [request("c-echo", "", "")]);
    let (closed, stopped) = released(front.gate);
    assert_did(&closed, &[("requestor", "c-echo", "Verification", "0000", 1)]);
    let expected = ["n-delete", "n-event-report"]
        .map(|it| forbidden("requestor", it, KEYWORD, "requestor-operation", 1));
    assert_forbade(&closed, &stopped, &expected);
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn who_subscribes_another_is_answered_by_the_gate() {
    for guard in ["refuse", "report"] {
        let pacs = Scripted::start();
        let front = pacs.front_with(r#"["echo", "ups"]"#, guard);
        let steps = json!([
            subscribe(3, "MR1"),
            subscribe(4, "MR1"),
            subscribe(5, "ct1"),
            subscribe(4, "CT1_QR"),
            { "do": "c-echo" },
        ]);
        let answers = Conversation::on(&[UPS_WATCH, VERIFICATION], steps).answers(&front);
        let refused = Some(NOT_AUTHORIZED);
        assert_eq!(statuses(&answers), [refused, refused, refused, Some(0), Some(0)]);
        assert_eq!(
            pacs.saw(),
            [request("n-action 4", UPS_WATCH, UPS_PUSH), request("c-echo", "", "")]
        );
        let (closed, stopped) = released(front.gate);
        assert_did(
            &closed,
            &[
                ("requestor", "n-action", KEYWORD, "0000", 1),
                ("requestor", "c-echo", "Verification", "0000", 1),
            ],
        );
        let expected = forbidden("requestor", "n-action", KEYWORD, "requestor-receiving-ae", 3);
        assert_forbade(&closed, &stopped, &[expected]);
    }
}

fn subscribe(action: u16, receiver: &str) -> Value {
    let subscription = json!({ "ReceivingAE": receiver, "DeletionLock": "FALSE" });
    step("n-action", UPS_WATCH, &json!({ "type": action, "attributes": subscription }))
}

/// A request about the step on one of its contexts, with what else belongs to it.
fn step(operation: &str, on: &str, more: &Value) -> Value {
    let mut step = json!({ "do": operation, "class": UPS_PUSH, "instance": STEP, "on": on });
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}
