//! What counts as progress, and for which operation.

use super::*;

const GET: (u8, &str) = (5, "1.2.840.10008.5.1.4.1.2.2.3");
const FIND: (u8, &str) = (7, "1.2.840.10008.5.1.4.1.2.2.1");
const GET_RQ: u16 = 0x0010;
const STEP: u64 = Progress::STEP;

/// Objects are stored and returned on context 1; they are what they should be, or not.
fn association(mode: Mode) -> Fed {
    let by = |operations: &[Operation]| Operations::NONE.and_by_requestor(operations);
    let store = by(&[Operation::CStore]).and_by_acceptor(&[Operation::CStore]);
    let rows =
        [((1, CLASS), store), (GET, by(&[Operation::CGet])), (FIND, by(&[Operation::CFind]))];
    let contexts = rows.map(|((id, class), operations)| Context {
        id: ContextId::new(id).unwrap(),
        abstract_syntax: class.parse().unwrap(),
        transfer_syntax: TransferSyntax::find(&"1.2.840.10008.1.2".parse().unwrap()).unwrap(),
        operations,
    });
    let maxima = Maxima {
        to_acceptor: MAXIMUM,
        to_requestor: MAXIMUM,
        from_requestor: MAXIMUM,
        from_acceptor: MAXIMUM,
    };
    let guarding = Guarding { mode, ..Guarding::default() };
    let guarding = PerSide { requestor: guarding, acceptor: guarding };
    let grants = Grants { guarding, ..reporting(&[]) };
    Fed::new(Inspector::new(Contexts::new(contexts.into(), maxima, grants)))
}

impl Fed {
    fn requestor(&mut self, bytes: &[u8]) -> Progress {
        self.feed(Side::Requestor, bytes).unwrap();
        self.inspector.progress(Side::Requestor)
    }

    fn acceptor(&mut self, bytes: &[u8]) -> Progress {
        self.feed(Side::Acceptor, bytes).unwrap();
        self.inspector.progress(Side::Acceptor)
    }

    /// Whether the operation that has waited for longest goes on with what `say` does.
    fn goes_on(&mut self, say: impl FnOnce(&mut Self) -> Progress) -> bool {
        let before = self.inspector.longest_waiting();
        say(self);
        self.inspector.longest_waiting() != before
    }
}

fn ask((id, class): (u8, &str), field: u16, message_id: u16) -> Vec<u8> {
    let mut elements = elements(field, message_id, DATA);
    elements[0] = uid(0x0002, class);
    [one(id, COMMAND | LAST, &set(&elements)), one(id, LAST, &[0; 8])].concat()
}

fn answer((id, _): (u8, &str), field: u16, message_id: u16, status: u16) -> Vec<u8> {
    let has_data_set = status == PENDING && field == FIND_RQ;
    let data = if has_data_set { DATA } else { NO_DATA };
    let mut bytes = one(id, COMMAND | LAST, &response(field, message_id, data, status));
    if has_data_set {
        bytes.extend(one(id, LAST, &[0; 8]));
    }
    bytes
}

fn cancel_find(message_id: u16) -> Vec<u8> {
    one(FIND.0, COMMAND | LAST, &cancel(message_id))
}

#[test]
fn what_passes_counts_by_its_bytes_and_a_whole_message_as_a_step() {
    let mut fed = association(Mode::Report);
    assert_eq!(fed.requestor(&command(&request(STORE_RQ, 1, DATA))), Progress::default());
    let begun = fed.requestor(&one(1, 0, &[7; 1000]));
    assert_eq!(begun, Progress { messages: 0, heard: 1000, passed: 1000 });
    let ended = fed.requestor(&one(1, LAST, &[8; 24]));
    assert_eq!(ended, Progress { messages: 1, heard: STEP + 1024, passed: STEP + 1024 });
    let answered = fed.acceptor(&answer((1, CLASS), STORE_RQ, 1, SUCCESS));
    assert_eq!(answered, Progress { messages: 1, heard: STEP, passed: STEP });
    let released = fed.requestor(&RELEASE_RQ);
    assert_eq!(released.passed, ended.passed + STEP);
}

#[test]
fn behind_its_head_each_byte_of_a_data_set_counts_as_it_leaves() {
    let mut fed = association(Mode::Report);
    fed.requestor(&command(&request(STORE_RQ, 1, DATA)));
    let before = fed.requestor(&one(1, 0, &[7; 4000]).repeat(HEAD.div_ceil(4000) + 1));
    let after = fed.requestor(&one(1, 0, &[7; 10]));
    assert_eq!((after.passed, after.heard), (before.passed + 10, before.heard + 10));
}

