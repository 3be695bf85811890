use pacsgate_core::data_set::Shown;
use pacsgate_core::wire::uid::{InstanceUid, Uid};

use super::*;

/// A CT image of this patient and study, taken or not.
fn object(patient: &str, study: &str, status: u16) -> Disclosed {
    let bytes = |text: &str| text.as_bytes().to_vec();
    let shown = Shown { patient_id: bytes(patient), study: bytes(study), ..Shown::default() };
    Disclosed::Object(Object {
        from: Side::Requestor,
        sop_class: Uid::parse(b"1.2.840.10008.5.1.4.1.1.2").ok(),
        sop_instance: InstanceUid::parse(b"2.25.1").ok(),
        shown: Box::new(shown),
        status: Some(status),
    })
}

/// Patient, whether it is the end, studies, objects taken and not.
fn told(what: &[What]) -> Vec<(String, bool, usize, u64, u64)> {
    let of = |what: &What| match what {
        What::Transfer { has_ended, patient, studies, failed, .. } => {
            let instances = studies.iter().flat_map(|study| &study.instances);
            let taken = instances.map(|it| it.count).sum();
            (patient.id.clone(), *has_ended, studies.len(), taken, *failed)
        }
        What::Query { .. } => panic!("no query"),
    };
    what.iter().map(of).collect()
}

#[test]
fn tells_one_beginning_and_one_end_of_each_patient() {
    let mut disclosures = Disclosures::default();
    let mut all = Vec::new();
    for (patient, study, status) in
        [("A", "1.1", 0), ("B", "1.3", 0), ("A", "1.2", 0xb000), ("A", "1.2", 0xa700)]
    {
        all.extend(disclosures.add(&object(patient, study, status)));
    }
    all.extend(disclosures.finish());
    let expected =
        [("A", false, 1, 1, 0), ("B", false, 1, 1, 0), ("A", true, 2, 2, 1), ("B", true, 1, 1, 0)];
    let expected = expected
        .map(|(id, end, studies, taken, failed)| (id.to_owned(), end, studies, taken, failed));
    assert_eq!(told(&all), expected);
    assert!(disclosures.finish().is_empty());
}

#[test]
fn holds_a_bounded_number_and_counts_every_object_once() {
    let mut disclosures = Disclosures::default();
    let mut all = Vec::new();
    for number in 0..1000 {
        let (patient, study) = (format!("P{}", number % 20), format!("1.{number}"));
        all.extend(disclosures.add(&object(&patient, &study, 0)));
        assert!(disclosures.0.len() <= PATIENTS);
    }
    for _ in 0..1000 {
        all.extend(disclosures.add(&object("Q", "1.2", 0)));
    }
    all.extend(disclosures.finish());
    let ends = all.iter().filter_map(|what| match what {
        What::Transfer { has_ended: true, studies, .. } => Some(studies),
        What::Transfer { .. } | What::Query { .. } => None,
    });
    let mut taken = 0;
    for studies in ends {
        assert!(studies.len() <= STUDIES);
        let instances: Vec<_> = studies.iter().flat_map(|study| &study.instances).collect();
        assert!(instances.iter().map(|it| it.uids.len()).sum::<usize>() <= NAMED);
        taken += instances.iter().map(|it| it.count).sum::<u64>();
    }
    assert_eq!(taken, 2000);
}

#[test]
fn tells_apart_whose_long_ids_differ_at_the_end() {
    let mut disclosures = Disclosures::default();
    let mut all = Vec::new();
    for end in ["1", "2"] {
        all.extend(disclosures.add(&object(&format!("{}{end}", "9".repeat(1000)), "1.1", 0)));
    }
    all.extend(disclosures.finish());
    assert_eq!(told(&all).len(), 4);
}
