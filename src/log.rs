//! The operational log on standard error: lines for people, or JSON, with priorities where the
//! journal reads them.

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::sync::OnceLock;

use tracing::{Event, Level, Subscriber};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::Registry;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::{Format as Lines, JsonFields, Writer};
use tracing_subscriber::fmt::{
    FmtContext, FormatEvent, FormatFields, MakeWriter, SubscriberBuilder,
};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload;

use crate::journal::{self, Priority};

/// How the operational log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Lines that wait for the writer.
const LINES: usize = 4096;

/// Starts the log.
///
/// A thread of its own writes: a standard error that nobody reads holds up no connection and no
/// stop, and one that is closed ends nothing. Lines beyond the 4096 that wait are lost. What is returned
/// writes the last lines when it is dropped.
#[must_use = "the last lines are written when this is dropped"]
pub fn start(format: Format, level: Level) -> WorkerGuard {
    let (writer, last_lines) = NonBlockingBuilder::default()
        .buffered_lines_limit(LINES)
        .thread_name("log")
        .finish(io::stderr());
    let (subscriber, set_level) = subscriber(format, level, writer);
    // A second log would be a fault of ours, and the first one serves.
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        let _ = SET_LEVEL.set(set_level);
    }
    last_lines
}

/// Changes the level of the log that was started.
type SetLevel = Box<dyn Fn(Level) + Send + Sync>;

static SET_LEVEL: OnceLock<SetLevel> = OnceLock::new();

/// Logs from this level on, if the log was started.
pub fn set_level(level: Level) {
    if let Some(set) = SET_LEVEL.get() {
        set(level);
    }
}

/// Logs to standard error, line by line, what `work` has to say before the log is started.
pub fn during<T>(format: Format, work: impl FnOnce() -> T) -> T {
    tracing::subscriber::with_default(subscriber(format, Level::INFO, io::stderr).0, work)
}

/// Says why the daemon does not start: as the log would, but in plain sentences for the journal,
/// which shows the priority of each.
pub fn fatal(format: Format, sentences: impl IntoIterator<Item: Display>) {
    let is_plain = format == Format::Text && journal::reads(io::stderr());
    for sentence in sentences {
        if is_plain {
            // A closed standard error leaves nobody to tell.
            let _ = writeln!(io::stderr(), "{}{sentence}", Priority::Error);
        } else {
            during(format, || tracing::error!(target: "pacsgate", "{sentence}"));
        }
    }
}

fn subscriber(
    format: Format,
    level: Level,
    writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
) -> (Box<dyn Subscriber + Send + Sync>, SetLevel) {
    let in_journal = journal::reads(io::stderr());
    let log = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_ansi(false)
        .log_internal_errors(false)
        .with_writer(writer);
    let lines = Lines::default().with_ansi(false);
    match (format, in_journal) {
        (Format::Text, false) => finish(log.event_format(lines), level),
        // The journal has the time.
        (Format::Text, true) => finish(log.event_format(Marked(lines.without_time())), level),
        (Format::Json, false) => {
            finish(log.fmt_fields(JsonFields::new()).event_format(lines.json()), level)
        }
        (Format::Json, true) => {
            finish(log.fmt_fields(JsonFields::new()).event_format(Marked(lines.json())), level)
        }
    }
}

fn finish<N, E, W>(
    log: SubscriberBuilder<N, E, LevelFilter, W>,
    level: Level,
) -> (Box<dyn Subscriber + Send + Sync>, SetLevel)
where
    N: for<'w> FormatFields<'w> + Send + Sync + 'static,
    E: FormatEvent<Registry, N> + Send + Sync + 'static,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(LevelFilter::from_level(level));
    let set_level = move |level: Level| {
        // It fails where the log has gone.
        let _ = handle.reload(LevelFilter::from_level(level));
    };
    (Box::new(log.finish().with(filter)), Box::new(set_level))
}

/// Lines with their priority for the journal.
struct Marked<F>(F);

impl<S, N, F> FormatEvent<S, N> for Marked<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "{}", priority(*event.metadata().level()))?;
        self.0.format_event(context, writer, event)
    }
}

const fn priority(level: Level) -> Priority {
    match level {
        Level::ERROR => Priority::Error,
        Level::WARN => Priority::Warning,
        Level::INFO => Priority::Info,
        Level::DEBUG | Level::TRACE => Priority::Debug,
    }
}
