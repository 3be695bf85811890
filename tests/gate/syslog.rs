//! The audit at a collector: complete, once, in order, whoever of both was away.

use crate::reload::{edit, reload};
use crate::support::PATIENCE;
use crate::support::associate::{Associate, title};
use crate::support::collector::{Collector, Message, server};
use crate::support::configuration::Table;
use crate::support::gate::Gate;
use crate::support::pacs::Pacs;
use crate::support::requestor::Caller;
use crate::support::scenario::{assert_is_served, assert_rejected, echo};
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, GATE_NAME, site};
use crate::support::stage::closed_port;
use rustls::{ServerConnection, StreamOwned};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn here() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// A collector of lines at this address, without TLS.
pub(crate) fn plain(address: SocketAddr, content: &str, spool: &Path) -> Table {
    Table::from([
        ("address", format!("\"{address}\"")),
        ("content", format!("{content:?}")),
        ("plain", "true".to_owned()),
        ("spool", format!("{spool:?}")),
    ])
}

/// A gate that sends its audit there.
fn gate(pacs: &Pacs, tables: &[(&'static str, Table)]) -> Gate {
    let mut settings = Settings::new(pacs.address);
    settings.more.extend(tables.iter().map(|(name, table)| (*name, table.clone())));
    settings.start()
}

/// The lines that messages carry.
fn lines(messages: &[Message]) -> Vec<Value> {
    messages.iter().map(|message| serde_json::from_str(&message.text).unwrap()).collect()
}

/// The same lines as on standard output, with numbers without a gap.
fn assert_same(messages: &[Message], audit: &[Value]) {
    assert_eq!(lines(messages), audit);
    let numbers: Vec<u64> = messages.iter().map(Message::number).collect();
    assert_eq!(numbers, (1..=messages.len() as u64).collect::<Vec<_>>());
}

fn some_traffic(gate: &Gate) {
    (0..8).for_each(|_| assert_is_served(gate.address));
}

#[test]
fn every_message_arrives_once_and_in_order_when_the_collector_was_away() {
    let (pacs, spool, (socket, address)) = (Pacs::good(), TempDir::new().unwrap(), closed_port());
    let gate = gate(&pacs, &[("syslog.siem", plain(address, "json", spool.path()))]);
    gate.wait_for_log("the collector [syslog.siem]");
    some_traffic(&gate);
    // So that another can listen there afterwards.
    socket.set_reuse_address(true).unwrap();
    socket.listen(16).unwrap();
    let collector = Collector::plain(socket.into());
    gate.wait_for_log("is back");
    some_traffic(&gate);
    collector.wait_for(|message| message.number() == 20);
    // It goes with everything read, and comes again at the same place.
    let mut got = collector.stop();
    some_traffic(&gate);
    let collector = Collector::plain(TcpListener::bind(address).unwrap());
    some_traffic(&gate);
    // The first line, and two of each association.
    collector.wait_for(|message| message.number() == 65);
    let stopped = gate.stop();
    got.extend(collector.stop());
    assert_same(&got, &stopped.audit);
    assert_eq!(stopped.of_event("opened").len(), 32);
}

#[test]
fn a_gate_that_is_killed_loses_no_message_and_repeats_none() {
    let (pacs, spool, (socket, address)) = (Pacs::good(), TempDir::new().unwrap(), closed_port());
    let table = || [("syslog.siem", plain(address, "json", spool.path()))];
    let first = gate(&pacs, &table());
    some_traffic(&first);
    let mut read = 0;
    for _ in 0..8 {
        first.wait_for_next(&mut read, |line| line["event"] == "closed");
    }
    until(|| kept(spool.path()) == 17);
    drop(first);
    let second = gate(&pacs, &table());
    socket.listen(16).unwrap();
    let collector = Collector::plain(socket.into());
    // The two first lines, and those of eight associations.
    collector.wait_for(|message| message.number() == 18);
    until(|| has_arrived(spool.path()));
    drop(second);
    let third = gate(&pacs, &table());
    some_traffic(&third);
    collector.wait_for(|message| message.number() == 35);
    third.stop();
    let messages = collector.stop();
    let numbers: Vec<u64> = messages.iter().map(Message::number).collect();
    assert_eq!(numbers, (1..=messages.len() as u64).collect::<Vec<_>>());
    let lines = lines(&messages);
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    assert_eq!([of("started"), of("opened"), of("closed"), of("counters")], [3, 16, 16, 1]);
}

#[test]
fn a_collector_that_is_killed_under_load_gets_every_message_all_the_same() {
    let (pacs, spool) = (Pacs::good(), TempDir::new().unwrap());
    let collector = Collector::plain(here());
    let address = collector.address;
    let gate = gate(&pacs, &[("syslog.siem", plain(address, "json", spool.path()))]);
    let (mut got, collector) = thread::scope(|scope| {
        let traffic = scope.spawn(|| (0..24).for_each(|_| assert_is_served(gate.address)));
        collector.wait_for(|message| message.number() == 8);
        let got = collector.kill();
        let collector = Collector::plain(TcpListener::bind(address).unwrap());
        traffic.join().unwrap();
        collector.wait_for(|message| message.number() == 49);
        (got, collector)
    });
    let stopped = gate.stop();
    let again = collector.stop();
    for messages in [&got, &again] {
        let numbers = messages.iter().map(Message::number);
        assert!(numbers.clone().is_sorted(), "{:?}", numbers.collect::<Vec<_>>());
    }
    got.extend(again);
    got.sort_by_key(Message::number);
    // What came twice is the same.
    got.dedup();
    assert_same(&got, &stopped.audit);
}

pub(crate) fn until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it is not so");
        thread::yield_now();
    }
}

