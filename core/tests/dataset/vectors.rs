//! The files in `tests/vectors/dataset`: for each error a data set that yields exactly it.
//!
//! `cargo test -p pacsgate-core --test dataset -- --ignored write_the_vectors` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pacsgate_core::inspector::dataset::{DataSetError as E, Purpose};
use pacsgate_core::transfer_syntax::Walk;

use crate::build::*;

/// A million elements are no file to keep; the memory for repetitions needs a tolerant peer.
const WITHOUT_FILE: [&str; 2] = ["too-many-elements", "unsorted-elements"];

#[test]
fn each_error_has_a_vector() {
    let made = refused().into_iter().map(|(error, ..)| error.code());
    let made: BTreeSet<_> = made.chain(WITHOUT_FILE).collect();
    assert_eq!(made, E::ALL.iter().map(|error| error.code()).collect());
}

#[test]
fn the_committed_files_are_the_vectors_and_get_their_verdict() {
    let entries = fs::read_dir(root()).unwrap();
    let committed = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let vectors = vectors();
    assert_eq!(committed.collect::<BTreeSet<_>>(), vectors.keys().cloned().collect());
    for (name, (error, walk, purpose, bytes)) in vectors {
        let file = read(&name);
        assert!(file == bytes, "{name} is not what is made here");
        assert_eq!(judge(walk, &purpose, STRICT, &file).err(), error, "{name}");
    }
}

