//! The signatures of certificates and revocation lists that have been verified before.
//!
//! Most handshakes bring a chain that came an hour ago, and to verify its signatures, and that of the
//! revocation list, costs more than all else that is judged of it. What is remembered is only what
//! stays true whatever the time, the lists and the settings are: that this signature over these bytes
//! is of this key. It is remembered by a SHA-256 over all of them. The verdict is not: dates, lists,
//! names and purposes are judged each time, and so is the client's proof that it holds the key,
//! which is of that one handshake.
//!
//! webpki verifies a path from the configured CA downwards and ends at the first signature that does
//! not fit: a stranger gets nothing in here. Whoever holds many certificates of the CA can drive out
//! others, which are then verified as if there were no memory.

use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{Context, SHA256};
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

/// So many of the newest are kept for certain, and twice as many at most: of 32 bytes and a moment
/// each, half a megabyte.
const KEPT: usize = 4096;
/// After that a signature is verified again.
const LIFE: Duration = Duration::from_secs(60 * 60);

/// What identifies a signature together with all that it was verified against.
type Fact = [u8; 32];

/// Verifies like the algorithms it was made of, each signature once.
#[derive(Debug)]
pub(super) struct Algorithms(Vec<Remembering>);

/// One of them.
struct Remembering {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    /// Two of them may bear the same identifiers and take keys of different sizes.
    place: usize,
    memory: Arc<Mutex<Memory>>,
}

/// Two generations: the elder is dropped as a whole, without what was asked for meanwhile.
#[derive(Debug, Default)]
struct Memory {
    younger: HashMap<Fact, Instant>,
    elder: HashMap<Fact, Instant>,
}

impl Algorithms {
    /// With a memory that is empty and their own: it ends with them.
    pub(super) fn new(algorithms: &[&'static dyn SignatureVerificationAlgorithm]) -> Self {
        let memory = Arc::<Mutex<Memory>>::default();
        let each = algorithms.iter().enumerate().map(|(place, &algorithm)| {
            let memory = Arc::clone(&memory);
            Remembering { algorithm, place, memory }
        });
        Self(each.collect())
    }

    /// How many signatures are remembered.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        let memories = self.0.first().map(|it| it.memory.lock().unwrap());
        memories.map_or(0, |memory| memory.younger.len() + memory.elder.len())
    }

    /// As webpki takes them, in their order.
    pub(super) fn all(&self) -> Vec<&dyn SignatureVerificationAlgorithm> {
        self.0.iter().map(|it| it as _).collect()
    }
}

impl fmt::Debug for Remembering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.algorithm.fmt(f)
    }
}

impl SignatureVerificationAlgorithm for Remembering {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let (fact, now) = (self.fact(public_key, message, signature), Instant::now());
        // Who panicked with the lock has left nothing but a memory to do without.
        let is_known = self.memory.lock().is_ok_and(|mut memory| memory.knows(&fact, now));
        if is_known {
            return Ok(());
        }
        self.algorithm.verify_signature(public_key, message, signature)?;
        if let Ok(mut memory) = self.memory.lock() {
            memory.note(fact, now);
        }
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }

    fn fips(&self) -> bool {
        self.algorithm.fips()
    }
}

impl Remembering {
    /// Each part is preceded by its length, so that no other division of the bytes gives the same.
    fn fact(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Fact {
        let mut context = Context::new(&SHA256);
        context.update(&self.place.to_be_bytes());
        for part in [public_key, message, signature] {
            context.update(&part.len().to_be_bytes());
            context.update(part);
        }
        let mut fact = Fact::default();
        fact.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        fact
    }
}

impl Memory {
    /// What is asked for stays among the younger; asking makes it no younger itself.
    fn knows(&mut self, fact: &Fact, now: Instant) -> bool {
        let is_fresh = |verified: &Instant| now.saturating_duration_since(*verified) < LIFE;
        if let Some(verified) = self.younger.get(fact) {
            return is_fresh(verified);
        }
        match self.elder.remove(fact).filter(is_fresh) {
            Some(verified) => {
                self.note(*fact, verified);
                true
            }
            None => false,
        }
    }

