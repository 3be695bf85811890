//! `[log]`: the operational log and the audit.

use std::path::{Path, PathBuf};

use tracing::Level;

use super::mistake::Mistake;
use super::node::Node;
use super::section::Section;
use super::suggestion::Suggestion;

/// Where the gate writes what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The least severe of the operational log's events that are written; `info`.
    pub level: Level,
    /// How the operational log is written to standard error; `text`.
    pub format: Format,
    /// Where the audit goes, one JSON object a line; standard output.
    pub audit: Audit,
}

/// How the operational log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where the audit goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audit {
    /// Standard output.
    Stdout,
    /// Standard error, among the lines of the operational log.
    Stderr,
    /// A file to append to.
    File(PathBuf),
}

impl Audit {
    fn counted_from(self, directory: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(directory.join(path)),
            Self::Stdout | Self::Stderr => self,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: Level::INFO, format: Format::Text, audit: Audit::Stdout }
    }
}

/// Every key, all of which the environment may override.
pub(super) const KEYS: [&str; 3] = ["level", "format", "audit"];

const LEVELS: [(&str, Level); 5] = [
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];
const FORMATS: [(&str, Format); 2] = [("text", Format::Text), ("json", Format::Json)];

pub(super) fn read(mut table: Section<'_>) -> Log {
    let usual = Log::default();
    let level = table.or("level", usual.level, |node| one_of(node, &LEVELS));
    let format = table.or("format", usual.format, |node| one_of(node, &FORMATS));
    let written = table.optional("audit", audit);
    let from = |place| table.problems.sources.base(place);
    let audit = written.map_or(usual.audit, |at| at.value.counted_from(from(at.place)));
    table.finish();
    Log { level, format, audit }
}

fn one_of<T: Copy>(node: &Node, words: &[(&str, T)]) -> Result<T, Mistake> {
    let text = node.text()?;
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    let known = || Suggestion::new(text, words.iter().map(|(word, _)| *word));
    found.ok_or_else(|| Mistake::Word(text.into(), known()))
}

/// A path has a slash, so that a slip in `stdout` does not become a file.
fn audit(node: &Node) -> Result<Audit, Mistake> {
    match node.text()? {
        "stdout" => Ok(Audit::Stdout),
        "stderr" => Ok(Audit::Stderr),
        path if path.contains('/') && !path.ends_with('/') => Ok(Audit::File(path.into())),
        other => Err(Mistake::Audit(other.into())),
    }
}
