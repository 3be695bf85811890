//! What a decision costs: parsing a request, finding its peer, judging a PDU.
//!
//! `cargo bench --bench decide`

use std::fmt::Debug;
use std::hint::black_box;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::process;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use pacsgate_core::certificate::{AcceptedBy, Certificate, Digest, Matcher};
use pacsgate_core::inspector::{Guarding, Inspector, Out, Side};
use pacsgate_core::policy::{Candidate, Contexts, Denial, Facts, Occupancy, Pacs, Peer, Policy};
use pacsgate_core::services::Service;
use pacsgate_core::wire::associate::{
    AssociateAc, AssociateRq, ContextAnswer, ContextId, ContextResult, Echo, ProposedContext,
    ReceivedAc, ReceivedRq, UserInformation,
};
use pacsgate_core::wire::pdu::Header;
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;

const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
const IMPLICIT_LITTLE: &str = "1.2.840.10008.1.2";
const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
const MAX_PDU: u32 = 16 * 1024;
/// Data PDUs of one message.
const PDUS: usize = 64;

fn main() {
    divan::main();
}

/// A modality's request: `contexts` presentation contexts of two transfer syntaxes each.
#[divan::bench(args = [1, 12, 128])]
fn parse_request(bencher: Bencher<'_, '_>, contexts: u8) {
    let pdu = made(request(contexts, 0).encode());
    let body = body(&pdu);
    bencher.counter(BytesCount::of_slice(body)).bench(|| ReceivedRq::parse(black_box(body)));
}

/// A certificate, an address and a request of 12 contexts, among this many peers.
#[divan::bench(args = [10, 1_000, 10_000])]
fn identify_among(bencher: Bencher<'_, '_>, peers: u32) {
    let policy = policy(peers);
    let number = peers / 2;
    let (certificate, request) = (certificate(number), received(12, number));
    made(identify(&policy, &certificate, &request));
    bencher.bench(|| identify(&policy, black_box(&certificate), black_box(&request)));
}

/// A message of 64 data PDUs of 16 KiB, fed in pieces of the same size as TLS does.
#[divan::bench]
fn inspect_data_pdus(bencher: Bencher<'_, '_>) {
    let message = message();
    let contexts = contexts();
    let mut out = Out::default();
    bencher
        .counter(ItemsCount::new(PDUS))
        .with_inputs(|| Inspector::new(contexts.clone()))
        .bench_local_refs(|inspector| {
            for piece in message.chunks(16 * 1024) {
                out.to_pacs.clear();
                made(inspector.feed(Side::Requestor, black_box(piece), &mut out));
            }
        });
}

fn identify(
    policy: &Policy,
    certificate: &Certificate,
    request: &ReceivedRq,
) -> Result<Candidate, Denial> {
    let source = Ipv4Addr::LOCALHOST.into();
    policy.identify(&Facts { certificate, source, request }).map_err(|refusal| refusal.denial)
}

/// What a peer and the PACS have agreed on, by the way that every association goes.
fn contexts() -> Contexts {
    let candidate = made(identify(&policy(1), &certificate(0), &received(1, 0)));
    let permit = candidate.permit(Occupancy { peer: 0, pacs: 0, peer_at_pacs: 0 });
    let permit = made(permit.map_err(|refusal| refusal.denial));
    let accepted = ContextAnswer::Accepted(uid(IMPLICIT_LITTLE));
    let answer = AssociateAc {
        echo: Echo([b' '; 64]),
        results: vec![ContextResult { id: context_id(0), answer: accepted }],
        user: user_information(),
    };
    let pdu = made(answer.encode());
    made(permit.conclude(made(ReceivedAc::parse(body(&pdu))))).contexts
}

/// C-STORE-RQ, and a data set that is all pixel data.
fn message() -> Vec<u8> {
    let command = [
        (0x0002, format!("{CT_IMAGE}\0").into_bytes()),
        (0x0100, vec![1, 0]),
        (0x0110, vec![1, 0]),
        (0x0700, vec![0, 0]),
        (0x0800, vec![1, 0]),
        (0x1000, b"2.999.1\0".to_vec()),
    ];
    let command: Vec<u8> = command.iter().flat_map(|(at, value)| element(0, *at, value)).collect();
    let group_length = element(0, 0, &length(command.len()).to_le_bytes());
    let mut pdus = pdu(0b11, &[group_length, command].concat());

    let fragment = made(usize::try_from(MAX_PDU)) - 6;
    let mut data = element(0x7FE0, 0x0010, &vec![0x5A; fragment * PDUS - 8]);
    let last = data.split_off(fragment * (PDUS - 1));
    pdus.extend(data.chunks(fragment).flat_map(|fragment| pdu(0b00, fragment)));
    pdus.extend(pdu(0b10, &last));
    pdus
}

