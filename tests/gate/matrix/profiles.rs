//! DCMTK's requestors in each of its TLS profiles.

use super::archives::{Archive, Kind};
use super::front::{Front, PUBLIC_TITLE, Version};
use super::installed::{run, sample_directory};
use crate::support::dcmtk::words;
use std::process::{Command, Output};

/// One TLS profile of DCMTK 3.6.7 and what becomes of it.
pub(super) struct Profile {
    pub(super) option: &'static str,
    pub(super) name: &'static str,
    /// The highest version that OpenSSL is let use; `None` leaves it to the profile.
    pub(super) capped: Option<Version>,
    pub(super) expected: Expected,
}

/// What becomes of a connection.
pub(super) enum Expected {
    Connects(Version),
    /// Refused, with this reason in the audit.
    Refused(&'static str),
}

/// The programs of Debian's DCMTK that speak TLS as requestors of an archive.
pub(super) const PROGRAMS: [&str; 3] = ["echoscu", "storescu", "findscu"];

/// All profiles of the programs' help texts.
pub(super) const PROFILES: [Profile; 7] = [
    Profile {
        option: "+py",
        name: "Non-downgrading BCP 195",
        capped: None,
        expected: Expected::Connects(Version::Tls13),
    },
    Profile {
        option: "+py",
        name: "Non-downgrading BCP 195",
        capped: Some(Version::Tls12),
        expected: Expected::Connects(Version::Tls12),
    },
    Profile {
        option: "+px",
        name: "BCP 195",
        capped: None,
        expected: Expected::Connects(Version::Tls13),
    },
    Profile {
        option: "+px",
        name: "BCP 195",
        capped: Some(Version::Tls12),
        expected: Expected::Connects(Version::Tls12),
    },
    Profile {
        option: "+pz",
        name: "Extended BCP 195",
        capped: None,
        expected: Expected::Connects(Version::Tls12),
    },
    Profile {
        option: "+pa",
        name: "AES (retired)",
        capped: None,
        expected: Expected::Refused("no-common-cipher"),
    },
    Profile {
        option: "+pn",
        name: "NULL encryption (retired)",
        capped: None,
        expected: Expected::Refused("no-common-cipher"),
    },
];

#[test]
#[ignore = "needs DCMTK and pydicom: run tests/all"]
fn each_tls_profile_connects_or_is_refused_in_words() {
    let archive = Archive::loaded(Kind::Dcmqrscp);
    for profile in &PROFILES {
        let front = Front::before(archive);
        for program in PROGRAMS {
            let output = call(program, profile, &front);
            let said = words(&output);
            let what = format!("{program} {}: {said}", profile.option);
            match profile.expected {
                Expected::Connects(version) => {
                    assert!(output.status.success(), "{what}");
                    assert!(said.contains("Success"), "{what}");
                    assert!(said.contains(version.name()), "{what}");
                }
                Expected::Refused(_) => assert!(!output.status.success(), "{what}"),
            }
        }
        assert_audit(profile, front);
    }
}

fn assert_audit(profile: &Profile, front: Front) {
    let Expected::Refused(reason) = profile.expected else {
        assert_eq!(front.gate.stop().counted("closed", "released"), 3, "{}", profile.option);
        return;
    };
    let line = front.gate.wait_for_audit(|line| line["reason"] == reason);
    let advice = line["advice"].as_str().unwrap();
    assert!(advice.contains("BCP 195"), "{advice}");
    let event = line["event"].as_str().unwrap();
    assert_eq!(front.gate.stop().counted(event, reason), 3, "{}", profile.option);
}

fn call(program: &str, profile: &Profile, front: &Front) -> Output {
    let mut command = Command::new(format!("/usr/bin/{program}"));
    command.args(["-d", "-aet", "CT1", "-aec", PUBLIC_TITLE]);
    command.args(front.credentials.options()).arg(profile.option);
    if program == "findscu" {
        command.args(["-S", "-k", "0008,0052=STUDY", "-k", "0020,000d"]);
    }
    command.args(["127.0.0.1", &front.gate.address.port().to_string()]);
    if program == "storescu" {
        command.arg(sample_directory().join("test_files/CT_small.dcm"));
    }
    if let Some(version) = profile.capped {
        command.env("OPENSSL_CONF", cap(front, version));
    }
    run(&mut command)
}

/// DCMTK has no option for the highest version: the library that it uses has a file for that.
fn cap(front: &Front, version: Version) -> std::path::PathBuf {
    let text = format!(
        "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = cap\n\
         [cap]\nMaxProtocol = {}\n",
        version.name()
    );
    let path = front.certificates().join("openssl.cnf");
    std::fs::write(&path, text).unwrap();
    path
}
