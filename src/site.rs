//! What one load of the configuration makes: replaced as a whole, never in parts.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipnet::IpNet;
use pacsgate_core::identity::User;
use pacsgate_core::policy::{Denial, Policy};
use tokio::time::Instant;

use crate::config::{Limits, Target};
use crate::identity::password::Passwords;
use crate::relay::{Deadlines, Over};
use crate::stream::tls;

/// Everything that a decision about a connection rests on.
///
/// A connection takes one when it is accepted and keeps it: pins and policy are always of the same
/// load.
#[derive(Debug)]
pub struct Site {
    /// Who may do what.
    pub policy: Policy,
    /// How each PACS of the policy is reached.
    pub targets: HashMap<Arc<str>, Target>,
    /// How much and how long.
    pub limits: Limits,
    /// TLS by the names of the listeners.
    pub tls: HashMap<Arc<str>, tls::Server>,
    /// The networks of balancers, by the names of the listeners that have some.
    pub balancers: HashMap<Arc<str>, Vec<IpNet>>,
    /// The users who have a password.
    pub passwords: Passwords,
}

impl Site {
    /// Whether there still is who vouches for a user.
    ///
    /// # Errors
    ///
    /// What is not there any more.
    pub fn knows(&self, user: &User) -> Result<(), Denial> {
        match user {
            User::Token(_) => Err(Denial::TokenIssuer),
            User::Password(name) if self.passwords.has(name) => Ok(()),
            User::Password(_) => Err(Denial::UserUnknown),
        }
    }

    /// Whether what comes from there names its source in a header, and is believed.
    pub fn is_balancer(&self, listener: &str, address: IpAddr) -> bool {
        let networks = self.balancers.get(listener).into_iter().flatten();
        let address = address.to_canonical();
        networks.into_iter().any(|network| network.contains(&address))
    }
}

impl Limits {
    /// The longest that the way to a target can take, its own farewell included.
    pub const fn whole_dial(&self) -> Duration {
        self.dial.saturating_add(self.answer).saturating_add(self.close)
    }

    /// The limits of an association whose certificate ends at `not_after`, and whose user's token then,
    /// in seconds since 1970.
    pub fn deadlines(&self, not_after: Option<i64>, user_ends: Option<i64>) -> Deadlines {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let left = |end| u64::try_from(end).unwrap_or_default().saturating_sub(now);
        let at = |end| Instant::now().checked_add(Duration::from_secs(left(end)));
        let certificate = not_after.and_then(at).map(|end| (end, Over::Certificate));
        let token = user_ends.and_then(at).map(|end| (end, Over::Token));
        Deadlines {
            idle: self.idle,
            operation: self.operation,
            progress: self.progress,
            write_stall: self.write_stall,
            close: self.close,
            expires: certificate.into_iter().chain(token).min_by_key(|(end, _)| *end),
            lifetime: self.lifetime,
        }
    }
}
