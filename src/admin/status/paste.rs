//! What lets in who was refused, for an administrator who knows the device, to paste.

use std::net::IpAddr;

use pacsgate_core::data_set::DataSetError;
use pacsgate_core::data_set::Deviation;
use pacsgate_core::policy::{Pacs, Peer};
use pacsgate_core::reason::Explained;
use pacsgate_core::services::{self, Operation, Service, SopClass};
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;
use serde::Serialize;
use toml::Value;

use super::table;
use crate::audit_line::Line;
use crate::site::Tables;
use crate::suggest::certificate::is_quotable;
use crate::suggest::rights;

/// What is pasted, and where.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(in crate::admin) struct Paste {
    /// Where it belongs, as in "in `[peer.ct1]`, instead of its `calling_ae`".
    pub(in crate::admin) to: String,
    /// File, line and column of that table, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) at: Option<String>,
    /// TOML.
    pub(in crate::admin) text: String,
    /// What it does beside letting in who was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) effect: Option<String>,
}

/// A table of the configuration, and a list in it.
struct List<'a> {
    kind: &'static str,
    name: &'a str,
    key: &'static str,
    /// What counts now.
    there: Vec<Value>,
    /// Whether the key is in the table: what counts may come from another one.
    is_key_there: bool,
}

/// Nothing where no key lets it in, or where which one it is cannot be told.
pub(super) fn of(line: &Line, tables: &Tables) -> Option<Paste> {
    let calling = sent(line.calling.as_ref());
    if line.peer.is_none() && calling.is_some_and(|title| is_taken(&title, tables)) {
        return None;
    }
    if let Some(table) = table::of(line, tables) {
        let to = "as a table of its own, if you know the device".to_owned();
        return Some(Paste { to, at: None, text: table.to_string(), effect: None });
    }
    if line.direction != "inward" {
        return None;
    }
    let peer = tables.peers.iter().find(|peer| Some(&*peer.name) == line.peer.as_deref())?;
    let paste = match line.reason() {
        "calling-title" => title(line, peer, tables),
        "called-title" => called(line, peer, tables),
        "wrong-network" => network(line, peer),
        "no-permitted-service" => contexts(line, peer),
        "requestor-operation" => operation(line, peer),
        "requestor-move-destination" => destination(line, peer, tables),
        _ => deviation(line, peer),
    }?;
    let at = tables.peers_at.get(&peer.name).map(ToString::to_string);
    let is_of_peer = paste.to.ends_with(&format!(" in [peer.{}]", peer.name));
    Some(Paste { at: at.filter(|_| is_of_peer), ..paste })
}

impl<'a> List<'a> {
    const fn new(kind: &'static str, name: &'a str, key: &'static str, there: Vec<Value>) -> Self {
        let is_key_there = !there.is_empty();
        Self { kind, name, key, there, is_key_there }
    }

    fn of<T: ToString>(peer: &'a Peer, key: &'static str, there: &[T]) -> Self {
        Self::new("peer", &peer.name, key, texts(there))
    }

    /// The whole list with what is new: a key may stand in a table only once.
    fn with(self, new: impl IntoIterator<Item = Value>) -> Option<Paste> {
        let Self { kind, name, key, mut there, is_key_there } = self;
        let before = there.len();
        for value in new {
            if !there.contains(&value) {
                there.push(value);
            }
        }
        let verb = if is_key_there { "in place of" } else { "to add" };
        (there.len() > before).then(|| Paste {
            to: format!("{verb} `{key}` in [{kind}.{name}]"),
            at: None,
            text: format!("{key} = {}\n", Value::Array(there)),
            effect: None,
        })
    }
}

fn texts<T: ToString>(texts: &[T]) -> Vec<Value> {
    texts.iter().map(|text| Value::from(text.to_string())).collect()
}

/// A title as it was sent, if it may stand in a file.
fn sent(title: Option<&String>) -> Option<AeTitle> {
    title.filter(|title| is_quotable(title))?.parse().ok()
}

