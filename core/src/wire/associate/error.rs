//! The rules of an A-ASSOCIATE PDU, each with its code, its sentence and its answer.

use crate::wire::pdu::PduType;
use crate::wire::reject::{Abort, Reject};
use crate::wire::title::TitleError;
use crate::wire::uid::UidError;

/// The rule that an association request, or the answer to one, breaks.
///
/// Items are named by their types in hexadecimal, as PS3.8 and PS3.7 do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum AssociateError {
    /// The first byte is no type of PDU.
    #[error("the PDU type {0:02X} is not defined")]
    UnknownPdu(u8),
    /// Another PDU than the one awaited.
    #[error("{0} cannot come here")]
    UnexpectedPdu(PduType),
    /// The requestor gave up before it asked.
    #[error("A-ABORT came instead of a request")]
    AbortInsteadOfRequest,
    /// A body shorter than the fields before the items.
    #[error("the PDU is {0} bytes long, less than its 68 bytes of fixed fields")]
    PduTooShort(u32),
    /// A body longer than [`MAX_ASSOCIATE_LENGTH`](super::MAX_ASSOCIATE_LENGTH).
    #[error("the PDU is {0} bytes long, more than 256 KiB")]
    PduTooLong(u32),
    /// An A-ASSOCIATE-RJ with a body of another length than 4.
    #[error("A-ASSOCIATE-RJ is {0} bytes long and must be 4")]
    RejectLength(u32),
    /// An A-ABORT with a body of another length than 4.
    #[error("A-ABORT is {0} bytes long and must be 4")]
    AbortLength(u32),
    /// Bit 0 of the protocol version is not set.
    #[error("the protocol version is not 1")]
    ProtocolVersion,
    /// The called AE title is none.
    #[error("the called AE title {0}")]
    CalledTitle(TitleError),
    /// The calling AE title is none.
    #[error("the calling AE title {0}")]
    CallingTitle(TitleError),
    /// One to three bytes where an item should start.
    #[error("fewer than the four bytes of an item's header are left")]
    CutItemHeader,
    /// An item's length goes past the end of what holds the item.
    #[error("item {0:02X} is longer than what holds it")]
    ItemOverrun(u8),
    /// An item whose fields need more bytes than it has.
    #[error("item {0:02X} ends before its last field")]
    ItemTooShort(u8),
    /// An item with more bytes than its fields.
    #[error("item {0:02X} has bytes after its last field")]
    TrailingBytes(u8),
    /// An item of a known type where that type has no place.
    #[error("item {0:02X} stands where it does not belong")]
    MisplacedItem(u8),
    /// Two items 10.
    #[error("there is a second application context (item 10)")]
    SecondApplicationContext,
    /// No item 10.
    #[error("there is no application context (item 10)")]
    NoApplicationContext,
    /// An item 10 in a request with another content than DICOM's application context name.
    #[error("the application context (item 10) is not DICOM's")]
    ForeignApplicationContext,
    /// A request without item 20.
    #[error("no presentation context (item 20) is proposed")]
    NoContext,
    /// More items 21 than there are context ids.
    #[error("there are more than 128 presentation context results (item 21)")]
    TooManyResults,
    /// A context id that is not odd.
    #[error("presentation context id {0} is even")]
    EvenContextId(u8),
    /// Two items 20 with one id.
    #[error("presentation context id {0} is proposed twice")]
    RepeatedContextId(u8),
    /// Two items 30 in a context.
    #[error("a presentation context has a second abstract syntax (item 30)")]
    SecondAbstractSyntax,
    /// A proposed context without item 30.
    #[error("a presentation context has no abstract syntax (item 30)")]
    NoAbstractSyntax,
    /// A proposed or accepted context without item 40.
    #[error("a presentation context has no transfer syntax (item 40)")]
    NoTransferSyntax,
    /// Two items 40 in the result for a context.
    #[error("a presentation context result has a second transfer syntax (item 40)")]
    SecondTransferSyntax,
    /// An accepted context whose item 40 is no UID.
    #[error("the transfer syntax (item 40) of an accepted presentation context {0}")]
    TransferSyntax(UidError),
    /// A result above 4.
    #[error("the presentation context result (item 21) {0} is not defined")]
    ContextResult(u8),
    /// Two items 50.
    #[error("there is a second user information (item 50)")]
    SecondUserInformation,
    /// No item 50.
    #[error("there is no user information (item 50)")]
    NoUserInformation,
    /// Two items 51.
    #[error("there is a second maximum length (item 51)")]
    SecondMaximumLength,
    /// No item 51.
    #[error("there is no maximum length (item 51)")]
    NoMaximumLength,
    /// An item 51 below [`MIN_MAXIMUM_LENGTH`](super::MIN_MAXIMUM_LENGTH) and not 0.
    #[error("the maximum length (item 51) {0} is less than 1024")]
    MaximumLength(u32),
    /// Two items 52.
    #[error("there is a second implementation class (item 52)")]
    SecondImplementationClass,
    /// A request without item 52.
    #[error("there is no implementation class (item 52)")]
    NoImplementationClass,
    /// An item 52 that is no UID.
    #[error("the implementation class (item 52) {0}")]
    ImplementationClass(UidError),
    /// Two items 53.
    #[error("there is a second asynchronous operations window (item 53)")]
    SecondOperationsWindow,
    /// An item 54 whose SOP class is no UID.
    #[error("the SOP class of a role selection (item 54) {0}")]
    RoleClass(UidError),
    /// An item 54 with a role other than 0 or 1.
    #[error("a role selection (item 54) has the value {0}, which is neither 0 nor 1")]
    RoleValue(u8),
    /// Two items 54 for one SOP class that differ.
    #[error("two role selections (item 54) for one SOP class contradict each other")]
    ContradictingRoles,
    /// Two items 55.
    #[error("there is a second implementation version name (item 55)")]
    SecondVersionName,
    /// An item 56 whose SOP class is no UID.
    #[error("the SOP class of an extended negotiation (item 56) {0}")]
    ExtendedClass(UidError),
    /// Two items 56 for one SOP class that differ.
    #[error("two extended negotiations (item 56) for one SOP class contradict each other")]
    ContradictingExtended,
    /// Two items 58.
    #[error("there is a second user identity (item 58)")]
    SecondIdentity,
    /// Two items 59.
    #[error("there is a second answer to a user identity (item 59)")]
    SecondIdentityAnswer,
}

