//! What a line says of the operations of an association.

use std::collections::BTreeMap;

use pacsgate_core::data_set::DataSetError;
use pacsgate_core::inspector::{Asked, ForbiddenRequest, Ledger, Outcome, UnsoundDataSet};
use pacsgate_core::reason::Explained;
use pacsgate_core::services::{Operation, SopClass};
use pacsgate_core::side::Side;
use pacsgate_core::wire::uid::Uid;
use serde::Serialize;

use super::text::PeerText;

/// What was done and what was refused on an association.
#[derive(Clone, Debug, Serialize)]
pub struct OperationsRecord {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    operations: Vec<Done>,
    #[serde(skip_serializing_if = "is_zero")]
    operations_more: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_operations: Option<SubOperations>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    moved_to: Vec<MovedTo>,
    #[serde(skip_serializing_if = "is_zero")]
    moved_to_more: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forbidden: Vec<ForbiddenRecord>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unsound: Vec<DataSetRecord>,
    #[serde(skip_serializing_if = "is_zero")]
    unsound_more: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    deviations: BTreeMap<&'static str, u32>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tidied: BTreeMap<&'static str, u32>,
    #[serde(skip_serializing_if = "is_zero")]
    late_cancels: u64,
    #[serde(skip_serializing_if = "is_zero")]
    open_queries: u64,
}

impl OperationsRecord {
    /// Objects that the other side has taken, maybe with a warning (PS3.4 section B.2.3).
    pub(super) fn objects(&self) -> u64 {
        let stored = self.operations.iter().filter(|done| done.is_stored());
        stored.map(|done| done.count).fold(0, u64::saturating_add)
    }

    /// Whether there is more than C-ECHOs that went well, which concern nobody's images.
    pub(super) fn has_any(&self) -> bool {
        self.operations_more > 0 || self.operations.iter().any(|done| !done.is_good_echo())
    }
}

/// Operations of one kind that ended alike.
#[derive(Clone, Debug, Serialize)]
struct Done {
    from: &'static str,
    operation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sop_class: Option<PeerText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<PeerText>,
    count: u64,
}

impl Done {
    fn is_stored(&self) -> bool {
        let status = self.status.as_ref().map(PeerText::as_str);
        let is_taken = status.is_some_and(|it| it == "0000" || it.starts_with('b'));
        self.operation == Operation::CStore.name() && is_taken
    }

    fn is_good_echo(&self) -> bool {
        let is_good = self.status.as_ref().is_some_and(|status| status.as_str() == "0000");
        self.operation == Operation::CEcho.name() && is_good
    }
}

/// What the PACS said of the transfers of all C-MOVE.
#[derive(Clone, Copy, Debug, Serialize)]
struct SubOperations {
    completed: u64,
    failed: u64,
    warning: u64,
}

/// Where C-MOVE was let through to.
#[derive(Clone, Debug, Serialize)]
struct MovedTo {
    title: PeerText,
    count: u64,
}

/// Data sets that broke one rule.
#[derive(Clone, Debug, Serialize)]
pub struct DataSetRecord {
    from: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sop_class: Option<PeerText>,
    rule: &'static str,
    outcome: &'static str,
    count: u64,
}

impl From<&UnsoundDataSet> for DataSetRecord {
    fn from(data_set: &UnsoundDataSet) -> Self {
        Self {
            from: side(data_set.from),
            operation: Some(data_set.operation.name()),
            sop_class: data_set.sop_class.as_ref().map(sop_class),
            rule: data_set.error.code(),
            outcome: match data_set.outcome {
                Outcome::Refused(_) => "refused",
                Outcome::Withheld => "withheld",
                Outcome::Stripped => "stripped",
                Outcome::Reported => "reported",
            },
            count: 1,
        }
    }
}

impl DataSetRecord {
    /// One that broke a rule when a part of it had passed; its operation is one without a status.
    pub(super) fn cut(from: Side, error: DataSetError) -> Self {
        let (from, rule) = (side(from), error.code());
        Self { from, operation: None, sop_class: None, rule, outcome: "cut", count: 1 }
    }
}

/// Requests that were refused for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ForbiddenRecord {
    /// The operation, if it is one of the standard.
    #[serde(skip)]
    pub(super) kind: Option<&'static str>,
    from: &'static str,
    operation: PeerText,
    #[serde(skip_serializing_if = "Option::is_none")]
    sop_class: Option<PeerText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    move_to: Option<PeerText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    originator: Option<PeerText>,
    why: &'static str,
    count: u64,
}

