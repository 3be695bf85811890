//! What was done and what was refused on an association: for the audit, bounded whatever happens.

use super::command::{Command, SubOperations};
use super::disclosed::Disclosed;
use super::forbidden::ForbiddenRequest;
use super::tidied::Tidied;
use crate::counts::Counts;
use crate::data_set::{DataSetError, Deviations};
use crate::services::Operation;
use crate::side::{PerSide, Side};
use crate::wire::title::AeTitle;
use crate::wire::uid::Uid;

/// The operations of an association, those alike counted together.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    operations: Vec<Performed>,
    operations_more: u64,
    destinations: Vec<(AeTitle, u64)>,
    destinations_more: u64,
    moved: SubOperations,
    forbidden: Vec<ForbiddenRequest>,
    unsound: Vec<(UnsoundDataSet, u64)>,
    unsound_more: u64,
    deviations: Deviations,
    tidied: Counts<Tidied>,
    late_cancels: u64,
    open_queries: u64,
    /// Those that each side has asked for.
    stores: PerSide<Stores>,
    /// What nobody was told of yet.
    news: Vec<News>,
}

/// The C-STORE operations that a side has asked for: for whoever has a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stores {
    /// Whether one of them waits for its response.
    pub is_waiting: bool,
    /// How many have had their response.
    pub answered: u64,
    /// How many of those were taken, with a warning or without.
    pub taken: u64,
}

impl Stores {
    const fn answered(&mut self, status: u16) {
        self.answered = self.answered.saturating_add(1);
        if is_taken(status) {
            self.taken = self.taken.saturating_add(1);
        }
    }
}

/// Success, or one of the classes of warnings (PS3.7 section C.1).
const fn is_taken(status: u16) -> bool {
    matches!(status, 0 | 0x0001 | 0x0107 | 0x0116 | 0xb000..=0xbfff)
}

/// What is told as it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A request was not forwarded.
    Forbidden(ForbiddenRequest),
    /// A request was forwarded that would not be where the rights are enforced.
    WouldForbid(ForbiddenRequest),
    /// A data set broke a rule.
    Unsound(UnsoundDataSet),
    /// Something has passed, where somebody has to account for it.
    Disclosed(Disclosed),
}

/// A data set that broke a rule while its message could still be answered, or passed in a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsoundDataSet {
    /// Who sent it.
    pub from: Side,
    /// What it belongs to.
    pub operation: Operation,
    /// The SOP class of its command.
    pub sop_class: Option<Uid>,
    /// The rule.
    pub error: DataSetError,
    /// What became of it.
    pub outcome: Outcome,
}

impl UnsoundDataSet {
    /// The one behind a command of this operation.
    pub(super) fn new(
        from: Side,
        operation: Operation,
        command: &Command,
        error: DataSetError,
        outcome: Outcome,
    ) -> Self {
        Self { from, operation, sop_class: command.sop_class.clone(), error, outcome }
    }

    /// Whether both broke one rule, be it at different elements.
    fn is_like(&self, other: &Self) -> bool {
        self.from == other.from
            && self.operation == other.operation
            && self.sop_class == other.sop_class
            && self.error.code() == other.error.code()
            && self.outcome == other.outcome
    }
}

/// What became of an unsound data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The gate answered with this status; the other side heard nothing.
    Refused(u16),
    /// The response to which it belongs was left out, one of several.
    Withheld,
    /// The response to which it belongs went on without it.
    Stripped,
    /// It was let through.
    Reported,
}

/// Performed of one kind that ended alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Performed {
    /// Who asked.
    pub from: Side,
    /// For what.
    pub operation: Operation,
    /// On which SOP class.
    pub sop_class: Option<Uid>,
    /// The status of the final response; `None` where the association ended before.
    pub status: Option<u16>,
    /// How often.
    pub count: u64,
}

impl Performed {
    fn is_like(&self, other: &Self) -> bool {
        self.from == other.from
            && self.operation == other.operation
            && self.status == other.status
            && self.sop_class == other.sop_class
    }
}

