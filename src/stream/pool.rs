//! Buffers that only a moving byte needs: taken when it comes, given back when it has gone.
//!
//! An idle association holds none, so what thousands of them cost is their state alone. Each
//! thread keeps a few buffers for reuse; no lock, and no memory that grows with the peak for ever.

use std::cell::RefCell;

/// The size of a read and the level at which a direction stops reading: large enough that system
/// calls stop being what costs, small enough to stay in the cache.
pub const BUFFER: usize = 64 * 1024;
/// The size of a buffer to read into: [`BUFFER`], and what TLS puts around as much in its records.
pub const READ: usize = BUFFER + 1024;
/// What an output buffer may hold beyond [`BUFFER`] before it has to grow: one more read, with
/// the headers that re-framing adds.
pub const SLACK: usize = 24 * 1024;
/// How many buffers of each kind a thread keeps.
pub const KEPT: usize = 16;

thread_local! {
    static READERS: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
    static WRITERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer of [`READ`] bytes to read into; its content is whatever was there before.
pub fn take_read() -> Box<[u8]> {
    let kept = READERS.with_borrow_mut(Vec::pop);
    kept.unwrap_or_else(|| vec![0; READ].into_boxed_slice())
}

/// Gives a buffer of [`take_read`] back.
pub fn give_read(buffer: Box<[u8]>) {
    READERS.with_borrow_mut(|kept| {
        if kept.len() < KEPT {
            kept.push(buffer);
        }
    });
}

/// An empty output buffer.
pub fn take_write() -> Vec<u8> {
    let kept = WRITERS.with_borrow_mut(Vec::pop);
    kept.unwrap_or_else(|| Vec::with_capacity(BUFFER + SLACK))
}

/// Gives a buffer of [`take_write`] back, unless it has grown.
pub fn give_write(mut buffer: Vec<u8>) {
    buffer.clear();
    let is_usual = (BUFFER..=2 * BUFFER).contains(&buffer.capacity());
    WRITERS.with_borrow_mut(|kept| {
        if is_usual && kept.len() < KEPT {
            kept.push(buffer);
        }
    });
}
