//! Text for a terminal of 100 columns.

use std::fmt;
use std::io::{self, Write};

const COLUMNS: usize = 100;

/// Writes a label and, wrapped, what stands beside it from column `indent` on.
pub(super) fn paragraph(out: &mut impl Write, label: &str, indent: usize, text: impl fmt::Display) {
    let mut label = label;
    for line in wrapped(&text.to_string(), COLUMNS - indent) {
        // A closed standard output leaves nobody to tell; the exit code still does.
        let _ = writeln!(out, "{label:indent$}{line}");
        label = "";
    }
}

/// Breaks at spaces; a word that is longer than a line stays whole.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// What kept a report from being written. Whoever has read enough and left, such as `head`, did not.
pub(super) fn written(report: io::Result<()>) -> io::Result<()> {
    match report {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// A number of things.
pub(super) fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// For a shell, where a path has other than harmless characters.
pub(super) fn quoted(path: &str) -> String {
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !path.is_empty() && path.chars().all(is_harmless) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_the_columns() {
        let mut out = Vec::new();
        paragraph(&mut out, "label", 8, "word ".repeat(60));
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|line| line.len() <= COLUMNS), "{text}");
        assert!(text.starts_with("label   word"));
        assert!(text.lines().skip(1).all(|line| line.starts_with("        word")), "{text}");
    }

    #[test]
    fn keeps_a_long_word_whole() {
        let path = "/x".repeat(80);
        assert_eq!(wrapped(&format!("at {path} end"), 20), ["at", &path, "end"]);
    }

    #[test]
    fn a_reader_who_leaves_early_is_no_failure() {
        assert!(written(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        assert!(written(Err(io::ErrorKind::StorageFull.into())).is_err());
    }

    #[test]
    fn quotes_what_a_shell_would_take_apart() {
        assert_eq!(quoted("/tmp/a-1"), "/tmp/a-1");
        assert_eq!(quoted("/tmp/it's me"), r"'/tmp/it'\''s me'");
    }
}
