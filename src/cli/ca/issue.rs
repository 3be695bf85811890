//! Certificates: for devices, and for the gate itself.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::arguments::{ForDevice, ForGate, Issue, Renew, Server, Sign};
use super::gate::Gate;
use super::{Fault, outcome};
use crate::ca::{self, CaError, Csr, Holder, KeyType, Signer, Terms};

/// More than any request has; one byte more is read, so that a longer one shows.
const LONGEST: u64 = 64 * 1024 + 1;

impl Issue {
    pub(super) async fn run(self) -> Result<(), Fault> {
        let gate = Gate::find(self.gate.gate.as_deref(), self.gate.no_gate)?;
        let mut signer = self.folder.unlock().await?;
        let holder = Holder::NewKey(self.key.key);
        issue(&mut signer, &self.name, &self.device, holder, &self.gate, gate.as_ref())
    }
}

impl Sign {
    pub(super) async fn run(self) -> Result<(), Fault> {
        let gate = Gate::find(self.gate.gate.as_deref(), self.gate.no_gate)?;
        let holder = Holder::Request(request(&self.csr)?);
        let mut signer = self.folder.unlock().await?;
        issue(&mut signer, &self.name, &self.device, holder, &self.gate, gate.as_ref())
    }
}

fn issue(
    signer: &mut Signer,
    name: &str,
    device: &ForDevice,
    holder: Holder,
    options: &ForGate,
    gate: Option<&Gate>,
) -> Result<(), Fault> {
    let ca = signer.ca().certificate().clone();
    let terms = Terms {
        dns: device.dns.clone(),
        ca: gate.and_then(|gate| gate.name_of(&ca)),
        titles: device.titles.clone(),
        services: device.services.clone(),
        pacs: match gate {
            Some(gate) => gate.pacs(&device.pacs)?,
            None => device.pacs.clone(),
        },
        also_server: device.also_server,
    };
    let issued = signer.issue(name, &terms, holder, device.days)?;
    let out = &mut io::stdout().lock();
    outcome::issued(name, &issued, out)?;
    let told = outcome::table(name, &issued.table, gate, &ca, out)?;
    outcome::reload(told, options, gate, out)
}

impl Renew {
    pub(super) async fn run(self) -> Result<(), Fault> {
        let gate = Gate::find(self.gate.gate.as_deref(), self.gate.no_gate)?;
        let request = self.csr.as_deref().map(request).transpose()?;
        let holder = request.map(Holder::Request).or(self.key.map(Holder::NewKey));
        let mut signer = self.folder.unlock().await?;
        let issued = signer.renew(&self.name, holder, self.days)?;
        let out = &mut io::stdout().lock();
        outcome::issued(&self.name, &issued, out)?;
        outcome::overlap(&self.name, gate.as_ref(), &issued.table, out)
    }
}

impl Server {
    pub(super) async fn run(self) -> Result<(), Fault> {
        let gate = Gate::find(self.gate.gate.as_deref(), self.gate.no_gate)?;
        let mut signer = self.folder.unlock().await?;
        let usual = match self.key.key {
            KeyType::Rsa => "gateway",
            KeyType::Ecdsa => "gateway-ecdsa",
        };
        let server = ca::Server {
            folder: self.write,
            stem: self.file.unwrap_or_else(|| usual.to_owned()),
            dns: self.dns,
            ip: self.ip,
            key: self.key.key,
            days: self.days,
            replace: self.replace,
        };
        let certificate = signer.server(&server)?;
        let out = &mut io::stdout().lock();
        outcome::server(&server, &certificate, out)?;
        outcome::reload(true, &self.gate, gate.as_ref(), out)
    }
}

fn request(path: &Path) -> Result<Csr, Fault> {
    let failed = |error| CaError::Io(path.to_owned(), error);
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(LONGEST).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Csr::read(&bytes).map_err(CaError::Csr)?)
}
