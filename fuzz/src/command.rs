//! A command set: one byte for the context, one for the sender and the coding, then the set as it
//! is, or its elements behind a true group length: which, how long, and the value.

use pacsgate_core::inspector::{Guarding, Mode, Out};
use pacsgate_core::side::Side;

use crate::input::Input;
use crate::inspector::{CONTEXTS, DESTINATION, INSTANCE, Run, command, fragment};

/// The elements of commands (PS3.7 annex E).
const NUMBERS: [u16; 24] = [
    0x0000, 0x0002, 0x0003, 0x0100, 0x0110, 0x0120, 0x0600, 0x0700, 0x0800, 0x0900, 0x0901, 0x0902,
    0x0903, 0x1000, 0x1001, 0x1002, 0x1005, 0x1008, 0x1020, 0x1021, 0x1022, 0x1023, 0x1030, 0x1031,
];
/// A longer value than any that one byte tells.
const LONG: usize = 9000;
/// The group length and the priority.
const SUPPLIED: usize = 12 + 10;
/// More than a command set may hold.
const MOST: usize = 80_000;

/// A command that passes grows by no more than what is supplied, and passes again as it is.
///
/// # Panics
///
/// If it does not.
pub fn holds(input: &[u8]) {
    let mut input = Input(input);
    let (context, choice) = (input.byte(), input.byte());
    let side = if choice & 1 == 0 { Side::Requestor } else { Side::Acceptor };
    let set = if choice & 2 == 0 { of_elements(context, &mut input) } else { input.0.to_vec() };

    let mut first = prepared(context, side, &set);
    first.feed(side, framed(context, &set).iter().map(Vec::as_slice));
    let passed = contents(first.out.towards(side.other()));
    if first.verdict.is_err() || passed.is_empty() {
        return;
    }
    assert!(passed.len() <= set.len() + SUPPLIED, "{} bytes of {}", passed.len(), set.len());
    let mut second = prepared(context, side, &passed);
    second.feed(side, framed(context, &passed).iter().map(Vec::as_slice));
    assert_eq!(second.verdict, Ok(()));
    assert!(contents(second.out.towards(side.other())) == passed, "a second gate changes it");
}

fn of_elements(context: u8, input: &mut Input<'_>) -> Vec<u8> {
    let class = CONTEXTS.get(usize::from(context / 2)).map_or("", |(class, ..)| class);
    let mut body = Vec::new();
    while !input.0.is_empty() && body.len() < MOST {
        let number = NUMBERS[usize::from(input.byte()) % NUMBERS.len()].to_le_bytes();
        let value = match input.byte() {
            0xff => even(class.as_bytes()),
            0xfe => even(INSTANCE.as_bytes()),
            0xfd => DESTINATION.to_vec(),
            0xfc => vec![input.byte(); LONG],
            length => (0..length).map(|_| input.byte()).collect(),
        };
        let length = u32::try_from(value.len()).expect("short").to_le_bytes();
        body.extend([&[0, 0], &number[..], &length, &value].concat());
    }
    let length = u32::try_from(body.len()).expect("short").to_le_bytes();
    [&[0, 0, 0, 0, 4, 0, 0, 0], &length[..], &body].concat()
}

fn even(text: &[u8]) -> Vec<u8> {
    let mut value = text.to_vec();
    value.resize(value.len().next_multiple_of(2), 0);
    value
}

/// The set in fragments that fit.
fn framed(context: u8, set: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = set.chunks(4090).peekable();
    let mut framed = Vec::new();
    while let Some(piece) = pieces.next() {
        framed.push(fragment(context, if pieces.peek().is_none() { 3 } else { 1 }, piece));
    }
    framed
}

/// An inspector to which this set, if it is a response, is a response that is asked for.
fn prepared(context: u8, side: Side, set: &[u8]) -> Run {
    let mut run = Run::new(
        pacsgate_core::direction::Direction::Inward,
        Guarding { mode: Mode::Report, ..Guarding::default() },
    );
    let (field, id) = (number(set, 0x0100), number(set, 0x0120));
    if let (Some(field @ 0x8000..), Some(id)) = (field, id) {
        let field = field & 0x7fff;
        let has_data_set = !matches!(field, 0x0030 | 0x0110 | 0x0150);
        let last = u8::from(has_data_set);
        let asked = command(context, field, id.to_le_bytes()[0], last);
        let mut message = fragment(context, 3, &asked);
        if has_data_set {
            message.extend(fragment(context, 2, &[0; 8]));
        }
        run.feed(side.other(), [&message[..]].into_iter());
        run.out = Out::default();
    }
    run
}

/// The first number of this element, wherever it seems to stand.
fn number(set: &[u8], element: u16) -> Option<u16> {
    let [low, high] = element.to_le_bytes();
    let header = [0, 0, low, high, 2, 0, 0, 0];
    let place = set.windows(10).position(|part| part.starts_with(&header))?;
    Some(u16::from_le_bytes([set[place + 8], set[place + 9]]))
}

/// What the PDUs of an output hold.
fn contents(mut out: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    while let [4, 0, a, b, c, d, rest @ ..] = out {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        all.extend_from_slice(&rest[6..length]);
        out = &rest[length..];
    }
    assert!(out.is_empty(), "a command is not written whole");
    all
}
