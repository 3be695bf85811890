//! What `suggest` reads of a line of the audit.

use std::collections::BTreeMap;
use std::net::IpAddr;

use pacsgate_core::services::Operation;
use serde::Deserialize;

use super::certificate::Shown;

/// In `from` of what a side did.
pub const REQUESTOR: &str = "requestor";

/// A line, as far as it is read here. Text is as the gate has written it: escaped.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/audit.md has the keys")]
pub struct Line {
    pub time: String,
    pub event: String,
    pub direction: String,
    pub plain: bool,
    pub source: String,
    pub certificate: Option<Shown>,
    pub calling: Option<String>,
    pub called: Option<String>,
    pub peer: Option<String>,
    pub pacs: Option<String>,
    pub reason: Option<String>,
    pub operations: Vec<Done>,
    pub operations_more: u64,
    pub moved_to: Vec<MovedTo>,
    pub sub_operations: Option<SubOperations>,
    pub unsound: Vec<Unsound>,
    pub deviations: BTreeMap<String, u64>,
    pub open_queries: u64,
    pub pdus: Received,
}

/// Operations of one kind that ended alike.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/audit.md has the keys")]
pub struct Done {
    pub from: String,
    pub operation: String,
    pub sop_class: Option<String>,
    pub status: Option<String>,
    pub count: u64,
}

impl Done {
    /// Whether it did something: a success, a warning, or an end that the requestor asked for (PS3.7
    /// annex C).
    pub fn has_worked(&self) -> bool {
        let status = self.status.as_deref().unwrap_or_default();
        matches!(status, "0000" | "0001" | "0107" | "0116" | "FE00") || status.starts_with('B')
    }
}

/// A destination of C-MOVE.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/audit.md has the keys")]
pub struct MovedTo {
    pub title: String,
    pub count: u64,
}

/// What the PACS said of the transfers of all C-MOVE.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/audit.md has the keys")]
pub struct SubOperations {
    pub completed: u64,
    pub failed: u64,
    pub warning: u64,
}

/// Data sets that broke one rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/audit.md has the keys")]
pub struct Unsound {
    pub from: String,
    pub rule: String,
    pub count: u64,
}

/// An amount from each side.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/audit.md has the keys")]
pub struct Received {
    pub from_requestor: u64,
    pub from_acceptor: u64,
}

impl SubOperations {
    /// Objects that arrived; those with a warning did (PS3.4 section C.4.2.1.6).
    pub const fn moved(self) -> u64 {
        self.completed.saturating_add(self.warning)
    }
}

impl Line {
    /// The requestor's own operations, as far as they have a name.
    pub fn of_requestor(&self) -> impl Iterator<Item = (Operation, u64)> {
        let own = self.operations.iter().filter(|done| done.from == REQUESTOR);
        own.filter_map(|done| Some((done.operation.parse().ok()?, done.count)))
    }

    /// The objects that the PACS has sent in answer to C-GET.
    pub fn got(&self) -> u64 {
        let stored = Operation::CStore.name();
        let got = self.operations.iter();
        let got = got.filter(|done| done.from != REQUESTOR && done.operation == stored);
        got.fold(0, |sum, done| sum.saturating_add(done.count))
    }

    /// The address without its port.
    pub fn address(&self) -> Option<IpAddr> {
        let (address, _) = self.source.rsplit_once(':')?;
        let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
        Some(address.to_canonical())
    }
}
