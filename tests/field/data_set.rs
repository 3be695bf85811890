//! Data sets of devices: objects and queries.

use crate::message::said;
use crate::object::{
    explicit, explicit_long, explicit_object, implicit, item, object, object_without, sequence_end,
    unpadded, with_length,
};
use crate::operation::{by_class, find_rq, on, store_rq};
use crate::patches::servers::{Kind, TITLE};
use crate::play::{Heard, Play, SERVERS, one};
use crate::recorder::Recorder;
use crate::support::associate::{Associate, CT, EXPLICIT, IMPLICIT, STUDY_FIND};
use crate::support::dimse::echo_rq;
use crate::support::exchange::fragments;
use crate::support::pdu::{COMMAND, LAST, p_data};
use crate::support::settings::Settings;

const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
/// The failure of a C-STORE that the gate answers itself.
const UNSOUND_OBJECT: u16 = 0xc000;
/// The failure of a query that the gate answers itself.
const UNSOUND_QUERY: u16 = 0xa900;

/// A character set cut off at 16 characters: radialogica/dicom-character-set#3, pydicom/pydicom#2115.
#[test]
fn passes_a_character_set_that_was_cut_off_if_that_is_tolerated() {
    for set in [b"ISO 2022 IR 6\\IS".as_slice(), b"ISO 2022 IR 13\\ISO 2022 I"] {
        let pacs = Recorder::good();
        storing(&with_character_set(set))
            .passes_with(&pacs, |settings| tolerating(settings, "character-set"));
    }
}

