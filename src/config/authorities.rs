//! `client_ca` of a listener: one file, or several, each with a name that the peers' `ca` is one of.

use std::collections::BTreeMap;

use config::ValueKind;
use pacsgate_core::certificate::Ca;
use pacsgate_core::policy::PolicyFault;
use pacsgate_core::quoted;
use rustls::pki_types::CertificateDer;

use super::layers::is_name;
use super::mistake::Mistake;
use super::named::{Loaded, Origin, dates, load, path};
use super::node::Node;
use super::problems::Problems;
use super::section::{Section, judge_value};
use crate::stream::tls::ClientCa;
use crate::x509::pem;
use crate::x509::validity::{Dated, of_certificate};

/// A CA with the file that holds it.
pub(super) struct Authority {
    pub(super) name: Ca,
    /// The whole name of its key.
    pub(super) key: String,
    pub(super) file: Loaded<Vec<CertificateDer<'static>>>,
}

/// The CAs; none where there is no such key.
pub(super) fn read(table: &mut Section<'_>) -> Vec<Authority> {
    let Some(node) = table.take("client_ca") else { return Vec::new() };
    let key = table.path("client_ca");
    if matches!(node.value, ValueKind::Table(_)) {
        return named(&key, node, table.problems);
    }
    if matches!(node.value, ValueKind::Array(_)) {
        let expected = "one file, or a table of CAs with names, such as { hospital = \"ca.pem\" }";
        table.problems.mistake(node.place, key, &node.instead_of(expected));
        return Vec::new();
    }
    Authority::read(Ca::Only, key, &node, table.problems).into_iter().collect()
}

fn named(key: &str, node: Node, problems: &mut Problems) -> Vec<Authority> {
    let place = node.place;
    let files: BTreeMap<_, _> = node.into_table().unwrap_or_default().into_iter().collect();
    if files.is_empty() {
        problems.mistake(place, key, &PolicyFault::Empty);
    }
    let mut read = Vec::new();
    for (name, value) in files {
        let (key, node) = (format!("{key}.{}", quoted::key(&name)), Node::new(value, place));
        if is_name(&name) {
            read.extend(Authority::read(Ca::Named(name.into()), key, &node, problems));
        } else {
            problems.mistake(node.place, key, &Mistake::Name);
        }
    }
    read
}

impl Authority {
    fn read(name: Ca, key: String, node: &Node, problems: &mut Problems) -> Option<Self> {
        let at = judge_value(&key, node, path, problems)?;
        let file = load(&key, &at, pem::authorities, problems)?;
        let judge = |_, der: &CertificateDer<'_>, now| of_certificate(der, Dated::ClientCa, now);
        dates(&key, &file, judge, problems);
        Some(Self { name, key, file })
    }

    /// Its key and its file, once for each certificate in that.
    pub(super) fn origins(&self) -> impl Iterator<Item = (String, Origin)> {
        self.file.content.iter().map(|_| (self.key.clone(), self.file.origin()))
    }

    /// What TLS needs.
    pub(super) fn into_client_ca(self) -> ClientCa {
        ClientCa { name: self.name, certificates: self.file.content }
    }
}
