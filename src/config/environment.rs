//! Variables that override single values of the files.
//!
//! They never add a table and never touch peers, services or CAs, nor whether a listener has TLS:
//! whoever controls the environment moves the gate, but lets nobody in.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use config::{Value, ValueKind};

use super::files::FileFault;
use super::layers::Layer;
use super::mistake::{Caution, Mistake};
use super::node::Table;
use super::problems::Problems;
use super::suggestion::Suggestion;
use super::{limits, listener, log, pacs};

const PREFIX: &str = "PACSGATE__";
/// What is taken for it.
const SHORT: &str = "PACSGATE_";
const FORM: &str = "write PACSGATE__SECTION__KEY or PACSGATE__SECTION__NAME__KEY with two underscores \
                    between the parts, such as PACSGATE__LIMITS__IDLE";

/// The variables that this configuration knows, with the keys that they override.
struct Known(BTreeMap<String, Vec<String>>);

/// Every variable of the prefix, for the value that it overrides.
pub(super) fn layer(
    files: &[Layer],
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    problems: &mut Problems,
) -> Layer {
    let known = Known::of(files);
    let mut variables: Vec<_> = environment
        .into_iter()
        .filter(|(name, _)| name.as_encoded_bytes().starts_with(SHORT.as_bytes()))
        .collect();
    variables.sort();
    let mut layer = Table::new();
    for (name, text) in variables {
        let name = name.to_string_lossy().into_owned();
        if !name.starts_with(PREFIX) {
            known.warn_of_short(&name, problems);
            continue;
        }
        let place = problems.sources.add_variable(name.clone());
        let key = match known.key(&name) {
            Ok(key) => key,
            Err(mistake) => {
                problems.mistake(place, "", &mistake);
                continue;
            }
        };
        let Ok(text) = text.into_string() else {
            problems.mistake(place, key, &FileFault::NotUtf8);
            continue;
        };
        match files.iter().find_map(|file| found(&file.0, key)) {
            Some((ValueKind::Array(_), None)) if pacs::may_be_list(key) => {
                layer.insert(key.to_owned(), Value::new(Some(&place.to_origin()), text));
            }
            Some((ValueKind::Array(_) | ValueKind::Table(_), None)) => {
                problems.mistake(place, key, &Mistake::OverridesList);
            }
            // What should be a table there is reported, and must not be replaced by one.
            Some((_, Some(_))) => {}
            Some((_, None)) | None => {
                layer.insert(key.to_owned(), Value::new(Some(&place.to_origin()), text));
            }
        }
    }
    Layer(layer)
}

/// What a file has at a path, or where the tables on the way end, with the rest of the path.
fn found<'a>(table: &'a Table, path: &'a str) -> Option<(&'a ValueKind, Option<&'a str>)> {
    // The names of tables have been judged: none has a dot.
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    match (&table.get(key)?.kind, rest) {
        (ValueKind::Table(inner), Some(rest)) => found(inner, rest),
        (kind, rest) => Some((kind, rest)),
    }
}

/// The names of the tables of one kind, in their order.
fn names<'a>(files: &'a [Layer], kind: &str) -> BTreeSet<&'a String> {
    let tables = files.iter().filter_map(|file| {
        let ValueKind::Table(tables) = &file.0.get(kind)?.kind else { return None };
        Some(tables.keys())
    });
    tables.flatten().collect()
}

impl Known {
    fn of(files: &[Layer]) -> Self {
        let mut known = Self(BTreeMap::new());
        limits::KEYS.iter().for_each(|key| known.add(format!("limits.{key}")));
        log::KEYS.iter().for_each(|key| known.add(format!("log.{key}")));
        for name in names(files, "listener") {
            listener::SCALARS
                .iter()
                .for_each(|key| known.add(format!("listener.{name}.tls.{key}")));
        }
        for name in names(files, "pacs") {
            pacs::SCALARS.iter().for_each(|key| known.add(format!("pacs.{name}.{key}")));
        }
        known
    }

    fn add(&mut self, key: String) {
        let words = key.to_ascii_uppercase().replace('-', "_").replace('.', "__");
        self.0.entry(format!("{PREFIX}{words}")).or_default().push(key);
    }

    fn key(&self, name: &str) -> Result<&str, Mistake> {
        match self.0.get(name).map(Vec::as_slice) {
            Some([key]) => Ok(key),
            Some([first, second, ..]) => {
                Err(Mistake::AmbiguousVariable(first.clone(), second.clone()))
            }
            _ => Err(self.refusal(name)),
        }
    }

    /// A variable of one underscore may belong to others, such as those that Kubernetes sets for a
    /// service of the gate's name; so only of those that are much like a known one.
    fn warn_of_short(&self, name: &str, problems: &mut Problems) {
        let written = name.replacen(SHORT, PREFIX, 1);
        let suggestion = self.alike(&written);
        if matches!(suggestion, Suggestion::Nearest(_)) {
            let place = problems.sources.add_variable(name.to_owned());
            problems.caution(place, "", &Caution::IgnoredVariable(suggestion));
        }
    }

    fn alike(&self, name: &str) -> Suggestion {
        Suggestion::alike(name, PREFIX, self.0.keys().map(String::as_str), FORM)
    }

    /// Why a variable overrides nothing.
    fn refusal(&self, name: &str) -> Mistake {
        let (table, key) = name.rsplit_once("__").unwrap_or((PREFIX, name));
        match key {
            _ if ["PACSGATE__PEER__", "PACSGATE__ISSUER__", "PACSGATE__SYSLOG__"]
                .iter()
                .any(|kind| name.starts_with(kind)) =>
            {
                Mistake::NeverFromEnvironment
            }
            _ if name.contains("__CLIENT_CA__") => Mistake::NeverFromEnvironment,
            _ if name.starts_with("PACSGATE__PASSWORDS__") => Mistake::NeverFromEnvironment,
            "PLAIN" | "DIRECTION" => Mistake::NeverFromEnvironment,
            "CLIENT_CA" | "CLIENT_CRL" | "CLIENT_CERTIFICATE" => Mistake::NeverFromEnvironment,
            "BIND" | "CALLED_AE" => Mistake::ListFromEnvironment,
            "SCHEMA" => Mistake::SchemaFromEnvironment,
            _ => Mistake::UnknownVariable(self.suggestion(name, &format!("{table}__"), key)),
        }
    }

    /// A key of the same table where there is one, and else a variable that is much like it.
    fn suggestion(&self, name: &str, table: &str, key: &str) -> Suggestion {
        let names = self.0.keys().map(String::as_str);
        let keys: Vec<_> = names
            .filter_map(|known| known.strip_prefix(table))
            .filter(|key| !key.contains("__"))
            .collect();
        if !keys.is_empty() {
            return Suggestion::new(key, keys).behind(table);
        }
        self.alike(name)
    }
}
