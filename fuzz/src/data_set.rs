//! A data set: one byte for its encoding, one for what it is for, whose it is and whether its bounds are
//! within the reach of an input, one for what is tolerated, three for the cuts; the rest is the data set.

use pacsgate_core::data_set::{Bounds, DataSetError, Deviations, Purpose, Rules, Walker};
use pacsgate_core::direction::System;
use pacsgate_core::transfer_syntax::Walk;
use pacsgate_core::wire::uid::InstanceUid;

use crate::input::{Input, pieces};
use crate::limits::{WALKER, peak};

/// The bytes before the data set.
pub const HEADER: usize = 6;

const WALKS: [Walk; 4] =
    [Walk::ImplicitLittle, Walk::ExplicitLittle, Walk::ExplicitBig, Walk::Encapsulated];

/// Small enough for inputs of a few hundred bytes.
const SMALL: Bounds = Bounds { identifier: 300, attributes: 400, item_elements: 6, wildcards: 2 };

/// The verdict, the deviations included, is the same however the data set is cut, and stays;
/// and it takes no more memory than it may.
///
/// # Panics
///
/// If it does not.
pub fn holds(input: &[u8]) {
    let mut input = Input(input);
    let walk = WALKS[usize::from(input.byte()) % WALKS.len()];
    let choice = input.byte();
    let purpose = match choice % 3 {
        0 => Purpose::Object {
            sop_class: "1.2.840.10008.5.1.4.1.1.2".parse().expect("a UID"),
            sop_instance: InstanceUid::parse(b"1.2.3.4").expect("a UID"),
        },
        1 => Purpose::Query,
        _ => Purpose::Attributes,
    };
    let tolerated = input.tolerated();
    let from = if choice & 0x80 == 0 { System::Peer } else { System::Pacs };
    let bounds = if choice & 0x40 == 0 { Bounds::USUAL } else { SMALL };
    let rules = Rules { tolerated, bounds, ..Rules::strict(from) };
    let mut cuts = input.cuts();
    let new = || Walker::new(walk, purpose.clone(), rules);
    let whole = judge(new(), [input.0].into_iter());
    let cut = judge(new(), pieces(input.0, &mut cuts));
    assert_eq!(cut, whole, "{walk:?} {purpose:?} {rules:?}");
}

fn judge<'a>(
    mut walker: Walker,
    mut pieces: impl Iterator<Item = &'a [u8]>,
) -> (Result<(), DataSetError>, Deviations) {
    let mut verdict = Ok(());
    let taken = peak(|| {
        let fed = pieces.try_for_each(|piece| walker.feed(piece));
        verdict = fed.and_then(|()| walker.finish());
    });
    assert!(taken <= WALKER, "{taken} bytes");
    if let Err(error) = verdict {
        assert_eq!(walker.feed(&[0]), Err(error), "a refused data set stays refused");
        assert_eq!(walker.finish(), Err(error), "a refused data set stays refused");
    }
    (verdict, walker.deviations().clone())
}
