//! `[log]`: the operational log and the audit.

use tracing::Level;

use super::mistake::Mistake;
use super::named;
use super::node::Node;
use super::section::{At, Section};
use super::source::Place;
use crate::audit::Destination;
use crate::log::Format;

/// Where the gate writes what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The least severe of the operational log's events that are written; `info`.
    pub level: Level,
    /// How the operational log is written to standard error; `text`.
    pub format: Format,
    /// Where the audit goes, one JSON object a line; standard output.
    pub audit: Destination,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: Level::INFO, format: Format::Text, audit: Destination::Stdout }
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

/// The section, with the place of the audit's file.
pub(super) struct Read {
    pub(super) log: Log,
    pub(super) audit: Option<Place>,
}

pub(super) fn read(mut table: Section<'_>) -> Read {
    let usual = Log::default();
    let level = table.or("level", usual.level, |node| node.one_of("a level", &LEVELS));
    let format = table.or("format", usual.format, |node| node.one_of("a format", &FORMATS));
    let written = table.optional("audit", audit);
    let place = written.as_ref().map(|at| at.place);
    let from = |place| table.problems.sources.base(place);
    let audit = match written {
        Some(At { place, value: Destination::File(path) }) => {
            Destination::File(from(place).join(path))
        }
        other => other.map_or(usual.audit, |at| at.value),
    };
    table.finish();
    Read { log: Log { level, format, audit }, audit: place }
}

/// A path has a slash, so that a slip in `stdout` does not become a file.
fn audit(node: &Node) -> Result<Destination, Mistake> {
    match node.text()? {
        "stdout" => Ok(Destination::Stdout),
        "stderr" => Ok(Destination::Stderr),
        text => match named::path(node)? {
            path if text.contains('/') && !text.ends_with('/') => Ok(Destination::File(path)),
            _ => Err(Mistake::Audit(text.into())),
        },
    }
}
