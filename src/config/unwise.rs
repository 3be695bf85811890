//! What is legal and unwise, and shows only where the tables stand side by side.

use std::collections::{HashMap, HashSet};

use pacsgate_core::policy::share;
use pacsgate_core::quoted::Quoted;
use pacsgate_core::wire::title::AeTitle;

use super::mistake::Caution;
use super::pacs::is_wildcard;
use super::problems::Problems;
use super::section::At;
use super::source::Place;
use super::{listener, pacs, peer};
use crate::identity::password::Passwords;

/// The largest networks that balancers alone have, mostly.
const USUAL_IPV4: u8 = 24;
const USUAL_IPV6: u8 = 64;

/// A title where it stands.
#[derive(Clone, Copy)]
struct Held<'a> {
    title: AeTitle,
    place: Place,
    /// The name of its table.
    by: &'a str,
}

/// Case is significant, and a device is seldom set up with both.
pub(super) fn called_titles(tables: &[pacs::Read], problems: &mut Problems) {
    let held = tables.iter().flat_map(|table| held(&table.name, &table.called));
    for (first, other) in pairs(held.collect()).filter(|(first, other)| first.title != other.title)
    {
        warn_of_case("pacs", "called_ae", first, other, problems);
    }
}

/// Vendors ship devices with the same title, which then share their rights at the PACS.
pub(super) fn calling_titles(tables: &[peer::Read], problems: &mut Problems) {
    let held = tables.iter().flat_map(|table| held(&table.name, &table.calling));
    for (first, other) in pairs(held.collect()) {
        if first.title != other.title {
            warn_of_case("peer", "calling_ae", first, other, problems);
        } else if first.by != other.by {
            let caution = Caution::SharedCallingTitle {
                title: quoted(other.title),
                peer: first.by.to_owned(),
                first: problems.locate(first.place),
            };
            problems.caution(other.place, format!("peer.{}.calling_ae", other.by), &caution);
        }
    }
}

/// The device's own title and that of the PACS are the two that every device is set up with. A PACS
/// may be a device of another one.
pub(super) fn titles_of_pacs(tables: &[pacs::Read], peers: &[peer::Read], problems: &mut Problems) {
    for peer in peers {
        let titles = reached(peer, tables).flat_map(|table| {
            let titles = table.called.iter().chain(&table.ae_title).chain(&table.calling);
            titles.map(move |at| (folded(at.value), (table, at.place)))
        });
        let titles: HashMap<String, _> = titles.collect();
        for held in held(&peer.name, &peer.calling) {
            let Some((table, place)) = titles.get(&folded(held.title)) else { continue };
            let caution = Caution::TitleOfPacs {
                title: quoted(held.title),
                pacs: format!("pacs.{}", table.name),
                first: problems.locate(*place),
            };
            problems.caution(held.place, format!("peer.{}.calling_ae", peer.name), &caution);
        }
    }
}

/// The PACS that a peer names.
fn reached<'a>(
    peer: &'a peer::Read,
    tables: &'a [pacs::Read],
) -> impl Iterator<Item = &'a pacs::Read> {
    tables.iter().filter(|table| peer.pacs.iter().any(|at| at.value == table.name))
}

/// Somebody may have been taken out of the file and not out of the peers.
pub(super) fn users(peers: &[peer::Read], passwords: &Passwords, problems: &mut Problems) {
    for peer in peers {
        for at in peer.user.users.iter().filter(|at| !passwords.has(&at.value)) {
            let caution = Caution::UserWithoutPassword((*at.value).into());
            problems.caution(at.place, format!("peer.{}.users", peer.name), &caution);
        }
    }
}

/// A destination is mostly the title of a device that is a peer as well.
pub(super) fn destinations(peers: &[peer::Read], problems: &mut Problems) {
    let calling = || peers.iter().flat_map(|peer| held(&peer.name, &peer.calling));
    let known: HashSet<AeTitle> = calling().map(|held| held.title).collect();
    let alike: HashMap<String, Held<'_>> =
        calling().map(|held| (folded(held.title), held)).collect();
    let destinations = peers.iter().flat_map(|peer| held(&peer.name, &peer.move_to));
    for other in destinations.filter(|held| !known.contains(&held.title)) {
        if let Some(first) = alike.get(&folded(other.title)) {
            warn_of_case("peer", "move_to", *first, other, problems);
        }
    }
}

/// A list of networks is there to leave some out.
pub(super) fn networks(peers: &[peer::Read], problems: &mut Problems) {
    for peer in peers {
        for At { place, value: network } in &peer.from {
            let caution = match network.prefix_len() {
                0 => Caution::AnyNetwork(*network),
                _ if network.addr().is_unspecified()
                    && network.prefix_len() == network.max_prefix_len() =>
                {
                    Caution::NoSource(*network)
                }
                _ => continue,
            };
            problems.caution(*place, format!("peer.{}.from", peer.name), &caution);
        }
    }
}

