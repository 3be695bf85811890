//! Deflated data sets that are small on the wire (RFC 1951).

/// A data set of `head` and then `count` times 258 bytes, which repeat the last `period` bytes of
/// the head: 1 or 20.
pub(super) fn repeating(head: &[u8], period: usize, count: usize) -> Vec<u8> {
    let length = u16::try_from(head.len()).unwrap();
    let stored = [&[0], length.to_le_bytes().as_slice(), &(!length).to_le_bytes(), head].concat();
    let mut bits = Bits { bytes: stored, used: 0 };
    // The last block, with the fixed codes.
    bits.push(&[1, 1, 0]);
    for _ in 0..count {
        // Length 258 is code 285; a distance of 1 is code 0, one of 20 is code 8 and 3 more.
        bits.push(&[1, 1, 0, 0, 0, 1, 0, 1]);
        bits.push(match period {
            1 => &[0, 0, 0, 0, 0],
            20 => &[0, 1, 0, 0, 0, 1, 1, 0],
            _ => panic!("no code for this distance"),
        });
    }
    // The end of the block.
    bits.push(&[0; 7]);
    let mut bytes = bits.bytes;
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

struct Bits {
    bytes: Vec<u8>,
    /// How many bits of the last byte are used; 0 when it is full.
    used: u32,
}

impl Bits {
    fn push(&mut self, bits: &[u8]) {
        for bit in bits {
            if self.used == 0 {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= bit << self.used;
            self.used = (self.used + 1) % 8;
        }
    }
}
