//! What has gone over an association that somebody has to account for (PS3.15 section A.5): whom it was
//! about, and who asked for what. Only where that is wanted.

use crate::data_set::Shown;
use crate::side::Side;
use crate::wire::uid::{InstanceUid, Uid};

/// How much of the identifier of a query is told.
pub const MAX_IDENTIFIER: usize = 4 * 1024;

/// Something that has gone to the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disclosed {
    /// A query was asked.
    Query(Query),
    /// An object has come to its end, and the other side has said whether it takes it.
    Object(Object),
}

/// A C-FIND request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Who asks.
    pub from: Side,
    /// Of which SOP class.
    pub sop_class: Option<Uid>,
    /// The transfer syntax of the identifier.
    pub syntax: &'static str,
    /// The identifier, up to [`MAX_IDENTIFIER`].
    pub identifier: Vec<u8>,
    /// It is longer than that.
    pub is_cut: bool,
}

/// A C-STORE request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Who sends it.
    pub from: Side,
    /// Its SOP class.
    pub sop_class: Option<Uid>,
    /// Its SOP instance.
    pub sop_instance: Option<InstanceUid>,
    /// Whom it is about.
    pub shown: Box<Shown>,
    /// The status of the response; `None` where there was none.
    pub status: Option<u16>,
}

impl Object {
    /// Whether the other side has taken it: with success, or with a warning (PS3.7 annex C).
    pub fn is_taken(&self) -> bool {
        const WARNINGS: std::ops::RangeInclusive<u16> = 0xb000..=0xbfff;
        self.status.is_some_and(|status| {
            matches!(status, 0 | 1 | 0x0107 | 0x0116) || WARNINGS.contains(&status)
        })
    }
}
