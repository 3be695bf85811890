//! What a request may look like; the vectors hold one refusal of each kind.

use pacsgate_core::wire::associate::{
    AssociateError, IdentityKind, MAX_ASSOCIATE_LENGTH, MIN_MAXIMUM_LENGTH, Note, ReceivedRq,
    UnsoundContext, implementation_class as own_class, request_length,
};
use pacsgate_core::wire::title::TitleError;

use crate::build::{
    Bytes, CT_IMAGE, EXPLICIT, IMPLICIT, VERIFICATION, accepted, application_context, bare_user,
    body, common_extended, context, extended, fixed, header, identity, implementation_class, item,
    maximum_length, request_with_contexts, request_with_user, role, sized, user, verification,
};

fn parse(body: &[u8]) -> ReceivedRq {
    ReceivedRq::parse(body).unwrap()
}

fn refusal(body: &[u8]) -> AssociateError {
    ReceivedRq::parse(body).unwrap_err()
}

fn notes(body: &[u8]) -> Vec<(Note, u32)> {
    parse(body).notes.iter().collect()
}

fn judge_header(kind: u8, length: u32) -> Result<usize, AssociateError> {
    request_length(*header(kind, length).first_chunk().unwrap())
}

#[test]
fn judges_the_length_from_six_bytes() {
    assert_eq!(judge_header(1, 68), Ok(68));
    assert_eq!(judge_header(1, MAX_ASSOCIATE_LENGTH), Ok(262_144));
    assert_eq!(judge_header(1, 67), Err(AssociateError::PduTooShort(67)));
    assert_eq!(judge_header(1, 262_145), Err(AssociateError::PduTooLong(262_145)));
}

#[test]
fn only_a_request_may_come_first() {
    for kind in 2..=6 {
        let error = judge_header(kind, 68).unwrap_err();
        assert_eq!(error.code(), "unexpected-pdu");
    }
    assert_eq!(judge_header(7, 4), Err(AssociateError::AbortInsteadOfRequest));
    for kind in (0..=255).filter(|kind| !(1..=7).contains(kind)) {
        assert_eq!(judge_header(kind, 68), Err(AssociateError::UnknownPdu(kind)));
    }
}

#[test]
fn judges_the_length_of_a_body_by_itself() {
    assert_eq!(refusal(&[0; 67]), AssociateError::PduTooShort(67));
    assert_eq!(refusal(&vec![0; 262_145]), AssociateError::PduTooLong(262_145));
}

#[test]
fn tests_bit_0_of_the_version_only() {
    let items = [application_context(), verification(1), user(&[])].concat();
    let version = |version| {
        [&fixed(version, b"PACS            ", b"CT1             "), items.as_slice()].concat()
    };
    for sound in [0x0001, 0x0003, 0xffff] {
        assert_eq!(notes(&version(sound)), []);
    }
    for other in [0x0000, 0x0002, 0x0100, 0xfffe] {
        assert_eq!(refusal(&version(other)), AssociateError::ProtocolVersion);
    }
}

#[test]
fn ignores_reserved_bytes_and_keeps_those_to_echo() {
    let mut bytes = request_with_user(&[]);
    bytes[2] = 0xff;
    bytes[40] = 0xaa;
    bytes[69] = 0xff;
    let received = parse(&bytes);
    assert_eq!(received.echo.0, bytes[4..68]);
    assert_eq!(received.request, parse(&request_with_user(&[])).request);
}

#[test]
fn refuses_a_nul_inside_either_title() {
    let items = [application_context(), verification(1), user(&[])].concat();
    let bad = b"TEST\0EVIL       ";
    let good = b"TEST            ";
    let called = [fixed(1, bad, good), items.clone()].concat();
    let calling = [fixed(1, good, bad), items].concat();
    assert_eq!(refusal(&called), AssociateError::CalledTitle(TitleError::LeftOver(*bad)));
    assert_eq!(refusal(&calling), AssociateError::CallingTitle(TitleError::LeftOver(*bad)));
}

