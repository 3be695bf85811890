//! What is known of a connection so far: gathered step by step, written once at its end.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pacsgate_core::certificate::Certificate;
use pacsgate_core::inspector::{ForbiddenRequest, Ledger, News, Outcome, UnsoundDataSet};
use pacsgate_core::policy::{Conclusion, Permit, Refusal, Removed};
use pacsgate_core::side::Side;
use pacsgate_core::wire::associate::{Answer, ReceivedRq};
use pacsgate_core::wire::title::AeTitle;
use tokio::time::{Instant, timeout};

use crate::audit::{
    CertificateRecord, ContextsRecord, DataSetRecord, Event, ForbiddenRecord, PeerText, Received,
    Record, RemovedContext, Standing, Texts,
};
use crate::gate::{Gate, Listener};
use crate::reason::{self, Reason};
use crate::relay::farewell::last_word;
use crate::relay::{Deadlines, Ending, Traffic};
use crate::slots::ConnectionSlot;
use crate::stream::tls::HandshakeFailure;

/// A connection's gate, slot and audit record.
pub struct Story {
    /// What all connections share.
    pub gate: Arc<Gate>,
    /// Where it came in.
    pub listener: Arc<Listener>,
    slot: ConnectionSlot,
    began: Instant,
    not_after: i64,
    record: Box<Record>,
    /// What has had its line: a code and what was asked for.
    told: Vec<(Event, &'static str)>,
}

/// Why a wait was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The deadline passed.
    Deadline,
    /// The daemon stops.
    Stopped,
}

impl Cut {
    /// The reason of the end, where the deadline means this one.
    #[must_use]
    pub const fn or(self, deadline: Reason) -> Reason {
        match self {
            Self::Deadline => deadline,
            Self::Stopped => Reason::Stopped,
        }
    }
}

impl Story {
    /// Begins with what a socket tells.
    #[must_use]
    pub fn new(
        gate: Arc<Gate>,
        listener: Arc<Listener>,
        source: SocketAddr,
        slot: ConnectionSlot,
    ) -> Self {
        let id = gate.audit.connection_id();
        let name = Arc::clone(&listener.name);
        let record = Record::new(Event::Failed, Standing::Stranger, id, name, source);
        let began = Instant::now();
        Self {
            gate,
            listener,
            slot,
            began,
            not_after: i64::MAX,
            record: Box::new(record),
            told: Vec::new(),
        }
    }

    /// The requestor's address.
    #[must_use]
    pub const fn source(&self) -> SocketAddr {
        self.record.source
    }

    /// Waits for a peer: not longer than `limit`, and not beyond the daemon's stop.
    ///
    /// # Errors
    ///
    /// What cut the wait short.
    pub async fn within<T>(
        &self,
        limit: Duration,
        future: impl Future<Output = T>,
    ) -> Result<T, Cut> {
        tokio::select! {
            _stop = self.gate.live.stopped() => Err(Cut::Stopped),
            outcome = timeout(limit, future) => outcome.map_err(|_elapsed| Cut::Deadline),
        }
    }

    /// The deadlines of the association: never past the end of the client certificate.
    #[must_use]
    pub fn deadlines(&self) -> Deadlines {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let left = u64::try_from(self.not_after).unwrap_or_default().saturating_sub(now);
        self.gate.limits.deadlines(Instant::now().checked_add(Duration::from_secs(left)))
    }

    /// The handshake has shown whose certificate this is.
    pub fn authenticated(&mut self, certificate: &Certificate) {
        if let Some(holder) = self.gate.policy.holder(certificate) {
            self.record.standing = Standing::Peer;
            self.record.peer = Some(holder.peer);
            self.record.contact = holder.contact;
        }
        self.not_after = certificate.not_after;
        self.record.certificate = Some(Box::new(CertificateRecord::from(certificate)));
        self.record.event = Event::Refused;
    }

