//! A CA whose key is at hand.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::SystemTime;

use pacsgate_core::services::Service;
use rcgen::{CertificateParams, Issuer, KeyIdMethod, KeyPair, PublicKeyData, SubjectPublicKeyInfo};
use zeroize::Zeroizing;

use super::entry::{Action, Certificate, Moment, Reason, Terms};
use super::error::CaError;
use super::folder::{self, CERTIFICATE, DEVICES, KEY, LIST, Lock, Prepared};
use super::key::{self, KeyType, Passphrase};
use super::naming::{self, NameFault};
use super::opened::Ca;
use super::peer;
use super::pkcs12::{self, Kind};
use super::request::Request;
use super::revocation;
use super::state::{Device, Standing, State};
use super::template::{self, Leaf, Validity};
use crate::drop_in;
use crate::x509::{issuing, reading};

/// Whose key a certificate is for.
#[derive(Clone, Debug)]
pub enum Holder {
    /// One that is made here, and handed to the device.
    NewKey(KeyType),
    /// That of a request: the device keeps its key.
    Request(Request),
}

/// A certificate for a gate, with its key.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where both files are written, for the folder's group to read.
    pub folder: PathBuf,
    /// What they are called, before `.pem` and `.key`.
    pub stem: String,
    /// By which devices connect to it; at least one.
    pub dns: Vec<String>,
    /// Addresses by which they do.
    pub ip: Vec<IpAddr>,
    /// The kind of key.
    pub key: KeyType,
    /// How long it counts.
    pub days: u32,
    /// Write over the files that are there, which are of the certificate before.
    pub replace: bool,
}

/// What was issued to a device.
#[derive(Clone, Debug)]
pub struct Issued {
    /// As the log has it.
    pub certificate: Certificate,
    /// The new files.
    pub files: Vec<PathBuf>,
    /// The device's table for the gate.
    pub table: Table,
    /// It would have outlived the CA, and ends with it.
    pub is_shortened: bool,
}

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

/// A CA that can sign. It has the folder for itself.
pub struct Signer {
    ca: Ca,
    issuer: Issuer<'static, KeyPair>,
    key_id: KeyIdMethod,
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

/// A certificate that is not in the log yet.
struct Fresh {
    der: Vec<u8>,
    pem: String,
    record: Certificate,
    /// `None` where the device has it.
    key: Option<KeyPair>,
    is_shortened: bool,
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

    /// The first certificate of a device, its key if that is made here, and its table for the gate. Without
    /// a DNS name in its terms, it is recognised by its own name.
    ///
    /// # Errors
    ///
    /// A name that may not be; a device that is known; what the system says. Then nothing was issued.
    pub fn issue(
        &mut self,
        name: &str,
        terms: &Terms,
        holder: Holder,
        days: u32,
    ) -> Result<Issued, CaError> {
        naming::device(name)?;
        if self.ca.state.devices.contains_key(name) {
            return Err(CaError::Known(name.to_owned()));
        }
        let terms = self.judged(name, terms)?;
        let from_request = matches!(holder, Holder::Request(_));
        let fresh = self.sign_for_device(name, &terms, holder, days)?;
        let action = |record| Action::Issue {
            device: name.to_owned(),
            terms: terms.clone(),
            from_request,
            certificate: record,
        };
        self.hand_over(name, fresh, action)
    }

    /// Another certificate for a device, beside those that it has. Without a holder, it is for a key of
    /// the same kind as the last.
    ///
    /// # Errors
    ///
    /// As of [`Self::issue`]; a device that is not known, or whose certificates are all revoked; one that
    /// made its last key itself, and has sent no request.
    pub fn renew(
        &mut self,
        name: &str,
        holder: Option<Holder>,
        days: u32,
    ) -> Result<Issued, CaError> {
        let device = self.device(name)?;
        let newest = device.standing().next_back();
        let newest = newest.ok_or_else(|| CaError::AllRevoked(name.to_owned()))?;
        let same = || newest.certificate.key.map(Holder::NewKey);
        let holder = holder.or_else(same).ok_or(CaError::RequestMissing(name.to_owned()))?;
        let from_request = matches!(holder, Holder::Request(_));
        let fresh = self.sign_for_device(name, &device.terms, holder, days)?;
        let action =
            |certificate| Action::Renew { device: name.to_owned(), from_request, certificate };
        self.hand_over(name, fresh, action)
    }

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

