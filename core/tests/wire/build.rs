//! Builds PDUs byte by byte, sound and unsound ones alike; knows nothing of the encoder.

use pacsgate_core::wire::associate::{AnswerHeader, answer_header, request_length};
use pacsgate_core::wire::associate::{AssociateError, ReceivedAc, ReceivedRq};
use pacsgate_core::wire::reject::{Abort, Reject};

pub(crate) const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
pub(crate) const VERIFICATION: &str = "1.2.840.10008.1.1";
pub(crate) const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
pub(crate) const STORAGE: &str = "1.2.840.10008.4.2";
pub(crate) const IMPLICIT: &str = "1.2.840.10008.1.2";
pub(crate) const EXPLICIT: &str = "1.2.840.10008.1.2.1";

pub(crate) type Bytes = Vec<u8>;

/// Type, reserved byte, length, content.
pub(crate) fn item(kind: u8, content: impl AsRef<[u8]>) -> Bytes {
    let content = content.as_ref();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [[kind, 0].as_slice(), &length, content].concat()
}

/// A 16-bit length and what it counts.
pub(crate) fn sized(content: impl AsRef<[u8]>) -> Bytes {
    let content = content.as_ref();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [length.as_slice(), content].concat()
}

pub(crate) fn application_context() -> Bytes {
    item(0x10, APPLICATION_CONTEXT)
}

pub(crate) fn context(id: u8, sub_items: &[Bytes]) -> Bytes {
    item(0x20, [[id, 0, 0, 0].as_slice(), &sub_items.concat()].concat())
}

pub(crate) fn verification(id: u8) -> Bytes {
    context(id, &[item(0x30, VERIFICATION), item(0x40, IMPLICIT)])
}

pub(crate) fn result(id: u8, result: u8, sub_items: &[Bytes]) -> Bytes {
    item(0x21, [[id, 0, result, 0].as_slice(), &sub_items.concat()].concat())
}

pub(crate) fn accepted(id: u8) -> Bytes {
    result(id, 0, &[item(0x40, IMPLICIT)])
}

pub(crate) fn maximum_length(value: u32) -> Bytes {
    item(0x51, value.to_be_bytes())
}

pub(crate) fn implementation_class() -> Bytes {
    item(0x52, "1.2.276.0.7230010.3.0.3.6.7")
}

pub(crate) fn role(sop_class: &str, scu: u8, scp: u8) -> Bytes {
    item(0x54, [sized(sop_class), vec![scu, scp]].concat())
}

pub(crate) fn extended(sop_class: &str, information: &[u8]) -> Bytes {
    item(0x56, [&sized(sop_class), information].concat())
}

pub(crate) fn common_extended(sop_class: &str) -> Bytes {
    let related = sized(sized(VERIFICATION));
    item(0x57, [sized(sop_class), sized(STORAGE), related].concat())
}

pub(crate) fn identity(kind: u8, primary: &str, secondary: &str) -> Bytes {
    item(0x58, [vec![kind, 1], sized(primary), sized(secondary)].concat())
}

/// Item 50 with nothing but these sub-items.
pub(crate) fn bare_user(sub_items: &[Bytes]) -> Bytes {
    item(0x50, sub_items.concat())
}

/// Item 50 with what must be in it and these sub-items behind.
pub(crate) fn user(sub_items: &[Bytes]) -> Bytes {
    bare_user(&[maximum_length(16_384), implementation_class(), sub_items.concat()])
}

/// What stands before the items.
pub(crate) fn fixed(version: u16, called: &[u8; 16], calling: &[u8; 16]) -> Bytes {
    [version.to_be_bytes().as_slice(), &[0, 0], called, calling, &[0; 32]].concat()
}

pub(crate) fn body(items: &[Bytes]) -> Bytes {
    [fixed(1, b"PACS            ", b"CT1             "), items.concat()].concat()
}

/// A request of one verification context with these sub-items at the end of item 50.
pub(crate) fn request_with_user(sub_items: &[Bytes]) -> Bytes {
    body(&[application_context(), verification(1), user(sub_items)])
}

/// A request of these contexts.
pub(crate) fn request_with_contexts(contexts: &[Bytes]) -> Bytes {
    body(&[application_context(), contexts.concat(), user(&[])])
}

/// An answer of one accepted context with these sub-items at the end of item 50.
pub(crate) fn answer_with_user(sub_items: &[Bytes]) -> Bytes {
    body(&[application_context(), accepted(1), user(sub_items)])
}

/// An answer of these results.
pub(crate) fn answer_with_results(results: &[Bytes]) -> Bytes {
    body(&[application_context(), results.concat(), user(&[])])
}

pub(crate) fn header(kind: u8, length: u32) -> Bytes {
    [[kind, 0].as_slice(), &length.to_be_bytes()].concat()
}

pub(crate) fn pdu(kind: u8, body: &[u8]) -> Bytes {
    [&header(kind, u32::try_from(body.len()).unwrap()), body].concat()
}

/// Judges a whole PDU as the gate does: six bytes first, then the body that they announce.
pub(crate) fn judge_request(pdu: &[u8]) -> Result<ReceivedRq, AssociateError> {
    let (header, body) = pdu.split_first_chunk().unwrap();
    let length = request_length(*header)?;
    assert_eq!(body.len(), length);
    ReceivedRq::parse(body)
}

/// What a PACS answered.
#[derive(Debug, PartialEq)]
pub(crate) enum Judged {
    Ac(Box<ReceivedAc>),
    Rj(Reject),
    Abort(Abort),
}

pub(crate) fn judge_answer(pdu: &[u8]) -> Result<Judged, AssociateError> {
    let (header, body) = pdu.split_first_chunk().unwrap();
    match answer_header(*header)? {
        AnswerHeader::Accept(length) => {
            assert_eq!(body.len(), length);
            ReceivedAc::parse(body).map(|ac| Judged::Ac(Box::new(ac)))
        }
        AnswerHeader::Reject => Ok(Judged::Rj(Reject::parse(body.try_into().unwrap()))),
        AnswerHeader::Abort => Ok(Judged::Abort(Abort::parse(body.try_into().unwrap()))),
    }
}
