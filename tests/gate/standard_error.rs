//! The operational log goes to standard error; whoever reads it cannot hold up the gate.

use crate::support::gate::{command, listening};
use crate::support::pacs::Pacs;
use crate::support::settings::Settings;
use serde_json::Value;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write, pipe};
use std::process::{Child, Command};

/// What a pipe holds on Linux (pipe(7)).
const PIPE: usize = 64 * 1024;

/// A gate whose standard error is a pipe of ours.
struct Piped {
    child: Child,
    log: PipeReader,
    writer: PipeWriter,
}

impl Piped {
    fn start() -> Self {
        let settings = Settings::new(Pacs::good().address).limit("drain", "1s");
        let configuration = settings.file("pacsgate.toml", &settings.text());
        let (mut log, writer) = pipe().unwrap();
        let mut gate = command(&configuration);
        let child = gate.stderr(writer.try_clone().unwrap()).spawn().unwrap();
        let mut lines = BufReader::new(&mut log).lines();
        let address = lines.find_map(|line| listening(&line.unwrap()));
        assert!(address.is_some());
        drop(lines);
        Self { child, log, writer }
    }

    fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    }

    /// The exit code and the last line of the audit, which the gate writes on its way out.
    fn end(mut self) -> (Option<i32>, Value) {
        let mut audit = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut audit).unwrap();
        let last = audit.lines().last().map(|line| serde_json::from_str(line).unwrap());
        (self.child.wait().unwrap().code(), last.unwrap_or_default())
    }
}

#[test]
fn a_log_that_nobody_reads_any_more_ends_nothing() {
    let Piped { child, log, writer } = Piped::start();
    drop(log);
    let (log, _) = pipe().unwrap();
    let gate = Piped { child, log, writer };
    gate.signal("HUP");
    gate.signal("TERM");
    let (code, last) = gate.end();
    assert_eq!((code, &last["event"]), (Some(0), &Value::from("counters")));
}

#[test]
fn a_log_that_is_full_does_not_hold_up_the_stop() {
    let mut gate = Piped::start();
    gate.writer.write_all(&[b' '; PIPE]).unwrap();
    gate.signal("TERM");
    let (code, last) = gate.end();
    assert_eq!((code, &last["event"]), (Some(0), &Value::from("counters")));
}
