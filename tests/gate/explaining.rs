//! `pacsgate explain` and `pacsgate unknown`.

use crate::plain_listeners;
use crate::reload::edit;
use crate::support::PATIENCE;
use crate::support::associate::{Associate, Item};
use crate::support::authority::{Authority, Identity, Profile, Usage, Validity};
use crate::support::dcmtk::words;
use crate::support::requestor::Caller;
use crate::support::scenario::{Scenario, assert_rejected};
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, site};
use crate::users::tokens::{Issuer, with_tokens};
use crate::users::with_passwords;
use crate::way_back::table;
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// A gate's configuration, and nothing that runs.
struct Asked {
    settings: Settings,
    main: PathBuf,
}

impl Asked {
    fn new(change: impl FnOnce(Settings) -> Settings) -> Self {
        let settings = change(Settings::new(SocketAddr::from(([127, 0, 0, 1], 9))));
        let main = settings.file("pacsgate.toml", &settings.text());
        Self { settings, main }
    }

    fn usual() -> Self {
        Self::new(|settings| settings)
    }

    fn certificate(&self, identity: &Identity) -> String {
        self.settings.file("device.pem", &identity.chain_pem()).display().to_string()
    }

    /// What `explain --json` says, and its exit code.
    fn explain(&self, arguments: &[&str]) -> (Value, i32) {
        let output = pacsgate(&self.main, "explain", &[&["--json"], arguments].concat(), None);
        let said = String::from_utf8(output.stdout.clone()).unwrap();
        let said = serde_json::from_str(&said);
        (said.unwrap_or_else(|_| panic!("{}", words(&output))), output.status.code().unwrap())
    }

    /// What is said of this certificate under these titles.
    fn of(&self, identity: &Identity, calling: &str, called: &str, more: &[&str]) -> Value {
        let certificate = self.certificate(identity);
        let usual = ["--certificate", &certificate, "--calling", calling, "--called", called];
        let source = if more.contains(&"--source") { &[][..] } else { &["--source", "127.0.0.1"] };
        let (said, code) = self.explain(&[&usual[..], source, more].concat());
        assert_eq!(code, i32::from(said["permitted"] == false), "{said}");
        said
    }
}

fn pacsgate(main: &Path, command: &str, arguments: &[&str], input: Option<&Path>) -> Output {
    let mut gate = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    gate.arg(command).arg("--config").arg(main).args(arguments);
    let input = input.map_or(Stdio::null(), |path| fs::File::open(path).unwrap().into());
    gate.stdin(input).output().unwrap()
}

fn is_refused(said: &Value, reason: &str, nearest: Option<&str>, wire: &str) {
    assert_eq!(said["reason"], reason, "{said}");
    assert_eq!(said["nearest"].as_str(), nearest, "{said}");
    assert_eq!(said["wire"], wire, "{said}");
    assert!(said["advice"].as_str().is_some_and(|advice| advice.len() > 10), "{said}");
    let checks = said["checks"].as_array().unwrap();
    let (last, before) = checks.split_last().unwrap();
    assert_eq!(last["good"], false, "{said}");
    assert!(before.iter().all(|check| check["good"] == true), "{said}");
}

#[test]
fn says_what_permits_an_association() {
    let asked = Asked::usual();
    let said = asked.of(&site().ct1, "CT1", "PACS", &["--service", "echo", "--service", "find"]);
    assert_eq!(said["permitted"], true, "{said}");
    assert_eq!((&said["peer"], &said["pacs"]), (&"ct1".into(), &"archive".into()));
    assert!(said["rule"].as_str().unwrap().contains("pacsgate.toml:"), "{said}");
    let contexts = said["contexts"].as_array().unwrap();
    assert_eq!(contexts[0]["sop_class"], "Verification");
    assert_eq!(contexts[0]["operations"], serde_json::json!(["c-echo"]));
    assert!(contexts[1..].iter().all(|context| context["removed"] == "not-permitted"), "{said}");
}

