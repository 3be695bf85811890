//! Keys in PEM: public keys (SubjectPublicKeyInfo, RFC 7468 section 13), and certificates, of which
//! only the key counts.
//!
//! `jsonwebtoken` takes the first bit string that it finds in either; here they are read as what they
//! are.

use rustls::pki_types::pem::{PemObject, SectionKind};
use x509_parser::der_parser::asn1_rs::Oid;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_PKCS1_RSAENCRYPTION,
    OID_SIG_ED25519,
};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::keys::{Key, Keys, KeysFault, Kind};
use crate::x509::pem::PemFault;
use crate::x509::reading;

pub(super) fn keys(pem: &[u8]) -> Result<Keys, KeysFault> {
    let sections: Result<Vec<(SectionKind, Vec<u8>)>, _> = PemObject::pem_slice_iter(pem).collect();
    let sections = sections.map_err(|_| KeysFault::Pem(PemFault::Damaged))?;
    // One under a passphrase is none of the sections that are known.
    let mark = b"PRIVATE KEY-----";
    if pem.windows(mark.len()).any(|window| window == mark) {
        return Err(KeysFault::Private);
    }
    let read: Vec<_> = sections.iter().map(|(section, der)| key(*section, der)).collect();
    let all = read.len();
    let keys: Vec<_> = read.into_iter().flatten().collect();
    let is_alike = |at: usize, key: &Key| keys.iter().skip(at + 1).any(|one| one.kind == key.kind);
    if keys.iter().enumerate().any(|(at, key)| is_alike(at, key)) {
        return Err(KeysFault::Alike);
    }
    let passed_over = all.saturating_sub(keys.len());
    Keys::new(keys, passed_over)
}

fn key(section: SectionKind, der: &[u8]) -> Option<Key> {
    if section == SectionKind::Certificate {
        return of(reading::whole(der)?.public_key());
    }
    if section != SectionKind::PublicKey {
        return None;
    }
    let (rest, info) = SubjectPublicKeyInfo::from_der(der).ok()?;
    if rest.is_empty() { of(&info) } else { None }
}

fn of(info: &SubjectPublicKeyInfo<'_>) -> Option<Key> {
    let bits = &*info.subject_public_key.data;
    let algorithm = &info.algorithm.algorithm;
    if *algorithm == OID_PKCS1_RSAENCRYPTION {
        let PublicKey::RSA(key) = info.parsed().ok()? else { return None };
        return Key::rsa(key.modulus, key.exponent);
    }
    if *algorithm == OID_SIG_ED25519 {
        return Some(Key::ed25519(bits.try_into().ok()?));
    }
    let curve: Oid<'_> = info.algorithm.parameters.as_ref()?.as_oid().ok()?;
    if *algorithm != OID_KEY_TYPE_EC_PUBLIC_KEY {
        return None;
    }
    let (kind, length) = if curve == OID_EC_P256 {
        (Kind::P256, 2 * 32)
    } else if curve == OID_NIST_EC_P384 {
        (Kind::P384, 2 * 48)
    } else {
        return None;
    };
    // Uncompressed (SEC 1 section 2.3.3), as everybody writes it.
    let point = bits.strip_prefix(&[4]).filter(|point| point.len() == length)?;
    Some(Key::ec(kind, point))
}
