//! Who the configuration knows already.

use pacsgate_core::certificate::{Ca, Matcher, Name};
use pacsgate_core::policy::{KnownBy, Pacs, Peer};
use pacsgate_core::wire::title::AeTitle;

use super::certificate::Shown;
use super::line::Line;
use super::traffic::title;

/// The peers and the PACS of a configuration.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its peers.
    pub peers: &'a [Peer],
    /// Its PACS.
    pub pacs: &'a [Pacs],
}

impl<'a> Known<'a> {
    /// Whose line it is: by its name, its certificate, or its address, whatever the audit called it.
    pub fn peer_of(&self, line: &Line) -> Option<&'a Peer> {
        let named = line.peer.as_deref().and_then(|name| self.named(name));
        named.or_else(|| match &line.certificate {
            Some(shown) => self.peers.iter().find(|peer| shows(peer, shown)),
            None => self.at(line),
        })
    }

    /// The peer of this name.
    pub fn named(&self, name: &str) -> Option<&'a Peer> {
        self.peers.iter().find(|peer| &*peer.name == name)
    }

    /// The PACS of this name.
    pub fn pacs_named(&self, name: &str) -> Option<&'a Pacs> {
        self.pacs.iter().find(|pacs| &*pacs.name == name)
    }

    /// The peer that may call itself so.
    pub fn with_title(&self, title: &AeTitle) -> Option<&'a Peer> {
        self.peers.iter().find(|peer| peer.calling.contains(title))
    }

    /// The PACS that is called so, or calls itself so.
    pub fn pacs_with(&self, title: &AeTitle) -> Option<&'a Pacs> {
        let mut pacs = self.pacs.iter();
        pacs.find(|pacs| pacs.called.contains(title) || pacs.own_titles().contains(title))
    }

    /// Without a certificate: the one at this address with this title, else the only one there.
    fn at(&self, line: &Line) -> Option<&'a Peer> {
        let address = line.address()?;
        let of_address = |peer: &&Peer| {
            peer.known_by == KnownBy::Address
                && peer.from.iter().any(|network| network.contains(&address))
        };
        let there: Vec<_> = self.peers.iter().filter(of_address).collect();
        let title = title(line.calling.as_deref())?;
        let titled = there.iter().find(|peer| peer.calling.contains(&title));
        titled.copied().or_else(|| there.first().copied().filter(|_| there.len() == 1))
    }
}

fn shows(peer: &Peer, shown: &Shown) -> bool {
    peer.known_by.certificates().iter().any(|matcher| match matcher {
        Matcher::CertSha256(digest) => digest.to_string() == shown.sha256,
        Matcher::SpkiSha256(digest) => digest.to_string() == shown.spki_sha256,
        Matcher::SanDns(name) => has(&shown.dns, name, shown),
        Matcher::SanUri(name) => has(&shown.uris, name, shown),
    })
}

fn has(names: &[String], wanted: &Name, shown: &Shown) -> bool {
    let is_vouched_for = match &wanted.ca {
        Ca::Only => true,
        Ca::Named(ca) => shown.ca.iter().any(|known| **known == **ca),
    };
    is_vouched_for && names.iter().any(|name| **name == *wanted.text)
}
