//! Caps on the objects of a peer: one too many is answered, and neither the association nor another
//! peer has to do with it.

use crate::support::associate::{Associate, CT, EXPLICIT};
use crate::support::dimse::{Request, image, store_rq};
use crate::support::exchange::fragments;
use crate::support::pdu::{COMMAND, LAST, p_data};
use crate::support::requestor::{Caller, Requestor};
use crate::support::scenario::{Scenario, echo};
use crate::support::site::site;

const SUCCESS: u16 = 0;
const OUT_OF_RESOURCES: u16 = 0xa700;

fn with_cap(key: &'static str, most: u32) -> Scenario {
    Scenario::with(|mut settings| {
        settings.ct1.insert(key, most.to_string());
        settings
    })
}

fn associated(mut requestor: Requestor, calling: &str) -> Requestor {
    requestor.associate(&Associate::echo(calling, "PACS").context(3, CT, &[EXPLICIT]));
    requestor
}

/// An object of the study with this digit at its end.
fn of_study(digit: u8) -> Vec<u8> {
    let mut object = image(1000);
    let study = object.windows(4).position(|it| it == [0x20, 0, 0x0d, 0]).unwrap();
    object[study + 8 + "2.25.".len()] = digit;
    object
}

/// The status of the answer to a C-STORE, and what all of the answer says.
fn store(requestor: &mut Requestor, object: &[u8]) -> (u16, String) {
    requestor.send(&p_data(3, COMMAND | LAST, &store_rq(1)));
    requestor.send(&fragments(3, object, 400));
    let answer = requestor.receive_pdu().pdvs().remove(0).data;
    let told = Request::parse(&answer);
    assert_eq!((told.command, told.id), (0x8001, 1));
    (told.status.unwrap(), String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn one_object_too_many_within_an_hour_is_answered_on_all_associations_of_the_peer() {
    let scenario = with_cap("objects_per_hour", 3);
    let mut first = associated(scenario.ct1(), "CT1");
    let mut second = associated(scenario.ct1(), "CT1_QR");
    assert_eq!(store(&mut first, &of_study(b'1')).0, SUCCESS);
    assert_eq!(store(&mut second, &of_study(b'2')).0, SUCCESS);
    assert_eq!(store(&mut second, &of_study(b'3')).0, SUCCESS);
    // More of them than forbidden requests that an association may have.
    for _ in 0..20 {
        let (status, told) = store(&mut first, &of_study(b'4'));
        assert_eq!(status, OUT_OF_RESOURCES);
        assert!(told.contains("within an hour than `objects_per_hour` allows"), "{told}");
    }
    echo(&mut first, 7);
    let line = scenario.gate.audited("unsound", "objects-per-hour");
    assert_eq!((&line["peer"], &line["wire"]), (&"ct1".into(), &"response a700".into()));
    assert_eq!(line["data_set"]["rule"], "objects-per-hour");
    let advice = line["advice"].as_str().unwrap();
    assert!(advice.contains("raise `objects_per_hour` of [peer.ct1]"), "{advice}");
    let mr1 = Caller::with(&site().mr1).call(scenario.gate.address).unwrap();
    let mut other = associated(mr1, "MR1");
    assert_eq!(store(&mut other, &of_study(b'4')).0, SUCCESS);
    first.release();
    let closed = scenario.gate.audited("closed", "released");
    assert_eq!(closed["unsound"][0]["count"], 20, "{closed}");
    assert_eq!(store(&mut second, &of_study(b'4')).0, OUT_OF_RESOURCES);
    let mut later = associated(scenario.ct1(), "CT1");
    assert_eq!(store(&mut later, &of_study(b'4')).0, OUT_OF_RESOURCES);
    [second, later, other].iter_mut().for_each(Requestor::release);
    assert_eq!(scenario.gate.stop().counted("unsound", "objects-per-hour"), 22);
}

#[test]
fn one_object_too_many_of_a_study_is_answered_and_those_of_others_pass() {
    let scenario = with_cap("objects_per_study", 2);
    let mut first = associated(scenario.ct1(), "CT1");
    let mut second = associated(scenario.ct1(), "CT1");
    assert_eq!(store(&mut first, &of_study(b'1')).0, SUCCESS);
    assert_eq!(store(&mut second, &of_study(b'1')).0, SUCCESS);
    let (status, told) = store(&mut first, &of_study(b'1'));
    assert_eq!(status, OUT_OF_RESOURCES);
    assert!(told.contains("one study than `objects_per_study` allows"), "{told}");
    assert_eq!(store(&mut first, &of_study(b'2')).0, SUCCESS);
    assert_eq!(store(&mut second, &of_study(b'1')).0, OUT_OF_RESOURCES);
    let mr1 = Caller::with(&site().mr1).call(scenario.gate.address).unwrap();
    let mut other = associated(mr1, "MR1");
    assert_eq!(store(&mut other, &of_study(b'1')).0, SUCCESS);
    [first, second, other].iter_mut().for_each(Requestor::release);
    let line = scenario.gate.audited("unsound", "objects-per-study");
    assert!(!line.to_string().contains("2.25.1"), "{line}");
    let advice = line["advice"].as_str().unwrap();
    assert!(advice.contains("raise `objects_per_study` of [peer.ct1]"), "{advice}");
    assert_eq!(scenario.gate.stop().counted("unsound", "objects-per-study"), 2);
}

#[test]
fn a_report_lets_unsound_objects_pass_and_not_those_above_a_cap() {
    let scenario = Scenario::with(|mut settings| {
        settings.ct1.insert("guard", "\"report\"".into());
        settings.ct1.insert("objects_per_hour", "1".into());
        settings
    });
    let cut = of_study(b'1')[..500].to_vec();
    let mut requestor = associated(scenario.ct1(), "CT1");
    assert_eq!(store(&mut requestor, &cut).0, SUCCESS);
    assert_eq!(store(&mut requestor, &cut).0, OUT_OF_RESOURCES);
    requestor.release();
    let stopped = scenario.gate.stop();
    assert_eq!(stopped.counted("reported", "data-set-cut"), 1);
    assert_eq!(stopped.counted("unsound", "objects-per-hour"), 1);
}
