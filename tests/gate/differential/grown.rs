//! Random data sets with everything that objects are made of.

use super::data_set::{CT_IMAGE, INSTANCE};
use super::random::Random;
use super::tree::{Item, Node, PIXEL_DATA};
use pacsgate_core::transfer_syntax::Walk;

/// Elements of the standard dictionary with their VRs, ascending; those of the top level that the
/// gate reads are not among them.
const LEAVES: [(u32, &str); 46] = [
    (0x0008_0000, "UL"),
    (0x0008_0005, "CS"),
    (0x0008_0012, "DA"),
    (0x0008_0013, "TM"),
    (0x0008_002a, "DT"),
    (0x0008_0054, "AE"),
    (0x0008_0070, "LO"),
    (0x0008_0119, "UC"),
    (0x0008_0120, "UR"),
    (0x0008_1030, "LO"),
    (0x0008_1195, "UI"),
    (0x0009_0010, "LO"),
    (0x0009_1001, "OB"),
    (0x0009_1002, "UN"),
    (0x0009_1003, "FD"),
    (0x000b_1001, "UN"),
    (0x0010_1010, "AS"),
    (0x0010_1030, "DS"),
    (0x0010_4000, "LT"),
    (0x0018_9461, "FL"),
    (0x0020_0032, "DS"),
    (0x0020_4000, "LT"),
    (0x0020_5000, "AT"),
    (0x0028_0009, "AT"),
    (ROWS, "US"),
    (0x0028_0106, "US"),
    (0x0028_1201, "OW"),
    (0x0029_0010, "LO"),
    (0x0029_1010, "OB"),
    (0x0029_1018, "CS"),
    (0x0040_0244, "DA"),
    (0x0040_a160, "UT"),
    (0x0040_a30a, "DS"),
    (0x0042_0011, "OB"),
    (0x0066_0016, "OF"),
    (0x0066_0022, "OD"),
    (0x0066_0040, "OL"),
    (0x0072_0082, "SV"),
    (0x0072_0083, "UV"),
    (0x2001_0010, "LO"),
    (0x2001_1003, "FL"),
    (0x5000_3000, "OW"),
    (0x6000_0010, "US"),
    (0x6000_3000, "OW"),
    (0x7fe0_0001, "OV"),
    (0xfffc_fffc, "OB"),
];

const ROWS: u32 = 0x0028_0010;

/// Sequences of the dictionary.
const SEQUENCES: [u32; 9] = [
    0x0008_1115,
    0x0008_1140,
    0x0008_2112,
    0x0028_3010,
    0x0040_0100,
    0x0040_a730,
    0x0070_0001,
    0x0088_0200,
    0x5200_9230,
];
/// Private elements that hold items: their creators are no vendor's.
const PRIVATE_SEQUENCES: [u32; 2] = [0x0009_1020, 0x0029_1120];
/// Private elements with their creators and blocks that vendors' dictionaries know as sequences.
const VENDORS: [(u32, &str, u32); 4] = [
    (0x2001_0010, "Philips Imaging DD 001", 0x2001_105f),
    (0x2005_0010, "Philips MR Imaging DD 001", 0x2005_1083),
    (0x0029_0011, "SIEMENS MEDCOM HEADER", 0x0029_1140),
    (0x0029_0011, "SIEMENS MEDCOM HEADER", 0x0029_1170),
];

const DEEPEST: usize = 3;

/// A sound object.
pub(super) fn object(random: &mut Random, walk: Walk) -> Vec<Node> {
    let mut elements = content(random, walk, 0);
    for (tag, value) in [
        (0x0008_0016, CT_IMAGE),
        (0x0008_0018, INSTANCE),
        (0x0020_000d, "1.2.3"),
        (0x0020_000e, "1.2.3.1"),
    ] {
        elements.push(Node::Leaf { tag, vr: "UI", value: padded(value, 0) });
    }
    if random.once_in(2) {
        elements.push(Node::Leaf { tag: 0x0010_0010, vr: "PN", value: b"Doe^Jane".to_vec() });
    }
    if walk == Walk::Encapsulated {
        elements.extend((!random.once_in(4)).then(|| fragments(random)));
    } else if random.once_in(2) {
        let value = even(random, 40);
        elements.push(Node::Leaf { tag: PIXEL_DATA, vr: "OW", value });
    }
    elements.sort_by_key(Node::tag);
    elements
}

