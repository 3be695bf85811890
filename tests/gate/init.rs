//! `pacsgate init`: what it makes, what it leaves alone, what it asks, and what it says.

mod misuse;

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::check::as_ourselves;
use crate::reload::reload;
use crate::support::dcmtk::words;
use crate::support::gate::Gate;
use crate::support::pacs::{Accepted, Pacs};
use crate::support::typing::Typing;

const NAME: &str = "gate.hospital.example";
const MADE: [&str; 7] = [
    "pacsgate.toml",
    "tls/ca.crl",
    "tls/client-ca.pem",
    "tls/gateway-ecdsa.key",
    "tls/gateway-ecdsa.pem",
    "tls/gateway.key",
    "tls/gateway.pem",
];

#[test]
fn makes_what_a_gate_needs_for_its_group_alone() {
    let place = Place::new();
    let told = place.made("127.0.0.1:9");
    assert_eq!(place.files().keys().map(String::as_str).collect::<Vec<_>>(), MADE);
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert!(MADE.iter().all(|name| mode(place.gate(name)) == 0o640));
    assert!(["", "conf.d", "tls"].iter().all(|name| mode(place.gate(name)) == 0o750));
    assert_eq!((mode(place.path("ca")), mode(place.path("ca/ca.key"))), (0o700, 0o600));
    assert!(told.contains("ca issue ct1 --title CT1 --ca "), "{told}");
}

#[test]
fn one_more_command_lets_a_device_in() {
    let (place, pacs) = (Place::new(), Pacs::good());
    let told = place.made(&pacs.address.to_string());
    assert!(told.contains("PACS: answers C-ECHO."), "{told}");
    let before = place.check();
    assert_eq!(before.status.code(), Some(78));
    assert!(words(&before).contains("`pacsgate ca issue` writes one"), "{}", words(&before));
    place.issue("ct1");
    let after = place.check();
    assert!(after.status.success() && !words(&after).contains("warning"), "{}", words(&after));
    let tried = pacs.connections();
    let gate = place.start();
    assert_eq!(place.probe(&gate, "ct1", "CT1").status.code(), Some(0));
    assert_eq!(pacs.connections(), tried + 1);
    let other = place.probe(&gate, "ct1", "CT2");
    assert_eq!(other.status.code(), Some(1), "{}", words(&other));
    // What is revoked is no longer let in: the list is one that the gate has.
    place.done(&["ca", "revoke", "ct1", "--gate"], &["pacsgate.toml"]);
    reload(&gate);
    assert_eq!(place.probe(&gate, "ct1", "CT1").status.code(), Some(1));
    assert_eq!(pacs.connections(), tried + 1);
}

