//! `pacsgate ca`: what it makes, who is let in with it, and that a running gate hears of what counts no
//! more.

mod folder;
mod office;
mod outside;
mod stick;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use tempfile::TempDir;

use crate::reload::reload;
use crate::support::associate::Associate;
use crate::support::authority::DAY;
use crate::support::gate::Gate;
use crate::support::pacs::Pacs;
use crate::support::pdu::abort;
use crate::support::requestor::{Caller, Received, Requestor};
use crate::support::scenario::{assert_rejected, echo};
use crate::support::site::site;
use crate::support::typing::Typing;
use office::{Office, PASSPHRASE, told};

/// An association of a device with this certificate and its key.
fn associated(gate: &Gate, stem: &Path) -> Requestor {
    let mut requestor = Caller::of_files(stem).call(gate.address).unwrap();
    requestor.associate(&Associate::echo("CT1", "PACS"));
    echo(&mut requestor, 1);
    requestor
}

fn is_revoked(gate: &Gate, stem: &Path) {
    let refused = Caller::of_files(stem).refused(gate.address);
    assert!(matches!(refused, Received::Alert(_)), "{refused:?}");
    gate.audited("failed", "certificate-revoked");
}

#[test]
fn a_device_is_let_in_with_what_issue_has_written_and_a_stranger_is_not() {
    let pacs = Pacs::good();
    let office = Office::new("ecdsa");
    let settings = office.settings(pacs.address);
    let said = told(&office.gated(&settings, "issue ct1 --title CT1 --title CT1_QR"), 0);
    assert!(said.contains("conf.d/ct1.toml"), "{said}");
    let ca = format!("  the CA          {}, by which", office.folder().join("ca.pem").display());
    assert!(said.contains(&ca), "{said}");
    assert!(
        said.trim_end().ends_with("systemctl reload pacsgate, or kill -HUP its process"),
        "{said}"
    );
    let gate = settings.start();
    associated(&gate, &office.device("ct1", "ct1")).release();
    let mut other_title =
        Caller::of_files(&office.device("ct1", "ct1")).call(gate.address).unwrap();
    other_title.send(&Associate::echo("MR1", "PACS").encode());
    assert_rejected(&mut other_title, [1, 1, 3]);
    let stranger = Caller::with(&site().ct1).refused(gate.address);
    assert!(matches!(stranger, Received::Alert(_)), "{stranger:?}");
    gate.audited("failed", "unknown-issuer");
    assert_eq!(pacs.connections(), 1);
}

#[test]
fn a_device_that_is_revoked_while_it_is_connected_is_ended_without_a_restart() {
    let pacs = Pacs::good();
    let office = Office::new("ecdsa");
    let settings = office.settings(pacs.address);
    let configuration = settings.directory.path().join("pacsgate.toml");
    told(&office.gated(&settings, "issue ct1 --title CT1"), 0);
    told(&office.gated(&settings, "issue ct2 --title CT2"), 0);
    let gate = settings.start();
    office.systemd_reloads(gate.process());
    let mut revoked = associated(&gate, &office.device("ct1", "ct1"));
    let mut other = Caller::of_files(&office.device("ct2", "ct2")).call(gate.address).unwrap();
    other.associate(&Associate::echo("CT2", "PACS"));
    let said = told(
        &office.at(&configuration, "revoke ct1 --reason key-compromise --unit gate.service"),
        0,
    );
    assert!(said.ends_with("gate.service was reloaded, and has taken it.\n"), "{said}");
    assert_eq!(revoked.receive_pdu().encode(), abort(2, 0));
    assert_eq!(revoked.receive(), Received::Closed);
    let line = gate.audited("closed", "withdrawn");
    assert!(line["detail"].as_str().unwrap().contains("revocation list"), "{line}");
    echo(&mut other, 1);
    other.release();
    is_revoked(&gate, &office.device("ct1", "ct1"));
    assert_eq!(office.asked_of_systemd(), ["is-active gate.service", "reload gate.service"]);
    // The table says that it can go.
    let table = fs::read_to_string(gate.directory.path().join("conf.d/ct1.toml")).unwrap();
    assert!(table.contains("all are revoked"), "{table}");
}

