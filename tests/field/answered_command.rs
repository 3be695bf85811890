//! Commands of PACS whose form is not what the standard wants.

use crate::message::{Bytes, Message, NO_DATA_SET, said};
use crate::object::{INSTANCE, implicit, object, unpadded};
use crate::operation::{
    by_class, cancel_rq, echoing, find_rq, get_request, get_response, getting, keys, on, querying,
    store_elements, store_rq,
};
use crate::patches::servers::{Kind, Server, TITLE};
use crate::play::{Heard, Play, before_pacs, one};
use crate::recorder::{Proposal, Recorder, usual};
use crate::support::associate::{Associate, CT, IMPLICIT, Item, MR, STUDY_GET, STUDY_MOVE};
use crate::support::dimse::{command, echo_rq, element, move_rq, uid, us};

/// Repository Query.
const REPOSITORY_QUERY: &str = "1.2.840.10008.5.1.4.1.1.201.6";

/// dcm4chee 2, and Mirth Connect with it, leave the UIDs out of responses:
/// nextgenhealthcare/connect#4049, fo-dicom/fo-dicom#1390.
#[test]
fn passes_responses_without_uids() {
    let pacs = Recorder::answering(|message| {
        let without_class = &message.response(0, NO_DATA_SET)[1..];
        said(message.context, &command(without_class), None)
    });
    Play::of(&Associate::echo("CT1", TITLE).context(3, CT, &[IMPLICIT]))
        .say(&one(&echo_rq(1)))
        .say(&said(3, &store_rq(CT), Some(&object(&[]))))
        .passes_at(&pacs);
}

/// A response with elements of a request: message id, priority and instance.
#[test]
fn passes_responses_with_surplus_elements() {
    let pacs = Recorder::answering(|message| {
        let mut elements = message.response(0, NO_DATA_SET);
        elements.insert(2, us(0x0110, message.id));
        elements.insert(4, us(0x0700, 0));
        elements.push(uid(0x1000, INSTANCE));
        said(message.context, &command(&elements), None)
    });
    echoing().passes_at(&pacs);
}

/// A response with a wrong group length, and without one.
#[test]
fn passes_responses_with_a_wrong_or_no_group_length() {
    for length in [Some(7), None] {
        let pacs = Recorder::answering(move |message| {
            let elements = message.response(0, NO_DATA_SET);
            let length = length.map_or(Vec::new(), |it: u32| element(0, &it.to_le_bytes()));
            said(message.context, &[length, elements.concat()].concat(), None)
        });
        echoing().passes_at(&pacs);
    }
}

/// The last response of a query brings a data set again: pydicom/pynetdicom#571, Enet4/dicom-rs#522.
/// What has the flag and the data set is one message, and the status is what counts.
#[test]
fn passes_a_final_response_without_the_data_set_that_it_brings() {
    let pacs = Recorder::answering(|message| {
        let found = |name: &[u8]| implicit(0x0010_0010, name);
        [
            message.answer(0xff00, &[], Some(&found(b"DOE^JANE"))),
            message.answer(0xff00, &[], Some(&found(b"DOE^JOHN"))),
            message.answer(0, &[], Some(&found(b"DOE^JOHN"))),
        ]
        .concat()
    });
    let both = querying().held(&pacs, |settings| settings);
    assert_eq!(statuses(&both.gated.heard), [0xff00, 0xff00, 0]);
    assert_eq!(without_final_set(&both.gated.heard), without_final_set(&both.direct.heard));
    assert_eq!(set_of_last(&both.gated.heard), None);
    assert_eq!(both.gated.heard.last(), Some(&Heard::Released), "{}", both.gate.stdout);
}

/// A failure announces a data set, and an empty one follows:
/// GoogleCloudPlatform/healthcare-dicom-dicomweb-adapter#50 and #51.
#[test]
fn passes_a_failure_without_the_empty_data_set_that_it_brings() {
    for status in [0xa700, 0xc001, 0xfe00] {
        let pacs = Recorder::answering(move |message| {
            message.answer(status, &[element(0x0902, b"no matches")], Some(b""))
        });
        let both = querying().held(&pacs, |settings| settings);
        assert_eq!(statuses(&both.gated.heard), [status], "{}", both.gate.stdout);
        assert_eq!(set_of_last(&both.gated.heard), None);
        assert_eq!(both.gated.heard.last(), Some(&Heard::Released));
    }
}

