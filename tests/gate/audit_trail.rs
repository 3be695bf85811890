//! The audit lines as a whole: complete, bounded, and without a peer's raw bytes.

use crate::support::associate::{Associate, CT, EXPLICIT, Item, STUDY_FIND, VERIFICATION, title};
use crate::support::authority::{Authority, DAY, Profile};
use crate::support::dimse::store_rq;
use crate::support::gate::{command, listening};
use crate::support::pacs::Pacs;
use crate::support::pdu::{COMMAND, DATA, LAST, abort, p_data};
use crate::support::requestor::{Caller, connect_from};
use crate::support::scenario::{Scenario, assert_rejected, echo};
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, site};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Child;
use std::time::SystemTime;

#[test]
fn an_association_leaves_two_lines_with_one_id() {
    let scenario = Scenario::usual();
    let mut requestor = scenario.associated();
    echo(&mut requestor, 1);
    requestor.release();
    let closed = scenario.gate.audited("closed", "released");
    let opened = scenario.gate.wait_for_audit(|line| line["event"] == "opened");
    for line in [&opened, &closed] {
        assert_eq!(line["id"], closed["id"]);
        assert_eq!(line["listener"], "front");
        assert!(line["source"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
        assert_eq!(line["certificate"]["sha256"], site().ct1.sha256());
        assert_eq!(line["certificate"]["dns"], json!([CT1_NAME]));
        assert_eq!(line["certificate"]["common_name"], CT1_NAME);
        assert_eq!([&line["calling"], &line["called"]], ["CT1", "PACS"]);
        assert_eq!([&line["peer"], &line["contact"]], ["ct1", "Radiology IT"]);
        assert_eq!(line["pacs"], "archive");
        assert_is_utc(&line["time"]);
    }
    assert_eq!(opened["contexts"], json!({ "asked": 1, "granted": 1 }));
    assert_eq!(closed["pdus"], json!({ "from_requestor": 2, "from_acceptor": 2 }));
    assert!(closed["duration_ms"].is_u64(), "{closed}");
    assert_eq!(scenario.gate.stop().counted("opened", "none"), 1);
}

#[test]
fn a_refusal_names_the_service_that_would_permit_what_was_asked() {
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    requestor.send(&find_only().encode());
    assert_rejected(&mut requestor, [1, 1, 1]);
    let line = scenario.refused_once("refused", "no-permitted-service");
    assert!(line["advice"].as_str().unwrap().ends_with("its [peer] table: `find`."), "{line}");
}

#[test]
fn the_end_names_what_was_taken_out_where_the_device_did_nothing_with_the_rest() {
    for reason in ["released", "requestor-aborted"] {
        let scenario = Scenario::usual();
        let mut requestor = scenario.ct1();
        requestor.associate(&find_only().context(3, VERIFICATION, &[EXPLICIT]));
        match reason {
            "released" => requestor.release(),
            _ => requestor.send(&abort(0, 0)),
        }
        let closed = scenario.gate.audited("closed", reason);
        assert_eq!(closed["contexts"]["asked"], 2, "{closed}");
        assert_eq!(
            closed["contexts"]["removed"],
            json!([{ "id": 1, "abstract_syntax": STUDY_FIND, "why": "not-permitted" }])
        );
        let advice = closed["advice"].as_str().unwrap();
        assert!(advice.starts_with("The device did nothing with the contexts that were left"));
        assert!(advice.ends_with("its [peer] table: `find`."), "{advice}");
    }
}

#[test]
fn the_end_says_nothing_of_contexts_where_the_device_did_something() {
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT1", "PACS").context(3, STUDY_FIND, &[EXPLICIT]));
    echo(&mut requestor, 1);
    requestor.release();
    let closed = scenario.gate.audited("closed", "released");
    assert_eq!([&closed["contexts"], &closed["advice"]], [&Value::Null; 2]);
}

/// A request of `ct1` for a query, which its services do not have.
fn find_only() -> Associate {
    Associate::request("CT1", "PACS").context(1, STUDY_FIND, &[EXPLICIT])
}

#[test]
fn every_connection_has_an_id_of_its_own() {
    let mut ids = BTreeSet::new();
    let mut runs = BTreeSet::new();
    // Two gates that start in one second, as nodes of one site may.
    for scenario in [Scenario::usual(), Scenario::usual()] {
        for _ in 0..5 {
            scenario.serves_a_good_peer();
        }
        let stopped = scenario.gate.stop();
        for opened in stopped.of_event("opened") {
            let id = opened["id"].as_str().unwrap().to_owned();
            runs.insert(id.split_once('-').unwrap().0.to_owned());
            ids.insert(id);
        }
    }
    assert_eq!((ids.len(), runs.len()), (10, 2));
}

#[test]
fn the_first_line_says_what_has_started_and_by_what_it_judges() {
    let page = include_str!("../../docs/audit.md");
    let started = |change: fn(Settings) -> Settings| {
        let stopped = Scenario::with(change).gate.stop();
        let line = stopped.audit[0].clone();
        assert_eq!(line["event"], "started");
        assert_eq!(line["version"], env!("CARGO_PKG_VERSION"));
        assert_is_utc(&line["time"]);
        for key in line.as_object().unwrap().keys() {
            assert!(page.contains(&format!("`{key}`")), "docs/audit.md does not have `{key}`");
        }
        let digest = line["configuration"].as_str().unwrap().to_owned();
        assert_eq!(digest.len(), 64);
        digest
    };
    let [one, other] = [started(|it| it), started(|it| it.limit("idle", "9m"))];
    assert_ne!(one, other);
}

#[test]
fn lines_of_a_stranger_are_summed_after_the_fifth() {
    let scenario = Scenario::usual();
    for _ in 0..12 {
        let mut socket = TcpStream::connect(scenario.gate.address).unwrap();
        socket.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let _ = socket.read_to_end(&mut Vec::new());
    }
    scenario.serves_a_good_peer();
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.of_event("failed").len(), 5, "{}", stopped.stdout);
    assert_eq!(stopped.of_event("opened").len(), 1, "a peer's lines are not summed");
    let summed = stopped.of_event("summed");
    assert_eq!(summed.len(), 1, "{}", stopped.stdout);
    assert_eq!(summed[0]["count"], 7);
    assert_eq!(summed[0]["source"], "127.0.0.1");
    assert_eq!(summed[0]["reasons"], json!({ "http": 7 }));
    assert_eq!(stopped.counted("failed", "http"), 12);
}

#[test]
fn what_a_peer_is_refused_is_summed_after_the_sixtieth() {
    let scenario = Scenario::usual();
    are_rejected(62, scenario.gate.address);
    scenario.serves_a_good_peer();
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.of_event("refused").len(), 60, "{}", stopped.stdout);
    let summed = stopped.of_event("summed");
    assert_eq!(summed.len(), 1, "{}", stopped.stdout);
    assert_eq!((&summed[0]["peer"], &summed[0]["count"]), (&json!("ct1"), &json!(2)));
    assert_eq!(summed[0]["reasons"], json!({ "calling-title": 2 }));
    assert_eq!(stopped.counted("refused", "calling-title"), 62);
    // The good peer's association, of the same certificate, has both of its lines.
    assert_eq!((stopped.of_event("opened").len(), stopped.of_event("closed").len()), (1, 1));
}

