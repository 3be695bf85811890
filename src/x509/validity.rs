//! Certificates and revocation lists near the end of their time, past it, or before its start.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use humantime::format_rfc3339_seconds;
use pacsgate_core::quoted::Quoted;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::time::ASN1Time;

/// Time enough for an order, a signature and a change window.
const SOON: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 86_400;
/// 9999-12-31T23:59:59Z, the last moment that X.509 can say.
const LAST: u64 = 253_402_300_799;

/// Something whose time is nearly over, over, or still to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The file that holds it.
    pub file: PathBuf,
    /// What it is.
    pub what: Dated,
    /// Its subject, or a list's issuer.
    pub of: Quoted,
    /// Which end of its time it is at.
    pub when: When,
}

/// What has a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dated {
    /// The gate's own certificate.
    Server,
    /// Another certificate that the gate sends with its own.
    Chain,
    /// A CA of the peers.
    ClientCa,
    /// A revocation list.
    Crl,
}

/// Where a moment lies in the validity of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before its start.
    NotBefore(SystemTime),
    /// At most thirty days before its end: the end, and the whole days until then.
    Ends(SystemTime, u64),
    /// After its end, while a grace lasts: the end, and that of the grace.
    Grace(SystemTime, SystemTime),
    /// After its end, and after any grace.
    Ended(SystemTime),
}

/// The subject of a certificate, and which end of its time it is at; `None` in the good time
/// between, and for what cannot be read, which TLS refuses.
pub(crate) fn of_certificate(der: &[u8], now: SystemTime) -> Option<(String, When)> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let validity = certificate.validity();
    let when = When::of(moment(validity.not_before), moment(validity.not_after), now)?;
    Some((certificate.subject().to_string(), when))
}

/// The issuer of a revocation list that serves for `grace` after its end, and which end of its
/// time it is at, as [`of_certificate`] has it.
pub(crate) fn of_crl(der: &[u8], grace: Duration, now: SystemTime) -> Option<(String, When)> {
    let (_, list) = CertificateRevocationList::from_der(der).ok()?;
    let when = When::of(UNIX_EPOCH, moment(list.next_update()?), now)?;
    Some((list.issuer().to_string(), when.with_grace(grace, now)))
}

fn moment(time: ASN1Time) -> SystemTime {
    let seconds = u64::try_from(time.timestamp()).unwrap_or(0).min(LAST);
    UNIX_EPOCH + Duration::from_secs(seconds)
}

impl When {
    /// `None` in the good time between.
    fn of(start: SystemTime, end: SystemTime, now: SystemTime) -> Option<Self> {
        if now < start {
            return Some(Self::NotBefore(start));
        }
        match end.duration_since(now) {
            Ok(Duration::ZERO) | Err(_) => Some(Self::Ended(end)),
            Ok(left) if left <= SOON => Some(Self::Ends(end, left.as_secs() / DAY)),
            Ok(_) => None,
        }
    }

    fn with_grace(self, grace: Duration, now: SystemTime) -> Self {
        match self {
            Self::Ended(end) if now < end + grace => Self::Grace(end, end + grace),
            Self::NotBefore(_) | Self::Ends(..) | Self::Grace(..) | Self::Ended(_) => self,
        }
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, what, of, when } = self;
        let file = file.display();
        match what {
            Dated::Server => write!(f, "{file}: the certificate {of}"),
            Dated::Chain => write!(f, "{file}: the certificate {of} of the chain"),
            Dated::ClientCa => write!(f, "{file}: the CA {of}"),
            Dated::Crl => write!(f, "{file}: the revocation list of {of}"),
        }?;
        write!(f, " {when}; {}", what.advice(*when))
    }
}

impl Dated {
    const fn advice(self, when: When) -> &'static str {
        match (self, when) {
            (_, When::NotBefore(_)) => "compare it with the clock of this machine",
            (Self::Crl, When::Ends(..)) => "see that the next list comes in time",
            (Self::Crl, When::Grace(..)) => "fetch the current list",
            (Self::Crl, When::Ended(_)) => {
                "every certificate of its CA is refused as crl-expired; fetch the current list"
            }
            (_, When::Ends(..)) => "renew it",
            (Self::ClientCa, When::Ended(_) | When::Grace(..)) => {
                "certificates that it has issued count until their own end; replace it"
            }
            (Self::Server | Self::Chain, When::Ended(_) | When::Grace(..)) => {
                "devices that verify the gate refuse it; renew it"
            }
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = format_rfc3339_seconds;
        match *self {
            Self::NotBefore(start) => write!(f, "begins only at {}", date(start)),
            Self::Ends(end, 0) => write!(f, "ends at {}, in less than a day", date(end)),
            Self::Ends(end, 1) => write!(f, "ends at {}, in 1 day", date(end)),
            Self::Ends(end, days) => write!(f, "ends at {}, in {days} days", date(end)),
            Self::Grace(end, until) => {
                write!(f, "has ended at {} and serves until {} only", date(end), date(until))
            }
            Self::Ended(end) => write!(f, "has ended at {}", date(end)),
        }
    }
}
