//! All that is kept of an audit, however long it is.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use pacsgate_core::certificate::Digest;
use pacsgate_core::wire::title::AeTitle;

use super::certificate::Recognition;
use super::counts::Counts;
use super::known::Known;
use super::line::Line;
use super::traffic::{Traffic, short, title};
use crate::config;

/// Who are told apart, beside the peers of the configuration: a large hospital has some thousand
/// devices. Where there are more, those go first that did the least.
pub const MOST: usize = 4096;
/// Addresses of which malformed requests are counted.
pub const ADDRESSES: usize = 1024;

/// Requests and messages that break a rule: no device of a site sends these day by day.
const MALFORMED: [&str; 24] = [
    "abort-instead-of-request",
    "malformed-called-title",
    "malformed-calling-title",
    "no-presentation-context",
    "no-transfer-syntax",
    "maximum-length-too-small",
    "unknown-pdu",
    "protocol-version",
    "no-application-context",
    "foreign-application-context",
    "unexpected-pdu",
    "associate-too-short",
    "associate-too-long",
    "cut-item-header",
    "item-overrun",
    "item-too-short",
    "trailing-bytes",
    "misplaced-item",
    "even-context-id",
    "repeated-context-id",
    "not-tls",
    "http",
    "requestor-unknown-pdu",
    "requestor-pdu-length",
];

/// By what somebody is told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// A peer of the configuration.
    Peer(Arc<str>),
    /// Nobody's certificate.
    Certificate(Recognition),
    /// Nobody's address, with the title that was claimed there.
    Address(IpAddr, AeTitle),
}

/// What was found.
#[derive(Debug, Default)]
pub struct Gathered {
    since: String,
    /// Who was there, and what was done.
    pub kept: BTreeMap<Who, Traffic>,
    /// Associations of those for whom there was no room.
    pub more: u64,
    /// Associations of which nothing tells who it was: no title, or no address.
    pub nameless: u64,
    /// Lines of associations that were read.
    pub lines: u64,
    /// The time of the first of all lines, whatever they say.
    pub first: String,
    /// The time of the last of them.
    pub last: String,
    /// Malformed requests.
    pub malformed: Counts<IpAddr, ADDRESSES>,
}

impl Gathered {
    /// Of what came later than this, which is written as the audit writes times.
    pub fn since(since: String) -> Self {
        Self { since, ..Self::default() }
    }

    /// Takes a line.
    pub fn take(&mut self, line: &Line, known: &Known<'_>) {
        self.reach(&line.time);
        if line.time < self.since || !matches!(&*line.direction, "" | "inward") {
            return;
        }
        let reason = line.reason.as_deref().unwrap_or_default();
        if MALFORMED.contains(&reason)
            && let Some(address) = line.address()
        {
            self.malformed.add(address, 1);
        }
        if line.event != "closed" {
            return;
        }
        self.lines = self.lines.saturating_add(1);
        let Some(who) = who(line, known) else {
            self.nameless = self.nameless.saturating_add(1);
            return;
        };
        if !self.kept.contains_key(&who) && self.kept.len() >= MOST {
            self.make_room();
        }
        let traffic = self.kept.entry(who).or_default();
        traffic.met(line);
        traffic.closed(line);
    }

    fn reach(&mut self, time: &str) {
        if !time.is_empty() && (self.first.is_empty() || *time < *self.first) {
            self.first = short(time);
        }
        if *time > *self.last {
            self.last = short(time);
        }
    }

    /// Half of those that are no peers go: the ones with the fewest kinds of operations and the fewest
    /// associations, and of these the ones that were seen first.
    fn make_room(&mut self) {
        let is_nobody = |who: &Who| !matches!(who, Who::Peer(_));
        let nobodies = self.kept.iter().filter(|(who, _)| is_nobody(who));
        let rank = |who: &Who, it: &Traffic| {
            (it.uses.len().min(2), it.associations, it.last.clone(), who.clone())
        };
        let mut ranks: Vec<_> = nobodies.map(|(who, traffic)| rank(who, traffic)).collect();
        ranks.sort();
        ranks.truncate(ranks.len().div_ceil(2));
        for (.., who) in ranks {
            let gone = self.kept.remove(&who);
            self.more = self.more.saturating_add(gone.map_or(0, |gone| gone.associations));
        }
    }
}

fn who(line: &Line, known: &Known<'_>) -> Option<Who> {
    if let Some(peer) = known.peer_of(line) {
        return Some(Who::Peer(Arc::clone(&peer.name)));
    }
    if let Some(shown) = &line.certificate {
        let _: Digest = config::sha256(&shown.sha256).ok()?;
        // It has passed a handshake that knows no pin of it: a CA has vouched for it.
        return Some(Who::Certificate(Recognition::of(shown, true)));
    }
    Some(Who::Address(line.address()?, title(line.calling.as_deref())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suggest::{judged, table};
    use proptest::prelude::*;

    fn line(text: &str, class: &str) -> Line {
        let words = || Some(text.to_owned());
        let done = serde_json::json!([{
            "from": "requestor", "operation": "c-store", "sop_class": class, "count": 1
        }]);
        Line {
            time: text.to_owned(),
            event: "closed".to_owned(),
            source: "10.1.2.3:104".to_owned(),
            calling: words(),
            called: words(),
            pacs: words(),
            certificate: Some(super::super::certificate::Shown {
                sha256: "ab".repeat(32),
                dns: vec![text.to_owned()],
                uris: vec![text.to_owned()],
                ca: vec![text.to_owned()],
                common_name: words(),
                not_after: text.to_owned(),
                ..Default::default()
            }),
            operations: serde_json::from_value(done).unwrap(),
            ..Line::default()
        }
    }

    proptest! {
        #[test]
        fn no_line_breaks_out_of_its_table(text in "\\PC{0,40}|[\\x00-\\x7f]{0,40}|\\]\n\\[peer.evil\\]|\"\\]?x = 1", class in "CTImageStorage|[0-9.]{1,20}|\\PC{0,9}") {
            let known = Known { peers: &[], pacs: &[] };
            let mut gathered = Gathered::default();
            gathered.take(&line(&text, &class), &known);
            let mut plain = line(&text, &class);
            plain.certificate = None;
            gathered.take(&plain, &known);
            for stranger in judged::strangers(&gathered, &known) {
                let peer = table::of(&stranger, &known, &mut Vec::new());
                let text = peer.to_string();
                let read: toml::Table = text.parse().unwrap();
                prop_assert_eq!(read.len(), 1);
                prop_assert_eq!(read["peer"].as_table().unwrap().len(), 1);
                prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')), "{}", text);
            }
        }
    }
}
