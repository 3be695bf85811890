//! Elements, sequences, items, pixel data.

use std::iter;

use pacsgate_core::data_set::{
    BYTES_FOR_AN_ELEMENT, Bounds, DataSetError as E, Deviation, MAX_DEPTH, Purpose, Rules, Walker,
    Widths,
};
use pacsgate_core::direction::System;
use pacsgate_core::transfer_syntax::Walk;

use crate::build::*;

fn name(walk: Walk) -> Bytes {
    element(walk, 0x0010_0010, "PN", b"A^B ")
}

#[test]
fn passes_nested_items_of_either_length() {
    for walk in EVERY_WALK {
        let inner = sequence(walk, SEQUENCE, &item(walk, &rows(walk)));
        let outer = open_sequence(walk, SEQUENCE, "SQ", &open_item(walk, &inner));
        assert!(judge_attributes(walk, &[outer, name(walk)].concat()).is_ok(), "{walk:?}");
    }
}

#[test]
fn passes_empty_sequences_items_and_data_sets() {
    for walk in EVERY_WALK {
        assert!(judge_attributes(walk, &[]).is_ok());
        assert!(judge_attributes(walk, &sequence(walk, SEQUENCE, &[])).is_ok());
        assert!(judge_attributes(walk, &sequence(walk, SEQUENCE, &item(walk, &[]))).is_ok());
        assert!(judge_attributes(walk, &open_sequence(walk, SEQUENCE, "SQ", &[])).is_ok());
    }
}

fn nest(depth: usize, around: impl Fn(&[u8]) -> Bytes) -> Bytes {
    (0..depth).fold(Vec::new(), |inner, _| around(&inner))
}

#[test]
fn refuses_a_sequence_deeper_than_the_limit_whatever_the_lengths() {
    for walk in EVERY_WALK {
        for (depth, verdict) in [(MAX_DEPTH, None), (MAX_DEPTH + 1, Some(E::Depth))] {
            let defined = nest(depth, |in_| sequence(walk, SEQUENCE, &item(walk, in_)));
            let open =
                nest(depth, |in_| open_sequence(walk, SEQUENCE, "SQ", &open_item(walk, in_)));
            assert_eq!(judge_attributes(walk, &defined).err(), verdict, "{walk:?}");
            assert_eq!(judge_attributes(walk, &open).err(), verdict, "{walk:?}");
        }
    }
}

#[test]
fn refuses_depth_in_private_and_unknown_sequences() {
    let implicit = Walk::ImplicitLittle;
    let private = nest(40, |in_| element(implicit, 0x2001_105f, "", &item(implicit, in_)));
    assert_eq!(judge_attributes(implicit, &private), Err(E::Depth));
    for walk in EXPLICIT_LITTLE {
        let content =
            nest(40, |in_| open_sequence(implicit, SEQUENCE, "", &open_item(implicit, in_)));
        let items = open_item(implicit, &content);
        let open = [
            header(walk, 0x0009_1010, "UN", UNDEFINED),
            items.clone(),
            mark(implicit, SEQUENCE_END, 0),
        ];
        assert_eq!(judge_attributes(walk, &open.concat()), Err(E::Depth));
        let defined = element(walk, 0x0009_1010, "UN", &items);
        assert_eq!(judge_attributes(walk, &defined), Err(E::Depth));
    }
}

#[test]
fn reads_unknown_of_defined_length_as_either_encoding() {
    for inside in [Walk::ImplicitLittle, Walk::ExplicitLittle] {
        let items = item(inside, &[rows(inside), sequence(inside, 0x0040_0275, &[])].concat());
        for walk in EXPLICIT {
            assert!(judge_attributes(walk, &element(walk, 0x0009_1010, "UN", &items)).is_ok());
        }
    }
    let big = item(Walk::ExplicitBig, &rows(Walk::ExplicitBig));
    let unknown = element(Walk::ExplicitBig, 0x0009_1010, "UN", &big);
    assert!(judge_attributes(Walk::ExplicitBig, &unknown).is_ok());
}

