//! Real files, links and folders; what needs files of somebody else needs root.

use std::io::Write;
use std::os::unix::fs::{PermissionsExt, lchown, symlink};

use rustix::fs::mknodat;
use tempfile::TempDir;

use super::super::account::Account;
use super::*;

/// Nobody whom a machine knows.
const STRANGER: u32 = 4_100_000;

/// A folder that is no link, nor below one.
struct Ground {
    root: PathBuf,
    _directory: TempDir,
}

impl Ground {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { root: fs::canonicalize(directory.path()).unwrap(), _directory: directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn folder(&self, name: &str, mode: u32) {
        fs::create_dir(self.path(name)).unwrap();
        self.set_mode(name, mode);
    }

    fn file(&self, name: &str, mode: u32) {
        fs::write(self.path(name), name).unwrap();
        self.set_mode(name, mode);
    }

    fn link(&self, name: &str, target: impl AsRef<Path>) {
        symlink(target, self.path(name)).unwrap();
    }

    fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn give(&self, name: &str, user: u32) {
        lchown(self.path(name), Some(user), None).unwrap();
    }

    fn read(&self, name: &str) -> Result<String, String> {
        self.read_for(Trust::own(), name)
    }

    /// What is read, or what is told without the folder and the owner.
    fn read_for(&self, trust: Trust, name: &str) -> Result<String, String> {
        let read = trust.file(&self.path(name)).map(|(file, _)| io::read_to_string(file).unwrap());
        read.map_err(|barrier| self.told(&barrier))
    }

