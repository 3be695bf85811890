//! Data sets that lie about their lengths, nest, and repeat.

use pacsgate_core::data_set::{
    DataSetError, Deviation, MAX_DEPTH, MAX_HELD, Purpose, Rules, Walker,
};
use pacsgate_core::direction::System;

use pacsgate_core::transfer_syntax::Walk;

use crate::limits::{WALKER, peak};

const WALKS: [Walk; 4] =
    [Walk::ImplicitLittle, Walk::ExplicitLittle, Walk::ExplicitBig, Walk::Encapsulated];

/// The header of an element in Implicit VR.
fn header(group: u16, element: u16, length: u32) -> Vec<u8> {
    let tag = [group.to_le_bytes(), element.to_le_bytes()].concat();
    [&tag[..], &length.to_le_bytes()].concat()
}

fn element(group: u16, element: u16, value: &[u8]) -> Vec<u8> {
    [&header(group, element, u32::try_from(value.len()).unwrap())[..], value].concat()
}

fn acceptor() -> Rules {
    Rules::strict(System::Pacs)
}

/// The rules under which most is remembered.
fn every_rule() -> [Rules; 3] {
    let tolerated = Deviation::TOLERABLE.into_iter().collect();
    [acceptor(), Rules { tolerated, ..Rules::strict(System::Peer) }, Rules::strict(System::Peer)]
}

/// The first verdict that is not that the data set ends too early, under any rules; all of it
/// within the limit, however it is cut.
fn judged(walk: Walk, data_set: &[u8]) -> Result<(), DataSetError> {
    let mut verdict = Ok(());
    for rules in every_rule() {
        for size in [1, 4096, usize::MAX] {
            let taken = peak(|| {
                let mut walker = Walker::new(walk, Purpose::Query, rules);
                verdict = data_set.chunks(size).try_for_each(|piece| walker.feed(piece));
                let _ = walker.finish();
            });
            assert!(taken <= WALKER, "{taken} bytes under {rules:?}");
        }
    }
    verdict
}

#[test]
fn lying_lengths_allocate_nothing() {
    for length in [u32::MAX, u32::MAX - 1, 1 << 31, 0x00ff_fffe] {
        for (group, number) in [(0x0010, 0x0010), (0x0020, 0x000d), (0x7fe0, 0x0010), (9, 0x1010)] {
            for walk in WALKS {
                let explicit = [&header(group, number, 0)[..4], b"UN\0\0", &length.to_le_bytes()];
                for mut lying in [header(group, number, length), explicit.concat()] {
                    lying.extend([b'1'; 64]);
                    let taken = peak(|| {
                        let mut walker = Walker::new(walk, Purpose::Query, acceptor());
                        let _ = walker.feed(&lying);
                    });
                    assert!(taken <= 1024, "{taken} bytes for a length of {length}");
                }
            }
        }
    }
}

#[test]
fn the_deepest_nesting_stays_within_the_limit() {
    let open = [header(0x0008, 0x1140, u32::MAX), header(0xfffe, 0xe000, u32::MAX)].concat();
    assert_eq!(judged(Walk::ImplicitLittle, &open.repeat(MAX_DEPTH)), Ok(()));
    let deeper = judged(Walk::ImplicitLittle, &open.repeat(1000));
    assert_eq!(deeper, Err(DataSetError::Depth));
}

#[test]
fn all_that_may_be_remembered_at_once_stays_within_the_limit() {
    let open = [header(0x0008, 0x1140, u32::MAX), header(0xfffe, 0xe000, u32::MAX)].concat();
    let held = element(0x0010, 0x0010, &vec![b'A'; MAX_HELD as usize]);
    let descending = (1..6000).rev().flat_map(|number| element(0x0041, number, b""));
    let data_set = [held, open.repeat(MAX_DEPTH), descending.collect()].concat();
    let tolerated = Deviation::TOLERABLE.into_iter().collect();
    let taken = peak(|| {
        let rules = Rules { tolerated, ..Rules::strict(System::Peer) };
        let mut walker = Walker::new(Walk::ImplicitLittle, Purpose::Query, rules);
        assert_eq!(walker.feed(&data_set), Err(DataSetError::Unsorted));
    });
    assert!((WALKER / 2..=WALKER).contains(&taken), "{taken} bytes");
}

#[test]
fn any_number_of_elements_and_deviations_costs_the_same() {
    let odd = element(0x0041, 0x1010, b"123").repeat(20_000);
    let many: Vec<u8> = (0..60_000_u16).flat_map(|number| element(0x0041, number, b"")).collect();
    for data_set in [odd, many] {
        for size in [7, usize::MAX] {
            let taken = peak(|| {
                let mut walker = Walker::new(Walk::ImplicitLittle, Purpose::Query, acceptor());
                let _ = data_set.chunks(size).try_for_each(|piece| walker.feed(piece));
            });
            assert!(taken <= WALKER, "{taken} bytes");
        }
    }
}