#[test]
fn refuses_what_begins_with_an_item_and_is_no_sequence() {
    let value = [0xfe, 0xff, 0x00, 0xe0, 0xff, 0, 0, 0];
    let private = element(Walk::ImplicitLittle, 0x0009_1010, "", &value);
    assert_eq!(judge_attributes(Walk::ImplicitLittle, &private), Err(E::Overrun(t(ITEM))));
    for walk in EXPLICIT {
        let unknown = element(walk, 0x0009_1010, "UN", &value);
        assert_eq!(judge_attributes(walk, &unknown), Err(E::Overrun(t(ITEM))));
    }
}

#[test]
fn does_not_open_bulk_data() {
    let value = [0xfe, 0xff, 0x00, 0xe0, 0xff, 0, 0, 0];
    for tag in [0x5400_1010, 0x6002_3000, 0x7fe0_0010] {
        let bulk = element(Walk::ImplicitLittle, tag, "", &value);
        assert!(judge_attributes(Walk::ImplicitLittle, &bulk).is_ok());
    }
    for walk in EXPLICIT {
        assert!(judge_attributes(walk, &element(walk, 0x0009_1010, "OB", &value)).is_ok());
    }
}

#[test]
fn refuses_a_known_sequence_in_unknown_without_items() {
    for walk in EXPLICIT {
        for value in [&b"abcdefgh"[..], b"ab"] {
            let bytes = element(walk, SEQUENCE, "UN", value);
            assert!(judge_attributes(walk, &bytes).is_err(), "{walk:?}");
        }
    }
}

#[test]
fn opens_sequences_of_repeating_groups() {
    let walk = Walk::ImplicitLittle;
    let bytes = element(walk, 0x5004_2600, "", b"abcdefgh");
    assert_eq!(judge_attributes(walk, &bytes), Err(E::NotAnItem(t(0x6261_6463))));
}

#[test]
fn refuses_what_reaches_behind_its_item_or_sequence() {
    for walk in EVERY_WALK {
        let long = header(walk, 0x0028_0010, "US", 4);
        let in_item = sequence(walk, SEQUENCE, &item(walk, &long));
        let padded = [in_item, vec![0; 8]].concat();
        assert_eq!(judge_attributes(walk, &padded), Err(E::Overrun(t(0x0028_0010))), "{walk:?}");
        let in_sequence = sequence(walk, SEQUENCE, &mark(walk, ITEM, 2));
        let padded = [in_sequence, vec![0; 8]].concat();
        assert_eq!(judge_attributes(walk, &padded), Err(E::Overrun(t(ITEM))), "{walk:?}");
    }
}

#[test]
fn refuses_an_open_item_that_its_sequence_ends() {
    for walk in EVERY_WALK {
        let bytes = sequence(walk, SEQUENCE, &[mark(walk, ITEM, UNDEFINED), rows(walk)].concat());
        let bytes = [bytes, name(walk)].concat();
        assert_eq!(judge_attributes(walk, &bytes), Err(E::Overrun(t(0x0010_0010))), "{walk:?}");
    }
}

#[test]
fn refuses_a_data_set_that_ends_inside_something() {
    for walk in EVERY_WALK {
        let all = open_sequence(walk, SEQUENCE, "SQ", &item(walk, &rows(walk)));
        for end in 1..all.len() {
            assert_eq!(judge_attributes(walk, &all[..end]), Err(E::Cut), "{walk:?} {end}");
        }
        let huge = header(walk, 0x0009_1010, "OB", 0xffff_fffe);
        assert_eq!(judge(walk, &object(), STRICT, &huge).err(), Some(E::Cut), "{walk:?}");
    }
}

#[test]
fn refuses_something_else_where_an_item_must_stand() {
    for walk in EVERY_WALK {
        let bytes = sequence(walk, SEQUENCE, &rows(walk));
        assert_eq!(judge_attributes(walk, &bytes), Err(E::NotAnItem(t(0x0028_0010))));
    }
}

#[test]
fn refuses_misplaced_delimiters() {
    for walk in EVERY_WALK {
        let end = |tag| mark(walk, tag, 0);
        for (bytes, tag) in [
            (end(ITEM_END), ITEM_END),
            (end(SEQUENCE_END), SEQUENCE_END),
            (item(walk, &[]), ITEM),
            (sequence(walk, SEQUENCE, &item(walk, &end(SEQUENCE_END))), SEQUENCE_END),
            (sequence(walk, SEQUENCE, &end(ITEM_END)), ITEM_END),
            (
                open_sequence(walk, SEQUENCE, "SQ", &[mark(walk, ITEM, UNDEFINED)].concat()),
                SEQUENCE_END,
            ),
            (mark(walk, 0xfffe_0001, 0), 0xfffe_0001),
        ] {
            assert_eq!(judge_attributes(walk, &bytes), Err(E::Misplaced(t(tag))), "{walk:?}");
        }
    }
}

