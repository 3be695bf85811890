//! Each denial, and the order of the checks.

use std::collections::HashSet;

use pacsgate_core::certificate::Accepted;
use pacsgate_core::policy::{
    AcFault, Denial, Facts, Finding, Identified, Occupancy, Peer, Policy, Refusal, Removal, Shown,
};
use pacsgate_core::reason::{Answer, Explained};
use pacsgate_core::wire::associate::{AssociateError, ReceivedRq, UnsoundContext};
use pacsgate_core::wire::reject::Reject;

use crate::fixtures::*;

fn refusal(policy: &Policy, change: impl FnOnce(&mut Attempt)) -> Refusal {
    let mut attempt = Attempt::default();
    change(&mut attempt);
    let (shown, source) =
        (Shown::Certificate(&attempt.certificate), attempt.source.parse().unwrap());
    policy.identify(&Facts::inward(shown, source, &attempt.request)).unwrap_err()
}

struct Attempt {
    certificate: Accepted,
    source: &'static str,
    request: ReceivedRq,
}

impl Default for Attempt {
    fn default() -> Self {
        Self { certificate: by_chain(certificate()), source: "192.0.2.17", request: echo_request() }
    }
}

impl Attempt {
    fn stranger(&mut self) {
        self.certificate.certificate.dns = vec!["other.example".into()];
        self.certificate.certificate.uris.clear();
    }

    fn elsewhere(&mut self) {
        self.source = "198.51.100.1";
    }

    fn calling(&mut self, text: &str) {
        self.request.request.calling = title(text);
    }

    fn called(&mut self, text: &str) {
        self.request.request.called = title(text);
    }

    fn proposing(&mut self, sop_class: &str) {
        self.request.request.contexts = vec![context(1, sop_class, &[IMPLICIT])];
    }
}

#[test]
fn permits_a_known_peer_with_its_own_title() {
    let candidate = identify(&policy(peer("ct1")), &echo_request()).unwrap();
    assert_eq!(candidate.peer().as_ref(), "ct1");
    assert_eq!(candidate.pacs().as_ref(), "archive");
    let permit = candidate.admit(Occupancy::default()).unwrap().permit(Identified::Nobody).unwrap();
    let findings: Vec<_> = permit.trace().iter().collect();
    assert_eq!(
        findings,
        [
            Finding::DnsNameMatches,
            Finding::NetworkListed,
            Finding::CallingTitleListed,
            Finding::CalledTitleReachable,
            Finding::ContextsLeft { kept: 1, removed: 0 },
            Finding::WithinLimits,
            Finding::NoIdentityNeeded,
        ]
    );
}

#[test]
fn denies_a_certificate_of_no_peer() {
    let refusal = refusal(&policy(peer("ct1")), Attempt::stranger);
    assert_eq!(refusal.denial, Denial::UnknownCertificate);
    assert_eq!(refusal.denial.answer(), Answer::Reject(Reject::NO_REASON));
    assert_eq!((refusal.peer, refusal.pacs), (None, None));
}

#[test]
fn denies_a_source_outside_the_networks_of_the_peer() {
    let refusal = refusal(&policy(peer("ct1")), Attempt::elsewhere);
    assert_eq!(refusal.denial, Denial::WrongNetwork);
    assert_eq!(refusal.denial.answer(), Answer::Reject(Reject::NO_REASON));
    assert_eq!(refusal.peer.as_deref(), Some("ct1"));
}

#[test]
fn denies_known_peer_with_foreign_calling_title() {
    let peers = vec![peer("ct1"), Peer { calling: vec![title("MR1")], ..peer("mr1") }];
    let policy = Policy::new(peers, vec![pacs("archive", "PACS")]).unwrap();
    let refusal = refusal(&policy, |attempt| attempt.calling("MR1"));
    assert_eq!(refusal.denial, Denial::CallingTitle);
    assert_eq!(refusal.denial.answer(), Answer::Reject(Reject::CALLING_TITLE));
    assert_eq!(refusal.pacs, None);
}

#[test]
fn denies_titles_that_only_begin_or_end_like_a_permitted_one() {
    let policy = policy(peer("ct1"));
    for near in ["C", "CT", "CT11", "CT1_", "XCT1", "CT1 X", "CT1.CT1"] {
        let refusal = refusal(&policy, |attempt| attempt.calling(near));
        assert_eq!(refusal.denial, Denial::CallingTitle, "{near}");
        assert_eq!(refusal.trace.last(), Some(Finding::CallingTitleNotListed), "{near}");
    }
}

#[test]
fn says_that_only_the_case_of_the_calling_title_differs_but_not_on_the_wire() {
    let refusal = refusal(&policy(peer("ct1")), |attempt| attempt.calling("ct1"));
    assert_eq!(refusal.denial, Denial::CallingTitle);
    assert_eq!(refusal.denial.answer(), Answer::Reject(Reject::CALLING_TITLE));
    assert_eq!(refusal.trace.last(), Some(Finding::CallingTitleDiffersInCase));
    assert!(
        refusal.advice().unwrap().contains("case")
            && refusal.advice().unwrap().contains("`calling_ae`")
    );
}

