//! A CA.

use std::iter::once;
use std::ops::Range;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rcgen::{
    Certificate, CertificateParams, CertificateRevocationList, CertificateRevocationListParams,
    CertifiedIssuer, Error, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber,
};
use rustls::pki_types::CertificateDer;

use super::identity::Identity;
use crate::x509::reading;

/// A CA: a root, or an intermediate.
pub struct Authority {
    /// Its certificate and its key.
    pub issuer: CertifiedIssuer<'static, KeyPair>,
    /// What stands between a leaf and the root, nearest to the leaf first.
    path: Vec<Certificate>,
}

impl Authority {
    /// A root.
    ///
    /// # Errors
    ///
    /// Parameters that cannot be encoded.
    pub fn root(params: CertificateParams, key: KeyPair) -> Result<Self, Error> {
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, key)?, path: Vec::new() })
    }

    /// A CA below this one.
    ///
    /// # Errors
    ///
    /// Parameters that cannot be encoded.
    pub fn intermediate(&self, params: CertificateParams, key: KeyPair) -> Result<Self, Error> {
        let issuer = CertifiedIssuer::signed_by(params, key, &self.issuer)?;
        let path = once(issuer.as_ref()).chain(&self.path).cloned().collect();
        Ok(Self { issuer, path })
    }

    /// A certificate for the holder of this key.
    ///
    /// # Errors
    ///
    /// Parameters that cannot be encoded.
    pub fn issue(&self, params: &CertificateParams, key: KeyPair) -> Result<Identity, Error> {
        let leaf = params.signed_by(&key, &self.issuer)?;
        let chain = once(leaf).chain(self.path.iter().cloned()).collect();
        Ok(Identity { chain, key: Arc::new(key) })
    }

    /// A list of its own certificates that count no more, from its thisUpdate to its nextUpdate;
    /// its number is its first second.
    ///
    /// # Errors
    ///
    /// What is no certificate, or cannot be encoded.
    pub fn crl(
        &self,
        time: Range<SystemTime>,
        revoked: &[&CertificateDer<'_>],
    ) -> Result<CertificateRevocationList, Error> {
        let revoked = revoked.iter().map(|der| {
            let certificate = reading::whole(der).ok_or(Error::CouldNotParseCertificate)?;
            Ok(RevokedCertParams {
                serial_number: SerialNumber::from_slice(certificate.raw_serial()),
                revocation_time: time.start.into(),
                reason_code: None,
                invalidity_date: None,
            })
        });
        let number = time.start.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let params = CertificateRevocationListParams {
            this_update: time.start.into(),
            next_update: time.end.into(),
            crl_number: number.into(),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect::<Result<_, Error>>()?,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer)
    }
}
