//! The proxies that are compared, each a process of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use clap::ValueEnum;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::association::{CALLED, CALLING};
use crate::configuration::{Table, listener, main_file, named, pacs, peer, tls};
use crate::guesses::{TITLES, write};
use crate::material::{CLIENT_NAME, GUESSER_NAME, Material, SERVER_NAME};
use crate::options::{Faults, Role};
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
pub(crate) fn start_sink(directory: &Path, faults: Faults) -> io::Result<Process> {
    let mut command = own(Role::Sink, directory, None)?;
    let options = [("--refuse-store", faults.refuse_store)];
    let options = options.into_iter().chain([("--reject-association", faults.reject_association)]);
    for (option, number) in options {
        command.args(number.map(|number| format!("{option}={number}")));
    }
    Process::start(command)
}

/// What tokio makes as many worker threads of as it says, in the gate and in the blind copies: other
/// proxies are told to have as many.
const WORKERS_VARIABLE: &str = "TOKIO_WORKER_THREADS";
/// Worker threads, or processes, of each proxy.
pub(crate) const WORKERS: u32 = 2;
/// How long a program that does not say so may take to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between looks at it.
const PAUSE: Duration = Duration::from_millis(10);

/// A running process, ended when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    /// One that has no workers is killed; one that may have them ends them itself.
    signal: Signal,
}

impl Process {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.id())
    }

    /// Starts one that says on stderr where it listens.
    fn start(command: Command) -> io::Result<Self> {
        Self::start_with_workers(command, WORKERS)
    }

    fn start_with_workers(mut command: Command, workers: u32) -> io::Result<Self> {
        command.env(WORKERS_VARIABLE, workers.to_string());
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let found = child.stderr.take().ok_or_else(|| io::Error::other("no stderr"));
        match found.and_then(listening) {
            Ok(address) => Ok(Self { child, address, signal: Signal::SIGKILL }),
            Err(error) => {
                let _ = child.kill();
                let status = child.wait()?;
                Err(io::Error::other(format!("{command:?} ({status}): {error}")))
            }
        }
    }
}

impl Process {
    /// Starts one that was told to listen at `address`; what it says is kept in `log`.
    pub(crate) fn start_at(
        mut command: Command,
        address: SocketAddr,
        log: &Path,
    ) -> io::Result<Self> {
        let said = File::create(log)?;
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        let child = command.spawn()?;
        let mut process = Self { child, address, signal: Signal::SIGTERM };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = process.child.try_wait()?;
            if ended.is_some() || start.elapsed() > PATIENCE {
                let said = fs::read_to_string(log)?;
                return Err(io::Error::other(format!("{command:?} does not listen: {said}")));
            }
            thread::sleep(PAUSE);
        }
        Ok(process)
    }

    fn end(&mut self) -> io::Result<()> {
        let pid = i32::try_from(self.child.id()).map_err(io::Error::other)?;
        kill(Pid::from_raw(pid), self.signal)?;
        let start = Instant::now();
        while self.child.try_wait()?.is_none() && start.elapsed() < PATIENCE {
            thread::sleep(PAUSE);
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.end();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A gate whose heap allocations are counted.
pub(crate) struct Counted {
    pub(crate) process: Process,
    log: PathBuf,
}

impl Counted {
    /// Ends it; what valgrind has said.
    pub(crate) fn end(mut self) -> io::Result<String> {
        self.process.end()?;
        fs::read_to_string(&self.log)
    }
}

/// Starts the gate under valgrind.
pub(crate) fn counted(
    valgrind: &Path,
    directory: &Path,
    upstream: SocketAddr,
) -> io::Result<Counted> {
    let text = text(&configuration(directory, upstream));
    let gate = command(None, &directory.join("pacsgate.toml"), &text)?;
    let log = directory.join("valgrind.log");
    let mut command = Command::new(valgrind);
    command.args(["--tool=dhat", "--dhat-out-file=/dev/null"]);
    command.arg(format!("--log-file={}", log.display()));
    command.arg(gate.get_program()).args(gate.get_args());
    let mut process = Process::start(command)?;
    process.signal = Signal::SIGTERM;
    Ok(Counted { process, log })
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

/// Starts the gate with so many worker threads.
pub(crate) fn with_workers(
    directory: &Path,
    upstream: SocketAddr,
    workers: u32,
) -> io::Result<Process> {
    let text = text(&configuration(directory, upstream));
    let command = command(None, &directory.join("pacsgate.toml"), &text)?;
    Process::start_with_workers(command, workers)
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
    let mut guesser =
        peer(&[("san_dns", GUESSER_NAME)], &titles, &["echo", "store", "find", "get"]);
    guesser.insert("user_identity", r#""password""#.into());
    guesser.insert("users", r#"["alice"]"#.into());
    guesser.insert("associations", "10000".into());
    let mut tables = configuration(directory, upstream);
    tables.insert("peer.guesser", guesser);
    tables.insert("passwords", Table::from([("file", r#""passwords""#.into())]));
    write(&directory.join("passwords"), passwords)?;
    run(None, &directory.join("passwords.toml"), &tables)
}

/// Starts the gate with so many peers, of whom one is the load's.
pub(crate) fn among(directory: &Path, upstream: SocketAddr, peers: u32) -> io::Result<Process> {
    let mut tables = configuration(directory, upstream);
    let audit = format!("{:?}", directory.join(format!("among-{peers}.jsonl")));
    tables.entry("log").or_default().insert("audit", audit);
    let others = (1..peers).map(|number| {
        let (name, title) = (format!("p{number}.bench.example"), format!("P{number}"));
        let other = peer(&[("san_dns", &name)], &[&title], &["echo", "store"]);
        named(format_args!("peer.p{number}"), &other)
    });
    let others: String = others.collect();
    run_with(None, &directory.join(format!("among-{peers}.toml")), &tables, &others)
}

fn run(other: Option<&Path>, file: &Path, tables: &Tables) -> io::Result<Process> {
    run_with(other, file, tables, "")
}

fn run_with(other: Option<&Path>, file: &Path, tables: &Tables, more: &str) -> io::Result<Process> {
    Process::start(command(other, file, &(text(tables) + more))?)
}

fn text(tables: &Tables) -> String {
    let tables: Vec<_> = tables.iter().map(|(name, table)| (*name, table)).collect();
    main_file(&tables)
}

fn command(other: Option<&Path>, file: &Path, text: &str) -> io::Result<Command> {
    fs::write(file, text)?;
    let mut command = Command::new(other.unwrap_or(Path::new(env!("CARGO_BIN_EXE_pacsgate"))));
    command.arg("run").arg("--config").arg(file);
    Ok(command)
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
    let services = ["echo", "store", "find", "get"];
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
