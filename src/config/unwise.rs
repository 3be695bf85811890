//! What is legal and unwise, and shows only where the tables stand side by side.

use std::collections::{HashMap, HashSet};

use pacsgate_core::quoted::Quoted;
use pacsgate_core::wire::title::AeTitle;

use super::mistake::Caution;
use super::pacs::is_wildcard;
use super::problems::Problems;
use super::section::At;
use super::source::Place;
use super::{pacs, peer};

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

/// Titles are compared whole: what looks like a pattern matches nothing that was meant.
pub(super) fn patterns(pacs: &[pacs::Read], peers: &[peer::Read], problems: &mut Problems) {
    let called = pacs.iter().map(|it| ("pacs", &it.name, "called_ae", &it.called));
    let calling = peers.iter().map(|it| ("peer", &it.name, "calling_ae", &it.calling));
    let destinations = peers.iter().map(|it| ("peer", &it.name, "move_to", &it.move_to));
    for (kind, name, key, titles) in called.chain(calling).chain(destinations) {
        for held in held(name, titles).filter(|it| it.title.as_str().bytes().any(is_wildcard)) {
            let caution = Caution::TitleLikePattern(quoted(held.title));
            problems.caution(held.place, format!("{kind}.{name}.{key}"), &caution);
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
        let folded = held.title.as_str().to_ascii_lowercase();
        let like = *alike.entry(folded).or_insert(held);
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

fn quoted(title: AeTitle) -> Quoted {
    title.as_str().into()
}
