//! Certificates and revocation lists near the end of their time, past it, or before its start.

use std::fmt;
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use humantime::format_rfc3339_seconds;
use pacsgate_core::quoted::Quoted;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::time::ASN1Time;

/// Time enough for an order, a signature and a change window.
const SOON: u64 = 30 * DAY;
/// Of the time of a revocation list, what its end is told before: a CA that issues one each week has
/// most often issued the next by then.
const LAST_PART_OF_LIST: u64 = 3;
const DAY: u64 = 86_400;
/// 9999-12-31T23:59:59Z, the last moment that X.509 and RFC 3339 can say.
const LAST: u64 = 253_402_300_799;

/// What has a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dated {
    /// The gate's own certificate.
    Server,
    /// Another certificate that the gate sends with its own.
    Chain,
    /// A CA of the peers.
    ClientCa,
    /// A revocation list.
    Crl,
}

/// Where a moment lies in the validity of something, in seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Before its start.
    NotBefore(u64),
    /// Shortly before its end: the end, and the whole days until then.
    Ends(u64, u64),
    /// After its end, while a grace lasts: the end, and that of the grace.
    Grace(u64, u64),
    /// After its end, and after any grace.
    Ended(u64),
}

/// What an administrator is to know of a certificate that is at an end of its time; `None` in the
/// good time between, and for what cannot be read, which TLS refuses.
pub(crate) fn of_certificate(der: &[u8], what: Dated, now: SystemTime) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let validity = certificate.validity();
    let (start, end) = (seconds(validity.not_before), seconds(validity.not_after));
    let when = When::of(start..end, SOON, Duration::ZERO, since_epoch(now))?;
    Some(what.sentence(&certificate.subject().to_string(), when))
}

/// The same of the certificate that a peer has shown, with when that was and its end, in seconds since
/// the epoch.
pub(crate) fn of_peer(
    peer: &str,
    name: &str,
    seen: u64,
    not_after: u64,
    now: SystemTime,
) -> Option<String> {
    let when = When::of(0..not_after, SOON, Duration::ZERO, since_epoch(now))?;
    let (name, seen) = (Quoted::from(name), date(seen));
    let advice = if matches!(when, When::Ended(_)) { "the device is refused" } else { "renew it" };
    Some(format!("the certificate {name} of peer {peer}, last seen on {seen}, {when}; {advice}"))
}

/// When a certificate ends.
pub(crate) fn end_of(der: &[u8]) -> Option<SystemTime> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let end = seconds(certificate.validity().not_after).min(LAST);
    Some(UNIX_EPOCH + Duration::from_secs(end))
}

/// The same of a revocation list that serves for `grace` after its end, and whether it still does.
pub(crate) fn of_crl(der: &[u8], grace: Duration, now: SystemTime) -> Option<(bool, String)> {
    let (_, list) = CertificateRevocationList::from_der(der).ok()?;
    let time = seconds(list.last_update())..seconds(list.next_update()?);
    let when = When::of_list(time, grace, since_epoch(now))?;
    let serves = !matches!(when, When::Ended(_));
    Some((serves, of_list(&list.issuer().to_string(), when)))
}

/// What an administrator is to know of the revocation list of an issuer.
pub(crate) fn of_list(issuer: &str, when: When) -> String {
    Dated::Crl.sentence(issuer, when)
}

/// Since the epoch.
pub(crate) fn seconds(time: ASN1Time) -> u64 {
    u64::try_from(time.timestamp()).unwrap_or(0)
}

/// Seconds since the epoch as RFC 3339 has them, up to the last that it can say.
pub(crate) fn date(seconds: u64) -> impl fmt::Display {
    format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds.min(LAST)))
}

/// Of a moment; the epoch where the clock is before it.
pub(crate) fn since_epoch(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl When {
    /// Of a revocation list, all in seconds since the epoch. How long before its end that is told
    /// follows from its own time.
    pub(crate) fn of_list(time: Range<u64>, grace: Duration, now: u64) -> Option<Self> {
        let soon = time.end.saturating_sub(time.start) / LAST_PART_OF_LIST;
        Self::of(time, soon.min(SOON), grace, now)
    }

    /// `None` in the good time between start and end, all in seconds since the epoch.
    fn of(time: Range<u64>, soon: u64, grace: Duration, now: u64) -> Option<Self> {
        let Range { start, end } = time;
        let until = end.saturating_add(grace.as_secs());
        match end.saturating_sub(now) {
            _ if now < start => Some(Self::NotBefore(start)),
            0 if now < until => Some(Self::Grace(end, until)),
            0 => Some(Self::Ended(end)),
            left if left <= soon => Some(Self::Ends(end, left / DAY)),
            _ => None,
        }
    }
}

impl Dated {
    /// In a word.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Server => "certificate",
            Self::Chain => "chain",
            Self::ClientCa => "ca",
            Self::Crl => "crl",
        }
    }

    /// Of a subject, or a list's issuer.
    fn sentence(self, of: &str, when: When) -> String {
        let (of, advice) = (Quoted::from(of), self.advice(when));
        match self {
            Self::Server => format!("the certificate {of} {when}; {advice}"),
            Self::Chain => format!("the certificate {of} of the chain {when}; {advice}"),
            Self::ClientCa => format!("the CA {of} {when}; {advice}"),
            Self::Crl => format!("the revocation list of {of} {when}; {advice}"),
        }
    }

    const fn advice(self, when: When) -> &'static str {
        match (self, when) {
            (_, When::NotBefore(_)) => "compare it with the clock of this machine",
            (Self::Crl, When::Ends(..)) => "see that the next list comes in time",
            (Self::Crl, When::Grace(..)) => "fetch the current list",
            (Self::Crl, When::Ended(_)) => {
                "every certificate of its CA is refused; fetch the current list"
            }
            (_, When::Ends(..)) => "renew it",
            (Self::ClientCa, When::Ended(_) | When::Grace(..)) => {
                "certificates that it has issued count until their own end; replace it"
            }
            (Self::Server | Self::Chain, When::Ended(_) | When::Grace(..)) => {
                "whoever verifies it refuses the gate; renew it"
            }
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotBefore(start) => write!(f, "is valid only from {}", date(start)),
            Self::Ends(end, 0) => write!(f, "expires on {}, in less than a day", date(end)),
            Self::Ends(end, 1) => write!(f, "expires on {}, in 1 day", date(end)),
            Self::Ends(end, days) => write!(f, "expires on {}, in {days} days", date(end)),
            Self::Grace(end, until) => {
                write!(f, "expired on {} and serves only until {}", date(end), date(until))
            }
            Self::Ended(end) => write!(f, "expired on {}", date(end)),
        }
    }
}
