//! What systemd has been told of the gate's service (systemd.unit(5), systemd.exec(5)).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Where units are, the first of a name being the one that counts.
const FOLDERS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
const NAME: &str = "pacsgate.service";

/// The lines of a unit that say as whom it runs, and which folders are made for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) path: PathBuf,
    pub(super) user: Option<String>,
    pub(super) group: Option<String>,
    pub(super) supplementary: Vec<String>,
    /// Under `/var/log`, made before the start and given to the user.
    pub(super) logs: Vec<PathBuf>,
    /// The user is made at the start, so that nothing can be given to it before.
    pub(super) is_dynamic: bool,
}

impl Unit {
    /// The one that is installed on this machine, with its drop-ins.
    pub(super) fn installed() -> Option<Self> {
        Self::below(&FOLDERS.map(Path::new))
    }

    fn below(folders: &[&Path]) -> Option<Self> {
        let mut paths = folders.iter().map(|folder| folder.join(NAME));
        let (text, path) = paths.find_map(|path| Some((fs::read_to_string(&path).ok()?, path)))?;
        let mut unit = Self { path, ..Self::default() };
        unit.read(&text);
        let mut drop_ins = BTreeMap::new();
        for folder in folders.iter().rev() {
            let entries = fs::read_dir(folder.join(format!("{NAME}.d"))).into_iter().flatten();
            drop_ins.extend(entries.flatten().map(|entry| (entry.file_name(), entry.path())));
        }
        let is_conf = |path: &&PathBuf| path.extension().is_some_and(|end| end == "conf");
        for path in drop_ins.values().filter(is_conf) {
            unit.read(&fs::read_to_string(path).unwrap_or_default());
        }
        Some(unit)
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
                "DynamicUser" => self.is_dynamic = matches!(value, "yes" | "true" | "on" | "1"),
                "SupplementaryGroups" if value.is_empty() => self.supplementary.clear(),
                "SupplementaryGroups" => self.supplementary.extend(words().map(str::to_owned)),
                "LogsDirectory" if value.is_empty() => self.logs.clear(),
                "LogsDirectory" => {
                    let folder = |word: &str| word.split(':').next().map(PathBuf::from);
                    self.logs.extend(
                        words().filter_map(folder).map(|name| Path::new("/var/log").join(name)),
                    );
                }
                _ => {}
            }
        }
    }
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
            logs: vec!["/var/log/pacsgate".into()],
            ..Unit::default()
        };
        assert_eq!(unit, expected);
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
        write(second.join(NAME), "User=pacsgate\nSupplementaryGroups=a b\n");
        write(first.join("pacsgate.service.d/20.conf"), "[Service]\nUser = dicom\n");
        write(first.join("pacsgate.service.d/10.conf"), "User=other\nSupplementaryGroups=c\n");
        write(first.join("pacsgate.service.d/30.conf~"), "User=root\n");
        // Hidden by the one of the same name.
        write(second.join("pacsgate.service.d/20.conf"), "User=hidden\n");
        let unit = Unit::below(&[&first, &second]).unwrap();
        assert_eq!(unit.user.as_deref(), Some("dicom"));
        assert_eq!(unit.supplementary, ["a", "b", "c"]);
        write(first.join(NAME), "LogsDirectory=pacsgate pacsgate/audit:link\n");
        let unit = Unit::below(&[&first, &second]).unwrap();
        assert_eq!(unit.logs, ["/var/log/pacsgate", "/var/log/pacsgate/audit"].map(PathBuf::from));
    }
}
