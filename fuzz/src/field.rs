//! The value of a field: AE title, UID, version name.

use std::fmt::Display;

use pacsgate_core::transfer_syntax::TransferSyntax;
use pacsgate_core::wire::associate::VersionName;
use pacsgate_core::wire::title::AeTitle;
use pacsgate_core::wire::uid::Uid;

use crate::limits::peak;

/// What a field may take: a UID of 64 characters behind two counters.
const FIELD: usize = 96;

/// A value that was read is told as printable text that reads as the same value, padded or not.
///
/// # Panics
///
/// If it is not.
pub fn holds(field: &[u8]) {
    let taken = peak(|| {
        let _ = (AeTitle::parse(field), VersionName::parse(field), Uid::parse(field));
    });
    assert!(taken <= FIELD, "{taken} bytes");
    let padded = |text: &str| [text.as_bytes(), b" \0 "].concat();

    if let Ok(title) = AeTitle::parse(field) {
        let text = shown(&title, AeTitle::LEN);
        assert_eq!(AeTitle::parse(text.as_bytes()), Ok(title));
        assert_eq!(AeTitle::parse(title.padded()), Ok(title));
        assert_eq!(AeTitle::parse(&padded(&text)), Ok(title));
    }
    if let Some(name) = VersionName::parse(field) {
        let text = shown(&name, VersionName::MAX_LEN);
        assert_eq!(VersionName::parse(&padded(&text)), Some(name));
    }
    if let Ok(uid) = Uid::parse(field) {
        let text = shown(&uid, Uid::MAX_LEN);
        assert!(text.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()));
        assert_eq!(Uid::parse(&padded(&text)).as_ref(), Ok(&uid));
        let syntax = TransferSyntax::find(&uid);
        assert!(syntax.is_none_or(|syntax| syntax.uid() == text));
    }
}

fn shown(value: &impl Display, longest: usize) -> String {
    let text = value.to_string();
    assert!((1..=longest).contains(&text.len()), "{text:?}");
    assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'\\'), "{text:?}");
    text
}
