//! SIGHUP: another configuration comes into force as a whole, or nothing of it.

use crate::support::PATIENCE;
use crate::support::associate::{Associate, CT, EXPLICIT, Item};
use crate::support::authority::{Authority, DAY, Identity, Profile};
use crate::support::dimse::{Request, echo_rq};
use crate::support::gate::{Gate, listening};
use crate::support::pacs::Pacs;
use crate::support::pdu::{ASSOCIATE_AC, COMMAND, LAST, abort, p_data};
use crate::support::requestor::{Caller, Received, Requestor};
use crate::support::scenario::{Scenario, assert_rejected, echo};
use crate::support::site::{CT1_NAME, site};
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Changes the configuration that the gate was started with.
pub(crate) fn edit(gate: &Gate, from: &str, to: &str) {
    let path = configuration(gate);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "no {from} in {text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

pub(crate) fn reload(gate: &Gate) {
    gate.signal("HUP");
    gate.wait_for_audit(|line| line["event"] == "reload" && line["reason"] == "applied");
}

/// A gate with a revocation list that names nobody.
fn with_list() -> Scenario {
    Scenario::with(|mut settings| {
        settings.revoke(&[site().root.crl(&[], SystemTime::now() + DAY)]);
        settings
    })
}

/// Names this certificate in the list.
fn revoke(gate: &Gate, device: &Identity) {
    let list = site().root.crl(&[device.leaf()], SystemTime::now() + DAY);
    fs::write(gate.directory.path().join("0.crl"), list).unwrap();
}

fn mr1(scenario: &Scenario) -> Requestor {
    Caller::with(&site().mr1).call(scenario.gate.address).unwrap()
}

#[test]
fn another_configuration_judges_the_next_association() {
    let scenario = Scenario::usual();
    edit(&scenario.gate, "\"CT1\"", "\"CT9\"");
    reload(&scenario.gate);
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut requestor, [1, 1, 3]);
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT9", "PACS"));
    let log = scenario.gate.wait_for_log("reloaded: serving 2 peers by configuration ");
    assert!(log.contains("INFO"), "{log}");
}

#[test]
fn a_wrong_configuration_changes_nothing_and_says_what_is_wrong() {
    let scenario = Scenario::usual();
    edit(&scenario.gate, "[peer.mr1]", "[peer.mr1]\nguard = \"sloppy\"\nrights = 7");
    scenario.gate.signal("HUP");
    let line = scenario.gate.audited("reload", "refused");
    assert!(line["detail"].as_str().unwrap().contains("peer.mr1.guard: 'sloppy' is"), "{line}");
    scenario.gate.wait_for_log("the reload is refused, nothing has changed: still serving 2 peers");
    scenario.serves_a_good_peer();
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.counted("reload", "refused"), 1);
}

#[test]
fn a_narrower_rule_binds_the_next_request_of_an_open_association() {
    let scenario = Scenario::with(|settings| settings.services(r#"["echo", "store"]"#));
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]));
    echo(&mut requestor, 1);
    edit(&scenario.gate, r#"["echo", "store"]"#, r#"["store"]"#);
    reload(&scenario.gate);
    // The association hears of it by itself; until then it asks by the old rules.
    let deadline = Instant::now() + PATIENCE;
    for id in 2.. {
        requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(id)));
        let status = Request::parse(&requestor.receive_pdu().pdvs()[0].data).status;
        if status == Some(0x0124) {
            break;
        }
        assert!(status == Some(0) && Instant::now() < deadline, "{status:?}");
    }
    scenario.gate.audited("forbidden", "requestor-operation");
    requestor.release();
}