#[test]
fn denies_a_called_title_that_no_pacs_has() {
    let refusal = refusal(&policy(peer("ct1")), |attempt| attempt.called("ELSEWHERE"));
    assert_eq!(refusal.denial, Denial::CalledTitle);
    assert_eq!(refusal.denial.answer(), Answer::Reject(Reject::CALLED_TITLE));
    assert_eq!(refusal.trace.last(), Some(Finding::CalledTitleUnknown));
}

#[test]
fn denies_the_title_of_a_pacs_that_is_not_granted_exactly_as_an_unknown_one() {
    let both = vec![pacs("archive", "PACS"), pacs("research", "RESEARCH")];
    let policy = Policy::new(vec![peer("ct1")], both).unwrap();
    let foreign = refusal(&policy, |attempt| attempt.called("RESEARCH"));
    assert_eq!(foreign.denial, Denial::CalledTitle);
    assert_eq!(foreign.pacs, None);
    assert_eq!(foreign.trace.last(), Some(Finding::CalledTitleOfAnotherPacs));
    assert!(foreign.advice().unwrap().contains("`pacs`"));
}

#[test]
fn says_that_only_the_case_of_the_called_title_differs() {
    let other_case = refusal(&policy(peer("ct1")), |attempt| attempt.called("Pacs"));
    assert_eq!(other_case.denial, Denial::CalledTitle);
    assert_eq!(other_case.trace.last(), Some(Finding::CalledTitleDiffersInCase));
    assert!(other_case.advice().unwrap().contains("`called_ae`"));
}

#[test]
fn does_not_hint_at_the_case_of_a_title_that_the_peer_may_not_reach() {
    let both = vec![pacs("archive", "PACS"), pacs("research", "RESEARCH")];
    let policy = Policy::new(vec![peer("ct1")], both).unwrap();
    let refusal = refusal(&policy, |attempt| attempt.called("research"));
    assert_eq!(refusal.trace.last(), Some(Finding::CalledTitleUnknown));
}

#[test]
fn denies_a_request_without_a_permitted_service() {
    let refusal = refusal(&policy(peer("ct1")), |attempt| attempt.proposing(COMMITMENT));
    assert_eq!(refusal.denial, Denial::NoPermittedService);
    assert_eq!(refusal.denial.answer(), Answer::Reject(Reject::NO_REASON));
    assert_eq!(refusal.pacs.as_deref(), Some("archive"));
    assert_eq!(refusal.removed.len(), 1);
}

#[test]
fn denies_a_request_without_a_sound_context() {
    let refusal = refusal(&policy(peer("ct1")), |attempt| {
        attempt.request.request.contexts.clear();
        attempt.request.unsound = vec![UnsoundContext { id: id(1), position: 0 }];
    });
    assert_eq!(refusal.denial, Denial::NoPermittedService);
    assert_eq!(refusal.trace.last(), Some(Finding::NoContextLeft { removed: 1 }));
}

#[test]
fn advises_on_what_removed_the_contexts_where_it_is_the_same_for_all() {
    let unsound = |attempt: &mut Attempt| {
        attempt.request.unsound = vec![UnsoundContext { id: id(3), position: 1 }];
    };
    let refused = |attempt: &dyn Fn(&mut Attempt)| {
        refusal(&policy(peer("ct1")), |it| {
            it.proposing(COMMITMENT);
            attempt(it);
        })
    };
    assert_eq!(
        refused(&|_| ()).advice().as_deref(),
        Some(
            "If the device may do what it asks for, add to `services` of its [peer] table: \
             `storage-commitment`."
        )
    );
    let alone = refused(&|it| {
        it.request.request.contexts.clear();
        unsound(it);
    });
    assert_eq!(alone.advice().as_deref(), Removal::Unsound.advice());
    let both = refused(&unsound).advice().unwrap();
    assert!(both.ends_with("`storage-commitment`. Of the others see `why` in `contexts`."));
    let none_missing = refused(&|it| {
        unsound(it);
        it.request.request.contexts = vec![context(1, CT, &[DEFLATED])];
    });
    assert_eq!(none_missing.advice().as_deref(), Denial::NoPermittedService.advice());
}

