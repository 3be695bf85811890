//! What leaves as it came is told by its length, and not copied.

use pacsgate_core::inspector::{Fault, Fed, Guarding, HEAD, Inspector, Out};
use pacsgate_core::reason::Sided;
use pacsgate_core::side::Side;
use pacsgate_core::wire::pdu::RELEASE_RQ;

use crate::build::*;

/// A requestor whose C-STORE is under way: its head has left.
struct Storing {
    inspector: Inspector,
    out: Out,
    rest: Bytes,
}

impl Storing {
    fn begin() -> Self {
        let mut inspector = Inspector::new(contexts(maxima(16_384), Guarding::default()));
        let command = pdata(CT.0, 3, &set(&request(STORE, CT.1, 1, true)));
        let object = fragments(CT.0, 0, &object(CT.1, 4 * HEAD), 10_000).concat();
        let all = [command, object].concat();
        let (head, rest) = all.split_at(HEAD + 1000);
        let mut out = Out::default();
        let fed = inspector.feed_uncopied(Side::Requestor, head, &mut out);
        assert_eq!(fed, Ok(Fed { taken: head.len(), as_came: 0 }));
        assert_eq!(out.to_acceptor, head);
        Self { inspector, out: Out::default(), rest: rest.to_vec() }
    }

    fn feed(&mut self, piece: &[u8]) -> Result<Fed, Sided<Fault>> {
        self.inspector.feed_uncopied(Side::Requestor, piece, &mut self.out)
    }
}

#[test]
fn a_data_set_in_the_gates_own_framing_to_its_end() {
    let mut storing = Storing::begin();
    let rest = storing.rest.clone();
    for piece in rest.chunks(HEAD) {
        let fed = storing.feed(piece);
        assert_eq!(fed, Ok(Fed { taken: piece.len(), as_came: piece.len() }));
    }
    assert!(storing.out.to_acceptor.is_empty());
    assert!(storing.inspector.wants(Side::Acceptor));
}

#[test]
fn not_behind_what_waits_already() {
    let mut storing = Storing::begin();
    storing.out.to_acceptor.push(1);
    let rest = storing.rest.clone();
    assert_eq!(storing.feed(&rest), Ok(Fed { taken: rest.len(), as_came: 0 }));
    assert_eq!(storing.out.to_acceptor, [&[1], &rest[..]].concat());
}

#[test]
fn not_what_is_put_right_and_what_is_before_and_behind_it() {
    let mut storing = Storing::begin();
    let rest = storing.rest.clone();
    let headers: Vec<_> = (1..rest.len() - 3)
        .filter(|&at| rest[at..].starts_with(&[4, 0, 0, 0, 0x27, 0x16]))
        .collect();
    let mut piece = rest.clone();
    // The reserved byte of a PDU is for nobody to read (PS3.8 section 9.3.1).
    piece[headers[3] + 1] = 7;
    assert_eq!(storing.feed(&piece), Ok(Fed { taken: rest.len(), as_came: 0 }));
    assert_eq!(storing.out.to_acceptor, rest);
}

#[test]
fn a_message_that_waits_behind_it_changes_nothing_and_one_that_leaves_is_written_behind_it() {
    let next = pdata(CT.0, 3, &set(&request(STORE, CT.1, 2, true)));
    for (behind, uncopied, copied) in
        [(&next[..], true, &[][..]), (&RELEASE_RQ, false, &RELEASE_RQ)]
    {
        let mut storing = Storing::begin();
        let rest = storing.rest.clone();
        let fed = storing.feed(&[&rest[..], behind].concat());
        let as_came = if uncopied { rest.len() } else { 0 };
        assert_eq!(fed, Ok(Fed { taken: rest.len() + behind.len(), as_came }));
        assert_eq!(storing.out.to_acceptor, [&rest[as_came..], copied].concat());
    }
}

#[test]
fn before_a_fault_it_is_copied() {
    let mut storing = Storing::begin();
    let rest = storing.rest.clone();
    let fed = storing.feed(&[&rest[..], &[9; 6]].concat());
    assert_eq!(fed, Err(Fault::UnknownPdu(9).by(Side::Requestor)));
    assert_eq!(storing.out.to_acceptor, rest);
}
