//! Which peer a certificate belongs to.

use pacsgate_core::certificate::{Accepted, AcceptedBy, Ca, Certificate, Matcher, Name, Usage};
use pacsgate_core::direction::Direction;
use pacsgate_core::policy::{Denial, Finding, Identified, KnownBy, Occupancy, Peer, Policy};

use crate::fixtures::*;

fn with_matchers(matchers: Vec<(&str, Vec<Matcher>)>) -> Policy {
    let peers = matchers
        .into_iter()
        .map(|(name, it)| Peer { known_by: KnownBy::Certificate(it), ..peer(name) })
        .collect();
    Policy::new(peers, vec![pacs("archive", "PACS")]).unwrap()
}

fn peer_of(policy: &Policy, certificate: &Certificate) -> Result<String, Denial> {
    let candidate = identify_as(policy, certificate).map_err(|refusal| refusal.denial)?;
    Ok(candidate.peer().to_string())
}

#[test]
fn each_kind_of_matcher_finds_its_peer() {
    for (matcher, finding) in [
        (dns("ct1.example"), Finding::DnsNameMatches),
        (Matcher::SanUri(Name::new("urn:example:ct1")), Finding::UriMatches),
        (Matcher::CertSha256(digest(0xc1)), Finding::CertificatePinned),
        (Matcher::SpkiSha256(digest(0xe1)), Finding::KeyPinned),
    ] {
        let policy = with_matchers(vec![("ct1", vec![matcher]), ("other", vec![dns("x.example")])]);
        let candidate = identify_as(&policy, &certificate()).unwrap();
        assert_eq!(candidate.peer().as_ref(), "ct1");
        let permit =
            candidate.admit(Occupancy::default()).unwrap().permit(Identified::Nobody).unwrap();
        assert_eq!(permit.trace().iter().next(), Some(finding));
    }
}

#[test]
fn a_digest_of_the_key_is_not_one_of_the_certificate() {
    let swapped = with_matchers(vec![(
        "ct1",
        vec![Matcher::CertSha256(digest(0xe1)), Matcher::SpkiSha256(digest(0xc1))],
    )]);
    assert_eq!(peer_of(&swapped, &certificate()), Err(Denial::UnknownCertificate));
}

fn ca(name: &str) -> Ca {
    Ca::Named(name.into())
}

#[test]
fn a_name_counts_only_where_its_own_ca_has_vouched() {
    let by = |name| dns("ct1.example").vouched_for_by(ca(name));
    let policy = with_matchers(vec![("ct1", vec![by("hospital")]), ("ct2", vec![by("vendor")])]);
    let peer_of = |cas: Vec<Ca>| {
        let by = AcceptedBy::Chain(cas);
        let accepted = Accepted { certificate: certificate(), by };
        let candidate = identify_accepted(&policy, &accepted).map_err(|refusal| refusal.denial)?;
        Ok(candidate.peer().to_string())
    };
    assert_eq!(peer_of(vec![ca("hospital")]), Ok("ct1".to_owned()));
    assert_eq!(peer_of(vec![ca("other"), ca("vendor")]), Ok("ct2".to_owned()));
    assert_eq!(peer_of(vec![ca("hospital"), ca("vendor")]), Err(Denial::SeveralPeers));
    for none in [vec![], vec![ca("other")], vec![Ca::Only]] {
        assert_eq!(peer_of(none), Err(Denial::UnknownCertificate));
    }
}

#[test]
fn a_certificate_that_is_not_for_clients_is_that_of_a_peer_that_takes_any_only() {
    let of = |usage| vec![dns("ct1.example").made_for(usage)];
    let uri = Matcher::SanUri(Name::new("urn:example:ct1"));
    let peer_of = |policy: &Policy| {
        let by = AcceptedBy::ChainForAnything(vec![Ca::Only]);
        let accepted = Accepted { certificate: certificate(), by };
        let candidate = identify_accepted(policy, &accepted).map_err(|refusal| refusal.denial)?;
        Ok(candidate.peer().to_string())
    };
    let any = with_matchers(vec![("ct1", of(Usage::Any)), ("ct2", vec![dns("x.example")])]);
    assert_eq!(peer_of(&any), Ok("ct1".to_owned()));
    let other = with_matchers(vec![("ct1", of(Usage::Client)), ("ct2", vec![dns("x.example")])]);
    assert_eq!(peer_of(&other), Err(Denial::UnknownCertificate));
    let both = with_matchers(vec![("ct1", of(Usage::Any)), ("ct2", vec![uri])]);
    assert_eq!(peer_of(&both), Err(Denial::SeveralPeers));
}

#[test]
fn the_common_name_is_no_identity() {
    let policy = with_matchers(vec![("ct1", vec![dns("ct1")])]);
    assert_eq!(peer_of(&policy, &certificate()), Err(Denial::UnknownCertificate));
}

