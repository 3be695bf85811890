//! What a command set may hold.

use super::*;
use crate::counts::Counts;

/// A set as it leaves, or why it cannot be read.
fn read(set: &[u8]) -> Result<Vec<u8>, CommandError> {
    Command::read(ContextId::new(1).unwrap(), set).map(|command| command.bytes)
}

/// A set as it leaves, and what was put right in it.
fn tidied(set: &[u8]) -> (Vec<u8>, Vec<(Tidied, u32)>) {
    let command = Command::read(ContextId::new(1).unwrap(), set).unwrap();
    let tidied = command.tidied.iter().collect();
    (command.bytes, tidied)
}

fn refused(set: &[u8]) -> CommandError {
    read(set).unwrap_err()
}

/// A request with one element put in or taken for another.
fn with(field: u16, data: u16, element: (u16, Vec<u8>)) -> Vec<u8> {
    let mut elements = elements(field, 1, data);
    elements.retain(|(number, _)| *number != element.0);
    elements.push(element);
    elements.sort_by_key(|(number, _)| *number);
    set(&elements)
}

fn without(field: u16, data: u16, element: u16) -> Vec<u8> {
    let mut elements = elements(field, 1, data);
    elements.retain(|(number, _)| *number != element);
    set(&elements)
}

fn move_to(destination: &[u8]) -> Vec<u8> {
    set(&[
        uid(0x0002, CLASS),
        number(0x0100, 0x0021),
        number(0x0110, 1),
        (0x0600, destination.to_vec()),
        number(0x0700, 0),
        number(0x0800, DATA),
    ])
}

#[test]
fn a_canonical_set_leaves_as_it_came() {
    for whole in [
        request(ECHO_RQ, 1, NO_DATA),
        request(STORE_RQ, 2, DATA),
        request(FIND_RQ, 3, DATA),
        response(STORE_RQ, 4, NO_DATA, SUCCESS),
        response(FIND_RQ, 5, DATA, PENDING),
        cancel(6),
        move_to(b"CT1 "),
    ] {
        assert_eq!(read(&whole), Ok(whole));
    }
}

#[test]
fn refuses_a_set_that_is_no_list_of_elements() {
    let whole = request(ECHO_RQ, 1, NO_DATA);
    assert_eq!(refused(&[]), CommandError::Missing(0x0100));
    for end in 1..whole.len() {
        assert!(
            matches!(refused(&whole[..end]), CommandError::Cut | CommandError::Missing(_)),
            "{end}"
        );
    }
    for length in [[0xfe, 0, 0, 0], [0xff; 4]] {
        let mut over = whole.clone();
        over[16..20].copy_from_slice(&length);
        assert_eq!(refused(&over), CommandError::Cut);
    }
    let behind = [&whole[..], &[8, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]].concat();
    assert_eq!(refused(&behind), CommandError::Cut);
}

#[test]
fn a_missing_or_wrong_group_length_is_written_anew() {
    let whole = request(ECHO_RQ, 1, NO_DATA);
    let group_length = vec![(Tidied::GroupLength, 1)];
    for length in [0_u32, 1, 54, 58, 1000, u32::MAX] {
        let mut lying = whole.clone();
        lying[8..12].copy_from_slice(&length.to_le_bytes());
        assert_eq!(tidied(&lying), (whole.clone(), group_length.clone()), "{length}");
    }
    assert_eq!(tidied(&whole[12..]), (whole.clone(), group_length.clone()));
    for odd in [&[0, 0, 0, 0, 2, 0, 0, 0, 56, 0][..], &[0; 8]] {
        let odd = [odd, &whole[12..]].concat();
        assert_eq!(tidied(&odd), (whole.clone(), group_length.clone()));
    }
    // Shorter than a group length.
    assert_eq!(refused(&[0; 8]), CommandError::Missing(0x0100));
}

#[test]
fn elements_out_of_order_are_put_in_order() {
    let whole = request(STORE_RQ, 1, DATA);
    let mut turned = elements(STORE_RQ, 1, DATA);
    turned.reverse();
    assert_eq!(tidied(&set(&turned)), (whole.clone(), vec![(Tidied::Order, 1)]));
    let behind = [&whole[12..], &whole[..12]].concat();
    assert_eq!(tidied(&behind), (whole, vec![(Tidied::Order, 1)]));
}

