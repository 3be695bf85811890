//! The command line and the configuration, as far as the running binary shows them.

use crate::support::PATIENCE;
use crate::support::associate::Associate;
use crate::support::configuration::{Table, named, peer};
use crate::support::gate::{Gate, command, listening};
use crate::support::requestor::Caller;
use crate::support::scenario::{assert_rejected, echo};
use crate::support::settings::Settings;
use crate::support::site::site;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

#[test]
fn a_missing_configuration_is_exit_code_78() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("nowhere.toml");
    let words = refused(command(&path), 78);
    assert!(words.contains("nowhere.toml"), "{words}");
}

#[test]
fn an_unknown_option_is_exit_code_64() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    command.args(["run", "--allow-all"]);
    let words = refused(command, 64);
    assert!(words.contains("--allow-all"), "{words}");
}

#[test]
fn version_and_help_are_exit_code_0() {
    for option in ["--version", "--help"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
        refused(command.arg(option).stdout(Stdio::null()), 0);
    }
}

#[test]
fn an_unknown_key_is_named_with_file_line_and_the_nearest_key() {
    let mut settings = settings();
    settings.limits.insert("answers", "\"3s\"".into());
    let line = settings.text().lines().position(|line| line.starts_with("answers")).unwrap() + 1;
    let words = configuration_refused(&settings);
    assert!(words.contains(&format!("pacsgate.toml:{line}")), "{words}");
    assert!(words.contains("limits.answers") && words.contains("`answer`"), "{words}");
}

#[test]
fn all_problems_are_named_at_once() {
    let mut settings = settings();
    settings.archive.insert("called_ae", r#"["A_TITLE_THAT_IS_TOO_LONG"]"#.into());
    settings.ct1.insert("services", r#"["ecko"]"#.into());
    settings.mr1.insert("pacs", r#"["archiv"]"#.into());
    let words = configuration_refused(&settings);
    for part in ["A_TITLE_THAT_IS_TOO_LONG", "ecko", "archiv"] {
        assert!(words.contains(part), "{words}");
    }
}

#[test]
fn empty_lists_do_not_load() {
    for key in ["certificate", "calling_ae", "pacs", "services"] {
        let mut settings = settings();
        settings.ct1.insert(key, "[]".into());
        let words = configuration_refused(&settings);
        assert!(words.contains(&format!("peer.ct1.{key}")), "{words}");
    }
}

#[test]
fn a_key_whose_enforcement_is_not_built_does_not_load() {
    let mut settings = settings();
    settings.more.push(("guard", Table::from([("mode", r#""refuse""#.into())])));
    let words = configuration_refused(&settings);
    assert!(words.contains("not enforced"), "{words}");
}

#[test]
fn one_certificate_of_two_peers_does_not_load() {
    let mut settings = settings();
    settings.mr1.insert("certificate", settings.ct1["certificate"].clone());
    let words = configuration_refused(&settings);
    assert!(words.contains("ct1") && words.contains("mr1"), "{words}");
}

#[test]
fn a_key_that_does_not_belong_to_its_certificate_does_not_load() {
    let mut settings = settings();
    settings.serve(&site().gate.with_key_of(&site().ct1));
    configuration_refused(&settings);
}

#[test]
fn a_private_key_never_stands_in_a_message() {
    let mut settings = settings();
    let key = settings.file("swapped.pem", &site().gate.key_pem());
    settings.tls.insert("certificate", format!("{key:?}"));
    let words = configuration_refused(&settings);
    let secret = site().gate.key_pem();
    let secret = secret.lines().nth(1).unwrap();
    assert!(!words.contains(secret), "{words}");
}

#[test]
fn drop_ins_add_peers_in_the_order_of_their_names() {
    let mut settings = settings_with_drop_in("peer.ct9");
    let pacs = crate::support::pacs::Pacs::good();
    settings.archive.insert("address", format!("\"{}\"", pacs.address));
    let gate = settings.start();
    let identity = site().root.issue(&crate::support::authority::Profile::client("ct9.example"));
    let mut requestor = Caller::with(&identity).call(gate.address).unwrap();
    requestor.associate(&Associate::echo("CT9", "PACS"));
    echo(&mut requestor, 1);
    requestor.release();
}

#[test]
fn a_peer_in_two_files_does_not_load() {
    let settings = settings_with_drop_in("peer.ct1");
    let words = configuration_refused(&settings);
    assert!(words.contains("pacsgate.toml") && words.contains("50-more.toml"), "{words}");
}

#[test]
fn the_environment_overrides_a_limit_and_never_a_peer() {
    let settings = settings();
    let path = settings.file("pacsgate.toml", &settings.text());
    let mut peer = command(&path);
    peer.env("PACSGATE__PEER__CT1__CALLING_AE", "EVIL");
    let words = refused(peer, 78);
    assert!(words.contains("PACSGATE__PEER__CT1__CALLING_AE"), "{words}");
    let mut limit = command(&path);
    limit.env("PACSGATE__LIMITS__REQUEST", "no duration");
    let words = refused(limit, 78);
    assert!(words.contains("PACSGATE__LIMITS__REQUEST"), "{words}");
}

#[test]
fn a_port_that_is_taken_is_exit_code_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = settings();
    settings.listener.insert("bind", format!("[\"{}\"]", taken.local_addr().unwrap()));
    let path = settings.file("pacsgate.toml", &settings.text());
    let words = refused(command(&path), 1);
    assert!(words.contains(&taken.local_addr().unwrap().to_string()), "{words}");
}

#[test]
fn an_audit_that_cannot_be_written_is_exit_code_1_and_its_path_is_named() {
    let mut settings = settings();
    settings.log.insert("audit", r#""nowhere/audit.json""#.into());
    let path = settings.file("pacsgate.toml", &settings.text());
    let words = refused(command(&path), 1);
    assert!(words.contains("log.audit: cannot write to /"), "{words}");
    assert!(words.contains("/nowhere/audit.json: No such file"), "{words}");
}

#[test]
fn listens_on_several_addresses() {
    let mut settings = settings();
    settings.listener.insert("bind", r#"["127.0.0.1:0", "127.0.0.2:0"]"#.into());
    let gate: Gate = settings.start();
    let second = gate.wait_for_log("listening on 127.0.0.2:");
    let second = listening(&second).unwrap();
    for address in [gate.address, second] {
        let mut requestor = Caller::with(&site().ct1).call(address).unwrap();
        requestor.send(&Associate::echo("CT1", "NOWHERE").encode());
        assert_rejected(&mut requestor, [1, 1, 7]);
    }
}

/// Sound settings before a PACS that nobody needs.
fn settings() -> Settings {
    Settings::new(SocketAddr::from(([127, 0, 0, 1], 9)))
}

/// The same with a peer in a file of its own.
fn settings_with_drop_in(name: &str) -> Settings {
    let settings = settings();
    let text = named(name, &peer(&[("san_dns", "ct9.example")], &["CT9"], &["echo"]));
    std::fs::create_dir(settings.directory.path().join("conf.d")).unwrap();
    settings.file("conf.d/50-more.toml", &text);
    settings
}

fn configuration_refused(settings: &Settings) -> String {
    let path: &Path = &settings.file("pacsgate.toml", &settings.text());
    refused(command(path), 78)
}

/// The binary ends with this code; what it said.
fn refused(mut command: impl std::borrow::BorrowMut<Command>, code: i32) -> String {
    let command = command.borrow_mut();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() && Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{words}");
    words
}
