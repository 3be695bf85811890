//! An A-ASSOCIATE-RQ without its header.

use pacsgate_core::wire::associate::ReceivedRq;
use pacsgate_core::wire::pdu::Header;

use crate::limits::{ASSOCIATE_BASE, ASSOCIATE_FACTOR, SUPPLIED, peak};

/// What is judged of a request is what its encoding says, and it takes no more memory than it may.
///
/// # Panics
///
/// If it is not.
pub fn holds(body: &[u8]) {
    // The tables of SOP classes are made by the first that needs them.
    drop(ReceivedRq::parse(body));
    let taken = peak(|| drop(ReceivedRq::parse(body)));
    assert!(taken <= ASSOCIATE_FACTOR * body.len() + ASSOCIATE_BASE, "{taken} bytes");
    let Ok(received) = ReceivedRq::parse(body) else { return };
    if received.request.contexts.is_empty() {
        assert!(!received.unsound.is_empty(), "nothing was proposed");
        return;
    }
    let sent = received.request.encode().expect("what was read is short enough to send");
    assert!(sent.len() <= body.len() + Header::LEN + SUPPLIED, "more was sent than received");
    let again = ReceivedRq::parse(&sent[Header::LEN..]).expect("what is sent can be read");
    assert_eq!(again.request, received.request);
    assert!(again.unsound.is_empty() && again.identity.is_none());
    assert_eq!(again.request.encode().expect("as before"), sent);
}
