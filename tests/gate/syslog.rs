//! The audit at a collector: complete, once, in order, whoever of both was away.

use crate::reload::{edit, reload};
use crate::support::PATIENCE;
use crate::support::associate::{Associate, title};
use crate::support::collector::{Collector, Message};
use crate::support::configuration::Table;
use crate::support::gate::Gate;
use crate::support::pacs::Pacs;
use crate::support::requestor::Caller;
use crate::support::scenario::{assert_is_served, assert_rejected, echo};
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, GATE_NAME, site};
use crate::support::stage::closed_port;
use serde_json::Value;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;
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
    until(|| is_sent(spool.path()));
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

/// How many messages are in the first file of a spool.
fn kept(spool: &Path) -> usize {
    let frames = fs::read_to_string(spool.join(format!("{:020}.frames", 1)));
    frames.unwrap_or_default().matches("[meta sequenceId=").count()
}

/// Whether all of it has left.
fn is_sent(spool: &Path) -> bool {
    let frames = fs::metadata(spool.join(format!("{:020}.frames", 1))).unwrap().len();
    let state = fs::read_to_string(spool.join("sent")).unwrap();
    let offset: u64 = state.split_whitespace().nth(1).unwrap().parse().unwrap();
    offset == frames
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
