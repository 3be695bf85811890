//! A directory with a configuration, certificates and keys.

use std::ffi::OsString;
use std::fs;
use std::ops::Range;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use nix::unistd::{Group, User, getegid, geteuid};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, SignatureAlgorithm};

use crate::config::problems::{Problems, Purpose};
use crate::config::{Errors, Settings, load_with, read};
use crate::host::Service;
use crate::pki::{self, Authority, Identity};

/// The least that loads.
pub(super) const MAIN: &str = r#"schema = 1

[listener.front]
bind = ["127.0.0.1:0"]
[listener.front.tls]
certificate = "tls/gateway.pem"
private_key = "tls/gateway.key"
client_ca = "tls/ca.pem"

[pacs.archive]
address = "10.10.0.5:104"
called_ae = ["PACS"]

[peer.ct1]
certificate = [{ san_dns = "ct1.example" }]
calling_ae = ["CT1"]
pacs = ["archive"]
services = ["echo", "store"]
"#;

/// The least without a warning.
pub(super) fn guarded() -> String {
    let ca = "client_ca = \"tls/ca.pem\"\n";
    MAIN.replace(ca, &format!("{ca}client_crl = [\"tls/ca.crl\"]\n"))
}

/// A second peer and more: five lines, the PACS in the fourth.
pub(super) fn peer(name: &str, title: &str) -> String {
    format!(
        "[peer.{name}]\ncertificate = [{{ san_dns = \"{name}.example\" }}]\n\
         calling_ae = [\"{title}\"]\npacs = [\"archive\"]\nservices = [\"echo\"]\n"
    )
}

/// The number of a user whom no machine knows.
const STRANGER: u32 = 4_100_000;

pub(super) struct Site {
    directory: tempfile::TempDir,
}

impl Site {
    /// A site whose main file is the given one.
    pub(super) fn new(main: &str) -> Self {
        let site = Self { directory: tempfile::tempdir().unwrap() };
        site.write("pacsgate.toml", main);
        for (name, content) in PEM.iter() {
            site.write(name, content);
        }
        site.set_mode("tls/gateway.key", 0o600);
        site.set_mode("tls/other.key", 0o600);
        site
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        let directory = path.parent().unwrap();
        fs::create_dir_all(directory).unwrap();
        fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(&path, content).unwrap();
        self.set_mode(name, 0o644);
    }

    pub(super) fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Another certificate with this purpose for the gate, and its key.
    pub(super) fn identify_gateway(&self, purpose: ExtendedKeyUsagePurpose) {
        let names = ["gate.example"];
        let params = pki::leaf("imaging.example", &names, Some(purpose), until(END)).unwrap();
        self.identify("gateway", &params, KeyPair::generate().unwrap());
    }

    /// Another certificate with these names for the gate, and its key.
    pub(super) fn name_gateway(&self, names: &[&str]) {
        let params = pki::leaf("imaging.example", names, None, until(END)).unwrap();
        self.identify("gateway", &params, KeyPair::generate().unwrap());
    }

    /// Another certificate of the gate's with a key of this kind.
    pub(super) fn identify_other(&self, kind: &'static SignatureAlgorithm) {
        let params = pki::leaf("imaging.example", &["gate.example"], None, until(END)).unwrap();
        self.identify("other", &params, KeyPair::generate_for(kind).unwrap());
    }

    fn identify(&self, name: &str, params: &CertificateParams, key: KeyPair) {
        let identity = authority("imaging.example").issue(params, key).unwrap();
        self.write(&format!("tls/{name}.pem"), identity.chain_pem());
        self.write(&format!("tls/{name}.key"), identity.key.serialize_pem());
        self.set_mode(&format!("tls/{name}.key"), 0o600);
    }

    pub(super) fn load(&self) -> Result<Settings, Errors> {
        self.load_in(&[])
    }

    pub(super) fn load_in(&self, environment: &[(&str, &str)]) -> Result<Settings, Errors> {
        let own = |text: &&str| OsString::from(*text);
        let variables = environment.iter().map(|(name, value)| (own(name), own(value)));
        load_with(&self.path("pacsgate.toml"), variables, now())
    }

    /// What the administrator is warned of at this moment, without the directory.
    pub(super) fn warned_at(&self, now: SystemTime) -> String {
        let settings = load_with(&self.path("pacsgate.toml"), [], now).unwrap();
        let warnings: Vec<_> = settings.warnings.iter().map(ToString::to_string).collect();
        self.without_directory(&warnings.join("\n"))
    }

