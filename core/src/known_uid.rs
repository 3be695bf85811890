//! UIDs as they are received: what the standard names takes no memory of its own.

use std::sync::LazyLock;

use crate::services::SopClass;
use crate::table::Table;
use crate::transfer_syntax::TransferSyntax;
use crate::wire::uid::{Uid, UidError};

/// Reads a UID as [`Uid::parse`] does.
///
/// # Errors
///
/// Those of [`Uid::parse`].
pub(crate) fn read(field: &[u8]) -> Result<Uid, UidError> {
    Uid::parse_among(field, known)
}

/// The same characters, as the tables of the program have them.
fn known(text: &str) -> Option<&'static &'static str> {
    KNOWN.get(text).copied()
}

static KNOWN: LazyLock<Table<&&str>> = LazyLock::new(|| {
    let classes = SopClass::all().map(|class| &class.uid);
    let syntaxes = TransferSyntax::all().map(TransferSyntax::uid_in_table);
    classes.chain(syntaxes).map(|uid| (*uid, uid)).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_the_tables_have_and_reads_the_rest() {
        let classes = SopClass::all().map(|class| class.uid);
        for text in classes.chain(TransferSyntax::all().map(TransferSyntax::uid)) {
            assert!(known(text).is_some_and(|it| std::ptr::eq(*it, text)), "{text}");
            assert_eq!(read(format!("{text}\0").as_bytes()).unwrap().as_str(), text);
        }
        assert_eq!(known("1.2.3"), None);
        assert_eq!(read(b"1.2.3").unwrap().as_str(), "1.2.3");
        assert_eq!(read(b"1..3"), Err(UidError::EmptyComponent));
    }
}
