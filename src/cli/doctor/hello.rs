//! Versions of TLS that rustls does not speak: a ClientHello of our own (RFC 2246 section 7.4.1.2), of
//! which the version in the answer is read and nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::cli::client::dial;

/// The versions that are no longer to be spoken (RFC 8996), as they stand on the wire.
pub(super) const OLD: [(u8, &str); 3] = [(0, "SSL 3.0"), (1, "TLS 1.0"), (2, "TLS 1.1")];

/// What servers of that time know: RSA and (EC)DHE with AES, 3DES and RC4.
const SUITES: [u16; 14] = [
    0xc013, 0xc014, 0xc009, 0xc00a, 0xc012, 0xc011, 0x0033, 0x0039, 0x0016, 0x002f, 0x0035, 0x000a,
    0x0005, 0x0004,
];
const HANDSHAKE: u8 = 22;
const ALERT: u8 = 21;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const MAJOR: u8 = 3;
/// Record header, handshake header, version.
const ENOUGH: usize = 5 + 4 + 2;
/// Curves and point formats, without which some servers have no ECDHE (RFC 8422).
const EXTENSIONS: [u8; 18] = [0, 10, 0, 8, 0, 6, 0, 23, 0, 24, 0, 25, 0, 11, 0, 2, 1, 0];

/// What a server makes of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Spoken,
    /// It speaks TLS, and not this version.
    Refused,
    /// It says nothing that is TLS.
    Nothing,
}

/// Offers one version.
pub(super) async fn offer(at: SocketAddr, minor: u8, patience: Duration) -> Answer {
    let asked = async {
        let mut socket = dial::connect(at, patience).await.ok()?;
        socket.write_all(&hello(minor)).await.ok()?;
        let mut head = Vec::new();
        (&mut socket).take(ENOUGH as u64).read_to_end(&mut head).await.ok()?;
        Some(judge(&head, minor))
    };
    timeout(patience, asked).await.ok().flatten().unwrap_or(Answer::Nothing)
}

fn judge(head: &[u8], minor: u8) -> Answer {
    match head {
        [HANDSHAKE, MAJOR, _, _, _, SERVER_HELLO, _, _, _, MAJOR, spoken] if *spoken == minor => {
            Answer::Spoken
        }
        [HANDSHAKE | ALERT, MAJOR, ..] => Answer::Refused,
        _ => Answer::Nothing,
    }
}

fn hello(minor: u8) -> Vec<u8> {
    let mut body = vec![MAJOR, minor];
    // Nothing is encrypted with it.
    body.extend([0x5a; 32]);
    body.push(0);
    let suites: Vec<u8> = SUITES.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    body.extend(length(&suites));
    body.extend(suites);
    body.extend([1, 0]);
    if minor > 0 {
        body.extend(length(&EXTENSIONS));
        body.extend(EXTENSIONS);
    }
    let mut handshake = vec![CLIENT_HELLO, 0];
    handshake.extend(length(&body));
    handshake.extend(body);
    let mut record = vec![HANDSHAKE, MAJOR, minor.min(1)];
    record.extend(length(&handshake));
    record.extend(handshake);
    record
}

fn length(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_true() {
        for (minor, _) in OLD {
            let hello = hello(minor);
            assert_eq!(usize::from(u16::from_be_bytes([hello[3], hello[4]])), hello.len() - 5);
            assert_eq!(usize::from(u16::from_be_bytes([hello[7], hello[8]])), hello.len() - 9);
        }
    }

    #[test]
    fn another_version_in_the_answer_is_a_refusal() {
        let answer = |minor| [22, 3, 1, 0, 80, 2, 0, 0, 76, 3, minor];
        assert_eq!(judge(&answer(1), 1), Answer::Spoken);
        assert_eq!(judge(&answer(3), 1), Answer::Refused);
        assert_eq!(judge(&[21, 3, 1, 0, 2, 2, 70], 1), Answer::Refused);
        assert_eq!(judge(b"HTTP/1.1 40", 1), Answer::Nothing);
        assert_eq!(judge(&[22, 3], 1), Answer::Refused);
    }
}
