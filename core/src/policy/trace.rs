//! What each check of a decision found.

use super::denial::Denial;

/// The findings of a decision, in the order of its checks; the last one decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace(Vec<Finding>);

/// What one check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// A matcher `cert_sha256` holds.
    #[error("certificate: its digest is a peer's pin")]
    CertificatePinned,
    /// A matcher `spki_sha256` holds.
    #[error("certificate: its public key is a peer's pin")]
    KeyPinned,
    /// A matcher `san_dns` holds.
    #[error("certificate: a DNS name is a peer's")]
    DnsNameMatches,
    /// A matcher `san_uri` holds.
    #[error("certificate: a URI is a peer's")]
    UriMatches,
    /// No matcher holds.
    #[error("certificate: no peer has its digest, its public key or one of its names")]
    NothingMatches,
    /// The certificate has no chain to a CA, so its names do not count, and no pin holds.
    #[error("certificate: no peer has its digest or public key, and its names do not count")]
    NoPinMatches,
    /// There is none, and the calling title is that of a peer that needs none.
    #[error("certificate: none was shown, and the calling title is that of a peer without one")]
    TitleWithoutCertificate,
    /// There is none, and the calling title is that of no such peer.
    #[error("certificate: none was shown, and the calling title is that of no peer without one")]
    NoCertificate,
    /// Matchers of several peers hold.
    #[error("certificate: it belongs to several peers")]
    SeveralPeersMatch,
    /// The source is that of a peer with this title.
    #[error("address: it is that of a peer without TLS")]
    AddressKnown,
    /// The source is that of no peer.
    #[error("address: it is that of no peer without TLS")]
    AddressUnknown,
    /// The source is that of a PACS with this title.
    #[error("address: it is that of a PACS")]
    PacsAddressKnown,
    /// The source is that of no PACS.
    #[error("address: it is that of no PACS")]
    PacsAddressUnknown,
    /// The certificate is that of a PACS.
    #[error("certificate: it is that of a PACS")]
    PacsCertificate,
    /// The certificate is that of no PACS.
    #[error("certificate: it is that of no PACS")]
    PacsCertificateUnknown,
    /// The certificate is that of several PACS.
    #[error("certificate: it is that of several PACS")]
    SeveralPacsMatch,
    /// The PACS has shown a certificate and may connect from everywhere.
    #[error("network: the PACS has no `from`")]
    PacsAnywhere,
    /// The source is one of the PACS's addresses.
    #[error("network: the source is in the PACS's `from`")]
    PacsAddress,
    /// The source is none of the PACS's addresses.
    #[error("network: the source is not in the PACS's `from`")]
    PacsElsewhere,
    /// The calling title is one of the PACS's.
    #[error("calling title: it is one of the PACS's")]
    PacsTitle,
    /// The calling title would be one of the PACS's in another case.
    #[error("calling title: it differs from one of the PACS's only in case, which is significant")]
    PacsTitleDiffersInCase,
    /// The calling title is none of the PACS's.
    #[error("calling title: it is not one of the PACS's")]
    PacsTitleNotListed,
    /// The called title is that of a peer that the PACS may reach.
    #[error("called title: it is that of a peer that the PACS may reach")]
    PeerReachable,
    /// The called title is that of a peer without a reach.
    #[error("called title: it is that of a peer without `reach`")]
    PeerWithoutReach,
    /// The called title is that of a peer of other PACS.
    #[error("called title: it is that of a peer whose `pacs` does not name this PACS")]
    PeerOfOtherPacs,
    /// No peer has the called title.
    #[error("called title: no peer has it")]
    PeerUnknown,
    /// No context may pass to the peer.
    #[error("contexts: the peer receives none of them, {removed} removed")]
    NothingReceived {
        /// How many were proposed.
        removed: u8,
    },
    /// Nobody has asked for what is permitted.
    #[error("request: nobody has asked for what would be sent, {removed} contexts removed")]
    NothingRequested {
        /// How many were proposed.
        removed: u8,
    },
    /// The peer has as many associations as its reach takes.
    #[error("limits: the peer has as many associations as its `reach` takes")]
    ReachAtItsLimit,
    /// The PACS has as many associations of its own as it may have.
    #[error("limits: the PACS has as many associations of its own as it may have")]
    PacsAtItsOwnLimit,
    /// The peer may connect from everywhere.
    #[error("network: the peer has no `from`")]
    AnyNetwork,
    /// The source is in one of the peer's networks.
    #[error("network: the source is in the peer's `from`")]
    NetworkListed,
    /// The source is in none of them.
    #[error("network: the source is not in the peer's `from`")]
    NetworkNotListed,
    /// The calling title is one of the peer's.
    #[error("calling title: it is one of the peer's")]
    CallingTitleListed,
    /// The calling title would be one of the peer's in another case.
    #[error("calling title: it differs from one of the peer's only in case, which is significant")]
    CallingTitleDiffersInCase,
    /// The calling title is none of the peer's.
    #[error("calling title: it is not one of the peer's")]
    CallingTitleNotListed,
    /// The called title is that of a PACS that the peer may reach.
    #[error("called title: it is that of a PACS that the peer may reach")]
    CalledTitleReachable,
    /// The called title would be reachable in another case.
    #[error("called title: it differs from a reachable one only in case, which is significant")]
    CalledTitleDiffersInCase,
    /// The called title is that of a PACS that the peer may not reach.
    #[error("called title: it is that of a PACS that the peer may not reach")]
    CalledTitleOfAnotherPacs,
    /// No PACS has the called title.
    #[error("called title: no PACS has it")]
    CalledTitleUnknown,
    /// Some contexts are permitted.
    #[error("contexts: {kept} permitted, {removed} removed")]
    ContextsLeft {
        /// How many are permitted.
        kept: u8,
        /// How many are not.
        removed: u8,
    },
    /// No context is permitted.
    #[error("contexts: none permitted, {removed} removed")]
    NoContextLeft {
        /// How many were proposed.
        removed: u8,
    },
    /// Neither the peer nor the PACS is at its limit.
    #[error("limits: the peer and the PACS are within theirs")]
    WithinLimits,
    /// The peer has as many associations as it may have.
    #[error("limits: the peer is at its own")]
    PeerAtItsLimit,
    /// The peer has half of what the PACS takes.
    #[error("limits: the peer has half of what the PACS takes")]
    PeerAtItsShare,
    /// The PACS has as many associations as it takes.
    #[error("limits: the PACS is at its own")]
    PacsAtItsLimit,
    /// The peer needs none.
    #[error("user identity: the peer needs none")]
    NoIdentityNeeded,
    /// A token was verified, and it says what the peer has to have.
    #[error("user identity: the token is accepted")]
    TokenAccepted,
    /// A password was verified, of a user whom the peer has.
    #[error("user identity: the password is accepted")]
    PasswordAccepted,
    /// It is missing, or was not accepted.
    #[error("user identity: {0}")]
    IdentityRefused(Denial),
}

