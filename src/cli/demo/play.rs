//! The play: what is tried, what is heard, what the audit says, and what should have been.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pacsgate_core::wire::pdu::Header;
use pacsgate_core::wire::reject::{Abort, Reject};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig};
use tokio::io::{AsyncRead, AsyncWrite};

use super::error::DemoError;
use super::object;
use super::pacs::Pacs;
use super::site::{CALLED, CT1, SERVER, Site, US1};
use super::trail::Trail;
use crate::cli::client::association::{self, Failure, VERIFICATION};
use crate::cli::client::dial;
use crate::cli::client::link::{Link, LinkError};
use crate::cli::client::tls::{self, Files, TlsTrouble};
use crate::cli::client::words::{AbortInWords, RejectInWords};
use crate::cli::trail::Line;

const PATIENCE: Duration = Duration::from_secs(10);
/// Study Root Query/Retrieve Information Model, FIND.
const STUDY_ROOT_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";

/// One scene.
pub(super) struct Scene {
    pub(super) what: &'static str,
    way: Way,
    calling: &'static str,
    ask: Ask,
    pub(super) expected: Expected,
}

/// How the requestor comes.
#[derive(Clone, Copy)]
enum Way {
    /// Over TLS with CT1's certificate.
    WithCertificate,
    /// Over TLS without a certificate.
    WithoutCertificate,
    /// Without TLS.
    Plain,
}

/// What it asks for.
#[derive(Clone, Copy)]
enum Ask {
    Echo,
    Store,
    Find,
    Malformed,
}

/// What must come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) told: Told,
    pub(super) reason: &'static str,
    /// How many connections the PACS sees.
    pub(super) connections: u64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) told: Told,
    pub(super) line: Line,
    pub(super) connections: u64,
    /// Whether the PACS has the very bytes that were sent; so where nothing was.
    pub(super) is_identical: bool,
}

/// What the requestor was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The association was accepted, the operation answered with 0000H, the release too.
    Success,
    Rejected(Reject),
    Aborted(Abort),
    Alert(AlertDescription),
    /// A TLS alert in answer to a plain request.
    PlainAlert,
    /// Anything else, in words.
    Other(String),
}

/// Every scene in its order.
pub(super) fn scenes() -> Vec<Scene> {
    let permitted = |told| Expected { told, reason: "released", connections: 1 };
    let refused = |told, reason| Expected { told, reason, connections: 0 };
    let (with, without) = (Way::WithCertificate, Way::WithoutCertificate);
    let scene = |what, way, calling, ask, expected| Scene { what, way, calling, ask, expected };
    vec![
        scene("C-ECHO by CT1", with, CT1, Ask::Echo, permitted(Told::Success)),
        scene("C-STORE of a small image by CT1", with, CT1, Ask::Store, permitted(Told::Success)),
        scene(
            "C-ECHO without a client certificate",
            without,
            CT1,
            Ask::Echo,
            refused(Told::Alert(AlertDescription::CertificateRequired), "certificate-missing"),
        ),
        scene(
            "C-ECHO with CT1's certificate and US1's title",
            with,
            US1,
            Ask::Echo,
            refused(Told::Rejected(Reject::CALLING_TITLE), "calling-title"),
        ),
        scene(
            "C-FIND by CT1, which may only echo and store",
            with,
            CT1,
            Ask::Find,
            refused(Told::Rejected(Reject::NO_REASON), "no-permitted-service"),
        ),
        scene(
            "A request with two items of user information by CT1",
            with,
            CT1,
            Ask::Malformed,
            refused(Told::Aborted(Abort::BEFORE_ASSOCIATION), "second-user-information"),
        ),
        scene(
            "Plain DICOM on the TLS port",
            Way::Plain,
            CT1,
            Ask::Echo,
            refused(Told::PlainAlert, "plain-dicom"),
        ),
    ]
}

