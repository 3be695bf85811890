//! What passes once an association is open.

use crate::support::associate::{Associate, CT, EXPLICIT, STUDY_FIND};
use crate::support::dimse::{
    Request, echo_rq, find_pending, find_rq, identifier, image, image_head, store_rq, success,
};
use crate::support::pacs::{Accepted, Pacs};
use crate::support::pdu::{
    COMMAND, DATA, LAST, P_DATA, Pdu, Pdv, RELEASE_RP, RELEASE_RQ, abort, behind_request, p_data,
    pdu, pdv, release_rp, release_rq,
};
use crate::support::requestor::{Received, Requestor};
use crate::support::scenario::{Scenario, assert_is_echo_response, echo};
use std::thread;

/// What one P-DATA-TF of the gate's cap can carry beside its PDV header.
const CAP: usize = 1024 * 1024 - 6;

/// Context 1 is Verification, 3 is CT in Explicit VR, 5 is a query in Explicit VR.
fn request(maximum: u32) -> Associate {
    Associate::echo("CT1", "PACS")
        .context(3, CT, &[EXPLICIT])
        .context(5, STUDY_FIND, &[EXPLICIT])
        .maximum(maximum)
}

#[test]
fn stores_in_pdus_of_any_size_byte_for_byte() {
    for fragment in [2, 1024, 16_376, 65_530, 131_066, CAP] {
        let image = image(fragment * 3 + 98);
        let mut sent = p_data(3, COMMAND | LAST, &store_rq(1));
        sent.extend(fragments(3, &image, fragment));
        let scenario = storing_scenario();
        let mut requestor = open(&scenario, 0);
        requestor.send(&sent);
        assert_is_store_response(&requestor.receive_pdu());
        requestor.release();
        sent.extend(release_rq());
        assert!(behind_request(&scenario.pacs.received()) == sent, "fragments of {fragment}");
    }
}

#[test]
fn stores_16_mib_byte_for_byte_through_a_pacs_with_small_pdus() {
    let image = image(16 << 20);
    let sent = [p_data(3, COMMAND | LAST, &store_rq(1)), fragments(3, &image, 16_376)].concat();
    let pacs = Pacs::playing(Accepted::serve);
    let scenario = Scenario::before(pacs, with_find);
    let mut requestor = open(&scenario, 0);
    requestor.send(&sent);
    assert_is_store_response(&requestor.receive_pdu());
    requestor.release();
    let received = scenario.pacs.received();
    assert!(behind_request(&received) == [sent, release_rq()].concat());
}

#[test]
fn answers_of_16_mib_reach_the_requestor_byte_for_byte() {
    let pacs = Pacs::playing(|pacs| {
        pacs.accept();
        let question = pacs.message();
        for size in [1024, 131_066, CAP] {
            let answer = image(5 << 20);
            pacs.send(&p_data(5, COMMAND | LAST, &find_pending(question.id)));
            pacs.send(&fragments(5, &answer, size));
        }
        pacs.send(&p_data(5, COMMAND | LAST, &success(&question)));
        pacs.answer();
    });
    let scenario = Scenario::before(pacs, with_find);
    let mut requestor = open(&scenario, 0);
    ask(&mut requestor);
    for size in [1024, 131_066, CAP] {
        let expected =
            [p_data(5, COMMAND | LAST, &find_pending(9)), fragments(5, &image(5 << 20), size)];
        let mut expected = expected.concat();
        while !expected.is_empty() {
            let got = requestor.receive_pdu().encode();
            assert!(expected.starts_with(&got), "fragments of {size}");
            expected.drain(..got.len());
        }
    }
    assert_eq!(Request::parse(&requestor.receive_pdu().pdvs()[0].data).status, Some(0));
    requestor.release();
}

#[test]
fn several_pdvs_in_a_pdu_arrive_as_one_pdv_each() {
    let image = image(4000);
    let command = store_rq(1);
    let (head, tail) = command.split_at(20);
    let mut sent = pdu(P_DATA, &[pdv(3, COMMAND, head), pdv(3, COMMAND | LAST, tail)].concat());
    let pdvs: Vec<_> = image.chunks(1000).map(|part| pdv(3, DATA, part)).collect();
    sent.extend(pdu(P_DATA, &pdvs.concat()));
    sent.extend(p_data(3, LAST, b""));
    let received = stored(&sent);
    let expected: Vec<_> = [Pdv { context: 3, control: COMMAND | LAST, data: command }]
        .into_iter()
        .chain(image.chunks(1000).map(|part| Pdv { context: 3, control: DATA, data: part.into() }))
        .chain([Pdv { context: 3, control: LAST, data: Vec::new() }])
        .collect();
    assert_eq!(received, expected);
}

#[test]
fn command_and_data_set_in_one_pdu_arrive_apart() {
    let image = image(500);
    let both = [pdv(3, COMMAND | LAST, &store_rq(1)), pdv(3, LAST, &image)].concat();
    let received = stored(&pdu(P_DATA, &both));
    let expected = [
        Pdv { context: 3, control: COMMAND | LAST, data: store_rq(1) },
        Pdv { context: 3, control: LAST, data: image },
    ];
    assert_eq!(received, expected);
}

