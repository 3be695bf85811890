//! The story of a connection, from the socket to its end.
//!
//! ```text
//! Connected -- source, TLS or none --> Authenticated -- A-ASSOCIATE-RQ --> Requested -- user -->
//!     Requested -- policy --> Permitted -- the target's A-ASSOCIATE-AC --> Established -- relay -->
//!     Ended
//! ```
//!
//! Each step consumes the state before it and ends in the next state, or in `Ended` with one
//! reason. The target is dialled from `Permitted` only, and a permit comes from the policy only.
//! Whatever happens, `Ended::close` answers the wire, writes the audit line of what it answered,
//! and counts.

mod asking;
mod context;
mod renewal;
mod request;
mod user;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task;
use std::time::Instant;

use pacsgate_core::certificate::Digest;
use pacsgate_core::direction::Direction;
use pacsgate_core::inspector::{Contexts, Inspector};
use pacsgate_core::policy::{Conclusion, Facts, Identified, Permit, Refusal};
use pacsgate_core::reason::Answer;
use pacsgate_core::side::Side;
use pacsgate_core::wire::associate::ReceivedRq;
use pacsgate_core::wire::reject::Abort;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use self::asking::{Refused, ask_target};
use self::context::Context;
use self::renewal::Renewal;
use self::request::{Unread, read_associate};
use crate::audit::Account;
use crate::basis::{Basis, Terms};
use crate::deadline::within;
use crate::gate::Gate;
use crate::live::{AssociationSlot, TargetSlot};
use crate::measures::{Meter, Parties};
use crate::net;
use crate::port::{Port, Proof, Unfit};
use crate::reason::{Early, Reason};
use crate::register::Entry;
use crate::relay::farewell::{self, Close, Farewell};
use crate::relay::target::TargetFailure;
use crate::relay::{Outside, Over, Relayed, Rules, Told, is_broken_tls, relay};
use crate::site::Site;
use crate::slots::Slot;
use crate::slowing::is_title_bound;
use crate::stream::proxy_protocol::{self, Ends, ProxyFault};
use crate::stream::read_ahead::{Opening, ReadAhead};
use crate::stream::sides::{RequestorStream, TargetStream};
use crate::stream::tls::{HandshakeFault, Server, Shown};

/// A requestor that TLS has let in, or that came to a plain port.
struct Requestor {
    context: Context,
    account: Account,
    stream: RequestorStream,
}

/// A socket that was accepted and has its slots.
pub struct Connected {
    context: Context,
    account: Account,
    socket: TcpStream,
}

/// A requestor of whom is known what it can prove.
struct Authenticated {
    requestor: Requestor,
    proof: Proof,
}

/// A requestor whose association request has been parsed.
struct Requested {
    requestor: Requestor,
    proof: Proof,
    request: ReceivedRq,
    identified: Identified,
    /// What the user was verified by.
    stamp: Option<Digest>,
}

/// A requestor for which the target may be dialled, with its slot among what lives.
struct Permitted {
    requestor: Requestor,
    permit: Permit,
    slot: AssociationSlot,
    basis: Basis,
}

/// An association open on both sides.
struct Established {
    requestor: Requestor,
    acceptor: TargetStream,
    inspector: Box<Inspector>,
    slot: AssociationSlot,
    basis: Entry,
    meter: Box<Meter>,
}

/// The end: one reason, and what is still to be said to whom.
struct Ended {
    context: Context,
    account: Account,
    reason: Reason,
    /// What the requestor hears.
    answer: Answer,
    requestor: Option<(RequestorStream, Farewell)>,
    acceptor: Option<(TargetStream, Farewell)>,
    /// The acceptor has its connection for as long as it is open.
    at_target: Option<TargetSlot>,
    /// A transport without TLS: the alert is on its way, nothing else is owed.
    transport: Option<TcpStream>,
}

/// Serves one connection to its end.
pub async fn serve(connected: Box<Connected>) {
    let ended = match tell(connected).await {
        Ok(ended) | Err(ended) => ended,
    };
    Box::pin(ended.close()).await;
}

