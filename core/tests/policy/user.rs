//! Who uses a peer: what it has to show, and peers without a certificate.

use std::collections::BTreeMap;
use std::sync::Arc;

use pacsgate_core::certificate::Digest;
use pacsgate_core::identity::{Claim, Token, User};
use pacsgate_core::policy::{
    Candidate, Denial, Finding, Identified, KnownBy, Occupancy, Peer, Permit, Policy, PolicyError,
    Refusal, TokenRule, UserRule, Verification,
};
use pacsgate_core::reason::Answer;
use pacsgate_core::wire::associate::{IdentityKind, UserIdentity};
use pacsgate_core::wire::reject::Reject;

use crate::fixtures::*;

const KINDS: [IdentityKind; 6] = [
    IdentityKind::Username,
    IdentityKind::UsernameAndPasscode,
    IdentityKind::Kerberos,
    IdentityKind::Saml,
    IdentityKind::Jwt,
    IdentityKind::Unknown(7),
];

fn text(text: &str) -> Claim {
    Claim::Text(text.into())
}

fn texts(all: &[&str]) -> Claim {
    Claim::Texts(all.iter().map(|text| (*text).into()).collect())
}

fn rule() -> TokenRule {
    TokenRule {
        issuer: "login".into(),
        subjects: vec!["alice".into()],
        ae_claim: None,
        claims: vec![],
    }
}

fn token() -> Token {
    let claims = [("ae", texts(&["CT1", "CT2"])), ("azp", text("app")), ("n", Claim::Number(4))];
    Token {
        issuer: "login".into(),
        subject: "alice".into(),
        expires: 2_000_000_000,
        bound_to: None,
        claims: claims.map(|(name, claim)| (name.into(), claim)).into(),
    }
}

fn passwords(users: &[&str]) -> UserRule {
    UserRule::Password(users.iter().map(|name| Arc::from(*name)).collect())
}

fn verified(user: User) -> Identified {
    Identified::User { user, wants_answer: true }
}

fn password_of(name: &str) -> Identified {
    verified(User::Password(name.into()))
}

fn identity(kind: IdentityKind) -> UserIdentity {
    let secret = || b"secret".to_vec().into();
    UserIdentity { kind, wants_answer: false, primary: secret(), secondary: secret() }
}

fn candidate(user: UserRule) -> Candidate {
    identify(&policy(Peer { user, ..peer("ct1") }), &echo_request()).unwrap()
}

fn judged(user: UserRule, identified: Identified) -> Result<Permit, Refusal> {
    candidate(user).admit(Occupancy::default()).unwrap().permit(identified)
}

fn of_token(rule: TokenRule, token: Token) -> Result<Permit, Denial> {
    judged(UserRule::Token(rule), verified(User::Token(token))).map_err(|refusal| refusal.denial)
}

#[test]
fn verifies_only_what_a_peer_has_to_show() {
    for kind in KINDS {
        let shown = identity(kind);
        let of = |user: UserRule| candidate(user).verification(Some(&shown));
        assert_eq!(of(UserRule::NotNeeded), Ok(Verification::NotNeeded), "{kind:?}");
        let is = |wanted, verification| {
            if kind == wanted { Ok(verification) } else { Err(Denial::IdentityKind) }
        };
        let token = is(IdentityKind::Jwt, Verification::Token);
        assert_eq!(of(UserRule::Token(rule())), token, "{kind:?}");
        let password = is(IdentityKind::UsernameAndPasscode, Verification::Password);
        assert_eq!(of(passwords(&["alice"])), password, "{kind:?}");
        assert_eq!(Verification::of_shown(Some(&shown)), token.or(password), "{kind:?}");
    }
    for user in [UserRule::Token(rule()), passwords(&["alice"])] {
        assert_eq!(candidate(user).verification(None), Err(Denial::IdentityMissing));
    }
    assert_eq!(candidate(UserRule::NotNeeded).verification(None), Ok(Verification::NotNeeded));
    assert_eq!(Verification::of_shown(None), Err(Denial::IdentityMissing));
}

#[test]
fn permits_a_listed_user_and_names_it() {
    let permit = judged(passwords(&["bob", "alice"]), password_of("alice")).unwrap();
    assert_eq!(permit.user().unwrap().name().as_ref(), "alice");
    assert_eq!(permit.trace().last(), Some(Finding::PasswordAccepted));
    assert!(permit.conclude(ac(vec![accept(1, IMPLICIT)])).unwrap().answer.answers_identity);
}

#[test]
fn answers_only_who_wants_an_answer_and_was_verified() {
    let quiet = Identified::User { user: User::Password("alice".into()), wants_answer: false };
    let permit = judged(passwords(&["alice"]), quiet).unwrap();
    assert!(!permit.conclude(ac(vec![accept(1, IMPLICIT)])).unwrap().answer.answers_identity);
    let permit = judged(UserRule::NotNeeded, password_of("alice")).unwrap();
    assert!(!permit.conclude(ac(vec![accept(1, IMPLICIT)])).unwrap().answer.answers_identity);
    assert_eq!(permit.user(), None);
}

