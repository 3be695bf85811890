//! What is sent, but for the headers that are always the same.

use hyper::StatusCode;
use serde::Serialize;

/// An answer.
pub(super) struct Page {
    pub(super) status: StatusCode,
    /// The type of the content.
    pub(super) kind: &'static str,
    pub(super) content: String,
}

pub(super) const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

impl Page {
    /// A value in JSON. It has only texts, numbers, lists and tables of them, which can always be
    /// written.
    pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Self {
        let mut content = serde_json::to_string(value).unwrap_or_default();
        content.push('\n');
        Self { status, kind: JSON, content }
    }
}
