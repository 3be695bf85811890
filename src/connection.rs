//! The story of a connection, from the socket to its end.
//!
//! ```text
//! Connected -- TLS --> Authenticated -- A-ASSOCIATE-RQ --> Requested -- policy --> Permitted
//!     -- the PACS's A-ASSOCIATE-AC --> Established -- relay --> Ended
//! ```
//!
//! Each step consumes the state before it and ends in the next state, or in `Ended` with one
//! reason. The PACS is dialled from `Permitted` only, and a permit comes from the policy only.
//! Whatever happens, `Ended::close` writes the audit line, counts, and answers the wire.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;

use pacsgate_core::certificate::Certificate;
use pacsgate_core::inspector::{Inspector, News};
use pacsgate_core::policy::{Conclusion, Facts, Permit};
use pacsgate_core::side::Side;
use pacsgate_core::wire::associate::{Answer, AssociateError, ReceivedRq, request_length};
use pacsgate_core::wire::pdu::Header;
use pacsgate_core::wire::reject::{Abort, Reject};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::gate::{Gate, Listener};
use crate::live::Place;
use crate::net;
use crate::reason::Reason;
use crate::relay::farewell::{self, Close, Farewell};
use crate::relay::target::{self, TargetFailure, Undialled};
use crate::relay::{is_broken_tls, relay};
use crate::slots::{ConnectionSlot, HandshakeSlot, SlotLimit};
use crate::story::Story;
use crate::stream::read_ahead::{Opening, ReadAhead};
use crate::stream::tls::HandshakeFault;

/// The requestor's side once TLS stands. Boxed, because it moves from state to state.
type Requestor = Box<TlsStream<ReadAhead<TcpStream>>>;

/// A socket that was accepted and has its slots.
pub struct Connected {
    story: Story,
    socket: TcpStream,
    handshake_slot: HandshakeSlot,
}

/// A requestor whose certificate is known.
struct Authenticated {
    story: Story,
    requestor: Requestor,
    certificate: Certificate,
}

/// A requestor whose association request has been parsed.
struct Requested {
    story: Story,
    requestor: Requestor,
    certificate: Certificate,
    request: ReceivedRq,
}

/// A requestor that the policy lets in.
struct Permitted {
    story: Story,
    requestor: Requestor,
    permit: Permit,
    place: Place,
}

/// An association open on both sides.
struct Established {
    story: Story,
    requestor: Requestor,
    acceptor: TcpStream,
    inspector: Inspector,
    place: Place,
}

/// The end: one reason, and what is still to be said to whom.
struct Ended {
    story: Story,
    reason: Reason,
    requestor: Option<(Requestor, Farewell)>,
    acceptor: Option<(TcpStream, Farewell)>,
    /// A transport without TLS: the alert is on its way, nothing else is owed.
    transport: Option<TcpStream>,
}

/// Serves one connection to its end.
pub async fn serve(connected: Connected) {
    let ended = match tell(connected).await {
        Ok(ended) | Err(ended) => ended,
    };
    Box::pin(ended.close()).await;
}

// What each step needs while it waits is boxed and freed with it: a task is as large as its
// longest wait, and the relay's is the one that lasts.
async fn tell(connected: Connected) -> Result<Box<Ended>, Box<Ended>> {
    let authenticated = Box::pin(connected.handshake()).await?;
    let requested = Box::pin(authenticated.read_request()).await?;
    let permitted = requested.judge()?;
    let established = Box::pin(permitted.dial()).await?;
    Ok(Box::new(established.relay().await))
}

impl Connected {
    /// A connection with its slots; the socket has not been read.
    #[must_use]
    pub fn new(
        gate: Arc<Gate>,
        listener: Arc<Listener>,
        source: SocketAddr,
        socket: TcpStream,
        (slot, handshake_slot): (ConnectionSlot, HandshakeSlot),
    ) -> Self {
        Self { story: Story::new(gate, listener, source, slot), socket, handshake_slot }
    }