#[test]
fn an_empty_last_pdv_arrives() {
    let image = image(500);
    let sent =
        [p_data(3, COMMAND | LAST, &store_rq(1)), p_data(3, DATA, &image), p_data(3, LAST, b"")];
    let received = stored(&sent.concat());
    assert_eq!(received[2], Pdv { context: 3, control: LAST, data: Vec::new() });
}

#[test]
fn reserved_bits_of_the_control_byte_do_not_pass() {
    let sent = [p_data(3, 0xfc | COMMAND | LAST, &store_rq(1)), p_data(3, 0xfc | LAST, &image(8))];
    let controls: Vec<_> = stored(&sent.concat()).iter().map(|pdv| pdv.control).collect();
    assert_eq!(controls, [COMMAND | LAST, LAST]);
}

#[test]
fn a_stream_cut_at_every_byte_arrives_the_same() {
    let sent = [p_data(3, COMMAND | LAST, &store_rq(1)), fragments(3, &image(300), 100)].concat();
    let scenario = storing_scenario();
    let mut requestor = open(&scenario, 0);
    requestor.send_bytewise(&sent);
    assert_is_store_response(&requestor.receive_pdu());
    requestor.send_bytewise(&release_rq());
    assert_eq!(requestor.receive_pdu().kind, RELEASE_RP);
    assert!(behind_request(&scenario.pacs.received()) == [sent, release_rq()].concat());
}

#[test]
fn a_hundred_echoes_on_one_association() {
    let scenario = Scenario::usual();
    let mut requestor = scenario.associated();
    for id in 1..=100 {
        echo(&mut requestor, id);
    }
    requestor.release();
    let closed = scenario.gate.audited("closed", "released");
    assert_eq!(closed["pdus"]["from_requestor"], 101, "{closed}");
    assert_eq!(closed["pdus"]["from_pacs"], 101, "{closed}");
    assert_eq!(closed["bytes"]["from_requestor"], 100 * 80 + 10, "{closed}");
}

#[test]
fn a_release_passes_from_the_pacs() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.send(&release_rq());
        assert_eq!(pacs.receive().unwrap().encode(), release_rp());
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    assert_eq!(requestor.receive_pdu().kind, RELEASE_RQ);
    requestor.send(&release_rp());
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.gate.audited("closed", "released");
}

#[test]
fn the_pacs_may_still_send_data_after_the_requestors_release() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        let question = pacs.message();
        assert_eq!(pacs.receive().unwrap().kind, RELEASE_RQ);
        pacs.send(&p_data(5, COMMAND | LAST, &success(&question)));
        pacs.send(&release_rp());
    });
    let scenario = Scenario::before(pacs, with_find);
    let mut requestor = open(&scenario, 0);
    ask(&mut requestor);
    requestor.send(&release_rq());
    assert_eq!(requestor.receive_pdu().kind, P_DATA);
    assert_eq!(requestor.receive_pdu().kind, RELEASE_RP);
    assert_eq!(requestor.receive(), Received::Closed);
}

#[test]
fn releases_that_cross_each_other_end_the_association() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        assert_eq!(pacs.receive().unwrap().kind, RELEASE_RQ);
        // As if it had not seen the requestor's yet (PS3.8 section 9.2, states 9 to 12).
        pacs.send(&release_rq());
        assert_eq!(pacs.receive().unwrap().kind, RELEASE_RP);
        pacs.send(&release_rp());
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    requestor.send(&release_rq());
    assert_eq!(requestor.receive_pdu().kind, RELEASE_RQ);
    requestor.send(&release_rp());
    assert_eq!(requestor.receive_pdu().kind, RELEASE_RP);
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.gate.audited("closed", "released");
}

#[test]
fn an_abort_passes_from_the_requestor() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    requestor.send(&abort(0, 0));
    assert_eq!(requestor.receive(), Received::Closed);
    assert_eq!(behind_request(&scenario.pacs.received()), abort(0, 0));
    scenario.ended("closed", "aborted-by-requestor", 1, 1);
}

#[test]
fn an_abort_passes_from_the_pacs() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.receive().unwrap();
        pacs.send(&abort(2, 1));
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 1));
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.ended("closed", "aborted-by-pacs", 1, 1);
}

#[test]
fn a_requestor_that_vanishes_ends_the_association_at_the_pacs() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    scenario.associated().vanish();
    let received = behind_request(&scenario.pacs.received());
    assert_eq!(received, abort(2, 0), "the PACS is told");
    scenario.ended("closed", "closed-by-requestor", 1, 1);
}

#[test]
fn a_pacs_that_vanishes_ends_the_association_at_the_requestor() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.receive().unwrap();
        pacs.reset();
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 0));
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.ended("closed", "closed-by-pacs", 1, 1);
}

