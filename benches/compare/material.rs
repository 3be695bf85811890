//! Certificates made at run time: a CA, the proxies' and the requestor's, ECDSA P-256 but for one RSA.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pacsgate::pki::{self, Authority};
use rcgen::{ExtendedKeyUsagePurpose, KeyPair};
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// The CA's name.
pub(crate) const CA_NAME: &str = "pacsgate benchmark CA";
/// The name in the proxies' certificate.
pub(crate) const SERVER_NAME: &str = "gate.bench.example";
/// The name in the requestor's certificate.
pub(crate) const CLIENT_NAME: &str = "load.bench.example";

/// The name in the certificate of a peer that shows passwords.
pub(crate) const GUESSER_NAME: &str = "guesser.bench.example";

/// The PEM files in a directory.
pub(crate) struct Material {
    directory: PathBuf,
}

impl Material {
    /// Makes the certificates and writes them into `directory`.
    pub(crate) fn create(directory: &Path) -> io::Result<Self> {
        let material = Self::at(directory);
        material.make().map_err(io::Error::other)?;
        Ok(material)
    }

    fn make(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let ca = pki::authority(CA_NAME, pki::today());
        let ca = Authority::root(ca, KeyPair::generate()?)?;
        fs::write(self.ca(), ca.issuer.pem())?;
        let leaves = [
            (SERVER_NAME, "server", ExtendedKeyUsagePurpose::ServerAuth),
            (CLIENT_NAME, "client", ExtendedKeyUsagePurpose::ClientAuth),
            (GUESSER_NAME, "guesser", ExtendedKeyUsagePurpose::ClientAuth),
        ];
        for (name, file, usage) in leaves {
            let params = pki::leaf(name, &[name], Some(usage), pki::today())?;
            ca.issue(&params, KeyPair::generate()?)?.write(&self.directory, file)?;
        }
        let usage = Some(ExtendedKeyUsagePurpose::ClientAuth);
        let params = pki::leaf(CLIENT_NAME, &[CLIENT_NAME], usage, pki::today())?;
        let key = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256)?;
        ca.issue(&params, key)?.write(&self.directory, "client-rsa")?;
        Ok(())
    }

    /// What another process has made.
    pub(crate) fn at(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    pub(crate) fn certificate(&self, name: &str) -> PathBuf {
        self.directory.join(name).with_extension("pem")
    }

    pub(crate) fn key(&self, name: &str) -> PathBuf {
        self.directory.join(name).with_extension("key")
    }

    /// For the requestor: never resumes, so that each handshake is a full one. It offers TLS 1.3 with one
    /// cipher suite and one key exchange, so that every proxy does the same work.
    pub(crate) fn client(&self) -> io::Result<Arc<ClientConfig>> {
        self.client_of("client")
    }

    /// The same with another certificate, by the name of its file.
    pub(crate) fn client_of(&self, name: &str) -> io::Result<Arc<ClientConfig>> {
        let (chain, key) = self.pair(name)?;
        let provider = CryptoProvider {
            cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384],
            kx_groups: vec![aws_lc_rs::kx_group::X25519],
            ..aws_lc_rs::default_provider()
        };
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&TLS13])
            .map_err(io::Error::other)?
            .with_root_certificates(self.roots()?)
            .with_client_auth_cert(chain, key)
            .map_err(io::Error::other)?;
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }

    /// For a blind copy: asks for a client certificate and gives no tickets, like the gate.
    pub(crate) fn server(&self) -> io::Result<Arc<ServerConfig>> {
        let (chain, key) = self.pair("server")?;
        let verifier = WebPkiClientVerifier::builder(Arc::new(self.roots()?))
            .build()
            .map_err(io::Error::other)?;
        let mut config = ServerConfig::builder()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)
            .map_err(io::Error::other)?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }

    /// The CA, to verify with.
    pub(crate) fn roots(&self) -> io::Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_file(self.ca()).map_err(io::Error::other)?;
        roots.add(ca).map_err(io::Error::other)?;
        Ok(roots)
    }

    /// A certificate and its key, by the name of their files.
    pub(crate) fn pair(
        &self,
        name: &str,
    ) -> io::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let certificate =
            CertificateDer::from_pem_file(self.certificate(name)).map_err(io::Error::other)?;
        let key = PrivateKeyDer::from_pem_file(self.key(name)).map_err(io::Error::other)?;
        Ok((vec![certificate], key))
    }
}
