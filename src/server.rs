//! The daemon: binds, serves, and stops in good order.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use nix::sys::signal::Signal;
use tokio::signal::unix::{self, SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::{JoinSet, spawn_blocking};

use crate::admin::Admin;
use crate::audit::{self, Audit, AuditThread, Destination, Outlets, Redirections, Reload};
use crate::config::{self, Collector, Finding, Location, Log, Settings};
use crate::gate::Gate;
use crate::host::words;
use crate::inherited::Inherited;
use crate::listening::{Bound, Listening};
use crate::live::{self, Ended};
use crate::log;
use crate::net;
use crate::overview;
use crate::pulse::Pulse;
use crate::renewal;
use crate::service_manager::ServiceManager;
use crate::timers::{self, timeout};

/// How long the audit may take to write its last lines.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Why the daemon cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A listener's address cannot be bound, or the audit's destination cannot be opened.
    #[error("{0}")]
    Unavailable(Finding),
    /// There can be no thread for timers.
    #[error("cannot start a thread for timers: {}", words(.0))]
    Timers(io::Error),
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
    inherited: Inherited,
    listening: Listening,
    pulse: Pulse,
    admin: Admin,
    log: Log,
    /// Where the audit is sent.
    collectors: Redirections,
    /// Told where `status` has changed by itself.
    status_changed: Arc<Notify>,
    /// Dropped with the gate, and so ended.
    _beside: JoinSet<()>,
    ended: Ended,
    audit: AuditThread,
}

/// Runs until a signal stops it, and until what lives has ended or the time for it is over. A hang-up
/// has it load the configuration at `path` anew. Ports that are `inherited` are not bound again.
///
/// # Errors
///
/// What keeps it from starting.
pub async fn run(settings: Settings, path: &Path, inherited: Inherited) -> Result<(), ServerError> {
    let mut stop = StopSignals::new()?;
    let mut hangup = signal(SignalKind::hangup()).map_err(ServerError::Signals)?;
    // Where it is caught, a file at the limit of its size is an error of the write (setrlimit(2)):
    // the audit counts what it loses. Otherwise it is the end of the process.
    let file_too_large = SignalKind::from_raw(Signal::SIGXFSZ as i32);
    let _caught = signal(file_too_large).map_err(ServerError::Signals)?;
    let mut server = Server::start(settings, inherited)?;
    let manager = ServiceManager::ready(server.pulse(), &server.status());
    let outcome = loop {
        tokio::select! {
            () = stop.wait() => break Ok(()),
            () = server.listening.accepts_no_more() => break Err(ServerError::Accepting),
            () = server.status_changed.notified() => manager.serving(&server.status()),
            _ = hangup.recv() => {
                manager.reloading();
                tokio::select! {
                    status = server.reload(path) => manager.reloaded(&status),
                    () = stop.wait() => break Ok(()),
                }
            }
        }
    };
    manager.stopping();
    server.stop(stop.wait()).await;
    outcome
}

impl Server {
    /// Binds every listener and accepts from then on. To be called inside a runtime.
    ///
    /// # Errors
    ///
    /// What keeps it from starting.
    pub fn start(settings: Settings, inherited: Inherited) -> Result<Self, ServerError> {
        let Settings { listeners, site, log, admin: at, audit_at, syslog, .. } = settings;
        // Everything that can fail is done before the first connection is accepted.
        let bound = Bound::new(listeners, &site.limits, None, &inherited);
        let bound = bound.map_err(ServerError::Unavailable)?;
        bound.warn_of_unused(&inherited);
        let (periods, started) = (audit::Periods::default(), audit::Started::new(site.digest));
        let outlets = Outlets::open(&syslog).map_err(|(at, error)| no_spool(at, &error))?;
        let collectors = outlets.redirections();
        let (audit, audit_thread) = Audit::start(&log.audit, periods, started, outlets)
            .map_err(|error| no_audit(&log.audit, audit_at, &error))?;
        timers::start().map_err(ServerError::Timers)?;
        net::warn_of_few_descriptors(site.limits.connections);
        site.issuers.watch();
        let status_changed = Arc::<Notify>::default();
        let gate = Arc::new(Gate::new(site, audit, &status_changed));
        gate.health.watch(&gate.site.now());
        let (alive, ended) = live::alive();
        let pulse = Pulse::new();
        let mut admin = Admin::new(Arc::clone(&gate), pulse.clone());
        let answering = admin.bind(at).map_err(ServerError::Unavailable)?;
        let mut listening = Listening::new(Arc::clone(&gate), alive, pulse.clone());
        listening.exchange(bound);
        admin.exchange(answering);
        let mut beside = JoinSet::new();
        beside.spawn(renewal::watch(Arc::clone(&gate), Arc::clone(&status_changed)));
        beside.spawn(overview::tell(Arc::clone(&gate.register), Arc::clone(&gate.last_seen)));
        let (audit, _beside) = (audit_thread, beside);
        Ok(Self {
            gate,
            inherited,
            listening,
            pulse,
            admin,
            log,
            collectors,
            status_changed,
            _beside,
            ended,
            audit,
        })
    }

