//! `explain`: what the gate would make of an association, and why.

mod answer;
mod arguments;
mod question;

use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

pub use arguments::Explain;

use super::{Exit, text};
use crate::config::{self, Settings};
use crate::host::words;
use answer::Explanation;
use question::{Question, Unasked};

impl Explain {
    /// Judges what was asked by the configuration, as if nobody else were connected, and says so on
    /// standard output.
    ///
    /// # Errors
    ///
    /// Failure if it is refused or there is nothing to judge, usage for wrong arguments, configuration
    /// if that does not load; what is wrong has been written to standard error.
    pub fn run(&self) -> Result<(), Exit> {
        let settings = load(&self.config)?;
        let explanation = self.explanation(&settings).map_err(|error| {
            tell(&error);
            if error.is_of_usage() { Exit::Usage } else { Exit::Failure }
        })?;
        let written = explanation.write(self.json, &mut io::stdout().lock());
        text::written(written).map_err(|error| {
            tell(words(&error));
            Exit::Failure
        })?;
        if explanation.is_permitted() { Ok(()) } else { Err(Exit::Failure) }
    }

    fn explanation(&self, settings: &Settings) -> Result<Explanation, Unasked> {
        let question = Question::of(self, settings)?;
        Ok(Explanation::of(&question, settings))
    }
}

/// The configuration, or its mistakes on standard error.
pub(super) fn load(path: &Path) -> Result<Settings, Exit> {
    config::load(path, SystemTime::now()).map_err(|errors| {
        errors.iter().for_each(tell);
        Exit::Configuration
    })
}

pub(super) fn tell(problem: impl std::fmt::Display) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(io::stderr(), "{problem}");
}
