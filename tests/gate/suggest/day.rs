//! A day of a site: thirteen devices that do their work, and three that nobody invited.

use crate::matrix::archives::{Archive, Kind, write_orthanc_settings};
use crate::matrix::installed::{node_modules, python, run, script};
use crate::matrix::supervised::Supervised;
use crate::support::PATIENCE;
use crate::support::dcmtk::{Storescp, call, objects, words};
use crate::support::requestor::connect_from;
use serde_json::{Value, json};
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const STUDY: &str = "0020,000d=2.25.79";

/// The PACS, the devices, and where they all connect to.
pub(super) struct Site {
    pub(super) pacs: Archive,
    gate: Arc<Mutex<SocketAddr>>,
    orthanc: Orthanc,
    objects: Vec<(&'static str, PathBuf)>,
    _viewer: Storescp,
    _directory: TempDir,
}

/// Another Orthanc, as a device that sends.
struct Orthanc {
    pages: SocketAddr,
    _server: Supervised,
}

/// Each of them comes from 127.7.0.N.
pub(super) const HONEST: [(&str, u8); 13] = [
    ("CT1", 1),
    ("MR1", 2),
    ("US1", 3),
    ("CR1", 4),
    ("WS1", 5),
    ("WS2", 6),
    ("WS3", 7),
    ("PY1", 8),
    ("PY2", 9),
    ("JS1", 10),
    ("JS2", 11),
    ("ROUTER", 12),
    ("MONITOR", 13),
];
/// Those that nobody invited.
pub(super) const SCANNER: u8 = 66;
pub(super) const THIEF: u8 = 67;
pub(super) const HARVESTER: u8 = 68;

impl Site {
    pub(super) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let viewer = Storescp::start();
        let known = ["WS1", "WS2"].map(|title| (title.to_owned(), viewer.address));
        let gate = Arc::new(Mutex::new(viewer.address));
        let orthanc = Orthanc::start(relay(12, &gate));
        let objects = objects(directory.path());
        let pacs = Archive::that_knows(Kind::Orthanc, &known);
        Self { pacs, gate, orthanc, objects, _viewer: viewer, _directory: directory }
    }

    /// From now on all devices connect there.
    pub(super) fn leads_to(&self, gate: SocketAddr) {
        *self.gate.lock().unwrap() = gate;
    }

