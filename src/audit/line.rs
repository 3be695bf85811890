//! The encoding of a line: one JSON object, ASCII only.

use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use pacsgate_core::certificate::Digest;
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use super::counters::Counters;
use crate::journal::Priority;
use crate::version;

/// A line that says of `count` other lines that they were lost.
#[derive(Serialize)]
pub(super) struct Lost {
    event: &'static str,
    count: u64,
}

impl Lost {
    pub(super) const fn new(count: u64) -> Self {
        Self { event: "lost", count }
    }
}

/// That the gate begins to serve: what it is, and by what it judges.
#[derive(Debug, Serialize)]
pub struct Started {
    event: &'static str,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'static str>,
    #[serde(serialize_with = "super::record::hex")]
    configuration: Digest,
}

impl Started {
    /// With the digest of the configuration.
    pub const fn new(configuration: Digest) -> Self {
        Self { event: "started", version: version::VERSION, commit: version::COMMIT, configuration }
    }
}

/// The counters since the start.
#[derive(Serialize)]
pub(super) struct Totals {
    event: &'static str,
    counters: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    lost: u64,
}

impl From<&Counters> for Totals {
    fn from(source: &Counters) -> Self {
        let mut counters: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for count in source.snapshot() {
            counters.entry(count.event.code()).or_default().insert(count.reason, count.count);
        }
        Self { event: "counters", counters, lost: source.lost() }
    }
}

/// Appends a line to `out`, with its priority for a journal; on an error `out` is as it was.
pub(super) fn append(
    out: &mut Vec<u8>,
    mark: Option<Priority>,
    time: SystemTime,
    body: &impl Serialize,
) -> serde_json::Result<()> {
    let before = out.len();
    if let Some(mark) = mark {
        out.extend_from_slice(mark.to_string().as_bytes());
    }
    let line = Line { time, body };
    let result = line.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Ascii));
    match result {
        Ok(()) => out.push(b'\n'),
        Err(_) => out.truncate(before),
    }
    result
}

#[derive(Serialize)]
struct Line<'a, T: Serialize> {
    #[serde(serialize_with = "rfc3339")]
    time: SystemTime,
    #[serde(flatten)]
    body: &'a T,
}

fn rfc3339<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    // humantime panics on a time before the epoch, which a clock that was never set may show.
    let time = (*time).max(SystemTime::UNIX_EPOCH);
    serializer.collect_str(&humantime::format_rfc3339_millis(time))
}

/// Our own names may hold any Unicode; terminals and collectors get ASCII all the same.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return writer.write_all(fragment.as_bytes());
        }
        for unit in fragment.encode_utf16() {
            match u8::try_from(unit) {
                Ok(byte @ b' '..=b'~') => writer.write_all(&[byte])?,
                _ => write!(writer, "\\u{unit:04x}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn encode(time: SystemTime, body: &impl Serialize) -> String {
        let mut out = Vec::new();
        append(&mut out, None, time, body).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn starts_with_the_time_in_milliseconds_utc() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_007);
        let expected = "{\"time\":\"2023-11-14T22:13:20.007Z\",\"event\":\"lost\",\"count\":3}\n";
        assert_eq!(encode(time, &Lost::new(3)), expected);
    }

    #[test]
    fn shows_a_clock_before_the_epoch_as_the_epoch() {
        let time = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert!(encode(time, &Lost::new(1)).contains("1970-01-01T00:00:00.000Z"));
    }

    #[test]
    fn writes_any_unicode_as_ascii() {
        let body = BTreeMap::from([("contact", "Röntgen \u{1f9b4}\u{7f}\u{1b}")]);
        let line = encode(SystemTime::UNIX_EPOCH, &body);
        assert!(line.is_ascii());
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["contact"], "Röntgen \u{1f9b4}\u{7f}\u{1b}");
    }

    #[test]
    fn leaves_nothing_of_a_line_that_cannot_be_encoded() {
        let mut out = b"before\n".to_vec();
        let body = BTreeMap::from([((1, 2), "a key that JSON does not have")]);
        assert!(append(&mut out, None, SystemTime::UNIX_EPOCH, &body).is_err());
        assert_eq!(out, b"before\n");
    }
}
