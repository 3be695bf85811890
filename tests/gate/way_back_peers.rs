//! The way back with real peers: archives that send to `storescp` with TLS, through the gate.

use crate::matrix::archives::{Archive, Kind, free_address, objects_under, until_it_listens};
use crate::matrix::front::{Front, PUBLIC_TITLE, Version};
use crate::matrix::supervised::Supervised;
use crate::support::authority::{Algorithm, Profile, Usage};
use crate::support::dcmtk::{call, data_set, objects, settings, words};
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, site};
use crate::way_back::table;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use tempfile::TempDir;

/// The study of the objects that are stored.
const STUDY: &str = "0020,000d=2.25.79";
/// What is in each of them.
const PATIENT: &[u8] = b"Doe^Jane";

/// `storescp` at a port with TLS, which takes the gate's certificate and no other.
struct Device {
    address: SocketAddr,
    directory: PathBuf,
    _server: Supervised,
}

impl Device {
    fn start() -> Self {
        let shown = Profile {
            usage: Usage::Server,
            algorithm: Algorithm::Rsa,
            ..Profile::client(CT1_NAME)
        };
        let (shown, temporary) = (site().root.issue(&shown), TempDir::new().unwrap());
        let directory = temporary.path().join("received");
        std::fs::create_dir(&directory).unwrap();
        let file = |name: &str, content: String| -> OsString {
            let path = temporary.path().join(name);
            std::fs::write(&path, content).unwrap();
            path.into()
        };
        let (key, certificate) = (file("key", shown.key_pem()), file("crt", shown.chain_pem()));
        let ca = file("ca", site().root.pem());
        let address = free_address();
        let mut command: Vec<OsString> =
            ["/usr/bin/storescp", "+B", "+xa", "--unique-filenames", "-aet", "CT1", "+tls"]
                .map(Into::into)
                .into();
        command.extend([key, certificate, "-rc".into(), "+cf".into(), ca]);
        command.extend(["-od".into(), directory.clone().into()]);
        command.push(address.port().to_string().into());
        let server = Supervised::start(temporary, &command);
        until_it_listens(address, &server);
        Self { address, directory, _server: server }
    }
}

/// All that passes between the gate and a device.
struct Tap {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<u8>>>::default());
        let all = Arc::clone(&seen);
        thread::spawn(move || {
            for from in listener.incoming() {
                let (from, to) = (from.unwrap(), TcpStream::connect(target).unwrap());
                for (mut from, mut to) in [
                    (from.try_clone().unwrap(), to.try_clone().unwrap()),
                    (to.try_clone().unwrap(), from.try_clone().unwrap()),
                ] {
                    let all = Arc::clone(&all);
                    thread::spawn(move || copy(&mut from, &mut to, &all));
                }
            }
        });
        Self { address, seen }
    }

    fn seen(&self) -> Vec<u8> {
        self.seen.lock().unwrap().clone()
    }
}

fn copy(from: &mut TcpStream, to: &mut TcpStream, all: &Mutex<Vec<u8>>) {
    let mut buffer = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        all.lock().unwrap().extend(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// The gate between an archive, which comes to this address, and a device behind the tap.
fn gate(archive: &Archive, outward: SocketAddr, device: SocketAddr) -> Front {
    let services = r#"["echo", "store", "move"]"#;
    let mut settings = settings(Settings::new(archive.address)).services(services);
    settings.archive.insert("from", r#"["127.0.0.1"]"#.into());
    let mut inside = table(&[("plain", "true"), ("direction", r#""outward""#)]);
    inside.insert("bind", format!("[\"{outward}\"]"));
    settings.more.push(("listener.inside", inside));
    let mut reach = table(&[("services", r#"["store"]"#)]);
    reach.insert("address", format!("\"{device}\""));
    settings.more.push(("peer.ct1.reach", reach));
    let shown = site().root.issue(&Profile::client("gateway.radiology.example"));
    let mut tls = table(&[]);
    for (key, name, content) in [
        ("ca", "devices.crt", site().root.pem()),
        ("certificate", "shown.crt", shown.chain_pem()),
        ("private_key", "shown.key", shown.key_pem()),
    ] {
        tls.insert(key, format!("{:?}", settings.file(name, &content)));
    }
    tls.insert("name", format!("{CT1_NAME:?}"));
    settings.more.push(("peer.ct1.reach.tls", tls));
    Front::with(settings)
}

/// `ct1` stores objects and has them moved to itself; they arrive as they were, and nobody on the way
/// has seen them.
fn comes_back(kind: Kind) {
    let device = Device::start();
    let tap = Tap::before(device.address);
    let outward = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 4), free_address().port()));
    let archive = Archive::that_knows(kind, &[("CT1".into(), outward)]);
    let front = gate(&archive, outward, tap.address);
    let made = TempDir::new().unwrap();
    let mut stored = Vec::new();
    for (_, file) in objects(made.path()).into_iter().filter(|(name, _)| *name == "explicit") {
        stored.push(data_set(&file));
        store(&front, &file);
    }
    let said = movescu(&front);
    assert!(said.contains("0x0000: Success"), "{said}");
    assert_eq!(objects_under(&device.directory), stored);
    let seen = tap.seen();
    assert!(seen.len() > stored[0].len() && !has(&seen, PATIENT), "{} bytes", seen.len());
    assert!(!has(&seen, &stored[0][stored[0].len() - 64..]));
    let line = front.gate.wait_for_audit(|line| {
        line["direction"] == "outward" && line["event"] == "closed" && line["peer"] == "ct1"
    });
    assert_eq!(line["operations"][0]["operation"], "c-store", "{line}");
}

fn store(front: &Front, file: &Path) {
    let options = front.credentials.options();
    let files = [file.to_owned()];
    let output = call("storescu", &options, ["CT1", PUBLIC_TITLE], front.gate.address, &files);
    assert!(output.status.success(), "{}", words(&output));
}

fn movescu(front: &Front) -> String {
    let port = front.stunnel(Version::Tls13).port().to_string();
    let mut command = Command::new("/usr/bin/movescu");
    command.args(["-d", "-aet", "CT1", "-aec", PUBLIC_TITLE, "-S", "-aem", "CT1"]);
    command.args(["-k", "0008,0052=STUDY", "-k", STUDY, "127.0.0.1", &port]);
    words(&command.output().unwrap())
}

fn has(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

#[test]
#[ignore = "needs DCMTK and stunnel: run tests/all"]
fn dcmqrscp_sends_to_storescp_with_tls() {
    comes_back(Kind::Dcmqrscp);
}

#[test]
#[ignore = "needs Orthanc, DCMTK and stunnel: run tests/all"]
fn orthanc_sends_to_storescp_with_tls() {
    comes_back(Kind::Orthanc);
}
