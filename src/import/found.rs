//! What a file has: devices, mistakes, and what is worth a look.

use pacsgate_core::wire::title::TitleError;
use serde::Serialize;

use super::device::{Device, Place};
use super::plain::plain;

/// The largest file that is read. The configuration of an archive has a megabyte at most.
pub const LARGEST: u64 = 8 << 20;
/// More devices than a large hospital has.
const MOST_DEVICES: usize = 10_000;
/// So that a file of another kind is not told line by line.
const MOST_FAULTS: usize = 20;
const MOST_FINDINGS: usize = 1_000;

/// What is wrong with the file, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing shows what wrote it.
    #[error(
        "it does not show what kind of file this is; say so with --format, or see docs/import.md"
    )]
    UnknownFormat,
    /// Nothing to import.
    #[error(
        "no device is in this file; check that it is the right one, or name its kind with --format"
    )]
    NoDevice,
    /// More bytes than are read.
    #[error("the file is larger than {} MiB, which no list of devices is", LARGEST >> 20)]
    Large,
    /// More devices than are read.
    #[error("more than {MOST_DEVICES} devices; split the file")]
    ManyDevices,
    /// Bytes of an older character set.
    #[error("a byte that is not UTF-8; save the file as UTF-8 (in Excel: \"CSV UTF-8\")")]
    Encoding,
    /// UTF-16 that is cut or has lone surrogates.
    #[error("damaged UTF-16; save the file as UTF-8 (in Excel: \"CSV UTF-8\")")]
    Utf16,
    /// A NUL, as in UTF-16 without its mark.
    #[error("a NUL, which no text has; save the file as UTF-8 (in Excel: \"CSV UTF-8\")")]
    Nul,
    /// What the JSON parser says.
    #[error("not JSON: {0}; correct it here, or export the file again")]
    Json(String),
    /// Something else stands there.
    #[error("{0} is expected here")]
    Expected(&'static str),
    /// A key that is there twice: readers differ in which one they take.
    #[error("\"{0}\" is there twice; keep the one that is right")]
    Twice(String),
    /// What is missing of an entry.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A text that is no AE title.
    #[error("the AE title \"{0}\" {1}; correct it, as the device has it")]
    Title(String, TitleError),
    /// A text that is no host.
    #[error("\"{0}\" is neither an IP address nor a DNS name; correct it, or leave it empty")]
    Host(String),
    /// A host with its port.
    #[error("\"{0}\" has a port in it; write it into the column of ports")]
    HostWithPort(String),
    /// A text that is no port.
    #[error("\"{0}\" is no port; write a number from 1 to 65535, or leave it empty")]
    Port(String),
    /// A header line without a column that is needed.
    #[error("the header line has no column for AE titles; call one of them \"title\"")]
    NoTitleColumn,
    /// Two columns for one thing.
    #[error("two columns say the same, the {0} of a device; rename or remove one")]
    Columns(&'static str),
    /// More fields than columns.
    #[error(
        "{found} fields, and the header line has {columns}; put a field with \"{delimiter}\" in \
            it between double quotes"
    )]
    Fields {
        /// Those of the line.
        found: usize,
        /// Those of the header.
        columns: usize,
        /// What parts them.
        delimiter: char,
    },
    /// A quote without end.
    #[error("the field that begins here with a double quote does not end; add the second one")]
    Unclosed,
    /// A line outside of every table of dcmqrscp.
    #[error(
        "\"{0}\" is no parameter of dcmqrscp; remove the line, or see whether a table's BEGIN is \
            missing above it"
    )]
    Parameter(String),
    /// A table without its end.
    #[error("{0} BEGIN has no {0} END; add it after the last line of the table")]
    NoEnd(&'static str),
    /// A name of no entry.
    #[error("\"{0}\" is not in the HostTable above; add it there, or correct the name")]
    Symbol(String),
    /// Groups of groups.
    #[error("the groups of the HostTable have more than {0} members in all; split the file")]
    Members(usize),
    /// What is no access right.
    #[error("\"{0}\" is no access; write R, W or RW")]
    Access(String),
    /// A connection that is not there.
    #[error(
        "\"{0}\" is no connection of this device, such as \"/dicomNetworkConnection/0\"; export \
            the device again"
    )]
    Reference(String),
    /// A line of acrnema.map with something missing.
    #[error(
        "a line has title, host, port and compression, such as \"CT1 10.1.2.3 104 un\"; correct \
            or remove it"
    )]
    MapLine,
    /// A comment without its end.
    #[error("the comment that begins here does not end; add \"*/\"")]
    Comment,
}

/// A mistake with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: Problem,
}

/// Something that is worth a look, and changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// What, and what to do; text of the file in it is plain.
    pub message: String,
}

/// Everything that a file has.
#[derive(Debug, Default)]
pub struct Found {
    /// The devices, in the order of the file.
    pub devices: Vec<Device>,
    /// With one of them, nothing is to be written.
    pub faults: Vec<Fault>,
    /// What to look at.
    pub findings: Vec<Finding>,
}

impl Found {
    pub(super) fn fault(&mut self, place: Place, problem: Problem) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(Fault { place, problem });
        }
    }

    pub(super) fn finding(&mut self, place: Place, message: &str) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding { place, message: plain(message) });
        }
    }

    pub(super) fn device(&mut self, device: Device) {
        if self.devices.len() < MOST_DEVICES {
            self.devices.push(device);
        } else if !self.faults.iter().any(|fault| fault.problem == Problem::ManyDevices) {
            self.fault(device.place, Problem::ManyDevices);
        }
    }

    /// Whether it makes no sense to read on.
    pub(super) fn is_full(&self) -> bool {
        self.faults.len() >= MOST_FAULTS
            || self.faults.iter().any(|fault| fault.problem == Problem::ManyDevices)
    }

    /// The value, or its fault.
    pub(super) fn take<T>(&mut self, place: Place, read: Result<T, Problem>) -> Option<T> {
        read.map_err(|problem| self.fault(place, problem)).ok()
    }
}
