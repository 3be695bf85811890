//! The PROXY protocol, version 2: how a balancer says for whom it speaks, and the gate to a PACS.
//!
//! The specification is HAProxy's (`doc/proxy-protocol.txt`, sections 2.2 and 4). The addresses and
//! the values behind them are read by the crate `ppp`. What is left to its users is here: how much is
//! read, and not a byte more; how long a header may be; that a health check is what it is whatever
//! family it names; which families can be a source; and the checksum.

mod fault;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, SocketAddr};

use ppp::v2::{Addresses, Builder, Header, PROTOCOL_PREFIX, ParseError, Protocol, Type};
use tokio::io::{AsyncRead, AsyncReadExt};

pub use self::fault::{HeaderError, ProxyFault};
use crate::net;

/// Signature, version and command, family and transport, length.
const HEAD: usize = 16;
/// The longest header, as nginx has it: 36 bytes of addresses, and what balancers add to them (names
/// of hosts and certificates, identifiers), which is less than 1 KiB.
pub const MAX_HEADER: usize = 4096;
/// Version 2 and the command of a balancer that connects for itself.
const LOCAL: u8 = 0x20;
/// Version 2 and the command of one that connects for another.
const PROXY: u8 = 0x21;
/// How version 1 begins.
const VERSION_1: &[u8] = b"PROXY ";
/// Type and length of a value.
const VALUE_HEAD: usize = 3;

/// Both ends of a connection that a balancer passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Who connected to the balancer.
    pub source: SocketAddr,
    /// Where.
    pub destination: SocketAddr,
}

/// Reads exactly a header: what comes behind it is left to TLS. The caller sets the deadline.
/// `None` is a balancer that connects for itself.
///
/// # Errors
///
/// Why it is none, or cannot be taken.
pub async fn read<S>(stream: &mut S) -> Result<Option<Ends>, ProxyFault>
where
    S: AsyncRead + Unpin,
{
    let mut head = [0; HEAD];
    let mut count = 0;
    while count < HEAD {
        let rest = head.get_mut(count..).unwrap_or_default();
        match stream.read(rest).await {
            Ok(0) | Err(_) => return Err(ProxyFault::Closed),
            Ok(read) => count += read,
        }
        begins(head.get(..count).unwrap_or_default())?;
    }
    let length = judge(head)?;
    let mut header = Vec::with_capacity(HEAD + length);
    header.extend(head);
    net::read_body(stream, length, &mut header).await.map_err(|_| ProxyFault::Closed)?;
    let [.., command, _, _, _] = head;
    if command == LOCAL { Ok(None) } else { ends(&header).map(Some) }
}

/// The header of a connection that is made for another: as long as its addresses, which are both of
/// one family in it.
///
/// # Errors
///
/// None that its length could cause.
pub fn header(ends: Ends) -> io::Result<Vec<u8>> {
    let (source, destination) = (net::canonical(ends.source), net::canonical(ends.destination));
    let both = if source.is_ipv4() == destination.is_ipv4() {
        (source, destination)
    } else {
        (mapped(source), mapped(destination))
    };
    Builder::with_addresses(PROXY, Protocol::Stream, both).build()
}

fn mapped(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), address.port()),
        IpAddr::V6(_) => address,
    }
}

/// Whether this may become a header: known at the first byte that differs.
fn begins(bytes: &[u8]) -> Result<(), ProxyFault> {
    let is = |whole: &[u8]| bytes.starts_with(whole) || whole.starts_with(bytes);
    if is(PROTOCOL_PREFIX) {
        Ok(())
    } else if bytes.starts_with(VERSION_1) {
        Err(ProxyFault::Version1)
    } else if is(VERSION_1) {
        Ok(())
    } else {
        Err(ProxyFault::Missing)
    }
}

/// How many bytes follow, of a version and a command that are known.
fn judge(head: [u8; HEAD]) -> Result<usize, ProxyFault> {
    let [.., command, _, high, low] = head;
    match command {
        LOCAL | PROXY => {}
        _ if command >> 4 == PROXY >> 4 => return Err(HeaderError::Command.into()),
        _ => return Err(HeaderError::Version.into()),
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if HEAD + length > MAX_HEADER { Err(ProxyFault::TooLong) } else { Ok(length) }
}

/// Judges a whole header whose command is to speak for another.
fn ends(header: &[u8]) -> Result<Ends, ProxyFault> {
    let header = Header::try_from(header)?;
    let of = |ip: IpAddr, port| net::canonical(SocketAddr::new(ip, port));
    let ends = match (header.protocol, header.addresses) {
        (Protocol::Stream, Addresses::IPv4(it)) => Ends {
            source: of(it.source_address.into(), it.source_port),
            destination: of(it.destination_address.into(), it.destination_port),
        },
        (Protocol::Stream, Addresses::IPv6(it)) => Ends {
            source: of(it.source_address.into(), it.source_port),
            destination: of(it.destination_address.into(), it.destination_port),
        },
        (Protocol::Stream, Addresses::Unspecified | Addresses::Unix(_))
        | (Protocol::Unspecified | Protocol::Datagram, _) => return Err(ProxyFault::NoSource),
    };
    verify(&header)?;
    Ok(ends)
}

/// Walks the values behind the addresses; a checksum among them is that of the header with zeros in
/// its place (section 2.2.3).
fn verify(header: &Header<'_>) -> Result<(), ProxyFault> {
    let bytes = header.as_bytes();
    let mut at = bytes.len() - header.tlv_bytes().len();
    let mut checksum = None;
    for value in header.tlvs() {
        let value = value?;
        at += VALUE_HEAD;
        if value.kind == u8::from(Type::CRC32C)
            && checksum.replace((at, value.value.clone())).is_some()
        {
            return Err(HeaderError::Checksum.into());
        }
        at += value.len();
    }
    let Some((at, told)) = checksum else { return Ok(()) };
    let place = at..at + told.len();
    let zeroed =
        bytes.iter().enumerate().map(|(at, byte)| if place.contains(&at) { 0 } else { *byte });
    if crc32c(zeroed).to_be_bytes() == *told { Ok(()) } else { Err(HeaderError::Checksum.into()) }
}

/// CRC-32C (RFC 3720 section 12.1), bit by bit: only balancers have it computed, of 4 KiB at most.
fn crc32c(bytes: impl Iterator<Item = u8>) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let step = |crc: u32| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ POLYNOMIAL };
    !bytes.fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc)))
}

impl From<ParseError> for ProxyFault {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::Incomplete(_) | ParseError::Prefix => Self::Missing,
            ParseError::Partial(..) => Self::Closed,
            ParseError::Version(_) => HeaderError::Version.into(),
            ParseError::Command(_) => HeaderError::Command.into(),
            ParseError::AddressFamily(_) | ParseError::Protocol(_) => HeaderError::Family.into(),
            ParseError::InvalidAddresses(..) => HeaderError::Addresses.into(),
            ParseError::InvalidTLV(..) | ParseError::Leftovers(_) => HeaderError::Value.into(),
        }
    }
}
