//! Which addresses and ports are touched, and no others: names are resolved once, here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::cli::client::dial;
use crate::config::{Address, Settings};
use crate::host;

use super::ports::{Expected, expected};

/// Addresses that are touched at most: this is for one's own perimeter, not for networks.
pub(super) const MOST: usize = 64;

/// What a port is to this site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// A listener of the gate.
    Listener { plain: bool },
    /// The port at which the gate reaches a PACS.
    Pacs,
    /// Another port of the PACS's or the gate's machine, or of an address that was given.
    Other,
}

/// A port that is tried.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) at: SocketAddr,
    /// As it was written.
    pub(super) host: String,
    pub(super) role: Role,
    pub(super) expected: Expected,
    /// Whether it belongs to the configuration, so that the gate may see more of it than others do.
    pub(super) is_configured: bool,
}

/// Everything that is tried.
#[derive(Debug, Default)]
pub(super) struct Scope {
    targets: BTreeMap<SocketAddr, Target>,
    hosts: BTreeMap<IpAddr, (String, bool)>,
    /// Names without an address, and addresses that were too many, in words.
    pub(super) left_out: Vec<String>,
}

/// What somebody wrote on the command line: an address, perhaps with a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    host: Box<str>,
    port: Option<u16>,
}

impl std::str::FromStr for Given {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.parse::<IpAddr>().is_ok() {
            return Ok(Self { host: text.into(), port: None });
        }
        let has_port = text.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        // A port of no meaning has the host judged as elsewhere.
        let whole = if has_port { text.to_owned() } else { format!("{text}:104") };
        let read: Address = whole.parse().map_err(|fault| format!("{fault}"))?;
        Ok(Self { host: read.host, port: has_port.then_some(read.port) })
    }
}

impl Scope {
    /// Takes what the command line gives.
    pub(super) async fn add_given(&mut self, given: &[Given], patience: Duration) {
        for Given { host, port } in given {
            for at in self.resolved(host, port.unwrap_or(1), false, patience).await {
                if let Some(port) = *port {
                    self.add(SocketAddr::new(at.ip(), port), host, Role::Other, false);
                }
            }
        }
    }

    /// Takes the PACS and the listeners of a configuration.
    pub(super) async fn add_configured(&mut self, settings: &Settings, patience: Duration) {
        let mut pacs: Vec<_> =
            settings.site.targets.values().flat_map(|it| &it.addresses).collect();
        pacs.sort_by_key(|address| (address.host.clone(), address.port));
        for Address { host, port } in pacs {
            for at in self.resolved(host, *port, true, patience).await {
                self.add(at, host, Role::Pacs, true);
            }
        }
        for listener in &settings.listeners {
            let plain = settings.site.ports.get(&listener.name).is_some_and(|it| it.tls.is_none());
            for (bind, _) in &listener.bind {
                for ip in faces(bind.ip()) {
                    if self.take_host(ip, &ip.to_string(), true) {
                        let at = SocketAddr::new(ip, bind.port());
                        self.add(at, &ip.to_string(), Role::Listener { plain }, true);
                    }
                }
            }
        }
    }

    /// Adds these ports of every host.
    pub(super) fn add_ports(&mut self, ports: &[u16]) {
        let hosts: Vec<_> = self.hosts.iter().map(|(ip, it)| (*ip, it.clone())).collect();
        for (ip, (host, is_configured)) in hosts {
            for port in ports {
                self.add(SocketAddr::new(ip, *port), &host, Role::Other, is_configured);
            }
        }
    }

    pub(super) fn targets(&self) -> impl Iterator<Item = &Target> {
        self.targets.values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Each address with its name and its ports, in words.
    pub(super) fn touched(&self) -> Vec<String> {
        let line = |(ip, (host, _)): (&IpAddr, &(String, bool))| {
            let ports = self.targets.keys().filter(|at| at.ip() == *ip).map(|at| at.port());
            let ports: BTreeSet<_> = ports.collect();
            let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
            let address = ip.to_string();
            let name = if *host == address { address } else { format!("{address} ({host})") };
            format!("{name}: TCP {}", ports.join(", "))
        };
        self.hosts.iter().map(line).collect()
    }

    async fn resolved(
        &mut self,
        host: &str,
        port: u16,
        is_configured: bool,
        patience: Duration,
    ) -> Vec<SocketAddr> {
        let address = Address { host: host.into(), port };
        match dial::resolve(&address, patience).await {
            Ok(mut found) => {
                found.retain(|at| self.take_host(at.ip(), host, is_configured));
                found
            }
            Err(error) => {
                self.left_out.push(format!("{host}: {error}"));
                Vec::new()
            }
        }
    }

    fn take_host(&mut self, ip: IpAddr, host: &str, is_configured: bool) -> bool {
        if self.hosts.len() >= MOST && !self.hosts.contains_key(&ip) {
            self.left_out
                .push(format!("{ip}: more than {MOST} addresses; try the rest in another run"));
            return false;
        }
        let known = self.hosts.entry(ip).or_insert_with(|| (host.to_owned(), is_configured));
        known.1 |= is_configured;
        true
    }

    /// What is known of a port already stays, unless it is nothing.
    fn add(&mut self, at: SocketAddr, host: &str, role: Role, is_configured: bool) {
        let expected = if role == Role::Other { expected(at.port()) } else { Expected::Dicom };
        let target = Target { at, host: host.to_owned(), role, expected, is_configured };
        let known = self.targets.entry(at).or_insert_with(|| target.clone());
        if known.role == Role::Other && role != Role::Other {
            *known = target;
        }
    }
}

/// The addresses at which a listener answers.
fn faces(bind: IpAddr) -> Vec<IpAddr> {
    let bind = bind.to_canonical();
    if !bind.is_unspecified() {
        return vec![bind];
    }
    let own = host::addresses();
    let is_face = |ip: &IpAddr| match ip {
        IpAddr::V4(_) => !ip.is_loopback(),
        // Those of a link need a zone, which no configuration names.
        IpAddr::V6(six) => bind.is_ipv6() && !ip.is_loopback() && !six.is_unicast_link_local(),
    };
    let found: Vec<_> = own.into_iter().filter(is_face).collect();
    if found.is_empty() { vec![std::net::Ipv4Addr::LOCALHOST.into()] } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_with_and_without_a_port() {
        let read = |text: &str| text.parse::<Given>().map(|it| (it.host.to_string(), it.port));
        assert_eq!(read("10.0.0.1"), Ok(("10.0.0.1".to_owned(), None)));
        assert_eq!(read("pacs.example:4242"), Ok(("pacs.example".to_owned(), Some(4242))));
        assert_eq!(read("2001:db8::5"), Ok(("2001:db8::5".to_owned(), None)));
        assert_eq!(read("[2001:db8::5]:104"), Ok(("2001:db8::5".to_owned(), Some(104))));
        assert!(read("http://x").is_err());
        assert!(read("10.0.0.0/8").is_err());
    }
}
