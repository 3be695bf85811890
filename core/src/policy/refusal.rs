//! A denial with what was known when it was made.

use std::borrow::Cow;
use std::sync::Arc;

use super::denial::{Denial, NOT_AUTHENTICATED};
use super::nearest::Nearest;
use super::peer::PeerRules;
use super::proposal::Removed;
use super::remedy::remedy;
use super::trace::{Finding, Trace};
use crate::direction::Direction;
use crate::reason::{Answer, Explained};

/// A denial with what was known when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason.
    pub denial: Denial,
    /// Who has asked.
    pub direction: Direction,
    /// What the checks found.
    pub trace: Trace,
    /// The peer, once the certificate has shown it.
    pub peer: Option<Arc<str>>,
    /// Who answers for that.
    pub contact: Option<Arc<str>>,
    /// The PACS, once the called title has shown it.
    pub pacs: Option<Arc<str>>,
    /// The proposed contexts and why each is removed, once they were judged.
    pub removed: Vec<Removed>,
    /// Whether the requestor has shown no certificate.
    pub is_stranger: bool,
    /// What it missed by little.
    pub nearest: Option<Box<Nearest>>,
}

/// What is known so far.
#[derive(Debug)]
pub(super) struct Inquiry {
    pub(super) direction: Direction,
    pub(super) trace: Trace,
    pub(super) peer: Option<Arc<str>>,
    pub(super) contact: Option<Arc<str>>,
    pub(super) pacs: Option<Arc<str>>,
    pub(super) removed: Vec<Removed>,
    pub(super) is_stranger: bool,
}

impl Refusal {
    /// What the requestor is told. One without a certificate always hears the same, lest it learn
    /// titles from the answers.
    pub const fn answer(&self) -> Answer {
        if self.is_stranger { NOT_AUTHENTICATED } else { self.denial.answer() }
    }

    /// What the administrator does about it: the denial's advice, or a closer one where the trace,
    /// or all removed contexts alike, know the cause.
    pub fn advice(&self) -> Option<Cow<'static, str>> {
        let last = self.trace.last();
        let closer = CLOSER.iter().find(|(finding, _)| last == Some(*finding));
        let closer = closer.map(|(_, advice)| Cow::Borrowed(*advice));
        let closer = closer.or_else(|| self.remedy());
        closer.or_else(|| self.denial.advice().map(Cow::Borrowed))
    }

    /// The same for a requestor without a certificate, whose user was verified first and in vain: that is
    /// its reason then, whatever else is wrong.
    #[must_use]
    pub fn after(mut self, unverified: Denial) -> Self {
        if self.is_stranger {
            // The denial that it records is this one.
            let _ = self.trace.record(Finding::IdentityRefused(unverified));
            self.denial = unverified;
        }
        self
    }

    fn remedy(&self) -> Option<Cow<'static, str>> {
        if self.denial == Denial::NoPermittedService { remedy(&self.removed) } else { None }
    }
}

// Findings that know more than their denial says.
const CLOSER: [(Finding, &str); 3] = [
    (
        Finding::CallingTitleDiffersInCase,
        "Only the case differs: write the calling title on the device as in `calling_ae` of its \
         [peer] table, or add it there.",
    ),
    (
        Finding::CalledTitleDiffersInCase,
        "Only the case differs: write the called title on the device as in `called_ae` of the \
         [pacs] table, or add it there.",
    ),
    (
        Finding::CalledTitleOfAnotherPacs,
        "If the device may reach this PACS, add it to `pacs` of its [peer] table.",
    ),
];

impl Inquiry {
    pub(super) fn new(direction: Direction) -> Self {
        let (trace, removed) = (Trace::default(), Vec::new());
        let (peer, contact, pacs) = (None, None, None);
        Self { direction, trace, peer, contact, pacs, removed, is_stranger: false }
    }

    /// This is the peer, with who answers for it.
    pub(super) fn concerns(&mut self, peer: &PeerRules) {
        self.peer = Some(Arc::clone(&peer.name));
        self.contact.clone_from(&peer.contact);
    }

    pub(super) fn refuse(self, denial: Denial) -> Refusal {
        Refusal {
            denial,
            direction: self.direction,
            trace: self.trace,
            peer: self.peer,
            contact: self.contact,
            pacs: self.pacs,
            removed: self.removed,
            is_stranger: self.is_stranger,
            nearest: None,
        }
    }
}
