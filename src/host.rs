//! This machine, as far as a configuration depends on it.

mod account;
pub mod ports;
mod regular;
mod service;
pub mod sockets;
mod trust;
mod unit;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;
use rustix::fs::Access as Wanted;

pub use account::{Access, Account, Obstacle};
pub use regular::regular;
pub use service::{Service, ServiceError};
pub use trust::{Barrier, Distrust, Trust};

/// What the system says, without the number that it has for it.
pub fn words(error: &io::Error) -> String {
    let told = error.to_string();
    told.split_once(" (os error ").map_or(told.as_str(), |(words, _)| words).to_owned()
}

/// The addresses of this machine's interfaces; none where the system does not say. A unit without
/// `AF_NETLINK` is not told: what is decided by one address asks [`is_own`].
pub fn addresses() -> Vec<IpAddr> {
    of_interfaces().unwrap_or_default()
}

fn of_interfaces() -> io::Result<Vec<IpAddr>> {
    let interfaces = getifaddrs()?;
    let mut addresses: Vec<_> =
        interfaces.filter_map(|interface| interface.address.as_ref().and_then(ip)).collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let four = address.as_sockaddr_in().map(|four| IpAddr::V4(four.ip()));
    four.or_else(|| address.as_sockaddr_in6().map(|six| IpAddr::V6(six.ip())))
}

/// The names among these, each with the addresses that are found for it in time; all of them are
/// asked at once.
pub fn resolved(
    hosts: impl Iterator<Item = impl AsRef<str>>,
    patience: Duration,
) -> HashMap<String, Vec<IpAddr>> {
    let names = hosts.map(|host| host.as_ref().to_owned());
    let names = names.filter(|host| host.parse::<IpAddr>().is_err());
    let mut found: HashMap<String, Vec<IpAddr>> = names.map(|host| (host, Vec::new())).collect();
    let (sender, answers) = mpsc::channel();
    for host in found.keys().cloned() {
        let sender = sender.clone();
        // One that waits for a name server ends with the process.
        let asked = thread::Builder::new().spawn(move || {
            let all = (&*host, 0).to_socket_addrs().into_iter().flatten();
            let all = all.map(|address| address.ip()).collect();
            // Whoever asked may have lost patience.
            let _ = sender.send((host, all));
        });
        // Without a thread nothing is known of the name.
        drop(asked);
    }
    drop(sender);
    let end = Instant::now() + patience;
    while let Ok((host, all)) = answers.recv_timeout(end.saturating_duration_since(Instant::now()))
    {
        found.insert(host, all);
    }
    found
}

/// Whether a socket can have this address. No port is taken that anybody could want.
///
/// # Errors
///
/// The system's, as it is.
pub fn has(mut address: SocketAddr) -> io::Result<()> {
    address.set_port(0);
    UdpSocket::bind(address).map(drop)
}

/// Whether an address is one of this machine's.
///
/// # Errors
///
/// The system's, where it does not tell.
pub fn is_own(address: IpAddr) -> io::Result<bool> {
    match has((address, 0).into()) {
        Ok(()) if gives_any(address.is_ipv4()) => Ok(of_interfaces()?.contains(&address)),
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a socket can have any address, as `ip_nonlocal_bind` allows for addresses that wander
/// between machines. No machine has those that are tried here (RFC 1112, RFC 6666).
fn gives_any(is_ipv4: bool) -> bool {
    let nobodys: IpAddr = if is_ipv4 {
        Ipv4Addr::new(240, 0, 0, 1).into()
    } else {
        Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 1).into()
    };
    has((nobodys, 0).into()).is_ok()
}

/// Whether whoever asks may write to a file, or make one in a folder.
///
/// # Errors
///
/// The system's, as it is.
pub fn may_write(path: &Path) -> io::Result<()> {
    let enter = if path.is_dir() { Wanted::EXEC_OK } else { Wanted::empty() };
    Ok(rustix::fs::access(path, Wanted::WRITE_OK | enter)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_no_number_of_an_error() {
        assert_eq!(words(&io::Error::from_raw_os_error(13)), "Permission denied");
        assert_eq!(words(&io::Error::other("a (b)")), "a (b)");
    }

    #[test]
    fn asks_for_names_and_not_for_addresses() {
        let hosts = ["localhost", "10.10.0.5", "2001:db8::5", "pacs.invalid"];
        let found = resolved(hosts.into_iter(), Duration::from_secs(5));
        assert_eq!(found.len(), 2);
        assert!(found["localhost"].iter().any(IpAddr::is_loopback));
        assert!(found["pacs.invalid"].is_empty());
    }

    #[test]
    fn finds_the_loopback_address() {
        assert!(addresses().contains(&Ipv4Addr::LOCALHOST.into()));
        assert!(has((Ipv4Addr::LOCALHOST, 104).into()).is_ok());
    }

    #[test]
    fn tells_own_addresses_from_others() {
        for own in addresses().into_iter().filter(IpAddr::is_ipv4) {
            assert!(is_own(own).unwrap(), "{own}");
        }
        assert!(!is_own(Ipv4Addr::new(203, 0, 113, 77).into()).unwrap());
        assert!(is_own(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1).into()).is_err());
    }
}
