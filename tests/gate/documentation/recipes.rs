//! The recipes are run as they are written.

use super::{Folder, README, ROOT, as_device, run, shell, snippets};
use crate::matrix::archives::free_address;
use crate::reload::reload;
use crate::support::dcmtk::{objects, words};
use crate::support::gate::Gate;
use crate::support::pacs::Pacs;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const RECIPES: &str = include_str!("../../../docs/recipes.md");

/// The folder in which the recipes are run: the certificates, and an object.
struct Kitchen {
    work: TempDir,
    folder: Folder,
    pacs: Pacs,
}

impl Kitchen {
    fn new() -> Self {
        let (work, folder) = (TempDir::new().unwrap(), Folder::new());
        run(&format!("{ROOT}/certs-example/make imaging-ca"), work.path());
        let gate = work.path().join("imaging-ca/gate");
        for entry in fs::read_dir(gate).unwrap().map(Result::unwrap) {
            let to = folder.path("tls").join(entry.file_name());
            fs::copy(entry.path(), to).unwrap();
        }
        let object = objects(work.path()).swap_remove(0).1;
        for place in ["", "imaging-ca/ct1"] {
            fs::copy(&object, work.path().join(place).join("image.dcm")).unwrap();
        }
        folder.write_readme_configuration();
        let pacs = Pacs::good();
        folder.before(&pacs);
        Self { work, folder, pacs }
    }

    /// Puts what the recipe has for the configuration into it, in the place of the usual peer.
    fn configure(&self, text: &str) {
        let at = text.find("[peer.").unwrap();
        let (main, peer) = text.split_at(at);
        let before = fs::read_to_string(self.folder.path("pacsgate.toml")).unwrap();
        self.folder.write("pacsgate.toml", &(before + "\n" + main));
        self.folder.write("conf.d/ct1.toml", peer);
    }

    fn run(&self, script: &str) {
        run(&self.folder.local(script, self.work.path()), self.work.path());
    }

    fn start(self) -> (TempDir, Pacs, Gate) {
        (self.work, self.pacs, self.folder.start())
    }
}

/// The blocks of one language below this heading.
fn of(heading: &str, language: &str) -> Vec<String> {
    let (_, rest) = RECIPES.split_once(&format!("\n## {heading}\n")).unwrap();
    snippets(rest.split("\n## ").next().unwrap(), language)
}

#[test]
#[ignore = "needs openssl and DCMTK: run tests/all"]
fn a_ca_that_was_made_by_hand_can_revoke() {
    let (work, folder, pacs) = (TempDir::new().unwrap(), Folder::new(), Pacs::good());
    let by_hand =
        snippets(README, "sh").into_iter().find(|text| text.contains("openssl req -x509"));
    let recipe = of("A private CA with OpenSSL", "sh");
    let [records, revocation] = &recipe[..] else { panic!("two blocks: {recipe:?}") };
    for script in [&by_hand.expect("the README makes a CA by hand"), records] {
        run(&folder.local(script, work.path()), work.path());
    }
    folder.write_readme_configuration();
    folder.before(&pacs);
    let main = fs::read_to_string(folder.path("pacsgate.toml")).unwrap();
    let [names] = &of("A private CA with OpenSSL", "toml")[..] else { panic!("one block") };
    let names = folder.local(names, work.path());
    folder
        .write("pacsgate.toml", &main.replace("\nclient_ca = ", &format!("\n{names}client_ca = ")));
    let revocation = folder.local(revocation, work.path());
    let gate = folder.start();
    let made = work.path().join("imaging-ca");
    let echo = "echoscu -aet CT1 -aec PACS +tls ct1.key ct1.pem +cf ca.pem GATE-HOST 2762";
    run(&as_device(echo, gate.address), &made);
    run(&revocation, work.path());
    reload(&gate);
    assert!(!shell(&as_device(echo, gate.address), &made).status.success());
    gate.audited("failed", "certificate-revoked");
    assert_eq!(pacs.connections(), 1);
}

#[test]
#[ignore = "needs openssl and DCMTK: run tests/all"]
fn dcmtk_is_a_device() {
    let (work, pacs, gate) = Kitchen::new().start();
    run(&as_device(&of("DCMTK as a device", "sh").concat(), gate.address), work.path());
    assert_eq!(pacs.connections(), 2);
}

#[test]
#[ignore = "needs openssl and DCMTK: run tests/all"]
fn a_user_has_a_password() {
    let kitchen = Kitchen::new();
    let heading = "A user with a password";
    let [hash, store] = <[String; 2]>::try_from(of(heading, "sh")).unwrap();
    let hash = hash.replace(
        "pacsgate ",
        concat!("echo 'four words of it' | ", env!("CARGO_BIN_EXE_pacsgate"), " "),
    );
    kitchen.run(&hash);
    kitchen.configure(&of(heading, "toml").concat());
    let (work, pacs, gate) = kitchen.start();
    let store = as_device(&store, gate.address);
    run(&format!("PASSWORD='four words of it'\n{store}"), work.path());
    assert_eq!(pacs.connections(), 1);
    assert!(!shell(&format!("PASSWORD=another\n{store}"), work.path()).status.success());
    gate.audited("refused", "password-wrong");
}

