//! DIMSE requests, and sets of them by the side that may send them.

use std::fmt;
use std::str::FromStr;

use crate::numbered::numbered;
use crate::side::Side;

numbered! {
    /// A DIMSE request (PS3.7 sections 9.3 and 10.3), with its Command Field (0000,0100). C-CANCEL and
    /// responses follow from these.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Operation, command_field: u16 {
        CStore = 0x0001, "c-store";
        CGet = 0x0010, "c-get";
        CFind = 0x0020, "c-find";
        CMove = 0x0021, "c-move";
        CEcho = 0x0030, "c-echo";
        /// N-EVENT-REPORT-RQ, the only request that the SCP of a SOP class sends.
        NEventReport = 0x0100, "n-event-report";
        NGet = 0x0110, "n-get";
        NSet = 0x0120, "n-set";
        NAction = 0x0130, "n-action";
        NCreate = 0x0140, "n-create";
        NDelete = 0x0150, "n-delete";
    }
}

/// A word that names no DIMSE request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("names no DIMSE request; they are written \"c-store\", \"n-get\" and so on")]
pub struct UnknownOperation;

/// Which requests each side may send on a presentation context.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Operations {
    // Bit n stands for the operation with discriminant n.
    requestor: u16,
    acceptor: u16,
}

impl Operation {
    /// Whether C-CANCEL can end it early.
    pub const fn is_cancellable(self) -> bool {
        self.bit() & Operations::CANCELLABLE != 0
    }

    const fn bit(self) -> u16 {
        1 << self as u8
    }
}

impl Operations {
    /// Nothing may be sent.
    pub const NONE: Self = Self { requestor: 0, acceptor: 0 };

    /// Everything may be sent, as far as something else does not forbid it.
    pub(crate) const ALL: Self = Self { requestor: u16::MAX, acceptor: u16::MAX };

    const CANCELLABLE: u16 =
        Operation::CFind.bit() | Operation::CGet.bit() | Operation::CMove.bit();

    /// The same set with these for the requestor.
    pub const fn and_by_requestor(self, operations: &[Operation]) -> Self {
        Self { requestor: self.requestor | bits(operations), acceptor: self.acceptor }
    }

    /// The same set with these for the acceptor.
    pub const fn and_by_acceptor(self, operations: &[Operation]) -> Self {
        Self { requestor: self.requestor, acceptor: self.acceptor | bits(operations) }
    }

    /// What an SCU at the requestor's side does with these: all of them are the requestor's but
    /// N-EVENT-REPORT, which its SCP sends.
    pub const fn of_scu(operations: &[Operation]) -> Self {
        let all = bits(operations);
        let event = Operation::NEventReport.bit();
        Self { requestor: all & !event, acceptor: all & event }
    }

    /// What either side may do with these, as far as something else does not forbid it.
    pub(crate) const fn of_either(operations: &[Operation]) -> Self {
        let all = bits(operations);
        Self { requestor: all, acceptor: all }
    }

    /// The same with the sides exchanged.
    pub const fn exchanged(self) -> Self {
        Self { requestor: self.acceptor, acceptor: self.requestor }
    }

    /// The same set without these of the requestor.
    pub const fn but_not_by_requestor(self, operations: &[Operation]) -> Self {
        Self { requestor: self.requestor & !bits(operations), acceptor: self.acceptor }
    }

    /// What either set allows.
    pub const fn union(self, other: Self) -> Self {
        Self {
            requestor: self.requestor | other.requestor,
            acceptor: self.acceptor | other.acceptor,
        }
    }

    /// Whether neither side may send anything.
    pub const fn is_empty(self) -> bool {
        self.requestor == 0 && self.acceptor == 0
    }

    /// Whether this side may send this request.
    pub const fn allows(self, side: Side, operation: Operation) -> bool {
        self.of(side) & operation.bit() != 0
    }

    /// Whether this side may send C-CANCEL: where it may send what can be cancelled.
    pub const fn allows_cancel(self, side: Side) -> bool {
        self.of(side) & Self::CANCELLABLE != 0
    }