/// How many messages wait in a spool.
fn kept(spool: &Path) -> usize {
    frames(spool).iter().map(|(_, text)| text.matches("[meta sequenceId=").count()).sum()
}

/// The files of a spool and what they have, the oldest first; some may go meanwhile.
fn frames(spool: &Path) -> Vec<(u64, String)> {
    let entries = fs::read_dir(spool).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            let number = name.split_once('.').filter(|_| name.ends_with(".frames"))?.0;
            Some((number.parse().unwrap(), fs::read_to_string(entry.path()).ok()?))
        })
        .collect();
    files.sort();
    files
}

/// Whether all of it has arrived.
fn has_arrived(spool: &Path) -> bool {
    let state = fs::read_to_string(spool.join("sent")).unwrap();
    let numbers: Vec<u64> = state.split_whitespace().map(|it| it.parse().unwrap()).collect();
    let files = frames(spool).into_iter();
    files.filter(|(_, text)| !text.is_empty()).all(|(number, text)| {
        number < numbers[0] || number == numbers[0] && text.len() as u64 == numbers[1]
    })
}

/// What `run` and `check` say of a table with this content on that spool, which they refuse.
fn refusals(pacs: &Pacs, address: SocketAddr, content: &str, spool: &Path) -> [String; 2] {
    let mut settings = Settings::new(pacs.address);
    settings.more.push(("syslog.siem", plain(address, content, spool)));
    let configuration = settings.file("pacsgate.toml", &settings.text());
    ["run", "check"].map(|command| {
        let output = Command::new(env!("CARGO_BIN_EXE_pacsgate"))
            .args([command, "--config"])
            .arg(&configuration)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{command}");
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    })
}

