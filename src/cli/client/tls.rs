//! The client's side of TLS, and what the words of the other side mean.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, InconsistentKeys, RootCertStore,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::dial::is_an_end;
use crate::audit::PeerText;
use crate::host::words;
use crate::stream::tls::SettingsError;
use crate::x509::pem::{self, PemFault};
use crate::x509::reading;

/// The files of a client.
pub(in crate::cli) struct Files<'a> {
    /// The CAs that the server's certificate must come from.
    pub(in crate::cli) ca: &'a Path,
    /// The client's certificate with its chain, and its key.
    pub(in crate::cli) identity: Option<(&'a Path, &'a Path)>,
}

/// Why the files cannot serve.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Unusable {
    #[error("{} {}: cannot be read: {}", .0, .1.display(), words(.2))]
    Unreadable(&'static str, PathBuf, io::Error),
    #[error("{} {}: {}", .0, .1.display(), .2)]
    File(&'static str, PathBuf, PemFault),
    #[error("--ca {}: holds a certificate that cannot serve as a CA: {}", .0.display(), .1)]
    Ca(PathBuf, Error),
    #[error("--key {}: the key does not belong to the certificate {}", .0.display(), .1.display())]
    KeyMismatch(PathBuf, PathBuf),
    #[error("--key {}: {}", .0.display(), SettingsError::KeyUnusable(0))]
    Key(PathBuf),
    #[error("--certificate {}: cannot be used: {}", .0.display(), .1)]
    Certificate(PathBuf, Error),
    #[error("TLS cannot be set up: {0}")]
    Setup(Error),
}

/// Why the TLS handshake failed.
#[derive(Debug)]
pub(in crate::cli) enum TlsTrouble {
    /// The server did not go on in time.
    TimedOut,
    /// The server said why.
    Alert(AlertDescription),
    /// The server's certificate was refused, by us.
    ServerCertificate(CertificateError),
    /// What answers is no TLS.
    NotTls,
    /// The connection was closed or reset without a word.
    Closed,
    /// Anything else.
    Other(PeerText),
}

/// Makes the client's TLS. No session is ever resumed: each run meets the server anew.
pub(in crate::cli) fn config(files: &Files<'_>) -> Result<Arc<ClientConfig>, Unusable> {
    let mut roots = RootCertStore::empty();
    for certificate in read("--ca", files.ca, pem::certificates)? {
        roots.add(certificate).map_err(|error| Unusable::Ca(files.ca.to_owned(), error))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key_provider = provider.key_provider;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Unusable::Setup)?
        .with_root_certificates(roots);
    let mut config = match files.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let loaded = key_provider.load_private_key(read("--key", key, pem::private_key)?);
            let loaded = loaded.map_err(|_error| Unusable::Key(key.to_owned()))?;
            let chain = read("--certificate", certificate, pem::certificates)?;
            let certified = CertifiedKey::new(chain, loaded);
            let mismatch = Error::from(InconsistentKeys::KeyMismatch);
            reading::compare_keys(&certified).map_err(|error| {
                if error == mismatch {
                    Unusable::KeyMismatch(key.to_owned(), certificate.to_owned())
                } else {
                    Unusable::Certificate(certificate.to_owned(), error)
                }
            })?;
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
        }
    };
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// What the file of an option holds, judged as `check` does.
fn read<T>(
    option: &'static str,
    path: &Path,
    parse: fn(&[u8]) -> Result<T, PemFault>,
) -> Result<T, Unusable> {
    let unreadable = |error| Unusable::Unreadable(option, path.to_owned(), error);
    let bytes = fs::read(path).map_err(unreadable)?;
    parse(&bytes).map_err(|fault| Unusable::File(option, path.to_owned(), fault))
}

/// The client's handshake. In TLS 1.3 it ends before the server has judged the client's
/// certificate: a refusal comes with the first read ([`TlsTrouble::of`]).
pub(in crate::cli) async fn handshake(
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    stream: TcpStream,
    patience: Duration,
) -> Result<TlsStream<TcpStream>, TlsTrouble> {
    let shaken = timeout(patience, TlsConnector::from(config).connect(name, stream)).await;
    let shaken = shaken.map_err(|_elapsed| TlsTrouble::TimedOut)?;
    shaken.map_err(|error| {
        let of_the_stream = || {
            if is_an_end(error.kind()) { TlsTrouble::Closed } else { TlsTrouble::other(&error) }
        };
        TlsTrouble::of(&error).unwrap_or_else(of_the_stream)
    })
}

impl TlsTrouble {
    /// What TLS says in an error of a stream, if it is TLS that says it.
    pub(in crate::cli) fn of(error: &io::Error) -> Option<Self> {
        let error = error.get_ref()?.downcast_ref::<Error>()?;
        if let Error::AlertReceived(alert) = error {
            return Some(Self::Alert(*alert));
        }
        if let Error::InvalidCertificate(error) = error {
            return Some(Self::ServerCertificate(error.clone()));
        }
        if matches!(error, Error::InvalidMessage(_)) {
            return Some(Self::NotTls);
        }
        Some(Self::other(error))
    }

    fn other(error: &dyn fmt::Display) -> Self {
        Self::Other(PeerText::from_display(error, PeerText::SENTENCE))
    }
}