#[test]
fn without_systemd_the_last_line_says_how_the_gate_hears_of_it() {
    let pacs = Pacs::good();
    let office = Office::new("ecdsa");
    let settings = office.settings(pacs.address);
    let configuration = settings.directory.path().join("pacsgate.toml");
    told(&office.gated(&settings, "issue ct1 --title CT1"), 0);
    let gate = settings.start();
    let mut revoked = associated(&gate, &office.device("ct1", "ct1"));
    let said = told(&office.at(&configuration, "revoke ct1"), 0);
    let last = said.lines().last().unwrap();
    assert_eq!(
        last,
        "Reload the gate, so that it takes this: systemctl reload pacsgate, or kill -HUP its process"
    );
    echo(&mut revoked, 2);
    gate.signal("HUP");
    assert_eq!(revoked.receive_pdu().encode(), abort(2, 0));
    gate.audited("closed", "withdrawn");
}

#[test]
fn a_reload_that_systemd_refuses_is_told_with_what_to_do() {
    let office = Office::new("ecdsa");
    let settings = office.settings(Pacs::good().address);
    told(&office.gated(&settings, "issue ct1 --title CT1"), 0);
    office.systemd_says(
        "case $1 in is-active) echo active;; *) echo 'no \u{1b}[1m way' >&2; exit 1;; esac",
    );
    let said = told(&office.gated(&settings, "revoke ct1 --unit gate.service"), 1);
    assert!(
        said.contains("gate.service was not reloaded, and goes on with what it had."),
        "{said}"
    );
    assert!(said.contains("pacsgate check --config") && !said.contains('\u{1b}'), "{said}");
    office.systemd_says("echo inactive; exit 3");
    let said = told(&office.gated(&settings, "crl --unit gate.service"), 0);
    assert!(
        said.ends_with("gate.service does not run; once it starts, it takes this.\n"),
        "{said}"
    );
}

#[test]
fn the_old_and_the_new_certificate_are_let_in_until_the_old_one_is_retired() {
    let pacs = Pacs::good();
    let office = Office::new("ecdsa");
    let settings = office.settings(pacs.address);
    let configuration = settings.directory.path().join("pacsgate.toml");
    told(&office.gated(&settings, "issue ct1 --title CT1"), 0);
    let gate = settings.start();
    let said = told(&office.at(&configuration, "renew ct1"), 0);
    assert!(said.contains("pacsgate ca retire ct1"), "{said}");
    let (old, new) = (office.device("ct1", "ct1"), office.device("ct1", "ct1-2"));
    associated(&gate, &old).release();
    associated(&gate, &new).release();
    told(&office.at(&configuration, "retire ct1"), 0);
    reload(&gate);
    is_revoked(&gate, &old);
    associated(&gate, &new).release();
}

#[test]
fn a_device_that_made_its_own_key_is_let_in_by_the_names_of_the_ca() {
    let pacs = Pacs::good();
    let office = Office::new("ecdsa");
    let settings = office.settings(pacs.address);
    let key = KeyPair::generate().unwrap();
    let request = CertificateParams::new(vec!["mr1.radiology.example".to_owned()]).unwrap();
    let request = request.serialize_request(&key).unwrap();
    let file = office.write("ct1.csr", &request.pem().unwrap());
    told(&office.gated(&settings, &format!("sign {} --name ct1 --title CT1", file.display())), 0);
    let stem = office.device("ct1", "ct1");
    assert!(!stem.with_extension("key").exists());
    fs::write(stem.with_extension("key"), key.serialize_pem()).unwrap();
    let gate = settings.start();
    associated(&gate, &stem).release();
    let mut forged = request.der().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let file = office.0.path().join("forged.csr");
    fs::write(&file, forged).unwrap();
    let said =
        told(&office.ca(&format!("sign {} --name ct2 --title CT2 --no-gate", file.display())), 1);
    assert!(said.contains("the request is not signed with its own key"), "{said}");
}