#[test]
fn a_second_run_changes_nothing() {
    let place = Place::new();
    place.made("127.0.0.1:9");
    let before = place.files();
    // Nothing is asked, and nothing given: there is nothing to be known.
    let output = place.init(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert!(!words(&output).contains("made"), "{}", words(&output));
    let output = place.init(&["--pacs", "192.0.2.1:104", "--title", "X"]).output().unwrap();
    assert!(words(&output).contains("--pacs and --title were not used"), "{}", words(&output));
    assert!(!words(&output).contains("--name"), "{}", words(&output));
    for given in [["--name", "other.example"], ["--ip", "192.0.2.1"]] {
        let output = place.init(&given).output().unwrap();
        let told = words(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("--name and --ip were not used: the gate has its"), "{told}");
    }
    assert_eq!(place.files(), before);
}

#[test]
fn what_is_missing_is_made_and_the_rest_stays() {
    let place = Place::new();
    place.made("127.0.0.1:9");
    let mut before = place.files();
    for name in ["tls/gateway.pem", "tls/gateway.key", "tls/ca.crl"] {
        fs::remove_file(place.gate(name)).unwrap();
        before.remove(name);
    }
    let own = format!("# mine\n{}", before["pacsgate.toml"]);
    fs::write(place.gate("pacsgate.toml"), &own).unwrap();
    before.insert("pacsgate.toml".to_owned(), own);
    let output = place.init(&["--name", NAME]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    let after = place.files();
    assert_eq!(after.keys().map(String::as_str).collect::<Vec<_>>(), MADE);
    assert!(before.iter().all(|(name, text)| after[name] == *text));
}

#[test]
fn half_a_pair_is_named_and_nothing_is_made() {
    let place = Place::new();
    place.made("127.0.0.1:9");
    fs::remove_file(place.gate("tls/gateway.key")).unwrap();
    let before = place.files();
    let output = place.init(&["--name", NAME]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output).contains("gateway.pem is there without "), "{}", words(&output));
    assert_eq!(place.files(), before);
}

#[test]
fn an_older_list_of_the_same_ca_gives_way_to_its_newest() {
    let place = Place::new();
    place.made("127.0.0.1:9");
    place.done(&["ca", "crl", "--no-gate"], &[]);
    let newest = fs::read_to_string(place.path("ca/ca.crl")).unwrap();
    assert_ne!(place.files()["tls/ca.crl"], newest);
    let output = place.init(&[]).output().unwrap();
    assert!(words(&output).contains("renewed"), "{}", words(&output));
    assert_eq!(place.files()["tls/ca.crl"], newest);
}

#[test]
fn the_gate_of_another_ca_is_told_that_devices_of_this_one_are_not_let_in() {
    let place = Place::new();
    place.made("127.0.0.1:9");
    fs::rename(place.path("ca"), place.path("former")).unwrap();
    let output = place.init(&["--no-passphrase"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert!(words(&output).contains("does not hold the CA"), "{}", words(&output));
}

#[test]
fn takes_a_ca_that_is_elsewhere() {
    let (place, elsewhere) = (Place::new(), Place::new());
    elsewhere.made("127.0.0.1:9");
    let given = ["ca.pem", "ca.crl"].map(|name| elsewhere.path("ca").join(name));
    let [certificate, list] = given.each_ref().map(|path| path.to_str().unwrap());
    let mut command = place.command("init", &["--client-ca", certificate, "--client-crl", list]);
    command.args(["--pacs", "127.0.0.1:9", "--title", "PACS", "--dir"]).arg(place.gate(""));
    let output = command.output().unwrap();
    let told = words(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("MISSING") && told.contains("ca server --no-gate"), "{told}");
    assert!(!place.path("ca").exists());
    let same = fs::read_to_string(&given[0]).unwrap();
    assert_eq!(place.files()["tls/client-ca.pem"], same);
    // A key is no certificate.
    let key = elsewhere.path("ca/ca.key");
    let output = Place::new().command("init", &["--client-ca", key.to_str().unwrap()]);
    let output = { output }.args(["--pacs", "a:1", "--title", "A", "--dir", "/nowhere"]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        words(&output).contains("holds a private key, not a certificate"),
        "{}",
        words(&output)
    );
}

#[test]
fn asks_on_a_terminal_for_what_is_not_given() {
    let place = Place::new();
    let mut typing = Typing::new(place.init(&["--name", NAME]));
    assert!(typing.asked().starts_with("Address and port of the PACS"));
    typing.types("10.10.0.5");
    // What is wrong is said, and asked again.
    let again = typing.asked();
    assert!(again.contains("port") && again.contains("\nAddress and port of the PACS"), "{again}");
    typing.types("127.0.0.1:9");
    assert_eq!(typing.asked(), "AE title of the PACS: ");
    typing.types("PACS");
    assert_eq!(typing.asked(), "Passphrase for the CA's key: ");
    assert!(!typing.shows());
    typing.types("canary: correct horse");
    assert_eq!(typing.asked(), "Again: ");
    typing.types("canary: correct horse");
    let (output, shown) = typing.ends();
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert!(!shown.contains("canary") && !words(&output).contains("canary"));
    assert!(place.files()["pacsgate.toml"].contains("address = \"127.0.0.1:9\""));
    let key = fs::read_to_string(place.path("ca/ca.key")).unwrap();
    assert!(key.contains("ENCRYPTED PRIVATE KEY"));
}

#[test]
fn gives_up_after_three_answers_that_cannot_be_used() {
    let place = Place::new();
    let mut typing = Typing::new(place.init(&["--name", NAME, "--no-passphrase"]));
    for _ in 0..3 {
        typing.asked();
        typing.types("nonsense");
    }
    let (output, _) = typing.ends();
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output).contains("give --pacs HOST:PORT"), "{}", words(&output));
    assert!(!place.path("ca").exists() && !place.gate("").exists());
}

#[test]
fn without_a_terminal_it_names_the_option() {
    let place = Place::new();
    for (given, named) in [
        (&["--no-passphrase"][..], "give --pacs HOST:PORT"),
        (&["--pacs", "a:1"], "give --title AE"),
        (&["--pacs", "a:1", "--title", "A"], "give --name NAME"),
    ] {
        let output = place.init(given).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{}", words(&output));
        assert!(words(&output).contains(named), "{}", words(&output));
    }
    let all = ["--pacs", "a:1", "--title", "A", "--name", NAME];
    let output = place.init(&all).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output).contains("--passphrase-file"), "{}", words(&output));
    assert!(!place.path("ca").exists() && !place.gate("").exists());
}

