//! Whether the gate still moves: the accept loops and the workers are asked again and again, and
//! the log tells who is slow to answer.
//!
//! A thread of the system asks, as busy workers must not delay the question. The accept loops answer
//! where they wait for connections: a timer beside a loop that is stuck would prove nothing. The
//! workers answer by a task that one of them must begin, and go on with after a moment, which shows
//! that their queue and their sockets move, as the driver of these tells the time, too; and after
//! another, which shows that the thread of timers does. A single worker that is stuck while others
//! serve is not seen.

use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::timers;

/// Between two questions, and how long an answer may take before the log tells: workers that are
/// merely busy answer within a fraction of it.
pub const PERIOD: Duration = Duration::from_secs(5);
/// How often to ask within the watchdog's limit at least: the answer may take three quarters of it.
const QUESTIONS: u32 = 4;
/// Without an answer for so long, and nobody said to be late, it is the questions that have stopped.
const SILENCE: Duration = PERIOD.saturating_mul(3);
/// The shortest period, so that a limit of nothing does not keep a processor busy.
const SHORTEST: Duration = Duration::from_millis(1);
/// What the workers' answer waits for twice, so that both kinds of timers have a part in it.
const MOMENT: Duration = Duration::from_millis(1);

/// Who is asked.
#[derive(Clone, Debug)]
pub struct Pulse {
    workers: (Arc<str>, Handle),
    /// Shared by all clones: a reload opens and closes ports.
    loops: Arc<Mutex<Vec<Loop>>>,
    /// What the last questions have shown, for all clones.
    beat: Arc<Mutex<Beat>>,
}

/// When all had answered last, and who is late since.
#[derive(Debug)]
struct Beat {
    answered: Instant,
    late: Vec<Arc<str>>,
}

/// An accept loop: its name, and where it hears questions.
type Loop = (Arc<str>, mpsc::Sender<Question>);

/// What an accept loop answers with.
#[derive(Debug)]
pub struct Asked(mpsc::Receiver<Question>);

/// Answered when it is dropped. A loop that has ended and a runtime that shuts down drop it as well:
/// whoever is gone is not waited for, and the end of a loop is told by
/// [`Listening::accepts_no_more`](crate::listening::Listening::accepts_no_more).
#[derive(Debug)]
struct Question {
    to: Arc<str>,
    answers: Sender<Arc<str>>,
}

/// The questions of one time.
struct Round {
    open: Vec<Arc<str>>,
    answers: Receiver<Arc<str>>,
}

impl Pulse {
    /// Asks the workers of the runtime inside which it is made, and nobody else yet.
    #[expect(clippy::new_without_default, reason = "outside a runtime it would panic")]
    pub fn new() -> Self {
        let beat = Beat { answered: Instant::now(), late: Vec::new() };
        Self {
            workers: ("the worker threads".into(), Handle::current()),
            loops: Arc::default(),
            beat: Arc::new(Mutex::new(beat)),
        }
    }

    /// From now on asks this accept loop as well, until it drops what is returned.
    pub fn ask_too(&self, name: String) -> Asked {
        // The next question comes after the answer to the last one.
        let (questions, asked) = mpsc::channel(1);
        let mut loops = self.loops.lock().unwrap_or_else(PoisonError::into_inner);
        // What has ended is asked no more.
        loops.retain(|(_, questions)| !questions.is_closed());
        loops.push((name.into(), questions));
        Asked(asked)
    }

    /// Calls `alive` each time that all have answered. Never returns.
    ///
    /// `limit` is the time after which whoever misses `alive` ends the process.
    pub fn watch(&self, limit: Option<Duration>, alive: impl Fn()) {
        let period = limit.map_or(PERIOD, |limit| limit / QUESTIONS);
        let period = period.clamp(SHORTEST, PERIOD);
        let mut last = Instant::now();
        loop {
            let began = Instant::now();
            let left = || limit.map(|limit| limit.saturating_sub(last.elapsed()));
            self.ask().wait(period, left, |late| self.beat().late = late.to_vec());
            *self.beat() = Beat { answered: Instant::now(), late: Vec::new() };
            alive();
            last = Instant::now();
            thread::sleep(period.saturating_sub(began.elapsed()));
        }
    }

