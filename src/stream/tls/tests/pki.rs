//! Certificates and revocation lists of throw-away CAs.

use std::time::{Duration, SystemTime};

use rcgen::{
    CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, KeyPair, RsaKeySize, SigningKey,
};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use x509_parser::prelude::FromDer;

use crate::pki::{self, Identity};

pub(super) const DAY: i64 = 86_400;

pub(super) struct Authority(pki::Authority);

#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// A moment, in seconds from now.
pub(super) fn moment(seconds: i64) -> SystemTime {
    let (now, distance) = (SystemTime::now(), Duration::from_secs(seconds.unsigned_abs()));
    if seconds < 0 { now - distance } else { now + distance }
}

pub(super) fn rsa_key() -> KeyPair {
    KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

/// The parameters of an ordinary device's certificate.
pub(super) fn device(name: &str) -> CertificateParams {
    let purpose = Some(ExtendedKeyUsagePurpose::ClientAuth);
    pki::leaf(name, &[name], purpose, moment(-DAY)..moment(DAY)).unwrap()
}

/// A certificate that a device has made for itself.
pub(super) fn self_signed(params: &CertificateParams) -> Credentials {
    Identity::self_signed(params, KeyPair::generate().unwrap()).unwrap().into()
}

impl From<Identity> for Credentials {
    fn from(identity: Identity) -> Self {
        let chain = identity.chain.iter().map(|certificate| certificate.der().clone()).collect();
        Self { chain, key: private_key(&identity.key) }
    }
}

impl Credentials {
    pub(super) fn leaf(&self) -> &CertificateDer<'static> {
        &self.chain[0]
    }

    pub(super) fn clone_with_key_of(&self, other: &Self) -> Self {
        Self { chain: self.chain.clone(), key: other.key.clone_key() }
    }
}

impl Authority {
    pub(super) fn root(name: &str) -> Self {
        Self::root_with(name, KeyPair::generate().unwrap())
    }

    pub(super) fn root_with(name: &str, key: KeyPair) -> Self {
        Self(pki::Authority::root(authority(name), key).unwrap())
    }

