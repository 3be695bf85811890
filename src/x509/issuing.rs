//! Who may issue, and which key has signed what.

use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::oid_registry::OID_X509_EXT_ISSUER_DISTRIBUTION_POINT as DISTRIBUTION_POINT;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::x509::X509Version;

/// Basic constraints exist since X.509 v3; an older root has nothing to say of itself.
pub(crate) fn may_issue(certificate: &X509Certificate<'_>) -> bool {
    certificate.version() != X509Version::V3 || certificate.is_ca()
}

/// The key that has signed a certificate or a list, as that names it (RFC 5280 section 4.2.1.1).
pub(crate) fn signer<'a>(extensions: &'a [X509Extension<'_>]) -> Option<&'a [u8]> {
    extensions.iter().find_map(|extension| {
        let ParsedExtension::AuthorityKeyIdentifier(id) = extension.parsed_extension() else {
            return None;
        };
        id.key_identifier.as_ref().map(|id| id.0)
    })
}

/// Whether this key has signed that certificate, if both say which key.
pub(crate) fn has_signed(
    issuer: &X509Certificate<'_>,
    certificate: &X509Certificate<'_>,
) -> Option<bool> {
    let keys = signer(certificate.extensions()).zip(own_key(issuer.extensions()));
    keys.map(|(one, other)| one == other)
}

/// What a list speaks of: two of one scope say the same at different times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    issuer: Vec<u8>,
    /// Identifies the issuer's key, for CAs that have kept their name over a change of key.
    pub(crate) key: Option<Vec<u8>>,
    distribution_point: Option<Vec<u8>>,
}

impl Scope {
    pub(crate) fn of(list: &CertificateRevocationList<'_>) -> Self {
        let is_point = |of: &&X509Extension<'_>| of.oid == DISTRIBUTION_POINT;
        Self {
            issuer: list.issuer().as_raw().to_vec(),
            key: signer(list.extensions()).map(<[u8]>::to_vec),
            distribution_point: list.extensions().iter().find(is_point).map(|of| of.value.to_vec()),
        }
    }
}

/// Whether one of the lists is of the same scope and newer.
pub(crate) fn is_replaced(
    list: &CertificateRevocationListDer<'_>,
    lists: &[&CertificateRevocationListDer<'_>],
) -> bool {
    let read = |der| CertificateRevocationList::from_der(der).ok().map(|(_, list)| list);
    let Some(list) = read(list) else { return false };
    let (scope, time) = (Scope::of(&list), list.last_update());
    let mut others = lists.iter().filter_map(|der| read(der));
    others.any(|other| other.last_update() > time && Scope::of(&other) == scope)
}

/// How many of the certificates may issue others.
pub(crate) fn count(cas: &[CertificateDer<'_>]) -> usize {
    let read = cas.iter().filter_map(|der| X509Certificate::from_der(der).ok());
    read.filter(|(_, ca)| may_issue(ca)).count()
}

/// The CAs for which there is no list, by their subjects.
pub(crate) fn without_list(
    cas: &[CertificateDer<'_>],
    lists: &[&CertificateRevocationListDer<'_>],
) -> Vec<String> {
    let lists = lists.iter().filter_map(|der| CertificateRevocationList::from_der(der).ok());
    let lists: Vec<_> = lists.map(|(_, list)| list).collect();
    let cas = cas.iter().filter_map(|der| X509Certificate::from_der(der).ok());
    // A device's certificate is refused as a CA, and issues nothing.
    let cas = cas.map(|(_, ca)| ca).filter(may_issue);
    let alone = cas.filter(|ca| !lists.iter().any(|list| is_of(list, ca)));
    alone.map(|ca| ca.subject().to_string()).collect()
}

/// By name, and by key where both say it: a renewed CA may keep its name.
pub(crate) fn is_of(list: &CertificateRevocationList<'_>, ca: &X509Certificate<'_>) -> bool {
    let keys = signer(list.extensions()).zip(own_key(ca.extensions()));
    list.issuer().as_raw() == ca.subject().as_raw() && keys.is_none_or(|(one, other)| one == other)
}

pub(crate) fn own_key<'a>(extensions: &'a [X509Extension<'_>]) -> Option<&'a [u8]> {
    extensions.iter().find_map(|extension| {
        let ParsedExtension::SubjectKeyIdentifier(id) = extension.parsed_extension() else {
            return None;
        };
        Some(id.0)
    })
}
