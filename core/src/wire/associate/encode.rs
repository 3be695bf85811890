//! The one encoding of an A-ASSOCIATE PDU that the gate sends.
//!
//! Item 10, the contexts in their order, item 50 with its sub-items by ascending type (51, 52,
//! 54, 55, 56, 59, those of one type in their order). Reserved bytes are 0, titles padded with spaces,
//! UIDs and version names not padded.

use super::answer::{AssociateAc, ContextAnswer, ContextResult};
use super::request::{AssociateRq, ProposedContext};
use super::user::{ExtendedNegotiation, RoleSelection, UserInformation};
use super::{APPLICATION_CONTEXT, FIXED_LENGTH, MAX_ASSOCIATE_LENGTH, item};
use crate::wire::pdu::{Header, PduType};

/// A value that has no encoding: an item would be longer than its 16-bit length can say, or the
/// body longer than [`MAX_ASSOCIATE_LENGTH`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the association PDU would be too long")]
pub struct TooLong;

const PROTOCOL_VERSION: [u8; 2] = [0, 1];

/// Some requestors demand a transfer syntax of a rejected context too. It says nothing there, so
/// it is the one that every application entity knows.
const IMPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2";

impl AssociateRq {
    /// The whole PDU, header included.
    ///
    /// # Errors
    ///
    /// [`TooLong`]; nothing is ever cut off.
    pub fn encode(&self) -> Result<Vec<u8>, TooLong> {
        let titles =
            [self.called.padded().as_slice(), self.calling.padded().as_slice(), [0; 32].as_slice()]
                .concat();
        let mut items = application_context()?;
        for context in &self.contexts {
            put(&mut items, item::PROPOSED_CONTEXT, &proposed(context)?)?;
        }
        put(&mut items, item::USER_INFORMATION, &user(&self.user)?)?;
        pdu(PduType::AssociateRq, &titles, &items)
    }
}

impl AssociateAc {
    /// The whole PDU, header included.
    ///
    /// # Errors
    ///
    /// [`TooLong`]; nothing is ever cut off.
    pub fn encode(&self) -> Result<Vec<u8>, TooLong> {
        let mut items = application_context()?;
        for result in &self.results {
            put(&mut items, item::CONTEXT_RESULT, &judged(result)?)?;
        }
        let mut user = user(&self.user)?;
        if self.answers_identity {
            put(&mut user, item::IDENTITY_ANSWER, &length(&[])?)?;
        }
        put(&mut items, item::USER_INFORMATION, &user)?;
        pdu(PduType::AssociateAc, &self.echo.0, &items)
    }
}

fn pdu(kind: PduType, titles: &[u8], items: &[u8]) -> Result<Vec<u8>, TooLong> {
    let length = u32::try_from(items.len()).map_err(|_| TooLong)?.saturating_add(FIXED_LENGTH);
    if length > MAX_ASSOCIATE_LENGTH {
        return Err(TooLong);
    }
    let header = Header { kind, length }.encode();
    let reserved = [0; 2];
    Ok([header.as_slice(), &PROTOCOL_VERSION, &reserved, titles, items].concat())
}

fn application_context() -> Result<Vec<u8>, TooLong> {
    let mut items = Vec::new();
    put(&mut items, item::APPLICATION_CONTEXT, APPLICATION_CONTEXT.as_bytes())?;
    Ok(items)
}

fn proposed(context: &ProposedContext) -> Result<Vec<u8>, TooLong> {
    let mut content = vec![context.id.value(), 0, 0, 0];
    put(&mut content, item::ABSTRACT_SYNTAX, context.abstract_syntax.as_str().as_bytes())?;
    for syntax in &context.transfer_syntaxes {
        put(&mut content, item::TRANSFER_SYNTAX, syntax.as_str().as_bytes())?;
    }
    Ok(content)
}

fn judged(result: &ContextResult) -> Result<Vec<u8>, TooLong> {
    let (value, syntax) = match &result.answer {
        ContextAnswer::Accepted(syntax) => (0, syntax.as_str()),
        ContextAnswer::Rejected(rejection) => (rejection.value(), IMPLICIT_VR_LITTLE_ENDIAN),
    };
    let mut content = vec![result.id.value(), 0, value, 0];
    put(&mut content, item::TRANSFER_SYNTAX, syntax.as_bytes())?;
    Ok(content)
}

fn user(user: &UserInformation) -> Result<Vec<u8>, TooLong> {
    let mut content = Vec::new();
    put(&mut content, item::MAXIMUM_LENGTH, &user.maximum_length.to_be_bytes())?;
    let class = user.implementation_class.as_str();
    put(&mut content, item::IMPLEMENTATION_CLASS, class.as_bytes())?;
    for selection in &user.roles {
        put(&mut content, item::ROLE_SELECTION, &role(selection)?)?;
    }
    if let Some(name) = user.implementation_version {
        put(&mut content, item::VERSION_NAME, name.as_str().as_bytes())?;
    }
    for negotiation in &user.extended {
        put(&mut content, item::EXTENDED, &extended(negotiation)?)?;
    }
    Ok(content)
}

fn role(selection: &RoleSelection) -> Result<Vec<u8>, TooLong> {
    let mut content = sized(selection.sop_class.as_str())?;
    content.extend([u8::from(selection.scu), u8::from(selection.scp)]);
    Ok(content)
}

fn extended(negotiation: &ExtendedNegotiation) -> Result<Vec<u8>, TooLong> {
    let mut content = sized(negotiation.sop_class.as_str())?;
    content.extend(&negotiation.information);
    Ok(content)
}

fn sized(text: &str) -> Result<Vec<u8>, TooLong> {
    Ok([length(text.as_bytes())?.as_slice(), text.as_bytes()].concat())
}

fn put(out: &mut Vec<u8>, kind: u8, content: &[u8]) -> Result<(), TooLong> {
    let length = length(content)?;
    out.extend([kind, 0]);
    out.extend(length);
    out.extend(content);
    Ok(())
}

fn length(content: &[u8]) -> Result<[u8; 2], TooLong> {
    u16::try_from(content.len()).map(u16::to_be_bytes).map_err(|_| TooLong)
}
