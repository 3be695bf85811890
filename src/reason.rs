//! Why a connection ended: one reason each, declared in one row (see `pacsgate_core::reason`).

use std::fmt;

use pacsgate_core::direction::Direction;
use pacsgate_core::policy::{AcFault, Denial};
use pacsgate_core::reason::{Answer, Explained};
use pacsgate_core::wire::associate::AssociateError;
use pacsgate_core::wire::reject::Reject;

use crate::relay::reach::ReachFailure;
use crate::relay::target::TargetFailure;
use crate::relay::{BROKEN_TLS, Ending};
use crate::slots::SlotLimit;
use crate::stream::proxy_protocol::ProxyFault;
use crate::stream::tls::{HandshakeFault, OutgoingFault};

/// The one reason of an end, in the order in which a connection meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No slot was free.
    Slots(SlotLimit),
    /// A balancer did not say for whom it speaks.
    Proxy(ProxyFault),
    /// It ended before there was a request to judge, or an answer to it.
    Early(Early),
    /// The TLS handshake failed.
    Handshake(HandshakeFault),
    /// The request broke a rule.
    Request(AssociateError),
    /// The policy refused it.
    Denied(Denial),
    /// The target did not open the association.
    Target(TargetFailure),
    /// TLS towards the target did not come up.
    Outgoing(OutgoingFault),
    /// The target accepted what it was not asked for.
    Overreaching(AcFault),
    /// The peer did not open the association that a PACS asked for.
    Reach(ReachFailure),
    /// An established association ended.
    Ended(Ending),
}

pacsgate_core::reasons! {
    /// Why a connection ended that nobody has refused and nobody has opened.
    pub enum Early -> Answer {
        /// A load balancer or a monitor.
        ClosedBeforeTls: "closed-before-tls",
            "the connection was closed before a byte came",
            "Nothing, if this is a monitor or a load balancer; otherwise find out who scans the \
             port." => Answer::Close;
        PlainDicom: "plain-dicom",
            "what came was DICOM without TLS",
            "Switch TLS on at this device: it speaks plain DICOM to the TLS port. If it knows no TLS, it \
             needs a listener with `plain = true`."
            => Answer::Alert("");
        Http: "http",
            "what came was HTTP",
            "Nothing: a browser or a scanner came to the DICOM port." => Answer::Alert("");
        UnexpectedProxyHeader: "unexpected-proxy-header",
            "what came was a PROXY protocol header where none may be",
            "If your balancer sent it, add its address to `proxy_protocol_from` of the [listener] table. \
             If the line has a `proxy`, two balancers have each added a header: let the inner one read \
             the other's (`accept-proxy` in HAProxy)." => Answer::Alert("");
        /// SSL 3.0 and TLS may be offered in it; RFC 6176 forbids the form itself.
        Ssl2: "ssl-hello",
            "what came was a ClientHello in the form of SSL 2",
            "Turn SSL 2 off in the device (`SSLv2Hello` in Java) and TLS 1.2 or 1.3 on: its ClientHello \
             has the form of SSL 2." => Answer::Alert("");
        TlsOnPlainPort: "tls-on-plain-port",
            "what came to a plain listener was TLS",
            "Let this device connect to the port of a listener with TLS: it speaks TLS, and this port is \
             for devices that do not. If it is to use this one after all, switch TLS off in it; it is \
             then known by its address alone, and what it sends can be read on the way."
            => Answer::Close;
        /// A load balancer or a monitor, at a port where nothing has to come before the request.
        PassedBy: "passed-by",
            "the connection to a plain listener was closed before a byte came",
            "Nothing, if this is a monitor or a load balancer; otherwise find out who scans the \
             port." => Answer::Close;
        NotTls: "not-tls",
            "what came was not TLS",
            "Find out what speaks to this port: it is neither TLS nor DICOM." => Answer::Alert("");
        HandshakeTimeout: "handshake-timeout",
            "the TLS handshake took longer than limits.handshake",
            "Look at the network or the device: it connected and did not finish its TLS handshake \
             in time." => Answer::Close;
        RequestTimeout: "request-timeout",
            "no whole request came within limits.request",
            "Look at the network or the device: it was connected, and no whole request came in time."
            => Answer::Close;
        ClosedBeforeRequest: "closed-before-request",
            "the connection was closed before a request came",
            "Look at the device's log: it closed the connection after TLS, before its request."
            => Answer::Close;
        ClosedInRequest: "closed-in-request",
            "the connection ended inside the request",
            "Look at the network and the device's log: the connection ended inside its request."
            => Answer::Close;
        BrokenTls: "broken-tls-before-request",
            "what came instead of the request broke the rules of TLS", BROKEN_TLS
            => Answer::Alert("");
        ClosedInVerification: "closed-in-verification",
            "the requestor left while its user identity was verified",
            "Raise the association time-out of the device. If many passwords come at once, they wait for \
             each other: look for `password-wrong`." => Answer::Close;
        ListenerGone: "listener-gone",
            "a reload has closed the listener by which it came",
            "Nothing, if that was intended; otherwise put the listener back and reload." => Answer::Close;
        ListenerChanged: "listener-changed",
            "a reload has made its listener one of another kind",
            "Nothing, if that was intended: the device may have to be set up for it. Otherwise put `plain` \
             and `direction` of the [listener] table back and reload." => Answer::Close;
        BalancerGone: "balancer-gone",
            "a reload has taken the balancer that named its source out of proxy_protocol_from",
            "Nothing, if that was intended; otherwise put the balancer's address back into \
             `proxy_protocol_from` of the [listener] table and reload." => Answer::Close;
        Stopped: "stopped-before-association",
            "the gate stopped before the association was open" => Answer::Close;
    }
}

