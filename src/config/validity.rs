//! Certificates and revocation lists near the end of their time, past it, or before its start.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use humantime::format_rfc3339_seconds;
use pacsgate_core::quoted::Quoted;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::time::ASN1Time;

use super::named::Loaded;
use super::problems::Problems;

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
    /// Which end of its time it is at.
    pub when: When,
}

/// What has a time, with its subject or issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dated {
    /// The gate's own certificate.
    Server(Quoted),
    /// Another certificate that the gate sends with its own.
    Chain(Quoted),
    /// A CA of the peers.
    ClientCa(Quoted),
    /// A revocation list.
    Crl(Quoted),
}

/// Where a moment stands in the validity of something.
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

/// Judges the gate's own chain.
pub(super) fn of_chain(
    key: &str,
    file: &Loaded<Vec<CertificateDer<'static>>>,
    problems: &mut Problems,
) {
    for (at, der) in file.content.iter().enumerate() {
        let what = if at == 0 { Dated::Server } else { Dated::Chain };
        of_certificate(key, file, der, what, problems);
    }
}

/// Judges the CAs of the peers.
pub(super) fn of_client_ca(
    key: &str,
    file: &Loaded<Vec<CertificateDer<'static>>>,
    problems: &mut Problems,
) {
    for der in &file.content {
        of_certificate(key, file, der, Dated::ClientCa, problems);
    }
}

/// Judges revocation lists, which serve for `grace` after their end.
pub(super) fn of_crls(
    key: &str,
    file: &Loaded<Vec<CertificateRevocationListDer<'static>>>,
    grace: Duration,
    problems: &mut Problems,
) {
    let now = problems.now;
    for der in &file.content {
        // What cannot be read, TLS refuses.
        let Ok((_, list)) = CertificateRevocationList::from_der(der) else { continue };
        let Some(end) = list.next_update() else { continue };
        let issuer = Dated::Crl(list.issuer().to_string().as_str().into());
        let when = When::of(UNIX_EPOCH, moment(end), now);
        tell(key, file, issuer, when.map(|when| when.with_grace(grace, now)), problems);
    }
}

fn of_certificate<T>(
    key: &str,
    file: &Loaded<T>,
    der: &CertificateDer<'_>,
    what: fn(Quoted) -> Dated,
    problems: &mut Problems,
) {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return };
    let validity = certificate.validity();
    let when = When::of(moment(validity.not_before), moment(validity.not_after), problems.now);
    let subject = certificate.subject().to_string();
    tell(key, file, what(subject.as_str().into()), when, problems);
}

fn tell<T>(key: &str, file: &Loaded<T>, what: Dated, when: Option<When>, problems: &mut Problems) {
    if let Some(when) = when {
        let validity = Validity { file: file.path.clone(), what, when };
        problems.caution(file.place, key, &validity);
    }
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
        let Self { file, what, when } = self;
        write!(f, "{}: {what} {when}; {}", file.display(), what.advice(*when))
    }
}

impl Dated {
    const fn advice(&self, when: When) -> &'static str {
        match (self, when) {
            (_, When::NotBefore(_)) => "compare it with the clock of this machine",
            (Self::Crl(_), When::Ends(..)) => "see that the next list comes in time",
            (Self::Crl(_), When::Grace(..)) => "fetch the current list",
            (Self::Crl(_), When::Ended(_)) => {
                "every certificate of its CA is refused as crl-expired; fetch the current list"
            }
            (_, When::Ends(..)) => "renew it",
            (Self::ClientCa(_), When::Ended(_) | When::Grace(..)) => {
                "certificates that it has issued count until their own end; replace it"
            }
            (Self::Server(_) | Self::Chain(_), When::Ended(_) | When::Grace(..)) => {
                "devices that verify the gate refuse it; renew it"
            }
        }
    }
}

impl fmt::Display for Dated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(subject) => write!(f, "the certificate {subject}"),
            Self::Chain(subject) => write!(f, "the certificate {subject} of the chain"),
            Self::ClientCa(subject) => write!(f, "the CA {subject}"),
            Self::Crl(issuer) => write!(f, "the revocation list of {issuer}"),
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
