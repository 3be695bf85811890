mod attacks;
mod fetching;
mod keys;
mod maker;
mod providers;
mod rereading;
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pacsgate_core::identity::Token;
use pacsgate_core::policy::Denial;
use serde_json::{Value, json};

use super::store::Pace;
use super::{ALGORITHMS, Issuer, Issuers, KeyStore, Keys, Rules, Source, read};
use maker::Maker;

/// An `iss`, and what tokens of it are for.
const ISS: &str = "https://login.hospital.example/realms/imaging";
const AUDIENCE: &str = "pacsgate";
/// When the tokens are shown that are made here, in seconds since the epoch.
const NOW: u64 = 1_767_225_600;
/// Longer than anything here takes, if it ends at all.
const HANG: Duration = Duration::from_secs(30);

/// As fast as tests want it.
const FAST: Pace = Pace {
    every: Duration::from_millis(20),
    patience: Duration::from_secs(10),
    soonest: Duration::from_millis(20),
    again: Duration::from_millis(20),
    max_stale: Duration::from_secs(3600),
};

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

fn rules(iss: &str) -> Rules {
    Rules {
        issuer: iss.into(),
        audience: vec![AUDIENCE.into()],
        algorithms: ALGORITHMS.iter().map(|(_, algorithm)| *algorithm).collect(),
        leeway: Duration::from_secs(30),
        outlive: Duration::ZERO,
    }
}

/// An issuer whose keys nobody reads again.
fn issuer(name: &str, iss: &str, keys: &[u8]) -> Issuer {
    let source = Source::File("/nowhere".into());
    let keys = Some(read(keys).unwrap());
    Issuer::new(name.into(), rules(iss), KeyStore::paced(name.into(), source, keys, FAST))
}

/// The issuer `login` with these keys.
fn login(keys: &[&Maker]) -> Issuers {
    [issuer("login", ISS, &maker::set(keys))].into_iter().collect()
}

/// The least that is accepted.
fn claims() -> Value {
    json!({ "iss": ISS, "aud": AUDIENCE, "sub": "ct1", "exp": NOW + 300 })
}

fn verify(issuers: &Issuers, token: &str) -> Result<Token, Denial> {
    issuers.verify(token.as_bytes(), now())
}

/// Polls until something is so, as another task makes it so.
async fn until(mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(HANG, waiting).await.expect("it hangs");
}

/// Two issuers, one with keys from this source and one that has nothing to do with it.
fn beside(source: Source, keys: Option<Keys>, pace: Pace) -> Issuers {
    let store = KeyStore::paced(Arc::from("login"), source, keys, pace);
    let login = Issuer::new("login".into(), rules(ISS), store);
    let other = issuer("other", "https://other.example", &maker::set(&[&maker::EC]));
    [login, other].into_iter().collect()
}

/// Whether the other one accepts its tokens, as it always has to.
fn other_serves(issuers: &Issuers) -> bool {
    let mut claims = claims();
    claims["iss"] = "https://other.example".into();
    verify(issuers, &maker::EC.token(&claims)).is_ok()
}

fn much_later() -> Instant {
    Instant::now() + FAST.max_stale + Duration::from_secs(1)
}
