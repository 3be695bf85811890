//! This machine, as far as a configuration depends on it.

mod account;
pub mod ports;
mod regular;
mod service;
pub mod sockets;
mod trust;
mod unit;

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs, UdpSocket};
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

/// The names among these for which no address is found in time, all of them asked at once.
pub fn unresolved(
    hosts: impl Iterator<Item = impl AsRef<str>>,
    patience: Duration,
) -> HashSet<String> {
    let names = hosts.map(|host| host.as_ref().to_owned());
    let mut unknown: HashSet<String> =
        names.filter(|host| host.parse::<IpAddr>().is_err()).collect();
    let (sender, answers) = mpsc::channel();
    for host in unknown.iter().cloned() {
        let sender = sender.clone();
        // One that waits for a name server ends with the process.
        let asked = thread::Builder::new().spawn(move || {
            let is_known = (&*host, 0).to_socket_addrs().is_ok_and(|mut all| all.next().is_some());
            // Whoever asked may have lost patience.
            let _ = sender.send((host, is_known));
        });
        // Without a thread nothing is known of the name.
        drop(asked);
    }
    drop(sender);
    let end = Instant::now() + patience;
    while let Ok((host, is_known)) =
        answers.recv_timeout(end.saturating_duration_since(Instant::now()))
    {
        if is_known {
            unknown.remove(&host);
        }
    }
    unknown
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
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn tells_no_number_of_an_error() {
        assert_eq!(words(&io::Error::from_raw_os_error(13)), "Permission denied");
        assert_eq!(words(&io::Error::other("a (b)")), "a (b)");
    }

    #[test]
    fn asks_for_names_and_not_for_addresses() {
        let hosts = ["localhost", "10.10.0.5", "2001:db8::5", "pacs.invalid"];
        let unknown = unresolved(hosts.into_iter(), Duration::from_secs(5));
        assert_eq!(unknown, HashSet::from(["pacs.invalid".to_owned()]));
    }

    #[test]
    fn finds_the_loopback_address() {
        assert!(addresses().contains(&Ipv4Addr::LOCALHOST.into()));
        assert!(has((Ipv4Addr::LOCALHOST, 104).into()).is_ok());
    }
}
