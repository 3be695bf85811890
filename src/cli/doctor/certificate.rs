//! What a server's certificate says of itself.

use std::time::SystemTime;

use rustls::pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;
use x509_parser::certificate::X509Certificate;
use x509_parser::public_key::PublicKey;

use super::finding::{Finding, Severity};
use crate::audit::PeerText;
use crate::x509::{reading, validity};

const DAY: u64 = 86_400;
/// Time enough for an order, a signature and a change window.
const SOON: u64 = 30 * DAY;
const SHORTEST_RSA: usize = 2048;

/// What is wrong with it; nothing where all is well.
pub(super) fn judge(der: &CertificateDer<'_>, place: &str, name: &ServerName<'_>) -> Vec<Finding> {
    let Some(certificate) = reading::whole(der) else {
        return vec![
            Finding::new(
                Severity::Medium,
                "certificate-unreadable",
                place,
                "The certificate cannot be read",
            )
            .means("Devices that check certificates refuse it; those that do not, check nothing.")
            .cure("Issue a new certificate."),
        ];
    };
    let now = validity::since_epoch(SystemTime::now());
    let found =
        [dates(&certificate, place, now), key(&certificate, place), names(der, place, name)];
    found.into_iter().flatten().chain(issuer(&certificate, place)).collect()
}

fn subject(certificate: &X509Certificate<'_>) -> PeerText {
    PeerText::from_display(certificate.subject(), PeerText::PHRASE)
}

fn dates(certificate: &X509Certificate<'_>, place: &str, now: u64) -> Option<Finding> {
    let times = certificate.validity();
    let (start, end) = (validity::seconds(times.not_before), validity::seconds(times.not_after));
    let (severity, code, title) = if end <= now {
        (Severity::High, "certificate-expired", "The certificate has expired")
    } else if now < start {
        (Severity::High, "certificate-early", "The certificate is not valid yet")
    } else if end - now < SOON {
        (Severity::Medium, "certificate-ends-soon", "The certificate ends soon")
    } else {
        return None;
    };
    let shown = format!(
        "{}, valid from {} to {}",
        subject(certificate),
        validity::date(start),
        validity::date(end)
    );
    let found = Finding::new(severity, code, place, title)
        .means("From its end on, devices that check it cannot connect, and people learn to ignore the warning.")
        .cure("Renew it, and check the clock of both machines.");
    Some(found.shown(shown))
}

fn key(certificate: &X509Certificate<'_>, place: &str) -> Option<Finding> {
    let Ok(PublicKey::RSA(key)) = certificate.public_key().parsed() else { return None };
    let bits = key.key_size();
    (bits < SHORTEST_RSA).then(|| {
        Finding::new(Severity::High, "certificate-weak-key", place, "The key of the certificate is too short")
            .means("Such keys have been broken; whoever has it can read along and pretend to be this server.")
            .cure("Issue a certificate with a new key: RSA of 2048 bits or more, or ECDSA P-256.")
            .shown(format_args!("RSA of {bits} bits"))
    })
}

/// Only where a name was given: what an address is called, nobody can say from here.
fn names(der: &CertificateDer<'_>, place: &str, name: &ServerName<'_>) -> Option<Finding> {
    if !matches!(name, ServerName::DnsName(_)) {
        return None;
    }
    let certificate = EndEntityCert::try_from(der).ok()?;
    certificate.verify_is_valid_for_subject_name(name).err()?;
    let title = "The certificate is for another name";
    let found = Finding::new(Severity::Medium, "certificate-name", place, title)
        .means("Devices that check the name cannot connect; those that do not would take any other server for it.")
        .cure("Issue a certificate with the name by which devices connect as its subject alternative name.");
    Some(found.shown(format_args!("connected as {}", name.to_str())))
}

fn issuer(certificate: &X509Certificate<'_>, place: &str) -> Option<Finding> {
    (certificate.issuer().as_raw() == certificate.subject().as_raw()).then(|| {
        Finding::new(Severity::Low, "certificate-self-signed", place, "The certificate has signed itself")
            .means("Devices know it only if each of them has been given this very certificate.")
            .cure("Let a CA issue it (`pacsgate ca` is a small one), or make sure that every device has it pinned.")
            .shown(subject(certificate))
    })
}
