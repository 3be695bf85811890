//! The configuration of a gate under test, written into a directory of its own.

use super::authority::Identity;
use super::gate::Gate;
use super::site::{CT1_NAME, site};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

type Table = BTreeMap<&'static str, String>;

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
    pub(crate) more: String,
}

impl Settings {
    /// The usual gate, with short deadlines.
    pub(crate) fn new(pacs: SocketAddr) -> Self {
        let mut settings = Self {
            directory: TempDir::new().unwrap(),
            listener: Table::from([("bind", "[\"127.0.0.1:0\"]".into())]),
            tls: Table::new(),
            archive: Table::from([
                ("address", format!("\"{pacs}\"")),
                ("called_ae", r#"["PACS", "PACS_STORE"]"#.into()),
                ("ae_title", r#""ARCHIVE""#.into()),
            ]),
            ct1: peer(&format!("{{ san_dns = \"{CT1_NAME}\" }}"), r#"["CT1", "CT1_QR"]"#),
            mr1: peer(&format!("{{ cert_sha256 = \"{}\" }}", site().mr1.sha256()), r#"["MR1"]"#),
            limits: Table::from([("close", r#""150ms""#.into()), ("drain", r#""2s""#.into())]),
            log: Table::new(),
            more: String::new(),
        };
        settings.serve(&site().gate);
        let authority = settings.file("client-ca.crt", &site().root.pem());
        settings.tls.insert("client_ca", quoted(&authority));
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
        let mut text = "schema = 1\n".to_owned();
        let tables = [
            ("listener.front", &self.listener),
            ("listener.front.tls", &self.tls),
            ("pacs.archive", &self.archive),
            ("peer.ct1", &self.ct1),
            ("peer.mr1", &self.mr1),
            ("limits", &self.limits),
            ("log", &self.log),
        ];
        for (name, table) in tables.into_iter().filter(|(_, table)| !table.is_empty()) {
            writeln!(text, "[{name}]").unwrap();
            for (key, value) in table {
                writeln!(text, "{key} = {value}").unwrap();
            }
        }
        text + &self.more
    }

    fn pair(&self, name: &str, identity: &Identity) -> (PathBuf, PathBuf) {
        let certificate = self.file(&format!("{name}.crt"), &identity.chain_pem());
        (certificate, self.file(&format!("{name}.key"), &identity.key_pem()))
    }
}

fn peer(certificate: &str, calling: &str) -> Table {
    Table::from([
        ("contact", r#""Radiology IT""#.into()),
        ("certificate", format!("[{certificate}]")),
        ("calling_ae", calling.into()),
        ("pacs", r#"["archive"]"#.into()),
        ("services", r#"["echo", "store"]"#.into()),
    ])
}

fn quoted(path: &std::path::Path) -> String {
    format!("{path:?}")
}
