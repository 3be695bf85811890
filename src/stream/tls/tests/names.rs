//! The names of a certificate, as far as the policy may compare them.

use pacsgate_core::certificate::Certificate;
use rcgen::{CertificateParams, DnType, SanType};

use super::pki::{device, self_signed};
use crate::x509::reading::{Unread, read, whole};

fn read_params(params: &CertificateParams) -> Result<Certificate, Unread> {
    let credentials = self_signed(params);
    let leaf = credentials.leaf();
    let whole = whole(leaf).unwrap();
    read(leaf, &whole, None).map(|(presented, _)| presented)
}

fn with_names(names: Vec<SanType>) -> CertificateParams {
    let mut params = device("unused.example");
    params.subject_alt_names = names;
    params
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn uri(name: &str) -> SanType {
    SanType::URI(name.try_into().unwrap())
}

#[test]
fn reads_dns_names_in_lower_case_and_uris_as_they_are() {
    let params = with_names(vec![dns("CT1.Example"), uri("urn:X:Ct1"), dns("ct1b.example")]);
    let presented = read_params(&params).unwrap();
    assert_eq!(presented.dns, ["ct1.example".into(), "ct1b.example".into()]);
    assert_eq!(presented.uris, ["urn:X:Ct1".into()]);
}

#[test]
fn leaves_out_names_that_could_mislead() {
    let long = format!("{}.example", "a".repeat(250));
    let names = ["*.example", "ct1.exa*ple", "ct1\0.example", "ct1 .example", "", &long];
    let mut params = with_names(names.into_iter().map(dns).collect());
    params.subject_alt_names.push(uri("urn:a b"));
    params.subject_alt_names.push(uri(&format!("urn:{}", "a".repeat(1021))));
    params.subject_alt_names.push(SanType::Rfc822Name("ct1@example".try_into().unwrap()));
    let presented = read_params(&params).unwrap();
    assert_eq!((presented.dns.len(), presented.uris.len()), (0, 0));
}

#[test]
fn reads_a_certificate_without_names() {
    let presented = read_params(&with_names(Vec::new())).unwrap();
    assert_eq!((presented.dns.len(), presented.uris.len()), (0, 0));
    assert_eq!(presented.common_name.as_deref(), Some("unused.example"));
}

#[test]
fn cuts_a_long_common_name_between_characters() {
    let mut params = device("unused.example");
    params.distinguished_name.push(DnType::CommonName, "ä".repeat(200) + "b");
    assert_eq!(read_params(&params).unwrap().common_name, Some("ä".repeat(128).into()));
    params.distinguished_name.push(DnType::CommonName, format!("a{}", "ä".repeat(200)));
    assert_eq!(read_params(&params).unwrap().common_name.map(|name| name.len()), Some(255));
}

#[test]
fn refuses_a_certificate_with_too_many_names() {
    let names = |count| (0..count).map(|n| dns(&format!("ct{n}.example"))).collect();
    assert_eq!(read_params(&with_names(names(100))).unwrap().dns.len(), 100);
    let refused = read_params(&with_names(names(101)));
    assert_eq!(refused, Err(Unread::TooManyNames));
}
