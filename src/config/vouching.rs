//! Which CA vouches for the names of which peer: `client_ca` of the listeners beside `ca` of the peers.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use pacsgate_core::certificate::{Ca, Matcher, Name};

use super::authorities::Authority;
use super::listener;
use super::matchers::is_pin;
use super::mistake::{Caution, Mistake};
use super::problems::Problems;
use super::section::At;
use super::source::Place;
use super::suggestion::Suggestion;

/// Peers, or PACS: whoever may show a certificate to the listeners of a direction.
pub(super) struct Named<'a> {
    /// Its table.
    pub(super) table: String,
    pub(super) certificates: &'a [At<Matcher>],
    /// Whether nothing was wrong in its table.
    pub(super) is_sound: bool,
}

/// The CAs of all listeners, each where it stands first.
struct Cas<'a> {
    named: BTreeMap<&'a str, &'a Authority>,
    nameless: Vec<&'a Authority>,
}

/// A name counts only where a CA has vouched for it: that of the listener, or the one among several
/// that the peer names. The same name may be in the certificates of two CAs.
pub(super) fn names_have_their_ca(
    listeners: &[&listener::Read],
    peers: &[Named<'_>],
    problems: &mut Problems,
) {
    // Of a listener with a mistake it is not known which CAs it has.
    let cas = listeners.iter().map(|listener| listener.authorities()).collect::<Option<Vec<_>>>();
    let Some(cas) = cas else { return };
    cas.iter().for_each(|of_listener| shared(of_listener, problems));
    let cas = Cas::of(cas.into_iter().flatten());
    if cas.named.is_empty() && cas.nameless.is_empty() {
        return without_ca(peers, problems);
    }
    cas.all_have_names(problems);
    for (peer, place, name) in names(peers) {
        if let Some(mistake) = cas.judge(name, problems) {
            problems.mistake(place, format!("{}.certificate", peer.table), &mistake);
        }
    }
    // A slip in a peer may hide the CA that it names.
    if peers.iter().all(|peer| peer.is_sound) {
        cas.unused(peers, problems);
    }
}

/// Who is to be kept apart by two CAs is not, if one certificate is in both files.
fn shared(cas: &[Authority], problems: &mut Problems) {
    let mut first: HashMap<&[u8], &Authority> = HashMap::new();
    for (authority, der) in cas.iter().flat_map(|ca| ca.file.content.iter().map(move |it| (ca, it)))
    {
        let other = *first.entry(der.as_ref()).or_insert(authority);
        if let (Some(name), true) = (other.name.name(), other.name != authority.name) {
            let caution = Caution::SharedCa {
                path: authority.file.path.clone(),
                name: name.to_owned(),
                first: problems.locate(other.file.place),
            };
            problems.caution(authority.file.place, authority.key.as_str(), &caution);
        }
    }
}

fn without_ca(peers: &[Named<'_>], problems: &mut Problems) {
    // Without any pin, TLS says that nobody is trusted at all.
    if peers.iter().all(|peer| !peer.certificates.iter().any(|at| is_pin(&at.value))) {
        return;
    }
    for (peer, place, _) in names(peers) {
        let key = format!("{}.certificate", peer.table);
        problems.mistake(place, key, &Mistake::NameWithoutCa);
    }
}

/// The names by which certificates are recognised, and where each stands.
fn names<'a>(peers: &'a [Named<'_>]) -> impl Iterator<Item = (&'a Named<'a>, Place, &'a Name)> {
    peers.iter().flat_map(|peer| {
        let names = peer.certificates.iter();
        names.filter_map(move |at| Some((peer, at.place, at.value.name()?)))
    })
}

impl<'a> Cas<'a> {
    fn of(all: impl Iterator<Item = &'a Authority>) -> Self {
        let mut cas = Self { named: BTreeMap::new(), nameless: Vec::new() };
        for authority in all {
            match &authority.name {
                Ca::Named(name) => {
                    cas.named.entry(name).or_insert(authority);
                }
                Ca::Only => cas.nameless.push(authority),
            }
        }
        cas
    }

    /// Where one listener has names for its CAs, no peer could mean one without.
    fn all_have_names(&self, problems: &mut Problems) {
        let Some(named) = self.named.values().next() else { return };
        let first = problems.locate(named.file.place);
        for other in &self.nameless {
            let mistake = Mistake::CaWithoutName { first: first.clone() };
            problems.mistake(other.file.place, other.key.as_str(), &mistake);
        }
    }

    fn judge(&self, name: &Name, problems: &Problems) -> Option<Mistake> {
        match &name.ca {
            Ca::Named(ca) if self.named.contains_key(&**ca) => None,
            Ca::Named(ca) if self.named.is_empty() => {
                let first = self.nameless.first().map(|one| problems.locate(one.file.place));
                Some(Mistake::CaOfNoName { ca: Arc::clone(ca), first: first? })
            }
            Ca::Named(ca) => {
                let known = Suggestion::new(ca, self.named.keys());
                Some(Mistake::UnknownCa((&**ca).into(), known))
            }
            Ca::Only if self.named.is_empty() => None,
            Ca::Only => {
                let known = self.named.keys().map(|ca| format!("ca = \"{ca}\"")).collect();
                Some(Mistake::NameOfAnyCa(known))
            }
        }
    }

    /// It vouches for nobody.
    fn unused(&self, peers: &[Named<'_>], problems: &mut Problems) {
        for (ca, authority) in &self.named {
            let used = names(peers).any(|(.., name)| name.ca == authority.name);
            if !used {
                let caution = Caution::UnusedCa((*ca).into());
                problems.caution(authority.file.place, authority.key.as_str(), &caution);
            }
        }
    }
}