#[test]
fn refuses_a_delimiter_with_a_length_even_from_the_pacs() {
    for walk in EVERY_WALK {
        let bytes = [header(walk, SEQUENCE, "SQ", UNDEFINED), mark(walk, SEQUENCE_END, 8)].concat();
        for rules in [STRICT, acceptor()] {
            let verdict = judge(walk, &Purpose::Attributes, rules, &bytes);
            assert_eq!(verdict, Err(E::DelimiterLength(t(SEQUENCE_END))));
        }
    }
}

#[test]
fn refuses_vrs_that_the_standard_does_not_know() {
    for walk in EXPLICIT {
        for vr in ["ZZ", "lo", "??", "\0\0"] {
            let bytes = element(walk, 0x0010_0010, vr, b"A^B ");
            assert_eq!(judge_attributes(walk, &bytes), Err(E::UnknownVr(t(0x0010_0010))));
        }
    }
}

#[test]
fn refuses_a_first_header_that_looks_explicit() {
    let walk = Walk::ImplicitLittle;
    let first = element(walk, 0x0009_1010, "", &vec![b'x'; 0x4f4c]);
    assert_eq!(judge_attributes(walk, &first), Err(E::Mistakable(t(0x0009_1010))));
    let second = [element(walk, 0x0008_0070, "", b"AB"), first.clone()].concat();
    assert!(judge_attributes(walk, &second).is_ok());
    let inside = sequence(walk, SEQUENCE, &item(walk, &first));
    assert!(judge_attributes(walk, &inside).is_ok());
}

#[test]
fn refuses_unknown_content_that_looks_explicit() {
    let implicit = Walk::ImplicitLittle;
    let first = element(implicit, 0x0009_1010, "", &vec![b'x'; 0x4f4c]);
    for walk in EXPLICIT_LITTLE {
        let items = [item(implicit, &first), mark(implicit, SEQUENCE_END, 0)].concat();
        let bytes = [header(walk, 0x0009_1011, "UN", UNDEFINED), items].concat();
        assert_eq!(judge_attributes(walk, &bytes), Err(E::Mistakable(t(0x0009_1010))));
    }
}

#[test]
fn refuses_undefined_lengths_where_none_may_be() {
    for walk in EXPLICIT {
        for vr in ["UT", "UC", "OF", "OB"] {
            let bytes = header(walk, 0x0009_1010, vr, UNDEFINED);
            let verdict = judge_attributes(walk, &bytes);
            assert_eq!(verdict, Err(E::UndefinedLength(t(0x0009_1010))));
        }
    }
    // What the dictionary knows as something else, or does not know at all.
    for tag in [0x0008_0070, 0x0010_0020, 0x0042_0011, 0x4008_0300, 0x4008_3ffe] {
        let open = |walk, vr| header(walk, tag, vr, UNDEFINED);
        let expected = Err(E::UndefinedLength(t(tag)));
        assert_eq!(
            judge_attributes(Walk::ImplicitLittle, &open(Walk::ImplicitLittle, "")),
            expected
        );
        for walk in EXPLICIT {
            assert_eq!(judge_attributes(walk, &open(walk, "UN")), expected);
        }
    }
}

/// Archives store what they did not know; a server that searches does so by the VR.
#[test]
fn refuses_a_sequence_of_the_dictionary_as_unknown_but_in_objects() {
    for walk in EXPLICIT {
        let inside = item(if walk == Walk::ExplicitBig { walk } else { Walk::ImplicitLittle }, &[]);
        for value in [&[][..], &inside] {
            let bytes = element(walk, SEQUENCE, "UN", value);
            let expected = Err(E::SequenceVr(t(SEQUENCE)));
            assert_eq!(judge(walk, &Purpose::Query, STRICT, &bytes), expected);
            assert_eq!(judge_attributes(walk, &bytes), expected);
            let met = judge(walk, &Purpose::Query, acceptor(), &bytes).unwrap();
            assert_eq!(times(&met, Deviation::SequenceVr), 1);
            let [class, instance, study, series] = identifiers(walk);
            let object_with = [class, instance, bytes, study, series].concat();
            let met = judge(walk, &object(), STRICT, &object_with).unwrap();
            assert_eq!(times(&met, Deviation::SequenceVr), 0);
        }
    }
}

