//! The listeners that only report.

use std::time::SystemTime;

use serde::Serialize;

use crate::site::Site;

/// A listener that only reports.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct ReportOnly {
    pub(in crate::admin) listener: String,
    pub(in crate::admin) until: String,
}

/// Those that do so now.
pub(super) fn all(site: &Site, now: SystemTime) -> Vec<ReportOnly> {
    let on = site.report_only().filter(|(_, it)| it.is_on(now));
    on.map(|(name, it)| ReportOnly { listener: name.to_string(), until: it.end() }).collect()
}
