//! A file of keys that changes, whatever becomes of it.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

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
    let site = Site::new(Pace { max_stale: Duration::from_millis(300), ..FAST });
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
