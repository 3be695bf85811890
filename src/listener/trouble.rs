//! Why no connection can be accepted, and how that is told without filling the log.

use std::io;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use crate::net;
use crate::rarely::Rarely;

/// So long without a failure, and the trouble is over.
const CALM: Duration = Duration::from_secs(5);

/// Whose fault it is that a connection was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection was gone, or the network or a firewall kept it: the next one may be fine.
    Peers,
    /// This process, or the system, has no descriptor left.
    Descriptors,
    /// The system has no memory left for another one.
    Memory,
    /// Whatever else.
    Other,
}

impl Fault {
    /// By the errors of accept(2), where those of the network belong to the connection.
    pub(super) fn of(error: &io::Error) -> Self {
        match Errno::from_io_error(error) {
            Some(
                Errno::CONNABORTED
                | Errno::CONNRESET
                | Errno::INTR
                | Errno::PROTO
                | Errno::PERM
                | Errno::NETDOWN
                | Errno::NOPROTOOPT
                | Errno::HOSTDOWN
                | Errno::NONET
                | Errno::HOSTUNREACH
                | Errno::OPNOTSUPP
                | Errno::NETUNREACH
                | Errno::TIMEDOUT,
            ) => Self::Peers,
            _ if net::is_out_of_descriptors(error) => Self::Descriptors,
            Some(Errno::NOBUFS | Errno::NOMEM) => Self::Memory,
            Some(_) | None => Self::Other,
        }
    }

    pub(super) const fn advice(self) -> &'static str {
        match self {
            Self::Descriptors => {
                "raise LimitNOFILE in the unit, or `ulimit -n`, to twice limits.connections and 64, \
                 or lower limits.connections"
            }
            Self::Memory => "give the machine more memory, or lower limits.connections",
            Self::Peers | Self::Other => "see what the system says",
        }
    }
}

/// A time in which connections cannot be accepted.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    lasts: Option<Lasts>,
    rarely: Rarely,
}

#[derive(Debug)]
struct Lasts {
    since: Instant,
    until: Instant,
    failures: u64,
    is_said: bool,
}

/// A trouble of which the log has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Over {
    pub(super) failures: u64,
    pub(super) lasted: Duration,
}

impl Trouble {
    /// Another failure; if it is to be said, how many went unsaid since the last time.
    pub(super) fn failed(&mut self, now: Instant) -> Option<u64> {
        let new = Lasts { since: now, until: now, failures: 0, is_said: false };
        let lasts = self.lasts.get_or_insert(new);
        lasts.until = now;
        lasts.failures = lasts.failures.saturating_add(1);
        let said = self.rarely.say(now);
        lasts.is_said |= said.is_some();
        said
    }

    /// When it will be over, if there is any.
    pub(super) fn end(&self) -> Option<Instant> {
        self.lasts.as_ref().map(|lasts| lasts.until + CALM)
    }

    /// It is over; what of it is to be said.
    pub(super) fn end_it(&mut self) -> Option<Over> {
        let Lasts { since, until, failures, is_said } = self.lasts.take()?;
        let lasted = until.saturating_duration_since(since);
        is_said.then_some(Over { failures, lasted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_connection_that_is_gone_from_a_system_that_has_nothing_left() {
        let of = |errno: Errno| Fault::of(&errno.into());
        for errno in [
            Errno::CONNABORTED,
            Errno::PROTO,
            Errno::PERM,
            Errno::NETDOWN,
            Errno::HOSTDOWN,
            Errno::NONET,
            Errno::HOSTUNREACH,
            Errno::OPNOTSUPP,
            Errno::NETUNREACH,
        ] {
            assert_eq!(of(errno), Fault::Peers, "{errno}");
        }
        assert_eq!([of(Errno::MFILE), of(Errno::NFILE)], [Fault::Descriptors; 2]);
        assert_eq!([of(Errno::NOBUFS), of(Errno::NOMEM)], [Fault::Memory; 2]);
        assert_eq!([of(Errno::INVAL), Fault::of(&io::Error::other("?"))], [Fault::Other; 2]);
    }

    #[test]
    fn is_said_at_once_once_a_minute_and_when_it_is_over() {
        let (mut trouble, start) = (Trouble::default(), Instant::now());
        let at = |tenths: u64| start + Duration::from_millis(100 * tenths);
        let said: Vec<_> = (0..=900).filter_map(|tenths| trouble.failed(at(tenths))).collect();
        assert_eq!(said, [0, 599]);
        assert_eq!(trouble.end(), Some(at(950)));
        let over = Over { failures: 901, lasted: Duration::from_secs(90) };
        assert_eq!((trouble.end_it(), trouble.end()), (Some(over), None));
        // One more within the minute, and short: nobody needs a line for each.
        assert_eq!((trouble.failed(at(1000)), trouble.end_it()), (None, None));
        assert_eq!(trouble.failed(at(1300)), Some(301));
    }
}