    async fn handshake(self) -> Result<Authenticated, Box<Ended>> {
        let Self { mut story, socket, handshake_slot } = self;
        net::prepare(&socket, story.gate.limits.keepalive);
        let listener = Arc::clone(&story.listener);
        let accept = listener.tls.accept(ReadAhead::new(socket));
        let outcome = tokio::select! {
            outcome = story.within(story.gate.limits.handshake, accept) => outcome,
            () = handshake_slot.evicted() => {
                return Err(Ended::mute(story, Reason::Slots(SlotLimit::Handshakes)));
            }
        };
        drop(handshake_slot);
        match outcome {
            Err(cut) => Err(Ended::mute(story, cut.or(Reason::HandshakeTimeout))),
            Ok(Ok((stream, certificate))) => {
                story.authenticated(&certificate);
                Ok(Authenticated { story, requestor: Box::new(stream), certificate })
            }
            Ok(Err(failure)) => {
                let reason = handshake_reason(failure.fault, failure.io.opening());
                story.handshake_failed(&failure, reason);
                let mut ended = Ended::mute(story, reason);
                ended.transport = Some(failure.io.into_inner());
                Err(ended)
            }
        }
    }
}

/// What never was TLS is named for what it was.
const fn handshake_reason(fault: HandshakeFault, opening: Opening) -> Reason {
    match opening {
        Opening::Nothing => Reason::ClosedBeforeTls,
        Opening::PlainDicom | Opening::Http | Opening::Unknown => Reason::NotTls(opening),
        Opening::Tls => Reason::Handshake(fault),
    }
}

impl Authenticated {
    /// Reads exactly the request; what stands behind it waits for the relay.
    async fn read_request(self) -> Result<Requested, Box<Ended>> {
        let Self { mut story, mut requestor, certificate } = self;
        let limit = story.gate.limits.request;
        let reading = read_associate(&mut requestor);
        match story.within(limit, reading).await {
            Err(cut) => Err(Ended::mute(story, cut.or(Reason::RequestTimeout))),
            Ok(Err(Unread::Nothing)) => Err(Ended::mute(story, Reason::ClosedBeforeRequest)),
            Ok(Err(Unread::Cut)) => Err(Ended::mute(story, Reason::ClosedInRequest)),
            Ok(Err(Unread::BrokenTls)) => Err(Ended::mute(story, Reason::BrokenTls)),
            Ok(Err(Unread::Header(error))) => {
                Err(Ended::answered(story, Reason::Request(error), requestor, error.answer()))
            }
            Ok(Ok(body)) => match ReceivedRq::parse(&body) {
                Ok(request) => {
                    story.requested(&request);
                    Ok(Requested { story, requestor, certificate, request })
                }
                Err(error) => {
                    story.unreadable(&body);
                    Err(Ended::answered(story, Reason::Request(error), requestor, error.answer()))
                }
            },
        }
    }
}

/// Why there is no request.
enum Unread {
    Nothing,
    Cut,
    BrokenTls,
    Header(AssociateError),
}

/// Reads a request's body: type and length are judged from the six header bytes before anything
/// is kept. The caller sets the deadline.
async fn read_associate(requestor: &mut Requestor) -> Result<Vec<u8>, Unread> {
    let mut header = [0; Header::LEN];
    let first = requestor.fill_buf().await.map_err(|error| unread(&error))?;
    if first.is_empty() {
        return Err(Unread::Nothing);
    }
    requestor.read_exact(&mut header).await.map_err(|error| unread(&error))?;
    let length = request_length(header).map_err(Unread::Header)?;
    // Grows as the bytes arrive, up to the length that was judged.
    let mut body = Vec::new();
    let read = requestor.take(length as u64).read_to_end(&mut body).await;
    match read {
        Ok(read) if read == length => Ok(body),
        Ok(_) => Err(Unread::Cut),
        Err(error) => Err(unread(&error)),
    }
}

fn unread(error: &io::Error) -> Unread {
    if is_broken_tls(error) { Unread::BrokenTls } else { Unread::Cut }
}

