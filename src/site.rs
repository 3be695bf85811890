//! What one load of the configuration makes: replaced as a whole, never in parts.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipnet::IpNet;
use pacsgate_core::certificate::Digest;
use pacsgate_core::direction::Direction;
use pacsgate_core::identity::User;
use pacsgate_core::policy::{Denial, Pacs, Peer, Permit, Policy};
use tokio::time::Instant;

use crate::config::{Limits, Location, Target};
use crate::identity::password::Passwords;
use crate::identity::token::Issuers;
use crate::port::{Port, Way};
use crate::relay::{Deadlines, Over};
use crate::report_only::ReportOnly;
use crate::stream::tls;

/// Everything that a decision about a connection rests on.
///
/// A connection takes one when it is accepted and keeps it: pins and policy are always of the same
/// load.
#[derive(Debug)]
pub struct Site {
    /// What the configuration says, as a digest.
    pub digest: Digest,
    /// Who may do what.
    pub policy: Policy,
    /// How each PACS of the policy is reached.
    pub targets: HashMap<Arc<str>, Target>,
    /// From which address of this machine PACS are dialled for a peer, where its table says so.
    pub sources: HashMap<Arc<str>, IpAddr>,
    /// How each peer with a reach is reached.
    pub reaches: HashMap<Arc<str>, Target>,
    /// TLS with each collector of the audit that has it.
    pub collectors: HashMap<Arc<str>, tls::Client>,
    /// How much and how long.
    pub limits: Limits,
    /// What each listener does, by its name.
    pub ports: HashMap<Arc<str>, Port>,
    /// The networks of balancers, by the names of the listeners that have some.
    pub balancers: HashMap<Arc<str>, Vec<IpNet>>,
    /// The users who have a password.
    pub passwords: Passwords,
    /// Who makes tokens that are accepted.
    pub issuers: Issuers,
    /// The tables that all this was made from.
    pub tables: Tables,
}

/// Peers and PACS as their tables describe them: nothing is decided by it, and people are told what to
/// change in them.
#[derive(Debug, Default)]
pub struct Tables {
    /// The peers.
    pub peers: Vec<Peer>,
    /// Where the table of each stands, by its name.
    pub peers_at: HashMap<Arc<str>, Location>,
    /// The PACS.
    pub pacs: Vec<Pacs>,
}

impl Site {
    /// The TLS of every listener that has it, with its name.
    pub fn servers(&self) -> impl Iterator<Item = (&Arc<str>, &tls::Server)> {
        self.ports.iter().filter_map(|(name, port)| Some((name, port.tls.as_ref()?)))
    }

    /// What each listener only reports, in the order of the names.
    pub fn report_only(&self) -> impl Iterator<Item = (&Arc<str>, &ReportOnly)> {
        let all = self.ports.iter();
        let all = all.filter_map(|(name, port)| Some((name, port.report_only.as_ref()?)));
        all.collect::<BTreeMap<_, _>>().into_iter()
    }

    /// TLS towards targets, with the tables that have it.
    pub fn clients(&self) -> impl Iterator<Item = (String, &tls::Client)> {
        let pacs = self.targets.iter().map(|(name, it)| (format!("pacs.{name}"), it));
        let peers = self.reaches.iter().map(|(name, it)| (format!("peer.{name}.reach"), it));
        let targets = pacs.chain(peers);
        let targets = targets.filter_map(|(table, target)| Some((table, target.tls.as_ref()?)));
        let collectors = self.collectors.iter();
        targets.chain(collectors.map(|(name, client)| (format!("syslog.{name}"), client)))
    }

    /// What a user was verified by: the password, or the rules of an issuer. `None` where there is no
    /// such user or issuer.
    pub fn stamp(&self, user: &User) -> Option<Digest> {
        match user {
            User::Token(token) => self.issuers.stamp(&token.issuer),
            User::Password(name) => self.passwords.stamp(name),
        }
    }

    /// Whether a user that was verified by this would be so now.
    ///
    /// # Errors
    ///
    /// What is not there any more, or is another.
    pub fn stands_for(&self, user: &User, stamp: Option<Digest>) -> Result<(), Denial> {
        let now = self.stamp(user);
        match user {
            _ if now.is_some() && now == stamp => Ok(()),
            User::Token(_) => Err(Denial::TokenIssuer),
            User::Password(_) if now.is_some() => Err(Denial::PasswordWrong),
            User::Password(_) => Err(Denial::UserUnknown),
        }
    }

    /// The way of whoever comes to a listener; the usual one where there is no such listener.
    pub fn way_of(&self, listener: &str) -> Way {
        self.ports.get(listener).map(Port::way).unwrap_or_default()
    }

    /// How what a permit leads to is reached.
    pub fn target(&self, permit: &Permit) -> Option<&Target> {
        match permit.direction() {
            Direction::Inward => self.targets.get(permit.pacs()),
            Direction::Outward => self.reaches.get(permit.peer()),
        }
    }

    /// From which address of this machine that is dialled; `None` leaves that to the system.
    pub fn source(&self, permit: &Permit) -> Option<IpAddr> {
        let of_peer = match permit.direction() {
            Direction::Inward => self.sources.get(permit.peer()).copied(),
            Direction::Outward => None,
        };
        of_peer.or_else(|| self.target(permit)?.source)
    }

    /// Whether what comes from there names its source in a header, and is believed.
    pub fn is_balancer(&self, listener: &str, address: IpAddr) -> bool {
        let networks = self.balancers.get(listener).into_iter().flatten();
        let address = address.to_canonical();
        networks.into_iter().any(|network| network.contains(&address))
    }
}

impl Limits {
    /// The longest that the way to a target with so many addresses can take, its own farewell included.
    pub fn whole_dial(&self, addresses: usize) -> Duration {
        let reach = self.dial.saturating_add(self.handshake);
        let reach = reach.saturating_mul(u32::try_from(addresses).unwrap_or(u32::MAX));
        reach.saturating_add(self.answer).saturating_add(self.close)
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
