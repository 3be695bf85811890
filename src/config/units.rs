//! Durations and sizes as the administrator writes them: a whole number and its unit.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Why a text is not a duration or a size.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum UnitFault {
    /// A number of seconds without its unit.
    #[error("has no unit; write \"{}\"", length(Duration::from_secs(*.0)))]
    BareDuration(u64),
    /// A number of bytes without its unit.
    #[error("has no unit; write \"{}\"", shown(*.0, SIZES))]
    BareSize(u64),
    /// Not a whole number and one of the units.
    #[error(
        "is not a duration; write a whole number and ms, s, m, h or d, such as \"30s\" or \"10m\""
    )]
    Duration,
    /// Not a whole number and one of the units.
    #[error("is not a size; write a whole number and B, KiB, MiB or GiB, such as \"128KiB\"")]
    Size,
    /// A duration outside the range of its key.
    #[error("is outside {} to {}", length(*.0.start()), length(*.0.end()))]
    DurationRange(RangeInclusive<Duration>),
    /// A size outside the range of its key, in bytes.
    #[error("is outside {} to {}", shown(*.0.start(), SIZES), shown(*.0.end(), SIZES))]
    SizeRange(RangeInclusive<u64>),
}

/// Reads a duration such as `"30s"` that lies within the range, in a file or an argument.
///
/// # Errors
///
/// What is wrong with the text.
pub fn duration(text: &str, range: &RangeInclusive<Duration>) -> Result<Duration, UnitFault> {
    let milliseconds = read(text, TIMES, UnitFault::Duration, UnitFault::BareDuration)?;
    let duration = Duration::from_millis(milliseconds);
    let is_within = range.contains(&duration);
    if is_within { Ok(duration) } else { Err(UnitFault::DurationRange(range.clone())) }
}

/// Reads a size such as `"128KiB"` that lies within the range; the result is in bytes.
///
/// # Errors
///
/// What is wrong with the text.
pub(super) fn size(text: &str, range: &RangeInclusive<u32>) -> Result<u32, UnitFault> {
    let bytes = read(text, SIZES, UnitFault::Size, UnitFault::BareSize)?;
    let size = u32::try_from(bytes).ok().filter(|size| range.contains(size));
    size.ok_or_else(|| UnitFault::SizeRange((*range.start()).into()..=(*range.end()).into()))
}

/// A number in the smallest unit. One that is too large for it lies outside every range as well.
fn read(
    text: &str,
    units: Units,
    fault: UnitFault,
    bare: fn(u64) -> UnitFault,
) -> Result<u64, UnitFault> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).unwrap_or_default();
    if number.is_empty() {
        return Err(fault);
    }
    let number = number.parse().unwrap_or(u64::MAX);
    if unit.is_empty() {
        return Err(bare(number));
    }
    let known = units.iter().find(|(_, name)| *name == unit);
    known.map(|(size, _)| number.saturating_mul(*size)).ok_or(fault)
}

fn length(duration: Duration) -> String {
    if duration.is_zero() {
        return "0s".to_owned();
    }
    shown(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), TIMES)
}

/// A number of the smallest unit in the largest one that shows it exactly.
fn shown(number: u64, units: Units) -> String {
    let exact = units.iter().find(|(size, _)| number >= *size && number.is_multiple_of(*size));
    let (size, name) = exact.or(units.last()).copied().unwrap_or((1, ""));
    format!("{}{name}", number / size)
}

/// Names with their size in the smallest, the largest first.
type Units = &'static [(u64, &'static str)];

const TIMES: Units = &[(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1, "ms")];
const SIZES: Units = &[(GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB"), (1, "B")];

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(86_400 * 365);

    #[test]
    fn reads_each_unit_of_time() {
        let cases = [("50ms", 50), ("30s", 30_000), ("10m", 600_000), ("2h", 7_200_000)];
        for (text, milliseconds) in cases {
            assert_eq!(duration(text, &ANY), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        assert_eq!(duration("7d", &ANY), Ok(Duration::from_secs(7 * 86_400)));
    }

    #[test]
    fn reads_each_unit_of_size() {
        let all = 0..=u32::MAX;
        for (text, bytes) in
            [("1024B", 1024), ("64KiB", 65_536), ("1MiB", 1 << 20), ("1GiB", 1 << 30)]
        {
            assert_eq!(size(text, &all), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn says_what_to_write_for_a_bare_number() {
        let told = |text| duration(text, &ANY).unwrap_err().to_string();
        assert_eq!(told("600"), "has no unit; write \"10m\"");
        assert_eq!(told("0"), "has no unit; write \"0s\"");
        let told = |text| size(text, &(0..=1)).unwrap_err().to_string();
        assert_eq!(told("1048576"), "has no unit; write \"1MiB\"");
        assert_eq!(told("1000"), "has no unit; write \"1000B\"");
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in ["", "s", "-1s", "+1s", "1.5s", "1 s", "1sec", "1h30m", "1S", "s1", "١s"] {
            assert_eq!(duration(text, &ANY), Err(UnitFault::Duration), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_size() {
        for text in ["", "KiB", "1KB", "1kib", "1 MiB", "1M", "-1B", "0x10B"] {
            assert_eq!(size(text, &(0..=u32::MAX)), Err(UnitFault::Size), "{text}");
        }
    }

    #[test]
    fn names_the_range_of_what_lies_outside() {
        let range = Duration::from_millis(10)..=Duration::from_secs(600);
        for text in ["0s", "9ms", "601s", "1d", "99999999999999999999999d"] {
            let told = duration(text, &range).unwrap_err().to_string();
            assert_eq!(told, "is outside 10ms to 10m", "{text}");
        }
        let range = 4096..=64 << 20;
        for text in ["0B", "1KiB", "65MiB", "9GiB", "99999999999999999999999B"] {
            let told = size(text, &range).unwrap_err().to_string();
            assert_eq!(told, "is outside 4KiB to 64MiB", "{text}");
        }
    }
}
