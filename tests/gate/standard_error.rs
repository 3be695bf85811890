//! The operational log goes to standard error; whoever reads it cannot hold up the gate.

use crate::support::PATIENCE;
use crate::support::associate::Associate;
use crate::support::gate::{command, listening};
use crate::support::pacs::Pacs;
use crate::support::requestor::Caller;
use crate::support::scenario::{Scenario, assert_is_served, assert_rejected};
use crate::support::settings::Settings;
use crate::support::site::site;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write, pipe};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command};
use std::time::Instant;

/// What a pipe holds on Linux (pipe(7)).
const PIPE: usize = 64 * 1024;

/// A gate whose standard error is a pipe of ours.
struct Piped {
    address: SocketAddr,
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
        let address = address.unwrap();
        drop(lines);
        Self { address, child, log, writer }
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
    let Piped { address, child, log, writer } = Piped::start();
    drop(log);
    let (log, _) = pipe().unwrap();
    let gate = Piped { address, child, log, writer };
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

#[test]
fn a_log_that_is_full_holds_up_no_association() {
    let mut gate = Piped::start();
    gate.writer.write_all(&[b' '; PIPE]).unwrap();
    for _ in 0..5 {
        assert_is_served(gate.address);
        // With a line for each.
        gate.signal("HUP");
    }
    gate.signal("TERM");
    let (code, last) = gate.end();
    assert_eq!((code, &last["counters"]["opened"]["none"]), (Some(0), &Value::from(5)));
}

#[test]
fn the_journal_gets_priorities_and_no_second_time() {
    let lines = in_journal(|settings| settings);
    let has = |start: &str| lines.iter().any(|line| line.starts_with(start));
    assert!(has("<4> WARN pacsgate: "), "{lines:#?}");
    assert!(has("<6> INFO pacsgate::listening: listening on "), "{lines:#?}");
    assert!(has("<6> INFO pacsgate::server: stopped"), "{lines:#?}");
    assert!(lines.iter().all(|line| line.starts_with('<')), "{lines:#?}");
    let priorities: Vec<_> = lines.iter().filter_map(|line| line.split_once(">{")).collect();
    let of = |event: &str| {
        let event = format!("\"event\":\"{event}\"");
        priorities.iter().find(|(_, line)| line.contains(&event)).map(|(priority, _)| *priority)
    };
    assert_eq!(
        [of("started"), of("refused"), of("counters")],
        [Some("<6"), Some("<4"), Some("<6")]
    );
}

#[test]
fn json_in_the_journal_is_json_behind_its_priority() {
    let lines = in_journal(|mut settings| {
        settings.log.insert("format", "\"json\"".into());
        settings
    });
    for line in lines {
        let (priority, json) = line.split_at(3);
        assert!(["<4>", "<6>"].contains(&priority), "{line}");
        serde_json::from_str::<Value>(json).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

#[test]
fn another_stream_than_the_journals_gets_no_priorities() {
    let settings = Settings::new(Pacs::good().address);
    let configuration = settings.file("pacsgate.toml", "schema = 2\n");
    let output = command(&configuration).env("JOURNAL_STREAM", "8:12345").output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(!words.is_empty() && !words.contains("<3>"), "{words}");
    // With the time and the level, as all lines that are not the journal's.
    for line in words.lines() {
        let (time, sentence) = line.split_once(" ERROR pacsgate: ").unwrap();
        assert!(time.starts_with("20") && time.ends_with('Z'), "{words}");
        assert!(sentence.contains("pacsgate.toml"), "{words}");
    }
}

#[test]
fn what_keeps_the_gate_from_starting_is_told_as_the_log_is_configured() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("[\"{}\"]", taken.local_addr().unwrap());
    for (bind, code, part) in [
        (taken.as_str(), 1, ": listener.front.bind: cannot listen on 127.0.0.1:"),
        (taken.as_str(), 1, "another program has this port: `ss -ltnp` shows which"),
        ("[\"nowhere\"]", 78, ": listener.front.bind[0]: "),
    ] {
        let mut settings = Settings::new(Pacs::good().address);
        settings.log.insert("format", "\"json\"".into());
        settings.listener.insert("bind", bind.into());
        let configuration = settings.file("pacsgate.toml", &settings.text());
        let output = command(&configuration).output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        let words = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<Value> =
            words.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let last = lines.last().unwrap();
        assert_eq!(last["level"], "ERROR", "{words}");
        let message = last["fields"]["message"].as_str().unwrap();
        assert!(message.contains(part) && message.contains("/pacsgate.toml:"), "{words}");
    }
}

#[test]
fn an_audit_without_its_folder_is_told_with_its_place_and_without_a_number() {
    let mut settings = Settings::new(Pacs::good().address);
    settings.log.insert("audit", "\"/nonexistent/audit.jsonl\"".into());
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let output = command(&configuration).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    let told = ": log.audit: cannot write to /nonexistent/audit.jsonl: No such file or directory; \
                `pacsgate check`, run as root, says what to do";
    assert!(words.contains(told) && words.contains("/pacsgate.toml:"), "{words}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn an_audit_that_cannot_be_written_is_named_with_its_file() {
    let scenario = Scenario::with(|mut settings| {
        settings.log.insert("audit", "\"/dev/full\"".into());
        settings
    });
    scenario.gate.wait_for_log("the audit cannot be written to /dev/full");
}

/// What a gate says that refuses one association, with both its streams in a journal.
fn in_journal(change: impl FnOnce(Settings) -> Settings) -> Vec<String> {
    let settings = change(Settings::new(Pacs::good().address));
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let path = settings.directory.path().join("journal");
    let journal = File::options().append(true).create(true).open(&path).unwrap();
    let id = journal.metadata().unwrap();
    let mut gate = command(&configuration);
    gate.env("JOURNAL_STREAM", format!("{}:{}", id.dev(), id.ino()));
    let mut gate = gate.stdout(journal.try_clone().unwrap()).stderr(journal).spawn().unwrap();
    let lines =
        || fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
    let deadline = Instant::now() + PATIENCE;
    let address = loop {
        if let Some(address) = lines().iter().find_map(|line| listening(line)) {
            break address;
        }
        assert!(Instant::now() < deadline, "{:#?}", lines());
        std::thread::yield_now();
    };
    let mut requestor = Caller::with(&site().ct1).call(address).unwrap();
    requestor.send(&Associate::echo("MR1", "PACS").encode());
    assert_rejected(&mut requestor, [1, 1, 3]);
    let script = format!("kill -TERM {}", gate.id());
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    assert_eq!(gate.wait().unwrap().code(), Some(0));
    lines()
}
