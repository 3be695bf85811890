//! The way back with real peers: a device stores, and has the objects moved to itself, where it
//! demands the certificate of the gate.
//!
//! Every leg is tapped: what goes to and from the device is TLS from the first byte to the last, and
//! the data sets are seen on the legs between gate and archive only.

pub(crate) mod device;
pub(crate) mod reached;
pub(crate) mod tap;

use crate::matrix::archives::{Archive, Kind, TITLE, objects_under};
use crate::matrix::front::{Front, PUBLIC_TITLE, Version};
use crate::matrix::installed::run;
use crate::services::conversation::{Conversation, statuses};
use crate::services::scripted::STUDY_ROOT_MOVE;
use crate::support::authority::Profile;
use crate::support::dcmtk::{Credentials, Storescp, call, data_set, objects, proposing, words};
use crate::support::site::{CT1_NAME, site};
use device::{Device, of_the_gate};
use reached::{outward, reaching};
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use tap::{Tap, has, is_tls, shows};
use tempfile::TempDir;

/// The study of the objects that are stored, and the patient's name in each of them.
const STUDY: &str = "2.25.79";
const PATIENT: &str = "Doe^Jane";
/// To whom the archive sends without the gate.
const DIRECT: &str = "DIRECT";

/// Who asks for the objects: `movescu` has no TLS and goes through a stunnel in client mode.
#[derive(Clone, Copy)]
enum Requestor {
    Movescu,
    Pynetdicom,
}

/// An archive, a device, the gate between them, and a tap on each leg.
struct Stage {
    archive: Archive,
    device: Device,
    direct: Storescp,
    front: Front,
    /// Between device and gate, to it and from it.
    outside: [Tap; 2],
    /// Between gate and archive, the same.
    inside: [Tap; 2],
    directory: TempDir,
}

impl Stage {
    fn of(kind: Kind) -> Self {
        let (device, outward) = (Device::start(), outward());
        let directory = TempDir::new().unwrap();
        let received = directory.path().join("direct");
        std::fs::create_dir(&received).unwrap();
        let direct = Storescp::keeping_all(&received);
        let (to_device, from_archive) = (Tap::before(device.address), Tap::before(outward));
        let known = [("CT1".into(), from_archive.address), (DIRECT.into(), direct.address)];
        let archive = Archive::that_knows(kind, &known);
        let to_archive = Tap::before(archive.address);
        let settings = reaching(to_archive.address, outward, to_device.address, "store");
        let mut front = Front::with(settings);
        let from_device = Tap::before(front.gate.address);
        front.gate.address = from_device.address;
        let (outside, inside) = ([from_device, to_device], [to_archive, from_archive]);
        Self { archive, device, direct, front, outside, inside, directory }
    }

    /// The device stores these; their data sets.
    fn stores(&self, names: &[&str]) -> Vec<Vec<u8>> {
        let made = objects(self.directory.path()).into_iter();
        let mut stored = Vec::new();
        for (name, file) in made.filter(|(name, _)| names.contains(name)) {
            let options = [self.front.credentials.options(), proposing(name)].concat();
            let (titles, files) = (["CT1", PUBLIC_TITLE], [file]);
            let output = call("storescu", &options, titles, self.front.gate.address, &files);
            assert!(output.status.success(), "{name}: {}", words(&output));
            stored.push(data_set(&files[0]));
        }
        stored.sort();
        stored
    }

    /// The study is moved through the gate to the device.
    fn moves(&self, by: Requestor) {
        match by {
            Requestor::Movescu => {
                let tunnel = self.front.stunnel(Version::Tls13);
                assert_moves(PUBLIC_TITLE, "CT1", tunnel);
            }
            Requestor::Pynetdicom => {
                let keys = json!({ "QueryRetrieveLevel": "STUDY", "StudyInstanceUID": STUDY });
                let steps = json!([{ "do": "c-move", "to": "CT1", "keys": keys }]);
                let answers = Conversation::on(&[STUDY_ROOT_MOVE], steps).answers(&self.front);
                assert_eq!(statuses(&answers), [Some(0)]);
            }
        }
    }

    /// What the archive makes of the objects, without the gate.
    fn sends_directly(&self) -> Vec<Vec<u8>> {
        assert_moves(TITLE, DIRECT, self.archive.address);
        let mut sent: Vec<_> = self.direct.stored().into_iter().map(|(_, it)| it).collect();
        sent.sort();
        sent
    }

