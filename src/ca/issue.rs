//! Certificates for devices.

use std::fs;
use std::path::PathBuf;

use pacsgate_core::services::Service;
use rcgen::{CertificateParams, KeyPair, PublicKeyData, SubjectPublicKeyInfo};
use zeroize::Zeroizing;

use super::entry::{Action, Certificate, Terms};
use super::error::CaError;
use super::folder::{self, DEVICES};
use super::key::KeyType;
use super::naming::{self, NameFault};
use super::peer;
use super::pkcs12::{self, Kind};
use super::request::Request;
use super::signer::{Signer, Table, now};
use super::template::{self, Leaf, Validity};
use crate::config;

/// Whose key a certificate is for.
#[derive(Clone, Debug)]
pub enum Holder {
    /// One that is made here, and handed to the device.
    NewKey(KeyType),
    /// That of a request: the device keeps its key.
    Request(Request),
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

/// A name and what is in there.
type File = (String, Zeroizing<Vec<u8>>);

/// A certificate that is not in the log yet.
pub(super) struct Fresh {
    pub(super) der: Vec<u8>,
    pub(super) pem: String,
    pub(super) record: Certificate,
    /// `None` where the device has it.
    pub(super) key: Option<KeyPair>,
    pub(super) is_shortened: bool,
}

impl Signer {
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

    /// Another certificate for a device, beside those that it has, if they count.
    /// Without a holder, it is for a key of
    /// the same kind as the last.
    ///
    /// # Errors
    ///
    /// As of [`Self::issue`]; a device that is not known; one that made its last key itself, and has sent
    /// no request.
    pub fn renew(
        &mut self,
        name: &str,
        holder: Option<Holder>,
        days: u32,
    ) -> Result<Issued, CaError> {
        let device = self.device(name)?;
        let newest = device.issued.last();
        let same = || newest?.certificate.key.map(Holder::NewKey);
        let holder = holder.or_else(same).ok_or(CaError::RequestMissing(name.to_owned()))?;
        let from_request = matches!(holder, Holder::Request(_));
        let fresh = self.sign_for_device(name, &device.terms, holder, days)?;
        let action =
            |certificate| Action::Renew { device: name.to_owned(), from_request, certificate };
        self.hand_over(name, fresh, action)
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
        let known = || Service::NAMED.iter().filter_map(Service::name);
        let is_service = |name: &&String| known().any(|known| known == name.as_str());
        if let Some(name) = terms.services.iter().find(|name| !is_service(name)) {
            let meant = config::meant(name, known()).to_string();
            return Err(NameFault::Service(name.clone(), meant).into());
        }
        Ok(terms)
    }

    /// A name that was ever given to a device is never given to another.
    pub(super) fn are_of_no_device(&self, dns: &[String]) -> Result<(), CaError> {
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
        let fresh = self.sign(&leaf, holder, key, days)?;
        self.ca.state.may_have(name, &fresh.record.spki_sha256)?;
        Ok(fresh)
    }

    pub(super) fn sign(
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
        folder::make_below(&devices)?;
        let folder = devices.join(name);
        let is_new = folder::make_below(&folder)?;
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

    fn files(&self, stem: &str, fresh: &Fresh) -> Result<Vec<File>, CaError> {
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
}

fn public_key(key: &KeyPair) -> Result<SubjectPublicKeyInfo, CaError> {
    let read = SubjectPublicKeyInfo::from_der(&key.subject_public_key_info());
    read.map_err(|error| CaError::Crypto("a certificate", error.to_string()))
}

fn is_rsa(key: &SubjectPublicKeyInfo) -> bool {
    key.algorithm() == &rcgen::PKCS_RSA_SHA256
}
