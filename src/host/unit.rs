//! What systemd has been told of the gate's service (systemd.unit(5), systemd.exec(5)).

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Where units are, the first of a name being the one that counts.
const FOLDERS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
const SERVICE: &str = "pacsgate.service";
const SOCKET: &str = "pacsgate.socket";
/// Where a link says that systemd opens the ports of the socket unit when the machine starts.
const ENABLED: &str = "sockets.target.wants";

/// The lines of a unit that say as whom it runs, and which folders are made for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) path: PathBuf,
    pub(super) user: Option<String>,
    pub(super) group: Option<String>,
    pub(super) supplementary: Vec<String>,
    /// Folders that are made before the start and given to the user.
    pub(super) made: Vec<PathBuf>,
    /// Besides, what may be written to where nothing else may.
    pub(super) writable: Vec<PathBuf>,
    /// Whether nothing else may.
    pub(super) is_sealed: bool,
    /// It may listen on any port.
    pub(super) takes_any_port: bool,
    /// Its capabilities count in a user namespace of its own only.
    pub(super) has_private_users: bool,
    /// The user is made at the start, so that nothing can be given to it before.
    pub(super) is_dynamic: bool,
    /// Ports that systemd opens for it.
    pub(super) inherited: Vec<SocketAddr>,
}

/// A unit and its drop-ins.
struct Texts {
    path: PathBuf,
    /// In the order in which they count.
    texts: Vec<String>,
}

impl Unit {
    /// The one that is installed on this machine, with its drop-ins.
    pub(super) fn installed() -> Option<Self> {
        Self::below(&FOLDERS.map(Path::new))
    }

    fn below(folders: &[&Path]) -> Option<Self> {
        let Texts { path, texts } = Texts::below(folders, SERVICE)?;
        let mut unit = Self { path, ..Self::default() };
        texts.iter().for_each(|text| unit.read(text));
        let is_enabled = |folder: &&Path| folder.join(ENABLED).join(SOCKET).exists();
        if folders.iter().any(is_enabled) {
            let socket = Texts::below(folders, SOCKET).into_iter().flat_map(|it| it.texts);
            socket.for_each(|text| unit.read(&text));
        }
        Some(unit)
    }

    /// The user's name.
    pub(super) fn runs_as(&self) -> &str {
        self.user.as_deref().unwrap_or("root")
    }

    /// Later lines count, except that those of a list add to it until an empty one.
    fn read(&mut self, text: &str) {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        for (key, value) in lines.map(|(key, value)| (key.trim(), value.trim())) {
            let one = || Some(value.to_owned()).filter(|value| !value.is_empty());
            let words = || value.split_whitespace();
            match key {
                "User" => self.user = one(),
                "Group" => self.group = one(),
                "DynamicUser" => self.is_dynamic = is_yes(value),
                "PrivateUsers" => self.has_private_users = is_yes(value),
                "ListenStream" if value.is_empty() => self.inherited.clear(),
                "ListenStream" => self.inherited.extend(listen_stream(value)),
                "AmbientCapabilities" if value.is_empty() => self.takes_any_port = false,
                "AmbientCapabilities" => {
                    self.takes_any_port |= words().any(|word| word == "CAP_NET_BIND_SERVICE");
                }
                "SupplementaryGroups" if value.is_empty() => self.supplementary.clear(),
                "SupplementaryGroups" => self.supplementary.extend(words().map(str::to_owned)),
                "LogsDirectory" => self.make("/var/log", value),
                "StateDirectory" => self.make("/var/lib", value),
                "RuntimeDirectory" => self.make("/run", value),
                "ProtectSystem" => self.is_sealed = value == "strict",
                "ReadWritePaths" if value.is_empty() => self.writable.clear(),
                "ReadWritePaths" => {
                    let path = |word: &str| word.trim_start_matches(['-', '+']).into();
                    self.writable.extend(words().map(path));
                }
                _ => {}
            }
        }
    }

    /// Adds folders below a base; no word takes back those that were added before.
    fn make(&mut self, base: &str, words: &str) {
        let base = Path::new(base);
        let names = words.split_whitespace().filter_map(|word| word.split(':').next());
        let made: Vec<_> = names.map(|name| base.join(name)).collect();
        if made.is_empty() {
            self.made.retain(|folder| !folder.starts_with(base));
        }
        self.made.extend(made);
    }
}

impl Texts {
    fn below(folders: &[&Path], name: &str) -> Option<Self> {
        let mut paths = folders.iter().map(|folder| folder.join(name));
        let (text, path) = paths.find_map(|path| Some((fs::read_to_string(&path).ok()?, path)))?;
        let mut drop_ins = BTreeMap::new();
        for folder in folders.iter().rev() {
            let entries = fs::read_dir(folder.join(format!("{name}.d"))).into_iter().flatten();
            drop_ins.extend(entries.flatten().map(|entry| (entry.file_name(), entry.path())));
        }
        let is_conf = |path: &&PathBuf| path.extension().is_some_and(|end| end == "conf");
        let drop_ins = drop_ins.values().filter(is_conf);
        let more = drop_ins.map(|path| fs::read_to_string(path).unwrap_or_default());
        Some(Self { path, texts: [text].into_iter().chain(more).collect() })
    }
}

