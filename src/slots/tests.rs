//! Who gets a place, and who gives way.

use super::*;
use pacsgate_core::certificate::Digest;

const CERTIFICATE: Origin = Origin::Certificate(Digest([7; 32]));

fn slots(connections: u32, handshakes: u32, requests: u32, per_source: u32) -> Arc<Slots> {
    Slots::new(&Limits { connections, handshakes, requests, per_source, ..Limits::default() })
}

fn v4(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn gives_way(slot: &Slot) -> bool {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::pin!(slot.gives_way()).poll(&mut context).is_ready()
}

fn taken(slots: &Slots) -> [usize; 3] {
    let taken = slots.taken();
    let count = |number: u64| {
        let of = |it: bool| usize::from(it);
        [of(taken.handshakes.has(number)), of(taken.requests.has(number))]
    };
    let each = (0..taken.next).map(count);
    let [handshakes, requests] = each.fold([0; 2], |sum, it| [sum[0] + it[0], sum[1] + it[1]]);
    [taken.connections, handshakes, requests]
}

#[test]
fn refuses_the_connection_over_the_limit_and_lets_the_next_in_when_one_ends() {
    let slots = slots(1, 9, 9, 9);
    let mut first = slots.take(v4(1)).unwrap();
    first.authenticated(CERTIFICATE, true);
    first.permitted();
    assert_eq!(slots.take(v4(2)).unwrap_err(), SlotLimit::Connections);
    drop(first);
    assert!(slots.take(v4(2)).is_ok());
}

#[test]
fn whoever_has_no_association_gives_way_to_a_newer_connection() {
    let slots = slots(3, 9, 9, 9);
    let mut association = slots.take(v4(1)).unwrap();
    association.authenticated(CERTIFICATE, true);
    association.permitted();
    let mut waiting = slots.take(v4(1)).unwrap();
    waiting.authenticated(CERTIFICATE, true);
    let handshake = slots.take(v4(2)).unwrap();
    let next = slots.take(v4(3)).unwrap();
    assert!(gives_way(&handshake) && !gives_way(&waiting) && !gives_way(&next));
    drop(next);
    let mut associations: Vec<_> = (0..1).map(|_| slots.take(v4(4)).unwrap()).collect();
    associations.iter_mut().for_each(Slot::permitted);
    assert!(slots.take(v4(5)).is_ok());
    assert!(gives_way(&waiting));
    assert!(!gives_way(&association));
}

#[test]
fn an_association_that_had_to_give_way_as_it_was_permitted_does_not_later() {
    let slots = slots(99, 9, 1, 9);
    let [mut association, mut newcomer] = [1, 2].map(|last| slots.take(v4(last)).unwrap());
    association.authenticated(CERTIFICATE, true);
    newcomer.authenticated(CERTIFICATE, true);
    association.permitted();
    assert!(!gives_way(&association));
    assert_eq!(taken(&slots), [2, 0, 1]);
}

#[test]
fn the_oldest_handshake_of_the_heaviest_source_gives_way() {
    let slots = slots(9, 3, 9, 9);
    let honest = slots.take(v4(1)).unwrap();
    let stalled = [2, 2].map(|last| slots.take(v4(last)).unwrap());
    let newcomer = slots.take(v4(3)).unwrap();
    assert_eq!(stalled.each_ref().map(gives_way), [true, false]);
    assert!(!gives_way(&honest) && !gives_way(&newcomer));
}

#[test]
fn the_oldest_of_the_heaviest_certificate_without_a_request_gives_way() {
    let slots = slots(99, 9, 3, 9);
    let stolen = [1, 2, 3].map(|last| {
        let mut slot = slots.take(v4(last)).unwrap();
        slot.authenticated(CERTIFICATE, true);
        slot
    });
    let mut honest = slots.take(v4(9)).unwrap();
    honest.authenticated(Origin::Certificate(Digest([1; 32])), true);
    assert_eq!(stolen.each_ref().map(gives_way), [true, false, false]);
    assert!(!gives_way(&honest));
    assert_eq!(taken(&slots), [3, 0, 3]);
}

#[test]
fn who_is_refused_is_the_first_to_give_way() {
    let slots = slots(9, 3, 9, 9);
    let old = slots.take(v4(1)).unwrap();
    let mut refused = slots.take(v4(2)).unwrap();
    let other = slots.take(v4(1)).unwrap();
    refused.refused();
    let _new = slots.take(v4(4)).unwrap();
    assert!(gives_way(&refused) && !gives_way(&old) && !gives_way(&other));
}

#[test]
fn what_comes_without_tls_is_in_nobodys_way_who_shakes_hands() {
    let slots = slots(9, 1, 2, 9);
    let handshake = slots.take(v4(1)).unwrap();
    let plain: Vec<_> = (2..6).map(|last| slots.take_plain(v4(last)).unwrap()).collect();
    assert!(!gives_way(&handshake));
    assert_eq!(plain.iter().map(gives_way).collect::<Vec<_>>(), [true, true, false, false]);
    assert_eq!(taken(&slots), [3, 1, 2]);
    drop(plain);
    assert_eq!(taken(&slots), [1, 1, 0]);
}

#[test]
fn a_device_without_tls_goes_before_strangers_where_one_has_come_before() {
    let slots = slots(9, 9, 2, 9);
    slots.take_plain(v4(1)).unwrap().is_of_peer();
    let known = slots.take_plain(v4(1)).unwrap();
    let strangers: Vec<_> = (2..5).map(|last| slots.take_plain(v4(last)).unwrap()).collect();
    assert!(!gives_way(&known));
    assert_eq!(strangers.iter().map(gives_way).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn what_a_balancer_passes_on_without_tls_waits_for_its_request() {
    let slots = slots(9, 9, 9, 9);
    let mut passed_on = slots.take_for_another(v4(9)).unwrap();
    assert_eq!(taken(&slots), [1, 1, 0]);
    passed_on.comes_from(v4(1)).unwrap();
    passed_on.plain();
    assert_eq!(taken(&slots), [1, 0, 1]);
}

#[test]
fn where_a_peer_has_come_from_goes_before_strangers_up_to_half_of_the_places() {
    let slots = slots(99, 4, 9, 9);
    for last in [1, 2, 3] {
        slots.take(v4(last)).unwrap().authenticated(CERTIFICATE, true);
    }
    let known = [1, 1].map(|last| slots.take(v4(last)).unwrap());
    let strangers = [101, 102].map(|last| slots.take(v4(last)).unwrap());
    let _third = slots.take(v4(103)).unwrap();
    assert_eq!(known.each_ref().map(gives_way), [false, false]);
    assert_eq!(strangers.each_ref().map(gives_way), [true, false]);
    // Two of four places are theirs; with more, they weigh like everybody.
    let _more = slots.take(v4(2)).unwrap();
    assert!(gives_way(&strangers[1]));
    let _last = slots.take(v4(3)).unwrap();
    assert_eq!(known.each_ref().map(gives_way), [true, false]);
}

#[test]
fn who_has_given_way_takes_no_place_with_it_when_it_ends() {
    let slots = slots(9, 1, 9, 9);
    let mut first = slots.take(v4(1)).unwrap();
    let second = slots.take(v4(2)).unwrap();
    assert!(gives_way(&first));
    first.refused();
    drop(first);
    assert_eq!(taken(&slots), [1, 1, 0]);
    drop(second);
    assert_eq!(taken(&slots), [0, 0, 0]);
}

#[test]
fn who_is_done_when_it_should_give_way_stays() {
    let slots = slots(9, 1, 9, 9);
    let mut first = slots.take(v4(1)).unwrap();
    let _second = slots.take(v4(2)).unwrap();
    first.authenticated(CERTIFICATE, true);
    assert!(!gives_way(&first));
    assert_eq!(taken(&slots), [2, 1, 1]);
    first.permitted();
    assert_eq!(taken(&slots), [2, 1, 0]);
    drop(first);
    assert_eq!(taken(&slots), [1, 1, 0]);
}

#[test]
fn one_source_cannot_take_the_slots_of_another() {
    let slots = slots(9, 9, 9, 1);
    let _first = slots.take(v4(1)).unwrap();
    assert_eq!(slots.take(v4(1)).unwrap_err(), SlotLimit::PerSource);
    assert!(slots.take(v4(2)).is_ok());
}

#[test]
fn forgets_sources_that_have_gone() {
    let slots = slots(9, 9, 9, 9);
    drop(slots.take(v4(1)).unwrap());
    assert!(slots.taken().per_source.is_empty());
}

#[test]
fn a_balancer_counts_for_the_sources_that_it_names() {
    let slots = slots(9, 9, 9, 1);
    let mut named = [1, 2].map(|_| slots.take_for_another(v4(99)).unwrap());
    let [first, second] = &mut named;
    first.comes_from(v4(1)).unwrap();
    assert_eq!(second.comes_from(v4(1)).unwrap_err(), SlotLimit::PerSource);
    assert!(second.awaits_source() && !first.awaits_source());
    assert_eq!(slots.take(v4(1)).unwrap_err(), SlotLimit::PerSource);
    second.comes_from(v4(2)).unwrap();
    assert_eq!((second.whose().source, taken(&slots)), (Source::of(v4(2)), [2, 2, 0]));
    drop(named);
    assert!(slots.take(v4(1)).is_ok() && slots.taken().per_source.is_empty());
    assert_eq!(taken(&slots), [0, 0, 0]);
}

#[test]
fn a_connection_without_a_header_gives_way_before_one_with() {
    let slots = slots(9, 3, 9, 9);
    let mut honest = slots.take_for_another(v4(99)).unwrap();
    honest.comes_from(v4(1)).unwrap();
    let silent = [1, 2].map(|_| slots.take_for_another(v4(99)).unwrap());
    let next = slots.take_for_another(v4(99)).unwrap();
    assert_eq!(silent.each_ref().map(gives_way), [true, false]);
    assert!(!gives_way(&honest) && !gives_way(&next));
}

#[test]
fn one_that_gave_way_takes_no_place_by_its_header() {
    let slots = slots(9, 1, 9, 9);
    let mut late = slots.take_for_another(v4(99)).unwrap();
    let next = slots.take_for_another(v4(99)).unwrap();
    late.comes_from(v4(1)).unwrap();
    assert!(gives_way(&late) && !gives_way(&next));
    assert_eq!(taken(&slots), [1, 1, 0]);
    drop((late, next));
    assert_eq!(taken(&slots), [0, 0, 0]);
}
