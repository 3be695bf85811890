//! `[passwords]`, and the file that it names.

use super::site::{MAIN, Site, peer};

/// Of the password "password".
const HASH: &str =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

fn site(users: &str) -> Site {
    let site = Site::new(&format!("{MAIN}\n[passwords]\nfile = \"passwords\"\n"));
    site.write("passwords", users);
    site.set_mode("passwords", 0o640);
    site
}

fn names(site: &Site) -> Vec<String> {
    let passwords = site.load().unwrap().site.passwords;
    let mut names: Vec<_> = passwords.names().map(|name| name.to_string()).collect();
    names.sort_unstable();
    names
}

#[test]
fn there_are_no_users_without_the_table() {
    assert_eq!(names(&Site::new(MAIN)), Vec::<String>::new());
}

#[test]
fn the_file_is_read_with_each_load() {
    let site = site(&format!("anna:{HASH}\nbert:{HASH}\n"));
    assert_eq!(names(&site), ["anna", "bert"]);
    site.write("passwords", format!("carl:{HASH}\n"));
    assert_eq!(names(&site), ["carl"]);
    site.write("passwords", "");
    assert_eq!(names(&site), Vec::<String>::new());
}

#[test]
fn each_bad_line_is_told_with_the_file_and_without_its_hash() {
    let site = site(&format!(
        "anna:{HASH}\nbert\n# fine\ncarl:{}\nanna:{HASH}\n",
        HASH.trim_start_matches('$')
    ));
    let at = "pacsgate.toml:21:1: passwords.file: passwords: line";
    let told = [
        format!(
            "{at} 2: has no colon; write NAME:HASH, as `pacsgate hash-password --user NAME` prints it"
        ),
        format!(
            "{at} 4: what is after the colon is not a hash by argon2id; make it with `pacsgate hash-password`"
        ),
        format!("{at} 5: the user \"anna\" is on line 1 already; remove one of the two"),
    ];
    assert_eq!(site.told(), told.join("\n"));
}

#[test]
fn a_file_that_cannot_be_read_does_not_load() {
    let site = Site::new(&format!("{MAIN}\n[passwords]\nfile = \"absent\"\n"));
    let told = "pacsgate.toml:21:1: passwords.file: absent: no such file; correct the path";
    assert_eq!(site.told(), told);
    site.write("absent", "");
    site.set_mode("absent", 0o664);
    assert!(site.told().starts_with("pacsgate.toml:21:1: passwords.file: absent: "));
}

#[test]
fn the_table_needs_its_file_and_knows_nothing_else() {
    let site = Site::new(&format!("{MAIN}\n[passwords]\nfiles = \"passwords\"\n"));
    assert_eq!(
        site.told(),
        "pacsgate.toml:20:2: passwords.file: is missing; add it\n\
         pacsgate.toml:21:1: passwords.files: unknown key; did you mean `file`?"
    );
}

#[test]
fn hashes_that_every_user_may_read_are_warned_of() {
    let site = site(&format!("anna:{HASH}\n"));
    let warned = site.warned();
    assert!(!warned.contains("passwords"), "{warned}");
    site.set_mode("passwords", 0o644);
    let told = "passwords.file: passwords is readable by every user of this machine; run `chmod o-r` on it";
    assert!(site.warned().contains(told), "{}", site.warned());
}

#[test]
fn the_table_belongs_in_the_main_file() {
    let site = Site::new(MAIN);
    site.write("conf.d/ct2.toml", peer("ct2", "CT2") + "[passwords]\nfile = \"passwords\"\n");
    let told = site.told();
    assert!(
        told.starts_with("conf.d/ct2.toml:6:2: passwords: belongs in the main file; "),
        "{told}"
    );
}

#[test]
fn the_environment_names_no_other_file() {
    let site = site(&format!("anna:{HASH}\n"));
    let told = site.told_in(&[("PACSGATE__PASSWORDS__FILE", "other")]);
    assert!(told.ends_with(": peers, users, services, issuers and CAs, and whether a listener has TLS, are never taken from the environment; set this in a file"), "{told}");
}

#[test]
fn a_peer_whose_users_have_passwords_needs_the_table() {
    let users = "services = [\"echo\", \"store\"]\nuser_identity = \"password\"\nusers = [\"anna\", \"bert\"]\n";
    let main = MAIN.replace("services = [\"echo\", \"store\"]\n", users);
    let told = "pacsgate.toml:19:1: peer.ct1.user_identity: needs the users with their passwords; add a \
                [passwords] table with a `file`";
    assert_eq!(Site::new(&main).told(), told);
    let site = Site::new(&format!("{main}\n[passwords]\nfile = \"passwords\"\n"));
    site.write("passwords", format!("anna:{HASH}\n"));
    let warned = site.warned();
    let told = "pacsgate.toml:20:18: peer.ct1.users: \"bert\" is not in the file of [passwords], so nobody \
                can be this user; ";
    assert!(warned.contains(told) && !warned.contains("anna"), "{warned}");
}
