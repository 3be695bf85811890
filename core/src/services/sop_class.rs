//! A SOP class by its UID and its keyword.

/// A SOP class of the standard (PS3.6 table A-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SopClass {
    /// The UID.
    pub uid: &'static str,
    /// The keyword, as it may stand in the configuration.
    pub keyword: &'static str,
}

/// Text that is neither a UID nor the keyword of a SOP class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is neither a UID nor the keyword of a SOP class")]
pub struct UnknownSopClass;

impl SopClass {
    pub(super) const fn new(uid: &'static str, keyword: &'static str) -> Self {
        Self { uid, keyword }
    }
}