#[test]
fn notes_a_title_padded_with_nul() {
    let mut bytes = request_with_user(&[]);
    bytes[4..36].copy_from_slice(b"PACS\0\0\0\0\0\0\0\0\0\0\0\0 CT1 \0          ");
    let received = parse(&bytes);
    assert_eq!(received.request.called.as_str(), "PACS");
    assert_eq!(received.request.calling.as_str(), "CT1");
    assert_eq!(notes(&bytes), [(Note::NulPaddedTitle, 2)]);
}

#[test]
fn does_not_test_the_order_of_the_items() {
    let reverse = body(&[user(&[]), verification(3), verification(1), application_context()]);
    let ids: Vec<_> = parse(&reverse).request.contexts.iter().map(|c| c.id.value()).collect();
    assert_eq!(ids, [3, 1]);
}

#[test]
fn drops_and_notes_each_known_item_in_a_wrong_place_outside_the_user_information() {
    let outside: &[u8] = &[0x21, 0x30, 0x40, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59];
    for &kind in outside {
        let bytes = [request_with_user(&[]), item(kind, IMPLICIT)].concat();
        assert_eq!(notes(&bytes), [(Note::SurplusItem(kind), 1)]);
        assert_eq!(parse(&bytes).request, parse(&request_with_user(&[])).request);
    }
    for kind in [0x10, 0x20, 0x21, 0x50, 0x51, 0x59] {
        let subs = [item(0x30, VERIFICATION), item(0x40, IMPLICIT), item(kind, IMPLICIT)];
        let bytes = request_with_contexts(&[context(1, &subs)]);
        assert_eq!(notes(&bytes), [(Note::SurplusItem(kind), 1)]);
    }
    let bytes = request_with_contexts(&[verification(1), accepted(1)]);
    assert_eq!(notes(&bytes), [(Note::SurplusItem(0x21), 1)]);
}

#[test]
fn refuses_each_known_item_in_a_wrong_place_inside_the_user_information() {
    for kind in [0x10, 0x20, 0x21, 0x30, 0x40, 0x50, 0x59] {
        let bytes = request_with_user(&[item(kind, IMPLICIT)]);
        assert_eq!(refusal(&bytes), AssociateError::MisplacedItem(kind));
    }
}

#[test]
fn supplies_what_is_missing_and_drops_what_repeats() {
    let without = body(&[application_context(), verification(1)]);
    let user = parse(&without).request.user;
    assert_eq!((user.maximum_length, user.implementation_class), (16_384, own_class()));
    assert_eq!(user.implementation_version, None);
    let twice = [application_context(), request_with_user(&[])[68..].to_vec()];
    assert_eq!(notes(&body(&twice)), [(Note::Repeated(0x10), 1)]);
    let same = request_with_user(&[maximum_length(16_384), item(0x53, [0; 4]), item(0x53, [0; 4])]);
    let repeated = [(Note::Repeated(0x51), 1), (Note::Repeated(0x53), 1)];
    assert!(repeated.iter().all(|note| notes(&same).contains(note)));
    let other = request_with_user(&[maximum_length(16_382)]);
    assert_eq!(refusal(&other), AssociateError::SecondMaximumLength);
}

#[test]
fn the_first_of_several_implementations_stands_even_if_it_is_none() {
    let user = |classes: [&str; 2]| {
        let classes = classes.map(|class| item(0x52, class));
        bare_user(&[maximum_length(16_384), classes.concat()])
    };
    let class = |classes| {
        let bytes = body(&[application_context(), verification(1), user(classes)]);
        parse(&bytes).request.user.implementation_class
    };
    assert_eq!(class(["1.2.3", "1.2.4"]).as_str(), "1.2.3");
    assert_eq!(class(["", "1.2.4"]), own_class());
    assert_eq!(class(["MY-DEVICE", "1.2.4"]), own_class());
}

#[test]
fn a_role_or_negotiation_for_what_is_no_uid_is_dropped_with_its_structure_judged() {
    let bytes = request_with_user(&[role("x", 1, 0), extended("y", &[1]), role(CT_IMAGE, 1, 0)]);
    assert_eq!(notes(&bytes), [(Note::BadRole, 1), (Note::BadExtended, 1)]);
    let user = parse(&bytes).request.user;
    assert_eq!((user.roles.len(), user.extended.len()), (1, 0));
    let bytes = request_with_user(&[role("x", 2, 0)]);
    assert_eq!(refusal(&bytes), AssociateError::RoleValue(2));
}

