//! What a client certificate says of its holder, as far as the policy looks at it.

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

/// A client certificate that the TLS handshake has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The digest of the certificate's DER encoding.
    pub sha256: Digest,
    /// The digest of its SubjectPublicKeyInfo's DER encoding.
    pub spki_sha256: Digest,
    /// The DNS names of its subject alternative name, in lower case.
    pub dns: Vec<Box<str>>,
    /// The URIs of its subject alternative name.
    pub uris: Vec<Box<str>>,
    /// The first common name, for the audit only: never an identity.
    pub common_name: Option<Box<str>>,
    /// The end of its validity, in seconds since the epoch.
    pub not_after: i64,
    /// How the handshake came to accept it.
    pub accepted_by: AcceptedBy,
}

/// What a certificate was accepted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptedBy {
    /// A chain to a configured CA: its names count.
    Chain,
    /// A pin: its names count for nothing.
    Pin,
}

/// What a peer's certificate is recognised by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Matcher {
    /// An exact DNS name, in lower case.
    SanDns(Box<str>),
    /// An exact URI.
    SanUri(Box<str>),
    /// The digest of the whole certificate.
    CertSha256(Digest),
    /// The digest of its public key.
    SpkiSha256(Digest),
}

/// As it stands in the configuration: `san_dns = "ct1.example"`.
impl std::fmt::Display for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SanDns(name) => write!(f, "san_dns = {name:?}"),
            Self::SanUri(uri) => write!(f, "san_uri = {uri:?}"),
            Self::CertSha256(digest) => write!(f, "cert_sha256 = \"{digest}\""),
            Self::SpkiSha256(digest) => write!(f, "spki_sha256 = \"{digest}\""),
        }
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