/// Whoever has an address of a balancer is believed, whatever source he names.
pub(super) fn balancers(
    listeners: &[listener::Read],
    peers: &[peer::Read],
    problems: &mut Problems,
) {
    for listener in listeners {
        let key = || format!("listener.{}.proxy_protocol_from", listener.name);
        for At { place, value: network } in &listener.balancers {
            let usual = if network.addr().is_ipv4() { USUAL_IPV4 } else { USUAL_IPV6 };
            if network.prefix_len() < usual {
                problems.caution(*place, key(), &Caution::WideBalancer(*network));
            }
            let from = peers.iter().flat_map(|peer| peer.from.iter().map(move |at| (peer, at)));
            let inside = from.filter(|(_, at)| network.contains(&at.value));
            for (peer, at) in inside {
                let caution = Caution::PeerAmongBalancers {
                    network: at.value,
                    first: problems.locate(*place),
                    listener: format!("listener.{}", listener.name),
                };
                problems.caution(at.place, format!("peer.{}.from", peer.name), &caution);
            }
        }
    }
}

/// A number that a peer can never get.
pub(super) fn shares(tables: &[pacs::Read], peers: &[peer::Read], problems: &mut Problems) {
    for peer in peers {
        let Some(At { place, value: wanted }) = peer.associations else { continue };
        let named: Vec<_> = reached(peer, tables).collect();
        let possible = named.iter().map(|table| share(table.associations)).sum();
        if named.is_empty() || wanted <= possible {
            continue;
        }
        let pacs: Vec<_> = named.iter().map(|table| format!("pacs.{}", table.name)).collect();
        let caution = Caution::BeyondShare { wanted, possible, pacs: pacs.join(", ") };
        problems.caution(place, format!("peer.{}.associations", peer.name), &caution);
    }
}

/// Titles are compared whole: what looks like a pattern matches nothing that was meant.
pub(super) fn patterns(pacs: &[pacs::Read], peers: &[peer::Read], problems: &mut Problems) {
    let called = pacs.iter().map(|it| ("pacs", &it.name, "called_ae", &it.called));
    let calling = peers.iter().map(|it| ("peer", &it.name, "calling_ae", &it.calling));
    let destinations = peers.iter().map(|it| ("peer", &it.name, "move_to", &it.move_to));
    for (kind, name, key, titles) in called.chain(calling).chain(destinations) {
        for held in held(name, titles) {
            let (text, shown) = (held.title.as_str(), quoted(held.title));
            let path = || format!("{kind}.{name}.{key}");
            if text.bytes().any(is_wildcard) {
                problems.caution(held.place, path(), &Caution::TitleLikePattern(shown));
            } else if text.contains(',') {
                problems.caution(held.place, path(), &Caution::TitleLikeList(shown));
            }
        }
    }
}

/// A PACS without peers is mostly a slip in a peer, or a peer that is still to come.
pub(super) fn unused_pacs(tables: &[pacs::Read], peers: &[peer::Read], problems: &mut Problems) {
    let used: HashSet<&str> =
        peers.iter().flat_map(|peer| &peer.pacs).map(|at| &*at.value).collect();
    let known: HashSet<&str> = tables.iter().map(|table| &*table.name).collect();
    // A name that leads nowhere was meant for one of them.
    if !used.is_subset(&known) {
        return;
    }
    for table in tables.iter().filter(|table| !used.contains(&*table.name)) {
        problems.caution(table.place, format!("pacs.{}", table.name), &Caution::UnusedPacs);
    }
}

fn held<'a>(by: &'a str, titles: &'a [At<AeTitle>]) -> impl Iterator<Item = Held<'a>> {
    titles.iter().map(move |at| Held { title: at.value, place: at.place, by })
}

/// Each title with the first one, in the order of the files, that is equal to it, or else equal
/// but for its case.
fn pairs(mut titles: Vec<Held<'_>>) -> impl Iterator<Item = (Held<'_>, Held<'_>)> {
    titles.sort_by_key(|held| held.place);
    let mut equal: HashMap<AeTitle, Held<'_>> = HashMap::new();
    let mut alike: HashMap<String, Held<'_>> = HashMap::new();
    titles.into_iter().filter_map(move |held| {
        let like = *alike.entry(folded(held.title)).or_insert(held);
        let first = *equal.entry(held.title).or_insert(held);
        let first = if first.place == held.place { like } else { first };
        (first.place != held.place).then_some((first, held))
    })
}

fn warn_of_case(kind: &str, key: &str, first: Held<'_>, other: Held<'_>, problems: &mut Problems) {
    let caution = Caution::TitleInOtherCase {
        title: quoted(other.title),
        other: quoted(first.title),
        table: format!("{kind}.{}", first.by),
        first: problems.locate(first.place),
    };
    problems.caution(other.place, format!("{kind}.{}.{key}", other.by), &caution);
}

fn folded(title: AeTitle) -> String {
    title.as_str().to_ascii_lowercase()
}

fn quoted(title: AeTitle) -> Quoted {
    title.as_str().into()
}
