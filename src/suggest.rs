//! What the audit shows of those who connect: who they are, what they do, and which tables would let
//! them go on.
//!
//! [`gathered`] counts, in bounded memory; [`judged`] tells what may be suggested from what looks wrong,
//! and compares it with the configuration ([`known`]); [`table`] and
//! [`unused`] say it. Nothing
//! here reads or writes a file.

pub mod additions;
pub mod amounts;
pub mod certificate;
pub mod claims;
pub mod counts;
pub mod doubt;
pub mod gathered;
pub mod judged;
pub mod known;
pub mod line;
pub mod rights;
pub mod table;
pub mod traffic;
pub mod unused;