impl Ledger {
    /// How many kinds of operations are told apart: a system that sends on has many SOP classes.
    pub const OPERATIONS: usize = 16;
    /// How many destinations, and kinds of unsound data sets.
    pub const KINDS: usize = 10;
    /// How many forbidden requests an association may send before it is ended.
    pub const FORBIDDEN: usize = 16;

    /// The operations that have ended.
    pub fn operations(&self) -> &[Performed] {
        &self.operations
    }

    /// How many operations beyond [`Ledger::OPERATIONS`] kinds there were.
    pub const fn operations_more(&self) -> u64 {
        self.operations_more
    }

    /// The destinations of C-MOVE requests that were forwarded, and how many there were.
    pub fn destinations(&self) -> &[(AeTitle, u64)] {
        &self.destinations
    }

    /// How many C-MOVE requests had a destination beyond [`Ledger::KINDS`] others.
    pub const fn destinations_more(&self) -> u64 {
        self.destinations_more
    }

    /// What the PACS said of the sub-operations of all C-MOVE requests.
    pub const fn moved(&self) -> SubOperations {
        self.moved
    }

    /// The requests that were not forwarded, in their order; one more than
    /// [`Ledger::FORBIDDEN`] at the most.
    pub fn forbidden(&self) -> &[ForbiddenRequest] {
        &self.forbidden
    }

    /// The requestor's data sets that were refused or reported, and how many of each kind.
    pub fn unsound(&self) -> &[(UnsoundDataSet, u64)] {
        &self.unsound
    }

    /// How many were of kinds beyond the first [`Ledger::KINDS`].
    pub const fn unsound_more(&self) -> u64 {
        self.unsound_more
    }

    /// Deviations from the standard in data sets that passed.
    pub const fn deviations(&self) -> &Deviations {
        &self.deviations
    }

    /// What was put right in messages.
    pub const fn tidied(&self) -> &Counts<Tidied> {
        &self.tidied
    }

    /// How many C-CANCEL came when there was nothing to cancel any more.
    pub const fn late_cancels(&self) -> u64 {
        self.late_cancels
    }

    /// How many queries of studies asked for everything.
    pub const fn open_queries(&self) -> u64 {
        self.open_queries
    }

    /// How far the C-STORE operations of a side have come; whether one waits is not its to know.
    pub(super) const fn stores(&self, from: Side) -> Stores {
        *self.stores.get(from)
    }

    pub(super) const fn add_open_query(&mut self) {
        self.open_queries = self.open_queries.saturating_add(1);
    }

    pub(super) fn ended(
        &mut self,
        from: Side,
        operation: Operation,
        sop_class: Option<Uid>,
        status: Option<u16>,
    ) {
        if let (Operation::CStore, Some(status)) = (operation, status) {
            self.stores.get_mut(from).answered(status);
        }
        let one = Performed { from, operation, sop_class, status, count: 1 };
        if let Some(known) = self.operations.iter_mut().find(|known| known.is_like(&one)) {
            known.count = known.count.saturating_add(1);
        } else if self.operations.len() < Self::OPERATIONS {
            // Most associations are of one kind, and are kept for long.
            self.operations.reserve_exact(1);
            self.operations.push(one);
        } else {
            self.operations_more = self.operations_more.saturating_add(1);
        }
    }

    pub(super) fn move_to(&mut self, destination: AeTitle) {
        let known = self.destinations.iter_mut().find(|(known, _)| *known == destination);
        if let Some((_, count)) = known {
            *count = count.saturating_add(1);
        } else if self.destinations.len() < Self::KINDS {
            self.destinations.push((destination, 1));
        } else {
            self.destinations_more = self.destinations_more.saturating_add(1);
        }
    }

    pub(super) const fn add_moved(&mut self, more: SubOperations) {
        let moved = &mut self.moved;
        moved.completed = moved.completed.saturating_add(more.completed);
        moved.failed = moved.failed.saturating_add(more.failed);
        moved.warning = moved.warning.saturating_add(more.warning);
    }

    /// It has passed.
    pub(super) fn disclose(&mut self, disclosed: Disclosed) {
        self.news.push(News::Disclosed(disclosed));
    }

    /// It has passed all the same.
    pub(super) fn would_forbid(&mut self, request: ForbiddenRequest) {
        self.news.push(News::WouldForbid(request));
    }

