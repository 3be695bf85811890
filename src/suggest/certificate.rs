//! By what a certificate of the audit is recognised in the table of a peer.

use pacsgate_core::certificate::Matcher;
use serde::Deserialize;

/// The reasons for which a certificate is refused that belongs to nobody here.
pub const OF_NOBODY: [&str; 7] = [
    "unknown-certificate",
    "unknown-issuer",
    "ca-certificate",
    "key-usage-missing",
    "key-usage-wrong",
    "critical-extension",
    "weak-signature",
];
/// The one of them for which a CA of the gate has vouched.
pub const VOUCHED_FOR: &str = "unknown-certificate";

/// What a line says of a certificate. Text is as the gate has written it: escaped.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    /// The digest of the certificate.
    pub sha256: String,
    /// The digest of its public key.
    pub spki_sha256: String,
    /// Its DNS names.
    pub dns: Vec<String>,
    /// Its URIs.
    pub uris: Vec<String>,
    /// Its common name, which is no identity.
    pub common_name: Option<String>,
    /// Its end.
    pub not_after: String,
    /// The named CAs that vouch for it.
    pub ca: Vec<String>,
}

/// What a peer has in `certificate`: keys and their texts, in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recognition(pub Vec<(&'static str, String)>);

impl Recognition {
    /// By its name, where a CA of the gate has vouched for that; else by its digest.
    pub fn of(shown: &Shown, is_vouched_for: bool) -> Self {
        let dns = shown.dns.iter().filter(|name| Matcher::san_dns(name).is_ok());
        let uris = shown.uris.iter().filter(|uri| Matcher::san_uri(uri).is_ok());
        let names = dns.map(|name| ("san_dns", name)).chain(uris.map(|uri| ("san_uri", uri)));
        let name = names.into_iter().find(|(_, name)| is_quotable(name));
        let ca = match shown.ca.first() {
            None => Some(None),
            Some(ca) => is_quotable(ca).then_some(Some(ca)),
        };
        match name.zip(ca).filter(|_| is_vouched_for) {
            Some(((key, name), ca)) => {
                let ca = ca.map(|ca| ("ca", ca.clone()));
                Self([(key, name.clone())].into_iter().chain(ca).collect())
            }
            None => Self(vec![("cert_sha256", shown.sha256.clone())]),
        }
    }
}

impl std::fmt::Display for Recognition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys: Vec<_> = self.0.iter().map(|(key, text)| format!("{key} = \"{text}\"")).collect();
        write!(f, "[{{ {} }}]", keys.join(", "))
    }
}

/// Whether it may stand between the quotes of a table that somebody pastes: the audit may come from
/// anywhere.
pub fn is_quotable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
}
