//! pynetdicom as a PACS, and the SOP classes that it is asked for.

use crate::matrix::front::Front;
use crate::matrix::installed::{python, script};
use crate::matrix::supervised::Supervised;
use crate::support::PATIENCE;
use crate::support::dcmtk::{Credentials, settings};
use crate::support::settings::Settings;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) const VERIFICATION: &str = "1.2.840.10008.1.1";
pub(crate) const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
pub(crate) const PATIENT_ROOT_FIND: &str = "1.2.840.10008.5.1.4.1.2.1.1";
pub(crate) const STUDY_ROOT_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
pub(crate) const STUDY_ROOT_MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";
pub(crate) const STUDY_ROOT_GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";
pub(crate) const WORKLIST: &str = "1.2.840.10008.5.1.4.31";
pub(crate) const MPPS: &str = "1.2.840.10008.3.1.2.3.3";
pub(crate) const MPPS_RETRIEVE: &str = "1.2.840.10008.3.1.2.3.4";
pub(crate) const MPPS_NOTIFICATION: &str = "1.2.840.10008.3.1.2.3.5";
pub(crate) const COMMITMENT: &str = "1.2.840.10008.1.20.1";
pub(crate) const GRAYSCALE_PRINT: &str = "1.2.840.10008.5.1.1.9";
pub(crate) const FILM_SESSION: &str = "1.2.840.10008.5.1.1.1";
pub(crate) const FILM_BOX: &str = "1.2.840.10008.5.1.1.2";
pub(crate) const GRAYSCALE_IMAGE_BOX: &str = "1.2.840.10008.5.1.1.4";
pub(crate) const PRINTER: &str = "1.2.840.10008.5.1.1.16";
pub(crate) const PRESENTATION_LUT: &str = "1.2.840.10008.5.1.1.23";
pub(crate) const UPS_PUSH: &str = "1.2.840.10008.5.1.4.34.6.1";
pub(crate) const UPS_WATCH: &str = "1.2.840.10008.5.1.4.34.6.2";
pub(crate) const UPS_PULL: &str = "1.2.840.10008.5.1.4.34.6.3";
pub(crate) const UPS_EVENT: &str = "1.2.840.10008.5.1.4.34.6.4";
pub(crate) const UPS_QUERY: &str = "1.2.840.10008.5.1.4.34.6.5";
pub(crate) const DISPLAY_SYSTEM: &str = "1.2.840.10008.5.1.1.40";
/// A private storage SOP class: series data of Philips' MR.
pub(crate) const PRIVATE: &str = "1.3.46.670589.11.0.0.12.2";

/// A running `scp.py`.
pub(crate) struct Scripted {
    server: Supervised,
    address: SocketAddr,
}

impl Scripted {
    /// One that behaves.
    pub(crate) fn start() -> Self {
        Self::obeying(&json!({}))
    }

    /// One that asks for this before it answers a C-ECHO, and for that afterwards.
    pub(crate) fn asking(on_echo: &Value, after_echo: &Value) -> Self {
        Self::obeying(&json!({ "on_echo": on_echo, "after_echo": after_echo }))
    }

    /// One that behaves, with these SOP classes besides.
    pub(crate) fn supporting(sop_classes: &[&str]) -> Self {
        Self::obeying(&json!({ "besides": sop_classes }))
    }

    /// One that is reached with TLS only, and demands the certificate that the gate shows.
    pub(crate) fn with_tls(credentials: &Credentials) -> Self {
        Self::obeying(&json!({ "tls": credentials.directory.path() }))
    }

    /// One that reports commitments to `CT1` at this address, on associations of its own, on which it
    /// proposes its role or nothing.
    pub(crate) fn reporting_to(device: SocketAddr, proposes_role: bool) -> Self {
        let (host, port) = (device.ip().to_string(), device.port());
        Self::obeying(&json!({ "report_to": {
            "host": host, "port": port, "title": "CT1", "proposes_role": proposes_role,
        }}))
    }

    fn obeying(order: &Value) -> Self {
        let order = order.to_string();
        let command = [python().into(), script("scp.py").into(), order.into()];
        let server = Supervised::start(TempDir::new().unwrap(), &command);
        let deadline = Instant::now() + PATIENCE;
        let port = loop {
            if let Some(port) = lines(&server).iter().find_map(|line| line["port"].as_u64()) {
                break port;
            }
            assert!(Instant::now() < deadline, "no port; run tests/all:\n{}", server.log());
            thread::sleep(Duration::from_millis(20));
        };
        let port = u16::try_from(port).unwrap();
        Self { server, address: (Ipv4Addr::LOCALHOST, port).into() }
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A gate before it that gives `ct1` these services.
    pub(crate) fn front(&self, services: &str) -> Front {
        Front::with(settings(Settings::new(self.address)).services(services))
    }

    /// The same, with what becomes of data sets that break a rule.
    pub(crate) fn front_with(&self, services: &str, guard: &str) -> Front {
        let mut settings = settings(Settings::new(self.address)).services(services);
        settings.ct1.insert("guard", format!("{guard:?}"));
        Front::with(settings)
    }

    /// The requests that it saw: operation, the context's SOP class, the one named.
    pub(crate) fn saw(&self) -> Vec<(String, String, String)> {
        let word = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let lines = lines(&self.server);
        let seen = lines.iter().filter(|line| line["saw"].is_string());
        seen.map(|line| (word(line, "saw"), word(line, "context"), word(line, "named"))).collect()
    }

    /// What it was told when it asked: the operation and the status.
    pub(crate) fn told(&self) -> Vec<(String, u64)> {
        let lines = lines(&self.server);
        let told = lines.iter().filter(|line| line.get("told").is_some());
        let status = |line: &Value| line["told"].as_u64().unwrap_or_else(|| panic!("{line}"));
        told.map(|line| (line["on"].as_str().unwrap().to_owned(), status(line))).collect()
    }

    /// The reports of storage commitments that it has had, in the order of their transactions, once
    /// there are so many.
    pub(crate) fn reports(&self, expected: usize) -> Vec<Report> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let lines = lines(&self.server);
            let reports = lines.iter().filter(|line| line["transaction"].is_string());
            let mut reports: Vec<_> = reports.map(Report::read).collect();
            if reports.len() >= expected {
                reports.sort();
                return reports;
            }
            assert!(Instant::now() < deadline, "{} of {expected} reports", reports.len());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The report of a storage commitment: what was committed and what was not, by SOP instance.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Report {
    pub(crate) transaction: String,
    pub(crate) event_type: u64,
    pub(crate) committed: Vec<String>,
    pub(crate) failed: Vec<String>,
}

impl Report {
    fn read(line: &Value) -> Self {
        let instances = |key: &str| serde_json::from_value(line[key].clone()).unwrap();
        Self {
            transaction: line["transaction"].as_str().unwrap().to_owned(),
            event_type: line["type"].as_u64().unwrap(),
            committed: instances("committed"),
            failed: instances("failed"),
        }
    }
}

/// A request as [`Scripted::saw`] has it.
pub(crate) fn request(operation: &str, context: &str, named: &str) -> (String, String, String) {
    (operation.to_owned(), context.to_owned(), named.to_owned())
}

fn lines(server: &Supervised) -> Vec<Value> {
    server.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
