//! What an image says of its size, and how much there is of it.

use pacsgate_core::data_set::{DataSetError as E, Deviation, Deviations, Purpose, Rules};
use pacsgate_core::transfer_syntax::Walk;
use proptest::prelude::*;

use crate::build::*;

const SAMPLES: u32 = 0x0028_0002;
const FRAMES: u32 = 0x0028_0008;
const ROWS: u32 = 0x0028_0010;
const COLUMNS: u32 = 0x0028_0011;
const ALLOCATED: u32 = 0x0028_0100;
const STORED: u32 = 0x0028_0101;
const PIXELS: u32 = 0x7fe0_0010;
const FLOATS: u32 = 0x7fe0_0008;
const DOUBLES: u32 = 0x7fe0_0009;
const ICON: u32 = 0x0088_0200;
/// The VRs and numbers of one value each, and of several.
const NUMBERS: [u32; 7] = [SAMPLES, 0x0028_0006, ROWS, COLUMNS, ALLOCATED, STORED, 0x0028_0102];
const DESCRIPTORS: [u32; 4] = [0x0028_1101, 0x0028_1102, 0x0028_1103, 0x0028_3002];
const NATIVE: [Walk; 3] = [Walk::ImplicitLittle, Walk::ExplicitLittle, Walk::ExplicitBig];

fn us(walk: Walk, tag: u32, value: u16) -> Bytes {
    element(walk, tag, "US", &half(walk, value))
}

/// Samples, frames, rows, columns and bits, without pixel data.
fn head(walk: Walk, [samples, rows, columns, bits]: [u16; 4], frames: Option<&str>) -> Bytes {
    let frames = frames.map(|text| element(walk, FRAMES, "IS", text.as_bytes()));
    [
        us(walk, SAMPLES, samples),
        frames.unwrap_or_default(),
        us(walk, ROWS, rows),
        us(walk, COLUMNS, columns),
        us(walk, ALLOCATED, bits),
    ]
    .concat()
}

fn native(walk: Walk, length: usize) -> Bytes {
    element(walk, PIXELS, "OW", &vec![0; length])
}

fn verdict(walk: Walk, rules: Rules, bytes: &[u8]) -> Result<Deviations, E> {
    judge(walk, &Purpose::Attributes, rules, bytes)
}

/// Refused of a requestor, counted of a PACS.
fn assert_refused(walk: Walk, bytes: &[u8], tag: u32) {
    assert_eq!(verdict(walk, STRICT, bytes).err(), Some(E::Geometry(t(tag))), "{walk:?}");
    let met = verdict(walk, acceptor(), bytes).unwrap();
    assert_eq!(times(&met, Deviation::Geometry), 1);
    let inside = sequence(walk, ICON, &item(walk, bytes));
    assert_eq!(verdict(walk, STRICT, &inside).err(), Some(E::Geometry(t(tag))), "in an item");
    assert_eq!(judge(walk, &Purpose::Query, STRICT, bytes).err(), None, "a query asks for it");
}

fn assert_sound(walk: Walk, bytes: &[u8]) {
    let met = verdict(walk, STRICT, bytes);
    assert!(met.as_ref().is_ok_and(|met| met.iter().next().is_none()), "{walk:?}: {met:?}");
}

#[test]
fn refuses_numbers_of_another_vr() {
    for walk in EXPLICIT {
        for tag in NUMBERS {
            for vr in ["UL", "SS", "SL", "IS", "LO", "AT"] {
                let length = if ["UL", "SL", "AT"].contains(&vr) { 4 } else { 2 };
                assert_refused(walk, &element(walk, tag, vr, &vec![b'1'; length]), tag);
            }
            assert_refused(walk, &element(walk, tag, "OB", &[1, 0]), tag);
            assert_sound(walk, &element(walk, tag, "UN", &[1, 0]));
        }
        assert_refused(walk, &us(walk, FRAMES, 4), FRAMES);
        assert_refused(walk, &element(walk, FRAMES, "LO", b"4 "), FRAMES);
        assert_sound(walk, &element(walk, FRAMES, "UN", b"4 "));
    }
}

