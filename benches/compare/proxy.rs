//! The proxies that are compared, each a process of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;
use std::{env, thread};

use clap::ValueEnum;

use crate::association::{CALLED, CALLING};
use crate::configuration::{Table, listener, main_file, pacs, peer, tls};
use crate::guesses::{TITLES, write};
use crate::material::{CLIENT_NAME, GUESSER_NAME, Material, SERVER_NAME};
use crate::options::Role;
use crate::usage::Usage;

/// A proxy under measurement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proxy {
    /// The gate.
    Pacsgate,
    /// What one writes first with tokio-rustls.
    PlainCopy,
    /// The best that one can do without looking at the bytes.
    BestCopy,
}

impl Proxy {
    /// In the order of measurement.
    pub(crate) const EACH: [Self; 3] = [Self::Pacsgate, Self::PlainCopy, Self::BestCopy];

    /// What belongs to this proxy among values in the order of [`Self::EACH`].
    pub(crate) fn among<T>(self, values: &[T]) -> io::Result<&T> {
        let position = Self::EACH.iter().position(|&proxy| proxy == self);
        position
            .and_then(|position| values.get(position))
            .ok_or_else(|| io::Error::other(format!("{} was not measured", self.name())))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pacsgate => "pacsgate",
            Self::PlainCopy => "blind copy, 8 KiB",
            Self::BestCopy => "best blind copy",
        }
    }

    /// Starts the proxy before `upstream` and waits until it listens.
    pub(crate) fn start(self, directory: &Path, upstream: SocketAddr) -> io::Result<Process> {
        match self {
            Self::Pacsgate => pacsgate(None, directory, upstream),
            Self::PlainCopy => Process::start(own(Role::Plain, directory, Some(upstream))?),
            Self::BestCopy => Process::start(own(Role::ReadAhead, directory, Some(upstream))?),
        }
    }
}

/// Starts the sink.
pub(crate) fn start_sink(directory: &Path) -> io::Result<Process> {
    Process::start(own(Role::Sink, directory, None)?)
}

