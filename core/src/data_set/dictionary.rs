//! What the dictionary of PS3.6 says of a tag.

use super::Tag;

/// What a standard tag holds, as far as the walk depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// A sequence.
    Sequence,
    /// Bytes or words that may look like anything, an item tag included.
    Bulk,
    /// Text, numbers, or nothing that the dictionary knows.
    Other,
}

impl Known {
    pub(super) fn find(tag: Tag) -> Self {
        match vr_of(tag).as_ref() {
            Some(b"SQ") => Self::Sequence,
            Some(b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"Ox" | b"Lt") => Self::Bulk,
            Some(_) | None => Self::Other,
        }
    }

    /// Whether the dictionary has SQ for it.
    pub(super) fn is_sequence(tag: Tag) -> bool {
        vr_of(tag) == Some(*b"SQ")
    }
}

/// The VR of a tag, or what stands for those of which its context chooses one: `Xs` for US and SS,
/// `Ox` for OB and OW, `Lt` for US, SS and OW.
pub(super) fn vr_of(tag: Tag) -> Option<[u8; 2]> {
    // They are not in the dictionary.
    if tag.is_private() {
        return None;
    }
    let (exact, first) = (tag.value(), first_of_range(tag));
    match find(exact) {
        None if first != exact => find(first),
        found => found,
    }
}

fn find(tag: u32) -> Option<[u8; 2]> {
    let mut slot = first_slot(tag);
    loop {
        let entry = TABLE.get(slot)?;
        if entry.tag == tag {
            return Some(entry.vr);
        }
        if entry.tag == EMPTY.tag {
            return None;
        }
        slot = (slot + 1) % SLOTS;
    }
}

/// Whether an element has these letters for a VR, though the dictionary knows another one; UN stands
/// for any (PS3.5 section 6.2.2).
pub(super) const fn is_foreign(known: [u8; 2], letters: [u8; 2]) -> bool {
    match (&known, &letters) {
        (_, b"UN") | (b"Xs" | b"Lt", b"US" | b"SS") | (b"Ox", b"OB" | b"OW") | (b"Lt", b"OW") => {
            false
        }
        ([a, b], [c, d]) => *a != *c || *b != *d,
    }
}

/// The tag that stands for it and others: 50xx, 60xx and 7Fxx for the even groups of their range,
/// and one element for all of (0020,31xx) (PS3.5 section 7.6, PS3.6 chapter 6).
const fn first_of_range(tag: Tag) -> u32 {
    match (tag.group() >> 8, tag.value() >> 8) {
        (0x50 | 0x60 | 0x7f, _) => tag.value() & 0xff00_ffff,
        (_, 0x2031) => tag.value() & 0xffff_ff00,
        _ => tag.value(),
    }
}

/// The dictionary, retired elements included, a line for each: tag, VR, sorted. A test holds it
/// against an independent one, and another one writes it.
const LINES: &[u8] = include_bytes!("dictionary.txt");
/// Eight digits, a space, two letters and the end.
const LINE: usize = 12;
const ENTRIES: usize = LINES.len() / LINE;

/// A tag and its VR, where the tag's hash says or behind it: each element of a data set is looked up,
/// and so costs one line of the cache.
static TABLE: [Entry; SLOTS] = table();
/// Five for three entries.
const SLOTS: usize = 8192;

#[derive(Clone, Copy)]
struct Entry {
    tag: u32,
    vr: [u8; 2],
}

/// Its tag is a command's.
const EMPTY: Entry = Entry { tag: 0, vr: [0; 2] };

/// The upper bits of a product with the golden ratio, in which neighbours lie apart.
const fn first_slot(tag: u32) -> usize {
    tag.wrapping_mul(0x9e37_79b1) as usize >> (u32::BITS - SLOTS.ilog2())
}

