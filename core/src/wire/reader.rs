//! A cursor over received bytes: the only way in which a parser touches them.

/// Reads forward through a slice, big-endian, and never past its end.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

/// Why bytes cannot be read as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ReadError {
    /// Fewer bytes are left than the field needs.
    #[error("ends before its last field")]
    Truncated,
    /// Bytes are left after the last field.
    #[error("has bytes after its last field")]
    Trailing,
}

impl<'a> Reader<'a> {
    /// A reader at the first of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    ///
    /// [`ReadError::Truncated`], with nothing taken.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], ReadError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(ReadError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes by value.
    ///
    /// # Errors
    ///
    /// [`ReadError::Truncated`], with nothing taken.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(ReadError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// One byte.
    ///
    /// # Errors
    ///
    /// [`ReadError::Truncated`], with nothing taken.
    pub fn u8(&mut self) -> Result<u8, ReadError> {
        self.array().map(u8::from_be_bytes)
    }

    /// Two bytes.
    ///
    /// # Errors
    ///
    /// [`ReadError::Truncated`], with nothing taken.
    pub fn u16(&mut self) -> Result<u16, ReadError> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four bytes.
    ///
    /// # Errors
    ///
    /// [`ReadError::Truncated`], with nothing taken.
    pub fn u32(&mut self) -> Result<u32, ReadError> {
        self.array().map(u32::from_be_bytes)
    }

    /// A reader of its own over the next `length` bytes, for what is delimited by a length.
    ///
    /// # Errors
    ///
    /// [`ReadError::Truncated`], with nothing taken.
    pub fn sub(&mut self, length: usize) -> Result<Self, ReadError> {
        self.take(length).map(Self::new)
    }

    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Everything that is left.
    pub const fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// Ends the reading: what a length delimits holds its fields and nothing else.
    ///
    /// # Errors
    ///
    /// [`ReadError::Trailing`] if a byte is left.
    pub const fn finish(self) -> Result<(), ReadError> {
        if self.rest.is_empty() { Ok(()) } else { Err(ReadError::Trailing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_big_endian_in_order() {
        let mut reader = Reader::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(reader.u8(), Ok(1));
        assert_eq!(reader.u16(), Ok(0x0203));
        assert_eq!(reader.u32(), Ok(0x0405_0607));
        assert_eq!(reader.rest(), [8, 9]);
    }

    #[test]
    fn takes_nothing_when_too_little_is_left() {
        let mut reader = Reader::new(&[1, 2, 3]);
        assert_eq!(reader.u32(), Err(ReadError::Truncated));
        assert_eq!(reader.take(4), Err(ReadError::Truncated));
        assert!(reader.sub(usize::MAX).is_err());
        assert_eq!(reader.take(3), Ok([1, 2, 3].as_slice()));
    }

    #[test]
    fn a_sub_reader_cannot_see_past_its_length() {
        let mut outer = Reader::new(&[1, 2, 3]);
        let mut inner = outer.sub(2).unwrap();
        assert_eq!(inner.u32(), Err(ReadError::Truncated));
        assert_eq!(inner.finish(), Err(ReadError::Trailing));
        assert_eq!(outer.rest(), [3]);
    }

    #[test]
    fn finishes_only_when_all_was_read() {
        let mut reader = Reader::new(&[1]);
        assert!(!reader.is_empty());
        assert_eq!(reader.finish(), Err(ReadError::Trailing));
        assert_eq!(reader.u8(), Ok(1));
        assert!(reader.is_empty());
        assert_eq!(reader.finish(), Ok(()));
    }
}
