//! The client's proof that it holds its certificate's key.
//!
//! rustls verifies it with webpki, which reads no certificate with a critical extension that it
//! does not know. Such a one comes here only pinned: the verifier has judged it before. Its key is
//! then taken by itself.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved};
use webpki::RawPublicKeyEntity;

use super::fault::HandshakeFault;
use super::seen;
use crate::x509::reading;

/// What judges certificates of either side has to say of signatures, with its `algorithms`.
macro_rules! verifies_signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &rustls::pki_types::CertificateDer<'_>,
            signed: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            $crate::stream::tls::signature::tls12(message, certificate, signed, &self.algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &rustls::pki_types::CertificateDer<'_>,
            signed: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            $crate::stream::tls::signature::tls13(message, certificate, signed, &self.algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            self.algorithms.supported_schemes()
        }
    };
}
pub(super) use verifies_signatures;

/// Verifies a signature of TLS 1.2.
pub(super) fn tls12(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let verified = match reading::key_of_unread(certificate) {
        Some(key) => tls12_by_key(message, &key, signed, algorithms),
        None => verify_tls12_signature(message, certificate, signed, algorithms),
    };
    verified.map_err(refuse)
}

/// Verifies a signature of TLS 1.3.
pub(super) fn tls13(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let verified = match reading::key_of_unread(certificate) {
        Some(key) => verify_tls13_signature_with_raw_key(message, &key, signed, algorithms),
        None => verify_tls13_signature(message, certificate, signed, algorithms),
    };
    verified.map_err(refuse)
}

/// A signature that breaks the protocol's rules instead of not fitting is left to rustls.
fn refuse(error: Error) -> Error {
    let fault = HandshakeFault::from_tls(&error);
    seen::note_verdict(Err(fault));
    if matches!(error, Error::InvalidCertificate(_)) {
        return fault.certificate_error().into();
    }
    error
}

/// As rustls does it for certificates. It has no such function for keys in TLS 1.2, where a scheme
/// may stand for several algorithms.
fn tls12_by_key(
    message: &[u8],
    key: &SubjectPublicKeyInfoDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let scheme = algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
    let (_, candidates) = scheme.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    let key = RawPublicKeyEntity::try_from(key).map_err(|_| CertificateError::BadEncoding)?;
    for algorithm in *candidates {
        match key.verify_signature(*algorithm, message, signed.signature()) {
            Ok(()) => return Ok(HandshakeSignatureValid::assertion()),
            Err(webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
            Err(_) => return Err(CertificateError::BadSignature.into()),
        }
    }
    Err(CertificateError::InvalidPurpose.into())
}
