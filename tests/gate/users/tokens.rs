//! JSON Web Tokens.

use super::{accepted, asking, assert_never_saw_an_identity, refused, request, request_as, token};
use crate::reload::{edit, reload};
use crate::support::configuration::Table;
use crate::support::scenario::Scenario;
use crate::support::settings::Settings;
use crate::support::site::site;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) const ISSUER: &str = "https://login.hospital.example/realms/imaging";
const KID: &str = "2026-11";

/// Who makes tokens.
pub(crate) struct Issuer(EcdsaKeyPair);

impl Issuer {
    pub(crate) fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    /// The key as a set.
    pub(super) fn jwks(&self, kid: &str) -> String {
        let point = self.0.public_key().as_ref();
        let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
        let key = json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
            "x": x, "y": y});
        json!({ "keys": [key] }).to_string()
    }

    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", base64url(signature.as_ref()))
    }

    /// A good token, but for this change.
    pub(crate) fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = claims();
        change(&mut claims);
        self.sign(&header(), &claims)
    }
}

pub(super) fn header() -> Value {
    json!({"alg": "ES256", "typ": "JWT", "kid": KID})
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": ["account", "pacsgate"], "sub": "alice", "exp": now() + 300,
        "iat": now(), "azp": "ris", "ae": ["CT1", "CT9"]})
}

pub(super) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

pub(super) fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|at| u32::from(group.get(at).copied().unwrap_or_default()));
        let bits = a << 16 | b << 8 | c;
        for digit in 0..=group.len() {
            text.push(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize].into());
        }
    }
    text
}

