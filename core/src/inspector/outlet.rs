//! Where judged bytes go, and how those that leave as they came are spared a copy.

use crate::side::Side;

/// Judged bytes on their way out: whole headers, whole command sets, data as it came.
#[derive(Debug, Default)]
pub struct Out {
    /// For the PACS.
    pub to_acceptor: Vec<u8>,
    /// For the requestor.
    pub to_requestor: Vec<u8>,
}

impl Out {
    /// The buffer towards a side.
    pub const fn towards(&mut self, side: Side) -> &mut Vec<u8> {
        match side {
            Side::Requestor => &mut self.to_requestor,
            Side::Acceptor => &mut self.to_acceptor,
        }
    }
}

/// Takes judged bytes in their order.
pub(super) trait Outlet {
    /// Takes the next ones.
    fn push(&mut self, bytes: &[u8]);

    /// The buffer that holds all there are.
    fn buffer(&mut self) -> &mut Vec<u8>;
}

impl Outlet for Vec<u8> {
    fn push(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn buffer(&mut self) -> &mut Vec<u8> {
        self
    }
}

/// What the inspector did with a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fed {
    /// So many of its bytes were taken.
    pub taken: usize,
    /// So many of its first bytes leave as they came. Then the buffer towards the other side is empty,
    /// and they are all there is for it.
    pub as_came: usize,
}

/// A piece of which nothing but the beginning has left so far, byte by byte as it came: it is counted and
/// not copied, until something else leaves.
#[derive(Debug)]
pub(super) struct Uncopied<'a> {
    piece: &'a [u8],
    pub(super) as_came: usize,
    is_settled: bool,
}

impl<'a> Uncopied<'a> {
    /// Before anything has left of a piece of this side; behind what waits already it is copied.
    pub(super) fn of(piece: &'a [u8], from: Side, out: &mut Out) -> Self {
        Self { piece, as_came: 0, is_settled: !out.towards(from.other()).is_empty() }
    }

    /// Copies what has left before what was written behind it, and from now on whatever leaves.
    pub(super) fn settle(&mut self, out: &mut Vec<u8>) {
        self.is_settled = true;
        let left = std::mem::take(&mut self.as_came);
        out.extend_from_slice(self.piece.get(..left).unwrap_or_default());
        out.rotate_right(left);
    }

    /// Whether these are the next bytes of the piece: a part of it, or a header that is alike.
    fn goes_on_with(&self, bytes: &[u8]) -> bool {
        let next = self.piece.get(self.as_came..).and_then(|rest| rest.get(..bytes.len()));
        !self.is_settled && next.is_some_and(|next| std::ptr::eq(next, bytes) || next == bytes)
    }
}

/// The buffer towards the other side, before which a piece may leave uncopied.
pub(super) struct Passing<'a, 'b> {
    pub(super) uncopied: &'a mut Uncopied<'b>,
    pub(super) out: &'a mut Vec<u8>,
}

impl Outlet for Passing<'_, '_> {
    fn push(&mut self, bytes: &[u8]) {
        if self.uncopied.goes_on_with(bytes) {
            self.uncopied.as_came += bytes.len();
        } else {
            self.buffer().extend_from_slice(bytes);
        }
    }

    fn buffer(&mut self) -> &mut Vec<u8> {
        self.uncopied.settle(self.out);
        self.out
    }
}
