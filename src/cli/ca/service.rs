//! The running gate takes what was written.

use std::process::{Command, Stdio};

/// The unit of the package.
const UNIT: &str = "pacsgate.service";

/// What became of the wish that it should.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reload {
    /// It has.
    Done(String),
    /// It does not run, so there is nothing to reload.
    NotRunning(String),
    /// It goes on with what it had; what systemd said.
    Refused(String, String),
    /// It is not known to systemd, or there is no systemd.
    Unknown,
}

/// Asks systemd to reload the gate of a unit; without one, that of the package where the configuration is
/// its own.
pub(super) fn reload(unit: Option<&str>, is_usual: bool) -> Reload {
    let Some(unit) = unit.or(is_usual.then_some(UNIT)) else { return Reload::Unknown };
    // The system's own search path says where it is.
    let systemctl = |verb: &str| {
        let mut command = Command::new("systemctl");
        command.args([verb, unit]).stdin(Stdio::null());
        command.output()
    };
    match systemctl("is-active") {
        Ok(output) if output.status.success() => {}
        // "System has not been booted with systemd" goes to standard error, and no state to output.
        Ok(output) if output.stdout.is_empty() => return Reload::Unknown,
        Ok(_) => return Reload::NotRunning(unit.to_owned()),
        Err(_) => return Reload::Unknown,
    }
    match systemctl("reload") {
        Ok(output) if output.status.success() => Reload::Done(unit.to_owned()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Reload::Refused(unit.to_owned(), said)
        }
        Err(_) => Reload::Unknown,
    }
}
