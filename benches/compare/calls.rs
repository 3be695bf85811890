//! System calls of the proxy for one C-ECHO, one small C-STORE and one association, counted by strace.
//!
//! Counts do not drift as times do: what a change to the relay saves shows here first.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::ground::Ground;
use crate::pdv::Object;
use crate::proxy::Process;
use crate::report::{Figures, Table, progress};
use crate::requestor::Requestor;
use crate::versus::peer::Peer;

/// Where Debian puts it.
const STRACE: &str = "/usr/bin/strace";
/// Of each case in one measurement.
const TIMES: u64 = 400;
/// A small object, such as a structured report.
const SMALL: Object = Object { pixels: 4 * 1024, pdu: 16 * 1024 };
/// A pause after which timers and late wake-ups of what was done before have passed.
const QUIET: Duration = Duration::from_millis(100);
/// Calls that are rarer than this for each operation are not named.
const RARE: f64 = 0.05;

/// Those that are one process: strace follows no workers that were there before it.
const PEERS: [Peer; 4] = [Peer::Pacsgate, Peer::PlainCopy, Peer::BestCopy, Peer::Haproxy];

pub(crate) const CASES: [(&str, Case); 3] = [
    ("C-ECHO", |_, requestor| requestor.echo()),
    ("C-STORE of 4 KB", |_, requestor| requestor.store(SMALL, Duration::ZERO)),
    ("association", |place, _| {
        let mut requestor = Requestor::associate(place.process.address, &place.ground.tls)?;
        requestor.echo()?;
        requestor.release()
    }),
];

pub(crate) type Case = fn(&Place<'_>, &mut Requestor) -> io::Result<()>;

/// What is measured, for those that associate anew.
pub(crate) struct Place<'a> {
    pub(crate) ground: &'a Ground<'a>,
    pub(crate) process: &'a Process,
}

#[derive(Clone, Default)]
struct Shown {
    total: Figures,
    /// Of the last round, for each operation.
    calls: BTreeMap<String, f64>,
}

/// Measures and prints.
pub(crate) fn run(ground: &Ground<'_>) -> io::Result<()> {
    if !Path::new(STRACE).exists() {
        progress(&format!("{STRACE} is not there: system calls are not counted"));
        return Ok(());
    }
    let peers = PEERS.into_iter().filter(|peer| peer.missing().is_none());
    let proxies = peers.map(|peer| Ok((peer.name(), ground.start_peer(peer)?)));
    let proxies = proxies.collect::<io::Result<Vec<_>>>()?;
    let mut shown = vec![vec![Shown::default(); proxies.len()]; CASES.len()];
    for round in 1..=ground.options.fewer_rounds() {
        progress(&format!("calls, round {round}"));
        for ((_, case), shown) in CASES.iter().zip(&mut shown) {
            for ((_, process), shown) in proxies.iter().zip(shown) {
                shown.count(&Place { ground, process }, *case)?;
            }
        }
    }
    let mut table = Table::new(&["operation", "proxy", "system calls", "which"]);
    for ((name, _), shown) in CASES.iter().zip(&shown) {
        for ((proxy, _), shown) in proxies.iter().zip(shown) {
            table.row([
                (*name).to_owned(),
                (*proxy).to_owned(),
                shown.total.show(1),
                shown.names(),
            ]);
        }
    }
    table.print(
        "Calls",
        "System calls of the proxy for each operation; those of the last round by their names. \
         Target: pacsgate has no more than the best blind copy.",
    )
}

impl Shown {
    fn count(&mut self, place: &Place<'_>, case: Case) -> io::Result<()> {
        let times = place.ground.options.amount(TIMES);
        let mut requestor = Requestor::associate(place.process.address, &place.ground.tls)?;
        requestor.echo()?;
        thread::sleep(QUIET);
        let trace = Trace::attach(place.process)?;
        (0..times).try_for_each(|_| case(place, &mut requestor))?;
        let counted = trace.detach()?;
        requestor.release()?;
        self.total.push(counted.values().sum::<f64>() / times as f64);
        self.calls = counted;
        self.calls.values_mut().for_each(|count| *count /= times as f64);
        Ok(())
    }

    /// The most frequent first.
    fn names(&self) -> String {
        let mut calls: Vec<_> = self.calls.iter().filter(|(_, count)| **count >= RARE).collect();
        calls.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let each = calls.iter().map(|(name, count)| format!("{name} {count:.1}"));
        each.collect::<Vec<_>>().join(", ")
    }
}

/// A strace at work on a process.
struct Trace {
    child: Child,
    said: BufReader<ChildStderr>,
    file: PathBuf,
    _directory: TempDir,
}

impl Trace {
    /// Returns when every thread is traced.
    fn attach(process: &Process) -> io::Result<Self> {
        let directory = TempDir::new()?;
        let file = directory.path().join("counts");
        let mut command = Command::new(STRACE);
        command.args(["-f", "-c", "-o"]).arg(&file).args(["-p", &process.id().to_string()]);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let said = child.stderr.take().ok_or_else(|| io::Error::other("no stderr"))?;
        let mut said = BufReader::new(said);
        let mut line = String::new();
        said.read_line(&mut line)?;
        if !line.contains("attached") {
            let _ = child.kill();
            child.wait()?;
            return Err(io::Error::other(format!("strace: {}", line.trim())));
        }
        thread::sleep(QUIET);
        Ok(Self { child, said, file, _directory: directory })
    }

    /// How often each call was made.
    fn detach(mut self) -> io::Result<BTreeMap<String, f64>> {
        let id = i32::try_from(self.child.id()).map_err(io::Error::other)?;
        kill(Pid::from_raw(id), Signal::SIGINT)?;
        io::copy(&mut self.said, &mut io::sink())?;
        self.child.wait()?;
        let counts = fs::read_to_string(&self.file)?;
        Ok(counts.lines().filter_map(counted).collect())
    }
}

/// A line of strace's table: share, seconds, microseconds a call, calls, perhaps errors, name.
fn counted(line: &str) -> Option<(String, f64)> {
    let fields: Vec<_> = line.split_ascii_whitespace().collect();
    let (name, _) = fields.split_last().filter(|(name, _)| **name != "total")?;
    let [_, _, _, calls, ..] = fields.as_slice() else { return None };
    Some(((*name).to_owned(), calls.parse().ok()?))
}
