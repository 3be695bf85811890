//! The gate before an archive, and the ways to it.

use super::archives::{Archive, TITLE};
use crate::support::dcmtk::{Credentials, settings};
use crate::support::gate::Gate;
use crate::support::settings::Settings;
use crate::support::site::{GATE_NAME, site};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// Under which title the gate has the archive.
pub(crate) const PUBLIC_TITLE: &str = "PACS";

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Tls12,
    Tls13,
}

/// A gate before an archive, and what the peer `ct1` needs to pass it.
pub(crate) struct Front {
    pub(crate) gate: Gate,
    pub(crate) credentials: Credentials,
}

impl Version {
    /// As Python and Node want it.
    pub(crate) fn number(self) -> &'static str {
        match self {
            Self::Tls12 => "1.2",
            Self::Tls13 => "1.3",
        }
    }

    /// As OpenSSL writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }
}

impl Front {
    /// A gate that lets `ct1` do everything that the matrix tries.
    pub(crate) fn before(archive: &Archive) -> Self {
        let services = r#"["echo", "store", "key-object", "find", "move", "get"]"#;
        let mut settings = settings(Settings::new(archive.address)).services(services);
        settings.ct1.insert("move_to", archive.titles());
        settings.archive.insert("ae_title", format!("\"{TITLE}\""));
        Self::with(settings)
    }

    /// A gate with these settings.
    pub(crate) fn with(settings: Settings) -> Self {
        Self { gate: settings.start(), credentials: Credentials::of(&site().ct1) }
    }

    /// Where the certificates are.
    pub(crate) fn certificates(&self) -> &Path {
        self.credentials.directory.path()
    }

    /// An address where a client-mode stunnel takes plain DICOM to the gate, one process a
    /// connection, so that the port is ours and free to choose.
    pub(crate) fn stunnel(&self, version: Version) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let configuration = self.stunnel_configuration(version);
        thread::spawn(move || {
            for stream in listener.incoming() {
                tunnel(stream.unwrap(), &configuration);
            }
        });
        address
    }

    fn stunnel_configuration(&self, version: Version) -> PathBuf {
        let file = |name: &str| self.certificates().join(name);
        let text = format!(
            "client = yes\nconnect = {}\nkey = {}\ncert = {}\nCAfile = {}\nverifyChain = yes\n\
             checkHost = {GATE_NAME}\nsslVersion = {}\n",
            self.gate.address,
            file("device.key").display(),
            file("device.crt").display(),
            file("gate-ca.crt").display(),
            version.name(),
        );
        let path = file(&format!("stunnel-{}.conf", version.number()));
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn tunnel(stream: TcpStream, configuration: &Path) {
    let mut command = Command::new("/usr/bin/stunnel4");
    // It reads from the one and writes to the other.
    let back = OwnedFd::from(stream.try_clone().unwrap());
    command.arg(configuration).stdin(OwnedFd::from(stream)).stdout(back).stderr(Stdio::null());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("stunnel4: {error}"));
    thread::spawn(move || child.wait());
}
