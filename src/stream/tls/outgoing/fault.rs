//! Why TLS towards a target did not come up.

use std::io::{self, ErrorKind};

use pacsgate_core::reason::Answer;
use pacsgate_core::wire::reject::Reject;
use rustls::{AlertDescription, Error};

use super::super::fault::HandshakeFault;
use super::super::seen::Seen;

const CONGESTION: Answer = Answer::Reject(Reject::CONGESTION);

pacsgate_core::reasons! {
    /// Why the gate and a target, a PACS or a peer, have no TLS in common. The table is
    /// [pacs.NAME.tls], or outward [peer.NAME.reach.tls].
    pub enum OutgoingFault -> Answer {
        Expired: "outgoing-certificate-expired",
            "a certificate that the other end shows is past its notAfter",
            "Renew the certificate at the other end (or its intermediate CA), or set the gate's clock."
            => CONGESTION;
        NotYetValid: "outgoing-certificate-not-yet-valid",
            "a certificate that the other end shows is before its notBefore",
            "Set the gate's clock, or wait until the certificate becomes valid." => CONGESTION;
        Revoked: "outgoing-certificate-revoked",
            "a revocation list names a certificate that the other end shows",
            "Issue the other end a new certificate; if it was not meant to be revoked, ask the CA."
            => CONGESTION;
        Lists: "outgoing-crl",
            "no revocation list that still holds vouches for what the other end shows",
            "Put the current revocation list of every CA in its chain into `crl` of the `tls` table, and \
             reload; or take `crl` out." => CONGESTION;
        UnknownIssuer: "outgoing-unknown-issuer",
            "what the other end shows leads to no CA of the `tls` table, and is not pinned",
            "Check that `address` is the right system. If it is, name the CA of its certificate in `ca` of \
             the `tls` table, let it send its intermediates, or pin it by `cert_sha256`." => CONGESTION;
        OtherName: "outgoing-other-name",
            "the certificate at the other end is for another name",
            "Check that `address` is the right system. If it is, write a DNS name of its certificate in `name` \
             of the `tls` table, or pin it by `cert_sha256`; the common name does not count."
            => CONGESTION;
        Usage: "outgoing-key-usage",
            "the certificate at the other end is not made for servers",
            "Issue the other end a certificate with the extended key usage serverAuth, or pin it by \
             `cert_sha256`." => CONGESTION;
        Unusable: "outgoing-certificate-unusable",
            "a certificate that the other end shows cannot be used",
            "Issue the other end a new X.509 v3 certificate: RSA of 2048 bits and more or P-256, P-384, \
             signed with SHA-256 or better." => CONGESTION;
        WrongKey: "outgoing-wrong-key",
            "the other end does not hold the key of the certificate that it shows",
            "Give the other end the key that belongs to its certificate; if it is not misconfigured, \
             somebody is showing another's certificate: check that `address` is the right system."
            => CONGESTION;
        TooLarge: "outgoing-handshake-too-large",
            "the other end sent more than any honest handshake has",
            "Let the other end send its certificate and the intermediates only." => CONGESTION;
        NotTls: "outgoing-not-tls",
            "what answered was no TLS",
            "Check that `address` is the port with TLS; if the other end speaks none, take the `tls` table \
             out." => CONGESTION;
        NothingInCommon: "outgoing-no-common-cipher",
            "no version of TLS, cipher suite or signature scheme in common",
            "Turn on TLS 1.2 or 1.3 with ECDHE and AES-GCM at the other end." => CONGESTION;
        RefusesUs: "outgoing-certificate-refused",
            "the other end refused the gate's certificate, or misses one",
            "Let the other end trust the CA of `certificate` in the `tls` table, and look at its end and its \
             name there; if there is none in the table, add `certificate` and `private_key`."
            => CONGESTION;
        AsksForNone: "outgoing-asks-for-no-certificate",
            "the other end asked for no certificate, although the table has one",
            "Turn on client authentication at the other end; or take `certificate` and `private_key` out of \
             the `tls` table, if anybody may connect to it." => CONGESTION;
        Alert: "outgoing-alert",
            "the other end gave up with another alert",
            "Look at the log of the other end: it ended the TLS handshake." => CONGESTION;
        Closed: "outgoing-closed",
            "the other end closed the connection in the TLS handshake",
            "Look at the log of the other end. Check that `address` is the port with TLS." => CONGESTION;
        Timeout: "outgoing-timeout",
            "the TLS handshake with the other end took longer than limits.handshake",
            "Look at the network and at the other end: it did not finish its TLS handshake in time. A port \
             without TLS does not answer one, mostly." => CONGESTION;
        /// A fault of the gate.
        Unverified: "outgoing-unverified",
            "the TLS handshake with the other end came up without the verifier's consent",
            "Report this as a fault of pacsgate: a handshake ended without a verified certificate."
            => CONGESTION;
        Other: "outgoing-failed",
            "something else inside TLS or the system",
            "Look at the log of the other end; if it does not help, report it as a fault of pacsgate."
            => CONGESTION;
    }
}