/// A running process that says on stderr where it listens, killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.id())
    }

    /// One that says nothing and is to listen on `address`.
    pub(crate) fn start_at(mut command: Command, address: SocketAddr) -> io::Result<Self> {
        let process = Self { child: command.stdin(Stdio::null()).spawn()?, address };
        for _ in 0..100 {
            if TcpStream::connect(address).is_ok() {
                return Ok(process);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(io::Error::other(format!("{command:?} does not listen on {address}")))
    }

    fn start(mut command: Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let found = child.stderr.take().ok_or_else(|| io::Error::other("no stderr"));
        match found.and_then(listening) {
            Ok(address) => Ok(Self { child, address }),
            Err(error) => {
                let _ = child.kill();
                let status = child.wait()?;
                Err(io::Error::other(format!("{command:?} ({status}): {error}")))
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn own(role: Role, directory: &Path, upstream: Option<SocketAddr>) -> io::Result<Command> {
    let name = role.to_possible_value().ok_or_else(|| io::Error::other("a role without name"))?;
    let mut command = Command::new(env::current_exe()?);
    command.args(["--role", name.get_name()]).arg("--directory").arg(directory);
    if let Some(upstream) = upstream {
        command.arg("--upstream").arg(upstream.to_string());
    }
    Ok(command)
}

/// Starts a build of the gate: this one, unless another is given.
pub(crate) fn pacsgate(
    other: Option<&Path>,
    directory: &Path,
    upstream: SocketAddr,
) -> io::Result<Process> {
    run(other, &directory.join("pacsgate.toml"), &configuration(directory, upstream))
}

/// Starts a gate at the edge before a central one: plain towards the requestor, whom it knows by the
/// address, and a client with TLS towards `central`.
pub(crate) fn edge(directory: &Path, central: SocketAddr) -> io::Result<Process> {
    let mut tables = configuration(directory, central);
    let material = Material::at(directory);
    let tls = Table::from([
        ("certificate", format!("{:?}", material.certificate("client"))),
        ("private_key", format!("{:?}", material.key("client"))),
        ("ca", format!("{:?}", material.ca())),
        ("name", format!("{SERVER_NAME:?}")),
    ]);
    tables.insert("pacs.archive.tls", tls);
    tables.remove("listener.front.tls");
    tables.entry("listener.front").or_default().insert("plain", "true".into());
    let load = tables.entry("peer.load").or_default();
    load.insert("certificate", r#""none""#.into());
    load.insert("from", r#"["127.0.0.1"]"#.into());
    let audit = format!("{:?}", directory.join("edge.jsonl"));
    tables.entry("log").or_default().insert("audit", audit);
    run(None, &directory.join("edge.toml"), &tables)
}

/// Starts the gate with another peer, whose users have these passwords.
pub(crate) fn with_passwords(
    directory: &Path,
    upstream: SocketAddr,
    passwords: &str,
) -> io::Result<Process> {
    let titles: Vec<_> = (0..=TITLES).map(|number| format!("G{number}")).collect();
    let titles: Vec<_> = titles.iter().map(String::as_str).collect();
    let mut guesser = peer(&[("san_dns", GUESSER_NAME)], &titles, &["echo", "store", "get"]);
    guesser.insert("user_identity", r#""password""#.into());
    guesser.insert("users", r#"["alice"]"#.into());
    guesser.insert("associations", "10000".into());
    let mut tables = configuration(directory, upstream);
    tables.insert("peer.guesser", guesser);
    tables.insert("passwords", Table::from([("file", r#""passwords""#.into())]));
    write(&directory.join("passwords"), passwords)?;
    run(None, &directory.join("passwords.toml"), &tables)
}

fn run(other: Option<&Path>, file: &Path, tables: &Tables) -> io::Result<Process> {
    let tables: Vec<_> = tables.iter().map(|(name, table)| (*name, table)).collect();
    fs::write(file, main_file(&tables))?;
    let mut command = Command::new(other.unwrap_or(Path::new(env!("CARGO_BIN_EXE_pacsgate"))));
    command.arg("run").arg("--config").arg(file);
    Process::start(command)
}

/// The tables of a configuration, by their names.
type Tables = BTreeMap<&'static str, Table>;

/// One peer that may do everything measured, with limits that thousands of associations of one
/// address stay under; a peer never has more than half of its PACS's associations.
fn configuration(directory: &Path, upstream: SocketAddr) -> Tables {
    let material = Material::at(directory);
    let tls = tls(material.certificate("server"), material.key("server"), material.ca());
    let mut archive = pacs(upstream, &[CALLED]);
    archive.insert("associations", "20000".into());
    let services = ["echo", "store", "get"];
    let mut load = peer(&[("san_dns", CLIENT_NAME)], &[CALLING], &services);
    load.insert("associations", "10000".into());
    let limits = Table::from([
        ("connections", "20000".into()),
        ("handshakes", "10000".into()),
        ("per_source", "20000".into()),
        ("handshake", r#""10m""#.into()),
        ("request", r#""10m""#.into()),
    ]);
    let log = Table::from([("audit", format!("{:?}", audit(directory)))]);
    Tables::from([
        ("listener.front", listener()),
        ("listener.front.tls", tls),
        ("pacs.archive", archive),
        ("peer.load", load),
        ("limits", limits),
        ("log", log),
    ])
}

/// Where the gate writes its audit.
pub(crate) fn audit(directory: &Path) -> PathBuf {
    directory.join("audit.jsonl")
}

/// Reads up to the line that names the address, then goes on reading so that nothing blocks.
fn listening(stderr: ChildStderr) -> io::Result<SocketAddr> {
    let mut lines = BufReader::new(stderr);
    let mut said = String::new();
    loop {
        let start = said.len();
        if lines.read_line(&mut said)? == 0 {
            return Err(io::Error::other(format!("ended before it listened: {said}")));
        }
        let line = said.get(start..).unwrap_or_default();
        if let Some(address) = address(line) {
            thread::spawn(move || io::copy(&mut lines, &mut io::sink()));
            return Ok(address);
        }
    }
}

fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on ")?;
    rest.split([' ', '"', ',', '\n']).next()?.parse().ok()
}
