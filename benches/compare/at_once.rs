//! Many requestors at work at once.

use std::io;
use std::thread;

/// One thread for each of hundreds of requestors.
const STACK: usize = 512 * 1024;

/// Does `work` for each item on a thread of its own; the outcomes in the order of the items, or the first
/// failure.
pub(crate) fn at_once<I: Send, T: Send>(
    items: impl IntoIterator<Item = I>,
    work: impl Fn(I) -> io::Result<T> + Sync,
) -> io::Result<Vec<T>> {
    let work = &work;
    thread::scope(|scope| {
        let start =
            |item| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, move || work(item));
        let workers = items.into_iter().map(start).collect::<io::Result<Vec<_>>>()?;
        let ended = workers.into_iter().map(|worker| {
            worker.join().unwrap_or_else(|_| Err(io::Error::other("a requestor panicked")))
        });
        ended.collect()
    })
}
