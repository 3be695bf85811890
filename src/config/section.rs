//! Reading a table key by key.
//!
//! By hand, not derived: a derived reader stops at its first error, and an administrator wants to
//! see all of them.

use std::collections::HashSet;

use config::{Value, ValueKind};
use pacsgate_core::policy::PolicyFault;
use pacsgate_core::quoted::{self, Quoted};

use super::mistake::{Caution, Mistake};
use super::node::{self, Node, Table};
use super::problems::Problems;
use super::source::Place;
use super::stray;
use super::suggestion::Suggestion;

/// A value that was read, and where.
#[derive(Clone, Copy)]
pub(super) struct At<T> {
    pub(super) place: Place,
    pub(super) value: T,
}

/// Where an entry of a list stands.
pub(super) fn place_of<T>(list: &[At<T>], index: usize) -> Option<Place> {
    list.get(index).map(|at| at.place)
}

/// An element of a list with its key, such as `peer.ct1.certificate[0]`.
pub(super) struct Item {
    pub(super) key: String,
    pub(super) node: Node,
}

/// One table while it is read: what is wrong goes to [`Problems`], what nobody asks for is
/// unknown.
pub(super) struct Section<'p> {
    pub(super) key: String,
    pub(super) place: Place,
    table: Table,
    asked: Vec<&'static str>,
    pub(super) problems: &'p mut Problems,
}

impl<'p> Section<'p> {
    /// Opens a table; anything else is reported, and read as an empty one.
    pub(super) fn open(key: String, node: Node, problems: &'p mut Problems) -> Self {
        let place = node.place;
        let table = node.into_table().unwrap_or_else(|mistake| {
            problems.mistake(place, key.as_str(), &mistake);
            Table::new()
        });
        Self { key, place, table, asked: Vec::new(), problems }
    }

    /// The whole name of one of its keys.
    pub(super) fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.key)
    }

    /// The number of its keys that nobody has taken yet.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Reports a mistake at one of its keys, whether it is there or not.
    pub(super) fn mistake_at(&mut self, key: &str, place: Option<Place>, what: &impl ToString) {
        let place = place.unwrap_or(self.place);
        self.problems.mistake(place, self.path(key), what);
    }

    /// Whether there is such a key that nobody has taken yet.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A yes or no, and whether it is clear what was meant: not by another value, nor where a key that
    /// nobody has taken yet is most likely a slip of this one. What follows from it is not missing then.
    pub(super) fn flag(&mut self, key: &'static str) -> (Option<At<bool>>, bool) {
        let before = self.problems.count();
        let told = self.optional(key, Node::yes_or_no);
        let is_like = |other| matches!(Suggestion::new(other, [key]), Suggestion::Nearest(_));
        let has_like = self.table.keys().any(|other| is_like(other));
        (told, self.problems.count() == before && !has_like)
    }

    /// These keys are known, though they are not there.
    pub(super) fn asked_for(&mut self, keys: &[&'static str]) {
        self.asked.extend(keys);
    }

    /// Takes a value out of the table.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Node> {
        self.asked.push(key);
        self.table.remove(key).map(|value| Node::new(value, self.place))
    }

    /// Takes a value that must be there.
    pub(super) fn demand(&mut self, key: &'static str) -> Option<Node> {
        let node = self.take(key);
        if node.is_none() {
            self.mistake_at(key, None, &Mistake::Missing);
        }
        node
    }

    pub(super) fn optional<T>(&mut self, key: &'static str, read: Read<T>) -> Option<At<T>> {
        let node = self.take(key)?;
        self.judge(&self.path(key), &node, read)
    }

    pub(super) fn required<T>(&mut self, key: &'static str, read: Read<T>) -> Option<At<T>> {
        let node = self.demand(key)?;
        self.judge(&self.path(key), &node, read)
    }

    /// A value that may be left out for the usual one.
    pub(super) fn or<T>(&mut self, key: &'static str, usual: T, read: Read<T>) -> T {
        self.optional(key, read).map_or(usual, |at| at.value)
    }

    /// A list that must be there and have an element; short of what could not be read.
    pub(super) fn list<T>(&mut self, key: &'static str, read: Read<T>) -> Vec<At<T>> {
        let node = self.demand(key);
        self.judge_list(key, node, read)
    }

    /// A list that may be left out, and has an element if it is there.
    pub(super) fn optional_list<T>(&mut self, key: &'static str, read: Read<T>) -> Vec<At<T>> {
        let node = self.take(key);
        self.judge_list(key, node, read)
    }

    /// A list that takes strictness away, so that one without an element says nothing.
    pub(super) fn any_list<T>(&mut self, key: &'static str, read: Read<T>) -> Vec<At<T>> {
        let node = self.take(key);
        let items = self.elements(key, node);
        self.judge_items(&items, read)
    }

    fn judge_list<T>(&mut self, key: &str, node: Option<Node>, read: Read<T>) -> Vec<At<T>> {
        let items = self.items(key, node);
        self.judge_items(&items, read)
    }

    fn judge_items<T>(&mut self, items: &[Item], read: Read<T>) -> Vec<At<T>> {
        items.iter().filter_map(|item| judge_entry(item, read, self.problems)).collect()
    }

    /// The elements of a list that must be there, each read as a whole.
    pub(super) fn each<T>(
        &mut self,
        key: &'static str,
        read: fn(Item, &mut Problems) -> Option<T>,
    ) -> Vec<T> {
        let list = self.demand(key);
        self.each_of(key, list, read)
    }

    /// The same of a list that was taken before, if it was there.
    pub(super) fn each_of<T>(
        &mut self,
        key: &str,
        list: Option<Node>,
        read: fn(Item, &mut Problems) -> Option<T>,
    ) -> Vec<T> {
        let items = self.items(key, list);
        items.into_iter().filter_map(|item| read(item, self.problems)).collect()
    }

    /// The elements of a list, which must have one.
    pub(super) fn items(&mut self, key: &str, node: Option<Node>) -> Vec<Item> {
        let list = node.as_ref().filter(|node| node.is_empty_list());
        if let Some(place) = list.map(|node| node.place) {
            self.mistake_at(key, Some(place), &PolicyFault::Empty);
        }
        self.elements(key, node)
    }

    fn elements(&mut self, key: &str, node: Option<Node>) -> Vec<Item> {
        let Some(node) = node else { return Vec::new() };
        let ValueKind::Array(list) = node.value else {
            let mistake = node.instead_of("a list in brackets");
            self.mistake_at(key, Some(node.place), &mistake);
            return Vec::new();
        };
        // Of addresses to listen on that is an error, told elsewhere.
        if key != "bind" {
            self.warn_of_repetition(key, &list, node.place);
        }
        let element = |(at, value)| Item {
            key: format!("{}.{key}[{at}]", self.key),
            node: Node::new(value, node.place),
        };
        list.into_iter().enumerate().map(element).collect()
    }

    fn warn_of_repetition(&mut self, key: &str, list: &[Value], within: Place) {
        let mut known = HashSet::new();
        for value in list {
            let ValueKind::String(text) = &value.kind else { continue };
            if !known.insert(text) {
                let place = node::place(value).unwrap_or(within);
                let caution = Caution::ListedTwice(text.as_str().into());
                self.problems.caution(place, self.path(key), &caution);
            }
        }
    }

    pub(super) fn judge<T>(&mut self, key: &str, node: &Node, read: Read<T>) -> Option<At<T>> {
        judge_value(key, node, read, self.problems)
    }

    /// Reports the keys that nobody has asked for.
    pub(super) fn finish(self) {
        let Self { key: path, place, mut table, asked, problems } = self;
        let strays = if path.starts_with("peer.") { None } else { stray::take(&mut table) };
        if let Some((place, key)) = strays {
            problems.incomplete = true;
            problems.mistake(place, format!("{path}.{key}"), &Mistake::OfPeer);
        }
        for (key, value) in table {
            let suggestion = Suggestion::new(&key, asked.iter().copied());
            let key = format!("{path}.{}", quoted::key(&key));
            let place = node::place(&value).unwrap_or(place);
            problems.mistake(place, key, &Mistake::UnknownKey(suggestion));
        }
    }
}

