//! What the audit says of one connection: gathered step by step, written once at its end.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pacsgate_core::certificate::{Accepted, AcceptedBy};
use pacsgate_core::direction::{Direction, System};
use pacsgate_core::identity::User;
use pacsgate_core::inspector::{Fault, ForbiddenRequest, Ledger, News, Outcome, UnsoundDataSet};
use pacsgate_core::policy::{Bar, Conclusion, Holder, Permit, Refusal, Removed, remedy};
use pacsgate_core::reason::{Answer, Explained, Sided};
use pacsgate_core::side::Side;
use pacsgate_core::wire::associate::ReceivedRq;
use pacsgate_core::wire::title::AeTitle;

use super::Audit;
use super::advice;
use super::disclosure::{Disclosure, What};
use super::disclosures::Disclosures;
use super::event::Event;
use super::operations::{DataSetRecord, ForbiddenRecord};
use super::record::{
    CertificateRecord, ConnectionId, ContextsRecord, Received, Record, RemovedContext, Standing,
};
use super::text::{PeerText, Texts};
use crate::basis::Withdrawal;
use crate::config::Address;
use crate::port::Way;
use crate::reason::Reason;
use crate::relay::{Ending, Loss, Over, Traffic};
use crate::stream::tls::{HandshakeFailure, OutgoingFailure};

/// The account of one connection.
pub struct Account {
    audit: Audit,
    direction: Direction,
    began: Instant,
    record: Box<Record>,
    /// What has had its line: a code and what was asked for.
    reported: Vec<(Event, &'static str)>,
    /// What the PACS was not asked for, as long as the requestor has done nothing.
    taken_out: Option<Box<TakenOut>>,
    /// The patients whose objects pass, where somebody is to hear of them.
    disclosures: Disclosures,
}

/// Contexts without which a requestor may have no use for the association.
struct TakenOut {
    contexts: Box<ContextsRecord>,
    remedy: Option<Cow<'static, str>>,
}

impl TakenOut {
    fn advice(&self) -> Cow<'static, str> {
        let remedy = self.remedy.as_deref().unwrap_or("Look at `why` in `contexts`.");
        Cow::Owned(format!("The device did nothing with the contexts that were left. {remedy}"))
    }
}

impl Account {
    /// Begins with what a socket shows.
    pub fn new(audit: Audit, listener: Arc<str>, way: Way, source: SocketAddr) -> Self {
        let id = audit.connection_id();
        let record = Record::new(Event::Failed, Standing::Stranger, id, listener, way, source);
        Self {
            audit,
            direction: way.direction,
            began: Instant::now(),
            record: Box::new(record),
            reported: Vec::new(),
            taken_out: None,
            disclosures: Disclosures::default(),
        }
    }

    /// What the connection is called in every line.
    pub fn id(&self) -> ConnectionId {
        self.record.id
    }

    /// A balancer has named the source for which it connects.
    pub fn named(&mut self, source: SocketAddr) {
        self.record.proxy = Some(std::mem::replace(&mut self.record.source, source));
    }

    /// The handshake has shown whose certificate this is.
    pub fn authenticated(&mut self, accepted: &Accepted, holder: Option<Holder>) {
        self.record.standing = Standing::VouchedFor;
        if let Some(holder) = holder {
            self.record.standing = Standing::Peer;
            match holder.system {
                System::Peer => self.record.peer = Some(holder.name),
                System::Pacs => self.record.pacs = Some(holder.name),
            }
            self.record.contact = holder.contact;
        }
        let mut certificate = CertificateRecord::from(&accepted.certificate);
        match &accepted.by {
            AcceptedBy::Chain(cas) | AcceptedBy::ChainForAnything(cas) => {
                certificate.name_cas(cas);
            }
            AcceptedBy::UnlistedPin => certificate.revocation = Some("no list of its issuer"),
            AcceptedBy::Pin => {}
        }
        self.record.certificate = Some(Box::new(certificate));
        self.record.event = Event::Refused;
    }

    /// The handshake was done without a certificate.
    pub fn without_certificate(&mut self) {
        self.record.event = Event::Refused;
    }

    /// The identity of its user was verified.
    pub fn identified(&mut self, user: &User) {
        self.record.user = Some(Box::new(user.into()));
    }

    /// The handshake failed. What rustls or the system said comes behind the reason's sentence.
    pub fn handshake_failed<IO>(&mut self, failure: &HandshakeFailure<IO>, reason: Reason) {
        if failure.is_vouched_for {
            self.record.standing = Standing::VouchedFor;
        }
        let presented = failure.presented.as_deref();
        self.record.certificate = presented.map(|it| Box::new(CertificateRecord::from(it)));
        self.record.detail = detail(reason, &failure.error.to_string());
    }

