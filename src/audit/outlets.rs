//! What collectors hear of the audit, each in its own form: told by the thread that writes the lines, so
//! in their order, and summed as they are.

mod dicom;
mod json;
mod kind;
mod told;

use std::io;
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

impl Redirections {
    /// Sends everything to where these say from now on, but nothing to where something else is to go:
    /// what waits may be about patients. Whether nothing else is different.
    pub fn follow(&self, collectors: &[Collector]) -> bool {
        let mut is_same = collectors.len() == self.0.len();
        for (old, redirection) in &self.0 {
            match collectors.iter().find(|new| new.name == old.name) {
                Some(new) if new.content == old.content => {
                    redirection.send_replace(new.clone());
                    is_same &= new.spool == old.spool && new.spool_size == old.spool_size;
                }
                Some(_) => is_same = false,
                None => is_same = false,
            }
        }
        is_same
    }
}
