//! Who was refused and why.

use std::time::SystemTime;

use serde::Serialize;

use super::paste::{self, Paste};
use super::time::rfc3339;
use crate::audit_line::Line;
use crate::history::Refused;
use crate::site::Tables;

/// Somebody was refused, once or more often, for one reason.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Refusal {
    /// Which one it is, as long as it is kept.
    pub(in crate::admin) number: u64,
    /// How people call it: peer, title, common name or address, what is known first.
    pub(in crate::admin) who: String,
    /// The same in a sentence, where what it is called is what it says itself.
    #[serde(skip)]
    pub(in crate::admin) subject: String,
    /// The titles that it has used, where those are not what it is called by above.
    #[serde(skip)]
    pub(in crate::admin) titles: Option<String>,
    pub(in crate::admin) count: u64,
    #[serde(serialize_with = "rfc3339")]
    pub(in crate::admin) first: SystemTime,
    #[serde(serialize_with = "rfc3339")]
    pub(in crate::admin) last: SystemTime,
    /// When the same thing was permitted last.
    #[serde(skip)]
    pub(in crate::admin) permitted: Option<SystemTime>,
    /// It has a table: a peer or a PACS.
    pub(in crate::admin) known: bool,
    /// Nobody vouches for it.
    pub(in crate::admin) stranger: bool,
    /// It has shown neither a certificate nor a title.
    #[serde(skip)]
    pub(in crate::admin) is_noise: bool,
    pub(in crate::admin) event: String,
    pub(in crate::admin) reason: String,
    pub(in crate::admin) detail: String,
    /// What of it is known, as pairs of a name and a text.
    #[serde(skip)]
    pub(in crate::admin) facts: Vec<(&'static str, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) nearest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) advice: Option<String>,
    /// Where the table of the peer stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) table_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) paste: Option<Paste>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) peer: Option<String>,
    /// The line of the audit for the last time.
    line: serde_json::Value,
}

impl Refusal {
    pub(super) fn of(refused: &Refused, tables: &Tables) -> Self {
        let record = serde_json::to_value(&*refused.record).unwrap_or_default();
        let line = Line::of(&record);
        let table_at = line.peer.as_deref().and_then(|peer| tables.peers_at.get(peer));
        let who = who(&line);
        Self {
            number: refused.number,
            titles: titles(&line, &who),
            subject: subject(&line, &who, refused),
            who,
            count: refused.count,
            first: refused.first,
            last: refused.last,
            permitted: refused.permitted,
            known: refused.is_known(),
            stranger: refused.is_strangers(),
            is_noise: refused.is_strangers()
                && line.certificate.is_none()
                && line.calling.is_none(),
            event: line.event.clone(),
            reason: line.reason().to_owned(),
            detail: line.detail.clone().unwrap_or_default(),
            facts: facts(&line),
            nearest: line.nearest.clone(),
            advice: line.advice.clone(),
            table_at: table_at.map(ToString::to_string),
            paste: paste::of(&line, tables),
            peer: line.peer,
            line: record,
        }
    }
}

/// How many names of a certificate are shown.
const NAMES: usize = 3;

/// What a person looks for: the name of its table, the title that it claims, what its certificate is
/// called, or its address.
fn who(line: &Line) -> String {
    let of_pacs = line.pacs.as_deref().filter(|_| line.direction == "outward");
    if let Some(known) = line.peer.as_deref().or(of_pacs).filter(|_| line.direction == "inward") {
        return known.to_owned();
    }
    if let Some(pacs) = of_pacs {
        return format!("PACS {pacs}");
    }
    let name = line.certificate.as_ref().and_then(|it| it.common_name.as_deref());
    let title = line.calling.as_deref().filter(|title| !title.is_empty());
    title.or(name).unwrap_or_else(|| line.address()).to_owned()
}

/// As in "ct1" and "A stranger that calls itself ct1".
fn subject(line: &Line, who: &str, refused: &Refused) -> String {
    if refused.is_known() {
        return who.to_owned();
    }
    let kind = if refused.is_strangers() { "A stranger" } else { "A device without a table" };
    if who == line.address() {
        format!("{kind} at {who}")
    } else if line.calling.as_deref() == Some(who) {
        format!("{kind} that calls itself {who}")
    } else {
        format!("{kind} whose certificate says {who}")
    }
}

/// As in "CT1 to PACS".
fn titles(line: &Line, who: &str) -> Option<String> {
    let calling = line.calling.as_deref().filter(|title| *title != who);
    match (calling, line.called.as_deref()) {
        (Some(calling), Some(called)) => Some(format!("{calling} to {called}")),
        (None, Some(called)) => Some(format!("to {called}")),
        (Some(calling), None) => Some(calling.to_owned()),
        (None, None) => None,
    }
}

fn facts(line: &Line) -> Vec<(&'static str, String)> {
    let shown = line.certificate.as_ref();
    let names = shown.map(|it| {
        let all = it.common_name.iter().chain(&it.dns).chain(&it.uris);
        let mut names: Vec<_> = all.take(NAMES).cloned().collect();
        names.dedup();
        let names = names.join(", ");
        if names.is_empty() { it.sha256.clone() } else { names }
    });
    let request = line.request.as_ref().map(|it| {
        let of = |text: &Option<String>, before| {
            text.as_ref().map(|text| format!("{before}{text}")).unwrap_or_default()
        };
        format!("{}{}{}", it.operation, of(&it.sop_class, " of "), of(&it.move_to, " to "))
    });
    let pacs = line.pacs.as_ref().map(|pacs| format!(" (PACS {pacs})")).unwrap_or_default();
    let plain = if line.plain { ", without TLS" } else { "" };
    let facts = [
        ("Title it calls by", line.calling.clone()),
        ("Title it calls", line.called.as_ref().map(|called| format!("{called}{pacs}"))),
        ("Comes from", Some(format!("{} at listener {}{plain}", line.address(), line.listener))),
        ("Certificate", names),
        ("Certificate ends", shown.map(|it| it.not_after.clone())),
        ("User", line.user.clone()),
        ("Request", request),
        ("It hears", line.wire.clone()),
        ("Who answers for it", line.contact.clone()),
    ];
    facts.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}
