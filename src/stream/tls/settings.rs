//! What a listener's TLS is made from, already read from its files.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use pacsgate_core::certificate::{Ca, Certificate, Digest, Matcher, Usage};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

use crate::x509::foreign::ForeignKey;

/// Everything that TLS on a listener needs.
#[derive(Debug)]
pub struct Settings {
    /// The gate's own certificates in order of preference; at least one.
    pub identities: Vec<Identity>,
    /// Whether a client has to show a certificate.
    pub client_certificate: ClientCertificate,
    /// The CAs to which a client's chain may lead. None is fine when there are pins.
    pub client_ca: Vec<ClientCa>,
    /// The revocation lists. With one of them every certificate of a chain needs a list.
    pub crls: Vec<CertificateRevocationListDer<'static>>,
    /// How long a list past its nextUpdate still serves.
    pub crl_grace: Duration,
    /// The certificates and keys that are trusted by themselves.
    pub pins: Pins,
    /// The names that count in a certificate that is not made for clients.
    pub exempt: Exempt,
}

/// Whether a client has to show a certificate. One that is shown is judged in the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientCertificate {
    /// Who shows none is refused in the handshake.
    #[default]
    Required,
    /// Who shows none is asked by the policy for something else.
    Optional,
}

/// A CA of clients.
#[derive(Clone, Debug)]
pub struct ClientCa {
    /// What matchers call it.
    pub name: Ca,
    /// Its certificates: a chain to any of them is one to it.
    pub certificates: Vec<CertificateDer<'static>>,
}

/// One of the gate's own certificates.
#[derive(Debug)]
pub struct Identity {
    /// The chain that is sent, leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The leaf's key.
    pub key: PrivateKeyDer<'static>,
}

/// Certificates and keys that a peer of the policy names by digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    certificates: HashSet<Digest>,
    keys: HashSet<Digest>,
}

impl Pins {
    /// Whether nothing is pinned.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.keys.is_empty()
    }

    /// Whether a certificate is pinned, itself or its key.
    pub fn contains(&self, certificate: Digest, spki: Digest) -> bool {
        self.certificates.contains(&certificate) || self.keys.contains(&spki)
    }
}

impl<'a> FromIterator<&'a Matcher> for Pins {
    /// Takes the digests; names need a chain and are no pins.
    fn from_iter<T: IntoIterator<Item = &'a Matcher>>(matchers: T) -> Self {
        let mut pins = Self::default();
        for matcher in matchers {
            match matcher {
                Matcher::CertSha256(digest) => {
                    pins.certificates.insert(*digest);
                }
                Matcher::SpkiSha256(digest) => {
                    pins.keys.insert(*digest);
                }
                Matcher::SanDns(_) | Matcher::SanUri(_) => {}
            }
        }
        pins
    }
}

/// Names by which a peer is recognised whose certificate may be made for anything, each with the CAs
/// that may vouch for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exempt {
    dns: HashMap<Box<str>, Vec<Ca>>,
    uris: HashMap<Box<str>, Vec<Ca>>,
}

impl Exempt {
    /// The CAs of which each could vouch for such a name of a certificate.
    pub(super) fn cas_of<'a>(
        &'a self,
        certificate: &'a Certificate,
    ) -> impl Iterator<Item = &'a Ca> {
        let dns = certificate.dns.iter().filter_map(|name| self.dns.get(name));
        dns.chain(certificate.uris.iter().filter_map(|name| self.uris.get(name))).flatten()
    }
}

impl<'a> FromIterator<&'a Matcher> for Exempt {
    /// Takes the names that need no clientAuth; a pin never does.
    fn from_iter<T: IntoIterator<Item = &'a Matcher>>(matchers: T) -> Self {
        let mut exempt = Self::default();
        for matcher in matchers {
            let (names, name) = match matcher {
                Matcher::SanDns(name) => (&mut exempt.dns, name),
                Matcher::SanUri(name) => (&mut exempt.uris, name),
                Matcher::CertSha256(_) | Matcher::SpkiSha256(_) => continue,
            };
            if name.usage == Usage::Any {
                names.entry(name.text.clone()).or_default().push(name.ca.clone());
            }
        }
        exempt
    }
}

/// Why settings cannot be used. The numbers are places in the lists of [`Settings`], from 0, those of
/// CAs among the certificates of all; the sentences count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No certificate to show.
    #[error("the listener has no server certificate")]
    NoIdentity,
    /// A chain is empty or its leaf is no X.509 v3 certificate.
    #[error("the certificate cannot be read as X.509 v3 (v1 cannot be used); issue a new one")]
    IdentityUnparsable(usize),
    /// A key of an unknown kind or size, or not a key.
    #[error("the private key cannot be used; RSA (2048 bits and more), ECDSA and Ed25519 can")]
    KeyUnusable(usize),
    /// A key that is sound and of no use in TLS as it is spoken here.
    #[error(
        "server certificate {}: its key is {}; make the certificate for a key of RSA (2048 bits and \
         more), ECDSA (P-256, P-384) or Ed25519",
        .0 + 1, .1
    )]
    KeyForeign(usize, ForeignKey),
    /// The key belongs to another certificate, or the chain does not start with the leaf.
    #[error(
        "the private key does not fit the first certificate of the chain; name the key of that \
         certificate, and let the chain start with the gate's own"
    )]
    KeyMismatch(usize),
    /// Nobody could ever connect.
    #[error("there is neither a CA nor a pinned certificate: nobody could connect")]
    NothingTrusted,
    /// A CA file holds something else.
    #[error("CA {}: it cannot be read as an X.509 certificate", .0 + 1)]
    CaUnparsable(usize),
    /// A device's certificate as a CA could vouch for any name.
    #[error(
        "CA {}: it is not a CA certificate (its basic constraints do not say CA:TRUE); \
         pin a single device by cert_sha256 instead",
        .0 + 1
    )]
    CaIsNoCa(usize),
    /// A CA that vouches for nobody, as its signatures cannot be verified.
    #[error(
        "CA {}: its key is {}, so no certificate that it has issued can be verified; take it \
         out, and pin each of its devices by cert_sha256 instead",
        .0 + 1, .1
    )]
    CaKeyForeign(usize, ForeignKey),
    /// A list without a CA would be thought to work.
    #[error("there are revocation lists but no CA whose certificates they could revoke")]
    CrlWithoutCa,
    /// A list that is none, or of a kind that is not understood.
    #[error(
        "revocation list {}: it cannot be used; X.509 v2 lists with nextUpdate can, \
         delta and indirect ones cannot",
        .0 + 1
    )]
    CrlUnusable(usize),
    /// The crypto provider lacks what TLS 1.2 and 1.3 need.
    #[error("the crypto provider cannot serve TLS 1.2 and 1.3")]
    Provider,
}

impl SettingsError {
    /// Of which certificate of the gate it speaks.
    pub const fn identity(self) -> Option<usize> {
        match self {
            Self::IdentityUnparsable(at)
            | Self::KeyUnusable(at)
            | Self::KeyForeign(at, _)
            | Self::KeyMismatch(at) => Some(at),
            Self::NoIdentity
            | Self::NothingTrusted
            | Self::CaUnparsable(_)
            | Self::CaIsNoCa(_)
            | Self::CaKeyForeign(..)
            | Self::CrlWithoutCa
            | Self::CrlUnusable(_)
            | Self::Provider => None,
        }
    }
}

/// The value, or nothing and one error more: an administrator is to see them all at once.
pub(super) fn keep<T>(
    result: Result<T, SettingsError>,
    errors: &mut Vec<SettingsError>,
) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}
