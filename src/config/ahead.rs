//! What will keep the service from starting on this machine. Only `check` looks: `run` is told by
//! the system.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::admin;
use super::cross;
use super::listener;
use super::log;
use super::mistake::{Caution, Outage};
use super::pacs;
use super::problems::{Opened, Problems};
use super::section::At;
use super::syslog;
use crate::audit::Destination;
use crate::host::{self, Access, Account, Barrier, Service, Trust};

/// How long all name servers together may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Looks for addresses that the machine does not have, for names without an address, and for files
/// that the service may not read or write.
pub(super) fn judge(
    listeners: &[listener::Read],
    pacs: &[pacs::Read],
    log: &log::Read,
    admin: &admin::Read,
    service: &Service,
    problems: &mut Problems,
) {
    names(listeners, pacs, problems);
    for read in listeners {
        addresses(&format!("listener.{}.bind", read.name), &read.bind, service, problems);
    }
    addresses("admin.bind", &admin.ports().collect::<Vec<_>>(), service, problems);
    for At { place, value: path } in admin.sockets() {
        for outage in socket(path, service) {
            problems.outage(place, "admin.bind", &outage);
        }
        if let Some(folder) = open_to_others(path, service) {
            problems.caution(place, "admin.bind", &Caution::SocketAmongOthers(folder));
        }
    }
    if let Some((unit, user)) = &service.nobody {
        let place = problems.sources.add_unread(unit.clone());
        problems.outage(place, "User", &Outage::NoUser(user.as_str().into()));
    }
    let mut told = HashSet::new();
    if let Some(account) = &service.account {
        for Opened { place, key, path, access } in problems.opened.clone() {
            let new = account.obstacles(&path, access).into_iter();
            let new: Vec<_> = new.filter(|obstacle| told.insert(obstacle.path.clone())).collect();
            new.iter().for_each(|obstacle| problems.outage(place, key.as_str(), obstacle));
        }
    }
    if let (Destination::File(path), Some(place)) = (&log.log.audit, log.audit) {
        for outage in audit(path, service) {
            problems.outage(place, "log.audit", &outage);
        }
    }
}

fn addresses(key: &str, bind: &[At<SocketAddr>], service: &Service, problems: &mut Problems) {
    for at in bind.iter().filter(|at| !service.may_listen_on(at.value)) {
        problems.caution(at.place, key, &Caution::PrivilegedPort(at.value.port()));
    }
    for at in bind.iter().filter(|at| !at.value.ip().is_unspecified()) {
        let outage = match host::has(at.value) {
            Ok(()) => continue,
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
                Outage::NotHere { address: at.value.ip(), own: host::addresses() }
            }
            Err(error) => Outage::NoListening { address: at.value.ip(), error },
        };
        problems.outage(at.place, key, &outage);
    }
}

/// An address that the machine may lose again is dialled from all the same, and then told.
pub(super) fn sources(sources: &[(String, At<IpAddr>)], problems: &mut Problems) {
    for (key, at) in sources {
        let outage = match host::has((at.value, 0).into()) {
            Ok(()) => continue,
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
                Outage::NotHere { address: at.value, own: host::addresses() }
            }
            Err(error) => Outage::NoDialling { address: at.value, error },
        };
        problems.outage(at.place, key.as_str(), &outage);
    }
}

/// What is in the way of a socket, which is made at the start.
fn socket(path: &Path, service: &Service) -> Vec<Outage> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    if path.symlink_metadata().is_ok_and(|found| !found.file_type().is_socket()) {
        return vec![Outage::NoSocket(path.to_owned())];
    }
    // systemd makes these, and gives what is in them to the user.
    if service.made.iter().any(|made| made == folder) {
        return Vec::new();
    }
    if service.writable.as_ref().is_some_and(|all| !all.iter().any(|one| path.starts_with(one))) {
        return vec![Outage::SocketSealed(folder.to_owned())];
    }
    if !folder.is_dir() {
        return vec![Outage::NoSocketFolder(folder.to_owned())];
    }
    let obstacles = service.account.iter().flat_map(|it| it.obstacles(folder, Access::Make));
    obstacles.map(Outage::Obstacle).collect()
}

