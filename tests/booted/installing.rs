//! Installing, removing and purging.

use crate::hospital::{assert_stores, prepare, serving};
use crate::machine::Machine;
use crate::packages::{FIRST, LATER};

#[test]
#[ignore = "boots a machine: run tests/all"]
fn starts_nothing_and_says_what_to_do_next() {
    let machine = Machine::boot();
    let said = machine.install(FIRST);
    assert_eq!(said.code, Some(0), "{}", said.text);
    let next = ["pacsgate init", "pacsgate ca issue", "pacsgate check", "enable --now pacsgate"];
    for part in next {
        assert!(said.text.contains(part), "{}", said.text);
    }
    assert_eq!(machine.service("ActiveState"), "inactive");
    assert_eq!(machine.service("UnitFileState"), "disabled");

    let account = machine.done(&["getent", "passwd", "pacsgate"]);
    assert!(account.trim_end().ends_with("/usr/sbin/nologin"), "{account}");
    let modes = "/etc/pacsgate root:pacsgate 750\n\
                 /etc/pacsgate/conf.d root:pacsgate 750\n\
                 /etc/pacsgate/tls root:pacsgate 750\n\
                 /var/log/pacsgate pacsgate:pacsgate 750\n\
                 /var/lib/pacsgate pacsgate:pacsgate 700\n";
    let folders = ["/etc/pacsgate", "/etc/pacsgate/conf.d", "/etc/pacsgate/tls"];
    let mut words = vec!["stat", "--format=%n %U:%G %a"];
    words.extend(folders);
    words.extend(["/var/log/pacsgate", "/var/lib/pacsgate"]);
    assert_eq!(machine.done(&words), modes);

    // What it says to do is enough.
    prepare(&machine);
    let said = machine.done(&["pacsgate", "check"]);
    assert!(!said.contains("error"), "{said}");
    machine.done(&["systemctl", "enable", "--now", "pacsgate"]);
    assert_stores(&machine);
    assert_eq!(machine.run(&["systemctl", "is-system-running"]).text, "running\n");
}

#[test]
#[ignore = "boots a machine: run tests/all"]
fn says_what_is_used_instead_of_the_package() {
    let machine = Machine::boot();
    std::fs::write(machine.path("/usr/local/bin/pacsgate"), "").unwrap();
    let said = machine.install(FIRST).text;
    assert!(said.contains("/usr/local/bin/pacsgate is used instead of this package's"), "{said}");
}

#[test]
#[ignore = "boots a machine: run tests/all"]
fn keeps_the_configuration_when_it_is_removed_and_deletes_it_when_it_is_purged() {
    let machine = serving();
    machine.done(&["dpkg", "--remove", "pacsgate"]);
    assert_eq!(machine.service("ActiveState"), "inactive");
    assert_eq!(machine.service("LoadState"), "not-found");
    assert!(!machine.path("/usr/bin/pacsgate").exists());
    assert!(machine.path("/etc/pacsgate/tls/gateway.key").exists());
    let wanted = "/etc/systemd/system/multi-user.target.wants/pacsgate.service";
    assert!(machine.path(wanted).symlink_metadata().is_err());

    let said = machine.install(LATER);
    assert_eq!(said.code, Some(0), "{}", said.text);
    assert!(!said.text.contains("pacsgate init"), "{}", said.text);
    machine.done(&["systemctl", "enable", "--now", "pacsgate"]);
    assert_stores(&machine);

    machine.done(&["dpkg", "--purge", "pacsgate"]);
    assert!(!machine.path("/etc/pacsgate").exists());
    assert!(!machine.path("/var/log/pacsgate").exists());
    assert!(!machine.path("/var/lib/pacsgate").exists());
    // What else belongs to the user must not become that of the next new one.
    machine.done(&["getent", "passwd", "pacsgate"]);
}