#[test]
fn takes_no_answer_that_the_gate_could_not_use() {
    for wrong in [
        ["--pacs", "10.10.0.5"],
        ["--title", "A\\B"],
        ["--title", "SEVENTEEN_LETTERS"],
        ["--name", "*.hospital.example"],
        ["--name", "10.10.0.4"],
        ["--port", "0"],
        ["--ip", "gate.hospital.example"],
        ["--ip", "0.0.0.0"],
        ["--ip", "::"],
        ["--ip", "224.0.0.1"],
    ] {
        let output = Place::new().init(&wrong).output().unwrap();
        if wrong == ["--name", "10.10.0.4"] {
            assert!(words(&output).contains("others"), "{}", words(&output));
            assert!(!words(&output).contains("cert_sha256"), "{}", words(&output));
        }
        assert_eq!(output.status.code(), Some(64), "{wrong:?}: {}", words(&output));
    }
}

#[test]
fn says_of_the_pacs_what_it_makes_of_the_gate() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let rejecting = |code: [u8; 3]| {
        Pacs::playing(move |accepted: &mut Accepted| {
            accepted.request();
            let [result, source, reason] = code;
            accepted.send(&[3, 0, 0, 0, 0, 4, 0, result, source, reason]);
            accepted.drain();
        })
    };
    let tls = Pacs::playing(|accepted| {
        accepted.send(&[0x15, 3, 3, 0, 2, 2, 10]);
        accepted.drain();
    });
    let (unknown, foreign) = (rejecting([1, 1, 3]), rejecting([1, 1, 7]));
    for (address, parts) in [
        (refused, &["NO ANSWER", "Is it running"][..]),
        (silent.local_addr().unwrap(), &["NO ANSWER"]),
        (unknown.address, &["It accepts only titles that it knows", "nothing to do"]),
        (foreign.address, &["NO ANSWER", "Correct `called_ae`"]),
        (tls.address, &["NO ANSWER", "It speaks TLS"]),
    ] {
        let told = Place::new().made(&address.to_string());
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(parts.iter().all(|part| told.contains(part)), "{parts:?}: {told}");
        assert!(told.contains("Next:"), "{told}");
    }
}

