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
        let output = compute(cost, password, &salt, OUTPUT, &mut Memory::default())?;
        Ok(Self { salt, output })
    }

    /// Computes as long as for any user.
    pub(super) fn of_nobody(
        cost: Cost,
        password: &[u8],
        memory: &mut Memory,
    ) -> Result<(), Exhausted> {
        let salt = Salt::new(&[0; SALT]).map_err(|_| Exhausted)?;
        compute(cost, password, &salt, OUTPUT, memory).map(drop)
    }

    /// Whether it is of this password.
    pub(super) fn is_of(
        &self,
        cost: Cost,
        password: &[u8],
        memory: &mut Memory,
    ) -> Result<bool, Exhausted> {
        // Outputs are compared in constant time.
        Ok(compute(cost, password, &self.salt, self.output.len(), memory)? == self.output)
    }

    /// As it stands in the file (PHC string format).
    pub fn text(&self, cost: Cost) -> String {
        format!("$argon2id$v=19${cost}${}${}", self.salt, self.output)
    }
}

// argon2 would allocate by itself, and leave in memory what it has computed from the password.
fn compute(
    cost: Cost,
    password: &[u8],
    salt: &Salt,
    length: usize,
    memory: &mut Memory,
) -> Result<Output, Exhausted> {
    let (function, blocks) = cost.function().zip(cost.blocks()).ok_or(Exhausted)?;
    let mut output = [0; Output::MAX_LENGTH];
    let output = output.get_mut(..length).ok_or(Exhausted)?;
    let blocks = memory.blocks(blocks)?;
    let done = function.hash_password_into_with_memory(password, salt, output, blocks);
    memory.overwrite();
    done.map_err(|_| Exhausted)?;
    Output::new(output).map_err(|_| Exhausted)
}

/// What a hashing computes in, kept for the next one: the system's allocator keeps what is given back to it,
/// and takes more from the system for another thread. Whoever could read it would find the password
/// sooner, so that it is overwritten each time.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    fn blocks(&mut self, number: usize) -> Result<&mut [Block], Exhausted> {
        if self.0.len() < number {
            self.0 = Vec::new();
            self.0.try_reserve_exact(number).map_err(|_| Exhausted)?;
            self.0.resize(number, Block::new());
        }
        self.0.get_mut(..number).ok_or(Exhausted)
    }

    fn overwrite(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.overwrite();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_of_its_own_password_only() {
        let hash = Hash::new(Cost::CHEAP, b"correct horse").unwrap();
        let mut memory = Memory::default();
        assert_eq!(hash.is_of(Cost::CHEAP, b"correct horse", &mut memory), Ok(true));
        for other in [&b"correct horse "[..], b"Correct horse", b""] {
            assert_eq!(hash.is_of(Cost::CHEAP, other, &mut memory), Ok(false));
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
        let output = compute(cost, b"password", &salt, 32, &mut Memory::default()).unwrap();
        assert_eq!(output.to_string(), "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
    }
}
