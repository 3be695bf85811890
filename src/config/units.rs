//! Durations and sizes as the administrator writes them: a whole number and its unit.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Why a text is not a duration or a size.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum UnitFault {
    /// A number of seconds without its unit.
    #[error("has no unit; write \"{}\"", Length(Duration::from_secs(*.0)))]
    BareDuration(u64),
    /// A number of bytes without its unit.
    #[error("has no unit; write \"{}\"", Size(*.0))]
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
    #[error("is outside {} to {}", Length(*.0.start()), Length(*.0.end()))]
    DurationRange(RangeInclusive<Duration>),
    /// A size outside the range of its key, in bytes.
    #[error("is outside {} to {}", Size(*.0.start()), Size(*.0.end()))]
    SizeRange(RangeInclusive<u64>),
}

/// Reads a duration such as `"30s"` that lies within the range, in a file or an argument.
///
/// # Errors
///
/// What is wrong with the text.
pub fn duration(text: &str, range: &RangeInclusive<Duration>) -> Result<Duration, UnitFault> {
    let (count, unit) = number_and_unit(text).ok_or(UnitFault::Duration)?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "" => return Err(UnitFault::BareDuration(count)),
        _ => return Err(UnitFault::Duration),
    };
    // What overflows lies outside every range as well.
    let duration = Duration::from_millis(count.saturating_mul(milliseconds));
    if !range.contains(&duration) {
        return Err(UnitFault::DurationRange(range.clone()));
    }
    Ok(duration)
}

/// Reads a size such as `"128KiB"` that lies within the range; the result is in bytes.
///
/// # Errors
///
/// What is wrong with the text.
pub(super) fn size(text: &str, range: &RangeInclusive<u32>) -> Result<u32, UnitFault> {
    let (count, unit) = number_and_unit(text).ok_or(UnitFault::Size)?;
    let bytes = match unit {
        "B" => 1,
        "KiB" => KIB,
        "MiB" => MIB,
        "GiB" => GIB,
        "" => return Err(UnitFault::BareSize(count)),
        _ => return Err(UnitFault::Size),
    };
    u32::try_from(count.saturating_mul(bytes))
        .ok()
        .filter(|size| range.contains(size))
        .ok_or_else(|| UnitFault::SizeRange((*range.start()).into()..=(*range.end()).into()))
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    // A number too long for 64 bits is out of every range.
    let number = if number.is_empty() { return None } else { number.parse().unwrap_or(u64::MAX) };
    Some((number, unit))
}

/// A duration in the largest unit that shows it exactly.
struct Length(Duration);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() {
            return f.write_str("0s");
        }
        let milliseconds = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1, "ms")];
        in_largest_unit(f, milliseconds, &units)
    }
}

/// A number of bytes in the largest unit that shows it exactly.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        in_largest_unit(f, self.0, &[(GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB"), (1, "B")])
    }
}

fn in_largest_unit(f: &mut fmt::Formatter<'_>, value: u64, units: &[(u64, &str)]) -> fmt::Result {
    let unit = units
        .iter()
        .find(|(size, _)| value >= *size && value.is_multiple_of(*size))
        .or(units.last());
    match unit {
        Some((size, name)) => write!(f, "{}{name}", value / size),
        None => write!(f, "{value}"),
    }
}

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
