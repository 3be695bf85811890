//! Requests for an association whose form is not what the standard wants.

use crate::patches::servers::{Kind, TITLE};
use crate::play::{Heard, Play, SERVERS, one};
use crate::support::associate::{
    Associate, CT, EXPLICIT, IMPLICIT, Item, STUDY_FIND, VERIFICATION,
};
use crate::support::dimse::echo_rq;

/// pynetdicom aborts what these take.
const OTHERS: [Kind; 3] = [Kind::Storescp, Kind::Dcmqrscp, Kind::Orthanc];

/// A device that says nothing of its implementation: fo-dicom/fo-dicom#1447. The service manual of
/// Konica Minolta's DryPro Sigma has it among the causes of a rejection (9G9002, condition 04-110).
#[test]
fn passes_without_an_implementation_class() {
    echoing(&without(0x52)).passes();
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_requests_without_an_implementation_class() {
    echoing(&without(0x52)).passes_at_servers(&SERVERS);
}

/// A library that knows neither class nor version name: grailbio/go-netdicom#4.
#[test]
fn passes_with_nothing_but_a_maximum_length() {
    echoing(&with_user(vec![Item::maximum_length(16_384)])).passes();
}

/// No maximum length: storescp, dcmqrscp and Orthanc take it, pynetdicom aborts.
#[test]
fn passes_without_a_maximum_length() {
    echoing(&without(0x51)).passes();
}

#[test]
#[ignore = "needs DCMTK and Orthanc: run tests/all"]
fn servers_take_requests_without_a_maximum_length() {
    echoing(&without(0x51)).passes_at_servers(&OTHERS);
}

/// No user information at all, which the same three take.
#[test]
fn passes_without_user_information() {
    echoing(&Associate { user: Vec::new(), ..echo() }).passes();
}

#[test]
#[ignore = "needs DCMTK and Orthanc: run tests/all"]
fn servers_take_requests_without_user_information() {
    echoing(&Associate { user: Vec::new(), ..echo() }).passes_at_servers(&OTHERS);
}

/// The same with an item 50 that holds nothing.
#[test]
fn passes_with_empty_user_information() {
    echoing(&with_user(Vec::new())).passes();
}

/// A broker pads its class to an even length: pydicom/pynetdicom#240 (BROKER992.0).
#[test]
fn passes_with_a_padded_implementation_class() {
    echoing(&with_class(b"1.2.124.113532.3320\0")).passes();
}

/// A class that is no UID, of a vendor who writes names into UIDs: cornerstonejs/dicomParser#34
/// ("Alice7.4.1.1").
#[test]
fn passes_with_letters_in_the_implementation_class() {
    echoing(&with_class(b"Alice7.4.1.1")).passes();
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_letters_in_the_implementation_class() {
    echoing(&with_class(b"Alice7.4.1.1")).passes_at_servers(&SERVERS);
}

/// An implementation class of no characters: all four servers take it.
#[test]
fn passes_with_an_empty_implementation_class() {
    echoing(&with_class(b"")).passes();
}

/// A version name of one character: pydicom/pynetdicom#414.
#[test]
fn passes_with_a_version_name_of_one_character() {
    echoing(&echo().with_user(Item::uid(0x55, "1"))).passes();
}

/// Version names that are too long, empty or not ASCII: only pynetdicom minds.
#[test]
fn passes_with_any_version_name() {
    for name in [b"VERSION_NAME_20_CHAR".as_slice(), b"", b"Ger\xe4t 1"] {
        echoing(&echo().with_user(Item::new(0x55, name))).passes();
    }
}

/// Sub-items and items of a kind that nobody knows: fo-dicom/fo-dicom#242. PS3.8 9.3.1 has them
/// skipped.
#[test]
fn passes_with_items_of_an_unknown_kind() {
    let mut request = echo().with_user(Item::new(0x5f, b"vendor"));
    request.contexts.insert(0, Item::new(0x60, b"vendor"));
    echoing(&request).passes();
}

/// The user information comes first, and its sub-items backwards; no order is laid down.
#[test]
fn passes_with_items_in_any_order() {
    let user = echo().user[0].iter().rev().cloned().collect::<Vec<_>>();
    let mut request = with_user(Vec::new());
    request.user.clear();
    request.contexts.insert(0, Item::nest(0x50, &user));
    echoing(&request).passes();
}

/// Maximum lengths below 1,024: Enet4/dicom-rs#703 finds no smallest one in the standard.
#[test]
fn passes_with_a_small_maximum_length() {
    for maximum in [512, 128] {
        echoing(&echo().maximum(maximum)).passes();
    }
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_a_small_maximum_length() {
    echoing(&echo().maximum(128)).passes_at_servers(&SERVERS);
}

/// No limit at all, in both forms: pydicom/pynetdicom#193.
#[test]
fn passes_without_a_limit_to_the_length() {
    for maximum in [0, u32::MAX] {
        echoing(&echo().maximum(maximum)).passes();
    }
}

/// UIDs padded with NUL: Enet4/dicom-rs#148, pydicom/pynetdicom#243.
#[test]
fn passes_with_padded_uids() {
    let padded = |uid: &str| format!("{uid}\0");
    let mut request = Associate::request("CT1", TITLE);
    request.application = vec![Item::uid(0x10, &padded("1.2.840.10008.3.1.1.1"))];
    echoing(&request.context(1, &padded(VERIFICATION), &[&padded(IMPLICIT)])).passes();
}

/// A transfer syntax by the name of `unknown` beside a good one: pydicom/pynetdicom#86.
#[test]
fn passes_a_context_with_one_transfer_syntax_that_is_no_uid() {
    echoing(&unknown_beside(IMPLICIT)).passes();
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_a_context_with_one_transfer_syntax_that_is_no_uid() {
    echoing(&unknown_beside(IMPLICIT)).passes_at_servers(&SERVERS);
}

/// GE Centricity proposes transfer syntaxes of its own besides: pydicom/pydicom#376.
#[test]
fn passes_a_context_with_private_transfer_syntaxes_besides() {
    let private = ["2.16.840.1.113709.1.2.2", "2.16.840.1.113709.1.2.1", IMPLICIT];
    echoing(&echo().context(3, CT, &private)).passes();
}

/// The same transfer syntax twice: dcm4che/dcm4che#1318.
#[test]
fn passes_a_context_with_a_transfer_syntax_twice() {
    echoing(&echo().context(3, CT, &[IMPLICIT, EXPLICIT, IMPLICIT])).passes();
}

/// An even context id, as of dcm4che's stgcmtscu (dcm4che/dcm4che#1547) and dicom-rs before 0.7.1
/// (Enet4/dicom-rs#552): DCMTK takes it, pynetdicom hangs.
#[test]
fn refuses_an_even_context_id() {
    let request = Associate::request("CT1", TITLE).context(2, VERIFICATION, &[IMPLICIT]);
    let advice = Play::of(&request).is_refused("even-context-id", &[Heard::Aborted]);
    assert!(advice.len() > 10, "{advice}");
}

/// fo-dicom asks for the role of an SCP where there is none: fo-dicom/fo-dicom#1832.
#[test]
fn passes_roles_of_a_service_that_has_none() {
    echoing(&echo().with_user(Item::roles(VERIFICATION, 0, 1))).passes();
}

/// Roles for what is not proposed, and neither role: storescp takes both.
#[test]
fn passes_roles_that_make_no_sense() {
    for roles in [Item::roles(CT, 0, 1), Item::roles(VERIFICATION, 0, 0)] {
        echoing(&echo().with_user(roles)).passes();
    }
}

/// Asynchronous operations without limits, and none to be performed: fo-dicom/fo-dicom-samples#89.
#[test]
fn passes_any_window_of_asynchronous_operations() {
    for window in [[0, 0, 0, 0], [0, 1, 0, 0], [0, 5, 0, 5]] {
        echoing(&echo().with_user(Item::new(0x53, &window))).passes();
    }
}

/// Extended negotiation of one byte, for relational queries: pydicom/pynetdicom#474.
#[test]
fn passes_extended_negotiation_of_one_byte() {
    let request = echo().context(3, STUDY_FIND, &[IMPLICIT]);
    echoing(&request.with_user(Item::extended(STUDY_FIND, &[1]))).passes();
}

/// eFilm pads titles with NUL: pydicom/pynetdicom#921.
#[test]
fn passes_titles_that_are_padded_with_nul() {
    echoing(&titled(b"ARCHIVE\0\0\0\0\0\0\0\0\0", b"CT1\0\0\0\0\0\0\0\0\0\0\0\0\0")).passes();
}

#[test]
#[ignore = "needs DCMTK and Orthanc: run tests/all"]
fn servers_take_titles_that_are_padded_with_nul() {
    let request = titled(b"ARCHIVE\0\0\0\0\0\0\0\0\0", b"CT1\0\0\0\0\0\0\0\0\0\0\0\0\0");
    echoing(&request).passes_at_servers(&OTHERS);
}

/// A NUL at the end of the text and spaces up to the end of the field.
#[test]
fn passes_titles_with_a_nul_before_their_padding() {
    echoing(&titled(b"ARCHIVE\0        ", b"CT1\0            ")).passes();
}

/// Spaces before the title, which are not significant (PS3.8 table 9-11).
#[test]
fn passes_titles_with_leading_spaces() {
    echoing(&titled(b"  ARCHIVE       ", b" CT1            ")).passes();
}

/// What a buffer held before stays in the field, after a NUL; DCMTK and Orthanc read the text before
/// it, pynetdicom all of it (pydicom/pynetdicom#746 saw such titles in answers). A device cannot say
/// which it means, a technician can.
#[test]
fn rejects_a_called_title_with_left_over_bytes_as_unknown() {
    let play = Play::of(&titled(b"ARCHIVE\0OLDTITL ", b"CT1             "));
    play.is_refused("malformed-called-title", &[Heard::Rejected([1, 1, 7])]);
}

/// The same in the title of the device.
#[test]
fn rejects_a_calling_title_with_left_over_bytes_as_unknown() {
    let play = Play::of(&titled(b"ARCHIVE         ", b"CT1\0ONDEVICE    "));
    play.is_refused("malformed-calling-title", &[Heard::Rejected([1, 1, 3])]);
}

/// An ultrasound system whose own title was not set: pydicom/pynetdicom#646. Directly, storescp and
/// Orthanc hang and dcmqrscp closes.
#[test]
fn rejects_a_blank_calling_title_as_unknown() {
    for blank in [b"                ", b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"] {
        let play = Play::of(&titled(b"ARCHIVE         ", blank));
        play.is_refused("malformed-calling-title", &[Heard::Rejected([1, 1, 3])]);
    }
}

/// An ultrasound system whose title is what its memory held: pydicom/pynetdicom#963.
#[test]
fn rejects_a_calling_title_that_is_no_text_as_unknown() {
    let play = Play::of(&titled(b"ARCHIVE         ", b"\xc0\xb3\x60\x49\xfc\x7f          "));
    play.is_refused("malformed-calling-title", &[Heard::Rejected([1, 1, 3])]);
}

/// A backslash, which separates values in DICOM (PS3.5 6.2, AE).
#[test]
fn rejects_a_called_title_with_a_backslash_as_unknown() {
    let play = Play::of(&titled(b"ARCHIVE\\2       ", b"CT1             "));
    play.is_refused("malformed-called-title", &[Heard::Rejected([1, 1, 7])]);
}

/// A protocol version with more than bit 0, of which only that bit is tested (PS3.8 9.3.2).
#[test]
fn passes_a_protocol_version_with_further_bits() {
    echoing(&Associate { version: 3, ..echo() }).passes();
}

/// Reserved bytes that are not zero, which are not tested (PS3.8 9.3.2).
#[test]
fn passes_reserved_bytes_that_are_not_zero() {
    echoing(&Associate { reserved: [b' '; 32], ..echo() }).passes();
}

/// Zero bytes after the last item: storescp and Orthanc hang, dcmqrscp closes, pynetdicom aborts.
#[test]
fn refuses_bytes_after_the_last_item() {
    let request = Associate { behind: vec![0, 0], ..echo() };
    Play::of(&request).is_refused("cut-item-header", &[Heard::Aborted]);
}

fn echo() -> Associate {
    Associate::echo("CT1", TITLE)
}

fn echoing(request: &Associate) -> Play {
    Play::of(request).say(&one(&echo_rq(1)))
}

fn with_user(user: Vec<Item>) -> Associate {
    Associate { user: vec![user], ..echo() }
}

fn without(kind: u8) -> Associate {
    with_user(echo().user[0].iter().filter(|item| item.kind != kind).cloned().collect())
}

fn with_class(class: &[u8]) -> Associate {
    with_user(vec![Item::maximum_length(16_384), Item::new(0x52, class)])
}

fn unknown_beside(syntax: &str) -> Associate {
    Associate::request("CT1", TITLE).context(1, VERIFICATION, &[syntax, "unknown"])
}

fn titled(called: &[u8; 16], calling: &[u8; 16]) -> Associate {
    Associate { called: *called, calling: *calling, ..echo() }
}
