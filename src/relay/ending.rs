//! How an established association comes to its end, and what each side is told then.

use pacsgate_core::inspector::Fault;
use pacsgate_core::reason::{Answer, Explained, Sided};
use pacsgate_core::side::Side;
use pacsgate_core::wire::reject::Abort;

/// How an established association came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As both sides wanted it, or by the gate.
    Over(Over),
    /// One side left, or stood still.
    Lost(Sided<Loss>),
    /// One side broke a rule.
    Fault(Sided<Fault>),
}

/// What is wrong with a TLS connection whose records cannot be read.
pub const BROKEN_TLS: &str = "Look at the network in between: what came is not valid TLS. If it happens often, somebody may \
     be tampering with the connection.";

pacsgate_core::reasons! {
    /// An end that is neither side's doing alone.
    pub enum Over {
        Released: "released", "the association was released";
        /// A record does not decrypt, or there is one too many.
        BrokenTls: "broken-tls", "the requestor broke the rules of TLS", BROKEN_TLS;
        Idle: "idle-timeout",
            "neither a message nor 1 KiB of one passed in limits.idle, and no operation was outstanding",
            "Nothing, if the device keeps associations open; raise limits.idle if it needs them.";
        Operation: "operation-timeout",
            "an operation that waited for its response did not go on for limits.operation",
            "Look at the PACS: it never ended an operation; raise limits.operation if it is slow.";
        Certificate: "certificate-ended",
            "the client certificate expired", "Renew the device's certificate: it has expired.";
        Token: "token-ended",
            "the token of the user has expired",
            "Nothing, if the device opens a new association with a new token; raise `outlive` of the \
             [issuer] table if associations are to go on for a while.";
        Lifetime: "lifetime",
            "the association reached limits.lifetime",
            "Nothing, if the device opens a new association; raise limits.lifetime if it needs longer.";
        /// What says why comes behind the sentence.
        Withdrawn: "withdrawn",
            "the configuration, as it holds now, permits this association no more",
            "Nothing, if that was intended; otherwise correct the configuration and reload: `detail` \
             says what it lacks.";
        Shutdown: "shutdown", "the gate stopped while nothing was under way";
        /// By a second signal, or at the end of limits.drain.
        Interrupted: "shutdown-in-operation",
            "the gate stopped before what was under way had ended",
            "Repeat at the device what has no status in `operations` of this line, unless its log \
             says that it does so itself: nobody has confirmed it.";
    }
}

const BOTH_AT_THE_DEVICE: &str =
    "Look at the device's log if its user reports that something is missing.";
const BOTH_AT_THE_PACS: &str = "Look at the PACS's log if something is missing there.";
const TOO_SLOW: [&str; 2] = ["Look at the network and at the side that is named: it sends a message bit by \
                              bit. If it is honest and that slow, raise limits.operation.";
    2];
const STOOD_STILL: [&str; 2] = ["Look at the network and at the side that is named: it stood still \
                                 inside a transfer."; 2];

/// The A-ABORT for the other side; `None` where it needs none.
const ABORT: Option<Abort> = Some(Abort::NO_REASON);

pacsgate_core::sided_reasons! {
    /// How one side went away, or stood still, with what the other side is told.
    pub enum Loss -> Option<Abort> {
        /// Its own A-ABORT has been passed on.
        Aborted: "aborted",
            "an A-ABORT came", [BOTH_AT_THE_DEVICE, BOTH_AT_THE_PACS] => None;
        Closed: "closed",
            "the connection was closed or lost without release or abort",
            [BOTH_AT_THE_DEVICE, BOTH_AT_THE_PACS] => ABORT;
        /// A side that has asked for release has said all: for the other it is complete, and an
        /// A-ABORT after it would undo that.
        ClosedInRelease: "closed-in-release",
            "the connection was closed while a release was under way",
            [
                "Nothing: the device closed its connection without waiting for the end of the \
                 release.",
                "Nothing: the PACS closed its connection without waiting for the end of the release."
            ] => None;
        /// The other side waits for the answer, and is told that none comes; for this one the
        /// association is complete.
        Unreleased: "release-timeout",
            "a request for release was not answered within limits.idle",
            [
                "Look at the device: it never answered the PACS's request for release.",
                "Look at the PACS: it never answered the device's request for release. What was \
                 stored before is in it, as far as its responses said so."
            ] => ABORT;
        Progress: "progress-timeout",
            "less than 1 KiB of a PDU came in limits.progress", STOOD_STILL => ABORT;
        Message: "message-timeout",
            "a message did not end in limits.operation, and less than 1 KiB of it came in limits.progress",
            TOO_SLOW => ABORT;
        WriteStall: "write-stall",
            "nothing of what was sent was taken in limits.write_stall", STOOD_STILL => ABORT;
    }
}

impl Ending {
    /// The row of its reason.
    pub fn explained(&self) -> &dyn Explained {
        match self {
            Self::Over(over) => over,
            Self::Lost(loss) => loss,
            Self::Fault(fault) => fault,
        }
    }

    /// The A-ABORT that this end means for a side; `None` where the side needs no word.
    pub fn last_word(self, to: Side) -> Option<Abort> {
        match self {
            Self::Over(Over::Released) => None,
            // Nothing more can be said inside a TLS that is broken; the acceptor is told.
            Self::Over(Over::BrokenTls) if to == Side::Requestor => None,
            Self::Over(
                Over::BrokenTls
                | Over::Idle
                | Over::Operation
                | Over::Certificate
                | Over::Token
                | Over::Lifetime
                | Over::Withdrawn
                | Over::Shutdown
                | Over::Interrupted,
            ) => ABORT,
            // A side that stands still is told as well: it may only be slow.
            Self::Lost(Sided { side, what }) => match what {
                Loss::Aborted | Loss::Closed | Loss::ClosedInRelease | Loss::Unreleased
                    if side == to =>
                {
                    None
                }
                Loss::Aborted
                | Loss::Closed
                | Loss::ClosedInRelease
                | Loss::Unreleased
                | Loss::Progress
                | Loss::Message
                | Loss::WriteStall => what.answer(),
            },
            Self::Fault(Sided { side, what }) if side == to => Some(what.answer()),
            Self::Fault(_) => ABORT,
        }
    }

    /// What the requestor hears.
    pub fn answer(self) -> Answer {
        if let Some(abort) = self.last_word(Side::Requestor) {
            return Answer::Abort(abort);
        }
        if self == Self::Over(Over::BrokenTls) {
            return Answer::Alert("");
        }
        if self == Self::Lost(Loss::Aborted.by(Side::Acceptor)) {
            return Answer::RelayedAbort;
        }
        Answer::Close
    }
}

impl From<Over> for Ending {
    fn from(over: Over) -> Self {
        Self::Over(over)
    }
}

impl From<Sided<Loss>> for Ending {
    fn from(loss: Sided<Loss>) -> Self {
        Self::Lost(loss)
    }
}
