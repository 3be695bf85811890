//! What was found in a configuration, and where.

use std::fmt;
use std::path::PathBuf;

use pacsgate_core::policy::PolicyError;

use super::mistake::{Caution, Mistake};

/// Everything that keeps a configuration from being loaded; never empty.
///
/// Shown as one line for each problem, in the order of the files and of the lines in them.
#[derive(Debug)]
pub struct Errors {
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Warning>,
}

/// Something that keeps a configuration from being loaded.
pub type Problem = Finding<Mistake>;

/// Something legal and unwise.
pub type Warning = Finding<Caution>;

/// Something found in a configuration.
///
/// Shown as `file:line:column: table.name.key: sentence`.
#[derive(Debug)]
pub struct Finding<W> {
    /// Where it stands.
    pub location: Location,
    /// The tables and the key, joined by dots; empty where the whole file is meant.
    pub key: String,
    /// What was found.
    pub what: W,
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
    /// What the policy refuses, which knows no lines.
    pub(super) fn of_policy(
        file: &Location,
        errors: Vec<PolicyError>,
        warnings: Vec<Warning>,
    ) -> Self {
        let problem = |error| Finding {
            location: file.clone(),
            key: String::new(),
            what: Mistake::Policy(error),
        };
        Self { problems: errors.into_iter().map(problem).collect(), warnings }
    }

    /// The problems in the order of the files and of the lines in them.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter()
    }

    /// What is legal and unwise beside them, as far as it could be judged.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
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

impl<W: fmt::Display> fmt::Display for Finding<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.location)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}", self.what)
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
