//! What a sound configuration becomes.

use std::net::SocketAddr;
use std::time::Duration;

use tracing::Level;

use super::site::{MAIN, Site, other_ca, peer};
use crate::audit::Destination;
use crate::config::{Limits, Loaded, Log};
use crate::log::Format;

#[test]
fn the_least_loads_with_the_documented_defaults() {
    let settings = Site::new(MAIN).load().unwrap();
    assert_eq!(settings.site.limits, Limits::default());
    assert_eq!(settings.log, Log::default());
    assert_eq!(settings.loaded, Loaded { peers: 1, files: 1, named: 3 });
    let [listener] = settings.listeners.as_slice() else { panic!("one listener") };
    assert_eq!(&*listener.name, "front");
    let [(address, place)] = listener.bind.as_slice() else { panic!("one address") };
    assert_eq!(*address, "127.0.0.1:0".parse::<SocketAddr>().unwrap());
    assert!(place.to_string().ends_with("pacsgate.toml:4:9"));
    assert_eq!(settings.site.targets.len(), 1);
    assert_eq!(settings.site.targets["archive"].addresses[0].to_string(), "10.10.0.5:104");
}

#[test]
fn the_defaults_are_those_of_the_design() {
    let seconds = Duration::from_secs;
    let limits = Limits::default();
    assert_eq!((limits.connections, limits.handshakes, limits.per_source), (2048, 256, 128));
    assert_eq!((limits.peer_associations, limits.pacs_associations), (32, 128));
    assert_eq!((limits.handshake, limits.request), (seconds(10), seconds(10)));
    assert_eq!((limits.dial, limits.answer), (seconds(5), seconds(30)));
    assert_eq!((limits.idle, limits.operation), (seconds(600), seconds(7200)));
    assert_eq!((limits.progress, limits.write_stall), (seconds(10), seconds(60)));
    assert_eq!(
        (limits.keepalive, limits.close, limits.drain),
        (seconds(60), seconds(2), seconds(30))
    );
    assert_eq!((limits.lifetime, limits.max_pdu), (seconds(86_400), 1 << 20));
    assert_eq!((limits.identifier, limits.attributes), (1 << 20, 16 << 20));
    assert_eq!((limits.item_elements, limits.wildcards), (4096, 3));
}

#[test]
fn reads_limits_and_log() {
    let more = "[limits]\nconnections = 10\nidle = \"200ms\"\nlifetime = \"12h\"\n\
                max_pdu = \"16KiB\"\n[log]\nlevel = \"debug\"\nformat = \"json\"\n\
                audit = \"log/audit.json\"\n";
    let site = Site::new(&(MAIN.to_owned() + more));
    let settings = site.load().unwrap();
    assert_eq!(settings.site.limits.connections, 10);
    assert_eq!(settings.site.limits.idle, Duration::from_millis(200));
    assert_eq!(settings.site.limits.lifetime, Duration::from_secs(12 * 3600));
    assert_eq!(settings.site.limits.max_pdu, 16 * 1024);
    let audit = Destination::File(site.path("log/audit.json"));
    assert_eq!(settings.log, Log { level: Level::DEBUG, format: Format::Json, audit });
}

#[test]
fn takes_several_certificates_and_revocation_lists() {
    let main = MAIN.replace("private_key = \"tls/gateway.key\"\n", "").replace(
        "certificate = \"tls/gateway.pem\"",
        "certificate = [{ certificate = \"tls/gateway.pem\", private_key = \"tls/gateway.key\" \
             }, { certificate = \"tls/other.pem\", private_key = \"tls/other.key\" }]\n\
             client_crl = [\"tls/ca.crl\"]\ncrl_grace = \"7d\"",
    );
    assert_eq!(Site::new(&main).load().unwrap().listeners.len(), 1);
}

/// Two listeners with CAs of their own, and a peer known by a name of the first CA.
fn with_named_cas() -> (String, Site) {
    let tls = "certificate = \"tls/gateway.pem\"\nprivate_key = \"tls/gateway.key\"\n";
    let second = format!(
        "[listener.vendors]\nbind = [\"127.0.0.1:0\"]\n[listener.vendors.tls]\n{tls}\
         client_ca = {{ vendor-x = \"tls/vendor.pem\", hospital = \"tls/vendor.pem\" }}\n"
    );
    let main = MAIN
        .replace("client_ca = \"tls/ca.pem\"", "client_ca = { hospital = \"tls/ca.pem\" }")
        .replace("\"ct1.example\"", "\"ct1.example\", ca = \"hospital\"");
    let site = Site::new("");
    site.write("tls/vendor.pem", other_ca());
    (main + &second, site)
}

