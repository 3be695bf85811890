//! What a peer asks for, and what a PACS then sends on an association of its own.

use std::sync::{Arc, Mutex};

use super::guard::{association as of_objects, at, padded, storing, told};
use super::operations::{
    ACTION_RQ, COMMITMENT, CT, EVENT_RQ, MOVE, MOVE_RQ, NOT_AUTHORIZED, answer, answered,
    association, association_with, message, moved, moving,
};
use super::*;
use crate::data_set::Deviation;
use crate::direction::Direction;

/// What is awaited, and what was heard.
#[derive(Debug, Default)]
struct Noted {
    /// Anybody's, where there is none.
    originators: Vec<AeTitle>,
    nothing: bool,
    heard: Mutex<Vec<String>>,
}

impl Awaited for Noted {
    fn object(&self, originator: Option<&AeTitle>) -> bool {
        !self.nothing && originator.is_none_or(|title| self.originators.contains(title))
    }

    fn report(&self) -> bool {
        !self.nothing
    }
}

impl Requests for Noted {
    fn moves(&self, to: &AeTitle) {
        self.heard.lock().unwrap().push(to.to_string());
    }

    fn commits(&self) {
        self.heard.lock().unwrap().push("commitment".into());
    }
}

fn title(text: &str) -> AeTitle {
    text.parse().unwrap()
}

/// An association of the PACS, which may store and report.
fn outward(awaited: Option<Noted>) -> Fed {
    let grants = Grants { direction: Direction::Outward, ..reporting(&[]) };
    let mut inspector = association_with(grants.clone());
    let sent = |id: ContextId| {
        let is_report = id.value() == COMMITMENT.0;
        let operation = if is_report { Operation::NEventReport } else { Operation::CStore };
        Operations::NONE.and_by_requestor(&[operation])
    };
    let awaited = awaited.map(|it| Arc::new(it) as Arc<dyn Awaited>);
    let contexts = inspector.contexts().under(sent, grants);
    inspector.bind(contexts, Shared { awaited, ..Shared::default() });
    Fed::new(inspector)
}

/// What passes, and why something does not.
fn sent(awaited: Option<Noted>, message: &[u8]) -> (Vec<u8>, Option<Forbidden>) {
    let mut fed = outward(awaited);
    fed.feed(Side::Requestor, message).unwrap();
    let why = fed.inspector.ledger().forbidden().iter().map(|it| it.why.what).next();
    if why.is_some() {
        assert_eq!(answered(&fed.out.to_requestor).3, NOT_AUTHORIZED);
    }
    (fed.out.to_acceptor, why)
}

#[test]
fn an_object_passes_if_somebody_has_asked_for_it() {
    let plain = moved(CT, &[]);
    let of_ct1 = moved(CT, &[(0x1030, b"CT1 ".to_vec()), number(0x1031, 7)]);
    let of_mr1 = moved(CT, &[(0x1030, b"MR1 ".to_vec()), number(0x1031, 7)]);
    let asked = || Some(Noted { originators: vec![title("CT1")], ..Noted::default() });
    let nobody = || Some(Noted { nothing: true, ..Noted::default() });
    for message in [&plain, &of_ct1] {
        assert_eq!(sent(asked(), message), (message.clone(), None));
        assert_eq!(sent(nobody(), message), (vec![], Some(Forbidden::UnrequestedObject)));
    }
    assert_eq!(sent(asked(), &of_mr1), (vec![], Some(Forbidden::UnrequestedObject)));
    // Where nothing has to be asked for, the PACS speaks for whomever it likes.
    assert_eq!(sent(None, &of_mr1), (of_mr1, None));
}

#[test]
fn a_report_passes_if_its_commitment_was_asked_for() {
    let report = message(COMMITMENT, EVENT_RQ, 1);
    assert_eq!(sent(Some(Noted::default()), &report), (report.clone(), None));
    let nobody = Noted { nothing: true, ..Noted::default() };
    assert_eq!(sent(Some(nobody), &report), (vec![], Some(Forbidden::UnrequestedReport)));
    let action = message(COMMITMENT, ACTION_RQ, 1);
    assert_eq!(sent(None, &action), (vec![], Some(Forbidden::Operation)));
}