// What each step needs while it waits is boxed and freed with it: a task is as large as its
// longest wait, and the relay's is the one that lasts. What it takes by value stands in it once more.
async fn tell(connected: Box<Connected>) -> Result<Box<Ended>, Box<Ended>> {
    let connected = Box::pin(connected.learn_source()).await?;
    let authenticated = connected.enter().await?.meet()?;
    let requested = Box::pin(authenticated.read_request()).await?.renew()?;
    let requested = Box::pin(requested.verify_user()).await?;
    let permitted = requested.renew()?.judge()?;
    let established = Box::pin(permitted.dial()).await?;
    Ok(Box::new(established.relay().await))
}

impl Connected {
    /// A connection with its slots; the socket has not been read. The site that has judged its
    /// address judges it further.
    pub fn new(
        gate: Arc<Gate>,
        site: Arc<Site>,
        listener: Arc<str>,
        source: SocketAddr,
        socket: TcpStream,
        slot: Slot,
    ) -> Box<Self> {
        let context = Context::new(gate, site, listener, source, slot);
        let (audit, listener) = (context.gate.audit.clone(), Arc::clone(&context.listener));
        let account = Account::new(audit, listener, context.way, source);
        Box::new(Self { context, account, socket })
    }

    /// A balancer says for whom it speaks, before a byte of TLS.
    async fn learn_source(self: Box<Self>) -> Result<Box<Self>, Box<Ended>> {
        if !self.context.slot.awaits_source() {
            return Ok(self);
        }
        let Self { mut context, mut account, mut socket } = *self;
        let (stop, limit) = (context.too_late(), context.site.limits.proxy_header);
        let read = tokio::select! {
            read = within(stop, limit, proxy_protocol::read(&mut socket)) => read,
            limit = context.slot.gives_way() => return Err(Ended::new(context, account, limit)),
        };
        let named = match read {
            Ok(Ok(named)) => named,
            Ok(Err(fault)) => {
                if fault == ProxyFault::Closed {
                    account.passed_by();
                }
                return Err(Ended::new(context, account, fault));
            }
            Err(cut) => return Err(Ended::new(context, account, cut.or(ProxyFault::Timeout))),
        };
        if let Some(ends) = named {
            account.named(ends.source);
            context.speaks_for(ends);
        }
        match context.slot.comes_from(context.source.ip()) {
            Ok(()) => Ok(Box::new(Self { context, account, socket })),
            Err(limit) => Err(Ended::new(context, account, limit)),
        }
    }

    /// With TLS where the listener has it.
    async fn enter(self: Box<Self>) -> Result<Authenticated, Box<Ended>> {
        let site = Arc::clone(&self.context.site);
        match site.ports.get(&self.context.listener) {
            Some(Port { tls: Some(tls), .. }) => Box::pin(self.handshake(tls)).await,
            Some(Port { tls: None, .. }) => self.plain().await,
            None => Err(Ended::new(self.context, self.account, Early::Stopped)),
        }
    }

    /// Without TLS there is nothing to wait for, but for an address that fails again and again.
    async fn plain(self) -> Result<Authenticated, Box<Ended>> {
        let Self { mut context, mut account, socket } = self;
        let delay = context.delay_of_handshake();
        account.delayed(delay);
        tokio::select! {
            () = context.wait(delay) => {}
            limit = context.slot.gives_way() => return Err(Ended::new(context, account, limit)),
        }
        context.is_plain();
        let stream = RequestorStream::Plain(ReadAhead::new(socket));
        let requestor = Requestor { context, account, stream };
        Ok(Authenticated { requestor, proof: Proof::Plain })
    }

