//! The revocation lists: which of them serve at a moment, and for which chain.
//!
//! A list past its nextUpdate still serves for a grace, loudly. After that it still refuses what
//! it names, but vouches for nobody.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pacsgate_core::quoted::Quoted;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, TrustAnchor, UnixTime};
use webpki::{CertRevocationList, OwnedCertRevocationList};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::path::Path;
use super::settings::{self, SettingsError};
use crate::x509::issuing::{self, Scope};
use crate::x509::reading;
use crate::x509::validity::{self, Dated, When, date, seconds, since_epoch};

/// Between two warnings of one late list, in seconds.
const WARNING_INTERVAL: u64 = 3600;

/// The configured lists, newest first.
#[derive(Debug, Default)]
pub(super) struct RevocationLists {
    lists: Vec<List>,
    grace: Duration,
    /// Whether two lists bear one issuer's name and different keys.
    changed_key: bool,
    /// The configured CAs that a list names.
    revoked_cas: Vec<RevokedCa>,
}

/// A configured CA whose own CA has taken its word back.
#[derive(Debug)]
struct RevokedCa {
    subject: Vec<u8>,
    key: Option<Vec<u8>>,
}

#[derive(Debug)]
struct List {
    crl: CertRevocationList<'static>,
    scope: Scope,
    this_update: u64,
    next_update: u64,
    issuer: String,
    /// The issuer as it is encoded.
    issuer_name: Vec<u8>,
    warned: AtomicU64,
}

