//! What counts no more, and that the gate hears of it.

use std::io;

use super::arguments::{Crl, ForGate, Retire, Revoke};
use super::fault::Fault;
use super::gate::Gate;
use super::outcome;
use crate::ca::{List, Signer};

impl Retire {
    pub(super) async fn run(self) -> Result<(), Fault> {
        let gate = self.at.gate()?;
        let mut signer = self.at.folder.unlock().await?;
        let retired = signer.retire(&self.name, self.list.list_days)?;
        let out = &mut io::stdout().lock();
        outcome::revoked(&retired, gate.as_ref(), out)?;
        hand_on(&signer, &retired.list, &self.at.gate, gate.as_ref())
    }
}

impl Revoke {
    pub(super) async fn run(self) -> Result<(), Fault> {
        let gate = self.at.gate()?;
        let mut signer = self.at.folder.unlock().await?;
        let revoked = signer.revoke(&self.what, self.reason, self.list.list_days)?;
        let out = &mut io::stdout().lock();
        outcome::revoked(&revoked, gate.as_ref(), out)?;
        hand_on(&signer, &revoked.list, &self.at.gate, gate.as_ref())
    }
}

impl Crl {
    pub(super) async fn run(self) -> Result<(), Fault> {
        let gate = self.at.gate()?;
        let mut signer = self.at.folder.unlock().await?;
        let list = signer.crl(self.days)?;
        hand_on(&signer, &list, &self.at.gate, gate.as_ref())
    }
}

/// Gives the gate the list.
fn hand_on(
    signer: &Signer,
    list: &List,
    options: &ForGate,
    gate: Option<&Gate>,
) -> Result<(), Fault> {
    let out = &mut io::stdout().lock();
    outcome::list(signer.ca(), list, gate, out)?;
    outcome::reload(true, options, gate, out)
}
