//! `[syslog.NAME]`: what loads, and what is told otherwise.

use std::path::Path;

use super::super::Content;
use super::site::{MAIN, Site};

/// Sound; it begins in line 20.
const SYSLOG: &str = r#"
[syslog.siem]
address = "siem.example:6514"
content = "json"
[syslog.siem.tls]
ca = "tls/ca.pem"
name = "siem.example"
[syslog.atna]
address = "127.0.0.1:6601"
content = "dicom"
phi = true
plain = true
spool = "atna"
spool_size = "1MiB"
"#;

fn site(more: &str) -> Site {
    Site::new(&format!("{MAIN}{more}"))
}

#[test]
fn collectors_load_with_what_each_is_sent() {
    let site = site(SYSLOG);
    let settings = site.load().unwrap();
    let [atna, siem] = &*settings.syslog else { panic!("{:?}", settings.syslog) };
    assert_eq!((&*siem.name, siem.content), ("siem", Content::Json));
    assert_eq!(siem.address.to_string(), "siem.example:6514");
    assert_eq!(siem.spool, Path::new("/var/lib/pacsgate/spool/siem"));
    assert_eq!((siem.spool_size, siem.tls.is_some()), (256 << 20, true));
    assert_eq!((&*atna.name, atna.content), ("atna", Content::Dicom { phi: true }));
    assert!(atna.spool.is_absolute() && atna.spool.ends_with("atna"), "{:?}", atna.spool);
    assert_eq!((atna.spool_size, atna.tls.is_some()), (1 << 20, false));
    let warnings = &settings.warnings;
    assert!(!warnings.iter().any(|it| it.key.starts_with("syslog")), "{warnings:?}");
}

#[test]
fn a_drop_in_may_have_a_collector_but_not_the_same() {
    let site = site(SYSLOG);
    let other = "[syslog.other]\naddress = \"127.0.0.1:1\"\ncontent = \"json\"\nplain = true\n";
    site.write("conf.d/other.toml", other);
    assert_eq!(site.load().unwrap().syslog.len(), 3);
    site.write("conf.d/again.toml", other.replace("other", "siem"));
    assert!(site.told().contains("syslog.siem: is already in "), "{}", site.told());
}

/// What stands there, what stands there instead, and what is told.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("address = \"siem", "#", "syslog.siem.address: is missing; add it"),
    ("content = \"json\"", "#", "syslog.siem.content: is missing; add it"),
    ("\"json\"", "\"xml\"", "\"xml\" is not a content; "),
    (
        "\"dicom\"",
        "\"json\"",
        "syslog.atna.phi: is for `content = \"dicom\"`: the gate's own audit never has patients; take \
         it out, or change `content`",
    ),
    (
        "127.0.0.1:6601",
        "10.0.0.9:6601",
        "syslog.atna.phi: would send patients through the network in clear text; add \
         [syslog.NAME.tls], or let the collector be on this machine, by a loopback address",
    ),
    (
        "127.0.0.1:6601",
        "localhost:6601",
        "syslog.atna.phi: would send patients through the network in clear text; ",
    ),
    (
        "plain = true",
        "",
        "syslog.atna: does not say how the collector is reached; add [syslog.NAME.tls], or `plain = \
         true` if it speaks no TLS",
    ),
    (
        "content = \"json\"",
        "content = \"json\"\nplain = true",
        "syslog.siem.plain: speaks of TLS, and `plain = true` says that there is none; take one of \
         them out",
    ),
    ("1MiB", "1KiB", "syslog.atna.spool_size: \"1KiB\" is outside 1MiB to 2GiB"),
    ("\"atna\"", "\"/var/lib/pacsgate/spool/siem\"", "syslog.siem.spool: is the folder of "),
    ("phi = true", "phy = true", "syslog.atna.phy: unknown key; did you mean `phi`?"),
];

#[test]
fn each_mistake_is_told_with_its_cure() {
    for (sound, instead, expected) in MISTAKES {
        assert!(SYSLOG.contains(sound), "{sound}");
        let told = site(&SYSLOG.replacen(sound, instead, 1)).told();
        assert!(told.contains(expected), "{sound} as {instead}:\n{told}");
    }
}

#[test]
fn more_than_eight_are_too_many() {
    let table = |number| {
        format!("[syslog.c{number}]\naddress = \"127.0.0.1:1\"\ncontent = \"json\"\nplain = true\n")
    };
    let eight: String = (1..=8).map(table).collect();
    assert_eq!(site(&eight).load().unwrap().syslog.len(), 8);
    let told = site(&(eight + &table(9))).told();
    let expected =
        "syslog.c9: is one more than the 8 [syslog] tables that there may be; take some out";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_collector_elsewhere_without_tls_is_warned_of() {
    let more = SYSLOG.replace("phi = true", "").replace("127.0.0.1:6601", "10.0.0.9:6601");
    let warnings = site(&more).load().unwrap().warnings;
    let [_, warning] = &*warnings else { panic!("{warnings:?}") };
    assert!(
        warning
            .to_string()
            .contains("syslog.atna.plain: the audit crosses the network in clear text")
    );
}