    pub(super) fn root_from(params: CertificateParams) -> Self {
        Self(pki::Authority::root(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn intermediate(&self, name: &str) -> Self {
        self.intermediate_with(authority(name))
    }

    pub(super) fn intermediate_with(&self, params: CertificateParams) -> Self {
        Self(self.0.intermediate(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn certificate(&self) -> CertificateDer<'static> {
        self.0.issuer.der().clone()
    }

    /// Another authority's key and name, signed by this one.
    pub(super) fn certificate_for(&self, other: &Self) -> CertificateDer<'static> {
        let params = authority(&common_name(&other.certificate()));
        params.signed_by(other.0.issuer.key(), &self.0.issuer).unwrap().der().clone()
    }

    pub(super) fn client(&self, name: &str) -> Credentials {
        self.issue(&device(name))
    }

    pub(super) fn server(&self, name: &str) -> Credentials {
        self.server_with(name, KeyPair::generate().unwrap())
    }

    pub(super) fn server_with(&self, name: &str, key: KeyPair) -> Credentials {
        let mut params = device(name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue_with(&params, key)
    }

    pub(super) fn issue(&self, params: &CertificateParams) -> Credentials {
        self.issue_with(params, KeyPair::generate().unwrap())
    }

    pub(super) fn issue_with(&self, params: &CertificateParams, key: KeyPair) -> Credentials {
        self.0.issue(params, key).unwrap().into()
    }

    /// A certificate with a foreign public key; the credentials' own key does not fit it.
    pub(super) fn issue_for(&self, spki: &[u8]) -> Credentials {
        let spki = rcgen::SubjectPublicKeyInfo::from_der(spki).unwrap();
        let certificate = device("weak.example").signed_by(&spki, &self.0.issuer).unwrap();
        let key = private_key(&KeyPair::generate().unwrap());
        Credentials { chain: vec![certificate.der().clone()], key }
    }

    /// An X.509 v1 certificate: a v3 one without version and extensions, signed again.
    pub(super) fn issue_v1(&self) -> Credentials {
        let v3 = self.client("old.example");
        let (_, parsed) = x509_parser::parse_x509_certificate(v3.leaf()).unwrap();
        let (version, spki) = ([0xa0, 3, 2, 1, 2], parsed.public_key().raw);
        let whole = v3.leaf().as_ref();
        let start = whole.windows(5).position(|window| window == version).unwrap() + 5;
        let end = whole.windows(spki.len()).position(|w| w == spki).unwrap() + spki.len();
        let tbs = tlv(0x30, &[&whole[start..end]]);
        let signature = self.0.issuer.key().sign(&tbs).unwrap();
        let ecdsa_with_sha256 = tlv(0x30, &[&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
        let der = tlv(0x30, &[&tbs, &ecdsa_with_sha256, &tlv(3, &[&[0], &signature])]);
        Credentials { chain: vec![der.into()], key: v3.key }
    }

    /// A list issued ten days ago.
    pub(super) fn crl(
        &self,
        next_update: i64,
        revoked: &[&Credentials],
    ) -> CertificateRevocationListDer<'static> {
        self.crl_of(-10 * DAY, next_update, revoked)
    }

    pub(super) fn crl_of(
        &self,
        this_update: i64,
        next_update: i64,
        revoked: &[&Credentials],
    ) -> CertificateRevocationListDer<'static> {
        let revoked: Vec<_> = revoked.iter().map(|credentials| credentials.leaf()).collect();
        self.0.crl(moment(this_update)..moment(next_update), &revoked).unwrap().into()
    }

    /// The credentials of the CA itself, to name it in a list.
    pub(super) fn as_credentials(&self) -> Credentials {
        Credentials { chain: vec![self.certificate()], key: private_key(self.0.issuer.key()) }
    }
}

pub(super) fn authority(name: &str) -> CertificateParams {
    pki::authority(name, moment(-DAY)..moment(3650 * DAY))
}

/// A critical extension: certificate policies with the one that stands for any.
pub(super) fn critical_policies() -> CustomExtension {
    critical(&[2, 5, 29, 32], &[0x30, 8, 0x30, 6, 6, 4, 0x55, 0x1d, 0x20, 0])
}

pub(super) fn critical(oid: &[u64], content: &[u8]) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, content.to_vec());
    extension.set_criticality(true);
    extension
}

fn common_name(der: &CertificateDer<'_>) -> String {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).unwrap();
    let name = certificate.subject().iter_common_name().next().unwrap();
    name.as_str().unwrap().to_owned()
}

fn private_key(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(key.serialize_der().into())
}

/// A SubjectPublicKeyInfo with an RSA modulus of `bytes` bytes.
pub(super) fn rsa_spki(bytes: usize) -> Vec<u8> {
    let rsa = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    let modulus = tlv(2, &[&[0], &vec![0xc5; bytes]]);
    let key = tlv(0x30, &[&modulus, &[2, 3, 1, 0, 1]]);
    tlv(0x30, &[&tlv(0x30, &[&rsa]), &tlv(3, &[&[0], &key])])
}

/// The same certificate with sha1WithRSAEncryption for sha256WithRSAEncryption.
pub(super) fn with_sha1(der: &[u8]) -> Vec<u8> {
    let sha256 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    let mut der = der.to_vec();
    let places: Vec<_> =
        (0..der.len()).filter(|&place| der[place..].starts_with(&sha256)).collect();
    assert_eq!(places.len(), 2);
    for place in places {
        der[place + sha256.len() - 1] = 5;
    }
    der
}

/// Whether the certificate can be read at all, so that a test refuses it for the right reason.
pub(super) fn is_readable(der: &CertificateDer<'_>) -> bool {
    x509_parser::certificate::X509Certificate::from_der(der).is_ok()
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut out = match content.len() {
        0..=127 => vec![tag, length[1]],
        128..=255 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    out.extend(content);
    out
}
