//! Where the peers are that `tests/peers/install` puts into the build directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

/// Python with pynetdicom.
pub(crate) fn python() -> PathBuf {
    peers().join("venv/bin/python")
}

/// Where Node finds dcmjs-dimse.
pub(crate) fn node_modules() -> PathBuf {
    peers().join("node/node_modules")
}

/// A script of `tests/peers`.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// The folder of pydicom's data.
pub(crate) fn sample_directory() -> PathBuf {
    package_directory("pydicom.data")
}

/// The folder of what pydicom-data adds to them.
pub(crate) fn more_samples_directory() -> PathBuf {
    package_directory("data_store").join("data")
}

fn package_directory(package: &str) -> PathBuf {
    let mut command = Command::new(python());
    command.args(["-c", &format!("import {package} as it; print(it.__path__[0])")]);
    let output = run(&mut command);
    assert!(output.status.success(), "{output:?}");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// Runs a program to its end, for a minute and a half at most.
pub(crate) fn run(command: &mut Command) -> Output {
    run_for(Duration::from_secs(90), command)
}

/// Runs a program to its end, for so many seconds at most.
pub(crate) fn run_for(longest: Duration, command: &mut Command) -> Output {
    let mut bounded = Command::new("/usr/bin/timeout");
    let longest = longest.as_secs().to_string();
    bounded.args(["--kill-after=1", &longest]).arg(command.get_program()).args(command.get_args());
    let changes = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    bounded.envs(changes).stdin(std::process::Stdio::null());
    let output = bounded.output().unwrap();
    let is_there = !matches!(output.status.code(), Some(126 | 127));
    assert!(is_there, "{:?} is missing: run tests/all", command.get_program());
    output
}

fn peers() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    target.join("peers")
}