impl From<&Ledger> for OperationsRecord {
    fn from(ledger: &Ledger) -> Self {
        let done = ledger.operations().iter().map(|done| Done {
            from: side(done.from),
            operation: done.operation.name(),
            sop_class: done.sop_class.as_ref().map(sop_class),
            status: done.status.map(|it| PeerText::from_display(format_args!("{it:04x}"), 4)),
            count: done.count,
        });
        let moved = ledger.moved();
        let sub_operations = SubOperations {
            completed: moved.completed,
            failed: moved.failed,
            warning: moved.warning,
        };
        let moved_to = ledger.destinations().iter();
        Self {
            operations: done.collect(),
            operations_more: ledger.operations_more(),
            sub_operations: (!ledger.destinations().is_empty()).then_some(sub_operations),
            moved_to: moved_to
                .map(|(title, count)| MovedTo { title: (*title).into(), count: *count })
                .collect(),
            moved_to_more: ledger.destinations_more(),
            forbidden: together(ledger.forbidden()),
            unsound: ledger
                .unsound()
                .iter()
                .map(|(data_set, count)| DataSetRecord { count: *count, ..data_set.into() })
                .collect(),
            unsound_more: ledger.unsound_more(),
            deviations: ledger.deviations().iter().map(|(it, count)| (it.code(), count)).collect(),
            tidied: ledger.tidied().iter().map(|(it, count)| (it.code(), count)).collect(),
            late_cancels: ledger.late_cancels(),
            open_queries: ledger.open_queries(),
        }
    }
}

impl From<&ForbiddenRequest> for ForbiddenRecord {
    fn from(request: &ForbiddenRequest) -> Self {
        let kind = match request.asked {
            Asked::Operation(operation) => Some(operation.name()),
            Asked::Cancel | Asked::Unknown(_) => None,
        };
        Self {
            kind,
            from: side(request.why.side),
            operation: PeerText::from_display(request.asked, PeerText::PHRASE),
            sop_class: request.sop_class.as_ref().map(sop_class),
            move_to: request.destination.map(PeerText::from),
            originator: request.originator.map(PeerText::from),
            why: request.why.code(),
            count: 1,
        }
    }
}

/// Those alike counted together.
fn together(requests: &[ForbiddenRequest]) -> Vec<ForbiddenRecord> {
    let mut records: Vec<ForbiddenRecord> = Vec::new();
    for record in requests.iter().map(ForbiddenRecord::from) {
        let is_like =
            |known: &ForbiddenRecord| ForbiddenRecord { count: 1, ..known.clone() } == record;
        match records.iter_mut().find(|known| is_like(known)) {
            Some(known) => known.count += 1,
            None => records.push(record),
        }
    }
    records
}

/// The keyword where the standard has one, which says more than the UID.
fn sop_class(uid: &Uid) -> PeerText {
    SopClass::with_uid(uid)
        .map_or_else(|| uid.into(), |class| PeerText::from_display(class.keyword, PeerText::PHRASE))
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Requestor => "requestor",
        Side::Acceptor => "acceptor",
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
impl OperationsRecord {
    /// Of an association with a C-ECHO alone.
    pub(super) fn echoed(status: &str) -> Self {
        let done = Done {
            from: "requestor",
            operation: Operation::CEcho.name(),
            sop_class: None,
            status: Some(PeerText::from_bytes(status.as_bytes(), 4)),
            count: 1,
        };
        Self { operations: vec![done], operations_more: 0, ..Self::worst() }
    }

    /// With as much of everything as a line can have.
    pub(super) fn worst() -> Self {
        use pacsgate_core::data_set::Deviation;
        use pacsgate_core::inspector::Tidied;
        let text = |cap: usize| PeerText::from_bytes(&[b'1'; 200], cap);
        let done = Done {
            from: "requestor",
            operation: "n-event-report",
            sop_class: Some(text(Uid::MAX_LEN)),
            status: Some(text(4)),
            count: u64::MAX,
        };
        let forbidden = ForbiddenRecord {
            kind: None,
            from: "requestor",
            operation: text(14),
            sop_class: Some(text(Uid::MAX_LEN)),
            move_to: Some(text(PeerText::TITLE)),
            originator: Some(text(PeerText::TITLE)),
            why: "requestor-store-outside-get",
            count: u64::MAX,
        };
        let data_set = DataSetRecord {
            from: "requestor",
            operation: Some("n-event-report"),
            sop_class: Some(text(Uid::MAX_LEN)),
            rule: "encapsulated-pixel-data",
            outcome: "reported",
            count: u64::MAX,
        };
        let moved_to = MovedTo { title: text(PeerText::TITLE), count: u64::MAX };
        let most = SubOperations { completed: u64::MAX, failed: u64::MAX, warning: u64::MAX };
        Self {
            operations: vec![done; Ledger::OPERATIONS],
            operations_more: u64::MAX,
            sub_operations: Some(most),
            moved_to: vec![moved_to; Ledger::KINDS],
            moved_to_more: u64::MAX,
            forbidden: vec![forbidden; Ledger::FORBIDDEN + 1],
            unsound: vec![data_set; Ledger::KINDS],
            unsound_more: u64::MAX,
            deviations: Deviation::ALL.iter().map(|it| (it.code(), u32::MAX)).collect(),
            tidied: Tidied::ALL.iter().map(|it| (it.code(), u32::MAX)).collect(),
            late_cancels: u64::MAX,
            open_queries: u64::MAX,
        }
    }
}
