//! Variables that override values, and those that do not.

use std::time::Duration;

use super::site::{MAIN, Site, guarded};
use crate::config::limits::KEYS;

#[test]
fn overrides_limits_log_and_pacs_addresses() {
    let environment = [
        ("PACSGATE__LIMITS__IDLE", "20m"),
        ("PACSGATE__LIMITS__CONNECTIONS", "7"),
        ("PACSGATE__LIMITS__MAX_PDU", "64KiB"),
        ("PACSGATE__LOG__LEVEL", "warn"),
        ("PACSGATE__PACS__ARCHIVE__ADDRESS", "pacs:11112"),
    ];
    let settings = Site::new(MAIN).load_in(&environment).unwrap();
    assert_eq!(settings.site.limits.idle, Duration::from_secs(1200));
    assert_eq!((settings.site.limits.connections, settings.site.limits.max_pdu), (7, 65_536));
    assert_eq!(settings.log.level, tracing::Level::WARN);
    assert_eq!(settings.site.targets["archive"].addresses[0].to_string(), "pacs:11112");
}

#[test]
fn overrides_the_certificate_of_a_listener_whose_name_has_a_hyphen() {
    let main = MAIN.replace("listener.front", "listener.front-1").replace("gateway", "absent");
    let environment = [
        ("PACSGATE__LISTENER__FRONT_1__TLS__CERTIFICATE", "tls/gateway.pem"),
        ("PACSGATE__LISTENER__FRONT_1__TLS__PRIVATE_KEY", "tls/gateway.key"),
    ];
    assert!(Site::new(&main).load_in(&environment).is_ok());
}

#[test]
fn every_limit_has_its_variable() {
    for key in KEYS {
        let name = format!("PACSGATE__LIMITS__{}", key.to_ascii_uppercase());
        let told = Site::new(MAIN).told_in(&[(&name, "x")]);
        assert!(
            told.starts_with(&format!("environment variable {name}: limits.{key}: ")),
            "{told}"
        );
    }
}

#[test]
fn leaves_variables_of_other_prefixes_alone() {
    let environment = [
        ("PACSGATE_SERVICE_HOST", "x"),
        ("PACSGATE_PORT_2762_TCP_ADDR", "x"),
        ("PACSGATE_VERSION", "x"),
        ("pacsgate__limits__idle", "x"),
        ("PATH", ""),
    ];
    assert!(Site::new(&guarded()).load_in(&environment).unwrap().warnings.is_empty());
}

#[test]
fn warns_of_a_variable_with_one_underscore() {
    let environment = [("PACSGATE_LOG_LEVEL", "debug"), ("PACSGATE_PACS_ARCHIVE_ADDRESS", "a:1")];
    let settings = Site::new(&guarded()).load_in(&environment).unwrap();
    let warned: Vec<_> = settings.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warned,
        [
            "environment variable PACSGATE_LOG_LEVEL: is ignored; did you mean \
             `PACSGATE__LOG__LEVEL`?",
            "environment variable PACSGATE_PACS_ARCHIVE_ADDRESS: is ignored; did you mean \
             `PACSGATE__PACS__ARCHIVE__ADDRESS`?"
        ]
    );
}