#[expect(clippy::indexing_slicing, reason = "the compiler computes this once, or fails")]
const fn table() -> [Entry; SLOTS] {
    let mut table = [EMPTY; SLOTS];
    let mut at = 0;
    while at < ENTRIES {
        let entry = entry(at);
        let mut slot = first_slot(entry.tag);
        while table[slot].tag != EMPTY.tag {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = entry;
        at += 1;
    }
    table
}

/// That of a line.
#[expect(clippy::indexing_slicing, reason = "the compiler computes this once, or fails")]
const fn entry(at: usize) -> Entry {
    let begin = at * LINE;
    let (mut tag, mut place) = (0, begin);
    while place < begin + 8 {
        let digit = LINES[place];
        let value = if digit <= b'9' { digit - b'0' } else { digit - b'a' + 10 };
        tag = tag << 4 | value as u32;
        place += 1;
    }
    Entry { tag, vr: [LINES[begin + 9], LINES[begin + 10]] }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry, TagRange, VirtualVr};
    use dicom_core::{Tag as KnownTag, VR};
    use dicom_dictionary_std::StandardDataDictionary;

    use super::*;

    /// What an independent dictionary knows of a tag, lengths of groups left out.
    fn independent(tag: Tag) -> Option<[u8; 2]> {
        let entry = StandardDataDictionary.by_tag(KnownTag(tag.group(), tag.element()))?;
        let is_element = !matches!(entry.tag_range(), TagRange::GroupLength);
        is_element.then(|| match entry.vr() {
            VirtualVr::Exact(vr) => vr.to_bytes(),
            VirtualVr::Xs => *b"Xs",
            VirtualVr::Ox | VirtualVr::Px => *b"Ox",
            VirtualVr::Lt => *b"Lt",
            other => panic!("{tag} may be {other:?}"),
        })
    }

    fn tags() -> impl Iterator<Item = u32> {
        (0..ENTRIES).map(|at| entry(at).tag)
    }

    /// Every group that the dictionary has, repeating ones by two of their groups.
    fn groups() -> BTreeSet<u16> {
        let groups = tags().map(|tag| u16::try_from(tag >> 16).unwrap());
        groups.chain([0x5004, 0x60fe, 0x7f02]).collect()
    }

    #[test]
    fn agrees_with_an_independent_dictionary_on_every_tag_of_its_groups() {
        for group in groups() {
            for element in 0..=u16::MAX {
                let tag = Tag::new(group, element);
                assert_eq!(vr_of(tag), independent(tag), "{tag}");
            }
        }
    }

    #[test]
    fn is_a_sorted_table_of_whole_lines() {
        assert!(tags().is_sorted_by(|one, next| one < next));
        let is_line = |line: &[u8]| line.get(8) == Some(&b' ') && line.last() == Some(&b'\n');
        assert!(LINES.chunks(LINE).all(is_line));
        assert_eq!(LINES.len() % LINE, 0);
    }

    #[test]
    fn knows_what_begins_as_an_item_may() {
        for (group, element, known) in [
            (0x0008, 0x1140, Known::Sequence),
            (0x6002, 0x3000, Known::Bulk),
            (0x0028, 0x3006, Known::Bulk),
            (0x0010, 0x0010, Known::Other),
            (0x0009, 0x1140, Known::Other),
            (0x0008, 0xffff, Known::Other),
        ] {
            let tag = Tag::new(group, element);
            assert_eq!(Known::find(tag), known, "{tag}");
        }
    }

    #[test]
    fn takes_what_its_context_may_choose_and_unknown_for_no_foreign_vr() {
        let every = [VR::US, VR::SS, VR::OW, VR::OB, VR::UN, VR::UL, VR::LO].map(VR::to_bytes);
        let not_foreign = |known: [u8; 2]| {
            every.iter().filter(|&&vr| !is_foreign(known, vr)).copied().collect::<Vec<_>>()
        };
        assert_eq!(not_foreign(*b"Xs"), [*b"US", *b"SS", *b"UN"]);
        assert_eq!(not_foreign(*b"Ox"), [*b"OW", *b"OB", *b"UN"]);
        assert_eq!(not_foreign(*b"Lt"), [*b"US", *b"SS", *b"OW", *b"UN"]);
        assert_eq!(not_foreign(*b"LO"), [*b"UN", *b"LO"]);
    }
}
