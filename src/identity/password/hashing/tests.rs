use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use pacsgate_core::certificate::Digest;
use tokio::task::JoinSet;

use super::super::attempts::MOST_WRONG;
use super::*;
use crate::origins::Origin;

/// Longer than any of these takes.
const LONG: Duration = Duration::from_secs(60);

fn passwords() -> Passwords {
    Passwords::cheap(&[("anna", "correct horse"), ("bert", "battery staple")])
}

fn peer(name: &str) -> Asker {
    Asker::Peer(name.into())
}

/// Of a device whose certificate has this number.
fn attempt<'a>(number: u8, user: &'a str, password: &'a str) -> Attempt<'a> {
    let origin = Origin::Certificate(Digest([number; 32]));
    let claim = Claim { origin, calling: Some("CT1".parse().unwrap()) };
    let (user, password) = (user.as_bytes(), password.as_bytes());
    Attempt { asker: peer("ct1"), claim, user, password, is_of_use: true }
}

/// The next one has its turn.
async fn begins(verifying: &mut Pin<&mut impl Future<Output = Result<Arc<str>, Denial>>>) {
    let once = poll_fn(|cx| Poll::Ready(verifying.as_mut().poll(cx)));
    assert!(once.await.is_pending());
}

#[tokio::test]
async fn knows_users_by_their_passwords() {
    let (hashing, passwords) = (Hashing::new(1), passwords());
    let verify = |user, password| hashing.verify(&passwords, attempt(1, user, password), LONG);
    assert_eq!(verify("anna", "correct horse").await.as_deref(), Ok("anna"));
    assert_eq!(verify("bert", "battery staple").await.as_deref(), Ok("bert"));
    assert_eq!(verify("anna", "battery staple").await, Err(Denial::PasswordWrong));
    assert_eq!(verify("anna", "").await, Err(Denial::PasswordWrong));
    assert_eq!(verify("Anna", "correct horse").await, Err(Denial::UserUnknown));
}

#[tokio::test]
async fn a_user_that_does_not_exist_costs_a_hashing_as_well() {
    let hashing = Hashing::new(1);
    for passwords in [passwords(), Passwords::cheap(&[])] {
        let before = hashing.computed();
        let verified = hashing.verify(&passwords, attempt(1, "carl", "correct horse"), LONG);
        assert_eq!(verified.await, Err(Denial::UserUnknown));
        assert_eq!(hashing.computed(), before + 1);
    }
}

#[tokio::test]
async fn wrong_ones_end_the_attempts_of_their_claim_before_anything_is_computed() {
    let (hashing, passwords) = (Hashing::new(1), passwords());
    let verify =
        |number, password| hashing.verify(&passwords, attempt(number, "anna", password), LONG);
    for _ in 1..MOST_WRONG {
        assert_eq!(verify(1, "wrong").await, Err(Denial::PasswordWrong));
    }
    // A right one in between begins no new count.
    assert!(verify(1, "correct horse").await.is_ok());
    assert_eq!(verify(1, "wrong").await, Err(Denial::PasswordWrong));
    let before = hashing.computed();
    for password in ["wrong", "correct horse"] {
        assert_eq!(verify(1, password).await, Err(Denial::PasswordAttempts));
    }
    assert_eq!(hashing.computed(), before);
    assert!(verify(2, "correct horse").await.is_ok());
}

#[tokio::test]
async fn a_hundred_guesses_at_once_are_no_more_than_one_after_the_other() {
    for most in [1, 3] {
        let (hashing, passwords) = (Arc::new(Hashing::new(most)), passwords());
        let mut guesses = JoinSet::new();
        for _ in 0..WAITING {
            let (hashing, passwords) = (Arc::clone(&hashing), passwords.clone());
            let guess =
                async move { hashing.verify(&passwords, attempt(1, "anna", "wrong"), LONG).await };
            guesses.spawn(guess);
        }
        let told = guesses.join_all().await;
        let wrong = told.iter().filter(|told| **told == Err(Denial::PasswordWrong)).count();
        let used_up = told.iter().filter(|told| **told == Err(Denial::PasswordAttempts)).count();
        assert_eq!(wrong + used_up, WAITING);
        assert!((MOST_WRONG as usize..MOST_WRONG as usize + most).contains(&wrong), "{wrong}");
        assert_eq!(hashing.computed(), wrong as u64);
    }
}

#[tokio::test]
async fn a_device_with_many_associations_at_once_is_let_in_with_each() {
    let (hashing, passwords) = (Hashing::new(2), passwords());
    let verify = || hashing.verify(&passwords, attempt(1, "anna", "correct horse"), LONG);
    let (a, b, c, d) = tokio::join!(verify(), verify(), verify(), verify());
    assert!([a, b, c, d].iter().all(Result::is_ok));
}

