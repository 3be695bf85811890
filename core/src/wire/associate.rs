//! A-ASSOCIATE-RQ and A-ASSOCIATE-AC (PS3.8 sections 9.3.2 and 9.3.3, PS3.7 annex D).
//!
//! What can be read in two ways is refused, because real parsers do disagree about it; what is
//! unknown, surplus or missing and understood alike is dropped or supplied, and noted. What is sent
//! is encoded from the values alone.

mod answer;
mod encode;
mod error;
mod identity;
mod item;
mod note;
mod request;
mod unique;
mod user;
mod version;

pub use answer::{AssociateAc, ContextAnswer, ContextRejection, ContextResult, ReceivedAc};
pub use encode::TooLong;
pub use error::AssociateError;
pub use identity::{IdentityKind, UserIdentity};
pub use note::{Note, Notes};
pub use request::{AssociateRq, ProposedContext, ReceivedRq, UnsoundContext};
pub use user::{ExtendedNegotiation, RoleSelection, UserInformation, implementation_class};
pub use version::VersionName;

use self::item::Item;
use super::pdu::{Header, PduType};
use super::reader::{ReadError, Reader};
use super::reject::REFUSAL_LENGTH;
use super::uid::{Uid, UidError};
use crate::known_uid;

/// The longest body of an A-ASSOCIATE PDU that is read or written, in bytes.
///
/// 128 contexts with a dozen transfer syntaxes each stay below 128 KiB.
pub const MAX_ASSOCIATE_LENGTH: u32 = 256 * 1024;

/// The most presentation contexts that an association can have: there are 128 odd ids.
pub const MAX_CONTEXTS: usize = 128;

/// The smallest maximum length (item 51) that is accepted, except 0, which stands for no maximum.
///
/// DCMTK counts a header of 12 bytes and aborts where fewer than two are left for its response.
pub const MIN_MAXIMUM_LENGTH: u32 = 14;

/// What stands for a maximum length that nobody stated: every system receives as much.
pub const USUAL_MAXIMUM_LENGTH: u32 = 16 * 1024;

/// The DICOM application context name (PS3.7 annex A).
pub const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";

/// Version, reserved field, two titles, reserved field: what stands before the items, in bytes.
const FIXED_LENGTH: u32 = 68;

/// A presentation context id: odd, 1 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContextId(u8);

/// The called, the calling and the reserved field of a request, as received (16 + 16 + 32 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo(pub [u8; 64]);

impl ContextId {
    /// `None` for an even number.
    pub const fn new(id: u8) -> Option<Self> {
        if id % 2 == 1 { Some(Self(id)) } else { None }
    }

    /// The number on the wire.
    pub const fn value(self) -> u8 {
        self.0
    }
}

/// Judges the first six bytes of a requestor: the length of the request's body in bytes, at most
/// [`MAX_ASSOCIATE_LENGTH`].
///
/// # Errors
///
/// The rule that the header breaks: another type of PDU, or a length that no request has.
pub fn request_length(header: [u8; Header::LEN]) -> Result<usize, AssociateError> {
    let Header { kind, length } = Header::parse(header).map_err(AssociateError::UnknownPdu)?;
    match kind {
        PduType::AssociateRq => associate_length(length),
        PduType::Abort => Err(AssociateError::AbortInsteadOfRequest),
        PduType::AssociateAc
        | PduType::AssociateRj
        | PduType::Data
        | PduType::ReleaseRq
        | PduType::ReleaseRp => Err(AssociateError::UnexpectedPdu(kind)),
    }
}

/// What answers an association request, as its header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerHeader {
    /// A-ASSOCIATE-AC, with a body of so many bytes, at most [`MAX_ASSOCIATE_LENGTH`].
    Accept(usize),
    /// A-ASSOCIATE-RJ, with a body of four bytes.
    Reject,
    /// A-ABORT, with a body of four bytes.
    Abort,
}

/// Judges the first six bytes of an acceptor's answer.
///
/// # Errors
///
/// The rule that the header breaks: a type that does not answer a request, or a length that this
/// type never has.
pub fn answer_header(header: [u8; Header::LEN]) -> Result<AnswerHeader, AssociateError> {
    let Header { kind, length } = Header::parse(header).map_err(AssociateError::UnknownPdu)?;
    match kind {
        PduType::AssociateAc => associate_length(length).map(AnswerHeader::Accept),
        PduType::AssociateRj if length == REFUSAL_LENGTH => Ok(AnswerHeader::Reject),
        PduType::Abort if length == REFUSAL_LENGTH => Ok(AnswerHeader::Abort),
        PduType::AssociateRj => Err(AssociateError::RejectLength(length)),
        PduType::Abort => Err(AssociateError::AbortLength(length)),
        PduType::AssociateRq | PduType::Data | PduType::ReleaseRq | PduType::ReleaseRp => {
            Err(AssociateError::UnexpectedPdu(kind))
        }
    }
}

fn associate_length(length: u32) -> Result<usize, AssociateError> {
    if length < FIXED_LENGTH {
        return Err(AssociateError::PduTooShort(length));
    }
    if length > MAX_ASSOCIATE_LENGTH {
        return Err(AssociateError::PduTooLong(length));
    }
    usize::try_from(length).map_err(|_| AssociateError::PduTooLong(length))
}

/// Reads what stands before the items, and leaves a reader on them.
fn fixed_fields(body: &[u8]) -> Result<(Echo, Reader<'_>), AssociateError> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    associate_length(length)?;
    let too_short = |_: ReadError| AssociateError::PduTooShort(length);
    let mut reader = Reader::new(body);
    let version = reader.u16().map_err(too_short)?;
    // The one bit that this version of the protocol tests (PS3.8 table 9-11). It comes first:
    // another version may lay out the rest in another way.
    if version & 1 == 0 {
        return Err(AssociateError::ProtocolVersion);
    }
    let _reserved = reader.u16().map_err(too_short)?;
    let echo = reader.array().map(Echo).map_err(too_short)?;
    Ok((echo, reader))
}

/// Fills a place that may be filled once.
fn once<T>(place: &mut Option<T>, value: T, second: AssociateError) -> Result<(), AssociateError> {
    if place.is_some() {
        return Err(second);
    }
    *place = Some(value);
    Ok(())
}

/// Fills a place with the first of its kind; where a second says nothing that goes on, it is
/// dropped and noted.
fn first<T>(place: &mut Option<T>, value: T, kind: u8, notes: &mut Notes) {
    if place.is_some() {
        notes.add(Note::Repeated(kind));
    } else {
        *place = Some(value);
    }
}

/// Reads a UID and notes how it deviates.
fn uid(field: &[u8], notes: &mut Notes) -> Result<Uid, UidError> {
    let uid = known_uid::read(field)?;
    if uid.as_str().len() != field.len() {
        notes.add(Note::PaddedUid);
    }
    if uid.has_leading_zeros() {
        notes.add(Note::LeadingZeros);
    }
    Ok(uid)
}

/// Whether an item 10 holds [`APPLICATION_CONTEXT`].
fn names_dicom(item: Item<'_>, notes: &mut Notes) -> bool {
    uid(item.rest(), notes).is_ok_and(|name| name.as_str() == APPLICATION_CONTEXT)
}
