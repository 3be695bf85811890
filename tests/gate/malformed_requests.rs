//! Requests that break a rule of PS3.8 section 9.3.2 or PS3.7 annex D: refused before the dial.

use crate::support::associate::{
    APPLICATION_CONTEXT, Associate, CT, EXPLICIT, IMPLEMENTATION, IMPLICIT, Item, VERIFICATION,
};
use crate::support::dimse::{Request, echo_rq, success};
use crate::support::pacs::Pacs;
use crate::support::pdu::{
    ASSOCIATE_AC, COMMAND, LAST, Pdu, abort, p_data, pdu, reject, release_rp, release_rq,
};
use crate::support::requestor::Received;
use crate::support::scenario::{Scenario, assert_aborted, assert_rejected, echo};

/// Each line is a test: how a sound request for C-ECHO is damaged, and the reason in the audit.
/// The wire says A-ABORT 0/0, since there is no association yet.
macro_rules! aborts {
    ($($name:ident: $reason:literal, $damage:expr;)*) => {$(
        #[test]
        fn $name() {
            let mut request = Associate::echo("CT1", "PACS");
            let damage: fn(&mut Associate) = $damage;
            damage(&mut request);
            aborted(&request.encode(), $reason);
        }
    )*};
}

aborts! {
    refuses_an_even_context_id: "even-context-id",
        |it| it.contexts = vec![Item::proposal(2, VERIFICATION, &[IMPLICIT])];
    refuses_context_id_zero: "even-context-id",
        |it| it.contexts = vec![Item::proposal(0, VERIFICATION, &[IMPLICIT])];
    refuses_a_repeated_context_id: "repeated-context-id",
        |it| it.contexts.push(Item::proposal(1, VERIFICATION, &[EXPLICIT]));
    refuses_two_user_informations: "second-user-information",
        |it| it.user.push(it.user[0].clone());
    refuses_two_different_maximum_lengths: "second-maximum-length",
        |it| it.user[0].push(Item::maximum_length(8_192));
    refuses_an_answer_to_an_identity_in_a_request: "misplaced-item",
        |it| it.user[0].push(Item::new(0x59, &[0, 0]));
    refuses_a_maximum_length_of_one: "maximum-length-too-small",
        |it| it.user[0][0] = Item::maximum_length(1);
    refuses_a_maximum_length_of_three_bytes: "item-too-short",
        |it| it.user[0][0] = Item::new(0x51, &[0, 64, 0]);
    refuses_a_maximum_length_of_five_bytes: "trailing-bytes",
        |it| it.user[0][0] = Item::new(0x51, &[0, 0, 64, 0, 0]);
    refuses_two_user_identities: "second-user-identity",
        |it| it.user[0].extend([Item::identity(1, b"a", b""), Item::identity(1, b"b", b"")]);
    refuses_a_user_identity_longer_than_its_item: "item-too-short",
        |it| it.user[0].push(Item::new(0x58, &[1, 0, 0, 9, b'a', 0, 0]));
    refuses_bytes_behind_a_user_identity: "trailing-bytes",
        |it| {
            let mut item = Item::identity(1, b"a", b"");
            item.body.push(0);
            it.user[0].push(item);
        };
    refuses_a_role_that_is_neither_zero_nor_one: "undefined-role-value",
        |it| it.user[0].push(Item::roles(VERIFICATION, 1, 7));
    refuses_contradicting_roles: "contradicting-roles",
        |it| it.user[0].extend([Item::roles(VERIFICATION, 1, 0), Item::roles(VERIFICATION, 0, 1)]);
    refuses_a_role_selection_whose_uid_overruns_it: "item-too-short",
        |it| it.user[0].push(Item::new(0x54, &[0, 60, b'1', 1, 0]));
    refuses_contradicting_extended_negotiations: "contradicting-extended-negotiations",
        |it| it.user[0].extend([
            Item::extended(VERIFICATION, &[1]),
            Item::extended(VERIFICATION, &[2]),
        ]);
    refuses_a_sub_item_longer_than_the_user_information: "item-overrun",
        |it| it.user[0][1] = Item::uid(0x52, IMPLEMENTATION).lying(200);
    refuses_a_cut_sub_item_header: "cut-item-header",
        |it| it.user[0][1] = Item::new(0x52, b"1.2.3\x55\0").lying(5);
    refuses_a_request_without_contexts: "no-presentation-context",
        |it| it.contexts.clear();
    refuses_a_context_without_transfer_syntax: "no-transfer-syntax",
        |it| it.contexts = vec![Item::proposal(1, VERIFICATION, &[])];
    refuses_a_context_without_abstract_syntax: "no-abstract-syntax",
        |it| it.contexts = vec![Item::context(1, &[Item::uid(0x40, IMPLICIT)])];
    refuses_a_context_of_three_bytes: "item-too-short",
        |it| it.contexts = vec![Item::new(0x20, &[1, 0, 0])];
    refuses_two_abstract_syntaxes: "second-abstract-syntax",
        |it| it.contexts = vec![Item::context(1, &[
            Item::uid(0x30, VERIFICATION),
            Item::uid(0x30, VERIFICATION),
            Item::uid(0x40, IMPLICIT),
        ])];
    refuses_a_transfer_syntax_longer_than_its_context: "item-overrun",
        |it| it.contexts = vec![Item::context(1, &[
            Item::uid(0x30, VERIFICATION),
            Item::uid(0x40, IMPLICIT).lying(300),
        ])];
    refuses_three_trailing_bytes: "cut-item-header",
        |it| it.behind = vec![0; 3];
    refuses_an_item_longer_than_the_request: "item-overrun",
        |it| it.behind = Item::new(0x20, b"").lying(80).encode();
    refuses_an_unknown_item_longer_than_the_request: "item-overrun",
        |it| it.behind = Item::new(0x99, b"").lying(1).encode();
}

