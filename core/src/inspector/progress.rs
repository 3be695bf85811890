//! How far the messages of a side have come: for whoever waits for it and has a clock.

/// What has come of the messages of a side, in numbers that only grow. What is dropped, such as a
/// C-CANCEL behind the end of its operation or an empty fragment, counts for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many messages have ended.
    pub messages: u64,
    /// Bytes of data sets, refused ones included, and [`Progress::STEP`] for each message that
    /// passed or that the gate answers.
    pub heard: u64,
    /// Bytes of data sets that passed behind the head, and [`Progress::STEP`] for each message that did, and for
    /// each word of a release.
    pub passed: u64,
}

impl Progress {
    /// So much more is progress: in bytes, and as such a whole message counts.
    pub const STEP: u64 = 1024;

    /// A whole message has passed.
    pub(super) const fn passed_whole(&mut self) {
        self.passed += Self::STEP;
        self.answered();
    }

    /// A whole message did not pass, and the gate answers it.
    pub(super) const fn answered(&mut self) {
        self.heard += Self::STEP;
    }
}
