//! Tokens of nothing but what costs most.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pacsgate_core::identity::unverified::{Expected, MAX_TOKEN, Unverified};

use crate::limits::{TOKEN_BASE, TOKEN_FACTOR, peak};

/// The longest token whose claims are a list of the same.
fn token(one: &str) -> Vec<u8> {
    let sound = r#"{"iss":"i","aud":"a","exp":9,"sub":"s","x":["#;
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
    let room = (MAX_TOKEN - header.len() - 2) / 4 * 3 - sound.len() - "]}".len();
    let list = vec![one; (room + 1) / (one.len() + 1)].join(",");
    let claims = URL_SAFE_NO_PAD.encode(format!("{sound}{list}]}}"));
    format!("{header}.{claims}.").into_bytes()
}

fn judge(token: &[u8]) {
    let table = Arc::from("keycloak");
    let expected = Expected { table: &table, audience: &["a".into()], leeway: 0 };
    assert!(Unverified::read(token).unwrap().judge(&expected, 0).is_ok());
}

#[test]
fn no_token_takes_more_than_its_share() {
    for one in ["0", "{}", "[]", "[0]", "\"\"", "\"a\"", r#"{"":0}"#, r#"{"a":"b"}"#, "[[[[]]]]"] {
        let token = token(one);
        assert!(token.len() > MAX_TOKEN - 100, "{}", token.len());
        let taken = peak(|| judge(&token));
        assert!(taken <= TOKEN_FACTOR * token.len() + TOKEN_BASE, "{one}: {taken}");
    }
}
