//! What a device that has made its own key sends: PKCS #10.

use rcgen::SubjectPublicKeyInfo;
use rustls::pki_types::CertificateSigningRequestDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

use crate::x509::foreign::SHORTEST_MODULUS;

/// The longest modulus whose signatures are verified by the gate, in bytes.
const LONGEST_MODULUS: usize = 1024;
/// More than any request has.
pub(super) const LONGEST: usize = 64 * 1024;

/// Why no certificate is made of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsrFault {
    /// Neither PEM nor DER.
    #[error("cannot be read; a request in PEM begins with -----BEGIN CERTIFICATE REQUEST-----")]
    Unreadable,
    /// More than any request has.
    #[error("is longer than {LONGEST} bytes")]
    TooLong,
    /// More than one request.
    #[error("is followed by another one in the same file; give each its own file and name")]
    Several,
    /// Whoever sent it may not have the key.
    #[error(
        "is not signed with its own key, so it may be somebody else's; let the device make it anew"
    )]
    NotSigned,
    /// A key with which nothing can be verified here.
    #[error(
        "has a key that the gate cannot use; let the device make RSA of 2048 to 8192 bits, or ECDSA on P-256, P-384 or P-521"
    )]
    Key,
}

/// The key of a request, whose holder has shown to have it. Nothing else of it counts: what stands in the
/// certificate is for the CA to say.
#[derive(Clone, Debug)]
pub struct Request(pub(super) SubjectPublicKeyInfo);

impl Request {
    /// Of a file, in PEM or DER.
    ///
    /// # Errors
    ///
    /// It is none, or has a key that is of no use, or that its sender may not have.
    pub fn read(file: &[u8]) -> Result<Self, CsrFault> {
        if file.len() > LONGEST {
            return Err(CsrFault::TooLong);
        }
        let mut requests =
            CertificateSigningRequestDer::pem_slice_iter(file).filter_map(Result::ok);
        let (pem, next) = (requests.next(), requests.next());
        if next.is_some() {
            return Err(CsrFault::Several);
        }
        let der = pem.as_ref().map_or(file, |der| der.as_ref());
        let (rest, request) =
            X509CertificationRequest::from_der(der).map_err(|_| CsrFault::Unreadable)?;
        if !rest.is_empty() {
            return Err(CsrFault::Unreadable);
        }
        let key = &request.certification_request_info.subject_pki;
        if let Ok(PublicKey::RSA(key)) = key.parsed() {
            let zeros = key.modulus.iter().take_while(|byte| **byte == 0).count();
            let length = key.modulus.len().saturating_sub(zeros);
            if !(SHORTEST_MODULUS..=LONGEST_MODULUS).contains(&length) {
                return Err(CsrFault::Key);
            }
        }
        let key = SubjectPublicKeyInfo::from_der(key.raw).map_err(|_| CsrFault::Key)?;
        request.verify_signature().map_err(|_| CsrFault::NotSigned)?;
        Ok(Self(key))
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PublicKeyData};

    use super::*;

    #[test]
    fn takes_the_key_of_whoever_has_it() {
        let key = KeyPair::generate().unwrap();
        let request = CertificateParams::new(vec!["evil.example".to_owned()]).unwrap();
        let request = request.serialize_request(&key).unwrap();
        let pem = request.pem().unwrap();
        for file in [pem.as_bytes(), request.der()] {
            assert_eq!(Request::read(file).unwrap().0.der_bytes(), key.der_bytes());
        }
        let mut forged = request.der().to_vec();
        *forged.last_mut().unwrap() ^= 1;
        assert_eq!(Request::read(&forged).unwrap_err(), CsrFault::NotSigned);
        let two = format!("{pem}{pem}");
        assert_eq!(Request::read(two.as_bytes()).unwrap_err(), CsrFault::Several);
        let cut = &request.der()[..100];
        assert_eq!(Request::read(cut).unwrap_err(), CsrFault::Unreadable);
        assert_eq!(Request::read(b"hello").unwrap_err(), CsrFault::Unreadable);
        assert_eq!(Request::read(&[0; LONGEST + 1]).unwrap_err(), CsrFault::TooLong);
    }
}
