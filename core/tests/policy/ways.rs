//! Peers without TLS, and what a PACS asks for by itself.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use pacsgate_core::certificate::Matcher;
use pacsgate_core::direction::Direction;
use pacsgate_core::policy::{
    After, Awaits, Candidate, Denial, Everything, Facts, Finding, Identified, IdentityFault,
    KnownBy, Occupancy, Pacs, Peer, Policy, PolicyFault, Reach, Refusal, Remark, Removal, Shown,
};
use pacsgate_core::reason::Answer;
use pacsgate_core::services::{Operation, Reception};
use pacsgate_core::side::Side;
use pacsgate_core::wire::associate::ReceivedRq;
use pacsgate_core::wire::reject::Reject;
use pacsgate_core::wire::title::AeTitle;

use crate::fixtures::*;

const WINDOW: Duration = Duration::from_secs(7200);

/// Known by its address, as US1.
fn ultrasound(name: &str, address: &str) -> Peer {
    Peer {
        known_by: KnownBy::Address,
        from: vec![address.parse().unwrap()],
        calling: vec![title(&name.to_uppercase())],
        ..peer(name)
    }
}

fn reach(after: After) -> Option<Reach> {
    let other = Reception::Other { sop_class: uid(FIND), operations: vec![Operation::CFind] };
    let services = vec![Reception::Store, Reception::StorageCommitment, other];
    Some(Reach { services, after, associations: 4 })
}

fn archive() -> Pacs {
    Pacs {
        from: vec!["10.0.0.5/32".parse().unwrap()],
        calling: vec![title("ARCHIVE")],
        ..pacs("archive", "PACS")
    }
}

fn site() -> Policy {
    let ct1 = Peer { reach: reach(After::Request { window: WINDOW }), ..peer("ct1") };
    let us1 = Peer { reach: reach(After::Anything), ..ultrasound("us1", "192.0.2.64/28") };
    let peers = vec![ct1, us1, ultrasound("us2", "192.0.2.80/32")];
    Policy::new(peers, vec![archive(), pacs("other", "OTHER")]).unwrap()
}

fn plain(source: &str, calling: &str) -> Result<Candidate, Refusal> {
    let mut request = echo_request();
    request.request.calling = title(calling);
    site().identify(&Facts::inward(Shown::Plain, source.parse().unwrap(), &request))
}

#[test]
fn knows_a_peer_without_tls_by_its_address_and_its_title() {
    let candidate = plain("192.0.2.70", "US1").unwrap();
    assert_eq!(candidate.peer().as_ref(), "us1");
    let permit = candidate.admit(Occupancy::default()).unwrap().permit(Identified::Nobody).unwrap();
    assert_eq!(permit.trace().iter().next(), Some(Finding::AddressKnown));
    assert_eq!(plain("::ffff:192.0.2.80", "US2").unwrap().peer().as_ref(), "us2");
}

#[test]
fn an_address_does_not_stand_for_another_title_nor_a_title_for_another_address() {
    let nearest = |refusal: &Refusal| refusal.nearest.as_ref().unwrap().to_string();
    let other = plain("192.0.2.70", "US2").unwrap_err();
    assert_eq!((other.denial, other.peer.as_deref()), (Denial::CallingTitle, Some("us1")));
    assert!(nearest(&other).contains("that of peer us2"));
    let elsewhere = plain("192.0.2.81", "US2").unwrap_err();
    let silent = Answer::Reject(Reject::NO_REASON);
    assert_eq!((elsewhere.denial, elsewhere.answer()), (Denial::UnknownAddress, silent));
    assert!(nearest(&elsewhere).contains("other network: it may come from 192.0.2.80/32"));
}

#[test]
fn a_peer_with_a_certificate_does_not_come_without_tls_nor_one_without_with_it() {
    let refusal = plain("192.0.2.17", "CT1").unwrap_err();
    assert_eq!(refusal.denial, Denial::UnknownAddress);
    let nearest = refusal.nearest.unwrap().to_string();
    assert!(nearest.contains("peer ct1, which has to show a certificate"), "{nearest}");
    let mut request = echo_request();
    request.request.calling = title("US1");
    let address = "192.0.2.70".parse().unwrap();
    let facts = Facts::inward(Shown::Nothing, address, &request);
    let refusal = site().identify(&facts).unwrap_err();
    assert_eq!(refusal.denial, Denial::NoCertificate);
    let nearest = refusal.nearest.unwrap().to_string();
    assert!(
        nearest.contains("peer us1, which is let in at listeners without TLS only"),
        "{nearest}"
    );
}

