//! The gate's machine: its clock, and what systemd has been told of the service.

use std::collections::HashMap;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout;

use super::finding::{Finding, Severity};
use crate::config::Settings;
use crate::net;

const UNIT: &str = "pacsgate.service";
/// How long systemd may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of its answer.
const LONGEST: u64 = 64 * 1024;

/// What the unit that is shipped says, and what it is for.
const HARDENING: [(&str, &[&str], &str); 5] = [
    ("NoNewPrivileges", &["yes"], "A program that it starts could have more rights than it has."),
    ("ProtectSystem", &["strict"], "Whoever takes it over can change the system's files."),
    ("ProtectHome", &["yes", "tmpfs"], "Whoever takes it over can read the homes."),
    ("PrivateTmp", &["yes", "disconnected"], "Other services' temporary files are open to it."),
    ("RestrictSUIDSGID", &["yes"], "Whoever takes it over can leave a program with root's rights."),
];

/// Looks at all of it.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![clock().await];
    let names = HARDENING.map(|(name, _, _)| name).join(",");
    let properties =
        format!("--property=LoadState,ActiveState,User,LimitNOFILE,LimitNOFILESoft,{names}");
    let shown = said("systemctl", &["show", UNIT, &properties]).await;
    let shown = shown.as_deref().map(properties_of).unwrap_or_default();
    if shown.get("LoadState").map(String::as_str) != Some("loaded") {
        let title = "systemd knows no pacsgate.service";
        findings.push(
            Finding::new(Severity::Low, "service-unknown", "this machine", title)
                .means("How the gate is started, and with which rights, could not be judged.")
                .cure("Install the package, or judge the unit, or the container, by hand."),
        );
        return findings;
    }
    findings.extend(of_unit(&shown));
    findings.extend(descriptors(&shown, settings.site.limits.connections));
    if findings.iter().all(|it| it.severity == Severity::Good) {
        let title = "The service has no more rights than it needs";
        findings.push(
            Finding::new(Severity::Good, "service", UNIT, title)
                .means("Whoever takes it over is shut in."),
        );
    }
    findings
}

async fn clock() -> Finding {
    let place = "this machine";
    let said = said("timedatectl", &["show", "--property=NTPSynchronized", "--value"]).await;
    match said.as_deref().map(str::trim) {
        Some("yes") => Finding::new(Severity::Good, "clock", place, "The clock is synchronised")
            .means("Certificates begin and end when they should, and the audit's times can be compared."),
        Some("no") => Finding::new(Severity::Medium, "clock", place, "The clock is not synchronised")
            .means("A clock that is wrong refuses good certificates and takes ended ones, and the audit proves nothing.")
            .cure("Run chrony or systemd-timesyncd with a time server of the site."),
        _ => Finding::new(Severity::Low, "clock", place, "Whether the clock is synchronised could not be told")
            .means("`timedatectl` did not answer; in a container, the host's clock counts.")
            .cure("Look at the clock of the host."),
    }
}

fn of_unit(shown: &HashMap<String, String>) -> Vec<Finding> {
    let of = |name: &str| shown.get(name).map_or("", String::as_str);
    let mut findings = Vec::new();
    if of("ActiveState") != "active" {
        findings.push(
            Finding::new(Severity::Medium, "service-down", UNIT, "The gate's service does not run")
                .means("No device reaches the PACS through it; do they go around it?")
                .cure("`systemctl status pacsgate` says why.")
                .shown(of("ActiveState")),
        );
    }
    if matches!(of("User"), "" | "root") {
        findings.push(
            Finding::new(Severity::High, "service-root", UNIT, "The gate runs as root")
                .means("Whoever takes it over has the machine.")
                .cure("Use the unit of the package, with User=pacsgate."),
        );
    }
    let weak = HARDENING.iter().filter(|(name, good, _)| !good.contains(&of(name)));
    findings.extend(weak.map(|(name, good, meaning)| {
        let title = format!("The unit has been loosened: {name}={}", of(name));
        Finding::new(Severity::Medium, "service-loosened", UNIT, title).means(*meaning).cure(
            format!(
                "Take it out of the drop-in (`systemctl cat pacsgate`): {name}={}.",
                good.first().unwrap_or(&"yes")
            ),
        )
    }));
    findings
}

fn descriptors(shown: &HashMap<String, String>, connections: u32) -> Option<Finding> {
    let needed = net::descriptors(connections);
    let limit: u64 = shown.get("LimitNOFILE")?.parse().ok()?;
    (limit < needed).then(|| {
        Finding::new(
            Severity::Medium,
            "few-descriptors",
            UNIT,
            "The service may open too few files",
        )
        .means("Before as many connections are open as the limits allow, devices are turned away.")
        .cure(format!("Set LimitNOFILE={needed} or more in the unit, or lower limits.connections."))
        .shown(format_args!("{limit} for {connections} connections"))
    })
}

fn properties_of(text: &str) -> HashMap<String, String> {
    let lines = text.lines().filter_map(|line| line.split_once('='));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What a program of the system prints; `None` where it is not there, fails, or does not end.
async fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let out = child.stdout.take()?;
    let read = async {
        let mut text = String::new();
        out.take(LONGEST).read_to_string(&mut text).await.ok()?;
        child.wait().await.ok().filter(std::process::ExitStatus::success)?;
        Some(text)
    };
    timeout(PATIENCE, read).await.ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(more: &str) -> HashMap<String, String> {
        properties_of(&format!(
            "ActiveState=active\nUser=pacsgate\nLimitNOFILE=1000\nNoNewPrivileges=yes\nProtectSystem=strict\n\
             ProtectHome=yes\nPrivateTmp=yes\nRestrictSUIDSGID=yes\n{more}"
        ))
    }

    fn codes(findings: impl IntoIterator<Item = Finding>) -> Vec<&'static str> {
        findings.into_iter().map(|it| it.code).collect()
    }

    #[test]
    fn finds_what_a_drop_in_has_loosened() {
        assert_eq!(codes(of_unit(&shown(""))), Vec::<&str>::new());
        assert_eq!(codes(of_unit(&shown("ProtectSystem=no\n"))), ["service-loosened"]);
        assert_eq!(
            codes(of_unit(&shown("User=\nActiveState=failed\n"))),
            ["service-down", "service-root"]
        );
    }

    #[test]
    fn finds_too_few_descriptors() {
        assert_eq!(codes(descriptors(&shown(""), 1_000)), ["few-descriptors"]);
        assert_eq!(codes(descriptors(&shown(""), 100)), Vec::<&str>::new());
    }
}
