//! Variables that override single values of the files.
//!
//! They never add a table and never touch peers, services or CAs: whoever controls the
//! environment moves the gate, but lets nobody in.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::file::{Node, Table, Value};
use super::files::FileFault;
use super::layers::{Document, Tables};
use super::mistake::Mistake;
use super::problems::Problems;
use super::source::Place;
use super::suggestion::Suggestion;
use super::{limits, listener, log, pacs};

const PREFIX: &str = "PACSGATE__";

/// The variables that this configuration knows, with the keys that they override.
struct Known(BTreeMap<String, Vec<Vec<String>>>);

/// Puts every variable of the prefix in the place of the value that it overrides.
pub(super) fn apply(
    document: &mut Document,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    problems: &mut Problems,
) {
    let known = Known::of(document);
    let mut variables: Vec<_> = environment
        .into_iter()
        .filter(|(name, _)| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()))
        .collect();
    variables.sort();
    for (name, text) in variables {
        let base = problems.sources.base(document.main).to_owned();
        let name = name.to_string_lossy().into_owned();
        let place = problems.sources.add_variable(name.clone(), base);
        let path = match known.path(&name) {
            Ok(path) => path,
            Err(mistake) => {
                problems.mistake(place, "", &mistake);
                continue;
            }
        };
        let Ok(text) = text.into_string() else {
            problems.mistake(place, path.join("."), &FileFault::NotUtf8);
            continue;
        };
        if let Err(mistake) = document.set(path, text, place) {
            problems.mistake(place, path.join("."), &mistake);
        }
    }
}

impl Known {
    fn of(document: &Document) -> Self {
        let mut known = Self(BTreeMap::new());
        limits::KEYS.iter().for_each(|key| known.add(&["limits", key]));
        log::KEYS.iter().for_each(|key| known.add(&["log", key]));
        for name in document.listeners.keys() {
            listener::SCALARS.iter().for_each(|key| known.add(&["listener", name, "tls", key]));
        }
        for name in document.pacs.keys() {
            pacs::SCALARS.iter().for_each(|key| known.add(&["pacs", name, key]));
        }
        known
    }

    fn add(&mut self, path: &[&str]) {
        let words: Vec<String> =
            path.iter().map(|word| word.to_ascii_uppercase().replace('-', "_")).collect();
        let name = format!("{PREFIX}{}", words.join("__"));
        self.0.entry(name).or_default().push(path.iter().map(|&word| word.to_owned()).collect());
    }

    fn path(&self, name: &str) -> Result<&[String], Mistake> {
        match self.0.get(name).map(Vec::as_slice) {
            Some([path]) => Ok(path),
            Some([first, second, ..]) => {
                Err(Mistake::AmbiguousVariable(first.join("."), second.join(".")))
            }
            _ if is_for_files_only(name) => Err(Mistake::NeverFromEnvironment),
            _ => {
                let names = self.0.keys().map(String::as_str);
                Err(Mistake::UnknownVariable(Suggestion::new(name, names)))
            }
        }
    }
}

fn is_for_files_only(name: &str) -> bool {
    name.starts_with("PACSGATE__PEER__")
        || name.ends_with("__CLIENT_CA")
        || name.ends_with("__CLIENT_CRL")
}

impl Document {
    fn set(&mut self, path: &[String], text: String, place: Place) -> Result<(), Mistake> {
        let new = Node { place, value: Value::Variable(text) };
        let Some((first, rest)) = path.split_first() else { return Ok(()) };
        match first.as_str() {
            "limits" => put(self.limits.get_or_insert_with(|| empty(place)), rest, new),
            "log" => put(self.log.get_or_insert_with(|| empty(place)), rest, new),
            "listener" => put_named(&mut self.listeners, rest, new),
            _ => put_named(&mut self.pacs, rest, new),
        }
    }
}

fn put_named(tables: &mut Tables, path: &[String], new: Node) -> Result<(), Mistake> {
    let Some((name, rest)) = path.split_first() else { return Ok(()) };
    // Known variables name tables that are there.
    tables.get_mut(name).map_or(Ok(()), |node| put(node, rest, new))
}

fn put(node: &mut Node, path: &[String], new: Node) -> Result<(), Mistake> {
    let Value::Table(table) = &mut node.value else { return Ok(()) };
    match path {
        [] => Ok(()),
        [key] => match table.get(key).map(|old| &old.value) {
            Some(Value::List(_) | Value::Table(_)) => Err(Mistake::OverridesList),
            _ => {
                table.insert(key.clone(), new);
                Ok(())
            }
        },
        [key, rest @ ..] => {
            let place = new.place;
            put(table.entry(key.clone()).or_insert_with(|| empty(place)), rest, new)
        }
    }
}

const fn empty(place: Place) -> Node {
    Node { place, value: Value::Table(Table::new()) }
}