#[test]
fn elements_of_other_groups_are_dropped_wherever_they_are() {
    let whole = request(ECHO_RQ, 1, NO_DATA);
    // As Orthanc appends the instances that have failed.
    let failed = [8, 0, 0x58, 0, 4, 0, 0, 0, b'1', b'.', b'2', 0];
    let length = [8, 0, 0, 0, 4, 0, 0, 0, 12, 0, 0, 0];
    for set in [
        [&whole[..], &length, &failed].concat(),
        [&length[..], &failed, &whole].concat(),
        [&whole[..12], &length, &failed, &whole[12..]].concat(),
    ] {
        assert_eq!(tidied(&set), (whole.clone(), vec![(Tidied::Group, 2)]));
    }
}

#[test]
fn an_element_of_odd_length_is_padded() {
    let expected = with(STORE_RQ, DATA, (0x1000, b"1.2.3\0".to_vec()));
    let odd = with(STORE_RQ, DATA, (0x1000, b"1.2.3".to_vec()));
    assert_eq!(tidied(&odd), (expected, vec![(Tidied::OddLength, 1)]));
}

#[test]
fn refuses_elements_twice() {
    for element in [uid(0x0002, CLASS), number(0x0110, 2), (0x7777, vec![0; 2])] {
        let mut twice = elements(ECHO_RQ, 1, NO_DATA);
        twice.retain(|(number, _)| *number != element.0);
        twice.extend([element.clone(), element.clone()]);
        assert_eq!(refused(&set(&twice)), CommandError::Repeated(element.0));
    }
    let whole = request(ECHO_RQ, 1, NO_DATA);
    let lengths = [&whole[..12], &whole].concat();
    assert_eq!(refused(&lengths), CommandError::Repeated(0x0000));
    let twice = set(&[number(0x0100, 0x0021), (0x0600, b"CT1 ".into()), (0x0600, b"EV".into())]);
    assert_eq!(refused(&twice), CommandError::Repeated(0x0600));
}

#[test]
fn refuses_a_command_without_what_it_must_have() {
    for (field, data, needed) in [
        (ECHO_RQ, NO_DATA, vec![0x0002, 0x0100, 0x0110, 0x0800]),
        (STORE_RQ, DATA, vec![0x0002, 0x0100, 0x0110, 0x0800, 0x1000]),
        (FIND_RQ, DATA, vec![0x0002, 0x0110, 0x0800]),
    ] {
        for element in needed {
            assert_eq!(refused(&without(field, data, element)), CommandError::Missing(element));
            let empty = with(field, data, (element, Vec::new()));
            let expected = if element == 0x0100 {
                CommandError::Value(element)
            } else {
                CommandError::Missing(element)
            };
            assert_eq!(refused(&empty), expected);
        }
    }
}

#[test]
fn what_a_command_does_not_have_is_dropped() {
    let whole = request(ECHO_RQ, 1, NO_DATA);
    for element in [
        number(0x0700, 1),
        (0x0600, b"EVIL".to_vec()),
        (0x0900, vec![0; 2]),
        (0x0001, vec![0; 4]),
        (0x4000, b"TEXT".to_vec()),
        (0x7777, vec![0; 3]),
    ] {
        let (bytes, what) = tidied(&with(ECHO_RQ, NO_DATA, element));
        assert_eq!((bytes, what.contains(&(Tidied::Surplus, 1))), (whole.clone(), true));
    }
    let mut full = vec![uid(0x0002, CLASS), number(0x0100, CANCEL), number(0x0110, 9)];
    full.extend([number(0x0120, 6), number(0x0700, 0), number(0x0800, NO_DATA)]);
    assert_eq!(tidied(&set(&full)), (cancel(6), vec![(Tidied::Surplus, 3)]));
}

#[test]
fn a_priority_that_is_none_becomes_medium() {
    for field in [FIND_RQ, STORE_RQ] {
        let whole = request(field, 1, DATA);
        let noted = vec![(Tidied::Priority, 1)];
        for value in [&[3, 0][..], &[0xff, 0xff], &[0; 4], &[]] {
            let wrong = with(field, DATA, (0x0700, value.to_vec()));
            assert_eq!(tidied(&wrong), (whole.clone(), noted.clone()));
        }
        assert_eq!(tidied(&without(field, DATA, 0x0700)), (whole, noted));
        for value in [1, 2] {
            let sound = with(field, DATA, number(0x0700, value));
            assert_eq!(tidied(&sound), (sound.clone(), vec![]));
        }
    }
}

