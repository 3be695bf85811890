//! A table for a device that has none.

use std::net::IpAddr;

use pacsgate_core::services;
use pacsgate_core::services::SopClass;
use pacsgate_core::wire::title::AeTitle;

use crate::audit_line::Line;
use crate::drop_in::{self, Key, Peer};
use crate::site::Tables;
use crate::suggest::certificate::{OF_NOBODY, Recognition, Shown, VOUCHED_FOR, is_quotable};

/// Of whoever comes without TLS and is nobody's peer.
const NO_ADDRESS: &str = "unknown-address";

/// What would let it in, with gaps where only a person knows.
pub(super) fn of(line: &Line, tables: &Tables) -> Option<Peer> {
    if line.direction != "inward" {
        return None;
    }
    let shown = line.certificate.as_ref();
    let known_by = match line.reason() {
        reason if OF_NOBODY.contains(&reason) => vec![certificate(shown?, reason)],
        NO_ADDRESS => by_address(line)?,
        _ => return None,
    };
    let title = line.calling.as_ref().filter(|title| is_quotable(title));
    let title = title.and_then(|title| title.parse::<AeTitle>().ok());
    let called = line.called.as_deref().and_then(|called| called.parse::<AeTitle>().ok());
    let pacs = tables.pacs.iter().find(|it| called.is_some_and(|title| it.called.contains(&title)));
    let pacs = pacs.or(if let [only] = &*tables.pacs { Some(only) } else { None });
    let keys = [
        match &title {
            Some(title) => Key::list("calling_ae", [title]).with("what it claims itself"),
            None => Key::gap("calling_ae", "its AE title, as in [\"CT1\"]"),
        },
        match pacs {
            Some(pacs) => Key::list("pacs", [&pacs.name]),
            None => Key::gap("pacs", "which PACS it may reach, by the names of their tables"),
        },
        match services(line) {
            wanted if wanted.is_empty() => Key::gap("services", "as in [\"echo\", \"store\"]"),
            wanted => Key::list("services", wanted).with("what it has asked for"),
        },
    ];
    let name = name(title.as_ref(), tables);
    let keys = known_by.into_iter().chain(keys).collect();
    Some(Peer { name, remarks: Vec::new(), keys, reach: Vec::new() })
}

fn certificate(shown: &Shown, reason: &str) -> Key {
    let pairs = Recognition::of(shown, reason == VOUCHED_FOR).0;
    let pairs = pairs.into_iter().map(|(key, text)| (key.to_owned(), toml::Value::from(text)));
    Key::new("certificate", vec![toml::Value::Table(pairs.collect())])
}

fn by_address(line: &Line) -> Option<Vec<Key>> {
    let address: IpAddr = line.address().parse().ok()?;
    let by = Key::new("certificate", "none").with("known by its address alone");
    Some(vec![by, Key::list("from", [address.to_canonical()])])
}

/// The names of the services that its contexts are for.
fn services(line: &Line) -> Vec<&'static str> {
    let mut names = Vec::new();
    for context in line.removed() {
        let class = context.abstract_syntax.as_deref().unwrap_or_default();
        let class = SopClass::uid_of(class).ok();
        if let Some(name) = class.and_then(|class| services::name_of(&class))
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// One that no table has.
fn name(title: Option<&AeTitle>, tables: &Tables) -> String {
    let is_free = |name: &str| tables.peers.iter().all(|peer| *peer.name != *name);
    drop_in::free_name(title.map_or("device", AeTitle::as_str), is_free)
}
