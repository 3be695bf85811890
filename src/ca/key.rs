//! Private keys, and the passphrase over that of the CA.

use aws_lc_rs::rand;
use pkcs8::pkcs5::pbes2::Parameters;
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::CaError;

/// What OWASP asks of PBKDF2 with HMAC-SHA-256 since 2023. Not scrypt, which GnuTLS does not read.
const ITERATIONS: u32 = 600_000;
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
const PLAIN: &str = "PRIVATE KEY";

/// The kinds of keys that are made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyType {
    /// RSA of 3072 bits, which every device understands.
    Rsa,
    /// ECDSA on P-256.
    Ecdsa,
}

impl KeyType {
    /// The names by which they are asked for.
    pub const ALL: [(&'static str, Self); 2] = [("rsa", Self::Rsa), ("ecdsa", Self::Ecdsa)];

    /// A new key.
    pub(super) fn generate(self) -> Result<KeyPair, CaError> {
        let key = match self {
            Self::Rsa => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_3072),
            Self::Ecdsa => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        };
        key.map_err(|error| CaError::Crypto("a key", error.to_string()))
    }
}

/// What protects the key of the CA; its memory is overwritten.
#[derive(PartialEq, Eq)]
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Of these bytes, of which there is at least one.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        (!bytes.is_empty()).then_some(Self(bytes))
    }

    /// As a person counts.
    pub fn characters(&self) -> usize {
        str::from_utf8(&self.0).map_or(self.0.len(), |text| text.chars().count())
    }
}

/// The key in PKCS #8 and PEM, encrypted with PBES2 where there is a passphrase.
pub(super) fn to_pem(
    key: &KeyPair,
    passphrase: Option<&Passphrase>,
) -> Result<Zeroizing<String>, CaError> {
    let failed = |error: &dyn ToString| CaError::Crypto("the file of a key", error.to_string());
    let Some(passphrase) = passphrase else { return Ok(Zeroizing::new(key.serialize_pem())) };
    let der = key.serialized_der();
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rand::fill(&mut salt).map_err(|error| failed(&error))?;
    rand::fill(&mut iv).map_err(|error| failed(&error))?;
    let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(ITERATIONS, &salt, iv);
    let parameters = parameters.map_err(|error| failed(&error))?;
    let info = PrivateKeyInfoRef::try_from(der).map_err(|error| failed(&error))?;
    let sealed = info.encrypt_with_params(parameters, &*passphrase.0);
    let pem = sealed.and_then(|sealed| Ok(sealed.to_pem(ENCRYPTED, LineEnding::LF)?));
    pem.map_err(|error| failed(&error))
}

/// Whether the file of a key needs a passphrase.
pub(super) fn is_encrypted(pem: &str) -> bool {
    pem.contains(ENCRYPTED)
}

/// The key of such a file.
pub(super) fn from_pem(pem: &str, passphrase: Option<&Passphrase>) -> Result<KeyPair, CaError> {
    let (label, document) = SecretDocument::from_pem(pem).map_err(|_| CaError::WrongPassphrase)?;
    let document = match (label, passphrase) {
        (ENCRYPTED, None) => return Err(CaError::PassphraseMissing),
        (ENCRYPTED, Some(passphrase)) => {
            let sealed = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes());
            let open = sealed.and_then(|sealed| sealed.decrypt(&*passphrase.0));
            open.map_err(|_| CaError::WrongPassphrase)?
        }
        (PLAIN, _) => document,
        _ => return Err(CaError::WrongPassphrase),
    };
    let der = PrivatePkcs8KeyDer::from(document.as_bytes());
    KeyPair::try_from(&der).map_err(|_| CaError::WrongPassphrase)
}
