//! Upgrades and downgrades.

use crate::hospital::{PORT, assert_stores, configuration, serving};
use crate::packages::{FIRST, LATER};
use std::fs;

#[test]
#[ignore = "boots a machine: run tests/all"]
fn an_upgrade_and_a_downgrade_restart_a_gate_that_runs() {
    let machine = serving();
    for version in [LATER, FIRST] {
        let before = machine.service("MainPID");
        let said = machine.install(version);
        assert_eq!(said.code, Some(0), "{}", said.text);
        assert!(!said.text.contains("not running"), "{}", said.text);
        assert_ne!(machine.service("MainPID"), before);
        assert_eq!(machine.service("UnitFileState"), "enabled");
        assert_stores(&machine);
    }
}

#[test]
#[ignore = "boots a machine: run tests/all"]
fn an_upgrade_starts_no_gate_that_does_not_run() {
    let machine = serving();
    machine.done(&["systemctl", "stop", "pacsgate"]);
    let said = machine.install(LATER);
    assert_eq!(said.code, Some(0), "{}", said.text);
    assert!(said.text.contains("not running"), "{}", said.text);
    assert_eq!(machine.service("ActiveState"), "inactive");
}

#[test]
#[ignore = "boots a machine: run tests/all"]
fn an_upgrade_leaves_the_old_gate_running_if_the_new_one_does_not_accept_the_configuration() {
    let machine = serving();
    let path = machine.path("/etc/pacsgate/pacsgate.toml");
    // The old one has read another file.
    fs::write(&path, configuration(PORT) + "[limits]\nno_such_limit = 1\n").unwrap();
    let before = machine.service("MainPID");
    let said = machine.install(LATER);
    assert_eq!(said.code, Some(0), "{}", said.text);
    for part in ["does not accept the configuration", "still running", "no_such_limit"] {
        assert!(said.text.contains(part), "{}", said.text);
    }
    assert_eq!(machine.service("MainPID"), before);
    assert_stores(&machine);

    fs::write(&path, configuration(PORT)).unwrap();
    machine.done(&["systemctl", "restart", "pacsgate"]);
    assert_ne!(machine.service("MainPID"), before);
    assert_stores(&machine);
}
