//! What passes where refusals are only reported, and what does not.

use std::net::IpAddr;

use pacsgate_core::direction::Direction;
use pacsgate_core::inspector::Enforcement;
use pacsgate_core::policy::{
    Denial, Everything, Facts, Identified, KnownBy, Occupancy, Peer, Permit, Policy, Refusal,
    Shown, UserRule,
};
use pacsgate_core::services::Operation;
use pacsgate_core::side::Side;
use pacsgate_core::wire::associate::ReceivedRq;

use proptest::prelude::*;

use super::fixtures::{
    CT, IMPLICIT, JPIP, MR, ac, accept, asked, by_chain, certificate, context, facts, pacs, peer,
    policy, request, services, source, title, with_services,
};

fn reported(policy: &Policy, request: &ReceivedRq, shown: Shown<'_>) -> Result<Permit, Refusal> {
    let candidate = policy.report(&Facts::inward(shown, source(), request))?;
    candidate.admit(Occupancy::default())?.permit(Identified::Nobody)
}

fn nobody() -> Policy {
    Policy::new(Vec::new(), vec![pacs("archive", "PACS")]).unwrap()
}

fn usual() -> ReceivedRq {
    request(vec![context(1, "Verification", &[IMPLICIT]), context(3, CT, &[IMPLICIT])])
}

#[test]
fn a_site_without_a_peer_lets_everybody_pass_and_keeps_why_it_would_not() {
    let (policy, request) = (nobody(), usual());
    let permit = reported(&policy, &request, Shown::Plain).unwrap();
    let refused = policy.identify(&Facts::inward(Shown::Plain, source(), &request)).unwrap_err();
    assert_eq!(permit.would_refuse(), Some(&refused));
    assert_eq!(refused.denial, Denial::UnknownAddress);
    assert_eq!((permit.known_peer(), &**permit.peer()), (None, "192.0.2.17"));
    assert_eq!(permit.request().contexts, request.request.contexts);
    let conclusion = permit.conclude(ac(vec![accept(1, IMPLICIT), accept(3, IMPLICIT)])).unwrap();
    assert_eq!(conclusion.contexts.enforcement(), Enforcement::Unruled);
    let store = conclusion.contexts.iter().last().unwrap();
    assert!(store.operations.allows(Side::Requestor, Operation::CStore));
}

#[test]
fn what_is_refused_for_each_reason_passes_with_it() {
    let known = by_chain(certificate());
    let mut calling = usual();
    calling.request.calling = title("OTHER");
    let mut called = usual();
    called.request.called = title("ELSEWHERE");
    let far = Peer { from: vec!["198.51.100.0/24".parse().unwrap()], ..peer("ct1") };
    let user = Peer { user: UserRule::Password(vec!["anna".into()]), ..peer("ct1") };
    let plain = Peer {
        known_by: KnownBy::Address,
        from: vec!["192.0.2.99/32".parse().unwrap()],
        ..peer("ct1")
    };
    let by = Shown::Certificate(&known);
    let cases = [
        (policy(peer("other")), by, usual(), Denial::UnknownCertificate),
        (policy(peer("ct1")), Shown::Nothing, usual(), Denial::NoCertificate),
        (policy(plain), Shown::Plain, usual(), Denial::UnknownAddress),
        (policy(far), by, usual(), Denial::WrongNetwork),
        (policy(peer("ct1")), by, calling, Denial::CallingTitle),
        (policy(peer("ct1")), by, called, Denial::CalledTitle),
        (with_services("find"), by, usual(), Denial::NoPermittedService),
        (policy(user), by, usual(), Denial::IdentityMissing),
    ];
    for (policy, shown, request, denial) in cases {
        let permit = reported(&policy, &request, shown).unwrap();
        assert_eq!(permit.would_refuse().unwrap().denial, denial);
        assert_eq!(permit.request().contexts, request.request.contexts, "{denial:?}");
        assert_eq!(&**permit.pacs(), "archive");
    }
}

#[test]
fn of_several_pacs_the_called_title_decides_and_without_one_it_is_refused() {
    let both = vec![pacs("archive", "PACS"), pacs("print", "PRINT")];
    let policy = Policy::new(Vec::new(), both).unwrap();
    let mut request = usual();
    request.request.called = title("PRINT");
    assert_eq!(&**reported(&policy, &request, Shown::Plain).unwrap().pacs(), "print");
    request.request.called = title("ELSEWHERE");
    let refusal = reported(&policy, &request, Shown::Plain).unwrap_err();
    assert_eq!(refusal.denial, Denial::UnknownAddress);
}

#[test]
fn what_no_key_could_permit_is_refused_all_the_same() {
    let none = request(vec![context(1, CT, &[JPIP])]);
    assert!(reported(&nobody(), &none, Shown::Plain).is_err());
    let disc = request(vec![context(1, "MediaStorageDirectoryStorage", &[IMPLICIT])]);
    assert!(reported(&nobody(), &disc, Shown::Plain).is_err());
}