    async fn handshake(self, tls: &Server) -> Result<Authenticated, Box<Ended>> {
        let Self { mut context, mut account, socket } = self;
        let site = Arc::clone(&context.site);
        let delay = context.delay_of_handshake();
        account.delayed(delay);
        let began = Instant::now() + delay;
        let accept = async {
            context.wait(delay).await;
            context.gate.turns.take(context.slot.whose(), tls.accept(socket)).await
        };
        let outcome = tokio::select! {
            outcome = within(context.too_late(), site.limits.handshake, accept) => outcome,
            limit = context.slot.gives_way() => {
                return Err(Ended::new(context, account, limit));
            }
        };
        match outcome {
            Err(cut) => Err(Ended::new(context, account, cut.or(Early::HandshakeTimeout))),
            Ok(Ok((stream, shown))) => {
                context.gate.measures.handshake(&context.listener, began.elapsed());
                let proof = match shown {
                    Shown::Certificate(accepted) => {
                        let holder = site.policy.holder(context.way.direction, &accepted);
                        context.has_shown(&accepted.certificate, holder.as_ref());
                        account.authenticated(&accepted, holder);
                        Proof::Certificate(accepted)
                    }
                    Shown::Nothing => {
                        context.has_shown_nothing();
                        account.without_certificate();
                        Proof::Nothing
                    }
                };
                let stream = RequestorStream::Tls(stream);
                let requestor = Requestor { context, account, stream };
                Ok(Authenticated { requestor, proof })
            }
            Ok(Err(failure)) => {
                let reason = handshake_reason(failure.fault, failure.socket.opening());
                if reason == Early::ClosedBeforeTls.into() {
                    account.passed_by();
                }
                // Of what never was TLS, the TLS library has nothing to say that helps.
                if matches!(reason, Reason::Handshake(_)) {
                    account.handshake_failed(&failure, reason);
                }
                let mut ended = Ended::new(context, account, reason);
                // What is too much is not read to its end.
                if failure.fault != HandshakeFault::HandshakeTooLarge {
                    ended.transport = Some(failure.socket.into_inner());
                }
                Err(ended)
            }
        }
    }
}

/// What never was TLS is named for what it was.
const fn handshake_reason(fault: HandshakeFault, opening: Opening) -> Reason {
    match opening {
        Opening::Nothing => Reason::Early(Early::ClosedBeforeTls),
        Opening::PlainDicom => Reason::Early(Early::PlainDicom),
        Opening::Http => Reason::Early(Early::Http),
        Opening::Ssl2 => Reason::Early(Early::Ssl2),
        Opening::ProxyHeader => Reason::Early(Early::UnexpectedProxyHeader),
        Opening::Unknown => Reason::Early(Early::NotTls),
        Opening::Tls => Reason::Handshake(fault),
    }
}

impl Authenticated {
    /// Whether there is a request to wait for.
    fn meet(self) -> Result<Self, Box<Ended>> {
        let Self { mut requestor, proof } = self;
        let Requestor { context, account, .. } = &mut requestor;
        let site = Arc::clone(&context.site);
        let direction = context.way.direction;
        let holder = |it| Some((it, site.policy.holder(direction, it)?));
        // A PACS has no such limits, and its network is judged with its request.
        let certificate = proof.certificate().filter(|_| direction == Direction::Inward);
        let holder = certificate.and_then(holder);
        let Some((certificate, holder)) = holder else {
            return Ok(Self { requestor, proof });
        };
        let others = context.belongs_to(&holder.name);
        let met = if context.reports_only() {
            site.policy.meet_anywhere(certificate, others)
        } else {
            site.policy.meet(certificate, context.source.ip(), others)
        };
        match met {
            Ok(()) => Ok(Self { requestor, proof }),
            Err(refusal) => {
                account.refused(&refusal, None);
                Err(requestor.refused(&refusal))
            }
        }
    }

    /// Reads exactly the request; what comes after it waits for the relay.
    async fn read_request(self) -> Result<Requested, Box<Ended>> {
        let Self { mut requestor, proof } = self;
        let Requestor { context, stream, .. } = &mut requestor;
        let (stop, limit) = (context.too_late(), context.site.limits.request);
        let transport = context.way.transport;
        let read = tokio::select! {
            read = within(stop, limit, read_associate(stream, transport)) => read,
            limit = context.slot.gives_way() => return Err(requestor.dropped(limit)),
        };
        let body = match read {
            Ok(Ok(body)) => body,
            Ok(Err(Unread::Ended(early))) => {
                if early == Early::PassedBy {
                    requestor.account.passed_by();
                }
                return Err(requestor.dropped(early));
            }
            Ok(Err(Unread::Header(error))) => return Err(requestor.answered(error)),
            Err(cut) => return Err(requestor.dropped(cut.or(Early::RequestTimeout))),
        };
        match ReceivedRq::parse(&body) {
            Ok(request) => {
                requestor.account.requested(&request);
                let identified = Identified::Nobody;
                Ok(Requested { requestor, proof, request, identified, stamp: None })
            }
            Err(error) => {
                requestor.account.unreadable(&body);
                Err(requestor.answered(error))
            }
        }
    }
}

