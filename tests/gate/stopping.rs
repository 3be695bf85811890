//! SIGTERM and SIGINT: no new connections, time for operations that are under way, exit code 0.

use crate::support::PATIENCE;
use crate::support::associate::Associate;
use crate::support::dcmtk::{self, Credentials, Storescp, call_within, objects, words};
use crate::support::dimse::echo_rq;
use crate::support::gate::Stopped;
use crate::support::pacs::Pacs;
use crate::support::pdu::{COMMAND, LAST, abort, behind_request, p_data};
use crate::support::requestor::{Caller, Received};
use crate::support::scenario::{Scenario, assert_aborted, assert_is_echo_response, echo};
use crate::support::settings::Settings;
use crate::support::site::site;
use serde_json::Value;
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[test]
fn stops_on_either_signal() {
    for signal in ["TERM", "INT"] {
        let scenario = Scenario::usual();
        scenario.serves_a_good_peer();
        scenario.gate.signal(signal);
        let stopped = scenario.gate.wait();
        assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
        assert_eq!(stopped.counted("closed", "released"), 1);
        assert_eq!(stopped.audit.last().unwrap()["event"], "counters");
    }
}

#[test]
fn an_outstanding_operation_gets_its_time() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        let question = pacs.receive().unwrap();
        // Far longer than an idle association has; the slowness of the PACS is what is tested.
        thread::sleep(Duration::from_secs(1));
        pacs.answer_to(&question);
        pacs.answer();
    });
    let scenario = Scenario::before(pacs, |settings| settings.limit("drain", "10s"));
    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    scenario.gate.signal("TERM");
    scenario.gate.wait_for_log("stopping");
    while TcpStream::connect(scenario.gate.address).is_ok() {
        thread::yield_now();
    }
    assert_is_echo_response(&requestor.receive_pdu(), 1);
    requestor.release();
    let stopped = scenario.gate.wait();
    assert_eq!(stopped.code, Some(0));
    assert_eq!(stopped.counted("closed", "released"), 1);
}

#[test]
fn an_idle_association_does_not_hold_up_the_stop() {
    let scenario = Scenario::before(silent(), |settings| settings.limit("drain", "1h"));
    let mut requestor = scenario.associated();
    scenario.gate.signal("TERM");
    assert_aborted(&mut requestor, 2, 0);
    drop(requestor);
    assert_eq!(behind_request(&scenario.pacs.received()), abort(2, 0));
    let stopped = scenario.gate.wait();
    assert_eq!(stopped.code, Some(0));
    assert_eq!(stopped.counted("closed", "shutdown"), 1);
}

#[test]
fn an_operation_that_outlasts_the_drain_is_aborted_on_both_sides() {
    let scenario = Scenario::before(silent(), |settings| settings.limit("drain", "300ms"));
    let mut requestor = scenario.associated();
    let question = p_data(1, COMMAND | LAST, &echo_rq(1));
    requestor.send(&question);
    scenario.gate.signal("TERM");
    assert_aborted(&mut requestor, 2, 0);
    drop(requestor);
    let received = behind_request(&scenario.pacs.received());
    assert_eq!(received, [question, abort(2, 0)].concat());
    let line = scenario.gate.audited("closed", "shutdown-in-operation");
    assert!(
        line["advice"].as_str().unwrap().starts_with("Repeat at the device what has no status")
    );
    assert_eq!(line["operations"][0]["status"], Value::Null);
    let stopped = scenario.gate.wait();
    assert_eq!(stopped.code, Some(0));
    assert_eq!(stopped.counted("closed", "shutdown-in-operation"), 1);
}

#[test]
fn a_second_signal_ends_an_operation_at_once() {
    for signal in ["TERM", "INT"] {
        let scenario = Scenario::before(silent(), |settings| settings.limit("drain", "1h"));
        let mut requestor = scenario.associated();
        requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
        scenario.gate.signal("TERM");
        scenario.gate.wait_for_log("stopping");
        scenario.gate.signal(signal);
        assert_aborted(&mut requestor, 2, 0);
        let stopped = scenario.gate.wait();
        assert_eq!(stopped.code, Some(0));
        assert_eq!(stopped.counted("closed", "shutdown-in-operation"), 1);
    }
}

#[test]
fn what_is_not_yet_an_association_does_not_hold_up_the_stop() {
    let scenario = Scenario::with(|settings| {
        settings.limit("drain", "1h").limit("handshake", "10m").limit("request", "10m")
    });
    let _silent = TcpStream::connect(scenario.gate.address).unwrap();
    let mut asking = scenario.ct1();
    asking.send(&Associate::echo("CT1", "PACS").encode()[..50]);
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.code, Some(0));
    assert!(matches!(asking.receive(), Received::Closed | Received::Reset));
    assert_eq!(scenario.pacs.connections(), 0);
}

#[test]
fn who_has_come_before_the_stop_may_still_ask() {
    let scenario = Scenario::with(|settings| settings.limit("close", "10s").limit("drain", "1h"));
    let mut requestor = scenario.ct1();
    scenario.gate.signal("TERM");
    scenario.gate.wait_for_log("stopping");
    requestor.associate(&Associate::echo("CT1", "PACS"));
    for id in 1..4 {
        echo(&mut requestor, id);
    }
    requestor.release();
    drop(requestor);
    let stopped = scenario.gate.wait();
    assert_eq!(stopped.code, Some(0));
    assert_eq!(stopped.counted("closed", "released"), 1);
}

