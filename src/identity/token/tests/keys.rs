//! Sets of keys: what is read, what is passed over, and what is refused as a whole.

use super::maker::{EC, EC_384, ED, RSA, RSA_2};
use super::*;
use crate::identity::token::KeysFault;
use crate::pki;
use crate::x509::pem::PemFault;

fn counts(set: &Value) -> (usize, usize) {
    let keys = read(set.to_string().as_bytes()).unwrap();
    (keys.count(), keys.passed_over())
}

fn fault(set: &str) -> KeysFault {
    read(set.as_bytes()).unwrap_err()
}

fn with(name: &str, value: Value) -> Value {
    let mut jwk = RSA_2.jwk();
    jwk[name] = value;
    jwk
}

#[test]
fn keys_that_verify_no_signature_are_passed_over() {
    let short = json!({ "kty": "RSA", "kid": "a", "e": "AQAB", "n": "x".repeat(171) });
    let mut long_point = EC.jwk();
    long_point["x"] = format!("AA{}", EC.jwk()["x"].as_str().unwrap()).into();
    for other in [
        json!({ "kty": "oct", "kid": "a", "k": "c2VjcmV0", "alg": "HS256" }),
        with("use", "enc".into()),
        with("use", Value::Null),
        with("key_ops", json!(["encrypt"])),
        with("key_ops", json!([])),
        with("alg", "RSA-OAEP".into()),
        with("alg", "HS256".into()),
        with("alg", "ES256".into()),
        with("alg", "none".into()),
        with("kid", json!(1)),
        with("kty", "EC".into()),
        with("kty", "rsa".into()),
        with("e", "".into()),
        with("e", "AAAA".into()),
        with("n", "not base64!".into()),
        with("n", Value::Null),
        short,
        long_point,
        json!({ "kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA" }),
        json!({ "kty": "OKP", "crv": "X25519", "x": "AA" }),
        json!({ "kty": "AKP", "alg": "ML-DSA-65", "pub": "AA" }),
        json!("a key"),
    ] {
        assert_eq!(counts(&json!({ "keys": [RSA.jwk(), other] })), (1, 1), "{other}");
        assert_eq!(fault(&json!({ "keys": [other] }).to_string()), KeysFault::NoKey, "{other}");
    }
}

#[test]
fn members_that_nothing_here_needs_change_nothing() {
    let jwk = with("x5c", json!(["MIIB"]));
    assert_eq!(counts(&json!({ "keys": [jwk], "updated": 1 })), (1, 0));
    assert_eq!(counts(&json!({ "keys": [with("key_ops", json!(["verify"]))] })), (1, 0));
    assert_eq!(counts(&json!({ "keys": [RSA.bare(), EC.jwk(), EC_384.jwk(), ED.jwk()] })), (4, 0));
}

#[test]
fn what_is_no_set_of_keys_is_refused_as_a_whole() {
    let twice = json!({ "keys": [RSA.jwk()] }).to_string().replacen('{', "{\"keys\":[],", 1);
    for text in ["", "<!DOCTYPE html><html></html>", "not found", "{\"keys\":[", &twice] {
        assert!(matches!(fault(text), KeysFault::Json(_)), "{text}");
    }
    for text in ["{}", "[]", "{\"keys\":{}}", "{\"error\":\"not_found\"}"] {
        assert!(matches!(fault(text), KeysFault::NoList | KeysFault::Json(_)), "{text}");
    }
    assert_eq!(fault("{\"keys\":[]}"), KeysFault::NoKey);
    assert_eq!(fault(&json!({ "keys": vec![RSA.jwk(); 129] }).to_string()), KeysFault::TooMany);
    assert_eq!(fault(&" ".repeat(1024 * 1024 + 1)), KeysFault::TooLarge);
    assert!(matches!(
        fault(&format!("{{\"keys\":[{}1]}}", "1,".repeat(100_000))),
        KeysFault::Json(_)
    ));
}

#[test]
fn a_private_key_is_refused_wherever_it_is() {
    let secret = json!({ "keys": [RSA.jwk(), with("d", "AA".into())] });
    assert_eq!(fault(&secret.to_string()), KeysFault::Private);
    let pair = rcgen::KeyPair::generate().unwrap();
    assert_eq!(fault(&(RSA.pem() + &pair.serialize_pem())), KeysFault::Private);
    let sealed =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    assert_eq!(fault(&(RSA.pem() + sealed)), KeysFault::Private);
}

#[test]
fn keys_in_pem_serve_whatever_the_kid_is() {
    for maker in [&*RSA, &*EC, &*EC_384, &*ED] {
        let issuers: Issuers = [issuer("login", ISS, maker.pem().as_bytes())].into_iter().collect();
        assert!(verify(&issuers, &maker.token(&claims())).is_ok(), "{}", maker.algorithm);
        let header = json!({ "alg": maker.algorithm });
        assert!(verify(&issuers, &maker.with_header(&header, &claims())).is_ok());
    }
    let both = format!("Our realm's keys\n{}{}", RSA.pem(), EC.pem());
    let issuers: Issuers = [issuer("login", ISS, both.as_bytes())].into_iter().collect();
    assert!(verify(&issuers, &RSA.token(&claims())).is_ok());
    assert!(verify(&issuers, &EC.token(&claims())).is_ok());
    let without = RSA.with_header(&json!({ "alg": "RS256" }), &claims());
    assert_eq!(verify(&issuers, &without), Err(Denial::TokenKey));
}

#[test]
fn several_keys_of_one_kind_in_pem_cannot_be_told_apart() {
    assert_eq!(fault(&(RSA.pem() + &RSA_2.pem())), KeysFault::Alike);
}

#[test]
fn the_key_of_a_certificate_serves() {
    let pair = rcgen::KeyPair::generate().unwrap();
    let params = pki::leaf("login", &["login.example"], None, pki::today()).unwrap();
    let pem = pki::Identity::self_signed(&params, pair).unwrap().chain_pem();
    assert_eq!(read(pem.as_bytes()).unwrap().count(), 1);
}

#[test]
fn damaged_pem_is_refused() {
    assert_eq!(fault(&RSA.pem().replace("-----END", "")), KeysFault::Pem(PemFault::Damaged));
    let empty = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    assert_eq!(fault(empty), KeysFault::NoKey);
}

#[test]
fn says_whether_a_key_is_for_the_algorithms() {
    let keys = read(&maker::set(&[&EC])).unwrap();
    assert!(keys.fit(&[jsonwebtoken::Algorithm::RS256, jsonwebtoken::Algorithm::ES256]));
    assert!(!keys.fit(&[jsonwebtoken::Algorithm::RS256, jsonwebtoken::Algorithm::ES384]));
}
