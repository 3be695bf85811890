//! User names with passwords.

use super::{
    NOT_AUTHENTICATED, PASSWORD, accepted, asking, assert_never_saw_an_identity, ct1, password,
    refused, refuses, request, request_as, token, with_passwords,
};
use crate::support::associate::{Associate, Item};
use crate::support::requestor::Caller;
use crate::support::scenario::{Scenario, assert_rejected};
use crate::support::settings::Settings;
use crate::support::site::site;
use std::fs;

/// `alice` and `bob` have passwords, and may use `ct1`; `carol` has one, and may not.
fn usual(settings: Settings) -> Settings {
    with_passwords(settings, &["alice", "bob", "dave"], &["alice", "bob", "carol"])
}

#[test]
fn permits_a_user_with_the_right_password_and_names_it() {
    let scenario = Scenario::with(usual);
    let answer = accepted(scenario.ct1(), &request(password("alice", PASSWORD)));
    assert_eq!(answer, [0x51, 0x52]);
    for event in ["opened", "closed"] {
        let line = scenario.gate.wait_for_audit(|line| line["event"] == event);
        assert_eq!((&line["user"], &line["peer"]), (&"alice".into(), &"ct1".into()), "{line}");
    }
    assert_never_saw_an_identity(&scenario.pacs);
}

#[test]
fn answers_a_user_that_was_accepted_if_and_only_if_that_was_asked() {
    let scenario = Scenario::with(usual);
    let asking = request(asking(password("bob", PASSWORD)));
    let mut requestor = scenario.ct1();
    let answer = requestor.associate(&asking);
    assert_eq!(answer.user_kinds(), [0x51, 0x52, 0x59]);
    // A response of no bytes (PS3.7 section D.3.3.7.2).
    assert_eq!(answer.user_item(0x59).body, [0, 0]);
    requestor.release();
    let quiet = accepted(scenario.ct1(), &request(password("bob", PASSWORD)));
    assert_eq!(quiet, [0x51, 0x52]);
}

#[test]
fn removes_and_notes_an_identity_that_nobody_needs() {
    let scenario = Scenario::usual();
    let answer = accepted(scenario.ct1(), &request(asking(password("alice", PASSWORD))));
    assert_eq!(answer, [0x51, 0x52]);
    let line = scenario.gate.wait_for_audit(|line| line["event"] == "opened");
    assert!(line["notes"].to_string().contains("58"), "{line}");
    assert!(line["user"].is_null(), "{line}");
    assert_never_saw_an_identity(&scenario.pacs);
}

#[test]
fn refuses_a_wrong_password_and_serves_the_right_one_afterwards() {
    for wrong in ["", "kanarienvogel-4711", "Kanarienvogel-4711 ", "Kanarienvogel-471"] {
        let (scenario, line) = refused(usual, &request(password("alice", wrong)), "password-wrong");
        assert!(line["user"].is_null(), "{line}");
        accepted(scenario.ct1(), &request(password("alice", PASSWORD)));
    }
}

#[test]
fn refuses_users_that_are_not_there_or_not_the_peers() {
    let unknown = ["mallory", "Alice", "alice ", "alice\0", "", "dave", "al:ce"];
    for name in unknown {
        refused(usual, &request(password(name, PASSWORD)), "user-unknown");
    }
    let (_, line) = refused(usual, &request(password("carol", PASSWORD)), "user-not-listed");
    // Who has shown the right password is known.
    assert_eq!(line["user"], "carol");
}

#[test]
fn refuses_what_is_missing_or_of_another_kind() {
    refused(usual, &Associate::echo("CT1", "PACS"), "identity-missing");
    for kind in [0, 1, 3, 4, 6, 255] {
        let other = Item::identity(kind, b"alice", PASSWORD.as_bytes());
        refused(usual, &request(other), "identity-kind");
    }
    refused(usual, &request(token("a.b.c")), "identity-kind");
}

#[test]
fn judges_what_costs_nothing_before_a_password() {
    let scenario = Scenario::with(usual);
    let mut requestor = scenario.ct1();
    requestor.send(&request_as("CT9", password("alice", "wrong")).encode());
    assert_rejected(&mut requestor, [1, 1, 3]);
    scenario.gate.audited("refused", "calling-title");
}

