//! The one place where the errors of rustls, webpki and the system become a `HandshakeFault`, and
//! a fault becomes the alert that rustls sends.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

use super::HandshakeFault as Fault;
use crate::x509::foreign::ForeignKey;
use crate::x509::reading::Unread;

impl From<Unread> for Fault {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Unparsable => Self::CertificateUnparsable,
            Unread::TooManyNames => Self::CertificateTooLarge,
        }
    }
}

impl From<ForeignKey> for Fault {
    fn from(key: ForeignKey) -> Self {
        match key {
            ForeignKey::Brainpool => Self::BrainpoolKey,
            ForeignKey::RsaPss => Self::RsaPssKey,
            ForeignKey::ShortRsa => Self::ShortRsaKey,
        }
    }
}

impl Fault {
    /// What ended a handshake that the verifier has not refused.
    pub(in crate::stream::tls) fn from_error(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(error) => Self::from_tls(error),
            None => Self::from_system(error.kind()),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a non-exhaustive list of the library")]
    pub(in crate::stream::tls) fn from_tls(error: &Error) -> Self {
        match error {
            Error::NoCertificatesPresented => Fault::CertificateMissing,
            Error::InvalidCertificate(error) => Self::from_signature(error),
            Error::PeerIncompatible(why) => Self::from_incompatible(why),
            Error::NoApplicationProtocol => Fault::ApplicationProtocol,
            Error::AlertReceived(alert) => Self::from_alert(*alert),
            Error::InappropriateMessage { .. }
            | Error::InappropriateHandshakeMessage { .. }
            | Error::InvalidMessage(_)
            | Error::PeerMisbehaved(_)
            | Error::PeerSentOversizedRecord
            | Error::DecryptError => Fault::Malformed,
            _ => Fault::Other,
        }
    }

    /// rustls' judgement of the client's CertificateVerify.
    fn from_signature(error: &CertificateError) -> Self {
        if matches!(error, CertificateError::BadSignature) {
            return Fault::WrongKey;
        }
        Fault::UnsupportedAlgorithm
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a non-exhaustive list of the library")]
    fn from_incompatible(why: &PeerIncompatible) -> Self {
        match why {
            // Every TLS 1.2 client sends signature_algorithms; rustls looks for it before it looks
            // at the version, so this is how TLS 1.0 and 1.1 clients end.
            PeerIncompatible::SignatureAlgorithmsExtensionRequired
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::SupportedVersionsExtensionRequired => Fault::ProtocolVersion,
            _ => Fault::NoCommonCipher,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a non-exhaustive list of the library")]
    fn from_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA => Fault::ServerCertificateRefused,
            AlertDescription::CertificateExpired => Fault::ServerCertificateExpired,
            AlertDescription::CloseNotify | AlertDescription::UserCanceled => Fault::Closed,
            _ => Fault::ClientAlert,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a non-exhaustive list of the library")]
    fn from_system(kind: io::ErrorKind) -> Self {
        match kind {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Fault::Closed,
            _ => Fault::Other,
        }
    }

    /// webpki's judgement of a leaf or its chain.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a non-exhaustive list of the library")]
    pub(in crate::stream::tls) fn from_webpki(error: &webpki::Error) -> Self {
        use webpki::Error as E;
        match error {
            E::CertExpired { .. } => Fault::CertificateExpired,
            E::CertNotValidYet { .. } => Fault::CertificateNotYetValid,
            E::CertRevoked => Fault::CertificateRevoked,
            E::CrlExpired { .. } => Fault::CrlExpired,
            E::UnknownRevocationStatus => Fault::CrlMissing,
            E::IssuerNotCrlSigner
            | E::InvalidCrlSignatureForPublicKey
            | E::UnsupportedCrlSignatureAlgorithmContext(_)
            | E::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => Fault::CrlInvalid,
            // A CA of the right name with another key is another CA.
            E::UnknownIssuer | E::InvalidSignatureForPublicKey => Fault::UnknownIssuer,
            E::CaUsedAsEndEntity => Fault::CaCertificate,
            E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => Fault::KeyUsageWrong,
            E::UnsupportedSignatureAlgorithmContext(_)
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Fault::UnsupportedAlgorithm,
            E::UnsupportedCertVersion => Fault::CertificateVersion,
            E::UnsupportedCriticalExtension => Fault::CriticalExtension,
            E::BadDer
            | E::BadDerTime
            | E::TrailingData(_)
            | E::ExtensionValueInvalid
            | E::InvalidCertValidity
            | E::InvalidSerialNumber
            | E::MalformedExtensions
            | E::SignatureAlgorithmMismatch => Fault::CertificateUnparsable,
            _ => Fault::ChainInvalid,
        }
    }

    /// The error that makes rustls send the alert of [`Self::answer`] for a refused certificate.
    pub(in crate::stream::tls) fn certificate_error(self) -> CertificateError {
        match self {
            Fault::CertificateUnparsable | Fault::CertificateTooLarge => {
                CertificateError::BadEncoding
            }
            Fault::CriticalExtension => CertificateError::UnhandledCriticalExtension,
            Fault::CertificateExpired => CertificateError::Expired,
            Fault::CertificateNotYetValid => CertificateError::NotValidYet,
            Fault::CertificateRevoked => CertificateError::Revoked,
            Fault::CrlExpired => CertificateError::ExpiredRevocationList,
            Fault::CrlMissing | Fault::CrlInvalid => CertificateError::UnknownRevocationStatus,
            Fault::UnknownIssuer | Fault::ChainInvalid => CertificateError::UnknownIssuer,
            Fault::CertificateVersion
            | Fault::CaCertificate
            | Fault::KeyUsageMissing
            | Fault::KeyUsageWrong
            | Fault::UnsupportedAlgorithm
            | Fault::WeakSignature
            | Fault::ShortRsaKey
            | Fault::BrainpoolKey
            | Fault::RsaPssKey => CertificateError::InvalidPurpose,
            Fault::WrongKey => CertificateError::BadSignature,
            Fault::CertificateMissing
            | Fault::HandshakeTooLarge
            | Fault::ProtocolVersion
            | Fault::NoCommonCipher
            | Fault::ApplicationProtocol
            | Fault::ServerCertificateRefused
            | Fault::ServerCertificateExpired
            | Fault::ClientAlert
            | Fault::Closed
            | Fault::Malformed
            | Fault::Unverified
            | Fault::Other => CertificateError::ApplicationVerificationFailure,
        }
    }
}
