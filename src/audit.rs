//! The audit: who connected, what was refused and why, one JSON object a line.
//!
//! [`Audit::record`] counts and hands over; a thread of its own encodes and writes, so that a slow
//! disk or a stopped reader delays no association. What the thread cannot take is lost, counted,
//! and told in a line. Lines of strangers are summed after the first five of a source a minute.
//!
//! - `event`, `record`, `operations`, `reload`, `health`, `advice`, `text`: what a line says, and the only way for a
//!   peer's bytes into it.
//! - `counters`, `summary`: the counting and the summing.
//! - `shared`, `queue`, `writer`, `line`, `sink`: from [`Audit::record`] to the disk.
//! - `outlets`: from the same thread to collectors elsewhere; `disclosures`, `disclosure`, `decoded`,
//!   `parties`: what those hear of patients that are to, and no line says.

mod account;
mod advice;
mod counters;
mod decoded;
mod disclosure;
mod disclosures;
mod event;
mod health;
mod line;
mod operations;
mod outlets;
mod parties;
mod queue;
mod record;
mod reload;
mod shared;
mod sink;
mod summary;
mod text;
mod writer;

#[cfg(test)]
mod tests;

pub use account::Account;
pub use counters::{Count, Counters, NO_REASON};
pub use event::Event;
pub use health::HealthChange;
pub use line::Started;
pub use operations::{DataSetRecord, ForbiddenRecord, OperationsRecord};
pub use outlets::{Outlets, Redirections};
pub use queue::{CAPACITY, TAKEN};
pub use record::{
    CertificateRecord, ConnectionId, ContextsRecord, Received, Record, RemovedContext, Standing,
};
pub use reload::Reload;
pub use sink::Destination;
pub use text::{PeerText, Texts};

use std::io;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant, SystemTime};

use disclosure::Disclosure;
use queue::{Body, Queued};
use shared::Shared;
use sink::Sink;
use summary::Verdict;
use writer::Writer;

use crate::history::History;

/// The periods of the audit.
#[derive(Clone, Copy, Debug)]
pub struct Periods {
    /// Between two lines with the counters.
    pub counters_every: Duration,
    /// The window in which a stranger's lines are summed.
    pub window: Duration,
}

impl Default for Periods {
    fn default() -> Self {
        Self { counters_every: Duration::from_secs(60 * 60), window: Duration::from_secs(60) }
    }
}

/// Takes records; cheap to clone.
#[derive(Clone)]
pub struct Audit(Arc<Shared>);

/// The thread that writes; when this is dropped it finishes, as by [`AuditThread::finish`].
#[must_use = "the audit ends when this is dropped"]
pub struct AuditThread {
    shared: Arc<Shared>,
    done: mpsc::Receiver<()>,
}

/// The audit's last lines were not written in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit could not be written to its end")]
pub struct Unfinished;

impl Audit {
    /// Opens the destination and starts the thread, which begins with what is `started`, and tells the
    /// collectors the same.
    ///
    /// # Errors
    ///
    /// The destination cannot be opened, or the thread cannot be started.
    pub fn start(
        destination: &Destination,
        periods: Periods,
        started: Started,
        outlets: Outlets,
    ) -> io::Result<(Self, AuditThread)> {
        Self::start_on(Sink::open(destination)?, periods, Some(started), outlets)
    }

    /// Counts the event and queues its line. Never waits for the writer: a line that finds no
    /// room is lost, and counted as lost.
    pub fn record(&self, record: impl Into<Box<Record>>) {
        let record = record.into();
        let reason = record.reason.unwrap_or(NO_REASON);
        self.0.counters.count(record.event, reason);
        self.0.history.note(&record, SystemTime::now());
        if self.0.verdict(&record, reason) == Verdict::Sum {
            return;
        }
        self.queue(Body::Connection(record));
    }

    /// The same of a reload, of which every line is written.
    pub fn reload(&self, reload: Reload) {
        self.0.counters.count(reload.event, reload.reason);
        self.0.history.reload(reload.clone(), SystemTime::now());
        self.queue(Body::Gate(Box::new(reload)));
    }

    /// The same of an address of a PACS.
    pub fn health(&self, change: HealthChange) {
        self.0.counters.count(change.event, change.reason);
        self.queue(Body::Pacs(Box::new(change)));
    }

    /// Whether somebody is to hear of patients.
    pub fn discloses(&self) -> bool {
        self.0.discloses
    }

    /// Queues what is said of patients, for those alone who are to hear it.
    fn disclose(&self, disclosure: Disclosure) {
        self.queue(Body::Disclosure(Box::new(disclosure)));
    }

    /// Counts what has happened again on an association that has a line of it.
    pub(crate) fn again(&self, event: Event, reason: &'static str) {
        self.0.counters.count(event, reason);
        self.0.history.count(event, reason, 1, SystemTime::now());
    }

    fn queue(&self, body: Body) {
        let time = SystemTime::now();
        if self.0.queue.push(Queued { time, body }).is_err() {
            self.0.counters.count_lost(1);
            self.0.history.lost(1, time);
            if let Some(unsaid) = self.0.overflow().say(Instant::now()) {
                tracing::error!(
                    "the audit cannot be written as fast as it comes: lines are lost, {} since this \
                     was said last",
                    unsaid + 1
                );
            }
        }
    }

    /// The id of the next connection.
    pub fn connection_id(&self) -> ConnectionId {
        self.0.connection_id()
    }

    /// The counters of all that was recorded.
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// What has happened lately.
    pub fn history(&self) -> &History {
        &self.0.history
    }

    fn start_on(
        sink: Sink,
        periods: Periods,
        started: Option<Started>,
        outlets: Outlets,
    ) -> io::Result<(Self, AuditThread)> {
        let counters = Counters::new(outlets.losses());
        let discloses = outlets.hear_of_patients();
        let shared = Arc::new(Shared::new(periods.window, discloses, counters));
        let every = periods.counters_every;
        let writer = Writer::new(Arc::clone(&shared), sink, every, started, outlets);
        let (finished, done) = mpsc::channel();
        std::thread::Builder::new().name("audit".to_owned()).spawn(move || {
            writer.run();
            // Nobody listens where the wait was given up.
            let _ = finished.send(());
        })?;
        Ok((Self(Arc::clone(&shared)), AuditThread { shared, done }))
    }
}

impl AuditThread {
    /// How long a drop waits for the last lines.
    pub const PATIENCE: Duration = Duration::from_secs(2);

    /// Writes what is queued, the sums of the window under way and the counters, and ends the
    /// thread. Blocks, `wait` at the longest. Records that come later are lost.
    ///
    /// # Errors
    ///
    /// The destination takes no bytes: the thread is left behind with what it holds.
    pub fn finish(self, wait: Duration) -> Result<(), Unfinished> {
        self.shared.queue.close();
        self.done.recv_timeout(wait).map_err(|_| Unfinished)
    }
}

impl Drop for AuditThread {
    fn drop(&mut self) {
        if self.shared.queue.close() {
            // There is nobody left to tell.
            let _ = self.done.recv_timeout(Self::PATIENCE);
        }
    }
}
