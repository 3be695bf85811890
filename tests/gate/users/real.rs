//! Users of real requestors, before a real PACS that would take anybody.
//!
//! Plain `cargo test` names these tests as ignored; `tests/all` installs the peers and runs them.

use super::tokens::{Issuer, with_tokens};
use super::{PASSWORD, with_passwords};
use crate::matrix::installed::{python, run, script};
use crate::support::dcmtk::{Credentials, Storescp, call, objects, settings, words};
use crate::support::gate::Gate;
use crate::support::settings::Settings;
use crate::support::site::{GATE_NAME, site};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

const TITLES: [&str; 2] = ["CT1", "PACS"];

/// What DCMTK says when it wants an answer and gets none.
const UNANSWERED: &str = "requires user identity response";

fn gated(change: impl FnOnce(Settings) -> Settings) -> (Storescp, Gate) {
    let pacs = Storescp::start();
    let gate = change(settings(Settings::new(pacs.address))).start();
    (pacs, gate)
}

/// Has `storescu` send an object with these options: whether it did, and what it said.
fn storescu(gate: &Gate, options: &[&str]) -> (bool, String) {
    let directory = TempDir::new().unwrap();
    let (_, object) = objects(directory.path()).swap_remove(0);
    let options: Vec<PathBuf> = options.iter().map(PathBuf::from).collect();
    let credentials = Credentials::of(&site().ct1);
    let options = [credentials.options(), options].concat();
    let output = call("storescu", &options, TITLES, gate.address, &[object]);
    (output.status.success(), words(&output))
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn storescu_stores_with_a_user_name_and_its_password() {
    let users = |settings| with_passwords(settings, &["alice"], &["alice", "bob"]);
    let (pacs, gate) = gated(users);
    for options in [
        &["--user", "alice", "--password", PASSWORD][..],
        &["--user", "alice", "--password", PASSWORD, "-rsp"],
    ] {
        let (stored, said) = storescu(&gate, options);
        assert!(stored, "{said}");
        assert!(!said.contains(UNANSWERED), "{said}");
    }
    assert_eq!(pacs.connections(), 2);
    for (options, reason) in [
        (&["--user", "alice", "--password", "wrong"][..], "password-wrong"),
        (&["--user", "alice", "--empty-password"], "password-wrong"),
        (&["--user", "mallory", "--password", PASSWORD], "user-unknown"),
        (&["--user", "bob", "--password", PASSWORD, "-rsp"], "user-not-listed"),
        (&["--user", "alice"], "identity-kind"),
        (&[], "identity-missing"),
    ] {
        let (stored, said) = storescu(&gate, options);
        assert!(!stored, "{said}");
        gate.audited("refused", reason);
    }
    assert_eq!(pacs.connections(), 2);
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn storescu_stores_with_a_token() {
    let issuer = Issuer::new();
    let (pacs, gate) = gated(|settings| with_tokens(settings, &issuer));
    let directory = TempDir::new().unwrap();
    let file = |name: &str, token: String| {
        let path = directory.path().join(name);
        std::fs::write(&path, token).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = file("good", issuer.token(|_| {}));
    for options in [&["--jwt", &good][..], &["--jwt", &good, "-rsp"]] {
        let (stored, said) = storescu(&gate, options);
        assert!(stored, "{said}");
        assert!(!said.contains(UNANSWERED), "{said}");
    }
    assert_eq!(pacs.connections(), 2);
    let other = file("other", issuer.token(|claims| claims["sub"] = json!("bob")));
    let (stored, said) = storescu(&gate, &["--jwt", &other]);
    assert!(!stored, "{said}");
    gate.audited("refused", "token-subject");
    assert_eq!(pacs.connections(), 2);
}

/// What pynetdicom is told with this user identity.
fn echo_by_pynetdicom(gate: &Gate, user: &Value) -> Value {
    let credentials = Credentials::of(&site().ct1);
    let order = json!({
        "operation": "echo", "host": "127.0.0.1", "port": gate.address.port(),
        "calling": "CT1", "called": "PACS", "tls": credentials.directory.path(),
        "version": "1.3", "name": GATE_NAME, "user": user,
    });
    let mut command = Command::new(python());
    let output = run(command.arg(script("scu.py")).arg(order.to_string()));
    let said = words(&output);
    let line = said.lines().find(|line| line.starts_with('{'));
    serde_json::from_str(line.unwrap_or_else(|| panic!("{said}"))).unwrap()
}

#[test]
#[ignore = "needs pynetdicom and DCMTK: run tests/all"]
fn pynetdicom_shows_its_user() {
    let users = |settings| with_passwords(settings, &["alice"], &["alice"]);
    let (pacs, gate) = gated(users);
    for wants_answer in [false, true] {
        let told = echo_by_pynetdicom(&gate, &json!([2, "alice", PASSWORD, wants_answer]));
        assert_eq!(told, json!({"status": 0, "answered": wants_answer}));
    }
    let refused = echo_by_pynetdicom(&gate, &json!([2, "alice", "wrong", true]));
    assert!(refused["refused"].to_string().contains('2'), "{refused}");
    gate.audited("refused", "password-wrong");
    assert_eq!(pacs.connections(), 2);

    let issuer = Issuer::new();
    let (pacs, gate) = gated(|settings| with_tokens(settings, &issuer));
    let told = echo_by_pynetdicom(&gate, &json!([5, issuer.token(|_| {}), "", true]));
    assert_eq!(told, json!({"status": 0, "answered": true}));
    assert_eq!(pacs.connections(), 1);
}
