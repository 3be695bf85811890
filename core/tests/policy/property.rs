//! Whatever is requested and answered, nothing grows on the way.

use std::collections::HashSet;

use pacsgate_core::policy::{Identified, Occupancy, Peer, Permit, Policy};
use pacsgate_core::services::{Condition, Group, Service, table};
use pacsgate_core::transfer_syntax::TransferSyntax;
use pacsgate_core::wire::associate::{
    ContextAnswer, ContextRejection, ContextResult, ExtendedNegotiation, MIN_MAXIMUM_LENGTH,
    ReceivedAc, ReceivedRq, RoleSelection, UnsoundContext,
};
use pacsgate_core::wire::uid::Uid;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::fixtures::*;

const CLASSES: [&str; 12] = [
    "Verification",
    CT,
    MR,
    KEY_OBJECT,
    FIND,
    GET,
    COMMITMENT,
    "StudyRootQueryRetrieveInformationModelMove",
    "ModalityPerformedProcedureStep",
    "UnifiedProcedureStepPush",
    "BasicGrayscalePrintManagementMeta",
    "1.3.12.2.1107.5.9.1",
];

const SYNTAXES: [&str; 5] = [IMPLICIT, EXPLICIT, DEFLATED, JPIP, "1.2.840.113619.5.2"];

/// The rules in the plainest form: is this SOP class covered by these services at all?
fn covered(services: &[Service], class: &Uid) -> bool {
    table().any(|group| grants(group, services, class))
}

/// The same without what depends on a context for C-GET.
fn granted_outright(services: &[Service], class: &Uid) -> bool {
    let mut groups = table().filter(|group| group.condition != Condition::NarrowedBesideGet);
    groups.any(|group| grants(group, services, class))
}

fn grants(group: &Group, services: &[Service], class: &Uid) -> bool {
    let mut members = group.sop_classes.iter();
    services.contains(&group.service) && members.any(|member| member.uid == class.as_str())
}

fn requests() -> impl Strategy<Value = ReceivedRq> {
    let proposal = (select(&CLASSES[..]), vec(select(&SYNTAXES[..]), 1..6), any::<bool>());
    let flags = (any::<bool>(), any::<bool>());
    let roles = subsequence(CLASSES.to_vec(), 0..6).prop_flat_map(move |classes| {
        let count = classes.len();
        (Just(classes), vec(flags, count))
    });
    let negotiated = subsequence(CLASSES.to_vec(), 0..6);
    (vec(proposal, 1..40), roles, negotiated, maximum()).prop_map(
        |(contexts, (classes, flags), extended_classes, maximum)| {
            let mut received = request(Vec::new());
            for (position, (class, syntaxes, sound)) in contexts.into_iter().enumerate() {
                let number = u8::try_from(2 * position + 1).unwrap();
                if sound {
                    received.request.contexts.push(context(number, class, &syntaxes));
                } else {
                    received.unsound.push(UnsoundContext { id: id(number), position });
                }
            }
            let user = &mut received.request.user;
            user.maximum_length = maximum;
            user.roles = classes
                .into_iter()
                .zip(flags)
                .map(|(class, (scu, scp))| role(class, scu, scp))
                .collect();
            user.extended = extended_classes.into_iter().map(extended).collect();
            received
        },
    )
}

fn answers() -> impl Strategy<Value = ReceivedAc> {
    let verdict = prop_oneof![
        select(&SYNTAXES[..]).prop_map(|syntax| ContextAnswer::Accepted(syntax.parse().unwrap())),
        Just(ContextAnswer::Rejected(ContextRejection::User)),
    ];
    let result =
        (0_u8..45, verdict).prop_map(|(n, answer)| ContextResult { id: id(2 * n + 1), answer });
    let roles = vec((select(&CLASSES[..]), any::<bool>(), any::<bool>()), 0..4);
    (vec(result, 0..6), roles, vec(select(&CLASSES[..]), 0..4), maximum()).prop_map(
        |(results, roles, extended_classes, maximum)| {
            let mut received = ac(results);
            let user = &mut received.answer.user;
            user.maximum_length = maximum;
            user.roles = roles.into_iter().map(|(class, scu, scp)| role(class, scu, scp)).collect();
            user.extended = extended_classes.into_iter().map(extended).collect();
            received
        },
    )
}

/// What the parser lets through.
fn maximum() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), MIN_MAXIMUM_LENGTH..]
}

fn policy_of(services: Vec<Service>) -> Policy {
    policy(Peer { services, ..peer("ct1") })
}

fn some_services() -> impl Strategy<Value = Vec<Service>> {
    subsequence(Service::NAMED.to_vec(), 1..6)
}

fn within_role(asked: &[RoleSelection], role: &RoleSelection) -> bool {
    asked.iter().any(|one| {
        one.sop_class == role.sop_class && (one.scu || !role.scu) && (one.scp || !role.scp)
    })
}