impl RevocationLists {
    /// Reads the lists and leaves out those that a newer one replaces; those that cannot be used
    /// go to `errors`. A list may name one of the configured CAs.
    pub(super) fn new(
        ders: &[CertificateRevocationListDer<'_>],
        cas: &[CertificateDer<'_>],
        grace: Duration,
        errors: &mut Vec<SettingsError>,
    ) -> Self {
        let lists = ders.iter().enumerate();
        let lists =
            lists.map(|(place, der)| List::read(der).ok_or(SettingsError::CrlUnusable(place)));
        let mut lists: Vec<_> = lists.filter_map(|list| settings::keep(list, errors)).collect();
        lists.sort_by_key(|list| Reverse(list.this_update));
        let mut newest: Vec<List> = Vec::with_capacity(lists.len());
        for list in lists {
            if !newest.iter().any(|newer| newer.replaces(&list)) {
                newest.push(list);
            }
        }
        let changed_key = has_changed_key(&newest);
        let revoked_cas = cas
            .iter()
            .filter_map(|der| reading::whole(der))
            .filter(|ca| newest.iter().any(|list| list.names(ca)))
            .map(|ca| RevokedCa::from(&ca))
            .collect();
        Self { lists: newest, grace, changed_key, revoked_cas }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// All the lists, those first whose issuer's key may have signed the chain: webpki consults
    /// only the first list of an issuer's name.
    pub(super) fn all(&self, path: &Path<'_>) -> Vec<&CertRevocationList<'static>> {
        self.ordered(path).into_iter().map(|list| &list.crl).collect()
    }

    /// Those of [`Self::all`] that still vouch for a certificate that they do not name.
    pub(super) fn serving(
        &self,
        path: &Path<'_>,
        now: UnixTime,
    ) -> Vec<&CertRevocationList<'static>> {
        let mut lists = self.ordered(path);
        lists.retain(|list| !matches!(list.when(now, self.grace), Some(When::Ended(_))));
        lists.into_iter().map(|list| &list.crl).collect()
    }

    /// Whether a list names one of the certificates, by issuer and serial number, or a configured CA
    /// that has issued one. No signature and no other certificate is asked, so nothing that a client
    /// leaves out or adds changes the answer.
    pub(super) fn name_any(&self, path: &Path<'_>) -> bool {
        path.certificates().any(|one| {
            self.lists.iter().any(|list| list.names(one))
                || self.revoked_cas.iter().any(|ca| ca.has_issued(one))
        })
    }

    /// Whether a list is of the leaf's issuer: otherwise nothing is known of its revocation.
    pub(super) fn speak_of(&self, path: &Path<'_>) -> bool {
        let mut leaf = path.certificates().take(1);
        leaf.any(|leaf| self.lists.iter().any(|list| list.is_of_issuer_of(leaf)))
    }

    /// Which list of the chain's issuers no longer vouches for anybody, and since when.
    pub(super) fn ended_of(&self, path: &Path<'_>, now: UnixTime) -> Option<String> {
        let ended = |list: &&List| matches!(list.when(now, self.grace), Some(When::Ended(_)));
        let concerns = |list: &&List| path.certificates().any(|one| list.is_of_issuer_of(one));
        let list = self.lists.iter().filter(ended).find(concerns)?;
        Some(format!("it expired on {} and is of {}", date(list.next_update), list.issuer))
    }

    /// The issuers of the lists that no longer vouch for anybody.
    pub(super) fn ended(&self, now: SystemTime) -> impl Iterator<Item = Quoted> {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(since_epoch(now)));
        let ended = move |list: &&List| matches!(list.when(now, self.grace), Some(When::Ended(_)));
        self.lists.iter().filter(ended).map(|list| Quoted::from(&*list.issuer))
    }

    /// Sentences on those that are near their end or past it.
    pub(super) fn dates(&self, now: SystemTime) -> impl Iterator<Item = String> {
        let now = since_epoch(now);
        self.lists.iter().filter_map(move |list| {
            let when = When::of_list(list.this_update..list.next_update, self.grace, now)?;
            Some(validity::of_list(&list.issuer, when))
        })
    }

    /// When they end, and when the grace behind that does.
    pub(super) fn ends(&self) -> impl Iterator<Item = SystemTime> {
        self.lists.iter().flat_map(|list| {
            let end = UNIX_EPOCH.checked_add(Duration::from_secs(list.next_update));
            let last = end.and_then(|end| end.checked_add(self.grace));
            end.into_iter().chain(last)
        })
    }

    /// When they end, whatever grace there is.
    pub(super) fn each_end(&self) -> impl Iterator<Item = (Dated, SystemTime)> {
        let end = |list: &List| UNIX_EPOCH.checked_add(Duration::from_secs(list.next_update));
        self.lists.iter().filter_map(move |list| Some((Dated::Crl, end(list)?)))
    }

    /// Says that lists are late, at most once an hour for each; returns how many it named.
    pub(super) fn warn_of_late(&self, now: UnixTime) -> usize {
        let mut named = 0;
        for list in &self.lists {
            if let Some(when @ (When::Grace(..) | When::Ended(_))) = list.when(now, self.grace)
                && list.warning_is_due(now)
            {
                list.warn(when);
                named += 1;
            }
        }
        named
    }

    fn ordered(&self, path: &Path<'_>) -> Vec<&List> {
        let mut lists: Vec<&List> = self.lists.iter().collect();
        if self.changed_key {
            let signers = path.certificates().filter_map(|it| issuing::signer(it.extensions()));
            let key_ids: Vec<_> = signers.collect();
            lists.sort_by_key(|list| !list.may_be_signed_by(&key_ids));
        }
        lists
    }

    /// Says which lists no configured CA has issued itself.
    pub(super) fn warn_of_foreign(&self, anchors: &[TrustAnchor<'_>]) {
        for list in &self.lists {
            if anchors.iter().all(|anchor| anchor.subject.as_ref() != list.crl.issuer()) {
                tracing::warn!(
                    issuer = %list.issuer.escape_debug(),
                    "a revocation list is of no configured CA: it serves only those that \
                     send its issuer as an intermediate"
                );
            }
        }
    }
}

impl From<&X509Certificate<'_>> for RevokedCa {
    fn from(ca: &X509Certificate<'_>) -> Self {
        let key = issuing::own_key(ca.extensions()).map(<[u8]>::to_vec);
        Self { subject: ca.subject().as_raw().to_vec(), key }
    }
}

impl RevokedCa {
    /// By name, and by key where both say it.
    fn has_issued(&self, certificate: &X509Certificate<'_>) -> bool {
        let keys = self.key.as_deref().zip(issuing::signer(certificate.extensions()));
        self.subject == certificate.issuer().as_raw()
            && keys.is_none_or(|(one, other)| one == other)
    }
}

impl List {
    fn read(der: &CertificateRevocationListDer<'_>) -> Option<Self> {
        let crl = OwnedCertRevocationList::from_der(der).ok()?;
        let (_, dates) =
            x509_parser::revocation_list::CertificateRevocationList::from_der(der).ok()?;
        Some(Self {
            crl: crl.into(),
            scope: Scope::of(&dates),
            this_update: seconds(dates.last_update()),
            next_update: seconds(dates.next_update()?),
            issuer: dates.issuer().to_string(),
            issuer_name: dates.issuer().as_raw().to_vec(),
            warned: AtomicU64::new(0),
        })
    }

    /// Whether a list that is not newer, of the same key and scope, has nothing left to say.
    fn replaces(&self, older: &Self) -> bool {
        self.scope == older.scope
    }

    /// By name, and by key where both say it: a renewed CA may keep its name, and number anew.
    fn is_of_issuer_of(&self, certificate: &X509Certificate<'_>) -> bool {
        let keys = self.scope.key.as_deref().zip(issuing::signer(certificate.extensions()));
        self.issuer_name == certificate.issuer().as_raw()
            && keys.is_none_or(|(one, other)| one == other)
    }

    fn names(&self, certificate: &X509Certificate<'_>) -> bool {
        self.is_of_issuer_of(certificate)
            && matches!(self.crl.find_serial(certificate.raw_serial()), Ok(Some(_)))
    }

    fn when(&self, now: UnixTime, grace: Duration) -> Option<When> {
        // A clock that is a little behind keeps no list from serving.
        When::of_list(0..self.next_update, grace, now.as_secs())
    }

    fn may_be_signed_by(&self, key_ids: &[&[u8]]) -> bool {
        self.scope.key.as_deref().is_none_or(|key_id| key_ids.contains(&key_id))
    }

    fn warning_is_due(&self, now: UnixTime) -> bool {
        let last = self.warned.load(Ordering::Relaxed);
        let due = last == 0 || now.as_secs().saturating_sub(last) >= WARNING_INTERVAL;
        due && self
            .warned
            .compare_exchange(last, now.as_secs(), Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    fn warn(&self, when: When) {
        let (issuer, next_update) = (self.issuer.escape_debug(), date(self.next_update));
        if matches!(when, When::Grace(..)) {
            tracing::warn!(
                %issuer,
                %next_update,
                "a revocation list is past its nextUpdate and serves only until crl_grace ends"
            );
        } else {
            tracing::error!(
                %issuer,
                %next_update,
                "a revocation list is past its nextUpdate and crl_grace: every certificate of \
                 its issuer is refused"
            );
        }
    }
}

fn has_changed_key(lists: &[List]) -> bool {
    let differs = |one: &List, other: &List| {
        one.crl.issuer() == other.crl.issuer() && one.scope.key != other.scope.key
    };
    lists.iter().any(|one| lists.iter().any(|other| differs(one, other)))
}
