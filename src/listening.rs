//! The open ports: bound before anything serves, exchanged by a reload.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

use crate::config::{Finding, Limits, Listener, Location};
use crate::gate::Gate;
use crate::host::{ports, words};
use crate::inherited::Inherited;
use crate::listener;
use crate::live::Alive;
use crate::pulse::Pulse;

/// Every port on which connections are accepted.
#[must_use = "no connection is accepted when this is dropped"]
pub struct Listening {
    gate: Arc<Gate>,
    alive: Alive,
    pulse: Pulse,
    tasks: JoinSet<()>,
    /// By the address in the configuration.
    ports: HashMap<SocketAddr, Port>,
}

/// A port, and who accepts on it.
struct Port {
    socket: Arc<TcpListener>,
    listener: Arc<str>,
    accepts: AbortHandle,
}

/// Sockets that are bound, in the order of the configuration; they wait for somebody to accept.
pub struct Bound(Vec<(SocketAddr, Arc<str>, Arc<TcpListener>)>);

impl Bound {
    /// Binds every address; one that `listening` has is taken over from it, another may be there
    /// already as `inherited`.
    ///
    /// # Errors
    ///
    /// The first that cannot be bound. Nothing has changed then.
    pub fn new(
        listeners: Vec<Listener>,
        limits: &Limits,
        listening: Option<&Listening>,
        inherited: &Inherited,
    ) -> Result<Self, Finding> {
        let mut sockets = Vec::new();
        for Listener { name, bind } in listeners {
            for (address, place) in bind {
                let open = listening.and_then(|it| it.ports.get(&address));
                let socket = match open {
                    Some(port) => Arc::clone(&port.socket),
                    None => inherited
                        .take(address)
                        .unwrap_or_else(|| listener::bind(address, Some(limits.keepalive)))
                        .map(Arc::new)
                        .map_err(|error| {
                            let other = inherited.at_port(address.port());
                            no_listening(&name, address, other, place, &error)
                        })?,
                };
                sockets.push((address, Arc::clone(&name), socket));
            }
        }
        Ok(Self(sockets))
    }

    /// Warns of ports at which peers would wait for ever.
    pub fn warn_of_unused(&self, inherited: &Inherited) {
        let used: Vec<_> = self.0.iter().map(|(address, ..)| *address).collect();
        for address in inherited.besides(&used) {
            tracing::warn!(
                "nobody answers on {address}: the service manager has opened it, and no listener \
                 has \"{address}\" in bind; add it there, or take it out of pacsgate.socket"
            );
        }
    }
}

fn no_listening(
    name: &str,
    address: SocketAddr,
    inherited: Option<SocketAddr>,
    location: Location,
    error: &io::Error,
) -> Finding {
    let why = words(error);
    let what = match inherited {
        Some(other) => format!(
            "cannot listen on {address}: {why}; the service manager has opened {other} for the \
             gate: write \"{other}\" here, or {address} in pacsgate.socket"
        ),
        None => format!("cannot listen on {address}: {why}{}", ports::cure(error)),
    };
    Finding { location, key: format!("listener.{name}.bind"), what }
}

impl Listening {
    /// No port yet.
    pub fn new(gate: Arc<Gate>, alive: Alive, pulse: Pulse) -> Self {
        Self { gate, alive, pulse, tasks: JoinSet::new(), ports: HashMap::new() }
    }

    /// Accepts on these and on no others.
    pub fn exchange(&mut self, Bound(sockets): Bound) {
        let mut before = std::mem::take(&mut self.ports);
        for (address, name, socket) in sockets {
            let port = match before.remove(&address) {
                Some(port) if port.listener == name => port,
                Some(port) => {
                    port.accepts.abort();
                    self.accept(socket, name)
                }
                None => {
                    if let Ok(address) = socket.local_addr() {
                        tracing::info!(listener = %name, "listening on {address}");
                    }
                    self.accept(socket, name)
                }
            };
            self.ports.insert(address, port);
        }
        for (address, port) in before {
            tracing::info!(listener = %port.listener, "listening on {address} no more");
            port.accepts.abort();
        }
    }

    fn accept(&mut self, socket: Arc<TcpListener>, listener: Arc<str>) -> Port {
        let mut name = format!("the accept loop of listener {listener}");
        if let Ok(address) = socket.local_addr() {
            name += &format!(" ({address})");
        }
        let (gate, alive) = (Arc::clone(&self.gate), self.alive.clone());
        let asked = self.pulse.ask_too(name);
        let accepting =
            listener::accept(Arc::clone(&socket), gate, Arc::clone(&listener), alive, asked);
        let accepts = self.tasks.spawn(accepting);
        Port { socket, listener, accepts }
    }

    /// The addresses of all ports, as the system has them.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.ports.values().filter_map(|port| port.socket.local_addr().ok())
    }

    /// Returns when somebody has stopped accepting by itself, which is a fault: a service manager
    /// is to start the gate anew rather than to keep one that hears nobody.
    pub async fn accepts_no_more(&mut self) {
        // Whoever was told to stop is no fault.
        while let Some(ended) = self.tasks.join_next().await {
            if !ended.is_err_and(|error| error.is_cancelled()) {
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    /// Closes every port, and leaves nobody waiting there. To be called inside the runtime.
    pub async fn close(mut self) {
        self.tasks.shutdown().await;
        for port in self.ports.values() {
            listener::take_waiting(&port.socket, &self.gate, &port.listener, &self.alive);
        }
    }
}