#[test]
fn refuses_several_values_and_sizes_that_none_has() {
    for walk in EVERY_WALK {
        for tag in NUMBERS {
            assert_refused(walk, &element(walk, tag, "US", &[1, 0, 1, 0]), tag);
            assert_sound(walk, &element(walk, tag, "US", &[]));
        }
        for tag in DESCRIPTORS {
            for length in [2, 4, 8] {
                assert_refused(walk, &element(walk, tag, "US", &vec![0; length]), tag);
            }
            for vr in ["US", "SS"] {
                assert_sound(walk, &element(walk, tag, vr, &[0; 6]));
            }
            if walk != Walk::ImplicitLittle {
                assert_refused(walk, &element(walk, tag, "UL", &[0; 12]), tag);
                assert_refused(walk, &element(walk, tag, "LO", b"1\\2\\3 "), tag);
            }
        }
        assert_refused(walk, &element(walk, FRAMES, "IS", b"1\\2 "), FRAMES);
        assert_refused(walk, &element(walk, FRAMES, "IS", &[b'1'; 66]), FRAMES);
        assert_sound(walk, &element(walk, FRAMES, "IS", b""));
    }
    for walk in EXPLICIT {
        for tag in [0x0028_1201, 0x0028_1202, 0x0028_1203, 0x0028_3006] {
            assert_refused(walk, &element(walk, tag, "UL", &[0; 4]), tag);
            for vr in ["OW", "US", "SS", "OB", "UN"] {
                assert!(verdict(walk, STRICT, &element(walk, tag, vr, &[0; 4])).is_ok(), "{vr}");
            }
        }
    }
}

#[test]
fn refuses_images_without_extent() {
    for walk in NATIVE {
        for place in 0..4 {
            let mut numbers = [1, 2, 2, 8];
            numbers[place] = 0;
            let empty = head(walk, numbers, None);
            assert_refused(walk, &[&empty[..], &native(walk, 4)].concat(), PIXELS);
            assert_sound(walk, &empty);
            assert_sound(walk, &[&empty[..], &native(walk, 0)].concat());
        }
    }
    let walk = Walk::Encapsulated;
    let pixels = fragments(&[&[], &[0; 8]]);
    assert_refused(walk, &[head(walk, [1, 0, 2, 8], None), pixels.clone()].concat(), PIXELS);
    assert_sound(walk, &[head(walk, [1, 512, 512, 16], None), pixels].concat());
}

#[test]
fn refuses_images_that_no_value_can_hold() {
    for walk in NATIVE {
        for (numbers, frames) in [
            ([1, u16::MAX, u16::MAX, 16], None),
            ([3, 46_341, 46_341, 8], None),
            ([u16::MAX; 4], Some("4294967295")),
            ([1, 512, 512, 16], Some("8192")),
            ([1, 1, 1, 8], Some("99999999999999999999")),
        ] {
            let bytes = [head(walk, numbers, frames), native(walk, 8)].concat();
            assert_refused(walk, &bytes, PIXELS);
        }
    }
    let walk = Walk::Encapsulated;
    let pixels = fragments(&[&[], &[0; 8]]);
    let whole = |numbers, frames| [head(walk, numbers, frames), pixels.clone()].concat();
    assert_refused(walk, &whole([1, u16::MAX, u16::MAX, 16], None), PIXELS);
    // A slide of 78 GB.
    assert_sound(walk, &whole([3, 512, 512, 8], Some("100000")));
}

#[test]
fn refuses_or_counts_pixel_data_that_is_too_short_and_counts_what_is_too_long() {
    let short = tolerating(Deviation::ImageLength);
    for walk in NATIVE {
        for (numbers, frames, right) in [
            ([1, 4, 4, 16], None, 32),
            ([1, 3, 3, 8], None, 10),
            ([1, 7, 5, 1], None, 6),
            ([1, 4, 4, 16], Some("3 "), 96),
            ([3, 4, 4, 8], Some("1A"), 48),
            ([1, 4, 4, 32], None, 64),
        ] {
            let of = |length| [head(walk, numbers, frames), native(walk, length)].concat();
            assert_sound(walk, &of(right));
            let error = verdict(walk, STRICT, &of(right - 2)).err();
            assert_eq!(error, Some(E::ImageLength(t(PIXELS))), "{numbers:?}");
            for rules in [short, acceptor()] {
                let met = verdict(walk, rules, &of(right - 2)).unwrap();
                assert_eq!(times(&met, Deviation::ImageLength), 1);
            }
            let met = verdict(walk, STRICT, &of(right + 128)).unwrap();
            assert_eq!(times(&met, Deviation::ImageForm), 1);
        }
        // YBR_FULL_422, as of a sample of pydicom.
        let shared = [head(walk, [3, 100, 100, 8], None), native(walk, 20_000)].concat();
        assert_sound(walk, &shared);
        for tag in [FLOATS, DOUBLES] {
            let floats = element(walk, tag, if tag == FLOATS { "OF" } else { "OD" }, &[0; 8]);
            let bytes = [head(walk, [1, 4, 4, 32], None), floats].concat();
            assert_eq!(verdict(walk, STRICT, &bytes).err(), Some(E::ImageLength(t(tag))));
        }
    }
}

