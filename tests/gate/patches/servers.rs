//! The unpatched servers, one process each.

use super::elements::element;
use crate::matrix::archives::{free_address, write_orthanc_settings};
use crate::matrix::installed::python;
use crate::support::PATIENCE;
use crate::support::associate::{Associate, CT, IMPLICIT};
use crate::support::dimse::{INSTANCE, Request, echo_rq, store_rq};
use crate::support::line::Line;
use crate::support::pdu::{ASSOCIATE_AC, COMMAND, LAST, p_data, release_rq};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The title under which every server knows itself.
pub(crate) use crate::matrix::archives::TITLE;

/// A work list that is not [`TITLE`]'s, beside the directory of all work lists.
pub(super) const FOREIGN_LIST: &str = "../OUTSIDE";
/// The patient in that work list.
pub(super) const FOREIGN_PATIENT: &str = "SECRET^PATIENT";
/// A patient whose name is long and all alike: the hostile peer could have stored it.
const REPETITIVE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// A file that no server may write: two directories above its storage.
pub(super) const ESCAPED: &str = "../../escaped";

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// DCMTK's `storescp`.
    Storescp,
    /// The same, which also takes deflated data sets.
    StorescpDeflated,
    /// The same, which runs a command with both titles after each object.
    StorescpRunning,
    /// The same, which makes a directory of each study, named after nothing but its UID.
    StorescpSorting,
    /// DCMTK's `wlmscpfs`, one process for all associations.
    Wlmscpfs,
    /// The same, which keeps each query in a file named after its patient.
    WlmscpfsKeeping,
    /// DCMTK's `dcmqrscp`, which peers may shut down; it has a study of [`REPETITIVE`].
    Dcmqrscp,
    /// Orthanc.
    Orthanc,
    /// The same with its own web pages, of which one shows what is stored.
    OrthancShowing,
    /// pynetdicom's `qrscp`.
    Qrscp,
}

/// What a process takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// What it has resident, in KiB.
    pub(super) memory: u64,
    /// The most that it had resident, in KiB.
    pub(super) peak: u64,
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Where it shows what is stored, if it does.
    pages: Option<SocketAddr>,
    storage: PathBuf,
    child: Child,
    /// What it had computed when it served first.
    before: Duration,
    directory: TempDir,
}

impl Server {
    /// Starts one and waits until it serves.
    pub(crate) fn start(kind: Kind) -> Self {
        let directory = TempDir::new().unwrap();
        let storage = directory.path().join("site/archive/storage");
        fs::create_dir_all(&storage).unwrap();
        let address = free_address();
        let pages = (kind == Kind::OrthancShowing).then(free_address);
        let command = command(kind, address.port(), pages, &storage);
        let log = File::create(directory.path().join("log")).unwrap();
        // A server must not outlive a test that is killed.
        let mut process = Command::new("/usr/bin/setpriv");
        process.args(["--pdeathsig", "KILL"]).args(&command).current_dir(&storage);
        process.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = process.spawn().unwrap();
        let before = Duration::ZERO;
        let mut server = Self { address, pages, storage, child, before, directory };
        let deadline = Instant::now() + PATIENCE;
        while !server.serves(Duration::from_secs(1)) {
            let may_wait = server.is_alive() && Instant::now() < deadline;
            assert!(may_wait, "{kind:?} does not serve; run tests/all:\n{}", server.log());
            thread::sleep(Duration::from_millis(20));
        }
        if kind == Kind::Dcmqrscp {
            server.store_repetitive();
        }
        server.before = server.computed();
        server
    }

    /// A good C-ECHO over plain TCP is answered within this time.
    pub(super) fn serves(&self, patience: Duration) -> bool {
        self.try_echo(patience).is_some()
    }

