//! How much memory whatever comes may take. Every limit holds for a peak: the most that is held at
//! once, so that no single allocation is larger either. Growing a vector counts twice, for the old
//! and the new room.
//!
//! The fuzz targets and the properties of the other test crates take this file in.
#![allow(dead_code, reason = "each of them holds its own part")]

use pacsgate_core::inspector::HEAD;

/// What reading an A-ASSOCIATE-RQ or -AC may take for each of its bytes. The dearest are items 56 of
/// eleven bytes, as small as thousands of different ones can be: a negotiation of 40 bytes in a
/// vector that grows (three times), an entry of 24 bytes in a tree whose nodes are half full
/// (twice), a UID behind two counters (20), and the information.
pub(crate) const ASSOCIATE_FACTOR: usize = 20;
/// What it may take besides: the tree's first node, the notes, vectors of few values.
pub(crate) const ASSOCIATE_BASE: usize = 2 * 1024;
/// What the longest A-ASSOCIATE-RQ, of 256 KiB, may take: items 50 are 64 KiB long, the second is an
/// error, and a UID of a context, five bytes on the wire, takes less than 50.
pub(crate) const ASSOCIATE: usize = 3 * 1024 * 1024;

/// What the encoding of an A-ASSOCIATE PDU may have more than what was read, in bytes: the items 10,
/// 50, 51 and 52 that are supplied.
pub(crate) const SUPPLIED: usize = (4 + 21) + 4 + 8 + (4 + 44);

/// What reading and judging a token may take for each of its bytes, while one is read: the dearest
/// are objects of one member, nine characters of the token each, for which a tree makes a node of 536
/// bytes with room for eleven; and the vector of them grows.
pub(crate) const TOKEN_FACTOR: usize = 72;
/// What it may take besides: the header, and first nodes and vectors.
pub(crate) const TOKEN_BASE: usize = 2 * 1024;

/// What the walker may take: 65 open levels of 104 bytes, 4,096 tags of four bytes, a value of 1 KiB,
/// each with the room that a vector has before and after it grows.
pub(crate) const WALKER: usize = 42 * 1024;

/// The longest command set.
const COMMAND: usize = 64 * 1024;
/// A header of the gate's own: of a PDU and of its one PDV.
const FRAMING: usize = 12;
/// The headers of a command in the shortest PDUs that a receiver may demand, of 14 bytes.
const COMMAND_FRAMING: usize = (COMMAND / 8 + 1) * FRAMING;
/// A request with a data set has no lists: numbers, titles and UIDs.
const HELD_COMMAND: usize = 1024;
/// A held head in the smallest fragments, of two bytes, and the command before it.
pub(crate) const HELD_OUTPUT: usize = HEAD + HEAD / 2 * FRAMING + HELD_COMMAND;
const _: () = assert!(COMMAND + COMMAND_FRAMING <= HELD_OUTPUT, "a command is held alone");
/// An answer of the gate: twelve numbers and headers, a comment, two UIDs.
const ANSWER: usize = 512;

/// What a feed of so many bytes may add to the output towards both sides together: what was held
/// until now, an answer that was due, and twice the bytes: six of a PDV's header become twelve, and
/// an answer to a request with an unsound data set is at most as long as both.
pub(crate) const fn output(fed: usize) -> usize {
    HELD_OUTPUT + 2 * fed + 2 * ANSWER
}

/// The room for a held head: begun with 1 KiB more than its data, doubled while it grows.
const HELD_ROOM: usize = 8 * (HEAD + 1024);
const _: () = assert!(HELD_OUTPUT <= HELD_ROOM, "one doubling more would be needed");
/// What is written down for the end of an association, twelve or seventeen of each kind, with UIDs;
/// and what an inspector holds between two messages.
pub(crate) const LEDGER: usize = 16 * 1024;

/// What an inspector may hold between two feeds besides its contexts: a held head of the requestor,
/// a command of the PACS in a vector of twice its length, two walkers.
pub(crate) const INSPECTOR: usize = HELD_ROOM + 2 * COMMAND + 2 * WALKER + LEDGER;

/// News of one message: at least a hundred bytes long, and at most as much with its UID.
const NEWS_FACTOR: usize = 4;

/// What a feed of so many bytes may take at its peak, the output to an empty buffer included:
/// what is held, the room before a head grew, a command that is read while its draft grows (three
/// times) and the output, whose buffer doubles, too.
pub(crate) const fn feed(fed: usize) -> usize {
    INSPECTOR + HELD_ROOM / 2 + 3 * COMMAND + 3 * output(fed) + NEWS_FACTOR * fed
}

/// What a run allocates at its peak.
pub(crate) fn peak(run: impl FnOnce()) -> usize {
    usize::try_from(allocation_counter::measure(run).bytes_max).unwrap_or(usize::MAX)
}
