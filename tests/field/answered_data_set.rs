//! Data sets of PACS: matches, and objects that a C-GET brings. Archives are full of old values, and
//! none of them may end anybody's query.

use crate::message::said;
use crate::object::{implicit, item, object, sequence_end, unpadded, with_length};
use crate::operation::{bringing, get_request, getting, querying, store_rq};
use crate::play::Heard;
use crate::recorder::Recorder;
use crate::support::associate::CT;
use crate::support::settings::Settings;

/// A work list with a tab and a line end in one patient's name: GE Brivo XR118 service manual
/// 5461425-8EN, p. 185.
#[test]
fn passes_a_match_with_a_tab_and_a_line_end() {
    passes_match(&implicit(0x0010_0010, b"DOE^\tJOHN\r\n"));
}

/// IDs that lead out of a directory, as archives have them.
#[test]
fn passes_matches_with_ids_that_lead_out_of_a_directory() {
    for id in [b"A:77".as_slice(), b"/77", b"..", b"../77"] {
        passes_match(&implicit(0x0010_0020, id));
    }
    passes_match(&implicit(0x0008_0050, b".."));
}

/// Control characters of any kind.
#[test]
fn passes_matches_with_control_characters() {
    for name in [b"DOE^\x01\x02\x7f".as_slice(), b"DOE\0JOHN", b"\x1b[31m"] {
        passes_match(&implicit(0x0010_0010, name));
    }
}

/// Series UIDs with a word: horosproject/horos#83.
#[test]
fn passes_matches_with_letters_in_uids() {
    passes_match(&implicit(0x0020_000e, b"LOCALIZER2.16.124.113543.6003"));
}

/// UIDs that are too long, and numbers that are none: dicoogle/dicoogle#378.
#[test]
fn passes_matches_with_values_of_the_wrong_form() {
    let uid = b"1.2.826.0.1.3680043.2.594.189609122.591032603.12345678901234567890";
    passes_match(&[implicit(0x0020_000e, uid), implicit(0x0020_0011, b"1.0")].concat());
    passes_match(&implicit(0x0020_000d, b"1..2"));
}

/// Character sets that are misspelt, cut off or of no table: radialogica/dicom-character-set#3.
#[test]
fn passes_matches_with_any_character_set() {
    for set in [b"ISO 2022 IR 6\\IS".as_slice(), b"DICOM DEFAULT", b"ISO_IR 149", b"\\"] {
        passes_match(&implicit(0x0008_0005, set));
    }
}

/// Elements out of order, as of a PACS that appends what it adds.
#[test]
fn passes_matches_with_elements_out_of_order() {
    let elements = [implicit(0x0010_0020, b"P1"), implicit(0x0008_0054, b"ARCHIVE")];
    passes_match(&elements.concat());
}

/// Values of odd length in an even whole.
#[test]
fn passes_matches_with_values_of_odd_length() {
    let elements = [unpadded(0x0008_0050, b"A12"), unpadded(0x0010_0020, b"P12")];
    passes_match(&elements.concat());
}

/// Group lengths at every level.
#[test]
fn passes_matches_with_group_lengths() {
    let level = [unpadded(0x0008_0000, &[10, 0, 0, 0]), implicit(0x0008_0060, b"CT")].concat();
    let step = with_length(0x0040_0100, u32::MAX, &[item(&level), sequence_end()].concat());
    passes_match(&[level, step].concat());
}

/// A match of no elements.
#[test]
fn passes_an_empty_match() {
    passes_match(&[]);
}

/// Thousands of matches.
#[test]
fn passes_thousands_of_matches() {
    let matches = |message: &crate::message::Message| {
        let found = message.answer(0xff00, &[], Some(&implicit(0x0010_0010, b"DOE^JANE")));
        [found.repeat(5_000), message.answer(0, &[], None)].concat()
    };
    querying().passes_at(&Recorder::answering(matches));
}

