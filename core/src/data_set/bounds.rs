//! How large a peer's data set may be that is no object: an identifier of a query or retrieval,
//! or what a normalized service brings. Servers read these whole, and look through them slowly.

/// The limits of a peer's data sets that are no objects. None holds for what a PACS sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The bytes of an identifier of C-FIND, C-MOVE or C-GET.
    pub identifier: u32,
    /// The bytes of the data set of a normalized service, pixel data not counted.
    pub attributes: u32,
    /// The elements of one item of either, or of its top level.
    pub item_elements: u32,
    /// The runs of `*` in one value of an identifier; a letter of two bytes that has one counts half.
    pub wildcards: u32,
}

impl Bounds {
    /// Where nobody has set other numbers.
    pub const USUAL: Self = Self {
        // A retrieval that lists 15,000 instances. Orthanc takes seven times the bytes in memory.
        identifier: 1024 * 1024,
        // The storage commitment of more than 100,000 instances, of some 120 bytes each.
        attributes: 16 * 1024 * 1024,
        // More than the standard's dictionary has for any query; dcmqrscp and Orthanc take time that
        // grows with the square: 0.1 s for twice as many, half a minute for 200,000.
        item_elements: 4096,
        // People write one or two. In a text of 250 letters that are alike, dcmqrscp takes 0.1 s for
        // four, and for each one more fifty times as long.
        wildcards: 3,
    };
}