#[test]
fn drops_and_notes_items_of_unknown_types() {
    let unknown = context(3, &[item(0x30, VERIFICATION), item(0x99, [0; 9]), item(0x40, IMPLICIT)]);
    let bytes = body(&[
        application_context(),
        item(0x00, ""),
        unknown,
        user(&[item(0x5a, [1]), item(0x60, [])]),
        item(0x00, [0; 300]),
    ]);
    let expected = [
        (Note::UnknownItem(0x00), 2),
        (Note::UnknownItem(0x99), 1),
        (Note::UnknownUserItem(0x5a), 1),
        (Note::UnknownUserItem(0x60), 1),
    ];
    assert_eq!(notes(&bytes), expected);
    assert_eq!(parse(&bytes).request.contexts.len(), 1);
}

#[test]
fn refuses_a_sub_item_that_overruns_its_item() {
    let mut long = item(0x40, IMPLICIT);
    long[3] += 1;
    let bytes = request_with_contexts(&[context(1, &[item(0x30, VERIFICATION), long])]);
    assert_eq!(refusal(&bytes), AssociateError::ItemOverrun(0x40));
    let bytes = request_with_user(&[vec![0x60, 0, 0xff, 0xff]]);
    assert_eq!(refusal(&bytes), AssociateError::ItemOverrun(0x60));
}

#[test]
fn refuses_bytes_behind_the_last_sub_item() {
    for trailing in 1..=3 {
        let rest = vec![0; trailing];
        let subs = [item(0x30, VERIFICATION), item(0x40, IMPLICIT), rest.clone()];
        let in_context = request_with_contexts(&[context(1, &subs)]);
        let in_user = request_with_user(std::slice::from_ref(&rest));
        let behind = [request_with_user(&[]), rest].concat();
        for bytes in [in_context, in_user, behind] {
            assert_eq!(refusal(&bytes), AssociateError::CutItemHeader);
        }
    }
}

#[test]
fn refuses_a_context_without_room_for_its_id() {
    let bytes = request_with_contexts(&[item(0x20, [1, 0, 0])]);
    assert_eq!(refusal(&bytes), AssociateError::ItemTooShort(0x20));
}

#[test]
fn refuses_even_context_ids() {
    for id in [0, 2, 254] {
        let bytes = request_with_contexts(&[verification(1), verification(id)]);
        assert_eq!(refusal(&bytes), AssociateError::EvenContextId(id));
    }
}

#[test]
fn one_abstract_syntax_may_stand_under_several_ids() {
    let ids: Vec<Bytes> = (0..128).map(|n| verification(255 - 2 * n)).collect();
    assert_eq!(parse(&request_with_contexts(&ids)).request.contexts.len(), 128);
}

#[test]
fn a_uid_outside_the_grammar_spoils_its_context_only() {
    let abstract_syntax = context(1, &[item(0x30, "1.2/3"), item(0x40, IMPLICIT)]);
    let syntaxes = |one: &[u8], two: &[u8]| {
        context(5, &[item(0x30, CT_IMAGE), item(0x40, one), item(0x40, two)])
    };
    let neither = syntaxes(b"x", &[b'1'; 65]);
    let bytes = request_with_contexts(&[abstract_syntax.clone(), verification(3), neither]);
    let received = parse(&bytes);
    let unsound: Vec<_> = received.unsound.iter().map(|c| (c.id.value(), c.position)).collect();
    assert_eq!(unsound, [(1, 0), (5, 2)]);
    assert_eq!(received.request.contexts.len(), 1);
    let one = syntaxes(EXPLICIT.as_bytes(), &[b'1'; 65]);
    let received = parse(&request_with_contexts(&[abstract_syntax, one]));
    let kept = &received.request.contexts[0].transfer_syntaxes;
    assert_eq!((kept.len(), kept[0].as_str()), (1, EXPLICIT));
}

