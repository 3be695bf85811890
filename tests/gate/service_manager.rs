//! systemd's notify protocol, and the unit that relies on it.

use crate::support::PATIENCE;
use crate::support::authority::DAY;
use crate::support::dimse::echo_rq;
use crate::support::gate::{Gate, command, limited};
use crate::support::pacs::Pacs;
use crate::support::pdu::{COMMAND, LAST, p_data};
use crate::support::requestor::connect_from;
use crate::support::scenario::{Scenario, assert_aborted};
use crate::support::settings::Settings;
use crate::support::site::site;
use pacsgate::config::Limits;
use pacsgate::pulse;
use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

#[test]
fn is_ready_when_every_port_accepts_and_tells_when_it_stops() {
    let mut settings = settings();
    settings.listener.insert("bind", r#"["127.0.0.1:0", "127.0.0.2:0"]"#.into());
    let manager = Manager::new();
    let gate = manager.start(settings, &[]);
    manager.is_ready();
    for part in ["listening on 127.0.0.1:", "listening on 127.0.0.2:"] {
        let line = gate.wait_for_log(part);
        TcpStream::connect(crate::support::gate::listening(&line).unwrap()).unwrap();
    }
    gate.signal("TERM");
    assert_eq!(manager.next(), "STOPPING=1");
    assert_eq!(gate.wait().code, Some(0));
    assert_eq!(manager.waiting(), None);
}

#[test]
fn tells_that_it_stops_before_it_waits_for_open_associations() {
    let pacs = Pacs::good();
    let manager = Manager::new();
    let gate = manager.start(Settings::new(pacs.address).limit("drain", "1h"), &[]);
    let scenario = Scenario { pacs, gate };
    let requestor = scenario.associated();
    manager.is_ready();
    scenario.gate.signal("TERM");
    assert_eq!(manager.next(), "STOPPING=1");
    drop(requestor);
    assert_eq!(scenario.gate.wait().code, Some(0));
}

#[test]
fn tells_of_a_listener_that_only_reports_until_it_enforces() {
    let end = humantime::format_rfc3339_seconds(SystemTime::now() + Duration::from_secs(4));
    let mut settings = settings();
    settings.listener.insert("report_only_until", format!("\"{end}\""));
    settings.listener.insert("report_only_from", r#"["127.0.0.0/8"]"#.into());
    let manager = Manager::new();
    let gate = manager.start(settings, &[]);
    let told = manager.next();
    assert!(told.ends_with(&format!("; REPORT-ONLY at listener.front until {end}")), "{told}");
    let told = manager.next();
    assert!(told.starts_with("STATUS=serving 2 peers") && !told.contains("REPORT"), "{told}");
    assert_eq!(gate.stop().code, Some(0));
}

#[test]
fn a_gate_that_cannot_listen_is_never_ready() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = settings();
    let addresses = format!("[\"127.0.0.1:0\", \"{}\"]", taken.local_addr().unwrap());
    settings.listener.insert("bind", addresses);
    let manager = Manager::new();
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let output = manager.command(&configuration).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(manager.waiting(), None);
}

#[test]
fn pings_the_watchdog_as_long_as_it_runs() {
    let manager = Manager::new();
    let gate = manager.start(settings(), &[("WATCHDOG_USEC", "100000")]);
    manager.is_ready();
    for _ in 0..3 {
        assert_eq!(manager.next(), "WATCHDOG=1");
    }
    assert_eq!(gate.stop().code, Some(0));
}

#[test]
fn pings_the_watchdog_while_hundreds_of_connections_are_made_and_dropped() {
    let manager = Manager::new();
    let gate = manager.start(settings(), &[("WATCHDOG_USEC", "1000000")]);
    manager.is_ready();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for part in 2..5_u8 {
            let (stop, gate) = (&stop, gate.address);
            scope.spawn(move || {
                let mut held = VecDeque::new();
                while !stop.load(Ordering::Relaxed) {
                    if let Ok(mut socket) = connect_from([127, 0, 0, part], gate) {
                        let _ = socket.write_all(b"garbage!");
                        held.push_back(socket);
                    }
                    if held.len() > 100 {
                        held.pop_front();
                    }
                }
            });
        }
        let told: Vec<_> = (0..8).map(|_| manager.told()).collect();
        stop.store(true, Ordering::Relaxed);
        assert!(told.iter().all(|told| matches!(told.as_deref(), Ok("WATCHDOG=1"))), "{told:?}");
    });
    assert_eq!(gate.stop().code, Some(0));
}

