//! `check --against-running`: what a reload would end.

use crate::plain_listeners;
use crate::reload;
use crate::support::PATIENCE;
use crate::support::associate::{Associate, EXPLICIT, Item};
use crate::support::gate::{Gate, command, listening};
use crate::support::pacs::Pacs;
use crate::support::pdu::ASSOCIATE_AC;
use crate::support::requestor::{Caller, Requestor};
use crate::support::scenario::Scenario;
use crate::support::settings::Settings;
use crate::support::site::site;
use crate::way_back::{ARCHIVE, opened, sending, with_way_back};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use tempfile::TempDir;

const BOUND: &str = "\"ct1.radiology.example\"";
const NONE: &str = "a reload would end none of 2 open associations\n";

#[test]
fn says_what_a_reload_would_end_and_the_reload_ends_it() {
    let (running, mut open) = Running::with_two_associations();
    let unchanged = running.check(&[]);
    assert!(unchanged.text.contains(NONE), "{}", unchanged.text);
    assert_eq!(unchanged.code, Some(0));
    running.edit(BOUND, "\"ct7.radiology.example\"");
    let changed = running.check(&[]);
    let part = "warning: a reload would end an association of peer ct1 (\"CT1\" from 127.0.0.1) to \
                \"PACS\", PACS archive: the certificate belongs to no peer";
    assert!(changed.text.contains(part), "{}", changed.text);
    assert!(changed.text.contains("\na reload would end 1 of 2 open associations\n"));
    assert_eq!(changed.code, Some(0));
    let strict = running.check(&["--strict"]);
    assert!(strict.text.contains(&part.replace("warning", "error")), "{}", strict.text);
    assert_eq!(strict.code, Some(78));
    running.scenario.gate.signal("HUP");
    let line = running.scenario.gate.audited("closed", "withdrawn");
    assert_eq!(line["peer"], "ct1");
    open.remove(1).release();
}

#[test]
fn says_it_to_programs() {
    let (running, _open) = Running::with_two_associations();
    running.edit("\"MR1\"", "\"MR2\"");
    let checked = running.check(&["--json"]);
    let told: Value = serde_json::from_str(&checked.text).unwrap();
    assert_eq!((&told["good"], &told["running"]["open"]), (&true.into(), &2.into()), "{told}");
    let ends = told["running"]["ends"].as_array().unwrap();
    assert_eq!(ends.len(), 1, "{told}");
    for (name, value) in [("peer", "mr1"), ("calling_ae", "MR1"), ("called_ae", "PACS")] {
        assert_eq!(ends[0][name], value, "{told}");
    }
    let usual = running.run(&["--json"]);
    let told: Value = serde_json::from_str(&usual.text).unwrap();
    assert_eq!(told["running"], Value::Null);
}

#[test]
fn warns_of_the_certificates_of_peers_that_end_soon() {
    let (running, open) = Running::with_two_associations();
    open.into_iter().for_each(|mut requestor| requestor.release());
    let sentence = "the certificate \"ct1.radiology.example\" of peer ct1, last seen on ";
    running.scenario.gate.wait_for_log(sentence);
    let checked = running.check(&[]);
    assert!(checked.text.contains(&format!("warning: {sentence}")), "{}", checked.text);
    let strict = running.check(&["--strict"]);
    assert!(strict.text.contains(&format!("warning: {sentence}")), "{}", strict.text);
    let told: Value = serde_json::from_str(&running.check(&["--json"]).text).unwrap();
    let certificates = told["running"]["certificates"].as_array().unwrap();
    let peers: Vec<_> = certificates.iter().map(|one| one["peer"].as_str().unwrap()).collect();
    assert_eq!(peers, ["ct1", "mr1"], "{told}");
}

#[test]
fn an_association_on_which_nothing_was_accepted_is_one_of_the_open_ones() {
    let pacs = Pacs::playing(|pacs| {
        let mut answer = pacs.request().acceptance();
        answer.contexts[0] = Item::result(1, 3, Some(EXPLICIT));
        pacs.send(&answer.encode());
        pacs.drain();
    });
    let running = Running::before(pacs, TempDir::new().unwrap());
    let mut requestor = running.scenario.ct1();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_eq!(requestor.receive_pdu().kind, ASSOCIATE_AC);
    let checked = running.check(&[]);
    assert!(checked.text.contains("none of 1 open association\n"), "{}", checked.text);
}

#[test]
fn a_gate_that_does_not_run_cannot_be_asked() {
    let settings = Settings::new(([127, 0, 0, 1], 9).into());
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let nowhere = settings.directory.path().join("associations");
    let option = format!("--against-running={}", nowhere.display());
    let checked = check(&configuration, &[&option]);
    assert_eq!(checked.code, Some(1));
    let expected = "No such file or directory; it has to run, with RuntimeDirectory=pacsgate";
    assert!(checked.text.contains(expected), "{}", checked.text);
}

