//! `pacsgate demo`.

use std::fs;

use crate::support::stage::{Stage, pacsgate, said};

#[test]
fn plays_once_and_every_answer_is_the_expected_one() {
    let said = said(&["demo", "--once"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.text.contains("Every answer was the expected one."), "{said:?}");
    let refusals = ["certificate_required", "1/1/3", "1/1/1", "A-ABORT 0/0", "plain-dicom"];
    for told in refusals {
        assert!(said.text.contains(told), "no {told} in {said:?}");
    }
    assert_eq!(said.text.matches("heard nothing of it").count(), refusals.len());
}

#[test]
fn is_not_touched_by_the_environment_of_another_gate() {
    let mut command = pacsgate(&["demo", "--once"]);
    command.env("PACSGATE__LIMITS__CONNECTIONS", "1").env("PACSGATE__NO__SUCH__KEY", "1");
    assert!(command.output().unwrap().status.success());
}

#[test]
fn leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = pacsgate(&["demo", "--once"]);
    assert!(command.env("TMPDIR", folder.path()).output().unwrap().status.success());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn says_why_it_cannot_play() {
    let mut command = pacsgate(&["demo", "--once"]);
    let output = command.env("TMPDIR", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("the demo's directory"), "{stderr}");
}

#[test]
fn stays_up_for_others_until_it_is_interrupted() {
    let mut stage = Stage::up(&[]);
    let directory = stage.directory.clone();
    for part in ["echoscu -v -aet CT1", "storescu -v -aet CT1", "+tls", "sample.dcm"] {
        assert!(stage.said.contains(part), "no {part:?} in:\n{}", stage.said);
    }
    let gate = stage.gate.to_string();
    let refused = said(&["probe", "--plain", &gate]);
    assert_eq!(refused.code, Some(1));
    stage.wait_for("plain-dicom");
    assert_eq!(stage.interrupt(), Some(0));
    assert!(!directory.exists());
}

#[test]
fn keeps_what_is_stored_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let said = said(&["demo", "--once", "--folder", kept.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let files: Vec<_> = fs::read_dir(&kept).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(&fs::read(&files[0]).unwrap()[128..132], b"DICM");
}