    /// Who has not answered for longer than is usual, as the log says it; `None` if all is well.
    pub fn trouble(&self) -> Option<String> {
        let beat = self.beat();
        let (late, since) = (&beat.late, beat.answered.elapsed());
        if late.is_empty() && since < SILENCE {
            return None;
        }
        let late = if late.is_empty() { "those who are asked".to_owned() } else { late.join(", ") };
        Some(no_answer(&late, since, None))
    }

    fn beat(&self) -> MutexGuard<'_, Beat> {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self) -> Round {
        let (sender, answers) = channel();
        let mut open = Vec::new();
        let mut question = |to: &Arc<str>| {
            open.push(Arc::clone(to));
            Question { to: Arc::clone(to), answers: sender.clone() }
        };
        for (name, asked) in &*self.loops.lock().unwrap_or_else(PoisonError::into_inner) {
            // If the loop has ended, the question comes back and is dropped.
            let _ = asked.try_send(question(name));
        }
        let (name, workers) = &self.workers;
        let question = question(name);
        workers.spawn(async move {
            sleep(MOMENT).await;
            timers::sleep(MOMENT).await;
            drop(question);
        });
        Round { open, answers }
    }
}

impl Round {
    /// Waits for all answers, however long they take; tells the log, and `tell` who is late, when they
    /// take longer than the patience, and the log when they have come.
    fn wait(
        mut self,
        patience: Duration,
        left: impl Fn() -> Option<Duration>,
        tell: impl Fn(&[Arc<str>]),
    ) {
        let began = Instant::now();
        while !self.open.is_empty() {
            match self.answers.recv_timeout(patience.saturating_sub(began.elapsed())) {
                Ok(name) => self.close(&name),
                Err(_timeout) => break,
            }
        }
        if self.open.is_empty() {
            return;
        }
        tell(&self.open);
        let late = self.open.join(", ");
        tracing::warn!("{}", no_answer(&late, began.elapsed(), left()));
        while !self.open.is_empty() {
            // It fails where all questions are dropped, and so answered.
            match self.answers.recv() {
                Ok(name) => self.close(&name),
                Err(_answered) => break,
            }
        }
        tracing::warn!("answered after {}: {late}", seconds(began.elapsed()));
    }

    fn close(&mut self, name: &str) {
        if let Some(at) = self.open.iter().position(|open| **open == *name) {
            self.open.remove(at);
        }
    }
}

impl Asked {
    /// Waits for this, and answers meanwhile.
    pub async fn while_waiting<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                // Where work is always ready, as in a flood, the question still comes first.
                biased;
                Some(question) = self.0.recv() => drop(question),
                done = &mut work => return done,
            }
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let _ = self.answers.send(Arc::clone(&self.to));
    }
}

