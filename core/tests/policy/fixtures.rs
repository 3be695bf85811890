//! One peer, one PACS, one certificate and one request that fit each other.

use std::net::IpAddr;

use pacsgate_core::certificate::{Accepted, AcceptedBy, Ca, Certificate, Digest, Matcher, Name};
use pacsgate_core::inspector::{Caps, Guarding};
use pacsgate_core::policy::{
    Candidate, Facts, Identified, KnownBy, Occupancy, Pacs, Peer, Permit, Policy, Refusal, Shown,
    UserRule,
};
use pacsgate_core::services::{Service, SopClass};
use pacsgate_core::wire::associate::{
    AssociateAc, AssociateRq, ContextAnswer, ContextId, ContextResult, Echo, ExtendedNegotiation,
    Notes, ProposedContext, ReceivedAc, ReceivedRq, RoleSelection, UserInformation, VersionName,
};
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;

pub(crate) const IMPLICIT: &str = "1.2.840.10008.1.2";
pub(crate) const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub(crate) const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
pub(crate) const JPIP: &str = "1.2.840.10008.1.2.4.94";
pub(crate) const CT: &str = "CTImageStorage";
pub(crate) const MR: &str = "MRImageStorage";
pub(crate) const KEY_OBJECT: &str = "KeyObjectSelectionDocumentStorage";
pub(crate) const FIND: &str = "StudyRootQueryRetrieveInformationModelFind";
pub(crate) const GET: &str = "StudyRootQueryRetrieveInformationModelGet";
pub(crate) const COMMITMENT: &str = "StorageCommitmentPushModel";
pub(crate) const CAP: u32 = 1 << 20;

pub(crate) fn uid(name: &str) -> Uid {
    SopClass::uid_of(name).unwrap()
}

pub(crate) fn title(text: &str) -> AeTitle {
    text.parse().unwrap()
}

pub(crate) fn id(id: u8) -> ContextId {
    ContextId::new(id).unwrap()
}

pub(crate) fn dns(name: &str) -> Matcher {
    Matcher::SanDns(Name::new(name))
}

pub(crate) fn digest(byte: u8) -> Digest {
    Digest([byte; 32])
}

pub(crate) fn services(names: &str) -> Vec<Service> {
    names.split(' ').map(|name| name.parse().unwrap()).collect()
}

pub(crate) fn peer(name: &str) -> Peer {
    Peer {
        name: name.into(),
        contact: Some("Radiology IT".into()),
        known_by: KnownBy::Certificate(vec![dns(&format!("{name}.example"))]),
        user: UserRule::NotNeeded,
        calling: vec![title("CT1"), title("CT1_QR")],
        from: vec!["192.0.2.0/24".parse().unwrap()],
        pacs: vec!["archive".into()],
        services: services("echo store find"),
        sop_classes: Vec::new(),
        move_to: Vec::new(),
        guarding: Guarding::default(),
        caps: Caps::default(),
        reach: None,
        associations: 32,
    }
}

pub(crate) fn pacs(name: &str, called: &str) -> Pacs {
    Pacs {
        name: name.into(),
        called: vec![title(called)],
        from: Vec::new(),
        certificates: Vec::new(),
        calling: Vec::new(),
        ae_title: None,
        associations: 128,
        max_pdu: CAP,
        guarding: Guarding::default(),
    }
}

/// The policy of one peer and the PACS `archive`, called `PACS`.
pub(crate) fn policy(peer: Peer) -> Policy {
    Policy::new(vec![peer], vec![pacs("archive", "PACS")]).unwrap()
}

pub(crate) fn with_services(names: &str) -> Policy {
    policy(Peer { services: services(names), ..peer("ct1") })
}

/// With the DNS name `ct1.example`, not pinned anywhere.
pub(crate) fn certificate() -> Certificate {
    Certificate {
        sha256: digest(0xc1),
        spki_sha256: digest(0xe1),
        dns: vec!["ct1.example".into()],
        uris: vec!["urn:example:ct1".into()],
        common_name: Some("ct1".into()),
        not_before: 0,
        not_after: 2_000_000_000,
    }
}

