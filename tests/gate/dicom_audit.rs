//! DICOM audit messages (PS3.15 section A.5) at a collector, as real events make them.

use crate::reload::reload;
use crate::support::associate::{Associate, title};
use crate::support::collector::{Collector, Message};
use crate::support::gate::Gate;
use crate::support::pacs::Pacs;
use crate::support::requestor::{Caller, Received};
use crate::support::scenario::{assert_is_served, assert_rejected};
use crate::support::settings::Settings;
use crate::support::site::site;
use crate::syslog::plain;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A gate and a collector of its DICOM audit messages.
struct Audited {
    _pacs: Pacs,
    gate: Gate,
    collector: Collector,
    _spool: TempDir,
}

impl Audited {
    fn new() -> Self {
        let (pacs, spool) = (Pacs::good(), TempDir::new().unwrap());
        let collector = Collector::plain(TcpListener::bind("127.0.0.1:0").unwrap());
        let mut settings = Settings::new(pacs.address);
        settings.more.push(("syslog.atna", plain(collector.address, "dicom", spool.path())));
        let gate = settings.start();
        Self { _pacs: pacs, gate, collector, _spool: spool }
    }

    /// Waits for a message that has all of these.
    fn wait_for(&self, parts: &[&str]) -> String {
        let has = |message: &Message| parts.iter().all(|part| message.text.contains(part));
        self.collector.wait_for(has).pop().unwrap().text
    }

    fn stop(self) -> Vec<Message> {
        self.gate.stop();
        self.collector.stop()
    }
}

/// Everything of which there is a message without patients.
fn everything() -> Vec<Message> {
    let audited = Audited::new();
    let gate = audited.gate.address;
    assert_is_served(gate);
    // The certificate is ct1's, the title is not, and would break out of an attribute.
    let mut requestor = Caller::with(&site().ct1).call(gate).unwrap();
    let mut request = Associate::echo("CT1", "PACS");
    request.calling = title(br#"<&'">]]><!--"#);
    requestor.send(&request.encode());
    assert_rejected(&mut requestor, [1, 1, 3]);
    // A certificate that belongs to nobody.
    let mut requestor = Caller::with(&site().gate).call(gate).map_or_else(|_| None, Some);
    if let Some(requestor) = &mut requestor {
        requestor.send(&Associate::echo("CT1", "PACS").encode());
        assert!(!matches!(requestor.receive(), Received::Pdu(pdu) if pdu.kind == 2));
    }
    // None at all.
    let refused = Caller::anonymous().call(gate);
    drop(refused);
    reload(&audited.gate);
    audited.wait_for(&["110131"]);
    audited.stop()
}

fn count(messages: &[Message], parts: &[&str]) -> usize {
    let has = |message: &&Message| parts.iter().all(|part| message.text.contains(part));
    messages.iter().filter(has).count()
}

#[test]
fn starts_stops_refusals_and_reloads_are_told_as_the_standard_has_them() {
    let messages = everything();
    for message in &messages {
        // Facility 10 and severity 5, and the mark of UTF-8 before the XML.
        assert_eq!((message.priority, message.id.as_str()), (85, "IHE+RFC-3881"));
        assert!(message.text.starts_with("\u{feff}<?xml "), "{}", message.text);
        assert!(message.text.ends_with("</AuditMessage>"), "{}", message.text);
        let source = format!("<AuditSourceIdentification AuditSourceID=\"{}\">", message.host);
        assert!(message.text.contains(&source), "{}", message.text);
    }
    assert_eq!(count(&messages, &["csd-code=\"110100\"", "csd-code=\"110120\""]), 1);
    assert_eq!(count(&messages, &["csd-code=\"110100\"", "csd-code=\"110121\""]), 1);
    assert!(messages.last().unwrap().text.contains("110121"), "{:?}", messages.last());
    let alert = |kind| count(&messages, &["csd-code=\"110113\"", kind]);
    assert_eq!(alert("csd-code=\"110132\""), 1);
    assert_eq!(alert("csd-code=\"110126\""), 2);
    assert_eq!(alert("csd-code=\"110131\""), 1);
    let hostile = "UserID=\"&lt;&amp;'\\x22&gt;]]&gt;&lt;!--\"";
    assert_eq!(count(&messages, &["csd-code=\"110132\"", hostile]), 1);
}

#[test]
#[ignore = "needs xmllint, see tests/peers/install"]
fn every_message_is_of_the_standards_schema() {
    let folder = TempDir::new().unwrap();
    validate(&everything(), folder.path());
}

/// Judges messages by the schema of PS3.15 section A.5.1.
pub(crate) fn validate(messages: &[Message], folder: &Path) {
    assert!(!messages.is_empty());
    let schema = folder.join("schema.rng");
    fs::write(&schema, include_str!("dicom_audit/schema.rng")).unwrap();
    for (at, message) in messages.iter().enumerate() {
        let path = folder.join(format!("{at}.xml"));
        fs::write(&path, message.text.trim_start_matches('\u{feff}')).unwrap();
        let judged = Command::new("/usr/bin/xmllint")
            .args(["--noout", "--relaxng"])
            .args([&schema, &path])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&judged.stderr).into_owned();
        assert!(judged.status.success(), "{said}\n{}", message.text);
    }
}
