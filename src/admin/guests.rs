//! Who is connected: so many, and each for so long, whatever they send or leave.
//!
//! Where another one comes than there is room for, the oldest goes: an honest request is over within
//! milliseconds, so that those who hold their connections only ever take the places of each other.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::answer;
use super::host::Over;
use super::offer::Offer;
use super::socket::{Socket, Stream};

/// Connections at once, at all addresses together.
pub(super) const MOST: usize = 32;
/// Bytes of the head of a request, and of what is read at once.
const MAX_HEAD: usize = 8 * 1024;
/// Fields in the head of a request.
const MAX_FIELDS: usize = 64;
/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(5);
/// How long a connection may take from its beginning to its end.
const WHOLE: Duration = Duration::from_secs(15);
/// The pause after a connection that could not be accepted: there are no descriptors, most likely.
const BREATH: Duration = Duration::from_millis(100);

/// Those who are connected.
pub(super) struct Guests {
    offer: Offer,
    /// The oldest first.
    connected: Mutex<VecDeque<AbortHandle>>,
}

impl Guests {
    pub(super) fn new(offer: Offer) -> Self {
        Self { offer, connected: Mutex::default() }
    }

    fn admit(&self, guest: AbortHandle) {
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        connected.retain(|guest| !guest.is_finished());
        if connected.len() >= MOST
            && let Some(oldest) = connected.pop_front()
        {
            oldest.abort();
        }
        connected.push_back(guest);
    }
}

/// Accepts for ever.
pub(super) async fn accept(socket: Arc<Socket>, guests: Arc<Guests>) {
    loop {
        match socket.accept().await {
            Ok(stream) => {
                let serving = serve(stream, socket.over(), Arc::clone(&guests));
                guests.admit(tokio::spawn(serving).abort_handle());
                // Whoever has gone is taken off before the next one comes.
                tokio::task::yield_now().await;
            }
            Err(error) => {
                tracing::debug!(%error, "the admin endpoint cannot accept");
                sleep(BREATH).await;
            }
        }
    }
}

async fn serve(stream: Box<dyn Stream>, over: Over, guests: Arc<Guests>) {
    let service = service_fn(|request| {
        let answer = answer::to(&request, over, &guests.offer);
        async { Ok::<_, Infallible>(answer) }
    });
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder.max_buf_size(MAX_HEAD).max_headers(MAX_FIELDS);
    // One request a connection: nobody keeps a place. Who closes its half behind that still hears.
    builder.keep_alive(false).half_close(true);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    match timeout(WHOLE, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a request to the admin endpoint"),
        Err(_elapsed) => tracing::debug!("a request to the admin endpoint has taken too long"),
    }
}
