//! What the PACS has not heard of yet.

use pacsgate_core::inspector::Guarding;
use pacsgate_core::side::Side;

use crate::build::*;
use crate::play::Run;

#[test]
fn of_a_c_get_that_is_held_the_pacs_has_heard_nothing() {
    let query = element(0x20, 0x0d, b"1.2.3\0");
    let get = [pdata(GETS.0, 3, &set(&request(GET, GETS.1, 1, true))), pdata(GETS.0, LAST, &query)];
    let store = pdata(CT.0, 3, &set(&request(STORE, CT.1, 5, true)));
    let object = pdata(CT.0, LAST, &object(CT.1, 20));

    let mut run = Run::new(contexts(maxima(16_384), Guarding::default()));
    run.feed(Side::Requestor, &get[0]);
    run.feed(Side::Acceptor, &[&store[..], &object].concat());
    assert_eq!(run.news.len(), 1);
    assert!(run.news[0].contains("StoreOutsideGet"), "{:?}", run.news);
    let answer = run.to_acceptor.len();
    run.feed(Side::Requestor, &get[1]);
    assert_eq!(run.to_acceptor[answer..], get.concat());
    assert_eq!((run.verdict, run.to_requestor.len()), (Ok(()), 0));

    // Of one that has left, it may send objects.
    run.feed(Side::Acceptor, &[&store[..], &object].concat());
    assert_eq!(run.to_requestor, [store, object].concat());
}