    /// A certificate for a gate, and its key.
    ///
    /// # Errors
    ///
    /// A name that may not be; a file that is there; what the system says. Then nothing was issued.
    pub fn server(&mut self, wanted: &Server) -> Result<Certificate, CaError> {
        let dns = naming::dns(&wanted.dns, &self.ca.state.permitted_dns)?;
        self.are_of_no_device(&dns)?;
        let key = wanted.key.generate()?;
        let leaf = Leaf {
            common_name: common_name(&dns),
            dns: &dns,
            ip: &wanted.ip,
            is_client: false,
            is_server: true,
            is_rsa: wanted.key == KeyType::Rsa,
        };
        let fresh = self.sign(&leaf, Holder::NewKey(wanted.key), Some(key), wanted.days)?;
        let pem = fresh.key.as_ref().map(KeyPair::serialize_pem).unwrap_or_default();
        let files = [
            (format!("{}.key", wanted.stem), Zeroizing::new(pem)),
            (format!("{}.pem", wanted.stem), Zeroizing::new(fresh.pem.clone())),
        ];
        let is_there = |(name, _): &(String, _)| wanted.folder.join(name).exists();
        let replaces = wanted.replace && files.iter().all(is_there);
        if !replaces {
            drop_in::write_new_as(&wanted.folder, &files, drop_in::MODE)?;
        }
        let record = fresh.record;
        let action = Action::Server { dns, ip: wanted.ip.clone(), certificate: record.clone() };
        if let Err(error) = self.log(action) {
            if !replaces {
                folder::remove(&wanted.folder, &files);
            }
            return Err(error);
        }
        if replaces {
            for (name, content) in &files {
                drop_in::replace(&wanted.folder.join(name), content.as_bytes())?;
            }
        }
        Ok(record)
    }

    fn device(&self, name: &str) -> Result<Device, CaError> {
        let device = self.ca.state.devices.get(name).cloned();
        device.ok_or_else(|| CaError::NoDevice(name.to_owned()))
    }

    /// The terms as they may be, with a DNS name.
    fn judged(&self, name: &str, terms: &Terms) -> Result<Terms, CaError> {
        let permitted = &self.ca.state.permitted_dns;
        let mut terms = terms.clone();
        if terms.dns.is_empty() {
            terms.dns.extend(naming::usual_dns(name, permitted));
        }
        terms.dns = naming::dns(&terms.dns, permitted)?;
        self.are_of_no_device(&terms.dns)?;
        let of_gates = self.ca.state.servers.iter().flat_map(|(names, _)| names);
        if let Some(dns) = of_gates.into_iter().find(|name| terms.dns.contains(name)) {
            return Err(NameFault::Taken(dns.clone(), "a gate".to_owned()).into());
        }
        terms.titles = naming::titles(&terms.titles)?;
        terms.pacs.iter().try_for_each(|name| naming::table(name))?;
        let is_service = |name: &&String| {
            Service::NAMED.iter().filter_map(Service::name).any(|known| known == name.as_str())
        };
        if let Some(name) = terms.services.iter().find(|name| !is_service(name)) {
            return Err(NameFault::Service(name.clone()).into());
        }
        Ok(terms)
    }

    /// A name that was ever given to a device is never given to another.
    fn are_of_no_device(&self, dns: &[String]) -> Result<(), CaError> {
        let taken = |name: &String| Some((name.clone(), self.ca.state.holder_of(name)?.to_owned()));
        match dns.iter().find_map(taken) {
            Some((dns, holder)) => Err(NameFault::Taken(dns, holder).into()),
            None => Ok(()),
        }
    }

    fn sign_for_device(
        &self,
        name: &str,
        terms: &Terms,
        holder: Holder,
        days: u32,
    ) -> Result<Fresh, CaError> {
        let key = match &holder {
            Holder::NewKey(kind) => Some(kind.generate()?),
            Holder::Request(_) => None,
        };
        let is_rsa = match &holder {
            Holder::NewKey(kind) => *kind == KeyType::Rsa,
            Holder::Request(Request(key)) => is_rsa(key),
        };
        let title = terms.titles.first().map_or(name, String::as_str);
        let leaf = Leaf {
            common_name: title,
            dns: &terms.dns,
            ip: &[],
            is_client: true,
            is_server: terms.also_server,
            is_rsa,
        };
        self.sign(&leaf, holder, key, days)
    }

