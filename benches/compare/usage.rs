//! What the kernel says of a process and of those that it has started (proc(5)).

use std::fs;
use std::io;

/// The unit of CPU times in `/proc`, the same on every Linux (USER_HZ), per second.
const TICKS: f64 = 100.0;

/// A process whose use of CPU and memory is read, with its workers if they are processes, too.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    pid: u32,
}

/// CPU time from here on.
pub(crate) struct Meter {
    usage: Usage,
    cpu: f64,
    exact: f64,
}

impl Usage {
    pub(crate) fn of(pid: u32) -> Self {
        Self { pid }
    }

    /// Starts to count CPU time.
    pub(crate) fn meter(self) -> io::Result<Meter> {
        Ok(Meter { usage: self, cpu: self.cpu()?, exact: self.cpu_exact()? })
    }

    /// CPU seconds so far, user and system, of all threads, in whole ticks.
    fn cpu(self) -> io::Result<f64> {
        self.sum(|pid| {
            let stat = read(pid, "stat")?;
            let mut times = fields(&stat).skip(11).map(str::parse::<f64>);
            match (times.next(), times.next()) {
                (Some(Ok(user)), Some(Ok(system))) => Ok((user + system) / TICKS),
                _ => Err(unread("stat")),
            }
        })
    }

    /// The same to the nanosecond, of the threads that live.
    pub(crate) fn cpu_exact(self) -> io::Result<f64> {
        self.sum(|pid| {
            let mut nanoseconds = 0.0_f64;
            for task in fs::read_dir(format!("/proc/{pid}/task"))? {
                // A thread that has ended since counts in whole ticks only.
                let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
                let first = text.split_ascii_whitespace().next();
                let first: Option<f64> = first.and_then(|number| number.parse().ok());
                nanoseconds += first.ok_or_else(|| unread("schedstat"))?;
            }
            Ok(nanoseconds / 1e9)
        })
    }

    /// Resident memory in KiB; pages that workers share count once.
    pub(crate) fn resident(self) -> io::Result<f64> {
        Ok(self.sum(|pid| field(&read(pid, "smaps_rollup")?, "Rss:"))? - self.counted_again()?)
    }

    /// The highest resident memory so far in KiB; pages that workers share count once.
    pub(crate) fn peak(self) -> io::Result<f64> {
        Ok(self.sum(|pid| field(&read(pid, "status")?, "VmHWM:"))? - self.counted_again()?)
    }

    /// KiB of shared pages, but for those of the process that has most of them.
    fn counted_again(self) -> io::Result<f64> {
        let mut all = 0.0;
        let mut most = 0.0_f64;
        for pid in self.family()? {
            let rollup = read(pid, "smaps_rollup")?;
            let shared = field(&rollup, "Shared_Clean:")? + field(&rollup, "Shared_Dirty:")?;
            all += shared;
            most = most.max(shared);
        }
        Ok(all - most)
    }

    fn sum(self, of: impl Fn(u32) -> io::Result<f64>) -> io::Result<f64> {
        self.family()?.into_iter().map(of).sum()
    }

    /// The process and its descendants.
    fn family(self) -> io::Result<Vec<u32>> {
        let mut others = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // Processes of others come and go.
            let Ok(stat) = read(pid, "stat") else { continue };
            let parent = fields(&stat).nth(1).and_then(|parent| parent.parse::<u32>().ok());
            others.extend(parent.map(|parent| (parent, pid)));
        }
        let mut family = vec![self.pid];
        let mut next = 0;
        while let Some(&parent) = family.get(next) {
            family.extend(others.iter().filter(|(of, _)| *of == parent).map(|(_, pid)| pid));
            next += 1;
        }
        Ok(family)
    }
}

impl Meter {
    /// CPU seconds since the start: to the nanosecond, unless threads have ended meanwhile, whose
    /// time is known in ticks only.
    pub(crate) fn seconds(&self) -> io::Result<f64> {
        let cpu = self.usage.cpu()? - self.cpu;
        let exact = self.usage.cpu_exact()? - self.exact;
        let tolerance = 2.0 * self.usage.family()?.len() as f64 / TICKS;
        Ok(if (exact - cpu).abs() <= tolerance { exact } else { cpu })
    }
}

/// The fields of `stat` behind the command's name, which stands in parentheses and may hold spaces: the
/// state is the first, the parent the second, utime and stime are the 12th and the 13th.
fn fields(stat: &str) -> impl Iterator<Item = &str> {
    let (_, fields) = stat.rsplit_once(')').unwrap_or_default();
    fields.split_ascii_whitespace()
}

fn read(pid: u32, file: &str) -> io::Result<String> {
    fs::read_to_string(format!("/proc/{pid}/{file}"))
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
