//! The rules of an A-ASSOCIATE PDU.

use crate::reason::{Answer, Ground};
use crate::wire::pdu::PduType;
use crate::wire::reject::{Abort, Reject};
use crate::wire::title::TitleError;

/// What answers a request that breaks a rule for which PS3.8 names no rejection (section 9.2,
/// state 2).
const ABORT: Answer = Answer::Abort(Abort::BEFORE_ASSOCIATION);

const CORRECT_CALLED: &str = "Type the called AE title at the device anew: clear the field first, as \
                              what its screen shows may not be all that it sends.";
const CORRECT_CALLING: &str = "Type the device's own AE title anew: clear the field first, as what its \
                               screen shows may not be all that it sends.";
const GAVE_UP: &str = "Look at the device's log: it aborted before it sent a request.";
const RAISE_MAXIMUM: &str = "Set the device's maximum PDU length to 16384, as is usual.";
const NO_REQUESTOR: &str =
    "Find out what connects: it is not a DICOM requestor of protocol version 1.";
const ADD_SERVICE: &str = "Configure at least one service with one transfer syntax at the device.";
const BROKEN: &str = "Find out what sends this: the request breaks the DICOM standard (PS3.8). If \
                      it is a device of yours, show its vendor the detail.";

const TITLES: Ground = Ground::Meaning(
    "DCMTK and Orthanc read up to a NUL, take 8-bit characters and drop a blank title's \
     connection without a word; pynetdicom aborts",
);
/// Lengths that lie: readers that believe them read on behind the end.
const LENGTHS: Ground = Ground::Harm(
    "lengths that lie made DCMTK read outside its buffers (CVE-2015-8979, CVE-2024-23914)",
);
const HANGS: Ground = Ground::Harm(
    "storescp and Orthanc wait indefinitely, and nobody else is served (virtual patches)",
);
const OTHER_PROTOCOL: Ground = Ground::Meaning(
    "storescp and Orthanc end the connection, each in its own way; what follows is not DICOM",
);
const CUT_FIELD: Ground = Ground::Meaning("pynetdicom aborts; DCMTK and Orthanc read on");
const BY_DEFAULT: Ground = Ground::Meaning("DCMTK and Orthanc go on; pynetdicom hangs or aborts");
const FIRST_OR_LAST: Ground =
    Ground::Meaning("pynetdicom takes the first of them, DCMTK and Orthanc the last");

