//! Report-only: for whom and for how long a listener lets pass what the policy refuses.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use humantime::format_rfc3339_seconds;
use ipnet::IpNet;

use crate::audit::{Counters, Event};

/// The farthest end: a gate that only reports protects nobody from those who come from its networks.
pub const LONGEST: Duration = Duration::from_secs(31 * DAY);
/// How long before its end the log says every day what will then be refused.
const NEAR: Duration = Duration::from_secs(3 * DAY);
const DAY: u64 = 86_400;

/// What `report_only_until` and `report_only_from` of a listener say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportOnly {
    /// From then on the listener enforces.
    pub until: SystemTime,
    /// Whose refusals are only reported.
    pub from: Vec<IpNet>,
}

impl ReportOnly {
    /// Whether refusals are only reported now: not behind the end, and not where that is farther ahead
    /// than it may be, as where a clock was never set.
    pub fn is_on(&self, now: SystemTime) -> bool {
        self.until.duration_since(now).is_ok_and(|left| !left.is_zero() && left <= LONGEST)
    }

    /// Whether those of this source are.
    pub fn covers(&self, source: IpAddr, now: SystemTime) -> bool {
        let source = source.to_canonical();
        self.is_on(now) && self.from.iter().any(|network| network.contains(&source))
    }

    /// Whether the end is so near that it is told every day.
    pub fn is_near_its_end(&self, now: SystemTime) -> bool {
        self.is_on(now) && self.until.duration_since(now).is_ok_and(|left| left <= NEAR)
    }

    /// The next moment at which it begins or ends, if there is one.
    pub fn changes(&self, now: SystemTime) -> Option<SystemTime> {
        let begins = self.until.checked_sub(LONGEST).filter(|begins| *begins > now);
        begins.or_else(|| Some(self.until).filter(|until| *until > now))
    }

    /// The end as it is told.
    pub fn end(&self) -> String {
        format_rfc3339_seconds(self.until.max(SystemTime::UNIX_EPOCH)).to_string()
    }
}

/// What has been let through since the start that would have been refused, by reason.
pub fn reported(counters: &Counters) -> String {
    let counts = counters.snapshot().into_iter().filter(|it| it.event == Event::WouldRefuse);
    let counts: Vec<_> = counts.map(|it| format!("{} {}", it.reason, it.count)).collect();
    if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn reports_from_its_networks_until_its_end_and_never_for_longer_than_a_month() {
        let now = SystemTime::now();
        let source = "::ffff:10.1.2.3".parse().unwrap();
        let covers = |until, source| {
            let from = vec!["10.1.0.0/16".parse().unwrap()];
            ReportOnly { until, from }.covers(source, now)
        };
        assert!(covers(now + HOUR, source) && covers(now + LONGEST, source));
        assert!(!covers(now, source) && !covers(now - HOUR, source));
        assert!(!covers(now + LONGEST + HOUR, source));
        assert!(!covers(now + HOUR, "10.2.0.1".parse().unwrap()));
    }

    #[test]
    fn knows_when_it_changes() {
        let now = SystemTime::now();
        let of = |until| ReportOnly { until, from: Vec::new() };
        assert_eq!(of(now + HOUR).changes(now), Some(now + HOUR));
        assert_eq!(of(now - HOUR).changes(now), None);
        let far = of(now + LONGEST + HOUR);
        assert_eq!(far.changes(now), Some(now + HOUR));
        assert!(of(now + HOUR).is_near_its_end(now) && !of(now + LONGEST).is_near_its_end(now));
    }
}
