//! How many objects a peer may store within an hour, whatever the number of its associations.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use crate::data_set::DataSetError;
use crate::wire::uid::InstanceUid;

/// Counts the objects that go on to the PACS. Whoever has a clock makes one of [`Stored`], for all
/// associations of a peer.
pub trait Quota: fmt::Debug + Send + Sync {
    /// Counts one object more, of this study.
    ///
    /// # Errors
    ///
    /// The cap that is reached. The object does not go on and is not counted.
    fn take(&self, study: Option<InstanceUid>) -> Result<(), DataSetError>;
}

/// How many objects may go on within an hour; `None` is no cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// All of the peer's.
    pub per_hour: Option<u32>,
    /// Those of each study. What shows none in the head of its data set counts as one study.
    pub per_study: Option<u32>,
}

impl Caps {
    /// Whether there is nothing to count.
    pub const fn is_none(self) -> bool {
        self.per_hour.is_none() && self.per_study.is_none()
    }
}

/// The objects of a peer that went on within the hour.
#[derive(Debug, Default)]
pub struct Stored {
    all: Hour,
    studies: HashMap<Option<InstanceUid>, Hour>,
}

/// An hour, which begins with its first object.
#[derive(Clone, Copy, Debug, Default)]
struct Hour {
    began: Duration,
    objects: u32,
}

const HOUR: Duration = Duration::from_secs(60 * 60);
/// How many studies are told apart, 200 KB: more than a large hospital examines in an hour. Whoever
/// sends more of them has the oldest ones forgotten, each for an object at least.
const STUDIES: usize = 1024;

impl Stored {
    /// Counts one object more, at this time since any moment that stays the same.
    ///
    /// # Errors
    ///
    /// As [`Quota::take`].
    pub fn take(
        &mut self,
        caps: Caps,
        study: Option<InstanceUid>,
        now: Duration,
    ) -> Result<(), DataSetError> {
        let all = self.all.with_one_more(caps.per_hour, now);
        let all = all.ok_or(DataSetError::ObjectsPerHour)?;
        if caps.per_study.is_some() {
            let of_study = self.studies.get(&study).copied().unwrap_or_default();
            let of_study = of_study.with_one_more(caps.per_study, now);
            self.studies.insert(study, of_study.ok_or(DataSetError::ObjectsPerStudy)?);
            self.forget();
        }
        self.all = all;
        Ok(())
    }

    fn forget(&mut self) {
        if self.studies.len() > STUDIES {
            let oldest = self.studies.iter().min_by_key(|(_, hour)| hour.began);
            let oldest = oldest.map(|(study, _)| study.clone());
            oldest.and_then(|study| self.studies.remove(&study));
        }
    }
}

impl Hour {
    /// `None` where the cap is reached.
    fn with_one_more(self, cap: Option<u32>, now: Duration) -> Option<Self> {
        let is_over = self.objects == 0 || now.saturating_sub(self.began) >= HOUR;
        let Self { began, objects } = if is_over { Self { began: now, objects: 0 } } else { self };
        let has_room = cap.is_none_or(|cap| objects < cap);
        has_room.then(|| Self { began, objects: objects.saturating_add(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL_HOUR: Result<(), DataSetError> = Err(DataSetError::ObjectsPerHour);
    const FULL_STUDY: Result<(), DataSetError> = Err(DataSetError::ObjectsPerStudy);

    fn study(number: usize) -> Option<InstanceUid> {
        InstanceUid::parse(format!("1.2.{number}").as_bytes()).ok()
    }

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn an_hour_begins_with_its_first_object_and_the_next_one_behind_its_end() {
        let caps = Caps { per_hour: Some(2), per_study: None };
        let mut stored = Stored::default();
        let mut take = |minute, of| stored.take(caps, study(of), minutes(minute));
        assert_eq!(take(90, 1), Ok(()));
        assert_eq!(take(149, 2), Ok(()));
        assert_eq!(take(149, 3), FULL_HOUR);
        assert_eq!(take(150, 3), Ok(()));
        assert_eq!(take(151, 3), Ok(()));
        assert_eq!(take(209, 3), FULL_HOUR);
        assert_eq!(take(210, 3), Ok(()));
    }

    #[test]
    fn each_study_has_an_hour_of_its_own() {
        let caps = Caps { per_hour: None, per_study: Some(2) };
        let mut stored = Stored::default();
        let mut take = |minute, of| stored.take(caps, study(of), minutes(minute));
        assert_eq!([take(0, 1), take(30, 2), take(30, 1)], [Ok(()); 3]);
        assert_eq!([take(59, 1), take(59, 2), take(59, 2)], [FULL_STUDY, Ok(()), FULL_STUDY]);
        assert_eq!([take(60, 1), take(60, 2)], [Ok(()), FULL_STUDY]);
        assert_eq!(take(90, 2), Ok(()));
    }

    #[test]
    fn what_has_no_study_counts_as_one() {
        let caps = Caps { per_hour: None, per_study: Some(1) };
        let mut stored = Stored::default();
        assert_eq!(stored.take(caps, None, minutes(0)), Ok(()));
        assert_eq!(stored.take(caps, None, minutes(1)), FULL_STUDY);
        assert_eq!(stored.take(caps, study(1), minutes(1)), Ok(()));
    }

    #[test]
    fn what_does_not_go_on_is_not_counted() {
        let caps = Caps { per_hour: Some(3), per_study: Some(1) };
        let mut stored = Stored::default();
        let mut take = |of| stored.take(caps, study(of), minutes(1));
        assert_eq!([take(1), take(1), take(1)], [Ok(()), FULL_STUDY, FULL_STUDY]);
        assert_eq!([take(2), take(3), take(4)], [Ok(()), Ok(()), FULL_HOUR]);
    }

    #[test]
    fn forgets_the_study_whose_hour_began_first() {
        let caps = Caps { per_hour: None, per_study: Some(1) };
        let mut stored = Stored::default();
        let mut take = |of, second| stored.take(caps, study(of), Duration::from_secs(second));
        for (number, second) in (0..STUDIES).zip(1..) {
            assert_eq!(take(number, second), Ok(()));
        }
        assert_eq!(take(0, 2000), FULL_STUDY);
        assert_eq!(take(STUDIES, 2000), Ok(()));
        assert_eq!([take(0, 2001), take(2, 2001)], [Ok(()), FULL_STUDY]);
        assert_eq!(stored.studies.len(), STUDIES);
    }
}