impl Finding {
    /// The denial that follows; `None` where the decision goes on.
    pub const fn denial(self) -> Option<Denial> {
        match self {
            Self::NothingMatches | Self::NoPinMatches => Some(Denial::UnknownCertificate),
            Self::NoCertificate => Some(Denial::NoCertificate),
            Self::SeveralPeersMatch => Some(Denial::SeveralPeers),
            Self::AddressUnknown => Some(Denial::UnknownAddress),
            Self::PacsAddressUnknown | Self::PacsCertificateUnknown => Some(Denial::UnknownPacs),
            Self::SeveralPacsMatch => Some(Denial::SeveralPacs),
            Self::PacsElsewhere => Some(Denial::PacsNetwork),
            Self::PacsTitleNotListed | Self::PacsTitleDiffersInCase => Some(Denial::PacsTitle),
            Self::PeerUnknown | Self::PeerWithoutReach | Self::PeerOfOtherPacs => {
                Some(Denial::PeerTitle)
            }
            Self::NothingReceived { .. } => Some(Denial::NothingReceived),
            Self::NothingRequested { .. } => Some(Denial::NothingRequested),
            Self::ReachAtItsLimit => Some(Denial::ReachLimit),
            Self::PacsAtItsOwnLimit => Some(Denial::PacsOwnLimit),
            Self::NetworkNotListed => Some(Denial::WrongNetwork),
            Self::CallingTitleNotListed | Self::CallingTitleDiffersInCase => {
                Some(Denial::CallingTitle)
            }
            Self::CalledTitleUnknown
            | Self::CalledTitleOfAnotherPacs
            | Self::CalledTitleDiffersInCase => Some(Denial::CalledTitle),
            Self::NoContextLeft { .. } => Some(Denial::NoPermittedService),
            Self::PeerAtItsLimit => Some(Denial::PeerLimit),
            Self::PeerAtItsShare => Some(Denial::PeerShare),
            Self::PacsAtItsLimit => Some(Denial::PacsLimit),
            Self::IdentityRefused(denial) => Some(denial),
            Self::CertificatePinned
            | Self::KeyPinned
            | Self::DnsNameMatches
            | Self::UriMatches
            | Self::TitleWithoutCertificate
            | Self::AddressKnown
            | Self::PacsAddressKnown
            | Self::PacsCertificate
            | Self::PacsAnywhere
            | Self::PacsAddress
            | Self::PacsTitle
            | Self::PeerReachable
            | Self::AnyNetwork
            | Self::NetworkListed
            | Self::CallingTitleListed
            | Self::CalledTitleReachable
            | Self::ContextsLeft { .. }
            | Self::WithinLimits
            | Self::NoIdentityNeeded
            | Self::TokenAccepted
            | Self::PasswordAccepted => None,
        }
    }
}

impl Trace {
    /// The findings in order.
    pub fn iter(&self) -> impl Iterator<Item = Finding> {
        self.0.iter().copied()
    }

    /// The last finding.
    pub fn last(&self) -> Option<Finding> {
        self.0.last().copied()
    }

    pub(super) fn record(&mut self, finding: Finding) -> Result<(), Denial> {
        self.0.push(finding);
        finding.denial().map_or(Ok(()), Err)
    }
}