/// What a requestor hears whose first PDU breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A rejection that PS3.8 names for this fault.
    Reject(Reject),
    /// An abort.
    Abort(Abort),
    /// Nothing: the connection is closed.
    Close,
}

impl AssociateError {
    /// Every error once; where a variant holds a value, that value is an example.
    pub const ALL: &[Self] = &[
        Self::UnknownPdu(0x16),
        Self::UnexpectedPdu(PduType::Data),
        Self::AbortInsteadOfRequest,
        Self::PduTooShort(67),
        Self::PduTooLong(u32::MAX),
        Self::RejectLength(5),
        Self::AbortLength(5),
        Self::ProtocolVersion,
        Self::CalledTitle(TitleError::Blank),
        Self::CallingTitle(TitleError::InnerNul),
        Self::CutItemHeader,
        Self::ItemOverrun(0x50),
        Self::ItemTooShort(0x51),
        Self::TrailingBytes(0x51),
        Self::MisplacedItem(0x40),
        Self::SecondApplicationContext,
        Self::NoApplicationContext,
        Self::ForeignApplicationContext,
        Self::NoContext,
        Self::TooManyResults,
        Self::EvenContextId(2),
        Self::RepeatedContextId(1),
        Self::SecondAbstractSyntax,
        Self::NoAbstractSyntax,
        Self::NoTransferSyntax,
        Self::SecondTransferSyntax,
        Self::TransferSyntax(UidError::Empty),
        Self::ContextResult(5),
        Self::SecondUserInformation,
        Self::NoUserInformation,
        Self::SecondMaximumLength,
        Self::NoMaximumLength,
        Self::MaximumLength(1),
        Self::SecondImplementationClass,
        Self::NoImplementationClass,
        Self::ImplementationClass(UidError::Empty),
        Self::SecondOperationsWindow,
        Self::RoleClass(UidError::Empty),
        Self::RoleValue(2),
        Self::ContradictingRoles,
        Self::SecondVersionName,
        Self::ExtendedClass(UidError::Empty),
        Self::ContradictingExtended,
        Self::SecondIdentity,
        Self::SecondIdentityAnswer,
    ];

