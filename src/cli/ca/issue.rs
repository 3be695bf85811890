//! Certificates: for devices, and for the gate itself.

use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use super::arguments::{ForDevice, ForGate, Issue, Renew, Server, Sign};
use super::fault::Fault;
use super::gate::Gate;
use super::outcome;
use crate::ca::{self, CaError, Csr, Device, Holder, Issued, KeyType, Moment, Signer, Terms};
use crate::host::regular;

/// More than any request has; one byte more is read, so that a longer one shows.
const LONGEST: u64 = 64 * 1024 + 1;

impl Issue {
    pub(super) async fn run(self) -> Result<(), Fault> {
        let gate = self.at.gate()?;
        let pacs = pacs(gate.as_ref(), &self.device)?;
        let mut signer = self.at.folder.unlock().await?;
        let days = self.device.days;
        let terms = terms(self.device, pacs, gate.as_ref(), &signer);
        let holder = Holder::NewKey(self.key.key);
        outcome::titles(&self.name, &terms.titles, gate.as_ref());
        let issued = signer.issue(&self.name, &terms, holder, days)?;
        tell(&self.name, &issued, &self.at.gate, gate.as_ref(), &signer)
    }
}

impl Sign {
    pub(super) async fn run(self) -> Result<(), Fault> {
        let gate = self.at.gate()?;
        let holder = Holder::Request(request(&self.csr)?);
        let pacs = pacs(gate.as_ref(), &self.device)?;
        let mut signer = self.at.folder.unlock().await?;
        let days = self.device.days;
        let terms = terms(self.device, pacs, gate.as_ref(), &signer);
        outcome::titles(&self.name, &terms.titles, gate.as_ref());
        let issued = signer.issue(&self.name, &terms, holder, days)?;
        tell(&self.name, &issued, &self.at.gate, gate.as_ref(), &signer)
    }
}

/// The PACS that a device may reach, which is judged before anybody types a passphrase.
fn pacs(gate: Option<&Gate>, device: &ForDevice) -> Result<Vec<String>, Fault> {
    match gate {
        Some(gate) => Ok(gate.pacs(&device.pacs)?),
        None => Ok(device.pacs.clone()),
    }
}

fn terms(device: ForDevice, pacs: Vec<String>, gate: Option<&Gate>, signer: &Signer) -> Terms {
    let ca = signer.ca().certificate();
    Terms {
        dns: device.dns,
        ca: gate.and_then(|gate| gate.name_of(ca)),
        titles: device.titles,
        services: device.services,
        pacs,
        also_server: device.also_server,
    }
}

fn tell(
    name: &str,
    issued: &Issued,
    options: &ForGate,
    gate: Option<&Gate>,
    signer: &Signer,
) -> Result<(), Fault> {
    let out = &mut io::stdout().lock();
    outcome::issued(name, issued, signer.ca(), out)?;
    outcome::due(signer.ca(), Moment::of(SystemTime::now()), out);
    let is_new = outcome::table(name, &issued.table, gate, signer.ca().certificate(), out)?;
    outcome::reload(is_new, options, gate, out)
}

impl Renew {
    pub(super) async fn run(self) -> Result<(), Fault> {
        let gate = self.at.gate()?;
        let request = self.csr.as_deref().map(request).transpose()?;
        let holder = request.map(Holder::Request).or(self.key.map(Holder::NewKey));
        let mut signer = self.at.folder.unlock().await?;
        let issued = signer.renew(&self.name, holder, self.days)?;
        let out = &mut io::stdout().lock();
        outcome::issued(&self.name, &issued, signer.ca(), out)?;
        outcome::due(signer.ca(), Moment::of(SystemTime::now()), out);
        let standing = |device: &Device| device.standing().count();
        let count = signer.state().devices.get(&self.name).map_or(0, standing);
        let is_new = outcome::renewed(&self.name, count, gate.as_ref(), &issued.table, out)?;
        outcome::reload(is_new, &self.at.gate, gate.as_ref(), out)
    }
}

impl Server {
    pub(super) async fn run(self) -> Result<(), Fault> {
        let gate = self.at.gate()?;
        let mut signer = self.at.folder.unlock().await?;
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
        outcome::reload(true, &self.at.gate, gate.as_ref(), out)
    }
}

fn request(path: &Path) -> Result<Csr, Fault> {
    let failed = |error| CaError::Io(path.to_owned(), error);
    let mut bytes = Vec::new();
    regular(path).map_err(failed)?.take(LONGEST).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Csr::read(&bytes).map_err(CaError::Csr)?)
}