#[test]
fn refuses_users_that_are_missing_refused_or_of_another_kind() {
    let rules = [UserRule::Token(rule()), passwords(&["alice"])];
    for user in rules {
        let of = |identified| judged(user.clone(), identified).unwrap_err();
        assert_eq!(of(Identified::Nobody).denial, Denial::IdentityMissing);
        let refusal = of(Identified::Refused(Denial::PasswordWrong));
        assert_eq!(refusal.denial, Denial::PasswordWrong);
        assert_eq!(refusal.answer(), Answer::Reject(Reject::NOT_AUTHENTICATED));
        let last = refusal.trace.last().unwrap();
        assert_eq!(last.to_string(), "user identity: the password is wrong");
        assert_eq!(refusal.peer.as_deref(), Some("ct1"));
    }
    let other = judged(UserRule::Token(rule()), password_of("alice")).unwrap_err();
    assert_eq!(other.denial, Denial::IdentityKind);
    let other = judged(passwords(&["alice"]), verified(User::Token(token()))).unwrap_err();
    assert_eq!(other.denial, Denial::IdentityKind);
    for name in ["Alice", "alice ", "", "carol"] {
        let unlisted = judged(passwords(&["alice"]), password_of(name)).unwrap_err();
        assert_eq!(unlisted.denial, Denial::UserNotListed, "{name}");
    }
}

#[test]
fn refuses_a_token_that_lacks_what_the_peer_has_to_have() {
    assert!(of_token(rule(), token()).is_ok());
    let other = |denial, rule: TokenRule| {
        assert_eq!(of_token(rule, token()).unwrap_err(), denial);
    };
    other(Denial::TokenIssuer, TokenRule { issuer: "else".into(), ..rule() });
    other(Denial::TokenSubject, TokenRule { subjects: vec!["Alice".into()], ..rule() });
    let claims = |name: &str, claim| TokenRule { claims: vec![(name.into(), claim)], ..rule() };
    assert!(of_token(claims("azp", text("app")), token()).is_ok());
    assert!(of_token(claims("ae", text("CT2")), token()).is_ok());
    other(Denial::TokenClaim, claims("azp", text("App")));
    other(Denial::TokenClaim, claims("azp2", text("app")));
    other(Denial::TokenClaim, claims("n", text("4")));
    let both = vec![("azp".into(), text("app")), ("n".into(), Claim::Number(5))];
    other(Denial::TokenClaim, TokenRule { claims: both, ..rule() });
}

#[test]
fn a_claim_of_titles_holds_the_calling_one() {
    let of = |claim: Option<Claim>, subjects| {
        let rule = TokenRule { ae_claim: Some("ae".into()), subjects, ..rule() };
        let claims =
            claim.map(|claim| ("ae".into(), claim)).into_iter().collect::<BTreeMap<_, _>>();
        of_token(rule, Token { claims, ..token() }).map(drop)
    };
    assert_eq!(of(Some(text("CT1")), vec![]), Ok(()));
    assert_eq!(of(Some(texts(&["MR1", "CT1"])), vec![]), Ok(()));
    // The title belongs to the peer, and yet not to this token.
    for claim in [text("CT1_QR"), text("ct1"), text("CT1 "), texts(&["MR1"]), Claim::Number(1)] {
        assert_eq!(of(Some(claim), vec![]), Err(Denial::TokenTitle));
    }
    assert_eq!(of(None, vec![]), Err(Denial::TokenTitle));
    assert_eq!(of(Some(text("CT1")), vec!["bob".into()]), Err(Denial::TokenSubject));
}

#[test]
fn a_token_is_bound_to_the_certificate_that_is_shown() {
    let bound = |digest: Digest| of_token(rule(), Token { bound_to: Some(digest), ..token() });
    assert!(bound(certificate().sha256).is_ok());
    assert_eq!(bound(certificate().spki_sha256).unwrap_err(), Denial::TokenBinding);
}

#[test]
fn an_open_association_is_judged_by_its_user_again() {
    let again = |user, identified| candidate(user).of_user(identified).map(drop);
    assert!(again(passwords(&["alice"]), password_of("alice")).is_ok());
    let refusal = again(passwords(&["bob"]), password_of("alice")).unwrap_err();
    assert_eq!(refusal.denial, Denial::UserNotListed);
}

/// A peer that shows no certificate and has the title WEB.
fn web() -> Peer {
    Peer {
        known_by: KnownBy::User,
        calling: vec![title("WEB")],
        user: passwords(&["alice"]),
        ..peer("web")
    }
}

fn site() -> Policy {
    Policy::new(vec![peer("ct1"), web()], vec![pacs("archive", "PACS")]).unwrap()
}

fn without_certificate(calling: &str, called: &str) -> Result<Candidate, Refusal> {
    let mut request = echo_request();
    (request.request.calling, request.request.called) = (title(calling), title(called));
    site().identify(&facts(None, &request))
}