#[test]
fn a_request_of_unsound_contexts_alone_is_read() {
    let unsound = context(7, &[item(0x30, ""), item(0x40, IMPLICIT)]);
    let received = parse(&request_with_contexts(&[unsound]));
    assert!(received.request.contexts.is_empty());
    assert!(matches!(*received.unsound, [UnsoundContext { position: 0, .. }]));
}

#[test]
fn an_unsound_context_keeps_the_rules_of_structure() {
    let bad = || item(0x30, "x");
    let no_syntax = request_with_contexts(&[context(1, &[bad()])]);
    assert_eq!(refusal(&no_syntax), AssociateError::NoTransferSyntax);
    let two = request_with_contexts(&[context(1, &[bad(), bad(), item(0x40, IMPLICIT)])]);
    assert_eq!(refusal(&two), AssociateError::SecondAbstractSyntax);
    let unsound = context(1, &[bad(), item(0x40, IMPLICIT)]);
    let repeated = request_with_contexts(&[unsound, verification(1)]);
    assert_eq!(refusal(&repeated), AssociateError::RepeatedContextId(1));
}

#[test]
fn strips_and_notes_padding_and_notes_leading_zeros() {
    let padded = context(1, &[item(0x30, "1.2.840.10008.1.1\0"), item(0x40, "1.02.3 ")]);
    let bytes = request_with_contexts(&[padded]);
    assert_eq!(notes(&bytes), [(Note::PaddedUid, 2), (Note::LeadingZeros, 1)]);
    let context = &parse(&bytes).request.contexts[0];
    assert_eq!(context.abstract_syntax.as_str(), VERIFICATION);
    assert_eq!(context.transfer_syntaxes[0].as_str(), "1.02.3");
}

#[test]
fn a_padded_application_context_is_dicoms() {
    let bytes = body(&[item(0x10, "1.2.840.10008.3.1.1.1\0"), verification(1), user(&[])]);
    assert_eq!(notes(&bytes), [(Note::PaddedUid, 1)]);
}

#[test]
fn rejects_any_other_application_context() {
    for name in ["1.2.840.10008.3.1.1", "1.2.840.10008.3.1.1.1.", "", "DICOM"] {
        let bytes = body(&[item(0x10, name), verification(1), user(&[])]);
        assert_eq!(refusal(&bytes), AssociateError::ForeignApplicationContext);
    }
}

#[test]
fn reads_the_maximum_length_or_none() {
    for value in [0, MIN_MAXIMUM_LENGTH, u32::MAX] {
        let user = bare_user(&[implementation_class(), maximum_length(value)]);
        let bytes = body(&[application_context(), verification(1), user]);
        assert_eq!(parse(&bytes).request.user.maximum_length, value);
    }
    for value in [1, 7, 13] {
        let user = bare_user(&[implementation_class(), maximum_length(value)]);
        let bytes = body(&[application_context(), verification(1), user]);
        assert_eq!(refusal(&bytes), AssociateError::MaximumLength(value));
    }
}

#[test]
fn user_items_have_exact_lengths() {
    let cases = [
        (vec![0x51, 0, 0, 5, 0, 0, 64, 0, 0], AssociateError::TrailingBytes(0x51)),
        (item(0x53, [0, 1, 0]), AssociateError::ItemTooShort(0x53)),
        (item(0x54, sized(CT_IMAGE)), AssociateError::ItemTooShort(0x54)),
        (item(0x54, [sized(CT_IMAGE), vec![1, 0, 0]].concat()), {
            AssociateError::TrailingBytes(0x54)
        }),
        (item(0x54, [0, 9, b'1', 1, 1]), AssociateError::ItemTooShort(0x54)),
        (item(0x56, [0, 9, b'1']), AssociateError::ItemTooShort(0x56)),
        (item(0x58, [1, 0, 0, 1, b'a']), AssociateError::ItemTooShort(0x58)),
        (item(0x58, [1, 0, 0, 0, 0, 0, 0]), AssociateError::TrailingBytes(0x58)),
    ];
    for (sub_item, error) in cases {
        assert_eq!(refusal(&request_with_user(&[sub_item])), error);
    }
}

