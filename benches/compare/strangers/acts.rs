//! What a connection does.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, ClientConnection};
use socket2::{Domain, Socket, Type};

use super::chains::Chains;
use crate::ground::Ground;
use crate::requestor::session;

/// A gate that neither answers nor closes for so long does not work.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than the gate reads of a ClientHello, and a little less.
const LARGE: usize = 60_000;
const MOST: usize = 3_600;
/// What a TLS record begins with: its type, version and length.
const RECORD: usize = 5;

/// One kind of connection.
pub(crate) enum Act {
    /// A handshake, whatever comes of it.
    Handshake(Arc<ClientConfig>),
    /// A ClientHello, and nothing after the answer to it.
    HelloAlone(Arc<ClientConfig>),
    /// These bytes instead, and the end of the stream.
    Bytes(Vec<u8>),
}

impl Act {
    /// Plays it once from this address, to the end of the connection.
    pub(crate) fn play(&self, from: Ipv4Addr, to: SocketAddr) -> io::Result<()> {
        let mut socket = connect(from, to)?;
        match self {
            // What is refused ends in an alert or a reset, which are no failures here.
            Self::Handshake(tls) => drop(shake(&mut socket, session(tls)?)),
            Self::HelloAlone(tls) => {
                session(tls)?.write_tls(&mut socket)?;
                let _ = socket.read(&mut [0; 4096])?;
                socket.shutdown(Shutdown::Write)?;
            }
            Self::Bytes(bytes) => {
                drop(socket.write_all(bytes).and_then(|()| socket.shutdown(Shutdown::Write)));
            }
        }
        until_closed(&mut socket)
    }
}

fn connect(from: Ipv4Addr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect(&to.into())?;
    let socket = TcpStream::from(socket);
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}

fn shake(socket: &mut TcpStream, mut session: ClientConnection) -> io::Result<()> {
    while session.is_handshaking() {
        session.complete_io(socket)?;
    }
    session.send_close_notify();
    session.write_tls(socket)?;
    Ok(())
}

fn until_closed(socket: &mut TcpStream) -> io::Result<()> {
    match io::copy(socket, &mut io::sink()) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// All of them, the honest one first.
pub(super) fn each(ground: &Ground<'_>) -> io::Result<Vec<(&'static str, Act)>> {
    let chains = Chains::new(ground).map_err(io::Error::other)?;
    let mut acts = vec![
        ("honest, ECDSA", Act::Handshake(Arc::clone(&ground.tls))),
        ("honest, RSA 2048", Act::Handshake(chains.honest_rsa()?)),
        ("honest, TLS 1.2", Act::Handshake(chains.honest_tls12()?)),
        ("honest, P-384 key exchange", Act::Handshake(chains.honest_p384()?)),
        ("no certificate", Act::Handshake(chains.anonymous())),
        ("no certificate, P-384 key exchange", Act::Handshake(chains.p384()?)),
        ("hello, then nothing", Act::HelloAlone(Arc::clone(&ground.tls))),
        ("garbage", Act::Bytes(b"garbage!".repeat(8))),
    ];
    for (name, tls) in chains.refused()? {
        acts.push((name, Act::Handshake(tls)));
    }
    let hello = hello(&ground.tls)?;
    let [most, large] = [MOST, LARGE].map(|bytes| with_extensions(&hello, bytes));
    acts.extend([
        ("hello, a record for each byte", Act::Bytes(in_records_of_one(&hello))),
        ("4 KiB of hello, all of it extensions", Act::Bytes(records(&most))),
        ("60,000 bytes of hello, all of it extensions", Act::Bytes(records(&large))),
        ("the same, a record for each byte", Act::Bytes(in_records_of_one(&large))),
        (
            "60,000 bytes of hello, all of it cipher suites",
            Act::Bytes(records(&with_suites(&hello))),
        ),
    ]);
    Ok(acts)
}

/// The handshake message of a ClientHello.
fn hello(tls: &Arc<ClientConfig>) -> io::Result<Vec<u8>> {
    let mut record = Vec::new();
    session(tls)?.write_tls(&mut record)?;
    Ok(record.split_off(RECORD))
}

fn in_records_of_one(message: &[u8]) -> Vec<u8> {
    message.iter().flat_map(|byte| [0x16, 3, 1, 0, 1, *byte]).collect()
}

fn records(message: &[u8]) -> Vec<u8> {
    let record = |piece: &[u8]| [&[0x16, 3, 1][..], &length16(piece), piece].concat();
    message.chunks(16 * 1024).flat_map(record).collect()
}

/// The hello with thousands of empty extensions behind its own.
fn with_extensions(hello: &[u8], bytes: usize) -> Vec<u8> {
    let (head, own) = split_extensions(hello);
    // Those that IANA has not assigned, so that each is unknown to the gate.
    let unknown = (0x4000_u16..).take(bytes / 4).flat_map(|kind| {
        let [high, low] = kind.to_be_bytes();
        [high, low, 0, 0]
    });
    let extensions: Vec<_> = own.iter().copied().chain(unknown).collect();
    message(&[head, &length16(&extensions), &extensions].concat())
}

/// The hello with thousands of cipher suites before its own.
fn with_suites(hello: &[u8]) -> Vec<u8> {
    let (head, own) = split_extensions(hello);
    let start = suites_at(head);
    let before = head.get(..start).unwrap_or_default();
    let after = head.get(start + 2..).unwrap_or_default();
    // The suites, then two bytes of compression methods.
    let (usual, compression) = after.split_at(after.len().saturating_sub(2));
    let unknown = (0x5000_u16..).take(LARGE / 2).flat_map(u16::to_be_bytes);
    let suites: Vec<_> = unknown.chain(usual.iter().copied()).collect();
    message(&[before, &length16(&suites), &suites, compression, &length16(own), own].concat())
}

/// Behind the message's header, version, random and session id, whose length is one byte.
fn suites_at(head: &[u8]) -> usize {
    let session = 4 + 2 + 32;
    session + 1 + head.get(session).map_or(0, |length| usize::from(*length))
}

/// What is before the extensions' length, and the extensions.
fn split_extensions(hello: &[u8]) -> (&[u8], &[u8]) {
    let suites = suites_at(hello);
    let length = |at: usize| match hello.get(at..at + 2) {
        Some([high, low]) => usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    };
    let extensions = suites + 2 + length(suites) + 2;
    let (head, rest) = hello.split_at(extensions.min(hello.len()));
    (head, rest.get(2..).unwrap_or_default())
}

/// A message whose length is set anew.
fn message(bytes: &[u8]) -> Vec<u8> {
    let mut message = bytes.to_vec();
    let length = u32::try_from(bytes.len().saturating_sub(4)).unwrap_or_default().to_be_bytes();
    for (byte, value) in message.iter_mut().skip(1).zip(length.into_iter().skip(1)) {
        *byte = value;
    }
    message
}

fn length16(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes()
}

/// For a client whose key exchange is on P-384.
pub(super) fn p384() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups = vec![aws_lc_rs::kx_group::SECP384R1];
    provider
}
