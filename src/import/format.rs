//! What kind of file it is.

use clap::ValueEnum;
use serde::Serialize;

use super::text::blanked;
use super::{dcmqrscp, table};

/// The program that keeps the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A table of a spreadsheet, with a header line; fields parted by comma, semicolon or tab
    Csv,
    /// orthanc.json, or its DicomModalities alone
    Orthanc,
    /// dcmqrscp.cfg of DCMTK
    Dcmqrscp,
    /// Devices or AEs of dcm4chee-arc 5, as JSON
    #[value(name = "dcm4chee")]
    Dcm4chee,
    /// acrnema.map of Conquest
    Conquest,
}

/// By what stands in it.
pub(super) fn guess(text: &str) -> Option<Format> {
    let bare = blanked(text).unwrap_or_else(|_| text.to_owned());
    if bare.trim_start().starts_with(['{', '[']) {
        let is_dcm4chee = !bare.contains("\"DicomModalities\"")
            && (bare.contains("\"dicomDeviceName\"") || bare.contains("\"dicomAETitle\""));
        return Some(if is_dcm4chee { Format::Dcm4chee } else { Format::Orthanc });
    }
    if bare.lines().any(dcmqrscp::begins_table) {
        return Some(Format::Dcmqrscp);
    }
    if table::is_header(text) {
        return Some(Format::Csv);
    }
    let first = bare.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'))?;
    let mut words = first.split_whitespace();
    let port = words.nth(2)?;
    port.parse::<u16>().is_ok().then_some(Format::Conquest)
}
