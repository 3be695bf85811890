//! How much was asked for, day by day: an average over a quiet month hides the one day of a copy.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use pacsgate_core::services::Operation;

use super::line::Line;

/// Days that are kept: of more, those with the least go.
const DAYS: usize = 64;
const SECONDS: u64 = 86_400;

/// What somebody asked for.
#[derive(Clone, Debug, Default)]
pub struct Amounts {
    /// Queries that restricted nothing, on all days.
    pub open_queries: u64,
    /// By days since 1970.
    days: BTreeMap<u64, Day>,
}

/// What somebody asked for on one day; or the most of each on any day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// C-MOVE and C-GET requests.
    pub retrievals: u64,
    /// Objects that were moved.
    pub moved: u64,
    /// PDUs from the PACS on associations with queries.
    pub answers: u64,
}

impl Amounts {
    /// What the last line of an association says.
    pub fn closed(&mut self, line: &Line, at: SystemTime) {
        self.open_queries = self.open_queries.saturating_add(line.open_queries);
        let by_move = line.sub_operations.unwrap_or_default().moved();
        let moved = by_move.saturating_add(line.got());
        let mut day = Day { moved, ..Day::default() };
        for (operation, count) in line.of_requestor() {
            if operation == Operation::CFind {
                day.answers = line.pdus.from_acceptor;
            } else if matches!(operation, Operation::CMove | Operation::CGet) {
                day.retrievals = day.retrievals.saturating_add(count);
            }
        }
        if day != Day::default() {
            let since_epoch = at.duration_since(UNIX_EPOCH).unwrap_or_default();
            self.add(since_epoch.as_secs() / SECONDS, day);
        }
    }

    /// What somebody else asked for, as if it had been this one.
    pub fn merge(&mut self, other: &Self) {
        self.open_queries = self.open_queries.saturating_add(other.open_queries);
        other.days.iter().for_each(|(number, day)| self.add(*number, *day));
    }

    /// The most of each on any day.
    pub fn busiest(&self) -> Day {
        self.days.values().fold(Day::default(), |most, day| Day {
            retrievals: most.retrievals.max(day.retrievals),
            moved: most.moved.max(day.moved),
            answers: most.answers.max(day.answers),
        })
    }

    fn add(&mut self, number: u64, more: Day) {
        let day = self.days.entry(number).or_default();
        day.retrievals = day.retrievals.saturating_add(more.retrievals);
        day.moved = day.moved.saturating_add(more.moved);
        day.answers = day.answers.saturating_add(more.answers);
        if self.days.len() > DAYS {
            let sum = |it: &Day| it.retrievals.saturating_add(it.moved).saturating_add(it.answers);
            let least = self.days.iter().min_by_key(|(_, day)| sum(day)).map(|(number, _)| *number);
            least.and_then(|number| self.days.remove(&number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_busiest_day_in_whatever_order_they_come() {
        let mut amounts = Amounts::default();
        let moved = |moved| Day { moved, ..Day::default() };
        for number in (0..90).chain(0..90) {
            amounts.add(number, moved(if number == 40 { 100 } else { 1 }));
        }
        assert_eq!(amounts.busiest(), moved(200));
        assert_eq!(amounts.days.len(), DAYS);
        amounts.merge(&amounts.clone());
        assert_eq!(amounts.busiest(), moved(400));
    }
}
