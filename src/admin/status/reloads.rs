//! The last reloads.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::time::rfc3339;
use crate::audit;
use crate::history::Reloaded;

/// A reload.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Reload {
    #[serde(serialize_with = "rfc3339")]
    pub(in crate::admin) time: SystemTime,
    #[serde(flatten)]
    pub(in crate::admin) said: Said,
}

/// What the audit says of it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::admin) struct Said {
    /// `applied` or `refused`.
    pub(in crate::admin) reason: String,
    /// The digest of the configuration by which the gate judges since.
    pub(in crate::admin) configuration: String,
    /// The first mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) detail: Option<String>,
    /// How many mistakes there are besides.
    pub(in crate::admin) more: usize,
}

impl Reload {
    pub(super) fn of(reloaded: &Reloaded) -> Self {
        let said = serde_json::to_value(&reloaded.reload).ok();
        let said = said.and_then(|said| serde_json::from_value(said).ok());
        Self { time: reloaded.time, said: said.unwrap_or_default() }
    }
}

impl Said {
    pub(in crate::admin) fn is_applied(&self) -> bool {
        self.reason == audit::Reload::APPLIED
    }
}