/// An address of the internet; a port alone is that of all of them.
fn listen_stream(value: &str) -> Option<SocketAddr> {
    let port = || value.parse().map(|port| (Ipv6Addr::UNSPECIFIED, port).into());
    value.parse().or_else(|_| port()).ok()
}

fn is_yes(value: &str) -> bool {
    matches!(value, "yes" | "true" | "on" | "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_unit_that_is_shipped() {
        let mut unit = Unit::default();
        unit.read(include_str!("../../systemd/pacsgate.service"));
        let expected = Unit {
            user: Some("pacsgate".into()),
            group: Some("pacsgate".into()),
            made: ["/run/pacsgate", "/var/log/pacsgate", "/var/lib/pacsgate"]
                .map(Into::into)
                .into(),
            is_sealed: true,
            has_private_users: true,
            ..Unit::default()
        };
        assert_eq!(unit, expected);
    }

    #[test]
    fn knows_whether_any_port_may_be_listened_on() {
        let mut unit = Unit::default();
        unit.read("AmbientCapabilities=CAP_CHOWN CAP_NET_BIND_SERVICE\n");
        assert!(unit.takes_any_port && !unit.has_private_users);
        unit.read("AmbientCapabilities=\nPrivateUsers=yes\n");
        assert!(!unit.takes_any_port && unit.has_private_users);
    }

    #[test]
    fn reads_the_socket_unit_that_is_shipped() {
        let mut unit = Unit::default();
        unit.read(include_str!("../../systemd/pacsgate.socket"));
        assert_eq!(unit, Unit { inherited: vec!["[::]:104".parse().unwrap()], ..Unit::default() });
        unit.read("ListenStream=\nListenStream=192.0.2.1:104\nListenStream=/run/x\n");
        assert_eq!(unit.inherited, ["192.0.2.1:104".parse().unwrap()]);
    }

    #[test]
    fn a_socket_unit_counts_when_it_is_enabled() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path();
        for (name, text) in [(SERVICE, "User=pacsgate\n"), (SOCKET, "ListenStream=104\n")] {
            fs::write(folder.join(name), text).unwrap();
        }
        let inherited = || Unit::below(&[folder]).unwrap().inherited;
        assert_eq!(inherited(), []);
        fs::create_dir(folder.join(ENABLED)).unwrap();
        fs::write(folder.join(ENABLED).join(SOCKET), "").unwrap();
        assert_eq!(inherited(), ["[::]:104".parse().unwrap()]);
    }

    #[test]
    fn drop_ins_count_after_the_unit_and_in_the_order_of_their_names() {
        let directory = tempfile::tempdir().unwrap();
        let [first, second] = ["etc", "usr"].map(|name| directory.path().join(name));
        let write = |path: PathBuf, text: &str| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert_eq!(Unit::below(&[&first, &second]), None);
        write(second.join(SERVICE), "User=pacsgate\nSupplementaryGroups=a b\n");
        write(first.join("pacsgate.service.d/20.conf"), "[Service]\nUser = dicom\n");
        write(first.join("pacsgate.service.d/10.conf"), "User=other\nSupplementaryGroups=c\n");
        write(first.join("pacsgate.service.d/30.conf~"), "User=root\n");
        // Hidden by the one of the same name.
        write(second.join("pacsgate.service.d/20.conf"), "User=hidden\n");
        let unit = Unit::below(&[&first, &second]).unwrap();
        assert_eq!(unit.user.as_deref(), Some("dicom"));
        assert_eq!(unit.supplementary, ["a", "b", "c"]);
        write(first.join(SERVICE), "LogsDirectory=pacsgate pacsgate/audit:link\n");
        let unit = Unit::below(&[&first, &second]).unwrap();
        assert_eq!(unit.made, ["/var/log/pacsgate", "/var/log/pacsgate/audit"].map(PathBuf::from));
    }

    #[test]
    fn an_empty_line_takes_back_what_a_list_has() {
        let mut unit = Unit::default();
        unit.read("LogsDirectory=a b\nStateDirectory=c\nReadWritePaths=-/srv/a /srv/b\n");
        unit.read("LogsDirectory=\nLogsDirectory=d\nRuntimeDirectory=e\n");
        assert_eq!(unit.made, ["/var/lib/c", "/var/log/d", "/run/e"].map(PathBuf::from));
        assert_eq!(unit.writable, ["/srv/a", "/srv/b"].map(PathBuf::from));
        unit.read("ReadWritePaths=\n");
        assert_eq!(unit.writable, Vec::<PathBuf>::new());
    }
}
