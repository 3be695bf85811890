//! The gate's own certificates while it runs: the log tells that they near their end, and that
//! they have met it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use crate::gate::Gate;
use crate::stream::tls::Server;

/// Between two looks.
const DAY: Duration = Duration::from_secs(86_400);

/// Warns every day from thirty days before an end, and at each end. Never returns.
///
/// The configuration has warned at the start.
pub async fn watch(gate: Arc<Gate>) {
    loop {
        let site = gate.site.now();
        let ends = site.tls.values().flat_map(Server::own_ends);
        sleep(until_next_look(ends, SystemTime::now())).await;
        let now = SystemTime::now();
        for (listener, tls) in &gate.site.now().tls {
            for sentence in tls.own_dates(now) {
                tracing::warn!(%listener, "{sentence}");
            }
        }
    }
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
