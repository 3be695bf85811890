//! What a refusal missed by little.

use pacsgate_core::certificate::{Accepted, AcceptedBy, Ca, Certificate, Matcher};
use pacsgate_core::policy::{Facts, KnownBy, Peer, Policy, Refusal, Shown, UserRule};
use pacsgate_core::wire::associate::ReceivedRq;

use crate::fixtures::*;

/// `ct1` may reach the archive, `mr2` another PACS; `web` shows no certificate.
fn site() -> Policy {
    let mr2 = Peer {
        calling: vec![title("MR2")],
        pacs: vec!["research".into()],
        from: vec![],
        ..peer("mr2")
    };
    let web = Peer {
        known_by: KnownBy::User,
        user: UserRule::Password(vec!["alice".into()]),
        calling: vec![title("WEB")],
        ..peer("web")
    };
    let all = vec![pacs("archive", "PACS"), pacs("research", "RESEARCH")];
    Policy::new(vec![peer("ct1"), mr2, web], all).unwrap()
}

fn asking(calling: &str, called: &str) -> ReceivedRq {
    let mut request = echo_request();
    (request.request.calling, request.request.called) = (title(calling), title(called));
    request
}

fn refused(policy: &Policy, certificate: Option<&Accepted>, request: &ReceivedRq) -> Refusal {
    policy.identify(&facts(certificate, request)).unwrap_err()
}

#[track_caller]
fn is_near(refusal: &Refusal, sentence: &str) {
    assert_eq!(refusal.nearest.as_ref().unwrap().to_string(), sentence);
}

fn of_ct1(calling: &str, called: &str) -> Refusal {
    refused(&site(), Some(&by_chain(certificate())), &asking(calling, called))
}

fn named(dns: &[&str], common_name: Option<&str>) -> Certificate {
    Certificate {
        dns: dns.iter().map(|name| (*name).into()).collect(),
        uris: vec![],
        common_name: common_name.map(Into::into),
        ..certificate()
    }
}

#[test]
fn a_title_in_another_case() {
    is_near(&of_ct1("ct1", "PACS"), "the title differs in case from CT1");
    is_near(&of_ct1("CT1", "Pacs"), "the title differs in case from PACS");
}

#[test]
fn a_title_of_somebody_else() {
    is_near(
        &of_ct1("MR2", "PACS"),
        "the calling title is that of peer mr2, and the certificate or address that of peer ct1",
    );
    is_near(
        &of_ct1("CT1", "RESEARCH"),
        "the called title is that of PACS research, which is not among the `pacs` of peer ct1",
    );
    for (calling, called) in [("CT9", "PACS"), ("CT1", "NOWHERE")] {
        assert_eq!(of_ct1(calling, called).nearest, None);
    }
}

#[test]
fn another_network() {
    let policy = site();
    let certificate = by_chain(certificate());
    let source = "198.51.100.1".parse().unwrap();
    let request = echo_request();
    let facts = Facts::inward(Shown::Certificate(&certificate), source, &request);
    let sentence = "known peer ct1, other network: it may come from 192.0.2.0/24";
    is_near(&policy.identify(&facts).unwrap_err(), sentence);
    is_near(&policy.meet(&certificate, source, 0).unwrap_err(), sentence);
    let networks = (0..6).map(|n| format!("192.0.2.{n}/32").parse().unwrap()).collect();
    let policy = super::fixtures::policy(Peer { from: networks, ..peer("ct1") });
    is_near(
        &policy.identify(&facts).unwrap_err(),
        "known peer ct1, other network: it may come from 192.0.2.0/32, 192.0.2.1/32, 192.0.2.2/32, \
         192.0.2.3/32 and 2 more",
    );
}

#[test]
fn a_certificate_that_almost_belongs_to_a_peer() {
    let policy = site();
    let of =
        |certificate, by| refused(&policy, Some(&Accepted { certificate, by }), &echo_request());
    let chain = || AcceptedBy::Chain(vec![Ca::Only]);
    is_near(
        &of(named(&[], Some("CT1.example")), chain()),
        "the common name is what peer ct1 is recognised by, and only subject alternative names count",
    );
    let sentence = "a name in the certificate is what peer mr2 is recognised by, and the CA that has \
                    issued it is not the one that vouches for that peer";
    let elsewhere = AcceptedBy::Chain(vec![Ca::Named("vendor".into())]);
    is_near(&of(named(&["mr2.example"], None), elsewhere), sentence);
    is_near(&of(named(&["mr2.example"], None), AcceptedBy::Pin), sentence);
    assert_eq!(of(named(&["x.example"], Some("x")), chain()).nearest, None);
    is_near(
        &of(named(&["mr2.example", "ct1.example"], None), chain()),
        "the certificate is what both peer ct1 and peer mr2 are recognised by",
    );
}

#[test]
fn the_title_of_a_peer_that_shows_a_certificate() {
    let refusal = refused(&site(), None, &asking("CT1", "PACS"));
    let sentence = "the calling title is that of peer ct1, which has to show a certificate";
    is_near(&refusal, sentence);
    assert_eq!(refused(&site(), None, &asking("NOBODY", "PACS")).nearest, None);
}

#[test]
fn a_pin_in_two_peers_is_told_as_both() {
    // The one has the certificate, the other its key.
    let one = Peer {
        known_by: KnownBy::Certificate(vec![Matcher::CertSha256(digest(0xc1))]),
        ..peer("ct1")
    };
    let other = Peer {
        known_by: KnownBy::Certificate(vec![Matcher::SpkiSha256(digest(0xe1))]),
        ..peer("mr2")
    };
    let policy = Policy::new(vec![one, other], vec![pacs("archive", "PACS")]).unwrap();
    is_near(
        &refused(&policy, Some(&by_chain(certificate())), &echo_request()),
        "the certificate is what both peer ct1 and peer mr2 are recognised by",
    );
}
