//! `pacsgate doctor` before servers that are open, hostile, old, or as they should be.

mod unclear;
mod web;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Output;
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::associate::{Associate, STUDY_FIND};
use crate::support::authority::{Authority, DAY, Profile, Usage, Validity};
use crate::support::dimse::{find_pending, success};
use crate::support::gate::Gate;
use crate::support::pacs::{Accepted, Pacs};
use crate::support::pdu::{COMMAND, DATA, LAST, p_data, pdu};
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, GATE_NAME, site};
use crate::support::stage::{closed_port, pacsgate, said, silent_port};

/// What the doctor is told to be quick with.
const QUICK: [&str; 3] = ["--named-ports", "--timeout", "400ms"];

/// What it found, by code and severity.
#[derive(Debug)]
struct Found {
    code: Option<i32>,
    report: Value,
}

impl Found {
    fn severity(&self, code: &str) -> Option<&str> {
        let findings = self.report["findings"].as_array().unwrap();
        let one = findings.iter().find(|it| it["code"] == code)?;
        one["severity"].as_str()
    }

    fn evidence(&self, code: &str) -> &str {
        let findings = self.report["findings"].as_array().unwrap();
        let one = findings.iter().find(|it| it["code"] == code);
        one.and_then(|it| it["evidence"].as_str()).unwrap_or_default()
    }

    fn codes(&self) -> BTreeSet<&str> {
        let findings = self.report["findings"].as_array().unwrap();
        findings.iter().map(|it| it["code"].as_str().unwrap()).collect()
    }
}

fn doctor(arguments: &[&str]) -> Found {
    examined(&[&QUICK[..], arguments].concat())
}

fn examined(arguments: &[&str]) -> Found {
    let Output { status, stdout, stderr } =
        pacsgate(&[&["doctor", "--json"], arguments].concat()).output().unwrap();
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(stderr.contains("These addresses and ports are tried, and no others:"), "{stderr}");
    assert!(!stdout.contains('\u{1b}') && !stderr.contains('\u{1b}'), "{stdout}");
    let report = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout} {stderr}"));
    Found { code: status.code(), report }
}

fn at(address: SocketAddr) -> Found {
    doctor(&[&address.to_string()])
}

/// A server that does this with every connection.
fn server(play: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let play = std::sync::Arc::new(play);
    thread::spawn(move || {
        for socket in listener.incoming() {
            let play = std::sync::Arc::clone(&play);
            thread::spawn(move || play(socket.unwrap()));
        }
    });
    address
}

/// A PACS that answers a query with this many studies, and reads nothing meanwhile.
fn archive(studies: usize) -> Pacs {
    Pacs::playing(move |connection: &mut Accepted| {
        connection.accept();
        let echo = connection.message();
        connection.send(&p_data(1, COMMAND | LAST, &success(&echo)));
        let query = connection.message();
        assert_eq!(query.sop_class, STUDY_FIND);
        let patient = b"\x10\0\x10\0\x08\0\0\0Doe^Jane";
        let one =
            [p_data(3, COMMAND | LAST, &find_pending(query.id)), p_data(3, DATA | LAST, patient)];
        let one = one.concat();
        for _ in 0..studies {
            connection.send(&one);
        }
        connection.send(&p_data(3, COMMAND | LAST, &success(&query)));
        connection.answer();
    })
}

#[test]
fn finds_an_open_archive_and_counts_without_reading() {
    let pacs = archive(3);
    let found = at(pacs.address);
    assert_eq!(found.code, Some(4), "{found:?}");
    assert_eq!(found.severity("query-anonymous"), Some("critical"), "{found:?}");
    assert_eq!(found.severity("dicom-plain"), Some("high"));
    assert!(found.evidence("query-anonymous").starts_with("3 studies"), "{found:?}");
    assert!(found.evidence("dicom-anonymous").contains("C-ECHO succeeds"), "{found:?}");
    assert!(!found.report.to_string().contains("Jane"));
    // The first connection only tries whether the port is open.
    assert_eq!(pacs.received(), b"");
    let asked = pacs.received();
    // The level, and the number of images: no name, no number of a patient, no date.
    assert!(asked.windows(6).any(|part| part == b"STUDY "));
    assert!(!asked.windows(4).any(|part| part == [0x10, 0, 0x10, 0] || part == [0x10, 0, 0x20, 0]));
}

#[test]
fn counts_no_further_than_a_hundred_of_a_million() {
    let found = at(archive(1_000_000).address);
    assert_eq!(found.code, Some(4), "{found:?}");
    assert!(found.evidence("query-anonymous").starts_with("at least 100 studies"), "{found:?}");
}