    fn assert_nobody_outside_sees(&self, stored: &[Vec<u8>], received: &[Vec<u8>]) {
        let data_sets = &[stored, received].concat();
        for tap in &self.outside {
            let streams = tap.seen();
            assert!(streams.concat().len() > stored.concat().len());
            for stream in &streams {
                assert!(is_tls(stream));
                assert!(!has(stream, PATIENT.as_bytes()) && !has(stream, STUDY.as_bytes()));
                assert!(!shows(stream, data_sets));
            }
        }
        // The same eyes see everything where it is plain.
        for tap in &self.inside {
            let streams = tap.seen();
            assert!(streams.iter().any(|it| shows(it, data_sets) && has(it, PATIENT.as_bytes())));
            assert!(!streams.iter().any(|it| is_tls(it) && !it.is_empty()));
        }
    }
}

/// `movescu` moves the study, without TLS.
fn assert_moves(called: &str, to: &str, address: SocketAddr) {
    let mut command = Command::new("/usr/bin/movescu");
    command.args(["-d", "-aet", "CT1", "-aec", called, "-S", "-aem", to]);
    command.args(["-k", "0008,0052=STUDY", "-k", &format!("0020,000d={STUDY}")]);
    command.args(["127.0.0.1", &address.port().to_string()]);
    let said = words(&run(&mut command));
    assert!(said.contains("0x0000: Success"), "{said}");
}

/// The archive takes these objects. They come back as it sends them without the gate, to the byte;
/// what it does not encode anew is what was stored.
fn comes_back(kind: Kind, by: Requestor) {
    let (names, unchanged): ([&str; 3], _) = match kind {
        Kind::Orthanc => (["implicit", "big-endian", "jpeg-lossless"], 3),
        Kind::Dcmqrscp | Kind::Storescp => (["explicit", "implicit", "big-endian"], 1),
    };
    let stage = Stage::of(kind);
    let stored = stage.stores(&names);
    stage.moves(by);
    let received = objects_under(&stage.device.received);
    assert_eq!(received.len(), names.len());
    assert!(received == stage.sends_directly(), "not what the archive sends directly");
    let same = received.iter().filter(|it| stored.contains(it)).count();
    assert_eq!(same, unchanged, "are what was stored");
    stage.assert_nobody_outside_sees(&stored, &received);
    let line = stage.front.gate.wait_for_audit(|line| {
        line["direction"] == "outward" && line["event"] == "closed" && line["peer"] == "ct1"
    });
    assert_eq!(line["operations"][0]["operation"], "c-store", "{line}");
    let line = stage.front.gate.wait_for_audit(|line| line["moved_to"].is_array());
    assert_eq!(line["moved_to"], json!([{ "title": "CT1", "count": 1 }]));
}

#[test]
#[ignore = "needs DCMTK and stunnel: run tests/all"]
fn movescu_moves_from_dcmqrscp() {
    comes_back(Kind::Dcmqrscp, Requestor::Movescu);
}

#[test]
#[ignore = "needs Orthanc, DCMTK and stunnel: run tests/all"]
fn movescu_moves_from_orthanc() {
    comes_back(Kind::Orthanc, Requestor::Movescu);
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn pynetdicom_moves_from_dcmqrscp() {
    comes_back(Kind::Dcmqrscp, Requestor::Pynetdicom);
}

#[test]
#[ignore = "needs Orthanc, DCMTK and pynetdicom: run tests/all"]
fn pynetdicom_moves_from_orthanc() {
    comes_back(Kind::Orthanc, Requestor::Pynetdicom);
}

/// So what arrives in the other tests has come from the gate.
#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn the_device_takes_the_certificate_of_the_gate_and_no_other() {
    let device = Device::start();
    let gate = Credentials::of(&of_the_gate().issue(&Profile::client("gateway.radiology.example")));
    let other = Credentials::of(&site().root.issue(&Profile::client(CT1_NAME)));
    let is_served = |options: Vec<PathBuf>| {
        let titles = ["ARCHIVE", "CT1"];
        call("echoscu", &options, titles, device.address, &[]).status.success()
    };
    assert!(is_served(gate.options()));
    assert!(!is_served(other.options()));
    assert!(!is_served(other.anonymous()));
    assert!(!is_served(Vec::new()));
}
