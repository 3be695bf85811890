//! `[passwords]`: the users and the hashes of their passwords.

use super::mistake::Caution;
use super::named::{self, Loaded};
use super::section::Section;
use crate::identity::password::Passwords;

/// The table, with what the file says; that is `None` where it does not serve, which is reported.
pub(super) struct Read {
    pub(super) users: Option<Passwords>,
}

/// `None` without the table.
pub(super) fn read(table: Option<Section<'_>>) -> Option<Read> {
    table.map(|table| Read { users: users(table) })
}

fn users(mut table: Section<'_>) -> Option<Passwords> {
    let (at, key) = (table.required("file", named::path), table.path("file"));
    let file = at.and_then(|at| named::read(&key, &at, table.problems));
    let users = file.and_then(|Loaded { place, path, readable_by_others, content }| {
        if readable_by_others {
            let caution = Caution::KeyReadableByOthers(path.clone());
            table.problems.caution(place, key.as_str(), &caution);
        }
        // A line that nobody can use is told, and nothing of it is shown.
        let faults = Passwords::parse(&content).map_err(|faults| {
            let told = faults.iter().map(|fault| format!("{}: {fault}", path.display()));
            told.for_each(|told| table.problems.mistake(place, key.as_str(), &told));
        });
        faults.ok()
    });
    table.finish();
    users
}
