//! Data sets inside messages: what is held, answered, dropped, or ends the association.

use super::*;
use crate::data_set::{Bounds, DataSetError, Deviation, Tag, Tolerated};

pub(super) const STUDY: (u16, u16) = (0x0020, 0x000d);
pub(super) const SERIES: (u16, u16) = (0x0020, 0x000e);

pub(super) fn association(guarding: Guarding) -> Inspector {
    let operations = Operations::NONE
        .and_by_requestor(&[Operation::CEcho, Operation::CStore, Operation::CFind, Operation::CGet])
        .and_by_acceptor(&[Operation::NEventReport]);
    let context = Context {
        id: ContextId::new(1).unwrap(),
        abstract_syntax: CLASS.parse().unwrap(),
        transfer_syntax: TransferSyntax::find(&"1.2.840.10008.1.2".parse().unwrap()).unwrap(),
        operations,
    };
    let longest = 1 << 20;
    let maxima = Maxima {
        to_acceptor: longest,
        to_requestor: longest,
        from_requestor: longest,
        from_acceptor: longest,
    };
    let guarding = PerSide { requestor: guarding, acceptor: guarding };
    let grants =
        Grants { direction: Direction::Inward, move_to: [].into(), titles: [].into(), guarding };
    Inspector::new(Contexts::new(vec![context], maxima, grants))
}

/// Feeds whole pieces, then small ones: the same comes out and the same is judged.
fn play_with(guarding: Guarding, pieces: &[(Side, &[u8])]) -> (Out, Result<(), Fault>, Inspector) {
    let mut fed = Fed::new(association(guarding));
    let verdict = pieces.iter().try_for_each(|(from, input)| fed.feed(*from, input));
    let Fed { inspector, out, .. } = fed;
    for size in [1, 7, 4096] {
        let mut cut = Fed::new(association(guarding));
        let other = pieces.iter().try_for_each(|(from, input)| {
            input.chunks(size).try_for_each(|piece| cut.feed(*from, piece))
        });
        let Fed { inspector: cut, out: again, .. } = cut;
        assert_eq!(verdict, other, "in pieces of {size}");
        assert!(out.to_acceptor == again.to_acceptor, "in pieces of {size}");
        assert!(out.to_requestor == again.to_requestor, "in pieces of {size}");
        assert_eq!(inspector.ledger().unsound(), cut.ledger().unsound());
    }
    (out, verdict, inspector)
}

fn play(pieces: &[(Side, &[u8])]) -> (Out, Result<(), Fault>, Inspector) {
    play_with(Guarding::default(), pieces)
}

pub(super) fn at((group, element): (u16, u16), value: &[u8]) -> Vec<u8> {
    let mut bytes = [group.to_le_bytes(), element.to_le_bytes()].concat();
    bytes.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(value);
    bytes
}

pub(super) fn padded(value: &str) -> Vec<u8> {
    uid(0, value).1
}

/// The identifiers of an object, in their order.
fn identifiers(instance: &str) -> Vec<u8> {
    [
        at((0x0008, 0x0016), &padded(CLASS)),
        at((0x0008, 0x0018), &padded(instance)),
        at(STUDY, &padded("1.2.3")),
        at(SERIES, &padded("1.2.3.4")),
    ]
    .concat()
}

/// An object with so many bytes of pixels.
fn object(pixels: usize) -> Vec<u8> {
    [identifiers(INSTANCE), at((0x7fe0, 0x0010), &vec![0x55; pixels])].concat()
}

/// A whole C-STORE: the command, and the data set in fragments of this size.
pub(super) fn storing(data_set: &[u8], size: usize) -> Vec<u8> {
    [command(&request(STORE_RQ, 1, DATA)), fragments(data_set, size)].concat()
}

fn fragments(data_set: &[u8], size: usize) -> Vec<u8> {
    let count = data_set.len().div_ceil(size);
    let control = |number| if number + 1 == count { LAST } else { 0 };
    let pieces = data_set.chunks(size).enumerate();
    pieces.flat_map(|(number, piece)| one(1, control(number), piece)).collect()
}

/// The status and the comment of the only PDU, a response of the gate.
pub(super) fn told(pdus: &[u8]) -> (u16, String) {
    let length = u32::from_be_bytes(pdus[2..6].try_into().unwrap()) as usize;
    assert_eq!(pdus.len(), 6 + length, "one PDU");
    let response = Command::read(ContextId::new(1).unwrap(), &pdus[12..]).unwrap();
    let Role::Response { status, responds_to: 1, .. } = response.role else { panic!() };
    let comment = pdus.windows(8).position(|it| it[..4] == [0, 0, 2, 9]).unwrap();
    let length = usize::from(pdus[comment + 4]);
    let comment = &pdus[comment + 8..comment + 8 + length];
    (status.code, String::from_utf8(comment.into()).unwrap().trim_end().to_owned())
}

