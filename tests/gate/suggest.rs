//! `pacsgate suggest`: what the audit shows, and that it lets exactly those go on who should.

mod day;

use crate::plain_listeners::address;
use crate::support::configuration::{Table, main_file, pacs as pacs_table};
use crate::support::dcmtk::words;
use crate::support::gate::{Gate, command};
use day::{HONEST, Site};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const CLASS: &str = "CTImageStorage";

/// A gate with a plain listener, whose refusals are only reported for an hour if it learns.
fn main(folder: &Path, pacs: std::net::SocketAddr, learns: bool) -> PathBuf {
    let mut listener =
        Table::from([("bind", r#"["127.0.0.1:0"]"#.into()), ("plain", "true".into())]);
    if learns {
        let end = SystemTime::now() + Duration::from_secs(3600);
        let end = humantime::format_rfc3339_seconds(end);
        listener.insert("report_only_until", format!("\"{end}\""));
        listener.insert("report_only_from", r#"["127.0.0.0/8"]"#.into());
    }
    let pacs = pacs_table(pacs, &["PACS"]);
    let file = folder.join("pacsgate.toml");
    let text = main_file(&[("listener.plain", &listener), ("pacs.archive", &pacs)]);
    fs::write(&file, text).unwrap();
    fs::create_dir_all(folder.join("conf.d")).unwrap();
    file
}

fn suggest(config: &Path, arguments: &[&str], audit: &str) -> Output {
    let file = config.with_file_name("audit.jsonl");
    fs::write(&file, audit).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    command.arg("suggest").arg(&file).arg("--config").arg(config).args(arguments);
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", words(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// An association as a gate that learns writes it.
fn closed(source: &str, calling: &str, operation: &str, class: &str) -> Value {
    json!({
        "time": "2026-11-02T10:00:00.000Z", "event": "closed", "direction": "inward", "plain": true,
        "source": format!("{source}:40000"), "calling": calling, "called": "PACS", "pacs": "archive",
        "reason": "released", "report_only": true,
        "operations": [{
            "from": "requestor", "operation": operation, "sop_class": class, "status": "0000",
            "count": 1,
        }],
    })
}

fn lines(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn learning() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let main = main(folder.path(), "127.0.0.1:104".parse().unwrap(), true);
    (folder, main)
}

#[test]
#[ignore = "needs DCMTK, pynetdicom, dcmjs-dimse and Orthanc: run tests/all"]
fn who_was_there_on_a_recorded_day_goes_on_and_the_hostile_do_not() {
    let site = Site::new();
    let folder = TempDir::new().unwrap();
    let file = main(folder.path(), site.pacs.address, true);
    let gate = Gate::spawn(TempDir::new().unwrap(), command(&file));
    site.leads_to(address(&gate));
    assert_eq!(site.honest(), [""; 0], "as without a gate");
    assert_eq!(site.hostile(), [day::SCANNER, day::THIEF, day::HARVESTER], "nothing is refused");
    assert_eq!(site.honest(), [""; 0], "as without a gate");
    let audit = gate.stop().stdout;
    let drop_ins = folder.path().join("conf.d");
    let written = suggest(&file, &["--write", drop_ins.to_str().unwrap()], &audit);
    let told = said(&written);
    println!("{told}");
    assert_eq!(fs::read_dir(&drop_ins).unwrap().count(), HONEST.len(), "{told}");
    for code in ["titles:", "title-of-address:", "open-queries:"] {
        assert!(told.contains(&format!("#   {code}")), "{code} {told}");
    }
    let file = main(folder.path(), site.pacs.address, false);
    let gate = Gate::spawn(TempDir::new().unwrap(), command(&file));
    site.leads_to(address(&gate));
    assert_eq!(site.honest(), [""; 0], "every honest one goes on");
    let before = gate.stop().audit;
    let refusals = ["refused", "forbidden", "unsound", "would-refuse"];
    let refused = before.iter().filter(|line| refusals.iter().any(|it| line["event"] == *it));
    assert_eq!(refused.collect::<Vec<_>>(), [&Value::Null; 0], "without one refusal");
    let gate = Gate::spawn(TempDir::new().unwrap(), command(&file));
    site.leads_to(address(&gate));
    assert_eq!(site.hostile(), [0; 0], "and the hostile do not");
    let after = gate.stop().audit;
    assert!(after.iter().all(|line| line["event"] != "opened"), "{after:?}");
    let again = suggest(&file, &[], &audit);
    assert!(said(&again).contains(": 0 new, 0 to change"), "what is permitted is left out");
}

#[test]
fn what_it_writes_loads_and_names_what_was_seen() {
    let (folder, main) = learning();
    let mut ct = closed("10.1.2.3", "CT1", "c-store", CLASS);
    ct["deviations"] = json!({ "odd-length": 4 });
    let mut ws = closed("10.1.2.4", "WS1", "c-move", "StudyRootQueryRetrieveInformationModelMove");
    ws["moved_to"] = json!([{ "title": "CT1", "count": 2 }, { "title": "NOWHERE", "count": 1 }]);
    let own = closed("10.1.2.5", "LAB", "c-store", "1.2.3.4.5");
    let drop_ins = folder.path().join("conf.d");
    let told =
        said(&suggest(&main, &["--write", drop_ins.to_str().unwrap()], &lines(&[ct, ws, own])));
    let read = |name: &str| fs::read_to_string(drop_ins.join(name)).unwrap();
    let ct = read("ct1.toml");
    for part in ["from = [\"10.1.2.3\"]", "tolerate = [\"odd-length\"]", "services = [\"store\"]"] {
        assert!(ct.contains(part), "{part} {ct} {told}");
    }
    let ws = read("ws1.toml");
    assert!(ws.contains("move_to = [\"CT1\"]") && ws.contains("NOWHERE"), "{ws}");
    let lab = read("lab.toml");
    assert!(lab.contains("sop_class = \"1.2.3.4.5\"") && lab.contains("[\"c-store\"]"), "{lab}");
    let mut check = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    let check = check.arg("check").arg("--config").arg(&main).output().unwrap();
    assert!(check.status.success(), "{}", words(&check));
    let again = suggest(&main, &["--write", drop_ins.to_str().unwrap()], &lines(&[]));
    assert!(said(&again).contains("no association of this time"), "nothing to write is said");
}

#[test]
fn marks_what_looks_wrong_and_does_not_suggest_it() {
    let (_folder, main) = learning();
    let mut day: Vec<_> = (0..9).map(|_| closed("10.1.2.3", "CT1", "c-store", CLASS)).collect();
    day.push(closed("10.1.2.9", "CT1", "c-store", CLASS));
    for host in 1..4 {
        day.push(closed(&format!("10.1.3.{host}"), "ROAMING", "c-store", CLASS));
    }
    day.extend((0..9).map(|it| closed("10.1.2.8", &format!("T{it}"), "c-echo", "Verification")));
    day.push(closed("10.1.2.7", "PACS", "c-store", CLASS));
    let mut away =
        closed("10.1.2.6", "AWAY", "c-move", "StudyRootQueryRetrieveInformationModelMove");
    away["moved_to"] = json!([{ "title": "ELSEWHERE", "count": 1 }]);
    day.push(away);
    let report: Value =
        serde_json::from_str(&said(&suggest(&main, &["--json"], &lines(&day)))).unwrap();
    let new: Vec<_> = report["new"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(new, ["ct1"], "{report}");
    let doubted = |who: &str| {
        let all = report["doubted"].as_array().unwrap();
        let found = all.iter().find(|it| it["who"] == who);
        found.unwrap_or_else(|| panic!("{who} {report}"))["why"][0]["code"].clone()
    };
    let rows = [
        ("CT1 at 10.1.2.9", "title-of-address"),
        ("ROAMING at 10.1.3.1", "title-of-many"),
        ("10.1.2.8", "titles"),
        ("PACS at 10.1.2.7", "title-of-pacs"),
        ("AWAY at 10.1.2.6", "destinations"),
    ];
    for (who, code) in rows {
        assert_eq!(doubted(who), code, "{who}");
    }
}

#[test]
fn whoever_tries_titles_out_is_told_once() {
    let (_folder, main) = learning();
    let scan = (0..20).map(|it| closed("10.1.2.8", &format!("T{it}"), "c-echo", "Verification"));
    let told = said(&suggest(&main, &[], &lines(&scan.collect::<Vec<_>>())));
    assert_eq!(told.matches("# NOT SUGGESTED: ").count(), 1, "{told}");
    assert!(told.contains("#   Claimed T0 (1), T1 (1), "), "{told}");
    assert!(told.contains("#   And 11 other titles."), "{told}");
    assert!(told.contains("# 20 associations, from "), "{told}");
}

#[test]
fn reads_a_file_once_whatever_it_is_called() {
    let (folder, main) = learning();
    let other = folder.path().join("same.jsonl");
    std::os::unix::fs::symlink("audit.jsonl", &other).unwrap();
    let line = closed("10.1.2.3", "CT\"1", "c-store", CLASS);
    let output = suggest(&main, &[other.to_str().unwrap()], &lines(&[line]));
    let told = said(&output);
    assert!(told.contains("# 1 association, from "), "{told}");
    assert!(told.contains("calling_ae = ['CT\"1']"), "any title that a device may have: {told}");
    let warned = String::from_utf8_lossy(&output.stderr);
    assert!(warned.contains("same.jsonl: is read already"), "{warned}");
}

#[test]
fn what_is_not_of_the_time_that_was_asked_for_does_not_count() {
    let (_folder, main) = learning();
    let day = ["2026-11-02T10:00:00.000Z", "2099-01-01T00:00:00.000Z", "zzzz"].map(|time| {
        let mut line = closed("10.1.2.3", "CT1", "c-store", CLASS);
        line["time"] = time.into();
        line
    });
    let told = said(&suggest(&main, &[], &lines(&day)));
    assert!(
        told.contains("# 1 association, from 2026-11-02T10:00:00.000Z to 2026-11-02"),
        "{told}"
    );
    assert!(told.contains("# left out: 2 lines without a time, or of a time to come"), "{told}");
    let told = said(&suggest(&main, &["--since", "1s"], &lines(&day)));
    assert!(told.contains("no association of this time"), "{told}");
    assert!(!told.contains("2026-11-02"), "{told}");
}

#[test]
fn a_table_that_rests_on_another_says_so() {
    let (_folder, main) = learning();
    let class = "StudyRootQueryRetrieveInformationModelMove";
    let mut ws = closed("10.1.2.4", "WS1", "c-move", class);
    ws["moved_to"] = json!([{ "title": "EVIL", "count": 2 }]);
    let echo = closed("10.1.2.6", "EVIL", "c-echo", "Verification");
    let told = said(&suggest(&main, &[], &lines(&[ws, echo])));
    let told = told.replace("\n# ", " ");
    assert!(told.contains("objects moved to EVIL, which is only suggested itself"), "{told}");
}

#[test]
fn destinations_that_rest_on_each_other_fall_together() {
    let (_folder, main) = learning();
    let moves = |from: &str, title: &str, to: &str| {
        let class = "StudyRootQueryRetrieveInformationModelMove";
        let mut line = closed(from, title, "c-move", class);
        line["moved_to"] = json!([{ "title": to, "count": 2 }]);
        line
    };
    let day = [moves("10.1.2.4", "WS1", "EVIL"), moves("10.1.2.6", "EVIL", "NOWHERE")];
    let told = said(&suggest(&main, &[], &lines(&day)));
    assert!(told.contains(": 0 new, 0 to change, 2 not suggested"), "{told}");
}

#[test]
fn tells_who_was_only_refused_and_who_else_has_a_title() {
    let (_folder, main) = learning();
    let mut day: Vec<_> = (0..9).map(|_| closed("10.1.2.3", "CT1", "c-store", CLASS)).collect();
    day.push(closed("10.1.2.4", "CT1", "c-store", CLASS));
    day.push(closed("10.1.2.5", "ct1", "c-store", CLASS));
    let mut refused = closed("10.1.2.6", "CT7", "c-store", CLASS);
    refused["event"] = "refused".into();
    refused["reason"] = "called-title".into();
    day.push(refused);
    let mut unsound = closed("10.1.2.7", "ODD", "c-store", CLASS);
    unsound["operations"] = json!([]);
    unsound["unsound"] = json!([{ "from": "requestor", "rule": "odd-length", "count": 3 }]);
    day.push(unsound);
    let told = said(&suggest(&main, &[], &lines(&day)));
    let plain = told.replace("\n# ", " ");
    let parts = [
        "# NOT SUGGESTED: CT7 at 10.1.2.6\n#   only-refused: was only refused, at last for called-title",
        "#   unsound: sent nothing but data sets that did not pass: odd-length",
        "calling_ae = [\"CT1\"]",
    ];
    parts.iter().for_each(|part| assert!(told.contains(part), "{part} {told}"));
    assert!(plain.contains("Others called themselves CT1 too, from 10.1.2.4 (1)"), "{told}");
    assert!(plain.contains("Other titles differ from CT1 only in case: ct1"), "{told}");
    let lesser = told.split_once("[peer.ct1-2]").expect("whoever comes most has the name").1;
    assert!(lesser.contains("calling_ae = [\"ct1\"]"), "{told}");
}

#[test]
fn a_file_that_is_no_audit_is_told_from_an_empty_one() {
    let (_folder, main) = learning();
    let output = suggest(&main, &[], "root:x:0:0\n\u{1f}\u{8b}\n");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("has no line of an audit; a compressed one is read by zcat"), "{told}");
    let mixed = format!("starting\n{}", closed("10.1.2.3", "CT1", "c-store", CLASS));
    let told = said(&suggest(&main, &[], &mixed));
    assert!(told.contains("# left out: 1 line of something else than the audit"), "{told}");
    let folder = main.parent().unwrap().to_str().unwrap();
    let output = suggest(&main, &[folder], "");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains(folder), "{told}");
}

#[test]
fn a_peer_gets_no_title_of_somebody_else() {
    let (folder, main) = learning();
    let table = "[peer.ct1]\ncertificate = \"none\"\nfrom = [\"10.1.2.3\"]\ncalling_ae = [\"CT1\"]\n\
                 pacs = [\"archive\"]\nservices = [\"store\"]\n";
    fs::write(folder.path().join("conf.d/ct1.toml"), table).unwrap();
    let come =
        |from: &str, title: &str, times: usize| vec![closed(from, title, "c-store", CLASS); times];
    let day = [
        come("10.1.2.3", "CT1B", 100),
        come("10.9.9.9", "CT1B", 1),
        come("10.1.2.4", "WS1", 100),
        come("10.1.2.3", "WS1", 1),
    ];
    let told = said(&suggest(&main, &[], &lines(&day.concat())));
    assert!(told.contains("# calling_ae = [\"CT1\", \"CT1B\"]"), "{told}");
    assert!(told.contains("# NOT SUGGESTED: CT1B at 10.9.9.9\n#   title-of-peer: "), "{told}");
    assert!(told.contains("# NOT SUGGESTED: peer.ct1\n#   title-of-address: "), "{told}");
    assert_eq!(
        told.matches("\n[peer.").count() + usize::from(told.starts_with("[peer.")),
        1,
        "{told}"
    );
    let scan = (0..30).flat_map(|it| come("10.1.2.3", &format!("T{it}"), 1));
    let told = said(&suggest(&main, &[], &lines(&scan.collect::<Vec<_>>())));
    assert!(told.contains("#   titles: ") && !told.contains("# calling_ae"), "{told}");
}

#[test]
fn says_what_a_peer_that_is_there_needs_besides() {
    let (folder, main) = learning();
    let table = "[peer.ct1]\ncertificate = \"none\"\nfrom = [\"10.1.2.3\"]\ncalling_ae = [\"CT1\"]\n\
                 pacs = [\"archive\"]\nservices = [\"store\"]\n";
    fs::write(folder.path().join("conf.d/ct1.toml"), table).unwrap();
    let day = [
        closed("10.1.2.3", "CT1", "c-store", CLASS),
        closed("10.1.2.3", "CT1", "c-echo", "Verification"),
        closed("10.1.2.3", "CT1B", "c-store", CLASS),
        closed("10.1.2.4", "CT1", "c-store", CLASS),
    ];
    let mut thief = day.to_vec();
    let mut all = closed("10.1.2.3", "CT1", "c-get", "StudyRootQueryRetrieveInformationModelGet");
    all["operations"][0]["count"] = 1001.into();
    thief.push(all);
    let told = said(&suggest(&main, &[], &lines(&thief)));
    assert!(told.contains("#   retrievals: ") && !told.contains("# services = "), "{told}");
    let told = said(&suggest(&main, &[], &lines(&day)));
    assert!(told.contains("conf.d/ct1.toml:1:"), "{told}");
    assert!(told.contains("# calling_ae = [\"CT1\", \"CT1B\"]"), "{told}");
    assert!(told.contains("# services = [\"store\", \"echo\"]"), "{told}");
    assert!(told.contains("#   title-of-peer: "), "{told}");
    assert!(!told.contains("\n[peer."), "{told}");
}

#[test]
fn lists_rights_that_nobody_used_and_says_where_the_audit_begins() {
    let (folder, main) = learning();
    let table = "[peer.ct1]\ncertificate = \"none\"\nfrom = [\"10.1.2.3\"]\ncalling_ae = [\"CT1\", \"OLD\"]\n\
                 pacs = [\"archive\"]\nservices = [\"store\", \"move\"]\nmove_to = [\"FAR\"]\n\
                 tolerate = [\"odd-length\"]\n\n[peer.gone]\ncertificate = \"none\"\n\
                 from = [\"10.1.2.4\"]\ncalling_ae = [\"GONE\"]\npacs = [\"archive\"]\nservices = [\"echo\"]\n";
    fs::write(folder.path().join("conf.d/peers.toml"), table).unwrap();
    let mut now = closed("10.1.2.3", "CT1", "c-store", CLASS);
    now["time"] = humantime::format_rfc3339_millis(SystemTime::now()).to_string().into();
    let told = said(&suggest(&main, &["--unused", "90d"], &lines(std::slice::from_ref(&now))));
    let parts = [
        "[peer.ct1] calling_ae: not used: [\"OLD\"]",
        "[peer.ct1] services: not used: [\"move\"]",
        "[peer.ct1] move_to: not used: [\"FAR\"]",
        "[peer.ct1] tolerate: not used: [\"odd-length\"]",
        "[peer.gone] was not there",
        "does not reach back",
    ];
    parts.iter().for_each(|part| assert!(told.contains(part), "{part} {told}"));
    assert!(!told.contains("pacs:"), "{told}");
    let mut old = closed("10.1.2.3", "OLD", "c-store", CLASS);
    old["time"] = "2020-01-01T00:00:00.000Z".into();
    let told = said(&suggest(&main, &["--unused", "90d"], &lines(&[old, now])));
    assert!(!told.contains("does not reach back") && told.contains("\"OLD\""), "{told}");
}

#[test]
fn memory_does_not_grow_with_the_audit() {
    let (_folder, main) = learning();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    command.args(["suggest", "-", "--config"]).arg(&main);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let resident = |child: &std::process::Child| -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    let template = closed("SOURCE", "CT1", "c-store", CLASS).to_string();
    let mut write = |numbers: std::ops::Range<u32>| {
        for number in numbers {
            let [_, a, b, c] = number.to_be_bytes();
            let line = template.replace("SOURCE", &format!("10.{a}.{b}.{c}"));
            writeln!(stdin, "{}", line.replace("CT1", &format!("T{number}"))).unwrap();
        }
        stdin.flush().unwrap();
    };
    write(0..50_000);
    let before = resident(&child);
    write(50_000..1_000_000);
    let after = resident(&child);
    drop(stdin);
    let told = said(&child.wait_with_output().unwrap());
    assert!(told.contains("associations of others, too many to tell apart"), "the rest is counted");
    assert!(!told.contains("\n[peer."), "nobody knows whose title is whose");
    assert!(after < before + 16 * 1024, "{before} KiB, then {after} KiB");
}
