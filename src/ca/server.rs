//! Certificates for gates.

use std::net::IpAddr;
use std::path::PathBuf;

use rcgen::KeyPair;
use zeroize::Zeroizing;

use super::entry::{Action, Certificate};
use super::error::CaError;
use super::folder;
use super::issue::Holder;
use super::key::KeyType;
use super::naming;
use super::signer::Signer;
use super::template::Leaf;
use crate::drop_in;

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

impl Signer {
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
}

/// Where the first DNS name is too long for one, the certificate says the rest of it in its names.
fn common_name(dns: &[String]) -> &str {
    let name = dns.first().map_or("gate", String::as_str);
    if name.len() <= 64 { name } else { "gate" }
}
