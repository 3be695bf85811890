//! What others say of it: OpenSSL, GnuTLS and DCMTK.

use std::fs;
use std::process::{Command, Output};

use super::office::{Office, told};
use crate::support::dcmtk::{Storescp, call, objects, words};
use crate::support::pacs::Pacs;
use crate::support::requestor::{Caller, Received};
use crate::support::settings::Settings;

/// A shell in the CA's folder.
fn shell(office: &Office, script: &str) -> Output {
    let mut command = Command::new("sh");
    command.args(["-euc", script]).current_dir(office.folder());
    command.output().unwrap()
}

fn runs(office: &Office, script: &str) -> String {
    told(&shell(office, script), 0)
}

fn fails(office: &Office, script: &str) -> String {
    let output = shell(office, script);
    assert!(!output.status.success(), "{}", words(&output));
    words(&output)
}

#[test]
#[ignore = "needs openssl and GnuTLS: run tests/all"]
fn openssl_and_certtool_verify_what_it_has_issued_and_see_what_is_revoked() {
    for key in ["rsa", "ecdsa"] {
        let office = Office::new(key);
        told(&office.ca(&format!("issue ct1 --title CT1 --key {key} --no-gate")), 0);
        let verify = "openssl verify -x509_strict -crl_check -purpose sslclient -CAfile ca.pem \
                      -CRLfile ca.crl devices/ct1/ct1.pem";
        runs(&office, verify);
        runs(&office, "openssl crl -in ca.crl -CAfile ca.pem -noout");
        let certtool = "certtool --verify --load-ca-certificate ca.pem --load-crl ca.crl \
                        --infile devices/ct1/ct1.pem";
        let said = runs(&office, certtool);
        assert!(said.contains("Verified. The certificate is trusted."), "{said}");
        runs(&office, "certtool --verify-crl --load-ca-certificate ca.pem --infile ca.crl");
        told(&office.ca("revoke ct1 --reason key-compromise --no-gate"), 0);
        let said = fails(&office, verify);
        assert!(said.contains("certificate revoked"), "{said}");
        let said = fails(&office, certtool);
        assert!(said.contains("revoked"), "{said}");
        let said = runs(&office, "openssl crl -in ca.crl -noout -text");
        assert!(said.contains("Key Compromise") && said.contains("X509v3 CRL Number"), "{said}");
    }
}

#[test]
#[ignore = "needs openssl and GnuTLS: run tests/all"]
fn both_pkcs12_files_are_read_and_their_keys_fit() {
    for key in ["rsa", "ecdsa"] {
        let office = Office::new("ecdsa");
        told(&office.ca(&format!("issue ct1 --title CT1 --key {key} --no-gate")), 0);
        for (file, option) in [("ct1.p12", ""), ("ct1-old.p12", "-legacy")] {
            let read = format!(
                "cd devices/ct1; openssl pkcs12 {option} -in {file} -passin file:ct1.password"
            );
            let public = format!("{read} -nodes -nocerts | openssl pkey -pubout");
            let expected = runs(&office, "openssl x509 -in devices/ct1/ct1.pem -noout -pubkey");
            assert_eq!(runs(&office, &public), expected, "{file}");
            let chain = runs(&office, &format!("{read} -nokeys"));
            assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2, "{chain}");
            let info = runs(&office, &format!("{read} -info -noout"));
            let modern =
                info.contains("PBES2") && info.contains("AES-256-CBC") && info.contains("sha256");
            let old =
                info.contains("pbeWithSHA1And3-KeyTripleDES-CBC") && info.contains("MAC: sha1");
            assert!(if option.is_empty() { modern } else { old }, "{info}");
            fails(
                &office,
                &format!("openssl pkcs12 {option} -in devices/ct1/{file} -passin pass:no -noout"),
            );
            let password = "$(cat devices/ct1/ct1.password)";
            let certtool = format!(
                "certtool --p12-info --inder --password \"{password}\" --infile devices/ct1/{file}"
            );
            let said = runs(&office, &certtool);
            assert!(said.contains("BEGIN CERTIFICATE"), "{said}");
        }
    }
}

#[test]
#[ignore = "needs openssl and GnuTLS: run tests/all"]
fn the_encrypted_key_of_the_ca_is_read_with_its_passphrase_only() {
    for key in ["rsa", "ecdsa"] {
        let office = Office::new(key);
        let expected = runs(&office, "openssl x509 -in ca.pem -noout -pubkey");
        let public = runs(&office, "openssl pkey -in ca.key -passin file:../passphrase -pubout");
        assert_eq!(public, expected);
        fails(&office, "openssl pkey -in ca.key -passin pass:wrong -pubout");
        runs(
            &office,
            "certtool --key-info --infile ca.key --password \"$(cat ../passphrase)\" >/dev/null",
        );
        let text = fs::read_to_string(office.folder().join("ca.key")).unwrap();
        assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "{text}");
        let asn1 = runs(&office, "openssl asn1parse -in ca.key");
        assert!(asn1.contains("PBES2") && asn1.contains("aes-256-cbc"), "{asn1}");
    }
    let bare = Office::with("init --key ecdsa --no-passphrase");
    runs(&bare, "openssl pkey -in ca.key -noout");
}

