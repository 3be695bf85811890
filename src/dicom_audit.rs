//! Audit messages as DICOM has them (PS3.15 section A.5), which IHE's ITI-20 carries.
//!
//! A [`Message`] is made for each event that the standard has a message for, by [`Source`], and is
//! written as XML: elements in the order of the schema, whatever peers have sent in them.
//!
//! - `code`: the coded concepts (PS3.16 CID 400 to 404);
//! - `event`, `participant`, `object`: what a message consists of;
//! - `source`: the messages that the gate sends;
//! - `xml`: how they are written.

mod code;
mod event;
mod object;
mod participant;
mod source;
mod xml;

pub use event::{Alert, Outcome};
pub use object::{Instances, Patient, Study};
pub use participant::{Party, Process};
pub use source::{Message, Queried, Source, Transfer};