#[test]
#[ignore = "needs openssl and DCMTK: run tests/all"]
fn an_issuer_has_a_file_of_keys() {
    let kitchen = Kitchen::new();
    let heading = "An issuer with a file of keys";
    let [issue, store] = <[String; 2]>::try_from(of(heading, "sh")).unwrap();
    kitchen.run(&issue);
    kitchen.configure(&of(heading, "toml").concat());
    let (work, pacs, gate) = kitchen.start();
    run(&as_device(&store, gate.address), work.path());
    assert_eq!(pacs.connections(), 1);
    let line = gate.wait_for_audit(|line| line["event"] == "closed");
    assert_eq!((&line["user"], &line["issuer"]), (&"alice".into(), &"login".into()));
}

#[test]
#[ignore = "needs openssl and DCMTK: run tests/all"]
fn a_device_changes_its_pinned_certificate_without_an_interruption() {
    let kitchen = Kitchen::new();
    let heading = "Another certificate for a device, without an interruption";
    kitchen.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout new.key -out new.pem -days 30 -subj /CN=ct1",
    );
    let digest = |file: &str| {
        let script = of(heading, "sh").concat().replace("new.pem", file);
        words(&run(&script, kitchen.work.path())).trim().to_owned()
    };
    let (old, new) = (digest("imaging-ca/ct1/ct1.pem"), digest("new.pem"));
    let both = of(heading, "toml").concat().replace("OLD", &old).replace("NEW", &new);
    let peer = fs::read_to_string(kitchen.folder.path("conf.d/ct1.toml")).unwrap();
    let (before, behind) = peer.split_once("certificate = ").unwrap();
    let (_, behind) = behind.split_once('\n').unwrap();
    kitchen.folder.write("conf.d/ct1.toml", &format!("{before}{both}{behind}"));
    let (work, pacs, gate) = kitchen.start();
    for name in ["imaging-ca/ct1/ct1", "new"] {
        let echo = format!(
            "echoscu +tls {name}.key {name}.pem +cf imaging-ca/ct1/gate-ca.pem -aet CT1 -aec PACS \
             GATE-HOST 2762\n"
        );
        run(&as_device(&echo, gate.address), work.path());
    }
    assert_eq!(pacs.connections(), 2);
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn a_device_is_shown_the_certificate_that_it_understands() {
    let (work, _pacs, gate) = Kitchen::new().start();
    run(&as_device(&of("RSA and ECDSA side by side", "sh").concat(), gate.address), work.path());
}

#[test]
#[ignore = "needs openssl, DCMTK, Orthanc and curl: run tests/all"]
fn orthanc_is_a_device() {
    let (work, pacs, gate) = Kitchen::new().start();
    let heading = "Orthanc as a device";
    let [settings] = <[String; 1]>::try_from(of(heading, "json")).unwrap();
    let settings = settings.replace("GATE-HOST", &gate.address.ip().to_string());
    let mut settings: Value = serde_json::from_str(&settings).unwrap();
    settings["DicomModalities"]["gate"]["Port"] = gate.address.port().into();
    let [http, dicom] = [free_address(), free_address()].map(|address| address.port());
    // What a test needs besides, on a machine on which Orthanc may run already.
    for (key, value) in [
        ("HttpPort", json!(http)),
        ("DicomPort", json!(dicom)),
        ("StorageDirectory", json!(work.path().join("orthanc"))),
        ("IndexDirectory", json!(work.path().join("orthanc"))),
        ("Plugins", json!([])),
    ] {
        settings[key] = value;
    }
    let file = work.path().join("orthanc.json");
    fs::write(&file, settings.to_string()).unwrap();
    let orthanc = Orthanc::start(&file, work.path());
    let script = of(heading, "sh").concat().replace("8042", &http.to_string());
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let output = shell(&script, work.path());
        if output.status.success() {
            assert_eq!(words(&output).trim(), "{}");
            break;
        }
        // It answers nothing until it has started.
        let starting = words(&output).contains("Failed to connect");
        assert!(starting && Instant::now() < deadline, "{}", words(&output));
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(orthanc);
    assert_eq!(pacs.connections(), 1);
    gate.wait_for_audit(|line| line["event"] == "opened");
}

/// Ended when dropped.
struct Orthanc(Child);

impl Orthanc {
    fn start(settings: &Path, work: &Path) -> Self {
        let mut command = Command::new("/usr/sbin/Orthanc");
        command.arg(settings).current_dir(work).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("Orthanc: {error}; run tests/all")))
    }
}

impl Drop for Orthanc {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
