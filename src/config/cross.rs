//! What only several tables side by side show, and the policy does not look at.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::mistake::{Caution, Mistake, Outage};
use super::problems::Problems;
use super::section::At;
use super::suggestion::Suggestion;
use super::value::Address;
use super::{admin, listener, log, pacs, peer, target, user};
use crate::audit::Destination;
use crate::host::{self, ports};

/// The one name of which it is known without a name server whose it is.
pub(super) const LOCALHOST: &str = "localhost";

/// An address is listened on once. Port 0 is another port each time.
pub(super) fn addresses_are_unique(
    listeners: &[listener::Read],
    admin: &admin::Read,
    problems: &mut Problems,
) {
    let both = ports::ipv6_takes_ipv4();
    let mut first: HashMap<u16, Vec<At<SocketAddr>>> = HashMap::new();
    let of_listener =
        |read: &listener::Read| (format!("listener.{}.bind", read.name), read.bind.clone());
    let tables = listeners.iter().map(of_listener);
    let admin = ("admin.bind".to_owned(), admin.ports().collect());
    for (key, bind) in tables.chain([admin]) {
        for at in bind.into_iter().filter(|at| at.value.port() != 0) {
            let same_port = first.entry(at.value.port()).or_default();
            if let Some(other) = same_port.iter().find(|other| overlap(other.value, at.value, both))
            {
                let (address, first) = (at.value, problems.locate(other.place));
                let mistake = if other.value == address {
                    Mistake::BindTwice { address, first }
                } else if other.value.is_ipv4() == address.is_ipv4() {
                    Mistake::BindOverlaps { address, other: other.value, first }
                } else if address.is_ipv4() {
                    Mistake::BindTakenByIpv6 { address, all: other.value, at: first }
                } else {
                    Mistake::BindTakenByIpv6 { address: other.value, all: address, at: first }
                };
                problems.mistake(at.place, key.as_str(), &mistake);
            }
            same_port.push(at);
        }
    }
}

/// A file is either a socket or the audit. Other names of one folder are the same place.
pub(super) fn no_socket_is_the_audit(
    admin: &admin::Read,
    log: &log::Read,
    problems: &mut Problems,
) {
    let (Destination::File(audit), Some(place)) = (&log.log.audit, log.audit) else { return };
    let audit = in_real_folder(audit);
    for At { place: socket, value: path } in admin.sockets() {
        if in_real_folder(path) == audit {
            let (path, at) = (path.to_owned(), problems.locate(place));
            problems.mistake(socket, "admin.bind", &Mistake::SocketIsAudit { path, at });
        }
    }
}

/// As far as the folder is there.
fn in_real_folder(path: &Path) -> PathBuf {
    let real = path.parent().and_then(|folder| folder.canonicalize().ok());
    let named = real.and_then(|folder| Some(folder.join(path.file_name()?)));
    named.unwrap_or_else(|| path.components().collect())
}

/// Whether the system refuses the second of two addresses with one port: `0.0.0.0` and `[::]`
/// take all of their family, and `[::]` mostly IPv4 as well.
fn overlap(one: SocketAddr, other: SocketAddr, ipv6_takes_ipv4: bool) -> bool {
    let takes = |all: SocketAddr, one: SocketAddr| {
        let of_its_family = all.is_ipv4() == one.is_ipv4();
        all.ip().is_unspecified() && (of_its_family || all.is_ipv6() && ipv6_takes_ipv4)
    };
    one.ip() == other.ip() || takes(one, other) || takes(other, one)
}

/// A gate that calls itself gets its own port, and nobody a PACS or a device.
pub(super) fn no_target_is_the_gate(
    listeners: &[listener::Read],
    targets: &[(String, &At<Address>)],
    problems: &mut Problems,
) {
    for (key, at) in targets {
        let host = if &*at.value.host == LOCALHOST { "127.0.0.1" } else { &*at.value.host };
        if let Ok(host) = host.parse::<IpAddr>() {
            target_is_elsewhere(listeners, key, at, &[host], problems);
        }
    }
}