/// Accepted by its chain.
pub(crate) fn by_chain(certificate: Certificate) -> Accepted {
    Accepted { certificate, by: AcceptedBy::Chain(vec![Ca::Only]) }
}

pub(crate) fn context(number: u8, sop_class: &str, syntaxes: &[&str]) -> ProposedContext {
    ProposedContext {
        id: id(number),
        abstract_syntax: uid(sop_class),
        transfer_syntaxes: syntaxes.iter().map(|syntax| syntax.parse().unwrap()).collect(),
    }
}

pub(crate) fn user() -> UserInformation {
    UserInformation {
        maximum_length: 16_384,
        implementation_class: "1.2.3.4".parse().unwrap(),
        implementation_version: VersionName::parse(b"CT_1"),
        roles: Vec::new(),
        extended: Vec::new(),
    }
}

pub(crate) fn role(sop_class: &str, scu: bool, scp: bool) -> RoleSelection {
    RoleSelection { sop_class: uid(sop_class), scu, scp }
}

pub(crate) fn extended(sop_class: &str) -> ExtendedNegotiation {
    ExtendedNegotiation { sop_class: uid(sop_class), information: vec![1, 0] }
}

/// CT1 calls PACS with these contexts.
pub(crate) fn request(contexts: Vec<ProposedContext>) -> ReceivedRq {
    ReceivedRq {
        request: AssociateRq {
            called: title("PACS"),
            calling: title("CT1"),
            contexts,
            user: user(),
        },
        echo: Echo([7; 64]),
        unsound: Vec::new(),
        identity: None,
        notes: Notes::default(),
    }
}

pub(crate) fn echo_request() -> ReceivedRq {
    request(vec![context(1, "Verification", &[IMPLICIT])])
}

pub(crate) fn source() -> IpAddr {
    "192.0.2.17".parse().unwrap()
}

/// Of a peer at a listener with TLS.
pub(crate) fn facts<'a>(certificate: Option<&'a Accepted>, request: &'a ReceivedRq) -> Facts<'a> {
    let shown = certificate.map_or(Shown::Nothing, Shown::Certificate);
    Facts::inward(shown, source(), request)
}

pub(crate) fn identify(policy: &Policy, request: &ReceivedRq) -> Result<Candidate, Refusal> {
    let certificate = by_chain(certificate());
    policy.identify(&facts(Some(&certificate), request))
}

pub(crate) fn identify_as(
    policy: &Policy,
    certificate: &Certificate,
) -> Result<Candidate, Refusal> {
    identify_accepted(policy, &by_chain(certificate.clone()))
}

pub(crate) fn identify_accepted(
    policy: &Policy,
    certificate: &Accepted,
) -> Result<Candidate, Refusal> {
    policy.identify(&facts(Some(certificate), &echo_request()))
}

pub(crate) fn permit(policy: &Policy, request: &ReceivedRq) -> Permit {
    let admitted = identify(policy, request).unwrap().admit(Occupancy::default()).unwrap();
    admitted.permit(Identified::Nobody).unwrap()
}

/// The ids of the contexts that the PACS is asked for.
pub(crate) fn asked(permit: &Permit) -> Vec<u8> {
    permit.request().contexts.iter().map(|context| context.id.value()).collect()
}

pub(crate) fn accept(number: u8, syntax: &str) -> ContextResult {
    ContextResult { id: id(number), answer: ContextAnswer::Accepted(syntax.parse().unwrap()) }
}

pub(crate) fn ac(results: Vec<ContextResult>) -> ReceivedAc {
    let mut user = user();
    user.maximum_length = 32_768;
    user.implementation_class = "1.2.5.6".parse().unwrap();
    user.implementation_version = VersionName::parse(b"PACS_1");
    ReceivedAc {
        answer: AssociateAc { echo: Echo([9; 64]), results, user, answers_identity: false },
        notes: Notes::default(),
    }
}