#[test]
fn several_peers_may_share_an_address_if_their_titles_differ() {
    let both = vec![ultrasound("us1", "192.0.2.64/28"), ultrasound("us2", "192.0.2.70/32")];
    let policy = Policy::new(both, vec![pacs("archive", "PACS")]).unwrap();
    for (title_of, name) in [("US1", "us1"), ("US2", "us2")] {
        let mut request = echo_request();
        request.request.calling = title(title_of);
        let address = "192.0.2.70".parse().unwrap();
        let facts = Facts::inward(Shown::Plain, address, &request);
        assert_eq!(policy.identify(&facts).unwrap().peer().as_ref(), name);
    }
}

fn faults(peers: Vec<Peer>, pacs: Vec<Pacs>) -> Vec<PolicyFault> {
    Policy::new(peers, pacs).unwrap_err().into_iter().map(|error| error.what).collect()
}

#[test]
fn what_is_ambiguous_or_wide_does_not_load() {
    let us1 = || ultrasound("us1", "192.0.2.64/28");
    let twin = Peer { calling: vec![title("US1")], ..ultrasound("us2", "192.0.2.79/32") };
    let shared = faults(vec![us1(), twin.clone()], vec![archive()]);
    assert!(
        matches!(shared[..], [PolicyFault::Identity(IdentityFault::SharedAddress { .. })]),
        "{shared:?}"
    );
    let apart = Peer { from: vec!["192.0.2.80/32".parse().unwrap()], ..twin };
    assert!(Policy::new(vec![us1(), apart], vec![archive()]).is_ok());

    let wide = faults(vec![ultrasound("us1", "192.0.2.64/27")], vec![archive()]);
    assert!(matches!(wide[..], [PolicyFault::Identity(IdentityFault::WideNetwork(_))]), "{wide:?}");
    let nowhere = faults(vec![Peer { from: vec![], ..us1() }], vec![archive()]);
    assert_eq!(nowhere, [PolicyFault::Identity(IdentityFault::NoAddress)]);
    let wide = Pacs { from: vec!["10.0.0.0/8".parse().unwrap()], ..archive() };
    assert!(matches!(
        faults(vec![us1()], vec![wide])[..],
        [PolicyFault::Identity(IdentityFault::WideNetwork(_))]
    ));
    let twin = Pacs { name: "twin".into(), called: vec![title("TWIN")], ..archive() };
    let shared = faults(vec![us1()], vec![archive(), twin]);
    assert!(
        matches!(shared[..], [PolicyFault::Identity(IdentityFault::SharedAddress { .. })]),
        "{shared:?}"
    );

    let reached = |name| Peer { reach: reach(After::Anything), ..peer(name) };
    let shared = faults(vec![reached("ct1"), reached("ct2")], vec![archive()]);
    assert!(matches!(
        shared[..],
        [
            PolicyFault::Identity(IdentityFault::SharedReach { .. }),
            PolicyFault::Identity(IdentityFault::SharedReach { .. })
        ]
    ));
    let empty = Reach { services: vec![], ..reach(After::Anything).unwrap() };
    let empty = faults(vec![Peer { reach: Some(empty), ..peer("ct1") }], vec![archive()]);
    assert_eq!(empty, [PolicyFault::Empty]);
}

/// To whom objects were moved, and who has asked for commitments.
#[derive(Debug, Default)]
struct Asked {
    moved: HashSet<AeTitle>,
    committed: HashSet<AeTitle>,
}

impl Awaits for Asked {
    fn objects(&self, pacs: &Arc<str>, to: &AeTitle, window: Duration) -> bool {
        assert_eq!((&**pacs, window), ("archive", WINDOW));
        self.moved.contains(to)
    }

    fn report(&self, pacs: &Arc<str>, to: &[AeTitle]) -> bool {
        assert_eq!(&**pacs, "archive");
        to.iter().any(|title| self.committed.contains(title))
    }
}

/// The archive sends an image and a report to a title.
fn sent(to: &str) -> ReceivedRq {
    let image = context(1, CT, &[IMPLICIT]);
    let mut request = request(vec![image, context(3, COMMITMENT, &[IMPLICIT])]);
    (request.request.calling, request.request.called) = (title("ARCHIVE"), title(to));
    request.request.user.roles = vec![role(COMMITMENT, false, true)];
    request
}

fn outward(request: &ReceivedRq, awaits: &dyn Awaits) -> Result<Candidate, Refusal> {
    outward_from("10.0.0.5", Shown::Plain, request, awaits)
}

