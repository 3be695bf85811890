//! Tags of data elements (PS3.5 section 7.1).

use std::fmt;

/// A tag: group number and element number. In order as data sets are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u32);

impl Tag {
    pub(super) const ITEM: Self = Self::new(0xfffe, 0xe000);
    pub(super) const ITEM_END: Self = Self::new(0xfffe, 0xe00d);
    pub(super) const SEQUENCE_END: Self = Self::new(0xfffe, 0xe0dd);
    pub(super) const PIXEL_DATA: Self = Self::new(0x7fe0, 0x0010);

    /// The tag of this group and element number.
    pub const fn new(group: u16, element: u16) -> Self {
        Self((group as u32) << 16 | element as u32)
    }

    /// The group number.
    pub const fn group(self) -> u16 {
        let [a, b, _, _] = self.0.to_be_bytes();
        u16::from_be_bytes([a, b])
    }

    /// The element number.
    pub const fn element(self) -> u16 {
        let [_, _, a, b] = self.0.to_be_bytes();
        u16::from_be_bytes([a, b])
    }

    /// Group and element number as one number.
    pub const fn value(self) -> u32 {
        self.0
    }

    /// Whether it is of an odd group: its meaning is a vendor's.
    pub(super) const fn is_private(self) -> bool {
        !self.group().is_multiple_of(2)
    }

    /// Whether it reserves a block of private elements (PS3.5 section 7.8.1).
    pub(super) const fn is_private_creator(self) -> bool {
        self.is_private() && matches!(self.element(), 0x0010..=0x00ff)
    }

    /// Whether it belongs to items and delimiters (PS3.5 section 7.5).
    pub(super) const fn is_of_items(self) -> bool {
        self.group() == 0xfffe
    }

    /// Whether a reader that looks for items finds one here, or an end: not a byte order mark, which
    /// is of the same group.
    pub(super) const fn is_item_or_delimiter(self) -> bool {
        self.is_of_items() && self.element() >= 0xe000
    }

    /// Whether a data set may have elements of this group.
    ///
    /// Group 0000 is the command's (PS3.7 annex E), 0002 the file's (PS3.10 chapter 7): a server
    /// that writes files and finds it in a data set lets it speak of the transfer syntax; so does,
    /// in the other byte order, 0200, which the standard has nothing in. PS3.5 section 7.1 forbids
    /// the odd ones.
    pub(super) const fn has_valid_group(self) -> bool {
        !matches!(self.group(), 0 | 1 | 2 | 3 | 5 | 7 | 0x0200 | 0xffff)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:04X},{:04X})", self.group(), self.element())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
