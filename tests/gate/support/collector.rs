//! A syslog collector: octet-counted frames over TCP or TLS, and what is in them (RFC 5424).

use super::PATIENCE;
use super::authority::Identity;
use super::requestor::reset_when_dropped;
use super::site::site;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A collector that runs.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    seen: Arc<Seen>,
    stopped: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    accepts: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    messages: Mutex<Vec<Message>>,
    grown: Condvar,
}

/// A message as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) priority: u8,
    pub(crate) time: String,
    pub(crate) host: String,
    pub(crate) application: String,
    pub(crate) process: String,
    pub(crate) id: String,
    /// Element, parameter, value.
    pub(crate) data: Vec<(String, String, String)>,
    pub(crate) text: String,
}

/// Between two looks at whether it is to stop.
const GLANCE: Duration = Duration::from_millis(20);

impl Collector {
    /// Over TCP.
    pub(crate) fn plain(listener: TcpListener) -> Self {
        Self::serving(listener, |stream| Box::new(stream))
    }

    /// Over TLS, with this certificate; the gate has to show one of the site's.
    pub(crate) fn tls(listener: TcpListener, identity: &Identity) -> Self {
        let config = server(identity);
        Self::serving(listener, move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            Box::new(StreamOwned::new(connection, stream))
        })
    }

    fn serving(
        listener: TcpListener,
        read: impl Fn(TcpStream) -> Box<dyn Read + Send> + Send + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let (seen, stopped) = (Arc::<Seen>::default(), Arc::<AtomicBool>::default());
        let (shared, ended) = (Arc::clone(&seen), Arc::clone(&stopped));
        let open = Arc::<Mutex<Vec<TcpStream>>>::default();
        let opened = Arc::clone(&open);
        let accepts = thread::spawn(move || {
            let mut readers = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                stream.set_read_timeout(Some(GLANCE)).unwrap();
                opened.lock().unwrap().push(stream.try_clone().unwrap());
                let (stream, seen, ended) = (read(stream), Arc::clone(&shared), Arc::clone(&ended));
                readers.push(thread::spawn(move || seen.read(stream, &ended)));
            }
            drop(listener);
            readers.into_iter().for_each(|reader| reader.join().unwrap());
        });
        Self { address, seen, stopped, open, accepts }
    }

    /// Reads what has come and closes; what it has got.
    pub(crate) fn stop(self) -> Vec<Message> {
        self.stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        self.open.lock().unwrap().clear();
        self.accepts.join().unwrap();
        std::mem::take(&mut *self.seen.messages.lock().unwrap())
    }

    /// Ends as a process does that is killed under load: its connections are reset.
    pub(crate) fn kill(self) -> Vec<Message> {
        for stream in &*self.open.lock().unwrap() {
            reset_when_dropped(stream);
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.stop()
    }

    /// Waits until such a message has come; all that came up to then.
    pub(crate) fn wait_for(&self, wanted: impl Fn(&Message) -> bool) -> Vec<Message> {
        let deadline = Instant::now() + PATIENCE;
        let mut messages = self.seen.messages.lock().unwrap();
        loop {
            if let Some(at) = messages.iter().position(&wanted) {
                return messages[..=at].to_vec();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no such message in {messages:#?}");
            messages = self.seen.grown.wait_timeout(messages, left).unwrap().0;
        }
    }
}

/// TLS with this certificate; the gate has to show one of the site's.
pub(crate) fn server(identity: &Identity) -> Arc<ServerConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(site().root.certificate().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.unwrap());
    Arc::new(config.with_single_cert(identity.chain(), identity.key()).unwrap())
}

impl Seen {
    fn read(&self, mut stream: Box<dyn Read + Send>, ended: &AtomicBool) {
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(error) if is_timeout(&error) && !ended.load(Ordering::SeqCst) => {}
                Err(_) => return,
            }
            while let Some((message, rest)) = split(&bytes) {
                self.messages.lock().unwrap().push(Message::parse(&message));
                self.grown.notify_all();
                bytes = rest;
            }
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// The first frame, if all of it is there, and what is behind it.
fn split(bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    let blank = bytes.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&bytes[..blank]).unwrap().parse().unwrap();
    let message = bytes.get(blank + 1..blank + 1 + length)?;
    let rest = bytes[blank + 1 + length..].to_vec();
    Some((String::from_utf8(message.to_vec()).unwrap(), rest))
}

impl Message {
    /// By the grammar of RFC 5424 section 6.
    pub(crate) fn parse(text: &str) -> Self {
        let (priority, rest) = text.strip_prefix('<').unwrap().split_once(">1 ").unwrap();
        let mut fields = rest.splitn(6, ' ').map(str::to_owned);
        let mut field = || fields.next().unwrap();
        let (time, host, application, process, id) = (field(), field(), field(), field(), field());
        let rest = field();
        assert!(time.ends_with('Z') && time.len() == 24, "{time}");
        let (data, rest) = elements(&rest);
        let text = rest.strip_prefix(' ').unwrap().to_owned();
        let priority = priority.parse().unwrap();
        Self { priority, time, host, application, process, id, data, text }
    }

    /// The value of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.data.iter().find(|(_, parameter, _)| parameter == name);
        found.map(|(.., value)| value.as_str())
    }

    /// Its number.
    pub(crate) fn number(&self) -> u64 {
        self.parameter("sequenceId").unwrap().parse().unwrap()
    }
}

fn elements(mut rest: &str) -> (Vec<(String, String, String)>, &str) {
    let mut data = Vec::new();
    while let Some(inside) = rest.strip_prefix('[') {
        let end = inside.find([' ', ']']).unwrap();
        let (element, mut behind) = inside.split_at(end);
        while let Some(parameter) = behind.strip_prefix(' ') {
            let (name, value) = parameter.split_once("=\"").unwrap();
            let mut letters = value.char_indices();
            let mut text = String::new();
            let end = loop {
                match letters.next().unwrap() {
                    (_, '\\') => text.push(letters.next().unwrap().1),
                    (at, '"') => break at,
                    (_, letter) => text.push(letter),
                }
            };
            data.push((element.to_owned(), name.to_owned(), text));
            behind = value.get(end + 1..).unwrap();
        }
        rest = behind.strip_prefix(']').unwrap();
    }
    (data, rest)
}
