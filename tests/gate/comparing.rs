//! The comparison with other proxies (`benches/compare`): that it works, and that it does not take a
//! failure for a figure.

use crate::matrix::installed::run_for;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;

const PROXIES: [&str; 7] =
    ["pacsgate", "best blind copy", "blind copy, 8 KiB", "stunnel", "HAProxy", "nginx", "hitch"];

/// One row of each load.
const ROWS: [&str; 8] = [
    "| up, large x 1 ",
    "| down, 4 KB x 16 ",
    "| CPU ms an image ",
    "| CPU ms an association ",
    "| round trip p99, us ",
    "| round trip p99, ms ",
    "| KB each, after a C-ECHO ",
    "| CPU seconds for all of it ",
];

/// A short run, built as tests are: its figures mean nothing.
fn compare(options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    command.args(["test", "--package", "pacsgate", "--locked", "--bench", "compare", "--"]);
    command.args(["versus", "--short", "--idle", "20"]).args(options);
    run_for(Duration::from_secs(900), &mut command)
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_no_figures(output: &Output) {
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(!printed.contains("###"), "{printed}");
}

#[test]
#[ignore = "needs HAProxy, hitch, nginx and stunnel"]
fn writes_a_page_and_a_picture_with_every_proxy_and_load() {
    let folder = TempDir::new().unwrap();
    let page = folder.path().join("performance.md");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
    fs::copy(&shipped, &page).unwrap();
    let output = compare(&["--write", folder.path().to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));

    let written = fs::read_to_string(&page).unwrap();
    let before = fs::read_to_string(shipped).unwrap();
    let (before, _) = before.split_once("<!--").unwrap();
    assert!(written.starts_with(before), "{written}");
    assert!(written.contains("\n## Run it\n"), "{written}");
    assert!(written.contains("**A short run"), "{written}");
    assert!(!written.contains("Left out"), "{written}");
    let picture = folder.path().join("performance.svg");
    let drawn = fs::read_to_string(&picture).unwrap();
    for proxy in PROXIES {
        assert!(written.contains(&format!("| {proxy} ")), "{proxy} in {written}");
        assert!(drawn.contains(&format!(">{proxy}</text>")), "{proxy} in {drawn}");
    }
    for row in ROWS {
        let line = written.lines().find(|line| line.starts_with(row));
        let line = line.unwrap_or_else(|| panic!("no row {row} in {written}"));
        // One figure of each proxy, and two ratios.
        assert_eq!(line.matches('[').count(), PROXIES.len() + 2, "{line}");
    }
    let mut xmllint = Command::new("/usr/bin/xmllint");
    xmllint.args(["--noout", "--nonet"]).arg(&picture);
    let checked = run_for(Duration::from_secs(60), &mut xmllint);
    assert!(checked.status.success(), "{}", stderr(&checked));
}

#[test]
#[ignore = "builds the benchmark"]
fn ends_with_an_error_where_an_object_is_refused() {
    let options = ["--proxies", "pacsgate,best-copy", "--loads", "streams", "--refuse-store", "70"];
    let output = compare(&options);
    assert!(!output.status.success());
    let said = stderr(&output);
    assert!(
        said.contains("no success of command 0001, but command 8001 with status A700"),
        "{said}"
    );
    assert_no_figures(&output);
}

#[test]
#[ignore = "builds the benchmark"]
fn ends_with_an_error_where_an_association_is_rejected() {
    let options =
        ["--proxies", "pacsgate,best-copy", "--loads", "associations", "--reject-association", "9"];
    let output = compare(&options);
    assert!(!output.status.success());
    let said = stderr(&output);
    assert!(said.contains("associations, pacsgate: not accepted"), "{said}");
    assert_no_figures(&output);
}