    /// A stable name for logs, counters and the README.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownPdu(_) => "unknown-pdu",
            Self::UnexpectedPdu(_) => "unexpected-pdu",
            Self::AbortInsteadOfRequest => "abort-instead-of-request",
            Self::PduTooShort(_) => "associate-too-short",
            Self::PduTooLong(_) => "associate-too-long",
            Self::RejectLength(_) => "reject-length",
            Self::AbortLength(_) => "abort-length",
            Self::ProtocolVersion => "protocol-version",
            Self::CalledTitle(_) => "malformed-called-title",
            Self::CallingTitle(_) => "malformed-calling-title",
            Self::CutItemHeader => "cut-item-header",
            Self::ItemOverrun(_) => "item-overrun",
            Self::ItemTooShort(_) => "item-too-short",
            Self::TrailingBytes(_) => "trailing-bytes",
            Self::MisplacedItem(_) => "misplaced-item",
            Self::SecondApplicationContext => "second-application-context",
            Self::NoApplicationContext => "no-application-context",
            Self::ForeignApplicationContext => "foreign-application-context",
            Self::NoContext => "no-presentation-context",
            Self::TooManyResults => "too-many-context-results",
            Self::EvenContextId(_) => "even-context-id",
            Self::RepeatedContextId(_) => "repeated-context-id",
            Self::SecondAbstractSyntax => "second-abstract-syntax",
            Self::NoAbstractSyntax => "no-abstract-syntax",
            Self::NoTransferSyntax => "no-transfer-syntax",
            Self::SecondTransferSyntax => "second-transfer-syntax",
            Self::TransferSyntax(_) => "malformed-transfer-syntax",
            Self::ContextResult(_) => "undefined-context-result",
            Self::SecondUserInformation => "second-user-information",
            Self::NoUserInformation => "no-user-information",
            Self::SecondMaximumLength => "second-maximum-length",
            Self::NoMaximumLength => "no-maximum-length",
            Self::MaximumLength(_) => "maximum-length-too-small",
            Self::SecondImplementationClass => "second-implementation-class",
            Self::NoImplementationClass => "no-implementation-class",
            Self::ImplementationClass(_) => "malformed-implementation-class",
            Self::SecondOperationsWindow => "second-operations-window",
            Self::RoleClass(_) => "malformed-role-class",
            Self::RoleValue(_) => "undefined-role-value",
            Self::ContradictingRoles => "contradicting-roles",
            Self::SecondVersionName => "second-version-name",
            Self::ExtendedClass(_) => "malformed-extended-negotiation-class",
            Self::ContradictingExtended => "contradicting-extended-negotiations",
            Self::SecondIdentity => "second-user-identity",
            Self::SecondIdentityAnswer => "second-user-identity-answer",
        }
    }

    /// Whether a request can have this fault; the others are those of a PACS's answer.
    #[must_use]
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

    /// What the requestor hears when its request has this fault (PS3.8 section 9.2, state 2).
    #[must_use]
    pub const fn answer(self) -> Answer {
        match self.family() {
            Family::Version => Answer::Reject(Reject::PROTOCOL_VERSION),
            Family::ApplicationContext => Answer::Reject(Reject::APPLICATION_CONTEXT),
            Family::GaveUp => Answer::Close,
            Family::UnknownPdu | Family::UnexpectedPdu | Family::Malformed => {
                Answer::Abort(Abort::BEFORE_ASSOCIATION)
            }
        }
    }

    /// What a PACS hears when its answer has this fault (PS3.8 section 9.2, state 5: AA-8).
    #[must_use]
    pub const fn abort_to_acceptor(self) -> Abort {
        match self.family() {
            Family::UnknownPdu => Abort::UNRECOGNIZED_PDU,
            Family::UnexpectedPdu => Abort::UNEXPECTED_PDU,
            Family::Version | Family::ApplicationContext | Family::GaveUp | Family::Malformed => {
                Abort::INVALID_PARAMETER
            }
        }
    }

    const fn family(self) -> Family {
        match self {
            Self::UnknownPdu(_) => Family::UnknownPdu,
            Self::UnexpectedPdu(_) => Family::UnexpectedPdu,
            Self::AbortInsteadOfRequest => Family::GaveUp,
            Self::ProtocolVersion => Family::Version,
            Self::ForeignApplicationContext => Family::ApplicationContext,
            Self::PduTooShort(_)
            | Self::PduTooLong(_)
            | Self::RejectLength(_)
            | Self::AbortLength(_)
            | Self::CalledTitle(_)
            | Self::CallingTitle(_)
            | Self::CutItemHeader
            | Self::ItemOverrun(_)
            | Self::ItemTooShort(_)
            | Self::TrailingBytes(_)
            | Self::MisplacedItem(_)
            | Self::SecondApplicationContext
            | Self::NoApplicationContext
            | Self::NoContext
            | Self::TooManyResults
            | Self::EvenContextId(_)
            | Self::RepeatedContextId(_)
            | Self::SecondAbstractSyntax
            | Self::NoAbstractSyntax
            | Self::NoTransferSyntax
            | Self::SecondTransferSyntax
            | Self::TransferSyntax(_)
            | Self::ContextResult(_)
            | Self::SecondUserInformation
            | Self::NoUserInformation
            | Self::SecondMaximumLength
            | Self::NoMaximumLength
            | Self::MaximumLength(_)
            | Self::SecondImplementationClass
            | Self::NoImplementationClass
            | Self::ImplementationClass(_)
            | Self::SecondOperationsWindow
            | Self::RoleClass(_)
            | Self::RoleValue(_)
            | Self::ContradictingRoles
            | Self::SecondVersionName
            | Self::ExtendedClass(_)
            | Self::ContradictingExtended
            | Self::SecondIdentity
            | Self::SecondIdentityAnswer => Family::Malformed,
        }
    }
}

/// Faults that are answered alike.
enum Family {
    UnknownPdu,
    UnexpectedPdu,
    GaveUp,
    Version,
    ApplicationContext,
    Malformed,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_list_holds_each_variant_once() {
        let codes: BTreeSet<_> = AssociateError::ALL.iter().map(|error| error.code()).collect();
        assert_eq!(codes.len(), AssociateError::ALL.len());
        let attribute = concat!("#[", "error(");
        let variants = include_str!("error.rs").matches(attribute).count();
        assert_eq!(AssociateError::ALL.len(), variants);
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
            "item 40 stands where it does not belong"
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
