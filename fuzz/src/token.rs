//! A header and claims with a byte 0 between them, which are encoded here; without one, a token as it
//! comes.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pacsgate_core::identity::unverified::{Expected, Unverified};
use pacsgate_core::identity::{MAX_CLAIMS, MAX_TOKEN};

use crate::limits::{TOKEN_BASE, TOKEN_FACTOR, peak};

/// What the seeds are for, and when.
const AUDIENCE: &str = "pacsgate";
const NOW: i64 = 900;

/// A token gets a verdict that takes no more memory than it may; what is accepted says what another
/// reader finds in it.
///
/// # Panics
///
/// If it does not.
pub fn holds(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let token = match (parts.next(), parts.next()) {
        (Some(header), Some(claims)) => {
            let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
            format!("{header}.{claims}.").into_bytes()
        }
        _ => input.to_vec(),
    };
    let table: Arc<str> = "table".into();
    let audience = [AUDIENCE.into()];
    let expected = Expected { table: &table, audience: &audience, leeway: 30 };
    let judge = || Unverified::read(&token)?.judge(&expected, NOW);
    let taken = peak(|| drop(judge()));
    assert!(taken <= TOKEN_FACTOR * token.len() + TOKEN_BASE, "{taken} bytes");
    let Ok(judged) = judge() else { return };
    assert!(token.len() <= MAX_TOKEN && judged.claims.len() <= MAX_CLAIMS);
    assert!(judged.expires > NOW - 30 && !judged.subject.is_empty());
    // serde_json has the last of two members: where there were two, this would be another one.
    let claims = token.split(|byte| *byte == b'.').nth(1).expect("it has passed");
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("it has passed");
    let other: serde_json::Value = serde_json::from_slice(&claims).expect("it has passed");
    assert_eq!(other["sub"].as_str(), Some(&*judged.subject));
    let is_ours = |one: &serde_json::Value| one.as_str() == Some(AUDIENCE);
    assert!(
        is_ours(&other["aud"])
            || other["aud"].as_array().is_some_and(|all| all.iter().any(is_ours))
    );
}
