//! The arithmetic of argon2id, in memory that is overwritten afterwards.

use argon2::Block;
use argon2::password_hash::phc::{Output, Salt};
use aws_lc_rs::rand;
use zeroize::Zeroize;

use super::cost::Cost;

/// As RFC 9106 recommends, section 4: 128 bits of salt, 256 bits of hash.
const SALT: usize = 16;
const OUTPUT: usize = 32;

/// What remains of a password. It shows nothing of it.
#[derive(Clone, Copy)]
pub struct Hash {
    pub(super) salt: Salt,
    pub(super) output: Output,
}

/// There is no memory, or no randomness, for another hashing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the machine has no memory left to compute a hash in")]
pub struct Exhausted;

impl Hash {
    /// Hashes a password with a new salt.
    ///
    /// # Errors
    ///
    /// The machine lacks the means.
    pub fn new(cost: Cost, password: &[u8]) -> Result<Self, Exhausted> {
        let mut salt = [0; SALT];
        rand::fill(&mut salt).map_err(|_| Exhausted)?;
        let salt = Salt::new(&salt).map_err(|_| Exhausted)?;
        Ok(Self { salt, output: compute(cost, password, &salt, OUTPUT)? })
    }

    /// Computes as long as for any user.
    pub(super) fn of_nobody(cost: Cost, password: &[u8]) -> Result<(), Exhausted> {
        let salt = Salt::new(&[0; SALT]).map_err(|_| Exhausted)?;
        compute(cost, password, &salt, OUTPUT).map(drop)
    }

    /// Whether it is of this password.
    pub(super) fn is_of(&self, cost: Cost, password: &[u8]) -> Result<bool, Exhausted> {
        // Outputs are compared in constant time.
        Ok(compute(cost, password, &self.salt, self.output.len())? == self.output)
    }

    /// As it stands in the file (PHC string format).
    pub fn text(&self, cost: Cost) -> String {
        format!("$argon2id$v=19${cost}${}${}", self.salt, self.output)
    }
}

fn compute(cost: Cost, password: &[u8], salt: &Salt, length: usize) -> Result<Output, Exhausted> {
    let (function, blocks) = cost.function().zip(cost.blocks()).ok_or(Exhausted)?;
    // argon2 would allocate by itself, and leave in memory what it has computed from the password.
    let mut memory = Memory(Vec::new());
    memory.0.try_reserve_exact(blocks).map_err(|_| Exhausted)?;
    memory.0.resize(blocks, Block::new());
    let mut output = [0; Output::MAX_LENGTH];
    let output = output.get_mut(..length).ok_or(Exhausted)?;
    let done = function.hash_password_into_with_memory(password, salt, output, &mut memory.0);
    done.map_err(|_| Exhausted)?;
    Output::new(output).map_err(|_| Exhausted)
}

/// Whoever could read it would find the password sooner.
struct Memory(Vec<Block>);

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_of_its_own_password_only() {
        let hash = Hash::new(Cost::CHEAP, b"correct horse").unwrap();
        assert_eq!(hash.is_of(Cost::CHEAP, b"correct horse"), Ok(true));
        for other in [&b"correct horse "[..], b"Correct horse", b""] {
            assert_eq!(hash.is_of(Cost::CHEAP, other), Ok(false));
        }
    }

    #[test]
    fn has_another_salt_each_time() {
        let [one, other] = [(); 2].map(|()| Hash::new(Cost::CHEAP, b"same").unwrap());
        assert_ne!(one.text(Cost::CHEAP), other.text(Cost::CHEAP));
    }

    /// RFC 9106, section 5.3, has a vector with a secret, which the gate does not use; this one is of
    /// the reference implementation (`argon2 somesalt -id -t 2 -m 16 -p 1`).
    #[test]
    fn is_the_function_that_others_compute() {
        let cost = Cost::new(65_536, 2, 1).unwrap();
        let salt = Salt::new(b"somesalt").unwrap();
        let output = compute(cost, b"password", &salt, 32).unwrap();
        assert_eq!(output.to_string(), "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
    }
}
