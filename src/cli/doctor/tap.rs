//! A stream whose first bytes are kept, for answers that hyper does not take for HTTP.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::door::Stream;

/// As all versions begin; a browser shows what follows, however odd it is.
const HTTP: [&[u8]; 2] = [b"HTTP/1.", b"HTTP/0."];
/// Bytes that are kept.
const KEPT: usize = 7;

/// The stream.
pub(super) struct Tap {
    stream: Box<dyn Stream>,
    beginning: Beginning,
}

/// What has come first.
#[derive(Clone, Default)]
pub(super) struct Beginning(Arc<Mutex<Vec<u8>>>);

impl Tap {
    pub(super) fn of(stream: Box<dyn Stream>) -> (Self, Beginning) {
        let beginning = Beginning::default();
        (Self { stream, beginning: beginning.clone() }, beginning)
    }
}

impl Beginning {
    pub(super) fn is_http(&self) -> bool {
        self.0.lock().is_ok_and(|kept| HTTP.contains(&kept.as_slice()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().is_ok_and(|kept| kept.is_empty())
    }

    fn keep(&self, bytes: &[u8]) {
        if let Ok(mut kept) = self.0.lock() {
            let missing = KEPT - kept.len().min(KEPT);
            kept.extend(bytes.iter().take(missing));
        }
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.beginning.keep(buffer.filled().get(before..).unwrap_or_default());
        polled
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
