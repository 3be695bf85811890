//! What one peer, or somebody who may become one, has done.

use std::net::IpAddr;
use std::time::SystemTime;

use pacsgate_core::data_set::Deviation;
use pacsgate_core::services::{Operation, SopClass};
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;

use super::amounts::Amounts;
use super::counts::Counts;
use super::line::{Line, REQUESTOR};
use crate::config;

/// Titles, addresses, PACS and destinations of one: of an honest device a handful.
pub const NAMES: usize = 32;
/// What was done on which SOP class: a PACS that sends on has some sixty.
pub const USES: usize = 256;

/// What is kept of a text that no rule bounds; the names of the configuration have 64 letters.
const TEXT: usize = 128;

/// One kind of operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// On this SOP class.
    pub sop_class: Uid,
    /// This request.
    pub operation: Operation,
    /// By the PACS, as what C-GET returns; else by the requestor.
    pub is_by_pacs: bool,
}

/// Everything that was seen of it.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "they are named as in docs/audit.md")]
pub struct Traffic {
    pub common_name: Option<String>,
    pub not_after: Option<String>,
    pub first: String,
    pub last: String,
    pub associations: u64,
    pub titles: Counts<AeTitle, NAMES>,
    pub called: Counts<AeTitle, NAMES>,
    pub sources: Counts<IpAddr, NAMES>,
    pub pacs: Counts<String, NAMES>,
    pub uses: Counts<Use, USES>,
    pub moved_to: Counts<AeTitle, NAMES>,
    pub tolerate: Counts<Deviation, NAMES>,
    pub amounts: Amounts,
    pub failed: Counts<Use, USES>,
    pub unnamed: u64,
    pub unsound: Counts<String, NAMES>,
}

impl Traffic {
    /// What every line of it says.
    pub fn met(&mut self, line: &Line) {
        let time = short(&line.time);
        if self.first.is_empty() || time < self.first {
            self.first.clone_from(&time);
        }
        self.last = time.max(std::mem::take(&mut self.last));
        if let Some(shown) = &line.certificate {
            self.common_name = shown.common_name.as_deref().map(short);
            self.not_after = Some(short(&shown.not_after));
        }
        if let Some(address) = line.address() {
            self.sources.add(address, 1);
        }
        if let Some(title) = title(line.calling.as_deref()) {
            self.titles.add(title, 1);
        }
        if let Some(title) = title(line.called.as_deref()) {
            self.called.add(title, 1);
        }
    }

    /// What the last line of an association says.
    pub fn closed(&mut self, line: &Line, at: SystemTime) {
        self.associations = self.associations.saturating_add(1);
        if let Some(pacs) = &line.pacs {
            self.pacs.add(short(pacs), 1);
        }
        self.did(line);
        for moved in &line.moved_to {
            if let Some(title) = title(Some(&moved.title)) {
                self.moved_to.add(title, moved.count);
            }
        }
        let deviations = line.deviations.iter().map(|(code, count)| (&**code, *count));
        let unsound = line.unsound.iter().filter(|it| it.from == REQUESTOR);
        let unsound = unsound.map(|it| (&*it.rule, it.count));
        for (code, count) in deviations.chain(unsound) {
            if let Ok(deviation) = code.parse::<Deviation>() {
                self.tolerate.add(deviation, count);
            }
        }
        for unsound in line.unsound.iter().filter(|it| it.from == REQUESTOR) {
            self.unsound.add(short(&unsound.rule), unsound.count);
        }
        self.unnamed = self.unnamed.saturating_add(line.operations_more);
        self.amounts.closed(line, at);
    }

    fn did(&mut self, line: &Line) {
        for done in &line.operations {
            let Ok(operation) = done.operation.parse::<Operation>() else { continue };
            let named = done.sop_class.as_deref().map(SopClass::uid_of);
            if let Some(Ok(sop_class)) = named {
                let what = Use { sop_class, operation, is_by_pacs: done.from != REQUESTOR };
                let kept = if done.has_worked() { &mut self.uses } else { &mut self.failed };
                kept.add(what, done.count);
            }
        }
    }
}

/// A title, where it is one that the configuration takes: the audit has escaped what could not be.
pub fn title(text: Option<&str>) -> Option<AeTitle> {
    text?.parse().ok().filter(|title| !config::is_any(title))
}

/// The beginning of a text, as much as is kept, without what a terminal obeys.
pub fn short(text: &str) -> String {
    let plain = |letter: char| if matches!(letter, ' '..='~') { letter } else { '?' };
    text.chars().take(TEXT).map(plain).collect()
}
