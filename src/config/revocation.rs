//! Whether a listener hears of the certificates that its CAs have taken back.

use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::x509::X509Version;

use super::mistake::Caution;
use super::section::{At, Section};
use super::source::Place;

/// Warns where there is no list, and of each CA without one where there are some: TLS then
/// refuses every certificate that no list vouches for.
pub(super) fn judge(
    table: &mut Section<'_>,
    client_ca: &[CertificateDer<'_>],
    at_lists: Option<Place>,
    crls: &[At<CertificateRevocationListDer<'static>>],
) {
    let key = table.path("client_crl");
    let Some(place) = at_lists else {
        return table.problems.caution(table.place, key, &Caution::NoCrl);
    };
    let lists: Vec<_> = crls
        .iter()
        .filter_map(|at| CertificateRevocationList::from_der(&at.value).ok())
        .map(|(_, list)| list)
        .collect();
    for der in client_ca {
        // What cannot be read, TLS refuses.
        let Ok((_, ca)) = X509Certificate::from_der(der) else { continue };
        // A device's certificate is refused as a CA, and issues nothing.
        let issues = ca.version() != X509Version::V3 || ca.is_ca();
        if issues && !lists.iter().any(|list| is_of(list, &ca)) {
            let ca = ca.subject().to_string();
            let caution = Caution::CaWithoutCrl(ca.as_str().into());
            table.problems.caution(place, key.as_str(), &caution);
        }
    }
}

/// By name, and by key where both say it: a renewed CA may keep its name.
fn is_of(list: &CertificateRevocationList<'_>, ca: &X509Certificate<'_>) -> bool {
    if list.issuer().as_raw() != ca.subject().as_raw() {
        return false;
    }
    match (signer(list.extensions()), subject(ca.extensions())) {
        (Some(signer), Some(subject)) => signer == subject,
        _ => true,
    }
}

fn signer<'a>(extensions: &'a [X509Extension<'_>]) -> Option<&'a [u8]> {
    extensions.iter().find_map(|extension| {
        let ParsedExtension::AuthorityKeyIdentifier(id) = extension.parsed_extension() else {
            return None;
        };
        id.key_identifier.as_ref().map(|id| id.0)
    })
}

fn subject<'a>(extensions: &'a [X509Extension<'_>]) -> Option<&'a [u8]> {
    extensions.iter().find_map(|extension| {
        let ParsedExtension::SubjectKeyIdentifier(id) = extension.parsed_extension() else {
            return None;
        };
        Some(id.0)
    })
}