impl fmt::Display for TlsTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str(
                "the server says nothing, or stops in the middle: TCP is open, and TLS never \
                 began or never ended (time-out of the handshake)",
            ),
            Self::Alert(alert) => write!(f, "TLS alert {}: {}", name(*alert), meaning(*alert)),
            Self::ServerCertificate(error) => refused_server(error, f),
            Self::NotTls => f.write_str(
                "what answers is not TLS; a PACS's plain DICOM port does that: is it the right \
                 port?",
            ),
            Self::Closed => f.write_str(
                "the server closed the connection without a word: it has no TLS on this port, or \
                 its limits are reached",
            ),
            Self::Other(text) => write!(f, "{text}"),
        }
    }
}

fn refused_server(error: &CertificateError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use CertificateError as E;
    f.write_str("this side refuses the server's certificate: ")?;
    if let E::NotValidForNameContext { presented, .. } = error {
        return other_name(presented, f);
    }
    if matches!(error, E::UnknownIssuer) {
        return f.write_str(
            "none of the CAs given has issued it; give the right one with --ca, or let the server \
             send its intermediates",
        );
    }
    if matches!(error, E::Expired | E::ExpiredContext { .. }) {
        return f.write_str("it has expired; renew it, or set this machine's clock");
    }
    if matches!(error, E::NotValidYet | E::NotValidYetContext { .. }) {
        return f.write_str("it is not valid yet; set this machine's clock");
    }
    if matches!(error, E::InvalidPurpose | E::InvalidPurposeContext { .. }) {
        return f.write_str("its extended key usage does not allow serverAuth");
    }
    write!(f, "{}", PeerText::from_display(error, PeerText::SENTENCE))
}

/// The names of a certificate come as webpki shows them: `DnsName("gate.example")`.
fn other_name(presented: &[String], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let plain = |name: &String| {
        let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
        inner.unwrap_or(name).trim_matches('"').to_owned()
    };
    let names: Vec<_> = presented.iter().map(plain).collect();
    let shown = PeerText::from_display(names.join(", "), PeerText::SENTENCE);
    match names.as_slice() {
        [] => f.write_str("it has no subject alternative name to be compared; issue a new one"),
        [_] => write!(f, "it is for {shown}; give --name {shown}"),
        _ => write!(f, "it is for {shown}; give the right one of these with --name"),
    }
}

/// An alert as RFC 8446 section 6 writes it: `unknown_ca` for `UnknownCA`.
pub(in crate::cli) fn name(alert: AlertDescription) -> String {
    let Some(camel) = alert.as_str() else { return format!("{}", u8::from(alert)) };
    let mut name = String::new();
    let mut after_lower = false;
    for letter in camel.chars() {
        if after_lower && letter.is_ascii_uppercase() {
            name.push('_');
        }
        after_lower = letter.is_ascii_lowercase();
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn meaning(alert: AlertDescription) -> &'static str {
    let known = MEANINGS.iter().find(|(known, _)| *known == alert);
    known.map_or("the server ended the handshake; its log says why", |(_, meaning)| meaning)
}

/// The alerts that an administrator can do something about.
const MEANINGS: [(AlertDescription, &str); 15] = [
    (
        AlertDescription::CertificateRequired,
        "the server wants a client certificate and was shown none",
    ),
    (
        AlertDescription::UnknownCA,
        "the server knows no CA of the client's certificate (another CA, an intermediate that is \
         not sent, or a revocation list that is missing or too old)",
    ),
    (AlertDescription::BadCertificate, "the server cannot read the client's certificate"),
    (
        AlertDescription::UnsupportedCertificate,
        "the client's certificate is not made for this: clientAuth is missing in its extended key \
         usage, it is a CA's, or its algorithm is too weak",
    ),
    (AlertDescription::CertificateRevoked, "the client's certificate has been revoked"),
    (
        AlertDescription::CertificateExpired,
        "the client's certificate has expired, or is not valid yet by the server's clock",
    ),
    (AlertDescription::CertificateUnknown, "the server refuses the client's certificate"),
    (AlertDescription::AccessDenied, "the server refuses the client's certificate"),
    (AlertDescription::DecryptError, "the key does not belong to the client's certificate"),
    (
        AlertDescription::HandshakeFailure,
        "no cipher suite or key in common, or a client certificate is missing (TLS 1.2)",
    ),
    (AlertDescription::InsufficientSecurity, "the server wants a stronger cipher suite"),
    (AlertDescription::ProtocolVersion, "the server speaks neither TLS 1.2 nor TLS 1.3"),
    (AlertDescription::UnrecognisedName, "the server does not know the name that was asked for"),
    (AlertDescription::NoApplicationProtocol, "the server wants another application protocol"),
    (AlertDescription::InternalError, "the server failed; look into its log"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_alerts_as_the_standard_does() {
        let named = [
            (AlertDescription::UnknownCA, "unknown_ca"),
            (AlertDescription::CertificateRequired, "certificate_required"),
            (AlertDescription::HandshakeFailure, "handshake_failure"),
            (AlertDescription::Unknown(200), "200"),
        ];
        for (alert, expected) in named {
            assert_eq!(name(alert), expected);
        }
    }

    #[test]
    fn shows_names_of_a_foreign_certificate_without_control_characters() {
        let error = CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("gate.example").unwrap(),
            presented: vec!["DnsName(\"\u{1b}[31mred\n\")".to_owned()],
        };
        let words = TlsTrouble::ServerCertificate(error).to_string();
        assert!(words.contains("[31mred") && !words.contains(['\u{1b}', '\n']), "{words}");
    }
}
