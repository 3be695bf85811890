//! Lists of devices as other programs keep them, read into tables of peers.
//!
//! [`read`] finds out what a file is and has one of the readers read it: `table` (CSV), `orthanc`,
//! `dcm4chee` (both by `json`), `dcmqrscp` and `conquest`. What they have in common is in `device`,
//! `field` (texts of the file that become values), `words` (services by what people call them) and
//! `found`, which gathers devices, what is wrong with the file, and what is worth a look. `doubts`
//! compares the devices, `peers` writes their tables.
//!
//! A file comes from anywhere: its size, its devices and its depth are bounded, what goes into a key
//! has been parsed as what it has to be, and all other text becomes a remark.

mod conquest;
mod dcm4chee;
mod dcmqrscp;
mod device;
mod doubts;
mod field;
mod format;
mod found;
mod json;
mod orthanc;
mod peers;
mod plain;
mod table;
mod text;
mod words;

#[cfg(test)]
mod tests;

pub use device::{Device, Host, Place};
pub use doubts::Known;
pub use format::Format;
pub use found::{Fault, Finding, Found, LARGEST, Problem};
pub use peers::{Table, tables};
pub use plain::plain;

use text::Text;

/// Reads the devices of a file, and compares them with each other and with those that are `known`.
///
/// What cannot be taken is among the faults of the result: then nothing of it is to be used.
pub fn read(bytes: &[u8], format: Option<Format>, known: &Known) -> (Option<Format>, Found) {
    let mut found = Found::default();
    let text = match Text::decoded(bytes) {
        Ok(text) => text,
        Err(fault) => {
            found.faults.push(fault);
            return (format, found);
        }
    };
    let format = format.or_else(|| format::guess(text.as_str()));
    match format {
        Some(Format::Csv) => table::read(&text, &mut found),
        Some(Format::Orthanc) => orthanc::read(&text, &mut found),
        Some(Format::Dcmqrscp) => dcmqrscp::read(&text, &mut found),
        Some(Format::Dcm4chee) => dcm4chee::read(&text, &mut found),
        Some(Format::Conquest) => conquest::read(&text, &mut found),
        None => found.fault(Place::START, Problem::UnknownFormat),
    }
    if found.faults.is_empty() && found.devices.is_empty() {
        found.fault(Place::START, Problem::NoDevice);
    }
    doubts::raise(&mut found, known);
    found.faults.sort_by_key(|fault| fault.place);
    found.findings.sort_by_key(|finding| finding.place);
    (format, found)
}
