//! What core's benchmarks decide about: a CT's requests, its peer among others, its images.

use std::fmt::Debug;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::process;
use std::sync::Arc;

use pacsgate_core::certificate::{Accepted, AcceptedBy, Ca, Certificate, Digest, Matcher, Name};
use pacsgate_core::data_set::{Purpose, Rules};
use pacsgate_core::direction::System;
use pacsgate_core::inspector::{Caps, Contexts, Guarding};
use pacsgate_core::policy::{
    Candidate, Denial, Facts, Identified, KnownBy, Occupancy, Pacs, Peer, Policy, Shown, UserRule,
};
use pacsgate_core::services::Service;
use pacsgate_core::transfer_syntax::Walk;
use pacsgate_core::wire::associate::{
    AssociateAc, AssociateRq, ContextAnswer, ContextId, ContextResult, Echo, ProposedContext,
    ReceivedAc, ReceivedRq, UserInformation,
};
use pacsgate_core::wire::pdu::Header;
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::{InstanceUid, Uid};

const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
const IMPLICIT_LITTLE: &str = "1.2.840.10008.1.2";
const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
const MAX_PDU: u32 = 16 * 1024;
/// Data PDUs of one message.
pub(crate) const PDUS: usize = 64;

pub(crate) fn identify(
    policy: &Policy,
    certificate: &Accepted,
    request: &ReceivedRq,
) -> Result<Candidate, Denial> {
    let source = Ipv4Addr::LOCALHOST.into();
    let shown = Shown::Certificate(certificate);
    policy.identify(&Facts::inward(shown, source, request)).map_err(|refusal| refusal.denial)
}

/// What a peer and the PACS have agreed on, by the way that every association goes.
pub(crate) fn contexts() -> Contexts {
    let candidate = made(identify(&policy(1), &certificate(0), &received(1, 0)));
    let admitted = candidate.admit(Occupancy { peer: 0, pacs: 0, peer_at_pacs: 0 });
    let admitted = made(admitted.map_err(|refusal| refusal.denial));
    let permit = made(admitted.permit(Identified::Nobody).map_err(|refusal| refusal.denial));
    let accepted = ContextAnswer::Accepted(uid(IMPLICIT_LITTLE));
    let answer = AssociateAc {
        echo: Echo([b' '; 64]),
        results: vec![ContextResult { id: context_id(0), answer: accepted }],
        user: user_information(),
        answers_identity: false,
    };
    let pdu = made(answer.encode());
    made(permit.conclude(made(ReceivedAc::parse(body(&pdu))))).contexts
}

/// As a requestor's, of whom nothing is tolerated.
pub(crate) const RULES: Rules = Rules::strict(System::Peer);

pub(crate) fn object() -> Purpose {
    Purpose::Object { sop_class: uid(CT_IMAGE), sop_instance: made(InstanceUid::parse(b"2.999.1")) }
}

/// The elements of a CT image before its pixels: short texts and numbers in the groups of the
/// standard, and two sequences with an item each.
pub(crate) fn ct_header(walk: Walk) -> Vec<u8> {
    let of = |group: u16, number: u16, vr: &str, value: &[u8]| {
        if walk == Walk::ImplicitLittle {
            return element(group, number, value);
        }
        let head = [group.to_le_bytes(), number.to_le_bytes()].concat();
        let length = length(value.len()).to_le_bytes();
        if vr == "SQ" {
            return [&head[..], b"SQ\0\0", &length, value].concat();
        }
        [&head[..], vr.as_bytes(), &length[..2], value].concat()
    };
    let item = |content: &[u8]| {
        [&[0xfe, 0xff, 0, 0xe0][..], &length(content.len()).to_le_bytes(), content].concat()
    };
    let class = format!("{CT_IMAGE}\0");
    let referenced =
        [of(0x0008, 0x1150, "UI", class.as_bytes()), of(0x0008, 0x1155, "UI", b"2.999.2\0")];
    let mut header = [
        of(0x0008, 0x0016, "UI", class.as_bytes()),
        of(0x0008, 0x0018, "UI", b"2.999.1\0"),
        of(0x0008, 0x1110, "SQ", &item(&referenced.concat())),
        of(0x0008, 0x1140, "SQ", &item(&referenced.concat())),
    ]
    .concat();
    header.extend((0..40).flat_map(|n| of(0x0011, 0x1000 + n, "LO", b"A PHANTOM ")));
    header.extend((0..75).flat_map(|n| of(0x0018, 0x1100 + n, "DS", b"120.0 ")));
    header.extend(of(0x0020, 0x000d, "UI", b"2.999.3\0"));
    header.extend(of(0x0020, 0x000e, "UI", b"2.999.4\0"));
    header.extend((0..75).flat_map(|n| of(0x0028, 0x1050 + n, "US", &[1, 0])));
    header
}