/// Each line is a test: how a sound request for C-ECHO is made untidy, and the note in the audit. The
/// PACS hears of a sound one.
macro_rules! passes {
    ($($name:ident: $note:literal, $change:expr;)*) => {$(
        #[test]
        fn $name() {
            let mut request = Associate::echo("CT1", "PACS");
            let change: fn(&mut Associate) = $change;
            change(&mut request);
            passed(&request, $note);
        }
    )*};
}

passes! {
    drops_a_second_application_context: "repeated item 10 dropped",
        |it| it.application.push(Item::uid(0x10, APPLICATION_CONTEXT));
    supplies_a_missing_user_information: "user information (item 50) missing, an own one used",
        |it| it.user.clear();
    supplies_a_missing_maximum_length: "maximum length (item 51) missing, 16384 used",
        |it| { it.user[0].remove(0); };
    supplies_a_missing_implementation_class: "implementation class (item 52) missing, own one used",
        |it| { it.user[0].pop(); };
    replaces_an_implementation_class_that_is_no_uid: "implementation class (item 52) that is not a UID, own one used",
        |it| it.user[0][1] = Item::uid(0x52, "../../etc");
    drops_a_second_implementation_class: "repeated item 52 dropped",
        |it| it.user[0].push(Item::uid(0x52, IMPLEMENTATION));
    drops_a_second_operations_window: "repeated item 53 dropped",
        |it| it.user[0].extend([Item::new(0x53, &[0, 1, 0, 1]), Item::new(0x53, &[0, 2, 0, 2])]);
    drops_a_second_version_name: "repeated item 55 dropped",
        |it| it.user[0].extend([Item::uid(0x55, "ONE"), Item::uid(0x55, "TWO")]);
    drops_a_version_name_with_a_command_in_it: "bad implementation version name (item 55) dropped",
        |it| it.user[0].push(Item::uid(0x55, "$(reboot)"));
    drops_a_version_name_with_a_tag_in_it: "bad implementation version name (item 55) dropped",
        |it| it.user[0].push(Item::uid(0x55, "<script src=/x>"));
    drops_an_extended_negotiation_of_another_form:
        "extended negotiation (item 56) of a form that its SOP class does not have dropped",
        |it| {
            it.contexts.push(Item::context(3, &[Item::uid(0x30, CT), Item::uid(0x40, IMPLICIT)]));
            it.user[0].push(Item::extended(CT, b"/etc/passwd"));
        };
    drops_extended_negotiations_beyond_128:
        "extended negotiation (item 56) beyond the first 128 dropped (2 times)",
        |it| it.user[0].extend((0..130).map(|n| Item::extended(&format!("1.2.{n}"), &[1])));
    drops_a_role_selection_for_no_uid: "role selection (item 54) for what is not a UID dropped",
        |it| it.user[0].push(Item::roles("1..2", 1, 0));
    drops_an_extended_negotiation_for_no_uid: "extended negotiation (item 56) for what is not a UID dropped",
        |it| it.user[0].push(Item::extended("shutdown", &[1]));
    drops_user_information_inside_a_context: "misplaced item 50 dropped",
        |it| it.contexts = vec![Item::context(1, &[
            Item::uid(0x30, VERIFICATION),
            Item::uid(0x40, IMPLICIT),
            Item::new(0x50, b""),
        ])];
    drops_a_result_in_a_request: "misplaced item 21 dropped",
        |it| it.contexts.push(Item::result(3, 0, Some(IMPLICIT)));
    drops_a_transfer_syntax_outside_a_context: "misplaced item 40 dropped",
        |it| it.contexts.push(Item::uid(0x40, IMPLICIT));
    drops_a_second_maximum_length_of_the_same: "repeated item 51 dropped",
        |it| it.user[0].push(Item::maximum_length(16_384));
}