/// The error comment is in a data set instead of the command: the same adapter, #50.
#[test]
fn passes_a_failure_without_the_comment_that_it_brings_as_a_data_set() {
    let pacs = Recorder::answering(|message| {
        message.answer(0xc000, &[], Some(&unpadded(0x0000_0902, b"no matches")))
    });
    let both = querying().held(&pacs, |settings| settings);
    assert_eq!(statuses(&both.gated.heard), [0xc000], "{}", both.gate.stdout);
    assert_eq!(both.gated.heard.last(), Some(&Heard::Released));
}

/// A match without a data set: pending, and nothing follows.
#[test]
fn passes_a_pending_response_without_a_data_set() {
    let pacs = Recorder::answering(|message| {
        [message.answer(0xff00, &[], None), message.answer(0, &[], None)].concat()
    });
    querying().passes_at(&pacs);
}

/// Optional keys are not supported: FF01 instead of FF00 (pydicom/pynetdicom#163).
#[test]
fn passes_the_other_pending_status() {
    let pacs = Recorder::answering(|message| {
        let found = implicit(0x0010_0010, b"DOE^JANE");
        [message.answer(0xff01, &[], Some(&found)), message.answer(0, &[], None)].concat()
    });
    querying().passes_at(&pacs);
}

/// A repository query goes on after the warning B001 (PS3.4 C.6.4.4, as pynetdicom has it).
#[test]
fn passes_a_query_that_goes_on_after_a_warning() {
    let pacs = Recorder::answering(|message| {
        let found = implicit(0x0010_0010, b"DOE^JANE");
        [
            message.answer(0xff00, &[], Some(&found)),
            message.answer(0xb001, &[], None),
            message.answer(0xff00, &[], Some(&found)),
            message.answer(0, &[], None),
        ]
        .concat()
    });
    let query = said(1, &find_rq(REPOSITORY_QUERY), Some(&keys()));
    let play = on(REPOSITORY_QUERY).say_for(2, &query);
    play.passes_with(&pacs, |settings| {
        settings.services(&format!("[{}]", by_class(REPOSITORY_QUERY, "c-find")))
    });
}

/// A status of a vendor's own.
#[test]
fn passes_any_status() {
    for status in [0x0001, 0x0106, 0xa900, 0xb000, 0xcafe] {
        echoing().passes_at(&Recorder::answering(move |message| message.answer(status, &[], None)));
    }
}

/// An error comment that is too long, and one of several lines: fo-dicom/fo-dicom#1282.
#[test]
fn passes_any_error_comment() {
    for comment in ["a\r\nb".to_owned(), "too long ".repeat(10)] {
        let pacs = Recorder::answering(move |message| {
            message.answer(0xc000, &[element(0x0902, comment.as_bytes())], None)
        });
        querying().passes_at(&pacs);
    }
}

/// An archive without the counters of sub-operations, and one that counts to the end:
/// dcm4che/dcm4chee-arc-light#3052.
#[test]
fn passes_moves_with_and_without_counters() {
    let counters = [us(0x1020, 2), us(0x1021, 0), us(0x1022, 0), us(0x1023, 0)];
    for counters in [counters.to_vec(), Vec::new()] {
        let pacs = Recorder::answering(move |message| {
            let pending = message.answer(0xff00, &counters, None);
            [pending, message.answer(0, &counters, None)].concat()
        });
        let play = on(STUDY_MOVE).say(&said(1, &move_rq(1, b"CT1 "), Some(&keys())));
        play.passes_at(&pacs);
    }
}

/// Some parts of a C-MOVE failed, and the data set lists them: pydicom/pynetdicom#577.
#[test]
fn passes_the_list_of_what_a_move_could_not_send() {
    let pacs = Recorder::answering(|message| {
        let counters = [us(0x1021, 0), us(0x1022, 1), us(0x1023, 0)];
        message.answer(0xb000, &counters, Some(&implicit(0x0008_0058, b"1.2.3.78")))
    });
    on(STUDY_MOVE).say(&said(1, &move_rq(1, b"CT1 "), Some(&keys()))).passes_at(&pacs);
}

