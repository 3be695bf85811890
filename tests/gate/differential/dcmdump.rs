//! DCMTK's reader: what `dcmdump` prints, taken apart.

use super::structure::{IDENTIFIERS, Part, Reading, Structure};
use crate::matrix::installed::run;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};

/// So many paths fit on a command line.
const FILES: usize = 2000;

/// What it makes of these files.
pub(super) fn read(files: &[PathBuf]) -> Vec<Result<Reading, String>> {
    files.chunks(FILES).flat_map(read_some).collect()
}

/// What it makes of command sets: their elements with the words for their values.
pub(super) fn read_commands(files: &[PathBuf]) -> Vec<BTreeMap<String, String>> {
    // Without a header to tell it, the encoding is given: that of every command set.
    let output = dump(&["-f", "-ti"], files);
    let printed = String::from_utf8_lossy(&output.stdout);
    let by_file = by_file(&printed);
    let of = |file: &PathBuf| {
        let lines = by_file.get(file.to_str().unwrap()).map(Vec::as_slice).unwrap_or_default();
        let elements = lines.iter().filter_map(|line| Line::parse(line));
        elements.map(|line| (line.tag.clone(), line.word())).collect()
    };
    files.iter().map(of).collect()
}

fn read_some(files: &[PathBuf]) -> Vec<Result<Reading, String>> {
    let output = dump(&[], files);
    let printed = String::from_utf8_lossy(&output.stdout);
    let by_file = by_file(&printed);
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    let found = |file: &PathBuf| {
        let name = file.to_str().unwrap();
        let lines = by_file.get(name).map(Vec::as_slice).unwrap_or_default();
        let start = lines.iter().position(|line| *line == "# Dicom-Data-Set");
        let start = start.ok_or_else(|| refusal(&complaints, name))?;
        Ok(reading(&lines[start..]))
    };
    files.iter().map(found).collect()
}

/// Nothing is corrected or mapped, and no character breaks a line.
fn dump(options: &[&str], files: &[PathBuf]) -> Output {
    let mut command = Command::new("/usr/bin/dcmdump");
    command.args(["+F", "-Un", "-dc", "+Qo", "-ll", "error"]).args(options).args(files);
    run(&mut command)
}

/// The lines about each file.
fn by_file(printed: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut by_file: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut current = "";
    for line in printed.lines() {
        if line.starts_with("# dcmdump (") {
            current = line.split_once("): ").unwrap().1;
        }
        by_file.entry(current).or_default().push(line);
    }
    by_file
}

/// The reason for which a file was not read.
fn refusal(complaints: &str, file: &str) -> String {
    let line = complaints.lines().find(|line| line.contains(file));
    let reason = line.map(|line| line.replace(file, "FILE"));
    reason.unwrap_or_else(|| panic!("dcmdump does not say why it leaves out {file}: {complaints}"))
}

/// A line of the dump.
struct Line<'a> {
    depth: usize,
    tag: String,
    vr: &'a str,
    value: &'a str,
    /// `None` where it is undefined.
    length: Option<u32>,
}

fn reading(lines: &[&str]) -> Reading {
    let mut structure = Structure::default();
    let mut identifiers: BTreeMap<String, String> =
        IDENTIFIERS.map(|tag| (tag.to_owned(), String::new())).into();
    // The paths of what is open: sequences, with the number of the next item, and items.
    let mut open: Vec<(String, usize)> = Vec::new();
    for line in lines.iter().filter_map(|line| Line::parse(line)) {
        open.truncate(line.depth);
        let around = open.last_mut();
        if line.is_delimiter() {
            continue;
        }
        if line.tag == "fffee000" {
            let (sequence, number) = around.unwrap();
            let path = format!("{sequence}[{number}]");
            *number += 1;
            match (line.vr, line.length) {
                ("pi", length) => structure.value(&path, length.unwrap(), line.head()),
                _ => structure.put(&path, Part::Item),
            }
            open.push((path, 0));
            continue;
        }
        let path = around.map_or(line.tag.clone(), |(item, _)| format!("{item}.{}", line.tag));
        if let Some(identifier) = identifiers.get_mut(&path) {
            *identifier = line.text();
        }
        if line.value.starts_with("(Sequence with") || line.value.starts_with("(PixelSequence") {
            structure.put(&path, Part::Sequence);
        } else {
            structure.value(&path, line.length.unwrap(), line.head());
        }
        open.push((path, 0));
    }
    Reading { structure, identifiers }
}

impl<'a> Line<'a> {
    /// `None` for headings.
    fn parse(line: &'a str) -> Option<Self> {
        let content = line.trim_start();
        let (tag, rest) = content.strip_prefix('(')?.split_once(") ")?;
        let (vr, rest) = rest.split_at(2);
        let (value, comment) = rest.rsplit_once('#').unwrap();
        let length = comment.trim_start().split_once(',').unwrap().0;
        Some(Self {
            depth: (line.len() - content.len()) / 2,
            tag: tag.replace(',', ""),
            vr,
            value: value.trim(),
            length: (length != "u/l").then(|| length.parse().unwrap()),
        })
    }

    fn is_delimiter(&self) -> bool {
        self.tag == "fffee00d" || self.tag == "fffee0dd"
    }

    /// A text without its padding, or a number as it is printed.
    fn word(&self) -> String {
        if self.value.starts_with('[') { self.text() } else { self.value.to_owned() }
    }

    /// What stands in brackets.
    fn text(&self) -> String {
        let inner = self.value.strip_prefix('[').and_then(|value| value.strip_suffix(']'));
        let mut text = inner.unwrap_or_default().trim_end_matches(' ');
        // A NUL as it is quoted.
        while let Some(head) = text.strip_suffix("\\000") {
            text = head.trim_end_matches(' ');
        }
        text.to_owned()
    }

    /// The first four of the bytes that it prints in hexadecimal digits.
    fn head(&self) -> Option<String> {
        let bytes: Vec<_> = self.value.split('\\').take(4).collect();
        let is_bytes = bytes
            .iter()
            .all(|byte| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit()));
        (is_bytes && ["UN", "OB", "??", "pi"].contains(&self.vr)).then(|| bytes.concat())
    }
}
