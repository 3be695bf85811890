use std::fs;
use std::path::Path;
use std::time::SystemTime;

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;
use x509_parser::extensions::ParsedExtension;
use zeroize::Zeroizing;

use super::*;
use crate::x509::{issuing, pem, reading};

const DAYS: u32 = Signer::DAYS;

/// A folder with a CA whose key is ECDSA, which is made fast.
struct Site(TempDir);

impl Site {
    fn new() -> Self {
        Self::with(&Founding { key: KeyType::Ecdsa, ..Founding::default() })
    }

    fn with(founding: &Founding) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Ca::create(&folder.path().join("ca"), founding, None).unwrap();
        Self(folder)
    }

    fn folder(&self) -> std::path::PathBuf {
        self.0.path().join("ca")
    }

    fn signer(&self) -> Signer {
        Ca::open(&self.folder()).unwrap().unlock(None).unwrap()
    }

    fn file(&self, device: &str, name: &str) -> Vec<u8> {
        fs::read(self.folder().join("devices").join(device).join(name)).unwrap()
    }

    fn fault(&self) -> String {
        Ca::open(&self.folder()).map(|_| ()).unwrap_err().to_string()
    }
}

fn terms(title: &str) -> Terms {
    Terms {
        titles: vec![title.to_owned()],
        services: vec!["echo".to_owned(), "store".to_owned()],
        pacs: vec!["archive".to_owned()],
        ..Terms::default()
    }
}

fn new_key() -> Holder {
    Holder::NewKey(KeyType::Ecdsa)
}

#[test]
fn makes_certificates_that_keep_the_usual_rules() {
    for key in [KeyType::Rsa, KeyType::Ecdsa] {
        let site = Site::with(&Founding { key, ..Founding::default() });
        let mut signer = site.signer();
        signer.issue("ct1", &terms("CT1"), Holder::NewKey(key), DAYS).unwrap();
        let [leaf] = &pem::certificates(&site.file("ct1", "ct1.pem")).unwrap()[..] else {
            panic!("one certificate");
        };
        let ca = signer.ca().certificate();
        keeps_the_rules_of_an_authority(ca);
        keeps_the_rules_of_a_leaf(leaf, ca);
    }
}

/// What zlint asks of CAs: RFC 5280 sections 4.1 and 4.2.
fn keeps_the_rules_of_an_authority(der: &[u8]) {
    let ca = reading::whole(der).unwrap();
    keeps_the_rules_of_any(&ca);
    let constraints = ca.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca);
    assert_eq!(constraints.value.path_len_constraint, Some(0));
    let usage = ca.key_usage().unwrap().unwrap();
    // keyCertSign and cRLSign, and nothing else.
    assert!(usage.critical && usage.value.flags == 1 << 5 | 1 << 6);
    assert!(ca.extended_key_usage().unwrap().is_none());
}

fn keeps_the_rules_of_a_leaf(der: &[u8], ca: &[u8]) {
    let (leaf, ca) = (reading::whole(der).unwrap(), reading::whole(ca).unwrap());
    keeps_the_rules_of_any(&leaf);
    assert_eq!(leaf.issuer().as_raw(), ca.subject().as_raw());
    assert_eq!(issuing::has_signed(&ca, &leaf), Some(true), "AKI is the SKI of the CA");
    assert!(leaf.validity().not_after <= ca.validity().not_after);
    assert!(!leaf.is_ca());
    let usage = leaf.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.client_auth && !usage.server_auth && !usage.any);
    let flags = leaf.key_usage().unwrap().unwrap();
    assert!(flags.critical && flags.value.digital_signature() && !flags.value.key_cert_sign());
    let names = leaf.subject_alternative_name().unwrap().unwrap();
    assert_eq!(names.value.general_names.len(), 1);
    leaf.verify_signature(Some(ca.public_key())).unwrap();
}