#[test]
fn who_waits_at_the_port_when_the_stop_comes_may_still_ask() {
    const MANY: usize = 60;
    let scenario = Scenario::with(|settings| {
        settings.limit("close", "15s").limit("drain", "1h").count("peer_associations", 1000)
    });
    // Nobody accepts meanwhile: the system connects them, as it does for a balancer.
    scenario.gate.signal("STOP");
    let waiting: Vec<_> =
        (0..MANY).map(|_| TcpStream::connect(scenario.gate.address).unwrap()).collect();
    scenario.gate.signal("TERM");
    scenario.gate.signal("CONT");
    let asking = waiting.into_iter().map(|socket| {
        thread::spawn(move || {
            let mut requestor = Caller::with(&site().ct1).call_over(socket).unwrap();
            requestor.associate(&Associate::echo("CT1", "PACS"));
            echo(&mut requestor, 1);
            requestor.release();
        })
    });
    let asking: Vec<_> = asking.collect();
    asking.into_iter().for_each(|asking| asking.join().unwrap());
    let stopped = scenario.gate.wait();
    assert_eq!(stopped.code, Some(0));
    assert_eq!(stopped.counted("closed", "released"), MANY as u64);
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn a_gibibyte_arrives_whole_when_there_is_time() {
    let transfer = Transfer::stopped_in_the_middle("10m");
    assert!(transfer.sent.status.success(), "{}", words(&transfer.sent));
    let [stored]: [PathBuf; 1] = transfer.stored().try_into().unwrap();
    assert!(pixels(&stored).eq(pixels(&transfer.object)));
    assert_eq!(transfer.stopped.code, Some(0));
    assert_eq!(transfer.stopped.counted("closed", "released"), 1);
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn a_gibibyte_for_which_there_is_no_time_ends_cleanly() {
    let transfer = Transfer::stopped_in_the_middle("100ms");
    assert!(!transfer.sent.status.success(), "{}", words(&transfer.sent));
    // storescp keeps no object of which it knows that a part is missing.
    assert_eq!(transfer.stored(), Vec::<PathBuf>::new());
    assert_eq!(transfer.stopped.code, Some(0));
    assert_eq!(transfer.stopped.counted("closed", "shutdown-in-operation"), 1);
}

const GIBIBYTE: u64 = 1 << 30;
/// What a gibibyte may take on a machine that has much else to do.
const LASTS: Duration = Duration::from_secs(300);

/// storescu and storescp with a gate between them that was told to stop.
struct Transfer {
    directory: TempDir,
    object: PathBuf,
    sent: Output,
    stopped: Stopped,
}

impl Transfer {
    fn stopped_in_the_middle(drain: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let (object, into) = (long_object(directory.path()), directory.path().join("stored"));
        fs::create_dir(&into).unwrap();
        let pacs = Storescp::keeping_all(&into);
        let settings = dcmtk::settings(Settings::new(pacs.address)).services(r#"["store"]"#);
        let gate = settings.limit("drain", drain).start();
        let credentials = Credentials::of(&site().ct1);
        let (options, address) = (credentials.options(), gate.address);
        let options = [options, vec!["-xe".into()]].concat();
        let sending = thread::spawn({
            let object = object.clone();
            move || call_within(LASTS, "storescu", &options, ["CT1", "PACS"], address, &[object])
        });
        let deadline = Instant::now() + PATIENCE;
        while files(&into).iter().map(|file| length(file)).sum::<u64>() < GIBIBYTE / 8 {
            assert!(!sending.is_finished() && Instant::now() < deadline, "nothing comes");
            thread::sleep(Duration::from_millis(1));
        }
        gate.signal("TERM");
        let sent = sending.join().unwrap();
        let stopped = gate.wait();
        // It may have to take a file away first.
        pacs.wait_until_idle();
        Self { directory, object, sent, stopped }
    }

    fn stored(&self) -> Vec<PathBuf> {
        files(&self.directory.path().join("stored"))
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Nothing where the file has just been taken away.
fn length(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}

/// A CT image that is far too long, in Explicit VR Little Endian.
fn long_object(directory: &Path) -> PathBuf {
    const TAG: &[u8] = b"\xe0\x7f\x10\0OW\0\0";
    let (_, path) = objects(directory).swap_remove(0);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(TAG.len()).rposition(|bytes| bytes == TAG).unwrap() + TAG.len();
    let length = u32::try_from(GIBIBYTE).unwrap();
    bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    let end = u64::try_from(at + 4).unwrap() + GIBIBYTE;
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(end).unwrap();
    path
}

/// The end of a long object, piece by piece.
fn pixels(path: &Path) -> impl Iterator<Item = Vec<u8>> {
    const PIECE: u64 = 1 << 20;
    let mut file = fs::File::open(path).unwrap();
    file.seek(SeekFrom::End(-i64::try_from(GIBIBYTE).unwrap())).unwrap();
    (0..GIBIBYTE / PIECE).map(move |_| {
        let mut piece = vec![0; usize::try_from(PIECE).unwrap()];
        file.read_exact(&mut piece).unwrap();
        piece
    })
}

/// A PACS that accepts and answers nothing.
fn silent() -> Pacs {
    Pacs::playing(|pacs| {
        pacs.accept();
        pacs.drain();
    })
}
