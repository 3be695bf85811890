//! A-ASSOCIATE-RJ and A-ABORT (PS3.8 sections 9.3.4 and 9.3.8).

use std::fmt;

use super::pdu::{Header, PduType};

/// A rejection of an association.
///
/// The gate says only what the constants hold; other codes come from a PACS through
/// [`Reject::parse`] and are relayed as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reject {
    result: u8,
    source: u8,
    reason: u8,
}

/// An abort of an association, or of an attempt at one.
///
/// The gate says only what the constants hold; other codes come from a peer through
/// [`Abort::parse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Abort {
    source: u8,
    reason: u8,
}

impl Reject {
    /// 1/1/1: permanent, no reason given. All that a stranger is told.
    pub const NO_REASON: Self = Self::new(1, 1, 1);
    /// 1/1/2: permanent, application context name not supported.
    pub const APPLICATION_CONTEXT: Self = Self::new(1, 1, 2);
    /// 1/1/3: permanent, calling AE title not recognized.
    pub const CALLING_TITLE: Self = Self::new(1, 1, 3);
    /// 1/1/7: permanent, called AE title not recognized.
    pub const CALLED_TITLE: Self = Self::new(1, 1, 7);
    /// 1/2/2: permanent, protocol version not supported.
    pub const PROTOCOL_VERSION: Self = Self::new(1, 2, 2);
    /// 2/3/1: transient, temporary congestion.
    pub const CONGESTION: Self = Self::new(2, 3, 1);
    /// 2/3/2: transient, local limit exceeded.
    pub const LOCAL_LIMIT: Self = Self::new(2, 3, 2);

    const fn new(result: u8, source: u8, reason: u8) -> Self {
        Self { result, source, reason }
    }

    /// Reads the body of an A-ASSOCIATE-RJ; any code passes, it is for the requestor to judge.
    pub const fn parse(body: RefusalBody) -> Self {
        let [_reserved, result, source, reason] = body;
        Self { result, source, reason }
    }

    /// The whole PDU.
    pub const fn encode(self) -> [u8; 10] {
        pdu(PduType::AssociateRj, [0, self.result, self.source, self.reason])
    }

    /// 1 permanent, 2 transient.
    pub const fn result(self) -> u8 {
        self.result
    }

    /// 1 service user, 2 service provider (ACSE), 3 service provider (presentation).
    pub const fn source(self) -> u8 {
        self.source
    }

    /// The reason, to be read with the source (PS3.8 table 9-21).
    pub const fn reason(self) -> u8 {
        self.reason
    }
}

impl Abort {
    /// 0/0: what answers a bad PDU while no association exists (PS3.8 section 9.2, AA-1).
    pub const BEFORE_ASSOCIATION: Self = Self::new(0, 0);
    /// 2/0: by the service provider, reason not specified.
    pub const NO_REASON: Self = Self::new(2, 0);
    /// 2/1: by the service provider, unrecognized PDU.
    pub const UNRECOGNIZED_PDU: Self = Self::new(2, 1);
    /// 2/2: by the service provider, unexpected PDU.
    pub const UNEXPECTED_PDU: Self = Self::new(2, 2);
    /// 2/6: by the service provider, invalid PDU parameter value.
    pub const INVALID_PARAMETER: Self = Self::new(2, 6);

    const fn new(source: u8, reason: u8) -> Self {
        Self { source, reason }
    }

    /// Reads the body of an A-ABORT; any code passes.
    pub const fn parse(body: RefusalBody) -> Self {
        let [_, _, source, reason] = body;
        Self { source, reason }
    }

    /// The whole PDU.
    pub const fn encode(self) -> [u8; 10] {
        pdu(PduType::Abort, [0, 0, self.source, self.reason])
    }

    /// 0 service user, 2 service provider.
    pub const fn source(self) -> u8 {
        self.source
    }

    /// The reason; significant from the service provider only (PS3.8 table 9-26).
    pub const fn reason(self) -> u8 {
        self.reason
    }
}

/// The length of the body of either, in bytes.
pub const REFUSAL_LENGTH: u32 = 4;

/// The body of either.
pub type RefusalBody = [u8; REFUSAL_LENGTH as usize];

const fn pdu(kind: PduType, body: RefusalBody) -> [u8; 10] {
    let [kind, reserved, l0, l1, l2, l3] = Header { kind, length: REFUSAL_LENGTH }.encode();
    let [b0, b1, b2, b3] = body;
    [kind, reserved, l0, l1, l2, l3, b0, b1, b2, b3]
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "A-ASSOCIATE-RJ {}/{}/{}", self.result, self.source, self.reason)
    }
}

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "A-ABORT {}/{}", self.source, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_is_ten_bytes_on_the_wire() {
        assert_eq!(Reject::CALLING_TITLE.encode(), [3, 0, 0, 0, 0, 4, 0, 1, 1, 3]);
        assert_eq!(Reject::LOCAL_LIMIT.encode(), [3, 0, 0, 0, 0, 4, 0, 2, 3, 2]);
    }

    #[test]
    fn an_abort_is_ten_bytes_on_the_wire() {
        assert_eq!(Abort::INVALID_PARAMETER.encode(), [7, 0, 0, 0, 0, 4, 0, 0, 2, 6]);
        assert_eq!(Abort::BEFORE_ASSOCIATION.encode(), [7, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
    }

    #[test]
    fn keeps_foreign_codes_of_a_pacs() {
        let reject = Reject::parse([0xff, 9, 8, 7]);
        assert_eq!((reject.result(), reject.source(), reject.reason()), (9, 8, 7));
        assert_eq!(reject.to_string(), "A-ASSOCIATE-RJ 9/8/7");
        assert_eq!(reject.encode(), [3, 0, 0, 0, 0, 4, 0, 9, 8, 7]);
        let abort = Abort::parse([0xff, 0xff, 5, 3]);
        assert_eq!((abort.source(), abort.reason()), (5, 3));
        assert_eq!(abort.to_string(), "A-ABORT 5/3");
    }
}
