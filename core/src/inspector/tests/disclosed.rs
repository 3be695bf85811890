//! What is told of whom it was about, where somebody has to account for it.

use super::*;
use crate::inspector::{Disclosed, MAX_IDENTIFIER};

/// Elements in Implicit VR.
fn data_set(elements: &[(u16, u16, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (group, element, value) in elements {
        let mut value = value.as_bytes().to_vec();
        value.resize(value.len().next_multiple_of(2), b' ');
        out.extend(group.to_le_bytes());
        out.extend(element.to_le_bytes());
        out.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        out.extend(value);
    }
    out
}

fn image() -> Vec<u8> {
    data_set(&[
        (0x0008, 0x0005, "ISO_IR 100"),
        (0x0008, 0x0016, CLASS),
        (0x0008, 0x0018, INSTANCE),
        (0x0008, 0x0050, "A1"),
        (0x0010, 0x0010, "DOE^JANE"),
        (0x0010, 0x0020, "ID1"),
        (0x0020, 0x000d, "1.2.3"),
        (0x0020, 0x000e, "1.2.3.1"),
    ])
}

fn disclosing(discloses: bool) -> Inspector {
    inspector().sharing(Shared { discloses, ..Shared::default() })
}

/// What is told of this traffic, each piece in fragments of so many bytes, and of its end.
fn told(mut inspector: Inspector, pieces: &[(Side, Vec<u8>)]) -> Vec<Disclosed> {
    let mut out = Out::default();
    for (side, piece) in pieces {
        assert_eq!(inspector.feed(*side, piece, &mut out), Ok(piece.len()));
    }
    let mut news = inspector.take_news();
    news.extend(inspector.into_ledger().take_news());
    let disclosed = |news| match news {
        News::Disclosed(disclosed) => Some(disclosed),
        News::Forbidden(_) | News::WouldForbid(_) | News::Unsound(_) => None,
    };
    news.into_iter().filter_map(disclosed).collect()
}

fn stored(cut: usize) -> Vec<(Side, Vec<u8>)> {
    let image = image();
    let parts = image.chunks(cut).enumerate();
    let control = |at: usize| if (at + 1) * cut >= image.len() { LAST } else { 0 };
    let set = parts.map(|(at, part)| one(1, control(at), part)).collect::<Vec<_>>().concat();
    vec![
        (Side::Requestor, one(1, COMMAND | LAST, &request(STORE_RQ, 7, DATA))),
        (Side::Requestor, set),
    ]
}

#[test]
fn an_object_is_told_once_it_is_answered_however_it_was_cut() {
    for cut in [2, 6, 4096] {
        let mut pieces = stored(cut);
        let answer = one(1, COMMAND | LAST, &response(STORE_RQ, 7, NO_DATA, 0xa700));
        pieces.push((Side::Acceptor, answer));
        let told = told(disclosing(true), &pieces);
        let [Disclosed::Object(object)] = &*told else { panic!("{told:?}") };
        assert_eq!(
            (object.from, object.status, object.is_taken()),
            (Side::Requestor, Some(0xa700), false)
        );
        let shown = &object.shown;
        let values = [&shown.patient_id, &shown.patient_name, &shown.study, &shown.accession];
        assert_eq!(values, [b"ID1".as_slice(), b"DOE^JANE", b"1.2.3", b"A1"]);
        assert_eq!(shown.character_set, b"ISO_IR 100");
        assert_eq!(object.sop_class.as_ref().map(ToString::to_string).as_deref(), Some(CLASS));
    }
}

#[test]
fn an_object_that_nobody_answers_is_told_at_the_end() {
    let told = told(disclosing(true), &stored(4096));
    let [Disclosed::Object(object)] = &*told else { panic!("{told:?}") };
    assert_eq!((object.status, object.is_taken()), (None, false));
}

#[test]
fn a_query_is_told_with_its_identifier_or_how_that_begins() {
    let query = |name: &str| {
        let identifier = data_set(&[(0x0008, 0x0052, "STUDY"), (0x0010, 0x0010, name)]);
        let mut pieces =
            vec![(Side::Requestor, one(1, COMMAND | LAST, &request(FIND_RQ, 7, DATA)))];
        let parts = identifier.chunks(1000).map(|part| (Side::Requestor, one(1, 0, part)));
        pieces.extend(parts);
        pieces.push((Side::Requestor, one(1, LAST, &[])));
        let told = told(disclosing(true), &pieces);
        let [Disclosed::Query(query)] = &*told else { panic!("{told:?}") };
        assert_eq!(query.syntax, "1.2.840.10008.1.2");
        (query.identifier.clone(), query.is_cut, identifier)
    };
    let (told, is_cut, asked) = query("DOE*");
    assert_eq!((told, is_cut), (asked, false));
    let head = data_set(&[(0x0008, 0x0052, "STUDY"), (0x0010, 0x0010, "")]).len();
    let (told, is_cut, asked) = query(&"x".repeat(MAX_IDENTIFIER - head));
    assert_eq!((told, is_cut), (asked, false));
    let (told, is_cut, asked) = query(&"x".repeat(MAX_IDENTIFIER - head + 2));
    assert_eq!((told.as_slice(), is_cut), (&asked[..MAX_IDENTIFIER], true));
}

#[test]
fn nothing_is_told_where_nobody_asks() {
    assert!(told(disclosing(false), &stored(4096)).is_empty());
}
