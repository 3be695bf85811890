//! pydicom's own files as data sets.

use super::data_set::DataSet;
use crate::matrix::archives::files_under;
use crate::matrix::installed::sample_directory;
use pacsgate_core::transfer_syntax::TransferSyntax;
use pacsgate_core::wire::uid::Uid;
use std::path::Path;

/// Larger files show nothing more, but take their time.
const LARGEST: usize = 512 * 1024;
const SMALL: usize = 4096;

/// Those with file meta information in a transfer syntax that can be walked.
pub(super) fn all() -> Vec<DataSet> {
    let files = files_under(&sample_directory());
    let mut all: Vec<_> = files.iter().filter_map(|path| read(path)).collect();
    all.retain(|data_set| data_set.bytes.len() <= LARGEST);
    all
}

/// The small ones that pass.
pub(super) fn small() -> Vec<DataSet> {
    let mut small = all();
    small.retain(|data_set| data_set.bytes.len() <= SMALL && data_set.judge().is_ok());
    assert!(small.len() > 5);
    small
}

fn read(path: &Path) -> Option<DataSet> {
    let file = std::fs::read(path).unwrap();
    let (_, mut rest) = file.split_at_checked(132)?;
    let mut uids: [Option<Uid>; 3] = [None, None, None];
    // Explicit VR Little Endian, group 0002.
    while let [2, 0, element, _, a, b, c, d, tail @ ..] = rest {
        let (head, length) = if matches!([*a, *b], [b'O', b'B'] | [b'U', b'N']) {
            (4, u32::from_le_bytes(*tail.first_chunk()?))
        } else {
            (0, u32::from(u16::from_le_bytes([*c, *d])))
        };
        let (value, behind) = tail.get(head..)?.split_at_checked(length.try_into().unwrap())?;
        if let Some(place) = [0x02, 0x03, 0x10].iter().position(|known| known == element) {
            uids[place] = Uid::parse(value).ok();
        }
        rest = behind;
    }
    let [sop_class, sop_instance, syntax] = uids;
    Some(DataSet {
        name: path.file_name()?.to_str()?.to_owned(),
        syntax: TransferSyntax::find(&syntax?)?,
        sop_class: sop_class?.to_string(),
        sop_instance: sop_instance?.to_string(),
        bytes: rest.to_vec(),
    })
}
