//! The target is asked for the association: at the first of its addresses that can be reached.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::pin::pin;
use std::time::Instant;

use pacsgate_core::direction::Direction;
use pacsgate_core::policy::{Conclusion, Permit};
use pacsgate_core::wire::associate::ReceivedAc;
use pacsgate_core::wire::reject::Abort;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::config::{Address, Limits, Target};
use crate::dial::Obstacle;
use crate::gate::Gate;
use crate::health::Health;
use crate::reason::Reason;
use crate::relay::farewell::Farewell;
use crate::relay::target::{self, TargetFailure, Unanswered};
use crate::site::Site;
use crate::stream::proxy_protocol::{self, Ends};
use crate::stream::read_ahead::ReadAhead;
use crate::stream::sides::TargetStream;
use crate::stream::tls::{OutgoingFailure, OutgoingFault};
use crate::timers::timeout;

/// A target that did not open the association, and what is to be said of it and to it.
pub(super) struct Refused {
    pub(super) reason: Reason,
    /// What TLS knows of it besides.
    pub(super) tls: Option<Box<OutgoingFailure>>,
    pub(super) acceptor: Option<Box<(TargetStream, Farewell)>>,
}

impl Refused {
    pub(super) fn new(reason: impl Into<Reason>) -> Self {
        Self { reason: reason.into(), tls: None, acceptor: None }
    }

    fn by(reason: impl Into<Reason>, word: Option<Abort>, stream: TargetStream) -> Self {
        let farewell = word.map(|abort| Farewell::word(&abort.encode())).unwrap_or_default();
        Self { reason: reason.into(), tls: None, acceptor: Some(Box::new((stream, farewell))) }
    }

    /// Whether it was not connected at all, so that another address may be tried: what has come to one
    /// that lives does not go to another as well.
    const fn is_unreached(&self) -> bool {
        matches!(
            self.reason,
            Reason::Target(TargetFailure::Unreachable(_) | TargetFailure::DialTimeout)
                | Reason::Outgoing(_)
        )
    }

    /// Whether that is the PACS's state, and not the fault of this machine.
    const fn says_of_pacs(&self) -> bool {
        let is_own =
            matches!(self.reason, Reason::Target(TargetFailure::Unreachable(Obstacle::Source(..))));
        self.is_unreached() && !is_own
    }

    /// TLS 1.3 tells of a refused certificate only when the answer is awaited.
    fn late(error: &io::Error, stream: TargetStream) -> Self {
        let Some(fault) = OutgoingFault::of_read(error) else {
            return Self::by(TargetFailure::Closed, None, stream);
        };
        let said = Some(error.to_string());
        let refused = Self::from(OutgoingFailure { fault, presented: None, said });
        Self { acceptor: Some(Box::new((stream, Farewell::default()))), ..refused }
    }
}

impl From<OutgoingFailure> for Refused {
    fn from(failure: OutgoingFailure) -> Self {
        Self { reason: failure.fault.into(), tls: Some(Box::new(failure)), acceptor: None }
    }
}

/// Reaches the target and asks it, unless the requestor is `gone` first. Where the target is to hear for
/// whom it is asked, it hears of these `ends`. Of several addresses, the one
/// that was `dialled` last is told.
pub(super) async fn ask_target(
    gate: &Gate,
    site: &Site,
    permit: &Permit,
    ends: Option<io::Result<Ends>>,
    gone: impl Future<Output = TargetFailure>,
    dialled: &mut Option<Address>,
) -> Result<(TargetStream, Conclusion), Refused> {
    let request = permit.request().encode();
    let request = request.map_err(|_| Refused::new(TargetFailure::RequestTooLong))?;
    let Some(target) = site.target(permit) else {
        let nowhere = Obstacle::System(ErrorKind::AddrNotAvailable);
        return Err(Refused::new(TargetFailure::Unreachable(nowhere)));
    };
    // A socket that has no address any more has no requestor.
    let header = ends.map(|ends| ends.and_then(proxy_protocol::header)).transpose();
    let header = header.map_err(|_| Refused::new(TargetFailure::Abandoned))?.unwrap_or_default();
    let source = site.source(permit);
    let way = Way { permit, target, source, limits: &site.limits, header };
    let source = source.filter(|_| source != target.source);
    let known = Known { health: &gate.health, permit, source };
    let mut gone = pin!(gone);
    let mut last = Refused::new(TargetFailure::Down);
    for address in known.in_order(target) {
        *dialled = target.addresses.get(1).map(|_| address.clone());
        let reached = tokio::select! {
            reached = way.reach(address) => reached,
            why = &mut gone => return Err(Refused::new(why)),
        };
        known.learn(address, &reached);
        let mut stream = match reached {
            Ok(stream) => stream,
            Err(refused) if refused.is_unreached() => {
                last = refused;
                continue;
            }
            Err(refused) => return Err(refused),
        };
        let answer = tokio::select! {
            answer = timeout(site.limits.answer, target::ask(&mut stream, &request)) => {
                answer.unwrap_or(Err(Unanswered::Failed(TargetFailure::Silent)))
            }
            why = gone => Err(Unanswered::Failed(why)),
        };
        known.learn_from(address, &answer);
        return conclude(permit, stream, answer);
    }
    Err(last)
}

