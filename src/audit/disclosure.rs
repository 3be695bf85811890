//! What one message about patients says. It has no form as a line: the audit itself has no patients.

use pacsgate_core::side::Side;

use super::parties::{acceptor, requestor};
use super::record::Record;
use crate::dicom_audit::{Party, Patient, Study};

/// Something that has passed on an association.
#[derive(Clone, Debug)]
pub(super) struct Disclosure {
    pub(super) requestor: Party,
    pub(super) acceptor: Party,
    /// The verified user of the requestor.
    pub(super) user: Option<String>,
    pub(super) what: What,
}

/// What has passed, and from which side.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A query.
    Query { from: Side, class: String, syntax: &'static str, identifier: Vec<u8>, is_cut: bool },
    /// Objects of one patient: the first of them, or all of them at the end.
    Transfer { from: Side, has_ended: bool, patient: Patient, studies: Vec<Study>, failed: u64 },
}

impl Disclosure {
    /// On the association of this record.
    pub(super) fn of(record: &Record, what: What) -> Self {
        Self {
            requestor: requestor(record),
            acceptor: acceptor(record),
            user: record.user.as_ref().map(|user| user.name.to_string()),
            what,
        }
    }
}