#[test]
fn what_waits_goes_to_no_table_of_another_content() {
    let (pacs, spool, (socket, address)) = (Pacs::good(), TempDir::new().unwrap(), closed_port());
    let mut table = plain(address, "dicom", spool.path());
    table.insert("phi", "true".to_owned());
    let gate = gate(&pacs, &[("syslog.siem", table)]);
    gate.wait_for_log("the collector [syslog.siem]");
    gate.stop();
    for content in ["json", "dicom"] {
        for said in refusals(&pacs, address, content, spool.path()) {
            assert!(said.contains("syslog.siem.spool: cannot use "), "{said}");
            let both = format!(
                "messages of `content = \"dicom\"` with `phi = true` wait there, and this table has \
                 `content = \"{content}\"`"
            );
            assert!(said.contains(&both), "{said}");
        }
    }
    drop(socket);
}

#[test]
fn a_reload_sends_what_was_for_one_content_to_no_collector_of_another() {
    let (pacs, spool) = (Pacs::good(), TempDir::new().unwrap());
    let (first, second) = (Collector::plain(here()), Collector::plain(here()));
    let mut table = plain(first.address, "dicom", spool.path());
    table.insert("phi", "true".to_owned());
    let gate = gate(&pacs, &[("syslog.siem", table)]);
    first.wait_for(|message| message.number() == 1);
    edit(&gate, &first.address.to_string(), &second.address.to_string());
    edit(&gate, "phi = true", "phi = false");
    reload(&gate);
    let line = gate.wait_for_log("restart it");
    assert!(line.contains("[syslog.siem] has another `content` or `phi`"), "{line}");
    // The reload itself, and the stop.
    first.wait_for(|message| message.text.contains("110131"));
    gate.stop();
    assert!(first.stop().last().unwrap().text.contains("110121"));
    assert!(second.stop().is_empty());
}

#[test]
fn the_end_of_tls_with_messages_unread_loses_none() {
    let (pacs, spool, listener) = (Pacs::good(), TempDir::new().unwrap(), here());
    let address = listener.local_addr().unwrap();
    let gate = gate_with_tls(&pacs, address, spool.path());
    let (stream, _) = listener.accept().unwrap();
    let mut first = StreamOwned::new(ServerConnection::new(server(&site().gate)).unwrap(), stream);
    let mut read = [0; 100];
    assert!(first.read(&mut read).unwrap() > 0);
    some_traffic(&gate);
    until(|| kept(spool.path()) == 17);
    // Within it everything is acknowledged, and none of it counts as read.
    thread::sleep(Duration::from_secs(1));
    // It has read nothing of that, and says that it has done.
    first.conn.send_close_notify();
    first.flush().unwrap();
    first.sock.shutdown(Shutdown::Write).unwrap();
    gate.wait_for_log("is away: it has closed the connection");
    let second = Collector::tls(listener, &site().gate);
    second.wait_for(|message| message.number() == 17);
    let stopped = gate.stop();
    assert_same(&second.stop(), &stopped.audit);
}

#[test]
fn a_collector_that_refuses_the_gates_certificate_is_told_of_once_and_why() {
    let (pacs, spool) = (Pacs::good(), TempDir::new().unwrap());
    let collector = Collector::tls(here(), &site().gate);
    let mut settings = Settings::new(pacs.address);
    let mut table = plain(collector.address, "json", spool.path());
    table.remove("plain");
    let mut tls = tls(&settings);
    tls.remove("certificate");
    tls.remove("private_key");
    settings.more.extend([("syslog.siem", table), ("syslog.siem.tls", tls)]);
    let gate = settings.start();
    let line = gate.wait_for_log("the collector [syslog.siem]");
    assert!(
        line.contains("is away: no TLS: the other end refused the gate's certificate"),
        "{line}"
    );
    // Some attempts more.
    thread::sleep(Duration::from_secs(2));
    let stopped = gate.stop();
    let lines: Vec<_> = stopped.stderr.lines().filter(|it| it.contains("[syslog.siem]")).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(collector.stop().is_empty());
}