/// An element in Implicit VR Little Endian.
fn element(group: u16, element: u16, value: &[u8]) -> Vec<u8> {
    let head = [group.to_le_bytes(), element.to_le_bytes()].concat();
    [head.as_slice(), &length(value.len()).to_le_bytes(), value].concat()
}

/// A P-DATA-TF with one PDV on the first context.
fn pdu(control: u8, fragment: &[u8]) -> Vec<u8> {
    let mut pdu = vec![4, 0];
    pdu.extend(length(fragment.len() + 6).to_be_bytes());
    pdu.extend(length(fragment.len() + 2).to_be_bytes());
    pdu.extend([context_id(0).value(), control]);
    pdu.extend(fragment);
    pdu
}

fn request(contexts: u8, peer: u32) -> AssociateRq {
    let propose = |index| ProposedContext {
        id: context_id(index),
        abstract_syntax: uid(CT_IMAGE),
        transfer_syntaxes: vec![uid(IMPLICIT_LITTLE), uid(EXPLICIT_LITTLE)],
    };
    AssociateRq {
        called: title("PACS"),
        calling: title(&format!("CT{peer}")),
        contexts: (0..contexts).map(propose).collect(),
        user: user_information(),
    }
}

fn received(contexts: u8, peer: u32) -> ReceivedRq {
    let pdu = made(request(contexts, peer).encode());
    made(ReceivedRq::parse(body(&pdu)))
}

fn user_information() -> UserInformation {
    UserInformation {
        maximum_length: MAX_PDU,
        implementation_class: uid("2.999.1"),
        implementation_version: None,
        roles: Vec::new(),
        extended: Vec::new(),
    }
}

fn policy(peers: u32) -> Policy {
    made(Policy::new((0..peers).map(peer).collect(), vec![pacs()]))
}

fn peer(number: u32) -> Peer {
    Peer {
        name: format!("ct{number}").into(),
        contact: None,
        certificates: vec![Matcher::SanDns(dns(number))],
        calling: vec![title(&format!("CT{number}"))],
        from: Vec::new(),
        pacs: vec![Arc::from("archive")],
        services: vec![Service::Echo, Service::Store],
        sop_classes: Vec::new(),
        move_to: Vec::new(),
        guarding: Guarding::default(),
        associations: 32,
    }
}

fn pacs() -> Pacs {
    Pacs {
        name: Arc::from("archive"),
        called: vec![title("PACS")],
        ae_title: None,
        associations: 128,
        max_pdu: MAX_PDU,
    }
}

fn certificate(number: u32) -> Certificate {
    Certificate {
        sha256: Digest([1; 32]),
        spki_sha256: Digest([2; 32]),
        dns: vec![dns(number)],
        uris: Vec::new(),
        common_name: None,
        not_after: 0,
        accepted_by: AcceptedBy::Chain,
    }
}

fn dns(number: u32) -> Box<str> {
    format!("ct{number}.radiology.example").into()
}

fn title(text: &str) -> AeTitle {
    let mut field = [b' '; AeTitle::LEN];
    field.iter_mut().zip(text.bytes()).for_each(|(slot, byte)| *slot = byte);
    made(AeTitle::parse(&field))
}

fn uid(text: &str) -> Uid {
    made(Uid::parse(text.as_bytes()))
}

fn context_id(index: u8) -> ContextId {
    made(ContextId::new(2 * index + 1).ok_or("an even context id"))
}

fn body(pdu: &[u8]) -> &[u8] {
    pdu.get(Header::LEN..).unwrap_or_default()
}

fn length(bytes: usize) -> u32 {
    made(u32::try_from(bytes))
}

/// A benchmark of what failed would be a fast one.
fn made<T>(result: Result<T, impl Debug>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => {
            let _ = writeln!(io::stderr(), "decide: {error:?}");
            process::exit(1)
        }
    }
}
