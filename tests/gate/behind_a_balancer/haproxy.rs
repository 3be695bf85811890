//! HAProxy before the gate, which sends headers and checks health, and behind it, which reads them.

use crate::support::PATIENCE;
use crate::support::associate::Associate;
use crate::support::dcmtk::{Credentials, Storescp, call, objects, settings, words};
use crate::support::gate::Gate;
use crate::support::requestor::{Caller, Requestor};
use crate::support::scenario::{Scenario, echo};
use crate::support::settings::Settings;
use crate::support::site::site;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use tempfile::TempDir;

const TITLES: [&str; 2] = ["CT1", "PACS"];

/// A running HAProxy; killed when dropped.
struct Haproxy {
    address: SocketAddr,
    child: Child,
    log: Receiver<String>,
    _directory: TempDir,
}

impl Haproxy {
    /// One that accepts with these options, and passes on to these servers.
    fn start(bind: &str, servers: &[String]) -> Self {
        let directory = TempDir::new().unwrap();
        let configuration = directory.path().join("haproxy.cfg");
        let servers: String =
            servers.iter().enumerate().map(|(at, it)| format!("    server s{at} {it}\n")).collect();
        let text = format!(
            "global\n    log stdout format raw local0 info\n\
             defaults\n    mode tcp\n    log global\n    option log-health-checks\n    \
             timeout connect 20s\n    timeout client 20s\n    timeout server 20s\n    \
             unique-id-format %ci:%cp:%Ts\n\
             listen dicom\n    bind fd@0 {bind}\n    \
             log-format \"from %ci:%cp to %fi:%fp\"\n{servers}"
        );
        std::fs::write(&configuration, text).unwrap();
        // The port is ours and free to choose: HAProxy gets the socket.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut command = Command::new("/usr/sbin/haproxy");
        command.args(["-db", "-f"]).arg(&configuration).stdin(OwnedFd::from(listener));
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn();
        let mut child = child.unwrap_or_else(|error| panic!("haproxy: {error}; run tests/all"));
        let log = lines(child.stdout.take().unwrap());
        Self { address, child, log, _directory: directory }
    }

    /// The next line of its log with this in it.
    fn says(&self, part: &str) -> String {
        loop {
            let line = self.log.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("HAProxy never says {part:?}: {error}"));
            if line.contains(part) {
                return line;
            }
        }
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(pipe: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// A server of HAProxy's that is the gate, to which it connects from 127.0.0.2.
fn before(gate: &Gate, options: &str) -> String {
    format!("{} source 127.0.0.2 {options}", gate.address)
}

fn balanced(mut settings: Settings) -> Settings {
    settings.listener.insert("proxy_protocol_from", r#"["127.0.0.2"]"#.into());
    settings
}

/// A device at 127.0.0.9 with an open association, and the address that it has.
fn device(balancer: &Haproxy) -> (Requestor, String) {
    let mut device = Caller::with(&site().ct1).call_from([127, 0, 0, 9], balancer.address).unwrap();
    let source = device.socket().local_addr().unwrap().to_string();
    device.associate(&Associate::echo("CT1", "PACS"));
    (device, source)
}

#[test]
#[ignore = "needs HAProxy: run tests/all"]
fn haproxy_names_the_source() {
    for options in ["", "proxy-v2-options crc32c,unique-id"] {
        let scenario = Scenario::with(|mut settings| {
            settings.ct1.insert("from", r#"["127.0.0.9"]"#.into());
            balanced(settings)
        });
        let server = before(&scenario.gate, &format!("send-proxy-v2 {options}"));
        let balancer = Haproxy::start("", &[server]);
        let (mut device, source) = device(&balancer);
        echo(&mut device, 1);
        device.release();
        let line = scenario.gate.audited("closed", "released");
        assert_eq!(line["source"], source.as_str());
        assert!(line["proxy"].as_str().unwrap().starts_with("127.0.0.2:"), "{line}");
    }
}

#[test]
#[ignore = "needs HAProxy: run tests/all"]
fn haproxys_health_checks_are_only_counted() {
    let scenario = Scenario::with(balanced);
    // The second one has no connection but its checks, which end before the gate can accept them.
    let servers = ["send-proxy-v2 check check-send-proxy", "check backup"];
    let servers = servers.map(|options| before(&scenario.gate, &format!("inter 50ms {options}")));
    let balancer = Haproxy::start("", &servers);
    for _ in &servers {
        let said = balancer.says("Health check");
        assert!(said.contains("succeeded"), "{said}");
    }
    let (mut device, _) = device(&balancer);
    device.release();
    drop(balancer);
    scenario.serves_a_good_peer();
    let stopped = scenario.gate.stop();
    assert!(stopped.of_event("failed").is_empty(), "{}", stopped.stdout);
    // A reset may overtake the header.
    let reasons = ["closed-before-tls", "closed-in-proxy-header"];
    let counted = reasons.iter().map(|reason| stopped.counted("failed", reason)).sum::<u64>();
    assert!(counted > 0, "{}", stopped.stdout);
}

#[test]
#[ignore = "needs HAProxy: run tests/all"]
fn haproxy_with_version_1_or_without_a_header_is_told_so() {
    for (options, reason) in [("send-proxy", "proxy-header-version"), ("", "proxy-header-missing")]
    {
        let scenario = Scenario::with(balanced);
        let balancer = Haproxy::start("", &[before(&scenario.gate, options)]);
        assert!(Caller::with(&site().ct1).call(balancer.address).is_err());
        // It tries again after a second, perhaps.
        scenario.gate.audited("failed", reason);
        assert_eq!(scenario.pacs.connections(), 0);
    }
}

#[test]
#[ignore = "needs HAProxy and DCMTK: run tests/all"]
fn haproxy_before_the_pacs_reads_who_the_device_is() {
    let directory = TempDir::new().unwrap();
    let object = objects(directory.path()).remove(0).1;
    let pacs = Storescp::start();
    let reader = Haproxy::start("accept-proxy", &[pacs.address.to_string()]);
    let mut at_gate = balanced(settings(Settings::new(reader.address)));
    at_gate.archive.insert("proxy_protocol", "true".into());
    let gate = at_gate.start();
    let balancer = Haproxy::start("", &[before(&gate, "send-proxy-v2")]);

    let (mut device, source) = device(&balancer);
    device.release();
    assert_eq!(reader.says("from "), format!("from {source} to {}", balancer.address));

    // By itself, without the balancer.
    let credentials = Credentials::of(&site().ct1);
    let output = call("storescu", &credentials.options(), TITLES, gate.address, &[object]);
    assert!(output.status.success(), "{}", words(&output));
    let line = gate.wait_for_audit(|line| line["event"] == "closed" && line.get("proxy").is_none());
    let expected = format!("from {} to {}", line["source"].as_str().unwrap(), gate.address);
    assert_eq!(reader.says("from "), expected);
    assert_eq!((pacs.connections(), pacs.stored().len()), (2, 1));
}

#[test]
#[ignore = "needs HAProxy: run tests/all"]
fn haproxy_takes_what_the_readme_says() {
    let (_, rest) = include_str!("../../../README.md").split_once("```text\nlisten ").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("haproxy.cfg");
    std::fs::write(&path, format!("listen {text}")).unwrap();
    let output = Command::new("/usr/sbin/haproxy").args(["-c", "-f"]).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    assert!(!words(&output).contains("WARNING"), "{}", words(&output));
}
