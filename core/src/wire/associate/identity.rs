//! User identity (PS3.7 section D.3.3.7).

use std::fmt;

use zeroize::Zeroizing;

use super::error::AssociateError;
use super::item::Item;

/// A user identity as it was requested (item 58). Its fields are secrets: they are overwritten
/// when it is dropped and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct UserIdentity {
    /// What it is.
    pub kind: IdentityKind,
    /// Whether the requestor wants an answer (item 59) when it is accepted.
    pub wants_answer: bool,
    /// The user name, ticket, assertion or token.
    pub primary: Zeroizing<Vec<u8>>,
    /// The passcode of type 2; empty in all others.
    pub secondary: Zeroizing<Vec<u8>>,
}

/// The type of user identity (PS3.7 section D.3.3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// Type 1.
    Username,
    /// Type 2.
    UsernameAndPasscode,
    /// Type 3.
    Kerberos,
    /// Type 4.
    Saml,
    /// Type 5.
    Jwt,
    /// A type that the standard does not name.
    Unknown(u8),
}

impl From<u8> for IdentityKind {
    fn from(value: u8) -> Self {
        match value {
            1 => Self::Username,
            2 => Self::UsernameAndPasscode,
            3 => Self::Kerberos,
            4 => Self::Saml,
            5 => Self::Jwt,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl UserIdentity {
    /// Reads an item 58.
    pub(super) fn parse(mut item: Item<'_>) -> Result<Self, AssociateError> {
        let kind = IdentityKind::from(item.u8()?);
        // PS3.7 table D.3-14 has 0 and 1 only.
        let wants_answer = item.u8()? == 1;
        let primary = Zeroizing::new(item.sized()?.to_vec());
        let secondary = Zeroizing::new(item.sized()?.to_vec());
        item.finish()?;
        Ok(Self { kind, wants_answer, primary, secondary })
    }
}

impl fmt::Debug for UserIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserIdentity")
            .field("kind", &self.kind)
            .field("wants_answer", &self.wants_answer)
            .finish_non_exhaustive()
    }
}
