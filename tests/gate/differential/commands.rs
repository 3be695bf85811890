//! Commands leave as each reader has to find them: one PDV in a PDU, and the values that were judged.

use super::messages::{self, DESTINATION, MOVER, Message};
use super::random::Random;
use super::{dcmdump, said};
use crate::matrix::installed::{python, run, script};
use crate::support::dcmtk::words;
use crate::support::dimse;
use crate::support::pdu::{COMMAND, DATA, LAST, p_data};
use dicom_ul::pdu::{PDataValueType, Pdu, read_pdu};
use pacsgate_core::inspector::{Context, Contexts, Grants, Maxima};
use pacsgate_core::inspector::{Inspector, Out};
use pacsgate_core::services::{Operation, Operations};
use pacsgate_core::side::{PerSide, Side};
use pacsgate_core::transfer_syntax::TransferSyntax;
use pacsgate_core::wire::associate::ContextId;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::process::Command;
use tempfile::TempDir;

const ROUNDS: u16 = 25;
/// What may be cancelled.
const CANCELLED: [Operation; 3] = [Operation::CFind, Operation::CGet, Operation::CMove];
const CONTEXT: u8 = 5;
const MAXIMUM: u32 = 16_384;

/// What pynetdicom reads of a command set.
#[derive(Deserialize)]
struct Read {
    message: String,
    elements: BTreeMap<String, String>,
}

/// A command as it came out of the gate.
struct Passed {
    /// pynetdicom's name of it.
    name: String,
    message: Message,
    bytes: Vec<u8>,
}

#[test]
#[ignore = "needs DCMTK and pynetdicom: run tests/all"]
fn commands_are_read_by_dicom_ul_pynetdicom_and_dcmtk_as_they_were_judged() {
    let all = passed();
    // A request and a response of every operation, and what is cancelled.
    let messages = Operation::ALL.len() * 2 + CANCELLED.len();
    assert_eq!(all.len(), messages * usize::from(ROUNDS));
    let directory = TempDir::new().unwrap();
    let paths: Vec<_> =
        (0..all.len()).map(|number| directory.path().join(format!("{number:04}"))).collect();
    for (passed, path) in all.iter().zip(&paths) {
        std::fs::write(path, &passed.bytes).unwrap();
    }
    let by_dcmtk = dcmdump::read_commands(&paths);
    let by_pynetdicom = by_pynetdicom(&all);
    assert_eq!((by_dcmtk.len(), by_pynetdicom.len()), (all.len(), all.len()));
    for ((passed, by_dcmtk), by_pynetdicom) in all.iter().zip(by_dcmtk).zip(by_pynetdicom) {
        let expected = passed.expected();
        assert_eq!(by_dcmtk, expected, "DCMTK: {}", said::hex(&passed.bytes));
        assert_eq!(by_pynetdicom.elements, expected, "pynetdicom: {}", said::hex(&passed.bytes));
        assert_eq!(by_pynetdicom.message, passed.name);
    }
}

impl Passed {
    fn expected(&self) -> BTreeMap<String, String> {
        let mut expected = self.message.elements.clone();
        let length = self.bytes.len() - 12;
        expected.insert("00000000".to_owned(), length.to_string());
        // The message of nobody is nobody's.
        if !expected.contains_key("00001030") {
            expected.remove("00001031");
        }
        expected
    }
}

fn passed() -> Vec<Passed> {
    let mut random = Random::new(3);
    let mut all = Vec::new();
    for operation in Operation::ALL {
        for round in 0..ROUNDS {
            let id = round * 257 + 1;
            let request = messages::request(&mut random, operation, id);
            let response = messages::response(&mut random, operation, id);
            let mut inspector = Inspector::new(contexts(operation));
            let asker = asker(operation);
            let mut pass = |from: Side, kind: &str, message: Message| {
                let bytes = through(&mut inspector, from, &message, operation);
                Passed { name: kind.to_owned(), message, bytes }
            };
            let name = operation.name().replace('-', "_").to_uppercase();
            all.push(pass(asker, &format!("{name}_RQ"), request));
            if CANCELLED.contains(&operation) {
                let cancel = messages::cancel(&mut random, id);
                all.push(pass(asker, "C_CANCEL_RQ", cancel));
            }
            all.push(pass(asker.other(), &format!("{name}_RSP"), response));
        }
    }
    all
}