    fn told(&self, told: &impl ToString) -> String {
        let (user, group) = (geteuid().as_raw(), nix::unistd::getegid().as_raw());
        let own = format!("{}:{}", user_name(user), group_name(group));
        let foreign = format!("{STRANGER}:{}", group_name(group));
        let told = told.to_string().replace(&own, "OWN").replace(&foreign, "FOREIGN");
        told.replace(&format!("{}/", self.root.display()), "")
    }
}

fn writable(path: &str, mode: &str) -> String {
    format!(
        "{path} (OWN, mode {mode}) is writable by others than its owner; run `chmod go-w {path}`"
    )
}

fn foreign(path: &str, mode: &str) -> String {
    format!("{path} (FOREIGN, mode {mode}) must belong to root; run `chown root {path}`")
}

const ELSEWHERE: &str = ", or move what the gate needs to another folder";

#[test]
fn opens_a_file_and_says_its_mode() {
    let ground = Ground::new();
    ground.file("key", 0o640);
    assert_eq!(ground.read("key").unwrap(), "key");
    let (_, mode) = Trust::own().file(&ground.path("key")).unwrap();
    assert_eq!(mode, 0o640);
}

#[test]
fn refuses_a_file_that_group_or_others_may_write() {
    let ground = Ground::new();
    for (mode, shown) in [(0o660, "0660"), (0o602, "0602"), (0o1666, "1666")] {
        ground.file("key", mode);
        assert_eq!(ground.read("key"), Err(writable("key", shown)));
    }
}

#[test]
fn refuses_each_folder_above_that_group_or_others_may_write() {
    let ground = Ground::new();
    ground.folder("srv", 0o755);
    ground.folder("srv/gate", 0o755);
    ground.file("srv/gate/key", 0o600);
    for folder in ["srv", "srv/gate"] {
        for (mode, shown) in [(0o775, "0775"), (0o757, "0757"), (0o2777, "2777")] {
            ground.set_mode(folder, mode);
            assert_eq!(ground.read("srv/gate/key"), Err(writable(folder, shown) + ELSEWHERE));
        }
        // Nobody else renames what is there.
        ground.set_mode(folder, 0o1777);
        assert!(ground.read("srv/gate/key").is_ok());
        ground.set_mode(folder, 0o755);
    }
}

#[test]
fn refuses_a_link_into_a_folder_that_others_may_write() {
    let ground = Ground::new();
    ground.folder("etc", 0o755);
    ground.folder("open", 0o777);
    ground.folder("open/tls", 0o755);
    ground.file("open/tls/key", 0o600);
    ground.link("etc/key", ground.path("open/tls/key"));
    ground.link("etc/tls", "../open/tls");
    let told = Err(writable("open", "0777") + ELSEWHERE);
    assert_eq!((ground.read("etc/key"), ground.read("etc/tls/key")), (told.clone(), told));
    ground.set_mode("open", 0o755);
    assert_eq!(ground.read("etc/key").unwrap(), "open/tls/key");
    assert_eq!(ground.read("etc/tls/key").unwrap(), "open/tls/key");
}

#[test]
fn goes_up_from_where_a_link_leads_as_the_system_does() {
    let ground = Ground::new();
    for folder in ["a", "b", "b/c"] {
        ground.folder(folder, 0o755);
    }
    for file in ["a/key", "b/key"] {
        ground.file(file, 0o600);
    }
    ground.link("a/c", "../b/c");
    assert_eq!(ground.read("a/c/../key").unwrap(), "b/key");
    assert_eq!(ground.read("a/../a/./key").unwrap(), "a/key");
    ground.set_mode("b/key", 0o666);
    assert_eq!(ground.read("a/c/../key"), Err(writable("b/key", "0666")));
}

#[test]
fn reads_what_certbot_and_kubernetes_lay_out() {
    let ground = Ground::new();
    for folder in ["live", "archive"] {
        ground.folder(folder, 0o755);
        ground.folder(&format!("{folder}/gate"), 0o755);
    }
    ground.file("archive/gate/privkey1.pem", 0o640);
    ground.link("live/gate/privkey.pem", "../../archive/gate/privkey1.pem");
    ground.link("tls", ground.path("live/gate"));
    assert_eq!(ground.read("tls/privkey.pem").unwrap(), "archive/gate/privkey1.pem");
    // A volume of a Secret with an fsGroup.
    ground.folder("volume", 0o3777);
    ground.folder("volume/..2026_11_28", 0o2755);
    ground.folder("volume/..2026_11_28/conf.d", 0o2755);
    ground.file("volume/..2026_11_28/key", 0o440);
    ground.file("volume/..2026_11_28/conf.d/ct1.toml", 0o440);
    ground.link("volume/..data", "..2026_11_28");
    ground.link("volume/key", "..data/key");
    ground.link("volume/conf.d", "..data/conf.d");
    assert_eq!(ground.read("volume/key").unwrap(), "volume/..2026_11_28/key");
    assert!(ground.read("volume/conf.d/ct1.toml").is_ok());
    assert!(Trust::own().folder(&ground.path("volume/conf.d")).is_ok());
}

#[test]
fn a_pipe_is_no_file_and_makes_nobody_wait() {
    let ground = Ground::new();
    let (mode, device) = (Mode::from_raw_mode(0o600), 0);
    mknodat(rustix::fs::CWD, ground.path("pipe"), FileType::Fifo, mode, device).unwrap();
    ground.link("link", "pipe");
    for name in ["pipe", "link", ""] {
        assert_eq!(ground.read(name), Err("is not a regular file".to_owned()), "{name:?}");
    }
    assert!(matches!(Trust::own().file(Path::new("/dev/null")), Err(Barrier::NotAFile)));
    // What a process has open has no way that could be judged.
    let open = Path::new("/proc/self/fd/0");
    assert!(matches!(Trust::own().file(open), Err(Barrier::NotAFile)));
}

#[test]
fn follows_as_many_links_as_the_system_and_no_circle() {
    let ground = Ground::new();
    ground.file("0", 0o600);
    for link in 1..=MAX_LINKS + 1 {
        ground.link(&link.to_string(), (link - 1).to_string());
    }
    assert_eq!(ground.read(&MAX_LINKS.to_string()).unwrap(), "0");
    ground.link("circle", "circle");
    for name in ["circle", &(MAX_LINKS + 1).to_string()] {
        let barrier = Trust::own().file(&ground.path(name)).unwrap_err();
        let Barrier::System(error) = barrier else { panic!("{barrier}") };
        assert_eq!(error.raw_os_error(), Some(Errno::LOOP.raw_os_error()));
    }
}

#[test]
fn what_is_absent_is_absent() {
    let ground = Ground::new();
    ground.link("dangling", "nothing");
    ground.file("file", 0o600);
    let error = |name: &str| match Trust::own().file(&ground.path(name)) {
        Err(Barrier::System(error)) => error.raw_os_error(),
        other => panic!("{other:?}"),
    };
    for name in ["nothing", "nothing/at/all", "dangling", "dangling/key"] {
        assert_eq!(error(name), Some(Errno::NOENT.raw_os_error()), "{name}");
    }
    assert_eq!(error("file/key"), Some(Errno::NOTDIR.raw_os_error()));
}

#[test]
fn a_folder_that_is_read_as_a_whole_is_nobody_elses_even_if_sticky() {
    let ground = Ground::new();
    ground.folder("conf.d", 0o1777);
    let barrier = Trust::own().folder(&ground.path("conf.d")).map(|_| ()).unwrap_err();
    assert_eq!(ground.told(&barrier), writable("conf.d", "1777"));
    ground.set_mode("conf.d", 0o755);
    assert!(Trust::own().folder(&ground.path("conf.d")).is_ok());
}

#[test]
fn a_log_may_be_below_a_folder_of_a_group_and_not_in_it() {
    let ground = Ground::new();
    ground.folder("log", 0o775);
    ground.folder("log/gate", 0o755);
    let append = |name: &str| {
        let opened = Trust::own().append(&ground.path(name), 0o640);
        opened.map_err(|barrier| ground.told(&barrier))
    };
    let judged = |name: &str| Trust::own().of_log(&ground.path(name)).map(|it| ground.told(&it));
    append("log/gate/audit").unwrap().write_all(b"1").unwrap();
    append("log/gate/audit").unwrap().write_all(b"2").unwrap();
    assert_eq!(fs::read(ground.path("log/gate/audit")).unwrap(), b"12");
    let refused = [
        ("log/gate", 0o775, "log/audit", writable("log", "0775")),
        ("log/gate", 0o775, "log/gate/audit", writable("log/gate", "0775")),
        ("log", 0o777, "log/gate/audit", writable("log", "0777")),
    ];
    for (folder, mode, name, told) in refused {
        ground.set_mode(folder, mode);
        assert_eq!(append(name).unwrap_err(), told.clone() + ELSEWHERE);
        assert_eq!(judged(name), Some(told + ELSEWHERE));
    }
    ground.set_mode("log", 0o1777);
    ground.set_mode("log/gate", 0o1777);
    assert!(append("log/gate/audit").is_ok() && judged("log/gate/audit").is_none());
}

#[test]
fn a_log_may_be_a_device_a_link_or_what_is_open() {
    let ground = Ground::new();
    ground.link("log", "audit");
    Trust::own().append(&ground.path("log"), 0o640).unwrap().write_all(b"1").unwrap();
    assert_eq!(fs::read(ground.path("audit")).unwrap(), b"1");
    let (mut reader, writer) = io::pipe().unwrap();
    let open = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&writer));
    ground.link("pipe", &open);
    for path in [Path::new(&open), &ground.path("pipe")] {
        Trust::own().append(path, 0o640).unwrap().write_all(b"2").unwrap();
        let mut byte = [0];
        io::Read::read_exact(&mut reader, &mut byte).unwrap();
        assert_eq!(byte, *b"2");
    }
    assert!(Trust::own().append(Path::new("/dev/null"), 0o640).is_ok());
}

