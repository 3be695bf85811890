//! A line of the audit about a connection, as it is read again: from a file, or as it would be written.

use serde::Deserialize;
use serde_json::Value;

use crate::suggest::certificate::Shown;

/// A line, as far as it is read. Text is as the gate has written it: escaped.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/audit.md has the keys")]
pub struct Line {
    pub time: String,
    pub event: String,
    pub id: String,
    pub direction: String,
    pub listener: String,
    pub plain: bool,
    pub source: String,
    pub certificate: Option<Shown>,
    pub calling: Option<String>,
    pub called: Option<String>,
    pub peer: Option<String>,
    pub contact: Option<String>,
    pub pacs: Option<String>,
    pub user: Option<String>,
    pub issuer: Option<String>,
    pub reason: Option<String>,
    pub detail: Option<String>,
    pub nearest: Option<String>,
    pub advice: Option<String>,
    pub wire: Option<String>,
    pub contexts: Option<Contexts>,
    pub request: Option<Request>,
    pub data_set: Option<DataSet>,
}

/// What became of the presentation contexts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/audit.md has the keys")]
pub struct Contexts {
    pub asked: usize,
    pub removed: Vec<Removed>,
}

/// A context that was removed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/audit.md has the keys")]
pub struct Removed {
    pub abstract_syntax: Option<String>,
    pub why: String,
}

/// A request that was forbidden.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/audit.md has the keys")]
pub struct Request {
    pub from: String,
    pub operation: String,
    pub sop_class: Option<String>,
    pub move_to: Option<String>,
}

/// A data set that was found unsound.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/audit.md has the keys")]
pub struct DataSet {
    pub from: String,
    pub rule: String,
}

impl Line {
    /// Of the line as the audit would write it.
    pub fn of(line: &Value) -> Self {
        Self::deserialize(line).unwrap_or_default()
    }

    /// The address without its port.
    pub fn address(&self) -> &str {
        let address = self.source.rsplit_once(':').map_or(&*self.source, |(address, _)| address);
        address.trim_matches(['[', ']'])
    }

    /// The code of why it ended.
    pub fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }

    /// The contexts that were removed.
    pub fn removed(&self) -> &[Removed] {
        self.contexts.as_ref().map_or(&[], |contexts| &contexts.removed)
    }
}
