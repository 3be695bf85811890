//! TLS of real devices. The PACS behind the gate speaks none, so these are not held directly.

use crate::operation::echoing;
use crate::patches::servers::TITLE;
use crate::play::{Heard, before_pacs, one};
use crate::recorder::Recorder;
use crate::support::associate::Associate;
use crate::support::authority::{Algorithm, Profile, Usage};
use crate::support::dcmtk::{Credentials, call, words};
use crate::support::dimse::echo_rq;
use crate::support::gate::Gate;
use crate::support::line::Line;
use crate::support::pdu::{Pdu, release_rq};
use crate::support::requestor::{Caller, TLS12};
use crate::support::settings::Settings;
use crate::support::site::{GATE_NAME, gate_rsa, site};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// What Schannel of Windows 8.1 and Server 2012 R2 offers, in OpenSSL's names: with an RSA
/// certificate there is no suite of it with forward secrecy and GCM but for DHE.
const WINDOWS_8_1: &str = "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA:\
    ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:\
    DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA";

/// Windows 8.1 and Server 2012 R2: cea-sec/openwec#137, Icinga/icinga-powershell-framework#771.
#[test]
#[ignore = "needs OpenSSL: run tests/all"]
fn windows_8_1_connects_where_there_is_an_ecdsa_certificate() {
    let (_pacs, gate) = gate(|settings| settings);
    let device = Device::of_the_site();
    let offer = format!("-tls1_2 -cipher {WINDOWS_8_1}");
    assert_eq!(device.echoes(&offer, gate.address), echoed());
}

/// The same where there is none: the advice says what is missing.
#[test]
#[ignore = "needs OpenSSL: run tests/all"]
fn windows_8_1_is_refused_with_the_cure_where_there_is_no_ecdsa_certificate() {
    let (_pacs, gate) = gate(|mut settings| {
        settings.serve(gate_rsa());
        settings
    });
    let offer = format!("-tls1_2 -cipher {WINDOWS_8_1}");
    assert_eq!(Device::of_the_site().echoes(&offer, gate.address), [Heard::Ended]);
    let advice = advice(&gate, "no-common-cipher");
    assert!(advice.contains("ECDSA server certificate"), "{advice}");
}

/// The certificate that the Orthanc Book makes for a modality: CN only, CA:TRUE, pinned.
/// orthanc.uclouvain.be/book/faq/dicom-tls.html
#[test]
fn passes_a_self_signed_authority_without_names_that_is_pinned() {
    let identity = Profile {
        dns: Vec::new(),
        ca: true,
        usage: Usage::Unstated,
        algorithm: Algorithm::Rsa,
        ..Profile::client("localhost")
    };
    let identity = identity.self_signed();
    let (_pacs, gate) = gate(|settings| pinned(settings, &identity.sha256()));
    let mut requestor = Caller::with(&identity).call(gate.address).unwrap();
    assert_eq!(echoing().speak(&mut requestor), echoed());
}

/// The same by the commands of the book, with DCMTK's echoscu.
#[test]
#[ignore = "needs DCMTK and OpenSSL: run tests/all"]
fn echoscu_passes_with_the_certificate_of_the_orthanc_book() {
    let device = Device::made(
        "openssl req -x509 -nodes -days 365 -newkey rsa:2048 -keyout device.key -out device.pem \
         -subj /C=BE/CN=localhost",
    );
    let (_pacs, gate) = gate(|settings| pinned(settings, &device.sha256()));
    let file = |name: &str| device.0.path().join(name);
    let options =
        ["+tls".into(), file("device.key"), file("device.pem"), "+cf".into(), file("gate-ca.pem")];
    let output = call("echoscu", &options, ["CT1", TITLE], gate.address, &[]);
    assert!(output.status.success(), "{}", words(&output));
}

/// DCMTK sends no server name, and may offer `dicom` as the protocol.
#[test]
fn passes_without_a_server_name_and_with_a_protocol() {
    let (_pacs, gate) = gate(|settings| settings);
    for alpn in [Vec::new(), vec!["dicom"]] {
        let caller = Caller { sni: false, alpn, versions: TLS12, ..Caller::with(&site().ct1) };
        assert_eq!(echoing().speak(&mut caller.call(gate.address).unwrap()), echoed());
    }
}

