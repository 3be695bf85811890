//! The keys of `[peer.NAME]` that say which user it has to show.

use std::sync::Arc;

use config::ValueKind;
use pacsgate_core::identity::{Claim, MAX_DEPTH};
use pacsgate_core::policy::{PolicyFault, TokenRule, UserRule};

use super::mistake::Mistake;
use super::node::Node;
use super::section::{At, Section};
use super::source::Place;
use crate::identity::password;

const KINDS: [(&str, Kind); 2] = [("jwt", Kind::Token), ("password", Kind::Password)];
/// The keys that only a kind has.
const KEYS: [(&str, Kind); 5] = [
    ("issuer", Kind::Token),
    ("subjects", Kind::Token),
    ("ae_claim", Kind::Token),
    ("claims", Kind::Token),
    ("users", Kind::Password),
];

/// What a user is known by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Token,
    Password,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Token => "jwt",
            Self::Password => "password",
        }
    }
}

/// What a peer's table says of its users.
#[derive(Default)]
pub(super) struct Read {
    /// `None`: it has to show none.
    pub(super) kind: Option<At<Kind>>,
    pub(super) issuer: Option<At<Arc<str>>>,
    pub(super) users: Vec<At<Arc<str>>>,
    subjects: Vec<At<Arc<str>>>,
    ae_claim: Option<Box<str>>,
    claims: Vec<(Box<str>, Claim)>,
}

pub(super) fn read(table: &mut Section<'_>) -> Read {
    let node = table.take("user_identity");
    let is_there = node.is_some();
    let kind = node.and_then(|node| {
        table.judge(&table.path("user_identity"), &node, |node| {
            node.one_of("a user identity", &KINDS)
        })
    });
    let of_kind = kind.as_ref().map(|at| at.value);
    for (key, other) in KEYS.iter().filter(|(_, other)| of_kind != Some(*other)) {
        // What is written there may have meant either.
        if let Some(node) = table.take(key).filter(|_| of_kind.is_some() || !is_there) {
            table.mistake_at(key, Some(node.place), &Mistake::OfIdentity(other.word()));
        }
    }
    match of_kind {
        None => Read::default(),
        Some(Kind::Password) => Read { kind, users: table.list("users", user), ..Read::default() },
        Some(Kind::Token) => Read {
            kind,
            issuer: table.optional("issuer", name),
            subjects: table.optional_list("subjects", name),
            ae_claim: table.optional("ae_claim", claim_name).map(|at| at.value),
            claims: claims(table),
            ..Read::default()
        },
    }
}

impl Read {
    /// Where it says that a user has to be shown.
    pub(super) fn place(&self) -> Option<Place> {
        self.kind.as_ref().map(|at| at.place)
    }

    /// What the policy needs, where these are the issuers.
    pub(super) fn rule(&self, issuers: &[Arc<str>]) -> UserRule {
        match self.kind.as_ref().map(|at| at.value) {
            None => UserRule::NotNeeded,
            Some(Kind::Password) => {
                UserRule::Password(self.users.iter().map(|at| Arc::clone(&at.value)).collect())
            }
            Some(Kind::Token) => {
                let named = self.issuer.as_ref().map(|at| &at.value);
                let issuer = named.or_else(|| issuers.first());
                UserRule::Token(TokenRule {
                    issuer: issuer.cloned().unwrap_or_default(),
                    subjects: self.subjects.iter().map(|at| Arc::clone(&at.value)).collect(),
                    ae_claim: self.ae_claim.clone(),
                    claims: self.claims.clone(),
                })
            }
        }
    }
}

/// Compared as it is, to the last blank.
fn name(node: &Node) -> Result<Arc<str>, Mistake> {
    node.text().map(Arc::from)
}

/// As a line of the file of passwords has it.
fn user(node: &Node) -> Result<Arc<str>, Mistake> {
    let text = node.text()?;
    let name = password::name(text).map_err(|fault| Mistake::UserName(text.into(), fault))?;
    Ok(name.into())
}

/// The name of a claim, or where it is in others.
fn claim_name(node: &Node) -> Result<Box<str>, Mistake> {
    let text = node.text()?;
    if is_claim_name(text) { Ok(text.into()) } else { Err(Mistake::ClaimPointer(text.into())) }
}

/// What begins with a slash is a JSON pointer (RFC 6901), at most as deep as claims are kept.
fn is_claim_name(text: &str) -> bool {
    let Some(pointer) = text.strip_prefix('/') else { return !text.is_empty() };
    let escaped = pointer.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    escaped && pointer.split('/').count() <= MAX_DEPTH
}

/// One table: the name of each claim with what it has to be.
fn claims(table: &mut Section<'_>) -> Vec<(Box<str>, Claim)> {
    let Some(node) = table.take("claims") else { return Vec::new() };
    let place = node.place;
    let wanted = match node.into_table() {
        Ok(wanted) => wanted,
        Err(mistake) => {
            table.mistake_at("claims", Some(place), &mistake);
            return Vec::new();
        }
    };
    if wanted.is_empty() {
        table.mistake_at("claims", Some(place), &PolicyFault::Empty);
    }
    let mut claims = Vec::new();
    for (name, value) in wanted {
        let node = Node::new(value, place);
        let claim = claim(&node).and_then(|claim| {
            let mistake = || Mistake::ClaimPointer(name.as_str().into());
            is_claim_name(&name).then_some(claim).ok_or_else(mistake)
        });
        match claim {
            Ok(claim) => claims.push((name.into(), claim)),
            Err(mistake) => {
                table.mistake_at(&format!("claims.{name}"), Some(node.place), &mistake);
            }
        }
    }
    claims.sort_by(|(one, _): &(Box<str>, _), (other, _)| one.cmp(other));
    claims
}

fn claim(node: &Node) -> Result<Claim, Mistake> {
    if let ValueKind::Boolean(flag) = node.value {
        return Ok(Claim::Flag(flag));
    }
    if let ValueKind::I64(number) = node.value {
        return Ok(Claim::Number(number));
    }
    if matches!(node.value, ValueKind::String(_)) {
        return node.text().map(|text| Claim::Text(text.into()));
    }
    Err(node.instead_of("text in quotes, a whole number, true or false"))
}