#[test]
fn refuses_numbers_of_another_size() {
    for element in [0x0100, 0x0110, 0x0800] {
        for size in [1, 4, 6] {
            let wrong = with(ECHO_RQ, NO_DATA, (element, vec![0; size]));
            assert_eq!(refused(&wrong), CommandError::Value(element));
        }
    }
    let attributes = |size| {
        set(&[
            uid(0x0003, CLASS),
            number(0x0100, 0x0110),
            number(0x0110, 1),
            number(0x0800, NO_DATA),
            uid(0x1001, INSTANCE),
            (0x1005, vec![0; size]),
        ])
    };
    assert_eq!(refused(&attributes(6)), CommandError::Value(0x1005));
    assert!(read(&attributes(8)).is_ok());
}

#[test]
fn what_nobody_acts_on_is_dropped_where_it_is_malformed() {
    let answer = |more: Option<(u16, Vec<u8>)>| {
        let mut elements = vec![
            number(0x0100, FIND_RQ | RESPONSE),
            number(0x0120, 1),
            number(0x0800, NO_DATA),
            number(0x0900, 0xc000),
        ];
        elements.extend(more);
        elements.sort_by_key(|(number, _)| *number);
        set(&elements)
    };
    for element in
        [uid(0x0002, "none"), (0x0901, vec![0; 6]), (0x0903, vec![0; 4]), uid(0x1000, "../1")]
    {
        let noted = vec![(Tidied::Value, 1)];
        assert_eq!(tidied(&answer(Some(element))), (answer(None), noted));
    }
    let whole = request(STORE_RQ, 1, DATA);
    for element in [(0x1030, b"CT1\\".to_vec()), (0x1031, vec![0; 4])] {
        let (bytes, what) = tidied(&with(STORE_RQ, DATA, element));
        assert_eq!((bytes, what), (whole.clone(), vec![(Tidied::Value, 1)]));
    }
}

#[test]
fn refuses_uids_that_are_none() {
    for value in [
        &b"1.2\\3"[..],
        b"../.",
        b"..",
        b"1.2\0\x003",
        b"1\x002.",
        b" 1.2",
        b"C:1",
        b"1;2",
        &[b'1'; 66],
    ] {
        let wrong = with(STORE_RQ, DATA, (0x1000, value.to_vec()));
        assert_eq!(refused(&wrong), CommandError::Value(0x1000), "{value:?}");
    }
    for value in [&b"1..2"[..], b"1.2.", b"1.2A"] {
        let wrong = with(STORE_RQ, DATA, (0x0002, value.to_vec()));
        assert_eq!(refused(&wrong), CommandError::Value(0x0002), "{value:?}");
    }
}

#[test]
fn an_instance_with_letters_or_a_dot_too_many_passes_as_it_is() {
    for value in [b"1..2", b"1.2.", b".1.2", b"LOC1", b"1_-2"] {
        let whole = with(STORE_RQ, DATA, (0x1000, value.to_vec()));
        let noted = vec![(Tidied::InstanceUid, 1)];
        assert_eq!(tidied(&whole), (whole.clone(), noted), "{value:?}");
    }
}

#[test]
fn writes_uids_and_titles_with_the_padding_of_the_standard() {
    let expected = with(STORE_RQ, DATA, (0x1000, b"1.2.3\0".to_vec()));
    // Some devices send the whole buffer of 64 bytes.
    let buffer = [&b"1.2.3"[..], &[0; 59]].concat();
    for value in [&b"1.2.3\0"[..], b"1.2.3 ", &buffer] {
        assert_eq!(read(&with(STORE_RQ, DATA, (0x1000, value.to_vec()))), Ok(expected.clone()));
    }
    for value in [&b"CT1 "[..], b"CT1\0", b" CT1", b"CT1   ", b"CT1\0\0\0\0\0"] {
        assert_eq!(read(&move_to(value)), Ok(move_to(b"CT1 ")));
    }
    assert_eq!(read(&move_to(b"STORE\0")), Ok(move_to(b"STORE ")));
    assert_eq!(read(&move_to(b"CT1             ")), Ok(move_to(b"CT1 ")));
    assert_eq!(read(&move_to(b"1234567890123456")), Ok(move_to(b"1234567890123456")));
}

#[test]
fn a_destination_that_is_no_title_is_none() {
    for value in [
        &b"CT1\0EV"[..],
        b"\0CT1",
        b"CT\0\0E",
        b"CT1\\EVIL",
        b"CT1\n",
        b"    ",
        b"\0\0",
        b"CT1\xb2",
        b"12345678901234567 ",
        b"CT1               ",
        b"",
    ] {
        let command = Command::read(ContextId::new(1).unwrap(), &move_to(value)).unwrap();
        assert_eq!(command.destination, None, "{value:?}");
    }
}

