//! Tables that the program itself fills.

use std::collections::HashMap;

use foldhash::fast::FixedState;

/// By text. Hashed without a secret: what a peer sends is looked for and never put in.
pub(crate) type Table<T> = HashMap<&'static str, T, FixedState>;
