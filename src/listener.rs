//! The accept loop: takes slots, starts tasks, waits for nobody.

mod trouble;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use self::trouble::{Fault, Over, Trouble};
use crate::audit::Account;
use crate::connection::{Connected, serve};
use crate::gate::Gate;
use crate::host::words;
use crate::live::Alive;
use crate::net;
use crate::port::{Transport, Way};
use crate::pulse::Asked;
use crate::reason::Reason;
use crate::slots::SlotLimit;
use crate::timers::{sleep, sleep_until};

/// Connections that wait for the accept loop.
const BACKLOG: u32 = 4096;
/// The pause after the system has run out of descriptors or memory.
const BREATH: Duration = Duration::from_millis(100);
/// So many connections in a row may be gone before they are accepted; more, and the fault is not theirs.
const GONE_IN_A_ROW: u32 = 256;

/// Binds an address. A port in TIME-WAIT is no obstacle; `[::]` takes IPv4 as well where the
/// system is set so. With `keepalive`, the sockets of whoever comes are prepared for probes at that distance.
///
/// # Errors
///
/// The system's, as it is.
pub fn bind(address: SocketAddr, keepalive: Option<Duration>) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    if let Some(keepalive) = keepalive {
        net::prepare(&socket, keepalive);
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts for ever, and answers wherever it waits; dropping the future closes the port.
pub async fn accept(
    socket: Arc<TcpListener>,
    gate: Arc<Gate>,
    listener: Arc<str>,
    alive: Alive,
    mut asked: Asked,
) {
    let (mut trouble, mut gone, mut short) = (Trouble::default(), 0, None);
    let handed_on = net::prepared(&socket);
    loop {
        let accepted = tokio::select! {
            accepted = asked.while_waiting(socket.accept()) => accepted,
            () = until(trouble.end()) => {
                over(trouble.end_it(), &listener);
                short = None;
                continue;
            }
        };
        match accepted {
            Ok((stream, source)) => {
                gone = 0;
                begin(&gate, &listener, &alive, stream, source, handed_on);
            }
            // Gone before it was accepted: its own affair.
            Err(error) if Fault::of(&error) == Fault::Peers && gone < GONE_IN_A_ROW => gone += 1,
            // Accepting at once would spin; connections that end meanwhile give back what is missing.
            Err(error) => {
                short.get_or_insert_with(|| gate.shortage.begin());
                tell(&mut trouble, &error, &listener);
                asked.while_waiting(sleep(BREATH)).await;
            }
        }
    }
}

/// Takes those who have come and wait to be accepted. Closing the port would reset them, after a balancer
/// has sent them here.
pub fn take_waiting(socket: &TcpListener, gate: &Arc<Gate>, listener: &Arc<str>, alive: &Alive) {
    let port = SockRef::from(socket);
    // More cannot wait at a time, and whoever floods it keeps no gate from stopping.
    for _ in 0..BACKLOG {
        let (stream, source) = match port.accept() {
            Ok(accepted) => accepted,
            // Gone before it was accepted: its own affair.
            Err(error) if Fault::of(&error) == Fault::Peers => continue,
            Err(_) => return,
        };
        let Some(source) = source.as_socket() else { continue };
        let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream.into()));
        if let Ok(stream) = stream {
            begin(gate, listener, alive, stream, source, None);
        }
    }
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end.into()).await,
        None => std::future::pending().await,
    }
}

fn tell(trouble: &mut Trouble, error: &io::Error, listener: &str) {
    let fault = Fault::of(error);
    let Some(before) = trouble.failed(Instant::now()) else { return };
    let (error, advice) = (words(error), fault.advice());
    tracing::error!(
        %listener, %error, failures = before + 1,
        "cannot accept: connections wait until others have ended; {advice}"
    );
}

fn over(trouble: Option<Over>, listener: &str) {
    if let Some(Over { failures, lasted }) = trouble {
        tracing::warn!(%listener, failures, "accepting again, after {lasted:.1?}");
    }
}

/// The socket has been prepared for keepalive probes as they were `handed_on` by its port. What a reload
/// or the service manager has otherwise is set for each.
fn begin(
    gate: &Arc<Gate>,
    listener: &Arc<str>,
    alive: &Alive,
    socket: TcpStream,
    source: SocketAddr,
    handed_on: Option<Duration>,
) {
    let (site, source) = (gate.site.now(), net::canonical(source));
    let way = site.way_of(listener);
    let taken = if site.is_balancer(listener, source.ip()) {
        gate.slots.take_for_another(source.ip())
    } else {
        match way.transport {
            Transport::Tls => gate.slots.take(source.ip()),
            Transport::Plain => gate.slots.take_plain(source.ip()),
        }
    };
    let slot = match taken {
        Ok(slot) => slot,
        Err(limit) => return refuse(gate, listener, way, source, limit),
    };
    if handed_on != Some(site.limits.keepalive) {
        net::prepare(&socket, site.limits.keepalive);
    }
    let (gate, listener) = (Arc::clone(gate), Arc::clone(listener));
    let connected = Connected::new(gate, site, listener, source, socket, slot);
    let alive = alive.clone();
    tokio::spawn(async move {
        serve(connected).await;
        drop(alive);
    });
}

/// Nothing is said: the socket is dropped by the caller.
fn refuse(gate: &Gate, listener: &Arc<str>, way: Way, source: SocketAddr, limit: SlotLimit) {
    let reason = Reason::from(limit);
    let account = Account::new(gate.audit.clone(), Arc::clone(listener), way, source);
    account.end(reason, reason.answer());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_hands_on_what_it_was_prepared_with() {
        let keepalive = Duration::from_secs(77);
        let port = bind("127.0.0.1:0".parse().unwrap(), Some(keepalive)).unwrap();
        assert_eq!(net::prepared(&port), Some(keepalive));
        let (device, accepted) =
            tokio::join!(TcpStream::connect(port.local_addr().unwrap()), port.accept());
        assert_eq!(net::prepared(&accepted.unwrap().0), Some(keepalive));
        let device = device.unwrap();
        assert_eq!(net::prepared(&device), None);
        net::prepare(&device, keepalive);
        assert_eq!(net::prepared(&device), Some(keepalive));
    }
}
