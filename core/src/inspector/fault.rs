//! Why an established association is ended by the gate.

use super::command::CommandError;
use crate::data_set::DataSetError;
use crate::side::Side;
use crate::wire::pdu::PduType;
use crate::wire::reject::Abort;

/// The rule of PS3.7 or PS3.8 that a side broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A type that PS3.8 does not know.
    #[error("PDU type {0:02x} is unknown")]
    UnknownPdu(u8),
    /// A PDU that is not legal once the association is established.
    #[error("{0} inside an association")]
    UnexpectedPdu(PduType),
    /// A release or abort whose length is not 4.
    #[error("a release or abort PDU of another length than 4")]
    PduLength,
    /// A P-DATA-TF longer than the maximum announced to its sender.
    #[error("a P-DATA-TF longer than the maximum announced")]
    PduTooLong,
    /// A P-DATA-TF without room for a PDV.
    #[error("a P-DATA-TF too short for a presentation data value")]
    PduTooShort,
    /// A PDV shorter than its own header, or one that does not fit its PDU.
    #[error("a presentation data value that does not fit its PDU")]
    PdvLength,
    /// A fragment of odd length (PS3.8 annex E.1).
    #[error("a fragment of odd length")]
    OddFragment,
    /// A context that was not accepted.
    #[error("a presentation context that was not accepted")]
    UnknownContext,
    /// Two contexts within one message.
    #[error("a message that changes its presentation context")]
    InterleavedContexts,
    /// A second message in the PDU in which the first ended (PS3.8 annex E.2).
    #[error("a PDU with parts of two messages")]
    SecondMessageInPdu,
    /// A data set fragment where a message must begin.
    #[error("a data set without a command")]
    DataWithoutCommand,
    /// A data set fragment before the command's last.
    #[error("a data set fragment inside a command")]
    DataInsideCommand,
    /// A command fragment before the data set's last.
    #[error("a command fragment inside a data set")]
    CommandInsideData,
    /// A command set beyond 64 KiB.
    #[error("a command set of more than 64 KiB")]
    CommandTooLong,
    /// A command set in more than 64 fragments.
    #[error("a command set in more than 64 fragments")]
    CommandFragments,
    /// More empty fragments in a message than any device has a reason for.
    #[error("more than 64 empty fragments in a message")]
    EmptyFragments,
    /// A command set that cannot be read.
    #[error("a command set that {0}")]
    Command(#[from] CommandError),
    /// A request while another of the same side waits: no asynchronous window was negotiated.
    #[error("a second request before the response to the first")]
    SecondRequest,
    /// A response to no outstanding request.
    #[error("a response that nobody asked for")]
    UnaskedResponse,
    /// A response that names a SOP class which has no place on its context.
    #[error("a response for a SOP class that has no place on its context")]
    ForeignResponse,
    /// More forbidden requests than an association may send.
    #[error("more than 16 forbidden requests")]
    ForbiddenRequests,
    /// Forbidden requests with more data sets than the gate swallows.
    #[error("more than 64 MiB of data sets behind forbidden requests")]
    SwallowedTooMuch,
    /// A data set that breaks a rule after a part of its message has passed.
    #[error("a data set in which {0}")]
    DataSet(DataSetError),
    /// P-DATA from a side that asked for release, or answered such a request.
    #[error("a P-DATA-TF after a release")]
    DataAfterRelease,
    /// A release request or response inside a message.
    #[error("a release inside a message")]
    ReleaseInsideMessage,
    /// A second request for release, or a response that nobody asked for.
    #[error("a release out of order")]
    ReleaseOutOfOrder,
}

