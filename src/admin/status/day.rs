//! The last day in steps.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Serialize;

use super::time::rfc3339;
use crate::audit::Event;
use crate::history::{STEP, Step};

/// A list each of what was counted, the oldest step first; the last step is under way.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Day {
    #[serde(serialize_with = "rfc3339")]
    pub(in crate::admin) from: SystemTime,
    step_seconds: u64,
    pub(in crate::admin) associations: Vec<u64>,
    pub(in crate::admin) objects: Vec<u64>,
    pub(in crate::admin) refused: Vec<u64>,
    pub(in crate::admin) failed: Vec<u64>,
    pub(in crate::admin) would_refuse: Vec<u64>,
    /// Audit lines.
    pub(in crate::admin) lost: u64,
    /// The whole day by reasons, the most frequent first.
    pub(in crate::admin) reasons: Vec<Reason>,
}

/// How often something was refused, would have been or has failed for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::admin) struct Reason {
    pub(in crate::admin) event: Event,
    pub(in crate::admin) reason: &'static str,
    pub(in crate::admin) count: u64,
}

impl Day {
    pub(super) fn of(steps: &[Step]) -> Self {
        let of = |count: fn(&Step) -> u64| steps.iter().map(count).collect::<Vec<_>>();
        let mut reasons: BTreeMap<_, u64> = BTreeMap::new();
        for reason in steps.iter().flat_map(|step| &step.reasons) {
            let total = reasons.entry((reason.event, reason.reason)).or_default();
            *total = total.saturating_add(reason.count);
        }
        let reasons = reasons.into_iter();
        let reasons = reasons.map(|((event, reason), count)| Reason { event, reason, count });
        let mut reasons: Vec<_> = reasons.collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
        Self {
            from: steps.first().map_or(SystemTime::UNIX_EPOCH, Step::start),
            step_seconds: STEP.as_secs(),
            associations: of(|step| step.opened),
            objects: of(|step| step.objects),
            refused: of(|step| step.refused),
            failed: of(|step| step.failed),
            would_refuse: of(|step| step.would_refuse),
            lost: of(|step| step.lost).into_iter().fold(0, u64::saturating_add),
            reasons,
        }
    }

    /// What would be refused, if refusals were not only reported.
    pub(in crate::admin) fn would_refuse_reasons(&self) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(|reason| reason.event == Event::WouldRefuse)
    }
}
