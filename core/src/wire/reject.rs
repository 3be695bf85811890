//! A-ASSOCIATE-RJ and A-ABORT (PS3.8 sections 9.3.4 and 9.3.8).

use std::fmt;

use super::pdu::{Header, PduType};

/// A rejection of an association.
///
/// The gate says only what the constants hold; other codes come from a PACS through
/// [`Reject::parse`]. They are shown as they came, and sent as the standard has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reject {
    result: u8,
    source: u8,
    reason: u8,
}

/// An abort of an association, or of an attempt at one.
///
/// The gate says only what the constants hold; other codes come from a peer through
/// [`Abort::parse`]. They are shown as they came, and sent as the standard has them.
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
    /// 1/2/1: permanent, no reason given by the service provider (ACSE): what PS3.7 section D.3.3.7
    /// leaves for a user identity that is not accepted.
    pub const NOT_AUTHENTICATED: Self = Self::new(1, 2, 1);
    /// 1/2/2: permanent, protocol version not supported.
    pub const PROTOCOL_VERSION: Self = Self::new(1, 2, 2);
    /// 2/3/1: transient, temporary congestion.
    pub const CONGESTION: Self = Self::new(2, 3, 1);
    /// 2/3/2: transient, local limit exceeded.
    pub const LOCAL_LIMIT: Self = Self::new(2, 3, 2);

    const fn new(result: u8, source: u8, reason: u8) -> Self {
        Self { result, source, reason }
    }

    /// Reads the body of an A-ASSOCIATE-RJ, whatever its codes.
    pub const fn parse(body: RefusalBody) -> Self {
        let [_reserved, result, source, reason] = body;
        Self { result, source, reason }
    }

    /// What is said of it to others: codes of PS3.8 table 9-21 alone. In the place of others come
    /// those that say least: permanent, by the service user, no reason given. The provider's
    /// presentation part has no reason that says nothing.
    #[must_use]
    pub const fn standard(self) -> Self {
        let result = if self.result == 2 { 2 } else { 1 };
        match (self.source, self.reason) {
            (1, 1 | 2 | 3 | 7) | (2 | 3, 1 | 2) => Self::new(result, self.source, self.reason),
            (2, _) => Self::new(result, 2, 1),
            (_, _) => Self::new(result, 1, 1),
        }
    }

    /// The whole PDU, with codes of the standard alone.
    pub const fn encode(self) -> [u8; 10] {
        let Self { result, source, reason } = self.standard();
        pdu(PduType::AssociateRj, [0, result, source, reason])
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

    /// Reads the body of an A-ABORT, whatever its codes.
    pub const fn parse(body: RefusalBody) -> Self {
        let [_, _, source, reason] = body;
        Self { source, reason }
    }

    /// What is said of it to others: codes of PS3.8 table 9-26 alone. A service user gives no
    /// reason, source 1 and reason 3 are reserved.
    #[must_use]
    pub const fn standard(self) -> Self {
        match (self.source, self.reason) {
            (2, 0..=2 | 4..=6) => self,
            (2, _) => Self::new(2, 0),
            (_, _) => Self::new(0, 0),
        }
    }

    /// The whole PDU, with codes of the standard alone.
    pub const fn encode(self) -> [u8; 10] {
        let Self { source, reason } = self.standard();
        pdu(PduType::Abort, [0, 0, source, reason])
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
    fn shows_foreign_codes_as_they_came() {
        let reject = Reject::parse([0xff, 9, 8, 7]);
        assert_eq!((reject.result(), reject.source(), reject.reason()), (9, 8, 7));
        assert_eq!(reject.to_string(), "A-ASSOCIATE-RJ 9/8/7");
        let abort = Abort::parse([0xff, 0xff, 5, 3]);
        assert_eq!((abort.source(), abort.reason()), (5, 3));
        assert_eq!(abort.to_string(), "A-ABORT 5/3");
    }

    #[test]
    fn sends_codes_of_the_standard_alone() {
        for (came, sent) in [
            ([1, 1, 7], [1, 1, 7]),
            ([2, 3, 2], [2, 3, 2]),
            ([9, 8, 7], [1, 1, 1]),
            ([2, 1, 4], [2, 1, 1]),
            ([1, 2, 3], [1, 2, 1]),
            ([2, 3, 0], [2, 1, 1]),
            ([0, 0, 0], [1, 1, 1]),
        ] {
            let [result, source, reason] = came;
            let reject = Reject::parse([0xff, result, source, reason]);
            assert_eq!(reject.encode()[6..], [&[0][..], &sent].concat(), "{came:?}");
        }
        for (came, sent) in [
            ([2, 6], [2, 6]),
            ([2, 3], [2, 0]),
            ([2, 7], [2, 0]),
            ([1, 1], [0, 0]),
            ([0, 6], [0, 0]),
        ] {
            let abort = Abort::parse([0xff, 0xff, came[0], came[1]]);
            assert_eq!(abort.encode()[6..], [&[0, 0][..], &sent].concat(), "{came:?}");
        }
    }

    #[test]
    fn each_code_of_the_standard_is_sent_as_it_is_and_no_other() {
        let rejects = [(1, [1, 2, 3, 7].as_slice()), (2, &[1, 2]), (3, &[1, 2])];
        let aborts = [(0, [0].as_slice()), (2, &[0, 1, 2, 4, 5, 6])];
        let has = |table: &[(u8, &[u8])], source, reason| {
            table.iter().any(|(of, reasons)| *of == source && reasons.contains(&reason))
        };
        for (source, reason) in (0..=u8::MAX).flat_map(|a| (0..=u8::MAX).map(move |b| (a, b))) {
            for result in 0..4 {
                let reject = Reject::parse([0, result, source, reason]);
                let known = (1..=2).contains(&result) && has(&rejects, source, reason);
                assert_eq!(reject.standard() == reject, known, "{reject}");
                assert_eq!(reject.standard().standard(), reject.standard(), "{reject}");
            }
            let abort = Abort::parse([0, 0, source, reason]);
            assert_eq!(abort.standard() == abort, has(&aborts, source, reason), "{abort}");
        }
    }
}
