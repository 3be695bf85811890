//! All floods at once beside good peers, for as long as `SOAK_SECONDS` says.

mod floods;

use crate::costs::most_memory;
use crate::support::associate::Associate;
use crate::support::gate::{Gate, command};
use crate::support::pacs::Pacs;
use crate::support::requestor::{Caller, Requestor};
use crate::support::scenario::echo;
use crate::support::settings::Settings;
use crate::support::site::site;
use serde_json::Value;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Long enough to see that everything works; the figures are those of ten minutes.
const SECONDS: u64 = 20;
/// How long good peers are alone, before and after.
const QUIET: Duration = Duration::from_secs(5);
/// Between two C-ECHOs, and between two associations.
const PAUSE: Duration = Duration::from_millis(20);
/// How often the service manager wants to hear of the gate.
const WATCHDOG: Duration = Duration::from_secs(10);

/// What the good peers saw, in milliseconds.
struct Seen {
    /// C-ECHO on an association that stays.
    echoes: Vec<f64>,
    /// From connecting to the end of a release, with a C-ECHO in between.
    associations: Vec<f64>,
}

#[test]
#[ignore = "floods the gate for SOAK_SECONDS: run tests/all"]
fn good_peers_are_served_and_audited_beside_all_floods_at_once() {
    let seconds = std::env::var("SOAK_SECONDS").ok().and_then(|text| text.parse().ok());
    let length = Duration::from_secs(seconds.unwrap_or(SECONDS));
    let pacs = Pacs::good();
    let mut settings = Settings::new(pacs.address);
    settings.limits.clear();
    // The gate's own is removed with it.
    let kept = TempDir::new().unwrap();
    let audit = kept.path().join("audit.jsonl");
    settings.log.insert("audit", format!("{audit:?}"));
    let manager = UnixDatagram::bind(settings.directory.path().join("notify")).unwrap();
    let gate = start(settings);
    let stop = AtomicBool::new(false);
    let pings = AtomicU64::new(0);
    let began = Instant::now();
    let (quiet, flooded, sent) = thread::scope(|scope| {
        let _ended = Ended(&stop);
        scope.spawn(|| listen(&manager, &pings, &stop));
        let quiet = good_peers(gate.address, QUIET);
        let floods = floods::Floods::start(scope, gate.address, &stop);
        let flooded = good_peers(gate.address, length);
        (quiet, flooded, floods.sent())
    });
    let (memory, pings) = (gate.peak_memory(), pings.load(Ordering::Relaxed));
    assert_eq!(gate.stop().code, Some(0));
    println!("beside {sent:?}");
    quiet.print("quiet");
    flooded.print("flooded");
    let cores = thread::available_parallelism().unwrap().get();
    let most = u64::try_from(most_memory(cores) / 1024).unwrap();
    println!("peak memory: {memory} KiB of at most {most}; pings of the watchdog: {pings}");
    let associations = quiet.associations.len() + flooded.associations.len();
    let associations = u64::try_from(associations).unwrap();
    // Each of the two times of a good peer has one association that stays.
    assert_eq!(audited(&audit), associations + 2, "each good association is accounted for");
    assert!(memory <= most);
    assert!(pings >= began.elapsed().as_secs() / WATCHDOG.as_secs(), "{pings} pings");
    assert!(sent.iter().all(|(_, count)| *count > 0), "{sent:?}");
}

/// Ends the floods, however the good peers end.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn start(settings: Settings) -> Gate {
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let mut command = command(&configuration);
    command.env("NOTIFY_SOCKET", settings.directory.path().join("notify"));
    command.env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string()).env_remove("WATCHDOG_PID");
    Gate::spawn(settings.directory, command)
}

/// Counts what a service manager hears of a gate that runs.
fn listen(manager: &UnixDatagram, pings: &AtomicU64, stop: &AtomicBool) {
    manager.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    while !stop.load(Ordering::Relaxed) {
        let mut said = [0; 64];
        if manager.recv(&mut said).is_ok_and(|length| said[..length].starts_with(b"WATCHDOG=1")) {
            pings.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// One peer that comes again and again, and one that stays.
fn good_peers(gate: SocketAddr, length: Duration) -> Seen {
    let until = Instant::now() + length;
    thread::scope(|scope| {
        let staying = scope.spawn(move || {
            let mut requestor = associated(gate);
            let echoes = again_until(until, || echo(&mut requestor, 1));
            requestor.release();
            echoes
        });
        let associations = again_until(until, || {
            let mut requestor = associated(gate);
            echo(&mut requestor, 1);
            requestor.release();
        });
        Seen { echoes: staying.join().unwrap(), associations }
    })
}

fn associated(gate: SocketAddr) -> Requestor {
    let mut requestor = Caller::with(&site().mr1).call(gate).unwrap();
    requestor.associate(&Associate::echo("MR1", "PACS"));
    requestor
}

/// How many milliseconds each time took.
fn again_until(until: Instant, mut once: impl FnMut()) -> Vec<f64> {
    let mut times = Vec::new();
    while Instant::now() < until {
        let began = Instant::now();
        once();
        times.push(began.elapsed().as_secs_f64() * 1e3);
        thread::sleep(PAUSE);
    }
    times
}

/// How many associations of the good peer have ended, by the ids of their connections and by what was
/// summed: it has asked for C-ECHO alone.
fn audited(audit: &Path) -> u64 {
    let lines = BufReader::new(File::open(audit).unwrap()).lines();
    let lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let (mut closed, mut summed) = (HashSet::new(), 0);
    for line in lines.filter(|line| line["peer"] == "mr1") {
        match line["event"].as_str().unwrap() {
            "closed" => {
                closed.insert(line["id"].as_str().unwrap().to_owned());
            }
            "summed" => {
                let reasons = line["reasons"].as_object().unwrap().iter();
                let ends = reasons.filter(|(reason, _)| *reason != "opened");
                summed += ends.map(|(_, count)| count.as_u64().unwrap()).sum::<u64>();
            }
            _ => {}
        }
    }
    u64::try_from(closed.len()).unwrap() + summed
}

impl Seen {
    fn print(&self, when: &str) {
        for (what, times) in [("C-ECHO", &self.echoes), ("association", &self.associations)] {
            let mut sorted = times.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let [half, slow, most] =
                [50, 99, 100].map(|part| sorted[(sorted.len() - 1) * part / 100]);
            println!(
                "{when}: {what}, {} times: p50 {half:.2} ms, p99 {slow:.2} ms, most {most:.2} ms",
                sorted.len()
            );
        }
    }
}
