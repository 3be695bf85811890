//! What nobody may read: passwords and tokens, right or wrong, whatever becomes of them.

use super::tokens::{Issuer, base64url, header, with_tokens};
use super::{ct1, password, request, token, with_passwords};
use crate::support::associate::{Associate, Item};
use crate::support::scenario::Scenario;
use crate::support::settings::Settings;
use serde_json::json;

/// In a password, a name and a token.
const CANARY: &str = "Kanarienvogel-4711";

/// Sends all of these, one after the other, and looks for the canary in all that the gate ever said.
fn is_silent(change: impl FnOnce(Settings) -> Settings, shown: &[Associate]) {
    let scenario = Scenario::with(|settings| {
        let mut settings = change(settings);
        settings.log.insert("level", r#""trace""#.into());
        settings
    });
    for request in shown {
        let mut requestor = ct1().call(scenario.gate.address).unwrap();
        requestor.send(&request.encode());
        let _ = requestor.receive();
    }
    let stopped = scenario.gate.stop();
    let said = stopped.stdout + &stopped.stderr;
    let bytes = CANARY.as_bytes();
    let hex = |separator: &str| {
        let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
        digits.collect::<Vec<_>>().join(separator)
    };
    let numbers = bytes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let encoded = base64url(bytes);
    for form in [CANARY, &hex(""), &hex(" "), &numbers, encoded.trim_end_matches('=')] {
        assert!(!said.contains(form), "{form} in {said}");
    }
}

#[test]
fn no_output_has_a_password() {
    let good = password("alice", CANARY);
    let mut cut = good.clone();
    cut.body.truncate(cut.body.len() - 1);
    let shown = [
        request(good.clone()),
        request(password("alice", &format!("{CANARY}!"))),
        request(password(CANARY, "wrong")),
        request(Item::identity(1, CANARY.as_bytes(), b"")),
        request(Item::identity(3, CANARY.as_bytes(), CANARY.as_bytes())),
        request(good.clone().lying(3)),
        request(good.clone().lying(0xffff)),
        request(cut),
        request(good.clone()).with_user(good.clone()),
        Associate::echo("CT9", "PACS").with_user(good.clone()),
        Associate::echo("CT1", "NOWHERE").with_user(good),
    ];
    is_silent(|settings| with_passwords(settings, &["alice"], &["alice"]), &shown);
}

#[test]
fn no_output_has_a_token() {
    let issuer = Issuer::new();
    let with_canary = issuer.token(|claims| claims["note"] = json!(CANARY));
    let mut odd = header();
    odd["kid"] = json!(CANARY);
    let shown = [
        request(token(CANARY)),
        request(token(&format!("{CANARY}.{CANARY}.{CANARY}"))),
        request(token(&with_canary)),
        request(token(&issuer.sign(&odd, &json!({"iss": CANARY})))),
        request(token(&issuer.token(|claims| claims["iss"] = json!(CANARY)))),
        request(token(&issuer.token(|claims| claims["aud"] = json!(CANARY)))),
        request(token(&issuer.token(|claims| claims["exp"] = json!(CANARY)))),
        request(token(&Issuer::new().token(|claims| claims["sub"] = json!(CANARY)))),
    ];
    is_silent(|settings| with_tokens(settings, &issuer), &shown);
}
