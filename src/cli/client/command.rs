//! Command sets of DIMSE (PS3.7 section E.1): group 0000 in Implicit VR Little Endian.

use std::collections::BTreeMap;

pub(in crate::cli) const AFFECTED_SOP_CLASS: u16 = 0x0002;
pub(in crate::cli) const COMMAND_FIELD: u16 = 0x0100;
pub(in crate::cli) const MESSAGE_ID: u16 = 0x0110;
pub(in crate::cli) const MESSAGE_ID_RESPONDED_TO: u16 = 0x0120;
pub(in crate::cli) const PRIORITY: u16 = 0x0700;
pub(in crate::cli) const DATA_SET_TYPE: u16 = 0x0800;
pub(in crate::cli) const STATUS: u16 = 0x0900;
pub(in crate::cli) const AFFECTED_INSTANCE: u16 = 0x1000;

pub(in crate::cli) const C_STORE: u16 = 0x0001;
pub(in crate::cli) const C_ECHO: u16 = 0x0030;
/// The bit that makes a response of a request.
pub(in crate::cli) const RESPONSE: u16 = 0x8000;

const GROUP_LENGTH: u16 = 0x0000;
const NO_DATA_SET: u16 = 0x0101;
const DATA_SET_FOLLOWS: u16 = 0x0001;

/// A command: elements of group 0000 by their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Command(BTreeMap<u16, Vec<u8>>);

impl Command {
    /// A command without a data set.
    pub(in crate::cli) fn new(field: u16) -> Self {
        Self(BTreeMap::new()).number(COMMAND_FIELD, field).number(DATA_SET_TYPE, NO_DATA_SET)
    }

    pub(in crate::cli) fn number(mut self, element: u16, value: u16) -> Self {
        self.0.insert(element, value.to_le_bytes().to_vec());
        self
    }

    pub(in crate::cli) fn uid(mut self, element: u16, value: &str) -> Self {
        let mut bytes = value.as_bytes().to_vec();
        if bytes.len() % 2 == 1 {
            bytes.push(0);
        }
        self.0.insert(element, bytes);
        self
    }

    /// The same with a data set behind it.
    pub(in crate::cli) fn with_data_set(self) -> Self {
        self.number(DATA_SET_TYPE, DATA_SET_FOLLOWS)
    }

    /// Reads a command. `None` where an element is cut off or of another group.
    pub(in crate::cli) fn parse(mut bytes: &[u8]) -> Option<Self> {
        let mut elements = BTreeMap::new();
        while !bytes.is_empty() {
            let (&[0, 0, e0, e1, l0, l1, l2, l3], rest) = bytes.split_first_chunk::<8>()? else {
                return None;
            };
            let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).ok()?;
            let (value, rest) = rest.split_at_checked(length)?;
            elements.insert(u16::from_le_bytes([e0, e1]), value.to_vec());
            bytes = rest;
        }
        Some(Self(elements))
    }

    pub(in crate::cli) fn number_of(&self, element: u16) -> Option<u16> {
        let value: [u8; 2] = self.0.get(&element)?.as_slice().try_into().ok()?;
        Some(u16::from_le_bytes(value))
    }

    /// A UID without its padding; not yet judged.
    pub(in crate::cli) fn uid_of(&self, element: u16) -> Option<&str> {
        let value = str::from_utf8(self.0.get(&element)?).ok()?;
        Some(value.trim_end_matches(['\0', ' ']))
    }

    pub(in crate::cli) fn has_data_set(&self) -> bool {
        self.number_of(DATA_SET_TYPE) != Some(NO_DATA_SET)
    }

    /// The command as it stands on the wire.
    pub(in crate::cli) fn encode(&self) -> Vec<u8> {
        let elements = self.0.iter().filter(|(element, _)| **element != GROUP_LENGTH);
        let mut body = Vec::new();
        for (element, value) in elements {
            append(&mut body, *element, value);
        }
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::new();
        append(&mut bytes, GROUP_LENGTH, &length.to_le_bytes());
        bytes.append(&mut body);
        bytes
    }
}

fn append(out: &mut Vec<u8>, element: u16, value: &[u8]) {
    out.extend([0, 0]);
    out.extend(element.to_le_bytes());
    out.extend(u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let command = Command::new(C_STORE)
            .number(MESSAGE_ID, 7)
            .uid(AFFECTED_INSTANCE, "1.2.3")
            .with_data_set();
        let read = Command::parse(&command.encode()).unwrap();
        assert_eq!(read.number_of(COMMAND_FIELD), Some(C_STORE));
        assert_eq!(read.uid_of(AFFECTED_INSTANCE), Some("1.2.3"));
        assert!(read.has_data_set());
        assert_eq!(read.encode(), command.encode());
    }

    #[test]
    fn reads_nothing_that_is_cut_off_or_of_another_group() {
        let bytes = Command::new(C_ECHO).encode();
        assert!(Command::parse(&bytes[..bytes.len() - 1]).is_none());
        assert!(Command::parse(&[8, 0, 0x16, 0, 0, 0, 0, 0]).is_none());
        assert!(Command::parse(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]).is_none());
    }
}