/// echoscu with DCMTK's own defaults.
#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn echoscu_passes_with_its_defaults() {
    let (_pacs, gate) = gate(|settings| settings);
    let credentials = Credentials::of(&site().ct1);
    let output = call("echoscu", &credentials.options(), ["CT1", TITLE], gate.address, &[]);
    assert!(output.status.success(), "{}", words(&output));
}

/// TLS 1.0 and nothing else, as of Mirth Connect with dcm4che 2: nextgenhealthcare/connect#4348.
#[test]
#[ignore = "needs OpenSSL: run tests/all"]
fn refuses_tls_1_0_by_its_name() {
    let (_pacs, gate) = gate(|settings| settings);
    let offer = "-tls1 -cipher ALL:@SECLEVEL=0";
    assert_eq!(Device::of_the_site().echoes(offer, gate.address), [Heard::Ended]);
    let advice = advice(&gate, "tls-version");
    assert!(advice.contains("TLS 1.2"), "{advice}");
}

/// A device without TLS at the port for TLS: Enet4/dicom-rs#722, dcm4che/dcm4chee-arc-light#2213.
#[test]
fn refuses_dicom_without_tls_by_its_name() {
    let (_pacs, gate) = gate(|settings| settings);
    let _ = echoing().directly(gate.address);
    let advice = advice(&gate, "plain-dicom");
    assert!(advice.contains("Switch TLS on"), "{advice}");
}

/// A ClientHello in the form of SSL 2, as old Java sends it.
#[test]
fn refuses_the_hello_of_ssl_2_by_its_name() {
    let (_pacs, gate) = gate(|settings| settings);
    let hello = [&[0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10][..], &[0x2f; 0x25]].concat();
    let mut stream = TcpStream::connect(gate.address).unwrap();
    stream.write_all(&hello).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    let line = gate.wait_for_audit(|line| line["event"] == "failed");
    assert!(line["advice"].as_str().unwrap().contains("SSL 2"), "{line}");
}

/// No client certificate: PantelisGeorgiadis/dcmjs-dimse#59.
#[test]
fn refuses_a_device_without_a_certificate_by_its_name() {
    let (_pacs, gate) = gate(|settings| settings);
    let _ = Caller::anonymous().refused(gate.address);
    assert!(advice(&gate, "certificate-missing").contains("client certificate"));
}

/// Critical certificate policies, of the authorities of hospitals: rustls/webpki#30,
/// astral-sh/uv#19903. A pin asks for no extension.
#[test]
#[ignore = "needs OpenSSL: run tests/all"]
fn passes_a_pinned_certificate_with_critical_policies() {
    let device = Device::made(
        "openssl req -x509 -nodes -days 30 -newkey rsa:2048 -keyout device.key -out device.pem \
         -subj /CN=ct1 -addext certificatePolicies=critical,1.2.3.4 \
         -addext basicConstraints=critical,CA:FALSE",
    );
    let (_pacs, gate) = gate(|settings| pinned(settings, &device.sha256()));
    assert_eq!(device.echoes("-tls1_3", gate.address), echoed());
}

/// A key on a brainpool curve: the advice names it.
#[test]
#[ignore = "needs OpenSSL: run tests/all"]
fn refuses_a_brainpool_key_by_its_name() {
    let device = Device::made(
        "openssl req -x509 -nodes -days 30 -newkey ec -pkeyopt ec_paramgen_curve:brainpoolP256r1 \
         -keyout device.key -out device.pem -subj /CN=ct1",
    );
    let (_pacs, gate) = gate(|settings| pinned(settings, &device.sha256()));
    assert_eq!(device.echoes("-tls1_2", gate.address), [Heard::Ended]);
    let line = gate.wait_for_audit(|line| line["event"] == "failed");
    assert!(line["advice"].as_str().unwrap().contains("brainpool"), "{line}");
}

