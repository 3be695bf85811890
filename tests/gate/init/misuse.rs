//! `pacsgate init` in the hands of somebody in a hurry, and where somebody else has been before.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use nix::unistd::{Group, Uid};

use super::{MADE, NAME, Place, words};

const ALL: [&str; 7] =
    ["--pacs", "127.0.0.1:9", "--title", "PACS", "--name", NAME, "--no-passphrase"];

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Tries all of it, which ends in time, with this in what is said, and nothing made.
fn assert_refused(place: &Place, told: &str) {
    let output = place.init(&ALL).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert!(words(&output).contains(told), "{told}: {}", words(&output));
    assert!(!place.path("ca").exists(), "{}", words(&output));
    assert!(!place.gate("tls/gateway.key").exists(), "{}", words(&output));
}

#[test]
fn writes_no_key_where_others_may_write() {
    let place = Place::new();
    fs::create_dir(place.gate("")).unwrap();
    mode(&place.gate(""), 0o777);
    assert_refused(&place, "is writable by others than its owner; run `chmod go-w ");
    mode(&place.gate(""), 0o755);
    // A link to where everybody may write.
    fs::create_dir(place.path("everybodys")).unwrap();
    mode(&place.path("everybodys"), 0o777);
    symlink(place.path("everybodys"), place.gate("tls")).unwrap();
    assert_refused(&place, "everybodys (");
    assert_eq!(fs::read_dir(place.path("everybodys")).unwrap().count(), 0);
    fs::remove_file(place.gate("tls")).unwrap();
    fs::create_dir(place.gate("conf.d")).unwrap();
    mode(&place.gate("conf.d"), 0o775);
    assert_refused(&place, "conf.d (");
    mode(&place.gate("conf.d"), 0o750);
    let output = place.init(&ALL).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
}

#[test]
fn what_is_no_file_in_the_place_of_one_is_named_before_anything_is_made() {
    let place = Place::new();
    fs::create_dir(place.gate("")).unwrap();
    let main = place.gate("pacsgate.toml");
    symlink("/nowhere/else.toml", &main).unwrap();
    assert_refused(&place, "pacsgate.toml is a link that leads nowhere");
    fs::remove_file(&main).unwrap();
    let made = Command::new("mkfifo").arg(&main).status().unwrap();
    assert!(made.success());
    assert_refused(&place, "pacsgate.toml: is not a regular file");
    fs::remove_file(&main).unwrap();
    fs::create_dir(&main).unwrap();
    assert_refused(&place, "pacsgate.toml: is not a regular file");
    fs::remove_dir(&main).unwrap();
    fs::write(&main, "schema = 1\n[pacs").unwrap();
    assert_refused(&place, "is no TOML, so it was left as it is");
    fs::write(&main, b"schema = 1 # \xff\n").unwrap();
    assert_refused(&place, "is no TOML, so it was left as it is");
}

#[test]
fn a_folder_that_has_nowhere_to_be_is_named_before_anything_is_made() {
    let place = Place::new();
    let mut init = place.command("init", &ALL);
    init.arg("--dir").arg(place.path("not/there")).arg("--ca").arg(place.path("ca"));
    let output = init.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output).contains("/not: No such file or directory"), "{}", words(&output));
    assert!(!place.path("ca").exists());
}

#[test]
fn the_ca_is_kept_out_of_the_gates_folder() {
    let place = Place::new();
    fs::create_dir(place.path("real")).unwrap();
    symlink(place.path("real"), place.path("link")).unwrap();
    for (dir, ca) in [
        ("gate", "gate"),
        ("gate", "gate/ca"),
        ("gate", "gate/../gate/ca"),
        ("real/gate", "link/gate"),
        ("link", "real/ca"),
    ] {
        let mut init = place.command("init", &ALL);
        init.arg("--dir").arg(place.path(dir)).arg("--ca").arg(place.path(ca));
        let output = init.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{dir} {ca}: {}", words(&output));
        let told = words(&output);
        assert!(told.contains("must be in folders apart"), "{dir} {ca}: {told}");
        assert!(!place.gate("").exists(), "{dir} {ca}");
        assert_eq!(fs::read_dir(place.path("real")).unwrap().count(), 0, "{dir} {ca}");
    }
}