#[test]
fn knows_a_peer_without_a_certificate_by_its_title_and_its_user() {
    let candidate = without_certificate("WEB", "PACS").unwrap();
    assert_eq!(candidate.peer().as_ref(), "web");
    let permit = candidate.admit(Occupancy::default()).unwrap().permit(password_of("alice"));
    assert_eq!(permit.unwrap().trace().iter().next(), Some(Finding::TitleWithoutCertificate));
}

#[test]
fn a_certificate_is_not_left_away_and_not_borrowed() {
    // The title of a peer that has to show one.
    let refusal = without_certificate("CT1", "PACS").unwrap_err();
    assert_eq!(refusal.denial, Denial::NoCertificate);
    // Another peer's certificate, with the title of one that shows none.
    let mut request = echo_request();
    request.request.calling = title("WEB");
    let refusal = identify(&site(), &request).unwrap_err();
    assert_eq!(refusal.denial, Denial::CallingTitle);
    // One that belongs to nobody.
    let mut other = certificate();
    (other.dns, other.uris) = (vec!["other.example".into()], vec![]);
    let accepted = by_chain(other);
    let refusal = site().identify(&facts(Some(&accepted), &request)).unwrap_err();
    assert_eq!(refusal.denial, Denial::UnknownCertificate);
}

#[test]
fn whatever_fails_without_a_certificate_sounds_the_same() {
    let same = Answer::Reject(Reject::NOT_AUTHENTICATED);
    for (calling, called, denial) in [
        ("NOBODY", "PACS", Denial::NoCertificate),
        ("CT1", "PACS", Denial::NoCertificate),
        ("WEB", "OTHER", Denial::CalledTitle),
    ] {
        let refusal = without_certificate(calling, called).unwrap_err();
        assert_eq!((refusal.denial, refusal.answer()), (denial, same));
    }
    let full = Occupancy { peer: 1000, ..Occupancy::default() };
    let refusal = without_certificate("WEB", "PACS").unwrap().admit(full).unwrap_err();
    assert_eq!((refusal.denial, refusal.answer()), (Denial::PeerLimit, same));
    let admitted = without_certificate("WEB", "PACS").unwrap().admit(Occupancy::default()).unwrap();
    let refusal = admitted.permit(password_of("bob")).unwrap_err();
    assert_eq!((refusal.denial, refusal.answer()), (Denial::UserNotListed, same));
    // A token that is bound to a certificate is for whoever shows that.
    let bound = Token { bound_to: Some(certificate().sha256), ..token() };
    let web = Peer { user: UserRule::Token(rule()), ..web() };
    let policy = Policy::new(vec![web], vec![pacs("archive", "PACS")]).unwrap();
    let mut request = echo_request();
    request.request.calling = title("WEB");
    let candidate = policy.identify(&facts(None, &request)).unwrap();
    let admitted = candidate.admit(Occupancy::default()).unwrap();
    let refusal = admitted.permit(verified(User::Token(bound))).unwrap_err();
    assert_eq!((refusal.denial, refusal.answer()), (Denial::TokenBinding, same));
}

#[test]
fn rules_that_would_let_in_anybody_do_not_load() {
    let errors = |peers: Vec<Peer>| -> Vec<String> {
        let loaded = Policy::new(peers, vec![pacs("archive", "PACS")]).map(drop);
        let errors: Vec<PolicyError> = loaded.err().unwrap_or_default();
        errors.iter().map(ToString::to_string).collect()
    };
    assert!(errors(vec![peer("ct1"), web()]).is_empty());
    let nobody = Peer { user: UserRule::NotNeeded, ..web() };
    assert_eq!(
        errors(vec![nobody]),
        ["peer.web.certificate: says that it shows none, so it has to show a user: add \
             `user_identity`"]
    );
    let any = UserRule::Token(TokenRule { subjects: vec![], ..rule() });
    assert_eq!(
        errors(vec![Peer { user: any, ..peer("ct1") }]),
        ["peer.ct1.user_identity: lets in every token of the issuer; say by `subjects` or \
             `ae_claim` whose token it is"]
    );
    let no_user = Peer { user: passwords(&[]), ..peer("ct1") };
    assert_eq!(errors(vec![no_user]), ["peer.ct1.users: is empty; name at least one"]);
    let shared = Peer { calling: vec![title("WEB"), title("CT1")], ..web() };
    assert_eq!(
        errors(vec![peer("ct1"), shared]),
        ["peer.web.calling_ae[1]: \"CT1\" is a title of peer.ct1 as well, at \
             peer.ct1.calling_ae[0]; a peer without a certificate needs titles of its own"]
    );
    let twice = Peer { name: "web2".into(), ..web() };
    assert_eq!(
        errors(vec![web(), twice]),
        ["peer.web2.calling_ae[0]: \"WEB\" is a title of peer.web as well, at \
             peer.web.calling_ae[0]; a peer without a certificate needs titles of its own"]
    );
}