#[test]
fn refuses_a_variable_and_says_why() {
    const FILES_ONLY: &str = "peers, users, services, issuers and CAs, and whether a listener has TLS, are never taken from the environment; set this in a file";
    const FORM: &str = "overrides nothing; write PACSGATE__SECTION__KEY or \
                        PACSGATE__SECTION__NAME__KEY with two underscores between the parts, such \
                        as PACSGATE__LIMITS__IDLE";
    const LIST: &str = "is a list, and a variable overrides single values only; set it in a file";
    let cases = [
        ("LIMITS__IDEL", "1m", "overrides nothing; did you mean `PACSGATE__LIMITS__IDLE`?"),
        ("LIMITS__idle", "1m", "overrides nothing; did you mean `PACSGATE__LIMITS__IDLE`?"),
        (
            "PACS__ARCHIVES__ADDRESS",
            "a:1",
            "overrides nothing; did you mean `PACSGATE__PACS__ARCHIVE__ADDRESS`?",
        ),
        ("PEER__CT1__CALLING_AE", "CT2", FILES_ONLY),
        ("LISTENER__FRONT__TLS__CLIENT_CA", "/tmp/ca.pem", FILES_ONLY),
        ("LISTENER__FRONT__TLS__CLIENT_CA__HOSPITAL", "/tmp/ca.pem", FILES_ONLY),
        ("LISTENER__FRONT__TLS__CLIENT_CRL", "/tmp/ca.crl", FILES_ONLY),
        ("LISTENER__FRONT__TLS__CLIENT_CERTIFICATE", "optional", FILES_ONLY),
        ("LISTENER__FRONT__PLAIN", "true", FILES_ONLY),
        ("LISTENER__FRONT__DIRECTION", "outward", FILES_ONLY),
        ("LISTENER__FRONT__BIND", "[::]:104", LIST),
        ("PACS__ARCHIVE__CALLED_AE", "PACS", LIST),
        ("SCHEMA", "1", "says what the main file is written in; set it there"),
        (
            "PACS__ARCHIVE__AE_TITLE",
            "A",
            "overrides nothing; known are PACSGATE__PACS__ARCHIVE__ADDRESS, \
             PACSGATE__PACS__ARCHIVE__SOURCE_ADDRESS",
        ),
        ("LIMITS__IDLE_TIMEOUT", "1m", "overrides nothing; did you mean `PACSGATE__LIMITS__IDLE`?"),
        (
            "LOG__FILE",
            "x",
            "overrides nothing; known are PACSGATE__LOG__AUDIT, PACSGATE__LOG__FORMAT, \
             PACSGATE__LOG__LEVEL",
        ),
        (
            "LISTENER__FRONT__CERTIFICATE",
            "x",
            "overrides nothing; did you mean `PACSGATE__LISTENER__FRONT__TLS__CERTIFICATE`?",
        ),
        ("CONFIG", "x", FORM),
        ("LISTENER_FRONT_BIND", "x", FORM),
        ("LIMITS__IDLE", "600", "limits.idle: \"600\" has no unit; write \"10m\""),
        ("LIMITS__CONNECTIONS", "many", "limits.connections: must be a whole number, not text"),
        ("LIMITS__CONNECTIONS", "0", "limits.connections: 0 is outside 1 to 100000"),
        ("LOG__LEVEL", "", "log.level: is blank"),
        (
            "LISTENER__FRONT__TLS__CRL_GRACE",
            "7d",
            "listener.front.tls.crl_grace: has no effect without client_crl",
        ),
    ];
    for (name, value, sentence) in cases {
        let name = format!("PACSGATE__{name}");
        let told = Site::new(MAIN).told_in(&[(&name, value)]);
        assert_eq!(told, format!("environment variable {name}: {sentence}"));
    }
}

#[test]
fn refuses_a_variable_that_would_replace_a_list() {
    let pair = "[{ certificate = \"tls/gateway.pem\", private_key = \"tls/gateway.key\" }]";
    let main = MAIN
        .replace("private_key = \"tls/gateway.key\"\n", "")
        .replace("certificate = \"tls/gateway.pem\"", &format!("certificate = {pair}"));
    let name = "PACSGATE__LISTENER__FRONT__TLS__CERTIFICATE";
    let told = Site::new(&main).told_in(&[(name, "tls/gateway.pem")]);
    let sentence = "the file has a list here; a variable overrides single values only";
    assert_eq!(
        told,
        format!("environment variable {name}: listener.front.tls.certificate: {sentence}")
    );
}

#[test]
fn one_address_stands_for_a_whole_list() {
    let main = MAIN.replace("\"10.10.0.5:104\"", "[\"10.10.0.5:104\", \"10.10.0.6:104\"]");
    let environment = [
        ("PACSGATE__PACS__ARCHIVE__ADDRESS", "pacs:11112"),
        ("PACSGATE__PACS__ARCHIVE__SOURCE_ADDRESS", "10.10.0.4"),
    ];
    let settings = Site::new(&main).load_in(&environment).unwrap();
    let target = &settings.site.targets["archive"];
    let addresses: Vec<_> = target.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["pacs:11112"]);
    assert_eq!(target.source, Some("10.10.0.4".parse().unwrap()));
    let name = "PACSGATE__PACS__ARCHIVE__ADDRESS";
    let told = Site::new(&main).told_in(&[(name, "a:1, b:1")]);
    let sentence = "\"a:1, b:1\" is one string; write a list in the file, [\"a:1\", \"b:1\"]";
    assert_eq!(told, format!("environment variable {name}: pacs.archive.address: {sentence}"));
}

#[test]
fn refuses_a_variable_that_two_tables_answer_to() {
    let second = "[pacs.a-b]\naddress = \"a:1\"\ncalled_ae = [\"A\"]\n\
                  [pacs.a_b]\naddress = \"b:1\"\ncalled_ae = [\"B\"]\n";
    let name = "PACSGATE__PACS__A_B__ADDRESS";
    let told = Site::new(&(MAIN.to_owned() + second)).told_in(&[(name, "c:1")]);
    let sentence = "could mean both pacs.a-b.address and pacs.a_b.address; rename one of the two \
                    tables";
    assert_eq!(told, format!("environment variable {name}: {sentence}"));
}

#[test]
fn replaces_nothing_that_a_file_has_in_the_way_of_a_value() {
    let main = "limits = 5\n".to_owned() + MAIN;
    let told = Site::new(&main).told_in(&[("PACSGATE__LIMITS__IDLE", "1m")]);
    assert_eq!(told, "pacsgate.toml:1:1: limits: must be a table, not a number");
}
