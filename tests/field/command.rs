//! Commands of requestors whose form is not what the standard wants.

use crate::message::said;
use crate::object::{INSTANCE, implicit, object};
use crate::operation::{GRAYSCALE_PRINT, MPPS, cancel_rq, find_rq, keys, on, store_elements};
use crate::patches::servers::{Kind, TITLE};
use crate::play::{Heard, Play, SERVERS, one};
use crate::recorder::Recorder;
use crate::support::associate::{Associate, CT, IMPLICIT, STUDY_FIND, VERIFICATION};
use crate::support::dimse::{command, echo_rq, element, uid, us};

/// The archives that answer a C-FIND and its C-CANCEL.
const ARCHIVES: [Kind; 2] = [Kind::Dcmqrscp, Kind::Orthanc];
const FILM_SESSION: &str = "1.2.840.10008.5.1.1.1";

/// Priority in a C-ECHO: fo-dicom/fo-dicom#141.
#[test]
fn passes_an_echo_with_a_priority() {
    echoing(&echo_with(us(0x0700, 0))).passes();
}

/// Priority in an N-CREATE: fo-dicom/fo-dicom#141.
#[test]
fn passes_an_n_create_with_a_priority() {
    let create = command(&[
        uid(0x0002, MPPS),
        us(0x0100, 0x0140),
        us(0x0110, 1),
        us(0x0700, 0),
        us(0x0800, 1),
        uid(0x1000, "1.2.3.77"),
    ]);
    let set = [implicit(0x0008_0060, b"CT"), implicit(0x0040_0252, b"IN PROGRESS")].concat();
    on(MPPS).say(&said(1, &create, Some(&set))).passes();
}

/// An instance in a C-ECHO, which has none; all four servers take it.
#[test]
fn passes_an_echo_with_an_instance() {
    echoing(&echo_with(uid(0x1000, "1.2.3"))).passes();
}

