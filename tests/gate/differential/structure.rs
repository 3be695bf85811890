//! What a reader finds in a data set, in a notation that all readers share.

use pacsgate_core::transfer_syntax::Walk;
use std::collections::BTreeMap;

/// The elements by their paths: `00081140[0].00081155` is the element (0008,1155) of the first item
/// of (0008,1140).
///
/// Readers that keep a dictionary lose the order; where order is a rule, the gate judges it.
#[derive(Clone, Debug, Default)]
pub(super) struct Structure(BTreeMap<String, Part>);

/// What stands at a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// A sequence, or pixel data in fragments.
    Sequence,
    /// An item with elements.
    Item,
    /// A value.
    Value(Value),
}

/// A value: as the headers between them are known, lengths tell where each value stands.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// `None` where the reader does not show it.
    pub(super) length: Option<u32>,
    /// Its first four bytes in hexadecimal digits, where the reader shows them.
    pub(super) head: Option<String>,
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.length.is_none() || other.length.is_none() || self.length == other.length
    }
}

/// What one reader says.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) structure: Structure,
    /// The identifiers at the top level, without padding; empty where there is none.
    pub(super) identifiers: BTreeMap<String, String>,
}

/// The elements that say what a data set is.
pub(super) const IDENTIFIERS: [&str; 4] = ["00080016", "00080018", "0020000d", "0020000e"];

impl Structure {
    pub(super) fn put(&mut self, path: &str, part: Part) {
        let before = self.0.insert(path.to_owned(), part);
        assert!(before.is_none(), "{path} twice");
    }

    pub(super) fn value(
        &mut self,
        path: &str,
        length: impl Into<Option<u32>>,
        head: Option<String>,
    ) {
        self.put(path, Part::Value(Value { length: length.into(), head }));
    }

    /// A value whose end its reader has looked for: there is none that the gate lets through.
    pub(super) fn undefined_value(&self) -> Option<&str> {
        let is_undefined =
            |part: &Part| matches!(part, Part::Value(Value { length: Some(u32::MAX), .. }));
        self.0.iter().find(|(_, part)| is_undefined(part)).map(|(path, _)| path.as_str())
    }

    /// Where two readers disagree; `None` where they see the same.
    ///
    /// One reader may leave a value closed that another opens, `UN` or a private element: the gate
    /// walks into whatever begins with an item, and an empty value is as good as no items.
    pub(super) fn difference(&self, other: &Self, walk: Walk) -> Option<String> {
        let closed = [self.left_closed(other, walk), other.left_closed(self, walk)].concat();
        let (mine, others) = (self.outside(&closed), other.outside(&closed));
        let paths = mine.0.keys().chain(others.0.keys());
        let differing = paths.filter(|path| mine.0.get(*path) != others.0.get(*path)).min()?;
        let parts = [&mine, &others].map(|it| it.0.get(differing));
        Some(format!("{differing}: {parts:?}"))
    }

    /// The values that the other reader opens, and may.
    fn left_closed(&self, other: &Self, walk: Walk) -> Vec<String> {
        let closed = self.0.iter().filter(|(path, part)| {
            let Part::Value(value) = part else { return false };
            other.0.get(*path) == Some(&Part::Sequence) && value.may_be_opened(walk)
        });
        closed.map(|(path, _)| path.clone()).collect()
    }

    /// Without these paths and what is inside them.
    fn outside(&self, paths: &[String]) -> Self {
        let is_inside = |path: &str| {
            paths.iter().any(|outer| {
                path.strip_prefix(outer.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
            })
        };
        Self(
            self.0
                .iter()
                .filter(|(path, _)| !is_inside(path))
                .map(|(a, b)| (a.clone(), b.clone()))
                .collect(),
        )
    }
}

impl Value {
    /// Whether the gate has walked into it, too, in the byte order of its reader.
    fn may_be_opened(&self, walk: Walk) -> bool {
        let item = if walk == Walk::ExplicitBig { "fffee000" } else { "feff00e0" };
        self.length == Some(0) || self.head.as_deref() == Some(item)
    }
}
