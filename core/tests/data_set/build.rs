//! Data sets in any encoding, sound or not, and the verdict on them.

use pacsgate_core::data_set::{DataSetError, Deviation, Deviations, Purpose, Rules, Tag, Walker};
use pacsgate_core::direction::System;
use pacsgate_core::transfer_syntax::Walk;
use pacsgate_core::wire::uid::InstanceUid;

pub(crate) type Bytes = Vec<u8>;

pub(crate) const EVERY_WALK: [Walk; 4] =
    [Walk::ImplicitLittle, Walk::ExplicitLittle, Walk::ExplicitBig, Walk::Encapsulated];
pub(crate) const EXPLICIT_LITTLE: [Walk; 2] = [Walk::ExplicitLittle, Walk::Encapsulated];
pub(crate) const EXPLICIT: [Walk; 3] =
    [Walk::ExplicitLittle, Walk::ExplicitBig, Walk::Encapsulated];

pub(crate) const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
pub(crate) const INSTANCE: &str = "1.2.3.4";
pub(crate) const UNDEFINED: u32 = u32::MAX;
pub(crate) const ITEM: u32 = 0xfffe_e000;
pub(crate) const ITEM_END: u32 = 0xfffe_e00d;
pub(crate) const SEQUENCE_END: u32 = 0xfffe_e0dd;
/// Referenced Image Sequence.
pub(crate) const SEQUENCE: u32 = 0x0008_1140;

pub(crate) fn object() -> Purpose {
    object_of(CT_IMAGE)
}

pub(crate) fn object_of(sop_class: &str) -> Purpose {
    Purpose::Object {
        sop_class: sop_class.parse().unwrap(),
        sop_instance: InstanceUid::parse(INSTANCE.as_bytes()).unwrap(),
    }
}

pub(crate) const STRICT: Rules = Rules::strict(System::Peer);

/// Those for a PACS that nobody has configured further.
pub(crate) fn acceptor() -> Rules {
    Rules::strict(System::Pacs)
}

pub(crate) fn tolerating(deviation: Deviation) -> Rules {
    Rules { tolerated: [deviation].into_iter().collect(), ..STRICT }
}

/// The verdict, the same for the whole and for single bytes.
pub(crate) fn judge(
    walk: Walk,
    purpose: &Purpose,
    rules: Rules,
    bytes: &[u8],
) -> Result<Deviations, DataSetError> {
    let whole = judge_cut(walk, purpose, rules, &[bytes]);
    let single: Vec<_> = bytes.chunks(1).collect();
    assert_eq!(judge_cut(walk, purpose, rules, &single), whole, "{walk:?} byte by byte");
    whole
}

/// The verdict on pieces.
pub(crate) fn judge_cut(
    walk: Walk,
    purpose: &Purpose,
    rules: Rules,
    pieces: &[&[u8]],
) -> Result<Deviations, DataSetError> {
    let mut walker = Walker::new(walk, purpose.clone(), rules);
    for piece in pieces {
        walker.feed(piece)?;
    }
    walker.finish()?;
    Ok(walker.deviations().clone())
}

/// How often a deviation was met.
pub(crate) fn times(met: &Deviations, deviation: Deviation) -> u32 {
    met.iter().find(|(it, _)| *it == deviation).map_or(0, |(_, count)| count)
}

/// The verdict on attributes of a requestor.
pub(crate) fn judge_attributes(walk: Walk, bytes: &[u8]) -> Result<Deviations, DataSetError> {
    judge(walk, &Purpose::Attributes, STRICT, bytes)
}

pub(crate) fn is_big(walk: Walk) -> bool {
    walk == Walk::ExplicitBig
}

pub(crate) fn number(walk: Walk, number: u32) -> [u8; 4] {
    if is_big(walk) { number.to_be_bytes() } else { number.to_le_bytes() }
}

pub(crate) fn half(walk: Walk, number: u16) -> [u8; 2] {
    if is_big(walk) { number.to_be_bytes() } else { number.to_le_bytes() }
}

pub(crate) fn tag(walk: Walk, tag: u32) -> Bytes {
    [half(walk, low(tag >> 16)), half(walk, low(tag))].concat()
}

/// A tag of its number.
pub(crate) fn t(tag: u32) -> Tag {
    Tag::new(low(tag >> 16), low(tag))
}

fn low(number: u32) -> u16 {
    u16::try_from(number & 0xffff).unwrap()
}

fn size(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

pub(crate) fn is_long(vr: &str) -> bool {
    ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"].contains(&vr)
}

/// The header of an element, with any length.
pub(crate) fn header(walk: Walk, of: u32, vr: &str, length: u32) -> Bytes {
    let long = number(walk, length).to_vec();
    let tail = match walk {
        Walk::ImplicitLittle => long,
        Walk::ExplicitLittle | Walk::ExplicitBig | Walk::Encapsulated if is_long(vr) => {
            [vr.as_bytes(), &[0, 0], &long].concat()
        }
        Walk::ExplicitLittle | Walk::ExplicitBig | Walk::Encapsulated => {
            [vr.as_bytes(), &half(walk, low(length))].concat()
        }
    };
    [tag(walk, of), tail].concat()
}

pub(crate) fn element(walk: Walk, of: u32, vr: &str, value: &[u8]) -> Bytes {
    [header(walk, of, vr, size(value)), value.to_vec()].concat()
}

/// The header of an item or delimiter.
pub(crate) fn mark(walk: Walk, of: u32, length: u32) -> Bytes {
    [tag(walk, of), number(walk, length).to_vec()].concat()
}

pub(crate) fn item(walk: Walk, content: &[u8]) -> Bytes {
    [mark(walk, ITEM, size(content)), content.to_vec()].concat()
}

pub(crate) fn open_item(walk: Walk, content: &[u8]) -> Bytes {
    [mark(walk, ITEM, UNDEFINED), content.to_vec(), mark(walk, ITEM_END, 0)].concat()
}

pub(crate) fn sequence(walk: Walk, of: u32, items: &[u8]) -> Bytes {
    element(walk, of, "SQ", items)
}

pub(crate) fn open_sequence(walk: Walk, of: u32, vr: &str, items: &[u8]) -> Bytes {
    [header(walk, of, vr, UNDEFINED), items.to_vec(), mark(walk, SEQUENCE_END, 0)].concat()
}

/// Encapsulated pixel data with these items.
pub(crate) fn fragments(items: &[&[u8]]) -> Bytes {
    let walk = Walk::Encapsulated;
    let items: Vec<Bytes> = items.iter().map(|content| item(walk, content)).collect();
    open_sequence(walk, 0x7fe0_0010, "OB", &items.concat())
}

pub(crate) fn uid(text: &str) -> Bytes {
    let mut value = text.as_bytes().to_vec();
    if value.len() % 2 == 1 {
        value.push(0);
    }
    value
}

/// The identifiers of [`object`], in order.
pub(crate) fn identifiers(walk: Walk) -> [Bytes; 4] {
    [
        element(walk, 0x0008_0016, "UI", &uid(CT_IMAGE)),
        element(walk, 0x0008_0018, "UI", &uid(INSTANCE)),
        element(walk, 0x0020_000d, "UI", &uid("1.2.3")),
        element(walk, 0x0020_000e, "UI", &uid("1.2.3.1")),
    ]
}

/// The rows of an image.
pub(crate) fn rows(walk: Walk) -> Bytes {
    element(walk, 0x0028_0010, "US", &half(walk, 512))
}