/// A C-GET of which one part fails, at Orthanc: its list of failed instances is inside the command
/// set, after group 0000 and its length does not count it. pydicom/pynetdicom#552, and seen at
/// Orthanc 1.10.1.
#[test]
fn passes_a_get_whose_responses_have_a_list_inside_the_command() {
    let list = implicit(0x0008_0058, b"1.2.3.78");
    let length = u32::try_from(list.len()).unwrap().to_le_bytes();
    let list = [unpadded(0x0008_0000, &length), list].concat();
    let granting = |proposal: &Proposal| {
        proposal.accepted().with_user(Item::roles(CT, 0, 1)).with_user(Item::roles(MR, 0, 1))
    };
    let pacs = Recorder::new(granting, move |_, message| match message.command {
        0x0010 => stored(),
        0x8001 => {
            let get = |status, left: &[Vec<u8>]| response(status, left, &list);
            [get(0xff00, &[us(0x1020, 0)]), get(0xb000, &[])].concat()
        }
        _ => usual(message),
    });
    let request = get_request(CT).context(5, MR, &[IMPLICIT]).with_user(Item::roles(MR, 0, 1));
    getting(&request).passes_at(&pacs);
}

/// The same from Orthanc itself: of two objects, the requestor takes one.
#[test]
#[ignore = "needs Orthanc: run tests/all"]
fn orthanc_sends_what_it_can_of_a_get() {
    let store = |context, class: &str, instance: &str| {
        let changes: [(u32, &[u8]); 2] =
            [(0x0008_0016, class.as_bytes()), (0x0008_0018, instance.as_bytes())];
        let command = command(&store_elements(class, instance));
        said(context, &command, Some(&object(&changes)))
    };
    let orthanc = Server::start(Kind::Orthanc);
    let loading = Associate::request("CT1", TITLE).context(1, CT, &[IMPLICIT]);
    let loading = Play::of(&loading.context(3, MR, &[IMPLICIT]))
        .say(&store(1, CT, "2.25.771"))
        .say(&store(3, MR, "2.25.772"));
    loading.directly(orthanc.address);
    let request = get_request(CT).context(5, MR, &[IMPLICIT]).with_user(Item::roles(MR, 0, 1));
    let play = getting(&request).refusing(MR);
    let direct = play.directly(orthanc.address);
    let gate = before_pacs(orthanc.address, |settings| settings);
    assert_eq!(statuses(&direct).last(), Some(&0xb000), "{}", orthanc.log());
    assert_eq!(play.through(&gate), direct, "{}", gate.stop().stdout);
}

/// A C-GET without the item for roles, as of Horos: horosproject/horos#592, dcm4che/dcm4che#463.
#[test]
fn passes_a_get_without_roles() {
    let pacs = Recorder::answering(|message| match message.command {
        0x0010 => stored(),
        0x8001 => response(0, &[], &[]),
        _ => usual(message),
    });
    let request = Associate::request("CT1", TITLE).context(1, STUDY_GET, &[IMPLICIT]).context(
        3,
        CT,
        &[IMPLICIT],
    );
    getting(&request).passes_at(&pacs);
}

/// The C-CANCEL comes with the C-MOVE in one segment: dcm4che/dcm4chee-arc-light#2302.
#[test]
fn passes_a_cancel_right_after_a_move() {
    let pacs = Recorder::answering(|message| match message.command {
        0x0fff => message.cancelled(STUDY_MOVE, 0x0021),
        _ => Vec::new(),
    });
    let both = [said(1, &move_rq(1, b"CT1 "), Some(&keys())), said(1, &cancel_rq(), None)];
    on(STUDY_MOVE).say(&both.concat()).passes_at(&pacs);
}

/// The C-STORE that the C-GET is answered with.
fn stored() -> Vec<u8> {
    said(3, &store_rq(CT), Some(&object(&[])))
}

/// A response to the C-GET with counters, and with bytes after its command.
fn response(status: u16, more: &[Vec<u8>], after: &[u8]) -> Vec<u8> {
    let mut elements = get_response(status);
    elements.extend_from_slice(more);
    elements.extend([us(0x1021, 1), us(0x1022, 1), us(0x1023, 0)]);
    said(1, &[command(&elements), after.to_vec()].concat(), None)
}

fn messages(heard: &[Heard]) -> Vec<&Message> {
    heard.iter().filter_map(Heard::message).collect()
}

fn statuses(heard: &[Heard]) -> Vec<u16> {
    messages(heard).iter().filter_map(|message| message.status).collect()
}

fn set_of_last(heard: &[Heard]) -> Option<&Bytes> {
    messages(heard).last().and_then(|message| message.set.as_ref())
}

fn without_final_set(heard: &[Heard]) -> Vec<Message> {
    let mut messages: Vec<_> = messages(heard).into_iter().cloned().collect();
    if let Some(last) = messages.last_mut() {
        last.set = None;
    }
    messages
}
