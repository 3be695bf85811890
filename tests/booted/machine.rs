//! A booted machine.

use crate::packages::{self, folder};
use crate::support::PATIENCE;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Lays a file system in memory over the image, and boots it in namespaces and control groups of its
/// own, so that nothing is left when the process is gone.
const BOOT: &str = r#"
set -eu
image=$1 over=$2 name=$3
for groups in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    if [ -e "$groups/cgroup.procs" ]; then
        mkdir "$groups/$name"
        echo $$ >"$groups/$name/cgroup.procs"
    fi
done
mount -t tmpfs tmpfs "$over"
mkdir "$over/upper" "$over/work" "$over/root"
mount -t overlay -o "lowerdir=$image,upperdir=$over/upper,workdir=$over/work" overlay "$over/root"
exec systemd-nspawn --quiet --boot --register=no --keep-unit --private-network --console=pipe \
    --machine="$name" --directory="$over/root"
"#;

/// Ends when dropped.
pub(crate) struct Machine {
    nspawn: Child,
    /// The process that is number 1 inside.
    first: u32,
    name: String,
    directory: TempDir,
}

/// What a command on the machine said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

impl Machine {
    /// Boots, and waits until everything is up.
    pub(crate) fn boot() -> Self {
        let image = folder().join("image");
        assert!(image.join("installed").exists(), "no image to boot: run tests/all as root");
        let directory = TempDir::new().unwrap();
        let over = directory.path().join("over");
        fs::create_dir(&over).unwrap();
        let name = directory.path().file_name().unwrap().to_string_lossy();
        let name = format!("pacsgate-{}", name.trim_start_matches(".tmp").to_lowercase());
        let console = File::create(directory.path().join("console")).unwrap();
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation=private", "sh", "-c", BOOT, "boot"]);
        command.arg(image).arg(over).arg(&name).stdin(Stdio::null());
        command.stdout(console.try_clone().unwrap()).stderr(console);
        let nspawn = command.spawn().unwrap();
        let mut machine = Self { nspawn, first: 0, name, directory };
        machine.first = machine.wait_for("a first process", || machine.child());
        machine.wait_for("the end of booting", || {
            let said = machine.run(&["systemctl", "is-system-running"]);
            (said.text.trim() == "running").then_some(())
        });
        machine
    }

    /// The same, with the first version of the package.
    pub(crate) fn installed() -> Self {
        let machine = Self::boot();
        assert_eq!(machine.install(packages::FIRST).code, Some(0));
        machine
    }

    /// Installs a version of the package.
    pub(crate) fn install(&self, version: &str) -> Said {
        self.bring(version);
        self.run(&["dpkg", "-i", "/root/pacsgate.deb"])
    }

    /// Puts a version of the package beside the machine, as /root/pacsgate.deb.
    pub(crate) fn bring(&self, version: &str) {
        let package = packages::all().iter().find(|(made, _)| *made == version);
        fs::copy(&package.unwrap().1, self.path("/root/pacsgate.deb")).unwrap();
    }

    /// Runs a command as root to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Said {
        let Output { status, stdout, stderr } = self.command(words).output().unwrap();
        let text = String::from_utf8([stdout, stderr].concat()).unwrap();
        Said { code: status.code(), text }
    }

    /// Runs one that must go well, and has what it said.
    pub(crate) fn done(&self, words: &[&str]) -> String {
        let said = self.run(words);
        assert_eq!(said.code, Some(0), "{words:?}: {}\n{}", said.text, self.journal());
        said.text
    }

    /// A command that is to be run as root.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--all", "--target", &self.first.to_string(), "--"]).args(words);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
        command.stdin(Stdio::null());
        command
    }

    /// A path of the machine, as seen from outside.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{inside}", self.first))
    }

    /// A property of the gate's service.
    pub(crate) fn service(&self, property: &str) -> String {
        let words = ["systemctl", "show", "--value", "--property", property, "pacsgate"];
        self.done(&words).trim().to_owned()
    }

    /// What the gate and its service manager have written down.
    pub(crate) fn journal(&self) -> String {
        self.run(&["journalctl", "--no-pager", "--output=cat", "--unit=pacsgate"]).text
    }

    /// Waits until there is something.
    pub(crate) fn wait_for<T>(&self, what: &str, found: impl Fn() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = found() {
                return found;
            }
            if Instant::now() > deadline {
                let console = fs::read_to_string(self.directory.path().join("console"));
                panic!("no {what}:\n{}", console.unwrap());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn child(&self) -> Option<u32> {
        let id = self.nspawn.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        let child: u32 = children.trim().parse().ok()?;
        let name = fs::read_to_string(format!("/proc/{child}/comm")).ok()?;
        (name == "systemd\n").then_some(child)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if thread::panicking() && self.first != 0 {
            println!("{}", self.journal());
        }
        if self.first != 0 {
            // Everything inside ends with it.
            let _ = Command::new("sh").args(["-c", &format!("kill -KILL {}", self.first)]).status();
        } else {
            let _ = self.nspawn.kill();
        }
        let _ = self.nspawn.wait();
        for groups in ["/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"] {
            let mut clear = Command::new("find");
            clear.arg(format!("{groups}/{}", self.name));
            clear.args(["-depth", "-type", "d", "-delete"]).stderr(Stdio::null());
            let _ = clear.status();
        }
    }
}