#[test]
fn associations_for_nothing_are_summed_and_one_with_an_operation_is_not() {
    let scenario = Scenario::usual();
    for _ in 0..65 {
        scenario.associated().release();
    }
    scenario.serves_a_good_peer();
    let stopped = scenario.gate.stop();
    let closed = stopped.of_event("closed");
    assert_eq!(closed.len(), 61, "{}", stopped.stdout);
    assert_eq!(closed.iter().filter(|line| line["operations"].is_array()).count(), 1);
    let [sum] = &stopped.of_event("summed")[..] else { panic!("{}", stopped.stdout) };
    assert_eq!(sum["reasons"]["released"], 5);
}

#[test]
fn no_flood_hides_a_certificate_that_is_revoked() {
    let revoked = site().root.issue(&Profile::client(CT1_NAME));
    let stranger = Authority::root("Another").issue(&Profile::client(CT1_NAME));
    let crl = site().root.crl(&[revoked.leaf()], SystemTime::now() + DAY);
    let scenario = Scenario::with(|mut settings| {
        settings.revoke(&[crl]);
        settings
    });
    // The table of those who leave without a byte, and that of those who speak something else.
    for number in 0..1100_u16 {
        let [high, low] = number.to_be_bytes();
        drop(connect_from([127, 1, high, low], scenario.gate.address).unwrap());
        let mut garbage = connect_from([127, 2, high, low], scenario.gate.address).unwrap();
        let _ = garbage.write_all(b"garbage");
    }
    let called = Caller::with(&revoked).call_from([127, 3, 0, 1], scenario.gate.address);
    drop(called.map(|mut it| it.receive()));
    let called = Caller::with(&stranger).call_from([127, 3, 0, 2], scenario.gate.address);
    drop(called.map(|mut it| it.receive()));
    let line = scenario.gate.audited("failed", "certificate-revoked");
    assert!(line["source"].as_str().unwrap().starts_with("127.3.0.1:"), "{line}");
    let line = scenario.gate.audited("failed", "unknown-issuer");
    assert!(line["source"].as_str().unwrap().starts_with("127.3.0.2:"), "{line}");
}