/// What is known of the addresses of a PACS, and learned. A peer is not asked how it is, and has one.
struct Known<'a> {
    health: &'a Health,
    permit: &'a Permit,
    /// Where the peer's own address is dialled from, and not the one that others are.
    source: Option<IpAddr>,
}

impl<'a> Known<'a> {
    fn in_order(&self, target: &'a Target) -> Vec<&'a Address> {
        if !self.is_pacs() {
            return target.addresses.iter().collect();
        }
        let order = self.health.order(self.permit.pacs(), target, self.source, Instant::now());
        order.places.iter().filter_map(|place| target.addresses.get(*place)).collect()
    }

    fn learn(&self, address: &Address, reached: &Result<TargetStream, Refused>) {
        let pacs = self.permit.pacs();
        match reached {
            Ok(_) if self.is_pacs() => self.health.reached(pacs, address, self.source),
            Err(refused) if self.is_pacs() && refused.says_of_pacs() => {
                self.health.missed(pacs, address, self.source, &refused.reason);
            }
            Ok(_) | Err(_) => {}
        }
    }

    /// A PACS that takes connections and says nothing may hang.
    fn learn_from(&self, address: &Address, answer: &Result<ReceivedAc, Unanswered>) {
        let is_doubtful =
            matches!(answer, Err(Unanswered::Ended(_) | Unanswered::Failed(TargetFailure::Silent)));
        if is_doubtful && self.is_pacs() {
            self.health.doubt(self.permit.pacs(), address);
        }
    }

    fn is_pacs(&self) -> bool {
        self.permit.direction() == Direction::Inward
    }
}

/// All that it takes to reach a target.
struct Way<'a> {
    permit: &'a Permit,
    target: &'a Target,
    source: Option<IpAddr>,
    limits: &'a Limits,
    /// Says for whom the gate connects, if that is to be told.
    header: Vec<u8>,
}

impl Way<'_> {
    /// Connects, says for whom if it is to be told, and shakes hands if it speaks TLS.
    async fn reach(&self, address: &Address) -> Result<TargetStream, Refused> {
        let Self { permit, target, source, limits, header } = self;
        let socket = target::connect(permit, address, *source, limits).await;
        let mut socket = socket.map_err(Refused::new)?;
        if !header.is_empty() {
            let told = timeout(limits.dial, socket.write_all(header)).await;
            if !matches!(told, Ok(Ok(()))) {
                return Err(Refused::new(TargetFailure::Closed));
            }
        }
        let Some(tls) = &target.tls else { return Ok(TargetStream::Plain(ReadAhead::new(socket))) };
        let peer = peer_address(&socket);
        let shaken = timeout(limits.handshake, Box::pin(tls.connect(peer, socket))).await;
        match shaken.unwrap_or_else(|_| Err(OutgoingFault::Timeout.into())) {
            Ok(stream) => Ok(TargetStream::Tls(stream)),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// Without one it has gone, and the handshake says so.
fn peer_address(socket: &TcpStream) -> IpAddr {
    socket.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip())
}

fn conclude(
    permit: &Permit,
    stream: TargetStream,
    answer: Result<ReceivedAc, Unanswered>,
) -> Result<(TargetStream, Conclusion), Refused> {
    let received = match answer {
        Ok(received) => received,
        Err(Unanswered::Failed(failure)) => {
            return Err(Refused::by(failure, failure.abort(), stream));
        }
        Err(Unanswered::Ended(error)) => return Err(Refused::late(&error, stream)),
    };
    match permit.conclude(received) {
        Ok(conclusion) => Ok((stream, conclusion)),
        Err(fault) => Err(Refused::by(fault, Some(fault.answer()), stream)),
    }
}