fn outward_from(
    source: &str,
    shown: Shown<'_>,
    request: &ReceivedRq,
    awaits: &dyn Awaits,
) -> Result<Candidate, Refusal> {
    let (direction, source) = (Direction::Outward, source.parse().unwrap());
    site().identify(&Facts { direction, shown, source, request, awaits })
}

#[test]
fn a_pacs_reaches_the_peer_whose_title_it_calls() {
    let candidate = outward(&sent("CT1"), &Everything).unwrap();
    let permit = candidate.admit(Occupancy::default()).unwrap().permit(Identified::Nobody).unwrap();
    assert_eq!((&**permit.peer(), &**permit.pacs(), &**permit.target()), ("ct1", "archive", "ct1"));
    let asked = permit.request();
    assert_eq!((asked.calling, asked.called), (title("ARCHIVE"), title("CT1")));
    assert_eq!(asked.user.roles, [role(COMMITMENT, false, true)]);
    let report = outward(&sent("CT1"), &Everything).unwrap();
    let operations: Vec<_> = report.contexts().map(|(_, operations)| operations).collect();
    assert!(operations[0].allows(Side::Requestor, Operation::CStore));
    assert!(operations[1].allows(Side::Requestor, Operation::NEventReport));
    assert!(!operations[1].allows(Side::Acceptor, Operation::NAction));
    assert!(!operations[0].allows(Side::Acceptor, Operation::CStore));
}

/// PS3.4 section J.3.3.1.3 has the SCP propose its role on an association of its own. Who forgets to,
/// and who proposes both roles or the other one, reports all the same, and so it arrives: without a
/// role that nobody proposed, and without one in which there is nothing to do.
#[test]
fn a_report_needs_no_role_selection() {
    let proposals = [
        (None, None, vec![]),
        (Some((true, true)), Some((false, true)), vec![(Remark::RoleClipped, 1)]),
        (Some((true, false)), None, vec![(Remark::RoleRemoved, 1)]),
    ];
    for (proposed, asked, noted) in proposals {
        let mut request = sent("CT1");
        let selection = |(scu, scp)| role(COMMITMENT, scu, scp);
        request.request.user.roles = proposed.map(selection).into_iter().collect();
        let candidate = outward(&request, &Everything).unwrap();
        assert!(candidate.contexts().any(|(context, operations)| {
            context.id == id(3) && operations.allows(Side::Requestor, Operation::NEventReport)
        }));
        let admitted = candidate.admit(Occupancy::default()).unwrap();
        let permit = admitted.permit(Identified::Nobody).unwrap();
        let expected: Vec<_> = asked.map(selection).into_iter().collect();
        assert_eq!(permit.request().user.roles, expected);
        assert_eq!(permit.remarks().iter().collect::<Vec<_>>(), noted);
    }
}

#[test]
fn what_nobody_has_asked_for_is_taken_out() {
    let (nothing, mut asked) = (Asked::default(), Asked::default());
    let refusal = outward(&sent("CT1"), &nothing).unwrap_err();
    assert_eq!(refusal.denial, Denial::NothingRequested);
    assert!(refusal.removed.iter().all(|removed| removed.why == Removal::NotRequested));
    asked.committed.insert(title("CT1"));
    let kept = |asked: &Asked| -> Vec<_> {
        let candidate = outward(&sent("CT1"), asked).unwrap();
        candidate.contexts().map(|(context, _)| context.id).collect()
    };
    assert_eq!(kept(&asked), [id(3)]);
    asked.moved.insert(title("CT1"));
    assert_eq!(kept(&asked), [id(1), id(3)]);
    asked.committed.clear();
    assert_eq!(kept(&asked), [id(1)]);
    // A device that takes whatever comes, as its table says.
    assert!(outward(&sent("US1"), &nothing).is_ok());
}

