//! Plain HTTP, byte by byte: what a client sends is the test's to choose.

use super::PATIENCE;
use super::gate::Gate;
use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

/// Where the admin endpoint answers.
#[derive(Clone, Debug)]
pub(crate) enum Endpoint {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// A connection to it.
pub(crate) trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Endpoint {
    /// The port that the gate says.
    pub(crate) fn of(gate: &Gate) -> Self {
        let line = gate.wait_for_log("the admin endpoint is at http://");
        let (_, rest) = line.split_once("http://").unwrap();
        Self::Tcp(rest.split('/').next().unwrap().parse().unwrap())
    }

    pub(crate) fn connect(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
        })
    }

    /// Sends this, and reads to the end.
    pub(crate) fn exchange(&self, request: &[u8]) -> Reply {
        let mut stream = self.connect().unwrap();
        // Who is refused may not read to the end.
        let _ = stream.write_all(request);
        rest(&mut *stream)
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.exchange(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
    }

    /// The JSON at a path.
    pub(crate) fn json(&self, path: &str) -> Value {
        let reply = self.get(path);
        assert!(reply.head.contains("content-type: application/json\r\n"), "{reply:?}");
        serde_json::from_str(&reply.body).unwrap()
    }
}

/// Reads an answer to its end, or to where the connection is cut.
pub(crate) fn rest(stream: &mut dyn Stream) -> Reply {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        panic!("no answer ({read:?}): {text}");
    };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head: format!("{head}\r\n").to_lowercase(), body: body.to_owned() }
}
