//! A basis as a line of JSON, for another process to judge by another configuration.

use std::collections::BTreeMap;
use std::net::IpAddr;

use pacsgate_core::certificate::Digest;
use pacsgate_core::direction::Direction;
use pacsgate_core::identity::{Claim, Token, User};
use pacsgate_core::wire::associate::ReceivedRq;
use pacsgate_core::wire::pdu::Header;
use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};

use super::Basis;
use crate::port::{Transport, Way};

/// What a [`Basis`] has, in types that every version can read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Written {
    listener: String,
    /// Those before had neither plain listeners nor others than inward ones.
    #[serde(default)]
    is_plain: bool,
    #[serde(default)]
    is_outward: bool,
    source: IpAddr,
    balancer: Option<IpAddr>,
    peer: String,
    /// Those before knew everybody.
    #[serde(default)]
    is_nobody: bool,
    pacs: String,
    not_after: Option<i64>,
    user: Option<WrittenUser>,
    /// A digest.
    stamp: Option<[u8; 32]>,
    user_ends: Option<i64>,
    is_empty: bool,
    /// Each in DER.
    chain: Vec<Vec<u8>>,
    /// An A-ASSOCIATE-RQ of the contexts that were accepted.
    request: Vec<u8>,
}

/// What was written is no basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what the running gate says of an association cannot be read")]
pub struct NoBasis;

impl Written {
    /// Of an association that is open.
    pub fn of(basis: &Basis) -> Self {
        // What was received fits, and this is less.
        let request = basis.request.request.encode().unwrap_or_default();
        Self {
            listener: basis.listener.to_string(),
            is_plain: basis.way.transport == Transport::Plain,
            is_outward: basis.way.direction == Direction::Outward,
            source: basis.source,
            balancer: basis.balancer,
            peer: basis.peer.to_string(),
            is_nobody: !basis.is_known,
            pacs: basis.pacs.to_string(),
            not_after: basis.not_after,
            user: basis.user.as_ref().map(WrittenUser::of),
            stamp: basis.stamp.map(|digest| digest.0),
            user_ends: basis.user_ends,
            is_empty: basis.is_empty,
            chain: basis.chain.iter().map(|der| der.to_vec()).collect(),
            request,
        }
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// Its request is none.
    pub fn read(self) -> Result<Basis, NoBasis> {
        let direction = if self.is_outward { Direction::Outward } else { Direction::Inward };
        let transport = if self.is_plain { Transport::Plain } else { Transport::Tls };
        let body = self.request.get(Header::LEN..).ok_or(NoBasis)?;
        Ok(Basis {
            request: ReceivedRq::parse(body).map_err(|_| NoBasis)?,
            listener: self.listener.into(),
            way: Way { direction, transport },
            source: self.source,
            balancer: self.balancer,
            peer: self.peer.into(),
            is_known: !self.is_nobody,
            pacs: self.pacs.into(),
            not_after: self.not_after,
            user: self.user.map(WrittenUser::read),
            stamp: self.stamp.map(Digest),
            user_ends: self.user_ends,
            is_empty: self.is_empty,
            chain: self.chain.into_iter().map(CertificateDer::from).collect(),
        })
    }
}

/// A user as it was verified.
#[derive(Debug, Serialize, Deserialize)]
enum WrittenUser {
    Password(String),
    Token {
        issuer: String,
        subject: String,
        expires: i64,
        /// A digest.
        bound_to: Option<[u8; 32]>,
        claims: BTreeMap<String, WrittenClaim>,
    },
}

#[derive(Debug, Serialize, Deserialize)]
enum WrittenClaim {
    Text(String),
    Texts(Vec<String>),
    Number(i64),
    Flag(bool),
    Other,
}

impl WrittenUser {
    fn of(user: &User) -> Self {
        match user {
            User::Password(name) => Self::Password(name.to_string()),
            User::Token(token) => Self::Token {
                issuer: token.issuer.to_string(),
                subject: token.subject.to_string(),
                expires: token.expires,
                bound_to: token.bound_to.map(|digest| digest.0),
                claims: token
                    .claims
                    .iter()
                    .map(|(name, claim)| (name.to_string(), WrittenClaim::of(claim)))
                    .collect(),
            },
        }
    }

    fn read(self) -> User {
        match self {
            Self::Password(name) => User::Password(name.into()),
            Self::Token { issuer, subject, expires, bound_to, claims } => User::Token(Token {
                issuer: issuer.into(),
                subject: subject.into(),
                expires,
                bound_to: bound_to.map(Digest),
                claims: claims
                    .into_iter()
                    .map(|(name, claim)| (name.into(), claim.read()))
                    .collect(),
            }),
        }
    }
}

impl WrittenClaim {
    fn of(claim: &Claim) -> Self {
        match claim {
            Claim::Text(text) => Self::Text(text.to_string()),
            Claim::Texts(texts) => Self::Texts(texts.iter().map(ToString::to_string).collect()),
            Claim::Number(number) => Self::Number(*number),
            Claim::Flag(flag) => Self::Flag(*flag),
            Claim::Other => Self::Other,
        }
    }

    fn read(self) -> Claim {
        match self {
            Self::Text(text) => Claim::Text(text.into()),
            Self::Texts(texts) => Claim::Texts(texts.into_iter().map(Into::into).collect()),
            Self::Number(number) => Claim::Number(number),
            Self::Flag(flag) => Claim::Flag(flag),
            Self::Other => Claim::Other,
        }
    }
}