#[test]
fn writes_a_report_for_people_with_the_addresses_first() {
    let pacs = archive(3);
    let address = pacs.address.to_string();
    let said = said(&[&["doctor", &address], &QUICK[..]].concat());
    let place =
        |part: &str| said.text.find(part).unwrap_or_else(|| panic!("no {part:?} in {said:?}"));
    assert!(place("are tried, and no others") < place("Security report"));
    assert!(
        place("Patient data is open to strangers")
            < place("CRITICAL Anybody can query the archive")
    );
    assert!(place("CRITICAL") < place("HIGH"));
    place("Close this port to all networks but the gate's today.");
}

#[test]
fn a_dry_run_touches_nothing() {
    let pacs = Pacs::good();
    let said = said(&["doctor", "--dry-run", "--named-ports", &pacs.address.to_string()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.text.contains(&format!("TCP {}", pacs.address.port())), "{said:?}");
    assert_eq!(pacs.connections(), 0);
}

#[test]
fn the_usual_ports_are_tried_at_a_given_address_and_at_no_other() {
    // Nobody else has this address.
    let vnc = TcpListener::bind("127.83.7.1:5900").unwrap();
    let other = TcpListener::bind("127.83.7.2:5900").unwrap();
    other.set_nonblocking(true).unwrap();
    let found = examined(&["--timeout", "400ms", "--ports", "5900,3306", "127.83.7.1"]);
    let report = &found.report;
    let findings = report["findings"].to_string();
    assert!(findings.contains("VNC is open") && findings.contains("127.83.7.1:5900"), "{found:?}");
    assert_eq!((&report["open"], &report["closed"]), (&1.into(), &1.into()));
    assert_eq!(found.code, Some(3), "{found:?}");
    assert!(vnc.accept().is_ok());
    assert!(other.accept().is_err());
}

#[test]
fn hostile_servers_neither_hold_it_up_nor_speak_through_it() {
    let endless =
        |bytes: &'static [u8]| server(move |mut socket| while socket.write_all(bytes).is_ok() {});
    let drip = server(|mut socket| {
        while socket.write_all(b"\x1b").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    let huge = server(|mut socket| {
        let _ = socket.read(&mut [0; 512]);
        let _ = socket.write_all(&[2, 0, 0xff, 0xff, 0xff, 0xff, 0, 1]);
        let _ = socket.read_to_end(&mut Vec::new());
    });
    let lies = server(|mut socket| {
        let _ = socket.read(&mut [0; 1024]);
        let _ = socket.write_all(&pdu(2, b"\x1b[31mnothing that is an acceptance"));
        let _ = socket.read_to_end(&mut Vec::new());
    });
    let foreign = server(|mut socket| {
        let _ = socket.read(&mut [0; 1024]);
        // Contexts that nobody has proposed.
        let answer = Associate::echo("CT1", "PACS").context(77, STUDY_FIND, &["1.2"]).acceptance();
        let _ = socket.write_all(&answer.encode());
        while socket.write_all(&p_data(77, DATA, &[0x1b; 1000])).is_ok() {}
    });
    let page = endless(b"HTTP/1.1 200 OK\r\n\r\n<title>\x1b[31m<title>");
    let field = endless(b"X-Endless: \x1b[31m\r\n");
    let alerts = endless(b"\x15\x03\x01\x00\x02\x02\x28");
    let servers = [endless(b"\x1b[31mgarbage"), drip, huge, lies, foreign, page, field, alerts]
        .map(|it| it.to_string());
    let found = doctor(&servers.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(found.report["open"], 8, "{found:?}");
    assert!(found.code.is_some_and(|code| code < 5), "{found:?}");
    assert!(!found.report.to_string().contains("\\u001b"), "{found:?}");
    assert!(!found.codes().contains("query-anonymous"), "{found:?}");
}

#[test]
fn a_silent_and_a_closed_port_are_told_apart() {
    let (_closed, closed) = closed_port();
    let (_silent, silent) = silent_port();
    let found = doctor(&[&closed.to_string(), &silent.to_string()]);
    assert_eq!((&found.report["open"], &found.report["closed"]), (&1.into(), &1.into()));
    assert_eq!(found.severity("port-silent"), Some("low"), "{found:?}");
    assert_eq!(found.code, Some(0));
}

#[test]
fn finds_a_server_that_speaks_no_tls_but_an_old_one() {
    let old = server(|mut socket| {
        let mut head = [0; 11];
        if socket.read_exact(&mut head).is_err() {
            return;
        }
        let answer: &[u8] = match head {
            // A ClientHello that offers TLS 1.0 at most.
            [22, 3, 1, _, _, 1, _, _, _, 3, 1] => &[22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1],
            [22, ..] => &[21, 3, 1, 0, 2, 2, 70],
            _ => return,
        };
        let _ = socket.write_all(answer);
        let _ = socket.read_to_end(&mut Vec::new());
    });
    let found = at(old);
    assert_eq!(found.severity("tls-old"), Some("high"), "{found:?}");
    assert!(found.evidence("tls-old").starts_with("accepted: TLS 1.0;"), "{found:?}");
    assert_eq!(found.code, Some(3));
}

/// A gate whose certificates last, and the file that says where it really listens.
fn gate(pacs: &Pacs, change: impl Fn(&mut Settings)) -> (Gate, PathBuf) {
    let root = Authority::lasting_root("lasting root");
    let server =
        Profile { usage: Usage::Server, validity: Validity::Lasting, ..Profile::client(GATE_NAME) };
    let mut settings = Settings::new(pacs.address);
    settings.serve(&root.issue(&server));
    let ca = settings.file("lasting.crt", &root.pem());
    settings.tls.insert("client_ca", format!("{ca:?}"));
    settings.revoke(&[root.crl(&[], SystemTime::now() + 300 * DAY)]);
    settings.log.insert("audit", "\"stdout\"".into());
    change(&mut settings);
    let before = settings.text();
    let gate = settings.start();
    let file = gate.directory.path().join("where-it-is.toml");
    std::fs::write(&file, before.replace("127.0.0.1:0", &gate.address.to_string())).unwrap();
    (gate, file)
}

fn of_gate(file: &std::path::Path) -> Found {
    doctor(&["--config", file.to_str().unwrap()])
}

/// What depends on the machine on which the tests run.
const OF_THE_MACHINE: [&str; 3] = ["clock", "service-unknown", "service-down"];

#[test]
fn finds_nothing_behind_a_sound_gate_but_what_is_true() {
    let pacs = archive(3);
    let (gate, file) = gate(&pacs, |_| {});
    let found = of_gate(&file);
    let of_site = found.report["findings"].as_array().unwrap().iter();
    let bad: Vec<_> = of_site
        .filter(|it| !["good", "low"].contains(&it["severity"].as_str().unwrap()))
        .filter(|it| !OF_THE_MACHINE.contains(&it["code"].as_str().unwrap()))
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    for code in ["certificate-demanded", "tls", "configuration"] {
        assert_eq!(found.severity(code), Some("good"), "{code}: {found:?}");
    }
    // It was tried from the gate, and says so.
    assert_eq!(found.severity("query-anonymous"), Some("low"), "{found:?}");
    assert_eq!(found.severity("seen-from-gate"), Some("low"));
    gate.wait_for_audit(|line| line["reason"] == "certificate-missing");
    // From elsewhere, the same is what it is.
    let found = doctor(&["--elsewhere", "--config", file.to_str().unwrap()]);
    assert_eq!(found.severity("query-anonymous"), Some("critical"), "{found:?}");
}

#[test]
fn finds_report_only_a_guard_that_is_off_and_a_gate_without_revocation() {
    let pacs = Pacs::good();
    let (_gate, file) = gate(&pacs, |settings| {
        settings.ct1.insert("guard", "\"report\"".into());
        settings.tls.remove("client_crl");
        let until = humantime::format_rfc3339_seconds(SystemTime::now() + 5 * DAY);
        settings.listener.insert("report_only_until", format!("\"{until}\""));
        settings.listener.insert("report_only_from", r#"["10.1.0.0/16"]"#.into());
    });
    let found = of_gate(&file);
    assert_eq!(found.severity("guard-off"), Some("medium"), "{found:?}");
    assert_eq!(found.severity("no-revocation"), Some("medium"), "{found:?}");
    let twice = "`pacsgate check` speaks of listener.front.tls.client_crl";
    assert!(!found.report.to_string().contains(twice), "{found:?}");
    assert_eq!(found.severity("report-only"), Some("high"), "{found:?}");
    assert_eq!(found.code, Some(3));
}

#[test]
fn finds_a_certificate_that_has_expired() {
    let pacs = Pacs::good();
    let (_gate, file) = gate(&pacs, |settings| {
        let server = Profile {
            usage: Usage::Server,
            validity: Validity::Expired,
            ..Profile::client(CT1_NAME)
        };
        settings.serve(&site().root.issue(&server));
    });
    let found = of_gate(&file);
    assert_eq!(found.severity("certificate-expired"), Some("high"), "{found:?}");
    assert_eq!(found.code, Some(3));
}

#[test]
fn without_addresses_or_with_a_broken_configuration_it_says_so() {
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("pacsgate.toml");
    std::fs::write(&file, "schema = 1\nlisten = 3\n").unwrap();
    let broken = said(&["doctor", "--config", file.to_str().unwrap()]);
    assert_eq!(broken.code, Some(78), "{broken:?}");
    assert!(broken.stderr.contains("listen"), "{broken:?}");
    let found = doctor(&["--config", file.to_str().unwrap(), &Pacs::good().address.to_string()]);
    assert_eq!(found.severity("configuration"), Some("high"), "{found:?}");
    for wrong in [&["doctor", "10.0.0.0/8"][..], &["doctor", "--ports", "0", "127.0.0.1"]] {
        assert_eq!(said(wrong).code, Some(64), "{wrong:?}");
    }
}