#[test]
#[ignore = "needs root: run tests/all"]
fn refuses_a_file_a_folder_and_a_link_of_somebody_else() {
    let ground = Ground::new();
    ground.folder("srv", 0o755);
    ground.folder("srv/gate", 0o755);
    ground.file("srv/gate/key", 0o600);
    ground.link("link", "srv/gate/key");
    let cases = [
        ("srv/gate/key", foreign("srv/gate/key", "0600")),
        ("srv/gate", foreign("srv/gate", "0755") + ELSEWHERE),
        ("srv", foreign("srv", "0755") + ELSEWHERE),
        (
            "link",
            "the link link (FOREIGN, mode 0777) must belong to root; run `chown -h root link`"
                .to_owned(),
        ),
    ];
    for (part, told) in cases {
        ground.give(part, STRANGER);
        assert_eq!(ground.read("link"), Err(told), "{part}");
        // Where the gate is to run as that user, these are its own.
        assert!(ground.read_for(Trust { user: STRANGER }, "link").is_ok(), "{part}");
        ground.give(part, ROOT);
        assert!(ground.read("link").is_ok(), "{part}");
    }
    // A sticky folder keeps others from the entries of others, and not from making their own.
    ground.set_mode("srv", 0o1777);
    ground.give("srv/gate", STRANGER);
    assert_eq!(ground.read("link"), Err(foreign("srv/gate", "0755") + ELSEWHERE));
    let other = Trust { user: STRANGER + 1 };
    let told = ground.read_for(other, "link").unwrap_err();
    assert!(told.contains(&format!(" must belong to root or {}; ", STRANGER + 1)), "{told}");
}

#[test]
#[ignore = "needs root: run tests/all"]
fn refuses_a_log_and_a_folder_of_drop_ins_of_somebody_else() {
    let ground = Ground::new();
    ground.folder("log", 0o1777);
    ground.file("log/audit", 0o640);
    ground.link("log/link", "audit");
    let append = |name: &str| {
        let opened = Trust::own().append(&ground.path(name), 0o640);
        opened.map_err(|barrier| ground.told(&barrier))
    };
    for (name, start) in [("log/link", "the link log/link ("), ("log/audit", "log/audit (")] {
        assert!(append(name).is_ok());
        ground.give(name, STRANGER);
        assert!(append(name).unwrap_err().starts_with(start));
        assert!(Trust::own().of_log(&ground.path(name)).is_some());
    }
    ground.folder("conf.d", 0o755);
    ground.give("conf.d", STRANGER);
    let barrier = Trust::own().folder(&ground.path("conf.d")).map(|_| ()).unwrap_err();
    assert_eq!(ground.told(&barrier), foreign("conf.d", "0755"));
}

#[test]
fn the_user_that_counts_is_that_of_the_service() {
    let service = Service { account: Account::named("root").unwrap(), ..Service::default() };
    assert_eq!(Trust::of(&service).user, ROOT);
    assert_eq!(Trust::of(&Service::default()).user, geteuid().as_raw());
}

#[test]
fn trusts_nobodys_number_only_where_it_cannot_be_somebody_elses() {
    let all = "         0          0 4294967295\n";
    let few = "0 0 1\n998 998 1\n";
    let user = |user, map| Trust::of_user(user, map).user;
    assert_eq!((user(OVERFLOW, all), user(998, few)), (OVERFLOW, 998));
    assert_eq!((user(OVERFLOW, few), user(OVERFLOW, "")), (ROOT, ROOT));
}