/// The table of TLS with a collector that shows the gate's certificate.
pub(crate) fn tls(settings: &Settings) -> Table {
    let ca = settings.file("collector-ca.crt", &site().root.pem());
    let certificate = settings.file("shown.crt", &site().ct1.chain_pem());
    let key = settings.file("shown.key", &site().ct1.key_pem());
    Table::from([
        ("ca", format!("{ca:?}")),
        ("name", format!("{GATE_NAME:?}")),
        ("certificate", format!("{certificate:?}")),
        ("private_key", format!("{key:?}")),
    ])
}

/// A gate that sends its audit over TLS.
fn gate_with_tls(pacs: &Pacs, address: SocketAddr, spool: &Path) -> Gate {
    let mut settings = Settings::new(pacs.address);
    let mut table = plain(address, "json", spool);
    table.remove("plain");
    let tls = tls(&settings);
    settings.more.extend([("syslog.siem", table), ("syslog.siem.tls", tls)]);
    settings.start()
}

#[test]
fn over_tls_as_well_and_to_another_collector_after_a_reload() {
    let (pacs, spool) = (Pacs::good(), TempDir::new().unwrap());
    let first = Collector::tls(here(), &site().gate);
    let gate = gate_with_tls(&pacs, first.address, spool.path());
    some_traffic(&gate);
    first.wait_for(|message| message.number() == 17);
    let second = Collector::tls(here(), &site().gate);
    edit(&gate, &first.address.to_string(), &second.address.to_string());
    reload(&gate);
    some_traffic(&gate);
    // The first line, two of each association, and that of the reload, which may go either way.
    second.wait_for(|message| message.number() == 34);
    let stopped = gate.stop();
    let mut got = first.stop();
    got.extend(second.stop());
    assert_same(&got, &stopped.audit);
}

#[test]
fn a_collector_that_is_another_hears_nothing() {
    let (pacs, spool) = (Pacs::good(), TempDir::new().unwrap());
    let stranger = Collector::tls(here(), &site().ct1);
    let gate = gate_with_tls(&pacs, stranger.address, spool.path());
    let line = gate.wait_for_log("the collector [syslog.siem]");
    assert!(line.contains("is away: no TLS: "), "{line}");
    some_traffic(&gate);
    gate.stop();
    assert!(stranger.stop().is_empty());
}

#[test]
fn a_title_that_would_break_structured_data_is_a_value() {
    let (pacs, spool) = (Pacs::good(), TempDir::new().unwrap());
    let collector = Collector::plain(here());
    let gate = gate(&pacs, &[("syslog.siem", plain(collector.address, "json", spool.path()))]);
    let mut requestor = Caller::with(&site().ct1).call(gate.address).unwrap();
    let mut request = Associate::echo("CT1", "PACS");
    request.calling = title(br#"A"] [b c="d"]"#);
    requestor.send(&request.encode());
    assert_rejected(&mut requestor, [1, 1, 3]);
    let messages = collector.wait_for(|message| message.id == "refused");
    let refused = messages.last().unwrap();
    assert_eq!(refused.priority, 84);
    assert_eq!(refused.application, "pacsgate");
    assert_eq!(refused.process, gate.process().to_string());
    // As the audit has it.
    let line: Value = serde_json::from_str(&refused.text).unwrap();
    assert_eq!(refused.parameter("calling"), line["calling"].as_str());
    for (name, value) in [("reason", "calling-title"), ("listener", "front"), ("peer", "ct1")] {
        assert_eq!(refused.parameter(name), Some(value));
    }
    let elements = refused.data.iter().map(|(element, ..)| element.as_str());
    assert!(
        elements.eq(std::iter::once("meta")
            .chain(["origin"; 2])
            .chain(std::iter::repeat_n("pacsgate@32473", refused.data.len() - 3)))
    );
}

#[test]
fn two_gates_do_not_share_a_spool() {
    let (pacs, spool, (_socket, address)) = (Pacs::good(), TempDir::new().unwrap(), closed_port());
    let table = || ("syslog.siem", plain(address, "json", spool.path()));
    let _first = gate(&pacs, &[table()]);
    let mut settings = Settings::new(pacs.address);
    settings.more.push(table());
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let second = Command::new(env!("CARGO_BIN_EXE_pacsgate"))
        .args(["run", "--config"])
        .arg(&configuration)
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("syslog.siem.spool: cannot use "), "{said}");
    assert!(said.contains("another pacsgate uses this folder"), "{said}");
}

