//! The proxies of `versus`: the gate, the blind copies, and Debian's TLS proxies.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;

use super::settings;
use crate::material::Material;
use crate::proxy::{Process, Proxy};

/// A proxy that is compared.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    /// The gate.
    Pacsgate,
    /// The blind copy with the best buffers.
    BestCopy,
    /// The blind copy with small buffers.
    PlainCopy,
    /// stunnel.
    Stunnel,
    /// `HAProxy`.
    Haproxy,
    /// nginx with its module for streams.
    Nginx,
    /// hitch.
    Hitch,
}

/// What Debian packages of a proxy of another project.
struct Packaged {
    package: &'static str,
    /// What has to be there; the first is the program.
    files: &'static [&'static str],
    version: &'static [&'static str],
    arguments: &'static [&'static str],
    settings: fn(&settings::Place) -> String,
}

const STUNNEL: Packaged = Packaged {
    package: "stunnel4",
    files: &["/usr/bin/stunnel4"],
    version: &["-version"],
    arguments: &[],
    settings: settings::stunnel,
};
const HAPROXY: Packaged = Packaged {
    package: "haproxy",
    files: &["/usr/sbin/haproxy"],
    version: &["-v"],
    arguments: &["-db", "-f"],
    settings: settings::haproxy,
};
const NGINX: Packaged = Packaged {
    package: "libnginx-mod-stream",
    files: &["/usr/sbin/nginx", settings::NGINX_STREAM],
    version: &["-v"],
    arguments: &["-e", "stderr", "-c"],
    settings: settings::nginx,
};
const HITCH: Packaged = Packaged {
    package: "hitch",
    files: &["/usr/sbin/hitch"],
    version: &["--version"],
    arguments: &["--config"],
    settings: settings::hitch,
};

enum Kind {
    Ours(Proxy),
    Packaged(&'static Packaged),
}

impl Peer {
    /// In the order of measurement.
    pub(crate) const EACH: [Self; 7] = [
        Self::Pacsgate,
        Self::BestCopy,
        Self::PlainCopy,
        Self::Stunnel,
        Self::Haproxy,
        Self::Nginx,
        Self::Hitch,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pacsgate => "pacsgate",
            Self::BestCopy => "best blind copy",
            Self::PlainCopy => "blind copy, 8 KiB",
            Self::Stunnel => "stunnel",
            Self::Haproxy => "HAProxy",
            Self::Nginx => "nginx",
            Self::Hitch => "hitch",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Pacsgate => Kind::Ours(Proxy::Pacsgate),
            Self::BestCopy => Kind::Ours(Proxy::BestCopy),
            Self::PlainCopy => Kind::Ours(Proxy::PlainCopy),
            Self::Stunnel => Kind::Packaged(&STUNNEL),
            Self::Haproxy => Kind::Packaged(&HAPROXY),
            Self::Nginx => Kind::Packaged(&NGINX),
            Self::Hitch => Kind::Packaged(&HITCH),
        }
    }

    /// The package that would bring what is missing.
    pub(crate) fn missing(self) -> Option<&'static str> {
        let Kind::Packaged(packaged) = self.kind() else { return None };
        let is_there = packaged.files.iter().all(|file| Path::new(file).exists());
        (!is_there).then_some(packaged.package)
    }

    /// The name with the version that the program says it has.
    pub(crate) fn name_and_version(self) -> io::Result<String> {
        let version = match self.kind() {
            Kind::Packaged(packaged) => self.version(packaged)?,
            Kind::Ours(_) => env!("CARGO_PKG_VERSION").to_owned(),
        };
        Ok(format!("{} {version}", self.name()))
    }

    fn version(self, packaged: &Packaged) -> io::Result<String> {
        let output = packaged.program()?.args(packaged.version).output()?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let is_version = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit());
        let mut words = said.split(|c: char| c.is_whitespace() || c == '/');
        let version = words.find(is_version);
        let missing = || io::Error::other(format!("{} says no version", self.name()));
        version.map(str::to_owned).ok_or_else(missing)
    }

    /// Starts the proxy before `upstream` and waits until it listens.
    pub(crate) fn start(self, directory: &Path, upstream: SocketAddr) -> io::Result<Process> {
        match self.kind() {
            Kind::Ours(proxy) => proxy.start(directory, upstream),
            Kind::Packaged(packaged) => packaged.start(directory, upstream),
        }
    }
}

impl Packaged {
    fn program(&self) -> io::Result<Command> {
        let program = self.files.first().ok_or_else(|| io::Error::other("no program"))?;
        Ok(Command::new(program))
    }

    fn start(&self, directory: &Path, upstream: SocketAddr) -> io::Result<Process> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let material = Material::at(directory);
        let place = settings::Place {
            address,
            upstream,
            certificate: material.certificate("server"),
            key: material.key("server"),
            both: both(&material, directory)?,
            ca: material.ca(),
            directory: directory.to_owned(),
        };
        let file = directory.join(format!("{}.conf", self.package));
        fs::write(&file, (self.settings)(&place))?;
        let mut command = self.program()?;
        command.args(self.arguments).arg(&file);
        Process::start_at(command, address, &file.with_extension("log"))
    }
}

/// The key and the certificate in one file, as some of them want it.
fn both(material: &Material, directory: &Path) -> io::Result<PathBuf> {
    let both = directory.join("server-both.pem");
    let parts = [fs::read(material.key("server"))?, fs::read(material.certificate("server"))?];
    fs::write(&both, parts.concat())?;
    Ok(both)
}
