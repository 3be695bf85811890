//! `ready`: an exit code for whatever keeps the gate running, and a sentence for whoever asks.

use crate::admin::at;
use crate::support::dcmtk::words;
use crate::support::dimse::echo_rq;
use crate::support::gate::Gate;
use crate::support::pacs::Pacs;
use crate::support::pdu::{COMMAND, LAST, p_data};
use crate::support::scenario::Scenario;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::{self, JoinHandle};
use tempfile::TempDir;

fn ready(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    command.arg("ready").args(arguments).output().unwrap()
}

/// Of a gate with a socket in its folder.
fn socket(gate: &Gate) -> PathBuf {
    gate.wait_for_log("the admin endpoint is at ");
    gate.directory.path().join("admin.sock")
}

fn fails(arguments: &[&str], because: &str) {
    let output = ready(arguments);
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert!(words(&output).contains(because), "{}", words(&output));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn says_by_its_exit_code_whether_the_gate_is_ready() {
    let pacs = Pacs::playing(|pacs| {
        pacs.accept();
        pacs.drain();
    });
    let scenario =
        Scenario::before(pacs, |settings| at(settings, r#"["./admin.sock"]"#).limit("drain", "1h"));
    let socket = socket(&scenario.gate);
    let good = ready(&["--socket", text(&socket)]);
    assert!(good.status.success(), "{}", words(&good));
    let started = scenario.gate.wait_for_audit(|line| line["event"] == "started");
    let digest = started["configuration"].as_str().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let told = format!("ready: configuration {digest}, pacsgate {version}\n");
    assert_eq!(words(&good), told);
    // A broken file beside a gate that serves is no reason to take it out.
    fs::write(scenario.gate.directory.path().join("pacsgate.toml"), "schema = 9").unwrap();
    assert!(ready(&["--socket", text(&socket)]).status.success());

    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    // What is not under way would not hold up the stop.
    scenario.gate.signal("TERM");
    scenario.gate.wait_for_log("stopping");
    while ready(&["--socket", text(&socket)]).status.success() {}
    fails(&["--socket", text(&socket)], "not ready: it is stopping; configuration ");
    let alive = ready(&["--socket", text(&socket), "--alive"]);
    assert!(alive.status.success(), "{}", words(&alive));
    assert_eq!(words(&alive), "ok\n");
    scenario.gate.signal("TERM");
    assert_eq!(scenario.gate.wait().code, Some(0));
    fails(&["--socket", text(&socket)], "start the gate");
}

#[test]
fn says_what_to_do_where_nobody_answers() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("admin.sock");
    fails(&["--socket", text(&path)], "bind = [\"/");
    // A socket that a gate has left behind.
    drop(UnixListener::bind(&path).unwrap());
    fails(&["--socket", text(&path)], "nobody answers at ");
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap().to_string();
    fails(&["--socket", &address, "--timeout", "50ms"], "no answer at ");
    drop(port);
    fails(&["--socket", &address], "nobody answers at ");
    for wrong in ["10.0.0.5:9120", "admin.sock"] {
        let output = ready(&["--socket", wrong]);
        assert_eq!(output.status.code(), Some(64), "{}", words(&output));
    }
}

#[test]
fn believes_nobody_else_and_shows_nothing_that_a_terminal_obeys() {
    let answers: [(&[&str], &[u8], &str); 4] = [
        (&[], b"SSH-2.0-x\r\n", "no admin endpoint of pacsgate"),
        (&[], b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "no admin endpoint of pacsgate"),
        (&[], b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "no admin endpoint of pacsgate"),
        (&["--alive"], b"HTTP/1.1 503 No\r\nContent-Length: 8\r\n\r\n\x1b[2Jgone", "\\x1b[2Jgone"),
    ];
    for (options, answer, because) in answers {
        let (address, other) = answering(answer);
        fails(&[&["--socket", &address], options].concat(), because);
        other.join().unwrap();
    }
}

/// Somebody who answers so, once.
fn answering(answer: &'static [u8]) -> (String, JoinHandle<()>) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap().to_string();
    let other = thread::spawn(move || {
        let (mut stream, _) = port.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(answer);
    });
    (address, other)
}

#[test]
fn a_gate_without_its_pacs_is_ready_where_that_is_said() {
    const STOPS: &[u8] = b"HTTP/1.1 503 No\r\n\r\n{\"ready\":false,\"configuration\":\"ab\",\
        \"version\":\"1\",\"draining\":true,\"targets\":[]}";
    const WITHOUT: &[u8] = b"HTTP/1.1 503 No\r\n\r\n{\"ready\":false,\"configuration\":\"ab\",\
        \"version\":\"1\",\"draining\":false,\"targets\":[{\"pacs\":\"archive\",\"is_asked\":true,\
        \"in_use\":null,\"addresses\":[]}]}";
    let told = "not ready: no address of the PACS archive is alive; configuration ab, pacsgate 1\n";
    for (answer, options, code) in
        [(WITHOUT, &[][..], 1), (WITHOUT, &["--without-pacs"], 0), (STOPS, &["--without-pacs"], 1)]
    {
        let (address, other) = answering(answer);
        let output = ready(&[&["--socket", &address], options].concat());
        assert_eq!(output.status.code(), Some(code), "{options:?}: {}", words(&output));
        assert_eq!(words(&output) == told, answer == WITHOUT, "{}", words(&output));
        other.join().unwrap();
    }
}
