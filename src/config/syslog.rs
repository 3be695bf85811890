//! `[syslog.NAME]`: the collectors that the audit is sent to.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::finding::Location;
use super::limits;
use super::mistake::{Caution, Mistake};
use super::named;
use super::node::Node;
use super::outgoing;
use super::problems::Problems;
use super::section::{At, Section};
use super::source::Place;
use super::target::address;
use super::value::Address;
use crate::stream::tls;

/// A collector, and what it is sent.
#[derive(Clone, Debug)]
pub struct Collector {
    /// The name of its table.
    pub name: Arc<str>,
    /// Where it is.
    pub address: Address,
    /// `None` where it speaks no TLS.
    pub tls: Option<tls::Client>,
    /// What it is sent.
    pub content: Content,
    /// The folder of what it has not taken yet.
    pub spool: PathBuf,
    /// How many bytes may be there.
    pub spool_size: u64,
    /// Where its folder stands, or else its table.
    pub spool_at: Location,
}

impl Collector {
    /// Whether what has patients may go there.
    pub fn is_private(&self) -> bool {
        self.tls.is_some() || is_loopback(&self.address)
    }
}

/// What a collector is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The lines of the audit.
    Json,
    /// DICOM audit messages (PS3.15 section A.5).
    Dicom {
        /// Those about patients as well.
        phi: bool,
    },
}

/// How many of them there may be.
const MOST: usize = 8;
/// In a folder that systemd makes for the service.
const SPOOLS: &str = "/var/lib/pacsgate/spool";
/// What an hour of a busy hospital fits into many times.
const SPOOL_SIZE: u32 = 256 * 1024 * 1024;
/// From what one burst needs to what a small disk has.
const SPOOL_SIZES: RangeInclusive<u32> = 1024 * 1024..=2 * 1024 * 1024 * 1024;
const CONTENTS: [(&str, bool); 2] = [("json", false), ("dicom", true)];

/// A table with the places that others are compared with.
pub(super) struct Read {
    pub(super) name: Arc<str>,
    pub(super) spool: PathBuf,
    pub(super) spool_at: Place,
    place: Place,
    address: Option<At<Address>>,
    tls: Option<tls::Client>,
    pub(super) content: Option<Content>,
    spool_size: u64,
}

pub(super) fn read(name: &str, node: Node, problems: &mut Problems) -> Read {
    let mut table = Section::open(format!("syslog.{name}"), node, problems);
    let place = table.place;
    let address = table.required("address", address);
    let is_dicom = table.required("content", |node| node.one_of("a content", &CONTENTS));
    let phi = table.optional("phi", Node::yes_or_no);
    let spool = table.optional("spool", named::path);
    let spool_at = spool.as_ref().map_or(place, |at| at.place);
    let spool = match spool {
        Some(at) => table.problems.sources.base(at.place).join(at.value),
        None => Path::new(SPOOLS).join(name),
    };
    let size = table.or("spool_size", SPOOL_SIZE, |node| limits::size(node, &SPOOL_SIZES));
    let is_plain = transport(&mut table, address.as_ref(), phi.as_ref());
    let tls = table.take("tls").filter(|_| !is_plain).and_then(|node| {
        let key = table.path("tls");
        outgoing::read(Section::open(key, node, table.problems))
    });
    if let (Some(At { value: false, .. }), Some(At { value: true, place })) = (is_dicom, phi) {
        table.mistake_at("phi", Some(place), &Mistake::PhiOfJson);
    }
    let phi = phi.is_some_and(|at| at.value);
    let content = |at: At<bool>| if at.value { Content::Dicom { phi } } else { Content::Json };
    table.finish();
    let (name, content, spool_size) = (name.into(), is_dicom.map(content), size.into());
    Read { name, spool, spool_at, place, address, tls, content, spool_size }
}

/// Whether there is no TLS on the way, which has to be said.
fn transport(
    table: &mut Section<'_>,
    address: Option<&At<Address>>,
    phi: Option<&At<bool>>,
) -> bool {
    let (told, is_clear) = table.flag("plain");
    let plain = told.filter(|at| at.value);
    let Some(plain) = plain else {
        if is_clear && !table.has("tls") {
            let (place, key) = (table.place, table.key.clone());
            table.problems.mistake(place, key, &Mistake::SyslogTransport);
        }
        return false;
    };
    if table.has("tls") {
        table.mistake_at("plain", Some(plain.place), &Mistake::TlsOfPlainReach);
    }
    if address.is_some_and(|at| !is_loopback(&at.value)) {
        match phi.filter(|at| at.value) {
            Some(phi) => table.mistake_at("phi", Some(phi.place), &Mistake::PhiInClearText),
            None => {
                let key = table.path("plain");
                table.problems.caution(plain.place, key, &Caution::SyslogInClearText);
            }
        }
    }
    true
}

/// A name may be resolved to anything.
fn is_loopback(address: &Address) -> bool {
    address.host.parse().is_ok_and(|host: IpAddr| host.to_canonical().is_loopback())
}

impl Read {
    /// What is sent where; `None` where something of it was refused.
    fn to_collector(&self, problems: &Problems) -> Option<Collector> {
        Some(Collector {
            name: Arc::clone(&self.name),
            address: self.address.as_ref()?.value.clone(),
            tls: self.tls.clone(),
            content: self.content?,
            spool: self.spool.clone(),
            spool_size: self.spool_size,
            spool_at: problems.locate(self.spool_at),
        })
    }
}

/// Those of which nothing was refused.
pub(super) fn collectors(read: &[Read], problems: &Problems) -> Vec<Collector> {
    read.iter().filter_map(|read| read.to_collector(problems)).collect()
}

/// TLS towards those that have it, by their names.
pub(super) fn clients(collectors: &[Collector]) -> HashMap<Arc<str>, tls::Client> {
    let client = |it: &Collector| Some((Arc::clone(&it.name), it.tls.clone()?));
    collectors.iter().filter_map(client).collect()
}

/// Each has files and a thread of its own.
pub(super) fn are_few_and_apart(collectors: &[Read], problems: &mut Problems) {
    for read in collectors.iter().skip(MOST) {
        let key = format!("syslog.{}", read.name);
        problems.mistake(read.place, key, &Mistake::ManyCollectors(MOST));
    }
    let mut first: HashMap<&Path, &Read> = HashMap::new();
    for read in collectors {
        let Some(other) = first.insert(&read.spool, read) else { continue };
        let at = problems.locate(other.spool_at);
        let mistake = Mistake::SameSpool(format!("[syslog.{}]", other.name), at);
        problems.mistake(read.spool_at, format!("syslog.{}.spool", read.name), &mistake);
    }
}
