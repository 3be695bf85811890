//! Times as they are written.

use std::time::SystemTime;

use serde::Serializer;

/// In whole seconds.
pub(super) fn rfc3339<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    // humantime panics on a time before the epoch, which a clock that was never set may show.
    let time = (*time).max(SystemTime::UNIX_EPOCH);
    serializer.collect_str(&humantime::format_rfc3339_seconds(time))
}
