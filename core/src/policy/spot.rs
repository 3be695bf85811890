//! The places of rules, by the names that the configuration has for them.

use std::fmt;
use std::sync::Arc;

use crate::quoted::key;

/// A table of the configuration; shown as `peer.NAME` or `pacs.NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// `[peer.NAME]`.
    Peer(Arc<str>),
    /// `[pacs.NAME]`.
    Pacs(Arc<str>),
}

/// A value of the rules, by the names that the configuration has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The table.
    pub table: Table,
    /// The key in it; for `operations`, that of an entry of `services`.
    pub key: &'static str,
    /// Which entry of a list, from 0; `None` for the value as a whole.
    pub index: Option<usize>,
}

impl Table {
    pub(super) fn spot(&self, key: &'static str, index: usize) -> Spot {
        Spot { table: self.clone(), key, index: Some(index) }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, key, index } = self;
        match (*key, index) {
            ("", _) => write!(f, "{table}"),
            (key, None) => write!(f, "{table}.{key}"),
            ("operations", Some(at)) => write!(f, "{table}.services[{at}].operations"),
            (key, Some(at)) => write!(f, "{table}.{key}[{at}]"),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(name) => write!(f, "peer.{}", key(name)),
            Self::Pacs(name) => write!(f, "pacs.{}", key(name)),
        }
    }
}
