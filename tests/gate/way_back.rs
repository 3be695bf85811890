//! The way back: what a PACS sends through an outward listener, to whom and when.

use crate::plain_listeners;
use crate::reload::{edit, reload};
use crate::support::associate::{Associate, COMMITMENT, CT, EXPLICIT, IMPLICIT, Item, STUDY_MOVE};
use crate::support::configuration::Table;
use crate::support::dimse::{
    Request, action_rq, event_rq, identifier, image, move_rq, moved_rq, store_rq,
};
use crate::support::exchange::assert_is_store_response;
use crate::support::gate::listening;
use crate::support::pacs::Pacs;
use crate::support::pdu::{
    ASSOCIATE_AC, COMMAND, LAST, Pdu, p_data, reject, release_rp, release_rq,
};
use crate::support::requestor::connect_from;
use crate::support::scenario::Scenario;
use crate::support::settings::Settings;
use crate::support::stage::{Said, said};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// Where the PACS comes from.
pub(crate) const ARCHIVE: [u8; 4] = [127, 0, 0, 5];
const REJECTED_SILENTLY: [u8; 3] = [1, 1, 1];

/// A gate between `archive` and `ct1`, in both directions.
struct Ways {
    scenario: Scenario,
    device: Pacs,
    outward: SocketAddr,
}