#[test]
fn a_device_with_an_underscore_in_its_name_is_let_in_within_the_domain_of_the_ca() {
    let pacs = Pacs::good();
    let office = Office::with("init --key ecdsa --permit-dns radiology.example");
    let settings = office.settings(pacs.address);
    told(&office.gated(&settings, "issue ct_1 --title CT1"), 0);
    let table = fs::read_to_string(settings.directory.path().join("conf.d/ct_1.toml")).unwrap();
    assert!(table.contains("san_dns = \"ct_1.radiology.example\""), "{table}");
    let gate = settings.start();
    associated(&gate, &office.device("ct_1", "ct_1")).release();
}

#[test]
fn list_tells_what_there_is_to_people_and_programs() {
    let office = Office::new("ecdsa");
    told(&office.ca("issue ct1 --title CT1 --days 100 --no-gate"), 0);
    told(&office.ca("issue mr1 --title MR1 --dns mr1.example --no-gate"), 0);
    told(&office.ca("revoke mr1 --reason cessation-of-operation --no-gate"), 0);
    let output = office.ca("list --json");
    let report: Value = serde_json::from_str(&told(&output, 0)).unwrap();
    assert_eq!(report["subject"], "CN=Imaging CA");
    let [ct1, mr1] = &report["devices"].as_array().unwrap()[..] else { panic!("{report}") };
    assert_eq!((&ct1["name"], &ct1["titles"][0]), (&Value::from("ct1"), &Value::from("CT1")));
    let certificate = &ct1["certificates"][0];
    assert_eq!(certificate["state"], "good");
    assert_eq!(
        certificate["days_left"].as_u64().map(|days| (99..=100).contains(&days)),
        Some(true)
    );
    let certificate = &mr1["certificates"][0];
    assert_eq!(certificate["state"], "revoked");
    assert_eq!(certificate["reason"], "cessation-of-operation");
    assert_eq!(mr1["dns"][0], "mr1.example");
    assert_eq!(report["crl"]["number"], 2);
    assert_eq!(report["log"]["lines"], 6);
    let said = told(&office.ca("list"), 0);
    let serial = certificate["serial"].as_str().unwrap();
    assert!(said.contains("ct1: CT1; recognised by ct1\n"), "{said}");
    assert!(said.contains(&format!("  {serial}  revoked on ")), "{said}");
}

#[test]
fn nothing_that_exists_is_written_over() {
    let office = Office::new("ecdsa");
    let settings = office.settings(Pacs::good().address);
    let before = fs::read(office.folder().join("ca.key")).unwrap();
    let said = told(&office.ca("init"), 1);
    assert!(said.contains("holds a CA already; nothing in it was touched"), "{said}");
    assert_eq!(fs::read(office.folder().join("ca.key")).unwrap(), before);
    let mine = "[peer.ct1]\n# mine\n";
    let conf_d = settings.directory.path().join("conf.d");
    fs::write(conf_d.join("scanners.toml"), mine).unwrap();
    let said = told(&office.gated(&settings, "issue ct1 --title CT1"), 0);
    assert!(said.contains("[peer.ct1] is in ") && said.contains("scanners.toml already"), "{said}");
    assert_eq!(fs::read_to_string(conf_d.join("scanners.toml")).unwrap(), mine);
    assert!(!conf_d.join("ct1.toml").exists());
    let key = fs::read(office.device("ct1", "ct1").with_extension("key")).unwrap();
    let said = told(&office.gated(&settings, "issue ct1 --title CT1"), 1);
    assert!(said.contains("renew it with `pacsgate ca renew ct1`"), "{said}");
    assert_eq!(fs::read(office.device("ct1", "ct1").with_extension("key")).unwrap(), key);
}