#[test]
fn names_of_a_certificate_without_a_chain_do_not_count() {
    let policy = with_matchers(vec![("ct1", vec![dns("ct1.example")])]);
    let pinned = Accepted { certificate: certificate(), by: AcceptedBy::Pin };
    let refusal = identify_accepted(&policy, &pinned).unwrap_err();
    assert_eq!(refusal.denial, Denial::UnknownCertificate);
    assert_eq!(refusal.trace.last(), Some(Finding::NoPinMatches));
}

#[test]
fn a_pinned_certificate_that_carries_anothers_name_belongs_to_the_peer_of_its_pin() {
    let policy = with_matchers(vec![
        ("ct1", vec![dns("ct1.example")]),
        ("mr1", vec![Matcher::CertSha256(digest(0xc1))]),
    ]);
    for by in [AcceptedBy::Pin, AcceptedBy::Chain(vec![Ca::Only])] {
        let accepted = Accepted { certificate: certificate(), by };
        let candidate = identify_accepted(&policy, &accepted).unwrap();
        assert_eq!(candidate.peer().as_ref(), "mr1");
    }
}

#[test]
fn a_certificate_of_two_peers_is_denied() {
    let names = with_matchers(vec![
        ("ct1", vec![dns("ct1.example")]),
        ("mr1", vec![Matcher::SanUri(Name::new("urn:example:ct1"))]),
    ]);
    assert_eq!(peer_of(&names, &certificate()), Err(Denial::SeveralPeers));
    let pins = with_matchers(vec![
        ("ct1", vec![Matcher::CertSha256(digest(0xc1))]),
        ("mr1", vec![Matcher::SpkiSha256(digest(0xe1))]),
    ]);
    assert_eq!(peer_of(&pins, &certificate()), Err(Denial::SeveralPeers));
}

#[test]
fn several_matchers_of_one_peer_may_hold() {
    let policy = with_matchers(vec![(
        "ct1",
        vec![
            dns("ct1.example"),
            Matcher::SanUri(Name::new("urn:example:ct1")),
            Matcher::CertSha256(digest(0xc1)),
            Matcher::SpkiSha256(digest(0xe1)),
        ],
    )]);
    assert_eq!(peer_of(&policy, &certificate()), Ok("ct1".to_owned()));
    let unpinned = Certificate { sha256: digest(1), spki_sha256: digest(2), ..certificate() };
    assert_eq!(peer_of(&policy, &unpinned), Ok("ct1".to_owned()));
}

#[test]
fn dns_names_compare_without_case_and_uris_with_it() {
    let policy = with_matchers(vec![
        ("ct1", vec![dns("CT1.Example")]),
        ("mr1", vec![Matcher::SanUri(Name::new("urn:example:CT1"))]),
    ]);
    assert_eq!(peer_of(&policy, &certificate()), Ok("ct1".to_owned()));
    let upper = Certificate { dns: vec!["CT1.EXAMPLE".into()], ..certificate() };
    assert_eq!(peer_of(&policy, &upper), Ok("ct1".to_owned()));
}

#[test]
fn names_compare_whole() {
    let policy = with_matchers(vec![("ct1", vec![dns("ct1.example")])]);
    for name in ["*.example", "*", "example", "xct1.example", "ct1.example.", "ct1.example.com"] {
        let near = Certificate { dns: vec![name.into()], ..certificate() };
        assert_eq!(peer_of(&policy, &near), Err(Denial::UnknownCertificate), "{name}");
    }
}

#[test]
fn any_of_a_certificates_names_may_hold() {
    let policy = with_matchers(vec![("ct1", vec![dns("ct1.example")])]);
    let names = vec!["a.example".into(), "b.example".into(), "ct1.example".into()];
    let several = Certificate { dns: names, ..certificate() };
    assert_eq!(peer_of(&policy, &several), Ok("ct1".to_owned()));
}

#[test]
fn finds_one_peer_among_ten_thousand() {
    let peers = (0..10_000).map(|n| peer(&format!("p{n}"))).chain([peer("ct1")]).collect();
    let policy = Policy::new(peers, vec![pacs("archive", "PACS")]).unwrap();
    assert_eq!(peer_of(&policy, &certificate()), Ok("ct1".to_owned()));
}

#[test]
fn the_holder_of_a_certificate_is_known_before_there_is_a_request() {
    let policy = policy(peer("ct1"));
    let holder = policy.holder(Direction::Inward, &by_chain(certificate())).unwrap();
    assert_eq!((holder.name.as_ref(), holder.contact.as_deref()), ("ct1", Some("Radiology IT")));
    let stranger = Certificate { dns: vec!["ct2.example".into()], ..certificate() };
    assert_eq!(policy.holder(Direction::Inward, &by_chain(stranger)), None);
}