#[test]
fn a_pacs_is_refused_what_is_not_its_own() {
    let denied = |refusal: Result<Candidate, Refusal>| refusal.unwrap_err().denial;
    let stranger = outward_from("10.0.0.6", Shown::Plain, &sent("CT1"), &Everything);
    assert_eq!(denied(stranger), Denial::UnknownPacs);
    let mut claimed = sent("US1");
    claimed.request.calling = title("CT1");
    let refusal = outward(&claimed, &Everything).unwrap_err();
    assert_eq!((refusal.denial, refusal.pacs.as_deref()), (Denial::PacsTitle, Some("archive")));
    assert_eq!(refusal.nearest.unwrap().to_string(), "the calling title is that of peer ct1");
    for (to, near) in [
        ("US2", Some("that of peer us2, which has no [peer.us2.reach]")),
        ("ct1", Some("differs in case from CT1")),
        ("NOBODY", None),
        ("PACS", None),
    ] {
        let refusal = outward(&sent(to), &Everything).unwrap_err();
        assert_eq!(refusal.denial, Denial::PeerTitle, "{to}");
        let nearest = refusal.nearest.map(|nearest| nearest.to_string());
        assert!(near.is_none_or(|near| nearest.clone().unwrap().contains(near)), "{nearest:?}");
    }
    let mut verification = sent("CT1");
    verification.request.contexts = vec![context(1, "Verification", &[IMPLICIT])];
    let refusal = outward(&verification, &Everything).unwrap_err();
    assert_eq!(refusal.denial, Denial::NothingReceived);
    assert_eq!(refusal.removed[0].why, Removal::NotReceived);
}

#[test]
fn a_peer_is_reached_by_its_own_pacs_only() {
    let archive = Pacs { from: vec!["10.0.0.5/32".parse().unwrap()], ..pacs("archive", "PACS") };
    let other = Pacs { from: vec!["10.0.0.6/32".parse().unwrap()], ..pacs("other", "OTHER") };
    let ct1 = Peer { reach: reach(After::Anything), ..peer("ct1") };
    let policy = Policy::new(vec![ct1], vec![archive, other]).unwrap();
    let mut request = sent("CT1");
    // Without titles of its own a PACS calls as it is called.
    request.request.calling = title("OTHER");
    let (direction, source) = (Direction::Outward, "10.0.0.6".parse().unwrap());
    let (shown, awaits) = (Shown::Plain, &Everything);
    let facts = Facts { direction, shown, source, request: &request, awaits };
    let refusal = policy.identify(&facts).unwrap_err();
    assert_eq!(refusal.denial, Denial::PeerTitle);
    let nearest = refusal.nearest.unwrap().to_string();
    assert_eq!(nearest, "the called title is that of peer ct1, whose `pacs` does not name other");
}

#[test]
fn a_pacs_with_tls_is_known_by_its_certificate_and_its_network() {
    let certificates = vec![Matcher::CertSha256(digest(0xc1))];
    let archive = Pacs { certificates, ..archive() };
    let ct1 = Peer { reach: reach(After::Anything), ..peer("ct1") };
    let policy = Policy::new(vec![ct1], vec![archive]).unwrap();
    let certificate = by_chain(certificate());
    let request = sent("CT1");
    let judged = |shown, source: &str| {
        let (direction, source) = (Direction::Outward, source.parse().unwrap());
        let awaits = &Everything;
        policy.identify(&Facts { direction, shown, source, request: &request, awaits })
    };
    let shown = Shown::Certificate(&certificate);
    assert!(judged(shown, "10.0.0.5").is_ok());
    assert_eq!(judged(shown, "10.0.0.6").unwrap_err().denial, Denial::PacsNetwork);
    // Where it has none to show, its address proves nothing.
    assert_eq!(judged(Shown::Plain, "10.0.0.5").unwrap_err().denial, Denial::UnknownPacs);
    let holder = policy.holder(Direction::Outward, &certificate).unwrap();
    assert_eq!(&*holder.name, "archive");
}

#[test]
fn an_outward_association_has_limits_of_its_own() {
    let admit = |occupancy| {
        let candidate = outward(&sent("CT1"), &Everything).unwrap();
        candidate.admit(occupancy).map(drop).map_err(|refusal| refusal.denial)
    };
    let free = Occupancy::default();
    assert_eq!(admit(Occupancy { peer: 3, pacs: 127, peer_at_pacs: 3 }), Ok(()));
    assert_eq!(admit(Occupancy { peer: 4, ..free }), Err(Denial::ReachLimit));
    assert_eq!(admit(Occupancy { pacs: 128, ..free }), Err(Denial::PacsOwnLimit));
}

#[test]
fn of_several_at_one_address_it_is_the_one_that_its_title_resembles() {
    let all = vec![ultrasound("us2", "192.0.2.64/28"), ultrasound("us1", "192.0.2.65/32")];
    let policy = Policy::new(all, vec![archive()]).unwrap();
    let mut request = echo_request();
    request.request.calling = title("us1");
    let facts = Facts::inward(Shown::Plain, "192.0.2.65".parse().unwrap(), &request);
    let refusal = policy.identify(&facts).unwrap_err();
    assert_eq!(refusal.peer.as_deref(), Some("us1"));
    assert_eq!(refusal.nearest.unwrap().to_string(), "the title differs in case from US1");
}
