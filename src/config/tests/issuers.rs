//! `[issuer.NAME]`: what loads, and what is told otherwise.

use std::time::{Duration, SystemTime};

use rcgen::KeyPair;

use super::site::{MAIN, Site};

/// Sound, with keys from a file; it begins in line 20.
const FILE: &str = r#"
[issuer.login]
issuer = "https://login.example/"
audience = ["pacsgate"]
algorithms = ["ES256"]
keys = "login.pem"
"#;
/// The same with keys from a URL.
const URL: &str = r#"
[issuer.login]
issuer = "https://login.example/"
audience = ["pacsgate", "api://pacsgate"]
algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
keys_url = "https://login.example/certs"
keys_ca = "tls/ca.pem"
refresh = "1m"
max_stale = "2h"
leeway = "120s"
outlive = "5m"
"#;

fn site(more: &str) -> Site {
    let site = Site::new(&format!("{MAIN}{more}"));
    let (one, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    site.write("login.pem", one.public_key_pem());
    site.write("two.pem", one.public_key_pem() + &other.public_key_pem());
    site.write("secret.pem", one.serialize_pem());
    site.write("large.jwks", vec![b' '; 1024 * 1024 + 1]);
    site.write("page.jwks", "<html></html>");
    site
}

/// What is told where a line is written in another way.
fn told(sound: &str, line: &str, instead: &str) -> String {
    assert!(sound.contains(line), "{line}");
    site(&sound.replacen(line, instead, 1)).told()
}

#[test]
fn issuers_load_with_keys_from_a_file_and_from_a_url() {
    let settings = site(FILE).load().unwrap();
    assert!(settings.site.issuers.has("login") && !settings.site.issuers.has("other"));
    assert_eq!(settings.site.issuers.outlive("login"), Duration::from_secs(30));
    assert_eq!(settings.loaded.named, 4, "the file of keys is named");
    let settings = site(URL).load().unwrap();
    assert_eq!(settings.site.issuers.outlive("login"), Duration::from_secs(300));
    assert_eq!(settings.site.issuers.outlive("other"), Duration::ZERO);
}

#[test]
fn a_drop_in_may_have_an_issuer() {
    let site = site("");
    site.write("conf.d/login.toml", FILE.replace("login.pem", "../login.pem"));
    assert!(site.load().unwrap().site.issuers.has("login"));
}

/// The line of the keys, and what others in its place are told.
const KEYS: &str = "keys = \"login.pem\"";
const MISTAKES: &[(&str, &str, &str)] = &[
    ("issuer = \"https", "#", "20:9: issuer.login.issuer: is missing; add it"),
    ("[\"pacsgate\"]", "[]", "22:1: issuer.login.audience: is empty; name at least one"),
    ("audience = [\"pacsgate\"]", "", "20:9: issuer.login.audience: is missing; add it"),
    (
        "\"ES256\"",
        "\"HS256\"",
        "23:15: issuer.login.algorithms[0]: \"HS256\" is symmetric, and whoever verifies by it could make \
             tokens; let the issuer sign by another",
    ),
    (
        "\"ES256\"",
        "\"none\"",
        "23:15: issuer.login.algorithms[0]: \"none\" is not an algorithm of signatures; known are RS256, \
             RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA",
    ),
    (
        "\"ES256\"",
        "\"RS256\"",
        "24:1: issuer.login.keys: login.pem: has no key for any of these `algorithms`; correct them, or \
             name the file of this issuer",
    ),
    (
        KEYS,
        "",
        "20:9: issuer.login.keys: is missing; name a file of keys here, or a URL in keys_url",
    ),
    (
        KEYS,
        "keys = \"https://login.example/certs\"",
        "24:1: issuer.login.keys: is a URL; write it as `keys_url`, with `keys_ca` beside it",
    ),
    (KEYS, "keys = \"absent\"", "24:1: issuer.login.keys: absent: no such file; correct the path"),
    (
        KEYS,
        "keys = \"two.pem\"",
        "24:1: issuer.login.keys: two.pem: holds several keys of one kind, and keys in PEM have no `kid` \
             by which a token names one; write a JWK set",
    ),
    (
        KEYS,
        "keys = \"secret.pem\"",
        "24:1: issuer.login.keys: secret.pem: holds a private key; with it anybody can make tokens, so \
             take it out and keep it with the issuer",
    ),
    (KEYS, "keys = \"large.jwks\"", "24:1: issuer.login.keys: large.jwks: is larger than 1024 KiB"),
    (
        KEYS,
        "keys = \"page.jwks\"",
        "24:1: issuer.login.keys: page.jwks: is not JSON, nor PEM; a file of keys is a JWK set (RFC \
             7517) or PEM",
    ),
    (
        KEYS,
        "keys = \"login.pem\"\nrefresh = \"1h\"",
        "25:1: issuer.login.refresh: has no effect without keys_url",
    ),
    (
        KEYS,
        "keys = \"login.pem\"\nkeys_url = \"https://a.example\"",
        "25:1: issuer.login.keys_url: is there beside `keys`; the keys of an issuer come from one of the \
             two, so remove one",
    ),
    (
        KEYS,
        "keys = \"login.pem\"\nleeway = \"121s\"",
        "25:1: issuer.login.leeway: \"121s\" is outside 0s to 2m",
    ),
    (
        KEYS,
        "keys = \"login.pem\"\nmax_stail = \"1d\"",
        "25:1: issuer.login.max_stail: unknown key; did you mean `max_stale`?",
    ),
];

#[test]
fn mistakes_in_an_issuer_are_told_with_their_place_and_cure() {
    for (line, instead, expected) in MISTAKES {
        assert_eq!(told(FILE, line, instead), format!("pacsgate.toml:{expected}"), "{instead}");
    }
}

#[test]
fn mistakes_with_a_url_are_told() {
    for (line, instead, expected) in [
        ("keys_ca = \"tls/ca.pem\"\n", "", "20:9: issuer.login.keys_ca: is missing; add it"),
        (
            "https://login.example/certs",
            "http://login.example/certs",
            "24:1: issuer.login.keys_url: \"http://login.example/certs\" does not begin with \"https://\"; keys \
             are fetched over TLS only",
        ),
        (
            "\"2h\"",
            "\"1m\"",
            "27:1: issuer.login.max_stale: is not longer than `refresh`, so that the keys would be too old \
             before they are fetched again",
        ),
        (
            "tls/ca.pem",
            "tls/gateway.key",
            "25:1: issuer.login.keys_ca: tls/gateway.key: holds a private key, not a certificate; have two \
             paths been swapped?",
        ),
        ("\"1m\"", "\"1s\"", "26:1: issuer.login.refresh: \"1s\" is outside 10s to 1d"),
    ] {
        assert_eq!(told(URL, line, instead), format!("pacsgate.toml:{expected}"), "{instead}");
    }
}

#[test]
fn two_issuers_with_one_name_in_tokens_do_not_load() {
    let second = FILE.replace("login]", "other]");
    assert_eq!(
        site(&format!("{FILE}{second}")).told(),
        "pacsgate.toml:27:1: issuer.other.issuer: is that of [issuer.login] as well, at \
         pacsgate.toml:21:1; a token says by it whose it is, so remove one"
    );
}

#[test]
fn no_variable_makes_or_changes_an_issuer() {
    let variable = [("PACSGATE__ISSUER__LOGIN__KEYS", "/tmp/keys")];
    let told = site(FILE).told_in(&variable);
    assert!(
        told.contains("CAs, and whether a listener has TLS, are never taken from the environment"),
        "{told}"
    );
}

#[test]
fn what_is_no_table_of_an_issuer_is_told() {
    let told = site("[issuer]\nissuer = \"https://login.example/\"\n").told();
    assert!(told.contains("must be a table with a name, such as [issuer.login]"), "{told}");
}

#[test]
fn warns_of_a_ca_of_keys_at_the_end_of_its_time() {
    // Ten days before the end of the certificates that a site has here.
    let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(67_090_118_400 - 10 * 86_400);
    let warned = site(URL).warned_at(moment);
    let expected = "issuer.login.keys_ca: tls/ca.pem: the CA \"CN=imaging.example\" expires on \
                    4096-01-01T00:00:00Z, in 10 days; renew it";
    assert!(warned.lines().any(|line| line.ends_with(expected)), "{warned}");
}

#[test]
fn shows_no_password_that_stands_in_a_url() {
    for url in ["https://u:canary@x/k", "http://u:canary@x/k", "https://u:canary@x/k#part"] {
        let told = told(URL, "https://login.example/certs", url);
        assert!(told.contains("issuer.login.keys_url: ") && told.contains("...@x/k"), "{told}");
        assert!(!told.contains("canary"), "{told}");
    }
}
