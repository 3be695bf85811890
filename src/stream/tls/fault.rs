//! Why a handshake ended, in one closed list: codes, words on the wire, advice.

mod convert;

use self::HandshakeFault as Fault;

/// Why a client did not get through the TLS handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HandshakeFault {
    /// The client has shown no certificate.
    CertificateMissing,
    /// A certificate of the chain is no DER-encoded X.509.
    CertificateUnparsable,
    /// The chain is longer than any honest one, or the leaf has too many names.
    CertificateTooLarge,
    /// A certificate of the chain is X.509 v1 or v2.
    CertificateVersion,
    /// A certificate of the chain has a critical extension that is not understood.
    CriticalExtension,
    /// A certificate of the chain is past its notAfter.
    CertificateExpired,
    /// A certificate of the chain is before its notBefore.
    CertificateNotYetValid,
    /// A revocation list names a certificate of the chain.
    CertificateRevoked,
    /// The list that would tell is past its nextUpdate and the grace.
    CrlExpired,
    /// There are revocation lists, none for the issuer of a certificate of the chain.
    CrlMissing,
    /// The list that would tell was not signed by the issuer.
    CrlInvalid,
    /// The chain leads to no configured CA, and the certificate is not pinned.
    UnknownIssuer,
    /// A CA of the chain may not issue such a certificate (path length, name constraints).
    ChainInvalid,
    /// The leaf is itself a CA, and not pinned.
    CaCertificate,
    /// The leaf has no extended key usage.
    KeyUsageMissing,
    /// The extended key usage lacks clientAuth.
    KeyUsageWrong,
    /// A signature algorithm or key size that is too weak or not understood.
    UnsupportedAlgorithm,
    /// The client does not hold the certificate's key.
    WrongKey,
    /// The client speaks neither TLS 1.2 nor TLS 1.3.
    ProtocolVersion,
    /// No cipher suite, key exchange group or signature scheme in common.
    NoCommonCipher,
    /// The client wants another application protocol than DICOM.
    ApplicationProtocol,
    /// The client does not trust the gate's certificate.
    ServerCertificateRefused,
    /// The client gave up with another alert.
    ClientAlert,
    /// The client closed or reset the connection.
    Closed,
    /// What came is no TLS handshake, or one that breaks its rules.
    Malformed,
    /// The handshake ended without the verifier's consent: a fault of the gate.
    Unverified,
    /// Something else inside TLS or the system.
    Other,
}

struct Row {
    code: &'static str,
    wire: &'static str,
    advice: &'static str,
}

const fn row(code: &'static str, wire: &'static str, advice: &'static str) -> Row {
    Row { code, wire, advice }
}

impl HandshakeFault {
    /// Every fault, in the order of the documentation.
    pub const ALL: &[Self] = &[
        Fault::CertificateMissing,
        Fault::CertificateUnparsable,
        Fault::CertificateTooLarge,
        Fault::CertificateVersion,
        Fault::CriticalExtension,
        Fault::CertificateExpired,
        Fault::CertificateNotYetValid,
        Fault::CertificateRevoked,
        Fault::CrlExpired,
        Fault::CrlMissing,
        Fault::CrlInvalid,
        Fault::UnknownIssuer,
        Fault::ChainInvalid,
        Fault::CaCertificate,
        Fault::KeyUsageMissing,
        Fault::KeyUsageWrong,
        Fault::UnsupportedAlgorithm,
        Fault::WrongKey,
        Fault::ProtocolVersion,
        Fault::NoCommonCipher,
        Fault::ApplicationProtocol,
        Fault::ServerCertificateRefused,
        Fault::ClientAlert,
        Fault::Closed,
        Fault::Malformed,
        Fault::Unverified,
        Fault::Other,
    ];