/// Who plays, and who watches.
pub(super) struct Stage<'a> {
    pub(super) gate: SocketAddr,
    pub(super) pacs: &'a Pacs,
    pub(super) trail: Trail,
    with_certificate: Arc<ClientConfig>,
    without: Arc<ClientConfig>,
    data_set: Vec<u8>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        site: &Site,
        gate: SocketAddr,
        pacs: &'a Pacs,
        trail: Trail,
    ) -> Result<Self, DemoError> {
        let (ca, certificate) = (site.path("ca.pem"), site.path("ct1.pem"));
        let key = site.path("ct1.key");
        let with = Files { ca: &ca, identity: Some((&certificate, &key)) };
        Ok(Self {
            gate,
            pacs,
            trail,
            with_certificate: tls::config(&with)?,
            without: tls::config(&Files { ca: &ca, identity: None })?,
            data_set: object::sample_data_set(),
        })
    }

    /// Plays a scene to the line that the audit writes of it.
    pub(super) async fn play(&mut self, scene: &Scene) -> Result<Seen, DemoError> {
        let before = self.pacs.connections();
        let (source, told) = self.attempt(scene).await?;
        let line = self.trail.end_of(source).await.map_err(DemoError::Audit)?;
        let connections = self.pacs.connections() - before;
        let is_identical =
            !matches!(scene.ask, Ask::Store) || self.pacs.last_data_set() == self.data_set;
        Ok(Seen { told, line, connections, is_identical })
    }

    async fn attempt(&self, scene: &Scene) -> Result<(SocketAddr, Told), DemoError> {
        let socket = dial::connect(self.gate, PATIENCE).await.map_err(DemoError::Unconnected)?;
        let source = socket.local_addr().map_err(DemoError::Directory)?;
        let config = match scene.way {
            Way::WithCertificate => &self.with_certificate,
            Way::WithoutCertificate => &self.without,
            Way::Plain => return Ok((source, self.ask(scene, Link::new(socket, PATIENCE)).await)),
        };
        let name = ServerName::try_from(SERVER).map_err(|_| DemoError::Name)?;
        let told = match tls::handshake(Arc::clone(config), name, socket, PATIENCE).await {
            Ok(stream) => self.ask(scene, Link::new(stream, PATIENCE)).await,
            Err(trouble) => Told::from(LinkError::Tls(trouble)),
        };
        Ok((source, told))
    }

    async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        scene: &Scene,
        mut link: Link<S>,
    ) -> Told {
        match self.converse(scene, &mut link).await {
            Ok(()) => Told::Success,
            Err(Failure::Rejected(reject)) => Told::Rejected(reject),
            Err(Failure::Aborted(abort)) => Told::Aborted(abort),
            Err(Failure::Link(error)) => Told::from(error),
            Err(other) => Told::Other(other.to_string()),
        }
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        scene: &Scene,
        link: &mut Link<S>,
    ) -> Result<(), Failure> {
        let sop_class = match scene.ask {
            Ask::Echo | Ask::Malformed => VERIFICATION,
            Ask::Store => object::SECONDARY_CAPTURE,
            Ask::Find => STUDY_ROOT_FIND,
        };
        let mut request = association::request(scene.calling, CALLED, sop_class)?;
        if matches!(scene.ask, Ask::Malformed) {
            request = with_two_user_informations(&request);
        }
        association::open(link, &request).await?;
        match scene.ask {
            Ask::Echo => association::echo(link).await?,
            Ask::Store => association::store(link, &object::sample(&self.data_set)).await?,
            Ask::Find | Ask::Malformed => {}
        }
        association::release(link).await
    }
}

impl From<LinkError> for Told {
    fn from(error: LinkError) -> Self {
        if let LinkError::Tls(TlsTrouble::Alert(alert)) = error {
            return Self::Alert(alert);
        }
        if matches!(error, LinkError::WantsTls) {
            return Self::PlainAlert;
        }
        Self::Other(error.to_string())
    }
}

/// The same request with an empty item of user information before its own.
fn with_two_user_informations(request: &[u8]) -> Vec<u8> {
    /// Protocol version, titles and what is reserved (PS3.8 table 9-11).
    const FIXED: usize = 68;
    let item = [0x50, 0, 0, 0];
    let body = request.get(Header::LEN..).unwrap_or_default();
    let (fixed, items) = body.split_at_checked(FIXED).unwrap_or_default();
    let body = [fixed, &item, items].concat();
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    [&[1, 0], length.to_be_bytes().as_slice(), body.as_slice()].concat()
}

/// Everything that is not as expected, in words; nothing where all is.
pub(super) fn differences(expected: &Expected, seen: &Seen) -> Vec<String> {
    let mut found = Vec::new();
    if seen.told != expected.told {
        found.push(format!("expected answer: {}", expected.told));
    }
    if seen.line.reason.as_deref() != Some(expected.reason) {
        found.push(format!("expected reason: {}", expected.reason));
    }
    if seen.connections != expected.connections {
        found.push(format!("expected connections at the PACS: {}", expected.connections));
    }
    if !seen.is_identical {
        found.push("the PACS has another object than the one sent".to_owned());
    }
    found
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => {
                f.write_str("accepted, answered with status 0000H (success), released")
            }
            Self::Rejected(reject) => RejectInWords(*reject).fmt(f),
            Self::Aborted(abort) => AbortInWords(*abort).fmt(f),
            Self::Alert(alert) => TlsTrouble::Alert(*alert).fmt(f),
            Self::PlainAlert => f.write_str("a TLS alert, which it cannot read, and the close"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected() -> Expected {
        let told = Told::Rejected(Reject::CALLING_TITLE);
        Expected { told, reason: "calling-title", connections: 0 }
    }

    fn seen() -> Seen {
        let line = Line { reason: Some("calling-title".to_owned()), ..Line::default() };
        Seen { told: expected().told, line, connections: 0, is_identical: true }
    }

    #[test]
    fn is_content_with_what_was_expected() {
        assert_eq!(differences(&expected(), &seen()), [""; 0]);
    }

    #[test]
    fn notices_another_word_on_the_wire() {
        for told in [Told::Success, Told::Rejected(Reject::NO_REASON), Told::PlainAlert] {
            assert_eq!(differences(&expected(), &Seen { told, ..seen() }).len(), 1);
        }
    }

    #[test]
    fn notices_another_reason_and_none() {
        for reason in [Some("called-title".to_owned()), None] {
            let line = Line { reason, ..Line::default() };
            assert_eq!(differences(&expected(), &Seen { line, ..seen() }).len(), 1);
        }
    }

    #[test]
    fn notices_a_connection_at_the_pacs() {
        assert_eq!(differences(&expected(), &Seen { connections: 1, ..seen() }).len(), 1);
    }

    #[test]
    fn notices_an_object_that_was_changed() {
        assert_eq!(differences(&expected(), &Seen { is_identical: false, ..seen() }).len(), 1);
    }

    #[test]
    fn every_refusal_keeps_the_pacs_out_of_it() {
        for scene in scenes() {
            let is_success = scene.expected.told == Told::Success;
            assert_eq!(scene.expected.connections, u64::from(is_success), "{}", scene.what);
        }
    }
}