/// A character set that no table has, if that is tolerated.
#[test]
fn passes_a_character_set_of_no_table_if_that_is_tolerated() {
    for set in [b"DICOM DEFAULT".as_slice(), b"Cp1252", b"ISO 646"] {
        let pacs = Recorder::good();
        storing(&with_character_set(set))
            .passes_with(&pacs, |settings| tolerating(settings, "character-set"));
    }
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_a_character_set_that_was_cut_off() {
    let play = storing(&with_character_set(b"ISO 2022 IR 6\\IS"));
    play.passes_at_servers_with(&SERVERS, |settings| tolerating(settings, "character-set"));
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_misspelt_character_sets() {
    for set in [b"ISO IR 192".as_slice(), b"ISO_IR 149"] {
        storing(&with_character_set(set)).passes_at_servers(&SERVERS);
    }
}

/// Hitachi's MR: pydicom/pydicom#279.
#[test]
fn passes_code_extensions_with_the_default_repertoire() {
    passes_character_set(b"ISO 2022 IR 6\\ISO 2022 IR 87");
}

/// `2020` in the place of `2022`: dcm4che/dcm4che#869.
#[test]
fn passes_a_misspelt_code_extension() {
    passes_character_set(b"ISO_IR 13\\ISO 2020 IR 87");
}

/// No first value: suyashkumar/dicom#218.
#[test]
fn passes_a_character_set_without_a_first_value() {
    passes_character_set(b"\\ISO_IR 13");
}

/// Korean as Orthanc wrote it: DCMTK/dcmtk#64.
#[test]
fn passes_a_code_extension_spelt_as_a_single_set() {
    passes_character_set(b"ISO_IR 149");
}

/// UTF-8 as fo-dicom 5.1.1 wrote it: fo-dicom/fo-dicom#1624.
#[test]
fn passes_a_space_in_the_place_of_the_underscore() {
    passes_character_set(b"ISO IR 192");
}

/// Further spellings of the same kind.
#[test]
fn passes_other_spellings_of_character_sets() {
    for set in ["iso_ir 100", "ISO-IR 100", "ISO_IR_100", "UTF-8", "", "GB18030", "ISO_IR 100\\"] {
        passes_character_set(set.as_bytes());
    }
}

/// No character set, and a name that is not ASCII.
#[test]
fn passes_a_name_in_no_character_set() {
    storing(&object(&[(0x0010_0010, b"M\xfcLLER")])).passes();
}

/// A patient's ID that is a drive, an absolute path or the parent directory: storage templates of
/// servers make files of it (docs/data-sets.md). Hospitals have such IDs; `guard` is for them.
#[test]
fn refuses_patient_ids_that_lead_out_of_a_directory() {
    for id in [b"A:77".as_slice(), b"/77", b".."] {
        unsound(&object(&[(0x0010_0020, id)]), "path-characters");
    }
}

/// An accession number of two dots.
#[test]
fn refuses_an_accession_number_that_leads_out_of_a_directory() {
    unsound(&object(&[(0x0008_0050, b"..")]), "path-characters");
}

/// A patient's ID with a space, a slash, a colon or an ampersand in the middle:
/// dcm4che/dcm4chee-arc-light#774, dcm4che/dcm4che#859.
#[test]
fn passes_patient_ids_with_signs_in_the_middle() {
    for id in [b"PN 108776".as_slice(), b"a/b", b"12:34", b"H&N*<1>"] {
        storing(&object(&[(0x0010_0020, id)])).passes();
    }
}

/// A name with a tab and a line end, as a bar code reader types it: GE Brivo XR118 service manual
/// 5461425-8EN, p. 185.
#[test]
fn passes_a_name_with_a_tab_and_a_line_end_in_an_object() {
    storing(&object(&[(0x0010_0010, b"DOE^\tJOHN\r\n")])).passes();
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_a_name_with_a_tab_and_a_line_end_in_an_object() {
    storing(&object(&[(0x0010_0010, b"DOE^\tJOHN\r\n")])).passes_at_servers(&SERVERS);
}

/// Texts padded with NUL: dcmjs-org/dcmjs#130, fo-dicom/fo-dicom#359.
#[test]
fn passes_texts_padded_with_nul() {
    storing(&object(&[(0x0010_0010, b"DOE^JOE\0"), (0x0010_0020, b"P12\0")])).passes();
}

/// UIDs padded with a space.
#[test]
fn passes_uids_padded_with_a_space() {
    storing(&object(&[(0x0020_000e, b"1.2.3.4.5 ")])).passes();
}

/// Leading zeros: pydicom/pynetdicom#88 (the samples of AAPM TG18), fo-dicom/fo-dicom#1160.
#[test]
fn passes_uids_with_leading_zeros() {
    storing(&object(&[(0x0020_000d, b"1.02.003"), (0x0020_000e, b"9790.00727170976343643477")]))
        .passes();
}

/// The series UIDs of a viewer begin with a word: horosproject/horos#83. All four servers take them,
/// and they name no directory but their own.
#[test]
fn passes_a_series_uid_with_letters() {
    storing(&object(&[(0x0020_000e, b"LOCALIZER2.16.124.113543.6003")])).passes();
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_a_series_uid_with_letters() {
    let object = object(&[(0x0020_000e, b"LOCALIZER2.16.124.113543.6003")]);
    storing(&object).passes_at_servers(&SERVERS);
}

/// Two dots side by side: fo-dicom/fo-dicom#1503. Only `..` alone is the parent directory.
#[test]
fn passes_a_uid_with_two_dots_side_by_side() {
    storing(&object(&[(0x0020_000d, b"1..2")])).passes();
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_a_uid_with_two_dots_side_by_side() {
    storing(&object(&[(0x0020_000d, b"1..2")])).passes_at_servers(&SERVERS);
}

#[test]
fn refuses_a_uid_that_is_the_parent_directory() {
    unsound(&object(&[(0x0020_000d, b"..")]), "malformed-identifier");
}

/// Group lengths, as the DVTk modality emulator writes them everywhere:
/// PantelisGeorgiadis/dcmjs-dimse#32; true, and wrong (dcmjs-org/dcmjs#338).
#[test]
fn passes_group_lengths() {
    for length in [76, 3] {
        let length = u32::to_le_bytes(length);
        let changes = [(0x0008_0000, length.as_slice()), (0x0010_0000, &length)];
        storing(&object(&changes)).passes();
    }
}

/// A Siemens MR writes a group length as `UN`: fo-dicom/fo-dicom#1941.
#[test]
fn passes_a_group_length_of_another_vr() {
    let length = explicit_long(0x0011_0000, b"UN", 4, &[8, 0, 0, 0]);
    storing_explicit(&length).passes();
}

/// Length to End, of ACR-NEMA.
#[test]
fn passes_length_to_end() {
    storing(&object(&[(0x0008_0001, &[0x90, 1, 0, 0])])).passes();
}

/// Padding after the last element: dgobbi/vtk-dicom#125.
#[test]
fn passes_data_set_trailing_padding() {
    storing(&object(&[(0xfffc_fffc, &[0; 20])])).passes();
}

/// Private elements out of order on the wire, as of fo-dicom 3.0.2: fo-dicom/fo-dicom#535; and of a
/// Toshiba Aplio (fo-dicom/fo-dicom#581).
#[test]
fn passes_elements_out_of_order_if_that_is_tolerated() {
    let private = [
        implicit(0x0019_0010, b"ACME"),
        implicit(0x0019_1053, b"b "),
        implicit(0x0019_1006, b"a "),
    ];
    let pacs = Recorder::good();
    let play = storing(&before_group_0020(&private.concat()));
    play.passes_with(&pacs, |settings| tolerating(settings, "element-order"));
}

/// Values of odd length in an even whole: suyashkumar/dicom#65, pydicom/pynetdicom#230.
#[test]
fn passes_values_of_odd_length_if_that_is_tolerated() {
    let odd = [unpadded(0x0018_0015, b"HEAD1"), unpadded(0x0018_1030, b"ABC")];
    let pacs = Recorder::good();
    let play = storing(&before_group_0020(&odd.concat()));
    play.passes_with(&pacs, |settings| tolerating(settings, "odd-length"));
}

/// Reserved bytes after a VR that are spaces.
#[test]
fn passes_reserved_bytes_if_that_is_tolerated() {
    let mut element = explicit_long(0x0011_1001, b"OB", 2, b"ab");
    element[6..8].copy_from_slice(b"  ");
    let pacs = Recorder::good();
    storing_explicit(&element)
        .passes_with(&pacs, |settings| tolerating(settings, "reserved-bytes"));
}

/// No deviation is tolerated: an empty list says so, and loads.
#[test]
fn passes_with_an_empty_list_of_what_is_tolerated() {
    let pacs = Recorder::good();
    storing(&object(&[])).passes_with(&pacs, |mut settings| {
        settings.ct1.insert("tolerate", "[]".into());
        settings
    });
}

/// Private elements of a group whose creator is missing.
#[test]
fn passes_private_elements_without_a_creator() {
    storing(&before_group_0020(&implicit(0x0019_1053, b"ab"))).passes();
}

/// A private sequence as `UN` of undefined length, in Implicit VR inside: pydicom/pydicom#242
/// (Philips Allura Xper), #1312, ivmartel/dwv#799.
#[test]
fn passes_an_unknown_sequence_of_undefined_length() {
    let content = [item(&implicit(0x0008_0060, b"CT")), sequence_end()].concat();
    let sequence = explicit_long(0x2001_9000, b"UN", u32::MAX, &content);
    storing_explicit_after(&sequence).passes();
}

/// The same with a defined length: cornerstonejs/dicomParser#114 (Siemens), #141.
#[test]
fn passes_an_unknown_sequence_of_defined_length() {
    let content = item(&implicit(0x0008_0060, b"CT"));
    let length = u32::try_from(content.len()).unwrap();
    storing_explicit_after(&explicit_long(0x2001_9000, b"UN", length, &content)).passes();
}

/// A private sequence in Implicit VR, of undefined length.
#[test]
fn passes_a_private_sequence_of_undefined_length() {
    let content = [item(&implicit(0x0008_0060, b"CT")), sequence_end()].concat();
    let private =
        [implicit(0x0019_0010, b"ACME"), with_length(0x0019_1001, u32::MAX, &content)].concat();
    storing(&before_group_0020(&private)).passes();
}

/// Philips Achieva ends a sequence of defined length with a delimiter (2001,105F): fo-dicom never
/// came back from it (fo-dicom/fo-dicom#64). All four servers take it where the length ends as well.
#[test]
fn passes_a_delimiter_where_a_defined_length_ends_as_well() {
    storing_explicit_after(&delimited(&[item(&[]), sequence_end()].concat())).passes();
}

/// Behind the delimiter readers see another item, or the next element.
#[test]
fn refuses_a_delimiter_inside_a_defined_length() {
    let content = [item(&[]), sequence_end(), item(&[])].concat();
    let play = storing_explicit_after(&delimited(&content));
    answered_by_the_gate(&play, UNSOUND_OBJECT, "misplaced-delimiter");
}

#[test]
#[ignore = "needs DCMTK, Orthanc and pynetdicom: run tests/all"]
fn servers_take_a_delimiter_where_a_defined_length_ends_as_well() {
    let sequence = delimited(&[item(&[]), sequence_end()].concat());
    storing_explicit_after(&sequence).passes_at_servers(&SERVERS);
}

fn delimited(content: &[u8]) -> Vec<u8> {
    explicit_long(0x2001_105f, b"SQ", u32::try_from(content.len()).unwrap(), content)
}

/// An element of the file's header in the data set: pydicom takes its transfer syntax from it.
#[test]
fn refuses_elements_of_the_file_header() {
    unsound(&object(&[(0x0002_0010, IMPLICIT.as_bytes())]), "invalid-group");
}

/// Texts in private UIDs: cornerstonejs/cornerstoneWADOImageLoader#59 (Philips Enhanced MR).
#[test]
fn passes_texts_in_private_uids() {
    let text = b"<6,IMAGE_TYPE,SLICE_NUMBER,ECHO_NUMBER,PHASE_NUMBER,NONE,4,6>\0";
    let private = [
        explicit(0x2005_0014, b"LO", b"Philips MR Imaging DD 005 "),
        explicit(0x2005_1495, b"UI", text),
    ];
    storing_explicit_after(&private.concat()).passes();
}

/// Overlays, with data of their own and without: fo-dicom/fo-dicom#1994.
#[test]
fn passes_overlays() {
    let overlay = [
        implicit(0x6000_0010, &[8, 0]),
        implicit(0x6000_0011, &[8, 0]),
        implicit(0x6000_0102, &[13, 0]),
        implicit(0x6000_3000, &[0; 8]),
        implicit(0x6002_0010, &[8, 0]),
    ];
    storing(&[object(&[]), overlay.concat()].concat()).passes();
}

/// Curves, which are retired.
#[test]
fn passes_curves() {
    let curve = [implicit(0x5000_0005, &[1, 0]), implicit(0x5000_3000, &[0; 8])];
    storing(&[object(&[]), curve.concat()].concat()).passes();
}

/// Texts longer than their VR allows: a comment of 300 characters.
#[test]
fn passes_texts_that_are_too_long() {
    storing(&object(&[(0x0010_4000, &[b'x'; 300])])).passes();
}

/// Another VR than the dictionary's: cornerstonejs/dicomParser#34.
#[test]
fn passes_another_vr_than_the_dictionary_has() {
    storing_explicit(&explicit(0x0010_1000, b"SH", b"OLD1")).passes();
}

/// A VR that there is not: dcmqrscp aborts, and readers differ in where the value begins.
#[test]
fn refuses_a_vr_that_there_is_not() {
    let play = storing_explicit(&explicit(0x0010_1000, b"ZZ", b"OLD1"));
    answered_by_the_gate(&play, UNSOUND_OBJECT, "unknown-vr");
}

/// An element where an item must begin, as of a Siemens MR's reformatted series:
/// mercure-imaging/mercure#50, where DCMTK, Orthanc and OsiriX refused it.
#[test]
fn refuses_an_element_where_an_item_must_begin() {
    let content = explicit(0x0008_0060, b"CS", b"CT");
    let length = u32::try_from(content.len()).unwrap();
    let play = storing_explicit_after(&explicit_long(0x2001_105f, b"SQ", length, &content));
    answered_by_the_gate(&play, UNSOUND_OBJECT, "not-an-item");
}

/// The last fragment of a frame has no bytes: fo-dicom/fo-dicom#1586.
#[test]
fn passes_encapsulated_pixels_with_an_empty_fragment() {
    let fragments = [item(&[]), item(&[0xff; 20]), item(&[]), sequence_end()];
    storing_jpeg(&fragments.concat()).passes();
}

/// Fragments of odd length, of PDF files and films: fo-dicom/fo-dicom#1012, pydicom/pynetdicom#704.
#[test]
fn passes_encapsulated_pixels_of_odd_length_if_that_is_tolerated() {
    let fragments = [item(&[]), item(&[0xff; 21]), item(&[0xff; 7]), sequence_end()];
    let play = storing_jpeg(&fragments.concat());
    play.passes_with(&Recorder::good(), |settings| tolerating(settings, "odd-length"));
}

/// The delimiter of the pixels has an undefined length: cornerstonejs/dicomParser#266, where one
/// reader looked for what it delimits.
#[test]
fn refuses_a_delimiter_with_a_length() {
    let fragments =
        [item(&[]), item(&[0xff; 20]), with_length(0xfffe_e0dd, u32::MAX, &[])].concat();
    answered_by_the_gate(&storing_jpeg(&fragments), UNSOUND_OBJECT, "delimiter-length");
}

/// No patient at all, as of a phantom.
#[test]
fn passes_an_object_without_a_patient() {
    storing(&object_without(&[0x0010_0010, 0x0010_0020])).passes();
}

/// A data set of no elements: archives answer with a failure.
#[test]
fn refuses_an_empty_object() {
    unsound(&[], "missing-identifier");
}

/// Context and command name a class of a vendor's own, the data set a standard one:
/// fo-dicom/fo-dicom#2017. A PACS that files by the one shows the other.
#[test]
fn refuses_an_object_of_another_class_than_the_command_says() {
    let class = "2.25.333669053877888808888681104013805262679";
    let store = said(1, &store_rq(class), Some(&object(&[])));
    let both = on(class).say(&store).held(&Recorder::good(), |settings| {
        settings.services(&format!("[{}]", by_class(class, "c-store")))
    });
    assert_eq!(both.gated.seen, []);
    assert!(both.gate.stdout.contains("identifier-mismatch"), "{}", both.gate.stdout);
}

/// Two million elements, as a sparse whole-slide image has, where each tile says its place (PS3.3
/// C.7.6.17.3): imi-bigpicture/wsidicomizer#71 and #138. It conforms.
#[test]
fn passes_an_object_of_two_million_elements() {
    let numbers = [implicit(0x0048_021e, &[1; 4]), implicit(0x0048_021f, &[1; 4])];
    let offsets =
        [0x0040_072a, 0x0040_073a, 0x0040_074a].map(|tag| implicit(tag, b"12.3456789012345"));
    let place = item(&[offsets.concat(), numbers.concat()].concat());
    let content = item(&implicit(0x0020_9157, &[1; 8]));
    let frame = item(&[unpadded(0x0020_9111, &content), unpadded(0x0048_021a, &place)].concat());
    let frames = unpadded(0x5200_9230, &frame.repeat(250_000));
    let set = [object(&[]), frames, unpadded(0x7fe0_0010, &[0; 512])].concat();
    let store = [p_data(1, COMMAND | LAST, &store_rq(CT)), fragments(1, &set, 16_376)].concat();
    on(CT).say(&store).passes();
}

/// The UID that an answer had, in the query for its images: horosproject/horos#83.
#[test]
fn passes_a_query_for_a_series_uid_with_letters() {
    querying(&[(0x0020_000e, b"LOCALIZER2.16.124.113543.6003")]).passes();
}

#[test]
#[ignore = "needs DCMTK and Orthanc: run tests/all"]
fn servers_take_a_query_for_a_series_uid_with_letters() {
    let play = querying(&[(0x0020_000e, b"LOCALIZER2.16.124.113543.6003")]);
    play.passes_at_servers(&[Kind::Dcmqrscp, Kind::Orthanc]);
}

/// The same for UIDs that are too long, as of dicoogle/dicoogle#378.
#[test]
fn passes_a_query_for_a_uid_that_is_too_long() {
    let uid = b"1.2.826.0.1.3680043.2.594.189609122.591032603.12345678901234567890";
    querying(&[(0x0020_000e, uid)]).passes();
}

/// A list of UIDs and a wildcard: dcm4che/dcm4chee-arc-light#4252.
#[test]
fn passes_queries_for_several_uids_and_for_all() {
    for uid in [b"1.2.3.10\\1.2.3.11".as_slice(), b"*", b""] {
        querying(&[(0x0020_000d, uid)]).passes();
    }
}

/// What leads out of a directory is not asked for either: a work list server keeps files of queries.
#[test]
fn refuses_a_query_that_leads_out_of_a_directory() {
    let play = querying(&[(0x0010_0020, b"../../etc")]);
    answered_by_the_gate(&play, UNSOUND_QUERY, "path-characters");
}

/// Conquest pads the keys of a query with NUL: forum.image-systems.biz, thread 3708.
#[test]
fn passes_a_query_padded_with_nul() {
    querying(&[(0x0008_0052, b"STUDY\0"), (0x0010_0020, b"P12\0")]).passes();
}

/// Wildcards and ranges in all places.
#[test]
fn passes_a_query_with_wildcards_and_ranges() {
    querying(&[(0x0008_0020, b"20260101-"), (0x0010_0010, b"M?LLER*^*"), (0x0010_0020, b"*")])
        .passes();
}

fn storing(set: &[u8]) -> Play {
    let request = Associate::echo("CT1", TITLE).context(3, CT, &[IMPLICIT]);
    let play = Play::of(&request).say(&said(3, &store_rq(CT), Some(set)));
    play.say(&one(&echo_rq(2)))
}

/// The same in Explicit VR, with this before group 0020.
fn storing_explicit(between: &[u8]) -> Play {
    explicitly(&explicit_object(between))
}

/// The same with this after all other elements.
fn storing_explicit_after(after: &[u8]) -> Play {
    explicitly(&[explicit_object(&[]), after.to_vec()].concat())
}

fn explicitly(set: &[u8]) -> Play {
    storing_in(EXPLICIT, set)
}

/// The same with these fragments as its pixels, which are JPEG.
fn storing_jpeg(fragments: &[u8]) -> Play {
    let pixels = explicit_long(0x7fe0_0010, b"OB", u32::MAX, fragments);
    storing_in(JPEG_BASELINE, &[explicit_object(&[]), pixels].concat())
}

fn storing_in(syntax: &str, set: &[u8]) -> Play {
    let request = Associate::request("CT1", TITLE).context(3, CT, &[syntax]);
    Play::of(&request).say(&said(3, &store_rq(CT), Some(set)))
}

fn before_group_0020(elements: &[u8]) -> Vec<u8> {
    let (uids, others) = (object_without(&[]), object_without(&[0x0020_000d, 0x0020_000e]));
    [&others, elements, &uids[others.len()..]].concat()
}

fn querying(changes: &[(u32, &[u8])]) -> Play {
    let mut keys = std::collections::BTreeMap::from([
        (0x0008_0052, b"STUDY".as_slice()),
        (0x0010_0010, b""),
        (0x0020_000d, b""),
    ]);
    keys.extend(changes.iter().copied());
    let keys: Vec<u8> = keys.into_iter().flat_map(|(tag, value)| implicit(tag, value)).collect();
    on(STUDY_FIND).say(&said(1, &find_rq(STUDY_FIND), Some(&keys)))
}

fn with_character_set(set: &[u8]) -> Vec<u8> {
    object(&[(0x0008_0005, set)])
}

fn passes_character_set(set: &[u8]) {
    storing(&with_character_set(set)).passes();
}

/// The object is answered with a failure, and the next message passes.
fn unsound(set: &[u8], reason: &str) {
    answered_by_the_gate(&storing(set), UNSOUND_OBJECT, reason);
}

fn answered_by_the_gate(play: &Play, status: u16, reason: &str) {
    let both = play.held(&Recorder::good(), |settings| settings);
    let first = both.gated.heard.iter().find_map(Heard::message).unwrap();
    assert_eq!(first.status, Some(status), "{}", both.gate.stdout);
    assert_eq!(both.gated.heard.len(), both.direct.heard.len(), "{}", both.gate.stdout);
    let lines = both.gate.of_event("unsound");
    let line = lines.iter().find(|line| line["reason"] == reason);
    let line = line.unwrap_or_else(|| panic!("no {reason} in:\n{}", both.gate.stdout));
    assert!(line["advice"].as_str().is_some_and(|advice| advice.len() > 10), "{line}");
}

fn tolerating(mut settings: Settings, deviation: &str) -> Settings {
    settings.ct1.insert("tolerate", format!("[{deviation:?}]"));
    settings
}
