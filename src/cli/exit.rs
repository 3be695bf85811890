//! Exit codes.

use std::process::ExitCode;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, or stopped as asked.
    Success,
    /// 1: it could not do its work.
    Failure,
    /// 2: `doctor` found something of medium severity, and nothing worse.
    Medium,
    /// 3: `doctor` found something of high severity, and nothing worse.
    High,
    /// 4: `doctor` found something critical.
    Critical,
    /// 64: the arguments are wrong (`EX_USAGE`).
    Usage,
    /// 78: the configuration is wrong (`EX_CONFIG`).
    Configuration,
}

impl Exit {
    /// The number that the parent process sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Medium => 2,
            Self::High => 3,
            Self::Critical => 4,
            Self::Usage => 64,
            Self::Configuration => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_sysexits() {
        let codes =
            [Exit::Success, Exit::Failure, Exit::Usage, Exit::Configuration].map(Exit::code);
        assert_eq!(codes, [0, 1, 64, 78]);
    }
}
