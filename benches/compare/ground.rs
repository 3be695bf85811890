//! What all measurements share: certificates, the sink, the proxies' start.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use tempfile::TempDir;

use crate::material::Material;
use crate::options::Options;
use crate::proxy::{
    Counted, Process, Proxy, among, audit, counted, edge, pacsgate, start_sink, with_passwords,
    with_workers,
};
use crate::requestor::Requestor;
use crate::versus::peer::Peer;

/// The ground on which proxies are compared.
pub(crate) struct Ground<'a> {
    pub(crate) options: &'a Options,
    pub(crate) tls: Arc<ClientConfig>,
    sink: Process,
    directory: Directory,
}

enum Directory {
    Kept(PathBuf),
    Removed(TempDir),
}

impl<'a> Ground<'a> {
    /// Makes the certificates and starts the sink.
    pub(crate) fn prepare(options: &'a Options) -> io::Result<Self> {
        let directory = match &options.directory {
            Some(kept) => {
                std::fs::create_dir_all(kept)?;
                Directory::Kept(kept.canonicalize()?)
            }
            None => Directory::Removed(TempDir::new()?),
        };
        let tls = Material::create(directory.path())?.client()?;
        let sink = start_sink(directory.path(), options.faults)?;
        Ok(Self { options, tls, sink, directory })
    }

    /// Starts a proxy and shows that it works.
    pub(crate) fn start(&self, proxy: Proxy) -> io::Result<Process> {
        let process = proxy.start(self.directory.path(), self.sink.address)?;
        self.try_out(&process)
            .map_err(|error| io::Error::other(format!("{}: {error}", proxy.name())))?;
        Ok(process)
    }

    /// Starts a proxy of another project, or one of ours, and shows that it works.
    pub(crate) fn start_peer(&self, peer: Peer) -> io::Result<Process> {
        let process = peer.start(self.directory.path(), self.sink.address)?;
        self.try_out(&process)
            .map_err(|error| io::Error::other(format!("{}: {error}", peer.name())))?;
        Ok(process)
    }

    /// Starts a build of the gate: this one, unless another is given.
    pub(crate) fn start_build(&self, other: Option<&Path>) -> io::Result<Process> {
        let process = pacsgate(other, self.directory.path(), self.sink.address)?;
        self.try_out(&process)?;
        Ok(process)
    }

    /// Starts the gate under valgrind, which counts its allocations.
    pub(crate) fn start_counted(&self, valgrind: &Path) -> io::Result<Counted> {
        let gate = counted(valgrind, self.directory.path(), self.sink.address)?;
        self.try_out(&gate.process)?;
        Ok(gate)
    }

    /// Starts the gate with so many worker threads.
    pub(crate) fn start_with_workers(&self, workers: u32) -> io::Result<Process> {
        let process = with_workers(self.directory.path(), self.sink.address, workers)?;
        self.try_out(&process)?;
        Ok(process)
    }

    /// Starts the gate with so many peers.
    pub(crate) fn start_among(&self, peers: u32) -> io::Result<Process> {
        let process = among(self.directory.path(), self.sink.address, peers)?;
        self.try_out(&process)?;
        Ok(process)
    }

    /// Starts the gate with a file of passwords for a peer that has to show one.
    pub(crate) fn start_with_passwords(&self, file: &str) -> io::Result<Process> {
        let process = with_passwords(self.directory.path(), self.sink.address, file)?;
        self.try_out(&process)?;
        Ok(process)
    }

    /// Starts a gate at the edge, before this central one.
    pub(crate) fn start_edge(&self, central: &Process) -> io::Result<Process> {
        let process = edge(self.directory.path(), central.address)?;
        let mut requestor = Requestor::associate_plain(process.address)?;
        requestor.echo()?;
        requestor.release()?;
        Ok(process)
    }

    /// Starts all of them.
    pub(crate) fn start_each(&self) -> io::Result<Vec<(Proxy, Process)>> {
        Proxy::EACH.into_iter().map(|proxy| Ok((proxy, self.start(proxy)?))).collect()
    }

    /// The certificates.
    pub(crate) fn material(&self) -> Material {
        Material::at(self.directory.path())
    }

    /// Where the gate writes its audit.
    pub(crate) fn audit(&self) -> PathBuf {
        audit(self.directory.path())
    }

    fn try_out(&self, process: &Process) -> io::Result<()> {
        let mut requestor = Requestor::associate(process.address, &self.tls)?;
        requestor.echo()?;
        requestor.release()
    }
}

impl Directory {
    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Removed(directory) => directory.path(),
        }
    }
}
