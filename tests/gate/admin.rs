//! The admin endpoint: what it tells, to whom, and what nobody gets it to do.

use crate::reload::{edit, reload};
use crate::support::PATIENCE;
use crate::support::configuration::Table;
use crate::support::dimse::echo_rq;
use crate::support::gate::{Gate, command};
use crate::support::http::{Endpoint, Reply, rest};
use crate::support::pacs::Pacs;
use crate::support::pdu::{COMMAND, LAST, p_data};
use crate::support::scenario::{Scenario, assert_is_echo_response, echo};
use crate::support::settings::Settings;
use socket2::{Domain, SockAddr, Socket, Type};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Adds an endpoint.
pub(crate) fn at(mut settings: Settings, bind: &str) -> Settings {
    settings.more.push(("admin", Table::from([("bind", bind.to_owned())])));
    settings
}

/// A gate with an endpoint on loopback.
pub(crate) fn watched() -> (Scenario, Endpoint) {
    watched_with(|settings| settings)
}

pub(crate) fn watched_with(change: impl FnOnce(Settings) -> Settings) -> (Scenario, Endpoint) {
    let scenario = Scenario::with(|settings| at(change(settings), r#"["127.0.0.1:0"]"#));
    let endpoint = Endpoint::of(&scenario.gate);
    (scenario, endpoint)
}

/// The same on a socket in the gate's folder.
fn on_a_socket() -> (Scenario, Endpoint) {
    let scenario = Scenario::with(|settings| at(settings, r#"["admin.sock"]"#));
    let path = scenario.gate.directory.path().join("admin.sock");
    scenario.gate.wait_for_log("the admin endpoint is at ");
    (scenario, Endpoint::Unix(path))
}

fn is_private(reply: &Reply) {
    for header in [
        "content-security-policy: default-src 'none'; script-src 'self';",
        "frame-ancestors 'none'",
        "x-content-type-options: nosniff\r\n",
        "x-frame-options: deny\r\n",
        "referrer-policy: no-referrer\r\n",
        "cache-control: no-store\r\n",
        "cross-origin-resource-policy: same-origin\r\n",
        "connection: close\r\n",
    ] {
        assert!(reply.head.contains(header), "no {header:?} in {}", reply.head);
    }
    assert!(!reply.head.contains("access-control"), "{}", reply.head);
}

#[test]
fn says_that_it_moves_and_is_ready_and_by_which_configuration() {
    let (scenario, admin) = watched();
    let healthy = admin.get("/healthz");
    assert_eq!((healthy.status, healthy.body.as_str()), (200, "ok\n"));
    let ready = admin.get("/readyz");
    assert_eq!(ready.status, 200);
    let ready = admin.json("/readyz");
    let started = scenario.gate.wait_for_audit(|line| line["event"] == "started");
    assert_eq!(ready["configuration"], started["configuration"]);
    assert_eq!(ready["configuration"].as_str().unwrap().len(), 64);
    assert_eq!((&ready["ready"], &ready["draining"]), (&true.into(), &false.into()));
    assert_eq!(ready["version"], env!("CARGO_PKG_VERSION"));
    edit(&scenario.gate, "\"CT1\"", "\"CT9\"");
    reload(&scenario.gate);
    let applied = scenario.gate.audited("reload", "applied");
    assert_eq!(admin.json("/readyz")["configuration"], applied["configuration"]);
    assert_ne!(applied["configuration"], started["configuration"]);
}

#[test]
fn is_not_there_where_nobody_has_asked_for_it() {
    let scenario = Scenario::usual();
    scenario.serves_a_good_peer();
    let threads = fs::read_dir(format!("/proc/{}/task", scenario.gate.process())).unwrap();
    let names = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("comm")));
    assert!(names.flatten().all(|name| name.trim() != "admin"));
    assert!(!scenario.gate.stop().stderr.contains("admin"));
}

#[test]
fn answers_get_and_head_and_changes_nothing() {
    let (scenario, admin) = watched();
    let got = admin.get("/readyz");
    let head = admin.exchange(b"HEAD /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.head.contains(&format!("content-length: {}\r\n", got.body.len())), "{head:?}");
    is_private(&got);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let request = format!("{method} /readyz HTTP/1.1\r\nHost: localhost\r\n");
        let reply = admin.exchange(format!("{request}Content-Length: 2\r\n\r\n{{}}").as_bytes());
        assert_eq!(reply.status, 405, "{method}");
        assert!(reply.head.contains("allow: get, head\r\n"), "{}", reply.head);
        is_private(&reply);
    }
    let missing = admin.get("/../etc/passwd");
    assert_eq!(missing.status, 404);
    assert!(missing.body.contains("/healthz\n/readyz\n"), "{}", missing.body);
    is_private(&missing);
    scenario.serves_a_good_peer();
}

#[test]
fn answers_no_page_that_calls_it_by_another_name() {
    let (_scenario, admin) = watched();
    for (host, status) in [
        ("localhost:9120", 200),
        ("127.0.0.1", 200),
        ("[::1]:9120", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("pacsgate", 421),
        ("", 421),
        ("localhost\r\nHost: evil.example", 421),
    ] {
        let reply =
            admin.exchange(format!("GET /readyz HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
        assert_eq!(reply.status, status, "{host}");
        is_private(&reply);
        assert_eq!(reply.body.contains("configuration"), status == 200, "{}", reply.body);
    }
    let in_line = b"GET http://evil.example/readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(admin.exchange(in_line).status, 421);
    assert_eq!(admin.exchange(b"GET /readyz HTTP/1.1\r\n\r\n").status, 421);
}

#[test]
fn a_socket_is_for_the_gates_group_and_needs_no_name() {
    let (scenario, admin) = on_a_socket();
    let Endpoint::Unix(path) = &admin else { unreachable!() };
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o660);
    for host in ["Host: pacsgate\r\n", "Host: \r\n", "", "Host: localhost\r\n"] {
        let reply = admin.exchange(format!("GET /readyz HTTP/1.1\r\n{host}\r\n").as_bytes());
        assert_eq!(reply.status, 200, "{host:?}");
    }
    let other = admin.exchange(b"GET /readyz HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert_eq!(other.status, 421);
    let path = path.clone();
    let folder = fs::read_dir(path.parent().unwrap()).unwrap();
    let names: Vec<_> = folder.map(|entry| entry.unwrap().file_name()).collect();
    let begin = |name: &std::ffi::OsString| name.to_str().unwrap().starts_with("admin.sock");
    assert_eq!(names.into_iter().filter(begin).collect::<Vec<_>>(), ["admin.sock"]);
    scenario.gate.signal("TERM");
    scenario.gate.wait_for_log("stopped");
    assert!(!path.exists());
}

#[test]
fn answers_one_request_a_connection() {
    let (_scenario, admin) = watched();
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let reply = admin.exchange(request.repeat(20).as_bytes());
    assert_eq!((reply.status, reply.body.as_str()), (200, "ok\n"));
}

#[test]
fn answers_whoever_closes_its_half_behind_the_request() {
    let (_scenario, admin) = watched();
    let Endpoint::Tcp(address) = admin else { unreachable!() };
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(rest(&mut stream).body, "ok\n");
    }
}

#[test]
fn takes_no_head_that_is_endless_huge_or_no_http() {
    let (scenario, admin) = watched();
    let before = scenario.gate.resident_memory();
    let path = "a".repeat(1 << 20);
    for (request, expected) in [
        (format!("GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"), [414, 431]),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {path}\r\n\r\n"), [431, 431]),
        (
            format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}", "X: y\r\n".repeat(200_000)),
            [431, 431],
        ),
        ("\x16\x03\x01\x02\x00\r\n\r\n".to_owned(), [400, 400]),
        ("GET /readyz HTTP/9.9\r\nHost: localhost\r\n\r\n".to_owned(), [400, 505]),
    ] {
        let mut stream = admin.connect().unwrap();
        let _ = stream.write_all(request.as_bytes());
        let mut heard = Vec::new();
        // What was not read makes the end a reset, which may overtake the answer.
        let _ = stream.read_to_end(&mut heard);
        let status = String::from_utf8(heard).unwrap();
        let status = status.split(' ').nth(1).map(|status| status.parse::<i32>().unwrap());
        let shown: String = request.chars().take(40).collect();
        assert!(status.is_none_or(|status| expected.contains(&status)), "{status:?} for {shown:?}");
    }
    assert_eq!(admin.get("/healthz").status, 200);
    let grown = scenario.gate.resident_memory().saturating_sub(before);
    assert!(grown < 4 * 1024, "grown by {grown} KiB");
}

#[test]
fn who_says_its_request_too_slowly_is_cut_off() {
    let (_scenario, admin) = watched();
    let mut stream = admin.connect().unwrap();
    let deadline = Instant::now() + PATIENCE;
    // For ever, if it is let.
    while stream.write_all(b"G").and_then(|()| stream.flush()).is_ok() {
        assert!(Instant::now() < deadline, "it is still connected");
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(admin.get("/healthz").status, 200);
}

#[test]
fn a_thousand_silent_connections_keep_nobody_from_asking() {
    let (scenario, admin) = watched();
    let open = || fs::read_dir(format!("/proc/{}/fd", scenario.gate.process())).unwrap().count();
    let before = open();
    let held: Vec<_> = (0..1000).map(|_| admin.connect().unwrap()).collect();
    for _ in 0..3 {
        assert_eq!(admin.get("/healthz").status, 200);
    }
    let deadline = Instant::now() + PATIENCE;
    while open() > before + 40 {
        assert!(Instant::now() < deadline, "{} descriptors, {before} before", open());
    }
    scenario.serves_a_good_peer();
    drop(held);
    assert_eq!(admin.get("/readyz").status, 200);
}

#[test]
fn is_not_ready_while_it_drains_and_still_says_so() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        let question = pacs.receive().unwrap();
        // Longer than the questions below take.
        thread::sleep(Duration::from_secs(2));
        pacs.answer_to(&question);
        pacs.answer();
    });
    let scenario =
        Scenario::before(pacs, |settings| at(settings.limit("drain", "30s"), r#"["127.0.0.1:0"]"#));
    let admin = Endpoint::of(&scenario.gate);
    let mut requestor = scenario.associated();
    requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
    scenario.gate.signal("TERM");
    scenario.gate.wait_for_log("stopping");
    let deadline = Instant::now() + PATIENCE;
    while admin.get("/readyz").status != 503 {
        assert!(Instant::now() < deadline);
    }
    let ready = admin.json("/readyz");
    assert_eq!((&ready["ready"], &ready["draining"]), (&false.into(), &true.into()));
    assert_eq!(admin.get("/healthz").status, 200);
    assert_is_echo_response(&requestor.receive_pdu(), 1);
    requestor.release();
    assert_eq!(scenario.gate.wait().code, Some(0));
}

#[test]
fn a_reload_opens_and_closes_it_and_keeps_what_stays() {
    let (scenario, first) = watched();
    let folder = scenario.gate.directory.path().to_owned();
    let second = Endpoint::Unix(folder.join("second.sock"));
    let table = "[admin]
bind = [\"127.0.0.1:0\"";
    edit(&scenario.gate, table, &format!("{table}, \"second.sock\""));
    reload_again(&scenario.gate, 1);
    for endpoint in [&first, &second] {
        assert_eq!(endpoint.get("/healthz").status, 200, "{endpoint:?}");
    }
    // Something that cannot be had: the reload is refused as a whole.
    fs::write(folder.join("file"), "kept").unwrap();
    edit(&scenario.gate, r#""second.sock"]"#, r#""third.sock", "./file"]"#);
    scenario.gate.signal("HUP");
    let line = scenario.gate.audited("reload", "refused");
    let detail = line["detail"].as_str().unwrap();
    assert!(detail.contains("admin.bind") && detail.contains("no socket"), "{detail}");
    assert!(second.get("/healthz").status == 200 && !folder.join("third.sock").exists());
    assert_eq!(fs::read(folder.join("file")).unwrap(), b"kept");
    edit(&scenario.gate, r#", "third.sock", "./file"]"#, "]");
    reload_again(&scenario.gate, 2);
    assert!(!folder.join("second.sock").exists());
    assert_eq!(first.get("/healthz").status, 200);
    // Without the table there is none.
    edit(&scenario.gate, "[admin]\nbind = [\"127.0.0.1:0\"]\n", "");
    reload_again(&scenario.gate, 3);
    let deadline = Instant::now() + PATIENCE;
    while first.connect().is_ok() {
        assert!(Instant::now() < deadline, "it still answers");
    }
    scenario.serves_a_good_peer();
}

#[test]
fn a_reload_brings_back_a_socket_that_was_removed() {
    let (scenario, admin) = on_a_socket();
    let Endpoint::Unix(path) = &admin else { unreachable!() };
    fs::remove_file(path).unwrap();
    reload_again(&scenario.gate, 1);
    assert_eq!(admin.get("/healthz").status, 200);
    // Another one has taken its place, and is dead.
    fs::remove_file(path).unwrap();
    drop(UnixListener::bind(path).unwrap());
    reload_again(&scenario.gate, 2);
    assert_eq!(admin.get("/healthz").status, 200);
    // And one that is not.
    fs::remove_file(path).unwrap();
    let other = UnixListener::bind(path).unwrap();
    scenario.gate.signal("HUP");
    let line = scenario.gate.audited("reload", "refused");
    assert!(line["detail"].as_str().unwrap().contains("another program answers there"), "{line}");
    // What is somebody else's stays.
    scenario.gate.signal("TERM");
    scenario.gate.wait_for_log("stopped");
    assert!(path.exists());
    drop(other);
}

/// The reload that is to be the so-many-th that is applied.
fn reload_again(gate: &Gate, times: usize) {
    gate.signal("HUP");
    let applied = std::cell::Cell::new(0);
    gate.wait_for_audit(|line| {
        let counts = line["event"] == "reload" && line["reason"] == "applied";
        applied.set(applied.get() + usize::from(counts));
        applied.get() == times
    });
}

#[test]
fn takes_the_place_of_a_socket_that_a_killed_gate_has_left() {
    let scenario = Scenario::with(|settings| {
        drop(UnixListener::bind(settings.directory.path().join("admin.sock")).unwrap());
        at(settings, r#"["admin.sock"]"#)
    });
    scenario.gate.wait_for_log("the admin endpoint is at ");
    let path = scenario.gate.directory.path().join("admin.sock");
    assert_eq!(Endpoint::Unix(path).get("/healthz").status, 200);
}

#[test]
fn a_file_that_the_gate_has_not_made_is_left_alone() {
    let scenario = Scenario::with(|settings| {
        fs::write(settings.directory.path().join("admin.sock.new"), "kept").unwrap();
        at(settings, r#"["admin.sock"]"#)
    });
    scenario.gate.wait_for_log("the admin endpoint is at ");
    let folder = scenario.gate.directory.path();
    assert_eq!(fs::read(folder.join("admin.sock.new")).unwrap(), b"kept");
    assert_eq!(Endpoint::Unix(folder.join("admin.sock")).get("/healthz").status, 200);
}

#[test]
fn does_not_wait_for_somebody_who_takes_no_connections() {
    let settings = at(Settings::new(([127, 0, 0, 1], 9).into()), r#"["admin.sock"]"#);
    let path = settings.directory.path().join("admin.sock");
    let full = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    full.bind(&SockAddr::unix(&path).unwrap()).unwrap();
    full.listen(0).unwrap();
    let _first = UnixStream::connect(&path).unwrap();
    let told = no_start(&settings);
    assert!(told.contains("another program has a socket there"), "{told}");
}

#[test]
fn does_not_start_where_somebody_else_answers() {
    let settings = at(Settings::new(([127, 0, 0, 1], 9).into()), r#"["admin.sock"]"#);
    let path = settings.directory.path().join("admin.sock");
    let other = UnixListener::bind(&path).unwrap();
    let told = no_start(&settings);
    assert!(
        told.contains("cannot answer at ") && told.contains("another program answers"),
        "{told}"
    );
    drop(other);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "a file").unwrap();
    let told = no_start(&settings);
    assert!(told.contains("a file that is no socket"), "{told}");
    assert_eq!(fs::read(&path).unwrap(), b"a file");
}

#[test]
fn binds_nowhere_else_than_on_this_machine() {
    for elsewhere in ["0.0.0.0:9120", "[::]:9120", "10.1.2.3:9120", "[::ffff:10.1.2.3]:9120"] {
        let bind = format!("[{elsewhere:?}]");
        let told = no_start(&at(Settings::new(([127, 0, 0, 1], 9).into()), &bind));
        assert!(told.contains("admin.bind") && told.contains("from other machines"), "{told}");
    }
}

/// Why a gate with these settings does not start.
fn no_start(settings: &Settings) -> String {
    let configuration = settings.file("pacsgate.toml", &settings.text());
    failed(&configuration)
}

fn failed(configuration: &Path) -> String {
    let output = command(configuration).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_slow_reader_holds_nobody_up() {
    let (scenario, admin) = watched();
    let mut slow: Vec<_> = (0..20).map(|_| admin.connect().unwrap()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    }
    let mut requestor = scenario.associated();
    echo(&mut requestor, 1);
    assert_eq!(admin.get("/healthz").status, 200);
    assert_eq!(rest(&mut *slow[0]).status, 200);
    requestor.release();
}
