//! PACS, as the configuration describes them.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::addresses::canonical;
use super::peer::Likeness;
use super::trace::Finding;
use crate::certificate::Matcher;
use crate::inspector::Guarding;
use crate::wire::title::AeTitle;

/// A backend: one `[pacs.NAME]` table.
#[derive(Clone, Debug)]
pub struct Pacs {
    /// The table's name.
    pub name: Arc<str>,
    /// The called titles under which it is reached.
    pub called: Vec<AeTitle>,
    /// The addresses of its own associations. Where it shows no certificate it is known by them.
    pub from: Vec<IpNet>,
    /// What its certificate is recognised by, where it shows one: any of these.
    pub certificates: Vec<Matcher>,
    /// The titles of its own associations; where there are none, what it is called.
    pub calling: Vec<AeTitle>,
    /// What it is called inside; absent: the called title as it came.
    pub ae_title: Option<AeTitle>,
    /// How many associations it takes at once.
    pub associations: u32,
    /// The longest P-DATA-TF that the gate announces to either side, in bytes.
    pub max_pdu: u32,
    /// How its data sets are judged.
    pub guarding: Guarding,
}

impl Pacs {
    /// The titles that it calls by: its own, or those by which it is called.
    pub fn own_titles(&self) -> &[AeTitle] {
        match (&*self.calling, &self.ae_title) {
            ([], Some(title)) => std::slice::from_ref(title),
            ([], None) => &self.called,
            (calling, _) => calling,
        }
    }

    /// Whether it is known by its address, and so comes to listeners without TLS: what has to show a
    /// certificate is not.
    pub fn is_known_by_address(&self) -> bool {
        self.certificates.is_empty() && !self.from.is_empty()
    }

    pub(super) fn network(&self, source: IpAddr) -> Finding {
        let source = source.to_canonical();
        let mut networks = self.from.iter().map(|network| canonical(*network));
        match self.from.is_empty() {
            true => Finding::PacsAnywhere,
            false if networks.any(|network| network.contains(&source)) => Finding::PacsAddress,
            false => Finding::PacsElsewhere,
        }
    }

    pub(super) fn calling(&self, title: &AeTitle) -> Finding {
        match Likeness::of(self.own_titles(), title) {
            Likeness::Same => Finding::PacsTitle,
            Likeness::OtherCase => Finding::PacsTitleDiffersInCase,
            Likeness::None => Finding::PacsTitleNotListed,
        }
    }
}
