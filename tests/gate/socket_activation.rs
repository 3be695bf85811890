//! Ports that the service manager has opened before the gate starts.

use crate::support::associate::Associate;
use crate::support::gate::{Gate, command};
use crate::support::pacs::Pacs;
use crate::support::requestor::Caller;
use crate::support::scenario::{Scenario, assert_is_served, echo};
use crate::support::settings::Settings;
use crate::support::site::site;
use socket2::{Domain, Socket, Type};
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

#[test]
fn who_has_connected_before_the_gate_starts_is_served_and_the_port_outlives_it() {
    let port = Port::open();
    let calling = thread::spawn(move || {
        let mut requestor = Caller::with(&site().ct1).call(port.address).unwrap();
        requestor.associate(&Associate::echo("CT1", "PACS"));
        echo(&mut requestor, 1);
        requestor.release();
    });
    let scenario = port.before_a_gate(&format!("\"{}\"", port.address));
    calling.join().unwrap();
    assert_eq!(scenario.gate.address, port.address);
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.counted("closed", "released"), 1);
    assert!(!stopped.stderr.contains("nobody answers"), "{}", stopped.stderr);
    // Whoever comes now waits for the next gate.
    TcpStream::connect(port.address).unwrap();
}

#[test]
fn a_reload_gives_up_a_port_and_takes_it_again() {
    let port = Port::open();
    let scenario = port.before_a_gate(&format!("\"127.0.0.1:0\", \"{}\"", port.address));
    let path = scenario.gate.directory.path().join("pacsgate.toml");
    let with = fs::read_to_string(&path).unwrap();
    let without = with.replace(&format!(", \"{}\"", port.address), "");
    fs::write(&path, &without).unwrap();
    scenario.gate.signal("HUP");
    scenario.gate.wait_for_log(&format!("nobody answers on {}: ", port.address));
    fs::write(&path, &with).unwrap();
    scenario.gate.signal("HUP");
    assert_is_served(port.address);
}

#[test]
fn says_that_no_listener_has_the_port() {
    let port = Port::open();
    let scenario = port.before_a_gate("\"127.0.0.1:0\"");
    let line = scenario.gate.wait_for_log("nobody answers on ");
    let expected = format!("no listener has \"{}\" in bind", port.address);
    assert!(line.contains("WARN") && line.contains(&expected), "{line}");
    scenario.serves_a_good_peer();
}

#[test]
fn an_address_that_is_almost_that_of_the_port_is_explained() {
    let port = Port::open();
    let settings = port.settings(&format!("\"0.0.0.0:{}\"", port.address.port()));
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let output = port.passed_to(&configuration).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    let expected = format!("write \"{}\" here, or 0.0.0.0:", port.address);
    assert!(told.contains(&expected), "{told}");
}

#[test]
fn a_socket_that_does_not_listen_is_no_port() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let port = Port { socket: socket.into(), address };
    let settings = port.settings("\"127.0.0.1:0\"");
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let gate = Gate::spawn(settings.directory, port.passed_to(&configuration));
    gate.wait_for_log("the service manager passes a socket that is no use: it does not listen");
    assert!(!gate.stop().stderr.contains("nobody answers"));
}

#[test]
fn more_sockets_than_a_gate_has_ports_are_a_mistake() {
    let port = Port::open();
    let settings = port.settings("\"127.0.0.1:0\"");
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let mut command = port.passed_to(&configuration);
    command.env("COUNT", "2147483647");
    let stopped = Gate::spawn(settings.directory, command).stop();
    assert_eq!(stopped.stderr.matches("LISTEN_FDS").count(), 1, "{}", stopped.stderr);
}

#[test]
fn what_is_meant_for_another_process_is_left_alone() {
    let port = Port::open();
    let settings = port.settings("\"127.0.0.1:0\"");
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let mut command = port.passed_to(&configuration);
    command.env("OTHER_PID", "1");
    let gate = Gate::spawn(settings.directory, command);
    assert!(!gate.stop().stderr.contains("nobody answers"));
}

/// A port as systemd opens it.
struct Port {
    socket: TcpListener,
    address: SocketAddr,
}

impl Port {
    fn open() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { address: socket.local_addr().unwrap(), socket }
    }

    fn settings(&self, bind: &str) -> Settings {
        // No gate of these tests has anything to say to it.
        let mut settings = Settings::new(self.address);
        settings.listener.insert("bind", format!("[{bind}]"));
        settings
    }

    fn before_a_gate(&self, bind: &str) -> Scenario {
        let pacs = Pacs::good();
        let mut settings = Settings::new(pacs.address);
        settings.listener.insert("bind", format!("[{bind}]"));
        let configuration = settings.file("pacsgate.toml", &settings.text());
        let gate = Gate::spawn(settings.directory, self.passed_to(&configuration));
        Scenario { pacs, gate }
    }

    /// The gate's command with the port as its descriptor 3 (sd_listen_fds(3)).
    fn passed_to(&self, configuration: &Path) -> Command {
        let gate = command(configuration);
        let mut command = Command::new("sh");
        let script = r#"export LISTEN_FDS="${COUNT:-1}" LISTEN_PID="${OTHER_PID:-$$}"
            exec 3<&0 </dev/null "$0" "$@""#;
        command.args(["-c", script]).arg(gate.get_program()).args(gate.get_args());
        for (name, _) in gate.get_envs() {
            command.env_remove(name);
        }
        command.stdin(OwnedFd::from(self.socket.try_clone().unwrap()));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}
