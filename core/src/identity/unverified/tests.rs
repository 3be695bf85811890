use proptest::prelude::*;

use super::*;

/// A header as Keycloak, Auth0 and Entra ID have it.
const HEADER: &str = r#"{"alg":"RS256","typ":"JWT","kid":"k1"}"#;
/// The least that an access token has.
const CLAIMS: &str = r#"{"iss":"https://login.example/","aud":"pacsgate","exp":1000,"sub":"ct1"}"#;

fn token(header: &str, claims: &str) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{claims}.c2ln")
}

fn with_header(member: &str) -> String {
    token(&HEADER.replace('}', &format!(",{member}}}")), CLAIMS)
}

/// The least of claims with one in the place of another, or with one more.
fn claims(name: &str, value: &str) -> String {
    let mut all: serde_json::Value = serde_json::from_str(CLAIMS).unwrap();
    all[name] = serde_json::from_str(value).unwrap();
    all.to_string()
}

fn refused(token: &str) -> Denial {
    Unverified::read(token.as_bytes()).unwrap_err()
}

fn judged_at(claims: &str, now: i64) -> Result<Token, Denial> {
    let token = token(HEADER, claims);
    let unverified = Unverified::read(token.as_bytes())?;
    let (table, audience) = ("keycloak".into(), ["pacsgate".into(), "https://pacs.example".into()]);
    unverified.judge(&Expected { table: &table, audience: &audience, leeway: 30 }, now)
}

fn judged(claims: &str) -> Result<Token, Denial> {
    judged_at(claims, 900)
}

#[test]
fn reads_what_says_which_key_is_needed() {
    let token = token(HEADER, CLAIMS);
    let read = Unverified::read(token.as_bytes()).unwrap();
    assert_eq!((&*read.algorithm, read.key_id.as_deref()), ("RS256", Some("k1")));
    assert_eq!((&*read.issuer, read.compact), ("https://login.example/", token.as_bytes()));
}

#[test]
fn a_token_needs_no_kid_and_no_typ() {
    let token = token(r#"{"alg":"ES256"}"#, CLAIMS);
    assert_eq!(Unverified::read(token.as_bytes()).unwrap().key_id, None);
}

#[test]
fn what_a_file_has_around_a_token_is_no_part_of_it() {
    let token = token(HEADER, CLAIMS);
    for (before, after) in [("", "\n"), ("", "\r\n"), ("", "\0"), ("", "\n\0"), (" ", " ")] {
        let sent = format!("{before}{token}{after}");
        assert_eq!(Unverified::read(sent.as_bytes()).unwrap().compact, token.as_bytes());
    }
    assert_eq!(refused(&token.replace('.', "\n.")), Denial::TokenMalformed);
}

#[test]
fn a_token_over_16_kib_is_not_even_decoded() {
    assert_eq!(refused(&"?".repeat(MAX_TOKEN + 1)), Denial::TokenTooLong);
    assert_eq!(refused(&"?".repeat(MAX_TOKEN)), Denial::TokenMalformed);
}

#[test]
fn an_encrypted_token_is_none() {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#);
    assert_eq!(refused(&format!("{header}.a2V5.aXY.dGV4dA.dGFn")), Denial::TokenMalformed);
}

#[test]
fn refuses_what_is_no_token_in_compact_form() {
    let sound = token(HEADER, CLAIMS);
    let padded = sound.replace('.', "=.");
    let json = format!("{{\"payload\":\"{}\"}}", URL_SAFE_NO_PAD.encode(CLAIMS));
    for text in ["", ".", "..", "a.b", "a.b.c", "Bearer a.b.c", &padded, &json, "\0"] {
        assert_eq!(refused(text), Denial::TokenMalformed, "{text}");
    }
    // Bits behind the last byte, with which one token could be written in several ways.
    let header = URL_SAFE_NO_PAD.encode(HEADER);
    let loose = header.replacen("n0", "n1", 1);
    assert!(header.ends_with("n0") && loose.ends_with("n1"), "{header}");
    assert_eq!(refused(&sound.replace(&header, &loose)), Denial::TokenMalformed);
    // The alphabet of plain base64.
    let plain = format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(HEADER), "eyJhIjoiPz8/In0");
    assert_eq!(refused(&plain), Denial::TokenMalformed);
}

