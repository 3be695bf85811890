//! What loads and is unwise.

use std::time::{Duration, SystemTime};

use rcgen::ExtendedKeyUsagePurpose;

use super::site::{MAIN, Site, guarded, now, other_ca, other_ca_and_list, peer};

const DAY: u64 = 86_400;
/// 2040-01-01, when the revocation list of every site ends.
const END_OF_CRL: u64 = 2_208_988_800;
/// 4096-01-01, when the certificates of every site end.
const END_OF_CERTIFICATES: u64 = 67_090_118_400;

fn moment(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn a_sound_configuration_has_no_warnings() {
    assert_eq!(Site::new(&guarded()).warned(), "");
}

#[test]
fn warns_of_a_usage_that_is_told_of_pins_only() {
    let pin = format!("cert_sha256 = \"{}\"", "ab".repeat(32));
    let main = guarded().replace("calling_ae", "accept_eku = \"any\"\ncalling_ae");
    assert_eq!(Site::new(&main).warned(), "");
    assert_eq!(
        Site::new(&main.replace("san_dns = \"ct1.example\"", &pin)).warned(),
        "pacsgate.toml:17:1: peer.ct1.accept_eku: has no effect on pins, which hold whatever a \
         certificate is made for; take it out"
    );
}

#[test]
fn warns_of_several_addresses_that_nobody_asks() {
    let list = "address = [\"10.10.0.5:104\", \"10.10.0.6:104\"]";
    let main = guarded().replace("address = \"10.10.0.5:104\"", list);
    assert_eq!(
        Site::new(&main).warned(),
        "pacsgate.toml:12:12: pacs.archive.address: has several addresses, and no `health` beside it: that one \
         of them is away shows only when a device has waited for it; add health = \"30s\""
    );
    let asked = main.replace(list, &format!("{list}\nhealth = \"30s\"\nfail_back = \"1m\""));
    assert_eq!(Site::new(&asked).warned(), "");
    let one = guarded().replace("called_ae", "health = \"1h\"\ncalled_ae");
    assert_eq!(Site::new(&one).warned(), "");
    let back = one.replace("called_ae", "fail_back = \"1m\"\ncalled_ae");
    assert_eq!(
        Site::new(&back).warned(),
        "pacsgate.toml:14:1: pacs.archive.fail_back: has no effect on a PACS with one address; take it out, or \
         list the others"
    );
}

#[test]
fn the_time_for_an_answer_is_a_part_of_a_short_interval() {
    for (health, timeout) in
        [("1h", 5000), ("30s", 5000), ("6s", 2000), ("3s\"\nhealth_timeout = \"1s", 1000)]
    {
        let keys = format!("health = \"{health}\"\ncalled_ae");
        let settings = Site::new(&guarded().replace("called_ae", &keys)).load().unwrap();
        let asking = settings.site.targets["archive"].health.clone().unwrap();
        assert_eq!(asking.timeout, Duration::from_millis(timeout), "{health}");
        assert_eq!((asking.calling.as_str(), asking.called.as_str()), ("PACSGATE", "PACS"));
    }
}

#[test]
fn warns_of_a_private_key_that_everybody_may_read() {
    let site = Site::new(&guarded());
    site.set_mode("tls/gateway.key", 0o644);
    assert_eq!(
        site.warned(),
        "pacsgate.toml:7:1: listener.front.tls.private_key: tls/gateway.key is readable by every \
         user of this machine; run `chmod o-r` on it"
    );
    site.set_mode("tls/gateway.key", 0o640);
    assert_eq!(site.warned(), "");
}

#[test]
fn warns_of_a_guard_that_only_reports() {
    let main = guarded().replace("services = [", "guard = \"report\"\nservices = [");
    assert_eq!(
        Site::new(&main).warned(),
        "pacsgate.toml:19:1: peer.ct1.guard: lets data sets that break a rule through; \
         write \"refuse\", or leave it out, as soon as the audit shows no `reported` line that matters"
    );
}

#[test]
fn warns_of_a_ca_without_any_revocation_list() {
    assert_eq!(
        Site::new(MAIN).warned(),
        "pacsgate.toml:5:17: listener.front.tls.client_crl: is missing, so a certificate that its \
         CA has revoked is still accepted; name the revocation lists of the CAs in client_ca"
    );
}

#[test]
fn needs_no_revocation_list_where_all_peers_are_pinned() {
    let pin = format!("cert_sha256 = \"{}\"", "ab".repeat(32));
    let main =
        MAIN.replace("client_ca = \"tls/ca.pem\"\n", "").replace("san_dns = \"ct1.example\"", &pin);
    assert_eq!(Site::new(&main).warned(), "");
}

#[test]
fn warns_of_a_ca_without_a_list_beside_one_that_has_it() {
    let site = Site::new(&guarded());
    let root = std::fs::read_to_string(site.path("tls/ca.pem")).unwrap();
    site.write("tls/ca.pem", root + &other_ca());
    assert_eq!(
        site.warned(),
        "pacsgate.toml:9:1: listener.front.tls.client_crl: none of the lists is from \"CN=Modality CA\", so every \
         certificate that this CA has issued is refused as crl-missing; add that CA's list"
    );
}

#[test]
fn warns_of_a_revocation_list_thirty_days_before_its_end() {
    let site = Site::new(&guarded());
    let before = |seconds| site.warned_at(moment(END_OF_CRL - seconds));
    assert_eq!(before(30 * DAY + 1), "");
    let place = "pacsgate.toml:9:15: listener.front.tls.client_crl[0]: tls/ca.crl";
    let list = "the revocation list of \"CN=imaging.example\"";
    let cases = [(30 * DAY, "in 30 days"), (DAY, "in 1 day"), (1, "in less than a day")];
    for (left, shown) in cases {
        let expected = format!(
            "{place}: {list} expires on 2040-01-01T00:00:00Z, {shown}; see that the next list comes \
             in time"
        );
        assert_eq!(before(left), expected);
    }
}

#[test]
fn says_what_becomes_of_clients_after_the_end_of_a_revocation_list() {
    let graced = guarded().replace("\n[pacs", "crl_grace = \"7d\"\n[pacs");
    let site = Site::new(&graced);
    let after = |site: &Site, seconds| site.warned_at(moment(END_OF_CRL + seconds));
    let place = "pacsgate.toml:9:15: listener.front.tls.client_crl[0]: tls/ca.crl";
    let list = "the revocation list of \"CN=imaging.example\" expired on \
                2040-01-01T00:00:00Z";
    let serves = "and serves only until 2040-01-08T00:00:00Z; fetch the current list";
    assert_eq!(after(&site, 0), format!("{place}: {list} {serves}"));
    let refused = "every certificate of its CA is refused; fetch the current list";
    assert_eq!(after(&site, 7 * DAY), format!("{place}: {list}; {refused}"));
    assert_eq!(after(&Site::new(&guarded()), 0), format!("{place}: {list}; {refused}"));
}

#[test]
fn check_finds_bad_what_has_everybody_refused() {
    let site = Site::new(&guarded());
    assert_eq!(site.judged_at(now()), "");
    assert_eq!(site.judged_at(moment(END_OF_CRL - 1)), "");
    // What run warns of.
    assert_eq!(site.judged_at(moment(END_OF_CRL)), site.warned_at(moment(END_OF_CRL)));
    let graced = Site::new(&guarded().replace("\n[pacs", "crl_grace = \"7d\"\n[pacs"));
    assert_eq!(graced.judged_at(moment(END_OF_CRL + 7 * DAY - 1)), "");
    assert_ne!(graced.judged_at(moment(END_OF_CRL + 7 * DAY)), "");

    let foreign = Site::new(&guarded());
    foreign.write("tls/ca.pem", other_ca());
    assert_eq!(foreign.judged_at(now()), foreign.warned_at(now()));
    let told = "pacsgate.toml:9:1: listener.front.tls.client_crl: none of the lists is from \"CN=Modality CA\", ";
    assert!(foreign.judged_at(now()).starts_with(told), "{}", foreign.judged_at(now()));
}

#[test]
fn a_list_that_has_ended_is_bad_beside_another_ca_with_a_list_that_serves() {
    let site = Site::new(&guarded());
    let (ca, list) = other_ca_and_list();
    let read = |name| std::fs::read_to_string(site.path(name)).unwrap();
    site.write("tls/ca.pem", read("tls/ca.pem") + &ca);
    site.write("tls/ca.crl", read("tls/ca.crl") + &list);
    assert_eq!(site.judged_at(now()), "");
    let told = site.judged_at(moment(END_OF_CRL));
    let place = "pacsgate.toml:9:15: listener.front.tls.client_crl[0]: tls/ca.crl: ";
    let list = "the revocation list of \"CN=imaging.example\" expired on ";
    assert!(told.starts_with(&format!("{place}{list}")), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn a_list_that_has_ended_is_harmless_beside_a_newer_one() {
    let site = Site::new(&guarded().replace("[\"tls/ca.crl\"]", "[\"tls/old.crl\"]"));
    assert_ne!(site.judged_at(now()), "");
    let lists = "[\"tls/old.crl\", \"tls/ca.crl\"]";
    let site = Site::new(&guarded().replace("[\"tls/ca.crl\"]", lists));
    assert_eq!((site.judged_at(now()), site.warned()), (String::new(), String::new()));
}

#[test]
fn warns_of_each_certificate_at_the_end_of_its_time() {
    let site = Site::new(MAIN);
    let gateway = std::fs::read_to_string(site.path("tls/gateway.pem")).unwrap();
    let ca = std::fs::read_to_string(site.path("tls/ca.pem")).unwrap();
    site.write("tls/gateway.pem", gateway + &ca);
    let name = "\"CN=imaging.example\"";
    let (certificate, ca) = ("listener.front.tls.certificate", "listener.front.tls.client_ca");
    let ends = "expires on 4096-01-01T00:00:00Z, in 10 days; renew it";
    let warned = site.warned_at(moment(END_OF_CERTIFICATES - 10 * DAY));
    let lines: Vec<_> = warned.lines().skip(1).collect();
    let expected = [
        format!("pacsgate.toml:6:1: {certificate}: tls/gateway.pem: the certificate {name} {ends}"),
        format!(
            "pacsgate.toml:6:1: {certificate}: tls/gateway.pem: the certificate {name} of the \
             chain {ends}"
        ),
        format!("pacsgate.toml:8:1: {ca}: tls/ca.pem: the CA {name} {ends}"),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn says_what_a_certificate_past_its_end_means() {
    let warned = Site::new(MAIN).warned_at(moment(END_OF_CERTIFICATES));
    let expected = [
        "expired on 4096-01-01T00:00:00Z; whoever verifies it refuses the gate; renew it",
        "expired on 4096-01-01T00:00:00Z; certificates that it has issued count until their own \
         end; replace it",
    ];
    for (line, end) in warned.lines().skip(1).zip(expected) {
        assert!(line.ends_with(end), "{warned}");
    }
}

#[test]
fn says_when_the_clock_is_before_the_start_of_a_certificate() {
    let warned = Site::new(MAIN).warned_at(SystemTime::UNIX_EPOCH);
    let end = "is valid only from 1975-01-01T00:00:00Z; compare it with the clock of this machine";
    assert_eq!(warned.lines().filter(|line| line.ends_with(end)).count(), 2, "{warned}");
}

#[test]
fn warns_of_a_calling_title_that_two_peers_have() {
    let main = guarded() + &peer("ct2", "CT1") + &peer("ct3", "CT1");
    let shared = |line, name| {
        format!(
            "pacsgate.toml:{line}:15: peer.{name}.calling_ae: \"CT1\" is a title of peer.ct1 as \
             well, at pacsgate.toml:17:15, and the PACS cannot tell them apart; give each device \
             a title of its own"
        )
    };
    assert_eq!(Site::new(&main).warned(), [shared(22, "ct2"), shared(27, "ct3")].join("\n"));
}

#[test]
fn warns_of_titles_that_differ_only_in_case() {
    let main = guarded().replace("[\"PACS\"]", "[\"PACS\", \"Pacs\"]") + &peer("ct2", "Ct1");
    let cure = "differ only in case; case is significant, so compare them with what is set at the \
                device";
    let expected = [
        format!(
            "pacsgate.toml:13:22: pacs.archive.called_ae: \"Pacs\" and \"PACS\" of pacs.archive, \
             at pacsgate.toml:13:14, {cure}"
        ),
        format!(
            "pacsgate.toml:22:15: peer.ct2.calling_ae: \"Ct1\" and \"CT1\" of peer.ct1, at \
             pacsgate.toml:17:15, {cure}"
        ),
    ];
    assert_eq!(Site::new(&main).warned(), expected.join("\n"));
}

#[test]
fn finds_a_shared_title_behind_one_that_differs_in_case() {
    let main = guarded() + &peer("ct2", "Ct1") + &peer("ct3", "Ct1");
    let warned = Site::new(&main).warned();
    let last = warned.lines().last().unwrap();
    assert!(last.contains("peer.ct3.calling_ae: \"Ct1\" is a title of peer.ct2"), "{warned}");
}

#[test]
fn warns_of_a_calling_title_that_is_the_title_of_a_pacs() {
    let cure = "this key is for the titles that the device has itself, so look up its own";
    let told = |title, line: usize| {
        format!(
            "pacsgate.toml:{line}:15: peer.ct1.calling_ae: \"{title}\" is a title of \
             pacs.archive, at pacsgate.toml:13:14; {cure}"
        )
    };
    for title in ["PACS", "Pacs"] {
        let main = guarded().replace("\"CT1\"", &format!("\"{title}\""));
        assert_eq!(Site::new(&main).warned(), told(title, 17));
    }
    let inside = guarded().replace("[\"PACS\"]", "[\"PACS\"]\nae_title = \"CT1\"");
    assert_eq!(
        Site::new(&inside).warned(),
        told("CT1", 18).replace("pacsgate.toml:13:14", "pacsgate.toml:14:1")
    );
    let own = guarded().replace("[\"PACS\"]", "[\"PACS\"]\ncalling_ae = [\"CT1\"]");
    assert_eq!(
        Site::new(&own).warned(),
        told("CT1", 18).replace("pacsgate.toml:13:14", "pacsgate.toml:14:15")
    );
}

#[test]
fn a_pacs_may_be_a_device_of_another_one() {
    let second = "[pacs.second]\naddress = \"10.10.0.6:104\"\ncalled_ae = [\"SECOND\"]\n";
    let main = guarded().replace("pacs = [\"archive\"]", "pacs = [\"archive\", \"second\"]");
    assert_eq!(Site::new(&(main + second + &peer("second", "SECOND"))).warned(), "");
}

#[test]
fn warns_of_a_destination_that_differs_from_a_calling_title_in_case_only() {
    let moving = |to: &str| {
        guarded().replace("\"store\"]", &format!("\"move\"]\nmove_to = [\"{to}\"]"))
            + &peer("ct2", "CT2")
    };
    assert_eq!(Site::new(&moving("CT2")).warned(), "");
    assert_eq!(Site::new(&moving("CT3")).warned(), "");
    assert_eq!(
        Site::new(&moving("Ct2")).warned(),
        "pacsgate.toml:20:12: peer.ct1.move_to: \"Ct2\" and \"CT2\" of peer.ct2, at \
         pacsgate.toml:23:15, differ only in case; case is significant, so compare them with what \
         is set at the device"
    );
}

#[test]
fn warns_of_a_title_with_a_comma() {
    let main = guarded().replace("[\"CT1\"]", "[\"CT1, CT2\"]");
    assert_eq!(
        Site::new(&main).warned(),
        "pacsgate.toml:17:15: peer.ct1.calling_ae: \"CT1, CT2\" is one title with a comma in it; \
         write each title as a string of its own, unless the device is called that"
    );
}

#[test]
fn warns_of_networks_that_say_nothing() {
    let from = |network| {
        let line = format!("from = [\"{network}\"]\nservices = [");
        Site::new(&guarded().replace("services = [", &line)).warned()
    };
    let cure = "name the network of the device, or leave it out";
    for network in ["0.0.0.0/0", "::/0"] {
        let told = format!("\"{network}\" is every address, so it says nothing; {cure}");
        assert_eq!(
            from(network),
            format!("pacsgate.toml:19:9: peer.ct1.from: {}", told.replace('"', ""))
        );
    }
    assert_eq!(
        from("0.0.0.0"),
        format!(
            "pacsgate.toml:19:9: peer.ct1.from: 0.0.0.0/32 is the address of no device; {cure}"
        )
    );
    assert_eq!(from("10.0.0.0/8"), "");
}

#[test]
fn warns_of_balancers_that_may_be_others() {
    let warned = |balancers: &str, from: &str| {
        let balancers = format!("]\nproxy_protocol_from = [\"{balancers}\"]\n[listener.front.tls]");
        let main = guarded().replacen("]\n[listener.front.tls]", &balancers, 1);
        let main = main.replace("services = [", &format!("from = [\"{from}\"]\nservices = ["));
        Site::new(&main).warned()
    };
    for network in ["10.0.0.0/23", "0.0.0.0/1", "2001:db8::/63"] {
        let told = "can claim any source; name the balancers' own addresses";
        assert_eq!(
            warned(network, "192.0.2.0/24"),
            format!(
                "pacsgate.toml:5:24: listener.front.proxy_protocol_from: whoever has an address in \
                 {network} {told}"
            )
        );
    }
    assert_eq!(
        warned("10.0.0.0/24", "10.0.0.8/29"),
        "pacsgate.toml:20:9: peer.ct1.from: 10.0.0.8/29 is within proxy_protocol_from of \
         listener.front, at pacsgate.toml:5:24: devices there can claim any source, and cannot \
         connect without a header; name the balancers' own addresses there"
    );
    for (balancers, from) in [("10.0.0.8/29", "10.0.0.0/8"), ("2001:db8::/64", "2001:db8:1::/48")] {
        assert_eq!(warned(balancers, from), "");
    }
}

#[test]
fn warns_of_devices_without_tls_that_have_no_listener_and_of_a_listener_without_them() {
    let listener = "[listener.old]\nbind = [\"127.0.0.1:0\"]\nplain = true\n";
    let device = "[peer.us1]\ncertificate = \"none\"\nfrom = [\"192.0.2.7\"]\n\
                  calling_ae = [\"US1\"]\npacs = [\"archive\"]\nservices = [\"echo\"]\n";
    let warned = |more: &str| Site::new(&(guarded() + more)).warned();
    assert_eq!(
        warned(device),
        "pacsgate.toml:21:1: peer.us1.certificate: says that it is known by its address, and no listener has \
         `plain = true`, so that it is let in nowhere"
    );
    assert_eq!(
        warned(listener),
        "pacsgate.toml:22:1: listener.old.plain: is for devices without TLS, and no peer is one, so that nobody \
         is let in there; such a peer has `certificate = \"none\"` and `from`"
    );
    assert_eq!(
        warned(&format!("{listener}{device}")),
        "pacsgate.toml:24:1: peer.us1.certificate: is known by its address alone (192.0.2.7/32): whoever can \
         take that address in its network is this peer, and nothing that it sends is encrypted"
    );
    let outward = format!("{listener}direction = \"outward\"\n");
    assert_eq!(
        warned(&outward),
        "pacsgate.toml:20:11: listener.old.direction: no peer has `reach`, so this listener leads to nobody\n\
         pacsgate.toml:20:11: listener.old.direction: no [pacs] table has `from` without `certificate`, so nobody can come to this \
         listener"
    );
}

/// The way back, by a plain listener or one with TLS: what is added to the PACS, to the peer's `reach`,
/// and behind all.
struct Back<'a> {
    pacs: &'a str,
    reach: &'a str,
    more: &'a str,
}

impl Back<'_> {
    const PLAIN: &'static str =
        "[listener.inside]\nbind = [\"127.0.0.1:0\"]\ndirection = \"outward\"\nplain = true\n";

    fn warned(&self) -> String {
        let Self { pacs, reach, more } = self;
        let reach = format!(
            "[peer.ct1.reach]\naddress = \"10.1.2.3:104\"\nservices = [\"store\", \"echo\", \
             \"storage-commitment\"{reach}\nplain = true\n"
        );
        let main = guarded().replace("[\"PACS\"]\n", &format!("[\"PACS\"]\n{pacs}\n"));
        Site::new(&format!("{main}{reach}{more}")).warned()
    }
}

#[test]
fn warns_once_of_a_pacs_that_is_known_by_its_address() {
    let back = Back { pacs: "from = [\"10.10.0.5\"]", reach: "]", more: Back::PLAIN };
    assert_eq!(
        back.warned(),
        "pacsgate.toml:14:9: pacs.archive.from: is all that the PACS is known by at a plain listener \
         (10.10.0.5/32): whoever can take that address in its network is this PACS to the devices with \
         `reach`; keep that network apart, or let it come by TLS"
    );
}

#[test]
fn knows_that_a_pacs_with_a_certificate_does_not_come_without_tls() {
    let pacs = "from = [\"10.10.0.5\"]\ncertificate = [{ san_dns = \"archive.example\" }]";
    let told = Back { pacs, reach: "]", more: Back::PLAIN }.warned();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("direction: no [pacs] table has `from` without `certificate`"), "{told}");
}

#[test]
fn warns_of_a_device_without_tls_at_the_address_of_a_pacs() {
    let warned = |from: &str, title: &str, pacs: &str| {
        let device = format!(
            "[pacs.other]\naddress = \"10.10.0.6:104\"\ncalled_ae = [\"OTHER\"]\n\
             [listener.old]\nbind = [\"127.0.0.2:0\"]\nplain = true\n\
             [peer.us1]\ncertificate = \"none\"\nfrom = [\"{from}\"]\ncalling_ae = [\"{title}\"]\n\
             pacs = [\"{pacs}\", \"other\"]\nservices = [\"echo\"]\n"
        )
        .replace("[\"other\", \"other\"]", "[\"other\"]");
        let more = format!("{}{device}", Back::PLAIN);
        let back = Back { pacs: "from = [\"10.10.0.0/29\"]", reach: "]", more: &more };
        let told = back.warned();
        told.lines().find(|line| line.contains("pacs.archive.from")).unwrap().to_owned()
    };
    let both = "pacsgate.toml:14:9: pacs.archive.from: is all that the PACS is known by at a plain \
                listener, and peer.us1 has an address in 10.10.0.0/29, at pacsgate.toml:37:9: it can come as \
                this PACS; write the PACS's own address";
    for from in ["10.10.0.5", "10.10.0.0/29", "10.10.0.0/28", "::ffff:10.10.0.5"] {
        assert_eq!(warned(from, "US1", "archive"), both);
    }
    // Another address, and a PACS that is a device of another one.
    for told in [warned("10.10.0.8", "US1", "archive"), warned("10.10.0.5", "PACS", "other")] {
        assert!(told.contains("(10.10.0.0/29)"), "{told}");
    }
}

#[test]
fn warns_of_a_pacs_with_the_certificate_of_a_device() {
    let listener = "[listener.inside]\nbind = [\"127.0.0.1:0\"]\ndirection = \"outward\"\n\
                    [listener.inside.tls]\ncertificate = \"tls/gateway.pem\"\n\
                    private_key = \"tls/gateway.key\"\nclient_ca = \"tls/ca.pem\"\n\
                    client_crl = [\"tls/ca.crl\"]\n";
    let warned = |name: &str| {
        let pacs = format!("accept_eku = \"any\"\ncertificate = [{{ san_dns = \"{name}\" }}]");
        Back { pacs: &pacs, reach: "]", more: listener }.warned()
    };
    assert_eq!(warned("archive.example"), "");
    assert_eq!(
        warned("CT1.example"),
        "pacsgate.toml:15:18: pacs.archive.certificate: is that of peer.ct1 as well, at \
         pacsgate.toml:18:18, which can come as this PACS; give the PACS a certificate of its own"
    );
}

#[test]
fn warns_of_what_a_pacs_that_was_broken_into_could_do_to_a_device() {
    let warned = |reach: &str| {
        let back = Back { pacs: "from = [\"10.10.0.5\"]", reach, more: Back::PLAIN };
        let told = back.warned();
        let (_, told) = told.split_once('\n').unwrap_or_default();
        told.to_owned()
    };
    assert_eq!(
        warned("]\nafter = \"any\""),
        "pacsgate.toml:24:1: peer.ct1.reach.after: lets a PACS, and whoever has broken into it, send this \
         device what nobody has asked for; write \"request\", unless the PACS routes by rules of its own"
    );
    assert_eq!(warned("]\nafter = \"request\""), "");
    let other = |operations: &str| {
        let sop_class = "sop_class = \"1.2.840.10008.5.1.1.9\"";
        warned(&format!(", {{ {sop_class}, operations = [{operations}] }}]"))
    };
    assert_eq!(other("\"c-store\", \"c-echo\", \"n-event-report\""), "");
    assert_eq!(
        other("\"n-event-report\", \"n-create\", \"n-set\""),
        "pacsgate.toml:23:52: peer.ct1.reach.services[3].operations: lets a PACS, and whoever has broken \
         into it, command this device (n-create, n-set); take out what it does not need"
    );
}

#[test]
fn a_variable_of_tls_does_not_give_it_to_a_plain_listener() {
    let main =
        MAIN.replace("[pacs", "[listener.old]\nbind = [\"127.0.0.1:0\"]\nplain = true\n[pacs");
    let name = "PACSGATE__LISTENER__OLD__TLS__CERTIFICATE";
    let told = Site::new(&main).load_in(&[(name, "tls/gateway.pem")]).unwrap_err().to_string();
    assert!(
        told.contains("listener.old.tls: is of a listener with TLS, and this one has"),
        "{told}"
    );
}

#[test]
fn warns_of_more_associations_than_a_peer_can_get() {
    let with = |pacs, peer| {
        let main = guarded()
            .replace("called_ae", &format!("associations = {pacs}\ncalled_ae"))
            .replace("services = [", &format!("associations = {peer}\nservices = ["));
        Site::new(&main).warned()
    };
    assert_eq!(with(32, 16), "");
    assert_eq!(
        with(32, 17),
        "pacsgate.toml:20:1: peer.ct1.associations: 17 is more than the 16 that it can have: one \
         peer gets half of the associations of each PACS; raise `associations` of pacs.archive, or \
         lower this"
    );
    // Without a number of its own, the usual one is too many for nobody.
    let few = guarded().replace("called_ae", "associations = 4\ncalled_ae");
    assert_eq!(Site::new(&few).warned(), "");
}

#[test]
fn warns_of_a_server_certificate_that_is_made_for_clients() {
    let site = Site::new(&guarded());
    site.identify_gateway(ExtendedKeyUsagePurpose::ClientAuth);
    assert_eq!(
        site.warned(),
        "pacsgate.toml:6:1: listener.front.tls.certificate: tls/gateway.pem: the certificate \
         \"CN=imaging.example\" is not made for servers (serverAuth is not in its extended key \
         usage); devices that verify the gate refuse it; issue a new one"
    );
    for purpose in [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::Any] {
        site.identify_gateway(purpose);
        assert_eq!(site.warned(), "");
    }
}

#[test]
fn warns_of_a_server_certificate_without_a_name() {
    let site = Site::new(&guarded());
    site.name_gateway(&[]);
    assert_eq!(
        site.warned(),
        "pacsgate.toml:6:1: listener.front.tls.certificate: tls/gateway.pem: the certificate \
         \"CN=imaging.example\" has no subject alternative name; devices that compare the gate's \
         name refuse it; issue a new one"
    );
    site.name_gateway(&["gate.example"]);
    assert_eq!(site.warned(), "");
}

#[test]
fn warns_of_a_certificate_that_no_client_is_shown() {
    let pairs = "certificate = [{ certificate = \"tls/gateway.pem\", private_key = \
                 \"tls/gateway.key\" }, { certificate = \"tls/other.pem\", private_key = \
                 \"tls/other.key\" }]\n";
    let single = "certificate = \"tls/gateway.pem\"\nprivate_key = \"tls/gateway.key\"\n";
    let site = Site::new(&guarded().replace(single, pairs));
    assert_eq!(
        site.warned(),
        "pacsgate.toml:6:88: listener.front.tls.certificate[1].certificate: tls/other.pem is never \
         shown, as tls/gateway.pem, at pacsgate.toml:6:18, comes first and has a key of the same \
         kind; remove one of the two"
    );
    site.identify_other(&rcgen::PKCS_ECDSA_P384_SHA384);
    assert_eq!(site.warned(), "");
}

#[test]
fn warns_of_a_revocation_list_before_its_start() {
    let warned = Site::new(&guarded()).warned_at(SystemTime::UNIX_EPOCH);
    let told = "client_crl[0]: tls/ca.crl: the revocation list of \"CN=imaging.example\" is valid \
                only from 1975-01-01T00:00:00Z; compare it with the clock of this machine";
    assert!(warned.lines().any(|line| line.ends_with(told)), "{warned}");
}

#[test]
fn warns_of_what_is_in_a_list_twice() {
    let twice = |sound: &str, more: &str| Site::new(&guarded().replace(sound, more)).warned();
    assert_eq!(
        twice("\"store\"]", "\"store\", \"store\"]"),
        "pacsgate.toml:19:30: peer.ct1.services: \"store\" is in this list twice; remove one of the \
         two"
    );
    assert!(twice("[\"PACS\"]", "[\"PACS\", \"PACS\"]").contains("pacs.archive.called_ae: "));
}

#[test]
fn warns_of_what_lies_beside_the_drop_in_files_unread() {
    let site = Site::new(&guarded());
    for name in ["a.toml~", "ct2.tml", ".hidden", "ct3.toml.disabled"] {
        site.write(&format!("conf.d/{name}"), peer("ct2", "CT2"));
    }
    site.write("conf.d/radiology/ct2.toml", peer("ct2", "CT2"));
    assert_eq!(
        site.warned(),
        "conf.d/ct2.tml: is not read, because its name does not end in `.toml`; give it that end, \
         or `.disabled` if it is to stay unread\n\
         conf.d/radiology: is a folder, and only files in conf.d itself are read; move its files \
         there"
    );
    assert_eq!(site.load().unwrap().loaded.files, 1);
}

#[test]
fn check_finds_bad_a_pacs_that_is_the_gate() {
    let main = guarded()
        .replace("[\"127.0.0.1:0\"]", "[\"127.0.0.1:104\", \"[::]:2762\"]")
        .replace("10.10.0.5:104", "localhost:2762");
    let site = Site::new(&main);
    let told = "pacsgate.toml:12:1: pacs.archive.address: localhost:2762 is this gate itself: \
                listener.front listens there, at pacsgate.toml:4:26; write the address of the PACS";
    assert_eq!((site.judged_at(now()), site.warned()), (told.into(), told.into()));
    let reach =
        "[peer.ct1.reach]\naddress = \"localhost:2762\"\nservices = [\"echo\"]\nplain = true\n";
    let site = Site::new(&(main.replace("localhost:2762", "10.10.0.5:104") + reach));
    let told = "peer.ct1.reach.address: localhost:2762 is this gate itself: listener.front listens there, at \
                pacsgate.toml:4:26; write the address of the device";
    assert!(site.judged_at(now()).ends_with(told), "{}", site.judged_at(now()));
}

#[test]
fn warns_of_a_pacs_that_no_peer_names() {
    let main = guarded() + "[pacs.second]\naddress = \"b:104\"\ncalled_ae = [\"SECOND\"]\n";
    let site = Site::new(&main);
    let sentence = "is named in the `pacs` of no peer, so nobody reaches it";
    assert_eq!(site.warned(), format!("pacsgate.toml:20:7: pacs.second: {sentence}"));
}

#[test]
fn gives_the_warnings_beside_the_mistakes() {
    let site = Site::new(&MAIN.replace("10.10.0.5:104", "10.10.0.5"));
    let errors = site.load().unwrap_err();
    let keys: Vec<_> = errors.warnings().iter().map(|warning| warning.key.as_str()).collect();
    assert_eq!((errors.iter().count(), keys), (1, vec!["listener.front.tls.client_crl"]));
}

#[test]
fn does_not_take_a_slip_in_a_peer_for_a_pacs_without_peers() {
    for slip in ["pacs = \"archive\"", "pacs = [\"archiv\"]"] {
        let site = Site::new(&guarded().replace("pacs = [\"archive\"]", slip));
        assert!(site.load().unwrap_err().warnings().is_empty(), "{slip}");
    }
}

#[test]
fn judges_dates_by_the_given_moment_only() {
    let site = Site::new(&guarded());
    assert_eq!(site.warned_at(now()), "");
    assert_ne!(site.warned_at(moment(END_OF_CERTIFICATES)), "");
}
