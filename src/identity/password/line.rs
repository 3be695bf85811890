//! A line of the file of passwords: `NAME:$argon2id$v=19$m=...,t=...,p=...$SALT$HASH`.

use argon2::ARGON2ID_IDENT;
use argon2::password_hash::phc::PasswordHash;

use super::cost::{Cost, CostFault};
use super::hash::Hash;
use pacsgate_core::quoted::Quoted;

/// Longer than any name that a device can be given.
const LONGEST_NAME: usize = 64;
/// Argon2 version 1.3 (RFC 9106).
const VERSION: u32 = 19;

/// Why a line does not serve. Nothing of its hash is in it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// Bytes that are no text.
    #[error("is not UTF-8 text; save the file in that encoding")]
    NotUtf8,
    /// No colon.
    #[error("has no colon; write NAME:HASH, as `pacsgate hash-password --user NAME` prints it")]
    NoColon,
    /// No name that a user may have.
    #[error("the name {0}")]
    Name(NameFault),
    /// A name that another line has.
    #[error("the user {name} is on line {first} already; remove one of the two")]
    Twice {
        /// The name.
        name: Quoted,
        /// The first line with it.
        first: usize,
    },
    /// Another kind of hash, or none.
    #[error(
        "what is after the colon is not a hash by argon2id; make it with `pacsgate hash-password`"
    )]
    NotArgon2id,
    /// A hash of another version of argon2, or of one that it does not name.
    #[error("the hash is not of version 19 of argon2; make it anew with `pacsgate hash-password`")]
    Version,
    /// Parameters out of bounds.
    #[error("{0}")]
    Cost(CostFault),
    /// Parameters of its own.
    #[error(
        "its hash has {own}, and that on line {first} has {other}; one file has one set of parameters, so \
         that nobody can tell by the time who is in it; make one of the two anew"
    )]
    OtherCost {
        /// Its parameters.
        own: Cost,
        /// Those of the first line.
        other: Cost,
        /// The first line with a hash.
        first: usize,
    },
}

/// Why a text is not the name of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// No character.
    #[error("is empty")]
    Empty,
    /// Too many.
    #[error("is longer than {LONGEST_NAME} bytes")]
    Long,
    /// What ends the name in the file.
    #[error("has a colon")]
    Colon,
    /// What begins a comment.
    #[error("begins with #")]
    Comment,
    /// What nobody sees.
    #[error("has a control character")]
    Control,
    /// What nobody sees, either.
    #[error("begins or ends with a space")]
    Space,
}

/// Judges the name of a user. It is compared as a whole, byte by byte: no known device pads it.
///
/// # Errors
///
/// The text is none.
pub fn name(text: &str) -> Result<&str, NameFault> {
    match text {
        "" => Err(NameFault::Empty),
        _ if text.len() > LONGEST_NAME => Err(NameFault::Long),
        _ if text.contains(':') => Err(NameFault::Colon),
        _ if text.contains(char::is_control) => Err(NameFault::Control),
        _ if text.trim() != text => Err(NameFault::Space),
        _ if text.starts_with('#') => Err(NameFault::Comment),
        _ => Ok(text),
    }
}

/// Reads a line, which is neither blank nor a comment.
pub(super) fn parse(line: &[u8]) -> Result<(&str, Cost, Hash), LineFault> {
    let text = str::from_utf8(line).map_err(|_| LineFault::NotUtf8)?;
    let (user, text) = text.split_once(':').ok_or(LineFault::NoColon)?;
    let user = name(user).map_err(LineFault::Name)?;
    let (cost, hash) = hash(text)?;
    Ok((user, cost, hash))
}

fn hash(text: &str) -> Result<(Cost, Hash), LineFault> {
    let parsed = PasswordHash::new(text).map_err(|_| LineFault::NotArgon2id)?;
    let PasswordHash { algorithm, version, params, salt, hash } = parsed;
    let (ARGON2ID_IDENT, Some(salt), Some(output)) = (algorithm, salt, hash) else {
        return Err(LineFault::NotArgon2id);
    };
    // Without one, the reference implementation takes version 16.
    if version != Some(VERSION) {
        return Err(LineFault::Version);
    }
    // No parameter has a default, and `keyid` and `data` would be of another hash.
    let [memory, passes, lanes] =
        ["m", "t", "p"].map(|name| params.get(name).and_then(|value| value.decimal().ok()));
    match (memory, passes, lanes, params.iter().count()) {
        (Some(memory), Some(passes), Some(lanes), 3) => {
            let cost = Cost::new(memory, passes, lanes).map_err(LineFault::Cost)?;
            Ok((cost, Hash { salt, output }))
        }
        _ => Err(LineFault::NotArgon2id),
    }
}
