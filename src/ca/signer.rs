//! A CA whose key is at hand. What it signs: `issue`, `server`, `strike`.

use std::path::PathBuf;
use std::time::SystemTime;

use rcgen::{Issuer, KeyIdMethod, KeyPair, PublicKeyData};
use zeroize::Zeroizing;

use super::entry::{Action, Moment};
use super::error::CaError;
use super::folder::{self, CERTIFICATE, DEVICES, KEY, Lock};
use super::key::{self, Passphrase};
use super::opened::Ca;
use super::peer;
use super::revocation;
use super::state::{Device, State};
use crate::x509::{issuing, reading};

/// A device's table for the gate.
#[derive(Clone, Debug)]
pub struct Table {
    /// The file in the CA's folder.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
    /// What it said before; `None` of a new one.
    pub before: Option<String>,
}

/// A CA that can sign. It has the folder for itself.
pub struct Signer {
    pub(super) ca: Ca,
    pub(super) issuer: Issuer<'static, KeyPair>,
    pub(super) key_id: KeyIdMethod,
    _lock: Lock,
}

impl Ca {
    /// Takes the key into memory, and the folder for itself: whoever else wants to write there waits.
    ///
    /// # Errors
    ///
    /// No passphrase or a wrong one; another command that does not end; a log that has been broken
    /// since; a CA past its end.
    pub fn unlock(self, passphrase: Option<&Passphrase>) -> Result<Signer, CaError> {
        let path = self.folder.join(KEY);
        let key = key::from_pem(&Zeroizing::new(folder::read(&path)?), passphrase)?;
        let lock = Lock::take(&self.folder)?;
        // Somebody else may have written since.
        let ca = Self::open(&self.folder)?;
        let own = reading::whole(&ca.certificate);
        let own = own.ok_or(CaError::Damaged(ca.folder.join(CERTIFICATE), "it cannot be read"))?;
        if own.public_key().raw != key.subject_public_key_info() {
            return Err(CaError::Damaged(path, "it is not the key of the CA's certificate"));
        }
        let end = ca.end();
        if end < Moment::of(SystemTime::now()) {
            return Err(CaError::Ended(end.to_string()));
        }
        let key_id = issuing::own_key(own.extensions()).unwrap_or_default().to_vec();
        let issuer = Issuer::from_ca_cert_der(&ca.certificate, key);
        let issuer = issuer.map_err(|error| CaError::Crypto("an issuer", error.to_string()))?;
        let key_id = KeyIdMethod::PreSpecified(key_id);
        Ok(Signer { ca, issuer, key_id, _lock: lock })
    }
}

impl Signer {
    /// How long a device's certificate counts if nobody says.
    pub const DAYS: u32 = 825;
    /// How long a revocation list does.
    pub const LIST_DAYS: u32 = revocation::DAYS;

    /// What it has issued.
    pub const fn state(&self) -> &State {
        &self.ca.state
    }

    /// The folder and the record.
    pub const fn ca(&self) -> &Ca {
        &self.ca
    }

    pub(super) fn device(&self, name: &str) -> Result<Device, CaError> {
        let device = self.ca.state.devices.get(name).cloned();
        device.ok_or_else(|| CaError::NoDevice(name.to_owned()))
    }

    /// Writes a device's table anew, unless somebody has changed it: then it is theirs.
    pub(super) fn table(&self, name: &str, before: Option<String>) -> Result<Table, CaError> {
        let text = peer::table(name, &self.device(name)?);
        let path = self.ca.folder.join(DEVICES).join(name).join(folder::table_of(name));
        match &before {
            None => {
                folder::write_new(
                    path.parent().unwrap_or(&path),
                    &[(folder::table_of(name), &text)],
                )?;
            }
            Some(before) if folder::read(&path).is_ok_and(|found| found == *before) => {
                folder::replace(&path, text.as_bytes())?;
            }
            Some(_) => {}
        }
        Ok(Table { path, text, before })
    }

    pub(super) fn log(&mut self, action: Action) -> Result<(), CaError> {
        self.ca.log.append(&mut self.ca.state, action, now())
    }
}

pub(super) fn now() -> Moment {
    Moment::of(SystemTime::now())
}
