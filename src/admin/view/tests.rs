use std::net::SocketAddr;
use std::time::Duration;

use super::*;
use crate::audit::{ConnectionId, Event, PeerText, Record, Standing, Texts};
use crate::history::History;
use crate::port::Way;
use crate::site::Tables;

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_056_000)
}

/// A peer that makes each text as long and as hostile as it is let.
fn hostile(number: u32, standing: Standing) -> Record {
    let [_, a, b, c] = number.to_be_bytes();
    let source = SocketAddr::from(([100, a, b, c], 40_000));
    let (id, way) = (ConnectionId::example(), Way::default());
    let mut record = Record::new(Event::Refused, standing, id, "front".into(), way, source);
    let text = format!("<b>'&</b>\u{1b}{number}{}", "<script>".repeat(100));
    let most = |cap| PeerText::from_bytes(text.as_bytes(), cap);
    record.reason = Some("calling-title");
    record.calling = Some(most(PeerText::TITLE));
    record.called = Some(most(PeerText::TITLE));
    record.detail = Some(most(PeerText::SENTENCE));
    record.wire = Some(most(PeerText::PHRASE));
    record.advice = Some(text.clone().into_boxed_str().into_string().into());
    record.advice.as_mut().unwrap().to_mut().truncate(1_000);
    record.notes = Texts::collect((0..20).map(|_| &text));
    record.peer = Some(format!("<i>{}", number % 300).into());
    record.pacs = Some("<u>archive".into());
    record
}

#[test]
fn fifty_thousand_hostile_titles_leave_the_page_small_and_escaped() {
    let history = History::new(now());
    let standings = [Standing::Stranger, Standing::VouchedFor, Standing::Peer];
    let mut sizes = Vec::new();
    for number in 0..50_000_u32 {
        let standing = standings[number as usize % standings.len()];
        history.note(&hostile(number, standing), now());
        if number == 5_000 || number == 49_999 {
            let status = Status::of_history(&history.seen(now()), &Tables::default(), now());
            let (page, json) = (of(&status), serde_json::to_string(&status).unwrap());
            sizes.push((page.len(), json.len()));
            let (_, body) = page.split_once("<body>").unwrap();
            for markup in ["<b>", "<script", "<i>", "<u>", "\u{1b}"] {
                assert!(!body.contains(markup), "{markup}");
            }
        }
    }
    let [(page, json), (page_later, json_later)] = *sizes else { unreachable!() };
    assert!(page_later < page + page / 10 && json_later < json + json / 10, "{sizes:?}");
    assert!(page_later < 400_000 && json_later < 1_000_000, "{sizes:?}");
}
