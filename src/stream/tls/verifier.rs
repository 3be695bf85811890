//! Which client certificates are accepted: by pin, or by a chain to a configured CA.

use std::cell::RefCell;
use std::time::Duration;

use pacsgate_core::certificate::{Accepted, AcceptedBy, Ca, Certificate};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DistinguishedName, Error};
use webpki::{
    CertRevocationList, EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage,
    RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath,
};

use super::crl::RevocationLists;
use super::fault::HandshakeFault;
use super::path::Path;
use super::remembered::Algorithms;
use super::seen;
use super::settings::{self, ClientCertificate, Exempt, Pins, Settings, SettingsError};
use super::signature::verifies_signatures;
use crate::x509::reading::Traits;
use crate::x509::{foreign, issuing, reading};

/// rustls keeps the chain as long as the connection lives, so its size is bounded here.
const MAX_CHAIN: usize = 10;
/// All the certificates that a client may send, in bytes of DER.
pub const MAX_CHAIN_BYTES: usize = 16 * 1024;

/// The judge of client certificates.
#[derive(Debug)]
pub(super) struct ClientVerifier {
    anchors: Vec<TrustAnchor<'static>>,
    /// Whose anchor each of them is.
    owners: Vec<Ca>,
    lists: RevocationLists,
    pins: Pins,
    exempt: Exempt,
    demand: ClientCertificate,
    algorithms: WebPkiSupportedAlgorithms,
    /// The same for chains and lists, which come again and again.
    of_chains: Algorithms,
}

/// What every certificate of a chain has to be for, if it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Client,
    Server,
    Any,
}

impl ExtendedKeyUsageValidator for Purpose {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        match self {
            Self::Client => KeyUsage::client_auth().validate(purposes),
            Self::Server => KeyUsage::server_auth().validate(purposes),
            Self::Any => Ok(()),
        }
    }
}

/// What is left to do once a leaf could be read.
struct Leaf<'a> {
    /// `None` if a critical extension keeps webpki from it.
    parsed: Option<EndEntityCert<'a>>,
    presented: &'a Certificate,
    traits: Traits,
    /// What its chain has to be for.
    purpose: Purpose,
    path: Path<'a>,
    now: UnixTime,
}

impl ClientVerifier {
    /// Reads the CAs and the lists; all that is wrong goes to `errors`.
    pub(super) fn new(
        settings: Settings,
        algorithms: WebPkiSupportedAlgorithms,
        errors: &mut Vec<SettingsError>,
    ) -> Option<Self> {
        let Settings { client_certificate: demand, client_ca, crls, pins, exempt, .. } = settings;
        let is_required = demand == ClientCertificate::Required;
        if is_required && client_ca.is_empty() && pins.is_empty() {
            return settings::keep(Err(SettingsError::NothingTrusted), errors);
        }
        if client_ca.is_empty() && !crls.is_empty() {
            return settings::keep(Err(SettingsError::CrlWithoutCa), errors);
        }
        let each =
            client_ca.iter().flat_map(|ca| ca.certificates.iter().map(|der| (&ca.name, der)));
        let (owners, certificates): (Vec<_>, Vec<_>) =
            each.map(|(name, der)| (name.clone(), der.clone())).unzip();
        let anchors = certificates.iter().enumerate().map(|(place, der)| anchor(place, der));
        let anchors: Vec<_> = anchors.filter_map(|ca| settings::keep(ca, errors)).collect();
        let lists = RevocationLists::new(&crls, &certificates, settings.crl_grace, errors);
        if errors.is_empty() {
            lists.warn_of_foreign(&anchors);
        }
        let of_chains = Algorithms::new(algorithms.all);
        Some(Self { anchors, owners, lists, pins, exempt, demand, algorithms, of_chains })
    }

    /// Whether a client may show no certificate.
    pub(super) fn is_optional(&self) -> bool {
        self.demand == ClientCertificate::Optional
    }

