//! Certificates made at run time: nothing secret is ever in the repository.

use pacsgate::pki;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, PublicKeyData,
    SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt::Write as _;
use std::ops::Range;
use std::time::{Duration, SystemTime};

/// One day.
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// A certificate authority: a root, or an intermediate with the chain up to its root.
pub(crate) struct Authority(pki::Authority);

/// A certificate with its chain and its key.
#[derive(Clone)]
pub(crate) struct Identity(pki::Identity);

/// What a certificate says.
#[derive(Clone)]
pub(crate) struct Profile {
    pub(crate) common_name: &'static str,
    pub(crate) dns: Vec<&'static str>,
    pub(crate) uris: Vec<&'static str>,
    pub(crate) usage: Usage,
    pub(crate) validity: Validity,
    pub(crate) algorithm: Algorithm,
    pub(crate) ca: bool,
}

/// The extended key usage.
#[derive(Clone, Copy)]
pub(crate) enum Usage {
    Client,
    Server,
    Unstated,
}

/// When a certificate or a CRL is valid, seen from now.
#[derive(Clone, Copy)]
pub(crate) enum Validity {
    Current,
    /// For years, so that nobody is told of its end.
    Lasting,
    /// For a few seconds more.
    Ending,
    Expired,
    Early,
}

/// The kind of key.
#[derive(Clone, Copy)]
pub(crate) enum Algorithm {
    Ecdsa,
    Rsa,
}

impl Profile {
    /// A client certificate for this DNS name.
    pub(crate) fn client(dns: &'static str) -> Self {
        Self {
            common_name: dns,
            dns: vec![dns],
            uris: Vec::new(),
            usage: Usage::Client,
            validity: Validity::Current,
            algorithm: Algorithm::Ecdsa,
            ca: false,
        }
    }

    /// Makes the certificate of a device that signed it itself.
    pub(crate) fn self_signed(&self) -> Identity {
        Identity(pki::Identity::self_signed(&self.params(), self.algorithm.key()).unwrap())
    }

    fn params(&self) -> CertificateParams {
        let purpose = self.usage.purpose();
        let mut params =
            pki::leaf(self.common_name, &self.dns, purpose, self.validity.dates()).unwrap();
        let uris = self.uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap()));
        params.subject_alt_names.extend(uris);
        if self.ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params
    }
}

impl Usage {
    const fn purpose(self) -> Option<ExtendedKeyUsagePurpose> {
        match self {
            Self::Client => Some(ExtendedKeyUsagePurpose::ClientAuth),
            Self::Server => Some(ExtendedKeyUsagePurpose::ServerAuth),
            Self::Unstated => None,
        }
    }
}

impl Validity {
    fn dates(self) -> Range<SystemTime> {
        let now = SystemTime::now();
        match self {
            Self::Current => now - DAY..now + 30 * DAY,
            Self::Lasting => now - DAY..now + 700 * DAY,
            Self::Ending => now - DAY..now + Duration::from_secs(3),
            Self::Expired => now - 30 * DAY..now - DAY,
            Self::Early => now + DAY..now + 30 * DAY,
        }
    }
}

impl Algorithm {
    fn key(self) -> KeyPair {
        match self {
            Self::Ecdsa => KeyPair::generate().unwrap(),
            Self::Rsa => KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap(),
        }
    }
}

impl Authority {
    /// A new root.
    pub(crate) fn root(name: &str) -> Self {
        Self(pki::Authority::root(authority(name), Algorithm::Ecdsa.key()).unwrap())
    }

    /// A new root for years.
    pub(crate) fn lasting_root(name: &str) -> Self {
        let params = pki::authority(name, Validity::Lasting.dates());
        Self(pki::Authority::root(params, Algorithm::Ecdsa.key()).unwrap())
    }

    /// An authority whose certificate this one signs.
    pub(crate) fn intermediate(&self, name: &str) -> Self {
        Self(self.0.intermediate(authority(name), Algorithm::Ecdsa.key()).unwrap())
    }

    /// A certificate and its key, signed by this authority.
    pub(crate) fn issue(&self, profile: &Profile) -> Identity {
        Identity(self.0.issue(&profile.params(), profile.algorithm.key()).unwrap())
    }

    /// A CRL that was issued a month ago and has `next_update` as its next date.
    pub(crate) fn crl(&self, revoked: &[&CertificateDer<'_>], next_update: SystemTime) -> String {
        let issued = SystemTime::now() - 30 * DAY;
        self.0.crl(issued..next_update, revoked).unwrap().pem().unwrap()
    }

    /// This authority's certificate.
    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        self.0.issuer.der()
    }

    /// This authority's certificate as PEM.
    pub(crate) fn pem(&self) -> String {
        self.0.issuer.pem()
    }
}

impl Identity {
    /// This certificate with another's key, which its holder does not have.
    pub(crate) fn with_key_of(&self, other: &Self) -> Self {
        Self(pki::Identity { key: other.0.key.clone(), ..self.0.clone() })
    }

    /// This certificate, sent with those of authorities that have not issued it.
    pub(crate) fn among(&self, authorities: &[Authority]) -> Self {
        let mut sent = self.alone();
        let others = authorities.iter().map(|authority| authority.0.issuer.as_ref().clone());
        sent.0.chain.extend(others);
        sent
    }

    /// This certificate without the rest of its chain.
    pub(crate) fn alone(&self) -> Self {
        Self(pki::Identity { chain: vec![self.0.chain[0].clone()], ..self.0.clone() })
    }

    /// The certificate.
    pub(crate) fn leaf(&self) -> &CertificateDer<'static> {
        self.0.chain[0].der()
    }

    /// The private key.
    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.0.key.serialize_der().into())
    }

    /// The certificates, leaf first.
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.0.chain.iter().map(|certificate| certificate.der().clone()).collect()
    }

    /// SHA-256 of the certificate, as hexadecimal digits.
    pub(crate) fn sha256(&self) -> String {
        digest(self.leaf())
    }

    /// SHA-256 of the subject public key information.
    pub(crate) fn spki_sha256(&self) -> String {
        digest(&self.0.key.subject_public_key_info())
    }

    /// The chain, leaf first.
    pub(crate) fn chain_pem(&self) -> String {
        self.0.chain_pem()
    }

    /// The private key.
    pub(crate) fn key_pem(&self) -> String {
        self.0.key.serialize_pem()
    }
}

fn authority(name: &str) -> CertificateParams {
    pki::authority(name, Validity::Current.dates())
}

fn digest(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
