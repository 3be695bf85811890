//! What is found while a configuration is read.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::files::FileFault;
use super::finding::{Errors, Finding, Location};
use super::source::{Place, Sources};
use crate::host::{Access, Service, Trust};
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
    outages: Vec<Found>,
    /// Whose files may be read.
    pub(super) trust: Trust,
    /// Folders and links on the way to files that were told to be somebody else's.
    told: HashSet<PathBuf>,
    /// Every file that was opened, and the directory of the drop-in files.
    pub(super) opened: Vec<Opened>,
    pub(super) purpose: Purpose,
    /// A file or a table could not be read: what seems to be missing may stand in it.
    pub(super) incomplete: bool,
}

/// What a configuration is read for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// To serve: better with an outage than not at all, as what has failed is told to everybody
    /// who asks, and may be mended meanwhile.
    Run,
    /// To be judged before a restart: what will fail is as bad as what does not load.
    Check(Box<Service>),
}

/// What was opened, and the key that names it.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) place: Place,
    pub(super) key: String,
    pub(super) path: PathBuf,
    pub(super) access: Access,
}

struct Found {
    place: Place,
    key: String,
    what: String,
}

impl Problems {
    pub(super) fn new(purpose: Purpose, now: SystemTime) -> Self {
        let trust = match &purpose {
            Purpose::Run => Trust::own(),
            Purpose::Check(service) => Trust::of(service),
        };
        Self {
            sources: Sources::new(),
            now,
            named: BTreeSet::new(),
            mistakes: Vec::new(),
            cautions: Vec::new(),
            outages: Vec::new(),
            trust,
            told: HashSet::new(),
            opened: Vec::new(),
            purpose,
            incomplete: false,
        }
    }

    /// Remembers what was opened.
    pub(super) fn opened(&mut self, place: Place, key: &str, path: &Path, access: Access) {
        let (key, path) = (key.to_owned(), path.to_owned());
        self.opened.push(Opened { place, key, path, access });
    }

    /// A file that cannot be read. A folder that many files are in is told once.
    pub(super) fn unread(
        &mut self,
        place: Place,
        key: &str,
        fault: &FileFault,
        told: &impl ToString,
    ) {
        if fault.on_the_way().is_none_or(|path| self.told.insert(path.to_owned())) {
            self.mistake(place, key, told);
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

    /// Something with which the gate loads, and then cannot start or refuses everybody whom it
    /// concerns.
    pub(super) fn outage(&mut self, place: Place, key: impl Into<String>, what: &impl ToString) {
        self.outages.push(Found { place, key: key.into(), what: what.to_string() });
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
        let Self { sources, mut mistakes, mut cautions, outages, purpose, .. } = self;
        match purpose {
            Purpose::Run => cautions.extend(outages),
            Purpose::Check(_) => mistakes.extend(outages),
        }
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
