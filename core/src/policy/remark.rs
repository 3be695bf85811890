//! What the policy changed on the way, without refusing.

/// A difference between what came and what went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Remark {
    /// In a request: a transfer syntax whose data sets cannot be walked.
    #[error("removed a transfer syntax that cannot be inspected")]
    TransferSyntaxRemoved,
    /// In a request: a transfer syntax that stands twice in one context.
    #[error("removed a transfer syntax that was proposed twice in one context")]
    TransferSyntaxRepeated,
    /// In a request: a transfer syntax beyond those that servers take in one context.
    #[error("removed a transfer syntax beyond the 50 that servers take in one context")]
    TransferSyntaxOverflow,
    /// In a request: a role that the services do not allow, beside one that they do.
    #[error("removed one of two proposed roles")]
    RoleClipped,
    /// In a request: a role selection of which nothing is left.
    #[error("removed a role selection")]
    RoleRemoved,
    /// In a request: extended negotiation for a SOP class that is not permitted.
    #[error("removed an extended negotiation")]
    ExtendedRemoved,
    /// In an answer: no result for a context; it counts as rejected.
    #[error("the PACS gave no result for a context")]
    MissingResult,
    /// In an answer: a rejection of a context that was not proposed.
    #[error("the PACS rejected a context that was not proposed")]
    UnproposedRejection,
    /// In an answer: a role selection for a SOP class for which none was proposed.
    #[error("the PACS answered a role selection that was not proposed")]
    UnproposedRole,
    /// In an answer: a role that was not proposed, beside ones that were.
    #[error("the PACS accepted a role that was not proposed")]
    RoleExceedsProposal,
    /// In an answer: extended negotiation for a SOP class for which none was proposed.
    #[error("the PACS answered an extended negotiation that was not proposed")]
    UnproposedExtended,
}

/// Remarks, each kind counted; bounded by the number of kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks(Vec<(Remark, u32)>);

impl Remarks {
    /// Each kind and how often.
    pub fn iter(&self) -> impl Iterator<Item = (Remark, u32)> {
        self.0.iter().copied()
    }

    pub(super) fn add(&mut self, remark: Remark) {
        match self.0.iter_mut().find(|(known, _)| *known == remark) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.0.push((remark, 1)),
        }
    }
}
