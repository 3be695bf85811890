//! Peers without a certificate.

use super::{
    NOT_AUTHENTICATED, PASSWORD, accepted, asking, password, request_as, token, with_passwords,
};
use crate::support::associate::Associate;
use crate::support::authority::{Authority, Profile, Validity};
use crate::support::configuration::Table;
use crate::support::requestor::{Caller, Received, TLS12, TLS13};
use crate::support::scenario::{Scenario, assert_rejected};
use crate::support::settings::Settings;
use crate::support::site::{CT1_NAME, site};
use rustls::AlertDescription;

/// A listener at which `web` needs no certificate, but `ct1` and `mr1` do.
fn usual(settings: Settings) -> Settings {
    let mut settings = with_passwords(settings, &["alice"], &["alice", "bob"]);
    settings.tls.insert("client_certificate", r#""optional""#.into());
    let web = Table::from([
        ("certificate", r#""none""#.into()),
        ("user_identity", r#""password""#.into()),
        ("users", r#"["alice"]"#.into()),
        ("calling_ae", r#"["WEB"]"#.into()),
        ("pacs", r#"["archive"]"#.into()),
        ("services", r#"["echo"]"#.into()),
    ]);
    settings.more.push(("peer.web", web));
    settings
}

fn web(user: &str, secret: &str) -> Associate {
    request_as("WEB", password(user, secret))
}

#[test]
fn permits_a_peer_without_a_certificate_by_its_user() {
    let scenario = Scenario::with(usual);
    for version in [TLS12, TLS13] {
        let caller = Caller { versions: version, ..Caller::anonymous() };
        let requestor = caller.call(scenario.gate.address).unwrap();
        let asking = request_as("WEB", asking(password("alice", PASSWORD)));
        assert_eq!(accepted(requestor, &asking), [0x51, 0x52, 0x59]);
    }
    let line = scenario.gate.wait_for_audit(|line| line["event"] == "opened");
    assert_eq!((&line["peer"], &line["user"]), (&"web".into(), &"alice".into()), "{line}");
    assert!(line["certificate"].is_null(), "{line}");
}

#[test]
fn whatever_fails_without_a_certificate_is_answered_alike() {
    let scenario = Scenario::with(usual);
    let anonymous = Caller::anonymous();
    let mut told = Vec::new();
    let mut refuses = |request: &Associate, reason| {
        // Each from an address of its own, or its attempts would end.
        let from = [127, 0, 1, u8::try_from(told.len()).unwrap() + 1];
        let mut requestor = anonymous.call_from(from, scenario.gate.address).unwrap();
        requestor.send(&request.encode());
        assert_rejected(&mut requestor, NOT_AUTHENTICATED);
        told.push(reason);
    };
    refuses(&web("alice", "wrong"), "password-wrong");
    refuses(&web("mallory", PASSWORD), "user-unknown");
    refuses(&web("bob", PASSWORD), "user-not-listed");
    refuses(&Associate::echo("WEB", "PACS"), "identity-missing");
    refuses(&request_as("WEB", token("a.b.c")), "identity-kind");
    // The title of a device that has to show its certificate, and one of nobody.
    for title in ["CT1", "MR1", "NOBODY"] {
        refuses(&request_as(title, password("alice", PASSWORD)), "no-certificate");
    }
    let other = Associate::echo("WEB", "ELSEWHERE").with_user(password("alice", PASSWORD));
    refuses(&other, "called-title");
    let nothing = Associate::request("WEB", "PACS")
        .context(1, crate::support::associate::CT, &[crate::support::associate::IMPLICIT])
        .with_user(password("alice", PASSWORD));
    refuses(&nothing, "no-permitted-service");
    assert_eq!(scenario.pacs.connections(), 0);
    let stopped = scenario.gate.stop();
    for reason in &told {
        let times = told.iter().filter(|other| *other == reason).count();
        assert_eq!(stopped.counted("refused", reason), times as u64, "{reason}");
    }
}

#[test]
fn a_certificate_that_fails_is_never_left_away() {
    let scenario = Scenario::with(usual);
    let expired = Profile { validity: Validity::Expired, ..Profile::client(CT1_NAME) };
    let cases = [
        (site().root.issue(&expired), AlertDescription::CertificateExpired, "certificate-expired"),
        (
            Authority::root("elsewhere").issue(&Profile::client(CT1_NAME)),
            AlertDescription::UnknownCA,
            "unknown-issuer",
        ),
    ];
    for (identity, alert, reason) in cases {
        let heard = Caller::with(&identity).refused(scenario.gate.address);
        assert_eq!(heard, Received::Alert(alert));
        scenario.gate.audited("failed", reason);
    }
    assert_eq!(scenario.pacs.connections(), 0);
}

#[test]
fn a_good_certificate_is_never_taken_for_none() {
    let scenario = Scenario::with(usual);
    // A peer with a certificate, under the title of the one without.
    let mut requestor = scenario.ct1();
    requestor.send(&web("alice", PASSWORD).encode());
    assert_rejected(&mut requestor, [1, 1, 3]);
    scenario.gate.audited("refused", "calling-title");
    // A certificate of nobody.
    let nobody = site().root.issue(&Profile::client("nobody.radiology.example"));
    let mut requestor = Caller::with(&nobody).call(scenario.gate.address).unwrap();
    requestor.send(&web("alice", PASSWORD).encode());
    assert_rejected(&mut requestor, [1, 1, 1]);
    scenario.gate.audited("refused", "unknown-certificate");
}

#[test]
fn a_listener_asks_for_a_certificate_unless_it_says_otherwise() {
    let scenario = Scenario::with(|settings| {
        let mut settings = usual(settings);
        settings.tls.remove("client_certificate");
        // Another listener is the one at which `web` may come.
        let mut other = settings.tls.clone();
        other.insert("client_certificate", r#""optional""#.into());
        settings.more.push(("listener.other", crate::support::configuration::listener()));
        settings.more.push(("listener.other.tls", other));
        settings
    });
    let heard = Caller::anonymous().refused(scenario.gate.address);
    assert_eq!(heard, Received::Alert(AlertDescription::CertificateRequired));
}

#[test]
fn ends_an_association_when_a_reload_wants_a_certificate_again() {
    let scenario = Scenario::with(usual);
    let mut requestor = Caller::anonymous().call(scenario.gate.address).unwrap();
    requestor.associate(&web("alice", PASSWORD));
    let main = scenario.gate.directory.path().join("pacsgate.toml");
    let text = std::fs::read_to_string(&main).unwrap();
    let (before, _) = text.split_once("[peer.web]").unwrap();
    let text = before.replace("client_certificate = \"optional\"\n", "");
    std::fs::write(&main, text).unwrap();
    scenario.gate.signal("HUP");
    let line = scenario.gate.audited("closed", "withdrawn");
    assert!(line["detail"].to_string().contains("showed no certificate"), "{line}");
}

#[test]
fn another_title_gives_no_more_attempts_and_a_right_password_in_vain_is_one_of_them() {
    let scenario = Scenario::with(usual);
    let anonymous = Caller::anonymous();
    // Of five wrong ones the third is right, and not for a title of nobody: nothing shows it.
    let tries = [
        ("A", "alice", "wrong"),
        ("B", "alice", "wrong"),
        ("C", "alice", PASSWORD),
        ("WEB", "bob", PASSWORD),
        ("WEB", "mallory", PASSWORD),
    ];
    for (title, user, secret) in tries.into_iter().chain([("D", "alice", PASSWORD)]) {
        let mut requestor = anonymous.call(scenario.gate.address).unwrap();
        requestor.send(&request_as(title, password(user, secret)).encode());
        assert_rejected(&mut requestor, NOT_AUTHENTICATED);
    }
    // Even what would be let in is not looked at any more.
    let mut requestor = anonymous.call(scenario.gate.address).unwrap();
    requestor.send(&web("alice", PASSWORD).encode());
    assert_rejected(&mut requestor, NOT_AUTHENTICATED);
    let stopped = scenario.gate.stop();
    for (reason, times) in [
        ("password-wrong", 2),
        ("no-certificate", 1),
        ("user-not-listed", 1),
        ("user-unknown", 1),
        ("password-attempts", 2),
    ] {
        assert_eq!(stopped.counted("refused", reason), times, "{reason}");
    }
}
