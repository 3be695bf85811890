//! What was found in a configuration, and where.

use std::fmt;
use std::path::PathBuf;

use crate::log::Format;

/// Everything that keeps a configuration from being loaded; never empty.
///
/// Shown as one line for each problem, in the order of the files and of the lines in them.
#[derive(Debug)]
pub struct Errors {
    pub(super) problems: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
    pub(super) format: Format,
}

/// Something that keeps a configuration from being loaded, or is legal and unwise.
///
/// Shown as `file:line:column: table.name.key: sentence`.
#[derive(Debug)]
pub struct Finding {
    /// Where it stands.
    pub location: Location,
    /// The tables and the key, joined by dots; empty where the whole file is meant.
    pub key: String,
    /// What was found, in the words that the administrator reads.
    pub what: String,
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In a file; line and column count from 1, columns in characters.
    Text {
        /// The file's path.
        file: PathBuf,
        /// The line.
        line: usize,
        /// The column of the key, or of the element of a list.
        column: usize,
    },
    /// A file as a whole.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
}

impl Errors {
    /// The problems in the order of the files and of the lines in them.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.problems.iter()
    }

    /// How the configuration wants the log to be written, as far as it says so.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// What is legal and unwise beside them, as far as it could be judged.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }
}

impl std::error::Error for Errors {}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problems.iter().enumerate().try_for_each(|(at, problem)| {
            let end = if at == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { location, key, what } = self;
        if key.is_empty() {
            return write!(f, "{location}: {what}");
        }
        write!(f, "{location}: {key}: {what}")
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
        }
    }
}
