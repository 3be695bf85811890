//! Certificates and revocation lists made here: for the demo, for tests and for benchmarks.
//!
//! Nothing of `run` makes a certificate. What a certificate says is in rcgen's parameters, of which
//! the functions here give the usual ones; [`Authority`] signs them.

use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DnType,
    Error, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SanType, SerialNumber,
};
use rustls::pki_types::PrivateKeyDer;
use x509_parser::error::X509Error;

/// A CA with its key in memory: a root, or an intermediate with the way up to its root.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Certificate,
    /// What is sent with a leaf: this CA and those above it, without the root.
    path: Vec<Certificate>,
}

/// A certificate with its chain and its key.
#[derive(Clone)]
pub struct Identity {
    /// Leaf first, without the root.
    pub chain: Vec<Certificate>,
    /// The leaf's.
    pub key: Arc<KeyPair>,
}

/// The usual parameters of a certificate, valid in this time. Its serial number comes from its key.
///
/// # Errors
///
/// A DNS name that is not ASCII.
pub fn leaf(
    common_name: &str,
    dns: &[&str],
    purpose: Option<ExtendedKeyUsagePurpose>,
    valid: Range<SystemTime>,
) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let dns = dns.iter().map(|name| Ok(SanType::DnsName((*name).try_into()?)));
    params.subject_alt_names = dns.collect::<Result<_, Error>>()?;
    params.extended_key_usages = purpose.into_iter().collect();
    params.use_authority_key_identifier_extension = true;
    params.not_before = valid.start.into();
    params.not_after = valid.end.into();
    Ok(params)
}

/// The usual parameters of a CA, valid in this time.
pub fn authority(common_name: &str, valid: Range<SystemTime>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params.not_before = valid.start.into();
    params.not_after = valid.end.into();
    params
}

impl Authority {
    /// A root, which signs itself.
    ///
    /// # Errors
    ///
    /// What cannot be encoded, or a key that cannot sign.
    pub fn root(params: CertificateParams, key: KeyPair) -> Result<Self, Error> {
        let certificate = params.self_signed(&key)?;
        Ok(Self { issuer: Issuer::new(params, key), certificate, path: Vec::new() })
    }

    /// A CA below this one.
    ///
    /// # Errors
    ///
    /// As [`Self::root`].
    pub fn intermediate(&self, params: CertificateParams, key: KeyPair) -> Result<Self, Error> {
        let certificate = params.signed_by(&key, &self.issuer)?;
        let path = std::iter::once(&certificate).chain(&self.path).cloned().collect();
        Ok(Self { issuer: Issuer::new(params, key), certificate, path })
    }

    /// A certificate for this key.
    ///
    /// # Errors
    ///
    /// As [`Self::root`].
    pub fn issue(&self, params: &CertificateParams, key: KeyPair) -> Result<Identity, Error> {
        let leaf = params.signed_by(&key, &self.issuer)?;
        let chain = std::iter::once(leaf).chain(self.path.iter().cloned()).collect();
        Ok(Identity { chain, key: Arc::new(key) })
    }

    /// A revocation list with these serial numbers, as PEM and DER have it.
    ///
    /// # Errors
    ///
    /// As [`Self::root`].
    pub fn crl(
        &self,
        revoked: &[SerialNumber],
        current: Range<SystemTime>,
    ) -> Result<rcgen::CertificateRevocationList, Error> {
        let revoked = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: serial.clone(),
            revocation_time: current.start.into(),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: current.start.into(),
            next_update: current.end.into(),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer)
    }

    /// Its own certificate.
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// What it signs with.
    pub const fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }
}

impl Identity {
    /// A certificate that its holder has signed itself.
    ///
    /// # Errors
    ///
    /// As [`Authority::root`].
    pub fn self_signed(params: &CertificateParams, key: KeyPair) -> Result<Self, Error> {
        Ok(Self { chain: vec![params.self_signed(&key)?], key: Arc::new(key) })
    }

    /// The certificates as PEM, leaf first.
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(Certificate::pem).collect()
    }
}

/// A key as rustls takes it.
pub fn private_key(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(key.serialize_der().into())
}

/// The serial number of a certificate, to be named in a revocation list.
///
/// # Errors
///
/// What makes it unreadable.
pub fn serial(certificate: &Certificate) -> Result<SerialNumber, X509Error> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate.der())?;
    Ok(SerialNumber::from_slice(certificate.raw_serial()))
}