#[test]
fn takes_any_maximum_length_that_can_carry_a_command() {
    for maximum in [14, 16, 127, 512, 1023, 4097] {
        let pacs = Pacs::first_playing(|pacs| {
            let request = pacs.request();
            pacs.send(&request.acceptance().encode());
            let answer = success(&pacs.message());
            // The header of its PDV is within the length of a PDU.
            let most = request.maximum_length() as usize - 6;
            let count = answer.len().div_ceil(most);
            for (number, piece) in answer.chunks(most).enumerate() {
                let last = if number + 1 == count { LAST } else { 0 };
                pacs.send(&p_data(1, COMMAND | last, piece));
            }
            pacs.answer();
        });
        let scenario = Scenario::before(pacs, |settings| settings);
        let mut requestor = scenario.ct1();
        let mut request = Associate::echo("CT1", "PACS");
        request.user[0][0] = Item::maximum_length(maximum);
        requestor.associate(&request);
        requestor.send(&p_data(1, COMMAND | LAST, &echo_rq(1)));
        let mut command = Vec::new();
        loop {
            let pdu = requestor.receive_pdu();
            assert!(pdu.body.len() <= maximum as usize, "{maximum}");
            let [pdv] = &pdu.pdvs()[..] else { panic!("one PDV in each PDU") };
            assert_eq!(pdv.data.len() % 2, 0);
            command.extend_from_slice(&pdv.data);
            if pdv.control & LAST != 0 {
                break;
            }
        }
        assert_eq!(Request::parse(&command).status, Some(0));
        requestor.release();
        let heard = Pdu::read(&mut scenario.pacs.received().as_slice()).unwrap();
        let told = Associate::parse(&heard).maximum_length();
        assert_eq!(told, maximum & !1, "announced to the PACS");
    }
}

#[test]
fn rejects_a_missing_application_context() {
    let mut request = Associate::echo("CT1", "PACS");
    request.application.clear();
    rejected(&request, [1, 1, 2], "no-application-context");
}

#[test]
fn rejects_a_foreign_application_context() {
    let mut request = Associate::echo("CT1", "PACS");
    request.application = vec![Item::uid(0x10, "1.2.840.10008.3.1.1.2")];
    rejected(&request, [1, 1, 2], "foreign-application-context");
}

#[test]
fn rejects_another_protocol_version() {
    let mut request = Associate::echo("CT1", "PACS");
    request.version = 2;
    rejected(&request, [1, 2, 2], "protocol-version");
}

#[test]
fn refuses_an_announced_length_of_4_gib_from_the_header_alone() {
    aborted(&[1, 0, 0xff, 0xff, 0xff, 0xff], "associate-too-long");
}

#[test]
fn refuses_an_announced_length_over_256_kib_from_the_header_alone() {
    aborted(&[1, 0, 0, 4, 0, 1], "associate-too-long");
}

#[test]
fn refuses_an_announced_length_under_68_from_the_header_alone() {
    aborted(&[1, 0, 0, 0, 0, 67], "associate-too-short");
}

#[test]
fn refuses_p_data_before_the_request() {
    aborted(&p_data(1, 3, b"early!"), "unexpected-pdu");
}

