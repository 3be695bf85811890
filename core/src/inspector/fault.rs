//! Why an established association is ended by the gate.

use super::command::CommandError;
use crate::data_set::DataSetError;
use crate::reason::Ground;
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

const SEE_RULE: &str =
    "Look at `rule` in `data_set` of this line; docs/data-sets.md says what to do about each rule.";

const NO_PDU: Ground = Ground::Meaning("DCMTK and Orthanc abort; pynetdicom may go on");
const LENGTHS: Ground = Ground::Harm("readers that believe a length read on behind the end");
const MIXED: Ground = Ground::Meaning("to which message its bytes belong is a guess; DCMTK aborts");
const STATES: Ground =
    Ground::Meaning("one side takes the association for ended, the other does not");

crate::sided_reasons! {
    /// The rule of PS3.7 or PS3.8 that a side broke, with what the wire says of it to that side,
    /// where it may say something (PS3.8 section 9.3.8).
    pub enum Fault -> Abort {
        UnknownPdu(u8 = 0): "unknown-pdu",
            "PDU type {0:02x} is unknown" is NO_PDU, BROKEN => Abort::UNRECOGNIZED_PDU;
        UnexpectedPdu(PduType = PduType::AssociateRq): "unexpected-pdu",
            "{0} inside an association" is NO_PDU, BROKEN => Abort::UNEXPECTED_PDU;
        PduLength: "pdu-length",
            "a release or abort PDU of another length than 4" is LENGTHS, BROKEN => INVALID;
        PduTooLong: "pdu-over-maximum",
            "a P-DATA-TF longer than the maximum announced" is Ground::Harm("receivers have no room for it"), BROKEN => INVALID;
        PduTooShort: "pdu-too-short",
            "a P-DATA-TF too short for a presentation data value" is LENGTHS, BROKEN => INVALID;
        PdvLength: "pdv-length",
            "a presentation data value that does not fit its PDU" is LENGTHS, BROKEN => INVALID;
        UnknownContext: "context-not-accepted",
            "a presentation context that was not accepted" is Ground::Meaning("in which transfer syntax to read it is a guess; DCMTK aborts"), BROKEN => INVALID;
        InterleavedContexts: "interleaved-contexts",
            "a message that changes its presentation context" is MIXED, BROKEN => INVALID;
        /// PS3.8 annex E.2.
        SecondMessageInPdu: "second-message-in-pdu",
            "a PDU with parts of two messages" is MIXED, BROKEN => INVALID;
        DataWithoutCommand: "data-without-command",
            "a data set without a command" is MIXED, BROKEN => INVALID;
        DataInsideCommand: "data-inside-command",
            "a data set fragment inside a command" is MIXED, BROKEN => INVALID;
        CommandInsideData: "command-inside-data",
            "a command fragment inside a data set" is MIXED, BROKEN => INVALID;
        CommandTooLong: "command-too-long", "a command set of more than 64 KiB" is Ground::Harm("nested sequences in it kill storescp, wlmscpfs and Orthanc"), BROKEN => INVALID;
        EmptyFragments: "empty-fragments",
            "more than 64 empty fragments in a message" is Ground::Harm("they keep a server busy and say nothing"), BROKEN => INVALID;
        Command(CommandError = CommandError::Cut): "malformed-command",
            "a command set that {0}", BROKEN => INVALID;
        UnaskedResponse: "unasked-response", "a response that nobody asked for" is Ground::Meaning("what it answers is a guess; DCMTK aborts"), BROKEN => INVALID;
        // What was sent was sound; it is the gate that has had enough.
        ForbiddenRequests: "forbidden-requests",
            "more than 16 forbidden requests", FORBIDDEN => Abort::NO_REASON;
        SwallowedTooMuch: "swallowed-too-much",
            "more than 64 MiB of data sets after forbidden requests", FORBIDDEN => Abort::NO_REASON;
        DataSet(DataSetError = DataSetError::Depth): "unsound-data-set",
            "an unsound data set: {0}", [SEE_RULE; 2] => INVALID;
        DataAfterRelease: "data-after-release",
            "a P-DATA-TF after a release" is STATES, BROKEN => Abort::UNEXPECTED_PDU;
        ReleaseInsideMessage: "release-inside-message",
            "a release inside a message" is STATES, BROKEN => INVALID;
        ReleaseOutOfOrder: "release-out-of-order",
            "a release out of order" is STATES, BROKEN => Abort::UNEXPECTED_PDU;
    }
}