#[test]
fn an_optional_element_without_a_value_is_left_out() {
    let bare = request(STORE_RQ, 1, DATA);
    assert_eq!(read(&with(STORE_RQ, DATA, (0x1030, Vec::new()))), Ok(bare));
    let named = with(STORE_RQ, DATA, (0x1030, b"CT1 ".to_vec()));
    assert_eq!(read(&named), Ok(named));
}

#[test]
fn a_comment_leaves_as_plain_text() {
    let failed = |comment: &[u8]| {
        set(&[
            number(0x0100, STORE_RQ | RESPONSE),
            number(0x0120, 1),
            number(0x0800, NO_DATA),
            number(0x0900, 0xc000),
            (0x0902, comment.to_vec()),
        ])
    };
    assert_eq!(read(&failed(b"disk full ")), Ok(failed(b"disk full ")));
    assert_eq!(read(&failed(b"a\x1b[2J\xe4\\b")), Ok(failed(b"a?[2J??b")));
    assert_eq!(read(&failed(&[b'x'; 500])), Ok(failed(&[b'x'; 64])));
}

#[test]
fn a_data_set_follows_a_request_where_it_must_and_only_there() {
    let wrong =
        [request(ECHO_RQ, 1, DATA), request(STORE_RQ, 1, NO_DATA), request(FIND_RQ, 1, NO_DATA)];
    for set in wrong {
        assert_eq!(refused(&set), CommandError::DataSet);
    }
    for sound in [response(0x0010, 1, DATA, 0xb000), response(0x0021, 1, NO_DATA, PENDING)] {
        assert_eq!(tidied(&sound), (sound.clone(), vec![]));
    }
}

#[test]
fn a_data_set_behind_a_response_that_has_none_does_not_pass_with_it() {
    for (field, status) in [
        (STORE_RQ, SUCCESS),
        (ECHO_RQ, SUCCESS),
        (FIND_RQ, SUCCESS),
        (FIND_RQ, 0xa700),
        (0x0010, PENDING),
        (0x0150, SUCCESS),
    ] {
        let announced = response(field, 1, DATA, status);
        let command = Command::read(ContextId::new(1).unwrap(), &announced).unwrap();
        assert_eq!((command.follows, command.has_data_set()), (Follows::Surplus, true));
        assert_eq!(command.bytes, response(field, 1, NO_DATA, status));
    }
}

#[test]
fn only_queries_and_retrievals_go_on_behind_a_response() {
    for field in [ECHO_RQ, STORE_RQ, 0x0140] {
        let pending = response(field, 1, NO_DATA, PENDING);
        assert_eq!(refused(&pending), CommandError::Value(0x0900));
    }
    assert_eq!(refused(&response(0x0021, 1, NO_DATA, 0xff01)), CommandError::Value(0x0900));
    assert!(read(&response(FIND_RQ, 1, DATA, 0xff01)).is_ok());
}

#[test]
fn refuses_the_response_to_what_nobody_can_ask() {
    assert_eq!(refused(&response(0x0200, 1, NO_DATA, SUCCESS)), CommandError::UnknownResponse);
    assert_eq!(refused(&response(0x0fff, 1, NO_DATA, SUCCESS)), CommandError::UnknownResponse);
}

/// Values of the right kind for an element, and of others.
fn any_value(element: u16) -> BoxedStrategy<Vec<u8>> {
    let number = any::<u16>().prop_map(|it| it.to_le_bytes().to_vec()).boxed();
    let other = prop::collection::vec(any::<u8>(), 0..20).boxed();
    let usual = match element {
        0x0002 | 0x0003 | 0x1000 | 0x1001 => {
            "[0-9]{1,9}(\\.[0-9]{1,9}){0,6}[ \0]{0,2}".prop_map(String::into_bytes).boxed()
        }
        0x0600 | 0x1030 => "[ A-Z]{1,16}\0?".prop_map(String::into_bytes).boxed(),
        0x0902 => prop::collection::vec(any::<u8>(), 0..80).boxed(),
        0x0901 | 0x1005 => {
            prop::collection::vec(any::<[u8; 4]>(), 0..300).prop_map(|tags| tags.concat()).boxed()
        }
        0x0700 => (0..4_u16).prop_map(|it| it.to_le_bytes().to_vec()).boxed(),
        0x0900 => prop::sample::select(vec![SUCCESS, PENDING, 0xff01, 0xb000])
            .prop_map(|it| it.to_le_bytes().to_vec())
            .boxed(),
        _ => number,
    };
    let even = |mut value: Vec<u8>| {
        value.resize(value.len().next_multiple_of(2), 0);
        value
    };
    prop_oneof![30 => usual, 1 => other].prop_map(even).boxed()
}