#[test]
fn tells_of_a_pacs_that_is_away_until_it_is_back() {
    let at = SocketAddr::from(([127, 17, 1, 1], 0));
    let away = TcpListener::bind(at).unwrap().local_addr().unwrap();
    let mut settings = Settings::new(away);
    settings.archive.insert("health", r#""1s""#.into());
    let manager = Manager::new();
    let gate = manager.start(settings, &[]);
    manager.is_ready();
    let status = manager.next();
    assert!(status.starts_with("STATUS=serving 2 peers by "), "{status}");
    assert!(status.ends_with("; pacs.archive: NO ADDRESS IS ALIVE"), "{status}");
    let _pacs = Pacs::good_at(away);
    let status = manager.next();
    assert!(status.starts_with("STATUS=serving 2 peers by "), "{status}");
    assert!(!status.contains("ALIVE"), "{status}");
    assert_eq!(gate.stop().code, Some(0));
}

#[test]
fn pings_the_watchdog_when_there_is_no_descriptor_left() {
    let manager = Manager::new();
    let settings = settings();
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let mut command = limited(&manager.command(&configuration), "-n 48");
    command.env("WATCHDOG_USEC", "100000");
    let gate = Gate::spawn(settings.directory, command);
    manager.is_ready();
    let held: Vec<_> = (0..64).map(|_| TcpStream::connect(gate.address).unwrap()).collect();
    let told = gate.wait_for_log("cannot accept: connections wait until others have ended");
    assert!(told.contains("LimitNOFILE"), "{told}");
    let status = std::iter::repeat_with(|| manager.next()).find(|told| told != "WATCHDOG=1");
    let status = status.unwrap();
    assert!(status.starts_with("STATUS=serving 2 peers by "), "{status}");
    assert!(status.contains("; CANNOT ACCEPT all connections: descriptors"), "{status}");
    // Many times as long as the accept loop pauses.
    for _ in 0..40 {
        assert_eq!(manager.next(), "WATCHDOG=1");
    }
    drop(held);
    gate.wait_for_log("accepting again, after ");
    let status = std::iter::repeat_with(|| manager.next()).find(|told| told != "WATCHDOG=1");
    assert!(status.is_some_and(|status| !status.contains("CANNOT ACCEPT")));
    let stopped = gate.stop();
    assert_eq!(stopped.stderr.matches("cannot accept: ").count(), 1, "{}", stopped.stderr);
    assert!(!stopped.stderr.contains("cannot tell the service manager"), "{}", stopped.stderr);
    assert_eq!(stopped.code, Some(0));
}

#[test]
fn pings_the_watchdog_until_the_last_association_has_ended() {
    let pacs = Pacs::playing(|pacs| {
        pacs.accept();
        pacs.drain();
    });
    let manager = Manager::new();
    let settings = Settings::new(pacs.address).limit("drain", "1h");
    let gate = manager.start(settings, &[("WATCHDOG_USEC", "100000")]);
    let scenario = Scenario { pacs, gate };
    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    scenario.gate.signal("TERM");
    while manager.next() != "STOPPING=1" {}
    // Longer than the manager would wait: the ports are closed, and the operation is not over.
    for _ in 0..12 {
        assert_eq!(manager.next(), "WATCHDOG=1");
    }
    scenario.gate.signal("TERM");
    assert_aborted(&mut requestor, 2, 0);
    assert_eq!(scenario.gate.wait().code, Some(0));
}

#[test]
#[ignore = "needs strace: run tests/all"]
fn warns_and_pings_no_more_while_its_workers_are_held() {
    let manager = Manager::new();
    let gate = manager.start(settings(), &[("WATCHDOG_USEC", "2000000")]);
    manager.is_ready();
    assert_eq!(manager.next(), "WATCHDOG=1");
    let held = Held::workers_of(gate.process());
    let warning = gate.wait_for_log("no answer for ");
    for part in ["the worker threads", "the accept loop of listener front (127.0.0.1:"] {
        assert!(warning.contains(part), "{warning}");
    }
    assert!(warning.contains("the service manager will restart it in "), "{warning}");
    while manager.waiting().is_some() {}
    // Longer than the manager would wait.
    manager.socket.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    assert!(manager.told().is_err());
    manager.socket.set_read_timeout(Some(PATIENCE)).unwrap();
    held.release();
    gate.wait_for_log("answered after ");
    assert_eq!(manager.next(), "WATCHDOG=1");
    assert_eq!(gate.stop().code, Some(0));
}

#[test]
fn leaves_the_watchdog_of_another_process_alone() {
    let manager = Manager::new();
    let gate = manager.start(settings(), &[("WATCHDOG_USEC", "1000"), ("WATCHDOG_PID", "1")]);
    manager.is_ready();
    gate.signal("TERM");
    assert_eq!(manager.next(), "STOPPING=1");
}

#[test]
fn a_manager_that_is_gone_does_not_stop_the_gate() {
    let manager = Manager::new();
    let settings = settings();
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let command = manager.command(&configuration);
    drop(manager);
    let gate = Gate::spawn(settings.directory, command);
    gate.wait_for_log("cannot tell the service manager");
    assert_eq!(gate.stop().code, Some(0));
}

#[test]
fn the_unit_leaves_room_for_the_limits() {
    let limits = Limits::default();
    let descriptors: u32 = setting("LimitNOFILE").parse().unwrap();
    assert!(descriptors >= 2 * limits.connections + 256);
    let stop: u64 = setting("TimeoutStopSec").trim_end_matches('s').parse().unwrap();
    let last = limits.drain + limits.close + Duration::from_secs(10);
    assert!(Duration::from_secs(stop) > last);
    // The log has told long before the restart.
    let watchdog: u64 = setting("WatchdogSec").trim_end_matches('s').parse().unwrap();
    assert!(Duration::from_secs(watchdog) >= 4 * pulse::PERIOD);
}

#[test]
fn the_unit_starts_the_gate_as_its_command_line_allows() {
    let line = setting("ExecStart");
    let mut words = line.split(' ').map(Into::into).collect::<Vec<std::ffi::OsString>>();
    words[0] = "pacsgate".into();
    assert!(pacsgate::cli::parse(words).is_ok(), "{line}");
    let unit = unit();
    let reload: Vec<_> = unit.lines().filter_map(|line| line.strip_prefix("ExecReload=")).collect();
    let [check, r#"/bin/sh -c "kill -HUP $MAINPID""#] = reload[..] else { panic!("{reload:?}") };
    assert_eq!(check.replace(" check ", " run "), line);
    let words = ["pacsgate"].into_iter().chain(check.split(' ').skip(1)).map(Into::into);
    assert!(pacsgate::cli::parse(words).is_ok(), "{check}");
    assert_eq!(setting("Type"), "notify");
    assert_eq!(setting("RestartPreventExitStatus"), "64 78");
}

#[test]
#[ignore = "needs systemd-analyze: run tests/all"]
fn systemd_understands_the_unit() {
    let directory = TempDir::new().unwrap();
    let names =
        ["pacsgate.service", "pacsgate.socket", "pacsgate-reload.service", "pacsgate-reload.path"];
    let paths = names.map(|name| directory.path().join(name));
    for (name, path) in names.iter().zip(&paths) {
        let unit = fs::read_to_string(self::path().with_file_name(name)).unwrap();
        let unit = unit.replace("=pacsgate ", concat!("=", env!("CARGO_BIN_EXE_pacsgate"), " "));
        fs::write(path, unit).unwrap();
    }
    let words = analyze(Command::new("systemd-analyze").arg("verify").args(&paths));
    assert!(!words.contains("pacsgate"), "{words}");
}

#[test]
#[ignore = "needs systemd-analyze: run tests/all"]
fn the_unit_is_a_narrow_sandbox() {
    let words = analyze(
        Command::new("systemd-analyze")
            .args(["security", "--offline=yes", "--threshold=15", "--no-pager"])
            .arg(path()),
    );
    assert!(words.contains("Overall exposure level"), "{words}");
}

#[test]
fn tells_of_a_reload_and_of_one_that_is_refused() {
    let manager = Manager::new();
    let gate = manager.start(settings(), &[]);
    manager.is_ready();
    gate.signal("HUP");
    let told = manager.next();
    let time = told.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
    assert!(time.parse::<u64>().is_ok(), "{told}");
    manager.is_ready();
    fs::write(gate.directory.path().join("pacsgate.toml"), "schema = 2\n").unwrap();
    gate.signal("HUP");
    assert!(manager.next().starts_with("RELOADING=1\n"));
    let told = manager.next();
    for part in [
        "READY=1\nSTATUS=the last reload was refused (",
        "at least one is needed",
        "still serving 2 peers",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn tells_of_an_expired_list_that_has_everybody_refused() {
    let manager = Manager::new();
    let mut settings = settings();
    settings.revoke(&[site().root.crl(&[], SystemTime::now() + Duration::from_secs(4))]);
    let gate = manager.start(settings, &[]);
    manager.is_ready();
    gate.wait_for_log("see that the next list comes in time");
    let refusing = "REFUSING every certificate of \"CN=radiology root\" at listener.front: ";
    let told = manager.next();
    assert!(told.starts_with("STATUS=serving 2 peers by ") && told.contains(refusing), "{told}");
    let logged = gate.wait_for_log("every certificate of its CA is refused");
    assert!(logged.contains("listener=front"), "{logged}");
    // At a reload as well, with the file.
    gate.signal("HUP");
    assert!(manager.next().starts_with("RELOADING=1\n"));
    let told = manager.next();
    assert!(told.starts_with("READY=1\n") && told.contains(refusing), "{told}");
    gate.wait_for_log("/0.crl: the revocation list of \"CN=radiology root\" expired on ");
    let current = site().root.crl(&[], SystemTime::now() + DAY);
    fs::write(gate.directory.path().join("0.crl"), current).unwrap();
    gate.signal("HUP");
    assert!(manager.next().starts_with("RELOADING=1\n"));
    let told = manager.next();
    assert!(told.starts_with("READY=1\n") && !told.contains("REFUSING"), "{told}");
}

#[test]
fn names_the_target_whose_list_has_ended() {
    let manager = Manager::new();
    let mut settings = settings();
    let ca = settings.file("target-ca.crt", &site().root.pem());
    let list = settings.file("target.crl", &site().root.crl(&[], SystemTime::now() - DAY));
    let tls = [
        ("ca", format!("{ca:?}")),
        ("name", "\"pacs.radiology.example\"".into()),
        ("crl", format!("[{list:?}]")),
    ];
    settings.more.push(("pacs.archive.tls", tls.into()));
    let _gate = manager.start(settings, &[]);
    let told = manager.next();
    let refusing = "REFUSING every certificate of \"CN=radiology root\" at pacs.archive: ";
    assert!(told.starts_with("READY=1\n") && told.contains(refusing), "{told}");
}

/// A service manager that listens.
struct Manager {
    socket: UnixDatagram,
    directory: TempDir,
}

impl Manager {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let socket = UnixDatagram::bind(directory.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, directory }
    }

    fn start(&self, settings: Settings, environment: &[(&str, &str)]) -> Gate {
        let configuration = settings.file("pacsgate.toml", &settings.text());
        let mut command = self.command(&configuration);
        command.envs(environment.iter().copied());
        Gate::spawn(settings.directory, command)
    }

    fn command(&self, configuration: &Path) -> Command {
        let mut command = command(configuration);
        command.env_remove("WATCHDOG_USEC").env_remove("WATCHDOG_PID");
        command.env("NOTIFY_SOCKET", self.directory.path().join("notify"));
        command
    }

    /// What it is told next.
    fn next(&self) -> String {
        self.told().unwrap()
    }

    /// The next that it is told is that the gate serves.
    fn is_ready(&self) {
        let told = self.next();
        assert!(told.starts_with("READY=1\nSTATUS=serving 2 peers by configuration "), "{told}");
    }

    /// What it has been told and not read yet.
    fn waiting(&self) -> Option<String> {
        self.socket.set_nonblocking(true).unwrap();
        let told = self.told().ok();
        self.socket.set_nonblocking(false).unwrap();
        told
    }

    fn told(&self) -> io::Result<String> {
        let mut buffer = [0; 1024];
        let length = self.socket.recv(&mut buffer)?;
        Ok(String::from_utf8_lossy(&buffer[..length]).trim_end().to_owned())
    }
}

/// Threads of a gate that stand still: strace lets no system call of theirs return.
struct Held(Child);

impl Held {
    fn workers_of(process: u32) -> Self {
        let mut command = Command::new("strace");
        command.args(["-o", "/dev/null", "-e", "inject=all:delay_exit=3600000000"]);
        let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
        let of_workers = threads.map(|thread| thread.unwrap()).filter(|thread| {
            fs::read_to_string(thread.path().join("comm")).unwrap().starts_with("tokio-rt-worker")
        });
        let workers: Vec<_> = of_workers.map(|thread| thread.file_name()).collect();
        for worker in &workers {
            command.arg("-p").arg(worker);
        }
        let mut strace = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(strace.stderr.as_mut().unwrap()).lines();
        for _ in &workers {
            let line = lines.next().unwrap().unwrap();
            assert!(line.ends_with("attached"), "{line}; run tests/all");
        }
        Self(strace)
    }

    /// They go on.
    fn release(mut self) {
        let script = format!("kill -INT {}", self.0.id());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
        self.0.wait().unwrap();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sound settings before a PACS that nobody needs.
fn settings() -> Settings {
    Settings::new(SocketAddr::from(([127, 0, 0, 1], 9)))
}

fn path() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/pacsgate.service"))
}

fn unit() -> String {
    fs::read_to_string(path()).unwrap()
}

/// The last value of a key of the unit.
fn setting(key: &str) -> String {
    let unit = unit();
    let mut values = unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    values.next_back().unwrap_or_else(|| panic!("no {key}")).to_owned()
}

fn analyze(command: &mut Command) -> String {
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("systemd-analyze: {error}; run tests/all"));
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&words).into_owned();
    assert!(output.status.success(), "{words}");
    words
}
