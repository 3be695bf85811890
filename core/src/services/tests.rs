//! The tables against an independent dictionary.

use std::collections::HashSet;

use dicom_core::dictionary::UidDictionary;
use dicom_dictionary_std::sop_class::registry;
use dicom_dictionary_std::uids;

use super::*;

// The dictionary's registry holds SOP classes; meta SOP classes it knows as constants only.
const META: [(&str, &str); 2] = [
    (uids::BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, "BasicGrayscalePrintManagementMeta"),
    (uids::BASIC_COLOR_PRINT_MANAGEMENT_META, "BasicColorPrintManagementMeta"),
];

#[test]
fn every_uid_has_the_keyword_of_the_dictionary() {
    for class in SopClass::all().filter(|class| !class.keyword.ends_with("Meta")) {
        let known = registry().by_uid(class.uid);
        assert_eq!(known.map(|known| known.alias), Some(class.keyword), "{}", class.uid);
    }
    for (uid, keyword) in META {
        assert_eq!(SopClass::uid_of(keyword).unwrap().as_str(), uid);
    }
}

// The dictionary cannot be listed, so its UIDs are tried: a new edition's SOP class must be put
// into a service or left out on purpose.
#[test]
fn every_composite_sop_class_of_the_dictionary_is_sorted_into_a_table() {
    let sorted: HashSet<_> = SopClass::all().map(|class| class.uid).collect();
    let mut found = 0;
    for uid in likely_uids() {
        if registry().by_uid(&uid).is_none() {
            continue;
        }
        found += 1;
        assert!(sorted.contains(uid.as_str()), "{uid} is in no table");
    }
    assert!(found > 200, "only {found} SOP classes were tried");
}

fn likely_uids() -> impl Iterator<Item = String> {
    let storage = "1.2.840.10008.5.1.4.1.1";
    let first = (1..=700).map(move |a| format!("{storage}.{a}"));
    let second = (1..=700).flat_map(move |a| (1..=40).map(move |b| format!("{storage}.{a}.{b}")));
    let deep = [1, 2, 7, 9, 12, 13, 66, 77, 501];
    let third = deep.into_iter().flat_map(move |a| {
        (1..=100).flat_map(move |b| (1..=10).map(move |c| format!("{storage}.{a}.{b}.{c}")))
    });
    let fourth = [1, 77].into_iter().flat_map(move |a| {
        (1..=200).map(move |n| format!("{storage}.{a}.1.{}.{}", n / 10, n % 10))
    });
    let others =
        (1..=50).flat_map(|a| {
            (1..=10).map(move |b| format!("1.2.840.10008.5.1.4.{a}.{b}")).chain((1..=10).flat_map(
                move |b| (1..=10).map(move |c| format!("1.2.840.10008.5.1.4.{a}.{b}.{c}")),
            ))
        });
    first.chain(second).chain(third).chain(fourth).chain(others)
}

#[test]
fn a_sop_class_is_named_by_keyword_or_uid() {
    let ct = SopClass::uid_of("CTImageStorage").unwrap();
    assert_eq!(ct.as_str(), "1.2.840.10008.5.1.4.1.1.2");
    assert_eq!(SopClass::uid_of("1.2.840.10008.5.1.4.1.1.2").unwrap(), ct);
    assert_eq!(SopClass::with_uid(&ct).unwrap().keyword, "CTImageStorage");
    let private = SopClass::uid_of("1.3.12.2.1107.5.9.1").unwrap();
    assert_eq!(SopClass::with_uid(&private), None);
    assert_eq!(SopClass::uid_of("ctimagestorage"), Err(UnknownSopClass));
}

#[test]
fn a_keyword_stands_for_one_uid() {
    let keywords: HashSet<_> = SopClass::all().map(|class| class.keyword).collect();
    assert_eq!(keywords.len(), SopClass::all().count());
}

#[test]
fn a_service_is_read_by_its_exact_name() {
    for service in Service::NAMED {
        assert_eq!(service.name().unwrap().parse().as_ref(), Ok(service));
    }
    for word in ["", "Store", "other", "c-store", "qr"] {
        assert_eq!(word.parse::<Service>(), Err(UnknownService), "{word}");
    }
}

#[test]
fn a_meta_sop_class_has_members_or_cannot_be_granted() {
    let mut retired = 0;
    for class in SopClass::all().filter(|class| class.keyword.ends_with("Meta")) {
        let meta = class.uid.parse().unwrap();
        let mut others = SopClass::all().map(|class| class.uid.parse().unwrap());
        let has_member = others.any(|it| it != meta && on_context(&meta, &it).is_some());
        assert_eq!(is_retired_meta(&meta), !has_member, "{}", class.keyword);
        retired += usize::from(!has_member);
    }
    assert_eq!(retired, 7);
    assert!(!is_retired_meta(&SopClass::uid_of("Printer").unwrap()));
}

#[test]
fn knows_the_unified_procedure_step_by_uid() {
    let push = SopClass::uid_of("UnifiedProcedureStepPush").unwrap();
    assert!(is_unified_procedure_step(&push));
    let query = SopClass::uid_of("UnifiedProcedureStepQuery").unwrap();
    assert!(is_unified_procedure_step(&query));
    assert!(!is_unified_procedure_step(&SopClass::uid_of("Verification").unwrap()));
}
