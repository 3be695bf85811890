//! What the service would not find on this machine.

use std::time::Duration;

use nix::unistd::geteuid;

use super::site::{MAIN, Site, guarded};
use crate::host::{self, Account, Service, ports};

/// A site whose audit goes to this file, and its folder.
fn site(audit: &str) -> (Site, std::path::PathBuf) {
    let site = Site::new(&format!("{MAIN}[log]\naudit = \"{audit}\"\n"));
    let folder = site.path(audit).parent().unwrap().to_owned();
    (site, folder)
}

#[test]
fn a_folder_that_the_unit_has_made_need_not_be_there() {
    let (site, folder) = site("log/audit.jsonl");
    assert_eq!(
        site.judged_for(Service::default()),
        "pacsgate.toml:20:1: log.audit: there is no folder log; run `install -d -m 750 log`"
    );
    let made = vec![folder];
    assert_eq!(site.judged_for(Service { made, ..Service::default() }), "");
}

#[test]
fn the_unit_must_let_the_audit_be_written() {
    let (site, folder) = site("log/audit.jsonl");
    std::fs::create_dir(&folder).unwrap();
    assert_eq!(site.judged_for(Service::default()), "");
    let sealed = |writable| Service { writable: Some(writable), ..Service::default() };
    assert_eq!(site.judged_for(sealed(vec![folder])), "");
    assert_eq!(
        site.judged_for(sealed(vec!["/var/log/pacsgate".into()])),
        "pacsgate.toml:20:1: log.audit: the unit does not let the gate write to log; name a \
         file in /var/log/pacsgate, or add `ReadWritePaths=log` with `systemctl edit pacsgate`"
    );
}

#[test]
fn the_audit_is_in_a_folder_that_nobody_else_may_write() {
    let (site, folder) = site("log/audit.jsonl");
    std::fs::create_dir(&folder).unwrap();
    site.set_mode("log", 0o775);
    assert_eq!(
        site.judged_for(Service::default()),
        "pacsgate.toml:20:1: log.audit: log (OWN, mode 0775) is writable by others than its \
         owner; run `chmod go-w log`, or move what the gate needs to another folder"
    );
    // systemd gives it to the gate's user before the start.
    let made = vec![folder];
    assert_eq!(site.judged_for(Service { made, ..Service::default() }), "");
}

#[test]
fn the_unit_must_let_messages_wait_for_their_collector() {
    let table = "[syslog.siem]\naddress = \"127.0.0.1:1\"\ncontent = \"json\"\nplain = true\n\
                 spool = \"spool/siem\"\n";
    let site = Site::new(&format!("{MAIN}{table}"));
    let folder = site.path("spool/siem");
    // It is made with the folder above it.
    assert_eq!(site.judged_for(Service::default()), "");
    let made = vec![folder.parent().unwrap().to_owned()];
    assert_eq!(site.judged_for(Service { made, ..Service::default() }), "");
    let writable = Some(vec!["/var/log/pacsgate".into()]);
    assert_eq!(
        site.judged_for(Service { writable, ..Service::default() }),
        "pacsgate.toml:23:1: syslog.siem.spool: the unit does not let the gate write to spool/siem; \
         name a folder in /var/lib/pacsgate, or add `ReadWritePaths=spool/siem` with `systemctl edit \
         pacsgate`"
    );
}

#[test]
fn a_socket_is_in_a_folder_that_is_there_or_that_the_unit_makes() {
    let site = Site::new(&format!("{MAIN}[admin]\nbind = [\"run/admin.sock\"]\n"));
    let folder = site.path("run");
    assert_eq!(
        site.judged_for(Service::default()),
        "pacsgate.toml:20:9: admin.bind: there is no folder run; name a socket in /run/pacsgate, \
         which systemd makes for the gate, or make the folder"
    );
    let made = vec![folder.clone()];
    assert_eq!(site.judged_for(Service { made, ..Service::default() }), "");
    std::fs::create_dir(&folder).unwrap();
    assert_eq!(site.judged_for(Service::default()), "");
    let writable = Some(vec!["/run/pacsgate".into()]);
    assert_eq!(
        site.judged_for(Service { writable, ..Service::default() }),
        "pacsgate.toml:20:9: admin.bind: the unit does not let the gate make a socket in run; name \
         one in /run/pacsgate, or add `ReadWritePaths=run` with `systemctl edit pacsgate`"
    );
    std::fs::write(folder.join("admin.sock"), "").unwrap();
    assert_eq!(
        site.judged_for(Service::default()),
        "pacsgate.toml:20:9: admin.bind: there is a file run/admin.sock that is no socket; choose \
         another path, or take it away"
    );
}