    /// The process has not ended.
    pub(super) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for the process to be ended by a signal.
    pub(super) fn dies(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.signal().is_some();
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// What the process takes.
    pub(super) fn usage(&self) -> Usage {
        Usage { memory: self.status("VmRSS:"), peak: self.status("VmHWM:") }
    }

    /// Waits for it to have taken so much: on a busy machine it reads what it was sent when it comes to it.
    pub(super) fn swells(&self, much: u64) -> bool {
        self.comes_to(|server| server.usage().peak >= much)
    }

    /// Waits for it to have computed for this long, its children included.
    pub(super) fn computes(&self, long: Duration) -> bool {
        self.comes_to(|server| server.computed() >= long)
    }

    fn comes_to(&self, is_there: impl Fn(&Self) -> bool) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while !is_there(self) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(50));
        }
        is_there(self)
    }

    /// How long it has computed since it served first, its children included.
    pub(super) fn computed(&self) -> Duration {
        let own = ticks(self.child.id(), 13..17);
        let children = self.children().into_iter().map(|id| ticks(id, 13..15));
        // Linux shows a hundred ticks a second on every machine.
        Duration::from_millis((own + children.sum::<u64>()) * 10).saturating_sub(self.before)
    }

    /// The processes that it has forked and not ended.
    fn children(&self) -> Vec<u32> {
        let id = self.child.id();
        let listed = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        listed.unwrap_or_default().split_whitespace().map(|id| id.parse().unwrap()).collect()
    }

    fn store_repetitive(&self) {
        let set = [
            element((0x0008, 0x0016), CT.as_bytes()),
            element((0x0008, 0x0018), INSTANCE.as_bytes()),
            element((0x0010, 0x0010), REPETITIVE.as_bytes()),
            element((0x0010, 0x0020), b"4711"),
            element((0x0020, 0x000d), b"2.25.79"),
            element((0x0020, 0x000e), b"2.25.80"),
        ];
        let mut stream = TcpStream::connect(self.address).unwrap();
        let request = Associate::request("MR1", TITLE).context(1, CT, &[IMPLICIT]);
        stream.put(&request.encode()).unwrap();
        assert_eq!(stream.next().unwrap().kind, ASSOCIATE_AC);
        let store = [p_data(1, COMMAND | LAST, &store_rq(1)), p_data(1, LAST, &set.concat())];
        stream.put(&store.concat()).unwrap();
        let answer = Request::parse(&stream.next().unwrap().pdvs()[0].data);
        assert_eq!(answer.status, Some(0), "{}", self.log());
        stream.put(&release_rq()).unwrap();
        stream.next().unwrap();
    }

    /// Whether it wrote a file outside its storage.
    pub(super) fn escaped(&self) -> bool {
        let beside = fs::read_dir(self.storage.join("..")).unwrap().map(Result::unwrap);
        let mut names = beside.map(|entry| entry.file_name().into_string().unwrap());
        self.storage.join(ESCAPED).exists() || names.any(|name| name.starts_with("CT."))
    }

    /// Somebody looks at the elements and at a preview of each object that is stored, where the
    /// server has pages for that.
    pub(super) fn show(&self) {
        let Some(pages) = self.pages else { return };
        let list = get(pages, "/instances").unwrap_or_default();
        let list = list.split_once("\r\n\r\n").map_or("[]", |(_, list)| list);
        for id in serde_json::from_str::<Vec<String>>(list).unwrap() {
            for of in ["tags", "preview"] {
                let _ = get(pages, &format!("/instances/{id}/{of}"));
            }
        }
    }

    /// What it printed.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.directory.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    fn try_echo(&self, patience: Duration) -> Option<()> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(patience)).unwrap();
        stream.put(&Associate::echo("MR1", TITLE).encode()).ok()?;
        (stream.next()?.kind == ASSOCIATE_AC).then_some(())?;
        stream.put(&p_data(1, COMMAND | LAST, &echo_rq(1))).ok()?;
        let answer = Request::parse(&stream.next()?.pdvs().first()?.data);
        stream.put(&release_rq()).ok()?;
        stream.next()?;
        (answer.status == Some(0)).then_some(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What it has forked would go on for ever.
        let children: String = self.children().into_iter().map(|id| format!(" {id}")).collect();
        let _ = self.child.kill();
        if !children.is_empty() {
            let _ = Command::new("sh").args(["-c", &format!("kill -KILL{children}")]).output();
        }
        let _ = self.child.wait();
    }
}

/// The sum of these numbers of a process's state: user and system time, then those of its ended
/// children (proc_pid_stat(5), counted from 0).
fn ticks(process: u32, fields: Range<usize>) -> u64 {
    let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name may have spaces; two numbers and it stand before the rest.
    let (_, rest) = state.rsplit_once(") ").unwrap_or_default();
    let rest = rest.split_whitespace().skip(fields.start - 2).take(fields.len());
    rest.map(|number| number.parse::<u64>().unwrap()).sum()
}

/// What a page says, its headers included.
fn get(pages: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(pages).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
    let mut heard = String::new();
    stream.read_to_string(&mut heard).ok()?;
    Some(heard)
}

