//! Revocation lists, on time and late.

use rustls::pki_types::UnixTime;

use super::super::crl::RevocationLists;
use super::super::path::Path;
use super::pki::{Authority, DAY, moment};
use super::*;
use crate::x509::reading;

const WEEK: Duration = Duration::from_secs(7 * 86_400);

#[tokio::test]
async fn refuses_a_revoked_certificate_and_serves_the_others() {
    let mut site = Site::new();
    let (bad, good) = (site.client_ca.client("bad.example"), site.client_ca.client("ct1.example"));
    site.crls = vec![site.client_ca.crl(DAY, &[&bad])];
    let server = site.server();
    assert_refused(&server, &site.client(&bad), HandshakeFault::CertificateRevoked).await;
    assert_accepted(&server, &site.client(&good)).await;
}

#[tokio::test]
async fn refuses_the_clients_of_a_revoked_intermediate() {
    let mut site = Site::new();
    let intermediate = site.client_ca.intermediate("Issuing CA");
    site.crls = vec![
        site.client_ca.crl(DAY, &[&intermediate.as_credentials()]),
        intermediate.crl(DAY, &[]),
    ];
    let client = site.client(&intermediate.client("ct1.example"));
    assert_refused(&site.server(), &client, HandshakeFault::CertificateRevoked).await;
}

#[tokio::test]
async fn wants_a_list_for_every_certificate_of_the_chain() {
    let mut site = Site::new();
    let intermediate = site.client_ca.intermediate("Issuing CA");
    let client = site.client(&intermediate.client("ct1.example"));
    let (of_root, of_intermediate) = (site.client_ca.crl(DAY, &[]), intermediate.crl(DAY, &[]));
    for alone in [&of_root, &of_intermediate] {
        site.crls = vec![alone.clone()];
        assert_refused(&site.server(), &client, HandshakeFault::CrlMissing).await;
    }
    site.crls = vec![of_root, of_intermediate];
    assert_accepted(&site.server(), &client).await;
}

#[tokio::test]
async fn uses_a_late_list_within_the_grace() {
    let mut site = Site::new();
    let (bad, good) = (site.client_ca.client("bad.example"), site.client_ca.client("ct1.example"));
    site.crls = vec![site.client_ca.crl(-DAY, &[&bad])];
    site.crl_grace = WEEK;
    let server = site.server();
    assert_accepted(&server, &site.client(&good)).await;
    assert_refused(&server, &site.client(&bad), HandshakeFault::CertificateRevoked).await;
}

#[tokio::test]
async fn trusts_nobody_by_a_list_past_the_grace() {
    let mut site = Site::new();
    let (bad, good) = (site.client_ca.client("bad.example"), site.client_ca.client("ct1.example"));
    site.crls = vec![site.client_ca.crl(-8 * DAY, &[&bad])];
    site.crl_grace = WEEK;
    let server = site.server();
    assert_refused(&server, &site.client(&good), HandshakeFault::CrlExpired).await;
    assert_refused(&server, &site.client(&bad), HandshakeFault::CertificateRevoked).await;
}

#[tokio::test]
async fn names_the_expired_list_among_current_ones() {
    let mut site = Site::new();
    let intermediate = site.client_ca.intermediate("Issuing CA");
    site.crls = vec![intermediate.crl(-DAY, &[]), site.client_ca.crl(DAY, &[])];
    let server = site.server();
    let under_late = site.client(&intermediate.client("ct1.example"));
    assert_refused(&server, &under_late, HandshakeFault::CrlExpired).await;
    assert_accepted(&server, &site.client(&site.client_ca.client("ct2.example"))).await;
}

#[tokio::test]
async fn takes_the_newest_of_several_lists_in_any_order() {
    let mut site = Site::new();
    let (bad, good) = (site.client_ca.client("bad.example"), site.client_ca.client("ct1.example"));
    let older = site.client_ca.crl_of(-10 * DAY, -9 * DAY, &[&good]);
    let newer = site.client_ca.crl_of(-DAY, DAY, &[&bad]);
    for crls in [[older.clone(), newer.clone()], [newer, older]] {
        site.crls = crls.to_vec();
        let server = site.server();
        assert_accepted(&server, &site.client(&good)).await;
        assert_refused(&server, &site.client(&bad), HandshakeFault::CertificateRevoked).await;
    }
}

#[tokio::test]
async fn tells_the_lists_of_a_renewed_ca_apart_by_its_key() {
    let mut site = Site::new();
    let renewed = Authority::root("Client CA");
    let (old, new) = (site.client_ca.client("ct1.example"), renewed.client("ct2.example"));
    let (bad_old, bad_new) = (site.client_ca.client("a.example"), renewed.client("b.example"));
    site.crls = vec![site.client_ca.crl(DAY, &[&bad_old]), renewed.crl(DAY, &[&bad_new])];
    let trusted = vec![site.client_ca.certificate(), renewed.certificate()];
    let server = Server::new(site.settings(trusted)).unwrap();
    assert_accepted(&server, &site.client(&old)).await;
    assert_accepted(&server, &site.client(&new)).await;
    for bad in [bad_old, bad_new] {
        assert_refused(&server, &site.client(&bad), HandshakeFault::CertificateRevoked).await;
    }
}

#[tokio::test]
async fn does_not_take_the_list_of_a_renewed_ca_for_the_expired_one_before() {
    let mut site = Site::new();
    let renewed = Authority::root("Client CA");
    let (old, new) = (site.client_ca.client("ct1.example"), renewed.client("ct2.example"));
    site.crls = vec![site.client_ca.crl(-DAY, &[]), renewed.crl(DAY, &[])];
    let trusted = vec![site.client_ca.certificate(), renewed.certificate()];
    let server = Server::new(site.settings(trusted)).unwrap();
    assert_refused(&server, &site.client(&old), HandshakeFault::CrlExpired).await;
    assert_accepted(&server, &site.client(&new)).await;
}

#[tokio::test]
async fn refuses_by_a_list_that_only_bears_the_name_of_the_ca() {
    let mut site = Site::new();
    site.crls = vec![Authority::root("Client CA").crl(DAY, &[])];
    let client = site.client(&site.client_ca.client("ct1.example"));
    assert_refused(&site.server(), &client, HandshakeFault::CrlInvalid).await;
}

fn unix(seconds_from_now: i64) -> UnixTime {
    let since = moment(seconds_from_now).duration_since(std::time::UNIX_EPOCH).unwrap();
    let seconds = since.as_secs();
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

#[test]
fn ends_the_grace_at_its_second() {
    let list = Authority::root("Client CA").crl(0, &[]);
    let lists = RevocationLists::new(&[list], &[], WEEK, &mut Vec::new());
    let client = Authority::root("Client CA").client("ct1.example");
    let path = Path::new(reading::whole(client.leaf()).unwrap(), &[]);
    let serving = |seconds| lists.serving(&path, unix(seconds)).len();
    assert_eq!((serving(-DAY), serving(7 * DAY - 5), serving(7 * DAY + 5)), (1, 1, 0));
    assert_eq!(lists.all(&path).len(), 1);
}

#[test]
fn warns_of_a_late_list_once_an_hour() {
    let list = Authority::root("Client CA").crl(0, &[]);
    let lists = RevocationLists::new(&[list], &[], WEEK, &mut Vec::new());
    let warned = |minutes: i64| lists.warn_of_late(unix(minutes * 60));
    let counts = [-60, 1, 2, 60, 62, 63, 130].map(warned);
    assert_eq!(counts, [0, 1, 0, 0, 1, 0, 1]);
}
