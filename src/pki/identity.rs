//! A certificate and its key.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use rcgen::{Certificate, CertificateParams, Error, KeyPair};

/// What the holder of a certificate has.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate, and the intermediates above it, nearest first.
    pub chain: Vec<Certificate>,
    /// The certificate's key.
    pub key: Arc<KeyPair>,
}

impl Identity {
    /// A certificate that its holder has signed, as devices do.
    ///
    /// # Errors
    ///
    /// Parameters that cannot be encoded.
    pub fn self_signed(params: &CertificateParams, key: KeyPair) -> Result<Self, Error> {
        Ok(Self { chain: vec![params.self_signed(&key)?], key: Arc::new(key) })
    }

    /// The chain in PEM, leaf first.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(Certificate::pem).collect()
    }

    /// Writes the chain into `NAME.pem`, which everybody may read, and the key into `NAME.key`,
    /// for its owner only.
    ///
    /// # Errors
    ///
    /// The system's; and nothing is written over.
    pub fn write(&self, directory: &Path, name: &str) -> io::Result<()> {
        let files = [("pem", 0o644, self.chain_pem()), ("key", 0o600, self.key.serialize_pem())];
        files.into_iter().try_for_each(|(extension, mode, pem)| {
            let path = directory.join(name).with_extension(extension);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
            file.write_all(pem.as_bytes())
        })
    }
}