#[test]
fn a_sound_object_passes_byte_for_byte() {
    for (pixels, size) in [(0, 100), (10, 16), (70_000, 4096), (300_000, 131_072), (70_000, 2)] {
        let input = storing(&object(pixels), size);
        let (out, verdict, inspector) = play(&[(Side::Requestor, &input)]);
        assert_eq!(verdict, Ok(()));
        assert!(out.to_acceptor == input);
        assert!(inspector.ledger().unsound().is_empty());
    }
}

#[test]
fn nothing_of_a_request_leaves_before_its_head_is_walked() {
    let input = storing(&object(1000), 500);
    let (out, verdict, inspector) = play(&[(Side::Requestor, &input[..input.len() - 1])]);
    assert_eq!((verdict, out.to_acceptor.len()), (Ok(()), 0));
    assert!(inspector.at_boundary(Side::Acceptor));
    assert_eq!(HEAD, 65_536, "what the README says is held");
    let long = storing(&object(100_000), 16_000);
    let (out, verdict, inspector) = play(&[(Side::Requestor, &long[..long.len() - 1])]);
    assert_eq!(verdict, Ok(()));
    assert!(out.to_acceptor == long[..long.len() - 1]);
    assert!(!inspector.at_boundary(Side::Acceptor));
}

#[test]
fn an_object_with_a_fault_in_its_head_is_answered_and_the_association_goes_on() {
    let other = [identifiers("1.2.9"), at((0x7fe0, 0x0010), &[0; 1000])].concat();
    let odd = [identifiers(INSTANCE), at((0x0020, 0x0013), b"123")].concat();
    let missing = at((0x0008, 0x0016), &padded(CLASS));
    let cut = object(1000)[..900].to_vec();
    for (data_set, code, comment) in [
        (other, "identifier-mismatch", "(0008,0018) differs from the command's"),
        (odd, "odd-length", "(0020,0013) has an odd length"),
        (missing, "missing-identifier", "(0008,0018) is missing"),
        (cut, "data-set-cut", "cut off inside an element, an item or a sequence"),
    ] {
        for size in [2, 300, 4096] {
            let input = storing(&data_set, size);
            let next = storing(&object(10), 4096);
            let pieces: [(Side, &[u8]); 2] = [(Side::Requestor, &input), (Side::Requestor, &next)];
            let (out, verdict, inspector) = play(&pieces);
            assert_eq!(verdict, Ok(()), "{code}");
            assert!(out.to_acceptor == next, "{code}");
            assert_eq!(told(&out.to_requestor), (0xc000, comment.to_owned()));
            let (unsound, count) = &inspector.ledger().unsound()[0];
            assert_eq!((unsound.error.code(), *count), (code, 1));
            assert_eq!(unsound.outcome, Outcome::Refused(0xc000));
        }
    }
}

#[test]
fn any_number_of_unsound_objects_is_answered() {
    let (mut inspector, mut out) = (association(Guarding::default()), Out::default());
    let odd = storing(&[identifiers("1.2.9"), vec![0; 4000]].concat(), 4096);
    for number in 1..=40_000_u32 {
        inspector.feed(Side::Requestor, &odd, &mut out).unwrap();
        assert!(out.to_acceptor.is_empty());
        assert_eq!(told(&out.to_requestor).0, 0xc000, "{number}");
        out.to_requestor.clear();
        assert_eq!(inspector.take_news().len(), 1);
    }
    assert_eq!(inspector.ledger().unsound()[0].1, 40_000);
}

#[test]
fn the_head_is_the_same_however_small_its_fragments_are() {
    // The last byte of the head is the last of an element, and the next element is a fault.
    let before = identifiers(INSTANCE).len() + 8;
    let sound = [identifiers(INSTANCE), at((0x0041, 0x1055), &vec![0; HEAD - before - 8])].concat();
    assert_eq!(sound.len(), HEAD - 8);
    let bad = at((0x0010, 0x0010), b"");
    for size in [2, 500, 4096, 70_000] {
        let held = storing(&[&sound[..], &bad].concat(), size);
        let (out, verdict, _) = play(&[(Side::Requestor, &held)]);
        assert_eq!((verdict, out.to_acceptor.len()), (Ok(()), 0), "{size}");
        assert_eq!(told(&out.to_requestor).0, 0xc000);
        let longer = at((0x0041, 0x1056), &[0; 2]);
        let late = storing(&[&sound[..], &longer, &bad].concat(), size);
        let (_, verdict, _) = play(&[(Side::Requestor, &late)]);
        assert!(
            matches!(verdict, Err(Fault::DataSet(DataSetError::Order(_)))),
            "{size}: {verdict:?}"
        );
    }
}

