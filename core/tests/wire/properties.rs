//! What holds for every value and for every sequence of bytes.

use pacsgate_core::wire::associate::{AssociateAc, AssociateRq, ReceivedAc, ReceivedRq};
use pacsgate_core::wire::pdu::Header;
use proptest::prelude::*;

use crate::arbitrary;
use crate::build::{Bytes, judge_answer, judge_request};

proptest! {
    #[test]
    fn a_request_is_read_as_it_was_sent(request in arbitrary::request()) {
        let pdu = request.encode().unwrap();
        let received = judge_request(&pdu).unwrap();
        prop_assert_eq!(&received.request, &request);
        prop_assert_eq!(&received.echo.0[..16], request.called.padded());
        prop_assert!(received.unsound.is_empty() && received.identity.is_none());
        prop_assert_eq!(received.request.encode().unwrap(), pdu);
    }

    #[test]
    fn an_answer_is_read_as_it_was_sent(answer in arbitrary::answer()) {
        let pdu = answer.encode().unwrap();
        let received = ReceivedAc::parse(&pdu[Header::LEN..]).unwrap();
        prop_assert_eq!(&received.answer, &answer);
        prop_assert_eq!(received.answer.encode().unwrap(), pdu);
    }

    #[test]
    fn what_is_read_from_a_mutated_request_is_sent_as_it_is_meant(
        request in arbitrary::request(),
        mutations in arbitrary::mutations(),
    ) {
        let bytes = arbitrary::mutate(request.encode().unwrap(), &mutations);
        read_request(bytes.get(Header::LEN..).unwrap_or_default())?;
    }

    #[test]
    fn what_is_read_from_a_mutated_answer_is_sent_as_it_is_meant(
        answer in arbitrary::answer(),
        mutations in arbitrary::mutations(),
    ) {
        let bytes = arbitrary::mutate(answer.encode().unwrap(), &mutations);
        read_answer(bytes.get(Header::LEN..).unwrap_or_default())?;
    }

    #[test]
    fn what_is_read_from_a_loose_request_is_sent_as_it_is_meant(
        body in arbitrary::loose_body(0x20),
    ) {
        read_request(&body)?;
    }

    #[test]
    fn what_is_read_from_a_loose_answer_is_sent_as_it_is_meant(
        body in arbitrary::loose_body(0x21),
    ) {
        read_answer(&body)?;
    }

    #[test]
    fn arbitrary_bytes_are_judged(bytes in proptest::collection::vec(any::<u8>(), 6..300)) {
        let pdu = with_honest_length(bytes);
        let _ = judge_request(&pdu);
        let _ = judge_answer(&pdu);
        read_request(&pdu)?;
        read_answer(&pdu)?;
    }
}

fn read_request(body: &[u8]) -> Result<(), TestCaseError> {
    let Ok(received) = ReceivedRq::parse(body) else { return Ok(()) };
    if received.request.contexts.is_empty() {
        prop_assert!(!received.unsound.is_empty());
        return Ok(());
    }
    let sent = received.request.encode().unwrap();
    prop_assert!(sent.len() <= body.len() + Header::LEN, "more was sent than received");
    let again: AssociateRq = ReceivedRq::parse(&sent[Header::LEN..]).unwrap().request;
    prop_assert_eq!(&again, &received.request);
    prop_assert_eq!(again.encode().unwrap(), sent);
    Ok(())
}

fn read_answer(body: &[u8]) -> Result<(), TestCaseError> {
    let Ok(received) = ReceivedAc::parse(body) else { return Ok(()) };
    let sent = received.answer.encode().unwrap();
    let again: AssociateAc = ReceivedAc::parse(&sent[Header::LEN..]).unwrap().answer;
    prop_assert_eq!(&again, &received.answer);
    prop_assert_eq!(again.encode().unwrap(), sent);
    Ok(())
}

fn with_honest_length(mut bytes: Bytes) -> Bytes {
    let length = u32::try_from(bytes.len() - Header::LEN).unwrap();
    bytes[2..6].copy_from_slice(&length.to_be_bytes());
    bytes
}
