//! A server for keys on this machine, which answers as a test wants it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use rustls::server::NoServerSessionStorage;
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::identity::token::{Address, Fetcher};
use crate::pki::{self, Authority};

/// What it answers.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// Nothing, for ever, after the request.
    Nothing,
    /// Nothing, not even TLS.
    NoTls,
    /// A head that promises nothing, and then zeros without an end.
    Endless,
    /// A byte of a head at a time, without an end.
    Drip,
    /// The end, at once.
    End,
}

/// It ends with this.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    answer: watch::Sender<Answer>,
    pub(super) ca: CertificateDer<'static>,
    /// How many connections it has had, and how many of them are open.
    pub(super) asked: Arc<AtomicUsize>,
    pub(super) open: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

pub(super) fn answer(status: &str, body: &[u8]) -> Answer {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    Answer::Bytes([head.as_bytes(), body].concat())
}

pub(super) fn ok(keys: &[&Maker]) -> Answer {
    answer("200 OK", &maker::set(keys))
}

impl Server {
    pub(super) async fn start(first: Answer) -> Self {
        Self::named("127.0.0.1", pki::today(), first).await
    }

    /// With a certificate for another name, or another time.
    pub(super) async fn named(
        name: &str,
        valid: std::ops::Range<SystemTime>,
        first: Answer,
    ) -> Self {
        let key = || KeyPair::generate().unwrap();
        let ca = Authority::root(pki::authority("Login CA", pki::today()), key()).unwrap();
        let leaf = pki::leaf("login", &[name], None, valid).unwrap();
        let identity = ca.issue(&leaf, key()).unwrap();
        let chain = identity.chain.iter().map(|one| one.der().clone()).collect();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let versions: &[&SupportedProtocolVersion] = rustls::DEFAULT_VERSIONS;
        let private = identity.key.serialize_der().try_into().unwrap();
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .unwrap();
        tls.session_storage = Arc::new(NoServerSessionStorage {});
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (answer, answers) = watch::channel(first);
        let (asked, open) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let mut tasks = JoinSet::new();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let counts = (Arc::clone(&asked), Arc::clone(&open));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, acceptor) = (answers.borrow().clone(), acceptor.clone());
                let (asked, open) = (Arc::clone(&counts.0), Arc::clone(&counts.1));
                open.fetch_add(1, Ordering::SeqCst);
                asked.fetch_add(1, Ordering::SeqCst);
                connections.spawn(async move {
                    serve(stream, &acceptor, answer).await;
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        let ca = ca.issuer.der().clone();
        Self { address, answer, ca, asked, open, _tasks: tasks }
    }

    /// What it answers from now on.
    pub(super) fn answers(&self, answer: Answer) {
        self.answer.send_replace(answer);
    }

    pub(super) fn source(&self, ca: CertificateDer<'static>) -> Source {
        let url = format!("https://{}/certs?x=1", self.address);
        let address: Address = url.parse().unwrap();
        Source::Url(Box::new(Fetcher::new(address, vec![ca]).unwrap()), FAST.every)
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, acceptor: &TlsAcceptor, answer: Answer) {
    let mut byte = [0];
    match answer {
        Answer::End => return,
        Answer::NoTls => {
            while stream.read(&mut byte).await.is_ok_and(|count| count > 0) {}
            return;
        }
        Answer::Bytes(_) | Answer::Nothing | Answer::Endless | Answer::Drip => {}
    }
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if !stream.read(&mut byte).await.is_ok_and(|count| count > 0) {
            return;
        }
        request.push(byte[0]);
    }
    assert!(request.starts_with(b"GET /certs?x=1 HTTP/1.1\r\n"), "what is asked for");
    match answer {
        Answer::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Answer::Endless => {
            let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
            let mut written = stream.write_all(head).await;
            while written.is_ok() {
                written = stream.write_all(&[b' '; 16 * 1024]).await;
            }
        }
        Answer::Drip => {
            while stream.write_all(b"H").await.is_ok() && stream.flush().await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        Answer::Nothing | Answer::NoTls | Answer::End => {
            while stream.read(&mut byte).await.is_ok_and(|count| count > 0) {}
        }
    }
}
