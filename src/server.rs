//! The daemon: binds, serves, and stops in good order.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::audit::{self, Audit, AuditThread, Destination};
use crate::config::{self, Finding, Location, Settings};
use crate::gate::Gate;
use crate::host::{ports, words};
use crate::listener;
use crate::live::{self, Ended, Live};
use crate::net;
use crate::pulse::Pulse;
use crate::quotas::Quotas;
use crate::renewal;
use crate::service_manager::ServiceManager;
use crate::slots::Slots;
use crate::turns::Turns;

/// How long the audit may take to write its last lines.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Why the daemon cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A listener's address cannot be bound, or the audit's destination cannot be opened.
    #[error("{0}")]
    Unavailable(Finding),
    /// Signals cannot be waited for.
    #[error("cannot wait for signals: {}", words(.0))]
    Signals(io::Error),
    /// A listener's own task has ended.
    #[error("a listener has stopped accepting: a fault of pacsgate")]
    Accepting,
}

/// A gate that accepts connections.
#[must_use = "the gate stops accepting when this is dropped"]
pub struct Server {
    gate: Arc<Gate>,
    addresses: Vec<SocketAddr>,
    accepting: JoinSet<()>,
    pulse: Pulse,
    /// Dropped with the gate, and so ended.
    _renewal: JoinSet<()>,
    ended: Ended,
    audit: AuditThread,
}

/// Runs until a signal stops it, and until what lives has ended or the time for it is over.
///
/// # Errors
///
/// What keeps it from starting.
pub async fn run(settings: Settings) -> Result<(), ServerError> {
    let mut stop = StopSignals::new()?;
    let hangup = signal(SignalKind::hangup()).map_err(ServerError::Signals)?;
    let mut server = Server::start(settings)?;
    let manager = ServiceManager::ready(server.pulse());
    let outcome = tokio::select! {
        () = stop.wait() => Ok(()),
        () = server.accepts_no_more() => Err(ServerError::Accepting),
        () = explain(hangup) => Ok(()),
    };
    manager.stopping();
    server.stop(stop.wait()).await;
    outcome
}

/// Keeps a hang-up from ending the process, and says what it does not do. Never returns.
async fn explain(mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        tracing::warn!(
            "SIGHUP: this version does not reload; restart pacsgate to apply a changed \
             configuration, certificate or revocation list"
        );
    }
    std::future::pending::<()>().await;
}

impl Server {
    /// Binds every listener and accepts from then on. To be called inside a runtime.
    ///
    /// # Errors
    ///
    /// What keeps it from starting.
    pub fn start(settings: Settings) -> Result<Self, ServerError> {
        let Settings { listeners, site, log, audit_at, digest, .. } = settings;
        let sockets = open(listeners)?;
        let (periods, started) = (audit::Periods::default(), audit::Started::new(digest));
        let (audit, audit_thread) = Audit::start(&log.audit, periods, started)
            .map_err(|error| no_audit(&log.audit, audit_at, &error))?;
        net::warn_of_few_descriptors(site.limits.connections);
        let slots = Slots::new(&site.limits);
        let site = ArcSwap::from_pointee(site);
        let (live, quotas, turns) = (Live::new(), Quotas::new(), Turns::of_machine());
        let gate = Arc::new(Gate { site, audit, live, quotas, slots, turns });
        let (alive, ended) = live::alive();
        let (mut accepting, mut addresses) = (JoinSet::new(), Vec::new());
        let mut pulse = Pulse::new();
        for (listener, socket) in sockets {
            let mut name = format!("the accept loop of listener {listener}");
            if let Ok(address) = socket.local_addr() {
                tracing::info!(%listener, "listening on {address}");
                name += &format!(" ({address})");
                addresses.push(address);
            }
            let (gate, alive, asked) = (Arc::clone(&gate), alive.clone(), pulse.ask_too(name));
            accepting.spawn(listener::accept(socket, gate, listener, alive, asked));
        }
        let mut renewal = JoinSet::new();
        renewal.spawn(renewal::watch(Arc::clone(&gate)));
        let audit = audit_thread;
        Ok(Self { gate, addresses, accepting, pulse, _renewal: renewal, ended, audit })
    }

    /// Where it listens, in the order of the configuration.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Asks the accept loops and the workers whether they still move.
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Returns when a listener has stopped accepting by itself, which is a fault: a service manager
    /// is to start the gate anew rather than to keep one that hears nobody.
    pub async fn accepts_no_more(&mut self) {
        if self.accepting.join_next().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Accepts no more, gives what is under way its time, unless `at_once` is ready before, and
    /// writes the audit to its end.
    pub async fn stop(mut self, at_once: impl Future<Output = ()>) {
        tracing::info!("stopping: no new connections");
        self.accepting.shutdown().await;
        drain(&self.gate, self.ended, at_once).await;
        finish(self.audit).await;
        tracing::info!("stopped");
    }
}

/// Everything that can fail is done before the first connection is accepted.
fn open(listeners: Vec<config::Listener>) -> Result<Vec<(Arc<str>, TcpListener)>, ServerError> {
    let mut sockets = Vec::new();
    for config::Listener { name, bind } in listeners {
        for (address, place) in bind {
            let socket = listener::bind(address)
                .map_err(|error| no_listening(&name, address, place, &error))?;
            sockets.push((Arc::clone(&name), socket));
        }
    }
    Ok(sockets)
}

fn no_listening(
    name: &str,
    address: SocketAddr,
    location: Location,
    error: &io::Error,
) -> ServerError {
    let (why, cure) = (words(error), ports::cure(error));
    let what = format!("cannot listen on {address}: {why}{cure}");
    ServerError::Unavailable(Finding { location, key: format!("listener.{name}.bind"), what })
}

fn no_audit(to: &Destination, location: Location, error: &io::Error) -> ServerError {
    let why = words(error);
    let what =
        format!("cannot write to {to}: {why}; `pacsgate check`, run as root, says what to do");
    ServerError::Unavailable(Finding { location, key: "log.audit".to_owned(), what })
}

/// Ends what is idle, gives what is under way its time, then ends that as well.
async fn drain(gate: &Gate, mut ended: Ended, at_once: impl Future<Output = ()>) {
    let site = gate.site.load_full();
    let limits = &site.limits;
    gate.live.drain();
    tokio::select! {
        drained = timeout(limits.drain, ended.wait()) => match drained {
            Ok(()) => return,
            Err(_elapsed) => {
                tracing::warn!("the time for draining is over: ending what still lives");
            }
        },
        () = at_once => tracing::warn!("told to stop once more: ending what still lives"),
    }
    gate.live.stop_all();
    // Each has at most its close time to say so; a second more for the machine.
    let _ = timeout(limits.close + Duration::from_secs(1), ended.wait()).await;
}

async fn finish(audit: AuditThread) {
    match spawn_blocking(move || audit.finish(LAST_LINES)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!("{error}"),
        Err(error) => tracing::error!("the audit's end: {error}"),
    }
}

/// The signals that ask a daemon to stop.
pub(crate) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// From here on they no longer end the process.
    ///
    /// # Errors
    ///
    /// The system's, as it is.
    pub(crate) fn new() -> Result<Self, ServerError> {
        let of = |kind| signal(kind).map_err(ServerError::Signals);
        Ok(Self {
            terminate: of(SignalKind::terminate())?,
            interrupt: of(SignalKind::interrupt())?,
        })
    }

    /// Waits for one of them.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