#[test]
fn judges_a_device_without_tls_by_its_address() {
    let asked = Asked::new(plain_listeners::plain);
    let of = |source, calling| {
        let listener = ["--listener", "plain", "--source", source];
        asked.explain(&[&listener[..], &["--calling", calling, "--called", "PACS"]].concat()).0
    };
    let said = of("127.0.0.20", "US1");
    assert_eq!((&said["permitted"], &said["peer"]), (&true.into(), &"us1".into()), "{said}");
    for (source, calling) in [("127.0.0.20", "US2"), ("127.0.0.21", "US1"), ("127.0.0.20", "CT1")] {
        let said = of(source, calling);
        assert_eq!(said["permitted"], false, "{said}");
        assert!(said["wire"].as_str().unwrap().starts_with("A-ASSOCIATE-RJ"), "{said}");
    }
    let certificate = asked.certificate(&site().ct1);
    let titles = ["--listener", "plain", "--calling", "CT1", "--called", "PACS"];
    let more = ["--source", "127.0.0.20", "--certificate", &certificate];
    let said = pacsgate(&asked.main, "explain", &[&titles[..], &more].concat(), None);
    assert_eq!(said.status.code(), Some(64), "{}", words(&said));
    assert!(words(&said).contains("listener plain is plain, and nobody shows"), "{}", words(&said));
}

