//! The operational log on standard error: lines for people, or JSON, with priorities where the
//! journal reads them.

use std::fmt::{self, Display};
use std::io::{self, Write};

use tracing::{Event, Level, Subscriber};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt::format::{Format as Lines, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

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
    // A second log would be a fault of ours, and the first one serves.
    let _ = tracing::subscriber::set_global_default(subscriber(format, level, writer));
    last_lines
}

/// Logs to standard error, line by line, what `work` has to say before the log is started.
pub fn during<T>(format: Format, work: impl FnOnce() -> T) -> T {
    tracing::subscriber::with_default(subscriber(format, Level::INFO, io::stderr), work)
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
) -> Box<dyn Subscriber + Send + Sync> {
    let in_journal = journal::reads(io::stderr());
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .log_internal_errors(false)
        .with_writer(writer);
    let lines = Lines::default().with_ansi(false);
    match (format, in_journal) {
        (Format::Text, false) => Box::new(log.event_format(lines).finish()),
        // The journal has the time.
        (Format::Text, true) => Box::new(log.event_format(Marked(lines.without_time())).finish()),
        (Format::Json, false) => {
            Box::new(log.fmt_fields(JsonFields::new()).event_format(lines.json()).finish())
        }
        (Format::Json, true) => {
            Box::new(log.fmt_fields(JsonFields::new()).event_format(Marked(lines.json())).finish())
        }
    }
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