#[test]
#[ignore = "writes files"]
fn write_the_vectors() {
    fs::create_dir_all(root()).unwrap();
    for (name, (.., bytes)) in vectors() {
        fs::write(root().join(name), bytes).unwrap();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/dataset")
}

#[expect(clippy::disallowed_methods, reason = "core reads no file, its tests do")]
fn read(name: &str) -> Bytes {
    fs::read(root().join(name)).unwrap()
}

type Vector = (Option<E>, Walk, Purpose, Bytes);

fn vectors() -> BTreeMap<String, Vector> {
    let refused = refused().into_iter().map(|(error, walk, purpose, bytes)| {
        (name(error.code(), walk, &purpose), (Some(error), walk, purpose, bytes))
    });
    let sound = EVERY_WALK.map(|walk| {
        let bytes = [identifiers(walk).concat(), rows(walk)].concat();
        (name("sound", walk, &object()), (None, walk, object(), bytes))
    });
    refused.chain(sound).collect()
}

fn name(code: &str, walk: Walk, purpose: &Purpose) -> String {
    let syntax = match walk {
        Walk::ImplicitLittle => "implicit",
        Walk::ExplicitLittle => "explicit",
        Walk::ExplicitBig => "big",
        Walk::Encapsulated => "encapsulated",
    };
    let purpose = match purpose {
        Purpose::Object { .. } => "object",
        Purpose::Query => "query",
        Purpose::Attributes => "attributes",
    };
    format!("{code}-{syntax}-{purpose}.bin")
}

fn refused() -> Vec<(E, Walk, Purpose, Bytes)> {
    let everywhere = EVERY_WALK.into_iter().flat_map(|walk| {
        let structure = structure(walk).into_iter().map(|(e, b)| (e, Purpose::Attributes, b));
        let objects = objects(walk).into_iter().map(|(e, b)| (e, object(), b));
        let query = element(walk, 0x0020_000d, "UI", b"../1");
        let query = (E::UidCharacters(t(0x0020_000d)), Purpose::Query, query);
        let all: Vec<_> = structure.chain(objects).chain([query]).collect();
        all.into_iter().map(move |(error, purpose, bytes)| (error, walk, purpose, bytes))
    });
    let explicit = EXPLICIT.into_iter().flat_map(|walk| {
        explicit(walk).into_iter().map(move |(e, purpose, b)| (e, walk, purpose, b))
    });
    everywhere.chain(explicit).chain(single()).collect()
}

fn structure(walk: Walk) -> Vec<(E, Bytes)> {
    let deep = (0..33).fold(Vec::new(), |inner, _| sequence(walk, SEQUENCE, &item(walk, &inner)));
    let name = element(walk, 0x0010_0010, "PN", b"A^B ");
    let long = [mark(walk, ITEM, 4), vec![0; 2]].concat();
    let delimiter = [header(walk, SEQUENCE, "SQ", UNDEFINED), mark(walk, SEQUENCE_END, 8)];
    vec![
        (E::Depth, deep),
        (E::Cut, header(walk, 0x0028_0010, "US", 2)),
        (E::Overrun(t(ITEM)), sequence(walk, SEQUENCE, &long)),
        (E::NotAnItem(t(0x0028_0010)), sequence(walk, SEQUENCE, &rows(walk))),
        (E::Misplaced(t(ITEM)), item(walk, &[])),
        (E::DelimiterLength(t(SEQUENCE_END)), delimiter.concat()),
        (E::OddLength(t(0x0010_4000)), element(walk, 0x0010_4000, "LT", b"abc")),
        (E::Order(t(0x0010_0010)), [rows(walk), name].concat()),
        (E::Duplicate(t(0x0028_0010)), [rows(walk), rows(walk)].concat()),
        (E::Group(t(0x0002_0010)), element(walk, 0x0002_0010, "UI", b"1.2\0")),
        (E::Path(t(0x0010_0020)), element(walk, 0x0010_0020, "LO", b"../x")),
        (E::TooLong(t(0x0010_0020)), element(walk, 0x0010_0020, "LO", &[b'x'; 1026])),
    ]
}

fn objects(walk: Walk) -> Vec<(E, Bytes)> {
    let [class, instance, study, series] = identifiers(walk);
    let other = element(walk, 0x0008_0018, "UI", b"1.2.9\0");
    let two = element(walk, 0x0020_000d, "UI", b"1.2\\1.3\0");
    vec![
        (E::Missing(t(0x0008_0018)), [&class[..], &study, &series].concat()),
        (E::Mismatch(t(0x0008_0018)), [&class[..], &other, &study, &series].concat()),
        (E::Identifier(t(0x0020_000d)), [&class[..], &instance, &two, &series].concat()),
    ]
}

fn explicit(walk: Walk) -> Vec<(E, Purpose, Bytes)> {
    let mut reserved = element(walk, 0x0042_0011, "OB", &[1, 2]);
    reserved[6] = 1;
    let attributes = Purpose::Attributes;
    vec![
        (E::UnknownVr(t(0x0010_0010)), attributes.clone(), element(walk, 0x0010_0010, "lo", b"ab")),
        (
            E::SequenceVr(t(0x0040_0100)),
            attributes.clone(),
            element(walk, 0x0040_0100, "LO", b"abcd"),
        ),
        (E::ReservedBytes(t(0x0042_0011)), attributes.clone(), reserved),
        (
            E::UndefinedLength(t(0x0009_1010)),
            attributes,
            header(walk, 0x0009_1010, "UT", UNDEFINED),
        ),
        (E::IdentifierVr(t(0x0008_0016)), object(), element(walk, 0x0008_0016, "UN", b"1.2\0")),
    ]
}

fn single() -> Vec<(E, Walk, Purpose, Bytes)> {
    let (implicit, encapsulated) = (Walk::ImplicitLittle, Walk::Encapsulated);
    let mistakable = element(implicit, 0x0009_1010, "", &vec![b'x'; 0x4f4c]);
    let open =
        [header(encapsulated, 0x7fe0_0010, "OB", UNDEFINED), mark(encapsulated, ITEM, UNDEFINED)];
    let native = element(encapsulated, 0x7fe0_0010, "OB", &[0; 8]);
    let wrapped = open_sequence(implicit, 0x7fe0_0010, "OB", &item(implicit, &[]));
    [
        (E::Mistakable(t(0x0009_1010)), implicit, mistakable),
        (E::Encapsulated, implicit, wrapped),
        (E::Native, encapsulated, native),
        (E::FragmentLength, encapsulated, open.concat()),
        (E::OffsetTable, encapsulated, fragments(&[&[1, 2]])),
    ]
    .map(|(error, walk, bytes)| (error, walk, Purpose::Attributes, bytes))
    .into()
}
