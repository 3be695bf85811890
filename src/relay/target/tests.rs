//! A target that refuses before it is asked.

use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::{AlertDescription, Error};
use tokio::io::ReadBuf;

use super::*;
use crate::stream::tls::OutgoingFault;

/// TLS over a connection that was reset: nothing can be written any more, and the alert that came before
/// still waits to be read.
struct Reset;

impl AsyncRead for Reset {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let refusal = Error::AlertReceived(AlertDescription::CertificateRequired);
        Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, refusal)))
    }
}

impl AsyncWrite for Reset {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn hears_the_refusal_that_came_before_the_connection_was_reset() {
    let Err(Unanswered::Ended(error)) = ask(&mut Reset, b"request").await else {
        panic!("an answer from a connection that was reset")
    };
    assert_eq!(OutgoingFault::of_read(&error), Some(OutgoingFault::RefusesUs));
}