impl Ways {
    fn new(reach: &[(&'static str, &str)]) -> Self {
        let device = Pacs::good();
        let at = device.address;
        let scenario = Scenario::with(|settings| with_way_back(settings, at, reach));
        let outward = listening(&scenario.gate.wait_for_log("listener=inside")).unwrap();
        Self { scenario, device, outward }
    }

    /// The PACS asks for an association, from an address and with titles.
    fn ask(&self, source: [u8; 4], calling: &str, called: &str) -> TcpStream {
        sending(source, self.outward, calling, called)
    }

    /// It is refused, and no byte and no connection comes to the device.
    fn refused(self, mut asked: TcpStream, codes: [u8; 3], reason: &str) -> Value {
        let [result, source, code] = codes;
        let mut heard = Vec::new();
        asked.read_to_end(&mut heard).unwrap();
        assert_eq!(heard, reject(result, source, code));
        let line = self.scenario.gate.audited("refused", reason);
        assert_eq!((&line["direction"], &line["listener"]), (&"outward".into(), &"inside".into()));
        assert_eq!(self.device.connections(), 0);
        let stopped = self.scenario.gate.stop();
        assert_eq!(stopped.counted("refused", reason), 1);
        line
    }

    /// `ct1` asks the PACS for something, and has the response.
    fn asks(&self, context: (u8, &str), command: &[u8]) {
        let mut ct1 = self.scenario.ct1();
        let (id, sop_class) = context;
        let request = Associate::request("CT1", "PACS").context(id, sop_class, &[EXPLICIT]);
        ct1.associate(&request);
        ct1.send(&p_data(id, COMMAND | LAST, command));
        ct1.send(&p_data(id, LAST, &identifier()));
        let response = Request::parse(&ct1.receive_pdu().pdvs()[0].data);
        assert_eq!(response.status, Some(0));
        ct1.release();
    }

    fn moves(&self, to: &[u8]) {
        self.asks((5, STUDY_MOVE), &move_rq(1, to));
    }

    fn commits(&self) {
        self.asks((7, COMMITMENT), &action_rq(1, COMMITMENT));
    }
}

/// An outward listener, a PACS that comes to it, and `ct1` at this address, reached by it.
pub(crate) fn with_way_back(
    mut settings: Settings,
    device: SocketAddr,
    reach: &[(&'static str, &str)],
) -> Settings {
    let listener =
        [("bind", r#"["127.0.0.4:0"]"#), ("plain", "true"), ("direction", r#""outward""#)];
    settings.more.push(("listener.inside", table(&listener)));
    settings.archive.insert("from", r#"["127.0.0.5"]"#.into());
    settings.archive.insert("calling_ae", r#"["ARCHIVE"]"#.into());
    settings.ct1.insert("move_to", r#"["CT1", "WS1"]"#.into());
    let mut way = table(&[("plain", "true"), ("services", r#"["store", "storage-commitment"]"#)]);
    way.insert("address", format!("\"{device}\""));
    way.extend(table(reach));
    settings.more.push(("peer.ct1.reach", way));
    settings.ct1.insert("contact", r#""Radiology, ext. 4711""#.into());
    settings.services(r#"["echo", "store", "move", "storage-commitment"]"#)
}

/// A PACS asks for an association on which it stores and reports.
pub(crate) fn sending(
    source: [u8; 4],
    listener: SocketAddr,
    calling: &str,
    called: &str,
) -> TcpStream {
    let mut socket = connect_from(source, listener).unwrap();
    let request = Associate::request(calling, called)
        .context(1, CT, &[EXPLICIT])
        .context(3, COMMITMENT, &[EXPLICIT])
        .with_user(Item::roles(COMMITMENT, 0, 1));
    socket.write_all(&request.encode()).unwrap();
    socket
}

pub(crate) fn table(keys: &[(&'static str, &str)]) -> Table {
    keys.iter().map(|(key, value)| (*key, (*value).to_owned())).collect()
}

/// The contexts that were accepted.
pub(crate) fn opened(socket: &mut TcpStream) -> Vec<u8> {
    let answer = Pdu::read(socket).unwrap();
    assert_eq!(answer.kind, ASSOCIATE_AC);
    let results = Associate::parse(&answer).results();
    results.into_iter().filter(|(_, result, _)| *result == 0).map(|(id, ..)| id).collect()
}

pub(crate) fn says(socket: &mut TcpStream, context: u8, command: &[u8], data_set: &[u8]) -> Pdu {
    socket.write_all(&p_data(context, COMMAND | LAST, command)).unwrap();
    socket.write_all(&p_data(context, LAST, data_set)).unwrap();
    Pdu::read(socket).unwrap()
}

pub(crate) fn status(pdu: &Pdu) -> Option<u16> {
    Request::parse(&pdu.pdvs()[0].data).status
}

pub(crate) fn released(mut socket: TcpStream) {
    socket.write_all(&release_rq()).unwrap();
    assert_eq!(Pdu::read(&mut socket).unwrap().encode(), release_rp());
}

#[test]
fn an_object_that_was_asked_for_comes_back() {
    let ways = Ways::new(&[]);
    ways.moves(b"CT1");
    let mut socket = ways.ask(ARCHIVE, "ARCHIVE", "CT1");
    assert_eq!(opened(&mut socket), [1]);
    assert_is_store_response(&says(&mut socket, 1, &store_rq(1), &image(5_000)));
    // The PACS names who has asked.
    assert_eq!(status(&says(&mut socket, 1, &moved_rq(2, b"CT1 "), &image(10))), Some(0));
    assert_eq!(status(&says(&mut socket, 1, &moved_rq(3, b"MR1 "), &image(10))), Some(0x0124));
    released(socket);
    let line = ways.scenario.gate.audited("closed", "released");
    let line = if line["direction"] == "outward" {
        line
    } else {
        ways.scenario
            .gate
            .wait_for_audit(|it| it["event"] == "closed" && it["direction"] == "outward")
    };
    assert_eq!((&line["peer"], &line["pacs"]), (&"ct1".into(), &"archive".into()));
    assert_eq!(line["contact"], "Radiology, ext. 4711");
    let forbidden = ways.scenario.gate.audited("forbidden", "requestor-unrequested-object");
    assert_eq!(forbidden["request"]["originator"], "MR1");
    assert!(forbidden["advice"].as_str().unwrap().contains("[peer.NAME.reach]"), "{forbidden}");
    assert_eq!(ways.device.connections(), 1);
}

#[test]
fn what_nobody_has_asked_for_does_not_reach_the_device() {
    let ways = Ways::new(&[]);
    let asked = ways.ask(ARCHIVE, "ARCHIVE", "CT1");
    let line = ways.refused(asked, REJECTED_SILENTLY, "nothing-requested");
    assert!(line["advice"].as_str().unwrap().contains("after = \"any\""), "{line}");
    assert_eq!(line["contexts"]["removed"][0]["why"], "not-requested");
    assert_eq!(line["contact"], "Radiology, ext. 4711");
}

#[test]
fn a_known_pacs_has_a_line_for_each_device_that_it_tries() {
    let ways = Ways::new(&[]);
    for _ in 0..9 {
        let mut asked = ways.ask(ARCHIVE, "ARCHIVE", "NOBODY");
        asked.read_to_end(&mut Vec::new()).unwrap();
    }
    let asked = ways.ask(ARCHIVE, "ARCHIVE", "CT1");
    let mut heard = Vec::new();
    { asked }.read_to_end(&mut heard).unwrap();
    ways.scenario.gate.audited("refused", "nothing-requested");
    let lines = ways.scenario.gate.stop().audit;
    let tried = |it: &&Value| it["reason"] == "peer-title" && it["pacs"] == "archive";
    assert_eq!(lines.iter().filter(tried).count(), 9);
}

#[test]
fn a_move_to_another_title_asks_for_nothing_at_this_one() {
    let ways = Ways::new(&[]);
    ways.moves(b"WS1");
    let asked = ways.ask(ARCHIVE, "ARCHIVE", "CT1");
    ways.refused(asked, REJECTED_SILENTLY, "nothing-requested");
}

#[test]
fn objects_come_for_as_long_as_the_window_is_open() {
    let ways = Ways::new(&[("window", r#""1s""#)]);
    ways.moves(b"CT1");
    let mut open = ways.ask(ARCHIVE, "ARCHIVE", "CT1");
    assert_eq!(opened(&mut open), [1]);
    // On an association that is open, too.
    let mut id = 1;
    while status(&says(&mut open, 1, &store_rq(id), &image(10))) == Some(0) {
        id += 1;
    }
    let mut late = ways.ask(ARCHIVE, "ARCHIVE", "CT1");
    let mut heard = Vec::new();
    late.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, reject(1, 1, 1));
    ways.scenario.gate.audited("refused", "nothing-requested");
}

#[test]
fn a_report_comes_to_whoever_has_asked_for_the_commitment() {
    let ways = Ways::new(&[]);
    ways.commits();
    let mut socket = ways.ask(ARCHIVE, "ARCHIVE", "CT1");
    assert_eq!(opened(&mut socket), [3]);
    let report = event_rq(1, COMMITMENT);
    assert_eq!(status(&says(&mut socket, 3, &report, &identifier())), Some(0));
    released(socket);
}

#[test]
fn what_was_asked_survives_a_reload() {
    let ways = Ways::new(&[]);
    ways.moves(b"CT1");
    edit(&ways.scenario.gate, "[limits]", "[limits]\nidle = \"9m\"");
    reload(&ways.scenario.gate);
    let mut socket = ways.ask(ARCHIVE, "ARCHIVE", "CT1");
    assert_eq!(opened(&mut socket), [1]);
    released(socket);
}

#[test]
fn an_archive_that_routes_by_itself_may_do_so_where_its_table_says() {
    let ways = Ways::new(&[("after", r#""any""#)]);
    let mut socket = ways.ask(ARCHIVE, "ARCHIVE", "CT1");
    assert_eq!(opened(&mut socket), [1, 3]);
    assert_eq!(status(&says(&mut socket, 1, &moved_rq(1, b"MR1 "), &image(10))), Some(0));
    released(socket);
}

#[test]
fn nobody_but_the_pacs_comes_to_its_listener() {
    let ways = Ways::new(&[("after", r#""any""#)]);
    let asked = ways.ask([127, 0, 0, 6], "ARCHIVE", "CT1");
    ways.refused(asked, REJECTED_SILENTLY, "unknown-pacs");
}

#[test]
fn a_pacs_does_not_call_by_the_title_of_a_peer() {
    let ways = Ways::new(&[("after", r#""any""#)]);
    let asked = ways.ask(ARCHIVE, "MR1", "CT1");
    let line = ways.refused(asked, [1, 1, 3], "pacs-title");
    assert_eq!(line["nearest"], "the calling title is that of peer mr1");
}

#[test]
fn a_pacs_reaches_no_peer_without_a_way_back() {
    let ways = Ways::new(&[("after", r#""any""#)]);
    let asked = ways.ask(ARCHIVE, "ARCHIVE", "MR1");
    let line = ways.refused(asked, [1, 1, 7], "peer-title");
    assert_eq!(
        line["nearest"],
        "the called title is that of peer mr1, which has no [peer.mr1.reach]"
    );
}

#[test]
fn a_device_that_does_not_answer_has_a_reason_of_its_own() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = format!("\"{free}\"");
    let ways = Ways::new(&[("after", r#""any""#), ("address", &address)]);
    let asked = ways.ask(ARCHIVE, "ARCHIVE", "CT1");
    let line = ways.refused(asked, [2, 3, 1], "reach-unreachable");
    assert!(line["advice"].as_str().unwrap().contains("[peer.NAME.reach]"), "{line}");
}

#[test]
fn a_peer_that_loses_its_way_back_ends_what_is_open_on_it() {
    let ways = Ways::new(&[("after", r#""any""#)]);
    let mut socket = ways.ask(ARCHIVE, "ARCHIVE", "CT1");
    opened(&mut socket);
    edit(&ways.scenario.gate, "[peer.ct1.reach]", "[peer.mr1.reach]");
    reload(&ways.scenario.gate);
    ways.scenario.gate.audited("closed", "withdrawn");
}

/// What `probe --from-pacs` says: nobody comes from the PACS's address by itself, so that the tests give
/// theirs to it.
fn probed(ways: &Ways) -> (Option<i32>, String) {
    let said = probed_at(ways.outward, "ARCHIVE", "CT1");
    (said.code, said.text)
}

#[test]
fn probe_plays_the_pacs() {
    let ways = Ways::new(&[]);
    let (code, text) = probed(&ways);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("A-ASSOCIATE-RJ 1/1/1") && text.contains("the gate's audit"), "{text}");
    ways.scenario.gate.audited("refused", "unknown-pacs");
    edit(&ways.scenario.gate, r#"["127.0.0.5"]"#, r#"["127.0.0.5", "127.0.0.1"]"#);
    reload(&ways.scenario.gate);
    ways.moves(b"CT1");
    let (code, text) = probed(&ways);
    assert_eq!(code, Some(0), "{text}");
    for words in [
        "accepted: ARCHIVE may call CT1",
        "CT images: may pass now",
        "commitments: not now",
        "If CT1 is a device, and not",
        "release",
    ] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
}

/// What it says of an acceptor.
fn probed_at(target: SocketAddr, calling: &str, called: &str) -> Said {
    let target = target.to_string();
    let probe = ["probe", &target, "--from-pacs", "--without-tls"];
    said(&[&probe[..], &["--calling", calling, "--called", called]].concat())
}

/// It takes objects and reports, and no queries.
fn device() -> Pacs {
    Pacs::playing(|device| {
        let mut answer = device.request().acceptance().with_user(Item::roles(COMMITMENT, 0, 1));
        answer.contexts.truncate(3);
        device.send(&answer.encode());
        device.answer();
    })
}

#[test]
fn probe_says_where_it_cannot_tell_a_device_from_a_pacs() {
    let told = probed_at(device().address, "ARCHIVE", "CT1");
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.text.contains("commitments: may pass now"), "{told:?}");
    assert!(!told.text.contains("If CT1 is a device, and not"), "{told:?}");
    // The same behind an inward listener.
    let scenario = Scenario::before(device(), |settings| {
        let mut settings = plain_listeners::plain(settings);
        let (_, us1) = settings.more.last_mut().unwrap();
        us1.insert("from", r#"["127.0.0.1"]"#.into());
        us1.insert("services", r#"["echo", "store", "storage-commitment"]"#.into());
        settings
    });
    let told = probed_at(plain_listeners::address(&scenario.gate), "US1", "PACS");
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.text.contains("If PACS is a device, and not"), "{told:?}");
}

#[test]
fn probe_does_not_take_a_pacs_for_a_device_nor_a_device_that_takes_nothing_for_good() {
    let probed = |acceptor: &Pacs| probed_at(acceptor.address, "ARCHIVE", "CT1");
    // It accepts whatever is proposed, queries as well.
    let told = probed(&Pacs::good());
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.text.contains("CT1 takes queries, so that it is a PACS"), "{told:?}");
    assert!(!told.text.contains("may pass now"), "{told:?}");
    let told = probed(&Pacs::playing(|device| {
        let mut answer = device.request().acceptance();
        for (at, context) in answer.contexts.iter_mut().enumerate() {
            *context = Item::result(u8::try_from(2 * at + 1).unwrap(), 3, Some(IMPLICIT));
        }
        device.send(&answer.encode());
        device.receive().unwrap();
        device.send(&release_rp());
    }));
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.text.contains("CT images: not now"), "{told:?}");
    assert!(told.text.contains("nothing may pass now"), "{told:?}");
}

#[test]
fn probe_of_the_port_of_a_pacs_knows_that_the_gate_may_listen_there() {
    let ways = Ways::new(&[]);
    let told = said(&["probe", "--plain", &ways.outward.to_string()]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.text.contains("If it is a plain listener of the gate, close it"), "{told:?}");
}

#[test]
fn a_device_that_wants_tls_is_told_of_by_the_advice() {
    let device = Pacs::playing(|device| device.send(&[0x15, 3, 3, 0, 2, 2, 10]));
    let address = format!("\"{}\"", device.address);
    let ways = Ways::new(&[("after", r#""any""#), ("address", &address)]);
    let asked = ways.ask(ARCHIVE, "ARCHIVE", "CT1");
    let line = ways.refused(asked, [2, 3, 1], "reach-malformed-answer");
    assert!(line["detail"].as_str().unwrap().contains("the PDU type 15 is"), "{line}");
    assert!(
        line["advice"].as_str().unwrap().contains("wants TLS, so write [peer.NAME.reach.tls]"),
        "{line}"
    );
}
