//! Two gates behind HAProxy, by the files of config/nodes: one is killed, one is drained, one changes.

mod balancer;

use crate::admin::at;
use crate::reload::{edit, reload};
use crate::support::PATIENCE;
use crate::support::associate::{Associate, EXPLICIT, STUDY_MOVE};
use crate::support::dcmtk::{self, Credentials, Storescp, call, objects, words};
use crate::support::dimse::{Request, echo_rq, identifier, image, move_rq, store_rq};
use crate::support::exchange::assert_is_store_response;
use crate::support::gate::{Gate, Stopped, listening};
use crate::support::http::Endpoint;
use crate::support::pacs::Pacs;
use crate::support::pdu::{COMMAND, LAST, p_data};
use crate::support::requestor::{Caller, Received, Requestor};
use crate::support::scenario::{assert_is_echo_response, echo};
use crate::support::settings::Settings;
use crate::support::site::site;
use crate::way_back::{ARCHIVE, opened, released, says, sending, with_way_back};
use balancer::{BALANCER, Balancer, server};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A gate whose configuration is word for word that of every other one before this PACS.
struct Node {
    gate: Gate,
    admin: Endpoint,
}

impl Node {
    fn before(pacs: SocketAddr) -> Self {
        Self::with(pacs, |settings| settings)
    }

