//! Several files, files that are not there, and files that others may write.

use super::site::{MAIN, Site, peer};

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
    let sentence = "belongs in the main file; drop-in files hold listeners, PACS and peers";
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
    let told = "pacsgate.toml: no such file; name it with `--config`";
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
        let sentence = "is writable by others than its owner";
        let cure = "run `chmod go-w` on it";
        assert_eq!(site.told(), format!("{place}{sentence} (mode {mode:04o}); {cure}"));
    }
}

#[test]
fn refuses_a_file_in_a_directory_that_others_may_write() {
    let site = Site::new(MAIN);
    site.set_mode("tls", 0o775);
    let told = site.told();
    let first = "pacsgate.toml:6:1: listener.front.tls.certificate: tls/gateway.pem: is in a \
                 directory that is writable by others than its owner (mode 0775); run `chmod go-w` on \
                 the directory";
    assert_eq!(told.lines().next(), Some(first));
    assert_eq!(told.lines().count(), 3, "{told}");
    site.set_mode("tls", 0o1777);
    assert!(site.load().is_ok());
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
