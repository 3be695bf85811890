//! Tokens of nothing but what costs most.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pacsgate_core::identity::MAX_TOKEN;
use pacsgate_core::identity::json::object;
use pacsgate_core::identity::unverified::{Expected, Unverified};

use crate::limits::{KEYS, TOKEN_BASE, TOKEN_FACTOR, peak};

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

/// A file of keys of 1 MiB, of nothing but what costs most, as far as the number of values goes.
#[test]
fn no_set_of_keys_takes_more_than_its_share() {
    const LONGEST: usize = 1024 * 1024;
    const VALUES: usize = 16 * 1024;
    for (one, values) in [("0", 1), ("{\"\":0}", 2), ("{\"\":\"TEXT\"}", 2), ("[[]]", 2)] {
        let count = (VALUES - 2) / values;
        let text = "t".repeat(LONGEST / count - 12);
        let list = vec![one.replace("TEXT", &text); count].join(",");
        let set = format!("{{\"keys\":[{list}]}}");
        assert!(set.len() <= LONGEST, "{}", set.len());
        let taken = peak(|| assert!(object(set.as_bytes(), VALUES).is_ok()));
        assert!(taken <= KEYS, "{one}: {taken}");
    }
}
