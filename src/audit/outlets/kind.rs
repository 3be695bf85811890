//! What kind of event a refusal is, to whoever is in charge of security.

use pacsgate_core::policy::Denial;
use pacsgate_core::reason::Explained;
use pacsgate_core::wire::associate::AssociateError;

use crate::dicom_audit::Alert;
use crate::slots::SlotLimit;

/// What is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A user has not shown who it is.
    User,
    /// An alert.
    Alert(Alert),
}

/// Of a connection that ended before its request. That the gate was full concerns no security.
pub(super) fn of_failure(reason: &str) -> Option<Kind> {
    let is_full = SlotLimit::ALL.iter().any(|limit| limit.code() == reason);
    (!is_full).then_some(Kind::Alert(Alert::NodeAuthentication))
}

/// Of an association that was not opened. That the target did not answer, or that the requestor left,
/// concerns no security.
pub(super) fn of_refusal(reason: &str) -> Option<Kind> {
    if AssociateError::ALL.iter().any(|error| error.code() == reason) {
        return Some(Kind::Alert(Alert::RestrictedFunction));
    }
    Denial::ALL.iter().find(|denial| denial.code() == reason).map(|denial| of_denial(*denial))
}

const fn of_denial(denial: Denial) -> Kind {
    match denial {
        Denial::UnknownCertificate
        | Denial::NoCertificate
        | Denial::UnknownAddress
        | Denial::SeveralPeers
        | Denial::WrongNetwork
        | Denial::UnknownPacs
        | Denial::SeveralPacs
        | Denial::PacsNetwork => Kind::Alert(Alert::NodeAuthentication),
        Denial::CallingTitle
        | Denial::CalledTitle
        | Denial::NoPermittedService
        | Denial::PeerLimit
        | Denial::PeerShare
        | Denial::PacsLimit
        | Denial::PacsTitle
        | Denial::PeerTitle
        | Denial::NothingReceived
        | Denial::NothingRequested
        | Denial::ReachLimit
        | Denial::PacsOwnLimit => Kind::Alert(Alert::RestrictedFunction),
        Denial::IdentityMissing
        | Denial::IdentityKind
        | Denial::TokenTooLong
        | Denial::TokenMalformed
        | Denial::TokenHeader
        | Denial::TokenType
        | Denial::TokenIssuer
        | Denial::TokenAlgorithm
        | Denial::TokenKey
        | Denial::TokenKeysStale
        | Denial::TokenSignature
        | Denial::TokenClaims
        | Denial::TokenExpired
        | Denial::TokenNotYetValid
        | Denial::TokenAudience
        | Denial::TokenBinding
        | Denial::TokenSubject
        | Denial::TokenTitle
        | Denial::TokenClaim
        | Denial::UserUnknown
        | Denial::UserNotListed
        | Denial::PasswordWrong
        | Denial::PasswordAttempts
        | Denial::PasswordBusy => Kind::User,
    }
}
