//! `[pacs.NAME]`: the targets.

use std::sync::Arc;

use ipnet::IpNet;
use pacsgate_core::certificate::Matcher;
use pacsgate_core::inspector::Guarding;
use pacsgate_core::policy::{Pacs, Spot};
use pacsgate_core::wire::title::{AeTitle, TitleError};

use super::guarding;
use super::limits::{self, Limits};
use super::matchers;
use super::mistake::Mistake;
use super::node::Node;
use super::outgoing;
use super::problems::Problems;
use super::section::{At, Section, place_of};
use super::source::Place;
use super::target::{self, Target};
use super::value;
use crate::stream::tls;

/// The keys of `[pacs.NAME]` that the environment may override.
pub(super) const SCALARS: [&str; 2] = ["address", "source_address"];
/// The one of them that may be a list in the file, of which the variable then stands for all.
const LIST: &str = "address";

/// Whether a key that the environment overrides may be a list in the file.
pub(super) fn may_be_list(key: &str) -> bool {
    key.starts_with("pacs.") && key.rsplit_once('.').is_some_and(|(_, key)| key == LIST)
}

/// A PACS with the places that other tables are compared with.
pub(super) struct Read {
    pub(super) name: Arc<str>,
    pub(super) place: Place,
    pub(super) called: Vec<At<AeTitle>>,
    pub(super) from: Vec<At<IpNet>>,
    pub(super) certificates: Vec<At<Matcher>>,
    pub(super) calling: Vec<At<AeTitle>>,
    pub(super) target: target::Read,
    proxy_protocol: bool,
    tls: Option<tls::Client>,
    pub(super) ae_title: Option<At<AeTitle>>,
    pub(super) associations: u32,
    max_pdu: u32,
    guarding: Guarding,
}

pub(super) fn read(name: &str, node: Node, limits: &Limits, problems: &mut Problems) -> Read {
    let mut table = Section::open(format!("pacs.{name}"), node, problems);
    let read = Read {
        name: name.into(),
        place: table.place,
        target: target::read(&mut table),
        proxy_protocol: table.or("proxy_protocol", false, Node::yes_or_no),
        tls: table.take("tls").and_then(|node| {
            let key = table.path("tls");
            outgoing::read(Section::open(key, node, table.problems))
        }),
        called: table.list("called_ae", title),
        from: table.optional_list("from", |node| node.parsed(value::network, Mistake::Network)),
        certificates: {
            let node = table.take("certificate");
            matchers::read(&mut table, node)
        },
        calling: table.optional_list("calling_ae", title),
        ae_title: table.optional("ae_title", title),
        associations: table.or("associations", limits.pacs_associations, limits::count),
        max_pdu: table.or("max_pdu", limits.max_pdu, limits::max_pdu),
        guarding: guarding::read(&mut table, limits),
    };
    table.finish();
    read
}

impl Read {
    /// Whether it is known by its address.
    pub(super) fn is_plain(&self) -> bool {
        self.to_pacs().is_known_by_address()
    }

    /// What the policy needs.
    pub(super) fn to_pacs(&self) -> Pacs {
        Pacs {
            name: Arc::clone(&self.name),
            called: self.called.iter().map(|at| at.value).collect(),
            from: self.from.iter().map(|at| at.value).collect(),
            certificates: self.certificates.iter().map(|at| at.value.clone()).collect(),
            calling: self.calling.iter().map(|at| at.value).collect(),
            ae_title: self.ae_title.map(|at| at.value),
            associations: self.associations,
            max_pdu: self.max_pdu,
            guarding: self.guarding,
        }
    }

    /// Where something stands that the policy may have to say something about.
    pub(super) fn place(&self, spot: &Spot) -> Option<Place> {
        match (spot.key, spot.index) {
            ("called_ae", Some(at)) => place_of(&self.called, at),
            ("from", Some(at)) => place_of(&self.from, at),
            ("certificate", Some(at)) => place_of(&self.certificates, at),
            ("calling_ae", Some(at)) => {
                let named = place_of(&self.calling, at).or(self.ae_title.map(|at| at.place));
                named.or(place_of(&self.called, at))
            }
            _ => None,
        }
    }

    /// Where to dial, by a gate with a title of its own; `None` where something was refused.
    pub(super) fn into_target(self, gate: Option<AeTitle>) -> Option<(Arc<str>, Target)> {
        let called = self.ae_title.as_ref().or(self.called.first()).map(|at| at.value);
        let target = self.target.into_target(called, gate, self.proxy_protocol, self.tls)?;
        Some((self.name, target))
    }
}

/// An AE title, as the wire has it. The standard lets devices be called `*`; who writes that here
/// means something else.
pub(super) fn title(node: &Node) -> Result<AeTitle, Mistake> {
    let text = node.text()?;
    let title: AeTitle = text.parse().map_err(|fault| no_title(text, fault))?;
    if is_any(&title) { Err(Mistake::AnyTitle(text.into())) } else { Ok(title) }
}

/// Whether people take the whole title for any other.
pub fn is_any(title: &AeTitle) -> bool {
    title.as_str().bytes().all(is_wildcard)
}

fn no_title(text: &str, fault: TitleError) -> Mistake {
    if fault != TitleError::TooLong {
        return Mistake::Title(text.into(), fault);
    }
    let text = text.trim_matches(' ');
    let cut: String = text.chars().take(AeTitle::LEN).collect();
    Mistake::LongTitle(text.into(), text.chars().count(), cut.trim_end().into())
}

/// Whether people take a character of a title for any other.
pub(super) const fn is_wildcard(byte: u8) -> bool {
    matches!(byte, b'*' | b'?')
}
