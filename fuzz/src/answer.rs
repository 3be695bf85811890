//! An A-ASSOCIATE-AC without its header.

use pacsgate_core::wire::associate::ReceivedAc;
use pacsgate_core::wire::pdu::Header;

/// What is judged of an answer is what its encoding says.
///
/// # Panics
///
/// If it is not.
pub fn holds(body: &[u8]) {
    let Ok(received) = ReceivedAc::parse(body) else { return };
    let sent = received.answer.encode().expect("what was read is short enough to send");
    let again = ReceivedAc::parse(&sent[Header::LEN..]).expect("what is sent can be read");
    assert_eq!(again.answer, received.answer);
    assert_eq!(again.answer.encode().expect("as before"), sent);
}
