//! Whatever the bytes and however they are cut.

use pacsgate_core::inspector::dataset::{DataSetError, Deviation, Purpose, Rules, Walker};
use pacsgate_core::transfer_syntax::Walk;
use proptest::prelude::*;

use crate::build::*;
use crate::limits::{WALKER, peak};

fn walk() -> impl Strategy<Value = Walk> {
    prop::sample::select(EVERY_WALK.to_vec())
}

fn rules() -> impl Strategy<Value = Rules> {
    let order = tolerating(Deviation::Order);
    prop::sample::select(vec![STRICT, Rules::Pacs, order])
}

fn purpose() -> impl Strategy<Value = Purpose> {
    prop::sample::select(vec![object(), Purpose::Query, Purpose::Attributes])
}

/// The content of an item or data set: elements in order, sequences of either length.
fn content(walk: Walk) -> impl Strategy<Value = Bytes> {
    let leaf = Just(rows(walk));
    leaf.prop_recursive(6, 24, 3, move |inner| {
        (prop::collection::vec((inner, any::<bool>()), 0..3), any::<bool>()).prop_map(
            move |(items, is_open)| {
                let items: Vec<Bytes> = items
                    .iter()
                    .map(
                        |(content, is_open)| {
                            if *is_open { open_item(walk, content) } else { item(walk, content) }
                        },
                    )
                    .collect();
                let items = items.concat();
                let sequence = if is_open {
                    open_sequence(walk, SEQUENCE, "SQ", &items)
                } else {
                    sequence(walk, SEQUENCE, &items)
                };
                [sequence, rows(walk)].concat()
            },
        )
    })
}

fn sound() -> impl Strategy<Value = (Walk, Bytes)> {
    walk().prop_flat_map(|walk| (Just(walk), content(walk)))
}

/// Sound data sets of an object with some bytes changed.
fn mutated() -> impl Strategy<Value = (Walk, Bytes)> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (sound(), changes).prop_map(|((walk, content), changes)| {
        let mut bytes = [identifiers(walk)[..2].concat(), content].concat();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        (walk, bytes)
    })
}

proptest! {
    #[test]
    fn sound_data_sets_pass((walk, bytes) in sound()) {
        prop_assert!(judge(walk, &Purpose::Attributes, STRICT, &bytes).is_ok());
    }

    #[test]
    fn any_cut_gives_the_same_verdict(
        (walk, bytes) in mutated(),
        rules in rules(),
        purpose in purpose(),
        size in 1_usize..40,
    ) {
        let whole = judge(walk, &purpose, rules, &bytes);
        let pieces: Vec<_> = bytes.chunks(size).collect();
        let mut cut = Err(DataSetError::Cut);
        let taken = peak(|| cut = judge_cut(walk, &purpose, rules, &pieces));
        prop_assert_eq!(cut, whole);
        prop_assert!(taken <= WALKER, "{} bytes", taken);
    }

    #[test]
    fn any_bytes_get_a_verdict_that_stays(
        walk in walk(),
        rules in rules(),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut walker = Walker::new(walk, Purpose::Query, rules);
        let mut verdict = Ok(());
        let taken = peak(|| verdict = walker.feed(&bytes));
        prop_assert!(taken <= WALKER, "{} bytes", taken);
        if let Err(error) = verdict {
            prop_assert_eq!(walker.feed(&[0]), Err(error));
            prop_assert_eq!(walker.finish(), Err(error));
        }
    }
}
