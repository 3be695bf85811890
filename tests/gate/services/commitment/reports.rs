//! Reports to pynetdicom as the device, which asks and listens with TLS: directly behind the gate, and
//! without TLS beside a gate at the edge.

use super::super::conversation::{Conversation, statuses};
use super::super::scripted::{COMMITMENT, CT_IMAGE, Report, Scripted};
use super::{INSTANCE, KEYWORD, ask};
use crate::edge::{DEVICE, central, edge_before, port};
use crate::matrix::archives::{Archive, Kind};
use crate::matrix::front::Front;
use crate::support::gate::Gate;
use crate::support::settings::Settings;
use crate::way_back_peers::device::credentials;
use crate::way_back_peers::reached::{outward, reaching};
use crate::way_back_peers::tap::{Tap, has, is_tls};
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};

/// The object that the device stores, and one that nobody has.
const STORED: &str = "2.25.97";
const MISSING: &str = "2.25.501";
/// The transactions: one for the object, and one for both.
const TRANSACTIONS: [&str; 2] = ["2.25.601", "2.25.602"];

/// Stores an object, and asks for a commitment of it, then for one of another besides.
fn storing() -> Conversation<'static> {
    let [one, both] = TRANSACTIONS;
    let steps =
        json!([{ "do": "c-store" }, asking(one, &[STORED]), asking(both, &[STORED, MISSING])]);
    Conversation::on(&[CT_IMAGE, COMMITMENT], steps)
}

fn asking(transaction: &str, instances: &[&str]) -> Value {
    let reference = |instance: &&str| json!({ "ReferencedSOPClassUID": CT_IMAGE, "ReferencedSOPInstanceUID": instance });
    let references: Vec<_> = instances.iter().map(reference).collect();
    json!({
        "do": "n-action",
        "type": 1,
        "class": COMMITMENT,
        "instance": INSTANCE,
        "attributes": { "TransactionUID": transaction, "ReferencedSOPSequence": references },
    })
}

/// What an archive reports that has looked.
fn looked() -> [Report; 2] {
    let [one, both] = TRANSACTIONS;
    [report(one, 1, &[STORED], &[]), report(both, 2, &[STORED], &[MISSING])]
}

fn report(transaction: &str, event_type: u64, committed: &[&str], failed: &[&str]) -> Report {
    let owned = |instances: &[&str]| instances.iter().map(ToString::to_string).collect();
    Report {
        transaction: transaction.to_owned(),
        event_type,
        committed: owned(committed),
        failed: owned(failed),
    }
}

/// The gate has led reports outwards, each on an association of its own.
fn assert_led_outwards(gate: &Gate, reports: usize) {
    let mut read = 0;
    for _ in 0..reports {
        let line = gate.wait_for_next(&mut read, |line| {
            line["event"] == "closed" && line["direction"] == "outward"
        });
        let did = json!([{
            "from": "requestor",
            "operation": "n-event-report",
            "sop_class": KEYWORD,
            "status": "0000",
            "count": 1,
        }]);
        assert_eq!((&line["reason"], &line["operations"]), (&"released".into(), &did), "{line}");
    }
}

#[test]
#[ignore = "needs Orthanc and pynetdicom: run tests/all"]
fn orthanc_reports_on_associations_of_its_own() {
    let (device, outward) = (Scripted::with_tls(&credentials()), outward());
    let archive = Archive::that_knows(Kind::Orthanc, &[("CT1".into(), outward)]);
    let to_device = Tap::before(device.address());
    let settings = reaching(archive.address, outward, to_device.address, "storage-commitment");
    let mut front = Front::with(settings);
    let from_device = Tap::before(front.gate.address);
    front.gate.address = from_device.address;
    assert_eq!(statuses(&storing().answers(&front)), [Some(0); 3]);
    assert_eq!(device.reports(2), looked());
    assert_led_outwards(&front.gate, 2);
    for (tap, connections) in [(from_device, 1), (to_device, 2)] {
        let streams = tap.seen();
        assert_eq!(streams.len(), 2 * connections);
        assert!(streams.iter().all(|it| is_tls(it) && !has(it, TRANSACTIONS[0].as_bytes())));
    }
}

/// Role selection is often missing where the standard wants it (PS3.4 section J.3.3.1.3).
#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn an_archive_reports_on_an_association_of_its_own_with_and_without_a_role() {
    for proposes_role in [true, false] {
        let (device, outward) = (Scripted::with_tls(&credentials()), outward());
        let archive = Scripted::reporting_to(outward, proposes_role);
        let settings = reaching(archive.address(), outward, device.address(), "storage-commitment");
        let front = Front::with(settings);
        let asked = Conversation::on(&[COMMITMENT], json!([ask()]));
        assert_eq!(statuses(&asked.answers(&front)), [Some(0)]);
        assert_eq!(device.reports(1), [report("2.25.500", 1, &[MISSING], &[])]);
        assert_led_outwards(&front.gate, 1);
        assert_eq!(archive.told(), [("n-event-report".to_owned(), 0)]);
    }
}

/// A central gate before an archive, and a gate at the edge beside a device without TLS.
struct Chain {
    central: Gate,
    edge: Gate,
}

impl Chain {
    fn between(archive: SocketAddr, outward: SocketAddr, device: SocketAddr) -> Self {
        let mut settings = central(Settings::new(archive));
        settings.archive.insert("from", r#"["127.0.0.1"]"#.into());
        let tables = settings.more.iter_mut();
        let inside = tables.filter(|(name, _)| *name == "listener.inside");
        inside.for_each(|(_, table)| _ = table.insert("bind", format!("[\"{outward}\"]")));
        let central = settings.start();
        let edge = edge_before(&central, device);
        Self { central, edge }
    }

    fn answers(&self, conversation: &Conversation<'_>) -> Vec<Value> {
        let plain = port(&self.edge, "device");
        conversation.answered(conversation.held_at(json!({
            "host": plain.ip().to_string(),
            "port": plain.port(),
            "from": IpAddr::from(DEVICE).to_string(),
        })))
    }
}

#[test]
#[ignore = "needs Orthanc and pynetdicom: run tests/all"]
fn orthanc_reports_through_two_gates() {
    let (device, outward) = (Scripted::start(), outward());
    let archive = Archive::that_knows(Kind::Orthanc, &[("CT1".into(), outward)]);
    let chain = Chain::between(archive.address, outward, device.address());
    assert_eq!(statuses(&chain.answers(&storing())), [Some(0); 3]);
    assert_eq!(device.reports(2), looked());
    assert_led_outwards(&chain.central, 2);
    assert_led_outwards(&chain.edge, 2);
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_report_on_the_same_association_passes_two_gates() {
    let (device, archive) = (Scripted::start(), Scripted::start());
    let chain = Chain::between(archive.address(), outward(), device.address());
    let steps = json!([ask(), { "do": "report" }]);
    let answers = chain.answers(&Conversation::on(&[COMMITMENT], steps));
    assert_eq!(statuses(&answers), [Some(0), None]);
    let reported = &answers[1]["received"][0];
    assert_eq!(reported["attributes"]["TransactionUID"], "2.25.500", "{answers:?}");
    assert_eq!(archive.told(), [("n-event-report".to_owned(), 0)]);
    for gate in [&chain.central, &chain.edge] {
        let line = gate.audited("closed", "released");
        assert_eq!(line["direction"], "inward");
        let operations = line["operations"].as_array().unwrap();
        assert!(operations.iter().any(|it| it["operation"] == "n-event-report"), "{line}");
    }
    assert!(device.saw().is_empty());
}