/// Reads the value of a key.
pub(super) type Read<T> = fn(&Node) -> Result<T, Mistake>;

/// Reads an entry of a list; several in one string are told as that.
pub(super) fn judge_entry<T>(
    Item { key, node }: &Item,
    read: Read<T>,
    problems: &mut Problems,
) -> Option<At<T>> {
    let value = read(node).map_err(|mistake| several(node, read, &mistake).unwrap_or(mistake));
    judge(key, node, value, problems)
}

/// Reads a value that is no key of a table.
pub(super) fn judge_value<T>(
    key: &str,
    node: &Node,
    read: Read<T>,
    problems: &mut Problems,
) -> Option<At<T>> {
    judge(key, node, read(node), problems)
}

/// A text that is not taken and has a character in disguise would do without it, most likely.
fn judge<T>(
    key: &str,
    node: &Node,
    value: Result<T, Mistake>,
    problems: &mut Problems,
) -> Option<At<T>> {
    let told = |mistake: Mistake| {
        // What may be a key is shown to nobody.
        let text = node.text().ok().filter(|_| !matches!(mistake, Mistake::Content(_)));
        let mistake = text.and_then(Mistake::disguised).unwrap_or(mistake);
        problems.mistake(node.place, key, &mistake);
    };
    value.map_err(told).ok().map(|value| At { place: node.place, value })
}

/// The entries that are in one string, if each of them alone would do.
fn several<T>(node: &Node, read: Read<T>, mistake: &Mistake) -> Option<Mistake> {
    // A title may have spaces.
    let at_spaces = !matches!(mistake, Mistake::Title(..) | Mistake::LongTitle(..));
    let is_between = |found: char| matches!(found, ',' | ';') || at_spaces && found.is_whitespace();
    let text = node.text().ok()?;
    let parts = text.split(is_between).map(str::trim).filter(|part| !part.is_empty());
    let parts: Vec<&str> = parts.collect();
    let alone = |part: &&str| {
        let value = ValueKind::String((*part).to_owned());
        read(&Node { place: node.place, value }).is_ok()
    };
    let is_several = parts.len() > 1 && parts.iter().all(alone);
    is_several.then(|| Mistake::Several(text.into(), parts.into_iter().map(Quoted::from).collect()))
}
