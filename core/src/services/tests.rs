//! The tables against an independent dictionary.

use std::collections::HashSet;

use dicom_core::dictionary::UidDictionary;
use dicom_dictionary_std::sop_class::registry;
use dicom_dictionary_std::uids;

use super::*;

// The dictionary's registry holds SOP classes; meta SOP classes it knows as constants only.
#[expect(deprecated, reason = "retired ones are known, too")]
const META: [(&str, &str); 9] = [
    (uids::DETACHED_PATIENT_MANAGEMENT_META, "DetachedPatientManagementMeta"),
    (uids::DETACHED_RESULTS_MANAGEMENT_META, "DetachedResultsManagementMeta"),
    (uids::DETACHED_STUDY_MANAGEMENT_META, "DetachedStudyManagementMeta"),
    (uids::BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, "BasicGrayscalePrintManagementMeta"),
    (uids::BASIC_COLOR_PRINT_MANAGEMENT_META, "BasicColorPrintManagementMeta"),
    (uids::REFERENCED_GRAYSCALE_PRINT_MANAGEMENT_META, "ReferencedGrayscalePrintManagementMeta"),
    (uids::REFERENCED_COLOR_PRINT_MANAGEMENT_META, "ReferencedColorPrintManagementMeta"),
    (uids::PULL_STORED_PRINT_MANAGEMENT_META, "PullStoredPrintManagementMeta"),
    (uids::GENERAL_PURPOSE_WORKLIST_MANAGEMENT_META, "GeneralPurposeWorklistManagementMeta"),
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

// A new edition's SOP class must be put into a service or be told to be given by its UID.
#[test]
fn every_sop_class_of_the_dictionary_has_a_service_or_is_given_by_its_uid() {
    let with_service: HashSet<_> = table().flat_map(|it| it.sop_classes).map(|it| it.uid).collect();
    let by_uid: HashSet<_> = unnamed().flat_map(|it| it.sop_classes).map(|it| it.uid).collect();
    let known = uids_of_the_dictionary();
    assert!(known.len() > 300, "only {} SOP classes are known", known.len());
    for uid in known.iter().map(String::as_str).chain(META.map(|(uid, _)| uid)) {
        let places = [&with_service, &by_uid].into_iter().filter(|list| list.contains(uid)).count();
        assert_eq!(places, 1, "{uid}");
    }
}

// The registry finds and does not list, but it shows all that it has.
fn uids_of_the_dictionary() -> HashSet<String> {
    let shown = format!("{:?}", registry());
    let uids = shown.split("uid: \"").skip(1).filter_map(|rest| rest.split('"').next());
    uids.map(str::to_owned).collect()
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