#[test]
fn a_pacs_that_vanishes_inside_a_pdu_ends_the_connection_without_an_abort() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        let question = pacs.message();
        pacs.send(&p_data(5, COMMAND | LAST, &find_pending(question.id)));
        let answer = fragments(5, &image(60_000), 65_000);
        pacs.send(&answer[..50_000]);
    });
    let scenario = Scenario::before(pacs, with_find);
    let mut requestor = open(&scenario, 0);
    ask(&mut requestor);
    let (received, end) = requestor.receive_rest();
    let expected = [
        p_data(5, COMMAND | LAST, &find_pending(9)),
        fragments(5, &image(60_000), 65_000)[..50_000].to_vec(),
    ];
    // An A-ABORT in there would be read as a part of the data set.
    assert!(expected.concat().starts_with(&received), "{} bytes", received.len());
    assert!(matches!(end, Received::Closed | Received::Reset), "{end:?}");
}

#[test]
fn what_the_pacs_said_before_it_closed_arrives() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        let question = pacs.message();
        pacs.send(&p_data(1, COMMAND | LAST, &success(&question)));
    });
    let scenario = Scenario::before(pacs, |settings| settings);
    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    assert_is_echo_response(&requestor.receive_pdu(), 1);
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 0));
}

#[test]
fn a_stream_of_256_mib_passes_in_little_memory() {
    const PIXELS: usize = 256 << 20;
    let pacs = Pacs::playing(|pacs| {
        pacs.accept();
        pacs.discard(PIXELS - 131_066);
    });
    let scenario = Scenario::before(pacs, with_find);
    let mut requestor = open(&scenario, 0);
    requestor.send(&p_data(3, COMMAND | LAST, &store_rq(1)));
    requestor.send(&p_data(3, DATA, &image_head(PIXELS)));
    let fragment = p_data(3, DATA, &vec![0; 131_066]);
    for _ in 0..PIXELS / 131_066 {
        requestor.send(&fragment);
    }
    assert!(scenario.gate.peak_memory() < 50 * 1024, "{} KiB", scenario.gate.peak_memory());
}

#[test]
fn a_pacs_that_stops_reading_holds_the_requestor_back_and_not_the_memory() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        thread::park_timeout(crate::support::PATIENCE);
    });
    let scenario =
        Scenario::before(pacs, |settings| with_find(settings).limit("write_stall", "1s"));
    let mut requestor = open(&scenario, 0);
    requestor.send(&p_data(3, COMMAND | LAST, &store_rq(1)));
    requestor.send(&p_data(3, DATA, &image_head(256 << 20)));
    let fragment = p_data(3, DATA, &vec![0; 16_376]);
    let taken = (0..256 << 6).take_while(|_| requestor.try_send(&fragment).is_ok()).count();
    assert!(taken < 64 << 6, "the gate took {taken} PDUs of 16 KiB that nobody read");
    scenario.gate.audited("closed", "pacs-write-stall");
    assert!(scenario.gate.peak_memory() < 50 * 1024, "{} KiB", scenario.gate.peak_memory());
}

fn with_find(settings: crate::support::settings::Settings) -> crate::support::settings::Settings {
    settings.services(r#"["echo", "store", "find"]"#)
}

/// A PACS that announces no maximum.
fn storing_scenario() -> Scenario {
    let pacs = Pacs::playing(|pacs| {
        let request = pacs.request();
        pacs.send(&request.acceptance().maximum(0).encode());
        pacs.answer();
    });
    Scenario::before(pacs, with_find)
}

fn open(scenario: &Scenario, maximum: u32) -> Requestor {
    let mut requestor = scenario.ct1();
    requestor.associate(&request(maximum));
    requestor
}

/// Sends a C-FIND-RQ with message id 9.
fn ask(requestor: &mut Requestor) {
    requestor.send(&p_data(5, COMMAND | LAST, &find_rq(9)));
    requestor.send(&p_data(5, LAST, &identifier()));
}

/// Stores what is sent, releases, and gives what the PACS got, PDV by PDV.
fn stored(sent: &[u8]) -> Vec<Pdv> {
    let scenario = storing_scenario();
    let mut requestor = open(&scenario, 0);
    requestor.send(sent);
    assert_is_store_response(&requestor.receive_pdu());
    requestor.release();
    let received = behind_request(&scenario.pacs.received());
    let mut rest = received.as_slice();
    let mut pdvs = Vec::new();
    while let Ok(pdu) = Pdu::read(&mut rest) {
        if pdu.kind == P_DATA {
            assert_eq!(pdu.pdvs().len(), 1, "one PDV for each PDU");
            pdvs.extend(pdu.pdvs());
        }
    }
    pdvs
}

fn assert_is_store_response(pdu: &Pdu) {
    let response = Request::parse(&pdu.pdvs()[0].data);
    assert_eq!((response.command, response.id, response.status), (0x8001, 1, Some(0)));
}

/// A data set as P-DATA-TF with one PDV each.
fn fragments(context: u8, set: &[u8], size: usize) -> Vec<u8> {
    let count = set.len().div_ceil(size);
    let parts = set.chunks(size).enumerate();
    let control = |number| if number + 1 == count { LAST } else { DATA };
    parts.flat_map(|(number, part)| p_data(context, control(number), part)).collect()
}
