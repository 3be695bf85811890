//! The rules of an A-ASSOCIATE PDU.

use crate::reason::Answer;
use crate::wire::pdu::PduType;
use crate::wire::reject::{Abort, Reject};
use crate::wire::title::TitleError;
use crate::wire::uid::UidError;

/// What answers a request that breaks a rule for which PS3.8 names no rejection (section 9.2,
/// state 2).
const ABORT: Answer = Answer::Abort(Abort::BEFORE_ASSOCIATION);

const CORRECT_CALLED: &str = "Correct the called AE title at the device.";
const CORRECT_CALLING: &str = "Correct the device's own AE title.";
const GAVE_UP: &str = "Look at the device's log: it aborted before it sent a request.";
const RAISE_MAXIMUM: &str = "Set the device's maximum PDU length to 1024 or more; 16384 is usual.";
const NO_REQUESTOR: &str =
    "Find out what connects: it is not a DICOM requestor of protocol version 1.";
const ADD_SERVICE: &str = "Configure at least one service with one transfer syntax at the device.";
const BROKEN: &str = "Find out what sends this: the request breaks the DICOM standard (PS3.8). If \
                      it is a device of yours, show its vendor the detail.";

crate::reasons! {
    /// The rule that an association request, or the answer to one, breaks.
    ///
    /// Items are named by their types in hexadecimal, as PS3.8 and PS3.7 do.
    pub enum AssociateError -> Answer {
        UnknownPdu(u8 = 0x16): "unknown-pdu",
            "the PDU type {0:02X} is not defined", NO_REQUESTOR => ABORT;
        UnexpectedPdu(PduType = PduType::Data): "unexpected-pdu",
            "{0} cannot come here", BROKEN => ABORT;
        AbortInsteadOfRequest: "abort-instead-of-request",
            "A-ABORT came instead of a request", GAVE_UP => Answer::Close;
        PduTooShort(u32 = 67): "associate-too-short",
            "the PDU is {0} bytes long, less than its 68 bytes of fixed fields", BROKEN => ABORT;
        PduTooLong(u32 = u32::MAX): "associate-too-long",
            "the PDU is {0} bytes long, more than 256 KiB", BROKEN => ABORT;
        RejectLength(u32 = 5): "reject-length",
            "A-ASSOCIATE-RJ is {0} bytes long and must be 4", BROKEN => ABORT;
        AbortLength(u32 = 5): "abort-length",
            "A-ABORT is {0} bytes long and must be 4", BROKEN => ABORT;
        ProtocolVersion: "protocol-version",
            "the protocol version is not 1",
            NO_REQUESTOR => Answer::Reject(Reject::PROTOCOL_VERSION);
        CalledTitle(TitleError = TitleError::Blank): "malformed-called-title",
            "the called AE title {0}", CORRECT_CALLED => ABORT;
        CallingTitle(TitleError = TitleError::InnerNul): "malformed-calling-title",
            "the calling AE title {0}", CORRECT_CALLING => ABORT;
        CutItemHeader: "cut-item-header",
            "fewer than the four bytes of an item's header are left", BROKEN => ABORT;
        ItemOverrun(u8 = 0x50): "item-overrun",
            "item {0:02X} is longer than what holds it", BROKEN => ABORT;
        ItemTooShort(u8 = 0x51): "item-too-short",
            "item {0:02X} ends before its last field", BROKEN => ABORT;
        TrailingBytes(u8 = 0x51): "trailing-bytes",
            "item {0:02X} has bytes after its last field", BROKEN => ABORT;
        MisplacedItem(u8 = 0x40): "misplaced-item",
            "item {0:02X} is where it does not belong", BROKEN => ABORT;
        SecondApplicationContext: "second-application-context",
            "there is a second application context (item 10)", BROKEN => ABORT;
        NoApplicationContext: "no-application-context",
            "there is no application context (item 10)", BROKEN => ABORT;
        ForeignApplicationContext: "foreign-application-context",
            "the application context (item 10) is not DICOM's",
            NO_REQUESTOR => Answer::Reject(Reject::APPLICATION_CONTEXT);
        NoContext: "no-presentation-context",
            "no presentation context (item 20) is proposed", ADD_SERVICE => ABORT;
        TooManyResults: "too-many-context-results",
            "there are more than 128 presentation context results (item 21)", BROKEN => ABORT;
        EvenContextId(u8 = 2): "even-context-id",
            "presentation context id {0} is even", BROKEN => ABORT;
        RepeatedContextId(u8 = 1): "repeated-context-id",
            "presentation context id {0} is proposed twice", BROKEN => ABORT;
        SecondAbstractSyntax: "second-abstract-syntax",
            "a presentation context has a second abstract syntax (item 30)", BROKEN => ABORT;
        NoAbstractSyntax: "no-abstract-syntax",
            "a presentation context has no abstract syntax (item 30)", BROKEN => ABORT;
        NoTransferSyntax: "no-transfer-syntax",
            "a presentation context has no transfer syntax (item 40)", ADD_SERVICE => ABORT;
        SecondTransferSyntax: "second-transfer-syntax",
            "a presentation context result has a second transfer syntax (item 40)", BROKEN => ABORT;
        TransferSyntax(UidError = UidError::Empty): "malformed-transfer-syntax",
            "the transfer syntax (item 40) of an accepted presentation context {0}",
            BROKEN => ABORT;
        ContextResult(u8 = 5): "undefined-context-result",
            "the presentation context result (item 21) {0} is not defined", BROKEN => ABORT;
        SecondUserInformation: "second-user-information",
            "there is a second user information (item 50)", BROKEN => ABORT;
        NoUserInformation: "no-user-information",
            "there is no user information (item 50)", BROKEN => ABORT;
        SecondMaximumLength: "second-maximum-length",
            "there is a second maximum length (item 51)", BROKEN => ABORT;
        NoMaximumLength: "no-maximum-length",
            "there is no maximum length (item 51)", BROKEN => ABORT;
        MaximumLength(u32 = 1): "maximum-length-too-small",
            "the maximum length (item 51) {0} is less than 1024", RAISE_MAXIMUM => ABORT;
        SecondImplementationClass: "second-implementation-class",
            "there is a second implementation class (item 52)", BROKEN => ABORT;
        NoImplementationClass: "no-implementation-class",
            "there is no implementation class (item 52)", BROKEN => ABORT;
        ImplementationClass(UidError = UidError::Empty): "malformed-implementation-class",
            "the implementation class (item 52) {0}", BROKEN => ABORT;
        SecondOperationsWindow: "second-operations-window",
            "there is a second asynchronous operations window (item 53)", BROKEN => ABORT;
        RoleClass(UidError = UidError::Empty): "malformed-role-class",
            "the SOP class of a role selection (item 54) {0}", BROKEN => ABORT;
        RoleValue(u8 = 2): "undefined-role-value",
            "a role selection (item 54) has the value {0}, which is neither 0 nor 1",
            BROKEN => ABORT;
        ContradictingRoles: "contradicting-roles",
            "two role selections (item 54) for one SOP class contradict each other",
            BROKEN => ABORT;
        SecondVersionName: "second-version-name",
            "there is a second implementation version name (item 55)", BROKEN => ABORT;
        ExtendedClass(UidError = UidError::Empty): "malformed-extended-negotiation-class",
            "the SOP class of an extended negotiation (item 56) {0}", BROKEN => ABORT;
        ContradictingExtended: "contradicting-extended-negotiations",
            "two extended negotiations (item 56) for one SOP class contradict each other",
            BROKEN => ABORT;
        SecondIdentity: "second-user-identity",
            "there is a second user identity (item 58)", BROKEN => ABORT;
        SecondIdentityAnswer: "second-user-identity-answer",
            "there is a second answer to a user identity (item 59)", BROKEN => ABORT;
    }
}

impl AssociateError {
    /// Whether a request can have this fault; the others are those of an acceptor's answer.
    pub const fn is_of_request(self) -> bool {
        !matches!(
            self,
            Self::RejectLength(_)
                | Self::AbortLength(_)
                | Self::TooManyResults
                | Self::SecondTransferSyntax
                | Self::TransferSyntax(_)
                | Self::ContextResult(_)
                | Self::SecondIdentityAnswer
        )
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
            "item 40 is where it does not belong"
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
