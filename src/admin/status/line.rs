//! What is read of a line of the audit.

use serde::Deserialize;
use serde_json::Value;

use crate::suggest::certificate::Shown;

/// A line, as far as it is read here. Text of a peer is as the audit writes it: escaped.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Line {
    pub(super) event: String,
    pub(super) direction: String,
    pub(super) listener: String,
    pub(super) plain: bool,
    pub(super) source: String,
    pub(super) certificate: Option<Shown>,
    pub(super) calling: Option<String>,
    pub(super) called: Option<String>,
    pub(super) peer: Option<String>,
    pub(super) contact: Option<String>,
    pub(super) pacs: Option<String>,
    pub(super) user: Option<String>,
    pub(super) reason: String,
    pub(super) detail: String,
    pub(super) nearest: Option<String>,
    pub(super) advice: Option<String>,
    pub(super) wire: Option<String>,
    pub(super) contexts: Contexts,
    pub(super) request: Option<Request>,
    pub(super) data_set: Option<DataSet>,
}

/// What became of the contexts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Contexts {
    pub(super) removed: Vec<Removed>,
}

/// A context that was removed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Removed {
    pub(super) abstract_syntax: Option<String>,
    pub(super) why: String,
}

/// A request that was forbidden.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Request {
    pub(super) from: String,
    pub(super) operation: String,
    pub(super) sop_class: Option<String>,
    pub(super) move_to: Option<String>,
}

/// A data set that was found unsound.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DataSet {
    pub(super) from: String,
    pub(super) rule: String,
}

impl Line {
    /// Of the line as the audit would write it.
    pub(super) fn of(line: &Value) -> Self {
        Self::deserialize(line).unwrap_or_default()
    }

    /// The address without its port.
    pub(super) fn address(&self) -> &str {
        let address = self.source.rsplit_once(':').map_or(&*self.source, |(address, _)| address);
        address.trim_matches(['[', ']'])
    }
}