fn keeps_the_rules_of_any(certificate: &x509_parser::certificate::X509Certificate<'_>) {
    assert_eq!(certificate.version(), x509_parser::x509::X509Version::V3);
    let serial = certificate.raw_serial();
    assert!((9..=20).contains(&serial.len()) && serial[0] < 0x80, "{serial:?}");
    assert!(!certificate.subject().as_raw().is_empty());
    assert!(issuing::own_key(certificate.extensions()).is_some(), "no SKI");
    assert!(issuing::signer(certificate.extensions()).is_some(), "no AKI");
    let mut seen = std::collections::HashSet::new();
    for extension in certificate.extensions() {
        assert!(seen.insert(extension.oid.to_id_string()), "twice");
        let unknown = matches!(
            extension.parsed_extension(),
            ParsedExtension::UnsupportedExtension { .. } | ParsedExtension::ParseError { .. }
        );
        assert!(!unknown);
    }
}

#[test]
fn tells_serial_numbers_apart_and_never_gives_one_name_to_two() {
    let site = Site::new();
    let mut signer = site.signer();
    let one = signer.issue("ct1", &terms("CT1"), new_key(), DAYS).unwrap();
    let other = signer.issue("ct2", &terms("CT2"), new_key(), DAYS).unwrap();
    assert_ne!(one.certificate.serial, other.certificate.serial);
    let same = Terms { dns: vec!["CT1".to_owned()], ..terms("CT3") };
    let told = signer.issue("ct3", &same, new_key(), DAYS).unwrap_err().to_string();
    assert!(told.starts_with("the DNS name \"ct1\" was given to ct1"), "{told}");
    signer.revoke("ct1", Reason::KeyCompromise, 1).unwrap();
    assert!(signer.issue("ct3", &same, new_key(), DAYS).is_err(), "not even when revoked");
    let told = signer.issue("ct1", &terms("CT1"), new_key(), DAYS).unwrap_err();
    assert!(matches!(told, CaError::Known(_)));
    assert!(!site.folder().join("devices/ct3").exists());
}

#[test]
fn ends_a_certificate_with_the_ca_and_says_so() {
    let site = Site::with(&Founding { key: KeyType::Ecdsa, days: 100, ..Founding::default() });
    let mut signer = site.signer();
    let issued = signer.issue("ct1", &terms("CT1"), new_key(), DAYS).unwrap();
    assert!(issued.is_shortened);
    assert_eq!(issued.certificate.not_after, signer.ca().end());
    assert!(!signer.issue("ct2", &terms("CT2"), new_key(), 99).unwrap().is_shortened);
}

#[test]
fn keeps_the_key_under_its_passphrase() {
    let phrase = |text: &str| Passphrase::new(Zeroizing::new(text.as_bytes().to_vec())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let founding = Founding { key: KeyType::Ecdsa, ..Founding::default() };
    Ca::create(folder.path(), &founding, Some(&phrase("Kanarienvogel-4711"))).unwrap();
    let open = || Ca::open(folder.path()).unwrap();
    assert!(open().is_encrypted().unwrap());
    assert!(matches!(open().unlock(None), Err(CaError::PassphraseMissing)));
    assert!(matches!(open().unlock(Some(&phrase("Kanarie"))), Err(CaError::WrongPassphrase)));
    assert!(open().unlock(Some(&phrase("Kanarienvogel-4711"))).is_ok());
    for file in ["log.jsonl", "ca.key", "log.head"] {
        let bytes = fs::read(folder.path().join(file)).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("Kanarie"), "{file}");
    }
}

