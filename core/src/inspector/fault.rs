//! Why an established association is ended by the gate.

use super::command::CommandError;
use crate::data_set::DataSetError;
use crate::wire::pdu::PduType;
use crate::wire::reject::Abort;

const INVALID: Abort = Abort::INVALID_PARAMETER;

const BROKEN: [&str; 2] = [
    "Show the device's vendor the detail: what it sent breaks the DICOM standard. If the device is \
     not faulty, it may have been broken into.",
    "Look at the PACS: what it sent breaks the DICOM standard. If it is not faulty, it may have \
     been broken into.",
];
const FORBIDDEN: [&str; 2] = [SEE_FORBIDDEN; 2];
const SEE_FORBIDDEN: &str = "Look at `forbidden` in this line: it has what was asked for, and these requests have advice \
     of their own.";

crate::sided_reasons! {
    /// The rule of PS3.7 or PS3.8 that a side broke, with what the wire says of it to that side,
    /// where it may say something (PS3.8 section 9.3.8).
    pub enum Fault -> Abort {
        UnknownPdu(u8 = 0): "unknown-pdu",
            "PDU type {0:02x} is unknown", BROKEN => Abort::UNRECOGNIZED_PDU;
        UnexpectedPdu(PduType = PduType::AssociateRq): "unexpected-pdu",
            "{0} inside an association", BROKEN => Abort::UNEXPECTED_PDU;
        PduLength: "pdu-length",
            "a release or abort PDU of another length than 4", BROKEN => INVALID;
        PduTooLong: "pdu-over-maximum",
            "a P-DATA-TF longer than the maximum announced", BROKEN => INVALID;
        PduTooShort: "pdu-too-short",
            "a P-DATA-TF too short for a presentation data value", BROKEN => INVALID;
        PdvLength: "pdv-length",
            "a presentation data value that does not fit its PDU", BROKEN => INVALID;
        /// PS3.8 annex E.1.
        OddFragment: "odd-fragment", "a fragment of odd length", BROKEN => INVALID;
        UnknownContext: "context-not-accepted",
            "a presentation context that was not accepted", BROKEN => INVALID;
        InterleavedContexts: "interleaved-contexts",
            "a message that changes its presentation context", BROKEN => INVALID;
        /// PS3.8 annex E.2.
        SecondMessageInPdu: "second-message-in-pdu",
            "a PDU with parts of two messages", BROKEN => INVALID;
        DataWithoutCommand: "data-without-command",
            "a data set without a command", BROKEN => INVALID;
        DataInsideCommand: "data-inside-command",
            "a data set fragment inside a command", BROKEN => INVALID;
        CommandInsideData: "command-inside-data",
            "a command fragment inside a data set", BROKEN => INVALID;
        CommandTooLong: "command-too-long", "a command set of more than 64 KiB", BROKEN => INVALID;
        CommandFragments: "command-fragments",
            "a command set in more than 64 fragments", BROKEN => INVALID;
        EmptyFragments: "empty-fragments",
            "more than 64 empty fragments in a message", BROKEN => INVALID;
        Command(CommandError = CommandError::Cut): "malformed-command",
            "a command set that {0}", BROKEN => INVALID;
        SecondRequest: "second-request",
            "a second request before the response to the first", BROKEN => INVALID;
        UnaskedResponse: "unasked-response", "a response that nobody asked for", BROKEN => INVALID;
        ForeignResponse: "foreign-response",
            "a response for a SOP class that has no place on its context", BROKEN => INVALID;
        // What was sent was sound; it is the gate that has had enough.
        ForbiddenRequests: "forbidden-requests",
            "more than 16 forbidden requests", FORBIDDEN => Abort::NO_REASON;
        SwallowedTooMuch: "swallowed-too-much",
            "more than 64 MiB of data sets after forbidden requests", FORBIDDEN => Abort::NO_REASON;
        DataSet(DataSetError = DataSetError::Depth): "unsound-data-set",
            "an unsound data set: {0}", BROKEN => INVALID;
        DataAfterRelease: "data-after-release",
            "a P-DATA-TF after a release", BROKEN => Abort::UNEXPECTED_PDU;
        ReleaseInsideMessage: "release-inside-message",
            "a release inside a message", BROKEN => INVALID;
        ReleaseOutOfOrder: "release-out-of-order",
            "a release out of order", BROKEN => Abort::UNEXPECTED_PDU;
    }
}
