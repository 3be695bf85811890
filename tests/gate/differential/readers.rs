//! Every reader at work on a batch of data sets.

use super::data_set::DataSet;
use super::dcmdump;
use super::structure::{Part, Reading, Structure};
use crate::matrix::installed::{python, run, script};
use crate::support::dcmtk::words;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reader {
    /// pydicom, from a file: it looks itself whether VRs are explicit.
    Pydicom,
    /// pynetdicom, from a network.
    Pynetdicom,
    Dcmtk,
}

impl Reader {
    pub(super) const ALL: [Self; 3] = [Self::Pydicom, Self::Pynetdicom, Self::Dcmtk];
}

/// What each of them says of one data set; an error is its reason to refuse it.
pub(super) type Readings = BTreeMap<Reader, Result<Reading, String>>;

/// Lets every reader read.
pub(super) fn read(batch: &[DataSet]) -> Vec<Readings> {
    let directory = TempDir::new().unwrap();
    let path = |number: usize| directory.path().join(format!("{number:06}.dcm"));
    let paths: Vec<PathBuf> = (0..batch.len()).map(path).collect();
    for (data_set, path) in batch.iter().zip(&paths) {
        std::fs::write(path, data_set.part_10()).unwrap();
    }
    let (mut pydicom, dcmtk) = std::thread::scope(|scope| {
        let dcmtk = scope.spawn(|| dcmdump::read(&paths));
        (in_python(directory.path()), dcmtk.join().unwrap())
    });
    let mut all = Vec::new();
    for (path, dcmtk) in paths.iter().zip(dcmtk) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut of = |how: &str| pydicom.remove(&(name.to_owned(), how.to_owned())).unwrap();
        all.push(BTreeMap::from([
            (Reader::Pydicom, of("file")),
            (Reader::Pynetdicom, of("network")),
            (Reader::Dcmtk, dcmtk),
        ]));
    }
    all
}

/// By file and by the way of reading.
fn in_python(directory: &Path) -> BTreeMap<(String, String), Result<Reading, String>> {
    let mut command = Command::new(python());
    command.arg(script("readers.py")).arg("data-sets").arg(directory);
    let output = run(&mut command);
    assert!(output.status.success(), "{}", words(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| answer(&serde_json::from_str(line).unwrap())).collect()
}

fn answer(line: &Value) -> ((String, String), Result<Reading, String>) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let key = (text(&line["file"]), text(&line["how"]));
    if let Some(error) = line.get("error") {
        return (key, Err(text(error)));
    }
    let mut structure = Structure::default();
    for part in line["elements"].as_array().unwrap() {
        let path = text(&part[0]);
        match part[1].as_str() {
            Some("item") => structure.put(&path, Part::Item),
            Some(_) => structure.put(&path, Part::Sequence),
            None => {
                let length = part[1].as_u64().map(|length| u32::try_from(length).unwrap());
                structure.value(&path, length, Some(text(&part[2])));
            }
        }
    }
    let identifiers = line["identifiers"].as_object().unwrap();
    let identifiers = identifiers.iter().map(|(tag, uid)| (tag.clone(), text(uid))).collect();
    (key, Ok(Reading { structure, identifiers }))
}
