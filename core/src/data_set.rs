//! The structure of data sets: judged as they stream by, header by header (PS3.5 chapter 7).
//!
//! A [`Walker`] reads the headers of elements and items, and skips values. It opens what *some*
//! reader opens: what is a sequence by VR, by the dictionary or by its undefined length, and any
//! value beside standard bulk data that begins with an item. What two readers could take for two
//! different data sets is refused. It holds a few bytes and a bounded stack, whatever the size of
//! the data set; its cost grows with the elements, not with the bytes.

mod allowance;
mod bounds;
mod deviation;
mod dictionary;
mod error;
mod header;
mod identifiers;
mod image;
mod key;
mod level;
mod path;
mod rules;
mod seen;
mod shown;
mod tag;
mod walk;
mod widths;
mod wildcards;

pub use bounds::Bounds;
pub use deviation::{Deviation, Deviations, Tolerance, Tolerated, UnknownDeviation};
pub use error::DataSetError;
pub use identifiers::MAX_HELD;
pub use level::MAX_DEPTH;
pub use path::{PATH_ELEMENTS, PathElement};
pub use rules::{BYTES_FOR_AN_ELEMENT, ELEMENTS, Purpose, Rules};
pub use shown::Shown;
pub use tag::Tag;
pub use walk::Walker;
pub use widths::Widths;