#[test]
fn refuses_a_release_before_the_request() {
    aborted(&release_rq(), "unexpected-pdu");
}

#[test]
fn refuses_a_release_response_before_the_request() {
    aborted(&release_rp(), "unexpected-pdu");
}

#[test]
fn refuses_a_rejection_before_the_request() {
    aborted(&reject(1, 1, 1), "unexpected-pdu");
}

#[test]
fn refuses_an_acceptance_instead_of_a_request() {
    aborted(&Associate::echo("CT1", "PACS").acceptance().encode(), "unexpected-pdu");
}

#[test]
fn refuses_an_unknown_pdu_type() {
    aborted(&pdu(0x99, &[0; 80]), "unknown-pdu");
}

#[test]
fn closes_after_an_abort_instead_of_a_request() {
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    requestor.send(&abort(0, 0));
    assert_eq!(requestor.receive(), Received::Closed);
    scenario.refused_once("refused", "abort-instead-of-request");
}

#[test]
fn reports_a_request_that_ends_in_its_middle() {
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    let request = Associate::echo("CT1", "PACS").encode();
    requestor.send(&request[..request.len() / 2]);
    drop(requestor);
    scenario.refused_once("refused", "closed-in-request");
}

#[test]
fn reports_a_connection_that_is_lost_before_its_request() {
    let scenario = Scenario::usual();
    drop(scenario.ct1());
    scenario.refused_once("refused", "closed-before-request");
}

#[test]
fn judges_a_malformed_request_alike_when_its_bytes_come_one_by_one() {
    let mut request = Associate::echo("CT1", "PACS");
    request.user[0].push(Item::maximum_length(4096));
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    requestor.send_bytewise(&request.encode());
    assert_aborted(&mut requestor, 0, 0);
    scenario.refused_once("refused", "second-maximum-length");
}

#[test]
fn whatever_byte_is_damaged_the_pacs_hears_canonical_requests_only() {
    let scenario = Scenario::with(|settings| settings.limit("request", "200ms"));
    let sound = Associate::echo("CT1", "PACS").with_user(Item::uid(0x55, "TEST")).encode();
    let mut opened = 0;
    let places = (0..sound.len()).flat_map(|place| [(place, 0x01), (place, 0x80)]);
    // Side by side, as whoever is refused again and again hears it late.
    for places in places.collect::<Vec<_>>().chunks(32) {
        let asked = places.iter().map(|&(place, damage)| {
            let mut bytes = sound.clone();
            bytes[place] ^= damage;
            let mut requestor = scenario.ct1();
            requestor.send(&bytes);
            requestor
        });
        for mut requestor in asked.collect::<Vec<_>>() {
            if let Received::Pdu(Pdu { kind: ASSOCIATE_AC, .. }) = requestor.receive() {
                requestor.release();
                // Panics at anything but one canonical request.
                Associate::parse(&Pdu::read(&mut scenario.pacs.received().as_slice()).unwrap());
                opened += 1;
            }
        }
    }
    assert_eq!(scenario.pacs.connections(), opened);
    assert!(opened > 40, "reserved bytes are not tested");
    let stopped = scenario.gate.stop();
    assert_eq!((stopped.code, stopped.counted("opened", "none")), (Some(0), opened as u64));
}

fn aborted(request: &[u8], reason: &str) {
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    requestor.send(request);
    assert_aborted(&mut requestor, 0, 0);
    let line = scenario.refused_once("refused", reason);
    assert_eq!(line["wire"], "A-ABORT 0/0", "{line}");
}

fn rejected(request: &Associate, codes: [u8; 3], reason: &str) {
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    requestor.send(&request.encode());
    assert_rejected(&mut requestor, codes);
    let [result, source, code] = codes;
    let line = scenario.refused_once("refused", reason);
    assert_eq!(line["wire"], format!("A-ASSOCIATE-RJ {result}/{source}/{code}"), "{line}");
}

fn passed(request: &Associate, note: &str) {
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    requestor.associate(request);
    echo(&mut requestor, 1);
    requestor.release();
    // Panics at anything but a canonical request.
    Associate::parse(&Pdu::read(&mut scenario.pacs.received().as_slice()).unwrap());
    let stopped = scenario.gate.stop();
    let opened = stopped.of_event("opened");
    assert!(opened[0]["notes"].to_string().contains(note), "{}", opened[0]);
}
