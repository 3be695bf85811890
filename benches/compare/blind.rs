//! Blind copies: TLS with client certificates in front, the sink behind, nothing looked at.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite, BufReader, copy_bidirectional_with_sizes};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::material::Material;
use crate::options::Options;

/// rustls alone reads the socket in pieces of 4 to 18 KiB.
const READ_AHEAD: usize = 64 * 1024;

/// How a blind copy buffers.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// 8 KiB copy buffers, rustls on the bare socket: what one writes first.
    Plain,
    /// A 64 KiB read-ahead under TLS and 64 KiB copy buffers: the best that a blind copy does.
    ReadAhead,
}

impl Shape {
    fn copy_buffer(self) -> usize {
        match self {
            Self::Plain => 8 * 1024,
            Self::ReadAhead => 64 * 1024,
        }
    }
}

/// Serves until killed.
pub(crate) fn run(shape: Shape, options: &Options) -> io::Result<()> {
    let missing = || io::Error::other("a blind copy needs --upstream and --directory");
    let upstream = options.upstream.ok_or_else(missing)?;
    let directory = options.directory.as_deref().ok_or_else(missing)?;
    let acceptor = TlsAcceptor::from(Material::at(directory).server()?);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve(shape, acceptor, upstream))
}

async fn serve(shape: Shape, acceptor: TlsAcceptor, upstream: SocketAddr) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    writeln!(io::stderr(), "listening on {}", listener.local_addr()?)?;
    loop {
        let (socket, _) = listener.accept().await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // A peer that leaves is no concern of the others; the requestor notices.
            let _ = pass(shape, socket, acceptor, upstream).await;
        });
    }
}

async fn pass(
    shape: Shape,
    socket: TcpStream,
    acceptor: TlsAcceptor,
    upstream: SocketAddr,
) -> io::Result<()> {
    socket.set_nodelay(true)?;
    match shape {
        Shape::Plain => copy(shape, acceptor.accept(socket).await?, upstream).await,
        Shape::ReadAhead => {
            let socket = BufReader::with_capacity(READ_AHEAD, socket);
            copy(shape, acceptor.accept(socket).await?, upstream).await
        }
    }
}

async fn copy(
    shape: Shape,
    mut requestor: impl AsyncRead + AsyncWrite + Unpin,
    upstream: SocketAddr,
) -> io::Result<()> {
    let mut pacs = TcpStream::connect(upstream).await?;
    pacs.set_nodelay(true)?;
    let size = shape.copy_buffer();
    copy_bidirectional_with_sizes(&mut requestor, &mut pacs, size, size).await?;
    Ok(())
}
