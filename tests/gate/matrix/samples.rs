//! The sample objects of pydicom and pydicom-data arrive as by a direct store.

use super::archives::{Archive, Kind, files_under};
use super::front::{Front, Version};
use super::installed::{more_samples_directory, sample_directory};
use super::requestors::{Operation, Outcome, Requestor, Route, Task};
use crate::support::dcmtk::data_set;
use pacsgate_core::data_set::{DataSetError, Tag};
use pacsgate_core::transfer_syntax::{TransferSyntax, Walk};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// An object that the gate refuses, whatever the PACS would do with it.
pub(super) struct Exception {
    pub(super) file: &'static str,
    pub(super) transfer_syntax: &'static str,
    pub(super) why: &'static str,
}

/// The gate takes the transfer syntaxes out of a request that it cannot walk. No sample is in
/// another one of these.
pub(super) const NOT_WALKED: [Exception; 1] = [Exception {
    file: "image_dfl.dcm",
    transfer_syntax: "1.2.840.10008.1.2.1.99",
    why: "a deflated data set cannot be walked element by element",
}];

/// Samples that archives store and the gate does not.
pub(super) struct Unsound {
    /// The rule; its words are what the device is told.
    pub(super) error: DataSetError,
    pub(super) why: &'static str,
    pub(super) files: &'static [&'static str],
}

const SOP_CLASS: Tag = Tag::new(0x0008, 0x0016);
const SOP_INSTANCE: Tag = Tag::new(0x0008, 0x0018);
const STUDY: Tag = Tag::new(0x0020, 0x000d);

/// The samples whose data sets break a rule, among those that some archive stores.
#[rustfmt::skip]
pub(super) const UNSOUND: [Unsound; 8] = [
    Unsound {
        error: DataSetError::Mismatch(SOP_INSTANCE),
        why: "the sender takes the SOP Instance UID of the command from a file header that names \
              another object",
        files: &[
            "badVR.dcm", "chrJapMulti.dcm", "chrJapMultiExplicitIR6.dcm", "rtdose.dcm",
            "rtdose_1frame.dcm", "rtdose_expb.dcm", "rtdose_expb_1frame.dcm", "rtplan.dcm",
        ],
    },
    Unsound {
        error: DataSetError::Missing(SOP_CLASS),
        why: "no identifiers at all",
        files: &[
            "UN_sequence.dcm", "chrSQEncoding.dcm", "chrSQEncoding1.dcm",
            "no_meta_group_length.dcm", "priv_SQ.dcm",
        ],
    },
    Unsound {
        error: DataSetError::Missing(STUDY),
        why: "no study",
        files: &[
            "JPEGLSNearLossless_08.dcm", "JPEGLSNearLossless_16.dcm", "SC_rgb_jls_lossy_line.dcm",
            "SC_rgb_jls_lossy_sample.dcm",
        ],
    },
    Unsound {
        error: DataSetError::IdentifierVr(SOP_CLASS),
        why: "UIDs with the VR UN",
        files: &["explicit_VR-UN.dcm", "rtdose_rle.dcm", "rtdose_rle_1frame.dcm"],
    },
    Unsound {
        error: DataSetError::Mismatch(SOP_INSTANCE),
        why: "64 hexadecimal digits for a SOP Instance UID, and another one in the file header",
        files: &["bad_sequence.dcm"],
    },
    Unsound {
        error: DataSetError::Cut,
        why: "cut inside the pixel data",
        files: &["MR_truncated.dcm"],
    },
    Unsound {
        error: DataSetError::Cut,
        why: "pixel data fragments without a delimiter behind them",
        files: &["emri_small_jpeg_2k_lossless_too_short.dcm"],
    },
    Unsound {
        error: DataSetError::UnknownVr(Tag::new(0x0008, 0x0008)),
        why: "Implicit VR in an explicit transfer syntax",
        files: &["SC_rgb_jpeg.dcm"],
    },
];

/// How many encapsulated transfer syntaxes of the gate's list storescp takes.
pub(super) const ENCAPSULATED: usize = 17;