    /// A stable name for logs and counters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().code
    }

    /// What the client was told, in the audit's words: a TLS alert of RFC 8446 section 6 (without
    /// its name where several are sent), or nothing but the close.
    #[must_use]
    pub fn wire(self) -> &'static str {
        self.row().wire
    }

    /// What the administrator does about it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        self.row().advice
    }

    fn row(self) -> Row {
        match self {
            Fault::CertificateMissing => row(
                "certificate-missing",
                "TLS alert certificate_required",
                "Give the device a client certificate and key, and turn on client \
                 authentication in its TLS settings.",
            ),
            Fault::CertificateUnparsable => row(
                "certificate-unparsable",
                "TLS alert bad_certificate",
                "Issue the device a new certificate: this one is not well-formed X.509.",
            ),
            Fault::CertificateTooLarge => row(
                "certificate-too-large",
                "TLS alert bad_certificate",
                "Send the leaf and its intermediates only (10 certificates and 16 KiB at \
                 most), with at most 100 names in the leaf.",
            ),
            Fault::CertificateVersion => row(
                "certificate-version",
                "TLS alert unsupported_certificate",
                "Issue the device an X.509 v3 certificate; v1 certificates cannot be used, \
                 not even pinned.",
            ),
            Fault::CriticalExtension => row(
                "critical-extension",
                "TLS alert bad_certificate",
                "Issue the certificate without the critical extension that the gate does not know.",
            ),
            Fault::CertificateExpired => row(
                "certificate-expired",
                "TLS alert certificate_expired",
                "Renew the certificate of the device (or its intermediate CA), or set the \
                 gate's clock.",
            ),
            Fault::CertificateNotYetValid => row(
                "certificate-not-yet-valid",
                "TLS alert certificate_expired",
                "Set the gate's clock, or wait for the start of the certificate's validity.",
            ),
            Fault::CertificateRevoked => row(
                "certificate-revoked",
                "TLS alert certificate_revoked",
                "Nothing, if the device was retired or lost its key; otherwise issue it a new \
                 certificate.",
            ),
            Fault::CrlExpired => row(
                "crl-expired",
                "TLS alert unknown_ca",
                "Fetch the CA's current revocation list into client_crl and restart the gate; look why \
                 the update did not run.",
            ),
            Fault::CrlMissing => row(
                "crl-missing",
                "TLS alert unknown_ca",
                "Add the revocation list of every CA in the device's chain to client_crl, \
                 intermediates included.",
            ),
            Fault::CrlInvalid => row(
                "crl-invalid",
                "TLS alert unknown_ca",
                "Replace the revocation list: the CA of its name, with the key in use, has \
                 not signed it.",
            ),
            Fault::UnknownIssuer => row(
                "unknown-issuer",
                "TLS alert unknown_ca",
                "If you know the device: add its CA to client_ca, let it send its \
                 intermediates, or pin its cert_sha256.",
            ),
            Fault::ChainInvalid => row(
                "chain-invalid",
                "TLS alert unknown_ca",
                "Look at the chain: a CA in it may not issue this certificate (CA:TRUE, path \
                 length, name constraints).",
            ),
            Fault::CaCertificate => row(
                "ca-certificate",
                "TLS alert unsupported_certificate",
                "Pin the device's certificate by cert_sha256: one marked CA:TRUE identifies a \
                 device only when pinned.",
            ),
            Fault::KeyUsageMissing => row(
                "key-usage-missing",
                "TLS alert unsupported_certificate",
                "Issue the certificate with the extended key usage clientAuth, or pin it.",
            ),
            Fault::KeyUsageWrong => row(
                "key-usage-wrong",
                "TLS alert unsupported_certificate",
                "Issue the certificate with clientAuth in its extended key usage (serverAuth \
                 and any do not count), or pin it.",
            ),
            Fault::UnsupportedAlgorithm => row(
                "unsupported-algorithm",
                "TLS alert unsupported_certificate",
                "Issue the certificate anew: RSA of 2048 bits and more, ECDSA P-256, P-384, \
                 P-521 or Ed25519, with SHA-256 or better.",
            ),
            Fault::WrongKey => row(
                "wrong-key",
                "TLS alert decrypt_error",
                "Give the device the key that belongs to its certificate; if it is not \
                 misconfigured, somebody shows a certificate of others.",
            ),
            Fault::ProtocolVersion => row(
                "tls-version",
                "TLS alert",
                "Turn on TLS 1.2 or 1.3 in the device; TLS 1.0 and 1.1 are refused (RFC 8996).",
            ),
            Fault::NoCommonCipher => row(
                "no-common-cipher",
                "TLS alert handshake_failure",
                "Choose a BCP 195 profile in the device (ECDHE with AES-GCM); for a device \
                 without ECDSA add an RSA server certificate.",
            ),
            Fault::ApplicationProtocol => row(
                "application-protocol",
                "TLS alert no_application_protocol",
                "Nothing, if a browser or scanner came by; a DICOM device offers the ALPN \
                 protocol dicom, or none.",
            ),
            Fault::ServerCertificateRefused => row(
                "server-certificate-refused",
                "close",
                "Install the CA of the gate's certificate in the device, and compare the name \
                 by which it connects.",
            ),
            Fault::ClientAlert => row(
                "client-alert",
                "close",
                "Look into the device's log: it ended the handshake, for the reason in the detail.",
            ),
            Fault::Closed => row(
                "closed-in-handshake",
                "close",
                "Nothing, for monitoring and port scans; a device that does this often may \
                 not trust the gate's certificate.",
            ),
            Fault::Malformed => row(
                "malformed-handshake",
                "TLS alert",
                "Look what connects: it speaks something else than TLS, or breaks its rules.",
            ),
            Fault::Unverified => row(
                "unverified",
                "close",
                "Report this as a fault of pacsgate: a handshake ended without a verified \
                 certificate.",
            ),
            Fault::Other => row(
                "handshake-failed",
                "close",
                "See the detail; if it does not help, report it as a fault of pacsgate.",
            ),
        }
    }
}

impl std::fmt::Display for HandshakeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_every_fault_once() {
        let places: Vec<usize> = Fault::ALL.iter().map(|fault| *fault as usize).collect();
        assert_eq!(places, (0..=Fault::Other as usize).collect::<Vec<_>>());
    }

    #[test]
    fn names_every_fault_uniquely() {
        let mut codes: Vec<_> = Fault::ALL.iter().map(|fault| fault.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Fault::ALL.len());
    }

    #[test]
    fn advises_in_sentences() {
        for fault in Fault::ALL {
            assert!(fault.advice().ends_with('.'), "{fault}");
        }
    }
}