#[test]
fn two_commands_at_a_time_do_not_get_in_each_others_way() {
    let office = Office::new("ecdsa");
    let children: Vec<_> = (0..3)
        .map(|number| {
            let line = format!("issue ct{number} --title CT{number} --no-gate");
            office.command(&line).spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        told(&output, 0);
    }
    let report: Value = serde_json::from_str(&told(&office.ca("list --json"), 0)).unwrap();
    assert_eq!(report["devices"].as_array().unwrap().len(), 3);
    assert_eq!((&report["log"]["lines"], &report["leftovers"]), (&5.into(), &Value::Array(vec![])));
}

#[test]
fn whoever_has_the_key_at_hand_hears_that_the_list_ends_soon() {
    let office = Office::new("ecdsa");
    let part = "The revocation list ends soon";
    let said = told(&office.ca("issue ct1 --title CT1 --no-gate"), 0);
    assert!(!said.contains(part), "{said}");
    told(&office.ca("crl --days 20 --no-gate"), 0);
    let said = told(&office.ca("renew ct1 --no-gate"), 0);
    assert!(said.contains(part), "{said}");
}

#[test]
fn a_table_that_cannot_be_placed_is_told_with_what_was_done() {
    let office = Office::new("ecdsa");
    let settings = office.settings(Pacs::good().address);
    fs::remove_dir(settings.directory.path().join("conf.d")).unwrap();
    let said = told(&office.gated(&settings, "issue ct1 --title CT1"), 1);
    assert!(said.contains("conf.d: make it first, or correct the path. ct1 has its"), "{said}");
    assert!(office.device("ct1", "ct1.toml").exists());
}

#[test]
#[ignore = "needs root, to be somebody else: run tests/all"]
fn whoever_may_not_look_into_the_folder_is_not_told_that_it_is_empty() {
    let office = Office::new("ecdsa");
    let mut list = office.command("list");
    list.uid(65_534).gid(65_534);
    let said = told(&list.output().unwrap(), 1);
    assert!(said.contains("ca cannot be read: Permission denied; run this as root"), "{said}");
}

#[test]
fn wrong_names_are_refused_with_what_they_should_be() {
    let office = Office::new("ecdsa");
    for (line, part) in [
        ("issue CT1 --title CT1", "the device's name \"CT1\" must have 1 to 63 characters"),
        ("issue ../x --title CT1", "the device's name \"../x\""),
        ("issue ct1 --title ABCDEFGHIJKLMNOPQ", "is longer than 16 characters"),
        ("issue ct1 --title A\\B", "has a backslash"),
        ("issue ct1 --title CT1 --dns *.example", "the DNS name \"*.example\""),
        ("issue ct1 --title CT1 --service all", "\"all\" is no service; known are echo"),
        ("issue ct1 --title CT1 --service storage", "is no service; did you mean `store"),
        ("renew ct9", "the CA has issued nothing to \"ct9\""),
        ("revoke 00ff", "neither a device nor a serial number"),
    ] {
        let said = told(&office.ca(&format!("{line} --no-gate")), 1);
        assert!(said.contains(part), "{said}");
    }
    assert!(!office.folder().join("devices").exists());
    for line in ["issue ct1", "issue ct1 --title CT1 --days 0", "issue ct1 --title CT1 --key dsa"] {
        assert_eq!(office.ca(line).status.code(), Some(64), "{line}");
    }
}

#[test]
fn titles_that_are_hardly_meant_are_warned_of() {
    let office = Office::new("ecdsa");
    let settings = office.settings(Pacs::good().address);
    let said = told(&office.gated(&settings, "issue ct1 --title CT1"), 0);
    assert!(!said.contains("warning"), "{said}");
    let said = told(&office.gated(&settings, "issue ct2 --title CT1 --title CT2,CT3"), 0);
    for part in ["\"CT1\" is a title of peer.ct1, too", "\"CT2,CT3\" is one title with a comma"] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(said.matches("warning").count(), 2, "{said}");
}

#[test]
fn a_gate_with_several_pacs_is_not_guessed_about() {
    let office = Office::new("ecdsa");
    let mut settings = office.settings(Pacs::good().address);
    let second = settings.archive.clone();
    settings.more.push(("pacs.second", second));
    let said = told(&office.gated(&settings, "issue ct1 --title CT1"), 1);
    assert!(said.contains("say with --pacs which the device may reach: archive, second"), "{said}");
    let said = told(&office.gated(&settings, "issue ct1 --title CT1 --pacs third"), 1);
    assert!(said.contains("has no PACS \"third\"; it has: archive, second"), "{said}");
    told(&office.gated(&settings, "issue ct1 --title CT1 --pacs second"), 0);
    let table = fs::read_to_string(settings.directory.path().join("conf.d/ct1.toml")).unwrap();
    assert!(table.contains("pacs = [\"second\"]\n"), "{table}");
}

#[test]
fn a_gate_that_would_not_hear_of_a_revocation_is_told_apart() {
    let office = Office::new("ecdsa");
    let mut settings = office.settings(Pacs::good().address);
    settings.tls.remove("client_crl");
    told(&office.gated(&settings, "issue ct1 --title CT1"), 0);
    let said = told(&office.gated(&settings, "revoke ct1"), 1);
    assert!(
        said.contains("has a list of this CA in client_crl, so that the gate still lets in"),
        "{said}"
    );
    settings.tls.remove("client_ca");
    let said = told(&office.gated(&settings, "issue ct2 --title CT2"), 0);
    assert!(said.contains("put a copy of ca.pem there"), "{said}");
}

#[test]
fn the_passphrase_is_asked_for_and_never_shown() {
    let office = Office::new("ecdsa");
    let wrong = office.write("wrong", "not the passphrase\n");
    let line = ["issue", "ct1", "--title", "CT1", "--no-gate"];
    let with = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
        command.arg("ca").args(line).arg("--ca").arg(office.folder()).args(arguments);
        command.output().unwrap()
    };
    let said = told(&with(&["--passphrase-file", wrong.to_str().unwrap()]), 1);
    assert!(said.contains("the passphrase is wrong"), "{said}");
    let said = told(&with(&[]), 1);
    assert!(said.contains("give it with --passphrase-file FILE"), "{said}");
    told(&office.ca("issue ct1 --title CT1 --no-gate"), 0);
    let log = fs::read_to_string(office.folder().join("log.jsonl")).unwrap();
    let password =
        fs::read_to_string(office.device("ct1", "ct1").with_extension("password")).unwrap();
    assert!(!log.contains(PASSPHRASE) && !log.contains(password.trim()));
}

