//! What an association measures of itself, while it lasts and at its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use pacsgate_core::inspector::{Ledger, Stores};
use pacsgate_core::side::{PerSide, Side};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use super::buckets::{Histograms, stay, transfer};
use super::labels::{OfSide, Operated, Parties, Way};
use crate::audit::ConnectionId;
use crate::relay::Moved;

/// What all associations together have measured.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) association: Histograms<Way>,
    pub(super) store: Histograms<Parties>,
    pub(super) received: Family<OfSide, Counter>,
    pub(super) objects: Family<OfSide, Counter>,
    pub(super) operations: Family<Operated, Counter>,
}

/// What has come on an association so far, for whoever asks from outside.
#[derive(Debug)]
pub struct Flow {
    /// What the association is called in the audit.
    pub id: ConnectionId,
    /// When it was opened.
    pub since: SystemTime,
    bytes: PerSide<AtomicU64>,
    objects: PerSide<AtomicU64>,
}

/// Hears how far an association has come.
#[derive(Debug)]
pub struct Meter {
    flow: Arc<Flow>,
    began: Instant,
    parties: Parties,
    sides: PerSide<OneSide>,
    store: Histogram,
    association: Histogram,
    operations: Family<Operated, Counter>,
    last: Moved,
}

/// What is measured of a side.
#[derive(Debug)]
struct OneSide {
    received: Counter,
    objects: Counter,
    /// When the C-STORE began that waits for its response.
    storing: Option<Instant>,
}

const SIDES: [Side; 2] = [Side::Requestor, Side::Acceptor];

impl Default for Series {
    fn default() -> Self {
        Self {
            association: Family::new_with_constructor(stay),
            store: Family::new_with_constructor(transfer),
            received: Family::default(),
            objects: Family::default(),
            operations: Family::default(),
        }
    }
}

impl Flow {
    /// Bytes received from a side.
    pub fn bytes(&self, from: Side) -> u64 {
        self.bytes.get(from).load(Ordering::Relaxed)
    }

    /// Objects of a side that the other one has taken.
    pub fn objects(&self, from: Side) -> u64 {
        self.objects.get(from).load(Ordering::Relaxed)
    }
}

impl Meter {
    pub(super) fn new(series: &Series, parties: Parties, id: ConnectionId) -> Self {
        let one_side = |side| {
            let labels = OfSide { parties: parties.clone(), from: name(side) };
            OneSide {
                received: series.received.get_or_create_owned(&labels),
                objects: series.objects.get_or_create_owned(&labels),
                storing: None,
            }
        };
        let sides = PerSide::of(one_side);
        let way = Way { direction: parties.direction };
        let (bytes, objects) = (PerSide::default(), PerSide::default());
        Self {
            flow: Arc::new(Flow { id, since: SystemTime::now(), bytes, objects }),
            began: Instant::now(),
            sides,
            store: series.store.get_or_create_owned(&parties),
            association: series.association.get_or_create_owned(&way),
            operations: series.operations.clone(),
            parties,
            last: Moved::default(),
        }
    }

    /// What others see of it.
    pub fn flow(&self) -> Arc<Flow> {
        Arc::clone(&self.flow)
    }

    /// So much has come by now. The clock is asked only where an object has begun or ended.
    pub fn moved(&mut self, moved: Moved, now: impl Fn() -> Instant) {
        for side in SIDES {
            let (bytes, last) = (*moved.bytes.get(side), *self.last.bytes.get(side));
            let more = bytes.saturating_sub(last);
            if more > 0 {
                self.flow.bytes.get(side).store(bytes, Ordering::Relaxed);
                self.sides.get(side).received.inc_by(more);
            }
            let (stores, last) = (*moved.stores.get(side), *self.last.stores.get(side));
            if stores != last {
                self.stored(side, stores, last, now());
            }
        }
        self.last = moved;
    }

