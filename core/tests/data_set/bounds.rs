//! How large a requestor's identifiers and attributes may be, and how many wildcards they may have.

use pacsgate_core::data_set::{Bounds, DataSetError as E, Purpose, Rules, Walker};
use pacsgate_core::transfer_syntax::Walk;

use crate::build::*;

const NAME: u32 = 0x0010_0010;
const STUDY: u32 = 0x0020_000d;
const DESCRIPTION: u32 = 0x0008_1030;
const PRIVATE: u32 = 0x0009_1010;
const PIXEL_DATA: u32 = 0x7fe0_0010;
/// Basic Grayscale Image Sequence.
const IMAGES: u32 = 0x2020_0110;
/// Small enough for every byte to be tried.
const SMALL: Bounds = Bounds { identifier: 200, attributes: 300, item_elements: 5, wildcards: 3 };

pub(crate) const BOUNDED: Rules = Rules { bounds: SMALL, ..STRICT };

/// A text of this length in all, header included.
fn text_of(walk: Walk, whole: usize) -> Bytes {
    let header = header(walk, DESCRIPTION, "UT", 0).len();
    element(walk, DESCRIPTION, "UT", &vec![b'x'; whole - header])
}

#[test]
fn an_identifier_may_be_as_long_as_its_bound() {
    for walk in EVERY_WALK {
        let just = text_of(walk, 200);
        assert!(judge(walk, &Purpose::Query, BOUNDED, &just).is_ok(), "{walk:?}");
        let longer = text_of(walk, 202);
        assert_eq!(judge(walk, &Purpose::Query, BOUNDED, &longer), Err(E::IdentifierLength));
        let in_parts = [text_of(walk, 190), element(walk, 0x0010_0020, "LO", b"4711")].concat();
        assert_eq!(judge(walk, &Purpose::Query, BOUNDED, &in_parts), Err(E::IdentifierLength));
        assert!(
            judge(walk, &object(), BOUNDED, &longer).is_err_and(|it| matches!(it, E::Missing(_)))
        );
        let from_pacs = Rules { bounds: SMALL, ..acceptor() };
        assert!(judge(walk, &Purpose::Query, from_pacs, &longer).is_ok(), "{walk:?}");
    }
}

#[test]
fn what_is_too_long_is_refused_as_it_is_announced() {
    for walk in EVERY_WALK {
        for (tag, vr) in
            [(DESCRIPTION, "UT"), (PRIVATE, "OB"), (SEQUENCE, "SQ"), (PIXEL_DATA, "OW")]
        {
            let announced = header(walk, tag, vr, 800 << 20);
            let mut walker = Walker::new(walk, Purpose::Query, STRICT);
            let expected = if walk == Walk::Encapsulated && tag == PIXEL_DATA {
                E::Native
            } else {
                E::IdentifierLength
            };
            assert_eq!(walker.feed(&announced), Err(expected), "{walk:?} {vr}");
        }
    }
}

#[test]
fn the_usual_bounds_fit_long_retrievals_and_commitments() {
    let walk = Walk::ImplicitLittle;
    let uids = vec!["1.2.840.113619.2.55.3.604688119.971.1234567890.123"; 15_000].join("\\");
    let retrieval = element(walk, 0x0008_0018, "UI", &uid(&uids));
    assert!(judge_cut(walk, &Purpose::Query, STRICT, &[&retrieval]).is_ok());
    let class = element(walk, 0x0008_1150, "UI", &uid(CT_IMAGE));
    let instance = element(walk, 0x0008_1155, "UI", &[b'1'; 64]);
    let items = item(walk, &[class, instance].concat()).repeat(100_000);
    let commitment = sequence(walk, 0x0008_1199, &items);
    assert!(judge_cut(walk, &Purpose::Attributes, STRICT, &[&commitment]).is_ok());
}

#[test]
fn attributes_may_be_as_long_as_their_bound_and_their_pixel_data() {
    for walk in [Walk::ImplicitLittle, Walk::ExplicitLittle, Walk::ExplicitBig] {
        let attributes = |bytes: &[u8]| judge(walk, &Purpose::Attributes, BOUNDED, bytes);
        assert!(attributes(&text_of(walk, 300)).is_ok());
        assert_eq!(attributes(&text_of(walk, 302)), Err(E::AttributesLength));
        let image = |tail: &[u8]| {
            let pixels = element(walk, PIXEL_DATA, "OW", &[7; 4000]);
            let item = item(walk, &[rows(walk), pixels].concat());
            [sequence(walk, IMAGES, &item), tail.to_vec()].concat()
        };
        assert!(attributes(&image(&[])).is_ok());
        let behind = element(walk, 0x4000_4000, "LT", &[b'x'; 200]);
        assert_eq!(attributes(&image(&behind)).err(), None);
        let too_much = element(walk, 0x4000_4000, "LT", &[b'x'; 300]);
        assert_eq!(attributes(&image(&too_much)), Err(E::AttributesLength));
    }
}

