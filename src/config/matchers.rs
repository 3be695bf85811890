//! What a certificate is recognised by: the same keys in the tables of peers and of PACS.

use config::ValueKind;
use pacsgate_core::certificate::{Ca, Digest, Matcher, Usage};

use super::mistake::{Caution, Mistake};
use super::node::Node;
use super::problems::Problems;
use super::section::{At, Item, Section};
use super::value;

const USAGES: [(&str, Usage); 2] = [("client", Usage::Client), ("any", Usage::Any)];

/// Reads the matchers of `certificate`, if it is there, with `accept_eku`.
pub(super) fn read(table: &mut Section<'_>, certificate: Option<Node>) -> Vec<At<Matcher>> {
    let usage = table.optional("accept_eku", |node| node.one_of("a usage", &USAGES));
    let items = table.items("certificate", certificate);
    let matchers = items.into_iter().filter_map(|item| matcher(item, table.problems));
    made_for(matchers.collect(), usage, table)
}

/// The matchers, of certificates for clients or for anything.
fn made_for(
    matchers: Vec<At<Matcher>>,
    usage: Option<At<Usage>>,
    table: &mut Section<'_>,
) -> Vec<At<Matcher>> {
    let Some(At { place, value: usage }) = usage else { return matchers };
    if !matchers.is_empty() && matchers.iter().all(|at| is_pin(&at.value)) {
        let key = table.path("accept_eku");
        table.problems.caution(place, key, &Caution::UsageOfPins);
    }
    let made_for = |at: At<Matcher>| At { place: at.place, value: at.value.made_for(usage) };
    matchers.into_iter().map(made_for).collect()
}

/// One table with one key, and the CA of a name.
fn matcher(item: Item, problems: &mut Problems) -> Option<At<Matcher>> {
    let place = item.node.place;
    if !matches!(item.node.value, ValueKind::Table(_)) {
        let example = "a table, such as { san_dns = \"ct1.example\" }";
        problems.mistake(place, item.key, &item.node.instead_of(example));
        return None;
    }
    let mut table = Section::open(item.key, item.node, problems);
    let ca = table.optional("ca", |node| node.text().map(|name| Ca::Named(name.into())));
    let keys = table.len();
    let found = [
        table.optional("san_dns", |node| node.parsed(Matcher::san_dns, Mistake::Matcher)),
        table.optional("san_uri", |node| node.parsed(Matcher::san_uri, Mistake::Matcher)),
        table.optional("cert_sha256", |node| digest(node).map(Matcher::CertSha256)),
        table.optional("spki_sha256", |node| digest(node).map(Matcher::SpkiSha256)),
    ];
    if keys != 1 {
        table.problems.mistake(place, table.key.as_str(), &Mistake::OneMatcher);
    }
    let found = found.into_iter().flatten().next();
    if let (Some(ca), Some(Matcher::CertSha256(_) | Matcher::SpkiSha256(_))) =
        (&ca, found.as_ref().map(|at| &at.value))
    {
        table.mistake_at("ca", Some(ca.place), &Mistake::CaOfPin);
    }
    table.finish();
    let ca = ca.map_or(Ca::Only, |at| at.value);
    found.map(|At { place, value }| At { place, value: value.vouched_for_by(ca) })
}

fn digest(node: &Node) -> Result<Digest, Mistake> {
    node.parsed(value::digest, Mistake::Digest)
}

pub(super) const fn is_pin(matcher: &Matcher) -> bool {
    match matcher {
        Matcher::CertSha256(_) | Matcher::SpkiSha256(_) => true,
        Matcher::SanDns(_) | Matcher::SanUri(_) => false,
    }
}
