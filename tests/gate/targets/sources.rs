//! From which address a PACS or a peer is dialled, and at which of the addresses of a name.

use super::{ASKED, changed, nobody, served, telling, told};
use crate::support::PATIENCE;
use crate::support::associate::Associate;
use crate::support::gate::{Gate, command, listening};
use crate::support::pacs::Pacs;
use crate::support::requestor::Caller;
use crate::support::scenario::{assert_is_served, assert_rejected, echo};
use crate::support::settings::Settings;
use crate::support::site::site;
use crate::support::stage::said;
use crate::way_back::{ARCHIVE, opened, sending, with_way_back};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

const OF_PACS: &str = "127.0.17.4";
const OF_PEER: &str = "127.0.17.5";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn dials_from_the_address_of_the_pacs_or_of_the_peer() {
    let (pacs, called) = telling();
    let gate = changed(&[pacs.address], &[ASKED, ("source_address", OF_PACS)], |mut settings| {
        settings.mr1.insert("source_address", format!("{OF_PEER:?}"));
        settings
    });
    // The gate's own question first.
    assert_eq!(called.recv_timeout(PATIENCE).unwrap(), ("PACSGATE".to_owned(), ip(OF_PACS)));
    told(&gate, pacs.address, "alive");
    let mut others = called.iter().filter(|(calling, _)| calling != "PACSGATE");
    served(&gate, &mut 0);
    assert_eq!(others.next().unwrap(), ("CT1".to_owned(), ip(OF_PACS)));
    assert_is_served(gate.address);
    assert_eq!(others.next().unwrap(), ("MR1".to_owned(), ip(OF_PEER)));
}

