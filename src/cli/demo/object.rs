//! A small object to store, and objects as files (PS3.10 section 7).

use crate::cli::client::association::{IMPLEMENTATION, IMPLICIT_VR_LITTLE_ENDIAN, Object};

/// Secondary Capture Image Storage.
pub(super) const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7";
const INSTANCE: &str = "2.25.215209127308635094900422818610188825296";
const STUDY: &str = "2.25.171350159803400845668391027989534644231";
const SERIES: &str = "2.25.90957347200768688535764906852787580818";

const SIDE: u16 = 16;

/// A grey square of nobody, in Implicit VR Little Endian.
pub(super) fn sample_data_set() -> Vec<u8> {
    let number = |value: u16| value.to_le_bytes().to_vec();
    let text = |value: &str| padded(value, b' ');
    let pixels = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x * y).to_le_bytes()[0]));
    let elements: [(u16, u16, Vec<u8>); 24] = [
        (0x0008, 0x0016, padded(SECONDARY_CAPTURE, 0)),
        (0x0008, 0x0018, padded(INSTANCE, 0)),
        (0x0008, 0x0020, Vec::new()),
        (0x0008, 0x0030, Vec::new()),
        (0x0008, 0x0050, Vec::new()),
        (0x0008, 0x0060, text("OT")),
        (0x0008, 0x0064, text("SYN")),
        (0x0008, 0x0090, Vec::new()),
        (0x0010, 0x0010, text("DEMO^NOBODY")),
        (0x0010, 0x0020, text("DEMO")),
        (0x0010, 0x0030, Vec::new()),
        (0x0010, 0x0040, Vec::new()),
        (0x0020, 0x000d, padded(STUDY, 0)),
        (0x0020, 0x000e, padded(SERIES, 0)),
        (0x0020, 0x0010, Vec::new()),
        (0x0020, 0x0013, text("1")),
        (0x0028, 0x0002, number(1)),
        (0x0028, 0x0004, text("MONOCHROME2")),
        (0x0028, 0x0010, number(SIDE)),
        (0x0028, 0x0011, number(SIDE)),
        (0x0028, 0x0100, number(8)),
        (0x0028, 0x0101, number(8)),
        (0x0028, 0x0102, number(7)),
        (0x0028, 0x0103, number(0)),
    ];
    let mut bytes = Vec::new();
    for (group, element, value) in elements {
        append(&mut bytes, group, element, &value);
    }
    append(&mut bytes, 0x7fe0, 0x0010, &pixels.collect::<Vec<u8>>());
    bytes
}

/// The sample with what C-STORE says of it.
pub(super) const fn sample(data_set: &[u8]) -> Object<'_> {
    Object { sop_class: SECONDARY_CAPTURE, instance: INSTANCE, data_set }
}

pub(super) fn sample_file() -> Vec<u8> {
    let data_set = sample_data_set();
    file(&sample(&data_set), IMPLICIT_VR_LITTLE_ENDIAN)
}

/// An object as a file: preamble, meta information in Explicit VR, data set.
pub(super) fn file(object: &Object<'_>, transfer_syntax: &str) -> Vec<u8> {
    let mut meta = Vec::new();
    // File Meta Information Version 0001H, the one with a long length field.
    meta.extend([2, 0, 1, 0, b'O', b'B', 0, 0, 2, 0, 0, 0, 0, 1]);
    meta_uid(&mut meta, 0x02, object.sop_class);
    meta_uid(&mut meta, 0x03, object.instance);
    meta_uid(&mut meta, 0x10, transfer_syntax);
    meta_uid(&mut meta, 0x12, IMPLEMENTATION);
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    bytes.extend([2, 0, 0, 0, b'U', b'L', 4, 0]);
    bytes.extend(u32::try_from(meta.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(meta);
    bytes.extend(object.data_set);
    bytes
}

fn meta_uid(out: &mut Vec<u8>, element: u8, uid: &str) {
    let value = padded(uid, 0);
    out.extend([2, 0, element, 0, b'U', b'I']);
    out.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(value);
}

fn append(out: &mut Vec<u8>, group: u16, element: u16, value: &[u8]) {
    out.extend(group.to_le_bytes());
    out.extend(element.to_le_bytes());
    out.extend(u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(value);
}

fn padded(text: &str, with: u8) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    if bytes.len() % 2 == 1 {
        bytes.push(with);
    }
    bytes
}
