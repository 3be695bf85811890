//! `find`: both roots, C-CANCEL, and a peer without the service.

use super::conversation::{Conversation, statuses};
use super::outcome::{assert_did, assert_forbade_nothing, released};
use super::scripted::{PATIENT_ROOT_FIND, STUDY_ROOT_FIND, Scripted, VERIFICATION, request};
use crate::matrix::archives::{Archive, Kind};
use crate::matrix::front::Front;
use crate::support::dcmtk::{call, settings, words};
use crate::support::settings::Settings;
use serde_json::json;
use std::path::PathBuf;

const PATIENT_KEYWORD: &str = "PatientRootQueryRetrieveInformationModelFind";
const STUDY_KEYWORD: &str = "StudyRootQueryRetrieveInformationModelFind";
const STUDIES: usize = 2;
const PATIENT: &str = "77654033";

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn findscu_finds_in_either_root() {
    for (root, keyword) in [("-P", PATIENT_KEYWORD), ("-S", STUDY_KEYWORD)] {
        let front = before(Archive::loaded(Kind::Dcmqrscp), r#"["find"]"#);
        let said = findscu(&front, &[root, "-k", "0008,0052=STUDY"]);
        assert_eq!(said.matches("(Pending)").count(), STUDIES, "{said}");
        let (closed, stopped) = released(front.gate);
        assert_did(&closed, &[("requestor", "c-find", keyword, "0000", 1)]);
        assert_forbade_nothing(&closed, &stopped);
    }
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn pynetdicom_finds_in_either_root_on_one_association() {
    let front = before(Archive::loaded(Kind::Dcmqrscp), r#"["find"]"#);
    let keys = json!({
        "QueryRetrieveLevel": "STUDY",
        "PatientID": PATIENT,
        "StudyInstanceUID": "",
    });
    let steps = json!([
        { "do": "c-find", "on": PATIENT_ROOT_FIND, "keys": keys },
        { "do": "c-find", "on": STUDY_ROOT_FIND, "keys": keys },
        { "do": "c-find", "on": STUDY_ROOT_FIND, "keys": keys },
    ]);
    let answers = Conversation::on(&[PATIENT_ROOT_FIND, STUDY_ROOT_FIND], steps).answers(&front);
    assert_eq!(statuses(&answers), [Some(0); 3]);
    assert!(answers.iter().all(|answer| answer["matches"] == STUDIES), "{answers:?}");
    let (closed, stopped) = released(front.gate);
    assert_did(
        &closed,
        &[
            ("requestor", "c-find", PATIENT_KEYWORD, "0000", 1),
            ("requestor", "c-find", STUDY_KEYWORD, "0000", 2),
        ],
    );
    assert_forbade_nothing(&closed, &stopped);
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn a_query_of_findscu_is_cancelled() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["find"]"#);
    let said = findscu(&front, &["-S", "-k", "0008,0052=STUDY", "--cancel", "3"]);
    assert!(said.contains("Cancel"), "{said}");
    assert_cancelled(&pacs, front);
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_query_of_pynetdicom_is_cancelled() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["find"]"#);
    let keys = json!({ "QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "" });
    let find = json!({ "do": "c-find", "on": STUDY_ROOT_FIND, "keys": keys, "cancel_after": 3 });
    let answers = Conversation::on(&[STUDY_ROOT_FIND], json!([find])).answers(&front);
    assert_eq!(answers[0]["status"], 0xfe00);
    assert_cancelled(&pacs, front);
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn findscu_without_the_service_is_rejected() {
    let pacs = Scripted::start();
    for root in ["-P", "-S"] {
        let front = pacs.front(r#"["echo", "store"]"#);
        let said = findscu(&front, &[root, "-k", "0008,0052=STUDY"]);
        assert!(said.contains("Association Rejected"), "{said}");
        assert!(said.contains("Rejected Permanent, Source: Service User"), "{said}");
        let line = front.gate.audited("refused", "no-permitted-service");
        assert!(line["advice"].as_str().unwrap().contains("`services`"), "{line}");
        assert_eq!(front.gate.stop().counted("refused", "no-permitted-service"), 1);
    }
    assert!(pacs.saw().is_empty());
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_context_without_the_service_is_taken_out_and_the_others_serve() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["echo", "store"]"#);
    let steps = json!([{ "do": "c-echo" }]);
    let told = Conversation::on(&[STUDY_ROOT_FIND, VERIFICATION], steps).held(&front);
    assert_eq!(told[0]["accepted"], json!([VERIFICATION]));
    assert_eq!(told[1]["status"], 0);
    assert_eq!(pacs.saw(), [request("c-echo", "", "")]);
    let (closed, stopped) = released(front.gate);
    let contexts = &stopped.of_event("opened")[0]["contexts"];
    assert_eq!([&contexts["asked"], &contexts["granted"]], [2, 1]);
    assert_eq!(contexts["removed"][0]["abstract_syntax"], STUDY_ROOT_FIND, "{contexts}");
    assert_did(&closed, &[("requestor", "c-echo", "Verification", "0000", 1)]);
    assert_forbade_nothing(&closed, &stopped);
}

fn before(archive: &Archive, services: &str) -> Front {
    Front::with(settings(Settings::new(archive.address)).services(services))
}

fn findscu(front: &Front, arguments: &[&str]) -> String {
    let mut options = front.credentials.options();
    options.extend(arguments.iter().map(PathBuf::from));
    let key = ["-k".into(), format!("0010,0020={PATIENT}").into(), "-k".into(), "0020,000d".into()];
    options.extend(key);
    words(&call("findscu", &options, ["CT1", "PACS"], front.gate.address, &[]))
}

/// The PACS heard of it and ended the query, long before its last match.
fn assert_cancelled(pacs: &Scripted, front: Front) {
    let saw = pacs.saw();
    assert_eq!(
        saw,
        [request("c-find", STUDY_ROOT_FIND, STUDY_ROOT_FIND), request("c-cancel", "", "")]
    );
    let (closed, stopped) = released(front.gate);
    assert_did(&closed, &[("requestor", "c-find", STUDY_KEYWORD, "fe00", 1)]);
    assert_eq!(closed.get("late_cancels"), None, "{closed}");
    assert_forbade_nothing(&closed, &stopped);
}