impl OutgoingFault {
    /// What ended a handshake.
    pub(super) fn of_handshake(error: &io::Error, seen: &Seen) -> Self {
        if seen.is_another {
            return Self::OtherName;
        }
        if let Some(fault) = seen.fault() {
            return fault.into();
        }
        let ends = [
            ErrorKind::UnexpectedEof,
            ErrorKind::ConnectionReset,
            ErrorKind::ConnectionAborted,
            ErrorKind::BrokenPipe,
        ];
        let has_ended = ends.contains(&error.kind());
        let otherwise = if has_ended { Self::Closed } else { Self::Other };
        in_tls(error).map_or(otherwise, |error| Self::of_tls(error, seen.was_asked))
    }

    /// What TLS says in an error of a stream that is up, if it is TLS that says it.
    pub fn of_read(error: &io::Error) -> Option<Self> {
        in_tls(error).map(|error| Self::of_tls(error, true))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a non-exhaustive list of the library")]
    fn of_tls(error: &Error, has_agreed: bool) -> Self {
        match error {
            Error::AlertReceived(alert) => Self::of_alert(*alert, has_agreed),
            Error::PeerIncompatible(_) => Self::NothingInCommon,
            Error::InvalidMessage(_) => Self::NotTls,
            Error::InvalidCertificate(_) => Self::Unusable,
            _ => Self::Other,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a non-exhaustive list of the library")]
    const fn of_alert(alert: AlertDescription, has_agreed: bool) -> Self {
        use AlertDescription as A;
        match alert {
            // So a server of TLS 1.2 tells that it misses a certificate (RFC 5246 section 7.4.6). What is
            // judged once version and cipher suite are agreed upon is the certificate.
            A::HandshakeFailure if has_agreed => Self::RefusesUs,
            A::NoCertificate
            | A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::CertificateRequired
            | A::UnknownCA
            | A::AccessDenied
            | A::DecryptError => Self::RefusesUs,
            A::HandshakeFailure | A::ProtocolVersion | A::InsufficientSecurity => {
                Self::NothingInCommon
            }
            A::CloseNotify | A::UserCanceled => Self::Closed,
            _ => Self::Alert,
        }
    }
}

/// What is TLS's own in an error of its stream.
fn in_tls(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

impl From<HandshakeFault> for OutgoingFault {
    /// The verifier's judgement of what the other end shows.
    fn from(fault: HandshakeFault) -> Self {
        use HandshakeFault as F;
        match fault {
            F::CertificateExpired => Self::Expired,
            F::CertificateNotYetValid => Self::NotYetValid,
            F::CertificateRevoked => Self::Revoked,
            F::CrlExpired | F::CrlMissing | F::CrlInvalid => Self::Lists,
            F::UnknownIssuer | F::ChainInvalid | F::CaCertificate => Self::UnknownIssuer,
            F::KeyUsageMissing | F::KeyUsageWrong => Self::Usage,
            F::CertificateMissing
            | F::CertificateUnparsable
            | F::CertificateVersion
            | F::CriticalExtension
            | F::UnsupportedAlgorithm
            | F::WeakSignature
            | F::ShortRsaKey
            | F::BrainpoolKey
            | F::RsaPssKey => Self::Unusable,
            F::WrongKey => Self::WrongKey,
            F::CertificateTooLarge | F::HandshakeTooLarge => Self::TooLarge,
            F::ProtocolVersion | F::NoCommonCipher => Self::NothingInCommon,
            F::Malformed => Self::NotTls,
            F::Closed => Self::Closed,
            F::ApplicationProtocol
            | F::ServerCertificateRefused
            | F::ServerCertificateExpired
            | F::ClientAlert
            | F::Unverified
            | F::Other => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_failure_behind_the_request_for_a_certificate_as_one_of_it() {
        let failure = Error::AlertReceived(AlertDescription::HandshakeFailure);
        let failure = io::Error::new(ErrorKind::InvalidData, failure);
        let of = |was_asked| {
            let mut seen = Seen::default();
            seen.was_asked = was_asked;
            OutgoingFault::of_handshake(&failure, &seen)
        };
        assert_eq!(of(false), OutgoingFault::NothingInCommon);
        assert_eq!(of(true), OutgoingFault::RefusesUs);
        assert_eq!(OutgoingFault::of_read(&failure), Some(OutgoingFault::RefusesUs));
    }
}
