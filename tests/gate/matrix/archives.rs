//! The PACS of the matrix: `storescp`, `dcmqrscp` and Orthanc.

use super::installed::sample_directory;
use super::requestors::{Operation, Requestor, Route, Study, Task};
use super::supervised::Supervised;
use crate::support::PATIENCE;
use crate::support::dcmtk::{Storescp, data_set};
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The title of each archive.
pub(crate) const TITLE: &str = "ARCHIVE";

/// Which PACS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Storescp,
    Dcmqrscp,
    Orthanc,
}

/// A running PACS.
pub(crate) struct Archive {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    storage: PathBuf,
    destinations: Vec<Storescp>,
    used: AtomicUsize,
    _server: Option<Supervised>,
    _directory: Option<TempDir>,
}

/// What the loaded archives hold and what is asked of them: two patients.
pub(crate) const STUDIES: [Study; 3] = [
    Study {
        patient: "77654033",
        study: "1.3.6.1.4.1.5962.1.1.0.0.0.1196527414.5534.0.1",
        series: "1.3.6.1.4.1.5962.1.1.0.0.0.1196527414.5534.0.8",
    },
    Study {
        patient: "77654033",
        study: "1.3.6.1.4.1.5962.1.1.0.0.0.1196530851.28319.0.1",
        series: "1.3.6.1.4.1.5962.1.1.0.0.0.1196530851.28319.0.2",
    },
    Study {
        patient: "98890234",
        study: "1.3.6.1.4.1.5962.1.1.0.0.0.1194734704.16302.0.1",
        series: "1.3.6.1.4.1.5962.1.1.0.0.0.1194734704.16302.0.6",
    },
];
/// How many objects these are.
pub(crate) const OBJECTS: usize = 14;
const FOLDERS: [&str; 2] = ["77654033", "98892001"];
/// More than there are C-MOVE requests to one archive in all tests.
const DESTINATIONS: usize = 24;

impl Kind {
    /// The name of its program.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Storescp => "storescp",
            Self::Dcmqrscp => "dcmqrscp",
            Self::Orthanc => "Orthanc",
        }
    }

    /// How many associations it may be given at once to store without losing any.
    pub(crate) fn writers(self) -> usize {
        if self == Self::Storescp { 4 } else { 1 }
    }
}

impl Archive {
    /// The archive of this kind that all tests read from and none changes under another's eyes.
    pub(crate) fn loaded(kind: Kind) -> &'static Self {
        static DCMQRSCP: OnceLock<Archive> = OnceLock::new();
        static ORTHANC: OnceLock<Archive> = OnceLock::new();
        let archive = match kind {
            Kind::Storescp => panic!("storescp answers no queries"),
            Kind::Dcmqrscp => &DCMQRSCP,
            Kind::Orthanc => &ORTHANC,
        };
        archive.get_or_init(|| Self::empty(kind).load())
    }

    /// An empty archive.
    pub(crate) fn empty(kind: Kind) -> Self {
        let directory = TempDir::new().unwrap();
        let storage = directory.path().join("storage");
        std::fs::create_dir(&storage).unwrap();
        if kind == Kind::Storescp {
            let address = Storescp::keeping_all(&storage).address;
            let archive = Self::new(kind, address, storage, Vec::new());
            return Self { _directory: Some(directory), ..archive };
        }
        let destination = |number| {
            let into = directory.path().join(title(number));
            std::fs::create_dir(&into).unwrap();
            Storescp::keeping_all(&into)
        };
        let destinations: Vec<_> = (0..DESTINATIONS).map(destination).collect();
        let known = destinations.iter().enumerate();
        let known: Vec<_> = known.map(|(number, it)| (title(number), it.address)).collect();
        Self::started(kind, directory, destinations, &known)
    }

    /// An empty archive that sends to these titles at these addresses.
    pub(crate) fn that_knows(kind: Kind, known: &[(String, SocketAddr)]) -> Self {
        let directory = TempDir::new().unwrap();
        std::fs::create_dir(directory.path().join("storage")).unwrap();
        Self::started(kind, directory, Vec::new(), known)
    }

    fn started(
        kind: Kind,
        directory: TempDir,
        destinations: Vec<Storescp>,
        known: &[(String, SocketAddr)],
    ) -> Self {
        let (storage, address) = (directory.path().join("storage"), free_address());
        let command = match kind {
            Kind::Orthanc => orthanc(&storage, address, known),
            Kind::Storescp | Kind::Dcmqrscp => dcmqrscp(&storage, address, known),
        };
        let server = Supervised::start(directory, &command);
        until_it_listens(address, &server);
        Self { _server: Some(server), ..Self::new(kind, address, storage, destinations) }
    }

    /// The data sets that it has stored, in an order of their own.
    pub(crate) fn stored(&self) -> Vec<Vec<u8>> {
        objects_under(&self.storage)
    }

    /// A C-MOVE destination that nothing was sent to yet.
    pub(crate) fn destination(&self) -> (String, &Storescp) {
        let number = self.used.fetch_add(1, Ordering::SeqCst);
        (title(number), &self.destinations[number])
    }

    /// Its C-MOVE destinations, as a list in the configuration.
    pub(crate) fn titles(&self) -> String {
        let titles: Vec<_> = (0..DESTINATIONS).map(title).collect();
        format!("{titles:?}")
    }

    fn new(kind: Kind, address: SocketAddr, storage: PathBuf, destinations: Vec<Storescp>) -> Self {
        let used = AtomicUsize::new(0);
        Self { kind, address, storage, destinations, used, _server: None, _directory: None }
    }

    fn load(self) -> Self {
        let folder = sample_directory().join("test_files/dicomdirtests");
        let files = FOLDERS.iter().flat_map(|name| files_under(&folder.join(name))).collect();
        let task = Task { files, ..Task::new(Operation::Store) };
        let outcome = Requestor::Pynetdicom.run(&task, &self, Route::Direct);
        assert_eq!(outcome.told.len(), OBJECTS);
        let is_stored = |line: &String| line.contains("\"status\": 0,");
        assert!(outcome.told.iter().all(is_stored), "{:#?}", outcome.told);
        self
    }
}

