//! Tokens and sets of keys in the shape in which identity providers document them, under keys and with
//! names of our own.

use pacsgate_core::identity::Claim;

use super::maker::{EC, RSA, RSA_2};
use super::*;

fn texts(all: &[&str]) -> Claim {
    Claim::Texts(all.iter().map(|&one| one.into()).collect())
}

/// A site with one issuer for this audience.
fn site(iss: &str, audience: &str, set: &Value) -> Issuers {
    let keys = Some(read(set.to_string().as_bytes()).unwrap());
    let rules = Rules { audience: vec![audience.into()], ..rules(iss) };
    let store = KeyStore::paced("login".into(), Source::File("/nowhere".into()), keys, FAST);
    [Issuer::new("login".into(), rules, store)].into_iter().collect()
}

/// Keycloak's `/realms/NAME/protocol/openid-connect/certs`: a key for signatures beside one for
/// encryption; a client's roles are three deep in its access token.
#[test]
fn a_token_of_keycloak_is_accepted() {
    let mut signing = RSA.jwk();
    signing["alg"] = "RS256".into();
    signing["x5c"] = json!(["MIICmzCCAYMCBgGL"]);
    signing["x5t"] = "8B5cVLiAvZ2ApnNkNaC2cXr8Ris".into();
    signing["x5t#S256"] = "DQ3rVxa5WmHyaNwkMn8sEIUQFVc8cZ7xK6KxZc_3qYk".into();
    let mut encrypting = RSA_2.jwk();
    (encrypting["alg"], encrypting["use"]) = ("RSA-OAEP".into(), "enc".into());
    let issuers = site(ISS, "pacsgate", &json!({ "keys": [encrypting, signing] }));
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": "rsa-1" });
    let claims = json!({
        "exp": NOW + 300, "iat": NOW, "jti": "trrtcc:6f1c9a5e-5b3a-4d60-8e2d-0f1b7b1e6a11",
        "iss": ISS, "aud": ["pacsgate", "account"], "sub": "7d0c7d6e-1f6c-4c6a-9a26-6d5b3f0d2f5e",
        "typ": "Bearer", "azp": "ris", "acr": "1", "allowed-origins": ["https://ris.example"],
        "realm_access": { "roles": ["imaging", "offline_access"] },
        "resource_access": { "account": { "roles": ["manage-account"] } },
        "scope": "email profile", "clientHost": "192.0.2.7", "email_verified": false,
        "preferred_username": "service-account-ris", "clientAddress": "192.0.2.7"
    });
    let token = verify(&issuers, &RSA.with_header(&header, &claims)).unwrap();
    assert_eq!(token.claims["/realm_access/roles"], texts(&["imaging", "offline_access"]));
    assert_eq!(token.claims["/resource_access/account/roles"], texts(&["manage-account"]));
    assert_eq!(token.claims["azp"], Claim::Text("ris".into()));
    // With "use lightweight access token" and the type of RFC 9068.
    let header = json!({ "alg": "RS256", "typ": "at+jwt", "kid": "rsa-1" });
    assert!(verify(&issuers, &RSA.with_header(&header, &claims)).is_ok());
    // What Keycloak tells a client at a logout is signed by the same key.
    let header = json!({ "alg": "RS256", "typ": "logout+jwt", "kid": "rsa-1" });
    let told = verify(&issuers, &RSA.with_header(&header, &claims));
    assert_eq!(told, Err(Denial::TokenType));
}

