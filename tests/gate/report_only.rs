//! Listeners that only report what the policy refuses: what passes, what does not, and how it ends.

use crate::plain_listeners::{address, plain};
use crate::reload::{configuration, edit, reload};
use crate::support::PATIENCE;
use crate::support::associate::{Associate, EXPLICIT, STUDY_FIND, VERIFICATION};
use crate::support::configuration::{Table, main_file, pacs as pacs_table};
use crate::support::dcmtk::{Storescp, call, objects, words};
use crate::support::dimse::{Request, echo_rq, find_rq, identifier};
use crate::support::gate::{Gate, command};
use crate::support::pacs::Pacs;
use crate::support::pdu::{
    ASSOCIATE_AC, COMMAND, LAST, Pdu, abort, p_data, release_rp, release_rq,
};
use crate::support::requestor::{Caller, connect_from};
use crate::support::scenario::{Scenario, assert_is_echo_response};
use crate::support::settings::Settings;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// Where nobody is a peer, in a network whose refusals are reported.
const STRANGER: [u8; 4] = [127, 0, 7, 1];
/// The same outside of it.
const ELSEWHERE: [u8; 4] = [127, 0, 8, 1];
const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn until(left: Duration) -> String {
    format!("\"{}\"", humantime::format_rfc3339_seconds(SystemTime::now() + left))
}

fn report_only(table: &mut Table, left: Duration) {
    table.insert("report_only_until", until(left));
    table.insert("report_only_from", r#"["127.0.7.0/24"]"#.into());
}

/// The usual gate with a plain listener that only reports.
fn reporting(left: Duration) -> (Scenario, SocketAddr) {
    let scenario = Scenario::with(|settings| {
        let mut settings = plain(settings).limit("reload_grace", "300ms");
        report_only(table(&mut settings, "listener.plain"), left);
        settings
    });
    let address = address(&scenario.gate);
    (scenario, address)
}

fn table<'a>(settings: &'a mut Settings, name: &str) -> &'a mut Table {
    &mut settings.more.iter_mut().find(|(known, _)| *known == name).unwrap().1
}