#[test]
fn names_what_would_permit_the_contexts() {
    let advice = |sop_classes: &[&str]| {
        let contexts = (1..).step_by(2).zip(sop_classes);
        let contexts = contexts.map(|(id, class)| context(id, class, &[IMPLICIT])).collect();
        let mut proposed = Some(contexts);
        let refusal = refusal(&with_services("echo"), |attempt| {
            attempt.request.request.contexts = proposed.take().unwrap();
        });
        let advice = refusal.advice().unwrap().into_owned();
        let start =
            "If the device may do what it asks for, add to `services` of its [peer] table: ";
        advice.strip_prefix(start).map_or(advice.clone(), str::to_owned)
    };
    let find = "StudyRootQueryRetrieveInformationModelFind";
    let move_to = "StudyRootQueryRetrieveInformationModelMove";
    let get = "StudyRootQueryRetrieveInformationModelGet";
    let by_uid = "`{ sop_class, operations }` for what no service covers";
    assert_eq!(advice(&[find]), "`find`.");
    assert_eq!(advice(&[find, move_to, find, get]), "`find`, `move`, `get`.");
    assert_eq!(advice(&["1.2.3.4", find, "1.2.3.5"]), format!("{by_uid}, `find`."));
    let beyond = "AudioWaveformRealTimeCommunication";
    assert_eq!(advice(&[find, beyond]), "`find`. No key permits the rest.");
    assert_eq!(advice(&[beyond]), "Configure the device: no key permits these SOP classes.");
}

#[test]
fn names_sop_classes_where_they_leave_a_context_out() {
    let sop_classes = vec!["1.2.840.10008.5.1.4.1.1.4".parse().unwrap()];
    let peer = Peer { services: services("store"), sop_classes, ..peer("ct1") };
    let refusal = refusal(&policy(peer), |attempt| attempt.proposing(CT));
    assert_eq!(refusal.removed[0].why, Removal::NotListed);
    assert_eq!(refusal.advice().as_deref(), Removal::NotListed.advice());
}

#[test]
fn the_earlier_of_two_broken_rules_decides() {
    let break_rule: [fn(&mut Attempt); 5] = [
        Attempt::stranger,
        Attempt::elsewhere,
        |attempt| attempt.calling("MR1"),
        |attempt| attempt.called("ELSEWHERE"),
        |attempt| attempt.proposing(COMMITMENT),
    ];
    let denials = [
        Denial::UnknownCertificate,
        Denial::WrongNetwork,
        Denial::CallingTitle,
        Denial::CalledTitle,
        Denial::NoPermittedService,
    ];
    let policy = policy(peer("ct1"));
    for first in 0..break_rule.len() {
        for second in first..break_rule.len() {
            let refusal = refusal(&policy, |attempt| {
                break_rule[second](attempt);
                break_rule[first](attempt);
            });
            assert_eq!(refusal.denial, denials[first], "{first} before {second}");
            assert_eq!(refusal.trace.iter().count(), first + 1);
        }
    }
}

#[test]
fn compares_an_ipv4_mapped_source_as_ipv4() {
    let (certificate, request) = (by_chain(certificate()), echo_request());
    let shown = Shown::Certificate(&certificate);
    let facts = |source: &str| Facts::inward(shown, source.parse().unwrap(), &request);
    let plain = policy(peer("ct1"));
    assert!(plain.identify(&facts("::ffff:192.0.2.17")).is_ok());
    assert!(plain.identify(&facts("::ffff:198.51.100.1")).is_err());
    let mapped =
        policy(Peer { from: vec!["::ffff:192.0.2.0/120".parse().unwrap()], ..peer("ct1") });
    assert!(mapped.identify(&facts("192.0.2.17")).is_ok());
    assert!(mapped.identify(&facts("192.0.3.17")).is_err());
}

#[test]
fn an_ipv6_network_holds_no_ipv4_source() {
    let all_v6 = policy(Peer { from: vec!["::/0".parse().unwrap()], ..peer("ct1") });
    let refusal = refusal(&all_v6, |attempt| attempt.source = "::ffff:192.0.2.17");
    assert_eq!(refusal.denial, Denial::WrongNetwork);
}

#[test]
fn a_peer_without_networks_connects_from_everywhere() {
    let policy = policy(Peer { from: Vec::new(), ..peer("ct1") });
    let permit = permit(&policy, &echo_request());
    assert!(permit.trace().iter().any(|finding| finding == Finding::AnyNetwork));
}

#[test]
fn no_reason_for_an_end_shares_its_code_with_another() {
    let codes = Denial::ALL
        .iter()
        .map(|denial| denial.code())
        .chain(AcFault::ALL.iter().map(|fault| fault.code()))
        .chain(AssociateError::ALL.iter().map(|error| error.code()));
    let mut seen = HashSet::new();
    assert!(codes.into_iter().all(|code| seen.insert(code)));
    assert_eq!(seen.len(), Denial::ALL.len() + AcFault::ALL.len() + AssociateError::ALL.len());
}

#[test]
fn every_advice_names_a_key() {
    for denial in Denial::ALL {
        assert!(
            denial.advice().unwrap().contains('`') && denial.advice().unwrap().ends_with('.'),
            "{denial}"
        );
    }
}

#[test]
fn a_refusal_shows_its_trace_in_words() {
    let refusal = refusal(&policy(peer("ct1")), Attempt::elsewhere);
    let words: Vec<_> = refusal.trace.iter().map(|finding| finding.to_string()).collect();
    let expected =
        ["certificate: a DNS name is a peer's", "network: the source is not in the peer's `from`"];
    assert_eq!(words, expected);
}
