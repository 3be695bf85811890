//! Data sets with damage that the gate does not see as such.

use super::random::Random;
use super::tree::Written;

/// Bytes that mean something in a header: VRs, tags and lengths that readers treat apart.
const WORDS: [&[u8]; 26] = [
    b"\xfe\xff\x00\xe0",
    b"\xff\xfe\xe0\x00",
    b"\xfe\xff\x0d\xe0\0\0\0\0",
    b"\xfe\xff\xdd\xe0\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\xfe\xff\x00\xe0\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\0\0",
    b"\x02\0",
    b"\x08\0\0\0",
    b"SQ\0\0",
    b"UN\0\0",
    b"OB\0\0",
    b"UT\0\0",
    b"OW",
    b"UN",
    b"LO",
    b"UI",
    b"US",
    b"SV",
    b"\xe0\x7f\x10\0",
    b"\x08\0\x40\x11",
    b"\x09\0\x10\x10",
    b"\x01\x20\x5f\x10",
    b"\x10\0",
    b"\x30\x30",
];

/// One to three changes, most of them in headers.
pub(super) fn mutant(random: &mut Random, written: &Written) -> Vec<u8> {
    let mut bytes = written.bytes.clone();
    for _ in 0..=random.below(3) {
        let at = place(random, written).min(bytes.len().saturating_sub(1));
        change(random, &mut bytes, at, written);
    }
    bytes
}

fn place(random: &mut Random, written: &Written) -> usize {
    if random.once_in(4) {
        return random.below(written.bytes.len());
    }
    random.pick(&written.headers) + random.below(12)
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, at: usize, written: &Written) {
    let left = bytes.len() - at;
    match random.below(9) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.byte(),
        2 | 3 => {
            let word = random.pick(&WORDS);
            let length = word.len().min(left);
            bytes[at..at + length].copy_from_slice(&word[..length]);
        }
        4 => drop(bytes.splice(at..at, random.pick(&WORDS).iter().copied())),
        5 => {
            // A length that grows or shrinks a little.
            let by = random.pick(&[1, 2, 4, 8, 0xfe, 0xff, 0xfc, 0xf8]);
            bytes[at] = bytes[at].wrapping_add(by);
        }
        6 => drop(bytes.drain(at..at + left.min(1 + random.below(12)))),
        7 => {
            // An element or a part of one, twice or elsewhere.
            let from = random.pick(&written.headers).min(bytes.len());
            let to = random.pick(&written.headers).min(bytes.len());
            let part = bytes[from.min(to)..from.max(to)].to_vec();
            drop(bytes.splice(at..at, part));
        }
        _ => bytes.swap(at, at + usize::from(left > 1)),
    }
    if bytes.is_empty() {
        bytes.push(0);
    }
}
