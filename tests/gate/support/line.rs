//! A way to a server, plain or through the gate.

use super::pdu::Pdu;
use super::requestor::{Received, Requestor};
use std::io::{self, Write};
use std::net::TcpStream;

/// A connection to a server.
pub(crate) trait Line {
    /// Sends bytes; the other side may be gone.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// The next PDU, unless the connection ends first.
    fn next(&mut self) -> Option<Pdu>;
}

impl Line for TcpStream {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn next(&mut self) -> Option<Pdu> {
        Pdu::read(self).ok()
    }
}

impl Line for Requestor {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.try_send(bytes)
    }

    fn next(&mut self) -> Option<Pdu> {
        match self.receive() {
            Received::Pdu(pdu) => Some(pdu),
            Received::Closed | Received::Reset | Received::Alert(_) => None,
        }
    }
}