#[test]
#[ignore = "needs rsyslog, see tests/peers/install"]
fn rsyslog_takes_it_over_tls() {
    let (pacs, spool) = (Pacs::good(), TempDir::new().unwrap());
    let server = Rsyslog::start();
    let gate = gate_with_tls(&pacs, server.address, spool.path());
    some_traffic(&gate);
    let mut requestor = Caller::with(&site().ct1).call(gate.address).unwrap();
    requestor.associate(&Associate::echo("CT1", "PACS"));
    echo(&mut requestor, 1);
    requestor.release();
    gate.audited("closed", "released");
    let stopped = gate.stop();
    let received = server.received(stopped.audit.len());
    let lines: Vec<Value> = received
        .iter()
        .map(|line| serde_json::from_str(line.split_once('\t').unwrap().1).unwrap())
        .collect();
    assert_eq!(lines, stopped.audit);
    let (data, _) = received.last().unwrap().split_once('\t').unwrap();
    assert!(data.starts_with("[meta sequenceId=\""), "{data}");
}

/// Debian's rsyslog, over TLS with a certificate that it asks for.
pub(crate) struct Rsyslog {
    pub(crate) address: SocketAddr,
    child: std::process::Child,
    folder: TempDir,
}

impl Rsyslog {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let file = |name: &str, content: &str| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        let ca = file("ca.pem", &site().root.pem());
        let certificate = file("server.pem", &site().gate.chain_pem());
        let key = file("server.key", &site().gate.key_pem());
        let (socket, address) = closed_port();
        drop(socket);
        let configuration = format!(
            "global(workDirectory={work:?} maxMessageSize=\"256k\" defaultNetstreamDriver=\"ossl\"\n\
             defaultNetstreamDriverCAFile={ca:?} defaultNetstreamDriverCertFile={certificate:?}\n\
             defaultNetstreamDriverKeyFile={key:?})\n\
             module(load=\"imtcp\" streamDriver.name=\"ossl\" streamDriver.mode=\"1\"\n\
             streamDriver.authMode=\"x509/name\" permittedPeer=[\"{CT1_NAME}\"])\n\
             template(name=\"whole\" type=\"string\" string=\"%structured-data%\\t%msg%\\n\")\n\
             ruleset(name=\"all\") {{ action(type=\"omfile\" file={out:?} template=\"whole\"\n\
             flushOnTXEnd=\"on\") }}\n\
             input(type=\"imtcp\" address=\"127.0.0.1\" port=\"{port}\" ruleset=\"all\")\n",
            work = folder.path(),
            out = folder.path().join("received"),
            port = address.port(),
        );
        let configuration = file("rsyslog.conf", &configuration);
        let child = Command::new("/usr/sbin/rsyslogd")
            .args(["-n", "-i"])
            .arg(folder.path().join("pid"))
            .arg("-f")
            .arg(configuration)
            .spawn()
            .unwrap();
        until(|| TcpStream::connect(address).is_ok());
        Self { address, child, folder }
    }

    /// So many lines, once they are there.
    pub(crate) fn received(&self, count: usize) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = fs::read_to_string(self.folder.path().join("received"));
            let text = text.unwrap_or_default();
            let lines: Vec<_> = text.lines().map(str::to_owned).collect();
            if lines.len() >= count {
                return lines;
            }
            assert!(Instant::now() < deadline, "{} of {count}: {text}", lines.len());
            thread::yield_now();
        }
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