    /// Where it listens.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.listening.addresses()
    }

    /// Asks the accept loops and the workers whether they still move.
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// What serves, in one line.
    fn status(&self) -> String {
        let site = self.gate.site.now();
        let (peers, digest) = (site.policy.peers(), site.digest.to_string());
        let noun = if peers == 1 { "peer" } else { "peers" };
        let serving = format!("serving {peers} {noun} by configuration {digest:.12}");
        let others = renewal::troubles(&site, SystemTime::now());
        let short = self.gate.shortage.status().map(str::to_owned);
        let troubles = short.into_iter().chain(self.gate.health.troubles()).chain(others);
        troubles.fold(serving, |status, trouble| format!("{status}; {trouble}"))
    }

    /// Loads the configuration anew and puts all of it in force, or nothing of it. Says what serves
    /// now.
    async fn reload(&mut self, path: &Path) -> String {
        tracing::info!("reloading {}", path.display());
        let from = path.to_owned();
        let loaded = spawn_blocking(move || config::load(&from, SystemTime::now())).await;
        let outcome = match loaded {
            Ok(Ok(settings)) => self.apply(settings).map_err(|finding| vec![finding.to_string()]),
            Ok(Err(errors)) => Err(errors.iter().map(ToString::to_string).collect()),
            Err(error) => Err(vec![error.to_string()]),
        };
        match outcome {
            Ok(()) => {
                self.gate.measures.reloaded(true);
                self.gate.audit.reload(Reload::applied(self.gate.site.now().digest));
                tracing::info!("reloaded: {}", self.status());
                self.status()
            }
            Err(mistakes) => self.keep(&mistakes),
        }
    }

    /// The configuration that serves goes on, because of these mistakes in the other one.
    fn keep(&self, mistakes: &[String]) -> String {
        for mistake in mistakes {
            tracing::error!("{mistake}");
        }
        self.gate.measures.reloaded(false);
        let first = mistakes.first().map_or("", String::as_str);
        let more = mistakes.len().saturating_sub(1);
        self.gate.audit.reload(Reload::refused(self.gate.site.now().digest, first, more));
        let status = self.status();
        tracing::error!("the reload is refused, nothing has changed: still {status}");
        format!("the last reload was refused ({first}): still {status}")
    }

    fn apply(&mut self, settings: Settings) -> Result<(), Finding> {
        let Settings { listeners, mut site, log, admin, syslog, warnings, .. } = settings;
        let open = Some(&self.listening);
        let bound = Bound::new(listeners, &site.limits, open, &self.inherited)?;
        let answering = self.admin.bind(admin)?;
        bound.warn_of_unused(&self.inherited);
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        net::warn_of_few_descriptors(site.limits.connections);
        self.gate.slots.renew(&site.limits);
        site.issuers.take_over(&self.gate.site.now().issuers);
        site.issuers.watch();
        self.gate.health.watch(&site);
        self.gate.site.replace(site);
        self.listening.exchange(bound);
        self.admin.exchange(answering);
        log::set_level(log.level);
        for (name, postponed) in self.collectors.follow(&syslog) {
            tracing::warn!(
                "[syslog.{name}] {postponed}: applied when pacsgate starts the next time; restart it"
            );
        }
        if (log.format, &log.audit) != (self.log.format, &self.log.audit) {
            tracing::warn!(
                "log.format and log.audit are applied when pacsgate starts the next time"
            );
        }
        Ok(())
    }

    /// Accepts no more, gives what is under way its time, unless `at_once` is ready before, and
    /// writes the audit to its end.
    pub async fn stop(self, at_once: impl Future<Output = ()>) {
        tracing::info!("stopping: no new connections");
        self.listening.close().await;
        drain(&self.gate, self.ended, at_once).await;
        drop(self.admin);
        finish(self.audit).await;
        tracing::info!("stopped");
    }
}

fn no_audit(to: &Destination, location: Location, error: &io::Error) -> ServerError {
    let why = words(error);
    let what =
        format!("cannot write to {to}: {why}; `pacsgate check`, run as root, says what to do");
    ServerError::Unavailable(Finding { location, key: "log.audit".to_owned(), what })
}

fn no_spool(collector: &Collector, error: &io::Error) -> ServerError {
    let Collector { name, spool, spool_at, .. } = collector;
    let (spool, why) = (spool.display(), words(error));
    let what = format!("cannot use {spool}: {why}; `pacsgate check`, run as root, says what to do");
    let (location, key) = (spool_at.clone(), format!("syslog.{name}.spool"));
    ServerError::Unavailable(Finding { location, key, what })
}

/// Ends what is idle, gives what is under way its time, then ends that as well.
async fn drain(gate: &Gate, mut ended: Ended, at_once: impl Future<Output = ()>) {
    let site = gate.site.now();
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
    terminate: unix::Signal,
    interrupt: unix::Signal,
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
