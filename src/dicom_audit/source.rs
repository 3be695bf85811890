//! The messages that the gate sends, and `AuditSourceIdentification`: who sends them.

use std::time::SystemTime;

use super::code::{self, Code};
use super::event::{Action, Alert, Event, Outcome};
use super::object::{Object, Patient, Study};
use super::participant::{Participant, Party, Process};
use super::xml::Xml;

/// PS3.15 section A.5.1.2.1: a security server.
const SECURITY_SERVER: &str = "6";

/// The gate as the source of messages.
#[derive(Clone, Debug)]
pub struct Source {
    process: Process,
}

/// A message, not written yet.
#[derive(Clone, Debug)]
pub struct Message {
    event: Event,
    participants: Vec<Participant>,
    source: String,
    objects: Vec<Object>,
}

/// A query as it was asked.
#[derive(Clone, Debug)]
pub struct Queried {
    /// Who has asked.
    pub source: Party,
    /// Who was asked.
    pub destination: Party,
    /// The verified user behind it.
    pub user: Option<String>,
    /// The SOP class of the query.
    pub class: String,
    /// How the identifier is written.
    pub syntax: String,
    /// The identifier, or how it begins.
    pub identifier: Vec<u8>,
    /// It is too long to be told to its end.
    pub is_cut: bool,
}

/// What goes from one system to another, of one patient.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Who sends.
    pub source: Party,
    /// Who receives.
    pub destination: Party,
    /// Whether the sender has asked for the association: it stores, nobody has retrieved.
    pub is_stored: bool,
    /// The verified user behind it.
    pub user: Option<String>,
    /// Whose it is.
    pub patient: Patient,
    /// What it is.
    pub studies: Vec<Study>,
    /// How many objects were not taken.
    pub failed: u64,
}

impl Source {
    /// Of this process.
    pub const fn new(process: Process) -> Self {
        Self { process }
    }

    /// The gate has started, or is about to stop (section A.5.3.1).
    pub fn application(&self, time: SystemTime, has_started: bool) -> Message {
        let kind = if has_started { code::APPLICATION_START } else { code::APPLICATION_STOP };
        let event = self.event(code::APPLICATION_ACTIVITY, Some(kind), time);
        let own = Participant {
            party: Party::from(&self.process),
            is_requestor: false,
            role: Some(code::APPLICATION),
        };
        self.message(event, vec![own], Vec::new())
    }

    /// Something that whoever is in charge of security should know (section A.5.3.11): by whom, if by
    /// anybody, and what there is to say of it.
    pub fn alert(
        &self,
        time: SystemTime,
        alert: Alert,
        outcome: Outcome,
        by: Option<Party>,
        subject: String,
        details: Vec<(&'static str, String)>,
    ) -> Message {
        let event = self.event(code::SECURITY_ALERT, Some(alert.code()), time);
        let event = Event { outcome, ..event };
        let mut participants = vec![Participant {
            party: Party::from(&self.process),
            is_requestor: true,
            role: Some(code::APPLICATION),
        }];
        let by = by.map(|party| Participant { party, is_requestor: false, role: None });
        participants.extend(by);
        self.message(event, participants, vec![Object::Subject { id: subject, details }])
    }

    /// A user has shown who it is, or has not, or has left (section A.5.3.12).
    pub fn user(
        &self,
        time: SystemTime,
        user: Party,
        failure: Option<String>,
        has_left: bool,
    ) -> Message {
        let kind = if has_left { code::LOGOUT } else { code::LOGIN };
        let event = self.event(code::USER_AUTHENTICATION, Some(kind), time);
        let outcome = if failure.is_some() { Outcome::MinorFailure } else { Outcome::Success };
        let event = Event { outcome, description: failure, ..event };
        let own = Participant {
            party: Party::from(&self.process),
            is_requestor: false,
            role: Some(code::APPLICATION),
        };
        let user = Participant { party: user, is_requestor: true, role: None };
        self.message(event, vec![user, own], Vec::new())
    }

    /// Somebody has asked what there is (section A.5.3.10).
    pub fn query(&self, time: SystemTime, queried: Queried) -> Message {
        let Queried { source, destination, user, class, syntax, identifier, is_cut } = queried;
        let event = self.event(code::QUERY, None, time);
        let participants = self.both(source, destination, true, user);
        let query = Object::Query { class, syntax, identifier, is_cut };
        self.message(event, participants, vec![query])
    }

    /// The first object of a patient is about to go (section A.5.3.3).
    pub fn begin_transferring(&self, time: SystemTime, transfer: Transfer) -> Message {
        let event = self.event(code::BEGIN_TRANSFERRING, None, time);
        self.transfer(event, transfer)
    }

    /// Objects of a patient have gone (section A.5.3.7).
    pub fn transferred(&self, time: SystemTime, transfer: Transfer) -> Message {
        let event = self.event(code::TRANSFERRED, None, time);
        // As far as the gate knows, the receiver did not have them.
        let action = Action::Create;
        let failed = (transfer.failed > 0).then_some(transfer.failed);
        let outcome = if failed.is_some() { Outcome::MinorFailure } else { Outcome::Success };
        let description = failed.map(|failed| format!("{failed} objects were not taken"));
        self.transfer(Event { action, outcome, description, ..event }, transfer)
    }

    fn transfer(&self, event: Event, transfer: Transfer) -> Message {
        let Transfer { source, destination, is_stored, user, patient, studies, .. } = transfer;
        let participants = self.both(source, destination, is_stored, user);
        let mut objects: Vec<_> = studies.into_iter().map(Object::Study).collect();
        objects.push(Object::Patient(patient));
        self.message(event, participants, objects)
    }

    /// The two sides, the gate between them, and who uses them.
    fn both(
        &self,
        source: Party,
        destination: Party,
        source_asks: bool,
        user: Option<String>,
    ) -> Vec<Participant> {
        let side =
            |party, is_requestor, role: Code| Participant { party, is_requestor, role: Some(role) };
        let other = |party, is_requestor| Participant { party, is_requestor, role: None };
        let mut all = vec![
            side(source, source_asks && user.is_none(), code::SOURCE),
            side(destination, !source_asks && user.is_none(), code::DESTINATION),
            other(Party::from(&self.process), false),
        ];
        let user = user.map(|id| Party { id, ..Party::default() });
        all.extend(user.map(|party| other(party, true)));
        all
    }

    const fn event(&self, id: Code, kind: Option<Code>, time: SystemTime) -> Event {
        let (action, outcome) = (Action::Execute, Outcome::Success);
        Event { id, kind, action, time, outcome, description: None }
    }

    fn message(
        &self,
        event: Event,
        participants: Vec<Participant>,
        objects: Vec<Object>,
    ) -> Message {
        Message { event, participants, source: self.process.host.clone(), objects }
    }
}

impl Message {
    /// The message as XML.
    pub fn to_xml(&self) -> String {
        let mut out = Xml::new();
        out.open("AuditMessage");
        self.event.write(&mut out);
        self.participants.iter().for_each(|it| it.write(&mut out));
        out.open("AuditSourceIdentification");
        out.attribute("AuditSourceID", &self.source);
        out.open("AuditSourceTypeCode");
        out.attribute("csd-code", SECURITY_SERVER);
        out.close();
        out.close();
        self.objects.iter().for_each(|it| it.write(&mut out));
        out.finish()
    }
}
