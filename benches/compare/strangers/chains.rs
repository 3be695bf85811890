//! The certificates that strangers show, and how they come to have them.

use std::error::Error;
use std::io;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{self, KeySize};
use pacsgate::pki::{self, Authority, Identity};
use rcgen::{
    CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, KeyPair, SanType,
};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs as provider};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme, SupportedProtocolVersion};

use super::acts::{self, Act};
use crate::ground::Ground;
use crate::material::{CA_NAME, CLIENT_NAME};

/// What the gate takes of one chain, less what a certificate has besides what fills it.
const FILLED: usize = 15 * 1024;

type Made<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What chains are made from.
pub(super) struct Chains {
    roots: Arc<RootCertStore>,
    rsa: (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>),
    /// Of the right name, and without the key.
    false_ca: Authority,
    large_key: Vec<u8>,
}

/// Shows a chain whether it makes sense or not.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl Chains {
    pub(super) fn new(ground: &Ground<'_>) -> Made<Self> {
        let size = if ground.options.short { KeySize::Rsa4096 } else { KeySize::Rsa8192 };
        let large_key = AsDer::<Pkcs8V1Der<'_>>::as_der(&rsa::KeyPair::generate(size)?)?;
        Ok(Self {
            roots: Arc::new(ground.material().roots()?),
            rsa: ground.material().pair("client-rsa")?,
            false_ca: Authority::root(pki::authority(CA_NAME, pki::today()), KeyPair::generate()?)?,
            large_key: large_key.as_ref().to_vec(),
        })
    }

    pub(super) fn honest_rsa(&self) -> io::Result<Arc<ClientConfig>> {
        let (chain, key) = &self.rsa;
        self.showing(chain.clone(), key.clone_key(), rustls::DEFAULT_VERSIONS)
    }

    pub(super) fn honest_p384(&self) -> io::Result<Arc<ClientConfig>> {
        let (chain, key) = &self.rsa;
        self.showing_by(acts::p384(), chain.clone(), key.clone_key(), rustls::DEFAULT_VERSIONS)
    }

    pub(super) fn honest_tls12(&self) -> io::Result<Arc<ClientConfig>> {
        let (chain, key) = &self.rsa;
        self.showing(chain.clone(), key.clone_key(), &[&rustls::version::TLS12])
    }

    pub(super) fn anonymous(&self) -> Arc<ClientConfig> {
        let config = ClientConfig::builder();
        finish(config.with_root_certificates(Arc::clone(&self.roots)).with_no_client_auth())
    }

    pub(super) fn p384(&self) -> io::Result<Arc<ClientConfig>> {
        let config = builder(acts::p384(), rustls::DEFAULT_VERSIONS)?;
        Ok(finish(config.with_root_certificates(Arc::clone(&self.roots)).with_no_client_auth()))
    }

    /// What is refused, each with its name.
    pub(super) fn refused(&self) -> io::Result<Vec<(&'static str, Arc<ClientConfig>)>> {
        let own = || Ok(Identity::self_signed(&params()?, KeyPair::generate()?)?);
        let full = |fill: fn(&mut CertificateParams) -> Made<()>| {
            let mut params = params()?;
            fill(&mut params)?;
            Ok(Identity::self_signed(&params, KeyPair::generate()?)?)
        };
        let small = |mut tls: Arc<ClientConfig>| {
            Arc::make_mut(&mut tls).max_fragment_size = Some(32);
            tls
        };
        let worst = full(fill_extensions).map_err(io::Error::other)?;
        let worst = self.with_by(acts::p384(), &worst)?;
        Ok(vec![
            ("self-signed", self.with(own())?),
            ("nine CAs of one name", self.with(nine_of_one_name())?),
            ("four in a line under the CA's name", self.with(self.line(KeyPair::generate))?),
            ("the same, P-521 keys", self.with(self.line(p521))?),
            ("the same, RSA 8192 keys", self.with(self.line(|| self.large()))?),
            ("16 KiB of names", self.with(full(fill_names))?),
            ("16 KiB of extensions", self.with(full(fill_extensions))?),
            ("16 KiB of subject", self.with(full(fill_subject))?),
            ("16 KiB of extensions in ten certificates", self.with(ten_filled())?),
            ("16 KiB of subject in 27-byte records", small(self.with(full(fill_subject))?)),
            ("16 KiB of extensions, P-384 key exchange", worst),
            ("60,000 bytes of certificate", self.with(full(overfill))?),
            ("the same in 27-byte records", small(self.with(full(overfill))?)),
        ])
    }

    fn with(&self, made: Made<Identity>) -> io::Result<Arc<ClientConfig>> {
        self.with_by(provider::default_provider(), &made.map_err(io::Error::other)?)
    }

    fn with_by(&self, by: CryptoProvider, shown: &Identity) -> io::Result<Arc<ClientConfig>> {
        let chain = shown.chain.iter().map(|one| one.der().clone()).collect();
        let key = PrivatePkcs8KeyDer::from(shown.key.serialize_der()).into();
        self.showing_by(by, chain, key, rustls::DEFAULT_VERSIONS)
    }

    fn showing(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> io::Result<Arc<ClientConfig>> {
        self.showing_by(provider::default_provider(), chain, key, versions)
    }

    fn showing_by(
        &self,
        by: CryptoProvider,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> io::Result<Arc<ClientConfig>> {
        showing(&self.roots, by, chain, key, versions)
    }

    /// A leaf and three CAs above it, the last of which claims to come from the gate's CA.
    fn line(&self, key: impl Fn() -> Result<KeyPair, rcgen::Error>) -> Made<Identity> {
        let ca = |name| pki::authority(name, pki::today());
        let third = self.false_ca.intermediate(ca("third"), key()?)?;
        let second = third.intermediate(ca("second"), key()?)?;
        let first = second.intermediate(ca("first"), key()?)?;
        let mut identity = first.issue(&params()?, KeyPair::generate()?)?;
        identity.chain.truncate(4);
        Ok(identity)
    }

    fn large(&self) -> Result<KeyPair, rcgen::Error> {
        let der = PrivatePkcs8KeyDer::from(self.large_key.as_slice());
        KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_RSA_SHA256)
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// A stranger who costs what most do.
pub(crate) fn self_signed(ground: &Ground<'_>) -> io::Result<Act> {
    let shown = params().and_then(|it| Ok(Identity::self_signed(&it, KeyPair::generate()?)?));
    let shown = shown.map_err(io::Error::other)?;
    let chain = shown.chain.iter().map(|one| one.der().clone()).collect();
    let key = PrivatePkcs8KeyDer::from(shown.key.serialize_der()).into();
    let roots = Arc::new(ground.material().roots()?);
    let by = provider::default_provider();
    Ok(Act::Handshake(showing(&roots, by, chain, key, rustls::DEFAULT_VERSIONS)?))
}

fn showing(
    roots: &Arc<RootCertStore>,
    by: CryptoProvider,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> io::Result<Arc<ClientConfig>> {
    let key = by.key_provider.load_private_key(key).map_err(io::Error::other)?;
    let shown = Arc::new(Shown(Arc::new(CertifiedKey::new(chain, key))));
    let config = builder(by, versions)?.with_root_certificates(Arc::clone(roots));
    Ok(finish(config.with_client_cert_resolver(shown)))
}

fn builder(
    provider: CryptoProvider,
    versions: &[&'static SupportedProtocolVersion],
) -> io::Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>> {
    let config = ClientConfig::builder_with_provider(Arc::new(provider));
    config.with_protocol_versions(versions).map_err(io::Error::other)
}

fn finish(mut config: ClientConfig) -> Arc<ClientConfig> {
    config.resumption = Resumption::disabled();
    Arc::new(config)
}

fn params() -> Made<CertificateParams> {
    let usage = Some(ExtendedKeyUsagePurpose::ClientAuth);
    Ok(pki::leaf(CLIENT_NAME, &[CLIENT_NAME], usage, pki::today())?)
}

fn p521() -> Result<KeyPair, rcgen::Error> {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512)
}

/// Each may have issued each other, as far as names tell.
fn nine_of_one_name() -> Made<Identity> {
    let ca = || Authority::root(pki::authority("one name", pki::today()), KeyPair::generate()?);
    let mut identity = ca()?.issue(&params()?, KeyPair::generate()?)?;
    for _ in 0..9 {
        identity.chain.push(ca()?.issuer.as_ref().clone());
    }
    Ok(identity)
}

fn ten_filled() -> Made<Identity> {
    let made = || {
        let mut params = params()?;
        extend(&mut params, FILLED / 10 - 300);
        Ok(Identity::self_signed(&params, KeyPair::generate()?)?)
    };
    let mut identity: Identity = made()?;
    for _ in 0..9 {
        let other: Made<Identity> = made();
        identity.chain.extend(other?.chain);
    }
    Ok(identity)
}

fn fill_names(params: &mut CertificateParams) -> Made<()> {
    let name = SanType::DnsName("a".try_into()?);
    params.subject_alt_names.extend(std::iter::repeat_n(name, FILLED / 3));
    Ok(())
}

fn fill_extensions(params: &mut CertificateParams) -> Made<()> {
    extend(params, FILLED);
    Ok(())
}

/// Each takes 10 bytes at least.
fn extend(params: &mut CertificateParams, bytes: usize) {
    for number in (0_u64..).take(bytes / 12) {
        let oid = [2, 999, 1_000 + number];
        params.custom_extensions.push(CustomExtension::from_oid_content(&oid, Vec::new()));
    }
}

/// Each part of the name is of a kind of its own.
fn fill_subject(params: &mut CertificateParams) -> Made<()> {
    for number in (0_u64..).take(FILLED / 2 / 14) {
        let kind = DnType::CustomDnType(vec![2, 999, 1_000 + number]);
        params.distinguished_name.push(kind, "a");
    }
    Ok(())
}

fn overfill(params: &mut CertificateParams) -> Made<()> {
    let content = vec![0; 60_000];
    params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 999, 1], content));
    Ok(())
}
