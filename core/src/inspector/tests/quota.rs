//! Caps on the objects of the requestor: one too many is answered, and the association goes on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::guard::{SERIES, STUDY, association, at, padded, storing, told};
use super::operations::{FIND, GET, GET_RQ, MR, answer, message};
use super::*;
use crate::data_set::DataSetError;
use crate::wire::uid::InstanceUid;

/// A peer's quota, at a time that does not pass.
#[derive(Debug)]
struct AtOnce(Caps, Mutex<Stored>);

impl Quota for AtOnce {
    fn take(&self, study: Option<InstanceUid>) -> Result<(), DataSetError> {
        self.1.lock().unwrap().take(self.0, study, Duration::ZERO)
    }
}

const HOURLY: Caps = Caps { per_hour: Some(2), per_study: None };
const OF_A_STUDY: Caps = Caps { per_hour: None, per_study: Some(2) };

fn with(caps: Caps, mode: Mode) -> Fed {
    let quota: Arc<dyn Quota> = Arc::new(AtOnce(caps, Mutex::default()));
    sharing(&quota, mode)
}

fn capped(quota: &Arc<dyn Quota>) -> Shared {
    Shared { quota: Some(Arc::clone(quota)), ..Shared::default() }
}

fn sharing(quota: &Arc<dyn Quota>, mode: Mode) -> Fed {
    let guarding = Guarding { mode, ..Guarding::default() };
    Fed::new(association(guarding).sharing(capped(quota)))
}

fn object(study: &str, pixels: usize) -> Vec<u8> {
    [
        at((0x0008, 0x0016), &padded(CLASS)),
        at((0x0008, 0x0018), &padded(INSTANCE)),
        at(STUDY, &padded(study)),
        at(SERIES, &padded("1.2.3.4")),
        at((0x7fe0, 0x0010), &vec![0x55; pixels]),
    ]
    .concat()
}

/// The status that the requestor hears, from the gate, or from the PACS once it has all of it.
fn status(fed: &mut Fed, data_set: &[u8], size: usize) -> (u16, String) {
    let input = storing(data_set, 4096);
    input.chunks(size).for_each(|piece| fed.feed(Side::Requestor, piece).unwrap());
    let refused = !fed.out.to_requestor.is_empty();
    assert_eq!(fed.out.to_acceptor, if refused { Vec::new() } else { input });
    if !refused {
        let answer = set(&[
            number(0x0100, STORE_RQ | RESPONSE),
            number(0x0120, 1),
            number(0x0800, NO_DATA),
            number(0x0900, SUCCESS),
            (0x0902, b"ok".to_vec()),
        ]);
        fed.feed(Side::Acceptor, &command(&answer)).unwrap();
    }
    let heard = told(&fed.out.to_requestor);
    fed.out = Out::default();
    heard
}

#[test]
fn one_object_too_many_is_answered_however_it_is_cut_and_the_association_goes_on() {
    for (caps, comment) in [
        (HOURLY, "more objects within an hour than `objects_per_hour` allows"),
        (OF_A_STUDY, "more objects of one study than `objects_per_study` allows"),
    ] {
        for (mode, pixels, size) in [
            (Mode::Refuse, 1000, 7),
            (Mode::Refuse, 200_000, usize::MAX),
            (Mode::Report, 1000, usize::MAX),
            (Mode::Report, 200_000, 4096),
        ] {
            let mut fed = with(caps, mode);
            let one = object("1.2.3", pixels);
            assert_eq!(status(&mut fed, &one, size).0, SUCCESS);
            assert_eq!(status(&mut fed, &one, size).0, SUCCESS);
            // More of them than forbidden requests that an association may have.
            for _ in 0..20 {
                assert_eq!(status(&mut fed, &one, size), (0xa700, comment.to_owned()));
            }
            let of_other = status(&mut fed, &object("1.2.4", 10), size).0;
            assert_eq!(of_other, if caps == HOURLY { 0xa700 } else { SUCCESS });
            fed.feed(Side::Requestor, &command(&request(ECHO_RQ, 1, NO_DATA))).unwrap();
            assert_eq!(fed.out.to_acceptor, command(&request(ECHO_RQ, 1, NO_DATA)));
            let (unsound, count) = &fed.inspector.ledger().unsound()[0];
            assert_eq!(unsound.outcome, Outcome::Refused(0xa700));
            assert_eq!(*count, if caps == HOURLY { 21 } else { 20 });
        }
    }
}

#[test]
fn associations_of_one_peer_share_its_cap() {
    let quota: Arc<dyn Quota> = Arc::new(AtOnce(HOURLY, Mutex::default()));
    let mut two = [sharing(&quota, Mode::Refuse), sharing(&quota, Mode::Refuse)];
    for (number, expected) in [(0, SUCCESS), (1, SUCCESS), (0, 0xa700), (1, 0xa700)] {
        assert_eq!(status(&mut two[number], &object("1.2.3", 10), usize::MAX).0, expected);
    }
}

#[test]
fn an_unsound_object_is_refused_for_that_and_not_counted() {
    let mut fed = with(HOURLY, Mode::Refuse);
    let cut = object("1.2.3", 10)[..90].to_vec();
    for _ in 0..3 {
        assert_eq!(status(&mut fed, &cut, usize::MAX).0, 0xc000);
    }
    for expected in [SUCCESS, SUCCESS, 0xa700] {
        assert_eq!(status(&mut fed, &object("1.2.3", 10), usize::MAX).0, expected);
    }
}

#[test]
fn objects_whose_study_is_not_in_their_head_are_of_one_study() {
    let hidden = |study| {
        let sound = object(study, 10);
        let long = at((0x0009, 0x1000), &vec![b'x'; HEAD]);
        let behind = sound.windows(4).position(|it| it == [0x20, 0, 0x0d, 0]).unwrap();
        [&sound[..behind], &long, &sound[behind..]].concat()
    };
    let mut fed = with(OF_A_STUDY, Mode::Refuse);
    for (study, expected) in [("1.2.3", SUCCESS), ("1.2.4", SUCCESS), ("1.2.5", 0xa700)] {
        assert_eq!(status(&mut fed, &hidden(study), 1000).0, expected);
    }
    assert_eq!(status(&mut fed, &object("1.2.5", 10), 1000).0, SUCCESS);
}

#[test]
fn only_objects_of_the_requestor_are_counted() {
    let quota: Arc<dyn Quota> = Arc::new(AtOnce(HOURLY, Mutex::default()));
    let mut fed = Fed::new(operations::association().sharing(capped(&quota)));
    fed.feed(Side::Requestor, &message(FIND, FIND_RQ, 1)).unwrap();
    fed.feed(Side::Acceptor, &answer(FIND, FIND_RQ, 1, NO_DATA, SUCCESS)).unwrap();
    fed.feed(Side::Requestor, &message(GET, GET_RQ, 2)).unwrap();
    let objects: Vec<_> = (0..4).map(|id| message(MR, STORE_RQ, id)).collect();
    fed.feed(Side::Acceptor, &objects.concat()).unwrap();
    assert!(fed.out.to_requestor.ends_with(&objects.concat()));
    assert_eq!([quota.take(None), quota.take(None)], [Ok(()); 2]);
}
