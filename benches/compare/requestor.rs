//! The load: a blocking DICOM requestor, over TLS or without it.

use std::io::{self, BufRead, BufReader, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::association::{self, CALLING, CT_IMAGE, STUDY_FIND, STUDY_GET, VERIFICATION};
use crate::material::SERVER_NAME;
use crate::message::{self, C_ECHO, C_FIND, C_GET, C_STORE, Command, SUCCESS};
use crate::pdv::{self, CHUNK, Object, Received};
use crate::sink;

/// A proxy that answers nothing for so long does not work.
const PATIENCE: Duration = Duration::from_secs(120);

/// An established association.
pub(crate) struct Requestor<S = Tls> {
    stream: S,
    /// When the first byte of the request was at the PACS.
    pub(crate) heard: SystemTime,
}

type Tls = StreamOwned<ClientConnection, Socket>;

impl Requestor {
    /// Connects, shakes hands and has an association accepted.
    pub(crate) fn associate(to: SocketAddr, tls: &Arc<ClientConfig>) -> io::Result<Self> {
        Self::associate_as(to, tls, CALLING, None)
    }

    /// The same under another title, and with a user name and a password.
    pub(crate) fn associate_as(
        to: SocketAddr,
        tls: &Arc<ClientConfig>,
        calling: &str,
        user: Option<(&str, &str)>,
    ) -> io::Result<Self> {
        Self::over(connect(to, tls)?, &association::request_as(calling, user)?)
    }
}

impl Requestor<Socket> {
    /// Connects without TLS and has an association accepted.
    pub(crate) fn associate_plain(to: SocketAddr) -> io::Result<Self> {
        Self::over(dial(to)?, &association::request()?)
    }
}

impl<S: BufRead + Write> Requestor<S> {
    fn over(mut stream: S, request: &[u8]) -> io::Result<Self> {
        stream.write_all(request)?;
        let heard = association::expect_acceptance(&mut stream)?;
        Ok(Self { stream, heard })
    }

    /// C-ECHO and its response.
    pub(crate) fn echo(&mut self) -> io::Result<()> {
        self.stream.write_all(&message::echo(VERIFICATION, 1)?)?;
        self.expect(C_ECHO)
    }

    /// C-FIND and the studies that the PACS has found.
    pub(crate) fn find(&mut self) -> io::Result<()> {
        self.stream.write_all(&message::find(STUDY_FIND, 1)?)?;
        for _ in 0..sink::STUDIES_FOUND {
            let command = self.command()?;
            if !command.is_pending(C_FIND) {
                command.expect_success(C_FIND)?;
                return Err(io::Error::other("C-FIND found less than there is"));
            }
            pdv::receive_data_set(&mut self.stream)?;
        }
        self.expect(C_FIND)
    }

    /// C-STORE of `object`; the PACS pauses while it reads it.
    pub(crate) fn store(&mut self, object: Object, pause: Duration) -> io::Result<()> {
        let instance = sink::instance(pause);
        message::write_store(&mut self.stream, CT_IMAGE, 1, &instance, object)?;
        self.expect(C_STORE)
    }

    /// C-GET that brings `count` times `object`; this side pauses while it reads the first.
    pub(crate) fn get(&mut self, count: u64, object: Object, pause: Duration) -> io::Result<()> {
        let study = sink::study(count, object);
        self.stream.write_all(&message::get(STUDY_GET, 1, &study)?)?;
        let mut pauses = Some(pause);
        for _ in 0..count {
            let command = self.command()?;
            if command.field != C_STORE {
                command.expect_success(C_GET)?;
                return Err(io::Error::other("C-GET brought less than was asked for"));
            }
            pdv::discard_data_set(&mut self.stream, || {
                thread::sleep(pauses.take().unwrap_or_default());
            })?;
            self.stream.write_all(&message::response(CT_IMAGE, C_STORE, &command, SUCCESS)?)?;
        }
        self.expect(C_GET)
    }

    /// Releases the association and waits until the other side has closed.
    pub(crate) fn release(mut self) -> io::Result<()> {
        pdv::write_release_rq(&mut self.stream)?;
        let Received::ReleaseRp = pdv::receive(&mut self.stream)? else {
            return Err(io::Error::other("no A-RELEASE-RP"));
        };
        match self.stream.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(io::Error::other("bytes after A-RELEASE-RP")),
            // No close_notify: normal after a release.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn expect(&mut self, field: u16) -> io::Result<()> {
        self.command()?.expect_success(field)
    }

    fn command(&mut self) -> io::Result<Command> {
        match pdv::receive(&mut self.stream)? {
            Received::Command(set) => Command::parse(&set),
            Received::ReleaseRq | Received::ReleaseRp => Err(io::Error::other("a release")),
        }
    }
}

/// A connection that has stopped inside its A-ASSOCIATE-RQ.
pub(crate) fn stall_in_request(to: SocketAddr, tls: &Arc<ClientConfig>) -> io::Result<TcpStream> {
    let mut stream = connect(to, tls)?;
    let request = association::request()?;
    stream.write_all(request.get(..request.len() / 2).unwrap_or_default())?;
    Ok(stream.sock.0.into_inner())
}

/// A connection that has stopped inside its ClientHello.
pub(crate) fn stall_in_handshake(to: SocketAddr, tls: &Arc<ClientConfig>) -> io::Result<TcpStream> {
    let mut hello = Vec::new();
    session(tls)?.write_tls(&mut hello)?;
    let mut socket = TcpStream::connect(to)?;
    socket.write_all(hello.get(..hello.len() / 2).unwrap_or_default())?;
    Ok(socket)
}

fn dial(to: SocketAddr) -> io::Result<Socket> {
    let socket = TcpStream::connect(to)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(Socket(BufReader::with_capacity(CHUNK, socket)))
}

fn connect(to: SocketAddr, tls: &Arc<ClientConfig>) -> io::Result<Tls> {
    let mut socket = dial(to)?;
    let mut session = session(tls)?;
    session.set_buffer_limit(Some(2 * CHUNK));
    session.complete_io(&mut socket)?;
    Ok(StreamOwned::new(session, socket))
}

/// A client's side of TLS.
pub(crate) fn session(tls: &Arc<ClientConfig>) -> io::Result<ClientConnection> {
    let name = ServerName::try_from(SERVER_NAME).map_err(io::Error::other)?;
    ClientConnection::new(Arc::clone(tls), name).map_err(io::Error::other)
}

/// A socket with a large read-ahead.
pub(crate) struct Socket(BufReader<TcpStream>);

impl Read for Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl BufRead for Socket {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.0.consume(count);
    }
}

impl Write for Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.get_mut().write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.get_mut().write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