#[test]
fn an_item_has_no_more_elements_than_its_bound() {
    for walk in EVERY_WALK {
        let empty = |count: u32| -> Bytes {
            (0..count).flat_map(|number| element(walk, 0x0010_2000 + number, "LO", &[])).collect()
        };
        for purpose in [Purpose::Query, Purpose::Attributes] {
            let judged = |bytes: &[u8]| judge(walk, &purpose, BOUNDED, bytes);
            assert!(judged(&empty(5)).is_ok());
            assert_eq!(judged(&empty(6)), Err(E::ItemElements));
            let items = item(walk, &empty(5)).repeat(2);
            let inside = [sequence(walk, SEQUENCE, &items), empty(4)].concat();
            assert!(judged(&inside).is_ok(), "each item by itself");
            assert_eq!(judged(&[inside, empty(5)[32..].to_vec()].concat()), Err(E::ItemElements));
            assert_eq!(
                judged(&sequence(walk, SEQUENCE, &item(walk, &empty(6)))),
                Err(E::ItemElements)
            );
            let from_pacs = Rules { bounds: SMALL, ..acceptor() };
            assert!(judge(walk, &purpose, from_pacs, &empty(6)).is_ok());
        }
        let many = [identifiers(walk).concat(), empty(0), rows(walk).to_vec()].concat();
        let more = element(walk, 0x0028_0011, "US", &half(walk, 512));
        assert!(judge(walk, &object(), BOUNDED, &[many, more].concat()).is_ok(), "six");
    }
}

#[test]
fn a_value_has_no_more_wildcards_than_its_bound() {
    let bad = b"*a*a*a*a*a*a*b";
    for walk in EVERY_WALK {
        for (tag, vr) in
            [(NAME, "PN"), (DESCRIPTION, "LO"), (DESCRIPTION, "UN"), (0x0008_0020, "DA")]
        {
            let query = |value: &[u8]| {
                judge(walk, &Purpose::Query, BOUNDED, &element(walk, tag, vr, value))
            };
            assert!(query(b"*D*E**").is_ok(), "{walk:?} {vr}");
            assert_eq!(query(bad), Err(E::Wildcards(t(tag))), "{walk:?} {vr}");
        }
        let inside = sequence(walk, SEQUENCE, &item(walk, &element(walk, NAME, "PN", bad)));
        assert_eq!(judge(walk, &Purpose::Query, BOUNDED, &inside), Err(E::Wildcards(t(NAME))));
        let uids = element(walk, STUDY, "UI", b"1*2*3*4*");
        assert_eq!(judge(walk, &Purpose::Query, BOUNDED, &uids), Err(E::Wildcards(t(STUDY))));
    }
}

#[test]
fn the_first_fault_of_a_value_is_told() {
    let walk = Walk::ImplicitLittle;
    let query =
        |value: &[u8]| judge(walk, &Purpose::Query, BOUNDED, &element(walk, STUDY, "", value));
    assert_eq!(query(b"1*2*3*4*/5"), Err(E::Wildcards(t(STUDY))));
    assert_eq!(query(b"1*2*3*/*4*"), Err(E::UidCharacters(t(STUDY))));
}

#[test]
fn each_value_counts_its_own_wildcards() {
    for walk in EVERY_WALK {
        let keys = [
            element(walk, DESCRIPTION, "LO", b"*a*b*c"),
            element(walk, NAME, "PN", b"*a*b*c"),
            element(walk, 0x0010_0020, "LO", b"*a*b*c"),
            element(walk, STUDY, "UI", b"1*2*3*"),
        ];
        assert!(judge(walk, &Purpose::Query, BOUNDED, &keys.concat()).is_ok(), "{walk:?}");
    }
}

#[test]
fn asterisks_are_wildcards_only_where_somebody_matches_by_them() {
    let stars = b"*a*a*a*a*a*a*b";
    for walk in EVERY_WALK {
        let text = element(walk, DESCRIPTION, "LO", stars);
        assert!(judge(walk, &Purpose::Attributes, BOUNDED, &text).is_ok());
        let from_pacs = Rules { bounds: SMALL, ..acceptor() };
        assert!(judge(walk, &Purpose::Query, from_pacs, &text).is_ok());
        let private = element(walk, PRIVATE, "LO", stars);
        assert!(judge(walk, &Purpose::Query, BOUNDED, &private).is_ok());
        let object = [identifiers(walk).concat(), element(walk, 0x0020_4000, "LT", stars)].concat();
        assert!(judge(walk, &crate::build::object(), BOUNDED, &object).is_ok());
    }
    for walk in EXPLICIT {
        let bytes = element(walk, 0x0042_0011, "OB", stars);
        assert!(judge(walk, &Purpose::Query, BOUNDED, &bytes).is_ok());
    }
}
