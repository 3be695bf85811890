//! The files in `tests/vectors/dataset`: for each error a data set that yields exactly it.
//!
//! `cargo test -p pacsgate-core --test data_set -- --ignored write_the_vectors` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pacsgate_core::data_set::{DataSetError as E, Deviation, Deviations, Purpose};
use pacsgate_core::transfer_syntax::Walk;
use pacsgate_core::wire::title::AeTitle;

use crate::build::*;

#[test]
fn each_error_has_a_vector() {
    let made: BTreeSet<_> =
        vectors().values().filter_map(|vector| Some(vector.error?.code())).collect();
    // It takes several objects to reach a cap: `core/src/inspector/tests/quota.rs` has them.
    let is_cap = |error: &&E| matches!(error, E::ObjectsPerHour | E::ObjectsPerStudy);
    let others = E::ALL.iter().filter(|error| !is_cap(error));
    assert_eq!(made, others.map(|error| error.code()).collect());
}

#[test]
fn the_committed_files_are_the_vectors_and_get_their_verdict() {
    let entries = fs::read_dir(root()).unwrap();
    let committed = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let vectors = vectors();
    assert_eq!(committed.collect::<BTreeSet<_>>(), vectors.keys().cloned().collect());
    for (name, vector) in vectors {
        let file = read(&name);
        assert!(file == vector.file(), "{name} is not what is made here");
        assert_eq!(vector.judge(&file).err(), vector.error, "{name}");
    }
}

#[test]
fn what_tolerates_something_is_otherwise_sound() {
    for (name, vector) in vectors() {
        let Some(deviation) = vector.tolerated else { continue };
        let verdict = judge_cut(vector.walk, &vector.purpose, acceptor(), &[&vector.file()]);
        if vector.error == Some(E::OddWhole) {
            assert_eq!(verdict, Err(E::OddWhole), "whoever sends it");
        } else {
            assert!(verdict.is_ok_and(|met| times(&met, deviation) > 0), "{name}");
        }
    }
}