    fn stored(&mut self, side: Side, stores: Stores, last: Stores, now: Instant) {
        let of_side = self.sides.get_mut(side);
        let taken = stores.taken.saturating_sub(last.taken);
        if taken > 0 {
            self.flow.objects.get(side).store(stores.taken, Ordering::Relaxed);
            of_side.objects.inc_by(taken);
        }
        let is_answered = stores.answered > last.answered;
        if is_answered && let Some(began) = of_side.storing.take() {
            self.store.observe(now.saturating_duration_since(began).as_secs_f64());
        }
        // The next one may have begun with the same bytes; one that the gate has answered is none.
        of_side.storing = if stores.is_waiting { of_side.storing.or(Some(now)) } else { None };
    }

    /// The association has ended.
    pub fn ended(&self, ledger: &Ledger, now: Instant) {
        self.association.observe(now.saturating_duration_since(self.began).as_secs_f64());
        for done in ledger.operations() {
            let side = OfSide { parties: self.parties.clone(), from: name(done.from) };
            let labels = Operated { side, operation: done.operation.name() };
            self.operations.get_or_create(&labels).inc_by(done.count);
        }
        if ledger.operations_more() > 0 {
            // Of them is only known that there were some.
            let side = OfSide { parties: self.parties.clone(), from: name(Side::Requestor) };
            let labels = Operated { side, operation: "other" };
            self.operations.get_or_create(&labels).inc_by(ledger.operations_more());
        }
    }
}

const fn name(side: Side) -> &'static str {
    match side {
        Side::Requestor => "requestor",
        Side::Acceptor => "acceptor",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::encoding::prometheus_text;
    use prometheus_client::registry::Registry;

    use super::*;

    fn meter(series: &Series) -> Meter {
        let parties = Parties { peer: "ct1".into(), pacs: "archive".into(), direction: "inward" };
        Meter::new(series, parties, ConnectionId::example())
    }

    fn stores(is_waiting: bool, answered: u64, taken: u64) -> PerSide<Stores> {
        let requestor = Stores { is_waiting, answered, taken };
        PerSide { requestor, acceptor: Stores::default() }
    }

    #[test]
    fn adds_what_has_come_since_it_was_told_last() {
        let series = Series::default();
        let (mut one, mut other) = (meter(&series), meter(&series));
        let moved = |requestor, acceptor| Moved {
            bytes: PerSide { requestor, acceptor },
            ..Moved::default()
        };
        one.moved(moved(10, 0), Instant::now);
        one.moved(moved(30, 5), Instant::now);
        other.moved(moved(100, 0), Instant::now);
        let flow = one.flow();
        assert_eq!((flow.bytes(Side::Requestor), flow.bytes(Side::Acceptor)), (30, 5));
        let of = |from| {
            let parties = one.parties.clone();
            series.received.get(&OfSide { parties, from }).unwrap().get()
        };
        assert_eq!((of("requestor"), of("acceptor")), (130, 5));
    }

    #[test]
    fn measures_each_object_from_its_request_to_its_response() {
        let (series, start) = (Series::default(), Instant::now());
        let mut meter = meter(&series);
        let mut at = |seconds, stores| {
            let moved = Moved { stores, ..Moved::default() };
            meter.moved(moved, || start + Duration::from_secs(seconds));
        };
        at(0, stores(true, 0, 0));
        // Answered, and the next one has begun with the same bytes.
        at(2, stores(true, 1, 1));
        at(5, stores(false, 2, 1));
        // One that the gate itself has answered, in the end.
        at(6, stores(true, 2, 1));
        at(9, stores(false, 2, 1));
        at(10, stores(true, 2, 1));
        at(11, stores(false, 3, 2));
        let mut registry = Registry::default();
        registry.register("store", "", series.store.clone());
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry).unwrap();
        let values = text.lines().filter(|line| line.contains("_sum{") || line.contains("_count{"));
        let values: Vec<_> = values.map(|line| line.rsplit_once(' ').unwrap().1).collect();
        assert_eq!(values, ["6.0", "3"]);
        assert_eq!(meter.flow.objects(Side::Requestor), 2);
    }
}
