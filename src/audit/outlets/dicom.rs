//! What of the audit is a DICOM audit message.

use std::time::SystemTime;

use pacsgate_core::side::Side;

use super::kind::{self, Kind};
use super::told::Told;
use crate::audit::disclosure::{Disclosure, What};
use crate::audit::event::Event;
use crate::audit::parties::{address, requestor};
use crate::audit::record::Record;
use crate::audit::reload::Reload;
use crate::audit::summary::Summed;
use crate::dicom_audit::{
    Alert, Message as AuditMessage, Outcome, Party, Process, Queried, Source, Transfer,
};
use crate::journal::Priority;
use crate::syslog::{self, Message, Text};

/// What messages of this kind are recognised by (IHE ITI-20).
const ID: &str = "IHE+RFC-3881";

/// Makes the messages of this process.
#[derive(Clone, Debug)]
pub(super) struct Dicom(Source);

impl Dicom {
    pub(super) fn new() -> Self {
        Self(Source::new(Process { id: std::process::id(), host: syslog::host_name() }))
    }

    /// Nothing of what the standard has no message for.
    pub(super) fn message(
        &self,
        time: SystemTime,
        priority: Priority,
        told: Told<'_>,
        line: &[u8],
    ) -> Option<Message> {
        let message = match told {
            Told::Started => self.0.application(time, true),
            // Neither is security's business.
            Told::Counters | Told::Pacs(_) => return None,
            Told::Reload(reload) => self.reload(time, reload),
            Told::Record(record) => self.record(time, priority, record)?,
            Told::Summed(summed) => self.summed(time, summed, line),
        };
        Some(carried(time, &message))
    }

    /// What has passed, with its patients.
    pub(super) fn disclosed(&self, time: SystemTime, disclosure: &Disclosure) -> Message {
        let Disclosure { requestor, acceptor, user, what } = disclosure.clone();
        let message = match what {
            What::Query { from, class, syntax, identifier, is_cut } => {
                let (source, destination) = sides(from, requestor, acceptor);
                let syntax = syntax.to_owned();
                let asked =
                    Queried { source, destination, user, class, syntax, identifier, is_cut };
                self.0.query(time, asked)
            }
            What::Transfer { from, has_ended, patient, studies, failed } => {
                let (source, destination) = sides(from, requestor, acceptor);
                let is_stored = from == Side::Requestor;
                let transfer =
                    Transfer { source, destination, is_stored, user, patient, studies, failed };
                if has_ended {
                    self.0.transferred(time, transfer)
                } else {
                    self.0.begin_transferring(time, transfer)
                }
            }
        };
        carried(time, &message)
    }

    /// The gate is about to stop.
    pub(super) fn stopped(&self, time: SystemTime) -> Message {
        carried(time, &self.0.application(time, false))
    }

    /// So many messages were lost on the way to the collector.
    pub(super) fn lost(&self, count: u64) -> Message {
        let (time, alert) = (SystemTime::now(), Alert::RecordingStopped);
        let said = format!("{count} audit messages were lost: their spool had no room");
        let details = vec![(DESCRIPTION, said), ("Lost Messages", count.to_string())];
        let subject = syslog::host_name();
        let outcome = Outcome::MinorFailure;
        carried(time, &self.0.alert(time, alert, outcome, None, subject, details))
    }

    fn reload(&self, time: SystemTime, reload: &Reload) -> AuditMessage {
        let is_applied = reload.reason == Reload::APPLIED;
        let outcome = if is_applied { Outcome::Success } else { Outcome::MinorFailure };
        let said = match &reload.detail {
            None => "a configuration was loaded while the gate runs".to_owned(),
            Some(first) => format!("a configuration could not be loaded: {first}"),
        };
        let details =
            vec![(DESCRIPTION, said), ("Configuration", reload.configuration.to_string())];
        let subject = syslog::host_name();
        self.0.alert(time, Alert::Configuration, outcome, None, subject, details)
    }

