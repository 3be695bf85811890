//! What a command set may hold.

use super::*;

/// A set as it leaves, or why it cannot be read.
fn read(set: &[u8]) -> Result<Vec<u8>, CommandError> {
    Command::read(ContextId::new(1).unwrap(), set).map(|command| command.bytes)
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
    assert_eq!(refused(&[]), CommandError::GroupLength);
    assert_eq!(refused(&whole[..whole.len() - 2]), CommandError::GroupLength);
    let mut lying = whole.clone();
    lying[8] += 2;
    assert_eq!(refused(&lying), CommandError::GroupLength);
    let mut foreign = whole.clone();
    foreign[12] = 8;
    assert_eq!(refused(&foreign), CommandError::Group);
    let mut odd = whole.clone();
    odd[16] = 1;
    assert_eq!(refused(&odd), CommandError::OddLength);
    let mut over = whole;
    over[16] = 0xfe;
    assert_eq!(refused(&over), CommandError::Cut);
    assert_eq!(refused(&cancel(1)[12..]), CommandError::GroupLength);
}

#[test]
fn refuses_elements_twice_and_out_of_order() {
    let mut twice = elements(ECHO_RQ, 1, NO_DATA);
    twice.insert(0, uid(0x0002, CLASS));
    assert_eq!(refused(&set(&twice)), CommandError::Order);
    let mut turned = elements(ECHO_RQ, 1, NO_DATA);
    turned.swap(0, 1);
    assert_eq!(refused(&set(&turned)), CommandError::Order);
    let twice = set(&[number(0x0100, 0x0021), (0x0600, b"CT1 ".into()), (0x0600, b"EV".into())]);
    assert_eq!(refused(&twice), CommandError::Order);
}

#[test]
fn refuses_a_command_without_what_it_must_have() {
    for (field, data, needed) in [
        (ECHO_RQ, NO_DATA, vec![0x0002, 0x0100, 0x0110, 0x0800]),
        (STORE_RQ, DATA, vec![0x0002, 0x0100, 0x0110, 0x0700, 0x0800, 0x1000]),
        (FIND_RQ, DATA, vec![0x0002, 0x0110, 0x0700, 0x0800]),
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
fn refuses_what_a_command_does_not_have() {
    for element in [(0x0600, b"EVIL".to_vec()), (0x0900, vec![0; 2]), (0x0001, vec![0; 4])] {
        let expected = CommandError::Foreign(element.0);
        assert_eq!(refused(&with(ECHO_RQ, NO_DATA, element)), expected);
    }
}

#[test]
fn refuses_numbers_of_another_size() {
    for element in [0x0100, 0x0110, 0x0800] {
        for size in [4, 6] {
            let wrong = with(ECHO_RQ, NO_DATA, (element, vec![0; size]));
            assert_eq!(refused(&wrong), CommandError::Value(element));
        }
    }
    let priority = with(FIND_RQ, DATA, number(0x0700, 3));
    assert_eq!(refused(&priority), CommandError::Value(0x0700));
    let tags = with(FIND_RQ | RESPONSE, NO_DATA, (0x0901, vec![0; 6]));
    assert!(read(&tags).is_err());
}

#[test]
fn refuses_uids_that_are_none() {
    for value in [&b"1..2"[..], b"1.2\\", b"../.", b"1.2\0\0\0", b"1\x002.", b" 1.2", &[b'1'; 66]] {
        let mut value = value.to_vec();
        value.resize(value.len().next_multiple_of(2), b'1');
        let wrong = with(STORE_RQ, DATA, (0x1000, value));
        assert_eq!(refused(&wrong), CommandError::Value(0x1000));
    }
}

#[test]
fn writes_uids_and_titles_with_the_padding_of_the_standard() {
    let expected = with(STORE_RQ, DATA, (0x1000, b"1.2.3\0".to_vec()));
    for value in [b"1.2.3\0", b"1.2.3 "] {
        assert_eq!(read(&with(STORE_RQ, DATA, (0x1000, value.to_vec()))), Ok(expected.clone()));
    }
    for value in [&b"CT1 "[..], b"CT1\0", b" CT1", b"CT1   "] {
        assert_eq!(read(&move_to(value)), Ok(move_to(b"CT1 ")));
    }
    assert_eq!(read(&move_to(b"STORE\0")), Ok(move_to(b"STORE ")));
}

#[test]
fn refuses_titles_that_are_none() {
    for value in [
        &b"CT1\0EV"[..],
        b"\0CT1",
        b"CT\0\0",
        b"CT1\\EVIL",
        b"CT1\n",
        b"    ",
        b"\0\0",
        b"CT1\xb2",
        b"12345678901234567 ",
    ] {
        let mut value = value.to_vec();
        value.resize(value.len().next_multiple_of(2), b' ');
        assert_eq!(refused(&move_to(&value)), CommandError::Value(0x0600), "{value:?}");
    }
    assert_eq!(refused(&move_to(b"")), CommandError::Missing(0x0600));
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
fn a_data_set_follows_where_it_must_and_only_there() {
    let wrong = [
        request(ECHO_RQ, 1, DATA),
        request(STORE_RQ, 1, NO_DATA),
        request(FIND_RQ, 1, NO_DATA),
        response(STORE_RQ, 1, DATA, SUCCESS),
        response(FIND_RQ, 1, NO_DATA, PENDING),
        response(FIND_RQ, 1, DATA, SUCCESS),
        response(0x0010, 1, DATA, PENDING),
    ];
    for set in wrong {
        assert_eq!(refused(&set), CommandError::DataSet);
    }
    for sound in [response(0x0010, 1, DATA, 0xb000), response(0x0021, 1, NO_DATA, PENDING)] {
        assert!(read(&sound).is_ok());
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

/// All that is judged of a command.
fn judged(set: &[u8]) -> Result<String, CommandError> {
    Command::read(ContextId::new(1).unwrap(), set).map(|command| format!("{command:?}"))
}

proptest! {
    #[test]
    fn a_command_that_passes_is_judged_alike_when_it_comes_again(set in any_set()) {
        let Ok(canonical) = read(&set) else { return Ok(()) };
        if canonical.is_empty() {
            // It is not known, and never forwarded.
            return Ok(());
        }
        prop_assert!(canonical.len() <= set.len());
        prop_assert_eq!(judged(&canonical), judged(&set));
    }

    #[test]
    fn what_is_read_is_read_again_as_the_same(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut elements = elements(STORE_RQ, 1, DATA);
        elements.push((0x1030, bytes[..bytes.len() & !1].to_vec()));
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
