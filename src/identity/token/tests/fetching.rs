//! Keys from a URL, whatever the server does.

use std::sync::atomic::Ordering;

use super::maker::{EC, RSA, RSA_2};
use super::server::{Answer, Server, answer, ok};
use super::*;
use crate::identity::token::UrlFault;
use crate::pki;

fn serves(issuers: &Issuers, maker: &Maker) -> bool {
    verify(issuers, &maker.token(&claims())).is_ok()
}

fn verdict(issuers: &Issuers) -> Denial {
    verify(issuers, &RSA.token(&claims())).unwrap_err()
}

/// How long a server has in these tests.
const IMPATIENT: Pace = Pace { patience: Duration::from_millis(200), ..FAST };

#[tokio::test]
async fn keys_are_fetched_in_the_background_and_again() {
    let server = Server::start(ok(&[&RSA])).await;
    let issuers = beside(server.source(server.ca.clone()), None, FAST);
    assert_eq!(verdict(&issuers), Denial::TokenKeysStale);
    issuers.watch();
    until(|| serves(&issuers, &RSA)).await;
    server.answers(ok(&[&RSA_2, &EC]));
    until(|| serves(&issuers, &RSA_2)).await;
    assert_eq!(verdict(&issuers), Denial::TokenKey, "an old key is none any more");
    let chunked = [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
        format!("{:x}\r\n", maker::set(&[&RSA]).len()).into_bytes(),
        maker::set(&[&RSA]),
        b"\r\n0\r\n\r\n".to_vec(),
    ];
    server.answers(Answer::Bytes(chunked.concat()));
    until(|| serves(&issuers, &RSA)).await;
}

/// Each of these changes nothing for the keys that there are, nor for another issuer.
#[tokio::test]
async fn a_server_that_hangs_lies_or_goes_away_changes_nothing() {
    let server = Server::start(ok(&[&RSA])).await;
    let issuers = beside(server.source(server.ca.clone()), None, IMPATIENT);
    issuers.watch();
    until(|| serves(&issuers, &RSA)).await;
    let gigabyte = "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n{\"keys\":[";
    let elsewhere =
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n";
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{\"keys\":[]}";
    let fields = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(1000));
    let long = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "b".repeat(1 << 20));
    for lie in [
        Answer::Nothing,
        Answer::NoTls,
        Answer::Endless,
        Answer::Drip,
        Answer::End,
        Answer::Bytes(gigabyte.into()),
        Answer::Bytes(elsewhere.into()),
        Answer::Bytes(cut.into()),
        Answer::Bytes(fields.into_bytes()),
        Answer::Bytes(long.into_bytes()),
        Answer::Bytes(b"\x00\x01\x02".to_vec()),
        answer("200 OK", b"<!DOCTYPE html><html><body>Sign in</body></html>"),
        answer("200 OK", b"{\"keys\":[]}"),
        answer("200 OK", b"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}"),
        answer("404 Not Found", &maker::set(&[&RSA_2])),
        answer("503 Service Unavailable", b""),
        answer("204 No Content", b""),
    ] {
        server.answers(lie.clone());
        // The second one has met this answer for sure, and so the first one is over.
        let before = server.asked();
        until(|| server.asked() >= before + 3).await;
        assert!(serves(&issuers, &RSA), "{lie:?}");
        assert!(!serves(&issuers, &RSA_2) && other_serves(&issuers), "{lie:?}");
    }
    server.answers(ok(&[&RSA_2]));
    until(|| serves(&issuers, &RSA_2)).await;
}

#[tokio::test]
async fn a_server_that_is_gone_changes_nothing_until_the_keys_are_too_old() {
    let server = Server::start(ok(&[&RSA])).await;
    let pace = Pace { max_stale: Duration::from_millis(300), ..IMPATIENT };
    let issuers = beside(server.source(server.ca.clone()), None, pace);
    issuers.watch();
    until(|| serves(&issuers, &RSA)).await;
    drop(server);
    until(|| verify(&issuers, &RSA.token(&claims())) == Err(Denial::TokenKeysStale)).await;
    assert!(other_serves(&issuers));
}

#[tokio::test]
async fn only_the_ca_that_is_named_and_the_name_in_the_url_will_do() {
    let second = Duration::from_secs(1);
    let past = SystemTime::now() - 20 * second..SystemTime::now() - second;
    let right = Server::start(ok(&[&RSA])).await;
    let other_name = Server::named("login.example", pki::today(), ok(&[&RSA])).await;
    let expired = Server::named("127.0.0.1", past, ok(&[&RSA])).await;
    let of_other_ca = right.source(other_name.ca.clone());
    for (server, source) in [
        (&right, of_other_ca),
        (&other_name, other_name.source(other_name.ca.clone())),
        (&expired, expired.source(expired.ca.clone())),
    ] {
        let before = server.asked();
        let issuers = beside(source, None, FAST);
        issuers.watch();
        until(|| server.asked() >= before + 3).await;
        assert_eq!(verdict(&issuers), Denial::TokenKeysStale);
        assert!(other_serves(&issuers));
    }
}

