//! SOP classes by UID and keyword.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::left_out;
use super::tables;
use crate::wire::uid::Uid;

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

    /// Every SOP class that is known by keyword, in no particular order, each once.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        BY_UID.values().copied()
    }

    /// The SOP class with this UID.
    #[must_use]
    pub fn with_uid(uid: &Uid) -> Option<&'static Self> {
        BY_UID.get(uid.as_str()).copied()
    }

    /// Reads a SOP class as the configuration names it: by keyword, or by any UID.
    ///
    /// # Errors
    ///
    /// [`UnknownSopClass`] if the text is neither.
    pub fn uid_of(text: &str) -> Result<Uid, UnknownSopClass> {
        let uid = BY_KEYWORD.get(text).map_or(text, |known| known.uid);
        uid.parse().map_err(|_| UnknownSopClass)
    }
}

static BY_UID: LazyLock<HashMap<&str, &SopClass>> =
    LazyLock::new(|| known().map(|class| (class.uid, class)).collect());

static BY_KEYWORD: LazyLock<HashMap<&str, &SopClass>> =
    LazyLock::new(|| known().map(|class| (class.keyword, class)).collect());

fn known() -> impl Iterator<Item = &'static SopClass> {
    tables::GROUPS.iter().flat_map(|group| group.sop_classes).chain(left_out::all())
}
