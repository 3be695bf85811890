//! Fragments, PDUs and the order in which both sides speak.

use crate::message::said;
use crate::object::{INSTANCE, implicit, object, unpadded};
use crate::operation::{
    bringing, echoing, find_rq, get_request, getting, keys, on, querying, store_elements,
};
use crate::patches::servers::{Kind, Server, TITLE};
use crate::play::{Heard, Play, SERVERS, before_pacs, one};
use crate::recorder::Recorder;
use crate::support::associate::{Associate, CT, IMPLICIT, STUDY_FIND};
use crate::support::dimse::{command, echo_rq, store_rq};
use crate::support::exchange::fragments;
use crate::support::pdu::{COMMAND, DATA, LAST, P_DATA, RELEASE_RQ, p_data, pdu, pdv, release_rq};

/// A gate with a smaller maximum than both sides have: Enet4/dicom-rs#694.
#[test]
fn passes_objects_at_a_gate_with_a_smaller_maximum() {
    let pacs = Recorder::accepting(|proposal| proposal.accepted().maximum(65_536));
    let play = storing_within(&request().maximum(65_536), &big(300_000), |maximum| {
        maximum.min(65_536) - 6
    });
    play.passes_with(&pacs, |settings| settings.limit("max_pdu", "8KiB"));
}

/// An archive with an odd maximum: requestors that fill it cut fragments of odd length, which DCMTK
/// and Orthanc cannot read. Enet4/dicom-rs#703, and seen at pynetdicom 3.0.4.
#[test]
fn passes_objects_to_a_pacs_with_an_odd_maximum() {
    let pacs = Recorder::accepting(|proposal| proposal.accepted().maximum(16_383));
    storing_within(&request(), &big(50_000), |maximum| maximum - 6).passes_at(&pacs);
}

/// The same where the requestor announces it: the PACS cuts what a C-GET brings.
#[test]
fn passes_objects_to_a_requestor_with_an_odd_maximum() {
    let pacs = bringing(CT, |proposal| {
        let size = usize::try_from(proposal.maximum.unwrap() - 6).unwrap();
        [p_data(3, COMMAND | LAST, &store_rq(7)), fragments(3, &big(50_000), size)].concat()
    });
    getting(&get_request(CT).maximum(4_097)).passes_at(&pacs);
}

/// pynetdicom cuts them so: a C-GET from its own archive.
#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn pynetdicom_sends_objects_to_a_requestor_with_an_odd_maximum() {
    let archive = Server::start(Kind::Qrscp);
    let load = [p_data(1, COMMAND | LAST, &store_rq(1)), fragments(1, &big(50_000), 16_000)];
    Play::of(&request()).say(&load.concat()).directly(archive.address);
    let play = getting(&get_request(CT).maximum(4_097));
    let direct = play.directly(archive.address);
    let gate = before_pacs(archive.address, |settings| settings);
    assert!(direct.iter().any(|it| it.message().is_some_and(|it| it.command == 0x0001)));
    assert_eq!(play.through(&gate), direct, "{}", gate.stop().stdout);
}

/// A fragment of odd length in the middle, and an even whole: only pynetdicom reads it directly, so
/// the gate cuts it anew.
#[test]
fn passes_odd_fragments_of_an_even_whole() {
    let set = object(&[]);
    let odd = [
        p_data(1, COMMAND | LAST, &store_rq(1)),
        p_data(1, DATA, &set[..31]),
        p_data(1, LAST, &set[31..]),
    ];
    Play::of(&request()).say(&odd.concat()).passes();
}

/// The same with the command.
#[test]
fn passes_odd_fragments_of_an_even_command() {
    let command = echo_rq(1);
    let odd = [p_data(1, COMMAND, &command[..21]), p_data(1, COMMAND | LAST, &command[21..])];
    on_verification(&odd.concat()).passes();
}

/// A data set of odd length, as scanners of papers made: fo-dicom/fo-dicom#284,
/// pydicom/pynetdicom#704. DCMTK aborts, Orthanc drops it.
#[test]
fn refuses_a_data_set_of_odd_length() {
    let odd = [object(&[]), unpadded(0x7fe0_0010, b"abcde")].concat();
    let play = Play::of(&request()).say(&said(1, &store_rq(1), Some(&odd)));
    let both = play.held(&Recorder::good(), |settings| settings);
    assert_eq!(both.gated.seen, []);
    let mut told = both.gated.heard.iter().filter_map(Heard::message);
    assert!(told.all(|message| message.status != Some(0)), "{}", both.gate.stdout);
}