/// A dictionary of vendors may have a sequence there, which the delimiter ends for its reader.
#[test]
fn refuses_a_delimiter_where_an_item_might_begin() {
    let hidden = |walk| element(walk, 0x0008_0018, "UI", b"6.6\0");
    for end in [SEQUENCE_END, ITEM_END, 0xfffe_e0ff] {
        let value = [mark(Walk::ImplicitLittle, end, 0), hidden(Walk::ImplicitLittle)].concat();
        let expected = Err(E::NotAnItem(t(end)));
        let implicit = element(Walk::ImplicitLittle, 0x0009_1040, "", &value);
        assert_eq!(judge_attributes(Walk::ImplicitLittle, &implicit), expected);
        for walk in EXPLICIT_LITTLE {
            assert_eq!(judge_attributes(walk, &element(walk, 0x0009_1040, "UN", &value)), expected);
            assert!(judge_attributes(walk, &element(walk, 0x0009_1040, "OB", &value)).is_ok());
        }
        let walk = Walk::ExplicitBig;
        let value = [mark(walk, end, 0), hidden(walk)].concat();
        assert_eq!(judge_attributes(walk, &element(walk, 0x0009_1040, "UN", &value)), expected);
    }
    // A text in UTF-16 begins with a byte order mark.
    let text = element(Walk::ImplicitLittle, 0x0009_1040, "", b"\xfe\xff\0A");
    assert!(judge_attributes(Walk::ImplicitLittle, &text).is_ok());
}

/// Readers differ on the byte order of what is inside.
#[test]
fn refuses_an_unknown_of_undefined_length_in_big_endian() {
    for tag in [SEQUENCE, 0x0009_1010] {
        let open = |walk| header(walk, tag, "UN", UNDEFINED);
        let verdict = judge_attributes(Walk::ExplicitBig, &open(Walk::ExplicitBig));
        assert_eq!(verdict, Err(E::UndefinedLength(t(tag))));
        let verdict = judge_attributes(Walk::ExplicitLittle, &open(Walk::ExplicitLittle));
        assert_eq!(verdict, Err(E::Cut));
    }
}

#[test]
fn refuses_encapsulated_pixel_data_in_native_syntaxes() {
    for walk in [Walk::ImplicitLittle, Walk::ExplicitLittle, Walk::ExplicitBig] {
        let bytes = open_sequence(walk, 0x7fe0_0010, "OB", &item(walk, &[]));
        assert_eq!(judge_attributes(walk, &bytes), Err(E::Encapsulated));
    }
}

#[test]
fn refuses_native_pixel_data_in_encapsulated_syntaxes_but_for_icons() {
    let walk = Walk::Encapsulated;
    let native = element(walk, 0x7fe0_0010, "OB", &[0; 8]);
    assert_eq!(judge_attributes(walk, &native), Err(E::Native));
    tolerated_from_either_side(&native, E::Native);
    for icon in [native, fragments(&[&[], &[1, 2]])] {
        let bytes = sequence(walk, 0x0088_0200, &item(walk, &icon));
        assert!(judge_attributes(walk, &bytes).is_ok());
    }
}

#[test]
fn walks_fragments() {
    let walk = Walk::Encapsulated;
    assert!(judge_attributes(walk, &fragments(&[&[], &[1, 2], &[3; 100]])).is_ok());
    assert!(judge_attributes(walk, &fragments(&[&[0; 8], &[1, 2]])).is_ok());
    assert_eq!(judge_attributes(walk, &fragments(&[])), Err(E::OffsetTable));
    assert_eq!(judge_attributes(walk, &fragments(&[&[1, 2]])), Err(E::OffsetTable));
    for bytes in [fragments(&[]), fragments(&[&[1, 2]]), fragments(&[&[1, 2], &[3, 4]])] {
        tolerated_from_either_side(&bytes, E::OffsetTable);
    }
    assert_eq!(judge_attributes(walk, &fragments(&[&[], &[1]])), Err(E::OddLength(t(0x7fe0_0010))));
    let open = [header(walk, 0x7fe0_0010, "OB", UNDEFINED), mark(walk, ITEM, UNDEFINED)].concat();
    assert_eq!(judge_attributes(walk, &open), Err(E::FragmentLength));
}

