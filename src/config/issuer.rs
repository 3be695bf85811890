//! `[issuer.NAME]`: whose tokens are accepted, and by which keys.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::Algorithm;
use rustls::pki_types::CertificateDer;

use super::limits::duration;
use super::mistake::Mistake;
use super::named::{self, load};
use super::node::Node;
use super::problems::Problems;
use super::section::{At, Section};
use super::suggestion::Suggestion;
use crate::identity::token::{
    ALGORITHMS, Address, Fetcher, Issuer, KeyStore, Keys, Rules, Source, algorithm, read as keys,
};
use crate::x509::pem;
use crate::x509::validity::{Dated, of_certificate};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Issuers show a new key hours before they sign with it, and `kid` asks for it sooner.
const REFRESH: Duration = Duration::from_secs(10 * 60);
/// From what an issuer bears to what is refreshed daily.
const REFRESHES: RangeInclusive<Duration> = Duration::from_secs(10)..=DAY;
/// A night and a working day in which the issuer may be down or its file broken.
const MAX_STALE: Duration = DAY;
/// Longer, and a key that the issuer has withdrawn would serve on unnoticed.
const STALE: RangeInclusive<Duration> = MINUTE..=Duration::from_secs(30 * 24 * 60 * 60);
/// Clocks under NTP differ by less than a second; half a minute is what those without it gain in weeks.
const LEEWAY: Duration = Duration::from_secs(30);
/// What is meant by "a few minutes, at most" (RFC 7519 section 4.1.4).
const LEEWAYS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(120);
/// As long as an association may live.
const OUTLIVE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(7 * 24 * 60 * 60);

/// An issuer with the place that others are compared with.
pub(super) struct Read {
    pub(super) name: Arc<str>,
    issuer: Option<At<Box<str>>>,
    rules: Rules,
    /// `None` if something was wrong.
    source: Option<(Source, Option<Keys>)>,
    max_stale: Duration,
}

pub(super) fn read(name: &str, node: Node, problems: &mut Problems) -> Read {
    let mut table = Section::open(format!("issuer.{name}"), node, problems);
    let issuer = table.required("issuer", text);
    let rules = Rules {
        issuer: issuer.as_ref().map(|at| at.value.clone()).unwrap_or_default(),
        audience: values(table.list("audience", text)),
        algorithms: values(table.list("algorithms", signed_by)),
        leeway: table.or("leeway", LEEWAY, |node| duration(node, &LEEWAYS)),
        outlive: table.or("outlive", Duration::ZERO, |node| duration(node, &OUTLIVE)),
    };
    let stale = table.optional("max_stale", |node| duration(node, &STALE));
    let max_stale = stale.map_or(MAX_STALE, |at| at.value);
    let source = source(&mut table, &rules.algorithms);
    if matches!(&source, Some((Source::Url(_, refresh), _)) if *refresh >= max_stale) {
        table.mistake_at("max_stale", stale.map(|at| at.place), &Mistake::StaleBeforeRefresh);
    }
    table.finish();
    Read { name: name.into(), issuer, rules, source, max_stale }
}

impl Read {
    /// What verifies its tokens; `None` where something was wrong.
    pub(super) fn into_issuer(self) -> Option<Issuer> {
        let (source, keys) = self.source?;
        let store = KeyStore::new(Arc::clone(&self.name), source, keys, self.max_stale);
        Some(Issuer::new(self.name, self.rules, store))
    }
}

/// A token says by `iss` whose it is, so no two can have the same.
pub(super) fn are_told_apart(issuers: &[Read], problems: &mut Problems) {
    let mut first: HashMap<&str, &Read> = HashMap::new();
    for read in issuers {
        let Some(issuer) = &read.issuer else { continue };
        let Some(other) = first.get(&*issuer.value) else {
            first.insert(&issuer.value, read);
            continue;
        };
        let place = other.issuer.as_ref().map_or(issuer.place, |at| at.place);
        let mistake = Mistake::SameIssuer(other.name.to_string(), problems.locate(place));
        problems.mistake(issuer.place, format!("issuer.{}.issuer", read.name), &mistake);
    }
}