#[test]
fn a_fault_behind_the_head_ends_the_association() {
    let late = [object(100_000), at((0x7fe0, 0x0009), b"")].concat();
    let (out, verdict, _) = play(&[(Side::Requestor, &storing(&late, 16_000))]);
    let fault = Fault::DataSet(DataSetError::Order(Tag::new(0x7fe0, 0x0009)));
    assert_eq!(verdict, Err(fault));
    let whole = storing(&late, 16_000);
    assert!(whole.starts_with(&out.to_acceptor) && out.to_acceptor.len() == whole.len() - 1);
}

#[test]
fn of_a_list_of_uids_behind_the_head_all_before_the_byte_at_fault_leaves() {
    let (sound, unsound) = (b"1.2.3\\1.2", b"/../3.4");
    let uids = at(STUDY, &[&sound[..], unsound].concat());
    let query = [at((0x0009, 0x1001), &vec![b'x'; 2 * HEAD]), uids].concat();
    let input = [command(&request(FIND_RQ, 1, DATA)), one(1, LAST, &query)].concat();
    let (out, verdict, _) = play(&[(Side::Requestor, &input)]);
    let fault = DataSetError::UidCharacters(Tag::new(STUDY.0, STUDY.1));
    assert_eq!(verdict, Err(Fault::DataSet(fault)));
    assert!(out.to_acceptor == input[..input.len() - unsound.len()]);
}

#[test]
fn the_last_byte_of_a_long_object_leaves_only_if_it_may_end_there() {
    let cut = object(100_000)[..90_000].to_vec();
    for size in [16_000, 90_000] {
        let input = storing(&cut, size);
        let (out, verdict, inspector) = play(&[(Side::Requestor, &input)]);
        assert_eq!(verdict, Err(Fault::DataSet(DataSetError::Cut)));
        assert_eq!(out.to_acceptor.len(), input.len() - 1);
        assert!(!inspector.at_boundary(Side::Acceptor));
    }
    let mut input = command(&request(STORE_RQ, 1, DATA));
    input.extend(one(1, 0, &cut));
    let before = input.len();
    input.extend(one(1, LAST, &[]));
    let (out, verdict, _) = play(&[(Side::Requestor, &input)]);
    assert_eq!(verdict, Err(Fault::DataSet(DataSetError::Cut)));
    assert_eq!(out.to_acceptor.len(), before);
}

#[test]
fn an_empty_last_fragment_ends_an_object_that_is_held() {
    let mut input = command(&request(STORE_RQ, 1, DATA));
    input.extend(one(1, 0, &object(10)));
    input.extend(one(1, LAST, &[]));
    let (out, verdict, _) = play(&[(Side::Requestor, &input)]);
    assert_eq!(verdict, Ok(()));
    assert_eq!(out.to_acceptor, input);
}

/// A whole C-STORE, its data set in two fragments and an empty last one.
fn storing_before_an_empty_end(data_set: &[u8], first: usize) -> Vec<u8> {
    let mut input = command(&request(STORE_RQ, 1, DATA));
    input.extend(one(1, 0, &data_set[..first]));
    input.extend(one(1, 0, &data_set[first..]));
    input.extend(one(1, LAST, &[]));
    input
}

#[test]
fn an_empty_last_fragment_behind_an_odd_one_ends_the_data_set() {
    let cut = |pixels: usize| [identifiers("1.2.9"), vec![0; pixels], vec![8]].concat();
    let input = storing_before_an_empty_end(&cut(10), 20);
    let (out, verdict, inspector) = play(&[(Side::Requestor, &input)]);
    assert_eq!((verdict, out.to_acceptor.len()), (Ok(()), 0));
    assert_eq!(told(&out.to_requestor).0, 0xc000);
    assert_eq!(inspector.phase(), Phase::Open);

    let late = [object(70_000), at((0x7fe1, 0x0010), b"12"), vec![8]].concat();
    let input = storing_before_an_empty_end(&late, 70_000);
    let (out, verdict, inspector) = play(&[(Side::Requestor, &input)]);
    assert_eq!(verdict, Err(Fault::DataSet(DataSetError::Cut)));
    // The header of the last fragment has left, its byte has not.
    assert!(!inspector.at_boundary(Side::Acceptor));
    assert_eq!(out.to_acceptor.last_chunk(), Some(&[1, LAST]));

    let guarding = Guarding { mode: Mode::Report, ..Guarding::default() };
    let (_, verdict, inspector) = play_with(guarding, &[(Side::Requestor, &input)]);
    assert_eq!(verdict, Ok(()));
    assert_eq!(inspector.ledger().unsound()[0].0.outcome, Outcome::Reported);
}

