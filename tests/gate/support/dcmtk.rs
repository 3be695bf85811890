//! DCMTK's own programs as requestor and PACS, and objects for them to send.
//!
//! Called by their full paths: pip's pynetdicom installs programs of the same names.

use super::PATIENCE;
use super::authority::Identity;
use super::settings::Settings;
use super::site::site;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// `storescp`, started anew for each connection so that the port is ours and free to choose.
pub(crate) struct Storescp {
    pub(crate) address: SocketAddr,
    directory: PathBuf,
    connections: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
    _temporary: Option<TempDir>,
}

/// Certificates in files, as DCMTK wants them.
pub(crate) struct Credentials {
    pub(crate) directory: TempDir,
}

impl Storescp {
    /// A PACS that stores what it is sent exactly as it comes.
    pub(crate) fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let storescp = Self::listen(directory.path(), "--default-filenames");
        Self { _temporary: Some(directory), ..storescp }
    }

    /// The same, which keeps every object that it is sent, even two of one SOP instance.
    pub(crate) fn keeping_all(directory: &Path) -> Self {
        Self::listen(directory, "--unique-filenames")
    }

    fn listen(directory: &Path, names: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let ended = Arc::new(AtomicUsize::new(0));
        let (into, counter) = (directory.to_owned(), Arc::clone(&connections));
        let over = Arc::clone(&ended);
        thread::spawn(move || {
            for stream in listener.incoming() {
                counter.fetch_add(1, Ordering::SeqCst);
                serve(stream.unwrap(), names, &into, Arc::clone(&over));
            }
        });
        Self { address, directory: directory.to_owned(), connections, ended, _temporary: None }
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until it serves nobody any more.
    pub(crate) fn wait_until_idle(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.ended.load(Ordering::SeqCst) < self.connections() {
            assert!(Instant::now() < deadline, "storescp does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The data sets that were stored, without their file headers, in the order of their names.
    pub(crate) fn stored(&self) -> Vec<(String, Vec<u8>)> {
        let files = std::fs::read_dir(&self.directory).unwrap().map(|it| it.unwrap().path());
        let mut stored: Vec<_> = files.map(|path| (name(&path), data_set(&path))).collect();
        stored.sort();
        stored
    }
}

impl Credentials {
    /// Writes a certificate, its key and the authority that signed the gate's.
    pub(crate) fn of(identity: &Identity) -> Self {
        let directory = TempDir::new().unwrap();
        for (name, content) in [
            ("device.key", identity.key_pem()),
            ("device.crt", identity.chain_pem()),
            ("gate-ca.crt", site().root.pem()),
        ] {
            std::fs::write(directory.path().join(name), content).unwrap();
        }
        Self { directory }
    }

    /// The options for TLS with this certificate.
    pub(crate) fn options(&self) -> Vec<PathBuf> {
        let file = |name: &str| self.directory.path().join(name);
        vec![
            "+tls".into(),
            file("device.key"),
            file("device.crt"),
            "+cf".into(),
            file("gate-ca.crt"),
        ]
    }

    /// The options for TLS without a certificate of one's own.
    pub(crate) fn anonymous(&self) -> Vec<PathBuf> {
        vec!["+tla".into(), "+cf".into(), self.directory.path().join("gate-ca.crt")]
    }
}

/// Runs one of DCMTK's requestors against this address.
pub(crate) fn call(
    program: &str,
    options: &[PathBuf],
    titles: [&str; 2],
    address: SocketAddr,
    files: &[PathBuf],
) -> Output {
    let options = [&["-v".into()], options].concat();
    call_within(PATIENCE, program, &options, titles, address, files)
}

/// The same for what lasts, and with what it says left to the options.
pub(crate) fn call_within(
    patience: Duration,
    program: &str,
    options: &[PathBuf],
    titles: [&str; 2],
    address: SocketAddr,
    files: &[PathBuf],
) -> Output {
    let mut command = Command::new(format!("/usr/bin/{program}"));
    command.args(["-aet", titles[0], "-aec", titles[1]]).args(options);
    command.args(["127.0.0.1", &address.port().to_string()]).args(files);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn();
    let child = child.unwrap_or_else(|error| panic!("{program}: {error}; run tests/all"));
    finish(child, patience)
}

/// Both outputs of a program as text.
pub(crate) fn words(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// Writes CT images: one in each transfer syntax that DCMTK makes without loss of generality.
pub(crate) fn objects(directory: &Path) -> Vec<(&'static str, PathBuf)> {
    std::fs::write(directory.join("pixels.raw"), pixels()).unwrap();
    let rows: [(&str, &str, &[&str], &str); 6] = [
        ("explicit", "dump2dcm", &["+te"], ""),
        ("implicit", "dump2dcm", &["+ti"], ""),
        ("big-endian", "dump2dcm", &["+tb"], ""),
        ("rle", "dcmcrle", &[], "explicit"),
        ("jpeg-lossless", "dcmcjpeg", &["+e1"], "explicit"),
        ("undefined-lengths", "dcmconv", &["+te", "-e"], "explicit"),
    ];
    let make = |(number, (name, program, options, from)): (usize, (_, &str, &[&str], &str))| {
        let path = directory.join(format!("{name}.dcm"));
        let mut source = directory.join(format!("{from}.dcm"));
        if from.is_empty() {
            source = directory.join(format!("{name}.dump"));
            std::fs::write(&source, dump(directory, number)).unwrap();
        }
        let mut command = Command::new(format!("/usr/bin/{program}"));
        let output = command.args(options).arg(source).arg(&path).output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}; run tests/all"));
        assert!(output.status.success(), "{}", words(&output));
        (name, path)
    };
    rows.into_iter().enumerate().map(make).collect()
}

/// The options of `storescu` that let one of these objects go as it is.
pub(crate) fn proposing(name: &str) -> Vec<PathBuf> {
    let syntax = match name {
        "implicit" => "-xi",
        "big-endian" => "-xb",
        "rle" => "-xr",
        "jpeg-lossless" => "-xs",
        _ => "-xe",
    };
    vec![syntax.into(), "-R".into()]
}

/// The gate's usual settings with the certificates that DCMTK can use.
///
/// Its offer for TLS 1.2 has no ECDHE_ECDSA.
pub(crate) fn settings(mut settings: Settings) -> Settings {
    settings.serve_both(super::site::gate_rsa(), &site().gate);
    settings
}

fn serve(stream: TcpStream, names: &str, into: &Path, ended: Arc<AtomicUsize>) {
    let mut command = Command::new("/usr/bin/storescp");
    command.args(["--inetd", "+B", "+xa", names, "-aet", "ARCHIVE", "-od"]).arg(into);
    command.stdin(OwnedFd::from(stream)).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("storescp: {error}"));
    thread::spawn(move || {
        let _ = child.wait();
        ended.fetch_add(1, Ordering::SeqCst);
    });
}

fn finish(mut child: Child, patience: Duration) -> Output {
    let deadline = Instant::now() + patience;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            panic!("it does not end:\n{}", words(&output));
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

fn dump(directory: &Path, number: usize) -> String {
    let pixels = directory.join("pixels.raw");
    format!(
        "(0008,0016) UI =CTImageStorage\n\
         (0008,0018) UI [2.25.77.{number}]\n\
         (0008,0060) CS [CT]\n\
         (0008,1140) SQ\n\
         (fffe,e000) -\n\
         (0008,1150) UI =CTImageStorage\n\
         (0008,1155) UI [2.25.78.{number}]\n\
         (fffe,e00d) -\n\
         (fffe,e0dd) -\n\
         (0009,0010) LO [PACSGATE TEST]\n\
         (0009,1001) OB 01\\02\\03\\04\n\
         (0010,0010) PN [Doe^Jane]\n\
         (0010,0020) LO [4711]\n\
         (0020,000d) UI [2.25.79]\n\
         (0020,000e) UI [2.25.80]\n\
         (0020,0013) IS [{number}]\n\
         (0028,0002) US 1\n\
         (0028,0004) CS [MONOCHROME2]\n\
         (0028,0010) US 512\n\
         (0028,0011) US 512\n\
         (0028,0100) US 16\n\
         (0028,0101) US 16\n\
         (0028,0102) US 15\n\
         (0028,0103) US 0\n\
         (7fe0,0010) OW ={}\n",
        pixels.display()
    )
}

fn pixels() -> Vec<u8> {
    (0u32..512 * 512).flat_map(|i| u16::try_from(i * 7 % 4093).unwrap().to_le_bytes()).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// What stands behind the file meta information (PS3.10 section 7.1).
pub(crate) fn data_set(path: &Path) -> Vec<u8> {
    let file = std::fs::read(path).unwrap();
    assert_eq!(&file[128..140], b"DICM\x02\0\0\0UL\x04\0");
    let length = u32::from_le_bytes(file[140..144].try_into().unwrap());
    file[144 + usize::try_from(length).unwrap()..].to_vec()
}
