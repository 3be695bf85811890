//! The parts of the pages that are made from the code.

use pacsgate_core::data_set::{DataSetError, Deviation, PATH_ELEMENTS, PathElement};
use pacsgate_core::reason::Explained;
use pacsgate_core::services::{self, Condition, Group, Operation, SopClass, Unnamed};
use pacsgate_core::side::Side;
use std::fmt::{Display, Write as _};
use std::fs;
use std::path::Path;

use super::ROOT;
use super::reasons::{blocks, reasons};

#[test]
fn the_pages_have_what_is_made_from_the_code() {
    holds("services", "services", &services_table());
    holds("services", "by-sop-class", &by_sop_class());
    holds("reasons", "reasons", &reasons());
    holds("data-sets", "paths", &paths());
    holds("data-sets", "deviations", &deviations());
    holds("data-sets", "rules", &rules());
    holds("rules", "rules", &super::rules::rules());
}

/// Asserts that a page has this text between its marks; with UPDATE_DOCS it is written there.
pub(crate) fn holds(page: &str, part: &str, made: &str) {
    let path = Path::new(ROOT).join("docs").join(page).with_extension("md");
    let text = fs::read_to_string(&path).unwrap();
    let mark = format!("<!-- made from the code: {part} -->\n");
    let (before, rest) = text.split_once(&mark).unwrap();
    let (found, after) = rest.split_once("<!-- end -->").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return fs::write(&path, format!("{before}{mark}{made}<!-- end -->{after}")).unwrap();
    }
    let name = path.display();
    assert!(found == made, "{name}: {part} is old; run this test with UPDATE_DOCS=1:\n{made}");
}

/// A table in Markdown.
pub(crate) fn table<const N: usize, R: Display>(head: [&str; N], rows: &[[R; N]]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut table = line(&head.map(str::to_owned));
    table += &format!("|{}\n", "---|".repeat(N));
    rows.iter().for_each(|row| table += &line(&row.each_ref().map(ToString::to_string)));
    table
}

fn services_table() -> String {
    let mut made = String::new();
    let mut last = "";
    for Group { service, name, sop_classes, operations, condition } in services::table() {
        let service = service.name().unwrap();
        if service != last {
            write!(made, "\n### `{service}`\n\n").unwrap();
        }
        last = service;
        let senders = [("requestor", Side::Requestor), ("PACS", Side::Acceptor)];
        let sent = senders.map(|(who, side)| (who, names(operations.iter(side))));
        let sent = sent.iter().filter(|(_, names)| !names.is_empty());
        let sent: Vec<_> = sent.map(|(who, names)| format!("the {who} may send {names}")).collect();
        writeln!(made, "- {name}: {}{}", sent.join("; "), only(*condition)).unwrap();
        made += &listed(sop_classes);
    }
    made.trim_start().to_owned()
}

/// One a line; of very many only the number.
fn listed(classes: &[SopClass]) -> String {
    if classes.len() > 12 {
        return format!("  - {} SOP classes\n", classes.len());
    }
    classes.iter().map(|class| format!("  - {}\n", class.keyword)).collect()
}

fn by_sop_class() -> String {
    let entry = |row: &Unnamed| {
        let operations = names(row.operations.iter().copied());
        let operations = if operations.is_empty() { "none".into() } else { operations };
        format!("- {}: {operations}\n{}", row.name, listed(row.sop_classes))
    };
    services::unnamed().map(entry).collect()
}

fn names(operations: impl Iterator<Item = Operation>) -> String {
    operations.map(Operation::name).collect::<Vec<_>>().join(", ")
}

const fn only(condition: Condition) -> &'static str {
    match condition {
        Condition::Always => "",
        Condition::Narrowed => "; only those of `sop_classes`, if it is set",
        Condition::NarrowedBesideGet => {
            "; only those of `sop_classes`, if it is set, and beside a context for C-GET"
        }
    }
}

fn paths() -> String {
    let row = |it: &PathElement| [it.tag.to_string(), it.name.to_owned(), it.used.to_owned()];
    let rows: Vec<_> = PATH_ELEMENTS.iter().map(row).collect();
    table(["element", "what it is", "used for"], &rows)
}

fn deviations() -> String {
    let row = |it: &Deviation| [format!("`{}`", it.code()), it.to_string()];
    let rows: Vec<_> = Deviation::TOLERABLE.iter().map(row).collect();
    table(["deviation", "what it is"], &rows)
}

/// The rules that share an advice are together.
fn rules() -> String {
    let mut made = String::new();
    for (advice, errors) in blocks(DataSetError::ALL, |error| error.advice().unwrap()) {
        let row = |it: &&DataSetError| [format!("`{}`", it.code()), worded(&it.to_string())];
        let rows: Vec<_> = errors.iter().map(row).collect();
        write!(made, "\n{advice}\n\n{}", table(["rule", "what is wrong"], &rows)).unwrap();
    }
    made.trim_start().to_owned()
}

/// The sentence of a rule without its example.
pub(crate) fn worded(sentence: &str) -> String {
    let words = sentence.replace("(0008,0018)", "an element");
    words.replace("(FFFE,E000)", "").replace("(FFFE,E00D)", "").replace("  ", " ")
}
