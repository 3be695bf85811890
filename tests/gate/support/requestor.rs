//! A requestor that sends whatever a test wants over real TLS.

use super::PATIENCE;
use super::associate::Associate;
use super::authority::{Algorithm, Identity};
use super::pdu::{ASSOCIATE_AC, Pdu, RELEASE_RP, release_rq};
use super::site::{GATE_NAME, site};
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, HandshakeKind, NamedGroup, ProtocolVersion,
    RootCertStore, SignatureScheme, StreamOwned, SupportedProtocolVersion,
};
use socket2::{Domain, SockRef, Socket, Type};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// TLS 1.2 alone.
pub(crate) static TLS12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
/// TLS 1.3 alone.
pub(crate) static TLS13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

/// How a requestor goes about its handshake.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) certificate: Arc<Presented>,
    pub(crate) versions: &'static [&'static SupportedProtocolVersion],
    pub(crate) alpn: Vec<&'static str>,
    pub(crate) sni: bool,
    pub(crate) verifies: Option<Algorithm>,
    pub(crate) sessions: Arc<Sessions>,
}

/// The certificate that a requestor shows, and how many CA names it was asked with.
#[derive(Debug)]
pub(crate) struct Presented {
    key: Option<Arc<CertifiedKey>>,
    hints: AtomicUsize,
}

/// The sessions that a server offered for resumption.
#[derive(Debug)]
pub(crate) struct Sessions {
    cache: ClientSessionMemoryCache,
    offered: AtomicUsize,
}

/// An open connection to the gate.
pub(crate) struct Requestor {
    tls: StreamOwned<ClientConnection, TcpStream>,
}

/// What a requestor gets from the gate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Pdu(Pdu),
    /// The end of the stream, with or without close_notify.
    Closed,
    Reset,
    Alert(AlertDescription),
}

/// For floods: ports that wait for late packets would be missing to the servers of other tests.
pub(crate) fn reset_when_dropped(socket: &TcpStream) {
    SockRef::from(socket).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Connects from this address, one of the machine's own.
pub(crate) fn connect_from(source: [u8; 4], gate: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((source, 0)).into())?;
    socket.connect(&gate.into())?;
    Ok(socket.into())
}

impl Requestor {
    pub(crate) fn socket(&self) -> &TcpStream {
        &self.tls.sock
    }
}

impl Caller {
    /// A caller that shows this certificate and offers what is usual.
    pub(crate) fn with(identity: &Identity) -> Self {
        let provider = aws_lc_rs::default_provider();
        let key = provider.key_provider.load_private_key(identity.key()).unwrap();
        Self::presenting(Some(Arc::new(CertifiedKey::new(identity.chain(), key))))
    }

    /// A caller that shows the certificate and the key of two files, `STEM.pem` and `STEM.key`.
    pub(crate) fn of_files(stem: &Path) -> Self {
        let chain = CertificateDer::pem_file_iter(stem.with_extension("pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(stem.with_extension("key")).unwrap();
        let key = aws_lc_rs::default_provider().key_provider.load_private_key(key).unwrap();
        let chain = chain.map(Result::unwrap).collect();
        Self::presenting(Some(Arc::new(CertifiedKey::new(chain, key))))
    }

    /// A caller without a certificate.
    pub(crate) fn anonymous() -> Self {
        Self::presenting(None)
    }

    fn presenting(key: Option<Arc<CertifiedKey>>) -> Self {
        Self {
            certificate: Arc::new(Presented { key, hints: AtomicUsize::new(0) }),
            versions: rustls::DEFAULT_VERSIONS,
            alpn: Vec::new(),
            sni: true,
            verifies: None,
            sessions: Arc::new(Sessions {
                cache: ClientSessionMemoryCache::new(32),
                offered: AtomicUsize::new(0),
            }),
        }
    }

    /// Connects and does the handshake.
    pub(crate) fn call(&self, gate: SocketAddr) -> io::Result<Requestor> {
        self.shake(TcpStream::connect(gate)?)
    }

    /// The same from another address of this machine.
    pub(crate) fn call_from(&self, source: [u8; 4], gate: SocketAddr) -> io::Result<Requestor> {
        self.shake(connect_from(source, gate)?)
    }

    /// The same over a connection on which something has been said already.
    pub(crate) fn call_over(&self, tcp: TcpStream) -> io::Result<Requestor> {
        self.shake(tcp)
    }

    fn shake(&self, tcp: TcpStream) -> io::Result<Requestor> {
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from(GATE_NAME).unwrap();
        let client = ClientConnection::new(Arc::new(self.config()), name).unwrap();
        let mut tls = StreamOwned::new(client, tcp);
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock)?;
        }
        Ok(Requestor { tls })
    }

    /// How the gate ends a handshake that it must not complete.
    ///
    /// In TLS 1.3 a client has done its part when the server judges the certificate.
    pub(crate) fn refused(&self, gate: SocketAddr) -> Received {
        self.call(gate).map_or_else(|error| Received::from(&error), |mut it| it.receive())
    }

    /// The TLS configuration.
    pub(crate) fn config(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(site().root.certificate().clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(self.provider()))
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_client_cert_resolver(Arc::clone(&self.certificate) as _);
        config.alpn_protocols = self.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config.enable_sni = self.sni;
        config.resumption = Resumption::store(Arc::clone(&self.sessions) as _);
        config
    }

    fn provider(&self) -> CryptoProvider {
        let mut provider = aws_lc_rs::default_provider();
        if let Some(algorithm) = self.verifies {
            let all = provider.signature_verification_algorithms.mapping.iter();
            let chosen = all.filter(|(scheme, _)| algorithm.signs(*scheme)).copied();
            let chosen = chosen.collect::<Vec<_>>();
            provider.signature_verification_algorithms.mapping = Box::leak(chosen.into());
        }
        provider
    }
}

