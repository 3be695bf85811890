//! `pacsgate probe --plain`: is there a way around the gate?

use crate::support::stage::{Stage, closed_port, said, silent_port};

#[test]
fn is_content_with_a_port_that_refuses() {
    let (_closed, address) = closed_port();
    let said = said(&["probe", "--plain", &address.to_string()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.text.starts_with("TCP closed: 127.0.0.1:"), "{said:?}");
    assert!(said.text.contains("refused") && said.text.contains("cannot be reached"), "{said:?}");
    assert!(!said.text.contains("FAILED"), "{said:?}");
}

#[test]
fn shows_nothing_of_a_name_without_an_address() {
    let said = said(&["probe", "--plain", "pacs.invalid:104", "--timeout", "5s"]);
    assert_eq!(said.code, Some(64), "{said:?}");
    assert!(said.text.starts_with("name FAILED: "), "{said:?}");
}

#[test]
fn finds_a_pacs_that_lets_anybody_in() {
    let stage = Stage::up(&[]);
    let said = said(&["probe", "--plain", &stage.pacs.to_string()]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.text.contains("TCP FAILED: 127.0.0.1:"), "{said:?}");
    assert!(said.text.contains("ACCEPTED without TLS"), "{said:?}");
    assert!(said.text.contains("the gate protects nothing"), "{said:?}");
}

#[test]
fn finds_an_open_port_that_says_nothing() {
    let (_silent, address) = silent_port();
    let said = said(&["probe", "--plain", &address.to_string(), "--timeout", "200ms"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.text.contains("is open") && said.text.contains("no answer"), "{said:?}");
}

#[test]
fn knows_the_gate_itself() {
    let stage = Stage::up(&[]);
    let said = said(&["probe", "--plain", &stage.gate.to_string()]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.text.contains("If this is the gate"), "{said:?}");
}
