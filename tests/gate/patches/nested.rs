//! Sequences within sequences, in every form in which a server looks into them.

use super::elements::little;

/// Enough to run a server's reader out of its stack.
pub(super) const DEPTH: usize = 25_000;

const UNDEFINED: u32 = 0xffff_ffff;
const ITEM: [u8; 4] = [0xfe, 0xff, 0x00, 0xe0];

/// A tag whose sequence is known to the dictionary alone.
pub(super) const REFERENCED_IMAGE: (u16, u16) = (0x0008, 0x1140);
/// A private tag.
pub(super) const PRIVATE: (u16, u16) = (0x0009, 0x1010);

/// Implicit VR, undefined lengths.
pub(super) fn implicit_undefined(tag: (u16, u16)) -> Vec<u8> {
    let one = [&little(tag), undefined().as_slice(), &ITEM, &undefined()].concat();
    one.repeat(DEPTH)
}

/// Implicit VR, defined lengths.
pub(super) fn implicit_defined(tag: (u16, u16)) -> Vec<u8> {
    let one = |inside: u32| {
        let outer = (inside + 8).to_le_bytes();
        [&little(tag), outer.as_slice(), &ITEM, &inside.to_le_bytes()].concat()
    };
    inside_out(16, one)
}

/// Explicit VR Little Endian, undefined lengths.
pub(super) fn explicit_undefined(tag: (u16, u16), vr: [u8; 2]) -> Vec<u8> {
    let outer = [&little(tag), vr.as_slice(), &[0, 0], &undefined()].concat();
    [outer.as_slice(), &ITEM, &undefined()].concat().repeat(DEPTH)
}

/// Explicit VR Little Endian, defined lengths.
pub(super) fn explicit_defined(tag: (u16, u16)) -> Vec<u8> {
    let one = |inside: u32| {
        let outer = (inside + 8).to_le_bytes();
        [&little(tag), b"SQ\0\0".as_slice(), &outer, &ITEM, &inside.to_le_bytes()].concat()
    };
    inside_out(20, one)
}

/// Explicit VR Big Endian, undefined lengths.
pub(super) fn big_endian((group, element): (u16, u16)) -> Vec<u8> {
    let tag = [group.to_be_bytes(), element.to_be_bytes()].concat();
    let outer = [tag.as_slice(), b"SQ\0\0", &undefined()].concat();
    [outer.as_slice(), &[0xff, 0xfe, 0xe0, 0x00], &undefined()].concat().repeat(DEPTH)
}

fn undefined() -> [u8; 4] {
    UNDEFINED.to_le_bytes()
}

/// All headers, the outermost first; each of `size` bytes and made from the length inside it.
fn inside_out(size: usize, one: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    let inside = (0..DEPTH).rev().map(|number| u32::try_from(number * size).unwrap());
    inside.flat_map(one).collect()
}