    fn note(&mut self, fact: Fact, verified: Instant) {
        if self.younger.len() >= KEPT && !self.younger.contains_key(&fact) {
            self.elder = mem::take(&mut self.younger);
        }
        self.younger.insert(fact, verified);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Takes a signature that is the key and the message, and counts how often it is asked.
    #[derive(Debug)]
    struct Joined {
        asked: AtomicUsize,
    }

    impl SignatureVerificationAlgorithm for Joined {
        fn verify_signature(
            &self,
            public_key: &[u8],
            message: &[u8],
            signature: &[u8],
        ) -> Result<(), InvalidSignature> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let is_good = [public_key, message].concat() == signature;
            is_good.then_some(()).ok_or(InvalidSignature)
        }

        fn public_key_alg_id(&self) -> AlgorithmIdentifier {
            rustls::pki_types::alg_id::ED25519
        }

        fn signature_alg_id(&self) -> AlgorithmIdentifier {
            rustls::pki_types::alg_id::ED25519
        }
    }

    /// Two algorithms of the same identifiers with one memory, and the count of both.
    fn joined() -> (Algorithms, &'static Joined) {
        let joined: &'static Joined = Box::leak(Box::new(Joined { asked: AtomicUsize::new(0) }));
        (Algorithms::new(&[joined, joined]), joined)
    }

    fn fact(number: usize) -> Fact {
        let mut fact = Fact::default();
        fact[..8].copy_from_slice(&number.to_be_bytes());
        fact
    }

    #[test]
    fn verifies_a_good_signature_once() {
        let (algorithms, joined) = joined();
        for _ in 0..3 {
            algorithms.all()[0].verify_signature(b"key", b"bytes", b"keybytes").unwrap();
        }
        assert_eq!(joined.asked.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn refuses_a_bad_signature_each_time_and_forgets_it() {
        let (algorithms, joined) = joined();
        for _ in 0..3 {
            assert!(algorithms.all()[0].verify_signature(b"key", b"bytes", b"bad").is_err());
        }
        assert_eq!(joined.asked.load(Ordering::Relaxed), 3);
        let memory = algorithms.0[0].memory.lock().unwrap();
        assert!(memory.younger.is_empty() && memory.elder.is_empty(), "{memory:?}");
    }

    #[test]
    fn knows_no_signature_by_another_key_of_other_bytes_or_by_another_algorithm() {
        let (algorithms, joined) = joined();
        let all = algorithms.all();
        all[0].verify_signature(b"key", b"bytes", b"keybytes").unwrap();
        for (key, bytes, signature) in [
            (&b"kex"[..], &b"bytes"[..], &b"keybytes"[..]),
            (b"key", b"bytez", b"keybytes"),
            (b"key", b"bytes", b"keybytez"),
            (b"key", b"bytesk", b"eybytes"),
            (b"", b"keybyte", b"skeybytes"),
        ] {
            assert!(all[0].verify_signature(key, bytes, signature).is_err());
        }
        assert_eq!(joined.asked.load(Ordering::Relaxed), 6);
        // The same bytes, divided elsewhere: good, and not what was verified.
        all[0].verify_signature(b"ke", b"ybytes", b"keybytes").unwrap();
        all[1].verify_signature(b"key", b"bytes", b"keybytes").unwrap();
        assert_eq!(joined.asked.load(Ordering::Relaxed), 8);
    }

    #[test]
    fn starts_empty_for_each_server() {
        let (algorithms, joined) = joined();
        algorithms.all()[0].verify_signature(b"key", b"bytes", b"keybytes").unwrap();
        let after_reload = Algorithms::new(&[joined]);
        after_reload.all()[0].verify_signature(b"key", b"bytes", b"keybytes").unwrap();
        assert_eq!(joined.asked.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn forgets_after_an_hour_however_often_it_is_asked() {
        let (mut memory, then) = (Memory::default(), Instant::now());
        memory.note(fact(0), then);
        for minute in 0..60 {
            assert!(memory.knows(&fact(0), then + Duration::from_secs(60 * minute)));
        }
        assert!(!memory.knows(&fact(0), then + LIFE));
        // It may be among the elder by then, too.
        (1..=KEPT).for_each(|number| memory.note(fact(number), then));
        assert!(memory.elder.contains_key(&fact(0)));
        assert!(!memory.knows(&fact(0), then + LIFE));
        assert!(!memory.elder.contains_key(&fact(0)) && !memory.younger.contains_key(&fact(0)));
    }

    #[test]
    fn keeps_what_is_asked_for_and_never_more_than_its_bound() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        memory.note(fact(0), now);
        for number in 1..10 * KEPT {
            memory.note(fact(number), now);
            if number % (KEPT / 2) == 0 {
                assert!(memory.knows(&fact(0), now), "after {number} others");
            }
            assert!(memory.younger.len() <= KEPT && memory.elder.len() <= KEPT);
        }
        assert!(!memory.knows(&fact(1), now), "of ten times the bound");
    }
}