#[test]
fn what_is_dropped_counts_for_nothing() {
    let mut fed = association(Mode::Report);
    let cancelled = fed.requestor(&cancel_find(1));
    assert_eq!((cancelled.heard, cancelled.passed), (0, 0));
    let begun = fed.requestor(&command(&request(STORE_RQ, 1, DATA)));
    let empty = fed.requestor(&one(1, 0, &[]).repeat(10));
    assert_eq!(empty, begun);
    // Not even the bytes of a command that does not end.
    let mut fed = association(Mode::Report);
    let pieces = request(STORE_RQ, 1, DATA);
    pieces[..20].chunks(2).for_each(|piece| {
        assert_eq!(fed.requestor(&one(1, COMMAND, piece)), Progress::default());
    });
}

#[test]
fn what_is_refused_is_heard_and_does_not_pass() {
    let mut fed = association(Mode::Refuse);
    // No query is permitted on the context; and behind it an object that is none.
    let forbidden = fed.requestor(&ask((1, CLASS), FIND_RQ, 1));
    assert_eq!(forbidden, Progress { messages: 1, heard: STEP + 8, passed: 0 });
    let unsound = fed
        .requestor(&[&command(&request(STORE_RQ, 2, DATA))[..], &one(1, LAST, &[7; 100])].concat());
    assert_eq!(unsound, Progress { messages: 2, heard: 2 * STEP + 108, passed: 0 });
    assert_eq!(fed.inspector.ledger().unsound().len(), 1);
}

#[test]
fn a_query_goes_on_with_its_responses_and_with_nothing_else() {
    let mut fed = association(Mode::Report);
    assert_eq!(fed.inspector.longest_waiting(), 0);
    assert!(fed.goes_on(|fed| fed.requestor(&ask(FIND, FIND_RQ, 1))));
    assert!(!fed.goes_on(|fed| fed.requestor(&cancel_find(1))));
    assert!(!fed.goes_on(|fed| fed.requestor(&cancel_find(1))));
    assert!(fed.goes_on(|fed| fed.acceptor(&answer(FIND, FIND_RQ, 1, PENDING))));
    assert!(fed.goes_on(|fed| fed.acceptor(&answer(FIND, FIND_RQ, 1, SUCCESS))));
    assert_eq!(fed.inspector.longest_waiting(), 0);
}

#[test]
fn a_request_waits_from_the_end_of_its_data_set() {
    let mut fed = association(Mode::Report);
    fed.requestor(&command(&request(STORE_RQ, 1, DATA)));
    assert!(!fed.goes_on(|fed| fed.requestor(&one(1, 0, &[7; 1000]))));
    assert!(fed.goes_on(|fed| fed.requestor(&one(1, LAST, &[7; 1000]))));
}

#[test]
fn a_retrieval_goes_on_with_each_object_and_what_is_said_of_it() {
    let mut fed = association(Mode::Report);
    fed.requestor(&ask(GET, GET_RQ, 1));
    let (object, data) = (command(&request(STORE_RQ, 7, DATA)), one(1, LAST, &[0; 8]));
    assert!(fed.goes_on(|fed| fed.acceptor(&object)));
    assert!(fed.goes_on(|fed| fed.acceptor(&data)));
    assert!(fed.goes_on(|fed| fed.requestor(&answer((1, CLASS), STORE_RQ, 7, SUCCESS))));
    assert!(fed.goes_on(|fed| fed.acceptor(&answer(GET, GET_RQ, 1, PENDING))));
}

#[test]
fn of_two_operations_the_one_that_stands_still_is_the_one_that_waits() {
    let mut fed = association(Mode::Report);
    fed.requestor(&ask(GET, GET_RQ, 1));
    // The second is heard at once, as the PACS waits for the answer to its object.
    let object = [command(&request(STORE_RQ, 7, DATA)), one(1, LAST, &[0; 8])].concat();
    fed.acceptor(&object);
    fed.requestor(&ask(FIND, FIND_RQ, 2));
    fed.requestor(&answer((1, CLASS), STORE_RQ, 7, SUCCESS));
    // Now the query has waited for longest, and goes on with its own responses only.
    fed.acceptor(&answer(GET, GET_RQ, 1, PENDING));
    assert!(!fed.goes_on(|fed| fed.acceptor(&answer(GET, GET_RQ, 1, PENDING))));
    assert!(fed.goes_on(|fed| fed.acceptor(&answer(FIND, FIND_RQ, 2, PENDING))));
}