#[test]
fn limits_hold() {
    let full = Occupancy { peer: 0, pacs: 128, peer_at_pacs: 0 };
    let half = Occupancy { peer: 64, pacs: 64, peer_at_pacs: 64 };
    for (occupancy, denial) in [(full, Denial::PacsLimit), (half, Denial::PeerShare)] {
        let (policy, request) = (nobody(), usual());
        let facts = Facts::inward(Shown::Plain, source(), &request);
        let refusal = policy.report(&facts).unwrap().admit(occupancy).unwrap_err();
        assert_eq!((refusal.denial, refusal.peer), (denial, None));
    }
}

#[test]
fn nothing_outward_is_only_reported() {
    let request = usual();
    let facts = Facts {
        direction: Direction::Outward,
        shown: Shown::Plain,
        source: source(),
        request: &request,
        awaits: &Everything,
    };
    assert_eq!(nobody().report(&facts).unwrap_err().denial, Denial::UnknownPacs);
}

#[test]
fn a_context_that_the_rights_do_not_cover_stays_with_nothing_unreported_on_it() {
    let policy = policy(Peer { services: services("echo"), ..peer("ct1") });
    let known = by_chain(certificate());
    let permit = reported(&policy, &usual(), Shown::Certificate(&known)).unwrap();
    assert_eq!((asked(&permit), permit.would_refuse()), (vec![1, 3], None));
    let conclusion = permit.conclude(ac(vec![accept(1, IMPLICIT), accept(3, IMPLICIT)])).unwrap();
    assert_eq!(conclusion.contexts.enforcement(), Enforcement::Reported);
    let of = |at| conclusion.contexts.iter().nth(at).unwrap().operations;
    assert!(of(0).allows(Side::Requestor, Operation::CEcho));
    assert!(of(1).is_empty());
}

fn any_contexts() -> impl Strategy<Value = ReceivedRq> {
    let classes = ["Verification", CT, MR, "StudyRootQueryRetrieveInformationModelFind"];
    let classes = prop::sample::select(classes.to_vec());
    let syntaxes = prop::sample::select(vec![IMPLICIT, JPIP]);
    let titles = prop::sample::select(vec!["CT1", "OTHER"]);
    let called = prop::sample::select(vec!["PACS", "ELSEWHERE"]);
    let contexts = prop::collection::vec((classes, syntaxes), 1..6);
    (contexts, titles, called).prop_map(|(contexts, calling, called)| {
        let contexts = contexts.into_iter().zip(0_u8..);
        let contexts = contexts.map(|((class, syntax), at)| context(2 * at + 1, class, &[syntax]));
        let mut request = request(contexts.collect());
        (request.request.calling, request.request.called) = (title(calling), title(called));
        request
    })
}

proptest! {
    /// What is permitted as a whole goes on as it does without report-only; what is denied passes with
    /// every context that some key could permit.
    #[test]
    fn nothing_changes_for_what_is_permitted_and_nothing_is_lost_of_what_is_not(
        request in any_contexts(),
        source in prop::sample::select(vec!["192.0.2.17", "198.51.100.1"]),
    ) {
        let policy = policy(Peer { services: services("echo store"), ..peer("ct1") });
        let known = by_chain(certificate());
        let source: IpAddr = source.parse().unwrap();
        let facts = Facts { source, ..facts(Some(&known), &request) };
        let usable = |it: &&pacsgate_core::wire::associate::ProposedContext| {
            it.transfer_syntaxes.iter().any(|uid| uid.as_str() == IMPLICIT)
        };
        let usable: Vec<_> = request.request.contexts.iter().filter(usable).cloned().collect();
        match (policy.identify(&facts), policy.report(&facts)) {
            (Ok(strict), Ok(kind)) => {
                prop_assert_eq!(kind.would_refuse(), None);
                let kept = kind.contexts().map(|(it, _)| it.clone()).collect::<Vec<_>>();
                prop_assert_eq!(kept, usable);
                let find = |id| kind.contexts().find(|(it, _)| it.id == id).map(|(_, may)| may);
                for (context, operations) in strict.contexts() {
                    prop_assert_eq!(find(context.id), Some(operations));
                }
                prop_assert_eq!((strict.peer(), strict.pacs()), (kind.peer(), kind.pacs()));
            }
            (Err(refusal), Ok(kind)) => {
                prop_assert_eq!(kind.would_refuse(), Some(&refusal));
                let kept = kind.contexts().map(|(it, _)| it.clone()).collect::<Vec<_>>();
                prop_assert_eq!(kept, usable);
            }
            (Err(refusal), Err(same)) => {
                prop_assert!(usable.is_empty());
                prop_assert_eq!(refusal, same);
            }
            (Ok(_), Err(_)) => prop_assert!(false, "report-only has refused what is permitted"),
        }
    }
}