/// The same of one target, which has these addresses.
pub(super) fn target_is_elsewhere(
    listeners: &[listener::Read],
    key: &str,
    target: &At<Address>,
    hosts: &[IpAddr],
    problems: &mut Problems,
) {
    let address = target.value.clone();
    let all = || listeners.iter().flat_map(|read| read.bind.iter().map(move |at| (read, at)));
    for (host, (listener, at)) in hosts.iter().flat_map(|host| all().map(move |at| (host, at))) {
        let target_at = SocketAddr::new(*host, address.port);
        let (listener, first) = (listener.name.to_string(), problems.locate(at.place));
        match leads_to(target_at, at.value, host::is_own) {
            Ok(false) => continue,
            Ok(true) => {
                let whose = if key.starts_with("peer.") { "device" } else { "PACS" };
                let outage = Outage::OwnAddress { whose, address, listener, first };
                problems.outage(target.place, key, &outage);
            }
            Err(error) => {
                let caution = Caution::PerhapsItself { address, listener, first, error };
                problems.caution(target.place, key, &caution);
            }
        }
        return;
    }
}

/// Whether a connection to the first arrives at the second, on a machine that knows its addresses.
fn leads_to(
    target: SocketAddr,
    bound: SocketAddr,
    is_own: impl Fn(IpAddr) -> io::Result<bool>,
) -> io::Result<bool> {
    let (host, bound_to) = (target.ip().to_canonical(), bound.ip().to_canonical());
    if target.port() != bound.port() {
        return Ok(false);
    }
    if bound_to.is_unspecified() {
        // That of IPv6 takes IPv4 as well.
        let is_taken = bound_to.is_ipv6() || host.is_ipv4();
        return Ok(is_taken && (host.is_loopback() || is_own(host)?));
    }
    Ok(host == bound_to)
}

/// A peer's own source address is used for each PACS that it may reach.
pub(super) fn sources_fit(peers: &[peer::Read], all: &[pacs::Read], problems: &mut Problems) {
    for peer in peers.iter().filter(|peer| peer.source.is_some()) {
        let key = format!("peer.{}.source_address", peer.name);
        let named = |pacs: &&pacs::Read| peer.pacs.iter().any(|at| at.value == pacs.name);
        for pacs in all.iter().filter(named) {
            target::fits(&key, peer.source.as_ref(), &pacs.target.addresses, problems);
        }
    }
}

/// Whoever has to show a user shows one whom the gate can verify.
pub(super) fn users_can_be_verified(
    peers: &[peer::Read],
    issuers: &[Arc<str>],
    has_passwords: bool,
    problems: &mut Problems,
) {
    for peer in peers {
        let Some(kind) = &peer.user.kind else { continue };
        let mistake = match (kind.value, &peer.user.issuer) {
            (user::Kind::Password, _) if has_passwords => continue,
            (user::Kind::Password, _) => Mistake::NoPasswords,
            (user::Kind::Token, _) if issuers.is_empty() => Mistake::NoIssuer,
            (user::Kind::Token, None) if issuers.len() == 1 => continue,
            (user::Kind::Token, None) => {
                let key = format!("peer.{}.issuer", peer.name);
                problems.mistake(kind.place, key, &Mistake::WhichIssuer);
                continue;
            }
            (user::Kind::Token, Some(named)) if issuers.contains(&named.value) => continue,
            (user::Kind::Token, Some(named)) => {
                let nearest = Suggestion::new(&named.value, issuers.iter().map(|name| &**name));
                let mistake = Mistake::UnknownIssuer((*named.value).into(), nearest);
                let key = format!("peer.{}.issuer", peer.name);
                problems.mistake(named.place, key, &mistake);
                continue;
            }
        };
        problems.mistake(kind.place, format!("peer.{}.user_identity", peer.name), &mistake);
    }
}