#[tokio::test]
async fn another_peer_has_its_turn_after_one_hashing_however_many_wait() {
    let (hashing, passwords) = (Hashing::new(1), passwords());
    let under_way = hashing.turns.hold(Whose { source: peer("ct1"), is_known: true }).await;
    let of = |asker, number| {
        let attempt = Attempt { asker, ..attempt(number, "anna", "wrong") };
        hashing.verify(&passwords, attempt, LONG)
    };
    let (mut first, mut second) = (pin!(of(peer("ct1"), 1)), pin!(of(peer("ct1"), 1)));
    let mut third = pin!(of(peer("ct1"), 1));
    let mut other = pin!(of(peer("mr1"), 2));
    begins(&mut first).await;
    begins(&mut second).await;
    begins(&mut third).await;
    begins(&mut other).await;
    let waiting = |name| hashing.turns.waiting(&Whose { source: peer(name), is_known: true });
    assert_eq!((waiting("ct1"), waiting("mr1")), (3, 1));
    drop(under_way);
    assert_eq!((waiting("ct1"), waiting("mr1")), (2, 1));
    assert_eq!(first.await, Err(Denial::PasswordWrong));
    // What the first one has left went to the other peer, past the two that came before it.
    assert_eq!((waiting("ct1"), waiting("mr1")), (2, 0));
    assert_eq!(other.await, Err(Denial::PasswordWrong));
    assert_eq!(waiting("ct1"), 1);
    assert_eq!(second.await, Err(Denial::PasswordWrong));
    assert_eq!(third.await, Err(Denial::PasswordWrong));
}

#[tokio::test]
async fn nothing_is_computed_for_who_has_gone() {
    let (hashing, passwords) = (Hashing::new(1), passwords());
    let under_way = hashing.turns.hold(Whose { source: peer("mr1"), is_known: true }).await;
    {
        let mut gone = pin!(hashing.verify(&passwords, attempt(1, "anna", "wrong"), LONG));
        begins(&mut gone).await;
    }
    drop(under_way);
    let stays = hashing.verify(&passwords, attempt(1, "anna", "correct horse"), LONG);
    assert!(stays.await.is_ok());
    assert_eq!(hashing.computed(), 1);
}

#[tokio::test]
async fn what_has_no_turn_in_time_is_told_so_and_is_no_wrong_password() {
    let (hashing, passwords) = (Hashing::new(1), passwords());
    let under_way = hashing.turns.hold(Whose { source: peer("ct1"), is_known: true }).await;
    for _ in 0..=MOST_WRONG {
        let short = Duration::from_millis(1);
        let verified = hashing.verify(&passwords, attempt(1, "anna", "wrong"), short);
        assert_eq!(verified.await, Err(Denial::PasswordBusy));
    }
    drop(under_way);
    let verified = hashing.verify(&passwords, attempt(1, "anna", "correct horse"), LONG);
    assert!(verified.await.is_ok());
}

#[tokio::test]
async fn a_peer_has_only_so_many_waiting() {
    let (hashing, passwords) = (Hashing::new(1), passwords());
    let _under_way = hashing.turns.hold(Whose { source: peer("ct1"), is_known: true }).await;
    let verify = || Box::pin(hashing.verify(&passwords, attempt(1, "anna", "wrong"), LONG));
    let mut waiting: Vec<_> = (0..WAITING).map(|_| verify()).collect();
    for one in &mut waiting {
        begins(&mut one.as_mut()).await;
    }
    assert_eq!(verify().await, Err(Denial::PasswordBusy));
    let other = Attempt { asker: peer("mr1"), ..attempt(2, "anna", "correct horse") };
    let mut other = pin!(hashing.verify(&passwords, other, LONG));
    begins(&mut other).await;
}

#[tokio::test]
async fn what_could_not_be_computed_is_no_wrong_password_and_is_shown_to_nobody() {
    let log = tempfile::tempfile().unwrap();
    let written = log.try_clone().unwrap();
    let logging = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
    let _logging = tracing::subscriber::set_default(logging.with_writer(log).finish());
    let (hashing, passwords) = (Hashing::new(1), passwords());
    let mut impossible = passwords.clone();
    impossible.cost = Cost::IMPOSSIBLE;
    for (user, password) in [("anna", "canary one"), ("canary two", "canary three")] {
        for _ in 0..=MOST_WRONG {
            let verified = hashing.verify(&impossible, attempt(1, user, password), LONG);
            assert_eq!(verified.await, Err(Denial::PasswordBusy));
        }
    }
    // The turn was given back.
    let verified = hashing.verify(&passwords, attempt(1, "anna", "correct horse"), LONG);
    assert!(verified.await.is_ok());
    let told = std::io::read_to_string(rewound(written)).unwrap();
    assert!(told.contains("a password was not verified") && !told.contains("canary"), "{told}");
}

fn rewound(mut file: std::fs::File) -> std::fs::File {
    std::io::Seek::rewind(&mut file).unwrap();
    file
}