impl Reason {
    /// The same on an association of this direction: outward, the target is a peer.
    #[must_use]
    pub fn at(self, direction: Direction) -> Self {
        match self {
            _ if direction == Direction::Inward => self,
            Self::Target(failure) => ReachFailure::from(failure).into(),
            Self::Overreaching(fault) => ReachFailure::from(fault).into(),
            Self::Slots(_)
            | Self::Proxy(_)
            | Self::Early(_)
            | Self::Handshake(_)
            | Self::Request(_)
            | Self::Denied(_)
            | Self::Outgoing(_)
            | Self::Reach(_)
            | Self::Ended(_) => self,
        }
    }

    /// The row of this reason.
    pub fn explained(&self) -> &dyn Explained {
        match self {
            Self::Slots(limit) => limit,
            Self::Proxy(fault) => fault,
            Self::Early(early) => early,
            Self::Handshake(fault) => fault,
            Self::Request(error) => error,
            Self::Denied(denial) => denial,
            Self::Target(failure) => failure,
            Self::Outgoing(fault) => fault,
            Self::Overreaching(fault) => fault,
            Self::Reach(failure) => failure,
            Self::Ended(ending) => ending.explained(),
        }
    }

    /// What the requestor hears.
    pub fn answer(self) -> Answer {
        match self {
            Self::Slots(_) => Answer::Close,
            Self::Proxy(fault) => fault.answer(),
            Self::Early(early) => early.answer(),
            Self::Handshake(fault) => fault.answer(),
            Self::Request(error) => error.answer(),
            Self::Denied(denial) => denial.answer(),
            Self::Target(failure) => failure.passed_on(),
            Self::Outgoing(fault) => fault.answer(),
            Self::Overreaching(_) => Answer::Reject(Reject::CONGESTION),
            Self::Reach(failure) => failure.passed_on(),
            Self::Ended(ending) => ending.answer(),
        }
    }

    /// The stable code in the audit, the counters and the documentation.
    pub fn code(&self) -> &'static str {
        self.explained().code()
    }

    /// What the administrator does about it; `None` where all is as it should be.
    pub fn advice(&self, direction: Direction) -> Option<&'static str> {
        match self {
            Self::Ended(Ending::Lost(loss)) => Some(loss.advice_in(direction)),
            Self::Ended(Ending::Fault(fault)) => Some(fault.advice_in(direction)),
            Self::Slots(_)
            | Self::Proxy(_)
            | Self::Early(_)
            | Self::Handshake(_)
            | Self::Request(_)
            | Self::Denied(_)
            | Self::Target(_)
            | Self::Outgoing(_)
            | Self::Overreaching(_)
            | Self::Reach(_)
            | Self::Ended(Ending::Over(_)) => self.explained().advice(),
        }
    }
}

/// The sentence. May hold what a peer sent, unescaped.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explained().fmt(f)
    }
}

macro_rules! each_is_a_reason {
    ($($what:ty => $variant:ident,)+) => {
        $(impl From<$what> for Reason {
            fn from(what: $what) -> Self {
                Self::$variant(what)
            }
        })+
    };
}

each_is_a_reason! {
    SlotLimit => Slots,
    ProxyFault => Proxy,
    Early => Early,
    HandshakeFault => Handshake,
    AssociateError => Request,
    Denial => Denied,
    TargetFailure => Target,
    OutgoingFault => Outgoing,
    AcFault => Overreaching,
    ReachFailure => Reach,
    Ending => Ended,
}
