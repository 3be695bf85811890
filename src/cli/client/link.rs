//! PDUs over a stream: each with a deadline for the whole of it and a limit to its length.

use std::fmt;
use std::io;
use std::time::Duration;

use dicom_ul::pdu::{Pdu, read_pdu, write_pdu};
use pacsgate_core::wire::pdu::{Header, PduType};
use pacsgate_core::wire::reject::{Abort, RefusalBody, Reject};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::dial::is_an_end;
use super::tls::TlsTrouble;
use crate::audit::PeerText;

/// The longest PDU that is read, and the maximum length that is announced.
pub(in crate::cli) const MAX_PDU: u32 = 128 * 1024;
/// The first byte of every record of TLS that carries an alert (RFC 8446 section 5.1).
const TLS_ALERT: u8 = 0x15;

/// A stream on which PDUs come and go.
pub(in crate::cli) struct Link<S> {
    stream: S,
    patience: Duration,
}

/// A PDU that came.
#[derive(Debug)]
pub(in crate::cli) enum Heard {
    /// A rejection with its codes as they came, which dicom-ul would refuse where they are odd.
    Rejected(Reject),
    /// An abort, likewise.
    Aborted(Abort),
    /// Any other.
    Pdu(Pdu),
}

/// Why no PDU came, or none could be sent.
#[derive(Debug)]
pub(in crate::cli) enum LinkError {
    /// Nothing, or not a whole PDU, in time.
    TimedOut,
    /// The other side closed the connection.
    Closed,
    /// TLS has something to say: the refused certificate in TLS 1.3, most likely.
    Tls(TlsTrouble),
    /// What came begins like a TLS alert: it is TLS that is expected there.
    WantsTls,
    /// What came is no PDU.
    NotDicom,
    /// A PDU longer than was announced.
    TooLong(u32),
    /// A PDU that dicom-ul cannot read.
    Malformed(PeerText),
    /// The system's error.
    Io(io::Error),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    pub(in crate::cli) const fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience }
    }

    /// Sends a PDU.
    pub(in crate::cli) async fn send(&mut self, pdu: &Pdu) -> Result<(), LinkError> {
        self.send_bytes(&encode(pdu)?).await
    }

    /// Sends whatever it is given.
    pub(in crate::cli) async fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        let sending = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        let sent = timeout(self.patience, sending).await.map_err(|_elapsed| LinkError::TimedOut)?;
        sent.map_err(LinkError::from)
    }

    /// Sends, and hears the answer. Where sending fails, what came back before it says more.
    pub(in crate::cli) async fn ask(&mut self, bytes: &[u8]) -> Result<Heard, LinkError> {
        let sent = self.send_bytes(bytes).await;
        match (self.receive().await, sent) {
            (Err(LinkError::Closed), Err(error)) => Err(error),
            (heard, _) => heard,
        }
    }

    /// Waits for a PDU.
    pub(in crate::cli) async fn receive(&mut self) -> Result<Heard, LinkError> {
        let whole = timeout(self.patience, self.whole_pdu()).await;
        let (header, bytes) = whole.map_err(|_elapsed| LinkError::TimedOut)??;
        let body = bytes.get(Header::LEN..).unwrap_or_default();
        let malformed = |error: &dyn fmt::Display| {
            LinkError::Malformed(PeerText::from_display(error, PeerText::SENTENCE))
        };
        let refusal = |body: &[u8]| {
            let length = body.len();
            let wrong = || malformed(&format_args!("it is {length} bytes long and must be 4"));
            RefusalBody::try_from(body).map_err(|_| wrong())
        };
        match header.kind {
            PduType::AssociateRj => refusal(body).map(|body| Heard::Rejected(Reject::parse(body))),
            PduType::Abort => refusal(body).map(|body| Heard::Aborted(Abort::parse(body))),
            PduType::AssociateRq
            | PduType::AssociateAc
            | PduType::Data
            | PduType::ReleaseRq
            | PduType::ReleaseRp => match read_pdu(&*bytes, MAX_PDU, true) {
                Ok(Some(pdu)) => Ok(Heard::Pdu(pdu)),
                Ok(None) => Err(malformed(&"it ends too early")),
                Err(error) => Err(malformed(&error)),
            },
        }
    }

    /// Ends the sending side, and waits until the other side has closed too.
    pub(in crate::cli) async fn close(&mut self) {
        // Whatever still comes is nothing that anybody waits for.
        let _ = timeout(self.patience, async {
            self.stream.shutdown().await?;
            let mut rest = [0; 512];
            while self.stream.read(&mut rest).await? > 0 {}
            io::Result::Ok(())
        })
        .await;
    }

    async fn whole_pdu(&mut self) -> Result<(Header, Vec<u8>), LinkError> {
        let mut header = [0; Header::LEN];
        self.stream.read_exact(&mut header).await?;
        let parsed = match Header::parse(header) {
            Ok(parsed) => parsed,
            Err(TLS_ALERT) => return Err(LinkError::WantsTls),
            Err(_unknown) => return Err(LinkError::NotDicom),
        };
        if parsed.length > MAX_PDU {
            return Err(LinkError::TooLong(parsed.length));
        }
        // Grows as the bytes arrive.
        let mut bytes = header.to_vec();
        let mut body = (&mut self.stream).take(parsed.length.into());
        let read = body.read_to_end(&mut bytes).await?;
        if read as u64 == u64::from(parsed.length) {
            Ok((parsed, bytes))
        } else {
            Err(LinkError::Closed)
        }
    }
}

/// A PDU as it stands on the wire.
pub(in crate::cli) fn encode(pdu: &Pdu) -> Result<Vec<u8>, LinkError> {
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, pdu)
        .map_err(|error| LinkError::Malformed(PeerText::from_display(error, PeerText::SENTENCE)))?;
    Ok(bytes)
}

impl From<io::Error> for LinkError {
    fn from(error: io::Error) -> Self {
        if let Some(trouble) = TlsTrouble::of(&error) {
            return Self::Tls(trouble);
        }
        if is_an_end(error.kind()) { Self::Closed } else { Self::Io(error) }
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("silence: no whole answer came within the time-out"),
            Self::Closed => f.write_str("the other side closed the connection without an answer"),
            Self::Tls(trouble) => trouble.fmt(f),
            Self::WantsTls => f.write_str("the answer is a TLS alert: TLS is spoken there"),
            Self::NotDicom => f.write_str("what came is not DICOM"),
            Self::TooLong(length) => {
                write!(f, "a PDU of {length} bytes came, longer than the {MAX_PDU} announced")
            }
            Self::Malformed(error) => write!(f, "what came breaks the DICOM standard: {error}"),
            Self::Io(error) => error.fmt(f),
        }
    }
}
