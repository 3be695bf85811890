//! What is wrong with how a system is known.

use std::fmt;

use ipnet::IpNet;

use super::addresses::{WIDEST_IPV4, WIDEST_IPV6};
use super::spot::Spot;
use crate::quoted::Quoted;
use crate::wire::title::AeTitle;

/// What is wrong with how somebody is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityFault {
    /// A peer that is known by its address, and has none.
    NoAddress,
    /// More hosts than one device has, or a few of a kind.
    WideNetwork(IpNet),
    /// One calling title from one address cannot be that of two.
    SharedAddress {
        /// The title.
        title: AeTitle,
        /// Where another table has it.
        first: Spot,
    },
    /// One called title cannot lead to two peers.
    SharedReach {
        /// The title.
        title: AeTitle,
        /// Where another peer with a reach has it.
        first: Spot,
    },
}

impl IdentityFault {
    pub(super) fn told<P: fmt::Display>(&self, place: impl Fn(&Spot) -> P) -> String {
        match self {
            Self::NoAddress => {
                "says that it shows none: where it comes without TLS, it needs its address in `from`; \
                 where it comes with TLS, it has to show a user by `user_identity`"
                    .into()
            }
            Self::WideNetwork(network) => format!(
                "{network} is too wide for what a system is known by; write its address, or a network \
                 of at most /{WIDEST_IPV4} (IPv6 /{WIDEST_IPV6})"
            ),
            Self::SharedAddress { title, first } => format!(
                "{} is a title of {} as well, at {}, which comes from the same address; give each \
                 titles of its own, or make one table of them",
                Quoted::from(title.as_str()),
                first.table,
                place(first)
            ),
            Self::SharedReach { title, first } => format!(
                "{} leads to {} already, at {}; a title has one peer with `reach`",
                Quoted::from(title.as_str()),
                first.table,
                place(first)
            ),
        }
    }
}