#[test]
fn an_unsound_query_is_answered_as_such() {
    let query = [&command(&request(FIND_RQ, 1, DATA))[..], &one(1, LAST, &at(STUDY, b"../1"))];
    let (out, verdict, _) = play(&[(Side::Requestor, &query.concat())]);
    assert_eq!((verdict, out.to_acceptor.len()), (Ok(()), 0));
    assert_eq!(told(&out.to_requestor).0, 0xa900);
}

#[test]
fn in_a_report_an_unsound_object_passes_and_is_written_down() {
    let guarding = Guarding { mode: Mode::Report, ..Guarding::default() };
    let input = storing(&[identifiers("1.2.9"), vec![0xff; 200]].concat(), 100);
    let (out, verdict, inspector) = play_with(guarding, &[(Side::Requestor, &input)]);
    assert_eq!(verdict, Ok(()));
    assert!(out.to_acceptor == input);
    let (unsound, count) = &inspector.ledger().unsound()[0];
    assert_eq!(
        (unsound.error.code(), unsound.outcome, *count),
        ("identifier-mismatch", Outcome::Reported, 1)
    );
}

#[test]
fn a_tolerated_deviation_passes_and_is_counted() {
    let tolerated: Tolerated = [Deviation::Order].into_iter().collect();
    let guarding = Guarding { tolerated, ..Guarding::default() };
    let turned = [identifiers(INSTANCE), at((0x0010, 0x0010), b"A^B ")].concat();
    let input = storing(&turned, 4096);
    let (out, verdict, inspector) = play_with(guarding, &[(Side::Requestor, &input)]);
    assert_eq!((verdict, out.to_acceptor), (Ok(()), input.clone()));
    assert!(inspector.ledger().deviations().iter().eq([(Deviation::Order, 1)]));
    let (_, _, inspector) = play(&[(Side::Requestor, &input)]);
    assert_eq!(inspector.ledger().unsound()[0].0.error.code(), "element-order");
}

#[test]
fn a_tolerated_odd_value_does_not_make_a_data_set_odd_as_a_whole() {
    let tolerated: Tolerated = [Deviation::OddLength].into_iter().collect();
    let guarding = Guarding { tolerated, ..Guarding::default() };
    let odd = at((0x0041, 0x1055), b"123");
    let two = [identifiers(INSTANCE), odd.clone(), at((0x0041, 0x1056), b"1")].concat();
    let input = storing(&two, 4096);
    let (out, verdict, _) = play_with(guarding, &[(Side::Requestor, &input)]);
    assert_eq!((verdict, out.to_acceptor), (Ok(()), input));
    let input = storing(&[identifiers(INSTANCE), odd].concat(), 4096);
    let (out, verdict, _) = play_with(guarding, &[(Side::Requestor, &input)]);
    assert_eq!((verdict, out.to_acceptor.len()), (Ok(()), 0));
    assert_eq!(told(&out.to_requestor), (0xc000, "an odd total length".to_owned()));
}

#[test]
fn a_response_to_what_is_held_is_not_asked_for() {
    let input = storing(&object(1000), 500);
    let early = command(&response(STORE_RQ, 1, NO_DATA, SUCCESS));
    let pieces: [(Side, &[u8]); 2] = [(Side::Requestor, &input[..300]), (Side::Acceptor, &early)];
    assert_eq!(play(&pieces).1, Err(Fault::UnaskedResponse));
}

fn report(data_set: &[u8]) -> Vec<u8> {
    let event = set(&[
        uid(0x0002, CLASS),
        number(0x0100, 0x0100),
        number(0x0110, 1),
        number(0x0800, DATA),
        uid(0x1000, INSTANCE),
        number(0x1002, 1),
    ]);
    [command(&event), one(1, LAST, data_set)].concat()
}

/// A C-FIND, or another request with the same elements.
fn asking(field: u16) -> Vec<u8> {
    asking_as(field, 1)
}

fn asking_as(field: u16, id: u16) -> Vec<u8> {
    let query = at(STUDY, &padded("1.2.3"));
    [command(&request(field, id, DATA)), one(1, LAST, &query)].concat()
}

