//! Throwaway certificates: made on each run, valid for a day, never leaving the directory.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::time::{Duration, SystemTime};

use rcgen::{Error, ExtendedKeyUsagePurpose, KeyPair, SanType};

use crate::pki::{self, Authority, Identity};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn authority() -> Result<Authority, Error> {
    Authority::root(pki::authority("pacsgate demo CA", today()), KeyPair::generate()?)
}

/// The gate's own certificate, for this machine's loopback.
pub(super) fn gate(authority: &Authority) -> Result<Identity, Error> {
    let purpose = Some(ExtendedKeyUsagePurpose::ServerAuth);
    let mut params = pki::leaf("pacsgate demo", &["localhost"], purpose, today())?;
    params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    authority.issue(&params, KeyPair::generate()?)
}

/// A device's certificate with its DNS name.
pub(super) fn device(authority: &Authority, name: &str) -> Result<Identity, Error> {
    let purpose = Some(ExtendedKeyUsagePurpose::ClientAuth);
    let params = pki::leaf(name, &[name], purpose, today())?;
    authority.issue(&params, KeyPair::generate()?)
}

/// A minute in the past allows for clocks that are not quite the same.
fn today() -> Range<SystemTime> {
    let now = SystemTime::now();
    now - MINUTE..now + DAY
}
