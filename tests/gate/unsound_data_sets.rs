//! Data sets that break a rule: answered, reported, tolerated, or the end of the association.

use crate::support::associate::{Associate, CT, EXPLICIT};
use crate::support::dimse::{INSTANCE, Request, event_rq, image, image_head, store_rq};
use crate::support::exchange::{assert_is_store_response, fragments, open, storing_scenario};
use crate::support::pacs::Pacs;
use crate::support::pdu::{COMMAND, LAST, abort, behind_request, p_data, release_rq};
use crate::support::requestor::Received;
use crate::support::scenario::{Scenario, echo};

/// An element in Explicit VR Little Endian with a VR whose length has two bytes.
fn short(group: u16, element: u16, vr: &str, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_le_bytes();
    let tag = [group.to_le_bytes(), element.to_le_bytes()].concat();
    [tag.as_slice(), vr.as_bytes(), &length, value].concat()
}

/// The object that is sound, with another SOP Instance UID than the command's.
fn of_another_instance() -> Vec<u8> {
    let mut object = image(1000);
    let at = object.windows(INSTANCE.len()).position(|it| it == INSTANCE.as_bytes()).unwrap();
    object[at] = b'1';
    object
}

/// Sequences inside each other, deeper than any reader should follow.
fn deep() -> Vec<u8> {
    let sequence = [0x08, 0, 0x40, 0x11, b'S', b'Q', 0, 0, 0xff, 0xff, 0xff, 0xff];
    let item = [0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff];
    [image(2)[..58].to_vec(), [&sequence[..], &item].concat().repeat(100)].concat()
}

fn storing(object: &[u8]) -> Vec<u8> {
    [p_data(3, COMMAND | LAST, &store_rq(1)), fragments(3, object, 4096)].concat()
}

#[test]
fn an_unsound_object_is_answered_and_the_next_one_stored() {
    for (reason, object, comment) in [
        ("identifier-mismatch", of_another_instance(), "(0008,0018) differs from the command's"),
        ("sequence-depth", deep(), "nested more than 32 deep"),
        ("data-set-cut", image(1000)[..500].to_vec(), "cut off inside an element"),
    ] {
        let scenario = storing_scenario();
        let mut requestor = open(&scenario, 0);
        requestor.send(&storing(&object));
        let answer = requestor.receive_pdu().pdvs().remove(0).data;
        let told = Request::parse(&answer);
        assert_eq!((told.command, told.id, told.status), (0x8001, 1, Some(0xc000)));
        assert!(String::from_utf8_lossy(&answer).contains(comment), "{reason}");
        let line = scenario.gate.audited("unsound", reason);
        assert_eq!((&line["peer"], &line["wire"]), (&"ct1".into(), &"response c000".into()));
        assert_eq!(line["data_set"]["rule"], reason);
        assert!(!line.to_string().contains(INSTANCE), "{line}");
        requestor.send(&storing(&image(1000)));
        assert_is_store_response(&requestor.receive_pdu());
        requestor.release();
        let heard = [storing(&image(1000)), release_rq()].concat();
        assert!(behind_request(&scenario.pacs.received()) == heard, "{reason}");
        let closed = scenario.gate.audited("closed", "released");
        assert_eq!(closed["unsound"][0]["rule"], reason);
        scenario.ended("unsound", reason, 1, 1);
    }
}

#[test]
fn a_hundred_unsound_objects_are_answered_on_one_association() {
    let scenario = storing_scenario();
    let mut requestor = open(&scenario, 0);
    for _ in 0..100 {
        requestor.send(&storing(&of_another_instance()));
        let told = Request::parse(&requestor.receive_pdu().pdvs()[0].data);
        assert_eq!(told.status, Some(0xc000));
    }
    echo(&mut requestor, 7);
    requestor.release();
    let closed = scenario.gate.audited("closed", "released");
    assert_eq!(closed["unsound"][0]["count"], 100);
    scenario.ended("unsound", "identifier-mismatch", 100, 1);
}

/// An object with so many private elements, and with so many groups of them.
fn wide(elements: u16, groups: u16) -> Vec<u8> {
    let elements = (0..elements).map(|number| (0x7fe1, 0x1000 + number));
    let groups = (0..groups).map(|number| (0x7fe3 + 2 * number, 0x0010));
    let tags = elements.chain(groups);
    let behind = tags.flat_map(|(group, element)| short(group, element, "LO", b""));
    [image(2), behind.collect()].concat()
}