#[test]
fn relative_folders_with_odd_names_are_named_as_a_shell_takes_them() {
    let place = Place::new();
    let mut init = place.command("init", &ALL);
    init.current_dir(place.path("")).args(["--dir", "my gate", "--ca", "it's; mine"]);
    let output = init.output().unwrap();
    let told = words(&output).to_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    let issue = told.lines().find(|line| line.contains("ca issue ct1")).unwrap();
    let program = env!("CARGO_BIN_EXE_pacsgate");
    let script = issue.trim().replacen("pacsgate", program, 1);
    let mut shell = Command::new("sh");
    let output = shell.args(["-euc", &script]).current_dir(place.path("")).output().unwrap();
    assert!(output.status.success(), "{script}: {}", words(&output));
    assert!(place.path("my gate/conf.d/ct1.toml").exists());
    assert!(told.contains("pacsgate run --config 'my gate/pacsgate.toml'"), "{told}");
}

#[test]
fn a_wrong_passphrase_changes_nothing_and_the_right_one_goes_on() {
    let place = Place::new();
    let phrase = |text: &str| {
        fs::write(place.path("phrase"), format!("{text}\n")).unwrap();
        place.path("phrase").display().to_string()
    };
    let init = |text: &str, rest: &[&str]| -> Output {
        let mut init = place.init(rest);
        init.args(["--passphrase-file", &phrase(text)]).output().unwrap()
    };
    let given = ["--pacs", "127.0.0.1:9", "--title", "PACS", "--name", NAME];
    assert_eq!(init("canary: correct horse", &given).status.code(), Some(0));
    for name in ["tls/gateway.pem", "tls/gateway.key"] {
        fs::remove_file(place.gate(name)).unwrap();
    }
    let before = place.files();
    let output = init("canary: wrong horse", &["--name", NAME]);
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output).contains("the passphrase is wrong"), "{}", words(&output));
    assert!(!words(&output).contains("canary"), "{}", words(&output));
    assert_eq!(place.files(), before);
    let output = init("canary: correct horse", &["--name", NAME]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert_eq!(place.files().len(), MADE.len());
}

#[test]
fn takes_no_papers_of_a_ca_that_the_gate_could_not_use() {
    let (elsewhere, other) = (Place::new(), Place::new());
    elsewhere.made("127.0.0.1:9");
    other.made("127.0.0.1:9");
    let read = |name: &str| fs::read(elsewhere.path(name)).unwrap();
    let given = |name: &str, content: &[u8]| {
        fs::write(elsewhere.path(name), content).unwrap();
        elsewhere.path(name)
    };
    let ca = elsewhere.path("ca/ca.pem");
    let with_key = given("with-key.pem", &[read("ca/ca.pem"), read("ca/ca.key")].concat());
    let pipe = elsewhere.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (ca, list, told) in [
        (&with_key, None, "private key"),
        (&elsewhere.gate("tls/gateway.pem"), None, "no certificate of a CA, but that of a device"),
        (&given("empty", b""), None, "--client-ca "),
        (&pipe, None, "pipe: is not a regular file"),
        (&ca, Some(given("text", b"x")), "holds no revocation list of the CA"),
        (&ca, Some(other.path("ca/ca.crl")), "holds no revocation list of the CA"),
        (&ca, Some(ca.clone()), "holds no revocation list of the CA"),
        (&ca, Some(elsewhere.path("none")), "none: No such file"),
        (&ca, Some(pipe.clone()), "pipe: is not a regular file"),
    ] {
        let place = Place::new();
        let mut init = place.command("init", &["--pacs", "127.0.0.1:9", "--title", "PACS"]);
        init.arg("--dir").arg(place.gate("")).arg("--client-ca").arg(ca);
        if let Some(list) = list {
            init.arg("--client-crl").arg(list);
        }
        let output = init.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", words(&output));
        assert!(words(&output).contains(told), "{told}: {}", words(&output));
        assert!(!place.gate("").exists(), "{}", words(&output));
    }
}

#[test]
fn says_what_is_missing_where_the_gates_group_is() {
    let told = Place::new().made("127.0.0.1:9");
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_missing = Group::from_name("pacsgate").unwrap().is_none() && Uid::effective().is_root();
    assert_eq!(told.contains("This machine has no group pacsgate"), is_missing, "{told}");
    assert_eq!(told.contains("chgrp -R pacsgate /"), is_missing, "{told}");
}
