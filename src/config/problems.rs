//! What is found while a configuration is read.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::SystemTime;

use super::error::{Errors, Finding, Location, Problem, Warning};
use super::mistake::{Caution, Mistake};
use super::source::{Place, Sources};

/// All that is found, so that an administrator sees it at once and not one at a time.
pub(super) struct Problems {
    pub(super) sources: Sources,
    /// The moment at which certificates and revocation lists are judged.
    pub(super) now: SystemTime,
    /// The files with certificates, keys and revocation lists that were read.
    pub(super) named: BTreeSet<PathBuf>,
    mistakes: Vec<Found<Mistake>>,
    cautions: Vec<Found<Caution>>,
    /// A file or a table could not be read: what seems to be missing may stand in it.
    pub(super) incomplete: bool,
}

struct Found<W> {
    place: Place,
    key: String,
    what: W,
}

impl Problems {
    pub(super) const fn new(now: SystemTime) -> Self {
        Self {
            sources: Sources::new(),
            now,
            named: BTreeSet::new(),
            mistakes: Vec::new(),
            cautions: Vec::new(),
            incomplete: false,
        }
    }

    pub(super) fn mistake(&mut self, place: Place, key: impl Into<String>, what: Mistake) {
        self.mistakes.push(Found { place, key: key.into(), what });
    }

    pub(super) fn caution(&mut self, place: Place, key: impl Into<String>, what: Caution) {
        self.cautions.push(Found { place, key: key.into(), what });
    }

    /// How many mistakes there are so far.
    pub(super) const fn count(&self) -> usize {
        self.mistakes.len()
    }

    pub(super) fn locate(&self, place: Place) -> Location {
        self.sources.locate(place)
    }

    /// The errors, or the warnings if there are none.
    pub(super) fn conclude(self) -> Result<Vec<Warning>, Errors> {
        let Self { sources, mistakes, cautions, .. } = self;
        let problems: Vec<Problem> = sorted(mistakes, &sources);
        let warnings = sorted(cautions, &sources);
        if problems.is_empty() { Ok(warnings) } else { Err(Errors { problems, warnings }) }
    }
}

fn sorted<W>(mut found: Vec<Found<W>>, sources: &Sources) -> Vec<Finding<W>> {
    found.sort_by_key(|one| one.place);
    let finding =
        |Found { place, key, what }| Finding { location: sources.locate(place), key, what };
    found.into_iter().map(finding).collect()
}
