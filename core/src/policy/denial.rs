//! Why an association is refused, and what to do about it.

use crate::wire::reject::Reject;

/// Why the policy refuses an association: one reason, the first in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Denial {
    /// The certificate belongs to no peer.
    #[error("the certificate belongs to no peer")]
    UnknownCertificate,
    /// The certificate belongs to two peers or more.
    #[error("the certificate belongs to several peers")]
    SeveralPeers,
    /// The peer may not connect from this address.
    #[error("the peer may not connect from this address")]
    WrongNetwork,
    /// The calling title is not bound to this certificate.
    #[error("the calling title is not bound to this certificate")]
    CallingTitle,
    /// The called title is not that of a PACS that the peer may reach.
    #[error("the called title is not that of a PACS that the peer may reach")]
    CalledTitle,
    /// No proposed presentation context is permitted.
    #[error("none of the proposed presentation contexts is permitted")]
    NoPermittedService,
    /// The peer has as many associations as it may have.
    #[error("the peer has as many associations as it may have")]
    PeerLimit,
    /// The peer has half of the associations that the PACS takes.
    #[error("the peer has half of the associations that the PACS takes")]
    PeerShare,
    /// The PACS has as many associations as it takes.
    #[error("the PACS has as many associations as it takes")]
    PacsLimit,
}

impl Denial {
    /// Every denial, in the order of the checks.
    pub const ALL: [Self; 9] = [
        Self::UnknownCertificate,
        Self::SeveralPeers,
        Self::WrongNetwork,
        Self::CallingTitle,
        Self::CalledTitle,
        Self::NoPermittedService,
        Self::PeerLimit,
        Self::PeerShare,
        Self::PacsLimit,
    ];

    /// The stable name in audit lines and counters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownCertificate => "unknown-certificate",
            Self::SeveralPeers => "several-peers",
            Self::WrongNetwork => "wrong-network",
            Self::CallingTitle => "calling-title",
            Self::CalledTitle => "called-title",
            Self::NoPermittedService => "no-permitted-service",
            Self::PeerLimit => "peer-limit",
            Self::PeerShare => "peer-share",
            Self::PacsLimit => "pacs-limit",
        }
    }

    /// What the administrator does about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::UnknownCertificate => {
                "If the device may connect, add a name or digest of its certificate to \
                 `certificate` of its [peer] table."
            }
            Self::SeveralPeers => {
                "Leave only one [peer] table whose `certificate` matches this certificate."
            }
            Self::WrongNetwork => {
                "If the device may connect from this address, add it to `from` of its [peer] table."
            }
            Self::CallingTitle => {
                "Correct the calling title on the device, or add it to `calling_ae` of its [peer] \
                 table."
            }
            Self::CalledTitle => {
                "Correct the called title on the device, or add the title to `called_ae` of the \
                 [pacs] table and the PACS to `pacs` of the [peer] table."
            }
            Self::NoPermittedService => {
                "If the device may use the SOP classes that it proposed, add their service to \
                 `services` of its [peer] table, and check its `sop_classes`."
            }
            Self::PeerLimit => {
                "If the device needs more associations at once, raise `associations` of its [peer] \
                 table; else look for ones that it leaves open."
            }
            Self::PeerShare => {
                "If the PACS takes more associations at once, raise `associations` of its [pacs] \
                 table: one peer has at most half of them."
            }
            Self::PacsLimit => {
                "If the PACS takes more associations at once, raise `associations` of its [pacs] \
                 table."
            }
        }
    }

    /// What the requestor is told: as little as the standard allows.
    #[must_use]
    pub const fn reject(self) -> Reject {
        match self {
            Self::UnknownCertificate
            | Self::SeveralPeers
            | Self::WrongNetwork
            | Self::NoPermittedService => Reject::NO_REASON,
            Self::CallingTitle => Reject::CALLING_TITLE,
            Self::CalledTitle => Reject::CALLED_TITLE,
            Self::PeerLimit | Self::PeerShare | Self::PacsLimit => Reject::LOCAL_LIMIT,
        }
    }
}
