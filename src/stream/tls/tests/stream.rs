//! What comes through a stream once TLS is up, however the socket cuts it.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::pki_types::ServerName;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf,
    duplex, split,
};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream as ClientStream;

use super::super::{HELLO, IncomingStream};
use super::*;
use crate::stream::pool;

/// A socket that gives and takes at most so many bytes at a time.
struct Narrow {
    inner: DuplexStream,
    width: usize,
    writes: usize,
}

impl AsyncRead for Narrow {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        let mut piece = out.take(this.width);
        let polled = Pin::new(&mut this.inner).poll_read(cx, &mut piece);
        let count = piece.filled().len();
        // It was written through the piece.
        out.advance(count);
        polled
    }
}

impl AsyncWrite for Narrow {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let this = self.get_mut();
        this.writes += 1;
        Pin::new(&mut this.inner).poll_write(cx, &bytes[..bytes.len().min(this.width)])
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

type Gate = Box<IncomingStream<Narrow>>;
type Device = ClientStream<DuplexStream>;

/// Both ends of a connection of which the handshake is done.
async fn connected(
    version: &'static rustls::SupportedProtocolVersion,
    width: usize,
) -> (Gate, Device) {
    let site = Site::new();
    let client = site.client(&site.client_ca.client("ct1.example")).version(version);
    let (near, far) = duplex(256 * 1024);
    let name = ServerName::try_from("gate.example").unwrap();
    let (server, connector) = (site.server(), TlsConnector::from(client.config()));
    let near = Narrow { inner: near, width, writes: 0 };
    let (gate, device) = tokio::join!(server.accept(near), connector.connect(name, far));
    (gate.map_err(|failure| failure.fault).unwrap().0, device.unwrap())
}

/// Bytes that tell where they stand.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 31 / 7 % 251).unwrap()).collect()
}

#[tokio::test]
async fn moves_everything_both_ways_however_it_is_cut() {
    let sent = pattern(300_000);
    for version in BOTH {
        for width in [1_000, 16 * 1024 + 1, 1 << 20] {
            let (gate, device) = connected(version, width).await;
            let (mut gate_reads, mut gate_writes) = split(gate);
            let (mut device_reads, mut device_writes) = split(device);
            let (mut at_gate, mut at_device) = (vec![0; sent.len()], vec![0; sent.len()]);
            let outcome = tokio::try_join!(
                async {
                    gate_writes.write_all(&sent).await?;
                    gate_writes.flush().await
                },
                async {
                    device_writes.write_all(&sent).await?;
                    device_writes.flush().await
                },
                gate_reads.read_exact(&mut at_gate),
                device_reads.read_exact(&mut at_device),
            );
            outcome.unwrap();
            assert!(at_gate == sent && at_device == sent, "{version:?} {width}");
        }
    }
}

#[tokio::test]
async fn goes_on_with_the_keys_that_a_device_changes() {
    let (mut gate, mut device) = connected(&rustls::version::TLS13, 1 << 20).await;
    for round in 0..20 {
        device.get_mut().1.refresh_traffic_keys().unwrap();
        device.write_all(b"to the gate").await.unwrap();
        device.flush().await.unwrap();
        let mut came = [0; 11];
        gate.read_exact(&mut came).await.unwrap();
        gate.write_all(b"to the device").await.unwrap();
        gate.flush().await.unwrap();
        let mut heard = [0; 13];
        device.read_exact(&mut heard).await.unwrap();
        assert_eq!((&came, &heard), (b"to the gate", b"to the device"), "{round}");
    }
}

#[tokio::test]
async fn writes_while_what_has_come_is_not_read_and_loses_none_of_it() {
    let sent = pattern(40_000);
    for version in BOTH {
        let (mut gate, mut device) = connected(version, 1 << 20).await;
        device.write_all(&sent).await.unwrap();
        device.flush().await.unwrap();
        // The first byte shows that the rest is there, too.
        assert_eq!(gate.fill_buf().await.unwrap()[0], sent[0]);
        let mut heard = [0; 6];
        for _ in 0..3 {
            gate.write_all(b"answer").await.unwrap();
            gate.flush().await.unwrap();
            device.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"answer");
        }
        let mut came = vec![0; sent.len()];
        gate.read_exact(&mut came).await.unwrap();
        assert!(came == sent, "{version:?}");
    }
}

#[tokio::test]
async fn hears_a_device_out_that_sends_no_more_and_says_its_own_last_word() {
    for version in BOTH {
        let (mut gate, mut device) = connected(version, 1 << 20).await;
        device.write_all(b"last").await.unwrap();
        device.shutdown().await.unwrap();
        let mut came = Vec::new();
        gate.read_to_end(&mut came).await.unwrap();
        assert_eq!(came, b"last");
        assert_eq!(gate.read(&mut [0; 4]).await.unwrap(), 0);
        if version.version == rustls::ProtocolVersion::TLSv1_3 {
            gate.write_all(b"answer").await.unwrap();
        }
        gate.shutdown().await.unwrap();
        assert!(gate.write_all(b"more").await.is_err());
        drop(gate);
        let mut heard = Vec::new();
        // Without close_notify that would be an error.
        device.read_to_end(&mut heard).await.unwrap();
    }
}

#[tokio::test]
async fn an_end_without_a_word_is_no_end_of_the_data() {
    for version in BOTH {
        let (mut gate, mut device) = connected(version, 1 << 20).await;
        device.write_all(b"half").await.unwrap();
        device.flush().await.unwrap();
        device.get_mut().0.shutdown().await.unwrap();
        let mut came = Vec::new();
        let error = gate.read_to_end(&mut came).await.unwrap_err();
        assert_eq!((error.kind(), &came[..]), (std::io::ErrorKind::UnexpectedEof, &b"half"[..]));
    }
}

