//! What is made to be accepted, and why it is not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use proptest::prelude::*;

use super::maker::{EC, EC_384, ED, Maker, RSA, RSA_2};
use super::*;

fn refused(issuers: &Issuers, token: &str) -> Denial {
    verify(issuers, token).unwrap_err()
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

#[test]
fn accepts_a_token_by_each_algorithm() {
    let keys: [&Maker; 4] = [&RSA, &EC, &EC_384, &ED];
    let issuers = login(&keys);
    for (name, _) in ALGORITHMS {
        let family = |maker: &&&Maker| maker.algorithm == name || maker.id == "rsa-1";
        let maker = keys.iter().rev().find(family).unwrap();
        let header = json!({ "alg": name, "kid": maker.id });
        let token = verify(&issuers, &maker.with_header(&header, &claims())).unwrap();
        assert_eq!((&*token.issuer, &*token.subject), ("login", "ct1"), "{name}");
        assert_eq!(token.expires, i64::try_from(NOW + 300).unwrap());
    }
}

#[test]
fn a_token_without_signature_is_refused() {
    let issuers = login(&[&RSA]);
    for alg in ["none", "None", "NONE", "nOnE"] {
        let header = json!({ "alg": alg, "kid": "rsa-1" });
        let token = RSA.with_header(&header, &claims());
        let (message, _) = token.rsplit_once('.').unwrap();
        assert_eq!(refused(&issuers, &format!("{message}.")), Denial::TokenAlgorithm);
    }
    let token = RSA.token(&claims());
    let (message, _) = token.rsplit_once('.').unwrap();
    assert_eq!(refused(&issuers, &format!("{message}.")), Denial::TokenSignature);
}

#[test]
fn a_public_key_is_no_secret_of_hmac() {
    let issuers = login(&[&RSA]);
    let header = json!({ "alg": "HS256", "kid": "rsa-1" });
    let [header, claims] = [header, claims()].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let message = format!("{header}.{claims}");
    for secret in [RSA.pem().into_bytes(), RSA.jwk().to_string().into_bytes()] {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
        let tag = aws_lc_rs::hmac::sign(&key, message.as_bytes());
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(refused(&issuers, &token), Denial::TokenAlgorithm);
    }
}

#[test]
fn an_algorithm_that_the_issuer_does_not_use_is_refused() {
    let mut rules = rules(ISS);
    rules.algorithms = vec![Algorithm::RS256];
    let keys = Some(read(&maker::set(&[&RSA])).unwrap());
    let store = KeyStore::paced("login".into(), Source::File("/nowhere".into()), keys, FAST);
    let issuers: Issuers = [Issuer::new("login".into(), rules, store)].into_iter().collect();
    assert!(verify(&issuers, &RSA.token(&claims())).is_ok());
    for alg in ["RS384", "PS256", "ES256", "EdDSA", "rs256", "RS256 ", "ES512", "RSA-OAEP"] {
        let token = RSA.with_header(&json!({ "alg": alg, "kid": "rsa-1" }), &claims());
        assert_eq!(refused(&issuers, &token), Denial::TokenAlgorithm, "{alg}");
    }
}

#[test]
fn a_key_is_used_for_its_own_kind_of_algorithm_only() {
    let issuers = login(&[&RSA, &EC, &EC_384, &ED]);
    for (alg, kid) in [
        ("ES256", "rsa-1"),
        ("ES256", "ec-2"),
        ("ES384", "ec-1"),
        ("RS256", "ec-1"),
        ("EdDSA", "ec-1"),
        ("ES256", "ed-1"),
        ("PS256", "ed-1"),
    ] {
        let token = RSA.with_header(&json!({ "alg": alg, "kid": kid }), &claims());
        assert_eq!(refused(&issuers, &token), Denial::TokenKey, "{alg} {kid}");
    }
}

#[test]
fn a_key_that_says_its_algorithm_is_for_no_other() {
    let mut jwk = RSA.jwk();
    jwk["alg"] = "PS256".into();
    let set = json!({ "keys": [jwk] }).to_string();
    let issuers: Issuers = [issuer("login", ISS, set.as_bytes())].into_iter().collect();
    assert_eq!(refused(&issuers, &RSA.token(&claims())), Denial::TokenKey);
    let header = json!({ "alg": "PS256", "kid": "rsa-1" });
    assert!(verify(&issuers, &RSA.with_header(&header, &claims())).is_ok());
}

#[test]
fn a_kid_is_looked_up_and_nothing_else() {
    let issuers = login(&[&RSA, &EC]);
    for kid in [
        "../../../../etc/passwd",
        "/dev/null",
        "' OR 1=1 --",
        "rsa-1 ",
        "RSA-1",
        "rsa-",
        "rsa-1\0",
        "*",
        "https://evil.example/key",
    ] {
        let token = RSA.with_header(&json!({ "alg": "RS256", "kid": kid }), &claims());
        assert_eq!(refused(&issuers, &token), Denial::TokenKey, "{kid}");
    }
}

#[test]
fn a_token_without_kid_has_its_key_where_there_is_one() {
    let token = RSA.with_header(&json!({ "alg": "RS256" }), &claims());
    assert!(verify(&login(&[&RSA]), &token).is_ok());
    assert_eq!(refused(&login(&[&RSA, &RSA_2]), &token), Denial::TokenKey);
    assert_eq!(refused(&login(&[&RSA, &EC]), &token), Denial::TokenKey);
}

#[test]
fn of_two_keys_of_one_name_none_is_meant() {
    let mut second = RSA_2.jwk();
    second["kid"] = "rsa-1".into();
    let set = json!({ "keys": [RSA.jwk(), second] }).to_string();
    let issuers: Issuers = [issuer("login", ISS, set.as_bytes())].into_iter().collect();
    assert_eq!(refused(&issuers, &RSA.token(&claims())), Denial::TokenKey);
}

#[test]
fn a_header_that_brings_a_key_is_refused_even_by_the_right_one() {
    let issuers = login(&[&RSA]);
    for (name, value) in [
        ("jku", json!("https://evil.example/jwks")),
        ("jwk", RSA_2.jwk()),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
    ] {
        let mut header = json!({ "alg": "RS256", "kid": "rsa-1" });
        header[name] = value;
        let token = RSA.with_header(&header, &claims());
        assert_eq!(refused(&issuers, &token), Denial::TokenHeader, "{name}");
    }
}

#[test]
fn a_key_of_another_issuer_signs_for_nobody_but_itself() {
    let others = issuer("other", "https://other.example", &maker::set(&[&RSA_2, &EC]));
    let issuers: Issuers =
        [issuer("login", ISS, &maker::set(&[&RSA])), others].into_iter().collect();
    assert_eq!(refused(&issuers, &RSA_2.token(&claims())), Denial::TokenKey);
    let header = json!({ "alg": "RS256", "kid": "rsa-1" });
    assert_eq!(refused(&issuers, &RSA_2.with_header(&header, &claims())), Denial::TokenSignature);
    let own = RSA_2.token(&with("iss", "https://other.example".into()));
    assert_eq!(&*verify(&issuers, &own).unwrap().issuer, "other");
}

#[test]
fn an_issuer_is_compared_to_the_last_slash() {
    let issuers = login(&[&RSA]);
    for iss in [format!("{ISS}/"), ISS.to_uppercase(), format!(" {ISS}"), "login".into()] {
        assert_eq!(refused(&issuers, &RSA.token(&with("iss", iss.into()))), Denial::TokenIssuer);
    }
}

#[test]
fn missing_claims_and_claims_of_another_type_are_refused() {
    let issuers = login(&[&RSA]);
    for name in ["exp", "aud", "iss", "sub"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(refused(&issuers, &RSA.token(&claims)), Denial::TokenClaims, "{name}");
    }
    for (name, value) in [
        ("exp", json!((NOW + 300).to_string())),
        ("exp", Value::Null),
        ("exp", json!([NOW + 300])),
        ("nbf", json!("0")),
        ("iss", json!([ISS])),
        ("aud", json!({ "pacsgate": true })),
        ("aud", json!([AUDIENCE, 1])),
        ("sub", json!(1)),
        ("sub", json!("")),
    ] {
        let token = RSA.token(&with(name, value.clone()));
        assert_eq!(refused(&issuers, &token), Denial::TokenClaims, "{name} {value}");
    }
}

#[test]
fn dates_audience_and_binding_are_judged_for_signed_tokens() {
    let issuers = login(&[&RSA]);
    for (name, value, denial) in [
        ("exp", json!(NOW - 30), Denial::TokenExpired),
        ("nbf", json!(NOW + 31), Denial::TokenNotYetValid),
        ("aud", json!("account"), Denial::TokenAudience),
        ("aud", json!(["account"]), Denial::TokenAudience),
        ("cnf", json!({ "jkt": "0ZcOCORZNYy" }), Denial::TokenBinding),
    ] {
        assert_eq!(refused(&issuers, &RSA.token(&with(name, value))), denial, "{name}");
    }
    assert!(verify(&issuers, &RSA.token(&with("exp", json!(NOW - 29)))).is_ok());
    let bound = with("cnf", json!({ "x5t#S256": URL_SAFE_NO_PAD.encode([9; 32]) }));
    assert_eq!(verify(&issuers, &RSA.token(&bound)).unwrap().bound_to.unwrap().0, [9; 32]);
}

#[test]
fn a_token_that_is_too_long_is_refused_before_it_is_read() {
    let issuers = login(&[&RSA]);
    let long = RSA.token(&with("groups", json!(vec!["a".repeat(36); 400])));
    assert_eq!(refused(&issuers, &long), Denial::TokenTooLong);
}

#[test]
fn an_encrypted_token_is_refused() {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP","enc":"A256GCM","kid":"rsa-1"}"#);
    let token = format!("{header}.a2V5.aXY.dGV4dA.dGFn");
    assert_eq!(refused(&login(&[&RSA]), &token), Denial::TokenMalformed);
}

#[test]
fn members_that_come_twice_are_refused_under_a_right_signature() {
    let issuers = login(&[&RSA]);
    let header = r#"{"alg":"RS256","kid":"rsa-1"}"#;
    let claims = claims().to_string();
    let twice = claims.replacen('{', r#"{"sub":"admin","#, 1);
    assert_eq!(refused(&issuers, &RSA.signed(header, &twice)), Denial::TokenMalformed);
    let twice = r#"{"alg":"RS256","kid":"ec-1","kid":"rsa-1"}"#;
    assert_eq!(refused(&issuers, &RSA.signed(twice, &claims)), Denial::TokenMalformed);
}

#[test]
fn a_token_of_another_type_is_refused() {
    let header = json!({ "alg": "RS256", "kid": "rsa-1", "typ": "logout+jwt" });
    let token = RSA.with_header(&header, &claims());
    assert_eq!(refused(&login(&[&RSA]), &token), Denial::TokenType);
}

#[test]
fn keys_that_are_too_old_accept_nothing() {
    let (issuers, token) = (login(&[&RSA]), RSA.token(&claims()));
    let late = issuers.verify_at(token.as_bytes(), now(), much_later());
    assert_eq!(late, Err(Denial::TokenKeysStale));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_mutated_token_is_never_accepted(at: usize, byte: u8, maker in 0..3_usize) {
        let makers: [&Maker; 3] = [&RSA, &EC, &ED];
        let sound = makers[maker].token(&claims());
        let mut mutant = sound.clone().into_bytes();
        let at = at % mutant.len();
        prop_assume!(mutant[at] != byte);
        // White space and NUL at the ends are no part of a token.
        prop_assume!(!(byte == 0 || byte.is_ascii_whitespace()) || (1..mutant.len() - 1).contains(&at));
        mutant[at] = byte;
        let verdict = login(&makers).verify(&mutant, now());
        prop_assert!(verdict.is_err(), "{verdict:?}");
    }

    #[test]
    fn a_token_of_parts_of_others_is_never_accepted(cut in 1..40_usize) {
        let (one, other) = (RSA.token(&claims()), RSA.token(&with("sub", "admin".into())));
        let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
        let (one, other) = (parts(&one), parts(&other));
        let issuers = login(&[&RSA]);
        let mixed = format!("{}.{}.{}", one[0], other[1], one[2]);
        prop_assert_eq!(refused(&issuers, &mixed), Denial::TokenSignature);
        let short = one[2].get(cut..).unwrap();
        let shortened = format!("{}.{}.{short}", one[0], one[1]);
        prop_assert!(verify(&issuers, &shortened).is_err());
    }
}
