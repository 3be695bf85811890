//! This machine, as far as a configuration depends on it.

use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;

/// The addresses of this machine's interfaces; none where the system does not say.
pub fn addresses() -> Vec<IpAddr> {
    let interfaces = getifaddrs().into_iter().flatten();
    let mut addresses: Vec<_> =
        interfaces.filter_map(|interface| interface.address.as_ref().and_then(ip)).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let four = address.as_sockaddr_in().map(|four| IpAddr::V4(four.ip()));
    four.or_else(|| address.as_sockaddr_in6().map(|six| IpAddr::V6(six.ip())))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn finds_the_loopback_address() {
        assert!(addresses().contains(&Ipv4Addr::LOCALHOST.into()));
    }
}