fn content(random: &mut Random, walk: Walk, depth: usize) -> Vec<Node> {
    let mut elements: Vec<Node> = Vec::new();
    for _ in 0..random.below(6) {
        let (tag, vr) = random.pick(&LEAVES);
        // Rows are one number, in every item.
        let value = if tag == ROWS { random.bytes(2) } else { value(random, vr) };
        elements.push(Node::Leaf { tag, vr, value });
    }
    if depth > 0 && random.once_in(6) {
        // As in an icon; its pixel data may be native in every transfer syntax.
        elements.push(if walk == Walk::Encapsulated && random.once_in(2) {
            fragments(random)
        } else {
            Node::Leaf { tag: PIXEL_DATA, vr: "OW", value: even(random, 24) }
        });
    }
    let sequences = if depth < DEEPEST { random.below(3) } else { 0 };
    for _ in 0..sequences {
        elements.push(sequence(random, walk, depth));
    }
    if depth < DEEPEST && random.once_in(6) {
        elements.extend(vendors(random, walk, depth));
    }
    elements.sort_by_key(Node::tag);
    elements.dedup_by_key(|element| element.tag());
    elements
}

fn sequence(random: &mut Random, walk: Walk, depth: usize) -> Node {
    let is_private = random.once_in(4);
    let tag = random.pick(if is_private { &PRIVATE_SEQUENCES } else { &SEQUENCES });
    // In big endian a `UN` may not be open: pydicom reads on in big endian there.
    let may_be_unknown = matches!(walk, Walk::ExplicitLittle | Walk::Encapsulated);
    let vr = if may_be_unknown && random.once_in(5) { "UN" } else { "SQ" };
    // Without a VR, only an undefined length makes a sequence of a private element for everybody.
    let must_be_open = vr == "UN" || (is_private && walk == Walk::ImplicitLittle);
    let inside = if vr == "UN" { Walk::ImplicitLittle } else { walk };
    let is_open = must_be_open || random.once_in(2);
    Node::Sequence { tag, vr, is_open, items: items(random, inside, depth) }
}

fn items(random: &mut Random, walk: Walk, depth: usize) -> Vec<Item> {
    let item = |random: &mut Random| Item {
        is_open: random.once_in(2),
        elements: content(random, walk, depth + 1),
    };
    (0..random.below(4)).map(|_| item(random)).collect()
}

fn vendors(random: &mut Random, walk: Walk, depth: usize) -> [Node; 2] {
    let (creator, name, tag) = random.pick(&VENDORS);
    [
        Node::Leaf { tag: creator, vr: "LO", value: padded(name, b' ') },
        Node::Sequence { tag, vr: "SQ", is_open: true, items: items(random, walk, depth) },
    ]
}

fn fragments(random: &mut Random) -> Node {
    let table = random.below(3) * 4;
    let mut items = vec![vec![0; table]];
    for _ in 0..random.below(4) {
        // Half of them hold what would end the sequence.
        let end: &[u8] = if random.once_in(2) { b"\xfe\xff\xdd\xe0\0\0\0\0" } else { b"" };
        items.push([end, &even(random, 30)].concat());
    }
    Node::Fragments { items }
}

fn even(random: &mut Random, at_most: usize) -> Vec<u8> {
    let length = random.below(at_most / 2) * 2;
    random.bytes(length)
}

fn value(random: &mut Random, vr: &str) -> Vec<u8> {
    if random.once_in(8) {
        return Vec::new();
    }
    let many = random.below(3) + 1;
    match vr {
        "US" => random.bytes(2 * many),
        "UL" | "FL" | "AT" | "OF" | "OL" => random.bytes(4 * many),
        "FD" | "OD" | "OV" | "SV" | "UV" => random.bytes(8 * many),
        "OB" | "OW" | "UN" => even(random, 24),
        "UI" => random.pick(&[&b"1.2.840.10008.1.1\0"[..], b"2.25.77\0", b"1.2\\1.3\0"]).to_vec(),
        "DA" => b"20080724".to_vec(),
        "TM" => b"101112".to_vec(),
        "DT" => b"20080724101112".to_vec(),
        "AS" => b"042Y".to_vec(),
        "DS" => random.pick(&[&b"1.5 "[..], b"1.5\\-2e1", b"0 "]).to_vec(),
        "CS" => b"ISO_IR 100".to_vec(),
        _ => {
            let length = random.below(12) * 2;
            random.text(b"ABC abc019^=.\\", length)
        }
    }
}

fn padded(text: &str, padding: u8) -> Vec<u8> {
    let mut value = text.as_bytes().to_vec();
    if value.len() % 2 == 1 {
        value.push(padding);
    }
    value
}
