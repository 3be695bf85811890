//! Why a peer did not open the association that a PACS asked for: the failures of a target, in the words
//! of the way back.

use std::io;

use pacsgate_core::policy::AcFault;
use pacsgate_core::reason::Answer;
use pacsgate_core::wire::associate::AssociateError;
use pacsgate_core::wire::reject::{Abort, Reject};

use super::ending::BROKEN_TLS;
use super::target::TargetFailure;
use crate::dial::Obstacle;

const CONGESTION: Answer = Answer::Reject(Reject::CONGESTION);

const ANSWERS_WRONGLY: &str = "Check that `address` of the [peer.NAME.reach] table is the device, and report the \
                               answer to its vendor.";
const ENDED_INSTEAD: &str = "Look at the device's log: it ended the connection instead of answering. Does it take \
                             associations from the gate's address?";

pacsgate_core::reasons! {
    /// Why the peer did not open the association, with what the PACS hears.
    pub enum ReachFailure -> Answer {
        Unreachable(Obstacle = Obstacle::System(io::ErrorKind::ConnectionRefused)): "reach-unreachable",
            "no TCP connection to the peer: {0}",
            "Check that the device is switched on and listens, that `address` of its [peer.NAME.reach] table is \
             right (and its name resolves), and the firewall in between. If source_address is named: that this \
             machine has that address, and a way from it to the device." => CONGESTION;
        DialTimeout: "reach-dial-timeout",
            "no TCP connection to the peer within limits.dial",
            "Check that the device is switched on, that `address` of its [peer.NAME.reach] table is right, and \
             the firewall in between." => CONGESTION;
        NoDescriptor: "reach-out-of-descriptors",
            "the process had no file descriptor left for the connection to the peer",
            "Raise the limit of open files (LimitNOFILE in the unit): the gate had none left to reach the \
             device." => CONGESTION;
        Abandoned: "reach-abandoned",
            "the PACS left before the peer had answered",
            "Raise the association time-out of the PACS: it left before the device answered." => Answer::Close;
        BrokenTls: "reach-broken-tls",
            "what came from the PACS before the peer had answered broke the rules of TLS", BROKEN_TLS
            => Answer::Alert("");
        Silent: "reach-silent",
            "no answer from the peer within limits.answer",
            "Look at the device: it took the connection and did not answer within limits.answer."
            => CONGESTION;
        Closed: "reach-closed",
            "the peer closed the connection instead of answering", ENDED_INSTEAD => CONGESTION;
        Rejected(Reject = Reject::NO_REASON): "reach-rejected",
            "the peer answered {0}",
            "Look at the device's log: it must know the PACS's title and its own, and take associations from \
             the gate's address." => Answer::Relayed(Reject::NO_REASON);
        Aborted(Abort = Abort::NO_REASON): "reach-aborted",
            "the peer answered {0}", ENDED_INSTEAD => CONGESTION;
        Malformed(AssociateError = AssociateError::CutItemHeader): "reach-malformed-answer",
            "the peer's answer breaks a rule: {0}",
            "If the PDU type is 15, that is an alert of TLS: the device wants TLS, so write [peer.NAME.reach.tls] \
             instead of `plain = true`. Otherwise check that `address` of the [peer.NAME.reach] table is the \
             device, and report the answer to its vendor." => CONGESTION;
        RequestTooLong: "reach-request-too-long",
            "the request that the gate would send to the peer is too long for its own fields",
            "Configure fewer presentation contexts or extended negotiations at the PACS."
            => Answer::Reject(Reject::LOCAL_LIMIT);
        AcceptsUnproposed: "reach-accepts-unproposed",
            "the peer accepts a context that it was not asked for", ANSWERS_WRONGLY => CONGESTION;
        AnswersTwice: "reach-answers-twice",
            "the peer gives two different results for one context", ANSWERS_WRONGLY => CONGESTION;
    }
}

impl ReachFailure {
    /// What the PACS is told: a rejection of the device is passed on, as the standard has it.
    pub const fn passed_on(self) -> Answer {
        if let Self::Rejected(reject) = self {
            return Answer::Relayed(reject.standard());
        }
        self.answer()
    }
}

impl From<TargetFailure> for ReachFailure {
    fn from(failure: TargetFailure) -> Self {
        match failure {
            TargetFailure::Unreachable(obstacle) => Self::Unreachable(obstacle),
            TargetFailure::DialTimeout => Self::DialTimeout,
            // A peer is not asked how it is.
            TargetFailure::Down => {
                Self::Unreachable(Obstacle::System(io::ErrorKind::HostUnreachable))
            }
            TargetFailure::NoDescriptor => Self::NoDescriptor,
            TargetFailure::Abandoned => Self::Abandoned,
            TargetFailure::BrokenTls => Self::BrokenTls,
            TargetFailure::Silent => Self::Silent,
            TargetFailure::Closed => Self::Closed,
            TargetFailure::Rejected(reject) => Self::Rejected(reject),
            TargetFailure::Aborted(abort) => Self::Aborted(abort),
            TargetFailure::Malformed(error) => Self::Malformed(error),
            TargetFailure::RequestTooLong => Self::RequestTooLong,
        }
    }
}

impl From<AcFault> for ReachFailure {
    fn from(fault: AcFault) -> Self {
        match fault {
            AcFault::AcceptsUnproposed => Self::AcceptsUnproposed,
            AcFault::AnswersTwice => Self::AnswersTwice,
        }
    }
}