fn responding(field: u16, status: u16, data_set: &[u8]) -> Vec<u8> {
    [command(&response(field, 1, DATA, status)), one(1, LAST, data_set)].concat()
}

/// Sequences in sequences, never closed.
fn deep() -> Vec<u8> {
    let open = [
        &[0x08, 0, 0x40, 0x11, 0xff, 0xff, 0xff, 0xff][..],
        &[0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff],
    ];
    open.concat().repeat(40)
}

const GET_RQ: u16 = 0x0010;

#[test]
fn from_the_pacs_disorder_is_counted_and_a_deep_report_is_answered() {
    let turned = report(&[at((0x0010, 0x0010), b"A^B "), at((0x0008, 0x0060), b"CT")].concat());
    let (out, verdict, inspector) = play(&[(Side::Acceptor, &turned)]);
    assert_eq!((verdict, out.to_requestor), (Ok(()), turned));
    assert!(inspector.ledger().deviations().iter().eq([(Deviation::Order, 1)]));
    let (out, verdict, inspector) = play(&[(Side::Acceptor, &report(&deep()))]);
    assert_eq!((verdict, out.to_requestor.len()), (Ok(()), 0));
    assert_eq!(told(&out.to_acceptor).0, 0x0115);
    let (unsound, _) = &inspector.ledger().unsound()[0];
    assert_eq!((unsound.from, unsound.error), (Side::Acceptor, DataSetError::Depth));
}

#[test]
fn one_unsound_answer_is_withheld_and_the_query_goes_on() {
    let find = asking(FIND_RQ);
    let found = |name: &[u8]| responding(FIND_RQ, PENDING, &at((0x0010, 0x0010), name));
    let last = command(&response(FIND_RQ, 1, NO_DATA, SUCCESS));
    let unsound = responding(FIND_RQ, PENDING, &deep());
    let answers = [&found(b"A^B ")[..], &unsound, &found(b"C^D "), &last].concat();
    let (out, verdict, inspector) = play(&[(Side::Requestor, &find), (Side::Acceptor, &answers)]);
    assert_eq!(verdict, Ok(()));
    assert_eq!(out.to_requestor, [found(b"A^B "), found(b"C^D "), last].concat());
    let (unsound, count) = &inspector.ledger().unsound()[0];
    assert_eq!((unsound.outcome, *count), (Outcome::Withheld, 1));
    assert_eq!(inspector.ledger().operations()[0].status, Some(SUCCESS));
}

#[test]
fn a_final_response_passes_without_its_unsound_data_set() {
    let get = asking(GET_RQ);
    let answer = responding(GET_RQ, 0xb000, &deep());
    let (out, verdict, inspector) = play(&[(Side::Requestor, &get), (Side::Acceptor, &answer)]);
    assert_eq!(verdict, Ok(()));
    assert_eq!(out.to_requestor, command(&response(GET_RQ, 1, NO_DATA, 0xb000)));
    assert_eq!(inspector.ledger().unsound()[0].0.outcome, Outcome::Stripped);
    assert_eq!(inspector.ledger().operations()[0].status, Some(0xb000));
}

#[test]
fn a_surplus_data_set_behind_a_final_response_does_not_pass() {
    for (status, data_set) in
        [(SUCCESS, &b""[..]), (0xa700, &at(STUDY, b"1.2.3\0")), (SUCCESS, &deep())]
    {
        let answer = responding(FIND_RQ, status, data_set);
        let (out, verdict, inspector) =
            play(&[(Side::Requestor, &asking(FIND_RQ)), (Side::Acceptor, &answer)]);
        assert_eq!(verdict, Ok(()));
        assert_eq!(out.to_requestor, command(&response(FIND_RQ, 1, NO_DATA, status)));
        assert!(inspector.ledger().tidied().iter().eq([(Tidied::SurplusDataSet, 1)]));
        assert!(inspector.ledger().unsound().is_empty());
        assert_eq!(inspector.phase(), Phase::Open);
    }
}

#[test]
fn a_pending_response_without_a_data_set_passes() {
    let pending = command(&response(FIND_RQ, 1, NO_DATA, PENDING));
    let last = command(&response(FIND_RQ, 1, NO_DATA, SUCCESS));
    let answers = [&pending[..], &last].concat();
    let (out, verdict, inspector) =
        play(&[(Side::Requestor, &asking(FIND_RQ)), (Side::Acceptor, &answers)]);
    assert_eq!((verdict, out.to_requestor), (Ok(()), answers));
    assert!(inspector.ledger().tidied().iter().eq([(Tidied::NoDataSet, 1)]));
}

