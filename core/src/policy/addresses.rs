//! Who comes from which address, where nothing else shows that.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The widest networks by which a system may be known: more hosts are not one device, or a few of a
/// kind.
pub const WIDEST_IPV4: u8 = 28;
/// The same of IPv6.
pub const WIDEST_IPV6: u8 = 124;

/// Whether a network is narrow enough to be what a system is known by.
pub(super) fn is_narrow(network: &IpNet) -> bool {
    match canonical(*network) {
        IpNet::V4(network) => network.prefix_len() >= WIDEST_IPV4,
        IpNet::V6(network) => network.prefix_len() >= WIDEST_IPV6,
    }
}

/// Whether two networks have an address in common, however those of IPv4 are written.
pub fn overlap(one: IpNet, other: IpNet) -> bool {
    let (one, other) = (canonical(one), canonical(other));
    one.contains(&other) || other.contains(&one)
}

/// The networks of those who are known by them, each by its index.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    owners: HashMap<IpNet, Vec<usize>>,
    lengths: BTreeSet<u8>,
}

impl Addresses {
    pub(super) fn insert(&mut self, networks: &[IpNet], owner: usize) {
        for network in networks {
            let network = canonical(*network).trunc();
            self.lengths.insert(network.prefix_len());
            self.owners.entry(network).or_default().push(owner);
        }
    }

    /// All to whom an address may belong, each once or several times.
    pub(super) fn of(&self, source: IpAddr) -> impl Iterator<Item = usize> {
        let source = source.to_canonical();
        let networks = self.lengths.iter().filter_map(move |&length| {
            let network = IpNet::new(source, length).ok()?;
            self.owners.get(&network.trunc())
        });
        networks.flatten().copied()
    }
}

/// A dual-stack socket shows IPv4 sources as ::ffff:a.b.c.d, and a network may be written that way.
pub(super) fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    mapped(v6).map_or(network, IpNet::V4)
}

fn mapped(network: Ipv6Net) -> Option<Ipv4Net> {
    const PREFIX: u8 = 96;
    let address = Ipv6Addr::to_ipv4_mapped(&network.addr())?;
    Ipv4Net::new(address, network.prefix_len().checked_sub(PREFIX)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    #[test]
    fn finds_everybody_whose_network_has_an_address() {
        let mut addresses = Addresses::default();
        addresses.insert(&[network("192.0.2.7/32"), network("2001:db8::10/124")], 0);
        addresses.insert(&[network("::ffff:192.0.2.0/124")], 1);
        let of = |source: &str| {
            let mut all: Vec<_> = addresses.of(source.parse().unwrap()).collect();
            all.sort_unstable();
            all
        };
        assert_eq!(of("192.0.2.7"), [0, 1]);
        assert_eq!(of("::ffff:192.0.2.8"), [1]);
        assert_eq!(of("2001:db8::1f"), [0]);
        assert!(of("192.0.2.16").is_empty() && of("2001:db8::20").is_empty());
    }

    #[test]
    fn knows_which_networks_are_narrow_and_which_overlap() {
        let narrow = ["10.0.0.0/28", "10.0.0.1/32", "2001:db8::/124", "::ffff:10.0.0.0/124"];
        assert!(narrow.iter().all(|text| is_narrow(&network(text))));
        let wide = ["10.0.0.0/27", "0.0.0.0/0", "2001:db8::/123", "::ffff:10.0.0.0/123"];
        assert!(wide.iter().all(|text| !is_narrow(&network(text))));
        assert!(overlap(network("10.0.0.0/28"), network("10.0.0.3/32")));
        assert!(overlap(network("::ffff:10.0.0.3/128"), network("10.0.0.0/28")));
        assert!(!overlap(network("10.0.0.0/29"), network("10.0.0.8/29")));
    }
}