#[test]
fn a_removed_peer_is_ended_and_the_others_go_on() {
    let scenario = Scenario::usual();
    let (mut removed, mut other) = (scenario.associated(), mr1(&scenario));
    other.associate(&Associate::echo("MR1", "PACS"));
    edit(&scenario.gate, "\"ct1.radiology.example\"", "\"ct7.radiology.example\"");
    reload(&scenario.gate);
    assert_eq!(removed.receive_pdu().encode(), abort(2, 0));
    assert_eq!(removed.receive(), Received::Closed);
    let line = scenario.gate.audited("closed", "withdrawn");
    assert!(line["detail"].as_str().unwrap().contains("no peer"), "{line}");
    assert!(line["advice"].is_string(), "{line}");
    echo(&mut other, 1);
    other.release();
    scenario.gate.audited("closed", "released");
}

#[test]
fn a_certificate_that_is_revoked_is_ended() {
    let (scenario, device) = (with_list(), site().root.issue(&Profile::client(CT1_NAME)));
    let mut requestor = Caller::with(&device).call(scenario.gate.address).unwrap();
    requestor.associate(&Associate::echo("CT1", "PACS"));
    let mut other = mr1(&scenario);
    other.associate(&Associate::echo("MR1", "PACS"));
    revoke(&scenario.gate, &device);
    reload(&scenario.gate);
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 0));
    let line = scenario.gate.audited("closed", "withdrawn");
    assert!(line["detail"].as_str().unwrap().contains("revocation list"), "{line}");
    echo(&mut other, 1);
}

#[test]
fn a_device_whose_ca_vouches_for_it_no_more_is_ended() {
    let scenario = Scenario::with(|mut settings| {
        let file = settings.tls["client_ca"].clone();
        settings.tls.insert("client_ca", format!("{{ hospital = {file}, vendor-x = {file} }}"));
        let named = format!("[{{ san_dns = {CT1_NAME:?}, ca = \"vendor-x\" }}]");
        settings.ct1.insert("certificate", named);
        settings
    });
    let mut requestor = scenario.associated();
    let mut other = mr1(&scenario);
    other.associate(&Associate::echo("MR1", "PACS"));
    let foreign = Authority::root("vendor root").pem();
    fs::write(scenario.gate.directory.path().join("vendor.crt"), foreign).unwrap();
    edit(&scenario.gate, "vendor-x = \"", "vendor-x = \"vendor.crt\", old = \"");
    reload(&scenario.gate);
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 0));
    let line = scenario.gate.audited("closed", "withdrawn");
    assert!(line["detail"].as_str().unwrap().contains("belongs to no peer"), "{line}");
    echo(&mut other, 1);
}

#[test]
fn a_connection_that_crosses_a_reload_is_judged_by_what_is_in_force() {
    let (scenario, device) = (with_list(), site().root.issue(&Profile::client(CT1_NAME)));
    let mut requestor = Caller::with(&device).call(scenario.gate.address).unwrap();
    let mut renamed = mr1(&scenario);
    revoke(&scenario.gate, &device);
    edit(&scenario.gate, "\"MR1\"", "\"MR9\"");
    reload(&scenario.gate);
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.gate.audited("refused", "certificate-revoked");
    renamed.send(&Associate::echo("MR1", "PACS").encode());
    assert_rejected(&mut renamed, [1, 1, 3]);
    assert_eq!(scenario.pacs.connections(), 0);
}

#[test]
fn ports_come_and_go_and_those_that_stay_are_not_closed() {
    let scenario = Scenario::usual();
    let stays = scenario.associated();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    edit(&scenario.gate, "\"127.0.0.1:0\"", &format!("\"127.0.0.1:0\", \"{free}\""));
    reload(&scenario.gate);
    let mut requestor = Caller::with(&site().mr1).call(free).unwrap();
    requestor.associate(&Associate::echo("MR1", "PACS"));
    edit(&scenario.gate, &format!(", \"{free}\""), "");
    scenario.gate.signal("HUP");
    scenario.gate.wait_for_log(&format!("listening on {free} no more"));
    let deadline = Instant::now() + Duration::from_secs(5);
    while TcpStream::connect(free).is_ok() {
        assert!(Instant::now() < deadline, "the port is still open");
    }
    // Whoever came by it goes on.
    echo(&mut requestor, 1);
    drop(stays);
    scenario.serves_a_good_peer();
}