#[test]
fn a_query_goes_on_behind_a_match_with_the_warning_that_there_are_more() {
    const LIMIT_REACHED: u16 = 0xb001;
    let found = responding(FIND_RQ, LIMIT_REACHED, &at((0x0010, 0x0010), b"A^B "));
    let last = command(&response(FIND_RQ, 1, NO_DATA, SUCCESS));
    let answers = [&found[..], &last].concat();
    let (out, verdict, inspector) =
        play(&[(Side::Requestor, &asking(FIND_RQ)), (Side::Acceptor, &answers)]);
    assert_eq!((verdict, out.to_requestor), (Ok(()), answers));
    assert_eq!(inspector.ledger().operations()[0].status, Some(SUCCESS));
}

#[test]
fn a_query_may_end_with_that_warning_or_go_on() {
    const LIMIT_REACHED: u16 = 0xb001;
    let alone = command(&response(FIND_RQ, 1, NO_DATA, LIMIT_REACHED));
    let more = responding(FIND_RQ, PENDING, &at((0x0010, 0x0010), b"A^B "));
    let last = command(&response(FIND_RQ, 1, NO_DATA, SUCCESS));
    let statuses = |inspector: &Inspector| {
        inspector.ledger().operations().iter().map(|it| it.status).collect::<Vec<_>>()
    };
    let find = asking(FIND_RQ);
    let (out, verdict, inspector) =
        play(&[(Side::Requestor, &find), (Side::Acceptor, &alone), (Side::Requestor, &find)]);
    assert_eq!((verdict, out.to_acceptor), (Ok(()), find.repeat(2)));
    assert_eq!(statuses(&inspector), [Some(LIMIT_REACHED)]);
    let answers = [&alone[..], &more, &last].concat();
    let (out, verdict, inspector) = play(&[(Side::Requestor, &find), (Side::Acceptor, &answers)]);
    assert_eq!((verdict, out.to_requestor), (Ok(()), answers));
    assert_eq!(statuses(&inspector), [Some(LIMIT_REACHED), Some(SUCCESS)]);
    // The next query has begun meanwhile.
    let two = [&find[..], &asking_as(FIND_RQ, 2)].concat();
    let second = command(&response(FIND_RQ, 2, NO_DATA, SUCCESS));
    let answers = [&alone[..], &more, &last, &second].concat();
    let (out, verdict, inspector) = play(&[(Side::Requestor, &two), (Side::Acceptor, &answers)]);
    assert_eq!((verdict, out.to_requestor), (Ok(()), answers));
    assert_eq!(inspector.phase(), Phase::Open);
    let too_late = [&alone[..], &last, &last].concat();
    let (_, verdict, _) = play(&[(Side::Requestor, &find), (Side::Acceptor, &too_late)]);
    assert_eq!(verdict, Err(Fault::UnaskedResponse));
}

#[test]
fn values_in_an_answer_pass_whatever_they_are() {
    let answer = [
        at((0x0008, 0x0005), b"LATIN1"),
        at((0x0008, 0x0016), b"/etc"),
        at((0x0008, 0x0050), b".."),
        at((0x0010, 0x0010), b"DOE^\tJOHN\r\n "),
        at((0x0010, 0x0020), b"/77\0x "),
        at(STUDY, b"../../x\0"),
        at(SERIES, b"LOCALIZER1.2"),
        at((0x0020, 0x0010), &[b'9'; 2000]),
    ];
    let answer = responding(FIND_RQ, PENDING, &answer.concat());
    let pieces: [(Side, &[u8]); 2] =
        [(Side::Requestor, &asking(FIND_RQ)), (Side::Acceptor, &answer)];
    {
        let (out, verdict, inspector) = play(&pieces);
        assert_eq!((verdict, &out.to_requestor), (Ok(()), &answer));
        let met: Vec<_> = inspector.ledger().deviations().iter().collect();
        let expected = [
            (Deviation::CharacterSet, 1),
            (Deviation::Path, 3),
            (Deviation::ControlCharacters, 1),
            (Deviation::UidCharacters, 1),
            (Deviation::Identifier, 2),
        ];
        assert_eq!(met, expected);
    }
}

