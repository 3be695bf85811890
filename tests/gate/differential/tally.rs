//! What came of a batch: who has read what, and where readers differ.

use super::data_set::DataSet;
use super::readers::{Reader, Readings};
use super::structure::{Reading, Structure};
use std::collections::BTreeMap;

/// The reasons for which a reader may refuse what the gate passes: none of them hides anything.
const REFUSALS: [(Reader, &str); 10] = [
    // Only where it is tolerated: that is why `native-pixel-data` is a rule.
    (Reader::Dcmtk, "in compressed Transfer Syntax uses explicit length"),
    // US or SS, which only another element decides.
    (Reader::Pydicom, "AttributeError: Failed to resolve ambiguous VR"),
    (Reader::Pynetdicom, "AttributeError: Failed to resolve ambiguous VR"),
    // A character set whose VR says that it is a number, or with a NUL in its name.
    (Reader::Pydicom, "TypeError: expected string or bytes-like object, got 'int'"),
    (Reader::Pynetdicom, "TypeError: expected string or bytes-like object, got 'int'"),
    (Reader::Pydicom, "TypeError: 'int' object is not subscriptable"),
    (Reader::Pynetdicom, "TypeError: 'int' object is not subscriptable"),
    (Reader::Pydicom, "ValueError: embedded null character"),
    (Reader::Pynetdicom, "ValueError: embedded null character"),
    // An undefined length that its dictionary does not allow.
    (Reader::Dcmtk, "I/O suspension or premature end of stream"),
];

/// One in so many data sets may be refused by a reader.
const RARELY: usize = 20;

#[derive(Debug, Default)]
pub(super) struct Tally {
    compared: BTreeMap<Reader, usize>,
    refused: BTreeMap<(Reader, String), usize>,
    pub(super) differences: Vec<String>,
}

impl Tally {
    pub(super) fn add(
        &mut self,
        data_set: &DataSet,
        readings: &Readings,
        made: Option<&Structure>,
    ) {
        let mut first = made.map(|made| ("what was made".to_owned(), made));
        for (reader, reading) in readings {
            let reading = match reading {
                Ok(reading) => reading,
                Err(error) => {
                    *self.refused.entry((*reader, error.clone())).or_default() += 1;
                    continue;
                }
            };
            *self.compared.entry(*reader).or_default() += 1;
            self.identifiers(data_set, *reader, reading);
            if let Some(path) = reading.structure.undefined_value() {
                self.differ(data_set, &format!("{reader:?} looks for the end of {path} itself"));
            }
            let Some((name, first)) = &first else {
                first = Some((format!("{reader:?}"), &reading.structure));
                continue;
            };
            if let Some(difference) = first.difference(&reading.structure, data_set.syntax.walk()) {
                self.differ(data_set, &format!("{name} and {reader:?}: {difference}"));
            }
        }
    }

    /// What the object says of itself is what the command says.
    fn identifiers(&mut self, data_set: &DataSet, reader: Reader, reading: &Reading) {
        for (tag, named) in data_set.named() {
            let read = &reading.identifiers[&tag];
            if *read != named {
                self.differ(data_set, &format!("{reader:?} reads {tag} as {read:?}"));
            }
        }
    }

    fn differ(&mut self, data_set: &DataSet, how: &str) {
        self.differences.push(format!("{}: {how}: {}", data_set.name, data_set.hex()));
    }

    /// Nobody has read anything else, and nobody has refused much, or for an unknown reason.
    pub(super) fn assert_agreement(&self, batch: usize) {
        let some: Vec<_> = self.differences.iter().take(20).collect();
        assert!(some.is_empty(), "{} differences: {some:#?}", self.differences.len());
        for reader in Reader::ALL {
            let read = self.compared.get(&reader).copied().unwrap_or_default();
            assert!(
                read + batch / RARELY >= batch,
                "{reader:?} reads {read} of {batch}: {self:#?}"
            );
        }
        for (reader, why) in self.refused.keys() {
            let is_known = REFUSALS.iter().any(|(who, known)| who == reader && why.contains(known));
            assert!(is_known, "{reader:?} refuses: {why}");
        }
        // For the page about it: cargo shows it with --show-output.
        println!("{batch} data sets: read {:?}, refused {:?}", self.compared, self.refused);
    }
}