#[test]
fn a_listener_that_goes_ends_what_came_by_it() {
    let scenario = Scenario::with(|mut settings| {
        let side = settings.listener.clone();
        settings.more.push(("listener.side", side));
        settings.more.push(("listener.side.tls", settings.tls.clone()));
        settings
    });
    let side = scenario.gate.wait_for_log("listener=side");
    let side = listening(&side).unwrap();
    let mut associated = Caller::with(&site().ct1).call(side).unwrap();
    associated.associate(&Associate::echo("CT1", "PACS"));
    let mut waiting = Caller::with(&site().mr1).call(side).unwrap();
    let path = configuration(&scenario.gate);
    let text = fs::read_to_string(&path).unwrap();
    let (front, _) = text.split_once("[listener.side]").unwrap();
    fs::write(&path, front).unwrap();
    reload(&scenario.gate);
    assert_eq!(associated.receive_pdu().encode(), abort(2, 0));
    let line = scenario.gate.audited("closed", "withdrawn");
    assert!(line["detail"].as_str().unwrap().ends_with("its listener is gone"), "{line}");
    waiting.send(&Associate::echo("MR1", "PACS").encode());
    assert_eq!(waiting.receive(), Received::Closed);
    scenario.gate.audited("refused", "listener-gone");
    scenario.serves_a_good_peer();
}

