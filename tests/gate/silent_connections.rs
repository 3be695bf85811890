//! Ten thousand connections that send nothing, with the limits as they are by default.

use crate::costs::most_memory;
use crate::support::gate::{Gate, command, limited};
use crate::support::pacs::Pacs;
use crate::support::requestor::{connect_from, reset_when_dropped};
use crate::support::scenario::Scenario;
use crate::support::settings::Settings;
use pacsgate::config::Limits;
use pacsgate::net;
use std::fs;
use std::net::TcpStream;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

const CONNECTIONS: u16 = 10_000;
/// Between two associations of the good peer, in connections.
const STEP: usize = 500;
/// Of the gate where it has few: less than one stage of its connections may have.
const FEW: usize = 128;
/// That many wait at a port for somebody to accept them without being sent away.
const WAITING: u16 = 1_500;

/// The descriptors of this process do not suffice for two of these tests at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
#[ignore = "opens ten thousand connections: run tests/all"]
fn from_one_address_they_get_their_share_and_others_theirs() {
    let _alone = alone();
    let (scenario, held) = beside(|_| [127, 5, 0, 1]);
    let limits = Limits::default();
    let failed = ends(scenario, held);
    let refused = failed["source-limit"].as_u64().unwrap();
    assert!(refused >= u64::from(u32::from(CONNECTIONS) - 2 * limits.per_source), "{failed}");
}

#[test]
#[ignore = "opens ten thousand connections: run tests/all"]
fn from_many_addresses_they_give_way_and_a_good_peer_does_not() {
    let _alone = alone();
    let (scenario, held) = beside(|number| {
        let [high, low] = number.to_be_bytes();
        [127, 6, high, low]
    });
    let limits = Limits::default();
    let failed = ends(scenario, held);
    let gave_way = failed["handshake-limit"].as_u64().unwrap();
    assert!(gave_way >= u64::from(u32::from(CONNECTIONS) - 2 * limits.handshakes), "{failed}");
}

#[test]
#[ignore = "opens thousands of connections: run tests/all"]
fn a_gate_with_few_descriptors_says_so_and_serves_again_once_they_close() {
    let _alone = alone();
    let pacs = Pacs::good();
    let mut settings = Settings::new(pacs.address);
    settings.limits.clear();
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let command = limited(&command(&configuration), &format!("-n {FEW}"));
    let scenario = Scenario { pacs, gate: Gate::spawn(settings.directory, command) };
    scenario.gate.wait_for_log("limits.connections needs more open files than are allowed");
    scenario.serves_a_good_peer();
    let held: Vec<_> = (0..WAITING)
        .map(|number| {
            let [high, low] = number.to_be_bytes();
            silent(&scenario, [127, 7, high, low])
        })
        .collect();
    let told = scenario.gate.wait_for_log("cannot accept: connections wait until others have");
    assert!(told.contains("LimitNOFILE"), "{told}");
    drop(held);
    scenario.serves_a_good_peer();
    scenario.gate.wait_for_log("accepting again, after ");
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.code, Some(0));
    assert_eq!(stopped.stderr.matches("cannot accept: ").count(), 1, "{}", stopped.stderr);
    assert_eq!(stopped.counted("opened", "none"), 2);
}

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A gate that serves a good peer while connections from there come and stay.
fn beside(from: impl Fn(u16) -> [u8; 4]) -> (Scenario, Vec<TcpStream>) {
    let scenario = Scenario::with(|mut settings| {
        settings.limits.clear();
        settings
    });
    let mut held = Vec::new();
    for number in 0..CONNECTIONS {
        held.push(silent(&scenario, from(number)));
        if held.len() % STEP == 0 {
            scenario.serves_a_good_peer();
        }
    }
    (scenario, held)
}

fn silent(scenario: &Scenario, from: [u8; 4]) -> TcpStream {
    let socket = connect_from(from, scenario.gate.address).unwrap();
    reset_when_dropped(&socket);
    socket
}

/// All ends of the others, by reason: as many as there were connections.
fn ends(scenario: Scenario, held: Vec<TcpStream>) -> serde_json::Value {
    let limits = Limits::default();
    let cores = thread::available_parallelism().unwrap().get();
    let (memory, most) = (scenario.gate.peak_memory(), most_memory(cores) / 1024);
    let (open, allowed) = (descriptors(&scenario.gate), net::descriptors(limits.connections));
    println!("peak memory: {memory} KiB of at most {most}; {open} descriptors of {allowed}");
    assert!(memory <= u64::try_from(most).unwrap());
    assert!(u64::try_from(open).unwrap() <= allowed);
    let served = usize::from(CONNECTIONS) / STEP;
    assert_eq!(scenario.pacs.connections(), served);
    let stopped = scenario.gate.stop();
    drop(held);
    assert_eq!(stopped.code, Some(0));
    assert_eq!(stopped.counted("opened", "none"), served as u64);
    let last = stopped.of_event("counters").pop().unwrap().clone();
    let failed = &last["counters"]["failed"];
    let ends = failed.as_object().unwrap().values().map(|count| count.as_u64().unwrap());
    assert_eq!(ends.sum::<u64>(), u64::from(CONNECTIONS), "{failed}");
    failed.clone()
}

fn descriptors(gate: &Gate) -> usize {
    fs::read_dir(format!("/proc/{}/fd", gate.process())).unwrap().count()
}