#[test]
fn a_socket_is_in_no_folder_in_which_others_make_files() {
    use std::fs::{Permissions, create_dir, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let site = Site::new(&format!("{MAIN}[admin]\nbind = [\"run/admin.sock\"]\n"));
    let folder = site.path("run");
    let warned = |service| {
        let all = site.cautioned_for(service);
        let of_socket: Vec<_> = all.lines().filter(|line| line.contains("admin.bind")).collect();
        of_socket.join("\n")
    };
    create_dir(&folder).unwrap();
    set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(warned(Service::default()), "");
    // In a sticky one nobody renames what is there, and everybody takes what is not.
    for mode in [0o777, 0o1777, 0o775] {
        set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        assert_eq!(
            warned(Service::default()),
            "pacsgate.toml:20:9: admin.bind: others than the gate's user may write to run, so that one \
             of them could take the name of the socket and answer in the gate's place; name a socket in \
             /run/pacsgate, which systemd makes for the gate alone"
        );
        let made = vec![folder.clone()];
        assert_eq!(warned(Service { made, ..Service::default() }), "");
    }
}

#[test]
fn a_socket_is_not_the_audit() {
    let tables = |socket: &str| {
        format!("{MAIN}[admin]\nbind = [{socket:?}]\n[log]\naudit = \"run/audit\"\n")
    };
    for socket in ["run/audit", "./run/audit", "run/../run/audit"] {
        let site = Site::new(&tables(socket));
        std::fs::create_dir(site.path("run")).unwrap();
        let told = site.judged_for(Service::default());
        assert!(told.contains("is the file of `log.audit` too"), "{told}");
    }
    let site = Site::new(&tables("run/admin.sock"));
    std::fs::create_dir(site.path("run")).unwrap();
    assert_eq!(site.judged_for(Service::default()), "");
}

#[test]
fn names_a_user_that_the_unit_means_and_nobody_has_made() {
    let nobody = Some(("/etc/systemd/system/pacsgate.service".into(), "pacsgate".to_owned()));
    assert_eq!(
        Site::new(MAIN).judged_for(Service { nobody, ..Service::default() }),
        "/etc/systemd/system/pacsgate.service: User: there is no user \"pacsgate\" on this \
         machine; make it with `useradd --system --no-create-home`, or name another in a drop-in \
         of the unit"
    );
}

#[test]
fn warns_of_a_port_that_the_user_of_the_service_cannot_have() {
    if !ports::is_privileged(104) {
        return;
    }
    let site = Site::new(&guarded().replace("127.0.0.1:0", "[::]:104"));
    let account = |name: &str| Account::named(name).unwrap();
    let warned = |account, takes_any_port| {
        site.cautioned_for(Service { account, takes_any_port, ..Service::default() })
    };
    // Somebody else could not read what is here.
    let user = if geteuid().is_root() { "nobody".to_owned() } else { geteuid().to_string() };
    if account(&user).is_none() {
        return;
    }
    assert_eq!(
        warned(account(&user), false),
        "pacsgate.toml:4:9: listener.front.bind: port 104 needs a capability that the gate's \
         user does not have; use 2762, or let systemd open the port for the gate: its \
         pacsgate.socket says how"
    );
    assert_eq!(warned(account(&user), true), "");
    assert_eq!(warned(account("root"), false), "");
    let inherited = vec!["[::]:104".parse().unwrap()];
    let service = Service { account: account(&user), inherited, ..Service::default() };
    assert_eq!(site.cautioned_for(service), "");
}

#[test]
fn an_address_of_ipv4_beside_the_one_that_takes_both_is_told_before_the_system_does() {
    if !ports::ipv6_takes_ipv4() {
        return;
    }
    let told = |bind: &str| Site::new(&MAIN.replace("[\"127.0.0.1:0\"]", bind)).told();
    assert_eq!(
        told("[\"[::]:2763\", \"0.0.0.0:2763\"]"),
        "pacsgate.toml:4:22: listener.front.bind: [::]:2763 takes IPv4 as well; leave out \
         0.0.0.0:2763 (the other one is at pacsgate.toml:4:9)"
    );
    assert_eq!(
        told("[\"127.0.0.1:2763\", \"[::]:2763\"]"),
        "pacsgate.toml:4:27: listener.front.bind: [::]:2763 takes IPv4 as well; leave out \
         127.0.0.1:2763 (the other one is at pacsgate.toml:4:9)"
    );
}

#[test]
fn an_address_that_is_dialled_from_is_one_of_this_machine() {
    let told = |at: &str, source: &str| {
        let key = format!("source_address = \"{source}\"\n{at}");
        Site::new(&MAIN.replace(at, &key)).judged_for(Service::default())
    };
    assert_eq!(told("called_ae", "127.0.0.9"), "");
    let of_pacs = told("called_ae", "192.0.2.4");
    let sentence = "source_address: 192.0.2.4 is not an address of this machine, which has ";
    assert!(
        of_pacs.starts_with(&format!("pacsgate.toml:12:1: pacs.archive.{sentence}")),
        "{of_pacs}"
    );
    assert!(of_pacs.contains("127.0.0.1"), "{of_pacs}");
    let of_peer = told("calling_ae", "192.0.2.4");
    assert!(of_peer.starts_with(&format!("pacsgate.toml:16:1: peer.ct1.{sentence}")), "{of_peer}");
    let reach = "reach = { address = \"10.1.2.3:104\", services = [\"echo\"], plain = true, source_address = \
                 \"192.0.2.4\" }\ncalling_ae";
    let of_reach = Site::new(&MAIN.replace("calling_ae", reach)).judged_for(Service::default());
    assert!(of_reach.contains(&format!("peer.ct1.reach.{sentence}")), "{of_reach}");
    // `run` starts all the same: the address may come later.
    let late = MAIN.replace("called_ae", "source_address = \"192.0.2.4\"\ncalled_ae");
    assert!(Site::new(&late).load().is_ok());
}

#[test]
fn warns_of_a_pacs_whose_name_has_no_address() {
    let warned = |address: &str| {
        let site = Site::new(&guarded().replace("10.10.0.5:104", address));
        (site.judged_for(Service::default()), site.cautioned_for(Service::default()))
    };
    let told = "pacsgate.toml:12:1: pacs.archive.address: the name pacs.invalid cannot be resolved on \
                this machine now; correct it, or have it entered in DNS or in /etc/hosts";
    assert_eq!(warned("pacs.invalid:104"), (String::new(), told.to_owned()));
    assert_eq!(warned("localhost:104"), (String::new(), String::new()));
}

#[test]
fn a_name_of_this_machine_leads_to_the_gate() {
    let own = rustix::system::uname().nodename().to_string_lossy().to_lowercase();
    let found = host::resolved([&own].into_iter(), Duration::from_secs(5));
    // Not every machine can resolve its own name.
    if !found.get(&own).is_some_and(|found| found.iter().any(|at| host::is_own(*at).unwrap())) {
        println!("left out: this machine, {own}, does not find itself by its name");
        return;
    }
    let main = guarded().replace("[\"127.0.0.1:0\"]", "[\"[::]:2762\"]");
    let told = |address: &str| {
        Site::new(&main.replace("10.10.0.5:104", address)).judged_for(Service::default())
    };
    assert_eq!(
        told(&format!("{own}:2762")),
        format!(
            "pacsgate.toml:12:1: pacs.archive.address: {own}:2762 is this gate itself: listener.front \
             listens there, at pacsgate.toml:4:9; write the address of the PACS"
        )
    );
    assert_eq!(told(&format!("{own}:2763")), "");
}
