//! Every message of PS3.7 with the elements that it may have, written in the ways of devices.

use super::random::Random;
use crate::support::associate::{COMMITMENT, CT, STUDY_FIND, STUDY_GET, STUDY_MOVE, VERIFICATION};
use crate::support::dimse::{self, INSTANCE};
use pacsgate_core::services::Operation;
use std::collections::BTreeMap;

const MPPS: &str = "1.2.840.10008.3.1.2.3.3";
const MPPS_RETRIEVE: &str = "1.2.840.10008.3.1.2.3.4";
const GRAYSCALE_PRINT: &str = "1.2.840.10008.5.1.1.9";
const FILM_SESSION: &str = "1.2.840.10008.5.1.1.1";
/// Where a C-MOVE may send objects.
pub(super) const DESTINATION: &str = "STORE_HERE";
/// Who says that it has others move objects.
pub(super) const MOVER: &str = "MOVER";

const NO_DATA_SET: u16 = 0x0101;
const PENDING: u16 = 0xff00;

/// A value of a command.
#[derive(Clone, Debug)]
enum Value {
    Uid(String),
    Title(&'static str),
    Number(u16),
    Tags(Vec<u32>),
    Text(&'static str),
}

/// A command with what its readers have to find.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) bytes: Vec<u8>,
    /// By tag, in the words of `dcmdump`, the group length excepted.
    pub(super) elements: BTreeMap<String, String>,
    pub(super) has_data_set: bool,
}

/// The SOP class of the context on which an operation is asked for, and the one that it names.
pub(super) const fn classes(operation: Operation) -> (&'static str, &'static str) {
    match operation {
        Operation::CStore => (CT, CT),
        Operation::CFind => (STUDY_FIND, STUDY_FIND),
        Operation::CMove => (STUDY_MOVE, STUDY_MOVE),
        Operation::CGet => (STUDY_GET, STUDY_GET),
        Operation::CEcho => (VERIFICATION, VERIFICATION),
        Operation::NEventReport | Operation::NAction => (COMMITMENT, COMMITMENT),
        Operation::NGet => (MPPS_RETRIEVE, MPPS_RETRIEVE),
        Operation::NSet | Operation::NCreate => (MPPS, MPPS),
        Operation::NDelete => (GRAYSCALE_PRINT, FILM_SESSION),
    }
}

/// A request; what it must not lack, and with luck the rest.
pub(super) fn request(random: &mut Random, operation: Operation, id: u16) -> Message {
    let class = Value::Uid(classes(operation).1.to_owned());
    let instance = Value::Uid(INSTANCE.to_owned());
    let number = |random: &mut Random| Value::Number(u16::from(random.byte()) << 8 | 7);
    let priority = Value::Number(u16::try_from(random.below(3)).unwrap());
    let mut must = vec![(0x0110, Value::Number(id))];
    let mut may = Vec::new();
    let mut has_data_set = true;
    match operation {
        Operation::CStore => {
            must.extend([(0x0002, class), (0x0700, priority), (0x1000, instance)]);
            may.extend([(0x1030, Value::Title(MOVER)), (0x1031, number(random))]);
        }
        Operation::CFind | Operation::CGet => must.extend([(0x0002, class), (0x0700, priority)]),
        Operation::CMove => {
            let destination = Value::Title(DESTINATION);
            must.extend([(0x0002, class), (0x0600, destination), (0x0700, priority)]);
        }
        Operation::CEcho => {
            must.push((0x0002, class));
            has_data_set = false;
        }
        Operation::NEventReport => {
            must.extend([(0x0002, class), (0x1000, instance), (0x1002, number(random))]);
        }
        Operation::NGet => {
            must.extend([(0x0003, class), (0x1001, instance)]);
            may.push((0x1005, Value::Tags(vec![0x0010_0010, 0x0040_0252])));
            has_data_set = false;
        }
        Operation::NSet => must.extend([(0x0003, class), (0x1001, instance)]),
        Operation::NAction => {
            must.extend([(0x0003, class), (0x1001, instance), (0x1008, number(random))]);
        }
        Operation::NCreate => {
            must.push((0x0002, class));
            may.push((0x1000, instance));
        }
        Operation::NDelete => {
            must.extend([(0x0003, class), (0x1001, instance)]);
            has_data_set = false;
        }
    }
    written(random, operation.command_field(), must, may, has_data_set)
}

/// A response.
pub(super) fn response(random: &mut Random, operation: Operation, id: u16) -> Message {
    let is_retrieval = matches!(operation, Operation::CGet | Operation::CMove);
    let goes_on = (is_retrieval || operation == Operation::CFind) && random.once_in(2);
    let status = if goes_on { PENDING } else { random.pick(&[0, 0x0110, 0xb000, 0xa700]) };
    let must = vec![(0x0120, Value::Number(id)), (0x0900, Value::Number(status))];
    let count = |random: &mut Random| Value::Number(u16::from(random.byte()));
    let mut may = vec![
        (0x0002, Value::Uid(classes(operation).1.to_owned())),
        (0x0901, Value::Tags(vec![0x0008_0018])),
        (0x0902, Value::Text("out of memory")),
        (0x0903, count(random)),
    ];
    if is_retrieval {
        may.extend([0x1020, 0x1021, 0x1022, 0x1023].map(|tag| (tag, count(random))));
    } else {
        may.push((0x1000, Value::Uid(INSTANCE.to_owned())));
    }
    if (operation as u8) >= (Operation::NEventReport as u8) {
        may.extend([(0x1002, count(random)), (0x1008, count(random))]);
        may.push((0x1005, Value::Tags(vec![0x0010_0010, 0x0010_0020, 0x0040_0252])));
    }
    let has_data_set = goes_on && operation == Operation::CFind;
    written(random, operation.command_field() | 0x8000, must, may, has_data_set)
}

/// The C-CANCEL of a request.
pub(super) fn cancel(random: &mut Random, id: u16) -> Message {
    written(random, 0x0fff, vec![(0x0120, Value::Number(id))], Vec::new(), false)
}

fn written(
    random: &mut Random,
    field: u16,
    must: Vec<(u16, Value)>,
    may: Vec<(u16, Value)>,
    has_data_set: bool,
) -> Message {
    let data_set_type = if has_data_set { random.pick(&[0, 1, 0x0102]) } else { NO_DATA_SET };
    let mut values = must;
    values.extend([(0x0100, Value::Number(field)), (0x0800, Value::Number(data_set_type))]);
    let mut elements: Vec<(u16, Vec<u8>)> = Vec::new();
    for (tag, value) in may {
        match random.below(3) {
            0 => values.push((tag, value)),
            // An optional element without a value says as much as none.
            1 => elements.push((tag, Vec::new())),
            _ => {}
        }
    }
    elements.extend(values.iter().map(|(tag, value)| (*tag, value.bytes(random))));
    elements.sort();
    let bytes: Vec<_> = elements.iter().map(|(tag, value)| dimse::element(*tag, value)).collect();
    let words = values.iter().map(|(tag, value)| (format!("0000{tag:04x}"), value.word()));
    Message { bytes: dimse::command(&bytes), elements: words.collect(), has_data_set }
}

impl Value {
    fn word(&self) -> String {
        match self {
            Self::Uid(uid) => uid.clone(),
            Self::Title(text) | Self::Text(text) => (*text).to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Tags(tags) => {
                let words =
                    tags.iter().map(|tag| format!("({:04x},{:04x})", tag >> 16, tag & 0xffff));
                words.collect::<Vec<_>>().join("\\")
            }
        }
    }

    /// As devices write it: UIDs with a NUL or a space at the end, titles in any field width.
    fn bytes(&self, random: &mut Random) -> Vec<u8> {
        match self {
            Self::Uid(uid) => even(uid.as_bytes(), random.pick(b"\0 ")),
            Self::Title(title) => {
                let lead = random.below(3);
                let mut field = [&vec![b' '; lead], title.as_bytes()].concat();
                field.resize(if random.once_in(2) { 16 } else { field.len() }, b' ');
                even(&field, random.pick(b"\0 "))
            }
            Self::Text(text) => even(text.as_bytes(), b' '),
            Self::Number(number) => number.to_le_bytes().to_vec(),
            Self::Tags(tags) => {
                let halves = tags.iter().flat_map(|tag| {
                    let [a, b, c, d] = tag.to_be_bytes();
                    [b, a, d, c]
                });
                halves.collect()
            }
        }
    }
}

fn even(value: &[u8], padding: u8) -> Vec<u8> {
    let mut value = value.to_vec();
    value.resize(value.len().next_multiple_of(2), padding);
    value
}