#[test]
fn dials_a_peer_from_the_address_of_its_reach() {
    let (device, called) = telling();
    let archive = Pacs::good();
    // That of the peer is for its PACS, and not for the way back.
    let mut settings = Settings::new(archive.address);
    settings.ct1.insert("source_address", format!("{OF_PEER:?}"));
    let source = format!("{OF_PACS:?}");
    let reach = [("after", r#""any""#), ("source_address", &source)];
    let gate = with_way_back(settings, device.address, &reach).start();
    let outward = listening(&gate.wait_for_log("listener=inside")).unwrap();
    let mut asked = sending(ARCHIVE, outward, "ARCHIVE", "CT1");
    assert_eq!(opened(&mut asked), [1, 3]);
    assert_eq!(called.recv_timeout(PATIENCE).unwrap(), ("ARCHIVE".to_owned(), ip(OF_PACS)));
}

#[test]
fn doctor_tries_every_address_of_a_pacs() {
    let pacs = [Pacs::good(), Pacs::good()];
    let addresses = [0, 1].map(|at| pacs[at].address.to_string());
    let mut settings = Settings::new(pacs[0].address);
    settings.archive.insert("address", format!("{addresses:?}"));
    let file = settings.file("pacsgate.toml", &settings.text());
    let config = file.to_str().unwrap();
    let said = said(&["doctor", "--dry-run", "--named-ports", "--config", config]);
    for at in pacs.iter().map(|pacs| pacs.address.port().to_string()) {
        assert!(said.text.contains(&at), "no {at} in {said:?}");
    }
}

#[test]
fn an_address_that_this_machine_does_not_have_is_told_and_another_pacs_serves() {
    let (first, second) = (Pacs::good(), Pacs::good());
    let gate =
        changed(&[first.address], &[ASKED, ("source_address", "192.0.2.17")], |mut settings| {
            settings.mr1.insert("pacs", r#"["archive", "other"]"#.into());
            let other = crate::support::configuration::pacs(second.address, &["OTHER"]);
            settings.more.push(("pacs.other", other));
            settings
        });
    let line = told(&gate, first.address, "down");
    let detail = line["detail"].as_str().unwrap();
    let expected =
        "this machine cannot dial it from source_address 192.0.2.17: address not available";
    assert!(detail.contains(expected), "{line}");
    let mut mr1 = Caller::with(&site().mr1).call(gate.address).unwrap();
    mr1.associate(&Associate::echo("MR1", "OTHER"));
    echo(&mut mr1, 1);
    mr1.release();
    assert_eq!(first.connections(), 0);
}

#[test]
fn a_peer_with_a_source_of_its_own_is_served_where_that_of_the_pacs_is_lost() {
    let pacs = Pacs::good();
    let lost = [ASKED, ("source_address", "192.0.2.17")];
    let gate = changed(&[pacs.address], &lost, |mut settings| {
        settings.mr1.insert("source_address", format!("{OF_PEER:?}"));
        settings
    });
    told(&gate, pacs.address, "down");
    assert_is_served(gate.address);
    let mut ct1 = Caller::with(&site().ct1).call(gate.address).unwrap();
    ct1.send(&Associate::echo("CT1", "PACS").encode());
    assert_rejected(&mut ct1, [2, 3, 1]);
    gate.audited("refused", "target-down");
}

#[test]
fn a_source_of_a_peer_that_this_machine_does_not_have_moves_nobody_else() {
    let pacs = [Pacs::good(), Pacs::good()];
    let gate = changed(&[pacs[0].address, pacs[1].address], &[], |mut settings| {
        settings.mr1.insert("source_address", r#""192.0.2.17""#.into());
        settings
    });
    let mut mr1 = Caller::with(&site().mr1).call(gate.address).unwrap();
    mr1.send(&Associate::echo("MR1", "PACS").encode());
    assert_rejected(&mut mr1, [2, 3, 1]);
    let line = gate.audited("refused", "target-unreachable");
    let (detail, advice) = (&line["detail"], line["advice"].as_str().unwrap());
    assert!(detail.as_str().unwrap().contains("source_address 192.0.2.17"), "{line}");
    assert!(advice.contains("source_address"), "{line}");
    assert_eq!(served(&gate, &mut 0), pacs[0].address.to_string());
    assert_eq!(gate.stop().of_event("health").len(), 0);
}

#[test]
fn what_cannot_be_reached_from_the_source_of_a_peer_comes_last_for_that_peer_only() {
    let (first, second) = (nobody(), Pacs::good());
    let keys = [("fail_back", "1h")];
    let gate = changed(&[first, second.address], &keys, |mut settings| {
        settings.mr1.insert("source_address", format!("{OF_PEER:?}"));
        settings
    });
    let mut read = 0;
    let mut of_mr1 = || {
        let mut mr1 = Caller::with(&site().mr1).call(gate.address).unwrap();
        mr1.associate(&Associate::echo("MR1", "PACS"));
        echo(&mut mr1, 1);
        mr1.release();
        let line = gate.wait_for_next(&mut read, |line| line["event"] == "closed");
        line["address"].as_str().unwrap().to_owned()
    };
    assert_eq!(of_mr1(), second.address.to_string());
    // As if a firewall had kept that source away.
    let preferred = Pacs::good_at(first);
    assert_eq!(of_mr1(), second.address.to_string());
    assert_eq!(served(&gate, &mut read), preferred.address.to_string());
    assert_eq!(gate.stop().of_event("health").len(), 0);
}

#[test]
fn a_name_that_does_not_resolve_is_told_as_that() {
    let mut settings = Settings::new(nobody());
    settings.archive.insert("address", r#""nobody.invalid:104""#.into());
    settings.archive.insert("health", r#""1s""#.into());
    let gate = settings.start();
    let line = gate.wait_for_audit(|line| line["event"] == "health" && line["reason"] == "down");
    assert_eq!(line["detail"], "no TCP connection: its name does not resolve");
}

#[test]
fn a_pacs_that_reads_a_header_gets_one_with_the_question() {
    let pacs = Pacs::playing(|pacs| {
        // Signature, version 2 and PROXY, TCP over IPv4, twelve bytes of addresses.
        pacs.discard(28);
        pacs.serve();
    });
    let gate = changed(&[pacs.address], &[ASKED], |mut settings| {
        settings.archive.insert("proxy_protocol", "true".into());
        settings
    });
    assert!(told(&gate, pacs.address, "alive").get("detail").is_none());
}

#[test]
fn a_name_leads_to_whichever_of_its_addresses_answers() {
    let pacs = Pacs::good();
    let mut settings = Settings::new(pacs.address);
    let name = format!("localhost:{}", pacs.address.port());
    settings.archive.insert("address", format!("{name:?}"));
    let gate = settings.start();
    assert_eq!(served(&gate, &mut 0), "");
    assert_eq!(pacs.connections(), 1);
}

#[test]
#[ignore = "needs root: run tests/all"]
fn a_name_with_ipv6_and_ipv4_leads_to_the_one_that_listens() {
    for listening in ["[::1]:0", "127.0.0.1:0"] {
        let pacs = Pacs::good_at(listening.parse::<SocketAddr>().unwrap());
        for order in [
            "::1 both.example\n127.0.0.1 both.example\n",
            "127.0.0.1 both.example\n::1 both.example\n",
        ] {
            let mut settings = Settings::new(pacs.address);
            let name = format!("both.example:{}", pacs.address.port());
            settings.archive.insert("address", format!("{name:?}"));
            settings.archive.insert("health", r#""1s""#.into());
            let hosts = settings.file("hosts", order);
            // Read by resolvers of any user.
            std::fs::set_permissions(&hosts, std::fs::Permissions::from_mode(0o644)).unwrap();
            let file = settings.file("pacsgate.toml", &settings.text());
            let usual = command(&file);
            let mut apart = Command::new("unshare");
            let script = r#"mount --bind "$0" /etc/hosts && exec "$@""#;
            apart.args(["--mount", "sh", "-c", script]).arg(&hosts);
            apart.arg(usual.get_program()).args(usual.get_args());
            apart.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let gate = Gate::spawn(settings.directory, apart);
            gate.wait_for_audit(|line| line["event"] == "health" && line["reason"] == "alive");
            assert_eq!(served(&gate, &mut 0), "");
        }
    }
}
