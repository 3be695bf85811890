//! What one audit line says.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pacsgate_core::certificate::{Ca, Certificate, Digest};
use pacsgate_core::identity::User;
use pacsgate_core::policy::Refusal;
use serde::{Serialize, Serializer};

use super::event::Event;
use super::operations::{DataSetRecord, ForbiddenRecord, OperationsRecord};
use super::text::{PeerText, Texts};
use crate::port::{Transport, Way};
use crate::x509::validity;

/// One event of one connection.
///
/// The types keep peers out of the log: what a peer chose is [`PeerText`], everything else is our
/// own text, a number or a digest. Absent values are left out of the line.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// What happened.
    pub event: Event,
    /// Whether the source has shown a certificate of one of the peers; not written.
    #[serde(skip)]
    pub standing: Standing,
    /// The connection, the same in all its lines.
    pub id: ConnectionId,
    /// The listener's name.
    #[serde(serialize_with = "own")]
    pub listener: Arc<str>,
    /// Which way the listener leads.
    pub direction: &'static str,
    /// It came without TLS.
    #[serde(skip_serializing_if = "is_false")]
    pub plain: bool,
    /// The address and port of the remote system.
    #[serde(serialize_with = "canonical")]
    pub source: SocketAddr,
    /// The balancer that has named the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<SocketAddr>,
    /// The client certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Box<CertificateRecord>>,
    /// What a target has shown with which TLS did not come up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_certificate: Option<Box<CertificateRecord>>,
    /// The calling AE title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calling: Option<PeerText>,
    /// The called AE title, as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub called: Option<PeerText>,
    /// The peer's name in the configuration.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "own_option")]
    pub peer: Option<Arc<str>>,
    /// Who answers for the peer.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "own_option")]
    pub contact: Option<Arc<str>>,
    /// The user whose identity was verified.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub user: Option<Box<UserRecord>>,
    /// The PACS's name in the configuration.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "own_option")]
    pub pacs: Option<Arc<str>>,
    /// Which of the PACS's addresses it was, where it has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<PeerText>,
    /// What became of the presentation contexts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contexts: Option<Box<ContextsRecord>>,
    /// The request that was just forbidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Box<ForbiddenRecord>>,
    /// The data set that was just found unsound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_set: Option<Box<DataSetRecord>>,
    /// The reason's stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The reason in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<PeerText>,
    /// Refusals of the policy are only reported for it.
    #[serde(skip_serializing_if = "is_false")]
    pub report_only: bool,
    /// What the remote system was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wire: Option<PeerText>,
    /// What the administrator does about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<Cow<'static, str>>,
    /// What was dropped or tolerated.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub notes: Texts,
    /// What was done and what was forbidden.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub operations: Option<Box<OperationsRecord>>,
    /// PDUs received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pdus: Option<Received>,
    /// Bytes received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Received>,
    /// How long the connection has lived; written in milliseconds.
    #[serde(
        rename = "duration_ms",
        skip_serializing_if = "Option::is_none",
        serialize_with = "millis"
    )]
    pub duration: Option<Duration>,
    /// How long it was made to wait; written in milliseconds.
    #[serde(
        rename = "delayed_ms",
        skip_serializing_if = "Option::is_none",
        serialize_with = "millis"
    )]
    pub delayed: Option<Duration>,
    /// How the policy came to refuse it.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Box<ExplanationRecord>>,
}

impl Record {
    /// A record of which only the origin is known yet.
    pub fn new(
        event: Event,
        standing: Standing,
        id: ConnectionId,
        listener: Arc<str>,
        way: Way,
        source: SocketAddr,
    ) -> Self {
        Self {
            event,
            standing,
            id,
            listener,
            direction: way.direction.name(),
            plain: way.transport == Transport::Plain,
            source,
            proxy: None,
            certificate: None,
            target_certificate: None,
            calling: None,
            called: None,
            peer: None,
            contact: None,
            user: None,
            pacs: None,
            address: None,
            contexts: None,
            request: None,
            data_set: None,
            reason: None,
            detail: None,
            report_only: false,
            wire: None,
            advice: None,
            notes: Texts::default(),
            operations: None,
            pdus: None,
            bytes: None,
            duration: None,
            delayed: None,
            explanation: None,
        }
    }

