//! Several files, files that are not there, and files that others may write.

use std::os::unix::fs::{PermissionsExt, lchown};

use nix::unistd::User;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::site::{MAIN, Site, guarded, peer};
use crate::host::{Account, Service};

fn ct2() -> String {
    peer("ct2", "CT2")
}

#[test]
fn a_table_in_two_files_names_both() {
    let site = Site::new(MAIN);
    site.write("conf.d/a.toml", ct2());
    site.write("conf.d/b.toml", format!("\n{}[pacs.archive]\naddress = \"b:104\"\n", ct2()));
    assert_eq!(
        site.told(),
        "conf.d/b.toml:2:7: peer.ct2: is already in conf.d/a.toml:1:7; a table may be in one \
         file only\n\
         conf.d/b.toml:7:7: pacs.archive: is already in pacsgate.toml:10:7; a table may be in \
         one file only"
    );
}

#[test]
fn a_drop_in_file_without_the_line_of_its_table_is_told_once() {
    let site = Site::new(MAIN);
    site.write("conf.d/a.toml", ct2().replace("[peer.ct2]\n", "# CT 2\n"));
    assert_eq!(
        site.told(),
        "conf.d/a.toml:2:1: certificate: is a key of a [peer] table; write `[peer.NAME]` above it"
    );
    // One alone is told as before.
    site.write("conf.d/a.toml", "calling_ae = [\"CT2\"]\n");
    assert!(site.told().starts_with("conf.d/a.toml:1:1: calling_ae: unknown key; "));
}

#[test]
fn certificates_of_two_peers_differ() {
    let site = Site::new(MAIN);
    site.write("conf.d/a.toml", ct2().replace("ct2.example", "CT1.Example"));
    assert_eq!(
        site.told(),
        "conf.d/a.toml:2:18: peer.ct2.certificate: belongs to peer.ct1 already, at \
         pacsgate.toml:15:18; a certificate has one peer, which may have several titles"
    );
}

#[test]
fn only_the_main_file_has_schema_limits_and_log() {
    let site = Site::new(MAIN);
    site.write("conf.d/a.toml", "schema = 1\n[limits]\n[log]\n");
    let sentence = "belongs in the main file; drop-in files hold listeners, PACS, peers, issuers and collectors";
    assert_eq!(
        site.told(),
        format!(
            "conf.d/a.toml:1:1: schema: {sentence}\nconf.d/a.toml:2:2: limits: {sentence}\n\
             conf.d/a.toml:3:2: log: {sentence}"
        )
    );
}

#[test]
fn an_absent_main_file_is_told_with_the_option_that_names_it() {
    let site = Site::new(MAIN);
    std::fs::remove_file(site.path("pacsgate.toml")).unwrap();
    let told = "pacsgate.toml: no such file; correct the path, or have `pacsgate init` make one";
    assert_eq!(site.told(), told);
}

#[test]
fn a_file_that_cannot_be_parsed_hides_no_mistake_in_another() {
    let site = Site::new(MAIN);
    site.write("conf.d/a.toml", "[pacs.second\n");
    site.write("conf.d/b.toml", ct2().replace("archive", "second").replace("echo", "ecko"));
    assert_eq!(
        site.told(),
        "conf.d/a.toml:1:13: unclosed table, expected `]`\n\
         conf.d/b.toml:5:13: peer.ct2.services[0]: \"ecko\" is not a service; did you mean `echo`?"
    );
}

#[test]
fn refuses_each_file_that_others_may_write() {
    let cases = [
        ("pacsgate.toml", 0o664, "pacsgate.toml: "),
        ("conf.d", 0o757, "conf.d: "),
        ("conf.d/a.toml", 0o646, "conf.d/a.toml: "),
        (
            "tls/gateway.pem",
            0o664,
            "pacsgate.toml:6:1: listener.front.tls.certificate: tls/gateway.pem: ",
        ),
        (
            "tls/gateway.key",
            0o620,
            "pacsgate.toml:7:1: listener.front.tls.private_key: tls/gateway.key: ",
        ),
        ("tls/ca.pem", 0o666, "pacsgate.toml:8:1: listener.front.tls.client_ca: tls/ca.pem: "),
    ];
    for (name, mode, place) in cases {
        let site = Site::new(MAIN);
        site.write("conf.d/a.toml", ct2());
        site.set_mode(name, mode);
        assert_eq!(
            site.told(),
            format!(
                "{place}{name} (OWN, mode {mode:04o}) is writable by others than its owner; run \
                 `chmod go-w {name}`"
            )
        );
    }
}

