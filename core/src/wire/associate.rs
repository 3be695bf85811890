//! A-ASSOCIATE-RQ and A-ASSOCIATE-AC (PS3.8 sections 9.3.2 and 9.3.3, PS3.7 annex D).

use super::title::AeTitle;
use super::uid::Uid;

/// What may be asked of a PACS: everything that this type can hold and nothing else.
///
/// Items 53, 57, 58 and unknown ones have no place here, so they cannot be forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssociateRq {
    /// The called AE title.
    pub called: AeTitle,
    /// The calling AE title.
    pub calling: AeTitle,
    /// The proposed presentation contexts in their order: 1 to 128, ids unique.
    pub contexts: Vec<ProposedContext>,
    /// The user information.
    pub user: UserInformation,
}

/// A presentation context as proposed (item 20).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedContext {
    /// Odd, 1 to 255, unique in the request.
    pub id: ContextId,
    /// The abstract syntax: a SOP class, or a meta SOP class.
    pub abstract_syntax: Uid,
    /// One or more transfer syntaxes.
    pub transfer_syntaxes: Vec<Uid>,
}

/// A presentation context id: odd, 1 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContextId(u8);

impl ContextId {
    /// `None` for an even number.
    #[must_use]
    pub const fn new(id: u8) -> Option<Self> {
        if id % 2 == 1 { Some(Self(id)) } else { None }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0
    }
}

/// User information (item 50) as far as both directions share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInformation {
    /// Item 51: the longest P-DATA-TF length that the sender of this item receives; 0: no maximum.
    pub maximum_length: u32,
    /// Item 52.
    pub implementation_class: Uid,
    /// Item 55.
    pub implementation_version: Option<VersionName>,
    /// Items 54, one for each SOP class at most.
    pub roles: Vec<RoleSelection>,
    /// Items 56, one for each SOP class at most.
    pub extended: Vec<ExtendedNegotiation>,
}

/// An implementation version name: 1 to 16 characters of ISO 646 G0 (PS3.7 section D.3.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VersionName {
    length: u8,
    bytes: [u8; 16],
}

/// SCP/SCU role selection (item 54).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSelection {
    /// The SOP class that the roles are for.
    pub sop_class: Uid,
    /// The requestor may be SCU.
    pub scu: bool,
    /// The requestor may be SCP.
    pub scp: bool,
}

/// SOP class extended negotiation (item 56).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedNegotiation {
    /// The SOP class that the information is for.
    pub sop_class: Uid,
    /// Service class application information, opaque to the upper layer.
    pub information: Vec<u8>,
}

/// A request as it was received: what was asked, and what the answer must echo or mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedRq {
    /// The part that may be asked of a PACS. Unsound contexts are not in it, so its list of
    /// contexts may be empty.
    pub request: AssociateRq,
    /// Bytes 11 to 74 of the PDU: both title fields and the reserved field, for the answer.
    pub echo: Echo,
    /// Contexts with a UID outside the grammar, each with its place among the proposed ones.
    pub unsound: Vec<UnsoundContext>,
    /// Item 58 was there: its kind. Its values are not kept.
    pub identity: Option<IdentityKind>,
    /// What was dropped or tolerated.
    pub notes: Notes,
}

/// The called, the calling and the reserved field of a request, as received (16 + 16 + 32 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo(pub [u8; 64]);

/// A context that cannot be forwarded because one of its UIDs is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsoundContext {
    /// The context's id, valid and unique like any other.
    pub id: ContextId,
    /// How many proposed contexts stand before it in the request, unsound ones included.
    pub position: usize,
}

/// The type of user identity (PS3.7 section D.3.3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// Type 1.
    Username,
    /// Type 2.
    UsernameAndPasscode,
    /// Type 3.
    Kerberos,
    /// Type 4.
    Saml,
    /// Type 5.
    Jwt,
    /// A type that the standard does not name.
    Unknown(u8),
}

/// What a parser dropped or tolerated, each kind counted; bounded by the number of kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes(Vec<(Note, u32)>);

/// One kind of deviation that does not refuse an association.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// An item of this unknown type was dropped.
    UnknownItem(u8),
    /// A user information sub-item of this unknown type was dropped.
    UnknownUserItem(u8),
    /// A known sub-item that is not forwarded (53, 57, 58 or 59) was dropped.
    NotForwarded(u8),
    /// A version name outside the grammar was dropped.
    VersionName,
    /// A role selection or extended negotiation that repeats an earlier one was dropped.
    Repeated(u8),
    /// A title was padded with NULs.
    NulPaddedTitle,
    /// A UID was padded.
    PaddedUid,
    /// A component of a UID has leading zeros.
    LeadingZeros,
    /// An A-ASSOCIATE-AC had no item 52; the gate's own implementation class stands in.
    NoImplementationClass,
}

/// An answer of the acceptor (A-ASSOCIATE-AC).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssociateAc {
    /// Bytes 11 to 74: sent as received in the request, never tested.
    pub echo: Echo,
    /// One result for each context, in the order of the PDU.
    pub results: Vec<ContextResult>,
    /// The acceptor's user information.
    pub user: UserInformation,
}

/// The result for one presentation context (item 21).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextResult {
    /// The proposed context's id.
    pub id: ContextId,
    /// The verdict.
    pub answer: ContextAnswer,
}

/// What an acceptor says of a presentation context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextAnswer {
    /// Result 0, with the transfer syntax chosen.
    Accepted(Uid),
    /// Results 1 to 4; the transfer syntax is not significant.
    Rejected(ContextRejection),
}

/// Why a presentation context was rejected (PS3.8 table 9-18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextRejection {
    /// 1: user rejection.
    User,
    /// 2: no reason given.
    NoReason,
    /// 3: abstract syntax not supported.
    AbstractSyntax,
    /// 4: transfer syntaxes not supported.
    TransferSyntaxes,
}

/// An A-ASSOCIATE-AC as received, with what was dropped from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedAc {
    /// The answer.
    pub answer: AssociateAc,
    /// What was dropped or tolerated.
    pub notes: Notes,
}
