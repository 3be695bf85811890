//! Certificates of kinds that openssl makes, and devices have, and the harness cannot make.

use crate::support::dcmtk::words;
use crate::support::scenario::Scenario;
use crate::support::settings::Settings;
use crate::support::site::{GATE_NAME, site};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

const SHORT_RSA: &str = "RSA -pkeyopt rsa_keygen_bits:1024";
const P_256: &str = "EC -pkeyopt ec_paramgen_curve:P-256";
const RSA: &str = "RSA -pkeyopt rsa_keygen_bits:2048";
const BRAINPOOL: &str = "EC -pkeyopt ec_paramgen_curve:brainpoolP256r1";
const RSA_PSS: &str = "RSA-PSS -pkeyopt rsa_keygen_bits:2048";
const POLICIES: &str = "certificatePolicies = critical, 1.2.3.4";
const AUTHORITY: &str = "basicConstraints = critical, CA:TRUE";

#[test]
#[ignore = "needs openssl: run tests/all"]
fn names_a_device_key_on_a_brainpool_curve() {
    let workshop = Workshop::new(P_256);
    workshop.issue("ct1", BRAINPOOL, "", "ca");
    let scenario = workshop.scenario("san_dns", "ct1.example");
    workshop.shake_hands("-tls1_2 -cert ct1.pem", scenario.gate.address);
    let line = scenario.refused_once("failed", "brainpool-key");
    assert_eq!(line["detail"], "a key of the chain is on a brainpool curve");
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn a_device_that_can_sign_nothing_for_the_gate_is_told_why_it_showed_no_certificate() {
    let workshop = Workshop::new(P_256);
    for (kind, versions) in [(BRAINPOOL, &["-tls1_3"][..]), (RSA_PSS, &["-tls1_2", "-tls1_3"])] {
        workshop.issue("ct1", kind, "", "ca");
        let scenario = workshop.scenario("san_dns", "ct1.example");
        for version in versions {
            let shown = format!("{version} -cert ct1.pem");
            workshop.shake_hands(&shown, scenario.gate.address);
        }
        let times = versions.len().try_into().unwrap();
        let line = scenario.refused("failed", "certificate-missing", times);
        let advice = line["advice"].as_str().unwrap();
        assert!(advice.contains("brainpool or RSA-PSS key"), "{advice}");
    }
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn an_optional_certificate_that_is_shown_is_judged_and_one_of_no_use_is_not_shown() {
    let workshop = Workshop::new(P_256);
    let hash = "echo Kanarienvogel-4711 | $PACSGATE hash-password | sed s/^/kiosk:/ > passwords";
    let hash = hash.replace("$PACSGATE", env!("CARGO_BIN_EXE_pacsgate"));
    workshop.run(&format!("umask 077; {hash}"));
    let optional = || Scenario::with(|settings| workshop.with_kiosk(settings));
    let both = ["-tls1_2", "-tls1_3"];
    workshop.issue("ct1", P_256, "", "ca");
    workshop.is_served("ct1", &optional());
    let scenario = optional();
    for version in both {
        workshop.shake_hands(version, scenario.gate.address);
    }
    // They had nothing to ask.
    scenario.refused("refused", "closed-before-request", 2);
    workshop.run("openssl req -x509 -new -key ct1.key -out ct1.pem -days 30 -subj /CN=ct1");
    let scenario = optional();
    for version in both {
        workshop.shake_hands(&format!("{version} -cert ct1.pem"), scenario.gate.address);
    }
    scenario.refused("failed", "ca-certificate", 2);
    workshop.issue("ct1", BRAINPOOL, "", "ca");
    let scenario = optional();
    workshop.shake_hands("-tls1_2 -cert ct1.pem", scenario.gate.address);
    scenario.refused("failed", "brainpool-key", 1);
    let scenario = optional();
    workshop.shake_hands("-tls1_3 -cert ct1.pem", scenario.gate.address);
    scenario.refused("refused", "closed-before-request", 1);
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn a_device_below_an_issuer_with_a_foreign_key_is_named_and_can_be_pinned() {
    for (kind, reason) in
        [(BRAINPOOL, "brainpool-key"), (RSA_PSS, "rsa-pss-key"), (SHORT_RSA, "short-rsa-key")]
    {
        let workshop = Workshop::new(P_256);
        workshop.issue("issuer", kind, AUTHORITY, "ca");
        workshop.issue("ct1", P_256, "", "issuer");
        let scenario = workshop.scenario("san_dns", "ct1.example");
        let address = scenario.gate.address;
        workshop.shake_hands("-tls1_3 -cert ct1.pem -cert_chain issuer.pem", address);
        workshop.can_be_pinned(&scenario.refused_once("failed", reason)["certificate"]["sha256"]);
    }
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn what_cannot_be_pinned_is_not_advised_to_be() {
    let workshop = Workshop::new(P_256);
    workshop.issue("ct1", SHORT_RSA, "", "ca");
    let digest = workshop.refused(&["-tls1_2", "-tls1_3"], "short-rsa-key", "not even pinned");
    workshop.is_refused_though_pinned(&digest, "short-rsa-key");
    workshop.issue("ct1", P_256, "", "ca");
    workshop.run(
        "openssl x509 -req -in ct1.csr -CA ca.pem -CAkey ca.key -days 30 -sha256 -out ct1.pem",
    );
    let digest =
        workshop.refused(&["-tls1_2", "-tls1_3"], "certificate-version", "not even pinned");
    assert_eq!(digest, Value::Null);
    workshop.issue("ct1", BRAINPOOL, "", "ca");
    let digest = workshop.refused(&["-tls1_2"], "brainpool-key", "not even pinned");
    workshop.is_refused_though_pinned(&digest, "brainpool-key");
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn a_device_whose_certificate_is_signed_with_sha1_can_be_pinned() {
    for kind in [P_256, RSA] {
        let workshop = Workshop::new(kind);
        workshop.issue("ct1", P_256, "", "ca");
        workshop.run(
            "openssl x509 -req -in ct1.csr -CA ca.pem -CAkey ca.key -days 30 -sha1 \
             -extfile ct1.ext -out ct1.pem",
        );
        let both = ["-tls1_2", "-tls1_3"];
        workshop.can_be_pinned(&workshop.refused(&both, "weak-signature", "pin its certificate"));
    }
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn a_device_with_critical_policies_can_be_pinned() {
    let workshop = Workshop::new(P_256);
    workshop.issue("ct1", P_256, POLICIES, "ca");
    let scenario = workshop.scenario("san_dns", "ct1.example");
    workshop.shake_hands("-tls1_3 -cert ct1.pem", scenario.gate.address);
    let line = scenario.refused_once("failed", "critical-extension");
    workshop.can_be_pinned(&line["certificate"]["sha256"]);
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn a_device_below_an_issuer_with_critical_policies_can_be_pinned() {
    let workshop = Workshop::new(P_256);
    workshop.issue("issuer", P_256, &format!("{AUTHORITY}\n{POLICIES}"), "ca");
    workshop.issue("ct1", P_256, "", "issuer");
    let scenario = workshop.scenario("san_dns", "ct1.example");
    let address = scenario.gate.address;
    workshop.shake_hands("-tls1_3 -cert ct1.pem -cert_chain issuer.pem", address);
    let line = scenario.refused_once("failed", "critical-extension");
    workshop.can_be_pinned(&line["certificate"]["sha256"]);
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn takes_a_name_with_an_underscore() {
    let workshop = Workshop::new(P_256);
    workshop.issue("ct_1", P_256, "", "ca");
    workshop.is_served("ct_1", &workshop.scenario("san_dns", "ct_1.example"));
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn check_names_foreign_keys_of_the_gate_and_of_its_cas() {
    for (kind, named) in [
        (BRAINPOOL, "is on a brainpool curve"),
        (RSA_PSS, "is an RSA-PSS key (rsassaPss) and no ordinary RSA key (rsaEncryption)"),
        (SHORT_RSA, "is an RSA key of less than 2048 bits"),
    ] {
        let workshop = Workshop::new(kind);
        workshop.issue("gate", kind, "", "ca");
        let output = workshop.check("gate");
        let words = words(&output);
        assert_eq!(output.status.code(), Some(78), "{words}");
        for (file, whose) in [("gate.key", "server certificate 1"), ("ca.pem", "CA 1")] {
            assert!(words.contains(&format!("{file}: {whose}: its key {named}")), "{words}");
        }
    }
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn check_says_of_a_certificate_of_the_gate_that_its_signature_is_weak_or_that_it_is_of_version_1() {
    let workshop = Workshop::new(P_256);
    workshop.issue("gate", P_256, "", "ca");
    let sign = "openssl x509 -req -in gate.csr -CA ca.pem -CAkey ca.key -days 30 -out gate.pem";
    workshop.run(&format!("{sign} -sha1 -extfile gate.ext"));
    let output = workshop.check("gate");
    let words = words(&output);
    assert_eq!(output.status.code(), Some(0), "{words}");
    assert!(
        words.contains("gate.pem: the certificate \"CN=gate\" is signed with SHA-1"),
        "{words}"
    );
    workshop.run(&format!("{sign} -sha256"));
    assert!(self::words(&workshop.check("gate")).contains("X.509 v3 (v1 cannot be used)"));
}

#[test]
#[ignore = "needs openssl: run tests/all"]
fn check_takes_a_certificate_of_the_gate_with_critical_policies() {
    let workshop = Workshop::new(P_256);
    workshop.issue("gate", P_256, POLICIES, "ca");
    let output = workshop.check("gate");
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    workshop.run("openssl genpkey -algorithm ed25519 -out gate.key");
    assert!(words(&workshop.check("gate")).contains("does not fit the first certificate"));
}

/// A folder with a CA, in which openssl works.
struct Workshop(TempDir);

impl Workshop {
    /// With a CA whose key is of this kind.
    fn new(kind: &str) -> Self {
        let workshop = Self(TempDir::new().unwrap());
        workshop.key("ca", kind);
        workshop.run("openssl req -x509 -new -key ca.key -out ca.pem -days 30 -subj '/CN=the CA'");
        workshop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn key(&self, name: &str, kind: &str) {
        self.run(&format!("umask 077; openssl genpkey -algorithm {kind} -out {name}.key"));
    }

    /// A client certificate for NAME.example with a key of this kind, and with these extensions.
    fn issue(&self, name: &str, kind: &str, extensions: &str, issuer: &str) {
        self.key(name, kind);
        self.run(&format!(
            "printf 'subjectAltName = DNS:{name}.example\nextendedKeyUsage = clientAuth\n\
             {extensions}\n' > {name}.ext
             openssl req -new -key {name}.key -out {name}.csr -subj /CN={name}
             openssl x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key \
             -CAcreateserial -days 30 -sha256 -extfile {name}.ext -out {name}.pem"
        ));
    }

    /// A gate that knows the CA, and its peer `ct1` by this.
    fn scenario(&self, matcher: &str, value: &str) -> Scenario {
        Scenario::with(|settings| self.configure(settings, matcher, value))
    }

    fn configure(&self, mut settings: Settings, matcher: &str, value: &str) -> Settings {
        settings.tls.insert("client_ca", format!("{:?}", self.path("ca.pem")));
        settings.ct1.insert("certificate", format!("[{{ {matcher} = {value:?} }}]"));
        settings
    }

    /// A certificate is optional, as there is a peer that has none.
    fn with_kiosk(&self, settings: Settings) -> Settings {
        let mut settings = self.configure(settings, "san_dns", "ct1.example");
        settings.tls.insert("client_certificate", "\"optional\"".into());
        let file = format!("{:?}", self.path("passwords"));
        settings.more.push(("passwords", [("file", file)].into()));
        let mut kiosk = settings.ct1.clone();
        for (key, value) in [
            ("certificate", "\"none\""),
            ("calling_ae", "[\"KIOSK\"]"),
            ("user_identity", "\"password\""),
            ("users", "[\"kiosk\"]"),
        ] {
            kiosk.insert(key, value.into());
        }
        settings.more.push(("peer.kiosk", kiosk));
        settings
    }

    /// `pacsgate check` where this is the gate's own certificate.
    fn check(&self, own: &str) -> Output {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let mut settings = self.configure(Settings::new(anywhere), "san_dns", "ct1.example");
        for (key, ending) in [("certificate", "pem"), ("private_key", "key")] {
            settings.tls.insert(key, format!("{:?}", self.path(&format!("{own}.{ending}"))));
        }
        let file = settings.file("pacsgate.toml", &settings.text());
        let mut check = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
        check.args(["check", "--config"]).arg(file).output().unwrap()
    }

    /// A TLS client with these arguments does what it can, with weak keys and signatures as well.
    fn shake_hands(&self, arguments: &str, gate: SocketAddr) {
        let key = if arguments.contains("-cert") { "-key ct1.key" } else { "" };
        // Until its input ends it reads, and so meets the alert that comes after its handshake.
        let weak = "-cipher DEFAULT@SECLEVEL=0";
        let script =
            format!("sleep 0.5 | openssl s_client {weak} {arguments} {key} -connect {gate}");
        let _ = self.shell(&script);
    }

    /// The device `ct1` is refused with an advice that says this, as often as it tries; the digest of
    /// its certificate.
    fn refused(&self, attempts: &[&str], reason: &str, advice: &str) -> Value {
        let scenario = self.scenario("san_dns", "ct1.example");
        for attempt in attempts {
            self.shake_hands(&format!("{attempt} -cert ct1.pem"), scenario.gate.address);
        }
        let line = scenario.refused("failed", reason, attempts.len().try_into().unwrap());
        assert!(line["advice"].as_str().unwrap().contains(advice), "{line}");
        assert!(line["wire"].as_str().unwrap().starts_with("TLS alert"), "{line}");
        line["certificate"]["sha256"].clone()
    }

    fn is_refused_though_pinned(&self, sha256: &Value, reason: &str) {
        let scenario = self.scenario("cert_sha256", sha256.as_str().unwrap());
        self.shake_hands("-tls1_2 -cert ct1.pem", scenario.gate.address);
        scenario.refused_once("failed", reason);
    }

    /// With its pin the device `ct1` gets its C-ECHO.
    fn can_be_pinned(&self, sha256: &Value) {
        self.is_served("ct1", &self.scenario("cert_sha256", sha256.as_str().unwrap()));
    }

    fn is_served(&self, name: &str, scenario: &Scenario) {
        fs::write(self.path("gate-ca.pem"), site().root.pem()).unwrap();
        self.run(&format!(
            "{} probe {} --calling CT1 --called PACS --certificate {name}.pem --key {name}.key \
             --ca gate-ca.pem --name {GATE_NAME}",
            env!("CARGO_BIN_EXE_pacsgate"),
            scenario.gate.address
        ));
        scenario.gate.audited("closed", "released");
    }

    fn run(&self, script: &str) {
        let output = self.shell(script);
        assert!(output.status.success(), "{script}\n{}", words(&output));
    }

    fn shell(&self, script: &str) -> Output {
        Command::new("bash").args(["-euc", script]).current_dir(&self.0).output().unwrap()
    }
}