/// The elements of requests besides those that all have, and those that some responses have
/// (PS3.7 sections 9.3 and 10.3).
const REQUESTS: [(u16, &[u16]); 11] = [
    (STORE_RQ, &[0x0002, 0x0110, 0x0700, 0x1000, 0x1030, 0x1031]),
    (0x0010, &[0x0002, 0x0110, 0x0700]),
    (FIND_RQ, &[0x0002, 0x0110, 0x0700]),
    (0x0021, &[0x0002, 0x0110, 0x0600, 0x0700]),
    (ECHO_RQ, &[0x0002, 0x0110]),
    (0x0100, &[0x0002, 0x0110, 0x1000, 0x1002]),
    (0x0110, &[0x0003, 0x0110, 0x1001, 0x1005]),
    (0x0120, &[0x0003, 0x0110, 0x1001]),
    (0x0130, &[0x0003, 0x0110, 0x1001, 0x1008]),
    (0x0140, &[0x0002, 0x0110, 0x1000]),
    (0x0150, &[0x0003, 0x0110, 0x1001]),
];
const OF_RESPONSES: [u16; 13] = [
    0x0002, 0x0901, 0x0902, 0x0903, 0x1000, 0x1002, 0x1005, 0x1008, 0x1020, 0x1021, 0x1022, 0x1023,
    0x1030,
];

/// Sets with most of what their command may have.
fn any_set() -> impl Strategy<Value = Vec<u8>> {
    let request = prop::sample::select(REQUESTS.to_vec())
        .prop_map(|(field, elements)| (field, elements.to_vec()));
    let response = prop::sample::subsequence(OF_RESPONSES.to_vec(), 0..4);
    let response = (prop::sample::select(REQUESTS.to_vec()), response)
        .prop_map(|((field, _), own)| (field | RESPONSE, [&[0x0120, 0x0900], &own[..]].concat()));
    let cancel = Just((CANCEL, vec![0x0120]));
    let data = prop::sample::select(vec![NO_DATA, DATA]);
    (prop_oneof![4 => request, 4 => response, 1 => cancel], data).prop_flat_map(
        |((field, mut numbers), data)| {
            numbers.extend([0x0100, 0x0800]);
            numbers.sort_unstable();
            let elements: Vec<_> = numbers
                .into_iter()
                .map(|number| {
                    let value = match number {
                        0x0100 => Just(field.to_le_bytes().to_vec()).boxed(),
                        0x0800 => Just(data.to_le_bytes().to_vec()).boxed(),
                        _ => any_value(number),
                    };
                    prop::option::weighted(0.97, (Just(number), value))
                })
                .collect();
            elements.prop_map(|elements| set(&elements.into_iter().flatten().collect::<Vec<_>>()))
        },
    )
}

/// All that is judged of a command, but for what was put right.
fn judged(set: &[u8]) -> Result<String, CommandError> {
    let command = Command::read(ContextId::new(1).unwrap(), set)?;
    let follows = match command.follows {
        Follows::Surplus => Follows::Nothing,
        follows @ (Follows::Nothing | Follows::DataSet) => follows,
    };
    Ok(format!("{:?}", Command { tidied: Counts::default(), follows, ..command }))
}

proptest! {
    #[test]
    fn a_command_that_passes_is_judged_alike_when_it_comes_again(set in any_set()) {
        let Ok(canonical) = read(&set) else { return Ok(()) };
        if canonical.is_empty() {
            // It is not known, and never forwarded.
            return Ok(());
        }
        // A priority may be supplied.
        prop_assert!(canonical.len() <= set.len() + 10);
        prop_assert_eq!(judged(&canonical), judged(&set));
    }

    #[test]
    fn what_is_read_is_read_again_as_the_same(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut elements = elements(STORE_RQ, 1, DATA);
        elements.push((0x1030, bytes));
        if let Ok(canonical) = read(&set(&elements)) {
            prop_assert_eq!(read(&canonical), Ok(canonical));
        }
    }

    #[test]
    fn no_bytes_are_too_odd_to_be_judged(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(canonical) = read(&bytes) {
            prop_assert_eq!(read(&canonical), Ok(canonical));
        }
    }
}
