//! Servers that end with the tests, however these end.
//!
//! A server may be kept in a static, which is never dropped. So a shell stands over each one and
//! ends it when the pipe from this process closes, which the kernel sees to.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A server with a directory of its own, which goes with it.
pub(crate) struct Supervised {
    supervisor: Child,
    directory: PathBuf,
}

const SCRIPT: &str = r#"
directory=$1
shift
"$@" >"$directory/log" 2>&1 &
server=$!
read -r _
kill -KILL "$server"
wait "$server"
rm -rf "$directory"
"#;

impl Supervised {
    /// Starts a command; its output goes to a file in its directory.
    pub(crate) fn start(directory: TempDir, command: &[OsString]) -> Self {
        let directory = directory.keep();
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", SCRIPT, "supervisor"]).arg(&directory).args(command);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { supervisor: shell.spawn().unwrap(), directory }
    }

    /// What the server has printed.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}