    /// How many objects were stored on this association, and taken.
    pub fn objects(&self) -> u64 {
        self.operations.as_deref().map_or(0, OperationsRecord::objects)
    }

    /// Whether a request of this association was passed on, other than a C-ECHO that went well.
    pub(super) fn has_done_something(&self) -> bool {
        self.operations.as_deref().is_some_and(OperationsRecord::has_any)
    }
}

/// Whether a flood of a source's lines is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Came and left without a byte, as monitors and load balancers do: only ever summed.
    Passerby,
    /// No certificate, or one that anybody can make: lines are summed after the first few.
    Stranger,
    /// A certificate that is pinned or was issued by a configured CA, but is refused or is none of a
    /// peer's: lines of its source are summed too, but there is always room for them.
    VouchedFor,
    /// A certificate of exactly one peer.
    Peer,
}

/// A connection, unique over restarts and nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionId {
    // Chosen at random when the daemon started.
    pub(super) run: u64,
    pub(super) number: u64,
}

#[cfg(test)]
impl ConnectionId {
    /// One of no connection.
    pub(crate) const fn example() -> Self {
        Self { run: 1, number: 1 }
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.run, self.number)
    }
}

impl Serialize for ConnectionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a line says of a certificate.
#[derive(Clone, Debug, Serialize)]
pub struct CertificateRecord {
    #[serde(serialize_with = "hex")]
    pub(crate) sha256: Digest,
    #[serde(serialize_with = "hex")]
    spki_sha256: Digest,
    #[serde(skip_serializing_if = "Texts::is_empty")]
    dns: Texts,
    #[serde(skip_serializing_if = "Texts::is_empty")]
    uris: Texts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) common_name: Option<PeerText>,
    #[serde(serialize_with = "rfc3339")]
    not_after: i64,
    /// The named CAs that vouch for it.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    ca: Texts,
    /// Why nothing is known of its revocation, although there are lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revocation: Option<&'static str>,
}

impl CertificateRecord {
    /// How many DNS names and how many URIs are listed.
    pub const NAMES: usize = 8;
    /// The cap of each name: that of a DNS name (RFC 1035 section 2.3.4), rounded up.
    pub const NAME: usize = 256;

    /// Which CAs vouch for it.
    pub(super) fn name_cas(&mut self, cas: &[Ca]) {
        self.ca = Texts::bounded(cas.iter().filter_map(Ca::name), Self::NAMES, Self::NAME);
    }
}

impl From<&Certificate> for CertificateRecord {
    fn from(certificate: &Certificate) -> Self {
        let name = |name: &str| PeerText::from_bytes(name.as_bytes(), Self::NAME);
        Self {
            sha256: certificate.sha256,
            spki_sha256: certificate.spki_sha256,
            dns: Texts::bounded(&certificate.dns, Self::NAMES, Self::NAME),
            uris: Texts::bounded(&certificate.uris, Self::NAMES, Self::NAME),
            common_name: certificate.common_name.as_deref().map(name),
            not_after: certificate.not_after,
            ca: Texts::default(),
            revocation: None,
        }
    }
}

/// What a line says of the user.
#[derive(Clone, Debug, Serialize)]
pub struct UserRecord {
    /// The subject of a token, or a user name.
    #[serde(rename = "user")]
    pub(super) name: PeerText,
    /// The name of the issuer of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuer: Option<PeerText>,
}

impl From<&User> for UserRecord {
    fn from(user: &User) -> Self {
        let issuer = match user {
            User::Token(token) => Some(PeerText::from_display(&token.issuer, PeerText::PHRASE)),
            User::Password(_) => None,
        };
        Self { name: PeerText::from_bytes(user.name().as_bytes(), PeerText::SENTENCE), issuer }
    }
}

