//! A demo that stays up, and ports on which nothing good happens.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use socket2::{Domain, Socket, Type};

/// A running demo: a real gate before a PACS.
pub(crate) struct Stage {
    pub(crate) gate: SocketAddr,
    pub(crate) pacs: SocketAddr,
    pub(crate) directory: PathBuf,
    /// What it said until it stayed up.
    pub(crate) said: String,
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    /// Its text in one line, however it was wrapped.
    pub(crate) text: String,
    pub(crate) stderr: String,
}

impl Stage {
    /// Waits until it has played.
    pub(crate) fn up(arguments: &[&str]) -> Self {
        let mut command = pacsgate(&["demo"]);
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("Ctrl-C ends") {
            assert_ne!(stdout.read_line(&mut said).unwrap(), 0, "the demo has ended:\n{said}");
        }
        let address = |label: &str| {
            let line = said.lines().find_map(|line| line.trim().strip_prefix(label)).unwrap();
            line.trim().split(',').next().unwrap().parse().unwrap()
        };
        let audit = said.split_whitespace().find(|word| word.ends_with("/audit.log")).unwrap();
        let directory = PathBuf::from(audit).parent().unwrap().to_owned();
        Self { gate: address("gate"), pacs: address("PACS"), directory, said, child, stdout }
    }

    /// The path of one of its files, as an argument.
    pub(crate) fn file(&self, name: &str) -> String {
        self.directory.join(name).to_str().unwrap().to_owned()
    }

    /// Reads on until this is said.
    pub(crate) fn wait_for(&mut self, part: &str) -> String {
        let mut said = String::new();
        while !said.contains(part) {
            assert_ne!(self.stdout.read_line(&mut said).unwrap(), 0, "no {part:?} in:\n{said}");
        }
        said
    }

    /// Interrupts it as Ctrl-C does, and waits for its end.
    pub(crate) fn interrupt(mut self) -> Option<i32> {
        // The shell has a kill of its own everywhere; std has none.
        let kill = format!("kill -INT {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.stdout.read_to_end(&mut Vec::new()).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The binary, without anything of our environment that could configure a gate.
pub(crate) fn pacsgate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub(crate) fn said(arguments: &[&str]) -> Said {
    let Output { status, stdout, stderr } = pacsgate(arguments).output().unwrap();
    let stdout = String::from_utf8(stdout).unwrap();
    assert!(stdout.lines().all(|line| line.chars().count() <= 100), "too wide:\n{stdout}");
    let text = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    Said { code: status.code(), text, stderr: String::from_utf8(stderr).unwrap() }
}

/// A port that refuses for as long as this lives: bound, so nobody else gets it, not listening.
pub(crate) fn closed_port() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// A port on which TCP connects and nothing is ever said.
pub(crate) fn silent_port() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}
