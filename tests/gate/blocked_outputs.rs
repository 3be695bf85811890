//! An audit that cannot be written holds up nobody, and what is lost is counted and told.

use crate::support::gate::{Gate, command, limited, listening};
use crate::support::pacs::Pacs;
use crate::support::requestor::connect_from;
use crate::support::scenario::{Scenario, assert_is_served};
use crate::support::settings::Settings;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

const FAILS: &str = "the audit cannot be written to ";
const TOO_SLOWLY: &str = "the audit cannot be written as fast as it comes: lines are lost";

#[test]
fn a_file_at_its_limit_of_size_loses_lines_and_no_association() {
    let pacs = Pacs::good();
    let mut settings = Settings::new(pacs.address);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    settings.log.insert("audit", format!("{path:?}"));
    let configuration = settings.file("pacsgate.toml", &settings.text());
    // In units of 512 bytes, and so after some lines.
    let command = limited(&command(&configuration), "-f 16");
    let scenario = Scenario { pacs, gate: Gate::spawn(settings.directory, command) };
    let mut associations = 0;
    while fs::metadata(&path).unwrap().len() < 16 * 512 {
        scenario.serves_a_good_peer();
        associations += 1;
    }
    for _ in 0..5 {
        scenario.serves_a_good_peer();
        associations += 1;
    }
    scenario.gate.wait_for_log(FAILS);
    // As logrotate does.
    let old = folder.path().join("audit.jsonl.1");
    fs::rename(&path, &old).unwrap();
    scenario.serves_a_good_peer();
    associations += 1;
    scenario.gate.wait_for_log("the audit can be written again");
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
    assert_eq!(stopped.stderr.matches(FAILS).count(), 1, "{}", stopped.stderr);
    let lines = [whole_lines(&old), whole_lines(&path)].concat();
    let lost = lost(&lines);
    let written = of_association(&lines);
    assert!(lost > 0);
    assert_eq!(written + lost, 2 * associations);
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["lost"]), (&"counters".into(), &lost.into()));
    assert_eq!(last["counters"]["opened"]["none"], associations);
}

#[test]
fn a_named_pipe_that_nobody_reads_keeps_no_gate_waiting_at_its_start() {
    let pacs = Pacs::good();
    let mut settings = Settings::new(pacs.address);
    let pipe = settings.directory.path().join("audit.pipe");
    let made = Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().unwrap();
    assert!(made.success());
    settings.log.insert("audit", format!("{pipe:?}"));
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let output = command(&configuration).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("cannot write to ") && told.contains("audit.pipe"), "{told}");
}

#[test]
fn a_full_disk_is_told_once_and_loses_no_association() {
    let scenario = Scenario::with(|mut settings| {
        settings.log.insert("audit", r#""/dev/full""#.into());
        settings
    });
    for _ in 0..5 {
        scenario.serves_a_good_peer();
    }
    scenario.gate.wait_for_log(FAILS);
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.code, Some(0));
    assert_eq!(stopped.stderr.matches(FAILS).count(), 1, "{}", stopped.stderr);
}

#[test]
fn lines_that_find_no_room_behind_a_pipe_that_nobody_reads_are_told_once_it_is_read() {
    /// More than wait for the writer, with what it holds and what a pipe does.
    const SOURCES: u16 = 600;
    /// Of each all have a line.
    const OF_EACH: u64 = 5;
    let pacs = Pacs::good();
    let settings = Settings::new(pacs.address);
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let mut child = command(&configuration).stdout(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = log.find_map(|line| listening(&line.unwrap())).unwrap();
    let log = thread::spawn(move || log.map_while(Result::ok).collect::<Vec<_>>());
    for number in 0..SOURCES {
        let [high, low] = number.to_be_bytes();
        for _ in 0..OF_EACH {
            let mut socket = connect_from([127, 4, high, low], address).unwrap();
            socket.write_all(b"garbage!").unwrap();
            let _ = socket.read_to_end(&mut Vec::new());
        }
    }
    let served = 3;
    for _ in 0..served {
        assert_is_served(address);
    }
    let stdout = child.stdout.take().unwrap();
    let lines = thread::spawn(move || std::io::read_to_string(stdout).unwrap());
    let kill = format!("kill -TERM {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let lines: Vec<_> =
        lines.join().unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let told = log.join().unwrap();
    assert_eq!(told.iter().filter(|line| line.contains(TOO_SLOWLY)).count(), 1, "{told:?}");
    let failed = lines.iter().filter(|line: &&Value| line["event"] == "failed").count() as u64;
    let lost = lost(&lines);
    assert!(lost > 0);
    assert_eq!(failed + lost, u64::from(SOURCES) * OF_EACH);
    assert_eq!(of_association(&lines), 2 * served, "there is room for the lines of peers");
    let last = lines.last().unwrap();
    assert_eq!(last["lost"], lost);
    assert_eq!(last["counters"]["failed"]["not-tls"], u64::from(SOURCES) * OF_EACH);
}

/// The lines that are whole; a last one may be cut off by a full disk.
fn whole_lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines: Vec<_> = text.split('\n').collect();
    lines.pop();
    lines.into_iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the lines of losses sum up to.
fn lost(lines: &[Value]) -> u64 {
    let lost = lines.iter().filter(|line| line["event"] == "lost");
    lost.map(|line| line["count"].as_u64().unwrap()).sum()
}

fn of_association(lines: &[Value]) -> u64 {
    let is_of = |line: &&Value| ["opened", "closed"].iter().any(|event| line["event"] == **event);
    lines.iter().filter(is_of).count() as u64
}
