//! The gate at the edge: a device without TLS, a gate beside it, the central gate, and the PACS.

use crate::reload::{edit, reload};
use crate::support::associate::{Associate, COMMITMENT, CT, EXPLICIT, STUDY_FIND, STUDY_MOVE};
use crate::support::authority::Profile;
use crate::support::configuration::Table;
use crate::support::dimse::{action_rq, event_rq, find_rq, identifier, image, move_rq, store_rq};
use crate::support::gate::{Gate, listening};
use crate::support::pacs::Pacs;
use crate::support::pdu::reject;
use crate::support::requestor::{Caller, connect_from};
use crate::support::scenario::Scenario;
use crate::support::settings::Settings;
use crate::support::site::{GATE_NAME, site};
use crate::way_back::{ARCHIVE, opened, released, says, sending, status, table};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// The address of the device.
pub(crate) const DEVICE: [u8; 4] = [127, 0, 0, 20];
/// Where the edge is, as long as nobody knows.
const UNKNOWN: &str = "127.0.0.1:9";
/// The name in the certificate that the central gate shows at the edge.
const CENTRAL: &str = "central.radiology.example";
const SERVICES: &str = r#"["echo", "store", "find", "move", "storage-commitment"]"#;

/// All four, from one end to the other.
struct Chain {
    device: Pacs,
    edge: Gate,
    central: Scenario,
    /// Where the device connects, and where the PACS does.
    plain: SocketAddr,
    inside: SocketAddr,
}

impl Chain {
    fn new() -> Self {
        let device = Pacs::good();
        let central = Scenario::with(central);
        let edge = edge_before(&central.gate, device.address);
        let (plain, inside) = (port(&edge, "device"), port(&central.gate, "inside"));
        Self { device, edge, central, plain, inside }
    }

    /// The device opens an association, without TLS.
    fn opens(&self) -> TcpStream {
        let mut socket = connect_from(DEVICE, self.plain).unwrap();
        let request = Associate::request("CT1", "PACS")
            .context(1, CT, &[EXPLICIT])
            .context(3, STUDY_FIND, &[EXPLICIT])
            .context(5, STUDY_MOVE, &[EXPLICIT])
            .context(7, COMMITMENT, &[EXPLICIT]);
        socket.write_all(&request.encode()).unwrap();
        assert_eq!(opened(&mut socket), [1, 3, 5, 7]);
        socket
    }
}

/// A gate at the edge, beside this device, where the central gate then reaches it.
pub(crate) fn edge_before(central: &Gate, device: SocketAddr) -> Gate {
    let edge = edge(port(central, "front"), device).start();
    // Each needs the other's address.
    edit(central, UNKNOWN, &port(&edge, "front").to_string());
    reload(central);
    edge
}

/// Where a listener of a gate is.
pub(crate) fn port(gate: &Gate, listener: &str) -> SocketAddr {
    listening(&gate.wait_for_log(&format!("listener={listener}"))).unwrap()
}

