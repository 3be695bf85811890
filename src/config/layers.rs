//! The main file and the drop-in files become one document; no table is merged with another.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use pacsgate_core::policy::PolicyFault;
use pacsgate_core::quoted;

use super::file::{self, Node, Table, Value};
use super::files::{self, FileFault};
use super::mistake::Mistake;
use super::problems::Problems;
use super::source::Place;
use super::suggestion::Suggestion;

/// The tables of all files. Those with a name stand in one file each.
pub(super) struct Document {
    /// The main file, for what is missing altogether.
    pub(super) main: Place,
    pub(super) schema: Option<Node>,
    pub(super) limits: Option<Node>,
    pub(super) log: Option<Node>,
    pub(super) listeners: Tables,
    pub(super) pacs: Tables,
    pub(super) peers: Tables,
}

pub(super) type Tables = BTreeMap<String, Node>;

/// Directory of the drop-in files, beside the main file.
const DROP_INS: &str = "conf.d";
const TOP: [&str; 6] = ["schema", "listener", "pacs", "peer", "limits", "log"];
const MAX_NAME: usize = 64;

/// Reads the main file, then the drop-in files in name order.
pub(super) fn gather(path: &Path, problems: &mut Problems) -> Document {
    let main = problems.sources.add_file(path.to_owned());
    let mut document = Document {
        main,
        schema: None,
        limits: None,
        log: None,
        listeners: Tables::new(),
        pacs: Tables::new(),
        peers: Tables::new(),
    };
    if let Some(table) = read(path, main, problems) {
        document.add(table, main, problems);
    }
    let directory = path.parent().unwrap_or(Path::new("")).join(DROP_INS);
    let files = files::drop_ins(&directory).unwrap_or_else(|fault| {
        let place = problems.sources.add_file(directory);
        problems.incomplete = true;
        problems.mistake(place, "", &fault);
        Vec::new()
    });
    for file in files {
        let place = problems.sources.add_file(file.clone());
        if let Some(table) = read(&file, place, problems) {
            document.add(table, place, problems);
        }
    }
    document
}

fn read(path: &Path, file: Place, problems: &mut Problems) -> Option<Table> {
    let mut refuse = |place, fault| {
        problems.incomplete = true;
        problems.mistake(place, "", fault);
    };
    let bytes = match files::read(path) {
        Ok(contents) => contents.bytes,
        Err(fault) => {
            refuse(file, &fault);
            return None;
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => {
            let table = file::parse(&text, file, problems);
            problems.sources.set_text(file, text);
            table
        }
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            refuse(file.at(valid), &FileFault::NotUtf8);
            // What comes before the wrong byte, and counts for its line and column, is the same.
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            problems.sources.set_text(file, text);
            None
        }
    }
}

impl Document {
    fn add(&mut self, table: Table, file: Place, problems: &mut Problems) {
        for (key, node) in table {
            match key.as_str() {
                "listener" => add_named(&mut self.listeners, "listener", node, problems),
                "pacs" => add_named(&mut self.pacs, "pacs", node, problems),
                "peer" => add_named(&mut self.peers, "peer", node, problems),
                "schema" | "limits" | "log" if file != self.main => {
                    problems.mistake(node.place, key, &Mistake::MainFileOnly);
                }
                "schema" => self.schema = Some(node),
                "limits" => self.limits = Some(node),
                "log" => self.log = Some(node),
                "guard" => {
                    let instead = "leave it out until a later version";
                    problems.mistake(node.place, key, &PolicyFault::NotEnforced(instead));
                }
                unknown => {
                    problems.incomplete = true;
                    let suggestion = Suggestion::new(unknown, TOP);
                    problems.mistake(
                        node.place,
                        quoted::key(unknown),
                        &Mistake::UnknownKey(suggestion),
                    );
                }
            }
        }
    }
}

/// Adds the tables of one kind, each of which may stand in one file only.
fn add_named(tables: &mut Tables, kind: &'static str, node: Node, problems: &mut Problems) {
    let Value::Table(named) = node.value else {
        problems.mistake(node.place, kind, &node.value.instead_of(named_table(kind)));
        problems.incomplete = true;
        return;
    };
    for (name, node) in named {
        let key = format!("{kind}.{}", quoted::key(&name));
        if !matches!(node.value, Value::Table(_)) {
            problems.mistake(node.place, key, &node.value.instead_of(named_table(kind)));
            problems.incomplete = true;
            continue;
        }
        if !is_name(&name) {
            problems.mistake(node.place, key, &Mistake::Name);
            problems.incomplete = true;
            continue;
        }
        match tables.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(node);
            }
            Entry::Occupied(entry) => {
                let first = problems.locate(entry.get().place);
                problems.mistake(node.place, key, &Mistake::Elsewhere(first));
            }
        }
    }
}

fn named_table(kind: &str) -> &'static str {
    match kind {
        "listener" => "a table with a name, such as [listener.front]",
        "pacs" => "a table with a name, such as [pacs.archive]",
        _ => "a table with a name, such as [peer.ct1]",
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(allowed)
}
