//! Strategies for sound values and for almost sound bytes.

use std::collections::BTreeSet;

use pacsgate_core::wire::associate::{
    AssociateAc, AssociateRq, ContextAnswer, ContextId, ContextRejection, ContextResult, Echo,
    ExtendedNegotiation, ProposedContext, RoleSelection, UserInformation, VersionName,
};
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;
use proptest::array::uniform32;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use crate::build::{APPLICATION_CONTEXT, Bytes, CT_IMAGE, VERIFICATION, fixed, item, sized};

pub(crate) fn uid() -> impl Strategy<Value = Uid> {
    prop_oneof![
        select(vec![VERIFICATION, CT_IMAGE, "1.2.840.10008.1.2.1", "1.02.003"])
            .prop_map(|text| text.parse().unwrap()),
        "[0-9]{1,9}(\\.[0-9]{1,9}){0,5}".prop_map(|text| text.parse().unwrap()),
    ]
}

fn title() -> impl Strategy<Value = AeTitle> {
    "[!-\\[\\]-~]([ -\\[\\]-~]{0,14}[!-\\[\\]-~])?".prop_map(|text| text.parse().unwrap())
}

fn version() -> impl Strategy<Value = VersionName> {
    "[A-Za-z0-9 _./:+-]{0,15}[A-Za-z0-9_./:+-]"
        .prop_map(|text| VersionName::parse(text.as_bytes()).unwrap())
}

/// A title, a UID or a version name, more or less.
pub(crate) fn field() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        "[ \0]{0,2}[A-Z_ \\\\\0]{0,17}[ \0]{0,3}".prop_map(String::into_bytes),
        "[0-2.]{0,70}[ \0]{0,3}".prop_map(String::into_bytes),
        (uid(), "[ \0]{0,3}").prop_map(|(uid, padding)| format!("{uid}{padding}").into_bytes()),
        vec(any::<u8>(), 0..20),
    ]
}

/// Any of the 128 ids, in any order, none twice.
fn ids(at_least: usize) -> impl Strategy<Value = Vec<ContextId>> {
    let all: Vec<ContextId> = (0..=255).filter_map(ContextId::new).collect();
    prop_oneof![
        9 => subsequence(all.clone(), at_least..=8),
        1 => subsequence(all, at_least..=128),
    ]
    .prop_shuffle()
}

fn roles() -> impl Strategy<Value = Vec<RoleSelection>> {
    vec((uid(), any::<bool>(), any::<bool>()), 0..5).prop_map(|roles| {
        let mut seen = BTreeSet::new();
        roles
            .into_iter()
            .filter(|(class, _, _)| seen.insert(class.clone()))
            .map(|(sop_class, scu, scp)| RoleSelection { sop_class, scu, scp })
            .collect()
    })
}

fn extended() -> impl Strategy<Value = Vec<ExtendedNegotiation>> {
    vec((uid(), vec(any::<u8>(), 0..20)), 0..5).prop_map(|negotiations| {
        let mut seen = BTreeSet::new();
        negotiations
            .into_iter()
            .filter(|(class, _)| seen.insert(class.clone()))
            .map(|(sop_class, information)| {
                // Of the SOP classes here, storage alone has a form.
                let levels = information.iter().zip([4, 1, 4, 1, 3, 1]);
                let information = match sop_class.as_str() {
                    CT_IMAGE if information.is_empty() => vec![2],
                    CT_IMAGE => levels.map(|(byte, values)| byte % values).collect(),
                    _ => information,
                };
                ExtendedNegotiation { sop_class, information }
            })
            .collect()
    })
}

fn user() -> impl Strategy<Value = UserInformation> {
    let maximum_length = prop_oneof![Just(0), 1024..=u32::MAX];
    (maximum_length, uid(), option::of(version()), roles(), extended()).prop_map(
        |(maximum_length, implementation_class, implementation_version, roles, extended)| {
            UserInformation {
                maximum_length,
                implementation_class,
                implementation_version,
                roles,
                extended,
            }
        },
    )
}

fn context() -> impl Strategy<Value = (Uid, Vec<Uid>)> {
    (uid(), vec(uid(), 1..4))
}

pub(crate) fn request() -> impl Strategy<Value = AssociateRq> {
    let contexts = ids(1).prop_flat_map(|ids| (vec(context(), ids.len()), Just(ids))).prop_map(
        |(contexts, ids)| {
            let context = |(id, (abstract_syntax, transfer_syntaxes))| ProposedContext {
                id,
                abstract_syntax,
                transfer_syntaxes,
            };
            ids.into_iter().zip(contexts).map(context).collect()
        },
    );
    (title(), title(), contexts, user()).prop_map(|(called, calling, contexts, user)| AssociateRq {
        called,
        calling,
        contexts,
        user,
    })
}

fn context_answer() -> impl Strategy<Value = ContextAnswer> {
    let rejections = vec![
        ContextRejection::User,
        ContextRejection::NoReason,
        ContextRejection::AbstractSyntax,
        ContextRejection::TransferSyntaxes,
    ];
    prop_oneof![
        uid().prop_map(ContextAnswer::Accepted),
        select(rejections).prop_map(ContextAnswer::Rejected),
    ]
}

