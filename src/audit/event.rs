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
    /// A data set that breaks a rule did not pass: the gate answered it itself, or left it out.
    Unsound,
    /// A data set that breaks a rule was let through, as `guard` of its sender's table says.
    Reported,
    /// A deviation in a data set that passed; only counted.
    Deviation,
    /// Something untidy in a message that was put right; only counted.
    Tidied,
    /// An end that was reached late, as its origin was refused again and again; only counted.
    Delayed,
    /// An association request was refused, or never became one.
    Refused,
    /// What would be refused or forbidden, where that is only reported, has passed.
    #[serde(rename = "would-refuse")]
    WouldRefuse,
    /// An opened association has ended.
    Closed,
    /// A connection ended before its request.
    Failed,
    /// A configuration was loaded while the gate runs, or could not be.
    Reload,
    /// An address of a PACS is alive from now on, or is down.
    Health,
}

impl Event {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Opened,
        Self::Forbidden,
        Self::Unsound,
        Self::Reported,
        Self::Deviation,
        Self::Tidied,
        Self::Delayed,
        Self::Refused,
        Self::WouldRefuse,
        Self::Closed,
        Self::Failed,
        Self::Reload,
        Self::Health,
    ];

    /// How much a line of it matters to whoever reads the journal.
    pub(super) const fn priority(self) -> Priority {
        match self {
            Self::Refused | Self::Forbidden | Self::Unsound | Self::WouldRefuse => {
                Priority::Warning
            }
            // Of somebody whom nobody knows.
            Self::Failed | Self::Reported => Priority::Notice,
            Self::Opened
            | Self::Closed
            | Self::Deviation
            | Self::Tidied
            | Self::Delayed
            | Self::Reload
            | Self::Health => Priority::Info,
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
            Self::Tidied => "tidied",
            Self::Delayed => "delayed",
            Self::Refused => "refused",
            Self::WouldRefuse => "would-refuse",
            Self::Closed => "closed",
            Self::Failed => "failed",
            Self::Reload => "reload",
            Self::Health => "health",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_has_every_kind() {
        // A new kind does not compile here. It belongs in ALL, too: metrics show what is in it before
        // the first of them.
        let place = |event| match event {
            Event::Opened => 0,
            Event::Forbidden => 1,
            Event::Unsound => 2,
            Event::Reported => 3,
            Event::Deviation => 4,
            Event::Tidied => 5,
            Event::Delayed => 6,
            Event::Refused => 7,
            Event::WouldRefuse => 8,
            Event::Closed => 9,
            Event::Failed => 10,
            Event::Reload => 11,
            Event::Health => 12,
        };
        assert!(Event::ALL.into_iter().map(place).eq(0..Event::ALL.len()));
    }
}
