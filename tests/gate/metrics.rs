//! What Prometheus is told, and who is said to be connected.

use crate::admin::{at, watched, watched_with};
use crate::documentation::made::{holds, table};
use crate::plain_listeners::{address, plain};
use crate::support::PATIENCE;
use crate::support::associate::{Associate, CT, EXPLICIT, title};
use crate::support::authority::DAY;
use crate::support::configuration::{Table, pacs};
use crate::support::dimse::{image, store_rq};
use crate::support::exchange::{assert_is_store_response, fragments, open};
use crate::support::http::Endpoint;
use crate::support::pacs::Pacs;
use crate::support::pdu::{COMMAND, LAST, Pdu, p_data};
use crate::support::requestor::{Requestor, connect_from};
use crate::support::scenario::{Scenario, assert_rejected, echo};
use crate::support::site::site;
use crate::syslog;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

/// The samples of a scrape, each under its name with its labels.
struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    fn of(admin: &Endpoint) -> Self {
        Self::parse(&text(admin))
    }

    fn parse(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        Self(
            samples
                .map(|line| {
                    let (series, value) = line.rsplit_once(' ').unwrap();
                    (series.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
                })
                .collect(),
        )
    }

    /// The value of exactly this series.
    fn value(&self, series: &str) -> f64 {
        let value = self.0.get(series);
        *value.unwrap_or_else(|| panic!("no {series} in {:#?}", self.0.keys()))
    }

    /// Those with this name and all of these parts.
    fn sum(&self, name: &str, parts: &[&str]) -> f64 {
        let is_meant = |series: &str| {
            series.split('{').next() == Some(name) && parts.iter().all(|part| series.contains(part))
        };
        self.0.iter().filter(|(series, _)| is_meant(series)).map(|(_, value)| value).sum()
    }

    /// Waits until this is so, as what has ended is counted a moment later.
    fn until(admin: &Endpoint, is_so: impl Fn(&Self) -> bool) -> Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let scrape = Self::of(admin);
            if is_so(&scrape) {
                return scrape;
            }
            assert!(Instant::now() < deadline, "{:#?}", scrape.0);
        }
    }
}

fn text(admin: &Endpoint) -> String {
    let reply = admin.get("/metrics");
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    reply.body
}

/// C-STORE with id 1 on context 3.
fn store(requestor: &mut Requestor) {
    requestor.send(&p_data(3, COMMAND | LAST, &store_rq(1)));
    requestor.send(&fragments(3, &image(20_000), 16_376));
    assert_is_store_response(&requestor.receive_pdu());
}