impl Requested {
    fn judge(self) -> Result<Permitted, Box<Ended>> {
        let Self { mut story, requestor, certificate, request } = self;
        let source = story.source().ip();
        let facts = Facts { certificate: &certificate, source, request: &request };
        let gate = Arc::clone(&story.gate);
        let judged = gate.policy.identify(&facts).and_then(|candidate| {
            let (place, occupancy) = gate.live.take_place(candidate.peer(), candidate.pacs());
            candidate.permit(occupancy).map(|permit| (permit, place))
        });
        match judged {
            Ok((permit, place)) => {
                story.permitted(&permit);
                Ok(Permitted { story, requestor, permit, place })
            }
            Err(refusal) => {
                let denial = refusal.denial;
                story.refused(&refusal, request.request.contexts.len() + request.unsound.len());
                let answer = Answer::Reject(denial.reject());
                Err(Ended::answered(story, Reason::Denied(denial), requestor, answer))
            }
        }
    }
}

impl Permitted {
    /// The PACS hears of the association for the first time, and the requestor gets its answer.
    async fn dial(self) -> Result<Established, Box<Ended>> {
        let Self { mut story, mut requestor, permit, place } = self;
        let gate = Arc::clone(&story.gate);
        // Its own deadlines lie within; this one lets a stop cut the wait short.
        let limit = gate.limits.whole_dial().saturating_add(gate.limits.close);
        let asking = ask_acceptor(&gate, &permit, gone(&mut requestor));
        let asked = story.within(limit, asking).await;
        let asked = asked.unwrap_or_else(|cut| {
            Err(Refused::new(cut.or(Reason::Pacs(TargetFailure::Silent)), Reject::CONGESTION))
        });
        let (acceptor, conclusion) = match asked {
            Ok(opened) => opened,
            Err(Refused { reason, reject, acceptor }) => {
                let mut ended = if reason == Reason::Pacs(TargetFailure::Abandoned) {
                    Ended::mute(story, reason)
                } else {
                    Ended::answered(story, reason, requestor, Answer::Reject(reject))
                };
                ended.acceptor = acceptor;
                return Err(ended);
            }
        };
        let limit = story.gate.limits.write_stall;
        let answering = answer(&mut requestor, &conclusion);
        match story.within(limit, answering).await {
            Ok(Ok(())) => {
                story.opened(&permit, &conclusion);
                let inspector = Inspector::new(conclusion.contexts);
                Ok(Established { story, requestor, acceptor, inspector, place })
            }
            Ok(Err(_)) | Err(_) => {
                let mut ended = Ended::mute(story, Reason::Pacs(TargetFailure::Abandoned));
                ended.acceptor = Some((acceptor, Farewell::word(&Abort::NO_REASON.encode())));
                Err(ended)
            }
        }
    }
}

/// Returns when the requestor has left. What it sends meanwhile stays unread.
async fn gone(requestor: &mut Requestor) {
    match requestor.fill_buf().await {
        Ok([]) | Err(_) => {}
        Ok(_) => std::future::pending().await,
    }
}

/// A PACS that did not open the association, and what is to be said to either side.
struct Refused {
    reason: Reason,
    reject: Reject,
    acceptor: Option<(TcpStream, Farewell)>,
}

impl Refused {
    const fn new(reason: Reason, reject: Reject) -> Self {
        Self { reason, reject, acceptor: None }
    }

    fn by(failure: TargetFailure, stream: Option<TcpStream>) -> Self {
        let word = failure.abort().map(|abort| Farewell::word(&abort.encode()));
        let farewell = word.unwrap_or_default();
        Self {
            reason: Reason::Pacs(failure),
            reject: failure.reject(),
            acceptor: stream.map(|stream| (stream, farewell)),
        }
    }
}