#[tokio::test]
async fn a_broken_record_ends_the_stream_with_an_alert_and_stays_broken() {
    for version in BOTH {
        let (mut gate, mut device) = connected(version, 1 << 20).await;
        let record = [&[23, 3, 3, 0, 32][..], &[0; 32]].concat();
        device.get_mut().0.write_all(&record).await.unwrap();
        for _ in 0..2 {
            let error = gate.read(&mut [0; 4]).await.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
        }
        assert!(gate.write_all(b"more").await.is_err());
        let _ = gate.shutdown().await;
        let heard = device.read(&mut [0; 4]).await.unwrap_err();
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::BadRecordMac);
        assert_eq!(heard.get_ref().unwrap().to_string(), alert.to_string(), "{version:?}");
    }
}

/// A handshake record of a length, of which so many bytes come.
async fn begin(length: u16, bytes: usize) -> Option<HandshakeFault> {
    let server = Site::new().server();
    let (near, mut far) = duplex(64 * 1024);
    let [high, low] = length.to_be_bytes();
    far.write_all(&[22, 3, 1, high, low, 1, 0, 0xff, 0xff]).await.unwrap();
    far.write_all(&vec![7; bytes - 9]).await.unwrap();
    let accepted = timeout(Duration::from_secs(1), server.accept(near)).await;
    accepted.ok().map(|failed| failed.unwrap_err().fault)
}

#[tokio::test(start_paused = true)]
async fn reads_of_a_hello_what_a_hello_may_have() {
    // A record that may become a hello is waited for; a byte too much is the end.
    assert_eq!(begin(0x2000, HELLO).await, None);
    assert_eq!(begin(0x2000, HELLO + 1).await, Some(HandshakeFault::HandshakeTooLarge));
}

#[tokio::test]
async fn an_idle_stream_holds_no_buffer() {
    let (mut gate, mut device) = connected(&rustls::version::TLS13, 1 << 20).await;
    device.write_all(&pattern(pool::BUFFER)).await.unwrap();
    device.flush().await.unwrap();
    let mut came = vec![0; pool::BUFFER];
    gate.read_exact(&mut came).await.unwrap();
    gate.write_all(&came).await.unwrap();
    gate.flush().await.unwrap();
    assert_eq!(gate.held(), 0);
}

#[tokio::test]
async fn what_is_read_at_once_goes_in_one_write() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let (mut gate, _device) = connected(version, usize::MAX).await;
        let with_new_headers = pool::BUFFER + 512;
        while gate.held() == 0 {
            let written = gate.write(&pattern(2 * pool::BUFFER)).await.unwrap();
            assert_eq!(written, with_new_headers);
        }
        // It had not to grow.
        assert_eq!(gate.held(), pool::READ);
    }
}

#[tokio::test]
async fn what_is_said_till_the_flush_or_the_close_leaves_at_once() {
    let (mut gate, mut device) = connected(&rustls::version::TLS13, usize::MAX).await;
    let before = gate.socket().writes;
    gate.write_all(b"answer").await.unwrap();
    assert_eq!(gate.socket().writes, before);
    gate.flush().await.unwrap();
    assert_eq!(gate.socket().writes, before + 1);
    gate.write_all(b"last").await.unwrap();
    gate.shutdown().await.unwrap();
    assert_eq!(gate.socket().writes, before + 2);
    let mut heard = Vec::new();
    // To its end, of which TLS itself tells.
    device.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"answerlast");
}

/// Polls once; whether the task rests although something waits.
async fn rests(gate: &mut Gate) -> bool {
    let mut came = [0; 64];
    poll_fn(|cx| {
        Poll::Ready(Pin::new(&mut *gate).poll_read(cx, &mut ReadBuf::new(&mut came)).is_pending())
    })
    .await
}

#[tokio::test]
async fn who_only_changes_keys_has_no_turn_without_end() {
    let (mut gate, mut device) = connected(&rustls::version::TLS13, 1 << 20).await;
    for _ in 0..200 {
        device.get_mut().1.refresh_traffic_keys().unwrap();
        device.write_all(b"x").await.unwrap();
        device.flush().await.unwrap();
    }
    let mut read = 0;
    while !rests(&mut gate).await {
        read += 1;
    }
    // Each byte comes with 27 of new keys before it.
    assert!((100..160).contains(&read), "{read}");
    let mut rest = vec![0; 200 - read];
    gate.read_exact(&mut rest).await.unwrap();
}

#[tokio::test]
async fn a_write_that_finds_a_broken_record_tells_the_peer() {
    let (mut gate, mut device) = connected(&rustls::version::TLS13, 1 << 20).await;
    let record = [&[23, 3, 3, 0, 32][..], &[0; 32]].concat();
    device.write_all(b"request").await.unwrap();
    device.flush().await.unwrap();
    device.get_mut().0.write_all(&record).await.unwrap();
    assert_eq!(gate.fill_buf().await.unwrap(), b"request");
    assert!(gate.write_all(b"answer").await.is_err());
    let heard = device.read(&mut [0; 4]).await.unwrap_err();
    let alert = rustls::Error::AlertReceived(rustls::AlertDescription::BadRecordMac);
    assert_eq!(heard.get_ref().unwrap().to_string(), alert.to_string());
    // What was wrong is told again, and not only that something was.
    gate.consume(7);
    let again = gate.read(&mut [0; 4]).await.unwrap_err();
    assert_eq!(again.get_ref().unwrap().to_string(), rustls::Error::DecryptError.to_string());
}