/// A match that crashes readers is withheld, and the query goes on: 40 nested sequences.
#[test]
fn withholds_a_match_that_is_nested_too_deep_and_goes_on() {
    let nested = (0..40).fold(Vec::new(), |inner: Vec<u8>, _| {
        let content = [item(&inner), sequence_end()].concat();
        with_length(0x0008_1140, u32::MAX, &content)
    });
    let both = querying().held(&answering_match(&nested), |settings| settings);
    assert_eq!(names(&both.gated.heard), ["DOE^JANE", "ROE^JIM "], "{}", both.gate.stdout);
    assert_eq!(both.gated.heard.last(), Some(&Heard::Released), "{}", both.gate.stdout);
}

/// The same passes where the administrator has `guard = "report"` for this PACS.
#[test]
fn passes_a_match_that_is_nested_too_deep_if_it_is_only_reported() {
    let nested = (0..40).fold(Vec::new(), |inner: Vec<u8>, _| {
        let content = [item(&inner), sequence_end()].concat();
        with_length(0x0008_1140, u32::MAX, &content)
    });
    let pacs = answering_match(&nested);
    querying().passes_with(&pacs, |settings| at_the_pacs(settings, "guard", r#""report""#));
}

/// What is tolerated of a PACS is tolerated in its answers.
#[test]
fn passes_matches_of_a_pacs_whose_deviations_are_tolerated() {
    let elements = [unpadded(0x0010_0020, b"P12"), unpadded(0x0008_0050, b"A12")];
    let pacs = answering_match(&elements.concat());
    querying().passes_with(&pacs, |settings| {
        let all = r#"["character-set", "element-order", "odd-length", "reserved-bytes"]"#;
        at_the_pacs(settings, "tolerate", all)
    });
}

/// An old object that a C-GET brings: a drive for a patient's ID, letters in UIDs, a character set
/// that was cut off.
#[test]
fn passes_old_objects_that_a_get_brings() {
    let set = object(&[
        (0x0008_0005, b"ISO 2022 IR 6\\IS"),
        (0x0010_0010, b"DOE^\tJOHN\r\n"),
        (0x0010_0020, b"A:77"),
        (0x0020_000e, b"LOCALIZER2.16.124.113543.6003"),
    ]);
    getting(&get_request(CT)).passes_at(&brought(set));
}

/// The same with values of odd length.
#[test]
fn passes_objects_with_values_of_odd_length_that_a_get_brings() {
    let odd = [unpadded(0x0040_0009, b"S12"), unpadded(0x0040_0275, b"")].concat();
    let more = unpadded(0x0040_1001, b"R12");
    getting(&get_request(CT)).passes_at(&brought([object(&[]), odd, more].concat()));
}

/// A PACS that brings this object for a C-GET.
fn brought(set: Vec<u8>) -> Recorder {
    bringing(CT, move |_| said(3, &store_rq(CT), Some(&set)))
}

/// Three matches of which this is the second one.
fn passes_match(set: &[u8]) {
    querying().passes_at(&answering_match(set));
}

fn answering_match(set: &[u8]) -> Recorder {
    let set = set.to_vec();
    Recorder::answering(move |message| {
        let found = |set: &[u8]| message.answer(0xff00, &[], Some(set));
        let named = |name| found(&implicit(0x0010_0010, name));
        [named(b"DOE^JANE"), found(&set), named(b"ROE^JIM"), message.answer(0, &[], None)].concat()
    })
}

fn names(heard: &[Heard]) -> Vec<String> {
    let sets = heard.iter().filter_map(Heard::message).filter_map(|it| it.set.as_ref());
    sets.map(|set| String::from_utf8_lossy(&set.0[8..]).into_owned()).collect()
}

fn at_the_pacs(mut settings: Settings, key: &'static str, value: &str) -> Settings {
    settings.archive.insert(key, value.into());
    settings
}