    /// What `check` calls an error at this moment, without the directory.
    pub(super) fn judged_at(&self, now: SystemTime) -> String {
        self.judged(Service::default(), now)
    }

    /// What `check` calls an error of this service, without the directory.
    pub(super) fn judged_for(&self, service: Service) -> String {
        self.judged(service, now())
    }

    /// What `check` warns of for this service, without the directory.
    pub(super) fn cautioned_for(&self, service: Service) -> String {
        let main = self.path("pacsgate.toml");
        let read = read(&main, [], Problems::new(Purpose::Check(service.into()), now()));
        let warnings = match &read {
            Ok(settings) => &settings.warnings[..],
            Err(errors) => errors.warnings(),
        };
        let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
        self.without_directory(&warnings.join("\n"))
    }

    fn judged(&self, service: Service, now: SystemTime) -> String {
        let main = self.path("pacsgate.toml");
        let judged = read(&main, [], Problems::new(Purpose::Check(service.into()), now));
        judged.map_or_else(|errors| self.without_directory(&errors.to_string()), |_| "".into())
    }

    pub(super) fn warned(&self) -> String {
        self.warned_at(now())
    }

    /// What the administrator is told, without the directory.
    pub(super) fn told(&self) -> String {
        self.told_in(&[])
    }

    pub(super) fn told_in(&self, environment: &[(&str, &str)]) -> String {
        self.without_directory(&self.load_in(environment).expect_err("loads").to_string())
    }

    /// Gives a file, a folder or a link itself to somebody whom this machine does not know.
    pub(super) fn give_away(&self, name: &str) {
        lchown(self.path(name), Some(STRANGER), None).unwrap();
    }

    fn without_directory(&self, told: &str) -> String {
        // The owner of all files here.
        let user = User::from_uid(geteuid()).unwrap().map_or(geteuid().to_string(), |it| it.name);
        let group = Group::from_gid(getegid()).unwrap().map_or(getegid().to_string(), |it| it.name);
        let told = told.replace(&format!("({user}:{group},"), "(OWN,");
        let told = told.replace(&format!("({STRANGER}:{group},"), "(STRANGER,");
        told.replace(&format!("{}/", self.directory.path().display()), "")
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }
}

/// New year of 2026, far from the ends of the certificates here.
pub(super) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

/// A CA of another name.
pub(super) fn other_ca() -> String {
    other_ca_and_list().0
}

/// A CA of another name with a list that serves as long as its certificates.
pub(super) fn other_ca_and_list() -> (String, String) {
    let ca = authority("Modality CA");
    (ca.issuer.pem(), ca.crl(until(END), &[]).unwrap().pem().unwrap())
}

fn authority(name: &str) -> Authority {
    Authority::root(pki::authority(name, until(END)), KeyPair::generate().unwrap()).unwrap()
}

/// The first seconds of 1975, of 2040 and of 4096.
const START: u64 = 157_766_400;
const END_OF_LIST: u64 = 2_208_988_800;
const END: u64 = 67_090_118_400;

fn until(end: u64) -> Range<SystemTime> {
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    at(START)..at(end)
}

/// Made once: keys take their time.
static PEM: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
    let ca = authority("imaging.example");
    let (gateway, other) = (leaf(&ca), leaf(&ca));
    let list = |time| ca.crl(time, &[]).unwrap().pem().unwrap();
    let (crl, old) = (list(until(END_OF_LIST)), list(SystemTime::UNIX_EPOCH..until(END).start));
    vec![
        ("tls/ca.pem", ca.issuer.pem()),
        ("tls/ca.crl", crl),
        ("tls/old.crl", old),
        ("tls/ca-and-key.pem", ca.issuer.pem() + &other.key.serialize_pem()),
        ("tls/chain.pem", other.chain_pem() + &gateway.chain_pem()),
        ("tls/gateway.pem", gateway.chain_pem()),
        ("tls/gateway.key", gateway.key.serialize_pem()),
        ("tls/other.pem", other.chain_pem()),
        ("tls/other.key", other.key.serialize_pem()),
    ]
});

fn leaf(ca: &Authority) -> Identity {
    let params = pki::leaf("imaging.example", &["gate.example"], None, until(END)).unwrap();
    ca.issue(&params, KeyPair::generate().unwrap()).unwrap()
}
