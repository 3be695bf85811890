//! The DICOM upper layer on the wire (PS3.8 section 9): strict in, canonical out.

pub mod associate;
pub mod pdu;
pub mod reader;
pub mod reject;
pub mod title;
pub mod uid;