#[test]
fn a_report_of_the_pacs_passes_what_would_be_withheld() {
    let answer = responding(FIND_RQ, PENDING, &deep());
    let pieces: [(Side, &[u8]); 2] =
        [(Side::Requestor, &asking(FIND_RQ)), (Side::Acceptor, &answer)];
    let (out, verdict, inspector) = play(&pieces);
    assert_eq!((verdict, out.to_requestor.len()), (Ok(()), 0));
    assert_eq!(inspector.ledger().unsound()[0].0.outcome, Outcome::Withheld);
    let reporting = Guarding { mode: Mode::Report, ..Guarding::default() };
    let (out, verdict, inspector) = play_with(reporting, &pieces);
    assert_eq!((verdict, out.to_requestor), (Ok(()), answer));
    assert_eq!(inspector.ledger().unsound()[0].0.outcome, Outcome::Reported);
}

#[test]
fn more_elements_than_the_limit_are_refused_and_bytes_allow_for_more() {
    let many = |count: u16| {
        let elements = (0..count).flat_map(|number| at((0x0041, number), b""));
        [identifiers(INSTANCE), elements.collect()].concat()
    };
    // The group of these private elements is behind that of the identifiers.
    let guarding = Guarding { elements: 104, ..Guarding::default() };
    let verdict = |data_set: &[u8]| {
        let (_, verdict, inspector) =
            play_with(guarding, &[(Side::Requestor, &storing(data_set, 4096))]);
        assert_eq!(verdict, Ok(()));
        inspector.ledger().unsound().first().map(|(unsound, _)| unsound.error)
    };
    assert_eq!(verdict(&many(100)), None);
    assert_eq!(verdict(&many(101)), Some(DataSetError::Elements));
    let mut wide = many(0);
    wide.extend(at((0x0011, 0x0010), &[b'x'; 10 * 1024]));
    let order: Tolerated = [Deviation::Order].into_iter().collect();
    let guarding = Guarding { tolerated: order, ..guarding };
    wide.extend((0..109_u16).flat_map(|number| at((0x0041, number), b"")));
    let (_, _, inspector) = play_with(guarding, &[(Side::Requestor, &storing(&wide, 4096))]);
    assert!(inspector.ledger().unsound().is_empty());
}

/// What the PACS gets of a C-FIND with this identifier, and what was written down.
fn asked(guarding: Guarding, identifier: &[u8]) -> (Vec<u8>, Option<(DataSetError, Outcome)>) {
    let input = [command(&request(FIND_RQ, 1, DATA)), fragments(identifier, 4096)].concat();
    let (out, verdict, inspector) = play_with(guarding, &[(Side::Requestor, &input)]);
    assert_eq!(verdict, Ok(()));
    let unsound = inspector.ledger().unsound().first().map(|(it, _)| (it.error, it.outcome));
    (out.to_acceptor, unsound)
}

#[test]
fn queries_that_harm_a_server_are_answered_and_reach_nobody() {
    let name = (0x0010, 0x0010);
    let wide: Vec<u8> = (0x1000..0x2001).flat_map(|it| at((0x0009, it), b"")).collect();
    let mut endless = at((0x0008, 0x1030), b"");
    endless.splice(4.., (800_u32 << 20).to_le_bytes());
    for (error, identifier) in [
        (DataSetError::Wildcards(Tag::new(0x0010, 0x0010)), at(name, b"*a*a*a*a*a*a*b")),
        (DataSetError::ItemElements, wide),
        (DataSetError::IdentifierLength, endless),
    ] {
        let (passed, unsound) = asked(Guarding::default(), &identifier);
        assert_eq!(unsound, Some((error, Outcome::Refused(0xa900))));
        assert!(passed.is_empty(), "{error:?}");
        let reporting = Guarding { mode: Mode::Report, ..Guarding::default() };
        let (passed, unsound) = asked(reporting, &identifier);
        assert_eq!(unsound, Some((error, Outcome::Reported)));
        assert!(!passed.is_empty(), "{error:?}");
    }
    let bounds = Bounds { wildcards: 8, item_elements: 5000, ..Bounds::USUAL };
    let more = Guarding { bounds, ..Guarding::default() };
    assert_eq!(asked(more, &at(name, b"*a*a*a*a*a*a*b")).1, None);
}

#[test]
fn an_identifier_that_grows_too_long_ends_the_association() {
    let key = |number| at((0x0009, number), &[b'x'; 1024]);
    let identifier: Vec<u8> = (0x1000..0x1400).flat_map(key).collect();
    let input = [command(&request(FIND_RQ, 1, DATA)), fragments(&identifier, 4096)].concat();
    let (out, verdict, _) = play(&[(Side::Requestor, &input)]);
    assert_eq!(verdict, Err(Fault::DataSet(DataSetError::IdentifierLength)));
    assert!(out.to_acceptor.len() < Bounds::USUAL.identifier as usize + 16 * 1024);
}