    fn with(pacs: SocketAddr, change: impl FnOnce(Settings) -> Settings) -> Self {
        let settings = at(dcmtk::settings(Settings::new(pacs)), r#"["127.0.0.1:0"]"#);
        let mut settings = change(settings);
        settings.listener.insert("proxy_protocol_from", format!("[{BALANCER:?}]"));
        settings.ct1.insert("from", r#"["127.0.0.1", "127.0.0.8", "127.0.0.9"]"#.into());
        // Paths from the folder on, as those in /etc/pacsgate are the same everywhere.
        let folder = format!("{}/", settings.directory.path().display());
        let text = settings.text().replace(&folder, "");
        let configuration = settings.file("pacsgate.toml", &text);
        let gate = Gate::start(settings.directory, &configuration);
        let admin = Endpoint::of(&gate);
        Self { gate, admin }
    }

    /// How many associations it has now.
    fn associations(&self) -> usize {
        self.admin.json("/associations")["associations"].as_array().unwrap().len()
    }

    fn wait_until_it_has(&self, associations: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.associations() != associations {
            assert!(Instant::now() < deadline, "not {associations}: {}", self.associations());
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn configuration(&self) -> String {
        self.admin.json("/readyz")["configuration"].as_str().unwrap().to_owned()
    }
}

/// A device at 127.0.0.9 with an open association, and the address that it has.
fn device(balancer: SocketAddr) -> (Requestor, String) {
    let mut device = Caller::with(&site().ct1).call_from([127, 0, 0, 9], balancer).unwrap();
    let source = device.socket().local_addr().unwrap().to_string();
    device.associate(&Associate::echo("CT1", "PACS"));
    (device, source)
}

/// HAProxy by haproxy.cfg before two gates, of which none has a way back.
fn before(gates: [&Node; 2]) -> Balancer {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    between(gates.map(|node| [node.gate.address, nowhere]))
}

/// The same with the addresses of both ways.
fn between(gates: [[SocketAddr; 2]; 2]) -> Balancer {
    let [[first, first_back], [second, second_back]] = gates.map(|ways| ways.map(server));
    Balancer::start(
        "haproxy.cfg",
        &[
            ("10.0.0.21:2762", &first),
            ("10.0.0.22:2762", &second),
            ("10.0.0.21:11112", &first_back),
            ("10.0.0.22:11112", &second_back),
            ("bind :11112", "bind fd@2"),
            ("10.1.2.3 10.1.2.4", "127.0.0.8"),
        ],
    )
}

/// What storescu has come to, again and again, in several processes at a time.
struct Load {
    objects: TempDir,
    files: Vec<PathBuf>,
    credentials: Credentials,
    over: AtomicBool,
    stored: AtomicUsize,
    failed: Mutex<Vec<String>>,
}

impl Load {
    const PROCESSES: usize = 3;

    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let files = objects(directory.path()).into_iter().take(1).map(|(_, path)| path).collect();
        Self {
            objects: directory,
            files,
            credentials: Credentials::of(&site().ct1),
            over: AtomicBool::new(false),
            stored: AtomicUsize::new(0),
            failed: Mutex::default(),
        }
    }

    /// Sends until it is over.
    fn send(&self, balancer: SocketAddr) {
        let options = [self.credentials.options(), vec!["-xe".into()]].concat();
        while !self.over.load(Ordering::SeqCst) {
            let output = call("storescu", &options, ["CT1", "PACS"], balancer, &self.files);
            if output.status.success() {
                self.stored.fetch_add(1, Ordering::SeqCst);
            } else {
                self.failed.lock().unwrap().push(words(&output));
            }
        }
    }

    /// Does this while it sends, and waits for its end.
    fn during<T>(&self, balancer: SocketAddr, work: impl FnOnce() -> T) -> T {
        assert!(self.objects.path().exists());
        thread::scope(|scope| {
            let sending = [(); Self::PROCESSES].map(|()| scope.spawn(|| self.send(balancer)));
            // Whoever fails must not leave the others sending for ever.
            let ending = Ending(&self.over);
            let done = work();
            drop(ending);
            sending.into_iter().for_each(|sending| sending.join().unwrap());
            done
        })
    }

    /// Waits until so many more are stored.
    fn wait_for(&self, more: usize) {
        let (deadline, until) =
            (Instant::now() + PATIENCE * 3, self.stored.load(Ordering::SeqCst) + more);
        while self.stored.load(Ordering::SeqCst) < until {
            assert!(Instant::now() < deadline, "{:?}", self.failed.lock().unwrap());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Every line names a device as its source, and the balancer as what it is.
fn names_the_devices(lines: &[Value]) {
    // The balancer's own checks are summed, in a line of another kind.
    let is_of_device = |line: &&Value| line["event"] == "opened" || line["event"] == "closed";
    let of_devices = lines.iter().filter(is_of_device);
    let of_devices: Vec<_> = of_devices.collect();
    assert!(!of_devices.is_empty());
    for line in of_devices {
        let text = |key: &str| line[key].as_str().unwrap_or_else(|| panic!("no {key}: {line}"));
        let (source, proxy) = (text("source"), text("proxy"));
        assert!(["127.0.0.1:", "127.0.0.9:"].iter().any(|it| source.starts_with(it)), "{line}");
        assert!(proxy.starts_with(&format!("{BALANCER}:")), "{line}");
    }
}

/// The sources in the lines of an event.
fn sources(stopped: &Stopped, event: &str) -> BTreeSet<String> {
    let lines = stopped.of_event(event).into_iter();
    lines.filter_map(|line| line["source"].as_str().map(str::to_owned)).collect()
}

#[test]
#[ignore = "needs HAProxy and DCMTK: run tests/all"]
fn a_gate_that_is_killed_loses_what_it_held_and_nothing_else() {
    let stored = TempDir::new().unwrap();
    let pacs = Storescp::keeping_all(stored.path());
    let [first, second] = [(); 2].map(|()| Node::before(pacs.address));
    let balancer = before([&first, &second]);
    // Each takes the half of six.
    let mut devices: Vec<_> = (0..6).map(|_| device(balancer.address)).collect();
    first.wait_until_it_has(3);
    second.wait_until_it_has(3);
    let load = Load::new();
    let again = load.during(balancer.address, || {
        load.wait_for(6);
        first.gate.signal("KILL");
        balancer.says(&["gates/gate1 is DOWN"]);
        load.wait_for(6);
        let again = Node::before(pacs.address);
        let (address, port) = (again.gate.address.ip(), again.gate.address.port());
        balancer.order(&format!("set server gates/gate1 addr {address} port {port}"));
        balancer.says(&["gates/gate1 is UP"]);
        again.gate.audited("closed", "released");
        again
    });
    let killed = first.gate.wait();
    let opened = sources(&killed, "opened");
    for (device, source) in &mut devices {
        assert_eq!(is_lost(device), opened.contains(source), "{source}");
    }
    assert_eq!(devices.iter().filter(|(_, source)| opened.contains(source)).count(), 3);
    pacs.wait_until_idle();
    let (confirmed, kept) = (load.stored.load(Ordering::SeqCst), pacs.stored().len());
    let failed = load.failed.lock().unwrap();
    assert!((confirmed..=confirmed + failed.len()).contains(&kept), "{confirmed} of {kept}");
    let [second, again] = [second, again].map(|node| node.gate.stop());
    // Each process of storescu had one association at a time: those are lost that nobody else had.
    let (others, ended) = (sources(&again, "closed"), sources(&killed, "closed"));
    let mut held = balancer.sources("gate1");
    held.retain(|it| !it.starts_with("127.0.0.9:") && !others.contains(it) && !ended.contains(it));
    // A gate writes an association's line before it gives the answer to the release.
    let is_in_release = |words: &&String| words.contains("Association Release Failed");
    let in_release = failed.iter().filter(is_in_release).count();
    assert!(failed.len() <= Load::PROCESSES, "{failed:?}");
    assert!(failed.len() - in_release <= held.len(), "{held:?}: {failed:?}");
    for stopped in [second, again] {
        names_the_devices(&stopped.audit);
        let closed = stopped.of_event("closed");
        assert!(closed.iter().all(|line| line["reason"] == "released"), "{}", stopped.stdout);
        assert!(stopped.of_event("failed").is_empty(), "{}", stopped.stdout);
    }
}

/// Whether the association has ended; one that has not works, and is released.
fn is_lost(device: &mut Requestor) -> bool {
    if device.try_send(&p_data(1, COMMAND | LAST, &echo_rq(9))).is_err() {
        return true;
    }
    match device.receive() {
        Received::Pdu(pdu) => assert_is_echo_response(&pdu, 9),
        Received::Closed | Received::Reset => return true,
        Received::Alert(alert) => panic!("{alert:?}"),
    }
    device.release();
    false
}

#[test]
#[ignore = "needs HAProxy and DCMTK: run tests/all"]
fn a_gate_that_the_balancer_drains_first_loses_nothing_at_all() {
    let pacs = Storescp::start();
    let [first, second] = [(); 2].map(|()| Node::before(pacs.address));
    let balancer = before([&first, &second]);
    let (mut idle, source) = device(balancer.address);
    first.wait_until_it_has(1);
    let load = Load::new();
    load.during(balancer.address, || {
        load.wait_for(4);
        balancer.order("set server gates/gate1 state drain");
        // What it has goes on for as long as it likes.
        first.wait_until_it_has(1);
        load.wait_for(4);
        assert_eq!(first.associations(), 1);
        echo(&mut idle, 1);
        idle.release();
        first.wait_until_it_has(0);
        let stopped = first.gate.stop();
        assert_eq!(stopped.code, Some(0));
        assert!(stopped.audit.iter().any(|line| line["source"] == source.as_str()));
        names_the_devices(&stopped.audit);
        assert!(stopped.of_event("closed").iter().all(|line| line["reason"] == "released"));
        load.wait_for(4);
    });
    assert_eq!(*load.failed.lock().unwrap(), Vec::<String>::new());
}

#[test]
#[ignore = "needs HAProxy and DCMTK: run tests/all"]
fn a_gate_that_stops_under_load_ends_what_it_has() {
    let pacs = Storescp::start();
    let [first, second] = [(); 2].map(|()| Node::before(pacs.address));
    let balancer = before([&first, &second]);
    let load = Load::new();
    load.during(balancer.address, || {
        load.wait_for(3);
        let stopped = first.gate.stop();
        assert_eq!(stopped.code, Some(0));
        assert!(stopped.of_event("closed").iter().all(|line| line["reason"] == "released"));
        load.wait_for(3);
    });
    assert_eq!(*load.failed.lock().unwrap(), Vec::<String>::new());
    drop(second);
}

#[test]
#[ignore = "needs HAProxy: run tests/all"]
fn a_gate_that_stops_gets_nothing_new_and_ends_what_it_has_begun() {
    let (answer, wait) = mpsc::channel();
    let wait = Mutex::new(wait);
    let pacs = Pacs::first_playing(move |pacs| {
        pacs.accept();
        let question = pacs.receive().unwrap();
        wait.lock().unwrap().recv().unwrap();
        pacs.answer_to(&question);
        pacs.answer();
    });
    let [here, there] = [(); 2].map(|()| Node::before(pacs.address));
    let Endpoint::Tcp(admin) = here.admin else { panic!("{:?}", here.admin) };
    let balancer = Balancer::start(
        "haproxy-on-each.cfg",
        &[
            ("127.0.0.1:2763", &server(here.gate.address)),
            ("10.0.0.22:2763", &server(there.gate.address)),
            ("127.0.0.1:9120", &admin.to_string()),
        ],
    );
    let (mut busy, _) = device(balancer.address);
    here.wait_until_it_has(1);
    busy.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    while here.admin.json("/associations")["associations"][0]["bytes"]["from_requestor"] == 0 {
        thread::yield_now();
    }
    here.gate.signal("TERM");
    here.gate.wait_for_log("stopping");
    // Before HAProxy knows of it, and after.
    for _ in 0..3 {
        let (mut other, _) = device(balancer.address);
        echo(&mut other, 1);
        other.release();
    }
    let deadline = Instant::now() + PATIENCE;
    while here.admin.get("/readyz").status != 503 {
        assert!(Instant::now() < deadline);
    }
    assert_eq!(here.admin.json("/readyz")["draining"], true);
    balancer.says(&["gates/here is DOWN"]);
    for _ in 0..3 {
        let (mut other, _) = device(balancer.address);
        echo(&mut other, 1);
        other.release();
    }
    assert_eq!(here.associations(), 1);
    answer.send(()).unwrap();
    assert_is_echo_response(&busy.receive_pdu(), 1);
    busy.release();
    let stopped = here.gate.wait();
    assert_eq!((stopped.code, stopped.counted("closed", "released")), (Some(0), 1));
    assert_eq!(there.gate.stop().counted("closed", "released"), 6);
}

/// `ct1` has objects moved to itself, and the PACS sends one.
fn moves(balancer: &Balancer) {
    let mut ct1 = Caller::with(&site().ct1).call_from([127, 0, 0, 8], balancer.address).unwrap();
    ct1.associate(&Associate::request("CT1", "PACS").context(5, STUDY_MOVE, &[EXPLICIT]));
    ct1.send(&p_data(5, COMMAND | LAST, &move_rq(1, b"CT1")));
    ct1.send(&p_data(5, LAST, &identifier()));
    let response = Request::parse(&ct1.receive_pdu().pdvs()[0].data);
    assert_eq!(response.status, Some(0));
    let mut sent = sending(ARCHIVE, balancer.for_pacs, "ARCHIVE", "CT1");
    assert_eq!(opened(&mut sent), [1]);
    assert_is_store_response(&says(&mut sent, 1, &store_rq(1), &image(5_000)));
    released(sent);
    ct1.release();
}

#[test]
#[ignore = "needs HAProxy: run tests/all"]
fn what_a_c_move_has_asked_for_comes_by_the_same_gate() {
    let (pacs, device) = (Pacs::good(), Pacs::good());
    let nodes = [(); 2].map(|()| {
        Node::with(pacs.address, |settings| {
            let mut settings = with_way_back(settings, device.address, &[]);
            let inside = settings.more.iter_mut().find(|(name, _)| *name == "listener.inside");
            inside.unwrap().1.insert("proxy_protocol_from", format!("[{BALANCER:?}]"));
            settings
        })
    });
    let balancer = between(nodes.each_ref().map(|node| {
        let inside = node.gate.wait_for_log("listener=inside");
        let front = node.gate.wait_for_log("listener=front");
        [front, inside].map(|line| listening(&line).unwrap())
    }));
    let [first, second] = nodes;
    let mut read = 0;
    for _ in 0..3 {
        moves(&balancer);
        let is_of_pacs = |it: &Value| it["event"] == "closed" && it["direction"] == "outward";
        first.gate.wait_for_next(&mut read, is_of_pacs);
    }
    first.gate.signal("KILL");
    balancer.says(&["one_gate/gate1 is DOWN"]);
    for _ in 0..3 {
        moves(&balancer);
    }
    for stopped in [first.gate.wait(), second.gate.stop()] {
        let of_both = stopped.of_event("closed");
        let of_pacs = of_both.iter().filter(|line| line["direction"] == "outward");
        let sources: Vec<_> = of_pacs.map(|line| line["source"].as_str().unwrap()).collect();
        assert_eq!(sources.len(), 3, "{}", stopped.stdout);
        assert!(sources.iter().all(|source| source.starts_with("127.0.0.5:")), "{sources:?}");
        assert_eq!(stopped.of_event("refused").len(), 0, "{}", stopped.stdout);
    }
    assert_eq!(device.connections(), 6);
}

#[test]
fn nodes_are_compared_by_the_digest_of_what_is_in_force() {
    let pacs = Pacs::good();
    let nodes = [(); 2].map(|()| Node::before(pacs.address));
    let [first, second] = &nodes;
    assert_eq!(first.configuration(), second.configuration());
    edit(&first.gate, "\"MR1\"", "\"MR1\", \"MR2\"");
    // Not yet: it is the configuration in force that counts.
    assert_eq!(first.configuration(), second.configuration());
    reload(&first.gate);
    assert_ne!(first.configuration(), second.configuration());
    for node in &nodes {
        let Endpoint::Tcp(admin) = node.admin else { panic!("{:?}", node.admin) };
        let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
        let output = command.args(["ready", "--socket", &admin.to_string()]).output().unwrap();
        assert!(output.status.success(), "{}", words(&output));
        let digest = format!("ready: configuration {}, ", node.configuration());
        assert!(words(&output).starts_with(&digest), "{}", words(&output));
    }
    edit(&second.gate, "\"MR1\"", "\"MR1\", \"MR2\"");
    reload(&second.gate);
    assert_eq!(first.configuration(), second.configuration());
}
