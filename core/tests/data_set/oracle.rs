//! An independent library reads what was written, and all that the walker lets pass.

use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_parser::dataset::read::{DataSetReaderOptions, ValueReadStrategy};
use dicom_parser::dataset::{DataSetReader, DataToken};
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use pacsgate_core::transfer_syntax::Walk;
use proptest::prelude::*;

use crate::build::*;
use crate::properties::with_changes;
use crate::sound::{Content, Element, Item, sound, wrapped, written};

const MANIFEST: &str = include_str!("../../Cargo.toml");

/// What a reader meets one after the other.
#[derive(Debug, PartialEq, Eq)]
enum Met {
    Element(u32),
    Value(Bytes),
    Sequence(u32),
    Fragments,
    Item,
    Table(Vec<u32>),
    Fragment(Bytes),
    ItemEnd,
    End,
}

proptest! {
    #[test]
    fn an_independent_library_reads_the_structure_that_was_written((walk, content) in sound()) {
        let content = readable(walk, &content);
        let bytes = written(walk, &content);
        prop_assert!(judge_attributes(walk, &bytes).is_ok());
        let mut expected = Vec::new();
        expect(walk, &content, &mut expected);
        prop_assert_eq!(read(walk, &bytes).unwrap(), expected);
    }

    #[test]
    fn an_independent_library_reads_whatever_passes((walk, bytes) in damaged()) {
        if judge_attributes(walk, &bytes).is_ok() && !has_open_unknown(walk, &bytes) {
            let met = read(walk, &bytes);
            prop_assert!(met.is_ok(), "{:?}: {:02x?}", met, bytes);
            // It takes a missing end for an end.
            let open = met.iter().flatten().fold(0_i32, |open, it| match it {
                Met::Sequence(_) | Met::Fragments | Met::Item => open + 1,
                Met::ItemEnd | Met::End => open - 1,
                Met::Element(_) | Met::Value(_) | Met::Table(_) | Met::Fragment(_) => open,
            });
            prop_assert_eq!(open, 0);
        }
    }
}

/// It allocates and recurses without bounds, so no byte of a peer may come to it.
#[test]
fn the_library_serves_tests_only() {
    let (_, dependencies) = MANIFEST.split_once("\n[dependencies]\n").unwrap();
    let (of_core, of_tests) = dependencies.split_once("\n[dev-dependencies]\n").unwrap();
    assert!(of_tests.contains("dicom-parser"));
    assert!(!of_core.contains("dicom"), "{of_core}");
}

/// Sound data sets in which up to two bytes were changed: many of them are still sound.
fn damaged() -> impl Strategy<Value = (Walk, Bytes)> {
    let readable = sound().prop_map(|(walk, content)| {
        let content = readable(walk, &content);
        (walk, written(walk, &content))
    });
    with_changes(readable, 0..3)
}

/// The library reads the items of `UN` of undefined length in the encoding around it, against
/// PS3.5 section 6.2.2; so they are compared where that is Implicit VR.
fn readable(walk: Walk, content: &Content) -> Content {
    let is_implicit = walk == Walk::ImplicitLittle;
    let kept = content.iter().filter(|(_, it)| is_implicit || !matches!(it, Element::Unknown(_)));
    let items = |items: &[Item]| {
        let inside = |it: &Item| Item { content: readable(walk, &it.content), ..*it };
        items.iter().map(inside).collect()
    };
    let inside = |it: &Element| match it {
        Element::Sequence { is_open, items: those } => {
            Element::Sequence { is_open: *is_open, items: items(those) }
        }
        Element::Value(..) | Element::Wrapped(_) | Element::Unknown(_) | Element::Fragments(..) => {
            it.clone()
        }
    };
    kept.map(|(tag, it)| (*tag, inside(it))).collect()
}

/// Whether the damage has made such a `UN`, in which the library would find lengths of its own.
fn has_open_unknown(walk: Walk, bytes: &[u8]) -> bool {
    let header = b"UN\0\0\xff\xff\xff\xff";
    walk != Walk::ImplicitLittle && bytes.windows(header.len()).any(|it| it == header)
}

fn expect(walk: Walk, content: &Content, met: &mut Vec<Met>) {
    for (tag, element) in content {
        match element {
            Element::Value(_, value) => {
                met.extend([Met::Element(*tag), Met::Value(value.clone())]);
            }
            Element::Wrapped(inside) => {
                met.extend([Met::Element(*tag), Met::Value(wrapped(walk, *inside))]);
            }
            Element::Sequence { items, .. } | Element::Unknown(items) => {
                met.push(Met::Sequence(*tag));
                for item in items {
                    met.push(Met::Item);
                    expect(walk, &item.content, met);
                    met.push(Met::ItemEnd);
                }
                met.push(Met::End);
            }
            Element::Fragments(table, fragments) => {
                met.extend([Met::Fragments, Met::Item]);
                met.extend((!table.is_empty()).then(|| Met::Table(table.clone())));
                met.push(Met::ItemEnd);
                for fragment in fragments {
                    met.push(Met::Item);
                    met.extend((!fragment.is_empty()).then(|| Met::Fragment(fragment.clone())));
                    met.push(Met::ItemEnd);
                }
                met.push(Met::End);
            }
        }
    }
}

fn read(walk: Walk, bytes: &[u8]) -> Result<Vec<Met>, String> {
    let uid = match walk {
        Walk::ImplicitLittle => "1.2.840.10008.1.2",
        Walk::ExplicitLittle => "1.2.840.10008.1.2.1",
        Walk::ExplicitBig => "1.2.840.10008.1.2.2",
        Walk::Encapsulated => "1.2.840.10008.1.2.5",
    };
    let syntax = TransferSyntaxRegistry.get(uid).unwrap();
    let options = DataSetReaderOptions::default().value_read(ValueReadStrategy::Raw);
    let reader = DataSetReader::new_with_ts_options(bytes, syntax, options).unwrap();
    reader.map(|token| token.map(met).map_err(|error| error.to_string())).collect()
}

fn met(token: DataToken) -> Met {
    let number = |tag: dicom_core::Tag| u32::from(tag.group()) << 16 | u32::from(tag.element());
    match token {
        DataToken::ElementHeader(header) => Met::Element(number(header.tag)),
        DataToken::PrimitiveValue(value) => Met::Value(value.to_bytes().into_owned()),
        DataToken::SequenceStart { tag, .. } => Met::Sequence(number(tag)),
        DataToken::PixelSequenceStart => Met::Fragments,
        DataToken::SequenceEnd => Met::End,
        DataToken::ItemStart { .. } => Met::Item,
        DataToken::ItemEnd => Met::ItemEnd,
        DataToken::ItemValue(value) => Met::Fragment(value),
        DataToken::OffsetTable(table) => Met::Table(table),
    }
}