/// A CT image with so many bytes of pixels, in Explicit VR Little Endian.
pub(crate) fn ct_image(pixels: usize) -> Vec<u8> {
    let mut image = ct_header(Walk::ExplicitLittle);
    image.extend([0xe0, 0x7f, 0x10, 0, b'O', b'W', 0, 0]);
    image.extend(length(pixels).to_le_bytes());
    image.resize(image.len() + pixels, 0x5a);
    image
}

/// C-STORE-RQ, and a data set that is all but its identifiers pixel data.
pub(crate) fn message() -> Vec<u8> {
    let fragment = made(usize::try_from(MAX_PDU)) - 6;
    let mut data = [
        element(0x0008, 0x0016, format!("{CT_IMAGE}\0").as_bytes()),
        element(0x0008, 0x0018, b"2.999.1\0"),
        element(0x0020, 0x000d, b"2.999.3\0"),
        element(0x0020, 0x000e, b"2.999.4\0"),
    ]
    .concat();
    data.extend(element(0x7FE0, 0x0010, &vec![0x5A; fragment * PDUS - 8 - data.len()]));
    let last = data.split_off(fragment * (PDUS - 1));
    let mut pdus = pdu(0b11, &request_of_store());
    pdus.extend(data.chunks(fragment).flat_map(|fragment| pdu(0b00, fragment)));
    pdus.extend(pdu(0b10, &last));
    pdus
}

/// C-STORE-RQ, and a small image whose patient, study and geometry are named.
pub(crate) fn small_message() -> Vec<u8> {
    let texts: [(u16, u16, &[u8]); 14] = [
        (0x0008, 0x0016, b"1.2.840.10008.5.1.4.1.1.2\0"),
        (0x0008, 0x0018, b"2.999.1\0"),
        (0x0008, 0x0020, b"20261130"),
        (0x0008, 0x0030, b"081500"),
        (0x0008, 0x0050, b"A4711 "),
        (0x0008, 0x0060, b"CT"),
        (0x0008, 0x0080, b"HOSPITAL"),
        (0x0010, 0x0010, b"DOE^JANE"),
        (0x0010, 0x0020, b"PID-4711"),
        (0x0010, 0x0030, b"19700101"),
        (0x0020, 0x000d, b"2.999.1234567890.1234567890.1234567890.3"),
        (0x0020, 0x000e, b"2.999.1234567890.1234567890.1234567890.4"),
        (0x0020, 0x0011, b"1 "),
        (0x0020, 0x0013, b"12"),
    ];
    let numbers = [(0x0002, 1), (0x0010, 44), (0x0011, 44), (0x0100, 16), (0x0101, 16)];
    let texts = texts.iter().flat_map(|(group, number, value)| element(*group, *number, value));
    let numbers = numbers
        .iter()
        .flat_map(|(number, value)| element(0x0028, *number, &u16::to_le_bytes(*value)));
    let mut data: Vec<u8> = texts.chain(numbers).collect();
    data.extend(element(0x7FE0, 0x0010, &[0x5A; 44 * 44 * 2]));
    [pdu(0b11, &request_of_store()), pdu(0b10, &data)].concat()
}

fn request_of_store() -> Vec<u8> {
    command(&[
        (0x0002, b"1.2.840.10008.5.1.4.1.1.2\0"),
        (0x0100, &[1, 0]),
        (0x0110, &[1, 0]),
        (0x0700, &[0, 0]),
        (0x0800, &[1, 0]),
        (0x1000, b"2.999.1\0"),
    ])
}

/// C-STORE-RSP: success.
pub(crate) fn response() -> Vec<u8> {
    let set = command(&[
        (0x0002, b"1.2.840.10008.5.1.4.1.1.2\0"),
        (0x0100, &[1, 0x80]),
        (0x0120, &[1, 0]),
        (0x0800, &[1, 1]),
        (0x0900, &[0, 0]),
        (0x1000, b"2.999.1\0"),
    ]);
    pdu(0b11, &set)
}

