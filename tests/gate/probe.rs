//! `pacsgate probe` over TLS.

use std::fs;
use std::net::SocketAddr;

use crate::support::authority::Profile;
use crate::support::stage::{Said, Stage, closed_port, said, silent_port};

/// What is given to the probe; CT1 with everything right unless a test says otherwise.
struct Probe<'a> {
    target: SocketAddr,
    calling: &'a str,
    certificate: String,
    key: String,
    ca: String,
    more: &'a [&'a str],
}

impl Probe<'_> {
    fn new(stage: &Stage) -> Self {
        Self {
            target: stage.gate,
            calling: "CT1",
            certificate: stage.file("ct1.pem"),
            key: stage.file("ct1.key"),
            ca: stage.file("ca.pem"),
            more: &[],
        }
    }

    fn at(stage: &Stage, target: SocketAddr) -> Self {
        Self { target, more: &["--timeout", "200ms"], ..Self::new(stage) }
    }

    fn run(&self) -> Said {
        let target = self.target.to_string();
        let mut arguments = vec!["probe", &target, "--calling", self.calling, "--called", "PACS"];
        arguments.extend(["--certificate", &self.certificate, "--key", &self.key]);
        arguments.extend(["--ca", &self.ca]);
        arguments.extend(self.more);
        said(&arguments)
    }
}

/// Writes a certificate that signs itself, and its key, into the stage's directory.
fn stranger(stage: &Stage) -> (String, String) {
    let stranger = Profile::client("stranger.example").self_signed();
    fs::write(stage.directory.join("stranger.pem"), stranger.chain_pem()).unwrap();
    fs::write(stage.directory.join("stranger.key"), stranger.key_pem()).unwrap();
    (stage.file("stranger.pem"), stage.file("stranger.key"))
}

fn assert_fails(said: &Said, words: &[&str]) {
    assert_eq!(said.code, Some(1), "{said:?}");
    for words in words {
        assert!(said.text.contains(words), "no {words:?} in {said:?}");
    }
}

#[test]
fn tells_every_step_of_a_gate_that_answers() {
    let stage = Stage::up(&[]);
    let said = Probe::new(&stage).run();
    assert_eq!(said.code, Some(0), "{said:?}");
    for words in [
        "TCP connected to",
        "TLS TLS 1.3",
        "proved its identity as 127.0.0.1",
        "accepted: CT1",
        "status 0000H",
        "release",
    ] {
        assert!(said.text.contains(words), "no {words:?} in {said:?}");
    }
}

#[test]
fn tells_a_title_that_the_gate_refuses() {
    let stage = Stage::up(&[]);
    let said = Probe { calling: "US1", ..Probe::new(&stage) }.run();
    assert_fails(&said, &["association FAILED: A-ASSOCIATE-RJ 1/1/3", "the gate's audit"]);
}

#[test]
fn tells_a_certificate_that_the_gate_refuses() {
    let stage = Stage::up(&[]);
    let (certificate, key) = stranger(&stage);
    let said = Probe { certificate, key, ..Probe::new(&stage) }.run();
    assert_fails(&said, &["TLS FAILED: TLS alert unknown_ca", "the server knows no CA"]);
}

#[test]
fn tells_a_server_of_a_foreign_ca() {
    let stage = Stage::up(&[]);
    let (ca, _) = stranger(&stage);
    let said = Probe { ca, ..Probe::new(&stage) }.run();
    assert_fails(&said, &["TLS FAILED: this side refuses", "none of the CAs given"]);
}

#[test]
fn tells_a_server_of_another_name() {
    let stage = Stage::up(&[]);
    let said = Probe { more: &["--name", "pacs.example"], ..Probe::new(&stage) }.run();
    assert_fails(&said, &["TLS FAILED", "it is for ", "localhost", " --name"]);
}

#[test]
fn tells_that_nobody_listens() {
    let stage = Stage::up(&[]);
    let (_closed, target) = closed_port();
    assert_fails(&Probe::at(&stage, target).run(), &["TCP FAILED:", "refused"]);
}

#[test]
fn tells_which_wait_was_in_vain() {
    let stage = Stage::up(&[]);
    let (_silent, target) = silent_port();
    assert_fails(&Probe::at(&stage, target).run(), &["TLS FAILED", "time-out of the handshake"]);
}

#[test]
fn tells_a_server_that_speaks_plain_dicom() {
    let stage = Stage::up(&[]);
    assert_fails(&Probe::at(&stage, stage.pacs).run(), &["TLS FAILED", "TLS on this port"]);
}

#[test]
fn ends_with_64_for_files_and_arguments_that_cannot_serve() {
    let stage = Stage::up(&[]);
    let missing = Probe { key: "/nonexistent".to_owned(), ..Probe::new(&stage) }.run();
    assert_eq!(missing.code, Some(64), "{missing:?}");
    let told = |said: &Said| {
        assert_eq!(said.code, Some(64), "{said:?}");
        said.stderr.replace(&format!("{}/", stage.directory.display()), "")
    };
    assert_eq!(told(&missing), "--key /nonexistent: cannot be read: No such file or directory\n");
    let missing = Probe { ca: "/nonexistent".to_owned(), ..Probe::new(&stage) }.run();
    assert!(told(&missing).starts_with("--ca /nonexistent: "), "{missing:?}");
    let foreign = Probe { key: stage.file("us1.key"), ..Probe::new(&stage) }.run();
    assert_eq!(
        told(&foreign),
        "--key us1.key: the key does not belong to the certificate ct1.pem\n"
    );
    let (certificate, key) = (stage.file("ct1.key"), stage.file("ct1.pem"));
    let swapped = Probe { certificate, key, ..Probe::new(&stage) }.run();
    assert_eq!(
        told(&swapped),
        "--key ct1.pem: holds a certificate, not a private key; have two paths been swapped?\n"
    );
    let long = Probe { calling: "A_TITLE_OF_17_CHARS", ..Probe::new(&stage) }.run();
    assert_eq!(long.code, Some(64), "{long:?}");
    assert_eq!(said(&["probe", "127.0.0.1:104"]).code, Some(64));
}