    /// TLS with the target failed: what it has shown, and what was said of that.
    pub fn target_failed(&mut self, failure: &OutgoingFailure) {
        let presented = failure.presented.as_deref();
        self.record.target_certificate = presented.map(|it| Box::new(CertificateRecord::from(it)));
        let said = failure.said.as_deref();
        self.record.detail = said.and_then(|said| detail(failure.fault.into(), said));
    }

    /// Which of several addresses of the target was dialled last.
    pub fn dialled(&mut self, address: &Address) {
        self.record.address = Some(PeerText::from_display(address, PeerText::SENTENCE));
    }

    /// It was made to wait, for what its origin has done before.
    pub fn delayed(&mut self, by: Duration) {
        if !by.is_zero() {
            let before = self.record.delayed.unwrap_or_default();
            self.record.delayed = Some(before.saturating_add(by));
        }
    }

    /// Nothing came: a monitor or a load balancer.
    pub fn passed_by(&mut self) {
        self.record.standing = Standing::Passerby;
    }

    /// A request was parsed.
    pub fn requested(&mut self, received: &ReceivedRq) {
        // Where there is no TLS, this is the first that is known of it.
        self.record.event = Event::Refused;
        self.record.calling = Some(received.request.calling.into());
        self.record.called = Some(received.request.called.into());
        let contexts = ContextsRecord::new(received.proposed(), None, []);
        self.record.contexts = Some(Box::new(contexts));
        self.record.notes = Texts::collect(received.notes.iter().map(Noted::from));
    }

    /// A request did not parse: its title fields as they came, for whoever looks for the device.
    pub fn unreadable(&mut self, body: &[u8]) {
        self.record.event = Event::Refused;
        let title = |at: usize| {
            let mut field = body.get(at..at + AeTitle::LEN)?;
            while let [rest @ .., b' '] = field {
                field = rest;
            }
            Some(PeerText::from_bytes(field, PeerText::TITLE))
        };
        // Protocol version and a reserved field, two bytes each, come before the titles.
        self.record.called = title(4);
        self.record.calling = title(4 + AeTitle::LEN);
    }

    /// The policy let it in.
    pub fn permitted(&mut self, permit: &Permit) {
        self.record.report_only = permit.reports_only();
        if let Some(refusal) = permit.would_refuse() {
            self.would_refuse(refusal, permit.proposed());
        }
        // Without a certificate, it is its user that shows who it is. What is let through for a report is
        // told like that of a peer: nothing is learned from a sum.
        self.record.standing = Standing::Peer;
        self.record.peer = permit.known_peer().cloned();
        self.record.contact = permit.contact().cloned();
        self.record.pacs = Some(Arc::clone(permit.pacs()));
        let contexts = contexts(permit.proposed(), None, permit.removed());
        self.record.contexts = Some(Box::new(contexts));
        self.record.notes = Texts::collect(of_request(permit));
    }

    /// The policy would refuse it: what the line of the refusal would say, but for what it hears.
    fn would_refuse(&mut self, refusal: &Refusal, asked: usize) {
        let before = self.record.clone();
        self.refused(refusal, Some(asked));
        self.record.event = Event::WouldRefuse;
        self.record.reason = Some(refusal.denial.code());
        self.record.detail = Some(PeerText::from_display(refusal.denial, PeerText::SENTENCE));
        self.record.duration = Some(self.began.elapsed());
        let line = std::mem::replace(&mut self.record, before);
        self.audit.record(line);
    }

    /// Why it is refused although refusals are only reported.
    pub fn cannot_pass(&mut self, refusal: &Refusal, bar: Bar) {
        let sentence =
            format_args!("{}; report-only does not let it pass, as {bar}", refusal.denial);
        self.record.report_only = true;
        self.record.detail = Some(PeerText::from_display(sentence, PeerText::SENTENCE));
    }

    /// The policy refused it; `asked` contexts, if there was a request.
    pub fn refused(&mut self, refusal: &Refusal, asked: Option<usize>) {
        // At a plain listener, this is the first that is known of it.
        let known = match refusal.direction.system(Side::Requestor) {
            System::Peer => &refusal.peer,
            System::Pacs => &refusal.pacs,
        };
        if self.record.plain && known.is_some() {
            self.record.standing = Standing::Peer;
        }
        if refusal.peer.is_some() {
            self.record.peer.clone_from(&refusal.peer);
            self.record.contact.clone_from(&refusal.contact);
        }
        self.record.pacs.clone_from(&refusal.pacs);
        let contexts = asked.map(|asked| contexts(asked, None, &refusal.removed));
        self.record.contexts = contexts.map(Box::new);
        self.record.advice = refusal.advice();
        self.record.explanation = Some(Box::new(refusal.into()));
    }

