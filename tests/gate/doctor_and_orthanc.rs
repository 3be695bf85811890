//! `pacsgate doctor` before a real Orthanc as many are: no password, everybody may ask.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::matrix::archives::{free_address, write_orthanc_settings};
use crate::matrix::supervised::Supervised;
use crate::support::PATIENCE;
use crate::support::dcmtk::{call, objects, proposing, words};
use crate::support::stage::said;

fn wait_for(address: SocketAddr) {
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "Orthanc does not listen at {address}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "needs DCMTK and Orthanc: run tests/all"]
fn finds_what_is_open_at_an_orthanc_and_shows_nothing_of_its_patients() {
    let directory = TempDir::new().unwrap();
    let storage = directory.path().join("storage");
    fs::create_dir(&storage).unwrap();
    let [dicom, pages] = [free_address(), free_address()];
    let file = write_orthanc_settings(&storage, dicom.port(), &serde_json::Map::new());
    let text = fs::read_to_string(&file).unwrap();
    let mut settings: serde_json::Value = serde_json::from_str(&text).unwrap();
    settings["HttpServerEnabled"] = true.into();
    settings["HttpPort"] = pages.port().into();
    settings["AuthenticationEnabled"] = false.into();
    settings["RemoteAccessAllowed"] = true.into();
    fs::write(&file, settings.to_string()).unwrap();
    let made = TempDir::new().unwrap();
    let object = objects(made.path()).remove(0).1;
    let _orthanc = Supervised::start(directory, &["/usr/sbin/Orthanc".into(), file]);
    let local = |address: SocketAddr| SocketAddr::from(([127, 0, 0, 1], address.port()));
    wait_for(local(dicom));
    wait_for(local(pages));
    let stored =
        call("storescu", &proposing("explicit"), ["CT1", "ORTHANC"], local(dicom), &[object]);
    assert!(stored.status.success(), "{}", words(&stored));

    let (dicom, pages) = (local(dicom).to_string(), local(pages).to_string());
    let said = said(&["doctor", "--named-ports", &dicom, &pages]);
    assert_eq!(said.code, Some(4), "{said:?}");
    for part in [
        "CRITICAL Anybody can query the archive",
        "1 study was counted",
        "CRITICAL The web interface of Orthanc is open",
        "HIGH DICOM is spoken without TLS",
        "HIGH An association is accepted from anybody",
        "2 open ports",
    ] {
        assert!(said.text.contains(part), "no {part:?} in {said:?}");
    }
    for secret in ["Doe", "Jane", "4711", "2.25.79", "2.25.80"] {
        assert!(!said.text.contains(secret), "{secret:?} in {said:?}");
    }
}