#[test]
fn matches_of_the_pacs_have_no_bounds() {
    let name = at((0x0010, 0x0010), b"*a*a*a*a*a*a*b");
    let wide: Vec<u8> = (0x1000..0x3000).flat_map(|it| at((0x0041, it), b"")).collect();
    let long = at((0x0041, 0x4000), &vec![b'x'; 2 << 20]);
    let identifier = [name, wide, long].concat();
    let answer =
        [command(&response(FIND_RQ, 1, DATA, PENDING)), fragments(&identifier, 4096)].concat();
    let pieces: [(Side, &[u8]); 2] =
        [(Side::Requestor, &asking(FIND_RQ)), (Side::Acceptor, &answer)];
    let (_, verdict, inspector) = play(&pieces);
    assert_eq!(verdict, Ok(()));
    assert!(inspector.ledger().unsound().is_empty(), "{:?}", inspector.ledger().unsound());
}

#[test]
fn the_data_set_of_an_unsound_message_cannot_smuggle_a_command() {
    let bad = [identifiers("1.2.9"), vec![0; 100]].concat();
    let mut input = command(&request(STORE_RQ, 1, DATA));
    input.extend(one(1, 0, &bad));
    input.extend(command(&request(STORE_RQ, 2, DATA)));
    let (out, verdict, _) = play(&[(Side::Requestor, &input)]);
    assert_eq!((verdict, out.to_acceptor.len()), (Err(Fault::CommandInsideData), 0));
}

/// Elements as they come, sound and less so.
fn any_data_set() -> impl Strategy<Value = Vec<u8>> {
    let group =
        prop_oneof![Just(0x0008u16), Just(0x0009), Just(0x0040), Just(0x7fe0), Just(0xfffe)];
    let number =
        prop_oneof![Just(0x0000u16), Just(0x0018), Just(0x1140), Just(0xe000), Just(0xe00d)];
    let value = prop::collection::vec(any::<u8>(), 0..12);
    let element =
        (group, number, value).prop_map(|(group, number, value)| at((group, number), &value));
    let elements = prop::collection::vec(element, 0..6).prop_map(|elements| elements.concat());
    (any::<bool>(), elements, 0usize..70_000).prop_map(|(is_long, elements, pixels)| {
        let head = if is_long { object(pixels & !1) } else { identifiers(INSTANCE) };
        [head, elements].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_fragments_of_a_data_set_change_no_verdict(
        data_set in any_data_set(),
        odd in any::<bool>(),
        cuts in prop::collection::vec(0usize..40_000, 0..4),
        has_empty_end in any::<bool>(),
    ) {
        let data_set = [&data_set[..], &[7][..usize::from(odd)]].concat();
        let mut input = command(&request(STORE_RQ, 1, DATA));
        let mut rest = &data_set[..];
        for cut in cuts {
            let (piece, tail) = rest.split_at(cut.min(rest.len()));
            input.extend(one(1, 0, piece));
            rest = tail;
        }
        input.extend(one(1, if has_empty_end { 0 } else { LAST }, rest));
        if has_empty_end {
            input.extend(one(1, LAST, &[]));
        }
        let run = |input: &[u8]| {
            let mut fed = Fed::new(association(Guarding::default()));
            let verdict = fed.feed(Side::Requestor, input);
            let Fed { inspector, out, .. } = fed;
            let unsound = inspector.ledger().unsound().to_vec();
            (verdict, out.to_requestor, unsound, inspector.phase())
        };
        prop_assert_eq!(run(&input), run(&storing(&data_set, data_set.len())));
    }

    #[test]
    fn the_cut_of_a_data_set_changes_neither_verdict_nor_output(
        data_set in any_data_set(),
        size in 1usize..3000,
        cut in 1usize..5000,
    ) {
        let input = storing(&data_set, size);
        let run = |piece: usize| {
            let mut fed = Fed::new(association(Guarding::default()));
            let verdict =
                input.chunks(piece).try_for_each(|piece| fed.feed(Side::Requestor, piece));
            let Fed { inspector, out, .. } = fed;
            (verdict, out.to_acceptor, out.to_requestor, inspector.phase())
        };
        let (whole, cut) = (run(usize::MAX), run(cut));
        prop_assert_eq!(&whole.0, &cut.0);
        prop_assert!(whole.1 == cut.1, "to the PACS");
        prop_assert!(whole.2 == cut.2, "to the requestor");
        prop_assert_eq!(whole.3, cut.3);
        if size % 2 == 0 {
            prop_assert!(input.starts_with(&whole.1), "what leaves is a part of what came");
        }
    }
}