/// Entra ID's `/discovery/v2.0/keys`: keys without `alg`, named by the thumbprint of their
/// certificate; `x5t` in the header of tokens of version 1, application tokens with `roles`.
#[test]
fn tokens_of_entra_id_are_accepted() {
    let key = |maker: &Maker, issuer: &str| {
        let mut key = maker.jwk();
        (key["x5t"], key["x5c"]) = (maker.id.into(), json!(["MIIC/TCCAeWgAwIBAgII"]));
        (key["issuer"], key["cloud_instance_name"]) = (issuer.into(), "microsoftonline.com".into());
        key
    };
    let tenant = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";
    let set = json!({ "keys": [key(&RSA, tenant), key(&RSA_2, tenant)] });
    let issuers = site(tenant, "6e74172b-be56-4843-9ff4-e66a39bb12e3", &set);
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": "rsa-1" });
    let claims = json!({
        "aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3", "iss": tenant,
        "iat": NOW, "nbf": NOW, "exp": NOW + 3900, "aio": "AXQAi/8TAAAA", "azp": "ris",
        "azpacr": "1", "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474", "rh": "0.AX8A",
        "roles": ["Imaging.Send"], "sub": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
        "tid": "9188040d-6c67-4c5b-b112-36a304b66dad", "uti": "Wx4yVgqvM0", "ver": "2.0"
    });
    let token = verify(&issuers, &RSA.with_header(&header, &claims)).unwrap();
    assert_eq!(token.claims["roles"], texts(&["Imaging.Send"]));
    // Version 1.0 of tokens, from another issuer for the same keys.
    let tenant = "https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/";
    let issuers = site(tenant, "api://pacsgate", &set);
    let header = json!({ "typ": "JWT", "alg": "RS256", "x5t": "rsa-2", "kid": "rsa-2" });
    let claims = json!({
        "aud": "api://pacsgate", "iss": tenant, "iat": NOW, "nbf": NOW, "exp": NOW + 3900,
        "aio": "E2ZgYLhd", "appid": "6e74172b", "appidacr": "1",
        "idp": tenant, "oid": "690222be", "rh": "0.AX8A", "sub": "690222be", "tid": "9188040d",
        "uti": "Wx4yVgqvM0", "ver": "1.0"
    });
    assert!(verify(&issuers, &RSA_2.with_header(&header, &claims)).is_ok());
}

/// Auth0's `/.well-known/jwks.json`; `iss` with a slash at its end, claims of the site under a URL; an
/// application's token has `@clients` in its subject.
#[test]
fn tokens_of_auth0_are_accepted() {
    let mut key = RSA.jwk();
    (key["alg"], key["x5t"]) = ("RS256".into(), "NTYwMzc2MjE".into());
    let iss = "https://hospital.eu.auth0.com/";
    let issuers = site(iss, "https://pacs.hospital.example", &json!({ "keys": [key, EC.jwk()] }));
    let claims = json!({
        "https://hospital.example/ae": "WS1", "iss": iss,
        "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
        "aud": ["https://pacs.hospital.example", "https://hospital.eu.auth0.com/userinfo"],
        "iat": NOW, "exp": NOW + 86_400, "azp": "my_client_id", "scope": "openid profile",
        "permissions": ["read:studies"], "org_id": "org_9ybsU1dN2dKfDkBi"
    });
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": "rsa-1" });
    let token = verify(&issuers, &RSA.with_header(&header, &claims)).unwrap();
    assert_eq!(token.claims["https://hospital.example/ae"], Claim::Text("WS1".into()));
    let application = json!({
        "iss": iss, "sub": "my_client_id@clients", "aud": "https://pacs.hospital.example",
        "iat": NOW, "exp": NOW + 86_400, "gty": "client-credentials", "azp": "my_client_id",
        "client_id": "my_client_id", "jti": "BV1v4nXfVAgGZXSg"
    });
    let header = json!({ "alg": "RS256", "typ": "at+jwt", "kid": "rsa-1" });
    assert!(verify(&issuers, &RSA.with_header(&header, &application)).is_ok());
}

/// Okta and Cognito write no `typ`.
#[test]
fn a_token_without_a_type_is_accepted() {
    let header = json!({ "kid": "rsa-1", "alg": "RS256" });
    assert!(verify(&login(&[&RSA]), &RSA.with_header(&header, &claims())).is_ok());
}