/// The data sets of all DICOM files under a directory.
pub(crate) fn objects_under(directory: &Path) -> Vec<Vec<u8>> {
    let is_dicom = |path: &PathBuf| {
        std::fs::read(path).is_ok_and(|bytes| bytes.get(128..132) == Some(b"DICM".as_slice()))
    };
    let files = files_under(directory).into_iter().filter(is_dicom);
    let mut objects: Vec<_> = files.map(|path| data_set(&path)).collect();
    objects.sort();
    objects
}

/// All files under a directory, in the order of their names.
pub(crate) fn files_under(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let is_folder = entry.file_type().unwrap().is_dir();
            if is_folder { &mut folders } else { &mut files }.push(entry.path());
        }
    }
    files.sort();
    files
}

fn title(number: usize) -> String {
    format!("DESTINATION{number}")
}

fn dcmqrscp(storage: &Path, address: SocketAddr, known: &[(String, SocketAddr)]) -> Vec<OsString> {
    let known = known.iter().map(|(title, at)| {
        format!("{} = ({title}, {}, {})\n", title.to_lowercase(), at.ip(), at.port())
    });
    let text = format!(
        "NetworkTCPPort = {}\nMaxPDUSize = 16384\nMaxAssociations = 64\n\
         HostTable BEGIN\n{}HostTable END\n\
         VendorTable BEGIN\nVendorTable END\n\
         AETable BEGIN\n{TITLE} {} RW (200, 1024mb) ANY\nAETable END\n",
        address.port(),
        known.collect::<String>(),
        storage.display(),
    );
    let file = storage.with_file_name("dcmqrscp.cfg");
    std::fs::write(&file, text).unwrap();
    vec!["/usr/bin/dcmqrscp".into(), "+B".into(), "-v".into(), "-c".into(), file.into()]
}

fn orthanc(storage: &Path, address: SocketAddr, known: &[(String, SocketAddr)]) -> Vec<OsString> {
    let known = known.iter().map(|(title, at)| {
        (title.clone(), serde_json::json!([title, at.ip().to_string(), at.port()]))
    });
    let file = write_orthanc_settings(storage, address.port(), &known.collect());
    vec!["/usr/sbin/Orthanc".into(), file]
}

/// Settings of an Orthanc that stores here and knows these destinations; their file.
pub(crate) fn write_orthanc_settings(
    storage: &Path,
    port: u16,
    destinations: &serde_json::Map<String, serde_json::Value>,
) -> OsString {
    let settings = serde_json::json!({
        "StorageDirectory": storage,
        "IndexDirectory": storage,
        "Plugins": [],
        "HttpServerEnabled": false,
        "DicomAet": TITLE,
        "DicomPort": port,
        "DicomAlwaysAllowFind": true,
        "DicomAlwaysAllowGet": true,
        "DicomAlwaysAllowMove": true,
        "DicomModalities": destinations,
        "SaveJobs": false,
        "SyncStorageArea": false,
    });
    let file = storage.with_file_name("orthanc.json");
    std::fs::write(&file, settings.to_string()).unwrap();
    file.into()
}

/// These servers want to be told a port: one that was free a moment ago. Below those that Linux gives to
/// clients (ip_local_port_range), as some servers cannot listen where an ended connection still waits
/// for late packets; each process of tests begins elsewhere.
pub(crate) fn free_address() -> SocketAddr {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 9_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + std::process::id().wrapping_mul(97).wrapping_add(next) % COUNT;
        let address = (Ipv4Addr::UNSPECIFIED, u16::try_from(port).unwrap());
        if TcpListener::bind(address).is_ok() {
            return (Ipv4Addr::LOCALHOST, address.1).into();
        }
    }
}

pub(crate) fn until_it_listens(address: SocketAddr, server: &Supervised) {
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "it does not listen; run tests/all:\n{}", server.log());
        thread::sleep(Duration::from_millis(20));
    }
}
