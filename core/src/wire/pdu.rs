//! PDU headers and the PDUs without content (PS3.8 section 9.3.1).

use crate::numbered::numbered;

numbered! {
    /// The types of PDU that PS3.8 defines.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum PduType, value: u8 {
        AssociateRq = 1, "A-ASSOCIATE-RQ";
        AssociateAc = 2, "A-ASSOCIATE-AC";
        AssociateRj = 3, "A-ASSOCIATE-RJ";
        Data = 4, "P-DATA-TF";
        ReleaseRq = 5, "A-RELEASE-RQ";
        ReleaseRp = 6, "A-RELEASE-RP";
        Abort = 7, "A-ABORT";
    }
}

/// The six bytes before each PDU's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// What the body is.
    pub kind: PduType,
    /// The length of the body in bytes; these six are not counted.
    pub length: u32,
}

/// A whole A-RELEASE-RQ (PS3.8 section 9.3.6).
pub const RELEASE_RQ: [u8; 10] = [5, 0, 0, 0, 0, 4, 0, 0, 0, 0];

/// A whole A-RELEASE-RP (PS3.8 section 9.3.7).
pub const RELEASE_RP: [u8; 10] = [6, 0, 0, 0, 0, 4, 0, 0, 0, 0];

impl TryFrom<u8> for PduType {
    type Error = u8;

    /// # Errors
    ///
    /// The value itself if PS3.8 defines no such type.
    fn try_from(value: u8) -> Result<Self, u8> {
        Self::ALL.into_iter().find(|kind| kind.value() == value).ok_or(value)
    }
}

impl Header {
    /// The length of a header in bytes.
    pub const LEN: usize = 6;

    /// Reads a header; the reserved byte is not tested. The length is not judged here.
    ///
    /// # Errors
    ///
    /// The type's value if PS3.8 defines no such type.
    pub fn parse(bytes: [u8; Self::LEN]) -> Result<Self, u8> {
        let [kind, _reserved, length @ ..] = bytes;
        Ok(Self { kind: PduType::try_from(kind)?, length: u32::from_be_bytes(length) })
    }

    /// The header as it stands on the wire.
    pub const fn encode(self) -> [u8; Self::LEN] {
        let [a, b, c, d] = self.length.to_be_bytes();
        [self.kind.value(), 0, a, b, c, d]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_exactly_the_seven_types() {
        for value in 0..=u8::MAX {
            match PduType::try_from(value) {
                Ok(kind) => assert_eq!(kind.value(), value),
                Err(unknown) => assert!(unknown == value && !(1..=7).contains(&value)),
            }
        }
    }

    #[test]
    fn ignores_the_reserved_byte_and_sends_it_as_zero() {
        let header = Header::parse([4, 0xff, 0, 1, 2, 3]).unwrap();
        assert_eq!(header, Header { kind: PduType::Data, length: 0x0001_0203 });
        assert_eq!(header.encode(), [4, 0, 0, 1, 2, 3]);
    }

    #[test]
    fn names_the_unknown_type() {
        assert_eq!(Header::parse([0x16, 3, 1, 2, 0, 1]), Err(0x16));
    }

    #[test]
    fn the_release_pdus_carry_their_own_header() {
        for (pdu, kind) in [(RELEASE_RQ, PduType::ReleaseRq), (RELEASE_RP, PduType::ReleaseRp)] {
            assert_eq!(*pdu.first_chunk().unwrap(), Header { kind, length: 4 }.encode());
        }
    }
}
