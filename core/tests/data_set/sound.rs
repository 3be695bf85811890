//! Sound data sets of every form that an encoding has, as trees that know how they are written.

use std::collections::BTreeMap;

use pacsgate_core::transfer_syntax::Walk;
use proptest::prelude::*;

use crate::build::*;

/// The elements of a data set or item, by their tags.
pub(crate) type Content = BTreeMap<u32, Element>;

/// An element, with whatever is inside it.
#[derive(Clone, Debug)]
pub(crate) enum Element {
    /// A VR and a value that nobody opens.
    Value(&'static str, Bytes),
    /// `UN` of defined length with an item in it: of this encoding, but of Implicit VR where that
    /// is around it.
    Wrapped(Walk),
    /// A sequence.
    Sequence { is_open: bool, items: Vec<Item> },
    /// `UN` of undefined length: its items are in Implicit VR, whatever is around it (PS3.5
    /// section 6.2.2). Nowhere in big endian, where it is a sequence instead.
    Unknown(Vec<Item>),
    /// Encapsulated pixel data: the offset table and the fragments.
    Fragments(Vec<u32>, Vec<Bytes>),
}

/// An item of a sequence.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) is_open: bool,
    pub(crate) content: Content,
}

const MANUFACTURER: u32 = 0x0008_0070;
const PRIVATE: u32 = 0x0009_1010;
const PRIVATE_OPEN: u32 = 0x0009_1011;
const ROWS: u32 = 0x0028_0010;
const REQUEST: u32 = 0x0040_0275;
const PIXELS: u32 = 0x7fe0_0010;

/// A data set in any encoding.
pub(crate) fn sound() -> impl Strategy<Value = (Walk, Content)> {
    prop::sample::select(EVERY_WALK.to_vec()).prop_flat_map(|walk| {
        let pixels = prop::option::of(pixels(walk));
        (content(), pixels).prop_map(move |(mut content, pixels)| {
            content.extend(pixels.map(|pixels| (PIXELS, pixels)));
            (walk, content)
        })
    })
}

/// The bytes of it.
pub(crate) fn written(walk: Walk, content: &Content) -> Bytes {
    content.iter().flat_map(|(tag, it)| element_written(walk, *tag, it)).collect()
}

fn element_written(walk: Walk, tag: u32, it: &Element) -> Bytes {
    match it {
        Element::Value(vr, value) => element(walk, tag, vr, value),
        Element::Wrapped(inside) => element(walk, tag, "UN", &wrapped(walk, *inside)),
        Element::Sequence { is_open: true, items } => {
            open_sequence(walk, tag, "SQ", &items_written(walk, items))
        }
        Element::Sequence { is_open: false, items } => {
            sequence(walk, tag, &items_written(walk, items))
        }
        Element::Unknown(items) if walk == Walk::ExplicitBig => {
            open_sequence(walk, tag, "SQ", &items_written(walk, items))
        }
        Element::Unknown(items) => {
            let inside = Walk::ImplicitLittle;
            let items = items_written(inside, items);
            [header(walk, tag, "UN", UNDEFINED), items, mark(inside, SEQUENCE_END, 0)].concat()
        }
        Element::Fragments(table, fragments_of_it) => {
            let table: Bytes = table.iter().flat_map(|offset| offset.to_le_bytes()).collect();
            let items = fragments_of_it.iter().map(Vec::as_slice);
            fragments(&[table.as_slice()].into_iter().chain(items).collect::<Vec<_>>())
        }
    }
}

/// The value of [`Element::Wrapped`].
pub(crate) fn wrapped(walk: Walk, inside: Walk) -> Bytes {
    let inside = if walk == Walk::ImplicitLittle { walk } else { inside };
    item(inside, &rows(inside))
}

fn items_written(walk: Walk, items: &[Item]) -> Bytes {
    let written = |it: &Item| {
        let content = written(walk, &it.content);
        if it.is_open { open_item(walk, &content) } else { item(walk, &content) }
    };
    items.iter().flat_map(written).collect()
}

/// What a data set or an item of it may hold but pixel data.
fn content() -> impl Strategy<Value = Content> {
    leaves().prop_recursive(4, 24, 3, |inner| {
        let items = || prop::collection::vec(item_of(inner.clone()), 0..3);
        let sequence = || {
            (any::<bool>(), items())
                .prop_map(|(is_open, items)| Element::Sequence { is_open, items })
        };
        let unknown = items().prop_map(Element::Unknown);
        let some = (
            leaves(),
            prop::option::of(sequence()),
            prop::option::of(sequence()),
            prop::option::of(unknown),
        );
        some.prop_map(|(mut content, first, second, unknown)| {
            let more = [(SEQUENCE, first), (REQUEST, second), (PRIVATE_OPEN, unknown)];
            content.extend(more.into_iter().filter_map(|(tag, it)| Some((tag, it?))));
            content
        })
    })
}

fn item_of(content: impl Strategy<Value = Content>) -> impl Strategy<Value = Item> {
    (any::<bool>(), content).prop_map(|(is_open, content)| Item { is_open, content })
}

/// Elements with nothing inside, whichever encoding reads them.
fn leaves() -> impl Strategy<Value = Content> {
    let text = prop::sample::select(vec![Bytes::new(), b"ab".to_vec(), b"Maker ".to_vec()]);
    let some = (prop::option::of(text), prop::option::of(private()), any::<[u8; 2]>());
    some.prop_map(|(text, private, rows)| {
        let text = text.map(|text| (MANUFACTURER, Element::Value("LO", text)));
        let private = private.map(|private| (PRIVATE, private));
        let rows = (ROWS, Element::Value("US", rows.to_vec()));
        text.into_iter().chain(private).chain([rows]).collect()
    })
}

/// A private element of `UN`: bytes, or an item of the one or the other encoding.
fn private() -> impl Strategy<Value = Element> {
    let anything = prop::collection::vec(any::<[u8; 2]>(), 0..9).prop_map(|it| it.concat());
    // What begins like an item is taken for one.
    let bytes = anything.prop_filter("an item", |it| !matches!(it[..], [0xfe | 0xff, ..]));
    let inside = prop::sample::select(vec![Walk::ImplicitLittle, Walk::ExplicitLittle]);
    prop_oneof![
        bytes.prop_map(|bytes| Element::Value("UN", bytes)),
        inside.prop_map(Element::Wrapped)
    ]
}

/// Native pixel data, or fragments where the encoding has them.
fn pixels(walk: Walk) -> BoxedStrategy<Element> {
    let words = || prop::collection::vec(any::<[u8; 2]>(), 0..9).prop_map(|it| it.concat());
    if walk != Walk::Encapsulated {
        return words().prop_map(|words| Element::Value("OW", words)).boxed();
    }
    let table = prop::collection::vec(any::<u32>(), 0..3);
    let fragments = prop::collection::vec(words(), 0..4);
    (table, fragments).prop_map(|(table, items)| Element::Fragments(table, items)).boxed()
}