/// Pixel data that a site may let pass, from a PACS as well only where it says so.
fn tolerated_from_either_side(bytes: &[u8], error: E) {
    let deviation = error.deviation().unwrap();
    for strict in [STRICT, acceptor()] {
        assert_eq!(judge(Walk::Encapsulated, &Purpose::Attributes, strict, bytes), Err(error));
        let rules = Rules { tolerated: [deviation].into_iter().collect(), ..strict };
        let met = judge(Walk::Encapsulated, &Purpose::Attributes, rules, bytes).unwrap();
        assert_eq!(times(&met, deviation), 1);
    }
}

#[test]
fn refuses_or_counts_odd_lengths() {
    for walk in EVERY_WALK {
        let bytes = element(walk, 0x0010_4000, "LT", b"abc");
        assert_eq!(judge_attributes(walk, &bytes), Err(E::OddLength(t(0x0010_4000))));
        for rules in [tolerating(Deviation::OddLength), acceptor()] {
            let two = [bytes.clone(), element(walk, 0x0010_4001, "LT", b"a")].concat();
            let met = judge(walk, &Purpose::Attributes, rules, &two).unwrap();
            assert_eq!(times(&met, Deviation::OddLength), 2);
            assert_eq!(judge(walk, &Purpose::Attributes, rules, &bytes), Err(E::OddWhole));
        }
    }
}

#[test]
fn refuses_or_counts_elements_out_of_order() {
    for walk in EVERY_WALK {
        let bytes = [rows(walk), name(walk)].concat();
        assert_eq!(judge_attributes(walk, &bytes), Err(E::Order(t(0x0010_0010))));
        for rules in [tolerating(Deviation::Order), acceptor()] {
            let met = judge(walk, &Purpose::Attributes, rules, &bytes).unwrap();
            assert_eq!(times(&met, Deviation::Order), 1);
        }
    }
}

#[test]
fn refuses_duplicates_whatever_the_order() {
    for walk in EVERY_WALK {
        let adjacent = [rows(walk), rows(walk)].concat();
        let apart = [rows(walk), name(walk), rows(walk)].concat();
        let error = Err(E::Duplicate(t(0x0028_0010)));
        assert_eq!(judge_attributes(walk, &adjacent), error);
        for bytes in [adjacent, apart] {
            let orderless = tolerating(Deviation::Order);
            assert_eq!(judge(walk, &Purpose::Attributes, orderless, &bytes), error);
            let met = judge(walk, &Purpose::Attributes, acceptor(), &bytes).unwrap();
            assert_eq!(times(&met, Deviation::Duplicate), 1);
        }
    }
}

#[test]
fn takes_the_same_tag_in_two_items_for_no_duplicate() {
    for walk in EVERY_WALK {
        let items = [item(walk, &rows(walk)), item(walk, &rows(walk))].concat();
        let bytes = [sequence(walk, SEQUENCE, &items), rows(walk)].concat();
        let rules = tolerating(Deviation::Order);
        assert!(judge(walk, &Purpose::Attributes, rules, &bytes).is_ok());
    }
}

#[test]
fn bounds_the_memory_for_duplicates() {
    let walk = Walk::ImplicitLittle;
    let many: Bytes = (0..5000).flat_map(|n| element(walk, 0x0009_1000 + n, "", &[])).collect();
    let bounds = Bounds { item_elements: 10_000, ..Bounds::USUAL };
    let rules = Rules { bounds, ..STRICT };
    assert!(judge(walk, &Purpose::Attributes, rules, &many).is_ok());
    let rules = Rules { bounds, ..tolerating(Deviation::Order) };
    // In order, none is there twice.
    assert!(judge(walk, &Purpose::Attributes, rules, &many).is_ok());
    let late = [&many[..], &element(walk, 0x0008_0060, "CS", b"CT")].concat();
    assert_eq!(judge(walk, &Purpose::Attributes, rules, &late), Err(E::Unsorted));
    assert!(judge(walk, &Purpose::Attributes, acceptor(), &many).is_ok());
}