    /// Whether there were not too many of them yet.
    pub(super) fn forbid(&mut self, request: ForbiddenRequest) -> bool {
        self.news.push(News::Forbidden(request.clone()));
        if self.forbidden.len() <= Self::FORBIDDEN {
            self.forbidden.push(request);
        }
        self.forbidden.len() <= Self::FORBIDDEN
    }

    pub(super) fn unsound_data_set(&mut self, data_set: UnsoundDataSet) {
        self.news.push(News::Unsound(data_set.clone()));
        if let Some((_, count)) =
            self.unsound.iter_mut().find(|(known, _)| known.is_like(&data_set))
        {
            *count = count.saturating_add(1);
        } else if self.unsound.len() < Self::KINDS {
            self.unsound.push((data_set, 1));
        } else {
            self.unsound_more = self.unsound_more.saturating_add(1);
        }
    }

    pub(super) fn add_deviations(&mut self, more: &Deviations) {
        self.deviations.add_all(more);
    }

    pub(super) fn tidy(&mut self, what: Tidied) {
        self.tidied.add(what);
    }

    pub(super) fn add_tidied(&mut self, more: &Counts<Tidied>) {
        self.tidied.add_all(more);
    }

    /// What nobody was told of yet.
    pub fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    pub(super) const fn cancel_too_late(&mut self) {
        self.late_cancels = self.late_cancels.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_set::Tag;

    const TWICE: usize = 2 * Ledger::KINDS;

    #[test]
    fn holds_the_first_destinations_and_counts_the_others() {
        let mut ledger = Ledger::default();
        for number in (0..TWICE).chain(0..TWICE) {
            ledger.move_to(format!("VIEWER{number}").parse().unwrap());
        }
        let held: Vec<_> = (0..Ledger::KINDS)
            .map(|number| (format!("VIEWER{number}").parse().unwrap(), 2))
            .collect();
        assert_eq!(ledger.destinations(), held);
        assert_eq!(ledger.destinations_more(), TWICE as u64);
    }

    #[test]
    fn holds_the_first_kinds_of_unsound_data_sets_and_counts_the_others() {
        let mut ledger = Ledger::default();
        let of = |number: usize| UnsoundDataSet {
            from: Side::Requestor,
            operation: Operation::CStore,
            sop_class: None,
            error: DataSetError::OddLength(Tag::new(0x0008, 0x0018)),
            outcome: Outcome::Refused(u16::try_from(number).unwrap()),
        };
        for number in (0..TWICE).chain(0..TWICE) {
            ledger.unsound_data_set(of(number));
        }
        let held: Vec<_> = (0..Ledger::KINDS).map(|number| (of(number), 2)).collect();
        assert_eq!(ledger.unsound(), held);
        assert_eq!(ledger.unsound_more(), TWICE as u64);
        assert_eq!(ledger.take_news().len(), 2 * TWICE);
        assert!(ledger.take_news().is_empty());
    }

    #[test]
    fn counts_the_objects_that_were_taken_among_those_that_were_answered() {
        let mut ledger = Ledger::default();
        for status in [Some(0), Some(0xb000), Some(0xa700), Some(0x0124), None] {
            ledger.ended(Side::Acceptor, Operation::CStore, None, status);
        }
        ledger.ended(Side::Acceptor, Operation::CEcho, None, Some(0));
        let stores = Stores { is_waiting: false, answered: 4, taken: 2 };
        assert_eq!(ledger.stores(Side::Acceptor), stores);
        assert_eq!(ledger.stores(Side::Requestor), Stores::default());
    }

    #[test]
    fn counts_data_sets_that_broke_one_rule_at_different_elements_together() {
        let mut ledger = Ledger::default();
        for element in [4, 4, 6] {
            ledger.unsound_data_set(UnsoundDataSet {
                from: Side::Requestor,
                operation: Operation::CStore,
                sop_class: None,
                error: DataSetError::OddLength(Tag::new(0x0028, element)),
                outcome: Outcome::Refused(0xc000),
            });
        }
        let counts: Vec<_> = ledger.unsound().iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [3]);
    }
}
