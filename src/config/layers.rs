//! The main file, the drop-in files and the environment, one above the other.
//!
//! `config` lays them: what a later one says takes the place of what an earlier one said. It would
//! merge a table with another of its name as well, so what a file may not say is taken out before.

use std::collections::HashMap;
use std::path::Path;

use config::{Config, ConfigError, Source, Value, ValueKind};
use pacsgate_core::policy::PolicyFault;
use pacsgate_core::quoted;

use super::files::{self, DropIns, FileFault};
use super::mistake::{Caution, Mistake};
use super::node::{self, Table};
use super::problems::Problems;
use super::source::Place;
use super::stray;
use super::suggestion::Suggestion;
use super::syntax;
use crate::host::Access;

/// What one source says, with places for origins.
///
/// A key may be the path of a value, its words joined by dots. Those of files are single words.
#[derive(Clone, Debug)]
pub(super) struct Layer(pub(super) Table);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Table, ConfigError> {
        Ok(self.0.clone())
    }
}

/// Directory of the drop-in files, beside the main file.
const DROP_INS: &str = "conf.d";
const TOP: [&str; 11] = [
    "schema",
    "gate",
    "listener",
    "pacs",
    "peer",
    "passwords",
    "issuer",
    "limits",
    "log",
    "syslog",
    "admin",
];
const MAX_NAME: usize = 64;

/// Reads the main file, then the drop-in files in name order.
pub(super) fn files(path: &Path, problems: &mut Problems) -> Vec<Layer> {
    let main = problems.sources.add_file(path.to_owned());
    let mut layers = vec![read(path, main, problems)];
    let directory = path.parent().unwrap_or(Path::new("")).join(DROP_INS);
    let found = files::drop_ins(&directory, problems.trust);
    let place = problems.sources.add_unread(directory.clone());
    problems.opened(place, "", &directory, Access::List);
    let DropIns { files, passed_over } = found.unwrap_or_else(|fault| {
        problems.incomplete = true;
        problems.unread(place, "", &fault, &fault);
        DropIns::default()
    });
    for path in passed_over {
        let caution = if path.is_dir() { Caution::FolderPassedOver } else { Caution::PassedOver };
        let place = problems.sources.add_unread(path);
        problems.caution(place, "", &caution);
    }
    for file in files {
        let place = problems.sources.add_file(file.clone());
        layers.push(read(&file, place, problems));
    }
    let mut layers: Vec<Layer> = layers.into_iter().flatten().map(Layer).collect();
    let mut first = First::new();
    layers.iter_mut().for_each(|layer| admit(&mut layer.0, &mut first, problems));
    layers
}

/// All layers as one table.
pub(super) fn merged(layers: &[Layer], problems: &mut Problems) -> Table {
    let builder = Config::builder();
    let builder = layers.iter().fold(builder, |builder, layer| builder.add_source(layer.clone()));
    let merged = builder.build().and_then(|config| config.cache.into_table());
    let mut merged = merged.unwrap_or_else(|error| {
        problems.incomplete = true;
        problems.mistake(Place::MAIN, "", &error);
        Table::new()
    });
    layers.iter().for_each(|layer| restore_origins(&mut merged, &layer.0));
    merged
}

/// Tables lose their origins when `config` merges them.
fn restore_origins(merged: &mut Table, layer: &Table) {
    for (key, value) in layer {
        let (ValueKind::Table(inner), Some(table)) = (&value.kind, merged.get_mut(key)) else {
            continue;
        };
        if table.origin().is_none() {
            let origin = value.origin().map(str::to_owned);
            *table = Value::new(origin.as_ref(), std::mem::take(&mut table.kind));
        }
        if let ValueKind::Table(table) = &mut table.kind {
            restore_origins(table, inner);
        }
    }
}