#[test]
fn ends_the_attempts_of_one_and_nobody_elses() {
    let scenario = Scenario::with(|settings| {
        let mut settings = usual(settings);
        let keys = ["user_identity", "users"];
        for key in keys {
            settings.mr1.insert(key, settings.ct1[key].clone());
        }
        settings
    });
    let wrong = request(password("alice", "wrong"));
    for _ in 0..5 {
        refuses(&scenario.gate, &ct1(), &wrong, "password-wrong");
    }
    // Even the right one is not looked at any more.
    let right = request(password("alice", PASSWORD));
    refuses(&scenario.gate, &ct1(), &right, "password-attempts");
    let mr1 = Caller::with(&site().mr1).call(scenario.gate.address).unwrap();
    accepted(mr1, &request_as("MR1", password("alice", PASSWORD)));
    // Another title of the same device has attempts of its own.
    accepted(scenario.ct1(), &request_as("CT1_QR", password("bob", PASSWORD)));
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.counted("refused", "password-wrong"), 5);
    assert_eq!(stopped.counted("refused", "password-attempts"), 1);
}

#[test]
fn a_right_password_of_a_user_who_is_not_the_peers_counts_as_a_wrong_one() {
    let scenario = Scenario::with(usual);
    for _ in 0..5 {
        refuses(&scenario.gate, &ct1(), &request(password("carol", PASSWORD)), "user-not-listed");
    }
    refuses(&scenario.gate, &ct1(), &request(password("alice", PASSWORD)), "password-attempts");
}

#[test]
fn hashing_takes_its_memory_once() {
    let scenario = Scenario::with(usual);
    accepted(scenario.ct1(), &request(password("alice", PASSWORD)));
    let before = scenario.gate.resident_memory();
    for _ in 0..20 {
        accepted(scenario.ct1(), &request(password("alice", PASSWORD)));
    }
    // Each hashing computes in 19 MiB.
    let more = scenario.gate.resident_memory().saturating_sub(before);
    assert!(more < 8 * 1024, "{more} KiB more than {before}");
}

#[test]
fn a_reload_while_a_password_waits_for_its_turn_is_heeded() {
    let scenario = Scenario::with(usual);
    let ask = |user| {
        let mut requestor = scenario.ct1();
        requestor.send(&request(password(user, PASSWORD)).encode());
        requestor
    };
    // Few are verified at a time, and of one peer in the order in which they came.
    let before: Vec<_> = (0..25).map(|_| ask("bob")).collect();
    let mut alice = ask("alice");
    let file = scenario.gate.directory.path().join("passwords");
    let lines = fs::read_to_string(&file).unwrap();
    fs::write(&file, lines.replacen("alice:", "alicia:", 1)).unwrap();
    scenario.gate.signal("HUP");
    scenario.gate.wait_for_audit(|line| line["event"] == "reload");
    assert_rejected(&mut alice, NOT_AUTHENTICATED);
    scenario.gate.audited("refused", "user-unknown");
    drop(before);
}

#[test]
fn ends_the_association_of_a_user_whose_password_a_reload_has_changed() {
    let scenario = Scenario::with(usual);
    let mut requestor = scenario.ct1();
    requestor.associate(&request(password("alice", PASSWORD)));
    let file = scenario.gate.directory.path().join("passwords");
    let lines = fs::read_to_string(&file).unwrap();
    let rest: String = lines.lines().skip(1).map(|line| format!("{line}\n")).collect();
    fs::write(&file, format!("alice:{}\n{rest}", super::hashed("another one"))).unwrap();
    scenario.gate.signal("HUP");
    let line = scenario.gate.audited("closed", "withdrawn");
    assert!(line["detail"].to_string().contains("password is wrong"), "{line}");
}

#[test]
fn ends_the_association_of_a_user_whom_a_reload_has_taken_out() {
    for (users, file, reason) in [
        (&["bob"][..], &["alice", "bob"][..], "user is not one of the peer's"),
        (&["alice", "bob"], &["bob"], "no user of this name"),
    ] {
        let scenario = Scenario::with(usual);
        let mut requestor = scenario.ct1();
        requestor.associate(&request(password("alice", PASSWORD)));
        let new = with_passwords(Settings::new(scenario.pacs.address), users, file);
        let directory = scenario.gate.directory.path();
        fs::copy(new.directory.path().join("passwords"), directory.join("passwords")).unwrap();
        let main = fs::read_to_string(directory.join("pacsgate.toml")).unwrap();
        let main = main.replace(r#"["alice", "bob", "dave"]"#, &format!("{users:?}"));
        fs::write(directory.join("pacsgate.toml"), main).unwrap();
        scenario.gate.signal("HUP");
        let line = scenario.gate.audited("closed", "withdrawn");
        assert!(line["detail"].to_string().contains(reason), "{line}");
        assert_eq!(line["user"], "alice");
    }
}
