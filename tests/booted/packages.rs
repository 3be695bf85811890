//! Packages of the binary under test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The version of the package that is installed first.
pub(crate) const FIRST: &str = "0.1.0";
/// A later one, which has the same binary.
pub(crate) const LATER: &str = "0.1.0+1";

/// Where the image and the packages are.
pub(crate) fn folder() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_pacsgate"));
    binary.ancestors().nth(2).unwrap().join("booted")
}

/// Both packages, made once.
pub(crate) fn all() -> &'static [(&'static str, PathBuf); 2] {
    static ALL: OnceLock<[(&str, PathBuf); 2]> = OnceLock::new();
    ALL.get_or_init(|| [FIRST, LATER].map(|version| (version, made(version))))
}

fn made(version: &str) -> PathBuf {
    let folder = folder().join(version);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let mut strip = Command::new("objcopy");
    strip.args(["--strip-all", env!("CARGO_BIN_EXE_pacsgate")]).arg(folder.join("pacsgate"));
    run(&mut strip);
    // A release has them; here nobody reads them.
    fs::write(folder.join("licences.txt"), "").unwrap();
    fs::write(folder.join("pacsgate.cdx.json"), "{}").unwrap();
    let mut make = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/make"));
    run(make.arg("deb").arg(&folder).arg(version));
    let mut files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|it| it == "deb")).unwrap()
}

fn run(command: &mut Command) {
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}; run tests/all"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