/// With the CA's key and passphrase in hand, openssl issues what the CA itself refuses to.
#[test]
#[ignore = "needs openssl: run tests/all"]
fn the_domains_of_the_ca_hold_in_openssl_and_at_the_gate() {
    let office = Office::with("init --key ecdsa --permit-dns radiology.example");
    let pacs = Pacs::good();
    let settings = office.settings(pacs.address);
    let said = told(&office.gated(&settings, "issue ct1 --title CT1 --dns ct1.example"), 1);
    assert!(said.contains("the CA may issue only within radiology.example"), "{said}");
    told(&office.gated(&settings, "issue ct1 --title CT1"), 0);
    let verify = "openssl verify -x509_strict -CAfile ca.pem";
    runs(&office, &format!("{verify} devices/ct1/ct1.pem"));
    runs(
        &office,
        "cd devices/ct1
         printf 'subjectAltName = DNS:ct1.example\nextendedKeyUsage = clientAuth\n' > evil.ext
         openssl req -new -newkey rsa:2048 -nodes -keyout evil.key -subj /CN=ct1 -out evil.csr
         openssl x509 -req -in evil.csr -CA ../../ca.pem -CAkey ../../ca.key \
             -passin file:../../../passphrase -CAcreateserial -days 30 -extfile evil.ext -out evil.pem",
    );
    let said = fails(&office, &format!("{verify} devices/ct1/evil.pem"));
    assert!(said.contains("permitted subtree violation"), "{said}");
    let gate = settings.start();
    let good = Caller::of_files(&office.device("ct1", "ct1")).call(gate.address);
    assert!(good.is_ok());
    let refused = Caller::of_files(&office.device("ct1", "evil")).refused(gate.address);
    assert!(matches!(refused, Received::Alert(_)), "{refused:?}");
    let line = gate.wait_for_audit(|line| line["event"] == "failed");
    assert_eq!(line["reason"], "chain-invalid", "{line}");
    assert_eq!(pacs.connections(), 0);
}

#[test]
#[ignore = "needs DCMTK: run tests/all"]
fn a_real_store_goes_through_the_gate_with_what_issue_has_written() {
    let pacs = Storescp::start();
    for key in ["rsa", "ecdsa"] {
        let office = Office::new(key);
        let mut settings = office.settings(pacs.address);
        serves(&office, &mut settings);
        told(&office.gated(&settings, &format!("issue ct1 --title CT1 --key {key}")), 0);
        let gate = settings.start();
        let (stem, ca) = (office.device("ct1", "ct1"), office.folder().join("ca.pem"));
        let options = [
            "+tls".into(),
            stem.with_extension("key"),
            stem.with_extension("pem"),
            "+cf".into(),
            ca.clone(),
        ];
        let (_, object) = objects(office.0.path()).remove(0);
        let titles = ["CT1", "PACS"];
        let output =
            call("storescu", &options, titles, gate.address, std::slice::from_ref(&object));
        assert!(output.status.success(), "{}", words(&output));
        let stranger = ["+tla".into(), "+cf".into(), ca];
        let output = call("echoscu", &stranger, titles, gate.address, &[]);
        assert!(!output.status.success(), "{}", words(&output));
    }
    assert_eq!(pacs.stored().len(), 1, "one object, stored twice");
    assert_eq!(pacs.connections(), 2);
}

/// The gate's own certificates come from the CA as well.
fn serves(office: &Office, settings: &mut Settings) {
    let folder = settings.directory.path().join("tls");
    fs::create_dir(&folder).unwrap();
    let pairs = [("rsa", "gateway"), ("ecdsa", "gateway-ecdsa")].map(|(key, stem)| {
        let line =
            format!("server --dns gate.radiology.example --ip 127.0.0.1 --key {key} --no-gate");
        told(&office.ca(&format!("{line} --write {}", folder.display())), 0);
        let file = |end: &str| folder.join(format!("{stem}.{end}"));
        format!("{{ certificate = {:?}, private_key = {:?} }}", file("pem"), file("key"))
    });
    settings.tls.insert("certificate", format!("[{}]", pairs.join(", ")));
    settings.tls.remove("private_key");
}
