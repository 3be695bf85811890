//! Headers of the PROXY protocol, built here a second time.

use std::net::{IpAddr, SocketAddr};

pub(crate) const LOCAL: u8 = 0x20;
pub(crate) const PROXY: u8 = 0x21;

/// A header, sound or not; its length is right.
pub(crate) struct Header {
    pub(crate) command: u8,
    pub(crate) family: u8,
    pub(crate) body: Vec<u8>,
}

impl Header {
    /// For a source over TCP.
    pub(crate) fn naming(source: &str, destination: &str) -> Self {
        let [source, destination]: [SocketAddr; 2] =
            [source, destination].map(|text| text.parse().unwrap());
        let is_ipv4 = source.is_ipv4();
        let octets = |address: SocketAddr| match address.ip() {
            IpAddr::V4(ip) if is_ipv4 => ip.octets().to_vec(),
            IpAddr::V4(ip) => ip.to_ipv6_mapped().octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        let ports = [source, destination].map(|address| address.port().to_be_bytes());
        let body = [octets(source), octets(destination), ports.concat()].concat();
        Self { command: PROXY, family: if is_ipv4 { 0x11 } else { 0x21 }, body }
    }

    pub(crate) fn usual() -> Self {
        Self::naming("192.0.2.7:4711", "10.0.0.8:2762")
    }

    pub(crate) const fn empty(command: u8, family: u8) -> Self {
        Self { command, family, body: Vec::new() }
    }

    /// With these bytes behind the addresses.
    pub(crate) fn with(mut self, values: &[u8]) -> Self {
        self.body.extend(values);
        self
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let length = u16::try_from(self.body.len()).unwrap().to_be_bytes();
        let head = [self.command, self.family];
        [b"\r\n\r\n\0\r\nQUIT\n", &head[..], &length, &self.body].concat()
    }
}

pub(crate) fn value(kind: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    [&[kind], &length[..], value].concat()
}

/// With an identifier and the right checksum, by the table method.
pub(crate) fn checksum(header: Header, identifier: &[u8]) -> Vec<u8> {
    let at = 16 + header.body.len() + 3;
    let values = [value(3, &[0; 4]), value(5, identifier)].concat();
    let mut bytes = header.with(&values).encode();
    let table: Vec<u32> = (0..256)
        .map(|byte| (0..8).fold(byte, |crc: u32, _| (crc >> 1) ^ (0x82f6_3b78 * (crc & 1))))
        .collect();
    let crc = bytes
        .iter()
        .fold(!0_u32, |crc, byte| table[usize::from(byte ^ crc.to_le_bytes()[0])] ^ (crc >> 8));
    bytes[at..at + 4].copy_from_slice(&(!crc).to_be_bytes());
    bytes
}