#[test]
fn names_a_folder_that_others_may_write_once_and_where_it_is_first_needed() {
    let site = Site::new(MAIN);
    site.write("conf.d/a.toml", ct2());
    site.set_mode("tls", 0o775);
    let cure = ", or move what the gate needs to another folder";
    assert_eq!(
        site.told(),
        format!(
            "pacsgate.toml:6:1: listener.front.tls.certificate: tls/gateway.pem: tls (OWN, mode \
             0775) is writable by others than its owner; run `chmod go-w tls`{cure}"
        )
    );
    site.set_mode("tls", 0o1777);
    assert!(site.load().is_ok());
    site.set_mode("", 0o777);
    let (all, told) = (site.directory().display().to_string(), site.told());
    assert_eq!(
        told,
        format!(
            "pacsgate.toml: {all} (OWN, mode 0777) is writable by others than its owner; run \
             `chmod go-w {all}`{cure}"
        )
    );
}

#[test]
fn a_folder_of_drop_ins_has_no_file_of_others_even_if_it_is_sticky() {
    let site = Site::new(MAIN);
    site.write("conf.d/a.toml", ct2());
    site.set_mode("conf.d", 0o1777);
    let told = "conf.d: conf.d (OWN, mode 1777) is writable by others than its owner; run `chmod \
                go-w conf.d`\n";
    assert!((site.told() + "\n").starts_with(told), "{}", site.told());
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_told_and_not_waited_for() {
    let site = Site::new(MAIN);
    for name in ["conf.d/a.toml", "tls/ca.pem"] {
        site.write(name, "");
        std::fs::remove_file(site.path(name)).unwrap();
        mknodat(CWD, site.path(name), FileType::Fifo, Mode::RUSR, 0).unwrap();
    }
    assert_eq!(
        site.told(),
        "pacsgate.toml:8:1: listener.front.tls.client_ca: tls/ca.pem: is not a regular file\n\
         conf.d/a.toml: is not a regular file"
    );
}

#[test]
fn loads_through_links_as_certbot_and_kubernetes_make_them() {
    let site = Site::new(&MAIN.replace("tls/gateway.pem", "mounted/tls/live.pem"));
    site.write("..2026_11_28/conf.d/a.toml", ct2());
    for (link, target) in [
        ("..data", "..2026_11_28"),
        ("conf.d", "..data/conf.d"),
        ("mounted", "."),
        ("tls/live.pem", "gateway.pem"),
    ] {
        std::os::unix::fs::symlink(target, site.path(link)).unwrap();
    }
    assert_eq!(site.load().unwrap().loaded.peers, 2);
}

/// What is somebody else's, where it is told, and with which command it is mended.
const FOREIGN: [(&str, &str, &str); 8] = [
    ("pacsgate.toml", "pacsgate.toml: ", ""),
    ("conf.d", "conf.d: ", ""),
    ("conf.d/a.toml", "conf.d/a.toml: ", ""),
    ("tls/gateway.pem", "pacsgate.toml:6:1: listener.front.tls.certificate: tls/gateway.pem: ", ""),
    ("tls/gateway.key", "pacsgate.toml:7:1: listener.front.tls.private_key: tls/gateway.key: ", ""),
    ("tls/ca.pem", "pacsgate.toml:8:1: listener.front.tls.client_ca: tls/ca.pem: ", ""),
    ("tls/ca.crl", "pacsgate.toml:9:15: listener.front.tls.client_crl[0]: tls/ca.crl: ", ""),
    (
        "tls",
        "pacsgate.toml:6:1: listener.front.tls.certificate: tls/gateway.pem: ",
        ", or move what the gate needs to another folder",
    ),
];

#[test]
#[ignore = "needs root: run tests/all"]
fn refuses_each_file_and_folder_of_somebody_else() {
    for (name, place, elsewhere) in FOREIGN {
        let site = Site::new(&guarded());
        site.write("conf.d/a.toml", ct2());
        assert!(site.load().is_ok());
        let mode = std::fs::metadata(site.path(name)).unwrap().permissions().mode() & 0o7777;
        site.give_away(name);
        let told = format!(
            "{place}{name} (STRANGER, mode {mode:04o}) must belong to root; run `chown root \
             {name}`{elsewhere}"
        );
        assert_eq!(site.told().lines().next(), Some(&*told));
    }
}

#[test]
#[ignore = "needs root: run tests/all"]
fn refuses_a_link_of_somebody_else() {
    let site = Site::new(&MAIN.replace("tls/gateway.key", "tls/link"));
    std::os::unix::fs::symlink("gateway.key", site.path("tls/link")).unwrap();
    assert!(site.load().is_ok());
    site.give_away("tls/link");
    assert_eq!(
        site.told(),
        "pacsgate.toml:7:1: listener.front.tls.private_key: tls/link: the link tls/link \
         (STRANGER, mode 0777) must belong to root; run `chown -h root tls/link`"
    );
}

#[test]
#[ignore = "needs root: run tests/all"]
fn check_takes_what_belongs_to_the_user_of_the_service() {
    let nobody = || Account::named("nobody").unwrap().unwrap();
    let judged = |account| Service { account: Some(account), ..Service::default() };
    let site = Site::new(&guarded());
    for name in ["", "tls"] {
        site.set_mode(name, 0o755);
    }
    for name in ["pacsgate.toml", "tls/gateway.pem", "tls/gateway.key"] {
        lchown(
            site.path(name),
            Some(User::from_name("nobody").unwrap().unwrap().uid.as_raw()),
            None,
        )
        .unwrap();
    }
    assert_eq!(site.judged_for(judged(nobody())), "");
    // The gate of root would have to trust nobody.
    let told = site.judged_for(judged(Account::named("root").unwrap().unwrap()));
    assert!(told.contains(") must belong to root; run `chown root pacsgate.toml`"), "{told}");
}

#[test]
fn names_the_place_of_a_character_in_another_encoding() {
    let site = Site::new(MAIN);
    let latin: Vec<u8> = b"[peer.ct2]\ncontact = \"R\xf6ntgen\"\n".to_vec();
    site.write("conf.d/a.toml", latin);
    let told = "conf.d/a.toml:2:13: is not UTF-8 text; save it in that encoding";
    assert_eq!(site.told(), told);
}

#[test]
fn takes_utf_16_for_another_encoding_and_no_byte_order_mark_for_a_mistake() {
    let site = Site::new(MAIN);
    site.write("conf.d/a.toml", ct2().bytes().flat_map(|byte| [byte, 0]).collect::<Vec<_>>());
    let told = "conf.d/a.toml:1:2: is not UTF-8 text; save it in that encoding";
    assert_eq!(site.told(), told);
    site.write("conf.d/a.toml", format!("\u{feff}{}", ct2()));
    assert!(site.load().is_ok());
    site.write("conf.d/a.toml", "\u{feff}[peer.ct2\n");
    assert_eq!(site.told(), "conf.d/a.toml:1:10: unclosed table, expected `]`");
}

#[test]
fn relative_paths_count_from_the_file_that_names_them() {
    let (main, listener) = MAIN.split_once("\n[pacs").unwrap();
    let (schema, front) = main.split_once("[listener").unwrap();
    let site = Site::new(&format!("{schema}[pacs{listener}"));
    site.write("conf.d/front.toml", format!("[listener{front}").replace("tls/", "../tls/"));
    assert!(site.load().is_ok());
}

#[test]
fn never_shows_what_a_key_file_holds() {
    let site = Site::new(MAIN);
    let secret = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp";
    let damaged = [
        format!("-----BEGIN PRIVATE KEY-----\n{secret}\n"),
        format!("-----BEGIN PRIVATE KEY-----\n{secret}?\n-----END PRIVATE KEY-----\n"),
        format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n"),
        format!("-----BEGIN PRIVATE KEY {secret}\n"),
        secret.to_owned(),
    ];
    for content in damaged {
        site.write("tls/gateway.key", content);
        let error = site.load().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("MC4C"), "{error:?}");
    }
}

#[test]
fn keys_are_no_paths_and_their_case_counts() {
    let keys = "\"limits.idle\" = \"1m\"\n\"log[0]\" = 1\nLimits = 2\n";
    let site = Site::new(&format!("{keys}{MAIN}[limits]\n\"idle.x\" = \"1m\"\nIDLE = \"1m\"\n"));
    let told = site.told();
    let starts = [
        "pacsgate.toml:1:1: \"limits.idle\": unknown key; ",
        "pacsgate.toml:2:1: \"log[0]\": unknown key; ",
        "pacsgate.toml:3:1: Limits: unknown key; did you mean `limits`?",
        "pacsgate.toml:23:1: limits.\"idle.x\": unknown key; did you mean `idle`?",
        "pacsgate.toml:24:1: limits.IDLE: unknown key; did you mean `idle`?",
    ];
    assert_eq!(told.lines().count(), starts.len(), "{told}");
    for (line, start) in told.lines().zip(starts) {
        assert!(line.starts_with(start), "{told}");
    }
}