#[test]
fn on_a_terminal_the_passphrase_is_asked_for_twice_and_then_once() {
    let folder = TempDir::new().unwrap();
    let on_a_terminal = |line: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
        command.arg("ca").args(line.split(' ')).arg("--ca").arg(folder.path());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Typing::new(command)
    };
    let mut typing = on_a_terminal("init --key ecdsa");
    assert_eq!(typing.asked(), "Passphrase for the CA's key: ");
    assert!(!typing.shows());
    typing.types(PASSPHRASE);
    assert_eq!(typing.asked(), "Again: ");
    typing.types("Kanarienvogel-4712");
    let (output, shown) = typing.ends();
    assert_eq!(told(&output, 1), "the two passphrases are not the same; try again\n");
    assert_eq!((shown.trim(), fs::read_dir(folder.path()).unwrap().count()), ("", 0));
    let mut typing = on_a_terminal("init --key ecdsa");
    for _ in 0..2 {
        typing.asked();
        typing.types(PASSPHRASE);
    }
    told(&typing.ends().0, 0);
    let mut typing = on_a_terminal("issue ct1 --title CT1 --no-gate");
    assert_eq!(typing.asked(), "Passphrase of the CA's key: ");
    typing.types(PASSPHRASE);
    let (output, shown) = typing.ends();
    told(&output, 0);
    assert_eq!(shown.trim(), "");
}

