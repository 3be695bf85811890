//! Single elements.

/// An element in Implicit VR.
pub(super) fn element(tag: (u16, u16), value: &[u8]) -> Vec<u8> {
    let value = even(value);
    let length = u32::try_from(value.len()).unwrap();
    [little(tag).as_slice(), &length.to_le_bytes(), &value].concat()
}

/// An element in Explicit VR.
pub(super) fn explicit_element(tag: (u16, u16), vr: [u8; 2], value: &str) -> Vec<u8> {
    let value = even(value.as_bytes());
    let short = u16::try_from(value.len()).unwrap();
    let length = match &vr {
        b"UN" => [[0, 0].as_slice(), &u32::from(short).to_le_bytes()].concat(),
        _ => short.to_le_bytes().to_vec(),
    };
    [little(tag).as_slice(), &vr, &length, &value].concat()
}

/// A tag in Little Endian.
pub(super) fn little((group, element): (u16, u16)) -> [u8; 4] {
    let ([a, b], [c, d]) = (group.to_le_bytes(), element.to_le_bytes());
    [a, b, c, d]
}

fn even(value: &[u8]) -> Vec<u8> {
    let padding = vec![0; value.len() % 2];
    [value, padding.as_slice()].concat()
}
