//! Makes tokens and shows keys. Every key is made for the test run; signatures are made without the
//! library that verifies them.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub(super) struct Maker {
    pub(super) id: &'static str,
    pub(super) algorithm: &'static str,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

pub(super) static RSA: LazyLock<Maker> = LazyLock::new(|| Maker::rsa("rsa-1", "RS256"));
pub(super) static RSA_2: LazyLock<Maker> = LazyLock::new(|| Maker::rsa("rsa-2", "RS256"));
pub(super) static EC: LazyLock<Maker> =
    LazyLock::new(|| Maker::ec("ec-1", "ES256", &ECDSA_P256_SHA256_FIXED_SIGNING));
pub(super) static EC_384: LazyLock<Maker> =
    LazyLock::new(|| Maker::ec("ec-2", "ES384", &ECDSA_P384_SHA384_FIXED_SIGNING));
pub(super) static ED: LazyLock<Maker> = LazyLock::new(|| Maker {
    id: "ed-1",
    algorithm: "EdDSA",
    pair: Pair::Ed(Ed25519KeyPair::generate().unwrap()),
});

impl Maker {
    fn rsa(id: &'static str, algorithm: &'static str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self { id, algorithm, pair: Pair::Rsa(pair) }
    }

    pub(super) fn ec(
        id: &'static str,
        algorithm: &'static str,
        kind: &'static EcdsaSigningAlgorithm,
    ) -> Self {
        Self { id, algorithm, pair: Pair::Ec(EcdsaKeyPair::generate(kind).unwrap()) }
    }

    /// A token with the least of a header.
    pub(super) fn token(&self, claims: &Value) -> String {
        let header = json!({ "alg": self.algorithm, "typ": "JWT", "kid": self.id });
        self.with_header(&header, claims)
    }

    pub(super) fn with_header(&self, header: &Value, claims: &Value) -> String {
        self.signed(&header.to_string(), &claims.to_string())
    }

    /// Signed by what `alg` in the header says, if this key can, and otherwise as usual.
    pub(super) fn signed(&self, header: &str, claims: &str) -> String {
        let algorithm = serde_json::from_str::<Value>(header).ok();
        let algorithm = algorithm.and_then(|header| header["alg"].as_str().map(str::to_owned));
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        let message = format!("{header}.{claims}");
        let signature = self.sign(algorithm.as_deref().unwrap_or_default(), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let encoding: &dyn RsaEncoding = match algorithm {
                    "RS384" => &RSA_PKCS1_SHA384,
                    "RS512" => &RSA_PKCS1_SHA512,
                    "PS256" => &RSA_PSS_SHA256,
                    "PS384" => &RSA_PSS_SHA384,
                    "PS512" => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// The least of a JWK.
    pub(super) fn bare(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.pair {
            Pair::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "n": text(&public.n), "e": text(&public.e) })
            }
            Pair::Ec(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({ "kty": "EC", "crv": curve, "x": text(x), "y": text(y) })
            }
            Pair::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref()) })
            }
        }
    }

    /// A JWK with its name and purpose.
    pub(super) fn jwk(&self) -> Value {
        let mut jwk = self.bare();
        jwk["kid"] = self.id.into();
        jwk["use"] = "sig".into();
        jwk
    }

    pub(super) fn pem(&self) -> String {
        let der = match &self.pair {
            Pair::Rsa(pair) => AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()),
            Pair::Ec(pair) => AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()),
            Pair::Ed(pair) => AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()),
        };
        let text = STANDARD.encode(der.unwrap().as_ref());
        let lines: Vec<_> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }
}

/// A JWK set.
pub(super) fn set(makers: &[&Maker]) -> Vec<u8> {
    let keys: Vec<_> = makers.iter().map(|maker| maker.jwk()).collect();
    json!({ "keys": keys }).to_string().into_bytes()
}
