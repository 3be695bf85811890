//! The demo's directory: a real configuration with its certificates, removed at the end.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
use rcgen::{BasicConstraints, IsCa, KeyPair};
use tempfile::TempDir;

use super::error::DemoError;
use super::object;
use crate::pki::{self, Authority};

/// The name in the gate's certificate by which the play connects.
pub(super) const SERVER: &str = "localhost";
pub(super) const CALLED: &str = "PACS";
/// The calling titles of the two peers; each has its own certificate.
pub(super) const CT1: &str = "CT1";
pub(super) const US1: &str = "US1";

/// The directory. Dropping it removes it with everything in it.
pub(super) struct Site(TempDir);

impl Site {
    /// Writes everything, for a PACS at this address.
    pub(super) fn new(pacs: SocketAddr) -> Result<Self, DemoError> {
        let directory = tempfile::Builder::new().prefix("pacsgate-demo-").tempdir();
        let site = Self(directory.map_err(DemoError::Directory)?);
        site.certificates()?;
        site.configuration(pacs).map_err(DemoError::Directory)?;
        site.write("sample.dcm", &object::sample_file()).map_err(DemoError::Directory)?;
        Ok(site)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    pub(super) fn directory(&self) -> &Path {
        self.0.path()
    }

    /// Removes the directory, saying so where that fails.
    pub(super) fn remove(self) -> Result<(), DemoError> {
        self.0.close().map_err(DemoError::Directory)
    }

    fn certificates(&self) -> Result<(), DemoError> {
        let mut ca = pki::authority("pacsgate demo CA", pki::today());
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let ca = Authority::root(ca, KeyPair::generate()?)?;
        self.write("ca.pem", ca.issuer.pem().as_bytes()).map_err(DemoError::Directory)?;
        let identities = [
            ("gateway", "pacsgate demo", &[SERVER, "127.0.0.1"][..], ServerAuth),
            ("ct1", "ct1.demo.example", &["ct1.demo.example"], ClientAuth),
            ("us1", "us1.demo.example", &["us1.demo.example"], ClientAuth),
        ];
        for (name, common_name, names, purpose) in identities {
            let params = pki::leaf(common_name, names, Some(purpose), pki::today())?;
            let identity = ca.issue(&params, KeyPair::generate()?)?;
            identity.write(self.directory(), name).map_err(DemoError::Directory)?;
        }
        Ok(())
    }

    fn configuration(&self, pacs: SocketAddr) -> io::Result<()> {
        self.write("pacsgate.toml", main_file(pacs).as_bytes())?;
        DirBuilder::new().mode(0o700).create(self.path("conf.d"))?;
        self.write("conf.d/ct1.toml", peer("ct1", CT1).as_bytes())?;
        self.write("conf.d/us1.toml", peer("us1", US1).as_bytes())
    }

    /// For its owner only: the configuration refuses files that others may write.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(self.path(name))?;
        file.write_all(bytes)
    }
}

fn main_file(pacs: SocketAddr) -> String {
    format!(
        r#"schema = 1

[listener.front]
bind = ["127.0.0.1:0"]

[listener.front.tls]
certificate = "gateway.pem"
private_key = "gateway.key"
client_ca = "ca.pem"

[pacs.archive]
address = "{pacs}"
called_ae = ["{CALLED}"]

[limits]
drain = "1s"

[log]
audit = "./audit.log"
"#
    )
}

fn peer(name: &str, title: &str) -> String {
    format!(
        r#"[peer.{name}]
contact = "nobody, this is a demo"
certificate = [{{ san_dns = "{name}.demo.example" }}]
calling_ae = ["{title}"]
pacs = ["archive"]
services = ["echo", "store"]
"#
    )
}
