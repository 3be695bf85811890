//! The accept loop: takes slots, starts tasks, waits for nobody.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;

use crate::audit::{Event, Record, Standing};
use crate::connection::{Connected, serve};
use crate::gate::{Gate, Listener};
use crate::live::Alive;
use crate::reason::Reason;

/// Connections that wait for the accept loop.
const BACKLOG: u32 = 1024;
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

/// Accepts for ever; dropping the future closes the port.
pub async fn accept(socket: TcpListener, gate: Arc<Gate>, listener: Arc<Listener>, alive: Alive) {
    loop {
        match socket.accept().await {
            Ok((stream, source)) => begin(&gate, &listener, &alive, stream, source),
            Err(error) => after(&error, &listener).await,
        }
    }
}

fn begin(
    gate: &Arc<Gate>,
    listener: &Arc<Listener>,
    alive: &Alive,
    socket: TcpStream,
    source: SocketAddr,
) {
    let slots = match gate.slots.take(source.ip()) {
        Ok(slots) => slots,
        Err(limit) => return refuse(gate, listener, source, Reason::Slots(limit)),
    };
    let connected = Connected::new(Arc::clone(gate), Arc::clone(listener), source, socket, slots);
    let alive = alive.clone();
    tokio::spawn(async move {
        serve(connected).await;
        drop(alive);
    });
}

/// Nothing is said: the socket is dropped by the caller.
fn refuse(gate: &Gate, listener: &Listener, source: SocketAddr, reason: Reason) {
    let id = gate.audit.connection_id();
    let name = Arc::clone(&listener.name);
    let mut record = Record::new(Event::Failed, Standing::Stranger, id, name, source);
    record.reason = Some(reason.code());
    record.advice = reason.advice();
    gate.audit.record(record);
}

async fn after(error: &io::Error, listener: &Listener) {
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
    tracing::error!(listener = %listener.name, %error, "cannot accept; trying again");
    sleep(BREATH).await;
}