    /// Whether the requestor has something to do as SCU of the SOP class.
    pub const fn requestor_is_scu(self) -> bool {
        let event = Operation::NEventReport.bit();
        self.requestor & !event != 0 || self.acceptor & event != 0
    }

    /// Whether the requestor has something to do as SCP of the SOP class.
    pub const fn requestor_is_scp(self) -> bool {
        let event = Operation::NEventReport.bit();
        self.acceptor & !event != 0 || self.requestor & event != 0
    }

    /// The requests that this side may send.
    pub fn iter(self, side: Side) -> impl Iterator<Item = Operation> {
        Operation::ALL.into_iter().filter(move |operation| self.allows(side, *operation))
    }

    const fn of(self, side: Side) -> u16 {
        match side {
            Side::Requestor => self.requestor,
            Side::Acceptor => self.acceptor,
        }
    }
}

const fn bits(operations: &[Operation]) -> u16 {
    let mut bits = 0;
    let mut rest = operations;
    while let [first, tail @ ..] = rest {
        bits |= first.bit();
        rest = tail;
    }
    bits
}

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(text: &str) -> Result<Self, UnknownOperation> {
        Self::ALL.into_iter().find(|known| known.name() == text).ok_or(UnknownOperation)
    }
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent_by = |side| self.iter(side).map(Operation::name).collect::<Vec<_>>();
        f.debug_struct("Operations")
            .field("requestor", &sent_by(Side::Requestor))
            .field("acceptor", &sent_by(Side::Acceptor))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_has_its_own_name_command_and_bit() {
        let (mut seen, mut fields) = (0, BTreeSet::new());
        for operation in Operation::ALL {
            assert_eq!(operation.name().parse(), Ok(operation));
            assert!(fields.insert(operation.command_field()));
            assert_eq!(seen & operation.bit(), 0);
            seen |= operation.bit();
        }
        assert_eq!(seen.count_ones(), 11);
    }

    #[test]
    fn refuses_a_name_in_another_case() {
        assert_eq!("C-STORE".parse::<Operation>(), Err(UnknownOperation));
    }

    #[test]
    fn queries_and_retrievals_can_be_cancelled() {
        let cancellable = Operation::ALL.into_iter().filter(|it| it.is_cancellable());
        let expected = [Operation::CGet, Operation::CFind, Operation::CMove];
        assert_eq!(cancellable.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_allowed_twice_is_allowed() {
        let both = Operations::NONE
            .and_by_requestor(&[Operation::CGet])
            .and_by_acceptor(&[Operation::CStore]);
        assert_eq!(both.and_by_acceptor(&[Operation::CStore]), both);
        assert_eq!(both.union(both), both);
    }

    #[test]
    fn keeps_the_sides_apart() {
        let both = Operations::NONE
            .and_by_requestor(&[Operation::CGet])
            .and_by_acceptor(&[Operation::CStore]);
        assert!(both.allows(Side::Requestor, Operation::CGet));
        assert!(!both.allows(Side::Requestor, Operation::CStore));
        assert!(both.allows(Side::Acceptor, Operation::CStore));
        assert!(!both.allows(Side::Acceptor, Operation::CGet));
        assert!(both.allows_cancel(Side::Requestor) && !both.allows_cancel(Side::Acceptor));
    }

    #[test]
    fn an_event_report_makes_its_receiver_the_scu() {
        let commitment = Operations::of_scu(&[Operation::NAction, Operation::NEventReport]);
        assert!(commitment.allows(Side::Acceptor, Operation::NEventReport));
        assert!(!commitment.allows(Side::Requestor, Operation::NEventReport));
        assert!(commitment.requestor_is_scu() && !commitment.requestor_is_scp());
        let returned = Operations::NONE.and_by_acceptor(&[Operation::CStore]);
        assert!(returned.requestor_is_scp() && !returned.requestor_is_scu());
        let provider = commitment.exchanged();
        assert!(provider.allows(Side::Requestor, Operation::NEventReport));
        assert!(provider.allows(Side::Acceptor, Operation::NAction));
        assert!(provider.requestor_is_scp() && !provider.requestor_is_scu());
    }
}
