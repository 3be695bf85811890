//! `tls` of a target: `[pacs.NAME.tls]` and `[peer.NAME.reach.tls]`, the same keys in both.

use std::path::PathBuf;

use pacsgate_core::certificate::{Digest, Matcher};
use rustls::pki_types::{CertificateDer, DnsName};

use super::limits::duration;
use super::listener::{GRACE, crls};
use super::mistake::{Caution, Mistake};
use super::named::{Loaded, dates, load, path};
use super::node::Node;
use super::section::{At, Section};
use super::value;
use crate::stream::tls::{Client, Identity, OutgoingSettings, Pins, SettingsError};
use crate::x509::pem;
use crate::x509::purpose::not_for_clients;
use crate::x509::validity::{Dated, of_certificate};

type Certificates = Loaded<Vec<CertificateDer<'static>>>;

/// Reads the table and makes TLS of it; `None` if something is wrong, which is reported.
pub(super) fn read(mut table: Section<'_>) -> Option<Client> {
    let before = table.problems.count();
    trusts(&mut table);
    let ca = ca(&mut table);
    let name = table.optional("name", dns_name);
    let pins = pins(&mut table);
    let identity = identity(&mut table);
    let lists = table.take("crl");
    let at_lists = lists.as_ref().map(|node| node.place);
    let grace = table.optional("crl_grace", |node| duration(node, &GRACE));
    if let Some(at) = grace.filter(|_| at_lists.is_none()) {
        table.mistake_at("crl_grace", Some(at.place), &Mistake::GraceWithoutCrl("crl"));
    }
    let crl_grace = grace.map_or(std::time::Duration::ZERO, |at| at.value);
    let crls = crls(&mut table, "crl", lists, crl_grace);
    let (place, key) = (table.place, table.key.clone());
    let is_sound = table.problems.count() == before;
    let settings = OutgoingSettings {
        ca: ca.map(|file| file.content).unwrap_or_default(),
        name: name.map(|at| at.value),
        pins: pins.iter().collect::<Pins>(),
        identity,
        crls: crls.into_iter().flat_map(|file| file.content).collect(),
        crl_grace,
    };
    let made = is_sound.then(|| Client::new(settings));
    let made = made.and_then(|made| {
        let report = |errors: Vec<SettingsError>| {
            for error in errors {
                let key = format!("{key}{}", at_fault(error));
                table.problems.mistake(place, key, &error);
            }
        };
        made.map_err(report).ok()
    });
    table.finish();
    made
}

fn ca(table: &mut Section<'_>) -> Option<Certificates> {
    let at = table.optional("ca", path)?;
    let key = table.path("ca");
    let file = load(&key, &at, pem::authorities, table.problems)?;
    let judge = |_, der: &CertificateDer<'_>, now| of_certificate(der, Dated::ClientCa, now);
    dates(&key, &file, judge, table.problems);
    Some(file)
}

fn dns_name(node: &Node) -> Result<DnsName<'static>, Mistake> {
    let text = node.text()?;
    let name = DnsName::try_from(text.to_owned());
    name.map_err(|_| Mistake::OutgoingName(text.into()))
}

fn pins(table: &mut Section<'_>) -> Vec<Matcher> {
    let mut each = |key, of: fn(Digest) -> Matcher| -> Vec<Matcher> {
        let node = table.take(key);
        let is_one = node.as_ref().is_some_and(|node| node.text().is_ok());
        let read: Vec<At<Digest>> = match node {
            Some(node) if is_one => {
                let path = table.path(key);
                table.judge(&path, &node, digest).into_iter().collect()
            }
            node => {
                let items = table.items(key, node);
                let judged = items
                    .iter()
                    .filter_map(|item| super::section::judge_entry(item, digest, table.problems));
                judged.collect()
            }
        };
        read.into_iter().map(|at| of(at.value)).collect()
    };
    let mut pins = each("cert_sha256", Matcher::CertSha256);
    pins.extend(each("spki_sha256", Matcher::SpkiSha256));
    pins
}

fn digest(node: &Node) -> Result<Digest, Mistake> {
    node.parsed(value::digest, Mistake::Digest)
}

/// The gate's own certificate and key: both, or none.
fn identity(table: &mut Section<'_>) -> Option<Identity> {
    let certificate = table.optional("certificate", path);
    let key = table.optional("private_key", path);
    let (chain_key, key_key) = (table.path("certificate"), table.path("private_key"));
    match (&certificate, &key) {
        (Some(at), None) => table.mistake_at("private_key", Some(at.place), &Mistake::Missing),
        (None, Some(at)) => table.mistake_at("certificate", Some(at.place), &Mistake::Missing),
        (Some(_), Some(_)) | (None, None) => {}
    }
    let chain = load(&chain_key, &certificate?, pem::certificates, table.problems);
    let key = load(&key_key, &key?, pem::private_key, table.problems);
    if let Some(chain) = &chain {
        let what = |at| if at == 0 { Dated::Server } else { Dated::Chain };
        let judge = |at, der: &CertificateDer<'_>, now| of_certificate(der, what(at), now);
        dates(&chain_key, chain, judge, table.problems);
        if let Some(subject) = chain.content.first().and_then(|leaf| not_for_clients(leaf)) {
            let caution = Caution::NotForClients { path: chain.path.clone(), subject };
            table.problems.caution(chain.place, chain_key.as_str(), &caution);
        }
    }
    if let Some(key) = key.as_ref().filter(|key| key.readable_by_others) {
        let caution = Caution::KeyReadableByOthers(PathBuf::clone(&key.path));
        table.problems.caution(key.place, key_key.as_str(), &caution);
    }
    Some(Identity { chain: chain?.content, key: key?.content })
}

/// A CA vouches for many names, so that one of them has to be the target's.
fn trusts(table: &mut Section<'_>) {
    let has_pin = table.has("cert_sha256") || table.has("spki_sha256");
    match (table.has("ca"), table.has("name")) {
        (false, false) if !has_pin => {
            table.problems.mistake(table.place, table.key.as_str(), &Mistake::NothingTrusted);
        }
        (true, false) => table.mistake_at("name", None, &Mistake::CaWithoutTargetName),
        (false, true) => table.mistake_at("name", None, &Mistake::TargetNameWithoutCa),
        (false, false) | (true, true) => {}
    }
}

/// The key that a setting stands at.
const fn at_fault(error: SettingsError) -> &'static str {
    match error {
        SettingsError::IdentityUnparsable(_) => ".certificate",
        SettingsError::KeyUnusable(_)
        | SettingsError::KeyForeign(..)
        | SettingsError::KeyMismatch(_) => ".private_key",
        SettingsError::CaUnparsable(_)
        | SettingsError::CaIsNoCa(_)
        | SettingsError::CaKeyForeign(..) => ".ca",
        SettingsError::CrlWithoutCa | SettingsError::CrlUnusable(_) => ".crl",
        SettingsError::NoIdentity | SettingsError::NothingTrusted | SettingsError::Provider => "",
    }
}
