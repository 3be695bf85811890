//! What ends while the gate runs: its own certificates, those of the CAs, the revocation lists, and the
//! certificates that peers have shown last. The log tells that they near their end, and that they have
//! met it; so does the status, of a list without which everybody is refused.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;

use crate::gate::Gate;
use crate::report_only::reported;
use crate::site::Site;
use crate::timers::sleep;

/// Between two looks.
const DAY: Duration = Duration::from_secs(86_400);

/// Warns every day of what is near its end, and at each end; `status_changed` is told where that
/// changes what [`refused`] says. Never returns.
///
/// The configuration has warned at the start, and at each reload.
pub async fn watch(gate: Arc<Gate>, status_changed: Arc<Notify>) {
    let mut changes = gate.site.changes();
    loop {
        let site = gate.site.now();
        let before = troubles(&site, SystemTime::now());
        let reported_before = reporting(&site, SystemTime::now());
        let ends = site.servers().flat_map(|(_, tls)| tls.ends());
        let ends = ends.chain(site.clients().flat_map(|(_, tls)| tls.ends()));
        let now = SystemTime::now();
        let ends = ends.chain(site.report_only().filter_map(|(_, it)| it.changes(now)));
        tokio::select! {
            () = sleep(until_next_look(ends, SystemTime::now())) => {}
            _ = changes.changed() => {
                tell_of_peers(&gate, SystemTime::now());
                continue;
            }
        }
        let now = SystemTime::now();
        let site = gate.site.now();
        tell_of_peers(&gate, now);
        for (listener, tls) in site.servers() {
            for sentence in tls.dates(now) {
                tracing::warn!(%listener, "{sentence}");
            }
        }
        for (table, tls) in site.clients() {
            for sentence in tls.dates(now) {
                tracing::warn!(%table, "{sentence}");
            }
        }
        tell_of_report_only(&gate, now);
        tell_of_beginning(&site, &reported_before, now);
        if troubles(&site, now) != before {
            status_changed.notify_one();
        }
    }
}

/// However often that is asked, each certificate is told once a day.
fn tell_of_peers(gate: &Gate, now: SystemTime) {
    let site = gate.site.now();
    for sentence in gate.last_seen.due(|peer| site.policy.has_peer(peer), now) {
        tracing::warn!("{sentence}");
    }
}

/// Near its end, what will be refused then; at its end, that it is.
fn tell_of_report_only(gate: &Gate, now: SystemTime) {
    for (listener, report_only) in gate.site.now().report_only() {
        let (end, seen) = (report_only.end(), reported(gate.audit.counters()));
        if report_only.is_near_its_end(now) {
            tracing::warn!(
                %listener,
                "report-only ends at {end}; what report-only has let pass at the gate since its start: {seen}"
            );
        } else if report_only.until <= now {
            tracing::warn!(
                %listener,
                "report-only has ended at {end}: the listener enforces; what report-only has let pass at \
                 the gate since its start: {seen}"
            );
        }
    }
}

/// The listeners that only report now.
fn reporting(site: &Site, now: SystemTime) -> BTreeSet<Arc<str>> {
    let on = site.report_only().filter(|(_, report_only)| report_only.is_on(now));
    on.map(|(listener, _)| Arc::clone(listener)).collect()
}

/// An end that was too far ahead has come near enough, perhaps as the clock was set.
fn tell_of_beginning(site: &Site, before: &BTreeSet<Arc<str>>, now: SystemTime) {
    let on = site.report_only().filter(|(_, report_only)| report_only.is_on(now));
    for (listener, report_only) in on.filter(|(listener, _)| !before.contains(*listener)) {
        let end = report_only.end();
        tracing::warn!(
            %listener,
            "REPORT-ONLY begins: from now on what the policy refuses from its networks reaches the PACS, \
             until {end}"
        );
    }
}

/// What the status says besides who serves.
pub fn troubles(site: &Site, now: SystemTime) -> Vec<String> {
    let reporting = site.report_only().filter(|(_, it)| it.is_on(now));
    let reporting = reporting
        .map(|(listener, it)| format!("REPORT-ONLY at listener.{listener} until {}", it.end()));
    reporting.chain(refused(site, now)).collect()
}

/// Of which CAs everybody is refused, and where, if of any.
pub fn refused(site: &Site, now: SystemTime) -> Option<String> {
    let at = |table: String| move |issuer| format!("{issuer} at {table}");
    let silenced = site
        .servers()
        .flat_map(|(name, tls)| tls.silenced(now).map(at(format!("listener.{name}"))));
    let of_targets = site.clients().flat_map(|(table, tls)| tls.silenced(now).map(at(table)));
    let silenced: BTreeSet<_> = silenced.chain(of_targets).collect();
    let names = silenced.into_iter().collect::<Vec<_>>().join(", ");
    (!names.is_empty()).then(|| {
        format!("REFUSING every certificate of {names}: expired revocation list, see the log")
    })
}

/// A day, or until just after the next end.
fn until_next_look(ends: impl Iterator<Item = SystemTime>, now: SystemTime) -> Duration {
    let left = ends.filter_map(|end| end.duration_since(now).ok());
    left.map(|left| left + Duration::from_secs(1)).fold(DAY, Duration::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_every_day_and_just_after_an_end() {
        let now = SystemTime::now();
        let hour = Duration::from_secs(3600);
        let next = |ends: &[SystemTime]| until_next_look(ends.iter().copied(), now);
        assert_eq!(next(&[]), DAY);
        assert_eq!(next(&[now - hour, now + 40 * DAY]), DAY);
        assert_eq!(next(&[now + 2 * hour, now + hour]), hour + Duration::from_secs(1));
    }
}
