//! Data sets that know their own structure, in any encoding (PS3.5 chapter 7).

use super::structure::{Part, Structure};
use pacsgate_core::transfer_syntax::Walk;

/// An element.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// One with a value.
    Leaf { tag: u32, vr: &'static str, value: Vec<u8> },
    /// One with items; a `UN` is written with an undefined length and Implicit VR inside.
    Sequence { tag: u32, vr: &'static str, is_open: bool, items: Vec<Item> },
    /// Encapsulated pixel data: the offset table, then fragments.
    Fragments { items: Vec<Vec<u8>> },
}

/// An item of a sequence; an open one ends with a delimiter.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) is_open: bool,
    pub(super) elements: Vec<Node>,
}

/// A data set as written, and where its headers begin.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    pub(super) headers: Vec<usize>,
}

const UNDEFINED: u32 = u32::MAX;
const ITEM: u32 = 0xfffe_e000;
const ITEM_END: u32 = 0xfffe_e00d;
const SEQUENCE_END: u32 = 0xfffe_e0dd;
pub(super) const PIXEL_DATA: u32 = 0x7fe0_0010;

/// Writes elements.
pub(super) fn write(walk: Walk, elements: &[Node]) -> Written {
    let mut written = Written::default();
    elements.iter().for_each(|element| written.element(walk, element));
    written
}

/// What a reader has to find.
pub(super) fn structure(elements: &[Node]) -> Structure {
    let mut structure = Structure::default();
    list(&mut structure, "", elements);
    structure
}

fn list(structure: &mut Structure, prefix: &str, elements: &[Node]) {
    for element in elements {
        let path = format!("{prefix}{:08x}", element.tag());
        match element {
            Node::Leaf { value, .. } => structure.value(&path, size(value), head(value)),
            Node::Sequence { items, .. } => {
                structure.put(&path, Part::Sequence);
                for (number, item) in items.iter().enumerate() {
                    structure.put(&format!("{path}[{number}]"), Part::Item);
                    list(structure, &format!("{path}[{number}]."), &item.elements);
                }
            }
            Node::Fragments { items } => {
                structure.put(&path, Part::Sequence);
                for (number, item) in items.iter().enumerate() {
                    structure.value(&format!("{path}[{number}]"), size(item), head(item));
                }
            }
        }
    }
}

/// The first four bytes in hexadecimal digits.
pub(super) fn head(value: &[u8]) -> Option<String> {
    Some(value.iter().take(4).map(|byte| format!("{byte:02x}")).collect())
}

fn size(value: &[u8]) -> u32 {
    u32::try_from(value.len()).unwrap()
}

fn is_long(vr: &str) -> bool {
    ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"].contains(&vr)
}

impl Node {
    pub(super) const fn tag(&self) -> u32 {
        match self {
            Self::Leaf { tag, .. } | Self::Sequence { tag, .. } => *tag,
            Self::Fragments { .. } => PIXEL_DATA,
        }
    }
}

impl Written {
    /// Foreign bytes, in which a header may begin at any even place.
    pub(super) fn anywhere(bytes: Vec<u8>) -> Self {
        Self { headers: (0..bytes.len()).step_by(2).collect(), bytes }
    }

    fn element(&mut self, walk: Walk, element: &Node) {
        match element {
            Node::Leaf { tag, vr, value } => {
                self.header(walk, *tag, vr, size(value));
                self.bytes.extend(value);
            }
            Node::Sequence { tag, vr, is_open, items } => {
                let inside = if *vr == "UN" { Walk::ImplicitLittle } else { walk };
                self.nest(
                    *is_open || *vr == "UN",
                    |it, length| it.header(walk, *tag, vr, length),
                    |it| {
                        items.iter().for_each(|item| it.item(inside, item));
                    },
                    inside,
                    SEQUENCE_END,
                );
            }
            Node::Fragments { items } => {
                self.header(walk, PIXEL_DATA, "OB", UNDEFINED);
                for item in items {
                    self.mark(walk, ITEM, size(item));
                    self.bytes.extend(item);
                }
                self.mark(walk, SEQUENCE_END, 0);
            }
        }
    }

    fn item(&mut self, walk: Walk, item: &Item) {
        self.nest(
            item.is_open,
            |it, length| it.mark(walk, ITEM, length),
            |it| {
                item.elements.iter().for_each(|element| it.element(walk, element));
            },
            walk,
            ITEM_END,
        );
    }

    /// Writes a header and what is inside, ended by its length or by a delimiter.
    fn nest(
        &mut self,
        is_open: bool,
        header: impl Fn(&mut Self, u32),
        inside: impl Fn(&mut Self),
        walk: Walk,
        end: u32,
    ) {
        if is_open {
            header(self, UNDEFINED);
            inside(self);
            return self.mark(walk, end, 0);
        }
        let mut apart = Self::default();
        inside(&mut apart);
        header(self, size(&apart.bytes));
        let at = self.bytes.len();
        self.headers.extend(apart.headers.iter().map(|header| header + at));
        self.bytes.extend(apart.bytes);
    }

    fn header(&mut self, walk: Walk, tag: u32, vr: &str, length: u32) {
        self.tag(walk, tag);
        let long = number(walk, length);
        if walk == Walk::ImplicitLittle {
            return self.bytes.extend(long);
        }
        self.bytes.extend(vr.as_bytes());
        if is_long(vr) {
            self.bytes.extend([0, 0]);
            return self.bytes.extend(long);
        }
        let short = u16::try_from(length).unwrap();
        self.bytes.extend(if is_big(walk) { short.to_be_bytes() } else { short.to_le_bytes() });
    }

    /// The header of an item or delimiter.
    fn mark(&mut self, walk: Walk, tag: u32, length: u32) {
        self.tag(walk, tag);
        self.bytes.extend(number(walk, length));
    }

    fn tag(&mut self, walk: Walk, tag: u32) {
        self.headers.push(self.bytes.len());
        let [a, b, c, d] = tag.to_be_bytes();
        self.bytes.extend(if is_big(walk) { [a, b, c, d] } else { [b, a, d, c] });
    }
}

fn is_big(walk: Walk) -> bool {
    walk == Walk::ExplicitBig
}

fn number(walk: Walk, number: u32) -> [u8; 4] {
    if is_big(walk) { number.to_be_bytes() } else { number.to_le_bytes() }
}
