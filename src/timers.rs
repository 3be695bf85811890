//! Timers of what the workers wait for, in a thread of their own.
//!
//! A worker that has a timer asks the kernel to be woken each time it waits for sockets, and takes that
//! back each time something comes: of the 80 us of a C-ECHO's round trip that is 4. Hardly any timer ever
//! rings; in this thread they cost the workers nothing.

use std::future::Future;
use std::io;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, EnterGuard, Handle, Runtime};
use tokio::time::{self, Instant, Sleep, Timeout};

/// Shorter than the usual limits by far. A timer that is due before all others wakes the thread, only for
/// it to wait less long; behind a nearer one it costs no system call.
const NEAR: Duration = Duration::from_millis(500);

static THREAD: OnceLock<Handle> = OnceLock::new();

/// Starts the thread, unless it runs. Without it timers are those of the runtime that waits.
///
/// # Errors
///
/// That there can be no thread.
pub fn start() -> io::Result<()> {
    if THREAD.get().is_none() {
        let runtime = runtime()?;
        let handle = runtime.handle().clone();
        thread::Builder::new().name("timers".to_owned()).spawn(move || run(&runtime))?;
        let _ = THREAD.set(handle);
    }
    Ok(())
}

/// As in tokio.
pub fn sleep(duration: Duration) -> Sleep {
    let _entered = enter();
    time::sleep(duration)
}

/// As in tokio.
pub fn sleep_until(deadline: Instant) -> Sleep {
    let _entered = enter();
    time::sleep_until(deadline)
}

/// As in tokio.
pub fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<F> {
    let _entered = enter();
    time::timeout(duration, future)
}

/// As in tokio.
pub fn timeout_at<F: Future>(deadline: Instant, future: F) -> Timeout<F> {
    let _entered = enter();
    time::timeout_at(deadline, future)
}

/// What is made under it has its timer in the thread.
fn enter() -> Option<EnterGuard<'static>> {
    THREAD.get().map(Handle::enter)
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_time().build()
}

fn run(runtime: &Runtime) {
    runtime.block_on(async {
        loop {
            time::sleep(NEAR).await;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_rings_for_a_runtime_that_has_none() {
        let timers = runtime().unwrap();
        let handle = timers.handle().clone();
        thread::spawn(move || run(&timers));
        let without = Builder::new_current_thread().build().unwrap();
        without.block_on(async move {
            let (began, pause) = (Instant::now(), Duration::from_millis(30));
            let (ringing, late) = {
                let _entered = handle.enter();
                (time::sleep(pause), time::timeout(pause, std::future::pending::<()>()))
            };
            ringing.await;
            assert!(began.elapsed() >= pause);
            late.await.unwrap_err();
        });
    }
}
