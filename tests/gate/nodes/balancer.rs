//! HAProxy as config/nodes/ has it, with the addresses of a test.

use crate::support::PATIENCE;
use crate::support::dcmtk::words;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;
use tempfile::TempDir;

/// From where it connects to the gates.
pub(crate) const BALANCER: &str = "127.0.0.2";

/// A running HAProxy; killed when dropped.
pub(crate) struct Balancer {
    pub(crate) address: SocketAddr,
    /// Where the PACS comes to, by haproxy.cfg.
    pub(crate) for_pacs: SocketAddr,
    child: Child,
    log: Arc<(Mutex<Vec<String>>, Condvar)>,
    directory: TempDir,
}

/// A file of config/nodes with these texts in the place of others, all of which are in it.
pub(crate) fn shipped(name: &str, changes: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/nodes").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{name} has no {from:?}");
        text.replace(from, to)
    })
}

/// A server at this address, to which HAProxy connects from its own.
pub(crate) fn server(address: SocketAddr) -> String {
    format!("{address} source {BALANCER}")
}

impl Balancer {
    /// Runs a shipped file with these changes besides those that every test needs.
    pub(crate) fn start(name: &str, changes: &[(&str, &str)]) -> Self {
        let directory = TempDir::new().unwrap();
        let socket = format!("stats socket {}", directory.path().join("admin.sock").display());
        let usual = [
            ("log /dev/log local0", "log stdout format raw local0"),
            ("    user haproxy\n    group haproxy\n", ""),
            // A connection that a killed gate has lost may have said nothing yet.
            ("    option dontlognull\n", ""),
            ("stats socket /run/haproxy/admin.sock", &*socket),
            ("bind :2762", "bind fd@0"),
            ("inter 2s fastinter 500ms downinter 2s", "inter 100ms"),
        ];
        let text = shipped(name, &[&usual, changes].concat());
        let path = directory.path().join("haproxy.cfg");
        std::fs::write(&path, text).unwrap();
        // The ports are ours and free to choose: HAProxy gets the sockets, the second one where it would
        // write its warnings.
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [address, for_pacs] = [0, 1].map(|it: usize| listeners[it].local_addr().unwrap());
        let [devices, pacs] = listeners.map(OwnedFd::from);
        let mut command = Command::new("/usr/sbin/haproxy");
        command.args(["-db", "-f"]).arg(path).stdin(devices).stderr(pacs);
        let child = command.stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("haproxy: {error}; run tests/all"));
        let log = lines(child.stdout.take().unwrap());
        let balancer = Self { address, for_pacs, child, log, directory };
        balancer.wait(|_| balancer.socket().exists());
        balancer
    }

    /// Waits until its log has a line with all of these in it.
    pub(crate) fn says(&self, parts: &[&str]) {
        self.wait(|log| log.iter().any(|line| parts.iter().all(|part| line.contains(part))));
    }

    /// From where those came that this server has had, by its log.
    pub(crate) fn sources(&self, server: &str) -> BTreeSet<String> {
        let name = format!("/{server} ");
        let log = self.log.0.lock().unwrap();
        let lines = log.iter().filter(|line| line.contains(&name));
        lines.filter_map(|line| Some(line.split_once(" [")?.0.to_owned())).collect()
    }

    /// What its administrator does.
    pub(crate) fn order(&self, command: &str) -> String {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        writeln!(stream, "{command}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.trim().to_owned()
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("admin.sock")
    }

    fn wait(&self, is_so: impl Fn(&[String]) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut log = self.log.0.lock().unwrap();
        while !is_so(&log) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it does not come to this:\n{}", log.join("\n"));
            let pause = left.min(std::time::Duration::from_millis(50));
            log = self.log.1.wait_timeout(log, pause).unwrap().0;
        }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            println!("HAProxy:\n{}", self.log.0.lock().unwrap().join("\n"));
        }
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Arc<(Mutex<Vec<String>>, Condvar)> {
    let log = Arc::<(Mutex<Vec<String>>, Condvar)>::default();
    let shared = Arc::clone(&log);
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            shared.0.lock().unwrap().push(line);
            shared.1.notify_all();
        }
    });
    log
}

/// HAProxy finds nothing wrong with a shipped file as it is.
fn is_valid(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/nodes").join(name);
    let output = Command::new("/usr/sbin/haproxy").args(["-c", "-f"]).arg(path).output().unwrap();
    assert!(output.status.success(), "{name}: {}", words(&output));
    assert!(!words(&output).contains("WARNING"), "{name}: {}", words(&output));
}

#[test]
#[ignore = "needs HAProxy: run tests/all"]
fn haproxy_takes_the_shipped_files_as_they_are() {
    is_valid("haproxy.cfg");
    is_valid("haproxy-on-each.cfg");
}

/// One of this machine's that VRRP could go over.
fn interface() -> String {
    let all = std::fs::read_dir("/sys/class/net").unwrap();
    let mut names = all.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.find(|name| name != "lo").expect("a machine with a network")
}

#[test]
#[ignore = "needs keepalived: run tests/all"]
fn keepalived_takes_the_shipped_files() {
    let gate = env!("CARGO_BIN_EXE_pacsgate");
    // Debian's keepalived 2.2.7 ends its own test by a signal where another user runs the scripts.
    let files = [
        ("keepalived-haproxy.conf", vec![("script_user nobody", "script_user root")]),
        (
            "keepalived-gates.conf",
            vec![("script_user pacsgate", "script_user root"), ("/usr/bin/pacsgate", gate)],
        ),
    ];
    for (name, mut changes) in files {
        let (directory, interface) =
            (TempDir::new().unwrap(), format!("interface {}", interface()));
        changes.push(("interface eth0", &interface));
        let path = directory.path().join(name);
        for (is_good, text) in [
            (true, shipped(name, &changes)),
            (false, shipped(name, &changes).replace("nopreempt", "no_preempt")),
        ] {
            std::fs::write(&path, text).unwrap();
            let output =
                Command::new("/usr/sbin/keepalived").arg("-t").arg("-f").arg(&path).output();
            let output =
                output.unwrap_or_else(|error| panic!("keepalived: {error}; run tests/all"));
            assert_eq!(output.status.success(), is_good, "{name}: {}", words(&output));
        }
    }
}
