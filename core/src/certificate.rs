//! What a client certificate says of its holder, as far as the policy looks at it.

use std::net::IpAddr;
use std::sync::Arc;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

/// What a certificate that a client has shown says, whether accepted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The digest of the certificate's DER encoding.
    pub sha256: Digest,
    /// The digest of its SubjectPublicKeyInfo's DER encoding.
    pub spki_sha256: Digest,
    /// The DNS names of its subject alternative name, in lower case; without wildcards and names
    /// outside of printable ASCII, which can match nothing.
    pub dns: Vec<Box<str>>,
    /// The URIs of its subject alternative name.
    pub uris: Vec<Box<str>>,
    /// The first common name, for the audit only: never an identity.
    pub common_name: Option<Box<str>>,
    /// The start of its validity, in seconds since the epoch.
    pub not_before: i64,
    /// The end of its validity, in seconds since the epoch.
    pub not_after: i64,
}

/// A certificate that the TLS handshake has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What it says.
    pub certificate: Certificate,
    /// How the handshake came to accept it.
    pub by: AcceptedBy,
}

/// What a certificate was accepted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AcceptedBy {
    /// A chain to these configured CAs, at least one: its names count where these vouch for them.
    Chain(Vec<Ca>),
    /// The same, of a certificate that is not made for clients: its names count for those peers only
    /// of which one may be made for anything.
    ChainForAnything(Vec<Ca>),
    /// A pin: its names count for nothing.
    Pin,
    /// The same, and none of the revocation lists that there are is of its issuer.
    UnlistedPin,
}

/// A CA of the configuration, which may be several certificates in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ca {
    /// The one of a listener that gives it no name.
    #[default]
    Only,
    /// One of several, by its name.
    Named(Arc<str>),
}

/// What a certificate is made for, by its extended key usage (RFC 5280 section 4.2.1.12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Usage {
    /// Clients: it has clientAuth.
    #[default]
    Client,
    /// Whatever it says, or says nothing.
    Any,
}

/// A name by which a certificate is recognised, if that CA vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// A DNS name in lower case, or a URI.
    pub text: Box<str>,
    /// Who has to vouch for it: another CA may have issued the same name to somebody else.
    pub ca: Ca,
    /// What the certificate has to be made for.
    pub usage: Usage,
}

/// What a peer's certificate is recognised by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Matcher {
    /// An exact DNS name, in lower case.
    SanDns(Name),
    /// An exact URI.
    SanUri(Name),
    /// The digest of the whole certificate.
    CertSha256(Digest),
    /// The digest of its public key.
    SpkiSha256(Digest),
}

/// Why no certificate is recognised by a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// A wildcard: it would let in what nobody has listed.
    #[error("has a wildcard; a peer's certificate is matched by its exact name")]
    Wildcard,
    /// An IP address, which is another kind of subject alternative name.
    #[error("is an IP address, not a DNS name; pin the certificate with cert_sha256")]
    Address,
    /// Not a DNS name.
    #[error("is not a DNS name; it has letters, digits, `-`, `_` and `.`, and no part is empty")]
    Dns,
    /// A URI without its scheme.
    #[error("is not a URI; it starts with a scheme, such as \"urn:\"")]
    Scheme,
    /// A URI with a space, a control character or one outside ASCII.
    #[error("has a character that no URI has")]
    Character,
}

impl Ca {
    /// Its name, if it has one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Only => None,
            Self::Named(name) => Some(name),
        }
    }
}

impl Name {
    /// A name for which the only CA vouches, in a certificate for clients.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self { text: text.into(), ca: Ca::Only, usage: Usage::Client }
    }
}

impl Matcher {
    /// The same, for which this CA has to vouch; a pin needs none.
    #[must_use]
    pub fn vouched_for_by(mut self, ca: Ca) -> Self {
        if let Self::SanDns(name) | Self::SanUri(name) = &mut self {
            name.ca = ca;
        }
        self
    }

