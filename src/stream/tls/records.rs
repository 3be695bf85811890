//! TLS over buffers: rustls has none of its own here, so that a record is deciphered where the socket
//! has put it, and an idle connection holds none.

use std::ops::DerefMut;

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncryptError, UnbufferedConnectionCommon, UnbufferedStatus,
    WriteTraffic,
};
use rustls::{CommonState, Error};

use super::outbox::{Misfit, Outbox};
use crate::stream::incoming::Incoming;
use crate::stream::pool;

/// What is enciphered for one write: what one read brings, with the headers that re-framing adds. With
/// what TLS puts around it, it fits into a buffer of [`pool::READ`].
const AT_ONCE: usize = pool::BUFFER + 512;

/// The least that is around the data of a record: a header, the kind of content and a tag in TLS 1.3.
const AROUND: usize = 5 + 1 + 16;

/// Either side of a connection. rustls has no name of its own for what they share.
pub trait Connection: DerefMut<Target = UnbufferedConnectionCommon<Self::Data>> {
    /// What is kept on one side alone.
    type Data;

    /// Goes on with what has come.
    fn process<'c, 'i>(
        &'c mut self,
        incoming: &'i mut [u8],
    ) -> UnbufferedStatus<'c, 'i, Self::Data>;
}

macro_rules! connection {
    ($side:ty, $data:ty) => {
        impl Connection for $side {
            type Data = $data;

            fn process<'c, 'i>(
                &'c mut self,
                incoming: &'i mut [u8],
            ) -> UnbufferedStatus<'c, 'i, $data> {
                self.process_tls_records(incoming)
            }
        }
    };
}
connection!(UnbufferedServerConnection, ServerConnectionData);
connection!(UnbufferedClientConnection, ClientConnectionData);

/// A connection with what it has deciphered and not handed on, and what it has to send.
pub(super) struct Records<C> {
    connection: C,
    /// What was deciphered and not taken, behind what was.
    plain: Vec<u8>,
    taken: usize,
    pub(super) outbox: Outbox,
    /// What was deciphered without being a byte of the peer's, nor what TLS puts around those.
    overhead: u64,
    failure: Option<Error>,
    has_ended: bool,
}

/// What has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// So many bytes of the peer's were lent.
    Data(usize),
    /// The peer sends no more.
    End,
    /// More has to come first.
    Nothing,
}

impl<C: Connection> Records<C> {
    pub(super) fn new(connection: C) -> Self {
        Self {
            connection,
            plain: Vec::new(),
            taken: 0,
            outbox: Outbox::default(),
            overhead: 0,
            failure: None,
            has_ended: false,
        }
    }

