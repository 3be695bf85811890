//! A PACS that is stopped, started again, hung or slow: every requestor gets its answer, and the gate
//! needs no restart.

use crate::support::associate::{Associate, CT, EXPLICIT};
use crate::support::configuration::pacs;
use crate::support::dimse::{echo_rq, image, store_rq, success};
use crate::support::exchange::{assert_is_store_response, fragments};
use crate::support::gate::Gate;
use crate::support::pacs::{Accepted, Pacs};
use crate::support::pdu::{COMMAND, LAST, RELEASE_RP, p_data, release_rp, release_rq};
use crate::support::requestor::{Caller, Received, Requestor};
use crate::support::scenario::{
    Scenario, assert_aborted, assert_is_echo_response, assert_rejected, echo,
};
use crate::support::site::site;
use pacsgate::config::Limits;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

/// Of its own, so that nobody else takes the port while the PACS is away.
const ALONE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 8, 0, 1)), 0);

#[test]
fn after_a_restart_of_the_pacs_the_next_association_works() {
    let Scenario { pacs, gate } = Scenario::before(Pacs::good_at(ALONE), |settings| settings);
    let address = pacs.address;
    let scenario = Scenario { pacs, gate };
    let mut idle = scenario.associated();
    let mut storing = scenario.ct1();
    storing.associate(&Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]));
    storing.send(&p_data(3, COMMAND | LAST, &store_rq(1)));
    storing.send(&fragments(3, &image(40_000), 16_000)[..16_012]);
    let Scenario { pacs, gate } = scenario;
    pacs.stop();
    // Whoever is connected hears at once that it is over.
    assert_aborted(&mut idle, 2, 0);
    assert_aborted(&mut storing, 2, 0);
    let mut read = 0;
    for _ in 0..3 {
        let mut requestor = called(&gate, "PACS");
        assert_rejected(&mut requestor, [2, 3, 1]);
        gate.wait_for_next(&mut read, |line| line["reason"] == "target-unreachable");
    }
    let scenario = Scenario { pacs: Pacs::good_at(address), gate };
    scenario.serves_a_good_peer();
    echo(&mut scenario.associated(), 1);
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.counted("refused", "target-unreachable"), 3);
    // The PACS was away, and nobody guessed.
    assert!(stopped.audit.iter().all(|line| line.get("delayed_ms").is_none()));
}

#[test]
fn a_pacs_that_hangs_keeps_nobody_waiting_beyond_the_limit_and_holds_up_no_other() {
    let hung = Pacs::playing(Accepted::drain);
    let scenario = Scenario::with(|settings| {
        let mut settings = settings.limit("answer", "1s");
        settings.ct1.insert("pacs", r#"["archive", "hung"]"#.into());
        settings.more.push(("pacs.hung", pacs(hung.address, &["HUNG"])));
        settings
    });
    let mut asked: Vec<_> = (0..20).map(|_| called(&scenario.gate, "HUNG")).collect();
    scenario.serves_a_good_peer();
    echo(&mut scenario.associated(), 1);
    for requestor in &mut asked {
        assert_rejected(requestor, [2, 3, 1]);
    }
    assert_eq!(scenario.gate.stop().counted("refused", "target-silent"), 20);
}

#[test]
fn a_pacs_that_hangs_in_a_release_keeps_nobody_waiting_beyond_the_limit() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        let question = pacs.receive().unwrap();
        pacs.answer_to(&question);
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings.limit("idle", "700ms"));
    let mut requestor = scenario.associated();
    echo(&mut requestor, 1);
    requestor.send(&release_rq());
    assert_aborted(&mut requestor, 2, 0);
    scenario.ended("closed", "acceptor-release-timeout", 1, 1);
}

#[test]
fn a_pacs_that_answers_byte_by_byte_is_waited_for() {
    let pacs = Pacs::playing(|pacs| {
        let answer = pacs.request().acceptance().encode();
        drip(pacs, &answer);
        let request = pacs.message();
        drip(pacs, &p_data(1, COMMAND | LAST, &success(&request)));
        pacs.receive().unwrap();
        drip(pacs, &release_rp());
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    echo(&mut requestor, 1);
    requestor.send(&release_rq());
    assert_eq!(requestor.receive_pdu().kind, RELEASE_RP);
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.gate.audited("closed", "released");
}

#[test]
fn a_pacs_that_takes_its_time_is_waited_for() {
    let pause = || thread::sleep(Duration::from_millis(1500));
    let pacs = Pacs::playing(move |pacs| {
        let answer = pacs.request().acceptance().encode();
        pause();
        pacs.send(&answer);
        for context in [1, 3] {
            let request = pacs.message();
            pause();
            pacs.send(&p_data(context, COMMAND | LAST, &success(&request)));
        }
        pacs.answer();
    });
    // Shorter than each of its pauses: these are for requestors, and for an association at rest.
    let scenario = Scenario::before(pacs, |settings| {
        settings.limit("idle", "1s").limit("request", "1s").limit("progress", "1s")
    });
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]));
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(2)));
    assert_is_echo_response(&requestor.receive_pdu(), 2);
    requestor.send(&p_data(3, COMMAND | LAST, &store_rq(1)));
    requestor.send(&fragments(3, &image(40_000), 16_000));
    assert_is_store_response(&requestor.receive_pdu());
    requestor.release();
}

/// A request of `ct1` for this title.
fn called(gate: &Gate, title: &str) -> Requestor {
    let mut requestor = Caller::with(&site().ct1).call(gate.address).unwrap();
    requestor.send(&Associate::echo("CT1", title).encode());
    requestor
}

/// The slowness of the PACS is what is tested.
fn drip(pacs: &mut Accepted, bytes: &[u8]) {
    for byte in bytes {
        pacs.send(&[*byte]);
        thread::sleep(Duration::from_millis(3));
    }
}

#[test]
fn the_page_says_how_long_a_device_waits_at_most() {
    let page = include_str!("../../docs/configuration.md");
    let Limits { dial, answer, operation, idle, progress, write_stall, .. } = Limits::default();
    let times = [
        ("`limits.dial`", dial, "5 seconds", 1),
        ("`limits.dial` and `limits.answer`", dial + answer, "35 seconds", 1),
        ("`limits.operation`", operation, "2 hours", 3600),
        ("`limits.idle`", idle, "10 minutes", 60),
        ("`limits.progress`", progress, "10 seconds", 1),
        ("`limits.write_stall`", write_stall, "1 minute", 60),
    ];
    for (limits, time, words, unit) in times {
        assert!(page.contains(&format!("| {limits}, {words} |")), "{limits}, {words}");
        let (count, _) = words.split_once(' ').unwrap();
        assert_eq!(time, Duration::from_secs(unit * count.parse::<u64>().unwrap()), "{limits}");
    }
}