#[test]
#[ignore = "writes files"]
fn write_the_vectors() {
    fs::create_dir_all(root()).unwrap();
    for (name, vector) in vectors() {
        fs::write(root().join(name), vector.file()).unwrap();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/dataset")
}

#[expect(clippy::disallowed_methods, reason = "core reads no file, its tests do")]
fn read(name: &str) -> Bytes {
    fs::read(root().join(name)).unwrap()
}

struct Vector {
    error: Option<E>,
    walk: Walk,
    purpose: Purpose,
    tolerated: Option<Deviation>,
    content: Content,
}

enum Content {
    /// The data set.
    Bytes(Bytes),
    /// What it is made of, each part so many times.
    Repeated(Vec<(usize, Bytes)>),
}

impl Vector {
    fn of(error: Option<E>, walk: Walk, purpose: Purpose, bytes: Bytes) -> Self {
        Self { error, walk, purpose, tolerated: None, content: Content::Bytes(bytes) }
    }

    fn name(&self) -> String {
        let code = self.error.map_or("sound", |error| error.code());
        let syntax = match self.walk {
            Walk::ImplicitLittle => "implicit",
            Walk::ExplicitLittle => "explicit",
            Walk::ExplicitBig => "big",
            Walk::Encapsulated => "encapsulated",
        };
        let purpose = match self.purpose {
            Purpose::Object { .. } => "object",
            Purpose::Query => "query",
            Purpose::StepAction { .. } => "step",
            Purpose::Attributes => "attributes",
        };
        let tolerated =
            self.tolerated.map(|it| format!("-tolerating-{}", it.code())).unwrap_or_default();
        let ending = match self.content {
            Content::Bytes(_) => "bin",
            Content::Repeated(_) => "repeat",
        };
        format!("{code}-{syntax}-{purpose}{tolerated}.{ending}")
    }

    fn file(&self) -> Bytes {
        let line = |(times, bytes): &(usize, Bytes)| {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{times} {digits}\n")
        };
        match &self.content {
            Content::Bytes(bytes) => bytes.clone(),
            Content::Repeated(parts) => parts.iter().map(line).collect::<String>().into_bytes(),
        }
    }

    fn judge(&self, file: &[u8]) -> Result<Deviations, E> {
        let rules = self.tolerated.map_or(STRICT, tolerating);
        match self.content {
            Content::Bytes(_) => judge(self.walk, &self.purpose, rules, file),
            // Byte by byte would take too long.
            Content::Repeated(_) => judge_cut(self.walk, &self.purpose, rules, &[&repeated(file)]),
        }
    }
}

/// Reads a file of numbers and hexadecimal digits.
fn repeated(file: &[u8]) -> Bytes {
    let part = |line: &str| {
        let (times, digits) = line.split_once(' ').unwrap();
        let byte = |at| u8::from_str_radix(digits.get(at..at + 2).unwrap(), 16).unwrap();
        let bytes: Bytes = (0..digits.len()).step_by(2).map(byte).collect();
        bytes.repeat(times.parse().unwrap())
    };
    str::from_utf8(file).unwrap().lines().flat_map(part).collect()
}

fn vectors() -> BTreeMap<String, Vector> {
    let refused = refused()
        .into_iter()
        .map(|(error, walk, purpose, bytes)| Vector::of(Some(error), walk, purpose, bytes));
    let sound = EVERY_WALK.map(|walk| {
        let bytes = [identifiers(walk).concat(), rows(walk)].concat();
        Vector::of(None, walk, object(), bytes)
    });
    let large = [too_many_elements(), too_wide(), too_many_creators()];
    let all = refused.chain(sound).chain(large).chain([unsorted_elements(), odd_whole()]);
    all.map(|vector| (vector.name(), vector)).collect()
}

/// A sequence and more items than may be, those included for which their bytes allow.
fn too_many_elements() -> Vector {
    let walk = Walk::ImplicitLittle;
    let parts =
        vec![(1, header(walk, SEQUENCE, "SQ", UNDEFINED)), (5_040_000, mark(walk, ITEM, 0))];
    let content = Content::Repeated(parts);
    Vector { content, ..Vector::of(Some(E::Elements), walk, object(), Vec::new()) }
}

/// One private element more than a level may have.
fn too_wide() -> Vector {
    let tags = (0..10_001).map(|number| 0x1001_1000 + number);
    wide(E::LevelElements, tags)
}

/// One private creator more than a level may have, each of a group of its own.
fn too_many_creators() -> Vector {
    let tags = (0..2_001).map(|number| 0x1001_0010 + ((2 * number) << 16));
    wide(E::PrivateCreators, tags)
}

fn wide(error: E, tags: impl Iterator<Item = u32>) -> Vector {
    let walk = Walk::ImplicitLittle;
    let bytes = tags.flat_map(|tag| element(walk, tag, "", &[])).collect();
    Vector::of(Some(error), walk, object(), bytes)
}

/// Two elements that descend, and one more than are held against each other.
fn unsorted_elements() -> Vector {
    let walk = Walk::ImplicitLittle;
    let empty = |tag| element(walk, tag, "", &[]);
    let ascending = (0..4096).flat_map(|number| empty(0x0009_1000 + number));
    let bytes = empty(0x0028_0010).into_iter().chain(ascending).collect();
    let tolerated = Some(Deviation::Order);
    Vector { tolerated, ..Vector::of(Some(E::Unsorted), walk, object(), bytes) }
}

/// A value of odd length at the end, and none beside it.
fn odd_whole() -> Vector {
    let walk = Walk::ExplicitLittle;
    let tolerated = Some(Deviation::OddLength);
    let bytes = element(walk, 0x0010_4000, "LT", b"abc");
    Vector { tolerated, ..Vector::of(Some(E::OddWhole), walk, Purpose::Attributes, bytes) }
}

fn refused() -> Vec<(E, Walk, Purpose, Bytes)> {
    let everywhere = EVERY_WALK.into_iter().flat_map(|walk| {
        let structure = structure(walk).into_iter().map(|(e, b)| (e, Purpose::Attributes, b));
        let objects = objects(walk).into_iter().map(|(e, b)| (e, object(), b));
        let query = element(walk, 0x0020_000d, "UI", b"../1");
        let query = (E::UidCharacters(t(0x0020_000d)), Purpose::Query, query);
        let receivers = [AeTitle::parse(b"CT1").unwrap()].into();
        let subscription = element(walk, 0x0074_1234, "AE", b"MR1 ");
        let step = (E::Receiver, Purpose::StepAction { receivers }, subscription);
        let all: Vec<_> = structure.chain(objects).chain([query, step]).collect();
        all.into_iter().map(move |(error, purpose, bytes)| (error, walk, purpose, bytes))
    });
    let explicit = EXPLICIT.into_iter().flat_map(|walk| {
        explicit(walk).into_iter().map(move |(e, purpose, b)| (e, walk, purpose, b))
    });
    let all = everywhere.chain(explicit).chain(single());
    all.chain(read_in_two_ways()).chain(queries()).collect()
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
        (E::Geometry(t(0x0028_0010)), element(walk, 0x0028_0010, "UL", &number(walk, 0x1_0000))),
        (E::ImageLength(t(0x0028_3006)), short_table(walk)),
        (E::Path(t(0x0010_0020)), element(walk, 0x0010_0020, "LO", b"../x")),
        (E::CharacterSet(t(0x0008_0005)), element(walk, 0x0008_0005, "CS", b"UTF-7 ")),
        (E::AttributesLength, header(walk, 0x0042_0011, "OB", 16 << 20)),
        (E::TooLong(t(0x0010_0020)), element(walk, 0x0010_0020, "LO", &[b'x'; 1026])),
    ]
}

