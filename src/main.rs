//! The `pacsgate` command.
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use pacsgate::cli::check::{self, Against};
use pacsgate::cli::{self, Check, Command, Exit};
use pacsgate::config;
use pacsgate::host::{Service, words};
use pacsgate::inherited::Inherited;
use pacsgate::log::{self, Format};
use pacsgate::server;

/// That of musl is slow (benches/README.md).
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let done = match cli::parse(std::env::args_os()) {
        Ok(Command::Run(run)) => serve(&run.config),
        Ok(Command::Check(check)) => judge(&check),
        Ok(Command::Init(init)) => block_on(init.run()).and_then(|done| done),
        Ok(Command::Ca(ca)) => block_on(ca.run()).and_then(|done| done),
        Ok(Command::HashPassword(hash)) => block_on(hash.run()).and_then(|done| done),
        Ok(Command::Explain(explain)) => explain.run(),
        Ok(Command::Import(import)) => import.run(),
        Ok(Command::Unknown(unknown)) => unknown.run(),
        Ok(Command::Suggest(suggest)) => suggest.run(),
        Ok(Command::Demo(demo)) => block_on(demo.run()).and_then(|done| done),
        Ok(Command::Doctor(doctor)) => block_on(doctor.run()).and_then(|done| done),
        Ok(Command::Probe(probe)) => block_on(probe.run()).and_then(|done| done),
        Ok(Command::Ready(ready)) => block_on(ready.run()).and_then(|done| done),
        Ok(Command::Top(top)) => block_on(top.run()).and_then(|done| done),
        Err(exit) => Err(exit),
    };
    done.err().unwrap_or(Exit::Success).into()
}

/// Runs the gate until a signal stops it.
fn serve(path: &Path) -> Result<(), Exit> {
    let inherited = log::during(Format::Text, Inherited::of_environment);
    // What is warned of before the configuration has said how to log.
    let settings = log::during(Format::Text, || config::load(path, SystemTime::now()));
    let settings = settings.map_err(|errors| {
        log::fatal(errors.format(), errors.iter());
        Exit::Configuration
    })?;
    let format = settings.log.format;
    let last_lines = log::start(format, settings.log.level);
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    let served = block_on(server::run(settings, path, inherited))?;
    drop(last_lines);
    served.map_err(|error| {
        log::fatal(format, [error]);
        Exit::Failure
    })
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Exit> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().build();
    let runtime = runtime.map_err(|error| tell(words(&error), Exit::Failure))?;
    let done = runtime.block_on(work);
    // A name server that is still being waited for holds nobody up.
    runtime.shutdown_background();
    Ok(done)
}

/// Says what is to be said of a configuration.
fn judge(check: &Check) -> Result<(), Exit> {
    let service = Service::of(check.user.as_deref()).map_err(|error| tell(error, Exit::Usage))?;
    let loaded = config::check(check.path(), SystemTime::now(), service);
    let running = match (&check.against_running, &loaded) {
        (Some(socket), Ok(settings)) => Some(Against::running(socket, &settings.site)),
        _ => None,
    };
    let running = running.transpose().map_err(|error| tell(error, Exit::Failure))?;
    match check::report(check, &loaded, running.as_ref(), &mut io::stdout().lock()) {
        Ok(Exit::Success) => Ok(()),
        Ok(bad) => Err(bad),
        Err(error) => Err(tell(words(&error), Exit::Failure)),
    }
}

fn tell(problem: impl std::fmt::Display, exit: Exit) -> Exit {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(io::stderr(), "{problem}");
    exit
}
