//! What one hashing takes: the parameters of argon2id (RFC 9106).

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};

/// The parameters of argon2id, within the bounds of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// Why parameters are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CostFault {
    /// Guessing the password of a stolen hash would be too easy.
    #[error(
        "m={memory},t={passes} is too weak: with t={passes}, m has to be {least} at least; make the hash \
         anew with `pacsgate hash-password`"
    )]
    Weak {
        /// Its memory in KiB.
        memory: u32,
        /// Its passes.
        passes: u32,
        /// The least memory that it could have.
        least: u32,
    },
    /// It would hold the gate up.
    #[error(
        "its parameters are too high: m may be {} at most, t {} and p {}; make the hash anew with \
         `pacsgate hash-password`",
        Cost::MOST.memory, Cost::MOST.passes, Cost::MOST.lanes
    )]
    Heavy,
}

/// The least memory in KiB for one pass, two and so on, as OWASP has them (Password Storage Cheat
/// Sheet); they cost a guesser the same.
const LEAST: [u32; 5] = [47_104, 19_456, 12_288, 9_216, 7_168];

impl Cost {
    /// What `hash-password` takes: the least of OWASP, about 15 ms (benches/README.md). Each
    /// association of a user pays it.
    pub const USUAL: Self = Self { memory: 19_456, passes: 2, lanes: 1 };
    /// The memory of RFC 9106's second choice, which is the default elsewhere; a tenth of a second
    /// and more.
    const MOST: Self = Self { memory: 65_536, passes: 10, lanes: 4 };

    /// Memory in KiB, passes and lanes.
    ///
    /// # Errors
    ///
    /// They are out of bounds.
    pub fn new(memory: u32, passes: u32, lanes: u32) -> Result<Self, CostFault> {
        let Self { memory: most, passes: most_passes, lanes: most_lanes } = Self::MOST;
        if memory > most || passes > most_passes || !(1..=most_lanes).contains(&lanes) {
            return Err(CostFault::Heavy);
        }
        let at = usize::try_from(passes.saturating_sub(1)).unwrap_or(usize::MAX);
        let [.., of_more] = LEAST;
        let least = LEAST.get(at).copied().unwrap_or(of_more);
        if memory < least || passes == 0 {
            return Err(CostFault::Weak { memory, passes, least });
        }
        Ok(Self { memory, passes, lanes })
    }

    /// What computes nothing worth mentioning.
    #[cfg(test)]
    pub(super) const CHEAP: Self = Self { memory: 8, passes: 1, lanes: 1 };
    /// What no machine can compute.
    #[cfg(test)]
    pub(super) const IMPOSSIBLE: Self = Self { memory: 0, passes: 0, lanes: 0 };

    /// How many blocks of memory it takes.
    pub(super) fn blocks(self) -> Option<usize> {
        Some(self.params()?.block_count())
    }

    /// The function with these parameters. `None` never occurs: all of them are within argon2's own.
    pub(super) fn function(self) -> Option<Argon2<'static>> {
        Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params()?))
    }

    fn params(self) -> Option<Params> {
        Params::new(self.memory, self.passes, self.lanes, None).ok()
    }
}

/// As the hashes have it (PHC string format).
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={},t={},p={}", self.memory, self.passes, self.lanes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_owasp_names_and_nothing_weaker() {
        for (passes, least) in (1..).zip(LEAST).chain([(10, 7_168)]) {
            assert!(Cost::new(least, passes, 1).is_ok(), "{passes}");
            let weak = CostFault::Weak { memory: least - 1, passes, least };
            assert_eq!(Cost::new(least - 1, passes, 1), Err(weak));
        }
        assert!(matches!(Cost::new(47_104, 0, 1), Err(CostFault::Weak { .. })));
        assert_eq!(Cost::new(19_456, 2, 1), Ok(Cost::USUAL));
    }

    #[test]
    fn takes_the_default_of_others_and_nothing_that_holds_the_gate_up() {
        assert!(Cost::new(65_536, 3, 4).is_ok());
        for (memory, passes, lanes) in
            [(65_537, 3, 4), (65_536, 11, 4), (65_536, 3, 5), (65_536, 3, 0), (u32::MAX, 1, 1)]
        {
            assert_eq!(Cost::new(memory, passes, lanes), Err(CostFault::Heavy));
        }
    }
}