crate::reasons! {
    /// The rule that an association request, or the answer to one, breaks.
    ///
    /// Items are named by their types in hexadecimal, as PS3.8 and PS3.7 do.
    pub enum AssociateError -> Answer {
        UnknownPdu(u8 = 0x16): "unknown-pdu",
            "the PDU type {0:02X} is not defined" is OTHER_PROTOCOL, NO_REQUESTOR => ABORT;
        UnexpectedPdu(PduType = PduType::Data): "unexpected-pdu",
            "{0} cannot come here" is OTHER_PROTOCOL, BROKEN => ABORT;
        AbortInsteadOfRequest: "abort-instead-of-request",
            "A-ABORT came instead of a request" is OTHER_PROTOCOL, GAVE_UP => Answer::Close;
        PduTooShort(u32 = 67): "associate-too-short",
            "the PDU is {0} bytes long, less than its 68 bytes of fixed fields" is LENGTHS,
            BROKEN => ABORT;
        PduTooLong(u32 = u32::MAX): "associate-too-long",
            "the PDU is {0} bytes long, more than 256 KiB"
            is Ground::Harm("memory is filled by strangers (CVE-2021-41687)"), BROKEN => ABORT;
        RejectLength(u32 = 5): "reject-length",
            "A-ASSOCIATE-RJ is {0} bytes long and must be 4" is LENGTHS, BROKEN => ABORT;
        AbortLength(u32 = 5): "abort-length",
            "A-ABORT is {0} bytes long and must be 4" is LENGTHS, BROKEN => ABORT;
        ProtocolVersion: "protocol-version",
            "the protocol version is not 1"
            is Ground::Meaning("another version may lay out the rest in another way"),
            NO_REQUESTOR => Answer::Reject(Reject::PROTOCOL_VERSION);
        CalledTitle(TitleError = TitleError::Blank): "malformed-called-title",
            "the called AE title {0}" is TITLES,
            CORRECT_CALLED => Answer::Reject(Reject::CALLED_TITLE);
        CallingTitle(TitleError = TitleError::InnerNul): "malformed-calling-title",
            "the calling AE title {0}" is TITLES,
            CORRECT_CALLING => Answer::Reject(Reject::CALLING_TITLE);
        CutItemHeader: "cut-item-header",
            "fewer than the four bytes of an item's header are left"
            is Ground::Meaning("storescp and Orthanc wait for the rest; pynetdicom aborts"),
            BROKEN => ABORT;
        ItemOverrun(u8 = 0x50): "item-overrun",
            "item {0:02X} is longer than what holds it" is LENGTHS, BROKEN => ABORT;
        ItemTooShort(u8 = 0x51): "item-too-short",
            "item {0:02X} ends before its last field" is CUT_FIELD, BROKEN => ABORT;
        TrailingBytes(u8 = 0x51): "trailing-bytes",
            "item {0:02X} has bytes after its last field" is CUT_FIELD, BROKEN => ABORT;
        MisplacedItem(u8 = 0x40): "misplaced-item",
            "item {0:02X} is inside the user information (item 50), where it does not belong"
            is Ground::Meaning("DCMTK and Orthanc skip it; pynetdicom hangs, or storescp aborts"),
            BROKEN => ABORT;
        NoApplicationContext: "no-application-context",
            "there is no application context (item 10)"
            is Ground::Meaning("DCMTK and Orthanc reject it; pynetdicom accepts"),
            NO_REQUESTOR => Answer::Reject(Reject::APPLICATION_CONTEXT);
        ForeignApplicationContext: "foreign-application-context",
            "the application context (item 10) is not DICOM's"
            is Ground::Meaning("PS3.8 has it rejected: what follows is another application's"),
            NO_REQUESTOR => Answer::Reject(Reject::APPLICATION_CONTEXT);
        NoContext: "no-presentation-context",
            "no presentation context (item 20) is proposed" is HANGS, ADD_SERVICE => ABORT;
        TooManyResults: "too-many-context-results",
            "there are more than 128 presentation context results (item 21)"
            is Ground::Harm("memory is filled"), BROKEN => ABORT;
        EvenContextId(u8 = 2): "even-context-id",
            "presentation context id {0} is even" is BY_DEFAULT, BROKEN => ABORT;
        RepeatedContextId(u8 = 1): "repeated-context-id",
            "presentation context id {0} is proposed twice"
            is Ground::Meaning("which of the two SOP classes messages on it have is a guess"),
            BROKEN => ABORT;
        SecondAbstractSyntax: "second-abstract-syntax",
            "a presentation context has a second abstract syntax (item 30)"
            is Ground::Meaning("storescp and Orthanc take one; pynetdicom rejects the context"),
            BROKEN => ABORT;
        NoAbstractSyntax: "no-abstract-syntax",
            "a presentation context has no abstract syntax (item 30)" is HANGS, BROKEN => ABORT;
        NoTransferSyntax: "no-transfer-syntax",
            "a presentation context has no transfer syntax (item 40)" is HANGS,
            ADD_SERVICE => ABORT;
        SecondUserInformation: "second-user-information",
            "there is a second user information (item 50)" is FIRST_OR_LAST, BROKEN => ABORT;
        SecondMaximumLength: "second-maximum-length",
            "there is a second, different maximum length (item 51)" is FIRST_OR_LAST,
            BROKEN => ABORT;
        MaximumLength(u32 = 1): "maximum-length-too-small",
            "the maximum length (item 51) {0} is less than 14, the least that can carry a command"
            is Ground::Meaning("DCMTK aborts before its first response; pynetdicom goes on"),
            RAISE_MAXIMUM => ABORT;
        RoleValue(u8 = 2): "undefined-role-value",
            "a role selection (item 54) has the value {0}, which is neither 0 nor 1"
            is Ground::Meaning("DCMTK and Orthanc take it for 1; pynetdicom aborts"),
            BROKEN => ABORT;
        ContradictingRoles: "contradicting-roles",
            "two role selections (item 54) for one SOP class contradict each other"
            is FIRST_OR_LAST, BROKEN => ABORT;
        ContradictingExtended: "contradicting-extended-negotiations",
            "two extended negotiations (item 56) for one SOP class contradict each other"
            is FIRST_OR_LAST, BROKEN => ABORT;
        SecondIdentity: "second-user-identity",
            "there is a second user identity (item 58)"
            is Ground::Harm("DCMTK and Orthanc lose memory for good (CVE-2026-50254)"),
            BROKEN => ABORT;
    }
}