fn command(elements: &[(u16, &[u8])]) -> Vec<u8> {
    let set: Vec<u8> = elements.iter().flat_map(|(at, value)| element(0, *at, value)).collect();
    [element(0, 0, &length(set.len()).to_le_bytes()), set].concat()
}

/// An element in Implicit VR Little Endian.
pub(crate) fn element(group: u16, element: u16, value: &[u8]) -> Vec<u8> {
    let head = [group.to_le_bytes(), element.to_le_bytes()].concat();
    [head.as_slice(), &length(value.len()).to_le_bytes(), value].concat()
}

/// A P-DATA-TF with one PDV on the first context.
pub(crate) fn pdu(control: u8, fragment: &[u8]) -> Vec<u8> {
    let mut pdu = vec![4, 0];
    pdu.extend(length(fragment.len() + 6).to_be_bytes());
    pdu.extend(length(fragment.len() + 2).to_be_bytes());
    pdu.extend([context_id(0).value(), control]);
    pdu.extend(fragment);
    pdu
}

pub(crate) fn request(contexts: u8, peer: u32) -> AssociateRq {
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

pub(crate) fn received(contexts: u8, peer: u32) -> ReceivedRq {
    let pdu = made(request(contexts, peer).encode());
    made(ReceivedRq::parse(body(&pdu)))
}

pub(crate) fn user_information() -> UserInformation {
    UserInformation {
        maximum_length: MAX_PDU,
        implementation_class: uid("2.999.1"),
        implementation_version: None,
        roles: Vec::new(),
        extended: Vec::new(),
    }
}

pub(crate) fn policy(peers: u32) -> Policy {
    made(Policy::new((0..peers).map(peer).collect(), vec![pacs()]))
}

pub(crate) fn peer(number: u32) -> Peer {
    Peer {
        name: format!("ct{number}").into(),
        contact: None,
        known_by: KnownBy::Certificate(vec![Matcher::SanDns(Name::new(dns(number)))]),
        user: UserRule::NotNeeded,
        calling: vec![title(&format!("CT{number}"))],
        from: Vec::new(),
        pacs: vec![Arc::from("archive")],
        services: vec![Service::Echo, Service::Store],
        sop_classes: Vec::new(),
        move_to: Vec::new(),
        guarding: Guarding::default(),
        caps: Caps::default(),
        reach: None,
        associations: 32,
    }
}

pub(crate) fn pacs() -> Pacs {
    Pacs {
        name: Arc::from("archive"),
        called: vec![title("PACS")],
        from: Vec::new(),
        certificates: Vec::new(),
        calling: Vec::new(),
        ae_title: None,
        associations: 128,
        max_pdu: MAX_PDU,
        guarding: Guarding::default(),
    }
}

pub(crate) fn certificate(number: u32) -> Accepted {
    let certificate = Certificate {
        sha256: Digest([1; 32]),
        spki_sha256: Digest([2; 32]),
        dns: vec![dns(number)],
        uris: Vec::new(),
        common_name: None,
        not_before: 0,
        not_after: 0,
    };
    Accepted { certificate, by: AcceptedBy::Chain(vec![Ca::Only]) }
}

pub(crate) fn dns(number: u32) -> Box<str> {
    format!("ct{number}.radiology.example").into()
}

pub(crate) fn title(text: &str) -> AeTitle {
    let mut field = [b' '; AeTitle::LEN];
    field.iter_mut().zip(text.bytes()).for_each(|(slot, byte)| *slot = byte);
    made(AeTitle::parse(&field))
}

pub(crate) fn uid(text: &str) -> Uid {
    made(Uid::parse(text.as_bytes()))
}

pub(crate) fn context_id(index: u8) -> ContextId {
    made(ContextId::new(2 * index + 1).ok_or("an even context id"))
}

pub(crate) fn body(pdu: &[u8]) -> &[u8] {
    pdu.get(Header::LEN..).unwrap_or_default()
}

pub(crate) fn length(bytes: usize) -> u32 {
    made(u32::try_from(bytes))
}

/// A benchmark of what failed would be a fast one.
pub(crate) fn made<T>(result: Result<T, impl Debug>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => {
            let _ = writeln!(io::stderr(), "benchmark: {error:?}");
            process::exit(1)
        }
    }
}
