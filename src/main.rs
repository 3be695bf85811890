//! The `pacsgate` command.
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use pacsgate::cli::check;
use pacsgate::cli::{self, Check, Command, Exit};
use pacsgate::config::{self, Errors, Format, Settings};
use pacsgate::host::Service;
use pacsgate::server;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};

/// Lines of the operational log that wait for the writer.
const LOG_LINES: usize = 4096;

fn main() -> ExitCode {
    let done = match cli::parse(std::env::args_os()) {
        Ok(Command::Run(run)) => serve(&run.config),
        Ok(Command::Check(check)) => judge(&check),
        Ok(Command::Demo(demo)) => block_on(demo.run()).and_then(|done| done),
        Ok(Command::Probe(probe)) => block_on(probe.run()).and_then(|done| done),
        Err(exit) => Err(exit),
    };
    done.err().unwrap_or(Exit::Success).into()
}

/// Runs the gate until a signal stops it.
fn serve(path: &Path) -> Result<(), Exit> {
    let settings = load(path).map_err(|errors| tell(errors, Exit::Configuration))?;
    let _last_lines = log(&settings);
    block_on(server::run(settings))?.map_err(|error| tell(error, Exit::Failure))
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| tell(error, Exit::Failure))?;
    let done = runtime.block_on(work);
    // A name server that is still being waited for holds nobody up.
    runtime.shutdown_background();
    Ok(done)
}

/// Says what is to be said of a configuration.
fn judge(check: &Check) -> Result<(), Exit> {
    let service = Service::of(check.user.as_deref()).map_err(|error| tell(error, Exit::Usage))?;
    let loaded = config::check(&check.config, SystemTime::now(), service);
    match check::report(check, &loaded, &mut io::stdout().lock()) {
        Ok(Exit::Success) => Ok(()),
        Ok(bad) => Err(bad),
        Err(error) => Err(tell(error, Exit::Failure)),
    }
}

/// Loads the configuration. What it warns of before it has said how to log goes to standard error.
fn load(path: &Path) -> Result<Settings, Errors> {
    let early = tracing_subscriber::fmt()
        .with_ansi(false)
        .log_internal_errors(false)
        .with_writer(io::stderr)
        .finish();
    tracing::subscriber::with_default(early, || config::load(path, SystemTime::now()))
}

/// Starts the operational log, and writes first what is legal and unwise.
///
/// A thread of its own writes: a standard error that nobody reads holds up no connection and no
/// stop, and one that is closed ends nothing. Lines beyond [`LOG_LINES`] are lost. What is
/// returned writes the last lines when it is dropped.
fn log(settings: &Settings) -> WorkerGuard {
    let (writer, last_lines) = NonBlockingBuilder::default()
        .buffered_lines_limit(LOG_LINES)
        .thread_name("log")
        .finish(io::stderr());
    let log = tracing_subscriber::fmt()
        .with_max_level(settings.log.level)
        .log_internal_errors(false)
        .with_writer(writer);
    match settings.log.format {
        Format::Text => log.with_ansi(false).init(),
        Format::Json => log.json().init(),
    }
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    last_lines
}

fn tell(problem: impl std::fmt::Display, exit: Exit) -> Exit {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(io::stderr(), "{problem}");
    exit
}