/// What a line says of a refusal by the policy.
#[derive(Clone, Debug, Serialize)]
pub struct ExplanationRecord {
    /// What it missed by little.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nearest: Option<PeerText>,
    /// The policy's checks in their order.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub(super) trace: Texts,
}

impl From<&Refusal> for ExplanationRecord {
    fn from(refusal: &Refusal) -> Self {
        let nearest = refusal.nearest.as_ref();
        Self {
            nearest: nearest.map(|it| PeerText::from_display(it, PeerText::SENTENCE)),
            trace: Texts::collect(refusal.trace.iter()),
        }
    }
}

/// What became of the presentation contexts of a request.
#[derive(Clone, Debug, Serialize)]
pub struct ContextsRecord {
    asked: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    granted: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    removed: Vec<RemovedContext>,
    #[serde(skip_serializing_if = "is_zero")]
    removed_more: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    would_remove: Vec<RemovedContext>,
    #[serde(skip_serializing_if = "is_zero")]
    would_remove_more: usize,
}

/// A presentation context that the gate did not ask the PACS for.
#[derive(Clone, Debug, Serialize)]
pub struct RemovedContext {
    /// The context's id.
    pub id: u8,
    /// Its abstract syntax, where that is a UID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abstract_syntax: Option<PeerText>,
    /// The code of the rule that removed it.
    pub why: &'static str,
}

impl ContextsRecord {
    /// How many removed contexts are listed; the rest is a number.
    pub const LISTED: usize = 16;

    /// `granted` is `None` as long as the PACS has not answered.
    pub fn new(
        asked: usize,
        granted: Option<usize>,
        removed: impl IntoIterator<Item = RemovedContext>,
    ) -> Self {
        let mut rest = removed.into_iter();
        let removed = rest.by_ref().take(Self::LISTED).collect();
        let (would_remove, would_remove_more) = (Vec::new(), 0);
        Self {
            asked,
            granted,
            removed,
            removed_more: rest.count(),
            would_remove,
            would_remove_more,
        }
    }

    /// With those that stay only because rights are reported; both lists together are bounded.
    pub fn and_would_remove(mut self, more: impl IntoIterator<Item = RemovedContext>) -> Self {
        let mut rest = more.into_iter();
        let room = Self::LISTED.saturating_sub(self.removed.len());
        self.would_remove = rest.by_ref().take(room).collect();
        self.would_remove_more = rest.count();
        self
    }
}

/// An amount received from each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Received {
    /// From the requestor.
    pub from_requestor: u64,
    /// From the PACS.
    pub from_acceptor: u64,
}

/// The cap of our own names, in characters: what bounds a line must not depend on the
/// configuration.
const OWN: usize = 200;

fn own<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    match text.char_indices().nth(OWN) {
        None => serializer.serialize_str(text),
        Some((end, _)) => {
            serializer.collect_str(&format_args!("{}...", text.get(..end).unwrap_or_default()))
        }
    }
}

pub(super) fn own_option<S: Serializer>(
    text: &Option<Arc<str>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match text {
        Some(text) => own(text, serializer),
        None => serializer.serialize_none(),
    }
}

/// A socket bound to `[::]` shows IPv4 sources as IPv4-mapped IPv6 addresses.
fn canonical<S: Serializer>(source: &SocketAddr, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&SocketAddr::new(source.ip().to_canonical(), source.port()))
}

pub(super) fn hex<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}

fn rfc3339<S: Serializer>(seconds: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&validity::date(u64::try_from(*seconds).unwrap_or_default()))
}

fn millis<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    let millis = duration.unwrap_or_default().as_millis();
    serializer.serialize_u64(u64::try_from(millis).unwrap_or(u64::MAX))
}

pub(super) const fn is_false(flag: &bool) -> bool {
    !*flag
}

pub(super) fn is_zero(number: &usize) -> bool {
    *number == 0
}
