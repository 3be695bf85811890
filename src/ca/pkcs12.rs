//! Key and certificate in one file, as devices import them (PKCS #12, RFC 7292).

use aws_lc_rs::rand;
use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
    PrivateKeyChain,
};
use zeroize::Zeroizing;

use super::error::CaError;
use crate::x509::reading::sha256;

/// For people who read them off a paper and type them: no letter that looks like a digit.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 100 bits.
const LETTERS_OF_PASSWORD: usize = 20;
/// The password is random, so that guessing it is hopeless however fast it is.
const ITERATIONS: u32 = 10_000;

/// Which devices can read it.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// AES-256 and HMAC-SHA-256.
    Modern,
    /// Triple DES and HMAC-SHA-1: Windows before Server 2019, Java 8, and most devices built with them.
    Old,
}

/// A password for these files.
pub(super) fn password() -> Result<Zeroizing<String>, CaError> {
    let mut bytes = Zeroizing::new([0; LETTERS_OF_PASSWORD]);
    rand::fill(&mut *bytes).map_err(|error| failed(&error))?;
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied();
    Ok(Zeroizing::new(bytes.iter().filter_map(letter).map(char::from).collect()))
}

/// The file: the key, its certificate, and those above it.
pub(super) fn file(
    name: &str,
    key: &[u8],
    chain: &[&[u8]],
    password: &str,
    kind: Kind,
) -> Result<Zeroizing<Vec<u8>>, CaError> {
    let certificates = chain.iter().map(|der| Certificate::from_der(der));
    let certificates: Vec<_> =
        certificates.collect::<Result<_, _>>().map_err(|error| failed(&error))?;
    let id = chain.first().map(|der| sha256(der).0.to_vec()).unwrap_or_default();
    let key = PrivateKey::from_der(key).map_err(|error| failed(&error))?;
    let chain = PrivateKeyChain::new(id, key, certificates);
    let mut store = KeyStore::new();
    store.add_entry(name, KeyStoreEntry::PrivateKeyChain(chain));
    let (encryption, mac) = match kind {
        Kind::Modern => (EncryptionAlgorithm::PbeWithHmacSha256AndAes256, MacAlgorithm::HmacSha256),
        Kind::Old => (EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc, MacAlgorithm::HmacSha1),
    };
    let writer = store.writer(password).encryption_algorithm(encryption).mac_algorithm(mac);
    let written = writer.encryption_iterations(ITERATIONS).mac_iterations(ITERATIONS).write();
    written.map(Zeroizing::new).map_err(|error| failed(&error))
}

fn failed(error: &impl ToString) -> CaError {
    CaError::Crypto("a PKCS#12 file", error.to_string())
}
