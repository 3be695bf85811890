//! Which AE titles a certificate may claim, and which it may call.

use crate::support::associate::{Associate, title};
use crate::support::authority::Profile;
use crate::support::configuration::peer;
use crate::support::requestor::Caller;
use crate::support::scenario::{Scenario, assert_rejected, echo};
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, device, site};

/// Each line is a test: the bytes of the calling title. The certificate is `ct1`'s.
macro_rules! no_calling_title {
    ($($name:ident: $title:expr;)*) => {$(
        #[test]
        fn $name() {
            let mut request = Associate::echo("CT1", "PACS");
            request.calling = title($title);
            malformed(&request, [1, 1, 3], "malformed-calling-title");
        }
    )*};
}

no_calling_title! {
    refuses_a_nul_inside_a_calling_title: b"CT1\0EVIL";
    refuses_a_nul_before_a_calling_title: b"\0CT1";
    refuses_a_nul_inside_the_padding_of_a_calling_title: b"CT1 \0 X";
    refuses_a_line_feed_in_a_calling_title: b"CT1\nroot";
    refuses_an_escape_in_a_calling_title: b"CT1\x1b[2J";
    refuses_a_tab_behind_a_calling_title: b"CT1\t";
    refuses_a_delete_in_a_calling_title: b"CT1\x7f";
    refuses_a_backslash_in_a_calling_title: b"CT1\\PACS";
    refuses_an_8_bit_calling_title: b"CT1\xe4";
    refuses_a_blank_calling_title: b"";
    refuses_a_calling_title_of_nuls: &[0; 16];
}

/// Each line is a test: a calling title that is sound and not `ct1`'s.
macro_rules! rejects_calling {
    ($($name:ident: $title:literal;)*) => {$(
        #[test]
        fn $name() {
            rejected(&Associate::echo($title, "PACS"), [1, 1, 3], "calling-title");
        }
    )*};
}

rejects_calling! {
    rejects_another_peers_calling_title: "MR1";
    rejects_a_calling_title_that_nobody_has: "STRANGER";
    rejects_a_calling_title_in_lower_case: "ct1";
    rejects_the_beginning_of_a_calling_title: "CT";
    rejects_a_calling_title_that_goes_on: "CT1X";
    rejects_a_path_as_calling_title: "../CT1";
}

/// Each line is a test: a called title that is sound and leads `ct1` nowhere.
macro_rules! rejects_called {
    ($($name:ident: $title:literal;)*) => {$(
        #[test]
        fn $name() {
            rejected(&Associate::echo("CT1", $title), [1, 1, 7], "called-title");
        }
    )*};
}

rejects_called! {
    rejects_an_unknown_called_title: "ELSEWHERE";
    rejects_a_called_title_in_lower_case: "pacs";
    rejects_the_beginning_of_a_called_title: "PAC";
    rejects_the_title_that_the_pacs_has_inside: "ARCHIVE";
}

#[test]
fn refuses_a_nul_inside_a_called_title() {
    let mut request = Associate::echo("CT1", "PACS");
    request.called = title(b"PACS\0X");
    malformed(&request, [1, 1, 7], "malformed-called-title");
}

#[test]
fn refuses_a_blank_called_title() {
    malformed(&Associate::echo("CT1", ""), [1, 1, 7], "malformed-called-title");
}

#[test]
fn rejects_a_pacs_that_the_peer_may_not_reach() {
    let scenario = Scenario::with(|mut settings| {
        let mut research = settings.archive.clone();
        research.insert("called_ae", r#"["RESEARCH"]"#.into());
        settings.more.push(("pacs.research", research));
        settings
    });
    let mut requestor = scenario.ct1();
    requestor.send(&Associate::echo("CT1", "RESEARCH").encode());
    assert_rejected(&mut requestor, [1, 1, 7]);
    scenario.refused_once("refused", "called-title");
}

#[test]
fn takes_every_title_of_a_peer() {
    let scenario = Scenario::usual();
    for (calling, called) in [("CT1", "PACS"), ("CT1_QR", "PACS_STORE")] {
        let mut requestor = scenario.ct1();
        requestor.associate(&Associate::echo(calling, called));
        echo(&mut requestor, 1);
        requestor.release();
    }
}

#[test]
fn takes_titles_with_any_padding_and_gives_the_requestor_its_own_bytes_back() {
    for calling in
        [b"  CT1           ", b"CT1\0\0\0\0\0\0\0\0\0\0\0\0\0", b"CT1  \0\0\0\0\0\0     "]
    {
        let scenario = Scenario::usual();
        let mut request = Associate::echo("CT1", "PACS");
        request.calling = *calling;
        request.called = title(b" PACS\0\0");
        request.reserved = [7; 32];
        let mut requestor = scenario.ct1();
        let answer = requestor.associate(&request);
        assert_eq!(answer.calling, request.calling);
        assert_eq!(answer.called, request.called);
        assert_eq!(answer.reserved, request.reserved);
        requestor.release();
        scenario.gate.wait_for_audit(|line| line["event"] == "opened" && line["calling"] == "CT1");
    }
}

#[test]
fn rejects_a_certificate_that_no_peer_has() {
    let stranger = site().root.issue(&Profile::client("ct2.radiology.example"));
    stranger_rejected(&Caller::with(&stranger), "unknown-certificate", |settings| settings);
}

#[test]
fn rejects_a_certificate_whose_common_name_alone_is_a_peers() {
    let profile = Profile { dns: Vec::new(), ..Profile::client(CT1_NAME) };
    let stranger = site().root.issue(&profile);
    stranger_rejected(&Caller::with(&stranger), "unknown-certificate", |settings| settings);
}

#[test]
fn rejects_a_certificate_with_a_wildcard_over_a_peers_name() {
    let stranger = site().root.issue(&Profile::client("*.radiology.example"));
    stranger_rejected(&Caller::with(&stranger), "unknown-certificate", |settings| settings);
}

#[test]
fn rejects_a_certificate_for_a_name_below_a_peers_name() {
    let stranger = site().root.issue(&Profile::client("x.ct1.radiology.example"));
    stranger_rejected(&Caller::with(&stranger), "unknown-certificate", |settings| settings);
}

#[test]
fn rejects_a_certificate_that_belongs_to_two_peers() {
    let uri = "urn:example:mr2";
    let both = Profile { uris: vec![uri], ..Profile::client(CT1_NAME) };
    let both = site().root.issue(&both);
    stranger_rejected(&Caller::with(&both), "several-peers", |settings| {
        with_mr2(settings, ("san_uri", uri))
    });
}

#[test]
fn a_pinned_certificate_matches_by_pin_only() {
    // It is signed by the authority, carries ct1's name, and is pinned for another peer.
    let pinned = site().root.issue(&Profile::client(CT1_NAME));
    let scenario = Scenario::with(|settings| pinned_for_mr2(settings, &pinned.sha256()));
    let mut requestor = Caller::with(&pinned).call(scenario.gate.address).unwrap();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut requestor, [1, 1, 3]);
    let line = scenario.refused_once("refused", "calling-title");
    assert_eq!(line["peer"], "mr2");
}