#[test]
fn counts_no_frames_as_untidy() {
    for walk in EVERY_WALK {
        for text in ["0 ", "x ", "-1"] {
            let met = verdict(walk, STRICT, &element(walk, FRAMES, "IS", text.as_bytes())).unwrap();
            assert_eq!(times(&met, Deviation::ImageForm), 1, "{text}");
        }
        for text in ["1 ", " 7", "+3", "1A", "  "] {
            assert_sound(walk, &element(walk, FRAMES, "IS", text.as_bytes()));
        }
    }
}

#[test]
fn holds_tables_against_their_descriptors() {
    for walk in NATIVE {
        for (at, table) in [(0x0028_1102, 0x0028_1202), (0x0028_3002, 0x0028_3006)] {
            let of = |numbers: [u16; 3], length: usize| {
                let value = numbers.map(|number| half(walk, number)).concat();
                let data = element(walk, table, "OW", &vec![0; length]);
                [element(walk, at, "US", &value), data].concat()
            };
            for (numbers, length) in [
                ([256, 0, 16], 512),
                ([256, 0, 8], 256),
                ([256, 0, 8], 512),
                ([255, 0, 8], 256),
                ([0, 0, 16], 131_072),
                ([256, 0, 16], 0),
            ] {
                assert_sound(walk, &of(numbers, length));
            }
            for (numbers, length) in [
                ([256, 0, 16], 510),
                ([256, 0, 16], 256),
                ([256, 0, 8], 254),
                ([0, 0, 16], 65_536),
                ([256, 0, u16::MAX], 256),
            ] {
                let error = verdict(walk, STRICT, &of(numbers, length)).err();
                assert_eq!(error, Some(E::ImageLength(t(table))), "{numbers:?} {length}");
            }
            let met = verdict(walk, STRICT, &of([256, 0, 16], 514)).unwrap();
            assert_eq!(times(&met, Deviation::ImageForm), 1);
        }
    }
}

#[test]
fn holds_each_item_against_itself() {
    for walk in NATIVE {
        let icon = [head(walk, [1, 2, 2, 8], None), native(walk, 4)].concat();
        let image = [head(walk, [1, 4, 4, 16], None), native(walk, 32)].concat();
        let (front, pixels) = image.split_at(image.len() - native(walk, 32).len());
        let icons = sequence(walk, ICON, &item(walk, &icon).repeat(2));
        assert_sound(walk, &[front, &icons, pixels].concat());
        let short = sequence(walk, ICON, &item(walk, &icon[..icon.len() - 2]));
        assert!(verdict(walk, STRICT, &[front, &short, pixels].concat()).is_err());
    }
}

#[test]
fn judges_pixel_data_before_the_numbers_where_any_order_passes() {
    for walk in NATIVE {
        let bytes = [native(walk, 8), head(walk, [1, 4, 4, 16], None)].concat();
        let met = verdict(walk, acceptor(), &bytes).unwrap();
        assert_eq!(times(&met, Deviation::ImageLength), 1);
    }
}

proptest! {
    #[test]
    fn what_passes_has_all_that_it_says(
        numbers in prop::array::uniform4(prop_oneof![0_u16..6, any::<u16>()]),
        frames in prop::option::of(0_u32..5),
        length in (0_usize..200).prop_map(|half| 2 * half),
        walk in prop::sample::select(NATIVE.to_vec()),
    ) {
        let text = frames.map(|frames| format!("{frames} "));
        let bytes = [head(walk, numbers, text.as_deref()), native(walk, length)].concat();
        let bits: u128 = numbers.iter().map(|&number| u128::from(number)).product();
        let whole = (bits * u128::from(frames.unwrap_or(1).max(1))).div_ceil(8);
        let verdict = verdict(walk, STRICT, &bytes);
        let length = u128::try_from(length).unwrap();
        let is_shared = numbers[0] == 3 && length == (whole / 3 * 2).next_multiple_of(2);
        let passes = length == 0 || bits > 0 && (whole <= length || is_shared);
        prop_assert_eq!(verdict.is_ok(), passes, "{:?} of {}: {:?}", numbers, length, verdict);
    }
}
