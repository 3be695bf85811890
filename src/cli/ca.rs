//! `ca`: a small CA for sites without one.

mod arguments;
mod fault;
mod gate;
mod issue;
mod list;
mod outcome;
mod revoke;
mod service;

pub use arguments::{
    Action, At, CaArguments, Crl, Folder, ForDevice, ForGate, Init, Issue, Key, List, ListDays,
    Renew, Retire, Revoke, Server, Sign,
};

use super::Exit;
use super::passphrase;
use crate::ca::{Ca, Founding, Signer};
use crate::cli::explain::tell;
use fault::Fault;
use gate::{Gate, GateFault};

impl CaArguments {
    /// Does what is asked.
    ///
    /// # Errors
    ///
    /// Failure; standard error says why, and what was done nevertheless.
    pub async fn run(self) -> Result<(), Exit> {
        let done = match self.action {
            Action::Init(init) => init.run().await,
            Action::Issue(issue) => issue.run().await,
            Action::Sign(sign) => sign.run().await,
            Action::Renew(renew) => renew.run().await,
            Action::Retire(retire) => retire.run().await,
            Action::Revoke(revoke) => revoke.run().await,
            Action::Crl(crl) => crl.run().await,
            Action::Server(server) => server.run().await,
            Action::List(list) => list.run(),
        };
        done.map_err(|fault| {
            tell(&fault);
            Exit::Failure
        })
    }
}

impl Init {
    async fn run(self) -> Result<(), Fault> {
        let file = self.folder.passphrase_file.as_deref();
        let passphrase = match self.no_passphrase {
            true => None,
            false => Some(passphrase::new(file).await?),
        };
        let founding = Founding {
            common_name: self.name,
            organization: self.organization,
            key: self.key,
            days: self.days,
            permitted_dns: self.permit_dns,
            ..Founding::default()
        };
        let ca = Ca::create(&self.folder.ca, &founding, passphrase.as_ref())?;
        warn(&ca);
        Ok(outcome::made(&ca, &mut std::io::stdout().lock())?)
    }
}

impl At {
    /// The gate that takes what is done, if there is one.
    fn gate(&self) -> Result<Option<Gate>, GateFault> {
        Gate::find(self.gate.gate.as_deref(), self.gate.no_gate)
    }
}

impl Folder {
    /// The CA with its key, for which the passphrase is asked if it has one. Who else could change its
    /// files is told, and keeps nobody from revoking; a stick may know no owners.
    async fn unlock(&self) -> Result<Signer, Fault> {
        let ca = Ca::open(&self.ca)?;
        warn(&ca);
        let passphrase = match ca.is_encrypted()? {
            true => Some(passphrase::known(self.passphrase_file.as_deref()).await?),
            false => None,
        };
        Ok(ca.unlock(passphrase.as_ref())?)
    }
}

/// Of a folder that is not its owner's alone.
pub(super) fn warn(ca: &Ca) {
    if let Some(distrust) = ca.distrust() {
        tell(format_args!(
            "warning: whoever can write where the CA is, can make a certificate for any device: {distrust}"
        ));
    }
}
