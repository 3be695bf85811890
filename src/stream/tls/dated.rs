//! When the gate's own certificates end, and those of the clients' CAs.

use std::sync::Arc;
use std::time::SystemTime;

use rustls::pki_types::CertificateDer;

use super::fault::HandshakeFault;
use super::settings::{ClientCa, Identity};
use crate::x509::validity::{self, Dated};

/// Certificates, each for what it is.
#[derive(Clone, Debug)]
pub(super) struct Certificates(Arc<[(Dated, CertificateDer<'static>)]>);

impl Certificates {
    /// Those by which clients are known.
    pub(super) fn of_cas(cas: &[ClientCa]) -> Self {
        let certificates = cas.iter().flat_map(|ca| &ca.certificates);
        Self(certificates.map(|der| (Dated::ClientCa, der.clone())).collect())
    }

    /// Those that are shown to clients.
    pub(super) fn of_gate(identities: &[Identity]) -> Self {
        let dated = |identity: &Identity| {
            let kinds = std::iter::once(Dated::Server).chain(std::iter::repeat(Dated::Chain));
            kinds.zip(identity.chain.clone()).collect::<Vec<_>>()
        };
        Self(identities.iter().flat_map(dated).collect())
    }

    /// Sentences on those that are near an end of their time or past it.
    pub(super) fn dates(&self, now: SystemTime) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(move |(what, der)| validity::of_certificate(der, *what, now))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn ends(&self) -> impl Iterator<Item = SystemTime> {
        self.each_end().map(|(_, end)| end)
    }

    /// The same, each with what it is of.
    pub(super) fn each_end(&self) -> impl Iterator<Item = (Dated, SystemTime)> {
        self.0.iter().filter_map(|(what, der)| Some((*what, validity::end_of(der)?)))
    }

    /// Many clients only say that they refuse a certificate, and not why.
    pub(super) fn explain(&self, fault: HandshakeFault) -> HandshakeFault {
        let now = SystemTime::now();
        if fault == HandshakeFault::ServerCertificateRefused && self.ends().any(|end| end < now) {
            return HandshakeFault::ServerCertificateExpired;
        }
        fault
    }
}
