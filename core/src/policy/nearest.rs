//! What a refusal missed by little: how close the request came to a rule that would have let it pass.

use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;

use crate::wire::title::AeTitle;

/// The nearest miss of a refusal. Shown as a sentence without a full stop, of names and titles alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nearest {
    /// A title of the peer, or of a PACS that it may reach, but for the case.
    OtherCase(AeTitle),
    /// The calling title is another peer's.
    CallingTitleOf {
        /// Whose title it is.
        owner: Arc<str>,
        /// Whose certificate it is.
        peer: Arc<str>,
    },
    /// The called title is that of a PACS that the peer may not reach.
    CalledTitleOf {
        /// The PACS.
        pacs: Arc<str>,
        /// The peer.
        peer: Arc<str>,
    },
    /// The peer may come from other networks.
    OtherNetwork {
        /// The peer.
        peer: Arc<str>,
        /// Its networks.
        from: Vec<IpNet>,
    },
    /// The common name is what a peer is recognised by, and only alternative names count.
    CommonName(Arc<str>),
    /// A name is what a peer is recognised by, if another CA had issued the certificate.
    OtherCa(Arc<str>),
    /// Several peers have it.
    Both(Arc<str>, Arc<str>),
    /// The calling title is that of a peer that shows a certificate.
    NeedsCertificate(Arc<str>),
    /// The calling title is that of a peer that is known by its address.
    ComesWithoutTls(Arc<str>),
    /// The PACS calls by the title of a peer.
    PacsClaims(Arc<str>),
    /// The called title is that of a peer that no PACS reaches.
    WithoutReach(Arc<str>),
    /// The called title is that of a peer which another PACS reaches.
    NotForPacs {
        /// The peer.
        peer: Arc<str>,
        /// The PACS that asks.
        pacs: Arc<str>,
    },
}

/// How many networks are named.
const NETWORKS: usize = 4;

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherCase(title) => {
                write!(f, "the title differs in case from {title}")
            }
            Self::CallingTitleOf { owner, peer } => write!(
                f,
                "the calling title is that of peer {owner}, and the certificate or address that of peer {peer}"
            ),
            Self::CalledTitleOf { pacs, peer } => write!(
                f,
                "the called title is that of PACS {pacs}, which is not among the `pacs` of peer {peer}"
            ),
            Self::OtherNetwork { peer, from } => {
                write!(f, "known peer {peer}, other network: it may come from ")?;
                networks(f, from)
            }
            Self::CommonName(peer) => write!(
                f,
                "the common name is what peer {peer} is recognised by, and only subject alternative \
                 names count"
            ),
            Self::OtherCa(peer) => write!(
                f,
                "a name in the certificate is what peer {peer} is recognised by, and the CA that has \
                 issued it is not the one that vouches for that peer"
            ),
            Self::Both(one, other) => {
                write!(
                    f,
                    "the certificate is what both peer {one} and peer {other} are recognised by"
                )
            }
            Self::NeedsCertificate(peer) => {
                write!(
                    f,
                    "the calling title is that of peer {peer}, which has to show a certificate"
                )
            }
            Self::ComesWithoutTls(peer) => write!(
                f,
                "the calling title is that of peer {peer}, which is let in at listeners without TLS only"
            ),
            Self::PacsClaims(peer) => write!(f, "the calling title is that of peer {peer}"),
            Self::WithoutReach(peer) => write!(
                f,
                "the called title is that of peer {peer}, which has no [peer.{peer}.reach]"
            ),
            Self::NotForPacs { peer, pacs } => write!(
                f,
                "the called title is that of peer {peer}, whose `pacs` does not name {pacs}"
            ),
        }
    }
}

fn networks(f: &mut fmt::Formatter<'_>, from: &[IpNet]) -> fmt::Result {
    for (at, network) in from.iter().take(NETWORKS).enumerate() {
        write!(f, "{}{network}", if at == 0 { "" } else { ", " })?;
    }
    match from.len().checked_sub(NETWORKS) {
        None | Some(0) => Ok(()),
        Some(more) => write!(f, " and {more} more"),
    }
}