/// The least that learns a site: a plain listener and the PACS.
fn without_peers(directory: &TempDir, pacs: SocketAddr, left: Duration) -> std::path::PathBuf {
    let mut listener =
        Table::from([("bind", r#"["127.0.0.1:0"]"#.into()), ("plain", "true".into())]);
    listener.insert("report_only_until", until(left));
    listener.insert("report_only_from", r#"["127.0.0.0/8"]"#.into());
    let pacs = pacs_table(pacs, &["PACS"]);
    let text = main_file(&[("listener.plain", &listener), ("pacs.archive", &pacs)]);
    let file = directory.path().join("pacsgate.toml");
    fs::write(&file, text).unwrap();
    file
}

fn asked(source: [u8; 4], address: SocketAddr, request: &Associate) -> TcpStream {
    let mut socket = connect_from(source, address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(&request.encode()).unwrap();
    socket
}

fn opened(source: [u8; 4], address: SocketAddr, request: &Associate) -> TcpStream {
    let mut socket = asked(source, address, request);
    assert_eq!(Pdu::read(&mut socket).unwrap().kind, ASSOCIATE_AC);
    socket
}

fn echo_and_release(socket: &mut TcpStream) {
    socket.write_all(&p_data(1, COMMAND | LAST, &echo_rq(1))).unwrap();
    assert_is_echo_response(&Pdu::read(socket).unwrap(), 1);
    socket.write_all(&release_rq()).unwrap();
    assert_eq!(Pdu::read(socket).unwrap().encode(), release_rp());
}

fn said(mut socket: &TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    let _ = socket.read_to_end(&mut said);
    said
}

/// All that explains a refusal.
fn explanation(line: &Value) -> Vec<&Value> {
    let keys = ["reason", "detail", "advice", "trace", "nearest", "contexts", "calling", "called"];
    keys.iter().map(|key| &line[*key]).collect()
}

#[test]
fn a_stranger_passes_and_the_line_says_what_its_refusal_says() {
    let (scenario, address) = reporting(HOUR);
    let request = Associate::echo("NOBODY", "PACS");
    assert_eq!(said(&asked(ELSEWHERE, address, &request))[0], 3);
    let refused = scenario.gate.audited("refused", "unknown-address");
    assert_eq!(scenario.pacs.connections(), 0);
    echo_and_release(&mut opened(STRANGER, address, &request));
    let would = scenario.gate.audited("would-refuse", "unknown-address");
    assert_eq!(explanation(&would), explanation(&refused));
    assert_eq!((&would["report_only"], &would["wire"]), (&true.into(), &Value::Null));
    let closed = scenario.gate.audited("closed", "released");
    assert_eq!((&closed["report_only"], &closed["peer"]), (&true.into(), &Value::Null), "{closed}");
    assert_eq!(closed["operations"][0]["operation"], "c-echo", "{closed}");
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.counted("would-refuse", "unknown-address"), 1);
    assert_eq!(stopped.counted("refused", "unknown-address"), 1);
}

#[test]
fn an_unknown_certificate_that_tls_accepts_passes_and_one_that_it_refuses_does_not() {
    let scenario = Scenario::with(|mut settings| {
        settings.listener.insert("report_only_until", until(HOUR));
        settings.listener.insert("report_only_from", r#"["127.0.0.0/8"]"#.into());
        settings.ct1.insert("certificate", r#"[{ san_dns = "other.example" }]"#.into());
        settings
    });
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT1", "PACS"));
    crate::support::scenario::echo(&mut requestor, 1);
    requestor.release();
    let would = scenario.gate.audited("would-refuse", "unknown-certificate");
    assert!(would["certificate"]["sha256"].is_string(), "{would}");
    drop(Caller::anonymous().call(scenario.gate.address));
    scenario.gate.audited("failed", "certificate-missing");
    assert_eq!(scenario.pacs.connections(), 1);
}

#[test]
fn an_operation_without_a_right_passes_and_is_told() {
    let (scenario, address) = reporting(HOUR);
    drop(scenario.gate.wait_for_log("REPORT-ONLY"));
    edit(&scenario.gate, r#"from = ["127.0.0.20"]"#, r#"from = ["127.0.7.1"]"#);
    reload(&scenario.gate);
    let request = Associate::request("US1", "PACS")
        .context(1, VERIFICATION, &["1.2.840.10008.1.2"])
        .context(3, STUDY_FIND, &[EXPLICIT]);
    let mut socket = opened(STRANGER, address, &request);
    socket.write_all(&p_data(3, COMMAND | LAST, &find_rq(7))).unwrap();
    socket.write_all(&p_data(3, LAST, &identifier())).unwrap();
    let response = Pdu::read(&mut socket).unwrap();
    assert_eq!(Request::parse(&response.pdvs()[0].data).status, Some(0));
    let would = scenario.gate.audited("would-refuse", "requestor-operation");
    assert_eq!(would["request"]["operation"], "c-find", "{would}");
    assert!(would["advice"].as_str().unwrap().contains("add `find` to `services`"), "{would}");
    echo_and_release(&mut socket);
    let opened = scenario.gate.wait_for_audit(|line| line["event"] == "opened");
    assert_eq!((&opened["peer"], &opened["report_only"]), (&"us1".into(), &true.into()));
    assert_eq!(opened["contexts"]["removed"], Value::Null, "{opened}");
    let closed = scenario.gate.audited("closed", "released");
    for line in [&opened, &closed] {
        let would = &line["contexts"]["would_remove"];
        assert_eq!(
            (&would[0]["id"], &would[0]["why"]),
            (&3.into(), &"not-permitted".into()),
            "{line}"
        );
        assert_eq!(would[1], Value::Null, "{line}");
    }
}

/// What `explain --json` says of a plain listener.
fn explained(file: &std::path::Path, more: &[&str]) -> Value {
    let mut explain = std::process::Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    let explain = explain.args(["explain", "--json", "--called", "PACS", "--config"]).arg(file);
    let output = explain.args(more).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[test]
fn explain_judges_by_the_listener_that_is_named() {
    let directory = TempDir::new().unwrap();
    let file = without_peers(&directory, "127.0.0.1:104".parse().unwrap(), HOUR);
    let (text, left) = (fs::read_to_string(&file).unwrap(), until(HOUR));
    let other = format!(
        "\n[listener.other]\nbind = [\"127.0.0.1:1105\"]\nplain = true\nreport_only_until = {left}\n\
         report_only_from = [\"10.9.0.0/16\"]\n"
    );
    fs::write(&file, text + &other).unwrap();
    let passes_until = |listener, source| {
        let asked = ["--calling", "ANY", "--listener", listener, "--source", source];
        explained(&file, &asked)["passes_until"].clone()
    };
    for (listener, passes, stays) in
        [("plain", "127.0.7.1", "10.9.0.1"), ("other", "10.9.0.1", "127.0.7.1")]
    {
        assert!(passes_until(listener, passes).is_string(), "{listener}");
        assert_eq!(passes_until(listener, stays), Value::Null, "{listener}");
    }
}

#[test]
fn explain_says_until_when_a_context_without_a_right_passes() {
    let (scenario, _) = reporting(HOUR);
    edit(&scenario.gate, r#"from = ["127.0.0.20"]"#, r#"from = ["127.0.7.1"]"#);
    let of = |classes: &[&str]| {
        let asked = ["--calling", "US1", "--listener", "plain", "--source", "127.0.7.1"];
        explained(&configuration(&scenario.gate), &[&asked[..], classes].concat())
    };
    let said = of(&["--sop-class", VERIFICATION, "--sop-class", STUDY_FIND]);
    assert_eq!((&said["permitted"], &said["passes_until"].is_string()), (&true.into(), &true));
    assert_eq!(said["contexts"][1]["removed"], "not-permitted", "{said}");
    assert_eq!(of(&["--sop-class", VERIFICATION])["passes_until"], Value::Null);
}

#[test]
fn malformed_requests_are_refused_as_ever() {
    let (scenario, address) = reporting(HOUR);
    let mut request = Associate::echo("NOBODY", "PACS").encode();
    let last = request.len() - 1;
    request.truncate(last);
    request[5] -= 1;
    let mut socket = connect_from(STRANGER, address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(&request).unwrap();
    assert_eq!(said(&socket)[0], abort(2, 0)[0]);
    scenario.gate.wait_for_audit(|line| line["event"] == "refused");
    assert_eq!(scenario.pacs.connections(), 0);
}

#[test]
fn enforces_at_its_end_without_a_restart_and_ends_what_it_let_through() {
    let (scenario, address) = reporting(Duration::from_secs(4));
    let request = Associate::echo("NOBODY", "PACS");
    let socket = opened(STRANGER, address, &request);
    assert_eq!(said(&socket)[0], abort(2, 0)[0]);
    let closed = scenario.gate.audited("closed", "withdrawn");
    let detail = closed["detail"].as_str().unwrap();
    assert!(detail.starts_with("the configuration, as it holds now, permits"), "{closed}");
    assert_eq!(said(&asked(STRANGER, address, &request))[0], 3);
    scenario.gate.audited("refused", "unknown-address");
    let log = scenario.gate.wait_for_log("report-only has ended at ");
    assert!(log.contains("at the gate since its start"), "{log}");
}

#[test]
fn a_reload_that_takes_it_out_ends_what_it_let_through() {
    let (scenario, address) = reporting(HOUR);
    let socket = opened(STRANGER, address, &Associate::echo("NOBODY", "PACS"));
    edit(
        &scenario.gate,
        r#"report_only_from = ["127.0.7.0/24"]"#,
        r#"report_only_from = ["127.0.9.0/24"]"#,
    );
    reload(&scenario.gate);
    assert_eq!(said(&socket)[0], abort(2, 0)[0]);
    scenario.gate.audited("closed", "withdrawn");
}

#[test]
fn a_gate_whose_clock_is_far_behind_starts_and_enforces() {
    let (scenario, address) = reporting(400 * 24 * HOUR);
    scenario.gate.wait_for_log("more than 31 days ahead");
    assert_eq!(said(&asked(STRANGER, address, &Associate::echo("NOBODY", "PACS")))[0], 3);
    scenario.gate.audited("refused", "unknown-address");
}

#[test]
fn the_log_says_that_it_begins_by_itself() {
    let (scenario, address) = reporting(31 * 24 * HOUR + Duration::from_secs(5));
    scenario.gate.wait_for_log("more than 31 days ahead");
    scenario.gate.wait_for_log("REPORT-ONLY begins");
    echo_and_release(&mut opened(STRANGER, address, &Associate::echo("NOBODY", "PACS")));
}

#[test]
fn a_day_that_has_passed_ends_it_where_there_is_no_peer() {
    let directory = TempDir::new().unwrap();
    let pacs = Pacs::good();
    let command = command(&without_peers(&directory, pacs.address, HOUR));
    let gate = Gate::spawn(directory, command);
    let (address, request) = (address(&gate), Associate::echo("NOBODY", "PACS"));
    echo_and_release(&mut opened(STRANGER, address, &request));
    let text = fs::read_to_string(configuration(&gate)).unwrap();
    let keys = text.lines().find(|line| line.starts_with("report_only_until")).unwrap();
    edit(&gate, keys, "report_only_until = \"2026-01-01\"");
    reload(&gate);
    assert_eq!(said(&asked(STRANGER, address, &request))[0], 3);
    gate.audited("refused", "unknown-address");
    gate.wait_for_log("as soon as there is a peer, take both");
}

#[test]
fn a_certificate_may_be_optional_before_there_is_a_peer_without_one() {
    let scenario = Scenario::with(|mut settings| {
        settings.tls.insert("client_certificate", "\"optional\"".into());
        settings.listener.insert("report_only_until", until(HOUR));
        settings.listener.insert("report_only_from", r#"["127.0.0.0/8"]"#.into());
        settings
    });
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT1", "PACS"));
    requestor.release();
}

#[test]
fn networks_that_are_wrong_are_told_once() {
    let directory = TempDir::new().unwrap();
    let file = without_peers(&directory, "127.0.0.1:104".parse().unwrap(), HOUR);
    let text = fs::read_to_string(&file).unwrap();
    for wrong in ["[]", "[\"nonsense\"]"] {
        fs::write(&file, text.replace("[\"127.0.0.0/8\"]", wrong)).unwrap();
        let mut check = std::process::Command::new(env!("CARGO_BIN_EXE_pacsgate"));
        let output = check.arg("check").arg("--config").arg(&file).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(78), "{told}");
        assert!(told.contains("report_only_from") && !told.contains("REPORT-ONLY"), "{told}");
    }
}

#[test]
fn check_warns_always_and_strictly_refuses() {
    let directory = TempDir::new().unwrap();
    let pacs = "127.0.0.1:104".parse().unwrap();
    let check = |left, more: &[&str]| {
        let file = without_peers(&directory, pacs, left);
        let mut check = std::process::Command::new(env!("CARGO_BIN_EXE_pacsgate"));
        let output = check.arg("check").arg("--config").arg(file).args(more).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, told) = check(HOUR, &[]);
    assert!(told.contains("listener.plain.report_only_until: REPORT-ONLY"), "{told}");
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(check(HOUR, &["--strict"]).0, Some(78));
    let (code, told) = check(32 * 24 * HOUR, &[]);
    assert!(told.contains("more than 31 days ahead"), "{told}");
    assert_eq!(code, Some(78));
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn echoscu_and_storescu_pass_a_gate_that_knows_nobody() {
    let (directory, files) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let pacs = Storescp::start();
    let file = without_peers(&directory, pacs.address, HOUR);
    let command = command(&file);
    let gate = Gate::spawn(directory, command);
    let address = address(&gate);
    let echoed = call("echoscu", &[], ["ANYBODY", "WHATEVER"], address, &[]);
    assert!(echoed.status.success(), "{}", words(&echoed));
    let object = [objects(files.path()).remove(0).1];
    let stored = call("storescu", &[], ["ANYBODY", "PACS"], address, &object);
    assert!(stored.status.success(), "{}", words(&stored));
    gate.audited("would-refuse", "unknown-address");
    let line = gate.wait_for_audit(|line| line["operations"][0]["operation"] == "c-store");
    assert_eq!(line["report_only"], true, "{line}");
    assert_eq!(pacs.stored().len(), 1);
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn findscu_and_movescu_pass_a_gate_that_knows_nobody() {
    let directory = TempDir::new().unwrap();
    let pacs = Pacs::good();
    let command = command(&without_peers(&directory, pacs.address, HOUR));
    let gate = Gate::spawn(directory, command);
    let address = address(&gate);
    let keys = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3"];
    let found = call("findscu", &keys.map(Into::into), ["ANYBODY", "PACS"], address, &[]);
    assert!(found.status.success(), "{}", words(&found));
    let keys = [&["-aem", "ELSEWHERE"][..], &keys].concat();
    let keys: Vec<_> = keys.into_iter().map(Into::into).collect();
    let moved = call("movescu", &keys, ["ANYBODY", "PACS"], address, &[]);
    assert!(moved.status.success(), "{}", words(&moved));
    gate.wait_for_audit(|line| line["operations"][0]["operation"] == "c-find");
    let line = gate.wait_for_audit(|line| line["operations"][0]["operation"] == "c-move");
    assert_eq!(line["moved_to"][0]["title"], "ELSEWHERE", "{line}");
    assert_eq!(gate.stop().counted("would-refuse", "unknown-address"), 2);
}