#[test]
fn says_which_check_fails_and_what_was_missed_by_little() {
    let asked = Asked::new(|mut settings| {
        settings.ct1.insert("from", r#"["192.0.2.0/24"]"#.into());
        settings
    });
    let of = |calling, called, more: &[&str]| {
        asked.of(&site().ct1, calling, called, &[&["--source", "192.0.2.7"], more].concat())
    };
    let case = "the title differs in case from";
    let near = format!("{case} CT1");
    is_refused(&of("ct1", "PACS", &[]), "calling-title", Some(&near), "A-ASSOCIATE-RJ 1/1/3");
    let near =
        "the calling title is that of peer mr1, and the certificate or address that of peer ct1";
    is_refused(&of("MR1", "PACS", &[]), "calling-title", Some(near), "A-ASSOCIATE-RJ 1/1/3");
    let near = format!("{case} PACS");
    is_refused(&of("CT1", "pacs", &[]), "called-title", Some(&near), "A-ASSOCIATE-RJ 1/1/7");
    let find = of("CT1", "PACS", &["--service", "find"]);
    is_refused(&find, "no-permitted-service", None, "A-ASSOCIATE-RJ 1/1/1");
    let elsewhere = asked.of(&site().ct1, "CT1", "PACS", &["--source", "198.51.100.1"]);
    let near = "known peer ct1, other network: it may come from 192.0.2.0/24";
    is_refused(&elsewhere, "wrong-network", Some(near), "A-ASSOCIATE-RJ 1/1/1");
}

#[test]
fn judges_a_certificate_as_the_handshake_does() {
    let asked = Asked::usual();
    let expired = Profile { validity: Validity::Expired, ..Profile::client(CT1_NAME) };
    let servers = Profile { usage: Usage::Server, ..Profile::client(CT1_NAME) };
    for (identity, reason, wire) in [
        (site().root.issue(&expired), "certificate-expired", "TLS alert certificate_expired"),
        (site().root.issue(&servers), "key-usage-wrong", "TLS alert unsupported_certificate"),
        (
            Authority::root("elsewhere").issue(&Profile::client(CT1_NAME)),
            "unknown-issuer",
            "TLS alert unknown_ca",
        ),
    ] {
        is_refused(&asked.of(&identity, "CT1", "PACS", &[]), reason, None, wire);
    }
    let nobody = site().root.issue(&Profile::client("nobody.example"));
    let said = asked.of(&nobody, "CT1", "PACS", &[]);
    is_refused(&said, "unknown-certificate", None, "A-ASSOCIATE-RJ 1/1/1");
    // A digest says as much where it is pinned.
    let digest = site().mr1.sha256();
    let asking = ["--certificate", &digest, "--calling", "MR1", "--called", "PACS"];
    let (said, code) = asked.explain(&[&asking[..], &["--source", "127.0.0.1"]].concat());
    assert_eq!((&said["peer"], code), (&"mr1".into(), 0), "{said}");
    let bare = ["--calling", "MR1", "--called", "PACS", "--source", "127.0.0.1"];
    let (said, code) = asked.explain(&bare);
    is_refused(&said, "certificate-missing", None, "TLS alert certificate_required");
    assert_eq!(code, 1);
}

#[test]
fn takes_a_captured_request() {
    let asked = Asked::usual();
    let capture = |name: &str, bytes: &[u8]| {
        let path = asked.settings.directory.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let sound = Associate::echo("CT1", "PACS").encode();
    let digits: String = sound.iter().map(|byte| format!("{byte:02x} ")).collect();
    let certificate = asked.certificate(&site().ct1);
    let of = |file: &str| {
        let usual = ["--certificate", &certificate, "--source", "127.0.0.1", "--request", file];
        asked.explain(&usual)
    };
    for file in [capture("rq.bin", &sound), capture("rq.hex", digits.as_bytes())] {
        let (said, code) = of(&file);
        assert_eq!((&said["peer"], code), (&"ct1".into(), 0), "{said}");
    }
    let twice = Associate::echo("CT1", "PACS").with_user(Item::maximum_length(16_384));
    let hostile = twice.with_user(Item::maximum_length(99));
    let (said, code) = of(&capture("twice.bin", &hostile.encode()));
    assert_eq!((said["permitted"].as_bool(), code), (Some(false), 1), "{said}");
    assert!(said["checks"][0]["finding"].as_str().unwrap().starts_with("request: "), "{said}");
    for cut in [&sound[..3], &sound[..20], &[][..]] {
        let (said, code) = of(&capture("cut.bin", cut));
        assert_eq!((said["permitted"].as_bool(), code), (Some(false), 1), "{said}");
    }
}

#[test]
fn judges_the_user_without_a_secret() {
    let asked = Asked::new(|settings| with_passwords(settings, &["alice"], &["alice", "bob"]));
    let of = |more: &[&str]| asked.of(&site().ct1, "CT1", "PACS", more);
    assert_eq!(of(&["--user", "alice"])["permitted"], true);
    let rejected = "A-ASSOCIATE-RJ 1/2/1";
    is_refused(&of(&["--user", "bob"]), "user-not-listed", None, rejected);
    is_refused(&of(&["--user", "carol"]), "user-unknown", None, rejected);
    is_refused(&of(&[]), "identity-missing", None, rejected);

    let issuer = Issuer::new();
    let asked = Asked::new(|settings| with_tokens(settings, &issuer));
    let of = |token: &str| {
        let file = asked.settings.file("token.jwt", token).display().to_string();
        asked.of(&site().ct1, "CT1", "PACS", &["--token", &file])
    };
    assert_eq!(of(&issuer.token(|_| {}))["permitted"], true);
    let other = issuer.token(|claims| claims["sub"] = "bob".into());
    is_refused(&of(&other), "token-subject", None, rejected);
    let said = of(&Issuer::new().token(|_| {}));
    is_refused(&said, "token-signature", None, rejected);
    assert!(!said.to_string().contains("eyJ"), "{said}");
}

#[test]
fn explains_an_association_of_the_audit() {
    let scenario = Scenario::with(|mut settings| {
        let audit = settings.directory.path().join("audit.jsonl");
        settings.log.insert("audit", format!("{audit:?}"));
        settings
    });
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::echo("ct1", "PACS").encode());
    assert_rejected(&mut requestor, [1, 1, 3]);
    let directory = scenario.gate.directory.path().to_owned();
    let main = directory.join("pacsgate.toml");
    let audit = directory.join("audit.jsonl");
    let line = until("the line", || {
        let text = fs::read_to_string(&audit).unwrap();
        let refused = text.lines().find(|line| line.contains("\"refused\""))?.to_owned();
        serde_json::from_str::<Value>(&refused).ok()
    });
    assert_eq!(line["nearest"], "the title differs in case from CT1", "{line}");
    let id = line["id"].as_str().unwrap();
    let output = pacsgate(&main, "explain", &[id], None);
    let said = words(&output);
    assert_eq!(output.status.code(), Some(1));
    for part in [
        "refused: calling-title: the calling title is not bound to this certificate or address\n",
        "  good  certificate: a DNS name is a peer's\n",
        "  NO    calling title: it differs",
        "nearest miss        the title differs in case from CT1\n",
        "the device hears    A-ASSOCIATE-RJ 1/1/3\n",
        "decided then        refused, calling-title, at ",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    // The administrator mends it, and asks again before the reload.
    edit(&scenario.gate, r#"["CT1", "CT1_QR"]"#, r#"["CT1", "ct1"]"#);
    let output = pacsgate(&main, "explain", &[id], None);
    assert!(output.status.success(), "{}", words(&output));
    let output = pacsgate(&main, "explain", &["0123456789abcdef-7"], None);
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output).contains("the audit has no association"), "{}", words(&output));
}

#[test]
fn what_unknown_gives_lets_the_device_in() {
    let scenario = Scenario::with(|mut settings| {
        let audit = settings.directory.path().join("audit.jsonl");
        settings.log.insert("audit", format!("{audit:?}"));
        settings
    });
    let named = site().root.issue(&Profile::client("us1.radiology.example"));
    let foreign = Authority::root("elsewhere").issue(&Profile::client("us2.radiology.example"));
    for _ in 0..2 {
        let mut requestor = Caller::with(&named).call(scenario.gate.address).unwrap();
        requestor.send(&Associate::echo("US1", "PACS").encode());
        assert_rejected(&mut requestor, [1, 1, 1]);
    }
    Caller::with(&foreign).refused(scenario.gate.address);
    let directory = scenario.gate.directory.path().to_owned();
    let (main, audit) = (directory.join("pacsgate.toml"), directory.join("audit.jsonl"));
    let report = until("both certificates", || {
        let output = pacsgate(&main, "unknown", &["--json"], None);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (report["certificates"].as_array()?.len() == 2).then_some(report)
    });
    let of = |identity: &Identity| {
        let all = report["certificates"].as_array().unwrap();
        all.iter().find(|found| found["sha256"] == identity.sha256()).unwrap().clone()
    };
    let us1 = of(&named);
    assert_eq!((&us1["count"], &us1["calling_ae"][0]), (&2.into(), &"US1".into()), "{us1}");
    assert_eq!(us1["certificate"], r#"[{ san_dns = "us1.radiology.example" }]"#);
    let us2 = of(&foreign);
    let pin = format!("[{{ cert_sha256 = \"{}\" }}]", foreign.sha256());
    assert_eq!((&us2["certificate"], &us2["reason"]), (&pin.into(), &"unknown-issuer".into()));

    // As it is pasted, with what only the administrator knows filled in.
    let said = words(&pacsgate(&main, "unknown", &[], None));
    let (_, table) = said.split_once("    [peer.us1]\n").unwrap();
    let table = table.split("\n\n").next().unwrap();
    let table = table.replace("pacs = []", r#"pacs = ["archive"]"#);
    let table = table.replace("services = []", r#"services = ["echo"]"#);
    let text = fs::read_to_string(&main).unwrap();
    fs::write(&main, format!("{text}\n[peer.us1]\n{table}\n")).unwrap();
    scenario.gate.signal("HUP");
    scenario.gate.wait_for_log("configuration");
    until("the device to be let in", || {
        let mut requestor = Caller::with(&named).call(scenario.gate.address).ok()?;
        requestor.send(&Associate::echo("US1", "PACS").encode());
        (requestor.receive_pdu().kind == 2).then_some(())
    });

    // What others have written into the file is passed over, or shown without effect.
    let hostile = fs::read_to_string(&audit).unwrap().replace("US1", "US1\\u001b[2J");
    let hostile = hostile + "no line\n{\"certificate\":7}\n" + &"x".repeat(200_000);
    fs::write(&audit, hostile).unwrap();
    let said = words(&pacsgate(&main, "unknown", &["--audit", "-"], Some(&audit)));
    assert!(said.contains("2 unknown certificates") && !said.contains('\u{1b}'), "{said}");
}

#[test]
fn says_what_is_wrong_with_the_question() {
    let asked = Asked::usual();
    let fails = |arguments: &[&str], code: i32, part: &str| {
        let output = pacsgate(&asked.main, "explain", arguments, None);
        assert_eq!(output.status.code(), Some(code), "{}", words(&output));
        assert!(words(&output).contains(part), "{}", words(&output));
    };
    fails(&["--calling", "CT1"], 64, "--called");
    let usual = ["--calling", "CT1", "--called", "PACS", "--source", "127.0.0.1"];
    let with = |more: &[&'static str]| [&usual[..], more].concat();
    fails(&with(&["--certificate", "absent.pem"]), 1, "--certificate: absent.pem: ");
    fails(&with(&["--service", "stor"]), 64, "known are echo");
    fails(&with(&["--listener", "back"]), 64, "known are front");
    let digest = concat!("0a0b0c0d0e0f0a0b0c0d0e0f0a0b0c0d", "0e0f0a0b0c0d0e0f0a0b0c0d0e0f0a0b");
    fails(&with(&["--certificate", digest]), 1, "only the certificate itself");
    fs::write(&asked.main, "schema = 2\n").unwrap();
    fails(&with(&[]), 78, "schema");
}

#[test]
fn an_empty_standard_input_is_no_audit() {
    let asked = Asked::usual();
    for (command, arguments) in
        [("explain", &["0123456789abcdef-7"][..]), ("unknown", &[]), ("suggest", &[])]
    {
        let output = pacsgate(&asked.main, command, arguments, None);
        assert_eq!(output.status.code(), Some(1), "{command}: {}", words(&output));
        for part in ["nothing came from the standard input", "journalctl -u pacsgate -o cat |"] {
            assert!(words(&output).contains(part), "{command}: {}", words(&output));
        }
    }
    // Whoever names it, means it.
    let output = pacsgate(&asked.main, "unknown", &["--audit", "-"], None);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
}

#[test]
fn takes_a_token_from_a_file_that_an_editor_has_written() {
    let issuer = Issuer::new();
    let asked = Asked::new(|settings| with_tokens(settings, &issuer));
    let token = issuer.token(|_| {}) + "\n";
    let file = asked.settings.file("token.jwt", &token).display().to_string();
    let said = asked.of(&site().ct1, "CT1", "PACS", &["--token", &file]);
    assert_eq!(said["permitted"], true, "{said}");
}

/// A line of the audit, with what a test changes in it.
fn line(identity: &Identity, change: impl FnOnce(&mut Value)) -> Value {
    let mut line = serde_json::json!({
        "time": humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
        "event": "refused",
        "id": "0123456789abcdef-1",
        "listener": "front",
        "source": "127.0.0.1:1024",
        "certificate": {
            "sha256": identity.sha256(),
            "spki_sha256": identity.spki_sha256(),
            "dns": [CT1_NAME],
            "not_after": "2999-01-01T00:00:00Z",
        },
        "calling": "CT1",
        "called": "PACS",
        "peer": "ct1",
        "reason": "pacs-unreachable",
    });
    change(&mut line);
    line
}

#[test]
fn a_digest_has_the_names_that_a_handshake_has_accepted_and_no_others() {
    let asked = Asked::usual();
    let (ct1, digest) = (&site().ct1, site().ct1.sha256());
    let of = |lines: &[Value]| {
        let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
        let audit = asked.settings.file("audit.jsonl", &lines.join("\n")).display().to_string();
        let usual = ["--calling", "CT1", "--called", "PACS", "--source", "127.0.0.1"];
        let certificate = ["--certificate", &digest, "--audit", &audit, "--json"];
        pacsgate(&asked.main, "explain", &[&usual[..], &certificate].concat(), None)
    };
    let accepted = line(ct1, |_| {});
    let output = of(std::slice::from_ref(&accepted));
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert!(words(&output).contains("a CA of the gate vouches"), "{}", words(&output));
    // Anybody can make a certificate with this name.
    let refused = line(ct1, |line| {
        line["event"] = "failed".into();
        line["reason"] = "unknown-issuer".into();
    });
    for lines in [vec![refused.clone()], vec![accepted, refused]] {
        let output = of(&lines);
        assert_eq!(output.status.code(), Some(1), "{}", words(&output));
        assert!(words(&output).contains("refused it as unknown-issuer"), "{}", words(&output));
    }
    let output = of(&[line(ct1, |line| {
        line["certificate"]["not_after"] = "2020-01-01T00:00:00Z".into();
    })]);
    assert!(words(&output).contains("certificate-expired"), "{}", words(&output));
}

#[test]
fn an_id_is_judged_by_the_contexts_that_the_audit_has() {
    let asked = Asked::usual();
    let of = |change: fn(&mut Value), more: &[&str]| {
        let line = line(&site().ct1, change).to_string();
        let audit = asked.settings.file("audit.jsonl", &line).display().to_string();
        let usual = ["0123456789abcdef-1", "--audit", &audit];
        asked.explain(&[&usual[..], more].concat()).0
    };
    let none = |line: &mut Value| {
        let removed = serde_json::json!([{
            "id": 1, "abstract_syntax": "1.2.840.10008.5.1.4.1.2.1.1", "why": "not-permitted",
        }]);
        line["contexts"] = serde_json::json!({ "asked": 1, "removed": removed });
        line["reason"] = "no-permitted-service".into();
    };
    let said = of(none, &[]);
    is_refused(&said, "no-permitted-service", None, "A-ASSOCIATE-RJ 1/1/1");
    assert_eq!(said["contexts"].as_array().unwrap().len(), 1, "{said}");
    assert!(!said["assumed"].to_string().contains("presentation contexts"), "{said}");
    // Where it does not say which they were, none is held against the device.
    let unsaid = |line: &mut Value| line["contexts"] = serde_json::json!({ "asked": 3 });
    let said = of(unsaid, &[]);
    assert_eq!(said["permitted"], true, "{said}");
    assert!(said["assumed"][0].as_str().unwrap().contains("presentation contexts"), "{said}");
    let contexts = said["contexts"].as_array().unwrap();
    assert!(contexts.iter().all(|context| context["removed"].is_null()), "{said}");
    // What the arguments say counts instead.
    let said = of(unsaid, &["--service", "find"]);
    is_refused(&said, "no-permitted-service", None, "A-ASSOCIATE-RJ 1/1/1");
}

#[test]
fn an_id_that_was_refused_for_its_user_is_so_still() {
    let asked = Asked::new(|settings| with_passwords(settings, &["alice"], &["alice"]));
    let wrong = line(&site().ct1, |line| line["reason"] = "password-wrong".into()).to_string();
    let audit = asked.settings.file("audit.jsonl", &wrong).display().to_string();
    let usual = ["0123456789abcdef-1", "--audit", &audit];
    let (said, _) = asked.explain(&usual);
    is_refused(&said, "password-wrong", None, "A-ASSOCIATE-RJ 1/2/1");
    let (said, _) = asked.explain(&[&usual[..], &["--user", "alice"]].concat());
    assert_eq!(said["permitted"], true, "{said}");
}

#[test]
fn judges_every_sop_class_of_a_service_however_many_there_are() {
    let asked = Asked::usual();
    let said = asked.of(&site().ct1, "CT1", "PACS", &["--service", "store"]);
    assert!(said["contexts"].as_array().unwrap().len() > 128, "{said}");
    assert!(said["assumed"][0].as_str().unwrap().contains("128"), "{said}");
    let certificate = asked.certificate(&site().ct1);
    let usual = ["--calling", "CT1", "--called", "PACS", "--source", "127.0.0.1"];
    let more = ["--certificate", &certificate, "--service", "store", "--service", "find"];
    let output = pacsgate(&asked.main, "explain", &[&usual[..], &more].concat(), None);
    let said = words(&output);
    // A person can read them.
    assert!(said.lines().count() < 40 && said.contains("c-store"), "{said}");
    assert!(said.contains("not-permitted"), "{said}");
}

#[test]
fn a_request_and_a_certificate_are_files_and_a_token_may_be_piped() {
    let asked = Asked::usual();
    let certificate = asked.certificate(&site().ct1);
    let pipe = asked.main.with_file_name("pipe").display().to_string();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let said = |option: &str, file: &str| {
        let shown = if option == "--certificate" { file } else { &certificate };
        let mut usual = vec!["--certificate", shown, "--source", "127.0.0.1"];
        match option {
            "--request" => usual.extend([option, file]),
            "--token" => usual.extend([option, file, "--calling", "CT1", "--called", "PACS"]),
            _ => usual.extend(["--calling", "CT1", "--called", "PACS"]),
        }
        let output = pacsgate(&asked.main, "explain", &usual, None);
        assert_eq!(output.status.code(), Some(1), "{}", words(&output));
        words(&output).to_owned()
    };
    for option in ["--request", "--certificate"] {
        for file in [&*pipe, "/dev/zero"] {
            let said = said(option, file);
            assert!(said.contains(&format!("{option}: {file}: is not a regular file")), "{said}");
        }
    }
    // No more is read of one than of a file.
    let said = said("--token", "/dev/zero");
    assert!(said.contains("--token: /dev/zero: is larger than 1 MiB"), "{said}");
}

#[test]
fn a_request_that_is_cut_short_ends_as_at_the_gate() {
    let asked = Asked::usual();
    let certificate = asked.certificate(&site().ct1);
    let sound = Associate::echo("CT1", "PACS").encode();
    for (bytes, reason) in [
        (&sound[..0], "closed-before-request"),
        (&sound[..3], "closed-in-request"),
        (&sound[..20], "closed-in-request"),
    ] {
        let path = asked.settings.directory.path().join("cut.bin");
        fs::write(&path, bytes).unwrap();
        let file = path.display().to_string();
        let usual = ["--certificate", &certificate, "--source", "127.0.0.1", "--request", &file];
        is_refused(&asked.explain(&usual).0, reason, None, "close");
    }
}

#[test]
fn each_captured_request_that_breaks_a_rule_is_told_by_its_rule() {
    let asked = Asked::usual();
    let certificate = asked.certificate(&site().ct1);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/request");
    let mut told = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let is_sound = name.starts_with("sound-") || name.starts_with("noted-");
        if is_sound {
            continue;
        }
        let file = path.display().to_string();
        let usual = ["--certificate", &certificate, "--source", "127.0.0.1", "--request", &file];
        let (said, code) = asked.explain(&usual);
        assert_eq!((said["reason"].as_str(), code), (Some(&*name), 1), "{said}");
        told += 1;
    }
    assert!(told > 15, "{told}");
}

#[test]
fn a_flood_of_certificates_hides_none_that_a_ca_has_issued() {
    let asked = Asked::usual();
    let known = line(&site().ct1, |line| line["reason"] = "unknown-certificate".into());
    let digest = |number: usize| format!("{number:064x}");
    let flood = (0..3_000).map(|number| {
        line(&site().ct1, |line| {
            line["event"] = "failed".into();
            line["reason"] = "unknown-issuer".into();
            line["certificate"]["sha256"] = digest(number).into();
        })
    });
    let lines: Vec<_> = flood.chain([known]).map(|line| line.to_string()).collect();
    let audit = asked.settings.file("audit.jsonl", &lines.join("\n")).display().to_string();
    let output = pacsgate(&asked.main, "unknown", &["--json", "--audit", &audit], None);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = report["certificates"].as_array().unwrap();
    let has = |sha256: String| all.iter().any(|one| one["sha256"] == sha256);
    // Nor one that came last.
    assert!(has(site().ct1.sha256()) && has(digest(2_999)) && !has(digest(0)));
    assert!(all.len() < 2_100 && report["more"].as_u64().unwrap() > 900, "{}", all.len());
}

#[test]
fn nothing_in_the_audit_writes_into_the_table_that_is_pasted() {
    let asked = Asked::usual();
    let hostile = line(&site().ct1, |line| {
        line["reason"] = "unknown-certificate".into();
        line["calling"] = r#"X"], services = ["store"#.into();
        let name = r#"x" }, { cert_sha256 = "00"#;
        line["certificate"]["dns"] = serde_json::json!([name]);
        line["certificate"]["ca"] = serde_json::json!([name]);
    });
    let file = asked.settings.file("audit.jsonl", &hostile.to_string()).display().to_string();
    let output = pacsgate(&asked.main, "unknown", &["--audit", &file], None);
    let said = words(&output);
    let (_, table) = said.split_once("\n    certificate = ").unwrap();
    let pin = format!("[{{ cert_sha256 = \"{}\" }}]\n", site().ct1.sha256());
    assert!(table.starts_with(&pin) && table.contains("\n    calling_ae = []\n"), "{said}");
}

/// What becomes there in a while.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn says_what_a_pacs_may_send_to_a_peer() {
    let outward = |after: &str| {
        let after = format!("\"{after}\"");
        Asked::new(|mut settings| {
            let listener = [("bind", r#"["127.0.0.4:0"]"#), ("direction", r#""outward""#)];
            settings
                .more
                .push(("listener.inside", table(&[("plain", "true"), listener[0], listener[1]])));
            settings.archive.insert("from", r#"["127.0.0.5"]"#.into());
            settings.archive.insert("calling_ae", r#"["ARCHIVE"]"#.into());
            let reach = [("address", r#""127.0.0.1:9""#), ("plain", "true"), ("after", &*after)];
            let mut reach = table(&reach);
            reach.insert("services", r#"["store"]"#.into());
            settings.more.push(("peer.ct1.reach", reach));
            settings
        })
    };
    let asks = |asked: &Asked, calling: &str, more: &[&str]| {
        let usual =
            ["--listener", "inside", "--calling", calling, "--called", "CT1", "--service", "store"];
        let output = [&usual[..], &["--source", "127.0.0.5"], more].concat();
        words(&pacsgate(&asked.main, "explain", &output, None))
    };
    let said = asks(&outward("request"), "ARCHIVE", &[]);
    assert!(said.contains("permitted: PACS archive reaches peer ct1"), "{said}");
    assert!(said.contains("assumed             the PACS sends what was asked for"), "{said}");
    let said = asks(&outward("any"), "ARCHIVE", &[]);
    assert!(said.contains("permitted: PACS archive reaches peer ct1"), "{said}");
    assert!(!said.contains("asked for"), "{said}");
    let said = asks(&outward("request"), "OTHER", &[]);
    assert!(said.contains("refused: ") && said.contains("the PACS hears"), "{said}");
}
