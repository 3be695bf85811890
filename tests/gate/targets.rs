//! The addresses of a PACS: asked how they are, tried in order, dialled from a given address.

use crate::reload::{edit, reload};
use crate::support::PATIENCE;
use crate::support::associate::Associate;
use crate::support::dimse::{echo_rq, success};
use crate::support::gate::Gate;
use crate::support::pacs::{Accepted, Pacs};
use crate::support::pdu::{ASSOCIATE_RJ, COMMAND, LAST, P_DATA, Pdu, abort, p_data, pdu, reject};
use crate::support::requestor::{Caller, Requestor};
use crate::support::scenario::{Scenario, assert_rejected, echo};
use crate::support::settings::Settings;
use crate::support::site::site;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

mod edge;
mod real;
mod shown;
mod sources;

/// Of its own, so that nobody else takes a port that is free.
const ALONE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 17, 0, 1)), 0);

/// Nothing listens there.
fn nobody() -> SocketAddr {
    TcpListener::bind(ALONE).unwrap().local_addr().unwrap()
}

/// A gate before these addresses, with more keys of the PACS.
fn before(addresses: &[SocketAddr], keys: &[(&'static str, &str)]) -> Gate {
    changed(addresses, keys, |settings| settings)
}

fn changed(
    addresses: &[SocketAddr],
    keys: &[(&'static str, &str)],
    change: impl FnOnce(Settings) -> Settings,
) -> Gate {
    let mut settings = change(Settings::new(addresses[0]));
    let all: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    settings.archive.insert("address", format!("{all:?}"));
    settings.archive.extend(keys.iter().map(|(key, value)| (*key, format!("{value:?}"))));
    settings.start()
}

/// Questions every second.
const ASKED: (&str, &str) = ("health", "1s");

fn called(gate: &Gate) -> Requestor {
    let mut requestor = Caller::with(&site().ct1).call(gate.address).unwrap();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    requestor
}

/// `ct1` gets its C-ECHO; the address that has served it.
fn served(gate: &Gate, read: &mut usize) -> String {
    let mut ct1 = Caller::with(&site().ct1).call(gate.address).unwrap();
    ct1.associate(&Associate::echo("CT1", "PACS"));
    echo(&mut ct1, 1);
    ct1.release();
    let line = gate.wait_for_next(read, |line| line["event"] == "closed");
    line["address"].as_str().unwrap_or_default().to_owned()
}

fn told(gate: &Gate, address: SocketAddr, reason: &str) -> Value {
    let address = address.to_string();
    gate.wait_for_audit(|line| {
        line["event"] == "health" && line["address"] == address && line["reason"] == reason
    })
}

/// A PACS that tells who calls it, and serves everybody.
fn telling() -> (Pacs, Receiver<(String, IpAddr)>) {
    let (tell, told) = channel();
    let pacs = Pacs::playing(move |pacs| {
        let request = pacs.accept();
        let calling = String::from_utf8_lossy(&request.calling).trim_end().to_owned();
        let _ = tell.send((calling, pacs.source()));
        pacs.answer();
    });
    (pacs, told)
}

/// Each line is a test: what a PACS does instead of answering, and what is told of it.
macro_rules! goes_to_the_next {
    ($($name:ident: $sentence:literal, $script:expr;)*) => {$(
        #[test]
        fn $name() {
            let script: fn(&mut Accepted) = $script;
            passes_on(&Pacs::playing(script), $sentence);
        }
    )*};
}

goes_to_the_next! {
    a_pacs_that_takes_connections_and_says_nothing:
        "it took the connection and did not answer the association request within health_timeout",
        Accepted::drain;
    a_pacs_that_accepts_and_does_not_answer_the_c_echo:
        "it accepted the association and did not answer the C-ECHO within health_timeout",
        |pacs| { pacs.accept(); pacs.drain(); };
    a_pacs_that_closes: "it closed the connection instead of answering the association request",
        |pacs| { pacs.request(); };
    a_server_that_speaks_another_protocol: "breaks a rule: the PDU type 48 is not defined", |pacs| {
        pacs.request();
        pacs.send(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        pacs.drain();
    };
    a_server_that_speaks_tls: "it speaks TLS; add a [pacs.NAME.tls] table", |pacs| {
        pacs.request();
        pacs.send(&[0x15, 3, 1, 0, 2, 2, 10]);
        pacs.drain();
    };
    an_acceptance_of_4_gib: "breaks a rule", |pacs| {
        pacs.request();
        pacs.send(&[2, 0, 0xff, 0xff, 0xff, 0xff]);
        pacs.send_without_end(&[0; 4096]);
    };
    an_acceptance_without_its_end:
        "it took the connection and did not answer the association request within health_timeout",
        |pacs| {
            pacs.request();
            pacs.send(&[2, 0, 0, 3, 0, 0]);
            pacs.drain();
        };
    a_rejection_of_a_wrong_length: "breaks a rule", |pacs| {
        pacs.request();
        pacs.send(&pdu(ASSOCIATE_RJ, &[0, 1, 1, 1, 0, 0]));
        pacs.drain();
    };
}

fn passes_on(bad: &Pacs, sentence: &str) {
    let good = Pacs::good();
    let gate = before(&[bad.address, good.address], &[ASKED]);
    let line = told(&gate, bad.address, "down");
    let detail = line["detail"].as_str().unwrap();
    assert!(detail.contains(sentence), "{detail}");
    assert_eq!(line["pacs"], "archive");
    gate.wait_for_log(&format!("pacs.archive: {} is down: ", bad.address));
    told(&gate, good.address, "alive");
    assert_eq!(served(&gate, &mut 0), good.address.to_string());
    let stopped = gate.stop();
    assert_eq!(stopped.counted("health", "down"), 1);
    assert_eq!(stopped.counted("health", "alive"), 1);
}

/// Each line is a test: what a PACS that lives answers, and what is told of it.
macro_rules! lives {
    ($($name:ident: $sentence:literal, $script:expr;)*) => {$(
        #[test]
        fn $name() {
            let script: fn(&mut Accepted) = $script;
            is_alive(script, $sentence);
        }
    )*};
}

lives! {
    a_pacs_that_does_not_know_the_gates_title_is_alive:
        "the PACS rejects the gate's title PACSGATE: it is alive",
        |pacs| { pacs.send(&reject(1, 1, 3)); pacs.drain(); };
    a_pacs_that_does_not_know_its_own_title_is_alive:
        "the PACS rejects the title ARCHIVE as none of its own: it is alive",
        |pacs| { pacs.send(&reject(1, 1, 7)); pacs.drain(); };
    a_pacs_that_is_busy_is_alive: "A-ASSOCIATE-RJ 2/3/1",
        |pacs| { pacs.send(&reject(2, 3, 1)); pacs.drain(); };
    a_pacs_that_aborts_is_alive: "A-ABORT",
        |pacs| { pacs.send(&abort(2, 0)); pacs.drain(); };
    an_odd_answer_to_the_c_echo_is_one: "its answer to the C-ECHO breaks a rule", |pacs| {
        accept(pacs);
        pacs.send_without_end(&p_data(1, COMMAND | LAST, &[0xff; 4096]));
    };
    an_answer_to_the_c_echo_that_is_too_long_is_one: "its answer to the C-ECHO breaks a rule", |pacs| {
        accept(pacs);
        pacs.send(&[4, 0, 0xff, 0xff, 0xff, 0xff]);
        pacs.drain();
    };
    an_end_instead_of_the_c_echo_is_one: "closed the connection instead of answering the C-ECHO",
        |pacs| { accept(pacs); };
    a_status_that_is_none_of_success_is_one: "answered the C-ECHO with the status 0122", |pacs| {
        accept(pacs);
        let mut answer = success(&crate::support::dimse::Request::parse(&echo_rq(1)));
        let at = answer.windows(4).position(|it| it == [0, 0, 0, 9]).unwrap() + 8;
        answer[at..at + 2].copy_from_slice(&0x0122_u16.to_le_bytes());
        pacs.send(&p_data(1, COMMAND | LAST, &answer));
        pacs.drain();
    };
}

/// The request is taken already.
fn accept(pacs: &mut Accepted) {
    let echo = Associate::echo("PACSGATE", "ARCHIVE");
    pacs.send(&echo.acceptance().encode());
    let question = pacs.receive().unwrap();
    assert_eq!(question.kind, P_DATA);
}

/// To the gate's own title it answers so, and serves all others.
fn is_alive(script: fn(&mut Accepted), sentence: &str) {
    let pacs = Pacs::playing(move |pacs| {
        let request = pacs.request();
        if request.calling.starts_with(b"PACSGATE ") {
            return script(pacs);
        }
        pacs.send(&request.acceptance().encode());
        pacs.answer();
    });
    let other = Pacs::good();
    let gate = before(&[pacs.address, other.address], &[ASKED]);
    let line = told(&gate, pacs.address, "alive");
    assert!(line["detail"].as_str().unwrap().contains(sentence), "{line}");
    gate.wait_for_log(sentence);
    assert_eq!(served(&gate, &mut 0), pacs.address.to_string());
}

#[test]
fn a_pacs_is_asked_with_an_association_of_the_gates_own() {
    let (pacs, called) = telling();
    let gate = changed(&[pacs.address], &[ASKED], |mut settings| {
        settings.more.push(("gate", [("ae_title", r#""GATE_1""#.into())].into()));
        settings
    });
    assert_eq!(called.recv_timeout(PATIENCE).unwrap().0, "GATE_1");
    told(&gate, pacs.address, "alive");
    // All that comes to it.
    let received = pacs.received();
    let mut rest = &received[..];
    let kinds = std::iter::from_fn(|| (!rest.is_empty()).then(|| Pdu::read(&mut rest).unwrap()));
    let pdus: Vec<_> = kinds.collect();
    let kinds: Vec<_> = pdus.iter().map(|pdu| pdu.kind).collect();
    assert_eq!(kinds, [1, 4, 5]);
    let request = Associate::parse(&pdus[0]);
    assert_eq!(request.called, crate::support::associate::title(b"ARCHIVE"));
    assert_eq!(request.proposed(), Associate::echo("GATE_1", "ARCHIVE").proposed());
    // It is asked again, and an address that stays is told once.
    assert_eq!(called.recv_timeout(PATIENCE).unwrap().0, "GATE_1");
    assert_eq!(gate.stop().counted("health", "alive"), 1);
}

#[test]
fn nothing_comes_to_a_pacs_that_is_not_to_be_asked() {
    let pacs = [Pacs::good(), Pacs::good()];
    let gate = before(&[pacs[0].address, pacs[1].address], &[]);
    assert_eq!(served(&gate, &mut 0), pacs[0].address.to_string());
    assert_eq!([0, 1].map(|at| pacs[at].connections()), [1, 0]);
    assert_eq!(gate.stop().of_event("health").len(), 0);
}

#[test]
fn where_none_is_alive_the_requestor_hears_it_without_a_connection() {
    let (first, second) = (Pacs::playing(Accepted::drain), nobody());
    let gate = before(&[first.address, second], &[ASKED, ("health_timeout", "300ms")]);
    for address in [first.address, second] {
        told(&gate, address, "down");
    }
    assert_rejected(&mut called(&gate), [2, 3, 1]);
    let line = gate.audited("refused", "target-down");
    assert!(line["advice"].as_str().unwrap().contains("health"), "{line}");
    assert!(line.get("address").is_none(), "{line}");
    // The first of them is back.
    let pacs = Pacs::good_at(second);
    told(&gate, second, "alive");
    assert_eq!(served(&gate, &mut 0), pacs.address.to_string());
    let stopped = gate.stop();
    assert_eq!(stopped.counted("refused", "target-down"), 1);
    // Only the gate's own questions came to the one that hangs.
    let received = first.received();
    assert_eq!(received[26..42], crate::support::associate::title(b"PACSGATE"));
}

#[test]
fn goes_back_to_the_preferred_address_after_the_hold_and_not_before() {
    let (first, second) = (nobody(), Pacs::good());
    let gate = before(&[first, second.address], &[ASKED, ("fail_back", "8s")]);
    told(&gate, first, "down");
    let mut read = 0;
    assert_eq!(served(&gate, &mut read), second.address.to_string());
    let preferred = Pacs::good_at(first);
    told(&gate, first, "alive");
    assert_eq!(served(&gate, &mut read), second.address.to_string());
    let deadline = Instant::now() + 2 * PATIENCE;
    while served(&gate, &mut read) != preferred.address.to_string() {
        assert!(Instant::now() < deadline, "it does not go back");
        thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_pacs_that_dies_hands_over_and_what_it_held_is_ended() {
    let (first, second) = (Pacs::good_at(ALONE), Pacs::good());
    let at = first.address;
    let gate = before(&[at, second.address], &[ASKED]);
    told(&gate, at, "alive");
    let mut read = 0;
    assert_eq!(served(&gate, &mut read), at.to_string());
    let mut held = called(&gate);
    assert_eq!(held.receive_pdu().kind, 2);
    first.stop();
    assert_eq!(held.receive_pdu().encode(), abort(2, 0));
    gate.wait_for_next(&mut read, |line| line["event"] == "closed");
    // At once, though nothing may be known of it yet.
    assert_eq!(served(&gate, &mut read), second.address.to_string());
    told(&gate, at, "down");
    assert_eq!(served(&gate, &mut read), second.address.to_string());
}

#[test]
fn without_questions_an_address_that_cannot_be_connected_comes_last() {
    let (first, second) = (nobody(), Pacs::good());
    let gate = before(&[first, second.address], &[("fail_back", "1h")]);
    let mut read = 0;
    for _ in 0..3 {
        assert_eq!(served(&gate, &mut read), second.address.to_string());
    }
    let line = told(&gate, first, "down");
    assert!(line["detail"].as_str().unwrap().contains("no TCP connection"), "{line}");
    let preferred = Pacs::good_at(first);
    assert_eq!(served(&gate, &mut read), second.address.to_string());
    // Where the other one is away, it is tried all the same.
    let away = second.address;
    second.stop();
    assert_eq!(served(&gate, &mut read), preferred.address.to_string());
    told(&gate, away, "down");
    assert_eq!(gate.stop().counted("health", "down"), 2);
}

#[test]
fn what_has_come_to_a_pacs_that_lives_goes_to_no_other() {
    let pacs = Pacs::playing(|pacs| {
        let request = pacs.request();
        if request.calling.starts_with(b"PACSGATE ") {
            pacs.send(&request.acceptance().encode());
            return pacs.answer();
        }
        pacs.send(&reject(1, 1, 3));
        pacs.drain();
    });
    let other = Pacs::good();
    let gate = before(&[pacs.address, other.address], &[ASKED]);
    told(&gate, pacs.address, "alive");
    assert_rejected(&mut called(&gate), [1, 1, 3]);
    let line = gate.audited("refused", "target-rejected");
    assert_eq!(line["address"], pacs.address.to_string());
}

#[test]
fn a_reload_changes_the_addresses_and_keeps_what_is_known_of_the_others() {
    let (first, second, third) = (nobody(), Pacs::good(), Pacs::good());
    let gate = before(&[first, second.address], &[ASKED]);
    told(&gate, first, "down");
    told(&gate, second.address, "alive");
    let mut open = called(&gate);
    assert_eq!(open.receive_pdu().kind, 2);
    let both = format!("[\"{first}\", \"{}\"]", second.address);
    let other = format!("[\"{first}\", \"{}\"]", third.address);
    edit(&gate, &both, &other);
    reload(&gate);
    told(&gate, third.address, "alive");
    assert_eq!(served(&gate, &mut 0), third.address.to_string());
    // The association with the one that is configured no more goes on.
    echo(&mut open, 1);
    open.release();
    let asked = second.connections();
    edit(&gate, &other, &format!("\"{}\"", third.address));
    gate.signal("HUP");
    gate.wait_for_log("reloaded: ");
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(second.connections(), asked, "asked though it is configured no more");
    let stopped = gate.stop();
    assert_eq!(stopped.counted("health", "down"), 1);
    assert_eq!(stopped.counted("health", "alive"), 2);
}

#[test]
fn a_pacs_that_floods_the_gates_question_costs_no_memory() {
    let flood = Pacs::playing(|pacs| {
        pacs.accept();
        pacs.send_without_end(&p_data(1, COMMAND, &[0; 16_000]));
    });
    let good = Pacs::good();
    let gate = before(&[flood.address, good.address], &[ASKED]);
    told(&gate, good.address, "alive");
    let before = gate.resident_memory();
    while flood.connections() < 4 {
        thread::sleep(Duration::from_millis(100));
    }
    let grown = gate.resident_memory().saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB more");
}

#[test]
fn a_gate_before_one_pacs_needs_no_list() {
    let scenario = Scenario::with(|mut settings| {
        settings.archive.insert("health", r#""1s""#.into());
        settings
    });
    told(&scenario.gate, scenario.pacs.address, "alive");
    let mut read = 0;
    assert_eq!(served(&scenario.gate, &mut read), "");
    scenario.serves_a_good_peer();
}
