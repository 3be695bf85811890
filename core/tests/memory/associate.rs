//! A-ASSOCIATE-RQ and -AC of nothing but what costs most.

use pacsgate_core::wire::associate::{MAX_ASSOCIATE_LENGTH, ReceivedAc, ReceivedRq};

use crate::limits::{ASSOCIATE, ASSOCIATE_BASE, ASSOCIATE_FACTOR, peak};

const LONGEST: usize = MAX_ASSOCIATE_LENGTH as usize;
/// The most that an item can hold.
const ITEM: usize = 65_535;

fn item(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[kind, 0][..], &length, content].concat()
}

/// What stands before the contexts.
fn head() -> Vec<u8> {
    let titles = b"PACS            CT1             ";
    [&[0, 1, 0, 0][..], titles, &[0; 32], &item(0x10, b"1.2.840.10008.3.1.1.1")].concat()
}

fn user(more: &[u8]) -> Vec<u8> {
    item(0x50, &[&item(0x51, &[0, 0, 64, 0])[..], &item(0x52, b"1.2"), more].concat())
}

/// As many sub-items as fit beside others, each of another number.
fn many(of: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    let mut all = Vec::new();
    for number in 0.. {
        let next = of(&number.to_string());
        if all.len() + next.len() > ITEM - 100 {
            break;
        }
        all.extend(next);
    }
    all
}

fn role(class: &str) -> Vec<u8> {
    item(0x54, &[&sized(class)[..], &[1, 0]].concat())
}

fn extended(class: &str) -> Vec<u8> {
    item(0x56, &[&sized(class)[..], &[1]].concat())
}

fn sized(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat()
}

/// A proposed context of this id with so many transfer syntaxes, the shortest that there are.
fn proposed(id: u8, syntaxes: usize) -> Vec<u8> {
    let syntaxes = item(0x40, b"1").repeat(syntaxes);
    item(0x20, &[&[id, 0, 0, 0][..], &item(0x30, b"1"), &syntaxes].concat())
}

fn result(id: u8) -> Vec<u8> {
    item(0x21, &[&[id, 0, 0, 0][..], &item(0x40, &[b'1'; 64])].concat())
}

/// What reading it takes, within the limits.
fn taken(body: &[u8]) -> usize {
    assert!(body.len() <= LONGEST);
    // The table of the UIDs that the standard has named is made once, and costs no request anything.
    assert!(ReceivedRq::parse(&[&head()[..], &user(&[]), &proposed(1, 1)].concat()).is_ok());
    let read = [peak(|| drop(ReceivedRq::parse(body))), peak(|| drop(ReceivedAc::parse(body)))];
    for taken in read {
        let limit = ASSOCIATE_FACTOR * body.len() + ASSOCIATE_BASE;
        assert!(taken <= limit, "{taken} bytes for {} received", body.len());
        assert!(taken <= ASSOCIATE, "{taken} bytes");
    }
    read.into_iter().max().unwrap_or_default()
}

#[test]
fn lying_lengths_allocate_nothing() {
    for kind in 0..=u8::MAX {
        let lying = [&head()[..], &[kind, 0, 0xff, 0xff, 1, 0, 0, 0]].concat();
        assert!(taken(&lying) < ASSOCIATE_BASE);
        let inside = [&head()[..], &item(0x50, &[kind, 0, 0xff, 0xff, 0xff, 0xff])].concat();
        assert!(taken(&inside) < ASSOCIATE_BASE);
    }
}

#[test]
fn many_sub_items_stay_within_the_limit() {
    for sub_items in [many(role), many(extended), many(|name| item(0x60, name.as_bytes()))] {
        let request = [head(), proposed(1, 1), user(&sub_items)].concat();
        assert!(ReceivedRq::parse(&request).is_ok());
        taken(&request);
        let answer = [head(), result(1), user(&sub_items)].concat();
        assert!(ReceivedAc::parse(&answer).is_ok());
        taken(&answer);
        let short = &sub_items[..sub_items.len() / 3];
        taken(&[head(), proposed(1, 1), user(short)].concat());
    }
}

#[test]
fn the_longest_request_stays_within_the_limit() {
    let user = user(&many(extended));
    let contexts: Vec<u8> = (0..3).flat_map(|n| proposed(2 * n + 1, 13_000)).collect();
    let request = [head(), contexts, user.clone()].concat();
    assert!(ReceivedRq::parse(&request).is_ok());
    assert!(taken(&request) > ASSOCIATE / 2, "the limit is far off");
    // The second is read before it is one too many.
    taken(&[head(), user.clone(), proposed(1, 13_000), proposed(3, 13_000), user].concat());
}

#[test]
fn every_context_with_its_longest_name_stays_within_the_limit() {
    let ids = || (0..=u8::MAX).filter(|id| id % 2 == 1);
    let results: Vec<u8> = ids().flat_map(result).collect();
    taken(&[head(), results, user(&[])].concat());
    let contexts: Vec<u8> = ids().flat_map(|id| proposed(id, 400)).collect();
    taken(&[head(), contexts, user(&[])].concat());
}