#[test]
fn refuses_or_counts_reserved_bytes() {
    for walk in EXPLICIT {
        let mut bytes = element(walk, 0x0042_0011, "OB", &[1, 2]);
        bytes[6] = 1;
        assert_eq!(judge_attributes(walk, &bytes), Err(E::ReservedBytes(t(0x0042_0011))));
        let rules = tolerating(Deviation::ReservedBytes);
        assert!(judge(walk, &Purpose::Attributes, rules, &bytes).is_ok());
    }
}

#[test]
fn refuses_invalid_groups_and_lets_the_padding_pass() {
    for walk in EVERY_WALK {
        for group in [0u32, 1, 2, 3, 5, 7, 0xffff] {
            let tag = group << 16 | 0x10;
            let bytes = element(walk, tag, "LO", b"ab");
            assert_eq!(judge_attributes(walk, &bytes), Err(E::Group(t(tag))));
        }
        for tag in [0x0006_0010, 0x0009_0010, 0xfffc_fffc] {
            assert!(judge_attributes(walk, &element(walk, tag, "LO", b"ab")).is_ok());
        }
    }
}

#[test]
fn passes_and_counts_a_delimiter_where_a_length_ends_as_well() {
    for walk in EVERY_WALK {
        let name = element(walk, 0x0010_0010, "PN", b"A^B ");
        let end = |tag| mark(walk, tag, 0);
        let sequence_end =
            sequence(walk, SEQUENCE, &[item(walk, &name), end(SEQUENCE_END)].concat());
        let item_end =
            sequence(walk, SEQUENCE, &item(walk, &[name.clone(), end(ITEM_END)].concat()));
        let alone = sequence(walk, SEQUENCE, &end(SEQUENCE_END));
        for bytes in [sequence_end, item_end, alone] {
            let bytes = [bytes, rows(walk)].concat();
            let met = judge_attributes(walk, &bytes).unwrap();
            assert_eq!(times(&met, Deviation::SurplusDelimiter), 1);
        }
        let behind = [item(walk, &name), end(SEQUENCE_END), item(walk, &name)].concat();
        let verdict = judge_attributes(walk, &sequence(walk, SEQUENCE, &behind));
        assert_eq!(verdict, Err(E::Misplaced(t(SEQUENCE_END))));
        let inside = item(walk, &[end(ITEM_END), name].concat());
        let verdict = judge_attributes(walk, &sequence(walk, SEQUENCE, &inside));
        assert_eq!(verdict, Err(E::Misplaced(t(ITEM_END))));
    }
}

#[test]
fn refuses_more_elements_than_the_limit_and_its_bytes_allow() {
    const LIMIT: u32 = 10_000;
    let walk = Walk::ImplicitLittle;
    let rules = Rules { elements: LIMIT, ..STRICT };
    let mut walker = Walker::new(walk, Purpose::Attributes, rules);
    walker.feed(&header(walk, SEQUENCE, "", UNDEFINED)).unwrap();
    let is_allowed = |before: u32| {
        let position = 8 * (u64::from(before) + 1);
        u64::from(before) < u64::from(LIMIT) + position / BYTES_FOR_AN_ELEMENT
    };
    let mut before = 1;
    while is_allowed(before) {
        walker.feed(&mark(walk, ITEM, 0)).unwrap();
        before += 1;
    }
    assert!(before > LIMIT);
    assert_eq!(walker.feed(&mark(walk, ITEM, 0)), Err(E::Elements));
    assert_eq!(walker.finish(), Err(E::Elements));
}

