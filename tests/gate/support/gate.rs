//! The real binary, its audit trail and its log.

use super::PATIENCE;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tempfile::TempDir;

/// A running gate; killed when dropped.
pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
    pub(crate) directory: TempDir,
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

/// What a gate left behind.
pub(crate) struct Stopped {
    pub(crate) code: Option<i32>,
    pub(crate) audit: Vec<Value>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The lines of a pipe, as they come.
struct Lines {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    lines: Vec<String>,
    ended: bool,
}

impl Gate {
    /// Starts the binary and waits until it says where it listens.
    pub(crate) fn start(directory: TempDir, configuration: &Path) -> Self {
        Self::spawn(directory, command(configuration))
    }

    /// The same with a command of one's own.
    pub(crate) fn spawn(directory: TempDir, mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stdout = Lines::collect(child.stdout.take().unwrap());
        let stderr = Lines::collect(child.stderr.take().unwrap());
        let address = stderr.wait_for(listening);
        let Some(address) = address else {
            panic!("the gate did not start:\n{}", stderr.text());
        };
        Self { address, directory, child, stdout, stderr }
    }

    /// Waits for an audit line.
    pub(crate) fn wait_for_audit(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let line = self.stdout.wait_for(|line| Some(json(line)).filter(&wanted));
        line.unwrap_or_else(|| panic!("no such audit line in:\n{}", self.stdout.text()))
    }

    /// Waits for a line that is not among the first so many, and counts on to behind it.
    pub(crate) fn wait_for_next(&self, read: &mut usize, wanted: impl Fn(&Value) -> bool) -> Value {
        let number = std::cell::Cell::new(*read);
        let found = self.stdout.wait_from(*read, |line| {
            number.set(number.get() + 1);
            Some(json(line)).filter(&wanted)
        });
        *read = number.get();
        found.unwrap_or_else(|| panic!("no such line behind {read}"))
    }

    /// Waits for the line of this event with this reason.
    pub(crate) fn audited(&self, event: &str, reason: &str) -> Value {
        let of_event = |line: &Value| line["event"] == event;
        let line = self.stdout.wait_for(|line| {
            Some(json(line)).filter(|line| of_event(line) && line["reason"] == reason)
        });
        line.unwrap_or_else(|| {
            panic!("no {event} with {reason} in:\n{}", self.stdout.text());
        })
    }

    /// Waits for a line of the operational log.
    pub(crate) fn wait_for_log(&self, part: &str) -> String {
        let line = self.stderr.wait_for(|line| line.contains(part).then(|| line.to_owned()));
        line.unwrap_or_else(|| panic!("no {part:?} in:\n{}", self.stderr.text()))
    }

    /// The most memory that the process had resident, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// The memory that the process has resident now, in KiB.
    pub(crate) fn resident_memory(&self) -> u64 {
        self.memory("VmRSS:")
    }

    fn memory(&self, of: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(of)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// The process id.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, for example `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        // The shell has a kill of its own everywhere; std has none.
        let script = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    }

    /// Asks the gate to stop and waits until it has.
    pub(crate) fn stop(self) -> Stopped {
        self.signal("TERM");
        self.wait()
    }

    /// Waits until the gate has ended.
    pub(crate) fn wait(mut self) -> Stopped {
        let deadline = Instant::now() + PATIENCE;
        self.stdout.wait_for_end(deadline);
        self.stderr.wait_for_end(deadline);
        let code = self.child.wait().unwrap().code();
        let (stdout, stderr) = (self.stdout.text(), self.stderr.text());
        let audit = stdout.lines().map(json).collect();
        Stopped { code, audit, stdout, stderr }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            println!("audit:\n{}\nlog:\n{}", self.stdout.text(), self.stderr.text());
        }
    }
}

impl Stopped {
    /// What the last counters say of this event and reason.
    pub(crate) fn counted(&self, event: &str, reason: &str) -> u64 {
        let last = self.audit.iter().rev().find(|line| line["event"] == "counters");
        let line = last.unwrap_or_else(|| panic!("no counters in:\n{}", self.stdout));
        line["counters"][event][reason].as_u64().unwrap_or(0)
    }

    /// The lines of one event.
    pub(crate) fn of_event(&self, event: &str) -> Vec<&Value> {
        self.audit.iter().filter(|line| line["event"] == event).collect()
    }
}

impl Lines {
    fn collect(pipe: impl Read + Send + 'static) -> Self {
        let seen = Arc::new((Mutex::new(Seen::default()), Condvar::new()));
        let shared = Arc::clone(&seen);
        let reader = thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                shared.0.lock().unwrap().lines.push(line);
                shared.1.notify_all();
            }
            shared.0.lock().unwrap().ended = true;
            shared.1.notify_all();
        });
        Self { seen, reader: Some(reader) }
    }

    /// The first line for which `wanted` has something; `None` at the end or out of patience.
    fn wait_for<T>(&self, wanted: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.wait_from(0, wanted)
    }

    /// The same behind the first so many lines.
    fn wait_from<T>(&self, first: usize, wanted: impl Fn(&str) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.seen.0.lock().unwrap();
        let mut looked_at = first;
        loop {
            if let Some(found) = seen.lines[looked_at..].iter().find_map(|line| wanted(line)) {
                return Some(found);
            }
            looked_at = seen.lines.len();
            let left = deadline.saturating_duration_since(Instant::now());
            if seen.ended || left.is_zero() {
                return None;
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    fn wait_for_end(&mut self, deadline: Instant) {
        let mut seen = self.seen.0.lock().unwrap();
        while !seen.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the gate does not end:\n{}", seen.lines.join("\n"));
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
        drop(seen);
        self.reader.take().unwrap().join().unwrap();
    }

    fn text(&self) -> String {
        self.seen.0.lock().unwrap().lines.join("\n")
    }
}

/// The binary with this configuration and nothing of our environment that could change it.
pub(crate) fn command(configuration: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    command.args(["run", "--config"]).arg(configuration);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PACSGATE__") {
            command.env_remove(name);
        }
    }
    command
}

/// The same under a limit of the shell's, for example `-n 48`.
pub(crate) fn limited(usual: &Command, limit: &str) -> Command {
    let mut command = Command::new("sh");
    let script = format!(r#"ulimit {limit} && exec "$0" "$@""#);
    command.args(["-c", &script]).arg(usual.get_program()).args(usual.get_args());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, value) in usual.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// The address in a line that says where the gate listens.
pub(crate) fn listening(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on ")?;
    let end = rest.find(|c: char| !(c.is_ascii_hexdigit() || "[]:.".contains(c)));
    rest.get(..end.unwrap_or(rest.len()))?.parse().ok()
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}"))
}