/// A look-up table of four entries, and of 256 as it says.
fn short_table(walk: Walk) -> Bytes {
    let descriptor = [256, 0, 16].map(|number| half(walk, number)).concat();
    let table = element(walk, 0x0028_3006, "US", &[0; 8]);
    [element(walk, 0x0028_3002, "US", &descriptor), table].concat()
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

/// What one reader opens and another reads on behind, elements of its own choice.
fn read_in_two_ways() -> Vec<(E, Walk, Purpose, Bytes)> {
    let implicit = Walk::ImplicitLittle;
    let end = mark(implicit, SEQUENCE_END, 0);
    let hidden = [end.clone(), element(implicit, 0x0008_0018, "UI", b"6.6.6.6\0")].concat();
    let inside = open_item(implicit, &element(implicit, 0x0009_1010, "", &hidden));
    let undefined = |walk, tag, vr| {
        [identifiers(walk).concat(), header(walk, tag, vr, UNDEFINED), inside.clone(), end.clone()]
            .concat()
    };
    let text = 0x4008_0300;
    let unknown = 0x4009_1010;
    let private = element(implicit, 0x0009_1040, "", &hidden);
    let [class, instance, study, series] = identifiers(implicit);
    let behind_an_end = [class, instance, private, study, series].concat();
    let syntax = element(Walk::ExplicitBig, 0x0200_1000, "UI", b"1.2.840.10008.1.2\0");
    let file_meta = [syntax, identifiers(Walk::ExplicitBig).concat()].concat();
    [
        (E::UndefinedLength(t(text)), implicit, undefined(implicit, text, "")),
        (
            E::UndefinedLength(t(text)),
            Walk::ExplicitLittle,
            undefined(Walk::ExplicitLittle, text, "UN"),
        ),
        (
            E::UndefinedLength(t(unknown)),
            Walk::ExplicitBig,
            undefined(Walk::ExplicitBig, unknown, "UN"),
        ),
        (E::Group(t(0x0200_1000)), Walk::ExplicitBig, file_meta),
        (E::NotAnItem(t(SEQUENCE_END)), implicit, behind_an_end),
    ]
    .map(|(error, walk, bytes)| (error, walk, object(), bytes))
    .into()
}

fn queries() -> [(E, Walk, Purpose, Bytes); 8] {
    let (implicit, explicit) = (Walk::ImplicitLittle, Walk::ExplicitLittle);
    let escaped = element(implicit, 0x0010_0020, "", b".\x1b(B./x ");
    let pattern =
        |walk, tag| (E::Wildcards(t(tag)), walk, element(walk, tag, "LO", b"*a*a*a*a*a*a*b"));
    // The first byte too many counts half, as the second of a letter, or whole.
    let letters = [&b"\x1b$B"[..], &b"%*".repeat(6), b"\x1b(B*a"].concat();
    let letters = element(Walk::ExplicitBig, 0x0010_0010, "PN", &letters);
    let keys: Bytes =
        (0..4097).flat_map(|number| element(explicit, 0x0009_1000 + number, "LO", &[])).collect();
    [
        (E::Path(t(0x0010_0020)), implicit, escaped),
        (E::SequenceVr(t(SEQUENCE)), explicit, element(explicit, SEQUENCE, "UN", b"")),
        (E::IdentifierLength, implicit, header(implicit, 0x0008_1030, "", 1 << 20)),
        (E::IdentifierLength, explicit, header(explicit, 0x0042_0011, "OB", 1 << 20)),
        (E::ItemElements, explicit, keys),
        pattern(implicit, 0x0010_0010),
        pattern(explicit, 0x0008_1030),
        (E::Wildcards(t(0x0010_0010)), Walk::ExplicitBig, letters),
    ]
    .map(|(error, walk, bytes)| (error, walk, Purpose::Query, bytes))
}
