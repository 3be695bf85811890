//! The admin endpoint of the gate that runs on this machine: asked for one page, once.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::time::Duration;

use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{HOST, USER_AGENT};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::config::Endpoint;
use crate::host::words;

/// Where it answers when systemd runs the gate, and `[admin]` says what its documentation says.
pub(super) const SOCKET: &str = "/run/pacsgate/admin.sock";

/// Bytes of the head of an answer, and of what is read at once.
const MAX_HEAD: usize = 32 * 1024;
/// Bytes of a page.
const MAX_PAGE: usize = 16 << 20;

/// A page that came.
pub(super) struct Page {
    pub(super) status: u16,
    content: Vec<u8>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoPage {
    #[error(
        "there is no {}: start the gate, with `bind = [{:?}]` under [admin] in its main file; if it has \
         another socket there, name that with --socket", .0.display(), .0.display().to_string()
    )]
    NoSocket(PathBuf),
    #[error("{0} may not be asked by this user: ask as root, or as a member of the gate's group")]
    NotPermitted(Endpoint),
    #[error(
        "nobody answers at {0}: start the gate, with this address in `bind` under [admin] in its main \
         file; if it has another one there, name that with --socket"
    )]
    Nobody(Endpoint),
    #[error("cannot ask at {}: {}", .0, words(.1))]
    Unasked(Endpoint, io::Error),
    #[error("no answer at {0} within {1:?}: the gate hangs, or its machine does; see its log")]
    TimedOut(Endpoint, Duration),
    #[error("what answers at {0} is no admin endpoint of pacsgate, or that of another version")]
    Foreign(Endpoint),
}

/// An address of the endpoint, as an argument.
pub(super) fn parse(text: &str) -> Result<Endpoint, String> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        let is_loopback = address.ip().to_canonical().is_loopback();
        let refused = || "is no address of this machine alone; the endpoint is at no other".into();
        return is_loopback.then_some(Endpoint::Tcp(address)).ok_or_else(refused);
    }
    // A slip in an address does not become a file.
    if !text.contains('/') || text.ends_with('/') {
        return Err("is neither the path of a socket nor an address of loopback with a port".into());
    }
    Ok(Endpoint::Unix(text.into()))
}

impl Page {
    /// Asks for the page at this path.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) async fn get(
        endpoint: &Endpoint,
        path: &str,
        patience: Duration,
    ) -> Result<Self, NoPage> {
        let got = timeout(patience, get(endpoint, path)).await;
        got.unwrap_or_else(|_elapsed| Err(NoPage::TimedOut(endpoint.clone(), patience)))
    }

    /// What it says.
    ///
    /// # Errors
    ///
    /// It is not the gate that says so.
    pub(super) fn read<T: DeserializeOwned>(&self, endpoint: &Endpoint) -> Result<T, NoPage> {
        serde_json::from_slice(&self.content).map_err(|_| NoPage::Foreign(endpoint.clone()))
    }

    /// What it says, in words.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).trim_end().to_owned()
    }
}

async fn get(endpoint: &Endpoint, path: &str) -> Result<Page, NoPage> {
    let unasked = |error: io::Error| match (endpoint, error.kind()) {
        (Endpoint::Unix(path), io::ErrorKind::NotFound) => NoPage::NoSocket(path.clone()),
        (_, io::ErrorKind::PermissionDenied) => NoPage::NotPermitted(endpoint.clone()),
        (_, io::ErrorKind::ConnectionRefused) => NoPage::Nobody(endpoint.clone()),
        _ => NoPage::Unasked(endpoint.clone(), error),
    };
    let page = match endpoint {
        Endpoint::Tcp(address) => {
            let stream = TcpStream::connect(address).await.map_err(unasked)?;
            exchange(stream, path).await
        }
        Endpoint::Unix(socket) => {
            let stream = UnixStream::connect(socket).await.map_err(unasked)?;
            exchange(stream, path).await
        }
    };
    page.ok_or_else(|| NoPage::Foreign(endpoint.clone()))
}

/// `None` where it is not HTTP that answers, or more than a page.
async fn exchange<S>(stream: S, path: &str) -> Option<Page>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut builder = Builder::new();
    builder.max_buf_size(MAX_HEAD);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.ok()?;
    let mut asking = pin!(ask(sender, path));
    tokio::select! {
        biased;
        asked = &mut asking => return asked,
        // All that it had for the other one is there.
        _ended = connection => {}
    }
    asking.await
}

async fn ask(mut sender: SendRequest<String>, path: &str) -> Option<Page> {
    let request = Request::get(path).header(HOST, "localhost").header(USER_AGENT, "pacsgate");
    let answer = sender.send_request(request.body(String::new()).ok()?).await.ok()?;
    let status = answer.status().as_u16();
    Some(Page { status, content: whole(answer.into_body()).await? })
}

async fn whole(mut body: Incoming) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        // Others are fields that follow the content.
        let Ok(data) = frame.ok()?.into_data() else { continue };
        if bytes.len() + data.len() > MAX_PAGE {
            return None;
        }
        bytes.extend_from_slice(&data);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_the_configuration_takes() {
        assert_eq!(parse("/run/a.sock"), Ok(Endpoint::Unix("/run/a.sock".into())));
        for text in ["127.0.0.1:9120", "[::1]:9120"] {
            assert_eq!(parse(text), Ok(Endpoint::Tcp(text.parse().unwrap())));
        }
        for text in ["10.0.0.1:9120", "[::]:9120", "127.0.0.1", "admin.sock", "/run/pacsgate/", ""]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