pub(crate) fn answer() -> impl Strategy<Value = AssociateAc> {
    let results = ids(0)
        .prop_flat_map(|ids| (vec(context_answer(), ids.len()), Just(ids)))
        .prop_map(|(answers, ids)| {
            let result = |(id, answer)| ContextResult { id, answer };
            ids.into_iter().zip(answers).map(result).collect()
        });
    (uniform32(any::<[u8; 2]>()), results, user()).prop_map(|(echo, results, user)| {
        let echo = Echo(echo.concat().try_into().unwrap());
        AssociateAc { echo, results, user, answers_identity: false }
    })
}

/// One change to some bytes.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    Set(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Cut(Index),
    Repeat(Index, Index),
}

pub(crate) fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let place = any::<Index>;
    let byte = || {
        prop_oneof![any::<u8>(), select(vec![0, 1, 0x10, 0x20, 0x21, 0x30, 0x40, 0x50, 0x54, 0x58])]
    };
    let mutation = prop_oneof![
        6 => (place(), byte()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        1 => (place(), byte()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        1 => place().prop_map(Mutation::Remove),
        1 => place().prop_map(Mutation::Cut),
        1 => (place(), place()).prop_map(|(from, to)| Mutation::Repeat(from, to)),
    ];
    vec(mutation, 1..4)
}

pub(crate) fn mutate(mut bytes: Bytes, mutations: &[Mutation]) -> Bytes {
    for mutation in mutations.iter().filter(|_| !bytes.is_empty()).collect::<Vec<_>>() {
        let length = bytes.len().max(1);
        match mutation {
            Mutation::Set(at, byte) => bytes[at.index(length)] = *byte,
            Mutation::Insert(at, byte) => bytes.insert(at.index(length), *byte),
            Mutation::Remove(at) => drop(bytes.remove(at.index(length))),
            Mutation::Cut(at) => bytes.truncate(at.index(length).max(1)),
            Mutation::Repeat(from, to) => {
                let (from, to) = (from.index(length), to.index(length));
                let part = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.extend(part);
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

/// A body with all that it needs, in any order, and beside it items that are odd, repeated, unknown
/// or out of place; about every third one is sound. The kind of its contexts is 20 or 21.
pub(crate) fn loose_body(context_kind: u8) -> impl Strategy<Value = Bytes> {
    let context = loose_context(context_kind);
    let parts = (vec(context, 0..4), loose_user(), vec(loose_item(), 0..2));
    let items = parts.prop_map(|(contexts, user, others)| {
        let needed = vec![item(0x10, APPLICATION_CONTEXT), user];
        [needed, contexts, others].concat()
    });
    items.prop_shuffle().prop_map(|items| {
        [fixed(1, b"PACS            ", b"CT1\0\0\0\0\0\0\0\0\0\0\0\0\0"), items.concat()].concat()
    })
}

fn loose_context(kind: u8) -> impl Strategy<Value = Bytes> {
    // A proposed context needs both, a result may lack both.
    let needed = usize::from(kind == 0x20);
    let sub_items = (
        vec(loose_uid_item(0x30), needed),
        vec(loose_uid_item(0x40), needed..=2),
        vec(loose_item(), 0..2),
    );
    let sub_items = sub_items.prop_map(|(a, b, c)| [a, b, c].concat()).prop_shuffle();
    (0..128_u8, 0..=5_u8, sub_items).prop_map(move |(half, result, sub_items)| {
        item(kind, [vec![2 * half + 1, 0, result, 0], sub_items.concat()].concat())
    })
}

fn loose_user() -> impl Strategy<Value = Bytes> {
    let sub_item = prop_oneof![
        select(vec![
            item(0x53, [0, 1, 0, 1]),
            item(0x55, "NAME\0"),
            item(0x55, "a\\b"),
            item(0x57, [sized("1.2"), sized(""), sized(sized("x"))].concat()),
            item(0x58, [vec![2, 0], sized("a"), sized("b")].concat()),
            item(0x59, sized("")),
        ]),
        (uid(), 0..=1_u8)
            .prop_map(|(uid, scu)| item(0x54, [sized(uid.as_str()), vec![scu, 1]].concat())),
        (uid(), vec(0..2_u8, 0..2))
            .prop_map(|(uid, end)| item(0x56, [sized(uid.as_str()), end].concat())),
        loose_item(),
    ];
    (loose_uid_item(0x52), vec(sub_item, 0..4)).prop_map(|(class, sub_items)| {
        let needed = vec![item(0x51, [0, 0, 64, 0]), class];
        item(0x50, [needed, sub_items].concat().concat())
    })
}

fn loose_uid_item(kind: u8) -> impl Strategy<Value = Bytes> {
    let padding = select(vec!["", "", "", "\0", " "]);
    (uid(), padding).prop_map(move |(uid, padding)| item(kind, format!("{uid}{padding}")))
}

/// Mostly of an unknown type.
fn loose_item() -> impl Strategy<Value = Bytes> {
    let kind = prop_oneof![4 => 0x60..=0x63_u8, 1 => 0x10..=0x60_u8];
    (kind, vec(any::<u8>(), 0..12)).prop_map(|(kind, content)| item(kind, content))
}