#[test]
fn nobody_else_may_ask_and_what_a_killed_gate_has_left_is_replaced() {
    let (running, open) = Running::with_two_associations();
    let mode = fs::metadata(running.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    drop(open);
    let Running { folder, scenario } = running;
    scenario.gate.signal("KILL");
    drop(scenario);
    let running = Running::in_folder(folder);
    let checked = running.check(&[]);
    assert!(checked.text.contains("none of 0 open associations"), "{}", checked.text);
}

#[test]
fn an_association_without_tls_ends_where_its_listener_turns() {
    let pacs = Pacs::good();
    let settings = plain_listeners::plain(Settings::new(pacs.address));
    let running = Running::of(settings, pacs, TempDir::new().unwrap());
    let gate = &running.scenario.gate;
    let _open = plain_listeners::associated(plain_listeners::address(gate));
    let unchanged = running.check(&[]);
    assert!(unchanged.text.contains("none of 1 open association\n"), "{}", unchanged.text);
    running.edit("plain = true\n", "plain = true\ndirection = \"outward\"\n");
    let changed = running.check(&[]).text;
    assert!(changed.contains(": its listener is outward and plain now"), "{changed}");
    assert!(changed.contains("would end 1 of 1 open association\n"), "{changed}");
}

#[test]
fn an_association_of_a_pacs_is_told_as_that() {
    let (pacs, device) = (Pacs::good(), Pacs::good());
    let settings = Settings::new(pacs.address);
    let settings = with_way_back(settings, device.address, &[("after", r#""any""#)]);
    let running = Running::of(settings, pacs, TempDir::new().unwrap());
    let log = running.scenario.gate.wait_for_log("listener=inside");
    let mut open = sending(ARCHIVE, listening(&log).unwrap(), "ARCHIVE", "CT1");
    opened(&mut open);
    running.edit("[peer.ct1.reach]", "[peer.mr1.reach]");
    let changed = running.check(&[]).text;
    let told = "a reload would end an association of PACS archive (\"ARCHIVE\" from 127.0.0.5) to \"CT1\", \
                peer ct1: ";
    assert!(changed.contains(told), "{changed}");
}

/// A gate that can be asked.
struct Running {
    folder: TempDir,
    scenario: Scenario,
}

struct Checked {
    code: Option<i32>,
    /// Both outputs.
    text: String,
}

impl Running {
    fn in_folder(folder: TempDir) -> Self {
        Self::before(Pacs::good(), folder)
    }

    fn before(pacs: Pacs, folder: TempDir) -> Self {
        let settings = Settings::new(pacs.address);
        Self::of(settings, pacs, folder)
    }

    fn of(settings: Settings, pacs: Pacs, folder: TempDir) -> Self {
        let configuration = settings.file("pacsgate.toml", &settings.text());
        let mut command = command(&configuration);
        command.env("RUNTIME_DIRECTORY", folder.path());
        let gate = Gate::spawn(settings.directory, command);
        let running = Self { folder, scenario: Scenario { pacs, gate } };
        let deadline = Instant::now() + PATIENCE;
        while UnixStream::connect(running.socket()).is_err() {
            assert!(Instant::now() < deadline, "nobody answers");
            std::thread::yield_now();
        }
        running
    }

    /// One of ct1, then one of mr1.
    fn with_two_associations() -> (Self, Vec<Requestor>) {
        let running = Self::in_folder(TempDir::new().unwrap());
        let mut other = Caller::with(&site().mr1).call(running.scenario.gate.address).unwrap();
        let first = running.scenario.associated();
        other.associate(&Associate::echo("MR1", "PACS"));
        (running, vec![first, other])
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("associations")
    }

    fn configuration(&self) -> PathBuf {
        self.scenario.gate.directory.path().join("pacsgate.toml")
    }

    fn edit(&self, from: &str, to: &str) {
        reload::edit(&self.scenario.gate, from, to);
    }

    fn check(&self, options: &[&str]) -> Checked {
        let ask = format!("--against-running={}", self.socket().display());
        self.run(&[&[ask.as_str()], options].concat())
    }

    fn run(&self, options: &[&str]) -> Checked {
        check(&self.configuration(), options)
    }
}

fn check(configuration: &Path, options: &[&str]) -> Checked {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    let output = command.arg("check").args(options).arg(configuration).output().unwrap();
    let both = [output.stdout, output.stderr].concat();
    Checked { code: output.status.code(), text: String::from_utf8(both).unwrap() }
}