/// Peers without a certificate, and listeners that need none, are nothing without each other.
pub(super) fn nobody_needs_a_certificate(
    listeners: &[listener::Read],
    peers: &[peer::Read],
    problems: &mut Problems,
) {
    let by_user = peers.iter().filter(|peer| !peer.is_plain());
    let without = by_user.filter_map(|peer| Some((peer, peer.shows_none()?)));
    let is_optional = listeners.iter().any(|listener| listener.optional_at().is_some());
    if !is_optional && listeners.iter().all(listener::Read::is_sound) {
        for (peer, place) in without.clone() {
            let key = format!("peer.{}.certificate", peer.name);
            problems.mistake(place, key, &Mistake::NobodyOptional);
        }
    }
    if without.count() == 0 && peers.iter().all(|peer| peer.is_sound) {
        // Where refusals are only reported, peers come later.
        for listener in listeners.iter().filter(|listener| !listener.reports_only()) {
            let Some(place) = listener.optional_at() else { continue };
            let key = format!("listener.{}.tls.client_certificate", listener.name);
            problems.mistake(place, key, &Mistake::OptionalForNobody);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_which_addresses_the_system_gives_together() {
        let overlap = |one: &str, other: &str, both| {
            let [one, other] = [one, other].map(|text| text.parse().unwrap());
            assert_eq!(overlap(one, other, both), overlap(other, one, both));
            overlap(one, other, both)
        };
        for other in ["0.0.0.0:1", "127.0.0.1:1"] {
            assert!(overlap("[::]:1", other, true) && !overlap("[::]:1", other, false));
            assert!(!overlap("[::1]:1", other, true));
            assert!(overlap("0.0.0.0:1", other, false));
        }
        assert!(overlap("[::]:1", "[::1]:1", false));
    }

    #[test]
    fn knows_which_addresses_lead_to_a_listener() {
        let own = ["127.0.0.1", "10.0.0.4", "2001:db8::4"].map(|one| one.parse().unwrap());
        let leads = |address: &str, bound: &str| {
            let is_own = |host| Ok(own.contains(&host));
            leads_to(address.parse().unwrap(), bound.parse().unwrap(), is_own).unwrap()
        };
        let itself = [
            ("10.0.0.4:104", "10.0.0.4:104"),
            ("10.0.0.4:104", "0.0.0.0:104"),
            ("10.0.0.4:104", "[::]:104"),
            ("[::ffff:10.0.0.4]:104", "10.0.0.4:104"),
            ("[2001:db8::4]:104", "[::]:104"),
            ("127.0.0.1:104", "0.0.0.0:104"),
            ("[::1]:104", "[::]:104"),
        ];
        for (address, bound) in itself {
            assert!(leads(address, bound), "{address} {bound}");
        }
        let others = [
            ("10.0.0.4:105", "10.0.0.4:104"),
            ("10.0.0.5:104", "10.0.0.4:104"),
            ("10.0.0.5:104", "[::]:104"),
            ("[2001:db8::4]:104", "0.0.0.0:104"),
            // The PACS on the machine of the gate, closed to the network.
            ("127.0.0.1:104", "10.0.0.4:104"),
        ];
        for (address, bound) in others {
            assert!(!leads(address, bound), "{address} {bound}");
        }
    }

    #[test]
    fn tells_where_the_system_does_not_say_whose_an_address_is() {
        let leads = |address: &str, bound: &str| {
            let is_own = |_| Err(io::ErrorKind::Unsupported.into());
            leads_to(address.parse().unwrap(), bound.parse().unwrap(), is_own)
        };
        assert!(leads("10.0.0.4:104", "[::]:104").is_err());
        assert!(!leads("10.0.0.4:105", "[::]:104").unwrap());
        assert!(leads("127.0.0.1:104", "[::]:104").unwrap());
    }
}