/// A gate that has something to tell under every name.
fn busy() -> (Scenario, Endpoint, Pacs) {
    let spare = Pacs::good();
    let mut asked = pacs(spare.address, &["SPARE"]);
    asked.insert("health", r#""1s""#.into());
    let (scenario, admin) = watched_with(|settings| {
        let mut settings = settings.services(r#"["echo", "store", "find"]"#);
        let end = humantime::format_rfc3339_seconds(SystemTime::now() + DAY);
        settings.listener.insert("report_only_until", format!("\"{end}\""));
        settings.listener.insert("report_only_from", r#"["127.0.7.0/24"]"#.into());
        settings.more.push(("pacs.spare", asked));
        let spool = settings.file("no-spool", "").with_file_name("spool");
        let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
        settings.more.push(("syslog.siem", syslog::plain(nobody, "json", &spool)));
        settings
    });
    let mut released = open(&scenario, 16_384);
    store(&mut released);
    released.release();
    scenario.gate.audited("closed", "released");
    Scrape::until(&admin, |scrape| scrape.sum("pacsgate_target_up", &[r#"pacs="spare""#]) == 1.0);
    (scenario, admin, spare)
}

#[test]
fn the_page_explains_every_metric() {
    let (scenario, admin, _spare) = busy();
    let _open = scenario.associated();
    Scrape::until(&admin, |scrape| scrape.sum("pacsgate_peer_associations", &[]) == 1.0);
    let lost = r#"pacsgate_syslog_messages_lost_total{collector="siem"}"#;
    assert_eq!(Scrape::of(&admin).value(lost), 0.0);
    let text = text(&admin);
    let described = |kind: &str| {
        let prefix = format!("# {kind} ");
        let lines = text.lines().filter_map(|line| line.strip_prefix(&*prefix));
        let lines = lines.map(|line| line.split_once(' ').unwrap());
        lines.map(|(name, what)| (name.to_owned(), what.to_owned())).collect::<BTreeMap<_, _>>()
    };
    let (help, kinds) = (described("HELP"), described("TYPE"));
    assert_eq!(help.keys().collect::<Vec<_>>(), kinds.keys().collect::<Vec<_>>());
    assert!(help.len() > 20 && help.keys().all(|name| name.starts_with("pacsgate_")));
    let rows = help.iter().map(|(name, help)| {
        [format!("`{name}`"), kinds[name].clone(), help.trim_end_matches('.').to_owned()]
    });
    let rows: Vec<_> = rows.collect();
    holds("admin", "metrics", &table(["metric", "type", "what"], &rows));
}

#[test]
fn is_open_metrics_where_that_is_asked_for() {
    let (_scenario, admin, _spare) = busy();
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\
                   Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n\r\n";
    let reply = admin.exchange(request.as_bytes());
    let kind = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n";
    assert!(reply.head.contains(kind), "{}", reply.head);
    assert!(reply.body.ends_with("\n# EOF\n"));
    assert!(reply.body.contains("\n# TYPE pacsgate_events counter\n"), "{}", reply.body);
    assert!(reply.body.contains("\n# UNIT pacsgate_store_seconds seconds\n"));
}

#[test]
fn counts_what_the_audit_counts() {
    let (scenario, admin) = watched();
    for title in ["NOBODY", "CT2", "CT1'"] {
        let mut requestor = scenario.ct1();
        requestor.send(&Associate::echo(title, "PACS").encode());
        assert_rejected(&mut requestor, [1, 1, 3]);
    }
    for _ in 0..2 {
        scenario.serves_a_good_peer();
    }
    let refused = r#"pacsgate_events_total{event="refused",reason="calling-title"}"#;
    let closed = r#"pacsgate_events_total{event="closed",reason="released"}"#;
    let scrape = Scrape::until(&admin, |scrape| {
        scrape.0.get(closed) == Some(&2.0) && scrape.0.get(refused) == Some(&3.0)
    });
    // Every kind of event is there before its first one.
    assert_eq!(scrape.value(r#"pacsgate_events_total{event="unsound",reason="none"}"#), 0.0);
    assert_eq!(scrape.value("pacsgate_audit_lines_lost_total"), 0.0);
    let stopped = scenario.gate.stop();
    let last = stopped.audit.iter().rev().find(|line| line["event"] == "counters").unwrap();
    let mut compared = 0;
    for (event, reasons) in last["counters"].as_object().unwrap() {
        for (reason, count) in reasons.as_object().unwrap() {
            let series = format!("pacsgate_events_total{{event={event:?},reason={reason:?}}}");
            assert_eq!(Some(scrape.value(&series)), count.as_f64(), "{series}");
            compared += 1;
        }
    }
    let told = scrape.0.iter().filter(|(series, _)| series.starts_with("pacsgate_events_total"));
    assert_eq!(told.filter(|(_, value)| **value > 0.0).count(), compared);
}

#[test]
fn measures_what_has_come_of_whom_while_it_comes() {
    let (scenario, admin) =
        watched_with(|settings| settings.services(r#"["echo", "store", "find"]"#));
    let mut requestor = open(&scenario, 16_384);
    echo(&mut requestor, 9);
    for _ in 0..3 {
        store(&mut requestor);
    }
    let parties = r#"peer="ct1",pacs="archive",direction="inward""#;
    let objects = format!(r#"pacsgate_objects_total{{{parties},from="requestor"}}"#);
    let scrape = Scrape::until(&admin, |scrape| scrape.0.get(&objects) == Some(&3.0));
    let open = admin.json("/associations");
    let of = |from: &str| {
        scrape.value(&format!(r#"pacsgate_received_bytes_total{{{parties},from="{from}"}}"#))
    };
    assert!(of("requestor") > 60_000.0 && of("acceptor") > 300.0);
    assert_eq!(scrape.value(r#"pacsgate_associations{direction="inward"}"#), 1.0);
    assert_eq!(scrape.value(r#"pacsgate_associations{direction="outward"}"#), 0.0);
    assert_eq!(scrape.value(&format!("pacsgate_peer_associations{{{parties}}}")), 1.0);
    assert_eq!(scrape.value("pacsgate_connections"), 1.0);
    assert_eq!(scrape.value(&format!("pacsgate_store_seconds_count{{{parties}}}")), 3.0);
    // Operations are told at the end, as in the audit.
    assert_eq!(scrape.sum("pacsgate_operations_total", &[]), 0.0);
    is_open(&scenario, &open, of("requestor"));
    requestor.release();
    let scrape = Scrape::until(&admin, |scrape| {
        scrape.sum("pacsgate_operations_total", &[]) == 4.0
            && scrape.value("pacsgate_connections") == 0.0
    });
    let stores = [r#"peer="ct1""#, r#"from="requestor""#, r#"operation="c-store""#];
    assert_eq!(scrape.sum("pacsgate_operations_total", &stores), 3.0);
    assert_eq!(scrape.sum("pacsgate_peer_associations", &[]), 0.0);
    assert_eq!(admin.json("/associations")["associations"], Value::Array(Vec::new()));
}

/// The one association is told with what has come on it.
fn is_open(scenario: &Scenario, open: &Value, bytes: f64) {
    let [one] = open["associations"].as_array().unwrap().as_slice() else { panic!("{open}") };
    let opened = scenario.gate.wait_for_audit(|line| line["event"] == "opened");
    assert_eq!(one["id"], opened["id"]);
    for (key, value) in [
        ("peer", "ct1"),
        ("pacs", "archive"),
        ("calling", "CT1"),
        ("called", "PACS"),
        ("listener", "front"),
        ("direction", "inward"),
        ("source", "127.0.0.1"),
    ] {
        assert_eq!(one[key], value, "{key} in {one}");
    }
    assert_eq!((&one["known"], &one["plain"]), (&true.into(), &false.into()));
    assert_eq!(one["objects"]["from_requestor"], 3);
    assert_eq!(one["bytes"]["from_requestor"].as_f64(), Some(bytes));
    let since = one["since"].as_str().unwrap();
    assert!(since.len() == 20 && since.ends_with('Z'), "{since}");
    assert_eq!(open["more"], 0);
}

#[test]
fn histograms_have_each_measurement_once_and_in_order() {
    let (scenario, admin) = watched();
    for _ in 0..5 {
        scenario.serves_a_good_peer();
    }
    let association = r#"pacsgate_association_seconds_count{direction="inward"}"#;
    let scrape = Scrape::until(&admin, |scrape| scrape.0.get(association) == Some(&5.0));
    for (name, labels) in [
        ("handshake", r#"listener="front""#),
        ("decision", r#"listener="front""#),
        ("dial", r#"peer="mr1",pacs="archive",direction="inward""#),
        ("association", r#"direction="inward""#),
    ] {
        let count = scrape.value(&format!("pacsgate_{name}_seconds_count{{{labels}}}"));
        let sum = scrape.value(&format!("pacsgate_{name}_seconds_sum{{{labels}}}"));
        assert!((count, sum > 0.0) == (5.0, true) && sum < 600.0, "{name}: {count}, {sum}");
        let text = text(&admin);
        let begin = format!("pacsgate_{name}_seconds_bucket{{");
        let buckets = text.lines().filter(|line| line.starts_with(&*begin));
        let buckets = buckets.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap());
        let buckets: Vec<_> = buckets.collect();
        assert!(buckets.is_sorted() && buckets.last() == Some(&5), "{name}: {buckets:?}");
        assert!(text.contains(r#"le="+Inf""#));
    }
}

#[test]
fn counts_the_days_of_every_certificate_and_list() {
    let (scenario, admin) = watched_with(|mut settings| {
        settings.revoke(&[site().root.crl(&[], SystemTime::now() + 10 * DAY)]);
        settings
    });
    let of = |kind: &str| {
        format!(
            r#"pacsgate_expiry_timestamp_seconds{{table="listener.front.tls",kind="{kind}",number="1"}}"#
        )
    };
    let scrape = Scrape::of(&admin);
    let list = days(scrape.value(&of("crl")));
    assert!((9.9..=10.0).contains(&list), "{list}");
    for (kind, certificate) in
        [("certificate", site().gate.leaf()), ("ca", site().root.certificate())]
    {
        let read = days_left(certificate);
        let left = days(scrape.value(&of(kind)));
        assert!((left - read).abs() < 0.01, "{kind}: {left} days, {read} in the certificate");
    }
    // Those of devices are known when they have come.
    assert_eq!(scrape.sum("pacsgate_peer_certificate_expiry_timestamp_seconds", &[]), 0.0);
    scenario.serves_a_good_peer();
    let series = r#"pacsgate_peer_certificate_expiry_timestamp_seconds{peer="mr1"}"#;
    let scrape = Scrape::of(&admin);
    let read = days_left(site().mr1.leaf());
    assert!((days(scrape.value(series)) - read).abs() < 0.01);
}

/// The days that are left of a certificate, as another program reads them.
fn days_left(der: &[u8]) -> f64 {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("certificate.der");
    fs::write(&path, der).unwrap();
    let script =
        r#"date -u -d "$(openssl x509 -inform der -in "$0" -noout -enddate | cut -d= -f2)" +%s"#;
    let output = Command::new("sh").args(["-c", script]).arg(&path).output().unwrap();
    let end: f64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    days(end)
}

/// From now on to a time in seconds since the epoch.
fn days(end: f64) -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
    (end - now) / 86_400.0
}

#[test]
fn says_how_the_last_reload_went() {
    let (scenario, admin) = watched();
    let scrape = Scrape::of(&admin);
    assert_eq!(scrape.value("pacsgate_last_reload_successful"), 1.0);
    assert_eq!(scrape.value("pacsgate_last_reload_timestamp_seconds"), 0.0);
    crate::reload::edit(&scenario.gate, "[peer.mr1]", "[peer.mr1]\nrights = 7");
    scenario.gate.signal("HUP");
    scenario.gate.audited("reload", "refused");
    let scrape = Scrape::of(&admin);
    assert_eq!(scrape.value("pacsgate_last_reload_successful"), 0.0);
    let (at, started) = (
        scrape.value("pacsgate_last_reload_timestamp_seconds"),
        scrape.value("pacsgate_start_time_seconds"),
    );
    assert!(at >= started && at - started < 600.0);
    crate::reload::edit(&scenario.gate, "\nrights = 7", "");
    crate::reload::reload(&scenario.gate);
    assert_eq!(Scrape::of(&admin).value("pacsgate_last_reload_successful"), 1.0);
    let digest = admin.json("/readyz")["configuration"].as_str().unwrap().to_owned();
    let series = format!("pacsgate_configuration_info{{digest={digest:?}}}");
    assert_eq!(Scrape::of(&admin).value(&series), 1.0);
}

/// Asks under so many titles, each of its own and none of them anybody's.
fn hostile_titles(address: SocketAddr, numbers: std::ops::Range<u32>) {
    for number in numbers {
        // Few from each address: from one that fails again and again they come later.
        let [_, high, middle, low] = (256 + number / 4).to_be_bytes();
        let source = [127, 1 + high, middle, low];
        let mut socket = connect_from(source, address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = Associate::echo("X", "PACS");
        let hostile = format!("\"}} {number} <b>");
        request.calling = title(hostile.as_bytes());
        socket.write_all(&request.encode()).unwrap();
        // What it hears is refusals; a reset is one, too.
        let _ = socket.read_to_end(&mut Vec::new());
    }
}

fn length_after_hostile_titles(count: u32) {
    let scenario = Scenario::with(|settings| at(plain(settings), r#"["127.0.0.1:0"]"#));
    let (plain, admin) = (address(&scenario.gate), Endpoint::of(&scenario.gate));
    let (series, digits) = (
        |text: &str| Scrape::parse(text).0.into_keys().collect::<BTreeSet<_>>(),
        |text: &str| text.chars().filter(|it| !it.is_ascii_digit() && !".e-".contains(*it)).count(),
    );
    hostile_titles(plain, 0..8);
    let refused = r#"pacsgate_events_total{event="refused",reason="unknown-address"}"#;
    Scrape::until(&admin, |scrape| scrape.0.get(refused).is_some_and(|count| *count >= 8.0));
    let before = text(&admin);
    let part = count / 4;
    thread::scope(|scope| {
        for number in 0..4 {
            scope.spawn(move || hostile_titles(plain, 8 + number * part..8 + (number + 1) * part));
        }
    });
    let all = f64::from(part * 4 + 8);
    let scrape = Scrape::until(&admin, |scrape| {
        scrape.sum("pacsgate_events_total", &[r#"event="refused""#]) >= all
    });
    assert_eq!(scrape.value(refused), all);
    let behind = text(&admin);
    assert_eq!(series(&behind), series(&before));
    assert_eq!(digits(&behind), digits(&before), "only numbers have changed");
    for hostile in ["<b>", "\\", "127.1."] {
        assert!(!behind.contains(hostile), "{hostile}");
    }
}

#[test]
fn hostile_titles_leave_its_length_as_it_is() {
    length_after_hostile_titles(400);
}

#[test]
#[ignore = "asks 50,000 times: run tests/all"]
fn fifty_thousand_hostile_titles_leave_its_length_as_it_is() {
    length_after_hostile_titles(50_000);
}

#[test]
#[ignore = "needs promtool of Debian's prometheus: run tests/all"]
fn promtool_has_nothing_to_say_of_the_metrics() {
    let (_scenario, admin, _spare) = busy();
    let mut promtool = Command::new("/usr/bin/promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = promtool.stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text(&admin).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
#[ignore = "needs promtool of Debian's prometheus: run tests/all"]
fn the_alert_rules_alert_when_they_are_to_and_at_no_other_time() {
    let monitoring = Path::new(env!("CARGO_MANIFEST_DIR")).join("monitoring");
    for arguments in [["check", "rules", "rules.yml"], ["test", "rules", "rules_test.yml"]] {
        let mut promtool = Command::new("/usr/bin/promtool");
        let output = promtool.args(arguments).current_dir(&monitoring).output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success() && said.contains("SUCCESS"), "{said}");
    }
}

/// A device without TLS, of a hospital with many.
fn device(number: u8) -> (&'static str, Table) {
    let of = |key, value: String| (key, value);
    let table = Table::from([
        of("certificate", r#""none""#.into()),
        of("from", format!(r#"["127.0.2.{number}"]"#)),
        of("calling_ae", format!(r#"["US{number}"]"#)),
        of("pacs", r#"["archive"]"#.into()),
        of("services", r#"["echo", "store"]"#.into()),
    ]);
    (format!("peer.us{number}").leak(), table)
}

/// It stores an object, and stays.
fn stored_by(number: u8, address: SocketAddr) -> TcpStream {
    let mut socket = connect_from([127, 0, 2, number], address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let title = format!("US{number}");
    let request = Associate::echo(&title, "PACS").context(3, CT, &[EXPLICIT]);
    socket.write_all(&request.encode()).unwrap();
    Pdu::read(&mut socket).unwrap();
    let object = fragments(3, &image(20_000), 16_376);
    socket.write_all(&[p_data(3, COMMAND | LAST, &store_rq(1)), object].concat()).unwrap();
    assert_is_store_response(&Pdu::read(&mut socket).unwrap());
    socket
}

/// The processor time that the endpoint's thread has used (proc(5), schedstat).
fn used_by_admin(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let mut threads = threads.map(|thread| thread.unwrap().path());
    let is_admin = |path: &PathBuf| fs::read_to_string(path.join("comm")).unwrap() == "admin\n";
    let admin = threads.find(is_admin).unwrap();
    let statistics = fs::read_to_string(admin.join("schedstat")).unwrap();
    Duration::from_nanos(statistics.split(' ').next().unwrap().parse().unwrap())
}

/// What it costs to be scraped every second where sixty devices have series of their own, and as many as
/// there are processors store without a pause.
#[test]
#[ignore = "prints a figure: run tests/all"]
fn prints_what_scrapes_cost_under_load() {
    const SCRAPES: u32 = 10;
    let scenario = Scenario::with(|settings| {
        let mut settings = at(plain(settings), r#"["127.0.0.1:0"]"#);
        settings.more.extend((101..=160).map(device));
        settings
    });
    let (plain, admin) = (address(&scenario.gate), Endpoint::of(&scenario.gate));
    let mut held: Vec<_> = (101..=160).map(|number| stored_by(number, plain)).collect();
    let (stop, stored) = (AtomicBool::new(false), AtomicU32::new(0));
    let load = thread::available_parallelism().unwrap().get();
    let object = [p_data(3, COMMAND | LAST, &store_rq(1)), fragments(3, &image(500_000), 16_376)];
    let object = object.concat();
    thread::scope(|scope| {
        for socket in held.iter_mut().take(load) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    socket.write_all(&object).unwrap();
                    assert_is_store_response(&Pdu::read(socket).unwrap());
                    stored.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let (before, began, mut length) =
            (used_by_admin(scenario.gate.process()), Instant::now(), 0);
        for _ in 0..SCRAPES {
            length = text(&admin).len();
            thread::sleep(Duration::from_secs(1));
        }
        let used = used_by_admin(scenario.gate.process()) - before;
        stop.store(true, Ordering::Relaxed);
        let share = 100.0 * used.as_secs_f64() / began.elapsed().as_secs_f64();
        let each = used / SCRAPES;
        println!("{length} bytes, {each:?} each, {share:.2}% of a processor");
    });
    println!("beside them, {} objects of 500 KB", stored.into_inner());
}

const MONITORING: [&str; 3] = ["rules.yml", "rules_test.yml", "grafana.json"];

fn monitoring(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("monitoring");
    fs::read_to_string(folder.join(file)).unwrap()
}

#[test]
fn rules_and_dashboard_name_metrics_that_there_are() {
    let (scenario, admin, _spare) = busy();
    let _open = scenario.associated();
    Scrape::until(&admin, |scrape| scrape.sum("pacsgate_peer_associations", &[]) == 1.0);
    let text = text(&admin);
    let described = text.lines().filter_map(|line| line.strip_prefix("# HELP "));
    let known: BTreeSet<_> = described.map(|line| line.split(' ').next().unwrap()).collect();
    for file in MONITORING {
        let text = monitoring(file);
        let is_word = |it: char| it.is_ascii_lowercase() || it == '_';
        let words = text.split(|it| !is_word(it)).filter(|word| word.starts_with("pacsgate_"));
        let words: BTreeSet<_> = words.collect();
        assert!(words.len() > 8, "{file}: {words:?}");
        for word in words {
            let of_histogram = ["_bucket", "_count", "_sum"].into_iter();
            let of_histogram = of_histogram.filter_map(|end| word.strip_suffix(end));
            let is_known =
                known.contains(word) || of_histogram.into_iter().any(|it| known.contains(it));
            assert!(is_known, "{file} names {word}");
        }
    }
}

/// The queries of the dashboard, with something in place of its variables.
fn queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&monitoring("grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let written = |query: &Value| {
        let query = query["expr"].as_str().unwrap();
        query.replace("$__rate_interval", "1m").replace("$instance", ".*")
    };
    targets.map(written).collect()
}

#[test]
#[ignore = "needs promtool of Debian's prometheus: run tests/all"]
fn promtool_understands_every_query_of_the_dashboard() {
    let folder = TempDir::new().unwrap();
    let queries = queries();
    assert!(queries.len() > 15);
    let rules = queries
        .iter()
        .enumerate()
        .map(|(number, query)| format!("  - {{ record: 'q{number}', expr: '{query}' }}\n"));
    let rules = rules.fold("groups:\n- name: q\n  rules:\n".to_owned(), |text, rule| text + &rule);
    fs::write(folder.path().join("queries.yml"), rules).unwrap();
    let mut promtool = Command::new("/usr/bin/promtool");
    promtool.args(["check", "rules", "queries.yml"]).current_dir(folder.path());
    let output = promtool.output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{said}");
}

/// A Prometheus; killed when dropped.
struct Prometheus {
    child: Child,
    at: Endpoint,
    _folder: TempDir,
}

impl Prometheus {
    /// With the shipped configuration, but for the gate's address and that it asks every second.
    fn of(admin: &Endpoint) -> Self {
        let Endpoint::Tcp(gate) = admin else { unreachable!() };
        let folder = TempDir::new().unwrap();
        let configuration = monitoring("prometheus.yml");
        assert!(configuration.contains("127.0.0.1:9120") && configuration.contains("15s"));
        let configuration = configuration.replace("127.0.0.1:9120", &gate.to_string());
        let configuration = configuration.replace("15s", "1s\n  evaluation_interval: 1s");
        fs::write(folder.path().join("prometheus.yml"), configuration).unwrap();
        fs::write(folder.path().join("rules.yml"), monitoring("rules.yml")).unwrap();
        // It has no way to say which port it was given.
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let child = Command::new("/usr/bin/prometheus")
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .arg(format!("--web.listen-address={port}"))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, at: Endpoint::Tcp(port), _folder: folder }
    }

    /// Waits until a query has a result.
    fn until(&self, query: &str) {
        let deadline = Instant::now() + PATIENCE;
        let path = format!("/api/v1/query?query={query}");
        let mut said = String::new();
        while !said.contains("\"value\":") {
            assert!(Instant::now() < deadline, "{query}: {said}");
            thread::sleep(Duration::from_millis(200));
            if self.at.connect().is_ok() {
                let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
                said = self.at.exchange(request.as_bytes()).body;
            }
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "needs Debian's prometheus: run tests/all"]
fn prometheus_scrapes_it_and_alerts_by_the_rules() {
    let (scenario, admin) = watched();
    let prometheus = Prometheus::of(&admin);
    prometheus.until("up%7Bjob=%22pacsgate%22%7D==1");
    prometheus.until("pacsgate_build_info");
    prometheus.until("pacsgate:refusals:total==0");
    let refused: Vec<_> = (0..60)
        .map(|_| {
            let mut requestor = scenario.ct1();
            requestor.send(&Associate::echo("NOBODY", "PACS").encode());
            requestor
        })
        .collect();
    prometheus.until("pacsgate:refusals:total==60");
    prometheus.until("ALERTS%7Balertname=%22PacsgateManyRefusals%22,alertstate=%22firing%22%7D");
    drop(refused);
}
