//! Which certificates count no more (RFC 5280 section 5).

use rcgen::{
    CertificateRevocationList, CertificateRevocationListParams, Issuer, KeyIdMethod,
    RevokedCertParams, SerialNumber, SigningKey,
};

use super::error::CaError;
use super::state::{Issuance, State};
use super::template::Validity;

/// How long a list counts if nobody says: a quarter, so that one who is ill or on holiday does not stop
/// the hospital's work.
pub(super) const DAYS: u32 = 90;

/// A list of all of them, those past their end included: a device that comes with one is then told so
/// as clearly as before.
pub(super) fn list(
    number: u64,
    state: &State,
    validity: Validity,
    issuer: &Issuer<'_, impl SigningKey>,
    key_id: KeyIdMethod,
) -> Result<CertificateRevocationList, CaError> {
    let failed = |error: &dyn ToString| CaError::Crypto("a revocation list", error.to_string());
    let revoked = state.issued().filter_map(entry).collect();
    let params = CertificateRevocationListParams {
        this_update: validity.from.time().into(),
        next_update: validity.until.time().into(),
        crl_number: number.into(),
        issuing_distribution_point: None,
        revoked_certs: revoked,
        key_identifier_method: key_id,
    };
    params.signed_by(issuer).map_err(|error| failed(&error))
}

fn entry(issued: &Issuance) -> Option<RevokedCertParams> {
    let (time, reason) = issued.revoked?;
    Some(RevokedCertParams {
        serial_number: SerialNumber::from_slice(&octets(&issued.certificate.serial)),
        revocation_time: time.time().into(),
        reason_code: reason.code(),
        invalidity_date: None,
    })
}

/// Of hexadecimal digits, two each.
fn octets(serial: &str) -> Vec<u8> {
    let digits: Vec<_> = serial.chars().filter_map(|digit| digit.to_digit(16)).collect();
    let pairs = digits.chunks_exact(2);
    let octet = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    };
    pairs.filter_map(octet).collect()
}
