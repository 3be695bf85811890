//! What is read when somebody asks: counters of the audit, and how the gate is at this moment.

use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

use pacsgate_core::direction::Direction;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::offer::Offer;
use crate::audit::{Counters, Event, NO_REASON};
use crate::gate::Gate;
use crate::health::{AddressStanding, Health, State};
use crate::measures::Parties;
use crate::version;

/// A number with a fraction.
pub(super) type Number = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfEvent {
    event: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfDirection {
    direction: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCollector {
    collector: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTarget {
    pacs: String,
    address: String,
}

/// Adds all of it.
pub(super) fn register(offer: &Offer, to: &mut Registry) {
    let gate = &offer.gate;
    counters(gate.audit.counters(), to);
    associations(gate, to);
    state(offer, to);
    targets(&gate.health, to);
    reload(gate, to);
    builds(gate, to);
}

fn counters(counters: &Counters, to: &mut Registry) {
    let events = Family::<OfEvent, Counter>::default();
    // Those that are 0 are there: what appears with the first one would not be seen to grow.
    for event in Event::ALL {
        events.get_or_create(&OfEvent { event: event.code(), reason: NO_REASON }).inc_by(0);
    }
    for count in counters.snapshot() {
        let labels = OfEvent { event: count.event.code(), reason: count.reason };
        events.get_or_create(&labels).inc_by(count.count);
    }
    to.register("events", "Events of the audit by their reason codes (docs/reasons.md)", events);
    let lost = Counter::<u64>::default();
    lost.inc_by(counters.lost());
    to.register("audit_lines_lost", "Lines of the audit that could not be written", lost);
    let lost = Family::<OfCollector, Counter>::default();
    for (collector, messages) in counters.lost_by_collector() {
        let labels = OfCollector { collector: collector.to_owned() };
        lost.get_or_create(&labels).inc_by(messages);
    }
    let help = "Messages for a collector, by its table, that its spool could not take";
    to.register("syslog_messages_lost", help, lost);
}

fn associations(gate: &Gate, to: &mut Registry) {
    let (all, by_peer) = (Family::<OfDirection, Gauge>::default(), Family::<_, Gauge>::default());
    for direction in [Direction::Inward, Direction::Outward] {
        all.get_or_create(&OfDirection { direction: direction.name() }).set(0);
    }
    for basis in gate.register.now() {
        let parties = Parties::of(&basis);
        all.get_or_create(&OfDirection { direction: parties.direction }).inc();
        by_peer.get_or_create(&parties).inc();
    }
    to.register("associations", "Associations that are open", all);
    to.register("peer_associations", "The same by peer and PACS, where there are any", by_peer);
}

fn state(offer: &Offer, to: &mut Registry) {
    let (gate, site) = (&offer.gate, offer.gate.site.now());
    let connections = gate.slots.connections();
    number(to, "connections", "Connections of requestors that are open", connections as f64);
    let most = f64::from(site.limits.connections);
    number(to, "connections_limit", "How many there may be (limits.connections)", most);
    number(to, "peers", "Peers of the configuration", site.policy.peers() as f64);
    let moves = offer.pulse.trouble().is_none();
    number(to, "healthy", "1 while the accept loops and the workers answer", yes(moves));
    let draining = gate.live.is_draining();
    number(to, "draining", "1 while the gate stops", yes(draining));
    let short = gate.shortage.status().is_some();
    number(to, "short_of_descriptors", "1 while ports cannot accept for want of files", yes(short));
}

/// Of those alone that are asked how they are: what only associations show is no answer.
fn targets(health: &Health, to: &mut Registry) {
    let (up, trips) = (Family::<OfTarget, Gauge>::default(), Family::<OfTarget, Number>::default());
    for target in health.snapshot().into_iter().filter(|target| target.is_asked) {
        for AddressStanding { address, state, round_trip, .. } in target.addresses {
            let labels = OfTarget { pacs: target.pacs.to_string(), address };
            match state {
                State::Unknown => continue,
                State::Alive => up.get_or_create(&labels).set(1),
                State::Down => up.get_or_create(&labels).set(0),
            };
            let trip = round_trip.filter(|_| state == State::Alive);
            if let Some(trip) = trip {
                trips.get_or_create(&labels).set(trip.as_secs_f64());
            }
        }
    }
    let help = "1 while an address of a PACS answers, 0 while it does not";
    to.register("target_up", help, up);
    to.register("target_round_trip_seconds", "How long its last answer took", trips);
}

fn reload(gate: &Gate, to: &mut Registry) {
    let last = gate.measures.last_reload();
    let applied = last.is_none_or(|(_, is_applied)| is_applied);
    let help = "0 if the last reload was refused; 1 also where there was none";
    number(to, "last_reload_successful", help, yes(applied));
    let at = last.map_or(0.0, |(at, _)| unix(at));
    number(to, "last_reload_timestamp_seconds", "When that was; 0 if there was none", at);
    let started = unix(gate.measures.started);
    number(to, "start_time_seconds", "When the gate started", started);
}

fn builds(gate: &Gate, to: &mut Registry) {
    let commit = version::COMMIT.unwrap_or_default();
    let build = Info::new([("version", version::VERSION), ("commit", commit)]);
    to.register("build", "Which pacsgate this is", build);
    let digest = gate.site.now().digest.to_string();
    let configuration = Info::new([("digest", digest)]);
    to.register("configuration", "Which configuration serves, as in /readyz", configuration);
}

/// Adds one number.
fn number(to: &mut Registry, name: &str, help: &str, value: f64) {
    let gauge = Number::default();
    gauge.set(value);
    to.register(name, help, gauge);
}

const fn yes(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}

/// In seconds since the epoch.
pub(super) fn unix(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