#[test]
fn refuses_a_header_that_is_no_object_with_alg() {
    for header in ["[]", "\"RS256\"", "{}", r#"{"alg":1}"#, r#"{"alg":""}"#, r#"{"alg":["RS256"]}"#]
    {
        assert_eq!(refused(&token(header, CLAIMS)), Denial::TokenMalformed, "{header}");
    }
}

#[test]
fn refuses_members_that_come_twice() {
    assert_eq!(refused(&with_header(r#""alg":"none""#)), Denial::TokenMalformed);
    let twice = CLAIMS.replace('}', r#","aud":"other"}"#);
    assert_eq!(refused(&token(HEADER, &twice)), Denial::TokenMalformed);
}

#[test]
fn refuses_a_header_that_brings_its_own_key_or_extension() {
    for member in [
        r#""jku":"https://evil.example/jwks""#,
        r#""jwk":{"kty":"RSA","n":"AQAB","e":"AQAB"}"#,
        r#""x5u":"https://evil.example/cert""#,
        r#""x5c":["MIIB"]"#,
        r#""crit":["exp"],"exp":1"#,
        r#""b64":false"#,
        r#""b64":true"#,
        r#""jku":null"#,
    ] {
        assert_eq!(refused(&with_header(member)), Denial::TokenHeader, "{member}");
    }
    // Entra ID names the certificate of the key, which is no key.
    let thumbprints = with_header(r#""x5t":"abc","x5t#S256":"abc""#);
    assert!(Unverified::read(thumbprints.as_bytes()).is_ok());
}

#[test]
fn a_kid_is_a_string() {
    for kid in ["1", "null", "[\"k1\"]", "\"\""] {
        let header = HEADER.replace("\"k1\"", kid);
        assert_eq!(refused(&token(&header, CLAIMS)), Denial::TokenMalformed, "{kid}");
    }
}

#[test]
fn takes_the_types_of_access_tokens_and_no_others() {
    let typ = |typ: &str| token(&HEADER.replace("\"JWT\"", typ), CLAIMS);
    for access in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/JWT"] {
        assert!(Unverified::read(typ(&format!("\"{access}\"")).as_bytes()).is_ok(), "{access}");
    }
    for other in
        ["\"logout+jwt\"", "\"dpop+jwt\"", "\"secevent+jwt\"", "\"JOSE\"", "\"\"", "1", "null"]
    {
        assert_eq!(refused(&typ(other)), Denial::TokenType, "{other}");
    }
}

#[test]
fn an_issuer_is_one_string() {
    for iss in ["null", "1", "\"\"", "[\"https://login.example/\"]", "{}"] {
        assert_eq!(refused(&token(HEADER, &claims("iss", iss))), Denial::TokenClaims, "{iss}");
    }
    assert_eq!(refused(&token(HEADER, r#"{"aud":"pacsgate"}"#)), Denial::TokenClaims);
}

#[test]
fn a_sound_token_says_who_it_is_for_how_long() {
    let token = judged(CLAIMS).unwrap();
    assert_eq!((&*token.issuer, &*token.subject, token.expires), ("keycloak", "ct1", 1000));
    assert_eq!(token.bound_to, None);
}

#[test]
fn each_claim_that_is_missing_or_of_another_type_is_refused() {
    for name in ["exp", "aud", "sub"] {
        let mut all: serde_json::Value = serde_json::from_str(CLAIMS).unwrap();
        all.as_object_mut().unwrap().remove(name);
        assert_eq!(judged(&all.to_string()), Err(Denial::TokenClaims), "{name}");
    }
    for (name, value) in [
        ("exp", "\"1000\""),
        ("exp", "null"),
        ("exp", "[1000]"),
        ("exp", "1e300"),
        ("exp", "99999999999999999999"),
        ("nbf", "\"0\""),
        ("nbf", "null"),
        ("nbf", "true"),
        ("aud", "1"),
        ("aud", "null"),
        ("aud", "{\"pacsgate\":1}"),
        ("aud", "[\"pacsgate\",1]"),
        ("sub", "1"),
        ("sub", "\"\""),
        ("sub", "[\"ct1\"]"),
    ] {
        assert_eq!(judged(&claims(name, value)), Err(Denial::TokenClaims), "{name} {value}");
    }
}

#[test]
fn a_token_expires_at_exp_and_the_leeway() {
    assert!(judged_at(CLAIMS, 1029).is_ok());
    for now in [1030, 1031, i64::MAX] {
        assert_eq!(judged_at(CLAIMS, now), Err(Denial::TokenExpired), "{now}");
    }
    assert!(judged_at(&claims("exp", "1000.9"), 1029).is_ok());
    assert_eq!(judged_at(&claims("exp", "1000.9"), 1030), Err(Denial::TokenExpired));
    assert_eq!(judged(&claims("exp", "-1")), Err(Denial::TokenExpired));
    assert!(judged(&claims("exp", &i64::MAX.to_string())).is_ok());
}

#[test]
fn a_token_is_valid_from_nbf_less_the_leeway() {
    assert!(judged(&claims("nbf", "930")).is_ok());
    assert_eq!(judged(&claims("nbf", "931")), Err(Denial::TokenNotYetValid));
    assert_eq!(judged(&claims("nbf", &i64::MAX.to_string())), Err(Denial::TokenNotYetValid));
    assert!(judged(&claims("nbf", &i64::MIN.to_string())).is_ok());
}

#[test]
fn one_audience_has_to_be_the_gates() {
    for ours in ["\"pacsgate\"", "[\"account\",\"pacsgate\"]", "\"https://pacs.example\""] {
        assert!(judged(&claims("aud", ours)).is_ok(), "{ours}");
    }
    for theirs in ["\"account\"", "\"PACSGATE\"", "\"pacsgate \"", "[]", "[\"a\",\"b\"]", "\"\""] {
        assert_eq!(judged(&claims("aud", theirs)), Err(Denial::TokenAudience), "{theirs}");
    }
}

#[test]
fn a_subject_has_256_characters_at_most() {
    let sub = |length| claims("sub", &format!("\"{}\"", "ä".repeat(length)));
    assert!(judged(&sub(MAX_SUBJECT)).is_ok());
    assert_eq!(judged(&sub(MAX_SUBJECT + 1)), Err(Denial::TokenClaims));
}

#[test]
fn a_binding_to_a_certificate_is_read_and_every_other_refused() {
    let digest = URL_SAFE_NO_PAD.encode([7; 32]);
    let bound = judged(&claims("cnf", &format!(r#"{{"x5t#S256":"{digest}"}}"#))).unwrap();
    assert_eq!(bound.bound_to, Some(Digest([7; 32])));
    for cnf in [
        r#"{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#,
        r#"{"x5t#S256":"DIGEST","jkt":"0ZcO"}"#,
        r#"{"x5t#S256":"DIGES"}"#,
        r#"{"x5t#S256":"DIGEST="}"#,
        r#"{"x5t#S256":"DIGESTAA"}"#,
        r#"{"x5t#S256":1}"#,
        r#"{"x5t":"DIGEST"}"#,
        "{}",
        "null",
        "\"DIGEST\"",
    ] {
        let cnf = cnf.replace("DIGEST", &digest);
        assert_eq!(judged(&claims("cnf", &cnf)), Err(Denial::TokenBinding), "{cnf}");
    }
    let short = URL_SAFE_NO_PAD.encode([7; 31]);
    let cnf = format!(r#"{{"x5t#S256":"{short}"}}"#);
    assert_eq!(judged(&claims("cnf", &cnf)), Err(Denial::TokenBinding));
}

#[test]
fn claims_are_found_by_name_and_by_pointer() {
    let all = r#"{"iss":"i","aud":"pacsgate","exp":1000,"sub":"ct1",
        "realm_access":{"roles":["a","b"]},"https://ns.example/ae":"CT1","email_verified":true,
        "auth_time":12,"groups":[],"mixed":["a",1],"rate":0.5,"nothing":null,
        "resource_access":{"a/b~c":{"roles":["x"]}},"/realm_access/forged":"x"}"#;
    let claims = judged(all).unwrap().claims;
    let texts = |all: &[&str]| Claim::Texts(all.iter().map(|&one| one.into()).collect());
    let expected = [
        ("/realm_access/roles", texts(&["a", "b"])),
        ("/resource_access/a~1b~0c/roles", texts(&["x"])),
        ("https://ns.example/ae", Claim::Text("CT1".into())),
        ("sub", Claim::Text("ct1".into())),
        ("email_verified", Claim::Flag(true)),
        ("auth_time", Claim::Number(12)),
        ("groups", texts(&[])),
        ("mixed", Claim::Other),
        ("rate", Claim::Other),
        ("nothing", Claim::Other),
        ("realm_access", Claim::Other),
    ];
    for (name, claim) in expected {
        assert_eq!(claims.get(name), Some(&claim), "{name}");
    }
    assert_eq!(claims.get("/realm_access/forged"), None, "a name is no pointer");
}

#[test]
fn claims_are_bounded_in_number_and_depth() {
    let inside = |count: usize| {
        let all: Vec<_> = (0..count).map(|at| format!("\"c{at}\":{at}")).collect();
        claims("more", &format!("{{{}}}", all.join(",")))
    };
    let others = 5;
    assert!(judged(&inside(MAX_CLAIMS - others)).is_ok());
    assert_eq!(judged(&inside(MAX_CLAIMS - others + 1)), Err(Denial::TokenClaims));
    assert!(judged(&claims("a", r#"{"b":{"c":{"d":1}}}"#)).is_ok());
    assert!(judged(&claims("a", r#"{"b":{"c":{"d":{}}}}"#)).is_ok());
    assert_eq!(judged(&claims("a", r#"{"b":{"c":{"d":{"e":1}}}}"#)), Err(Denial::TokenClaims));
    // Nothing inside of an array is compared with anything.
    assert!(judged(&claims("a", r#"[{"b":{"c":{"d":{"e":{"f":1}}}}}]"#)).is_ok());
}

proptest! {
    #[test]
    fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Unverified::read(&bytes);
    }

    #[test]
    fn a_mutated_token_gets_a_verdict(at in 0..200_usize, byte: u8, now: i64) {
        let mut bytes = token(HEADER, CLAIMS).into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(read) = Unverified::read(&bytes) {
            let (table, audience) = ("keycloak".into(), ["pacsgate".into()]);
            let _ = read.judge(&Expected { table: &table, audience: &audience, leeway: 120 }, now);
        }
    }

    #[test]
    fn any_claims_get_a_verdict(text in r#"[\[\]{}:,"a-c01\\.e-]{0,60}"#) {
        let _ = judged(&CLAIMS.replace('}', &format!(",\"x\":{text}}}")));
        let _ = judged(&text);
    }
}