#[test]
fn among_several_cas_of_the_gate_this_one_is_named_and_only_its_list_is_replaced() {
    let pacs = Pacs::good();
    let office = Office::new("ecdsa");
    let mut settings = office.settings(pacs.address);
    let small = settings.tls["client_ca"].clone();
    let hospital = settings.file("hospital.pem", &site().root.pem());
    settings.tls.insert("client_ca", format!("{{ hospital = {hospital:?}, small = {small} }}"));
    let lists = settings.directory.path().join("ca.crl");
    let theirs = site().root.crl(&[], SystemTime::now() + DAY);
    let both = theirs.clone() + &fs::read_to_string(&lists).unwrap();
    fs::write(&lists, both).unwrap();
    told(&office.gated(&settings, "issue ct1 --title CT1"), 0);
    let configuration = settings.directory.path().join("pacsgate.toml");
    let gate = settings.start();
    associated(&gate, &office.device("ct1", "ct1")).release();
    told(&office.at(&configuration, "revoke ct1"), 0);
    let after = fs::read_to_string(gate.directory.path().join("ca.crl")).unwrap();
    let ours = fs::read_to_string(office.folder().join("ca.crl")).unwrap();
    assert_eq!(after, format!("{}\n{}\n", theirs.trim(), ours.trim()));
    reload(&gate);
    is_revoked(&gate, &office.device("ct1", "ct1"));
}

#[test]
fn a_device_whose_key_was_stolen_comes_back_under_its_name() {
    let pacs = Pacs::good();
    let office = Office::new("ecdsa");
    let settings = office.settings(pacs.address);
    let configuration = settings.directory.path().join("pacsgate.toml");
    told(&office.gated(&settings, "issue ct1 --title CT1"), 0);
    let gate = settings.start();
    told(&office.at(&configuration, "revoke ct1 --reason key-compromise"), 0);
    // As the table itself says.
    fs::remove_file(gate.directory.path().join("conf.d/ct1.toml")).unwrap();
    let said = told(&office.at(&configuration, "renew ct1"), 0);
    assert!(said.contains("conf.d/ct1.toml.\nReload the gate"), "{said}");
    reload(&gate);
    is_revoked(&gate, &office.device("ct1", "ct1"));
    associated(&gate, &office.device("ct1", "ct1-2")).release();
}

#[test]
fn a_log_that_was_changed_is_named_and_nothing_is_signed() {
    let office = Office::new("ecdsa");
    told(&office.ca("issue ct1 --title CT1 --no-gate"), 0);
    let path = office.folder().join("log.jsonl");
    let log = fs::read_to_string(&path).unwrap();
    fs::write(&path, log.replace("CT1", "CT7")).unwrap();
    for line in ["issue ct2 --title CT2 --no-gate", "list", "crl --no-gate", "revoke ct1 --no-gate"]
    {
        let said = told(&office.ca(line), 1);
        assert!(said.contains("log.jsonl, line 3: it was changed. Nothing is signed"), "{said}");
    }
    assert!(!office.folder().join("devices/ct2").exists());
}

#[test]
fn the_gates_own_certificate_is_renewed_in_its_place() {
    let office = Office::new("ecdsa");
    let tls = office.0.path().join("tls");
    fs::create_dir(&tls).unwrap();
    let line = format!("server --dns gate.example --key ecdsa --write {} --no-gate", tls.display());
    told(&office.ca(&line), 0);
    let first = fs::read(tls.join("gateway-ecdsa.pem")).unwrap();
    let said = told(&office.ca(&line), 1);
    assert!(said.contains("is there already, and nothing is written over"), "{said}");
    told(&office.ca(&format!("{line} --replace")), 0);
    assert_ne!(fs::read(tls.join("gateway-ecdsa.pem")).unwrap(), first);
    assert_eq!(fs::read_dir(&tls).unwrap().count(), 2);
}
