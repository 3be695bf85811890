//! Deadlines of the tests themselves.

use std::time::Duration;

/// How long a test waits for something that must happen. Nothing waits for it in a good run.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
