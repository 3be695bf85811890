//! A line of the log.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use humantime::parse_rfc3339;
use rcgen::RevocationReason;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::key::KeyType;
use crate::x509::reading;
use crate::x509::validity::{date, seconds, since_epoch};

/// A line, with its place in the chain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// From 1.
    pub(super) number: u64,
    pub(super) time: Moment,
    #[serde(flatten)]
    pub(super) action: Action,
    /// SHA-256 of the line before, in hexadecimal digits; zeros in the first.
    pub(super) previous: String,
}

/// What was done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub(super) enum Action {
    /// The CA was made.
    Init { subject: String, permitted_dns: Vec<String>, certificate: Certificate },
    /// A device got its first certificate.
    Issue { device: String, terms: Terms, from_request: bool, certificate: Certificate },
    /// A device got another one.
    Renew { device: String, from_request: bool, certificate: Certificate },
    /// A gate got one.
    Server { dns: Vec<String>, ip: Vec<IpAddr>, certificate: Certificate },
    /// A device has its newest one only.
    Retire { device: String, serials: Vec<String> },
    /// Certificates count no more.
    Revoke { serials: Vec<String>, reason: Reason },
    /// A revocation list was made.
    Crl { list: u64, not_after: Moment, revoked: usize },
}

/// A certificate as it was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// In hexadecimal digits, as `openssl x509 -serial` shows it.
    pub serial: String,
    /// Of the whole, in hexadecimal digits.
    pub sha256: String,
    /// The kind of its key; `None` where that came with a request.
    pub key: Option<KeyType>,
    /// From when it counts.
    pub not_before: Moment,
    /// Until when.
    pub not_after: Moment,
}

impl Certificate {
    /// What the log has of a certificate; `None` if it cannot be read.
    pub(super) fn of(der: &[u8], key: Option<KeyType>) -> Option<Self> {
        let certificate = reading::whole(der)?;
        let validity = certificate.validity();
        Some(Self {
            serial: certificate.raw_serial().iter().map(|octet| format!("{octet:02X}")).collect(),
            sha256: reading::sha256(der).to_string(),
            key,
            not_before: Moment(seconds(validity.not_before)),
            not_after: Moment(seconds(validity.not_after)),
        })
    }
}

/// What a device is and may, which its certificates do not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The DNS names by which its certificates are recognised; at least one.
    pub dns: Vec<String>,
    /// What the gate calls this CA, where it knows several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// The AE titles that it may claim.
    pub titles: Vec<String>,
    /// The names of its services in the gate's configuration.
    pub services: Vec<String>,
    /// The PACS that it may reach, by their names there.
    pub pacs: Vec<String>,
    /// It is a TLS server as well, to which the gate connects.
    pub also_server: bool,
}

/// Why a certificate was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Nobody has said.
    Unspecified,
    /// The key was lost or stolen.
    KeyCompromise,
    /// The device is somebody else's now.
    AffiliationChanged,
    /// There is a newer one.
    Superseded,
    /// The device is out of use.
    CessationOfOperation,
}

impl Reason {
    /// The names by which they are asked for.
    pub const ALL: [(&'static str, Self); 5] = [
        ("unspecified", Self::Unspecified),
        ("key-compromise", Self::KeyCompromise),
        ("affiliation-changed", Self::AffiliationChanged),
        ("superseded", Self::Superseded),
        ("cessation-of-operation", Self::CessationOfOperation),
    ];

    /// As lists have it: RFC 5280 section 5.3.1 wants the first one left out.
    pub(super) const fn code(self) -> Option<RevocationReason> {
        match self {
            Self::Unspecified => None,
            Self::KeyCompromise => Some(RevocationReason::KeyCompromise),
            Self::AffiliationChanged => Some(RevocationReason::AffiliationChanged),
            Self::Superseded => Some(RevocationReason::Superseded),
            Self::CessationOfOperation => Some(RevocationReason::CessationOfOperation),
        }
    }
}

/// Seconds since the epoch, written as RFC 3339 has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl Moment {
    /// A moment of the system's clock; parts of seconds are dropped.
    pub fn of(time: SystemTime) -> Self {
        Self(since_epoch(time))
    }

    /// The same for the system.
    pub fn time(self) -> SystemTime {
        UNIX_EPOCH.checked_add(Duration::from_secs(self.0)).unwrap_or(UNIX_EPOCH)
    }

    /// So many days later.
    #[must_use]
    pub(super) const fn plus_days(self, days: u32) -> Self {
        Self(self.0.saturating_add(days as u64 * DAY))
    }

    /// As the clocks of two machines are not quite the same.
    #[must_use]
    pub(super) const fn a_minute_before(self) -> Self {
        Self(self.0.saturating_sub(60))
    }

    /// Whole days from then until this one; none once it has passed.
    pub const fn days_after(self, other: Self) -> Option<u64> {
        match self.0.checked_sub(other.0) {
            Some(left) => Some(left / DAY),
            None => None,
        }
    }
}

const DAY: u64 = 86_400;

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        date(self.0).fmt(f)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_rfc3339(&text).map(Self::of).map_err(serde::de::Error::custom)
    }
}