    /// The association is open: the first of its two lines.
    pub fn opened(&mut self, permit: &Permit, conclusion: &Conclusion) {
        let granted = Some(conclusion.contexts.len());
        let told = contexts(permit.proposed(), granted, permit.removed());
        let told = told.and_would_remove(rows(permit.would_remove()));
        self.record.contexts = Some(Box::new(told));
        let from_answer = conclusion.notes.iter().map(Noted::from);
        let from_answer = from_answer.chain(conclusion.remarks.iter().map(Noted::from));
        let from_answer = from_answer.map(|noted| Noted(format!("answer: {noted}")));
        self.record.notes = Texts::collect(of_request(permit).chain(from_answer));
        self.record.event = Event::Opened;
        self.record.duration = Some(self.began.elapsed());
        self.audit.record(self.record.clone());
        self.record.event = Event::Closed;
        let is_lacking = !permit.removed().is_empty() && self.direction == Direction::Inward;
        let contexts = self.record.contexts.take();
        // What the device has not used yet will be refused all the same.
        self.record.contexts = contexts.clone().filter(|_| !permit.would_remove().is_empty());
        let contexts = contexts.filter(|_| is_lacking);
        self.taken_out = contexts
            .map(|contexts| Box::new(TakenOut { contexts, remedy: remedy(permit.removed()) }));
        self.record.notes = Texts::default();
    }

    /// Something was forbidden or unsound and ended nothing. All is counted; the first for each
    /// reason has a line at once, the others are in the last line of the association.
    pub fn report(&mut self, news: &News) {
        match news {
            News::Forbidden(request) => self.forbidden(request),
            News::WouldForbid(request) => self.would_forbid(request),
            News::Unsound(data_set) => self.unsound(data_set),
            News::Disclosed(disclosed) => {
                let told = self.disclosures.add(disclosed);
                self.disclose(told);
            }
        }
    }

    fn disclose(&self, told: Vec<What>) {
        for what in told {
            self.audit.disclose(Disclosure::of(&self.record, what));
        }
    }

    /// The beginning of a line, if it is the first for this reason; otherwise it is only counted.
    fn line(&mut self, event: Event, reason: &dyn Explained) -> Option<Box<Record>> {
        let code = reason.code();
        if self.reported.contains(&(event, code)) {
            self.audit.again(event, code);
            return None;
        }
        self.reported.push((event, code));
        let mut record = self.record.clone();
        record.event = event;
        record.reason = Some(code);
        record.detail = Some(PeerText::from_display(reason, PeerText::SENTENCE));
        record.advice = reason.advice().map(Cow::Borrowed);
        record.duration = Some(self.began.elapsed());
        Some(record)
    }

    fn unsound(&mut self, data_set: &UnsoundDataSet) {
        let (event, wire) = match data_set.outcome {
            Outcome::Refused(status) => (Event::Unsound, response(Some(status))),
            Outcome::Withheld => (Event::Unsound, response(None)),
            Outcome::Stripped => {
                let wire = PeerText::from_display("the response alone", PeerText::PHRASE);
                (Event::Unsound, wire)
            }
            Outcome::Reported => (Event::Reported, response(None)),
        };
        let Some(mut record) = self.line(event, &data_set.error) else { return };
        let (table, from) = (self.table(data_set.from), self.direction.system(data_set.from));
        record.advice = Some(advice::of(data_set.error, from, &table, event).into());
        record.data_set = Some(Box::new(DataSetRecord::from(data_set)));
        record.wire = Some(wire);
        self.audit.record(record);
    }

    /// Where the configuration says what this side may do.
    fn table(&self, of: Side) -> String {
        let (kind, name) = match self.direction.system(of) {
            System::Peer => ("peer", &self.record.peer),
            System::Pacs => ("pacs", &self.record.pacs),
        };
        // Whatever the configuration says, a line is bounded.
        format!("[{kind}.{:.200}]", name.as_deref().unwrap_or_default())
    }

    fn forbidden(&mut self, request: &ForbiddenRequest) {
        let Some(mut record) = self.line(Event::Forbidden, &request.why) else { return };
        record.request = Some(Box::new(ForbiddenRecord::from(request)));
        record.advice = request.advice(self.direction);
        record.wire = Some(response(request.why.what.answer()));
        self.audit.record(record);
    }

    fn would_forbid(&mut self, request: &ForbiddenRequest) {
        let Some(mut record) = self.line(Event::WouldRefuse, &request.why) else { return };
        record.request = Some(Box::new(ForbiddenRecord::from(request)));
        record.advice = request.advice(self.direction);
        self.audit.record(record);
    }