    /// The handshake failed for this reason.
    pub fn handshake_failed<IO>(&mut self, failure: &HandshakeFailure<IO>, reason: Reason) {
        let presented = failure.presented.as_deref();
        self.record.certificate = presented.map(|it| Box::new(CertificateRecord::from(it)));
        if reason == Reason::ClosedBeforeTls {
            self.record.standing = Standing::Passerby;
        }
        // Of what never was TLS, the TLS library has nothing to say that helps.
        if matches!(reason, Reason::Handshake(_)) {
            self.record.detail = Some(PeerText::from_display(&failure.error, PeerText::SENTENCE));
        }
        self.record.wire = Some(PeerText::from_display(failure.fault.wire(), PeerText::PHRASE));
    }

    /// A request was parsed.
    pub fn requested(&mut self, received: &ReceivedRq) {
        self.record.calling = Some(received.request.calling.into());
        self.record.called = Some(received.request.called.into());
        let asked = received.request.contexts.len() + received.unsound.len();
        self.record.contexts = Some(ContextsRecord::new(asked, None, []));
        self.record.notes = Texts::collect(received.notes.iter().map(Noted::from));
    }

    /// A request did not parse: its title fields as they came, for whoever looks for the device.
    pub fn unreadable(&mut self, body: &[u8]) {
        let title = |at: usize| {
            let mut field = body.get(at..at + AeTitle::LEN)?;
            while let [rest @ .., b' '] = field {
                field = rest;
            }
            Some(PeerText::from_bytes(field, PeerText::TITLE))
        };
        // Protocol version and a reserved field, two bytes each, stand before the titles.
        self.record.called = title(4);
        self.record.calling = title(4 + AeTitle::LEN);
    }

    /// The policy let it in.
    pub fn permitted(&mut self, permit: &Permit) {
        self.record.pacs = Some(Arc::clone(permit.pacs()));
        self.record.contexts = Some(contexts(permit.proposed(), None, permit.removed()));
        let notes = permit.notes().iter().map(Noted::from);
        self.record.notes = Texts::collect(notes.chain(permit.remarks().iter().map(Noted::from)));
    }

    /// The policy refused it.
    pub fn refused(&mut self, refusal: &Refusal, asked: usize) {
        self.record.pacs.clone_from(&refusal.pacs);
        self.record.contexts = Some(contexts(asked, None, &refusal.removed));
        self.record.trace = Texts::collect(refusal.trace.iter());
        self.record.advice = Some(refusal.advice());
    }

    /// The requestor hears an answer other than an A-ASSOCIATE-AC.
    pub fn answered(&mut self, answer: Answer) {
        self.record.wire = Some(match answer {
            Answer::Reject(reject) => PeerText::from_display(reject, PeerText::PHRASE),
            Answer::Abort(abort) => PeerText::from_display(abort, PeerText::PHRASE),
            Answer::Close => PeerText::from_display("close", PeerText::PHRASE),
        });
    }

    /// The association is open: the first of its two lines.
    pub fn opened(&mut self, permit: &Permit, conclusion: &Conclusion) {
        let granted = Some(conclusion.contexts.len());
        self.record.contexts = Some(contexts(permit.proposed(), granted, permit.removed()));
        let from_request = permit.notes().iter().map(Noted::from);
        let from_request = from_request.chain(permit.remarks().iter().map(Noted::from));
        let from_answer = conclusion.notes.iter().map(Noted::from);
        let from_answer = from_answer.chain(conclusion.remarks.iter().map(Noted::from));
        let from_answer = from_answer.map(|noted| Noted(format!("answer: {noted}")));
        self.record.notes = Texts::collect(from_request.chain(from_answer));
        self.record.event = Event::Opened;
        self.record.duration = Some(self.began.elapsed());
        self.gate.audit.record(self.record.clone());
        self.record.event = Event::Closed;
        self.record.contexts = None;
        self.record.notes = Texts::default();
    }

    /// Something was forbidden or unsound and ended nothing. All is counted; the first for each
    /// reason has a line at once, the others stand in the last line of the association.
    pub fn tell(&mut self, news: &News) {
        match news {
            News::Forbidden(request) => self.forbidden(request),
            News::Unsound(data_set) => self.unsound(data_set),
        }
    }

