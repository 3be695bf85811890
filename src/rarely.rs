//! What is said at once, and then at most once a minute, however often it happens.

use std::time::{Duration, Instant};

/// Between two times of saying it.
pub const INTERVAL: Duration = Duration::from_secs(60);

/// When something was said, and how often it has happened since without being said.
#[derive(Debug, Default)]
pub struct Rarely {
    said: Option<Instant>,
    unsaid: u64,
}

impl Rarely {
    /// It has happened: `None` if that is not to be said, otherwise how often it went unsaid before.
    pub fn say(&mut self, now: Instant) -> Option<u64> {
        let is_early = self.said.is_some_and(|said| now.saturating_duration_since(said) < INTERVAL);
        if is_early {
            self.unsaid = self.unsaid.saturating_add(1);
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_said_at_once_and_then_once_a_minute_with_a_count() {
        let (mut rarely, start) = (Rarely::default(), Instant::now());
        let said = [0, 1, 59, 60, 61, 200].map(|s| rarely.say(start + Duration::from_secs(s)));
        assert_eq!(said, [Some(0), None, None, Some(2), None, Some(1)]);
    }
}
