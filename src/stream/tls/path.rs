//! The one path upwards through what a client has sent.
//!
//! webpki tries each certificate above each other one that has the right name, so a stranger who
//! sends nine CAs of one name buys 150 ms of the gate's time. What it gets here is a line: every
//! certificate once, each issued in the name of the next.

use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;

use crate::x509::{issuing, reading};

/// The most certificates of a path, the leaf among them. A CA that is trusted need not be sent.
pub(super) const MOST: usize = 4;

/// A leaf with what leads from it to a CA, each issued by the next.
#[derive(Debug)]
pub(super) struct Path<'a> {
    leaf: X509Certificate<'a>,
    above: Vec<(CertificateDer<'a>, X509Certificate<'a>)>,
    /// It goes on beyond [`MOST`].
    pub(super) is_cut: bool,
}

impl<'a> Path<'a> {
    /// The path from a leaf. The order in which the others were sent does not matter (RFC 8446
    /// section 4.4.2), and what does not belong to the path is left out.
    pub(super) fn new(leaf: X509Certificate<'a>, sent: &'a [CertificateDer<'_>]) -> Self {
        let others: Vec<_> = sent
            .iter()
            .filter_map(|der| Some((CertificateDer::from(der.as_ref()), reading::whole(der)?)))
            .collect();
        let mut path = Self { leaf, above: Vec::new(), is_cut: false };
        while let Some(next) = path.next(&others) {
            if path.len() == MOST {
                path.is_cut = true;
                break;
            }
            path.above.push(next);
        }
        path
    }

    /// What is above the leaf.
    pub(super) fn intermediates(&self) -> Vec<CertificateDer<'_>> {
        self.above.iter().map(|(der, _)| CertificateDer::from(der.as_ref())).collect()
    }

    /// All certificates, the leaf first.
    pub(super) fn certificates(&self) -> impl Iterator<Item = &X509Certificate<'a>> {
        std::iter::once(&self.leaf).chain(self.above.iter().map(|(_, certificate)| certificate))
    }

    const fn len(&self) -> usize {
        1 + self.above.len()
    }

    /// The issuer of the last: by its name, and among several by its key. No name comes twice, so
    /// that there is an end.
    fn next(
        &self,
        others: &[(CertificateDer<'a>, X509Certificate<'a>)],
    ) -> Option<(CertificateDer<'a>, X509Certificate<'a>)> {
        let last = self.above.last().map_or(&self.leaf, |(_, certificate)| certificate);
        let issuer = last.issuer().as_raw();
        if self.certificates().any(|known| known.subject().as_raw() == issuer) {
            return None;
        }
        let mut named = others.iter().filter(|(_, other)| other.subject().as_raw() == issuer);
        let first = named.clone().next();
        let by_key = named.find(|(_, other)| issuing::has_signed(other, last) == Some(true));
        by_key.or(first).cloned()
    }
}