    fn record(
        &self,
        time: SystemTime,
        priority: Priority,
        record: &Record,
    ) -> Option<AuditMessage> {
        let reason = record.reason.unwrap_or_default();
        let kind = match record.event {
            Event::Failed => kind::of_failure(reason)?,
            Event::Refused => kind::of_refusal(reason)?,
            Event::Forbidden | Event::Unsound | Event::WouldRefuse | Event::Reported => {
                Kind::Alert(Alert::RestrictedFunction)
            }
            // Cut off, as what came broke a rule.
            Event::Closed if record.data_set.is_some() => Kind::Alert(Alert::RestrictedFunction),
            Event::Opened | Event::Closed => {
                let user = of_user(record, record.user.as_ref()?.name.to_string());
                return Some(self.0.user(time, user, None, record.event == Event::Closed));
            }
            Event::Deviation | Event::Tidied | Event::Delayed | Event::Reload | Event::Health => {
                return None;
            }
        };
        Some(match kind {
            Kind::User => {
                let user = record.user.as_ref().map(|user| user.name.to_string());
                let user = of_user(record, user.unwrap_or_else(|| "unknown".to_owned()));
                self.0.user(time, user, Some(said(record)), false)
            }
            Kind::Alert(alert) => {
                let is_kept_off = priority == Priority::Warning
                    && record.event != Event::WouldRefuse
                    || record.event == Event::Failed;
                let outcome = if is_kept_off { Outcome::MinorFailure } else { Outcome::Success };
                let (by, subject) = (Some(requestor(record)), address(record));
                self.0.alert(time, alert, outcome, by, subject, details(record))
            }
        })
    }

    /// What was only counted of a source, a peer or a PACS.
    fn summed(&self, time: SystemTime, summed: &Summed, line: &[u8]) -> AuditMessage {
        let known = summed.peer.as_ref().or(summed.pacs.as_ref());
        let (alert, outcome) = match known {
            Some(_) => (Alert::RestrictedFunction, Outcome::Success),
            None => (Alert::NodeAuthentication, Outcome::MinorFailure),
        };
        let subject = known.map_or_else(syslog::host_name, ToString::to_string);
        let said = format!("{} events like those before were only counted", summed.count);
        let counted = String::from_utf8_lossy(line).into_owned();
        let details = vec![(DESCRIPTION, said), ("Counted", counted)];
        self.0.alert(time, alert, outcome, None, subject, details)
    }
}

/// As PS3.15 section A.5.3.11 calls it.
const DESCRIPTION: &str = "Alert Description";

fn carried(time: SystemTime, message: &AuditMessage) -> Message {
    // PRI 85, whatever has happened, as most collectors expect it (IHE ITI-20).
    let (priority, text) = (Priority::Notice, Text::Unicode(message.to_xml()));
    Message { time, priority, id: ID, data: Vec::new(), text }
}

/// Who sends, and who receives.
fn sides(from: Side, requestor: Party, acceptor: Party) -> (Party, Party) {
    match from {
        Side::Requestor => (requestor, acceptor),
        Side::Acceptor => (acceptor, requestor),
    }
}

fn of_user(record: &Record, id: String) -> Party {
    let device = record.calling.as_ref().map(|title| format!("AETITLES={title}"));
    Party { id, other_id: device, name: None, at: Some(address(record)) }
}

fn said(record: &Record) -> String {
    record.detail.as_ref().map_or_else(|| record.event.code().to_owned(), ToString::to_string)
}