fn no_answer(late: &str, waited: Duration, left: Option<Duration>) -> String {
    let waited = seconds(waited);
    let what = format!("no answer for {waited} from {late}: pacsgate is overloaded or has hung");
    match left.map(seconds) {
        None => what,
        Some(left) => {
            format!("{what}; without an answer the service manager will restart it in {left}")
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::mpsc::RecvTimeoutError;

    use tokio::runtime::{Builder, Runtime};

    use super::*;

    /// Short: what must be late is late from the first question on, and what must answer may take as
    /// long as it likes.
    const LIMIT: Duration = Duration::from_millis(200);
    /// Nothing waits for it in a good run.
    const HANG: Duration = Duration::from_secs(60);
    const PING: &str = "WATCHDOG=1";
    const FRONT: &str = "the accept loop of listener front (127.0.0.1:2762)";

    #[test]
    fn pings_again_and_again_as_long_as_all_answer() {
        let runtime = runtime();
        let pulse = pulse(&runtime);
        let mut paused = pulse.ask_too(FRONT.to_owned());
        // A loop that pauses, and one that is never done.
        runtime.spawn(async move { paused.while_waiting(sleep(HANG)).await });
        let mut busy = pulse.ask_too("another".to_owned());
        runtime.spawn(async move {
            loop {
                busy.while_waiting(tokio::task::yield_now()).await;
            }
        });
        let heard = Heard::of(pulse, Some(LIMIT));
        for _ in 0..10 {
            heard.until_pinged();
        }
    }

    #[test]
    fn busy_workers_get_a_warning_and_no_ping_until_one_is_free() {
        let runtime = runtime();
        let pulse = pulse(&runtime);
        let held = [hold(&runtime), hold(&runtime)];
        let heard = Heard::of(pulse, Some(LIMIT));
        let warning = heard.next();
        assert!(warning.contains("WARN") && warning.contains("no answer for "), "{warning}");
        assert!(warning.contains("from the worker threads: pacsgate is overloaded"), "{warning}");
        assert!(warning.contains("the service manager will restart it in "), "{warning}");
        heard.nothing();
        let [one, _other] = held;
        drop(one);
        let line = heard.next();
        assert!(line.contains("answered after ") && line.contains("worker threads"), "{line}");
        assert_eq!(heard.next(), PING);
        heard.until_pinged();
    }

    #[test]
    fn a_loop_that_is_stuck_gets_a_warning_and_no_ping_until_it_moves() {
        let runtime = runtime();
        let pulse = pulse(&runtime);
        let mut stuck = pulse.ask_too(FRONT.to_owned());
        let asked = pulse.clone();
        assert_eq!(asked.trouble(), None);
        let heard = Heard::of(pulse, Some(LIMIT));
        let warning = heard.next();
        assert!(warning.contains("no answer for ") && warning.contains(FRONT), "{warning}");
        let trouble = asked.trouble().unwrap();
        assert!(trouble.contains(FRONT) && !trouble.contains("restart"), "{trouble}");
        heard.nothing();
        runtime.spawn(async move { stuck.while_waiting(std::future::pending::<()>()).await });
        let line = heard.next();
        assert!(line.contains("answered after ") && line.contains(FRONT), "{line}");
        assert_eq!(heard.next(), PING);
        heard.until_pinged();
    }

    #[test]
    fn what_has_ended_is_not_waited_for() {
        let runtime = runtime();
        let pulse = pulse(&runtime);
        drop(pulse.ask_too("ended before the question".to_owned()));
        let ends_behind_it = pulse.ask_too(FRONT.to_owned());
        let heard = Heard::of(pulse, Some(LIMIT));
        assert!(heard.next().contains(FRONT));
        drop(ends_behind_it);
        assert!(heard.next().contains("answered after "));
        assert_eq!(heard.next(), PING);
        drop(runtime);
        heard.until_pinged();
        heard.until_pinged();
    }

    #[test]
    fn tells_of_a_restart_only_where_there_is_one() {
        let waited = Duration::from_millis(5020);
        let left = Some(Duration::from_millis(24_980));
        let sentence = no_answer(FRONT, waited, None);
        assert_eq!(
            sentence,
            "no answer for 5.0 s from the accept loop of listener front (127.0.0.1:2762): pacsgate \
             is overloaded or has hung"
        );
        let end = "; without an answer the service manager will restart it in 25.0 s";
        assert_eq!(no_answer(FRONT, waited, left), sentence + end);
    }

    /// Pings and lines of the log, in their order.
    struct Heard(Receiver<String>);

    struct Line(Sender<String>);

    impl Heard {
        fn of(pulse: Pulse, limit: Option<Duration>) -> Self {
            let (sender, heard) = channel();
            let lines = sender.clone();
            let log = tracing_subscriber::fmt().with_ansi(false);
            let log = log.with_writer(move || Line(lines.clone())).finish();
            // Ends with the process, like the real one.
            thread::spawn(move || {
                tracing::subscriber::with_default(log, || {
                    pulse.watch(limit, || drop(sender.send(PING.to_owned())));
                });
            });
            Self(heard)
        }

        fn next(&self) -> String {
            self.0.recv_timeout(HANG).unwrap()
        }

        fn until_pinged(&self) {
            while self.next() != PING {}
        }

        /// For longer than the service manager would wait.
        fn nothing(&self) {
            assert_eq!(self.0.recv_timeout(2 * LIMIT), Err(RecvTimeoutError::Timeout));
        }
    }

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn runtime() -> Runtime {
        Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    }

    fn pulse(runtime: &Runtime) -> Pulse {
        let _inside = runtime.enter();
        Pulse::new()
    }

    /// Keeps a worker busy until what is returned is dropped.
    fn hold(runtime: &Runtime) -> Sender<()> {
        let (held, end) = channel();
        let (begun, begins) = channel();
        runtime.spawn(async move {
            begun.send(()).unwrap();
            let _ = end.recv();
        });
        begins.recv().unwrap();
        held
    }
}