impl Requested {
    /// A reload may have come since the handshake: what is in force now judges.
    fn renew(self) -> Result<Self, Box<Ended>> {
        let Self { mut requestor, proof, request, identified, stamp } = self;
        if !requestor.context.renew() {
            return Ok(Self { requestor, proof, request, identified, stamp });
        }
        let context = &requestor.context;
        let Some(port) = context.site.ports.get(&context.listener) else {
            return Err(requestor.dropped(Early::ListenerGone));
        };
        if !context.believes_its_balancer() {
            return Err(requestor.dropped(Early::BalancerGone));
        }
        match port.judge_again(context.way, requestor.stream.chain()) {
            Ok(proof) => {
                if let Some(certificate) = proof.certificate() {
                    let holder = context.site.policy.holder(context.way.direction, certificate);
                    requestor.account.authenticated(certificate, holder);
                }
                Ok(Self { requestor, proof, request, identified, stamp })
            }
            Err(Unfit::Way(_)) => Err(requestor.dropped(Early::ListenerChanged)),
            Err(Unfit::Certificate(fault)) => {
                let mut ended = requestor.dropped(fault);
                // It is too late for an alert of the handshake.
                ended.answer = Answer::Close;
                Err(ended)
            }
        }
    }

    /// Verifies the user identity that the peer has to show, which takes time: before the policy
    /// judges, so that no rule changes in between. Behind this it exists no more.
    async fn verify_user(self) -> Result<Self, Box<Ended>> {
        let Self { mut requestor, proof, mut request, .. } = self;
        let shown = request.identity.take();
        let Requestor { context, account, stream } = &mut requestor;
        let identified = tokio::select! {
            // Where nothing is to be verified, nobody waits.
            biased;
            identified = user::verify(context, &proof, &request, shown) => identified,
            () = context.too_late() => return Err(requestor.dropped(Early::Stopped)),
            limit = context.slot.gives_way() => return Err(requestor.dropped(limit)),
            why = gone(stream) => return Err(requestor.dropped(left_in_verification(why))),
        };
        let mut stamp = None;
        if let Identified::User { user, .. } = &identified {
            account.identified(user);
            stamp = context.site.stamp(user);
        }
        Ok(Self { requestor, proof, request, identified, stamp })
    }

    fn judge(self) -> Result<Permitted, Box<Ended>> {
        let Self { mut requestor, proof, request, identified, stamp } = self;
        let chain = requestor.stream.chain().to_vec();
        let context = &requestor.context;
        let source = context.source.ip();
        let balancer = context.balancer();
        let (direction, shown) = (context.way.direction, proof.shown());
        let awaits = &*context.gate.asked;
        let facts = Facts { direction, shown, source, request: &request, awaits };
        let identified = user::under(&context.site, identified, stamp);
        let unverified = user::unverified(&identified);
        match context.permit(&facts, identified) {
            Ok((permit, slot)) => {
                let basis = Basis {
                    listener: Arc::clone(&context.listener),
                    way: context.way,
                    source,
                    balancer,
                    chain,
                    not_after: proof.certificate().map(|accepted| accepted.certificate.not_after),
                    user_ends: permit.user().and_then(|user| user::end(user, &context.site)),
                    request,
                    peer: Arc::clone(permit.peer()),
                    is_known: permit.known_peer().is_some(),
                    pacs: Arc::clone(permit.pacs()),
                    user: permit.user().cloned(),
                    stamp,
                    is_empty: false,
                };
                if matches!(proof, Proof::Plain) {
                    requestor.context.slot.is_of_peer();
                }
                requestor.context.slot.permitted();
                requestor.account.permitted(&permit);
                Ok(Permitted { requestor, permit, slot, basis })
            }
            Err(refusal) => {
                let refusal = match unverified {
                    Some(denial) => refusal.after(denial),
                    None => refusal,
                };
                requestor.account.refused(&refusal, Some(request.proposed()));
                if requestor.context.reports_only() {
                    let bar = requestor.context.site.policy.bar(&request);
                    requestor.account.cannot_pass(&refusal, bar);
                }
                if is_title_bound(refusal.denial) {
                    requestor.context.is_called(request.request.calling);
                }
                Err(requestor.refused(&refusal))
            }
        }
    }
}

