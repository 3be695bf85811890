//! Who makes tokens, and whether a token is one of theirs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use pacsgate_core::certificate::Digest;
use pacsgate_core::identity::Token;
use pacsgate_core::identity::unverified::{Expected, Unverified};
use pacsgate_core::policy::Denial;
use serde::de::IgnoredAny;

use super::store::KeyStore;
use super::watch::watch;
use crate::x509::reading::sha256;

/// The algorithms by which an issuer may sign, as RFC 7518 and RFC 8037 call them. With a symmetric
/// one, whoever verifies could make tokens.
pub const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// What an issuer's tokens have to be.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Their `iss`.
    pub issuer: Box<str>,
    /// One of these is in their `aud`.
    pub audience: Vec<Box<str>>,
    /// By which they are signed.
    pub algorithms: Vec<Algorithm>,
    /// By how much its clock and the gate's may differ.
    pub leeway: Duration,
    /// How long an association may outlive its token.
    pub outlive: Duration,
}

/// One who makes tokens.
#[derive(Debug)]
pub struct Issuer {
    /// The name of its table.
    name: Arc<str>,
    rules: Rules,
    keys: Arc<KeyStore>,
}

/// All issuers of a site by their `iss`, each with its own keys: what becomes of those of one is
/// nothing to the others.
#[derive(Debug, Default)]
pub struct Issuers(HashMap<Box<str>, Issuer>);

/// The algorithm of this name.
pub fn algorithm(name: &str) -> Option<Algorithm> {
    ALGORITHMS.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
}

impl Issuer {
    /// The issuer of this table.
    pub fn new(name: Arc<str>, rules: Rules, keys: KeyStore) -> Self {
        Self { name, rules, keys: Arc::new(keys) }
    }

    #[cfg(test)]
    pub(super) const fn store(&self) -> &Arc<KeyStore> {
        &self.keys
    }
}

impl FromIterator<Issuer> for Issuers {
    fn from_iter<T: IntoIterator<Item = Issuer>>(issuers: T) -> Self {
        Self(issuers.into_iter().map(|one| (one.rules.issuer.clone(), one)).collect())
    }
}

impl Issuers {
    /// Verifies a token as it came. It takes the time of a signature, and waits for nothing; nothing
    /// of the token is kept but its claims.
    ///
    /// # Errors
    ///
    /// Why it is not accepted.
    pub fn verify(&self, token: &[u8], now: SystemTime) -> Result<Token, Denial> {
        self.verify_at(token, now, Instant::now())
    }

    pub(super) fn verify_at(
        &self,
        token: &[u8],
        now: SystemTime,
        instant: Instant,
    ) -> Result<Token, Denial> {
        let token = Unverified::read(token)?;
        let issuer = self.0.get(&token.issuer).ok_or(Denial::TokenIssuer)?;
        let Rules { audience, leeway, algorithms, .. } = &issuer.rules;
        let algorithm = algorithm(&token.algorithm).filter(|one| algorithms.contains(one));
        let algorithm = algorithm.ok_or(Denial::TokenAlgorithm)?;
        let keys = issuer.keys.now(instant).ok_or(Denial::TokenKeysStale)?;
        let Some(key) = keys.of(token.key_id.as_deref(), algorithm) else {
            issuer.keys.want();
            return Err(Denial::TokenKey);
        };
        issuer.rules.verify(token.compact, algorithm, key)?;
        let leeway = i64::try_from(leeway.as_secs()).unwrap_or_default();
        token.judge(&Expected { table: &issuer.name, audience, leeway }, seconds(now))
    }

    /// How long an association may outlive the token of the issuer with this table: a token that is
    /// accepted by another clock has that much left at least.
    pub fn outlive(&self, name: &str) -> Duration {
        let rules = self.of(name).map(|issuer| &issuer.rules);
        rules.map_or(Duration::ZERO, |rules| rules.outlive.max(rules.leeway))
    }

    /// What stands for the rules by which a token of this table is verified; another one for others.
    pub fn stamp(&self, name: &str) -> Option<Digest> {
        let Rules { issuer, audience, algorithms, .. } = &self.of(name)?.rules;
        Some(sha256(format!("{issuer:?} {audience:?} {algorithms:?}").as_bytes()))
    }

    /// Whether there is an issuer with this table.
    pub fn has(&self, name: &str) -> bool {
        self.of(name).is_some()
    }

    /// Goes on with the keys that the issuers before had from the same URLs.
    pub fn take_over(&mut self, before: &Self) {
        for issuer in self.0.values_mut() {
            let Some(before) = before.of(&issuer.name) else { continue };
            if issuer.keys.is_like(&before.keys) {
                issuer.keys = Arc::clone(&before.keys);
            } else {
                issuer.keys.take_over(&before.keys);
            }
        }
    }

    /// Has the keys read again and again, as long as these live. To be called inside a runtime, and
    /// once they are in force.
    pub fn watch(&self) {
        self.0.values().for_each(|issuer| watch(&issuer.keys));
    }

    pub(super) fn of(&self, name: &str) -> Option<&Issuer> {
        self.0.values().find(|issuer| &*issuer.name == name)
    }
}

impl Rules {
    /// Verifies the signature by this algorithm and key, whatever the header says, and has a second
    /// reader look at `iss` and `aud`. Of its own temporary copies of the token, the library
    /// overwrites none; those made before are overwritten.
    fn verify(&self, token: &[u8], by: Algorithm, key: &DecodingKey) -> Result<(), Denial> {
        let mut validation = Validation::new(by);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&self.audience);
        // The library asks its own clock; the dates are judged by the moment that the caller has.
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        // Members that nothing here looks at may be of types that the library does not know.
        decode_header(token).map_err(|_| Denial::TokenMalformed)?;
        let Err(error) = decode::<IgnoredAny>(token, key, &validation) else { return Ok(()) };
        Err(denial(error.kind()))
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library's own list, which may grow")]
const fn denial(error: &ErrorKind) -> Denial {
    match error {
        ErrorKind::InvalidSignature => Denial::TokenSignature,
        ErrorKind::InvalidAudience => Denial::TokenAudience,
        ErrorKind::InvalidIssuer => Denial::TokenIssuer,
        ErrorKind::InvalidAlgorithm => Denial::TokenAlgorithm,
        // The claims are JSON: one of them is not what the library wants it to be.
        ErrorKind::MissingRequiredClaim(_)
        | ErrorKind::InvalidClaimFormat(_)
        | ErrorKind::Json(_) => Denial::TokenClaims,
        // The signature is no base64, as nothing else is left.
        _ => Denial::TokenMalformed,
    }
}

/// Since the epoch.
fn seconds(now: SystemTime) -> i64 {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