#[test]
fn an_object_too_wide_is_answered_and_passes_where_the_limit_is_higher() {
    for (key, limit, rule, object) in [
        ("level_elements", "1_000", "level-elements", wide(1_000, 0)),
        ("private_creators", "100", "private-creators", wide(0, 101)),
    ] {
        for (limit, status) in [(Some(limit), 0xc000), (None, 0)] {
            let scenario = Scenario::with(|mut settings| {
                if let Some(number) = limit {
                    settings.ct1.insert(key, number.into());
                }
                settings
            });
            let mut requestor = scenario.ct1();
            requestor.associate(&Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]));
            requestor.send(&storing(&object));
            let told = Request::parse(&requestor.receive_pdu().pdvs()[0].data);
            assert_eq!(told.status, Some(status), "{rule} with {limit:?}");
            echo(&mut requestor, 2);
            requestor.release();
            if limit.is_some() {
                let advice = scenario.gate.audited("unsound", rule)["advice"].to_string();
                assert!(advice.contains(&format!("raise `{key}` of [peer.ct1]")), "{advice}");
            }
            assert_eq!(scenario.gate.stop().counted("unsound", rule), u64::from(limit.is_some()));
        }
    }
}

#[test]
fn answers_that_nobody_takes_do_not_pile_up() {
    let pacs = Pacs::good();
    let scenario = Scenario::before(pacs, |settings| settings.limit("write_stall", "2s"));
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]));
    let unsound = storing(&of_another_instance()[..60]).repeat(100);
    let before = scenario.gate.peak_memory();
    while requestor.try_send(&unsound).is_ok() {}
    scenario.gate.audited("closed", "requestor-write-stall");
    let grown = scenario.gate.peak_memory() - before;
    assert!(grown < 4 * 1024, "{grown} KiB");
    scenario.serves_a_good_peer();
}

#[test]
fn a_fault_behind_the_head_ends_the_association_and_the_object_stays_incomplete() {
    let scenario = storing_scenario();
    let mut requestor = open(&scenario, 0);
    // The pixels are announced and do not all come.
    let cut = image(200_000)[..150_000].to_vec();
    requestor.send(&storing(&cut));
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 6));
    assert_eq!(requestor.receive(), Received::Closed);
    let received = behind_request(&scenario.pacs.received());
    let sent = storing(&cut);
    assert!(sent.starts_with(&received) && received.len() < sent.len());
    let line = scenario.ended("closed", "requestor-unsound-data-set", 1, 1);
    assert!(line["detail"].as_str().unwrap().contains("cut off inside"), "{line}");
    assert_eq!(line["data_set"]["rule"], "data-set-cut");
}

#[test]
fn a_fault_behind_the_head_has_the_advice_of_its_rule() {
    let scenario = storing_scenario();
    let mut requestor = open(&scenario, 0);
    let object = [image(70_000), short(0xfffc, 0xfffc, "LO", b"odd")].concat();
    requestor.send(&storing(&object));
    assert_eq!(requestor.receive_pdu().encode(), abort(2, 6));
    let line = scenario.gate.audited("closed", "requestor-unsound-data-set");
    let (rule, outcome) = (&line["data_set"]["rule"], &line["data_set"]["outcome"]);
    assert_eq!((rule, outcome), (&"odd-length".into(), &"cut".into()));
    let advice = line["advice"].as_str().unwrap();
    assert!(advice.contains("add `\"odd-length\"` to `tolerate` of [peer.ct1]"), "{advice}");
}

#[test]
fn in_a_report_an_unsound_object_reaches_the_pacs() {
    let scenario = Scenario::with(|mut settings| {
        settings.ct1.insert("guard", "\"report\"".into());
        settings
    });
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]));
    requestor.send(&storing(&of_another_instance()));
    assert_is_store_response(&requestor.receive_pdu());
    requestor.release();
    let line = scenario.gate.audited("reported", "identifier-mismatch");
    assert_eq!(line["data_set"]["outcome"], "reported");
    let advice = line["advice"].as_str().unwrap();
    let set = "Passed, because `guard = \"report\"` is set in [peer.ct1]. Show the vendor";
    assert!(advice.starts_with(set) && advice.matches("guard").count() == 1, "{advice}");
    let heard = [storing(&of_another_instance()), release_rq()].concat();
    assert!(behind_request(&scenario.pacs.received()) == heard);
    scenario.ended("reported", "identifier-mismatch", 1, 1);
}