/// Elements of ACR-NEMA: Length to End and Recognition Code. PS3.7 annex E.2 has them as retired.
#[test]
fn passes_retired_elements() {
    echoing(&command(&[
        element(0x0001, &[64, 0, 0, 0]),
        uid(0x0002, VERIFICATION),
        element(0x0010, b"DICOM 3.0 "),
        us(0x0100, 0x0030),
        us(0x0110, 1),
        us(0x0800, 0x0101),
        element(0x5010, b"x "),
    ]))
    .passes();
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_surplus_elements() {
    for surplus in [us(0x0700, 0), element(0x0001, &[64, 0, 0, 0]), uid(0x1000, "1.2.3")] {
        echoing(&echo_with(surplus)).passes_at_servers(&SERVERS);
    }
}

/// Elements of another group after the command: Orthanc writes such ones (pydicom/pynetdicom#552).
#[test]
fn passes_elements_of_another_group_after_the_command() {
    let more = [implicit(0x0008_0058, b"1.2.3"), implicit(0x0009_0010, b"VENDOR")].concat();
    echoing(&[echo_rq(1), more].concat()).passes();
}

/// A group length that is wrong, as of a library that wrote it for a file: rexcardan/Evil-DICOM#41.
#[test]
fn passes_a_wrong_group_length() {
    for length in [0, 10, 0xffff] {
        echoing(&with_group_length(length)).passes();
    }
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_a_wrong_group_length() {
    echoing(&with_group_length(10)).passes_at_servers(&SERVERS);
}

/// No group length at all.
#[test]
fn passes_without_a_group_length() {
    echoing(&echo_elements().concat()).passes();
}

/// Elements out of order.
#[test]
fn passes_elements_in_any_order() {
    let mut elements = echo_elements();
    elements.reverse();
    echoing(&command(&elements)).passes();
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_elements_in_any_order_and_without_a_group_length() {
    let mut elements = echo_elements();
    elements.reverse();
    echoing(&elements.concat()).passes_at_servers(&SERVERS);
}

/// A UID padded with a space.
#[test]
fn passes_a_uid_padded_with_a_space() {
    let mut elements = echo_elements();
    elements[0] = element(0x0002, format!("{VERIFICATION} ").as_bytes());
    echoing(&command(&elements)).passes();
}

/// Priorities that there are not: storescp, dcmqrscp and Orthanc take them.
#[test]
fn passes_any_priority() {
    for priority in [3, 0x0100, 0xffff] {
        storing(&store_with(0x0700, us(0x0700, priority)), &object(&[])).passes();
    }
}

#[test]
#[ignore = "needs DCMTK and Orthanc: run tests/all"]
fn servers_take_any_priority() {
    let servers = [Kind::Storescp, Kind::Dcmqrscp, Kind::Orthanc];
    storing(&store_with(0x0700, us(0x0700, 3)), &object(&[])).passes_at_servers(&servers);
}

/// No priority in a C-STORE (PantelisGeorgiadis/dcmjs-dimse#9): DCMTK and Orthanc cannot parse it, and
/// need not, as the gate supplies it.
#[test]
fn passes_a_store_without_a_priority() {
    storing(&store_without(0x0700), &object(&[])).passes();
}

/// No SOP class in a C-ECHO, as of go-netdicom: grailbio/go-netdicom#11, where Orthanc refused it.
#[test]
fn refuses_an_echo_without_a_class() {
    let elements = &echo_elements()[1..];
    echoing(&command(elements)).is_aborted("requestor-malformed-command");
}

/// No SOP instance in a C-STORE: DCMTK and Orthanc abort.
#[test]
fn refuses_a_store_without_an_instance() {
    storing(&store_without(0x1000), &object(&[])).is_aborted("requestor-malformed-command");
}

/// An element twice: readers take the first or the last.
#[test]
fn refuses_a_class_that_is_there_twice() {
    let twice = [echo_elements(), vec![uid(0x0002, CT)]].concat();
    echoing(&command(&twice)).is_aborted("requestor-malformed-command");
}

/// The data set types of other libraries: dcm4che writes 0000H, ClearCanvas 0102H, fo-dicom 0202H
/// (fo-dicom/fo-dicom#1523). All that is not 0101H says that a data set follows.
#[test]
fn passes_any_data_set_type() {
    for kind in [0, 0x0102, 0x0202, 0xfeff] {
        storing(&store_with(0x0800, us(0x0800, kind)), &object(&[])).passes();
    }
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_any_data_set_type() {
    for kind in [0, 0x0202] {
        let store = store_with(0x0800, us(0x0800, kind));
        storing(&store, &object(&[])).passes_at_servers(&SERVERS);
    }
}

/// Message ids of all values, and the same again for the next message.
#[test]
fn passes_any_message_id() {
    let play = Play::of(&Associate::echo("CT1", TITLE));
    let ids = [0, 7, 7, 0xffff];
    ids.iter().fold(play, |play, id| play.say(&one(&echo_rq(*id)))).passes();
}

/// The originator of a C-MOVE where there was none, and an empty one.
#[test]
fn passes_a_store_with_an_empty_originator() {
    let store = [store_elements(CT, INSTANCE), vec![element(0x1030, b""), us(0x1031, 0)]].concat();
    storing(&command(&store), &object(&[])).passes();
}

/// Leading zeros in a UID: pydicom/pynetdicom#88 (the samples of AAPM TG18), fo-dicom/fo-dicom#859.
#[test]
fn passes_an_instance_with_leading_zeros() {
    storing_instance("1.2.03.0099").passes();
}

/// An instance that is no UID: all four servers take it as it is.
#[test]
fn passes_an_instance_that_is_no_uid() {
    for instance in ["1.2.3.99.", "1.2.3.A9"] {
        storing_instance(instance).passes();
    }
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_an_instance_that_is_no_uid() {
    for instance in ["1.2.3.99.", "1.2.3.A9"] {
        storing_instance(instance).passes_at_servers(&SERVERS);
    }
}

/// An instance that leads out of the directory in which it would be stored (CVE-2022-2119).
#[test]
fn refuses_an_instance_that_leads_out_of_a_directory() {
    storing_instance("../1.2.3").is_aborted("requestor-malformed-command");
}

/// A UID of more than 64 characters: pydicom/pynetdicom#769. All four servers refuse it.
#[test]
fn refuses_an_instance_that_is_too_long() {
    let instance = format!("1.2{}", ".12345".repeat(11));
    storing_instance(&instance).is_aborted("requestor-malformed-command");
}

/// A print job lets the printer name its film session: fo-dicom/fo-dicom#484 (Carestream),
/// pydicom/pynetdicom#995.
#[test]
fn passes_an_n_create_without_an_instance() {
    let create =
        command(&[uid(0x0002, FILM_SESSION), us(0x0100, 0x0140), us(0x0110, 2), us(0x0800, 1)]);
    let printer =
        Recorder::answering(|message| message.answer(0, &[uid(0x1000, "1.2.276.0.77.1")], None));
    let set = implicit(0x2000_0010, b"1");
    on(GRAYSCALE_PRINT).say(&said(1, &create, Some(&set))).passes_at(&printer);
}

/// A print job is started without saying which: fo-dicom/fo-dicom-samples#4.
#[test]
fn refuses_an_n_action_without_an_instance() {
    let action = command(&[
        uid(0x0003, FILM_SESSION),
        us(0x0100, 0x0130),
        us(0x0110, 4),
        us(0x0800, 0x0101),
        us(0x1008, 1),
    ]);
    on(GRAYSCALE_PRINT).say(&one(&action)).is_aborted("requestor-malformed-command");
}

/// A C-CANCEL with the class, a message id and a priority of its own, as the sketch in
/// fo-dicom/fo-dicom#748 makes it.
#[test]
fn passes_a_cancel_with_surplus_elements() {
    let cancel = command(&[
        uid(0x0002, STUDY_FIND),
        us(0x0100, 0x0fff),
        us(0x0110, 2),
        us(0x0120, 1),
        us(0x0700, 2),
        us(0x0800, 0x0101),
    ]);
    let both = cancelling(&cancel).held(&cancelled(), |settings| settings);
    // What the PACS sees is a C-CANCEL that names what it cancels, and nothing else.
    assert_eq!(both.gated.heard, both.direct.heard, "{}", both.gate.stdout);
    assert_eq!(both.gated.seen.len(), both.direct.seen.len());
}

/// A C-CANCEL as GE's AW workstation sends it (fo-dicom/fo-dicom#341, which wanted a message id).
#[test]
fn passes_a_cancel_without_a_message_id() {
    cancelling(&cancel_rq()).passes_at(&cancelled());
}

#[test]
#[ignore = "needs DCMTK and Orthanc: run tests/all"]
fn servers_take_a_cancel_after_the_last_response() {
    Play::of(&Associate::echo("CT1", TITLE).context(3, STUDY_FIND, &[IMPLICIT]))
        .say(&said(3, &find_rq(STUDY_FIND), Some(&keys())))
        .say(&[said(3, &cancel_rq(), None), one(&echo_rq(2))].concat())
        .passes_at_servers(&ARCHIVES);
}

/// A C-CANCEL that comes after the last response, and one of nothing: nobody answers it.
#[test]
fn passes_a_cancel_of_what_is_over() {
    let late = [said(3, &cancel_rq(), None), one(&echo_rq(2))].concat();
    let play = Play::of(&Associate::echo("CT1", TITLE).context(3, STUDY_FIND, &[IMPLICIT]))
        .say(&late)
        .say(&said(3, &find_rq(STUDY_FIND), Some(&keys())))
        .say(&late);
    let both = play.held(&Recorder::good(), |settings| settings);
    assert_eq!(both.direct.heard.last(), Some(&Heard::Released));
    assert_eq!(both.gated.heard, both.direct.heard, "{}", both.gate.stdout);
}

/// A PACS that answers a query once it is cancelled.
fn cancelled() -> Recorder {
    Recorder::answering(|message| match message.command {
        0x0020 => message.answer(0xff00, &[], Some(&implicit(0x0010_0010, b"DOE^JANE"))),
        0x0fff => message.cancelled(STUDY_FIND, 0x0020),
        _ => message.success(),
    })
}

fn cancelling(cancel: &[u8]) -> Play {
    let query = said(1, &find_rq(STUDY_FIND), Some(&keys()));
    on(STUDY_FIND).say(&[query, said(1, cancel, None)].concat())
}

fn echo_elements() -> Vec<Vec<u8>> {
    vec![uid(0x0002, VERIFICATION), us(0x0100, 0x0030), us(0x0110, 1), us(0x0800, 0x0101)]
}

/// A C-ECHO-RQ with one more element, in its place.
fn echo_with(more: Vec<u8>) -> Vec<u8> {
    let mut elements = echo_elements();
    let place = elements.iter().position(|it| [it[3], it[2]] > [more[3], more[2]]);
    elements.insert(place.unwrap_or(elements.len()), more);
    command(&elements)
}

fn with_group_length(length: u32) -> Vec<u8> {
    [element(0x0000, &length.to_le_bytes()), echo_elements().concat()].concat()
}

fn store_without(number: u16) -> Vec<u8> {
    let mut elements = store_elements(CT, INSTANCE);
    elements.retain(|element| element[2..4] != number.to_le_bytes());
    command(&elements)
}

fn store_with(number: u16, other: Vec<u8>) -> Vec<u8> {
    let mut elements = store_elements(CT, INSTANCE);
    let element = elements.iter_mut().find(|element| element[2..4] == number.to_le_bytes());
    *element.unwrap() = other;
    command(&elements)
}

fn echoing(command: &[u8]) -> Play {
    Play::of(&Associate::echo("CT1", TITLE)).say(&one(command))
}

fn storing(command: &[u8], set: &[u8]) -> Play {
    on(CT).say(&said(1, command, Some(set)))
}

fn storing_instance(instance: &str) -> Play {
    let set = object(&[(0x0008_0018, instance.as_bytes())]);
    storing(&store_with(0x1000, uid(0x1000, instance)), &set)
}
