//! What has happened: `EventIdentification`.

use std::time::SystemTime;

use super::code::{self, Code};
use super::xml::Xml;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It went well; of an alert, it only informs.
    Success,
    /// It failed; of an alert, the gate has kept it off.
    MinorFailure,
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// A node has not shown who it is, or is none that is known.
    NodeAuthentication,
    /// A node has asked for what it may not do.
    RestrictedFunction,
    /// The configuration was loaded again, or could not be.
    Configuration,
    /// Messages of the audit were lost.
    RecordingStopped,
}

impl Alert {
    pub(super) const fn code(self) -> Code {
        match self {
            Self::NodeAuthentication => code::NODE_AUTHENTICATION,
            Self::RestrictedFunction => code::RESTRICTED_FUNCTION,
            Self::Configuration => code::SOFTWARE_CONFIGURATION,
            Self::RecordingStopped => code::RECORDING_STOPPED,
        }
    }
}

/// What is done in the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    Execute,
}

/// The event of a message.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: Code,
    pub(super) kind: Option<Code>,
    pub(super) action: Action,
    pub(super) time: SystemTime,
    pub(super) outcome: Outcome,
    /// Of a failure, why.
    pub(super) description: Option<String>,
}

impl Event {
    pub(super) fn write(&self, out: &mut Xml) {
        out.open("EventIdentification");
        out.attribute(
            "EventActionCode",
            match self.action {
                Action::Create => "C",
                Action::Execute => "E",
            },
        );
        // humantime panics on a time before the epoch, which a clock that was never set may show.
        let time = humantime::format_rfc3339_millis(self.time.max(SystemTime::UNIX_EPOCH));
        out.attribute("EventDateTime", &time.to_string());
        out.attribute(
            "EventOutcomeIndicator",
            match self.outcome {
                Outcome::Success => "0",
                Outcome::MinorFailure => "4",
            },
        );
        self.id.write("EventID", out);
        if let Some(kind) = self.kind {
            kind.write("EventTypeCode", out);
        }
        if let Some(description) = &self.description {
            out.leaf("EventOutcomeDescription", description);
        }
        out.close();
    }
}
