//! The gate's own certificates, and which of them a client is shown.

use std::sync::Arc;

use rustls::Error;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::settings::{self, Identity, SettingsError};
use crate::x509::{foreign, reading};

/// At least one certificate with its key, in order of preference.
#[derive(Debug)]
pub(super) struct Identities {
    first: Arc<CertifiedKey>,
    others: Vec<Arc<CertifiedKey>>,
}

impl Identities {
    /// Reads the keys and compares each with its certificate; all that is wrong goes to `errors`.
    pub(super) fn new(
        identities: Vec<Identity>,
        provider: &CryptoProvider,
        errors: &mut Vec<SettingsError>,
    ) -> Option<Self> {
        if identities.is_empty() {
            errors.push(SettingsError::NoIdentity);
        }
        let identities = identities.into_iter().enumerate();
        let keys = identities.map(|(place, identity)| certified_key(place, identity, provider));
        let keys: Vec<_> = keys.filter_map(|key| settings::keep(key, errors)).collect();
        let mut keys = keys.into_iter();
        Some(Self { first: keys.next()?, others: keys.collect() })
    }

    fn iter(&self) -> impl Iterator<Item = &Arc<CertifiedKey>> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl ResolvesServerCert for Identities {
    /// The first certificate whose signatures the client can verify. For TLS 1.2, rustls has
    /// already taken out the schemes that no cipher suite in common can use, so a client with
    /// RSA suites only is shown the RSA certificate. When none fits, the first one leads to
    /// rustls' own alert, `handshake_failure`, in place of `access_denied`.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let schemes = hello.signature_schemes();
        let fitting = self.iter().find(|key| key.key.choose_scheme(schemes).is_some());
        Some(Arc::clone(fitting.unwrap_or(&self.first)))
    }
}

pub(super) fn certified_key(
    place: usize,
    identity: Identity,
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, SettingsError> {
    let key = provider
        .key_provider
        .load_private_key(identity.key)
        .map_err(|_| unusable(place, &identity.chain))?;
    let certified = CertifiedKey::new(identity.chain, key);
    reading::compare_keys(&certified).map_err(|error| mismatch(place, &error))?;
    Ok(Arc::new(certified))
}

/// The kind of a key is read from its certificate.
fn unusable(place: usize, chain: &[CertificateDer<'_>]) -> SettingsError {
    let leaf = chain.first().and_then(|der| reading::whole(der));
    match leaf.and_then(|certificate| foreign::key_of(&certificate)) {
        Some(key) => SettingsError::KeyForeign(place, key),
        None => SettingsError::KeyUnusable(place),
    }
}

fn mismatch(place: usize, error: &Error) -> SettingsError {
    if matches!(error, Error::InconsistentKeys(_)) {
        return SettingsError::KeyMismatch(place);
    }
    SettingsError::IdentityUnparsable(place)
}