    /// How many bytes its buffers take.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.plain.capacity() + self.outbox.held()
    }

    /// What was agreed upon.
    pub(super) fn state(&self) -> &CommonState {
        &self.connection
    }

    /// Lends the next record, or what is left of the last one. Only the first `window` bytes of what has
    /// come are looked at. What TLS itself has to say is in the outbox then, an alert, too.
    ///
    /// # Errors
    ///
    /// What is wrong with what has come; it ends the connection.
    pub(super) fn read(
        &mut self,
        incoming: &mut Incoming,
        window: usize,
        deal: &mut dyn FnMut(&[u8]) -> usize,
    ) -> Result<Found, Error> {
        let left = self.unread();
        if !left.is_empty() {
            let (lent, taken) = (left.len(), deal(left));
            self.consume(taken);
            return Ok(Found::Data(lent));
        }
        if self.has_ended { Ok(Found::End) } else { self.decipher(incoming, window, deal) }
    }

    /// Enciphers what fits into one buffer of the pool; how much that was. The outbox is to be empty, or
    /// it grows.
    ///
    /// # Errors
    ///
    /// What is wrong with what has come, which TLS looks at first, or that it may send no more.
    pub(super) fn write(&mut self, incoming: &mut Incoming, bytes: &[u8]) -> Result<usize, Error> {
        let now = bytes.get(..AT_ONCE).unwrap_or(bytes);
        self.say(incoming, &mut |traffic, room| traffic.encrypt(now, room))?;
        Ok(now.len())
    }

    /// Says that nothing more is sent.
    ///
    /// # Errors
    ///
    /// Those of [`Self::write`].
    pub(super) fn close(&mut self, incoming: &mut Incoming) -> Result<(), Error> {
        self.say(incoming, &mut |traffic, room| traffic.queue_close_notify(room))
    }

    fn say(
        &mut self,
        incoming: &mut Incoming,
        what: &mut Saying<'_, C::Data>,
    ) -> Result<(), Error> {
        // rustls lets nobody write before it has gone through all that has come.
        let mut unread = std::mem::take(&mut self.plain);
        let mut keep = |record: &[u8]| {
            unread.extend_from_slice(record);
            record.len()
        };
        let read = loop {
            match self.decipher(incoming, usize::MAX, &mut keep) {
                Ok(Found::Data(_)) => {}
                Ok(Found::End | Found::Nothing) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.plain = unread;
        read?;
        let UnbufferedStatus { discard, state } = self.connection.process(incoming.as_mut_slice());
        let said = if let ConnectionState::WriteTraffic(mut traffic) = state? {
            self.outbox.put(|room| what(&mut traffic, room).map_err(Misfit::from))
        } else {
            Err(Error::General("TLS lets nothing be written now".to_owned()))
        };
        incoming.consume(discard);
        said
    }

    /// Goes through what has come until a record has something for the caller, or more has to come.
    fn decipher(
        &mut self,
        incoming: &mut Incoming,
        window: usize,
        deal: &mut dyn FnMut(&[u8]) -> usize,
    ) -> Result<Found, Error> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        loop {
            let whole = incoming.as_mut_slice();
            let seen = whole.len().min(window);
            let seen = whole.get_mut(..seen).unwrap_or_default();
            let UnbufferedStatus { mut discard, state } = self.connection.process(seen);
            // With what is around them.
            let mut data = 0;
            let found = match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => match traffic.next_record() {
                    Some(Ok(record)) => {
                        discard += record.discard;
                        let length = record.payload.len();
                        data = length + usize::from(length > 0) * AROUND;
                        let taken = deal(record.payload);
                        let left = record.payload.get(taken..).unwrap_or_default();
                        self.plain.extend_from_slice(left);
                        Ok(Some(Found::Data(length)))
                    }
                    Some(Err(error)) => Err(error),
                    None => Ok(None),
                },
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    self.outbox.put(|room| data.encode(room).map_err(Misfit::from)).map(|()| None)
                }
                // It is in the outbox, from where nothing is sent twice.
                Ok(ConnectionState::TransmitTlsData(data)) => {
                    data.done();
                    Ok(None)
                }
                Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => Ok(Some(Found::End)),
                Ok(ConnectionState::WriteTraffic(_) | ConnectionState::BlockedHandshake) => {
                    Ok(Some(if self.has_ended { Found::End } else { Found::Nothing }))
                }
                // Early data, which is never asked for.
                Ok(_) => Err(Error::General("a state that nothing leads to".to_owned())),
                Err(error) => Err(error),
            };
            incoming.consume(discard);
            self.overhead += discard.saturating_sub(data) as u64;
            if let Some(found) = found.transpose() {
                return self.settle(incoming, found);
            }
        }
    }

    /// Nothing that comes behind the last word or a failure is looked at.
    fn settle(
        &mut self,
        incoming: &mut Incoming,
        found: Result<Found, Error>,
    ) -> Result<Found, Error> {
        match &found {
            Ok(Found::Data(_) | Found::Nothing) => return found,
            Ok(Found::End) => self.has_ended = true,
            Err(error) => {
                self.put_alert(incoming);
                self.fail(error.clone());
            }
        }
        incoming.consume(usize::MAX);
        found
    }

    /// From here on nothing is deciphered and nothing said.
    pub(super) fn fail(&mut self, failure: Error) {
        self.failure.get_or_insert(failure);
    }

    /// How much was deciphered so far that was no data, nor a header or tag of some.
    pub(super) const fn overhead(&self) -> u64 {
        self.overhead
    }

    /// What TLS has to say of its failure; where that finds no room, the peer is not told.
    fn put_alert(&mut self, incoming: &mut Incoming) {
        while self.connection.wants_write() {
            let state = self.connection.process(incoming.as_mut_slice()).state;
            let Ok(ConnectionState::EncodeTlsData(mut data)) = state else { break };
            if self.outbox.put(|room| data.encode(room).map_err(Misfit::from)).is_err() {
                break;
            }
        }
    }

    /// What was deciphered and not taken.
    pub(super) fn unread(&self) -> &[u8] {
        self.plain.get(self.taken..).unwrap_or_default()
    }

    /// Forgets what was taken of that.
    pub(super) fn consume(&mut self, count: usize) {
        self.taken = self.taken.saturating_add(count);
        if self.taken >= self.plain.len() {
            self.plain = Vec::new();
            self.taken = 0;
        }
    }
}

/// Writes something into the room that it is given.
type Saying<'a, D> =
    dyn FnMut(&mut WriteTraffic<'_, D>, &mut [u8]) -> Result<usize, EncryptError> + 'a;

impl From<EncodeError> for Misfit {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::InsufficientSize(size) => Self::Needs(size.required_size),
            EncodeError::AlreadyEncoded => Self::Never,
        }
    }
}

impl From<EncryptError> for Misfit {
    fn from(error: EncryptError) -> Self {
        match error {
            EncryptError::InsufficientSize(size) => Self::Needs(size.required_size),
            EncryptError::EncryptExhausted => Self::Never,
        }
    }
}
