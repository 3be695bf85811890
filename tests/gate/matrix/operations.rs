//! Every requestor does every operation on `dcmqrscp` and Orthanc, and gets what it gets directly.

use super::archives::{Archive, Kind, OBJECTS};
use super::front::{Front, Version};
use super::installed::sample_directory;
use super::requestors::{Operation, Outcome, Requestor, Route, Task};

/// The archives that answer queries.
pub(super) const ARCHIVES: [Kind; 2] = [Kind::Dcmqrscp, Kind::Orthanc];
/// The versions that each operation is done with.
pub(super) const VERSIONS: [Version; 2] = [Version::Tls13, Version::Tls12];

#[test]
#[ignore = "needs DCMTK and stunnel: run tests/all"]
fn dcmtk_gets_from_dcmqrscp_what_it_gets_directly() {
    as_directly(Requestor::Dcmtk, Kind::Dcmqrscp);
}

#[test]
#[ignore = "needs DCMTK, Orthanc and stunnel: run tests/all"]
fn dcmtk_gets_from_orthanc_what_it_gets_directly() {
    as_directly(Requestor::Dcmtk, Kind::Orthanc);
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn pynetdicom_gets_from_dcmqrscp_what_it_gets_directly() {
    as_directly(Requestor::Pynetdicom, Kind::Dcmqrscp);
}

#[test]
#[ignore = "needs Orthanc and pynetdicom: run tests/all"]
fn pynetdicom_gets_from_orthanc_what_it_gets_directly() {
    as_directly(Requestor::Pynetdicom, Kind::Orthanc);
}

#[test]
#[ignore = "needs DCMTK and dcmjs-dimse: run tests/all"]
fn dcmjs_dimse_gets_from_dcmqrscp_what_it_gets_directly() {
    as_directly(Requestor::DcmjsDimse, Kind::Dcmqrscp);
}

#[test]
#[ignore = "needs Orthanc and dcmjs-dimse: run tests/all"]
fn dcmjs_dimse_gets_from_orthanc_what_it_gets_directly() {
    as_directly(Requestor::DcmjsDimse, Kind::Orthanc);
}

fn as_directly(requestor: Requestor, kind: Kind) {
    let archive = Archive::loaded(kind);
    let front = Front::before(archive);
    for operation in Operation::ALL {
        let (direct, arrived) = perform(requestor, operation, archive, Route::Direct);
        assert_did_something(operation, &direct, &arrived);
        for version in VERSIONS {
            let route = Route::Gated(&front, version);
            let (gated, moved) = perform(requestor, operation, archive, route);
            let what = format!("{requestor:?} {operation:?} {version:?}");
            assert_eq!(gated.told, direct.told, "{what}");
            assert!(gated.objects == direct.objects, "{what}: other objects");
            assert!(moved == arrived, "{what}: other objects at the destination");
        }
    }
    let stopped = front.gate.stop();
    let refused: Vec<_> = stopped.of_event("refused");
    assert!(refused.is_empty(), "{refused:?}");
}

/// What the requestor was told and given, and what came to the destination of a C-MOVE.
fn perform(
    requestor: Requestor,
    operation: Operation,
    archive: &Archive,
    route: Route<'_>,
) -> (Outcome, Vec<Vec<u8>>) {
    let files = vec![sample_directory().join("test_files/CT_small.dcm")];
    let task = Task { files, ..Task::new(operation) };
    if operation != Operation::Move {
        return (requestor.run(&task, archive, route), Vec::new());
    }
    let (title, destination) = archive.destination();
    let task = Task { destination: title, ..task };
    let outcome = requestor.run(&task, archive, route);
    let mut arrived: Vec<_> = destination.stored().into_iter().map(|(_, object)| object).collect();
    arrived.sort();
    (outcome, arrived)
}

/// So that two failures do not count as the same result.
fn assert_did_something(operation: Operation, direct: &Outcome, arrived: &[Vec<u8>]) {
    let told = &direct.told;
    match operation {
        Operation::Echo | Operation::Store => {
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(told[0].contains("Success") || told[0].contains("\"status\":"), "{told:?}");
        }
        Operation::Find => assert!(told.len() > OBJECTS, "{told:#?}"),
        Operation::Get => assert_eq!(direct.objects.len(), OBJECTS, "{told:#?}"),
        Operation::Move => assert_eq!(arrived.len(), OBJECTS, "{told:#?}"),
    }
}
