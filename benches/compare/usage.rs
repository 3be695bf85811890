//! What the kernel says of a process (proc(5)).

use std::fs;
use std::io;

/// The unit of CPU times in `/proc`, the same on every Linux (USER_HZ), per second.
const TICKS: f64 = 100.0;

/// A process whose use of CPU and memory is read.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    pid: u32,
}

impl Usage {
    pub(crate) fn of(pid: u32) -> Self {
        Self { pid }
    }

    /// CPU seconds so far, user and system, of all threads.
    pub(crate) fn cpu(self) -> io::Result<f64> {
        let stat = self.read("stat")?;
        // The command's name, in parentheses, may hold spaces; utime and stime are the 12th and
        // the 13th field behind it.
        let (_, fields) = stat.rsplit_once(')').ok_or_else(|| unread("stat"))?;
        let mut times = fields.split_ascii_whitespace().skip(11).map(str::parse::<f64>);
        match (times.next(), times.next()) {
            (Some(Ok(user)), Some(Ok(system))) => Ok((user + system) / TICKS),
            _ => Err(unread("stat")),
        }
    }

    /// The same to the nanosecond, of the threads that live.
    pub(crate) fn cpu_exact(self) -> io::Result<f64> {
        let mut nanoseconds = 0.0_f64;
        for task in fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            let first = text.split_ascii_whitespace().next();
            let first: Option<f64> = first.and_then(|number| number.parse().ok());
            nanoseconds += first.ok_or_else(|| unread("schedstat"))?;
        }
        Ok(nanoseconds / 1e9)
    }

    /// Resident memory in KiB, exact.
    pub(crate) fn resident(self) -> io::Result<f64> {
        field(&self.read("smaps_rollup")?, "Rss:")
    }

    /// The highest resident memory so far in KiB.
    pub(crate) fn peak(self) -> io::Result<f64> {
        field(&self.read("status")?, "VmHWM:")
    }

    fn read(self, file: &str) -> io::Result<String> {
        fs::read_to_string(format!("/proc/{}/{file}", self.pid))
    }
}

fn field(text: &str, name: &str) -> io::Result<f64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_ascii_whitespace().next())
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| unread(name))
}

fn unread(what: &str) -> io::Error {
    io::Error::other(format!("cannot read {what} of a process"))
}
