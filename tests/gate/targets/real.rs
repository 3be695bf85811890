//! Real servers as PACS: killed, stopped in their tracks, and without knowledge of the gate's title.

use super::{ASKED, before, served, told};
use crate::matrix::archives::{free_address, write_orthanc_settings};
use crate::matrix::supervised::Supervised;
use crate::support::PATIENCE;
use crate::support::pacs::Pacs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A program that ends with the test.
struct Server(Child);

impl Server {
    fn storescp(address: SocketAddr, directory: &Path) -> Self {
        let mut command = Command::new("/usr/bin/storescp");
        command.args(["--fork", "-aet", "ARCHIVE", "-od"]).arg(directory);
        command.arg(address.port().to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self(command.spawn().unwrap_or_else(|error| panic!("storescp: {error}")));
        wait_for(address);
        server
    }

    fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.0.id());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_for(address: SocketAddr) {
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "nothing listens at {address}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn local() -> SocketAddr {
    ([127, 0, 0, 1], free_address().port()).into()
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn a_storescp_that_is_stopped_in_its_tracks_is_down_and_alive_again() {
    let (directory, address, other) = (TempDir::new().unwrap(), local(), Pacs::good());
    let server = Server::storescp(address, directory.path());
    let gate = before(&[address, other.address], &[ASKED, ("fail_back", "0s")]);
    assert!(told(&gate, address, "alive").get("detail").is_none());
    let mut read = 0;
    assert_eq!(served(&gate, &mut read), address.to_string());
    // The kernel still takes connections for it.
    server.signal("STOP");
    let line = told(&gate, address, "down");
    assert!(line["detail"].as_str().unwrap().contains("did not answer"), "{line}");
    assert_eq!(served(&gate, &mut read), other.address.to_string());
    server.signal("CONT");
    gate.wait_for_next(&mut read, |line| line["reason"] == "alive");
    assert_eq!(served(&gate, &mut read), address.to_string());
    drop(server);
    gate.wait_for_next(&mut read, |line| line["reason"] == "down");
    assert_eq!(served(&gate, &mut read), other.address.to_string());
}

#[test]
#[ignore = "needs Orthanc: run tests/all"]
fn an_orthanc_that_does_not_know_the_title_is_alive_and_the_log_says_so() {
    let directory = TempDir::new().unwrap();
    let storage = directory.path().join("storage");
    std::fs::create_dir(&storage).unwrap();
    let address = local();
    let more = serde_json::json!({ "DicomAet": "ANOTHER", "DicomCheckCalledAet": true });
    let more = more.as_object().unwrap();
    let file = write_orthanc_settings(&storage, address.port(), &serde_json::Map::new());
    let text = std::fs::read_to_string(&file).unwrap();
    let mut settings: serde_json::Value = serde_json::from_str(&text).unwrap();
    settings.as_object_mut().unwrap().extend(more.clone());
    std::fs::write(&file, settings.to_string()).unwrap();
    let _orthanc = Supervised::start(directory, &["/usr/sbin/Orthanc".into(), file]);
    wait_for(address);
    let gate = before(&[address], &[ASKED]);
    let line = told(&gate, address, "alive");
    let detail = line["detail"].as_str().unwrap();
    assert!(detail.contains("rejects the title ARCHIVE as none of its own: it is alive"), "{line}");
    gate.wait_for_log("as none of its own: it is alive");
}