#[test]
fn names_the_line_that_was_changed_or_is_missing_and_signs_nothing() {
    let site = Site::new();
    site.signer().issue("ct1", &terms("CT1"), new_key(), DAYS).unwrap();
    site.signer().issue("ct2", &terms("CT2"), new_key(), DAYS).unwrap();
    let path = site.folder().join("log.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = whole.lines().collect();
    assert_eq!(lines.len(), 4);
    let with = |lines: &[&str]| {
        fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        site.fault()
    };
    let changed = lines[2].replace("CT1", "CT9");
    let told = with(&[lines[0], lines[1], &changed, lines[3]]);
    assert!(told.contains("log.jsonl, line 4: it does not fit the line before"), "{told}");
    let last = lines[3].replace("CT2", "CT9");
    let told = with(&[lines[0], lines[1], lines[2], &last]);
    assert!(told.contains("log.jsonl, line 4: it was changed"), "{told}");
    let told = with(&lines[..3]);
    assert!(told.contains("log.jsonl, line 4: this line, which there was, is missing"), "{told}");
    let told = with(&[lines[0], lines[2], lines[3]]);
    assert!(told.contains("line 2: its number is not that after"), "{told}");
    let told = with(&[]);
    assert!(told.contains("line 1: "), "{told}");
    let told = with(&[lines[0], "rubbish"]);
    assert!(told.contains("line 2: cannot be read"), "{told}");
    fs::write(&path, &whole).unwrap();
    assert!(Ca::open(&site.folder()).is_ok());
}

#[test]
fn whoever_writes_a_log_that_fits_chooses_no_path_and_no_control_character() {
    let site = Site::new();
    site.signer().issue("ct1", &terms("CT1"), new_key(), DAYS).unwrap();
    let path = site.folder().join("log.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    for (from, to, fault) in [
        (r#""device":"ct1""#, r#""device":"../x""#, "the device's name cannot be one"),
        (r#"["CT1"]"#, r#"["\u001b[2J"]"#, "a title of the device cannot be one"),
        (r#""dns":["ct1"]"#, r#""dns":["a\nb"]"#, "a DNS name of the device cannot be one"),
        (r#"["archive"]"#, r#"["a]"]"#, "a name in the device's table cannot be one"),
    ] {
        let changed = whole.replace(from, to);
        assert_ne!(changed, whole);
        let last = changed.lines().last().unwrap();
        fs::write(&path, &changed).unwrap();
        let head = format!("3 {}\n", reading::sha256(last.as_bytes()));
        fs::write(site.folder().join("log.head"), head).unwrap();
        let told = site.fault();
        assert!(told.contains(&format!("line 3: {fault}")), "{told}");
    }
}

#[test]
fn a_line_that_was_not_written_to_its_end_was_never_done() {
    let site = Site::new();
    let path = site.folder().join("log.jsonl");
    let mut log = fs::read(&path).unwrap();
    log.extend_from_slice(b"{\"number\":3,\"ti");
    fs::write(&path, log).unwrap();
    assert_eq!(Ca::open(&site.folder()).unwrap().leftovers().unwrap(), [path]);
    site.signer().issue("ct1", &terms("CT1"), new_key(), DAYS).unwrap();
    let ca = Ca::open(&site.folder()).unwrap();
    assert!(ca.leftovers().unwrap().is_empty());
    assert_eq!(ca.head().0, 3);
}

#[test]
fn names_files_that_the_log_does_not_know() {
    let site = Site::new();
    site.signer().issue("ct1", &terms("CT1"), new_key(), DAYS).unwrap();
    let devices = site.folder().join("devices");
    fs::write(devices.join("ct1/ct1-2.pem"), "").unwrap();
    fs::create_dir(devices.join("ct2")).unwrap();
    let left = Ca::open(&site.folder()).unwrap().leftovers().unwrap();
    assert_eq!(left, [devices.join("ct1/ct1-2.pem"), devices.join("ct2")]);
    // And writes over none of them.
    let told = site.signer().renew("ct1", None, DAYS).unwrap_err().to_string();
    assert!(told.contains("ct1-2.pem is there already"), "{told}");
    assert_eq!(Ca::open(&site.folder()).unwrap().head().0, 3);
}

#[test]
fn both_certificates_stand_until_the_older_one_is_retired() {
    let site = Site::new();
    let mut signer = site.signer();
    let first = signer.issue("ct1", &terms("CT1"), new_key(), DAYS).unwrap();
    let told = signer.retire("ct1", 1).unwrap_err();
    assert!(matches!(told, CaError::NothingToRetire(_)));
    let second = signer.renew("ct1", None, DAYS).unwrap();
    let table = |serials: &[&str], without: &[&str]| {
        let text = String::from_utf8(site.file("ct1", "ct1.toml")).unwrap();
        assert!(serials.iter().all(|serial| text.contains(serial)), "{text}");
        assert!(!without.iter().any(|serial| text.contains(serial)), "{text}");
        let read: toml::Table = text.parse().unwrap();
        assert_eq!(read["peer"]["ct1"]["certificate"][0]["san_dns"].as_str(), Some("ct1"));
    };
    let (first, second) = (&*first.certificate.serial, &*second.certificate.serial);
    table(&[first, second], &[]);
    let retired = signer.retire("ct1", 1).unwrap();
    assert_eq!(retired.serials, [first]);
    table(&[second], &[first]);
    let list = pem::crls(retired.list.pem.as_bytes()).unwrap();
    let (_, list) = x509_parser::parse_x509_crl(&list[0]).unwrap();
    let revoked: Vec<_> = list.iter_revoked_certificates().collect();
    let [one] = &revoked[..] else { panic!("one is revoked") };
    assert_eq!(
        one.raw_serial().iter().map(|octet| format!("{octet:02X}")).collect::<String>(),
        first
    );
    assert_eq!(one.reason_code().unwrap().1.0, 4);
}

#[test]
fn a_table_that_somebody_has_changed_is_theirs() {
    let site = Site::new();
    let mut signer = site.signer();
    let issued = signer.issue("ct1", &terms("CT1"), new_key(), DAYS).unwrap();
    fs::write(&issued.table.path, "# mine\n").unwrap();
    signer.renew("ct1", None, DAYS).unwrap();
    assert_eq!(site.file("ct1", "ct1.toml"), b"# mine\n");
}

#[test]
fn takes_only_the_key_from_a_request() {
    let site = Site::new();
    let key = KeyPair::generate().unwrap();
    let evil = CertificateParams::new(vec!["archive.example".to_owned()]).unwrap();
    let request = evil.serialize_request(&key).unwrap();
    let holder = || Holder::Request(Csr::read(request.der()).unwrap());
    let mut signer = site.signer();
    signer.issue("ct1", &terms("CT1"), holder(), DAYS).unwrap();
    let leaf = pem::certificates(&site.file("ct1", "ct1.pem")).unwrap();
    keeps_the_rules_of_a_leaf(&leaf[0], signer.ca().certificate());
    let leaf = reading::whole(&leaf[0]).unwrap();
    let text = format!("{:?}", leaf.subject_alternative_name().unwrap().unwrap().value);
    assert!(text.contains("\"ct1\"") && !text.contains("archive"), "{text}");
    assert!(!site.folder().join("devices/ct1/ct1.key").exists());
    let told = signer.renew("ct1", None, DAYS).unwrap_err();
    assert!(matches!(told, CaError::RequestMissing(_)));
    signer.renew("ct1", Some(holder()), DAYS).unwrap();
}

#[test]
fn a_key_is_one_devices_and_does_not_come_back_once_it_is_stolen() {
    let site = Site::new();
    let request_for = |key: &KeyPair| {
        let request = CertificateParams::default().serialize_request(key).unwrap();
        Holder::Request(Csr::read(request.der()).unwrap())
    };
    let mut signer = site.signer();
    signer.issue("ct1", &terms("CT1"), new_key(), DAYS).unwrap();
    let key = String::from_utf8(site.file("ct1", "ct1.key")).unwrap();
    let key = KeyPair::from_pem(&key).unwrap();
    let told = signer.issue("ct2", &terms("CT2"), request_for(&key), DAYS).unwrap_err();
    assert!(matches!(told, CaError::KeyOf(owner) if owner == "ct1"));
    assert!(!site.folder().join("devices/ct2").exists());
    signer.renew("ct1", Some(request_for(&key)), DAYS).unwrap();
    signer.revoke("ct1", Reason::KeyCompromise, DAYS).unwrap();
    let told = signer.renew("ct1", Some(request_for(&key)), DAYS).unwrap_err();
    assert!(matches!(told, CaError::KeyRevoked));
    let own = fs::read_to_string(site.folder().join("ca.key")).unwrap();
    let own = KeyPair::from_pem(&own).unwrap();
    let told = signer.issue("ct3", &terms("CT3"), request_for(&own), DAYS).unwrap_err();
    assert!(matches!(told, CaError::KeyOf(owner) if owner == "this CA"));
}

#[test]
fn no_link_leads_keys_out_of_the_folder() {
    let (site, elsewhere) = (Site::new(), tempfile::tempdir().unwrap());
    let mut signer = site.signer();
    signer.issue("ct1", &terms("CT1"), new_key(), DAYS).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), site.folder().join("devices/ct2")).unwrap();
    let told = signer.issue("ct2", &terms("CT2"), new_key(), DAYS).unwrap_err();
    assert!(matches!(told, CaError::NoFolder(_)));
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn refuses_what_may_not_stand_in_a_certificate() {
    let site = Site::with(&Founding {
        key: KeyType::Ecdsa,
        permitted_dns: vec!["radiology.example".to_owned()],
        ..Founding::default()
    });
    let mut signer = site.signer();
    let with = |change: fn(&mut Terms)| {
        let mut terms = terms("CT1");
        change(&mut terms);
        terms
    };
    let wrong = [
        ("../x", with(|_| {})),
        ("ct1", with(|terms| terms.titles.clear())),
        ("ct1", with(|terms| terms.titles = vec!["A\\B".to_owned()])),
        ("ct1", with(|terms| terms.dns = vec!["ct1.example".to_owned()])),
        ("ct1", with(|terms| terms.dns = vec!["*.radiology.example".to_owned()])),
        ("ct1", with(|terms| terms.services = vec!["everything".to_owned()])),
        ("ct1", with(|terms| terms.pacs = vec!["a]\n[peer.b".to_owned()])),
    ];
    for (name, terms) in wrong {
        let told = signer.issue(name, &terms, new_key(), DAYS).unwrap_err();
        assert!(matches!(told, CaError::Name(_)), "{told}");
    }
    assert!(!site.folder().join("devices").exists());
    signer.issue("ct1", &terms("CT1"), new_key(), DAYS).unwrap();
    let device = &signer.state().devices["ct1"];
    assert_eq!(device.terms.dns, ["ct1.radiology.example"]);
}

#[test]
fn revokes_by_device_and_by_serial_number() {
    let site = Site::new();
    let mut signer = site.signer();
    let issued = signer.issue("ct1", &terms("CT1"), new_key(), DAYS).unwrap();
    let renewed = signer.renew("ct1", None, DAYS).unwrap();
    let colons: Vec<_> = issued.certificate.serial.as_bytes().chunks(2).collect();
    let colons = colons.iter().map(|pair| str::from_utf8(pair).unwrap());
    let serial = colons.collect::<Vec<_>>().join(":").to_lowercase();
    let revoked = signer.revoke(&serial, Reason::KeyCompromise, 1).unwrap();
    assert_eq!(revoked.device.as_deref(), Some("ct1"));
    assert!(matches!(signer.revoke(&serial, Reason::KeyCompromise, 1), Err(CaError::Revoked(_))));
    let revoked = signer.revoke("ct1", Reason::CessationOfOperation, 1).unwrap();
    assert_eq!((revoked.serials, revoked.list.revoked), (vec![renewed.certificate.serial], 2));
    assert!(matches!(signer.revoke("mr1", Reason::Unspecified, 1), Err(CaError::NoSerial(_))));
    drop(signer);
    let now = Moment::of(SystemTime::now());
    let ca = Ca::open(&site.folder()).unwrap();
    let standing = |one: &Issuance| matches!(one.standing(now), Standing::Revoked(..));
    assert!(ca.state().devices["ct1"].issued.iter().all(standing));
    // Its key was stolen, and it is the same device.
    site.signer().renew("ct1", None, DAYS).unwrap();
    let ca = Ca::open(&site.folder()).unwrap();
    assert_eq!(ca.state().devices["ct1"].standing().count(), 1);
}

#[test]
fn gives_a_gate_its_certificate_and_another_in_its_place() {
    let site = Site::new();
    let mut signer = site.signer();
    let tls = tempfile::tempdir().unwrap();
    let mut server = Server {
        folder: tls.path().to_owned(),
        stem: "gateway".to_owned(),
        dns: vec!["gate.example".to_owned()],
        ip: vec!["10.1.2.3".parse().unwrap()],
        key: KeyType::Ecdsa,
        days: DAYS,
        replace: false,
    };
    let first = signer.server(&server).unwrap();
    assert!(signer.server(&server).is_err(), "writes over it");
    server.replace = true;
    let second = signer.server(&server).unwrap();
    assert_ne!(first.serial, second.serial);
    let read = |name: &str| fs::read(tls.path().join(name)).unwrap();
    let leaf = pem::certificates(&read("gateway.pem")).unwrap();
    let key = KeyPair::from_pem(str::from_utf8(&read("gateway.key")).unwrap()).unwrap();
    let leaf = reading::whole(&leaf[0]).unwrap();
    assert_eq!(leaf.public_key().raw, rcgen::PublicKeyData::subject_public_key_info(&key));
    let usage = leaf.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.server_auth && !usage.client_auth);
    assert_eq!(signer.state().servers.len(), 2);
    let taken = Terms { dns: vec!["gate.example".to_owned()], ..terms("CT1") };
    assert!(signer.issue("ct1", &taken, new_key(), DAYS).is_err());
}

#[test]
fn makes_no_ca_where_something_is() {
    let site = Site::new();
    let again = |folder: &Path| {
        let founding = Founding { key: KeyType::Ecdsa, ..Founding::default() };
        Ca::create(folder, &founding, None).map(|_| ()).unwrap_err()
    };
    let before = fs::read(site.folder().join("ca.key")).unwrap();
    assert!(matches!(again(&site.folder()), CaError::Exists(_)));
    assert_eq!(fs::read(site.folder().join("ca.key")).unwrap(), before);
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("letter.txt"), "").unwrap();
    assert!(matches!(again(other.path()), CaError::NotEmpty(_)));
    let nowhere = site.folder().join("no/such");
    assert!(matches!(again(&nowhere), CaError::Io(..)));
    let none = Ca::open(other.path()).err().unwrap();
    assert!(matches!(none, CaError::None(_)));
    assert!(none.to_string().contains("holds no CA; `pacsgate init` makes one"), "{none}");
    // Where nobody can look, nobody knows that there is none.
    let of_file = other.path().join("letter.txt");
    assert!(matches!(Ca::open(&of_file), Err(CaError::Io(path, _)) if path == of_file));
}

#[test]
fn several_at_a_time_wait_for_each_other() {
    let site = Site::new();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let site = &site;
            scope.spawn(move || {
                let name = format!("ct{number}");
                site.signer().issue(&name, &terms("CT1"), new_key(), DAYS).unwrap();
            });
        }
    });
    let ca = Ca::open(&site.folder()).unwrap();
    assert_eq!((ca.state().devices.len(), ca.head().0), (4, 6));
    assert!(ca.leftovers().unwrap().is_empty());
}
