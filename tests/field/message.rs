//! DIMSE messages, put together from PDVs and taken apart into them.

use crate::support::dimse::{command, find, uid, us};
use crate::support::pdu::{COMMAND, LAST, Pdu, p_data};
use std::fmt;

/// The data set type that says that none follows.
pub(crate) const NO_DATA_SET: u16 = 0x0101;

/// A message, without the form of its command set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) context: u8,
    pub(crate) command: u16,
    /// The message id, or the one that is responded to.
    pub(crate) id: u16,
    pub(crate) sop_class: String,
    /// Where the command is one about an instance.
    pub(crate) instance: String,
    pub(crate) status: Option<u16>,
    pub(crate) set: Option<Bytes>,
}

/// The bytes of a data set.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

/// What has come of the next message.
#[derive(Default)]
pub(crate) struct Assembler {
    command: Vec<u8>,
    set: Vec<u8>,
}

impl Message {
    fn new(context: u8, command: &[u8], set: Option<Vec<u8>>) -> Self {
        let number = |element| {
            let value = find(command, element)?;
            Some(u16::from_le_bytes([*value.first()?, *value.get(1)?]))
        };
        let text = |element| {
            let value = String::from_utf8(find(command, element)?).unwrap();
            Some(value.trim_end_matches(['\0', ' ']).to_owned())
        };
        let kind = number(0x0100).unwrap_or_default();
        let has_instance = !matches!(kind & 0x7fff, 0x0010..=0x0030 | 0x0fff);
        let instance = text(0x1000).or(text(0x1001)).filter(|_| has_instance);
        Self {
            context,
            command: kind,
            id: number(0x0120).or(number(0x0110)).unwrap_or_default(),
            sop_class: text(0x0002).or(text(0x0003)).unwrap_or_default(),
            instance: instance.unwrap_or_default(),
            status: number(0x0900),
            set: set.map(Bytes),
        }
    }

    /// Whether it answers a request.
    pub(crate) fn is_response(&self) -> bool {
        self.command & 0x8000 != 0
    }

    /// Whether it is the last answer to its request.
    pub(crate) fn is_final(&self) -> bool {
        self.is_response() && !matches!(self.status, Some(0xff00 | 0xff01))
    }

    /// Whether it waits for an answer; a C-CANCEL does not.
    pub(crate) fn is_request(&self) -> bool {
        !self.is_response() && self.command != 0x0fff
    }

    /// A response to it, with these elements besides.
    pub(crate) fn answer(&self, status: u16, more: &[Vec<u8>], set: Option<&[u8]>) -> Vec<u8> {
        let mut elements = self.response(status, set.map_or(NO_DATA_SET, |_| 1));
        elements.extend_from_slice(more);
        said(self.context, &command(&elements), set)
    }

    /// The elements that every response to it has.
    pub(crate) fn response(&self, status: u16, data_set: u16) -> Vec<Vec<u8>> {
        vec![
            uid(0x0002, &self.sop_class),
            us(0x0100, self.command | 0x8000),
            us(0x0120, self.id),
            us(0x0800, data_set),
            us(0x0900, status),
        ]
    }

    /// What the cancelled operation is answered with, if it was this one in this class.
    pub(crate) fn cancelled(&self, class: &str, field: u16) -> Vec<u8> {
        let operation = Self { command: field, sop_class: class.into(), ..self.clone() };
        operation.answer(0xfe00, &[], None)
    }

    /// The response that all went well.
    pub(crate) fn success(&self) -> Vec<u8> {
        let instance = Some(uid(0x1000, &self.instance)).filter(|_| !self.instance.is_empty());
        self.answer(0, instance.as_slice(), None)
    }
}

impl Assembler {
    /// The messages that are complete with this P-DATA-TF.
    pub(crate) fn take(&mut self, pdu: &Pdu) -> Vec<Message> {
        let mut messages = Vec::new();
        for pdv in pdu.pdvs() {
            let is_command = pdv.control & COMMAND != 0;
            if is_command { &mut self.command } else { &mut self.set }.extend(&pdv.data);
            if pdv.control & LAST == 0 || is_command && announces_set(&self.command) {
                continue;
            }
            let (command, set) = (std::mem::take(&mut self.command), std::mem::take(&mut self.set));
            let set = Some(set).filter(|_| !is_command);
            messages.push(Message::new(pdv.context, &command, set));
        }
        messages
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = self;
        write!(f, "{} bytes, {}…", bytes.len(), bytes[..bytes.len().min(64)].escape_ascii())
    }
}

/// The PDUs of a message: one for its command, one for its data set.
pub(crate) fn said(context: u8, command: &[u8], set: Option<&[u8]>) -> Vec<u8> {
    let set = set.map_or(Vec::new(), |set| p_data(context, LAST, set));
    [p_data(context, COMMAND | LAST, command), set].concat()
}

fn announces_set(command: &[u8]) -> bool {
    find(command, 0x0800).is_some_and(|value| value != NO_DATA_SET.to_le_bytes())
}