/// Whether it is somebody else's: a device has no right to that.
fn is_taken(title: &AeTitle, tables: &Tables) -> bool {
    tables.peers.iter().any(|other| other.calling.contains(title))
        || tables.pacs.iter().any(|pacs| pacs.own_titles().contains(title))
}

fn title(line: &Line, peer: &Peer, tables: &Tables) -> Option<Paste> {
    let title = sent(line.calling.as_ref())?;
    let list = List::of(peer, "calling_ae", &peer.calling);
    if is_taken(&title, tables) { None } else { list.with([title.to_string().into()]) }
}

fn called(line: &Line, peer: &Peer, tables: &Tables) -> Option<Paste> {
    let title = sent(line.called.as_ref())?;
    if let Some(pacs) = tables.pacs.iter().find(|pacs| pacs.called.contains(&title)) {
        return List::of(peer, "pacs", &peer.pacs).with([pacs.name.to_string().into()]);
    }
    let [name] = &*peer.pacs else { return None };
    let Pacs { name, called, .. } = tables.pacs.iter().find(|pacs| pacs.name == *name)?;
    if is_taken(&title, tables) {
        return None;
    }
    let list = List::new("pacs", name, "called_ae", texts(called));
    let effect = format!("This opens the title {title} to all peers of [pacs.{name}].");
    let paste = list.with([title.to_string().into()])?;
    Some(Paste { effect: Some(effect), ..paste })
}

fn network(line: &Line, peer: &Peer) -> Option<Paste> {
    let address: IpAddr = line.address().parse().ok()?;
    let list = List::of(peer, "from", &peer.from);
    list.with([address.to_canonical().to_string().into()])
}

fn contexts(line: &Line, peer: &Peer) -> Option<Paste> {
    let removed = line.removed().iter();
    let missing = removed.filter(|context| context.why == "not-permitted");
    let missing = missing.filter_map(|context| uid(context.abstract_syntax.as_deref()?));
    let services = missing.filter_map(|class| services::name_of(&class)?.parse().ok());
    with_services(peer, services)
}

fn operation(line: &Line, peer: &Peer) -> Option<Paste> {
    let request = line.request.as_ref().filter(|request| request.from == "requestor")?;
    let class = uid(request.sop_class.as_deref()?)?;
    let operation: Operation = request.operation.parse().ok()?;
    let service = services::name_for(operation, &class)?.parse().ok()?;
    with_services(peer, [service])
}

fn with_services(peer: &Peer, new: impl IntoIterator<Item = Service>) -> Option<Paste> {
    let there = peer.services.iter().map(rights::value).collect();
    let list = List::new("peer", &peer.name, "services", there);
    list.with(new.into_iter().map(|service| rights::value(&service)))
}

/// By its keyword, or as it is.
fn uid(class: &str) -> Option<Uid> {
    SopClass::uid_of(class).ok()
}

fn destination(line: &Line, peer: &Peer, tables: &Tables) -> Option<Paste> {
    let title = sent(line.request.as_ref()?.move_to.as_ref())?;
    // Where nobody is called so, it is more likely a slip.
    tables.peers.iter().find(|other| other.calling.contains(&title))?;
    let there = if peer.move_to.is_empty() { &peer.calling } else { &peer.move_to };
    let is_key_there = !peer.move_to.is_empty();
    let list = List { is_key_there, ..List::of(peer, "move_to", there) };
    list.with([title.to_string().into()])
}

fn deviation(line: &Line, peer: &Peer) -> Option<Paste> {
    let data_set = line.data_set.as_ref().filter(|data_set| data_set.from == "requestor")?;
    let error = DataSetError::ALL.iter().find(|error| error.code() == data_set.rule)?;
    let deviation = error.deviation()?;
    let tolerated = peer.guarding.tolerated;
    let there = Deviation::TOLERABLE.into_iter().filter(|it| tolerated.contains(*it));
    let there: Vec<_> = there.map(Deviation::code).collect();
    List::of(peer, "tolerate", &there).with([deviation.code().into()])
}
