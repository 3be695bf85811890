//! A stranger as a table of the configuration.

use std::collections::HashSet;

use pacsgate_core::data_set::Deviation;
use pacsgate_core::wire::title::AeTitle;
use toml::{Table, Value};

use super::gathered::Who;
use super::judged::{Owners, Stranger};
use super::known::Known;
use super::rights;
use super::traffic::{Traffic, Use};
use crate::drop_in::{self, Key, Peer};

/// SOP classes that are named in a remark.
const CLASSES: usize = 12;
/// Addresses of others that are named in a remark.
const OTHERS: usize = 4;

/// Its table, under a name that nobody has yet.
pub fn of(
    stranger: &Stranger<'_>,
    known: &Known<'_>,
    owners: &Owners,
    taken: &mut HashSet<String>,
) -> Peer {
    let Stranger { who, traffic, services, pacs, move_to, .. } = stranger;
    let title = traffic.titles.names().next().map_or("device", AeTitle::as_str);
    let name = drop_in::free_name(title, |name| !taken.contains(name));
    taken.insert(name.clone());
    let mut keys = match who {
        Who::Certificate(recognition) => {
            let pairs = recognition.0.iter();
            let table: Table =
                pairs.map(|(key, text)| ((*key).to_owned(), text.clone().into())).collect();
            vec![Key::new("certificate", Value::Array(vec![Value::Table(table)]))]
        }
        Who::Address(address, _) => vec![
            Key::new("certificate", "none").with("known by its address alone, until it has one"),
            Key::list("from", [address]),
        ],
    };
    keys.push(Key::list("calling_ae", traffic.titles.names()));
    keys.push(Key::list("pacs", pacs));
    keys.push(Key::new("services", Value::Array(services.iter().map(rights::value).collect())));
    if !move_to.is_empty() {
        keys.push(Key::list("move_to", move_to));
    }
    if !traffic.tolerate.is_empty() {
        let key = Key::list("tolerate", traffic.tolerate.names().map(|it| it.code()));
        keys.push(
            key.with("its data sets break these rules; leave out what the device can be cured of"),
        );
    }
    let mut remarks = remarks(stranger, known);
    remarks.extend(of_titles(stranger, owners));
    Peer { name, remarks, keys, reach: Vec::new() }
}

fn remarks(stranger: &Stranger<'_>, known: &Known<'_>) -> Vec<String> {
    let mut remarks = seen(stranger.traffic);
    let nobodys = stranger.traffic.called.iter();
    let nobodys = nobodys.filter(|(title, _)| known.pacs_with(title).is_none());
    for (title, count) in nobodys {
        remarks.push(format!(
            "It called {title} ({}), which no [pacs] table has: correct it on the device, or add it to \
             called_ae of the PACS; otherwise that is refused.",
            times(count)
        ));
    }
    let gone = stranger.traffic.pacs.names().filter(|name| known.pacs_named(name).is_none());
    let gone: Vec<_> = gone.map(String::as_str).collect();
    if !gone.is_empty() {
        remarks.push(format!(
            "It was also at what no [pacs] table is called any more, which is left out: {}.",
            gone.join(", ")
        ));
    }
    if !stranger.suggested_destinations.is_empty() {
        remarks.push(format!(
            "It may have objects moved to {}, which is only suggested itself: take these tables together \
             or not at all.",
            joined(&stranger.suggested_destinations)
        ));
    }
    if !stranger.unknown_destinations.is_empty() {
        remarks.push(format!(
            "Left out of move_to, as nobody here is called so: {}. Add what you know.",
            joined(&stranger.unknown_destinations)
        ));
    }
    remarks
}

/// Who else has its titles, or nearly.
fn of_titles(stranger: &Stranger<'_>, owners: &Owners) -> Vec<String> {
    let Stranger { who, traffic, .. } = stranger;
    let mut remarks = Vec::new();
    for title in traffic.titles.names() {
        let others = owners.others(&who.holder(), who.address(), title);
        if !others.is_empty() {
            let told: Vec<_> =
                others.iter().take(OTHERS).map(|(at, count)| format!("{at} ({count})")).collect();
            let left = more(others.len().saturating_sub(OTHERS) as u64);
            remarks.push(format!(
                "Others called themselves {title} too, from {}{left}: whose is it?",
                told.join(", ")
            ));
        }
        let twins: Vec<_> = owners.twins(title).map(AeTitle::as_str).collect();
        if !twins.is_empty() {
            remarks.push(format!(
                "Other titles differ from {title} only in case: {}. For the gate they are not the same.",
                twins.join(", ")
            ));
        }
    }
    remarks
}

/// What it did, in sentences.
pub fn seen(traffic: &Traffic) -> Vec<String> {
    let mut remarks = vec![format!(
        "{}, from {} to {}.",
        counted(traffic.associations, "association"),
        traffic.first,
        traffic.last
    )];
    let sources: Vec<_> = traffic.sources.names().map(ToString::to_string).collect();
    remarks.push(format!("Came from {}{}.", sources.join(", "), more(traffic.sources.more())));
    if let Some(name) = &traffic.common_name {
        remarks.push(format!("Common name of its certificate: {name}."));
    }
    if let Some(end) = &traffic.not_after {
        remarks.push(format!("Its certificate ends {end}."));
    }
    let mut uses: Vec<_> = traffic.uses.iter().collect();
    uses.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let told = uses.iter().take(CLASSES).map(|(it, count)| format!("{} ({count})", named(it)));
    let told: Vec<_> = told.collect();
    if !told.is_empty() {
        let left = uses.len().saturating_sub(CLASSES);
        let rest = if left == 0 { String::new() } else { format!(", and {left} more kinds") };
        remarks.push(format!("Did {}{rest}.", told.join(", ")));
    }
    if !traffic.failed.is_empty() {
        let failed = traffic.failed.iter().take(CLASSES);
        let failed = failed.map(|(it, count)| format!("{} ({count})", named(it)));
        remarks.push(format!(
            "Failed, and no reason for a right: {}.",
            failed.collect::<Vec<_>>().join(", ")
        ));
    }
    if !traffic.moved_to.is_empty() {
        let moved = traffic.moved_to.iter().map(|(title, count)| format!("{title} ({count})"));
        remarks.push(format!("Moved to {}.", moved.collect::<Vec<_>>().join(", ")));
    }
    let deviations = traffic.tolerate.iter().map(|(it, count)| told_deviation(*it, count));
    remarks.extend(deviations);
    remarks
}

fn named(what: &Use) -> String {
    let by = if what.is_by_pacs { "by the PACS " } else { "" };
    format!("{by}{} {}", what.operation.name(), rights::class(&what.sop_class))
}

fn told_deviation(deviation: Deviation, count: u64) -> String {
    format!("Against the standard: {} ({}).", deviation.code(), times(count))
}

fn joined(titles: &[AeTitle]) -> String {
    titles.iter().map(AeTitle::as_str).collect::<Vec<_>>().join(", ")
}

fn more(count: u64) -> String {
    if count == 0 { String::new() } else { format!(", and {} from others", times(count)) }
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
