//! A file of keys that changes, whatever becomes of it.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::maker::{EC, RSA, RSA_2};
use super::*;

struct Site {
    folder: tempfile::TempDir,
    issuers: Issuers,
}

impl Site {
    /// With the keys of one, which are watched.
    fn new(pace: Pace) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        write(&path, &maker::set(&[&RSA]));
        let keys = read(&fs::read(&path).unwrap()).unwrap();
        let issuers = beside(Source::File(path), Some(keys), pace);
        issuers.watch();
        Self { folder, issuers }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn serves(&self, maker: &Maker) -> bool {
        verify(&self.issuers, &maker.token(&claims())).is_ok()
    }

    fn is_stale(&self) -> bool {
        verify(&self.issuers, &RSA.token(&claims())) == Err(Denial::TokenKeysStale)
    }
}

/// As an administrator does it: the file is exchanged as a whole.
fn write(path: &Path, content: &[u8]) {
    let new = path.with_extension("new");
    fs::write(&new, content).unwrap();
    fs::set_permissions(&new, Permissions::from_mode(0o644)).unwrap();
    fs::rename(new, path).unwrap();
}

#[tokio::test]
async fn good_bad_and_good_again() {
    let site = Site::new(FAST);
    assert!(site.serves(&RSA));
    write(&site.path(), &maker::set(&[&RSA_2]));
    until(|| site.serves(&RSA_2)).await;
    assert!(!site.serves(&RSA));
    write(&site.path(), b"{\"keys\": [");
    // It is met as a bad one by then, as what comes after it is met.
    let other = site.folder.path().join("other");
    for bad in [&b"<html>"[..], b"", b"{\"keys\":[]}", EC.pem().replace("END", "").as_bytes()] {
        write(&site.path(), bad);
        tokio::time::sleep(5 * FAST.every).await;
        assert!(site.serves(&RSA_2) && other_serves(&site.issuers));
    }
    write(&other, RSA.pem().as_bytes());
    fs::rename(other, site.path()).unwrap();
    until(|| site.serves(&RSA)).await;
    assert!(!site.serves(&RSA_2));
}

#[tokio::test]
async fn a_file_that_is_as_it_was_is_never_too_old() {
    let site = Site::new(Pace { max_stale: Duration::from_millis(200), ..FAST });
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        // A machine that is busy may be late: then it comes back.
        until(|| site.serves(&RSA)).await;
    }
}

/// The old keys serve until they are too old; other issuers notice nothing.
async fn fails_closed(spoil: impl FnOnce(&Path)) {
    let site = Site::new(Pace { max_stale: Duration::from_secs(1), ..FAST });
    assert!(site.serves(&RSA));
    spoil(&site.path());
    until(|| site.is_stale()).await;
    assert!(other_serves(&site.issuers));
    let _ = fs::remove_dir_all(site.path());
    write(&site.path(), &maker::set(&[&RSA_2]));
    until(|| site.serves(&RSA_2)).await;
}

#[tokio::test]
async fn a_file_that_is_gone_fails_closed() {
    fails_closed(|path| fs::remove_file(path).unwrap()).await;
}

#[tokio::test]
async fn a_pipe_keeps_nobody_waiting() {
    fails_closed(|path| {
        fs::remove_file(path).unwrap();
        mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_folder_is_no_file() {
    fails_closed(|path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_gigabyte_is_not_read() {
    fails_closed(|path| {
        let file = File::options().write(true).open(path).unwrap();
        file.set_len(1 << 30).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_file_that_others_may_write_gives_no_keys() {
    fails_closed(|path| {
        write(path, &maker::set(&[&RSA_2]));
        fs::set_permissions(path, Permissions::from_mode(0o666)).unwrap();
    })
    .await;
}

/// What is logged on this thread of the issuer `login`.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap()
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.lock().clone()).unwrap();
        let of_login = text.lines().filter(|line| line.contains("issuer=login"));
        of_login.map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn each_change_is_logged_once_and_nothing_of_the_file() {
    const CANARY: &str = "c4n4ry";
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let site = Site::new(Pace { max_stale: Duration::from_secs(2), ..FAST });
    until(|| log.lines().len() == 1).await;
    write(&site.path(), format!("{{\"keys\":\"{CANARY}\"}}").as_bytes());
    until(|| log.lines().len() == 2).await;
    write(&site.path(), format!("<html>{CANARY}</html>").as_bytes());
    until(|| log.lines().len() == 3).await;
    until(|| site.is_stale()).await;
    until(|| log.lines().len() == 4).await;
    // Refused tokens are no news, and neither are more of the same reads.
    tokio::time::sleep(10 * FAST.every).await;
    assert!(site.is_stale());
    write(&site.path(), &maker::set(&[&RSA, &EC]));
    until(|| site.serves(&EC)).await;
    until(|| log.lines().len() >= 5).await;
    tokio::time::sleep(5 * FAST.every).await;
    let lines = log.lines();
    let path = site.path().display().to_string();
    let expected = [
        (
            "INFO",
            format!("the keys of an issuer are read from {path} issuer=login keys=1 passed_over=0"),
        ),
        ("ERROR", format!("the old ones are used until max_stale: {path}: has no list `keys`")),
        ("ERROR", format!("the old ones are used until max_stale: {path}: is not JSON")),
        ("ERROR", "its tokens are refused as token-keys-stale".to_owned()),
        ("INFO", format!("are read from {path} issuer=login keys=2 passed_over=0")),
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:?}");
    for (line, (level, part)) in lines.iter().zip(expected) {
        assert!(line.contains(level) && line.contains(&part), "{line}");
        assert!(!line.contains(CANARY), "{line}");
    }
}