#[test]
fn one_name_of_two_cas_is_that_of_two_peers() {
    let (main, site) = with_named_cas();
    let peer = |ca: &str| {
        let of_ca = format!("\"ct1.example\", ca = \"{ca}\"");
        peer("ct2", "CT2").replace("\"ct2.example\"", &of_ca)
    };
    site.write("pacsgate.toml", main.clone() + &peer("vendor-x"));
    assert_eq!(site.load().unwrap().loaded.peers, 2);
    site.write("pacsgate.toml", main.clone() + &peer("hospital"));
    let told = site.told();
    assert!(told.contains("peer.ct2.certificate: belongs to peer.ct1 already, at "), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    site.write("pacsgate.toml", main + &peer("vendorx"));
    let told = site.told();
    let unknown = "peer.ct2.certificate: no listener has a client_ca of the name \"vendorx\"; did \
                   you mean `vendor-x`?";
    assert!(told.ends_with(unknown), "{told}");
}

#[test]
fn a_ca_has_a_name_where_those_of_another_listener_have() {
    let (main, site) = with_named_cas();
    let named = "{ vendor-x = \"tls/vendor.pem\", hospital = \"tls/vendor.pem\" }";
    site.write("pacsgate.toml", main.replace(named, "\"tls/vendor.pem\""));
    assert_eq!(
        site.told(),
        "pacsgate.toml:24:1: listener.vendors.tls.client_ca: has no name, and the CAs at \
         pacsgate.toml:8:15 have: no peer can mean this one; write it as { NAME = \"FILE\" }, with \
         the name that the peers have as `ca`"
    );
}

#[test]
fn warns_of_a_certificate_in_the_files_of_two_cas_of_one_listener() {
    let (main, site) = with_named_cas();
    site.write("pacsgate.toml", main);
    let warned = site.warned();
    let shared = "pacsgate.toml:24:15: listener.vendors.tls.client_ca.vendor-x: tls/vendor.pem has a \
                  certificate that is in the file of the CA \"hospital\" too, at pacsgate.toml:24:44, \
                  so both vouch for the same devices; let each file have its own";
    let lines: Vec<_> = warned.lines().filter(|line| line.contains(" too, at ")).collect();
    assert_eq!(lines, [shared]);
}

#[test]
fn warns_of_a_ca_that_no_peer_names() {
    let (main, site) = with_named_cas();
    site.write("pacsgate.toml", main);
    let warned = site.warned();
    let unused = "pacsgate.toml:24:15: listener.vendors.tls.client_ca.vendor-x: is the `ca` of no \
                  peer, so \"vendor-x\" vouches for nobody; take it out, or name it in a peer";
    assert!(warned.lines().any(|line| line == unused), "{warned}");
    assert!(!warned.contains("\"hospital\" vouches"), "{warned}");
}

#[test]
fn tells_what_is_wrong_in_which_of_several_cas() {
    let (main, site) = with_named_cas();
    site.write("pacsgate.toml", main);
    let gateway = std::fs::read_to_string(site.path("tls/gateway.pem")).unwrap();
    site.write("tls/vendor.pem", other_ca() + &gateway);
    let told = site.told();
    for name in ["vendor-x", "hospital"] {
        let line =
            format!("listener.vendors.tls.client_ca.{name}: tls/vendor.pem: CA 2: it is not a CA");
        assert!(told.contains(&line), "{told}");
    }
}

#[test]
fn an_empty_list_of_what_is_tolerated_tolerates_nothing() {
    let main = MAIN.replace("services = [", "tolerate = []\nservices = [");
    assert!(Site::new(&main).load().is_ok());
}

#[test]
fn a_pinned_peer_needs_no_ca() {
    let main = MAIN
        .replace("client_ca = \"tls/ca.pem\"\n", "")
        .replace("san_dns = \"ct1.example\"", &format!("spki_sha256 = \"{}\"", "ab".repeat(32)));
    assert!(Site::new(&main).load().is_ok());
}

#[test]
fn drop_ins_add_tables_in_any_file() {
    let (main, peer) = MAIN.split_once("[peer").unwrap();
    let (main, pacs) = main.split_once("[pacs").unwrap();
    let site = Site::new(main);
    site.write("conf.d/a.toml", format!("[peer{peer}"));
    site.write("conf.d/b.toml", format!("[pacs{pacs}"));
    assert_eq!(site.load().unwrap().site.targets.len(), 1);
}

#[test]
fn the_digest_is_of_what_is_said_and_not_of_how() {
    let digest = |main: &str| Site::new(main).load().unwrap().site.digest;
    let usual = digest(MAIN);
    assert_eq!(digest(&format!("# A comment.\n{MAIN}\n")), usual);
    assert_eq!(digest(&MAIN.replace("= [\"CT1\"]", "  =  [ 'CT1' ]")), usual);
    let (main, peer) = MAIN.split_once("[peer").unwrap();
    let apart = Site::new(main);
    apart.write("conf.d/a.toml", format!("[peer{peer}"));
    assert_eq!(apart.load().unwrap().site.digest, usual);
    for (said, instead) in [
        ("\"CT1\"", "\"CT2\""),
        ("[\"echo\", \"store\"]", "[\"store\", \"echo\"]"),
        ("[\"echo\", \"store\"]", "[\"echo\"]"),
    ] {
        assert_ne!(digest(&MAIN.replace(said, instead)), usual, "{instead}");
    }
    let overridden = [("PACSGATE__LIMITS__IDLE", "9m")];
    assert_ne!(Site::new(MAIN).load_in(&overridden).unwrap().site.digest, usual);
}

#[test]
fn loads_two_thousand_peers_from_one_file_and_from_as_many() {
    let (main, _) = MAIN.split_once("[peer").unwrap();
    let peers: Vec<String> = (0..2000)
        .map(|n| peer(&format!("p{n}"), &format!("P{n}")) + "from = [\"192.0.2.0/24\"]\n")
        .collect();
    let together = Site::new(&(main.to_owned() + &peers.concat()));
    assert!(together.load().is_ok());
    let apart = Site::new(main);
    for (number, peer) in peers.iter().enumerate() {
        apart.write(&format!("conf.d/{number}.toml"), peer);
    }
    assert!(apart.load().is_ok());
}
