//! Headers made by hand, and by chance.

use std::net::Ipv6Addr;

use proptest::prelude::*;
use tokio::io::AsyncReadExt;

use super::*;

/// What comes behind a header.
const TLS: &[u8] = b"\x16\x03\x01";
/// 192.0.2.7:4711, on its way to 10.0.0.8:2762.
const IPV4: [u8; 12] = [192, 0, 2, 7, 10, 0, 0, 8, 0x12, 0x67, 0x0a, 0xca];

fn header(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n", &[command, family][..], &length, body].concat()
}

fn value(kind: u8, value: &[u8]) -> Vec<u8> {
    [&[kind], &u16::try_from(value.len()).unwrap().to_be_bytes()[..], value].concat()
}

/// A header that speaks for 192.0.2.7, with these values behind its addresses.
fn with_values(values: &[u8]) -> Vec<u8> {
    header(PROXY, 0x11, &[&IPV4, values].concat())
}

/// What is read, and how much of it.
fn read_from(mut bytes: &[u8]) -> (Result<Option<Ends>, ProxyFault>, usize) {
    let before = bytes.len();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let outcome = runtime.block_on(read(&mut bytes));
    (outcome, before - bytes.len())
}

fn fault(bytes: &[u8]) -> ProxyFault {
    read_from(&[bytes, TLS].concat()).0.unwrap_err()
}

fn ends(source: &str, destination: &str) -> Ends {
    Ends { source: source.parse().unwrap(), destination: destination.parse().unwrap() }
}

fn usual() -> Ends {
    ends("192.0.2.7:4711", "10.0.0.8:2762")
}

#[test]
fn reads_exactly_the_header() {
    let (ipv6, port) = (Ipv6Addr::from(0x2001_0db8 << 96), [0x12, 0x67, 0x0a, 0xca]);
    let of_ipv6 = [ipv6.octets(), Ipv6Addr::LOCALHOST.octets()].concat();
    let mapped = ["192.0.2.7", "10.0.0.8"].map(|it| {
        let it: std::net::Ipv4Addr = it.parse().unwrap();
        it.to_ipv6_mapped().octets()
    });
    for (bytes, expected) in [
        (with_values(&[]), Some(usual())),
        (
            header(PROXY, 0x21, &[&of_ipv6[..], &port].concat()),
            Some(ends("[2001:db8::]:4711", "[::1]:2762")),
        ),
        (header(PROXY, 0x21, &[&mapped.concat()[..], &port].concat()), Some(usual())),
        (with_values(&value(0xe0, &[0; 200])), Some(usual())),
        // A health check is one whatever else it says.
        (header(LOCAL, 0x00, &[]), None),
        (header(LOCAL, 0x11, &IPV4), None),
        (header(LOCAL, 0xff, b"whatever"), None),
    ] {
        let read = read_from(&[&bytes, TLS].concat());
        assert_eq!(read, (Ok(expected), bytes.len()), "{bytes:?}");
    }
}

#[test]
fn a_header_that_ends_early_is_closed_and_nothing_else() {
    let bytes = with_values(&value(4, &[0; 9]));
    for cut in 0..bytes.len() {
        assert_eq!(read_from(&bytes[..cut]).0, Err(ProxyFault::Closed), "{cut}");
    }
}

#[test]
fn what_is_no_header_is_known_at_the_first_byte_that_differs() {
    let sound = with_values(&[]);
    for at in 0..PROTOCOL_PREFIX.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x40;
        assert_eq!(read_from(&bytes[..=at]).0, Err(ProxyFault::Missing), "{at}");
    }
    assert_eq!(fault(TLS), ProxyFault::Missing);
    assert_eq!(read_from(b"PROXY").0, Err(ProxyFault::Closed));
    for text in [&b"PROXY UNKNOWN\r\n"[..], b"PROXY TCP4 192.0.2.7 10.0.0.8 4711 2762\r\n"] {
        assert_eq!(read_from(text).0, Err(ProxyFault::Version1));
    }
    assert_eq!(fault(b"PROXX TCP4 192.0.2.7"), ProxyFault::Missing);
}

#[test]
fn refuses_what_the_specification_does_not_have() {
    use HeaderError::{Addresses, Command, Family, Value, Version};
    for (bytes, error) in [
        (header(0x11, 0x11, &IPV4), Version),
        (header(0x31, 0x11, &IPV4), Version),
        (header(0x22, 0x11, &IPV4), Command),
        (header(PROXY, 0x41, &IPV4), Family),
        (header(PROXY, 0x13, &IPV4), Family),
        (header(PROXY, 0x11, &IPV4[..11]), Addresses),
        (header(PROXY, 0x21, &[0; 35]), Addresses),
        (with_values(&[4, 0]), Value),
        (with_values(&[4, 0, 2, 0]), Value),
        (with_values(&[value(4, b"1"), vec![0xea, 0xff, 0xff, 7]].concat()), Value),
    ] {
        assert_eq!(fault(&bytes), ProxyFault::Invalid(error), "{bytes:?}");
    }
}

