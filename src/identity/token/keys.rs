//! The public keys of an issuer.

use jsonwebtoken::{Algorithm, DecodingKey};
use pacsgate_core::identity::json::JsonFault;

use crate::x509::pem::PemFault;

/// What the RSA signatures are verified with, in bits of the modulus: less is refused by NIST SP
/// 800-131A and RFC 7518 section 3.3, more by aws-lc.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// An exponent is 65537, nearly always; aws-lc takes up to 33 bits.
const MAX_EXPONENT: usize = 5;
/// More keys than any issuer signs with at a time: Entra ID shows ten, for all of its customers.
const MAX_KEYS: usize = 128;

/// The kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

/// A key with what its holder says of it.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Its `kid`; keys in PEM have none.
    pub(super) id: Option<Box<str>>,
    /// The one algorithm that it is for, where its holder says so.
    pub(super) only: Option<Algorithm>,
    pub(super) kind: Kind,
    pub(super) key: DecodingKey,
}

/// All the keys of an issuer that can verify a signature; at least one.
#[derive(Clone, Debug)]
pub struct Keys {
    keys: Vec<Key>,
    passed_over: usize,
}

/// Why a file, or what a URL gives, holds no keys of an issuer. Never shows any of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysFault {
    /// More than any issuer has to say.
    #[error("is larger than {} KiB", super::reading::MAX_FILE / 1024)]
    TooLarge,
    /// Nothing that could be keys.
    #[error("{0}, nor PEM; a file of keys is a JWK set (RFC 7517) or PEM")]
    Json(JsonFault),
    /// JSON without the list of keys.
    #[error("has no list `keys`, as a JWK set has (RFC 7517)")]
    NoList,
    /// Keys and none that is of use.
    #[error(
        "has no key that can verify a signature; RSA keys of 2048 to 8192 bits, keys on P-256 and P-384 \
         and Ed25519 keys can, unless they are made for encryption"
    )]
    NoKey,
    /// More keys than any issuer has.
    #[error("has more than {MAX_KEYS} keys")]
    TooMany,
    /// A secret on the gate.
    #[error(
        "holds a private key; with it anybody can make tokens, so take it out and keep it with the issuer"
    )]
    Private,
    /// PEM that is not to be read.
    #[error("{0}")]
    Pem(PemFault),
    /// Keys in PEM that no token can tell apart.
    #[error(
        "holds several keys of one kind, and keys in PEM have no `kid` by which a token names one; \
         write a JWK set"
    )]
    Alike,
}

impl Key {
    /// An RSA key; `None` if nothing is verified with one like it.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
        let unused = modulus.first()?.leading_zeros();
        let bits = (modulus.len() * 8).saturating_sub(usize::try_from(unused).ok()?);
        let is_usable = RSA_BITS.contains(&bits) && (1..=MAX_EXPONENT).contains(&exponent.len());
        let key = || DecodingKey::from_rsa_raw_components(modulus, exponent);
        is_usable.then(|| Self::new(Kind::Rsa, key()))
    }

    /// A key on a curve: its point, uncompressed and without the byte 04.
    pub(super) fn ec(kind: Kind, point: &[u8]) -> Self {
        Self::new(kind, DecodingKey::from_ec_der(&[&[4], point].concat()))
    }

    pub(super) fn ed25519(key: &[u8; 32]) -> Self {
        Self::new(Kind::Ed25519, DecodingKey::from_ed_der(key))
    }

    const fn new(kind: Kind, key: DecodingKey) -> Self {
        Self { id: None, only: None, kind, key }
    }

    /// A key of another kind than the algorithm's would be read as something that it is not (RFC 8725
    /// section 3.1).
    fn is_for(&self, algorithm: Algorithm) -> bool {
        self.kind.fits(algorithm) && self.only.is_none_or(|only| only == algorithm)
    }
}

impl Kind {
    pub(super) fn fits(self, algorithm: Algorithm) -> bool {
        use Algorithm as A;
        match self {
            Self::Rsa => {
                matches!(algorithm, A::RS256 | A::RS384 | A::RS512 | A::PS256 | A::PS384 | A::PS512)
            }
            Self::P256 => algorithm == A::ES256,
            Self::P384 => algorithm == A::ES384,
            Self::Ed25519 => algorithm == A::EdDSA,
        }
    }
}

impl Keys {
    /// Of those that are of use, and the number of others that there were.
    pub(super) fn new(keys: Vec<Key>, passed_over: usize) -> Result<Self, KeysFault> {
        if keys.len() + passed_over > MAX_KEYS {
            return Err(KeysFault::TooMany);
        }
        if keys.is_empty() { Err(KeysFault::NoKey) } else { Ok(Self { keys, passed_over }) }
    }

    /// The key of a token: the one that has its `kid`, to the last character. A token without one
    /// has its key only where there is no other; and where no key has one (PEM), a key is known by
    /// its kind. Of two that are called the same, nobody knows which is meant.
    pub(super) fn of(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        if id.is_none() && self.keys.len() > 1 {
            return None;
        }
        let are_named = self.keys.iter().any(|key| key.id.is_some());
        let id = id.filter(|_| are_named);
        let is_meant = |key: &&Key| id.is_none_or(|id| key.id.as_deref() == Some(id));
        let mut fitting = self.keys.iter().filter(is_meant).filter(|key| key.is_for(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Some(&key.key),
            _ => None,
        }
    }

    /// Whether there is one for any of these.
    pub fn fit(&self, algorithms: &[Algorithm]) -> bool {
        self.keys.iter().any(|key| algorithms.iter().any(|one| key.is_for(*one)))
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.keys.len()
    }

    /// How many more there were that are of no use.
    pub const fn passed_over(&self) -> usize {
        self.passed_over
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}
