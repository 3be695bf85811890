//! A PDU before an association is established, with its header, as either side may send it.

use pacsgate_core::wire::associate::{
    AnswerHeader, MAX_ASSOCIATE_LENGTH, ReceivedAc, ReceivedRq, answer_header, request_length,
};
use pacsgate_core::wire::pdu::{Header, PduType};
use pacsgate_core::wire::reject::{Abort, Reject};

use crate::limits::{ASSOCIATE, peak};

/// A length from a header is bounded before anything is read, and a refusal is told in codes
/// of the standard.
///
/// # Panics
///
/// If it is not.
pub fn holds(pdu: &[u8]) {
    let Some((header, body)) = pdu.split_first_chunk::<{ Header::LEN }>() else { return };
    if let Ok(read) = Header::parse(*header) {
        assert_eq!(Header::parse(read.encode()), Ok(read));
        let [kind, _, length @ ..] = *header;
        assert_eq!((read.kind.value(), read.length), (kind, u32::from_be_bytes(length)));
    }
    if let Ok(length) = request_length(*header) {
        assert!(length <= MAX_ASSOCIATE_LENGTH as usize);
        let taken = peak(|| body.get(..length).map_or((), |body| drop(ReceivedRq::parse(body))));
        assert!(taken <= ASSOCIATE, "{taken} bytes");
    }
    let Ok(answer) = answer_header(*header) else { return };
    if let AnswerHeader::Accept(length) = answer {
        assert!(length <= MAX_ASSOCIATE_LENGTH as usize);
        let Some(body) = body.get(..length) else { return };
        let taken = peak(|| drop(ReceivedAc::parse(body)));
        return assert!(taken <= ASSOCIATE, "{taken} bytes");
    }
    let Some(&body) = body.first_chunk() else { return };
    if answer == AnswerHeader::Reject {
        let told = sent(Reject::parse(body).encode(), PduType::AssociateRj);
        let is_standard = matches!(told, [0, 1 | 2, 1, 1 | 2 | 3 | 7] | [0, 1 | 2, 2 | 3, 1 | 2]);
        assert!(is_standard, "{told:?}");
    } else {
        let told = sent(Abort::parse(body).encode(), PduType::Abort);
        assert!(matches!(told, [0, 0, 0, 0] | [0, 0, 2, 0..=2 | 4..=6]), "{told:?}");
    }
}

/// The body of what is sent.
fn sent([a, b, c, d, e, f, body @ ..]: [u8; 10], kind: PduType) -> [u8; 4] {
    assert_eq!([a, b, c, d, e, f], Header { kind, length: 4 }.encode());
    body
}
