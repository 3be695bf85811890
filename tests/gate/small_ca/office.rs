//! Where a CA is kept: its folder, its passphrase, and what stands in for systemd.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::dcmtk::words;
use crate::support::settings::Settings;

pub(super) const PASSPHRASE: &str = "Kanarienvogel-4711";

pub(super) struct Office(pub(super) TempDir);

impl Office {
    /// With a CA that has a key of this kind.
    pub(super) fn new(key: &str) -> Self {
        Self::with(&format!("init --key {key}"))
    }

    pub(super) fn with(init: &str) -> Self {
        let office = Self(TempDir::new().unwrap());
        office.write("passphrase", &format!("{PASSPHRASE}\n"));
        fs::create_dir(office.0.path().join("bin")).unwrap();
        // As on a machine without it.
        office.systemd_says("exit 1");
        told(&office.ca(init), 0);
        office
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.0.path().join("ca")
    }

    /// A file of a device, without its ending.
    pub(super) fn device(&self, name: &str, stem: &str) -> PathBuf {
        self.folder().join("devices").join(name).join(stem)
    }

    pub(super) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// `pacsgate ca` with these words.
    pub(super) fn ca(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// The same for the gate of these settings, which are written first.
    pub(super) fn gated(&self, settings: &Settings, line: &str) -> Output {
        let configuration = settings.file("pacsgate.toml", &settings.text());
        self.at(&configuration, line)
    }

    /// The same for the gate with this configuration.
    pub(super) fn at(&self, configuration: &Path, line: &str) -> Output {
        self.ca(&format!("{line} --gate {}", configuration.display()))
    }

    pub(super) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
        command.arg("ca").args(line.split(' ')).arg("--ca").arg(self.folder());
        if !line.starts_with("list") && !line.contains("--no-passphrase") {
            command.arg("--passphrase-file").arg(self.0.path().join("passphrase"));
        }
        let bin = self.0.path().join("bin").display().to_string();
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{bin}:{path}"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// A gate that trusts this CA, takes its revocation list, and knows no device of it yet.
    pub(super) fn settings(&self, pacs: SocketAddr) -> Settings {
        let mut settings = Settings::new(pacs);
        let copy = |name: &str| {
            let content = fs::read_to_string(self.folder().join(name)).unwrap();
            settings.file(name, &content)
        };
        let (ca, list) = (copy("ca.pem"), copy("ca.crl"));
        settings.tls.insert("client_ca", format!("{ca:?}"));
        settings.tls.insert("client_crl", format!("[{list:?}]"));
        settings.ct1.clear();
        fs::create_dir(settings.directory.path().join("conf.d")).unwrap();
        settings
    }

    /// What is found as `systemctl`; what it is asked is kept.
    pub(super) fn systemd_says(&self, script: &str) {
        let asked = self.0.path().join("asked");
        let text = format!("#!/bin/sh\necho \"$@\" >> {}\n{script}\n", asked.display());
        let path = self.write("bin/systemctl", &text);
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }

    /// A systemd in which this process is the unit's.
    pub(super) fn systemd_reloads(&self, process: u32) {
        self.systemd_says(&format!(
            "case $1 in is-active) echo active;; reload) kill -HUP {process};; esac"
        ));
        fs::write(self.0.path().join("asked"), "").unwrap();
    }

    pub(super) fn asked_of_systemd(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.0.path().join("asked")).unwrap();
        asked.lines().map(str::to_owned).collect()
    }
}

/// What a command has said, once it has ended with this code.
pub(super) fn told(output: &Output, code: i32) -> String {
    let words = words(output);
    assert_eq!(output.status.code(), Some(code), "{words}");
    assert!(!words.contains(PASSPHRASE), "{words}");
    words
}
