//! Whose certificate it is.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::trace::Finding;
use crate::certificate::{Accepted, AcceptedBy, Ca, Certificate, Digest, Matcher, Usage};

/// The matchers of all peers, or of all PACS; each belongs to one, given by its index.
#[derive(Debug, Default)]
pub(super) struct Matching {
    certificates: HashMap<Digest, usize>,
    keys: HashMap<Digest, usize>,
    names: HashMap<Ca, Names>,
    /// Those whose certificates may be made for anything.
    of_any_usage: HashSet<usize>,
}

/// The names for which one CA has to vouch.
#[derive(Debug, Default)]
struct Names {
    dns: HashMap<Box<str>, usize>,
    uris: HashMap<Box<str>, usize>,
}

impl Matching {
    pub(super) fn new<T: AsRef<[Matcher]>>(tables: impl Iterator<Item = T>) -> Self {
        let mut matching = Self::default();
        for (index, matchers) in tables.enumerate() {
            for matcher in matchers.as_ref() {
                matching.insert(matcher, index);
            }
        }
        matching
    }

    /// The peer's index where there is exactly one, and how it was found or why not.
    pub(super) fn find(&self, accepted: &Accepted) -> (Option<usize>, Finding) {
        let certificate = &accepted.certificate;
        if let Some(verdict) = agreed(self.pins(certificate)) {
            return verdict;
        }
        match &accepted.by {
            AcceptedBy::Pin | AcceptedBy::UnlistedPin => (None, Finding::NoPinMatches),
            AcceptedBy::Chain(cas) => self.by_name(certificate, cas),
            AcceptedBy::ChainForAnything(cas) => match self.by_name(certificate, cas) {
                (Some(peer), _) if !self.of_any_usage.contains(&peer) => {
                    (None, Finding::NothingMatches)
                }
                found => found,
            },
        }
    }

    fn by_name(&self, certificate: &Certificate, cas: &[Ca]) -> (Option<usize>, Finding) {
        let vouched_for = cas.iter().filter_map(|ca| self.names.get(ca));
        agreed(vouched_for.flat_map(|names| names.of(certificate)))
            .unwrap_or((None, Finding::NothingMatches))
    }

    /// The peer for which another CA would have to vouch.
    pub(super) fn by_any_ca(&self, certificate: &Certificate) -> Option<usize> {
        self.names.values().flat_map(|names| names.of(certificate)).map(|(peer, _)| peer).min()
    }

    /// The peer whose certificate would have this name among its alternative ones.
    pub(super) fn by_common_name(&self, certificate: &Certificate) -> Option<usize> {
        let name = lower(certificate.common_name.as_deref()?);
        self.names.values().filter_map(|names| names.dns.get(name.as_ref())).copied().min()
    }

    /// Two of the peers to which a certificate belongs.
    pub(super) fn two(&self, accepted: &Accepted) -> Option<[usize; 2]> {
        let certificate = &accepted.certificate;
        let names = self.names.values().flat_map(|names| names.of(certificate));
        let all: BTreeSet<usize> =
            self.pins(certificate).chain(names).map(|(peer, _)| peer).collect();
        let mut all = all.into_iter();
        Some([all.next()?, all.next()?])
    }

    fn insert(&mut self, matcher: &Matcher, peer: usize) {
        if matcher.name().is_some_and(|name| name.usage == Usage::Any) {
            self.of_any_usage.insert(peer);
        }
        match matcher {
            Matcher::SanDns(name) => {
                let names = self.names.entry(name.ca.clone()).or_default();
                names.dns.insert(lower(&name.text).into(), peer)
            }
            Matcher::SanUri(name) => {
                let names = self.names.entry(name.ca.clone()).or_default();
                names.uris.insert(name.text.clone(), peer)
            }
            Matcher::CertSha256(digest) => self.certificates.insert(*digest, peer),
            Matcher::SpkiSha256(digest) => self.keys.insert(*digest, peer),
        };
    }

    fn pins(&self, certificate: &Certificate) -> impl Iterator<Item = (usize, Finding)> {
        let whole = self.certificates.get(&certificate.sha256);
        let key = self.keys.get(&certificate.spki_sha256);
        let whole = whole.map(|&peer| (peer, Finding::CertificatePinned));
        whole.into_iter().chain(key.map(|&peer| (peer, Finding::KeyPinned)))
    }
}

impl Names {
    fn of(&self, certificate: &Certificate) -> impl Iterator<Item = (usize, Finding)> {
        let dns = certificate.dns.iter().filter_map(|name| self.dns.get(lower(name).as_ref()));
        let uris = certificate.uris.iter().filter_map(|uri| self.uris.get(uri));
        dns.map(|&peer| (peer, Finding::DnsNameMatches))
            .chain(uris.map(|&peer| (peer, Finding::UriMatches)))
    }
}

/// `None` where nothing matches.
fn agreed(mut matches: impl Iterator<Item = (usize, Finding)>) -> Option<(Option<usize>, Finding)> {
    let (peer, finding) = matches.next()?;
    if matches.any(|(other, _)| other != peer) {
        return Some((None, Finding::SeveralPeersMatch));
    }
    Some((Some(peer), finding))
}

/// The key under which a DNS name is compared.
pub(super) fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(name.to_ascii_lowercase());
    }
    Cow::Borrowed(name)
}