#[test]
fn rejects_a_self_signed_pinned_certificate_that_carries_another_peers_name() {
    let pinned = device(CT1_NAME).self_signed();
    let scenario = Scenario::with(|settings| pinned_for_mr2(settings, &pinned.sha256()));
    let mut requestor = Caller::with(&pinned).call(scenario.gate.address).unwrap();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut requestor, [1, 1, 3]);
    let line = scenario.refused_once("refused", "calling-title");
    assert_eq!(line["peer"], "mr2");
}

#[test]
fn rejects_a_source_address_outside_the_peers_networks() {
    let caller = Caller::with(&site().ct1);
    stranger_rejected(&caller, "wrong-network", |mut settings| {
        settings.ct1.insert("from", r#"["192.0.2.0/24", "2001:db8::/32"]"#.into());
        settings
    });
}

#[test]
fn takes_a_source_address_inside_the_peers_networks() {
    let scenario = Scenario::with(|mut settings| {
        settings.ct1.insert("from", r#"["192.0.2.0/24", "127.0.0.0/8"]"#.into());
        settings
    });
    echo(&mut scenario.associated(), 1);
}

#[test]
fn a_calling_title_of_two_peers_serves_both() {
    let scenario = Scenario::with(|mut settings| {
        settings.mr1.insert("calling_ae", r#"["MR1", "CT1"]"#.into());
        settings
    });
    for identity in [&site().ct1, &site().mr1] {
        let mut requestor = Caller::with(identity).call(scenario.gate.address).unwrap();
        requestor.associate(&Associate::echo("CT1", "PACS"));
        requestor.release();
    }
}

fn pinned_for_mr2(settings: Settings, sha256: &str) -> Settings {
    with_mr2(settings, ("cert_sha256", sha256))
}

fn with_mr2(mut settings: Settings, matcher: (&str, &str)) -> Settings {
    settings.more.push(("peer.mr2", peer(&[matcher], &["MR2"], &["echo"])));
    settings
}

fn malformed(request: &Associate, codes: [u8; 3], reason: &str) {
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    requestor.send(&request.encode());
    assert_rejected(&mut requestor, codes);
    let line = scenario.refused_once("refused", reason);
    let [result, source, code] = codes;
    assert_eq!(line["wire"], format!("A-ASSOCIATE-RJ {result}/{source}/{code}"), "{line}");
}

#[test]
fn says_what_a_device_shows_and_sends_where_bytes_are_left_over() {
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    let mut request = Associate::echo("CT1", "PACS");
    request.calling = title(b"CT1\0ION_ROOM2");
    requestor.send(&request.encode());
    assert_rejected(&mut requestor, [1, 1, 3]);
    let line = scenario.refused_once("refused", "malformed-calling-title");
    let detail = "the calling AE title has a NUL in it: the device shows CT1 and sends \
                  CT1<00>ION_ROOM2";
    assert_eq!(line["detail"], detail);
    assert!(line["advice"].as_str().unwrap().contains("clear the field first"), "{line}");
}

fn rejected(request: &Associate, codes: [u8; 3], reason: &str) {
    let scenario = Scenario::usual();
    let mut requestor = scenario.ct1();
    requestor.send(&request.encode());
    assert_rejected(&mut requestor, codes);
    let line = scenario.refused_once("refused", reason);
    assert_eq!(line["peer"], "ct1", "{line}");
    assert_eq!(line["contact"], "Radiology IT", "{line}");
    assert!(line["trace"].as_array().is_some_and(|trace| trace.len() > 1), "{line}");
}

/// A stranger hears 1/1/1 whatever it asks, and nothing else.
fn stranger_rejected(caller: &Caller, reason: &str, change: impl FnOnce(Settings) -> Settings) {
    let scenario = Scenario::with(change);
    let mut requestor = caller.call(scenario.gate.address).unwrap();
    requestor.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut requestor, [1, 1, 1]);
    scenario.refused_once("refused", reason);
}