impl Permitted {
    /// The target hears of the association for the first time, and the requestor gets its answer.
    async fn dial(self) -> Result<Established, Box<Ended>> {
        let Self { mut requestor, permit, slot, mut basis } = self;
        let target = requestor.context.site.target(&permit);
        let is_told = target.is_some_and(|target| target.proxy_protocol);
        let addresses = target.map_or(1, |target| target.addresses.len());
        let ends = is_told.then(|| requestor.ends());
        let Requestor { context, account, stream } = &mut requestor;
        let (live, limits) = (&context.gate.live, &context.site.limits);
        // Its own deadlines lie within; this one lets a stop cut the wait short.
        let (site, mut dialled) = (&context.site, None);
        let asking = ask_target(&context.gate, site, &permit, ends, gone(stream), &mut dialled);
        let began = Instant::now();
        let asked = within(live.stopped(), limits.whole_dial(addresses), asking).await;
        let asked = asked.unwrap_or_else(|cut| Err(Refused::new(cut.or(TargetFailure::Silent))));
        if let Some(address) = &dialled {
            account.dialled(address);
        }
        let (acceptor, conclusion) = match asked {
            Ok(opened) => opened,
            Err(Refused { reason, tls, acceptor }) => {
                if let Some(failure) = &tls {
                    requestor.account.target_failed(failure);
                }
                let mut ended = requestor.answered(reason.at(permit.direction()));
                ended.acceptor = acceptor.map(|acceptor| *acceptor);
                ended.at_target = Some(slot.over());
                return Err(ended);
            }
        };
        let parties = Parties::of(&basis);
        context.gate.measures.dial(&parties, began.elapsed());
        let answered =
            within(live.stopped(), limits.write_stall, answer(stream, &conclusion)).await;
        if !matches!(answered, Ok(Ok(()))) {
            let reason = Reason::from(TargetFailure::Abandoned).at(permit.direction());
            let mut ended = requestor.dropped(reason);
            ended.acceptor = Some((acceptor, Farewell::word(&Abort::NO_REASON.encode())));
            ended.at_target = Some(slot.over());
            return Err(ended);
        }
        requestor.account.opened(&permit, &conclusion);
        basis.forget_all_but(&conclusion.contexts);
        let (contexts, caps, after) = (conclusion.contexts, permit.caps(), permit.after());
        let terms = Terms { contexts, caps, after };
        let shared = requestor.context.gate.shared(&basis, &terms);
        let meter = requestor.context.gate.measures.meter(parties, requestor.account.id());
        let basis = requestor.context.gate.register.enter(basis, meter.flow());
        let inspector = Box::new(Inspector::new(terms.contexts).sharing(shared));
        Ok(Established { requestor, acceptor, inspector, slot, basis, meter })
    }
}

/// Returns when the requestor has left, or has broken the rules of TLS. What it sends meanwhile stays
/// unread.
async fn gone(stream: &mut RequestorStream) -> TargetFailure {
    match stream.fill_buf().await {
        Err(error) if is_broken_tls(&error) => TargetFailure::BrokenTls,
        Ok([]) | Err(_) => TargetFailure::Abandoned,
        Ok(_) => std::future::pending().await,
    }
}

/// Only a requestor that has a user to show waits there, and no PACS has one.
fn left_in_verification(why: TargetFailure) -> Reason {
    let is_broken = why == TargetFailure::BrokenTls;
    if is_broken { why.into() } else { Early::ClosedInVerification.into() }
}

async fn answer(stream: &mut RequestorStream, conclusion: &Conclusion) -> io::Result<()> {
    let answer = conclusion.answer.encode().map_err(|_| io::Error::from(ErrorKind::InvalidData))?;
    stream.write_all(&answer).await?;
    stream.flush().await
}

