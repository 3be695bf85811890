//! Who is slowed, by how much, and for how long.

use super::*;
use crate::origins::HALF_LIFE;
use std::net::Ipv4Addr;

fn source(number: u32) -> Source {
    Source::of(Ipv4Addr::from(number).into())
}

fn claim(calling: Option<&str>) -> Claim {
    let calling = calling.map(|title| title.parse().unwrap());
    Claim { certificate: Digest([7; 32]), calling }
}

fn millis(slowed: Slowed) -> u128 {
    slowed.delay.as_millis()
}

#[test]
fn doubles_from_the_sixth_refusal_up_to_two_seconds() {
    let (slowing, now) = (Slowing::default(), Instant::now());
    let delays: Vec<_> = (0..13).map(|_| millis(slowing.refused(claim(None), now))).collect();
    assert_eq!(delays, [0, 0, 0, 0, 0, 100, 200, 400, 800, 1600, 2000, 2000, 2000]);
}

#[test]
fn the_sixth_handshake_of_a_source_begins_late_and_those_of_others_at_once() {
    let (slowing, now) = (Slowing::default(), Instant::now());
    let delays: Vec<_> = (0..7)
        .map(|_| {
            let delay = slowing.before_handshake(source(1), now).as_millis();
            slowing.failed(source(1), now);
            delay
        })
        .collect();
    assert_eq!(delays, [0, 0, 0, 0, 0, 100, 200]);
    assert_eq!(slowing.before_handshake(source(2), now), Duration::ZERO);
}

#[test]
fn halves_with_time_and_is_over_a_minute_after_the_worst() {
    let (slowing, now) = (Slowing::default(), Instant::now());
    for _ in 0..1000 {
        slowing.failed(source(1), now);
    }
    let after = |seconds| slowing.before_handshake(source(1), now + Duration::from_secs(seconds));
    assert_eq!([after(0), after(59)], [LONGEST; 2]);
    assert_eq!([after(60), after(120)], [FIRST, Duration::ZERO]);
}

#[test]
fn a_device_that_tries_again_every_thirty_seconds_is_never_slowed() {
    let (slowing, start) = (Slowing::default(), Instant::now());
    for seconds in (0..86_400).step_by(30) {
        let now = start + Duration::from_secs(seconds);
        assert_eq!(slowing.refused(claim(Some("CT1")), now).delay, Duration::ZERO);
    }
}

#[test]
fn a_bound_title_pays_for_nothing_that_others_do_with_its_certificate() {
    let (slowing, now) = (Slowing::default(), Instant::now());
    for _ in 0..20 {
        slowing.refused(claim(None), now);
        slowing.refused(claim(Some("CT1")), now);
    }
    assert_eq!(slowing.refused(claim(Some("CT1_QR")), now).delay, Duration::ZERO);
}

#[test]
fn says_once_that_an_origin_is_slowed_from_now_on_and_a_flood_of_origins_once_a_minute() {
    let (slowing, now) = (Slowing::default(), Instant::now());
    let said: Vec<_> = (0..8).map(|_| slowing.failed(source(1), now).said.is_some()).collect();
    assert_eq!(said, [false, false, false, false, true, false, false, false]);
    let of = |number, now| (0..FREE).find_map(|_| slowing.failed(source(number), now).said);
    assert_eq!([of(2, now), of(3, now)], [None; 2]);
    assert_eq!(of(4, now + HALF_LIFE), Some(2));
}
