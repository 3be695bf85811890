//! What a line is about, for whoever says it in another form.

use crate::audit::health::HealthChange;
use crate::audit::record::Record;
use crate::audit::reload::Reload;
use crate::audit::summary::Summed;

/// What a line is about.
#[derive(Clone, Copy)]
pub(in crate::audit) enum Told<'a> {
    /// The gate begins to serve.
    Started,
    /// The counters.
    Counters,
    /// An event of a connection.
    Record(&'a Record),
    /// A reload.
    Reload(&'a Reload),
    /// An address of a PACS.
    Pacs(&'a HealthChange),
    /// Lines that were only counted.
    Summed(&'a Summed),
}