impl Established {
    /// What it takes is used where it was captured: what an `async fn` takes stands in the task twice.
    fn relay(self) -> impl Future<Output = Ended> {
        let Self { requestor, mut acceptor, inspector, slot, basis, mut meter } = self;
        let Requestor { mut context, mut account, mut stream } = requestor;
        async move {
            let deadlines = context.site.limits.deadlines(basis.not_after, basis.user_ends);
            let mut report = |told: Told<'_>| match told {
                Told::News(news) => account.report(news),
                Told::Moved(moved) => meter.moved(moved, Instant::now),
            };
            let mut withdrawal = None;
            let mut renewal = Renewal::new(&context.gate, &mut context.site, &basis);
            let rules = |opened: &Contexts, cx: &mut task::Context<'_>| {
                renewal.poll(&basis, opened, cx).map(|judged| {
                    judged.unwrap_or_else(|(why, grace)| {
                        withdrawal = Some(why);
                        Rules::End(grace)
                    })
                })
            };
            let relayed = {
                let live = &context.gate.live;
                let (drain, end) = (|| live.draining(), || live.stopped());
                let outside = Outside { drain, end, rules };
                relay(&mut stream, &mut acceptor, inspector, deadlines, outside, &mut report).await
            };
            let Relayed { ending, traffic, ledger, to_requestor, to_acceptor } = relayed;
            // The association is over, though its connections may take a while to close.
            let at_target = Some(slot.over());
            if let Some(why) = withdrawal.filter(|_| ending == Over::Withdrawn.into()) {
                account.withdrawn(&why);
            }
            account.relayed(traffic, &ledger);
            meter.ended(&ledger, Instant::now());
            let to_requestor = Farewell::after(ending, Side::Requestor, to_requestor);
            let to_acceptor = Farewell::after(ending, Side::Acceptor, to_acceptor);
            let is_reset = to_requestor.close == Close::Reset;
            Ended {
                context,
                account,
                reason: ending.into(),
                answer: if is_reset { Answer::Reset } else { ending.answer() },
                requestor: Some((stream, to_requestor)),
                acceptor: Some((acceptor, to_acceptor)),
                at_target,
                transport: None,
            }
        }
    }
}

impl Requestor {
    /// Both ends of its own connection, by whatever balancer it came.
    fn ends(&self) -> io::Result<Ends> {
        let destination = match &self.context.balancer {
            Some(balancer) => balancer.destination,
            None => self.stream.socket().local_addr()?,
        };
        Ok(Ends { source: self.context.source, destination })
    }

    /// Nothing more is said to it.
    fn dropped(self, reason: impl Into<Reason>) -> Box<Ended> {
        Ended::new(self.context, self.account, reason)
    }

    /// It hears what the policy has for it.
    fn refused(self, refusal: &Refusal) -> Box<Ended> {
        let mut ended = Ended::new(self.context, self.account, refusal.denial);
        ended.answer = refusal.answer();
        ended.requestor = Some((self.stream, Farewell::answering(ended.answer)));
        ended
    }

    /// It hears the answer of the reason.
    fn answered(self, reason: impl Into<Reason>) -> Box<Ended> {
        let mut ended = Ended::new(self.context, self.account, reason);
        ended.requestor = Some((self.stream, Farewell::answering(ended.answer)));
        ended
    }
}

impl Ended {
    /// Nothing more is said to the requestor, beyond what TLS itself has said.
    fn new(context: Context, account: Account, reason: impl Into<Reason>) -> Box<Self> {
        let reason = reason.into();
        Box::new(Self {
            context,
            account,
            reason,
            answer: reason.answer(),
            requestor: None,
            acceptor: None,
            at_target: None,
            transport: None,
        })
    }

    /// The one end of every connection: one audit line, one count, one answer.
    async fn close(self: Box<Self>) {
        let Self {
            mut context,
            mut account,
            reason,
            answer,
            requestor,
            acceptor,
            at_target,
            transport,
        } = *self;
        let patience = context.site.limits.close;
        let delay = context.delay_of(reason);
        account.delayed(delay);
        account.end(reason, context.heard(answer));
        context.slot.refused();
        let waits =
            acceptor.as_ref().is_none_or(|(_, farewell)| farewell.close != Close::AfterTheOther);
        let acceptor = async {
            let (Some((mut stream, farewell)), _at_target) = (acceptor, at_target) else { return };
            let close = farewell.say(&mut stream, patience).await;
            if close == Close::Reset {
                net::reset_on_close(stream.socket());
            }
        };
        let requestor = async {
            if let Some((mut stream, farewell)) = requestor {
                let close = farewell.say(&mut stream, patience).await;
                if close == Close::Reset {
                    net::reset_on_close(stream.socket());
                }
            } else if let Some(mut stream) = transport {
                Farewell::default().say(&mut stream, patience).await;
            }
        };
        let last_words = async {
            context.wait(delay).await;
            farewell::both(acceptor, requestor, waits).await;
        };
        tokio::select! {
            () = last_words => {}
            _ = context.slot.gives_way() => {}
        }
        // The slot is held until the sockets are closed.
        drop(context);
    }
}