fn command(kind: Kind, number: u16, pages: Option<SocketAddr>, storage: &Path) -> Vec<OsString> {
    let port = number.to_string();
    match kind {
        Kind::Storescp => storescp(&[], &port),
        Kind::StorescpDeflated => storescp(&["+xd"], &port),
        Kind::StorescpRunning => storescp(&["-xcr", "true #a #c", "-xs"], &port),
        Kind::StorescpSorting => storescp(&["-su", ""], &port),
        Kind::Wlmscpfs => wlmscpfs(storage, &[], &port),
        Kind::WlmscpfsKeeping => wlmscpfs(storage, &["-rfp", ".", "-rff", "#p"], &port),
        Kind::Dcmqrscp => {
            let file = dcmqrscp(storage, &port);
            let options = ["-v", "--allow-shutdown", "-c"];
            [words(&["/usr/bin/dcmqrscp"]), words(&options), vec![file]].concat()
        }
        Kind::Orthanc | Kind::OrthancShowing => {
            let settings = write_orthanc_settings(storage, number, &serde_json::Map::new());
            if let Some(pages) = pages {
                let text = fs::read_to_string(&settings).unwrap();
                let mut shown: serde_json::Value = serde_json::from_str(&text).unwrap();
                shown["HttpServerEnabled"] = true.into();
                shown["HttpPort"] = pages.port().into();
                shown["AuthenticationEnabled"] = false.into();
                fs::write(&settings, shown.to_string()).unwrap();
            }
            vec!["/usr/sbin/Orthanc".into(), settings]
        }
        Kind::Qrscp => {
            let mut command = vec![python().into_os_string()];
            let options = ["-m", "pynetdicom", "qrscp", "-v", "-aet", TITLE, "--port", &port];
            command.extend(words(&options));
            command.extend(["--database-location".into(), storage.join("index.sqlite").into()]);
            command.extend(["--instance-location".into(), storage.into()]);
            command
        }
    }
}

fn storescp(options: &[&str], port: &str) -> Vec<OsString> {
    let usual: &[&str] = &["/usr/bin/storescp", "-v", "-aet", TITLE, "-od", "."];
    words(&[usual, options, &[port]].concat())
}

fn wlmscpfs(storage: &Path, options: &[&str], port: &str) -> Vec<OsString> {
    work_list(&storage.join(TITLE), &["OPEN^PATIENT", REPETITIVE]);
    work_list(&storage.join(FOREIGN_LIST), &[FOREIGN_PATIENT]);
    let usual: &[&str] = &["/usr/bin/wlmscpfs", "-v", "-s", "-dfr", "-dfp", "."];
    words(&[usual, options, &[port]].concat())
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(Into::into).collect()
}

fn dcmqrscp(storage: &Path, port: &str) -> OsString {
    let text = format!(
        "NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n\
         HostTable BEGIN\nHostTable END\nVendorTable BEGIN\nVendorTable END\n\
         AETable BEGIN\n{TITLE} {} RW (200, 1024mb) ANY\nAETable END\n",
        storage.display(),
    );
    let file = storage.with_file_name("dcmqrscp.cfg");
    fs::write(&file, text).unwrap();
    file.into()
}

/// A directory with an entry for each patient, as `wlmscpfs` wants it.
fn work_list(directory: &Path, patients: &[&str]) {
    fs::create_dir_all(directory).unwrap();
    fs::write(directory.join("lockfile"), "").unwrap();
    for (number, patient) in patients.iter().enumerate() {
        let dump = directory.join(format!("{number}.dump"));
        fs::write(&dump, entry(patient)).unwrap();
        let mut dump2dcm = Command::new("/usr/bin/dump2dcm");
        let made = directory.join(format!("{number}.wl"));
        let output = dump2dcm.arg(&dump).arg(made).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

fn entry(patient: &str) -> String {
    format!(
        "(0010,0010) PN [{patient}]\n(0010,0020) LO [1]\n(0020,000d) UI [2.25.1]\n\
         (0032,1060) LO [x]\n(0040,0100) SQ\n(fffe,e000) -\n(0008,0060) CS [CT]\n\
         (0040,0001) AE [ST]\n(0040,0002) DA [20200101]\n(0040,0003) TM [120000]\n\
         (0040,0006) PN [A]\n(0040,0007) LO [d]\n(0040,0009) SH [1]\n(fffe,e00d) -\n\
         (fffe,e0dd) -\n(0040,1001) SH [1]\n"
    )
}