fn asker(operation: Operation) -> Side {
    // The only request of an SCP.
    if operation == Operation::NEventReport { Side::Acceptor } else { Side::Requestor }
}

/// Sends a message through the gate; what dicom-ul reads as its command comes back.
fn through(
    inspector: &mut Inspector,
    from: Side,
    message: &Message,
    operation: Operation,
) -> Vec<u8> {
    let mut out = Out::default();
    let (first, second) = message.bytes.split_at(message.bytes.len() / 4 * 2);
    let mut sent =
        [p_data(CONTEXT, COMMAND, first), p_data(CONTEXT, COMMAND | LAST, second)].concat();
    if message.has_data_set {
        let set = data_set(operation);
        let (first, second) = set.split_at(set.len() / 4 * 2);
        sent.extend([p_data(CONTEXT, DATA, first), p_data(CONTEXT, DATA | LAST, second)].concat());
    }
    inspector.feed(from, &sent, &mut out).unwrap();
    let [out, nothing] = match from {
        Side::Requestor => [out.to_acceptor, out.to_requestor],
        Side::Acceptor => [out.to_requestor, out.to_acceptor],
    };
    assert!(nothing.is_empty(), "{operation} was answered: {nothing:?}");
    command_of(&out, message.has_data_set.then(|| data_set(operation)))
}

/// The command in a PDU of its own; behind it come the fragments of the data set.
fn command_of(mut out: &[u8], data_set: Option<Vec<u8>>) -> Vec<u8> {
    let mut command: Vec<u8> = Vec::new();
    let mut data: Vec<u8> = Vec::new();
    let mut lasts = Vec::new();
    while let Some(pdu) = read_pdu(&mut out, MAXIMUM, true).unwrap() {
        let Pdu::PData { data: values } = pdu else { panic!("{pdu:?}") };
        let [value] = values.as_slice() else { panic!("{} PDVs in a PDU", values.len()) };
        assert_eq!(value.presentation_context_id, CONTEXT);
        lasts.push((value.value_type == PDataValueType::Command, value.is_last));
        match value.value_type {
            PDataValueType::Command => command.extend(&value.data),
            PDataValueType::Data => data.extend(&value.data),
        }
    }
    let expected: &[_] = if data_set.is_some() {
        &[(true, true), (false, false), (false, true)]
    } else {
        &[(true, true)]
    };
    assert_eq!(lasts, expected);
    assert_eq!(data, data_set.unwrap_or_default());
    command
}

fn data_set(operation: Operation) -> Vec<u8> {
    if operation == Operation::CStore { dimse::image(64) } else { dimse::identifier() }
}

fn contexts(operation: Operation) -> Contexts {
    let context = Context {
        id: ContextId::new(CONTEXT).unwrap(),
        abstract_syntax: messages::classes(operation).0.parse().unwrap(),
        transfer_syntax: TransferSyntax::find(&"1.2.840.10008.1.2.1".parse().unwrap()).unwrap(),
        operations: Operations::NONE
            .and_by_requestor(&Operation::ALL)
            .and_by_acceptor(&Operation::ALL),
    };
    let maxima = Maxima {
        to_acceptor: MAXIMUM,
        to_requestor: MAXIMUM,
        from_requestor: MAXIMUM,
        from_acceptor: MAXIMUM,
    };
    let move_to = [DESTINATION.parse().unwrap()].into();
    Contexts::new(
        vec![context],
        maxima,
        Grants {
            direction: pacsgate_core::direction::Direction::Inward,
            move_to,
            titles: [MOVER.parse().unwrap()].into(),
            guarding: PerSide::default(),
        },
    )
}

fn by_pynetdicom(all: &[Passed]) -> Vec<Read> {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("commands");
    let lines: Vec<_> = all.iter().map(|passed| said::hex(&passed.bytes)).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let mut command = Command::new(python());
    let output = run(command.arg(script("readers.py")).arg("commands").arg(&file));
    assert!(output.status.success(), "{}", words(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