#[test]
fn what_a_title_has_in_it_stays_in_it() {
    let place = Place::new();
    let title = "A\"]#'x";
    let mut init = place.init(&["--pacs", "127.0.0.1:9", "--name", NAME, "--no-passphrase"]);
    let output = init.args(["--title", title]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    let read: toml::Table = place.files()["pacsgate.toml"].parse().unwrap();
    assert_eq!(read["pacs"]["archive"]["called_ae"][0].as_str(), Some(title));
}

#[test]
fn a_folder_that_cannot_be_is_named_and_the_next_run_goes_on() {
    let place = Place::new();
    fs::write(place.gate(""), "a file").unwrap();
    let all = ["--pacs", "127.0.0.1:9", "--title", "PACS", "--name", NAME, "--no-passphrase"];
    let output = place.init(&all).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert!(words(&output).contains("Not a directory"), "{}", words(&output));
    assert!(!place.path("ca").exists());
    fs::remove_file(place.gate("")).unwrap();
    let output = place.init(&all).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert_eq!(place.files().len(), MADE.len());
}

#[test]
#[ignore = "needs root, to mount a file system: run tests/all"]
fn a_full_disk_leaves_nothing_half_written_and_the_next_run_goes_on() {
    let place = Place::new();
    let all = format!("--pacs 127.0.0.1:9 --title PACS --name {NAME} --no-passphrase");
    let script = format!(
        "cd {}; mkdir gate; mount -t tmpfs -o size=64k tmpfs gate
         init() {{ {} init --dir gate --ca ca {all}; }}
         mkdir gate/tls gate/conf.d
         # Room for a file or two.
         dd if=/dev/zero of=gate/filler bs=4k count=14 2>/dev/null
         ! init
         ls -A gate/tls | grep '^[.]' && exit 3
         for made in $(ls gate/tls); do [ -s gate/tls/$made ] || exit 4; done
         first=$(sha256sum gate/tls/*)
         rm gate/filler
         init
         echo \"$first\" | sha256sum --check --quiet
         ls gate/pacsgate.toml gate/tls",
        place.0.path().display(),
        env!("CARGO_BIN_EXE_pacsgate"),
    );
    let mut command = Command::new("unshare");
    let output = command.args(["--mount", "sh", "-euc", &script]).output().unwrap();
    let told = words(&output);
    assert!(output.status.success(), "{:?}\n{told}", output.status);
    assert!(told.contains("No space left on device"), "{told}");
    assert!(told.contains("gateway-ecdsa.pem") && told.contains("gate/pacsgate.toml"), "{told}");
}

/// Where a gate and a CA are to be.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file in the gate's folder.
    fn gate(&self, name: &str) -> PathBuf {
        let folder = self.path("gate");
        if name.is_empty() { folder } else { folder.join(name) }
    }

    fn command(&self, subcommand: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
        command.arg(subcommand).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// `pacsgate init` with these arguments, for both folders.
    fn init(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("init", arguments);
        command.arg("--dir").arg(self.gate("")).arg("--ca").arg(self.path("ca"));
        command
    }

    /// Makes all of it; what was said.
    fn made(&self, pacs: &str) -> String {
        let all = ["--pacs", pacs, "--title", "PACS", "--name", NAME, "--no-passphrase"];
        let output = self.init(&all).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", words(&output));
        words(&output).to_owned()
    }

    /// A command of the CA, which goes well; the last words are files of the gate.
    fn done(&self, arguments: &[&str], files: &[&str]) {
        let (command, rest) = arguments.split_first().unwrap();
        let mut command = self.command(command, rest);
        command.args(files.iter().map(|name| self.gate(name)));
        let output = command.arg("--ca").arg(self.path("ca")).output().unwrap();
        assert!(output.status.success(), "{}", words(&output));
    }

    fn issue(&self, name: &str) {
        let title = name.to_uppercase();
        self.done(&["ca", "issue", name, "--title", &title, "--gate"], &["pacsgate.toml"]);
    }

    fn check(&self) -> Output {
        let mut check = self.command("check", &[]);
        check.args(as_ourselves()).arg("--config").arg(self.gate("pacsgate.toml"));
        check.output().unwrap()
    }

    /// The gate as it was made, but for its port.
    fn start(&self) -> Gate {
        let main = self.gate("pacsgate.toml");
        let text = fs::read_to_string(&main).unwrap();
        fs::write(&main, text.replace("[::]:2762", "127.0.0.1:0")).unwrap();
        Gate::start(TempDir::new().unwrap(), &main)
    }

    fn probe(&self, gate: &Gate, device: &str, title: &str) -> Output {
        let SocketAddr::V4(address) = gate.address else { panic!("{}", gate.address) };
        let file = |end: &str| self.path(&format!("ca/devices/{device}/{device}.{end}"));
        let mut probe = self.command("probe", &[&address.to_string(), "--name", NAME]);
        probe.args(["--calling", title, "--called", "PACS"]);
        probe.arg("--certificate").arg(file("pem")).arg("--key").arg(file("key"));
        probe.arg("--ca").arg(self.path("ca/ca.pem")).output().unwrap()
    }

    /// The gate's files, by their names.
    fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for folder in ["", "tls/", "conf.d/"] {
            for entry in fs::read_dir(self.gate(folder)).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_file() {
                    let name = format!("{folder}{}", entry.file_name().display());
                    files.insert(name, read(&entry.path()));
                }
            }
        }
        files
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
