//! The CA's folder, and who else may write there.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::office::{Office, told};

const WARNING: &str =
    "warning: whoever can write where the CA is, can make a certificate for any device: ";

#[test]
fn what_others_may_write_is_told_before_anything_is_signed() {
    let office = Office::new("ecdsa");
    let issue = |name: &str| told(&office.ca(&format!("issue {name} --title CT --no-gate")), 0);
    assert!(!issue("ct1").contains(WARNING));
    for (number, file) in ["", "ca.key", "log.jsonl", "ca.pem", "devices"].iter().enumerate() {
        let path = office.folder().join(file);
        let before = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
        let said = issue(&format!("other{number}"));
        let shown = path.display().to_string();
        assert!(said.contains(WARNING), "{file}: {said}");
        assert!(said.contains(shown.trim_end_matches('/')), "{file}: {said}");
        assert!(said.contains("mode 0777) is writable by others than its owner"), "{file}: {said}");
        // Whatever the folder is, a device that was stolen is revoked.
        told(&office.ca(&format!("revoke other{number} --no-gate")), 0);
        fs::set_permissions(&path, before).unwrap();
    }
    assert!(!issue("ct2").contains(WARNING));
    let open = office.0.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
    let mut init = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    init.args(["ca", "init", "--no-passphrase", "--key", "ecdsa", "--ca"]).arg(open.join("ca"));
    assert!(told(&init.output().unwrap(), 0).contains(WARNING));
}

#[test]
fn each_file_is_told_for_what_it_is_whatever_the_device_is_called() {
    let office = Office::new("ecdsa");
    let kinds = |said: &str| {
        let lines = said.lines().filter_map(|line| line.split_once(office.folder().to_str()?));
        let kinds = lines.filter(|(_, path)| path.contains("/devices/"));
        let kinds = kinds.map(|(kind, path)| {
            let name = path.rsplit('/').next().unwrap_or_default();
            format!("{} {name}", kind.trim())
        });
        kinds.filter(|line| line.contains(".p12")).collect::<Vec<_>>()
    };
    let said = told(&office.ca("issue x-old --title CT1 --no-gate"), 0);
    assert_eq!(kinds(&said), ["both, PKCS#12 x-old.p12", "both, old x-old-old.p12"], "{said}");
    let said = told(&office.ca("renew x-old --no-gate"), 0);
    assert_eq!(kinds(&said), ["both, PKCS#12 x-old-2.p12", "both, old x-old-2-old.p12"], "{said}");
}

#[test]
fn a_request_out_of_a_pipe_keeps_nobody_waiting() {
    let office = Office::new("ecdsa");
    let pipe = office.0.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let line = format!("sign {} --name ct1 --title CT1 --no-gate", pipe.display());
    let said = told(&office.ca(&line), 1);
    assert!(said.contains("pipe: is not a regular file"), "{said}");
}

#[test]
fn a_pipe_in_the_place_of_a_file_of_the_ca_or_of_the_gate_keeps_nobody_waiting() {
    let office = Office::new("ecdsa");
    let settings = office.settings("127.0.0.1:9".parse().unwrap());
    let configuration = settings.file("pacsgate.toml", &settings.text());
    let in_conf_d = settings.directory.path().join("conf.d/a.toml");
    for path in ["ca.key", "ca.pem", "log.jsonl"].map(|name| office.folder().join(name)) {
        let aside = path.with_extension("aside");
        fs::rename(&path, &aside).unwrap();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let said = told(&office.ca("crl --no-gate"), 1);
        assert!(said.contains("is not a regular file"), "{}: {said}", path.display());
        fs::rename(&aside, &path).unwrap();
    }
    assert!(Command::new("mkfifo").arg(&in_conf_d).status().unwrap().success());
    let said = told(&office.at(&configuration, "crl"), 1);
    assert!(said.contains("conf.d/a.toml: is not a regular file"), "{said}");
    fs::remove_file(&in_conf_d).unwrap();
    told(&office.at(&configuration, "crl"), 0);
}