fn within_extended(asked: &[ExtendedNegotiation], item: &ExtendedNegotiation) -> bool {
    asked.iter().any(|one| one.sop_class == item.sop_class)
}

fn is_permitted_part(permit: &Permit, received: &ReceivedRq, services: &[Service]) {
    let (passed_on, asked) = (permit.request(), &received.request);
    assert!(!passed_on.contexts.is_empty());
    for context in &passed_on.contexts {
        let original = asked.contexts.iter().find(|one| one.id == context.id).unwrap();
        assert_eq!(original.abstract_syntax, context.abstract_syntax);
        assert!(covered(services, &context.abstract_syntax));
        assert!(!context.transfer_syntaxes.is_empty());
        for syntax in &context.transfer_syntaxes {
            assert!(original.transfer_syntaxes.contains(syntax));
            assert!(TransferSyntax::find(syntax).is_some());
        }
    }
    let kept: HashSet<_> = passed_on.contexts.iter().map(|one| &one.abstract_syntax).collect();
    for role in &passed_on.user.roles {
        assert!(kept.contains(&role.sop_class) && within_role(&asked.user.roles, role));
        assert!(role.scu || role.scp);
    }
    for item in &passed_on.user.extended {
        assert!(kept.contains(&item.sop_class) && asked.user.extended.contains(item));
    }
    assert!((MIN_MAXIMUM_LENGTH..=CAP).contains(&passed_on.user.maximum_length));
    let all = passed_on.contexts.len() + permit.removed().len();
    assert_eq!(all, asked.contexts.len() + received.unsound.len());
    assert_eq!(permit.proposed(), all);
    assert!(passed_on.encode().is_ok());
}

proptest! {
    #[test]
    fn the_pacs_is_asked_for_a_permitted_part_of_what_was_requested(
        received in requests(), services in some_services()
    ) {
        let policy = policy_of(services.clone());
        match identify(&policy, &received) {
            Ok(candidate) => {
                let permit = candidate.admit(Occupancy::default()).unwrap().permit(Identified::Nobody).unwrap();
                is_permitted_part(&permit, &received, &services);
            }
            Err(refusal) => {
                prop_assert_eq!(refusal.removed.len(), proposed_count(&received));
            }
        }
    }

    #[test]
    fn a_context_is_removed_only_where_a_rule_says_so(
        received in requests(), services in some_services()
    ) {
        let Ok(candidate) = identify(&policy_of(services.clone()), &received) else {
            return Ok(());
        };
        let permit = candidate.admit(Occupancy::default()).unwrap().permit(Identified::Nobody).unwrap();
        for context in &received.request.contexts {
            let walkable = context.transfer_syntaxes.iter().any(|s| TransferSyntax::find(s).is_some());
            let kept = permit.request().contexts.iter().any(|one| one.id == context.id);
            if walkable && granted_outright(&services, &context.abstract_syntax) {
                prop_assert!(kept);
            }
        }
    }

    #[test]
    fn the_requestor_is_granted_a_part_of_what_the_pacs_was_asked_for(
        received in requests(), answer in answers()
    ) {
        let policy = policy_of(Service::NAMED.to_vec());
        let Ok(candidate) = identify(&policy, &received) else { return Ok(()) };
        let permit = candidate.admit(Occupancy::default()).unwrap().permit(Identified::Nobody).unwrap();
        let Ok(conclusion) = permit.conclude(answer) else { return Ok(()) };
        let asked = permit.request();
        let mut order: Vec<_> = conclusion.answer.results.iter().map(|r| r.id.value()).collect();
        prop_assert!(order.is_sorted(), "the requests of this test propose ascending ids");
        order.dedup();
        prop_assert_eq!(order.len(), proposed_count(&received));
        for context in conclusion.contexts.iter() {
            let original = asked.contexts.iter().find(|one| one.id == context.id).unwrap();
            prop_assert_eq!(&original.abstract_syntax, &context.abstract_syntax);
            let chosen = context.transfer_syntax.uid();
            prop_assert!(original.transfer_syntaxes.iter().any(|s| s.as_str() == chosen));
            prop_assert!(!context.operations.is_empty());
        }
        let accepted = conclusion.answer.results.iter();
        let accepted = accepted.filter(|r| matches!(r.answer, ContextAnswer::Accepted(_))).count();
        prop_assert_eq!(accepted, conclusion.contexts.len());
        prop_assert!(conclusion.answer.encode().is_ok());
        let user = &conclusion.answer.user;
        prop_assert!(user.roles.iter().all(|role| within_role(&asked.user.roles, role)));
        prop_assert!(user.extended.iter().all(|i| within_extended(&asked.user.extended, i)));
        prop_assert!((MIN_MAXIMUM_LENGTH..=CAP).contains(&user.maximum_length));
    }
}

fn proposed_count(received: &ReceivedRq) -> usize {
    received.request.contexts.len() + received.unsound.len()
}
