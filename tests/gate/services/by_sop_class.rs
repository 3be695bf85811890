//! What has no service is given by its SOP class: everything of that kind that the standard has.

use super::conversation::{Conversation, statuses};
use super::outcome::{NOT_AUTHORIZED, assert_forbade, assert_forbade_nothing, forbidden, released};
use super::scripted::{DISPLAY_SYSTEM, PRINTER, Scripted, request};
use pacsgate_core::services::{Operation, SopClass, on_context, unnamed};
use serde_json::{Value, json};

const INSTANCE: &str = "2.25.5001";

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn every_normalized_operation_and_query_passes_on_the_sop_classes_without_a_name() {
    let (mut services, mut contexts, mut steps, mut expected) = (vec![], vec![], vec![], vec![]);
    for row in unnamed() {
        for class in row.sop_classes {
            let tried = row.operations.iter().copied().filter(|it| is_tried(class, *it));
            let operations: Vec<_> = tried.collect();
            if operations.is_empty() {
                continue;
            }
            contexts.push(class.uid);
            services.extend(granted(class, &operations));
            for &operation in &operations {
                let named = named_on(class);
                steps.push(step(operation, named, class.uid));
                let numbered = matches!(operation, Operation::NAction | Operation::NEventReport);
                let saw = operation.name().to_owned() + if numbered { " 1" } else { "" };
                expected.push(request(&saw, class.uid, named));
            }
        }
    }
    assert!(steps.len() > 100, "{}", steps.len());
    let pacs = Scripted::supporting(&contexts);
    let front = pacs.front(&format!("[{}]", services.join(", ")));
    let answers = Conversation::on(&contexts, json!(steps)).answers(&front);
    assert!(!statuses(&answers).contains(&None), "{answers:?}");
    assert_eq!(pacs.saw(), expected);
    let (closed, stopped) = released(front.gate);
    assert_forbade_nothing(&closed, &stopped);
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn nothing_else_passes_on_a_sop_class_that_is_given() {
    let pacs = Scripted::supporting(&[DISPLAY_SYSTEM, PRINTER]);
    let display = r#"{ sop_class = "DisplaySystem", operations = ["n-get"] }"#;
    let printer = r#"{ sop_class = "Printer", role = "scp", operations = ["n-event-report"] }"#;
    let front = pacs.front(&format!("[{display}, {printer}]"));
    let steps = json!([
        step(Operation::NGet, DISPLAY_SYSTEM, DISPLAY_SYSTEM),
        step(Operation::NSet, DISPLAY_SYSTEM, DISPLAY_SYSTEM),
        step(Operation::NEventReport, DISPLAY_SYSTEM, DISPLAY_SYSTEM),
        step(Operation::NEventReport, PRINTER, PRINTER),
        step(Operation::NGet, PRINTER, PRINTER),
    ]);
    let answers = Conversation::on(&[DISPLAY_SYSTEM, PRINTER], steps).answers(&front);
    let refused = Some(NOT_AUTHORIZED);
    // The PACS knows no such instance.
    let no_instance = Some(0x0112);
    assert_eq!(statuses(&answers), [no_instance, refused, refused, Some(0), refused]);
    assert_eq!(
        pacs.saw(),
        [
            request("n-get", DISPLAY_SYSTEM, DISPLAY_SYSTEM),
            request("n-event-report 1", PRINTER, PRINTER),
        ]
    );
    let (closed, stopped) = released(front.gate);
    let of = |it, class| forbidden("requestor", it, class, "requestor-operation", 1);
    let expected = [
        of("n-set", "DisplaySystem"),
        of("n-event-report", "DisplaySystem"),
        of("n-get", "Printer"),
    ];
    assert_forbade(&closed, &stopped, &expected);
}

/// Objects are stored and retrieved as those of every other SOP class, and pynetdicom cannot query
/// on the context of a meta SOP class.
fn is_tried(class: &SopClass, operation: Operation) -> bool {
    let is_object = matches!(operation, Operation::CStore | Operation::CGet | Operation::CMove);
    !is_object && (operation != Operation::CFind || !is_meta(class))
}

fn is_meta(class: &SopClass) -> bool {
    class.keyword.ends_with("Meta")
}

/// The operations with the peer as SCU, and its reports with the peer as SCP.
fn granted(class: &SopClass, operations: &[Operation]) -> Vec<String> {
    let keyword = class.keyword;
    let names: Vec<_> = operations.iter().map(|operation| operation.name()).collect();
    let mut granted = vec![format!("{{ sop_class = \"{keyword}\", operations = {names:?} }}")];
    if operations.contains(&Operation::NEventReport) {
        let report = r#"role = "scp", operations = ["n-event-report"]"#;
        granted.push(format!("{{ sop_class = \"{keyword}\", {report} }}"));
    }
    granted
}

/// On the context of a meta SOP class, commands name a member of it.
fn named_on(class: &'static SopClass) -> &'static str {
    if !is_meta(class) {
        return class.uid;
    }
    let meta = class.uid.parse().unwrap();
    let is_member = |it: &&SopClass| on_context(&meta, &it.uid.parse().unwrap()).is_some();
    SopClass::all().filter(is_member).map(|it| it.uid).min().unwrap()
}

fn step(operation: Operation, class: &str, on: &str) -> Value {
    let attributes = json!({ "PatientID": "4711" });
    if operation == Operation::CFind {
        return json!({ "do": "c-find", "on": on, "keys": attributes });
    }
    json!({
        "do": operation.name(),
        "class": class,
        "on": on,
        "instance": INSTANCE,
        "type": 1,
        "attributes": attributes,
    })
}