fn source(table: &mut Section<'_>, algorithms: &[Algorithm]) -> Option<(Source, Option<Keys>)> {
    let file = table.take("keys");
    let url = table.take("keys_url");
    match (file, url) {
        (Some(file), None) => {
            for key in ["keys_ca", "refresh"] {
                if let Some(node) = table.take(key) {
                    table.mistake_at(key, Some(node.place), &Mistake::WithoutUrl);
                }
            }
            from_file(table, &file, algorithms)
        }
        (None, Some(url)) => from_url(table, &url),
        (Some(_), Some(url)) => {
            table.mistake_at("keys_url", Some(url.place), &Mistake::KeysTwice);
            ["keys_ca", "refresh"].into_iter().for_each(|key| drop(table.take(key)));
            None
        }
        (None, None) => {
            table.mistake_at("keys", None, &Mistake::NoKeys);
            ["keys_ca", "refresh"].into_iter().for_each(|key| drop(table.take(key)));
            None
        }
    }
}

fn from_file(
    table: &mut Section<'_>,
    node: &Node,
    algorithms: &[Algorithm],
) -> Option<(Source, Option<Keys>)> {
    let key = table.path("keys");
    let at = table.judge(&key, node, path)?;
    let file = load(&key, &at, keys, table.problems)?;
    if !algorithms.is_empty() && !file.content.fit(algorithms) {
        let what = format!("{}: {}", file.path.display(), Mistake::NoFittingKey);
        table.problems.mistake(file.place, key, &what);
    }
    Some((Source::File(file.path), Some(file.content)))
}

fn from_url(table: &mut Section<'_>, node: &Node) -> Option<(Source, Option<Keys>)> {
    let url = table.judge(&table.path("keys_url"), node, |node| {
        let text = node.text()?;
        text.parse::<Address>()
            .map_err(|fault| Mistake::KeysUrl(without_user(text).as_str().into(), fault))
    });
    let refresh = table.or("refresh", REFRESH, |node| duration(node, &REFRESHES));
    let key = table.path("keys_ca");
    let ca = table.required("keys_ca", named::path)?;
    let ca = load(&key, &ca, pem::authorities, table.problems)?;
    let judge = |_, der: &CertificateDer<'_>, now| of_certificate(der, Dated::ClientCa, now);
    named::dates(&key, &ca, judge, table.problems);
    match Fetcher::new(url?.value, ca.content) {
        Ok(fetcher) => Some((Source::Url(Box::new(fetcher), refresh), None)),
        Err(error) => {
            let what = format!("{}: {}", ca.path.display(), Mistake::NoCa(error));
            table.problems.mistake(ca.place, key, &what);
            None
        }
    }
}

fn path(node: &Node) -> Result<PathBuf, Mistake> {
    let text = node.text()?;
    if text.starts_with("https://") { Err(Mistake::UrlAsKeys) } else { named::path(node) }
}

/// Compared as it is, to the last character.
fn text(node: &Node) -> Result<Box<str>, Mistake> {
    node.text().map(Into::into)
}

fn signed_by(node: &Node) -> Result<Algorithm, Mistake> {
    let text = node.text()?;
    if let Some(algorithm) = algorithm(text) {
        return Ok(algorithm);
    }
    if text.starts_with("HS") {
        return Err(Mistake::Symmetric(text.into()));
    }
    let known = ALGORITHMS.iter().map(|(name, _)| *name);
    Err(Mistake::Word(text.into(), "an algorithm of signatures", Suggestion::new(text, known)))
}

fn values<T>(list: Vec<At<T>>) -> Vec<T> {
    list.into_iter().map(|at| at.value).collect()
}

/// A URL without the name and the password that may be in it, and which no message shows.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((_, behind)) => format!("{scheme}://...@{behind}"),
        None => url.to_owned(),
    }
}