#[test]
fn what_a_peer_asks_for_is_heard_as_it_goes_on() {
    let noted = Arc::new(Noted::default());
    let requests = Some(Arc::clone(&noted) as Arc<dyn Requests>);
    let inspector = association_with(reporting(&[title("VIEWER")]));
    let mut fed = Fed::new(inspector.sharing(Shared { requests, ..Shared::default() }));
    let mut hears = |from, bytes: &[u8]| -> Vec<String> {
        fed.feed(from, bytes).unwrap();
        std::mem::take(&mut *noted.heard.lock().unwrap())
    };
    assert!(hears(Side::Requestor, &moving(b"EVIL")).is_empty());
    let asking = moving(b"VIEWER");
    let (most, last) = asking.split_at(asking.len() - 1);
    assert!(hears(Side::Requestor, most).is_empty());
    assert_eq!(hears(Side::Requestor, last), ["VIEWER"]);
    for status in [PENDING, SUCCESS] {
        let response = answer(MOVE, MOVE_RQ, 1, NO_DATA, status);
        assert_eq!(hears(Side::Acceptor, &response), ["VIEWER"]);
    }
    assert!(hears(Side::Requestor, &message(CT, STORE_RQ, 2)).is_empty());
    hears(Side::Acceptor, &answer(CT, STORE_RQ, 2, NO_DATA, SUCCESS));
    assert_eq!(hears(Side::Requestor, &message(COMMITMENT, ACTION_RQ, 3)), ["commitment"]);
}

#[test]
fn what_a_pacs_has_moved_is_not_what_a_peer_has_asked_for() {
    let noted = Arc::new(Noted::default());
    let requests = Some(Arc::clone(&noted) as Arc<dyn Requests>);
    let mut inspector = association();
    let may_move = Operations::NONE.and_by_acceptor(&[Operation::CMove]);
    let contexts = inspector.contexts().under(|_| may_move, reporting(&[title("VIEWER")]));
    inspector.bind(contexts, Shared { requests, ..Shared::default() });
    let mut fed = Fed::new(inspector);
    // A destination of its own choice, which the peer refuses.
    fed.feed(Side::Acceptor, &moving(b"ANYBODY")).unwrap();
    let response = answer(MOVE, MOVE_RQ, 1, NO_DATA, 0xa801);
    fed.feed(Side::Requestor, &response).unwrap();
    assert_eq!(fed.out.to_acceptor, response);
    assert!(noted.heard.lock().unwrap().is_empty());
}

#[test]
fn what_a_pacs_sends_is_judged_as_such_whoever_has_asked() {
    // Its archive has objects of which an element stands twice.
    let twice = [
        at((0x0008, 0x0016), &padded(CLASS)),
        at((0x0008, 0x0018), &padded(INSTANCE)),
        at((0x0010, 0x0020), b"A:77"),
        at((0x0010, 0x0020), b"A:77"),
    ];
    let storing = storing(&twice.concat(), 4096);
    let judged = |direction| {
        let mut inspector = of_objects(Guarding::default());
        let guarding = PerSide::default();
        let grants = Grants { direction, guarding, ..reporting(&[]) };
        let store = Operations::NONE.and_by_requestor(&[Operation::CStore]);
        let contexts = inspector.contexts().under(|_| store, grants);
        inspector.bind(contexts, Shared::default());
        let mut fed = Fed::new(inspector);
        fed.feed(Side::Requestor, &storing).unwrap();
        fed
    };
    let outward = judged(Direction::Outward);
    assert_eq!(outward.out.to_acceptor, storing);
    let mut counted = outward.inspector.ledger().deviations().iter();
    assert!(counted.any(|(deviation, _)| deviation == Deviation::Duplicate));
    let inward = judged(Direction::Inward);
    assert!(inward.out.to_acceptor.is_empty());
    assert_eq!(told(&inward.out.to_requestor).0, 0xc000);
}

#[test]
fn an_advice_is_for_the_system_that_stands_there() {
    let operation = Forbidden::Operation.by(Side::Acceptor);
    assert!(operation.advice_in(Direction::Inward).contains("Look at the PACS"));
    assert!(!operation.advice_in(Direction::Outward).contains("Look at the PACS"));
}
