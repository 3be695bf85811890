//! What counts no more, and the lists that say so.

use super::entry::{Action, Moment, Reason};
use super::error::CaError;
use super::folder::{LIST, Prepared};
use super::peer;
use super::revocation;
use super::signer::{Signer, Table, now};
use super::state::{Device, Issuance, Standing, State};
use super::template::Validity;

/// What was revoked.
#[derive(Clone, Debug)]
pub struct Revoked {
    /// The serial numbers.
    pub serials: Vec<String>,
    /// The device, unless it is a gate.
    pub device: Option<String>,
    /// Its table.
    pub table: Option<Table>,
    /// The list that says so.
    pub list: List,
}

/// A revocation list that was made.
#[derive(Clone, Debug)]
pub struct List {
    /// In PEM.
    pub pem: String,
    /// Its number.
    pub number: u64,
    /// Until when it counts.
    pub until: Moment,
    /// How many certificates it has.
    pub revoked: usize,
}

impl List {
    fn action(&self) -> Action {
        Action::Crl { list: self.number, not_after: self.until, revoked: self.revoked }
    }
}

impl Signer {
    /// Revokes every certificate of a device but the newest.
    ///
    /// # Errors
    ///
    /// A device that is not known; one that has none but that; what the system says.
    pub fn retire(&mut self, name: &str, list_days: u32) -> Result<Revoked, CaError> {
        let device = self.device(name)?;
        let mut older = device.standing().rev().skip(1).peekable();
        if older.peek().is_none() {
            return Err(CaError::NothingToRetire(name.to_owned()));
        }
        let serials: Vec<_> = older.map(|one| one.certificate.serial.clone()).collect();
        let action = Action::Retire { device: name.to_owned(), serials: serials.clone() };
        self.strike(Some(name.to_owned()), serials, Reason::Superseded, action, list_days)
    }

    /// Revokes all certificates of a device, or the one with a serial number.
    ///
    /// # Errors
    ///
    /// Neither is known; it is revoked already; what the system says.
    pub fn revoke(
        &mut self,
        what: &str,
        reason: Reason,
        list_days: u32,
    ) -> Result<Revoked, CaError> {
        let (device, serials) = self.named(what)?;
        let action = Action::Revoke { serials: serials.clone(), reason };
        self.strike(device, serials, reason, action, list_days)
    }

    /// A fresh revocation list, in the folder's `ca.crl`.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn crl(&mut self, days: u32) -> Result<List, CaError> {
        let (list, file) = self.list(&self.ca.state, days)?;
        self.log(list.action())?;
        file.put()?;
        Ok(list)
    }

    /// A list of what is revoked then, which is not yet in its place.
    fn list(&self, state: &State, days: u32) -> Result<(List, Prepared), CaError> {
        let now = now();
        let number = state.list.map_or(1, |(number, _)| number + 1);
        let until = now.plus_days(days).min(self.ca.end());
        let validity = Validity { from: now.a_minute_before(), until };
        let list = revocation::list(number, state, validity, &self.issuer, self.key_id.clone())?;
        let pem = list.pem();
        let pem = pem.map_err(|error| CaError::Crypto("a revocation list", error.to_string()))?;
        let file = Prepared::new(&self.ca.folder.join(LIST), pem.as_bytes())?;
        let revoked = state.issued().filter(|one| one.revoked.is_some()).count();
        Ok((List { pem, number, until, revoked }, file))
    }

    /// The device and what of it counts, or the certificate with a serial number.
    fn named(&self, what: &str) -> Result<(Option<String>, Vec<String>), CaError> {
        if let Some(device) = self.ca.state.devices.get(what) {
            let serials: Vec<_> =
                device.standing().map(|one| one.certificate.serial.clone()).collect();
            let revoked = || CaError::Revoked(what.to_owned());
            return if serials.is_empty() {
                Err(revoked())
            } else {
                Ok((Some(what.to_owned()), serials))
            };
        }
        let serial: String = what.chars().filter(char::is_ascii_hexdigit).collect();
        let serial = serial.to_ascii_uppercase();
        let is_it = |one: &&Issuance| one.certificate.serial == serial;
        let found = self.ca.state.issued().find(is_it);
        let found = found.ok_or_else(|| CaError::NoSerial(what.to_owned()))?;
        if let Standing::Revoked(..) = found.standing(now()) {
            return Err(CaError::Revoked(what.to_owned()));
        }
        let has =
            |device: &Device| device.issued.iter().any(|one| one.certificate.serial == serial);
        let device = self.ca.state.devices.iter().find(|(_, device)| has(device));
        Ok((device.map(|(name, _)| name.clone()), vec![serial]))
    }

    /// Writes the list that says so, then the lines, and then puts the list in its place.
    fn strike(
        &mut self,
        device: Option<String>,
        serials: Vec<String>,
        reason: Reason,
        action: Action,
        list_days: u32,
    ) -> Result<Revoked, CaError> {
        let of = |name: &String| Some(peer::table(name, self.ca.state.devices.get(name)?));
        let before = device.as_ref().and_then(of);
        let mut after = self.ca.state.clone();
        let unknown = |_| CaError::NoSerial(serials.join(", "));
        after.revoke(&serials, now(), reason).map_err(unknown)?;
        let (list, file) = self.list(&after, list_days)?;
        self.log(action)?;
        self.log(list.action())?;
        file.put()?;
        let table = device.as_ref().map(|name| self.table(name, before)).transpose()?;
        Ok(Revoked { serials, device, table, list })
    }
}