impl AssociateError {
    /// Whether a request can have this fault; the others are those of an acceptor's answer.
    pub const fn is_of_request(self) -> bool {
        !matches!(self, Self::RejectLength(_) | Self::AbortLength(_) | Self::TooManyResults)
    }

    /// What an acceptor hears when its answer has this fault (PS3.8 section 9.2, state 5: AA-8).
    pub const fn abort_to_acceptor(self) -> Abort {
        if matches!(self, Self::UnknownPdu(_)) {
            return Abort::UNRECOGNIZED_PDU;
        }
        if matches!(self, Self::UnexpectedPdu(_)) {
            return Abort::UNEXPECTED_PDU;
        }
        Abort::INVALID_PARAMETER
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_error_has_a_code_of_its_own() {
        let codes: BTreeSet<_> = AssociateError::ALL.iter().map(|error| error.code()).collect();
        assert_eq!(codes.len(), AssociateError::ALL.len());
    }

    #[test]
    fn codes_are_kebab_case() {
        for error in AssociateError::ALL {
            let code = error.code();
            assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{code}");
            assert!(!code.starts_with('-') && !code.ends_with('-') && !code.contains("--"));
        }
    }

    #[test]
    fn only_what_the_standard_names_is_rejected_and_all_else_aborted() {
        let (mut rejected, mut closed) = (Vec::new(), Vec::new());
        for error in AssociateError::ALL {
            match error.answer() {
                Answer::Reject(reject) => rejected.push((error.code(), reject.to_string())),
                Answer::Close => closed.push(error.code()),
                Answer::Abort(abort) => assert_eq!(abort, Abort::BEFORE_ASSOCIATION),
                Answer::Relayed(_) | Answer::RelayedAbort | Answer::Alert(_) | Answer::Reset => {
                    panic!("{error} is answered {}", error.answer())
                }
            }
        }
        let expected = [
            ("protocol-version", "A-ASSOCIATE-RJ 1/2/2".to_owned()),
            ("malformed-called-title", "A-ASSOCIATE-RJ 1/1/7".to_owned()),
            ("malformed-calling-title", "A-ASSOCIATE-RJ 1/1/3".to_owned()),
            ("no-application-context", "A-ASSOCIATE-RJ 1/1/2".to_owned()),
            ("foreign-application-context", "A-ASSOCIATE-RJ 1/1/2".to_owned()),
        ];
        assert_eq!(rejected, expected);
        assert_eq!(closed, ["abort-instead-of-request"]);
    }

    #[test]
    fn a_pacs_is_told_what_kind_of_fault_its_answer_has() {
        let told = |error: AssociateError| error.abort_to_acceptor();
        assert_eq!(told(AssociateError::UnknownPdu(8)), Abort::UNRECOGNIZED_PDU);
        assert_eq!(told(AssociateError::UnexpectedPdu(PduType::Data)), Abort::UNEXPECTED_PDU);
        assert_eq!(told(AssociateError::CutItemHeader), Abort::INVALID_PARAMETER);
    }

    #[test]
    fn a_sentence_names_item_and_value() {
        let sentence = |error: AssociateError| error.to_string();
        assert_eq!(
            sentence(AssociateError::MisplacedItem(0x40)),
            "item 40 is inside the user information (item 50), where it does not belong"
        );
        assert_eq!(
            sentence(AssociateError::CallingTitle(TitleError::InnerNul)),
            "the calling AE title has a NUL before another character"
        );
        assert_eq!(
            sentence(AssociateError::UnexpectedPdu(PduType::Data)),
            "P-DATA-TF cannot come here"
        );
    }
}
