//! A device as a list has it.

use std::fmt;
use std::net::IpAddr;

use pacsgate_core::wire::title::AeTitle;
use serde::Serialize;

/// Where something stands in the file: a line and a character of it, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character.
    pub column: usize,
}

impl Place {
    /// Where the file begins.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// Where a device is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// By its address.
    Address(IpAddr),
    /// By a DNS name, which nobody has looked up.
    Name(String),
}

impl Host {
    /// Whether it is the machine that the list was made on.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => name == "localhost",
        }
    }

    /// With a port, as `reach` has it.
    pub fn with_port(&self, port: u16) -> String {
        match self {
            Self::Address(IpAddr::V6(address)) => format!("[{address}]:{port}"),
            Self::Address(IpAddr::V4(_)) | Self::Name(_) => format!("{self}:{port}"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Where it stands.
    pub place: Place,
    /// What the list calls it; any text, and empty where it has only a title.
    pub label: String,
    /// Its AE titles.
    pub titles: Vec<AeTitle>,
    /// Where it is.
    pub host: Option<Host>,
    /// The port on which it listens.
    pub port: Option<u16>,
    /// What it is known to do, by the names of the services.
    pub services: Vec<&'static str>,
    /// What else the list says of it; any text.
    pub told: Vec<String>,
}

impl Device {
    /// One of which only its place is known.
    pub const fn at(place: Place) -> Self {
        Self {
            place,
            label: String::new(),
            titles: Vec::new(),
            host: None,
            port: None,
            services: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Adds a service that is not there yet.
    pub fn may(&mut self, service: &'static str) {
        if !self.services.contains(&service) {
            self.services.push(service);
        }
    }

    /// Its first title, or what else it is called.
    pub fn called(&self) -> &str {
        self.titles.first().map_or(&self.label, AeTitle::as_str)
    }
}
