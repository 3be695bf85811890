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
    /// The unit, and the user that it names, if that is not there.
    pub nobody: Option<(PathBuf, String)>,
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
        let mut service = match user {
            Some(name) => {
                let found = Account::named(name);
                let found = found.map_err(|error| ServiceError::Unknown(name.to_owned(), error))?;
                let found = found.ok_or_else(|| ServiceError::NoUser(name.to_owned()))?;
                Self { account: Some(found), ..Self::default() }
            }
            None if geteuid().is_root() => Self::usual(unit.as_ref()),
            None => Self::default(),
        };
        if let Some(unit) = unit {
            service.take(unit);
        }
        Ok(service)
    }

    /// Run as the unit says. One that names nobody runs as root.
    fn usual(unit: Option<&Unit>) -> Self {
        let Some(unit) = unit else {
            let account = Account::named(USUAL_USER).ok().flatten();
            return Self { account, ..Self::default() };
        };
        let user = unit.user.as_ref().filter(|_| !unit.is_dynamic);
        match user.map(|name| (name, Account::named(name))) {
            Some((name, Ok(None))) => {
                Self { nobody: Some((unit.path.clone(), name.clone())), ..Self::default() }
            }
            Some((_, Ok(account))) => Self { account, ..Self::default() },
            Some((_, Err(_))) | None => Self::default(),
        }
    }

    /// Takes the folders that the unit has made, and the groups that it gives to its user.
    fn take(&mut self, unit: Unit) {
        if let Some(account) =
            self.account.as_mut().filter(|one| unit.user.as_deref() == Some(one.name()))
        {
            account.join(unit.group.as_deref(), &unit.supplementary);
        }
        self.logs = unit.logs;
    }
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
    fn runs_as_the_unit_says() {
        let unit = |user: &str| Unit { user: Some(user.to_owned()), ..Unit::default() };
        let account = |unit| Service::usual(Some(&unit)).account.map(|one| one.name().to_owned());
        assert_eq!(account(unit("nobody")).as_deref(), Some("nobody"));
        assert_eq!(account(Unit::default()), None);
        assert_eq!(account(Unit { is_dynamic: true, ..unit("nobody") }), None);
        let missing = Service::usual(Some(&unit("nobody-of-this-name")));
        assert_eq!(missing.nobody.map(|(_, user)| user).as_deref(), Some("nobody-of-this-name"));
        let mut service = Service::usual(Some(&unit("nobody")));
        let group = Some("root".to_owned());
        service.take(Unit { group, logs: vec!["/var/log/pacsgate".into()], ..unit("nobody") });
        assert_eq!(service.account.unwrap().owner(), "-o nobody -g root ");
        assert_eq!(service.logs, [Path::new("/var/log/pacsgate")]);
    }

    #[test]
    fn knows_that_a_user_is_not_there() {
        let told = Service::of(Some("nobody-of-this-name")).unwrap_err().to_string();
        assert_eq!(told, "there is no user \"nobody-of-this-name\" on this machine");
    }
}
