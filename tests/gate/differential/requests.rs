//! Association requests, sound and loose ones, and what of them goes to a PACS.

use super::random::Random;
use crate::support::associate::{
    Associate, COMMITMENT, CT, EXPLICIT, IMPLICIT, Item, MR, STUDY_FIND, STUDY_GET, STUDY_MOVE,
    VERIFICATION,
};
use pacsgate_core::certificate::{Accepted, AcceptedBy, Ca, Certificate, Digest, Matcher, Name};
use pacsgate_core::inspector::{Caps, Guarding};
use pacsgate_core::policy::{
    Facts, Identified, KnownBy, Occupancy, Pacs, Peer, Policy, Shown, UserRule,
};
use pacsgate_core::wire::associate::{AssociateRq, ReceivedRq, request_length};
use std::path::Path;

/// SOP classes that some service names.
const CLASSES: [&str; 7] = [VERIFICATION, CT, MR, STUDY_FIND, STUDY_MOVE, STUDY_GET, COMMITMENT];
const SYNTAXES: [&str; 5] =
    [IMPLICIT, EXPLICIT, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70"];
const SERVICES: &str = "echo store key-object find move get worklist mpps storage-commitment print";
const TITLE: &[u8] = b"ABCDEFXYZabcxyz0189_-. +!#$%&()*/:;<=>?@[]^`{|}~\"',";
const PRINTABLE: &[u8] = b"ABCDEFXYZabcxyz0189_-. ";

/// Loose requests: all that devices do, much of it against the standard.
pub(super) fn loose(random: &mut Random) -> Vec<u8> {
    let mut request = Associate::request("X", "X");
    request.called = title(random);
    request.calling = title(random);
    request.reserved = random.bytes(32).try_into().unwrap();
    request.application = vec![uid_item(random, 0x10, "1.2.840.10008.3.1.1.1")];
    let mut ids: Vec<u8> = (0..=127).map(|half| 2 * half + 1).collect();
    let many = if random.once_in(20) { 128 } else { 1 + random.below(8) };
    for _ in 0..many {
        let id = ids.remove(random.below(ids.len()));
        request.contexts.push(context(random, id));
    }
    if random.once_in(5) {
        let content = random.bytes(8);
        request.contexts.insert(0, Item::new(0x60, &content));
    }
    request.user = vec![user(random)];
    request.encode()
}

fn context(random: &mut Random, id: u8) -> Item {
    let class = class(random);
    let mut items = vec![uid_item(random, 0x30, &class)];
    for _ in 0..=random.below(4) {
        let syntax =
            if random.once_in(6) { any_uid(random) } else { random.pick(&SYNTAXES).to_owned() };
        items.push(uid_item(random, 0x40, &syntax));
    }
    if random.once_in(8) {
        items.push(Item::new(0x63, b"x"));
    }
    if random.once_in(4) {
        items.rotate_left(1);
    }
    Item::context(id, &items)
}

fn user(random: &mut Random) -> Vec<Item> {
    let maximum = random.pick(&[0, 1024, 16_384, 65_536, 1 << 20, u32::MAX]);
    let own = any_uid(random);
    let mut items = vec![Item::maximum_length(maximum), uid_item(random, 0x52, &own)];
    if !random.once_in(3) {
        let length = 1 + random.below(16);
        let mut name = random.text(PRINTABLE, length);
        name.resize(name.len() + random.below(3), 0);
        items.push(Item::new(0x55, &name));
    }
    for _ in 0..random.below(4) {
        let (of, scu) = (class(random), u8::from(random.once_in(2)));
        items.push(Item::roles(&of, scu, 1));
    }
    for _ in 0..random.below(3) {
        let of = class(random);
        let length = random.below(8);
        items.push(Item::extended(&of, &random.bytes(length)));
    }
    let gone = [
        Item::new(0x53, &[0, 1, 0, 1]),
        Item::new(0x57, b"\0\x111.2.840.10008.1.1\0\x111.2.840.10008.4.2\0\0"),
        Item::identity(2, b"user", b"secret"),
        Item::new(0x5a, b"odd"),
    ];
    for item in gone {
        if random.once_in(3) {
            items.insert(random.below(items.len() + 1), item);
        }
    }
    items
}

fn class(random: &mut Random) -> String {
    if random.once_in(5) { any_uid(random) } else { random.pick(&CLASSES).to_owned() }
}

fn any_uid(random: &mut Random) -> String {
    let components = (0..=random.below(6)).map(|_| {
        let zeros = if random.once_in(6) { "00" } else { "" };
        format!("{zeros}{}", random.below(100_000))
    });
    format!("1.{}", components.collect::<Vec<_>>().join("."))
}

fn uid_item(random: &mut Random, kind: u8, uid: &str) -> Item {
    let padding = random.pick(&["", "", "", "\0", " "]);
    Item::uid(kind, &format!("{uid}{padding}"))
}

fn title(random: &mut Random) -> [u8; 16] {
    let length = 1 + random.below(16);
    let mut field = vec![b' '; random.below(3).min(16 - length)];
    field.extend(random.text(TITLE, length));
    // Not blank.
    field.push(b'X');
    field.truncate(16);
    if !field.iter().any(u8::is_ascii_graphic) {
        field[0] = b'X';
    }
    field.resize(16, random.pick(b" \0"));
    field.try_into().unwrap()
}

/// The sound requests among the vectors.
pub(super) fn vectors() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/request");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| std::fs::read(path).unwrap();
    paths.iter().map(read).filter(|pdu| parse(pdu).is_some()).collect()
}

/// What the strict parser takes.
pub(super) fn parse(pdu: &[u8]) -> Option<ReceivedRq> {
    let (header, body) = pdu.split_first_chunk()?;
    request_length(*header).ok()?;
    ReceivedRq::parse(body).ok()
}

/// What of a request goes to the PACS, for a peer that may do everything under its title.
pub(super) fn permitted(received: &ReceivedRq) -> Option<AssociateRq> {
    let peer = Peer {
        name: "device".into(),
        contact: None,
        known_by: KnownBy::Certificate(vec![Matcher::SanDns(Name::new("device.example"))]),
        user: UserRule::NotNeeded,
        calling: vec![received.request.calling],
        from: Vec::new(),
        pacs: vec!["archive".into()],
        services: SERVICES.split(' ').map(|name| name.parse().unwrap()).collect(),
        sop_classes: Vec::new(),
        move_to: Vec::new(),
        guarding: Guarding::default(),
        caps: Caps::default(),
        reach: None,
        associations: 1,
    };
    let pacs = Pacs {
        name: "archive".into(),
        called: vec![received.request.called],
        from: Vec::new(),
        certificates: Vec::new(),
        calling: Vec::new(),
        ae_title: None,
        associations: 2,
        max_pdu: 1 << 20,
        guarding: Guarding::default(),
    };
    let policy = Policy::new(vec![peer], vec![pacs]).unwrap();
    let certificate = Certificate {
        sha256: Digest([1; 32]),
        spki_sha256: Digest([2; 32]),
        dns: vec!["device.example".into()],
        uris: Vec::new(),
        common_name: None,
        not_before: 0,
        not_after: 2_000_000_000,
    };
    let source = [192, 0, 2, 1].into();
    let certificate = Accepted { certificate, by: AcceptedBy::Chain(vec![Ca::Only]) };
    let facts = Facts::inward(Shown::Certificate(&certificate), source, received);
    let candidate = policy.identify(&facts).ok()?;
    let admitted = candidate.admit(Occupancy::default()).ok()?;
    Some(admitted.permit(Identified::Nobody).ok()?.request().clone())
}