#[test]
fn what_a_peer_may_do_against_the_standard_is_counted() {
    let object = [image(2), short(0x0010, 0x0020, "LO", b"4711")].concat();
    for (tolerated, status) in [(true, 0), (false, 0xc000)] {
        let scenario = Scenario::with(|mut settings| {
            if tolerated {
                settings.ct1.insert("tolerate", "[\"element-order\"]".into());
            }
            settings
        });
        let mut requestor = scenario.ct1();
        requestor.associate(&Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]));
        requestor.send(&storing(&object));
        let told = Request::parse(&requestor.receive_pdu().pdvs()[0].data);
        assert_eq!(told.status, Some(status));
        requestor.release();
        let closed = scenario.gate.audited("closed", "released");
        let stopped = scenario.gate.stop();
        if tolerated {
            assert_eq!(closed["deviations"]["element-order"], 1, "{closed}");
            assert_eq!(stopped.counted("deviation", "element-order"), 1);
        } else {
            assert_eq!(stopped.counted("unsound", "element-order"), 1);
        }
    }
}

#[test]
fn an_image_that_cannot_be_is_answered_and_odd_vrs_and_lengths_are_counted() {
    let sized = |vr: &str, rows: &[u8], pixels: usize| {
        let us = |element, value: u16| short(0x0028, element, "US", &value.to_le_bytes());
        let image = image(pixels);
        let (head, behind) = image.split_at(image_head(pixels).len() - 12);
        let size = [us(2, 1), short(0x0028, 0x0010, vr, rows), us(0x0011, 4), us(0x0100, 16)];
        [head, &size.concat(), behind].concat()
    };
    let four = 4_u16.to_le_bytes();
    let sound = sized("US", &four, 32);
    // Pixel Spacing is DS.
    let spacing = short(0x0028, 0x0030, "LO", b"1\\1 ");
    let at = sound.windows(4).position(|it| it == [0x28, 0, 0x00, 0x01]).unwrap();
    let foreign = [&sound[..at], &spacing, &sound[at..]].concat();
    for (object, status, counted) in [
        (sound.clone(), 0, None),
        (foreign, 0, Some(("deviation", "foreign-vr"))),
        (sized("US", &four, 160), 0, Some(("deviation", "image-form"))),
        (sized("US", &four, 30), 0xc000, Some(("unsound", "image-length"))),
        (sized("UL", &0x1_0000_u32.to_le_bytes(), 32), 0xc000, Some(("unsound", "image-geometry"))),
    ] {
        let scenario = storing_scenario();
        let mut requestor = open(&scenario, 0);
        requestor.send(&storing(&object));
        let told = Request::parse(&requestor.receive_pdu().pdvs()[0].data);
        assert_eq!(told.status, Some(status), "{counted:?}");
        requestor.release();
        scenario.gate.audited("closed", "released");
        let stopped = scenario.gate.stop();
        if let Some((kind, name)) = counted {
            assert_eq!(stopped.counted(kind, name), 1, "{name}");
        }
    }
}

#[test]
fn sequences_too_deep_from_the_pacs_are_answered_and_nothing_ends() {
    let pacs = Pacs::first_playing(|pacs| {
        pacs.accept();
        pacs.send(&p_data(3, COMMAND | LAST, &event_rq(1, CT)));
        pacs.send(&p_data(3, LAST, &deep()));
        let told = Request::parse(&pacs.receive().unwrap().pdvs()[0].data);
        assert_eq!((told.command, told.status), (0x8100, Some(0x0115)));
        pacs.answer();
    });
    let services = format!(
        "[\"echo\", \"store\", {{ sop_class = \"{CT}\", operations = [\"n-event-report\"] }}]"
    );
    let scenario = Scenario::before(pacs, |settings| settings.services(&services));
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]));
    let line = scenario.gate.audited("unsound", "sequence-depth");
    assert_eq!(
        (&line["data_set"]["from"], &line["wire"]),
        (&"acceptor".into(), &"response 0115".into())
    );
    let advice = line["advice"].as_str().unwrap();
    assert!(advice.starts_with("Show the vendor of the PACS"), "{advice}");
    echo(&mut requestor, 1);
    requestor.release();
    scenario.ended("unsound", "sequence-depth", 1, 1);
}
