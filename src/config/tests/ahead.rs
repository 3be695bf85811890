//! What the service would not find on this machine.

use super::site::{MAIN, Site};
use crate::host::Service;

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
fn names_a_user_that_the_unit_means_and_nobody_has_made() {
    let nobody = Some(("/etc/systemd/system/pacsgate.service".into(), "pacsgate".to_owned()));
    assert_eq!(
        Site::new(MAIN).judged_for(Service { nobody, ..Service::default() }),
        "/etc/systemd/system/pacsgate.service: User: there is no user \"pacsgate\" on this \
         machine; make it with `useradd --system --no-create-home`, or name another in a drop-in \
         of the unit"
    );
}
