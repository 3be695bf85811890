//! What holds for every value and for every sequence of bytes.

use pacsgate_core::wire::associate::{
    AnswerHeader, AssociateAc, AssociateRq, MAX_ASSOCIATE_LENGTH, ReceivedAc, ReceivedRq,
    VersionName, answer_header, request_length,
};
use pacsgate_core::wire::pdu::Header;
use pacsgate_core::wire::reject::{Abort, Reject};
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;
use proptest::prelude::*;

use crate::arbitrary;
use crate::build::{Bytes, header, judge_answer, judge_request};
use crate::limits::{ASSOCIATE_BASE, ASSOCIATE_FACTOR, SUPPLIED, peak};

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
    fn a_length_is_bounded_and_a_refusal_told_in_codes_of_the_standard(
        kind in 0..9_u8,
        length in prop_oneof![Just(4), Just(MAX_ASSOCIATE_LENGTH), any::<u32>()],
        body in any::<[u8; 4]>(),
    ) {
        let header = header(kind, length).try_into().unwrap();
        let longest = MAX_ASSOCIATE_LENGTH as usize;
        prop_assert!(request_length(header).is_ok_and(|length| length <= longest)
            == (kind == 1 && (68..=MAX_ASSOCIATE_LENGTH).contains(&length)));
        let Ok(answer) = answer_header(header) else { return Ok(()) };
        match answer {
            AnswerHeader::Reject => {
                let told = Reject::parse(body).encode();
                let known = matches!(
                    told,
                    [3, 0, 0, 0, 0, 4, 0, 1 | 2, 1, 1 | 2 | 3 | 7]
                        | [3, 0, 0, 0, 0, 4, 0, 1 | 2, 2 | 3, 1 | 2]
                );
                prop_assert!(known, "{:?}", told);
            }
            AnswerHeader::Abort => {
                let told = Abort::parse(body).encode();
                let known = matches!(
                    told,
                    [7, 0, 0, 0, 0, 4, 0, 0, 0, 0] | [7, 0, 0, 0, 0, 4, 0, 0, 2, 0..=2 | 4..=6]
                );
                prop_assert!(known, "{:?}", told);
            }
            AnswerHeader::Accept(length) => prop_assert!(length <= longest),
        }
    }

    #[test]
    fn a_field_that_was_read_is_told_as_what_reads_the_same(field in arbitrary::field()) {
        let padded = |text: &str| [text.as_bytes(), b" \0 "].concat();
        if let Ok(title) = AeTitle::parse(&field) {
            let text = title.to_string();
            prop_assert_eq!(AeTitle::parse(text.as_bytes()), Ok(title));
            prop_assert_eq!(AeTitle::parse(&padded(&text)), Ok(title));
            prop_assert_eq!(AeTitle::parse(title.padded()), Ok(title));
            prop_assert!(is_printable(&text, AeTitle::LEN));
        }
        if let Some(name) = VersionName::parse(&field) {
            let text = name.to_string();
            prop_assert_eq!(VersionName::parse(&padded(&text)), Some(name));
            prop_assert!(is_printable(&text, VersionName::MAX_LEN));
        }
        if let Ok(uid) = Uid::parse(&field) {
            let text = uid.to_string();
            prop_assert_eq!(Uid::parse(&padded(&text)), Ok(uid));
            prop_assert!(text.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()));
            prop_assert!(is_printable(&text, Uid::MAX_LEN));
        }
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

fn is_printable(text: &str, longest: usize) -> bool {
    let is_sound = |byte| matches!(byte, b' '..=b'~') && byte != b'\\';
    (1..=longest).contains(&text.len()) && text.bytes().all(is_sound)
}

fn read_request(body: &[u8]) -> Result<(), TestCaseError> {
    within_limits(body, || drop(ReceivedRq::parse(body)))?;
    let Ok(received) = ReceivedRq::parse(body) else { return Ok(()) };
    if received.request.contexts.is_empty() {
        prop_assert!(!received.unsound.is_empty());
        return Ok(());
    }
    let sent = received.request.encode().unwrap();
    prop_assert!(sent.len() <= body.len() + Header::LEN + SUPPLIED, "more was sent than received");
    let again: AssociateRq = ReceivedRq::parse(&sent[Header::LEN..]).unwrap().request;
    prop_assert_eq!(&again, &received.request);
    prop_assert_eq!(again.encode().unwrap(), sent);
    Ok(())
}

fn read_answer(body: &[u8]) -> Result<(), TestCaseError> {
    within_limits(body, || drop(ReceivedAc::parse(body)))?;
    let Ok(received) = ReceivedAc::parse(body) else { return Ok(()) };
    let sent = received.answer.encode().unwrap();
    let again: AssociateAc = ReceivedAc::parse(&sent[Header::LEN..]).unwrap().answer;
    prop_assert_eq!(&again, &received.answer);
    prop_assert_eq!(again.encode().unwrap(), sent);
    Ok(())
}

/// Lying lengths are in most of these bodies.
fn within_limits(body: &[u8], read: impl FnOnce()) -> Result<(), TestCaseError> {
    let taken = peak(read);
    let limit = ASSOCIATE_FACTOR * body.len() + ASSOCIATE_BASE;
    prop_assert!(taken <= limit, "{} bytes for {}", taken, body.len());
    Ok(())
}

fn with_honest_length(mut bytes: Bytes) -> Bytes {
    let length = u32::try_from(bytes.len() - Header::LEN).unwrap();
    bytes[2..6].copy_from_slice(&length.to_be_bytes());
    bytes
}
