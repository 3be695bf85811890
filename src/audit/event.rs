//! The kinds of events that are counted and written.

use serde::Serialize;

use crate::journal::Priority;

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// An association was opened.
    Opened,
    /// A request on an open association was answered by the gate itself.
    Forbidden,
    /// A data set that breaks a rule was answered by the gate itself.
    Unsound,
    /// A data set that breaks a rule was let through, as the peer's `guard` says.
    Reported,
    /// A deviation in a data set that passed; only counted.
    Deviation,
    /// An association request was refused, or never became one.
    Refused,
    /// An opened association has ended.
    Closed,
    /// A connection ended before its request.
    Failed,
}

impl Event {
    /// How much a line of it matters to whoever reads the journal.
    pub(super) const fn priority(self) -> Priority {
        match self {
            Self::Refused | Self::Forbidden | Self::Unsound => Priority::Warning,
            // Of somebody whom nobody knows.
            Self::Failed | Self::Reported => Priority::Notice,
            Self::Opened | Self::Closed | Self::Deviation => Priority::Info,
        }
    }

    /// The word in the line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Forbidden => "forbidden",
            Self::Unsound => "unsound",
            Self::Reported => "reported",
            Self::Deviation => "deviation",
            Self::Refused => "refused",
            Self::Closed => "closed",
            Self::Failed => "failed",
        }
    }
}