    /// The beginning of a line, if it is the first for this reason; else it is only counted.
    fn line(&mut self, event: Event, code: &'static str) -> Option<Box<Record>> {
        if self.told.contains(&(event, code)) {
            self.gate.audit.counters().count(event, code);
            return None;
        }
        self.told.push((event, code));
        let mut record = self.record.clone();
        record.event = event;
        record.reason = Some(code);
        record.duration = Some(self.began.elapsed());
        Some(record)
    }

    fn unsound(&mut self, data_set: &UnsoundDataSet) {
        let event = match data_set.outcome {
            Outcome::Refused(_) => Event::Unsound,
            Outcome::Reported => Event::Reported,
        };
        let code = data_set.error.code();
        let Some(mut record) = self.line(event, code) else { return };
        record.detail = Some(PeerText::from_display(data_set.error, PeerText::SENTENCE));
        record.data_set = Some(Box::new(DataSetRecord::from(data_set)));
        record.wire = Some(match data_set.outcome {
            Outcome::Refused(status) => response(status),
            Outcome::Reported => PeerText::from_display("nothing", PeerText::PHRASE),
        });
        record.advice = Some(reason::data_set_advice(data_set.error));
        self.gate.audit.record(record);
    }

    fn forbidden(&mut self, request: &ForbiddenRequest) {
        let Some(mut record) = self.line(Event::Forbidden, request.why.code(request.from)) else {
            return;
        };
        record.request = Some(Box::new(ForbiddenRecord::from(request)));
        record.wire = Some(match request.why.status() {
            Some(status) => response(status),
            None => PeerText::from_display("nothing", PeerText::PHRASE),
        });
        record.advice = Some(request.why.advice(request.from));
        self.gate.audit.record(record);
    }

    /// The association has ended.
    pub fn relayed(
        &mut self,
        ending: Ending,
        traffic: Traffic,
        ledger: &Ledger,
        at_boundary: bool,
    ) {
        self.record.operations = Some(Box::new(ledger.into()));
        for (deviation, count) in ledger.deviations().iter() {
            let counters = self.gate.audit.counters();
            counters.count_many(Event::Deviation, deviation.name(), count.into());
        }
        self.record.pdus = Some(Received {
            from_requestor: traffic.pdus_from_requestor,
            from_acceptor: traffic.pdus_from_acceptor,
        });
        self.record.bytes = Some(Received {
            from_requestor: traffic.bytes_from_requestor,
            from_acceptor: traffic.bytes_from_acceptor,
        });
        self.record.wire = last_word(ending, Side::Requestor).map(|abort| {
            if at_boundary {
                PeerText::from_display(abort, PeerText::PHRASE)
            } else {
                PeerText::from_display("reset", PeerText::PHRASE)
            }
        });
    }

    /// Writes the last line and counts. The slot is to be held until the sockets are closed.
    #[must_use]
    pub fn end(self, reason: Reason) -> ConnectionSlot {
        let Self { gate, slot, began, mut record, .. } = self;
        record.reason = Some(reason.code());
        record.advice = record.advice.or_else(|| reason.advice());
        let detail = PeerText::from_display(reason, PeerText::SENTENCE);
        if record.detail.is_none() && !detail.as_str().is_empty() {
            record.detail = Some(detail);
        }
        record.duration = Some(began.elapsed());
        gate.audit.record(record);
        slot
    }
}

fn response(status: u16) -> PeerText {
    PeerText::from_display(format_args!("response {status:04x}"), PeerText::PHRASE)
}

fn contexts(asked: usize, granted: Option<usize>, removed: &[Removed]) -> ContextsRecord {
    let removed = removed.iter().map(|removed| RemovedContext {
        id: removed.id.value(),
        abstract_syntax: removed.abstract_syntax.as_ref().map(PeerText::from),
        why: removed.why.code(),
    });
    ContextsRecord::new(asked, granted, removed)
}

/// A note, and how often where that is more than once.
struct Noted(String);

impl<T: fmt::Display> From<(T, u32)> for Noted {
    fn from((note, count): (T, u32)) -> Self {
        Self(if count == 1 { note.to_string() } else { format!("{note} ({count} times)") })
    }
}

impl fmt::Display for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