#[tokio::test]
async fn a_kid_that_nobody_knows_has_keys_fetched_soon_and_seldom() {
    let hour = Duration::from_secs(3600);
    let server = Server::start(ok(&[&RSA])).await;
    let pace = Pace { every: hour, soonest: Duration::from_millis(50), ..FAST };
    let issuers = beside(server.source(server.ca.clone()), None, pace);
    issuers.watch();
    until(|| serves(&issuers, &RSA)).await;
    server.answers(ok(&[&RSA_2]));
    until(|| serves(&issuers, &RSA_2)).await;
    assert_eq!(server.asked(), 2);
    drop(issuers);
    // Where that is not the time yet, thousands of tokens make no difference.
    let pace = Pace { every: hour, soonest: hour, ..FAST };
    let issuers = beside(server.source(server.ca.clone()), None, pace);
    issuers.watch();
    until(|| serves(&issuers, &RSA_2)).await;
    for _ in 0..1000 {
        assert_eq!(verdict(&issuers), Denial::TokenKey);
        tokio::task::yield_now().await;
    }
    assert_eq!(server.asked(), 3);
}

#[tokio::test]
async fn a_reload_keeps_the_keys_of_a_url_and_their_task() {
    let server = Server::start(ok(&[&RSA])).await;
    let source = || server.source(server.ca.clone());
    let hour = Pace { every: Duration::from_secs(3600), ..FAST };
    let before = beside(source(), None, hour);
    before.watch();
    until(|| serves(&before, &RSA)).await;
    server.answers(Answer::End);
    // The same table: the same task goes on.
    let task = before.of("login").unwrap().store().watcher();
    let mut after = beside(source(), None, hour);
    after.take_over(&before);
    after.watch();
    drop(before);
    assert!(serves(&after, &RSA) && !task.is_finished());
    // Another key of the table has changed: another task, and the keys until it has its own.
    let mut changed = beside(source(), None, Pace { max_stale: HANG, ..hour });
    changed.take_over(&after);
    changed.watch();
    drop(after);
    assert!(serves(&changed, &RSA));
    until(|| task.is_finished()).await;
    // Keys from elsewhere are not those of this issuer.
    let elsewhere = Server::start(Answer::End).await;
    let mut moved = beside(elsewhere.source(elsewhere.ca.clone()), None, hour);
    moved.take_over(&changed);
    assert_eq!(verdict(&moved), Denial::TokenKeysStale);
}

#[tokio::test]
async fn a_reload_without_the_issuer_ends_its_task_and_its_connection() {
    let server = Server::start(Answer::Nothing).await;
    let before = beside(server.source(server.ca.clone()), None, FAST);
    before.watch();
    until(|| server.open.load(Ordering::SeqCst) == 1).await;
    let task = before.of("login").unwrap().store().watcher();
    let mut after: Issuers =
        [issuer("other", "https://other.example", &maker::set(&[&EC]))].into_iter().collect();
    after.take_over(&before);
    after.watch();
    drop(before);
    until(|| task.is_finished()).await;
    until(|| server.open.load(Ordering::SeqCst) == 0).await;
    assert!(other_serves(&after));
}

#[test]
fn takes_urls_over_https_only() {
    use crate::identity::token::Address;
    let sound = [
        "https://login.example/realms/imaging/protocol/openid-connect/certs",
        "https://login.example",
        "https://login.example:8443/keys?p=sign-in",
        "https://[2001:db8::5]:8443/keys",
        "https://192.0.2.7/keys",
    ];
    for url in sound {
        assert!(url.parse::<Address>().is_ok(), "{url}");
    }
    for (url, fault) in [
        ("http://login.example/keys", UrlFault::Scheme),
        ("file:///etc/passwd", UrlFault::Scheme),
        ("login.example/keys", UrlFault::Grammar),
        ("", UrlFault::Grammar),
        ("https://", UrlFault::Grammar),
        ("https://user:word@login.example/keys", UrlFault::User),
        ("https://login.example/keys#first", UrlFault::Fragment),
        ("https://login..example/keys", UrlFault::Host),
        ("https://-/keys", UrlFault::Host),
        ("https://login.example/a b", UrlFault::Grammar),
    ] {
        assert_eq!(url.parse::<Address>(), Err(fault), "{url}");
    }
}
