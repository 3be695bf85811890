//! What the audit must say of one association and of what was forbidden on it.

use crate::support::gate::{Gate, Stopped};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The status of the gate's own answers: refused, not authorized.
pub(super) const NOT_AUTHORIZED: u64 = 0x0124;

/// Side, operation, keyword of the SOP class, final status, how often.
pub(super) type Done = (&'static str, &'static str, &'static str, &'static str, u64);

/// The line of the one association, which was released, once the gate has stopped.
pub(super) fn released(gate: Gate) -> (Value, Stopped) {
    let closed = gate.audited("closed", "released");
    let stopped = gate.stop();
    assert_eq!(stopped.code, Some(0));
    assert_eq!(stopped.counted("closed", "released"), 1);
    (closed, stopped)
}

/// These operations were done, and no other.
pub(super) fn assert_did(closed: &Value, expected: &[Done]) {
    let row = |(from, operation, sop_class, status, count): &Done| {
        json!({
            "from": from,
            "operation": operation,
            "sop_class": sop_class,
            "status": status,
            "count": count,
        })
    };
    assert_eq!(sorted(&closed["operations"]), sorted(&expected.iter().map(row).collect()));
}

/// Nothing was forbidden.
pub(super) fn assert_forbade_nothing(closed: &Value, stopped: &Stopped) {
    assert_eq!(closed.get("forbidden"), None, "{closed}");
    assert!(stopped.of_event("forbidden").is_empty(), "{}", stopped.stdout);
}

/// These requests were forbidden and no other, in this order: all stand in the line of the
/// association and are counted, and the first for each reason has a line at once, with advice.
pub(super) fn assert_forbade(closed: &Value, stopped: &Stopped, expected: &[Value]) {
    assert_eq!(closed["forbidden"], json!(expected));
    let mut counts = BTreeMap::<&str, u64>::new();
    let mut first = Vec::new();
    for request in expected {
        let reason = request["why"].as_str().unwrap();
        if !counts.contains_key(reason) {
            first.push(request);
        }
        *counts.entry(reason).or_default() += request["count"].as_u64().unwrap();
    }
    let lines = stopped.of_event("forbidden");
    assert_eq!(lines.len(), first.len(), "{}", stopped.stdout);
    for (line, request) in lines.into_iter().zip(first) {
        let mut request = request.clone();
        request["count"] = json!(1);
        assert_eq!(line["request"], request);
        assert_eq!(line["reason"], request["why"]);
        assert_eq!(line["wire"], "response 0124");
        assert!(line["advice"].as_str().is_some_and(|advice| advice.len() > 10), "{line}");
        assert_eq!([&line["peer"], &line["contact"]], ["ct1", "Radiology IT"]);
    }
    for (reason, count) in counts {
        assert_eq!(stopped.counted("forbidden", reason), count, "{reason}");
    }
}

/// A forbidden request as the audit has it.
pub(super) fn forbidden(
    from: &str,
    operation: &str,
    sop_class: &str,
    why: &str,
    count: u64,
) -> Value {
    json!({
        "from": from,
        "operation": operation,
        "sop_class": sop_class,
        "why": why,
        "count": count,
    })
}

fn sorted(rows: &Value) -> Vec<String> {
    let rows = rows.as_array().map_or(&[][..], Vec::as_slice);
    let mut rows: Vec<_> = rows.iter().map(Value::to_string).collect();
    rows.sort();
    rows
}