fn details(record: &Record) -> Vec<(&'static str, String)> {
    let certificate = record.certificate.as_deref();
    let common_name = certificate.and_then(|it| it.common_name.as_ref());
    let all = [
        (DESCRIPTION, Some(said(record))),
        ("Event", Some(record.event.code().to_owned())),
        ("Reason", record.reason.map(str::to_owned)),
        ("Connection", Some(record.id.to_string())),
        ("Listener", Some(record.listener.to_string())),
        ("Calling AE Title", record.calling.as_ref().map(ToString::to_string)),
        ("Called AE Title", record.called.as_ref().map(ToString::to_string)),
        ("Peer", record.peer.as_ref().map(ToString::to_string)),
        ("PACS", record.pacs.as_ref().map(ToString::to_string)),
        ("Certificate", certificate.map(|it| it.sha256.to_string())),
        ("Certificate Name", common_name.map(ToString::to_string)),
        ("Answer", record.wire.as_ref().map(ToString::to_string)),
    ];
    all.into_iter().filter_map(|(kind, value)| Some((kind, value?))).collect()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use pacsgate_core::reason::Explained;

    use super::*;
    use crate::audit::record::{ConnectionId, Standing, UserRecord};
    use crate::audit::text::PeerText;
    use crate::port::Way;
    use crate::slots::SlotLimit;

    /// The message of an event with this reason, of a user if there is one.
    fn told(event: Event, reason: Option<&'static str>, user: Option<&str>) -> Option<String> {
        let source = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 7), 1));
        let id = ConnectionId { run: 1, number: 2 };
        let way = Way::default();
        let mut record = Record::new(event, Standing::Peer, id, "front".into(), way, source);
        record.reason = reason;
        record.detail = reason.map(|reason| PeerText::from_display(reason, PeerText::SENTENCE));
        record.calling = Some(PeerText::from_bytes(b"CT1", PeerText::TITLE));
        let name = user.map(|user| PeerText::from_bytes(user.as_bytes(), PeerText::SENTENCE));
        record.user = name.map(|name| Box::new(UserRecord { name, issuer: None }));
        let (time, told) = (SystemTime::UNIX_EPOCH, Told::Record(&record));
        let message = Dicom::new().message(time, event.priority(), told, b"{}")?;
        match message.text {
            Text::Unicode(text) => Some(text),
            Text::Ascii(_) => panic!("not marked as UTF-8"),
        }
    }

    fn assert_has(text: Option<String>, parts: &[&str]) {
        let text = text.unwrap();
        for part in parts {
            assert!(text.contains(part), "no {part} in {text}");
        }
    }

    #[test]
    fn users_come_and_go_and_are_refused() {
        let user = "UserID=\"alice\" AlternativeUserID=\"AETITLES=CT1\" UserIsRequestor=\"true\"";
        let login = told(Event::Opened, None, Some("alice"));
        assert_has(login, &["110114", "110122", "EventOutcomeIndicator=\"0\"", user]);
        let logout = told(Event::Closed, Some("released"), Some("alice"));
        assert_has(logout, &["110114", "110123", user]);
        let wrong = told(Event::Refused, Some("password-wrong"), None);
        let why = "<EventOutcomeDescription>password-wrong</EventOutcomeDescription>";
        assert_has(wrong, &["110114", "110122", "EventOutcomeIndicator=\"4\"", why]);
        assert_eq!(told(Event::Opened, None, None), None);
    }

    #[test]
    fn what_concerns_no_security_is_no_alert() {
        assert_eq!(told(Event::Refused, Some("target-unreachable"), None), None);
        assert_eq!(told(Event::Refused, Some("closed-before-request"), None), None);
        assert_eq!(told(Event::Closed, Some("released"), None), None);
        for limit in SlotLimit::ALL {
            assert_eq!(told(Event::Failed, Some(limit.code()), None), None);
        }
    }

    #[test]
    fn what_was_kept_off_is_told_from_what_has_passed() {
        let outcome = |event, reason| {
            let text = told(event, Some(reason), None).unwrap();
            let (_, rest) = text.split_once("EventOutcomeIndicator=\"").unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        assert_eq!(outcome(Event::Refused, "calling-title"), "4");
        assert_eq!(outcome(Event::Failed, "plain-dicom"), "4");
        assert_eq!(outcome(Event::Forbidden, "anything"), "4");
        assert_eq!(outcome(Event::WouldRefuse, "calling-title"), "0");
        assert_eq!(outcome(Event::Reported, "anything"), "0");
    }
}
