//! The bytes that are sent, written out by hand.

use pacsgate_core::wire::associate::{
    AssociateAc, AssociateRq, ContextAnswer, ContextId, ContextRejection, ContextResult, Echo,
    ExtendedNegotiation, ProposedContext, ReceivedAc, RoleSelection, TooLong, UserInformation,
    VersionName,
};

use crate::build::{
    CT_IMAGE, EXPLICIT, IMPLICIT, VERIFICATION, application_context, bare_user, body, context,
    extended, item, maximum_length, pdu, result, role,
};

fn id(value: u8) -> ContextId {
    ContextId::new(value).unwrap()
}

fn user() -> UserInformation {
    UserInformation {
        maximum_length: 16_384,
        implementation_class: "1.2.3".parse().unwrap(),
        implementation_version: VersionName::parse(b"NAME 1"),
        roles: vec![RoleSelection { sop_class: CT_IMAGE.parse().unwrap(), scu: false, scp: true }],
        extended: vec![ExtendedNegotiation {
            sop_class: CT_IMAGE.parse().unwrap(),
            information: vec![2, 0],
        }],
    }
}

fn request() -> AssociateRq {
    let syntaxes = [IMPLICIT, EXPLICIT];
    let context = ProposedContext {
        id: id(3),
        abstract_syntax: VERIFICATION.parse().unwrap(),
        transfer_syntaxes: syntaxes.map(|syntax| syntax.parse().unwrap()).to_vec(),
    };
    AssociateRq {
        called: "PACS".parse().unwrap(),
        calling: "CT1".parse().unwrap(),
        contexts: vec![context],
        user: user(),
    }
}

fn user_item() -> Vec<u8> {
    bare_user(&[
        maximum_length(16_384),
        item(0x52, "1.2.3"),
        role(CT_IMAGE, 0, 1),
        item(0x55, "NAME 1"),
        extended(CT_IMAGE, &[2, 0]),
    ])
}

#[test]
fn a_request_is_sent_in_canonical_order() {
    let syntaxes = [item(0x30, VERIFICATION), item(0x40, IMPLICIT), item(0x40, EXPLICIT)];
    let expected = body(&[application_context(), context(3, &syntaxes), user_item()]);
    assert_eq!(request().encode().unwrap(), pdu(1, &expected));
}

#[test]
fn an_answer_echoes_64_bytes_and_gives_rejected_contexts_a_transfer_syntax() {
    let rejected = |value, rejection| ContextResult {
        id: id(value),
        answer: ContextAnswer::Rejected(rejection),
    };
    let accepted =
        ContextResult { id: id(1), answer: ContextAnswer::Accepted(EXPLICIT.parse().unwrap()) };
    let results = vec![
        rejected(5, ContextRejection::User),
        accepted,
        rejected(7, ContextRejection::NoReason),
        rejected(9, ContextRejection::AbstractSyntax),
        rejected(11, ContextRejection::TransferSyntaxes),
    ];
    let answer =
        AssociateAc { echo: Echo([0xa5; 64]), results, user: user(), answers_identity: false };
    let mut expected = body(&[
        application_context(),
        result(5, 1, &[item(0x40, IMPLICIT)]),
        result(1, 0, &[item(0x40, EXPLICIT)]),
        result(7, 2, &[item(0x40, IMPLICIT)]),
        result(9, 3, &[item(0x40, IMPLICIT)]),
        result(11, 4, &[item(0x40, IMPLICIT)]),
        user_item(),
    ]);
    expected[4..68].fill(0xa5);
    assert_eq!(answer.encode().unwrap(), pdu(2, &expected));
}

#[test]
fn an_accepted_identity_is_answered_by_an_empty_response_at_the_end() {
    let results = vec![];
    let plain = AssociateAc { echo: Echo([0; 64]), results, user: user(), answers_identity: false };
    let answering = AssociateAc { answers_identity: true, ..plain.clone() };
    let (plain, answering) = (plain.encode().unwrap(), answering.encode().unwrap());
    assert_eq!(answering[plain.len()..], [0x59, 0, 0, 2, 0, 0]);
    let read = ReceivedAc::parse(&answering[6..]).unwrap();
    assert_eq!(read.answer, ReceivedAc::parse(&plain[6..]).unwrap().answer);
}

#[test]
fn an_item_that_its_length_cannot_say_is_not_sent() {
    let mut long = request();
    long.user.extended[0].information = vec![0; 0x1_0000];
    assert_eq!(long.encode(), Err(TooLong));
    // Each sub-item fits, item 50 does not.
    long.user.extended[0].information = vec![0; 0xff00];
    long.user.extended.push(ExtendedNegotiation {
        sop_class: VERIFICATION.parse().unwrap(),
        information: vec![0; 0x100],
    });
    assert_eq!(long.encode(), Err(TooLong));
    let mut syntaxes = request();
    syntaxes.contexts[0].transfer_syntaxes = vec![EXPLICIT.parse().unwrap(); 3000];
    assert_eq!(syntaxes.encode(), Err(TooLong));
}

#[test]
fn a_body_over_256_kib_is_not_sent() {
    let mut long = request();
    let context = ProposedContext {
        transfer_syntaxes: vec![EXPLICIT.parse().unwrap(); 2500],
        ..long.contexts[0].clone()
    };
    long.contexts =
        (0..5).map(|n| ProposedContext { id: id(2 * n + 1), ..context.clone() }).collect();
    assert_eq!(long.encode(), Err(TooLong));
    long.contexts.truncate(4);
    assert!(long.encode().is_ok());
}
