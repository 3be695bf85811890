//! What collectors hear of the audit, each in its own form: told by the thread that writes the lines, so
//! in their order, and summed as they are.

mod dicom;
mod json;
mod kind;
mod told;

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant, SystemTime};

use super::disclosure::Disclosure;
use crate::config::{Collector, Content};
use crate::journal::Priority;
use crate::syslog::{Outlet, Redirection};
use dicom::Dicom;
pub(super) use told::Told;

/// How long the end waits for all of them.
const LAST_WORDS: Duration = Duration::from_millis(1500);

/// The collectors.
#[derive(Default)]
pub struct Outlets(Vec<One>);

struct One {
    outlet: Outlet,
    collector: Collector,
    form: Form,
}

/// What a collector is sent.
enum Form {
    Json,
    Dicom(Dicom),
}

impl Outlets {
    /// Opens the folder of each collector and starts its thread.
    ///
    /// # Errors
    ///
    /// Whose folder cannot be used, and why.
    pub fn open(collectors: &[Collector]) -> Result<Self, (&Collector, io::Error)> {
        let open = |collector| One::open(collector).map_err(|error| (collector, error));
        collectors.iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    /// What lets a reload change the destinations.
    pub fn redirections(&self) -> Redirections {
        let of = |one: &One| (one.collector.clone(), one.outlet.redirection());
        Redirections(self.0.iter().map(of).collect())
    }

    /// How many messages of each were lost since the start, by the names of tables.
    pub(super) fn losses(&self) -> Vec<(Arc<str>, Arc<AtomicU64>)> {
        let of = |one: &One| (Arc::clone(&one.collector.name), one.outlet.lost());
        self.0.iter().map(of).collect()
    }

    /// Tells all of them of a line.
    pub(super) fn tell(&self, time: SystemTime, priority: Priority, told: Told<'_>, line: &[u8]) {
        for One { outlet, form, .. } in &self.0 {
            let message = match form {
                Form::Json => Some(json::message(time, priority, told, line)),
                Form::Dicom(dicom) => dicom.message(time, priority, told, line),
            };
            message.into_iter().for_each(|message| outlet.send(message));
        }
    }

    /// Whether one of them is to hear of patients.
    pub(super) fn hear_of_patients(&self) -> bool {
        self.0.iter().any(One::hears_of_patients)
    }

    /// Tells those who are to hear of patients.
    pub(super) fn disclose(&self, time: SystemTime, disclosure: &Disclosure) {
        for one in self.0.iter().filter(|one| one.hears_of_patients()) {
            if let Form::Dicom(dicom) = &one.form {
                one.outlet.send(dicom.disclosed(time, disclosure));
            }
        }
    }

    /// Tells them of the end, and lets them send what they can send now.
    pub(super) fn finish(&mut self, time: SystemTime) {
        let close = |One { outlet, form, .. }: One| {
            if let Form::Dicom(dicom) = form {
                outlet.send(dicom.stopped(time));
            }
            outlet.close()
        };
        let closing: Vec<_> = self.0.drain(..).map(close).collect();
        let until = Instant::now() + LAST_WORDS;
        closing.into_iter().for_each(|closing| closing.wait(until));
    }
}

impl One {
    fn hears_of_patients(&self) -> bool {
        self.collector.content == Content::Dicom { phi: true }
    }

    fn open(collector: &Collector) -> io::Result<Self> {
        let (form, tell): (_, crate::syslog::TellLost) = match collector.content {
            Content::Json => (Form::Json, Box::new(json::lost)),
            Content::Dicom { .. } => {
                let dicom = Dicom::new();
                (Form::Dicom(dicom.clone()), Box::new(move |lost| dicom.lost(lost)))
            }
        };
        let outlet = Outlet::start(collector, tell)?;
        Ok(Self { outlet, collector: collector.clone(), form })
    }
}

/// The destinations, which a reload may change.
pub struct Redirections(Vec<(Collector, Redirection)>);

/// A table of which something is applied only at the next start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Postponed {
    /// What it is sent is another, so nothing of it is applied.
    #[error("has another `content` or `phi`, so that its collector stays where and what it was")]
    Content,
    /// Its folder is another.
    #[error("has another `spool` or `spool_size`")]
    Spool,
    /// It is new.
    #[error("is new, and gets nothing yet")]
    New,
    /// It is there no more.
    #[error("is gone, and its collector still gets what it got")]
    Gone,
}

impl Redirections {
    /// Sends everything to where these say from now on: only what a collector was sent before, and patients
    /// only where they may go. What is not applied, by the names of tables.
    pub fn follow(&self, collectors: &[Collector]) -> Vec<(Arc<str>, Postponed)> {
        let mut postponed = Vec::new();
        for (old, redirection) in &self.0 {
            let new = collectors.iter().find(|new| new.name == old.name);
            let why = new.map_or(Some(Postponed::Gone), |new| redirect(old, new, redirection));
            postponed.extend(why.map(|why| (Arc::clone(&old.name), why)));
        }
        let is_new = |new: &&Collector| !self.0.iter().any(|(old, _)| old.name == new.name);
        let new = collectors.iter().filter(is_new);
        postponed.extend(new.map(|new| (Arc::clone(&new.name), Postponed::New)));
        postponed
    }
}

fn redirect(old: &Collector, new: &Collector, redirection: &Redirection) -> Option<Postponed> {
    let has_patients = old.content == Content::Dicom { phi: true };
    if new.content != old.content || (has_patients && !new.is_private()) {
        return Some(Postponed::Content);
    }
    redirection.send_replace(new.clone());
    let is_same = (&new.spool, new.spool_size) == (&old.spool, old.spool_size);
    (!is_same).then_some(Postponed::Spool)
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::config::{Address, Location};

    fn collector(host: &str, content: Content) -> Collector {
        Collector {
            name: "siem".into(),
            address: Address { host: host.into(), port: 1 },
            tls: None,
            content,
            spool: "/spool".into(),
            spool_size: 1 << 20,
            spool_at: Location::Text { file: "pacsgate.toml".into(), line: 1, column: 1 },
        }
    }

    #[test]
    fn a_reload_takes_no_content_elsewhere_and_no_patients_into_the_open() {
        const PATIENTS: Content = Content::Dicom { phi: true };
        const DICOM: Content = Content::Dicom { phi: false };
        let cases = [
            (PATIENTS, "127.0.0.2", PATIENTS, true),
            (PATIENTS, "192.0.2.1", PATIENTS, false),
            (PATIENTS, "127.0.0.2", DICOM, false),
            (DICOM, "127.0.0.2", PATIENTS, false),
            (Content::Json, "192.0.2.1", Content::Json, true),
        ];
        for (had, host, has, follows) in cases {
            let old = collector("127.0.0.1", had);
            let redirections = Redirections(vec![(old.clone(), watch::Sender::new(old))]);
            let postponed = redirections.follow(&[collector(host, has)]);
            let [(_, redirection)] = &*redirections.0 else { panic!("not one") };
            let now = redirection.borrow();
            assert_eq!(&*now.address.host == host, follows, "{had:?} {host} {has:?}");
            assert_eq!(postponed.is_empty(), follows, "{postponed:?}");
        }
    }
}
