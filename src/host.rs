//! This machine, as far as a configuration depends on it.

mod account;
mod unit;

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;
use nix::unistd::geteuid;

pub use account::{Access, Account, Obstacle};
use unit::Unit;

/// The service, as far as it is known to the one who checks its configuration.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// As whom it will run; `None` if as whoever checks, or if that is not known.
    pub account: Option<Account>,
    /// Folders that are made for it before it starts, and that it may write to.
    pub logs: Vec<PathBuf>,
}

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A name that nobody has.
    #[error("there is no user {0:?} on this machine")]
    NoUser(String),
    /// The system could not tell.
    #[error("cannot look up the user {0:?}: {1}")]
    Unknown(String, io::Error),
}

/// As whom the service runs where no unit says it.
const USUAL_USER: &str = "pacsgate";

impl Service {
    /// The service of this machine, run as `user` if one is given. Without, only root is told as
    /// whom it runs: everybody else checks for themselves.
    ///
    /// # Errors
    ///
    /// A given user that is not there.
    pub fn of(user: Option<&str>) -> Result<Self, ServiceError> {
        let unit = Unit::installed();
        let logs = unit.as_ref().map(|unit| unit.logs.clone()).unwrap_or_default();
        let account = match user {
            Some(name) => {
                let found = Account::named(name);
                let found = found.map_err(|error| ServiceError::Unknown(name.to_owned(), error))?;
                Some(found.ok_or_else(|| ServiceError::NoUser(name.to_owned()))?)
            }
            None if geteuid().is_root() => usual(unit.as_ref()),
            None => None,
        };
        Ok(Self { account, logs })
    }
}

/// Whom the unit names, with the groups that it adds. A unit that names nobody runs as root.
fn usual(unit: Option<&Unit>) -> Option<Account> {
    let Some(unit) = unit else { return Account::named(USUAL_USER).ok()? };
    let user = unit.user.as_deref().filter(|_| !unit.is_dynamic)?;
    let mut account = Account::named(user).ok()??;
    account.join(unit.group.as_deref(), &unit.supplementary);
    Some(account)
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
    let enter =
        if path.is_dir() { rustix::fs::Access::EXEC_OK } else { rustix::fs::Access::empty() };
    Ok(rustix::fs::access(path, rustix::fs::Access::WRITE_OK | enter)?)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn finds_the_loopback_address() {
        assert!(addresses().contains(&Ipv4Addr::LOCALHOST.into()));
        assert!(has((Ipv4Addr::LOCALHOST, 104).into()).is_ok());
    }

    #[test]
    fn knows_that_a_user_is_not_there() {
        let told = Service::of(Some("nobody-of-this-name")).unwrap_err().to_string();
        assert_eq!(told, "there is no user \"nobody-of-this-name\" on this machine");
    }
}