impl Algorithm {
    fn signs(self, scheme: SignatureScheme) -> bool {
        let name = format!("{scheme:?}");
        match self {
            Self::Ecdsa => name.starts_with("ECDSA"),
            Self::Rsa => name.starts_with("RSA"),
        }
    }
}

impl Presented {
    /// How many names of authorities the certificate request held.
    pub(crate) fn hints(&self) -> usize {
        self.hints.load(Ordering::Relaxed)
    }
}

impl rustls::client::ResolvesClientCert for Presented {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.hints.fetch_add(hints.len(), Ordering::Relaxed);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}

impl Sessions {
    /// How many sessions or tickets the server offered.
    pub(crate) fn offered(&self) -> usize {
        self.offered.load(Ordering::Relaxed)
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        self.cache.set_kx_hint(server, group);
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.cache.kx_hint(server)
    }

    fn set_tls12_session(&self, server: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.offered.fetch_add(1, Ordering::Relaxed);
        self.cache.set_tls12_session(server, value);
    }

    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.cache.tls12_session(server)
    }

    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        self.cache.remove_tls12_session(server);
    }

    fn insert_tls13_ticket(&self, server: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.offered.fetch_add(1, Ordering::Relaxed);
        self.cache.insert_tls13_ticket(server, value);
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.cache.take_tls13_ticket(server)
    }
}

impl Requestor {
    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).unwrap();
    }

    /// Sends bytes that the gate may refuse to take.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tls.write_all(bytes)?;
        self.tls.flush()
    }

    /// Sends each byte in a TLS record of its own.
    pub(crate) fn send_bytewise(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.send(&[*byte]);
        }
    }

    /// Waits for the next PDU or for the end.
    pub(crate) fn receive(&mut self) -> Received {
        Pdu::read(&mut self.tls).map_or_else(|error| Received::from(&error), Received::Pdu)
    }

    /// Waits for a PDU.
    pub(crate) fn receive_pdu(&mut self) -> Pdu {
        match self.receive() {
            Received::Pdu(pdu) => pdu,
            end @ (Received::Closed | Received::Reset | Received::Alert(_)) => panic!("{end:?}"),
        }
    }

    /// Reads what comes until the end, whatever it is.
    pub(crate) fn receive_rest(&mut self) -> (Vec<u8>, Received) {
        let mut bytes = Vec::new();
        let end = self.tls.read_to_end(&mut bytes);
        (bytes, end.map_or_else(|error| Received::from(&error), |_| Received::Closed))
    }

    /// Reads this many bytes and keeps none.
    pub(crate) fn discard(&mut self, count: usize) {
        let mut source = (&mut self.tls).take(count.try_into().unwrap());
        let read = io::copy(&mut source, &mut io::sink()).unwrap();
        assert_eq!(read, u64::try_from(count).unwrap());
    }

    /// Sends a request and takes the acceptance.
    pub(crate) fn associate(&mut self, request: &Associate) -> Associate {
        self.send(&request.encode());
        let answer = self.receive_pdu();
        assert_eq!(answer.kind, ASSOCIATE_AC, "{answer:?}");
        Associate::parse(&answer)
    }

    /// Releases the association and waits for the end.
    pub(crate) fn release(&mut self) {
        self.send(&release_rq());
        assert_eq!(self.receive_pdu().kind, RELEASE_RP);
        assert_eq!(self.receive(), Received::Closed);
    }

    /// Sends no more, and says so in TLS and in TCP; it still listens.
    pub(crate) fn close_half(&mut self) {
        self.tls.conn.send_close_notify();
        self.tls.flush().unwrap();
        self.cut_half();
    }

    /// Sends no more, and says so in TCP alone.
    pub(crate) fn cut_half(&mut self) {
        self.tls.sock.shutdown(Shutdown::Write).unwrap();
    }

    /// Sends a record that does not decrypt, and hears that it does not.
    pub(crate) fn break_tls(&mut self) {
        self.tls.sock.write_all(&[&[23, 3, 3, 0, 32][..], &[0; 32]].concat()).unwrap();
        assert_eq!(self.receive(), Received::Alert(AlertDescription::BadRecordMac));
    }

    /// Goes away without a word, as after a loss of power: the kernel resets the connection.
    pub(crate) fn vanish(self) {
        reset_when_dropped(&self.tls.sock);
    }

    /// The version that the handshake chose.
    pub(crate) fn version(&self) -> Option<ProtocolVersion> {
        self.tls.conn.protocol_version()
    }

    /// Whether the handshake was a full one.
    pub(crate) fn handshake(&self) -> Option<HandshakeKind> {
        self.tls.conn.handshake_kind()
    }

    /// The protocol that ALPN chose.
    pub(crate) fn alpn(&self) -> Option<&[u8]> {
        self.tls.conn.alpn_protocol()
    }

    /// The certificate that the gate showed.
    pub(crate) fn gate_certificate(&self) -> &[u8] {
        &self.tls.conn.peer_certificates().unwrap()[0]
    }
}

impl From<&io::Error> for Received {
    fn from(error: &io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::AlertReceived(alert)) = inner {
            return Self::Alert(*alert);
        }
        let kind = error.kind();
        if kind == ErrorKind::UnexpectedEof {
            return Self::Closed;
        }
        if matches!(
            kind,
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted
        ) {
            return Self::Reset;
        }
        panic!("neither an answer nor an end: {error}");
    }
}
