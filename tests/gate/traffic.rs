//! What passes once an association is open: every byte of it, and in little memory.

use crate::support::associate::{Associate, CT, EXPLICIT};
use crate::support::dimse::{
    Request, event_rq, find_pending, image, image_head, store_rq, success,
};
use crate::support::exchange::{
    CAP, ask, assert_is_store_response, fragments, open, storing_scenario, with_find,
};
use crate::support::pacs::{Accepted, Pacs};
use crate::support::pdu::{
    COMMAND, DATA, LAST, P_DATA, Pdu, Pdv, RELEASE_RP, behind_request, p_data, pdu, pdv, release_rq,
};
use crate::support::requestor::Caller;
use crate::support::scenario::{Scenario, echo};
use crate::support::site::{GATE_NAME, site};
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
    assert_eq!(closed["pdus"]["from_acceptor"], 101, "{closed}");
    assert_eq!(closed["bytes"]["from_requestor"], 100 * 80 + 10, "{closed}");
}

#[test]
fn both_directions_are_busy_at_once() {
    let message = [p_data(3, COMMAND | LAST, &store_rq(1)), fragments(3, &image(8 << 20), 16_376)];
    let message = message.concat();
    let report =
        [p_data(3, COMMAND | LAST, &event_rq(1, CT)), fragments(3, &image(8 << 20), 16_376)];
    let report = report.concat();
    let of_pacs = report.clone();
    let pacs = Pacs::first_playing(move |pacs| {
        pacs.accept();
        pacs.send_beside(of_pacs.clone());
        pacs.drain();
    });
    let services = format!(
        "[\"echo\", \"store\", {{ sop_class = \"{CT}\", operations = [\"n-event-report\"] }}]"
    );
    let scenario = Scenario::before(pacs, |settings| settings.services(&services));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let got = runtime.block_on(exchange(scenario.gate.address, &message, report.len()));
    assert!(got == report, "at the requestor");
    assert!(behind_request(&scenario.pacs.received()).starts_with(&message), "at the PACS");
}

/// Opens an association and sends while as many bytes come back.
async fn exchange(gate: SocketAddr, message: &[u8], expected: usize) -> Vec<u8> {
    let config = Arc::new(Caller::with(&site().ct1).config());
    let name = ServerName::try_from(GATE_NAME).unwrap();
    let tcp = tokio::net::TcpStream::connect(gate).await.unwrap();
    let mut tls = tokio_rustls::TlsConnector::from(config).connect(name, tcp).await.unwrap();
    let request = Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]).maximum(16_384);
    tls.write_all(&request.encode()).await.unwrap();
    let mut answer = vec![0; request.acceptance().encode().len()];
    tls.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, request.acceptance().encode());
    let (mut source, mut sink) = tokio::io::split(tls);
    let mut got = vec![0; expected];
    let (sent, received) = tokio::join!(
        async {
            sink.write_all(message).await?;
            sink.flush().await
        },
        source.read_exact(&mut got),
    );
    sent.unwrap();
    received.unwrap();
    got
}

#[test]
fn associations_at_the_same_time_keep_their_bytes_apart() {
    let scenario = storing_scenario();
    let messages: Vec<_> = (0..16).map(numbered_store).collect();
    thread::scope(|scope| {
        for message in &messages {
            scope.spawn(|| {
                let mut requestor = open(&scenario, 0);
                requestor.send(message);
                assert_is_store_response(&requestor.receive_pdu());
                requestor.release();
            });
        }
    });
    let mut left = messages;
    for _ in 0..16 {
        let received = behind_request(&scenario.pacs.received());
        left.retain(|message| !received.starts_with(message));
    }
    assert!(left.is_empty(), "{} did not arrive as they were sent", left.len());
}

fn numbered_store(number: u8) -> Vec<u8> {
    let mut image = image(300_000);
    image.iter_mut().skip(100).for_each(|byte| *byte = byte.wrapping_add(number));
    [p_data(3, COMMAND | LAST, &store_rq(1)), fragments(3, &image, 16_376)].concat()
}

#[test]
fn a_data_set_of_2_gib_reaches_the_pacs_in_little_memory() {
    let pacs = Pacs::playing(|pacs| {
        let request = pacs.request();
        pacs.send(&request.acceptance().maximum(0).encode());
        pacs.discard(p_data(3, COMMAND | LAST, &store_rq(1)).len());
        pacs.discard(LongImage::LENGTH);
        let question = Request::parse(&store_rq(1));
        pacs.send(&p_data(3, COMMAND | LAST, &success(&question)));
        pacs.answer();
    });
    let scenario = Scenario::before(pacs, with_find);
    let mut requestor = open(&scenario, 0);
    requestor.send(&p_data(3, COMMAND | LAST, &store_rq(1)));
    LongImage::send(3, |pdu| requestor.send(pdu));
    assert_is_store_response(&requestor.receive_pdu());
    requestor.release();
    assert_little_memory(&scenario);
}

#[test]
fn a_data_set_of_2_gib_reaches_the_requestor_in_little_memory() {
    let pacs = Pacs::playing(|pacs| {
        pacs.accept();
        let question = pacs.message();
        pacs.send(&p_data(5, COMMAND | LAST, &find_pending(question.id)));
        LongImage::send(5, |pdu| pacs.send(pdu));
        pacs.send(&p_data(5, COMMAND | LAST, &success(&question)));
        pacs.answer();
    });
    let scenario = Scenario::before(pacs, with_find);
    let mut requestor = open(&scenario, 0);
    ask(&mut requestor);
    requestor.receive_pdu();
    requestor.discard(LongImage::LENGTH);
    assert_eq!(Request::parse(&requestor.receive_pdu().pdvs()[0].data).status, Some(0));
    requestor.release();
    assert_little_memory(&scenario);
}

/// A data set of 2 GiB, never in memory as a whole.
struct LongImage;

impl LongImage {
    const FRAGMENT: usize = 128 * 1024;
    const FRAGMENTS: usize = 2 << 30 >> 17;
    const HEAD: usize = 100;
    /// Its length on the wire, PDU and PDV headers included.
    const LENGTH: usize = 12 + Self::HEAD + Self::FRAGMENTS * (12 + Self::FRAGMENT);

    fn send(context: u8, mut send: impl FnMut(&[u8])) {
        let head = image_head(Self::FRAGMENTS * Self::FRAGMENT);
        assert_eq!(head.len(), Self::HEAD);
        send(&p_data(context, DATA, &head));
        let fragment = p_data(context, DATA, &[0; Self::FRAGMENT]);
        for _ in 1..Self::FRAGMENTS {
            send(&fragment);
        }
        send(&p_data(context, LAST, &[0; Self::FRAGMENT]));
    }
}

fn assert_little_memory(scenario: &Scenario) {
    let peak = scenario.gate.peak_memory();
    assert!(peak < 50 * 1024, "{peak} KiB");
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
    while requestor.try_send(&fragment).is_ok() {}
    let line = scenario.gate.audited("closed", "acceptor-write-stall");
    // What the kernel holds for a socket on loopback is far less.
    assert!(line["bytes"]["from_requestor"].as_u64().unwrap() < 64 << 20, "{line}");
    assert_little_memory(&scenario);
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
