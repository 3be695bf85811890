//! What the policy changed on the way, without refusing.

use crate::counts::Counts;

/// A difference between what came and what went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
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
    /// In an answer: the same result for a context once more.
    #[error("the PACS gave the same result for a context twice")]
    RepeatedResult,
    /// In an answer: a transfer syntax that was not proposed for its context, which so counts as
    /// rejected.
    #[error("the PACS chose a transfer syntax that was not proposed for a context")]
    UnproposedTransferSyntax,
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

/// Remarks, each kind counted.
pub type Remarks = Counts<Remark>;