impl Fault {
    /// Every fault, one example each, for tables and tests.
    pub const ALL: &[Self] = &[
        Self::UnknownPdu(0),
        Self::UnexpectedPdu(PduType::AssociateRq),
        Self::PduLength,
        Self::PduTooLong,
        Self::PduTooShort,
        Self::PdvLength,
        Self::OddFragment,
        Self::UnknownContext,
        Self::InterleavedContexts,
        Self::SecondMessageInPdu,
        Self::DataWithoutCommand,
        Self::DataInsideCommand,
        Self::CommandInsideData,
        Self::CommandTooLong,
        Self::CommandFragments,
        Self::EmptyFragments,
        Self::Command(CommandError::Cut),
        Self::SecondRequest,
        Self::UnaskedResponse,
        Self::ForeignResponse,
        Self::ForbiddenRequests,
        Self::SwallowedTooMuch,
        Self::DataSet(DataSetError::Depth),
        Self::DataAfterRelease,
        Self::ReleaseInsideMessage,
        Self::ReleaseOutOfOrder,
    ];

    /// The stable code for the audit and the counters, told apart by the side at fault.
    #[must_use]
    pub const fn code(self, from: Side) -> &'static str {
        macro_rules! by_side {
            ($code:literal) => {
                match from {
                    Side::Requestor => concat!("requestor-", $code),
                    Side::Acceptor => concat!("acceptor-", $code),
                }
            };
        }
        match self {
            Self::UnknownPdu(_) => by_side!("unknown-pdu"),
            Self::UnexpectedPdu(_) => by_side!("unexpected-pdu"),
            Self::PduLength => by_side!("pdu-length"),
            Self::PduTooLong => by_side!("pdu-over-maximum"),
            Self::PduTooShort => by_side!("pdu-too-short"),
            Self::PdvLength => by_side!("pdv-length"),
            Self::OddFragment => by_side!("odd-fragment"),
            Self::UnknownContext => by_side!("context-not-accepted"),
            Self::InterleavedContexts => by_side!("interleaved-contexts"),
            Self::SecondMessageInPdu => by_side!("second-message-in-pdu"),
            Self::DataWithoutCommand => by_side!("data-without-command"),
            Self::DataInsideCommand => by_side!("data-inside-command"),
            Self::CommandInsideData => by_side!("command-inside-data"),
            Self::CommandTooLong => by_side!("command-too-long"),
            Self::CommandFragments => by_side!("command-fragments"),
            Self::EmptyFragments => by_side!("empty-fragments"),
            Self::Command(_) => by_side!("malformed-command"),
            Self::SecondRequest => by_side!("second-request"),
            Self::UnaskedResponse => by_side!("unasked-response"),
            Self::ForeignResponse => by_side!("foreign-response"),
            Self::ForbiddenRequests => by_side!("forbidden-requests"),
            Self::SwallowedTooMuch => by_side!("swallowed-too-much"),
            Self::DataSet(_) => by_side!("unsound-data-set"),
            Self::DataAfterRelease => by_side!("data-after-release"),
            Self::ReleaseInsideMessage => by_side!("release-inside-message"),
            Self::ReleaseOutOfOrder => by_side!("release-out-of-order"),
        }
    }

    /// What the wire says of it, where it may say something (PS3.8 section 9.3.8).
    #[must_use]
    pub const fn abort(self) -> Abort {
        match self {
            Self::UnknownPdu(_) => Abort::UNRECOGNIZED_PDU,
            Self::UnexpectedPdu(_) | Self::DataAfterRelease | Self::ReleaseOutOfOrder => {
                Abort::UNEXPECTED_PDU
            }
            Self::PduLength
            | Self::PduTooLong
            | Self::PduTooShort
            | Self::PdvLength
            | Self::OddFragment
            | Self::UnknownContext
            | Self::InterleavedContexts
            | Self::SecondMessageInPdu
            | Self::DataWithoutCommand
            | Self::DataInsideCommand
            | Self::CommandInsideData
            | Self::CommandTooLong
            | Self::CommandFragments
            | Self::EmptyFragments
            | Self::Command(_)
            | Self::SecondRequest
            | Self::UnaskedResponse
            | Self::ForeignResponse
            | Self::DataSet(_)
            | Self::ReleaseInsideMessage => Abort::INVALID_PARAMETER,
            // What was sent was sound; it is the gate that has had enough.
            Self::ForbiddenRequests | Self::SwallowedTooMuch => Abort::NO_REASON,
        }
    }
}
