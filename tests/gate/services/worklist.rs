//! `worklist`: a query of the modality worklist is none of the archive.

use super::conversation::{Conversation, statuses};
use super::outcome::{assert_did, assert_forbade_nothing, released};
use super::scripted::WORKLIST;
use crate::matrix::archives::{TITLE, free_address, until_it_listens};
use crate::matrix::front::Front;
use crate::matrix::installed::run;
use crate::matrix::supervised::Supervised;
use crate::support::dcmtk::{call, settings, words};
use crate::support::settings::Settings;
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const KEYWORD: &str = "ModalityWorklistInformationModelFind";
/// Which modality each scheduled step is for.
const SCHEDULED: [&str; 3] = ["CT", "CT", "MR"];

struct Worklist {
    server: Supervised,
    address: SocketAddr,
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn findscu_finds_the_steps_of_its_modality() {
    let worklist = Worklist::start();
    let front = worklist.front(r#"["worklist"]"#);
    let said = findscu(&front, "");
    assert_eq!(said.matches("(Pending)").count(), 2, "{said}\n{}", worklist.server.log());
    assert_found(front);
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn pynetdicom_finds_the_steps_of_its_modality() {
    let worklist = Worklist::start();
    let front = worklist.front(r#"["worklist"]"#);
    let keys = json!({
        "PatientName": "",
        "PatientID": "",
        "ScheduledProcedureStepSequence": [{ "Modality": "CT" }],
    });
    let steps = json!([{ "do": "c-find", "on": WORKLIST, "keys": keys }]);
    let answers = Conversation::on(&[WORKLIST], steps).answers(&front);
    assert_eq!(statuses(&answers), [Some(0)]);
    assert_eq!(answers[0]["matches"], 2);
    assert_found(front);
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn findscu_finds_by_a_part_of_each_name() {
    let worklist = Worklist::start();
    let front = worklist.front(r#"["worklist"]"#);
    let said = findscu(&front, "*oe*^J*");
    assert_eq!(said.matches("(Pending)").count(), 2, "{said}\n{}", worklist.server.log());
    assert_found(front);
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn pynetdicom_finds_with_every_usual_key() {
    let worklist = Worklist::start();
    let front = worklist.front(r#"["worklist"]"#);
    let keys = json!({
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "PatientName": "D*^J*",
        "PatientID": "4711",
        "PatientBirthDate": "",
        "PatientSex": "",
        "StudyInstanceUID": "",
        "RequestedProcedureDescription": "",
        "ScheduledProcedureStepSequence": [{
            "Modality": "CT",
            "ScheduledStationAETitle": "CT1",
            "ScheduledProcedureStepStartDate": "20261101-20261130",
            "ScheduledProcedureStepStartTime": "",
            "ScheduledProcedureStepDescription": "H*",
            "ScheduledProcedureStepID": "",
        }],
        "RequestedProcedureID": "",
    });
    let steps = json!([{ "do": "c-find", "on": WORKLIST, "keys": keys }]);
    let answers = Conversation::on(&[WORKLIST], steps).answers(&front);
    assert_eq!(statuses(&answers), [Some(0)]);
    assert_eq!(answers[0]["matches"], 2);
    assert_found(front);
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn findscu_is_told_of_too_many_wildcards_unless_it_is_given_more() {
    let worklist = Worklist::start();
    let pattern = "*D*o*e*^J*";
    let front = worklist.front(r#"["worklist"]"#);
    let said = findscu(&front, pattern);
    assert!(said.contains("DataSetDoesNotMatchSOPClass"), "{said}");
    let line = front.gate.audited("unsound", "wildcards");
    assert!(line["advice"].as_str().unwrap().contains("`wildcards` of [peer.ct1]"), "{line}");
    let mut more = settings(Settings::new(worklist.address)).services(r#"["worklist"]"#);
    more.ct1.insert("wildcards", "5".into());
    let front = Front::with(more);
    let said = findscu(&front, pattern);
    assert_eq!(said.matches("(Pending)").count(), 2, "{said}\n{}", worklist.server.log());
    assert_found(front);
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn the_service_for_queries_does_not_serve_for_the_worklist() {
    let worklist = Worklist::start();
    let front = worklist.front(r#"["find"]"#);
    let said = findscu(&front, "");
    assert!(said.contains("Association Rejected"), "{said}");
    let line = front.gate.audited("refused", "no-permitted-service");
    assert!(line["advice"].as_str().unwrap().contains("`services`"), "{line}");
    assert_eq!(front.gate.stop().counted("refused", "no-permitted-service"), 1);
    assert!(!worklist.server.log().contains("CT1"), "{}", worklist.server.log());
}

impl Worklist {
    fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let items = directory.path().join(TITLE);
        std::fs::create_dir(&items).unwrap();
        std::fs::write(items.join("lockfile"), "").unwrap();
        for (number, modality) in SCHEDULED.into_iter().enumerate() {
            schedule(&items, number, modality);
        }
        let address = free_address();
        let command = [
            "/usr/bin/wlmscpfs".into(),
            "-v".into(),
            "--single-process".into(),
            "-dfp".into(),
            directory.path().into(),
            address.port().to_string().into(),
        ];
        let server = Supervised::start(directory, &command);
        until_it_listens(address, &server);
        Self { server, address }
    }

    fn front(&self, services: &str) -> Front {
        Front::with(settings(Settings::new(self.address)).services(services))
    }
}

fn schedule(items: &Path, number: usize, modality: &str) {
    let dump = format!(
        "(0008,0050) SH [{number}]\n\
         (0010,0010) PN [Doe^Jane]\n\
         (0010,0020) LO [4711]\n\
         (0020,000d) UI [2.25.300{number}]\n\
         (0032,1060) LO [Head]\n\
         (0040,0100) SQ\n\
         (fffe,e000) -\n\
         (0008,0060) CS [{modality}]\n\
         (0040,0001) AE [CT1]\n\
         (0040,0002) DA [20261124]\n\
         (0040,0003) TM [120000]\n\
         (0040,0007) LO [Head]\n\
         (0040,0009) SH [S{number}]\n\
         (fffe,e00d) -\n\
         (fffe,e0dd) -\n\
         (0040,1001) SH [P{number}]\n"
    );
    let source = items.join(format!("{number}.dump"));
    std::fs::write(&source, dump).unwrap();
    let mut command = Command::new("/usr/bin/dump2dcm");
    command.arg(&source).arg(items.join(format!("{number}.wl")));
    let output = run(&mut command);
    assert!(output.status.success(), "{}", words(&output));
}

/// The steps for CT of patients of this name.
fn findscu(front: &Front, name: &str) -> String {
    let mut options = front.credentials.options();
    let name = format!("0010,0010={name}");
    let query = ["-W", "-k", &name, "-k", "0010,0020", "-k", "(0040,0100)[0].Modality=CT"];
    options.extend(query.map(PathBuf::from));
    words(&call("findscu", &options, ["CT1", "PACS"], front.gate.address, &[]))
}

fn assert_found(front: Front) {
    let (closed, stopped) = released(front.gate);
    assert_did(&closed, &[("requestor", "c-find", KEYWORD, "0000", 1)]);
    assert_forbade_nothing(&closed, &stopped);
}
