//! Why a handshake ended.

mod convert;

use pacsgate_core::reason::Answer;

const BAD_CERTIFICATE: Answer = Answer::Alert("bad_certificate");
const UNSUPPORTED_CERTIFICATE: Answer = Answer::Alert("unsupported_certificate");
const CERTIFICATE_EXPIRED: Answer = Answer::Alert("certificate_expired");
const UNKNOWN_CA: Answer = Answer::Alert("unknown_ca");
const SOME_ALERT: Answer = Answer::Alert("");
const CLOSE: Answer = Answer::Close;

pacsgate_core::reasons! {
    /// Why a client did not get through the TLS handshake. The alert is RFC 8446's (section 6).
    #[derive(PartialOrd, Ord)]
    pub enum HandshakeFault -> Answer {
        CertificateMissing: "certificate-missing",
            "the client showed no certificate",
            "Turn on client authentication in the TLS settings of the device. If it has a client \
             certificate and shows none all the same, look at the kind of its key: with a brainpool or \
             RSA-PSS key it has no signature for this gate, and needs a certificate for an RSA key \
             (rsaEncryption, 2048 bits and more) or one on P-256 or P-384. If it has none, give it a \
             client certificate and its key." => Answer::Alert("certificate_required");
        CertificateUnparsable: "certificate-unparsable",
            "a certificate of the chain is not DER-encoded X.509",
            "Issue the device a new certificate: this one is not well-formed X.509."
            => BAD_CERTIFICATE;
        CertificateTooLarge: "certificate-too-large",
            "the chain is longer than any honest one, or the leaf has too many names",
            "Send the leaf and its intermediates only (10 certificates and 16 KiB at most), with at \
             most 100 names in the leaf, and two intermediates besides the CA itself: where there are \
             more, add one of them to client_ca." => BAD_CERTIFICATE;
        HandshakeTooLarge: "handshake-too-large",
            "the client sent more than any honest handshake has",
            "Find out what connects. If it is a device of yours, let it send its certificate and the \
             intermediates only: 4 KiB of ClientHello and 20 KiB of handshake are read." => CLOSE;
        CertificateVersion: "certificate-version",
            "a certificate of the chain is X.509 v1 or v2",
            "Issue the device an X.509 v3 certificate: one of v1 cannot be used, not even pinned. If \
             only an intermediate CA is of v1, pin the device's certificate by cert_sha256."
            => UNSUPPORTED_CERTIFICATE;
        CriticalExtension: "critical-extension",
            "a certificate of the chain has a critical extension that is not understood",
            "If you know the device, pin its certificate by cert_sha256, for which extensions do not \
             count; or issue it, and its intermediate CA, without the critical extension."
            => BAD_CERTIFICATE;
        CertificateExpired: "certificate-expired",
            "a certificate of the chain is past its notAfter",
            "Renew the certificate of the device (or its intermediate CA), or set the gate's clock."
            => CERTIFICATE_EXPIRED;
        CertificateNotYetValid: "certificate-not-yet-valid",
            "a certificate of the chain is before its notBefore",
            "Set the gate's clock, or wait until the certificate becomes valid."
            => CERTIFICATE_EXPIRED;
        CertificateRevoked: "certificate-revoked",
            "a revocation list names a certificate of the chain",
            "Nothing, if the device was retired or lost its key; otherwise issue it a new \
             certificate." => Answer::Alert("certificate_revoked");
        CrlExpired: "crl-expired",
            "the revocation list for a certificate of the chain is past its nextUpdate and the grace",
            "Fetch the CA's current revocation list into client_crl and reload the gate; find out \
             why the update did not run." => UNKNOWN_CA;
        CrlMissing: "crl-missing",
            "there are revocation lists, but none for the issuer of a certificate of the chain",
            "Add the revocation list of every CA in the device's chain to client_crl, intermediates \
             included." => UNKNOWN_CA;
        CrlInvalid: "crl-invalid",
            "the revocation list for a certificate of the chain was not signed by its issuer",
            "Replace the revocation list: the CA that it names has not signed it with the key in \
             use." => UNKNOWN_CA;
        UnknownIssuer: "unknown-issuer",
            "the chain leads to no configured CA, and the certificate is not pinned",
            "If you know the device: add its CA to client_ca, let it send its intermediates, or pin \
             its cert_sha256." => UNKNOWN_CA;
        ChainInvalid: "chain-invalid",
            "a CA of the chain may not issue such a certificate",
            "Look at the chain: a CA in it may not issue this certificate (CA:TRUE, path length, \
             name constraints)." => UNKNOWN_CA;
        CaCertificate: "ca-certificate",
            "the leaf is itself a CA, and not pinned",
            "If you know the device, pin its certificate by cert_sha256: one marked CA:TRUE \
             identifies a device only when pinned." => UNSUPPORTED_CERTIFICATE;
        KeyUsageMissing: "key-usage-missing",
            "the leaf has no extended key usage",
            "Issue the certificate with the extended key usage clientAuth. If the device has no other \
             one, pin it, or write accept_eku = \"any\" in its [peer] table."
            => UNSUPPORTED_CERTIFICATE;
        KeyUsageWrong: "key-usage-wrong",
            "the extended key usage lacks clientAuth",
            "Issue the certificate with clientAuth in its extended key usage (serverAuth and any do \
             not count). If the device has no other one, pin it, or write accept_eku = \"any\" in its \
             [peer] table." => UNSUPPORTED_CERTIFICATE;
        UnsupportedAlgorithm: "unsupported-algorithm",
            "a signature algorithm or a kind or size of key is not understood",
            "Issue a new certificate: RSA of 2048 bits and more, ECDSA P-256, P-384, P-521 or \
             Ed25519, with SHA-256 or better." => UNSUPPORTED_CERTIFICATE;
        WeakSignature: "weak-signature",
            "a certificate of the chain is signed with SHA-1 or MD5",
            "Have the CA issue the device's certificate (or that of its intermediate CA) again, signed \
             with SHA-256 or better. If you know the device and cannot wait for that, pin its certificate \
             by cert_sha256: for a pin no signature of a CA counts." => UNSUPPORTED_CERTIFICATE;
        ShortRsaKey: "short-rsa-key",
            "a key of the chain is an RSA one of less than 2048 bits",
            "Make the device a new key, of RSA with 2048 bits and more or on P-256, and issue it a \
             certificate for that: one for a short key cannot be used, not even pinned. If only the key \
             of its CA is short, pin the device's certificate by cert_sha256." => UNSUPPORTED_CERTIFICATE;
        BrainpoolKey: "brainpool-key",
            "a key of the chain is on a brainpool curve",
            "Make the device a key on P-256, P-384 or P-521, of RSA or of Ed25519, and issue it a \
             certificate for that: one for a brainpool key cannot be used, not even pinned. If only the \
             key of its CA is on a brainpool curve, pin the device's certificate by cert_sha256."
            => UNSUPPORTED_CERTIFICATE;
        RsaPssKey: "rsa-pss-key",
            "a key of the chain is an RSA-PSS one (rsassaPss)",
            "Issue the device a certificate for an ordinary RSA key (rsaEncryption): it signs with \
             RSA-PSS all the same. One for an RSA-PSS key cannot be used, not even pinned. If only the \
             key of its CA is of that kind, pin the device's certificate by cert_sha256."
            => UNSUPPORTED_CERTIFICATE;
        WrongKey: "wrong-key",
            "the client does not hold the certificate's key",
            "Give the device the key that belongs to its certificate; if it is not misconfigured, \
             somebody is showing another's certificate." => Answer::Alert("decrypt_error");
        ProtocolVersion: "tls-version",
            "the client speaks neither TLS 1.2 nor TLS 1.3",
            "Turn on TLS 1.2 or 1.3 in the device; TLS 1.0 and 1.1 are refused (RFC 8996)."
            => SOME_ALERT;
        NoCommonCipher: "no-common-cipher",
            "no cipher suite, key exchange group or signature scheme in common",
            "Choose a BCP 195 profile in the device (ECDHE with AES-GCM). Windows 8.1 and Server 2012 \
             R2 need an ECDSA server certificate at the gate, a device without ECDSA needs an RSA \
             one: `certificate` takes a list of both." => Answer::Alert("handshake_failure");
        ApplicationProtocol: "application-protocol",
            "the client wants another application protocol than DICOM",
            "Nothing, if a browser or scanner came by; a DICOM device offers the ALPN protocol dicom, \
             or none." => Answer::Alert("no_application_protocol");
        ServerCertificateRefused: "server-certificate-refused",
            "the client does not trust the gate's certificate",
            "Install the CA of the gate's certificate in the device, and compare the name by which \
             it connects." => CLOSE;
        ServerCertificateExpired: "server-certificate-expired",
            "the client refuses the gate's certificate, which it takes for expired",
            "Look at the end of the gate's own certificate (`certificate` of the listener, and the \
             CAs in its file) and renew it; if it has not ended, set the device's clock."
            => CLOSE;
        ClientAlert: "client-alert",
            "the client gave up with another alert",
            "Look at the device's log: it ended the handshake, for the reason in the detail."
            => CLOSE;
        Closed: "closed-in-handshake",
            "the client closed or reset the connection",
            "Nothing, for monitoring and port scans; a device that does this often may not trust the \
             gate's certificate." => CLOSE;
        Malformed: "malformed-handshake",
            "what came is not a TLS handshake, or breaks its rules",
            "Find out what connects: it speaks something other than TLS, or breaks its rules."
            => SOME_ALERT;
        /// A fault of the gate.
        Unverified: "unverified",
            "the handshake ended without the verifier's consent",
            "Report this as a fault of pacsgate: a handshake ended without a verified certificate."
            => CLOSE;
        Other: "handshake-failed",
            "something else inside TLS or the system",
            "See the detail; if it does not help, report it as a fault of pacsgate." => CLOSE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_every_fault_once() {
        let places: Vec<usize> = HandshakeFault::ALL.iter().map(|fault| *fault as usize).collect();
        assert_eq!(places, (0..=HandshakeFault::Other as usize).collect::<Vec<_>>());
    }
}