    /// The association has ended.
    pub fn relayed(&mut self, traffic: Traffic, ledger: &Ledger) {
        let told = self.disclosures.finish();
        self.disclose(told);
        let has_tried = !ledger.operations().is_empty()
            || !ledger.forbidden().is_empty()
            || !ledger.unsound().is_empty();
        self.taken_out = self.taken_out.take().filter(|_| !has_tried);
        self.record.operations = Some(Box::new(ledger.into()));
        for (deviation, count) in ledger.deviations().iter() {
            let counters = self.audit.counters();
            counters.count_many(Event::Deviation, deviation.code(), count.into());
        }
        for (tidied, count) in ledger.tidied().iter() {
            self.audit.counters().count_many(Event::Tidied, tidied.code(), count.into());
        }
        self.record.pdus = Some(Received {
            from_requestor: traffic.pdus.requestor,
            from_acceptor: traffic.pdus.acceptor,
        });
        self.record.bytes = Some(Received {
            from_requestor: traffic.bytes.requestor,
            from_acceptor: traffic.bytes.acceptor,
        });
    }

    /// What a reload has found against it.
    pub fn withdrawn(&mut self, why: &Withdrawal) {
        let sentence = format_args!("{}: {why}", Over::Withdrawn);
        self.record.detail = Some(PeerText::from_display(sentence, PeerText::SENTENCE));
        self.record.advice = why.advice();
        if let Withdrawal::Refused(refusal) = why {
            self.record.explanation = Some(Box::new((&**refusal).into()));
        }
    }

    /// Writes the last line and counts.
    pub fn end(mut self, reason: Reason, answer: Answer) {
        if let Reason::Ended(Ending::Fault(Sided { side, what: Fault::DataSet(error) })) = reason {
            let from = self.direction.system(side);
            let advice = advice::of(error, from, &self.table(side), Event::Unsound);
            self.record.advice = Some(advice.into());
            self.record.data_set = Some(Box::new(DataSetRecord::cut(side, error)));
        }
        let Self { audit, began, direction, mut record, taken_out, .. } = self;
        record.reason = Some(reason.code());
        if record.delayed.is_some() {
            audit.counters().count(Event::Delayed, reason.code());
        }
        if let Some(unused) = taken_out.filter(|_| is_given_up(reason)) {
            record.advice = Some(unused.advice());
            record.contexts = Some(unused.contexts);
        }
        record.advice = record.advice.or_else(|| reason.advice(direction).map(Cow::Borrowed));
        let sentence = || PeerText::from_display(reason, PeerText::SENTENCE);
        record.detail.get_or_insert_with(sentence);
        record.wire = Some(PeerText::from_display(answer, PeerText::PHRASE));
        record.duration = Some(began.elapsed());
        audit.record(record);
    }
}

/// Whether the requestor, or both sides, had no more to do.
fn is_given_up(reason: Reason) -> bool {
    let Reason::Ended(ending) = reason else { return false };
    match ending {
        Ending::Over(over) => over == Over::Released,
        Ending::Lost(Sided { side, what }) => {
            side == Side::Requestor
                && matches!(what, Loss::Aborted | Loss::Closed | Loss::ClosedInRelease)
        }
        Ending::Fault(_) => false,
    }
}

/// The gate's own response to a request, by its status.
fn response(status: Option<u16>) -> PeerText {
    match status {
        Some(status) => {
            PeerText::from_display(format_args!("response {status:04x}"), PeerText::PHRASE)
        }
        None => PeerText::from_display("nothing", PeerText::PHRASE),
    }
}

/// The reason's sentence, and behind it what else was said.
fn detail(reason: Reason, said: &str) -> Option<PeerText> {
    let sentence = reason.to_string();
    let both = format_args!("{sentence} ({said})");
    (sentence != said).then(|| PeerText::from_display(both, PeerText::SENTENCE))
}

fn contexts(asked: usize, granted: Option<usize>, removed: &[Removed]) -> ContextsRecord {
    ContextsRecord::new(asked, granted, rows(removed))
}

fn rows(removed: &[Removed]) -> impl Iterator<Item = RemovedContext> {
    removed.iter().map(|removed| RemovedContext {
        id: removed.id.value(),
        abstract_syntax: removed.abstract_syntax.as_ref().map(PeerText::from),
        why: removed.why.code(),
    })
}

fn of_request(permit: &Permit) -> impl Iterator<Item = Noted> {
    permit.notes().iter().map(Noted::from).chain(permit.remarks().iter().map(Noted::from))
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
