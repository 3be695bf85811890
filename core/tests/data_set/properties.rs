//! Whatever the bytes and however they are cut.

use pacsgate_core::data_set::{DataSetError, Deviation, Purpose, Rules, Walker};
use pacsgate_core::transfer_syntax::Walk;
use proptest::prelude::*;

use crate::bounds::BOUNDED;
use crate::build::*;
use crate::limits::{WALKER, peak};
use crate::sound::{sound, written};

fn walk() -> impl Strategy<Value = Walk> {
    prop::sample::select(EVERY_WALK.to_vec())
}

fn rules() -> impl Strategy<Value = Rules> {
    let order = tolerating(Deviation::Order);
    prop::sample::select(vec![STRICT, acceptor(), order, BOUNDED])
}

fn purpose() -> impl Strategy<Value = Purpose> {
    prop::sample::select(vec![object(), Purpose::Query, Purpose::Attributes])
}

/// These data sets with some bytes changed.
pub(crate) fn with_changes(
    sound: impl Strategy<Value = (Walk, Bytes)>,
    number: std::ops::Range<usize>,
) -> impl Strategy<Value = (Walk, Bytes)> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), number);
    (sound, changes).prop_map(|((walk, mut bytes), changes)| {
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        (walk, bytes)
    })
}

/// Values made of what the counting of wildcards tells apart.
fn pattern() -> impl Strategy<Value = Bytes> {
    let byte = prop::sample::select(b"**?a%/\\.\x1b$B(J)".to_vec());
    let pieces = prop_oneof![
        4 => byte.prop_map(|byte| vec![byte]),
        1 => Just(b"\x1b$B".to_vec()),
        1 => Just(b"\x1b(B".to_vec()),
    ];
    prop::collection::vec(pieces, 0..30).prop_map(|pieces| {
        let mut value = pieces.concat();
        value.resize(value.len().next_multiple_of(2), b' ');
        value
    })
}

/// Sound data sets of an object with some bytes changed.
fn mutated() -> impl Strategy<Value = (Walk, Bytes)> {
    let objects = sound().prop_map(|(walk, content)| {
        let bytes = [identifiers(walk)[..2].concat(), written(walk, &content)].concat();
        (walk, bytes)
    });
    with_changes(objects, 0..4)
}

proptest! {
    #[test]
    fn sound_data_sets_pass((walk, content) in sound()) {
        prop_assert_eq!(judge_attributes(walk, &written(walk, &content)).err(), None);
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

    /// Most of it wildcards and escape sequences, in keys of every kind.
    #[test]
    fn any_cut_of_an_identifier_gives_the_same_verdict(
        walk in walk(),
        values in prop::collection::vec(
            (prop::sample::select(vec![0x0008_0020, 0x0008_1030, 0x0010_0010, 0x0020_000d]), pattern()),
            1..4,
        ),
    ) {
        let mut values = values;
        values.sort_unstable();
        values.dedup_by_key(|(tag, _)| *tag);
        let keys: Vec<_> = values.iter().map(|(tag, it)| element(walk, *tag, "LO", it)).collect();
        // It compares the whole with single bytes.
        let _ = judge(walk, &Purpose::Query, BOUNDED, &keys.concat());
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