#[test]
fn a_peers_bytes_are_escaped() {
    let scenario = Scenario::usual();
    let mut request = Associate::echo("CT1", "PACS");
    request.calling = title(b"\x1b[2J\"}\r\n{\\\xff\0x");
    let mut requestor = scenario.ct1();
    requestor.send(&request.encode());
    assert_rejected(&mut requestor, [1, 1, 3]);
    let line = scenario.gate.audited("refused", "malformed-calling-title");
    assert!(line["calling"].as_str().is_some_and(|calling| calling.contains("[2J")), "{line}");
    assert_printable(scenario);
}

#[test]
fn names_in_a_certificate_are_escaped() {
    let profile =
        Profile { common_name: "evil\n\x1b[31m\"name\u{202e}", ..Profile::client("x.example") };
    let identity = site().root.issue(&profile);
    let scenario = Scenario::usual();
    let mut requestor = Caller::with(&identity).call(scenario.gate.address).unwrap();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut requestor, [1, 1, 1]);
    assert_printable(scenario);
}

#[test]
fn bytes_of_the_pacs_are_escaped() {
    let pacs = Pacs::playing(|pacs| {
        let mut answer = pacs.request().acceptance();
        answer.contexts[0] = Item::result(1, 0, Some("\x1b[2J\n{\"event\":\"opened\"}"));
        // The titles come back as the PACS likes, and the lie ends the association.
        answer.called = title(b"\x1b[2J\"}\r\n{\\\xff");
        answer.behind = b"\x1b[2J\n".to_vec();
        pacs.send(&answer.encode());
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut requestor, [2, 3, 1]);
    scenario.gate.wait_for_audit(|line| line["event"] == "refused");
    assert_printable(scenario);
}

#[test]
fn no_patient_and_no_secret_is_in_any_output() {
    let scenario = Scenario::usual();
    let request = Associate::echo("CT1", "PACS")
        .context(3, CT, &[EXPLICIT])
        .with_user(Item::identity(2, b"canary-user", b"canary-passcode"));
    let mut requestor = scenario.ct1();
    requestor.associate(&request);
    requestor.send(&p_data(3, COMMAND | LAST, &store_rq(1)));
    requestor.send(&p_data(3, LAST, b"\x10\0\x10\0PN\x0e\0CANARY^PATIENT"));
    requestor.receive_pdu();
    // The association ends in the middle of a data set.
    requestor.send(&p_data(3, COMMAND | LAST, &store_rq(2)));
    requestor.send(&p_data(3, DATA, b"\x10\0\x10\0PN\x10\0CANARY^PATIENT22"));
    requestor.send(&p_data(1, LAST, b"CANARY"));
    requestor.receive_pdu();
    scenario.gate.audited("closed", "requestor-interleaved-contexts");
    let stopped = scenario.gate.stop();
    let output = (stopped.stdout + &stopped.stderr).to_lowercase();
    assert!(!output.contains("canary"), "{output}");
}

#[test]
fn the_trail_goes_to_a_file_that_others_cannot_read() {
    use std::os::unix::fs::PermissionsExt;
    let scenario = Scenario::with(|mut settings| {
        let path = settings.directory.path().join("audit.jsonl");
        settings.log.insert("audit", format!("{path:?}"));
        settings
    });
    let path = scenario.gate.directory.path().join("audit.jsonl");
    scenario.serves_a_good_peer();
    let Scenario { mut gate, .. } = scenario;
    let keep = std::mem::replace(&mut gate.directory, tempfile::TempDir::new().unwrap());
    let stopped = gate.stop();
    assert_eq!(stopped.stdout, "");
    let text = std::fs::read_to_string(&path).unwrap();
    let events: Vec<_> = text.lines().map(event).collect();
    assert_eq!(events, ["started", "opened", "closed", "counters"]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o007, 0);
    drop(keep);
}

#[test]
fn a_trail_that_nobody_reads_holds_up_nobody() {
    let pacs = Pacs::good();
    let settings = Settings::new(pacs.address);
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let mut gate = Unread(command(&configuration).spawn().unwrap());
    let log = BufReader::new(gate.0.stderr.take().unwrap());
    let address = log.lines().find_map(|line| listening(&line.unwrap())).unwrap();
    // Far more lines than a pipe holds.
    for _ in 0..2 {
        are_rejected(60, address);
    }
    let mut requestor = Caller::with(&site().ct1).call(address).unwrap();
    requestor.associate(&Associate::echo("CT1", "PACS"));
    echo(&mut requestor, 1);
    requestor.release();
}

/// So many requests for a title of another peer, side by side, as all but the first are told late.
fn are_rejected(count: usize, gate: SocketAddr) {
    let asked = (0..count).map(|_| {
        let mut requestor = Caller::with(&site().ct1).call(gate).unwrap();
        requestor.send(&Associate::echo("MR1", "PACS").encode());
        requestor
    });
    let asked: Vec<_> = asked.collect();
    asked.into_iter().for_each(|mut requestor| assert_rejected(&mut requestor, [1, 1, 3]));
}

/// A gate whose standard output is a pipe that nobody reads.
struct Unread(Child);

impl Drop for Unread {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_operational_log_speaks_json_on_request() {
    let scenario = Scenario::with(|mut settings| {
        settings.log.insert("format", "\"json\"".into());
        settings
    });
    scenario.serves_a_good_peer();
    let stopped = scenario.gate.stop();
    for line in stopped.stderr.lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

fn event(line: &str) -> String {
    let line: Value = serde_json::from_str(line).unwrap();
    line["event"].as_str().unwrap().to_owned()
}

/// Nothing in the output moves a terminal's cursor or forges a line.
fn assert_printable(scenario: Scenario) {
    let stopped = scenario.gate.stop();
    let output = stopped.stdout + &stopped.stderr;
    let odd = output.chars().find(|&c| c != '\n' && !(' '..='~').contains(&c));
    assert_eq!(odd, None, "{output}");
}

fn assert_is_utc(time: &Value) {
    let time = time.as_str().unwrap();
    assert_eq!((time.len(), time.ends_with('Z')), (24, true), "{time}");
}