    fn sign(
        &self,
        leaf: &Leaf<'_>,
        holder: Holder,
        key: Option<KeyPair>,
        days: u32,
    ) -> Result<Fresh, CaError> {
        let now = now();
        let (wanted, end) = (now.plus_days(days), self.ca.end());
        let validity = Validity { from: now.a_minute_before(), until: wanted.min(end) };
        let params = template::leaf(leaf, validity)?;
        let (public, kind) = match (holder, &key) {
            (Holder::NewKey(kind), Some(key)) => (public_key(key)?, Some(kind)),
            (Holder::Request(Request(key)), _) => (key, None),
            (Holder::NewKey(_), None) => {
                return Err(CaError::Crypto("a certificate", "there is no key".to_owned()));
            }
        };
        let failed = |error: &dyn ToString| CaError::Crypto("a certificate", error.to_string());
        let signed = CertificateParams::signed_by(&params, &public, &self.issuer);
        let signed = signed.map_err(|error| failed(&error))?;
        let record = Certificate::of(signed.der(), kind);
        let record = record.ok_or_else(|| failed(&"it cannot be read again"))?;
        let (der, pem) = (signed.der().to_vec(), signed.pem());
        Ok(Fresh { der, pem, record, key, is_shortened: wanted > end })
    }

    /// Writes the files of a device's new certificate, and then the line that says so.
    fn hand_over(
        &mut self,
        name: &str,
        fresh: Fresh,
        action: impl FnOnce(Certificate) -> Action,
    ) -> Result<Issued, CaError> {
        let before = self.ca.state.devices.get(name).map(|device| peer::table(name, device));
        let number = self.ca.state.devices.get(name).map_or(0, |device| device.issued.len()) + 1;
        let files = self.files(&folder::stem(name, number), &fresh)?;
        let devices = self.ca.folder.join(DEVICES);
        folder::make(&devices)?;
        let folder = devices.join(name);
        let is_new = folder::make(&folder)?;
        let written = folder::write_new(&folder, &files).and_then(|()| {
            let logged = self.log(action(fresh.record.clone()));
            logged.inspect_err(|_| folder::remove(&folder, &files))
        });
        if let Err(error) = written {
            if is_new {
                // It is removed only if it is empty.
                let _ = fs::remove_dir(&folder);
            }
            return Err(error);
        }
        let table = self.table(name, before)?;
        Ok(Issued {
            files: files.iter().map(|(name, _)| folder.join(name)).collect(),
            certificate: fresh.record,
            table,
            is_shortened: fresh.is_shortened,
        })
    }

    fn files(
        &self,
        stem: &str,
        fresh: &Fresh,
    ) -> Result<Vec<(String, Zeroizing<Vec<u8>>)>, CaError> {
        let pem = fresh.pem.clone().into_bytes();
        let mut files = vec![(format!("{stem}.pem"), Zeroizing::new(pem))];
        let Some(key) = &fresh.key else { return Ok(files) };
        let chain = [fresh.der.as_slice(), self.ca.certificate.as_ref()];
        let password = pkcs12::password()?;
        let p12 = |kind| pkcs12::file(stem, key.serialized_der(), &chain, password.as_str(), kind);
        let line = format!("{}\n", password.as_str()).into_bytes();
        files.extend([
            (format!("{stem}.key"), Zeroizing::new(key.serialize_pem().into_bytes())),
            (format!("{stem}.p12"), p12(Kind::Modern)?),
            (format!("{stem}-old.p12"), p12(Kind::Old)?),
            (format!("{stem}.password"), Zeroizing::new(line)),
        ]);
        Ok(files)
    }

    /// Writes a device's table anew, unless somebody has changed it: then it is theirs.
    fn table(&self, name: &str, before: Option<String>) -> Result<Table, CaError> {
        let text = peer::table(name, &self.device(name)?);
        let path = self.ca.folder.join(DEVICES).join(name).join(folder::table_of(name));
        match &before {
            None => {
                folder::write_new(
                    path.parent().unwrap_or(&path),
                    &[(folder::table_of(name), &text)],
                )?;
            }
            Some(before) if fs::read(&path).is_ok_and(|found| found == before.as_bytes()) => {
                folder::replace(&path, text.as_bytes())?;
            }
            Some(_) => {}
        }
        Ok(Table { path, text, before })
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
        let is_it = |one: &&super::state::Issuance| one.certificate.serial == serial;
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

    fn log(&mut self, action: Action) -> Result<(), CaError> {
        self.ca.log.append(&mut self.ca.state, action, now())
    }
}

fn now() -> Moment {
    Moment::of(SystemTime::now())
}

/// Where the first DNS name is too long for one, the certificate says the rest of it in its names.
fn common_name(dns: &[String]) -> &str {
    let name = dns.first().map_or("gate", String::as_str);
    if name.len() <= 64 { name } else { "gate" }
}

fn public_key(key: &KeyPair) -> Result<SubjectPublicKeyInfo, CaError> {
    let read = SubjectPublicKeyInfo::from_der(&key.subject_public_key_info());
    read.map_err(|error| CaError::Crypto("a certificate", error.to_string()))
}

fn is_rsa(key: &SubjectPublicKeyInfo) -> bool {
    key.algorithm() == &rcgen::PKCS_RSA_SHA256
}