    /// How many signatures are remembered.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.of_chains.remembered()
    }

    pub(super) const fn lists(&self) -> &RevocationLists {
        &self.lists
    }

    /// Judges the chain of a client.
    pub(super) fn judge(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Accepted, HandshakeFault> {
        self.judge_for(end_entity, intermediates, now, |presented, traits| {
            let is_exempt =
                !traits.is_for_clients && self.exempt.cas_of(presented).next().is_some();
            if is_exempt { Purpose::Any } else { Purpose::Client }
        })
    }

    /// Judges the chain of a server that the gate has called.
    pub(super) fn judge_server(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Accepted, HandshakeFault> {
        self.judge_for(end_entity, intermediates, now, |_, _| Purpose::Server)
    }

    fn judge_for(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        purpose: impl FnOnce(&Certificate, &Traits) -> Purpose,
    ) -> Result<Accepted, HandshakeFault> {
        let sent = intermediates.iter().map(|der| der.len());
        if intermediates.len() >= MAX_CHAIN
            || end_entity.len() + sent.sum::<usize>() > MAX_CHAIN_BYTES
        {
            return Err(HandshakeFault::CertificateTooLarge);
        }
        let parsed = match EndEntityCert::try_from(end_entity) {
            Ok(parsed) => Some(parsed),
            Err(webpki::Error::UnsupportedCriticalExtension) => None,
            Err(error) => return Err(HandshakeFault::from_webpki(&error)),
        };
        let whole = reading::whole(end_entity).ok_or(HandshakeFault::CertificateUnparsable)?;
        let (presented, traits) = reading::read(end_entity, &whole, parsed.as_ref())?;
        seen::note_presented(presented.clone());
        let path = Path::new(whole, intermediates);
        let purpose = purpose(&presented, &traits);
        let leaf = Leaf { parsed, presented: &presented, traits, purpose, path, now };
        self.lists.warn_of_late(now);
        if self.pins.contains(presented.sha256, presented.spki_sha256) {
            seen::note_vouched_for();
            self.judge_pinned(&leaf)?;
            let is_unlisted = !self.lists.is_empty() && !self.lists.speak_of(&leaf.path);
            let by = if is_unlisted { AcceptedBy::UnlistedPin } else { AcceptedBy::Pin };
            return Ok(Accepted { certificate: presented, by });
        }
        let verdict = self.judge_chain(&leaf);
        if verdict.is_ok() || self.vouches_for(&leaf) {
            seen::note_vouched_for();
        }
        verdict.map(|by| Accepted { certificate: presented, by })
    }

    /// Whether a configured CA has issued what is refused: for any purpose, and at a moment at which
    /// nothing had expired. Costs no more than the judgement did.
    fn vouches_for(&self, leaf: &Leaf<'_>) -> bool {
        let begins = leaf.path.certificates().map(|it| it.validity().not_before.timestamp());
        let begin = begins.max().and_then(|it| u64::try_from(it).ok()).unwrap_or_default();
        let moment = UnixTime::since_unix_epoch(Duration::from_secs(begin));
        leaf.parsed.as_ref().is_some_and(|parsed| {
            let above = leaf.path.intermediates();
            let (algorithms, anchors) = (self.of_chains.all(), &self.anchors);
            parsed
                .verify_for_usage(&algorithms, anchors, &above, moment, Purpose::Any, None, None)
                .is_ok()
        })
    }

    /// The pin is the trust, whatever extensions say; what remains are the dates, and a CA that
    /// takes its word back.
    fn judge_pinned(&self, leaf: &Leaf<'_>) -> Result<(), HandshakeFault> {
        let now = i64::try_from(leaf.now.as_secs()).unwrap_or(i64::MAX);
        if now < leaf.presented.not_before {
            return Err(HandshakeFault::CertificateNotYetValid);
        }
        if now > leaf.presented.not_after {
            return Err(HandshakeFault::CertificateExpired);
        }
        if leaf.traits.has_critical_key_period {
            return Err(HandshakeFault::CriticalExtension);
        }
        leaf.check_key()?;
        if self.lists.name_any(&leaf.path) {
            return Err(HandshakeFault::CertificateRevoked);
        }
        Ok(())
    }

    /// The chain with all the lists, so that what is revoked stays revoked; then, where a list
    /// has expired, once more with those that may still vouch. The CAs to which it leads.
    fn judge_chain(&self, leaf: &Leaf<'_>) -> Result<AcceptedBy, HandshakeFault> {
        let parsed = leaf.parsed.as_ref().ok_or(HandshakeFault::CriticalExtension)?;
        let all = self.lists.all(&leaf.path);
        let mut cas = self
            .build_chains(parsed, leaf, revocation(&all))
            .map_err(|error| leaf.chain_fault(&error))?;
        if self.lists.name_any(&leaf.path) {
            return Err(HandshakeFault::CertificateRevoked);
        }
        let serving = self.lists.serving(&leaf.path, leaf.now);
        if serving.len() < all.len() {
            cas = self.build_chains_of_serving(parsed, leaf, &serving)?;
        }
        leaf.check_key()?;
        match leaf.purpose {
            // Of servers it is usual to have none (RFC 5280 section 4.2.1.12).
            Purpose::Server => return Ok(AcceptedBy::Chain(cas)),
            Purpose::Client => {
                let is_told = leaf.traits.has_extended_key_usage;
                return is_told.then_some(AcceptedBy::Chain(cas)).ok_or(leaf.usage_fault());
            }
            Purpose::Any => {}
        }
        cas.retain(|ca| self.exempt.cas_of(leaf.presented).any(|exempt| exempt == ca));
        let is_exempt = !cas.is_empty();
        is_exempt.then_some(AcceptedBy::ChainForAnything(cas)).ok_or(leaf.usage_fault())
    }

    fn build_chains_of_serving(
        &self,
        parsed: &EndEntityCert<'_>,
        leaf: &Leaf<'_>,
        serving: &[&CertRevocationList<'static>],
    ) -> Result<Vec<Ca>, HandshakeFault> {
        let options = revocation(serving);
        let judged = options.map(|options| self.build_chains(parsed, leaf, Some(options)));
        match judged {
            Some(Ok(cas)) => Ok(cas),
            Some(Err(webpki::Error::CertRevoked)) => Err(HandshakeFault::CertificateRevoked),
            // All was well while the expired lists were asked.
            Some(Err(_)) | None => {
                seen::note_more(self.lists.ended_of(&leaf.path, leaf.now));
                Err(HandshakeFault::CrlExpired)
            }
        }
    }

    /// The CAs to which there is a chain, each by its own anchors alone; where there is none, why.
    ///
    /// webpki is sent on from each anchor to the next, all within its one budget of signatures: that
    /// there are many CAs, or many of one name, makes no certificate more expensive than that.
    fn build_chains(
        &self,
        parsed: &EndEntityCert<'_>,
        leaf: &Leaf<'_>,
        revocation: Option<RevocationOptions<'_>>,
    ) -> Result<Vec<Ca>, webpki::Error> {
        let found = RefCell::new(Vec::new());
        let note = |path: &VerifiedPath<'_>| {
            let mut found = found.borrow_mut();
            match self.owner(path.anchor()) {
                Some(ca) if !found.contains(ca) => found.push(ca.clone()),
                Some(_) | None => {}
            }
            let is_last = self.owners.iter().all(|ca| found.contains(ca));
            if is_last { Ok(()) } else { Err(webpki::Error::UnknownIssuer) }
        };
        let above = leaf.path.intermediates();
        // Demanding the usage here would demand it of the intermediates, which rarely have any:
        // webpki asks only those that have the extension, and the leaf is asked by the caller.
        let verdict = parsed.verify_for_usage(
            &self.of_chains.all(),
            &self.anchors,
            &above,
            leaf.now,
            leaf.purpose,
            revocation,
            Some(&note),
        );
        match verdict {
            Err(error) if is_exhausted(&error) || found.borrow().is_empty() => Err(error),
            Err(_) | Ok(_) => Ok(found.take()),
        }
    }

    fn owner(&self, anchor: &TrustAnchor<'_>) -> Option<&Ca> {
        let place = self.anchors.iter().position(|own| std::ptr::eq(own, anchor))?;
        self.owners.get(place)
    }
}

impl Leaf<'_> {
    const fn usage_fault(&self) -> HandshakeFault {
        if self.traits.has_extended_key_usage {
            HandshakeFault::KeyUsageWrong
        } else {
            HandshakeFault::KeyUsageMissing
        }
    }

    fn check_key(&self) -> Result<(), HandshakeFault> {
        if let Some(key) = self.traits.foreign_key {
            return Err(key.into());
        }
        if self.traits.key_size_supported {
            return Ok(());
        }
        Err(HandshakeFault::UnsupportedAlgorithm)
    }

    /// webpki does not say whose signature it could not verify, nor why.
    fn chain_fault(&self, error: &webpki::Error) -> HandshakeFault {
        let fault = HandshakeFault::from_webpki(error);
        if fault == HandshakeFault::UnknownIssuer && self.path.is_cut {
            return HandshakeFault::CertificateTooLarge;
        }
        let is_unverified = matches!(error, webpki::Error::InvalidSignatureForPublicKey);
        if !is_unverified && fault != HandshakeFault::UnsupportedAlgorithm {
            return fault;
        }
        if let Some(key) = self.path.certificates().find_map(foreign::key_of) {
            return key.into();
        }
        if !is_unverified && self.path.certificates().any(foreign::has_weak_signature) {
            return HandshakeFault::WeakSignature;
        }
        fault
    }
}

