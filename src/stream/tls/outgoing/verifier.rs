//! The judge of a target's certificate: chain or pin as on listeners, and the name.

use pacsgate_core::certificate::AcceptedBy;
use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, DnsName, ServerName, UnixTime};
use rustls::{CertificateError, Error};
use webpki::EndEntityCert;

use super::super::crl::RevocationLists;
use super::super::fault::HandshakeFault;
use super::super::seen;
use super::super::signature::verifies_signatures;
use super::super::verifier::ClientVerifier;

/// Judges by CA and name, or by a pin.
#[derive(Debug)]
pub(super) struct ServerVerifier {
    chains: ClientVerifier,
    name: Option<DnsName<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerVerifier {
    pub(super) const fn new(
        chains: ClientVerifier,
        name: Option<DnsName<'static>>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Self {
        Self { chains, name, algorithms }
    }

    pub(super) const fn lists(&self) -> &RevocationLists {
        self.chains.lists()
    }

    /// Whether a certificate that its CA vouches for is that of the target: by its alternative names,
    /// never by the common one.
    fn is_named(&self, end_entity: &CertificateDer<'_>) -> bool {
        let Some(name) = &self.name else { return false };
        let name = ServerName::DnsName(name.borrow());
        let parsed = EndEntityCert::try_from(end_entity);
        parsed.is_ok_and(|parsed| parsed.verify_is_valid_for_subject_name(&name).is_ok())
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.chains.judge_server(end_entity, intermediates, now);
        let verdict = verdict.map(|accepted| accepted.by);
        let is_pinned = matches!(verdict, Ok(AcceptedBy::Pin | AcceptedBy::UnlistedPin));
        let fault = verdict.as_ref().err().copied();
        if fault.is_none() && !is_pinned && !self.is_named(end_entity) {
            seen::note_another();
            seen::note_verdict(Err(HandshakeFault::UnknownIssuer));
            return Err(CertificateError::NotValidForName.into());
        }
        seen::note_verdict(verdict);
        match fault {
            None => Ok(ServerCertVerified::assertion()),
            Some(fault) => Err(fault.certificate_error().into()),
        }
    }

    verifies_signatures!();
}
