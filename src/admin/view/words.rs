//! Times and amounts as people read them.

use std::time::{Duration, SystemTime};

/// As RFC 3339 has it.
pub(crate) fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time.max(SystemTime::UNIX_EPOCH)).to_string()
}

/// Hours and minutes, in UTC.
pub(crate) fn clock(at: SystemTime) -> String {
    time(at).chars().skip(11).take(5).collect()
}

/// How long it is since then.
pub(crate) fn ago(then: SystemTime, now: SystemTime) -> String {
    match now.duration_since(then) {
        Ok(since) if since.as_secs() < 5 => "just now".to_owned(),
        Ok(since) => format!("{} ago", length(since)),
        Err(_set_back) => "just now".to_owned(),
    }
}

/// How long, in its largest unit.
pub(crate) fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// With a comma between the thousands.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many things.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(count), if count == 1 { "" } else { "s" })
}

/// How often.
pub(crate) fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{} times", number(count)),
    }
}

/// Three digits and a unit of thousands.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let Some((unit, name)) = UNITS.iter().find(|(unit, _)| bytes >= *unit) else {
        return format!("{bytes} B");
    };
    let (whole, tenths) = (bytes / unit, bytes % unit * 10 / unit);
    if whole >= 100 { format!("{whole} {name}") } else { format!("{whole}.{tenths} {name}") }
}

/// At most so many characters.
pub(crate) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['\u{2026}']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_people_write() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([1, 3].map(|it| counted(it, "object")), ["1 object", "3 objects"]);
        let amounts = [999, 1_000, 12_340, 123_456, 1_500_000_000, 2_000_000_000_000];
        let told = ["999 B", "1.0 kB", "12.3 kB", "123 kB", "1.5 GB", "2.0 TB"];
        assert_eq!(amounts.map(bytes), told);
        let lengths = [0, 119, 120, 7200, 200_000].map(|it| length(Duration::from_secs(it)));
        assert_eq!(lengths, ["0 s", "119 s", "2 min", "2 h", "2 days"]);
        assert_eq!((short("abc", 3), short("abcd", 3)), ("abc".into(), "ab\u{2026}".into()));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
        assert_eq!(ago(now - Duration::from_secs(3600), now), "60 min ago");
        assert_eq!((ago(now, now), clock(now)), ("just now".into(), "00:00".into()));
    }
}
