//! The first page of the README, counted: from a bare Debian with the package beside it to a device that
//! stores, and a stranger that does not.

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::Instant;

use crate::hospital::{make_object, start_pacs, take_stored};
use crate::machine::{Machine, Said};
use crate::packages::FIRST;

const README: &str = include_str!("../../README.md");
/// What the README promises.
const COMMANDS: usize = 5;
/// The only thing that is typed besides.
const PASSPHRASE: &[u8] = b"canary: correct horse\n";

#[test]
#[ignore = "boots a machine: run tests/all"]
fn five_commands_and_no_line_of_configuration_protect_a_pacs() {
    let machine = Machine::boot();
    start_pacs(&machine, "");
    make_object(&machine);
    machine.bring(FIRST);
    let before = etc(&machine);
    let commands = first_page();
    assert!(commands.len() <= COMMANDS, "{commands:#?}");
    let begun = Instant::now();
    for command in &commands {
        let said = typed(&machine, command);
        assert_eq!(said.code, Some(0), "{command}\n{}\n{}", said.text, machine.journal());
    }
    // Measured by whoever asks: cargo test --test booted five_commands -- --ignored --nocapture
    println!("{} commands in {:.1} s", commands.len(), begun.elapsed().as_secs_f64());
    assert_eq!(take_stored(&machine), 1, "the last command stores");
    let made: Vec<_> = etc(&machine).into_iter().filter(|name| !before.contains(name)).collect();
    assert!(made.contains(&"/etc/pacsgate/conf.d/ct1.toml".to_owned()), "{made:?}");
    let owners = "stat --format=%U:%G:%a /etc/pacsgate/pacsgate.toml /etc/pacsgate/tls/gateway.key \
                  /etc/pacsgate/conf.d/ct1.toml /etc/pacsgate-ca";
    let gates = "root:pacsgate:640\n".repeat(3);
    assert_eq!(machine.done(&words(owners)), format!("{gates}root:root:700\n"));
    let checked = machine.done(&["pacsgate", "check", "--strict"]);
    assert!(checked.starts_with("good: "), "{checked}");

    refuses_strangers(&machine, commands.last().unwrap());
    doctor_finds_what_is_true(&machine);
    let somebody = machine.run(&["runuser", "-u", "nobody", "--", "pacsgate", "init"]);
    assert_eq!(somebody.code, Some(1));
    assert!(
        somebody.text.contains("/etc/pacsgate is root's: run this as root"),
        "{}",
        somebody.text
    );
    let again = typed(&machine, &commands[1]);
    assert_eq!(again.code, Some(0), "{}", again.text);
    assert!(!again.text.contains("made"), "{}", again.text);
}

/// Whoever has no certificate, one of another CA with the same names, or another's title.
fn refuses_strangers(machine: &Machine, store: &str) {
    for command in [
        "pacsgate ca init --ca /root/foreign --no-passphrase",
        "pacsgate ca issue ct1 --title CT1 --ca /root/foreign --no-gate",
    ] {
        machine.done(&words(command));
    }
    let foreign = store.replace("/etc/pacsgate-ca/devices", "/root/foreign/devices");
    let nobody = "storescu -aet CT1 -aec PACS 127.0.0.1 2762 /root/object.dcm";
    let anonymous = "storescu -aet CT1 -aec PACS +tla +cf /etc/pacsgate-ca/ca.pem 127.0.0.1 2762 \
                     /root/object.dcm";
    for stranger in [&foreign, nobody, anonymous, &store.replace("-aet CT1", "-aet CT2")] {
        assert_ne!(stranger, store);
        let said = machine.run(&words(stranger));
        assert_ne!(said.code, Some(0), "{stranger}\n{}", said.text);
        assert_eq!(take_stored(machine), 0, "{stranger}");
    }
    let audit = machine.journal();
    for reason in ["unknown-issuer", "plain-dicom", "certificate-missing", "calling-title"] {
        assert!(audit.contains(&format!("\"reason\":\"{reason}\"")), "{reason}\n{audit}");
    }
}

/// Nothing is wrong with the gate that the page leads to; what is open on this machine, which is its own
/// PACS, only the machine itself reaches.
fn doctor_finds_what_is_true(machine: &Machine) {
    let said = machine.run(&["pacsgate", "doctor", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.text);
    let report = said.text.lines().find(|line| line.starts_with('{')).expect("a report");
    let report: serde_json::Value = serde_json::from_str(report).unwrap();
    let found = report["findings"].as_array().unwrap().iter();
    let found = found.map(|one| [&one["severity"], &one["code"], &one["place"]]);
    let found: Vec<_> = found.map(|one| one.map(|text| text.as_str().unwrap())).collect();
    let sound = ["configuration", "certificate-demanded", "tls"];
    for code in sound {
        assert!(found.iter().any(|[severity, it, _]| (*severity, *it) == ("good", code)), "{code}");
    }
    // The clock of a container is that of its host, which the machine cannot ask.
    let of_machine = ["clock", "seen-from-gate"];
    for [severity, code, place] in &found {
        // It knows no queries.
        let is_of_pacs = code.starts_with("dicom-") || *code == "query-refused";
        let is_pacs = *place == "127.0.0.1:11112" && is_of_pacs;
        let is_true = sound.contains(code) || of_machine.contains(code) || is_pacs;
        assert!(is_true && ["low", "good"].contains(severity), "{severity} {code} {place}");
    }
}

/// The commands of the README's second way in, for this machine and its PACS.
fn first_page() -> Vec<String> {
    let (_, way) = README.split_once("### Protect one PACS today\n").expect("the second way in");
    let (_, block) = way.split_once("```sh\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let block = block.replace("\\\n", " ");
    let fit = |line: &str| {
        line.replace("apt install ./pacsgate_0.1.0-1_amd64.deb", "dpkg -i /root/pacsgate.deb")
            .replace("10.10.0.5:104", "127.0.0.1:11112")
            .replace("GATE-HOST", "127.0.0.1")
            .replace("object.dcm", "/root/object.dcm")
    };
    block.lines().map(fit).collect()
}

/// As an administrator gives it, who types the passphrase where it is asked for.
fn typed(machine: &Machine, command: &str) -> Said {
    let mut all = words(command);
    let asks = ["pacsgate init", "pacsgate ca"].iter().any(|start| command.starts_with(start));
    if asks {
        all.extend(["--passphrase-file", "-"]);
    }
    let mut command = machine.command(&all);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that asks nothing has ended before it has read.
    let _ = child.stdin.take().unwrap().write_all(if asks { PASSPHRASE } else { b"" });
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    Said { code: output.status.code(), text }
}

fn words(command: &str) -> Vec<&str> {
    command.split_whitespace().collect()
}

/// The files of the gate's folder.
fn etc(machine: &Machine) -> Vec<String> {
    let folders = ["/etc/pacsgate", "/etc/pacsgate/conf.d"];
    let names = folders.into_iter().flat_map(|folder| {
        let entries = fs::read_dir(machine.path(folder)).into_iter().flatten();
        entries.map(move |entry| format!("{folder}/{}", entry.unwrap().file_name().display()))
    });
    names.collect()
}
