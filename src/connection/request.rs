//! The association request off the wire.

use std::io;

use pacsgate_core::wire::associate::{AssociateError, request_length};
use pacsgate_core::wire::pdu::Header;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use zeroize::Zeroizing;

use crate::net;
use crate::reason::Early;
use crate::relay::is_broken_tls;

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
/// A user identity is in it, so it is overwritten when it is dropped.
pub(super) async fn read_associate<S>(requestor: &mut S) -> Result<Zeroizing<Vec<u8>>, Unread>
where
    S: AsyncBufRead + Unpin,
{
    let mut header = [0; Header::LEN];
    match requestor.fill_buf().await {
        Ok(first) if !first.is_empty() => {}
        Ok(_) => return Err(Unread::Ended(Early::ClosedBeforeRequest)),
        Err(error) => return Err(unread(&error, Early::ClosedBeforeRequest)),
    }
    let unread = |error: io::Error| unread(&error, Early::ClosedInRequest);
    requestor.read_exact(&mut header).await.map_err(unread)?;
    let length = request_length(header).map_err(Unread::Header)?;
    let mut body = Zeroizing::new(Vec::new());
    net::read_body(requestor, length, &mut body).await.map_err(unread)?;
    Ok(body)
}

fn unread(error: &io::Error, closed: Early) -> Unread {
    Unread::Ended(if is_broken_tls(error) { Early::BrokenTls } else { closed })
}
