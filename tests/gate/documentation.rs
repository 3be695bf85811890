//! The README, the shipped configuration and the example certificates do what they say.

use crate::check::as_ourselves;
use crate::support::associate::Associate;
use crate::support::dcmtk::words;
use crate::support::gate::{Gate, command};
use crate::support::pacs::Pacs;
use crate::support::requestor::Caller;
use crate::support::scenario::{Scenario, assert_rejected};
use crate::support::settings::Settings;
use crate::support::site::{gate_rsa, site};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

mod first_page;
pub(crate) mod made;
mod manual;
mod reasons;
mod recipes;
mod rules;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const README: &str = include_str!("../../README.md");
const CONFIGURATION: &str = include_str!("../../docs/configuration.md");
const EDGE: &str = include_str!("../../docs/edge.md");
const CERTIFICATES: &str = include_str!("../../certs-example/README.md");

/// What every shell snippet of the README that a test does not run begins with.
const NOT_RUN: [&str; 12] = [
    "apt install ",
    "systemctl enable ",
    "nc ",
    "cargo build --release\n",
    "cargo run ",
    "pacsgate probe --plain ",
    "pacsgate check ",
    "chown ",
    "journalctl ",
    "tests/all\n",
    "fuzz/smoke\n",
    "cargo bench ",
];

#[test]
fn the_page_explains_every_key_that_the_reference_shows() {
    let shown = ["pacsgate.toml", "conf.d/ct1.toml", "conf.d/workstation.toml"]
        .into_iter()
        .flat_map(|name| {
            keys(&fs::read_to_string(Path::new(ROOT).join("config").join(name)).unwrap())
        })
        .collect::<BTreeSet<_>>();
    let rows =
        CONFIGURATION.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let explained = rows.map(|(key, _)| key.to_owned()).collect::<BTreeSet<_>>();
    let missing: Vec<_> = shown.difference(&explained).collect();
    assert!(shown.len() > 40 && missing.is_empty(), "{missing:?} of {}", shown.len());
}

#[test]
fn the_defaults_on_the_page_are_those_of_the_reference() {
    let reference = fs::read_to_string(Path::new(ROOT).join("config/pacsgate.toml")).unwrap();
    let defaults = reference.lines().filter_map(|line| line.strip_prefix('#')?.split_once(" = "));
    let mut count = 0;
    for (key, value) in defaults.filter(|(key, _)| !key.contains(' ')) {
        let section = if ["level", "format", "audit"].contains(&key) { "log" } else { "limits" };
        let row = format!("| `{section}.{key}` | `{value}` | ");
        assert!(CONFIGURATION.contains(&row), "no {row}");
        count += 1;
    }
    assert_eq!(count, 32);
}

#[test]
fn the_ranges_on_the_page_are_those_that_check_names() {
    let rows = CONFIGURATION.lines().filter_map(|line| line.strip_prefix("| `limits."));
    let rows: Vec<_> = rows.map(|row| row.split(" | ").collect::<Vec<_>>()).collect();
    assert_eq!(rows.len(), 29);
    let folder = Folder::new();
    folder.write_readme_configuration();
    let main = fs::read_to_string(folder.path("pacsgate.toml")).unwrap();
    let limits = rows.iter().map(|row| {
        let key = row[0].trim_end_matches('`');
        let is_size = ["max_pdu", "identifier", "attributes"].contains(&key);
        let unit = if is_size { "B" } else { "s" };
        let is_number = row[2].bytes().all(|byte| byte.is_ascii_digit() || b" _to".contains(&byte));
        let nothing = if is_number { "0".to_owned() } else { format!("\"0{unit}\"") };
        format!("{key} = {nothing}\n")
    });
    let limits: String = limits.collect();
    folder.write("pacsgate.toml", &format!("{main}\n[limits]\n{limits}"));
    let told = words(&folder.check());
    for row in rows {
        let key = row[0].trim_end_matches('`');
        let range = format!(" is outside {}", row[2].replace('_', ""));
        let is_told =
            |line: &str| line.contains(&format!(" limits.{key}: ")) && line.ends_with(&range);
        assert!(told.lines().any(is_told), "limits.{key}{range}\n{told}");
    }
}