/// Host names of old networks have underscores.
#[test]
fn passes_a_name_with_an_underscore() {
    let identity = site().root.issue(&Profile::client("ct_1.radiology.example"));
    let (_pacs, gate) = gate(|mut settings| {
        let known = r#"[{ san_dns = "ct_1.radiology.example" }]"#;
        settings.ct1.insert("certificate", known.into());
        settings
    });
    let mut requestor = Caller::with(&identity).call(gate.address).unwrap();
    assert_eq!(echoing().speak(&mut requestor), echoed());
}

/// A device closes its half of TCP behind its last PDU: fo-dicom/fo-dicom#896 has clients that
/// close once they have sent all. storescp, dcmqrscp and Orthanc answer all the same.
#[test]
fn passes_the_answers_to_a_device_that_has_closed_its_half() {
    let (_pacs, gate) = gate(|settings| settings);
    let tcp = TcpStream::connect(gate.address).unwrap();
    let config = Arc::new(Caller::with(&site().ct1).config());
    let name = ServerName::try_from(GATE_NAME).unwrap();
    let mut tls = StreamOwned::new(ClientConnection::new(config, name).unwrap(), tcp);
    tls.write_all(&Associate::echo("CT1", TITLE).encode()).unwrap();
    assert_eq!(Pdu::read(&mut tls).unwrap().kind, 2);
    tls.write_all(&[one(&echo_rq(1)), release_rq()].concat()).unwrap();
    tls.flush().unwrap();
    tls.sock.shutdown(Shutdown::Write).unwrap();
    assert_eq!(Pdu::read(&mut tls).unwrap().kind, 4);
    assert_eq!(Pdu::read(&mut tls).unwrap().kind, 6);
}

/// A device of which OpenSSL is the TLS, with its certificate and key in a folder.
struct Device(TempDir);

/// An `s_client`.
struct Client(Child);

impl Device {
    /// The certificate of the peer `ct1`.
    fn of_the_site() -> Self {
        let device = Self::empty();
        for (name, content) in
            [("device.pem", site().ct1.chain_pem()), ("device.key", site().ct1.key_pem())]
        {
            std::fs::write(device.0.path().join(name), content).unwrap();
        }
        device
    }

    /// A certificate that this command makes.
    fn made(command: &str) -> Self {
        let device = Self::empty();
        device.shell(command);
        device
    }

    fn empty() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("gate-ca.pem"), site().root.pem()).unwrap();
        Self(folder)
    }

    fn sha256(&self) -> String {
        let output = self.shell("openssl x509 -in device.pem -noout -fingerprint -sha256");
        let text = String::from_utf8(output.stdout).unwrap();
        text.trim().rsplit_once('=').unwrap().1.to_owned()
    }

    /// What it hears of this gate with a C-ECHO.
    fn echoes(&self, options: &str, gate: SocketAddr) -> Vec<Heard> {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-connect", &gate.to_string()]);
        command.args(["-cert", "device.pem", "-key", "device.key", "-CAfile", "gate-ca.pem"]);
        command.args(options.split_whitespace()).current_dir(self.0.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        echoing().speak(&mut Client(command.spawn().unwrap()))
    }

    fn shell(&self, script: &str) -> Output {
        let mut shell = Command::new("sh");
        let output = shell.args(["-c", script]).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "{script}\n{}", words(&output));
        output
    }
}

impl Line for Client {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stdin = self.0.stdin.as_mut().unwrap();
        stdin.write_all(bytes)?;
        stdin.flush()
    }

    fn next(&mut self) -> Option<Pdu> {
        Pdu::read(self.0.stdout.as_mut().unwrap()).ok()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn gate(change: impl FnOnce(Settings) -> Settings) -> (Recorder, Gate) {
    let pacs = Recorder::good();
    let gate = before_pacs(pacs.address(), change);
    (pacs, gate)
}

fn pinned(mut settings: Settings, sha256: &str) -> Settings {
    settings.ct1.insert("certificate", format!("[{{ cert_sha256 = {sha256:?} }}]"));
    settings
}

fn advice(gate: &Gate, reason: &str) -> String {
    let line: Value = gate.wait_for_audit(|line| line["reason"] == reason);
    line["advice"].as_str().unwrap_or_default().to_owned()
}

/// What a device hears of a C-ECHO that went well.
fn echoed() -> Vec<Heard> {
    let pacs = Recorder::good();
    echoing().directly(pacs.address())
}