#[test]
fn drops_and_notes_what_is_not_forwarded() {
    let bytes = request_with_user(&[
        item(0x53, [0, 0, 0, 0]),
        common_extended(CT_IMAGE),
        common_extended(VERIFICATION),
        identity(1, "someone", ""),
    ]);
    let expected = [
        (Note::NotForwarded(0x53), 1),
        (Note::NotForwarded(0x57), 2),
        (Note::NotForwarded(0x58), 1),
    ];
    assert_eq!(notes(&bytes), expected);
}

#[test]
fn keeps_an_identity_for_itself_and_neither_shows_nor_forwards_it() {
    let kinds = [
        (1, IdentityKind::Username),
        (2, IdentityKind::UsernameAndPasscode),
        (3, IdentityKind::Kerberos),
        (4, IdentityKind::Saml),
        (5, IdentityKind::Jwt),
        (9, IdentityKind::Unknown(9)),
    ];
    for (value, kind) in kinds {
        let bytes = request_with_user(&[identity(value, "CANARY", "CANARY2")]);
        let received = parse(&bytes);
        let kept = received.identity.clone().unwrap();
        assert_eq!((kept.kind, kept.wants_answer), (kind, true));
        assert_eq!((&**kept.primary, &**kept.secondary), (&b"CANARY"[..], &b"CANARY2"[..]));
        assert!(
            !format!("{received:?}").contains("CANARY") && !format!("{kept:#?}").contains("67")
        );
        let sent = received.request.encode().unwrap();
        assert!(!sent.windows(6).any(|window| window == b"CANARY"));
    }
}

#[test]
fn checks_the_structure_of_version_0_of_the_common_negotiation_only() {
    let mut sub_item = item(0x57, [0, 9, 1]);
    assert_eq!(
        refusal(&request_with_user(std::slice::from_ref(&sub_item))),
        AssociateError::ItemTooShort(0x57)
    );
    sub_item[1] = 1;
    assert_eq!(notes(&request_with_user(&[sub_item])), [(Note::NotForwarded(0x57), 1)]);
    let related = [sized(CT_IMAGE), sized(CT_IMAGE), sized([0, 4, b'1'])].concat();
    let bytes = request_with_user(&[item(0x57, related)]);
    assert_eq!(refusal(&bytes), AssociateError::ItemTooShort(0x57));
    let trailing = [sized(CT_IMAGE), sized(CT_IMAGE), sized([]), vec![0]].concat();
    let bytes = request_with_user(&[item(0x57, trailing)]);
    assert_eq!(refusal(&bytes), AssociateError::TrailingBytes(0x57));
}

#[test]
fn drops_and_notes_a_version_name_outside_the_grammar() {
    for name in ["", "\0\0", "seventeen letters", "a\\b", "a\nb"] {
        let bytes = request_with_user(&[item(0x55, name)]);
        assert_eq!(notes(&bytes), [(Note::VersionName, 1)]);
        assert_eq!(parse(&bytes).request.user.implementation_version, None);
    }
    let second = request_with_user(&[item(0x55, ""), item(0x55, "A")]);
    assert_eq!(notes(&second), [(Note::VersionName, 1), (Note::Repeated(0x55), 1)]);
    assert_eq!(parse(&second).request.user.implementation_version, None);
}

#[test]
fn drops_and_notes_identical_repetitions_by_sop_class() {
    let bytes = request_with_user(&[
        role(CT_IMAGE, 1, 0),
        role(VERIFICATION, 0, 1),
        role(CT_IMAGE, 1, 0),
        extended(CT_IMAGE, &[1, 2]),
        extended(CT_IMAGE, &[1, 2]),
    ]);
    assert_eq!(notes(&bytes), [(Note::Repeated(0x54), 1), (Note::Repeated(0x56), 1)]);
    let user = parse(&bytes).request.user;
    let roles: Vec<_> = user.roles.iter().map(|r| (r.sop_class.as_str(), r.scu, r.scp)).collect();
    assert_eq!(roles, [(CT_IMAGE, true, false), (VERIFICATION, false, true)]);
    assert_eq!(user.extended.len(), 1);
}