impl ClientCertVerifier for ClientVerifier {
    /// Empty: the names would tell strangers the hospital's vendors, and some clients with a
    /// pinned certificate would find none of their CAs and send nothing.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        !self.is_optional()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verdict = self.judge(end_entity, intermediates, now).map(|accepted| accepted.by);
        let fault = verdict.as_ref().err().copied();
        seen::note_verdict(verdict);
        match fault {
            None => Ok(ClientCertVerified::assertion()),
            Some(fault) => Err(fault.certificate_error().into()),
        }
    }

    verifies_signatures!();
}

/// Whether webpki gave up on a chain that costs too much: what it has found until then counts for
/// nothing.
const fn is_exhausted(error: &webpki::Error) -> bool {
    matches!(
        error,
        webpki::Error::MaximumSignatureChecksExceeded
            | webpki::Error::MaximumPathBuildCallsExceeded
            | webpki::Error::MaximumNameConstraintComparisonsExceeded
    )
}

/// Without a list nothing is asked; with one, every certificate of the chain is.
fn revocation<'a>(lists: &'a [&'a CertRevocationList<'a>]) -> Option<RevocationOptions<'a>> {
    let builder = RevocationOptionsBuilder::new(lists).ok()?;
    Some(builder.with_status_policy(UnknownStatusPolicy::Deny).build())
}

/// A CA as a trust anchor. Its dates end nobody's trust (RFC 5280 6.2); the configuration warns
/// of them.
fn anchor(place: usize, der: &CertificateDer<'_>) -> Result<TrustAnchor<'static>, SettingsError> {
    let unparsable = SettingsError::CaUnparsable(place);
    let certificate = reading::whole(der).ok_or(unparsable)?;
    if !issuing::may_issue(&certificate) {
        return Err(SettingsError::CaIsNoCa(place));
    }
    if let Some(key) = foreign::key_of(&certificate) {
        return Err(SettingsError::CaKeyForeign(place, key));
    }
    let anchor = webpki::anchor_from_trusted_cert(der).map_err(|_| unparsable)?;
    Ok(anchor.to_owned())
}
