//! Users by name and password (type 2), against a file of argon2id hashes.
//!
//! - `file`: the users and their hashes; `line` has one of them, `cost` what one hashing takes.
//! - `hash`: the arithmetic, and what remains of a password.
//! - `hashing`: few at a time and in turns, so that nobody's guesses delay others; `attempts` ends
//!   them before anything is computed.
//!
//! A password is in memory that is overwritten, is copied once, and is written nowhere. Whoever
//! names a user that does not exist waits as long as one who does not know the password.

mod attempts;
mod cost;
mod file;
mod hash;
mod hashing;
mod line;

pub use attempts::Claim;
pub use cost::{Cost, CostFault};
pub use file::{Passwords, PasswordsFault};
pub use hash::{Exhausted, Hash};
pub use hashing::{Asker, Attempt, Hashing};
pub use line::{LineFault, NameFault, name};
