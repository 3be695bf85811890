//! An A-ASSOCIATE-AC without its header.

use pacsgate_core::wire::associate::ReceivedAc;
use pacsgate_core::wire::pdu::Header;

use crate::limits::{ASSOCIATE_BASE, ASSOCIATE_FACTOR, peak};

/// What is judged of an answer is what its encoding says, and it takes no more memory than it may.
///
/// # Panics
///
/// If it is not.
pub fn holds(body: &[u8]) {
    // The tables of SOP classes are made by the first that needs them.
    drop(ReceivedAc::parse(body));
    let taken = peak(|| drop(ReceivedAc::parse(body)));
    assert!(taken <= ASSOCIATE_FACTOR * body.len() + ASSOCIATE_BASE, "{taken} bytes");
    let Ok(received) = ReceivedAc::parse(body) else { return };
    let sent = received.answer.encode().expect("what was read is short enough to send");
    let again = ReceivedAc::parse(&sent[Header::LEN..]).expect("what is sent can be read");
    assert_eq!(again.answer, received.answer);
    assert_eq!(again.answer.encode().expect("as before"), sent);
}
