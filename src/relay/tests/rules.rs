//! Other rules for an association that is open.

use std::sync::{Arc, Mutex};

use super::*;

/// Rules that come when they are given.
#[derive(Clone, Default)]
struct Given(Arc<Mutex<(Option<Rules>, Option<std::task::Waker>)>>);

impl Given {
    fn give(&self, rules: Rules) {
        let mut given = self.0.lock().unwrap();
        given.0 = Some(rules);
        given.1.take().unwrap().wake();
    }

    fn poll(&self, cx: &std::task::Context<'_>) -> Poll<Rules> {
        let mut given = self.0.lock().unwrap();
        given.1 = Some(cx.waker().clone());
        given.0.take().map_or(Poll::Pending, Poll::Ready)
    }

    fn start(&self) -> Ends {
        let given = self.clone();
        let rules = move |_: &Contexts, cx: &mut std::task::Context<'_>| given.poll(cx);
        start_with(deadlines(), 4096, Outside { drain: pending, end: pending, rules })
    }
}

/// A whole answer to [`STORE`].
const STORED: &[u8] = &[
    4, 0, 0, 0, 0, 58, 0, 0, 0, 54, 1, 3, // P-DATA-TF, one PDV: command, last
    0, 0, 0, 0, 4, 0, 0, 0, 40, 0, 0, 0, // group length
    0, 0, 0, 1, 2, 0, 0, 0, 1, 0x80, // C-STORE-RSP
    0, 0, 0x20, 1, 2, 0, 0, 0, 1, 0, // responds to message 1
    0, 0, 0, 8, 2, 0, 0, 0, 1, 1, // no data set
    0, 0, 0, 9, 2, 0, 0, 0, 0, 0, // success
];

const GRACE: Duration = Duration::from_secs(30);

#[tokio::test(start_paused = true)]
async fn narrower_rules_bind_an_open_association() {
    let given = Given::default();
    let mut ends = given.start();
    ends.requestor.write_all(&[STORE, LAST].concat()).await.unwrap();
    read(&mut ends.pacs, STORE.len() + LAST.len()).await;
    let grants = Grants {
        direction: pacsgate_core::direction::Direction::Inward,
        move_to: [].into(),
        titles: [].into(),
        guarding: PerSide { requestor: Guarding::default(), acceptor: Guarding::default() },
    };
    let contexts = inspector().contexts().under(|_| Operations::NONE, grants);
    given.give(Rules::Bind(contexts, Shared::default()));
    // The first is answered before the second is heard.
    ends.pacs.write_all(STORED).await.unwrap();
    read(&mut ends.requestor, STORED.len()).await;
    ends.requestor.write_all(&[STORE, LAST, &RELEASE_RQ].concat()).await.unwrap();
    assert_eq!(read(&mut ends.pacs, RELEASE_RQ.len()).await, RELEASE_RQ);
    ends.pacs.write_all(&RELEASE_RP).await.unwrap();
    let relayed = ends.relay.await.unwrap();
    assert_eq!(relayed.ending, Over::Released.into());
    assert_eq!(relayed.ledger.forbidden().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_withdrawn_ends_at_once_if_no_message_is_under_way() {
    let given = Given::default();
    let ends = given.start();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    given.give(Rules::End(GRACE));
    assert_eq!(ends.relay.await.unwrap().ending, Over::Withdrawn.into());
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_is_withdrawn_ends_behind_the_message_under_way() {
    let given = Given::default();
    let mut ends = given.start();
    ends.requestor.write_all(STORE).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    given.give(Rules::End(GRACE));
    tokio::time::sleep(GRACE / 2).await;
    ends.requestor.write_all(&[LAST, STORE, LAST].concat()).await.unwrap();
    let relayed = ends.relay.await.unwrap();
    assert_eq!(relayed.ending, Over::Withdrawn.into());
    let written = [read(&mut ends.pacs, STORE.len() + LAST.len()).await, relayed.to_acceptor.bytes];
    assert_eq!(written.concat(), [STORE, LAST].concat());
    assert!(relayed.to_acceptor.at_boundary);
}

#[tokio::test(start_paused = true)]
async fn what_is_withdrawn_and_does_not_end_is_cut() {
    let given = Given::default();
    let mut ends = given.start();
    ends.requestor.write_all(STORE).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    given.give(Rules::End(GRACE));
    assert_eq!(ends.relay.await.unwrap().ending, Over::Withdrawn.into());
    assert_eq!(began.elapsed(), GRACE);
}