/// How many samples an archive stores directly, and so through the gate.
pub(super) const fn stored_samples(kind: Kind) -> usize {
    match kind {
        Kind::Storescp => 234,
        Kind::Dcmqrscp => 161,
        Kind::Orthanc => 210,
    }
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn samples_arrive_at_storescp_as_by_a_direct_store() {
    arrive_as_directly(Kind::Storescp);
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn samples_arrive_at_dcmqrscp_as_by_a_direct_store() {
    arrive_as_directly(Kind::Dcmqrscp);
}

#[test]
#[ignore = "needs Orthanc and pynetdicom: run tests/all"]
fn samples_arrive_at_orthanc_as_by_a_direct_store() {
    arrive_as_directly(Kind::Orthanc);
}

/// The samples are in eleven transfer syntaxes. In the others the pixel data are only carried,
/// never decoded, so one object serves under all their names.
#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn an_object_in_each_encapsulated_transfer_syntax_arrives_as_by_a_direct_store() {
    let directory = TempDir::new().unwrap();
    let template = data_set(&sample_directory().join("test_files/JPEG2000.dcm"));
    let encapsulated = TransferSyntax::all().filter(|it| it.walk() == Walk::Encapsulated);
    let files = encapsulated.map(|it| {
        let path = directory.path().join(it.uid());
        let instance = instance_of(it.uid());
        let object = with_identifiers(&template, ULTRASOUND_MULTI_FRAME, &instance);
        std::fs::write(&path, part_10(it.uid(), &instance, &object)).unwrap();
        path
    });
    assert_stored_as_directly(Kind::Storescp, &files.collect::<Vec<_>>(), ENCAPSULATED);
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn samples_that_cannot_be_walked_are_refused() {
    let archive = Archive::empty(Kind::Storescp);
    let front = Front::before(&archive);
    let files = samples().into_iter().filter(|path| is_not_walked(path)).collect();
    let answers = by_file(&store(files, &archive, Route::Gated(&front, Version::Tls13)));
    assert_eq!(answers.len(), NOT_WALKED.len());
    for exception in NOT_WALKED {
        let answer = answers.iter().find(|(file, _)| file.ends_with(exception.file)).unwrap().1;
        assert_eq!(answer["syntax"], exception.transfer_syntax);
        assert_eq!(answer["refused"], "1/1/1");
    }
    assert!(archive.stored().is_empty());
    let stopped = front.gate.stop();
    let count = u64::try_from(NOT_WALKED.len()).unwrap();
    assert_eq!(stopped.counted("refused", "no-permitted-service"), count);
}

fn arrive_as_directly(kind: Kind) {
    let files = samples().into_iter().filter(|path| !is_not_walked(path));
    assert_stored_as_directly(kind, &files.collect::<Vec<_>>(), stored_samples(kind));
}

/// The files of both packages; no two have one name.
fn samples() -> Vec<PathBuf> {
    [sample_directory(), more_samples_directory()].iter().flat_map(|it| files_under(it)).collect()
}

fn assert_stored_as_directly(kind: Kind, files: &[PathBuf], expected: usize) {
    let [direct, behind] = [Archive::empty(kind), Archive::empty(kind)];
    let front = Front::before(&behind);
    let [directly, gated] = std::thread::scope(|scope| {
        let directly = scope.spawn(|| store(files.to_vec(), &direct, Route::Direct));
        let gated = store(files.to_vec(), &behind, Route::Gated(&front, Version::Tls13));
        [directly.join().unwrap(), gated].map(|outcome| by_file(&outcome))
    });
    let stored: Vec<_> = directly.iter().filter(|(_, answer)| answer["status"] == 0).collect();
    let number = stored.len();
    let mut objects = direct.stored();
    let mut otherwise = Vec::new();
    for (file, answer) in stored {
        let told = &gated[file];
        let unsound = UNSOUND.iter().find(|it| it.files.iter().any(|name| is_named(file, name)));
        let is_expected = match unsound {
            None => told == answer,
            Some(it) => told["status"] == 0xc000 && told["comment"] == it.error.to_string(),
        };
        if !is_expected {
            otherwise.push(told);
        }
        if unsound.is_some() {
            let refused = behind_meta(Path::new(file));
            objects.retain(|object| *object != refused);
        }
    }
    assert!(otherwise.is_empty(), "other answers than expected: {otherwise:#?}");
    assert_eq!(number, expected, "stored directly; docs/peers.md says so, too");
    assert!(behind.stored() == objects, "other objects than by a direct store");
}

fn store(files: Vec<PathBuf>, archive: &Archive, route: Route<'_>) -> Outcome {
    let task = Task { files, ..Task::new(Operation::Store) };
    Requestor::Pynetdicom.run(&task, archive, route)
}

fn by_file(outcome: &Outcome) -> BTreeMap<String, Value> {
    let parse = |line: &String| {
        let answer: Value = serde_json::from_str(line).unwrap();
        (answer["file"].as_str().unwrap().to_owned(), answer)
    };
    outcome.told.iter().map(parse).collect()
}

fn is_named(file: &str, name: &str) -> bool {
    Path::new(file).ends_with(name)
}

fn is_not_walked(path: &Path) -> bool {
    NOT_WALKED.iter().any(|exception| path.ends_with(exception.file))
}

/// What stands behind the file meta information, which some samples have without its length.
fn behind_meta(path: &Path) -> Vec<u8> {
    let file = std::fs::read(path).unwrap();
    let mut rest = &file[132..];
    while let [2, 0, _, _, vr @ ..] = rest
        && let [a, b, c, d, e, f, g, h, ..] = *vr
    {
        let is_long = matches!([a, b], [b'O', b'B'] | [b'U', b'N']);
        let (head, length) = if is_long {
            (12, u32::from_le_bytes([e, f, g, h]))
        } else {
            (8, u32::from(u16::from_le_bytes([c, d])))
        };
        rest = &rest[head + usize::try_from(length).unwrap()..];
    }
    rest.to_vec()
}

const ULTRASOUND_MULTI_FRAME: &str = "1.2.840.10008.5.1.4.1.1.3.1";

/// Each syntax makes an instance of its own.
fn instance_of(transfer_syntax: &str) -> String {
    format!("2.25.{}", transfer_syntax.replace('.', ""))
}

/// An object in Explicit VR Little Endian with another SOP class and instance.
fn with_identifiers(object: &[u8], sop_class: &str, instance: &str) -> Vec<u8> {
    let mut changed = object.to_vec();
    for (element, uid) in [(0x16, sop_class), (0x18, instance)] {
        let tag = [8, 0, element, 0, b'U', b'I'];
        let at = changed.windows(tag.len()).position(|it| it == tag).unwrap();
        let length = usize::from(u16::from_le_bytes([changed[at + 6], changed[at + 7]]));
        let mut value = uid_element(element, uid);
        value[0] = 8;
        changed.splice(at..at + 8 + length, value);
    }
    changed
}

/// A file with this data set (PS3.10 section 7.1).
fn part_10(transfer_syntax: &str, instance: &str, data_set: &[u8]) -> Vec<u8> {
    let meta = [
        uid_element(0x02, ULTRASOUND_MULTI_FRAME),
        uid_element(0x03, instance),
        uid_element(0x10, transfer_syntax),
    ]
    .concat();
    let length = u32::try_from(meta.len()).unwrap().to_le_bytes();
    let head: [&[u8]; 4] = [&[0; 128], b"DICM", b"\x02\0\0\0UL\x04\0", &length];
    [&head.concat(), meta.as_slice(), data_set].concat()
}

fn uid_element(element: u8, uid: &str) -> Vec<u8> {
    let value = if uid.len().is_multiple_of(2) { uid.to_owned() } else { format!("{uid}\0") };
    let length = u16::try_from(value.len()).unwrap().to_le_bytes();
    [&[2, 0, element, 0, b'U', b'I'], length.as_slice(), value.as_bytes()].concat()
}
