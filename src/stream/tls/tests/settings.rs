//! Settings that cannot work are refused when they are made.

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::pki::{DAY, device, self_signed};
use super::*;

/// The one thing that is wrong.
fn refusal(settings: Settings) -> Option<SettingsError> {
    let errors = Server::new(settings).err()?;
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.first().copied()
}

#[test]
fn names_everything_that_cannot_be_used() {
    let mut site = Site::new();
    site.crls = vec![vec![1, 2, 3].into()];
    let device = self_signed(&device("ct1.example"));
    let mut settings = site.settings(vec![vec![1, 2, 3].into(), device.leaf().clone()]);
    settings.identities[0].key = device.key;
    let expected = [
        SettingsError::KeyMismatch(0),
        SettingsError::CaUnparsable(0),
        SettingsError::CaIsNoCa(1),
        SettingsError::CrlUnusable(0),
    ];
    assert_eq!(Server::new(settings).err(), Some(expected.to_vec()));
}

#[test]
fn refuses_a_listener_without_a_certificate() {
    let site = Site::new();
    let mut settings = site.settings(vec![site.client_ca.certificate()]);
    settings.identities.clear();
    assert_eq!(refusal(settings), Some(SettingsError::NoIdentity));
}

#[test]
fn refuses_a_key_that_does_not_fit_its_certificate() {
    let site = Site::new();
    let other = site.gate_ca.server("other.example");
    let mut settings = site.settings(vec![site.client_ca.certificate()]);
    settings.identities.push(site.gate.clone_with_key_of(&other).identity());
    assert_eq!(refusal(settings), Some(SettingsError::KeyMismatch(1)));
}

#[test]
fn refuses_a_chain_that_does_not_start_with_the_leaf() {
    let site = Site::new();
    let mut settings = site.settings(vec![site.client_ca.certificate()]);
    settings.identities[0].chain.insert(0, site.gate_ca.certificate());
    assert_eq!(refusal(settings), Some(SettingsError::KeyMismatch(0)));
}

#[test]
fn refuses_an_empty_chain_and_one_that_is_none() {
    let site = Site::new();
    for chain in [Vec::new(), vec![vec![1, 2, 3].into()]] {
        let mut settings = site.settings(vec![site.client_ca.certificate()]);
        settings.identities[0].chain = chain;
        assert_eq!(refusal(settings), Some(SettingsError::IdentityUnparsable(0)));
    }
}

#[test]
fn refuses_a_key_that_is_none() {
    let site = Site::new();
    let mut settings = site.settings(vec![site.client_ca.certificate()]);
    settings.identities[0].key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(vec![0x30, 0x00]));
    assert_eq!(refusal(settings), Some(SettingsError::KeyUnusable(0)));
}

#[test]
fn refuses_to_trust_nobody() {
    let site = Site::new();
    assert_eq!(refusal(site.settings(Vec::new())), Some(SettingsError::NothingTrusted));
}

#[test]
fn refuses_a_ca_that_is_none() {
    let site = Site::new();
    let settings = site.settings(vec![site.client_ca.certificate(), vec![1, 2, 3].into()]);
    assert_eq!(refusal(settings), Some(SettingsError::CaUnparsable(1)));
}

#[test]
fn refuses_a_device_as_a_ca() {
    let site = Site::new();
    let device = self_signed(&device("ct1.example"));
    let settings = site.settings(vec![device.leaf().clone()]);
    assert_eq!(refusal(settings), Some(SettingsError::CaIsNoCa(0)));
}

#[test]
fn refuses_a_revocation_list_that_is_none() {
    let mut site = Site::new();
    site.crls = vec![site.client_ca.crl(DAY, &[]), vec![1, 2, 3].into()];
    let settings = site.settings(vec![site.client_ca.certificate()]);
    assert_eq!(refusal(settings), Some(SettingsError::CrlUnusable(1)));
}

#[test]
fn refuses_revocation_lists_without_a_ca() {
    let mut site = Site::new();
    let pinned = pacsgate_core::certificate::Digest([1; 32]);
    let pin = pacsgate_core::certificate::Matcher::CertSha256(pinned);
    site.pins = [&pin].into_iter().collect();
    site.crls = vec![site.client_ca.crl(DAY, &[])];
    assert_eq!(refusal(site.settings(Vec::new())), Some(SettingsError::CrlWithoutCa));
}

#[test]
fn accepts_a_list_of_an_intermediate() {
    let mut site = Site::new();
    site.crls = vec![Authority::root("Elsewhere").crl(DAY, &[])];
    assert_eq!(refusal(site.settings(vec![site.client_ca.certificate()])), None);
}

#[test]
fn counts_from_one_in_sentences() {
    let sentence = SettingsError::CrlUnusable(1).to_string();
    assert!(sentence.starts_with("revocation list 2: "), "{sentence}");
}

#[test]
fn keeps_keys_out_of_debug_output() {
    let site = Site::new();
    let settings = site.settings(vec![site.client_ca.certificate()]);
    let key = format!("{:?}", site.gate.key.secret_der());
    let (text, server) = (format!("{settings:?}"), format!("{:?}", site.server()));
    assert!(!text.contains(&key) && !server.contains(&key));
}