/// `ct1` has to show a token of this issuer for `alice`.
pub(crate) fn with_tokens(mut settings: Settings, issuer: &Issuer) -> Settings {
    settings.file("login.jwks", &issuer.jwks(KID));
    let login = Table::from([
        ("issuer", format!("{ISSUER:?}")),
        ("audience", r#"["pacsgate"]"#.into()),
        ("algorithms", r#"["ES256"]"#.into()),
        ("keys", r#""login.jwks""#.into()),
        ("leeway", r#""0s""#.into()),
    ]);
    settings.more.push(("issuer.login", login));
    settings.ct1.insert("user_identity", r#""jwt""#.into());
    settings.ct1.insert("subjects", r#"["alice"]"#.into());
    settings
}

fn refuses(issuer: &Issuer, shown: &str, reason: &str) {
    let usual = |settings| with_tokens(settings, issuer);
    let (scenario, line) = refused(usual, &request(token(shown)), reason);
    assert_eq!(scenario.gate.stop().counted("refused", reason), 1, "{line}");
}

#[test]
fn permits_a_token_and_names_its_subject() {
    let issuer = Issuer::new();
    let scenario = Scenario::with(|settings| with_tokens(settings, &issuer));
    let shown = request(asking(token(&issuer.token(|_| {}))));
    assert_eq!(accepted(scenario.ct1(), &shown), [0x51, 0x52, 0x59]);
    let line = scenario.gate.wait_for_audit(|line| line["event"] == "closed");
    assert_eq!((&line["user"], &line["issuer"]), (&"alice".into(), &"login".into()), "{line}");
    assert_never_saw_an_identity(&scenario.pacs);
}

#[test]
fn refuses_tokens_that_are_not_for_this_peer_now() {
    let issuer = Issuer::new();
    let of = |change: fn(&mut Value)| issuer.token(change);
    for (shown, reason) in [
        (of(|claims| claims["sub"] = json!("bob")), "token-subject"),
        (of(|claims| claims["aud"] = json!("other")), "token-audience"),
        (of(|claims| claims["iss"] = json!(format!("{ISSUER}/"))), "token-issuer"),
        (of(|claims| claims["exp"] = json!(now() - 1)), "token-expired"),
        (of(|claims| claims["nbf"] = json!(now() + 60)), "token-not-yet-valid"),
        (of(|claims| drop(claims.as_object_mut().unwrap().remove("exp"))), "token-claims"),
        (of(|claims| drop(claims.as_object_mut().unwrap().remove("aud"))), "token-claims"),
        (of(|claims| drop(claims.as_object_mut().unwrap().remove("iss"))), "token-claims"),
        (of(|claims| drop(claims.as_object_mut().unwrap().remove("sub"))), "token-claims"),
        (of(|claims| claims["exp"] = json!("2099-01-01")), "token-claims"),
        (of(|claims| claims["aud"] = json!({"pacsgate": true})), "token-claims"),
        (of(|claims| claims["sub"] = json!(["alice"])), "token-claims"),
        (of(|claims| claims["iss"] = json!([ISSUER])), "token-claims"),
        (of(|claims| claims["cnf"] = json!({"jkt": "x"})), "token-binding"),
        (of(|claims| claims["big"] = json!("x".repeat(20_000))), "token-too-long"),
    ] {
        refuses(&issuer, &shown, reason);
    }
}

#[test]
fn refuses_forged_tokens() {
    let issuer = Issuer::new();
    let good = issuer.token(|_| {});
    let with = |name: &str, value: Value| {
        let mut header = header();
        header[name] = value;
        issuer.sign(&header, &claims())
    };
    let parts: Vec<&str> = good.split('.').collect();
    let none = base64url(br#"{"alg":"none"}"#);
    for (shown, reason) in [
        (Issuer::new().token(|_| {}), "token-signature"),
        (format!("{none}.{}.", parts[1]), "token-algorithm"),
        (with("alg", json!("RS256")), "token-algorithm"),
        (with("alg", json!("HS256")), "token-algorithm"),
        (with("kid", json!("../../etc/passwd")), "token-key"),
        (with("jku", json!("https://evil.example/")), "token-header"),
        (with("jwk", json!({"kty": "EC"})), "token-header"),
        (with("x5u", json!("https://evil.example/")), "token-header"),
        (with("x5c", json!(["MIIB"])), "token-header"),
        (with("b64", json!(false)), "token-header"),
        (with("crit", json!(["exp"])), "token-header"),
        (format!("{good}.x.y"), "token-malformed"),
        ("alice".to_owned(), "token-malformed"),
        (String::new(), "token-malformed"),
    ] {
        refuses(&issuer, &shown, reason);
    }
}

#[test]
fn a_token_names_the_titles_that_it_is_for() {
    let issuer = Issuer::new();
    let usual = |settings| {
        let mut settings = with_tokens(settings, &issuer);
        settings.ct1.remove("subjects");
        settings.ct1.insert("ae_claim", r#""ae""#.into());
        settings.ct1.insert("claims", r#"{ azp = "ris" }"#.into());
        settings
    };
    let good = token(&issuer.token(|_| {}));
    let scenario = Scenario::with(usual);
    accepted(scenario.ct1(), &request(good.clone()));
    // Both titles are the peer's; the token is for one of them.
    refused(usual, &request_as("CT1_QR", good), "token-title");
    let other = token(&issuer.token(|claims| claims["azp"] = json!("pacs")));
    refused(usual, &request(other), "token-claim");
}

#[test]
fn a_bound_token_is_for_whoever_holds_the_certificate() {
    let issuer = Issuer::new();
    let bound = |der: &[u8]| {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
        let cnf = json!({"x5t#S256": base64url(digest.as_ref())});
        token(&issuer.token(|claims| claims["cnf"] = cnf))
    };
    let usual = |settings| with_tokens(settings, &issuer);
    let scenario = Scenario::with(usual);
    accepted(scenario.ct1(), &request(bound(site().ct1.leaf())));
    refused(usual, &request(bound(site().mr1.leaf())), "token-binding");
}

#[test]
fn an_association_does_not_outlive_its_token() {
    let issuer = Issuer::new();
    let scenario = Scenario::with(|settings| with_tokens(settings, &issuer));
    let short = issuer.token(|claims| claims["exp"] = json!(now() + 2));
    let mut requestor = scenario.ct1();
    requestor.associate(&request(token(&short)));
    let line = scenario.gate.audited("closed", "token-ended");
    assert_eq!(line["user"], "alice");
}

#[test]
fn a_token_that_another_clock_accepts_is_good_for_a_while() {
    let issuer = Issuer::new();
    let scenario = Scenario::with(|settings| {
        let mut settings = with_tokens(settings, &issuer);
        settings.more.last_mut().unwrap().1.insert("leeway", r#""60s""#.into());
        settings
    });
    let late = issuer.token(|claims| claims["exp"] = json!(now() - 5));
    accepted(scenario.ct1(), &request(token(&late)));
    let line = scenario.gate.wait_for_audit(|line| line["event"] == "closed");
    assert_eq!(line["reason"], "released", "{line}");
}

#[test]
fn ends_the_association_of_a_token_that_other_rules_would_not_accept() {
    let issuer = Issuer::new();
    let scenario = Scenario::with(|settings| with_tokens(settings, &issuer));
    let mut requestor = scenario.ct1();
    requestor.associate(&request(token(&issuer.token(|_| {}))));
    edit(&scenario.gate, r#"["pacsgate"]"#, r#"["another"]"#);
    reload(&scenario.gate);
    scenario.gate.audited("closed", "withdrawn");
}

#[test]
fn ends_the_association_of_an_issuer_whom_a_reload_has_taken_out() {
    let issuer = Issuer::new();
    let scenario = Scenario::with(|settings| with_tokens(settings, &issuer));
    let mut requestor = scenario.ct1();
    requestor.associate(&request(token(&issuer.token(|_| {}))));
    edit(&scenario.gate, "[issuer.login]", "[issuer.other]");
    reload(&scenario.gate);
    let line = scenario.gate.audited("closed", "withdrawn");
    assert!(line["detail"].to_string().contains("issuer"), "{line}");
}