#[test]
fn refuses_a_source_that_is_none_over_tcp() {
    for family in [0x00, 0x01, 0x10, 0x12, 0x22, 0x31, 0x32] {
        let bytes = header(PROXY, family, &[0; 216]);
        assert_eq!(fault(&bytes), ProxyFault::NoSource, "{family}");
    }
}

#[test]
fn judges_the_length_before_what_follows() {
    let mut bytes = with_values(&value(4, &[0; 4065]));
    assert_eq!(read_from(&bytes), (Ok(Some(usual())), MAX_HEADER));
    bytes[15] += 1;
    // Nothing behind the length has been looked at.
    assert_eq!(read_from(&bytes), (Err(ProxyFault::TooLong), HEAD));
    bytes[13] = 0xff;
    bytes[12] = LOCAL;
    assert_eq!(read_from(&bytes), (Err(ProxyFault::TooLong), HEAD));
}

#[test]
fn a_checksum_must_be_right() {
    assert_eq!(crc32c(b"123456789".iter().copied()), 0xe306_9283);
    let made = |crc: u32, behind: &[u8]| {
        let values = [value(4, b"before"), value(3, &crc.to_be_bytes()), behind.to_vec()];
        with_values(&values.concat())
    };
    let behind = value(5, b"an identifier");
    let crc = crc32c(made(0, &behind).into_iter());
    let right = made(crc, &behind);
    assert_eq!(read_from(&right).0, Ok(Some(usual())));
    let wrong = ProxyFault::Invalid(HeaderError::Checksum);
    assert_eq!(fault(&made(crc ^ 1, &behind)), wrong);
    let mut other_source = right;
    other_source[HEAD] ^= 1;
    assert_eq!(fault(&other_source), wrong);
    assert_eq!(fault(&with_values(&value(3, &[0; 3]))), wrong);
    let twice = value(3, &crc.to_be_bytes());
    assert_eq!(fault(&made(crc, &twice)), wrong);
}

#[test]
fn what_is_sent_is_what_is_read() {
    let mut bytes = super::header(usual()).unwrap();
    assert_eq!(bytes, with_values(&[]));
    for (source, destination) in [
        ("192.0.2.7:4711", "10.0.0.8:2762"),
        ("[2001:db8::7]:4711", "[2001:db8::8]:2762"),
        ("192.0.2.7:4711", "[2001:db8::8]:2762"),
        ("[2001:db8::7]:4711", "10.0.0.8:2762"),
    ] {
        bytes = super::header(ends(source, destination)).unwrap();
        assert_eq!(read_from(&bytes), (Ok(Some(ends(source, destination))), bytes.len()));
    }
    let mapped = super::header(ends("[::ffff:192.0.2.7]:4711", "[::ffff:10.0.0.8]:2762"));
    assert_eq!(mapped.unwrap(), with_values(&[]));
}

#[tokio::test]
async fn waits_for_a_header_in_pieces() {
    let bytes = with_values(&value(4, &[0; 9]));
    let mut stream = tokio::io::join(Slow(bytes.clone().into()), tokio::io::sink());
    assert_eq!(read(&mut stream).await, Ok(Some(usual())));
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty());
}

/// Has a byte at a time.
struct Slow(std::collections::VecDeque<u8>);

impl AsyncRead for Slow {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        into: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        into.put_slice(self.0.pop_front().as_slice());
        std::task::Poll::Ready(Ok(()))
    }
}

proptest! {
    /// Whatever comes behind a signature: no panic, and no byte beyond the length.
    #[test]
    fn never_reads_beyond_the_header(
        head in prop::collection::vec(prop_oneof![Just(PROXY), Just(LOCAL), Just(0x11), any::<u8>()], 2),
        body in prop::collection::vec(prop_oneof![Just(0), Just(3), any::<u8>()], 0..300),
        behind in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let bytes = header(head[0], head[1], &body);
        let (outcome, count) = read_from(&[&bytes[..], &behind].concat());
        prop_assert!(count <= bytes.len());
        if outcome.is_ok() {
            prop_assert_eq!(count, bytes.len());
        }
    }

    /// Changes to a sound header.
    #[test]
    fn takes_no_source_from_a_header_whose_checksum_is_of_another(
        at in 0..usize::MAX,
        flip in 1..=255_u8,
    ) {
        let made = |crc: u32| with_values(&value(3, &crc.to_be_bytes()));
        let mut bytes = made(crc32c(made(0).into_iter()));
        let at = at % bytes.len();
        bytes[at] ^= flip;
        let (outcome, count) = read_from(&bytes);
        prop_assert!(count <= bytes.len());
        // A health check says nothing that could be believed; and the checksum may be hidden, by another
        // kind of value or by a length of the header that ends before it.
        if let Ok(Some(_)) = outcome {
            prop_assert!(matches!(at, 14 | 15 | 28), "{} {:?}", at, outcome);
        }
    }
}