#[test]
fn counts_vrs_that_the_dictionary_does_not_have() {
    let foreign = |walk, purpose: &Purpose, rules, bytes: &[u8]| {
        judge(walk, purpose, rules, bytes).map(|met| times(&met, Deviation::ForeignVr))
    };
    for walk in EXPLICIT {
        for (tag, right, wrong) in [
            (0x0008_0070, "LO", "SH"),
            (0x0010_1010, "AS", "LO"),
            (0x0028_0106, "SS", "UL"),
            (0x0028_1201, "OW", "US"),
            (0x6002_0010, "US", "OB"),
            (0x0018_0050, "DS", "SQ"),
        ] {
            let met =
                |vr| foreign(walk, &Purpose::Attributes, STRICT, &element(walk, tag, vr, &[]));
            assert_eq!((met(right), met("UN"), met(wrong)), (Ok(0), Ok(0), Ok(1)), "{tag:08x}");
            let inside = item(walk, &element(walk, tag, wrong, &[])).repeat(3);
            let inside = sequence(walk, SEQUENCE, &inside);
            assert_eq!(foreign(walk, &Purpose::Query, acceptor(), &inside), Ok(3));
        }
        // What the dictionary does not know, and lengths of groups.
        for (tag, vr) in [(0x0009_1010, "LO"), (0x0008_fffe, "LO"), (0x0008_0000, "UL")] {
            let bytes = element(walk, tag, vr, &[]);
            assert_eq!(foreign(walk, &Purpose::Attributes, STRICT, &bytes), Ok(0), "{tag:08x}");
        }
        let disguised = element(walk, SEQUENCE, "LO", &[]);
        assert_eq!(foreign(walk, &Purpose::Query, acceptor(), &disguised), Ok(0), "its own rule");
    }
}

/// So many empty elements of private groups, each group with a creator and this many behind it.
fn private_groups(walk: Walk, groups: u32, behind: u32) -> Bytes {
    let group = |number: u32| (0x1001 + 2 * number) << 16;
    let block = |number| (0..behind).map(move |it| group(number) + 0x1000 + it);
    let tags =
        (0..groups).flat_map(|number| iter::once(group(number) + 0x0010).chain(block(number)));
    tags.flat_map(|tag| element(walk, tag, "LO", &[])).collect()
}

#[test]
fn refuses_more_elements_in_one_level_than_the_limit_whoever_sends_them() {
    let widths = Widths { elements: 100, ..Widths::USUAL };
    for (walk, rules) in
        EVERY_WALK.into_iter().flat_map(|walk| [(walk, STRICT), (walk, acceptor())])
    {
        let rules = Rules { widths, ..rules };
        let verdict = |bytes: &[u8]| judge(walk, &Purpose::Attributes, rules, bytes).err();
        let full = private_groups(walk, 1, 98);
        let wider = private_groups(walk, 1, 99);
        let widest = private_groups(walk, 1, 100);
        assert_eq!((verdict(&wider), verdict(&widest)), (None, Some(E::LevelElements)));
        let inside = |items: &[u8]| [sequence(walk, SEQUENCE, items), full.clone()].concat();
        let many = item(walk, &wider).repeat(50);
        assert_eq!(verdict(&inside(&many)), None, "the levels of items are their own");
        assert_eq!(verdict(&inside(&item(walk, &widest))), Some(E::LevelElements));
        let beside = [sequence(walk, SEQUENCE, &many), wider].concat();
        assert_eq!(verdict(&beside), Some(E::LevelElements), "a sequence is an element, too");
    }
}

#[test]
fn refuses_more_private_creators_in_one_level_than_the_limit() {
    let widths = Widths { creators: 10, ..Widths::USUAL };
    for walk in EVERY_WALK {
        let rules = Rules { widths, ..STRICT };
        let verdict = |bytes: &[u8]| judge(walk, &Purpose::Attributes, rules, bytes).err();
        assert_eq!(verdict(&private_groups(walk, 10, 20)), None);
        assert_eq!(verdict(&private_groups(walk, 11, 0)), Some(E::PrivateCreators));
        let inside = item(walk, &private_groups(walk, 10, 0)).repeat(5);
        assert_eq!(verdict(&sequence(walk, SEQUENCE, &inside)), None);
        let inside = item(walk, &private_groups(walk, 11, 0));
        assert_eq!(verdict(&sequence(walk, SEQUENCE, &inside)), Some(E::PrivateCreators));
    }
}

#[test]
fn items_of_any_number_are_within_the_usual_widths() {
    let walk = Walk::ExplicitLittle;
    let frames = item(walk, &rows(walk)).repeat(300_000);
    let per_frame = open_sequence(walk, 0x5200_9230, "SQ", &frames);
    let verdict = judge_cut(walk, &Purpose::Attributes, STRICT, &[&per_frame]);
    assert_eq!(verdict.err(), None);
}

#[test]
fn a_sparse_whole_slide_image_is_within_the_usual_limit() {
    let two_million = 2_000_000;
    assert!(Rules::strict(System::Peer).elements > 2 * two_million);
}
