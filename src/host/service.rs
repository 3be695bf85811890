//! The service of this machine, as its unit and the system's accounts have it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use nix::unistd::{User, geteuid};

use super::account::Account;
use super::ports;
use super::unit::Unit;

/// The service, as far as it is known to the one who checks its configuration.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// As whom it will run; `None` if as whoever checks, or if that is not known.
    pub account: Option<Account>,
    /// The unit, and the user that it names, if that is not there.
    pub nobody: Option<(PathBuf, String)>,
    /// Folders that are made for it before it starts, and that it may write to.
    pub made: Vec<PathBuf>,
    /// Whether its unit lets it listen on ports that are for the privileged.
    pub takes_any_port: bool,
    /// Ports that systemd opens for it.
    pub inherited: Vec<SocketAddr>,
    /// Where alone it may write, those among them; `None` if wherever its user may.
    pub writable: Option<Vec<PathBuf>>,
}

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A name that nobody has.
    #[error("there is no user {0:?} on this machine")]
    NoUser(String),
    /// The system could not tell.
    #[error("cannot look up the user {:?}: {}", .0, super::words(.1))]
    Unknown(String, io::Error),
}

/// As whom the service runs where no unit says it.
const USUAL_USER: &str = "pacsgate";

impl Service {
    /// Whether it may listen there.
    pub fn may_listen_on(&self, address: SocketAddr) -> bool {
        let may_any = || match &self.account {
            Some(account) => account.is_root() || self.takes_any_port,
            None => ports::may_take_any(),
        };
        !ports::is_privileged(address.port()) || self.inherited.contains(&address) || may_any()
    }

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
        let named = user.map_or_else(own_name, str::to_owned);
        let counts = |unit: &Unit| user.is_none() && geteuid().is_root() || unit.runs_as() == named;
        if let Some(unit) = unit.filter(counts) {
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

    /// Takes what the unit says of folders, and the groups that it gives to its user.
    fn take(&mut self, unit: Unit) {
        if let Some(account) = &mut self.account {
            account.join(unit.group.as_deref(), &unit.supplementary);
        }
        let all = unit.made.iter().chain(&unit.writable).cloned();
        self.writable = unit.is_sealed.then(|| all.collect());
        self.takes_any_port = unit.takes_any_port && !unit.has_private_users;
        self.made = unit.made;
        self.inherited = unit.inherited;
    }
}

/// The name of whoever asks.
fn own_name() -> String {
    let user = User::from_uid(geteuid()).ok().flatten();
    user.map(|user| user.name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn runs_as_the_unit_says() {
        let unit = |user: &str| Unit { user: Some(user.to_owned()), ..Unit::default() };
        let account = |unit| Service::usual(Some(&unit)).account.map(|one| one.owner());
        assert!(account(unit("nobody")).is_some_and(|owner| owner.starts_with("-o nobody ")));
        assert_eq!(account(Unit::default()), None);
        assert_eq!(account(Unit { is_dynamic: true, ..unit("nobody") }), None);
        let missing = Service::usual(Some(&unit("nobody-of-this-name")));
        assert_eq!(missing.nobody.map(|(_, user)| user).as_deref(), Some("nobody-of-this-name"));
        let mut service = Service::usual(Some(&unit("nobody")));
        let group = Some("root".to_owned());
        service.take(Unit {
            group,
            is_sealed: true,
            made: vec!["/var/log/pacsgate".into()],
            ..unit("nobody")
        });
        assert_eq!(service.account.unwrap().owner(), "-o nobody -g root ");
        assert!(!service.takes_any_port);
        assert_eq!(service.made, [Path::new("/var/log/pacsgate")]);
        assert_eq!(service.writable, Some(service.made.clone()));
    }

    #[test]
    fn knows_that_a_user_is_not_there() {
        let told = Service::of(Some("nobody-of-this-name")).unwrap_err().to_string();
        assert_eq!(told, "there is no user \"nobody-of-this-name\" on this machine");
    }
}
