//! The association request off the wire.

use std::io;

use pacsgate_core::wire::associate::{AssociateError, request_length};
use pacsgate_core::wire::pdu::Header;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use zeroize::Zeroizing;

use crate::port::Transport;
use crate::reason::Early;
use crate::relay::is_broken_tls;
use crate::stream::read_ahead::Opening;

/// Why there is no request.
pub(super) enum Unread {
    /// The connection ended first.
    Ended(Early),
    /// Its header breaks a rule.
    Header(AssociateError),
}

/// Reads a request's body: type and length are judged from the six header bytes before anything
/// is kept. The caller sets the deadline.
///
/// Without TLS, what comes instead of a request is named for what it is first.
///
/// A user identity is in it, so it is overwritten when it is dropped.
pub(super) async fn read_associate<S>(
    requestor: &mut S,
    transport: Transport,
) -> Result<Zeroizing<Vec<u8>>, Unread>
where
    S: AsyncBufRead + Unpin,
{
    let mut header = [0; Header::LEN];
    let closed = match transport {
        Transport::Tls => Early::ClosedBeforeRequest,
        Transport::Plain => Early::PassedBy,
    };
    match requestor.fill_buf().await {
        Ok(first) if !first.is_empty() => {}
        Ok(_) => return Err(Unread::Ended(closed)),
        Err(error) => return Err(unread(&error, closed)),
    }
    let unread = |error: io::Error| unread(&error, Early::ClosedInRequest);
    requestor.read_exact(&mut header).await.map_err(unread)?;
    if let (Transport::Plain, Some(early)) = (transport, misplaced(header)) {
        return Err(Unread::Ended(early));
    }
    let length = request_length(header).map_err(Unread::Header)?;
    read_body(requestor, length).await.map_err(unread)
}

/// What belongs to another port.
fn misplaced(header: [u8; Header::LEN]) -> Option<Early> {
    match Opening::of(&header) {
        Opening::Tls | Opening::Ssl2 => Some(Early::TlsOnPlainPort),
        Opening::Http => Some(Early::Http),
        Opening::ProxyHeader => Some(Early::UnexpectedProxyHeader),
        // A request, or what its reader has a name for.
        Opening::PlainDicom | Opening::Nothing | Opening::Unknown => None,
    }
}

/// Reads so many bytes, which are kept as they arrive. None of the buffers that were too small for them
/// is left behind with what it held.
async fn read_body<S>(requestor: &mut S, length: usize) -> io::Result<Zeroizing<Vec<u8>>>
where
    S: AsyncBufRead + Unpin,
{
    let mut body = Zeroizing::new(Vec::new());
    while body.len() < length {
        let came = requestor.fill_buf().await?;
        let taken = came.get(..length - body.len()).unwrap_or(came);
        if taken.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        make_room(&mut body, taken.len());
        body.extend_from_slice(taken);
        let taken = taken.len();
        requestor.consume(taken);
    }
    Ok(body)
}

/// A vector that grows by itself leaves its old content in memory that is free.
fn make_room(body: &mut Zeroizing<Vec<u8>>, more: usize) {
    let needed = body.len() + more;
    if needed > body.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * body.capacity())));
        larger.extend_from_slice(body);
        *body = larger;
    }
}

fn unread(error: &io::Error, closed: Early) -> Unread {
    Unread::Ended(if is_broken_tls(error) { Early::BrokenTls } else { closed })
}