    /// Everybody does its work; the titles of those that could not.
    pub(super) fn honest(&self) -> Vec<&'static str> {
        let failed = HONEST.iter().filter(|(title, number)| !self.works(title, *number));
        failed.map(|(title, _)| *title).collect()
    }

    fn works(&self, title: &str, number: u8) -> bool {
        let level = ["-S", "-k", "0008,0052=STUDY", "-k", STUDY];
        let into = TempDir::new().unwrap();
        let folder = into.path().to_str().unwrap();
        let dcmtk = |program: &str, options: &[&str], objects: &[PathBuf]| {
            let options: Vec<_> = options.iter().map(PathBuf::from).collect();
            let address = relay(number, &self.gate);
            let output = call(program, &options, [title, "PACS"], address, objects);
            println!("{title}: {}", words(&output));
            output.status.success()
        };
        match title {
            // A modality sends all day; who borrows its title does not.
            "CT1" => (0..3).all(|_| dcmtk("storescu", &[], &[self.object("explicit")])),
            "MR1" => dcmtk("storescu", &["-xi"], &[self.object("implicit")]),
            "US1" => self.scripted("scu.py", "store", title, number, 1),
            "CR1" => self.scripted("scu.js", "store", title, number, 1),
            "WS1" => dcmtk("findscu", &level, &[]),
            "WS2" => {
                let to = |title| dcmtk("movescu", &[&["-aem", title][..], &level].concat(), &[]);
                to("WS1") && to("WS2")
            }
            "WS3" => dcmtk("getscu", &[&["-od", folder][..], &level].concat(), &[]),
            "PY1" => self.scripted("scu.py", "find", title, number, 2),
            "PY2" => self.scripted("scu.py", "get", title, number, 1),
            "JS1" => self.scripted("scu.js", "find", title, number, 3),
            "JS2" => self.scripted("scu.js", "move", title, number, 1),
            "ROUTER" => self.orthanc.works(&self.object("explicit")),
            _ => dcmtk("echoscu", &[], &[]),
        }
    }

    fn object(&self, name: &str) -> PathBuf {
        self.objects.iter().find(|(known, _)| *known == name).unwrap().1.clone()
    }

    /// pynetdicom or dcmjs-dimse, which has to be told so many good things at least.
    fn scripted(&self, name: &str, what: &str, title: &str, number: u8, good: usize) -> bool {
        let into = TempDir::new().unwrap();
        let address = relay(number, &self.gate);
        let order = json!({
            "operation": what, "host": "127.0.0.1", "port": address.port(),
            "calling": title, "called": "PACS", "files": [self.object("explicit")], "workers": 1,
            "studies": [{ "patient": "4711", "study": "2.25.79", "series": "2.25.80" }],
            "classes": ["1.2.840.10008.5.1.4.1.1.2"], "syntaxes": ["1.2.840.10008.1.2.1"],
            "destination": "WS1", "into": into.path(),
        });
        let mut command = if name.ends_with(".py") {
            Command::new(python())
        } else {
            let mut node = Command::new("node");
            node.env("NODE_PATH", node_modules());
            node
        };
        let output = run(command.arg(script(name)).arg(order.to_string()));
        println!("{title}: {}", words(&output));
        let said = String::from_utf8_lossy(&output.stdout);
        let said = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let status: Vec<_> = said.map(|line| line["status"].as_u64()).collect();
        let is_good = |status: &Option<u64>| matches!(status, Some(0 | 0xff00 | 0xff01));
        output.status.success() && status.len() >= good && status.iter().all(is_good)
    }

    /// The three that nobody invited; which of them got through.
    pub(super) fn hostile(&self) -> Vec<u8> {
        let tries = |number: u8, program: &str, title: &str, called: &str, keys: &[&str]| {
            let keys = keys.iter().map(PathBuf::from).collect::<Vec<_>>();
            let address = relay(number, &self.gate);
            call(program, &keys, [title, called], address, &[]).status.success()
        };
        let titles = (0..12).map(|it| format!("TRY{it}"));
        let scanned = titles.filter(|it| tries(SCANNER, "echoscu", it, "PACS", &[])).count();
        let into = TempDir::new().unwrap();
        let study = ["-S", "-k", "0008,0052=STUDY", "-k", STUDY];
        let folder = ["-od", into.path().to_str().unwrap()];
        let stolen = tries(THIEF, "getscu", "CT1", "PACS", &[&folder[..], &study].concat());
        let all = ["-S", "-k", "0008,0052=STUDY", "-k", "0010,0010=*", "-k", "0020,000d"];
        let listed = (0..4).filter(|_| tries(HARVESTER, "findscu", "VIEW", "PACS", &all)).count();
        let got = [(SCANNER, scanned > 0), (THIEF, stolen), (HARVESTER, listed > 0)];
        got.into_iter().filter(|(_, got)| *got).map(|(number, _)| number).collect()
    }
}

impl Orthanc {
    fn start(gate: SocketAddr) -> Self {
        let directory = TempDir::new().unwrap();
        let storage = directory.path().join("storage");
        fs::create_dir(&storage).unwrap();
        let [port, pages] = [free(), free()];
        let gate = json!({ "gate": ["PACS", gate.ip().to_string(), gate.port()] });
        let file = write_orthanc_settings(&storage, port.port(), gate.as_object().unwrap());
        let mut settings: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        settings["DicomAet"] = "ROUTER".into();
        settings["HttpServerEnabled"] = true.into();
        settings["HttpPort"] = pages.port().into();
        settings["AuthenticationEnabled"] = false.into();
        fs::write(&file, settings.to_string()).unwrap();
        let server = Supervised::start(directory, &["/usr/sbin/Orthanc".into(), file]);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(pages).is_err() {
            assert!(Instant::now() < deadline, "{}", server.log());
            thread::sleep(Duration::from_millis(20));
        }
        Self { pages, _server: server }
    }

    /// Sends on what it was given.
    fn works(&self, object: &PathBuf) -> bool {
        let taken = self.post("/instances", &fs::read(object).unwrap());
        let taken: Value = serde_json::from_str(&taken).unwrap();
        let id = taken["ID"].as_str().unwrap();
        let sent = self.post("/modalities/gate/store", id.as_bytes());
        println!("ROUTER: {sent}");
        let sent: Value = serde_json::from_str(&sent).unwrap_or_default();
        sent["FailedInstancesCount"] == 0 && sent["InstancesCount"] == 1
    }

    fn post(&self, path: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.pages).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "POST {path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
        stream.write_all(body).unwrap();
        let mut heard = String::new();
        stream.read_to_string(&mut heard).unwrap();
        heard.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// What connects here comes to the gate from 127.7.0.N: few programs can choose where from.
fn relay(number: u8, gate: &Arc<Mutex<SocketAddr>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let gate = Arc::clone(gate);
    thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let gate = *gate.lock().unwrap();
            let gate = connect_from([127, 7, 0, number], gate).unwrap();
            let (back, forth) = (gate.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || pass(client, gate));
            thread::spawn(move || pass(back, forth));
        }
    });
    address
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
