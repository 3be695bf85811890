//! The configuration of a gate under test, written into a directory of its own.

use super::authority::Identity;
use super::configuration::{Table, listener, main_file, pacs, peer, tls};
use super::gate::Gate;
use super::site::{CT1_NAME, site};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

/// A gate before `archive` that knows the peers `ct1` and `mr1`.
///
/// Values are TOML, with their quotes.
pub(crate) struct Settings {
    pub(crate) directory: TempDir,
    pub(crate) listener: Table,
    pub(crate) tls: Table,
    pub(crate) archive: Table,
    pub(crate) ct1: Table,
    pub(crate) mr1: Table,
    pub(crate) limits: Table,
    pub(crate) log: Table,
    /// Further tables with their names.
    pub(crate) more: Vec<(&'static str, Table)>,
}

impl Settings {
    /// The usual gate, with short deadlines.
    pub(crate) fn new(address: SocketAddr) -> Self {
        let mut settings = Self {
            directory: TempDir::new().unwrap(),
            listener: listener(),
            tls: Table::new(),
            archive: pacs(address, &["PACS", "PACS_STORE"]),
            ct1: known(("san_dns", CT1_NAME), &["CT1", "CT1_QR"]),
            mr1: known(("cert_sha256", &site().mr1.sha256()), &["MR1"]),
            limits: Table::from([("close", r#""150ms""#.into()), ("drain", r#""2s""#.into())]),
            log: Table::new(),
            more: Vec::new(),
        };
        settings.archive.insert("ae_title", r#""ARCHIVE""#.into());
        let authority = settings.file("client-ca.crt", &site().root.pem());
        let (certificate, key) = settings.pair("gateway", &site().gate);
        settings.tls = tls(certificate, key, authority);
        settings
    }

    /// Sets the gate's own certificate.
    pub(crate) fn serve(&mut self, identity: &Identity) {
        let (certificate, key) = self.pair("gateway", identity);
        self.tls.insert("certificate", quoted(&certificate));
        self.tls.insert("private_key", quoted(&key));
    }

    /// Sets two certificates of the gate side by side.
    pub(crate) fn serve_both(&mut self, first: &Identity, second: &Identity) {
        let pairs = [("first", first), ("second", second)].map(|(name, identity)| {
            let (certificate, key) = self.pair(name, identity);
            format!("{{ certificate = {certificate:?}, private_key = {key:?} }}")
        });
        self.tls.insert("certificate", format!("[{}]", pairs.join(", ")));
        self.tls.remove("private_key");
    }

    /// Sets the CRLs.
    pub(crate) fn revoke(&mut self, crls: &[String]) {
        let paths = crls.iter().enumerate();
        let paths = paths.map(|(i, crl)| quoted(&self.file(&format!("{i}.crl"), crl)));
        let paths = paths.collect::<Vec<_>>().join(", ");
        self.tls.insert("client_crl", format!("[{paths}]"));
    }

    /// Sets a limit, for example `("request", "300ms")`.
    pub(crate) fn limit(mut self, name: &'static str, value: &str) -> Self {
        self.limits.insert(name, format!("\"{value}\""));
        self
    }

    /// Sets a limit that is a number.
    pub(crate) fn count(mut self, name: &'static str, value: u32) -> Self {
        self.limits.insert(name, value.to_string());
        self
    }

    /// Lets `ct1` use these services.
    pub(crate) fn services(mut self, services: &str) -> Self {
        self.ct1.insert("services", services.into());
        self
    }

    /// Writes a file that nobody else may read.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(&path).unwrap().write_all(content.as_bytes()).unwrap();
        path
    }

    /// Starts the gate.
    pub(crate) fn start(self) -> Gate {
        let text = self.text();
        let configuration = self.file("pacsgate.toml", &text);
        Gate::start(self.directory, &configuration)
    }

    /// The configuration file.
    pub(crate) fn text(&self) -> String {
        let mut tables = vec![
            ("listener.front", &self.listener),
            ("listener.front.tls", &self.tls),
            ("pacs.archive", &self.archive),
            ("peer.ct1", &self.ct1),
            ("peer.mr1", &self.mr1),
            ("limits", &self.limits),
            ("log", &self.log),
        ];
        tables.extend(self.more.iter().map(|(name, table)| (*name, table)));
        main_file(&tables)
    }

    fn pair(&self, name: &str, identity: &Identity) -> (PathBuf, PathBuf) {
        let certificate = self.file(&format!("{name}.crt"), &identity.chain_pem());
        (certificate, self.file(&format!("{name}.key"), &identity.key_pem()))
    }
}

fn known(matcher: (&str, &str), calling: &[&str]) -> Table {
    let mut peer = peer(&[matcher], calling, &["echo", "store"]);
    peer.insert("contact", r#""Radiology IT""#.into());
    peer
}

fn quoted(path: &std::path::Path) -> String {
    format!("{path:?}")
}
