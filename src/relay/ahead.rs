//! What was read of a side and waits for the inspector.
//!
//! A side whose request came too early is read on for a while, so that the gate notices when it
//! aborts or leaves: what it has asked for would keep the association, and its slots, alive.

use pacsgate_core::wire::pdu::{Header, PduType};
use pacsgate_core::wire::reject::Abort;

use crate::stream::pool;

/// How far a side that is held back is read.
const MOST: usize = pool::BUFFER;

/// The bytes of one side.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    bytes: Vec<u8>,
    /// Where among them the next PDU begins that nobody has looked at.
    next: Option<usize>,
}

impl Ahead {
    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How much more may be read.
    pub(super) const fn room(&self) -> usize {
        MOST.saturating_sub(self.bytes.len())
    }

    /// Keeps what it has room for; how much that was.
    pub(super) fn push_what_fits(&mut self, bytes: &[u8]) -> usize {
        let bytes = bytes.get(..self.room()).unwrap_or(bytes);
        self.push(bytes);
        bytes.len()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Everything, to be fed; what is not taken is to be pushed again.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.next = None;
        std::mem::take(&mut self.bytes)
    }

    /// The abort among the PDUs, if there is one; `rest` bytes belong to the PDU under way.
    pub(super) fn abort(&mut self, rest: usize) -> Option<Abort> {
        let next = self.next.get_or_insert(rest);
        while let Some((header, behind)) = self.bytes.get(*next..)?.split_first_chunk() {
            // What is no PDU is judged when its turn comes.
            let header = Header::parse(*header).ok()?;
            if header.kind == PduType::Abort {
                return behind.first_chunk().copied().map(Abort::parse);
            }
            *next = next.saturating_add(Header::LEN).saturating_add(header.length as usize);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: [u8; 8] = [4, 0, 0, 0, 0, 2, 7, 7];
    const ABORT: [u8; 10] = [7, 0, 0, 0, 0, 4, 0, 0, 2, 6];

    #[test]
    fn finds_an_abort_behind_whole_pdus_however_it_comes() {
        let sent = [&[7, 7, 7][..], &DATA, &DATA, &ABORT].concat();
        let mut ahead = Ahead::default();
        for (number, byte) in sent.iter().enumerate() {
            assert_eq!(ahead.abort(3), None, "{number}");
            ahead.push(&[*byte]);
        }
        assert_eq!(ahead.abort(3), Some(Abort::parse([0, 0, 2, 6])));
    }

    #[test]
    fn finds_none_inside_a_pdu_or_behind_what_is_none() {
        for sent in [&[&[4, 0, 0, 0, 0, 20][..], &ABORT].concat(), &[&[9; 6][..], &ABORT].concat()]
        {
            let mut ahead = Ahead::default();
            ahead.push(sent);
            assert_eq!(ahead.abort(0), None);
        }
    }

    #[test]
    fn begins_anew_with_what_was_not_taken() {
        let mut ahead = Ahead::default();
        ahead.push(&[&DATA[..], &ABORT[..3]].concat());
        assert_eq!(ahead.abort(0), None);
        let bytes = ahead.take();
        ahead.push(&bytes[DATA.len()..]);
        ahead.push(&ABORT[3..]);
        assert!(ahead.abort(0).is_some());
    }
}
