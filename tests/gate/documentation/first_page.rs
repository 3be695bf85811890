//! The three ways in of the README cost what its table says.

use std::collections::BTreeSet;

use super::{README, snippets};

#[test]
fn the_table_of_the_ways_in_counts_their_commands_and_lines() {
    let ways = ["Try it", "Protect one PACS today", "Move a whole site"].map(|name| {
        let (_, way) = README.split_once(&format!("### {name}\n")).unwrap();
        way.split("\n##").next().unwrap()
    });
    let [tried, protected, moved] = ways;
    let block = |way: &str| snippets(way, "sh").concat().lines().count();
    assert_eq!(promised("try it"), format!("{} command, no line of configuration", block(tried)));
    // That these do is shown on a booted machine: tests/booted/beginning.rs.
    let cost = format!(
        "{} commands, no line of configuration, 3 answers and a passphrase",
        block(protected)
    );
    assert_eq!(promised("protect one PACS today"), cost);
    let quoted: BTreeSet<_> = moved.split('`').skip(1).step_by(2).collect();
    let is_given = |text: &&&str| text.starts_with("pacsgate ") || text.starts_with("systemctl ");
    let given = quoted.iter().filter(is_given);
    let (each, all): (Vec<&str>, Vec<&str>) = given.partition(|text| text.contains("ca issue"));
    let lines = quoted.iter().filter(|text| text.starts_with("report_only_")).count();
    let cost = format!(
        "{} commands and {lines} lines for all devices together, and {} command for each with TLS",
        all.len(),
        each.len()
    );
    assert_eq!(promised("move a whole site"), cost);
}

/// What the table says that a way costs.
fn promised(way: &str) -> String {
    let row = README.lines().find(|line| line.starts_with(&format!("| [{way}]("))).unwrap();
    row.split(" | ").nth(1).unwrap().to_owned()
}
