//! What the lines of the log come to.

use std::collections::BTreeMap;

use super::entry::{Action, Certificate, Entry, Moment, Reason, Terms};
use super::naming;

/// Who has what, and what counts no more.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The CA's own certificate; there once the first line has been read.
    pub authority: Option<Certificate>,
    /// Its subject.
    pub subject: String,
    /// The domains that it is kept to; none if to none.
    pub permitted_dns: Vec<String>,
    /// By name.
    pub devices: BTreeMap<String, Device>,
    /// Those of gates, with their names, oldest first.
    pub servers: Vec<(Vec<String>, Issuance)>,
    /// The number of the last revocation list, and its end.
    pub list: Option<(u64, Moment)>,
}

/// What a device has.
#[derive(Clone, Debug)]
pub struct Device {
    /// What it may.
    pub terms: Terms,
    /// Oldest first; at least one.
    pub issued: Vec<Issuance>,
}

/// A certificate, and whether it still counts.
#[derive(Clone, Debug)]
pub struct Issuance {
    /// As it was issued.
    pub certificate: Certificate,
    /// When it was revoked, and why.
    pub revoked: Option<(Moment, Reason)>,
}

/// How it is with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Good, for so many whole days.
    Good(u64),
    /// Past its end.
    Expired,
    /// Revoked.
    Revoked(Moment, Reason),
}

impl Issuance {
    const fn new(certificate: Certificate) -> Self {
        Self { certificate, revoked: None }
    }

    /// How it is with it now.
    pub const fn standing(&self, now: Moment) -> Standing {
        match (self.revoked, self.certificate.not_after.days_after(now)) {
            (Some((time, reason)), _) => Standing::Revoked(time, reason),
            (None, Some(days)) => Standing::Good(days),
            (None, None) => Standing::Expired,
        }
    }
}

impl Device {
    /// Those that were not revoked, oldest first.
    pub fn standing(&self) -> impl DoubleEndedIterator<Item = &Issuance> {
        self.issued.iter().filter(|one| one.revoked.is_none())
    }
}

impl State {
    /// Takes the next line.
    ///
    /// # Errors
    ///
    /// It does not follow from those before.
    pub(super) fn take(&mut self, entry: &Entry) -> Result<(), &'static str> {
        let is_first = matches!(entry.action, Action::Init { .. });
        if is_first != (entry.number == 1) {
            return Err("the line with the CA's making is not the first");
        }
        match &entry.action {
            Action::Init { subject, permitted_dns, certificate } => {
                self.subject.clone_from(subject);
                self.permitted_dns.clone_from(permitted_dns);
                self.authority = Some(certificate.clone());
            }
            Action::Issue { device, terms, certificate, .. } => {
                is_sound(device, terms)?;
                let issued = vec![Issuance::new(certificate.clone())];
                let new = Device { terms: terms.clone(), issued };
                if self.devices.insert(device.clone(), new).is_some() {
                    return Err("the device has its first certificate already");
                }
            }
            Action::Renew { device, certificate, .. } => {
                let device = self.devices.get_mut(device).ok_or("the device is not known")?;
                device.issued.push(Issuance::new(certificate.clone()));
            }
            Action::Server { dns, certificate, .. } => {
                self.servers.push((dns.clone(), Issuance::new(certificate.clone())));
            }
            Action::Retire { serials, .. } => {
                self.revoke(serials, entry.time, Reason::Superseded)?;
            }
            Action::Revoke { serials, reason } => self.revoke(serials, entry.time, *reason)?,
            Action::Crl { list, not_after, .. } => {
                if self.list.is_some_and(|(last, _)| last >= *list) {
                    return Err("the numbers of the revocation lists do not rise");
                }
                self.list = Some((*list, *not_after));
            }
        }
        Ok(())
    }

    /// Takes these out of what counts.
    ///
    /// # Errors
    ///
    /// One of them is not known, or was revoked before.
    pub(super) fn revoke(
        &mut self,
        serials: &[String],
        time: Moment,
        reason: Reason,
    ) -> Result<(), &'static str> {
        for serial in serials {
            let mut all = self.issued_mut();
            let found = all.find(|one| one.certificate.serial == *serial);
            let found = found.ok_or("no certificate has this serial number")?;
            if found.revoked.replace((time, reason)).is_some() {
                return Err("the certificate was revoked before");
            }
        }
        Ok(())
    }

    /// Everything that was issued.
    pub fn issued(&self) -> impl Iterator<Item = &Issuance> {
        let devices = self.devices.values().flat_map(|device| &device.issued);
        devices.chain(self.servers.iter().map(|(_, issued)| issued))
    }

    fn issued_mut(&mut self) -> impl Iterator<Item = &mut Issuance> {
        let devices = self.devices.values_mut().flat_map(|device| &mut device.issued);
        devices.chain(self.servers.iter_mut().map(|(_, issued)| issued))
    }

    /// The device that was ever recognised by this DNS name.
    pub(super) fn holder_of(&self, dns: &str) -> Option<&str> {
        let holds = |device: &Device| device.terms.dns.iter().any(|name| name == dns);
        self.devices.iter().find(|(_, device)| holds(device)).map(|(name, _)| name.as_str())
    }
}

/// Whoever can write to the log chooses no path, and nothing that a terminal would obey.
fn is_sound(device: &str, terms: &Terms) -> Result<(), &'static str> {
    naming::device(device).map_err(|_| "the device's name cannot be one")?;
    naming::titles(&terms.titles).map_err(|_| "a title of the device cannot be one")?;
    naming::dns(&terms.dns, &[]).map_err(|_| "a DNS name of the device cannot be one")?;
    let mut tables = terms.pacs.iter().chain(&terms.services).chain(&terms.ca);
    let is_name = |name: &String| naming::table(name).is_ok();
    if tables.all(is_name) { Ok(()) } else { Err("a name in the device's table cannot be one") }
}