fn read(path: &Path, file: Place, problems: &mut Problems) -> Option<Table> {
    let refuse = |place, fault: &FileFault, problems: &mut Problems| {
        problems.incomplete = true;
        problems.unread(place, "", fault, fault);
    };
    let bytes = match files::read(path, problems.trust) {
        Ok(contents) => {
            problems.opened(file, "", path, Access::Read);
            contents.bytes
        }
        Err(fault) => {
            if file == Place::MAIN && matches!(fault, FileFault::Absent) {
                problems.incomplete = true;
                problems.mistake(file, "", &Mistake::NoMainFile);
            } else {
                refuse(file, &fault, problems);
            }
            return None;
        }
    };
    // UTF-16 may pass as UTF-8 with a NUL in each character, and no TOML has one.
    let nul = bytes.iter().position(|byte| *byte == 0);
    let text = std::str::from_utf8(&bytes).map_err(|error| error.valid_up_to());
    let table = match text.and_then(|text| nul.map_or(Ok(text), Err)) {
        Ok(text) => syntax::parse(text, file, problems),
        Err(at) => {
            refuse(file.at(at), &FileFault::NotUtf8, problems);
            None
        }
    };
    // What comes before a wrong byte, and counts for its line and column, is the same.
    problems.sources.set_text(file, String::from_utf8_lossy(&bytes).into_owned());
    table
}

/// Where each table with a name stands, by its kind and name: in one file only.
type First = HashMap<(String, String), Place>;

/// Takes out and reports what the file may not say.
fn admit(table: &mut Table, first: &mut First, problems: &mut Problems) {
    if let Some((place, key)) = stray::take(table) {
        problems.incomplete = true;
        problems.mistake(place, key, &Mistake::OfPeer);
    }
    table.retain(|key, value| {
        let place = node::place(value).unwrap_or(Place::MAIN);
        match key.as_str() {
            "listener" | "pacs" | "peer" | "issuer" | "syslog" => {
                return admit_named(key, value, first, problems);
            }
            "schema" | "gate" | "passwords" | "limits" | "log" | "admin"
                if place.is_in(Place::MAIN) =>
            {
                return true;
            }
            "schema" | "gate" | "passwords" | "limits" | "log" | "admin" => {
                problems.mistake(place, key, &Mistake::MainFileOnly);
            }
            "guard" => {
                let instead = "leave it out until a later version";
                problems.mistake(place, key, &PolicyFault::NotEnforced(instead));
            }
            unknown => {
                problems.incomplete = true;
                let suggestion = Suggestion::new(unknown, TOP);
                let key = quoted::key(unknown);
                problems.mistake(place, key, &Mistake::UnknownKey(suggestion));
            }
        }
        false
    });
}

/// The tables of one kind, each of which may stand in one file only.
fn admit_named(kind: &str, value: &mut Value, first: &mut First, problems: &mut Problems) -> bool {
    let place = node::place(value).unwrap_or(Place::MAIN);
    let ValueKind::Table(tables) = &mut value.kind else {
        problems.incomplete = true;
        problems.mistake(place, kind, &node::instead_of(&value.kind, named_table(kind)));
        return false;
    };
    tables.retain(|name, value| {
        let place = node::place(value).unwrap_or(place);
        let key = format!("{kind}.{}", quoted::key(name));
        let mistake = if !matches!(value.kind, ValueKind::Table(_)) {
            node::instead_of(&value.kind, named_table(kind))
        } else if !is_name(name) {
            Mistake::Name
        } else {
            let first = *first.entry((kind.to_owned(), name.clone())).or_insert(place);
            if first != place {
                problems.mistake(place, key, &Mistake::Elsewhere(problems.locate(first)));
            }
            return first == place;
        };
        problems.incomplete = true;
        problems.mistake(place, key, &mistake);
        false
    });
    true
}

fn named_table(kind: &str) -> &'static str {
    match kind {
        "listener" => "a table with a name, such as [listener.front]",
        "pacs" => "a table with a name, such as [pacs.archive]",
        "issuer" => "a table with a name, such as [issuer.login]",
        "syslog" => "a table with a name, such as [syslog.siem]",
        _ => "a table with a name, such as [peer.ct1]",
    }
}

/// Whether a table, or a CA, may be called that.
pub(super) fn is_name(name: &str) -> bool {
    let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(allowed)
}