#[test]
fn the_configuration_of_the_readme_starts_a_gate() {
    let folder = Folder::new();
    folder.write_readme_configuration();
    let gate = folder.start();
    assert_eq!(gate.stop().code, Some(0));
}

#[test]
fn each_shipped_configuration_starts_a_gate() {
    for (main, with_drop_ins) in [("pacsgate.toml", true), ("minimal.toml", false)] {
        let folder = Folder::new();
        folder.write("pacsgate.toml", &shipped(main));
        let drop_ins = fs::read_dir(Path::new(ROOT).join("config/conf.d")).unwrap();
        for entry in drop_ins.filter(|_| with_drop_ins) {
            let name = format!("conf.d/{}", entry.unwrap().file_name().display());
            folder.write(&name, &shipped(&name));
        }
        let gate = folder.start();
        assert_eq!(gate.stop().code, Some(0), "{main}");
    }
}

#[test]
fn the_variables_on_the_page_override_something() {
    let line =
        snippets(CONFIGURATION, "sh").into_iter().find(|text| text.starts_with("PACSGATE__"));
    let folder = Folder::new();
    folder.write_readme_configuration();
    let mut command = command(&folder.path("pacsgate.toml"));
    for word in line.unwrap().split_whitespace() {
        let Some((name, value)) = word.split_once('=') else { break };
        command.env(name, value);
    }
    assert_eq!(Gate::spawn(folder.0, command).stop().code, Some(0));
}

#[test]
fn every_snippet_of_the_readme_is_known_to_these_tests() {
    for text in snippets(README, "sh") {
        let known = NOT_RUN.iter().any(|start| text.starts_with(start))
            || text.contains("openssl")
            || text.contains("echoscu ");
        assert!(known, "{text}");
    }
    let toml = snippets(README, "toml");
    let known = |text: &&String| {
        text.contains("[listener.") || text.starts_with("[peer.") || text.starts_with("[admin]")
    };
    assert_eq!(toml.iter().filter(known).count(), toml.len());
}

#[test]
fn the_readmes_search_finds_whoever_is_turned_away() {
    let scenario = Scenario::usual();
    Caller::anonymous().refused(scenario.gate.address);
    scenario.gate.audited("failed", "certificate-missing");
    let mut mistaken = scenario.ct1();
    mistaken.send(&Associate::echo("CT-2", "PACS").encode());
    assert_rejected(&mut mistaken, [1, 1, 3]);
    scenario.serves_a_good_peer();
    scenario.gate.audited("closed", "released");
    drop(scenario.associated());
    scenario.gate.audited("closed", "requestor-closed");
    let audit = scenario.gate.stop().stdout;
    let search = snippets(README, "sh").into_iter().find(|text| text.contains("| grep"));
    let (_, search) = search.as_deref().unwrap().split_once(" | ").unwrap();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("audit"), audit).unwrap();
    let output = run(&format!("< audit {search}"), folder.path());
    let found: Vec<Value> =
        words(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reasons: Vec<_> = found.iter().map(|line| &line["reason"]).collect();
    assert_eq!(reasons, ["certificate-missing", "calling-title", "requestor-closed"]);
}

