//! `move` and `get`: where objects may go, and who may send them.

mod disclosed;

use super::conversation::{Conversation, statuses};
use super::outcome::{
    NOT_AUTHORIZED, assert_did, assert_forbade, assert_forbade_nothing, forbidden, released,
};
use super::scripted::{CT_IMAGE, PRIVATE, STUDY_ROOT_GET, STUDY_ROOT_MOVE, Scripted, VERIFICATION};
use crate::matrix::archives::{Archive, Kind, STUDIES, objects_under};
use crate::matrix::front::{Front, PUBLIC_TITLE, Version};
use crate::matrix::installed::run;
use crate::support::dcmtk::{settings, words};
use crate::support::settings::Settings;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const MOVE_KEYWORD: &str = "StudyRootQueryRetrieveInformationModelMove";
const GET_KEYWORD: &str = "StudyRootQueryRetrieveInformationModelGet";
/// The study of CT images.
const STUDY: &str = STUDIES[2].study;

#[test]
#[ignore = "needs DCMTK, pynetdicom and stunnel: run tests/all"]
fn movescu_moves_to_a_destination_of_the_list() {
    let archive = Archive::loaded(Kind::Dcmqrscp);
    let (title, destination) = archive.destination();
    let front = moving(archive, r#"["CT1"]"#, Some(&format!("[{title:?}]")));
    let said = movescu(&front, &title);
    assert!(said.contains("0x0000: Success"), "{said}");
    assert_moved(front, &title, destination.stored().len());
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn without_a_list_the_titles_of_the_peer_are_its_destinations() {
    let archive = Archive::loaded(Kind::Dcmqrscp);
    let (title, destination) = archive.destination();
    let front = moving(archive, &format!("[\"CT1\", {title:?}]"), None);
    let steps = json!([movement(&title)]);
    let answers = Conversation::on(&[STUDY_ROOT_MOVE], steps).answers(&front);
    assert_eq!(statuses(&answers), [Some(0)]);
    assert_eq!(answers[0]["completed"], destination.stored().len());
    assert_moved(front, &title, destination.stored().len());
}

#[test]
#[ignore = "needs DCMTK, pynetdicom and stunnel: run tests/all"]
fn movescu_moves_nothing_to_another_destination_that_the_pacs_knows() {
    let archive = Archive::loaded(Kind::Dcmqrscp);
    let (title, destination) = archive.destination();
    let front = moving(archive, r#"["CT1"]"#, None);
    let said = movescu(&front, &title);
    assert!(said.contains("0x0124: Refused: Not authorized"), "{said}");
    assert!(said.contains("Not permitted by the gateway"), "{said}");
    assert_eq!(destination.connections(), 0);
    let (closed, stopped) = released(front.gate);
    assert_did(&closed, &[]);
    assert_forbade(&closed, &stopped, &[forbidden_move(&title)]);
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn an_association_lives_on_after_a_forbidden_move() {
    let archive = Archive::loaded(Kind::Dcmqrscp);
    let [(listed, destination), (other, stranger)] = [archive.destination(), archive.destination()];
    let front = moving(archive, r#"["CT1"]"#, Some(&format!("[{listed:?}]")));
    let steps = json!([movement(&other), { "do": "c-echo" }, movement(&listed)]);
    let contexts = [STUDY_ROOT_MOVE, VERIFICATION];
    let answers = Conversation::on(&contexts, steps).answers(&front);
    assert_eq!(statuses(&answers), [Some(NOT_AUTHORIZED), Some(0), Some(0)]);
    assert_eq!(stranger.connections(), 0);
    let objects = destination.stored().len();
    assert!(objects > 0);
    let (closed, stopped) = released(front.gate);
    assert_did(
        &closed,
        &[
            ("requestor", "c-echo", "Verification", "0000", 1),
            ("requestor", "c-move", MOVE_KEYWORD, "0000", 1),
        ],
    );
    assert_eq!(closed["moved_to"], json!([{ "title": listed, "count": 1 }]));
    assert_forbade(&closed, &stopped, &[forbidden_move(&other)]);
}

#[test]
#[ignore = "needs DCMTK, pynetdicom and stunnel: run tests/all"]
fn getscu_gets_objects_without_the_service_to_store() {
    let archive = Archive::loaded(Kind::Dcmqrscp);
    let front = getting(archive);
    let into = TempDir::new().unwrap();
    let objects = getscu(&front, into.path());
    let (closed, stopped) = released(front.gate);
    assert_got(&closed, objects, &[]);
    assert_forbade_nothing(&closed, &stopped);
}

#[test]
#[ignore = "needs DCMTK, pynetdicom and stunnel: run tests/all"]
fn getscu_gets_objects_without_the_service_to_get_where_that_is_only_reported() {
    let archive = Archive::loaded(Kind::Dcmqrscp);
    let mut settings = settings(Settings::new(archive.address)).services(r#"["echo", "store"]"#);
    let until = humantime::format_rfc3339_seconds(SystemTime::now() + Duration::from_secs(3600));
    settings.listener.insert("report_only_until", format!("\"{until}\""));
    settings.listener.insert("report_only_from", r#"["127.0.0.0/8"]"#.into());
    let front = Front::with(settings);
    let into = TempDir::new().unwrap();
    let objects = getscu(&front, into.path());
    let (closed, stopped) = released(front.gate);
    assert_got(&closed, objects, &[]);
    assert!(stopped.counted("would-refuse", "requestor-operation") > 0);
    assert_eq!(stopped.counted("forbidden", "acceptor-operation"), 0);
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn who_may_only_get_stores_nothing_on_the_same_contexts() {
    let archive = Archive::loaded(Kind::Dcmqrscp);
    let before = archive.stored().len();
    let front = getting(archive);
    let keys = json!({ "QueryRetrieveLevel": "STUDY", "StudyInstanceUID": STUDY });
    let steps = json!([
        { "do": "c-store" },
        { "do": "c-get", "keys": keys },
        { "do": "c-store" },
        { "do": "c-echo" },
    ]);
    let conversation = Conversation {
        contexts: &[STUDY_ROOT_GET, CT_IMAGE, VERIFICATION],
        roles: &[CT_IMAGE],
        steps,
    };
    let answers = conversation.answers(&front);
    let refused = Some(NOT_AUTHORIZED);
    assert_eq!(statuses(&answers), [refused, Some(0), refused, Some(0)]);
    let objects = answers[1]["received"].as_u64().unwrap();
    assert!(objects > 0, "{answers:?}");
    assert_eq!(archive.stored().len(), before);
    let (closed, stopped) = released(front.gate);
    let echo = ("requestor", "c-echo", "Verification", "0000", 1);
    assert_got(&closed, usize::try_from(objects).unwrap(), &[echo]);
    let store = forbidden("requestor", "c-store", "CTImageStorage", "requestor-operation", 2);
    assert_forbade(&closed, &stopped, &[store]);
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_private_sop_class_is_returned_where_it_is_given_for_c_get() {
    let c_get = format!(r#"{{ sop_class = "{PRIVATE}", operations = ["c-get"] }}"#);
    let c_store = format!(r#"{{ sop_class = "{PRIVATE}", operations = ["c-store"] }}"#);
    for (given, returned) in [(c_get, 1), (c_store, 0)] {
        let pacs = Scripted::start();
        let front = pacs.front(&format!(r#"["get", {given}]"#));
        let keys = json!({ "QueryRetrieveLevel": "STUDY", "StudyInstanceUID": STUDY });
        let conversation = Conversation {
            contexts: &[STUDY_ROOT_GET, PRIVATE],
            roles: &[PRIVATE],
            steps: json!([{ "do": "c-get", "keys": keys }]),
        };
        let answers = conversation.answers(&front);
        assert_eq!(answers[0]["received"], returned, "{answers:?}");
        let (closed, stopped) = released(front.gate);
        if returned == 1 {
            assert_did(
                &closed,
                &[
                    ("requestor", "c-get", GET_KEYWORD, "0000", 1),
                    ("acceptor", "c-store", PRIVATE, "0000", 1),
                ],
            );
        }
        // Without the role the PACS does not even try.
        assert_forbade_nothing(&closed, &stopped);
    }
}

#[test]
#[ignore = "needs pynetdicom: run tests/all"]
fn a_private_sop_class_that_nobody_gave_is_not_returned() {
    let pacs = Scripted::start();
    let front = pacs.front(r#"["get"]"#);
    let conversation =
        Conversation { contexts: &[STUDY_ROOT_GET, PRIVATE], roles: &[PRIVATE], steps: json!([]) };
    assert_eq!(conversation.held(&front)[0]["accepted"], json!([STUDY_ROOT_GET]));
    let (_, stopped) = released(front.gate);
    let contexts = &stopped.of_event("opened")[0]["contexts"];
    assert_eq!(contexts["removed"][0]["abstract_syntax"], PRIVATE, "{contexts}");
}

fn moving(archive: &Archive, calling: &str, move_to: Option<&str>) -> Front {
    let mut settings =
        settings(Settings::new(archive.address)).services(r#"["echo", "find", "move"]"#);
    settings.ct1.insert("calling_ae", calling.into());
    if let Some(move_to) = move_to {
        settings.ct1.insert("move_to", move_to.into());
    }
    Front::with(settings)
}

fn getting(archive: &Archive) -> Front {
    Front::with(settings(Settings::new(archive.address)).services(r#"["echo", "get"]"#))
}

fn movement(to: &str) -> Value {
    let keys = json!({ "QueryRetrieveLevel": "STUDY", "StudyInstanceUID": STUDY });
    json!({ "do": "c-move", "to": to, "keys": keys })
}

fn movescu(front: &Front, to: &str) -> String {
    let mut command = plain("movescu");
    let key = format!("0020,000d={STUDY}");
    command.args(["-S", "-aem", to, "-k", "0008,0052=STUDY", "-k", &key]);
    words(&run(with_address(&mut command, front)))
}

/// Gets the study into a folder: how many objects came, which are some.
fn getscu(front: &Front, into: &Path) -> usize {
    let mut command = plain("getscu");
    let key = format!("0020,000d={STUDY}");
    command.args(["-S", "+B", "-k", "0008,0052=STUDY", "-k", &key]);
    command.arg("-od").arg(into);
    let said = words(&run(with_address(&mut command, front)));
    let objects = objects_under(into).len();
    assert!(objects > 0, "{said}");
    objects
}

/// Debian's `getscu` and `movescu` have no TLS: they go through stunnel.
fn plain(program: &str) -> Command {
    let mut command = Command::new(format!("/usr/bin/{program}"));
    command.args(["-d", "-aet", "CT1", "-aec", PUBLIC_TITLE]);
    command
}

fn with_address<'a>(command: &'a mut Command, front: &Front) -> &'a mut Command {
    let port = front.stunnel(Version::Tls13).port();
    command.args(["127.0.0.1", &port.to_string()])
}

fn forbidden_move(to: &str) -> Value {
    let why = "requestor-move-destination";
    let mut request = forbidden("requestor", "c-move", MOVE_KEYWORD, why, 1);
    request["move_to"] = json!(to);
    request
}

fn assert_moved(front: Front, title: &str, objects: usize) {
    assert!(objects > 0);
    let (closed, stopped) = released(front.gate);
    assert_did(&closed, &[("requestor", "c-move", MOVE_KEYWORD, "0000", 1)]);
    assert_eq!(closed["moved_to"], json!([{ "title": title, "count": 1 }]));
    let moved = json!({ "completed": objects, "failed": 0, "warning": 0 });
    assert_eq!(closed["sub_operations"], moved);
    assert_forbade_nothing(&closed, &stopped);
}

fn assert_got(closed: &Value, objects: usize, more: &[super::outcome::Done]) {
    let objects = u64::try_from(objects).unwrap();
    let got = [
        ("requestor", "c-get", GET_KEYWORD, "0000", 1),
        ("acceptor", "c-store", "CTImageStorage", "0000", objects),
    ];
    assert_did(closed, &[got.as_slice(), more].concat());
}