/// Command and data set in one PDU, as of the Harmony work list server (Enet4/dicom-rs#522, #528)
/// and many requestors.
#[test]
fn passes_a_command_and_its_data_set_in_one_pdu() {
    together(&object(&[])).passes();
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_a_command_and_its_data_set_in_one_pdu() {
    together(&object(&[])).passes_at_servers(&SERVERS);
}

/// The same in answers, one PDU for each match.
#[test]
fn passes_matches_of_one_pdu_each() {
    let pacs = Recorder::answering(|message| {
        let pending = command(&message.response(0xff00, 1));
        let set = implicit(0x0010_0010, b"DOE^JANE");
        let both = [pdv(1, COMMAND | LAST, &pending), pdv(1, LAST, &set)].concat();
        [pdu(P_DATA, &both), message.answer(0, &[], None)].concat()
    });
    querying().passes_at(&pacs);
}

/// Many fragments in one PDU.
#[test]
fn passes_many_fragments_in_one_pdu() {
    let set = object(&[]);
    let count = set.len().div_ceil(10);
    let parts = set.chunks(10).enumerate();
    let parts = parts.map(|(at, part)| pdv(1, if at + 1 == count { LAST } else { DATA }, part));
    let parts = parts.collect::<Vec<_>>().concat();
    let play = [p_data(1, COMMAND | LAST, &store_rq(1)), pdu(P_DATA, &parts)].concat();
    Play::of(&request()).say(&play).passes();
}

/// Fragments without a byte, at the beginning and at the end.
#[test]
fn passes_empty_fragments() {
    with_empty_fragments().passes();
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_empty_fragments() {
    with_empty_fragments().passes_at_servers(&SERVERS);
}

/// A P-DATA-TF without a fragment: DCMTK and Orthanc abort.
#[test]
fn refuses_p_data_without_a_fragment() {
    let play = on_verification(&[pdu(P_DATA, &[]), one(&echo_rq(1))].concat());
    play.is_aborted("requestor-pdu-too-short");
}

/// Bits of the control byte that are not tested (PS3.8 annex E.2).
#[test]
fn passes_further_bits_of_the_control_byte() {
    on_verification(&p_data(1, 0x80 | COMMAND | LAST, &echo_rq(1))).passes();
}

/// A PDU that is larger than the receiver announced, as of dicom-rs before 0.3
/// (Enet4/dicom-rs#163): DCMTK and Orthanc abort.
#[test]
fn refuses_a_pdu_over_the_maximum_that_was_announced() {
    let pacs = Recorder::good();
    let play = storing_within(&request(), &big(3_000_000), |_| 2_500_000);
    let both = play.held(&pacs, |settings| settings);
    assert_eq!(both.gated.heard.last(), Some(&Heard::Aborted));
    assert!(both.gate.stdout.contains("requestor-pdu-over-maximum"), "{}", both.gate.stdout);
}

/// fo-dicom's client sends its requests one after the other without waiting: fo-dicom/fo-dicom#356,
/// #652. All four servers answer each.
#[test]
fn passes_a_second_request_before_the_first_is_answered() {
    let both = [one(&echo_rq(1)), one(&echo_rq(2))].concat();
    Play::of(&Associate::echo("CT1", TITLE)).say_for(2, &both).passes();
}

/// The same with objects.
#[test]
fn passes_three_objects_before_the_first_is_answered() {
    Play::of(&request()).say_for(3, &three_objects()).passes();
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_three_objects_before_the_first_is_answered() {
    Play::of(&request()).say_for(3, &three_objects()).passes_at_servers(&SERVERS);
}

/// An object so large that the next request waits for long, and small ones after it.
#[test]
fn passes_requests_behind_a_large_object() {
    let play = [
        [p_data(1, COMMAND | LAST, &store_rq(1)), fragments(1, &big(2_000_000), 16_376)].concat(),
        three_objects(),
    ];
    Play::of(&request()).say_for(4, &play.concat()).passes();
}

/// The release right behind the last request, as of a worklist client that loses patience:
/// pydicom/pynetdicom#592, dcm4che/dcm4chee-arc-light#1790. The PACS goes on and releases then.
#[test]
fn passes_a_release_before_the_last_response() {
    let pacs = Recorder::answering(|message| {
        let found = implicit(0x0010_0010, b"DOE^JANE");
        [message.answer(0xff00, &[], Some(&found)), message.answer(0, &[], None)].concat()
    });
    let query = said(1, &find_rq(STUDY_FIND), Some(&keys()));
    let play = on(STUDY_FIND).say_for(2, &[query, release_rq()].concat());
    play.without_release().passes_at(&pacs);
}

/// Bytes of a release that are reserved (PS3.8 9.3.6).
#[test]
fn passes_a_release_with_reserved_bytes_that_are_not_zero() {
    echoing().say(&pdu(RELEASE_RQ, &[1, 2, 3, 4])).without_release().passes();
}

/// A release without its reserved bytes: all four servers take it.
#[test]
fn passes_a_release_of_another_length() {
    releasing(0).passes();
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_a_release_of_another_length() {
    releasing(0).passes_at_servers(&SERVERS);
}

fn releasing(length: usize) -> Play {
    echoing().say(&pdu(RELEASE_RQ, &vec![0; length])).without_release()
}

fn request() -> Associate {
    Associate::request("CT1", TITLE).context(1, CT, &[IMPLICIT])
}

fn storing_within(request: &Associate, set: &[u8], size: impl Fn(u32) -> u32 + 'static) -> Play {
    let set = set.to_vec();
    Play::of(request).say_within(1, move |maximum| {
        let size = usize::try_from(size(maximum)).unwrap();
        [p_data(1, COMMAND | LAST, &store_rq(1)), fragments(1, &set, size)].concat()
    })
}

fn on_verification(bytes: &[u8]) -> Play {
    Play::of(&Associate::echo("CT1", TITLE)).say(bytes)
}

fn together(set: &[u8]) -> Play {
    let both = [pdv(1, COMMAND | LAST, &store_rq(1)), pdv(1, LAST, set)].concat();
    Play::of(&request()).say(&pdu(P_DATA, &both))
}

fn with_empty_fragments() -> Play {
    let play = [
        p_data(1, COMMAND | LAST, &store_rq(1)),
        p_data(1, DATA, &[]),
        p_data(1, DATA, &object(&[])),
        p_data(1, LAST, &[]),
    ];
    Play::of(&request()).say(&play.concat())
}

fn three_objects() -> Vec<u8> {
    let store = |id| {
        let instance = format!("{INSTANCE}.{id}");
        let set = object(&[(0x0008_0018, instance.as_bytes())]);
        said(1, &command(&store_elements(CT, &instance)), Some(&set))
    };
    (11..14).flat_map(store).collect()
}

fn big(pixels: usize) -> Vec<u8> {
    [object(&[]), unpadded(0x7fe0_0010, &vec![7; pixels])].concat()
}
