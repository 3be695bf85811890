//! `top`, in a terminal of its own and without one, of a gate that serves.

use crate::admin::at;
use crate::support::PATIENCE;
use crate::support::associate::Associate;
use crate::support::dcmtk::words;
use crate::support::pdu::reject;
use crate::support::requestor::Requestor;
use crate::support::scenario::Scenario;
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A gate with one open association and a device that has been refused.
fn busy() -> (Scenario, Requestor, PathBuf) {
    let scenario = Scenario::with(|settings| at(settings, r#"["./admin.sock"]"#));
    scenario.gate.wait_for_log("the admin endpoint is at ");
    let mut refused = scenario.ct1();
    refused.send(&Associate::echo("NOT_CT1", "PACS").encode());
    assert_eq!(refused.receive_pdu().encode(), reject(1, 1, 3));
    scenario.gate.audited("refused", "calling-title");
    let requestor = scenario.associated();
    scenario.gate.wait_for_audit(|line| line["event"] == "opened");
    let socket = scenario.gate.directory.path().join("admin.sock");
    (scenario, requestor, socket)
}

fn once(socket: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    command.args(["top", "--once", "--socket", socket]).output().unwrap()
}

/// `top` in a terminal.
struct Terminal {
    typed: File,
    /// The end that it has.
    end: OwnedFd,
    child: Child,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Terminal {
    fn of(socket: &str) -> Self {
        let pair = openpty(Some(&size(24, 80)), None).unwrap();
        let mut command = Command::new("setsid");
        command.args([
            "--ctty",
            "--wait",
            env!("CARGO_BIN_EXE_pacsgate"),
            "top",
            "--socket",
            socket,
        ]);
        command.stdin(pair.slave.try_clone().unwrap());
        command.stdout(pair.slave.try_clone().unwrap()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let typed: File = pair.master.into();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(24, 80, 0)));
        let (mut shown, shared) = (typed.try_clone().unwrap(), Arc::clone(&screen));
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = shown.read(&mut buffer) {
                shared.lock().unwrap().process(&buffer[..read]);
            }
        });
        Self { typed, end: pair.slave, child, screen }
    }

    /// Waits until this is on it.
    fn shows(&self, parts: &[&str]) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shown = self.screen.lock().unwrap().screen().contents();
            if parts.iter().all(|part| shown.contains(part)) {
                return shown;
            }
            assert!(Instant::now() < deadline, "no {parts:?} in:\n{shown}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn resize(&self, rows: u16, columns: u16) {
        let size =
            rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        self.screen.lock().unwrap().screen_mut().set_size(rows, columns);
        rustix::termios::tcsetwinsize(&self.typed, size).unwrap();
    }

    fn types(&mut self, text: &str) {
        self.typed.write_all(text.as_bytes()).unwrap();
    }

    fn is_raw(&self) -> bool {
        !tcgetattr(&self.end).unwrap().local_flags.contains(LocalFlags::ECHO)
    }

    /// It ends well, and leaves the terminal as it was.
    fn ends(mut self) {
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        assert!(!self.is_raw());
        let deadline = Instant::now() + PATIENCE;
        while self.screen.lock().unwrap().screen().alternate_screen() {
            assert!(Instant::now() < deadline, "the screen is still another one");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn size(ws_row: u16, ws_col: u16) -> Winsize {
    Winsize { ws_row, ws_col, ws_xpixel: 0, ws_ypixel: 0 }
}

#[test]
fn shows_in_a_terminal_what_happens_and_leaves_it_as_it_was() {
    let (scenario, mut requestor, socket) = busy();
    let mut terminal = Terminal::of(socket.to_str().unwrap());
    let shown = terminal.shows(&["ct1 -> archive", "Refused lately", "calling-title", "q quits"]);
    assert!(shown.contains("Why ct1 was refused"), "{shown}");
    assert!(shown.contains("1 open association"), "{shown}");
    assert!(terminal.is_raw());
    terminal.resize(10, 40);
    let small = terminal.shows(&["q quits", "PACS"]);
    assert!(small.lines().all(|line| line.chars().count() <= 40), "{small}");
    terminal.resize(30, 100);
    terminal.shows(&["ct1 -> archive", "1 open association"]);
    // A second later it is gone.
    requestor.release();
    let deadline = Instant::now() + PATIENCE;
    while terminal.shows(&["q quits"]).contains("1 open association") {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(50));
    }
    scenario.gate.signal("KILL");
    terminal.shows(&["NO ANSWER: nobody answers at ", "What follows is what it said last."]);
    terminal.types("q");
    terminal.ends();
}

#[test]
fn ends_at_a_signal_and_by_control_c() {
    let (_scenario, _requestor, socket) = busy();
    let mut terminal = Terminal::of(socket.to_str().unwrap());
    terminal.shows(&["q quits"]);
    terminal.types("\x03");
    terminal.ends();
    let terminal = Terminal::of(socket.to_str().unwrap());
    terminal.shows(&["q quits"]);
    // Those of setsid's.
    let children = format!("/proc/{0}/task/{0}/children", terminal.child.id());
    let children = std::fs::read_to_string(children).unwrap();
    let process =
        children.split_whitespace().next().map_or(terminal.child.id(), |it| it.parse().unwrap());
    let script = format!("kill -TERM {process}");
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    terminal.ends();
}

#[test]
fn prints_all_of_it_once_as_plain_text() {
    let (scenario, _requestor, socket) = busy();
    let output = once(socket.to_str().unwrap());
    assert!(output.status.success(), "{}", words(&output));
    let told = words(&output);
    for part in ["pacsgate 0.1.0, up ", "ct1 -> archive", "calling-title", "The last 24 hours"] {
        assert!(told.contains(part), "no {part:?} in:\n{told}");
    }
    assert!(told.lines().all(|line| line.chars().count() <= 100), "{told}");
    assert!(!told.contains('\u{1b}') && !told.contains("q quits"), "{told}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    let output = command.args(["top", "--socket", socket.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(words(&output).contains("--once"), "{}", words(&output));
    drop(scenario);
}

#[test]
fn says_what_to_do_where_it_cannot_ask() {
    let fails = |output: &Output, because: &str| {
        assert_eq!(output.status.code(), Some(1), "{}", words(output));
        assert!(words(output).contains(because), "{}", words(output));
        assert!(output.stdout.is_empty());
    };
    let directory = TempDir::new().unwrap();
    let socket = directory.path().join("admin.sock");
    fails(&once(socket.to_str().unwrap()), "start the gate, with `bind = [\"/");
    // Nobody may look into the folder; root always may, so that somebody else asks.
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o000)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    command.args(["top", "--once", "--socket"]).arg(&socket);
    if nix::unistd::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    fails(&command.output().unwrap(), "ask as root, or as a member of the gate's group");
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o700)).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap().to_string();
    let other = thread::spawn(move || {
        let (mut stream, _) = port.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"schema\":9}");
    });
    fails(&once(&address), "no admin endpoint of pacsgate, or that of another version");
    other.join().unwrap();
}
