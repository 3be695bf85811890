//! Queries and retrievals that are long, wide or full of wildcards: answered, or passed to a peer that
//! is given more.

use crate::support::dimse::{Request, find_rq, identifier};
use crate::support::exchange::{fragments, open, storing_scenario, with_find};
use crate::support::pacs::Pacs;
use crate::support::pdu::{COMMAND, LAST, abort, behind_request, p_data, release_rq};
use crate::support::requestor::{Received, Requestor};
use crate::support::scenario::{Scenario, echo};

const MIB: usize = 1024 * 1024;
const PATTERN: &[u8] = b"*a*a*a*a*a*a*b";

/// An element in Explicit VR Little Endian.
fn element(group: u16, number: u16, vr: &str, value: &[u8]) -> Vec<u8> {
    let tag = [group.to_le_bytes(), number.to_le_bytes()].concat();
    let length = match vr {
        "OB" | "UT" => [&[0, 0], &u32::try_from(value.len()).unwrap().to_le_bytes()[..]].concat(),
        _ => u16::try_from(value.len()).unwrap().to_le_bytes().to_vec(),
    };
    [tag.as_slice(), vr.as_bytes(), &length, value].concat()
}

/// A query for studies by these keys.
fn asking(keys: &[u8]) -> Vec<u8> {
    let set = [identifier(), keys.to_vec()].concat();
    [p_data(5, COMMAND | LAST, &find_rq(9)), fragments(5, &set, 16_000)].concat()
}

fn by_name(name: &[u8]) -> Vec<u8> {
    asking(&element(0x0010, 0x0010, "PN", name))
}

fn wide(count: u16) -> Vec<u8> {
    let keys = (0x1000..0x1000 + count).flat_map(|number| element(0x0009, number, "LO", b""));
    asking(&keys.collect::<Vec<_>>())
}

fn long(bytes: usize) -> Vec<u8> {
    asking(&element(0x0042, 0x0011, "OB", &vec![1; bytes]))
}

/// The response to the query, and the status that it has.
fn told(requestor: &mut Requestor) -> (u16, String) {
    let answer = requestor.receive_pdu().pdvs().remove(0).data;
    let response = Request::parse(&answer);
    assert_eq!((response.command, response.id), (0x8020, 9));
    (response.status.unwrap(), String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn a_query_that_harms_a_server_is_answered_and_the_next_one_passes() {
    for (rule, query, comment, advice) in [
        (
            "wildcards",
            by_name(PATTERN),
            "(0010,0010) has more `*` than",
            "raise `wildcards` of [peer.ct1]",
        ),
        (
            "item-elements",
            wide(5000),
            "more elements in one item",
            "raise `item_elements` of [peer.ct1]",
        ),
        (
            "identifier-length",
            long(2 * MIB),
            "longer than `identifier`",
            "raise `identifier` of [peer.ct1]",
        ),
    ] {
        let scenario = storing_scenario();
        let mut requestor = open(&scenario, 0);
        requestor.send(&query);
        let (status, said) = told(&mut requestor);
        assert_eq!(status, 0xa900);
        assert!(said.contains(comment), "{said}");
        let line = scenario.gate.audited("unsound", rule);
        assert_eq!((&line["peer"], &line["wire"]), (&"ct1".into(), &"response a900".into()));
        assert!(line["advice"].as_str().unwrap().contains(advice), "{line}");
        let sound = by_name(b"DOE^J*");
        requestor.send(&sound);
        assert_eq!(told(&mut requestor).0, 0);
        requestor.release();
        assert!(
            behind_request(&scenario.pacs.received()) == [sound, release_rq()].concat(),
            "{rule}"
        );
        scenario.ended("unsound", rule, 1, 1);
    }
}

#[test]
fn a_peer_that_is_given_more_may_ask_more() {
    for (key, value, query) in [
        ("wildcards", "8", by_name(PATTERN)),
        ("item_elements", "6000", wide(5000)),
        ("identifier", "\"4MiB\"", long(2 * MIB)),
    ] {
        let scenario = Scenario::with(|settings| {
            let mut settings = with_find(settings);
            settings.ct1.insert(key, value.into());
            settings
        });
        let mut requestor = open(&scenario, 0);
        requestor.send(&query);
        assert_eq!(told(&mut requestor).0, 0, "{key}");
        echo(&mut requestor, 1);
        requestor.release();
        let closed = scenario.gate.audited("closed", "released");
        assert_eq!(closed.get("unsound"), None, "{closed}");
    }
}

#[test]
fn the_limit_for_all_is_that_of_a_peer_without_its_own() {
    let scenario = Scenario::with(|settings| with_find(settings).count("wildcards", 8));
    let mut requestor = open(&scenario, 0);
    requestor.send(&by_name(PATTERN));
    assert_eq!(told(&mut requestor).0, 0);
    requestor.send(&by_name(b"*a*a*a*a*a*a*a*a*b"));
    assert_eq!(told(&mut requestor).0, 0xa900);
    requestor.release();
    scenario.ended("unsound", "wildcards", 1, 1);
}

/// What real worklists and viewers ask.
#[test]
fn usual_queries_pass() {
    let katakana = b"\x1b$B%*%*%*%+\x1b(B^\x1b$B%+%*%k\x1b(B*";
    let list: Vec<_> =
        (0..1000).map(|number| format!("1.2.840.113619.2.55.3.{number:030}")).collect();
    let list = list.join("\\");
    for keys in [
        element(0x0010, 0x0010, "PN", b"*DOE*JANE*"),
        element(0x0010, 0x0010, "PN", &[&katakana[..], &b" "[..katakana.len() % 2]].concat()),
        element(0x0020, 0x000d, "UI", &[list.as_bytes(), &b"\0"[..list.len() % 2]].concat()),
    ] {
        let scenario = storing_scenario();
        let mut requestor = open(&scenario, 0);
        requestor.send(&asking(&keys));
        assert_eq!(told(&mut requestor).0, 0);
        requestor.release();
        let closed = scenario.gate.audited("closed", "released");
        assert_eq!(closed.get("unsound"), None, "{closed}");
    }
}

#[test]
fn an_identifier_that_grows_without_end_ends_at_its_limit() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.drain();
    });
    let scenario = Scenario::before(pacs, with_find);
    let mut requestor = open(&scenario, 0);
    let key = |number| element(0x0009, number, "UT", &[b'x'; 16_000]);
    let keys: Vec<u8> = (0x1000..0x1100).flat_map(key).collect();
    let before = scenario.gate.peak_memory();
    // The gate may have gone before all of it is sent.
    let _ = requestor.try_send(&asking(&keys));
    match requestor.receive() {
        Received::Pdu(pdu) => assert_eq!(pdu.encode(), abort(2, 6)),
        end @ (Received::Closed | Received::Reset | Received::Alert(_)) => {
            assert_eq!(end, Received::Reset);
        }
    }
    let received = scenario.pacs.received().len();
    assert!(received < MIB + 64 * 1024, "{received} bytes reach the PACS");
    let grown = scenario.gate.peak_memory() - before;
    assert!(grown < 4 * 1024, "{grown} KiB");
    let line = scenario.ended("closed", "requestor-unsound-data-set", 1, 1);
    assert_eq!(line["data_set"]["rule"], "identifier-length");
}
