//! What is found while a configuration is read.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::SystemTime;

use super::finding::{Errors, Finding, Location};
use super::source::{Place, Sources};
use crate::log::Format;

/// All that is found, so that an administrator sees it at once and not one at a time.
pub(super) struct Problems {
    pub(super) sources: Sources,
    /// The moment at which certificates and revocation lists are judged.
    pub(super) now: SystemTime,
    /// The files with certificates, keys and revocation lists that were read.
    pub(super) named: BTreeSet<PathBuf>,
    mistakes: Vec<Found>,
    cautions: Vec<Found>,
    /// A file or a table could not be read: what seems to be missing may stand in it.
    pub(super) incomplete: bool,
}

struct Found {
    place: Place,
    key: String,
    what: String,
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

    /// Something that keeps the configuration from being loaded.
    pub(super) fn mistake(&mut self, place: Place, key: impl Into<String>, what: &impl ToString) {
        self.mistakes.push(Found { place, key: key.into(), what: what.to_string() });
    }

    /// Something legal and unwise.
    pub(super) fn caution(&mut self, place: Place, key: impl Into<String>, what: &impl ToString) {
        self.cautions.push(Found { place, key: key.into(), what: what.to_string() });
    }

    /// How many mistakes there are so far.
    pub(super) const fn count(&self) -> usize {
        self.mistakes.len()
    }

    pub(super) fn locate(&self, place: Place) -> Location {
        self.sources.locate(place)
    }

    /// The mistakes and the cautions, each in the order of the files and of the lines in them, and
    /// how to log them.
    pub(super) fn conclude(self, format: Format) -> Errors {
        let Self { sources, mistakes, cautions, .. } = self;
        let [problems, warnings] = [mistakes, cautions].map(|found| sorted(found, &sources));
        Errors { problems, warnings, format }
    }
}

fn sorted(mut found: Vec<Found>, sources: &Sources) -> Vec<Finding> {
    found.sort_by_key(|one| one.place);
    let finding =
        |Found { place, key, what }| Finding { location: sources.locate(place), key, what };
    found.into_iter().map(finding).collect()
}