async fn ask_acceptor(
    gate: &Gate,
    permit: &Permit,
    gone: impl Future<Output = ()>,
) -> Result<(TcpStream, Conclusion), Refused> {
    let request = permit.request().encode();
    let request = request.map_err(|_| Refused::new(Reason::RequestTooLong, Reject::LOCAL_LIMIT))?;
    let Some(target) = gate.targets.get(permit.pacs()) else {
        return Err(Refused::by(TargetFailure::Unreachable(ErrorKind::AddrNotAvailable), None));
    };
    let (acceptor, received) = target::dial(permit, &request, target, gate.limits.patience(), gone)
        .await
        .map_err(|Undialled { failure, stream }| Refused::by(failure, stream))?;
    match permit.conclude(received) {
        Ok(conclusion) => Ok((acceptor, conclusion)),
        Err(fault) => Err(Refused::by(TargetFailure::Overreaching(fault), Some(acceptor))),
    }
}

async fn answer(requestor: &mut Requestor, conclusion: &Conclusion) -> io::Result<()> {
    let answer = conclusion.answer.encode().map_err(|_| io::Error::from(ErrorKind::InvalidData))?;
    requestor.write_all(&answer).await?;
    requestor.flush().await
}

impl Established {
    async fn relay(self) -> Ended {
        let Self { mut story, mut requestor, mut acceptor, inspector, place } = self;
        let deadlines = story.deadlines();
        let live = Arc::clone(&story.gate.live);
        let mut tell = |news: &News| story.tell(news);
        let stop = live.stopped();
        let relaying = relay(&mut *requestor, &mut acceptor, inspector, deadlines, stop, &mut tell);
        let relayed = relaying.await;
        // The association is over, though its connections may take a while to close.
        drop(place);
        let ending = relayed.ending;
        story.relayed(ending, relayed.traffic, &relayed.ledger, relayed.to_requestor.at_boundary);
        let to_requestor = Farewell::after(ending, Side::Requestor, relayed.to_requestor);
        let to_acceptor = Farewell::after(ending, Side::Acceptor, relayed.to_acceptor);
        Ended {
            story,
            reason: Reason::Ended(ending),
            requestor: Some((requestor, to_requestor)),
            acceptor: Some((acceptor, to_acceptor)),
            transport: None,
        }
    }
}

impl Ended {
    /// Nothing is said; what was open is dropped.
    fn mute(story: Story, reason: Reason) -> Box<Self> {
        Box::new(Self { story, reason, requestor: None, acceptor: None, transport: None })
    }

    /// The requestor hears an answer to its request.
    fn answered(
        mut story: Story,
        reason: Reason,
        requestor: Requestor,
        answer: Answer,
    ) -> Box<Self> {
        let farewell = match answer {
            Answer::Reject(reject) => Farewell::word(&reject.encode()),
            Answer::Abort(abort) => Farewell::word(&abort.encode()),
            Answer::Close => Farewell::default(),
        };
        story.answered(answer);
        let mut ended = Self::mute(story, reason);
        ended.requestor = Some((requestor, farewell));
        ended
    }

    /// The one end of every connection: one audit line, one count, one answer.
    async fn close(self: Box<Self>) {
        let Self { story, reason, requestor, acceptor, transport } = *self;
        let patience = story.gate.limits.close;
        let _slot = story.end(reason);
        let waits =
            acceptor.as_ref().is_none_or(|(_, farewell)| farewell.close != Close::AfterTheOther);
        let acceptor = async {
            let Some((mut stream, farewell)) = acceptor else { return };
            let close = farewell.say(&mut stream, patience).await;
            if close == Close::Reset {
                net::reset_on_close(&stream);
            }
        };
        let requestor = async {
            if let Some((mut stream, farewell)) = requestor {
                let close = farewell.say(&mut *stream, patience).await;
                if close == Close::Reset {
                    net::reset_on_close(stream.get_ref().0.get_ref());
                }
            } else if let Some(mut stream) = transport {
                Farewell::default().say(&mut stream, patience).await;
            }
        };
        farewell::both(acceptor, requestor, waits).await;
    }
}
