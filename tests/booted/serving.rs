//! The service: reload, watchdog, stop, and a port that systemd opens.

use crate::hospital::{
    PORT, assert_stores, configuration, device, send_as, serving, slow_down_pacs, start_to_send,
    take_stored,
};
use crate::machine::Machine;
use std::fs;

#[test]
#[ignore = "boots a machine: run tests/all"]
fn reloads_what_is_valid_and_keeps_what_runs_otherwise() {
    let machine = serving();
    let process = machine.service("MainPID");
    let is_stored = || send_as(&machine, "ct2", "CT2", PORT).code == Some(0);
    assert!(!is_stored());

    let path = machine.path("/etc/pacsgate/conf.d/ct2.toml");
    fs::write(&path, device("ct2", "ct2.radiology.example", "CT2")).unwrap();
    machine.done(&["chown", "root:pacsgate", "/etc/pacsgate/conf.d/ct2.toml"]);
    machine.done(&["systemctl", "reload", "pacsgate"]);
    machine.wait_for("reload", || is_stored().then_some(()));

    fs::write(&path, device("ct2", "ct2.radiology.example", "A_TITLE_THAT_IS_TOO_LONG")).unwrap();
    let said = machine.run(&["systemctl", "reload", "pacsgate"]);
    assert_eq!(said.code, Some(1), "{}", said.text);
    let status = machine.done(&["systemctl", "status", "--full", "--lines=30", "pacsgate"]);
    assert!(status.contains("A_TITLE_THAT_IS_TOO_LONG"), "{status}");
    assert!(is_stored());
    assert_eq!(machine.service("MainPID"), process);
}

#[test]
#[ignore = "boots a machine: run tests/all"]
fn reloads_by_itself_when_a_certificate_changes() {
    let machine = serving();
    machine.done(&["systemctl", "enable", "--now", "pacsgate-reload.path"]);
    let before = reloads(&machine);
    machine.done(&["touch", "/etc/pacsgate/tls/gateway.pem"]);
    machine.wait_for("reload", || (reloads(&machine) > before).then_some(()));
    assert_stores(&machine);
}

#[test]
#[ignore = "boots a machine: run tests/all"]
fn is_restarted_by_the_watchdog_when_it_hangs() {
    let machine = serving();
    let folder = machine.path("/etc/systemd/system/pacsgate.service.d");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("watchdog.conf"), "[Service]\nWatchdogSec=2s\n").unwrap();
    machine.done(&["systemctl", "daemon-reload"]);
    machine.done(&["systemctl", "restart", "pacsgate"]);
    let process = machine.service("MainPID");
    machine.done(&["sh", "-c", &format!("kill -STOP {process}")]);
    machine.wait_for("restart", || {
        let is_restarted = machine.service("NRestarts") == "1";
        (is_restarted && machine.service("ActiveState") == "active").then_some(())
    });
    assert_ne!(machine.service("MainPID"), process);
    assert!(machine.journal().contains("Watchdog timeout"));
    assert_stores(&machine);
}

#[test]
#[ignore = "boots a machine: run tests/all"]
fn finishes_a_transfer_before_it_stops() {
    let machine = serving();
    slow_down_pacs(&machine);
    let opened = count(&machine, r#""event":"opened""#);
    let mut sending = start_to_send(&machine, "ct1", "CT1", PORT);
    machine.wait_for("association", || {
        (count(&machine, r#""event":"opened""#) > opened).then_some(())
    });
    assert!(sending.try_wait().unwrap().is_none(), "it has ended before the stop");
    machine.done(&["systemctl", "stop", "pacsgate"]);
    assert_eq!(machine.service("Result"), "success");
    assert_eq!(machine.service("ExecMainStatus"), "0");
    let sent = sending.wait_with_output().unwrap();
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    assert_eq!(take_stored(&machine), 1);
}

#[test]
#[ignore = "boots a machine: run tests/all"]
fn serves_port_104_without_any_capability() {
    let machine = serving();
    fs::write(machine.path("/etc/pacsgate/pacsgate.toml"), configuration(104)).unwrap();
    // As pacsgate.socket says.
    machine.done(&["systemctl", "stop", "pacsgate"]);
    machine.done(&["systemctl", "enable", "--now", "pacsgate.socket"]);
    machine.done(&["pacsgate", "check"]);
    machine.done(&["systemctl", "start", "pacsgate"]);
    let is_stored = || {
        let said = send_as(&machine, "ct1", "CT1", 104);
        assert_eq!(said.code, Some(0), "{}\n{}", said.text, machine.journal());
    };
    is_stored();
    let status = format!("/proc/{}/status", machine.service("MainPID"));
    let status = fs::read_to_string(machine.path(&status)).unwrap();
    for line in ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000"] {
        assert!(status.contains(line), "{status}");
    }

    // The port stays open, and who connects starts the gate.
    machine.done(&["systemctl", "stop", "pacsgate.service"]);
    assert_eq!(machine.service("ActiveState"), "inactive");
    is_stored();
    assert_eq!(machine.service("ActiveState"), "active");
}

fn reloads(machine: &Machine) -> usize {
    count(machine, r#""event":"reload","reason":"applied""#)
}

/// How many lines of the journal have this.
fn count(machine: &Machine, part: &str) -> usize {
    machine.journal().lines().filter(|line| line.contains(part)).count()
}