    /// The same, of a certificate that is made for this; for a pin it does not count.
    #[must_use]
    pub const fn made_for(mut self, usage: Usage) -> Self {
        if let Self::SanDns(name) | Self::SanUri(name) = &mut self {
            name.usage = usage;
        }
        self
    }

    /// The name, unless it is a pin.
    pub const fn name(&self) -> Option<&Name> {
        match self {
            Self::SanDns(name) | Self::SanUri(name) => Some(name),
            Self::CertSha256(_) | Self::SpkiSha256(_) => None,
        }
    }

    /// An exact DNS name, of which the case counts for nothing.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn san_dns(text: &str) -> Result<Self, NameFault> {
        if text.contains('*') {
            return Err(NameFault::Wildcard);
        }
        if text.parse::<IpAddr>().is_ok() {
            return Err(NameFault::Address);
        }
        if !is_dns_name(text) {
            return Err(NameFault::Dns);
        }
        Ok(Self::SanDns(Name::new(text.to_ascii_lowercase())))
    }

    /// An exact URI, which is kept as it is.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn san_uri(text: &str) -> Result<Self, NameFault> {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme).ok_or(NameFault::Scheme)?;
        let mut bytes = scheme.bytes();
        let sound = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if !sound {
            return Err(NameFault::Scheme);
        }
        if text.contains('*') {
            return Err(NameFault::Wildcard);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NameFault::Character);
        }
        Ok(Self::SanUri(Name::new(text)))
    }
}

/// Whether a text is letters, digits and hyphens in labels of 1 to 63 characters (RFC 1123
/// section 2.1), or underscores, which old hospital networks and some devices have.
pub fn is_dns_name(text: &str) -> bool {
    const MAX_NAME: usize = 253;
    const MAX_LABEL: usize = 63;
    let is_label = |label: &str| {
        let characters =
            label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let length = (1..=MAX_LABEL).contains(&label.len());
        characters && length && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= MAX_NAME && text.split('.').all(is_label)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowers_the_case_of_a_dns_name() {
        let name = Matcher::SanDns(Name::new("ct1.radiology.example"));
        assert_eq!(Matcher::san_dns("CT1.Radiology.Example"), Ok(name));
    }

    #[test]
    fn takes_underscores_in_a_dns_name() {
        for text in ["a_b.c", "_dicom.c", "a_.c"] {
            assert_eq!(Matcher::san_dns(text), Ok(Matcher::SanDns(Name::new(text))));
        }
    }

    #[test]
    fn refuses_what_is_no_dns_name() {
        use NameFault::{Address, Dns, Wildcard};
        let cases = [
            ("*.example", Wildcard),
            ("192.0.2.1", Address),
            ("::1", Address),
            ("", Dns),
            ("a..b", Dns),
            ("a.b.", Dns),
            (".a", Dns),
            ("-a.b", Dns),
            ("a b", Dns),
            ("ä.example", Dns),
            ("DNS:a.example", Dns),
        ];
        for (text, fault) in cases {
            assert_eq!(Matcher::san_dns(text), Err(fault), "{text}");
        }
        assert_eq!(Matcher::san_dns(&"a".repeat(64)), Err(Dns));
        assert_eq!(Matcher::san_dns(&"a.".repeat(127)), Err(Dns));
    }

    #[test]
    fn refuses_what_is_no_uri() {
        assert!(Matcher::san_uri("urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66").is_ok());
        let cases = [
            ("ct1.example", NameFault::Scheme),
            (":x", NameFault::Scheme),
            ("1a:x", NameFault::Scheme),
            ("urn:a b", NameFault::Character),
            ("urn:ä", NameFault::Character),
            ("urn:*", NameFault::Wildcard),
        ];
        for (text, fault) in cases {
            assert_eq!(Matcher::san_uri(text), Err(fault), "{text}");
        }
    }
}