#[test]
fn an_association_on_which_nothing_was_accepted_lives_through_a_reload() {
    let pacs = Pacs::playing(|pacs| {
        let mut answer = pacs.request().acceptance();
        answer.contexts[0] = Item::result(1, 3, Some(EXPLICIT));
        pacs.send(&answer.encode());
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_eq!(requestor.receive_pdu().kind, ASSOCIATE_AC);
    reload(&scenario.gate);
    let mut other = mr1(&scenario);
    other.send(&Associate::echo("MR1", "PACS").encode());
    assert_eq!(other.receive_pdu().kind, ASSOCIATE_AC);
    drop(requestor);
    scenario.gate.wait_for_audit(|line| line["event"] == "closed" && line["peer"] == "ct1");
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.counted("closed", "withdrawn"), 0);
}

#[test]
fn a_port_that_is_taken_refuses_the_reload() {
    let scenario = Scenario::usual();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    edit(&scenario.gate, "\"127.0.0.1:0\"", &format!("\"127.0.0.1:0\", \"{address}\""));
    edit(&scenario.gate, "\"CT1\"", "\"CT9\"");
    scenario.gate.signal("HUP");
    let line = scenario.gate.audited("reload", "refused");
    assert!(line["detail"].as_str().unwrap().contains("cannot listen on"), "{line}");
    scenario.serves_a_good_peer();
    scenario.associated();
}

#[test]
fn limits_and_the_level_of_the_log_change_with_a_reload() {
    let scenario = Scenario::with(|settings| settings.count("per_source", 100));
    edit(&scenario.gate, "per_source = 100", "per_source = 1");
    edit(&scenario.gate, "[limits]", "[log]\nlevel = \"error\"\n[limits]");
    reload(&scenario.gate);
    let held = scenario.ct1();
    assert!(Caller::with(&site().mr1).call(scenario.gate.address).is_err());
    scenario.gate.audited("failed", "source-limit");
    drop(held);
    let stopped = scenario.gate.stop();
    assert!(!stopped.stderr.contains("stopping"), "{}", stopped.stderr);
}

#[test]
fn many_reloads_under_load_lose_nothing() {
    Flipping::for_seconds(3);
}

#[test]
#[ignore = "takes a minute: run tests/all"]
fn a_minute_of_reloads_loses_nothing_and_keeps_nothing() {
    let [early, late] = Flipping::for_seconds(60);
    assert!(late * 100 <= early * 105, "{late} KiB at the end, {early} KiB after ten seconds");
}

/// A gate that is told ten times a second to flip what is permitted, while others work.
struct Flipping {
    scenario: Scenario,
    sound: String,
    /// How many audit lines have been looked at.
    read: usize,
    /// Whether the title CT1 is one of ct1's.
    is_permitted: bool,
}

impl Flipping {
    const TICK: Duration = Duration::from_millis(100);
    /// A file that is wrong comes as often.
    const WRONG: u64 = 7;

    /// The memory that is resident after ten seconds and at the end.
    fn for_seconds(seconds: u64) -> [u64; 2] {
        let scenario = Scenario::with(|settings| settings.services(r#"["echo", "store"]"#));
        let sound = fs::read_to_string(configuration(&scenario.gate)).unwrap();
        let mut flipping = Self { scenario, sound, read: 0, is_permitted: true };
        let over = AtomicBool::new(false);
        let (address, began) = (flipping.scenario.gate.address, Instant::now());
        let mut memory = Vec::new();
        let mut ticks = 0;
        let served: u64 = thread::scope(|scope| {
            let workers = [(); 4].map(|()| scope.spawn(|| work(address, &over)));
            while began.elapsed() < Duration::from_secs(seconds) {
                ticks += 1;
                let now = Instant::now();
                flipping.flip(ticks % Self::WRONG == 0);
                thread::sleep(Self::TICK.saturating_sub(now.elapsed()));
                let resident = flipping.scenario.gate.resident_memory();
                memory.push((began.elapsed().as_secs(), resident));
            }
            over.store(true, Ordering::Relaxed);
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        let memory = [10, seconds].map(|end| before(end, &memory));
        println!("{served} associations, {memory:?} KiB");
        let stopped = flipping.scenario.gate.stop();
        let reloads = ["applied", "refused"].map(|reason| stopped.counted("reload", reason));
        assert_eq!(reloads, [ticks - ticks / Self::WRONG, ticks / Self::WRONG]);
        assert!(reloads[1] > 0 && served > 0);
        assert_eq!(stopped.counted("closed", "withdrawn"), 0);
        memory
    }

    /// The next association hears of it, or does not, if the file is wrong.
    fn flip(&mut self, is_wrong: bool) {
        let title = if self.is_permitted { "\"CT9\"" } else { "\"CT1\"" };
        let mut text = self.sound.replace("\"CT1\"", title);
        if is_wrong {
            text += "rights = 7\n";
        } else {
            self.is_permitted = !self.is_permitted;
        }
        let Scenario { gate, .. } = &self.scenario;
        fs::write(configuration(gate), text).unwrap();
        gate.signal("HUP");
        let reason = if is_wrong { "refused" } else { "applied" };
        let line = gate.wait_for_next(&mut self.read, |line| line["event"] == "reload");
        assert_eq!(line["reason"], reason, "{line}");
        let mut requestor = self.scenario.ct1();
        requestor.send(&Associate::echo("CT1", "PACS").encode());
        assert_eq!(requestor.receive_pdu().kind == ASSOCIATE_AC, self.is_permitted);
        requestor.vanish();
    }
}

/// The median of what was resident in the five seconds before this one.
fn before(end: u64, memory: &[(u64, u64)]) -> u64 {
    let wanted = end.saturating_sub(5)..end;
    let mut resident: Vec<_> =
        memory.iter().filter(|(second, _)| wanted.contains(second)).map(|(_, kib)| *kib).collect();
    resident.sort_unstable();
    resident.get(resident.len() / 2).copied().unwrap_or_default()
}

/// One association after the other, each short or long, all permitted.
fn work(gate: SocketAddr, over: &AtomicBool) -> u64 {
    let mut served = 0;
    while !over.load(Ordering::Relaxed) {
        let mut requestor = Caller::with(&site().mr1).call(gate).unwrap();
        requestor.associate(&Associate::echo("MR1", "PACS"));
        for id in 1..=1 << (served % 10) {
            echo(&mut requestor, id);
        }
        requestor.release();
        served += 1;
    }
    served
}

pub(crate) fn configuration(gate: &Gate) -> PathBuf {
    gate.directory.path().join("pacsgate.toml")
}
