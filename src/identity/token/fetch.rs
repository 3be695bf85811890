//! Keys from a URL: HTTPS under a CA of its own, one request a connection, bounded in time and size.

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{ACCEPT, HOST, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::keys::MAX_FILE;
use crate::audit::PeerText;
use crate::host::words;
use crate::timers::timeout;

/// Bytes of the head of an answer, and of what is read at once.
const MAX_HEAD: usize = 32 * 1024;
/// Fields in the head of an answer.
const MAX_FIELDS: usize = 100;
const HTTPS: u16 = 443;

/// Where keys are fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: Box<str>,
    port: u16,
    /// What the certificate has to be for.
    name: ServerName<'static>,
    /// Host and port, as they are written.
    authority: Box<str>,
    /// Path and query.
    path: Box<str>,
}

/// Why a text is no URL that keys are fetched from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// Not a URL.
    #[error("is not a URL; write it as \"https://login.example/keys\"")]
    Grammar,
    /// HTTP without TLS, with which anybody on the way could give keys of their own.
    #[error("does not begin with \"https://\"; keys are fetched over TLS only")]
    Scheme,
    /// A name and password in it, which would be in every log.
    #[error("has a user in it; keys are public and fetched without one")]
    User,
    /// A part of a page.
    #[error("has a fragment in it, which is never sent; leave out what follows `#`")]
    Fragment,
    /// Neither a DNS name nor an IP address.
    #[error("has a host that is neither a DNS name nor an IP address")]
    Host,
}

/// Why nothing was fetched. Says nothing of what came, but for text of TLS.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchFault {
    #[error("no TCP connection: {}", words(.0))]
    Connect(io::Error),
    #[error("no TLS: {0}; its certificate has to be from `keys_ca`")]
    Tls(PeerText),
    #[error("no answer within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    #[error("is answered by a redirection, which is not followed; write where it leads to")]
    Redirected,
    #[error("is answered with HTTP status {0}")]
    Status(u16),
    #[error("is answered with more than {} KiB", MAX_FILE / 1024)]
    TooLarge,
    #[error("is not answered in HTTP, or not to the end")]
    Broken,
}

/// What fetches keys.
#[derive(Clone, Debug)]
pub struct Fetcher {
    address: Address,
    /// The CAs that the server's certificate has to come from, and no others.
    authorities: Vec<CertificateDer<'static>>,
    tls: Arc<ClientConfig>,
}

impl FromStr for Address {
    type Err = UrlFault;

    fn from_str(text: &str) -> Result<Self, UrlFault> {
        let scheme = text.split_once("://").ok_or(UrlFault::Grammar)?.0;
        if !scheme.eq_ignore_ascii_case("https") {
            return Err(UrlFault::Scheme);
        }
        let uri: Uri = text.parse().map_err(|_| UrlFault::Grammar)?;
        if text.contains('#') {
            return Err(UrlFault::Fragment);
        }
        let authority = uri.authority().ok_or(UrlFault::Grammar)?;
        if authority.as_str().contains('@') {
            return Err(UrlFault::User);
        }
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let name = match host.parse::<IpAddr>() {
            Ok(address) => ServerName::IpAddress(address.into()),
            Err(_) => ServerName::try_from(host.to_owned()).map_err(|_| UrlFault::Host)?,
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            host: host.into(),
            port: authority.port_u16().unwrap_or(HTTPS),
            name,
            authority: authority.as_str().into(),
            path: path.into(),
        })
    }
}

impl Fetcher {
    /// Of this address, whose certificate comes from these CAs.
    ///
    /// # Errors
    ///
    /// One of them cannot serve as a CA.
    pub fn new(
        address: Address,
        authorities: Vec<CertificateDer<'static>>,
    ) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        authorities.iter().try_for_each(|ca| roots.add(ca.clone()))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.resumption = Resumption::disabled();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { address, authorities, tls: Arc::new(tls) })
    }

    /// Whether both ask the same of the same.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (&self.address, &self.authorities) == (&other.address, &other.authorities)
    }

    /// The URL, for the log.
    pub(super) fn url(&self) -> String {
        format!("https://{}{}", self.address.authority, self.address.path)
    }

    /// What the URL gives.
    pub(super) async fn fetch(&self, patience: Duration) -> Result<Vec<u8>, FetchFault> {
        let fetched = timeout(patience, self.exchange()).await;
        fetched.unwrap_or(Err(FetchFault::TimedOut(patience)))
    }

    async fn exchange(&self) -> Result<Vec<u8>, FetchFault> {
        let Address { host, port, name, .. } = &self.address;
        let stream = TcpStream::connect((&**host, *port)).await.map_err(FetchFault::Connect)?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(name.clone(), stream).await.map_err(|error| {
            FetchFault::Tls(PeerText::from_display(words(&error), PeerText::SENTENCE))
        })?;
        let mut builder = Builder::new();
        builder.max_buf_size(MAX_HEAD).max_headers(MAX_FIELDS);
        let opened = builder.handshake(TokioIo::new(stream)).await;
        let (sender, connection) = opened.map_err(|_| FetchFault::Broken)?;
        let mut asking = pin!(self.ask(sender));
        tokio::select! {
            biased;
            asked = &mut asking => return asked,
            // All that it had for the other one is there.
            _ended = connection => {}
        }
        asking.await
    }

    async fn ask(&self, mut sender: SendRequest<String>) -> Result<Vec<u8>, FetchFault> {
        let request = Request::get(&*self.address.path)
            .header(HOST, &*self.address.authority)
            .header(ACCEPT, "application/jwk-set+json, application/json")
            .header(USER_AGENT, "pacsgate")
            .body(String::new());
        let answer = sender.send_request(request.map_err(|_| FetchFault::Broken)?).await;
        let answer = answer.map_err(|_| FetchFault::Broken)?;
        if answer.status().is_redirection() {
            return Err(FetchFault::Redirected);
        }
        match answer.status().as_u16() {
            200 => whole(answer.into_body()).await,
            status => Err(FetchFault::Status(status)),
        }
    }
}

/// The content of an answer, as far as it is as long as keys may be.
async fn whole(mut body: Incoming) -> Result<Vec<u8>, FetchFault> {
    if body.size_hint().lower() > MAX_FILE as u64 {
        return Err(FetchFault::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        // Others are fields that follow the content.
        let Ok(data) = frame.map_err(|_| FetchFault::Broken)?.into_data() else { continue };
        if bytes.len() + data.len() > MAX_FILE {
            return Err(FetchFault::TooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}