fn reach(address: &str) -> Table {
    let mut reach = table(&[("services", r#"["store", "storage-commitment"]"#)]);
    reach.insert("address", format!("{address:?}"));
    reach
}

/// The central gate: TLS towards the edge, and the PACS behind it.
pub(crate) fn central(mut settings: Settings) -> Settings {
    let inside = [("bind", r#"["127.0.0.4:0"]"#), ("plain", "true"), ("direction", r#""outward""#)];
    settings.more.push(("listener.inside", table(&inside)));
    settings.archive.insert("from", r#"["127.0.0.5"]"#.into());
    settings.archive.insert("calling_ae", r#"["ARCHIVE"]"#.into());
    settings.more.push(("peer.ct1.reach", reach(UNKNOWN)));
    let tls = trusting(&settings, &Profile::client(CENTRAL));
    settings.more.push(("peer.ct1.reach.tls", tls));
    settings.services(SERVICES)
}

/// The edge: plain towards the device, TLS towards the central gate in both directions.
fn edge(central: SocketAddr, device: SocketAddr) -> Settings {
    let mut settings = Settings::new(central);
    settings.listener.insert("direction", r#""outward""#.into());
    let plain = [("bind", r#"["127.0.0.3:0"]"#), ("plain", "true")];
    settings.more.push(("listener.device", table(&plain)));
    settings.archive.remove("ae_title");
    settings.archive.insert("calling_ae", r#"["ARCHIVE"]"#.into());
    let certificate = format!("[{{ san_dns = {CENTRAL:?} }}]");
    settings.archive.insert("certificate", certificate);
    let tls = trusting(&settings, &Profile::client(crate::support::site::CT1_NAME));
    settings.more.push(("pacs.archive.tls", tls));
    settings.ct1.insert("certificate", r#""none""#.into());
    settings.ct1.insert("from", r#"["127.0.0.20"]"#.into());
    let mut way = reach(&device.to_string());
    way.insert("plain", "true".into());
    settings.more.push(("peer.ct1.reach", way));
    settings.services(SERVICES)
}

/// Trusts the gate at the other end, and shows a certificate of its own.
fn trusting(settings: &Settings, shown: &Profile) -> Table {
    let shown = site().root.issue(shown);
    let files = [
        ("ca", settings.file("target-ca.crt", &site().root.pem())),
        ("certificate", settings.file("shown.crt", &shown.chain_pem())),
        ("private_key", settings.file("shown.key", &shown.key_pem())),
    ];
    let mut tls: Table = files.iter().map(|(key, path)| (*key, format!("{path:?}"))).collect();
    tls.insert("name", format!("{GATE_NAME:?}"));
    tls
}

#[test]
fn everything_passes_both_ways() {
    let chain = Chain::new();
    let mut device = chain.opens();
    let said = [
        (1, store_rq(1), image(5_000)),
        (3, find_rq(2), identifier()),
        (5, move_rq(3, b"CT1 "), identifier()),
        (7, action_rq(4, COMMITMENT), identifier()),
    ];
    for (context, command, data_set) in said {
        assert_eq!(status(&says(&mut device, context, &command, &data_set)), Some(0));
    }
    released(device);
    assert_eq!((chain.central.pacs.connections(), chain.device.connections()), (1, 0));

    let mut archive = sending(ARCHIVE, chain.inside, "ARCHIVE", "CT1");
    assert_eq!(opened(&mut archive), [1, 3]);
    assert_eq!(status(&says(&mut archive, 1, &store_rq(1), &image(5_000))), Some(0));
    let report = event_rq(2, COMMITMENT);
    assert_eq!(status(&says(&mut archive, 3, &report, &identifier())), Some(0));
    released(archive);
    assert_eq!((chain.central.pacs.connections(), chain.device.connections()), (1, 1));
    for gate in [&chain.edge, &chain.central.gate] {
        let outward = |event: &str| {
            gate.wait_for_audit(|line| line["event"] == event && line["direction"] == "outward")
        };
        assert_eq!(outward("closed")["reason"], "released");
    }
}

#[test]
fn what_nobody_has_asked_for_ends_at_the_central_gate() {
    let chain = Chain::new();
    let mut heard = Vec::new();
    let mut archive = sending(ARCHIVE, chain.inside, "ARCHIVE", "CT1");
    archive.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, reject(1, 1, 1));
    chain.central.gate.audited("refused", "nothing-requested");
    assert_eq!(chain.device.connections(), 0);
}

#[test]
fn another_certificate_on_the_way_between_the_gates_is_refused() {
    let chain = Chain::new();
    let mut device = chain.opens();
    assert_eq!(status(&says(&mut device, 5, &move_rq(1, b"CT1 "), &identifier())), Some(0));
    released(device);
    // The edge takes another certificate for that of the central gate.
    edit(&chain.edge, CENTRAL, "other.radiology.example");
    reload(&chain.edge);
    let mut heard = Vec::new();
    let mut archive = sending(ARCHIVE, chain.inside, "ARCHIVE", "CT1");
    archive.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, reject(1, 1, 1));
    chain.edge.audited("refused", "unknown-pacs");
    chain.central.gate.audited("refused", "reach-rejected");
    assert_eq!(chain.device.connections(), 0);
}

#[test]
fn a_pacs_whose_tls_breaks_before_the_device_has_answered_has_not_just_left() {
    let (device, wait_for_request) = Pacs::silent();
    let mut settings = edge(UNKNOWN.parse().unwrap(), device.address);
    let way = settings.more.iter_mut().find(|(name, _)| *name == "peer.ct1.reach");
    way.unwrap().1.insert("after", r#""any""#.into());
    let gate = settings.start();
    let archive = site().root.issue(&Profile::client(CENTRAL));
    let mut archive = Caller::with(&archive).call(port(&gate, "front")).unwrap();
    let request = Associate::request("ARCHIVE", "CT1").context(1, CT, &[EXPLICIT]);
    archive.send(&request.encode());
    wait_for_request.recv().unwrap();
    archive.break_tls();
    gate.audited("refused", "reach-broken-tls");
}