/// The folder above a socket in which others may make or rename files, sticky or not: before the gate
/// starts, its name is anybody's.
fn open_to_others(path: &Path, service: &Service) -> Option<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    // systemd makes these for the user alone.
    if service.made.iter().any(|made| made == folder) {
        return None;
    }
    let distrust = Trust::of(service).folder(folder).err().and_then(Barrier::distrust)?;
    Some(distrust.on_the_way().unwrap_or(folder).to_owned())
}

/// The name of a PACS may be known only later, and `run` asks anew each time.
fn names<'a>(listeners: &[listener::Read], pacs: &'a [pacs::Read], problems: &mut Problems) {
    let addresses = || {
        let each = |read: &'a pacs::Read| read.target.addresses.iter().map(|at| (&read.name, at));
        pacs.iter().flat_map(each)
    };
    let found = host::resolved(addresses().map(|(_, at)| &*at.value.host), PATIENCE);
    for (name, at) in addresses() {
        let (key, host) = (format!("pacs.{name}.address"), &at.value.host);
        match found.get(&**host).map(Vec::as_slice) {
            Some([]) => problems.caution(at.place, key, &Caution::Unresolved(host.clone())),
            Some(hosts) if &**host != cross::LOCALHOST => {
                cross::target_is_elsewhere(listeners, &key, at, hosts, problems);
            }
            Some(_) | None => {}
        }
    }
}

/// What is in the way of the folders in which messages wait for their collector. A folder that is not
/// there is made, with those above it.
pub(super) fn spools(collectors: &[syslog::Read], service: &Service, problems: &mut Problems) {
    for read in collectors {
        for outage in spool(&read.spool, service) {
            problems.outage(read.spool_at, format!("syslog.{}.spool", read.name), &outage);
        }
        let obstacle = read.content.and_then(|it| crate::syslog::obstacle(&read.spool, it));
        if let Some(why) = obstacle {
            let outage = Outage::SpoolUnfit { folder: read.spool.clone(), why };
            problems.outage(read.spool_at, format!("syslog.{}.spool", read.name), &outage);
        }
    }
}

fn spool(folder: &Path, service: &Service) -> Vec<Outage> {
    // systemd makes these, and gives what is in them to the user.
    if service.made.iter().any(|made| folder.starts_with(made)) {
        return Vec::new();
    }
    if service.writable.as_ref().is_some_and(|all| !all.iter().any(|one| folder.starts_with(one))) {
        return vec![Outage::SpoolSealed(folder.to_owned())];
    }
    let there = folder.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    if let Some(distrust) = Trust::of(service).of_log(&there.join("state")) {
        return vec![Outage::NotOurs(distrust)];
    }
    match &service.account {
        Some(account) => {
            let obstacles = account.obstacles(there, Access::Make);
            obstacles.into_iter().map(Outage::Obstacle).collect()
        }
        None => {
            let unwritable = |error| Outage::AuditUnwritable { path: there.to_owned(), error };
            host::may_write(there).err().map(unwritable).into_iter().collect()
        }
    }
}

/// What is in the way of the audit's file, which is made if it is not there.
fn audit(path: &Path, service: &Service) -> Vec<Outage> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    if path.is_dir() {
        return vec![Outage::AuditIsFolder(path.to_owned())];
    }
    // systemd makes these, and gives what is in them to the user.
    if service.made.iter().any(|made| made == folder) {
        return Vec::new();
    }
    if service.writable.as_ref().is_some_and(|all| !all.iter().any(|one| path.starts_with(one))) {
        return vec![Outage::AuditSealed(folder.to_owned())];
    }
    if let Some(distrust) = Trust::of(service).of_log(path) {
        return vec![Outage::NotOurs(distrust)];
    }
    if !folder.is_dir() {
        let account = service.account.as_ref();
        let owner = account.map(Account::owner).unwrap_or_default();
        return vec![Outage::NoAuditFolder { folder: folder.to_owned(), owner }];
    }
    let (what, access) = if path.exists() { (path, Access::Write) } else { (folder, Access::Make) };
    match &service.account {
        Some(account) => {
            account.obstacles(what, access).into_iter().map(Outage::Obstacle).collect()
        }
        None => {
            let unwritable = |error| Outage::AuditUnwritable { path: what.to_owned(), error };
            host::may_write(what).err().map(unwritable).into_iter().collect()
        }
    }
}