#[test]
#[ignore = "needs openssl and DCMTK: run tests/all"]
fn the_readme_leads_from_certificates_to_a_refusal_that_explains_itself() {
    let work = TempDir::new().unwrap();
    let folder = Folder::new();
    for text in snippets(README, "sh").into_iter().filter(|text| text.contains("openssl")) {
        run(&folder.local(&text, work.path()), work.path());
    }
    folder.write_readme_configuration();
    folder.is_good_with_one_warning("client_crl");
    let pacs = Pacs::good();
    folder.before(&pacs);
    let gate = folder.start();
    let script = snippets(README, "sh").into_iter().find(|text| text.contains("echoscu "));
    let script = as_device(&script.unwrap(), gate.address);
    run(&script, work.path().join("imaging-ca"));
    assert_eq!(pacs.connections(), 2);
    for own in ["RSA", "ECDSA"] {
        run(&handshake(own, gate.address), work.path().join("imaging-ca"));
    }

    let shown: Value = serde_json::from_str(&snippets(README, "json")[0]).unwrap();
    let wrong = script.replace("calling CT1", "calling CT-2").replace("aet CT1", "aet CT-2");
    let output = shell(&wrong, work.path().join("imaging-ca"));
    assert!(words(&output).contains("1/1/3"), "{}", words(&output));
    let real = gate.audited("refused", "calling-title");
    for key in ["event", "calling", "called", "reason", "detail", "wire", "advice"] {
        assert_eq!(shown[key], real[key], "{key}");
    }
    let known: BTreeSet<_> = real.as_object().unwrap().keys().collect();
    assert!(shown.as_object().unwrap().keys().all(|key| known.contains(key)));
    assert_eq!(pacs.connections(), 2);
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn the_certificates_of_the_edge_are_made_for_what_it_needs() {
    let (work, folder) = (TempDir::new().unwrap(), Folder::new());
    let readme = snippets(README, "sh");
    let edge = snippets(EDGE, "sh");
    for text in readme.iter().filter(|text| text.contains("openssl req")).chain(&edge) {
        run(&folder.local(text, work.path()), work.path());
    }
    let made = work.path().join("imaging-ca");
    for (name, purpose, host) in [
        ("gateway-client", "sslclient", "gateway.radiology.example"),
        ("edge-client", "sslclient", "ct1.radiology.example"),
        ("edge-server", "sslserver", "ct1.radiology.example"),
    ] {
        run(
            &format!(
                "openssl verify -CAfile ca.pem -purpose {purpose} -verify_hostname {host} {name}.pem"
            ),
            &made,
        );
    }
    for name in ["edge-client.pem", "edge-client.key", "edge-server.pem", "edge-server.key"] {
        fs::copy(made.join(name), folder.path("tls").join(name)).unwrap();
    }
    fs::copy(made.join("ca.pem"), folder.path("tls/site-ca.pem")).unwrap();
    let here = shipped("edge.toml").replace("192.168.77.1:104", "127.0.0.1:0");
    folder.write("pacsgate.toml", &here.replace("10.1.2.3:2762", "127.0.0.1:0"));
    let output = folder.check();
    let told = words(&output);
    assert!(output.status.success() && !told.contains(".pem"), "{told}");
}

#[test]
#[ignore = "needs openssl and DCMTK: run tests/all"]
fn the_example_certificates_serve_and_the_revoked_one_does_not() {
    let work = TempDir::new().unwrap();
    let folder = Folder::new();
    std::os::unix::fs::symlink(
        Path::new(ROOT).join("certs-example"),
        work.path().join("certs-example"),
    )
    .unwrap();
    let script: String = snippets(CERTIFICATES, "sh").concat();
    run(&folder.local(&script, work.path()), work.path());
    folder.write_readme_configuration();
    let pacs = Pacs::good();
    folder.before(&pacs);
    let main = fs::read_to_string(folder.path("pacsgate.toml")).unwrap();
    let own = snippets(CERTIFICATES, "toml").concat();
    let (before, behind) = main.split_once("certificate = ").unwrap();
    let (_, behind) = behind.split_once("[pacs").unwrap();
    folder.write("pacsgate.toml", &format!("{before}{own}\n[pacs{behind}"));
    let gate = folder.start();
    let example = work.path().join("imaging-ca");
    assert!(echo("ct1", &example, gate.address).status.success());
    assert!(!echo("ct2", &example, gate.address).status.success());
    gate.audited("failed", "certificate-revoked");
    assert_eq!(pacs.connections(), 1);
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn the_example_ca_renews_its_list_in_a_fresh_shell_and_signs_nothing_without_a_name() {
    let work = TempDir::new().unwrap();
    run(&format!("{ROOT}/certs-example/make imaging-ca"), work.path());
    let example = work.path().join("imaging-ca");
    let scripts = snippets(CERTIFICATES, "sh");
    let of = |word: &str| scripts.iter().find(|text| text.contains(word)).unwrap();
    let named = of("NAMES=");
    let nameless = named.replace("NAMES=DNS:mr1.radiology.example", "");
    let output = shell(&format!("unset NAMES\n{nameless}"), &example);
    assert!(!output.status.success() && words(&output).contains("NAMES-is-not-set"));
    run(&named.replace("mkdir mr1", ""), &example);
    let list = || fs::read(example.join("gate/client-ca.crl")).unwrap();
    let before = list();
    let (revocation, renewal) = of("-revoke").split_once('\n').unwrap();
    let (renewal, rest) = renewal.split_once('\n').unwrap();
    for command in [revocation, renewal] {
        run(&format!("unset NAMES\n{command}"), &example);
    }
    assert_ne!(list(), before);
    assert!(rest.contains("install ") && rest.contains("reload pacsgate"), "{rest}");
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn the_example_script_overwrites_nothing() {
    let work = TempDir::new().unwrap();
    let make = Path::new(ROOT).join("certs-example/make");
    let output = Command::new(&make).arg(work.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read_dir(work.path()).unwrap().count(), 0);
    assert_eq!(Command::new(&make).output().unwrap().status.code(), Some(64));
}

/// A folder in the place of /etc/pacsgate.
struct Folder(TempDir);

impl Folder {
    /// With certificates of this harness under the names of the documentation.
    fn new() -> Self {
        // Settings know how to write files that the gate accepts.
        let settings = Settings::new(SocketAddr::from(([127, 0, 0, 1], 9)));
        let crl =
            site().root.crl(&[], std::time::SystemTime::now() + crate::support::authority::DAY);
        for name in ["tls", "conf.d"] {
            DirBuilder::new().mode(0o750).create(settings.directory.path().join(name)).unwrap();
        }
        for (name, identity) in [("gateway", gate_rsa()), ("gateway-ecdsa", &site().gate)] {
            settings.file(&format!("tls/{name}.pem"), &identity.chain_pem());
            settings.file(&format!("tls/{name}.key"), &identity.key_pem());
        }
        settings.file("tls/client-ca.pem", &site().root.pem());
        settings.file("tls/client-ca.crl", &crl);
        Self(settings.directory)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file with paths and ports that fit a test.
    fn write(&self, name: &str, text: &str) {
        let folder = self.0.path().display().to_string();
        let text = text.replace("/etc/pacsgate", &folder).replace("/run/pacsgate", &folder);
        let text =
            text.replace("[::]:2762", "127.0.0.1:0").replace("127.0.0.1:9120", "127.0.0.1:0");
        fs::write(self.path(name), text).unwrap();
    }

    /// Writes the files of the README; of several for one peer the last stays. What is shown alone of the
    /// main one is added to it.
    fn write_readme_configuration(&self) {
        for text in snippets(README, "toml") {
            if text.starts_with("[admin]") {
                let main = fs::read_to_string(self.path("pacsgate.toml")).unwrap();
                self.write("pacsgate.toml", &format!("{main}\n{text}"));
                continue;
            }
            match text.strip_prefix("[peer.").and_then(|rest| rest.split_once(']')) {
                Some((peer, _)) => self.write(&format!("conf.d/{peer}.toml"), &text),
                None => self.write("pacsgate.toml", &text),
            }
        }
    }

    fn check(&self) -> Output {
        let mut check = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
        check.arg("check").args(as_ourselves()).arg("--config").arg(self.path("pacsgate.toml"));
        check.output().unwrap()
    }

    /// `pacsgate check` warns of this key and of nothing else.
    fn is_good_with_one_warning(&self, key: &str) {
        let output = self.check();
        let words = words(&output);
        let warnings: Vec<_> = words.lines().filter(|line| line.starts_with("warning")).collect();
        assert!(output.status.success(), "{words}");
        assert!(matches!(warnings[..], [one] if one.contains(key)), "{words}");
    }

    /// Puts this PACS in the place of the example's.
    fn before(&self, pacs: &Pacs) {
        let text = fs::read_to_string(self.path("pacsgate.toml")).unwrap();
        self.write("pacsgate.toml", &text.replace("10.10.0.5:104", &pacs.address.to_string()));
    }

    /// A script of the documentation for a user who is not root.
    fn local(&self, script: &str, work: &Path) -> String {
        let script = script.replace("/etc/pacsgate", &self.0.path().display().to_string());
        let script = script.replace("/root/", &format!("{}/", work.display()));
        let script = script.replace("-o root -g pacsgate ", "");
        script.lines().filter(|line| !line.contains("systemctl re")).collect::<Vec<_>>().join("\n")
            + "\n"
    }

    fn start(self) -> Gate {
        let configuration = self.path("pacsgate.toml");
        Gate::start(self.0, &configuration)
    }
}

fn shipped(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join("config").join(name)).unwrap()
}

/// The keys of a configuration file as the README writes them, those in comments included.
fn keys(text: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut section = String::new();
    for line in text.lines() {
        // A table that may be left out is in a comment as a whole.
        let bare = line.strip_prefix("# ").filter(|bare| bare.ends_with(']')).unwrap_or(line);
        if let Some((name, _)) = bare.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let mut words: Vec<_> = name.split('.').collect();
            if let Some(own) = words.get_mut(1) {
                *own = "NAME";
            }
            section = words.join(".") + ".";
            continue;
        }
        let line = line.strip_prefix('#').unwrap_or(line);
        if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ")
            && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            keys.insert(format!("{section}{key}"));
        }
    }
    keys
}

/// The code blocks of one language.
fn snippets(markdown: &str, language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    let blocks = markdown.split(&fence).skip(1);
    blocks.map(|rest| rest.split_once("\n```").unwrap().0.to_owned() + "\n").collect()
}

/// The commands of a device, with the programs and the gate of this test.
fn as_device(script: &str, gate: SocketAddr) -> String {
    script
        .replace("pacsgate ", concat!(env!("CARGO_BIN_EXE_pacsgate"), " "))
        .replace("echoscu ", "/usr/bin/echoscu ")
        .replace("storescu ", "/usr/bin/storescu ")
        .replace("GATE-HOST:2762", &gate.to_string())
        .replace("GATE-HOST 2762", &format!("{} {}", gate.ip(), gate.port()))
}

/// A device with TLS 1.2 that understands only this kind of server certificate.
fn handshake(own: &str, gate: SocketAddr) -> String {
    format!(
        "openssl s_client -tls1_2 -cipher ECDHE-{own}-AES128-GCM-SHA256 -cert ct1.pem \
         -key ct1.key -CAfile ca.pem -verify_return_error -connect {gate} < /dev/null"
    )
}

fn echo(device: &str, example: &Path, gate: SocketAddr) -> Output {
    let script = format!(
        "/usr/bin/echoscu -aet CT1 -aec PACS +tls {device}.key {device}.pem +cf gate-ca.pem \
         127.0.0.1 {}",
        gate.port()
    );
    shell(&script, example.join(device))
}

fn shell(script: &str, directory: impl AsRef<Path>) -> Output {
    Command::new("bash").args(["-euc", script]).current_dir(directory).output().unwrap()
}

fn run(script: &str, directory: impl AsRef<Path>) -> Output {
    let output = shell(script, directory);
    assert!(output.status.success(), "{script}\n{}", words(&output));
    output
}
