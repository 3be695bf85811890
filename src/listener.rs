//! The accept loop: takes slots, starts tasks, waits for nobody.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;

use crate::audit::Account;
use crate::connection::{Connected, serve};
use crate::gate::Gate;
use crate::host::words;
use crate::live::Alive;
use crate::net;
use crate::pulse::Asked;
use crate::reason::Reason;
use crate::slots::SlotLimit;

/// Connections that wait for the accept loop.
const BACKLOG: u32 = 4096;
/// The pause after the system has run out of descriptors or memory.
const BREATH: Duration = Duration::from_millis(100);

/// Binds an address. A port in TIME-WAIT is no obstacle; `[::]` takes IPv4 as well where the
/// system is set so.
///
/// # Errors
///
/// The system's, as it is.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
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
    loop {
        match asked.while_waiting(socket.accept()).await {
            Ok((stream, source)) => begin(&gate, &listener, &alive, stream, source),
            Err(error) => asked.while_waiting(after(&error, &listener)).await,
        }
    }
}

fn begin(
    gate: &Arc<Gate>,
    listener: &Arc<str>,
    alive: &Alive,
    socket: TcpStream,
    source: SocketAddr,
) {
    let (site, source) = (gate.site.now(), net::canonical(source));
    let taken = if site.is_balancer(listener, source.ip()) {
        gate.slots.take_for_another(source.ip())
    } else {
        gate.slots.take(source.ip())
    };
    let slot = match taken {
        Ok(slot) => slot,
        Err(limit) => return refuse(gate, listener, source, limit),
    };
    let (gate, listener) = (Arc::clone(gate), Arc::clone(listener));
    let connected = Connected::new(gate, site, listener, source, socket, slot);
    let alive = alive.clone();
    tokio::spawn(async move {
        serve(connected).await;
        drop(alive);
    });
}

/// Nothing is said: the socket is dropped by the caller.
fn refuse(gate: &Gate, listener: &Arc<str>, source: SocketAddr, limit: SlotLimit) {
    let reason = Reason::from(limit);
    Account::new(gate.audit.clone(), Arc::clone(listener), source).end(reason, reason.answer());
}

async fn after(error: &io::Error, listener: &str) {
    let is_the_peers = matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    );
    // The peer was gone before it was accepted: its own affair.
    if is_the_peers {
        return;
    }
    // Out of descriptors or memory, most likely. Accepting at once would spin; connections that
    // end meanwhile give back what is missing.
    let error = words(error);
    tracing::error!(listener = %listener, %error, "cannot accept; trying again");
    sleep(BREATH).await;
}
