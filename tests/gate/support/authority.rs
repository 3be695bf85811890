//! Certificates made at run time: nothing secret is ever in the repository.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData,
    RevokedCertParams, SanType, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// One day.
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// A certificate authority: a root, or an intermediate with the chain up to its root.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Certificate,
    serial: u64,
    above: Vec<Certificate>,
}

/// A certificate with its chain and its key.
#[derive(Clone)]
pub(crate) struct Identity {
    chain: Vec<Certificate>,
    key: Arc<KeyPair>,
    serial: u64,
}

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
        let key = self.algorithm.key();
        let (params, serial) = self.params();
        let certificate = params.self_signed(&key).unwrap();
        Identity { chain: vec![certificate], key: Arc::new(key), serial }
    }

    fn params(&self) -> (CertificateParams, u64) {
        let serial = next_serial();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, self.common_name);
        params.serial_number = Some(SerialNumber::from_slice(&serial.to_be_bytes()));
        params.subject_alt_names = self.names();
        params.extended_key_usages = self.usage.purposes();
        let (not_before, not_after) = self.validity.dates();
        params.not_before = not_before.into();
        params.not_after = not_after.into();
        params.use_authority_key_identifier_extension = true;
        if self.ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        (params, serial)
    }

    fn names(&self) -> Vec<SanType> {
        let dns = self.dns.iter().map(|name| SanType::DnsName((*name).try_into().unwrap()));
        let uris = self.uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap()));
        dns.chain(uris).collect()
    }
}

impl Usage {
    fn purposes(self) -> Vec<ExtendedKeyUsagePurpose> {
        match self {
            Self::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
            Self::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
            Self::Unstated => Vec::new(),
        }
    }
}

impl Validity {
    fn dates(self) -> (SystemTime, SystemTime) {
        let now = SystemTime::now();
        match self {
            Self::Current => (now - DAY, now + 30 * DAY),
            Self::Ending => (now - DAY, now + Duration::from_secs(3)),
            Self::Expired => (now - 30 * DAY, now - DAY),
            Self::Early => (now + DAY, now + 30 * DAY),
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
    pub(crate) fn root(name: &'static str) -> Self {
        let (params, serial) = authority_params(name);
        let key = Algorithm::Ecdsa.key();
        let certificate = params.self_signed(&key).unwrap();
        Self { issuer: Issuer::new(params, key), certificate, serial, above: Vec::new() }
    }

    /// An authority whose certificate this one signs.
    pub(crate) fn intermediate(&self, name: &'static str) -> Self {
        let (params, serial) = authority_params(name);
        let key = Algorithm::Ecdsa.key();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let above = vec![certificate.clone()];
        Self { issuer: Issuer::new(params, key), certificate, serial, above }
    }

    /// A certificate and its key, signed by this authority.
    pub(crate) fn issue(&self, profile: &Profile) -> Identity {
        let key = profile.algorithm.key();
        let (params, serial) = profile.params();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let mut chain = vec![certificate];
        chain.extend(self.above.iter().cloned());
        Identity { chain, key: Arc::new(key), serial }
    }

    /// A CRL that was issued a month ago and has `next_update` as its next date.
    pub(crate) fn crl(&self, revoked: &[u64], next_update: SystemTime) -> String {
        let now = SystemTime::now();
        let revoked_certs = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&serial.to_be_bytes()),
            revocation_time: (now - DAY).into(),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: (now - 30 * DAY).into(),
            next_update: next_update.into(),
            crl_number: SerialNumber::from_slice(&next_serial().to_be_bytes()),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }

    /// The serial number of this authority's own certificate.
    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    /// This authority's certificate.
    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        self.certificate.der()
    }

    /// This authority's certificate as PEM.
    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }
}

impl Identity {
    /// This certificate with another's key, which its holder does not have.
    pub(crate) fn with_key_of(&self, other: &Self) -> Self {
        Self { key: Arc::clone(&other.key), ..self.clone() }
    }

    /// This certificate without the rest of its chain.
    pub(crate) fn alone(&self) -> Self {
        Self { chain: vec![self.chain[0].clone()], ..self.clone() }
    }

    /// The certificate's serial number.
    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    /// The private key.
    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }

    /// The certificates, leaf first.
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.iter().map(|certificate| certificate.der().clone()).collect()
    }

    /// SHA-256 of the certificate, as hexadecimal digits.
    pub(crate) fn sha256(&self) -> String {
        digest(self.chain[0].der())
    }

    /// SHA-256 of the subject public key information.
    pub(crate) fn spki_sha256(&self) -> String {
        digest(&self.key.subject_public_key_info())
    }

    /// The chain, leaf first.
    pub(crate) fn chain_pem(&self) -> String {
        self.chain.iter().map(Certificate::pem).collect()
    }

    /// The private key.
    pub(crate) fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }
}

fn authority_params(name: &'static str) -> (CertificateParams, u64) {
    let profile = Profile {
        common_name: name,
        dns: Vec::new(),
        ca: true,
        usage: Usage::Unstated,
        ..Profile::client("")
    };
    let (mut params, serial) = profile.params();
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params, serial)
}

fn next_serial() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0x1000_0000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn digest(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
